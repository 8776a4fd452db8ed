"""Schedules: the rate η falls while training goes on.

``sched.step()`` is called once an epoch, after the optimizer's steps; it reads and writes ``opt.lr``. t counts the
calls, so the first epoch has t = 0 and the optimizer's own η.

Source: L "Learning Rates" (reduce the rate by some factor every few epochs); C "Training and minibatches";
U "Step Size (Learning Rate (LR)) for SGD"; torch.optim.lr_scheduler.
"""

import math

from tipslib.scratch.optim import Optimizer


class LRScheduler:
    """What the schedules share: ``last_epoch`` is t; a new one overrides ``get_lr``, the rate for this t.

    ``base_lr`` is η, the optimizer's rate when the schedule is made.
    Raises: TypeError for anything but an optimizer of ``tipslib.scratch``.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{type(self).__name__} wants an optimizer of tipslib.scratch, got {type(optimizer).__name__}"
            )
        self.optimizer, self.base_lr, self.last_epoch = optimizer, optimizer.lr, 0

    def step(self) -> None:
        """Go to the next epoch and set the optimizer's rate."""
        self.last_epoch += 1
        self.optimizer.lr = self.get_lr()

    def get_lr(self) -> float:
        raise NotImplementedError(f"{type(self).__name__} has no get_lr")


class StepLR(LRScheduler):
    """Staircase: η_t = η γ^⌊t/step_size⌋, by one multiplication every ``step_size`` epochs.

    U divides by 5 or 10 about every 10 epochs: γ = 0.2 or 0.1, step_size = 10.
    Raises: ValueError unless ``step_size`` ≥ 1.
    Source: U "staircase delay"; torch.optim.lr_scheduler.StepLR.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        super().__init__(optimizer)
        if not step_size >= 1:
            raise ValueError(f"StepLR: step_size is {step_size}, must be 1 or more")
        self.step_size, self.gamma = step_size, gamma

    def get_lr(self) -> float:
        return self.optimizer.lr * (self.gamma if self.last_epoch % self.step_size == 0 else 1)


class ExponentialLR(LRScheduler):
    """η_t = η γ^t. U writes η e^(-kt): γ = e^(-k).

    Source: U "exponential delay"; torch.optim.lr_scheduler.ExponentialLR.
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        super().__init__(optimizer)
        self.gamma = gamma

    def get_lr(self) -> float:
        return self.optimizer.lr * self.gamma


class InverseSqrtLR(LRScheduler):
    """η_t = η/√(t+1), which the lecture calls "1/t decay". Source: L "Learning Rates"."""

    def get_lr(self) -> float:
        return self.base_lr / math.sqrt(self.last_epoch + 1)


class InverseTimeLR(LRScheduler):
    """η_t = η/(1 + γt): Ση_t = ∞ but Ση_t² < ∞, what the classical theory asks for.

    Raises: ValueError for a negative ``gamma``.
    Source: U "Step Size (Learning Rate (LR)) for SGD" (1/t delay).
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        super().__init__(optimizer)
        if not gamma >= 0:
            raise ValueError(f"InverseTimeLR: gamma is {gamma}, must be 0 or more")
        self.gamma = gamma

    def get_lr(self) -> float:
        return self.base_lr / (1 + self.gamma * self.last_epoch)


class ReduceLROnPlateau(LRScheduler):
    """η ← factor · η when ``metrics``, given to each ``step``, has not improved for more than ``patience`` epochs.

    An improvement is a value below best · (1 - threshold) with ``mode="min"``, above best · (1 + threshold) with
    "max"; with ``threshold_mode="abs"`` below best - threshold, above best + threshold. After a reduction bad epochs
    are not counted for ``cooldown`` epochs. η stays at least ``min_lr``, and changes smaller than ``eps`` are left out.

    Raises: ValueError for ``factor`` ≥ 1 or another mode.
    Source: U "decrease the LR when it stagnates"; C "fix learning rate until the error plateaus";
    torch.optim.lr_scheduler.ReduceLROnPlateau.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(optimizer)
        if not factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor is {factor}, must be below 1")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"ReduceLROnPlateau: mode is {mode!r}, must be 'min' or 'max'; "
                f"threshold_mode is {threshold_mode!r}, must be 'rel' or 'abs'"
            )
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.min_lr, self.eps = factor, patience, cooldown, min_lr, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = 0

    def step(self, metrics: float) -> None:  # type: ignore[override]
        """Judge this epoch by ``metrics``, such as the validation loss, and set the optimizer's rate."""
        self.last_epoch += 1
        if self._is_better(float(metrics)):
            self.best, self.num_bad_epochs = float(metrics), 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            lr = max(self.optimizer.lr * self.factor, self.min_lr)
            if self.optimizer.lr - lr > self.eps:
                self.optimizer.lr = lr

    def _is_better(self, metrics: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        margin = sign * self.threshold
        bar = self.best * (1 + margin) if self.threshold_mode == "rel" else self.best + margin
        return sign * metrics > sign * bar
