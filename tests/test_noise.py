"""GaussianNoise: the same noise in both twins, mean and variance, and noise on the inputs as weight decay."""

import numpy as np
import pytest
import torch

from tests.fixed_random import Replay, Restarted
from tipslib.pytorch.noise import GaussianNoise as TorchGaussianNoise
from tipslib.scratch import Linear, Sequential, gradient_check
from tipslib.scratch.noise import GaussianNoise

each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])


@each_dtype
@pytest.mark.parametrize("shape", [(5,), (4, 3), (2, 3, 4), (0, 3)])
def test_twins_with_the_same_noise(dtype, shape):
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal(shape).astype(dtype), rng.standard_normal(shape).astype(dtype)
    leaf = torch.tensor(x, requires_grad=True)
    torch.manual_seed(1)
    layer = GaussianNoise(0.3, rng=Replay(torch.randn_like(leaf).numpy()))
    torch.manual_seed(1)
    out = TorchGaussianNoise(0.3)(leaf)
    out.backward(torch.tensor(dy))
    for got, want in ((layer(x), out.detach()), (layer.backward(dy), leaf.grad)):
        assert got.dtype == dtype
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-6, atol=1e-7)


@each_dtype
def test_testing_is_the_identity_in_both_twins(dtype):
    x = np.random.default_rng(0).standard_normal((4, 3)).astype(dtype)
    layer = GaussianNoise(2.0).eval()
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer.backward(3 * x), 3 * x)
    np.testing.assert_array_equal(TorchGaussianNoise(2.0).eval()(torch.from_numpy(x)).numpy(), x)


@each_dtype
def test_mean_and_standard_deviation(dtype):
    """Within 5 standard deviations of the estimates; neighbours are uncorrelated."""
    n, std = 100_000, 0.3
    noise = GaussianNoise(np.float64(std), rng=np.random.default_rng(0))(np.zeros(n, dtype))
    assert noise.dtype == dtype
    assert abs(noise.mean(dtype=np.float64)) < 5 * std / np.sqrt(n)
    np.testing.assert_allclose(noise.std(dtype=np.float64), std, rtol=5 / np.sqrt(2 * n))
    assert abs(np.mean(noise[1:] * noise[:-1])) < 5 * std**2 / np.sqrt(n)


def test_new_noise_at_every_call_and_the_same_from_the_same_generator():
    def outputs(seed):
        layer = GaussianNoise(1.0, rng=np.random.default_rng(seed))
        return [layer(np.zeros(5)).tolist() for _ in range(2)]

    first, second = outputs(1)
    assert first != second
    assert outputs(1) == [first, second]
    assert outputs(2) != [first, second]


def test_noise_on_the_inputs_of_a_linear_layer_is_weight_decay():
    """Square error, one example many times: the mean cost grows by std² ‖w‖², the mean gradient by 2 std² w."""
    n, std, target = 40_000, 0.5, 0.7
    rng = np.random.default_rng(0)
    linear = Linear(4, 1, rng=rng, dtype=np.float64)
    model = Sequential(GaussianNoise(std, rng=rng), linear)
    x, w = rng.standard_normal((1, 4)), linear.params["weight"]
    noisy = model[0](np.tile(x, (n, 1)))
    error = linear(noisy) - target
    costs, gradients = error**2, 2 * error * noisy
    clean = linear(x) - target
    assert abs(costs.mean() - (clean.item() ** 2 + std**2 * np.sum(w**2))) < 5 * costs.std() / np.sqrt(n)
    want = 2 * clean * x + 2 * std**2 * w
    assert (np.abs(gradients.mean(axis=0) - want[0]) < 5 * gradients.std(axis=0) / np.sqrt(n)).all()


def test_gradient_check_with_fixed_noise():
    rng = np.random.default_rng(0)
    model = Sequential(GaussianNoise(0.5, rng=Restarted()), Linear(3, 2, rng=rng, dtype=np.float64))
    errors = gradient_check(model, rng.standard_normal((4, 3)), rng=rng)
    assert max(errors.values()) < 1e-7, errors


@pytest.mark.parametrize("mode", [True, False])
def test_input_stays_unchanged_and_unshared(mode):
    x, dy = np.ones((3, 2)), np.ones((3, 2))
    layer = GaussianNoise(1.0).train(mode)
    layer(x)[...] = 9
    layer.backward(dy)[...] = 9
    np.testing.assert_array_equal(x, 1)
    np.testing.assert_array_equal(dy, 1)


def test_errors():
    for std in (-0.1, float("nan")):
        for constructor in (GaussianNoise, TorchGaussianNoise):
            with pytest.raises(ValueError, match="must be 0 or more"):
                constructor(std)
    with pytest.raises(RuntimeError, match=r"GaussianNoise\(0.1\).backward was called before forward"):
        GaussianNoise(0.1).backward(np.ones(3))
    with pytest.raises(TypeError, match="unexpected keyword"):
        GaussianNoise(0.1, dtype=np.float64)
