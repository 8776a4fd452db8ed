"""Gaussian noise as a PyTorch module."""

import torch
from torch import nn


class GaussianNoise(nn.Module):
    """y = x + e in training, with fresh e ~ N(0, std²) for every entry; y = x in testing.

    Shapes: any in, the same out. Raises: ValueError for a negative ``std``.
    Source: C "Regularization.." (regularizing with added noise).
    """

    def __init__(self, std: float) -> None:
        super().__init__()
        if not std >= 0:
            raise ValueError(f"std must be 0 or more, but got {std}")
        self.std = std

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.std * torch.randn_like(x) if self.training else x

    def extra_repr(self) -> str:
        return f"std={self.std}"
