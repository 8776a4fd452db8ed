"""Whiteout as a PyTorch module."""

import torch
from torch import nn


class Whiteout(nn.Linear):
    """z_k = Σ_j w_jk (x_j + e_jk) + b_k in training, with fresh e_jk ~ N(0, σ²/|w_jk|^γ + λ); z = x Wᵀ + b in testing.

    No gradient goes through the noise's scale. Where w = 0 the noise is N(0, λ).
    Shapes: as in ``Linear``. Raises: ValueError unless σ ≥ 0, 0 ≤ γ < 2 and λ ≥ 0.
    Source: C "Variations on dropout"; Li and Liu, arXiv 1612.01490, eq. (1).
    """

    def __init__(self, in_features: int, out_features: int, sigma: float, gamma: float, lam: float) -> None:
        super().__init__(in_features, out_features)
        if not sigma >= 0 or not lam >= 0:
            raise ValueError(f"sigma and lam must be 0 or more, but got {sigma} and {lam}")
        if not 0 <= gamma < 2:
            raise ValueError(f"gamma must be 0 or more and below 2, but got {gamma}")
        self.sigma, self.gamma, self.lam = sigma, gamma, lam

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = super().forward(x)
        if not self.training:
            return z
        size = self.weight.detach().abs()
        usable = size >= torch.finfo(size.dtype).tiny
        of_size = usable * self.sigma / torch.where(usable, size, 1) ** (self.gamma / 2)
        scale = torch.hypot(of_size, torch.full_like(size, self.lam**0.5))
        noise = scale * torch.randn(z.numel() // self.out_features, *size.shape, dtype=x.dtype, device=x.device)
        return z + torch.einsum("noi,oi->no", noise, self.weight).reshape(z.shape)

    def extra_repr(self) -> str:
        given = f"sigma={self.sigma}, gamma={self.gamma}, lam={self.lam}"
        return f"{self.in_features}, {self.out_features}, {given}"
