"""Divergences: more ways to say how far an output is from its target, for other kinds of target."""

import math

import numpy as np

from tipslib.scratch.losses import Loss, check_labels

# PyTorch's 1e-12 is a float32 in float64 too.
SMALLEST = float(np.float32(1e-12))


def l2_divergence(y: np.ndarray, y_hat: np.ndarray) -> tuple[float, np.ndarray]:
    """C = ½‖y - ŷ‖² summed over all entries, and its gradient ∂C/∂y = y - ŷ (ŷ is the target, as in L).

    The gradient *is* the error, and backpropagation carries it back: hence "error backpropagation".
    ``MSELoss`` is this times 2/size. Raises: ValueError when the shapes differ.
    Source: L "Cost Function"; C "L2 divergence".
    """
    if y.shape != y_hat.shape:
        raise ValueError(f"l2_divergence wants equal shapes, got {y.shape} and {y_hat.shape}")
    error = y - y_hat
    return 0.5 * float(np.vdot(error, error)), error


def one_hot(labels: np.ndarray, num_classes: int = -1) -> np.ndarray:
    """Labels [N] as rows [N, num_classes] of int64 with a single 1; -1 means the largest label plus one.

    Raises: TypeError for labels that are not integers; ValueError for one outside 0 … num_classes-1, or for -1
    without any label.
    Source: U "labels into vectors via one-hot encoding"; torch.nn.functional.one_hot.
    """
    labels = np.asarray(labels)
    if num_classes == -1:
        if labels.size == 0:
            raise ValueError("one_hot cannot count the classes of no labels: give num_classes")
        num_classes = math.floor(labels.max()) + 1
    check_labels("one_hot", labels, num_classes)
    return np.eye(num_classes, dtype=np.int64)[labels]


class NLLLoss(Loss):
    """C = -log y_r from log probabilities: mean (or sum) over the batch of -input[n, r_n].

    ``LogSoftmax`` followed by this is ``CrossEntropyLoss``.
    Shapes: input log y [N, K], target r [N] of integers 0 … K-1.
    Raises: as ``CrossEntropyLoss``. Source: L "Softmax" (Define cost: C = -log y_r); torch.nn.NLLLoss.
    """

    def forward(self, input: np.ndarray, target: np.ndarray) -> float:
        if input.ndim != 2 or np.shape(target) != (len(input),):
            raise ValueError(f"NLLLoss wants input [N, K] and labels [N], got {input.shape} and {np.shape(target)}")
        target = np.asarray(target)
        check_labels("NLLLoss", target, input.shape[1])
        rows = np.arange(len(input))
        scale = self._scale(len(input))
        self._gradient = np.zeros_like(input)
        self._gradient[rows, target] = -scale
        return -float(input[rows, target].sum()) * scale


class KLDivLoss(Loss):
    """C = Σ d (log d - log y): input log y, target d; ∂C/∂(log y) = -d. A term with d = 0 is 0.

    ``reduction`` "mean" divides by the number of entries, as PyTorch's default does; "batchmean" divides by the
    number of rows, which is the divergence of the lecture, averaged over the batch.
    With ``log_target`` the target is given as log d. Shapes: alike, [N, K].
    As in PyTorch a term 0 · ∞ (d = 0 where log y = -∞) is nan: take log y from ``LogSoftmax``, which is finite.
    Raises: ValueError when shapes differ or a d is negative.
    Source: C "KL divergence"; torch.nn.KLDivLoss.
    """

    reductions = ("mean", "sum", "batchmean")

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: np.ndarray, target: np.ndarray) -> float:
        target = np.asarray(target, input.dtype)
        if input.shape != target.shape:
            raise ValueError(f"KLDivLoss wants equal shapes, got input {input.shape} and target {target.shape}")
        if self.log_target:
            d, log_d = np.exp(target), target
        else:
            if (target < 0).any():
                raise ValueError(f"KLDivLoss: a target probability is {target.min()}, must be 0 or more")
            # log 1 = 0 where d = 0, so that 0 · log 0 counts as 0
            d, log_d = target, np.log(np.where(target == 0, 1, target))
        scale = self._scale(len(input) if self.reduction == "batchmean" else input.size)
        self._gradient = -d * scale
        return float((d * (log_d - input)).sum()) * scale


class BCELoss(Loss):
    """C = -d log y - (1-d) log(1-y), averaged (or summed) over all entries: binary cross entropy.

    ∂C/∂y = (y - d) / (y(1-y)). As in PyTorch a logarithm below -100 counts as -100, and y(1-y) as at least 1e-12,
    so that y = 0 and y = 1 give finite numbers. Behind a ``Sigmoid`` the pre-activation derivative is y - d.
    Shapes: input y in [0, 1] and target d in [0, 1] alike.
    Raises: ValueError when the shapes differ or a y or d lies outside [0, 1].
    Source: C "Choices for divergence" (KL for a scalar output); torch.nn.BCELoss.
    """

    def forward(self, input: np.ndarray, target: np.ndarray) -> float:
        y, d = input, np.asarray(target, input.dtype)
        if y.shape != d.shape:
            raise ValueError(f"BCELoss wants equal shapes, got input {y.shape} and target {d.shape}")
        if not ((y >= 0) & (y <= 1)).all():
            raise ValueError(f"BCELoss wants probabilities, got values from {y.min()} to {y.max()}: add a Sigmoid")
        if not ((d >= 0) & (d <= 1)).all():
            raise ValueError(f"BCELoss wants targets from 0 to 1, got values from {d.min()} to {d.max()}")
        with np.errstate(divide="ignore"):  # log 0 = -inf, which becomes -100
            log_y, log_not_y = np.maximum(np.log(y), -100), np.maximum(np.log1p(-y), -100)
        scale = self._scale(y.size)
        self._gradient = (y - d) / np.maximum(y * (1 - y), SMALLEST) * scale
        return -float((d * log_y + (1 - d) * log_not_y).sum()) * scale
