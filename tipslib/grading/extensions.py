"""Extensions: who may hand in later, in ``extensions.csv`` in the course folder.

Its columns are student, assignment, until, reason. ``until`` is a date, a date and time, or an addition (``+2 days``,
``+36 hours``); the assignment ``*`` means all.
"""

import csv
import difflib
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path

from tipslib.grading.course import Course, TipsError

FILE = "extensions.csv"
ADDITION = re.compile(r"\+\s*(\d+(?:\.\d+)?)\s*(d|days?|h|hours?)?", re.IGNORECASE)


@dataclass(frozen=True)
class Extension:
    """One line of extensions.csv."""

    student: str
    assignment: str
    until: str
    reason: str
    line: int

    def end(self, due: datetime, zone: tzinfo) -> datetime:
        """When the extension ends. Days are added on the calendar, so that the hour stays the same in summer time.

        Raises: TipsError when ``until`` is not a date, a time or an addition.
        """
        if added := ADDITION.fullmatch(self.until):
            number, unit = float(added[1]), (added[2] or "d")[0].lower()
            if unit == "h":
                return due + timedelta(hours=number)
            return (due.astimezone(zone).replace(tzinfo=None) + timedelta(days=number)).replace(tzinfo=zone)
        try:
            end = datetime.fromisoformat(self.until)
        except ValueError:
            raise TipsError(
                f"{FILE} line {self.line}: {self.until!r} is no date: write 2026-03-05 (the end of that day), "
                "2026-03-05 18:00, or +2 days"
            ) from None
        if len(self.until) <= len("2026-03-05"):
            end = datetime.combine(end, time(23, 59, 59))
        return end if end.tzinfo else end.replace(tzinfo=zone)


def extensions(root: Path) -> dict[tuple[str, str], Extension]:
    """The extensions of a course by (student, assignment); none when there is no file.

    Raises: TipsError with the line that cannot be understood.
    """
    path = root / FILE
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise TipsError(f"{path} is not UTF-8: save it as CSV UTF-8") from None
    header = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in header else ",", skipinitialspace=True)
    if missing := {"student", "assignment", "until"} - set(rows.fieldnames or ()):
        raise TipsError(
            f"{path} has no column {', '.join(sorted(missing))}: its first line is student,assignment,until,reason"
        )
    found: dict[tuple[str, str], Extension] = {}
    for row in rows:
        fields = {name: (row.get(name) or "").strip() for name in ("student", "assignment", "until", "reason")}
        if not any(fields.values()):
            continue
        one = Extension(**fields, line=rows.line_num)
        one.end(datetime(2000, 1, 1, tzinfo=UTC), UTC)
        if (one.student, one.assignment) in found:
            raise TipsError(f"{FILE} line {one.line}: {one.student} has two extensions of {one.assignment}: keep one")
        found[one.student, one.assignment] = one
    return found


def check_extensions(course: Course, students: list[str]) -> list[str]:
    """What in extensions.csv can have no effect, in a sentence each: students whom nobody knows.

    Raises: TipsError for an assignment that the course does not have, and whatever ``extensions`` raises.
    """
    notes = []
    for one in extensions(course.root).values():
        if one.assignment not in (*course.names(), "*"):
            close = difflib.get_close_matches(one.assignment, course.names(), n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(course.names())}, and * for all"
            raise TipsError(f"{FILE} line {one.line}: no assignment {one.assignment!r}; {hint}")
        if one.student not in students:
            notes.append(f"{FILE} line {one.line}: no student {one.student!r}")
    return notes
