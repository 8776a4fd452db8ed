"""Adam and its relatives: the step is a running mean of g, divided by the size of past g.

Source: C "ADAM: RMSprop with momentum", "Other variants of the same theme"; U "Method 3: Adam".
"""

import math

import numpy as np

from tipslib.scratch.optim import Optimizer, Params, State, average_, average_square_, move_


class Adam(Optimizer):
    """m ← β₁m + (1-β₁)g,  v ← β₂v + (1-β₂)g², then w ← w - η m̂/(√v̂ + ε), m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ).

    t counts the steps from 1. m and v start at 0 and are too small at first; 1-βᵗ is the sum of the weights that
    they have given to g¹ … gᵗ so far, so m̂ and v̂ are true weighted means. The lecture calls β₁ δ, and β₂ γ.
    ``amsgrad`` divides by the largest v so far.

    Raises: ValueError for a negative argument or a β outside [0, 1).
    Source: C "ADAM: RMSprop with momentum"; U "Method 3: Adam"; torch.optim.Adam; Kingma and Ba 2015.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay)
        self.betas, self.eps, self.amsgrad = _check_betas(self, betas), self._not_negative("eps", eps), amsgrad

    def start(self, w: np.ndarray) -> State:
        names = ("m", "v", "v_max") if self.amsgrad else ("m", "v")
        return {name: np.zeros_like(w) for name in names}

    def update(self, w: np.ndarray, g: np.ndarray, state: State) -> None:
        (beta1, beta2), m, v, t = self.betas, state["m"], state["v"], state["t"]
        average_(m, g, beta1)
        average_square_(v, g, beta2)
        if self.amsgrad:
            v = np.maximum(state["v_max"], v, out=state["v_max"])
        # m̂/(√v̂ + ε), multiplied by s/s where s = √(1-β₂ᵗ): v is corrected without dividing the array.
        s = math.sqrt(1 - beta2**t)
        root = np.sqrt(v)
        root += s * self.eps
        move_(w, self.lr * s / (1 - beta1**t), m, root)


class AdamW(Adam):
    """Adam with weight decay beside the gradient: w ← (1 - ηλ)w, then Adam's step.

    In SGD this is the same as adding λw to g. In Adam it is not: there λw is divided by √v̂ too, so weights with
    large gradients are hardly decayed.

    Source: L "Weight Decay"; torch.optim.AdamW; Loshchilov and Hutter 2019.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad)

    def decay(self, w: np.ndarray, g: np.ndarray) -> np.ndarray:
        w *= 1 - self.lr * self.weight_decay
        return g


class Adamax(Optimizer):
    """m as in Adam,  u ← max(β₂u, abs(g) + ε), then w ← w - η/(1-β₁ᵗ) · m/u: the largest past gradient, fading.

    u is a maximum and needs no bias correction.

    Raises: ValueError for a negative argument or a β outside [0, 1).
    Source: C "Other variants of the same theme"; torch.optim.Adamax; Kingma and Ba 2015.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr, weight_decay)
        self.betas, self.eps = _check_betas(self, betas), self._not_negative("eps", eps)

    def start(self, w: np.ndarray) -> State:
        return {"m": np.zeros_like(w), "u": np.zeros_like(w)}

    def update(self, w: np.ndarray, g: np.ndarray, state: State) -> None:
        (beta1, beta2), m, u = self.betas, state["m"], state["u"]
        average_(m, g, beta1)
        u *= beta2
        np.maximum(u, np.abs(g) + self.eps, out=u)
        w -= self.lr / (1 - beta1 ** state["t"]) * (m / u)


def _check_betas(optimizer: Optimizer, betas: tuple[float, float]) -> tuple[float, float]:
    beta1, beta2 = betas
    if not (0 <= beta1 < 1 and 0 <= beta2 < 1):
        raise ValueError(f"{type(optimizer).__name__}: betas are {betas}, both must be at least 0 and below 1")
    return float(beta1), float(beta2)
