"""tipslib.checks: right values pass, each kind of wrong one gets its own message, hidden ones stay hidden."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tipslib import checks
from tipslib.checks import (
    check_array,
    check_float,
    check_gradient,
    check_int,
    check_list,
    check_raises,
    check_shape,
    check_text,
    no_warnings,
    unchanged,
)

FLOATS = st.floats(-1e6, 1e6)
EXPECTED = np.array([[1.0, 2.0], [3.0, 4.0]])


def message(check, *args, **options) -> str:
    """What a check that must fail says; always one line that begins with the name."""
    with pytest.raises(AssertionError) as caught:
        check(*args, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("got", "problem"),
    [
        (None, "returned None (is there a return?), not an array; expected shape (2, 2)"),
        (..., "returned Ellipsis (is there a return?), not an array; expected shape (2, 2)"),
        (EXPECTED.tolist(), "returned a list, not an array; expected shape (2, 2)"),
        (1.0, "returned a float, not an array; expected shape (2, 2)"),
        (np.float64(1), "returned a float64, not an array; expected shape (2, 2)"),
        (np.array(1.0), "wrong shape; expected (2, 2), got ()"),
        (EXPECTED[:1], "wrong shape; expected (2, 2), got (1, 2)"),
        (EXPECTED[:, :, None], "wrong shape; expected (2, 2), got (2, 2, 1)"),
        (EXPECTED.astype(np.float32), "the array holds float32, not float64"),
        (EXPECTED.astype(int), "the array holds int64, not float64"),
        (EXPECTED.astype(complex), "the array holds complex128, not float64"),
        (EXPECTED.astype(object), "the array holds object, not float64"),
        (EXPECTED * [1, np.nan], "holds nan; expected 2.0 at index [0, 1], got nan (2 of 4 entries are wrong)"),
        (
            EXPECTED * [[1, 1], [1, np.inf]],
            "wrong values; expected 4.0 at index [1, 1], got inf (1 of 4 entries are wrong)",
        ),
        (EXPECTED + 1e-6, "wrong values; expected 1.0 at index [0, 0], got 1.000001 (4 of 4 entries are wrong)"),
    ],
)
def test_array_messages_in_the_order_type_shape_dtype_closeness(got, problem):
    assert message(check_array, got, EXPECTED, "relu(z) at z = 0") == f"relu(z) at z = 0: {problem}"


@pytest.mark.parametrize(
    ("got", "problem"),
    [
        (None, "returned None (is there a return?), not an array"),
        (EXPECTED[:1], "wrong shape"),
        (EXPECTED.astype(np.float32), "the array holds float32, not float64"),
        (EXPECTED * np.nan, "holds nan"),
        (EXPECTED + 1, "wrong values"),
    ],
)
def test_a_hidden_check_gives_the_hint_and_nothing_else(got, problem):
    assert (
        message(check_array, got, EXPECTED, "relu(z)", hint="Think of z = 0.") == f"relu(z): {problem}. Think of z = 0."
    )


@given(arrays(np.float64, array_shapes(max_dims=3), elements=FLOATS))
def test_equal_arrays_pass_whatever_their_memory(x):
    check_array(x.copy(), x, "f")
    check_array(np.asfortranarray(x), x.tolist(), "f")
    check_array(np.repeat(x, 2, axis=0)[::2], x, "f")


@given(arrays(np.float64, array_shapes(max_dims=3), elements=FLOATS), st.data())
def test_any_single_wrong_entry_is_found(x, data):
    index = tuple(data.draw(st.integers(0, n - 1)) for n in x.shape)
    wrong = x.copy()
    wrong[index] += 1.0
    assert f"at index {list(index)}" in message(check_array, wrong, x, "f")


def test_the_tolerances_are_absolute_plus_relative():
    check_array(np.array([100.0 + 0.1]), [100.0], "f", rtol=1e-3, atol=0)
    check_array(np.array([1e-13]), [0.0], "f")
    message(check_array, np.array([100.0 + 0.2]), [100.0], "f", rtol=1e-3, atol=0)
    message(check_array, np.array([2e-15]), [0.0], "f", atol=1e-15, rtol=0)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_any_integers_do_for_integers(dtype):
    check_array(np.array([0, 1], dtype), [0, 1], "maxout, winner")
    assert message(check_array, np.array([0, 2], dtype), [0, 1], "maxout, winner").startswith(
        "maxout, winner: wrong values"
    )


def test_bools_and_integers_are_not_floats_nor_each_other():
    check_array(np.array([True, False]), [True, False], "f")
    assert message(check_array, np.array([1, 0]), [True, False], "f") == "f: the array holds int64, not bool"
    assert message(check_array, np.array([1.0, 0.0]), [1, 0], "f") == "f: the array holds float64, not integers"
    assert message(check_array, np.array([True, False]), [1, 0], "f") == "f: the array holds bool, not integers"


def test_shape_alone():
    check_shape(np.full((2, 3), np.nan), (2, 3), "W")
    check_shape(np.zeros(2, np.int32), (2,), "W", dtype=int)
    assert message(check_shape, np.zeros((3, 2)), (2, 3), "W") == "W: wrong shape; expected (2, 3), got (3, 2)"


@pytest.mark.parametrize("got", [2.0, np.float64(2), np.float32(2), 2, np.int64(2)])
def test_numbers_pass_as_floats(got):
    check_float(got, 2.0, "f")


@pytest.mark.parametrize(
    ("got", "problem"),
    [
        (None, "returned None (is there a return?), not a float; expected 2.0"),
        (np.array(2.0), "returned an array of shape (), not a float; expected 2.0"),
        (np.array([2.0]), "returned an array of shape (1,), not a float; expected 2.0"),
        (True, "returned a bool, not a float; expected 2.0"),
        (2 + 0j, "returned a complex, not a float; expected 2.0"),
        ("2", "returned a str, not a float; expected 2.0"),
        (float("nan"), "wrong value; expected 2.0, got nan"),
        (2.1, "wrong value; expected 2.0, got 2.1"),
    ],
)
def test_float_messages(got, problem):
    assert message(check_float, got, 2.0, "dalpha") == f"dalpha: {problem}"
    assert message(check_float, got, 2.0, "dalpha", hint="Sum.").endswith(problem.split(";")[0] + ". Sum.")


def test_list_messages():
    check_list([1, 2], 2, "f")
    check_list((1, 2), 2, "f")
    assert message(check_list, None, 2, "f") == "f: returned None (is there a return?), not 2 things"
    assert message(check_list, np.ones(2), 2, "f") == "f: returned an array of shape (2,), not 2 things"
    assert message(check_list, [1], 2, "f") == "f: wrong number of things returned; expected 2, got 1"
    assert message(check_list, [1], 2, "f", hint="(a, b)") == "f: wrong number of things returned. (a, b)"


@given(arrays(np.float64, (2, 3), elements=st.floats(-3, 3)), arrays(np.float64, (2, 3), elements=st.floats(-3, 3)))
def test_a_right_gradient_passes_and_a_scaled_one_fails(x, dy):
    before = x.copy()
    check_gradient(dy * np.cos(x), np.sin, x, "cos", dy=dy)
    check_gradient(np.cos(x), lambda v: np.sum(np.sin(v)), x, "cos")
    assert (x == before).all()
    if np.abs(dy * np.cos(x)).max() > 1e-3:
        assert message(check_gradient, 1.01 * dy * np.cos(x), np.sin, x, "cos", dy=dy).startswith("cos: wrong values")


def test_a_gradient_of_the_wrong_shape_is_not_broadcast():
    assert message(check_gradient, np.ones(3), np.sum, np.zeros((2, 3)), "f", hint="Rows.") == "f: wrong shape. Rows."


def test_unchanged():
    z, weights = np.ones(3), [np.ones(2), np.zeros(2)]
    with unchanged("f", z=z, weights=weights):
        _ = z + 1
    changed = "f changes its input z in place; work on a copy, as the caller needs z"

    def spoil(change):
        with unchanged("f", z=z, weights=weights):
            change()

    assert message(spoil, lambda: z.__iadd__(1)) == changed
    assert message(spoil, lambda: z.fill(np.nan)) == changed
    for change in (
        lambda: weights[1].fill(5),
        weights.pop,
        lambda: weights.append(z),
        lambda: weights.__setitem__(0, None),
    ):
        assert "its input weights in place" in message(spoil, change)


def test_unchanged_lets_nan_and_negative_zero_be():
    z = np.array([np.nan, -0.0])
    with unchanged("f", z=z):
        pass


def test_unchanged_and_no_warnings_pass_errors_on():
    with pytest.raises(ZeroDivisionError), unchanged("f", z=np.ones(1)), no_warnings("f"):
        raise ZeroDivisionError


def test_no_warnings():
    with no_warnings("f"):
        np.exp(1.0)

    def overflow():
        with no_warnings("sigmoid(z) at z = -1000"):
            np.exp(np.array([1000.0]))

    assert message(overflow) == "sigmoid(z) at z = -1000 warns: overflow encountered in exp"


def test_every_message_tells_the_name():
    for check, args in [(check_array, (None, [1.0])), (check_float, (None, 1.0)), (check_list, (None, 1))]:
        assert message(check, *args, "softmax(z)").startswith("softmax(z): ")


NOTEBOOK = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
shell.run_cell("from tipslib.checks import check_float, short_messages; short_messages()")
shell.run_cell("def relu(z):\\n    raise NotImplementedError('not attempted yet')")
long = "check_float(1.0, 2.0, 'f of ' + 8 * 'a long case, ')"
for code in ("relu(1)", "check_float(1.0, 2.0, 'f')", long, "assert 1 == 2, 'my own'"):
    print("CELL", code)
    assert not shell.run_cell(code).success
"""


def test_a_notebook_shows_one_sentence():
    done = subprocess.run([sys.executable, "-c", NOTEBOOK], capture_output=True, text=True, check=False, timeout=60)
    stub, check, long, own = done.stdout.split("CELL ")[1:]
    assert stub.splitlines()[1:] == ["NotImplementedError: relu: not attempted yet"], done.stderr
    assert check.splitlines()[1:] == ["AssertionError: f: wrong value; expected 2.0, got 1.0"]
    # Validate cuts lines at 83 characters; nothing of a long message may be lost there.
    assert len(long.splitlines()[1:]) == 2
    assert max(map(len, long.splitlines()[1:])) <= 83
    assert " ".join(long.splitlines()[1:]).endswith("a long case, : wrong value; expected 2.0, got 1.0")
    assert "Traceback" in own
    assert "AssertionError: my own" in own


def test_outside_a_notebook_short_messages_does_nothing():
    hook = sys.excepthook
    checks.short_messages()
    assert sys.excepthook is hook


def test_it_needs_numpy_alone():
    heavy = {"torch", "matplotlib", "IPython", "tipslib.scratch"}
    code = f"import sys, tipslib.checks; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("right", [3, np.int64(3), np.uint8(3)])
def test_an_int_is_pythons_or_numpys(right):
    check_int(right, 3, "hidden_width(n, p)")


@pytest.mark.parametrize(
    ("got", "problem"),
    [
        (3.0, "returned a float, not an int; expected 3"),
        (True, "returned a bool, not an int; expected 3"),
        (np.array(3), "returned an array of shape (), not an int; expected 3"),
        (None, "returned None (is there a return?), not an int; expected 3"),
        (4, "wrong value; expected 3, got 4"),
        (2**60 + 3, f"wrong value; expected 3, got {2**60 + 3}"),
    ],
)
def test_int_messages(got, problem):
    assert message(check_int, got, 3, "f(n)") == f"f(n): {problem}"
    assert message(check_int, got, 3, "f(n)", hint="Count again.").endswith(". Count again.")


def test_text():
    check_text("ok", "ok", "diagnose(losses)")
    check_text(np.str_("ok"), "ok", "diagnose(losses)")
    assert message(check_text, "nan", "ok", "diagnose(losses)").endswith("wrong answer; expected 'ok', got 'nan'")
    assert message(check_text, None, "ok", "f").startswith("f: returned None (is there a return?), not a str")
    assert message(check_text, "nan", "ok", "f", hint="Which rule is first?") == "f: wrong answer. Which rule is first?"


def raising(error, kind=ValueError, **options):
    with check_raises(kind, "one_hot(r, 3)", **options):
        if error:
            raise error


@pytest.mark.parametrize("error", [ValueError(), UnicodeError("a kind of ValueError")])
def test_the_wanted_exception_passes(error):
    raising(error)


def test_another_exception_or_none_fails():
    assert message(raising, IndexError("7")) == "one_hot(r, 3): raised IndexError, not ValueError"
    assert message(raising, None, hint="Is 3 a class?") == "one_hot(r, 3): raised no ValueError. Is 3 a class?"
    # What is not attempted, and a check inside, speak for themselves.
    for kind in (ValueError, RuntimeError, Exception):
        with pytest.raises(NotImplementedError, match="not attempted"):
            raising(NotImplementedError("not attempted yet"), kind)
        assert message(raising, AssertionError("shape"), kind) == "shape"


def test_integers_are_compared_exactly():
    check_array(np.array([2_000_000_000]), [2_000_000_000], "f")
    assert "wrong values" in message(check_array, np.array([2_000_000_001]), [2_000_000_000], "f")


def test_a_float32_is_not_close_to_a_float64():
    assert "wrong value" in message(check_float, np.float32(0.1), 0.1, "f")


def test_an_empty_hint_hides_as_well():
    assert "3" not in message(check_float, 1.5, 3.0, "f", hint="")


def test_unchanged_refuses_what_cannot_change():
    with pytest.raises(TypeError, match="p is a float"), unchanged("f", p=0.5):
        pass


def test_no_warnings_sees_what_numpy_was_told_to_ignore():
    with np.errstate(all="ignore"):
        assert "overflow" in message(warn_inside)


def warn_inside():
    with no_warnings("f"):
        np.exp(np.array([1e4]))
