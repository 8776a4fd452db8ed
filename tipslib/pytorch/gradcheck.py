"""Gradient checking: PyTorch's own."""

from torch.autograd import gradcheck

__all__ = ["gradcheck"]
