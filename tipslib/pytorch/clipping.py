"""Gradient clipping: PyTorch's own."""

from torch.nn.utils import clip_grad_norm_, clip_grad_value_

__all__ = ["clip_grad_norm_", "clip_grad_value_"]
