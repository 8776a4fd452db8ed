"""Formulas become MathML while the site is built: every browser sets them without a script and without a network."""

import re

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
# `\\[6pt]` asks for more room below a row; the converter does not know it, and the style sheet gives the room.
ROW_SPACE = re.compile(r"\\\\\s*\[[\d.]+\s*(?:pt|em|ex|mm)\]")
# MathML of one line does not wrap. Above this many signs a formula in the text may be wider than a phone.
LONG = 24


def convert(tex: str, display: bool) -> str:
    """MathML for a formula in TeX. Raises: math_core.LatexError for TeX that it does not know."""
    return LatexToMathML().convert_with_local_state(ROW_SPACE.sub(r"\\\\", tex.strip()), displaystyle=display)


def _write(self, node: nodes.Element, display: bool) -> None:
    try:
        mathml = convert(node.astext(), display)
    except LatexError as error:
        logger.warning("cannot set the formula %r: %s", node.astext(), error, location=node)
        mathml = ""
    if display:
        # A span, for it may stand inside a paragraph.
        self.body.append(f'<span class="formula display">{mathml}</span>')
    else:
        size = len(re.sub(r"<[^>]*>", "", mathml))
        # The word joiner keeps a comma on the formula's line.
        self.body.append(f'<span class="formula{" long" if size > LONG else ""}">{mathml}</span>\u2060')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer(
        "mathml",
        (lambda self, node: _write(self, node, display=False), None),
        (lambda self, node: _write(self, node, display=True), None),
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
