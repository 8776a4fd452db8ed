"""Report: every student's status, score and messages for one assignment."""

import json
import re

import nbformat
from nbgrader.api import MissingEntry

from tipslib.grading.autograde import fingerprint, record_path
from tipslib.grading.behaviour import KNOWN
from tipslib.grading.contract import functions_by_cell, grade_id
from tipslib.grading.course import Course
from tipslib.grading.extensions import check_extensions
from tipslib.grading.groups import Names
from tipslib.grading.late import Lates
from tipslib.grading.plan import digest
from tipslib.grading.times import span

NOTHING = "nothing was handed in"  # the reason of a missing submission
CHANGED = "changed since it was graded"  # in the reason of an old grade
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def report(course: Course, name: str) -> dict:
    """The state of an assignment, as plain data.

    Returns: ``{"assignment", "max_score", "submissions": [{"student", "status", "reason", "score", "max_score",
    "cells": [{"id", "functions", "score", "max_score", "message"}], "flags": [], "protection", "raw_score", "penalty",
    "late_seconds", "submitted", "due", "extension"}], "notes": []}``.
    Status is one of graded, needs-manual-grading (the score holds the automatic points so far), failed, damaged,
    missing (score None). ``score`` is ``raw_score`` less the ``penalty`` for being late (see late.py); ``notes`` say
    what in the course's files can have no effect.
    Raises: TipsError for an assignment that does not exist or is not released, or a file of the course with errors.
    """
    course.released(name)
    functions: dict[str, list[str]] = {}
    for source in course.notebooks("source", name).values():
        functions |= functions_by_cell(source)
    students = course.students(name)
    notes, lates, names = check_extensions(course, students), Lates(course), Names(course, name)
    with course.gradebook() as gradebook:
        max_score = gradebook.find_assignment(name).max_score
        assignment = digest(course, name)
        rows = [
            _row(course, gradebook, name, student, max_score, assignment, functions, lates, names)
            for student in students
        ]
    return {"assignment": name, "max_score": max_score, "submissions": rows, "notes": notes}


def _row(
    course: Course,
    gradebook,
    name: str,
    student: str,
    max_score: float,
    assignment: str,
    functions: dict,
    lates: Lates,
    names: Names,
) -> dict:
    path = record_path(course, name, student)
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    row: dict = {"student": student, "status": "missing", "reason": NOTHING, "score": None}
    row |= {"max_score": max_score, "cells": [], "flags": [], "protection": ""}
    row |= {"raw_score": None, "penalty": 0.0, "late_seconds": 0.0, "submitted": "", "due": "", "extension": ""}
    if not course.folder("submitted", name, student).exists():
        return row
    row |= {"status": "failed", "reason": f"not autograded yet: run `tips autograde {name}`"}
    if record is not None:
        row |= {key: record[key] for key in ("status", "reason", "flags", "protection")}
        if record["digest"] != fingerprint(course, name, student, assignment):
            changed = f"{CHANGED}: run `tips autograde {name}`"
            row["reason"] = "; ".join(filter(None, (record["reason"], changed)))
    try:
        submission = gradebook.find_submission(name, student)
    except (MissingEntry, UnicodeEncodeError):  # a name that is no text is not in the gradebook
        return row
    if record is None:
        # nbgrader's own autograde was used; its grades count as well.
        row["reason"] = ""
    if record is None or record["status"] == "graded":
        row["status"] = "needs-manual-grading" if submission.needs_manual_grade else "graded"
        late, problem = lates.row(submission)
        row |= late
        row["flags"] = [*row["flags"], *([problem] if problem else [])]
        row["cells"] = [
            cell for notebook in submission.notebooks for cell in _cells(course, name, student, notebook, functions)
        ]
        for cell in row["cells"]:
            seen = (record or {}).get("seen", {}).get(cell["id"], ())
            said = [names.text(one) for one in seen if not one["mistake"]]
            cell["message"] = "\n".join([cell["message"], *(KNOWN + text for text in said if text)])
    return row


def _cells(course: Course, name: str, student: str, notebook, functions: dict) -> list[dict]:
    path = course.folder("autograded", name, student) / f"{notebook.name}.ipynb"
    cells = nbformat.read(path, as_version=4).cells if path.exists() else []
    messages = {grade_id(cell): _message(cell) for cell in cells if grade_id(cell)}
    order = {identifier: position for position, identifier in enumerate(messages)}
    return [
        {
            "id": grade.name,
            "functions": functions.get(grade.name, []),
            "score": None if grade.needs_manual_grade and grade.manual_score is None else grade.score,
            "max_score": grade.max_score,
            "message": messages.get(grade.name, ""),
        }
        for grade in sorted(notebook.grades, key=lambda grade: order.get(grade.name, len(order)))
    ]


def _message(cell) -> str:
    """What a failed test said: the error's text, without its traceback."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            text = output.evalue if output.ename == "AssertionError" else f"{output.ename}: {output.evalue}"
            return ANSI.sub("", text).strip() or output.ename
    return ""


def late_words(row: dict) -> str:
    """How late a submission is, what that costs, and its extension, in words; "" for one in time."""
    words = []
    if row["late_seconds"]:
        words.append(f"late by {span(row['late_seconds'])}")
    if row["penalty"]:
        words.append(f"{row['raw_score']:g} − {row['penalty']:g} points for being late")
    if row["extension"]:
        words.append(f"extension {row['extension']}")
    return ", ".join(words)


def table(data: dict) -> str:
    """The report as lines of text, one student each."""
    header = ["student", "status", "score", "note"]
    rows = [header]
    for row in data["submissions"]:
        score = "-" if row["score"] is None else f"{row['score']:g} / {row['max_score']:g}"
        notes = [late_words(row), row["reason"], *row["flags"]]
        rows.append([row["student"], row["status"], score, "; ".join(note for note in notes if note)])
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in [*widths, 4]))
    return "\n".join(line.rstrip() for line in lines)
