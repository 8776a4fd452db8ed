"""Initialization: PyTorch's own, and LSUV, which it has not."""

import torch
from torch import nn
from torch.nn.init import (
    calculate_gain,
    kaiming_normal_,
    kaiming_uniform_,
    normal_,
    orthogonal_,
    xavier_normal_,
    xavier_uniform_,
    zeros_,
)

__all__ = [
    "calculate_gain",
    "kaiming_normal_",
    "kaiming_uniform_",
    "lsuv_",
    "normal_",
    "orthogonal_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]


@torch.no_grad()
def lsuv_(model: nn.Sequential, x: torch.Tensor, tolerance: float = 0.01, max_iterations: int = 10) -> list[float]:
    """Layer-sequential unit variance, as ``tipslib.scratch.lsuv_``; PyTorch's global generator draws.

    Source: K "All you need is a good init", Mishkin and Matas 2015.
    """
    stds = []
    for layer in model:
        if isinstance(layer, nn.Linear):
            orthogonal_(layer.weight)
            if layer.bias is not None:
                zeros_(layer.bias)
            for _ in range(max_iterations):
                std = layer(x).std(correction=0)
                if std == 0:
                    raise ValueError(f"lsuv_: the output of {layer} does not vary on this batch")
                if abs(std - 1) <= tolerance:
                    break
                layer.weight /= std
            stds.append(layer(x).std(correction=0).item())
        x = layer(x)
    return stds
