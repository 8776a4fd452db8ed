"""DropConnect: dropout of single connections instead of units."""

import numpy as np
from numpy.typing import DTypeLike

from tipslib.scratch.dropout import check_probability
from tipslib.scratch.layers import Linear, check_features


class DropConnect(Linear):
    """z = x (mask • W)ᵀ / (1 - p) + b in training, where mask = 0 with probability p, else 1; z = x Wᵀ + b in testing.

    Every connection is tossed anew for every example n. With W'_n = mask_n • W / (1 - p) the backward pass is

        dx_n = dz_n W'_n        dW = Σ_n mask_n • (dz_nᵀ x_n) / (1 - p)        db = Σ_n dz_n

    As in inverted dropout the mean over masks is the plain layer. The paper drops biases too, leaves out 1/(1 - p),
    and when testing averages the activations over a Gaussian with the mean and the variance of z; here the mean is all.

    Shapes: as in ``Linear``. ``mask`` is the last one drawn, bool [N, out_features, in_features], True = kept; None
    after a testing pass.
    Raises: ValueError unless 0 ≤ p ≤ 1.
    Source: C "Variations on dropout"; Wan et al. 2013, "Regularization of Neural Networks using DropConnect".
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        p: float,
        *,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.p = check_probability("DropConnect", p)
        self.rng = np.random.default_rng() if rng is None else rng
        super().__init__(in_features, out_features, rng=self.rng, dtype=dtype)
        self.mask: np.ndarray | None = None

    def forward(self, x: np.ndarray) -> np.ndarray:
        if not self.training:
            self.mask = None
            return super().forward(x)
        weight = self.params["weight"]
        check_features(self, x, self.in_features, weight.dtype)
        rows = x.reshape(-1, self.in_features)
        self.mask = self.rng.random((len(rows), *weight.shape), dtype=np.float32) >= self.p
        scale = 1 / (1 - self.p) if self.p < 1 else 1.0
        thinned = self.mask * weight * scale
        z = np.einsum("noi,ni->no", thinned, rows) + self.params["bias"]
        return self._save(rows, thinned, scale, output=z.reshape(*x.shape[:-1], self.out_features))

    def backward(self, dz: np.ndarray) -> np.ndarray:
        if self.mask is None:
            return super().backward(dz)
        rows, thinned, scale = self._recall(dz)
        dz_rows = dz.reshape(-1, self.out_features)
        self.grads["weight"] = np.einsum("no,noi,ni->oi", dz_rows, self.mask, rows) * scale
        self.grads["bias"] = dz_rows.sum(axis=0)
        return np.einsum("no,noi->ni", dz_rows, thinned).reshape(*dz.shape[:-1], self.in_features)

    def __repr__(self) -> str:
        return f"DropConnect({self.in_features}, {self.out_features}, p={self.p})"
