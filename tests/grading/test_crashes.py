"""Whatever dies, and whenever: the same command again ends in the gradebook of an uninterrupted run."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests import LONG, long
from tests.grading.minicourse import NAME, hand_in, solved
from tipslib.grading.autograde import autograde
from tipslib.grading.report import report
from tipslib.grading.sandbox import why_not

# `make test` kills a few times, `make test-all` 50 times.
KILLS = 50 if LONG else 2
COMMAND = [sys.executable, "-m", "tipslib.grading.cli", "autograde", NAME, "--workers", "2"]
COMMAND += ["--unsandboxed"] if why_not() else []


@pytest.fixture
def class_of_six(course, released):
    """A course with right, wrong, dying and damaged submissions, one of them graded by hand."""
    hand_in(course, "hand", solved(released, why="Because."))
    autograde(course, NAME)
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("why", NAME, NAME, "hand")
        grade.manual_score, grade.needs_manual_grade = 4, False
        gradebook.db.commit()
    hand_in(course, "right", solved(released))
    hand_in(course, "wrong", solved(released, add="def add(a, b):\n    return abs(a) + abs(b)"))
    hand_in(course, "dies", solved(released, twice="def twice(a):\n    import os; os._exit(1)"))
    hand_in(course, "damaged", b"{")
    hand_in(course, "right again", solved(released))
    return course


WANTED = {
    "damaged": ("damaged", None),
    "dies": ("graded", 3),
    "hand": ("graded", 9),
    "right": ("graded", 5),
    "right again": ("graded", 5),
    "wrong": ("graded", 2),
}


def outcome(course):
    return {row["student"]: (row["status"], row["score"]) for row in report(course, NAME)["submissions"]}


def start(course):
    return subprocess.Popen(
        [*COMMAND, "--course", str(course.root)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def descendants(pid: int) -> list[int]:
    """All processes that have ``pid`` among their ancestors."""
    found = []
    for path in Path("/proc", str(pid), "task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, path.read_text(encoding="ascii").split()):
                found += [child, *descendants(child)]
    return found


def kind(pid: int) -> str:
    """What a process below the grader is, by the namespaces it lives in."""
    try:
        status = Path("/proc", str(pid), "status").read_text(encoding="utf-8")
        command = Path("/proc", str(pid), "cmdline").read_text(encoding="utf-8")
    except OSError:
        return "gone before"
    numbers = status.partition("NSpid:")[2].splitlines()[0].split()
    if "bwrap" in command.split("\0")[0]:
        return "bubblewrap"
    if len(numbers) == 1:
        return "checks, or their preloaded process"
    if len(numbers) == 2:
        return "preloaded process"
    return {"1": "supervisor", "2": "kernel"}.get(numbers[-1], "frozen copy")


def runs(pid: int) -> bool:
    """Whether there is such a process, and not only its entry that nobody has collected yet."""
    try:
        return Path("/proc", str(pid), "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_kills_at_random_moments_lose_nothing(class_of_six):
    rng = random.Random(0)
    full = None
    for _ in range(KILLS):
        process = start(class_of_six)
        begin = time.monotonic()
        try:
            process.wait(rng.uniform(0, full or 6))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        else:
            full = time.monotonic() - begin  # so long takes a run; from here on kill earlier, and begin anew
            for path in (class_of_six.root / "status" / NAME).glob("*.json"):
                path.unlink()
        process.stdout.close()
    last = start(class_of_six)
    said, _ = last.communicate(timeout=120)
    assert last.returncode == 2, said
    assert outcome(class_of_six) == WANTED


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_killed_grader_leaves_no_process_behind(class_of_six):
    process = start(class_of_six)
    deadline = time.monotonic() + 60
    while len(family := descendants(process.pid)) < 6 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert family, "it starts no processes at all?"
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 20
    while (left := [pid for pid in family if runs(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


@long
@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_killed_helpers_are_not_the_students_fault(class_of_six):
    """Whichever process below the grader dies: no submission gets a grade it does not deserve."""
    rng, killed = random.Random(1), Counter()
    for _ in range(max(2, KILLS // 3)):
        for path in (class_of_six.root / "status" / NAME).glob("*.json"):
            path.unlink()  # everybody is graded anew
        process = start(class_of_six)
        while len(descendants(process.pid)) < 5 and process.poll() is None:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 2))
        kinds: dict[str, list[int]] = {}
        for pid in descendants(process.pid):
            kinds.setdefault(kind(pid), []).append(pid)
        if kinds:
            chosen = min(kinds, key=lambda name: (killed[name], rng.random()))
            killed[chosen] += 1
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(kinds[chosen]), signal.SIGKILL)
        said, _ = process.communicate(timeout=180)
        assert process.returncode in (1, 2), said
        for student, (status, score) in outcome(class_of_six).items():
            assert (status, score) == WANTED[student] or (status, score) == ("failed", None), (student, said)
    last = start(class_of_six)
    said, _ = last.communicate(timeout=120)
    assert outcome(class_of_six) == WANTED, said
    print("killed", dict(killed))
    assert sum(killed.values()) > KILLS // 6


@long
def test_two_graders_at_once(class_of_six):
    both = [start(class_of_six) for _ in range(2)]
    for process in both:
        said, _ = process.communicate(timeout=180)
        assert process.returncode == 2, said
    assert outcome(class_of_six) == WANTED


def test_a_corrected_check_grades_everybody_again_and_keeps_manual_grades(class_of_six):
    autograde(class_of_six, NAME)
    path = class_of_six.folder("source", NAME) / f"{NAME}.ipynb"
    text = path.read_text(encoding="utf-8")
    assert text.count("add(-1.5, 1) == -0.5") == 1
    path.write_text(text.replace("add(-1.5, 1) == -0.5", "add(2.5, 1) == 3.5"), encoding="utf-8")
    records = {record["student"]: record for record in autograde(class_of_six, NAME)}
    assert outcome(class_of_six) == WANTED | {"wrong": ("graded", 5)}
    assert records["wrong"]["reason"] == "graded again: 2 points before, 5 now"
    assert records["right"]["reason"] == ""
    assert list(class_of_six.root.glob("gradebook.db.*")), "the grades before are in a copy"
