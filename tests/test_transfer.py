"""Transfer learning, in both twins: what is frozen stays to the last bit, the rest moves, the source stays whole."""

from importlib import import_module

import numpy as np
import pytest
import torch

from tests.parity import DTYPES
from tipslib import pytorch, scratch

each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
each_package = pytest.mark.parametrize("package", [scratch, pytorch], ids=["scratch", "pytorch"])
NAMES = ["0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"]


def network(package, dtype=np.float32, bias=True):
    sizes, activation = [(4, 6), (6, 6), (6, 3)], package.ReLU
    if package is scratch:
        linear = [
            package.Linear(*size, bias, rng=np.random.default_rng(i), dtype=dtype) for i, size in enumerate(sizes)
        ]
    else:
        torch.manual_seed(0)
        linear = [package.Linear(*size, bias, dtype=torch.from_numpy(np.zeros(0, dtype)).dtype) for size in sizes]
    return package.Sequential(linear[0], activation(), linear[1], activation(), linear[2])


def weights(model):
    return {name: np.asarray(value).copy() for name, value in model.state_dict().items()}


def finetune(package, model, classes):
    extra = {"rng": np.random.default_rng(9)} if package is scratch else {}
    return package.finetune(model, classes, **extra)


def train(package, model, parameters, dtype=np.float32, classes=2):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 4)).astype(dtype), rng.integers(classes, size=20)
    optimizer = package.SGD(parameters, lr=0.1, momentum=0.9, weight_decay=0.1)
    return package.fit(model, package.CrossEntropyLoss(), optimizer, (x, y), epochs=5, batch_size=5, rng=rng)


@each_dtype
@each_package
@pytest.mark.parametrize("layers", range(5))
def test_frozen_weights_do_not_move_and_all_others_do(package, layers, dtype):
    """Momentum and weight decay included."""
    model = network(package, dtype)
    before = weights(model)
    train(package, model, package.freeze(model, layers), dtype)
    for name, array in weights(model).items():
        moved = (array != before[name]).any()
        assert moved == (int(name[0]) >= layers), name
        assert array.dtype == dtype


@each_package
def test_freeze_none_is_everything(package):
    model, same = network(package), network(package)
    train(package, model, package.freeze(model, 0))
    train(package, same, same.params if package is scratch else same.parameters())
    for name, array in weights(model).items():
        np.testing.assert_array_equal(array, weights(same)[name])


def test_the_mapping_has_the_models_names_and_is_live():
    model = network(scratch)
    rest = scratch.freeze(model, 1)
    assert list(rest) == NAMES[2:]
    for name, array in rest.items():
        assert array is model.params[name]
    model.params["4.bias"] = np.ones(3, np.float32)
    assert rest["4.bias"] is model.params["4.bias"]
    model(np.ones((1, 4), np.float32))
    model.backward(np.ones((1, 3), np.float32))
    scratch.SGD(rest, lr=0.5).step(model.grads)
    np.testing.assert_allclose(model.params["4.bias"], 0.5)


def test_unfreezing_step_by_step_in_pytorch():
    model = network(pytorch)
    for layers, trained in ((4, 2), (2, 4), (0, 6), (3, 2)):
        rest = pytorch.freeze(model, layers)
        assert len(rest) == trained
        assert [parameter.requires_grad for parameter in model.parameters()] == [False] * (6 - trained) + [
            True
        ] * trained
        assert all(parameter.requires_grad for parameter in rest)


@each_package
def test_freeze_errors(package):
    model = network(package)
    for layers in (-1, 6):
        with pytest.raises(ValueError, match=f"freeze: layers is {layers}, the model has 5"):
            package.freeze(model, layers)
    with pytest.raises(ValueError, match="freeze: with 5 of 5 layers fixed no parameter is left to train"):
        package.freeze(model, 5)
    if package is pytorch:  # nothing has changed
        assert all(parameter.requires_grad for parameter in model.parameters())


@each_package
def test_batch_norm_in_the_frozen_part_keeps_counting(package):
    """The one thing that freeze does not fix; its docstring says so."""
    batch_norm = import_module(f"{package.__name__}.batchnorm").BatchNorm1d
    model = package.Sequential(package.Linear(4, 4), batch_norm(4), package.Linear(4, 2))
    before = weights(model)
    train(package, model, package.freeze(model, 2))
    for name, array in weights(model).items():
        assert (array != before[name]).any() == (name[0] == "2" or "running" in name or "num_batches" in name), name


# Fine-tuning


@each_dtype
@each_package
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("classes", [1, 2, 3, 7])
def test_finetune_swaps_the_last_layer_of_a_copy(package, classes, bias, dtype):
    model = network(package, dtype, bias)
    before = weights(model)
    copy = finetune(package, model, classes)
    assert type(copy) is type(model)
    after = weights(copy)
    assert after.keys() == before.keys()
    for name, array in after.items():
        assert array.dtype == dtype
        if name.startswith("4"):
            assert array.shape == (classes, *before[name].shape[1:])
        else:
            np.testing.assert_array_equal(array, before[name])
    assert (after["4.weight"][:1] != before["4.weight"][:1]).any()
    x = np.ones((2, 4), dtype)
    assert copy(x if package is scratch else torch.from_numpy(x)).shape == (2, classes)


@each_package
@pytest.mark.parametrize("layers", [0, 2, 4])
def test_the_source_is_untouched_by_training_its_copy(package, layers):
    model = network(package)
    before = weights(model)
    copy = finetune(package, model, 2)
    history = train(package, copy, package.freeze(copy, layers))
    assert history["loss"][-1] < history["loss"][0]
    for name, array in weights(model).items():
        np.testing.assert_array_equal(array, before[name])
    if package is pytorch:
        assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_frozen_source_gives_a_frozen_body_with_a_free_head_in_pytorch():
    model = network(pytorch)
    pytorch.freeze(model, 4)
    copy = pytorch.finetune(model, 2)
    assert [parameter.requires_grad for parameter in copy.parameters()] == [False] * 4 + [True] * 2


def test_the_new_head_is_drawn_by_rng():
    model = network(scratch)
    heads = [scratch.finetune(model, 2, rng=np.random.default_rng(seed)).params["4.weight"] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(heads[0], heads[1])
    assert (heads[0] != heads[2]).any()


@each_package
def test_finetune_wants_a_linear_at_the_end(package):
    model = package.Sequential(package.Linear(4, 3), package.Softmax(-1))
    with pytest.raises(ValueError, match=r"finetune wants a model that ends in a Linear, got Softmax"):
        finetune(package, model, 2)
