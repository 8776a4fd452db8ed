"""Stand-ins for a random generator, so that a test knows what a random layer draws."""

import numpy as np


class Replay:
    """Hands out given arrays, one at each call of ``random`` or ``standard_normal``; asks for the right shape."""

    def __init__(self, *arrays: np.ndarray) -> None:
        self._arrays = list(arrays)

    def random(self, size=None, dtype=np.float64) -> np.ndarray:
        array = self._arrays.pop(0)
        assert array.shape == tuple(size), f"the layer draws {size}, the test gives {array.shape}"
        return array

    standard_normal = random


class Restarted:
    """Starts again from the same seed at every call, so that a layer draws the same numbers every time."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    def random(self, size=None, dtype=np.float64) -> np.ndarray:
        return np.random.default_rng(self._seed).random(size, dtype)

    def standard_normal(self, size=None, dtype=np.float64) -> np.ndarray:
        return np.random.default_rng(self._seed).standard_normal(size, dtype)
