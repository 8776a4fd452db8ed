"""Adagrad, RMSprop, Adadelta, Adam, AdamW, Adamax: against PyTorch and the lecture's forms, and what they are for."""

import inspect
import math
import re

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import assume, given

from tests.parity import DTYPES, assert_close
from tests.parity_optimizers import OPTIMIZERS
from tipslib.scratch import adam, adaptive
from tipslib.scratch.adam import Adam, Adamax, AdamW
from tipslib.scratch.adaptive import Adadelta, Adagrad, RMSprop
from tipslib.scratch.optim import SGD
from tipslib.scratch.parabola import best_step

RULES = [Adagrad, RMSprop, Adadelta, Adam, AdamW, Adamax]
CASES = [case for case in OPTIMIZERS if case.name in {rule.__name__ for rule in RULES}]
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
each_case = pytest.mark.parametrize("case", CASES, ids=str)
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
slopes = st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3)


def ours(case, params):
    rule = getattr(adaptive, case.name, None) or getattr(adam, case.name)
    return rule(params, **case.kwargs)


def theirs(case, params):
    copies = {name: torch.nn.Parameter(torch.tensor(w)) for name, w in params.items()}
    return getattr(torch.optim, case.name)(copies.values(), **case.kwargs), copies


def walk(rule, gradients, w=0.0, **options) -> np.ndarray:
    """Where w goes, one gradient a step."""
    params = {"w": np.array([w], dtype=np.float64)}
    optimizer = rule(params, **options)
    places = []
    for g in gradients:
        optimizer.step({"w": np.array([g], dtype=np.float64)})
        places.append(params["w"].item())
    return np.array(places)


# Against PyTorch


@each_dtype
@each_case
def test_trajectory(case, dtype):
    """50 steps in a bent valley: a matrix, a transposed one, a vector and a single number; the rate changes once."""
    rng = np.random.default_rng(0)
    params = {
        "matrix": rng.standard_normal((4, 3)).astype(dtype),
        "transposed": rng.standard_normal((4, 3)).astype(dtype).T,
        "vector": rng.standard_normal(3).astype(dtype),
        "number": np.array(0.7, dtype),
    }
    arrays = dict(params)
    optimizer = ours(case, params)
    twin, copies = theirs(case, params)
    curvature = {name: rng.uniform(0.1, 2, w.shape).astype(dtype) for name, w in params.items()}
    for step in range(50):
        if step == 30:
            optimizer.lr = twin.param_groups[0]["lr"] = 0.03
        optimizer.step({name: curvature[name] * np.sin(w) for name, w in params.items()})
        for name, w in copies.items():
            w.grad = torch.from_numpy(curvature[name]) * torch.sin(w.detach())
        twin.step()
        for name, w in copies.items():
            assert params[name] is arrays[name]
            assert_close(params[name], w.detach().numpy(), f"{case}: {name} after step {step + 1}")


@each_case
@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from([1e-6, 1.0, 1e6]))
def test_trajectory_on_noise(case, seed, size):
    """10 random gradients, also tiny and huge ones, some entries always 0."""
    rng = np.random.default_rng(seed)
    params = {"w": rng.standard_normal(6)}
    optimizer = ours(case, params)
    twin, copies = theirs(case, params)
    for _ in range(10):
        g = size * rng.standard_normal(6) * (np.arange(6) > 1)
        optimizer.step({"w": g})
        copies["w"].grad = torch.tensor(g)
        twin.step()
    np.testing.assert_allclose(params["w"], copies["w"].detach().numpy(), rtol=1e-11, atol=1e-12)


@each_rule
def test_arguments_are_pytorch_s_in_order_and_default(rule):
    """Ours are the first of PyTorch's; what PyTorch has besides is no mathematics."""
    mine = list(inspect.signature(rule).parameters.values())[1:]
    other = list(inspect.signature(getattr(torch.optim, rule.__name__)).parameters.values())[1:]
    assert [(p.name, p.default) for p in mine] == [(p.name, p.default) for p in other[: len(mine)]]
    left = {"foreach", "maximize", "differentiable", "fused", "capturable", "decoupled_weight_decay"}
    assert {p.name for p in other[len(mine) :]} <= left


BAD = [
    (Adagrad, {"lr": -1}),
    (Adagrad, {"lr": math.nan}),
    (Adagrad, {"lr_decay": -1}),
    (Adagrad, {"initial_accumulator_value": -1}),
    (Adagrad, {"eps": -1}),
    (RMSprop, {"alpha": -0.1}),
    (RMSprop, {"eps": -1}),
    (RMSprop, {"momentum": -1}),
    (RMSprop, {"weight_decay": -1}),
    (Adadelta, {"rho": 1.1}),
    (Adadelta, {"rho": -0.1}),
    (Adadelta, {"eps": -1}),
    *((rule, {"betas": betas}) for rule in (Adam, AdamW, Adamax) for betas in ((1.0, 0.9), (0.9, 1.0), (-0.1, 0.9))),
    *((rule, {"eps": -1}) for rule in (Adam, AdamW, Adamax)),
    *((rule, {"weight_decay": -1}) for rule in (Adam, AdamW, Adamax, Adadelta, Adagrad)),
]


@pytest.mark.parametrize(("rule", "options"), BAD, ids=str)
def test_bounds_are_pytorch_s(rule, options):
    ((name, value),) = options.items()
    with pytest.raises(ValueError, match=re.escape(f"{rule.__name__}: {name} ") + r"(is|are) " + re.escape(f"{value}")):
        rule({"w": np.ones(1)}, **options)
    with pytest.raises(ValueError, match="Invalid"):
        getattr(torch.optim, rule.__name__)([torch.nn.Parameter(torch.ones(1))], **options)


# The lecture's forms


@given(gradients=st.lists(slopes, min_size=1, max_size=8))
def test_adagrad_in_the_lecture_s_form(gradients):
    """w ← w - (η^t/σ^t) g^t with η^t = η/√(t+1) and σ^t the root mean square of g⁰ … g^t."""
    w, places = 0.0, []
    for t, g in enumerate(gradients):
        sigma = math.sqrt(np.mean(np.square(gradients[: t + 1])))
        w -= 0.1 / math.sqrt(t + 1) / sigma * g
        places.append(w)
    np.testing.assert_allclose(walk(Adagrad, gradients, lr=0.1, eps=0.0), places, rtol=1e-10, atol=1e-12)


@given(gradients=st.lists(slopes, min_size=1, max_size=8))
def test_rmsprop_in_the_lecture_s_form(gradients):
    """ε inside the root is ε outside when both are 0; and √(v + ε²) ≤ √v + ε, so its steps are no smaller."""
    w, v, places = 0.0, 0.0, []
    for g in gradients:
        v = 0.9 * v + 0.1 * g**2
        w -= 0.01 * g / math.sqrt(v)
        places.append(w)
    np.testing.assert_allclose(walk(RMSprop, gradients, lr=0.01, alpha=0.9, eps=0.0), places, rtol=1e-10, atol=1e-12)


@given(gradients=st.lists(slopes, min_size=1, max_size=8))
def test_adam_in_the_lecture_s_form(gradients):
    """m_k = δm + (1-δ)g, v_k = γv + (1-γ)g², both divided by 1 - δ^k and 1 - γ^k, w ← w - η m̂/(√v̂ + ε)."""
    w, m, v, places = 0.0, 0.0, 0.0, []
    for k, g in enumerate(gradients, start=1):
        m = 0.8 * m + 0.2 * g
        v = 0.9 * v + 0.1 * g**2
        w -= 0.1 * (m / (1 - 0.8**k)) / (math.sqrt(v / (1 - 0.9**k)) + 0.5)
        places.append(w)
    np.testing.assert_allclose(walk(Adam, gradients, lr=0.1, betas=(0.8, 0.9), eps=0.5), places, rtol=1e-10, atol=1e-12)


def test_adadelta_and_adamax_by_hand():
    first = math.sqrt(0.01) / math.sqrt(0.1 * 4 + 0.01) * 2
    second = math.sqrt(0.1 * first**2 + 0.01) / math.sqrt(0.9 * 0.4 + 0.1 * 9 + 0.01) * -3
    assert walk(Adadelta, [2, -3], rho=0.9, eps=0.01) == pytest.approx([-first, -first - second], rel=1e-14)
    # m: 1, then 0.5 - 0.5; u: 2.25, then max(0.9 · 2.25, 1.25)
    u = 2.25
    first, second = 0.1 / 0.5 * 1 / u, 0.1 / 0.75 * (0.5 * 1 - 0.5 * 1) / (0.9 * u)
    places = walk(Adamax, [2, -1], lr=0.1, betas=(0.5, 0.9), eps=0.25)
    assert places == pytest.approx([-first, -first - second], rel=1e-14)


# What they are for


@pytest.mark.parametrize("rule", [Adagrad, RMSprop, Adam, AdamW, Adamax], ids=lambda rule: rule.__name__)
@given(gradients=st.lists(slopes, min_size=1, max_size=8), scale=st.floats(1e-3, 1e3))
def test_the_size_of_gradients_does_not_matter(rule, gradients, scale):
    """Only Adadelta's start is set by ε; for the others, with ε = 0, gradients ten times larger change nothing."""
    scaled = [scale * g for g in gradients]
    np.testing.assert_allclose(walk(rule, scaled, eps=0.0), walk(rule, gradients, eps=0.0), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("rule", [Adagrad, Adam, AdamW, Adamax], ids=lambda rule: rule.__name__)
@given(g=slopes)
def test_the_first_step_is_the_rate(rule, g):
    """-η sign(g), whatever the slope: in Adam by the bias correction."""
    assert walk(rule, [g], lr=0.1, eps=0.0) == pytest.approx(-0.1 * np.sign(g), rel=1e-9)


@given(g=slopes)
def test_on_a_constant_slope_adagrad_dies_out_and_rmsprop_and_adam_do_not(g):
    """Adagrad: η/√(t+1), the "1/t decay" of the lecture; RMSprop: towards η from above; Adam: η from the start."""
    steps = {
        rule: np.abs(np.diff(walk(rule, [g] * 500, lr=0.1, eps=0.0), prepend=0)) for rule in (Adagrad, RMSprop, Adam)
    }
    np.testing.assert_allclose(steps[Adagrad], 0.1 / np.sqrt(np.arange(500) + 1), rtol=1e-9)
    np.testing.assert_allclose(steps[RMSprop], 0.1 / np.sqrt(1 - 0.99 ** np.arange(1, 501)), rtol=1e-9)
    np.testing.assert_allclose(steps[Adam], 0.1, rtol=1e-9)


def test_the_lecture_s_two_rows_of_gradients():
    """The contrast effect: 0.1 is large after small slopes and small after large ones."""
    small, large = [0.001, 0.001, 0.003, 0.002, 0.1], [10.8, 20.9, 31.7, 12.1, 0.1]
    last = [abs(np.diff(walk(Adagrad, row, lr=1.0))[-1]) for row in (small, large)]
    assert last == pytest.approx([0.1 / math.sqrt(np.sum(np.square(row))) for row in (small, large)], rel=1e-6)
    assert last[0] > 0.99
    assert last[1] < 0.0025


@each_dtype
def test_centered_rmsprop_stays_finite_on_a_constant_slope(dtype):
    """v - m² tends to 0 and is rounded to either side of it."""
    params = {"w": np.full(100, 1, dtype)}
    optimizer = RMSprop(params, lr=1e-3, alpha=0.7, centered=True)
    gradient = np.random.default_rng(0).uniform(0.1, 10, 100).astype(dtype)
    for _ in range(300):
        optimizer.step({"w": gradient})
    assert np.isfinite(params["w"]).all()


def test_amsgrad_never_forgets_a_large_gradient():
    gradients = [10.0] + [0.1] * 200
    plain, ams = (walk(Adam, gradients, lr=0.1, betas=(0.0, 0.9), amsgrad=flag) for flag in (False, True))
    assert abs(plain[-1] - plain[-2]) == pytest.approx(0.1, rel=1e-2)
    assert abs(ams[-1] - ams[-2]) == pytest.approx(0.1 * 0.1 / math.sqrt(10), rel=1e-2)  # v_max = 0.1 · 10²


@given(w=st.floats(-10, 10), lam=st.floats(0, 1))
def test_decoupled_weight_decay_shrinks_by_the_same_share_each_step(w, lam):
    """Without a gradient AdamW multiplies by 1 - ηλ; in plain SGD λw added to g does the same."""
    share = (1 - 0.1 * lam) ** np.arange(1, 6)
    decayed = walk(AdamW, np.zeros(5), w=w, lr=0.1, weight_decay=lam)
    np.testing.assert_allclose(decayed, w * share, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(walk(SGD, np.zeros(5), w=w, lr=0.1, weight_decay=lam), decayed, rtol=1e-12, atol=1e-15)


@given(w=st.floats(0.5, 10), lam=st.floats(0.1, 1))
def test_weight_decay_in_adam_takes_the_same_amount_off_every_weight(w, lam):
    """λw is divided by √v̂, its own size: η a step, for large and small weights and any λ."""
    assert walk(Adam, [0.0], w=w, lr=0.01, weight_decay=lam, eps=0.0) == pytest.approx(w - 0.01, rel=1e-9)


# State


@each_rule
@each_dtype
def test_dtype_is_kept_even_with_numpy_s_numbers(rule, dtype):
    """A rate out of np.logspace is an np.float64, which would turn float32 arrays into float64."""
    params = {"w": np.ones(3, dtype)}
    optimizer = rule(params, lr=np.float64(0.1), weight_decay=np.float64(0.1))
    optimizer.lr = np.logspace(-1, 0, 2)[0]
    assert type(optimizer.lr) is float
    for _ in range(2):
        optimizer.step({"w": np.ones(3)})  # a float64 gradient is taken too
    assert params["w"].dtype == dtype
    memory = [value.dtype for value in optimizer.state["w"].values() if isinstance(value, np.ndarray)]
    assert memory
    assert set(memory) == {np.dtype(dtype)}


@each_rule
def test_gradients_are_left_alone_and_not_kept(rule):
    params, g = {"w": np.ones(3)}, np.array([1.0, -2.0, 0.0])
    optimizer = rule(params, weight_decay=0.1)
    optimizer.step({"w": g})
    np.testing.assert_array_equal(g, [1, -2, 0])
    for value in optimizer.state["w"].values():
        assert not (isinstance(value, np.ndarray) and np.shares_memory(value, g))


@each_rule
def test_a_replaced_parameter_keeps_its_memory_and_one_of_another_shape_starts_afresh(rule):
    params = {"w": np.zeros(2)}
    optimizer = rule(params, lr=0.1)
    for _ in range(5):
        optimizer.step({"w": np.ones(2)})
    old = params["w"]
    params["w"] = np.zeros(2)
    optimizer.step({"w": np.ones(2)})
    assert optimizer.state["w"]["t"] == 6
    moved = old.copy()
    params["w"] = np.zeros(3)
    optimizer.step({"w": np.ones(3)})
    assert optimizer.state["w"]["t"] == 1
    new = {"w": np.zeros(3)}
    rule(new, lr=0.1).step({"w": np.ones(3)})
    np.testing.assert_array_equal(params["w"], new["w"])
    np.testing.assert_array_equal(old, moved)


def test_a_parameter_that_comes_later_gets_its_own_bias_correction():
    params = {"old": np.zeros(1)}
    optimizer = Adam(params, lr=0.1, eps=0.0)
    for _ in range(100):
        optimizer.step({"old": np.ones(1)})
    params["new"] = np.zeros(1)
    optimizer.step({"old": np.ones(1), "new": np.array([5.0])})
    assert params["new"].item() == pytest.approx(-0.1, rel=1e-12)


def test_the_rate_is_checked_whenever_it_changes():
    optimizer = Adam({"w": np.ones(1)})
    for value in (-0.1, math.nan):
        with pytest.raises(ValueError, match=f"Adam: lr is {value}, must be 0 or more"):
            optimizer.lr = value
    assert optimizer.lr == 1e-3


@pytest.mark.parametrize(
    ("w", "got"), [(3.0, "float"), (np.float64(3), "float64"), (np.array([1, 2]), "int64"), ([1.0], "list")], ids=str
)
def test_parameters_are_arrays_of_floats(w, got):
    good = np.ones(1)
    with pytest.raises(TypeError, match=rf"Adam: w must be an array of floats, got {got}"):
        Adam({"good": good, "w": w}).step({"good": np.ones(1), "w": np.ones(np.shape(w))})
    assert good == 1


# The best step on a parabola


@given(a=st.floats(0.01, 100), b=st.floats(-100, 100), x0=st.floats(-100, 100))
def test_best_step_reaches_the_minimum(a, b, x0):
    step = best_step(a, b, x0)
    assert type(step) is float
    assert step >= 0
    slope = 2 * a * x0 + b
    assume(abs(slope) > 1e-9)
    assert x0 - math.copysign(step, slope) == pytest.approx(-b / (2 * a), rel=1e-9, abs=1e-9)


def test_best_step_in_the_lecture_s_picture():
    """The same distance under four times the curvature: four times the slope, the same best step."""
    assert best_step(1.0, 0.0, 3.0) == best_step(4.0, 0.0, 3.0) == best_step(1, 2, -4) == 3
    assert best_step(1.0, -6.0, 3.0) == 0


@pytest.mark.parametrize("a", [0.0, -1.0, math.nan])
def test_best_step_wants_a_minimum(a):
    with pytest.raises(ValueError, match=f"best_step: a is {a}, must be above 0"):
        best_step(a, 1.0, 0.0)
