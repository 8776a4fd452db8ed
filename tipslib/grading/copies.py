"""Copies: no function of a student's learns a hidden input while others are still to be shown with their words.

A test cell runs up to its first call in hidden lines. There the checking process (see trusted.py) is copied; the copy
waits, and the process goes on with the next cell. When all cells have come that far, the copies go on, one after the
other, and nothing that the student's side says passes any more. So what one check tells in secret cannot come out in
another one's message, whatever way the student's processes find to talk to each other.
"""

import ast
import os
import select
import signal
from functools import cache

from tipslib.grading.contract import Check, without_magics

HIDDEN = ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS")


class Later(BaseException):
    """The rest of this test cell runs in a copy of this process."""


class Copies:
    """The copies of this process that wait."""

    def __init__(self) -> None:
        self.is_copy = False
        self._waiting: list[tuple[Check, int, int]] = []

    def __contains__(self, cell: Check) -> bool:
        return any(cell is left for left, _, _ in self._waiting)

    def leave(self, cell: Check) -> None:
        """Returns in a copy, when it is its turn. Raises: Later in this process."""
        turn, go = os.pipe()
        pid = os.fork()
        if pid:
            os.close(turn)
            self._waiting.append((cell, pid, go))
            raise Later
        self.is_copy = True
        # With these open, the copies before this one would wait for ever.
        for end in (go, *(end for _, _, end in self._waiting)):
            os.close(end)
        os.read(turn, 1)
        os.close(turn)

    def go_on(self, seconds: float) -> list[Check]:
        """Let the copies go on, each for at most ``seconds``; returns the cells of those that had to be ended."""
        ended = []
        for cell, pid, go in self._waiting:
            os.close(go)
            watched = os.pidfd_open(pid)
            if not select.select([watched], [], [], seconds)[0]:
                # It hangs inside of a library, where no alarm reaches it.
                os.kill(pid, signal.SIGKILL)
                ended.append(cell)
            os.waitpid(pid, 0)
            os.close(watched)
        return ended


def hidden_lines(source: str) -> set[int]:
    """The numbers of the lines that students do not see."""
    found, inside = set(), False
    for number, line in enumerate(source.splitlines(), start=1):
        inside = (inside or HIDDEN[0] in line) and HIDDEN[1] not in line
        if inside:
            found.add(number)
    return found


def defines_for_others(cell: Check, behind: list[Check]) -> bool:
    """Whether cells behind it use what a cell defines from its first hidden line on, so that it has to come first."""
    first = min(hidden_lines(cell.source), default=None)
    if first is None:
        return False
    tree = ast.parse(without_magics(cell.source))
    names = _defined([node for node in tree.body if (node.end_lineno or 0) >= first])
    for code in (code for other in behind for code in (*other.setup, other.source)):
        used, own = _names(code)
        if names & (used - own):
            return True
        names -= own
    return False


@cache  # asked for each cell before it
def _names(code: str) -> tuple[set[str], set[str]]:
    """The names that a cell uses, and those that it defines."""
    tree = ast.parse(without_magics(code))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return used, _defined(tree.body)


def _defined(statements: list[ast.stmt]) -> set[str]:
    names: set[str] = set()
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names
