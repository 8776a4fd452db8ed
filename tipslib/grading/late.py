"""Late work: when it came, when it was due, and what being late costs.

In ``nbgrader_config.py``, for nbgrader and for tips::

    c.AssignLatePenalties.plugin_class = "tipslib.grading.late.LatePenalty"
    c.LatePenalty.per_day = 10          # percent for each day that has begun
    c.LatePenalty.grace_minutes = 30    # costs nothing
    c.LatePenalty.cap = 50              # percent at most
    c.Exchange.timezone = "Europe/Berlin"

Due dates are nbgrader's, the time of handing in is that of ``timestamp.txt`` in the submission. Extensions stand in
``extensions.csv`` (see extensions.py).
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets import Enum, Float
from traitlets.config import Config

from tipslib.grading.course import Course
from tipslib.grading.extensions import FILE, extensions
from tipslib.grading.times import course_zone, read_time, span

STAMP = "timestamp.txt"
DAY = 86400.0  # seconds


class LatePenalty(LateSubmissionPlugin):
    """nbgrader's plug-in for late work: so many percent a day, after a period of grace, up to a limit."""

    per_day = Float(10.0, min=0.0, max=100.0, help="Percent for each day that has begun since the due date.").tag(
        config=True
    )
    grace_minutes = Float(0.0, min=0.0, help="Who is not later than this pays nothing.").tag(config=True)
    cap = Float(100.0, min=0.0, max=100.0, help="Percent at most.").tag(config=True)
    of = Enum(("score", "max_score"), "score", help="Percent of the points got, or of the points to get.").tag(
        config=True
    )

    def percent(self, seconds: float) -> float:
        """What being late by so many seconds costs, in percent."""
        late = seconds > 60 * self.grace_minutes
        return min(self.cap, self.per_day * math.ceil(seconds / DAY)) if late else 0.0

    def points(self, seconds: float, score: float, max_score: float) -> float:
        """What it costs in points, of a notebook that got ``score`` of ``max_score``; never more than ``score``."""
        whole = score if self.of == "score" else max_score
        return round(min(score, self.percent(seconds) / 100 * whole), 6)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        """nbgrader's hook, called for a notebook that nbgrader itself takes for late."""
        step = self.parent
        submission = step.gradebook.find_submission(step.assignment_id, student_id)
        notebook = step.gradebook.find_submission_notebook(step.notebook_id, step.assignment_id, student_id)
        folder = CourseDirectory(config=self.config)
        late = Lateness.of(submission, Path(folder.root), folder.submitted_directory, self.config)
        return self.points(late.seconds, score, notebook.max_score)


@dataclass(frozen=True)
class Lateness:
    """When one submission came, when it was due for this student, and how late that is. Times know their zone."""

    submitted: datetime | None
    due: datetime | None
    seconds: float
    extension: str = ""  # in words
    problem: str = ""  # why this is not sure

    @classmethod
    def of(cls, submission, root: Path, submitted: str, config: Config, known: dict | None = None) -> "Lateness":
        """Of nbgrader's SubmittedAssignment; ``submitted`` is nbgrader's name of the folder of submissions.

        ``known`` are the course's ``extensions``, read here if not given. Raises: what ``extensions`` raises.
        """
        zone = course_zone(config)
        name, student = submission.assignment.name, submission.student_id
        granted = extensions(root) if known is None else known
        extension = granted.get((student, name)) or granted.get((student, "*"))
        due = submission.duedate and submission.duedate.replace(tzinfo=UTC)
        words, problem = "", ""
        if submission.extension:
            words = f"by {span(submission.extension.total_seconds())}"
        if extension and not due:
            problem = f"{FILE} line {extension.line}: {name} has no due date to extend"
        elif extension:
            end = extension.end(submission.assignment.duedate.replace(tzinfo=UTC), zone)
            if end < submission.assignment.duedate.replace(tzinfo=UTC):
                problem = f"{FILE} line {extension.line}: the extension ends before the due date"
            else:
                due = end
                words = f"until {end.astimezone(zone):%Y-%m-%d %H:%M %Z}"
                words += f" ({extension.reason})" if extension.reason else ""
        stamp = root / submitted / student / name / STAMP
        came = submission.timestamp and submission.timestamp.replace(tzinfo=UTC)
        if stamp.is_file() and not stamp.is_symlink():
            try:
                came = read_time(stamp.read_text(encoding="utf-8-sig"), zone)
            except (ValueError, OSError) as error:
                came, problem = None, f"it is not known whether this is late: {STAMP} holds no time ({str(error)[:60]})"
        # Subtracted in one zone, Python would forget the hour of summer time.
        seconds = max(0.0, (came.astimezone(UTC) - due.astimezone(UTC)).total_seconds()) if came and due else 0.0
        here, until = (when and when.astimezone(zone) for when in (came, due))
        return cls(here, until, seconds, words, problem)


class Lates:
    """Lateness and penalties of an assignment's submissions, as they are now: after manual grades and extensions."""

    def __init__(self, course: Course) -> None:
        self.course, self.known = course, extensions(course.root)
        plugin = AssignLatePenalties(config=course.config).plugin_class
        self.plugin = plugin(config=course.config) if issubclass(plugin, LatePenalty) else None
        self.submitted = CourseDirectory(config=course.config).submitted_directory

    def lateness(self, submission) -> Lateness:
        """Of nbgrader's SubmittedAssignment."""
        return Lateness.of(submission, self.course.root, self.submitted, self.course.config, self.known)

    def penalty(self, submission, seconds: float) -> float:
        """In points: by ``LatePenalty`` if the course uses it, else what another plug-in has put into the gradebook."""
        if self.plugin is None:
            return submission.late_submission_penalty or 0.0
        return sum(self.plugin.points(seconds, one.score, one.max_score) for one in submission.notebooks)

    def row(self, submission) -> tuple[dict, str]:
        """What the report says of it, and why that is not sure; times are ISO 8601 with their zone, or ""."""
        late = self.lateness(submission)
        penalty = self.penalty(submission, late.seconds)
        problem = late.problem
        if self.plugin and late.due and not late.submitted and not problem:
            problem = f"it is not known whether this is late: there is no {STAMP}"
        return {
            "raw_score": submission.score,
            "penalty": penalty,
            "score": round(submission.score - penalty, 6),
            "late_seconds": late.seconds,
            "submitted": late.submitted.isoformat() if late.submitted else "",
            "due": late.due.isoformat() if late.due else "",
            "extension": late.extension,
        }, problem

    def settle(self, name: str) -> None:
        """Bring the gradebook's penalties and times up to date, for nbgrader's own export and pages."""
        if self.plugin is None:
            return
        with self.course.gradebook() as gradebook:
            for submission in gradebook.assignment_submissions(name):
                late = self.lateness(submission)
                if late.submitted:
                    submission.timestamp = late.submitted.astimezone(UTC).replace(tzinfo=None)
                for one in submission.notebooks:
                    points = self.plugin.points(late.seconds, one.score, one.max_score)
                    if (one.late_submission_penalty or 0.0) != points:
                        one.late_submission_penalty = points or None
            gradebook.db.commit()
