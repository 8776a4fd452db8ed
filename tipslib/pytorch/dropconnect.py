"""DropConnect as a PyTorch module."""

import torch
from torch import nn

from tipslib.scratch.dropout import check_probability


class DropConnect(nn.Linear):
    """z = x (mask • W)ᵀ / (1 - p) + b in training, where mask = 0 with probability p, else 1; z = x Wᵀ + b in testing.

    Shapes: as in ``Linear``; every connection is tossed anew for every example.
    Raises: ValueError unless 0 ≤ p ≤ 1.
    Source: C "Variations on dropout"; Wan et al. 2013, "Regularization of Neural Networks using DropConnect".
    """

    def __init__(self, in_features: int, out_features: int, p: float) -> None:
        super().__init__(in_features, out_features)
        self.p = check_probability("DropConnect", p)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(x)
        rows = x.reshape(-1, self.in_features)
        mask = torch.rand(len(rows), *self.weight.shape, dtype=x.dtype, device=x.device) >= self.p
        scale = 1 / (1 - self.p) if self.p < 1 else 1.0
        z = torch.einsum("noi,ni->no", mask * self.weight * scale, rows) + self.bias
        return z.reshape(*x.shape[:-1], self.out_features)

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}, p={self.p}"
