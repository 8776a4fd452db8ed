"""Late work: times and their zones, extensions, penalties, in tips and in nbgrader alone."""

import subprocess
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from dateutil import tz
from nbgrader.api import Gradebook
from traitlets.config import Config

from tests.grading.minicourse import NAME, hand_in, solved
from tipslib.grading.autograde import autograde
from tipslib.grading.course import CONFIG, Course, TipsError
from tipslib.grading.extensions import Extension, extensions
from tipslib.grading.late import Lateness, LatePenalty
from tipslib.grading.report import late_words, report
from tipslib.grading.sandbox import why_not
from tipslib.grading.times import read_time, span

BERLIN = tz.gettz("Europe/Berlin")
DUE = datetime(2026, 3, 27, 17)  # naive and UTC, as nbgrader keeps it: 18:00 in Berlin, two days before summer time
SETTINGS = """
c.AssignLatePenalties.plugin_class = "tipslib.grading.late.LatePenalty"
c.LatePenalty.per_day = 20
c.LatePenalty.grace_minutes = 30
c.LatePenalty.cap = 50
c.Exchange.timezone = "Europe/Berlin"
"""
UNSANDBOXED = why_not() is not None


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01 12:00:00.123 CEST", "2026-07-01 10:00"),  # nbgrader writes this and reads 12:00
        ("2026-03-01 12:00:00 +0200", "2026-03-01 10:00"),  # nbgrader reads 11:56
        ("2026-03-01T12:00:00-05:00", "2026-03-01 17:00"),
        ("2026-03-01 12:00:00 Europe/Berlin", "2026-03-01 11:00"),
        ("2026-03-01 12:00:00 UTC\n", "2026-03-01 12:00"),
        ("2026-03-01 12:00:00", "2026-03-01 12:00"),
        ("2026-10-25 02:30:00 CEST", "2026-10-25 00:30"),  # this hour comes twice
        ("2026-10-25 02:30:00 CET", "2026-10-25 01:30"),
        ("Wednesday, 4 March 2026, 9:00 PM", "2026-03-04 21:00"),
    ],
)
def test_times(text, utc):
    assert f"{read_time(text, BERLIN).astimezone(UTC):%Y-%m-%d %H:%M}" == utc


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026", "March 2026", "2026-13-45", "1772366400", "2026-03-01 12:00 XYZT", "x" * 99999]
)
def test_what_is_no_time_is_not_guessed(text):
    with pytest.raises(ValueError, match=r"."):
        read_time(text, BERLIN)


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("2026-03-30", "2026-03-30 21:59"),  # the end of that day in Berlin
        ("2026-03-30 18:00", "2026-03-30 16:00"),
        ("2026-03-30T18:00Z", "2026-03-30 18:00"),
        ("+3", "2026-03-30 16:00"),  # 18:00 again, although a day had 23 hours
        ("+3 days", "2026-03-30 16:00"),
        ("+ 1.5d", "2026-03-29 04:00"),
        ("+72 hours", "2026-03-30 17:00"),
    ],
)
def test_extensions_are_a_time_or_an_addition(until, end):
    extension = Extension("ann", NAME, until, "", 2)
    assert f"{extension.end(DUE.replace(tzinfo=UTC), BERLIN).astimezone(UTC):%Y-%m-%d %H:%M}" == end


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("student,assignment,until\nann,sums,2\n", "line 2: '2' is no date: write 2026-03-05"),
        ("student,assignment,until\nann,sums,30.3.2026\n", "line 2: '30.3.2026'"),
        ("student,assignment,until\n\nann,sums,\n", "line 3: ''"),
        ("student,assignment,until\nann,sums,+1\nann,sums,+2\n", "line 3: ann has two extensions of sums"),
        ("who,assignment,until\nann,sums,+1\n", "no column student"),
        ("", "no column"),
    ],
)
def test_a_table_that_is_not_understood_names_its_line(tmp_path, text, message):
    (tmp_path / "extensions.csv").write_text(text, encoding="utf-8")
    with pytest.raises(TipsError, match=message):
        extensions(tmp_path)


def test_a_table_as_a_spreadsheet_saves_it(tmp_path):
    (tmp_path / "extensions.csv").write_bytes(
        '\ufeffstudent;assignment;until;reason\r\nann;*;+2 days;ill; "sehr"\r\n;;;\r\n'.encode()
    )
    assert extensions(tmp_path)["ann", "*"].reason == "ill"
    assert len(extensions(tmp_path)) == 1
    assert extensions(tmp_path / "nowhere") == {}


@pytest.mark.parametrize(
    ("seconds", "percent"),
    [(0, 0), (60, 0), (1800, 0), (1801, 20), (86400, 20), (86401, 40), (2 * 86400 + 1, 50), (10**9, 50)],
)
def test_percent(seconds, percent):
    assert LatePenalty(per_day=20, grace_minutes=30, cap=50).percent(seconds) == percent


def test_points():
    assert LatePenalty(per_day=10).points(1, 8.0, 10.0) == 0.8
    assert LatePenalty(per_day=10, of="max_score").points(1, 8.0, 10.0) == 1.0
    assert LatePenalty(per_day=60, of="max_score").points(1, 5.0, 10.0) == 5.0, "never below zero"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 minutes"), (61, "2 minutes"), (90000, "1 day 1 hour")])
def test_span(seconds, text):
    assert span(seconds) == text


def submission(timestamp=None, due=DUE, extension=None):
    assignment = SimpleNamespace(name=NAME, duedate=due)
    after = due + extension if due and extension else due
    fields = {"timestamp": timestamp, "extension": extension, "duedate": after}
    return SimpleNamespace(assignment=assignment, student_id="ann", **fields)


def test_lateness(tmp_path):
    def lateness(one, stamp=None, table=""):
        folder = tmp_path / "submitted" / "ann" / NAME
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "timestamp.txt").unlink(missing_ok=True)
        if stamp is not None:
            (folder / "timestamp.txt").write_text(stamp, encoding="utf-8")
        (tmp_path / "extensions.csv").write_text(f"student,assignment,until,reason\n{table}\n", encoding="utf-8")
        return Lateness.of(one, tmp_path, "submitted", Config({"Exchange": {"timezone": "Europe/Berlin"}}))

    assert lateness(submission(), "2026-03-27 18:01 CET").seconds == 60
    assert lateness(submission(DUE)).seconds == 0
    assert lateness(submission()).submitted is None
    assert lateness(submission(due=None), "2026-03-27 18:01 CET").seconds == 0
    granted = lateness(submission(), "2026-03-27 18:01 CET", "ann,sums,+1,ill")
    assert (granted.seconds, granted.extension) == (0, "until 2026-03-28 18:00 CET (ill)")
    own = lateness(submission(), "2026-03-30 18:00 CEST", "ann,*,+9,all\nann,sums,+1,this")
    assert own.extension.endswith("(this)"), "what is said of the assignment counts"
    assert own.seconds == (3 * 24 - 1 - 24) * 3600
    early = lateness(submission(), "2026-03-27 18:01 CET", "ann,sums,2026-03-20,typo")
    assert (early.seconds, early.problem) == (60, "extensions.csv line 2: the extension ends before the due date")
    assert "no due date" in lateness(submission(due=None), table="ann,sums,+1,x").problem
    unread = lateness(submission(DUE), "soon")
    assert (unread.submitted, unread.seconds) == (None, 0)
    assert "it is not known whether this is late: timestamp.txt holds no time" in unread.problem


@pytest.fixture
def late_course(course, released):
    """Penalties are on; six students hand in at different times, all with 5 points but one."""
    with (course.root / CONFIG).open("a", encoding="utf-8") as file:
        file.write(SETTINGS)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate=DUE)
    stamps = {
        "punctual": "2026-03-27 17:59:59 CET",
        "grace": "2026-03-27 18:29:00 CET",
        "late": "2026-03-28 20:00:00 CET",
        "ill": "2026-03-28 20:00:00 CET",
        "unread": "soon",
        "none": None,
    }
    for student, stamp in stamps.items():
        path = hand_in(course, student, solved(released, why="Because." if student == "late" else "### BEGIN"))
        if stamp is not None:
            path.with_name("timestamp.txt").write_text(stamp, encoding="utf-8")
    (course.root / "extensions.csv").write_text(
        "student,assignment,until,reason\nill,sums,+2 days,ill\nghost,sums,+1,\n", encoding="utf-8"
    )
    return Course(course.root)


def test_penalties_in_tips(late_course):
    autograde(late_course, NAME, unsandboxed=UNSANDBOXED)
    data = report(late_course, NAME)
    rows = {row["student"]: row for row in data["submissions"]}
    got = {student: (row["raw_score"], row["penalty"], row["score"]) for student, row in rows.items()}
    assert got == {
        "punctual": (5, 0, 5),
        "grace": (5, 0, 5),
        "late": (5, 2, 3),
        "ill": (5, 0, 5),
        "unread": (5, 0, 5),
        "none": (5, 0, 5),
    }
    assert rows["late"]["late_seconds"] == 26 * 3600
    assert late_words(rows["late"]) == "late by 1 day 2 hours, 5 − 2 points for being late"
    assert late_words(rows["ill"]) == "extension until 2026-03-29 18:00 CEST (ill)"
    assert rows["late"]["submitted"] == "2026-03-28T20:00:00+01:00"
    assert rows["ill"]["due"] == "2026-03-29T18:00:00+02:00"
    assert "not known whether this is late" in rows["unread"]["flags"][0]
    assert "there is no timestamp.txt" in rows["none"]["flags"][0]
    assert data["notes"] == ["extensions.csv line 3: no student 'ghost'"]

    # A grade by hand raises the score, and with it the penalty; nbgrader's own follows with the next run.
    with late_course.gradebook() as gradebook:
        grade = gradebook.find_grade("why", NAME, NAME, "late")
        grade.manual_score, grade.needs_manual_grade = 5, False
        gradebook.db.commit()
        assert gradebook.find_submission(NAME, "late").late_submission_penalty == 2
    assert {r["student"]: r["score"] for r in report(late_course, NAME)["submissions"]}["late"] == 6
    notebook = late_course.folder("autograded", NAME, "late") / f"{NAME}.ipynb"
    before = notebook.stat().st_mtime_ns
    autograde(late_course, NAME, unsandboxed=UNSANDBOXED)
    with late_course.gradebook() as gradebook:
        assert gradebook.find_submission(NAME, "late").late_submission_penalty == 4
        assert gradebook.find_submission(NAME, "ill").timestamp == datetime(2026, 3, 28, 19)

    # An extension granted afterwards takes it away, and nothing runs again.
    table = late_course.root / "extensions.csv"
    table.write_text("student,assignment,until,reason\nlate,*,+36 hours,\n", encoding="utf-8")
    autograde(late_course, NAME, unsandboxed=UNSANDBOXED)
    assert notebook.stat().st_mtime_ns == before
    with late_course.gradebook() as gradebook:
        assert not gradebook.find_submission(NAME, "late").late_submission_penalty
    assert {r["student"]: r["penalty"] for r in report(late_course, NAME)["submissions"]}["late"] == 0

    table.write_text("student,assignment,until,reason\nlate,sumz,+1,\n", encoding="utf-8")
    with pytest.raises(TipsError, match=r"line 2: no assignment 'sumz'; did you mean 'sums'\?"):
        autograde(late_course, NAME, unsandboxed=UNSANDBOXED)


def test_penalties_in_nbgrader_alone(late_course):
    for student in ("grace", "unread", "none"):
        for path in late_course.folder("submitted", NAME, student).iterdir():
            path.unlink()
        late_course.folder("submitted", NAME, student).rmdir()
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", NAME],
        cwd=late_course.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with Gradebook(late_course.db_url) as gradebook:
        penalties = {one.student_id: one.late_submission_penalty for one in gradebook.assignment_submissions(NAME)}
    assert penalties == {"punctual": 0, "late": 2, "ill": 0}
