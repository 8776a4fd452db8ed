"""The same techniques in PyTorch: its own classes where it has them, small modules where it has not."""

from tipslib.pytorch.activations import ELU, Abs, Identity, LeakyReLU, ReLU, Sigmoid, Sign, Softplus, Tanh
from tipslib.pytorch.adam import Adam, Adamax, AdamW
from tipslib.pytorch.adaptive import Adadelta, Adagrad, RMSprop
from tipslib.pytorch.batchnorm import BatchNorm1d
from tipslib.pytorch.clipping import clip_grad_norm_, clip_grad_value_
from tipslib.pytorch.divergences import BCELoss, KLDivLoss, NLLLoss, one_hot
from tipslib.pytorch.dropconnect import DropConnect
from tipslib.pytorch.dropout import Dropout
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
from tipslib.pytorch.noise import GaussianNoise
from tipslib.pytorch.optim import SGD
from tipslib.pytorch.penalties import activity_l1, l1_penalty, l2_penalty
from tipslib.pytorch.prelu import PReLU
from tipslib.pytorch.preprocessing import PCA, Center, Standardize, Whiten
from tipslib.pytorch.rprop import Quickprop, Rprop
from tipslib.pytorch.schedules import ExponentialLR, InverseSqrtLR, InverseTimeLR, ReduceLROnPlateau, StepLR
from tipslib.pytorch.shakeout import Shakeout
from tipslib.pytorch.softmax import LogSoftmax, Softmax
from tipslib.pytorch.training import Diverged, evaluate, fit, minibatches, split
from tipslib.pytorch.transfer import finetune, freeze
from tipslib.pytorch.whiteout import Whiteout
from tipslib.pytorch.zoneout import Zoneout

__all__ = [
    "ELU",
    "PCA",
    "SGD",
    "Abs",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "BCELoss",
    "BatchNorm1d",
    "Center",
    "CrossEntropyLoss",
    "Diverged",
    "DropConnect",
    "Dropout",
    "EarlyStopping",
    "ExponentialLR",
    "GaussianNoise",
    "Identity",
    "InverseSqrtLR",
    "InverseTimeLR",
    "KLDivLoss",
    "Layer",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "Maxout",
    "NLLLoss",
    "PReLU",
    "Quickprop",
    "RMSprop",
    "ReLU",
    "ReduceLROnPlateau",
    "Rprop",
    "Sequential",
    "Shakeout",
    "Sigmoid",
    "Sign",
    "Softmax",
    "Softplus",
    "Standardize",
    "StepLR",
    "Tanh",
    "Whiten",
    "Whiteout",
    "Zoneout",
    "activity_l1",
    "calculate_gain",
    "clip_grad_norm_",
    "clip_grad_value_",
    "evaluate",
    "finetune",
    "fit",
    "freeze",
    "gradcheck",
    "kaiming_normal_",
    "kaiming_uniform_",
    "l1_penalty",
    "l2_penalty",
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
