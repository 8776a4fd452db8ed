"""Transfer learning: start from a network that was trained on something else."""

import copy
from collections.abc import Mapping

import numpy as np

from tipslib.scratch.layers import Layer, Linear, Sequential


def freeze(model: Sequential, layers: int) -> Mapping[str, np.ndarray]:
    """The parameters of all layers but the first ``layers``: give these to the optimizer, and the rest stays fixed.

    The mapping is live, under the model's own names. Fixed are parameters: the running averages of a batch norm
    follow the data in training all the same.
    Raises: ValueError unless 0 ≤ layers ≤ len(model), or when nothing is left to train.
    Source: K "Transfer Learning with CNNs" (fix all weights, treat as fixed feature extractor).
    """
    if not 0 <= layers <= len(model):
        raise ValueError(f"freeze: layers is {layers}, the model has {len(model)}")
    # In the place of a fixed layer a Layer(), which has no parameters, so that the names keep their numbers.
    rest = Sequential(*(Layer() if index < layers else layer for index, layer in enumerate(model))).params
    if not rest:
        raise ValueError(f"freeze: with {layers} of {len(model)} layers fixed no parameter is left to train")
    return rest


def finetune(model: Sequential, classes: int, *, rng: np.random.Generator) -> Sequential:
    """A copy of ``model`` whose last layer is a new ``Linear`` with ``classes`` outputs; the model stays as it is.

    Then ``freeze`` all but the new layer (little data), all but the top layers (more), or nothing (much).
    Raises: ValueError when the last layer is no ``Linear``.
    Source: K "Transfer Learning with CNNs" (swap the Softmax layer at the end).
    """
    *body, last = model
    if not isinstance(last, Linear):
        raise ValueError(f"finetune wants a model that ends in a Linear, got {last}")
    weight = last.params["weight"]
    head = Linear(last.in_features, classes, bias="bias" in last.params, rng=rng, dtype=weight.dtype)
    return Sequential(*map(copy.deepcopy, body), head)
