"""Dropout: every unit is switched off with probability p, anew for every example of every batch."""

import math
from fractions import Fraction

import numpy as np

from tipslib.scratch.layers import Layer


def check_probability(layer: str, p: float) -> float:
    """``p`` as a float. Raises: ValueError unless 0 ≤ p ≤ 1."""
    if not 0 <= p <= 1:
        raise ValueError(f"{layer}: p is {p}, must be between 0 and 1 (a probability)")
    return float(p)


class Dropout(Layer):
    """a' = mask • a in training, where mask = 0 with probability p, else 1; backward da = mask • da'.

    As E[a'] = (1 - p) a, one of the two passes must be rescaled:

        ``inverted=True``, PyTorch's form       training a' = mask • a / (1 - p)     testing a' = a
        ``inverted=False``, the lectures' form  training a' = mask • a               testing a' = (1 - p) a

    Scaling a is scaling the next layer's weights W (L: "all the weights times (1-p)%"): the lectures' form with W is
    PyTorch's with (1 - p) W. C writes α = 1 - p, the probability of keeping. A slip there: the testing pass prints
    y/α; dividing belongs to the training pass of the inverted form.

    Shapes: any in, the same out. ``mask`` is the last one drawn, bool, True = kept; after a testing pass just True.
    Args: p = 0 keeps and p = 1 drops everything, as in PyTorch; ``rng`` draws the masks.
    Raises: ValueError unless 0 ≤ p ≤ 1.
    Source: L "Dropout"; C "Dropout", "The forward pass", "Backward Pass"; torch.nn.Dropout.
    """

    def __init__(self, p: float = 0.5, *, inverted: bool = True, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        self.p, self.inverted = check_probability("Dropout", p), inverted
        self.rng = np.random.default_rng() if rng is None else rng
        self.mask = np.array(True)

    def forward(self, a: np.ndarray) -> np.ndarray:
        if self.training:
            # float32 is fine enough for tossing coins, and quicker.
            self.mask = self.rng.random(a.shape, dtype=np.float32) >= self.p
            # Where p = 1 nothing is left to be rescaled.
            scale = 1 / (1 - self.p) if self.inverted and self.p < 1 else 1.0
        else:
            self.mask = np.array(True)
            scale = 1.0 if self.inverted else 1 - self.p
        return self._save(self.mask, scale, output=a * self.mask * scale)

    def backward(self, da: np.ndarray) -> np.ndarray:
        mask, scale = self._recall(da)
        return da * mask * scale

    def __repr__(self) -> str:
        return f"Dropout(p={self.p})" if self.inverted else f"Dropout(p={self.p}, inverted=False)"


def hidden_width(n: int, p: float) -> int:
    """How many units a layer needs under dropout so that n of them are on, on average: ⌈n/(1 - p)⌉.

    p is read as the decimal that it prints as: (1, 0.9) gives 10, although 1/(1 - 0.9) is a little more than 10.
    Raises: ValueError unless n ≥ 0 and 0 ≤ p < 1.
    Source: L "Practical Suggestion for Dropout" (your network need n/(1-p) neurons).
    """
    if n < 0 or not 0 <= p < 1:
        raise ValueError(f"hidden_width wants n ≥ 0 and 0 ≤ p < 1, got n={n}, p={p}")
    return math.ceil(n / (1 - Fraction(str(p))))
