"""Execution: run the notebooks of one submission. The only place that starts a kernel on a student's code.

A unit is self-contained (notebooks and files in, executed notebooks out), so that any
``concurrent.futures`` executor can run it, here or on another machine.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets.config import Config


class NotRun(Exception):
    """A notebook could not be run to its end; the message says in which cell and why."""


@dataclass(frozen=True)
class Unit:
    """One submission to run: notebooks as JSON text, files as bytes, both by name; nbgrader's configuration."""

    notebooks: dict[str, str]
    files: dict[str, bytes]
    config: dict


def run(unit: Unit) -> dict[str, str]:
    """Run every notebook of ``unit`` in a fresh kernel and folder; returns them with their outputs, as JSON text.

    A cell that raises or takes longer than ``Execute.timeout`` seconds gets an error output and the next one runs.
    Raises: NotRun when the kernel dies or can no longer be interrupted.
    """
    # One thread a kernel: several run side by side, and results do not depend on the number of cores.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    with tempfile.TemporaryDirectory(prefix="tips-run-") as folder:
        for file, content in unit.files.items():
            path = Path(folder) / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return {name: _run_one(name, text, folder, unit.config) for name, text in unit.notebooks.items()}


def _run_one(name: str, text: str, folder: str, config: dict) -> str:
    notebook = nbformat.reads(text, as_version=4)
    with tempfile.TemporaryDirectory(prefix="tips-") as sockets:
        # Sockets in a folder of our own instead of open ports, where the system has them: nobody else can listen.
        manager = {"transport": "ipc", "ip": str(Path(sockets) / "kernel")} if os.name == "posix" else {}
        execute = _Execute(config=Config(config, KernelManager=manager))
        try:
            notebook, _ = execute.preprocess(notebook, {"metadata": {"path": folder}})
        except (DeadKernelError, CellControlSignal, RuntimeError) as error:
            cell = notebook.cells[execute.current]
            first_line = (cell.source.strip().splitlines() or ["empty"])[0]
            why = "the kernel died" if isinstance(error, DeadKernelError) else f"{type(error).__name__}: {error}"
            raise NotRun(f"{name}.ipynb failed to run: {why} in cell {execute.current + 1} ({first_line!r})") from error
    return nbformat.writes(notebook)


class _Execute(Execute):
    """nbgrader's own, which also remembers the cell it is in."""

    current = 0

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int):
        self.current = index
        return super().preprocess_cell(cell, resources, index)
