"""Layers: PyTorch's own."""

from torch.nn import Linear, Sequential
from torch.nn import Module as Layer

__all__ = ["Layer", "Linear", "Sequential"]
