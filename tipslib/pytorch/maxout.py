"""Maxout as a PyTorch module; autograd sends the gradient to the winning piece."""

import math

import torch
from torch import nn


class Maxout(nn.Module):
    """a = max_k z_k with z_k = x W_kᵀ + b_k; on a tie the lowest k wins.

    Shapes: x [N, in_features] → a [N, out_features]; ``weight`` [pieces, out_features, in_features],
    ``bias`` [pieces, out_features]: the same as in ``tipslib.scratch``, so a ``state_dict`` fits both.
    Source: L "Maxout"; K "Maxout Neuron"; Goodfellow et al. 2013.
    """

    def __init__(self, in_features: int, out_features: int, pieces: int = 2) -> None:
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(pieces, out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(pieces, out_features).uniform_(-bound, bound))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = torch.stack([x @ weight.T + bias for weight, bias in zip(self.weight, self.bias, strict=True)])
        return z.max(dim=0).values
