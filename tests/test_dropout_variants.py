"""DropConnect, Shakeout, Whiteout, Zoneout: equal draws in both twins, all masks of a small layer, closed forms."""

import itertools

import numpy as np
import pytest
import torch

from tests.fixed_random import Replay, Restarted
from tipslib.pytorch.dropconnect import DropConnect as TorchDropConnect
from tipslib.pytorch.shakeout import Shakeout as TorchShakeout
from tipslib.pytorch.whiteout import Whiteout as TorchWhiteout
from tipslib.pytorch.zoneout import Zoneout as TorchZoneout
from tipslib.scratch import Linear, gradient_check, numerical_gradient
from tipslib.scratch.dropconnect import DropConnect
from tipslib.scratch.dropout import Dropout
from tipslib.scratch.shakeout import Shakeout
from tipslib.scratch.whiteout import Whiteout
from tipslib.scratch.zoneout import Zoneout

# Layer, twin, arguments after the sizes, what torch draws for x [N, …, in] and a weight [out, in].
DRAWS = {
    "DropConnect": lambda x, w: torch.rand(x[..., 0].numel(), *w.shape, dtype=x.dtype),
    "Shakeout": lambda x, w: torch.rand_like(x),
    "Whiteout": lambda x, w: torch.randn(x[..., 0].numel(), *w.shape, dtype=x.dtype),
}
CASES = [
    (DropConnect, TorchDropConnect, (0.3,)),
    (DropConnect, TorchDropConnect, (1.0,)),
    (Shakeout, TorchShakeout, (0.3, 0.5)),
    (Shakeout, TorchShakeout, (0.6, 0.0)),
    (Whiteout, TorchWhiteout, (0.5, 1.0, 0.1)),
    (Whiteout, TorchWhiteout, (0.5, 1.9, 0.0)),
    (Whiteout, TorchWhiteout, (0.5, 0.0, 2.0)),
]
each_case = pytest.mark.parametrize(("own", "twin", "args"), CASES, ids=lambda v: v.__name__ if callable(v) else str(v))
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])
TOLERANCE = {np.float64: {"rtol": 1e-12, "atol": 1e-12}, np.float32: {"rtol": 1e-4, "atol": 1e-4}}


def twins(own, twin, args, dtype=np.float64):
    """Both 4 → 3, with the same weights."""
    layer = own(4, 3, *args, rng=np.random.default_rng(0), dtype=dtype)
    module = twin(4, 3, *args).to(getattr(torch, np.dtype(dtype).name))
    module.load_state_dict({name: torch.from_numpy(array) for name, array in layer.state_dict().items()})
    return layer, module


def plain(layer) -> Linear:
    """A linear layer with the weights of this one."""
    linear = Linear(layer.in_features, layer.out_features, dtype=layer.params["weight"].dtype)
    linear.load_state_dict(layer.state_dict())
    return linear


# PyTorch as the oracle


@each_dtype
@each_case
@pytest.mark.parametrize("leading", [(), (1,), (5,), (2, 3), (0,)])
def test_twins_with_the_same_random_numbers(own, twin, args, dtype, leading):
    layer, module = twins(own, twin, args, dtype)
    rng = np.random.default_rng(1)
    x, dz = rng.standard_normal((*leading, 4)).astype(dtype), rng.standard_normal((*leading, 3)).astype(dtype)
    leaf = torch.tensor(x, requires_grad=True)
    torch.manual_seed(2)
    layer.rng = Replay(DRAWS[own.__name__](leaf.detach(), module.weight).numpy())
    torch.manual_seed(2)
    out = module(leaf)
    out.backward(torch.tensor(dz))

    ours = {"z": layer(x), "dx": layer.backward(dz), **layer.grads}
    theirs = {"z": out.detach(), "dx": leaf.grad, "weight": module.weight.grad, "bias": module.bias.grad}
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert ours[name].dtype == dtype, name
        np.testing.assert_allclose(ours[name], tensor.numpy(), **TOLERANCE[dtype], err_msg=name)


@each_dtype
@each_case
def test_testing_is_the_plain_layer_in_both_twins(own, twin, args, dtype):
    layer, module = twins(own, twin, args, dtype)
    linear = plain(layer)
    rng = np.random.default_rng(1)
    x, dz = rng.standard_normal((5, 4)).astype(dtype), rng.standard_normal((5, 3)).astype(dtype)
    layer(x)  # a training pass leaves nothing behind
    layer.eval()
    np.testing.assert_array_equal(layer(x), linear(x))
    np.testing.assert_array_equal(layer.train().backward(dz), linear.backward(dz))
    for name, gradient in linear.grads.items():
        np.testing.assert_array_equal(layer.grads[name], gradient)
    np.testing.assert_allclose(module.eval()(torch.from_numpy(x)).detach().numpy(), linear(x), **TOLERANCE[dtype])


@each_case
def test_gradcheck_of_the_modules(own, twin, args):
    """PyTorch's own check, with the same random numbers at every call; the noise's scale has no gradient."""
    _, module = twins(own, twin, args)
    rng = np.random.default_rng(1)

    def forward(x, weight, bias):
        torch.manual_seed(0)
        return torch.func.functional_call(module, {"weight": weight, "bias": bias}, (x,))

    x = torch.tensor(rng.standard_normal((2, 4)), requires_grad=True)
    learned = own is not Whiteout or args[:2] == (0.5, 0.0)
    weight = module.weight.detach().clone().requires_grad_(learned)
    assert torch.autograd.gradcheck(forward, (x, weight, module.bias.detach().clone().requires_grad_()))


@each_case
def test_gradient_check_with_fixed_random_numbers(own, twin, args):
    layer, _ = twins(own, twin, args)
    layer.rng = Restarted(3)
    errors = gradient_check(layer, np.random.default_rng(1).standard_normal((5, 4)), rng=np.random.default_rng(2))
    if own is Whiteout and args[1] > 0:
        assert errors.pop("weight") > 1e-3  # on purpose: see test_no_gradient_through_the_scale
    assert max(errors.values()) < 1e-7, errors


@each_case
def test_another_mask_for_every_example_and_every_pass(own, twin, args):
    layer, _ = twins(own, twin, args)
    x = np.ones((6, 4))
    first, second = layer(x), layer(x)
    if args == (1.0,):
        np.testing.assert_array_equal(first, np.tile(layer.params["bias"], (6, 1)))
    else:
        assert len(np.unique(first, axis=0)) > 1
        assert not np.array_equal(first, second)
    assert not np.array_equal(first, layer.eval()(x))


@each_case
def test_the_same_generator_gives_the_same_layer(own, twin, args):
    def outputs(seed):
        layer = own(4, 3, *args, rng=np.random.default_rng(seed))
        return [layer(np.ones((2, 4), np.float32)).tolist() for _ in range(3)]

    assert outputs(1) == outputs(1)
    assert outputs(1) != outputs(2)


@each_case
def test_errors(own, twin, args):
    layer, _ = twins(own, twin, args)
    with pytest.raises(RuntimeError, match=f"{own.__name__}.*before forward"):
        layer.backward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=rf"{own.__name__}.* wants x of shape \[N, 4\], got \(2, 5\)"):
        layer(np.ones((2, 5)))
    with pytest.raises(TypeError, match="x is float32"):
        layer(np.ones((2, 4), np.float32))
    layer(np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"dy of shape \(2, 4\)"):
        layer.backward(np.ones((2, 4)))
    with pytest.raises(TypeError, match="unexpected keyword"):
        own(4, 3, *args, bias=False)


@pytest.mark.parametrize(
    ("own", "twin", "args"),
    [
        (DropConnect, TorchDropConnect, (4, 3, -0.1)),
        (DropConnect, TorchDropConnect, (4, 3, 1.1)),
        (Zoneout, TorchZoneout, (1.5,)),
        (Zoneout, TorchZoneout, (float("nan"),)),
        (Shakeout, TorchShakeout, (4, 3, 1.0, 0.5)),
        (Shakeout, TorchShakeout, (4, 3, -0.1, 0.5)),
        (Shakeout, TorchShakeout, (4, 3, 0.5, -1)),
        (Whiteout, TorchWhiteout, (4, 3, -1, 1, 0)),
        (Whiteout, TorchWhiteout, (4, 3, 1, 2, 0)),
        (Whiteout, TorchWhiteout, (4, 3, 1, -0.5, 0)),
        (Whiteout, TorchWhiteout, (4, 3, 1, 1, -1)),
    ],
)
def test_bad_arguments_are_refused_by_both_twins(own, twin, args):
    for constructor in (own, twin):
        with pytest.raises(ValueError, match=r"must be .*(and|or more)"):
            constructor(*args)


# DropConnect


def test_dropconnect_mean_over_all_masks_is_the_plain_layer():
    """All 2^6 masks of a layer 3 → 2, each with its probability: outputs and every gradient."""
    p, rng = 0.3, np.random.default_rng(0)
    layer = DropConnect(3, 2, p, rng=rng, dtype=np.float64)
    x, dz = rng.standard_normal((1, 3)), rng.standard_normal((1, 2))
    mean = {"z": 0, "dx": 0, "weight": 0, "bias": 0}
    for kept in itertools.product([True, False], repeat=6):
        mask = np.array(kept).reshape(1, 2, 3)
        layer.rng = Replay(np.where(mask, p, p - 1e-6))
        results = {"z": layer(x), "dx": layer.backward(dz), **layer.grads}
        np.testing.assert_array_equal(layer.mask, mask)
        np.testing.assert_array_equal(layer.grads["weight"] != 0, mask[0])
        for name, result in results.items():
            mean[name] += np.prod(np.where(mask, 1 - p, p)) * result
    linear = plain(layer)
    want = {"z": linear(x), "dx": linear.backward(dz), **linear.grads}
    for name, array in want.items():
        np.testing.assert_allclose(mean[name], array, rtol=1e-12, err_msg=name)


def test_dropconnect_variance():
    """Var z_k = p/(1 - p) Σ_j (w_kj x_j)², within 5 standard deviations of the estimate."""
    p, n = 0.3, 40_000
    layer = DropConnect(4, 3, p, rng=np.random.default_rng(0), dtype=np.float64)
    x = np.array([1.0, -2, 0.5, 3])
    z = layer(np.tile(x, (n, 1)))
    variance = p / (1 - p) * (layer.params["weight"] * x) ** 2
    # No more than 4 bounded terms: the fourth moment stays below 10 variances squared.
    np.testing.assert_allclose(z.var(axis=0), variance.sum(axis=1), rtol=5 * np.sqrt(10 / n))
    deviation = np.sqrt(variance.sum(axis=1) / n)
    assert (np.abs(z.mean(axis=0) - layer.eval()(x)) < 5 * deviation).all()


# Shakeout


def shakeout_mean(layer, x) -> np.ndarray:
    """Mean output over all 2^n switches of one example."""
    mean = np.zeros((1, layer.out_features))
    for on in itertools.product([True, False], repeat=x.shape[1]):
        switch = np.array([on])
        layer.rng = Replay(np.where(switch, layer.tau, layer.tau - 1e-6))
        mean += np.prod(np.where(switch, 1 - layer.tau, layer.tau)) * layer(x)
        np.testing.assert_array_equal(layer.kept, switch)
    return mean


@pytest.mark.parametrize(("tau", "c"), [(0.3, 0.5), (0.8, 2.0), (0.5, 0.0), (0.0, 1.0)])
def test_shakeout_mean_over_all_switches_is_the_plain_layer(tau, c):
    rng = np.random.default_rng(0)
    layer = Shakeout(5, 2, tau, c, rng=rng, dtype=np.float64)
    layer.params["weight"][0, :2] = 0  # s(0) = 0: such a weight stays 0
    x = rng.standard_normal((1, 5))
    np.testing.assert_allclose(shakeout_mean(layer, x), plain(layer)(x), rtol=1e-12)


def test_shakeout_weights_are_the_papers_and_the_slides_would_not_be_unbiased():
    """Read off w' with unit inputs. The paper: -c s(w), or (w + cτ s(w))/(1 - τ)."""
    tau, c = 0.25, 0.5
    alpha = 1 / (1 - tau)
    layer = Shakeout(3, 2, tau, c, dtype=np.float64)
    weight = layer.params["weight"] = np.array([[0.4, -0.2, 0.0], [-1.0, 3.0, 0.1]])
    layer.params["bias"][...] = 0
    layer.rng = Replay(np.zeros((3, 3)), np.ones((3, 3)))
    reversed_, enhanced = layer(np.eye(3)).T, layer(np.eye(3)).T
    np.testing.assert_allclose(reversed_, -c * np.sign(weight), rtol=1e-12)
    np.testing.assert_allclose(enhanced, (weight + c * tau * np.sign(weight)) / (1 - tau), rtol=1e-12)
    np.testing.assert_allclose(tau * reversed_ + (1 - tau) * enhanced, weight, atol=1e-15)

    slide = tau * -c + (1 - tau) * (alpha * weight + (1 - alpha) * c)
    np.testing.assert_allclose(slide, weight - 2 * tau * c, rtol=1e-12)


def test_shakeout_without_c_is_dropout_of_the_inputs():
    rng = np.random.default_rng(0)
    layer = Shakeout(4, 3, 0.3, 0.0, rng=rng, dtype=np.float64)
    dropout, linear = Dropout(0.3, rng=Restarted(1)), plain(layer)
    layer.rng = Restarted(1)
    x, dz = rng.standard_normal((6, 4)), rng.standard_normal((6, 3))
    np.testing.assert_allclose(layer(x), linear(dropout(x)), rtol=1e-12)
    np.testing.assert_allclose(layer.backward(dz), dropout.backward(linear.backward(dz)), rtol=1e-12)
    np.testing.assert_allclose(layer.grads["weight"], linear.grads["weight"], rtol=1e-12, atol=1e-14)


# Whiteout


@pytest.mark.parametrize(
    ("sigma", "gamma", "lam"), [(0.5, 1.0, 0.0), (0.5, 0.5, 0.1), (0.0, 1.0, 0.4), (0.3, 0.0, 0.2)]
)
def test_whiteout_mean_and_variance(sigma, gamma, lam):
    """z is normal with the plain layer's mean and σ² Σ|w|^{2-γ} + λ Σ w² around it, whatever x is."""
    n, rng = 40_000, np.random.default_rng(0)
    layer = Whiteout(4, 3, sigma, gamma, lam, rng=rng, dtype=np.float64)
    x = rng.standard_normal((1, 4))
    z = layer(np.tile(x, (n, 1)))
    size = np.abs(layer.params["weight"])
    variance = (sigma**2 * size ** (2 - gamma) + lam * size**2).sum(axis=1)
    np.testing.assert_allclose(z.var(axis=0), variance, rtol=5 * np.sqrt(2 / n))
    assert (np.abs(z.mean(axis=0) - layer.eval()(x)) < 5 * np.sqrt(variance / n)).all()


def test_whiteout_noise_grows_as_the_weight_shrinks():
    """The lasso's noise: e has the standard deviation σ/√|w|, and w e has σ √|w|."""
    layer = Whiteout(3, 1, 0.1, 1.0, 0.0, dtype=np.float64)
    layer.params["weight"] = np.array([[1.0, 0.01, -1e-6]])
    layer.rng = Replay(np.ones((1, 1, 3)))
    layer(np.zeros((1, 3)))
    np.testing.assert_allclose(layer.noise[0, 0], [0.1, 1.0, 100.0], rtol=1e-12)


@each_dtype
@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.0), (1.9, 0.25), (0.0, 0.0)])
def test_whiteout_at_weights_of_zero(dtype, gamma, lam):
    """No warning, nothing infinite; the noise there is N(0, λ); the same in the twin."""
    layer, module = twins(Whiteout, TorchWhiteout, (0.5, gamma, lam), dtype)
    zeros = np.array([0.0, -0.0, np.finfo(dtype).smallest_subnormal], dtype)
    layer.params["weight"][0, :3] = zeros
    module.weight.data[0, :3] = torch.from_numpy(zeros)
    torch.manual_seed(2)
    draws = torch.randn(5, 3, 4, dtype=module.weight.dtype).numpy()
    layer.rng = Replay(draws.copy())
    x, dz = np.ones((5, 4), dtype), np.ones((5, 3), dtype)
    torch.manual_seed(2)
    out = module(torch.from_numpy(x))
    out.backward(torch.from_numpy(dz))
    np.testing.assert_allclose(layer(x), out.detach().numpy(), **TOLERANCE[dtype])
    np.testing.assert_allclose(layer.noise[:, 0, :3], draws[:, 0, :3] * np.sqrt(lam), rtol=1e-6)
    layer.backward(dz)
    assert np.isfinite(layer.grads["weight"]).all()
    np.testing.assert_allclose(layer.grads["weight"], module.weight.grad.numpy(), **TOLERANCE[dtype])


@pytest.mark.parametrize("gamma", [0.5, 1.0, 1.5])
def test_no_gradient_through_the_scale(gamma):
    """w e = ξ σ |w|^{1-γ/2} s(w) has the derivative (1 - γ/2) e in w; backward gives e, so it is γ/2 e above."""
    layer = Whiteout(4, 3, 0.5, gamma, 0.0, rng=np.random.default_rng(0), dtype=np.float64)
    layer.rng = Restarted(3)
    rng = np.random.default_rng(1)
    x, dz = rng.standard_normal((5, 4)), rng.standard_normal((5, 3))
    layer(x)
    layer.backward(dz)
    noise, given = layer.noise.copy(), layer.grads["weight"].copy()
    full = numerical_gradient(lambda _: float(np.vdot(dz, layer(x))), layer.params["weight"])
    np.testing.assert_allclose(given - full, gamma / 2 * np.einsum("no,noi->oi", dz, noise), atol=1e-7)


@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.0), (1.0, 0.3), (0.5, 0.3), (0.0, 0.0)])
def test_whiteout_is_a_penalty_on_the_weights(gamma, lam):
    """Square error, one example many times. The mean cost grows by the variance of z; the mean gradient by that of the
    penalty, whose first term counts 2/(2 - γ) times. Within 5 standard deviations of the means.
    """
    n, sigma, rng = 40_000, 0.4, np.random.default_rng(0)
    layer = Whiteout(3, 1, sigma, gamma, lam, rng=rng, dtype=np.float64)
    weight = layer.params["weight"]
    x, target = rng.standard_normal((1, 3)), 0.7
    examples = np.tile(x, (n, 1))
    error = layer(examples) - target
    gradients = 2 * error[:, :, None] * (examples[:, None, :] + layer.noise)  # one per example
    layer.backward(2 * error / n)
    np.testing.assert_allclose(layer.grads["weight"], gradients.mean(axis=0), rtol=1e-9)

    clean = layer.eval()(x) - target
    size = np.abs(weight)
    penalty = np.sum(sigma**2 * size ** (2 - gamma) + lam * size**2)
    costs = error**2
    assert abs(costs.mean() - clean.item() ** 2 - penalty) < 5 * costs.std() / np.sqrt(n)

    first = sigma**2 * (2 - gamma) * size ** (1 - gamma) * np.sign(weight)
    want = 2 * clean * x + 2 / (2 - gamma) * first + 2 * lam * weight
    assert (np.abs(gradients.mean(axis=0) - want) < 5 * gradients.std(axis=0) / np.sqrt(n)).all()


# Zoneout


@each_dtype
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("training", [True, False])
def test_zoneout_twins(dtype, p, training):
    rng = np.random.default_rng(0)
    new, previous, dh = (rng.standard_normal((4, 3)).astype(dtype) for _ in range(3))
    leaves = [torch.tensor(array, requires_grad=True) for array in (new, previous)]
    module = TorchZoneout(p).train(training)
    torch.manual_seed(1)
    layer = Zoneout(p, rng=Replay(torch.rand_like(leaves[0]).numpy())).train(training)
    torch.manual_seed(1)
    h = module(*leaves)
    h.backward(torch.tensor(dh))
    got = [layer(new, previous), *layer.backward(dh)]
    for ours, theirs in zip(got, [h.detach(), *(leaf.grad for leaf in leaves)], strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-6, atol=1e-7)


def test_zoneout_keeps_the_old_value_with_probability_p():
    """Every unit is the new or the previous one, to the bit; the share of these within 5 standard deviations."""
    n, p = 50_000, 0.15
    rng = np.random.default_rng(0)
    new, previous = rng.standard_normal(n), rng.standard_normal(n)
    layer = Zoneout(p, rng=rng)
    h = layer(new, previous)
    kept = h == previous
    assert (kept | (h == new)).all()
    assert abs(kept.mean() - p) < 5 * np.sqrt(p * (1 - p) / n)
    d_new, d_previous = layer.backward(np.ones(n))
    np.testing.assert_array_equal(d_previous, kept)
    np.testing.assert_array_equal(d_new, ~kept)


def test_zoneout_mean_over_all_masks_is_its_test_time():
    rng, p = np.random.default_rng(0), 0.3
    new, previous, dh = rng.standard_normal((3, 4))
    mean = np.zeros((3, 4))
    for kept in itertools.product([True, False], repeat=4):
        mask = np.array(kept)
        layer = Zoneout(p, rng=Replay(np.where(mask, p - 1e-6, p)))
        mean += np.prod(np.where(mask, p, 1 - p)) * np.array([layer(new, previous), *layer.backward(dh)])
    layer.eval()
    np.testing.assert_allclose(mean, [layer(new, previous), *layer.backward(dh)], rtol=1e-12)


def test_zoneout_carries_the_gradient_through_time():
    """Where a unit kept its value for 50 steps, its gradient is passed on undamped."""
    mask = np.array([0.0, 1.0])  # below p: kept; above: new
    h, layers = np.ones(2), [Zoneout(0.5, rng=Replay(mask)) for _ in range(50)]
    for layer in layers:
        h = layer(0.5 * h, h)
    dh = np.ones(2)
    for layer in reversed(layers):
        d_new, d_previous = layer.backward(dh)
        dh = 0.5 * d_new + d_previous
    np.testing.assert_array_equal(dh, [1, 0.5**50])


def test_gradcheck_of_zoneout():
    module = TorchZoneout(0.4)

    def forward(new, previous):
        torch.manual_seed(0)
        return module(new, previous)

    leaves = [torch.randn(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    assert torch.autograd.gradcheck(forward, leaves)


def test_zoneout_errors():
    with pytest.raises(ValueError, match=r"new \(2, 3\) and previous \(3,\)"):
        Zoneout(0.5)(np.ones((2, 3)), np.ones(3))
    with pytest.raises(RuntimeError, match="before forward"):
        Zoneout(0.5).backward(np.ones(3))
    with pytest.raises(TypeError, match="previous"):
        Zoneout(0.5)(np.ones(3))
