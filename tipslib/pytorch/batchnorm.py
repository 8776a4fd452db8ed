"""Batch normalization: PyTorch's own."""

from torch.nn import BatchNorm1d

__all__ = ["BatchNorm1d"]
