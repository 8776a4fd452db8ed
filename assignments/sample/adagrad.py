"""A sample class for the assignment `adagrad`: right in two styles, wrong in typical ways, unfinished, absent."""

from assignments.alternatives import adagrad as right
from assignments.classroom import cells
from assignments.mistakes import adagrad as wrong

# Right solutions of every function, by the grade_id of its cell.
RIGHT = cells(
    right.inverse_sqrt_decay__math,
    right.staircase__gamma,
    right.sigma__norm,
    right.adagrad_step__rate_first,
    right.best_step__minimum_first,
    right.rmsprop_step__increment,
)
LOOPS = cells(
    right.inverse_sqrt_decay__power,
    right.staircase__loop,
    right.sigma__loops,
    right.adagrad_step__loops,
    right.best_step__by_cases,
    right.rmsprop_step__loops,
)
ANSWERS = {
    "answer-a": r"""
1. $\frac{\eta^t}{\sigma^t} = \frac{\eta/\sqrt{t+1}}{\sqrt{\frac{1}{t+1}\sum (g^i)^2}}$. I take $1/\sqrt{t+1}$ out
of the root below. It is above, too, so it cancels, and $\eta/\sqrt{\sum (g^i)^2}$ is left.
2. With $\eta/(t+1)$ a factor $1/\sqrt{t+1}$ stays, so the steps get small faster.
3. The first step is $\eta |g^0|/|g^0| = \eta$. Later the root is at least $|g^t|$, so the step is at most $\eta$.
4. $\eta |g|/\sqrt{(t+1) g^2} = \eta/\sqrt{t+1}$. The decay is still there, in the sum.
""",
    "answer-b": r"""
1. The derivative $2ax+b$ is 0 at $-b/2a$. The distance is $|x_0+b/2a| = |2ax_0+b|/2a$, first over second derivative.
For $a<0$ there is no minimum.
2. 1.6 and 5, but the ways are 8 and 1. The rate is 1/5, so $w_1$ goes 0.32 of 8, 4 %.
3. The derivatives are $2a$ times the distance, so their RMS is $2a$ times the RMS distance. This must be the same
for all.
""",
}

STUDENTS = {
    "student-01": RIGHT | ANSWERS,
    "student-02": LOOPS | ANSWERS,
    # True 1/t decay, ε under Adagrad's root, the best step with its sign.
    "student-03": RIGHT
    | ANSWERS
    | cells(wrong.inverse_sqrt_decay__without_root, wrong.adagrad_step__epsilon_inside, wrong.best_step__signed),
    # Updates the memories of the caller in place: the values are right, only the hidden checks see it.
    "student-04": RIGHT | ANSWERS | cells(wrong.adagrad_step__sum_in_place, wrong.rmsprop_step__mean_in_place),
    # Unfinished: stopped after part 2, answered one question.
    "student-05": {
        name: source
        for name, source in (LOOPS | ANSWERS).items()
        if name not in ("best-step", "rmsprop-step", "answer-b")
    },
    # Keeps the square of an array in a cell of his own; no answers in words.
    "student-06": RIGHT
    | {
        "before sigma": "def squared(x):\n    return x * x\n",
        "sigma": "def sigma(gradients):\n    return np.sqrt(squared(gradients).mean(axis=0))\n",
    },
    "student-07": None,  # never handed anything in
    "student-08": {},  # handed in the release as it was
}
EXPECTED = {
    "student-01": ("needs-manual-grading", 80.0),
    "student-02": ("needs-manual-grading", 80.0),
    "student-03": ("needs-manual-grading", 60.0),
    "student-04": ("needs-manual-grading", 71.0),
    "student-05": ("needs-manual-grading", 50.0),
    "student-06": ("graded", 80.0),
    "student-07": ("missing", None),
    "student-08": ("graded", 0.0),
}
STOCK_DIFFERS = []
STOCK_FAILS = []
