"""Two learning rules older than backpropagation, for one neuron and labels y = ±1."""

import numpy as np


def perceptron_update(w: np.ndarray, x: np.ndarray, y: float) -> np.ndarray:
    """Rosenblatt's rule, 1957: if sign(w·x) ≠ y then w ← w + yx, else w stays.

    It is no gradient descent on the number of mistakes, whose derivative is 0 wherever it exists; it is
    stochastic gradient descent with η = 1 on max(0, -y w·x). On separable data it makes finitely many mistakes.

    Shapes: w and x [D]; a bias is one entry of x that is always 1. Returns the new w; the old is not changed.
    Source: K "Frank Rosenblatt, ~1957: Perceptron"; U "why the classic Perceptron algorithm converges".
    """
    if y not in (1, -1):
        raise ValueError(f"perceptron_update wants a label of 1 or -1, got {y}")
    return w + y * x if np.sign(w @ x) != y else w.copy()


def adaline_update(w: np.ndarray, x: np.ndarray, y: float, lr: float) -> np.ndarray:
    """Widrow and Hoff's rule, 1960: w ← w + η(y - w·x)x, gradient descent on ½(y - w·x)².

    The error is taken *before* the sign, which is what makes it differentiable.

    Shapes: as ``perceptron_update``; ``lr`` is η > 0. Source: K "Widrow and Hoff, ~1960: Adaline/Madaline".
    """
    return w + lr * (y - w @ x) * x
