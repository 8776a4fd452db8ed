"""Cases of the optimizers beyond SGD, in the form of tests/parity.py."""

from tests.parity import OptimizerCase

OPTIMIZERS = [
    OptimizerCase("Adagrad", {}),
    OptimizerCase("Adagrad", {"lr": 0.5, "lr_decay": 0.1, "weight_decay": 0.1}),
    OptimizerCase("Adagrad", {"lr": 0.1, "initial_accumulator_value": 0.3, "eps": 1e-3}),
    OptimizerCase("RMSprop", {}),
    OptimizerCase("RMSprop", {"lr": 0.05, "alpha": 0.9, "eps": 1e-2, "weight_decay": 0.1}),
    OptimizerCase("RMSprop", {"lr": 0.02, "momentum": 0.9}),
    OptimizerCase("RMSprop", {"lr": 0.02, "alpha": 0.5, "centered": True, "eps": 1e-2}),
    OptimizerCase("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.5, "weight_decay": 0.01, "eps": 1e-2}),
    OptimizerCase("Adadelta", {}),
    OptimizerCase("Adadelta", {"lr": 0.5, "rho": 0.5, "eps": 1e-3, "weight_decay": 0.1}),
    OptimizerCase("Adam", {}),
    OptimizerCase("Adam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3}),
    OptimizerCase("Adam", {"lr": 0.05, "betas": (0.0, 0.9), "weight_decay": 0.1}),
    OptimizerCase("Adam", {"lr": 0.05, "betas": (0.9, 0.5), "amsgrad": True}),
    OptimizerCase("AdamW", {}),
    OptimizerCase("AdamW", {"lr": 0.1, "weight_decay": 0.5}),
    OptimizerCase("AdamW", {"lr": 0.1, "weight_decay": 0.0, "amsgrad": True}),
    OptimizerCase("Adamax", {}),
    OptimizerCase("Adamax", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2, "weight_decay": 0.1}),
    OptimizerCase("Rprop", {}),
    OptimizerCase("Rprop", {"lr": 0.1, "etas": (0.3, 1.5)}),
    OptimizerCase("Rprop", {"lr": 0.2, "step_sizes": (0.05, 0.3)}),
    OptimizerCase("Quickprop", {"lr": 0.1}),
    OptimizerCase("Quickprop", {"lr": 0.02, "growth": 1.2}),
]
