"""Augmentation: SciPy's interpolation as oracle, exact cases (quarter turns, slices), and what is drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from tipslib.scratch.augmentation import AddNoise, Rotate, Shift, Stretch, rotate, shift, stretch

each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])
CHANGES = [Rotate, Shift, Stretch, AddNoise]
each_change = pytest.mark.parametrize("change", CHANGES)
sizes = st.integers(1, 9)


def images(n=3, height=6, width=5, seed=0, dtype=np.float64) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.5, 1, (n, height, width)).astype(dtype)


def resampled(image, matrix, offset) -> np.ndarray:
    """SciPy's image read at q = A p + t about the centre, linear between pixels, 0 outside."""
    centre = (np.array(image.shape) - 1) / 2
    return ndimage.affine_transform(
        image, matrix, centre - matrix @ centre + offset, order=1, mode="grid-constant", cval=0
    )


# The three maps


@given(height=sizes, width=sizes, degrees=st.floats(-360, 360), seed=st.integers(0, 99))
def test_rotate_against_scipy(height, width, degrees, seed):
    image = images(1, height, width, seed)[0]
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    want = resampled(image, matrix, [0, 0])
    np.testing.assert_allclose(rotate(image[None], degrees)[0], want, atol=1e-9)


@given(height=sizes, width=sizes, down=st.floats(-4, 4), right=st.floats(-4, 4), seed=st.integers(0, 99))
def test_shift_against_scipy(height, width, down, right, seed):
    image = images(1, height, width, seed)[0]
    want = resampled(image, np.eye(2), [-down, -right])
    np.testing.assert_allclose(shift(image[None], [[down, right]])[0], want, atol=1e-9)


@given(height=sizes, width=sizes, factors=st.tuples(*[st.floats(0.3, 3)] * 2), seed=st.integers(0, 99))
def test_stretch_against_scipy(height, width, factors, seed):
    image = images(1, height, width, seed)[0]
    want = resampled(image, np.diag(1 / np.array(factors)), [0, 0])
    np.testing.assert_allclose(stretch(image[None], [factors])[0], want, atol=1e-9)


@given(size=st.integers(1, 12), offset=st.floats(-5, 5), factor=st.floats(0.3, 3), seed=st.integers(0, 99))
def test_signals_against_numpys_interpolation(size, offset, factor, seed):
    """The value at p is read at p - offset, or at p / factor seen from the centre; one step outside it is 0."""
    signal = np.random.default_rng(seed).uniform(0.5, 1, size)
    places, padded = np.arange(-1, size + 1), np.pad(signal, 1)
    centre = (size - 1) / 2
    moved = np.interp(np.arange(size) - offset, places, padded)
    np.testing.assert_allclose(shift(signal[None], [[offset]])[0], moved, atol=1e-12)
    stretched = np.interp((np.arange(size) - centre) / factor + centre, places, padded)
    np.testing.assert_allclose(stretch(signal[None], [[factor]])[0], stretched, atol=1e-12)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3, 4, -1])
@pytest.mark.parametrize("size", [5, 6])
def test_quarter_turns_are_exact_and_anticlockwise(quarters, size):
    x = images(2, size, size)
    np.testing.assert_allclose(rotate(x, 90 * quarters), np.rot90(x, quarters, axes=(1, 2)), atol=1e-12)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, 0), (0, -1), (-3, 2), (6, 0), (100, 100)])
def test_whole_shifts_move_pixels_to_the_bit(down, right):
    x = images()
    padded = np.pad(x, ((0, 0), (100, 100), (100, 100)))
    want = padded[:, 100 - down : 106 - down, 100 - right : 105 - right]
    np.testing.assert_array_equal(shift(x, [down, right]), want)


def test_doubling_the_width_of_a_bar():
    signal = np.array([[0.0, 0, 0, 1, 1, 1, 0, 0, 0]])
    np.testing.assert_allclose(stretch(signal, 2.0), [[0, 0.5, 1, 1, 1, 1, 1, 0.5, 0]])
    np.testing.assert_allclose(stretch(signal, 1.0), signal)


@given(degrees=st.floats(-180, 180), slopes=st.tuples(*[st.floats(-3, 3)] * 3))
def test_bilinear_interpolation_is_exact_on_planes(degrees, slopes):
    """An image a + b·row + c·column, turned, is that plane turned, wherever the old image reaches."""
    row, column = np.indices((9, 9)) - 4.0
    a, b, c = slopes
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    old_row, old_column = cos * row + sin * column, -sin * row + cos * column
    reached = (np.abs(old_row) <= 4) & (np.abs(old_column) <= 4)
    got = rotate((a + b * row + c * column)[None], degrees)[0]
    np.testing.assert_allclose(got[reached], (a + b * old_row + c * old_column)[reached], atol=1e-9)


def test_every_example_gets_its_own_parameters():
    x = images(3)
    degrees, offsets, factors = [0, 20, -75], [[0, 1], [2, -1], [0.5, 0]], [[1, 2], [0.5, 1], [1, 1]]
    for function, parameters in ((rotate, degrees), (shift, offsets), (stretch, factors)):
        together = function(x, parameters)
        alone = [function(x[[n]], parameters[n])[0] for n in range(3)]
        np.testing.assert_allclose(together, alone, atol=1e-15)


def test_wrong_parameters_and_shapes():
    with pytest.raises(ValueError, match=r"rotate wants images of shape \[N, H, W\], got \(3, 6\)"):
        rotate(np.ones((3, 6)), 10)
    with pytest.raises(ValueError, match="broadcast"):
        rotate(images(3), [1, 2])


# The random changes


@each_change
@each_dtype
@pytest.mark.parametrize("shape", [(4, 8, 8), (4, 8, 5), (4, 12), (0, 8, 8)])
def test_shape_and_dtype_stay_and_the_input_is_left_alone(change, dtype, shape):
    x = np.random.default_rng(0).uniform(size=shape).astype(dtype)
    kept = x.copy()
    if change is Rotate and len(shape) == 2:
        with pytest.raises(ValueError, match="rotate wants images"):
            change()(x)
        return
    y = change(rng=np.random.default_rng(1))(x)
    assert y.dtype == dtype
    assert y.shape == shape
    assert not np.shares_memory(x, y)
    np.testing.assert_array_equal(x, kept)


@each_change
def test_examples_and_calls_differ_and_a_generator_repeats_them(change):
    x = np.tile(images(1, 8, 8), (5, 1, 1))

    def calls(seed):
        augment = change(rng=np.random.default_rng(seed))
        return augment(x), augment(x)

    first, second = calls(1)
    assert len(np.unique(first, axis=0)) > 1
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(calls(1), (first, second))
    assert not np.array_equal(calls(2)[0], first)


@pytest.mark.parametrize("augment", [Rotate(0), Shift(0), Stretch(1), AddNoise(0)], ids=repr)
def test_the_smallest_amount_changes_nothing(augment):
    np.testing.assert_allclose(augment(images()), images(), atol=1e-15)


def test_rotate_draws_angles_evenly_up_to_its_limit():
    """The angle is read off a line of two dots; uniform on ±15: mean 0, standard deviation 15/√3, none outside."""
    n = 1000
    x = np.zeros((n, 41, 41))
    x[:, 20, 40] = 1  # right of the centre
    y = Rotate(15, rng=np.random.default_rng(0))(x)
    row, column = np.indices((41, 41)) - 20
    total = y.sum(axis=(1, 2))
    up, right = -(y * row).sum(axis=(1, 2)) / total, (y * column).sum(axis=(1, 2)) / total
    angles = np.rad2deg(np.arctan2(up, right))
    assert (np.abs(angles) < 15.2).all()  # the dot is read from a grid
    assert angles.max() > 14.5
    assert angles.min() < -14.5
    assert abs(angles.mean()) < 5 * 15 / np.sqrt(3 * n)
    np.testing.assert_allclose(angles.std(), 15 / np.sqrt(3), rtol=0.05)


def test_shift_draws_every_whole_number_up_to_its_limit():
    """Read off one dot: 25 places, each as often as the others within 5 standard deviations."""
    n = 10_000
    x = np.zeros((n, 9, 9))
    x[:, 4, 4] = 1
    y = Shift(2, rng=np.random.default_rng(0))(x)
    counts = y.sum(axis=0)
    assert set(np.unique(y)) == {0.0, 1.0}
    np.testing.assert_array_equal(counts[2:7, 2:7].sum(), n)
    assert (np.abs(counts[2:7, 2:7] - n / 25) < 5 * np.sqrt(n / 25)).all()


def test_stretch_is_even_between_wider_and_narrower():
    """Read off the width of a bar; ln factor is uniform on ±ln 1.5, for height and width on their own."""
    n = 1000
    x = np.zeros((n, 41, 41))
    x[:, 10:31, 10:31] = 1
    y = Stretch(1.5, rng=np.random.default_rng(0))(x)
    height, width = np.log(y[:, :, 20].sum(axis=1) / 21), np.log(y[:, 20, :].sum(axis=1) / 21)
    limit = np.log(1.5)
    for drawn in (height, width):
        assert (np.abs(drawn) < limit + 0.01).all()
        assert abs(drawn.mean()) < 5 * limit / np.sqrt(3 * n) + 0.002
        np.testing.assert_allclose(drawn.std(), limit / np.sqrt(3), rtol=0.05)
    assert abs(np.corrcoef(height, width)[0, 1]) < 5 / np.sqrt(n)


def test_noise_has_its_mean_and_standard_deviation():
    n, std = 100_000, 0.2
    noise = AddNoise(std, rng=np.random.default_rng(0))(np.ones((n // 100, 10, 10))) - 1
    assert abs(noise.mean()) < 5 * std / np.sqrt(n)
    np.testing.assert_allclose(noise.std(), std, rtol=5 / np.sqrt(2 * n))


@pytest.mark.parametrize(
    ("change", "amount"),
    [(Rotate, -1), (Shift, -1), (Stretch, 0.9), (AddNoise, -0.1), *((change, float("nan")) for change in CHANGES)],
)
def test_amounts_that_make_no_sense_are_refused(change, amount):
    with pytest.raises(ValueError, match=rf"{change.__name__}: {amount} is too small"):
        change(amount)


def test_other_errors():
    with pytest.raises(ValueError, match=r"Shift: 1\.5 is not a whole number"):
        Shift(1.5)
    for augment in (Rotate(), Shift(), Stretch(), AddNoise()):
        with pytest.raises(TypeError, match=r"floating-point numbers, got uint8: use x\.astype"):
            augment(np.ones((2, 8, 8), np.uint8))
        with pytest.raises(ValueError, match=r"images \[N, H, W\] or signals \[N, D\], got \(2, 8, 8, 3\)"):
            augment(np.ones((2, 8, 8, 3)))
