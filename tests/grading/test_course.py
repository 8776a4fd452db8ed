"""Course folders, releases and their errors."""

import nbformat
import pytest

from tests.grading.minicourse import NAME, cell, make_course, solved, source_notebook
from tipslib.grading.contract import functions_by_cell
from tipslib.grading.course import CONFIG, Course, TipsError
from tipslib.grading.release import check_no_leak, release


def test_a_folder_that_is_no_course_is_named(tmp_path):
    with pytest.raises(TipsError, match=rf"not a course folder: it has no {CONFIG}"):
        Course(tmp_path)


def test_broken_configuration_is_named(tmp_path):
    make_course(tmp_path)
    (tmp_path / CONFIG).write_text("c = get_config(\n", encoding="utf-8")
    with pytest.raises(TipsError, match=rf"{CONFIG} does not load: SyntaxError"):
        Course(tmp_path)


def test_the_course_around_the_current_folder_is_found(tmp_path, monkeypatch):
    course = make_course(tmp_path)
    monkeypatch.chdir(course.folder("source", NAME))
    assert Course.find().root == tmp_path.resolve()


def test_outside_of_any_course_it_is_this_repositorys(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Course.find().root.name == "assignments"


def test_unknown_assignment_gets_the_nearest_name(tmp_path):
    with pytest.raises(TipsError, match=r"no assignment 'sum'.*did you mean 'sums'"):
        release(make_course(tmp_path), "sum")


def test_release_holds_stubs_and_no_secret(course, released):
    assert "not attempted yet" in cell(released, "add").source
    assert "YOUR ANSWER HERE" in cell(released, "why").source
    text = nbformat.writes(released)
    for secret in ("SOLUTION", "HIDDEN", "total = a + b", "negative numbers", "commutes"):
        assert secret not in text


def test_releasing_the_same_again_changes_nothing(course):
    path = course.folder("release", NAME) / f"{NAME}.ipynb"
    before = path.stat().st_mtime_ns
    release(course, NAME)
    assert path.stat().st_mtime_ns == before


def test_a_changed_source_replaces_a_release_only_by_force(course):
    source = course.folder("source", NAME) / f"{NAME}.ipynb"
    notebook = source_notebook()
    cell(notebook, "intro").source = "# Sums, second edition"
    nbformat.write(notebook, source)
    released = course.folder("release", NAME) / f"{NAME}.ipynb"
    before = released.read_bytes()
    with pytest.raises(TipsError, match=r"exists already and would change.*--force"):
        release(course, NAME)
    assert released.read_bytes() == before
    release(course, NAME, force=True)
    assert b"second edition" in released.read_bytes()
    assert list(course.root.glob("gradebook.db.*")), "the gradebook is copied first"


def test_a_notebook_without_graded_cells_is_refused(tmp_path):
    course = make_course(tmp_path)
    notebook = source_notebook()
    for each in notebook.cells:
        each.metadata.clear()
    nbformat.write(notebook, course.folder("source", NAME) / f"{NAME}.ipynb")
    with pytest.raises(TipsError, match=r"sums\.ipynb has no graded cell"):
        release(course, NAME)
    assert not course.folder("release", NAME).exists()


def test_a_solution_without_its_end_is_refused_before_anything_is_written(tmp_path):
    course = make_course(tmp_path)
    notebook = source_notebook()
    cell(notebook, "add").source = "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b"
    nbformat.write(notebook, course.folder("source", NAME) / f"{NAME}.ipynb")
    with pytest.raises(TipsError, match="cannot be released"):
        release(course, NAME)
    assert not course.folder("release", NAME).exists()


@pytest.mark.parametrize(
    "leak",
    ["### BEGIN HIDDEN TESTS", "total = a + b", "assert add(-1.5, 1) == -0.5, 'add is wrong for negative numbers'"],
)
def test_the_leak_check_finds_markers_and_lines(released, leak):
    check_no_leak(source_notebook(), released, "sums.ipynb")
    cell(released, "intro").source += f"\n{leak}"
    with pytest.raises(TipsError, match="cell 'intro' would show students"):
        check_no_leak(source_notebook(), released, "sums.ipynb")


def test_the_leak_check_finds_outputs(released):
    cell(released, "twice").outputs = [nbformat.v4.new_output("stream", text="8")]
    with pytest.raises(TipsError, match="solution's output"):
        check_no_leak(source_notebook(), released, "sums.ipynb")


def test_an_unreleased_assignment_says_so(tmp_path):
    with pytest.raises(TipsError, match="has not been released"):
        make_course(tmp_path).released(NAME)


def test_contract_functions_are_those_a_test_mentions():
    assert functions_by_cell(source_notebook()) == {"add-test": ["add"], "twice-test": ["twice"]}
    assert functions_by_cell(solved(source_notebook())) == {"add-test": ["add"], "twice-test": ["twice"]}
