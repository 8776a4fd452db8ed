"""A sample class for the assignment `dropout`: students who are right in several styles, and typical mistakes."""

from assignments.alternatives import dropout as right
from assignments.classroom import cells
from assignments.mistakes import dropout as wrong

RIGHT = cells(
    right.weight_decay_step__vectorised,
    right.dropout_forward__vectorised,
    right.dropout_backward__vectorised,
    right.scale_weights__vectorised,
    right.inverted_dropout_forward__vectorised,
    right.inverted_dropout_backward__vectorised,
    right.subnetwork_average__vectorised,
    right.hidden_width__vectorised,
)
LOOPS = cells(
    right.weight_decay_step__loops,
    right.dropout_forward__loops,
    right.dropout_backward__loops,
    right.scale_weights__loops,
    right.inverted_dropout_forward__loops,
    right.inverted_dropout_backward__loops,
    right.subnetwork_average__loops,
    right.hidden_width__loops,
)
# A helper in a cell of its own, and functions that use it.
HELPERS = {
    "before dropout-forward": """
def coins(shape, p, rng):
    return rng.binomial(1, 1 - p, size=shape) == 1
""",
    "dropout-forward": """
def dropout_forward(a, p, rng):
    mask = coins(a.shape, p, rng)
    return a * mask, mask
""",
    "inverted-dropout-forward": """
def inverted_dropout_forward(a, p, rng):
    if p < 0 or p >= 1:
        raise ValueError("p is no probability, or 1")
    mask = coins(a.shape, p, rng)
    return a * mask / (1 - p), mask
""",
}
PARTS_1_AND_2 = {
    cell: RIGHT[cell] for cell in ("weight-decay-step", "dropout-forward", "dropout-backward", "scale-weights")
}
ANSWER_A = {
    "answer-a": """
The derivative of $\\frac{\\lambda}{2} w^2$ is $\\lambda w$, the ½ cancels the 2. So the step is
$w - \\eta (g + \\lambda w) = (1 - \\eta\\lambda) w - \\eta g$.
At rest $h(w - w^*) + \\lambda w = 0$, so $w = h w^* / (h + \\lambda)$. With h = 0 it goes to 0.
""",
}
ANSWER_B = {
    "answer-b": """
$E[z] = \\sum_j w_j E[m_j] x_j + b = (1 - p) \\sum_j w_j x_j + b$, since $E[m_j] = 1 - p$. Sums need no independence.
This is the unit with the weights $(1 - p) w_j$. b has no mask. Inverted dropout changes nothing at test time.
x = 4, w = 1, b = -2, p = ½: z is 2 or -2, the mean of relu(z) is 1 and relu of the mean is 0.
relu is convex. It is exact when all masks leave z on the same side of 0.
""",
}
ANSWERS = ANSWER_A | ANSWER_B

STUDENTS: dict[str, dict[str, str] | None] = {
    # Thinks in arrays, and answers both questions: full marks.
    "student-01": RIGHT | ANSWERS,
    # Thinks in loops: full marks.
    "student-02": LOOPS | ANSWERS,
    # Writes a helper in a cell of its own; full marks, but leaves question B out.
    "student-03": RIGHT | HELPERS | ANSWER_A,
    # Takes p for the probability of keeping: loses share and extremes (4 + 2), and in the inverted form, where it also
    # divides by p, the values, the share and the limits (4 + 3 + 3).
    "student-04": RIGHT
    | cells(wrong.dropout_forward__keeps_with_p, wrong.inverted_dropout_forward__p_is_keep)
    | ANSWERS,
    # Draws from np.random (3 + 3), and the float of 1 - 0.9 (4 + 4).
    "student-05": RIGHT
    | cells(
        wrong.dropout_forward__not_from_rng,
        wrong.inverted_dropout_forward__not_from_rng,
        wrong.hidden_width__binary_fractions,
    )
    | ANSWERS,
    # Takes all masks as equally likely (5 + 4 + 4), and forgets the factor in the backward pass (3 + 3).
    "student-06": RIGHT
    | cells(wrong.subnetwork_average__equal_weights, wrong.inverted_dropout_backward__no_factor)
    | ANSWER_B,
    # Ran out of time after part 2: 8 + 16 + 5 + 5.
    "student-07": PARTS_1_AND_2,
    # Never handed anything in.
    "student-08": None,
    # Handed in the release as it was: 0 points.
    "student-09": {},
}

# Status and automatic points, of 82; another 18 are for the two answers, graded by hand.
EXPECTED: dict[str, tuple[str, float | None]] = {
    "student-01": ("needs-manual-grading", 82.0),
    "student-02": ("needs-manual-grading", 82.0),
    "student-03": ("needs-manual-grading", 82.0),
    "student-04": ("needs-manual-grading", 66.0),
    "student-05": ("needs-manual-grading", 72.0),
    "student-06": ("needs-manual-grading", 63.0),
    "student-07": ("graded", 34.0),
    "student-08": ("missing", None),
    "student-09": ("graded", 0.0),
}
STOCK_DIFFERS: list[str] = []
STOCK_FAILS: list[str] = []
