"""Known mistakes: a function that behaves like one of the course's known mistakes gets its explanation.

The course may have a file ``mistakes/<assignment>.py``. It holds plain functions named ``<function>__<mistake>``, wrong
versions of the graded functions, whose docstrings explain the mistake to the student; and these tables:

PROBES
    For a graded function a list of inputs, each a dict by parameter name, or a function ``probe(call)`` that itself
    calls the student's functions, ``call(name, *args)``, and returns what is to be compared. A function among the
    inputs must not raise: the student's side sees another class of exception than a mistake does here.
FEATURES
    Where results are random or not unique, for a graded function ``features(result, **inputs)``: what is compared
    instead of the result.
REFERENCE
    Right functions by name, for probes that need another function than the one probed.

A function is taken for a mistake when it gives the same on every probe: results, exceptions by class, what has become
of the inputs, and a RuntimeWarning wherever the mistake gives one.
"""

import copy
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tipslib.grading.servant import known_class

Call = Callable[..., Any]


class Bank:
    """The known mistakes of one assignment, from the text of its file."""

    def __init__(self, source: str) -> None:
        names: dict[str, Any] = {"__name__": "mistakes"}
        exec(compile(source, "<mistakes>", "exec"), names)
        self.probes: dict[str, list] = names.get("PROBES", {})
        self.features: dict[str, Callable] = names.get("FEATURES", {})
        self.reference: dict[str, Callable] = names.get("REFERENCE", {})
        self.mistakes: dict[str, list[Callable]] = {}
        for name, value in names.items():
            function, separator, _ = name.partition("__")
            if callable(value) and function and separator:
                self.mistakes.setdefault(function, []).append(value)

    def recognise(self, function: str, call: Call) -> Callable | None:
        """The known mistake that ``function`` makes, if any; ``call(name, *args, **kwargs)`` calls the student's."""
        return self.known(function, self.behaviour(function, call))

    def known(self, function: str, theirs: list[tuple]) -> Callable | None:
        """The known mistake that behaves like ``theirs`` (see ``behaviour``), if any."""
        found = []
        for mistake in self.mistakes.get(function, ()):
            known = self.behaviour(function, self.caller(function, mistake))
            if theirs and all(map(_alike, theirs, known)):
                found.append((sum(warned for *_, warned in known), mistake))
        # Where two differ only by a warning, the one that gives it says more.
        return max(found, key=lambda pair: pair[0])[1] if found else None

    def caller(self, function: str, version: Callable) -> Call:
        """A ``call`` for ``behaviour`` in which ``function`` is this version of it."""
        return lambda name, *args, **kwargs: (self.reference | {function: version})[name](*args, **kwargs)

    def behaviour(self, function: str, call: Call) -> list[tuple]:
        """What a function does with each probe: the result, the inputs afterwards, and whether it warned."""
        return [self._one(function, probe, call) for probe in self.probes.get(function, ())]

    def _one(self, function: str, probe: dict | Callable, call: Call) -> tuple:
        inputs = {} if callable(probe) else copy.deepcopy(probe)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = probe(call) if callable(probe) else call(function, **inputs)
                if function in self.features:
                    result = self.features[function](result, **({} if callable(probe) else copy.deepcopy(probe)))
            except Exception as error:
                result = f"raises {known_class(type(error))}"
        after = {name: value for name, value in inputs.items() if isinstance(value, (np.ndarray, list))}
        return result, after, any(issubclass(warning.category, RuntimeWarning) for warning in caught)


def explanation(mistake: Callable) -> str:
    """What the student is told: the mistake's docstring, in one paragraph."""
    return " ".join((mistake.__doc__ or mistake.__name__).split())


def _alike(theirs: tuple, known: tuple) -> bool:
    return same(theirs[:2], known[:2]) and theirs[2] >= known[2]


def same(a: Any, b: Any) -> bool:
    """Whether two plain values are the same up to rounding: shapes, kinds (float, int, bool) and numbers to 1e-6."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
            return False
        return np.allclose(a, b, 1e-6, 1e-12, equal_nan=True) if a.dtype.kind in "biufc" else np.array_equal(a, b)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if kind(a) != kind(b):
        return False
    if kind(a) == "float":
        return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-12) or (math.isnan(a) and math.isnan(b))
    return bool(a == b)


def kind(value: Any) -> str:
    """The kind of a value, whether Python's or NumPy's: bool, int, float, or the name of its class."""
    kinds = {"bool": (bool, np.bool_), "int": (int, np.integer), "float": (float, np.floating)}
    return next((kind for kind, types in kinds.items() if isinstance(value, types)), type(value).__name__)
