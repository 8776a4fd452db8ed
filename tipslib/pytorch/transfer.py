"""Transfer learning: start from a network that was trained on something else."""

import copy

from torch import nn


def freeze(model: nn.Sequential, layers: int) -> list[nn.Parameter]:
    """Switch off the gradients of the first ``layers`` modules, and on those of the rest, which is returned.

    Give it to the optimizer. Fixed are parameters: the running averages of a batch norm follow the data in training
    all the same.
    Raises: ValueError unless 0 ≤ layers ≤ len(model), or when nothing is left to train.
    Source: K "Transfer Learning with CNNs" (fix all weights, treat as fixed feature extractor).
    """
    if not 0 <= layers <= len(model):
        raise ValueError(f"freeze: layers is {layers}, the model has {len(model)}")
    rest = list(model[layers:].parameters())
    if not rest:
        raise ValueError(f"freeze: with {layers} of {len(model)} layers fixed no parameter is left to train")
    for index, module in enumerate(model):
        module.requires_grad_(index >= layers)
    return rest


def finetune(model: nn.Sequential, classes: int) -> nn.Sequential:
    """A copy of ``model`` whose last module is a new ``Linear`` with ``classes`` outputs; the model stays as it is.

    Raises: ValueError when the last layer is no ``Linear``.
    Source: K "Transfer Learning with CNNs" (swap the Softmax layer at the end).
    """
    *body, last = model
    if not isinstance(last, nn.Linear):
        raise ValueError(f"finetune wants a model that ends in a Linear, got {last}")
    options = {"dtype": last.weight.dtype, "device": last.weight.device}
    head = nn.Linear(last.in_features, classes, bias=last.bias is not None, **options)
    return nn.Sequential(*map(copy.deepcopy, body), head)
