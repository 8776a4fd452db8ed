"""Losses: ``loss(input, target)`` gives the cost C as a float, ``loss.backward()`` gives ∂C/∂input."""

import math

import numpy as np

from tipslib.scratch.softmax import log_softmax


class Loss:
    """What every loss offers: a cost over the batch, reduced by ``"mean"`` or ``"sum"``.

    Raises: ValueError for another ``reduction``; RuntimeError when ``backward`` comes before the first call.
    Source: L "Cost Function"; the interface is that of torch.nn's losses.
    """

    reductions: tuple[str, ...] = ("mean", "sum")

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in self.reductions:
            raise ValueError(f"{type(self).__name__}: reduction is {reduction!r}, must be one of {self.reductions}")
        self.reduction = reduction
        self._gradient: np.ndarray | None = None

    def __call__(self, input: np.ndarray, target: np.ndarray) -> float:
        if not isinstance(input, np.ndarray):
            raise TypeError(f"{type(self).__name__} wants a NumPy array, got {type(input).__name__}")
        return self.forward(input, target)

    def forward(self, input: np.ndarray, target: np.ndarray) -> float:
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self) -> np.ndarray:
        """∂C/∂input for the last call, in the input's shape and dtype."""
        if self._gradient is None:
            raise RuntimeError(f"{type(self).__name__}.backward was called before loss(input, target)")
        return self._gradient

    def _scale(self, count: int) -> float:
        """What the sum over ``count`` terms is multiplied by; a mean over nothing is nan, as in PyTorch."""
        if self.reduction == "sum":
            return 1.0
        return 1 / count if count else math.nan

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def check_labels(who: str, labels: np.ndarray, classes: int) -> None:
    """Raise TypeError unless ``labels`` are integers, ValueError unless all lie in 0 … classes-1."""
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{who} wants integer labels, got {labels.dtype}")
    wrong = labels[(labels < 0) | (labels >= classes)]
    if wrong.size:
        raise ValueError(f"{who}: label {wrong.flat[0]} is outside 0..{classes - 1}")


class MSELoss(Loss):
    """C = mean (or sum) of (y - ŷ)² over all entries; ∂C/∂y = 2(y - ŷ)/size.

    The lectures' ½‖y - ŷ‖² is half the *sum*: their gradient y - ŷ is this one times size/2.
    Shapes: input y and target ŷ alike. Raises: ValueError when the shapes differ (nothing is broadcast).
    Source: L "Cost Function"; C "L2 divergence"; torch.nn.MSELoss.
    """

    def forward(self, input: np.ndarray, target: np.ndarray) -> float:
        if input.shape != target.shape:
            raise ValueError(f"MSELoss wants equal shapes, got input {input.shape} and target {target.shape}")
        difference = input - target
        scale = self._scale(difference.size)
        self._gradient = 2 * scale * difference
        return float(np.vdot(difference, difference) * scale)


class CrossEntropyLoss(Loss):
    """C = -log y_r with y = softmax(z): logits in, the mean (or sum) over the batch out; ∂C/∂z = y - ŷ.

    ŷ is the one-hot row of label r: δ_r = y_r - 1 and δ_i = y_i for i ≠ r. With ``label_smoothing`` ε it is
    (1-ε)·one-hot + ε/K. Softmax and logarithm are taken together (log-sum-exp), so logits of ±1e4 are safe.

    Shapes: input z [N, K]; target r [N] of integers 0 … K-1, or probabilities ŷ [N, K].
    Raises: ValueError for shapes that do not fit or a label outside 0 … K-1, TypeError for labels that are
    not integers.
    Source: L "Softmax" (Define cost: C = -log y_r); U "label smoothing"; torch.nn.CrossEntropyLoss.
    """

    def __init__(self, reduction: str = "mean", label_smoothing: float = 0.0) -> None:
        super().__init__(reduction)
        if not 0 <= label_smoothing <= 1:
            raise ValueError(f"CrossEntropyLoss: label_smoothing is {label_smoothing}, must be between 0 and 1")
        self.label_smoothing = label_smoothing

    def forward(self, input: np.ndarray, target: np.ndarray) -> float:
        z, y_hat = input, self._probabilities(input, np.asarray(target))
        log_y = log_softmax(z, axis=1)
        scale = self._scale(len(z))
        # A row of ŷ sums to 1 for labels; PyTorch does not ask it of given probabilities.
        self._gradient = (np.exp(log_y) * y_hat.sum(axis=1, keepdims=True) - y_hat) * scale
        # A class that ŷ leaves out costs nothing, even if its logit is -inf.
        return float(-np.vdot(y_hat, np.where(y_hat == 0, 0, log_y)) * scale)

    def _probabilities(self, z: np.ndarray, target: np.ndarray) -> np.ndarray:
        """The target as rows ŷ [N, K], smoothed."""
        if z.ndim != 2:
            raise ValueError(f"CrossEntropyLoss wants logits of shape [N, K], got {z.shape}")
        n, classes = z.shape
        if target.shape == z.shape:
            y_hat = target.astype(z.dtype)
        elif target.shape == (n,):
            check_labels("CrossEntropyLoss", target, classes)
            y_hat = np.zeros_like(z)
            y_hat[np.arange(n), target] = 1
        else:
            raise ValueError(f"CrossEntropyLoss: logits {z.shape} want labels ({n},) or {z.shape}, got {target.shape}")
        return (1 - self.label_smoothing) * y_hat + self.label_smoothing / classes
