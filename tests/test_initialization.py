"""Initialization: moments within sound bounds, exactness where there is no chance, and PyTorch's own beside it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.parity import DTYPES
from tipslib import pytorch, scratch
from tipslib.scratch import initialization as init
from tipslib.scratch.layers import Linear, Sequential

each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)

OUT, IN = 300, 400
N = OUT * IN
# Name, keyword arguments, and the standard deviation by hand.
RANDOM = [
    ("normal_", {"std": 0.01}, 0.01),
    ("normal_", {"mean": 0.5}, 1.0),
    ("xavier_uniform_", {}, math.sqrt(2 / (OUT + IN))),
    ("xavier_uniform_", {"gain": 5 / 3}, 5 / 3 * math.sqrt(2 / (OUT + IN))),
    ("xavier_normal_", {}, math.sqrt(2 / (OUT + IN))),
    ("xavier_normal_", {"gain": 2.0}, 2 * math.sqrt(2 / (OUT + IN))),
    ("kaiming_uniform_", {}, math.sqrt(2 / IN)),
    ("kaiming_uniform_", {"a": math.sqrt(5)}, 1 / math.sqrt(3 * IN)),
    ("kaiming_uniform_", {"mode": "fan_out", "nonlinearity": "relu"}, math.sqrt(2 / OUT)),
    ("kaiming_normal_", {}, math.sqrt(2 / IN)),
    ("kaiming_normal_", {"mode": "fan_out"}, math.sqrt(2 / OUT)),
    ("kaiming_normal_", {"nonlinearity": "tanh"}, 5 / 3 / math.sqrt(IN)),
    ("kaiming_normal_", {"a": 0.2}, math.sqrt(2 / 1.04 / IN)),
]
# All that PyTorch knows.
CONVOLUTIONS = [f"conv{kind}{d}d" for kind in ("", "_transpose") for d in (1, 2, 3)]
NONLINEARITIES = ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu", *CONVOLUTIONS]
each_random = pytest.mark.parametrize(("name", "kwargs", "std"), RANDOM)


def filled(name, kwargs, shape=(OUT, IN), dtype=np.float64, seed=0):
    return getattr(init, name)(np.empty(shape, dtype), **kwargs, rng=np.random.default_rng(seed))


@each_random
def test_moments(name, kwargs, std):
    """Mean and variance to 5 standard errors: σ/√n, and σ²√((κ - 1)/n) with κ = 3 normal, 9/5 uniform."""
    w = filled(name, kwargs)
    kurtosis = 9 / 5 if "uniform" in name else 3
    assert abs(w.mean() - kwargs.get("mean", 0)) < 5 * std / math.sqrt(N)
    assert abs(w.var() / std**2 - 1) < 5 * math.sqrt((kurtosis - 1) / N)


@each_random
def test_shape_of_the_distribution(name, kwargs, std):
    """Uniform: all within √3 σ, and close to it. Normal: 4.55 % beyond 2 σ."""
    w = filled(name, kwargs) - kwargs.get("mean", 0)
    largest = np.abs(w).max() / std
    if "uniform" in name:
        assert math.sqrt(3) * (1 - 1e-3) < largest <= math.sqrt(3)
    else:
        share = math.erfc(math.sqrt(2))
        assert abs((np.abs(w) > 2 * std).mean() - share) < 5 * math.sqrt(share * (1 - share) / N)
        assert largest > 4


@each_random
def test_pytorch_draws_from_the_same_distribution(name, kwargs, std):
    generator = torch.Generator().manual_seed(0)
    w = getattr(pytorch, name)(torch.empty(OUT, IN, dtype=torch.float64), **kwargs, generator=generator).numpy()
    ours = filled(name, kwargs)
    assert ours.std() == pytest.approx(w.std(), rel=10 * math.sqrt(0.5 / N))
    assert np.abs(ours - ours.mean()).mean() == pytest.approx(np.abs(w - w.mean()).mean(), rel=0.02)


@each_dtype
@pytest.mark.parametrize("name", sorted({name for name, *_ in RANDOM} | {"orthogonal_"}))
def test_in_place_by_seed_in_any_layout(name, dtype):
    big = np.zeros((8, 10), dtype)
    view = big[::2, ::2].T
    result = getattr(init, name)(view, rng=np.random.default_rng(3))
    assert result is view
    assert view.all()
    assert not big[1::2].any()
    np.testing.assert_array_equal(view, filled(name, {}, (5, 4), dtype, seed=3))
    assert (view != filled(name, {}, (5, 4), dtype, seed=4)).any()


@each_dtype
def test_zeros(dtype):
    w = np.ones((3, 2), dtype)
    assert init.zeros_(w) is w
    assert not w.any()
    assert w.dtype == dtype


@given(out=st.integers(1, 50), in_=st.integers(1, 50))
def test_fans(out, in_):
    assert init.fans(np.empty((out, in_))) == (in_, out)
    assert init.fans(Linear(in_, out).params["weight"]) == (in_, out)


@pytest.mark.parametrize("name", ["xavier_normal_", "kaiming_uniform_", "orthogonal_"])
@pytest.mark.parametrize("shape", [(3,), (2, 3, 4)])
def test_a_weight_has_two_axes(name, shape):
    with pytest.raises(ValueError, match=r"initialization wants a weight \[out, in\], got shape \("):
        filled(name, {}, shape)


def test_pieces_of_maxout_are_filled_one_by_one():
    weight = scratch.Maxout(30, 20, pieces=2).params["weight"]
    for piece in weight:
        init.orthogonal_(piece, rng=np.random.default_rng(0))
    np.testing.assert_allclose(weight[1] @ weight[1].T, np.eye(20), atol=1e-6)


@pytest.mark.parametrize("name", ["kaiming_uniform_", "kaiming_normal_"])
def test_kaiming_errors(name):
    with pytest.raises(ValueError, match="kaiming: mode is 'both', must be 'fan_in' or 'fan_out'"):
        filled(name, {"mode": "both"})
    with pytest.raises(ValueError, match="calculate_gain: nonlinearity is 'gelu', must be one of"):
        filled(name, {"nonlinearity": "gelu"})


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
@pytest.mark.parametrize("param", [None, 0, 0.01, 0.2, 1, -0.5])
def test_gain_is_pytorchs(nonlinearity, param):
    assert init.calculate_gain(nonlinearity, param) == torch.nn.init.calculate_gain(nonlinearity, param)


# Orthogonal


@each_dtype
@pytest.mark.parametrize("shape", [(5, 5), (20, 7), (7, 20), (1, 1), (1, 9), (9, 1), (200, 100)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal(shape, gain, dtype):
    w = filled("orthogonal_", {"gain": gain}, shape, dtype)
    square = w.T @ w if shape[0] >= shape[1] else w @ w.T
    tolerance = 1e-6 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(square / gain**2, np.eye(min(shape)), atol=tolerance)
    np.testing.assert_allclose(np.linalg.svd(w, compute_uv=False), gain, rtol=10 * tolerance)


def test_orthogonal_has_no_preferred_direction():
    """Without the signs of R's diagonal the first entry would be negative always, mean -.64."""
    rng = np.random.default_rng(0)
    entries = np.array([init.orthogonal_(np.empty((2, 2)), rng=rng) for _ in range(2000)])
    # An entry is the cosine of a uniform angle: variance 1/2.
    np.testing.assert_allclose(entries.mean(axis=0), 0, atol=5 * math.sqrt(0.5 / 2000))
    np.testing.assert_allclose(entries.var(axis=0), 0.5, atol=5 * math.sqrt(0.125 / 2000))


# What it is for


def test_signals_through_ten_layers():
    """K's figure: 0.01 dies out, 1.0 saturates tanh, Xavier holds under tanh, breaks under ReLU, He holds there."""

    def last_std(activation, name, **kwargs):
        rng = np.random.default_rng(0)
        a = rng.standard_normal((200, 200))
        for _ in range(10):
            weight = getattr(init, name)(np.empty((200, 200)), **kwargs, rng=rng)
            a = activation()(a @ weight.T)
        return a.std()

    assert last_std(scratch.Tanh, "normal_", std=0.01) < 1e-6
    assert last_std(scratch.Tanh, "normal_", std=1.0) > 0.9
    assert 0.15 < last_std(scratch.Tanh, "xavier_normal_") < 0.35
    assert last_std(scratch.ReLU, "xavier_normal_") < 0.06
    assert 0.5 < last_std(scratch.ReLU, "kaiming_normal_") < 1.5
    assert last_std(scratch.Identity, "orthogonal_") == pytest.approx(1, rel=0.02)


# LSUV


def twins(dtype, *layers):
    ours = [getattr(scratch, name)(*args, **({"dtype": dtype} if name == "Linear" else {})) for name, *args in layers]
    theirs = [getattr(pytorch, name)(*args) for name, *args in layers]
    return scratch.Sequential(*ours), pytorch.Sequential(*theirs).to(torch.from_numpy(np.zeros(0, dtype)).dtype)


LAYERS = [("Linear", 30, 50), ("ReLU",), ("Linear", 50, 40), ("Tanh",), ("Linear", 40, 10, False)]


@each_dtype
@pytest.mark.parametrize("tolerance", [0.01, 1e-5])
def test_lsuv_in_both_twins(dtype, tolerance):
    model, module = twins(dtype, *LAYERS)
    x = (3 + 5 * np.random.default_rng(0).standard_normal((100, 30))).astype(dtype)
    stds = init.lsuv_(model, x, rng=np.random.default_rng(1), tolerance=tolerance)
    theirs = pytorch.lsuv_(module, torch.from_numpy(x), tolerance=tolerance)
    assert len(stds) == len(theirs) == 3
    np.testing.assert_allclose([stds, theirs], 1, atol=tolerance)

    a, b = x, torch.from_numpy(x)
    for layer, twin in zip(model, module, strict=True):
        a, b = layer(a), twin(b)
        if isinstance(layer, Linear):
            assert a.dtype == layer.params["weight"].dtype == dtype
            for output, weight in ((a, layer.params["weight"]), (b.detach().numpy(), twin.weight.detach().numpy())):
                assert output.std() == pytest.approx(1, abs=tolerance)
                singular = np.linalg.svd(weight, compute_uv=False)
                np.testing.assert_allclose(singular, singular[0], rtol=1e-4)  # still orthogonal, up to a factor
    assert not any(array.any() for name, array in model.params.items() if name.endswith("bias"))
    assert not any(p.any() for name, p in module.named_parameters() if name.endswith("bias"))
    assert all(parameter.requires_grad for parameter in module.parameters())


def test_lsuv_reaches_into_nested_models():
    inner, outer = Sequential(Linear(8, 8), scratch.ReLU()), Linear(8, 3)
    x = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
    stds = init.lsuv_(Sequential(inner, outer), x, rng=np.random.default_rng(1))
    np.testing.assert_allclose(stds, 1, atol=0.01)
    np.testing.assert_allclose([inner[0](x).std(), outer(inner(x)).std()], 1, atol=0.01)
    module = torch.nn.Sequential(torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU()), torch.nn.Linear(8, 3))
    np.testing.assert_allclose(pytorch.lsuv_(module, torch.from_numpy(x)), 1, atol=0.01)


@pytest.mark.parametrize(("value", "std"), [(0.0, r"0\.0"), (np.nan, "nan")])
def test_lsuv_wants_data_that_vary(value, std):
    x = np.full((5, 30), value, np.float32)
    model, module = twins(np.float32, *LAYERS)
    with pytest.raises(ValueError, match=rf"lsuv_: the output of Linear\(30, 50\) .* standard deviation {std}"):
        init.lsuv_(model, x, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=f"lsuv_: the output of Linear.* standard deviation {std}"):
        pytorch.lsuv_(module, torch.from_numpy(x))


def test_the_twins_are_pytorchs_own():
    for name in pytorch.initialization.__all__:
        if name != "lsuv_":
            assert getattr(pytorch, name) is getattr(torch.nn.init, name)
