"""Adaptive rates: every weight divides its step by the size of its own past gradients.

All rules work per entry. v or ``sum`` is the memory of g²; dividing by its root makes steps alike where gradients
differ by orders of magnitude. ε keeps the division safe; it stands outside the root in PyTorch, except in Adadelta.

Source: L "Adagrad"; C "RMS Prop"; U "Why SGD with adaptive learning rate?".
"""

import numpy as np

from tipslib.scratch.optim import Optimizer, Params, State, average_, average_square_, move_


class Adagrad(Optimizer):
    """sum ← sum + g², then w ← w - η g/(√sum + ε).

    The lecture: w ← w - (η^t/σ^t) g^t with η^t = η/√(t+1) and σ^t the root mean square of g⁰ … g^t. The two
    √(t+1) cancel, and η/√(Σg²) is left. ``lr_decay`` is a further decay, η/(1 + (t-1)·lr_decay) in step t from 1.
    ``sum`` starts at ``initial_accumulator_value``. It only grows, so the steps die out.

    Raises: ValueError for a negative argument.
    Source: L "Adagrad"; U "Method 1: Adagrad"; torch.optim.Adagrad; Duchi, Hazan and Singer 2011.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        super().__init__(params, lr, weight_decay)
        self.lr_decay = self._not_negative("lr_decay", lr_decay)
        self.initial_accumulator_value = self._not_negative("initial_accumulator_value", initial_accumulator_value)
        self.eps = self._not_negative("eps", eps)

    def start(self, w: np.ndarray) -> State:
        return {"sum": np.full_like(w, self.initial_accumulator_value)}

    def update(self, w: np.ndarray, g: np.ndarray, state: State) -> None:
        state["sum"] += g * g
        root = np.sqrt(state["sum"])
        root += self.eps
        move_(w, self.lr / (1 + (state["t"] - 1) * self.lr_decay), g, root)


class RMSprop(Optimizer):
    """v ← αv + (1-α)g², then w ← w - η g/(√v + ε): Adagrad that forgets.

    The lecture calls α γ and writes ε inside the root: w ← w - η g/√(v + ε). ``centered`` divides by the standard
    deviation √(v - m²) instead, where m is the running mean of g. ``momentum`` λ sums the steps, as in SGD:
    b ← λb + g/(√v + ε), then w ← w - ηb.

    Raises: ValueError for a negative argument.
    Source: C "RMS Prop"; U "Method 2: RMSprop"; torch.optim.RMSprop; Tieleman and Hinton 2012.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay)
        self.alpha = self._not_negative("alpha", alpha)
        self.eps = self._not_negative("eps", eps)
        self.momentum = self._not_negative("momentum", momentum)
        self.centered = centered

    def start(self, w: np.ndarray) -> State:
        return {"v": np.zeros_like(w), "m": np.zeros_like(w), "b": np.zeros_like(w)}

    def update(self, w: np.ndarray, g: np.ndarray, state: State) -> None:
        v, m, b = state["v"], state["m"], state["b"]
        average_square_(v, g, self.alpha)
        if self.centered:
            average_(m, g, self.alpha)
            root = np.sqrt(np.maximum(v - m * m, 0))  # rounding may leave it below 0, where PyTorch has nan
        else:
            root = np.sqrt(v)
        root += self.eps
        if self.momentum:
            b *= self.momentum
            b += g / root
            w -= self.lr * b
        else:
            move_(w, self.lr, g, root)


class Adadelta(Optimizer):
    """v ← ρv + (1-ρ)g²,  Δ = √(d + ε)/√(v + ε) · g,  d ← ρd + (1-ρ)Δ², then w ← w - ηΔ.

    d is to the steps what v is to the gradients, so that Δ has the units of w and η may stay 1.

    Raises: ValueError for a negative argument or ρ > 1.
    Source: C "Other variants of the same theme"; torch.optim.Adadelta; Zeiler 2012.
    """

    def __init__(
        self, params: Params, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr, weight_decay)
        if not 0 <= rho <= 1:
            raise ValueError(f"Adadelta: rho is {rho}, must be between 0 and 1")
        self.rho, self.eps = float(rho), self._not_negative("eps", eps)

    def start(self, w: np.ndarray) -> State:
        return {"v": np.zeros_like(w), "d": np.zeros_like(w)}

    def update(self, w: np.ndarray, g: np.ndarray, state: State) -> None:
        v, d = state["v"], state["d"]
        average_square_(v, g, self.rho)
        delta = np.sqrt(d + self.eps)
        delta /= np.sqrt(v + self.eps)
        delta *= g
        average_square_(d, delta, self.rho)
        w -= self.lr * delta
