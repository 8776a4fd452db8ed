"""Every technique in NumPy: layers, losses, optimizers and training, forward and backward written out."""

from tipslib.scratch.activations import ELU, Abs, Identity, LeakyReLU, ReLU, Sigmoid, Sign, Softplus, Tanh
from tipslib.scratch.diagnosis import dead_units, diagnose, expected_initial_loss, overfit_tiny, update_ratio
from tipslib.scratch.divergences import BCELoss, KLDivLoss, NLLLoss, l2_divergence, one_hot
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
from tipslib.scratch.optim import SGD
from tipslib.scratch.perceptron import adaline_update, perceptron_update
from tipslib.scratch.prelu import PReLU
from tipslib.scratch.preprocessing import PCA, Center, Standardize, Whiten
from tipslib.scratch.search import at_edge, grid_search, narrow, random_search, sample_log_uniform
from tipslib.scratch.softmax import LogSoftmax, Softmax
from tipslib.scratch.training import Diverged, evaluate, fit, minibatches, split
from tipslib.scratch.transfer import finetune, freeze

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
    "adaline_update",
    "at_edge",
    "bagging",
    "calculate_gain",
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
    "kaiming_normal_",
    "kaiming_uniform_",
    "l2_divergence",
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
