"""The checking process: runs an assignment's test cells where no student code runs.

A test cell's contract names (what solution cells define) are stand-ins. Calling one sends plain data to a frozen copy
of the student's notebook (see servant.py) and gets plain data back; nothing else crosses the border. All other names
are the instructor's: imports, locked cells, earlier test cells.

What the student's side says is shown until a test cell comes to its first hidden line (see copies.py).
A test cell should therefore compute what it expects before it calls, and never ask who its functions are.
"""

import ast
import builtins
import contextlib
import io
import json
import linecache
import os
import re
import resource
import signal
import socket
import sys
import textwrap
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np

from tipslib.grading import behaviour
from tipslib.grading.codec import Codec, CodecError
from tipslib.grading.contract import Check, without_magics
from tipslib.grading.copies import Copies, Later, defines_for_others, hidden_lines
from tipslib.grading.mistakes import Bank, explanation
from tipslib.grading.wire import receive, send

PROBING = 5  # seconds for the inputs that tell which known mistake a function makes
SPAWNED = 1000  # generators that a function may spawn from one of the check's in one call
MESSAGE, PRINTED = 10_000, 100_000  # characters of a failed check's message, and of all that a test cell prints
_MUTABLE = (np.ndarray, list, dict, tuple, np.random.Generator)


class NoAnswer(BaseException):
    """The student's side died, hung or talked nonsense. No Exception: a check's own ``except`` must not take it."""


class Timeout(BaseException):
    """The test cell has used up its time."""


class StudentError(Exception):
    """A student's exception of a class that only the student's side knows."""


def main(path: str, seconds: float, memory: int, fds: list[int], announce: Callable[[], object]) -> None:
    """Target of a fork: run the test cells written in the file ``path``, each for at most ``seconds``.

    The file holds ``{"checks": cells, "mistakes": text of the course's known mistakes or None, "probe": whether to
    describe also the functions of cells that pass}``. ``fds[0]`` takes a line of JSON for each: its outputs, and what
    its functions did with the probes; ``fds[1:]`` are the sockets of their snapshots.
    """
    work = json.loads(Path(path).read_text(encoding="utf-8"))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    signal.signal(signal.SIGALRM, _ring)
    # Python's own form quotes the line that warns, which can be a hidden one.
    warnings.formatwarning = lambda message, category, *_: f"{category.__name__}: {message}\n"
    announce()
    bank = Bank(work["mistakes"]) if work["mistakes"] else None
    names: dict[str, Any] = {"__name__": "__main__"}
    cells, copies, known = [Check(**cell) for cell in work["checks"]], Copies(), False

    def write(cell: Check, outputs: list[dict], seen: list[dict]) -> None:
        results.write(json.dumps({"id": cell.id, "outputs": outputs, "seen": seen}) + "\n")
        results.flush()

    with os.fdopen(fds[0], "w", encoding="utf-8") as results:
        for place, (fd, cell) in enumerate(zip(fds[1:], cells, strict=True)):
            for code in cell.setup:
                exec(compile(code, "<locked cell>", "exec"), names)
            stays = defines_for_others(cell, cells[place + 1 :])
            seen: list[dict] = []
            with socket.socket(fileno=fd) as sock, contextlib.suppress(Later):
                border = Border(sock, cell, time.monotonic() + seconds, None if stays else copies, known)
                outputs = check(cell, border, names, seconds, bank, seen, work.get("probe", False))
            known = known or (stays and border.hidden)
            if cell not in copies:
                write(cell, outputs, seen)
            if copies.is_copy:
                os._exit(0)
        for cell in copies.go_on(seconds + PROBING + 2):
            write(cell, [_error(*_too_long(seconds))], [])


def _ring(number: int, frame: object) -> None:
    raise Timeout


def check(
    cell: Check,
    border: "Border",
    names: dict[str, Any],
    seconds: float,
    bank: Bank | None = None,
    seen: list[dict] | None = None,
    probe: bool = False,
) -> list[dict]:
    """Run one test cell; returns its outputs as in a notebook, with the explanation of a known mistake.

    ``seen`` takes what the functions of a failed cell, and with ``probe`` of any, did with the probes.
    """
    outputs: list[dict] = []
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)
    try:
        # What the instructor's own cells define is never taken from the student.
        missing = [name for name in cell.names if name not in names]
        values = {name: border.get(name) for name in missing}
        values = {name: value for name, value in values.items() if value is not Border.MISSING}
        outputs = _run(cell, names, values, border)
        if border.changed and not any(output["output_type"] == "error" for output in outputs):
            # A function that overwrites its arguments could please a check that reads them afterwards.
            border.write_back = False
            outputs = _run(cell, names, values, border)
        failure = outputs[-1] if outputs and outputs[-1]["output_type"] == "error" else None
        if bank and (failure or probe):
            functions = [name for name in cell.names if callable(values.get(name))]
            _explain(failure, functions, border, bank, seen if seen is not None else [])
    except NoAnswer as error:
        outputs = [_error("NoAnswer", str(error))]
    except Timeout:
        outputs = [_error(*_too_long(seconds))]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return outputs


def _too_long(seconds: float) -> tuple[str, str]:
    return "CellTimeoutError", f"the check took longer than {seconds:g} seconds"


def _explain(failure: dict | None, functions: list[str], border: "Border", bank: Bank, seen: list[dict]) -> None:
    """Describe in ``seen`` what the functions do with the probes; add to a failed check's message what is known."""
    border.deadline, border.write_back = time.monotonic() + PROBING, True
    signal.setitimer(signal.ITIMER_REAL, PROBING + 1)
    with contextlib.suppress(NoAnswer, Timeout):  # no more is known then than what the check has said
        for function in functions:
            done = bank.behaviour(function, lambda name, *args, **kwargs: border.call(name, name, [*args], kwargs))
            mistake = bank.known(function, done)
            if done:
                seen.append(behaviour.describe(bank, function, done, mistake))
                if failure is None:
                    seen[-1]["probes"] = behaviour.inputs(bank, function)
            if failure and mistake:
                text = behaviour.KNOWN + explanation(mistake)
                failure["evalue"] += "\n" + text
                failure["traceback"] += _wrapped(text)


def _run(cell: Check, names: dict[str, Any], values: dict[str, Any], border: "Border") -> list[dict]:
    border.printed = Printed()
    names.update(values)
    filename = f"<test cell {cell.id}>"
    error, result = None, None
    code, last = _compiled(cell.source, filename)
    with contextlib.redirect_stdout(border.printed), contextlib.redirect_stderr(border.printed):
        try:
            exec(code, names)
            result = eval(last, names) if last else None
        except Exception as caught:
            error = caught
        finally:
            for name in values:
                names.pop(name, None)
    outputs: list[dict] = []
    if text := border.printed.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": _plain(text)})
    if error is not None:
        message = str(error) or traceback.format_exception_only(error)[-1].strip()
        if border.hidden:
            message = _without_values(message, error)
        outputs.append(_error(type(error).__name__, message))
    elif result is not None:
        data = {"text/plain": _plain(repr(result))[:MESSAGE]}
        outputs.append({"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1})
    return outputs


def _compiled(source: str, filename: str) -> tuple[CodeType, CodeType | None]:
    """A cell's statements, and its last one if it is an expression: nbgrader reads a number there as points."""
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    tree = ast.parse(without_magics(source), filename)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = compile(ast.Expression(tree.body[-1].value), filename, "eval")
        del tree.body[-1]
    return compile(tree, filename, "exec"), last


def _error(name: str, message: str) -> dict:
    message = _plain(message)[:MESSAGE]
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": _wrapped(f"{name}: {message}")}


def _wrapped(text: str) -> list[str]:
    """Lines that a feedback page shows whole: it cuts off longer ones."""
    return [part for line in text.splitlines() for part in textwrap.wrap(line, 88, break_long_words=False) or [""]]


def _plain(text: str) -> str:
    """Without what a terminal or a browser would obey: control characters, and such as turn the direction of text."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)


def _without_values(message: str, error: Exception) -> str:
    """NumPy's and PyTorch's own comparisons write both arrays into their messages."""
    frames = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    if not frames[-1].startswith(("numpy.testing", "numpy._testing", "torch.testing")):
        return message
    return re.split(r"\n(?=Mismatched|\(shapes| *ACTUAL| *DESIRED| *[xy]: | *[xy] and )|\n\n", message.strip())[0]


class Printed(io.StringIO):
    """What a test cell and a student's function print, up to a limit."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, PRINTED - self.tell())])
        return len(text)


class Border:
    """All that passes between a test cell and the student's side, which may answer anything at all."""

    MISSING = object()

    def __init__(
        self, sock: socket.socket, cell: Check, deadline: float, copies: Copies | None = None, hidden: bool = False
    ) -> None:
        """``hidden``: what the student's side says is not shown, from the first call in hidden lines on at the latest.

        There, the cell is left to one of the ``copies``.
        """
        self.sock, self.cell, self.deadline, self.copies, self.hidden = sock, cell, deadline, copies, hidden
        self.filename, self.hidden_lines = f"<test cell {cell.id}>", hidden_lines(cell.source)
        self.codec = Codec(lambda number, args, kwargs: self.call(number, "a function it returned", args, kwargs))
        self.printed: io.StringIO = Printed()
        self.changed, self.write_back = False, True
        self.used_states: set[str] = set()

    def get(self, name: str) -> Any:
        """The student's value of a contract name, a stand-in if it is a function; MISSING if there is none."""
        reply = self._ask({"get": name}, name)
        if "missing" in reply:
            return Border.MISSING
        value = self._decode(reply.get("value"), name)
        if not callable(value):
            return value

        def stand_in(*args: Any, **kwargs: Any) -> Any:
            return self.call(name, name, list(args), kwargs)

        stand_in.__name__ = stand_in.__qualname__ = name
        return stand_in

    def call(self, what: str | int, title: str, args: list, kwargs: dict) -> Any:
        """Call a student's function. Raises what it raised, in a class that the checks know."""
        if not self.hidden and self._in_hidden_lines():
            self._keep_secrets()
        if self.copies and self.cell in self.copies:
            raise Later  # the test cell has caught the first one
        sent = {"args": self.codec.encode(args), "kwargs": self.codec.encode(kwargs)}
        reply = self._ask({"call": what} | sent, title)
        for kind, message in _pairs(reply.get("warnings"), title):
            text = "in a hidden check" if self.hidden else message
            warnings.warn(text, _class(kind, Warning, UserWarning), stacklevel=3)
        if not self.hidden:
            self.printed.write(_text(reply.get("printed"), title))
        for key, old in (("args", args), ("kwargs", kwargs)):
            if reply.get(key) != sent[key]:
                self._take_over(old, self._decode(reply.get(key), title))
        if "raised" in reply:
            kind, message, line = (_text(reply.get(key), title) for key in ("raised", "message", "line"))
            at = f" (at `{line}`)" if line else ""
            # What the student's code says while it holds hidden inputs could be these inputs.
            raise _exception(kind, f"{title} raised it in a hidden check" if self.hidden else f"{title}: {message}{at}")
        return self._decode(reply.get("value"), title)

    def _keep_secrets(self) -> None:
        """From here on, the student's side holds hidden inputs."""
        self.hidden = True
        if self.copies:
            left = self.deadline - time.monotonic()
            self.copies.leave(self.cell)
            # In the copy, whose turn it is now; alarms are not copied.
            self.deadline = time.monotonic() + left
            signal.setitimer(signal.ITIMER_REAL, max(left, 0) + 1)

    def _ask(self, request: dict, title: str) -> dict:
        """Send a request and serve the student's callbacks until the reply is there."""
        while True:
            try:
                send(self.sock, request, self.deadline)
                reply = receive(self.sock, self.deadline)
                if "callback" not in reply:
                    return reply
                function = self.codec.kept(reply["callback"])
                args, kwargs = self.codec.decode(reply.get("args")), self.codec.decode(reply.get("kwargs"))
            except TimeoutError:
                raise NoAnswer(f"{title} did not return in time") from None
            except (EOFError, OSError):
                raise NoAnswer(f"{title} ended the notebook's process") from None
            except CodecError as error:
                raise self._unreadable(title, error) from None
            try:
                request = {"value": self.codec.encode(function(*args, **kwargs))}
            except Exception as error:
                # The class alone: its text may quote the check.
                request = {"raised": type(error).__name__}

    def _decode(self, tree: Any, title: str) -> Any:
        try:
            return self.codec.decode(tree)
        except CodecError as error:
            raise self._unreadable(title, error) from None

    def _unreadable(self, title: str, error: CodecError) -> NoAnswer:
        """The error quotes the message, into which the student's side may have put hidden inputs."""
        detail = "" if self.hidden else f": {error}"
        return NoAnswer(f"{title} returned what cannot be checked{detail}")

    def _take_over(self, old: Any, new: Any) -> None:
        """Change a caller's own objects as the student's function has changed its copies of them."""
        if isinstance(old, np.random.Generator):
            # An earlier state would make "random" numbers that the student knows.
            if not isinstance(new, np.random.Generator):
                return
            if (state := repr(new.bit_generator.state)) not in self.used_states:
                self.used_states |= {state, repr(old.bit_generator.state)}
                old.bit_generator.state = new.bit_generator.state
            seeds: list[Any] = [generator.bit_generator.seed_seq for generator in (old, new)]
            if all(isinstance(seed, np.random.SeedSequence) for seed in seeds):
                # What it has spawned there is not spawned here once more.
                seeds[0].spawn(min(max(0, seeds[1].n_children_spawned - seeds[0].n_children_spawned), SPAWNED))
        elif isinstance(old, np.ndarray):
            alike = isinstance(new, np.ndarray) and (old.shape, old.dtype) == (new.shape, new.dtype)
            if alike and old.tobytes() != new.tobytes():
                self.changed = True
                if self.write_back:
                    old[...] = new
        elif isinstance(old, tuple) and isinstance(new, tuple):
            for a, b in zip(old, new, strict=False):
                self._take_over(a, b)
        elif isinstance(old, (list, dict)) and type(new) is type(old):
            keys, new_keys = (list(range(len(x))) if isinstance(x, list) else list(x) for x in (old, new))
            if keys != new_keys:
                self.changed = True
                if self.write_back:
                    old.clear()
                    old.extend(new) if isinstance(old, list) else old.update(new)
                return
            for key in keys:
                if isinstance(old[key], _MUTABLE) and type(old[key]) is type(new[key]):
                    self._take_over(old[key], new[key])
                elif self.codec.encode(old[key]) != self.codec.encode(new[key]):
                    self.changed = True
                    if self.write_back:
                        old[key] = new[key]

    def _in_hidden_lines(self) -> bool:
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            if frame.f_code.co_filename == self.filename and frame.f_lineno in self.hidden_lines:
                return True
            frame = frame.f_back
        return False


def _text(value: Any, title: str) -> str:
    if not isinstance(value, str):
        raise NoAnswer(f"{title}: the notebook's process answered nonsense")
    return value[:10_000]


def _pairs(value: Any, title: str) -> list[tuple[str, str]]:
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise NoAnswer(f"{title}: the notebook's process answered nonsense")
    return [(_text(kind, title), _text(message, title)) for kind, message in value[:100]]


def _exception(name: str, text: str) -> Exception:
    """The student's exception, in its own class or a base of it."""
    kind = _class(name, Exception, StudentError)
    if issubclass(kind, (StopIteration, StopAsyncIteration)):
        kind = RuntimeError  # as a generator does it: a loop of the check's would take it for its end
    for base in kind.__mro__:
        with contextlib.suppress(TypeError):  # some want more than a text
            return base(text)
    return StudentError(text)


def _class(name: str, family: type, otherwise: type) -> type:
    """The class of this name that is known to every check."""
    known = np.linalg.LinAlgError if name == "LinAlgError" else getattr(builtins, name, None)
    return known if isinstance(known, type) and issubclass(known, family) else otherwise
