"""A class on a Dask cluster: a real scheduler and real workers, on this machine; and what is held in memory."""

import contextlib
import functools
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import weakref
from concurrent.futures import Future
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from tests.grading.minicourse import NAME, hand_in, solved
from tests.grading.test_crashes import descendants, runs
from tipslib.grading import autograde as autograde_module
from tipslib.grading import executors
from tipslib.grading.autograde import AGAIN, autograde
from tipslib.grading.cli import main
from tipslib.grading.course import Course, TipsError
from tipslib.grading.execution import NotRun
from tipslib.grading.intake import read_submission
from tipslib.grading.report import report
from tipslib.grading.sandbox import why_not

UNSANDBOXED = why_not() is not None
OPTIONS = ["--unsandboxed"] if UNSANDBOXED else []
needs_dask = pytest.mark.skipif(find_spec("distributed") is None, reason="needs the extra cluster")
DASK = [sys.executable, "-m", "dask"]


@contextlib.contextmanager
def started(command: list[str], log):
    """A process that ends with the test."""
    with log.open("w", encoding="utf-8") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@contextlib.contextmanager
def scheduler(folder):
    """A Dask scheduler: yields its process and its address."""
    about = folder / "scheduler.json"
    command = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
    with started([*DASK, *command, "--scheduler-file", str(about)], folder / "scheduler.log") as process:
        yield process, json.loads(wait_for(lambda: about.exists() and about.read_text(encoding="utf-8")))["address"]


@contextlib.contextmanager
def workers(address, folder, count, preload=""):
    """``count`` Dask workers of one thread each, which have run ``preload``: yields their processes."""
    from distributed import Client

    script = folder / "preload.py"
    script.write_text(preload, encoding="utf-8")
    command = [*DASK, "worker", address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    command += ["--memory-limit", "0", "--local-directory", str(folder), "--preload", str(script)]
    with contextlib.ExitStack() as stack, Client(address, set_as_default=False) as client:
        made = [stack.enter_context(started(command, folder / f"worker-{number}.log")) for number in range(count)]
        wait_for(lambda: len(client.nthreads()) == count)
        client.close()
        yield made


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)
    return found


def after(count, action):
    """A progress bar that does something, once, when so many submissions have ended."""

    def progress(items, total, label):
        for number, item in enumerate(items):
            if number == count:
                action()
            yield item

    return progress


@pytest.fixture
def class_of_eight(course, released):
    """Right, wrong, unfinished, deadly and damaged submissions."""
    handed = {
        "right": solved(released),
        "right too": solved(released),
        "wrong": solved(released, add="def add(a, b):\n    return abs(a) + abs(b)"),
        "wrote": solved(released, why="Because."),
        "untouched": released,
        "dies": solved(released, twice="def twice(a):\n    import os; os._exit(1)"),
        "broken": solved(released, add="def add(a, b:\n    return"),
        "damaged": b"{",
    }
    for student, notebook in handed.items():
        hand_in(course, student, notebook)
    return course


def interrupt():
    raise KeyboardInterrupt


@needs_dask
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_class_is_graded_as_here_though_the_run_is_interrupted_and_a_worker_killed(class_of_eight, tmp_path):
    from distributed import Client

    there = Course(shutil.copytree(class_of_eight.root, tmp_path / "there"))
    autograde(class_of_eight, NAME, unsandboxed=UNSANDBOXED)
    killed, families = [], []
    with contextlib.ExitStack() as stack:
        _, address = stack.enter_context(scheduler(tmp_path))
        processes = stack.enter_context(workers(address, tmp_path, 2))
        with Client(address, set_as_default=False) as client:
            grade = functools.partial(autograde, there, NAME, unsandboxed=UNSANDBOXED, scheduler=address)
            with pytest.raises(KeyboardInterrupt):
                grade(progress=after(1, interrupt))
            assert len(list((there.root / "status" / NAME).glob("*.json"))) == 1
            # A unit that runs may come to its end; the others have never begun.
            wait_for(lambda: not client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)))

            def kill_a_busy_one():
                families.extend(descendants(process.pid) for process in processes)
                pids = client.run(os.getpid)
                busy = wait_for(lambda: [worker for worker, units in client.processing().items() if units])
                os.kill(pids[busy[0]], signal.SIGKILL)
                killed.append(busy[0])

            records = grade(progress=after(1, kill_a_busy_one))
            assert killed, "nobody was killed"
            assert killed[0] not in client.nthreads()
    assert len(records) == 8
    assert {record["student"] for record in records if record["status"] != "graded"} == {"damaged"}
    assert report(there, NAME) == report(class_of_eight, NAME)
    # What the workers have started has ended with them, whether they were killed or told to end.
    assert all(families), "they start no processes at all?"
    wait_for(lambda: not [pid for family in families for pid in family if runs(pid)])


UNFIT = """
import os, signal
from tipslib.grading import executors, sandbox

def run(unit):
    os.kill({scheduler}, signal.SIGKILL)

answers = iter(["no walls here", None, "no walls here", None, None])
sandbox.why_not = lambda: next(answers)
executors.run = run
"""


@needs_dask
@pytest.mark.skipif(UNSANDBOXED, reason="only a host with a sandbox asks others for theirs")
def test_an_unfit_worker_and_a_lost_scheduler_cost_nobody_points(course, released, tmp_path, monkeypatch, capsys):
    hand_in(course, "a", solved(released, why="Because."))
    autograde(course, NAME)
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("why", NAME, NAME, "a")
        grade.manual_score, grade.needs_manual_grade = 4, False
        gradebook.db.commit()
    hand_in(course, "a", solved(released, why="Because.", add="def add(a, b):\n    return b + a"))
    with scheduler(tmp_path) as (process, address):
        again = ["autograde", NAME, "--scheduler", address, "--course", str(course.root)]
        assert main(again) == 1
        assert "has no workers: start some with `dask worker tcp://" in capsys.readouterr().err
        with workers(address, tmp_path, 1, UNFIT.format(scheduler=process.pid)):
            with monkeypatch.context() as patch:
                patch.setitem(executors.VERSIONS, "nbgrader", "0.0.1")
                with monkeypatch.context() as quick:
                    quick.setattr(executors, "ANSWER", 0)
                    assert main(again) == 1
                    assert "a worker has not answered" in capsys.readouterr().err
                assert main(again) == 1
                said = capsys.readouterr().err
                assert "worker tcp://127.0.0.1:" in said
                assert f"nbgrader is {executors.versions()['nbgrader']} there, 0.0.1 here" in said
            # The worker has no sandbox when it is asked at first,
            assert main(again) == 1
            assert "worker tcp://127.0.0.1:" in (said := capsys.readouterr().err)
            assert "no walls here" in said
            # nor when it gets a unit, though it had one in between.
            assert main(again) == 2
            assert "a: failed (could not be graded: NotStarted: worker tcp://127.0.0.1:" in capsys.readouterr().out
            (row,) = report(course, NAME)["submissions"]
            assert (row["status"], row["score"]) == ("failed", None)
            assert row["reason"].endswith(f"did not run it: no walls here; {AGAIN.format(NAME)}")
            # Now it takes the unit, and the scheduler dies.
            assert main(again) == 1
            assert "the scheduler is lost, or has dropped the work" in capsys.readouterr().err
    # The grade from before is still there, and its manual points are kept when the grader goes on.
    (record,) = autograde(course, NAME)
    assert (record["status"], record["reason"]) == ("graded", "")
    (row,) = report(course, NAME)["submissions"]
    assert row["score"] == 9


def test_a_scheduler_that_does_not_answer_is_named(course, capsys, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(executors, "CONNECT", 1)
    for address in ("tcp://127.0.0.1:9", "nosuch://127.0.0.1:9", "tls://127.0.0.1:9"):
        assert main(["autograde", NAME, *OPTIONS, "--scheduler", address, "--course", str(course.root)]) == 1
        assert f"no Dask scheduler answers at {address}: " in capsys.readouterr().err


def test_without_the_package_the_extra_is_named(course, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["autograde", NAME, *OPTIONS, "--scheduler", "tcp://127.0.0.1:9", "--course", str(course.root)]) == 1
    assert "pip install -c constraints.txt -e '.[cluster]'" in capsys.readouterr().err


def test_a_cluster_without_workers_is_given_up_after_a_while(monkeypatch):
    cluster = object.__new__(executors.Cluster)
    cluster.address, cluster._empty_since = "tcp://127.0.0.1:9", None
    cluster._client = SimpleNamespace(nthreads=dict)
    cluster.check()
    cluster.check()
    monkeypatch.setattr(executors, "NO_WORKER", -1)
    with pytest.raises(TipsError, match="has no workers any more"):
        cluster.check()


def test_a_large_class_is_never_in_memory_at_once(course, released, monkeypatch):
    """However many hand in: there are never more submissions than a few for each worker."""
    slots, alive, most = 2, [], []
    bound = 2 * slots * autograde_module.AHEAD  # a submission and its unit

    class Idle:
        """Runs nothing; counts the submissions and the units that somebody still holds."""

        def __init__(self, slots):
            self.slots = slots

        def submit(self, unit):
            alive.append(weakref.ref(unit))
            if (count := sum(reference() is not None for reference in alive)) > bound:
                gc.collect()
                count = sum(reference() is not None for reference in alive)
            most.append(count)
            done = Future()
            done.set_exception(NotRun("nobody runs anything"))
            done.unit = unit  # an executor may hold it as long as its future lives
            return done

        def close(self):
            pass

    def read(*arguments):
        submission = read_submission(*arguments)
        alive.append(weakref.ref(submission))
        return submission

    monkeypatch.setattr(autograde_module, "Local", Idle)
    monkeypatch.setattr(autograde_module, "read_submission", read)
    for number in range(20):
        hand_in(course, f"s{number}", solved(released))
    records = autograde(course, NAME, workers=slots, unsandboxed=UNSANDBOXED)
    assert [record["status"] for record in records] == ["failed"] * 20
    assert bound - 2 <= max(most) <= bound + 2, "the one that is just graded, at most, besides"
