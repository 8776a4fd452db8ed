"""What Formgrader shows of a submission: nothing that runs, and the marking guide above a written answer."""

from pathlib import Path

import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from traitlets.config import Config, PyFileConfigLoader

from tests.grading import minicourse

COURSE = Path(__file__).parents[2] / "assignments"
RUN = "window.stolen = 1"


@pytest.fixture
def page(course):
    """Renders a notebook as Formgrader does, with the real course's configuration and the small course's source."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(COURSE)).load_config()
    own = {"HTMLExporter": {"template_name": "formgrade"}, "CourseDirectory": {"root": str(course.root)}}
    config.merge(Config(own))
    keys = ("submission_id", "base_url", "student", "last_name", "first_name", "notebook_path")
    resources = dict.fromkeys(keys, "") | {"index": 0, "total": 1}
    resources |= {"assignment_id": minicourse.NAME, "notebook_id": minicourse.NAME}
    return lambda notebook: HTMLExporter(config=config).from_notebook_node(notebook, resources=resources)[0]


@pytest.mark.parametrize(
    "cell",
    [
        new_markdown_cell(f"<script>{RUN}</script>"),
        new_markdown_cell(f'<img src=x onerror="{RUN}">'),
        *(
            new_code_cell("1", outputs=[new_output("display_data", data={mime: f"<script>{RUN}</script>"})])
            for mime in ("text/html", "text/markdown", "image/svg+xml", "text/vnd.mermaid", "text/latex", "text/plain")
        ),
        new_code_cell("1", outputs=[new_output("display_data", data={"application/javascript": RUN})]),
        new_code_cell("1", metadata={"tags": [f'"><script>{RUN}</script>']}),
    ],
)
def test_nothing_of_a_students_runs(page, released, cell):
    released.cells.append(cell)
    html = page(released)
    assert f"<script>{RUN}" not in html
    assert f'onerror="{RUN}"' not in html
    assert f"\n{RUN}\n" not in html
    assert "cdnjs" not in html


def test_the_marking_guide_is_above_the_answer_and_a_formula_needs_no_network(page, released):
    html = page(minicourse.solved(released, why="It does, since $a + b = b + a$."))
    assert html.index("Addition commutes.") < html.index("It does, since") < html.index("<math")


def test_without_the_source_a_submission_is_shown_all_the_same(page, course, released):
    (course.folder("source", minicourse.NAME) / f"{minicourse.NAME}.ipynb").unlink()
    assert "YOUR ANSWER HERE" in page(released)
