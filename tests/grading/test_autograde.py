"""Submissions of every kind, through real kernels and nbgrader's own gradebook."""

import copy
import json
from importlib.metadata import version

import nbformat
import pytest
from nbgrader.preprocessors import AssignLatePenalties

from tests.grading.minicourse import NAME, cell, hand_in, solved
from tipslib.grading.autograde import autograde
from tipslib.grading.course import TipsError
from tipslib.grading.feedback import feedback
from tipslib.grading.report import report, table


def rows(course):
    return {row["student"]: row for row in report(course, NAME)["submissions"]}


def test_a_whole_class(course, released):
    """One run over every kind of submission that one meets; each is checked by its row in the report."""
    full = solved(released)
    without = copy.deepcopy(full)
    without.cells = [each for each in without.cells if each.metadata.nbgrader.grade_id not in ("add-test", "why")]
    doubled = copy.deepcopy(full)
    doubled.cells.insert(2, copy.deepcopy(doubled.cells[1]))
    doubled.cells[1].source = "def add(a, b):\n    return 0"
    doubled.cells[2].id = "another"
    edited = copy.deepcopy(full)
    cell(edited, "twice-test").source = "pass"
    cell(edited, "add-test").metadata.nbgrader.points = 30
    stripped = solved(released, why="Because.")
    for number, each in enumerate(stripped.cells):
        each.metadata, each.id = nbformat.from_dict({}), f"new-{number}"
    stripped.cells.insert(3, nbformat.v4.new_code_cell("add(1, 1)"))
    uses = solved(released, add="from tipslib.scratch import ReLU\ndef add(a, b):\n    return a + b")
    twice_warns = "import sys\ndef twice(a):\n    print('careful', file=sys.stderr)\n    return a * 2"
    handed = {
        "full": full,
        "wrong": solved(released, add="def add(a, b):\n    return abs(a) + abs(b)"),
        "wrote": solved(released, why="Because I say so."),
        "untouched": released,
        "dies": solved(released, add="import os; os._exit(0)  # restart the kernel"),
        "loops": solved(released, twice="def twice(a):\n    while True: pass"),
        "broken": solved(released, add="def add(a, b:\n    return"),
        "empty": b"",
        "text": b"dear professor",
        "json": b"[1, 2]",
        "other": nbformat.writes(nbformat.v4.new_notebook()).encode(),
        "bom": b"\xef\xbb\xbf" + nbformat.writes(full).encode(),
        "lacks": without,
        "doubled": doubled,
        "edited": edited,
        "stripped": stripped,
        "uses": uses,
        "warns": solved(released, twice=twice_warns),
    }
    for student, notebook in handed.items():
        hand_in(course, student, notebook)
    hand_in(course, "renamed", full, "sums (1).ipynb")
    hand_in(course, "pdf", b"%PDF-1.7", "sums.pdf")
    (hand_in(course, "linked", full)).with_name("data.txt").symlink_to("/etc/hostname")
    course.folder("submitted", NAME, "nothing").mkdir(parents=True)
    before = {path: path.read_bytes() for path in course.root.glob("submitted/*/*/*") if not path.is_symlink()}
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student("absent")

    records = autograde(course, NAME)
    assert {record["student"] for record in records} == set(handed) | {"renamed", "pdf", "linked", "nothing"}
    got = rows(course)
    scores = {student: (row["status"], row["score"]) for student, row in got.items()}
    assert scores == {
        "full": ("graded", 5),
        "wrong": ("graded", 2),
        "wrote": ("needs-manual-grading", 5),
        "untouched": ("graded", 0),
        "dies": ("graded", 2),
        "loops": ("graded", 3),
        "broken": ("graded", 2),
        "empty": ("damaged", None),
        "text": ("damaged", None),
        "json": ("damaged", None),
        "other": ("damaged", None),
        "bom": ("graded", 5),
        "lacks": ("graded", 5),
        "doubled": ("graded", 5),
        "edited": ("graded", 5),
        "stripped": ("needs-manual-grading", 5),
        "uses": ("graded", 5),
        "warns": ("graded", 5),
        "renamed": ("graded", 5),
        "pdf": ("missing", None),
        "linked": ("damaged", None),
        "nothing": ("missing", None),
        "absent": ("missing", None),
    }
    reasons = {
        "dies": "the kernel died in cell 2 ('import os; os._exit(0)",
        "empty": "sums.ipynb is empty",
        "text": "not JSON",
        "json": "not a valid notebook",
        "other": "not this assignment's notebook",
        "lacks": "deleted cell add-test was put back; deleted cell why was put back",
        "doubled": "cell add was there twice: the last one counts",
        "stripped": "the nbgrader metadata of 6 cells were lost and put back",
        "renamed": "the file was named sums (1).ipynb",
        "pdf": "no sums.ipynb was handed in; the folder holds sums.pdf",
        "linked": "data.txt is a link",
        "nothing": "the folder holds nothing",
        "absent": "nothing was handed in",
    }
    for student, reason in reasons.items():
        assert reason in got[student]["reason"], student
    assert got["edited"]["flags"] == ["the points of cell add-test were edited", "locked cell twice-test was edited"]
    assert got["uses"]["flags"] == ["cell add uses tipslib.scratch"]
    assert all(row["flags"] == [] for student, row in got.items() if student not in ("edited", "uses"))
    messages = {each["id"]: each for each in got["wrong"]["cells"]}
    assert messages["add-test"]["message"] == "add(1, 2) should be 3" or "negative" in messages["add-test"]["message"]
    assert messages["add-test"]["functions"] == ["add"]
    assert (messages["why"]["score"], messages["why"]["max_score"]) == (0, 5)
    assert {each["id"]: each["score"] for each in got["wrote"]["cells"]}["why"] is None
    assert "not attempted yet" in got["untouched"]["cells"][0]["message"]
    # nothing that could not be graded stands in the gradebook as a zero
    with course.gradebook() as gradebook:
        known = {submission.student_id for submission in gradebook.assignment_submissions(NAME)}
    assert known == {student for student, (_, score) in scores.items() if score is not None}
    # the originals are untouched
    assert {path: path.read_bytes() for path in before} == before

    text = table(report(course, NAME))
    assert all(student in text for student in scores)
    assert "- " in next(line for line in text.splitlines() if line.startswith("empty"))

    pages = feedback(course, NAME)
    assert len(pages) == len(records)
    wrong = course.folder("feedback", NAME, "wrong") / f"{NAME}.html"
    page = wrong.read_text(encoding="utf-8")
    assert "add is wrong for negative numbers" in page, "the message is there"
    assert "HIDDEN" not in page, "the marker is not"
    assert "add(-1.5" not in page, "nor the hidden test"
    assert "the kernel died" in (course.folder("feedback", NAME, "dies") / f"{NAME}.html").read_text(encoding="utf-8")
    empty = (course.folder("feedback", NAME, "empty") / f"{NAME}.html").read_text(encoding="utf-8")
    assert "could not be graded" in empty
    assert "sums.ipynb is empty" in empty


def test_what_is_graded_is_kept_and_what_changed_is_graded_again(course, released):
    hand_in(course, "a", solved(released, add="def add(a, b):\n    return 0"))
    hand_in(course, "b", solved(released))
    autograde(course, NAME)
    path = course.folder("autograded", NAME, "b") / f"{NAME}.ipynb"
    before = path.stat().st_mtime_ns
    hand_in(course, "a", solved(released))
    assert "changed since it was graded" in rows(course)["a"]["reason"]
    autograde(course, NAME)
    assert rows(course)["a"]["score"] == 5
    assert rows(course)["a"]["reason"] == "graded again: 2 points before, 5 now"
    assert path.stat().st_mtime_ns == before, "b was not run again"


def test_a_run_that_was_killed_goes_on(course, released):
    hand_in(course, "a", solved(released))
    autograde(course, NAME)
    # as a kill between the gradebook and the record leaves it
    (course.root / "status" / NAME / "a.json").unlink()
    hand_in(course, "b", solved(released))
    assert [record["status"] for record in autograde(course, NAME)] == ["graded", "graded"]


def test_a_resubmission_that_cannot_be_graded_has_no_score(course, released):
    hand_in(course, "a", solved(released))
    autograde(course, NAME)
    hand_in(course, "a", b"{}")
    autograde(course, NAME)
    assert (rows(course)["a"]["status"], rows(course)["a"]["score"]) == ("damaged", None)
    assert list(course.root.glob("gradebook.db.*")), "the old grade is in a copy of the gradebook"


def test_manual_grades_count_and_are_kept(course, released):
    hand_in(course, "a", solved(released, why="Because."))
    autograde(course, NAME)
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("why", NAME, NAME, "a")
        grade.manual_score, grade.needs_manual_grade = 4, False
        gradebook.db.commit()
    assert (rows(course)["a"]["status"], rows(course)["a"]["score"]) == ("graded", 9)
    autograde(course, NAME)
    assert rows(course)["a"]["score"] == 9


def grade_by_hand(course, cell, points):
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade(cell, NAME, NAME, "a")
        grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


def correct_a_check(course):
    path = course.folder("source", NAME) / f"{NAME}.ipynb"
    text = path.read_text(encoding="utf-8")
    assert text.count("add(-1.5, 1) == -0.5") == 1
    path.write_text(text.replace("add(-1.5, 1) == -0.5", "add(2.5, 1) == 3.5"), encoding="utf-8")


def test_manual_grades_are_settled_while_the_answer_is_the_same(course, released):
    hand_in(course, "a", solved(released, why="Because."))
    autograde(course, NAME)
    grade_by_hand(course, "why", 4)
    correct_a_check(course)
    [record] = autograde(course, NAME)
    assert record["reason"] == ""
    assert (rows(course)["a"]["status"], rows(course)["a"]["score"]) == ("graded", 9)
    hand_in(course, "a", solved(released, why="Because.", twice="def twice(a):\n    return 0"))
    [record] = autograde(course, NAME)
    assert record["reason"] == "graded again: 9 points before, 7 now"
    hand_in(course, "a", solved(released, why="Or not."))
    [record] = autograde(course, NAME)
    said = "cell why: 4 points by hand are kept, but the answer has changed; look at it"
    assert record["reason"] == f"graded again: 7 points before, 9 now; {said}"
    assert (rows(course)["a"]["status"], rows(course)["a"]["score"]) == ("needs-manual-grading", 9)


def test_a_corrected_check_asks_for_the_points_by_hand_in_its_place(course, released):
    hand_in(course, "a", solved(released, add="def add(a, b):\n    return abs(a) + abs(b)"))
    autograde(course, NAME)
    grade_by_hand(course, "add-test", 1)
    correct_a_check(course)
    [record] = autograde(course, NAME)
    assert record["reason"] == "cell add-test: 1 points by hand are kept, but the check gives 3 now; look at it"
    assert (rows(course)["a"]["status"], rows(course)["a"]["score"]) == ("needs-manual-grading", 3)


def test_a_step_of_nbgrader_that_fails_leaves_nothing_behind(course, released, monkeypatch):
    for student in ("a", "b"):
        hand_in(course, student, solved(released))
    step = AssignLatePenalties.preprocess

    def fail_for_b(self, nb, resources):
        if resources["nbgrader"]["student"] == "b":
            raise RuntimeError("no penalty for b")
        return step(self, nb, resources)

    with monkeypatch.context() as patched:
        patched.setattr(AssignLatePenalties, "preprocess", fail_for_b)
        records = {record["student"]: record for record in autograde(course, NAME)}
    assert records["a"]["status"] == "graded"
    assert records["b"]["status"] == "failed"
    assert "no penalty for b" in records["b"]["reason"]
    with course.gradebook() as gradebook:
        assert [one.student_id for one in gradebook.assignment_submissions(NAME)] == ["a"]
    assert not course.folder("autograded", NAME, "b").exists()
    autograde(course, NAME)
    assert rows(course)["b"]["score"] == 5


def test_the_longest_name_of_a_folder_is_a_student(course, released):
    student = "s" * 255
    hand_in(course, student, solved(released))
    [record] = autograde(course, NAME)
    assert (record["status"], rows(course)[student]["score"]) == ("graded", 5)
    assert len(feedback(course, NAME)) == 1


def test_the_record_names_the_version_of_the_checks(course, released):
    hand_in(course, "a", solved(released))
    [before] = autograde(course, NAME)
    assert before["checker"]["tipslib"] == version("tipslib")
    correct_a_check(course)
    [after] = autograde(course, NAME)
    assert before["checker"]["checks"] != after["checker"]["checks"]


def test_one_student_only(course, released):
    for student in ("a", "b"):
        hand_in(course, student, solved(released))
    assert [record["student"] for record in autograde(course, NAME, student="b")] == ["b"]
    assert rows(course)["a"]["status"] == "failed"
    assert "not autograded yet" in rows(course)["a"]["reason"]
    with pytest.raises(TipsError, match="no submission of 'c'"):
        autograde(course, NAME, student="c")


def test_files_beside_the_notebook_reach_the_kernel(course, released):
    reads = "def twice(a):\n    return int(open('factor.txt').read()) * a"
    hand_in(course, "a", solved(released, twice=reads)).with_name("factor.txt").write_text("2", encoding="utf-8")
    autograde(course, NAME)
    assert rows(course)["a"]["score"] == 5


def test_the_report_is_json(course, released):
    hand_in(course, "a", solved(released))
    autograde(course, NAME)
    data = json.loads(json.dumps(report(course, NAME)))
    assert data["assignment"] == NAME
    assert data["max_score"] == 10
    assert data["submissions"][0].keys() >= {"student", "status", "reason", "score", "max_score", "cells", "flags"} | {
        "protection"
    }
