"""Schedules: epoch by epoch against PyTorch, and their closed forms."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from tipslib.pytorch import schedules as torch_schedules
from tipslib.scratch import schedules
from tipslib.scratch.optim import SGD
from tipslib.scratch.schedules import (
    ExponentialLR,
    InverseSqrtLR,
    InverseTimeLR,
    LRScheduler,
    ReduceLROnPlateau,
    StepLR,
)

CASES = [
    ("StepLR", {"step_size": 1}),
    ("StepLR", {"step_size": 10}),
    ("StepLR", {"step_size": 7, "gamma": 0.2}),
    ("StepLR", {"step_size": 100}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("ExponentialLR", {"gamma": 1.0}),
    ("ExponentialLR", {"gamma": 0.0}),
    ("InverseSqrtLR", {}),
    ("InverseTimeLR", {"gamma": 0.1}),
    ("InverseTimeLR", {"gamma": 0.0}),
    ("InverseTimeLR", {"gamma": 3}),
]
each_case = pytest.mark.parametrize(("name", "options"), CASES, ids=str)
PLATEAUS = [
    {},
    {"patience": 0},
    {"patience": 2, "factor": 0.5},
    {"patience": 1, "threshold": 0.1},
    {"patience": 1, "threshold": 0.1, "threshold_mode": "abs"},
    {"patience": 1, "mode": "max", "threshold": 0.1},
    {"patience": 1, "mode": "max", "threshold": 0.1, "threshold_mode": "abs"},
    {"patience": 1, "cooldown": 3},
    {"patience": 0, "min_lr": 0.02, "factor": 0.3},
    {"patience": 0, "eps": 0.01, "factor": 0.5},
    {"patience": 0, "factor": 0.0},
]


def twins(name, options, lr=0.3):
    ours = SGD({"w": np.zeros(1)}, lr=lr)
    theirs = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    return (
        ours,
        getattr(schedules, name)(ours, **options),
        theirs,
        getattr(torch_schedules, name)(theirs, **options),
    )


def epoch(ours, theirs) -> None:
    """One step of both optimizers: PyTorch warns when a schedule steps first."""
    ours.step({"w": np.zeros(1)})
    theirs.step()


@each_case
def test_60_epochs_against_pytorch(name, options):
    """To the last bit, the first epoch included."""
    ours, schedule, theirs, twin = twins(name, options)
    for _ in range(60):
        assert ours.lr == theirs.param_groups[0]["lr"]
        assert schedule.last_epoch == twin.last_epoch
        epoch(ours, theirs)
        schedule.step()
        twin.step()
    assert twin.get_last_lr() == [ours.lr]


@each_case
def test_a_rate_changed_by_hand_against_pytorch(name, options):
    """StepLR and ExponentialLR go on from it, the other two return to their own curve."""
    ours, schedule, theirs, twin = twins(name, options)
    for t in range(20):
        if t == 8:
            ours.lr = theirs.param_groups[0]["lr"] = 0.7
        epoch(ours, theirs)
        schedule.step()
        twin.step()
        assert ours.lr == theirs.param_groups[0]["lr"]


@pytest.mark.parametrize("options", PLATEAUS, ids=str)
@given(seed=st.integers(0, 2**32 - 1), noise=st.floats(0, 1))
def test_plateau_against_pytorch(options, seed, noise):
    """60 epochs of a falling and then flat metric with noise, sometimes nan."""
    rng = np.random.default_rng(seed)
    t = np.arange(60)
    metrics = np.exp(-t / 10) + noise * rng.standard_normal(60)
    metrics[rng.integers(60)] = math.nan
    ours, schedule, theirs, twin = twins("ReduceLROnPlateau", options)
    for value in metrics:
        schedule.step(value)
        twin.step(value)
        assert ours.lr == theirs.param_groups[0]["lr"]
        assert schedule.best == twin.best
        assert schedule.num_bad_epochs == twin.num_bad_epochs
    assert schedule.last_epoch == twin.last_epoch == 60


@pytest.mark.parametrize("options", PLATEAUS, ids=str)
@pytest.mark.parametrize("value", [0.0, -1.0, 2.0])
def test_plateau_on_a_constant_against_pytorch(options, value):
    """Also a negative one, where "best · (1 - threshold)" is easier to beat."""
    ours, schedule, theirs, twin = twins("ReduceLROnPlateau", options)
    for _ in range(60):
        schedule.step(np.float32(value))
        twin.step(value)
        assert ours.lr == theirs.param_groups[0]["lr"]
    assert type(ours.lr) is float


# Closed forms


def rates(make, epochs=60, lr=0.3):
    optimizer = SGD({"w": np.zeros(1)}, lr=lr)
    schedule = make(optimizer)
    found = []
    for _ in range(epochs):
        found.append(optimizer.lr)
        schedule.step()
    return np.array(found)


def test_closed_forms():
    t = np.arange(60)
    for make, want in [
        (lambda opt: StepLR(opt, 10), 0.3 * 0.1 ** (t // 10)),
        (lambda opt: ExponentialLR(opt, math.exp(-0.2)), 0.3 * np.exp(-0.2 * t)),
        (InverseSqrtLR, 0.3 / np.sqrt(t + 1)),
        (lambda opt: InverseTimeLR(opt, 0.5), 0.3 / (1 + 0.5 * t)),
    ]:
        np.testing.assert_allclose(rates(make), want, rtol=1e-12)


def test_what_the_classical_theory_asks_for():
    """Ση = ∞ and Ση² < ∞: of 1/t only. Doubling the epochs adds a constant to Ση, and ever less to Ση²."""
    eta = rates(lambda opt: InverseTimeLR(opt, 1.0), epochs=4096, lr=1.0)
    blocks = [eta[n : 2 * n] for n in (256, 512, 1024, 2048)]
    assert [block.sum() for block in blocks] == pytest.approx([math.log(2)] * 4, rel=2e-3)
    assert [(block**2).sum() * len(block) for block in blocks] == pytest.approx([0.5] * 4, rel=1e-2)
    root = rates(InverseSqrtLR, epochs=4096, lr=1.0)
    assert [(root[n : 2 * n] ** 2).sum() for n in (256, 2048)] == pytest.approx([math.log(2)] * 2, rel=2e-3)
    fast = rates(lambda opt: ExponentialLR(opt, 0.9), epochs=1000, lr=1.0)
    assert fast.sum() == pytest.approx(10, rel=1e-12)


def test_the_optimizer_moves_by_the_new_rate():
    w = {"w": np.zeros(1)}
    optimizer = SGD(w, lr=1.0)
    schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    places = []
    for _ in range(4):
        optimizer.step({"w": -np.ones(1)})
        schedule.step()
        places.append(w["w"].item())
    assert places == [1, 2, 2.5, 3]


def test_two_schedules_on_one_optimizer():
    """As in PyTorch their factors multiply."""
    optimizer = SGD({"w": np.zeros(1)}, lr=1.0)
    pair = [StepLR(optimizer, 3, gamma=0.5), ExponentialLR(optimizer, 0.9)]
    for _ in range(6):
        for schedule in pair:
            schedule.step()
    assert optimizer.lr == pytest.approx(0.25 * 0.9**6, rel=1e-14)


def test_plateau_by_hand():
    """The best is epoch 1; patience 2 is used up after three more that are no better."""
    optimizer = SGD({"w": np.zeros(1)}, lr=1.0)
    schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=2)
    found = []
    for loss in (1.0, 0.5, 0.6, 0.5, 0.49999, 0.4, 0.4, 0.4):
        schedule.step(loss)
        found.append(optimizer.lr)
    assert found == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]


def test_the_torch_twins_can_be_stored_and_go_on():
    *_, theirs, twin = twins("InverseTimeLR", {"gamma": 0.5})
    for _ in range(3):
        theirs.step()
        twin.step()
    *_, others, again = twins("InverseTimeLR", {"gamma": 0.1})
    again.load_state_dict(twin.state_dict())
    for optimizer, schedule in ((theirs, twin), (others, again)):
        optimizer.step()
        schedule.step()
    assert again.get_last_lr() == twin.get_last_lr() == [0.3 / (1 + 0.5 * 4)]
    assert isinstance(twin, torch.optim.lr_scheduler.LRScheduler)


# Errors


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda opt: StepLR(opt, 0), "StepLR: step_size is 0, must be 1 or more"),
        (lambda opt: InverseTimeLR(opt, -0.1), "InverseTimeLR: gamma is -0.1, must be 0 or more"),
        (lambda opt: InverseTimeLR(opt, math.nan), "InverseTimeLR: gamma is nan"),
        (lambda opt: ReduceLROnPlateau(opt, factor=1.0), "ReduceLROnPlateau: factor is 1.0, must be below 1"),
        (lambda opt: ReduceLROnPlateau(opt, "low"), "ReduceLROnPlateau: mode is 'low', must be 'min' or 'max'"),
        (lambda opt: ReduceLROnPlateau(opt, threshold_mode="x"), "threshold_mode is 'x', must be 'rel' or 'abs'"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make(SGD({"w": np.zeros(1)}))


def test_the_torch_twin_refuses_a_negative_gamma_too():
    with pytest.raises(ValueError, match=r"InverseTimeLR: gamma is -0\.1, must be 0 or more"):
        torch_schedules.InverseTimeLR(torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))]), -0.1)


@pytest.mark.parametrize("make", [InverseSqrtLR, ReduceLROnPlateau], ids=lambda make: make.__name__)
def test_wants_an_optimizer_of_ours(make):
    theirs = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))])
    with pytest.raises(TypeError, match=rf"{make.__name__} wants an optimizer of tipslib\.scratch, got SGD"):
        make(theirs)


@pytest.mark.parametrize("option", ["last_epoch", "verbose"])
def test_unknown_options_are_type_errors(option):
    with pytest.raises(TypeError, match=option):
        StepLR(SGD({"w": np.zeros(1)}), 10, **{option: 1})


def test_the_base_class_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="LRScheduler has no get_lr"):
        LRScheduler(SGD({"w": np.zeros(1)})).step()
