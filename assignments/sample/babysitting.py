"""A sample class for the assignment `babysitting`: eight students, right, wrong and unfinished."""

from assignments.alternatives import babysitting as right
from assignments.classroom import cells
from assignments.mistakes import babysitting as wrong

VECTORISED = cells(
    right.expected_initial_loss__minus_log_of_the_share,
    right.numerical_gradient__unit_steps,
    right.relative_error__clip,
    right.diagnose__ratios,
    right.update_ratio__norm,
    right.sample_log_uniform__powers_of_ten,
    right.clip_gradient__minimum_maximum,
    right.early_stopping__argmin,
)
LOOPS = cells(
    right.expected_initial_loss__math,
    right.numerical_gradient__in_place_and_back,
    right.relative_error__loop,
    right.diagnose__loops,
    right.update_ratio__loop,
    right.sample_log_uniform__one_by_one,
    right.clip_gradient__loop,
    right.early_stopping__waiting,
)
ANSWERS = {
    "answer-a": """
Equal logits give softmax 1/K, and $-\\ln(1/K) = \\ln K$. Lower at the start: maybe the label is in the input.
$f(x \\pm h) = f \\pm h f' + h^2/2 f'' \\pm h^3/6 f'''$. Subtract: $f''$ cancels, the error is $h^2/6 f'''$, order 2.
One-sided: $h/2 f''$, order 1. If h is too small the difference of f is only rounding.
""",
    "answer-b": """
A: the start is bad, weights too small. B: rate too high, it jumps. C: overfitting, stop early. D: train longer or
raise the rate. diagnose looks at first, last and maximum of the training loss, so it does not see the shape.
""",
}

STUDENTS = {
    "student-01": VECTORISED | ANSWERS,
    "student-02": LOOPS | ANSWERS,
    # One-sided differences (the step cell), inf is finite (order), on a tie the last (ties).
    "student-03": VECTORISED
    | ANSWERS
    | cells(
        wrong.numerical_gradient__one_sided,
        wrong.diagnose__infinity_is_finite,
        wrong.early_stopping__tie_is_an_improvement,
    ),
    # Uniform instead of log-uniform (decades), clips in place (unchanged), no floor (small).
    "student-04": LOOPS
    | ANSWERS
    | cells(
        wrong.sample_log_uniform__uniform,
        wrong.clip_gradient__in_place,
        wrong.relative_error__no_floor,
    ),
    # Comes back to x by adding (unchanged), one epoch too late, the ratio upside down; has not answered question B.
    "student-05": VECTORISED
    | {"answer-a": ANSWERS["answer-a"]}
    | cells(
        wrong.numerical_gradient__put_back_by_adding,
        wrong.early_stopping__one_too_late,
        wrong.update_ratio__upside_down,
    ),
    # Has got as far as part 2, with a helper in a cell of its own, and has not written any answer.
    "student-06": {
        name: LOOPS[name] for name in ("expected-initial-loss", "numerical-gradient", "relative-error", "diagnose")
    }
    | {
        "before update-ratio": "def length(array):\n    return np.sqrt((array * array).sum())",
        "update-ratio": "def update_ratio(w, update):\n    return length(update) / length(w)",
    },
    "student-07": None,  # never handed anything in
    "student-08": {},  # handed in the release as it was
}

# Status and automatic points, of 84; another 16 are for the two answers, graded by hand.
EXPECTED: dict[str, tuple[str, float | None]] = {
    "student-01": ("needs-manual-grading", 84.0),
    "student-02": ("needs-manual-grading", 84.0),
    "student-03": ("needs-manual-grading", 68.0),
    "student-04": ("needs-manual-grading", 71.0),
    "student-05": ("needs-manual-grading", 64.0),
    "student-06": ("graded", 50.0),
    "student-07": ("missing", None),
    "student-08": ("graded", 0.0),
}
STOCK_DIFFERS: list[str] = []
STOCK_FAILS: list[str] = []
