"""Divergences: closed forms, inequalities, and PyTorch also at 0, 1 and nothing at all."""

import math

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from tests.parity import DTYPES, TOLERANCE, distributions, labels
from tests.parity_more import fractions, log_distributions, sparse_distributions
from tipslib import pytorch
from tipslib.scratch.activations import Sigmoid
from tipslib.scratch.divergences import BCELoss, KLDivLoss, NLLLoss, l2_divergence, one_hot
from tipslib.scratch.gradcheck import numerical_gradient
from tipslib.scratch.losses import CrossEntropyLoss, MSELoss
from tipslib.scratch.softmax import LogSoftmax, Softmax

each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
# PyTorch warns that the mean over all entries is not the divergence; so does our docstring.
pytestmark = pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss:UserWarning")

OURS = {"NLLLoss": NLLLoss, "KLDivLoss": KLDivLoss, "BCELoss": BCELoss}
MATRICES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=5)
LOSSES = [
    ("NLLLoss", {}, labels),
    ("NLLLoss", {"reduction": "sum"}, labels),
    ("KLDivLoss", {}, sparse_distributions),
    ("KLDivLoss", {"reduction": "sum"}, sparse_distributions),
    ("KLDivLoss", {"reduction": "batchmean"}, distributions),
    ("KLDivLoss", {"reduction": "mean", "log_target": True}, log_distributions),
    ("KLDivLoss", {"reduction": "batchmean", "log_target": True}, log_distributions),
    ("BCELoss", {}, fractions),
    ("BCELoss", {"reduction": "sum"}, fractions),
]
each_loss = pytest.mark.parametrize(("name", "kwargs", "draw"), LOSSES)
seeds = st.integers(0, 2**32 - 1)


def compare(name, kwargs, x, target):
    loss, leaf = OURS[name](**kwargs), torch.tensor(x, requires_grad=True)
    cost = getattr(pytorch, name)(**kwargs)(leaf, torch.tensor(target))
    cost.backward()
    got = loss(x, target)
    assert type(got) is float
    assert loss.backward().dtype == x.dtype
    np.testing.assert_allclose(got, cost.item(), *TOLERANCE[x.dtype])
    np.testing.assert_allclose(loss.backward(), leaf.grad.numpy(), *TOLERANCE[x.dtype])


@each_dtype
@each_loss
@given(data=st.data(), seed=seeds)
def test_parity(name, kwargs, draw, dtype, data, seed):
    """Probabilities of exactly 0 and 1 and denormal ones, log probabilities down to -1e4."""
    low, high = (0, 1) if name == "BCELoss" else (-1e4, 0)
    elements = st.floats(low, high, width=8 * np.dtype(dtype).itemsize)
    x = data.draw(hnp.arrays(dtype, MATRICES, elements=elements))
    compare(name, kwargs, x, draw(np.random.default_rng(seed), x.shape, dtype))


@each_dtype
@each_loss
def test_empty_batch(name, kwargs, draw, dtype):
    """PyTorch: nan for a mean over nothing, 0 for a sum."""
    x = np.zeros((0, 3), dtype)
    compare(name, kwargs, x, draw(np.random.default_rng(0), x.shape, dtype))


@each_loss
def test_gradient(name, kwargs, draw):
    rng = np.random.default_rng(1)
    x = rng.uniform(0.1, 0.9, (4, 3)) if name == "BCELoss" else np.log(distributions(rng, (4, 3), float))
    loss, target = OURS[name](**kwargs), draw(rng, x.shape, np.float64)
    loss(x, target)
    numeric = numerical_gradient(lambda x: OURS[name](**kwargs)(x, target), x)
    np.testing.assert_allclose(loss.backward(), numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["KLDivLoss", "BCELoss"])
@pytest.mark.parametrize("target_dtype", [np.float64, np.int64])
def test_gradient_keeps_the_dtype_of_the_input(name, target_dtype):
    """One-hot rows are int64, and data often float64."""
    x, loss = np.full((2, 3), 0.5, np.float32), OURS[name]()
    loss(x, one_hot(np.array([0, 2]), 3).astype(target_dtype))
    assert loss.backward().dtype == np.float32


@pytest.mark.parametrize("name", OURS)
def test_errors_of_all(name):
    with pytest.raises(ValueError, match=f"{name}: reduction is 'none', must be one of"):
        OURS[name]("none")
    with pytest.raises(RuntimeError, match=f"{name}.backward was called before"):
        OURS[name]().backward()
    with pytest.raises(ValueError, match=rf"{name} wants .*\(2, 3\).*\(2, 2\)"):
        OURS[name]()(np.full((2, 3), 0.5), np.ones((2, 2)))
    with pytest.raises(TypeError, match=f"{name} wants a NumPy array, got list"):
        OURS[name]()([0.5], np.ones(1))


def test_targets_may_be_lists():
    assert BCELoss()(np.array([0.5]), [1]) == pytest.approx(math.log(2), rel=1e-14)
    assert KLDivLoss()(np.log([[0.5, 0.5]]), [[0.5, 0.5]]) == 0
    assert NLLLoss()(np.log([[0.5, 0.5]]), [1]) == pytest.approx(math.log(2), rel=1e-14)


# L2


@given(data=st.data(), seed=seeds)
def test_l2(data, seed):
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=4))
    rng = np.random.default_rng(seed)
    y, target = rng.standard_normal(shape), rng.standard_normal(shape)
    cost, gradient = l2_divergence(y, target)
    assert cost == pytest.approx(0.5 * ((y - target) ** 2).sum(), rel=1e-13)
    np.testing.assert_array_equal(gradient, y - target)
    loss = MSELoss()
    assert cost == pytest.approx(loss(y, target) * y.size / 2, rel=1e-13)
    np.testing.assert_allclose(gradient, loss.backward() * y.size / 2, rtol=1e-13)


def test_l2_behind_a_sigmoid_propagates_the_error():
    """C "A note on derivatives": the pre-activation derivative is (y - d) σ'(z)."""
    z, d, sigmoid = np.array([[-1.0, 0.0, 2.0]]), np.array([[0.0, 1.0, 1.0]]), Sigmoid()
    _, dy = l2_divergence(sigmoid(z), d)
    numeric = numerical_gradient(lambda z: l2_divergence(Sigmoid()(z), d)[0], z)
    np.testing.assert_allclose(sigmoid.backward(dy), numeric, rtol=1e-8)


def test_l2_refuses_to_broadcast():
    with pytest.raises(ValueError, match=r"l2_divergence wants equal shapes, got \(3, 1\) and \(3,\)"):
        l2_divergence(np.ones((3, 1)), np.ones(3))


# One-hot


@given(r=hnp.arrays(np.int64, hnp.array_shapes(min_dims=0, max_dims=3, max_side=4), elements=st.integers(0, 6)))
def test_one_hot(r):
    for classes in (-1, 7, 9):
        want = torch.nn.functional.one_hot(torch.tensor(r), classes).numpy()
        got = one_hot(r, classes)
        assert got.dtype == np.int64
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32])
def test_one_hot_takes_any_integers(dtype):
    np.testing.assert_array_equal(one_hot(np.array([2, 0], dtype)), [[0, 0, 1], [1, 0, 0]])


def test_one_hot_of_no_labels():
    assert one_hot(np.zeros(0, int), 3).shape == (0, 3)
    with pytest.raises(ValueError, match="give num_classes"):
        one_hot(np.zeros(0, int))


@pytest.mark.parametrize(
    ("r", "classes", "error", "message"),
    [
        ([0, 3], 3, ValueError, r"one_hot: label 3 is outside 0\.\.2"),
        ([0, -1], 3, ValueError, r"label -1 is outside"),
        ([0, -1], -1, ValueError, r"label -1 is outside"),
        ([0], 0, ValueError, r"label 0 is outside"),
        ([0.0, 1.0], 3, TypeError, "one_hot wants integer labels, got float64"),
        ([0.0, 1.0], -1, TypeError, "one_hot wants integer labels, got float64"),
        ([True], 3, TypeError, "got bool"),
    ],
)
def test_one_hot_errors(r, classes, error, message):
    with pytest.raises(error, match=message):
        one_hot(np.array(r), classes)


# Negative log likelihood


@each_dtype
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@given(data=st.data(), seed=seeds)
def test_nll_of_log_softmax_is_cross_entropy(dtype, reduction, data, seed):
    elements = st.floats(-50, 50, width=8 * np.dtype(dtype).itemsize)
    z = data.draw(hnp.arrays(dtype, MATRICES, elements=elements))
    r = labels(np.random.default_rng(seed), z.shape, dtype)
    head, loss, whole = LogSoftmax(), NLLLoss(reduction), CrossEntropyLoss(reduction)
    np.testing.assert_allclose(loss(head(z), r), whole(z, r), *TOLERANCE[z.dtype])
    np.testing.assert_allclose(head.backward(loss.backward()), whole.backward(), *TOLERANCE[z.dtype])


def test_nll_of_an_impossible_class_is_infinite():
    compare("NLLLoss", {}, np.array([[-np.inf, 0.0]]), np.array([0]))


def test_nll_errors():
    with pytest.raises(TypeError, match="NLLLoss wants integer labels, got float64"):
        NLLLoss()(np.zeros((1, 2)), np.zeros(1))
    with pytest.raises(ValueError, match=r"NLLLoss: label 2 is outside 0\.\.1"):
        NLLLoss()(np.zeros((1, 2)), np.array([2]))


# Kullback-Leibler


@given(shape=MATRICES, seed=seeds)
def test_kl_is_a_divergence(shape, seed):
    """It is Σ d log(d/y), above 0, and 0 where d = y; with d one-hot it is the cross entropy; d = 0 adds nothing."""
    rng = np.random.default_rng(seed)
    y, d, sparse = (draw(rng, shape, np.float64) for draw in (distributions, distributions, sparse_distributions))
    kl = KLDivLoss("batchmean")
    assert kl(np.log(y), d) == pytest.approx((d * np.log(d / y)).sum() / len(d), rel=1e-9, abs=1e-12)
    assert kl(np.log(y), sparse) >= -1e-12
    assert kl(np.log(d), d) == pytest.approx(0, abs=1e-14)
    r = labels(rng, shape, np.float64)
    assert kl(np.log(y), one_hot(r, shape[1])) == pytest.approx(NLLLoss()(np.log(y), r), rel=1e-12, abs=1e-15)
    terms = [p * math.log(p / q) for p, q in zip(sparse.flat, y.flat, strict=True) if p > 0]
    assert kl(np.log(y), sparse) == pytest.approx(sum(terms) / len(d), rel=1e-9, abs=1e-12)


def test_kl_reductions():
    rng = np.random.default_rng(0)
    x, d = np.log(distributions(rng, (4, 5), float)), distributions(rng, (4, 5), float)
    total = KLDivLoss("sum")(x, d)
    assert KLDivLoss("batchmean")(x, d) == pytest.approx(total / 4, rel=1e-14)
    assert KLDivLoss()(x, d) == pytest.approx(total / 20, rel=1e-14)
    assert KLDivLoss("sum", log_target=True)(x, np.log(d)) == pytest.approx(total, rel=1e-12)


def test_kl_behind_softmax_is_y_minus_d():
    z, d, head, kl = np.array([[1.0, -2.0, 0.5]]), np.array([[0.2, 0.0, 0.8]]), LogSoftmax(), KLDivLoss("sum")
    kl(head(z), d)
    np.testing.assert_allclose(head.backward(kl.backward()), Softmax()(z) - d, rtol=1e-14)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_zero_times_infinity_is_nan_as_in_pytorch():
    compare("KLDivLoss", {"reduction": "sum"}, np.array([[-np.inf, 0.0]]), np.array([[0.0, 1.0]]))
    assert math.isnan(KLDivLoss()(np.array([[-np.inf, 0.0]]), np.array([[0.0, 1.0]])))


def test_kl_refuses_negative_probabilities():
    with pytest.raises(ValueError, match=r"KLDivLoss: a target probability is -0\.5, must be 0 or more"):
        KLDivLoss()(np.zeros((1, 2)), np.array([[-0.5, 1.5]]))


# Binary cross entropy


@each_dtype
def test_bce_at_zero_and_one(dtype):
    """log 0 counts as -100, and y(1 - y) as 1e-12 at least: all of it finite, and PyTorch's."""
    x = np.array([[0, 1, 0, 1, 0, 1, 0.5]], dtype)
    d = np.array([[0, 1, 1, 0, 0.3, 0.3, 1]], dtype)
    compare("BCELoss", {"reduction": "sum"}, x, d)
    assert BCELoss()(x[:, 2:4], d[:, 2:4]) == 100
    assert BCELoss()(x[:, :2], d[:, :2]) == 0
    assert BCELoss()(np.array([1e-10], dtype), np.zeros(1, dtype)) == pytest.approx(1e-10, rel=1e-6)  # not 1 - y


@given(seed=seeds)
def test_bce_behind_a_sigmoid_is_y_minus_d(seed):
    rng = np.random.default_rng(seed)
    z, sigmoid, bce = 3 * rng.standard_normal((4, 3)), Sigmoid(), BCELoss("sum")
    d = fractions(rng, z.shape, np.float64)
    bce(sigmoid(z), d)
    np.testing.assert_allclose(sigmoid.backward(bce.backward()), sigmoid(z) - d, rtol=1e-9, atol=1e-12)


@given(seed=seeds)
def test_bce_is_cross_entropy_of_two_classes_and_symmetric(seed):
    rng = np.random.default_rng(seed)
    z = 3 * rng.standard_normal((5, 2))
    r = rng.integers(2, size=5)
    y = Softmax()(z)[:, 1]
    assert BCELoss()(y, r) == pytest.approx(CrossEntropyLoss()(z, r), rel=1e-9)
    assert BCELoss()(1 - y, 1 - r) == pytest.approx(BCELoss()(y, r), rel=1e-9)


@pytest.mark.parametrize("bad", [-0.01, 1.01, np.nan])
def test_bce_wants_probabilities(bad):
    with pytest.raises(ValueError, match=r"BCELoss wants probabilities, got values from .* add a Sigmoid"):
        BCELoss()(np.array([bad, 0.5]), np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="BCELoss wants targets from 0 to 1"):
        BCELoss()(np.array([0.5, 0.5]), np.array([bad, 1.0]))


def test_the_twins_are_pytorchs_own():
    assert pytorch.NLLLoss is torch.nn.NLLLoss
    assert pytorch.KLDivLoss is torch.nn.KLDivLoss
    assert pytorch.BCELoss is torch.nn.BCELoss
    assert pytorch.one_hot is torch.nn.functional.one_hot
