"""A sample class for the assignment `initialization`: eight students, right, wrong and unfinished."""

from assignments.alternatives import initialization as right
from assignments.classroom import cells
from assignments.mistakes import initialization as wrong

RIGHT = cells(
    right.standardize__where,
    right.whiten__eigh,
    right.distinct_units__unique,
    right.layer_statistics__append,
    right.xavier_std__power,
    right.he_std__power,
    right.orthogonal__qr,
)
OTHERS = cells(
    right.standardize__loops,
    right.whiten__svd,
    right.distinct_units__dictionary,
    right.layer_statistics__mean_of_squares,
    right.xavier_std__mean_fan,
    right.he_std__math,
    right.orthogonal__gram_schmidt,
)
ANSWERS = {
    "answer-a": r"""
1. Both see the same x, so $z_1 = z_2$ and $a_1 = a_2$. So $\partial C/\partial v_{jk} = a_j \delta_k$ is the same.
Going back, $\partial C/\partial z_j = \sigma'(z_j) \sum_k v_{jk} \delta_k$ is the same because the v are the same,
so the gradients of w and b are the same. Same start, same step: still the same, and so on.

2. No. They change the step, but for both units in the same way.

3. Yes, after the first step, because $v_{jk}$ is inside $\partial C/\partial z_j$.
""",
    "answer-b": r"""
1. The terms are independent, so variances add: $n \operatorname{Var}(wx)$. Independent and mean 0:
$\operatorname{Var}(wx) = E[w^2] E[x^2] = \operatorname{Var}(w) \operatorname{Var}(x)$.

2. Forward $1/n_{in}$, backward $1/n_{out}$. Xavier puts the mean of the two n below. Both if they are equal.

3. x has no mean 0 after ReLU. So $E[x^2]$ stays, and that is half of $\operatorname{Var}(z')$, because half of the
values are cut off. So $\operatorname{Var}(w) = 2/n$.

4. $\sqrt{1/2}$ is 0.71, so 29 %.
""",
}
HELPERS = {
    "before standardize": """
def numbers(x):
    m, s = x.mean(axis=0), x.std(axis=0)
    return m, s + (s == 0)
""",
    "standardize": """
def standardize(train, test):
    m, s = numbers(train)
    return tuple((x - m) / s for x in (train, test))
""",
    "before xavier-std": """
def root_of_two_over(n):
    return np.sqrt(2 / n)
""",
    "xavier-std": """
def xavier_std(fan_in, fan_out):
    return root_of_two_over(fan_in + fan_out)
""",
    "he-std": """
def he_std(fan_in):
    return root_of_two_over(fan_in)
""",
}

STUDENTS = {
    "student-01": RIGHT | ANSWERS,
    "student-02": OTHERS | ANSWERS,
    # Helper functions in cells of the student's own, one question unanswered.
    "student-03": RIGHT | HELPERS | {"answer-a": ANSWERS["answer-a"]},
    # The leak into the test data (5, and 4 with a constant column), and K's formula for Xavier (4).
    "student-04": RIGHT | ANSWERS | cells(wrong.standardize__test_by_its_own_statistics, wrong.xavier_std__only_fan_in),
    # np.cov divides by N - 1 (of whiten only the mean, 3, is left), and a wide matrix is not thought of (orthogonal 8).
    "student-05": OTHERS | ANSWERS | cells(wrong.whiten__n_minus_1, wrong.orthogonal__never_transposed),
    # Unfinished: parts 1 and 2, with a constant column that becomes nan (4). No answers.
    "student-06": cells(wrong.standardize__nan_for_a_constant_column, right.whiten__loops),
    "student-07": None,  # never handed anything in
    "student-08": {},  # handed in the release as it was
}
EXPECTED = {
    "student-01": ("needs-manual-grading", 80.0),
    "student-02": ("needs-manual-grading", 80.0),
    "student-03": ("needs-manual-grading", 80.0),
    "student-04": ("needs-manual-grading", 67.0),
    "student-05": ("needs-manual-grading", 57.0),
    "student-06": ("graded", 32.0),
    "student-07": ("missing", None),
    "student-08": ("graded", 0.0),
}
STOCK_DIFFERS = []
STOCK_FAILS = []
