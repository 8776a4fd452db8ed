"""Warm kernels: a process that has imported everything once, and forks a ready kernel for every notebook. Linux only.

    coordinator ── Preloaded ──► preloaded process ──fork──► supervisor ──fork──► kernel
                                 (in the sandbox)            (process 1)          (student code)

This module is the coordinator's side, preloaded.py the other one. A child is used through ``Child``: when that is
closed, or the coordinator dies, everything that the child has started dies with it.
``WarmManager`` gives such kernels to anything that takes a kernel manager of jupyter_client (nbclient, nbconvert),
``BlockingWarmManager`` to what does not await (nbval).
"""

import array
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager, KernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Type

from tipslib.grading import cgroups, claims, sandbox
from tipslib.grading.sandbox import DEFAULT, Limits

RUNS = "/tips"
# No database of the history: it takes a thread, and nobody looks at it.
BARE = ("--HistoryManager.enabled=False", "--InteractiveShell.cache_size=0")


class NotStarted(Exception):
    """A process could not be started; the message says why. Never a student's fault."""


def protection(sandboxed: bool) -> str:
    """What stands between student code and this machine, in words."""
    if sandboxed:
        return f"sandboxed, {'limits by control groups' if cgroups.trees() else 'memory watched'}"
    return "not sandboxed, files fenced by Landlock" if sandbox.landlock() else "not sandboxed"


@cache
def _sweep() -> None:
    """Once: clear away what killed graders have left."""
    claims.sweep_temporary_folders()
    cgroups.sweep()


class Preloaded:
    """A process that has imported ``modules`` and forks children from itself.

    Args: with ``sandboxed`` the process and its children live in the sandbox (see sandbox.py), each of them sees
    of all folders below ``runs`` only its own, at ``/tips/<name>``.
    Raises: NotStarted.
    """

    def __init__(self, modules: list[str] | tuple[str, ...], sandboxed: bool = True) -> None:
        self.sandboxed = sandboxed
        self.lock = threading.Lock()
        _sweep()
        self._kept = ExitStack()
        self.runs = self._kept.enter_context(claims.temporary_folder())
        self.groups = cgroups.Groups()
        self._kept.callback(self.groups.close)
        self.runs.chmod(0o711)  # the sandbox's user passes through, and sees only the folder it is given
        self.inside = RUNS if sandboxed else str(self.runs)
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        argv = [sys.executable, "-P", "-c", f"from tipslib.grading.preloaded import serve; serve({theirs.fileno()})"]
        self.process = subprocess.Popen(
            sandbox.command(argv, {RUNS: str(self.runs)}) if sandboxed else argv,
            pass_fds=[theirs.fileno()],
            env=sandbox.environment() if sandboxed else os.environ | sandbox.environment() | {"HOME": str(Path.home())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        self.control.sendall(json.dumps({"modules": list(modules), "sandboxed": sandboxed}).encode())
        try:
            answer = json.loads(self.control.recv(2**16) or b"{}")
        except OSError:
            answer = {}
        if "ready" not in answer:
            self.process.kill()
            said = self.process.communicate()[1].decode(errors="replace").strip().splitlines() or ["nothing"]
            self.close()
            raise NotStarted(f"the preloaded process did not start: {answer.get('error') or said[-1]}")
        assert self.process.stderr  # a pipe, see above
        self.process.stderr.close()  # the other side has done so, too

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        """A new folder for one child, with an empty ``work`` in it; the child sees it below ``inside``."""
        with tempfile.TemporaryDirectory(prefix="r", dir=self.runs) as folder:
            (Path(folder) / "work").mkdir()
            yield Path(folder)

    def fork(
        self,
        target: str,
        *arguments: Any,
        folder: Path,
        fds: tuple[int, ...] = (),
        limits: Limits = DEFAULT,
        confined: bool = False,
    ) -> "Child":
        """Run ``target("module:function")(*arguments, fds)`` in a new child, which has its own copies of ``fds``.

        A ``confined`` child has limits also where there is no sandbox. Raises: NotStarted.
        """
        if self.sandboxed and os.getuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, sandbox.NOBODY, sandbox.NOBODY, follow_symlinks=False)
        job = {
            "target": target,
            "arguments": arguments,
            "folder": f"{self.inside}/{folder.name}",
            "limits": asdict(limits),
            "confined": confined,
        }
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, self.lock, ExitStack() as opened:
            try:
                group = self.groups.new(limits) if confined else cgroups.Group([])
                entrances = group.entrances()
                for fd in entrances:
                    opened.callback(os.close, fd)
                message = json.dumps(job | {"groups": len(entrances)}).encode()
                passed = array.array("i", [theirs.fileno(), *entrances, *fds])
                self.control.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
            except OSError as error:
                ours.close()
                raise NotStarted(f"the preloaded process is gone, or gets no control group: {error}") from error
        return Child(ours, lambda: self.groups.end(group))

    def close(self) -> None:
        """End the preloaded process with all its children, and remove the folders."""
        self.control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._kept.close()


class Child:
    """A forked process and all that it starts; looks like ``subprocess.Popen`` to jupyter_client."""

    stdin = stdout = stderr = None
    pid: int | None = None

    def __init__(self, status: socket.socket, ended: Callable[[], object]) -> None:
        self.status, self._ended = status, ended
        self.returncode: int | None = None
        self.ready = False
        self.killed: bool | None = None  # what the supervisor has reported last, see ``disturbed``

    def poll(self, timeout: float = 0) -> int | None:
        """The exit code (negative for a signal) once the process has ended; waits up to ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while self.returncode is None and self._receive(max(0, deadline - time.monotonic())):
            pass
        return self.returncode

    def wait_until_ready(self, timeout: float) -> None:
        """Raises: NotStarted when the process ends or stays silent before it is ready."""
        deadline = time.monotonic() + timeout
        while not self.ready and self.returncode is None:
            if not self._receive(deadline - time.monotonic()):
                raise NotStarted(f"a forked process was not ready within {timeout:g} s")
        if not self.ready:
            raise NotStarted(f"a forked process ended at its start, with code {self.returncode}")

    def wait(self) -> int:
        self.poll(3600)
        return self.returncode if self.returncode is not None else -signal.SIGKILL

    def send_signal(self, number: int) -> None:
        if number == signal.SIGKILL:
            self.kill()
        elif self.returncode is None:
            try:
                self.status.send(json.dumps({"signal": int(number)}).encode())
            except OSError:
                self.returncode = -signal.SIGKILL

    def kill(self) -> None:
        """End the process and everything that it has started."""
        if self.status.fileno() >= 0:
            self.status.close()
            self._ended()
        if self.returncode is None:
            self.returncode = -signal.SIGKILL

    terminate = kill

    def end_main(self) -> None:
        """End the process itself, and leave what it has started."""
        with suppress(OSError):
            self.status.send(json.dumps({"signal": int(signal.SIGKILL)}).encode())

    def disturbed(self) -> bool:
        """Whether a process that it has left was killed by a signal, or all of them.

        Student code can do so, but so can a machine that runs out of memory, which should cost nobody points.
        """
        self.killed = None
        with suppress(OSError):
            self.status.send(b'{"report": true}')
            while self.killed is None and self._receive(5):
                pass
        return self.killed is not False

    def _receive(self, timeout: float) -> bool:
        """Take one message of the supervisor; False when there is none in time."""
        if self.status.fileno() < 0:
            return False
        readable, _, _ = select.select([self.status], [], [], max(0, timeout))
        if not readable:
            return False
        gone: dict[str, Any] = {"exit": -signal.SIGKILL, "killed": True}
        try:
            text = self.status.recv(4096)
        except OSError:
            text = b""
        message = json.loads(text) if text else gone
        self.ready = self.ready or "ready" in message
        self.killed = message.get("killed", self.killed)
        if self.returncode is None:
            self.returncode = message.get("exit")
        return True


class WarmProvisioner(LocalProvisioner):
    """jupyter_client's extension point: forks the kernel that a manager below asks for."""

    parent: Any  # one of the managers below
    process: Any  # a Child, while it lives

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        manager = self.parent
        connection = json.loads(Path(manager.connection_file).read_text(encoding="utf-8"))
        connection["ip"] = f"{manager.preloaded.inside}/{manager.folder.name}/{Path(manager.ip).name}"
        self.process = child = manager.preloaded.fork(
            "tipslib.grading.preloaded:kernel",
            connection,
            manager.options,
            folder=manager.folder,
            fds=manager.fds,
            limits=manager.limits,
            confined=True,
        )
        child.wait_until_ready(60)
        return self.connection_info

    async def wait(self) -> int | None:
        code, self.process = (self.process.wait() if self.process else 0), None
        return code


class BlockingWarmManager(KernelManager):
    """A kernel forked from ``preloaded``, in a new folder whose ``work`` is the kernel's current folder.

    ``options`` are IPython's, as on the command line of a kernel.
    """

    def __init__(
        self,
        preloaded: Preloaded,
        folder: Path,
        fds: tuple[int, ...] = (),
        limits: Limits = DEFAULT,
        options: tuple[str, ...] = BARE,
        **kwargs: Any,
    ) -> None:
        self.preloaded, self.folder, self.fds, self.limits, self.options = preloaded, folder, fds, limits, options
        # Sockets in the folder instead of open ports: nobody else can listen.
        own = {"transport": "ipc", "ip": str(folder / "kernel"), "connection_file": str(folder / "host.json")}
        super().__init__(kernel_name="python3", **own, **kwargs)

    @property
    def child(self) -> Child:
        """The kernel's process, once it is started."""
        assert isinstance(self.provisioner, WarmProvisioner)
        return self.provisioner.process

    @property
    def kernel_spec(self) -> KernelSpec:
        metadata = {"kernel_provisioner": {"provisioner_name": "tips-warm"}}
        return KernelSpec(**get_kernel_dict() | {"metadata": metadata})


class WarmManager(BlockingWarmManager, AsyncKernelManager):
    """The same for code that awaits, with a client that is on its guard (see client.py)."""

    client_factory = Type(default_value="tipslib.grading.client.WarmClient")
