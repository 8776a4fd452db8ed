"""Ensembles: bootstrap samples, and the two ways to count the members' opinions."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from tests.parity import DTYPES
from tipslib.scratch.divergences import NLLLoss
from tipslib.scratch.ensembles import bagging, ensemble_predict
from tipslib.scratch.layers import Linear
from tipslib.scratch.losses import CrossEntropyLoss
from tipslib.scratch.softmax import Softmax

each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
seeds = st.integers(0, 2**32 - 1)


def sample(x, y):
    """A model that is its own training data."""
    return x, y


@given(n=st.integers(1, 40), k=st.integers(1, 5), seed=seeds)
def test_each_sample_has_as_many_examples(n, k, seed):
    """Of the data and nothing else, every x with its own y."""
    x = np.arange(2 * n).reshape(n, 2)
    models = bagging(sample, x, x[:, 0] // 2, k, rng=np.random.default_rng(seed))
    assert len(models) == k
    for got_x, got_y in models:
        assert got_x.shape == (n, 2)
        assert ((got_y >= 0) & (got_y < n)).all()
        np.testing.assert_array_equal(got_x, x[got_y])


def test_63_percent_are_distinct():
    """1 - (1 - 1/n)^n → 1 - 1/e; the count has a variance of about n(1/e - 2/e²)."""
    n, k = 1000, 50
    models = bagging(sample, np.arange(n), np.arange(n), k, rng=np.random.default_rng(0))
    distinct = np.array([len(np.unique(x)) / n for x, _ in models])
    error = math.sqrt((1 / math.e - 2 / math.e**2) / n)
    assert abs(distinct.mean() - (1 - (1 - 1 / n) ** n)) < 5 * error / math.sqrt(k)
    assert 0.5 * error < distinct.std() < 1.5 * error
    assert abs(1 - 1 / math.e - 0.63) < 0.005
    assert len({x.tobytes() for x, _ in models}) == k  # every sample is another


def test_all_examples_are_equally_likely():
    n, k = 20, 2000
    models = bagging(sample, np.arange(n), np.arange(n), k, rng=np.random.default_rng(1))
    counts = np.bincount(np.concatenate([x for x, _ in models]), minlength=n)
    assert np.abs(counts - k).max() < 5 * math.sqrt(k)


def test_tensors_are_sampled_too():
    ((x, y),) = bagging(sample, torch.arange(10.0), torch.arange(10), 1, rng=np.random.default_rng(0))
    assert isinstance(x, torch.Tensor)
    assert torch.equal(x, y.float())


def test_bagging_errors():
    with pytest.raises(ValueError, match="bagging: k is 0, must be 1 or more"):
        bagging(sample, np.arange(3), np.arange(3), 0, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="bagging wants as many labels as examples, got 4 and 3"):
        bagging(sample, np.arange(3), np.arange(4), 1, rng=np.random.default_rng(0))


# Prediction


def members(logits):
    return [lambda x, z=z: z for z in logits]


def opinions(k, dtype=np.float64, seed=0, shape=(6, 4)):
    return (3 * np.random.default_rng(seed).standard_normal((k, *shape))).astype(dtype)


@each_dtype
@given(k=st.integers(1, 5), seed=seeds)
def test_average(dtype, k, seed):
    logits = opinions(k, dtype, seed)
    y = ensemble_predict(members(logits), None)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, sum(Softmax()(z) for z in logits) / k, rtol=1e-5 if dtype == np.float32 else 1e-13)
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-6)


@each_dtype
@given(k=st.integers(1, 5), seed=seeds)
def test_vote(dtype, k, seed):
    logits = opinions(k, dtype, seed)
    y = ensemble_predict(members(logits), None, "vote")
    assert y.dtype == dtype
    for row, votes in zip(y, logits.argmax(axis=2).T, strict=True):
        np.testing.assert_allclose(row, [(votes == c).sum() / k for c in range(4)], rtol=1e-6)


def test_average_and_vote_may_disagree():
    """Two members lean a little to class 0, one is sure of class 1."""
    logits = np.array([[[0.1, 0.0]], [[0.1, 0.0]], [[0.0, 5.0]]])
    assert ensemble_predict(members(logits), None, "vote").argmax() == 0
    assert ensemble_predict(members(logits), None, "average").argmax() == 1
    np.testing.assert_allclose(ensemble_predict(members(logits), None, "vote"), [[2 / 3, 1 / 3]])


def test_equal_logits_are_a_vote_for_the_first():
    np.testing.assert_array_equal(ensemble_predict(members(np.zeros((1, 1, 3))), None, "vote"), [[1, 0, 0]])


@given(k=st.integers(1, 5), seed=seeds)
def test_the_average_is_no_worse_than_its_members(k, seed):
    """-log is convex (Jensen): the ensemble's cross entropy is at most the mean of the members'."""
    logits = opinions(k, seed=seed)
    r = np.random.default_rng(seed).integers(4, size=6)
    ensemble = NLLLoss()(np.log(ensemble_predict(members(logits), None)), r)
    assert ensemble <= np.mean([CrossEntropyLoss()(z, r) for z in logits]) + 1e-12


def test_layers_are_members():
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    models = [Linear(3, 2, rng=np.random.default_rng(seed)) for seed in range(3)]
    np.testing.assert_allclose(
        ensemble_predict(models, x), np.mean([Softmax()(model(x)) for model in models], axis=0), rtol=1e-6
    )


def test_prediction_errors():
    with pytest.raises(ValueError, match="ensemble_predict got 0 models"):
        ensemble_predict([], np.ones((1, 2)))
    with pytest.raises(ValueError, match=r"got 1 models and how='mean'; wants some, 'average' or 'vote'"):
        ensemble_predict(members(opinions(1)), None, "mean")
