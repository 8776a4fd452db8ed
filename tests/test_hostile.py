"""tools/hostile.py: what may run without a sandbox, and what the tables call each outcome."""

from dataclasses import replace

import pytest

from tests.grading import test_attacks
from tests.grading.test_damage import Case
from tools.hostile import EFFECTS, READ, Attack, Outcome, attacks, table, verdict

GRADED = Outcome(5, exported=True, named=False, others=True, shown=False, said="")
LOST = replace(GRADED, score=None)


@pytest.mark.parametrize(
    ("fair", "found", "expected"),
    [
        (5, GRADED, "right"),
        (2, GRADED, "wrong points"),
        (None, GRADED, "wrong points"),
        (5, LOST, "zero, not graded"),
        (None, LOST, "zero, not graded"),
        (5, replace(LOST, exported=False), "silently absent"),
        (None, replace(LOST, exported=False), "silently absent"),
        (5, replace(LOST, exported=False, named=True), "refused"),
        (None, replace(LOST, exported=False, named=True), "right"),
        (5, replace(GRADED, others=False), "batch aborted"),
    ],
)
def test_verdict(fair, found, expected):
    assert verdict(Case("a", {}, fair), found) == expected


def test_effects():
    def effects(fair, **changes):
        attack = Attack("kind", "name", {}, fair)
        return [name for name, test in EFFECTS.items() if test(attack, replace(GRADED, **changes))]

    assert effects(0, score=0) == []
    assert effects(0, score=1) == ["gained points"]
    assert effects(0, score=2) == ["gained points", "full marks"]
    assert effects(0, score=None) == []
    assert effects(2, score=2) == []
    assert effects(2, score=None) == ["cost points"]
    assert effects(None, score=2, shown=True) == ["hidden inputs shown"]


def test_without_a_sandbox_runs_only_what_somebody_has_read():
    found = {attack.name: attack for attack in attacks()}
    assert len(found) == len(attacks()), "two attacks have one name, and READ knows them by it"
    harmful = set(test_attacks.VANDALS) - {"open files"}
    assert harmful
    assert not any(found[name].harmless for name in harmful)
    assert any(attack.harmless for attack in found.values())
    for name in READ.keys() & found.keys():
        changed = replace(found[name], cells=found[name].cells | {"last": "import shutil"})
        assert not changed.harmless
    assert not Attack("kind", "new", {"shift": "pass"}, 0).harmless


def test_table():
    rows = {"a": [[2], [1, 0]], "b": [[3], [2, 1]]}
    assert table(["what", "cases", "bad"], ["a", "b"], rows.__getitem__).splitlines() == [
        "| what | cases | bad |",
        "| --- | --: | --: |",
        "| a | 2 | 1 / 0 |",
        "| b | 3 | 2 / 1 |",
        "| **all** | 5 | 3 / 1 |",
    ]
