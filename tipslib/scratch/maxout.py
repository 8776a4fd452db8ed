"""Maxout: the unit learns its own activation, as the largest of several linear pieces."""

import numpy as np

from tipslib.scratch.layers import Layer, check_features


class Maxout(Layer):
    """a = max_k z_k with z_k = x W_kᵀ + b_k, k = 1 … pieces; the gradient goes to the winning piece alone.

    For one example the winners form a thin linear network; backward trains exactly that network
    (L "Maxout - Training"). On a tie the lowest k wins.

    Shapes: x [N, in_features] → a [N, out_features]; ``weight`` [pieces, out_features, in_features],
    ``bias`` [pieces, out_features], both uniform on ±1/√in_features at the start.
    Two pieces hold twice the parameters of a ``Linear`` (K: "doubles the number of parameters/neuron").
    Source: L "Maxout"; K "Maxout Neuron"; Goodfellow et al. 2013.
    """

    def __init__(self, in_features, out_features, pieces=2, *, rng=None, dtype=np.float32):
        super().__init__()
        rng = np.random.default_rng() if rng is None else rng
        self.in_features, self.out_features, self.pieces = in_features, out_features, pieces
        bound = 1 / np.sqrt(in_features)
        self.params["weight"] = rng.uniform(-bound, bound, (pieces, out_features, in_features)).astype(dtype)
        self.params["bias"] = rng.uniform(-bound, bound, (pieces, out_features)).astype(dtype)

    def forward(self, x: np.ndarray) -> np.ndarray:
        weight, bias = self.params["weight"], self.params["bias"]
        check_features(self, x, self.in_features, weight.dtype)
        z = np.stack([x @ weight[k].T + bias[k] for k in range(self.pieces)])
        winner = z.argmax(axis=0)
        return self._save(x, winner, output=z.max(axis=0))

    def backward(self, da: np.ndarray) -> np.ndarray:
        x, winner = self._recall(da)
        rows = x.reshape(-1, self.in_features)
        weight, bias = self.params["weight"], self.params["bias"]
        dx = np.zeros_like(x)
        self.grads["weight"], self.grads["bias"] = np.empty_like(weight), np.empty_like(bias)
        for k in range(self.pieces):
            dz = da * (winner == k)
            dz_rows = dz.reshape(-1, self.out_features)
            self.grads["weight"][k] = dz_rows.T @ rows
            self.grads["bias"][k] = dz_rows.sum(axis=0)
            dx += dz @ weight[k]
        return dx

    def __repr__(self) -> str:
        return f"Maxout({self.in_features}, {self.out_features}, pieces={self.pieces})"
