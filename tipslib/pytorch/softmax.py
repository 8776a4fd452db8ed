"""Softmax: PyTorch's own."""

from torch.nn import LogSoftmax, Softmax

__all__ = ["LogSoftmax", "Softmax"]
