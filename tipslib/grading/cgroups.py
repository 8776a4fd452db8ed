"""Control groups of the Linux kernel: limits for all processes of a submission together.

Only some may make them: root as a rule, others where systemd has delegated a part of the tree to them. Version 1 has
a tree of groups for each controller, version 2 one for all. The groups of this process lie in claimed folders (see
claims.py), so that the next process clears away what a killed one has left.
"""

import os
import signal
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from tipslib.grading import claims
from tipslib.grading.sandbox import Limits

CONTROLLERS = ("memory", "pids")


class Group:
    """One submission's group: a folder in each tree."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders

    def entrances(self) -> list[int]:
        """Open files; a process that writes ``0`` into each is in the group, with all that it starts from then on."""
        return [os.open(folder / "cgroup.procs", os.O_WRONLY) for folder in self.folders]

    def limit(self, limits: Limits) -> None:
        """Raises: OSError when the kernel does not take the limits."""
        for names, value in (
            (("memory.max", "memory.limit_in_bytes"), limits.memory),
            (("memory.memsw.limit_in_bytes",), limits.memory),  # with what is swapped out
            (("memory.swap.max",), 0),
            (("pids.max",), limits.processes),
        ):
            for path in (folder / name for folder in self.folders for name in names):
                if path.exists():
                    path.write_text(str(value), encoding="ascii")

    def kill(self) -> None:
        """Kill all that is left in it."""
        for folder in self.folders:
            with suppress(OSError):  # the folder, or the process, is gone
                for process in (folder / "cgroup.procs").read_text(encoding="ascii").split():
                    os.kill(int(process), signal.SIGKILL)

    def remove(self) -> bool:
        """Whether it is gone: while a process is still dying in it, it cannot be removed."""
        for folder in list(self.folders):
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                return False
            self.folders.remove(folder)
        return True


class Groups:
    """All groups of this process."""

    def __init__(self) -> None:
        self._made = [claims.make(tree) for tree in trees()]
        for path, _ in self._made:
            _pass_on(path)
        self._ended: list[Group] = []
        self._count = 0

    def new(self, limits: Limits) -> Group:
        """A group with these limits. Raises: OSError."""
        self._ended = [group for group in self._ended if not group.remove()]
        self._count += 1
        group = Group([path / str(self._count) for path, _ in self._made])
        for folder in group.folders:
            folder.mkdir()
        group.limit(limits)
        return group

    def end(self, group: Group) -> None:
        """Its processes are dying: it is removed when they are dead."""
        self._ended.append(group)

    def close(self) -> None:
        """Remove all groups; waits a few seconds for the last process."""
        deadline = time.monotonic() + 5
        while left := [group for group in self._ended if not group.remove()]:
            if time.monotonic() > deadline:
                break
            for group in left:
                group.kill()
            time.sleep(0.01)
        for path, lock in self._made:
            _clear(path)
            os.close(lock)


def sweep() -> None:
    """Clear away the groups of killed processes."""
    for tree in trees():
        claims.sweep(tree, _clear)


def _clear(path: Path) -> None:
    for folder in (*filter(Path.is_dir, path.iterdir()), path):
        group = Group([folder])
        group.kill()
        deadline = time.monotonic() + 2
        while not group.remove() and time.monotonic() < deadline:
            time.sleep(0.01)


@cache
def trees() -> tuple[Path, ...]:
    """The folders in which this process can make groups that limit both memory and processes; none where it cannot."""
    for places in (_first_version(), *_second_version()):
        if places and _works(places):
            return places
    return ()


def _first_version() -> tuple[Path, ...]:
    own, mounts = _own_groups(), _mounts("cgroup")
    found = [
        mount / os.path.relpath(own[controller], root)
        for controller in CONTROLLERS
        for root, mount, options in mounts
        if controller in options and controller in own
    ]
    return tuple(found) if len(found) == len(CONTROLLERS) else ()


def _second_version() -> list[tuple[Path, ...]]:
    """Our own group, and those above it: in one of them groups may be allowed that limit what we want."""
    candidates: list[tuple[Path, ...]] = []
    for root, mount, _ in _mounts("cgroup2"):
        folder = mount / os.path.relpath(_own_groups().get("", "/"), root)
        candidates += [(one,) for one in (folder, *folder.parents) if one.is_relative_to(mount) and _pass_on(one)]
    return candidates


def _pass_on(folder: Path) -> bool:
    """Version 2: whether groups below ``folder`` have all controllers; they are switched on if that is allowed."""
    switches = folder / "cgroup.subtree_control"
    with suppress(OSError):
        if not set(CONTROLLERS) <= set(switches.read_text(encoding="ascii").split()):
            switches.write_text(" ".join(f"+{name}" for name in CONTROLLERS), encoding="ascii")
        return True
    return False


def _works(places: tuple[Path, ...]) -> bool:
    """Whether a process can be put into a group there."""
    made: list[tuple[Path, int]] = []
    try:
        made = [claims.make(place) for place in places]
        group = Group([path for path, _ in made])
        group.limit(Limits())
        entrances = group.entrances()
        child = os.fork()
        if child == 0:
            with suppress(OSError):
                for fd in entrances:
                    os.write(fd, b"0")
                os._exit(0)
            os._exit(1)
        for fd in entrances:
            os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    except OSError:
        return False
    finally:
        for path, lock in made:
            _clear(path)
            os.close(lock)


def _own_groups() -> dict[str, str]:
    """The path of our group by controller; that of version 2 has the name ``""``."""
    own: dict[str, str] = {}
    for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        own |= dict.fromkeys(controllers.split(","), path)
    return own


def _mounts(kind: str) -> list[tuple[str, Path, list[str]]]:
    """The trees of a version: the group at its root, where it is mounted, its controllers."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        (_, _, _, root, mount, *_), (this, _, options) = before.split(" "), after.split(" ", 2)
        if this == kind:
            found.append((root, Path(mount), options.split(",")))
    return found
