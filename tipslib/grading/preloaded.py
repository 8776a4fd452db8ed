"""The preloaded process (see warm.py): imports everything once, then forks a child for each request. Linux only.

It never runs student code and has one thread, so that forking is safe. Each child begins as a supervisor, process 1
of its own namespaces, which starts the wanted function, reports its end, and ends when the coordinator hangs up.
"""

import ctypes
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tipslib.grading import sandbox, servant
from tipslib.grading.sandbox import Limits

# What every kernel needs; an assignment adds what its solution imports.
BASE = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.datapub",
    "IPython.core.pylabtools",
)


def serve(number: int) -> None:
    """The preloaded process: import, then fork for each request on the socket ``number`` until it is closed."""
    control = socket.socket(fileno=number)
    first = json.loads(control.recv(2**20))
    try:
        for module in (*BASE, *first["modules"]):
            # Some modules exist only while another one is imported; the kernel imports those if it can.
            with suppress(ImportError):
                importlib.import_module(module)
        threads = os.listdir("/proc/self/task")
        if len(threads) > 1:
            raise RuntimeError(f"importing has started {len(threads) - 1} threads; a fork would lose them")
    except Exception as error:
        control.sendall(json.dumps({"error": f"{type(error).__name__}: {error}"[:500]}).encode())
        return
    gc.collect()
    gc.freeze()  # the children's collector leaves the shared pages alone
    _join_pages()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervisors report for themselves
    # Nobody listens from here on; and what student code could write to would have to be read.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    control.sendall(b'{"ready": true}')
    while True:
        text, fds, _, _ = socket.recv_fds(control, 2**20, 250)
        if not text:
            return
        if os.fork() == 0:
            control.close()
            try:
                _supervise(json.loads(text), first["sandboxed"], socket.socket(fileno=fds[0]), fds[1:])
            finally:
                os._exit(1)
        for fd in fds:
            os.close(fd)


def _join_pages() -> None:
    """Let the kernel put small pages together to large ones: with PyTorch imported, a fork then takes half as long.

    Linux before 6.1 cannot do it, and goes on with small ones.
    """
    size, collapse = 2**21, 25  # MADV_COLLAPSE
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        addresses, rights, _, _, inode = line.split()[:5]
        if inode == "0" and "w" in rights:
            start, end = (int(address, 16) for address in addresses.split("-"))
            for page in range(-(-start // size) * size, end - size + 1, size):
                madvise(page, size, collapse)


def _supervise(job: dict, sandboxed: bool, status: socket.socket, fds: list[int]) -> None:
    """Process 1 of one child's namespaces: start it, report its end, and end when the coordinator hangs up."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    limits = Limits(**job["limits"])
    entrances, fds = fds[: job["groups"]], fds[job["groups"] :]
    for fd in entrances:
        os.write(fd, b"0")  # into a control group, with all that is forked from here on
        os.close(fd)
    if sandboxed:
        sandbox.unshare()
        if os.fork() != 0:
            os._exit(0)
        sandbox.enter(job["folder"], limits)
    else:
        sandbox.adopt_orphans()
    # Student code must not look into this process.
    sandbox.hide()
    ready, announce = socket.socketpair()
    main = os.fork()
    if main == 0:
        status.close()
        ready.close()
        os.setsid()
        _run(job, sandboxed, limits, announce, fds)
    announce.close()
    for fd in fds:
        os.close(fd)
    watched = os.pidfd_open(main)
    poller = select.poll()
    for fd in (status.fileno(), watched, ready.fileno()):
        poller.register(fd, select.POLLIN)
    killed = False
    watching = sandboxed and not entrances  # where no control group limits the memory of all processes together
    while True:
        for fd, _ in poller.poll(200 if watching else 1000):
            if fd == ready.fileno():
                poller.unregister(fd)
                if ready.recv(1):
                    if sandboxed:
                        sandbox.read_only(job["folder"])
                    status.send(b'{"ready": true}')
            elif fd == watched:
                poller.unregister(watched)
                code = os.waitstatus_to_exitcode(os.waitpid(main, 0)[1])
                status.send(json.dumps({"exit": code}).encode())
            elif not (text := status.recv(4096)):
                # Process 1 takes the others of its namespace with it; without one, end them by hand.
                if not sandboxed:
                    sandbox.kill_descendants()
                os._exit(0)
            elif "report" in (message := json.loads(text)):
                killed = _reap(main) or killed
                status.send(json.dumps({"killed": killed}).encode())
            elif os.path.exists(f"/proc/{main}"):
                os.kill(main, message["signal"])
        if watching and sandbox.memory_in_use() > limits.memory:
            os.kill(-1, signal.SIGKILL)  # all but this one
        killed = _reap(main) or killed


def _reap(main: int) -> bool:
    """Bury orphans, but not ``main``, whose end is reported; returns whether one was killed."""
    killed = False
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) not in (main, os.getpid()):
            with suppress(ChildProcessError):
                pid, code = os.waitpid(int(entry), os.WNOHANG)
                killed = killed or (pid != 0 and os.waitstatus_to_exitcode(code) == -signal.SIGKILL)
    return killed


def _run(job: dict, sandboxed: bool, limits: Limits, announce: socket.socket, fds: list[int]) -> None:
    """The child itself: forget what the fork has copied, step behind the inner wall, run the target."""
    os.chdir(f"{job['folder']}/work")
    tempfile.tempdir = None
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if sandboxed:
        sandbox.drop(limits)
    elif job["confined"]:
        os.environ["HOME"] = os.environ["TMPDIR"] = job["folder"]
        sandbox.drop(limits, job["folder"])
    module, function = job["target"].split(":")
    target = getattr(importlib.import_module(module), function)
    try:
        target(*job["arguments"], fds, lambda: announce.send(b"r"))
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    os._exit(0)


def kernel(connection: dict, options: list[str], fds: list[int], announce: Callable[[], object]) -> None:
    """Target: an IPython kernel, as ``python -m ipykernel_launcher`` would start it."""
    import zmq
    from ipykernel.kernelapp import IPKernelApp

    class App(IPKernelApp):
        def init_iopub(self, context: zmq.Context) -> None:
            # Outputs that nobody has read yet wait here; by default, more than 1000 of them would be lost.
            context.setsockopt(zmq.SNDHWM, 0)
            super().init_iopub(context)

    servant.SOCKETS[:] = fds
    path = Path(f"{connection['ip']}.json")
    path.write_text(json.dumps(connection), encoding="utf-8")
    app = App.instance()
    app.initialize(["-f", str(path), *options])
    if inline := sys.modules.get("matplotlib_inline.backend_inline"):
        # It asks for IPython when it is imported, which was too early.
        inline._enable_matplotlib_integration()
    announce()
    app.start()
