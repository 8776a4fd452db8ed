"""Shakeout: dropout that reverses a unit's weights instead of removing them."""

import numpy as np
from numpy.typing import DTypeLike

from tipslib.scratch.layers import Linear, check_features


class Shakeout(Linear):
    """z = x W'ᵀ + b in training, where a switch r_j per unit j and example changes all weights that leave the unit:

        r_j = 0, probability τ          w' = -c s(w)                                      s(w) = sign w
        r_j = 1, probability 1 - τ      w' = α w + (α - 1) c s(w),   α = 1/(1 - τ)

    so E[w'] = w, and testing uses z = x Wᵀ + b. c = 0 is inverted dropout of the inputs. With k_j = α r_j both cases
    are w' = k w + (k - 1) c s(w). With S = s(W), and • for every example and unit, two matrix products do:

        z = (k•x) Wᵀ + (c(k-1)•x) Sᵀ + b        dx = k • dz W + c(k-1) • dz S        dW = dzᵀ (k•x)        db = Σ dz

    s is constant but for w = 0, so no gradient goes through it (the authors' program smooths it to tanh for backward).
    C prints w → -c for the first case and w → αw + (1 - α)c for the second: without s(w), and with 1 - α for α - 1.
    That would make E[w'] = w - 2τc.

    Shapes: as in ``Linear``. ``kept`` is the last r drawn, bool, in the shape of x; None after a testing pass.
    Raises: ValueError unless 0 ≤ τ < 1 and c ≥ 0.
    Source: C "Variations on dropout"; Kang, Li and Tao, AAAI 2016, Fig. 1 (there w' = α(w + cτ s(w)), the same), and
    "Shakeout: A New Approach to Regularized Deep Neural Network Training", TPAMI 2018.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        tau: float,
        c: float,
        *,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if not 0 <= tau < 1:
            raise ValueError(f"Shakeout: tau is {tau}, must be 0 or more and below 1 (a probability)")
        if not c >= 0:
            raise ValueError(f"Shakeout: c is {c}, must be 0 or more")
        self.tau, self.c = float(tau), float(c)
        self.rng = np.random.default_rng() if rng is None else rng
        super().__init__(in_features, out_features, rng=self.rng, dtype=dtype)
        self.kept: np.ndarray | None = None

    def forward(self, x: np.ndarray) -> np.ndarray:
        if not self.training:
            self.kept = None
            return super().forward(x)
        check_features(self, x, self.in_features, self.params["weight"].dtype)
        self.kept = self.rng.random(x.shape, dtype=np.float32) >= self.tau
        k = self.kept.astype(self.params["weight"].dtype) / (1 - self.tau)
        z = super().forward(k * x)
        z += (self.c * (k - 1) * x) @ np.sign(self.params["weight"]).T
        return z

    def backward(self, dz: np.ndarray) -> np.ndarray:
        if self.kept is None:
            return super().backward(dz)
        k = self.kept.astype(self.params["weight"].dtype) / (1 - self.tau)
        return k * super().backward(dz) + self.c * (k - 1) * (dz @ np.sign(self.params["weight"]))

    def __repr__(self) -> str:
        return f"Shakeout({self.in_features}, {self.out_features}, tau={self.tau}, c={self.c})"
