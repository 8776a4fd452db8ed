"""What a student's function changes in its arguments is seen by the check, whatever else it was given."""

import copy

import numpy as np
import pytest

from tipslib.grading.contract import Check
from tipslib.grading.trusted import Border

ARRAY = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([ARRAY], [ARRAY + 1]),
        ([ARRAY, 0.1], [ARRAY + 1, 0.1]),
        ([0.1, [ARRAY, None]], [0.1, [ARRAY + 1, None]]),
        ([(ARRAY, 1)], [(ARRAY + 1, 1)]),
        ({"z": ARRAY, "alpha": 0.1}, {"z": ARRAY + 1, "alpha": 0.1}),
        ([[ARRAY, ARRAY]], [[ARRAY]]),
        ([[1, 2]], [[1, 3]]),
        ([{"a": 1}], [{"a": 1, "b": 2}]),
        ([{"a": 1}], [{}]),
        ([[1, ARRAY]], [[ARRAY, 1]]),
    ],
)
def test_changes_arrive_in_the_callers_own_objects(before, after):
    border = Border(None, Check("cell", "", [], []), 0.0)
    mine = copy.deepcopy(before)
    inner = mine[0] if isinstance(mine, list) else mine["z"]
    border._take_over(mine, copy.deepcopy(after))
    assert border.changed
    assert border.codec.encode(mine) == border.codec.encode(after)
    assert (mine[0] if isinstance(mine, list) else mine["z"]) is inner, "the same object, which the check holds"
    # When the check is run once more, nothing is taken over, and it is still known.
    border = Border(None, Check("cell", "", [], []), 0.0)
    border.write_back = False
    mine = copy.deepcopy(before)
    border._take_over(mine, copy.deepcopy(after))
    assert border.changed
    assert border.codec.encode(mine) == border.codec.encode(before)


def test_nothing_changed_is_nothing_noted():
    border = Border(None, Check("cell", "", [], []), 0.0)
    value = [ARRAY, 0.1, {"a": [1, None]}, (ARRAY, "x")]
    border._take_over(value, copy.deepcopy(value))
    assert not border.changed


def test_a_generator_goes_on_where_the_function_has_left_it_also_with_spawning():
    border = Border(None, Check("cell", "", [], []), 0.0)
    mine, theirs, one_process = (np.random.default_rng(0) for _ in range(3))
    for rng in (theirs, one_process):
        rng.random(3), rng.spawn(2)
    border._take_over([mine], [theirs])
    assert mine.random() == one_process.random()
    assert mine.spawn(1)[0].random() == one_process.spawn(1)[0].random()
