"""Is this the right Python, with the right packages, and with this course's own library?"""

from __future__ import annotations

import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Iterator  # noqa: UP035 (an old Python has no other)

from tipslib.doctor.finding import LIBRARY, Finding, activate, in_conda

OLDEST = (3, 11)  # as pyproject.toml says
NEWEST = (3, 14)  # for which the pinned PyTorch is made


def check_python(
    version: tuple[int, ...] = sys.version_info[:3], wide: bool = sys.maxsize > 2**32, machine: str | None = None
) -> Iterator[Finding]:
    """This Python is one for which there are packages. ``machine``: system and processor, as "Darwin x86_64"."""
    machine = machine or f"{platform.system()} {platform.machine()}"
    this, oldest, newest = (".".join(map(str, numbers)) for numbers in (version, OLDEST, NEWEST))
    if version[:2] < OLDEST:
        yield Finding(
            f"this is Python {this}, and the course needs {oldest} or newer: get it from python.org or your system, "
            "and make the environment again with it"
        )
    if version[:2] > NEWEST:
        yield Finding(
            f"this is Python {this}, for which there may be no PyTorch yet: if the set-up fails, take Python {newest}",
            False,
        )
    if not wide:
        yield Finding("this is a 32-bit Python, for which there is no PyTorch: take the 64-bit one from python.org")
    if machine == "Darwin x86_64" and not in_conda():
        yield Finding(
            "this Python is made for Intel Macs, for which pip has no PyTorch: if your Mac has an Apple chip, take "
            "Python from python.org; if it has an Intel chip, set up the environment with conda, as README.md says"
        )
    if machine == "Windows ARM64":
        yield Finding(
            "this Python is made for ARM processors, for which pip has no PyTorch on Windows: take the 64-bit one for "
            "Intel and AMD (x86-64) from python.org, which runs there, too"
        )


def check_installed(folder: Path) -> Iterator[Finding]:
    """tipslib and the packages that it needs are installed in this Python, and are not too old."""
    try:
        metadata.distribution("tipslib")
    except metadata.PackageNotFoundError:
        yield Finding(
            f"tipslib is not installed in {sys.executable}: {activate(folder)}, or make it first, as README.md says"
        )
        return
    wrong = []
    for name, wanted in requirements():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{name} (missing)")
            continue
        if _numbers(found) < _numbers(wanted):
            wrong.append(f"{name} ({found}, should be {wanted} or newer)")
    if wrong:
        yield Finding(f"packages are missing or too old in {sys.executable}: {', '.join(wrong)}; {activate(folder)}")


def requirements() -> list[tuple[str, str]]:
    """What tipslib needs, as (package, oldest version)."""
    pyproject = LIBRARY.parent / "pyproject.toml"
    if pyproject.is_file():  # newer than what was written down when it was installed
        import tomllib

        lines = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["dependencies"]
    else:
        lines = [line for line in metadata.requires("tipslib") or () if "extra ==" not in line]
    parts = (re.match(r"([\w.-]+?)\s*>=\s*([\d.]+)", line) for line in lines)
    return [(part[1], part[2]) for part in parts if part]


def check_library(folder: Path) -> Iterator[Finding]:
    """The tipslib that Python takes is this folder's own, or the same as it."""
    own = folder / "tipslib"
    if not own.is_dir() or own.resolve() == LIBRARY:
        return
    for path in sorted(own.rglob("*.py")):
        copy = LIBRARY / path.relative_to(own)
        if not copy.is_file() or copy.read_bytes() != path.read_bytes():
            yield Finding(
                f"Python takes tipslib from {LIBRARY.parent}, which is not the same as the one in {folder}: run "
                f"`pip install -c constraints.txt -e .` in {folder}"
            )
            return


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))
