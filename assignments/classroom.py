"""From a bank of functions to the cells of a submission: used by the sample classes and by ``tools/graders.py``."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable


def cells(*functions: Callable) -> dict[str, str]:
    """Solution cells, by grade_id, made of functions of a bank, without their docstrings.

    ``softmax__loops`` becomes the cell ``softmax`` with a function of that name; ``_`` is ``-`` in a grade_id.
    """
    return {graded(function).replace("_", "-"): _source(function) for function in functions}


def graded(function: Callable) -> str:
    """The name of the graded function that a function of a bank stands for."""
    return function.__name__.partition("__")[0]


def _source(function: Callable) -> str:
    source = textwrap.dedent(inspect.getsource(function))
    first = ast.parse(source).body[0].body[0]
    lines = source.splitlines()
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        del lines[first.lineno - 1 : first.end_lineno]
    return re.sub(rf"\b{function.__name__}\b", graded(function), "\n".join(lines)).strip("\n")
