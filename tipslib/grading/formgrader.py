"""Formgrader's pages: no script of a student's runs in them, and the marking guide stands above each written answer.

Named in ``nbgrader_config.py``, from where nbconvert takes them: ``c.HTMLExporter.preprocessors`` and ``.filters``.
"""

from pathlib import Path

import nbformat
from jinja2 import pass_context
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from tipslib.grading.contract import grade_id, is_kind
from tipslib.grading.untrusted import markdown

# What the page shows escaped, as a picture, or through ``safe_markdown``.
HARMLESS = {"text/plain", "text/markdown", "text/latex", "image/png", "image/jpeg"}
GUIDE = "*For graders only, from the source of* `{}`:\n\n{}"


@pass_context
def safe_markdown(context, source: str) -> str:
    """In the place of nbconvert's ``markdown2html``: no scripts, no addresses that load, formulas without a network."""
    return markdown(source, context.get("cell", {}).get("attachments"))


class HarmlessOutputs(Preprocessor):
    """Leave of a notebook what can be shown without running any of it."""

    def preprocess(self, nb: NotebookNode, resources):
        nb.metadata = NotebookNode({key: nb.metadata[key] for key in ("kernelspec",) if key in nb.metadata})
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell: NotebookNode, resources, index: int):
        cell.metadata = NotebookNode({"nbgrader": cell.metadata["nbgrader"]} if "nbgrader" in cell.metadata else {})
        for output in cell.get("outputs", []):
            if "data" in output:
                left = {mime: content for mime, content in output.data.items() if mime in HARMLESS}
                output.data = NotebookNode(left or {"text/plain": f"[not shown here: {', '.join(output.data)}]"})
                output.metadata = NotebookNode()
        return cell, resources


class MarkingGuides(Preprocessor):
    """Above each answer that is graded by hand, show what stands in its place in the instructor's source."""

    def preprocess(self, nb: NotebookNode, resources):
        if "submission_id" not in resources:  # not Formgrader: students may read it
            return nb, resources
        root = self.config.CourseDirectory.get("root", "")
        path = Path(root, "source", resources["assignment_id"], f"{resources['notebook_id']}.ipynb")
        if not path.exists():  # of a former year: still to be looked at
            return nb, resources
        source = nbformat.read(path, as_version=4)
        guides = {grade_id(cell): _solution(cell.source) for cell in source.cells if _by_hand(cell)}
        cells = []
        for cell in nb.cells:
            if guide := guides.get(grade_id(cell)):
                cells.append(new_markdown_cell(GUIDE.format(grade_id(cell), guide)))
            cells.append(cell)
        nb.cells = cells
        return nb, resources


def _by_hand(cell: NotebookNode) -> bool:
    return is_kind(cell, "grade") and is_kind(cell, "solution")


def _solution(text: str) -> str:
    """What stands between the marks of a solution, or all of it where there are none."""
    _, mark, inside = text.partition("### BEGIN SOLUTION\n")
    return inside.partition("### END SOLUTION")[0].strip() if mark else text.strip()
