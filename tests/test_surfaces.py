"""Surfaces: gradients against differences, known minima, and rotation."""

import re

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tipslib.scratch.gradcheck import numerical_gradient
from tipslib.surfaces import beale, long_valley, rotate, saddle

SURFACES = [beale, long_valley, saddle, *(rotate(surface, 0.7) for surface in (beale, long_valley, saddle))]
each_surface = pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
points = st.tuples(st.floats(-3, 3), st.floats(-3, 3)).map(np.array)
angles = st.floats(-10, 10)


@each_surface
@given(point=points)
def test_gradient_against_differences(surface, point):
    # A fixed step: heights on Beale's walls reach 1e4, so their rounding errors divided by h do too.
    np.testing.assert_allclose(surface.gradient(point), numerical_gradient(surface, point), rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize(
    ("surface", "point", "height", "slope"),
    [
        (beale, (3.0, 0.5), 0, (0, 0)),
        (beale, (0.0, 5.0), 1.5**2 + 2.25**2 + 2.625**2, (2 * (1.5 * 4 + 2.25 * 24 + 2.625 * 124), 0)),
        (beale, (1.0, 1.0), 1.5**2 + 2.25**2 + 2.625**2, (0, 2 * (1.5 + 2 * 2.25 + 3 * 2.625))),
        (long_valley, (-10.0, 1.0), 2, (-0.2, 2)),
        (long_valley, (0.0, 0.0), 0, (0, 0)),
        (saddle, (1.0, 1e-3), 1 - 1e-6, (2, -2e-3)),
        (saddle, (0.0, 0.0), 0, (0, 0)),
    ],
)
def test_known_values(surface, point, height, slope):
    assert surface(np.array(point)) == pytest.approx(height, rel=1e-14)
    assert surface.gradient(np.array(point)).tolist() == pytest.approx(slope, rel=1e-14)


@pytest.mark.parametrize("surface", [beale, long_valley], ids=lambda surface: surface.name)
@given(point=points, angle=angles)
def test_no_point_is_lower_than_the_minimum(surface, point, angle):
    assert surface(point) >= 0
    turned = rotate(surface, angle)
    assert turned(point) >= 0
    assert turned(np.array(turned.minimum)) == pytest.approx(0, abs=1e-25)
    np.testing.assert_allclose(turned.gradient(np.array(turned.minimum)), 0, atol=1e-11)


def test_the_saddle_has_no_minimum():
    assert saddle.minimum is None
    assert rotate(saddle, 1.0).minimum is None
    assert saddle(np.array([0.0, 1e3])) == -1e6


@each_surface
@given(point=points, angle=angles)
def test_rotation_moves_every_point_and_its_slope_along(surface, point, angle):
    """Counter-clockwise: f_turned(Rx) = f(x), ∇f_turned(Rx) = R∇f(x)."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = rotate(surface, angle)
    scale = 1 + abs(surface(point))
    assert turned(turn @ point) == pytest.approx(surface(point), rel=1e-9, abs=1e-9 * scale)
    slope = surface.gradient(point)
    np.testing.assert_allclose(turned.gradient(turn @ point), turn @ slope, atol=1e-9 * (1 + np.abs(slope).max()))
    np.testing.assert_allclose(turned.start, turn @ surface.start, rtol=1e-12, atol=1e-12)


def test_a_quarter_turn():
    """(x, y) → (-y, x): the valley that ran along x runs along y."""
    turned = rotate(long_valley, np.pi / 2)
    np.testing.assert_allclose(turned.start, (-1, -10), rtol=1e-12)
    assert turned(np.array([0.0, 10.0])) == pytest.approx(1, rel=1e-12)
    assert turned(np.array([10.0, 0.0])) == pytest.approx(100, rel=1e-12)
    assert turned.name == "Long valley, turned by 90°"


@each_surface
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_grids_for_contour_plots(surface, dtype):
    """[..., 2] → [...] and [..., 2], each entry as on its own, in the dtype given."""
    grid = np.stack(np.meshgrid(np.linspace(-2, 2, 5), np.linspace(-1, 3, 4)), axis=-1).astype(dtype)
    heights, slopes = surface(grid), surface.gradient(grid)
    assert heights.shape == (4, 5)
    assert slopes.shape == (4, 5, 2)
    assert heights.dtype == slopes.dtype == dtype
    rtol = 1e-4 if dtype == np.float32 else 1e-12
    for index in np.ndindex(4, 5):
        np.testing.assert_allclose(heights[index], surface(grid[index]), rtol=rtol, atol=rtol)
        np.testing.assert_allclose(slopes[index], surface.gradient(grid[index]), rtol=rtol, atol=rtol)


@each_surface
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1)])
def test_points_have_two_coordinates(surface, shape):
    message = re.escape(f"{surface.name} wants points of shape [..., 2], got {shape}")
    with pytest.raises(ValueError, match=message):
        surface(np.zeros(shape))
    with pytest.raises(ValueError, match=message):
        surface.gradient(np.zeros(shape))
