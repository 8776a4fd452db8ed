"""Executors: where units run, on this machine or on a Dask cluster.

Both are ``concurrent.futures`` executors behind the same four names: ``slots`` units run at a time, ``submit`` takes
one more, ``check`` says when waiting is in vain, ``close`` drops what has not begun.
"""

import hashlib
import socket
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from tipslib.grading import sandbox
from tipslib.grading.course import TipsError
from tipslib.grading.execution import NotRun, Plan, Unit, run
from tipslib.grading.warm import NotStarted

CONNECT = 10  # seconds to find the scheduler
ANSWER = 120  # seconds for all workers to say whether they can run units
NO_WORKER = 60  # seconds without any worker, after which the run is given up


class Local:
    """``slots`` kernels side by side on this machine."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        # Threads are enough: each one waits for its own kernel, which is another process.
        self._executor = ThreadPoolExecutor(max_workers=slots)

    def submit(self, unit: Unit) -> Future:
        """``run(unit)``, as a future."""
        return self._executor.submit(run, unit)

    def check(self) -> None:
        """This machine is always there."""

    def close(self) -> None:
        """Drop what has not begun, and wait for the rest."""
        self._executor.shutdown(cancel_futures=True)


class Cluster:
    """The workers of the Dask scheduler at ``address``, each of which runs a unit in every thread it has.

    When a worker dies, Dask gives its units to others; a unit that takes several workers down ends as an error.
    Raises: TipsError when ``distributed`` is not installed, no scheduler answers, or a worker is missing or unfit.
    """

    def __init__(self, address: str, plan: Plan) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise TipsError(
                "--scheduler needs the package distributed: pip install -c constraints.txt -e '.[cluster]'"
            ) from error
        self.address = address
        try:
            self._client = Client(address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise TipsError(f"no Dask scheduler answers at {address}: {error}") from error
        try:
            said = self._ask(plan)
            if not said:
                raise TipsError(f"the scheduler at {address} has no workers: start some with `dask worker {address}`")
            if unfit := [f"worker {worker}: {_words(why)}" for worker, why in said.items() if why is not None]:
                raise TipsError("; ".join([*unfit, "install the same as here and start these workers again"]))
            self.slots = max(1, sum(self._client.nthreads().values()))
        except BaseException:
            self.close()
            raise
        # Not "pure": two students' equal notebooks are two units.
        self._executor = self._client.get_executor(pure=False)
        self._empty_since: float | None = None

    def _ask(self, plan: Plan) -> dict[str, str | Exception | None]:
        """What each worker objects to the plan; Dask itself would wait for ever for one that hangs."""
        said: Future = Future()

        def ask() -> None:
            try:
                said.set_result(self._client.run(objection, VERSIONS, plan.sandboxed, on_error="return"))
            except Exception as error:
                said.set_exception(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            return said.result(ANSWER)
        except TimeoutError:
            raise TipsError(
                f"a worker has not answered the scheduler at {self.address} within {ANSWER} s: start the workers again"
            ) from None

    def submit(self, unit: Unit) -> Future:
        """``run(unit)`` on a worker, as a future; cancelled when the scheduler is lost."""
        return self._executor.submit(run_on_worker, unit, VERSIONS)

    def check(self) -> None:
        """Raises: TipsError when there has been no worker for a minute."""
        try:
            workers = self._client.nthreads()
        except OSError as error:
            raise TipsError(f"the scheduler at {self.address} does not answer any more: {error}") from error
        if workers:
            self._empty_since = None
        elif self._empty_since is None:
            self._empty_since = time.monotonic()
        elif time.monotonic() - self._empty_since > NO_WORKER:
            raise TipsError(f"the scheduler at {self.address} has no workers any more; what is done is kept")

    def close(self) -> None:
        """Drop what has not begun; what runs ends on its worker, and nobody waits for it."""
        self._client.close()


def _words(why: str | Exception) -> str:
    return why if isinstance(why, str) else f"{type(why).__name__}: {why}"


# ---- on the workers ----


def versions() -> dict[str, str]:
    """What has to be the same on all machines, so that they give the same grades."""
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        code.update(path.read_text(encoding="utf-8").encode())
    return {
        "system": sys.platform,
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "nbgrader": version("nbgrader"),
        "tipslib": f"{version('tipslib')} ({code.hexdigest()[:8]})",
    }


VERSIONS = versions()  # when it is imported: a worker goes on with the code that it began with


def objection(wanted: dict[str, str], sandboxed: bool) -> str | None:
    """On a worker: why no unit may run here, or None."""
    for what, here in VERSIONS.items():
        if here != wanted.get(what):
            return f"{what} is {here} there, {wanted.get(what)} here"
    return sandbox.why_not() if sandboxed else None


def run_on_worker(unit: Unit, wanted: dict[str, str]) -> dict[str, str]:
    """On a worker: ``run``, but never without the protection that the plan asks for.

    Raises: NotRun, as ``run`` does; NotStarted, which names the worker.
    """
    from distributed import get_worker

    me = f"worker {get_worker().address} on {socket.gethostname()}"
    # Asked again for every unit: the worker may be newer than the coordinator's question.
    if why := objection(wanted, unit.plan.sandboxed):
        raise NotStarted(f"{me} did not run it: {why}")
    try:
        return run(unit)
    except NotRun as error:
        new: Exception = NotRun(str(error))
    except NotStarted as error:
        new = NotStarted(f"{me}: {error}")
    raise new  # without what has caused it, which need not pickle
