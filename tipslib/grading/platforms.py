"""Platforms: the report's scores in the files that Canvas and Moodle import.

Canvas and Moodle take back the file that they gave out. So the instructor downloads it, we write the scores into one
column, and every other byte stays as it was. Only final scores are written. What could not be graded, or is still to be
graded by hand, keeps its cell as it is, for an emptied cell deletes a grade.

Canvas: "Export Entire Gradebook", as lib/gradebook_exporter.rb of github.com/instructure/canvas-lms writes it and
lib/gradebook_importer.rb reads it. Columns: Student (or LastName, FirstName), ID, SIS User ID, SIS Login ID,
Integration ID, Root Account, Section, custom columns, then one for each assignment, "Title (id)", by whose id Canvas
knows it. A row "Points Possible" stands above the students. EX is an excused student, N/A one who does not have this
assignment.

Moodle: "Download grading worksheet" of an assignment, https://docs.moodle.org/en/Assignment_settings (Feedback types),
as mod/assign/feedback/offline/importgradeslib.php of github.com/moodle/moodle reads it. Columns: Identifier
("Participant 17"), Full name, ID number, Email address, Status, Grade, Maximum Grade, Grade can be changed, Last
modified (submission), Last modified (grade), Feedback comments. Moodle skips a grade above the maximum without a word.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from tipslib.grading.course import Course, TipsError
from tipslib.grading.exports import comments_of, number, unfinished
from tipslib.grading.report import NOTHING
from tipslib.grading.roster import keys, mapping, matched
from tipslib.grading.sheet import Sheet

TITLE = re.compile(r"(?P<title>.*) \((?P<id>\d+)\)")  # of an assignment's column in Canvas


@dataclass
class Filled:
    """A platform's file with scores in it, and what an instructor has to know about the rest."""

    content: bytes
    column: str
    filled: list[str] = field(default_factory=list)  # students
    replaced: list[str] = field(default_factory=list)  # "ann: 7 became 8"
    left: list[str] = field(default_factory=list)  # "bob: still to be graded by hand"
    nothing: list[str] = field(default_factory=list)  # students who handed nothing in
    no_row: list[str] = field(default_factory=list)  # students whom the file does not have
    no_student: list[str] = field(default_factory=list)  # rows of the file whom the course does not have

    @property
    def complete(self) -> bool:
        """Whether every submission has its score in the file."""
        return not (self.left or self.no_row)


@dataclass(frozen=True)
class Platform:
    """How a platform's file is read."""

    name: str
    identity: tuple[str, ...]  # columns that say who a row is; names are no way to tell students apart
    label: tuple[str, ...]  # columns that name a row to people


CANVAS = Platform("Canvas", ("ID", "SIS User ID", "SIS Login ID", "Integration ID"), ("Student", "LastName"))
MOODLE = Platform("Moodle", ("Identifier", "ID number", "Email address", "Username"), ("Full name", "Email address"))


def fill_canvas(course: Course, data: dict, path: Path, **options) -> Filled:
    """Write the report's scores into a gradebook that was exported from Canvas.

    Options: ``column``, the header, title or id of the assignment (default: the assignment of the report's name);
    see ``_fill`` for the others. Raises: TipsError when the column or the students' ids are not to be found.
    """
    sheet = Sheet(path)
    column = _canvas_column(sheet, options.pop("column", None) or data["assignment"])
    points = next((row for row in range(len(sheet.rows)) if "Points Possible" in sheet.value(row, 0)), None)
    maximum = sheet.value(points, column) if points is not None else ""
    if "read only" in maximum:
        raise TipsError(f"Canvas does not import the column {sheet.header[column]!r}: it is read only")

    def fixed(row: int) -> str:
        value = sheet.value(row, column)
        return {"EX": "excused in Canvas", "N/A": "does not have this assignment in Canvas"}.get(value.upper(), "")

    return _fill(course, data, sheet, CANVAS, column, maximum, fixed, **options)


def fill_moodle(course: Course, data: dict, path: Path, comments: bool = False, **options) -> Filled:
    """Write the report's scores into a grading worksheet that was downloaded from Moodle.

    With ``comments``, the messages of failed checks go into the empty ones of the column "Feedback comments".
    Options: ``column``, the header of the grades (default: Grade), see ``_fill`` for the others.
    Raises: TipsError when a column is not to be found.
    """
    sheet = Sheet(path)
    name = options.pop("column", None) or "Grade"
    if (column := sheet.column(name)) is None:
        raise TipsError(f"{path} has no column {name!r}: name the column of grades with --column; {sheet.columns}")
    if comments and sheet.column("Feedback comments") is None:
        raise TipsError(f"{path} has no column 'Feedback comments': switch it on in Moodle, under Feedback types")
    limit, lock = sheet.column("Maximum Grade"), sheet.column("Grade can be changed")
    maximum = next((sheet.value(row, limit) for row in range(len(sheet.rows)) if sheet.value(row, limit)), "")

    def fixed(row: int) -> str:
        return "cannot be changed in Moodle" if sheet.value(row, lock).casefold() == "no" else ""

    comment = sheet.column("Feedback comments") if comments else None
    return _fill(course, data, sheet, MOODLE, column, maximum, fixed, comment=comment, **options)


def _canvas_column(sheet: Sheet, wanted: str) -> int:
    found = []
    for place, header in enumerate(sheet.header):
        title = TITLE.fullmatch(header)
        if title and (wanted in (header, title["id"]) or _plain(wanted) == _plain(title["title"])):
            found.append(place)
    if len(found) != 1:
        there = ", ".join(repr(header) for header in sheet.header if TITLE.fullmatch(header)) or "none"
        raise TipsError(
            f"{sheet.path} has {len(found) or 'no'} columns for the assignment {wanted!r}: name one with --column, or "
            f"make the assignment in Canvas and export again; assignments in the file: {there}"
        )
    return found[0]


def _fill(
    course: Course,
    data: dict,
    sheet: Sheet,
    platform: Platform,
    column: int,
    maximum: str,
    fixed,
    comment: int | None = None,
    match: str | None = None,
    students: Path | None = None,
    scale: bool = False,
) -> Filled:
    """Options: ``match``, the only column by which to find students; ``students``, a CSV file with the column student
    and others that say who that is on the platform; ``scale``, to convert scores to the platform's maximum.
    """
    factor = _factor(data, maximum, platform, scale)
    comma = "," in maximum or (sheet.separator == ";" and "." not in maximum)
    rows = {row["student"]: row for row in data["submissions"]}
    who = matched(sheet, platform.identity, match, mapping(students, rows), keys(course, rows))
    result = Filled(b"", sheet.header[column])
    taken = [student for student in who.values() if isinstance(student, str)]
    for place, student in who.items():
        label = next((name for name in (sheet.value(place, sheet.column(one)) for one in platform.label) if name), "?")
        if not isinstance(student, str):
            said = f"could be {' or '.join(sorted(student))}" if student else "no student here"
            result.no_student.append(f"line {sheet.lines[place]}, {label}: {said}")
            continue
        row = rows[student]
        why = unfinished(row) or fixed(place)
        if taken.count(student) > 1:
            why = why or f"has several rows: line {sheet.lines[place]}"
        if why == NOTHING:
            result.nothing.append(student)
        elif why:
            result.left.append(f"{student}: {why}")
        else:
            new, old = number(row["score"] * factor, comma), sheet.value(place, column)
            if old and _read(old) != _read(new):
                result.replaced.append(f"{student}: {old} became {new}")
            sheet.fill(place, column, new)
            if comment is not None and not sheet.value(place, comment):
                sheet.fill(place, comment, comments_of(row))
            result.filled.append(student)
    result.no_row = [name for name, row in rows.items() if name not in taken and unfinished(row) != NOTHING]
    result.content = sheet.content()
    return result


def _factor(data: dict, maximum: str, platform: Platform, scale: bool) -> float:
    points = _read(maximum)
    if not points or abs(points - data["max_score"]) < 1e-6:
        return 1.0
    if not scale:
        raise TipsError(
            f"{platform.name} gives at most {points:g} points, the assignment has {data['max_score']:g}: set it to "
            f"{data['max_score']:g} there and download again, or convert the scores with --scale"
        )
    return points / data["max_score"]


def _read(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()
