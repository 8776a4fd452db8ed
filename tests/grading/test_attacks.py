"""Wrong solutions that attack: none gains a point, none does harm, and the next one is graded as ever.

Each payload is bounded, so that it does no harm either where a wall is missing.
"""

import os
import time
from dataclasses import asdict, replace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.grading.minicourse import metadata
from tipslib.grading.contract import find_checks, grade_id
from tipslib.grading.execution import NotRun, Plan, Unit, run
from tipslib.grading.sandbox import DEFAULT, why_not

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))

SHIFT_TEST = """
x = np.array([1.0, 2.0])
assert np.allclose(shift(x, 1), [2, 3]), "shift(x, 1) adds 1"
### BEGIN HIDDEN TESTS
y = np.array([31415.926, -27182.818])
assert np.allclose(shift(y, 0.5), [31416.426, -27182.318]), "shift works for all numbers"
### END HIDDEN TESTS
"""
# As careless as an instructor may be: it computes what it expects after the call, from what it has passed on.
LATER_TEST = """
x = np.array([3.0, 4.0])
got = double(x)
assert np.allclose(got, 2 * x), "double(x) is 2 x"
"""
RIGHT = {"shift": "def shift(x, by):\n    return x + by", "double": "def double(x):\n    return 2 * x"}
PLAN = Plan({"Execute": {"timeout": 4}}, {}, sandboxed=True, seconds=60, modules=("numpy",))


def source() -> nbformat.NotebookNode:
    return new_notebook(
        cells=[
            new_code_cell("import numpy as np", metadata=metadata("setup", locked=True)),
            new_code_cell("def shift(x, by):\n    return x + by", metadata=metadata("shift", solution=True)),
            new_code_cell(SHIFT_TEST, metadata=metadata("shift-test", grade=True, locked=True, points=1)),
            new_code_cell("def double(x):\n    return 2 * x", metadata=metadata("double", solution=True)),
            new_code_cell(LATER_TEST, metadata=metadata("double-test", grade=True, locked=True, points=1)),
            new_code_cell("", metadata={}),
        ]
    )


def grade(plan: Plan = PLAN, files: dict | None = None, **solutions: str) -> dict[str, str]:
    """Run a submission; for each cell what it shows, "" for a check that has passed. ``last`` is the cell after all."""
    notebook = source()
    for cell in notebook.cells:
        cell.source = (RIGHT | solutions).get(grade_id(cell) or "last", cell.source)
    plan = replace(plan, checks={"n": [asdict(cell) for cell in find_checks(source())]})
    done = run(Unit({"n": nbformat.writes(notebook)}, files or {}, plan))
    shown = {}
    for cell in nbformat.reads(done["n"], as_version=4).cells:
        parts = [o.get("text") or o.get("evalue") or str(o.get("data")) for o in cell.outputs]
        names = [o.ename for o in cell.outputs if o.output_type == "error"]
        shown[grade_id(cell) or "last"] = " ".join([*names, *parts])
    return shown


def passed(shown: dict[str, str]) -> set[str]:
    return {name for name in ("shift", "double") if not shown[f"{name}-test"]}


def test_an_honest_solution_passes():
    assert passed(grade()) == {"shift", "double"}


# ---- cheats: wrong, and made to look right ----

CHEATS = {
    "equal to everything": """
class Equal:
    def __eq__(self, other): return True
    __array__ = __len__ = __iter__ = __float__ = lambda self, *a, **k: 1
def shift(x, by): return Equal()
""",
    "an array that is close to everything": """
class Close(np.ndarray):
    def __array_function__(self, *a): return True
    def __array_ufunc__(self, *a, **k): return True
def shift(x, by): return x.view(Close)
""",
    "numpy's comparison patched": """
np.allclose = np.isclose = lambda *a, **k: True
np.testing.assert_allclose = lambda *a, **k: None
def shift(x, by): return x
""",
    "code rewritten on its way": """
get_ipython().input_transformers_post.append(lambda lines: ["pass\\n"] if any("assert" in l for l in lines) else lines)
def shift(x, by): return x
""",
    "asserts taken from the tree": """
import ast
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(NoAsserts())
def shift(x, by): return x
""",
    "the kernel's replies forged": """
from ipykernel.kernelbase import Kernel
async def execute_request(self, stream, ident, parent):
    self.session.send(stream, "execute_reply", {"status": "ok", "execution_count": 1}, parent, ident=ident)
Kernel.execute_request = execute_request
def shift(x, by): return x
""",
    "the servant patched to claim success": """
import tipslib.grading.servant as servant
servant._call = lambda *a: {"value": True, "args": ["list"], "kwargs": ["dict"], "warnings": [], "printed": ""}
def shift(x, by): return x
""",
    "the servant patched to talk nonsense": """
import tipslib.grading.servant as servant
servant._call = lambda *a: {"value": ["array", "O", [1], "AAAA"], "raised": 7, "warnings": {"x": 1}}
def shift(x, by): return x
""",
    "asserts switched off": """
import builtins, sys
builtins.AssertionError = type("Fine", (Exception,), {})
sys.flags = None
def shift(x, by): return x
""",
    "the caller's frames": """
import sys
def shift(x, by):
    frame = sys._getframe()
    while frame:
        for name in ("allclose", "np", "border", "cell"):
            frame.f_globals.pop(name, None)
        frame = frame.f_back
    return x
""",
    "the whole process walked for checks": """
import gc
def shift(x, by):
    for found in gc.get_objects():
        if isinstance(found, str) and "31415" in found:
            return found
    return x
""",
    "exits as if all were well": "def shift(x, by): raise SystemExit(0)",
    "a callback into the checks": """
def shift(x, by):
    return (lambda *a: x) if callable(by) else type("T", (), {"__call__": lambda s: 1})()
""",
}


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS.keys())
def test_a_cheat_gains_nothing(cheat):
    shown = grade(shift=cheat)
    assert "shift" not in passed(shown)
    assert "31415" not in str(shown), "a hidden input came out"


def test_overwriting_an_argument_does_not_fool_a_check_that_reads_it_afterwards():
    assert "double" not in passed(grade(double="def double(x):\n    x[:] = 0\n    return x"))


def test_an_argument_changed_by_an_honest_mistake_is_judged_as_in_one_process():
    """nbgrader's own verdict: the values are right; a check that cares for its inputs is there to ask."""
    shown = grade(shift="def shift(x, by):\n    r = x + by\n    x.sort()\n    return r")
    assert "shift" in passed(shown)


# ---- spies: hidden inputs must not come out ----

SPIES = {
    "printed": "def shift(x, by):\n    print('spy', x)\n    return x + by if x[0] < 3 else x",
    "raised": "def shift(x, by):\n    raise ValueError(f'spy {x}') if x[0] > 3 else x\n    return x",
    "warned": "import warnings\ndef shift(x, by):\n    warnings.warn(f'spy {x}')\n    return x + by if x[0] < 3 else x",
    "kept for the next cell": "seen = []\ndef shift(x, by):\n    seen.append(str(x))\n    return x",
    "kept in a file": "def shift(x, by):\n    open('seen', 'a').write(f'spy {x}')\n    return x",
    "kept by a thread": """
import threading, queue
box = queue.Queue()
def watch():
    while True: print("spy", box.get())
threading.Thread(target=watch, daemon=True).start()
def shift(x, by):
    box.put(str(x)); return x + by if x[0] < 3 else x
""",
    "written into a broken answer": """
import tipslib.grading.servant as servant
honest = servant._call
def spying(codec, names, request):
    reply = honest(codec, names, request)
    args = str(codec.decode(request["args"]))
    return reply | {"value": [f"spy {args}"]} if "31415" in args else reply
servant._call = spying
def shift(x, by): return x + by
""",
    "sent through a pipe": """
import os
out, into = os.pipe()
def shift(x, by):
    os.write(into, str(x).encode()); return x + by if x[0] < 3 else x
""",
}
TELL = """
import os, time
time.sleep(0.3)
print(globals().get("seen"), open("seen").read() if os.path.exists("seen") else "")
if "out" in globals():
    os.set_blocking(out, False)
    try: print(os.read(out, 1000))
    except BlockingIOError: print("nothing yet")
"""


@pytest.mark.parametrize("spy", SPIES.values(), ids=SPIES.keys())
def test_hidden_inputs_do_not_come_out(spy):
    shown = grade(shift=spy, last=TELL)
    assert shown["shift-test"]
    assert "31415" not in str(shown)
    assert "27182" not in str(shown)


# ---- burglars: what lies on the machine ----


def test_the_course_other_submissions_and_the_machine_are_out_of_sight(tmp_path):
    secret = tmp_path / "source" / "secret.ipynb"
    secret.parent.mkdir()
    secret.write_text("the solution", encoding="utf-8")
    shown = grade(
        last=f"""
import os, socket, subprocess, sys
print("reads", [p for p in ({str(secret)!r}, "/etc/shadow", "/home", "/var/lib", "/tmp/.ssh") if os.path.exists(p)])
print("runs", os.listdir("/tips") == [os.path.basename(os.path.dirname(os.getcwd()))])
print("uid", os.getuid(), "processes", sum(name.isdigit() for name in os.listdir("/proc")) < 8)
for address in (("1.1.1.1", 53), ("127.0.0.1", 22)):
    try: socket.create_connection(address, 1); print("connected")
    except OSError: print("no way")
for path in ("/usr/x", sys.prefix + "/x", "../x", "/proc/sys/kernel/hostname"):
    try: open(path, "w"); print("wrote", path)
    except OSError: print("refused")
print("left", subprocess.run(["id", "-u"], capture_output=True, text=True).stdout.strip() != "0")
"""
    )
    lines = shown["last"].strip().splitlines()
    assert lines[0] == "reads []"
    assert lines[1] == "runs True"
    assert lines[2].endswith("processes True")
    assert not lines[2].startswith("uid 0 ")
    assert lines[3:5] == ["no way"] * 2
    assert lines[5:9] == ["refused"] * 4
    assert lines[9] == "left True"


def test_system_calls_that_open_namespaces_or_other_processes_are_refused():
    shown = grade(
        last="""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for name, arguments in (("unshare", (0x10000000,)), ("ptrace", (16, 1, 0, 0)), ("setns", (0, 0)), ("chroot", (b"/",)),
                        ("mount", (b"none", b"/tmp", b"tmpfs", 0, None))):
    print(name, getattr(libc, name)(*arguments), ctypes.get_errno())
try: open("/proc/1/mem", "rb"); print("opened")
except OSError as error: print("mem", type(error).__name__)
"""
    )
    refused = [f"{name} -1 1" for name in ("unshare", "ptrace", "setns", "chroot", "mount")]
    assert shown["last"].splitlines() == [*refused, "mem PermissionError"]


def test_files_handed_in_are_there_and_shadow_nothing_for_the_checks():
    shadow = b"def allclose(*a): return True\nfloat64 = float\narray = list"
    shown = grade(
        files={"numpy.py": shadow, "json.py": shadow, "data.csv": b"1,2"},
        shift="def shift(x, by): return x",
        last="print(open('data.csv').read())",
    )
    assert "shift" not in passed(shown)
    assert shown["last"].strip() == "1,2"


# ---- vandals: what wears the machine down ----

SMALL = replace(PLAN, limits=replace(DEFAULT, memory=600 * 2**20, disk=20 * 2**20, processes=32), seconds=40)
VANDALS = {
    "memory": "bytearray(2 * 2**30)",
    "memory, slowly": "hoard = []\nfor _ in range(300): hoard.append(bytearray(10 * 2**20))",
    "disk": "with open('big', 'wb') as file:\n    for _ in range(200): file.write(bytes(2**20))",
    "many files": "for i in range(60_000): open(f'file{i}', 'w').close()",
    "open files": "files = [open('/dev/null') for _ in range(5000)]",
    "processes": """
import os, time
for _ in range(200):
    if os.fork() == 0:
        time.sleep(2); os._exit(0)
""",
}


@pytest.mark.parametrize("vandal", VANDALS.values(), ids=VANDALS.keys())
def test_what_uses_up_the_machine_stops_at_a_limit(vandal):
    shown = grade(SMALL, last=vandal)
    assert passed(shown) == {"shift", "double"}, "what stands before it is graded"
    assert any(word in shown["last"] for word in ("Error", "Memory")), shown["last"]


def test_an_endless_loop_that_ignores_interrupts_costs_its_cell_only():
    stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    shown = grade(double=stubborn)
    assert passed(shown) == {"shift"}


def test_a_notebook_that_is_slow_in_every_way_ends():
    start = time.monotonic()
    with pytest.raises(NotRun, match="longer than 6 seconds"):
        grade(replace(PLAN, seconds=6), shift="import time\ntime.sleep(3.5)", last="import time\ntime.sleep(3.5)")
    assert time.monotonic() - start < 30


def test_output_without_end_is_cut():
    shown = grade(last="for i in range(40): print('x' * 1_000_000)")
    assert len(shown["last"]) < 25_000_000
    assert "the rest was cut off" in shown["last"]


@pytest.mark.parametrize(
    "death",
    [
        "import os; os._exit(0)",
        "import ctypes; ctypes.string_at(0)",
        "import os; os.kill(os.getpid(), 9)",
        "while 1: pass",
    ],
)
def test_a_function_that_kills_its_process_costs_its_own_check(death):
    shown = grade(shift=f"def shift(x, by):\n    {death}")
    assert passed(shown) == {"double"}
    assert shown["shift-test"].startswith("NoAnswer shift")


def test_nothing_is_left_running():
    mark = f"4242{os.getpid()}"
    grade(last=f"import subprocess; subprocess.Popen(['sleep', '{mark}'], start_new_session=True)")
    time.sleep(0.5)
    commands = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    commands.append(file.read())
            except OSError:
                continue
    assert not [command for command in commands if mark.encode() in command]
