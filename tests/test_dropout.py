"""Dropout: PyTorch's masks in both twins, all 2^n masks of a small net, statistics of many masks; hidden_width."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.fixed_random import Replay, Restarted
from tipslib.pytorch.dropout import Dropout as TorchDropout
from tipslib.scratch import Linear, ReLU, Sequential, gradient_check
from tipslib.scratch.dropout import Dropout, hidden_width

each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])
each_form = pytest.mark.parametrize("inverted", [True, False])
rates = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 1.0])


def with_mask(mask, p, inverted=True) -> Dropout:
    """A layer that will draw this mask."""
    return Dropout(p, inverted=inverted, rng=Replay(np.where(mask, p, p - 1e-6)))


def all_masks(n: int, p: float):
    """(mask, probability) of every way to keep or drop n units."""
    for kept in itertools.product([True, False], repeat=n):
        mask = np.array(kept)
        yield mask, np.prod(np.where(mask, 1 - p, p))


# PyTorch as the oracle


@each_dtype
@given(p=rates, shape=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple), seed=st.integers(0, 1000))
def test_the_same_mask_gives_the_same_output_and_gradient(dtype, p, shape, seed):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    a, da = rng.uniform(1, 2, shape).astype(dtype), rng.standard_normal(shape).astype(dtype)
    leaf = torch.tensor(a, requires_grad=True)
    module = TorchDropout(p)
    out = module(leaf)
    out.backward(torch.tensor(da))
    layer = with_mask(out.detach().numpy() != 0, p)
    for got, want in ((layer(a), out.detach()), (layer.backward(da), leaf.grad)):
        assert got.dtype == dtype
        np.testing.assert_allclose(got, want.numpy(), rtol=2 * np.finfo(dtype).eps)


@each_dtype
def test_testing_is_the_identity_in_both_twins(dtype):
    a = np.random.default_rng(0).standard_normal((3, 4)).astype(dtype)
    layer = Dropout(0.7).eval()
    np.testing.assert_array_equal(layer(a), a)
    np.testing.assert_array_equal(TorchDropout(0.7).eval()(torch.from_numpy(a)).numpy(), a)
    np.testing.assert_array_equal(layer.backward(2 * a), 2 * a)
    assert not np.shares_memory(layer(a), a)


@pytest.mark.parametrize("p", [-0.1, 1.1, 2, -1e-9, float("inf")])
def test_what_is_no_probability_is_refused_by_both_twins(p):
    with pytest.raises(ValueError, match="must be between 0 and 1"):
        Dropout(p)
    with pytest.raises(ValueError, match="between 0 and 1"):
        TorchDropout(p)


def test_nan_is_refused_and_other_options_too():
    with pytest.raises(ValueError, match="p is nan"):
        Dropout(float("nan"))
    for option in ({"inplace": True}, {"dtype": np.float64}):
        with pytest.raises(TypeError, match="unexpected keyword"):
            Dropout(0.5, **option)


# The two forms


@each_dtype
@each_form
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_training_and_testing_of_both_forms(dtype, inverted, p):
    """Kept units are divided by 1 - p in one form; all are multiplied by it at test time in the other."""
    a, da = np.array([[1.0, -2, 3, 4]], dtype), np.array([[5.0, 6, 7, 8]], dtype)
    mask = np.array([[True, False, True, False]]) if p == 0.3 else np.full((1, 4), p == 0)
    layer = with_mask(mask, p, inverted)
    scale = 1 / 0.7 if inverted and p == 0.3 else 1
    np.testing.assert_allclose(layer(a), np.where(mask, a * scale, 0), rtol=1e-6)
    np.testing.assert_allclose(layer.backward(da), np.where(mask, da * scale, 0), rtol=1e-6)
    np.testing.assert_array_equal(layer.mask, mask)

    factor = 1 if inverted else 1 - p
    layer.eval()
    np.testing.assert_allclose(layer(a), factor * a, rtol=1e-6)
    np.testing.assert_allclose(layer.backward(da), factor * da, rtol=1e-6)
    assert layer.mask
    assert layer(a).dtype == layer.backward(da).dtype == dtype


@pytest.mark.parametrize("training", [True, False])
def test_the_lectures_form_with_w_is_the_inverted_form_with_less_w(training):
    """(1 - p) W in the next layer, in training and in testing: the same outputs and the same input gradients."""
    rng, p = np.random.default_rng(0), 0.3
    a, dz = rng.standard_normal((5, 4)), rng.standard_normal((5, 2))
    lecture = Sequential(Dropout(p, inverted=False, rng=Restarted(1)), Linear(4, 2, rng=rng, dtype=np.float64))
    inverted = Sequential(Dropout(p, rng=Restarted(1)), Linear(4, 2, dtype=np.float64))
    inverted.load_state_dict(lecture.state_dict())
    inverted.params["1.weight"] *= 1 - p
    np.testing.assert_allclose(lecture.train(training)(a), inverted.train(training)(a), rtol=1e-12)
    np.testing.assert_allclose(lecture.backward(dz), inverted.backward(dz), rtol=1e-12)


def test_backward_after_a_testing_pass_is_that_of_testing():
    """What counts is the mode of the forward pass, not that of now."""
    layer = Dropout(0.5, rng=np.random.default_rng(0))
    layer(np.ones(8))
    layer.eval()(np.ones(8))
    np.testing.assert_array_equal(layer.train().backward(np.ones(8)), np.ones(8))


# Backward, only from on to on


def test_gradients_only_from_on_to_on():
    """Weights into and out of a dropped unit get the gradient 0, those between units that are on do not."""
    rng = np.random.default_rng(0)
    hidden = np.array([[True, False, True, False, True]])
    inputs = np.array([[True, True, False]])
    model = Sequential(
        with_mask(inputs, 0.5),
        Linear(3, 5, rng=rng, dtype=np.float64),
        with_mask(hidden, 0.5),
        Linear(5, 2, rng=rng, dtype=np.float64),
    )
    model(rng.standard_normal((1, 3)))
    dx = model.backward(rng.standard_normal((1, 2)))
    np.testing.assert_array_equal(model.grads["1.weight"] != 0, hidden.T & inputs)
    np.testing.assert_array_equal(model.grads["1.bias"] != 0, hidden[0])
    np.testing.assert_array_equal(model.grads["3.weight"] != 0, np.broadcast_to(hidden, (2, 5)))
    np.testing.assert_array_equal(dx != 0, inputs)


@each_form
def test_gradient_check_with_a_fixed_mask(inverted):
    rng = np.random.default_rng(0)
    model = Sequential(
        Linear(3, 4, rng=rng, dtype=np.float64),
        Dropout(0.4, inverted=inverted, rng=Restarted(3)),
        Linear(4, 2, rng=rng, dtype=np.float64),
    )
    errors = gradient_check(model, rng.standard_normal((5, 3)), rng=rng)
    assert max(errors.values()) < 1e-7, errors
    assert not model[1].mask.all()
    assert model[1].mask.any()


# The ensemble


def enumerate_outputs(p: float, inverted: bool, activation=None) -> tuple[np.ndarray, np.ndarray]:
    """(mean over all masks of the inputs, output at test time) of a layer with three examples."""
    rng = np.random.default_rng(0)
    x, linear = rng.standard_normal((3, 6)), Linear(6, 2, rng=rng, dtype=np.float64)

    def model(dropout):
        return Sequential(dropout, linear, *([activation] if activation else []))

    mean = np.zeros((3, 2))
    for mask, probability in all_masks(6, p):
        mean += probability * model(with_mask(np.tile(mask, (3, 1)), p, inverted))(x)
    return mean, model(Dropout(p, inverted=inverted)).eval()(x)


@each_form
@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
def test_exact_for_a_linear_layer(inverted, p):
    """The mean of all 2^6 thinned networks is the network at test time."""
    mean, at_test_time = enumerate_outputs(p, inverted)
    np.testing.assert_allclose(mean, at_test_time, rtol=1e-12)


@each_form
def test_only_approximate_through_a_nonlinearity(inverted):
    """Jensen: the mean of max(0, z) is at least max(0, mean of z), and here it is truly larger."""
    mean, at_test_time = enumerate_outputs(0.5, inverted, ReLU())
    assert (mean >= at_test_time - 1e-12).all()
    assert (mean - at_test_time).max() > 0.05


# The masks


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_share_of_kept_units(p):
    """Within 5 standard deviations of 1 - p; so is the mean output of its input."""
    layer, n = Dropout(p, rng=np.random.default_rng(0)), 100_000
    out = layer(np.ones(n))
    deviation = np.sqrt(p * (1 - p) / n)
    assert abs(layer.mask.mean() - (1 - p)) < 5 * deviation
    assert abs(out.mean() - 1) < 5 * deviation / (1 - p)


def test_units_examples_and_iterations_are_independent():
    """Correlations between neighbours in every direction vanish, within 5/√n."""
    layer = Dropout(0.5, rng=np.random.default_rng(0))
    masks = []
    for _ in range(200):
        layer(np.ones((20, 20)))
        masks.append(layer.mask - 0.5)
    masks = np.array(masks)
    for axis in range(3):
        one, other = masks.take(range(1, masks.shape[axis]), axis), masks.take(range(masks.shape[axis] - 1), axis)
        assert abs((one * other).mean() / 0.25) < 5 / np.sqrt(one.size)


def test_the_same_generator_gives_the_same_masks_and_another_one_others():
    def draws(seed):
        layer = Dropout(rng=np.random.default_rng(seed))
        return [layer(np.ones(50)).tolist() for _ in range(2)]

    assert draws(1) == draws(1)
    assert draws(1) != draws(2)
    first, second = draws(1)
    assert first != second
    assert Dropout()(np.ones(50)).tolist() != Dropout()(np.ones(50)).tolist()


def test_input_stays_unchanged_and_whole_numbers_are_not_rounded():
    a = np.full(20, 3)
    layer = Dropout(0.4, rng=np.random.default_rng(0))
    np.testing.assert_allclose(layer(a), np.where(layer.mask, 5.0, 0.0))
    np.testing.assert_array_equal(a, 3)


@each_dtype
def test_a_numpy_scalar_as_p_keeps_the_dtype(dtype):
    for training, inverted in itertools.product([True, False], repeat=2):
        layer = Dropout(np.float64(0.3), inverted=inverted).train(training)
        assert layer(np.ones(4, dtype)).dtype == layer.backward(np.ones(4, dtype)).dtype == dtype


def test_backward_before_forward():
    with pytest.raises(RuntimeError, match=r"Dropout\(p=0.5\).backward was called before forward"):
        Dropout().backward(np.ones(3))


# hidden_width


@given(n=st.integers(0, 10**6), thousandths=st.integers(0, 999))
def test_hidden_width_is_exact(n, thousandths):
    """⌈1000 n / (1000 - k)⌉ in whole numbers, for p = k/1000 given as a float."""
    assert hidden_width(n, thousandths / 1000) == -(-1000 * n // (1000 - thousandths))


@pytest.mark.parametrize(("n", "p", "width"), [(100, 0.5, 200), (9, 0.1, 10), (1, 0.9, 10), (7, 0, 7)])
def test_hidden_width_of_the_lecture(n, p, width):
    assert hidden_width(n, p) == hidden_width(np.int64(n), np.float64(p)) == width


@pytest.mark.parametrize(("n", "p"), [(10, 1), (10, -0.1), (10, float("nan")), (-1, 0.5)])
def test_hidden_width_refuses(n, p):
    with pytest.raises(ValueError, match="hidden_width wants n ≥ 0 and 0 ≤ p < 1"):
        hidden_width(n, p)
