"""What is missing on this computer: each finding says in a sentence what it is, and what to do about it.

``quick`` looks around in about a second and opens ``tips lab``; ``examine`` is ``tips doctor``, with a kernel.
Nothing but Python's standard library is needed, and an old Python gets as far as hearing that it is old.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator  # noqa: UP035 (an old Python has no other)

from tipslib.doctor.finding import LIBRARY, Finding
from tipslib.doctor.folder import check_disk, check_names, check_path, check_port, check_writable
from tipslib.doctor.python import OLDEST, check_installed, check_library, check_python

__all__ = ["Finding", "examine", "quick"]


def quick(folder: Path) -> Iterator[Finding]:
    """What can be seen without starting anything. ``folder``: the one with lectures and assignments."""
    yield from check_python()
    if sys.version_info[:2] < OLDEST:
        return  # what follows is written for newer ones
    missing = [*check_installed(folder)]
    yield from missing
    if not missing:
        from tipslib.doctor.jupyter import check_buttons, check_kernel

        yield from check_library(folder)
        yield from check_kernel()
        yield from check_buttons()
    yield from check_names(folder)
    yield from check_writable(folder)
    yield from check_path(folder)
    yield from check_disk(folder)
    yield from check_port()


def examine(folder: Path) -> Iterator[Finding]:
    """``quick``; then, unless something serious is missing, a kernel that computes, and for instructors the sandbox."""
    serious = False
    for finding in quick(folder):
        serious = serious or finding.serious
        yield finding
    if not serious:
        from tipslib.doctor.jupyter import check_first_cell

        yield from check_first_cell(folder)
        if (LIBRARY / "grading").is_dir():
            from tipslib.doctor.sandbox import check_sandbox

            yield from check_sandbox()
