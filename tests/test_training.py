"""The loop, evaluation and the division of data; both twins give the same numbers."""

import re

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from tests.parity import LayerCase, chain
from tipslib import pytorch, scratch
from tipslib.scratch import (
    SGD,
    CrossEntropyLoss,
    Diverged,
    Layer,
    MSELoss,
    evaluate,
    fit,
    minibatches,
    split,
)

seeds = st.integers(0, 2**32 - 1)
NET = chain(LayerCase("Linear", (6, 8)), LayerCase("Tanh"), LayerCase("Linear", (8, 4)), features=6)


def classes(n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """x float64 [n, 6] and labels 0 … 3 that a net can learn."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 6))
    return x, (x @ np.random.default_rng(99).standard_normal((6, 4))).argmax(axis=1)


def regression(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    x, _ = classes(n)
    return x, np.sin(x[:, :4])


class Table(Layer):
    """Returns the row of logits given for each example; x is the example's number. Records the mode and the calls."""

    def __init__(self, logits) -> None:
        super().__init__()
        self.logits, self.calls = np.array(logits, float), []

    def forward(self, x):
        self.calls.append((x.copy(), self.training))
        return self.logits[x]

    def backward(self, dy):
        return dy


# fit


def both_histories(task, loss, options, **settings) -> list:
    """fit with scratch and with PyTorch: same weights, same shuffles."""
    net, module = NET.twins(rng=np.random.default_rng(7))
    train, validation = task(60), task(25)
    own, theirs = getattr(scratch, loss)(), getattr(pytorch, loss)()
    ours = scratch.fit(
        net, own, scratch.SGD(net.params, **options), train, validation, rng=np.random.default_rng(3), **settings
    )
    twin = pytorch.fit(
        module,
        theirs,
        pytorch.SGD(module.parameters(), **options),
        train,
        validation,
        rng=np.random.default_rng(3),
        **settings,
    )
    return [ours, twin, net, module]


@pytest.mark.parametrize(
    ("task", "loss"), [(classes, "CrossEntropyLoss"), (regression, "MSELoss")], ids=["classes", "regression"]
)
@pytest.mark.parametrize("options", [{"lr": 0.1}, {"lr": 0.01, "momentum": 0.9, "weight_decay": 1e-3}], ids=str)
@pytest.mark.parametrize("batch_size", [60, 16, 1])
def test_both_twins_have_the_same_history(task, loss, options, batch_size):
    ours, twin, net, module = both_histories(task, loss, options, epochs=5, batch_size=batch_size)
    assert list(ours) == list(twin) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    for key in ours:
        assert len(ours[key]) == 5
        assert all(type(value) is float for value in ours[key])
    for key in ("loss", "val_loss"):
        np.testing.assert_allclose(ours[key], twin[key], rtol=1e-10, atol=0, err_msg=key)
    for name, tensor in module.state_dict().items():
        np.testing.assert_allclose(net.params[name], tensor.numpy(), rtol=1e-10, atol=1e-12, err_msg=name)


def test_both_twins_have_the_same_accuracies():
    ours, twin, _, _ = both_histories(classes, "CrossEntropyLoss", {"lr": 0.1}, epochs=5, batch_size=16)
    for key in ("accuracy", "val_accuracy"):
        np.testing.assert_allclose(ours[key], twin[key], rtol=1e-10, atol=0, err_msg=key)


def test_training_learns_and_does_so_in_float32_too():
    for dtype in (np.float64, np.float32):
        x, y = classes(300)
        net = NET.ours(dtype, np.random.default_rng(0))
        history = fit(
            net,
            CrossEntropyLoss(),
            SGD(net.params, lr=0.3),
            (x.astype(dtype), y),
            batch_size=20,
            epochs=20,
            rng=np.random.default_rng(0),
        )
        assert history["loss"][-1] < history["loss"][0] / 3
        assert history["accuracy"][-1] > 0.9
        assert all(w.dtype == dtype for w in net.params.values())


def test_loss_and_accuracy_are_averages_over_examples():
    """A short last batch counts by its size."""
    logits = [[5.0, 0.0], [5.0, 0.0], [5.0, 0.0]]
    examples = np.arange(3), np.array([0, 0, 1])
    table = Table(logits)
    loss = CrossEntropyLoss()
    history = fit(table, loss, Still(), examples, batch_size=2, epochs=1, rng=np.random.default_rng(0))
    assert history["loss"][0] == pytest.approx(loss(np.array(logits), examples[1]))
    assert history["accuracy"][0] == pytest.approx(2 / 3)


class Still:
    """An optimizer that does not move."""

    def step(self, grads):
        pass


def test_epochs_take_every_example_once_in_changing_order():
    table = Table(np.zeros((10, 2)))
    fit(
        table,
        CrossEntropyLoss(),
        Still(),
        (np.arange(10), np.zeros(10, int)),
        batch_size=3,
        epochs=2,
        rng=np.random.default_rng(0),
    )
    batches = [x for x, _ in table.calls]
    first, second = np.concatenate(batches[:4]), np.concatenate(batches[4:])
    assert [len(batch) for batch in batches] == [3, 3, 3, 1] * 2
    assert sorted(first) == sorted(second) == list(range(10))
    assert first.tolist() != second.tolist()


def test_fit_trains_in_training_mode_and_evaluates_in_eval_mode():
    table = Table(np.zeros((4, 2)))
    table.eval()
    examples = np.arange(4), np.zeros(4, int)
    fit(table, CrossEntropyLoss(), Still(), examples, examples, batch_size=2, epochs=2, rng=np.random.default_rng(0))
    assert [training for _, training in table.calls] == [True, True, False] * 2
    assert table.training


def test_history_without_validation_and_without_labels():
    x, y = regression()
    net = NET.ours()
    history = fit(net, MSELoss(), SGD(net.params), (x, y), epochs=2, rng=np.random.default_rng(0))
    assert list(history) == ["loss", "accuracy"]
    assert np.isnan(history["accuracy"]).all()


def test_one_hot_targets_are_no_labels():
    """Integers, but a row each: with as many examples as classes they could be taken for labels."""
    x, rows = np.eye(2), np.eye(2, dtype=int)
    net = scratch.Sequential(scratch.Linear(2, 2, dtype=np.float64))
    history = fit(net, MSELoss(), SGD(net.params), (x, rows), epochs=1, batch_size=2, rng=np.random.default_rng(0))
    assert np.isnan(history["accuracy"]).all()
    twin = torch.nn.Linear(2, 2, dtype=torch.float64)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1)
    loss = lambda output, y: torch.nn.functional.mse_loss(output, y.double())  # noqa: E731
    theirs = pytorch.fit(twin, loss, optimizer, (x, rows), epochs=1, batch_size=2, rng=np.random.default_rng(0))
    assert np.isnan(theirs["accuracy"]).all()


def test_no_epochs_change_nothing():
    net = NET.ours()
    before = net.state_dict()
    assert fit(net, CrossEntropyLoss(), SGD(net.params), classes(), epochs=0, rng=np.random.default_rng(0)) == {
        "loss": [],
        "accuracy": [],
    }
    for name, w in net.params.items():
        np.testing.assert_array_equal(w, before[name])


def test_same_rng_same_run():
    runs = []
    for seed in (0, 0, 1):
        net = NET.ours()
        runs.append(
            fit(
                net,
                CrossEntropyLoss(),
                SGD(net.params, lr=0.1),
                classes(),
                batch_size=7,
                rng=np.random.default_rng(seed),
            )
        )
    assert runs[0] == runs[1] != runs[2]


def test_training_data_stay_unchanged():
    x, y = classes()
    kept = x.copy(), y.copy()
    net = NET.ours()
    fit(net, CrossEntropyLoss(), SGD(net.params, lr=1.0), (x, y), (x, y), rng=np.random.default_rng(0))
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])


@pytest.mark.parametrize("package", [scratch, pytorch], ids=["scratch", "pytorch"])
def test_after_epoch_sees_the_history_and_may_stop(package):
    seen = []

    def stop(history) -> bool:
        seen.append(len(history["loss"]))
        return len(seen) == 3

    net, module = NET.twins()
    model, params = (net, net.params) if package is scratch else (module, module.parameters())
    history = package.fit(
        model,
        package.CrossEntropyLoss(),
        package.SGD(params, lr=0.1),
        classes(),
        epochs=10,
        after_epoch=stop,
        rng=np.random.default_rng(0),
    )
    assert seen == [1, 2, 3]
    assert len(history["loss"]) == 3


# Divergence


@pytest.mark.parametrize("package", [scratch, pytorch], ids=["scratch", "pytorch"])
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_diverged_carries_the_history(package):
    """A linear net on square error with a rate far beyond 2/curvature explodes after a few epochs."""
    case = LayerCase("Linear", (6, 4))
    net, module = case.twins(np.float32)
    model, params = (net, net.params) if package is scratch else (module, module.parameters())
    x, y = (array.astype(np.float32) for array in regression())
    with pytest.raises(Diverged, match=r"the loss became (inf|nan) in epoch \d+: try a lower learning rate") as caught:
        package.fit(
            model, package.MSELoss(), package.SGD(params, lr=1e3), (x, y), epochs=100, rng=np.random.default_rng(0)
        )
    losses = caught.value.history["loss"]
    epoch = int(re.search(r"epoch (\d+)", str(caught.value))[1])
    assert len(losses) == epoch > 2
    assert np.isfinite(losses[:-1]).all()
    assert losses[0] < losses[1]
    assert not np.isfinite(losses[-1])
    assert isinstance(caught.value, FloatingPointError)


def test_diverged_leaves_the_weights_of_the_last_finite_loss():
    x, y = classes()
    net = NET.ours()
    net.params["0.weight"][0, 0] = np.nan
    before = net.state_dict()
    with pytest.raises(Diverged, match="the loss became nan in epoch 1"):
        fit(net, CrossEntropyLoss(), SGD(net.params), (x, y), rng=np.random.default_rng(0))
    for name, w in net.params.items():
        np.testing.assert_array_equal(w, before[name])


def test_both_packages_raise_the_same_class():
    assert pytorch.Diverged is scratch.Diverged
    assert pytorch.minibatches is scratch.minibatches
    assert pytorch.split is scratch.split


# evaluate


@pytest.mark.parametrize("training", [True, False])
def test_evaluate_by_hand_and_in_eval_mode(training):
    table = Table([[2.0, 0.0], [0.0, 2.0], [0.0, 2.0], [0.0, 2.0]]).train(training)
    examples = np.arange(4), np.array([0, 0, 1, 1])
    loss, accuracy = evaluate(table, CrossEntropyLoss(), examples)
    right = np.log1p(np.exp(-2))
    assert loss == pytest.approx(right + 2 / 4)
    assert accuracy == 0.75
    assert [mode for _, mode in table.calls] == [False]
    assert table.training is training


@pytest.mark.parametrize("package", [scratch, pytorch], ids=["scratch", "pytorch"])
def test_evaluate_restores_the_mode_after_an_error(package):
    model = package.Sequential(package.Linear(3, 2))
    with pytest.raises((ValueError, RuntimeError)):
        package.evaluate(model, package.CrossEntropyLoss(), (np.zeros((2, 5), np.float32), np.array([0, 1])))
    assert model.training


# Errors of fit


@pytest.mark.parametrize("package", [scratch, pytorch], ids=["scratch", "pytorch"])
@pytest.mark.parametrize("labels", [59, 61])
def test_fit_wants_as_many_labels_as_examples(package, labels):
    x, _ = classes(60)
    net, module = NET.twins()
    model, params = (net, net.params) if package is scratch else (module, module.parameters())
    with pytest.raises(ValueError, match=f"fit got 60 examples and {labels} labels"):
        package.fit(
            model,
            package.CrossEntropyLoss(),
            package.SGD(params),
            (x, np.zeros(labels, int)),
            epochs=1,
            rng=np.random.default_rng(0),
        )


@pytest.mark.parametrize("package", [scratch, pytorch], ids=["scratch", "pytorch"])
def test_fit_wants_examples_and_batches(package):
    x, y = classes()
    net, module = NET.twins()
    model, params = (net, net.params) if package is scratch else (module, module.parameters())
    loss, optimizer, rng = package.CrossEntropyLoss(), package.SGD(params), np.random.default_rng(0)
    with pytest.raises(ValueError, match="n=0"):
        package.fit(model, loss, optimizer, (x[:0], y[:0]), rng=rng)
    with pytest.raises(ValueError, match="batch_size=0"):
        package.fit(model, loss, optimizer, (x, y), batch_size=0, rng=rng)
    with pytest.raises(TypeError, match="rng"):
        package.fit(model, loss, optimizer, (x, y))


def test_wrong_labels_and_dtypes_are_named_by_who_meets_them():
    x, y = classes()
    net, rng = NET.ours(), np.random.default_rng(0)
    with pytest.raises(ValueError, match="CrossEntropyLoss: label 9 is outside"):
        fit(net, CrossEntropyLoss(), SGD(net.params), (x, np.full(60, 9)), rng=rng)
    with pytest.raises(TypeError, match=r"Linear\(6, 8\) has float64 parameters but x is float32"):
        fit(net, CrossEntropyLoss(), SGD(net.params), (x.astype(np.float32), y), rng=rng)


# minibatches


@given(n=st.integers(1, 200), batch_size=st.integers(1, 250), seed=seeds)
def test_minibatches_give_every_index_once(n, batch_size, seed):
    batches = minibatches(n, batch_size, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches)) == list(range(n))
    sizes = [len(batch) for batch in batches]
    assert all(size == batch_size for size in sizes[:-1])
    assert 1 <= sizes[-1] <= batch_size


def test_minibatches_shuffle_examples_and_not_only_batches():
    batches = minibatches(1000, 10, np.random.default_rng(0))
    assert sum(np.ptp(batch) == 9 for batch in batches) == 0
    assert not np.array_equal(batches[0], minibatches(1000, 10, np.random.default_rng(1))[0])


@pytest.mark.parametrize(("n", "batch_size"), [(0, 1), (1, 0), (5, -1)])
def test_minibatches_wants_positive_numbers(n, batch_size):
    with pytest.raises(ValueError, match=f"n ≥ 1 and batch_size ≥ 1, got n={n}, batch_size={batch_size}"):
        minibatches(n, batch_size, np.random.default_rng(0))


# split

fractions = st.lists(st.integers(1, 10), min_size=1, max_size=4).map(lambda parts: [p / sum(parts) for p in parts])


@given(n=st.integers(50, 200), fractions=fractions, seed=seeds)
def test_split_is_disjoint_and_complete(n, fractions, seed):
    x = np.arange(n)
    parts = split(x, -x, fractions=fractions, rng=np.random.default_rng(seed))
    assert len(parts) == len(fractions)
    assert sorted(np.concatenate([first for first, _ in parts])) == list(range(n))
    for (first, second), fraction in zip(parts, fractions, strict=True):
        np.testing.assert_array_equal(second, -first)
        assert abs(len(first) - fraction * n) <= 1


def test_split_shuffles_and_takes_tensors():
    x, y = torch.arange(100), np.arange(100)
    (train, labels), (validation, _), (test, _) = split(x, y, rng=np.random.default_rng(0))
    assert (len(train), len(validation), len(test)) == (80, 10, 10)
    assert isinstance(train, torch.Tensor)
    np.testing.assert_array_equal(train.numpy(), labels)
    assert train.tolist() != sorted(train.tolist())
    (again, _), *_ = split(x, y, rng=np.random.default_rng(0))
    assert again.equal(train)


@pytest.mark.parametrize(
    ("arrays", "fractions", "message"),
    [
        ((range(3), range(4)), (0.5, 0.5), "same length, got lengths [3, 4]"),
        ((), (0.5, 0.5), "one or more arrays of the same length, got lengths []"),
        ((range(9),), (0.5, 0.6), "fractions (0.5, 0.6) must be positive and sum to 1"),
        ((range(9),), (1.5, -0.5), "fractions (1.5, -0.5) must be positive and sum to 1"),
        ((range(9),), (1.0, 0.0), "fractions (1.0, 0.0) must be positive and sum to 1"),
        ((range(3),), (0.8, 0.1, 0.1), "3 examples are too few for fractions (0.8, 0.1, 0.1)"),
    ],
    ids=str,
)
def test_split_errors(arrays, fractions, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        split(*map(np.array, arrays), fractions=fractions, rng=np.random.default_rng(0))
