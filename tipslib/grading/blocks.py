"""A graded notebook as the blocks of its feedback page: questions with their verdicts, and what stands between them.

Of the instructor's cells a page shows what the release shows, whatever the graded notebook holds.
"""

import re
from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup, escape
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from tipslib.grading.behaviour import KNOWN
from tipslib.grading.contract import contract_names, grade_id, is_kind
from tipslib.grading.untrusted import code, markdown, outputs, plain

HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
POINTS = re.compile(r" *\(\d+ points?\)$")  # of a heading: the page has them already
GRADED = ("check", "answer", "task")
# What joins the question at hand, after which kind of cell of it.
JOINS = {("solution", "solution"), ("check", "solution"), ("check", "check"), ("own", "task")}

Cells = list[tuple[str, NotebookNode]]


class Blocks:
    """Makes the blocks of one student's notebook.

    ``released``: the notebook as it was handed out. ``grades``: the ``cells`` of the student's row in the report.
    ``comments``: the instructor's, by grade_id. ``see``: what to read, by grade_id, ``[{"text", "href"}]``.
    ``folder``: where the pictures are that a text names.
    """

    def __init__(
        self,
        released: NotebookNode,
        grades: list[dict],
        comments: dict[str, str],
        see: dict,
        folder: Path | None = None,
    ) -> None:
        self.grades = {grade["id"]: grade for grade in grades}
        self.comments, self.see, self.folder = comments, see, folder
        self.known = {grade_id(cell): cell for cell in released.cells if grade_id(cell)}
        self.public = {(cell.cell_type, cell.source.strip()): cell for cell in released.cells if not grade_id(cell)}
        self.language = str(released.metadata.get("kernelspec", {}).get("language") or "python")
        self.headings: dict[str, str] = {}  # the heading above each cell that nbgrader knows
        heading = ""
        for cell in released.cells:
            heading = (_headings(cell) or [heading])[-1]
            if grade_id(cell):
                self.headings[str(grade_id(cell))] = heading

    def make(self, notebook: NotebookNode) -> list[dict]:
        """The blocks in the notebook's order, each ``{"question", ...}`` or ``{"title", "parts", "error"}``."""
        cells = [(self._kind(cell), cell) for cell in notebook.cells]
        numbers = _numbered(cells)
        blocks: list[dict] = []
        waiting: Cells = []
        at = 0
        while at < len(cells):
            number, start = numbers[at], at
            while at < len(cells) and numbers[at] == number:
                at += 1
            if number is None:
                waiting += cells[start:at]
                continue
            # To a question belongs what the student has added right above it, and above that all under its heading.
            own = _tail(waiting, lambda kind, cell: kind == "own")
            below = _tail(waiting[:own], lambda kind, cell: not (kind == "text" and _headings(cell)))
            text = _tail(waiting[:below], lambda kind, cell: kind == "text" and bool(_headings(cell)))
            blocks += self._rest(waiting[:text])
            blocks.append(self._question(waiting[text:own], waiting[own:] + cells[start:at], f"question-{number}"))
            waiting = []
        return blocks + self._rest(waiting)

    def _original(self, cell: NotebookNode) -> NotebookNode | None:
        """The cell as it was released; None if the student has added it."""
        return self.known.get(grade_id(cell)) or self.public.get((cell.cell_type, cell.source.strip()))

    def _kind(self, cell: NotebookNode) -> str:
        """solution, check, answer, task; text, code: other cells of the instructor's; own: added by the student."""
        original = self._original(cell)
        if original is None:
            return "own"
        if is_kind(original, "solution"):
            return "answer" if is_kind(original, "grade") else "solution"
        if is_kind(original, "grade"):
            return "check"
        if is_kind(original, "task"):
            return "task"
        return "text" if original.cell_type == "markdown" else "code"

    def _question(self, text: Cells, cells: Cells, anchor: str) -> dict:
        names = [str(grade_id(cell)) for kind, cell in cells if kind != "own" and grade_id(cell)]
        solutions = new_notebook(cells=[self._original(cell) for kind, cell in cells if kind == "solution"])
        grades = [self.grades[name] for name in names if name in self.grades]
        scores = [grade["score"] for grade in grades]
        total = {
            "score": None if None in scores else sum(scores),
            "so_far": sum(score or 0 for score in scores),
            "max_score": sum(grade["max_score"] for grade in grades),
        }
        places = {place["text"]: place for name in names for place in self.see.get(name, ())}
        return total | {
            "question": anchor,
            "functions": contract_names(solutions, functions_only=True),
            "title": self.headings[names[0]] or names[0],
            "verdict": _verdict(total),
            "see": list(places.values()),
            "text": self._parts(text),
            "parts": self._parts(cells),
        }

    def _rest(self, cells: Cells) -> list[dict]:
        """What stands between questions, as one block, or none; the instructor's headings in it are its title."""
        parts = self._parts(cells)
        title = ", ".join(heading for kind, cell in cells if kind == "text" for heading in _headings(cell))
        error = any(output.output_type == "error" for _, cell in cells for output in cell.get("outputs", []))
        return [{"title": title, "parts": parts, "error": error}] if parts else []

    def _parts(self, cells: Cells) -> list[dict]:
        parts = [self._part(kind, cell) for kind, cell in cells]
        return [part for part in parts if part["html"] or part["code"] or part["outputs"] or "verdict" in part]

    def _part(self, kind: str, cell: NotebookNode) -> dict:
        """One cell for the template."""
        shown = cell if kind in ("own", "answer", "solution") else self._original(cell) or cell
        name, source = str(grade_id(cell)), shown.source.strip("\n")
        part = {"kind": kind, "html": "", "code": "", "outputs": [], "comment": "", "untouched": False}
        if kind in ("answer", "solution"):
            part["untouched"] = source.strip() == self.known[name].source.strip()
        if shown.cell_type == "code":
            part["code"] = code(source, self.language)
        elif source.strip():
            part["html"] = markdown(source, shown.get("attachments"), self.folder)
        if kind in ("answer", "solution", "task") and self.comments.get(name):
            part["comment"] = markdown(self.comments[name])
        grade = self.grades.get(name) if kind in GRADED else None
        if grade:
            part |= {key: grade[key] for key in ("id", "score", "max_score")}
            part |= {"verdict": _verdict(grade), "about": _about(source), "message": _said(grade["message"])}
        # Of a failed check the message is shown. What one with a hidden part prints could be of that part.
        hidden = kind == "check" and cell.source.strip() != source.strip()
        if not hidden and not (kind == "check" and grade and grade["message"]):
            part["outputs"] = outputs(cell)
        return part


def _numbered(cells: Cells) -> list[int | None]:
    """For each cell the number of the question that it belongs to.

    A question is the solution cells of a function with their checks and whatever stands between them; an answer; or
    a task with what the student has added below it. Without a graded cell it is none.
    """
    numbers: list[int | None] = [None] * len(cells)
    number, start, last = 0, 0, ""
    for at, (kind, cell) in enumerate(cells):
        joins = (kind, last) in JOINS
        if joins or kind == "solution" or kind in GRADED:
            if not joins:
                number, start = number + 1, at
            numbers[start : at + 1] = [number] * (at + 1 - start)
            last = last if kind == "own" else kind
        elif last == "task":
            last = ""
        elif last == "solution" and kind == "text" and _headings(cell):
            last = "check"  # under a new heading, a new function begins
    graded = {number for (kind, _), number in zip(cells, numbers, strict=True) if kind in GRADED}
    return [number if number in graded else None for number in numbers]


def _tail(cells: Cells, wanted: Callable[[str, NotebookNode], bool]) -> int:
    """Where the wanted cells begin that stand together at the end."""
    return next((at for at in range(len(cells), 0, -1) if not wanted(*cells[at - 1])), 0)


def _headings(cell: NotebookNode) -> list[str]:
    found = HEADING.findall(cell.source) if cell.cell_type == "markdown" else []
    return [POINTS.sub("", heading).replace("`", "") for heading in found]


def _verdict(grade: dict) -> str:
    if grade["score"] is None:
        return "open"
    if not grade["max_score"]:
        return "failed" if grade.get("message") else "passed"
    if grade["score"] >= grade["max_score"]:
        return "passed"
    return "partly" if grade["score"] > 0 else "failed"


def _said(message: str) -> list[dict]:
    """A message by lines, with `names` as code."""
    lines = [plain(line) for line in message.splitlines() if line.strip()]
    code_in = [Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(line)))) for line in lines]
    return [{"text": text, "known": line.startswith(KNOWN)} for text, line in zip(code_in, lines, strict=True)]


def _about(source: str) -> str:
    """The comment at the top of a test cell: what it is about."""
    comment = re.match(r"(?:#.*\n?)*", source)
    return " ".join(line.strip("# ") for line in (comment[0] if comment else "").splitlines())
