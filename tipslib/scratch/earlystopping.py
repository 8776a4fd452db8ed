"""Early stopping: keep the parameters that were best on the validation set."""

import copy
import math
from typing import Any


class EarlyStopping:
    """Stop when the validation score has not improved for ``patience`` checks, and remember the best parameters.

        stopper = EarlyStopping(patience=5)
        fit(model, …, after_epoch=lambda history: stopper.step(history["val_loss"][-1], model))
        stopper.restore(model)

    Args: ``patience`` ≥ 1 checks without improvement; ``min_delta`` ≥ 0, how much counts as one; ``mode`` "min" for
    a loss, "max" for an accuracy. Attributes: ``best`` (score) and ``best_step`` (from 0) so far, ``steps`` made.
    Works with models of both twins. A nan never counts as an improvement; of equal scores the first is the best.
    Raises: ValueError for other arguments; RuntimeError from ``restore`` when nothing was kept.
    Source: L "Early Stopping"; C "Other heuristics: Early stopping"; U "When to stop?".
    """

    def __init__(self, patience: int = 5, min_delta: float = 0.0, mode: str = "min") -> None:
        if patience < 1 or not min_delta >= 0 or mode not in ("min", "max"):
            raise ValueError(
                f"EarlyStopping: patience={patience}, min_delta={min_delta}, mode={mode!r}; "
                "wants patience ≥ 1, min_delta ≥ 0 and mode 'min' or 'max'"
            )
        self.patience, self.min_delta, self.mode = patience, min_delta, mode
        self.best = math.inf if mode == "min" else -math.inf
        self.best_step, self.steps = -1, 0
        self._state: Any = None

    def step(self, score: float, model: Any = None) -> bool:
        """Report one validation score (and the model it belongs to); True means: stop now."""
        score = float(score)
        gain = self.best - score if self.mode == "min" else score - self.best
        if gain > self.min_delta:
            self.best, self.best_step = score, self.steps
            # A deep copy: PyTorch's state_dict holds the live tensors.
            self._state = None if model is None else copy.deepcopy(model.state_dict())
        self.steps += 1
        return self.steps - 1 - self.best_step >= self.patience

    def restore(self, model: Any) -> None:
        """Put the best parameters back into ``model``."""
        if self._state is None:
            raise RuntimeError(
                "EarlyStopping has no parameters to restore: no score was an improvement, or step() got no model"
            )
        model.load_state_dict(self._state)
