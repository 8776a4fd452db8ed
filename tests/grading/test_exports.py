"""Exports: files of learning platforms come back with scores in one column and every other byte as it was."""

import csv
import io

import numpy as np
import pytest

from tests.grading.minicourse import NAME
from tipslib.grading import cli
from tipslib.grading.course import TipsError
from tipslib.grading.exports import grade_list, report_csv
from tipslib.grading.platforms import fill_canvas, fill_moodle
from tipslib.grading.sheet import Sheet

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Sums (4711),Other (4712),Current Score,Final Score
,,,,,Manual Posting,,,
    Points Possible,,,,,10.00,5.00,(read only),(read only)
"Doe, Ann",101,s1,ann,A,,3.00,60.00,60.00
"Doe, Ann",102,s2,ann2,"A ""and"" B",7.00,,,
"Ümit, Çem",103,s3,cem,A,EX,N/A,,
"Roe, Dee",104,s4,dee,A,2.00,1.00,,
"Poe, Eva",105,s5,eva,A,2.00,1.00,,
"Student, Test",199,,a1b2c3,A,,,,
"""

MOODLE = """\
Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,\
Last modified (submission),Last modified (grade),Feedback comments
Participant 17,Ann Doe,,ann@example.edu,Submitted for grading - ,,10.00,Yes,"Monday, 2 March 2026, 9:00 PM",-,
Participant 18,Ann Doe,ann2,ann2@example.edu,Submitted for grading - ,7.00,10.00,Yes,-,-,Well done
Participant 19,Cem Ümit,cem,cem@example.edu,No submission - ,,10.00,No,-,-,
Participant 20,Dee Roe,dee,dee@example.edu,No submission - ,2.00,10.00,Yes,-,-,
Participant 21,Fay Moe,fay,fay@example.edu,No submission - ,,10.00,Yes,-,-,
"""


def row(student: str, score: float | None, status: str = "graded", reason: str = "", message: str = "") -> dict:
    cells = [{"id": "add-test", "functions": ["add"], "score": score, "max_score": 10, "message": message}]
    late = {"raw_score": score, "penalty": 0.0, "late_seconds": 0.0, "submitted": "", "due": "", "extension": ""}
    own = {"student": student, "status": status, "reason": reason, "score": score, "max_score": 10.0, "flags": []}
    return own | {"cells": [] if score is None else cells} | late


def data(*rows: dict, max_score: float = 10.0) -> dict:
    return {"assignment": NAME, "max_score": max_score, "submissions": list(rows), "notes": []}


CLASS = data(
    row("ann", 8.5),
    row("ann2", 9.0, message="add(<1>, 2)\n=HYPERLINK & co"),
    row("cem", 5.0),
    row("dee", 4.0, "needs-manual-grading"),
    row("eva", None, "missing", "nothing was handed in"),
    row("fay", 9.0, reason="changed since it was graded: run `tips autograde sums`"),
    row("gus", None, "damaged", "sums.ipynb is empty"),
)


def write(tmp_path, text: str, encoding: str = "utf-8"):
    path = tmp_path / "export.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_canvas_gradebook_is_filled_in_and_nothing_else_changes(course, tmp_path):
    filled = fill_canvas(course, CLASS, write(tmp_path, CANVAS))
    expected = CANVAS.replace(",A,,3.00", ",A,8.5,3.00").replace(",7.00,,,", ",9,,,")
    assert filled.content.decode() == expected
    assert filled.column == "Sums (4711)"
    assert filled.filled == ["ann", "ann2"]
    assert filled.replaced == ["ann2: 7.00 became 9"]
    assert filled.left == ["cem: excused in Canvas", "dee: still to be graded by hand"]
    assert filled.nothing == ["eva"], "a score that was there is kept"
    assert filled.no_row == ["fay", "gus"]
    assert filled.no_student == ["line 9, Student, Test: no student here"]
    assert not filled.complete


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "latin-1", "utf-8"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_ends_of_lines_are_kept(course, tmp_path, encoding, end):
    text = CANVAS.replace("Ç", "C").replace("\n", end)
    content = fill_canvas(course, CLASS, write(tmp_path, text, encoding)).content
    assert content == text.replace(",A,,3.00", ",A,8.5,3.00").replace(",7.00,,,", ",9,,,").encode(encoding)


def test_where_columns_are_separated_by_semicolons_decimals_have_commas(course, tmp_path):
    text = "Student;ID;SIS Login ID;Section;Sums (1)\n    Points Possible;;;;10,00\nDoe;5;ann;A;\n"
    content = fill_canvas(course, data(row("ann", 8.25)), write(tmp_path, text)).content.decode()
    assert content.endswith("Doe;5;ann;A;8,25\n")


def test_first_and_last_names_apart_and_more_ids(course, tmp_path):
    text = "LastName,FirstName,ID,SIS User ID,SIS Login ID,Integration ID,Section,Notes,Sums (1)\n"
    text += "    Points Possible,,,,,,,,10\nDoe,Ann,5,x,y,ANN,A,likes = signs,\n"
    content = fill_canvas(course, data(row("ann", 3.0)), write(tmp_path, text)).content.decode()
    assert content.endswith("Doe,Ann,5,x,y,ANN,A,likes = signs,3\n")


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (("Sums (4711)", "Totals (4711)"), {}, "no columns for the assignment 'sums'.*'Totals .4711.', 'Other .4712.'"),
        (("Other (4712)", "sums (4712)"), {}, "2 columns"),
        (("10.00", "20.00"), {}, "at most 20 points, the assignment has 10"),
        (("10.00", "(read only)"), {}, "read only"),
        (("ID,SIS User ID,SIS Login ID", "a,b,c"), {}, "no column ID, SIS User ID.*--match; its columns are: Student"),
        (("", ""), {"match": "Nosuch"}, "no column 'Nosuch'"),
        (("", ""), {"students": "map"}, "line 2: no student 'zoe'"),
    ],
)
def test_what_cannot_be_filled_in_is_refused_with_a_reason(course, tmp_path, change, options, message):
    if "students" in options:
        options = {"students": tmp_path / "map.csv"}
        options["students"].write_text("student,email\nzoe,x@y\n", encoding="utf-8")
    with pytest.raises(TipsError, match=message):
        fill_canvas(course, CLASS, write(tmp_path, CANVAS.replace(*change)), **options)


@pytest.mark.parametrize("content", [b"PK\x03\x04...", b"", b"  \n", b"one column\nonly\n"])
def test_no_table(course, tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(TipsError, match=r"x\.csv"):
        fill_canvas(course, CLASS, path)


def test_a_row_that_is_too_short_is_no_reason_to_lose_it(course, tmp_path):
    with pytest.raises(TipsError, match="line 4 has 3 columns, its first line 9"):
        fill_canvas(course, CLASS, write(tmp_path, CANVAS.replace(",101,s1,ann,A,,3.00,60.00,60.00", ",101,ann")))


def test_the_column_by_title_or_id_and_scores_converted(course, tmp_path):
    for column in ("Other", "4712", "Other (4712)"):
        filled = fill_canvas(course, CLASS, write(tmp_path, CANVAS), column=column, scale=True)
        rows = list(csv.DictReader(io.StringIO(filled.content.decode())))
        assert [row["Other (4712)"] for row in rows] == ["", "5.00", "4.25", "4.5", "N/A", "1.00", "1.00", ""]
        assert "cem: does not have this assignment in Canvas" in filled.left


def test_who_is_who(course, tmp_path):
    """By the gradebook's addresses, by a table; never by a guess."""
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student("u1", email="Ann@Example.edu")
        gradebook.update_or_create_student("u2", lms_user_id="102")
    text = CANVAS.replace("ann,A", "ann@example.edu,A")
    three = data(row("u1", 1.0), row("u2", 2.0), row("u4", 4.0))
    filled = fill_canvas(course, three, write(tmp_path, text))
    assert filled.filled == ["u1", "u2"]
    assert filled.no_row == ["u4"]
    table = tmp_path / "who.csv"
    table.write_text("student;canvas\nu4;104\nu1;102\n", encoding="utf-8")
    filled = fill_canvas(course, three, write(tmp_path, text), students=table)
    # Line 5 is u1's by the table, and line 4 by the address.
    assert filled.filled == ["u4"]
    assert filled.left == ["u1: has several rows: line 4", "u1: has several rows: line 5"]
    # One student's id is another one's login.
    both = data(row("ann", 1.0), row("102", 2.0), row("ann2", 3.0))
    filled = fill_canvas(course, both, write(tmp_path, CANVAS))
    assert filled.filled == ["ann"]
    assert "line 5, Doe, Ann: could be 102 or ann2" in filled.no_student
    filled = fill_canvas(course, both, write(tmp_path, CANVAS), match="SIS Login ID")
    assert filled.filled == ["ann", "ann2"]


def test_a_moodle_worksheet_is_filled_in(course, tmp_path):
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student("ann", email="ann@example.edu")
    filled = fill_moodle(course, CLASS, write(tmp_path, MOODLE))
    expected = MOODLE.replace("grading - ,,10.00", "grading - ,8.5,10.00").replace("7.00,10", "9,10")
    assert filled.content.decode() == expected
    assert filled.left == [
        "cem: cannot be changed in Moodle",
        "dee: still to be graded by hand",
        "fay: handed in again since it was graded",
    ]
    assert filled.no_row == ["gus"]
    by_number = data(row("17", 1.0), row("Participant 18", 2.0))
    assert fill_moodle(course, by_number, write(tmp_path, MOODLE)).filled == ["17", "Participant 18"]


def test_comments_are_html_that_runs_nothing_and_replace_none(course, tmp_path):
    worksheet = MOODLE.replace("Well done", "").replace("ann@example.edu,Submitted", "ann,Submitted", 1)
    one = data(row("ann", 5.0, message="<script>alert(1)</script>"), CLASS["submissions"][1])
    content = fill_moodle(course, one, write(tmp_path, worksheet), comments=True).content.decode()
    rows = {row["Identifier"]: row["Feedback comments"] for row in csv.DictReader(io.StringIO(content))}
    assert rows["Participant 17"] == "Score 5 of 10.<br>add-test: &lt;script&gt;alert(1)&lt;/script&gt;"
    assert rows["Participant 18"] == "Score 9 of 10.<br>add-test: add(&lt;1&gt;, 2)<br>=HYPERLINK &amp; co"
    kept = fill_moodle(course, one, write(tmp_path, MOODLE), comments=True).content.decode()
    assert "Well done" in kept
    with pytest.raises(TipsError, match="no column 'Feedback comments'"):
        fill_moodle(course, one, write(tmp_path, MOODLE.replace("Feedback comments", "x")), comments=True)


def test_a_worksheet_in_another_language(course, tmp_path):
    text = "ID,Vollständiger Name,Bewertung\nTeilnehmer/in17,Ann,\n".replace("ID,", "Kennung,")
    one = data(row("Teilnehmer/in17", 5.0))
    with pytest.raises(TipsError, match="no column 'Grade': name the column of grades with --column"):
        fill_moodle(course, one, write(tmp_path, text))
    content = fill_moodle(course, one, write(tmp_path, text), column="Bewertung", match="Kennung").content.decode()
    assert content.endswith("Ann,5\n")


def test_any_sheet_any_cell(tmp_path):
    """Fill random cells of random sheets: those have the new values, and all others the old ones."""
    rng = np.random.default_rng(0)
    pieces = ['"', ",", ";", "\n", "a", "ü", " ", "=1", "", "'", "\t", "\r\n"]
    for number in range(200):
        width, height = rng.integers(2, 5), rng.integers(1, 6)
        table = [["".join(rng.choice(pieces, rng.integers(0, 5))) for _ in range(width)] for _ in range(height)]
        table.insert(0, [f"h{column}" for column in range(width)])
        out = io.StringIO()
        quoting = csv.QUOTE_ALL if number % 2 else csv.QUOTE_MINIMAL
        csv.writer(out, delimiter=",;\t"[number % 3], quoting=quoting, lineterminator="\r\n").writerows(table)
        sheet = Sheet(write(tmp_path, out.getvalue()))
        assert sheet.content() == out.getvalue().encode()
        # Rows without anything in them are left out.
        values = [[value.strip() for value in row] for row in table[1:]]
        assert [row for row in sheet.rows if any(row)] == [row for row in values if any(row)]
        if not sheet.rows:
            continue
        place, column, value = rng.integers(len(sheet.rows)), int(rng.integers(width)), rng.choice(['x"y', "1,5", "7"])
        sheet.fill(int(place), column, str(value))
        again = Sheet(write(tmp_path, sheet.content().decode()))
        before, after = [list(row) for row in sheet.rows], again.rows
        before[place][column] = str(value)
        assert after == before


def test_a_large_class_in_which_all_have_one_name(course, tmp_path):
    lines = ["Student,ID,SIS User ID,SIS Login ID,Section,Sums (1)", "    Points Possible,,,,,10"]
    lines += [f'"Kim, Min",{n},s{n},u{n},A,' for n in range(5000)]
    everybody = data(*(row(f"u{n}", n % 11) for n in range(5000)))
    filled = fill_canvas(course, everybody, write(tmp_path, "\n".join(lines)))
    assert filled.complete
    got = filled.content.decode().splitlines()
    assert got[2:] == [f"{line}{n % 11}" for n, line in enumerate(lines[2:])]


def test_no_cell_of_a_csv_is_a_formula():
    text = report_csv(data(row("=cmd|' /C calc'!A0", 1.0), row("@x", None, "damaged", "+1\n=2"), row("-1", -0.5)))
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][:4] == ["student", "status", "score", "max_score"]
    assert rows[0][-1] == "add-test"
    assert [line[0] for line in rows[1:]] == ["'=cmd|' /C calc'!A0", "'@x", "'-1"]
    assert rows[2][2] == "", "what could not be graded is no number"
    assert rows[3][2] == "-0.5", "a number stays a number"


def test_a_list_of_final_scores(course):
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student("ann", email="ann@example.edu")
    text, left = grade_list(course, CLASS)
    expected = [["username", "email", NAME], ["ann", "ann@example.edu", "8.5"], ["ann2", "", "9"], ["cem", "", "5"]]
    assert list(csv.reader(io.StringIO(text))) == expected
    assert left[1] == "fay: handed in again since it was graded"
    assert left[::2] == ["dee: still to be graded by hand", "gus: could not be graded (damaged: sums.ipynb is empty)"]


def test_the_commands(course, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tipslib.grading.report.report", lambda course, name: CLASS)
    path, where = write(tmp_path, CANVAS), ["--course", str(course.root)]
    assert cli.main(["report", NAME, "--canvas", str(path), *where]) == 2
    said = capsys.readouterr()
    assert "2 scores filled in, column 'Sums (4711)'" in said.out
    assert "left as it was: dee: still to be graded by hand" in said.err
    assert "only in export.csv: line 9, Student, Test: no student here" in said.err
    assert b"8.5" in (tmp_path / "export-filled.csv").read_bytes()
    assert "nothing was handed in: eva" in said.err
    assert path.read_bytes() == CANVAS.encode()
    assert cli.main(["report", NAME, "--canvas", str(path), "--out", str(path), *where]) == 1
    assert path.read_bytes() == CANVAS.encode()
    assert cli.main(["report", NAME, "--grades", *where]) == 2
    assert cli.main(["report", NAME, "--csv", "--out", str(tmp_path / "all.csv"), *where]) == 0
    assert (tmp_path / "all.csv").read_bytes().startswith(b"\xef\xbb\xbfstudent,status")
    assert cli.main(["report", NAME, "--moodle", str(tmp_path / "nosuch.csv"), *where]) == 1
