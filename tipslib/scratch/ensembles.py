"""Ensembles: several networks together err less than one, as far as they err differently."""

from collections.abc import Callable, Sequence

import numpy as np

from tipslib.scratch.softmax import Softmax


def bagging(train: Callable, x: np.ndarray, y: np.ndarray, k: int, *, rng: np.random.Generator) -> list:
    """Train k models, each on its own bootstrap sample: N examples drawn from the N with replacement.

    Args: ``train(x, y) -> model``. Returns: the k models. Raises: ValueError unless k ≥ 1.
    About 63 % of the examples are in each sample, some more than once.
    Source: L "Dropout - Ensemble" (train a bunch of networks); C "bagging"; Breiman 1996.
    """
    if k < 1:
        raise ValueError(f"bagging: k is {k}, must be 1 or more")
    samples = (rng.integers(len(x), size=len(x)) for _ in range(k))
    return [train(x[sample], y[sample]) for sample in samples]


def ensemble_predict(models: Sequence[Callable], x: np.ndarray, how: str = "average") -> np.ndarray:
    """Class probabilities [N, K] of an ensemble whose members give logits.

    ``"average"``: the mean of the members' softmaxes; ``"vote"``: the share of members for each class.
    Raises: ValueError for no models or another ``how``.
    Source: L "Dropout - Ensemble" (average); C "bagging" (vote); K "Model ensembles".
    """
    if not models or how not in ("average", "vote"):
        raise ValueError(f"ensemble_predict got {len(models)} models and how={how!r}; wants some, 'average' or 'vote'")
    outputs = np.stack([model(x) for model in models])
    if how == "average":
        return Softmax()(outputs).mean(axis=0)
    return np.eye(outputs.shape[-1])[outputs.argmax(axis=-1)].mean(axis=0)
