"""tools/mutants.py: what it makes of small functions, how it judges, and a real run on two functions."""

import os

import pytest

from assignments.equivalent import EQUIVALENT
from tests.assignments import NAMES, SIGNATURES, assignment
from tools import mutants

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process for each mutant")


def made(body: str, parameters: str = "a, b") -> set[str]:
    """What becomes of a function with this body: the keys without its name."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    found = mutants.mutants("f", f'def f({parameters}):\n    """Adds 1."""\n{lines}')
    for code in found.values():
        compile(code, "<mutant>", "exec")
        assert "Adds" not in code
    return {key.removeprefix("f: ") for key in found}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("return a - b", {"a - b -> a + b", "a - b -> b - a", "a - b -> a", "a - b -> b", "a - b -> a - a"}),
        ("return a + b", {"a + b -> a.__iadd__(b)", "a + b -> b.__iadd__(a)"}),
        ("return a[3 * b]", {"3 * b -> 4 * b", "3 * b -> 2 * b", "3 * b -> 6 * b", "3 * b -> 0 * b"}),
        ("return a < b", {"a < b -> a <= b", "a < b -> a > b", "a < b -> a < b + 1e-09"}),
        ("return a == -b", {"a == -b -> a != -b", "a == -b -> a == b"}),
        ("return a and not b", {"a and (not b) -> a or not b", "a and (not b) -> a and b", "a and (not b) -> a"}),
        ("return a if b else 0", {"a if b else 0 -> a", "a if b else 0 -> 0", "a if b else 0 -> a if b else 1"}),
        ("return a.sum(axis=1, keepdims=True)", {f"a.sum(axis=1, keepdims=True) -> {new}" for new in (
            "a.mean(axis=1, keepdims=True)", "a.sum(axis=0, keepdims=True)", "a.sum(axis=2, keepdims=True)",
            "a.sum(axis=1, keepdims=False)", "a.sum(axis=1)", "a.sum(keepdims=True)",
        )}),
        ("return np.sqrt(a)", {"np.sqrt(a) -> a", "np.sqrt(a) -> np.sqrt(b)", "np.sqrt(a) -> np.sqrt(a, out=a)"}),
        ("return max(a, b)", {"max(a, b) -> min(a, b)", "max(a, b) -> max(b, b)"}),
        ("return np.where(a, b, 5)", {"np.where(a, b, 5) -> np.where(b, a, 5)"}),
        ("return a.T @ b", {"a.T @ b -> a @ b", "a.T @ b -> a.T * b", "a.T @ b -> b @ a.T"}),
        ("return a[b:]", {"a[b:] -> a[b + 1:]", "a[b:] -> a[b - 1:]", "a[b:] -> a[:]"}),
        ("return [a for i in range(b)]", {"range(b) -> range(b + 1)", "range(b) -> range(b - 1)"}),
        ("return a, b, 0", {"return (a, b, 0) -> return (b, a, 0)", "return (a, b, 0) -> return (a, 0, b)"}),
        ("a = a * b\nreturn a", {"a = a * b -> pass", "a = a * b -> a[...] = a * b"}),
        ("a += b\nreturn a", {"a += b -> a -= b", "a += b -> a = b", "a += b -> pass"}),
        ("for c in a:\n    b = b * c\nreturn b", {"for c in a: -> for c in list(a)[:-1]:", "for c in a: -> pass"}),
    ],
)  # fmt: skip
def test_the_mutants_of_a_small_function(body, wanted):
    assert wanted <= made(body)


def test_what_is_equivalent_by_construction_is_left_out():
    keys = made("if a < 0:\n    raise ValueError(f'{a + 1} is below 0')\nreturn a * b")
    assert not any("below" in key or "a * b -> b * a" in key for key in keys)
    assert made("return a", parameters="a") == set()
    assert all(key.startswith("a, b=0.5 -> ") for key in made("return a(1.5)", "a, b=0.5") if "b=" in key)


def test_equal_changes_in_two_places_are_told_apart():
    assert {"a * b -> a", "a * b -> a #2"} <= made("return [a * b, a * b]")


def test_a_mutant_dies_by_a_failed_check_by_an_error_and_by_the_time_limit():
    cells = [("test", "assert f(1) == 2")]
    verdicts = {
        code: mutants.survives(f"def f(a):\n    {code}", cells, {}, seconds=0.2)
        for code in ("return a + 1", "return a - 1", "return a + b", "while True: pass", "raise SystemExit(0)")
    }
    assert verdicts == dict.fromkeys(verdicts, False) | {"return a + 1": True}


def test_the_verdicts():
    found = {"f: lives": True, "f: listed": True, "f: dies": False, "f: listed, dies": False}
    listed = {"f: listed": "reason", "f: listed, dies": "reason", "f: not made": "reason"}
    assert mutants.review(found, listed) == {
        "killed": ["f: dies", "f: listed, dies"],
        "equivalent": ["f: listed"],
        "survivors": ["f: lives"],
        "stale": ["f: listed, dies", "f: not made"],
    }


def test_real_functions_whose_mutants_are_all_killed_or_listed():
    own = assignment("adagrad")
    ((_, found),) = mutants.examine(own, ["best_step"])
    assert len(found) > 20
    assert not any(found.values())
    ((_, found),) = mutants.examine(assignment("dropout"), ["dropout_forward"])
    assert {key for key, alive in found.items() if alive} == {
        key for key in EQUIVALENT["dropout"] if key.startswith("dropout_forward: ")
    }


def test_the_report_and_its_exit_status(monkeypatch, capsys, tmp_path):
    """Stale entries of the list are errors; so are survivors, once the checks look at nothing."""
    own = assignment("adagrad")
    monkeypatch.setattr(own, "signatures", {"inverse_sqrt_decay": "(eta, t)"})
    key = "inverse_sqrt_decay: t + 1 -> t + 2"
    assert mutants.main(["adagrad"]) == 0
    monkeypatch.setitem(EQUIVALENT, "adagrad", {key: "a reason", "sigmoid: 1 -> 2": "another"})
    assert mutants.main(["adagrad"]) == 1
    assert f"listed, but killed or not made: {key}" in (text := capsys.readouterr().out)
    assert "there is no such function: sigmoid: 1 -> 2" in text
    monkeypatch.setattr(
        own, "tests", {cell: f"{code.split('check_')[0]}inverse_sqrt_decay" for cell, code in own.tests.items()}
    )
    monkeypatch.setitem(EQUIVALENT, "adagrad", {})
    assert mutants.main(["adagrad", "--json", str(tmp_path / "report.json")]) == 1
    assert f"survives: {key}" in capsys.readouterr().out
    assert key in (tmp_path / "report.json").read_text(encoding="utf-8")


def test_a_solution_that_fails_its_own_checks_is_an_error(monkeypatch):
    own = assignment("adagrad")
    monkeypatch.setattr(own, "tests", own.tests | {"sigma-test": "sigma; raise AssertionError('a wrong check')"})
    with pytest.raises(RuntimeError, match="a wrong check"):
        list(mutants.examine(own, ["sigma"]))


def test_clear_errors(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        mutants.main(["nothing"])
    assert "no such assignment: nothing; there are activations, softmax" in capsys.readouterr().err
    monkeypatch.delattr(os, "fork")
    with pytest.raises(SystemExit):
        mutants.main(["adagrad"])
    assert "use Linux, macOS or WSL" in capsys.readouterr().err


def test_the_list_names_functions_that_exist_and_gives_reasons():
    for name, listed in EQUIVALENT.items():
        assert name in NAMES
        for key, reason in listed.items():
            assert key.partition(":")[0] in SIGNATURES[name]
            assert reason
