"""A sample class for the assignment `momentum`: eight students, right, wrong and unfinished."""

from assignments.alternatives import momentum as right
from assignments.classroom import cells
from assignments.mistakes import momentum as wrong

RIGHT = cells(
    right.momentum_step__copies,
    right.velocity__as_in_pytorch,
    right.gradient_weights__copies,
    right.nesterov_step__copies,
    right.train__copies,
    right.adam_step__as_in_pytorch,
    right.minibatches__as_in_pytorch,
)
LOOPS = cells(
    right.momentum_step__loops,
    right.velocity__loops,
    right.gradient_weights__loops,
    right.nesterov_step__loops,
    right.train__loops,
    right.adam_step__loops,
    right.minibatches__loops,
)
ANSWERS = {
    "answer-a": """
$v^1 = -\\eta g^0$. If $v^T = -\\eta \\sum_j \\lambda^{T-1-j} g^j$ then $\\lambda v^T - \\eta g^T$ has one more λ
at each old gradient and the new one with $-\\eta$, so it holds for T + 1. The sum is geometric,
$\\eta (1-\\lambda^T)/(1-\\lambda)$, and goes to $\\eta/(1-\\lambda)$. With alternating signs it is
$\\eta/(1+\\lambda)$: 10 against about a half for 0.9.
""",
    "answer-b": """
The weights of m add up to $1 - \\delta^k$ because m starts at 0, and $\\delta^k$ goes to 0. The first step would be
$0.1/\\sqrt{0.001} = 3.2$ times too large. ε avoids a division by 0. Inside the root it counts from $|g| = 10^{-4}$
down, outside from $10^{-8}$ down. Both are conventions, so do not copy the number.
""",
}
STUDENTS = {
    "student-01": RIGHT | ANSWERS,
    "student-02": LOOPS | ANSWERS,
    # Takes Nesterov's gradient at w (4 + 4 + 4 points), and leaves the bias correction out (4 + 4 + 4).
    "student-03": RIGHT | ANSWERS | cells(wrong.nesterov_step__gradient_at_w, wrong.adam_step__no_correction),
    # Works in place: momentum (4 + 4), Adam (4 + 4), the start of a training (4 + 4 + 4).
    "student-04": RIGHT
    | {"answer-a": ANSWERS["answer-a"]}
    | cells(wrong.momentum_step__in_place, wrong.adam_step__in_place, wrong.train__in_place),
    # Turns the weights round (4 + 3 + 3), drops the last batch (4 + 4).
    "student-05": LOOPS | ANSWERS | cells(wrong.gradient_weights__newest_first, wrong.minibatches__drops_the_last),
    # Ran out of time after part 1, which has helper cells of its own: 8 + 8 + 10.
    "student-06": cells(right.momentum_step__loops, right.gradient_weights__helpers)
    | {
        "before velocity": "def next_movement(v, g, eta, lam):\n    return lam * v - eta * g",
        "velocity": "def velocity(gradients, eta, lam):\n    v = 0 * gradients[0]\n    for g in gradients:\n"
        "        v = next_movement(v, g, eta, lam)\n    return v",
    },
    "student-07": None,  # never handed anything in
    "student-08": {},  # handed in the release as it was
}
EXPECTED = {
    "student-01": ("needs-manual-grading", 80.0),
    "student-02": ("needs-manual-grading", 80.0),
    "student-03": ("needs-manual-grading", 56.0),
    "student-04": ("needs-manual-grading", 52.0),
    "student-05": ("needs-manual-grading", 62.0),
    "student-06": ("graded", 26.0),
    "student-07": ("missing", None),
    "student-08": ("graded", 0.0),
}
STOCK_DIFFERS = []
STOCK_FAILS = []
