"""The command line as a user meets it: exit codes, messages, help."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.grading.minicourse import NAME, hand_in, make_course, solved
from tipslib.grading import plan
from tipslib.grading.cli import main
from tipslib.grading.sandbox import why_not

UNSANDBOXED = ["--unsandboxed"] if why_not() else []


def test_a_host_without_sandbox_grades_only_when_told_to(tmp_path, capsys, monkeypatch):
    course = make_course(tmp_path / "c")
    where = ["--course", str(course.root)]
    assert main(["release", NAME, *where]) == 0
    hand_in(course, "a", solved(course.released(NAME)[NAME]))
    monkeypatch.setattr(plan.sandbox, "why_not", lambda: "this host has no walls")
    assert main(["autograde", NAME, *where]) == 1
    said = capsys.readouterr().err
    assert "this host has no walls" in said
    assert "--unsandboxed" in said
    assert main(["autograde", NAME, "--unsandboxed", *where]) == 0
    assert main(["report", NAME, "--json", *where]) == 0
    (row,) = json.loads(capsys.readouterr().out.partition("{")[2].join(["{", ""]))["submissions"]
    assert row["score"] == 5
    assert row["protection"].startswith("not sandboxed")


def test_the_loop_by_commands(tmp_path, capsys):
    course = make_course(tmp_path / "c")
    where = ["--course", str(course.root)]
    assert main(["release", NAME, *where]) == 0
    released = course.released(NAME)[NAME]
    hand_in(course, "a", solved(released))
    assert main(["autograde", NAME, "--workers", "1", *UNSANDBOXED, *where]) == 0
    hand_in(course, "b", b"")
    assert main(["autograde", NAME, *UNSANDBOXED, *where]) == 2
    shown = capsys.readouterr()
    assert "b: damaged (sums.ipynb is empty: hand it in again)" in shown.out
    assert "1 of 2 submissions graded" in shown.out
    assert main(["feedback", NAME, *where]) == 0
    assert "2 pages" in capsys.readouterr().out
    assert main(["report", NAME, "--json", *where]) == 0
    assert [row["status"] for row in json.loads(capsys.readouterr().out)["submissions"]] == ["graded", "damaged"]
    assert main(["report", NAME, *where]) == 0
    assert "5 / 10" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["release", "nosuch"], "no assignment 'nosuch'"),
        (["autograde", NAME], "has not been released"),
        (["feedback", NAME], "has not been released"),
        (["report", "nosuch"], "no assignment 'nosuch'"),
    ],
)
def test_failures_exit_with_1_and_say_why(tmp_path, capsys, arguments, message):
    course = make_course(tmp_path)
    assert main([*arguments, "--course", str(course.root)]) == 1
    assert message in capsys.readouterr().err


def test_a_folder_that_is_no_course(tmp_path, capsys):
    assert main(["report", NAME, "--course", str(tmp_path)]) == 1
    assert "not a course folder" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["nosuch"], ["autograde"], ["autograde", NAME, "--workers", "0"]])
def test_wrong_usage_exits_with_1(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 1
    assert "usage: tips" in capsys.readouterr().err


def test_a_demo_never_overwrites(tmp_path, capsys):
    (tmp_path / "keep").mkdir()
    assert main(["demo", "--out", str(tmp_path / "keep")]) == 1
    assert "exists already" in capsys.readouterr().err


def test_help_is_quick_and_names_every_command():
    code = "import sys, tipslib.cli as c\ntry: c.main(['--help'])\nfinally: print('loaded', *sys.modules)"
    said, _, loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.partition("loaded")
    for command in ("demo", "release", "autograde", "feedback", "report", "kit", "lab", "doctor"):
        assert re.search(rf"^    {command}\b", said, re.MULTILINE)
    assert not {"torch", "numpy", "nbformat", "nbgrader", "jupyterlab"} & set(loaded.split())


def test_both_entry_points_are_one_command():
    for module in ("tipslib.cli", "tipslib.grading.cli"):
        done = subprocess.run([sys.executable, "-m", module, "report"], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "required: NAME" in done.stderr


def test_an_unknown_option_goes_to_nobody_but_lab(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["report", NAME, "--jsn"])
    assert caught.value.code == 1
    assert "unrecognized arguments: --jsn" in capsys.readouterr().err


def test_outside_of_the_environment_a_command_points_to_the_doctor(tmp_path):
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-S", "-m", "tipslib.cli", "report", NAME],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.fullmatch(r"tips report: No module named '\w+'; `tips doctor` says what to do\n", done.stderr)


def test_a_file_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["demo", "--out", str(tmp_path / "file" / "demo")]) == 1
    assert capsys.readouterr().err == f"tips demo: Not a directory: {tmp_path / 'file' / 'demo'}\n"


def test_a_console_without_the_letters_ends_no_command(tmp_path):
    course = make_course(tmp_path / "Übung")
    done = subprocess.run(
        [sys.executable, "-m", "tipslib.cli", "report", NAME, "--course", str(course.root)],
        env=os.environ | {"PYTHONIOENCODING": "ascii:strict"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "\\xdcbung" in done.stderr
    assert "Traceback" not in done.stderr
