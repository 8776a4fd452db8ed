"""Divergences: more ways to say how far an output is from its target, for other kinds of target."""

import numpy as np

from tipslib.scratch.losses import Loss, check_labels


def l2_divergence(y: np.ndarray, y_hat: np.ndarray) -> tuple[float, np.ndarray]:
    """C = ½‖y - ŷ‖² summed over all entries, and its gradient ∂C/∂y = y - ŷ.

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

    Raises: TypeError for labels that are not integers, ValueError for one outside 0 … num_classes-1.
    Source: U "labels into vectors via one-hot encoding"; torch.nn.functional.one_hot.
    """
    labels = np.asarray(labels)
    if num_classes == -1:
        num_classes = int(labels.max()) + 1
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
        scale = 1 / len(input) if self.reduction == "mean" else 1.0
        self._gradient = np.zeros_like(input)
        self._gradient[rows, target] = -scale
        return -float(input[rows, target].sum()) * scale


class KLDivLoss(Loss):
    """C = Σ d (log d - log y): input log y, target d; ∂C/∂(log y) = -d. Terms with d = 0 are 0.

    ``reduction`` "mean" divides by the number of entries, as PyTorch's default does; "batchmean" divides by the
    number of rows, which is the divergence of the lecture, averaged over the batch.
    With ``log_target`` the target is given as log d. Shapes: alike, classes last.
    Raises: ValueError when shapes differ or a d is negative.
    Source: C "KL divergence"; torch.nn.KLDivLoss.
    """

    reductions = ("mean", "sum", "batchmean")

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: np.ndarray, target: np.ndarray) -> float:
        if input.shape != target.shape:
            raise ValueError(f"KLDivLoss wants equal shapes, got input {input.shape} and target {target.shape}")
        if self.log_target:
            d, log_d = np.exp(target), target
        else:
            if (target < 0).any():
                raise ValueError(f"KLDivLoss: a target probability is {target.min()}, must be 0 or more")
            # log 1 = 0 where d = 0, so that 0 · log 0 counts as 0
            d, log_d = target, np.log(np.where(target > 0, target, 1))
        scale = {"mean": 1 / input.size, "batchmean": 1 / len(input), "sum": 1.0}[self.reduction]
        self._gradient = -d * scale
        return float(np.where(d > 0, d * (log_d - input), 0).sum() * scale)


class BCELoss(Loss):
    """C = -d log y - (1-d) log(1-y), averaged (or summed) over all entries: binary cross entropy.

    ∂C/∂y = (y - d) / (y(1-y)). As in PyTorch a logarithm below -100 counts as -100, and y(1-y) as at least 1e-12,
    so that y = 0 and y = 1 give finite numbers. Behind a ``Sigmoid`` the pre-activation derivative is y - d.
    Shapes: input y in [0, 1] and target d in [0, 1] alike.
    Raises: ValueError when the shapes differ or a y lies outside [0, 1].
    Source: C "binary cross entropy"; torch.nn.BCELoss.
    """

    def forward(self, input: np.ndarray, target: np.ndarray) -> float:
        y, d = input, target
        if y.shape != d.shape:
            raise ValueError(f"BCELoss wants equal shapes, got input {y.shape} and target {d.shape}")
        if not ((y >= 0) & (y <= 1)).all():
            raise ValueError(f"BCELoss wants probabilities, got values from {y.min()} to {y.max()}: add a Sigmoid")
        with np.errstate(divide="ignore"):  # log 0 = -inf, which becomes -100
            log_y, log_not_y = np.maximum(np.log(y), -100), np.maximum(np.log1p(-y), -100)
        scale = 1 / y.size if self.reduction == "mean" else 1.0
        self._gradient = (y - d) / np.maximum(y * (1 - y), 1e-12) * scale
        return -float((d * log_y + (1 - d) * log_not_y).sum() * scale)
