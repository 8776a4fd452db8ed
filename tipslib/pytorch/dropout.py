"""Dropout: PyTorch's own, the inverted form."""

from torch.nn import Dropout

__all__ = ["Dropout"]
