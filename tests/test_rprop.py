"""Rprop against PyTorch; Quickprop against its formula, its twin, and the parabolas that it was made for."""

import copy
import math

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import assume, given

from tests.parity import DTYPES, assert_close
from tests.parity_optimizers import OPTIMIZERS
from tipslib.pytorch import rprop as torch_rprop
from tipslib.scratch import rprop
from tipslib.scratch.rprop import Quickprop, Rprop

CASES = [case for case in OPTIMIZERS if case.name in ("Rprop", "Quickprop")]
each_case = pytest.mark.parametrize("case", CASES, ids=str)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
slopes = st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3) | st.just(0.0)


def twins(case, params):
    copies = {name: torch.nn.Parameter(torch.tensor(w)) for name, w in params.items()}
    return (
        getattr(rprop, case.name)(params, **case.kwargs),
        getattr(torch_rprop, case.name)(copies.values(), **case.kwargs),
        copies,
    )


def walk(rule, gradients, **options) -> np.ndarray:
    """Where w = 0 goes, one gradient a step."""
    params = {"w": np.zeros(1)}
    optimizer = rule(params, **options)
    places = []
    for g in gradients:
        optimizer.step({"w": np.array([g], dtype=np.float64)})
        places.append(params["w"].item())
    return np.array(places)


@each_dtype
@each_case
def test_trajectory(case, dtype):
    """50 steps in a bent valley, against PyTorch's Rprop and against our Quickprop for PyTorch."""
    rng = np.random.default_rng(0)
    params = {
        "matrix": rng.standard_normal((4, 3)).astype(dtype),
        "transposed": rng.standard_normal((4, 3)).astype(dtype).T,
        "number": np.array(0.7, dtype),
    }
    arrays = dict(params)
    optimizer, twin, copies = twins(case, params)
    curvature = {name: rng.uniform(0.1, 2, w.shape).astype(dtype) for name, w in params.items()}
    for step in range(50):
        # PyTorch's gradient for both: where Quickprop has arrived, differences of slopes are rounding errors.
        for name, w in copies.items():
            w.grad = torch.from_numpy(curvature[name]) * torch.sin(w.detach())
        optimizer.step({name: w.grad.numpy() for name, w in copies.items()})
        twin.step()
        for name, w in copies.items():
            assert params[name] is arrays[name]
            assert_close(params[name], w.detach().numpy(), f"{case}: {name} after step {step + 1}")


@each_case
@given(gradients=st.lists(slopes, min_size=1, max_size=12))
def test_trajectory_on_any_gradients(case, gradients):
    """Zeros and equal slopes in a row among them: the guards of both twins."""
    params = {"w": np.zeros(1)}
    optimizer, twin, copies = twins(case, params)
    for g in gradients:
        optimizer.step({"w": np.array([g])})
        copies["w"].grad = torch.tensor([g], dtype=torch.float64)
        twin.step()
    np.testing.assert_allclose(params["w"], copies["w"].detach().numpy(), rtol=1e-12, atol=1e-12)


# Rprop


def test_rprop_by_hand():
    """Δ: 1, 2 (same sign), 1 (another sign: rest), 1 (forgotten), 2, 2 (zero), 2."""
    places = walk(Rprop, [5, 0.1, -3, -3, -3, 0, -3], lr=1.0, etas=(0.5, 2.0))
    assert places.tolist() == [-1, -3, -3, -2, 0, 0, 2]


@given(gradients=st.lists(slopes, min_size=1, max_size=10), scale=st.floats(1e-3, 1e3))
def test_rprop_looks_at_signs_only(gradients, scale):
    np.testing.assert_array_equal(walk(Rprop, gradients), walk(Rprop, np.sign(gradients) * scale))


def test_rprop_keeps_its_steps_within_bounds():
    steps = np.abs(np.diff(walk(Rprop, [1.0] * 40, lr=0.1, step_sizes=(1e-6, 0.5)), prepend=0))
    assert steps.max() == 0.5
    params = {"w": np.zeros(1)}
    optimizer = Rprop(params, lr=0.1, step_sizes=(1e-3, 50))
    for t in range(60):
        optimizer.step({"w": np.array([(-1.0) ** (t // 2)])})
    assert optimizer.state["w"]["delta"].item() >= 1e-3


@pytest.mark.parametrize("etas", [(0.0, 1.2), (1.0, 1.2), (0.5, 1.0), (-0.5, 1.2)])
def test_rprop_bounds_are_pytorch_s(etas):
    with pytest.raises(ValueError, match=r"Rprop: etas are \("):
        Rprop({"w": np.ones(1)}, etas=etas)
    with pytest.raises(ValueError, match="Invalid eta"):
        torch.optim.Rprop([torch.nn.Parameter(torch.ones(1))], etas=etas)


def test_rprop_has_no_weight_decay_as_in_pytorch():
    with pytest.raises(TypeError, match="weight_decay"):
        Rprop({"w": np.ones(1)}, weight_decay=0.1)


# Quickprop


@given(curvature=st.floats(0.1, 10), center=st.floats(-10, 10), w=st.floats(-10, 10), share=st.floats(0.4, 1.9))
def test_quickprop_jumps_to_the_minimum_of_a_parabola(curvature, center, w, share):
    """The first step goes ``share`` of the way to the minimum; from 4/11 of it on, 1.75 times that reaches the rest."""
    assume(abs(w - center) > 1e-3)
    params = {"w": np.array([w])}
    optimizer = Quickprop(params, lr=share / curvature)
    for _ in range(2):
        optimizer.step({"w": curvature * (params["w"] - center)})
    assert params["w"].item() == pytest.approx(center, abs=1e-9)


def test_quickprop_arrives_later_when_growth_holds_it_back():
    """Δ: 1, 1.75, 1.75², 1.75³ and then exactly what is left of 20."""
    params = {"w": np.array([20.0])}
    optimizer = Quickprop(params, lr=1 / 20)
    places = []
    for _ in range(5):
        optimizer.step({"w": params["w"].copy()})
        places.append(params["w"].item())
    assert places[:4] == pytest.approx([19, 17.25, 17.25 - 1.75**2, 17.25 - 1.75**2 - 1.75**3], rel=1e-12)
    assert places[4] == pytest.approx(0, abs=1e-12) or places[4] > 0


def test_quickprop_treats_every_weight_alone():
    together, alone = {"w": np.array([3.0, -50.0])}, [{"w": np.array([3.0])}, {"w": np.array([-50.0])}]
    curvature = np.array([0.5, 7.0])
    one, others = Quickprop(together, lr=0.1), [Quickprop(params, lr=0.1) for params in alone]
    for _ in range(6):
        one.step({"w": curvature * np.sin(together["w"])})
        for c, params, other in zip(curvature, alone, others, strict=True):
            other.step({"w": c * np.sin(params["w"])})
    np.testing.assert_allclose(together["w"], np.concatenate([p["w"] for p in alone]), rtol=1e-14)


@given(gradients=st.lists(slopes, min_size=2, max_size=15), growth=st.floats(1, 3))
def test_quickprop_never_goes_uphill_and_never_grows_too_fast(gradients, growth):
    steps = np.diff(walk(Quickprop, gradients, lr=0.1, growth=growth), prepend=0)
    places = np.abs(np.cumsum(steps)).max()
    assert np.isfinite(steps).all()
    for t, (g, step) in enumerate(zip(gradients, steps, strict=True)):
        rounding = 1e-12 * places
        assert g * step <= abs(g) * rounding
        if t and abs(steps[t - 1]) > rounding:
            assert abs(step) <= growth * abs(steps[t - 1]) + 10 * rounding


@pytest.mark.parametrize(
    ("gradients", "why"), [([2.0, 2.0], "no change of slope: 0 in the denominator"), ([2.0, 3.0], "steeper: uphill")]
)
def test_quickprop_without_a_minimum_ahead_grows(gradients, why):
    assert walk(Quickprop, gradients, lr=0.1) == pytest.approx([-0.2, -0.2 - 1.75 * 0.2], rel=1e-14), why


def test_quickprop_starts_again_after_a_step_of_zero():
    """At slope 0 it stops; when the slope comes back the step is -ηg again."""
    assert walk(Quickprop, [1.0, 0.0, 0.0, -2.0], lr=0.1) == pytest.approx([-0.1, -0.1, -0.1, 0.1], rel=1e-14)


@each_dtype
def test_quickprop_survives_differences_that_vanish(dtype):
    """g_last - g may be the smallest number there is."""
    tiny = np.finfo(dtype).smallest_subnormal
    params = {"w": np.zeros(3, dtype)}
    optimizer = Quickprop(params, lr=0.1)
    for g in ([1, tiny, 2 * tiny], [np.nextafter(dtype(1), dtype(0)), 2 * tiny, tiny], [1, 1, -1]):
        optimizer.step({"w": np.array(g, dtype)})
    assert np.isfinite(params["w"]).all()


@pytest.mark.parametrize("options", [{"lr": -0.1}, {"lr": math.nan}, {"lr": 0.1, "growth": 0.9}], ids=str)
def test_quickprop_bounds(options):
    name, value = list(options.items())[-1]
    for rule, params in (
        (Quickprop, {"w": np.ones(1)}),
        (torch_rprop.Quickprop, [torch.nn.Parameter(torch.ones(1))]),
    ):
        with pytest.raises(ValueError, match=f"Quickprop: {name} is {value}, must be"):
            rule(params, **options)


# Quickprop as a torch.optim.Optimizer


def torch_quickprop(*starts, lr=0.1):
    params = [torch.nn.Parameter(torch.tensor([start])) for start in starts]
    return torch_rprop.Quickprop(params, lr=lr), params


def test_torch_quickprop_takes_a_closure_and_skips_what_has_no_gradient():
    optimizer, (w, unused) = torch_quickprop(2.0, 5.0)

    def closure():
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss

    losses = [optimizer.step(closure).item() for _ in range(8)]
    assert losses[0] == 4
    assert losses[-1] < 1e-10
    assert unused.item() == 5
    assert unused not in optimizer.state


def test_torch_quickprop_has_groups_and_a_state_that_can_be_stored():
    def run(optimizer, params, steps):
        for _ in range(steps):
            for w in params:
                w.grad = torch.sin(w.detach())
            optimizer.step()

    straight, params = torch_quickprop(1.0, 2.0)
    straight.add_param_group({"params": [extra := torch.nn.Parameter(torch.tensor([3.0]))], "lr": 0.01, "growth": 1.1})
    run(straight, [*params, extra], 4)
    again, copies = torch_quickprop(*(w.item() for w in params))
    again.add_param_group({"params": [twin := torch.nn.Parameter(extra.detach().clone())]})
    again.load_state_dict(copy.deepcopy(straight.state_dict()))
    run(straight, [*params, extra], 4)
    run(again, [*copies, twin], 4)
    for w, other in zip([*params, extra], [*copies, twin], strict=True):
        assert w.item() == other.item()
    assert again.param_groups[1]["growth"] == 1.1
