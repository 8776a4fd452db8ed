"""Every technique in NumPy: layers, losses, optimizers and training, forward and backward written out."""

from tipslib.scratch.activations import (
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
from tipslib.scratch.diagnosis import dead_units
from tipslib.scratch.gradcheck import gradient_check, numerical_gradient, relative_error
from tipslib.scratch.layers import Layer, Linear, Sequential
from tipslib.scratch.losses import CrossEntropyLoss, MSELoss
from tipslib.scratch.maxout import Maxout
from tipslib.scratch.optim import SGD
from tipslib.scratch.perceptron import adaline_update, perceptron_update
from tipslib.scratch.training import Diverged, evaluate, fit, minibatches, split

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
    "adaline_update",
    "dead_units",
    "evaluate",
    "fit",
    "gradient_check",
    "minibatches",
    "numerical_gradient",
    "perceptron_update",
    "relative_error",
    "split",
]
