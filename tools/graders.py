"""The graders graded: every known mistake and every accepted alternative through release, injection and autograding.

    python tools/graders.py [ASSIGNMENT ...] [--sample N] [--workers N] [--json FILE]

One submission makes the first known mistake in every function, the next one the second in every function, and so on;
each style of the alternatives is a submission, too. Printed for each function: false acceptances (a mistake that keeps
all points), false rejections (an alternative that loses some), and how many mistakes the feedback names. The exit
status is 1 when there is a false verdict or a mistake that is not named.
"""

import argparse
import importlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from assignments.classroom import cells, graded  # noqa: E402
from tipslib.grading.autograde import autograde  # noqa: E402
from tipslib.grading.contract import contract_names, grade_id, is_kind  # noqa: E402
from tipslib.grading.course import CONFIG, Course  # noqa: E402
from tipslib.grading.demo import filled_in  # noqa: E402
from tipslib.grading.mistakes import explanation  # noqa: E402
from tipslib.grading.release import release  # noqa: E402
from tipslib.grading.report import report  # noqa: E402
from tipslib.grading.sandbox import why_not  # noqa: E402


def functions(bank) -> list:
    """The functions of a bank, in their order."""
    return [value for name, value in vars(bank).items() if callable(value) and "__" in name.strip("_")]


def submissions(name: str, sample: int | None = None) -> dict[str, list]:
    """Functions by submission: ``mistakes <number>`` and ``style <suffix>``; a sample has so many of the former."""
    bank = importlib.import_module(f"assignments.mistakes.{name}")
    reference = getattr(bank, "REFERENCE", {})
    made: dict[str, list] = {}
    for mistake in functions(bank):
        # A function that reads what another one has made (a cache) is graded beside that one's right version.
        kind = "forward mistakes" if graded(mistake) in reference else "mistakes"
        number = 1 + sum(
            graded(mistake) in map(graded, versions) for key, versions in made.items() if key.startswith(kind)
        )
        if sample is None or number <= sample:
            made.setdefault(f"{kind} {number}", [] if kind != "mistakes" else [*reference.values()]).append(mistake)
    for alternative in functions(importlib.import_module(f"assignments.alternatives.{name}")):
        made.setdefault(f"style {suffix(alternative)}", []).append(alternative)
    return made


def suffix(alternative) -> str:
    """The style of an alternative: ``loops`` of ``softmax__loops``."""
    return alternative.__name__.partition("__")[2]


def grade(name: str, folder: Path, given: dict[str, list], workers: int) -> dict:
    """Release ``name`` in a course of its own, hand everything in, autograde; returns the report by submission."""
    original = Course(ROOT / "assignments")
    shutil.copytree(ROOT / "assignments" / "source" / name, folder / "source" / name)
    shutil.copytree(ROOT / "assignments" / "mistakes", folder / "mistakes")
    shutil.copy(ROOT / "assignments" / CONFIG, folder)
    course = Course(folder)
    release(course, name)
    solutions = {
        grade_id(cell): cell.source.replace("### BEGIN SOLUTION", "").replace("### END SOLUTION", "")
        for cell in original.notebooks("source", name)[name].cells
        if cell.cell_type == "code" and is_kind(cell, "solution")
    }
    released = course.released(name)[name]
    # The experiments, which are not graded, would take most of the time.
    released.cells = [cell for cell in released.cells if cell.cell_type != "code" or grade_id(cell)]
    for student, versions in given.items():
        path = course.folder("submitted", name, student) / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(filled_in(released, solutions | cells(*versions)), path)

    def bar(futures, total, label):
        return tqdm(futures, total=total, desc=label, leave=False, disable=None)

    autograde(course, name, workers=workers, progress=bar, unsandboxed=why_not() is not None)
    return {row["student"]: row for row in report(course, name)["submissions"]}


def verdicts(name: str, given: dict[str, list], rows: dict) -> dict[str, dict[str, list[str]]]:
    """For each function: mistakes seen, accepted and named; alternatives seen and rejected."""
    order = contract_names(Course(ROOT / "assignments").notebooks("source", name)[name], functions_only=True)
    found = {f: {"mistakes": [], "accepted": [], "named": [], "alternatives": [], "rejected": []} for f in order}
    for student, versions in given.items():
        row = rows[student]
        for version in versions:
            mine = found[graded(version)]
            graded_cells = [cell for cell in row["cells"] if graded(version) in cell["functions"]]
            lost = [cell for cell in graded_cells if cell["score"] != cell["max_score"]]
            if student.startswith("style"):
                mine["alternatives"].append(version.__name__)
                if lost or not graded_cells:
                    mine["rejected"].append(version.__name__)
            elif "__" in version.__name__:
                mine["mistakes"].append(version.__name__)
                if not lost:
                    mine["accepted"].append(version.__name__)
                if any(explanation(version) in cell["message"] for cell in lost):
                    mine["named"].append(version.__name__)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="ASSIGNMENT", help="all if none is given")
    parser.add_argument("--sample", type=int, help="so many mistakes for each function, instead of all")
    parser.add_argument("--workers", type=int, default=2, help="submissions graded side by side")
    parser.add_argument("--json", type=Path, help="write the verdicts to this file, too")
    options = parser.parse_args()
    everything, wrong = {}, 0
    keys = ("mistakes", "accepted", "named", "alternatives", "rejected")
    print(f"{'function':44s}" + "".join(f"{key:>13s}" for key in keys))
    for name in options.names or Course(ROOT / "assignments").names():
        given = submissions(name, options.sample)
        with tempfile.TemporaryDirectory(prefix="tips-graders-") as folder:
            everything[name] = verdicts(name, given, grade(name, Path(folder), given, options.workers))
        for function, got in everything[name].items():
            print(f"{name + '.' + function:44s}" + "".join(f"{len(got[key]):13}" for key in keys), flush=True)
            got["not named"] = sorted(set(got["mistakes"]) - set(got["named"]))
            for label in ("accepted", "rejected", "not named"):
                wrong += len(got[label])
                print("".join(f"    {label}: {version}\n" for version in got[label]), end="")
    sums = [sum(len(got[key]) for found in everything.values() for got in found.values()) for key in keys]
    print(f"{'together':44s}" + "".join(f"{number:13}" for number in sums))
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1), encoding="utf-8")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
