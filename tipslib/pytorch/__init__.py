"""The same techniques in PyTorch: its own classes where it has them, small modules where it has not."""

from tipslib.pytorch.activations import (
    ELU,
    Abs,
    Identity,
    LeakyReLU,
    PReLU,
    ReLU,
    Sigmoid,
    Sign,
    Softmax,
    Softplus,
    Tanh,
)
from tipslib.pytorch.gradcheck import gradcheck
from tipslib.pytorch.layers import Layer, Linear, Sequential
from tipslib.pytorch.losses import CrossEntropyLoss, MSELoss
from tipslib.pytorch.maxout import Maxout
from tipslib.pytorch.optim import SGD
from tipslib.pytorch.training import Diverged, evaluate, fit, minibatches, split

__all__ = [
    "ELU",
    "SGD",
    "Abs",
    "CrossEntropyLoss",
    "Diverged",
    "Identity",
    "Layer",
    "LeakyReLU",
    "Linear",
    "MSELoss",
    "Maxout",
    "PReLU",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Sign",
    "Softmax",
    "Softplus",
    "Tanh",
    "evaluate",
    "fit",
    "gradcheck",
    "minibatches",
    "split",
]
