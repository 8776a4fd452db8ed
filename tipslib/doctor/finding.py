"""What a check finds, and the words for what to do that several checks share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

LIBRARY = Path(__file__).resolve().parents[1]  # the folder tipslib
WINDOWS = os.name == "nt"


class Finding(NamedTuple):
    """What is wrong and what to do about it. ``serious``: notebooks do not run, or work may be lost."""

    text: str
    serious: bool = True

    def __str__(self) -> str:
        return ("To mend: " if self.serious else "Note: ") + self.text


def in_conda() -> bool:
    """Whether this Python is one of conda's."""
    return (Path(sys.prefix) / "conda-meta").is_dir()


def activate(folder: Path) -> str:
    """How to get into the course's environment, from outside of it; or how to install into this one."""
    scripts = folder / ".venv" / ("Scripts" if WINDOWS else "bin")
    # Not Python itself: an environment's python is a link to the system's.
    if scripts.is_dir() and scripts.resolve() != Path(sys.executable).parent.resolve():
        command = rf"{scripts}\Activate.ps1" if WINDOWS else f"source {scripts}/activate"
    elif in_conda():
        command = "conda activate tips"
    else:
        return "run `pip install -c constraints.txt -e .` in the course's folder"
    return f"activate the course's environment with `{command}`"


def python() -> str:
    """This Python, as it is typed in a terminal."""
    if " " not in sys.executable:
        return sys.executable
    return f'& "{sys.executable}"' if WINDOWS else f'"{sys.executable}"'  # PowerShell
