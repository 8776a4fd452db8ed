"""A sample class for the assignment `softmax`: eight students, right, wrong and unfinished."""

from assignments.alternatives import softmax as right
from assignments.classroom import cells
from assignments.mistakes import softmax as wrong

RIGHT = cells(
    right.softmax__vectorised,
    right.cross_entropy__logs,
    right.cross_entropy_backward__vectorised,
    right.one_hot__vectorised,
    right.smooth_labels__vectorised,
    right.soft_cross_entropy_backward__vectorised,
    right.kl_divergence__vectorised,
    right.l2_sigmoid_backward__helpers,
)
LOOPS = cells(
    right.softmax__loops,
    right.cross_entropy__loops,
    right.cross_entropy_backward__loops,
    right.one_hot__loops,
    right.smooth_labels__loops,
    right.soft_cross_entropy_backward__vectorised,
    right.kl_divergence__loops,
    right.l2_sigmoid_backward__vectorised,
)
ANSWERS = {
    "answer-a": """
With $S = \\sum_k e^{z_k}$: for i = j the quotient rule gives $y_i - y_i^2$, for i ≠ j $-y_i y_j$, as only S
contains $z_j$. Then $\\partial C/\\partial z_j = -d_j (1 - y_j) + \\sum_{i \\ne j} d_i y_j = y_j - d_j$, as Σd = 1.
The sum over j is 0, so the sum of the logits does not move. For a batch divide by N.
""",
    "answer-b": """
The slope at z = 8 is 0.0003, so the signal is tiny although the error is 1. A huge rate explodes once the slope is
back. y[1] is rounded to 0 and its log is −∞. I take the log of the sum, not of y.
""",
}
# A cell of the student's own, in front of the first exercise, and what builds on it.
HELPER = """
def stable_exponentials(z):
    return np.exp(z - np.max(z, axis=1, keepdims=True))
"""
WITH_HELPER = """
def softmax(z):
    e = stable_exponentials(z)
    return e / np.sum(e, axis=1, keepdims=True)
"""

STUDENTS = {
    "student-01": RIGHT | ANSWERS,
    "student-02": LOOPS | ANSWERS,
    # A helper cell; the gradient of the sum in both backward passes (8 + 6).
    "student-03": RIGHT
    | ANSWERS
    | {"before softmax": HELPER, "softmax": WITH_HELPER}
    | cells(wrong.cross_entropy_backward__sum, wrong.soft_cross_entropy_backward__sum),
    # The formula as it stands (6), the logarithm of y_r (7), and −1 taken for a class (4).
    "student-04": RIGHT
    | ANSWERS
    | cells(wrong.softmax__overflows, wrong.cross_entropy__log_of_softmax, wrong.one_hot__negative_labels_pass),
    # The maximum of the whole batch (6), zeros in d (5) and the error without slope (6 + 4); no written answers.
    "student-05": RIGHT
    | cells(
        wrong.softmax__maximum_of_the_batch,
        wrong.kl_divergence__nan_for_zeros,
        wrong.l2_sigmoid_backward__slope_forgotten,
    ),
    # Ran out of time after part 2 (12 + 13 + 12), and answered question A.
    "student-06": cells(right.softmax__logs, right.cross_entropy__vectorised, right.cross_entropy_backward__helpers)
    | {"answer-a": ANSWERS["answer-a"]},
    "student-07": None,  # never handed anything in
    "student-08": {},  # handed in the release as it was
}
# Status and automatic points, of 82; another 18 are for the two answers, graded by hand.
EXPECTED = {
    "student-01": ("needs-manual-grading", 82.0),
    "student-02": ("needs-manual-grading", 82.0),
    "student-03": ("needs-manual-grading", 68.0),
    "student-04": ("needs-manual-grading", 65.0),
    "student-05": ("graded", 61.0),
    "student-06": ("needs-manual-grading", 37.0),
    "student-07": ("missing", None),
    "student-08": ("graded", 0.0),
}
STOCK_DIFFERS = []
STOCK_FAILS = []
