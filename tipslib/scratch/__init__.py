"""Every technique in NumPy: layers, losses, optimizers and training, forward and backward written out."""

from tipslib.scratch.activations import ELU, Abs, Identity, LeakyReLU, ReLU, Sigmoid, Sign, Softplus, Tanh
from tipslib.scratch.diagnosis import dead_units
from tipslib.scratch.divergences import BCELoss, KLDivLoss, NLLLoss, l2_divergence, one_hot
from tipslib.scratch.gradcheck import gradient_check, numerical_gradient, relative_error
from tipslib.scratch.initialization import (
    calculate_gain,
    kaiming_normal_,
    kaiming_uniform_,
    lsuv_,
    normal_,
    orthogonal_,
    xavier_normal_,
    xavier_uniform_,
    zeros_,
)
from tipslib.scratch.layers import Layer, Linear, Sequential
from tipslib.scratch.losses import CrossEntropyLoss, MSELoss
from tipslib.scratch.maxout import Maxout
from tipslib.scratch.optim import SGD
from tipslib.scratch.perceptron import adaline_update, perceptron_update
from tipslib.scratch.prelu import PReLU
from tipslib.scratch.preprocessing import PCA, Center, Standardize, Whiten
from tipslib.scratch.softmax import LogSoftmax, Softmax
from tipslib.scratch.training import Diverged, evaluate, fit, minibatches, split

__all__ = [
    "ELU",
    "PCA",
    "SGD",
    "Abs",
    "BCELoss",
    "Center",
    "CrossEntropyLoss",
    "Diverged",
    "Identity",
    "KLDivLoss",
    "Layer",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "Maxout",
    "NLLLoss",
    "PReLU",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Sign",
    "Softmax",
    "Softplus",
    "Standardize",
    "Tanh",
    "Whiten",
    "adaline_update",
    "calculate_gain",
    "dead_units",
    "evaluate",
    "fit",
    "gradient_check",
    "kaiming_normal_",
    "kaiming_uniform_",
    "l2_divergence",
    "lsuv_",
    "minibatches",
    "normal_",
    "numerical_gradient",
    "one_hot",
    "orthogonal_",
    "perceptron_update",
    "relative_error",
    "split",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]
