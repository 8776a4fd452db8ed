"""Surfaces: three cost functions of two weights, to draw optimizers on.

    from tipslib.surfaces import beale
    path = [np.array(beale.start)]                      # a point is an array [2]
    beale(path[0]), beale.gradient(path[0])             # its height, and the slope [2] there
    heights = beale(np.stack(np.meshgrid(x, y), -1))    # [..., 2] → [...], for a contour plot

Source: C "Visualizing the optimizers: Beale's Function", "Long Valley", "Saddle Point".
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Point = tuple[float, float]
Numbers = Any  # a float or an array of them


@dataclass(frozen=True)
class Surface:
    """A function f(x, y) with its gradient, where to start on it, and where its minimum is (None: nowhere).

    Call it with points [..., 2] for the heights [...]; ``gradient`` gives the slopes [..., 2]. The dtype is kept.
    Raises: ValueError for points whose last axis is not 2.
    Source: C "Visualizing the optimizers"; L "Momentum" (animations by Alec Radford).
    """

    name: str
    value: Callable[[Numbers, Numbers], Numbers]  # (x, y) → f
    slopes: Callable[[Numbers, Numbers], tuple[Numbers, Numbers]]  # (x, y) → (∂f/∂x, ∂f/∂y)
    start: Point
    minimum: Point | None

    def __call__(self, points: np.ndarray) -> Numbers:
        return self.value(*self._coordinates(points))

    def gradient(self, points: np.ndarray) -> np.ndarray:
        return np.stack(self.slopes(*self._coordinates(points)), axis=-1)

    def _coordinates(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = np.asarray(points)
        if points.shape[-1:] != (2,):
            raise ValueError(f"{self.name} wants points of shape [..., 2], got {points.shape}")
        return points[..., 0], points[..., 1]


def rotate(surface: Surface, angle: float) -> Surface:
    """The same surface, turned counter-clockwise about the origin by ``angle`` (radians), start and minimum too.

    On a turned valley no axis points downhill: methods that treat every weight alone lose their advantage.
    """
    cos, sin = math.cos(angle), math.sin(angle)

    def forth(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        return cos * x - sin * y, sin * x + cos * y

    def back(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        return cos * x + sin * y, cos * y - sin * x

    return Surface(
        name=f"{surface.name}, turned by {math.degrees(angle):.0f}°",
        value=lambda x, y: surface.value(*back(x, y)),
        slopes=lambda x, y: forth(*surface.slopes(*back(x, y))),
        start=forth(*surface.start),
        minimum=surface.minimum and forth(*surface.minimum),
    )


def _beale(x: Numbers, y: Numbers) -> Numbers:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _beale_slopes(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3
    return 2 * (a * (y - 1) + b * (y**2 - 1) + c * (y**3 - 1)), 2 * x * (a + 2 * b * y + 3 * c * y**2)


beale = Surface("Beale's function", _beale, _beale_slopes, start=(1.0, 1.0), minimum=(3.0, 0.5))
"""(1.5 - x + xy)² + (2.25 - x + xy²)² + (2.625 - x + xy³)²: a plateau, steep walls, a flat curved valley."""

long_valley = Surface(
    "Long valley",
    value=lambda x, y: 0.5 * (0.02 * x**2 + 2 * y**2),
    slopes=lambda x, y: (0.02 * x, 2 * y),
    start=(-10.0, 1.0),
    minimum=(0.0, 0.0),
)
"""½(0.02x² + 2y²): a hundred times steeper across than along."""

saddle = Surface(
    "Saddle point",
    value=lambda x, y: x**2 - y**2,
    slopes=lambda x, y: (2 * x, -2 * y),
    start=(1.0, 1e-3),
    minimum=None,
)
"""x² - y²: the gradient is 0 at the origin, which is a minimum along x and a maximum along y."""
