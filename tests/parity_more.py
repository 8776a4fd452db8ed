"""Cases for tests/parity.py: log softmax, and the divergences of lecture 02."""

import hypothesis.strategies as st
import numpy as np
import torch

from tests.parity import IMAGES, MATRICES, LayerCase, LossCase, distributions, labels
from tipslib import scratch

LAYERS = [
    LayerCase("LogSoftmax", (-1,), features=4),
    LayerCase("LogSoftmax", (1,), shapes=IMAGES),
    LayerCase("LogSoftmax", (0,)),
]


def sparse_distributions(rng, shape: tuple, dtype) -> np.ndarray:
    """Rows of probabilities [N, K] with zeros among them; one-hot rows too."""
    d = rng.dirichlet(np.ones(shape[1]), size=shape[0]) * (rng.random(shape) < 0.5)
    d[d.sum(axis=1) == 0, 0] = 1
    return (d / d.sum(axis=1, keepdims=True)).astype(dtype)


def log_distributions(rng, shape: tuple, dtype) -> np.ndarray:
    """Rows of log probabilities [N, K]."""
    return np.log(distributions(rng, shape, dtype))


def fractions(rng, shape: tuple, dtype) -> np.ndarray:
    """Targets from 0 to 1, both ends among them."""
    return np.clip(rng.uniform(-0.5, 1.5, shape), 0, 1).astype(dtype)


class AfterSigmoid:
    """A scratch loss of y = σ(z), as a loss of z."""

    def __init__(self, loss) -> None:
        self.loss, self.sigmoid = loss, scratch.Sigmoid()

    def __call__(self, z: np.ndarray, target: np.ndarray) -> float:
        return self.loss(self.sigmoid(z), target)

    def backward(self) -> np.ndarray:
        return self.sigmoid.backward(self.loss.backward())


class ProbabilityLossCase(LossCase):
    """A loss that wants probabilities: both twins stand behind a sigmoid, so that any z will do.

    z up to 2: where σ(z) comes near 1, the float32 rounding of 1 - σ(z) counts. tests/test_divergences.py has 0 and 1.
    """

    def inputs(self, dtype, bound: float = 2.0) -> st.SearchStrategy:
        return super().inputs(dtype, min(bound, 2.0))

    def twins(self) -> tuple:
        loss, criterion = super().twins()
        return AfterSigmoid(loss), lambda z, target: criterion(torch.sigmoid(z), target)


LOSSES = [
    LossCase("NLLLoss", labels, shapes=MATRICES),
    LossCase("NLLLoss", labels, {"reduction": "sum"}, shapes=MATRICES),
    LossCase("KLDivLoss", distributions, shapes=MATRICES),
    LossCase("KLDivLoss", sparse_distributions, {"reduction": "sum"}, shapes=MATRICES),
    LossCase("KLDivLoss", sparse_distributions, {"reduction": "batchmean"}, shapes=MATRICES),
    LossCase("KLDivLoss", log_distributions, {"reduction": "batchmean", "log_target": True}, shapes=MATRICES),
    ProbabilityLossCase("BCELoss", fractions),
    ProbabilityLossCase("BCELoss", fractions, {"reduction": "sum"}),
]

# Names of the catalog without a case here, and what tests them instead.
NO_CASE = {
    "l2_divergence": "tests/test_divergences.py: closed form, and its relation to MSELoss",
    "one_hot": "tests/test_divergences.py: against PyTorch's own; integers have no gradient",
    "Center": "tests/test_preprocessing.py: wants fit first; both twins, their state and gradients",
    "Standardize": "tests/test_preprocessing.py: wants fit first; both twins, their state and gradients",
    "PCA": "tests/test_preprocessing.py: wants fit first, columns up to their signs",
    "Whiten": "tests/test_preprocessing.py: wants fit first, columns up to their signs",
    "zeros_": "tests/test_initialization.py: closed form",
    "normal_": "tests/test_initialization.py: moments, and PyTorch's beside them",
    "xavier_uniform_": "tests/test_initialization.py: moments, and PyTorch's beside them",
    "xavier_normal_": "tests/test_initialization.py: moments, and PyTorch's beside them",
    "kaiming_uniform_": "tests/test_initialization.py: moments, and PyTorch's beside them",
    "kaiming_normal_": "tests/test_initialization.py: moments, and PyTorch's beside them",
    "calculate_gain": "tests/test_initialization.py: PyTorch's for all of its names",
    "orthogonal_": "tests/test_initialization.py: orthonormal, and uniformly distributed",
    "lsuv_": "tests/test_initialization.py: unit variance in both twins",
    "EarlyStopping": "tests/test_earlystopping.py: one class for both twins, with fit of both",
    "bagging": "tests/test_ensembles.py: counts; no counterpart in PyTorch",
    "ensemble_predict": "tests/test_ensembles.py: closed forms; no counterpart in PyTorch",
    "sample_log_uniform": "tests/test_search.py: the distribution; no counterpart in PyTorch",
    "random_search": "tests/test_search.py: closed forms; no counterpart in PyTorch",
    "grid_search": "tests/test_search.py: closed forms; no counterpart in PyTorch",
    "narrow": "tests/test_search.py: closed forms; no counterpart in PyTorch",
    "at_edge": "tests/test_search.py: closed forms; no counterpart in PyTorch",
    "freeze": "tests/test_transfer.py: what moves and what does not, in both twins",
    "finetune": "tests/test_transfer.py: shapes, copies and the untouched source, in both twins",
    "expected_initial_loss": "tests/test_diagnosis.py: CrossEntropyLoss at zero logits",
    "overfit_tiny": "tests/test_diagnosis.py: twenty random labels; no counterpart in PyTorch",
    "diagnose": "tests/test_diagnosis.py: the exercise's contract; no counterpart in PyTorch",
    "update_ratio": "tests/test_diagnosis.py: closed form; no counterpart in PyTorch",
}
