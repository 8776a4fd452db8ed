"""Gradient checking: the checker itself, then every layer with it, then PyTorch's on our own modules."""

import re

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import assume, given

from tests.cases import LAYERS
from tests.parity import run
from tipslib import pytorch
from tipslib.scratch import Linear, ReLU, Sigmoid, gradient_check, numerical_gradient, relative_error

H = 1e-5
seeds = st.integers(0, 2**32 - 1)


# The checker


def test_numerical_gradient_in_closed_form():
    """Central differences are exact for x² up to rounding, and off by h² for x³."""
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    np.testing.assert_allclose(numerical_gradient(lambda x: float((x * x).sum()), x), 2 * x, atol=1e-10)
    cubes = numerical_gradient(lambda x: float((x**3).sum()), x, h=0.1)
    np.testing.assert_allclose(cubes - 3 * x**2, 0.1**2, rtol=1e-10)


def test_numerical_gradient_of_a_single_number_and_of_nothing():
    assert numerical_gradient(lambda x: float(x**2), np.array(3.0)) == pytest.approx(6)
    assert numerical_gradient(lambda x: 1.0, np.zeros((0, 2))).shape == (0, 2)


def test_numerical_gradient_leaves_x_unchanged_to_the_last_bit():
    x = np.random.default_rng(0).standard_normal((3, 4)) * 1e3
    before = x.copy()
    numerical_gradient(lambda x: float(x.sum()), x)
    np.testing.assert_array_equal(x, before)


def test_numerical_gradient_works_on_views():
    base = np.arange(12.0).reshape(3, 4)
    x = base.T[::2]
    np.testing.assert_allclose(numerical_gradient(lambda x: float((x * x).sum()), x), 2 * x, atol=1e-8)


def test_at_a_kink_it_is_the_mean_of_both_slopes():
    assert numerical_gradient(lambda x: float(np.abs(x).sum()), np.zeros(1)) == 0
    assert numerical_gradient(lambda x: float(np.maximum(x, 0).sum()), np.zeros(1)) == pytest.approx(0.5)


@pytest.mark.parametrize("x", [np.ones(2, np.float32), np.ones(2, int), [1.0]], ids=["float32", "int64", "list"])
def test_numerical_gradient_wants_float64(x):
    with pytest.raises(TypeError, match=r"numerical_gradient wants a float64 array, got (float32|int64|list)"):
        numerical_gradient(lambda x: 0.0, x)


@pytest.mark.parametrize(
    ("a", "b", "want"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0),
        ([1.0], [3.0], 0.5),
        ([1.0], [-1.0], 1),
        ([0.0], [0.0], 0),
        ([1.0, 5.0], [1.0, 0.0], 1),
        ([1e-20], [0.0], 1e-8),  # the denominator is never below 1e-12
        ([], [], 0),
    ],
)
def test_relative_error_in_closed_form(a, b, want):
    error = relative_error(np.array(a), np.array(b))
    assert type(error) is float
    assert error == pytest.approx(want, rel=1e-12, abs=0)


def test_relative_error_of_nan_is_no_pass():
    assert not relative_error(np.array([1.0, np.nan]), np.array([1.0, 1.0])) < 1e-2


def test_relative_error_wants_equal_shapes():
    with pytest.raises(ValueError, match=re.escape("relative_error wants equal shapes, got (2,) and (2, 1)")):
        relative_error(np.ones(2), np.ones((2, 1)))


class WrongInput(Sigmoid):
    def slope(self, z, a):
        return a * (1 + a)


class NoBatchSum(Linear):
    def backward(self, dz):
        dx = super().backward(dz)
        self.grads["bias"] = dz[0]
        return dx


class HalfWeight(Linear):
    def backward(self, dz):
        dx = super().backward(dz)
        self.grads["weight"] /= 2
        return dx


@pytest.mark.parametrize(
    ("layer", "wrong"),
    [
        (WrongInput(), "x"),
        (NoBatchSum(3, 2, dtype=np.float64), "bias"),
        (HalfWeight(3, 2, dtype=np.float64), "weight"),
    ],
    ids=["input", "bias", "weight"],
)
def test_planted_mistakes_are_found_where_they_are(layer, wrong):
    rng = np.random.default_rng(0)
    errors = gradient_check(layer, rng.standard_normal((4, 3)), rng=rng)
    assert set(errors) == {"x", *layer.params}
    assert errors.pop(wrong) > 1e-2
    assert all(error < 1e-7 for error in errors.values())


def test_gradient_check_at_a_kink_warns_by_a_large_error():
    assert gradient_check(ReLU(), np.zeros((1, 1)), rng=np.random.default_rng(0))["x"] == pytest.approx(1)


def test_gradient_check_leaves_everything_as_it_was():
    rng = np.random.default_rng(0)
    layer, x = Linear(3, 2, rng=rng, dtype=np.float64), rng.standard_normal((4, 3))
    before = {"x": x.copy(), **layer.state_dict()}
    gradient_check(layer, x, rng=rng)
    for name, array in {"x": x, **layer.params}.items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)


@pytest.mark.parametrize("layer", [Linear(3, 2), Sigmoid()], ids=str)
def test_gradient_check_wants_float64(layer):
    with pytest.raises(TypeError, match="float32"):
        gradient_check(layer, np.ones((1, 3), np.float32), rng=np.random.default_rng(0))


# Every layer


# Batch norm wants chosen inputs: tests/test_batchnorm.py checks its gradients.
@pytest.mark.parametrize("case", [case for case in LAYERS if case.name != "BatchNorm1d"], ids=str)
@given(data=st.data(), seed=seeds)
def test_layer(case, data, seed):
    """Away from kinks, so that no difference straddles one, and where no gradient drowns in rounding."""
    layer = case.ours(rng=np.random.default_rng(seed + 1))
    x = np.random.default_rng(seed + 2).standard_normal(data.draw(case.shapes))
    assume(case.kink(layer, x) > 100 * H)
    dy = np.random.default_rng(seed).standard_normal(layer(x).shape)  # what gradient_check will draw
    # Differences of a cost of order 10 carry about 1e-10 of rounding.
    _, *gradients = run(layer, x, dy).values()
    assume(all(np.abs(gradient[gradient != 0]).min(initial=1) > 1e-4 for gradient in gradients))
    errors = gradient_check(layer, x, H, rng=np.random.default_rng(seed))
    assert max(errors.values()) < 1e-5, errors


# PyTorch's gradcheck on the modules that PyTorch does not have

OWN = [case for case in LAYERS if getattr(pytorch, case.name).__module__.startswith("tipslib")]


def test_the_own_modules_are_among_the_cases():
    assert {case.name for case in OWN} >= {"Abs", "Maxout", "Sign"}


@pytest.mark.parametrize("case", OWN, ids=str)
@given(seed=seeds)
def test_module(case, seed):
    layer, module = case.twins(rng=np.random.default_rng(seed))
    x = case.batch(seed=seed)
    assume(case.kink(layer, x) > 100 * H)
    inputs = (torch.tensor(x, requires_grad=True), *module.parameters())
    assert pytorch.gradcheck(lambda x, *_: module(x), inputs)
