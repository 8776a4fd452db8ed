"""Optimizers: one shared step, one short override each.

A rule works in place, for two reasons: the layers hold the same arrays, and on a large parameter every new array
costs a walk through memory, as much as the arithmetic itself. The functions with a trailing underscore are the
three such lines that many rules share; the underscore means "in place", as in PyTorch.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

Params = Mapping[str, np.ndarray]
State = dict[str, Any]


class Optimizer:
    """The step that all optimizers share: for every parameter w with gradient g, change w in place.

    ``params`` is a mapping from names to arrays (``model.params``); ``step`` wants one with the same names
    (``model.grads``). Names are looked up at every step, so a parameter may be replaced in between; one of another
    shape or dtype starts afresh. A new optimizer overrides ``update``; what it must remember of w it creates in
    ``start`` and finds in ``state``, together with t, the number of this step from 1.

    Args: ``lr`` the rate η ≥ 0, which may be changed at any time (schedules do); ``weight_decay`` λ ≥ 0
    adds λw to the gradient of every parameter it was given.
    Raises: ValueError for a negative ``lr`` or ``weight_decay``, no parameters, or a gradient of another shape;
    TypeError for parameters that are not arrays of floats by name; KeyError when a parameter has no gradient.
    ``step`` checks all before it changes any.
    Source: L "Vanilla Gradient Descent"; the interface is that of torch.optim.
    """

    def __init__(self, params: Params, lr: float, weight_decay: float = 0.0) -> None:
        if not isinstance(params, Mapping):
            raise TypeError(f"{self._name} wants arrays by name, such as model.params, got {type(params).__name__}")
        if not params:
            raise ValueError(f"{self._name} got no parameters: does the model have any?")
        self.params, self.lr = params, lr
        self.weight_decay = self._not_negative("weight_decay", weight_decay)
        self.state: dict[str, State] = {}

    @property
    def lr(self) -> float:
        """The rate η."""
        return self._lr

    @lr.setter
    def lr(self, value: float) -> None:
        self._lr = self._not_negative("lr", value)

    def step(self, grads: Params) -> None:
        """Move every parameter once."""
        for name, w, g in [(name, w, self._gradient(name, w, grads)) for name, w in self.params.items()]:
            # A single number is seen as an array [1] (a view): arithmetic on arrays [] would return no arrays.
            w, g = np.atleast_1d(w, g)
            state = self.state.get(name)
            if state is None or state["kind"] != (w.shape, w.dtype):
                state = self.state[name] = {"kind": (w.shape, w.dtype), "t": 0, **self.start(w)}
            state["t"] += 1
            self.update(w, self.decay(w, g) if self.weight_decay else g, state)

    def start(self, w: np.ndarray) -> State:
        """What to remember of w, before its first step."""
        return {}

    def decay(self, w: np.ndarray, g: np.ndarray) -> np.ndarray:
        """The gradient of C + λ½‖w‖², which is g + λw."""
        return g + self.weight_decay * w

    def update(self, w: np.ndarray, g: np.ndarray, state: State) -> None:
        """The rule: change w and state in place, but not g."""
        raise NotImplementedError(f"{self._name} has no update")

    def _gradient(self, name: str, w: np.ndarray, grads: Params) -> np.ndarray:
        """The gradient of the parameter ``name``, in its dtype."""
        if not isinstance(w, np.ndarray) or w.dtype.kind != "f":
            got = w.dtype if isinstance(w, np.ndarray) else type(w).__name__
            raise TypeError(
                f"{self._name}: {name} must be an array of floats, got {got}: use np.array(..., dtype=float)"
            )
        if name not in grads:
            raise KeyError(f"{self._name}: no gradient for {name!r}; call model.backward first")
        g = np.asarray(grads[name])
        if g.shape != w.shape:
            raise ValueError(f"{self._name}: {name} has shape {w.shape}, its gradient {g.shape}")
        return g.astype(w.dtype, casting="same_kind", copy=False)

    def _not_negative(self, name: str, value: float) -> float:
        if not value >= 0:
            raise ValueError(f"{self._name}: {name} is {value}, must be 0 or more")
        return float(value)  # NumPy's own float64 numbers would turn float32 arrays into float64

    @property
    def _name(self) -> str:
        return type(self).__name__


def average_(mean: np.ndarray, new: np.ndarray, beta: float) -> None:
    """mean ← β·mean + (1 - β)·new."""
    mean *= beta
    mean += (1 - beta) * new


def average_square_(mean: np.ndarray, new: np.ndarray, beta: float) -> None:
    """mean ← β·mean + (1 - β)·new²."""
    square = new * new
    square *= 1 - beta
    mean *= beta
    mean += square


def move_(w: np.ndarray, rate: float, direction: np.ndarray, root: np.ndarray) -> None:
    """w ← w - rate · direction/root; ``root`` is used up."""
    np.divide(direction, root, out=root)
    root *= rate
    w -= root


class SGD(Optimizer):
    """w ← w - ηg, and with momentum λ: v ← λv + (1 - dampening)g, then w ← w - ηv.

    Nesterov's form moves by g + λv instead of v. The first v is g itself (PyTorch), not (1 - dampening)g.
    The lecture keeps the rate inside: v' ← λv' - ηg, w ← w + v'. For a constant η the two are the same, v' = -ηv.

    Raises: ValueError for a negative argument, or Nesterov without momentum or with dampening.
    Source: L "Vanilla Gradient Descent", "Momentum"; C "Nesterov's accelerated gradient"; torch.optim.SGD.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay)
        self.momentum = self._not_negative("momentum", momentum)
        if nesterov and (momentum == 0 or dampening != 0):
            raise ValueError("SGD: nesterov wants a momentum above 0 and no dampening")
        self.dampening, self.nesterov = dampening, nesterov

    def start(self, w: np.ndarray) -> State:
        return {"v": None}

    def update(self, w: np.ndarray, g: np.ndarray, state: State) -> None:
        if self.momentum:
            if state["v"] is None:
                state["v"] = g.copy()
            else:
                state["v"] *= self.momentum
                state["v"] += (1 - self.dampening) * g if self.dampening else g
            g = g + self.momentum * state["v"] if self.nesterov else state["v"]
        w -= self.lr * g
