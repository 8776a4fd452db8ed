"""Diagnosis: what the numbers of a training run say about its health."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tipslib.scratch.training import evaluate, fit


def dead_units(a: np.ndarray) -> np.ndarray:
    """Which ReLU units are dead on these data: bool [M], True where a unit outputs 0 for every row of a [N, M].

    A dead unit's gradient is 0 for every example, so the weights into it never change again.
    Raises: ValueError unless a has two axes and at least one row.
    Source: L "ReLU" (All the weights connected to this neuron will not update); K "dead ReLU".
    """
    if a.ndim != 2 or len(a) == 0:
        raise ValueError(f"dead_units wants activations of shape [N, M] with N ≥ 1, got {a.shape}")
    return (a == 0).all(axis=0)


def expected_initial_loss(classes: int) -> float:
    """log K: the cross entropy of a network that knows nothing yet and finds all K classes equally likely.

    Raises: ValueError unless classes ≥ 1. Source: K "Double check that the loss is reasonable" (2.3 for 10).
    """
    if classes < 1:
        raise ValueError(f"expected_initial_loss: classes is {classes}, must be 1 or more")
    return float(np.log(classes))


def overfit_tiny(
    model: Any,
    loss: Any,
    optimizer: Any,
    examples: tuple[np.ndarray, np.ndarray],
    *,
    epochs: int = 200,
    rng: np.random.Generator,
) -> int | None:
    """Train on a few examples until all are right; returns the number of epochs it took, or None if never.

    A network that cannot learn 20 examples by heart has a mistake in it.
    Args: as ``fit``; ``examples`` = (x, y), y integer labels, are all used as one batch.
    Raises: TypeError for other y; ``Diverged`` when the loss is not finite.
    Source: K "Make sure that you can overfit very small portion of the training data".
    """
    labels = examples[1]
    if labels.dtype.kind not in "iu":
        raise TypeError(f"overfit_tiny counts right labels and wants integers, got {labels.dtype}")
    for epoch in range(1, epochs + 1):
        fit(model, loss, optimizer, examples, epochs=1, batch_size=len(examples[0]), rng=rng)
        if evaluate(model, loss, examples)[1] == 1:
            return epoch
    return None


def diagnose(losses: Sequence[float]) -> str:
    """What a loss curve says of the learning rate.

    In this order: ``"nan"`` (some loss not finite), ``"exploding"`` (some loss above 3 × the first), ``"rising"``
    (the last above 1.01 × the first), ``"too low"`` (the last above 0.99 × the first), ``"ok"``.
    Raises: ValueError for an empty curve or a first loss that is not above 0.
    Source: K "loss not going down", "loss exploding", "If the cost is ever > 3 * original cost, break out early".
    """
    curve = np.asarray(losses, dtype=float)
    if curve.size == 0 or curve[0] <= 0:
        raise ValueError(f"diagnose wants losses that start above 0, got {list(losses)[:3]}")
    if not np.isfinite(curve).all():
        return "nan"
    if (curve > 3 * curve[0]).any():
        return "exploding"
    if curve[-1] > 1.01 * curve[0]:
        return "rising"
    return "too low" if curve[-1] > 0.99 * curve[0] else "ok"


def update_ratio(w: np.ndarray, update: np.ndarray) -> float:
    """‖update‖ / ‖w‖: about 1e-3 is healthy, 1e-2 about okay.

    Shapes: w and update alike, any; ``update`` is the change of w in one step.
    Raises: ValueError when the shapes differ or w is all zeros.
    Source: K "Track the ratio of weight updates / weight magnitudes".
    """
    if w.shape != update.shape or not w.any():
        raise ValueError(f"update_ratio wants equal shapes and a w that is not all 0, got {w.shape}, {update.shape}")
    return float(np.linalg.norm(update) / np.linalg.norm(w))
