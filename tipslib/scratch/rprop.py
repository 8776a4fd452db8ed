"""Rprop and Quickprop: every weight follows the trend of its own slope, with a step of its own.

Both compare this step's slope g with the last one, one weight at a time, and so ignore how weights depend on one
another. Both need the gradient of the whole cost: on mini-batches the noise of g looks like a trend.
"""

import numpy as np

from tipslib.scratch.optim import Optimizer, Params, State


class Rprop(Optimizer):
    """w ← w - Δ sign(g): only the sign of g counts. Δ grows while the sign stays and shrinks when it changes.

    With η⁻ < 1 < η⁺ from ``etas``: Δ ← η⁺Δ where g has the sign of the last g, Δ ← η⁻Δ where it has the other one,
    always within ``step_sizes``. Δ starts at ``lr``; a later change of ``lr`` does nothing.
    Where the sign has changed, w has jumped over a minimum. PyTorch lets w rest for this step and forgets g, so that
    the next step takes the smaller Δ as it is; the first paper goes back to the last w as well.

    Raises: ValueError for a negative ``lr`` or unless 0 < η⁻ < 1 < η⁺.
    Source: C "Derivative-inspired algorithms"; torch.optim.Rprop; Riedmiller and Braun 1993.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
    ) -> None:
        super().__init__(params, lr)
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"Rprop: etas are {etas}, must be 0 < η⁻ < 1 < η⁺")
        self.etas, self.step_sizes = etas, step_sizes

    def start(self, w: np.ndarray) -> State:
        return {"last_g": np.zeros_like(w), "delta": np.full_like(w, self.lr)}

    def update(self, w: np.ndarray, g: np.ndarray, state: State) -> None:
        shrink, grow = self.etas
        last_g, delta = state["last_g"], state["delta"]
        trend = np.sign(g * last_g)
        delta[trend > 0] *= grow
        delta[trend < 0] *= shrink
        np.clip(delta, *self.step_sizes, out=delta)
        last_g[...] = np.where(trend < 0, 0, g)
        w -= delta * np.sign(last_g)


class Quickprop(Optimizer):
    """Δ ← Δ_last · g/(g_last - g), then w ← w + Δ: jump to the minimum of a parabola, one for each weight.

    The parabola has the last two slopes. It is Newton's step -g/C'' with C'' ≈ (g - g_last)/Δ_last, and exact where
    C is a parabola. The first step is -ηg; so is the next one wherever Δ_last = 0. Two rules keep Δ safe:
    Δ is at most ``growth`` times Δ_last; and where the slope has the sign of the last one and is not smaller, the
    parabola has no minimum ahead (Δ would be infinite or go uphill), so Δ is ``growth`` · Δ_last.
    Fahlman also adds -ηg to Δ while the sign of g stays; that overshoots a parabola's minimum and is left out.

    Raises: ValueError for a negative ``lr`` or ``growth`` < 1.
    Source: C "Derivative-inspired algorithms"; Fahlman 1988.
    """

    def __init__(self, params: Params, lr: float, growth: float = 1.75) -> None:
        super().__init__(params, lr)
        if not growth >= 1:
            raise ValueError(f"Quickprop: growth is {growth}, must be 1 or more")
        self.growth = float(growth)

    def start(self, w: np.ndarray) -> State:
        return {"last_g": np.zeros_like(w), "delta": np.zeros_like(w)}

    def update(self, w: np.ndarray, g: np.ndarray, state: State) -> None:
        last_g, delta = state["last_g"], state["delta"]
        falling = np.sign(last_g) * (last_g - g) > 0  # the slope has shrunk or changed its sign: a minimum ahead
        with np.errstate(over="ignore"):  # an infinite factor is cut down in the next line
            factor = np.divide(g, last_g - g, out=np.full_like(g, self.growth), where=falling)
        delta[...] = np.where(delta == 0, -self.lr * g, np.minimum(factor, self.growth) * delta)
        last_g[...] = g
        w += delta
