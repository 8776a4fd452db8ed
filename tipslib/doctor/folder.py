"""Is the course's folder a good place to work in, and JupyterLab's port free?"""

from __future__ import annotations

import importlib.util
import shutil
import socket
import sys
import tempfile
from pathlib import Path, PurePath
from typing import Iterator  # noqa: UP035 (an old Python has no other)

from tipslib.doctor.finding import WINDOWS, Finding
from tipslib.doctor.python import requirements
from tipslib.handout import workplace

PORT = 8888  # JupyterLab's own
LONGEST = 65  # Windows allows 260 characters, and PyTorch has files 190 characters below the folder
CLOUDS = ("OneDrive", "Dropbox", "Google Drive", "GoogleDrive", "Mobile Documents", "CloudStorage")


def check_names(folder: Path) -> Iterator[Finding]:
    """No file beside a notebook hides a module: a ``random.py`` there would be imported for Python's own."""
    modules = {name.replace("-", "_") for name, _ in requirements()} | {"sklearn", "tipslib", *sys.stdlib_module_names}
    work = workplace(folder)
    for place in (work, work / "notebooks", *(work / "assignments").glob("*/")):
        for path in sorted(place.glob("*.py")):
            if path.stem in modules:
                yield Finding(f"{path} hides the module {path.stem!r} from the notebooks beside it: rename the file")


def check_writable(folder: Path) -> Iterator[Finding]:
    """Notebooks can be saved, and Jupyter can keep its list of running kernels."""
    work = workplace(folder)
    for place in (folder, work, work / "notebooks", work / "assignments"):
        if place.is_dir() and (why := _cannot_write(place)):
            yield Finding(f"you cannot write into {place} ({why}): move the course's folder into your home folder")
            return
    if importlib.util.find_spec("jupyter_core"):
        from jupyter_core.paths import jupyter_runtime_dir

        runtime = Path(jupyter_runtime_dir())
        place = next(place for place in (runtime, *runtime.parents) if place.exists())
        if why := _cannot_write(place):
            yield Finding(f"Jupyter cannot write into {place} ({why}): make it yours again; it may belong to root")


def _cannot_write(place: Path) -> str | None:
    try:
        tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def check_path(folder: PurePath, windows: bool = WINDOWS) -> Iterator[Finding]:
    """The folder's name gives no trouble: not too long, plain, not in a folder that is copied to the net."""
    text = str(folder)
    if windows and len(text) > LONGEST:
        yield Finding(
            f"the folder's name has {len(text)} characters, and with more than {LONGEST} Windows may fail to install "
            r"PyTorch in it: move the course to a short place such as C:\tips",
            False,
        )
    if windows and not text.isascii():
        yield Finding(
            f"the folder's name {text} has letters other than A to Z, and some programs cannot read it: if one does, "
            r"move the course to a place such as C:\tips",
            False,
        )
    if cloud := next((part for part in folder.parts if part.startswith(CLOUDS)), None):
        yield Finding(
            f"the course lies in {cloud}, which copies and locks files while you work, and an environment has 50 000 "
            "of them: move the course out of it",
            False,
        )


def check_disk(folder: Path, wanted: int = 500_000_000) -> Iterator[Finding]:
    """There is space left to save notebooks in; ``wanted`` in bytes."""
    free = shutil.disk_usage(folder).free
    if free < wanted:
        yield Finding(f"only {free / 1e6:.0f} MB are free on the disk of {folder}: make space before you work")


def check_port(port: int = PORT) -> Iterator[Finding]:
    """Nobody uses JupyterLab's port."""
    with socket.socket() as trial:
        trial.settimeout(0.5)
        if trial.connect_ex(("127.0.0.1", port)) == 0:
            yield Finding(
                f"port {port} is taken, perhaps by a JupyterLab that is still open: `tips lab` takes the next one; its "
                "address stands in the terminal",
                False,
            )
