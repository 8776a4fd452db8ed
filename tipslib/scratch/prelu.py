"""PReLU: a leaky ReLU that learns its own slope."""

import numpy as np

from tipslib.scratch.layers import Layer


class PReLU(Layer):
    """σ(z) = z where z > 0, else αz, with α = ``weight`` learned: dα = Σ da · z over z ≤ 0.

    Shapes: z [N, …]; ``weight`` [num_parameters], one α for all units or one per unit of axis 1; starts at ``init``.
    Raises: ValueError when axis 1 of z has not ``num_parameters`` entries (and there is more than one).
    Source: L "ReLU - variant" (Parametric ReLU); K "backprop into alpha"; He et al. 2015.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype=np.float32) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.params["weight"] = np.full(num_parameters, init, dtype)

    def _alpha(self, z: np.ndarray) -> np.ndarray:
        alpha = self.params["weight"]
        if z.dtype != alpha.dtype:
            raise TypeError(f"{self} has {alpha.dtype} parameters but z is {z.dtype}: use z.astype(np.{alpha.dtype})")
        if self.num_parameters == 1:
            return alpha
        if z.ndim < 2 or z.shape[1] != self.num_parameters:
            raise ValueError(f"{self} wants z of shape [N, {self.num_parameters}], got {z.shape}")
        return alpha.reshape(-1, *[1] * (z.ndim - 2))

    def forward(self, z: np.ndarray) -> np.ndarray:
        a = np.where(z > 0, z, self._alpha(z) * z)
        return self._save(z, output=a)

    def backward(self, da: np.ndarray) -> np.ndarray:
        (z,) = self._recall(da)
        dalpha = np.where(z > 0, 0, da * z)
        axes = None if self.num_parameters == 1 else (0, *range(2, z.ndim))
        self.grads["weight"] = dalpha.sum(axis=axes).reshape(self.num_parameters)
        return np.where(z > 0, da, self._alpha(z) * da)

    def __repr__(self) -> str:
        return f"PReLU({self.num_parameters})"
