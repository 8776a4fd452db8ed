"""nbgrader's own Autograde, kept ready for a whole class: its steps are made once, notebooks stay in memory.

Started anew for each submission, as by its command, nbgrader takes nearly half a second beside the execution.
"""

import contextlib
import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Grade, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import CheckCellMetadata, Execute, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_locked, setenv

from tipslib.grading.contract import grade_id, is_kind
from tipslib.grading.course import Course
from tipslib.grading.gradebook import open_gradebook
from tipslib.grading.intake import Submission


class Grader(Autograde):
    """The steps of nbgrader's Autograde for the submissions of one assignment. To use in a ``with``, in one thread."""

    def __init__(self, course: Course, name: str) -> None:
        # nbgrader works between these folders: repairs count, originals stay as they are, and a result is all there.
        self.staged = course.root / "status" / ".staged"
        given = str(self.staged / "in")
        directory = CourseDirectory(config=course.config, assignment_id=name, submitted_directory=given)
        super().__init__(coursedir=directory, config=course.config)
        self.log = logging.Logger("nbgrader", logging.CRITICAL)
        self.course, self.name = course, name
        self.exporter = self.exporter_class(parent=self, config=self.config)
        self.sanitizing, self.grading = map(self._made, (self.sanitize_preprocessors, self.autograde_preprocessors))

    @property
    def _output_directory(self) -> str:
        return self.output

    def _made(self, steps: list) -> list:
        self.exporter._preprocessors = []
        for step in steps:
            self.exporter.register_preprocessor(INSTEAD.get(step, step) if isinstance(step, type) else step)
        return self.exporter._preprocessors

    def __enter__(self) -> "Grader":
        with contextlib.ExitStack() as stack:
            self.gradebook = stack.enter_context(open_gradebook(self.course, self.name))
            shutil.rmtree(self.staged, ignore_errors=True)  # a killed grader's
            stack.callback(shutil.rmtree, self.staged, ignore_errors=True)
            stack.enter_context(contextlib.chdir(self.course.root))  # as in nbgrader's commands
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._stack.close()

    def sanitised(self, student: str, stem: str, notebook: NotebookNode) -> NotebookNode:
        """The notebook as nbgrader would execute it: outputs cleared, locked cells from the source."""
        return self._through(self.sanitizing, student, stem, nbformat.from_dict(notebook))

    def _through(self, steps: list, student: str, stem: str, notebook: NotebookNode) -> NotebookNode:
        where = {"assignment": self.name, "notebook": stem, "student": student, "db_url": self.course.db_url}
        resources: dict = {"nbgrader": where, "unique_key": stem, "output_files_dir": f"{stem}_files"}
        resources["metadata"] = {"name": stem, "path": str(self.course.root)}
        for step in steps:
            notebook, resources = step(notebook, resources)
        return notebook

    def score(self, student: str) -> float | None:
        """The points in the gradebook, or None when it has no grade."""
        try:
            return self.gradebook.find_submission(self.name, student).score
        except (MissingEntry, UnicodeEncodeError):  # a name that is no text is not in the gradebook
            return None
        finally:
            self.gradebook.db.close()

    def grade(self, student: str, submission: Submission, executed: dict[str, NotebookNode]) -> list[str]:
        """Write points and ``autograded/``, as nbgrader does: all of it or, after any exception, nothing.

        Returns: what somebody has to look at again, a sentence each.
        """
        given, made = (self.staged / step / student / self.name for step in ("in", "out"))
        files = submission.files | {f"{stem}.ipynb": b"" for stem in executed}  # nbgrader asks if these are there
        try:
            for file, content in files.items():
                (given / file).parent.mkdir(parents=True, exist_ok=True)
                (given / file).write_bytes(content)
            made.mkdir(parents=True)
            self.output = str(self.staged / "out")
            self.coursedir.student_id = student
            self.notebooks = [str(given / f"{stem}.ipynb") for stem in executed]
            notes = []
            with self.gradebook.transaction():
                self.run_pre_convert_hook()
                self.init_assignment(self.name, student)
                for stem, notebook in executed.items():
                    notes += self._save(student, stem, notebook, made / f"{stem}.ipynb")
            _replace(made, self.course.folder("autograded", self.name, student))
            self.output = self.coursedir.autograded_directory
            self.set_permissions(self.name, student)
            self.run_post_convert_hook()
        finally:
            for folder in (given.parent, made.parent):
                shutil.rmtree(folder, ignore_errors=True)
        return notes

    def _save(self, student: str, stem: str, notebook: NotebookNode, target: Path) -> list[str]:
        for cell in filter(is_grade, notebook.cells):
            for output in cell.get("outputs", []):
                # nbgrader takes anything on stderr for a failure; a warning is none.
                if output.output_type == "stream":
                    output.name = "stdout"
        grades = self.gradebook.all_of(Grade, stem, student)
        by_hand = {
            cell: grade.auto_score
            for cell, grade in grades.items()
            if grade.manual_score is not None and not grade.needs_manual_grade
        }
        with setenv(NBGRADER_EXECUTION="autograde"):
            notebook = self._through(self.grading, student, stem, notebook)
        nbformat.write(notebook, target)
        # nbgrader wants every manual grade looked at again. There is no need where nothing has changed.
        old = self.course.folder("autograded", self.name, student) / target.name
        same = _unchanged(nbformat.read(old, as_version=4), notebook) if by_hand and old.exists() else set()
        notes = []
        for cell, points in by_hand.items():
            grade = grades[cell]
            grade.needs_manual_grade = cell not in same or grade.auto_score != points
            if grade.needs_manual_grade:
                what = f"the check gives {grade.auto_score:g} now" if cell in same else "the answer has changed"
                notes.append(f"cell {cell}: {grade.manual_score:g} points by hand are kept, but {what}; look at it")
        return notes

    def forget(self, student: str) -> None:
        """Take an ungraded submission out of the gradebook, where it would count as zero points."""
        if self.score(student) is not None:
            with self.gradebook.transaction():
                self.gradebook.remove_submission(self.name, student)
        shutil.rmtree(self.course.folder("autograded", self.name, student), ignore_errors=True)


def _unchanged(old: NotebookNode, new: NotebookNode) -> set[str | None]:
    """The graded cells whose answer, or for a test cell everything that the student wrote, is the same in both."""
    before, after = ({grade_id(cell): cell for cell in one.cells if is_kind(cell, "grade")} for one in (old, new))
    theirs, theirs_now = ([cell.source for cell in one.cells if not is_locked(cell)] for one in (old, new))
    answers = {name for name, cell in after.items() if is_kind(cell, "solution")}
    same = {name for name in answers if name in before and before[name].source == after[name].source}
    return same | (after.keys() - answers if theirs == theirs_now else set())


def _replace(new: Path, target: Path) -> None:
    """Make ``target`` what ``new`` is, file by file: killed in between, each one is the old or the new one."""
    files = {path.relative_to(new) for path in new.rglob("*") if path.is_file()}
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        os.replace(new / file, target / file)
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):  # not empty
                path.rmdir()
        elif path.relative_to(target) not in files:
            path.unlink()


class _Executed(NbGraderPreprocessor):
    """In the place of nbgrader's Execute: the notebook has been run already."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        return nb, resources


class _Check(CheckCellMetadata):
    """nbgrader's own takes a millisecond a cell; cells with equal metadata are checked once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validator = _Validator()

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        self.validator.validate_nb(nb)
        return nb, resources


class _Validator(MetadataValidator):
    def __init__(self) -> None:
        super().__init__()
        self.valid: set[str] = set()

    def validate_cell(self, cell: NotebookNode) -> None:
        if (what := json.dumps([cell.cell_type, cell.metadata.get("nbgrader")])) not in self.valid:
            super().validate_cell(cell)
            self.valid.add(what)


INSTEAD = {Execute: _Executed, CheckCellMetadata: _Check}
