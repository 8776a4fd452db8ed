"""Layers and activations: closed forms, errors, and how a Sequential shares the parameters of its layers."""

import math
import re

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from tests.cases import LAYERS
from tests.parity import MLP, NESTED
from tipslib import scratch
from tipslib.scratch import (
    ELU,
    Abs,
    LeakyReLU,
    Linear,
    Maxout,
    PReLU,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
    dead_units,
)

each_layer = pytest.mark.parametrize("case", LAYERS, ids=str)
numbers = st.floats(-50, 50)


def value_and_slope(layer, z: float) -> tuple[float, float]:
    value = layer(np.array([z]))
    return value.item(), layer.backward(np.ones(1)).item()


# Closed forms


@pytest.mark.parametrize("z", [-10.0, 0.0, 10.0])
def test_sigmoid_and_tanh_at_the_lecture_s_points(z):
    sigmoid = 1 / (1 + math.exp(-z))
    assert value_and_slope(Sigmoid(), z) == pytest.approx((sigmoid, sigmoid / (1 + math.exp(z))), rel=1e-10, abs=0)
    assert value_and_slope(Tanh(), z) == pytest.approx((math.tanh(z), 1 / math.cosh(z) ** 2), rel=1e-6, abs=0)


@pytest.mark.parametrize(
    ("layer", "z", "want"),
    [
        (ReLU(), -10.0, (0, 0)),
        (ReLU(), 0.0, (0, 0)),
        (ReLU(), 10.0, (10, 1)),
        (LeakyReLU(), -10.0, (-0.1, 0.01)),
        (LeakyReLU(), 0.0, (0, 0.01)),
        (LeakyReLU(0.1), 10.0, (10, 1)),
        (PReLU(dtype=np.float64), -4.0, (-1, 0.25)),
        (ELU(2.0), -1.0, (2 * math.expm1(-1), 2 * math.exp(-1))),
        (ELU(2.0), 0.0, (0, 2)),
        (Abs(), -3.0, (3, -1)),
        (Abs(), 0.0, (0, 0)),
        (scratch.Sign(), -3.0, (-1, 0)),
        (scratch.Identity(), -3.0, (-3, 1)),
        (Softplus(), 0.0, (math.log(2), 0.5)),
        (Softplus(2.0), 1.0, (math.log1p(math.exp(2)) / 2, 1 / (1 + math.exp(-2)))),
        (Softplus(), 25.0, (25, 1)),
    ],
    ids=str,
)
def test_activation_in_closed_form(layer, z, want):
    assert value_and_slope(layer, z) == pytest.approx(want, rel=1e-14, abs=0)


@given(numbers)
def test_slope_of_sigmoid_is_at_most_a_quarter(z):
    value, slope = value_and_slope(Sigmoid(), z)
    assert 0 <= value <= 1
    assert 0 <= slope <= 1 / 4


@given(numbers)
def test_sigmoid_is_symmetric(z):
    assert value_and_slope(Sigmoid(), z)[0] + value_and_slope(Sigmoid(), -z)[0] == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(("dtype", "z"), [(np.float64, -30.0), (np.float64, -100.0), (np.float32, -20.0)])
def test_elu_does_not_die(dtype, z):
    """The slope far left is small, but relative to e^z it is right."""
    layer = ELU()
    layer(np.array([z], dtype))
    slope = layer.backward(np.ones(1, dtype)).item()
    assert slope == pytest.approx(math.exp(z), rel=1e-5, abs=0)


def test_linear_by_hand():
    layer = Linear(2, 1, dtype=np.float64)
    layer.params["weight"][...], layer.params["bias"][...] = [[2, -1]], [0.5]
    np.testing.assert_array_equal(layer(np.array([[1.0, 3.0], [0.0, 1.0]])), [[-0.5], [-0.5]])
    np.testing.assert_array_equal(layer.backward(np.array([[1.0], [10.0]])), [[2, -1], [20, -10]])
    np.testing.assert_array_equal(layer.grads["weight"], [[1, 13]])
    np.testing.assert_array_equal(layer.grads["bias"], [11])


def test_error_signal_as_in_the_lecture():
    """δ^L = σ'(z^L) • ∇C(y), δ^l = σ'(z^l) • (W^{l+1})ᵀ δ^{l+1}, ∂C/∂w = a δ, for one example, in columns."""
    rng = np.random.default_rng(0)
    net = Sequential(
        Linear(3, 4, rng=rng, dtype=np.float64), Sigmoid(), Linear(4, 2, rng=rng, dtype=np.float64), Tanh()
    )
    x, dy = rng.standard_normal((1, 3)), rng.standard_normal((1, 2))
    net(x)
    net.backward(dy)
    w1, b1, w2, b2 = net.params.values()
    z1 = w1 @ x[0] + b1
    a1 = 1 / (1 + np.exp(-z1))
    z2 = w2 @ a1 + b2
    delta2 = dy[0] / np.cosh(z2) ** 2
    delta1 = a1 * (1 - a1) * (w2.T @ delta2)
    for name, want in {
        "2.weight": np.outer(delta2, a1),
        "2.bias": delta2,
        "0.weight": np.outer(delta1, x[0]),
        "0.bias": delta1,
    }.items():
        np.testing.assert_allclose(net.grads[name], want, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize(("slope", "activation"), [(0.0, ReLU()), (0.1, LeakyReLU(0.1)), (-1.0, Abs())], ids=str)
@given(seed=st.integers(0, 2**32 - 1))
def test_maxout_with_two_pieces_is_relu_leaky_relu_and_abs(slope, activation, seed):
    """max(wx + b, α(wx + b)), value and gradients."""
    rng = np.random.default_rng(seed)
    linear = Linear(3, 2, rng=rng, dtype=np.float64)
    maxout = Maxout(3, 2, dtype=np.float64)
    for name, array in linear.params.items():
        maxout.params[name][...] = np.stack([array, slope * array])
    x, dy = rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
    net = Sequential(linear, activation)
    np.testing.assert_allclose(maxout(x), net(x), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(maxout.backward(dy), net.backward(dy), rtol=1e-12, atol=1e-15)
    assert sum(array.size for array in maxout.params.values()) == 2 * sum(w.size for w in linear.params.values())


@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(-100, 100))
def test_softmax_rows_are_probabilities_and_ignore_a_shift(seed, shift):
    z = np.random.default_rng(seed).standard_normal((3, 5)) * 3
    y = Softmax()(z)
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-14)
    assert (y > 0).all()
    np.testing.assert_allclose(Softmax()(z + shift), y, rtol=1e-11)


def test_dead_units_in_closed_form():
    a = np.array([[0.0, 1.0, 0.0, -0.0], [0.0, 0.0, 2.0, 0.0]])
    np.testing.assert_array_equal(dead_units(a), [True, False, False, True])
    assert dead_units(a).dtype == bool


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 3)])
def test_dead_units_wants_a_batch(shape):
    with pytest.raises(
        ValueError, match=re.escape(f"dead_units wants activations of shape [N, M] with N ≥ 1, got {shape}")
    ):
        dead_units(np.zeros(shape))


# Start values


@pytest.mark.parametrize("make", [Linear, Maxout], ids=lambda make: make.__name__)
def test_start_is_uniform_reproducible_and_float32(make):
    one, same, other = (make(25, 40, rng=np.random.default_rng(seed)) for seed in (0, 0, 1))
    for name, array in one.params.items():
        assert array.dtype == np.float32
        assert np.abs(array).max() <= 0.2  # 1/√25
        assert array.max() > 0.15  # 40 numbers at least, so both ends are reached
        assert array.min() < -0.15
        np.testing.assert_array_equal(array, same.params[name])
        assert not np.array_equal(array, other.params[name])
    assert not np.array_equal(make(25, 40).params["weight"], make(25, 40).params["weight"])


def test_defaults_are_those_of_pytorch():
    assert PReLU().params["weight"].tolist() == torch.nn.PReLU().weight.tolist() == [0.25]
    assert LeakyReLU().negative_slope == torch.nn.LeakyReLU().negative_slope
    assert ELU().alpha == torch.nn.ELU().alpha
    assert (Softplus().beta, Softplus().threshold) == (torch.nn.Softplus().beta, torch.nn.Softplus().threshold)


# Errors


@each_layer
def test_unknown_option_is_a_type_error(case):
    with pytest.raises(TypeError, match="inplace"):
        getattr(scratch, case.name)(*case.args, inplace=True)


@each_layer
def test_backward_before_forward(case):
    layer = case.ours()
    with pytest.raises(RuntimeError, match=r"\w+\(.*\)\.backward was called before forward: call y = layer\(x\) first"):
        layer.backward(np.ones((2, 3)))
    assert not layer.grads


@each_layer
def test_backward_with_another_shape_than_the_output_s(case):
    layer = case.ours()
    shape = layer(case.batch()).shape
    with pytest.raises(ValueError, match=re.escape(f"got dy of shape {(7, *shape)}, its output was {shape}")):
        layer.backward(np.ones((7, *shape)))


@pytest.mark.parametrize("layer", [Linear(3, 2), Maxout(3, 2)], ids=str)
@pytest.mark.parametrize("shape", [(5, 4), (4,), (3, 5), ()])
def test_wrong_number_of_features(layer, shape):
    with pytest.raises(ValueError, match=re.escape(f"{layer} wants x of shape [N, 3], got {shape}")):
        layer(np.ones(shape, np.float32))


@pytest.mark.parametrize("shape", [(5, 4), (3,)])
def test_prelu_wants_its_number_of_units(shape):
    with pytest.raises(ValueError, match=re.escape(f"PReLU(3) wants z of shape [N, 3], got {shape}")):
        PReLU(3)(np.ones(shape, np.float32))


@pytest.mark.parametrize("layer", [Linear(3, 2), Maxout(3, 2), PReLU(3), PReLU()], ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_dtype_other_than_the_parameters(layer, dtype):
    message = rf"has float32 parameters but . is {np.dtype(dtype)}: use .\.astype\(np\.float32\)"
    with pytest.raises(TypeError, match=re.escape(str(layer)) + " " + message):
        layer(np.ones((5, 3), dtype))


@pytest.mark.parametrize("layer", [Linear(1, 1), Maxout(1, 1)], ids=str)
@pytest.mark.parametrize("x", [[[1.0]], torch.ones(1, 1)], ids=["list", "tensor"])
def test_not_an_array(layer, x):
    with pytest.raises(TypeError, match=re.escape(f"{layer} wants a NumPy array, got {type(x).__name__}")):
        layer(x)


@pytest.mark.parametrize("layer", [LeakyReLU(), Softplus(), Sigmoid(), ReLU(), Softmax()], ids=str)
@pytest.mark.parametrize(
    "z", [np.array([[-3, 2]]), [[-3.0, 2.0]], torch.ones(1, 2)], ids=["integers", "list", "tensor"]
)
def test_activation_wants_a_float_array(layer, z):
    with pytest.raises(
        TypeError, match=re.escape(repr(layer)) + " wants a NumPy array of floats, got .*(int64|list|Tensor)"
    ):
        layer(z)


@pytest.mark.parametrize("method", ["forward", "backward"])
def test_the_base_class_says_what_is_missing(method):
    with pytest.raises(NotImplementedError, match=f"Layer has no {method}"):
        getattr(scratch.Layer(), method)(np.ones(1))


# State


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda state: state.pop("2.bias"), KeyError, r"missing \['2.bias'\], unexpected \[\]"),
        (lambda state: state.update(extra=1), KeyError, r"missing \[\], unexpected \['extra'\]"),
        (lambda state: state.update({"2.bias": np.ones(7)}), ValueError, r"2.bias has shape \(7,\), .* wants \(3,\)"),
    ],
    ids=["missing", "unexpected", "shape"],
)
def test_a_state_that_does_not_fit_changes_nothing(change, error, message):
    net = MLP.ours()
    before = net.state_dict()
    state = {name: array + 1 for name, array in before.items()}
    change(state)
    with pytest.raises(error, match=message):
        net.load_state_dict(state)
    for name, array in net.params.items():
        np.testing.assert_array_equal(array, before[name])


def test_state_dict_is_a_copy():
    net = MLP.ours()
    net.state_dict()["0.weight"][...] = 7
    assert not (net.params["0.weight"] == 7).any()


def test_state_is_copied_and_keeps_the_layer_s_dtype():
    net = MLP.ours(np.float32)
    state = {name: array.astype(np.float64) for name, array in net.state_dict().items()}
    arrays = dict(net.params)
    net.load_state_dict(state)
    state["0.weight"][...] = 7
    assert all(net.params[name] is array and array.dtype == np.float32 for name, array in arrays.items())
    assert not (net.params["0.weight"] == 7).any()


# Sequential


def test_sequential_is_a_list_of_layers():
    layers = [Linear(4, 5), Tanh(), Linear(5, 3)]
    net = Sequential(*layers)
    assert list(net) == layers
    assert len(net) == 3
    assert net[1] is net[-2] is layers[1]
    assert repr(net) == "Sequential(Linear(4, 5), Tanh(), Linear(5, 3))"


def test_nested_parameters_have_pytorch_s_names_and_order():
    net, module = NESTED.ours(), NESTED.theirs()
    assert list(net.params) == [name for name, _ in module.named_parameters()]
    assert len(net.params) == len(list(module.parameters()))
    assert "1.1.0.weight" in net.params
    assert net.params["1.1.0.weight"] is net[1][1][0].params["weight"]


def test_gradients_get_the_same_names_after_backward():
    net = NESTED.ours()
    assert list(net.grads) == []
    net.backward(np.ones_like(net(NESTED.batch())))
    assert list(net.grads) == list(net.params)


@pytest.mark.parametrize("name", ["0.weight", "1.1.0.weight"])
def test_parameters_may_be_replaced_from_either_side(name):
    net, x = NESTED.ours(), NESTED.batch()
    layer = net[0] if name == "0.weight" else net[1][1][0]
    new = np.full_like(layer.params["weight"], 0.5)
    net.params[name] = new
    assert layer.params["weight"] is new
    changed = net(x)
    newer = np.full_like(new, -0.5)
    layer.params["weight"] = newer
    assert net.params[name] is newer
    assert not np.array_equal(net(x), changed)


@pytest.mark.parametrize("name", ["3.weight", "0.nothing", "weight", "-1.weight", "", "1.bias"])
def test_unknown_parameter_names(name):
    net = MLP.ours()
    assert name not in net.params
    with pytest.raises(KeyError, match=re.escape(repr(name))):
        net.params[name]
    with pytest.raises(KeyError):
        del net.params[name]


def test_a_parameter_can_be_removed():
    net = MLP.ours()
    del net.params["2.bias"]
    assert list(net[2].params) == ["weight"]
    assert list(net.params) == ["0.weight", "0.bias", "2.weight"]
    assert "2.weight" in repr(net.params)


def test_training_mode_reaches_all_layers():
    net = NESTED.ours()
    inner = net[1][1][0]
    assert inner.training
    assert net.eval() is net
    assert [net.training, net[1].training, inner.training] == [False] * 3
    assert net.train() is net
    assert net.training
    assert inner.training


def test_empty_sequential_passes_everything_through():
    x = np.ones((2, 3))
    net = Sequential()
    np.testing.assert_array_equal(net(x), x)
    np.testing.assert_array_equal(net.backward(2 * x), 2 * x)
    assert dict(net.params) == {}


@pytest.mark.parametrize("case", [MLP, NESTED], ids=str)
def test_backward_params_gives_the_gradients_of_backward(case):
    """The same, but for the one result that it leaves out; a single layer and an empty model too."""
    model = case.ours()
    x = np.random.default_rng(0).standard_normal((6, 4))
    dy = np.random.default_rng(1).standard_normal(model(x).shape)
    model.backward(dy)
    want = {name: gradient.copy() for name, gradient in model.grads.items()}
    model(x)
    assert model.backward_params(dy) is None
    assert want.keys() == model.grads.keys()
    for name, gradient in want.items():
        np.testing.assert_array_equal(model.grads[name], gradient)
    scratch.Sequential().backward_params(dy)


def test_backward_params_uses_the_backward_of_a_subclass():
    class Doubled(Linear):
        def backward(self, dz):
            dx = super().backward(dz)
            self.grads["bias"] = 2 * self.grads["bias"]
            return dx

    layer = Doubled(4, 3)
    model = scratch.Sequential(layer)
    dz = np.ones_like(model(np.ones((5, 4), np.float32)))
    model.backward_params(dz)
    np.testing.assert_array_equal(layer.grads["bias"], [10, 10, 10])
