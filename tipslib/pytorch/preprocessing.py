"""Preprocessing as modules: what ``fit`` learns is kept in buffers, so it travels in the ``state_dict``."""

import torch
from torch import nn


class Center(nn.Module):
    """z = x - m, with m the mean over ``axes``. Source: K "in practice for images: center only"."""

    def __init__(self, axes: tuple[int, ...] = (0,)) -> None:
        super().__init__()
        self.axes = axes
        self.register_buffer("mean", None)

    def fit(self, x: torch.Tensor) -> "Center":
        self.mean = x.mean(dim=self.axes)
        return self

    def centred(self, x: torch.Tensor) -> torch.Tensor:
        if self.mean is None:
            raise RuntimeError(f"{type(self).__name__} was called before fit: call fit(training data) first")
        return x - self.mean

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.centred(x)


class Standardize(Center):
    """z = (x - m)/σ per dimension, σ² divided by N; a constant column is only centred.

    Source: L "Normalizing Input"; K "Preprocess the data".
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", None)

    def fit(self, x: torch.Tensor) -> "Standardize":
        super().fit(x)
        std = x.std(dim=0, correction=0)
        self.scale = 1 / torch.where(std > 0, std, torch.ones_like(std))
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.centred(x) * self.scale


class PCA(Center):
    """z = (x - m) U, largest variance first. Source: K "PCA and Whitening of the data"."""

    def __init__(self, n_components: int | None = None) -> None:
        super().__init__()
        self.n_components = n_components
        self.register_buffer("variances", None)
        self.register_buffer("components", None)

    def fit(self, x: torch.Tensor) -> "PCA":
        super().fit(x)
        centred = x - self.mean
        eigenvalues, vectors = torch.linalg.eigh(centred.T @ centred / len(x))
        if self.n_components is not None and not 1 <= self.n_components <= len(eigenvalues):
            raise ValueError(f"PCA: n_components is {self.n_components}, must be 1 to {len(eigenvalues)}")
        self.variances = eigenvalues.flip(0).clamp(min=0)[: self.n_components]
        self.components = vectors.flip(1)[:, : self.n_components]
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.centred(x) @ self.components


class Whiten(PCA):
    """z = (x - m) U/√(λ + ε). Source: K "PCA and Whitening of the data"."""

    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps

    def fit(self, x: torch.Tensor) -> "Whiten":
        super().fit(x)
        self.components = self.components / torch.sqrt(self.variances + self.eps)
        return self
