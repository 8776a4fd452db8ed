"""Adam and its relatives: PyTorch's own."""

from torch.optim import Adam, Adamax, AdamW

__all__ = ["Adam", "AdamW", "Adamax"]
