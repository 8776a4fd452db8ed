"""Intake: is a handed-in folder this assignment, and can it be graded? What can be repaired is."""

import ast
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tipslib.grading.contract import grade_id, is_kind, without_magics


class Unusable(Exception):
    """A submission that cannot be graded: ``status`` is "missing" or "damaged", the message is the reason."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass
class Submission:
    """What came in: notebooks ready to run (by name), other files, and notes on what was repaired or edited."""

    notebooks: dict[str, NotebookNode]
    files: dict[str, bytes]
    repairs: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)


def read_submission(folder: Path, released: dict[str, NotebookNode], flagged: Iterable[str] = ()) -> Submission:
    """Read ``submitted/<student>/<name>`` against the release; the folder is never changed.

    ``flagged`` names modules that solutions should not use. Raises: Unusable with the status and the reason.
    """
    if not folder.is_dir():
        raise Unusable("missing", f"{folder.name} is not a folder but a file")
    for path in (folder, *sorted(folder.rglob("*"))):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Unusable(
                "damaged", f"{path.relative_to(folder.parent)} is a link or a special file: hand in plain files"
            )
    here = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    submission = Submission({}, {})
    used = set()
    for stem, release in released.items():
        file = _find_notebook(stem, here, released, submission)
        used.add(file)
        notebook = _read_notebook(here[file], file)
        _restore_metadata(notebook, release, submission)
        _repair_cells(notebook, release, file, submission)
        submission.flags += _edits(notebook, release) + _uses(notebook, flagged)
        submission.notebooks[stem] = notebook
    submission.files = {file: path.read_bytes() for file, path in here.items() if file not in used}
    return submission


def _find_notebook(stem: str, here: dict, released: dict, submission: Submission) -> str:
    """The file that holds notebook ``stem``: its own name, or the only notebook there is."""
    if f"{stem}.ipynb" in here:
        return f"{stem}.ipynb"
    others = [file for file in here if file.endswith(".ipynb") and "/" not in file and Path(file).stem not in released]
    if len(others) == 1 and len(released) == 1:
        submission.repairs.append(f"the file was named {others[0]}, not {stem}.ipynb")
        return others[0]
    listing = ", ".join(here) if here else "nothing"
    raise Unusable("missing", f"no {stem}.ipynb was handed in; the folder holds {listing}")


def _read_notebook(path: Path, file: str) -> NotebookNode:
    content = path.read_bytes()
    if not content.strip():
        raise Unusable("damaged", f"{file} is empty")
    try:
        # utf-8-sig: some editors put a byte-order mark in front
        notebook = nbformat.reads(content.decode("utf-8-sig"), as_version=4)
        nbformat.validate(notebook)
    except UnicodeDecodeError as error:
        raise Unusable("damaged", f"{file} is not text in UTF-8 (byte {error.start})") from error
    except (json.JSONDecodeError, nbformat.reader.NotJSONError) as error:
        raise Unusable("damaged", f"{file} is not JSON, so not a notebook") from error
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Unusable("damaged", f"{file} is JSON but not a valid notebook: {first_line}") from error
    return notebook


def _restore_metadata(notebook: NotebookNode, release: NotebookNode, submission: Submission) -> None:
    """Give cells that an editor has stripped their place in the assignment again, where only one fits.

    A cell belongs to a released one when it has its id or its text, or, for a solution, defines the same functions;
    a written answer when it is the only text between its neighbours.
    """
    known = {grade_id(cell): cell for cell in release.cells if grade_id(cell)}
    lost = [cell for cell in release.cells if grade_id(cell) in known.keys() - set(map(grade_id, notebook.cells))]
    bare = [cell for cell in notebook.cells if grade_id(cell) is None]
    restored = []
    for cell in lost:
        own_names = _defined(cell) if is_kind(cell, "solution") else set()
        alike = (
            [one for one in bare if one.get("id") == cell.get("id") and one.cell_type == cell.cell_type],
            [one for one in bare if one.source.split() == cell.source.split() and one.cell_type == cell.cell_type],
            [one for one in bare if own_names and own_names <= _defined(one)],
        )
        # Where two fit, the later one would have counted in the student's own kernel as well.
        found = next((group[-1] for group in alike if group), None)
        if found is not None:
            found.metadata["nbgrader"] = nbformat.from_dict(cell.metadata.nbgrader)
            bare.remove(found)
            restored.append(grade_id(cell))
    # A written answer looks like nothing in the release; its place does.
    order = list(known)
    for cell in lost:
        ids = [grade_id(one) for one in notebook.cells]
        position = order.index(grade_id(cell))
        before = [name for name in order[:position] if name in ids][-1:]
        after = [name for name in order[position + 1 :] if name in ids][:1]
        if grade_id(cell) in ids or cell.cell_type != "markdown" or not is_kind(cell, "solution"):
            continue
        between = notebook.cells[ids.index(before[0]) + 1 if before else 0 : ids.index(after[0]) if after else None]
        candidates = [one for one in between if one in bare and one.cell_type == "markdown"]
        if len(candidates) == 1:
            candidates[0].metadata["nbgrader"] = nbformat.from_dict(cell.metadata.nbgrader)
            restored.append(grade_id(cell))
    if restored:
        submission.repairs.append(f"the nbgrader metadata of {len(restored)} cells were lost and put back")


def _defined(cell: NotebookNode) -> set[str]:
    """The functions that a cell defines at its top level; none if it is no code or does not parse."""
    tree = _parsed(cell)
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} if tree else set()


def _parsed(cell: NotebookNode) -> ast.Module | None:
    if cell.cell_type != "code":
        return None
    try:
        return ast.parse(without_magics(cell.source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # the kernel will say so where it matters


def _uses(notebook: NotebookNode, flagged: Iterable[str]) -> list[str]:
    """Where the student's own cells use a module that they should not."""
    found = []
    for cell in notebook.cells:
        tree = None if grade_id(cell) and not is_kind(cell, "solution") else _parsed(cell)
        for node in ast.walk(tree) if tree else ():
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Attribute):
                names = [ast.unparse(node)]
            for module in flagged:
                if any(name == module or name.startswith(module + ".") for name in names):
                    found.append(f"cell {grade_id(cell) or cell.get('id')} uses {module}")
    return list(dict.fromkeys(found))


def _repair_cells(notebook: NotebookNode, release: NotebookNode, file: str, submission: Submission) -> None:
    """Make nbgrader's cells complete and unique again, in place."""
    known = {grade_id(cell): cell for cell in release.cells if grade_id(cell)}
    ids = [grade_id(cell) for cell in notebook.cells]
    if not known.keys() & set(ids):
        raise Unusable("damaged", f"{file} is not this assignment's notebook: none of its graded cells is in it")
    for index, name in enumerate(ids):
        if name is not None and name in ids[index + 1 :]:
            # All copies run, in order; the last one defines what counts, so it is the one that nbgrader sees.
            del notebook.cells[index].metadata["nbgrader"]
            submission.repairs.append(f"cell {name} was there twice: the last one counts")
    # A lost solution cell stays lost: the release's stub could overwrite what the student wrote elsewhere.
    position = -1
    for name, cell in known.items():
        ids = [grade_id(cell) for cell in notebook.cells]
        if name in ids:
            position = ids.index(name)
        elif is_kind(cell, "grade") or not is_kind(cell, "solution"):
            position += 1
            notebook.cells.insert(position, nbformat.from_dict(cell))
            submission.repairs.append(f"deleted cell {name} was put back")
        else:
            submission.repairs.append(f"cell {name} is missing")


def _edits(notebook: NotebookNode, release: NotebookNode) -> list[str]:
    """Changes of what students must not change; white space does not count."""
    own = {grade_id(cell): cell for cell in notebook.cells if grade_id(cell)}
    found = []
    for cell in release.cells:
        name = grade_id(cell)
        if name not in own:
            continue
        if not is_kind(cell, "solution") and own[name].source.split() != cell.source.split():
            found.append(f"locked cell {name} was edited")
        if own[name].metadata.nbgrader.get("points") != cell.metadata.nbgrader.get("points"):
            found.append(f"the points of cell {name} were edited")
    return found
