"""A sample class for the assignment `batchnorm`: eight students, right, wrong and unfinished.

``STUDENTS`` gives the cells that each of them filled in, by grade_id; "before X" is a cell of their own in front of X.
``EXPECTED`` says what the autograder must make of it.
"""

from assignments.alternatives import batchnorm as right
from assignments.classroom import cells
from assignments.mistakes import batchnorm as wrong

TEST_TIME = cells(right.inference_statistics__stacked, right.batchnorm_inference__folded, right.running_average__steps)
RIGHT = (
    cells(
        right.batchnorm_forward__compact,
        right.batchnorm_backward__compact,
        right.identity_parameters__same_arrays,
    )
    | TEST_TIME
)
LOOPS = cells(
    right.batchnorm_forward__loops,
    right.batchnorm_backward__loops,
    right.inference_statistics__loops,
    right.batchnorm_inference__loops,
    right.identity_parameters__loops,
    right.running_average__loops,
)
# The cache is an object, and its class stands in a cell of its own, with a helper.
HELPERS = {
    "before batchnorm-forward": """
class Cache:
    def __init__(self, u, s, gamma):
        self.u, self.s, self.gamma = u, s, gamma

    def project(self, g):
        return g - g.mean(axis=0) - self.u * (g * self.u).mean(axis=0)


def normalise(z, mean, var, eps):
    return (z - mean) / np.sqrt(var + eps)
""",
    "batchnorm-forward": """
def batchnorm_forward(z, gamma, beta, eps=1e-5):
    u = normalise(z, z.mean(axis=0), z.var(axis=0), eps)
    return gamma * u + beta, Cache(u, np.sqrt(z.var(axis=0) + eps), gamma)
""",
    "batchnorm-backward": """
def batchnorm_backward(dout, cache):
    return cache.gamma / cache.s * cache.project(dout), (dout * cache.u).sum(axis=0), dout.sum(axis=0)
""",
    "batchnorm-inference": """
def batchnorm_inference(z, gamma, beta, mean, var, eps=1e-5):
    return gamma * normalise(z, mean, var, eps) + beta
""",
}
ANSWER_A = {
    "answer-a": """
$\\sigma^2$ is in every $u_j$, so
$\\frac{\\partial C}{\\partial\\sigma^2} = -\\frac{1}{2s^3}\\sum_j \\gamma g_j (z_j - \\mu)$.
μ is in every $u_j$ (slope $-1/s$) and in σ² (slope $-\\frac2B\\sum_j(z_j - \\mu)$, which is 0 because
deviations from the mean sum to 0), so $\\frac{\\partial C}{\\partial\\mu} = -\\frac{\\gamma}{s}\\sum_j g_j$.
$z_i$ has three arrows: $\\frac1s$ to $u_i$, $\\frac2B(z_i - \\mu)$ to σ², $\\frac1B$ to μ. Together
$\\frac{\\gamma}{s}(g_i - \\frac1B\\sum_j g_j - \\frac{u_i}{B}\\sum_j g_j u_j)$.
With the other variance the slopes are $\\frac2B z_i$ and $-2\\mu$. The sum is the same, but only with the arrow from μ.
""",
}
ANSWER_B = {
    "answer-b": """
With one example z is its own mean, so u = 0 and every image gives the same answer. The averages start at 0 and 1 and
remember old weights. mean = 5, var = 8/3; no, the spread of the three means is missing.
""",
}
ANSWERS = ANSWER_A | ANSWER_B

STUDENTS: dict[str, dict[str, str] | None] = {
    # The compact formula, a tuple for the cache, both answers: full marks.
    "student-01": RIGHT | ANSWERS,
    # Loops over examples and units, a dict for the cache: full marks, but leaves question B out.
    "student-02": RIGHT | LOOPS | ANSWER_A,
    # A class for the cache and helpers in a cell in front: full marks.
    "student-03": RIGHT | HELPERS | ANSWERS,
    # Forgets the path through μ: loses dz (8), through-mean (3), extremes (5) and calls (3) of batchnorm_backward.
    "student-04": RIGHT | cells(wrong.batchnorm_forward, wrong.batchnorm_backward__no_path_through_mean) | ANSWERS,
    # No B/(B - 1), and the identity only almost: loses the variances (5 + 3) and identity_parameters (4 + 3).
    "student-05": RIGHT
    | cells(wrong.inference_statistics__no_correction, wrong.identity_parameters__without_eps)
    | ANSWER_B,
    # Ran out of time after part 1: 18 + 7.
    "student-06": cells(right.batchnorm_forward__closures, right.identity_parameters__loops),
    # Never handed anything in.
    "student-07": None,
    # Handed in the release as it was: 0 points.
    "student-08": {},
}

# Status and automatic points, of 83; another 17 are for the two answers, graded by hand.
EXPECTED: dict[str, tuple[str, float | None]] = {
    "student-01": ("needs-manual-grading", 83.0),
    "student-02": ("needs-manual-grading", 83.0),
    "student-03": ("needs-manual-grading", 83.0),
    "student-04": ("needs-manual-grading", 64.0),
    "student-05": ("needs-manual-grading", 68.0),
    "student-06": ("graded", 25.0),
    "student-07": ("missing", None),
    "student-08": ("graded", 0.0),
}
# nbgrader alone gives these students another score, or none at all.
STOCK_DIFFERS: list[str] = []
STOCK_FAILS: list[str] = []
