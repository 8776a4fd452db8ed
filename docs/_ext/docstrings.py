"""Docstrings are written for readers of the code, as plain text; this makes reStructuredText of them.

Formulas in indented lines keep their columns, each of ``Args:``, ``Raises:`` and so on begins a paragraph, and signs
that reStructuredText would take for markup mean themselves. Only ``code`` and an *emphasised* word stay markup.
"""

import re
from itertools import groupby

from numpy.typing import DTypeLike
from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

LABELS = ("Args", "Attributes", "Buffers", "Raises", "Returns", "Shapes", "Source")
LABEL = re.compile(rf"(?:^|(?<=[.;])\s+)({'|'.join(LABELS)}): ", re.MULTILINE)
KEPT = re.compile(r"(``.+?``|(?<![\w*])\*\w+\*(?![\w*]))", re.DOTALL)
DTYPE = stringify_annotation(DTypeLike, "smart")  # what Sphinx writes for it: eight types


def to_rst(lines: list[str]) -> list[str]:
    """The lines of a docstring, without common indentation, as lines of reStructuredText."""
    out: list[str] = []
    for kind, group in groupby(lines, key=_kind):
        block = list(group)
        if kind == "preformatted":
            out += ["", ".. code-block:: text", "", *block, ""]
        elif kind == "text":
            for paragraph in _at_labels("\n".join(block)):
                out += ["", *_escape(paragraph).splitlines(), ""]
        else:
            out += block
    return out


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    return "preformatted" if line.startswith("    ") else "text"


def _at_labels(text: str) -> list[str]:
    """``text``, split before every label, the label set bold."""
    start, *rest = LABEL.split(text)
    labelled = [f"**{label}:** {body}" for label, body in zip(rest[::2], rest[1::2], strict=True)]
    return [part for part in (start, *labelled) if part.strip()]


def _escape(text: str) -> str:
    label, text = re.match(r"(\*\*\w+:\*\* )?(.*)", text, re.DOTALL).groups()
    parts = KEPT.split(text)
    plain = [part if number % 2 else re.sub(r"([\\*_|`])", r"\\\1", part) for number, part in enumerate(parts)]
    # A backslash and a space are nothing to a reader, and let markup end inside a word: ``x``s.
    return (label or "") + "".join(f"\\ {part}\\ " if number % 2 else part for number, part in enumerate(plain))


def _process(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    lines[:] = to_rst(lines)


def _shorten(app: Sphinx, what: str, name: str, obj: object, options: object, signature: str, returns: str):
    """DTypeLike by its name, where Python has only what it stands for."""
    return signature and signature.replace(DTYPE, "DTypeLike"), returns


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", _process)
    app.connect("autodoc-process-signature", _shorten)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
