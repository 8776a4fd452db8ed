"""Attacks and damaged submissions, graded by ``tips autograde`` and by stock ``nbgrader autograde``.

    python tools/hostile.py [attacks] [damage] [--workers N] [--seconds S] [--json FILE]

The submissions are those of tests/grading/test_attacks.py and test_damage.py, and a few burglaries from here. Stock
grades each attack in a course of its own, and a dozen damaged ones in one, with an honest neighbour behind; ``tips``
grades each table as one class.
Both have the same configuration: five seconds a cell, deleted test cells put back.

Stock nbgrader has no sandbox, so it only gets the attacks in ``READ``: somebody has read them and found that they harm
nothing outside of their course folder and end by themselves. All others count as not run. Prints two tables in
Markdown; the exit code is 1 where an attack on ``tips`` succeeds or one of its grades is not fair.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import nbformat  # noqa: E402
from nbgrader.api import MissingEntry  # noqa: E402
from tqdm import tqdm  # noqa: E402

from tests.grading import test_attacks, test_damage  # noqa: E402
from tests.grading.minicourse import NAME, hand_in, make_course  # noqa: E402
from tipslib.grading.contract import grade_id  # noqa: E402
from tipslib.grading.course import Course  # noqa: E402
from tipslib.grading.release import release  # noqa: E402
from tipslib.grading.report import report  # noqa: E402
from tipslib.grading.sandbox import why_not  # noqa: E402

NEIGHBOUR = "~neighbour"  # stands behind all others
HIDDEN = ("31415", "27182")  # of the hidden test in test_attacks
WRONG = {"shift": "def shift(x, by):\n    return x", "double": "def double(x):\n    return x"}
KEEP = "double = globals().get('double', lambda x: x)"
COURSE = """
import glob, json, os, subprocess, sys
shift, double, course = (lambda x, by: x), (lambda x: x), ""
try: course = os.readlink(f"/proc/{os.getppid()}/cwd")
except OSError: pass
"""
TAKE = """
for path in glob.glob(course + "/{}"):
    for cell in json.load(open(path))["cells"]:
        if cell["metadata"].get("nbgrader", {{}}).get("solution"): exec("".join(cell["source"]))
"""
EDIT = '''
EDIT = """
import os, sqlite3, sys, time
course, grader = sys.argv[1:]
for _ in range(600):
    if not os.path.exists("/proc/" + grader): break
    time.sleep(0.1)
book = sqlite3.connect(course + "/gradebook.db", timeout=10)
most = "select max_score from grade_cells where grade_cells.id = grade.cell_id"
book.execute("update grade set auto_score = (" + most + ")")
book.commit()
"""
if "tips-hostile-" in course and os.path.exists(course + "/gradebook.db"):
    subprocess.Popen([sys.executable, "-c", EDIT, course, str(os.getppid())], start_new_session=True)
'''
# What an attack on the files of the course looks like. Each runs in the first solution cell, and guesses wrongly else.
BURGLARS = {
    "the solution read from source/": COURSE + TAKE.format("source/*/*.ipynb"),
    "a neighbour's submission read": COURSE + TAKE.format(f"submitted/{NEIGHBOUR}/*/*.ipynb"),
    "the gradebook edited once the grader has ended": COURSE + EDIT,
    "the answer read from the check's own text": """
import ast, re
def shift(x, by):
    for number, answer in re.findall(r"shift\\(\\w, ([\\d.]+)\\), (\\[[^]]*\\])", get_ipython().user_ns["In"][-1]):
        if float(number) == by:
            return ast.literal_eval(answer)
    return x
def double(x): return x
""",
}
OVERWRITERS = {"overwrites its argument": "def double(x):\n    x[:] = 0\n    return x"}
KILLERS = {
    "exits": "def shift(x, by):\n    import os; os._exit(0)",
    "crashes": "def shift(x, by):\n    import ctypes; ctypes.string_at(0)",
    "kills itself": "def shift(x, by):\n    import os; os.kill(os.getpid(), 9)",
    "never ends": "def shift(x, by):\n    while True: pass",
    "never ends, ignores interrupts": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
}
# Read, and harmless without a sandbox: name and digest. A payload that is new or changed waits for its reader.
READ = {
    "equal to everything": "4c66fc500af9",
    "an array that is close to everything": "52c38458ae35",
    "numpy's comparison patched": "9485c810e4b9",
    "code rewritten on its way": "7e47a54232ef",
    "asserts taken from the tree": "f84566c91b6f",
    "the kernel's replies forged": "23b107db84c3",
    "the servant patched to claim success": "456e74e791cf",
    "the servant patched to talk nonsense": "a665229dba92",
    "asserts switched off": "2f9e0748e9af",
    "the caller's frames": "b5d3c3ff6a08",
    "the whole process walked for checks": "993f806d344d",
    "exits as if all were well": "2e7332ccd243",
    "a callback into the checks": "87e0f28ec063",
    "overwrites its argument": "35d3a006ff65",
    "the solution read from source/": "935438d374be",
    "a neighbour's submission read": "a51e4ecd6d06",
    "the gradebook edited once the grader has ended": "1a6ab0fb0a07",
    "the answer read from the check's own text": "aa09a09e3272",
    "printed": "65005ba10afa",
    "raised": "8f38fefe4645",
    "warned": "9a29fac7bbe0",
    "kept for the next cell": "aeb5897ab97b",
    "kept in a file": "e265cf5e0a07",
    "kept by a thread": "2ff2db24b0cb",
    "written into a broken answer": "2a89462fdee4",
    "sent through a pipe": "b9cf10182ab3",
    "exits": "ec07f2002441",
    "crashes": "13304b2c051c",
    "kills itself": "b56b07c32539",
    "never ends": "d9445922996f",
    "never ends, ignores interrupts": "ffbc7352ed73",
    "open files": "c86da05a7f2d",
    "a state that is none": "c11c83d56e34",
    "a state of two kinds": "d44e8497b164",
    "an output without a text": "815622e22e1f",
    "an output of numbers": "8ea7af4d502a",
    "data that are a number": "e7336ee6f10c",
    "a picture that is a number": "beda1e27dbed",
    "an error of numbers": "64f9eda481ce",
    "a count that is a text": "f7c2b27fa8b2",
    "a reply that is none": "42f415030f27",
    "no message": "25c432df9eda",
    "no frames": "75eb41a36a4b",
    "half an emoji": "e29e73860fa9",
    "brackets": "1dec92e79132",
    "a name that only the grader gives": "0e22e2bac771",
    "one that changes many": "027d78628dbf",
    "state of widgets": "8fbcf85548e2",
    "metadata": "61768a1eee8e",
    "an error's name": "8d0dc691521c",
}


@dataclass
class Attack:
    """A submission of the course in test_attacks; ``fair`` are its points without the attack, None where they vary."""

    kind: str
    name: str
    cells: dict[str, str]
    fair: float | None

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.cells, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def harmless(self) -> bool:
        """May it run without a sandbox? Only as it was when somebody read it."""
        return READ.get(self.name) == self.digest


@dataclass
class Outcome:
    """What became of one submission: ``score`` None without a grade, then nbgrader's export has a zero or nothing."""

    score: float | None
    exported: bool
    named: bool  # as not gradable, with a reason
    others: bool  # are all others graded?
    shown: bool  # does a hidden input stand in an output?
    said: str  # the end of what the grader printed, or the report's reason


def attacks() -> list[Attack]:
    def forged(code: str) -> dict[str, str]:
        return test_attacks.RIGHT | {"last": test_attacks.SEND + code}

    tables = [
        ("make wrong answers look right", test_attacks.CHEATS, lambda code: {"shift": code}, 0),
        ("overwrite an argument", OVERWRITERS, lambda code: {"double": code}, 0),
        ("read or write files of the course", BURGLARS, lambda code: {"shift": code, "double": KEEP}, 0),
        ("show hidden inputs", test_attacks.SPIES, lambda code: {"shift": code, "last": test_attacks.TELL}, None),
        ("forge the kernel's messages", test_attacks.FORGED, forged, 2),
        ("flood the grader with outputs", test_attacks.LOUD, lambda code: test_attacks.RIGHT | {"last": code}, 2),
        ("kill or block the kernel", KILLERS, lambda code: {"double": test_attacks.RIGHT["double"], "shift": code}, 1),
        ("use up the machine", test_attacks.VANDALS, lambda code: test_attacks.RIGHT | {"last": code}, 2),
    ]
    return [
        Attack(kind, name, WRONG | cells(code), fair)
        for kind, table, cells, fair in tables
        for name, code in table.items()
    ]


def filled(released: nbformat.NotebookNode, cells: dict[str, str]) -> nbformat.NotebookNode:
    notebook = nbformat.from_dict(released)
    for cell in notebook.cells:
        cell.source = cells.get(grade_id(cell) or "last", cell.source)
    return notebook


# ---- grading ----


def outcome(course: Course, student: str, named: bool, others: bool, said: str) -> Outcome:
    path = course.folder("autograded", NAME, student) / f"{NAME}.ipynb"
    score, shown = None, ""
    if path.exists():
        notebook = nbformat.read(path, as_version=4)
        shown = json.dumps([cell.get("outputs", []) for cell in notebook.cells])
    with course.gradebook() as gradebook:
        with suppress(MissingEntry):
            submission = gradebook.find_submission(NAME, student)
            score = submission.score if path.exists() else None
        known = student in {one.id for one in gradebook.students}
    return Outcome(score, known, named, others, any(text in shown for text in HIDDEN), said)


def stock(template: Path, writes: dict[str, Callable[[Course], object]], seconds: float) -> dict[str, Outcome]:
    """Grade some submissions and a neighbour with ``nbgrader autograde``, in a copy of the course.

    Where the command ends before the neighbour's turn, each half of them is graded again, down to who is to blame.
    """
    with tempfile.TemporaryDirectory(prefix="tips-hostile-") as folder:
        course = Course(shutil.copytree(template, Path(folder) / "course"))
        for write in writes.values():
            write(course)
        shutil.copytree(template / "neighbour", course.folder("submitted", NAME, NEIGHBOUR))
        mark = uuid4().hex
        # Whoever breaks its promise to end, or writes a large file, is stopped.
        limits = ["sh", "-c", 'ulimit -t 120; ulimit -f 524288; exec "$@"', "sh"]
        with open(Path(folder) / "log", "w+b") as log:
            process = subprocess.Popen(
                [*limits, sys.executable, "-m", "nbgrader", "autograde", NAME],
                cwd=course.root,
                env=os.environ | {"HOME": folder, "TIPS_HOSTILE": mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                code = process.wait(seconds * (1 + len(writes)))
            except subprocess.TimeoutExpired:
                code = -1
            settle(mark, patience=0 if code == -1 else 5)
            log.seek(0)
            said = log.read().decode(errors="replace")
        others = outcome(course, NEIGHBOUR, named=False, others=True, said="").score is not None
        if others or len(writes) < 2:
            return {
                student: outcome(
                    # The list of failures at its end; that the exit code is 1 goes with it.
                    course,
                    student,
                    f"for student '{student}'" in said,
                    others,
                    f"exit code {code}: {said}",
                )
                for student in writes
            }
    halves = list(writes.items())[::2], list(writes.items())[1::2]
    return {student: found for half in halves for student, found in stock(template, dict(half), seconds).items()}


def settle(mark: str, patience: float) -> None:
    """Wait for all processes that have ``mark`` in their environment; kill those left after ``patience`` seconds."""
    end = time.monotonic() + patience
    while running := [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if marked(pid, mark)]:
        if time.monotonic() > end:
            for pid in running:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def marked(pid: int, mark: str) -> bool:
    try:
        return mark.encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def ours(template: Path, writes: dict[str, Callable[[Course], object]], workers: int) -> dict[str, Outcome]:
    """Grade all submissions as one class with ``tips autograde``."""
    with tempfile.TemporaryDirectory(prefix="tips-hostile-") as folder:
        course = Course(shutil.copytree(template, Path(folder) / "course"))
        for write in writes.values():
            write(course)
        shutil.copytree(template / "neighbour", course.folder("submitted", NAME, NEIGHBOUR))
        command = [sys.executable, "-m", "tipslib.grading.cli", "autograde", NAME, "--workers", str(workers)]
        code = subprocess.run(command, cwd=course.root, stdin=subprocess.DEVNULL).returncode
        if code not in (0, 2):
            raise SystemExit(f"tips autograde ended with exit code {code}")
        rows = {row["student"]: row for row in report(course, NAME)["submissions"]}
        others = rows[NEIGHBOUR]["score"] is not None
        found = {}
        for student in writes:
            row = rows[student]
            named = code == 2 and row["status"] in ("failed", "damaged", "missing") and bool(row["reason"])
            found[student] = outcome(course, student, named, others, f"{row['status']}: {row['reason']}")
        return found


# ---- the tables ----


def verdict(case: test_damage.Case, found: Outcome) -> str:
    """What a fair instructor calls this outcome of a damaged submission."""
    if not found.others:
        return "batch aborted"
    if found.score is not None:
        return "right" if found.score == case.score else "wrong points"
    if found.exported:
        return "zero, not graded"
    if not found.named:
        return "silently absent"
    return "right" if case.score is None else "refused"


VERDICTS = ("right", "wrong points", "refused", "zero, not graded", "silently absent", "batch aborted")
EFFECTS = {
    "gained points": lambda attack, found: attack.fair is not None and (found.score or 0) > attack.fair,
    "full marks": lambda attack, found: attack.fair in (0, 1) and found.score == 2,
    "hidden inputs shown": lambda attack, found: found.shown,
    "cost points": lambda attack, found: attack.fair is not None and (found.score or 0) < attack.fair,
    "cost others": lambda attack, found: not found.others,
}


def table(header: list[str], kinds: list[str], rows: Callable[[str], list[list[int]]]) -> str:
    """A table in Markdown: a line for each kind and the sum; numbers of stock and of tips beside each other."""
    body = [(kind, rows(kind)) for kind in kinds]
    total = [[sum(column) for column in zip(*pairs, strict=True)] for pairs in zip(*(r for _, r in body), strict=True)]
    lines = [header, ["---"] + ["--:"] * (len(header) - 1)]
    for kind, pairs in [*body, ("**all**", total)]:
        lines.append([kind, *(str(pair[0]) if len(pair) == 1 else f"{pair[0]} / {pair[1]}" for pair in pairs)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def attack_table(entries: list[tuple[Attack, Outcome | None, Outcome]]) -> str:
    def rows(kind):
        mine = [entry for entry in entries if entry[0].kind == kind]
        tried = [sum(by_stock is not None for _, by_stock, _ in mine), len(mine)]
        counts = [
            [sum(test(a, s) for a, s, _ in mine if s is not None), sum(test(a, o) for a, _, o in mine)]
            for test in EFFECTS.values()
        ]
        return [tried, *counts]

    return table(["attacks that", "tried", *EFFECTS], list(dict.fromkeys(a.kind for a, _, _ in entries)), rows)


def damage_table(entries: list[tuple[str, test_damage.Case, Outcome, Outcome]]) -> str:
    def rows(kind):
        mine = [entry for entry in entries if entry[0] == kind]
        counts = [Counter(verdict(entry[1], entry[which]) for entry in mine) for which in (2, 3)]
        return [[len(mine)], *([count[name] for count in counts] for name in VERDICTS)]

    return table(["submissions", "cases", *VERDICTS], list(dict.fromkeys(entry[0] for entry in entries)), rows)


def make_template(root: Path, notebook: nbformat.NotebookNode | None = None) -> tuple[Course, nbformat.NotebookNode]:
    """A released course in ``root`` with an honest submission beside it, in ``neighbour/``."""
    course = make_course(root)
    if notebook:
        nbformat.write(notebook, course.folder("source", NAME) / f"{NAME}.ipynb")
    release(course, NAME)
    released = course.released(NAME)[NAME]
    honest = filled(released, test_attacks.RIGHT) if notebook else test_damage.solved(released)
    hand_in(course, "x", honest).parent.rename(root / "neighbour")
    shutil.rmtree(root / "submitted")
    return course, released


def run_attacks(folder: Path, workers: int, seconds: float) -> tuple[list, str]:
    course, released = make_template(folder / "attacks", test_attacks.source())
    every = {f"attack-{number:03}": attack for number, attack in enumerate(attacks())}
    writes = {
        who: partial(hand_in, student=who, notebook=filled(released, attack.cells)) for who, attack in every.items()
    }
    got = ours(course.root, writes, workers)
    safe = {who: writes[who] for who, attack in every.items() if attack.harmless}
    by_stock = run_stock(course.root, safe, workers, seconds)
    entries = [(attack, by_stock.get(who), got[who]) for who, attack in every.items()]
    for attack in every.values():
        if not attack.harmless:
            print(f'not run by stock: "{attack.name}": "{attack.digest}",', file=sys.stderr)
    return entries, attack_table(entries)


def run_damage(folder: Path, workers: int, seconds: float) -> tuple[list, str]:
    course, released = make_template(folder / "damage")
    kinds = {
        "notebook formats, editors": test_damage.formats,
        "encodings, broken files": test_damage.encodings,
        "cells copied, lost, moved": test_damage.cells,
        "file names, extra files": test_damage.files,
        "names of students": test_damage.students,
        "what the code does": test_damage.code,
    }
    every = [(kind, case) for kind, make in kinds.items() for case in make(released)]
    writes = {case.student: partial(test_damage.write, case=case) for _, case in every}
    got = ours(course.root, writes, workers)
    by_stock = run_stock(course.root, writes, workers, seconds, together=12)
    entries = [(kind, case, by_stock[case.student], got[case.student]) for kind, case in every]
    return entries, damage_table(entries)


def run_stock(template: Path, writes: dict, workers: int, seconds: float, together: int = 1) -> dict[str, Outcome]:
    control = stock(template, {NEIGHBOUR: lambda course: None}, seconds)[NEIGHBOUR]
    if not control.score:
        raise SystemExit(f"stock nbgrader does not even grade an honest submission: {control.said}")
    pairs = list(writes.items())
    groups = [dict(pairs[start : start + together]) for start in range(0, len(pairs), together)]
    with ThreadPoolExecutor(workers) as pool:
        jobs = [pool.submit(stock, template, group, seconds) for group in groups]
        shown = tqdm(as_completed(jobs), total=len(jobs), desc=f"stock nbgrader, {together} at a time")
        return {student: found for job in shown for student, found in job.result().items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help="attacks, damage, or both (default)")
    parser.add_argument("--workers", type=int, default=2, help="submissions at a time (default 2)")
    parser.add_argument("--seconds", type=float, default=60, help="that stock may take for each (default 60)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every outcome there, too")
    options = parser.parse_args()
    if why_not():
        parser.error(f"attacks run in a sandbox only: {why_not()}")
    what = options.what or ["attacks", "damage"]
    if unknown := set(what) - {"attacks", "damage"}:
        parser.error(f"{', '.join(sorted(unknown))}: it knows attacks and damage")
    plain, bad = {}, []
    with tempfile.TemporaryDirectory(prefix="tips-hostile-") as folder:
        if "attacks" in what:
            entries, text = run_attacks(Path(folder), options.workers, options.seconds)
            print(f"\nAttacks, stock nbgrader / tips:\n\n{text}\n", flush=True)
            for attack, by_stock, got in entries:
                effects = [
                    [name for name, test in EFFECTS.items() if found and test(attack, found)]
                    for found in (by_stock, got)
                ]
                both = {"stock": by_stock and asdict(by_stock), "tips": asdict(got), "effects": effects}
                plain[f"{attack.kind}: {attack.name}"] = both
                if effects[1]:
                    bad.append(f"{attack.kind}: {attack.name}: {', '.join(effects[1])}")
        if "damage" in what:
            entries, text = run_damage(Path(folder), options.workers, options.seconds)
            print(f"\nDamaged and unusual submissions, stock nbgrader / tips:\n\n{text}\n", flush=True)
            for kind, case, by_stock, got in entries:
                verdicts = [verdict(case, by_stock), verdict(case, got)]
                both = {"stock": asdict(by_stock), "tips": asdict(got), "verdicts": verdicts, "fair": case.score}
                plain[f"{kind}: {case.student}"] = both
                if verdicts[1] != "right":
                    bad.append(f"{kind}: {case.student}: {verdicts[1]}, {got.score}, fair is {case.score}; {got.said}")
    if options.json:
        options.json.write_text(json.dumps(plain, indent=1), encoding="utf-8")
    print(*(f"tips: {line}" for line in bad), sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
