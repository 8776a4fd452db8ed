"""Losses: PyTorch's own."""

from torch.nn import CrossEntropyLoss, MSELoss

__all__ = ["CrossEntropyLoss", "MSELoss"]
