"""Demo: a sample class goes through release, collection, autograding and feedback, in a folder of its own."""

import copy
import runpy
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from tipslib.grading.autograde import autograde
from tipslib.grading.contract import grade_id
from tipslib.grading.course import CONFIG, Course, Progress, TipsError
from tipslib.grading.feedback import feedback
from tipslib.grading.plan import mistakes_file
from tipslib.grading.release import release
from tipslib.grading.report import report, table
from tipslib.grading.sandbox import why_not


def demo(original: Course, out: Path, workers: int, bar: Progress, names: Sequence[str] = ()) -> None:
    """Run the whole loop for every assignment that has a sample class, or for ``names``; print what an instructor sees.

    A sample class is a file ``sample/<assignment>.py`` of the course. Its table ``STUDENTS`` says for each student
    which cells to fill in, ``{grade_id: source}``, where "before <grade_id>" adds a cell; None: nothing handed in.
    It may import other files of the course, as modules of the course's folder.
    ``bar`` shows progress, see ``autograde``. Raises: TipsError when ``out`` exists or there is no sample class.
    """
    samples = sorted(path for path in (original.root / "sample").glob("*.py") if path.stem in original.names())
    if not samples:
        raise TipsError(f"{original.root} has no sample class: there is no sample/<assignment>.py")
    for name in names:
        if name not in (known := [path.stem for path in samples]):
            raise TipsError(f"there is no sample class for {name!r}; there are: {', '.join(known)}")
    samples = [path for path in samples if path.stem in names or not names]
    if out.exists():
        raise TipsError(f"{out} exists already: remove it, or name another folder with --out")
    out.mkdir(parents=True)
    shutil.copy(original.root / CONFIG, out)
    times: dict[str, float] = defaultdict(float)

    @contextmanager
    def timed(label: str):
        start = time.perf_counter()
        yield
        times[label] += time.perf_counter() - start

    for sample in samples:
        name = sample.stem
        shutil.copytree(original.root / "source" / name, out / "source" / name)
        course = Course(out)
        if (bank := mistakes_file(original, name)).exists():
            mistakes_file(course, name).parent.mkdir(exist_ok=True)
            shutil.copy(bank, mistakes_file(course, name))
        with timed("release"):
            release(course, name)
        with timed("collection"):
            _collect(course, name, sample)
        with timed("autograding"):
            # The sample class is the course's own work, so it may run where there is no sandbox.
            records = autograde(course, name, workers=workers, progress=bar, unsandboxed=why_not() is not None)
        with timed("feedback"):
            feedback(course, name, progress=bar)
        data = report(course, name)
        print(f"\nSubmissions ran {records[0]['protection']}")
        print(f"Gradebook of {name!r} ({data['max_score']:g} points)\n\n{table(data)}\n")
    print("Released notebooks:  ", out / "release")
    print("Submissions:         ", out / "submitted")
    print("Feedback, HTML pages:", out / "feedback")
    print("Gradebook:           ", out / "gradebook.db")
    print("\nTime: " + ", ".join(f"{label} {seconds:.1f} s" for label, seconds in times.items()))


def _collect(course: Course, name: str, sample: Path) -> None:
    """Let the class hand in as files downloaded from a learning platform; nbgrader's zip_collect sorts them in."""
    students = sample_class(sample)
    archive = course.root / "downloaded" / name / "archive"
    for stem, notebook in course.released(name).items():
        for student, cells in students.items():
            with course.gradebook() as gradebook:
                gradebook.update_or_create_student(student)
            if cells is not None:
                path = archive / student / f"{stem}.ipynb"
                path.parent.mkdir(parents=True, exist_ok=True)
                nbformat.write(filled_in(notebook, cells), path)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "zip_collect", name],
        cwd=course.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise TipsError(f"nbgrader zip_collect failed:\n{done.stderr[-2000:]}")


def sample_class(path: Path) -> dict[str, dict[str, str] | None]:
    """The table ``STUDENTS`` of a sample class."""
    parent = str(path.resolve().parents[2])  # of the course's folder
    sys.path.insert(0, parent)
    try:
        return runpy.run_path(str(path))["STUDENTS"]
    finally:
        sys.path.remove(parent)


def filled_in(release: nbformat.NotebookNode, cells: dict[str, str]) -> nbformat.NotebookNode:
    """The release with the source of some cells replaced, by grade_id; "before X" adds a cell in front of X.

    Raises: KeyError for a cell that the release does not have.
    """
    notebook = copy.deepcopy(release)
    notebook.cells = []
    left = dict(cells)
    for cell in copy.deepcopy(release.cells):
        name = grade_id(cell)
        if f"before {name}" in left:
            notebook.cells.append(new_code_cell(left.pop(f"before {name}").strip("\n"), id=f"before-{name}"))
        if name in left:
            cell.source = left.pop(name).strip("\n")
        notebook.cells.append(cell)
    if left:
        raise KeyError(f"the release has no cells {sorted(left)}")
    return notebook
