"""Batch normalization: every unit gets mean 0 and variance 1 over the batch, then a mean and a scale of its choice.

For one unit and a batch z_1 … z_B:

    μ = 1/B Σ_i z_i        σ² = 1/B Σ_i (z_i - μ)²        u_i = (z_i - μ)/√(σ² + ε)        ẑ_i = γ u_i + β

Every z_i is in μ and in σ², so it moves every u_j. With g_i = ∂C/∂ẑ_i and s = √(σ² + ε), the chain rule gives

    ∂C/∂γ = Σ_i g_i u_i        ∂C/∂β = Σ_i g_i        ∂C/∂u_i = γ g_i
    ∂C/∂σ² = -1/(2s²) Σ_i γ g_i u_i                   ∂C/∂μ = -1/s Σ_i γ g_i
    ∂C/∂z_i = γ g_i/s + ∂C/∂σ² · 2(z_i - μ)/B + ∂C/∂μ · 1/B

(μ moves σ² too, by -2/B Σ (z_i - μ) = 0.) Together:  ∂C/∂z_i = γ/s · (g_i - ∂C/∂β / B - u_i · ∂C/∂γ / B).

Source: C "Batch normalization: Backpropagation"; K "Batch Normalization"; Ioffe and Szegedy 2015.
"""

import numpy as np
from numpy.typing import DTypeLike

from tipslib.scratch.layers import Layer


def _buffer(name: str) -> property:
    """An attribute that is the entry of the layer's ``buffers``, or None."""
    return property(lambda self: self.buffers.get(name), lambda self, array: self.buffers.__setitem__(name, array))


class BatchNorm1d(Layer):
    """ẑ = γ (z - μ)/√(σ² + ε) + β: μ and σ² of the batch in training, running averages at test time.

    After each training batch, running ← (1 - m) running + m batch, with m = ``momentum`` and the *unbiased* variance
    B/(B - 1) σ². Elsewhere (TensorFlow, CS231n's homework) momentum is the other weight, 1 - m: 0.9 there is 0.1 here.
    C weighs all batches alike, ``momentum=None``, and takes them from the final network: run them through once more.
    γ = √(σ² + ε), β = μ make the layer the identity on the batch.

    Shapes: z [B, num_features], or [N, num_features, L], where B = N·L. ``weight`` γ and ``bias`` β [num_features]
    start at 1 and 0; without ``affine`` there are none. Buffers: ``running_mean``, ``running_var`` [num_features] and
    ``num_batches_tracked`` []; with ``track_running_stats=False`` they are None, and a batch's own statistics serve at
    test time too.
    Raises: ValueError when statistics of the batch are wanted and B = 1: every u would be 0.
    Source: C "Batch normalization: Inference"; K "Batch Normalization"; torch.nn.BatchNorm1d.
    """

    running_mean = _buffer("running_mean")
    running_var = _buffer("running_var")
    num_batches_tracked = _buffer("num_batches_tracked")

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum, self.dtype = num_features, float(eps), momentum, np.dtype(dtype)
        if affine:
            self.params["weight"] = np.ones(num_features, dtype)
            self.params["bias"] = np.zeros(num_features, dtype)
        if track_running_stats:
            self.running_mean = np.zeros(num_features, dtype)
            self.running_var = np.ones(num_features, dtype)
            self.num_batches_tracked = np.array(0, np.int64)

    def forward(self, z: np.ndarray) -> np.ndarray:
        self._check(z)
        rows = _as_rows(z)
        of_batch = self.training or self.running_mean is None
        if of_batch:
            if len(rows) == 1:
                raise ValueError(f"{self} wants more than 1 value per unit in training, got z of shape {z.shape}")
            # Two passes: Σz² - (Σz)² would cancel. ones @ z sums columns faster than z.sum(axis=0).
            ones, size = np.ones(len(rows), rows.dtype), max(len(rows), 1)
            mean = ones @ rows / size
            u = rows - mean
            variance = ones @ (u * u) / size
            if self.running_mean is not None:
                self._track(mean, variance, len(rows))
        else:
            u, variance = rows - self.running_mean, self.running_var
        inverse = 1 / np.sqrt(variance + self.eps)
        u *= inverse
        out = u * self.params.get("weight", self.dtype.type(1))
        out += self.params.get("bias", self.dtype.type(0))
        return self._save(u, inverse, of_batch, output=_shaped_like(z, out))

    def backward(self, dout: np.ndarray) -> np.ndarray:
        u, inverse, of_batch = self._recall(dout)
        g = _as_rows(dout)
        ones, size = np.ones(len(u), u.dtype), max(len(u), 1)
        dgamma, dbeta = ones @ (g * u), ones @ g
        if "weight" in self.params:
            self.grads["weight"], self.grads["bias"] = dgamma, dbeta
            inverse = inverse * self.params["weight"]
        if not of_batch:  # μ and σ² were constants
            return _shaped_like(dout, g * inverse)
        dz = g - u * (dgamma / size)
        dz -= dbeta / size
        dz *= inverse
        return _shaped_like(dout, dz)

    def _track(self, mean: np.ndarray, variance: np.ndarray, size: int) -> None:
        """Move the running averages towards the statistics of a batch of ``size``; an empty one has none."""
        if size == 0:
            return
        self.num_batches_tracked += 1
        m = 1 / int(self.num_batches_tracked) if self.momentum is None else float(self.momentum)
        self.running_mean *= 1 - m
        self.running_mean += m * mean
        self.running_var *= 1 - m
        self.running_var += m * size / (size - 1) * variance

    def _check(self, z: np.ndarray) -> None:
        if not isinstance(z, np.ndarray):
            raise TypeError(f"{self} wants a NumPy array, got {type(z).__name__}")
        if z.ndim not in (2, 3) or z.shape[1] != self.num_features:
            c = self.num_features
            raise ValueError(f"{self} wants z of shape [N, {c}] or [N, {c}, L], got {z.shape}")
        if z.dtype != self.dtype:
            raise TypeError(f"{self} has {self.dtype} parameters but z is {z.dtype}: use z.astype(np.{self.dtype})")

    def __repr__(self) -> str:
        return f"BatchNorm1d({self.num_features})"


def _as_rows(z: np.ndarray) -> np.ndarray:
    """[N, C] as it is; [N, C, L] as [N·L, C]."""
    return z if z.ndim == 2 else z.transpose(0, 2, 1).reshape(-1, z.shape[1])


def _shaped_like(z: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Back from the rows of ``_as_rows(z)`` to the shape of z."""
    return rows if z.ndim == 2 else rows.reshape(len(z), z.shape[2], z.shape[1]).transpose(0, 2, 1)
