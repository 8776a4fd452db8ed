"""Early stopping: the exercise's contract on random curves, and the parameters that come back, in both twins."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from tipslib import pytorch, scratch
from tipslib.scratch.earlystopping import EarlyStopping

curves = st.lists(st.one_of(st.integers(0, 5).map(float), st.floats(-1e6, 1e6)), min_size=1, max_size=30)
patiences = st.integers(1, 6)


def early_stopping(val_losses, patience):
    """(best_epoch, stop_epoch) as exercises.md words it: slow, and without a class."""
    for epoch in range(len(val_losses)):
        so_far = val_losses[: epoch + 1]
        best = so_far.index(min(so_far))  # the first on ties
        if epoch - best >= patience:
            break
    return best, epoch


def play(stopper, scores):
    next((score for score in scores if stopper.step(score)), None)
    return stopper.best_step, stopper.steps - 1


@given(scores=curves, patience=patiences)
def test_the_exercises_contract(scores, patience):
    stopper = EarlyStopping(patience)
    best, stop = play(stopper, scores)
    assert (best, stop) == early_stopping(scores, patience)
    assert stopper.best == scores[best] == min(scores[: stop + 1])
    assert stopper.steps == stop + 1


@given(scores=curves, patience=patiences)
def test_max_is_min_upside_down(scores, patience):
    assert play(EarlyStopping(patience, mode="max"), scores) == play(EarlyStopping(patience), [-s for s in scores])


@pytest.mark.parametrize(
    ("scores", "patience", "best", "stop"),
    [
        ([3, 2, 1], 1, 2, 2),  # never
        ([1, 2], 1, 0, 1),
        ([1, 1], 1, 0, 1),  # a tie is no improvement
        ([3, 2, 4, 4, 1], 2, 1, 3),
        ([3, 2, 4, 4, 1], 3, 4, 4),
        ([5], 1, 0, 0),
    ],
)
def test_by_hand(scores, patience, best, stop):
    assert play(EarlyStopping(patience), scores) == (best, stop)


def test_min_delta():
    """Less than min_delta, or just that, is no improvement; and small steps do not add up unseen."""
    assert play(EarlyStopping(2, min_delta=0.5), [3, 2.75, 2.5, 1]) == (0, 2)
    assert play(EarlyStopping(2, min_delta=0.5), [3, 2.75, 2.25, 2, 2]) == (2, 4)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("kind", [float, np.float64, np.float32, torch.tensor])
def test_nan_and_infinity_are_never_best(mode, kind):
    worst = math.inf if mode == "min" else -math.inf
    stopper = EarlyStopping(2, mode=mode)
    assert not stopper.step(kind(math.nan))
    assert stopper.best_step == -1
    assert stopper.step(kind(worst))  # two checks without any improvement
    stopper = EarlyStopping(2, mode=mode)
    assert [stopper.step(kind(score)) for score in (1.0, math.nan, worst)] == [False, False, True]
    assert stopper.best_step == 0
    assert type(stopper.best) is float


# With fit


def network(package):
    torch.manual_seed(0)
    rng = {"rng": np.random.default_rng(0)} if package is scratch else {}
    model = package.Sequential(package.Linear(5, 8, **rng), package.ReLU(), package.Linear(8, 3, **rng))
    parameters = model.params if package is scratch else model.parameters()
    return model, package.CrossEntropyLoss(), package.SGD(parameters, lr=0.1)


def weights(model):
    return {name: np.asarray(value).copy() for name, value in model.state_dict().items()}


def blobs(n, seed):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, 5)).astype(np.float32), rng.integers(3, size=n)


@pytest.mark.parametrize("package", [scratch, pytorch], ids=["scratch", "pytorch"])
@given(scores=curves, patience=patiences)
def test_restore_after_fit(package, scores, patience):
    """Planned scores: fit ends at the planned epoch, and the model of the best epoch comes back to the last bit."""
    model, loss, optimizer = network(package)
    stopper, seen = package.EarlyStopping(patience), []

    def after_epoch(history):
        seen.append(weights(model))
        return stopper.step(scores[len(seen) - 1], model)

    rng = np.random.default_rng(0)
    history = package.fit(
        model, loss, optimizer, blobs(8, 0), epochs=len(scores), batch_size=4, rng=rng, after_epoch=after_epoch
    )
    best, stop = early_stopping(scores, patience)
    assert len(history["loss"]) == stop + 1
    stopper.restore(model)
    for name, array in weights(model).items():
        np.testing.assert_array_equal(array, seen[best][name])
        if stop > best:
            assert (array != seen[stop][name]).any()


@pytest.mark.parametrize("package", [scratch, pytorch], ids=["scratch", "pytorch"])
def test_on_a_real_validation_set(package):
    """Random labels: validation gets worse soon. The restored model has the best loss of the history."""
    model, loss, optimizer = network(package)
    validation = blobs(200, 1)
    stopper = package.EarlyStopping(patience=3)
    history = package.fit(
        model,
        loss,
        optimizer,
        blobs(50, 0),
        validation,
        epochs=200,
        batch_size=10,
        rng=np.random.default_rng(0),
        after_epoch=lambda history: stopper.step(history["val_loss"][-1], model),
    )
    assert 4 <= len(history["loss"]) < 200
    assert (stopper.best_step, len(history["loss"]) - 1) == early_stopping(history["val_loss"], 3)
    assert package.evaluate(model, loss, validation)[0] > stopper.best
    stopper.restore(model)
    assert package.evaluate(model, loss, validation)[0] == pytest.approx(min(history["val_loss"]), rel=1e-6)


def test_restore_without_parameters():
    model, *_ = network(scratch)
    stopper = EarlyStopping()
    with pytest.raises(RuntimeError, match=r"no parameters to restore: .* step\(\) got no model"):
        stopper.restore(model)
    stopper.step(2.0, model)
    stopper.step(1.0)  # better, but without its model: the older one would be the wrong one
    with pytest.raises(RuntimeError, match="no parameters to restore"):
        stopper.restore(model)


@pytest.mark.parametrize(
    "kwargs", [{"patience": 0}, {"patience": -1}, {"min_delta": -0.1}, {"min_delta": math.nan}, {"mode": "auto"}]
)
def test_errors(kwargs):
    (value,) = kwargs.values()
    with pytest.raises(ValueError, match=f"EarlyStopping: .*{next(iter(kwargs))}={value!r}.*wants patience ≥ 1"):
        EarlyStopping(**kwargs)


def test_one_class_for_both():
    assert pytorch.EarlyStopping is scratch.EarlyStopping is EarlyStopping
