"""SGD: single steps by hand, what it looks up when, and errors. Trajectories against PyTorch: test_parity.py."""

import re

import numpy as np
import pytest

from tests.cases import OPTIMIZERS
from tests.parity import MLP
from tipslib import scratch
from tipslib.scratch import SGD, Linear, Tanh
from tipslib.scratch.optim import Optimizer

each_optimizer = pytest.mark.parametrize("case", OPTIMIZERS, ids=str)


def walk(gradients, **options) -> list[float]:
    """Where w = 1 goes, one gradient a step."""
    w = {"w": np.array([1.0])}
    optimizer = SGD(w, **options)
    places = []
    for g in gradients:
        optimizer.step({"w": np.array([g])})
        places.append(w["w"].item())
    return places


@pytest.mark.parametrize(
    ("options", "want"),
    [
        ({"lr": 0.5}, [1 - 0.5, 0.5 - 1]),
        ({"lr": 0.5, "weight_decay": 0.2}, [1 - 0.5 * 1.2, 0.4 - 0.5 * 2.08]),
        # v: 1, then 0.5 · 1 + 2 = 2.5
        ({"lr": 0.5, "momentum": 0.5}, [0.5, 0.5 - 0.5 * 2.5]),
        # v: 1 (not 0.75: the first v is the gradient itself), then 0.5 · 1 + 0.75 · 2 = 2
        ({"lr": 0.5, "momentum": 0.5, "dampening": 0.25}, [0.5, 0.5 - 0.5 * 2]),
        # g + λv: 1.5, then 2 + 0.5 · 2.5 = 3.25
        ({"lr": 0.5, "momentum": 0.5, "nesterov": True}, [1 - 0.75, 0.25 - 0.5 * 3.25]),
    ],
    ids=str,
)
def test_two_steps_by_hand(options, want):
    assert walk([1.0, 2.0], **options) == pytest.approx(want, rel=1e-15)


def test_momentum_with_the_rate_inside_as_in_the_lecture():
    """v' ← λv' - ηg, w ← w + v': the same path while η is constant, another one when η changes on the way."""
    gradients, lr, lam = np.random.default_rng(0).standard_normal(10), 0.1, 0.9
    w, v, places = 1.0, 0.0, []
    for g in gradients:
        v = lam * v - lr * g
        w += v
        places.append(w)
    assert walk(gradients, lr=lr, momentum=lam) == pytest.approx(places, rel=1e-13)


@each_optimizer
def test_step_changes_arrays_in_place_and_leaves_gradients_alone(case):
    params = {"weight": np.ones((2, 3)), "bias": np.ones(3)}
    grads = {name: np.full_like(w, 2) for name, w in params.items()}
    arrays = dict(params)
    optimizer, _, _ = case.twins(params)
    for _ in range(3):
        optimizer.step(grads)
    for name, w in params.items():
        assert w is arrays[name]
        assert (grads[name] == 2).all()
        if optimizer.lr:
            assert (w < 1).all()


def test_gradient_may_be_overwritten_after_the_step():
    """Momentum keeps a copy of the first gradient, not the array."""
    kept, reused = {"w": np.ones(2)}, {"w": np.ones(2)}
    one, other = SGD(kept, lr=0.1, momentum=0.9), SGD(reused, lr=0.1, momentum=0.9)
    buffer = np.empty(2)
    for value in (1.0, -2.0, 3.0):
        one.step({"w": np.full(2, value)})
        buffer[...] = value
        other.step({"w": buffer})
    np.testing.assert_array_equal(kept["w"], reused["w"])


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_optimizer_follows_a_replaced_parameter(momentum):
    net, x = MLP.ours(), MLP.batch()
    optimizer = SGD(net.params, lr=0.1, momentum=momentum)
    old = net[0].params["weight"]
    for replace in (False, True):
        net.backward(np.ones_like(net(x)))
        if replace:
            net[0].params["weight"] = np.zeros_like(old)
            before = old.copy()
        optimizer.step(net.grads)
    new = net.params["0.weight"]
    assert new is net[0].params["weight"]
    assert new is not old
    assert new.any()
    np.testing.assert_array_equal(old, before)


def test_optimizer_forgets_a_removed_parameter():
    net = MLP.ours()
    optimizer = SGD(net.params, lr=0.1)
    del net.params["2.bias"]
    net.backward(np.ones_like(net(MLP.batch())))
    optimizer.step(net.grads)
    assert set(optimizer.state) == {"0.weight", "0.bias", "2.weight"}


def test_rate_can_be_changed_at_any_time():
    w = {"w": np.zeros(1)}
    optimizer = SGD(w, lr=1.0)
    optimizer.step({"w": np.ones(1)})
    optimizer.lr = 0.25
    optimizer.step({"w": np.ones(1)})
    assert w["w"].item() == -1.25


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_of_parameters_and_state_is_kept(dtype):
    params = {"w": np.ones(3, dtype)}
    optimizer = SGD(params, lr=0.1, momentum=0.9, dampening=0.1, weight_decay=0.1)
    for _ in range(2):
        optimizer.step({"w": np.ones(3, dtype)})
    assert params["w"].dtype == optimizer.state["w"]["v"].dtype == dtype


# Errors


@pytest.mark.parametrize("name", sorted({case.name for case in OPTIMIZERS}))
@pytest.mark.parametrize("option", ["maximize", "foreach", "fused", "differentiable", "learning_rate"])
def test_unknown_option_is_a_type_error(name, option):
    with pytest.raises(TypeError, match=option):
        getattr(scratch, name)({"w": np.ones(1)}, **{option: True})


@pytest.mark.parametrize("option", ["lr", "momentum", "weight_decay"])
@pytest.mark.parametrize("value", [-0.1, float("nan")])
def test_negative_options(option, value):
    with pytest.raises(ValueError, match=f"SGD: {option} is {value}, must be 0 or more"):
        SGD({"w": np.ones(1)}, **{option: value})


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9, "dampening": 0.1}], ids=str)
def test_nesterov_wants_momentum_without_dampening(options):
    with pytest.raises(ValueError, match="SGD: nesterov wants a momentum above 0 and no dampening"):
        SGD({"w": np.ones(1)}, nesterov=True, **options)


def test_step_before_backward():
    net = Linear(2, 3)
    with pytest.raises(KeyError, match=r"SGD: no gradient for 'weight'; call model\.backward first"):
        SGD(net.params).step(net.grads)


BAD_GRADIENTS = [
    ({}, KeyError, "no gradient for 'b'"),
    ({"b": np.ones(3)}, ValueError, "b has shape (2,), its gradient (3,)"),
]


@pytest.mark.parametrize(("grads", "error", "message"), BAD_GRADIENTS, ids=["missing", "shape"])
def test_bad_gradient(grads, error, message):
    with pytest.raises(error, match=re.escape(message)):
        SGD({"b": np.ones(2)}).step(grads)


@pytest.mark.parametrize(("grads", "error", "message"), BAD_GRADIENTS, ids=["missing", "shape"])
def test_a_failed_step_moves_nothing(grads, error, message):
    params = {"a": np.ones(2), "b": np.ones(2)}
    with pytest.raises(error, match=re.escape(message)):
        SGD(params, lr=0.1).step({"a": np.ones(2), **grads})
    assert (params["a"] == 1).all()


@pytest.mark.parametrize("params", [[np.ones(2)], Linear(2, 3)], ids=["list", "layer"])
def test_params_is_a_mapping(params):
    with pytest.raises(TypeError, match=r"SGD wants arrays by name, such as model\.params, got (list|Linear)"):
        SGD(params)


def test_no_parameters():
    with pytest.raises(ValueError, match="SGD got no parameters"):
        SGD(Tanh().params)


def test_the_base_class_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="Optimizer has no update"):
        Optimizer({"w": np.ones(1)}, lr=0.1).step({"w": np.ones(1)})
