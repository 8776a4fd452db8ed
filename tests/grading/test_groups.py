"""Groups of wrong functions: alike up to rounding, named once, explained to everybody who does the same."""

import json
import math

import numpy as np
import pytest

from tests.grading.minicourse import NAME, hand_in, solved
from tipslib.grading.autograde import autograde
from tipslib.grading.behaviour import GRIDS, describe, digest, inputs, text
from tipslib.grading.cli import main
from tipslib.grading.course import TipsError
from tipslib.grading.groups import Names, groups, name_group, seen
from tipslib.grading.mistakes import Bank
from tipslib.grading.report import report
from tipslib.grading.sandbox import why_not

BANK = '''
PROBES = {"add": [{"a": 7, "b": 2}, {"a": 713.25, "b": 0.5}], "twice": [{"a": 21}]}

def add__subtracts(a, b):
    """You subtract b."""
    return a - b
'''
NAN, INF = math.nan, math.inf


def alike(a, b) -> bool:
    """Whether two values share a digest, as groups are made."""
    return any(digest(a, grid) == digest(b, grid) for grid in GRIDS)


def test_rounding_errors_part_nobody():
    """Numbers that lie on lines between steps, and all others: the last digits do not count."""
    rng = np.random.default_rng(0)
    lines = np.array([0.5, 1.0, 0.1, 1e-3, 123456.5, 0.1234565, 4.1495404263436, 1.3122009, 2.4099, 1e-9, 1e8])
    for number in range(300):
        values = rng.standard_normal(50) * 10.0 ** rng.integers(-8, 8, 50) if number % 2 else rng.choice(lines, 50)
        noisy = values * (1 + 1e-14 * rng.standard_normal(50))
        assert alike(values, noisy)
        assert alike([float(values[0]), {"a": values}], [np.float64(noisy[0]), {"a": noisy}])
    assert alike(np.array([1.0, 0.0]), np.array([1.0, 3e-17])), "what is left of a difference"
    assert alike(np.array([0.0, -0.0]), np.array([-0.0, 0.0]))
    assert alike(np.ones(2, np.float32), np.ones(2))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1.0, 1.00001),
        (1.0, -1.0),
        (1, 1.0),
        (True, 1),
        (NAN, INF),
        (INF, -INF),
        ("1", 1),
        (None, 0),
        ([1.0, 2.0], [2.0, 1.0]),
        ([1.0], [1.0, 1.0]),
        ([[1], [2]], [[1, 2]]),
        ({"a": 1.0}, {"b": 1.0}),
        (np.zeros(2), np.zeros((2, 1))),
        (np.zeros(2), np.zeros(2, int)),
        (np.zeros(2), [0.0, 0.0]),
        (np.array([1.0, 1e-6]), np.array([1.0, 2e-6])),
        (np.array([1j]), np.array([-1j])),
        pytest.param(10**5000, 10**5000 + 1, id="integers that Python does not print"),
        ("raises ValueError", "raises TypeError"),
    ],
)
def test_what_differs_has_no_common_digest(a, b):
    assert not alike(a, b)
    assert alike(a, a)
    assert alike(b, b)


def test_digests_stay_the_same_for_next_year():
    value = [1.5, np.arange(3.0), {"b": "x", "a": None}, 7, (True, NAN)]
    assert [digest(value, grid) for grid in GRIDS] == ["cf671e48343a", "2613600ba5a2"]


def test_texts_are_short_and_printable():
    hostile = ["\x1b[2J<b>", object(), np.zeros((300, 300)), 10**5000, [1.0] * 10**5, {"k": "\u202e"}, abs]
    bank = Bank("PROBES = {'f': [{'a': i} for i in range(7)]}")
    one = describe(bank, "f", [(value, {"a": 9}, False) for value in hostile])
    assert all(len(line) <= 240 and line.isprintable() for line in one["returns"])
    assert one["returns"][2].startswith("array [300 × 300] [[0. 0. 0. ... 0. 0. 0.]")
    assert one["returns"][6] == "a function; changes a to 9"
    assert inputs(bank, "f")[3] == "a = 3"
    assert text((0.1 + 0.2, True, None)) == "(0.3, True, None)"


def wrong(source: str) -> str:
    return f"def add(a, b):\n    {source}"


@pytest.mark.skipif(why_not() is not None, reason="needs the sandbox")
def test_a_group_is_named_once_for_everybody(course, released, capsys):
    (course.root / "mistakes").mkdir()
    (course.root / "mistakes" / f"{NAME}.py").write_text(BANK, encoding="utf-8")
    functions = {
        "ann": wrong("return (a + b) / 3"),
        "bob": wrong("return a / 3 + b / 3"),
        "cem": wrong("return a - b"),
        "dee": wrong("return [a, '<b>']"),
        "eva": wrong("return a + b"),
        "fay": wrong("while a != 1:\n        pass\n    return 3"),
        "gus": "add = 3",
    }
    for student, source in functions.items():
        hand_in(course, student, solved(released, add=source))
    # Wrong for negative numbers only: right at the probes.
    hand_in(course, "hal", solved(released, add=wrong("return abs(a) + abs(b)")))
    # A student's own word on what was seen counts for nothing.
    liar = solved(released, add=wrong("return 0.25"))
    liar.metadata["tips_seen"] = {"add-test": [{"function": "twice", "digests": ["x"], "mistake": "", "returns": []}]}
    hand_in(course, "liar", liar)
    hand_in(course, "untouched", released)
    autograde(course, NAME)

    found = groups(course, NAME)
    assert [(one["function"], one["students"]) for one in found] == [
        ("add", ["ann", "bob"]),
        ("add", ["dee"]),
        ("add", ["liar"]),
    ]
    assert found[0]["probes"] == ["a = 7, b = 2", "a = 713.25, b = 0.5"]
    assert found[0]["returns"] == ["3", "237.917"]
    assert found[0]["reference"] == ["9", "713.75"]
    assert found[1]["returns"][0] == "[7, '<b>']"
    assert seen(course, NAME)["cem"]["add-test"][0]["mistake"] == "add__subtracts"

    where = ["--course", str(course.root)]
    sentence = "You divide by 3.\n Where does the 3 come from?"
    assert main(["groups", NAME, "--name", found[0]["group"], sentence, *where]) == 0
    assert main(["groups", NAME, *where]) == 0
    listed = capsys.readouterr().out
    assert f"{found[0]['group']}  2 students: ann, bob" in listed
    assert "named      You divide by 3. Where does the 3 come from?" in listed
    assert "returns  3\n    solution 9" in listed
    file = course.root / "mistakes" / f"{NAME}.named.json"
    assert json.loads(file.read_text(encoding="utf-8"))[0]["text"] == "You divide by 3. Where does the 3 come from?"

    def messages() -> dict[str, str]:
        rows = report(course, NAME)["submissions"]
        return {row["student"]: cell["message"] for row in rows for cell in row["cells"] if cell["id"] == "add-test"}

    known = "\nThis is a known mistake. You divide by 3. Where does the 3 come from?"
    assert [student for student, message in messages().items() if message.endswith(known)] == ["ann", "bob"]
    assert "237" not in json.dumps(report(course, NAME)), "what probes give stays with the instructor"
    assert "tips_seen" not in (course.folder("autograded", NAME, "liar") / f"{NAME}.ipynb").read_text(encoding="utf-8")

    # Next year: graded for the first time, named at once; those of before were not graded again.
    notebook = course.folder("autograded", NAME, "ann") / f"{NAME}.ipynb"
    before = notebook.stat().st_mtime_ns
    hand_in(course, "new", solved(released, add=wrong("return sum([a, b]) / 3.0")))
    autograde(course, NAME)
    assert messages()["new"].endswith(known)
    assert notebook.stat().st_mtime_ns == before

    # Said better, and taken back.
    name_group(course, NAME, found[0]["group"], "Not 3.")
    assert messages()["ann"].endswith("known mistake. Not 3.")
    name_group(course, NAME, found[0]["group"], "")
    assert not Names(course, NAME).entries
    assert "known" not in messages()["ann"]
    with pytest.raises(TipsError, match="several groups begin with 'add'"):
        name_group(course, NAME, "add", "x")
    with pytest.raises(TipsError, match=f"there is no group 'nosuch' in 'sums'; there are: {found[0]['group']}, "):
        name_group(course, NAME, "nosuch", "x")


def test_a_file_of_names_that_is_damaged_is_named(course):
    (course.root / "mistakes").mkdir()
    for content in ("{", '[{"function": "add"}]', "[3]"):
        (course.root / "mistakes" / f"{NAME}.named.json").write_text(content, encoding="utf-8")
        with pytest.raises(TipsError, match=r"sums\.named\.json cannot be read"):
            report(course, NAME)


def test_without_submissions_there_are_no_groups(course, capsys):
    assert groups(course, NAME) == []
    assert main(["groups", NAME, "--course", str(course.root)]) == 0
    assert "no wrong function" in capsys.readouterr().out
