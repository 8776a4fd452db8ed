"""A sample class for the assignment `activations`: fourteen students, right, wrong and unlucky.

``STUDENTS`` says which cells each of them fills in. ``EXPECTED`` says what the autograder must make of it, and is kept
as data so that a test can hold the grading to it.
"""

from assignments.alternatives import activations as right
from assignments.classroom import cells
from assignments.mistakes import activations as wrong

PARTS_1_AND_2 = cells(
    right.sigmoid__two_exponentials,
    right.sigmoid_backward__by_the_output,
    right.relu__maximum,
    right.relu_backward__where,
    right.leaky_relu__maximum,
    right.leaky_relu_backward__slope,
    right.prelu_backward__masks,
)
RIGHT = PARTS_1_AND_2 | cells(
    right.error_signals__append_and_reverse,
    right.weight_gradients__product,
    right.dead_units__all,
    right.maxout__list_of_pieces,
    right.maxout_backward__masks,
    right.relu_as_maxout__zeros_second,
)
LOOPS = cells(
    right.sigmoid__loops,
    right.prelu_backward__loops,
    right.weight_gradients__outer_products,
    right.maxout_backward__loops,
)
EINSUM = cells(right.error_signals__recursive, right.weight_gradients__einsum, right.maxout_backward__one_hot)
HELPERS = {
    "before relu": """
class Slope:
    def __init__(self, right, left):
        self.right, self.left = right, left

    def __call__(self, z):
        return np.where(z > 0, self.right, self.left)
""",
    "relu": """
def relu(z):
    return z * Slope(1, 0)(z)
""",
    "relu-backward": """
def relu_backward(da, z):
    return da * Slope(1, 0)(z)
""",
    "leaky-relu": """
def leaky_relu(z, alpha=0.01):
    return z * Slope(1, alpha)(z)
""",
    "leaky-relu-backward": """
def leaky_relu_backward(da, z, alpha=0.01):
    return da * Slope(1, alpha)(z)
""",
    "before maxout": """
def pieces(x, W, b):
    return np.einsum("nd,kdm->knm", x, W) + b[:, None, :]
""",
    "maxout": """
def maxout(x, W, b):
    z = pieces(x, W, b)
    winner = z.argmax(axis=0)
    return np.take_along_axis(z, winner[None], axis=0)[0], winner
""",
}
BY_SIGMOID = {
    "sigmoid-backward": """
def sigmoid_backward(da, z):
    s = sigmoid(z)
    return da * s * (1 - s)
""",
}
WARNS = {
    "relu": """
import warnings


def relu(z):
    warnings.warn("relu: the gradient is 0 on the left")
    return np.maximum(z, 0)
""",
}
ENDS_THE_PROCESS = {
    "before sigmoid": """
# start with a fresh kernel
import os

os._exit(0)
""",
}
ANSWER_A = {
    "answer-a": """
$z_i^l$ changes $a_i^l$, and $a_i^l$ changes all $z_k^{l+1}$, so the chain rule needs a sum over k:
$\\delta_i^l = \\sigma'(z_i^l) \\sum_k w_{ki}^{l+1} \\delta_k^{l+1}$.
The sum is over the first index of W, which is the transpose. In rows it is `delta @ W`.
Only $z_i^l$ has $w_{ij}^l$ in it, so the weight gradient is $a_j^{l-1} \\delta_i^l$; for a batch `delta.T @ a`.
""",
}
ANSWER_B = {
    "answer-b": """
The slope of sign is 0, so all gradients are 0. The perceptron rule does not use a slope.
max(z, 0) has two linear pieces, one of them is 0. A max of lines is convex, a cosine is not.
""",
}
ANSWERS = ANSWER_A | ANSWER_B

STUDENTS: dict[str, dict[str, str] | None] = {
    # Vectorises everything and answers both questions: full marks.
    "student-01": RIGHT | BY_SIGMOID | ANSWERS,
    # Thinks in loops over examples and entries, and uses the tools of plain Python: full marks.
    "student-02": RIGHT | LOOPS | ANSWERS,
    # Writes a class and helpers in cells of their own, and einsum; full marks, but leaves question B out.
    "student-03": RIGHT | EINSUM | HELPERS | ANSWER_A,
    # Takes z ≥ 0 in the derivatives, so z = 0 counts as active: loses the two kinks (2 + 2) and PReLU's dz (3).
    "student-04": RIGHT
    | cells(wrong.relu_backward__one_at_zero, wrong.leaky_relu_backward__one_at_zero, wrong.prelu_backward__one_at_zero)
    | ANSWERS,
    # Types the sigmoid as it stands in the lecture, and it overflows: loses sigmoid-extremes (3).
    "student-05": RIGHT | cells(wrong.sigmoid__overflows) | BY_SIGMOID | ANSWERS,
    # Forgets that there is a batch: averages the weight gradients (5), and PReLU gets one α a column (4).
    "student-06": RIGHT | cells(wrong.weight_gradients__mean, wrong.prelu_backward__alpha_for_each_unit) | ANSWERS,
    # Saves memory by writing into the inputs: relu (2), the slopes of relu (3 + 2) and the leaky relu (3).
    "student-07": RIGHT
    | cells(wrong.relu__in_place, wrong.relu_backward__in_place, wrong.leaky_relu__in_place)
    | ANSWER_B,
    # Lets the last piece win a tie (3), and turns W in the wrong direction (6 + 4).
    "student-08": RIGHT | cells(wrong.maxout__last_on_a_tie, wrong.error_signals__not_transposed) | ANSWERS,
    # Takes z for a in the slope of the sigmoid (3 + 2), and mixes up rows and columns in dead_units (2 + 2).
    "student-09": RIGHT | cells(wrong.sigmoid_backward__takes_z_for_a, wrong.dead_units__rows_for_columns),
    # Ran out of time after the ReLU family, parts 1 and 2: 6 + 5 + 2 + 5 + 3 + 4 + 7.
    "student-10": PARTS_1_AND_2,
    # Is right, but relu warns on stderr at each call: full marks (nbgrader alone takes a warning for a failure).
    "student-11": RIGHT | WARNS | ANSWERS,
    # Is right, but found a snippet that "restarts the kernel", in the first cell; all others are good.
    "student-12": RIGHT | ENDS_THE_PROCESS,
    # Never handed anything in.
    "student-13": None,
    # Handed in the release as it was: 0 points.
    "student-14": {},
}

# Status and automatic points, of 85; another 15 are for the two answers, graded by hand.
EXPECTED: dict[str, tuple[str, float | None]] = {
    "student-01": ("needs-manual-grading", 85.0),
    "student-02": ("needs-manual-grading", 85.0),
    "student-03": ("needs-manual-grading", 85.0),
    "student-04": ("needs-manual-grading", 78.0),
    "student-05": ("needs-manual-grading", 82.0),
    "student-06": ("needs-manual-grading", 76.0),
    "student-07": ("needs-manual-grading", 75.0),
    "student-08": ("needs-manual-grading", 72.0),
    "student-09": ("graded", 76.0),
    "student-10": ("graded", 32.0),
    "student-11": ("needs-manual-grading", 85.0),
    "student-12": ("graded", 85.0),
    "student-13": ("missing", None),
    "student-14": ("graded", 0.0),
}
# nbgrader alone gives these another score: any word on stderr is a failure there.
STOCK_DIFFERS = ["student-11"]
# It gives these none at all: a cell of theirs kills the kernel.
STOCK_FAILS = ["student-12"]
