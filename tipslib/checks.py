"""Checks for test cells: each failure is an ``AssertionError`` of one line, on type, then shape, dtype, closeness.

``name`` is the call and the case in the lecture's terms, "relu(z) at z = -10, 0, 10". A visible check shows what was
expected and what came; a hidden one passes ``hint``, a sentence to think about, and shows neither.
"""

import copy
import textwrap
import warnings
from contextlib import contextmanager
from traceback import walk_tb

import numpy as np


def check_shape(got, shape, name, *, dtype=np.float64, hint=None):
    """``got`` is an array of this shape and dtype, whatever it holds; ``dtype=int`` takes any integers."""
    if not isinstance(got, np.ndarray):
        _fail(name, f"returned {_describe(got)}, not an array", f"expected shape {shape}", hint)
    if got.shape != shape:
        _fail(name, "wrong shape", f"expected {shape}, got {got.shape}", hint)
    integers = np.dtype(dtype).kind in "iu"
    if not (got.dtype.kind in "iu" if integers else got.dtype == dtype):
        _fail(name, f"the array holds {got.dtype}, not {'integers' if integers else np.dtype(dtype)}", "", hint)


def check_array(got, expected, name, *, atol=1e-12, rtol=1e-9, hint=None):
    """``got`` has the shape and dtype of ``expected``, and is close to it; shapes are never broadcast.

    An entry is close when abs(got - expected) ≤ atol + rtol * abs(expected); integers and bools must be equal.
    A list of whole numbers expects integers: write ``[0.0, 1.0]`` for floats.
    """
    expected = np.asarray(expected)
    if expected.dtype.kind in "iub":
        atol = rtol = 0
    check_shape(got, expected.shape, name, dtype=expected.dtype, hint=hint)
    wrong = ~np.isclose(got, expected, rtol=rtol, atol=atol)
    if wrong.any():
        first = tuple(map(int, np.argwhere(wrong)[0]))
        count = f" ({wrong.sum()} of {wrong.size} entries are wrong)" if wrong.size > 1 else ""
        what = "holds nan" if np.isnan(got).any() else "wrong values"
        _fail(name, what, f"expected {expected[first]} at index {list(first)}, got {got[first]}{count}", hint)


def check_float(got, expected, name, *, atol=1e-12, rtol=1e-9, hint=None):
    """``got`` is a number (Python's or NumPy's, no array, no bool) close to ``expected``."""
    if isinstance(got, (bool, np.bool_)) or not isinstance(got, (int, float, np.integer, np.floating)):
        _fail(name, f"returned {_describe(got)}, not a float", f"expected {expected}", hint)
    if not np.isclose(float(got), expected, rtol=rtol, atol=atol):
        _fail(name, "wrong value", f"expected {expected}, got {got}", hint)


def check_int(got, expected, name, *, hint=None):
    """``got`` is the integer ``expected`` (Python's or NumPy's, no array, no bool, no float)."""
    if isinstance(got, (bool, np.bool_)) or not isinstance(got, (int, np.integer)):
        _fail(name, f"returned {_describe(got)}, not an int", f"expected {expected}", hint)
    if got != expected:
        _fail(name, "wrong value", f"expected {expected}, got {got}", hint)


def check_text(got, expected, name, *, hint=None):
    """``got`` is the string ``expected``."""
    if not isinstance(got, str):
        _fail(name, f"returned {_describe(got)}, not a str", f"expected {expected!r}", hint)
    if got != expected:
        _fail(name, "wrong answer", f"expected {expected!r}, got {got!r}", hint)


def check_list(got, length, name, *, hint=None):
    """``got`` is a list or tuple of ``length`` entries; check the entries one by one afterwards."""
    if not isinstance(got, (list, tuple)):
        _fail(name, f"returned {_describe(got)}, not {length} things", "", hint)
    if len(got) != length:
        _fail(name, "wrong number of things returned", f"expected {length}, got {len(got)}", hint)


def check_gradient(got, f, x, name, *, dy=1.0, h=1e-5, atol=1e-7, rtol=1e-6, hint=None):
    """``got`` is the gradient at ``x`` of the cost C = Σ dy • f(x), by central differences (C(x+h) - C(x-h)) / 2h.

    ``f`` maps an array to an array or a number, without the function under test; keep x away from kinks.
    """
    numeric = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        numeric[index] = np.sum(dy * f(x + step) - dy * f(x - step)) / (2 * h)
    check_array(got, numeric, name, atol=atol, rtol=rtol, hint=hint)


@contextmanager
def unchanged(name, **inputs):
    """The code inside leaves its inputs, arrays or lists of arrays, as they were: ``with unchanged("f", z=z): …``.

    Raises: TypeError for an input of another kind, which no function could change.
    """
    for key, value in inputs.items():
        if not isinstance(value, (np.ndarray, list)):
            raise TypeError(f"unchanged: {key} is {_describe(value)}, not an array or a list of arrays")
    before = copy.deepcopy(inputs)
    yield
    for key, value in inputs.items():
        if not _same(value, before[key]):
            raise AssertionError(f"{name} changes its input {key} in place; work on a copy, as the caller needs {key}")


@contextmanager
def no_warnings(name):
    """The code inside gives no RuntimeWarning, as NumPy does for an overflow or a division by 0."""
    numpys_own = np.errstate(divide="warn", over="warn", under="ignore", invalid="warn")
    with warnings.catch_warnings(record=True) as caught, numpys_own:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        if issubclass(warning.category, RuntimeWarning):
            raise AssertionError(f"{name} warns: {warning.message}")


@contextmanager
def check_raises(kind, name, *, hint=None):
    """The code inside raises an exception of this class: ``with check_raises(ValueError, "one_hot(r, 3)"): …``."""
    try:
        yield
    except (NotImplementedError, AssertionError):
        raise  # not attempted, or another check inside has failed
    except kind:
        return
    except Exception as error:
        _fail(name, f"raised {type(error).__name__}, not {kind.__name__}", "", hint)
    else:
        _fail(name, f"raised no {kind.__name__}", "", hint)


def short_messages():
    """In a notebook, show a failed check or an exercise not attempted as one sentence, without a traceback."""
    from IPython import get_ipython  # only notebooks need it

    def show(shell, kind, error, traceback, tb_offset=None):  # IPython's names
        last = list(walk_tb(traceback))[-1][0].f_code  # the function that raised; here it is one of our checks
        where = f"{last.co_name}: " if kind is NotImplementedError else ""
        if where or last.co_filename == __file__:
            # nbgrader's Validate cuts longer lines: at 83 characters in a terminal, at about 117 in JupyterLab.
            lines = textwrap.wrap(f"{kind.__name__}: {where}{error}", 83, break_long_words=False)
            error._render_traceback_ = lambda: lines
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)

    if (shell := get_ipython()) is not None:
        shell.set_custom_exc((AssertionError, NotImplementedError), show)


def _fail(name, problem, detail, hint):
    tail = f". {hint}" if hint is not None else f"; {detail}" if detail else ""
    raise AssertionError(f"{name}: {problem}{tail}")


def _describe(got):
    if isinstance(got, np.ndarray):
        return f"an array of shape {got.shape}"
    if got is None or got is ...:  # some write ... where code is still to come
        return f"{got} (is there a return?)"
    kind = type(got).__name__
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _same(a, b):
    if isinstance(b, list):
        return isinstance(a, list) and len(a) == len(b) and all(map(_same, a, b))
    return isinstance(a, np.ndarray) and (a.shape, a.dtype, a.tobytes()) == (b.shape, b.dtype, b.tobytes())
