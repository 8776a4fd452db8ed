"""Schedules: PyTorch's own, and two that PyTorch has not."""

import math

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ExponentialLR, LRScheduler, ReduceLROnPlateau, StepLR

__all__ = ["ExponentialLR", "InverseSqrtLR", "InverseTimeLR", "LRScheduler", "ReduceLROnPlateau", "StepLR"]


class InverseSqrtLR(LRScheduler):
    """η_t = η/√(t+1), which the lecture calls "1/t decay". Source: L "Learning Rates"."""

    def get_lr(self) -> list[float | torch.Tensor]:
        return [lr / math.sqrt(self.last_epoch + 1) for lr in self.base_lrs]


class InverseTimeLR(LRScheduler):
    """η_t = η/(1 + γt).

    Raises: ValueError for a negative ``gamma``.
    Source: U "Step Size (Learning Rate (LR)) for SGD" (1/t delay).
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        if not gamma >= 0:
            raise ValueError(f"InverseTimeLR: gamma is {gamma}, must be 0 or more")
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | torch.Tensor]:
        return [lr / (1 + self.gamma * self.last_epoch) for lr in self.base_lrs]
