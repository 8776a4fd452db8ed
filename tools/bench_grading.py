"""Speed of ``tips autograde`` against stock ``nbgrader autograde``, on the same submissions.

    python tools/bench_grading.py [ASSIGNMENT] [--students N] [--rounds N] [--workers N] [--json FILE]

A class made of the sample class. In each round ``tips`` grades all of it in a fresh course, sandboxed and with the
checks apart, and then nbgrader grades every sixth submission in another. Each is a command of its own, start included.
Printed: seconds a submission, the ratio of the throughputs (median of the rounds), and what the grading adds to the
seconds that the solution's own cells take. The scores are compared as well.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import nbformat  # noqa: E402

from tipslib.grading.course import CONFIG, Course  # noqa: E402
from tipslib.grading.demo import filled_in  # noqa: E402
from tipslib.grading.release import release  # noqa: E402
from tipslib.grading.sandbox import why_not  # noqa: E402

SHARE = 6  # nbgrader alone grades every sixth submission: it takes seconds for each


def course_in(folder: Path, name: str) -> Course:
    shutil.copytree(ROOT / "assignments" / "source" / name, folder / "source" / name)
    shutil.copytree(
        ROOT / "assignments" / "mistakes", folder / "mistakes", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "assignments" / CONFIG, folder)
    course = Course(folder)
    release(course, name)
    return course


def class_of(course: Course, name: str, students: int) -> dict[str, nbformat.NotebookNode]:
    """So many submissions: the sample class again and again, without those that nbgrader alone cannot grade."""
    sample = __import__(f"assignments.sample.{name}", fromlist=["STUDENTS"])
    given = [cells for who, cells in sample.STUDENTS.items() if cells and who not in sample.STOCK_FAILS]
    released = course.released(name)[name]
    return {f"s{i:04}": filled_in(released, cells) for i, cells in enumerate(islice(cycle(given), students))}


def timed(course: Course, submissions: dict, name: str, *command: str) -> tuple[float, dict[str, float]]:
    """Hand in, run a command in the course, and return its seconds and the scores."""
    for student, notebook in submissions.items():
        path = course.folder("submitted", name, student) / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    start = perf_counter()
    done = subprocess.run([sys.executable, "-m", *command, name], cwd=course.root, capture_output=True, text=True)
    seconds = perf_counter() - start
    with course.gradebook() as gradebook:
        scores = {s.student_id: s.score for s in gradebook.assignment_submissions(name)}
    if set(scores) != set(submissions):
        raise SystemExit(f"{' '.join(command)} graded {len(scores)} of {len(submissions)}:\n{done.stderr[-2000:]}")
    return seconds, scores


def own_seconds(name: str) -> float:
    """What the solution's own cells take in one plain process, without the imports of its first code cell."""
    cells = [
        cell.source
        for cell in Course(ROOT / "assignments").notebooks("source", name)[name].cells
        if cell.cell_type == "code"
    ]
    code = "import json, sys, time\ncells = json.load(sys.stdin)\nexec(cells[0])\nstart = time.perf_counter()\n"
    code += "for cell in cells[1:]:\n    exec(cell)\nprint()\nprint(time.perf_counter() - start)"
    environment = os.environ | {"MPLBACKEND": "agg"}
    run = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(run, input=json.dumps(cells), capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="activations", metavar="ASSIGNMENT", help="default: activations")
    parser.add_argument("--students", type=int, default=60, help="size of the class (default 60)")
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--workers", type=int, default=2, help="of tips autograde (default 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    options = parser.parse_args()
    name, rounds = options.name, []
    extra = ["--unsandboxed"] if why_not() else []
    sample = __import__(f"assignments.sample.{name}", fromlist=["STUDENTS"])
    print(f"{name}, {options.students} submissions, {options.workers} workers, {platform.machine()}")
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="tips-bench-") as folder:
            ours, stock = (course_in(Path(folder) / kind, name) for kind in ("tips", "stock"))
            everybody = class_of(ours, name, options.students)
            some = dict(list(everybody.items())[number % SHARE :: SHARE])
            command = ["tipslib.grading.cli", "autograde", "--workers", str(options.workers), *extra]
            seconds, scores = timed(ours, everybody, name, *command)
            stock_seconds, stock_scores = timed(stock, some, name, "nbgrader", "autograde")
        differ = [who for who in some if scores[who] != stock_scores[who]]
        one, other = seconds / len(everybody), stock_seconds / len(some)
        rounds.append({"tips": one, "nbgrader": other, "ratio": other / one, "differ": len(differ)})
        print(
            f"round {number + 1}: tips {one:.2f} s, nbgrader {other:.2f} s a submission, {other / one:.1f} ×; "
            f"{len(differ)} of {len(some)} scores differ",
            flush=True,
        )
    own = own_seconds(name)
    result = {key: median(r[key] for r in rounds) for key in ("tips", "nbgrader", "ratio")}
    result |= {"own": own, "overhead": result["tips"] * options.workers - own, "students": options.students}
    print(
        f"median ratio {result['ratio']:.1f}; the solution's own cells take {own:.2f} s, so grading adds "
        f"{result['overhead']:.2f} s of one worker; students whose score may differ: {sample.STOCK_DIFFERS}"
    )
    if options.json:
        options.json.write_text(json.dumps({"assignment": name, "rounds": rounds, "result": result}, indent=1))


if __name__ == "__main__":
    main()
