"""Rprop is PyTorch's own; Quickprop, which PyTorch has not, follows its style."""

import torch
from torch.optim import Optimizer, Rprop

__all__ = ["Quickprop", "Rprop"]


class Quickprop(Optimizer):
    """Δ ← Δ_last · g/(g_last - g), then w ← w + Δ, with growth limit and restart as in ``tipslib.scratch``.

    Source: C "Derivative-inspired algorithms"; Fahlman 1988.
    """

    def __init__(self, params, lr: float, growth: float = 1.75) -> None:
        if not lr >= 0:
            raise ValueError(f"Quickprop: lr is {lr}, must be 0 or more")
        if not growth >= 1:
            raise ValueError(f"Quickprop: growth is {growth}, must be 1 or more")
        super().__init__(params, {"lr": lr, "growth": growth})

    @torch.no_grad()
    def step(self, closure=None):
        """Move every parameter that has a gradient once; returns what ``closure`` returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for w in group["params"]:
                if w.grad is not None:
                    self._update(w, w.grad, group["lr"], group["growth"])
        return loss

    def _update(self, w: torch.Tensor, g: torch.Tensor, lr: float, growth: float) -> None:
        state = self.state[w]
        if not state:
            state["last_g"], state["delta"] = torch.zeros_like(w), torch.zeros_like(w)
        last_g, delta = state["last_g"], state["delta"]
        falling = torch.sign(last_g) * (last_g - g) > 0
        factor = torch.where(falling, g / (last_g - g), growth).clamp(max=growth)
        delta.copy_(torch.where(delta == 0, -lr * g, factor * delta))
        last_g.copy_(g)
        w += delta
