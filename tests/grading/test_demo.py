"""The sample class of this course: the demo's whole loop, and the same scores from nbgrader alone."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import LONG, long
from tipslib.grading.cli import main
from tipslib.grading.course import Course
from tipslib.grading.release import check_no_leak
from tipslib.grading.report import report

ROOT = Path(__file__).parents[2]
OWN = Course(ROOT / "assignments")
# The others take minutes; tests/test_assignments.py knows their scores as well.
SHORT = ("softmax",)
SAMPLES = sorted((ROOT / "assignments" / "sample").glob("*.py"))
each = pytest.mark.parametrize(
    "name", [pytest.param(path.stem, marks=[] if path.stem in SHORT else long) for path in SAMPLES]
)


def sample(name: str):
    return importlib.import_module(f"assignments.sample.{name}")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder that `tips demo` made."""
    out = tmp_path_factory.mktemp("demo") / "out"
    assert main(["demo", *(() if LONG else SHORT), "--out", str(out), "--workers", "2"]) == 0
    return Course(out)


def test_every_assignment_has_a_sample_class():
    assert SAMPLES
    assert {path.stem for path in SAMPLES} == set(OWN.names())


@each
def test_every_student_ends_in_the_expected_status(demo, name):
    expected = sample(name).EXPECTED
    got = {row["student"]: (row["status"], row["score"]) for row in report(demo, name)["submissions"]}
    # One gradebook for all: students of a larger class are missing here.
    assert got == dict.fromkeys(got, ("missing", None)) | expected
    assert len(expected) >= 7


@each
def test_everybody_who_handed_in_has_a_feedback_page(demo, name):
    for row in report(demo, name)["submissions"]:
        page = demo.folder("feedback", name, row["student"]) / f"{name}.html"
        if demo.folder("submitted", name, row["student"]).exists():
            text = page.read_text(encoding="utf-8")
            assert "HIDDEN TESTS" not in text
            assert str(demo.root) not in text
        else:
            assert not page.exists()


@each
def test_no_release_holds_a_secret(demo, name):
    for stem, released in demo.released(name).items():
        check_no_leak(OWN.notebooks("source", name)[stem], released, stem)
    files = {path.suffix for path in demo.folder("release", name).rglob("*") if path.is_file()}
    assert ".py" not in files, "no text form beside a released notebook"


@each
def test_nbgrader_alone_gives_the_same_scores(demo, name, tmp_path):
    """Stock `nbgrader autograde` over the same submissions: equal wherever it gives a grade at all."""
    stock = tmp_path / "stock"
    for part in ("source", "submitted"):
        shutil.copytree(demo.root / part, stock / part)
    shutil.copy(demo.root / "nbgrader_config.py", stock)

    def nbgrader(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments], cwd=stock, capture_output=True, text=True, check=False
        )

    assert nbgrader("generate_assignment", name).returncode == 0
    done = nbgrader("autograde", name)
    with Course(stock).gradebook() as gradebook:
        scores = {s.student_id: s.score for s in gradebook.assignment_submissions(name)}
    ours = {row["student"]: row for row in report(demo, name)["submissions"]}
    ran = {student for student in scores if (stock / "autograded" / student / name).is_dir()}
    graded = {student for student, row in ours.items() if row["score"] is not None}
    assert ran == graded - set(sample(name).STOCK_FAILS), done.stderr[-2000:]
    # nbgrader takes any word on stderr for a failure; there, and only there, it differs.
    differing = {student for student in ran if ours[student]["score"] != scores[student]}
    assert differing == set(sample(name).STOCK_DIFFERS)
