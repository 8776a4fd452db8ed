"""Autograding: read, run and grade every submission, and end each one in an explicit status.

The steps of one submission: intake (repair or refuse), execution (see executors.py), then nbgrader's own
``Autograde`` with the executed notebook in the place of its execution. Only this process writes the gradebook.
A submission is read when there is room for it, and forgotten when it is graded: memory does not grow with the class.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Assignment, SubmittedAssignment
from nbgrader.utils import is_grade

from tipslib.grading.course import Course, Progress, TipsError, no_progress, write_whole
from tipslib.grading.execution import SEEN, NotRun, Plan, Unit
from tipslib.grading.executors import Cluster, Local
from tipslib.grading.extensions import check_extensions
from tipslib.grading.grader import Grader
from tipslib.grading.intake import Submission, Unusable, read_submission
from tipslib.grading.late import Lates
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
        check_extensions(course, [])  # now, rather than once for each late submission
        if not is_current(course, name):
            # Checks were corrected since: the gradebook has to know them, and everybody is graded again.
            release(course, name)
        plan = make_plan(course, name, unsandboxed)
        with (
            closing(Cluster(scheduler, plan) if scheduler else Local(workers)) as executor,
            Grader(course, name) as grader,
        ):
            records = _autograde(_Run(course, name, plan, released, executor, grader), student, progress)
        Lates(course).settle(name)
        return records


class _Run:
    """What all submissions of one run share."""

    def __init__(
        self, course: Course, name: str, plan: Plan, released: dict, executor: Local | Cluster, grader: Grader
    ) -> None:
        self.course, self.name, self.plan, self.released = course, name, plan, released
        self.executor, self.grader = executor, grader
        self.files = instructor_files(course, name)
        self.flagged = course.config.Tips.get("flagged_modules", ())
        self.digest = digest(course, name)


def _autograde(run: _Run, student: str | None, progress: Progress) -> list[dict]:
    course, name = run.course, run.name
    submitted = course.root / "submitted"
    students = sorted(path.parent.name for path in submitted.glob(f"*/{name}"))
    if student is not None:
        if student not in students:
            raise TipsError(f"no submission of {student!r}: {submitted / student / name} does not exist")
        students = [student]
    known = _in_gradebook(course, name)
    gradings = [_Grading(run, who) for who in students]
    records = {grading.student: grading.stored() for grading in gradings if grading.is_current(known)}
    todo = [grading for grading in gradings if grading.student not in records]
    if any(grading.student in known for grading in todo):
        course.backup_gradebook()
    ended = _ended(todo, run.executor)
    for grading, future in progress(ended, len(todo), f"grading {name}"):
        if future.cancelled():
            # Not by this process: it would not be here any more.
            raise TipsError(
                "the scheduler is lost, or has dropped the work; what is done is kept: the same command goes on"
            )
        records[grading.student] = grading.finish(future)
    return [records[who] for who in sorted(records)]


def _ended(todo: list["_Grading"], executor: Local | Cluster) -> Iterator[tuple["_Grading", Future]]:
    """Start all gradings, a few ahead of what can run; yields each one when its future has ended."""
    waiting = iter(todo)
    pending: dict[Future, _Grading] = {}
    while True:
        while len(pending) < AHEAD * executor.slots and (grading := next(waiting, None)):
            pending[grading.start()] = grading
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
    if len(os.fsencode(student)) > 240:  # with an ending, too long for a file's name
        student = f"{student[:50]}-{hashlib.sha256(os.fsencode(student)).hexdigest()[:20]}"
    return course.root / "status" / name / f"{student}.json"


class _Grading:
    """One submission on its way through the steps."""

    def __init__(self, run: _Run, student: str) -> None:
        self.run, self.student = run, student
        self.digest = fingerprint(run.course, run.name, student, run.digest)
        self.path = record_path(run.course, run.name, student)
        self.submission: Submission | None = None

    def stored(self) -> dict:
        return json.loads(self.path.read_text(encoding="utf-8"))

    def is_current(self, known: set[str]) -> bool:
        """Whether this very submission already ended in a status that the gradebook, with ``known`` in it, agrees with.

        What failed for a reason that lies not in the submission is tried again.
        """
        if not self.path.exists() or (stored := self.stored())["digest"] != self.digest or stored.get("again"):
            return False
        graded = self.student in known and self.run.course.folder("autograded", self.run.name, self.student).is_dir()
        return graded or stored["status"] != "graded"

    def start(self) -> Future:
        """Read the submission and hand its notebooks to the executor; trouble shows in ``finish``."""
        run = self.run
        try:
            folder = run.course.folder("submitted", run.name, self.student)
            self.submission = read_submission(folder, run.released, run.flagged)
            # The instructor's files win over a student's of the same name, as in nbgrader.
            files = self.submission.files | run.files
            notebooks = {
                stem: nbformat.writes(run.grader.sanitised(self.student, stem, notebook))
                for stem, notebook in self.submission.notebooks.items()
            }
            return run.executor.submit(Unit(notebooks, files, run.plan))
        except Exception as error:
            failed: Future = Future()
            failed.set_exception(error)
            return failed

    def finish(self, future: Future) -> dict:
        """Write points and status; every way this can go ends in a record."""
        run, again = self.run, False
        seen: dict[str, list[dict]] = {}
        try:
            executed = {stem: nbformat.reads(text, as_version=4) for stem, text in future.result().items()}
            assert self.submission  # else there would be no result
            seen, deaths, before = _take_seen(executed), _deaths(executed), run.grader.score(self.student)
            reasons = run.grader.grade(self.student, self.submission, executed) + self.submission.repairs + deaths
            status, after = "graded", run.grader.score(self.student)
            if before not in (None, after):
                reasons = [f"graded again: {before:g} points before, {after:g} now", *reasons]
        except Unusable as error:
            status, reasons = error.status, [str(error)]
        except NotRun as error:
            status, reasons = "failed", [str(error)]
        except Exception as error:
            # Not known in advance, so not the student's fault either: say what it was and go on with the class.
            what = f"{type(error).__name__}: {error}".rstrip(".")
            status, reasons, again = "failed", [f"could not be graded: {what}", AGAIN.format(run.name)], True
        # Where nothing came back, nothing was written: a grade from before, with its manual points, is left to wait.
        if status != "graded" and not (again and future.exception()):
            run.grader.forget(self.student)
        record = {
            "student": self.student,
            "assignment": run.name,
            "status": status,
            "reason": "; ".join(reasons),
            "flags": self.submission.flags if self.submission else [],
            "protection": run.plan.protection if self.submission else "",
            "digest": self.digest,
            "checker": {"tipslib": version("tipslib"), "checks": run.digest[:12]},
            "again": again,
            "seen": seen,
        }
        self.submission = None  # a class may be large
        write_whole(self.path, json.dumps(record, indent=1))
        return record


def _in_gradebook(course: Course, name: str) -> set[str]:
    """Who has an entry for this assignment in the gradebook; one query, however large the class is."""
    with course.gradebook() as gradebook:
        rows = gradebook.db.query(SubmittedAssignment.student_id).join(Assignment).filter(Assignment.name == name)
        return {student for (student,) in rows}


def _take_seen(executed: dict[str, NotebookNode]) -> dict[str, list[dict]]:
    """Take out of the notebooks what was seen of their functions (see groups.py): by test cell."""
    seen: dict[str, list[dict]] = {}
    for notebook in executed.values():
        seen |= notebook.metadata.pop(SEEN, {})
    return seen


def _deaths(executed: dict[str, NotebookNode]) -> list[str]:
    """What the cells that killed their kernel are noted with."""
    cells = [cell for notebook in executed.values() for cell in notebook.cells if not is_grade(cell)]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output.evalue for output in outputs if output.get("ename") == "DeadKernelError"]


def fingerprint(course: Course, name: str, student: str, source: str) -> str:
    """A hash of a submission's files and of the assignment, ``source``: equal means that the same was graded."""
    sha = hashlib.sha256(source.encode())
    folder = course.folder("submitted", name, student)
    for path in sorted(folder.rglob("*")):
        sha.update(os.fsencode(path.relative_to(folder).as_posix()))  # names need not be text
        with suppress(PermissionError):  # intake will say so
            if path.is_file() and not path.is_symlink():
                sha.update(path.read_bytes())
    return sha.hexdigest()
