"""Intake: is a handed-in folder this assignment, and can it be graded? What can be repaired is."""

import json
import re
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.utils import parse_utc

from tipslib.grading.contract import grade_id, is_kind
from tipslib.grading.repair import NEW_CELL, complete, edits, label, uses, words

STAMP = "timestamp.txt"  # nbgrader's own
RESAVE = "open it in Jupyter, save it, and hand in that file"


class Unusable(Exception):
    """A submission that cannot be graded: ``status`` is "missing" or "damaged", the message is the reason."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(_plain(reason))
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
        file, one = _choose(stem, release, here, folder, len(released) == 1)
        used.add(file)
        submission.notebooks |= one.notebooks
        submission.repairs += one.repairs
        submission.flags += one.flags + uses(one.notebooks[stem], flagged)
    # Files beside the notebook stay beside it, also where all were handed in in one more folder.
    root = PurePosixPath(file).parent
    for file in sorted(here.keys() - used, key=lambda file: (root not in PurePosixPath(file).parents, file)):
        place = PurePosixPath(file)
        name = str(place.relative_to(root) if root in place.parents else place)
        if PurePosixPath(name).parts[0].lower() in (f"{stem}.ipynb".lower() for stem in released):
            continue  # one that was not chosen must not take the chosen one's place
        try:
            submission.files[name] = here[file].read_bytes()
        except OSError as error:
            submission.repairs.append(f"{file} cannot be read ({error.strerror}) and was left out")
    try:
        parse_utc(submission.files.get(STAMP, b"2000-01-01").decode())
    except (ValueError, ArithmeticError, TypeError, AttributeError):  # nbgrader would stop there
        submission.repairs.append(f"{STAMP} holds no time ({submission.files.pop(STAMP)[:30]!r}) and was left out")
    submission.repairs = list(map(_plain, submission.repairs))
    return submission


def _choose(
    stem: str, release: NotebookNode, here: dict[str, Path], folder: Path, alone: bool
) -> tuple[str, Submission]:
    """The file that holds notebook ``stem``, and what it holds: its own name if that is usable, else another one.

    An assignment's only notebook may have any name, each of several may lie in a folder.
    """
    own, other_names = f"{stem}.ipynb", {stem, f"{stem}.txt", f"{stem}.json"}
    usable: dict[str, Submission] = {}
    errors: dict[str, Unusable] = {}
    for file in sorted(here, key=lambda file: (file != own, file)):
        *folders, name = PurePosixPath(file).parts
        hidden = any(part.startswith((".", "__MACOSX")) for part in (*folders, name))
        if not hidden and (
            name.lower() == own.lower() or (alone and (".ipynb" in name.lower() or name in other_names))
        ):
            try:
                usable[file] = _prepare(here[file], file, stem, release)
            except Unusable as error:
                errors[file] = error
    untouched = [words(cell) for cell in release.cells]
    worked = [file for file in usable if [words(cell) for cell in usable[file].notebooks[stem].cells] != untouched]
    candidates = worked or list(usable)
    if own in candidates or len({here[file].read_bytes() for file in candidates}) == 1:
        file = candidates[0]
        notes = [f"the file was named {file}, not {own}"] if file != own else []
        if own in here and file != own:
            notes = [f"{errors.get(own, f'{own} is as it was released')}: {file} counts"]
        notes += [f"{other} was handed in too: {file} counts" for other in usable if other not in (own, file)]
        usable[file].repairs = notes + usable[file].repairs
        return file, usable[file]
    if candidates:
        choice = " and ".join(candidates)
        raise Unusable("missing", f"no usable {own} was handed in, but {choice}: hand in one of them, named {own}")
    if own in errors or len(errors) == 1:
        raise errors.get(own) or next(iter(errors.values()))
    if (folder / own).is_dir():
        raise Unusable("damaged", f"{own} is a folder: hand in the notebook itself")
    listing = ", ".join(here) if here else "nothing"
    raise Unusable("missing", f"no {own} was handed in; the folder holds {listing}: hand in the .ipynb file itself")


def _prepare(path: Path, file: str, stem: str, release: NotebookNode) -> Submission:
    """One file as a notebook that is ready to run, with the notes on it."""
    notebook, repairs = _read_notebook(path, file)
    notebook.metadata = deepcopy(release.metadata)  # its kernel counts, whatever an editor wrote
    repairs += label(notebook, release)
    graded = {grade_id(cell) for cell in release.cells if is_kind(cell, "grade") or is_kind(cell, "solution")}
    if not graded & set(map(grade_id, notebook.cells)):
        raise Unusable("damaged", f"{file} is not this assignment's notebook: none of its graded cells is in it")
    flags = edits(notebook, release)
    repairs += complete(notebook, release)
    nbformat.validate(notebook)
    return Submission({stem: notebook}, {}, repairs, flags)


# ---- the file ----


def _read_notebook(path: Path, file: str) -> tuple[NotebookNode, list[str]]:
    """Build a clean notebook from what counts in the file: cell types, texts, ids and nbgrader's metadata.

    Outputs are made anew, so it does not matter what they hold, nor which version of the format they follow.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unusable("damaged", f"{file} cannot be read: {error.strerror}") from error
    if not content.strip(b"\0 \t\r\n"):
        raise Unusable("damaged", f"{file} is empty: hand it in again")
    repairs = []
    encoding = json.detect_encoding(content)
    text = content.decode(encoding, "surrogateescape" if encoding.startswith("utf-8") else "replace")
    if encoding != "utf-8":
        repairs.append(f"{file} is text in {encoding}, not in utf-8")
    if stray := re.findall("[\udc80-\udcff]", text):
        # Bytes of an older code page, in a file that may hold proper UTF-8 elsewhere.
        text = re.sub(
            "[\udc80-\udcff]", lambda found: bytes([ord(found[0]) - 0xDC00]).decode("cp1252", "replace"), text
        )
        repairs.append(f"{file} is not all in utf-8: {len(stray)} bytes were read as Windows-1252")
    text = text.lstrip()
    try:
        # Not strict: line ends inside of strings. Floats: an integer may be too long for Python.
        data, end = json.JSONDecoder(strict=False, parse_int=float).raw_decode(text)
    except (json.JSONDecodeError, RecursionError) as error:
        at = f"{error.msg} in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        reason = f"{file} is not JSON, so not a notebook ({at}; it begins with {text[:12]!r}): {RESAVE}"
        raise Unusable("damaged", reason) from error
    if text[end:].strip("\0 \t\r\n"):
        repairs.append(f"{file} goes on behind its end: {len(text) - end} characters were left out")
    if not isinstance(data, dict):
        data = {}
    if isinstance(version := data.get("nbformat", 4), float) and version != 4:
        repairs.append(f"{file} is in version {version:g} of the notebook format, not in version 4")
    if isinstance(data.get("worksheets"), list):  # in versions before 4
        data["cells"] = [
            cell
            for sheet in data["worksheets"]
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    if not isinstance(data.get("cells"), list):
        raise Unusable("damaged", f"{file} is JSON but not a valid notebook: it has no list of cells. {RESAVE}")
    notebook, ids = new_notebook(), set()
    for number, cell in enumerate(data["cells"], start=1):
        if not isinstance(cell, dict):
            repairs.append(f"cell {number} is not a cell but {str(cell)[:20]!r}: left out")
            continue
        written = _text(cell)
        if written is None:
            repairs.append(f"cell {number} has no readable text: it counts as empty")
        made = _cell(cell, written or "")
        name = cell.get("id")
        if isinstance(name, str) and re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) and name not in ids:
            made.id = name
        ids.add(made.id)
        notebook.cells.append(made)
    return notebook, repairs


def _text(cell: dict) -> str | None:
    """What stands in a cell of any version, None if that is no text."""
    source = cell.get("source", cell.get("input"))
    lines = source if isinstance(source, list) else [source or ""]
    return _plain("".join(lines)) if all(isinstance(line, str) for line in lines) else None


def _cell(cell: dict, text: str) -> NotebookNode:
    """A clean cell with this text from one of any version; of the metadata only nbgrader's are of use."""
    kind = cell.get("cell_type")
    if kind == "heading":  # of nbformat 3
        level = cell.get("level")
        text = "#" * int(level if level in (1, 2, 3, 4, 5, 6) else 1) + " " + text
    if not isinstance(kind, str) or kind not in NEW_CELL:
        kind = "markdown" if kind in ("heading", "html") else "code" if "outputs" in cell else "raw"
    made = NEW_CELL[kind](text)
    pictures = cell.get("attachments")
    if kind == "markdown" and isinstance(pictures, dict):
        bundles = {_plain(name): bundle for name, bundle in pictures.items() if isinstance(bundle, dict)}
        made.attachments = nbformat.from_dict(
            {name: {_plain(k): _plain(v) for k, v in b.items() if isinstance(v, str)} for name, b in bundles.items()}
        )
    metadata = cell.get("metadata")
    own = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if isinstance(own, dict) and isinstance(own.get("grade_id"), str):
        made.metadata["nbgrader"] = NotebookNode(
            {key: own[key] for key in ("grade_id", "points") if isinstance(own.get(key), (str, float))}
        )
    return made


def _plain(text: str) -> str:
    """Without halves of emoji, which could not be written to a file again."""
    return text.encode("utf-8", "replace").decode()
