"""The same techniques in PyTorch: its own classes where it has them, small modules where it has not."""

from tipslib.pytorch.activations import ELU, Abs, Identity, LeakyReLU, ReLU, Sigmoid, Sign, Softplus, Tanh
from tipslib.pytorch.divergences import BCELoss, KLDivLoss, NLLLoss, one_hot
from tipslib.pytorch.earlystopping import EarlyStopping
from tipslib.pytorch.gradcheck import gradcheck
from tipslib.pytorch.initialization import (
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
from tipslib.pytorch.layers import Layer, Linear, Sequential
from tipslib.pytorch.losses import CrossEntropyLoss, MSELoss
from tipslib.pytorch.maxout import Maxout
from tipslib.pytorch.optim import SGD
from tipslib.pytorch.prelu import PReLU
from tipslib.pytorch.preprocessing import PCA, Center, Standardize, Whiten
from tipslib.pytorch.softmax import LogSoftmax, Softmax
from tipslib.pytorch.training import Diverged, evaluate, fit, minibatches, split
from tipslib.pytorch.transfer import finetune, freeze

__all__ = [
    "ELU",
    "PCA",
    "SGD",
    "Abs",
    "BCELoss",
    "Center",
    "CrossEntropyLoss",
    "Diverged",
    "EarlyStopping",
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
    "calculate_gain",
    "evaluate",
    "finetune",
    "fit",
    "freeze",
    "gradcheck",
    "kaiming_normal_",
    "kaiming_uniform_",
    "lsuv_",
    "minibatches",
    "normal_",
    "one_hot",
    "orthogonal_",
    "split",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]
