"""A tiny nbgrader course without numpy, so that kernels start fast: two functions, one written question."""

import copy
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tipslib.grading.course import CONFIG, Course

NAME = "sums"

CONFIG_TEXT = """
c = get_config()
c.CourseDirectory.course_id = "mini"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.py", "__pycache__"]
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError('not attempted yet')"}
c.Execute.timeout = 5
c.OverwriteCells.add_missing_cells = True
c.Tips.flagged_modules = ["tipslib.scratch"]
"""

ADD = "def add(a, b):\n    ### BEGIN SOLUTION\n    total = a + b\n    return total\n    ### END SOLUTION"
ADD_TEST = (
    "assert add(1, 2) == 3, 'add(1, 2) should be 3'\n"
    "### BEGIN HIDDEN TESTS\nassert add(-1.5, 1) == -0.5, 'add is wrong for negative numbers'\n### END HIDDEN TESTS"
)
TWICE = "def twice(a):\n    ### BEGIN SOLUTION\n    return 2 * a\n    ### END SOLUTION"
TWICE_TEST = "assert twice(4) == 8, 'twice(4) should be 8'"
ANSWER = "### BEGIN SOLUTION\nAddition commutes.\n### END SOLUTION"

SOLUTIONS = {"add": "def add(a, b):\n    return a + b", "twice": "def twice(a):\n    return a * 2"}


def metadata(grade_id, *, grade=False, solution=False, locked=False, points=None) -> dict:
    fields = {"grade_id": grade_id, "grade": grade, "solution": solution, "locked": locked}
    fields |= {"schema_version": 3, "task": False}
    return {"nbgrader": fields | ({"points": points} if points is not None else {})}


def source_notebook() -> nbformat.NotebookNode:
    cells = [
        new_markdown_cell("# Sums", metadata=metadata("intro", locked=True)),
        new_code_cell(ADD, metadata=metadata("add", solution=True)),
        new_code_cell(ADD_TEST, metadata=metadata("add-test", grade=True, locked=True, points=3)),
        new_code_cell(TWICE, metadata=metadata("twice", solution=True)),
        new_code_cell(TWICE_TEST, metadata=metadata("twice-test", grade=True, locked=True, points=2)),
        new_markdown_cell(ANSWER, metadata=metadata("why", grade=True, solution=True, points=5)),
    ]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernelspec})


def make_course(root: Path) -> Course:
    """A fresh course in ``root``, not yet released."""
    folder = root / "source" / NAME
    folder.mkdir(parents=True)
    (root / CONFIG).write_text(CONFIG_TEXT, encoding="utf-8")
    nbformat.write(source_notebook(), folder / f"{NAME}.ipynb")
    return Course(root)


def cell(notebook, grade_id):
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def solved(released, **changes: str):
    """The release with solutions in it; ``changes`` replaces the source of cells by grade_id."""
    notebook = copy.deepcopy(released)
    for grade_id, text in (SOLUTIONS | changes).items():
        cell(notebook, grade_id).source = text
    return notebook


def hand_in(course: Course, student: str, notebook, file: str = f"{NAME}.ipynb") -> Path:
    """Write a submission; ``notebook`` is a notebook or bytes."""
    folder = course.folder("submitted", NAME, student)
    folder.mkdir(parents=True, exist_ok=True)
    content = notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode()
    (folder / file).write_bytes(content)
    return folder / file
