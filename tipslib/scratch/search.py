"""Hyperparameter search: at random in log space, from coarse to fine; and on a grid, for comparison."""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from tipslib.scratch.training import Diverged

# One trial: the hyperparameters by name and, under "score", what came out (larger is better).
Trial = dict[str, float]
Space = Mapping[str, tuple[float, float]]


def sample_log_uniform(low: float, high: float, *, rng: np.random.Generator) -> float:
    """A number between low and high whose logarithm is uniform: every decade is equally likely.

    Raises: ValueError unless 0 < low < high < ∞. Source: K "note it's best to optimize in log space!".
    """
    if not 0 < low < high < math.inf:
        raise ValueError(f"sample_log_uniform wants 0 < low < high < ∞, got {low} and {high}")
    value = math.exp(rng.uniform(math.log(low), math.log(high)))
    return min(max(value, low), high)  # exp and log round


def random_search(
    objective: Callable[..., float], space: Space, trials: int, *, rng: np.random.Generator
) -> list[Trial]:
    """Try ``trials`` random points of ``space``; the best first.

    Args: ``objective(name=value, …) -> score``, larger is better; nan is worst, and is the score of a run that
    raises ``Diverged``; ``space`` maps each name to (low, high), both positive: values are drawn log-uniformly.
    Raises: ValueError for a range that is not, or when there is nothing to try.
    Source: K "Hyperparameter Optimization"; Bergstra and Bengio 2012.
    """
    points = ({name: sample_log_uniform(*ends, rng=rng) for name, ends in space.items()} for _ in range(trials))
    return _ranked(objective, points)


def grid_search(objective: Callable[..., float], grid: Mapping[str, Sequence[float]]) -> list[Trial]:
    """Try every combination of the values in ``grid``; the best first.

    With n trials in d dimensions each hyperparameter takes only n^(1/d) different values; in random search, n.
    Args: as ``random_search``. Raises: ValueError when there is nothing to try.
    Source: K "Random Search vs. Grid Search".
    """
    points = (dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values()))
    return _ranked(objective, points)


def narrow(space: Space, best: Trial, decades: float = 0.5) -> dict[str, tuple[float, float]]:
    """The finer search's space: ± ``decades`` around the best point, not cut at the old edges.

    Source: K "Now run finer search..." (adjust range).
    """
    factor = 10**decades
    return {name: (best[name] / factor, best[name] * factor) for name in space}


def at_edge(space: Space, best: Trial, share: float = 0.1) -> list[str]:
    """Hyperparameters whose best value lies in the outer ``share`` of its range (in logarithms): search further.

    Source: K "But this best cross-validation result is worrying. Why?".
    """
    places = {name: math.log(best[name] / low) / math.log(high / low) for name, (low, high) in space.items()}
    return [name for name, place in places.items() if not share <= place <= 1 - share]


def _ranked(objective: Callable[..., float], points: Iterable[Trial]) -> list[Trial]:
    tried = [{**point, "score": _score(objective, point)} for point in points]
    if not tried:
        raise ValueError("the search has nothing to try: give at least one trial, and a value for every name")
    return sorted(tried, key=lambda trial: -math.inf if math.isnan(trial["score"]) else trial["score"], reverse=True)


def _score(objective: Callable[..., float], point: Trial) -> float:
    try:
        return float(objective(**point))
    except Diverged:  # one bad rate must not cost the other trials
        return math.nan
