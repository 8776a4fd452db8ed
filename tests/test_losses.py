"""Losses: closed forms, gradients by central differences, and errors."""

import math
import re

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from tests.cases import LOSSES
from tipslib import scratch
from tipslib.scratch import CrossEntropyLoss, MSELoss, numerical_gradient, relative_error

each_loss = pytest.mark.parametrize("case", LOSSES, ids=str)
logits = hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.floats(-5, 5))


@each_loss
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_gradient_is_the_derivative(case, data, seed):
    x = data.draw(case.inputs(np.float64, bound=3))
    target = case.target(np.random.default_rng(seed), x.shape, np.float64)
    loss, _ = case.twins()
    loss(x, target)
    gradient = loss.backward()
    # The cost is of order 10 and h = 1e-5: rounding leaves about 1e-10 of error in each difference.
    np.testing.assert_allclose(gradient, numerical_gradient(lambda x: loss(x, target), x), rtol=1e-7, atol=1e-8)


def test_mse_by_hand():
    y, y_hat = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[1.0, 0.0], [0.0, 4.0]])
    for reduction, scale in (("mean", 1 / 4), ("sum", 1)):
        loss = MSELoss(reduction)
        assert loss(y, y_hat) == 14 * scale
        np.testing.assert_array_equal(loss.backward(), 2 * scale * (y - y_hat))


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_uniform_scores_cost_log_of_the_number_of_classes(classes):
    loss = CrossEntropyLoss()
    assert loss(np.full((3, classes), 7.0), np.array([0, 1, classes - 1])) == pytest.approx(
        math.log(classes), rel=1e-14
    )


@given(z=logits, seed=st.integers(0, 2**32 - 1))
def test_error_signal_of_cross_entropy_is_y_minus_one_hot(z, seed):
    """δ_r = y_r - 1, δ_i = y_i: divided by N for the mean."""
    n, classes = z.shape
    r = np.random.default_rng(seed).integers(classes, size=n)
    loss = CrossEntropyLoss(reduction="sum")
    cost = loss(z, r)
    y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(loss.backward(), y - np.eye(classes)[r], rtol=1e-12, atol=1e-15)
    assert cost == pytest.approx(-np.log(y[np.arange(n), r]).sum(), rel=1e-12, abs=1e-14)


@given(z=logits, seed=st.integers(0, 2**32 - 1), eps=st.floats(0, 1))
def test_label_smoothing_is_a_mixture_of_targets(z, seed, eps):
    n, classes = z.shape
    r = np.random.default_rng(seed).integers(classes, size=n)
    smooth, plain = CrossEntropyLoss(label_smoothing=eps), CrossEntropyLoss()
    target = (1 - eps) * np.eye(classes)[r] + eps / classes
    assert smooth(z, r) == pytest.approx(plain(z, target), rel=1e-12, abs=1e-14)
    np.testing.assert_allclose(smooth.backward(), plain.backward(), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_sure_mistake_costs_what_it_should(dtype):
    """Behind a separate softmax the probability would round to 0 and the logarithm to -inf."""
    assert CrossEntropyLoss()(np.array([[1e4, 0]], dtype), np.array([1])) == 1e4


def test_a_masked_class_costs_nothing():
    z, r = np.array([[0.0, -np.inf, 0.0]]), np.array([2])
    assert torch.nn.CrossEntropyLoss()(torch.tensor(z), torch.tensor(r)).item() == pytest.approx(math.log(2))
    assert CrossEntropyLoss()(z, r) == pytest.approx(math.log(2))


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.int64])
def test_labels_of_any_integer_type(kind):
    z = np.random.default_rng(0).standard_normal((3, 4))
    labels = np.array([0, 3, 1])
    assert CrossEntropyLoss()(z, labels.astype(kind)) == CrossEntropyLoss()(z, labels)


# Errors


@each_loss
def test_backward_before_forward(case):
    loss, _ = case.twins()
    with pytest.raises(RuntimeError, match=re.escape(f"{case.name}.backward was called before loss(input, target)")):
        loss.backward()


@pytest.mark.parametrize("name", sorted({case.name for case in LOSSES}))
def test_unknown_reduction_and_unknown_options(name):
    with pytest.raises(ValueError, match=rf"{name}: reduction is 'none', must be one of \('mean', 'sum'"):
        getattr(scratch, name)(reduction="none")
    with pytest.raises(TypeError, match="size_average"):
        getattr(scratch, name)(size_average=True)


@pytest.mark.parametrize("shape", [(3, 1), (2,), (3,), (3, 2, 1), ()])
def test_mse_does_not_broadcast(shape):
    message = f"MSELoss wants equal shapes, got input (3, 2) and target {shape}"
    with pytest.raises(ValueError, match=re.escape(message)):
        MSELoss()(np.zeros((3, 2)), np.zeros(shape))


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 3], ValueError, r"CrossEntropyLoss: label 3 is outside 0\.\.2"),
        ([-1, 0], ValueError, r"CrossEntropyLoss: label -1 is outside 0\.\.2"),
        ([0.0, 1.0], TypeError, "CrossEntropyLoss wants integer labels, got float64"),
        ([True, False], TypeError, "CrossEntropyLoss wants integer labels, got bool"),
        ([0, 1, 2], ValueError, r"logits \(2, 3\) want labels \(2,\) or \(2, 3\), got \(3,\)"),
        ([[0], [1]], ValueError, r"logits \(2, 3\) want labels \(2,\) or \(2, 3\), got \(2, 1\)"),
        (0, ValueError, r"logits \(2, 3\) want labels \(2,\) or \(2, 3\), got \(\)"),
    ],
    ids=str,
)
def test_bad_labels(labels, error, message):
    with pytest.raises(error, match=message):
        CrossEntropyLoss()(np.zeros((2, 3)), np.array(labels))


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), ()])
def test_logits_are_a_matrix(shape):
    with pytest.raises(ValueError, match=re.escape(f"CrossEntropyLoss wants logits of shape [N, K], got {shape}")):
        CrossEntropyLoss()(np.zeros(shape), np.array([0, 0]))


@pytest.mark.parametrize("eps", [-0.1, 1.1, float("nan")])
def test_label_smoothing_is_a_share(eps):
    with pytest.raises(ValueError, match=f"label_smoothing is {eps}, must be between 0 and 1"):
        CrossEntropyLoss(label_smoothing=eps)


@pytest.mark.parametrize("name", sorted({case.name for case in LOSSES}))
def test_input_is_an_array(name):
    with pytest.raises(TypeError, match=f"{name} wants a NumPy array, got list"):
        getattr(scratch, name)()([[1.0, 2.0]], np.array([[0.0, 1.0]]))


def test_a_failed_call_does_not_leave_a_wrong_gradient():
    loss, z = CrossEntropyLoss(), np.zeros((2, 3))
    loss(z, np.array([0, 1]))
    before = loss.backward().copy()
    with pytest.raises(ValueError, match="outside"):
        loss(z + 1, np.array([0, 3]))
    np.testing.assert_array_equal(loss.backward(), before)


def test_relative_error_of_a_gradient_in_float32_is_small():
    """The loss works in the dtype of its input; float64 is the reference."""
    z, r = np.random.default_rng(0).standard_normal((20, 10)), np.arange(20) % 10
    single, double = CrossEntropyLoss(), CrossEntropyLoss()
    assert single(z.astype(np.float32), r) == pytest.approx(double(z, r), rel=1e-6)
    assert single.backward().dtype == np.float32
    assert relative_error(single.backward(), double.backward()) < 1e-5
