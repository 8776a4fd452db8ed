"""Adaptive rates: PyTorch's own."""

from torch.optim import Adadelta, Adagrad, RMSprop

__all__ = ["Adadelta", "Adagrad", "RMSprop"]
