"""The perceptron's bound on mistakes, and Adaline's way to least squares."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tipslib.scratch import adaline_update, perceptron_update

seeds = st.integers(0, 2**32 - 1)


def separable(rng, n: int, d: int, margin: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x [n, d], y = ±1 and a unit vector u with y (u·x) ≥ margin for every example."""
    u = rng.standard_normal(d)
    u /= np.linalg.norm(u)
    x, y = rng.standard_normal((n, d)), rng.choice([-1.0, 1.0], n)
    x += np.outer(y * (margin + np.abs(x @ u)) - x @ u, u)
    return x, y, u


@given(seed=seeds, n=st.integers(1, 30), d=st.integers(1, 5), margin=st.floats(0.05, 1))
def test_novikoff_bound(seed, n, d, margin):
    """On separable data the number of mistakes is at most (R/γ)², however long one goes on."""
    x, y, u = separable(np.random.default_rng(seed), n, d, margin)
    gamma, radius = (y * (x @ u)).min(), np.linalg.norm(x, axis=1).max()
    bound = (radius / gamma) ** 2
    w, mistakes, mistaken = np.zeros(d), 0, True
    while mistaken:
        mistaken = False
        for row, label in zip(x, y, strict=True):
            new = perceptron_update(w, row, label)
            if not np.array_equal(new, w):
                mistakes, mistaken = mistakes + 1, True
            w = new
        assert mistakes <= bound * (1 + 1e-9)
    assert (np.sign(x @ w) == y).all()


def test_perceptron_by_hand():
    w, x = np.array([1.0, -1.0]), np.array([2.0, 1.0])
    np.testing.assert_array_equal(perceptron_update(w, x, 1), w)
    np.testing.assert_array_equal(perceptron_update(w, x, -1), [-1, -2])
    # w·x = 0 decides for neither side: a mistake
    np.testing.assert_array_equal(perceptron_update(np.zeros(2), x, 1), x)
    np.testing.assert_array_equal(perceptron_update(np.zeros(2), x, -1), -x)


def test_adaline_by_hand():
    # error 3 - 1 = 2, step 0.1 · 2 · x
    np.testing.assert_allclose(adaline_update(np.array([1.0, -1.0]), np.array([2.0, 1.0]), 3, 0.1), [1.4, -0.8])


@pytest.mark.parametrize(
    "update", [lambda w: perceptron_update(w, np.ones(2), 1), lambda w: adaline_update(w, w, 1, 0.1)]
)
def test_the_old_weights_stay(update):
    w = np.zeros(2)
    new = update(w)
    assert not np.shares_memory(new, w)
    assert not w.any()


@given(seed=seeds)
def test_adaline_is_gradient_descent_on_half_the_squared_error(seed):
    rng = np.random.default_rng(seed)
    w, x, y = rng.standard_normal(4), rng.standard_normal(4), rng.choice([-1.0, 1.0])
    np.testing.assert_allclose(adaline_update(w, x, y, 0.1), w - 0.1 * -(y - w @ x) * x, rtol=1e-14)


def test_adaline_converges_to_least_squares():
    """On labels that no weights meet exactly; the rate shrinks like 1/√t, the mean of the last epochs is compared."""
    rng = np.random.default_rng(0)
    x, y = np.c_[rng.standard_normal((50, 2)), np.ones(50)], rng.choice([-1.0, 1.0], 50)
    best = np.linalg.lstsq(x, y, rcond=None)[0]
    w, distances = np.zeros(3), []
    for epoch in range(300):
        for i in rng.permutation(50):
            w = adaline_update(w, x[i], y[i], 0.02 / (1 + epoch))
        distances.append(np.linalg.norm(w - best))
    assert distances[-1] < 0.01
    assert distances[-1] < distances[0] / 10
    # and there it stays: a full-batch step from the solution goes nowhere
    assert (
        np.abs(sum(adaline_update(best, row, label, 1.0) - best for row, label in zip(x, y, strict=True))).max() < 1e-12
    )


@pytest.mark.parametrize("y", [0, 2, float("nan")])
@pytest.mark.parametrize("update", [perceptron_update], ids=lambda update: update.__name__)
def test_labels_are_plus_or_minus_one(update, y):
    with pytest.raises(ValueError, match=f"perceptron_update wants a label of 1 or -1, got {y}"):
        update(np.zeros(2), np.ones(2), y)
