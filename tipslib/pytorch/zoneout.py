"""Zoneout as a PyTorch module."""

import torch
from torch import nn

from tipslib.scratch.dropout import check_probability


class Zoneout(nn.Module):
    """h = m • previous + (1 - m) • new, where m = 1 with probability p, else 0; at test time the mean, m = p.

    Shapes: ``zoneout(new, previous)`` takes two tensors alike and gives a third.
    Raises: ValueError unless 0 ≤ p ≤ 1.
    Source: C "Variations on dropout"; Krueger et al. 2017.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = check_probability("Zoneout", p)

    def forward(self, new: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
        m = (torch.rand_like(new) < self.p).to(new.dtype) if self.training else self.p
        return m * previous + (1 - m) * new

    def extra_repr(self) -> str:
        return f"p={self.p}"
