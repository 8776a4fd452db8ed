"""Penalties: what is added to the cost so that large weights or busy units cost something.

Each returns (value, gradient): add the value to the cost, and the gradient to the one that backpropagation gives.

    value, gradients = l2_penalty(weights, lam)
    for name, gradient in gradients.items():
        model.grads[name] += gradient
"""

from collections.abc import Mapping

import numpy as np


def l2_penalty(weights: Mapping[str, np.ndarray], lam: float) -> tuple[float, dict[str, np.ndarray]]:
    """C' = C + λ ½‖θ‖²: adds λw to the gradient, so a step of gradient descent is w ← (1 - ηλ)w - η ∂C/∂w.

    In plain SGD this is the same as ``weight_decay=lam``. In Adam it is not: the division by √v̂ undoes much of it.
    Every array in ``weights`` is penalised. Leave out the biases: they shift a function without making it steeper.

    Args: ``weights`` by name; λ ≥ 0. Returns: the value, and for each name the gradient, shaped like its array.
    Raises: ValueError for a negative ``lam``.
    Source: L "Weight Decay"; C "Smoothness through weight constraints".
    """
    lam = _checked("l2_penalty", lam)
    value = lam / 2 * sum(float(np.vdot(w, w)) for w in weights.values())
    return value, {name: lam * w for name, w in weights.items()}


def l1_penalty(weights: Mapping[str, np.ndarray], lam: float) -> tuple[float, dict[str, np.ndarray]]:
    """C' = C + λ Σ abs(w): adds λ sign(w), the same pull for small and large weights, so that some end at 0.

    At w = 0, where there is no derivative, the gradient is 0.
    Args, returns, raises: as for ``l2_penalty``.
    Source: C "Regularization.." (there on activations, see ``activity_l1``).
    """
    lam = _checked("l1_penalty", lam)
    value = lam * sum(float(np.abs(w).sum()) for w in weights.values())
    return value, {name: lam * np.sign(w) for name, w in weights.items()}


def activity_l1(a: np.ndarray, lam: float) -> tuple[float, np.ndarray]:
    """C' = C + λ/N Σ_n Σ_j abs(a_nj): activations cost something, so few units answer to one example.

    The mean over the N examples, as in the cost, makes λ independent of the batch size. The gradient belongs where
    a is in the network: dz = σ'(z) • (da + gradient).

    Args: a [N, …]; λ ≥ 0. Returns: the value, and the gradient λ/N sign(a), shaped like a.
    Raises: ValueError for a negative ``lam``.
    Source: C "Regularization.." (L1 regularization of network activations).
    """
    per_example = _checked("activity_l1", lam) / max(len(a), 1)
    return per_example * float(np.abs(a).sum()), per_example * np.sign(a)


def _checked(name: str, lam: float) -> float:
    if not lam >= 0:
        raise ValueError(f"{name}: lam is {lam}, must be 0 or more")
    return float(lam)
