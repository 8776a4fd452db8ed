"""Overview: one page about a class, for the instructor: scores, questions, mistakes, who needs help, what is open.

A file of its own that asks for nothing: no script, no other file, no network. Everything on it that a student can have
written is shown as text.
"""

from collections import Counter
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tipslib.grading.course import Course
from tipslib.grading.groups import differences, groups, seen
from tipslib.grading.report import late_words, report

HELP = 0.5  # who has less than this part of the points decided so far is listed under "who needs help"
BINS = 10
WORDS = {
    "graded": "graded",
    "needs-manual-grading": "to be graded by hand",
    "failed": "failed to run",
    "damaged": "damaged",
    "missing": "missing",
}


def overview(course: Course, name: str) -> str:
    """The page, as HTML. Raises: TipsError for an assignment that does not exist or is not released."""
    data, unknown = report(course, name), groups(course, name)
    bins = histogram(data["submissions"])
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("overview.html.j2").render(
        data=data,
        words=WORDS,
        made=datetime.now().strftime("%Y-%m-%d %H:%M"),
        statuses=[(status, [r for r in data["submissions"] if r["status"] == status]) for status in WORDS],
        bins=bins,
        highest=max(one["final"] + one["open"] for one in bins) or 1,
        questions=questions(data["submissions"]),
        mistakes=mistakes(course, name, data["submissions"]),
        groups=[group | {"differences": differences(group)[:2]} for group in unknown],
        weak=weak(data["submissions"]),
        late=[(row, late_words(row)) for row in data["submissions"] if late_words(row)],
    )
    return page.encode("utf-8", "replace").decode()  # half an emoji could not be written


def share(row: dict) -> float | None:
    """The part of the points decided so far that a student has got; None when nothing is decided."""
    decided = [cell for cell in row["cells"] if cell["score"] is not None]
    possible = sum(cell["max_score"] for cell in decided)
    return sum(cell["score"] for cell in decided) / possible if possible else None


def histogram(rows: list[dict]) -> list[dict]:
    """How many students lie in each tenth of the points decided so far: those with a final score, and the others."""
    bins = [{"from": 100 * step // BINS, "to": 100 * (step + 1) // BINS, "final": 0, "open": 0} for step in range(BINS)]
    for row in rows:
        if (part := share(row)) is not None:
            place = min(max(int(part * BINS), 0), BINS - 1)
            bins[place]["final" if row["status"] == "graded" else "open"] += 1
    return bins


def questions(rows: list[dict]) -> list[dict]:
    """For each question how many got all its points, some, none, or wait for a grade by hand; and the mean."""
    found: dict[str, dict] = {}
    # In the notebook's order: whoever has most cells has them all.
    for cell in max((row["cells"] for row in rows), key=len, default=[]):
        found[cell["id"]] = cell
    for row in rows:
        for cell in row["cells"]:
            found.setdefault(cell["id"], cell)
    lines = []
    for identifier, example in found.items():
        scores = [cell["score"] for row in rows for cell in row["cells"] if cell["id"] == identifier]
        points, top = [score for score in scores if score is not None], example["max_score"]
        counts = Counter("all" if score >= top else "none" if score <= 0 else "some" for score in points)
        lines.append({"id": identifier, "functions": example["functions"], "max_score": top, "students": len(scores)})
        lines[-1] |= {kind: counts[kind] for kind in ("all", "some", "none")} | {"open": len(scores) - len(points)}
        lines[-1]["mean"] = sum(points) / len(points) if points else None
    return lines


def mistakes(course: Course, name: str, rows: list[dict]) -> list[dict]:
    """Known mistakes, the commonest first: function, mistake, explanation, students."""
    there = {row["student"] for row in rows if row["score"] is not None}
    found: dict[tuple[str, str], dict] = {}
    for student, cells in sorted(seen(course, name).items()):
        for one in (one for cell in cells.values() for one in cell if one["mistake"] and student in there):
            line = {"function": one["function"], "mistake": one["mistake"].partition("__")[2].replace("_", " ")}
            line = found.setdefault((one["function"], one["mistake"]), line | {"text": one["text"], "students": []})
            line["students"] += [student] if student not in line["students"] else []
    return sorted(found.values(), key=lambda line: (-len(line["students"]), line["function"]))


def weak(rows: list[dict]) -> list[dict]:
    """Who has less than half of the points decided so far, the weakest first, with the questions without points."""
    lines = []
    for row in rows:
        part = share(row)
        if part is not None and part < HELP:
            zero = [cell["id"] for cell in row["cells"] if cell["score"] == 0]
            lines.append({"student": row["student"], "share": part, "zero": zero, "score": row["score"]})
    return sorted(lines, key=lambda line: line["share"])
