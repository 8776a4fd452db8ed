"""Transfer learning: start from a network that was trained on something else."""

import copy

from torch import nn


def freeze(model: nn.Sequential, layers: int) -> list[nn.Parameter]:
    """Switch off the gradients of the first ``layers`` modules; returns the parameters left for the optimizer.

    Raises: ValueError unless 0 ≤ layers ≤ len(model), or when nothing is left to train.
    Source: K "Transfer Learning with CNNs" (fix all weights, treat as fixed feature extractor).
    """
    if not 0 <= layers <= len(model):
        raise ValueError(f"freeze: layers is {layers}, the model has {len(model)}")
    for index, module in enumerate(model):
        module.requires_grad_(index >= layers)
    rest = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not rest:
        raise ValueError(f"freeze: with {layers} of {len(model)} layers fixed no parameter is left to train")
    return rest


def finetune(model: nn.Sequential, classes: int) -> nn.Sequential:
    """A copy of ``model`` whose last ``Linear`` is a new one with ``classes`` outputs.

    Raises: ValueError when the last layer is no ``Linear``.
    Source: K "Transfer Learning with CNNs" (swap the Softmax layer at the end).
    """
    last = model[-1]
    if not isinstance(last, nn.Linear):
        raise ValueError(f"finetune wants a model that ends in a Linear, got {last}")
    head = nn.Linear(last.in_features, classes, bias=last.bias is not None, dtype=last.weight.dtype)
    return nn.Sequential(*copy.deepcopy(model)[:-1], head)
