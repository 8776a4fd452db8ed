"""Softmax and log softmax: closed forms, invariances, and PyTorch at the extremes."""

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from tests.parity import DTYPES, TOLERANCE
from tipslib import pytorch
from tipslib.scratch.gradcheck import gradient_check
from tipslib.scratch.softmax import LogSoftmax, Softmax, log_softmax

each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
each_class = pytest.mark.parametrize("name", ["Softmax", "LogSoftmax"])
OURS = {"Softmax": Softmax, "LogSoftmax": LogSoftmax}


def scores(dtype=np.float64, bound=50.0):
    elements = st.floats(-bound, bound, width=8 * np.dtype(dtype).itemsize)
    return hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=3, max_side=5), elements=elements)


def both(name, z, dy, dim=-1):
    """(output, dz) of ours and of PyTorch's."""
    layer, leaf = OURS[name](dim), torch.tensor(z, requires_grad=True)
    output = getattr(pytorch, name)(dim)(leaf)
    output.backward(torch.tensor(dy))
    return (layer(z), layer.backward(dy)), (output.detach().numpy(), leaf.grad.numpy())


@each_dtype
@each_class
@given(data=st.data())
def test_parity_up_to_1e4(name, dtype, data):
    z = data.draw(scores(dtype, bound=1e4))
    dy = np.random.default_rng(z.size).standard_normal(z.shape).astype(dtype)
    for dim in range(-1, z.ndim):
        for got, want in zip(*both(name, z, dy, dim), strict=True):
            assert got.dtype == dtype
            np.testing.assert_allclose(got, want, *TOLERANCE[np.dtype(dtype)])


@each_dtype
@each_class
@pytest.mark.parametrize("largest", [1e4, 1e30])
@pytest.mark.parametrize("row", [(1, 1, 1), (-1, -1, -1), (1, -1, 0), (1, 1, -1), (0, 0, 1)])
def test_extremes(name, dtype, largest, row):
    """Equal scores of any size have equal shares: nothing cancels. Overflow warnings are errors here."""
    z, dy = largest * np.array([row], dtype), np.array([[1.0, -2.0, 0.5]], dtype)
    for got, want in zip(*both(name, z, dy), strict=True):
        np.testing.assert_allclose(got, want, *TOLERANCE[np.dtype(dtype)])


@each_dtype
def test_equal_scores_have_equal_shares(dtype):
    for z in (0, 1e4, -1e4, 1e30, -1e30):
        row = np.full((2, 3), z, dtype)
        np.testing.assert_allclose(LogSoftmax()(row), -np.log(3), rtol=1e-6 if dtype == np.float32 else 1e-15)


@each_class
def test_a_score_of_minus_infinity_is_a_class_ruled_out(name):
    z, dy = np.array([[-np.inf, 0.0, 1.0]]), np.array([[0.0, 1.0, -1.0]])
    for got, want in zip(*both(name, z, dy), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-14)


def test_example_of_the_lecture():
    """L "Softmax": z = 3, 1, -3 gives e^z ≈ 20, 2.7, 0.05 and y ≈ 0.88, 0.12, ≈ 0."""
    y = Softmax()(np.array([[3.0, 1.0, -3.0]]))
    np.testing.assert_allclose(y, [[0.88, 0.12, 0.0]], atol=0.005)


@given(z=scores(), shift=st.floats(-100, 100))
def test_probabilities(z, shift):
    """They are positive, sum to 1, keep the order, and do not change when all scores move alike."""
    y = Softmax()(z)
    assert (y > 0).all()
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-14)
    np.testing.assert_array_equal(y.max(axis=-1), np.take_along_axis(y, z.argmax(axis=-1)[..., None], -1)[..., 0])
    np.testing.assert_allclose(Softmax()(z + shift), y, rtol=1e-11)
    np.testing.assert_allclose(np.exp(log_softmax(z)), y, rtol=1e-12)


@given(z=scores())
def test_log_softmax_subtracts_log_sum_exp(z):
    want = z - torch.logsumexp(torch.tensor(z), dim=-1, keepdim=True).numpy()
    np.testing.assert_allclose(log_softmax(z), want, rtol=1e-12, atol=1e-12)


@each_class
@pytest.mark.parametrize("dim", [-1, 0, 1])
def test_gradient(name, dim):
    rng = np.random.default_rng(0)
    assert gradient_check(OURS[name](dim), rng.standard_normal((3, 4, 2)), rng=rng)["x"] < 1e-7


@given(z=scores(bound=5.0))
def test_gradient_against_the_shift_is_zero(z):
    """Moving all scores alike changes nothing, so the entries of dz sum to 0."""
    dy = np.random.default_rng(z.size).standard_normal(z.shape)
    for layer in (Softmax(), LogSoftmax()):
        layer(z)
        np.testing.assert_allclose(layer.backward(dy).sum(axis=-1), 0, atol=1e-12)


@each_class
def test_errors(name):
    with pytest.raises(RuntimeError, match=rf"{name}\(\).backward was called before forward"):
        OURS[name]().backward(np.ones((1, 2)))
    layer = OURS[name]()
    layer(np.ones((1, 2)))
    with pytest.raises(ValueError, match=rf"{name}\(\).*\(1, 3\).*\(1, 2\)"):
        layer.backward(np.ones((1, 3)))
    for z, got in ((np.array([[1, 2]]), "int64"), ([[1.0, 2.0]], "list"), (torch.ones(1, 2), "Tensor")):
        with pytest.raises(TypeError, match=rf"{name}\(\) wants a NumPy array of floats, got {got}"):
            layer(z)


def test_the_twins_are_pytorchs_own():
    assert pytorch.Softmax is torch.nn.Softmax
    assert pytorch.LogSoftmax is torch.nn.LogSoftmax
