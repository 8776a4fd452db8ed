"""Execution: run the notebooks of one submission, and their checks. The only place where student code is started.

A unit is self-contained (notebooks, files and checks in, executed notebooks out), so that any ``concurrent.futures``
executor can run it, here or on another machine. Where the host can, the notebook runs in a warm kernel in the sandbox,
and the test cells in a process of their own over frozen copies of it; else everything runs in one stock kernel, as in
nbgrader.
"""

import atexit
import json
import os
import select
import signal
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader.preprocessors import Execute
from traitlets.config import Config

from tipslib.grading.contract import grade_id
from tipslib.grading.sandbox import DEFAULT, Limits
from tipslib.grading.warm import NotStarted, Preloaded, WarmManager, protection

RESTARTS = 5  # after so many deaths of its kernel a notebook is given up
SEEN = "tips_seen"  # in an executed notebook's metadata: by test cell, what its functions did with the probes
SNAPSHOT = "__import__('tipslib.grading.servant', fromlist=['snapshot']).snapshot"


class NotRun(Exception):
    """A notebook could not be run to its end; the message says in which cell and why."""


@dataclass(frozen=True)
class Plan:
    """How the notebooks of an assignment are run: what all units share (see plan.py).

    ``config`` is nbgrader's. ``checks`` holds each notebook's test cells (see contract.py), none of them if they run
    in the student's kernel; where it is None, that is a stock kernel instead of a warm one.
    """

    config: dict
    checks: dict[str, list[dict]] | None
    sandboxed: bool
    seconds: float = 900.0  # for a whole notebook; each cell has Execute.timeout
    modules: tuple[str, ...] = ()
    limits: Limits = DEFAULT
    mistakes: str | None = None  # the text of the course's known mistakes (see mistakes.py)
    probe: bool = False  # describe what all functions do with the probes, not only those of failed cells

    @property
    def apart(self) -> bool:
        """Whether the checks run outside the student's process."""
        return bool(self.checks and any(self.checks.values()))

    @property
    def protection(self) -> str:
        """What protected the machine and the checks, in words."""
        where = "not sandboxed" if self.checks is None else protection(self.sandboxed)
        return f"{where}, checks {'apart' if self.apart else 'in the student’s process'}"


@dataclass(frozen=True)
class Unit:
    """One submission to run: notebooks as JSON text and files as bytes, both by name."""

    notebooks: dict[str, str]
    files: dict[str, bytes]
    plan: Plan


def run(unit: Unit) -> dict[str, str]:
    """Run every notebook of ``unit`` in a fresh kernel and folder; returns them with their outputs, as JSON text.

    A cell that raises or takes longer than ``Execute.timeout`` seconds gets an error output and the next one runs.
    Raises: NotRun when a notebook cannot be run; NotStarted when this machine cannot run any.
    """
    # One thread a kernel: several run side by side, and results do not depend on the number of cores.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    run_one = _run_stock if unit.plan.checks is None else _run_apart
    return {name: run_one(name, text, unit) for name, text in unit.notebooks.items()}


# ---- as nbgrader does it ----


def _run_stock(name: str, text: str, unit: Unit) -> str:
    notebook = nbformat.reads(text, as_version=4)
    notebook.metadata.pop(SEEN, None)
    with tempfile.TemporaryDirectory(prefix="tips-run-") as folder, tempfile.TemporaryDirectory(prefix="tips-") as ipc:
        _write_files(Path(folder), unit.files)
        # Sockets in a folder of our own instead of open ports, where the system has them: nobody else can listen.
        manager = {"transport": "ipc", "ip": str(Path(ipc) / "kernel")} if os.name == "posix" else {}
        execute = _Execute(config=Config(unit.plan.config | {"KernelManager": manager}))
        try:
            notebook, _ = execute.preprocess(notebook, {"metadata": {"path": folder}})
        except (DeadKernelError, CellControlSignal, RuntimeError) as error:
            raise NotRun(_why(name, notebook, execute, error)) from error
    return nbformat.writes(notebook)


class _Execute(Execute):
    """nbgrader's own, which also remembers the cell it is in."""

    current = 0

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int):
        self.current = index
        return super().preprocess_cell(cell, resources, index)


def _why(name: str, notebook: NotebookNode, execute: _Execute, error: BaseException) -> str:
    cell = notebook.cells[execute.current]
    first_line = (cell.source.strip().splitlines() or ["empty"])[0]
    what = f"{type(error).__name__}: {error}"
    if isinstance(error, DeadKernelError):
        what = "the kernel died"
    elif isinstance(error, CellTimeoutError):
        what = f"it could not be interrupted after {execute.timeout:g} seconds"
    return f"{name}.ipynb: {what} in cell {execute.current + 1} ({first_line!r})"


def _write_files(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


# ---- in a warm kernel, the checks apart ----


def _run_apart(name: str, text: str, unit: Unit) -> str:
    try:
        return _run_warm(name, nbformat.reads(text, as_version=4), unit, wary=True)
    except NotStarted:
        # A process that others need as well has died, or one of the student's was killed: with new ones, once more.
        return _run_warm(name, nbformat.reads(text, as_version=4), unit)


def _run_warm(name: str, notebook: NotebookNode, unit: Unit, wary: bool = False) -> str:
    """``wary``: what was killed may have been killed from outside. Raises: NotStarted then, and as ``run`` does."""
    cells = (unit.plan.checks or {})[name]
    deadline = time.monotonic() + unit.plan.seconds
    deadly: dict[int, str] = {}
    while True:
        with ExitStack() as stack:
            students, checkers = stack.enter_context(_servers(unit.plan.modules, unit.plan.sandboxed))
            sockets = {check["id"]: socket.socketpair() for check in cells}
            for pair in sockets.values():
                for end in pair:
                    stack.callback(end.close)
            folder = stack.enter_context(students.new_folder())
            _write_files(folder / "work", unit.files)
            theirs = tuple(end.fileno() for _, end in sockets.values())
            manager = WarmManager(students, folder, theirs, unit.plan.limits)
            places = {check: place for place, check in enumerate(sockets)}
            execute = _ExecuteApart(
                notebook, places, deadly, config=Config(unit.plan.config), shutdown_kernel="immediate"
            )
            NotebookClient.__init__(execute, notebook, manager)
            execute.resources = {"metadata": {"path": str(folder)}}
            child = None
            try:
                with execute.setup_kernel(cleanup_kc=True):
                    child = manager.child
                    stack.callback(child.kill)
                    timer = threading.Timer(deadline - time.monotonic(), child.end_main)
                    timer.start()
                    stack.callback(timer.cancel)
                    for index, cell in enumerate(notebook.cells):
                        execute.preprocess_cell(cell, {}, index)
                    # From here on only the frozen copies live: nothing that they learn can be shown.
                    child.end_main()
                    for _, end in sockets.values():
                        end.close()
                    ours = [end.fileno() for end, _ in sockets.values()]
                    outputs, seen = _check(name, cells, unit.plan, checkers, stack, ours, execute.timeout)
                    silent = any(output.get("ename") == "NoAnswer" for shown in outputs.values() for output in shown)
                    if wary and silent and child.disturbed():
                        raise NotStarted("a process that answers the checks was killed")
            except (DeadKernelError, CellControlSignal, RuntimeError) as error:
                if time.monotonic() > deadline:
                    limit = f"{unit.plan.seconds:g} seconds (c.Tips.notebook_timeout)"
                    raise NotRun(f"{name}.ipynb took longer than {limit}") from error
                if wary and isinstance(error, DeadKernelError) and child and child.returncode == -signal.SIGKILL:
                    raise NotStarted("the kernel was killed") from error
                if len(deadly) == RESTARTS or execute.current in deadly:
                    raise NotRun(_why(name, notebook, execute, error)) from error
                # The other cells are worth running: once more, without this one.
                deadly[execute.current] = _why(name, notebook, execute, error)
                continue
        notebook.metadata[SEEN] = seen
        for cell in notebook.cells:
            if grade_id(cell) in outputs:
                cell.outputs, cell.execution_count = outputs[grade_id(cell)], None
        return nbformat.writes(notebook)


def _check(
    name: str, cells: list[dict], plan: Plan, checkers: Preloaded, stack: ExitStack, ends: list[int], seconds: float
) -> tuple[dict, dict]:
    """Run the test cells against the frozen copies; returns by grade_id outputs, and what functions did with probes."""
    folder = stack.enter_context(checkers.new_folder())
    work = {"checks": cells, "mistakes": plan.mistakes, "probe": plan.probe}
    (folder / "checks.json").write_text(json.dumps(work), encoding="utf-8")
    ours, theirs = os.pipe()
    stack.callback(os.close, ours)
    try:
        path = f"{checkers.inside}/{folder.name}/checks.json"
        child = checkers.fork(
            "tipslib.grading.trusted:main", path, seconds, plan.limits.memory, folder=folder, fds=(theirs, *ends)
        )
    finally:
        os.close(theirs)
    stack.callback(child.kill)
    outputs, seen = {}, {}
    for line in _lines(ours, time.monotonic() + (seconds + 5) * len(cells)):
        result = json.loads(line)
        outputs[result["id"]] = [nbformat.from_dict(output) for output in result["outputs"]]
        seen[result["id"]] = result["seen"]
    if len(outputs) < len(cells):
        raise NotStarted(f"the checks of {name} ended early, after {list(outputs)[-1:]}: not the student's fault")
    return outputs, seen


def _lines(fd: int, deadline: float) -> Iterator[bytes]:
    """The lines that arrive before the writer hangs up, or the deadline."""
    rest = b""
    while select.select([fd], [], [], max(0, deadline - time.monotonic()))[0] and (data := os.read(fd, 2**16)):
        *complete, rest = (rest + data).split(b"\n")
        yield from complete


class _ExecuteApart(_Execute):
    """Runs all cells but the test cells, and those that killed the kernel before; copies the kernel for the former."""

    def __init__(self, notebook: NotebookNode, places: dict[str, int], deadly: dict[int, str], **kwargs) -> None:
        super().__init__(**kwargs)
        self.places, self.deadly = places, deadly
        # Where test cells follow each other, the kernel is copied once for all of them.
        self.groups: dict[int, list[int]] = {}
        first = None
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "code" and (name := grade_id(cell)) in places:
                first = index if first is None else first
                self.groups.setdefault(first, []).append(places[str(name)])
            elif cell.cell_type == "code":
                first = None

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int):
        self.current = index
        if index in self.deadly:
            message = self.deadly[index]
            cell.outputs = [new_output("error", ename="DeadKernelError", evalue=message, traceback=[message])]
        elif cell.cell_type == "code" and grade_id(cell) in self.places:
            if index in self.groups:
                self.execute_cell(new_code_cell(f"{SNAPSHOT}({self.groups[index]})"), index, store_history=False)
                self.nb.cells[index] = cell  # nbclient has put the other one there
        else:
            return super().preprocess_cell(cell, resources, index)
        return cell, resources


# One pair of preloaded processes serves all notebooks of an assignment, in every thread of this process.
_lock = threading.Lock()
_started: dict[tuple, tuple[Preloaded, Preloaded]] = {}
_users: Counter[tuple] = Counter()


@contextmanager
def _servers(modules: tuple[str, ...], sandboxed: bool) -> Iterator[tuple[Preloaded, Preloaded]]:
    """The preloaded processes for student code and for checks."""
    pair = _started_pair(modules, sandboxed)
    try:
        yield pair
    finally:
        with _lock:
            _users[modules, sandboxed] -= 1


def _started_pair(modules: tuple[str, ...], sandboxed: bool) -> tuple[Preloaded, Preloaded]:
    with _lock:
        if (pair := _started.get((modules, sandboxed))) and any(server.process.poll() is not None for server in pair):
            _close((modules, sandboxed))  # something has killed one of them
        if (modules, sandboxed) not in _started:
            # Those of assignments before are not needed any more; a cluster's worker may have several at a time.
            for key in [key for key in _started if not _users[key]][: max(0, len(_started) - 1)]:
                _close(key)
            with ThreadPoolExecutor(2) as both:  # each takes seconds to import everything
                students = both.submit(Preloaded, modules, sandboxed)
                checkers = both.submit(Preloaded, (*modules, "tipslib.grading.trusted"), sandboxed=False)
            try:
                _started[modules, sandboxed] = students.result(), checkers.result()
            except NotStarted:
                for server in (students, checkers):
                    if server.exception() is None:
                        server.result().close()
                raise
        _users[modules, sandboxed] += 1
        return _started[modules, sandboxed]


def _close(key: tuple) -> None:
    for server in _started.pop(key):
        server.close()


def stop() -> None:
    """End all preloaded processes of this process."""
    for key in list(_started):
        _close(key)


atexit.register(stop)
