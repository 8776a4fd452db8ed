"""Preprocessing: fixed layers whose numbers come from the *training* data, once, by ``fit``.

    z = (x - m) W        dx = dz Wᵀ

W is the identity (centre), 1/σ on the diagonal (standardize), the eigenvectors U of the covariance (PCA), or
U/√(λ + ε) (whiten). Test data go through the same m and W: statistics of their own would leak, and move them
against the training data.
"""

from typing import Self

import numpy as np

from tipslib.scratch.layers import Layer


def _learned(name: str) -> property:
    """An attribute that is an entry of ``buffers``, once there is one."""

    def get(self: Layer) -> np.ndarray:
        if name not in self.buffers:
            raise RuntimeError(f"{self} was used before fit: call fit(training data) first")
        return self.buffers[name]

    return property(get)


class Preprocess(Layer):
    """What all four share: ``fit(x)`` learns from training data and returns the layer; then call it on any data.

    Shapes: x [N, D] → z [N, D] (``Center`` and ``Standardize``: any x with N first). Statistics divide by N.
    What ``fit`` learns, such as m = ``mean``, is kept in ``buffers``; ``load_state_dict`` wants a layer that has them.
    Raises: RuntimeError when called before ``fit``; ValueError for x of another width, and from ``fit`` for no data.
    Source: L "Normalizing Input" (normalizing your training and testing data in the same way).
    """

    mean = _learned("mean")
    axes: tuple[int, ...] = (0,)

    def fit(self, x: np.ndarray) -> Self:
        if not isinstance(x, np.ndarray):
            raise TypeError(f"{self}.fit wants a NumPy array, got {type(x).__name__}")
        if x.ndim < 2 or len(x) == 0:
            raise ValueError(f"{self}.fit wants data of shape [N, …] with N ≥ 1, got {x.shape}")
        self.shape = x.shape[1:]
        # Added up in float64: a sum over many float32 rows loses digits. Pixels in uint8 give a float32 mean.
        mean = x.mean(axis=self.axes, dtype=np.float64, keepdims=True)[0]
        self.buffers["mean"] = mean.astype(np.result_type(x, np.float32))
        return self

    def _centred(self, x: np.ndarray) -> np.ndarray:
        mean = self.mean
        if not isinstance(x, np.ndarray):
            raise TypeError(f"{self} wants a NumPy array, got {type(x).__name__}")
        if x.shape[1:] != self.shape:
            raise ValueError(f"{self} was fitted to examples of shape {self.shape}, got {x.shape[1:]}")
        return x - mean


class Center(Preprocess):
    """z = x - m, with m the mean over ``axes`` of the training data.

    (0,) is the mean example (a mean image); (0, 2, 3) on images [N, C, H, W] is a mean per channel.
    Raises: ValueError for ``axes`` without 0, the examples. Source: K "in practice for Images: center only".
    """

    def __init__(self, axes: tuple[int, ...] = (0,)) -> None:
        super().__init__()
        if 0 not in axes:
            raise ValueError(f"Center: axes is {axes}, must contain 0, the axis of the examples")
        self.axes = axes

    def forward(self, x: np.ndarray) -> np.ndarray:
        return self._save(output=self._centred(x))

    def backward(self, dz: np.ndarray) -> np.ndarray:
        self._recall(dz)
        return dz.copy()


class Standardize(Preprocess):
    """z = (x - m)/σ per dimension: mean 0 and variance 1 on the training data; a constant column is only centred.

    1/σ is kept as ``scale``. Source: L "Normalizing Input"; K "Preprocess the data".
    """

    scale = _learned("scale")

    def fit(self, x: np.ndarray) -> Self:
        super().fit(x)
        # The mean of a constant column may be off by a rounding error, and then σ is not quite 0.
        std = x.std(axis=0, dtype=np.float64) * (x != x[0]).any(axis=0)
        self.buffers["scale"] = (1 / np.where(std > 0, std, 1)).astype(self.mean.dtype)
        return self

    def forward(self, x: np.ndarray) -> np.ndarray:
        return self._save(output=self._centred(x) * self.scale)

    def backward(self, dz: np.ndarray) -> np.ndarray:
        self._recall(dz)
        return dz * self.scale


class PCA(Preprocess):
    """z = (x - m) U: decorrelated, largest variance first; ``n_components`` keeps only that many.

    ``components`` are the columns of U, ``variances`` the eigenvalues λ of the covariance. The sign of a column is
    arbitrary.
    Raises: ValueError from ``fit`` for x that is not [N, D], or ``n_components`` outside 1 … D.
    Source: K "PCA and Whitening of the data".
    """

    variances = _learned("variances")
    components = _learned("components")

    def __init__(self, n_components: int | None = None) -> None:
        super().__init__()
        self.n_components = n_components

    def fit(self, x: np.ndarray) -> Self:
        if np.ndim(x) != 2:
            raise ValueError(f"{self}.fit wants data of shape [N, D], got {np.shape(x)}: use x.reshape(len(x), -1)")
        if self.n_components is not None and not 1 <= self.n_components <= np.shape(x)[1]:
            raise ValueError(f"PCA: n_components is {self.n_components}, must be 1 to {np.shape(x)[1]}")
        super().fit(x)
        centred = self._centred(x)
        eigenvalues, vectors = np.linalg.eigh(centred.T @ centred / len(x))
        # eigh sorts from the smallest; rounding may leave a zero eigenvalue slightly negative.
        self.buffers["variances"] = np.maximum(eigenvalues[::-1], 0)[: self.n_components]
        self.buffers["components"] = vectors[:, ::-1][:, : self.n_components]
        return self

    def forward(self, x: np.ndarray) -> np.ndarray:
        return self._save(output=self._centred(x) @ self.components)

    def backward(self, dz: np.ndarray) -> np.ndarray:
        self._recall(dz)
        return dz @ self.components.T


class Whiten(PCA):
    """z = (x - m) U/√(λ + ε): covariance the identity, up to ε. ``components`` is all of U/√(λ + ε).

    Raises: ValueError from ``fit`` when some λ + ε is not above 0. Source: K "PCA and Whitening of the data".
    """

    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps

    def fit(self, x: np.ndarray) -> Self:
        super().fit(x)
        variances = self.variances + float(self.eps)
        if not (variances > 0).all():
            raise ValueError(f"Whiten: eps is {self.eps}, and the data do not vary in some direction: use a larger eps")
        self.buffers["components"] = self.components / np.sqrt(variances)
        return self
