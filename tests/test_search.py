"""Hyperparameter search: log-uniform draws, ranking, and what coarse-to-fine makes of them."""

import itertools
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tipslib import scratch
from tipslib.scratch.search import at_edge, grid_search, narrow, random_search, sample_log_uniform

positive = st.floats(1e-300, 1e300)
seeds = st.integers(0, 2**32 - 1)


# Draws


@given(ends=st.tuples(positive, positive).map(sorted).filter(lambda ends: ends[0] < ends[1]), seed=seeds)
def test_samples_lie_in_the_range(ends, seed):
    value = sample_log_uniform(*ends, rng=np.random.default_rng(seed))
    assert type(value) is float
    assert ends[0] <= value <= ends[1]


@pytest.mark.parametrize("low", [1.0, 1e-6, 0.3])
def test_neighbours_as_a_range(low):
    """exp and log round, the ends hold all the same."""
    high = np.nextafter(low, 2)
    for seed in range(20):
        assert low <= sample_log_uniform(low, high, rng=np.random.default_rng(seed)) <= high


@pytest.mark.parametrize(("low", "high"), [(1e-6, 10.0), (0.5, 0.6), (1e-300, 1e300)])
def test_logarithms_are_uniform(low, high):
    """Kolmogorov and Smirnov: √n sup|F_n - F| is above 1.95 once in a thousand."""
    n, rng = 4000, np.random.default_rng(0)
    values = [sample_log_uniform(low, high, rng=rng) for _ in range(n)]
    u = np.sort([(math.log(v) - math.log(low)) / (math.log(high) - math.log(low)) for v in values])
    steps = np.arange(n + 1) / n
    assert math.sqrt(n) * max((u - steps[:-1]).max(), (steps[1:] - u).max()) < 1.95


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (1, 1), (2, 1), (1, math.inf), (math.nan, 1)])
def test_a_range_is_positive_and_ordered(low, high):
    with pytest.raises(ValueError, match=f"sample_log_uniform wants 0 < low < high < ∞, got {low} and {high}"):
        sample_log_uniform(low, high, rng=np.random.default_rng(0))


# Searches


def objective(lr, reg=1e-3):
    """Best at lr = 0.1 and reg = 1e-3, where it is 0."""
    return -((math.log10(lr) + 1) ** 2) - (math.log10(reg) + 3) ** 2


SPACE = {"lr": (1e-6, 10.0), "reg": (1e-5, 1.0)}


@given(trials=st.integers(1, 20), seed=seeds)
def test_random_search(trials, seed):
    tried = random_search(objective, SPACE, trials, rng=np.random.default_rng(seed))
    assert len(tried) == trials
    assert tried == random_search(objective, SPACE, trials, rng=np.random.default_rng(seed))
    for trial in tried:
        assert list(trial) == ["lr", "reg", "score"]
        assert trial["score"] == objective(trial["lr"], trial["reg"])
        assert all(low <= trial[name] <= high for name, (low, high) in SPACE.items())
    scores = [trial["score"] for trial in tried]
    assert scores == sorted(scores, reverse=True)


@given(
    grid=st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True)),
)
def test_grid_search_tries_every_combination_once(grid):
    tried = grid_search(lambda **point: sum(point.values()), grid)
    got = sorted(tuple(trial[name] for name in grid) for trial in tried)
    assert got == sorted(itertools.product(*grid.values()))
    assert tried[0]["score"] == sum(map(max, grid.values()))


def test_projections():
    """With nine trials in two dimensions a grid has three values of each, random search nine."""
    grid = grid_search(objective, {"lr": [0.01, 0.1, 1.0], "reg": [1e-4, 1e-3, 1e-2]})
    random = random_search(objective, SPACE, 9, rng=np.random.default_rng(0))
    for name in SPACE:
        assert len({trial[name] for trial in grid}) == 3
        assert len({trial[name] for trial in random}) == 9
    assert (grid[0]["lr"], grid[0]["reg"], grid[0]["score"]) == (0.1, 1e-3, 0)


def test_diverged_runs_are_last():
    def cost(lr):
        if lr > 5:
            raise scratch.Diverged("the loss became inf", {"loss": [math.inf]})
        return math.nan if lr == 2 else -lr

    tried = grid_search(cost, {"lr": [2, 3, 10, 1]})
    assert [trial["lr"] for trial in tried] == [1, 3, 2, 10]
    assert math.isnan(tried[2]["score"])
    assert math.isnan(tried[3]["score"])


def test_a_mistake_is_no_divergence():
    with pytest.raises(ZeroDivisionError):
        grid_search(lambda lr: 1 / lr, {"lr": [0]})


def test_nothing_to_try():
    with pytest.raises(ValueError, match="nothing to try"):
        random_search(objective, SPACE, 0, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="nothing to try"):
        grid_search(objective, {"lr": [0.1], "reg": []})


def test_a_real_run():
    """A linear classifier: a rate in the middle wins over one that does nothing and one that blows up."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((100, 2))
    y = (x[:, 0] > 0).astype(int)

    def objective(lr):
        model, loss = scratch.Linear(2, 2, rng=rng, dtype=np.float64), scratch.CrossEntropyLoss()
        scratch.zeros_(model.params["weight"])
        with np.errstate(over="ignore", invalid="ignore"):
            history = scratch.fit(model, loss, scratch.SGD(model.params, lr), (x, y), epochs=5, rng=rng)
        return -history["loss"][-1]

    tried = grid_search(objective, {"lr": [1e-9, 0.5, 1e308]})
    assert [trial["lr"] for trial in tried] == [0.5, 1e-9, 1e308]
    assert math.isnan(tried[-1]["score"])


# From coarse to fine


@given(lr=positive, reg=positive, decades=st.floats(0.1, 3))
def test_narrow(lr, reg, decades):
    space = narrow(SPACE, {"lr": lr, "reg": reg, "score": 0.5}, decades)
    assert list(space) == ["lr", "reg"]
    for name, value in (("lr", lr), ("reg", reg)):
        low, high = space[name]
        assert math.log10(high) - math.log10(low) == pytest.approx(2 * decades, rel=1e-9)
        assert math.log10(low) + decades == pytest.approx(math.log10(value), abs=1e-9)


@pytest.mark.parametrize(
    ("lr", "edge"), [(1e-6, True), (4e-6, True), (6e-6, False), (1e-2, False), (1.5, False), (2.5, True), (20.0, True)]
)
def test_at_edge(lr, edge):
    """A tenth of the seven decades from 1e-6 to 10: below 10^-5.3 = 5e-6 or above 10^0.3 = 2."""
    assert at_edge(SPACE, {"lr": lr, "reg": 1e-3, "score": 1.0}) == (["lr"] if edge else [])
    assert at_edge(SPACE, {"lr": lr, "reg": 1.0, "score": 1.0}) == (["lr", "reg"] if edge else ["reg"])


def test_two_stages_come_closer():
    """The finer search around the best of the coarse one; and a range that misses the best shows it."""
    better = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        coarse = random_search(objective, SPACE, 20, rng=rng)[0]
        fine = random_search(objective, narrow(SPACE, coarse), 20, rng=rng)[0]
        better += fine["score"] > coarse["score"]
    assert better >= 16
    shifted = {"lr": (1e-6, 1e-2), "reg": (1e-5, 1.0)}
    best = random_search(objective, shifted, 200, rng=np.random.default_rng(0))[0]
    assert at_edge(shifted, best) == ["lr"]
