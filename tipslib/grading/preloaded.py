"""The preloaded process (see warm.py): imports everything once, then forks a child for each request. Linux only.

It never runs student code and has one thread, so that forking is safe. Each child begins as a supervisor, process 1
of its own namespaces, which starts the wanted function, reports its end, and ends when the coordinator hangs up.
"""

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
            try:
                importlib.import_module(module)
            except ImportError as error:
                # A module that only exists while another one is imported; the kernel imports it if it can.
                print(f"not preloaded: {module}: {error}", file=sys.stderr)
        threads = os.listdir("/proc/self/task")
        if len(threads) > 1:
            raise RuntimeError(f"importing has started {len(threads) - 1} threads; a fork would lose them")
    except Exception as error:
        control.sendall(json.dumps({"error": f"{type(error).__name__}: {error}"[:500]}).encode())
        return
    gc.collect()
    gc.freeze()  # the children's collector leaves the shared pages alone
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervisors report for themselves
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


def _supervise(job: dict, sandboxed: bool, status: socket.socket, fds: list[int]) -> None:
    """Process 1 of one child's namespaces: start it, report its end, and end when the coordinator hangs up."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    limits = Limits(**job["limits"])
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
    while True:
        for fd, _ in poller.poll(1000):
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
            elif os.path.exists(f"/proc/{main}"):
                os.kill(main, json.loads(text)["signal"])
        _reap(main)


def _reap(main: int) -> None:
    """Bury orphans, but not ``main``, whose end is reported."""
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) not in (main, os.getpid()):
            with suppress(ChildProcessError):
                os.waitpid(int(entry), os.WNOHANG)


def _run(job: dict, sandboxed: bool, limits: Limits, announce: socket.socket, fds: list[int]) -> None:
    """The child itself: forget what the fork has copied, step behind the inner wall, run the target."""
    os.chdir(f"{job['folder']}/work")
    tempfile.tempdir = None
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if sandboxed:
        sandbox.drop(limits)
    module, function = job["target"].split(":")
    target = getattr(importlib.import_module(module), function)
    try:
        target(*job["arguments"], fds, lambda: announce.send(b"r"))
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    os._exit(0)


def kernel(connection: dict, fds: list[int], announce: Callable[[], object]) -> None:
    """Target: an IPython kernel, as ``python -m ipykernel_launcher`` would start it."""
    from ipykernel.kernelapp import IPKernelApp

    servant.SOCKETS[:] = fds
    path = Path(f"{connection['ip']}.json")
    path.write_text(json.dumps(connection), encoding="utf-8")
    app = IPKernelApp.instance()
    app.initialize(["-f", str(path), "--HistoryManager.hist_file=:memory:", "--InteractiveShell.cache_size=0"])
    if inline := sys.modules.get("matplotlib_inline.backend_inline"):
        # It asks for IPython when it is imported, which was too early.
        inline._enable_matplotlib_integration()
    announce()
    app.start()
