"""Intake: is a handed-in folder this assignment, and can it be graded? What can be repaired is."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tipslib.grading.contract import grade_id, is_kind


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


def read_submission(folder: Path, released: dict[str, NotebookNode]) -> Submission:
    """Read ``submitted/<student>/<name>`` against the release; the folder is never changed.

    Raises: Unusable with the status and the reason.
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
        _repair_cells(notebook, release, file, submission)
        submission.flags += _edits(notebook, release)
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
