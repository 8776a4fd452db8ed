"""The course site: how pages are laid out, and that its checker finds what it looks for.

Building and checking the whole site is `make site-check`.
"""

import html
import re
from pathlib import Path

import nbformat
import pytest

from assignments.classroom import graded
from tests.assignments import NAMES, assignment
from tipslib.catalog import CATALOG
from tipslib.grading.course import Course
from tools import build_site, check_site, site_pages

ROOT = Path(__file__).parents[1]
COURSE = Course(ROOT / "assignments")
LECTURES = sorted({row.notebook for row in CATALOG})
TITLES = {name: name for name in (*LECTURES, *NAMES)}


def notebook(*texts: str):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text) for text in texts])


def text_of(nb) -> str:
    return "\n".join(cell.source for cell in nb.cells)


# Pages


@pytest.mark.parametrize("name", LECTURES)
def test_each_technique_of_a_lecture_has_its_anchor(name):
    nb = build_site.with_anchors(nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4))
    for row in (row for row in CATALOG if row.notebook == name):
        assert len(re.findall(rf"^\({row.id}\)=\n## {row.id} · ", text_of(nb), re.MULTILINE)) == 1


def test_headings_before_the_first_technique_are_of_second_level():
    nb = build_site.with_anchors(notebook("# 00 · T", "### Conventions", "## A1 · One\n\ntext", "### Detail"))
    assert [cell.source for cell in nb.cells[1:]] == ["## Conventions", "(A1)=\n## A1 · One\n\ntext", "### Detail"]


def test_a_displayed_formula_becomes_one_line():
    nb = build_site.one_line_formulas(notebook("So\n$$a = b\n  + c$$\nand $x$.", "$$\nd\n$$"))
    assert [cell.source for cell in nb.cells] == ["So\n$$a = b + c$$\nand $x$.", "$$d$$"]


@pytest.mark.parametrize("name", NAMES)
def test_each_exercise_that_feedback_points_to_has_its_anchor(name):
    released = build_site.students_version(COURSE, name)
    anchored = text_of(build_site.with_exercise_anchors(released, name))
    for exercise in COURSE.config.Tips.see[name]:
        assert anchored.count(f"({name}-{exercise})=\n") == 1, exercise


@pytest.mark.parametrize("name", ["batchnorm"])
def test_the_students_version_holds_no_solution_hidden_check_or_mistake(name):
    own, text = assignment(name), nbformat.writes(build_site.students_version(COURSE, name))
    assert "raise NotImplementedError" in text
    for secret in ("SOLUTION", "HIDDEN", "Marking guide", "hint="):
        assert secret in nbformat.writes(own.source)
        assert secret not in text
    for mistake in own.functions("mistakes"):
        assert mistake.__doc__.split("\n")[0] not in text
        assert f"{graded(mistake)}__" not in text


def test_links_into_the_repository_become_links_of_the_site():
    assert build_site.site_links("[a](../notebooks/01_activations.ipynb#a1)") == "[a](lectures/01_activations.ipynb#a1)"
    assert build_site.site_links("[`c`](../tipslib/checks.py)") == "[`c`](reference/tipslib.checks.md)"
    assert build_site.site_links("[g](../tipslib/grading/mistakes.py), [r](grading.md)") == "g, [r](grading.md)"


def test_every_technique_is_on_the_map_with_its_lecture_code_and_exercises():
    page = site_pages.techniques(TITLES, COURSE.config.Tips.see)
    rows = {line.split(" | ")[0].strip("| "): line for line in page.splitlines() if line.startswith("| ")}
    for row in CATALOG:
        line = rows[row.id]
        assert f"](../lectures/{row.notebook}.ipynb#{row.id.lower()})" in line
        for name in (*row.scratch, *row.pytorch):
            assert name.removeprefix("tipslib.").rpartition("surfaces.")[2] in line
        assert row.assignment is None or f"](../assignments/{row.assignment}.ipynb)" in line
    assert "../assignments/softmax.ipynb#softmax-one-hot)" in rows["S6"]
    assert "[question A](../assignments/momentum.ipynb#momentum-answer-a)" in rows["M2"]


def test_every_module_has_a_page():
    pages = site_pages.reference()
    for package in site_pages.TWINS:
        for path in (ROOT / package.replace(".", "/")).glob("*.py"):
            assert path.stem == "__init__" or f"{package}.{path.stem}.md" in pages
    assert "[N2](../lectures/08_batchnorm.ipynb#n2)" in pages["tipslib.scratch.batchnorm.md"]
    assert "re-exported: `BatchNorm1d`" in pages["tipslib.pytorch.batchnorm.md"]


def test_a_docstring_keeps_its_formulas_and_its_signs(monkeypatch):
    pytest.importorskip("sphinx", reason="make site-check has it")
    monkeypatch.syspath_prepend(ROOT / "docs" / "_ext")
    from docstrings import to_rst

    lines = ["w_ with |x| and ``a_b``s, *not* a * b.", "", "    μ  =  1/B Σ_i", "", "Shapes: x. Raises: ValueError."]
    text = re.sub(r"\n{2,}", "\n", "\n".join(to_rst(lines))).strip().split("\n")
    assert text[0] == r"w\_ with \|x\| and \ ``a_b``\ s, \ *not*\  a \* b."
    assert text[1:] == [".. code-block:: text", "    μ  =  1/B Σ_i", "**Shapes:** x.", "**Raises:** ValueError."]


# The checker


def page(site: Path, name: str, body: str) -> None:
    (site / name).write_text(f"<html><body><article>{body}</article></body></html>", encoding="utf-8")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="b.html#there">x</a> <a href="https://example.org">x</a> <math><mi>x</mi></math>', None),
        ('<a href="c.html">x</a>', "c.html leads nowhere"),
        ('<a href="b.html#gone">x</a>', "b.html#gone leads to a page without that anchor"),
        ('<a href="../outside.html">x</a>', "leads nowhere"),
        ('<img src="b.html">', "has no text"),
        ('<script src="https://example.org/x.js"></script>', "would fetch https://example.org/x.js"),
        ('<link rel="stylesheet" href="//example.org/x.css">', "would fetch //example.org/x.css"),
        ("so $x^2$ grows", "a formula is not set"),
        ("so \\frac12 grows", "a formula is not set"),
        ("<code>$HOME</code>", None),
    ],
)
def test_the_checker_finds(tmp_path, body, problem):
    page(tmp_path, "a.html", body)
    page(tmp_path, "b.html", '<p id="there">b</p>')
    pages = {name: check_site.Page(tmp_path / name) for name in ("a.html", "b.html")}
    found = list(check_site.static_problems(tmp_path, pages))
    assert len(found) == (problem is not None)
    assert problem is None or problem in found[0]


def test_the_checker_finds_a_solution_between_the_colours_of_code_and_a_mistake_in_a_sentence(tmp_path):
    own = assignment("batchnorm")
    solution = next(cell.source for cell in own.source.cells if "def batchnorm_backward" in cell.source)
    page(tmp_path, "a.html", "<pre>" + re.sub(r"(\w+)", r"<span>\1</span>", html.escape(solution)) + "</pre>")
    page(tmp_path, "b.html", " ".join(" ".join(mistake.__doc__.split()) for mistake in own.functions("mistakes")))
    page(tmp_path, "c.html", "Nothing is secret here, as anybody can see who reads it from its beginning to its end.")
    found = "\n".join(check_site.secret_problems(tmp_path, COURSE))
    assert "a.txt holds" in found
    assert "b.txt holds" in found
    assert "c.txt" not in found


def test_the_checker_finds_a_style_sheet_from_elsewhere_and_a_file_without_licence(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "a.css").write_text("@import url(https://example.org/font.css);", encoding="utf-8")
    assert "example.org" in "".join(check_site.static_problems(tmp_path, {}))
    assert list(check_site.licence_problems(tmp_path, "`b.css`")) == ["_static/a.css is not listed in docs/licences.md"]
    assert list(check_site.licence_problems(tmp_path, "`*.css`")) == []
