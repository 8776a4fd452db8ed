"""Optimizers: PyTorch's own."""

from torch.optim import SGD

__all__ = ["SGD"]
