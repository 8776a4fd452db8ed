"""The report's shape, which others rely on, and its words; what grades do to it stands in test_autograde.py."""

import json

import pytest

from tests.grading.minicourse import NAME, hand_in
from tests.grading.test_exports import data, row
from tipslib.grading.cli import main
from tipslib.grading.report import late_words, report, table

CONTRACT = {"student", "status", "reason", "score", "max_score", "cells", "flags"}
LATE = {"raw_score", "penalty", "late_seconds", "submitted", "due", "extension"}


def test_everybody_is_in_it(course):
    hand_in(course, "ann", b"{}")
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student("bob")
    told = report(course, NAME)
    assert told.keys() >= {"assignment", "max_score", "submissions"}
    assert [(one["student"], one["status"], one["score"]) for one in told["submissions"]] == [
        ("ann", "failed", None),
        ("bob", "missing", None),
    ]
    for one in told["submissions"]:
        assert one.keys() >= CONTRACT | LATE
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"late_seconds": 90.0}, "late by 2 minutes"),
        ({"late_seconds": 3600.0, "penalty": 0.5}, "late by 1 hour, 8 − 0.5 points for being late"),
        ({"extension": "until Monday"}, "extension until Monday"),
    ],
)
def test_late_words(change, words):
    one = row("ann", 8.0) | change
    assert late_words(one) == words
    assert table(data(one)).endswith(words)


def test_what_has_no_effect_is_said_beside_the_table(course, capsys):
    (course.root / "extensions.csv").write_text("student,assignment,until\nzoe,sums,+1\n", encoding="utf-8")
    assert main(["report", NAME, "--json", "--course", str(course.root)]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["notes"] == ["extensions.csv line 2: no student 'zoe'"]
    assert "no student 'zoe'" in said.err
