"""tipslib.scratch against tipslib.pytorch, case by case: cases and tolerances stand in tests/parity.py."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from tests.cases import LAYERS, LOSSES, OPTIMIZERS
from tests.parity import DTYPES, TOLERANCE, assert_close, compare, run

each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
each_layer = pytest.mark.parametrize("case", LAYERS, ids=str)
each_loss = pytest.mark.parametrize("case", LOSSES, ids=str)
each_optimizer = pytest.mark.parametrize("case", OPTIMIZERS, ids=str)

ELEMENTWISE = [case for case in LAYERS if not case.features and case.name not in ("Softmax", "LogSoftmax")]
MAGNITUDES = [0.0, 1e-8, 0.5, 10.0, 37.0, 88.0, 104.0, 745.0, 1e4, 1e30]
DENORMALS = {np.float64: [5e-324, 1e-310], np.float32: [1e-45, 1e-40]}

seeds = st.integers(0, 2**32 - 1)


def draw_dy(case, x, seed=2):
    return np.random.default_rng(seed).standard_normal(case.ours(x.dtype.type)(x).shape).astype(x.dtype)


# Layers


@each_dtype
@each_layer
@given(data=st.data(), seed=seeds)
def test_layer(case, dtype, data, seed):
    """Output, input gradient, parameter gradients; batches of one and zeros of both signs are among the examples."""
    x = data.draw(case.inputs(dtype))
    compare(case, x, draw_dy(case, x, seed), np.random.default_rng(seed))


@each_dtype
@pytest.mark.parametrize("case", ELEMENTWISE, ids=str)
@pytest.mark.parametrize("sign", [1, -1])
def test_elementwise_extremes(case, dtype, sign):
    """From denormals to 1e30. NumPy's overflow warnings are errors here (pyproject.toml)."""
    z = sign * np.array(MAGNITUDES + DENORMALS[dtype], dtype)
    compare(case, z, np.ones_like(z))


@each_dtype
@pytest.mark.parametrize("case", [case for case in LAYERS if case.name in ("Softmax", "LogSoftmax")], ids=str)
@pytest.mark.parametrize("largest", [1e4, 1e30])
def test_softmax_extremes(case, dtype, largest):
    z = largest * np.array([[[1, -1, 0], [0, 0, 0]], [[-1, -1, 1], [1, 1, -1]]], dtype)
    compare(case, z, draw_dy(case, z))


@each_dtype
@pytest.mark.parametrize("case", [case for case in LAYERS if case.features], ids=str)
def test_large_inputs(case, dtype):
    """Entries of ±1e4; relative to the largest result, as sums cancel."""
    x = 1e4 * np.sign(case.batch(dtype=dtype))
    layer, module = case.twins(dtype)
    want = module(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(layer(x) / 1e4, want / 1e4, *TOLERANCE[np.dtype(dtype)])


@each_dtype
@pytest.mark.parametrize("case", ELEMENTWISE, ids=str)
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_kink_at_zero_exactly(case, dtype, zero):
    """At z = 0 the derivative is PyTorch's choice, to the last bit."""
    z = np.full(3, zero, dtype)
    layer, module = case.twins(dtype)
    leaf = torch.tensor(z, requires_grad=True)
    module(leaf).sum().backward()
    layer(z)
    np.testing.assert_array_equal(layer.backward(np.ones_like(z)), leaf.grad.numpy())


@each_dtype
def test_maxout_tie_exactly(dtype):
    """On a tie the lowest piece wins in both: its weights get all of the gradient, the others none."""
    case = next(case for case in LAYERS if case.name == "Maxout" and case.kwargs == {"pieces": 4})
    layer, module = case.twins(dtype)
    layer.params["weight"][...] = layer.params["weight"][0]
    layer.params["bias"][...] = 0
    module.load_state_dict({name: torch.from_numpy(array) for name, array in layer.state_dict().items()})
    x = case.batch(dtype=dtype)
    ours = run(layer, x, draw_dy(case, x))
    module(torch.from_numpy(x)).backward(torch.from_numpy(draw_dy(case, x)))
    for name, parameter in module.named_parameters():
        assert_close(ours[name], parameter.grad.numpy(), name)
        assert ours[name][0].any()
        assert not ours[name][1:].any()


@each_dtype
@each_layer
def test_non_contiguous_input(case, dtype):
    """Every second row, columns backwards; and a gradient that is a transpose."""
    x = case.batch(8, dtype)[::2, ::-1]
    dy = np.asfortranarray(draw_dy(case, x))
    assert not x.flags.c_contiguous
    compare(case, x, dy)


@each_dtype
@pytest.mark.parametrize("case", [case for case in LAYERS if "Softmax(0)" not in str(case)], ids=str)  # over the batch
def test_empty_batch(case, dtype):
    x = case.batch(0, dtype)
    compare(case, x, draw_dy(case, x))


@each_dtype
@each_layer
def test_input_and_gradient_stay_unchanged_and_unshared(case, dtype):
    """Results may be changed in place without harm to x, dy, the parameters or a later backward."""
    layer, x = case.ours(dtype), case.batch(dtype=dtype)
    dy = draw_dy(case, x)
    given = {"x": x, "dy": dy, **layer.params}
    before = {name: array.copy() for name, array in given.items()}
    results = run(layer, x, dy)
    for what, result in results.items():
        for name, array in given.items():
            assert not np.shares_memory(result, array), f"{what} shares memory with {name}"
    for name, array in given.items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)


@each_layer
def test_second_backward_overwrites_gradients(case):
    """Nothing is added up, and gradients that were kept stay as they were."""
    layer, x = case.ours(), case.batch()
    first = run(layer, x, draw_dy(case, x))
    kept = {name: array.copy() for name, array in first.items()}
    other = case.batch(seed=3)
    second = run(layer, other, draw_dy(case, other, seed=4))
    fresh = run(case.ours(), other, draw_dy(case, other, seed=4))
    for name in kept:
        np.testing.assert_array_equal(second[name], fresh[name], err_msg=name)
        np.testing.assert_array_equal(first[name], kept[name], err_msg=name)


@each_dtype
@each_layer
def test_state_dict_round_trip(case, dtype):
    """One line each way, same names, same shapes; and the copies share nothing."""
    layer, module = case.ours(dtype, np.random.default_rng(5)), case.theirs(dtype)
    assert layer.state_dict().keys() == module.state_dict().keys()

    module.load_state_dict({name: torch.from_numpy(array) for name, array in layer.state_dict().items()})
    other = case.ours(dtype, np.random.default_rng(6))
    other.load_state_dict({name: np.asarray(tensor) for name, tensor in module.state_dict().items()})
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    for name, array in layer.params.items():
        np.testing.assert_array_equal(other.params[name], array)
        assert other.params[name].dtype == array.dtype
    x = case.batch(dtype=dtype)
    np.testing.assert_array_equal(other(x), layer(x))


# Losses


def loss_and_gradient(case, x, target):
    """(ours, theirs), each (cost, gradient)."""
    loss, criterion = case.twins()
    leaf = torch.tensor(x, requires_grad=True)
    cost = criterion(leaf, torch.tensor(target))
    cost.backward()
    return (loss(x, target), loss.backward()), (cost.detach().numpy(), leaf.grad.numpy())


def compare_loss(case, x, target):
    (cost, gradient), (want, want_gradient) = loss_and_gradient(case, x, target)
    assert type(cost) is float
    assert_close(np.asarray(cost, x.dtype), want, f"{case}: cost")
    assert_close(gradient, want_gradient, f"{case}: gradient")


@each_dtype
@each_loss
@given(data=st.data(), seed=seeds)
def test_loss(case, dtype, data, seed):
    x = data.draw(case.inputs(dtype))
    compare_loss(case, x, case.target(np.random.default_rng(seed), x.shape, dtype))


@pytest.mark.parametrize("case", [case for case in LOSSES if case.name == "CrossEntropyLoss"], ids=str)
@pytest.mark.parametrize(
    ("largest", "dtype"),
    [
        (1e4, np.float64),
        (1e4, np.float32),
        (1e30, np.float64),
        (1e30, np.float32),
    ],
)
def test_cross_entropy_extremes(case, dtype, largest):
    z = largest * np.array([[1, -1, 0], [-1, -1, -1], [0, 1, 1], [0, 0, 0]], dtype)
    compare_loss(case, z, case.target(np.random.default_rng(0), z.shape, dtype))


@each_dtype
@each_loss
def test_loss_of_an_empty_batch(case, dtype):
    """PyTorch: nan for a mean over nothing, 0 for a sum over nothing, and an empty gradient."""
    x = np.zeros((0, 3), dtype)
    compare_loss(case, x, case.target(np.random.default_rng(0), x.shape, dtype))


@each_dtype
@each_loss
def test_loss_of_non_contiguous_input_leaves_it_unchanged(case, dtype):
    x = np.random.default_rng(0).standard_normal((8, 6)).astype(dtype)[::2, ::-2]
    target = case.target(np.random.default_rng(1), x.shape, dtype)
    kept, kept_target = x.copy(), target.copy()
    compare_loss(case, np.ascontiguousarray(x), target)
    loss, _ = case.twins()
    fresh, _ = case.twins()
    assert loss(x, target) == pytest.approx(fresh(kept, target), rel=1e-6)
    np.testing.assert_allclose(loss.backward(), fresh.backward(), *TOLERANCE[x.dtype])
    assert not np.shares_memory(loss.backward(), x)
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(target, kept_target)


# Optimizers


@each_dtype
@each_optimizer
def test_trajectory(case, dtype):
    """50 steps down a bent valley; the gradient depends on where we are, so a deviation would grow."""
    rng = np.random.default_rng(0)
    params = {"weight": rng.standard_normal((3, 4)).astype(dtype), "bias": rng.standard_normal(3).astype(dtype)}
    curvature = {name: rng.uniform(0.1, 2, array.shape).astype(dtype) for name, array in params.items()}
    optimizer, twin, copies = case.twins(params)
    for step in range(50):
        optimizer.step({name: curvature[name] * np.sin(w) for name, w in params.items()})
        for name, w in copies.items():
            w.grad = torch.from_numpy(curvature[name]) * torch.sin(w.detach())
        twin.step()
        for name, w in copies.items():
            assert_close(params[name], w.detach().numpy(), f"{case}: {name} after step {step + 1}")


@each_optimizer
def test_trajectory_on_given_gradients(case):
    """The same gradients for both and a rate that changes on the way."""
    rng = np.random.default_rng(1)
    params = {"w": rng.standard_normal(5)}
    optimizer, twin, copies = case.twins(params)
    for step in range(50):
        if step == 20:
            optimizer.lr = twin.param_groups[0]["lr"] = 0.02
        gradient = rng.standard_normal(5)
        optimizer.step({"w": gradient})
        copies["w"].grad = torch.tensor(gradient)
        twin.step()
        np.testing.assert_allclose(params["w"], copies["w"].detach().numpy(), rtol=1e-13, atol=1e-14)
