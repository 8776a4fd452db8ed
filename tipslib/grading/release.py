"""Release: make the students' version of an assignment and prove that it gives nothing away."""

import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from traitlets.config import Config

from tipslib.grading.contract import grade_id, is_kind
from tipslib.grading.course import Course, TipsError
from tipslib.grading.plan import digest, make_plan
from tipslib.grading.sandbox import why_not

SECRETS = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "MARK SCHEME")


def release(course: Course, name: str, force: bool = False) -> Path:
    """Make ``release/<name>`` from ``source/<name>`` and record the assignment in the gradebook.

    An existing release that would not change is left as it is, and the gradebook takes over corrected hidden checks;
    one that would change is replaced with ``force`` only. The gradebook is copied before.
    Returns: the release folder.
    Raises: TipsError for an unknown name, a notebook without nbgrader cells, a leak, a solution that fails its own
    checks, or an existing release.
    """
    course.require(name)
    for stem, notebook in course.notebooks("source", name).items():
        if not any(is_kind(cell, "grade") for cell in notebook.cells):
            raise TipsError(
                f"source/{name}/{stem}.ipynb has no graded cell: mark its cells in JupyterLab's nbgrader panel "
                "(View, Activate Command Palette, 'Create Assignment') first"
            )
    target = course.folder("release", name)
    with tempfile.TemporaryDirectory(prefix="tips-release-") as scratch:
        made = rehearse(course, name, Path(scratch))
        if target.exists():
            same = _contents(target) == _contents(made)
            if same and _known(course, name) and is_current(course, name):
                return target
            if not same and not force:
                raise TipsError(
                    f"{target} exists already and would change: students may have it. "
                    f"Use `tips release {name} --force` to replace it."
                )
    # The instructor's own code: it may run where there is no sandbox.
    make_plan(course, name, unsandboxed=why_not() is not None)
    course.backup_gradebook()
    _generate(course, name)
    mark = _mark(course, name)
    mark.parent.mkdir(exist_ok=True)
    mark.write_text(digest(course, name), encoding="ascii")
    return target


def rehearse(course: Course, name: str, folder: Path) -> Path:
    """Make the students' version in ``folder``; nothing of the course is touched, nor its gradebook.

    Returns: ``folder/name``. Raises: TipsError when it would give something away.
    """
    trial = Course(course.root)
    trial.config.merge(Config({"SaveCells": {"enabled": False}, "GenerateAssignment": {"no_database": True}}))
    _generate(trial, name, release_directory=str(folder))
    for stem, source in course.notebooks("source", name).items():
        released = folder / name / f"{stem}.ipynb"
        check_no_leak(source, nbformat.read(released, as_version=4), released.name)
    return folder / name


def is_current(course: Course, name: str) -> bool:
    """Whether the gradebook holds the checks of the source as it is now."""
    mark = _mark(course, name)
    return mark.exists() and mark.read_text(encoding="ascii") == digest(course, name)


def _mark(course: Course, name: str) -> Path:
    return course.root / "status" / f"{name}.released"


def check_no_leak(source: NotebookNode, released: NotebookNode, where: str) -> None:
    """Raise TipsError when a released notebook holds a marker, a line of a solution, or a hidden test.

    Lines that also stand outside the secret regions (imports, ``return a``) tell nothing and do not count.
    """
    secret: set[str] = set()
    public: set[str] = set()
    for cell in source.cells:
        inside = False
        for line in cell.source.splitlines():
            if any(mark in line for mark in SECRETS):
                inside = "BEGIN" in line
            elif line.strip():
                (secret if inside else public).add(line.strip())
    for cell in released.cells:
        text = cell.source
        marker = next((mark for mark in SECRETS if mark in text), None)
        line = next((line.strip() for line in text.splitlines() if line.strip() in secret - public), None)
        if found := marker or line:
            raise TipsError(
                f"{where}: cell {grade_id(cell) or cell.get('id')!r} would show students {found!r}: put it between "
                "### BEGIN SOLUTION and ### END SOLUTION, or the lines of HIDDEN TESTS"
            )
        if cell.get("outputs"):
            raise TipsError(f"{where}: cell {grade_id(cell) or cell.get('id')!r} would show the solution's output")


def _generate(course: Course, name: str, **directories: str) -> None:
    try:
        course.convert(GenerateAssignment, name, **directories)
    except Exception as error:
        raise TipsError(f"source/{name} cannot be released: {error}") from error


def _known(course: Course, name: str) -> bool:
    with course.gradebook() as gradebook:
        return any(assignment.name == name for assignment in gradebook.assignments)


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
