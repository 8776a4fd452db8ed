"""Training with added noise: neighbours of an example must get the same answer."""

import numpy as np

from tipslib.scratch.layers import Layer


class GaussianNoise(Layer):
    """y = x + e in training, with fresh e ~ N(0, std²) for every entry; y = x in testing. Backward dx = dy.

    Behind it a linear layer sees z = w·x + w·ε, so for a square error the mean cost grows by std² ‖w‖²: on its
    inputs, such noise is weight decay. In front of everything it is data augmentation.

    Shapes: any in, the same out; float32 or float64.
    Raises: ValueError for a negative ``std``.
    Source: C "Regularization.." (regularizing with added noise); Bishop 1995, "Training with Noise is Equivalent to
    Tikhonov Regularization".
    """

    def __init__(self, std: float, *, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        if not std >= 0:
            raise ValueError(f"GaussianNoise: std is {std}, must be 0 or more")
        self.std = float(std)
        self.rng = np.random.default_rng() if rng is None else rng

    def forward(self, x: np.ndarray) -> np.ndarray:
        y = x.copy()
        if self.training:
            y += self.std * self.rng.standard_normal(x.shape, x.dtype)
        return self._save(output=y)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self._recall(dy)
        return dy.copy()

    def __repr__(self) -> str:
        return f"GaussianNoise({self.std})"
