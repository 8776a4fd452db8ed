"""A gradebook that stays open: nbgrader opens its own nine times a submission, and asks it for cell after cell.

Inside ``open_gradebook`` nbgrader's steps get this one instead. What they ask for cell by cell is read at once: the
cells of the assignment for all submissions, the grades and comments for each. A submission is one transaction.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from nbgrader.api import BaseCell, Comment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from tipslib.grading.course import Course


@contextlib.contextmanager
def open_gradebook(course: Course, name: str) -> Iterator["OpenGradebook"]:
    """The gradebook for grading submissions of assignment ``name``; inside, nbgrader's steps use it, too."""
    gradebook = OpenGradebook(course, name)

    def this_one(url: str, *more: Any) -> Gradebook:
        return gradebook if url == course.db_url else Gradebook(url, *more)

    with contextlib.ExitStack() as stack:
        stack.callback(gradebook.really_close)
        for module in [module for key, module in sys.modules.items() if key.startswith("nbgrader.")]:
            if vars(module).get("Gradebook") is Gradebook and module.__name__ != Gradebook.__module__:
                stack.enter_context(patch.object(module, "Gradebook", this_one))
        yield gradebook


class _Session(Session):
    """nbgrader commits after every cell; here that waits for the end of the submission."""

    def commit(self) -> None:
        pass

    def really_commit(self) -> None:
        super().commit()


class OpenGradebook(Gradebook):
    """nbgrader's Gradebook for the submissions of one assignment. To use in one thread."""

    def __init__(self, course: Course, name: str) -> None:
        with course.gradebook() as gradebook:
            stored = list(gradebook.find_assignment(name).notebooks)
            self.source = {(cell.name, one.name): cell for one in stored for cell in one.source_cells}
            graded = [(cell, one) for one in stored for cell in (*one.grade_cells, *one.task_cells)]
            self.graded = {(cell.name, one.name): cell for cell, one in graded}
            self.stored = {one.name: one for one in stored}
            for cell in [cell for one in stored for cell in (*one.grade_cells, *one.task_cells, *one.solution_cells)]:
                gradebook.db.refresh(cell)  # all of it, while there is a session
            gradebook.db.expunge_all()
        super().__init__(course.db_url, CourseDirectory(config=course.config).course_id)
        self.db = scoped_session(sessionmaker(class_=_Session, bind=self.engine))
        self.rows: dict[tuple, dict[str, Any]] = {}

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Inside, all changes are made together at the end; none of them after an exception."""
        session = self.db()
        try:
            yield
            session.really_commit()
        finally:
            self.rows.clear()
            session.close()  # rolls back what is not committed, and remembers nothing

    def close(self) -> None:
        """nbgrader closes the gradebook after each step. This one stays open."""

    def really_close(self) -> None:
        super().close()

    def find_source_cell(self, name: str, notebook: str, assignment: str) -> Any:
        return self.source.get((name, notebook)) or super().find_source_cell(name, notebook, assignment)

    def find_graded_cell(self, name: str, notebook: str, assignment: str) -> Any:
        return self.graded.get((name, notebook)) or super().find_graded_cell(name, notebook, assignment)

    def find_notebook(self, name: str, assignment: str) -> Any:
        return self.stored.get(name) or super().find_notebook(name, assignment)

    def find_grade(self, grade_cell: str, notebook: str, assignment: str, student: str) -> Any:
        found = self.all_of(Grade, notebook, student).get(grade_cell)
        return found or super().find_grade(grade_cell, notebook, assignment, student)

    def find_comment(self, solution_cell: str, notebook: str, assignment: str, student: str) -> Any:
        found = self.all_of(Comment, notebook, student).get(solution_cell)
        return found or super().find_comment(solution_cell, notebook, assignment, student)

    def all_of(self, kind: type, notebook: str, student: str) -> dict[str, Any]:
        """The grades or comments of a submission, by the names of their cells."""
        if (kind, notebook, student) not in self.rows:
            query = self.db.query(BaseCell.name, kind).select_from(SubmittedAssignment)
            query = query.join(SubmittedNotebook).join(kind).join(BaseCell)
            query = query.filter(SubmittedAssignment.student_id == student)
            query = query.filter(BaseCell.notebook_id == self.stored[notebook].id)
            self.rows[kind, notebook, student] = {name: row for name, row in query}
        return self.rows[kind, notebook, student]

    def find_submission(self, assignment: str, student: str) -> Any:
        return self._fresh(super().find_submission(assignment, student))

    def find_submission_notebook(self, notebook: str, assignment: str, student: str) -> Any:
        return self._fresh(super().find_submission_notebook(notebook, assignment, student))

    def _fresh(self, row: Any) -> Any:
        """Sums of points are read with a row; nbgrader counts on a commit to have them read again."""
        self.db.refresh(row)
        return row
