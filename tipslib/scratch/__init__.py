"""Every technique in NumPy: layers, losses, optimizers and training, forward and backward written out."""

from tipslib.scratch.activations import ELU, Abs, Identity, LeakyReLU, ReLU, Sigmoid, Sign, Softplus, Tanh
from tipslib.scratch.adam import Adam, Adamax, AdamW
from tipslib.scratch.adaptive import Adadelta, Adagrad, RMSprop
from tipslib.scratch.augmentation import AddNoise, Rotate, Shift, Stretch
from tipslib.scratch.batchnorm import BatchNorm1d
from tipslib.scratch.clipping import clip_grad_norm_, clip_grad_value_
from tipslib.scratch.diagnosis import dead_units, diagnose, expected_initial_loss, overfit_tiny, update_ratio
from tipslib.scratch.divergences import BCELoss, KLDivLoss, NLLLoss, l2_divergence, one_hot
from tipslib.scratch.dropconnect import DropConnect
from tipslib.scratch.dropout import Dropout, hidden_width
from tipslib.scratch.earlystopping import EarlyStopping
from tipslib.scratch.ensembles import bagging, ensemble_predict
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
from tipslib.scratch.noise import GaussianNoise
from tipslib.scratch.optim import SGD
from tipslib.scratch.parabola import best_step
from tipslib.scratch.penalties import activity_l1, l1_penalty, l2_penalty
from tipslib.scratch.perceptron import adaline_update, perceptron_update
from tipslib.scratch.prelu import PReLU
from tipslib.scratch.preprocessing import PCA, Center, Standardize, Whiten
from tipslib.scratch.rprop import Quickprop, Rprop
from tipslib.scratch.schedules import ExponentialLR, InverseSqrtLR, InverseTimeLR, ReduceLROnPlateau, StepLR
from tipslib.scratch.search import at_edge, grid_search, narrow, random_search, sample_log_uniform
from tipslib.scratch.shakeout import Shakeout
from tipslib.scratch.softmax import LogSoftmax, Softmax
from tipslib.scratch.training import Diverged, evaluate, fit, minibatches, split
from tipslib.scratch.transfer import finetune, freeze
from tipslib.scratch.whiteout import Whiteout
from tipslib.scratch.zoneout import Zoneout

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
    "AddNoise",
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
    "Rotate",
    "Rprop",
    "Sequential",
    "Shakeout",
    "Shift",
    "Sigmoid",
    "Sign",
    "Softmax",
    "Softplus",
    "Standardize",
    "StepLR",
    "Stretch",
    "Tanh",
    "Whiten",
    "Whiteout",
    "Zoneout",
    "activity_l1",
    "adaline_update",
    "at_edge",
    "bagging",
    "best_step",
    "calculate_gain",
    "clip_grad_norm_",
    "clip_grad_value_",
    "dead_units",
    "diagnose",
    "ensemble_predict",
    "evaluate",
    "expected_initial_loss",
    "finetune",
    "fit",
    "freeze",
    "gradient_check",
    "grid_search",
    "hidden_width",
    "kaiming_normal_",
    "kaiming_uniform_",
    "l1_penalty",
    "l2_divergence",
    "l2_penalty",
    "lsuv_",
    "minibatches",
    "narrow",
    "normal_",
    "numerical_gradient",
    "one_hot",
    "orthogonal_",
    "overfit_tiny",
    "perceptron_update",
    "random_search",
    "relative_error",
    "sample_log_uniform",
    "split",
    "update_ratio",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]
