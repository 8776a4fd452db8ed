"""Optimizers: one shared step, one short override each."""

from collections.abc import Mapping

import numpy as np


class Optimizer:
    """The step that all optimizers share: for every parameter w with gradient g, change w in place.

    ``params`` is a mapping from names to arrays (``model.params``); ``step`` wants one with the same names
    (``model.grads``). Names are looked up at every step, so a parameter may be replaced in between.
    A new optimizer overrides ``update`` and keeps what it must remember of w in ``state``.

    Args: ``lr`` the rate η ≥ 0, which may be changed at any time (schedules do); ``weight_decay`` λ ≥ 0
    adds λw to the gradient of every parameter it was given.
    Raises: ValueError for a negative ``lr`` or ``weight_decay``, or a gradient of another shape; KeyError
    when a parameter has no gradient.
    Source: L "Vanilla Gradient Descent"; the interface is that of torch.optim.
    """

    def __init__(self, params: Mapping[str, np.ndarray], lr: float, weight_decay: float = 0.0) -> None:
        for name, value in (("lr", lr), ("weight_decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{type(self).__name__}: {name} is {value}, must be 0 or more")
        self.params, self.lr, self.weight_decay = params, lr, weight_decay
        self.state: dict[str, dict[str, np.ndarray]] = {}

    def step(self, grads: Mapping[str, np.ndarray]) -> None:
        """Move every parameter once."""
        for name, w in self.params.items():
            if name not in grads:
                raise KeyError(f"{type(self).__name__}: no gradient for {name!r}; call model.backward first")
            g = grads[name]
            if g.shape != w.shape:
                raise ValueError(f"{type(self).__name__}: {name} has shape {w.shape}, its gradient {g.shape}")
            if self.weight_decay:
                g = g + self.weight_decay * w
            self.update(w, g, self.state.setdefault(name, {}))

    def update(self, w: np.ndarray, g: np.ndarray, state: dict[str, np.ndarray]) -> None:
        raise NotImplementedError(f"{type(self).__name__} has no update")


class SGD(Optimizer):
    """w ← w - ηg, and with momentum λ: v ← λv + (1 - dampening)g, then w ← w - ηv.

    Nesterov's form moves by g + λv instead of v. The first v is g itself (PyTorch), not (1 - dampening)g.
    The lecture keeps the rate inside: v' ← λv' - ηg, w ← w + v'. For a constant η the two are the same, v' = -ηv.

    Raises: ValueError for a negative argument, or Nesterov without momentum or with dampening.
    Source: L "Vanilla Gradient Descent", "Momentum"; C "Nesterov's accelerated gradient"; torch.optim.SGD.
    """

    def __init__(self, params, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False) -> None:
        super().__init__(params, lr, weight_decay)
        if not momentum >= 0:
            raise ValueError(f"SGD: momentum is {momentum}, must be 0 or more")
        if nesterov and (momentum == 0 or dampening != 0):
            raise ValueError("SGD: nesterov wants a momentum above 0 and no dampening")
        self.momentum, self.dampening, self.nesterov = momentum, dampening, nesterov

    def update(self, w, g, state) -> None:
        if self.momentum:
            if "v" in state:
                state["v"] *= self.momentum
                state["v"] += (1 - self.dampening) * g
            else:
                state["v"] = g.copy()
            g = g + self.momentum * state["v"] if self.nesterov else state["v"]
        w -= self.lr * g
