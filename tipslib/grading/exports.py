"""Exports: the report as CSV for a spreadsheet, and final scores as a list (see platforms.py for Canvas and Moodle)."""

import csv
import html
import io

from tipslib.grading.course import Course
from tipslib.grading.report import CHANGED, NOTHING, late_words
from tipslib.grading.sheet import harmless


def unfinished(row: dict) -> str:
    """Why a student has no final score, or ""."""
    if row["status"] == "needs-manual-grading":
        return "still to be graded by hand"
    if CHANGED in row["reason"]:
        return "handed in again since it was graded"
    if row["score"] is None:
        return NOTHING if row["reason"] == NOTHING else f"could not be graded ({row['status']}: {row['reason']})"
    return ""


def report_csv(data: dict) -> str:
    """The report as a table for a spreadsheet: a row a student, then the points of each question."""
    cells = list(dict.fromkeys(cell["id"] for row in data["submissions"] for cell in row["cells"]))
    plain = (
        "student",
        "status",
        "score",
        "max_score",
        "raw_score",
        "penalty",
        "submitted",
        "due",
        "extension",
        "reason",
    )
    lines = [[*plain, "flags", *cells]]
    for row in data["submissions"]:
        points = {cell["id"]: cell["score"] for cell in row["cells"]}
        lines.append([*(row[name] for name in plain), "; ".join(row["flags"]), *(points.get(cell) for cell in cells)])
    return _csv(lines)


def grade_list(course: Course, data: dict) -> tuple[str, list[str]]:
    """Final scores alone: username, email, score; and who is left out, and why.

    Moodle's gradebook imports it, https://docs.moodle.org/en/Grade_import.
    """
    with course.gradebook() as gradebook:
        emails = {one.id: one.email for one in gradebook.students}
    lines, left = [["username", "email", data["assignment"]]], []
    for row in data["submissions"]:
        if why := unfinished(row):
            left += [f"{row['student']}: {why}"] if why != NOTHING else []
        else:
            lines.append([row["student"], emails.get(row["student"]) or "", number(row["score"])])
    return _csv(lines), left


def _csv(lines: list[list]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(
        [harmless(value.encode("utf-8", "replace").decode()) if isinstance(value, str) else value for value in line]
        for line in lines
    )
    return out.getvalue()


def comments_of(row: dict) -> str:
    """What failed checks have said, as HTML, which is what Moodle takes for a comment."""
    lines = [f"Score {row['score']:g} of {row['max_score']:g}.", late_words(row)]
    lines += [f"{cell['id']}: {cell['message']}" for cell in row["cells"] if cell["message"]]
    return "<br>".join(html.escape(line).replace("\n", "<br>") for line in lines if line)


def number(value: float, comma: bool = False) -> str:
    """Points as platforms show them: two decimals at most, with a point or a comma."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if comma else text
