"""Preprocessing: what it makes of training data, what it must not make of test data, and both twins alike."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.parity import DTYPES
from tipslib import pytorch
from tipslib.scratch.gradcheck import gradient_check
from tipslib.scratch.layers import Linear, Sequential
from tipslib.scratch.preprocessing import PCA, Center, Preprocess, Standardize, Whiten

each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
ALL = [(Center, ()), (Center, ((0, 1),)), (Standardize, ()), (PCA, ()), (PCA, (2,)), (Whiten, ()), (Whiten, (0.1,))]
each_layer = pytest.mark.parametrize(("make", "args"), ALL, ids=lambda value: getattr(value, "__name__", str(value)))
shapes = st.tuples(st.integers(6, 30), st.integers(1, 5))
seeds = st.integers(0, 2**32 - 1)


def data(shape=(50, 4), dtype=np.float64, seed=0):
    """Correlated columns with means and scales of their own."""
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((shape[1], shape[1])) + 2 * np.eye(shape[1])
    return (10 * rng.standard_normal(shape[1]) + rng.standard_normal(shape) @ mixing).astype(dtype)


def twin(make, args):
    return getattr(pytorch, make.__name__)(*args)


# Center and standardize


@given(shape=shapes, seed=seeds)
def test_standardize(shape, seed):
    x = data(shape, seed=seed)
    z = Standardize().fit(x)(x)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(z.var(axis=0), 1, rtol=1e-10)
    np.testing.assert_allclose(z, (x - x.mean(axis=0)) / np.sqrt(((x - x.mean(axis=0)) ** 2).mean(axis=0)), atol=1e-10)


def test_float32_statistics_of_many_rows_far_from_zero():
    """Added up in float32 the mean of these is off by half a percent of σ."""
    x = (1000 + np.random.default_rng(0).standard_normal((60_000, 3))).astype(np.float32)
    z = Standardize().fit(x)(x)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z.mean(axis=0, dtype=np.float64), 0, atol=1e-4)
    np.testing.assert_allclose(z.std(axis=0, dtype=np.float64), 1, rtol=1e-5)


@each_dtype
@pytest.mark.parametrize("constant", [0.0, 3.0, 0.1, -1 / 3, 1e6 + 0.1, 1e-3])
@pytest.mark.parametrize("rows", [1, 3, 3200])
@pytest.mark.parametrize("columns", [1, 2])
def test_a_constant_column_is_only_centred(constant, rows, columns, dtype):
    """0.1 is no binary number: the mean of its copies may be off in the last digit, which must not be blown up."""
    x = np.stack([np.full(rows, constant), np.arange(rows)][:columns], axis=1).astype(dtype)
    for fit, call in (
        (Standardize().fit(x), lambda layer, x: layer(x)),
        (pytorch.Standardize().fit(torch.from_numpy(x)), lambda layer, x: layer(torch.from_numpy(x)).numpy()),
    ):
        rounding = rows * abs(constant) * np.finfo(dtype).eps  # of a sum, term by term
        np.testing.assert_allclose(call(fit, x)[:, 0], 0, atol=rounding)
        np.testing.assert_allclose(call(fit, x + 2)[:, 0], 2, rtol=1e-6, atol=rounding)


def test_columns_too_small_to_square_are_only_centred():
    x = np.array([[0.0], [1e-200]])
    np.testing.assert_allclose(Standardize().fit(x)(x), [[-5e-201], [5e-201]], rtol=1e-12)


def test_center_removes_the_mean_image_or_the_channel_means():
    images = np.random.default_rng(0).uniform(0, 255, (20, 3, 4, 5))
    np.testing.assert_allclose(Center().fit(images)(images).mean(axis=0), 0, atol=1e-12)
    per_channel = Center(axes=(0, 2, 3)).fit(images)
    assert per_channel.mean.shape == (3, 1, 1)
    np.testing.assert_allclose(per_channel(images).mean(axis=(0, 2, 3)), 0, atol=1e-12)
    assert np.abs(per_channel(images).mean(axis=0)).max() > 1
    last = Center(axes=(0, 1, 2)).fit(images.transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(last(images.transpose(0, 2, 3, 1)), per_channel(images).transpose(0, 2, 3, 1))
    theirs = pytorch.Center(axes=(0, 2, 3)).fit(torch.from_numpy(images))
    np.testing.assert_allclose(theirs(torch.from_numpy(images)).numpy(), per_channel(images), atol=1e-12)


def test_pixels_may_be_bytes():
    images = np.random.default_rng(0).integers(0, 256, (50, 4, 4), dtype=np.uint8)
    z = Center().fit(images)(images)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z, images - images.mean(axis=0), atol=1e-4)


# PCA and whitening


def covariance(z):
    return (z - z.mean(axis=0)).T @ (z - z.mean(axis=0)) / len(z)


@given(shape=shapes, seed=seeds)
def test_pca(shape, seed):
    """Decorrelated, largest variance first, a rotation that can be undone."""
    x = data(shape, seed=seed)
    pca = PCA().fit(x)
    z, scale = pca(x), pca.variances[0]
    np.testing.assert_allclose(covariance(z), np.diag(pca.variances), atol=1e-10 * scale)
    assert (np.diff(pca.variances) <= 0).all()
    np.testing.assert_allclose(pca.components.T @ pca.components, np.eye(shape[1]), atol=1e-12)
    np.testing.assert_allclose(z @ pca.components.T + pca.mean, x, atol=1e-9)
    assert pca.variances.sum() == pytest.approx(x.var(axis=0).sum(), rel=1e-10)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_fewer_components_lose_the_smallest_variances(k):
    """The squared error of the reconstruction is N times the sum of the λ left out."""
    x = data()
    pca, whole = PCA(k).fit(x), PCA().fit(x)
    assert pca(x).shape == (50, k)
    np.testing.assert_array_equal(pca.variances, whole.variances[:k])
    error = ((pca(x) @ pca.components.T + pca.mean - x) ** 2).sum()
    assert error == pytest.approx(50 * whole.variances[k:].sum(), rel=1e-9, abs=1e-9)


@given(shape=shapes, seed=seeds, eps=st.sampled_from([1e-5, 0.1, 3.0]))
def test_whiten(shape, seed, eps):
    """The covariance is diagonal with λ/(λ + ε)."""
    x = data(shape, seed=seed)
    whiten = Whiten(eps).fit(x)
    variances = whiten.variances
    np.testing.assert_allclose(covariance(whiten(x)), np.diag(variances / (variances + eps)), atol=1e-8)


def test_whitened_data_have_the_identity_as_covariance():
    x = data()
    np.testing.assert_allclose(covariance(Whiten(0).fit(x)(x)), np.eye(4), atol=1e-12)


@each_dtype
def test_directions_without_variance_stay_finite(dtype):
    x = np.repeat(data((30, 2), dtype), 10, axis=1)
    z = Whiten().fit(x)(x)
    assert z.dtype == dtype
    assert np.isfinite(z).all()
    assert (PCA().fit(x).variances >= 0).all()  # eigh gives some that are not
    assert (pytorch.PCA().fit(torch.from_numpy(x)).variances >= 0).all()
    x = np.zeros((3, 2), dtype)
    with pytest.raises(ValueError, match="Whiten: eps is 0, and the data do not vary in some direction"):
        Whiten(0).fit(x)
    with pytest.raises(ValueError, match="Whiten: eps is 0, and the data do not vary in some direction"):
        pytorch.Whiten(0).fit(torch.from_numpy(x))


# All of them


@each_layer
def test_test_data_use_the_statistics_of_training_data(make, args):
    """z of an example does not depend on its company, nor does a call change what was learned."""
    train, test = data(), data(seed=1) + 7
    layer = make(*args).fit(train)
    before = layer.state_dict()
    z = layer(test)
    np.testing.assert_allclose(layer(test[3:4]), z[3:4], rtol=1e-12)
    assert np.abs(z.mean(axis=0)).max() > 1  # centred on its own statistics it would be 0
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_standardize_test_data_by_hand():
    train, test = data(), data(seed=1)
    np.testing.assert_allclose(Standardize().fit(train)(test), (test - train.mean(0)) / train.std(0), rtol=1e-12)


@each_dtype
@each_layer
def test_twins_agree(make, args, dtype):
    """Eigenvectors up to their signs."""
    train, test = data(dtype=dtype), data(seed=1, dtype=dtype)
    ours, theirs = make(*args).fit(train), twin(make, args).fit(torch.from_numpy(train))
    z, want = ours(test), theirs(torch.from_numpy(test)).numpy()
    assert z.dtype == want.dtype == dtype
    if make in (PCA, Whiten):
        z, want = np.abs(z), np.abs(want)
    tolerance = 1e-3 if dtype == np.float32 else 1e-9
    np.testing.assert_allclose(z, want, rtol=tolerance, atol=tolerance)
    assert ours.state_dict().keys() == theirs.state_dict().keys()


@each_dtype
@each_layer
def test_state_moves_between_the_twins(make, args, dtype):
    train, test = data(dtype=dtype), data(seed=1, dtype=dtype)
    ours, theirs = make(*args).fit(train), twin(make, args).fit(torch.from_numpy(data(seed=2, dtype=dtype)))
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    tolerance = 1e-4 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(theirs(torch.from_numpy(test)).numpy(), ours(test), rtol=tolerance, atol=tolerance)
    other = make(*args).fit(data(seed=2, dtype=dtype))
    other.load_state_dict(theirs.state_dict())
    np.testing.assert_array_equal(other(test), ours(test))


@each_layer
def test_gradient(make, args):
    layer = make(*args).fit(data())
    assert gradient_check(layer, data((5, 4), seed=1), rng=np.random.default_rng(0)) == pytest.approx(
        {"x": 0}, abs=1e-7
    )
    assert not layer.params
    assert not layer.grads


@each_layer
def test_gradient_is_pytorchs(make, args):
    x = data()
    ours, theirs = make(*args).fit(x), twin(make, args).fit(torch.from_numpy(x))
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    leaf = torch.tensor(x, requires_grad=True)
    output = theirs(leaf)
    dz = np.random.default_rng(0).standard_normal(ours(x).shape)
    output.backward(torch.from_numpy(dz))
    dx = ours.backward(dz)
    np.testing.assert_allclose(dx, leaf.grad.numpy(), rtol=1e-12, atol=1e-12)
    assert not np.shares_memory(dx, dz)


@each_layer
def test_in_front_of_a_network(make, args):
    x = data()
    width = args[0] if make is PCA and args else 4
    model = Sequential(make(*args).fit(x), Linear(width, 3, dtype=np.float64))
    assert list(model.params) == ["1.weight", "1.bias"]
    assert "0.mean" in model.state_dict()
    assert max(gradient_check(model, x[:5], rng=np.random.default_rng(0)).values()) < 1e-6


@each_layer
def test_data_stay_as_they_are(make, args):
    x = data()
    kept = x.copy()
    layer = make(*args).fit(x)
    z = layer(x)
    np.testing.assert_array_equal(x, kept)
    assert not np.shares_memory(z, x)


@each_layer
def test_errors(make, args):
    for layer, convert in ((make(*args), np.asarray), (twin(make, args), torch.from_numpy)):
        name = make.__name__
        with pytest.raises(RuntimeError, match=rf"{name}\(.*\) was used before fit"):
            layer(convert(data()))
        with pytest.raises(ValueError, match=rf"{name}\(.*\).fit wants data of shape \[N, .*\].*, got \(0, 4\)"):
            layer.fit(convert(np.empty((0, 4))))
        with pytest.raises(ValueError, match=rf"{name}\(.*\).fit wants data of shape \[N, .*\].*, got \(5,\)"):
            layer.fit(convert(np.empty(5)))
        assert layer.fit(convert(data())) is layer
        with pytest.raises(ValueError, match=rf"{name}\(.*\) was fitted to examples of shape \(4,\), got \(1,\)"):
            layer(convert(np.ones((5, 1))))


@each_layer
def test_data_are_an_array(make, args):
    with pytest.raises(TypeError, match=r"\(\).fit wants a NumPy array, got list"):
        make(*args).fit(data().tolist())
    with pytest.raises(TypeError, match=r"\(\) wants a NumPy array, got list"):
        make(*args).fit(data())(data().tolist())


def test_more_errors():
    for package_pca, package_center, convert in (
        (PCA, Center, np.asarray),
        (pytorch.PCA, pytorch.Center, torch.from_numpy),
    ):
        for n_components in (0, 5):
            with pytest.raises(ValueError, match=f"PCA: n_components is {n_components}, must be 1 to 4"):
                package_pca(n_components).fit(convert(data()))
        with pytest.raises(ValueError, match=r"PCA\(\).fit wants data of shape \[N, D\], got \(5, 2, 2\): use x"):
            package_pca().fit(convert(np.ones((5, 2, 2))))
        with pytest.raises(ValueError, match=r"Center: axes is \(1, 2\), must contain 0"):
            package_center(axes=(1, 2))
    with pytest.raises(KeyError, match="unexpected"):
        Standardize().load_state_dict(Standardize().fit(data()).state_dict())
    with pytest.raises(NotImplementedError, match="Preprocess has no forward"):
        Preprocess().fit(data())(data())
