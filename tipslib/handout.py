"""In a student kit, students work in copies: the folder ``work``, which no kit brings and so none overwrites.

A new kit may be unpacked over an old one at any time. ``hand_out`` then copies into ``work`` what is new, replaces what
the student has not edited, and puts the new version of anything else beside it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

ORIGINALS = ("notebooks", "assignments")
RECORD = ".handed-out.json"  # in work: file -> digest of the version that the student was given last


def workplace(folder: Path) -> Path:
    """Where notebooks are worked on: ``folder/work`` in a student kit, ``folder`` itself in the repository."""
    library = folder / "tipslib"
    return folder / "work" if library.is_dir() and not (library / "grading").is_dir() else folder


def hand_out(folder: Path) -> list[str]:
    """Copy from a kit to its ``work`` what is not there yet; returns what to tell the student.

    A file that the student has edited stays, and a corrected original is put beside it as "name (new).ipynb". Running
    a notebook is no edit. A deleted file comes back. In the repository nothing happens.
    """
    work = workplace(folder)
    if work == folder:
        return []
    record = work / RECORD
    given = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    new, said = [], []
    for original in sorted(path for place in ORIGINALS for path in (folder / place).rglob("*") if path.is_file()):
        own = work / original.relative_to(folder)
        name, now = _name(own, work), digest(original)
        if own.exists() and now in (given.get(name), digest(own)):
            given[name] = now
            continue
        # The first place where nothing stands, or this version, or another one that the student has not edited.
        target = next(
            path for path in _places(own) if not path.exists() or digest(path) in (now, given.get(_name(path, work)))
        )
        if target != own:
            said.append(f"{name} was corrected. You have edited yours, so it stays; see {target.name!r} beside it.")
        elif own.exists():
            said.append(f"{name} was corrected.")
        else:
            new.append(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".part")
        shutil.copyfile(original, partial)
        os.replace(partial, target)
        given[name] = given[_name(target, work)] = now
    work.mkdir(exist_ok=True)
    record.write_text(json.dumps(given, indent=1), encoding="utf-8")
    if new:
        said.append(f"New in {work}: " + (", ".join(new) if len(new) < 5 else f"{len(new)} files"))
    return said


def _name(path: Path, work: Path) -> str:
    return path.relative_to(work).as_posix()


def _places(own: Path) -> Iterator[Path]:
    yield own
    yield own.with_name(f"{own.stem} (new){own.suffix}")
    for number in itertools.count(2):
        yield own.with_name(f"{own.stem} (new {number}){own.suffix}")


def digest(path: Path) -> str:
    """A hash of what a person writes into a file: of a notebook its cells without outputs, else all."""
    content = path.read_bytes()
    if path.suffix == ".ipynb":
        try:
            cells = json.loads(content)["cells"]
            content = json.dumps([[cell["cell_type"], "".join(cell["source"])] for cell in cells]).encode()
        except (ValueError, KeyError, TypeError):
            pass  # no notebook any more: all of it counts
    return hashlib.sha256(content).hexdigest()
