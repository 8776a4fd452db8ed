"""Gradient checking: is the backward pass the derivative of the forward pass?"""

import numpy as np


def numerical_gradient(f, x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """∂f/∂x by central differences, (f(x + h) - f(x - h)) / 2h, one entry of x at a time.

    Args: ``f`` takes no argument's copy but x itself: x is changed in place meanwhile and restored. x float64.
    Returns: an array shaped like x. The error is O(h²) from the formula and O(1e-16/h) from rounding.
    Raises: TypeError when x is not a float64 array: in float32 the difference drowns in rounding.
    Source: K "gradient checking".
    """
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        raise TypeError(f"numerical_gradient wants a float64 array, got {getattr(x, 'dtype', type(x).__name__)}")
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        original = x[index]
        x[index] = original + h
        above = f(x)
        x[index] = original - h
        below = f(x)
        x[index] = original
        gradient[index] = (above - below) / (2 * h)
    return gradient


def relative_error(a: np.ndarray, b: np.ndarray) -> float:
    """Largest abs(a - b) / max(abs(a) + abs(b), 1e-12) over all entries: 0 means equal, 1 means unrelated.

    Source: K, course notes on gradient checking (there with max(abs(a), abs(b)) in the denominator).
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(f"relative_error wants equal shapes, got {a.shape} and {b.shape}")
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12), initial=0.0))


def gradient_check(layer, x: np.ndarray, h: float = 1e-5, *, rng: np.random.Generator) -> dict[str, float]:
    """Compare a layer's backward pass with central differences.

    The cost is C = Σ dy • layer(x) with a random dy, so ∂C/∂y = dy.
    Args: ``layer`` with float64 parameters; x float64, away from kinks by more than h. A layer that draws
    random numbers must draw the same ones at every call (use ``eval()``, or a fixed mask).
    Returns: the relative error of the input's gradient ("x") and of each parameter's, by name. In float64 and
    away from kinks, about 1e-7 or less is right; 1e-2 is a mistake.
    Raises: TypeError for arrays that are not float64.
    Source: K "gradient checking"; the tool of the same purpose is torch.autograd.gradcheck.
    """
    dy = rng.standard_normal(layer(x).shape)

    def cost(_) -> float:
        return float(np.vdot(dy, layer(x)))

    layer(x)
    dx = layer.backward(dy)
    # Copies: the layers may reuse their arrays in the calls below.
    analytic = {"x": dx.copy(), **{name: grad.copy() for name, grad in layer.grads.items()}}
    arrays = {"x": x, **layer.params}
    return {name: relative_error(analytic[name], numerical_gradient(cost, arrays[name], h)) for name in analytic}
