"""Ensembles: several networks together err less than one, as far as they err differently."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tipslib.scratch.softmax import Softmax


def bagging(
    train: Callable[[Any, Any], Any], x: np.ndarray, y: np.ndarray, k: int, *, rng: np.random.Generator
) -> list[Any]:
    """Train k models, each on its own bootstrap sample: N examples drawn from the N with replacement.

    Args: ``train(x, y) -> model``; x and y arrays (or tensors) [N, …]. Returns: the k models.
    Raises: ValueError unless k ≥ 1 and x and y have the same length.
    About 63 % of the examples are in each sample, some more than once.
    Source: L "Dropout - Ensemble" (train a bunch of networks); C "bagging"; Breiman 1996.
    """
    if k < 1:
        raise ValueError(f"bagging: k is {k}, must be 1 or more")
    if len(x) != len(y):
        raise ValueError(f"bagging wants as many labels as examples, got {len(y)} and {len(x)}")
    samples = (rng.integers(len(x), size=len(x)) for _ in range(k))
    return [train(x[sample], y[sample]) for sample in samples]


def ensemble_predict(
    models: Sequence[Callable[[np.ndarray], np.ndarray]], x: np.ndarray, how: str = "average"
) -> np.ndarray:
    """Class probabilities [N, K] of an ensemble whose members, called with x as they are, give logits [N, K].

    ``"average"``: the mean of the members' softmaxes; ``"vote"``: the share of members for each class (of equal
    logits the first counts).
    Raises: ValueError for no models or another ``how``.
    Source: L "Dropout - Ensemble" (average); C "bagging" (vote); K "Model ensembles".
    """
    if not models or how not in ("average", "vote"):
        raise ValueError(f"ensemble_predict got {len(models)} models and how={how!r}; wants some, 'average' or 'vote'")
    outputs = np.stack([model(x) for model in models])
    if how == "average":
        return Softmax()(outputs).mean(axis=0)
    return np.eye(outputs.shape[-1], dtype=outputs.dtype)[outputs.argmax(axis=-1)].mean(axis=0)
