"""The training loop in four steps, and how data are divided for it."""

from collections.abc import Sequence

import numpy as np

History = dict[str, list[float]]


class Diverged(FloatingPointError):
    """Training met a loss that is nan or infinite; ``history`` holds the epochs up to and including it."""

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


def split(*arrays, fractions: Sequence[float] = (0.8, 0.1, 0.1), rng: np.random.Generator) -> list[tuple]:
    """Shuffle examples once and divide them, by default into train, validation and test.

    Args: arrays (or tensors) [N, …] of the same length, shuffled alike; ``fractions`` positive, summing to 1.
    Returns: one tuple of arrays per fraction; every example is in exactly one of them.
    Raises: ValueError for fractions that are not, or so small that a part is empty, or unequal lengths.
    Source: C "train, validation, test"; K "Evaluation".
    """
    lengths = {len(array) for array in arrays}
    if len(lengths) != 1:
        raise ValueError(f"split wants one or more arrays of the same length, got lengths {sorted(lengths)}")
    if min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"split: fractions {tuple(fractions)} must be positive and sum to 1")
    (n,) = lengths
    ends = np.round(np.cumsum(fractions) * n).astype(int)
    parts = np.split(rng.permutation(n), ends[:-1])
    if any(len(part) == 0 for part in parts):
        raise ValueError(f"split: {n} examples are too few for fractions {tuple(fractions)}")
    return [tuple(array[part] for array in arrays) for part in parts]


def minibatches(n: int, batch_size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """One epoch: the indices 0 … n-1, shuffled and cut into batches (sampling without replacement).

    Returns: arrays of ``batch_size`` indices; the last may be shorter. Raises: ValueError unless both are ≥ 1.
    Source: K "Mini-batch SGD"; U "What's an epoch?".
    """
    if n < 1 or batch_size < 1:
        raise ValueError(f"minibatches wants n ≥ 1 and batch_size ≥ 1, got n={n}, batch_size={batch_size}")
    order = rng.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def evaluate(model, loss, examples: tuple) -> tuple[float, float]:
    """(loss, accuracy) of the model on ``examples`` = (x, y), in eval mode; the mode is restored.

    Accuracy is the share of rows whose largest output is the label; nan where y holds no integer labels.
    """
    x, y = examples
    was_training = model.training
    model.eval()
    try:
        output = model(x)
    finally:
        model.train(was_training)
    return loss(output, y), _accuracy(output, y)


def fit(model, loss, optimizer, train, validation=None, *, epochs=10, batch_size=100, rng, after_epoch=None) -> History:
    """Train a model: sample a batch, go forward, go backward, update; again and again.

    Args: ``train`` and ``validation`` are (x, y); ``rng`` shuffles; ``after_epoch(history)``, if given, is
    called after each epoch, e.g. for a schedule's step; training stops when it returns True.
    Returns: lists with one number per epoch: "loss" and "accuracy" (averages over the epoch, while the model
    changes), "val_loss" and "val_accuracy" (after the epoch) if there are validation data.
    Raises: ``Diverged`` as soon as a loss is not finite; its ``history`` keeps what was recorded.
    Source: K "Mini-batch SGD" (Loop: 1. sample 2. forward 3. backprop 4. update).
    """
    x, y = train
    if len(x) != len(y):
        raise ValueError(f"fit got {len(x)} examples and {len(y)} labels")
    history: History = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        model.train()
        costs, hits = 0.0, 0.0
        for batch in minibatches(len(x), batch_size, rng):  # 1. sample
            output = model(x[batch])  # 2. forward
            cost = loss(output, y[batch])
            costs += cost * len(batch) / len(x)
            hits += _accuracy(output, y[batch]) * len(batch) / len(x)
            if not np.isfinite(cost):
                history["loss"].append(cost)
                raise Diverged(f"the loss became {cost} in epoch {epoch + 1}: try a lower learning rate", history)
            model.backward_params(loss.backward())  # 3. backward
            optimizer.step(model.grads)  # 4. update
        history["loss"].append(costs)
        history["accuracy"].append(hits)
        if validation is not None:
            for key, value in zip(("val_loss", "val_accuracy"), evaluate(model, loss, validation), strict=True):
                history.setdefault(key, []).append(value)
        if after_epoch is not None and after_epoch(history):
            break
    return history


def _accuracy(output: np.ndarray, y: np.ndarray) -> float:
    """The share of right classes; nan where the targets are no class numbers (a regression, one-hot rows)."""
    labels = y.ndim == 1 and y.dtype.kind in "iu"
    return float(np.mean(output.argmax(axis=1) == y)) if labels else float("nan")
