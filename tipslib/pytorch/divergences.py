"""Divergences: PyTorch's own."""

from torch.nn import BCELoss, KLDivLoss, NLLLoss
from torch.nn.functional import one_hot

__all__ = ["BCELoss", "KLDivLoss", "NLLLoss", "one_hot"]
