"""Penalties: autograd through the twins, numerical gradients, weight decay, and what the mean over a batch means."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tipslib import scratch
from tipslib.pytorch import penalties as torch_penalties
from tipslib.scratch import SGD, Linear, ReLU, Sequential, numerical_gradient
from tipslib.scratch.penalties import activity_l1, l1_penalty, l2_penalty

each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])
# Not the denormals: their products have no digits to compare.
rates = st.one_of(st.just(0.0), st.floats(1e-6, 10))
each_penalty = pytest.mark.parametrize("penalty", [l2_penalty, l1_penalty], ids=lambda penalty: penalty.__name__)


def weights(seed=0, dtype=np.float64) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "0.weight": rng.standard_normal((3, 4)).astype(dtype),
        "2.weight": rng.standard_normal((2, 3)).astype(dtype),
    }


@each_dtype
@each_penalty
@given(lam=rates, seed=st.integers(0, 1000))
def test_weights_against_autograd(penalty, dtype, lam, seed):
    given_weights = weights(seed, dtype)
    given_weights["0.weight"][0] = [0.0, -0.0, 1.0, -1.0]
    leaves = {name: torch.tensor(w, requires_grad=True) for name, w in given_weights.items()}
    want = getattr(torch_penalties, penalty.__name__)(leaves, lam)
    want.backward()
    value, gradients = penalty(given_weights, lam)
    assert type(value) is float
    assert value == pytest.approx(want.item(), rel=1e-5)
    assert gradients.keys() == leaves.keys()
    for name, leaf in leaves.items():
        assert gradients[name].dtype == dtype
        np.testing.assert_allclose(gradients[name], leaf.grad.numpy(), rtol=1e-6)


@each_dtype
@given(lam=rates, shape=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple), seed=st.integers(0, 99))
def test_activities_against_autograd(dtype, lam, shape, seed):
    a = np.maximum(np.random.default_rng(seed).standard_normal(shape), 0).astype(dtype)
    leaf = torch.tensor(a, requires_grad=True)
    want = torch_penalties.activity_l1(leaf, lam)
    want.backward()
    value, gradient = activity_l1(a, lam)
    assert type(value) is float
    assert value == pytest.approx(want.item(), rel=1e-5)
    assert gradient.dtype == dtype
    np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("penalty", "value", "gradient"),
    [(l2_penalty, 0.1 * 0.5 * 30, [0.1, -0.2, 0.3, -0.4, 0]), (l1_penalty, 0.1 * 10, [0.1, -0.1, 0.1, -0.1, 0])],
)
def test_by_hand(penalty, value, gradient):
    got, gradients = penalty({"w": np.array([1.0, -2, 3, -4, 0])}, 0.1)
    assert got == pytest.approx(value)
    np.testing.assert_allclose(gradients["w"], gradient)


@each_penalty
def test_gradients_are_those_of_the_value(penalty):
    given_weights = weights()
    _, gradients = penalty(given_weights, 0.3)
    for name, w in given_weights.items():
        numerical = numerical_gradient(lambda _: penalty(given_weights, 0.3)[0], w)
        np.testing.assert_allclose(gradients[name], numerical, atol=1e-8)


def test_l2_in_a_step_of_sgd_is_weight_decay():
    """w ← (1 - ηλ)w - ηg: by hand, with the penalty's gradient added, and with weight_decay."""
    eta, lam, w, g = 0.1, 0.2, weights(0), weights(1)
    by_hand = {name: (1 - eta * lam) * w[name] - eta * g[name] for name in w}
    penalised = {name: array.copy() for name, array in w.items()}
    _, gradients = l2_penalty(penalised, lam)
    SGD(penalised, lr=eta).step({name: g[name] + gradients[name] for name in w})
    decayed = {name: array.copy() for name, array in w.items()}
    SGD(decayed, lr=eta, weight_decay=lam).step(g)
    for name, want in by_hand.items():
        np.testing.assert_allclose(penalised[name], want, rtol=1e-13)
        np.testing.assert_allclose(decayed[name], want, rtol=1e-13)


def test_only_what_is_given_is_penalised():
    """Weights picked out of a model, whose gradients are then added as the module's docstring says."""
    rng = np.random.default_rng(0)
    model = Sequential(Linear(4, 3, rng=rng, dtype=np.float64), ReLU(), Linear(3, 2, rng=rng, dtype=np.float64))
    x, dz = rng.standard_normal((5, 4)), rng.standard_normal((5, 2))
    model(x)
    model.backward(dz)
    before = {name: array.copy() for name, array in model.grads.items()}
    value, gradients = l2_penalty({name: w for name, w in model.params.items() if name.endswith("weight")}, 0.1)
    for name, gradient in gradients.items():
        model.grads[name] += gradient
    squares = (np.sum(layer.params["weight"] ** 2) for layer in (model[0], model[2]))
    assert value == pytest.approx(0.05 * sum(squares))
    for name, array in model.grads.items():
        extra = 0.1 * model.params[name] if name.endswith("weight") else 0
        np.testing.assert_allclose(array, before[name] + extra, rtol=1e-13)


def test_activity_penalty_does_not_depend_on_the_batch_size():
    """The same examples twice: the same value, half the gradient for each of the two copies."""
    a = np.random.default_rng(0).standard_normal((5, 3))
    value, gradient = activity_l1(a, 0.3)
    twice, twice_gradient = activity_l1(np.concatenate([a, a]), 0.3)
    assert twice == pytest.approx(value)
    np.testing.assert_allclose(twice_gradient, np.concatenate([gradient, gradient]) / 2)
    assert value == pytest.approx(0.3 * np.abs(a).sum(axis=1).mean())


def test_activity_gradient_inside_a_network():
    """∂(C + penalty)/∂W of the hidden layer, by central differences."""
    rng = np.random.default_rng(0)
    hidden, out = Linear(3, 4, rng=rng, dtype=np.float64), Linear(4, 2, rng=rng, dtype=np.float64)
    activation, x, dz = scratch.Tanh(), rng.standard_normal((5, 3)), rng.standard_normal((5, 2))

    def cost(_) -> float:
        a = activation(hidden(x))
        return float(np.vdot(dz, out(a))) + activity_l1(a, 0.3)[0]

    a = activation(hidden(x))
    out(a)
    hidden.backward(activation.backward(out.backward(dz) + activity_l1(a, 0.3)[1]))
    np.testing.assert_allclose(hidden.grads["weight"], numerical_gradient(cost, hidden.params["weight"]), atol=1e-8)


@each_dtype
def test_numpy_scalars_keep_the_dtype_and_values_are_floats(dtype):
    lam = np.float64(0.1)
    for penalty in (l2_penalty, l1_penalty):
        value, gradients = penalty(weights(dtype=dtype), lam)
        assert type(value) is float
        assert {gradient.dtype for gradient in gradients.values()} == {np.dtype(dtype)}
        assert penalty({}, lam) == (0.0, {})
    value, gradient = activity_l1(np.ones((2, 3), dtype), lam)
    assert type(value) is float
    assert gradient.dtype == dtype
    assert activity_l1(np.ones((0, 3), dtype), lam)[0] == 0


@pytest.mark.parametrize("lam", [-0.1, float("nan")])
def test_a_negative_rate_is_refused(lam):
    for penalty, what in ((l2_penalty, weights()), (l1_penalty, weights()), (activity_l1, np.ones((2, 3)))):
        with pytest.raises(ValueError, match=f"{penalty.__name__}: lam is {lam}"):
            penalty(what, lam)
