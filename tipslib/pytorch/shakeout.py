"""Shakeout as a PyTorch module."""

import torch
from torch import nn


class Shakeout(nn.Linear):
    """z = x W'ᵀ + b in training: a unit's weights become w' = -c s(w) with probability τ, else αw + (α - 1)c s(w).

    s(w) = sign w, α = 1/(1 - τ); a switch for every unit of every example, shared by the weights that leave the unit.
    Shapes: as in ``Linear``. Raises: ValueError unless 0 ≤ τ < 1 and c ≥ 0.
    Source: C "Variations on dropout"; Kang, Li and Tao, AAAI 2016, Fig. 1; TPAMI 2018.
    """

    def __init__(self, in_features: int, out_features: int, tau: float, c: float) -> None:
        super().__init__(in_features, out_features)
        if not 0 <= tau < 1:
            raise ValueError(f"tau must be 0 or more and below 1, but got {tau}")
        if not c >= 0:
            raise ValueError(f"c must be 0 or more, but got {c}")
        self.tau, self.c = tau, c

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(x)
        k = (torch.rand_like(x) >= self.tau).to(x.dtype) / (1 - self.tau)
        return super().forward(k * x) + (self.c * (k - 1) * x) @ self.weight.sign().T

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}, tau={self.tau}, c={self.c}"
