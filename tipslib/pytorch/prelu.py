"""PReLU: PyTorch's own."""

from torch.nn import PReLU

__all__ = ["PReLU"]
