"""The assignments: every right solution keeps its points, every known mistake loses some and is recognised.

The cells run here in one namespace, without a kernel; tests/grading and ``make graders`` run them for real.
"""

import ast
import copy
import inspect
import re
import warnings
from collections import Counter

import nbformat
import numpy as np
import pytest

from assignments.classroom import graded
from tests.assignments import BUILDS_ON, NAMES, SIGNATURES, assignment, identifier, kind, run, styles
from tipslib.grading.demo import filled_in
from tipslib.grading.mistakes import Bank, same

each = pytest.mark.parametrize("name", NAMES)
BANKS = {}


def bank_of(name: str) -> Bank:
    if name not in BANKS:
        BANKS[name] = Bank(inspect.getsource(assignment(name).bank("mistakes")))
    return BANKS[name]


def caller(namespace: dict):
    return lambda function, *args, **kwargs: namespace[function](*args, **kwargs)


def variants(which: str) -> list:
    return [
        pytest.param(name, f, id=f"{name}-{f.__name__}") for name in NAMES for f in assignment(name).functions(which)
    ]


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


# The notebook


@each
def test_every_function_of_the_contract_is_there_and_graded(name):
    own = assignment(name)
    namespace, stubs = own.solve(), {}
    run([(identifier(c), c.source) for c in own.release.cells if kind(c) in ("set-up", "solution")], stubs)
    for names in (namespace, stubs):
        assert {f: str(inspect.signature(names[f])) for f in own.signatures} == own.signatures
    for function in own.signatures:
        assert own.grading(function)
        # Without the hidden part something is still checked.
        for cell in own.grading(function):
            assert "check_" in own.visible[cell], cell
            assert "BEGIN HIDDEN TESTS" in own.tests[cell], cell
            assert function in {n.id for n in ast.walk(ast.parse(own.visible[cell])) if isinstance(n, ast.Name)}
    assert set().union(*map(own.grading, own.signatures)) == set(own.tests)


@each
def test_points_sum_to_100_and_the_text_states_them(name):
    own = assignment(name)
    assert sum(own.points.values()) == 100
    text = "\n".join(cell.source for cell in own.release.cells if cell.cell_type == "markdown")
    stated = {f: int(*re.findall(rf"`{f}` \((\d+) points\)", text)) for f in own.signatures}
    assert {f: sum(own.points[cell] for cell in own.grading(f)) for f in own.signatures} == stated
    written = [identifier(cell) for cell in own.source.cells if kind(cell) == "written"]
    assert written
    assert [own.points[cell] for cell in written] == list(
        map(int, re.findall(r"Question [A-Z] \((\d+) points\)", text))
    )


@each
def test_the_release_keeps_its_secrets(name):
    own = assignment(name)
    source, text = nbformat.writes(own.source), nbformat.writes(own.release)
    for secret in ("SOLUTION", "HIDDEN", "Marking guide"):
        assert secret in source
        assert secret not in text
    for cell in own.release.cells:
        if kind(cell) == "written":
            assert cell.source == "YOUR ANSWER HERE"


@each
def test_no_test_cell_ends_with_a_value(name):
    for cell, code in assignment(name).tests.items():
        last = ast.parse(code).body[-1]
        assert not isinstance(last, ast.Expr) or ast.unparse(last).startswith("check_"), cell


@each
def test_the_solution_gets_all_points(name):
    own = assignment(name)
    assert run(own.tests.items(), own.solve()) == {}
    assert run(own.visible.items(), own.solve()) == {}


@each
def test_an_untouched_release_says_not_attempted_everywhere(name):
    own, namespace = assignment(name), {}
    stubs = [(identifier(c), c.source) for c in own.release.cells if kind(c) in ("set-up", "solution")]
    assert run(stubs, namespace) == {}
    for tests in (own.tests, own.visible):
        errors = run(tests.items(), dict(namespace))
        assert {cell: (type(error), str(error)) for cell, error in errors.items()} == dict.fromkeys(
            own.tests, (NotImplementedError, "not attempted yet")
        )


@pytest.mark.parametrize(("name", "function"), [(n, f) for n in NAMES for f in SIGNATURES[n]])
def test_one_function_left_out_costs_its_own_cells(name, function):
    own, namespace = assignment(name), {}
    for left_out, cells in ((own.source, own.release),):
        stub = next(c.source for c in cells.cells if kind(c) == "solution" and f"def {function}(" in c.source)
        for cell in left_out.cells:
            if kind(cell) in ("set-up", "solution"):
                exec(stub if f"def {function}(" in cell.source else cell.source, namespace)
    errors = set(run(own.tests.items(), namespace))
    assert own.grading(function) <= errors
    others = [own.grading(f) for f, base in BUILDS_ON.items() if function in base and f in own.signatures]
    touched = errors - own.grading(function).union(*others)
    assert not touched, "a function that calls another graded one wants an entry in BUILDS_ON (tests/assignments.py)"


@each
def test_the_checks_leave_no_trace(name):
    """Run twice, in the other order: the same verdicts."""
    own = assignment(name)
    namespace = own.solve()
    assert run(own.tests.items(), namespace) == {}
    assert run(reversed(own.tests.items()), namespace) == {}


# The banks


@each
def test_the_banks_are_complete(name):
    own = assignment(name)
    for which, least in (("mistakes", 2), ("alternatives", 2)):
        count = Counter(graded(function) for function in own.functions(which))
        assert set(count) == set(own.signatures)
        assert min(count.values()) >= least, count
        for function in own.functions(which):
            assert function.__doc__, function.__name__
            assert str(inspect.signature(function)) == own.signatures[graded(function)], function.__name__
    assert set(own.bank("mistakes").PROBES) == set(own.signatures)


@pytest.mark.parametrize(("name", "mistake"), variants("mistakes"))
def test_a_mistake_loses_points_and_is_recognised(name, mistake):
    own, function = assignment(name), graded(mistake)
    namespace = own.solve(mistake)
    errors, shown = (run(tests.items(), dict(namespace)) for tests in (own.tests, own.visible))
    failed = own.grading(function) & set(errors)
    assert failed, "the checks miss it"
    for cell in failed - set(shown):
        # Failed in the hidden part: the message gives away neither what is wanted nor what came.
        assert not re.search(r"expected|, got", str(errors[cell])), errors[cell]
    named = bank_of(name).recognise(function, caller(namespace))
    assert named is not None
    assert named.__name__ == mistake.__name__, "the probes do not tell these two apart"


@each
def test_no_right_solution_is_taken_for_a_mistake(name):
    own, bank = assignment(name), bank_of(name)
    for versions in ([], *styles(name).values()):
        namespace = own.solve(*versions)
        for function in own.signatures:
            named = bank.recognise(function, caller(namespace))
            assert named is None, (function, named, [v.__name__ for v in versions])


@each
def test_the_probes_do_not_depend_on_how_the_generator_is_used(name):
    """All right solutions behave alike on the probes, however they draw."""
    own, bank = assignment(name), bank_of(name)
    for versions in styles(name).values():
        for function in map(graded, versions):
            right, other = (bank.behaviour(function, caller(own.solve(*v))) for v in ((), versions))
            assert all(same(a[:2], b[:2]) for a, b in zip(right, other, strict=True)), versions


@pytest.mark.parametrize(("name", "style"), [(name, style) for name in NAMES for style in styles(name)])
def test_another_right_way_keeps_all_points(name, style):
    own = assignment(name)
    assert run(own.tests.items(), own.solve(*styles(name)[style])) == {}


@each
def test_each_function_has_a_mistake_that_only_hidden_checks_find(name):
    own = assignment(name)
    hidden_only = set()
    for mistake in own.functions("mistakes"):
        shown = run(own.visible.items(), own.solve(mistake))
        if not own.grading(graded(mistake)) & set(shown):
            hidden_only.add(graded(mistake))
    missing = set(own.signatures) - hidden_only
    assert not missing, f"{missing}: want a known mistake that passes the visible checks"


@each
def test_the_checks_work_across_a_process_boundary(name):
    """The tests' side has the locked cells and, for each function, a stand-in that copies plain data."""
    own, trusted = assignment(name), {}
    assert run([(identifier(c), c.source) for c in own.source.cells if kind(c) == "set-up"], trusted) == {}

    def copied(value):
        return value if isinstance(value, np.random.Generator) else copy.deepcopy(value)

    def stand_in(function):
        return lambda *args, **named: copy.deepcopy(
            function(*map(copied, args), **{key: copied(value) for key, value in named.items()})
        )

    student = own.solve()
    trusted |= {function: stand_in(student[function]) for function in own.signatures}
    assert run(own.tests.items(), trusted) == {}


# The sample class


@each
def test_the_sample_class_scores_as_expected(name):
    own, sample = assignment(name), assignment(name).bank("sample")
    assert set(sample.STUDENTS) == set(sample.EXPECTED)
    assert len(sample.STUDENTS) >= 7
    experiments = {cell.source for cell in own.release.cells if kind(cell) == "other"}
    for student, given in sample.STUDENTS.items():
        status, score = sample.EXPECTED[student]
        assert (given is None) == (status == "missing")
        # STOCK_FAILS end the process they run in; tests/grading/test_demo.py grades them in a kernel.
        if given is None or student in sample.STOCK_FAILS:
            continue
        notebook = filled_in(own.release, given)
        nbformat.validate(notebook)
        cells = [
            (identifier(cell), own.tests.get(identifier(cell), cell.source))
            for cell in notebook.cells
            if cell.cell_type == "code" and cell.source not in experiments
        ]
        errors = run(cells, {})
        assert sum(own.points[cell] for cell in own.tests if cell not in errors) == score, student
        blank = all(cell.source == "YOUR ANSWER HERE" for cell in notebook.cells if kind(cell) == "written")
        assert status == ("graded" if blank else "needs-manual-grading")
