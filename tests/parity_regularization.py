"""Parity cases of batch normalization, and of the random layers where they draw nothing or it does not matter."""

from dataclasses import dataclass

import hypothesis.strategies as st
import numpy as np

from tests.parity import IMAGES, LayerCase


def spread_out(shape: tuple, seed: int) -> np.ndarray:
    """Numbers [N, C] or [N, C, L] whose columns, over N and L, all have a variance near 1/3 or above."""
    rng = np.random.default_rng(seed)
    rows = np.linspace(-1, 1, shape[0] * int(np.prod(shape[2:])))
    columns = rng.permuted(np.tile(rows[:, None], shape[1]), axis=0) + 0.1 * rng.standard_normal((len(rows), shape[1]))
    return columns if len(shape) == 2 else columns.reshape(shape[0], shape[2], shape[1]).swapaxes(1, 2)


@dataclass(frozen=True)
class BatchNormCase(LayerCase):
    """Two or more examples, and spread-out columns; tests/test_batchnorm.py has the others.

    A column of nearly equal numbers is divided by √ε: the result has few digits, and PyTorch's has no more.
    """

    def inputs(self, dtype, bound: float = 10.0) -> st.SearchStrategy:
        many = self.shapes.filter(lambda shape: shape[0] * np.prod(shape[2:]) > 1)
        return st.builds(lambda *drawn: (bound * spread_out(*drawn)).astype(dtype), many, st.integers(0, 2**32 - 1))


ROWS = st.tuples(st.integers(2, 6), st.just(3))

LAYERS = [
    BatchNormCase("BatchNorm1d", (3,), features=3, shapes=ROWS),
    BatchNormCase("BatchNorm1d", (3,), {"eps": 0.1, "momentum": None}, features=3, shapes=ROWS),
    BatchNormCase("BatchNorm1d", (3,), {"affine": False}, features=3, shapes=ROWS),
    BatchNormCase("BatchNorm1d", (3,), {"track_running_stats": False}, features=3, shapes=ROWS),
    BatchNormCase("BatchNorm1d", (3,), features=3, shapes=IMAGES),
    LayerCase("Dropout", (0.0,)),
    LayerCase("Dropout", (1.0,)),
    LayerCase("GaussianNoise", (0.0,)),
    LayerCase("DropConnect", (4, 3, 0.0), features=4),
    LayerCase("DropConnect", (4, 3, 1.0), features=4),
    LayerCase("Shakeout", (4, 3, 0.0, 0.5), features=4),
    LayerCase("Whiteout", (4, 3, 0.0, 1.0, 0.0), features=4),
]

NO_CASE = {
    "Zoneout": "tests/test_dropout_variants.py: two inputs; same random numbers in both twins, closed forms",
    "hidden_width": "tests/test_dropout.py: exact integer arithmetic; no state and no counterpart in PyTorch",
    "l2_penalty": "tests/test_penalties.py: autograd through the twin",
    "l1_penalty": "tests/test_penalties.py: autograd through the twin",
    "activity_l1": "tests/test_penalties.py: autograd through the twin",
    "Rotate": "tests/test_augmentation.py: SciPy's interpolation; no counterpart in PyTorch",
    "Shift": "tests/test_augmentation.py: slices; no counterpart in PyTorch",
    "Stretch": "tests/test_augmentation.py: SciPy's interpolation; no counterpart in PyTorch",
    "AddNoise": "tests/test_augmentation.py: mean and variance; no counterpart in PyTorch",
}
