"""Data augmentation: new training examples from old ones, by changes that leave the label as it is.

Images are [N, H, W], signals [N, D]; every example gets a change of its own. A flat image [N, H·W] would be taken
for a signal: reshape it first. What comes in from outside is 0.

    augment = Rotate(15, rng=rng)
    for epoch in range(epochs):
        x = augment(images)  # other angles in every epoch

Rotating, shifting and stretching are one mechanism. The value at point p of the new image, seen from the centre,
is read at the point q = A p + t of the old one. Between pixels it is bilinear: each of the four around q counts
(1 - distance in rows)(1 - distance in columns); a signal has two neighbours.

Source: L "Panacea"; C "Additional heuristics: Data Augmentation".
"""

import numpy as np
from numpy.typing import ArrayLike


def rotate(images: np.ndarray, degrees: ArrayLike) -> np.ndarray:
    """Turn images [N, H, W] about their centre, anticlockwise, by ``degrees`` [N] or one number for all."""
    if images.ndim != 3:
        raise ValueError(f"rotate wants images of shape [N, H, W], got {images.shape}")
    angles = np.deg2rad(np.broadcast_to(degrees, len(images)))
    cos, sin = np.cos(angles), np.sin(angles)
    # From the new image back to the old one, so clockwise; but rows count downwards.
    return _resample(images, np.array([[cos, sin], [-sin, cos]]).transpose(2, 0, 1), np.zeros((len(images), 2)))


def shift(x: np.ndarray, offsets: ArrayLike) -> np.ndarray:
    """Move images down and to the right by ``offsets`` [N, 2] pixels, or signals by [N, 1]; or one number."""
    axes = x.ndim - 1
    return _resample(x, np.eye(axes), -np.broadcast_to(offsets, (len(x), axes)))


def stretch(x: np.ndarray, factors: ArrayLike) -> np.ndarray:
    """Stretch images about their centre by ``factors`` [N, 2] (height, width), signals by [N, 1]; or one number."""
    axes = x.ndim - 1
    return _resample(x, np.eye(axes) / np.broadcast_to(factors, (len(x), axes))[:, None], np.zeros((len(x), axes)))


def _resample(x: np.ndarray, a: np.ndarray, t: np.ndarray) -> np.ndarray:
    """x [N, …] read at q = A p + t for every point p of its one or two axes; A [N, axes, axes], t [N, axes]."""
    size = np.array(x.shape[1:])[:, None]
    centre = (size - 1) / 2
    p = np.indices(x.shape[1:]).reshape(len(size), -1) - centre
    q = a @ p + t[:, :, None] + centre  # [N, axes, points]
    lower = np.floor(q).astype(int)
    beyond = q - lower  # how far q lies from its lower neighbour towards the upper one
    result = np.zeros((len(x), p.shape[1]))
    for corner in np.ndindex(*[2] * len(size)):  # the neighbours of q: 2 on a line, 4 in a plane
        upper = np.array(corner)[:, None]
        weight = np.where(upper, beyond, 1 - beyond).prod(axis=1)
        neighbour = lower + upper
        inside = ((neighbour >= 0) & (neighbour < size)).all(axis=1)
        index = np.clip(neighbour, 0, size - 1).swapaxes(0, 1)
        result += weight * inside * x[np.arange(len(x))[:, None], *index]
    return result.reshape(x.shape).astype(x.dtype)


class _Random:
    """A random change: ``augment(x)`` gives an array like x, float32 or float64, and leaves x as it is."""

    def __init__(self, amount: float, least: float, rng: np.random.Generator | None) -> None:
        if not amount >= least:
            raise ValueError(f"{type(self).__name__}: {amount} is too small, must be {least} or more")
        self.amount = amount
        self.rng = np.random.default_rng() if rng is None else rng

    def __call__(self, x: np.ndarray) -> np.ndarray:
        if x.dtype.kind != "f":
            raise TypeError(f"{self} wants floating-point numbers, got {x.dtype}: use x.astype(np.float32)")
        if x.ndim not in (2, 3):
            raise ValueError(f"{self} wants images [N, H, W] or signals [N, D], got {x.shape}")
        return self.change(x)

    def change(self, x: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.amount})"


class Rotate(_Random):
    """Turn each image [N, H, W] by an angle from -``degrees`` to ``degrees``, all equally likely.

    Raises: ValueError for negative ``degrees``, or for signals.
    Source: L "Panacea" (created training data; "Shift 15°" there is a turn); C "Data Augmentation" (rotation).
    """

    def __init__(self, degrees: float = 15.0, *, rng: np.random.Generator | None = None) -> None:
        super().__init__(degrees, 0, rng)

    def change(self, x: np.ndarray) -> np.ndarray:
        return rotate(x, self.rng.uniform(-self.amount, self.amount, len(x)))


class Shift(_Random):
    """Move each example along each axis by a whole number from -``pixels`` to ``pixels``, all equally likely.

    Raises: ValueError for ``pixels`` negative or not whole.
    Source: C "Data Augmentation" (other distortion).
    """

    def __init__(self, pixels: int = 2, *, rng: np.random.Generator | None = None) -> None:
        super().__init__(pixels, 0, rng)
        if pixels != int(pixels):
            raise ValueError(f"Shift: {pixels} is not a whole number of pixels")

    def change(self, x: np.ndarray) -> np.ndarray:
        most = int(self.amount)
        return shift(x, self.rng.integers(-most, most, (len(x), x.ndim - 1), endpoint=True))


class Stretch(_Random):
    """Stretch each example along each axis by a factor from 1/``factor`` to ``factor``, uniform in its logarithm.

    Raises: ValueError for a ``factor`` below 1. Source: C "Data Augmentation" (stretching).
    """

    def __init__(self, factor: float = 1.2, *, rng: np.random.Generator | None = None) -> None:
        super().__init__(factor, 1, rng)

    def change(self, x: np.ndarray) -> np.ndarray:
        widest = np.log(self.amount)
        return stretch(x, np.exp(self.rng.uniform(-widest, widest, (len(x), x.ndim - 1))))


class AddNoise(_Random):
    """Add a number from N(0, ``std``²) to every entry. The layer that does it inside a net is ``GaussianNoise``.

    Raises: ValueError for a negative ``std``. Source: C "Data Augmentation" (adding noise).
    """

    def __init__(self, std: float = 0.1, *, rng: np.random.Generator | None = None) -> None:
        super().__init__(std, 0, rng)

    def change(self, x: np.ndarray) -> np.ndarray:
        return x + float(self.amount) * self.rng.standard_normal(x.shape, x.dtype)
