"""Activations: PyTorch's own, and modules for two functions that PyTorch offers only as functions."""

import torch
from torch.nn import ELU, Identity, LeakyReLU, Module, ReLU, Sigmoid, Softplus, Tanh

__all__ = [
    "ELU",
    "Abs",
    "Identity",
    "LeakyReLU",
    "ReLU",
    "Sigmoid",
    "Sign",
    "Softplus",
    "Tanh",
]


class Sign(Module):
    """σ(z) = sign z, with derivative 0 everywhere.

    Source: U "Is the sign() activation good for derivative-based optimization?"; torch.sign.
    """

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.sign(z)


class Abs(Module):
    """σ(z) = abs(z). Source: U "Which activation at the hidden node?"; torch.abs."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.abs(z)
