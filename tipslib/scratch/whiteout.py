"""Whiteout: Gaussian noise on every connection, the stronger the smaller its weight."""

import numpy as np
from numpy.typing import DTypeLike

from tipslib.scratch.layers import Linear


class Whiteout(Linear):
    """z_k = Σ_j w_jk (x_j + e_jk) + b_k in training, with fresh e_jk ~ N(0, σ²/|w_jk|^γ + λ) for every example.

    Testing uses z = x Wᵀ + b, the mean. The noise adds to every z_k the variance

        Σ_j w_jk² (σ²/|w_jk|^γ + λ) = σ² Σ_j |w_jk|^{2-γ} + λ Σ_j w_jk²

    and for a square error this variance is added to the cost: a penalty, L1 for γ = 1, close to "how many are not 0"
    for γ → 2, L2 for γ = 0 or σ = 0, elastic net for γ = 1 and λ > 0.

    Backward takes e as given: dx = dz W,  dw_jk = Σ_n dz_k (x_j + e_jk),  db = Σ_n dz. No gradient goes through the
    noise's scale. For a square error the mean over e is then the gradient of the cost without noise, plus that of the
    penalty, its first term times 2/(2-γ). Where w = 0 the noise is N(0, λ): w e → 0 with w, though e has no limit.

    Shapes: as in ``Linear``. ``noise`` is the last e drawn, [N, out_features, in_features]; None after a testing pass.
    Raises: ValueError unless σ ≥ 0, 0 ≤ γ < 2 and λ ≥ 0.
    Source: C "Variations on dropout" ("add or multiply": this is the additive form); Li and Liu, "Whiteout: Gaussian
    Adaptive Noise Injection Regularization in Deep Neural Networks", arXiv 1612.01490, eq. (1) and Theorem 1.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        sigma: float,
        gamma: float,
        lam: float,
        *,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        for name, value in (("sigma", sigma), ("lam", lam)):
            if not value >= 0:
                raise ValueError(f"Whiteout: {name} is {value}, must be 0 or more")
        if not 0 <= gamma < 2:
            raise ValueError(f"Whiteout: gamma is {gamma}, must be 0 or more and below 2")
        self.sigma, self.gamma, self.lam = float(sigma), float(gamma), float(lam)
        self.rng = np.random.default_rng() if rng is None else rng
        super().__init__(in_features, out_features, rng=self.rng, dtype=dtype)
        self.noise: np.ndarray | None = None

    def forward(self, x: np.ndarray) -> np.ndarray:
        z = super().forward(x)
        self.noise = None
        if self.training:
            weight = self.params["weight"]
            self.noise = self.rng.standard_normal((z.size // self.out_features, *weight.shape), weight.dtype)
            self.noise *= self._scale(np.abs(weight))
            z += np.einsum("noi,oi->no", self.noise, weight).reshape(z.shape)
        return z

    def backward(self, dz: np.ndarray) -> np.ndarray:
        dx = super().backward(dz)
        if self.noise is not None:
            self.grads["weight"] += np.einsum("no,noi->oi", dz.reshape(-1, self.out_features), self.noise)
        return dx

    def _scale(self, size: np.ndarray) -> np.ndarray:
        """√(σ²/|w|^γ + λ) for sizes |w|; √λ where |w| is 0 or too small to divide by."""
        usable = size >= np.finfo(size.dtype).tiny
        of_size = usable * self.sigma / np.where(usable, size, 1) ** (self.gamma / 2)
        return np.hypot(of_size, self.lam**0.5)

    def __repr__(self) -> str:
        given = f"sigma={self.sigma}, gamma={self.gamma}, lam={self.lam}"
        return f"Whiteout({self.in_features}, {self.out_features}, {given})"
