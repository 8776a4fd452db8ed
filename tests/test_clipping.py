"""Gradient clipping: against PyTorch, and what it promises."""

import math
import re

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from tests.parity import DTYPES, MLP, assert_close
from tipslib.scratch.clipping import clip_grad_norm_, clip_grad_value_

each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
gradients = st.fixed_dictionaries(
    {
        "weight": hnp.arrays(np.float64, (2, 3), elements=st.floats(-100, 100)),
        "bias": hnp.arrays(np.float64, 3, elements=st.floats(-100, 100)),
    }
)
thresholds = st.floats(1e-3, 200)


def draw(dtype, size=1.0):
    rng = np.random.default_rng(0)
    grads = {"weight": rng.standard_normal((4, 3)), "turned": rng.standard_normal((4, 3)).T, "number": np.array(2.0)}
    return {name: np.asarray(size * g, dtype) for name, g in grads.items()}


def with_gradients(grads):
    params = []
    for g in grads.values():
        w = torch.nn.Parameter(torch.tensor(np.zeros_like(g)))
        w.grad = torch.tensor(g)
        params.append(w)
    return params


@each_dtype
@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3, math.inf])
@pytest.mark.parametrize("max_norm", [0.0, 0.5, 5, 1e6])
@pytest.mark.parametrize("size", [0.0, 1.0, 1e-6])
def test_norm_against_pytorch(dtype, norm_type, max_norm, size):
    grads = draw(dtype, size)
    arrays, params = dict(grads), with_gradients(grads)
    norm = clip_grad_norm_(grads, max_norm, norm_type)
    assert type(norm) is float
    want = torch.nn.utils.clip_grad_norm_(params, max_norm, norm_type)
    assert norm == pytest.approx(want.item(), rel=1e-6 if dtype == np.float32 else 1e-13)
    for (name, g), w in zip(grads.items(), params, strict=True):
        assert g is arrays[name]
        assert_close(g, w.grad.numpy(), name)


@each_dtype
@pytest.mark.parametrize("clip_value", [0.0, 0.5, 5, math.inf])
def test_value_against_pytorch(dtype, clip_value):
    grads = draw(dtype, 10)
    arrays, params = dict(grads), with_gradients(grads)
    assert clip_grad_value_(grads, clip_value) is None
    torch.nn.utils.clip_grad_value_(params, clip_value)
    for (name, g), w in zip(grads.items(), params, strict=True):
        assert g is arrays[name]
        np.testing.assert_array_equal(g, w.grad.numpy())
        assert g.dtype == dtype


@given(grads=gradients, max_norm=thresholds)
def test_norm_is_a_ceiling_and_keeps_the_direction(grads, max_norm):
    before = {name: g.copy() for name, g in grads.items()}
    flat = np.concatenate([g.ravel() for g in before.values()])
    norm = clip_grad_norm_(grads, max_norm)
    assert norm == pytest.approx(np.sqrt(np.sum(flat**2)), rel=1e-12)
    clipped = np.concatenate([g.ravel() for g in grads.values()])
    assert np.linalg.norm(clipped) <= max_norm
    np.testing.assert_allclose(clipped, flat * min(1, max_norm / (norm + 1e-6)), rtol=1e-12)
    if norm < 0.99 * max_norm - 1e-6:
        np.testing.assert_array_equal(clipped, flat)


@given(grads=gradients, clip_value=thresholds)
def test_value_is_a_ceiling_for_every_entry(grads, clip_value):
    before = {name: g.copy() for name, g in grads.items()}
    clip_grad_value_(grads, clip_value)
    for name, g in grads.items():
        np.testing.assert_array_equal(g, np.sign(before[name]) * np.minimum(np.abs(before[name]), clip_value))


@pytest.mark.parametrize("clip", [clip_grad_norm_, clip_grad_value_])
def test_a_model_s_gradients_are_clipped_where_the_optimizer_finds_them(clip):
    net = MLP.ours()
    net.backward(100 * np.ones_like(net(MLP.batch())))
    assert max(np.abs(g).max() for g in net.grads.values()) > 1
    clip(net.grads, 0.1)
    assert max(np.abs(layer_g).max() for layer in net for layer_g in layer.grads.values()) <= 0.1


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_norm_that_is_not_finite_is_returned_and_spoils_the_gradient_as_in_pytorch(bad):
    grads = {"a": np.array([1.0, bad]), "b": np.ones(2)}
    params = with_gradients(grads)
    norm = clip_grad_norm_(grads, 1.0)
    want = torch.nn.utils.clip_grad_norm_(params, 1.0)
    np.testing.assert_array_equal(norm, want.item())
    for g, w in zip(grads.values(), params, strict=True):
        np.testing.assert_array_equal(g, w.grad.numpy())


def test_norm_of_huge_float32_gradients_does_not_overflow():
    """PyTorch's does, and makes the gradient 0."""
    grads = {"w": np.full(4, 1e30, np.float32)}
    assert clip_grad_norm_(grads, 1.0) == pytest.approx(2e30, rel=1e-6)
    np.testing.assert_allclose(grads["w"], 0.5, rtol=1e-6)
    assert grads["w"].dtype == np.float32


def test_without_gradients_nothing_happens():
    assert clip_grad_norm_({}, 1.0) == 0
    assert clip_grad_norm_({"empty": np.zeros((0, 3))}, 1.0) == 0
    clip_grad_value_({}, 1.0)


@pytest.mark.parametrize(
    ("clip", "message"),
    [(clip_grad_norm_, "clip_grad_norm_: max_norm is"), (clip_grad_value_, "clip_grad_value_: clip_value is")],
)
@pytest.mark.parametrize("threshold", [-1.0, math.nan])
def test_thresholds_are_not_negative(clip, message, threshold):
    with pytest.raises(ValueError, match=re.escape(f"{message} {threshold}, must be 0 or more")):
        clip({"w": np.ones(1)}, threshold)


@pytest.mark.parametrize("clip", [clip_grad_norm_, clip_grad_value_])
def test_gradients_are_arrays_by_name(clip):
    with pytest.raises(TypeError, match=r"clipping wants arrays by name, such as model\.grads, got list"):
        clip([np.ones(1)], 1.0)
    g = np.full(1, 9.0)
    with pytest.raises(TypeError, match="clipping works in place: bad must be an array, got float"):
        clip({"good": g, "bad": 9.0}, 1.0)
    assert g == 9
