"""Preprocessing: fixed layers whose numbers come from the *training* data, once, by ``fit``.

    z = (x - m) W        dx = dz Wᵀ

W is the identity (centre), 1/σ on the diagonal (standardize), the eigenvectors U of the covariance (PCA), or
U/√(λ + ε) (whiten). Test data go through the same m and W: statistics of their own would leak, and move them
against the training data.
"""

import numpy as np

from tipslib.scratch.layers import Layer


class Preprocess(Layer):
    """What all four share: ``fit(x)`` learns from training data and returns the layer; then call it on any data.

    Shapes: x [N, D] → z [N, D] (``Center``: any x with N first). Statistics divide by N.
    Raises: RuntimeError when called before ``fit``; ValueError for x of another width.
    Source: L "Normalizing Input" (normalizing your training and testing data in the same way).
    """

    mean: np.ndarray | None = None

    def fit(self, x: np.ndarray) -> "Preprocess":
        raise NotImplementedError(f"{type(self).__name__} has no fit")

    def _centred(self, x: np.ndarray) -> np.ndarray:
        if self.mean is None:
            raise RuntimeError(f"{self} was called before fit: call fit(training data) first")
        if x.shape[1:] != self.shape:
            raise ValueError(f"{self} was fitted to examples of shape {self.shape}, got {x.shape[1:]}")
        return x - self.mean

    def _covariance(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(λ, U): eigenvalues from the largest, and eigenvectors in columns, of the covariance of x; sets ``mean``."""
        self.mean, self.shape = x.mean(axis=0), x.shape[1:]
        centred = x - self.mean
        eigenvalues, vectors = np.linalg.eigh(centred.T @ centred / len(x))
        # Rounding may leave a zero eigenvalue slightly negative.
        return np.maximum(eigenvalues[::-1], 0), vectors[:, ::-1]


class Center(Preprocess):
    """z = x - m. With ``axes=(0,)`` m is the mean example (a mean image); (0, 1, 2) on [N, H, W, C] is per channel.

    Source: K "in practice for images: center only".
    """

    def __init__(self, axes: tuple[int, ...] = (0,)) -> None:
        super().__init__()
        self.axes = axes

    def fit(self, x: np.ndarray) -> "Center":
        self.mean, self.shape = x.mean(axis=self.axes), x.shape[1:]
        return self

    def forward(self, x: np.ndarray) -> np.ndarray:
        z = self._centred(x)
        return self._save(output=z)

    def backward(self, dz: np.ndarray) -> np.ndarray:
        self._recall(dz)
        return dz


class Standardize(Preprocess):
    """z = (x - m)/σ per dimension: mean 0 and variance 1 on the training data; a constant column is only centred.

    Source: L "Normalizing Input"; K "Preprocess the data".
    """

    def fit(self, x: np.ndarray) -> "Standardize":
        self.mean, self.shape = x.mean(axis=0), x.shape[1:]
        std = x.std(axis=0)
        self.scale = 1 / np.where(std > 0, std, std.dtype.type(1))
        return self

    def forward(self, x: np.ndarray) -> np.ndarray:
        z = self._centred(x) * self.scale
        return self._save(output=z)

    def backward(self, dz: np.ndarray) -> np.ndarray:
        self._recall(dz)
        return dz * self.scale


class PCA(Preprocess):
    """z = (x - m) U: decorrelated, largest variance first; ``n_components`` keeps only that many.

    ``variances`` are the eigenvalues λ. Source: K "PCA and Whitening of the data".
    """

    def __init__(self, n_components: int | None = None) -> None:
        super().__init__()
        self.n_components = n_components

    def fit(self, x: np.ndarray) -> "PCA":
        variances, vectors = self._covariance(x)
        if self.n_components is not None and not 1 <= self.n_components <= len(variances):
            raise ValueError(f"PCA: n_components is {self.n_components}, must be 1 to {len(variances)}")
        self.variances, self.components = variances[: self.n_components], vectors[:, : self.n_components]
        return self

    def forward(self, x: np.ndarray) -> np.ndarray:
        z = self._centred(x) @ self.components
        return self._save(output=z)

    def backward(self, dz: np.ndarray) -> np.ndarray:
        self._recall(dz)
        return dz @ self.components.T


class Whiten(PCA):
    """z = (x - m) U/√(λ + ε): covariance the identity, up to ε. Source: K "PCA and Whitening of the data"."""

    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps

    def fit(self, x: np.ndarray) -> "Whiten":
        super().fit(x)
        self.components = self.components / np.sqrt(self.variances + self.variances.dtype.type(self.eps))
        return self
