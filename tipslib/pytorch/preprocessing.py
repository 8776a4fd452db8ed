"""Preprocessing as modules: what ``fit`` learns is kept in buffers, so it travels in the ``state_dict``."""

from typing import Self

import torch
from torch import nn


class Preprocess(nn.Module):
    """What all four share; shapes, attributes and errors as in ``tipslib.scratch``.

    Source: L "Normalizing Input" (normalizing your training and testing data in the same way).
    """

    mean: torch.Tensor | None
    axes: tuple[int, ...] = (0,)

    def __init__(self, *learned: str) -> None:
        super().__init__()
        for name in ("mean", *learned):
            self.register_buffer(name, None)

    def fit(self, x: torch.Tensor) -> Self:
        if x.ndim < 2 or len(x) == 0:
            raise ValueError(f"{self}.fit wants data of shape [N, …] with N ≥ 1, got {tuple(x.shape)}")
        self.shape = x.shape[1:]
        self.mean = x.mean(dim=self.axes, keepdim=True)[0]
        return self

    def centred(self, x: torch.Tensor) -> torch.Tensor:
        if self.mean is None:
            raise RuntimeError(f"{self} was used before fit: call fit(training data) first")
        if x.shape[1:] != self.shape:
            raise ValueError(f"{self} was fitted to examples of shape {tuple(self.shape)}, got {tuple(x.shape[1:])}")
        return x - self.mean


class Center(Preprocess):
    """z = x - m, with m the mean over ``axes``. Source: K "in practice for Images: center only"."""

    def __init__(self, axes: tuple[int, ...] = (0,)) -> None:
        super().__init__()
        if 0 not in axes:
            raise ValueError(f"Center: axes is {axes}, must contain 0, the axis of the examples")
        self.axes = axes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.centred(x)


class Standardize(Preprocess):
    """z = (x - m)/σ per dimension, σ² divided by N; a constant column is only centred.

    Source: L "Normalizing Input"; K "Preprocess the data".
    """

    def __init__(self) -> None:
        super().__init__("scale")

    def fit(self, x: torch.Tensor) -> Self:
        super().fit(x)
        # The mean of a constant column may be off by a rounding error, and then σ is not quite 0.
        std = x.std(dim=0, correction=0) * (x != x[0]).any(dim=0)
        self.scale = 1 / torch.where(std > 0, std, 1)
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.centred(x) * self.scale


class PCA(Preprocess):
    """z = (x - m) U, largest variance first. Source: K "PCA and Whitening of the data"."""

    def __init__(self, n_components: int | None = None) -> None:
        super().__init__("variances", "components")
        self.n_components = n_components

    def fit(self, x: torch.Tensor) -> Self:
        if x.ndim != 2:
            raise ValueError(f"{self}.fit wants data of shape [N, D], got {tuple(x.shape)}: use x.flatten(1)")
        if self.n_components is not None and not 1 <= self.n_components <= x.shape[1]:
            raise ValueError(f"PCA: n_components is {self.n_components}, must be 1 to {x.shape[1]}")
        super().fit(x)
        centred = self.centred(x)
        eigenvalues, vectors = torch.linalg.eigh(centred.T @ centred / len(x))
        # eigh sorts from the smallest; rounding may leave a zero eigenvalue slightly negative.
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

    def fit(self, x: torch.Tensor) -> Self:
        super().fit(x)
        variances = self.variances + self.eps
        if not (variances > 0).all():
            raise ValueError(f"Whiten: eps is {self.eps}, and the data do not vary in some direction: use a larger eps")
        self.components = self.components / torch.sqrt(variances)
        return self
