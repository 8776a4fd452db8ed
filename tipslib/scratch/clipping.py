"""Gradient clipping: a ceiling on the gradient, for cliffs where one step would throw the weights far away."""

from collections.abc import Mapping

import numpy as np


def clip_grad_value_(grads: Mapping[str, np.ndarray], clip_value: float) -> None:
    """g ← min(max(g, -c), c) for every entry, in place; C: "Typical value is 5". Changes the direction.

    Args: ``grads`` arrays by name (``model.grads``); ``clip_value`` c ≥ 0.
    Raises: ValueError for a negative ``clip_value``, TypeError for gradients that are not arrays by name.
    Source: C "Gradient clipping"; torch.nn.utils.clip_grad_value_.
    """
    if not clip_value >= 0:
        raise ValueError(f"clip_grad_value_: clip_value is {clip_value}, must be 0 or more")
    for g in _arrays(grads):
        np.clip(g, -clip_value, clip_value, out=g)


def clip_grad_norm_(grads: Mapping[str, np.ndarray], max_norm: float, norm_type: float = 2.0) -> float:
    """g ← g · min(1, max_norm/‖g‖), in place: ‖g‖ over all parameters together, so the direction stays.

    As in PyTorch 1e-6 is added to ‖g‖ in the division, and a norm of nan or inf makes gradients nan: look at the
    returned norm.

    Args: ``grads`` arrays by name (``model.grads``); ``max_norm`` ≥ 0; ``norm_type`` the p of the p-norm, inf for the
    largest entry. Returns: ‖g‖ before clipping; 0 without gradients.
    Raises: ValueError for a negative ``max_norm``, TypeError for gradients that are not arrays by name.
    Source: torch.nn.utils.clip_grad_norm_; Pascanu, Mikolov and Bengio 2013.
    """
    if not max_norm >= 0:
        raise ValueError(f"clip_grad_norm_: max_norm is {max_norm}, must be 0 or more")
    # In float64, where the squares of float32 numbers cannot overflow.
    norms = [np.linalg.norm(g.astype(np.float64, copy=False).ravel(), norm_type) for g in _arrays(grads)]
    norm = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
    factor = max_norm / (norm + 1e-6)
    if not factor >= 1:
        for g in _arrays(grads):
            with np.errstate(invalid="ignore"):  # inf · 0 = nan, announced by the norm
                g *= factor
    return norm


def _arrays(grads: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The gradients, once it is known that each can be changed in place."""
    if not isinstance(grads, Mapping):
        raise TypeError(f"clipping wants arrays by name, such as model.grads, got {type(grads).__name__}")
    for name, g in grads.items():
        if not isinstance(g, np.ndarray):
            raise TypeError(f"clipping works in place: {name} must be an array, got {type(g).__name__}")
    return list(grads.values())
