"""Demo: a sample class goes through release, collection, autograding and feedback, in a folder of its own."""

import importlib.util
import shutil
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from tipslib.grading.autograde import autograde
from tipslib.grading.course import CONFIG, Course, Progress, TipsError
from tipslib.grading.feedback import feedback
from tipslib.grading.release import release
from tipslib.grading.report import report, table
from tipslib.grading.sandbox import why_not


def demo(original: Course, out: Path, workers: int, bar: Progress) -> None:
    """Run the whole loop for every assignment that has a sample class, and print what an instructor sees.

    A sample class is a file ``sample/<assignment>.py`` of the course with a function
    ``submissions(release) -> {student: notebook as bytes, or None for nothing handed in}``.
    ``bar`` shows progress, see ``autograde``. Raises: TipsError when ``out`` exists or there is no sample class.
    """
    samples = sorted(path for path in (original.root / "sample").glob("*.py") if path.stem in original.names())
    if not samples:
        raise TipsError(f"{original.root} has no sample class: there is no sample/<assignment>.py")
    if out.exists():
        raise TipsError(f"{out} exists already: remove it, or name another folder with --out")
    out.mkdir(parents=True)
    shutil.copy(original.root / CONFIG, out)
    times: Counter[str] = Counter()

    @contextmanager
    def timed(label: str):
        start = time.perf_counter()
        yield
        times[label] += time.perf_counter() - start

    for sample in samples:
        name = sample.stem
        shutil.copytree(original.root / "source" / name, out / "source" / name)
        course = Course(out)
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
    spec = importlib.util.spec_from_file_location(f"sample_{name}", sample)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    archive = course.root / "downloaded" / name / "archive"
    for stem, notebook in course.released(name).items():
        for student, content in module.submissions(notebook).items():
            with course.gradebook() as gradebook:
                gradebook.update_or_create_student(student)
            if content is not None:
                path = archive / student / f"{stem}.ipynb"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "zip_collect", name],
        cwd=course.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise TipsError(f"nbgrader zip_collect failed:\n{done.stderr[-2000:]}")
