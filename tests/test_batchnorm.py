"""BatchNorm1d: torch's class as oracle over whole trainings, the lecture's longer formulas, and hard columns."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.parity_regularization import spread_out
from tipslib.pytorch.batchnorm import BatchNorm1d as TorchBatchNorm1d
from tipslib.scratch import SGD, Linear, MSELoss, ReLU, Sequential, gradient_check
from tipslib.scratch.batchnorm import BatchNorm1d

each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])
# atol covers sums that cancel: up to 21 terms of order 10 here.
TOLERANCE = {np.float64: {"rtol": 1e-12, "atol": 1e-12}, np.float32: {"rtol": 1e-5, "atol": 1e-4}}
BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def twins(features=3, dtype=np.float64, seed=0, **options):
    """Both, with the same random γ, β and, where there are any, running averages."""
    rng = np.random.default_rng(seed)
    layer = BatchNorm1d(features, dtype=dtype, **options)
    if layer.params:
        layer.params["weight"][...] = rng.uniform(-2, 2, features)
        layer.params["bias"][...] = rng.standard_normal(features)
    if layer.buffers:
        layer.running_mean[...] = rng.standard_normal(features)
        layer.running_var[...] = rng.uniform(0.5, 2, features)
    module = TorchBatchNorm1d(features, **options).to(getattr(torch, np.dtype(dtype).name))
    module.load_state_dict({name: torch.from_numpy(array) for name, array in layer.state_dict().items()})
    return layer, module


def compare(layer, module, z, dout) -> None:
    """Output, all gradients and all buffers of one pass, in value, dtype and shape."""
    leaf = torch.tensor(z, requires_grad=True)
    module.zero_grad()
    out = module(leaf)
    out.backward(torch.tensor(dout))
    ours = {"out": layer(z), "dz": layer.backward(dout), **layer.grads, **layer.buffers}
    theirs = {"out": out.detach(), "dz": leaf.grad, **{name: p.grad for name, p in module.named_parameters()}}
    theirs |= dict(module.named_buffers())
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert ours[name].dtype == tensor.numpy().dtype, name
        assert ours[name].shape == tensor.shape, name
        np.testing.assert_allclose(ours[name], tensor.numpy(), **TOLERANCE[z.dtype.type], err_msg=name)


def train_on(layer, *batches):
    layer.train()
    for batch in batches:
        layer(batch)
    return layer


# PyTorch as the oracle


@each_dtype
@given(
    size=st.integers(2, 7),
    features=st.integers(1, 4),
    length=st.one_of(st.none(), st.integers(1, 3)),
    momentum=st.sampled_from([0.1, 0.5, 0.0, 1.0, None]),
    seed=st.integers(0, 1000),
)
def test_three_batches_and_a_test(dtype, size, features, length, momentum, seed):
    """Training moves the running averages, testing uses them; [N, C] and [N, C, L]; every momentum, None too."""
    layer, module = twins(features, dtype, seed, momentum=momentum)
    shape = (size, features) if length is None else (size, features, length)
    rng = np.random.default_rng(seed)
    for mode in (True, True, True, False):
        layer.train(mode)
        module.train(mode)
        offset = 3 * rng.standard_normal((features, 1) if length else features)
        compare(
            layer, module, (spread_out(shape, seed) + offset).astype(dtype), rng.standard_normal(shape).astype(dtype)
        )


@each_dtype
@pytest.mark.parametrize("options", [{"affine": False}, {"track_running_stats": False}, {"eps": 0.5}])
@pytest.mark.parametrize("training", [True, False])
def test_options(dtype, options, training):
    layer, module = twins(dtype=dtype, **options)
    layer.train(training)
    module.train(training)
    z, dout = spread_out((5, 3), 1).astype(dtype), spread_out((5, 3), 2).astype(dtype)
    compare(layer, module, z, dout)


@each_dtype
@pytest.mark.parametrize("size", [0, 1])
def test_test_batches_of_none_and_of_one(dtype, size):
    layer, module = twins(dtype=dtype)
    layer.eval()
    module.eval()
    compare(layer, module, spread_out((5, 3), 1)[:size].astype(dtype), spread_out((5, 3), 2)[:size].astype(dtype))


@each_dtype
def test_one_example_of_some_length_is_enough(dtype):
    compare(*twins(dtype=dtype), spread_out((1, 3, 4), 1).astype(dtype), spread_out((1, 3, 4), 2).astype(dtype))


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1)])
@pytest.mark.parametrize("options", [{}, {"track_running_stats": False}])
def test_a_training_batch_of_one_is_refused(shape, options):
    """As in PyTorch, also at test time where it would need the batch's statistics; and nothing has changed."""
    layer, module = twins(**options)
    before = layer.state_dict()
    for mode in (True,) if layer.buffers else (True, False):
        layer.train(mode)
        module.train(mode)
        with pytest.raises(ValueError, match="more than 1 value"):
            layer(np.ones(shape))
        with pytest.raises(ValueError, match="more than 1 value"):
            module(torch.ones(shape, dtype=torch.float64))
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_an_empty_training_batch_moves_no_average():
    layer, module = twins()
    before = layer.state_dict()
    assert layer(np.zeros((0, 3))).shape == (0, 3)
    module(torch.zeros(0, 3, dtype=torch.float64))
    for name in ("running_mean", "running_var"):
        np.testing.assert_array_equal(layer.buffers[name], before[name])
        np.testing.assert_array_equal(layer.buffers[name], module.state_dict()[name].numpy())
    assert layer.num_batches_tracked == 0  # PyTorch counts it, so that its average over all batches would go wrong


def test_a_network_trains_alike():
    """30 steps with momentum through Linear, BatchNorm1d, ReLU, Linear; then the test-time outputs agree."""
    rng = np.random.default_rng(0)
    model = Sequential(
        Linear(4, 6, rng=rng, dtype=np.float64),
        BatchNorm1d(6, dtype=np.float64),
        ReLU(),
        Linear(6, 2, rng=rng, dtype=np.float64),
    )
    twin = torch.nn.Sequential(
        torch.nn.Linear(4, 6), TorchBatchNorm1d(6), torch.nn.ReLU(), torch.nn.Linear(6, 2)
    ).double()
    twin.load_state_dict({name: torch.from_numpy(array) for name, array in model.state_dict().items()})
    optimizer, loss = SGD(model.params, lr=0.05, momentum=0.9), MSELoss()
    twin_optimizer = torch.optim.SGD(twin.parameters(), lr=0.05, momentum=0.9)
    for _ in range(30):
        x, y = rng.standard_normal((8, 4)), rng.standard_normal((8, 2))
        loss(model(x), y)
        model.backward(loss.backward())
        optimizer.step(model.grads)
        twin_optimizer.zero_grad()
        torch.nn.functional.mse_loss(twin(torch.from_numpy(x)), torch.from_numpy(y)).backward()
        twin_optimizer.step()
    for name, tensor in twin.state_dict().items():
        np.testing.assert_allclose(model.state_dict()[name], tensor.numpy(), rtol=1e-9, err_msg=name)
    x = rng.standard_normal((3, 4))
    np.testing.assert_allclose(model.eval()(x), twin.eval()(torch.from_numpy(x)).detach().numpy(), rtol=1e-9)


# The lecture


def test_training_outputs_have_the_chosen_mean_and_scale():
    """Without γ and β: mean 0, and variance σ²/(σ² + ε), just below 1."""
    z = 5 + 2 * spread_out((50, 3), 0)
    out = BatchNorm1d(3, affine=False, dtype=np.float64)(z)
    np.testing.assert_allclose(out.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(out.var(axis=0), z.var(axis=0) / (z.var(axis=0) + 1e-5), rtol=1e-12)


def test_recovering_the_identity():
    """γ = √(σ² + ε), β = μ undo the normalization."""
    layer, z = BatchNorm1d(3, dtype=np.float64), 5 + 2 * spread_out((6, 3), 0)
    layer.params["weight"] = np.sqrt(z.var(axis=0) + layer.eps)
    layer.params["bias"] = z.mean(axis=0)
    np.testing.assert_allclose(layer(z), z, rtol=1e-13)


@given(seed=st.integers(0, 1000), size=st.integers(2, 6))
def test_backward_is_the_lectures_sum_of_three_paths(seed, size):
    """Through u_i, through σ² and through μ, each as C writes it."""
    layer, _ = twins(seed=seed)
    z, g = spread_out((size, 3), seed), np.random.default_rng(seed).standard_normal((size, 3))
    layer(z)
    dz = layer.backward(g)

    mu, root = z.mean(axis=0), np.sqrt(z.var(axis=0) + layer.eps)
    du = g * layer.params["weight"]
    dvariance = -1 / 2 * root**-3 * np.sum(du * (z - mu), axis=0)
    dmu = -1 / root * du.sum(axis=0) + dvariance * np.mean(-2 * (z - mu), axis=0)
    np.testing.assert_allclose(dz, du / root + dvariance * 2 * (z - mu) / size + dmu / size, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(layer.grads["weight"], np.sum(g * (z - mu) / root, axis=0), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(layer.grads["bias"], g.sum(axis=0), rtol=1e-12, atol=1e-13)


def test_every_example_moves_every_output_in_training_and_only_its_own_in_testing():
    layer, z = BatchNorm1d(1, dtype=np.float64), spread_out((5, 1), 0)

    def dependence() -> np.ndarray:
        rows = []
        for i in range(5):
            layer(z)
            rows.append(layer.backward(np.eye(5)[:, [i]]).ravel())
        return np.array(rows)

    assert (np.abs(dependence()) > 1e-3).all()
    layer.eval()
    off_diagonal = dependence()[~np.eye(5, dtype=bool)]
    np.testing.assert_array_equal(off_diagonal, 0)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("options", [{}, {"affine": False}, {"track_running_stats": False}])
@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 4)])
def test_gradient_check(training, options, shape):
    layer, _ = twins(**options)
    errors = gradient_check(layer.train(training), spread_out(shape, 1), rng=np.random.default_rng(0))
    assert max(errors.values()) < 1e-7, errors


def test_averages_over_all_batches_are_the_lectures():
    """momentum=None: mean of the batch means, and B/(B - 1) times the mean of the batch variances."""
    batches = 3 + 2 * np.random.default_rng(0).standard_normal((7, 5, 3))
    layer = train_on(BatchNorm1d(3, momentum=None, dtype=np.float64), *batches)
    np.testing.assert_allclose(layer.running_mean, batches.mean(axis=1).mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(layer.running_var, 5 / 4 * batches.var(axis=1).mean(axis=0), rtol=1e-13)
    assert layer.num_batches_tracked == 7


def test_momentum_is_the_weight_of_the_newest_batch():
    """So 0.1 here is 0.9 where the running average has the momentum; training forgets its start as 0.9^t."""
    z = spread_out((4, 3), 0) + 7
    layer = train_on(BatchNorm1d(3, dtype=np.float64), z, z)
    np.testing.assert_allclose(layer.running_mean, (1 - 0.9**2) * z.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(layer.running_var, 0.9**2 + (1 - 0.9**2) * z.var(axis=0, ddof=1), rtol=1e-13)


def test_testing_does_not_depend_on_the_batch():
    layer, _ = twins()
    layer.eval()
    z = spread_out((6, 3), 0)
    state = layer.state_dict()
    np.testing.assert_allclose(layer(z), np.concatenate([layer(row[None]) for row in z]), rtol=1e-14)
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, state[name])


# Hard columns


@each_dtype
@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, -1e4, 1e-30])
def test_a_constant_column_gives_beta_and_finite_gradients(dtype, value):
    layer, _ = twins(dtype=dtype)
    out = layer(np.full((8, 3), value, dtype))
    # Rounding of the mean, magnified by 1/√ε.
    np.testing.assert_allclose(out - layer.params["bias"], 0, atol=2000 * np.finfo(dtype).eps * max(abs(value), 1))
    assert np.isfinite(layer.backward(spread_out((8, 3), 0).astype(dtype))).all()


def test_a_large_offset_does_not_swallow_the_variance():
    """float32 numbers around 10 000: Σz² - (Σz)² would be pure rounding."""
    z = (1e4 + 3 * spread_out((100, 3), 0)).astype(np.float32)
    want = BatchNorm1d(3, dtype=np.float64)(z.astype(np.float64))
    np.testing.assert_allclose(BatchNorm1d(3)(z), want, atol=2e-3)
    cancelled = (z * z).mean(axis=0) - z.mean(axis=0) ** 2
    assert np.abs(cancelled / z.astype(np.float64).var(axis=0) - 1).max() > 0.5


def test_a_dominant_column_does_not_spread():
    """Statistics are per unit: the other columns are as if the huge one were not there."""
    z = spread_out((6, 3), 0)
    alone = BatchNorm1d(3, dtype=np.float64)(z)
    z[:, 1] *= 1e150
    np.testing.assert_array_equal(BatchNorm1d(3, dtype=np.float64)(z)[:, [0, 2]], alone[:, [0, 2]])


# State


def test_state_dict_has_pytorchs_names_shapes_and_types():
    state, want = BatchNorm1d(3).state_dict(), TorchBatchNorm1d(3).state_dict()
    assert list(state) == list(want)
    for name, tensor in want.items():
        np.testing.assert_array_equal(state[name], tensor.numpy())
        assert state[name].dtype == tensor.numpy().dtype
        assert state[name].shape == tensor.shape
    assert BatchNorm1d(3, affine=False).state_dict().keys() == set(BUFFERS)
    assert BatchNorm1d(3, track_running_stats=False).state_dict().keys() == {"weight", "bias"}
    assert BatchNorm1d(3, track_running_stats=False).running_mean is None


def test_state_moves_both_ways_inside_a_sequential():
    layer, module = twins()
    model = Sequential(Linear(2, 3, dtype=np.float64), Sequential(layer))
    twin = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Sequential(module)).double()
    assert model.state_dict().keys() == twin.state_dict().keys()
    assert "1.0.num_batches_tracked" in model.state_dict()

    train_on(model, spread_out((6, 2), 0))
    twin.load_state_dict({name: torch.from_numpy(array) for name, array in model.state_dict().items()})
    x = spread_out((4, 2), 1)
    np.testing.assert_allclose(twin.eval()(torch.from_numpy(x)).detach().numpy(), model.eval()(x), rtol=1e-12)

    twin.train()(torch.from_numpy(x))
    model.load_state_dict(twin.state_dict())
    assert layer.num_batches_tracked == 2
    np.testing.assert_array_equal(layer.running_var, twin[1][0].running_var.numpy())


def test_state_is_a_copy_and_a_snapshot():
    layer = train_on(BatchNorm1d(3, dtype=np.float64), spread_out((6, 3), 0))
    state = layer.state_dict()
    kept = copy.deepcopy(state)
    train_on(layer, 5 + spread_out((6, 3), 1))
    for name in BUFFERS:
        np.testing.assert_array_equal(state[name], kept[name])
        assert not np.array_equal(layer.state_dict()[name], kept[name])
    layer.load_state_dict(state)
    for name in BUFFERS:
        np.testing.assert_array_equal(getattr(layer, name), kept[name])


def test_a_state_without_buffers_is_refused_and_changes_nothing():
    model = Sequential(BatchNorm1d(3))
    before = model.state_dict()
    parameters_only = {name: array + 1 for name, array in model.params.items()}
    with pytest.raises(KeyError, match=r"0\.running_mean"):
        model.load_state_dict(parameters_only)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_attributes_and_buffers_are_the_same_thing():
    layer = BatchNorm1d(2, dtype=np.float64)
    model = Sequential(layer)
    layer.running_mean = np.array([1.0, 2.0])
    np.testing.assert_array_equal(model.buffers["0.running_mean"], [1, 2])
    model.buffers["0.running_var"] = np.array([4.0, 9.0])
    np.testing.assert_array_equal(layer.running_var, [4, 9])
    np.testing.assert_allclose(model.eval()(np.array([[3.0, 8.0]])), [[1, 2]], rtol=1e-5)


# Errors and types


@pytest.mark.parametrize("shape", [(3,), (2, 4), (2, 4, 3), (2, 3, 2, 2)])
def test_wrong_shapes_are_named(shape):
    with pytest.raises(ValueError, match=r"BatchNorm1d\(3\) wants z of shape \[N, 3\]"):
        BatchNorm1d(3)(np.ones(shape, np.float32))


def test_wrong_types_are_named():
    with pytest.raises(TypeError, match=r"float32 parameters but z is float64: use z.astype\(np.float32\)"):
        BatchNorm1d(3)(np.ones((4, 3)))
    with pytest.raises(TypeError, match="wants a NumPy array, got list"):
        BatchNorm1d(1)([[1.0], [2.0]])


def test_backward_wants_a_forward_and_its_shape():
    layer = BatchNorm1d(3, dtype=np.float64)
    with pytest.raises(RuntimeError, match="before forward"):
        layer.backward(np.ones((4, 3)))
    layer(spread_out((4, 3), 0))
    with pytest.raises(ValueError, match=r"dy of shape \(5, 3\)"):
        layer.backward(np.ones((5, 3)))


@pytest.mark.parametrize("option", [{"bias": False}, {"device": "cpu"}, {"rng": None}])
def test_other_options_are_refused(option):
    with pytest.raises(TypeError, match="unexpected keyword"):
        BatchNorm1d(3, **option)


@each_dtype
@pytest.mark.parametrize("training", [True, False])
def test_numpy_scalars_as_arguments_keep_the_dtype(dtype, training):
    layer = BatchNorm1d(3, eps=np.float64(1e-5), momentum=np.float64(0.1), dtype=dtype).train(training)
    z = spread_out((4, 3), 0).astype(dtype)
    assert layer(z).dtype == layer.backward(z).dtype == dtype
    assert {array.dtype for array in (*layer.grads.values(), layer.running_mean, layer.running_var)} == {
        np.dtype(dtype)
    }


def test_results_share_no_memory_with_the_input_or_with_what_backward_needs():
    for options in ({}, {"affine": False}):
        (layer, _), z = twins(**options), spread_out((4, 3), 0)
        kept, dout = z.copy(), spread_out((4, 3), 1)
        layer(z)
        want = layer.backward(dout)
        np.testing.assert_array_equal(layer.backward(dout), want)
        out = layer(z)
        out[...] = 0
        dz = layer.backward(dout)
        np.testing.assert_array_equal(dz, want)
        np.testing.assert_array_equal(z, kept)
        assert not np.shares_memory(dz, dout)
