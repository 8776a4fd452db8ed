"""Softmax: scores to probabilities, and their logarithms without overflow."""

import numpy as np

from tipslib.scratch.layers import Layer, check_floats


def log_softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    """log y_i = z_i - log Σ_j e^{z_j} ("log-sum-exp") along ``axis``, without overflow.

    The largest z is subtracted from both terms first: exp is safe, and the difference loses no digits.
    Source: L "Softmax" (C = -log y_r); torch.log_softmax.
    """
    shifted = z - z.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


class Softmax(Layer):
    """y_i = e^{z_i} / Σ_j e^{z_j} along axis ``dim``; dz = y • (dy - Σ_j dy_j y_j).

    The largest z is subtracted first: it cancels, and exp never overflows. Any shape in, the same shape out.
    (PyTorch's default for ``dim`` guesses an axis and is deprecated there; here it is the last one.)
    Source: L "Softmax"; U "Which activation at the output nodes?".
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, z: np.ndarray) -> np.ndarray:
        check_floats(self, z)
        e = np.exp(z - z.max(axis=self.dim, keepdims=True))
        y = e / e.sum(axis=self.dim, keepdims=True)
        return self._save(y, output=y)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self._recall(dy)
        return y * (dy - (dy * y).sum(axis=self.dim, keepdims=True))


class LogSoftmax(Layer):
    """log y_i = z_i - log Σ_j e^{z_j} along axis ``dim``; dz = dy - y Σ_j dy_j.

    Exact also where y itself would round to 0. Any shape in, the same shape out; ``dim`` as for ``Softmax``.
    Source: L "Softmax" (C = -log y_r); torch.nn.LogSoftmax.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, z: np.ndarray) -> np.ndarray:
        check_floats(self, z)
        log_y = log_softmax(z, self.dim)
        return self._save(log_y, output=log_y)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (log_y,) = self._recall(dy)
        return dy - np.exp(log_y) * dy.sum(axis=self.dim, keepdims=True)
