"""Known mistakes: recognised across the border, named in feedback and report, and nothing else of them gets out."""

import numpy as np
import pytest

from tests.grading.minicourse import NAME, hand_in, solved
from tipslib.grading.autograde import autograde
from tipslib.grading.feedback import feedback
from tipslib.grading.mistakes import Bank, same
from tipslib.grading.report import report
from tipslib.grading.sandbox import why_not

BANK = '''
import numpy as np

PROBES = {"add": [{"a": 7, "b": 2}, {"a": 713.25, "b": 0.0}], "twice": [{"a": 21}]}
SECRET = "nobody reads this"


def add__subtracts(a, b):
    """You subtract b. What does the plus sign ask for?"""
    return a - b


def add__forgets_fractions(a, b):
    """You cut off the fraction of the sum."""
    return int(a + b)


def twice__squares(a):
    """You square a."""
    return a * a
'''


def messages(course, student: str) -> dict[str, str]:
    row = next(row for row in report(course, NAME)["submissions"] if row["student"] == student)
    return {cell["id"]: cell["message"] for cell in row["cells"]}


@pytest.mark.skipif(why_not() is not None, reason="needs the sandbox")
def test_a_known_mistake_is_named_in_report_and_feedback(course, released):
    (course.root / "mistakes").mkdir()
    (course.root / "mistakes" / f"{NAME}.py").write_text(BANK, encoding="utf-8")
    wrong = {
        "ann": {"add": "def add(a, b):\n    return -(b - a)"},
        "bob": {"add": "def add(a, b):\n    return int(np.add(a, b)) if False else (a + b) // 1"},
        "cem": {"add": "def add(a, b):\n    raise ValueError(a)", "twice": "def twice(a):\n    return a ** 2"},
        "dee": {"add": "def add(a, b):\n    while a != 1:\n        pass\n    return 3"},
        "eva": {"add": "import os\ndef add(a, b):\n    if a == 7:\n        os._exit(0)\n    return 0"},
    }
    for student, cells in wrong.items():
        hand_in(course, student, solved(released, **cells))
    autograde(course, NAME)
    feedback(course, NAME)
    known = "This is a known mistake. You subtract b. What does the plus sign ask for?"
    assert messages(course, "ann")["add-test"] == f"add(1, 2) should be 3\n{known}"
    page = (course.folder("feedback", NAME, "ann") / f"{NAME}.html").read_text(encoding="utf-8")
    assert known in " ".join(page.split())
    # The page cuts off what is longer.
    assert max(len(line) for line in page.splitlines() if "plus sign ask for" in line) < 100
    assert "SECRET" not in page
    assert "713" not in page
    # Gives -1 // 1, which is no known mistake: an int is expected where it gives a float.
    assert "known mistake" not in messages(course, "bob")["add-test"]
    assert "known mistake" not in messages(course, "cem")["add-test"]
    assert "known mistake. You square a." in messages(course, "cem")["twice-test"]
    for student in ("dee", "eva"):
        # Probing hangs or ends the process; what the check has said stays.
        assert "known mistake" not in messages(course, student)["add-test"]
        assert messages(course, student)["add-test"]


def test_a_corrected_explanation_grades_again(course, released):
    file = course.root / "mistakes" / f"{NAME}.py"
    file.parent.mkdir()
    file.write_text(BANK, encoding="utf-8")
    hand_in(course, "ann", solved(released, twice="def twice(a):\n    return a * a"))
    options = {"unsandboxed": why_not() is not None}
    autograde(course, NAME, **options)
    file.write_text(BANK.replace("You square a.", "That is a², and not 2a."), encoding="utf-8")
    autograde(course, NAME, **options)
    assert "That is a², and not 2a." in messages(course, "ann")["twice-test"]


TABLES = """
import warnings
import numpy as np

PROBES = {
    "relu": [{"z": np.array([-1.0, 2.0])}, {"z": np.array([[3.0, -4.0]])}],
    "noise": [{"n": 1000, "rng": np.random.default_rng(0)}],
    "back": [lambda call: call("back", call("ahead", 3.0))],
    "log": [{"z": np.array([0.0])}],
}
FEATURES = {"noise": lambda result, n, rng: {"positive": bool((result > 0).all()), "number": len(result) == n}}
REFERENCE = {"ahead": lambda x: {"kept": x}}

def relu__in_place(z):
    z[z < 0] = 0
    return z

def relu__absolute(z):
    return np.abs(z)

def noise__positive(n, rng):
    return rng.random(n)

def back__twice(cache):
    return 2 * cache["kept"]

def log__silent(z):
    with np.errstate(all="ignore"):
        return np.log(z)

def log__warns(z):
    return np.log(z)
"""


def named(function: str, **functions) -> str | None:
    mistake = Bank(TABLES).recognise(function, lambda name, *args, **kwargs: functions[name](*args, **kwargs))
    return mistake and mistake.__name__


def test_results_and_what_becomes_of_the_inputs_are_compared():
    def in_place(z):
        np.maximum(z, 0, out=z)
        return z

    assert named("relu", relu=in_place) == "relu__in_place"
    assert named("relu", relu=lambda z: np.maximum(z, 0)) is None
    assert named("relu", relu=lambda z: np.sqrt(z * z)) == "relu__absolute"
    assert named("relu", relu=lambda z: np.abs(z).astype(int)) is None
    assert named("relu", relu=lambda z: np.abs(z)[None]) is None
    assert named("relu", relu=lambda z: None) is None
    assert named("unknown", unknown=abs) is None


def test_features_references_and_warnings():
    assert named("noise", noise=lambda n, rng: rng.exponential(size=n)) == "noise__positive"
    assert named("noise", noise=lambda n, rng: rng.standard_normal(n)) is None
    # The student's own cache is opaque; the mistake works on the reference's.
    assert named("back", ahead=lambda x: [x], back=lambda cache: cache[0] + cache[0]) == "back__twice"
    assert named("back", ahead=lambda x: [x], back=lambda cache: cache[0]) is None
    assert named("log", log=lambda z: np.log(z)) == "log__warns"
    assert named("log", log=lambda z: np.full(1, -np.inf)) == "log__silent"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1.0, np.float64(1), True),
        (1, np.int64(1), True),
        (1, 1.0, False),
        (True, 1, False),
        (1.0, 1 + 1e-9, True),
        (float("nan"), float("nan"), True),
        (float("nan"), 1.0, False),
        (float("inf"), float("inf"), True),
        ((1, [2.0]), [1, (2.0,)], True),
        ([1], [1, 2], False),
        (None, None, True),
        ("ok", "ok", True),
        ("ok", None, False),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"b": 1}, False),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array(1.0), 1.0, False),
        (np.array([True]), np.array([1]), False),
        (np.array(["a"]), np.array(["a"]), True),
        (object(), object(), False),
    ],
)
def test_same(a, b, expected):
    assert same(a, b) is expected
    assert same(b, a) is expected
