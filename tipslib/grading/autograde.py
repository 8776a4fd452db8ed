"""Autograding: read, run and grade every submission, and end each one in an explicit status.

The steps of one submission: intake (repair or refuse), execution (see executors.py), then nbgrader's own
``Autograde`` with the executed notebook in the place of its execution. Only this process writes the gradebook.
A submission is read when there is room for it, and forgotten when it is graded: memory does not grow with the class.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing, suppress
from pathlib import Path

import nbformat
from nbgrader.api import Assignment, MissingEntry, SubmittedAssignment
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from nbgrader.utils import is_grade

from tipslib.grading.course import Course, Progress, TipsError, no_progress
from tipslib.grading.execution import NotRun, Plan, Unit
from tipslib.grading.executors import Cluster, Local
from tipslib.grading.intake import Submission, Unusable, read_submission
from tipslib.grading.plan import digest, instructor_files, make_plan
from tipslib.grading.release import is_current, release

AHEAD = 4  # submissions in memory for each one that can run at a time
AGAIN = "not the submission's fault: `tips autograde {}` tries it again"
IDLE = 10  # seconds without a result, after which the executor is asked whether it lives


def autograde(
    course: Course,
    name: str,
    student: str | None = None,
    workers: int = 2,
    progress: Progress = no_progress,
    unsandboxed: bool = False,
    scheduler: str | None = None,
) -> list[dict]:
    """Grade all submissions of an assignment, or one student's; what is graded and unchanged is kept.

    They run in ``workers`` kernels side by side, or on the cluster of the Dask scheduler at this address.
    Returns: the records of the submissions that were looked at, in the order of students.
    Raises: TipsError for an assignment or student that is not there, a host without sandbox unless ``unsandboxed``,
    a solution that fails its own checks, or a cluster that cannot be used or is lost.
    """
    with course.alone():
        released = course.released(name)
        if not is_current(course, name):
            # Checks were corrected since: the gradebook has to know them, and everybody is graded again.
            release(course, name)
        plan = make_plan(course, name, unsandboxed)
        with closing(Cluster(scheduler, plan) if scheduler else Local(workers)) as executor:
            return _autograde(course, name, student, executor, progress, plan, released)


def _autograde(course, name, student, executor, progress, plan, released) -> list[dict]:
    submitted = course.root / "submitted"
    folders = {path.parent.name: path for path in sorted(submitted.glob(f"*/{name}"))}
    if student is not None:
        if student not in folders:
            raise TipsError(f"no submission of {student!r}: {submitted / student / name} does not exist")
        folders = {student: folders[student]}
    known = _in_gradebook(course, name)
    gradings = [_Grading(course, name, who, fingerprint(course, name, who)) for who in folders]
    records = {grading.student: grading.stored() for grading in gradings if grading.is_current(known)}
    todo = [grading for grading in gradings if grading.student not in records]
    if any(grading.student in known for grading in todo):
        course.backup_gradebook()

    def start(grading: _Grading) -> Future:
        return grading.start(executor.submit, folders[grading.student], released, plan)

    ended = _ended(todo, start, executor)
    for grading, future in progress(ended, len(todo), f"grading {name}"):
        if future.cancelled():
            # Not by this process: it would not be here any more.
            raise TipsError("the scheduler is lost, or has dropped the work; what is done is kept, call again to go on")
        records[grading.student] = grading.finish(future)
    return [records[who] for who in sorted(records)]


def _ended(
    todo: list["_Grading"], start: Callable[["_Grading"], Future], executor: Local | Cluster
) -> Iterator[tuple["_Grading", Future]]:
    """Start all gradings, a few ahead of what can run; yields each one when its future has ended."""
    waiting = iter(todo)
    pending: dict[Future, _Grading] = {}
    while True:
        while len(pending) < AHEAD * executor.slots and (grading := next(waiting, None)):
            pending[start(grading)] = grading
        if not pending:
            return
        done, _ = wait(pending, timeout=IDLE, return_when=FIRST_COMPLETED)
        if done:
            future = done.pop()
            yield pending.pop(future), future
        else:
            executor.check()


def record_path(course: Course, name: str, student: str) -> Path:
    """Where the outcome of one submission is kept, beside the gradebook that holds its points."""
    return course.root / "status" / name / f"{student}.json"


class _Grading:
    """One submission on its way through the steps."""

    def __init__(self, course: Course, name: str, student: str, digest: str) -> None:
        self.course, self.name, self.student, self.digest = course, name, student, digest
        self.path = record_path(course, name, student)
        self.submission: Submission | None = None
        self.protection = ""

    def stored(self) -> dict:
        return json.loads(self.path.read_text(encoding="utf-8"))

    def is_current(self, known: set[str]) -> bool:
        """Whether this very submission already ended in a status that the gradebook, with ``known`` in it, agrees with.

        What failed for a reason that lies not in the submission is tried again.
        """
        if not self.path.exists() or (stored := self.stored())["digest"] != self.digest or stored.get("again"):
            return False
        graded = self.student in known and self.course.folder("autograded", self.name, self.student).is_dir()
        return graded or stored["status"] != "graded"

    def start(self, submit: Callable[[Unit], Future], folder: Path, released: dict, plan: Plan) -> Future:
        """Read the submission and hand its notebooks to the executor; trouble shows in ``finish``."""
        try:
            self.protection = plan.protection
            flagged = self.course.config.Tips.get("flagged_modules", ())
            self.submission = read_submission(folder, released, flagged)
            # The instructor's files win over a student's of the same name, as in nbgrader.
            files = self.submission.files | instructor_files(self.course, self.name)
            notebooks = {stem: nbformat.writes(self._sanitised(stem)) for stem in self.submission.notebooks}
            return submit(Unit(notebooks, files, plan))
        except Exception as error:
            failed: Future = Future()
            failed.set_exception(error)
            return failed

    def finish(self, future: Future) -> dict:
        """Write points and status; every way this can go ends in a record."""
        again = False
        try:
            executed = future.result()
            before = self.score()
            self._grade(executed)
            status, reasons = "graded", self.submission.repairs + _deaths(executed)
            after = self.score()
            if before not in (None, after):
                reasons = [f"graded again: {before:g} points before, {after:g} now", *reasons]
        except Unusable as error:
            status, reasons = error.status, [str(error)]
        except NotRun as error:
            status, reasons = "failed", [str(error)]
        except Exception as error:
            # Not known in advance, so not the student's fault either: say what it was and go on with the class.
            what = f"{type(error).__name__}: {error}".rstrip(".")
            status, reasons, again = "failed", [f"could not be graded: {what}", AGAIN.format(self.name)], True
        # Where nothing came back, nothing was written: a grade from before, with its manual points, is left to wait.
        if status != "graded" and not (again and future.exception()):
            self._forget()
        record = {
            "student": self.student,
            "assignment": self.name,
            "status": status,
            "reason": "; ".join(reasons),
            "flags": self.submission.flags if self.submission else [],
            "protection": self.protection,
            "digest": self.digest,
            "again": again,
        }
        self.submission = None  # a class may be large
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".part")
        partial.write_text(json.dumps(record, indent=1), encoding="utf-8")
        os.replace(partial, self.path)
        return record

    def _sanitised(self, stem: str) -> nbformat.NotebookNode:
        """The notebook as nbgrader would execute it: outputs cleared, locked cells from the source."""
        notebook = nbformat.from_dict(self.submission.notebooks[stem])
        where = {"assignment": self.name, "notebook": stem, "student": self.student, "db_url": self.course.db_url}
        resources = {"nbgrader": where}
        for preprocessor in Autograde(config=self.course.config).sanitize_preprocessors:
            notebook, resources = preprocessor(config=self.course.config).preprocess(notebook, resources)
        return notebook

    def _grade(self, executed: dict[str, str]) -> None:
        """Let nbgrader's Autograde write the grades, from a staged copy: the original is never touched."""

        class UseExecuted(NbGraderPreprocessor):
            def preprocess(self, nb, resources):
                nb = nbformat.reads(executed[resources["nbgrader"]["notebook"]], as_version=4)
                for cell in filter(is_grade, nb.cells):
                    for output in cell.get("outputs", []):
                        # nbgrader takes anything on stderr for a failure; a warning is none.
                        if output.output_type == "stream":
                            output.name = "stdout"
                return nb, resources

        class Grade(Autograde):
            def _init_preprocessors(self):
                super()._init_preprocessors()
                if not self._sanitizing:
                    self.exporter._preprocessors = []
                    for step in self.autograde_preprocessors:
                        self.exporter.register_preprocessor(UseExecuted if step is Execute else step)

        with tempfile.TemporaryDirectory(prefix="tips-staged-") as staged:
            folder = Path(staged) / self.student / self.name
            folder.mkdir(parents=True)
            for stem, notebook in self.submission.notebooks.items():
                nbformat.write(notebook, folder / f"{stem}.ipynb")
            for file, content in self.submission.files.items():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_bytes(content)
            self.course.convert(Grade, self.name, self.student, submitted_directory=staged)

    def score(self) -> float | None:
        """The points in the gradebook, or None when it has no grade."""
        with self.course.gradebook() as gradebook:
            try:
                return gradebook.find_submission(self.name, self.student).score
            except (MissingEntry, UnicodeEncodeError):  # a name that is no text is not in the gradebook
                return None

    def _forget(self) -> None:
        """Take an ungraded submission out of the gradebook, where it would count as zero points."""
        if self.score() is not None:
            with self.course.gradebook() as gradebook:
                gradebook.remove_submission(self.name, self.student)
        shutil.rmtree(self.course.folder("autograded", self.name, self.student), ignore_errors=True)


def _in_gradebook(course: Course, name: str) -> set[str]:
    """Who has an entry for this assignment in the gradebook; one query, however large the class is."""
    with course.gradebook() as gradebook:
        rows = gradebook.db.query(SubmittedAssignment.student_id).join(Assignment).filter(Assignment.name == name)
        return {student for (student,) in rows}


def _deaths(executed: dict[str, str]) -> list[str]:
    """What the cells that killed their kernel are noted with."""
    cells = [cell for text in executed.values() for cell in nbformat.reads(text, as_version=4).cells]
    outputs = [output for cell in cells if not is_grade(cell) for output in cell.get("outputs", [])]
    return [output.evalue for output in outputs if output.get("ename") == "DeadKernelError"]


def fingerprint(course: Course, name: str, student: str) -> str:
    """A hash of a submission's files and of the assignment's source: equal means that the same was graded."""
    sha = hashlib.sha256(digest(course, name).encode())
    folder = course.folder("submitted", name, student)
    for path in sorted(folder.rglob("*")):
        sha.update(os.fsencode(path.relative_to(folder).as_posix()))  # names need not be text
        with suppress(PermissionError):  # intake will say so
            if path.is_file() and not path.is_symlink():
                sha.update(path.read_bytes())
    return sha.hexdigest()
