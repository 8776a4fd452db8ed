"""Behaviour: what a function does with the probe inputs, as a short digest and as text that can be read.

Two functions that do the same up to rounding share one of two digests. Each digest rounds numbers on a grid of its own,
and a number that rounding errors push over a line of one grid lies well between two lines of the other.
Runs in the checking process (see trusted.py): it gets plain data, and nothing of it is shown to students.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tipslib.grading.mistakes import Bank, explanation, kind

GRIDS = (0.381966, 0.881966)  # where the lines of a grid lie, as a fraction of its step: never at a round number
DIGITS = 6  # of a number, below its first
NOTHING = 1e-12  # smaller numbers count as zero, and so does what is this much smaller than the array's largest
KNOWN = "This is a known mistake. "  # how a message goes on that explains one
PROBES, WIDTH = 12, 240  # so many probes are described, each in so many characters


def describe(bank: Bank, function: str, behaviour: list[tuple], mistake: Callable | None = None) -> dict:
    """A function's behaviour (see ``Bank.behaviour``) to keep: what it is, in digests and in words.

    Returns: ``{"function", "digests", "returns", "mistake", "text"}``; ``returns`` has a text for each probe, and
    ``mistake`` and ``text`` are the name and the explanation of a known mistake, or "".
    """
    probes = bank.probes.get(function, [])
    return {
        "function": function,
        "digests": [digest([step[:2] for step in behaviour], grid) for grid in GRIDS],
        "returns": [_step(*pair) for pair in zip(probes[:PROBES], behaviour[:PROBES], strict=True)],
        "mistake": mistake.__name__ if mistake else "",
        "text": explanation(mistake) if mistake else "",
    }


def inputs(bank: Bank, function: str) -> list[str]:
    """The probe inputs of a function, as text."""
    texts = (
        "calls of its own" if callable(probe) else ", ".join(f"{name} = {text(value)}" for name, value in probe.items())
        for probe in bank.probes.get(function, [])[:PROBES]
    )
    return [_cut(one) for one in texts]


def digest(value: Any, grid: float = GRIDS[0]) -> str:
    """Twelve hexadecimal digits that are equal for values that are the same up to rounding (see the module's text)."""
    sha = hashlib.sha256()
    for part in _parts(value, grid):
        sha.update(len(part).to_bytes(8, "little") + part)
    return sha.hexdigest()[:12]


def _parts(value: Any, grid: float) -> Iterator[bytes]:
    if isinstance(value, (list, tuple)):
        yield f"list {len(value)}".encode()
        for item in value:
            yield from _parts(item, grid)
    elif isinstance(value, dict):
        yield f"dict {len(value)}".encode()
        for key in sorted(value, key=repr):
            yield repr(key).encode()
            yield from _parts(value[key], grid)
    elif isinstance(value, np.ndarray):
        yield f"array {value.shape} {value.dtype.kind}".encode()
        yield _rounded(value, grid)
    elif kind(value) == "int":
        yield f"int {int(value):x}".encode()  # in decimal, Python refuses the largest
    elif kind(value) in ("bool", "str", "NoneType"):
        yield f"{kind(value)} {value}".encode(errors="backslashreplace")
    elif isinstance(value, (float, complex, np.inexact)):
        yield b"complex" if np.iscomplexobj(value) else b"float"
        yield _rounded(np.asarray(value), grid)
    else:
        yield kind(value).encode()  # an object that cannot be looked into


def _rounded(array: np.ndarray, grid: float) -> bytes:
    if array.dtype.kind == "c":
        return _rounded(array.real, grid) + _rounded(array.imag, grid)
    if array.dtype.kind != "f":
        return repr(array.tolist()).encode(errors="backslashreplace")
    numbers = array.astype(float).ravel()
    size = np.where(np.isfinite(numbers), np.abs(numbers), 0.0)
    zero = size <= max(NOTHING, NOTHING * size.max(initial=0.0))
    power = np.floor(np.log10(np.where(zero, 1.0, size)) + grid)
    steps = np.where(zero, 0.0, np.floor(size * 10.0 ** (DIGITS - power) + grid)) * np.sign(numbers)
    steps = np.where(np.isfinite(numbers), steps + 0.0, numbers)  # + 0.0: there is one zero only
    return repr(list(zip(power.tolist(), steps.tolist(), strict=True))).encode()


def text(value: Any) -> str:
    """A plain value in one line."""
    if isinstance(value, np.ndarray):
        numbers = np.array2string(value, precision=4, threshold=24, edgeitems=3, max_line_width=10**6)
        shape = " × ".join(map(str, value.shape))
        number = {"f": "", "i": " integers", "u": " integers", "b": " truth values"}.get(value.dtype.kind, "")
        return f"array [{shape}]{number} {' '.join(numbers.split())}"
    if isinstance(value, (list, tuple)):
        left, right = "[]" if isinstance(value, list) else "()"
        return left + ", ".join(map(text, value[:8])) + (", …" if len(value) > 8 else "") + right
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {text(item)}" for key, item in list(value.items())[:8]) + "}"
    if kind(value) == "float":
        return f"{value:.6g}"
    if kind(value) == "int":
        return str(value) if abs(int(value)) < 10**30 else "a very large integer"
    if kind(value) in ("bool", "complex", "NoneType"):
        return str(value)
    if isinstance(value, str):
        return value if value.startswith("raises ") else repr(value)
    return "a function" if callable(value) else f"an object ({kind(value)})"


def _step(probe: dict | Callable, step: tuple) -> str:
    result, after, _ = step
    before = {} if callable(probe) else probe
    changed = [name for name, value in after.items() if digest(value) != digest(before.get(name))]
    return _cut(text(result) + "".join(f"; changes {name} to {text(after[name])}" for name in changed))


def _cut(line: str) -> str:
    line = "".join(char if char.isprintable() else "?" for char in line)
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
