"""Zoneout: dropout for the hidden state of a recurrent net, where a unit that is off keeps its old value."""

import numpy as np

from tipslib.scratch.dropout import check_probability
from tipslib.scratch.layers import Layer


class Zoneout(Layer):
    """h = m • previous + (1 - m) • new, where m = 1 with probability p, else 0; at test time the mean, m = p.

    Between two steps in time every unit keeps its value with probability p, so the signal and its gradient pass
    the step unchanged there: d_new = (1 - m) • dh and d_previous = m • dh.

    Shapes: ``zoneout(new, previous)`` takes two arrays alike and gives a third; ``backward(dh)`` gives the pair
    (d_new, d_previous).
    Raises: ValueError unless 0 ≤ p ≤ 1, or when the two arrays differ in shape.
    Source: C "Variations on dropout"; Krueger et al. 2017, "Zoneout: Regularizing RNNs by Randomly Preserving Hidden
    Activations".
    """

    def __init__(self, p: float, *, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        self.p = check_probability("Zoneout", p)
        self.rng = np.random.default_rng() if rng is None else rng

    def __call__(self, new: np.ndarray, previous: np.ndarray) -> np.ndarray:  # type: ignore[override]
        return self.forward(new, previous)

    def forward(self, new: np.ndarray, previous: np.ndarray) -> np.ndarray:  # type: ignore[override]
        if new.shape != previous.shape:
            raise ValueError(f"{self} wants two arrays alike, got new {new.shape} and previous {previous.shape}")
        m: np.ndarray | float = self.p
        if self.training:
            m = (self.rng.random(new.shape, dtype=np.float32) < self.p).astype(new.dtype)
        return self._save(m, output=m * previous + (1 - m) * new)

    def backward(self, dh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[override]
        (m,) = self._recall(dh)
        return (1 - m) * dh, m * dh

    def __repr__(self) -> str:
        return f"Zoneout({self.p})"
