"""Diagnosis: verdicts in the exercise's order, and what a healthy start looks like."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tipslib.scratch import SGD, CrossEntropyLoss, Diverged, Linear, ReLU, Sequential
from tipslib.scratch.diagnosis import diagnose, expected_initial_loss, overfit_tiny, update_ratio

# diagnose

positive = st.floats(1e-6, 1e6)
anything = st.one_of(st.floats(-1e7, 1e7), st.sampled_from([math.nan, math.inf, -math.inf]))


def verdict(losses):
    """The rule of exercises.md, one line after the other."""
    first, final = losses[0], losses[-1]
    if not all(map(math.isfinite, losses)):
        return "nan"
    if any(loss > 3 * first for loss in losses):
        return "exploding"
    if final > 1.01 * first:
        return "rising"
    if final > 0.99 * first:
        return "too low"
    return "ok"


@given(first=positive, rest=st.lists(anything, max_size=8), near=st.lists(st.floats(0.9, 3.3), max_size=3))
def test_the_exercises_contract(first, rest, near):
    losses = [first, *rest, *(factor * first for factor in near)]
    assert diagnose(losses) == verdict(losses)
    assert diagnose(np.array(losses)) == verdict(losses)


@pytest.mark.parametrize(
    ("losses", "name"),
    [
        ([100, 300, 50], "ok"),  # 3 × the first is not above it
        ([100, 300.1, 50], "exploding"),
        ([100, 50, 301], "exploding"),  # before "rising"
        ([100, 301, math.nan], "nan"),  # before "exploding"
        ([100, math.inf], "nan"),
        ([math.nan], "nan"),
        ([math.inf, 1], "nan"),
        ([100, 101], "too low"),
        ([100, 101.1], "rising"),
        ([100, 99], "ok"),
        ([100, 99.1], "too low"),
        ([100, 1, 100], "too low"),
        ([100], "too low"),
        ([2, 1, -1], "ok"),
    ],
)
def test_verdicts_at_their_limits(losses, name):
    assert diagnose(losses) == name
    assert diagnose(tuple(losses)) == name
    assert diagnose(np.array(losses, np.float32)) == name


@given(losses=st.lists(positive, min_size=1, max_size=8), power=st.integers(-20, 20))
def test_the_unit_of_the_loss_does_not_matter(losses, power):
    """A power of 2 scales without rounding."""
    assert diagnose([loss * 2.0**power for loss in losses]) == diagnose(losses)


@pytest.mark.parametrize("losses", [[], [0.0, 1.0], [-1.0], [-math.inf]])
def test_diagnose_wants_a_curve_that_starts_above_zero(losses):
    with pytest.raises(ValueError, match=r"diagnose wants losses that start above 0, got \["):
        diagnose(losses)


# Initial loss


@pytest.mark.parametrize("classes", [1, 2, 10, 1000])
def test_expected_initial_loss_is_cross_entropy_at_zero_logits(classes):
    loss = CrossEntropyLoss()(np.zeros((classes, classes)), np.arange(classes))
    assert expected_initial_loss(classes) == pytest.approx(loss, rel=1e-14, abs=1e-15)
    assert type(expected_initial_loss(classes)) is float


def test_a_small_start_knows_nothing():
    """K: 2.30 for ten classes, with weights of 1e-4 or so."""
    rng = np.random.default_rng(0)
    model = Sequential(Linear(40, 50, rng=rng), ReLU(), Linear(50, 10, rng=rng))
    for name, array in model.params.items():
        array[...] = 1e-4 * rng.standard_normal(array.shape) if name.endswith("weight") else 0
    x, r = rng.standard_normal((100, 40)).astype(np.float32), rng.integers(10, size=100)
    assert CrossEntropyLoss()(model(x), r) == pytest.approx(expected_initial_loss(10), abs=1e-4)
    assert round(expected_initial_loss(10), 2) == 2.3


@pytest.mark.parametrize("classes", [0, -1])
def test_expected_initial_loss_errors(classes):
    with pytest.raises(ValueError, match=f"expected_initial_loss: classes is {classes}, must be 1 or more"):
        expected_initial_loss(classes)


# Overfit a few examples


def twenty(seed=0):
    rng = np.random.default_rng(seed)
    model = Sequential(Linear(40, 50, rng=rng), ReLU(), Linear(50, 10, rng=rng))
    return model, (rng.standard_normal((20, 40)).astype(np.float32), rng.integers(10, size=20)), rng


def test_twenty_examples_are_learned_by_heart():
    """Even random labels. The number is that of the first epoch with all right: one less is not enough."""

    def train(epochs):
        model, (x, y), rng = twenty()
        epoch = overfit_tiny(model, CrossEntropyLoss(), SGD(model.params, lr=0.3), (x, y), epochs=epochs, rng=rng)
        return epoch, (model(x).argmax(axis=1) == y).all()

    epoch, all_right = train(200)
    assert all_right
    assert 2 <= epoch <= 100
    assert train(epoch) == (epoch, True)
    assert train(epoch - 1) == (None, False)


def test_a_network_that_cannot_learn_is_found_out():
    model, (x, y), rng = twenty()
    optimizer = SGD(model.params, lr=0.3)
    assert overfit_tiny(model, CrossEntropyLoss(), optimizer, (np.zeros_like(x), y), epochs=20, rng=rng) is None


def test_overfit_tiny_errors():
    model, (x, y), rng = twenty()
    with pytest.raises(TypeError, match="overfit_tiny counts right labels and wants integers, got float64"):
        overfit_tiny(model, CrossEntropyLoss(), SGD(model.params), (x, y.astype(float)), rng=rng)
    with np.errstate(all="ignore"), pytest.raises(Diverged, match="try a lower learning rate"):
        overfit_tiny(model, CrossEntropyLoss(), SGD(model.params, lr=1e30), (x, y), rng=rng)


# Ratio of update to weight


@given(
    shape=st.sampled_from([(3,), (2, 4), (2, 3, 2)]),
    ratio=st.floats(1e-6, 10),
    seed=st.integers(0, 2**32 - 1),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_update_ratio(shape, ratio, seed, dtype):
    rng = np.random.default_rng(seed)
    w, direction = rng.standard_normal(shape), rng.standard_normal(shape)
    update = ratio * direction * math.sqrt((w**2).sum() / (direction**2).sum())
    got = update_ratio(w.astype(dtype), update.astype(dtype))
    assert type(got) is float
    assert got == pytest.approx(ratio, rel=1e-5 if dtype == np.float32 else 1e-12)
    assert update_ratio(w, 0 * w) == 0


def test_update_ratio_of_a_step_of_sgd():
    """One step moves w by ηg."""
    layer = Linear(3, 2, rng=np.random.default_rng(0), dtype=np.float64)
    before = layer.params["weight"].copy()
    layer.backward(0 * layer(np.ones((1, 3))) + 1)
    SGD(layer.params, lr=0.1).step(layer.grads)
    want = 0.1 * math.sqrt(6) / np.sqrt((before**2).sum())
    assert update_ratio(before, layer.params["weight"] - before) == pytest.approx(want, rel=1e-12)


def test_update_ratio_errors():
    with pytest.raises(
        ValueError, match=r"update_ratio wants equal shapes and a w that is not all 0, got \(2,\), \(3,\)"
    ):
        update_ratio(np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match=r"not all 0"):
        update_ratio(np.zeros(2), np.ones(2))
