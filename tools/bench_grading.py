"""Speed of ``tips autograde`` against stock ``nbgrader autograde``, on the same submissions.

    python tools/bench_grading.py [ASSIGNMENT ...] [--students N] [--rounds N] [--workers N] [--json FILE]
    python tools/bench_grading.py ASSIGNMENT --growth 10 100 1000

A class made of the assignment's sample class. In each round ``tips`` grades all of it in a fresh course, sandboxed and
with the checks apart, and then nbgrader every sixth submission in another. Each is a command of its own, start
included. The scores are compared as well. A table says for each assignment, in seconds a submission:

own      what the students' own cells take in plain kernels, as many at a time, the second time, when all is imported
overhead what ``tips`` adds to it, of one worker, with start and checks: seconds times workers, less own
ratio    of the two throughputs, the median of the rounds
bound    the ratio of a grader that adds nothing to the students' own cells

``light`` is an assignment made here: three small functions and a figure, with NumPy, PyTorch and matplotlib imported.
With --growth, ``tips`` alone grades classes of different sizes: seconds a submission, and the largest memory of the
coordinator and of its two preloaded processes.
"""

import argparse
import importlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import nbformat  # noqa: E402
from nbclient import NotebookClient  # noqa: E402
from nbformat.v4 import new_code_cell, new_notebook  # noqa: E402

from tipslib.grading.course import CONFIG, Course  # noqa: E402
from tipslib.grading.demo import filled_in  # noqa: E402
from tipslib.grading.release import release  # noqa: E402
from tipslib.grading.sandbox import why_not  # noqa: E402

SHARE = 6  # nbgrader alone grades every sixth submission: it takes seconds for each
DEFAULT = ("light", "softmax", "activations")
COMMAND = ["tipslib.grading.cli", "autograde", *(["--unsandboxed"] if why_not() else [])]

# ---- the light assignment ----

SETUP = "import matplotlib.pyplot as plt\nimport numpy as np\nimport torch"
FIGURE = """x = np.linspace(-3, 3, 200)
figure, axes = plt.subplots()
axes.plot(x, relu(x), label="relu")
axes.set(title="One figure", xlabel="x", ylabel="y")
axes.legend()
plt.show()"""
FUNCTIONS = {
    "relu": ("def relu(x):", "    return np.maximum(x, 0.0)", "    return np.abs(x)"),
    "softmax": (
        "def softmax(z):",
        "    e = np.exp(z - z.max(axis=1, keepdims=True))\n    return e / e.sum(axis=1, keepdims=True)",
        "    e = np.exp(z)\n    return e / e.sum()",
    ),
    "mse": ("def mse(y, t):", "    return float(np.mean((y - t) ** 2))", "    return float(np.sum((y - t) ** 2))"),
}
TESTS = {
    "relu": "x = np.array([-2.0, 0.0, 3.0])\nassert np.allclose(relu(x), [0.0, 0.0, 3.0]), 'relu of -2, 0, 3'",
    "softmax": "z = np.array([[1.0, 2.0], [0.0, 0.0]])\nwanted = torch.softmax(torch.tensor(z), 1).numpy()\n"
    "assert np.allclose(softmax(z), wanted), 'softmax of two rows'",
    "mse": "assert abs(mse(np.array([1.0, 2.0]), np.array([1.0, 4.0])) - 2.0) < 1e-9, 'mse of (1, 2) and (1, 4)'",
}
HIDDEN = {
    "relu": "for seed in range(3):\n    x = np.random.default_rng(seed).standard_normal((4, 5))\n"
    "    assert np.allclose(relu(x), np.where(x > 0, x, 0)), 'relu of any array'",
    "softmax": "for seed in range(3):\n    z = np.random.default_rng(seed).standard_normal((4, 5))\n"
    "    wanted = torch.softmax(torch.tensor(z), 1).numpy()\n    assert np.allclose(softmax(z), wanted), 'any rows'",
    "mse": "for seed in range(3):\n    y, t = np.random.default_rng(seed).standard_normal((2, 6))\n"
    "    assert abs(mse(y, t) - ((y - t) ** 2).sum() / 6) < 1e-9, 'mse of any two vectors'",
}


def light_notebook() -> nbformat.NotebookNode:
    def cell(source: str, name: str, **marks: object) -> nbformat.NotebookNode:
        fields = {"grade": False, "solution": False, "locked": False, "schema_version": 3, "task": False}
        return new_code_cell(source, metadata={"nbgrader": fields | marks | {"grade_id": name}})

    cells = [cell(SETUP, "setup", locked=True)]
    for name, (head, body, _) in FUNCTIONS.items():
        cells.append(cell(f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION", name, solution=True))
        cells.append(cell(TESTS[name], f"{name}-test", grade=True, locked=True, points=1))
        hidden = f"### BEGIN HIDDEN TESTS\n{HIDDEN[name]}\n### END HIDDEN TESTS"
        cells.append(cell(f"# More arrays.\n{hidden}", f"{name}-more", grade=True, locked=True, points=1))
    cells.append(new_code_cell(FIGURE))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def light_class() -> list[dict[str, str]]:
    """Cells of five students: two are right, one has everything wrong, one a mistake, one has done a third."""
    right = {name: f"{head}\n{body}" for name, (head, body, _) in FUNCTIONS.items()}
    wrong = {name: f"{head}\n{body}" for name, (head, _, body) in FUNCTIONS.items()}
    return [right, right, wrong, right | {"softmax": wrong["softmax"]}, {"relu": right["relu"]}]


# ---- courses and classes ----


def course_in(folder: Path, name: str) -> Course:
    """A released course with this assignment alone."""
    source = folder / "source" / name
    if name == "light":
        source.mkdir(parents=True)
        nbformat.write(light_notebook(), source / "light.ipynb")
    else:
        shutil.copytree(ROOT / "assignments" / "source" / name, source)
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "assignments" / "mistakes", folder / "mistakes", ignore=skip)
    shutil.copy(ROOT / "assignments" / CONFIG, folder)
    course = Course(folder)
    release(course, name)
    return course


def samples(name: str) -> list[dict[str, str]]:
    """The cells of different students: the sample class, without those that nbgrader alone misjudges."""
    if name == "light":
        return light_class()
    sample = importlib.import_module(f"assignments.sample.{name}")
    left_out = {*sample.STOCK_FAILS, *sample.STOCK_DIFFERS}
    return [cells for who, cells in sample.STUDENTS.items() if cells and who not in left_out]


def hand_in(course: Course, name: str, students: int) -> list[str]:
    """So many submissions: the same different students again and again."""
    released = course.released(name)[name]
    handed = {f"s{i:05}": cells for i, cells in enumerate(islice(cycle(samples(name)), students))}
    for student, cells in handed.items():
        path = course.folder("submitted", name, student) / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(filled_in(released, cells), path)
    return list(handed)


# ---- measurements ----


@contextmanager
def memory_of(pid: int) -> Iterator[dict[str, float]]:
    """Fills a dict with the largest resident memory (MiB) of the coordinator and of the processes it preloads."""
    largest: dict[str, float] = {}
    ended = threading.Event()

    def status(process: str) -> dict[str, str]:
        lines = Path("/proc", process, "status").read_text(encoding="utf-8").splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

    def watch() -> None:
        while not ended.wait(2):
            for entry in filter(str.isdigit, os.listdir("/proc")):
                try:
                    parents = [entry]
                    while parents[-1] not in ("0", str(pid)) and len(parents) < 4:
                        parents.append(status(parents[-1])["PPid"].strip())
                    if parents[-1] == str(pid):
                        # Deeper ones are forked for a submission.
                        what = "coordinator" if len(parents) == 1 else f"preloaded and bubblewrap {parents[-2]}"
                        size = int(status(entry)["VmRSS"].split()[0]) / 1024
                        largest[what] = max(largest.get(what, 0.0), size)
                except (OSError, KeyError):
                    continue  # it has ended

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield largest
    finally:
        ended.set()
        thread.join()


def timed(course: Course, name: str, students: list[str], *command: str) -> tuple[float, dict[str, float], dict]:
    """Run a command in the course; returns its seconds, the scores, and its memory in MiB."""
    start = perf_counter()
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen([sys.executable, "-m", *command, name], cwd=course.root, stdout=said, stderr=said) as process,
        memory_of(process.pid) as memory,
    ):
        process.wait()
        seconds = perf_counter() - start
        said.seek(0)
        words = said.read()[-2000:]
    with course.gradebook() as gradebook:
        scores = {s.student_id: s.score for s in gradebook.assignment_submissions(name)}
    if set(scores) != set(students):
        raise SystemExit(f"{' '.join(command)} graded {len(scores)} of {len(students)}:\n{words}")
    return seconds, scores, memory


def own_seconds(course: Course, name: str, students: list[str], workers: int) -> float:
    """What the cells of these submissions take on average, when they run a second time, so that all is imported.

    So many side by side as in the grader: two processors of a machine that share a core are not twice as fast.
    """

    def own(student: str) -> float:
        notebook = nbformat.read(course.folder("submitted", name, student) / f"{name}.ipynb", as_version=4)
        cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        notebook.cells = [new_code_cell(source) for source in cells * 2]
        limit = course.config.Execute.get("timeout", 30)
        NotebookClient(notebook, timeout=limit, interrupt_on_timeout=True, allow_errors=True).execute()
        times = [cell.metadata.execution for cell in notebook.cells[len(cells) :]]
        return sum(
            (datetime.fromisoformat(one["shell.execute_reply"]) - datetime.fromisoformat(one["iopub.execute_input"]))
            / timedelta(seconds=1)
            for one in times
        )

    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(own, students)) / len(students)


def bench(name: str, students: int, rounds: int, workers: int) -> dict:
    """Interleaved rounds of both graders; returns medians."""
    measured = []
    for number in range(rounds):
        with tempfile.TemporaryDirectory(prefix="tips-bench-") as folder:
            ours, stock = (course_in(Path(folder) / kind, name) for kind in ("tips", "stock"))
            everybody, some = hand_in(ours, name, students), hand_in(stock, name, students)[number % SHARE :: SHARE]
            for student in set(everybody) - set(some):
                shutil.rmtree(stock.root / "submitted" / student)
            seconds, scores, _ = timed(ours, name, everybody, *COMMAND, "--workers", str(workers))
            stock_seconds, stock_scores, _ = timed(stock, name, some, "nbgrader", "autograde")
            own = own_seconds(ours, name, everybody[: len(samples(name))], workers)
        differ = [who for who in some if scores[who] != stock_scores[who]]
        one, other = seconds / len(everybody), stock_seconds / len(some)
        measured.append({"own": own, "nbgrader": other, "tips": one, "ratio": other / one, "differ": len(differ)})
        say = f"{name}, round {number + 1}: tips {one:.2f} s, nbgrader {other:.2f} s, own cells {own:.2f} s; "
        print(f"{say}{len(differ)} of {len(some)} scores differ", flush=True)
    result = {key: median(one[key] for one in measured) for key in ("own", "nbgrader", "tips", "ratio")}
    result["overhead"] = result["tips"] * workers - result["own"]
    result["bound"] = result["nbgrader"] * workers / result["own"]
    return {"assignment": name, "students": students, "workers": workers, "rounds": measured, "result": result}


def growth(name: str, sizes: list[int], workers: int) -> list[dict]:
    """``tips`` alone on classes of these sizes."""
    found = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="tips-bench-") as folder:
            course = course_in(Path(folder) / "tips", name)
            students = hand_in(course, name, size)
            seconds, _, memory = timed(course, name, students, *COMMAND, "--workers", str(workers))
        coordinator, preloaded = memory.pop("coordinator"), sum(memory.values())
        found.append({"students": size, "seconds": seconds, "coordinator": coordinator, "preloaded": preloaded})
        print(
            f"{name}, {size} submissions: {seconds:.0f} s, {seconds / size:.2f} s each; "
            f"memory {coordinator:.0f} MiB, preloaded processes {preloaded:.0f} MiB",
            flush=True,
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="ASSIGNMENT", help=f"default: {' '.join(DEFAULT)}")
    parser.add_argument("--students", type=int, default=60, help="size of the class (default 60)")
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--workers", type=int, default=2, help="of tips autograde (default 2)")
    parser.add_argument("--growth", type=int, nargs="+", metavar="N", help="classes of these sizes instead, tips alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    options = parser.parse_args()
    names = options.names or DEFAULT
    print(f"{options.workers} workers, {platform.machine()}, {os.cpu_count()} processors")
    if options.growth:
        found = [one for name in names[:1] for one in growth(name, options.growth, options.workers)]
    else:
        found = [bench(name, options.students, options.rounds, options.workers) for name in names]
        columns = ("own", "nbgrader", "tips", "overhead", "ratio", "bound")
        print(f"\n{'assignment':16}" + "".join(f"{column:>10}" for column in columns))
        for one in found:
            print(f"{one['assignment']:16}" + "".join(f"{one['result'][column]:10.2f}" for column in columns))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
