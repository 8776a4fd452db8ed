"""Initialization: PyTorch's own, and LSUV, which it has not."""

import math

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

    Returns: the standard deviation of each ``Linear``'s output, in order.
    Raises: ValueError when an output does not vary at all, or is not finite.
    Source: K "All you need is a good init", Mishkin and Matas 2015.
    """
    stds: list[float] = []
    for layer in model:
        if isinstance(layer, nn.Sequential):
            stds += lsuv_(layer, x, tolerance, max_iterations)
        elif isinstance(layer, nn.Linear):
            orthogonal_(layer.weight)
            if layer.bias is not None:
                zeros_(layer.bias)
            for _ in range(max_iterations):
                std = layer(x).std(correction=0).item()
                if not 0 < std < math.inf:
                    raise ValueError(f"lsuv_: the output of {layer} on this batch has standard deviation {std}")
                if abs(std - 1) <= tolerance:
                    break
                layer.weight /= std
            stds.append(layer(x).std(correction=0).item())
        x = layer(x)
    return stds
