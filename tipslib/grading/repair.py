"""Repair: which cell of a handed-in notebook is which of the release, what was edited, and how it becomes complete."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from copy import deepcopy
from functools import lru_cache

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from tipslib.grading.contract import grade_id, is_kind, without_magics

NEW_CELL = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


def label(notebook: NotebookNode, release: NotebookNode) -> list[str]:
    """Give every released cell's name to the one cell that it belongs to, in place; returns notes on the repairs.

    Editors lose nbgrader's metadata, and a copied cell has them twice. A cell belongs to a released one when it
    defines the same functions, has its text or its id; a written answer when it stands in its place.
    """
    known = {name: cell for cell in release.cells if (name := grade_id(cell))}
    functions = {name: _functions(cell) for name, cell in known.items()}
    notes = _wrong_names(notebook, known, functions)
    for name, cell in known.items():
        notes += _one_of(name, cell, notebook)
    before = {grade_id(cell) for cell in notebook.cells}
    for name, cell in known.items():
        notes += _solution(cell, functions[name], notebook) if functions[name] else []
    number_of, there = Counter(map(words, known.values())), {grade_id(cell) for cell in notebook.cells}
    for name, cell in known.items():
        if name not in there:
            bare = [one for one in notebook.cells if grade_id(one) is None]
            same_text = [one for one in bare if number_of[words(cell)] == 1 and words(one) == words(cell)]
            same_id = [one for one in bare if one.id == cell.get("id") and one.cell_type == cell.cell_type]
            for one in (same_text or same_id)[-1:]:
                _mark(one, cell)
    _label_by_place(notebook, [name for name in known if not functions[name]], known)
    found = [name for name in map(grade_id, notebook.cells) if name and name not in before]
    if found:
        names = ", ".join(found[:6]) + (", ..." if len(found) > 6 else "")
        notes.append(f"the nbgrader metadata of {len(found)} cells were lost and put back ({names})")
    return notes


def words(cell: NotebookNode) -> tuple[str, ...]:
    """A cell's text for comparisons: white space does not count."""
    return tuple(cell.source.split())


def _mark(cell: NotebookNode, released: NotebookNode) -> None:
    cell.metadata["nbgrader"] = deepcopy(released.metadata.nbgrader)


def _wrong_names(notebook: NotebookNode, known: dict, functions: dict[str, frozenset[str]]) -> list[str]:
    """Take off the names that a cell's own text contradicts, and those that are not in the release."""
    number_of = Counter(map(words, known.values()))
    locked = {words(cell): name for name, cell in known.items() if words(cell) and not is_kind(cell, "solution")}
    notes = []
    for cell in notebook.cells:
        name, text_of = grade_id(cell), locked.get(words(cell))
        if name is None:
            continue
        if name not in known:
            notes.append(f"cell {name[:50]!r} is not in this assignment: it counts as the student's own")
            del cell.metadata["nbgrader"]
        elif text_of not in (None, name) and number_of[words(cell)] == 1:
            notes.append(f"cell {text_of} was marked as {name}")
            _mark(cell, known[text_of])
        elif (
            not is_kind(known[name], "solution")
            and words(cell) != words(known[name])
            and any(names and names <= defined(cell) for names in functions.values())
        ):
            # It would be overwritten with the locked text.
            notes.append(f"locked cell {name} held a solution, which counts as a cell of its own")
            del cell.metadata["nbgrader"]
    return notes


def _one_of(name: str, released: NotebookNode, notebook: NotebookNode) -> list[str]:
    """Leave a name to one of several cells, in a solution to the last that was worked on. All of them run."""
    copies = [cell for cell in notebook.cells if grade_id(cell) == name]
    if len(copies) < 2:
        return []
    edited = [cell for cell in copies if is_kind(released, "solution") and words(cell) != words(released)]
    counts = (edited or copies)[-1]
    for cell in copies:
        if cell is not counts:
            del cell.metadata["nbgrader"]
    times = "twice" if len(copies) == 2 else f"{len(copies)} times"
    return [f"cell {name} was there {times}: the {'last' if counts is copies[-1] else 'edited'} one counts"]


def _solution(released: NotebookNode, names: frozenset[str], notebook: NotebookNode) -> list[str]:
    """Find the cell that defines ``names``, if it is not the one it should be, and leave out untouched copies."""
    name, notes = grade_id(released), []
    writers = [cell for cell in notebook.cells if names <= defined(cell) and words(cell) != words(released)]
    bare = [cell for cell in writers if grade_id(cell) is None]
    marked = [cell for cell in notebook.cells if grade_id(cell) == name]
    if bare and not any(grade_id(cell) == name for cell in writers):
        for cell in marked:
            del cell.metadata["nbgrader"]
            notes.append(f"cell {name} does not define {', '.join(sorted(names))}: another cell does, and counts")
        _mark(bare[-1], released)
    if writers and "raise NotImplementedError" in released.source and not is_kind(released, "grade"):
        # The release's stub beside a solution holds nothing of the student's, and would undo it.
        stubs = [cell for cell in notebook.cells if grade_id(cell) in (None, name) and words(cell) == words(released)]
        notebook.cells = [cell for cell in notebook.cells if not any(cell is stub for stub in stubs)]
        notes += [f"an untouched copy of cell {name} was left out"] if stubs else []
    return notes


def _label_by_place(notebook: NotebookNode, names: list[str], known: dict[str, NotebookNode]) -> None:
    """A written answer looks like nothing in the release, but it stands between cells that do."""
    order, there = list(known), [grade_id(cell) for cell in notebook.cells]
    gaps = defaultdict(list)
    for name in names:
        position = order.index(name)
        before = [there.index(one) for one in order[:position] if one in there][-1:]
        after = [there.index(one) for one in order[position + 1 :] if one in there][:1]
        if name not in there and is_kind(known[name], "solution") and (before or after):
            start, stop = (before or [-1])[0] + 1, (after or [len(there)])[0]
            gaps[start, stop, known[name].cell_type].append(name)
    for (start, stop, kind), lost in gaps.items():
        bare = [cell for cell in notebook.cells[start:stop] if grade_id(cell) is None and cell.cell_type == kind]
        chosen = bare[-1:] if len(lost) == 1 else bare if len(lost) == len(bare) else []
        for name, cell in zip(lost, chosen, strict=False):
            _mark(cell, known[name])


def edits(notebook: NotebookNode, release: NotebookNode) -> list[str]:
    """Changes of what students must not change; white space does not count."""
    own = {grade_id(cell): cell for cell in notebook.cells if grade_id(cell)}
    found = []
    for cell in release.cells:
        name = grade_id(cell)
        if name not in own:
            continue
        if not is_kind(cell, "solution") and words(own[name]) != words(cell):
            found.append(f"locked cell {name} was edited")
        points = cell.metadata.nbgrader.get("points")
        if own[name].metadata.nbgrader.get("points", points) != points:
            found.append(f"the points of cell {name} were edited")
    return found


def uses(notebook: NotebookNode, flagged: Iterable[str]) -> list[str]:
    """Where the student's own cells use a module that they should not."""
    found = []
    for cell in notebook.cells:
        theirs = cell.cell_type == "code" and (grade_id(cell) is None or is_kind(cell, "solution"))
        tree = parse(cell.source) if theirs else None
        for node in ast.walk(tree) if tree else ():
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Attribute):
                names = [_dotted(node)]
            for module in flagged:
                if any(name == module or name.startswith(module + ".") for name in names):
                    found.append(f"cell {grade_id(cell) or cell.get('id')} uses {module}")
    return list(dict.fromkeys(found))


def _dotted(node: ast.expr) -> str:
    """``a.b.c`` of a chain of attributes, however long it is."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id if isinstance(node, ast.Name) else "", *reversed(parts)])


def complete(notebook: NotebookNode, release: NotebookNode) -> list[str]:
    """Make nbgrader's cells what they were, in place: all there, of their type, no test before what it tests.

    Returns: notes on the repairs.
    """
    known = {name: cell for cell in release.cells if (name := grade_id(cell))}
    notes = []
    for index, cell in enumerate(notebook.cells):
        if (name := grade_id(cell)) is None:
            continue
        if cell.cell_type != (kind := known[name].cell_type):
            notebook.cells[index] = NEW_CELL[kind](cell.source, id=cell.id)
            notes.append(f"cell {name} had become a {cell.cell_type} cell: it is a {kind} cell again")
        _mark(notebook.cells[index], known[name])
    done: list[str] = []
    functions = {name: _functions(cell) for name, cell in known.items()}
    for name, cell in known.items():
        there = [grade_id(one) for one in notebook.cells]
        behind = -1
        if is_kind(cell, "grade") and not is_kind(cell, "solution"):
            mentioned = set(re.findall(r"\w+", cell.source))
            needed = [one for other, one in known.items() if functions[other] & mentioned]
            behind = max((_place(one, notebook) for one in needed), default=-1)
        if name in there:
            if (index := there.index(name)) < behind:
                notebook.cells.insert(behind, notebook.cells.pop(index))
                notes.append(f"cell {name} stood before what it tests: it was moved behind that")
        elif is_kind(cell, "grade") or not is_kind(cell, "solution"):
            previous = there.index(done[-1]) if done else -1
            again = deepcopy(cell)
            again.id = new_raw_cell().id  # its own may be another cell's now
            notebook.cells.insert(max(previous, behind) + 1, again)
            notes.append(f"deleted cell {name} was put back")
        else:
            # It stays lost: the release's stub could overwrite what the student wrote elsewhere.
            notes.append(f"cell {name} is missing")
            continue
        done.append(name)
    return notes


def _place(released: NotebookNode, notebook: NotebookNode) -> int:
    """Where a solution stands, or the last cell that defines its functions; -1 if nowhere."""
    name, functions = grade_id(released), _functions(released)
    own = [index for index, cell in enumerate(notebook.cells) if grade_id(cell) == name]
    return (own or [index for index, cell in enumerate(notebook.cells) if functions <= defined(cell)] or [-1])[-1]


def _functions(released: NotebookNode) -> frozenset[str]:
    """What a released solution cell asks for."""
    return defined(released) if is_kind(released, "solution") else frozenset()


def defined(cell: NotebookNode) -> frozenset[str]:
    """The functions that a cell defines at its top level; none if it is no code or does not parse."""
    return _defined(cell.source) if cell.cell_type == "code" else frozenset()


@lru_cache(1000)
def _defined(source: str) -> frozenset[str]:
    tree = parse(source)
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef)) if tree else frozenset()


def parse(source: str) -> ast.Module | None:
    """The syntax tree of a cell's code, None if there is none."""
    try:
        return ast.parse(without_magics(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # the kernel will say so where it matters
