"""The training loop in four steps, with autograd doing the third."""

import math

import torch

from tipslib.scratch.training import Diverged, History, minibatches, split

__all__ = ["Diverged", "evaluate", "fit", "minibatches", "split"]


def evaluate(model, loss, examples: tuple) -> tuple[float, float]:
    """(loss, accuracy) of the model on ``examples`` = (x, y), in eval mode; see ``tipslib.scratch.evaluate``."""
    x, y = map(torch.as_tensor, examples)
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            output = model(x)
            cost = loss(output, y)
    finally:
        model.train(was_training)
    return cost.item(), _accuracy(output, y)


def fit(model, loss, optimizer, train, validation=None, *, epochs=10, batch_size=100, rng, after_epoch=None) -> History:
    """Train a model: the same loop, arguments, history and error as ``tipslib.scratch.fit``.

    Args: ``train`` and ``validation`` are (x, y), arrays or tensors; ``rng`` is NumPy's and shuffles.
    Source: K "Mini-batch SGD" (Loop: 1. sample 2. forward 3. backprop 4. update).
    """
    x, y = map(torch.as_tensor, train)
    if len(x) != len(y):
        raise ValueError(f"fit got {len(x)} examples and {len(y)} labels")
    history: History = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        model.train()
        costs, hits = 0.0, 0.0
        for batch in minibatches(len(x), batch_size, rng):  # 1. sample
            output = model(x[batch])  # 2. forward
            cost = loss(output, y[batch])
            costs += cost.item() * len(batch) / len(x)
            hits += _accuracy(output, y[batch]) * len(batch) / len(x)
            if not math.isfinite(cost.item()):
                history["loss"].append(cost.item())
                raise Diverged(
                    f"the loss became {cost.item()} in epoch {epoch + 1}: try a lower learning rate", history
                )
            optimizer.zero_grad()
            cost.backward()  # 3. backward
            optimizer.step()  # 4. update
        history["loss"].append(costs)
        history["accuracy"].append(hits)
        if validation is not None:
            for key, value in zip(("val_loss", "val_accuracy"), evaluate(model, loss, validation), strict=True):
                history.setdefault(key, []).append(value)
        if after_epoch is not None and after_epoch(history):
            break
    return history


def _accuracy(output: torch.Tensor, y: torch.Tensor) -> float:
    labels = y.ndim == 1 and not y.is_floating_point()
    return (output.argmax(dim=1) == y).double().mean().item() if labels else math.nan
