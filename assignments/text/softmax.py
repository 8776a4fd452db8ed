# %% [markdown] nbgrader={"grade": false, "grade_id": "intro", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment: softmax and cross entropy
#
# A classifier ends with a list of numbers, the logits. Training needs one number, the cost, and the error signal that
# goes back from it. In this assignment you write this last step in NumPy, in a form that never overflows.
# Then you train a classifier of handwritten digits with it.
# It belongs to lecture 02 (softmax). Plan two to four hours.
#
# | part | you write | points |
# |---|---|---|
# | 1 | `softmax` | 12 |
# | 2 | `cross_entropy`, `cross_entropy_backward` | 13 + 12 |
# | | question A, a derivation | 13 |
# | 3 | `one_hot`, `smooth_labels`, `soft_cross_entropy_backward` | 8 + 6 + 10 |
# | 4 | `kl_divergence` | 11 |
# | 5 | `l2_sigmoid_backward` | 10 |
# | | question B, in words | 5 |
# | | together | 100 |

# %% [markdown] nbgrader={"grade": false, "grade_id": "rules", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## How it works
#
# - Write each function where its cell says so, instead of the line `raise NotImplementedError`.
#   Keep its name and the names of its parameters.
# - Run the cells from top to bottom. The cell below each function checks it.
#   When the cell prints nothing, the check has passed. When it fails, it says in one sentence what is wrong.
# - The checks that you see are a part. After you hand in, more are run: other shapes, a batch of one, extreme values.
#   So read the text above each function as well as the check.
# - A function may call the functions that you have written above it.
# - All arrays are float64, but labels are integers (int64). The batch comes first: `z` [N, K] holds the K logits of N
#   examples in its rows.
# - Never change an input in place: the caller still needs it. A result may share memory with an input.
# - Loops over examples are welcome. Loops over every single number make the experiments slow.
#
# Names: `z` are the logits, `y` the output. `r` [N] holds the right classes, counted from 0. `d` [N, K] holds target
# distributions, one in each row. `dz` stands for ∂C/∂z, where C is the cost. Logarithms are natural.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import matplotlib.pyplot as plt
import numpy as np

from tipslib.checks import (
    check_array,
    check_float,
    check_gradient,
    check_raises,
    short_messages,
    unchanged,
)
from tipslib.data import load
from tipslib.plotting import show, use_style

use_style()
short_messages()

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-1", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 1. Softmax
#
# $$y_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$$
#
# makes probabilities of the logits of one example: they are positive, and they sum to 1.
#
# ### `softmax` (12 points)
#
# Typed as it stands, the formula fails. $e^{1000}$ is too large for float64, and then the result is nan.
# For z = −1000 every $e^{z_j}$ is 0, and 0/0 is nan as well.
# The cure is in the lecture (S7): a constant that is added to all logits of an example cancels.
# Choose it such that no exponent is positive, and such that the sum cannot become 0.
#
# Wanted: `y` [N, K], one distribution for each row of `z` [N, K]. It is right for all logits from −10 000 to 10 000.


# %% nbgrader={"grade": false, "grade_id": "softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def softmax(z):
    """y_i = e^{z_i} / Σ_j e^{z_j} for each row.

    z [N, K], entries up to ±1e4. Returns y [N, K], rows that sum to 1.
    """
    ### BEGIN SOLUTION
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "softmax-test", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# Two examples. The second knows nothing: three equal logits, so 1/3 for each class.
z0 = np.array([[3.0, 1.0, -3.0], [2.0, 2.0, 2.0]])
y0 = softmax(z0)
expected0 = [[0.8788782427321509, 0.11894323591065209, 0.002178521357197023], [1 / 3, 1 / 3, 1 / 3]]
check_array(y0, expected0, "softmax(z) at z = (3, 1, -3) and (2, 2, 2)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(21)
for shape in [(4, 2), (1, 5), (3, 3), (5, 1), (2, 10), (2, 2)]:
    z1 = 3 * rng.standard_normal(shape)
    y1 = 1 / np.exp(z1[:, None, :] - z1[:, :, None]).sum(axis=2)
    with unchanged("softmax(z)", z=z1):
        got = softmax(z1)
    check_array(got, y1, "softmax(z)", hint="Each row is an example of its own. Any N and K, each of them also 1.")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "softmax-extremes", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# Large logits, and very negative ones. Only their differences count.
y_ordinary = [[0.09003057317038046, 0.24472847105479764, 0.6652409557748218]]
with np.errstate(all="ignore"):
    y_high = softmax(np.array([[1001.0, 1002.0, 1003.0]]))
    y_low = softmax(np.array([[-1003.0, -1002.0, -1001.0]]))
check_array(y_high, y_ordinary, "softmax(z) at z = (1001, 1002, 1003)")
check_array(y_low, y_ordinary, "softmax(z) at z = (-1003, -1002, -1001)")
### BEGIN HIDDEN TESTS
e1 = np.exp([-1.0, -2.0])
cases1 = [
    (np.array([[1e4, -1e4, 1e4 - 1]]), np.array([[1.0, 0.0, e1[0]]]) / (1 + e1[0])),
    (np.array([[-1e4, -1e4 + 1, -1e4 + 2]]), np.array([[e1[1], e1[0], 1.0]]) / (1 + e1.sum())),
    (np.array([[1e4, 1e4], [-1e4, -1e4], [0.0, 0.0]]), np.full((3, 2), 0.5)),
    (np.array([[0.0, 1e4, 0.0], [-50.0, -1e4, -51.0], [1.0, 0.0, -800.0]]), None),
]
with np.errstate(all="ignore"):
    for z1, y1 in cases1:
        y1 = 1 / np.exp(z1[:, None, :] - z1[:, :, None]).sum(axis=2) if y1 is None else y1
        with unchanged("softmax(z)", z=z1):
            got = softmax(z1)
        check_array(
            got, y1, "softmax(z)", hint="Logits may be ±1e4, both signs in one row, and the rows may be far apart."
        )
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-2", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 2. Cross entropy
#
# $r$ is the right class. The cost of one example is
#
# $$C = -\log y_r .$$
#
# The cost of a batch is the **mean** over its N examples.
#
# ### `cross_entropy` (13 points)
#
# The function gets the logits `z`, and not `y`. There is a reason: $y_r$ can be so small that it is rounded to 0, and then the
# logarithm is −∞. Many programs cut $y_r$ off at a number like $10^{-12}$. Then a cost of 1000 comes out as 27.6.
#
# So do not compute $y_r$ at all. Put the formula of softmax into $-\log y_r$ and simplify it *before* you compute (S7).
# No sum of exponentials may overflow on the way.
#
# Wanted: a float, not an array. It is the exact value, and it is finite for all logits from −10 000 to 10 000.


# %% nbgrader={"grade": false, "grade_id": "cross-entropy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cross_entropy(z, r):
    """The mean over the batch of -log y_r, y = softmax(z).

    z [N, K], entries up to ±1e4; r [N] integers in 0..K-1. Returns a float: the exact value, not clipped.
    """
    ### BEGIN SOLUTION
    shifted = z - z.max(axis=1, keepdims=True)
    log_y = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -float(log_y[np.arange(len(z)), r].mean())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "cross-entropy-test", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# One example with y = (0.7, 0.2, 0.1) and r = 1 costs -log 0.2.
z0 = np.log([[0.7, 0.2, 0.1]])
cost0 = cross_entropy(z0, np.array([1]))
check_float(cost0, 1.6094379124341003, "cross_entropy(z, r) at y = (0.7, 0.2, 0.1), r = 1")
# Two examples: the mean of -log 0.7 and -log 0.5.
z0 = np.log([[0.7, 0.2, 0.1], [0.25, 0.25, 0.5]])
with unchanged("cross_entropy(z, r)", z=z0):
    cost0 = cross_entropy(z0, np.array([0, 2]))
check_float(cost0, 0.5249110622493389, "cross_entropy(z, r) for two examples")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(22)
for n, k in [(5, 4), (1, 3), (4, 4), (3, 7), (6, 2), (2, 1)]:
    z1, r1 = 2 * rng.standard_normal((n, k)), rng.integers(k, size=n)
    cost1 = sum(np.log(np.exp(z1[i] - z1[i, r1[i]]).sum()) for i in range(n)) / n
    with unchanged("cross_entropy(z, r)", z=z1, r=r1):
        got = cross_entropy(z1, r1)
    hint = "It is a float: the mean over the examples of -log y_r, for any N and K, each of them also 1."
    check_float(got, cost1, "cross_entropy(z, r)", hint=hint)
z1, r1 = np.array([[600.0, 599.0], [-600.0, -598.0], [0.0, 1.0], [-600.0, 600.0]]), np.array([1, 0, 0, 1])
cost1 = (2 * np.log(1 + np.e) + np.log(1 + np.exp(2.0))) / 4
with np.errstate(all="ignore"):
    got = cross_entropy(z1, r1)
check_float(got, cost1, "cross_entropy(z, r)", atol=1e-10, hint="What if the rows of a batch are far apart?")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "cross-entropy-extremes", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
# Wrong by 1000: the cost is 1000, not infinite. The same ordinary example, with all logits shifted by 1000.
with np.errstate(all="ignore"):
    cost0 = cross_entropy(np.array([[1000.0, 0.0]]), np.array([1]))
    cost_shifted = cross_entropy(np.log([[0.7, 0.2, 0.1]]) + 1000, np.array([1]))
check_float(cost0, 1000.0, "cross_entropy(z, r) at z = (1000, 0), r = 1")
check_float(cost_shifted, 1.6094379124341003, "cross_entropy(z, r) at z = log y + 1000", atol=1e-10)
### BEGIN HIDDEN TESTS
cases1 = [
    ([[1e4, -1e4]], [1]),
    ([[1e4, -1e4]], [0]),
    ([[-1e4, -1e4, -1e4]], [2]),
    ([[50.0, 0.0, 0.0]], [2]),
    ([[0.0, -800.0]], [1]),
    ([[1e4, 1e4 - 3.0]], [1]),
]
with np.errstate(all="ignore"):
    for z1, r1 in cases1:
        z1, r1 = np.array(z1), np.array(r1)
        cost1 = np.logaddexp.reduce(z1[0]) - z1[0, r1[0]]
        with unchanged("cross_entropy(z, r)", z=z1, r=r1):
            got = cross_entropy(z1, r1)
        hint = "Logits may be ±1e4, of both signs. Is y_r rounded to 0 somewhere, or cut off?"
        check_float(got, cost1, "cross_entropy(z, r)", atol=1e-10, hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-cross-entropy-backward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `cross_entropy_backward` (12 points)
#
# Every $z_i$ stands in the denominator of $y_r$. So every logit gets an error signal, not only $z_r$.
# The lecture derives it for one example (S3):
#
# $$\delta_r = y_r - 1, \qquad \delta_i = y_i \ \text{ for } i \ne r.$$
#
# Your function returns the gradient of the cost that `cross_entropy` computes. That cost is a **mean** over the batch.
#
# Wanted: `dz` [N, K]. It is right for all logits from −10 000 to 10 000.


# %% nbgrader={"grade": false, "grade_id": "cross-entropy-backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cross_entropy_backward(z, r):
    """The gradient by z of the mean over the batch of -log y_r, y = softmax(z).

    z [N, K], entries up to ±1e4; r [N] integers in 0..K-1. Returns dz [N, K].
    """
    ### BEGIN SOLUTION
    dz = softmax(z)
    dz[np.arange(len(z)), r] -= 1
    return dz / len(z)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "cross-entropy-backward-test", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# The lecture's example: y = (0.7, 0.2, 0.1) and r = 1.
z0 = np.log([[0.7, 0.2, 0.1]])
dz0 = cross_entropy_backward(z0, np.array([1]))
check_array(dz0, [[0.7, -0.8, 0.1]], "cross_entropy_backward(z, r) at y = (0.7, 0.2, 0.1), r = 1")
# In a batch of two each example counts half.
z0 = np.log([[0.7, 0.2, 0.1], [0.25, 0.25, 0.5]])
dz0 = cross_entropy_backward(z0, np.array([1, 2]))
check_array(dz0, [[0.35, -0.4, 0.05], [0.125, 0.125, -0.25]], "cross_entropy_backward(z, r) for two examples")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(23)
for n, k in [(5, 4), (1, 6), (4, 4), (3, 2), (2, 1)]:
    z1, r1 = 2 * rng.standard_normal((n, k)), rng.integers(k, size=n)
    rows1 = np.arange(n)
    with unchanged("cross_entropy_backward(z, r)", z=z1, r=r1):
        got = cross_entropy_backward(z1, r1)
    check_gradient(
        got,
        lambda z, rows=rows1, r=r1: np.mean(np.logaddexp.reduce(z, axis=1) - z[rows, r]),
        z1,
        "cross_entropy_backward(z, r)",
        hint="Each row is an example with a label of its own; the cost is the mean over them. Any N and K.",
    )
z1, r1 = np.array([[600.0, 600.0, 0.0], [-600.0, -600.0, -600.0]]), np.array([1, 2])
dz1 = np.array([[0.5, -0.5, 0.0], [1 / 3, 1 / 3, -2 / 3]]) / 2
with np.errstate(all="ignore"):
    got = cross_entropy_backward(z1, r1)
check_array(got, dz1, "cross_entropy_backward(z, r)", hint="What if the rows of a batch are far apart?")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "cross-entropy-backward-extremes", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Wrong and sure of it: the whole error goes back.
with np.errstate(all="ignore"):
    dz0 = cross_entropy_backward(np.array([[1000.0, 0.0, 0.0]]), np.array([1]))
check_array(dz0, [[1.0, -1.0, 0.0]], "cross_entropy_backward(z, r) at z = (1000, 0, 0), r = 1")
### BEGIN HIDDEN TESTS
e1 = np.exp(-1.0)
cases1 = [
    ([[1e4, -1e4, 0.0]], [1], [[1.0, -1.0, 0.0]]),
    ([[-1e4, -1e4, -1e4]], [2], [[1 / 3, 1 / 3, -2 / 3]]),
    ([[0.0, 0.0, 1e4]], [2], [[0.0, 0.0, 0.0]]),
    ([[-1e4, -1e4 + 1]], [0], [[-1 / (1 + e1), 1 / (1 + e1)]]),
]
for z1, r1, dz1 in cases1:
    with np.errstate(all="ignore"):
        got = cross_entropy_backward(np.array(z1), np.array(r1))
    hint = "Logits may be ±1e4. Is the signal right, and finite, when y_r is rounded to 0?"
    check_array(got, np.array(dz1), "cross_entropy_backward(z, r)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-a", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question A (13 points)
#
# The lecture derives the error signal for a target with a single 1. Derive it for any target distribution $d$ with
# $\sum_i d_i = 1$, **index by index**. Take one example, $y_i = e^{z_i} / \sum_k e^{z_k}$ and
#
# $$C = -\sum_i d_i \log y_i .$$
#
# 1. Derive all entries of the Jacobian $\partial y_i / \partial z_j$. Treat the case $i = j$ and the case $i \ne j$
#    separately, and say where the difference between them comes from.
# 2. Put it into the chain rule and show that $\partial C / \partial z_j = y_j - d_j$. Say at each step what you use.
#    Where do you need $\sum_i d_i = 1$?
# 3. What is $\sum_j \partial C / \partial z_j$, and what does it mean for the logits in a step of gradient descent?
#    Then write the gradient of the mean over a batch of N examples.
#
# Write your answer into the cell below. Formulas stand between dollar signs, as in `$\frac{\partial y_i}{\partial z_j}$`.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-a", "locked": false, "points": 13, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (13 points).** 1 (5 points): case i = j by the quotient rule, 2; case i ≠ j, 2; the reason, $z_j$ stands in the
# numerator of $y_i$ only if i = j but always in the denominator, 1. 2 (5 points): chain rule with the sum over *all* i,
# 1; $\partial C/\partial y_i = -d_i/y_i$, 1; the sum split into i = j and i ≠ j, with both cases put in, 2; the place where
# $\sum d_i = 1$ is used, 1. 3 (3 points): the sum is 0, with the reason, 1; what one logit gains the others lose, so the
# sum of the logits stays as it is, 1; division by N, 1.
# Accept other ways: the Kronecker delta for both cases at once; $\log y_i = z_i - \log\sum_k e^{z_k}$ in part 2, with full points
# where the step from it is shown. A derivation for a single right class only earns at most 3 of the 5 points of part 2.
#
# **Answer.** 1. Write $S = \sum_k e^{z_k}$, so $\partial S/\partial z_j = e^{z_j}$. Every $z_j$ stands in S. But in the numerator
# $e^{z_i}$ it stands only if i = j. The quotient rule gives
#
# $$\frac{\partial y_i}{\partial z_i} = \frac{e^{z_i} S - e^{z_i} e^{z_i}}{S^2} = y_i (1 - y_i), \qquad
# \frac{\partial y_i}{\partial z_j} = \frac{0 \cdot S - e^{z_i} e^{z_j}}{S^2} = -y_i y_j \quad (i \ne j).$$
#
# 2. $z_j$ changes every $y_i$, and C depends on all of them, so the chain rule sums over all i. With
# $\partial C/\partial y_i = -d_i / y_i$:
#
# $$\frac{\partial C}{\partial z_j} = \sum_i -\frac{d_i}{y_i} \frac{\partial y_i}{\partial z_j}
# = -\frac{d_j}{y_j}\, y_j (1 - y_j) + \sum_{i \ne j} \frac{d_i}{y_i}\, y_i y_j
# = -d_j + d_j y_j + y_j \sum_{i \ne j} d_i = -d_j + y_j \sum_i d_i = y_j - d_j .$$
#
# Only the last step uses $\sum_i d_i = 1$.
#
# 3. $\sum_j (y_j - d_j) = 1 - 1 = 0$: both are distributions. A step of gradient descent on the logits raises some as much as
# it lowers the others, and their sum stays the same. The cost of a batch is the mean, so the gradient by the
# logits of example n is $(y_{nj} - d_{nj}) / N$.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-3", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 3. Targets as distributions
#
# So far the target was the number of a class. A target can also be a distribution $d$, one probability for each class.
#
# ### `one_hot` (8 points)
#
# The label $r$ becomes a row with a 1 at place $r$ and 0 elsewhere. There may be classes that no label of the batch has.
#
# A label outside $0 \dots K-1$ is a mistake in the data. NumPy does not always notice: to NumPy, an index of −1 is the
# last place. So check the labels yourself, before you use them as indices.
#
# Wanted: `[N, classes]`, float64. If any label is outside 0..classes − 1, the function raises a `ValueError`.


# %% nbgrader={"grade": false, "grade_id": "one-hot", "locked": false, "schema_version": 3, "solution": true, "task": false}
def one_hot(r, classes):
    """Labels r [N], integers in 0..classes-1 → float64 [N, classes], rows with a single 1.

    Raises: ValueError for a label outside 0..classes-1.
    """
    ### BEGIN SOLUTION
    if r.min() < 0 or r.max() >= classes:
        raise ValueError(f"labels must lie in 0..{classes - 1}, got {r.min()} to {r.max()}")
    return np.eye(classes)[r]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "one-hot-test", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Three labels, four classes. Class 3 does not occur.
d0 = one_hot(np.array([2, 0, 1]), 4)
expected0 = [[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]
check_array(d0, expected0, "one_hot(r, 4) at r = (2, 0, 1)")
### BEGIN HIDDEN TESTS
for r1, k in [([3, 3, 0, 1, 3], 4), ([1], 2), ([5, 2], 6), ([0, 0], 1), ([0, 2, 1], 3), ([1, 4, 4], 9)]:
    r1, d1 = np.array(r1), np.array([[float(i == label) for i in range(k)] for label in r1])
    with unchanged("one_hot(r, classes)", r=r1):
        got = one_hot(r1, k)
    hint = "Any N and any number of classes, also 1; labels may be repeated, and in any order."
    check_array(got, d1, "one_hot(r, classes)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "one-hot-errors", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# There is no class 7 among three classes.
with check_raises(ValueError, "one_hot(r, 3) with a label 7"):
    one_hot(np.array([0, 7]), 3)
### BEGIN HIDDEN TESTS
for r1, k in [
    ([3, 0], 3),
    ([0, -1], 3),
    ([2, 1, -4, 0], 5),
    ([4, -1], 5),
    ([-2], 2),
    ([1], 1),
    ([-1, -2], 4),
    ([0, 1, 2, 8], 7),
]:
    with check_raises(ValueError, "one_hot(r, classes)", hint="Which labels are outside? Think of both ends."):
        one_hot(np.array(r1), k)
check_array(
    one_hot(np.array([0, 4]), 5),
    np.array([[1.0, 0, 0, 0, 0], [0, 0, 0, 0, 1.0]]),
    "one_hot(r, classes)",
    hint="The first and the last class are good labels.",
)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-smooth-labels", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `smooth_labels` (6 points)
#
# Label smoothing (S6) takes the share ε of the target away from the right class, and gives it to **all** K classes alike:
#
# $$d = (1 - \varepsilon) \cdot \text{one-hot} + \frac{\varepsilon}{K} .$$
#
# Wanted: `[N, classes]`, float64, for labels in 0..classes − 1 and 0 ≤ ε ≤ 1.


# %% nbgrader={"grade": false, "grade_id": "smooth-labels", "locked": false, "schema_version": 3, "solution": true, "task": false}
def smooth_labels(r, classes, eps):
    """(1 - ε) one-hot + ε / classes: r [N] integers in 0..classes-1, 0 ≤ ε ≤ 1 → float64 [N, classes]."""
    ### BEGIN SOLUTION
    return (1 - eps) * one_hot(r, classes) + eps / classes
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "smooth-labels-test", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# Two classes share ε = 0.2: each gets 0.1.
d0 = smooth_labels(np.array([1, 0, 1]), 2, 0.2)
check_array(d0, [[0.1, 0.9], [0.9, 0.1], [0.1, 0.9]], "smooth_labels(r, 2, 0.2) at r = (1, 0, 1)")
### BEGIN HIDDEN TESTS
for r1, k, eps in [
    ([3, 0, 3], 5, 0.1),
    ([2], 10, 0.3),
    ([0, 1], 3, 0.0),
    ([1, 0], 4, 1.0),
    ([0], 1, 0.4),
    ([0, 2], 3, 0.5),
]:
    r1, d1 = np.array(r1), np.array([[1 - eps + eps / k if i == label else eps / k for i in range(k)] for label in r1])
    with unchanged("smooth_labels(r, classes, eps)", r=r1):
        got = smooth_labels(r1, k, eps)
    hint = "Every class gets the same share of ε, the right one too. Any number of classes, and also ε = 0 and ε = 1."
    check_array(got, d1, "smooth_labels(r, classes, eps)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-soft-cross-entropy-backward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `soft_cross_entropy_backward` (10 points)
#
# For a target distribution $d$ the cross entropy of one example is
#
# $$C = -\sum_i d_i \log y_i , \qquad y = \mathrm{softmax}(z).$$
#
# Again the cost of a batch is the mean over its examples. Its gradient by `z` is what you derive in question A.
# Use the result of the derivation. A program that goes through $\partial C / \partial y$ on the way divides by $y$,
# and $y$ may be 0.
#
# Wanted: `dz` [N, K] for targets whose rows sum to 1. It is right for all logits from −10 000 to 10 000.


# %% nbgrader={"grade": false, "grade_id": "soft-cross-entropy-backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def soft_cross_entropy_backward(z, d):
    """The gradient by z of the mean over the batch of -Σ_i d_i log y_i, y = softmax(z).

    z [N, K], entries up to ±1e4; d [N, K], rows that sum to 1. Returns dz [N, K].
    """
    ### BEGIN SOLUTION
    return (softmax(z) - d) / len(z)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "soft-cross-entropy-backward-test", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# y = (0.7, 0.2, 0.1) against a smoothed target, then a second example whose target is met.
z0 = np.log([[0.7, 0.2, 0.1]])
dz0 = soft_cross_entropy_backward(z0, np.array([[0.1, 0.8, 0.1]]))
case0 = "soft_cross_entropy_backward(z, d) at y = (0.7, 0.2, 0.1), d = (0.1, 0.8, 0.1)"
check_array(dz0, [[0.6, -0.6, 0.0]], case0)
z0 = np.log([[0.7, 0.2, 0.1], [0.5, 0.25, 0.25]])
dz0 = soft_cross_entropy_backward(z0, np.array([[0.1, 0.8, 0.1], [0.5, 0.25, 0.25]]))
check_array(dz0, [[0.3, -0.3, 0.0], [0.0, 0.0, 0.0]], "soft_cross_entropy_backward(z, d) for two examples")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(24)
for n, k in [(4, 5), (1, 3), (3, 3), (6, 2)]:
    z1, d1 = 2 * rng.standard_normal((n, k)), rng.dirichlet(np.ones(k), size=n)
    d1[0] = np.eye(k)[k - 1]
    with unchanged("soft_cross_entropy_backward(z, d)", z=z1, d=d1):
        got = soft_cross_entropy_backward(z1, d1)
    check_gradient(
        got,
        lambda z, d=d1: np.mean((d * (np.logaddexp.reduce(z, axis=1)[:, None] - z)).sum(axis=1)),
        z1,
        "soft_cross_entropy_backward(z, d)",
        hint="d may be any distribution, also one with zeros; the cost is the mean over the examples. Any N and K.",
    )
z1, d1 = np.array([[600.0, 600.0, 0.0], [-600.0, -600.0, -600.0]]), np.array([[0.25, 0.75, 0.0], [0.0, 0.5, 0.5]])
dz1 = (np.array([[0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]]) - d1) / 2
with np.errstate(all="ignore"):
    got = soft_cross_entropy_backward(z1, d1)
check_array(got, dz1, "soft_cross_entropy_backward(z, d)", hint="What if the rows of a batch are far apart?")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "soft-cross-entropy-backward-extremes", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Sure of class 0, but the target is half and half.
with np.errstate(all="ignore"):
    dz0 = soft_cross_entropy_backward(np.array([[1000.0, 0.0]]), np.array([[0.5, 0.5]]))
check_array(dz0, [[0.5, -0.5]], "soft_cross_entropy_backward(z, d) at z = (1000, 0), d = (0.5, 0.5)")
### BEGIN HIDDEN TESTS
cases1 = [
    ([[1e4, -1e4, 0.0]], [[0.1, 0.8, 0.1]], [[0.9, -0.8, -0.1]]),
    ([[-1e4, -1e4]], [[0.25, 0.75]], [[0.25, -0.25]]),
    ([[0.0, 1e4, 1e4]], [[0.0, 1.0, 0.0]], [[0.0, -0.5, 0.5]]),
    ([[5.0, 5.0, -1e4]], [[0.25, 0.5, 0.25]], [[0.25, 0.0, -0.25]]),
]
for z1, d1, dz1 in cases1:
    with np.errstate(all="ignore"):
        got = soft_cross_entropy_backward(np.array(z1), np.array(d1))
    hint = "Logits may be ±1e4. Is there a division by y, which may be 0?"
    check_array(got, np.array(dz1), "soft_cross_entropy_backward(z, d)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-4", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 4. The KL divergence
#
# For a smoothed target the cross entropy never becomes 0, even when the output is right. The KL divergence does:
#
# $$D(d \,\|\, y) = \sum_i d_i \log\frac{d_i}{y_i}, \qquad 0 \log 0 = 0 .$$
#
# It is the cross entropy of $d$ and $y$ minus the entropy of $d$.
# The entropy does not depend on the network, so both costs have the same gradient.
#
# ### `kl_divergence` (11 points)
#
# Targets may hold exact zeros. Then $\log d_i$ is −∞, and NumPy makes $0 \cdot (-\infty)$ nan.
# By the rule above such a term counts 0, whatever $y_i$ is.
#
# Wanted: a float, the **mean** over the N examples. `d` and `y` are [N, K]; where $d_i > 0$ you may rely on $y_i > 0$.
# It is the exact value: nothing is cut off or added, even where an output is as small as $10^{-200}$.


# %% nbgrader={"grade": false, "grade_id": "kl-divergence", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kl_divergence(d, y):
    """The mean over the batch of Σ_i d_i log(d_i / y_i), with 0 log 0 = 0.

    d, y [N, K], rows that sum to 1, and y > 0 wherever d > 0. Returns a float.
    """
    ### BEGIN SOLUTION
    some = d > 0
    terms = d[some] * np.log(d[some] / y[some])
    return float(terms.sum() / len(d))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "kl-divergence-test", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# One example: 0.5 log(0.5/0.25) + 0.5 log(0.5/0.75). Then a second one, whose target is met.
d0, y0 = np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]])
kl0 = kl_divergence(d0, y0)
check_float(kl0, 0.14384103622589042, "kl_divergence(d, y) at d = (0.5, 0.5), y = (0.25, 0.75)")
d0, y0 = np.array([[0.5, 0.5], [0.1, 0.9]]), np.array([[0.25, 0.75], [0.1, 0.9]])
check_float(kl_divergence(d0, y0), 0.07192051811294521, "kl_divergence(d, y) for two examples")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(25)
for n, k in [(4, 3), (1, 5), (3, 3), (5, 2), (2, 7)]:
    d1, y1 = rng.dirichlet(np.ones(k), size=n), rng.dirichlet(np.ones(k), size=n)
    kl1 = sum(p * (np.log(p) - np.log(q)) for p, q in zip(d1.flat, y1.flat, strict=True)) / n
    with unchanged("kl_divergence(d, y)", d=d1, y=y1):
        got = kl_divergence(d1, y1)
    hint = "It is a float: the mean over the examples, for any N and K. Which of d and y stands in front?"
    check_float(got, kl1, "kl_divergence(d, y)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "kl-divergence-zeros", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# A one-hot target: only the term of the right class is left, -log 0.25.
with np.errstate(all="ignore"):
    kl0 = kl_divergence(np.array([[0.0, 1.0]]), np.array([[0.75, 0.25]]))
check_float(kl0, 1.3862943611198906, "kl_divergence(d, y) at d = (0, 1), y = (0.75, 0.25)")
### BEGIN HIDDEN TESTS
cases1 = [
    ([[0.0, 0.5, 0.5]], [[0.5, 0.25, 0.25]]),
    ([[1.0, 0.0]], [[1.0, 0.0]]),
    ([[0.0, 0.25, 0.75]], [[0.0, 0.5, 0.5]]),
    ([[0.5, 0.0, 0.5, 0.0]], [[0.2, 0.3, 0.5, 0.0]]),
    ([[0.5, 0.5]], [[1e-200, 1.0]]),
    ([[0.001, 0.999]], [[1e-30, 1.0]]),
    ([[1e-7, 1 - 1e-7]], [[1e-100, 1.0]]),
    ([[0.0, 0.0, 1.0]], [[0.3, 0.3, 0.4]]),
    ([[1e-10, 1 - 1e-10]], [[1e-300, 1.0]]),
]
with np.errstate(all="ignore"):
    for d1, y1 in cases1:
        d1, y1 = np.array(d1), np.array(y1)
        kl1 = sum(p * np.log(p / q) for p, q in zip(d1.flat, y1.flat, strict=True) if p > 0)
        with unchanged("kl_divergence(d, y)", d=d1, y=y1):
            got = kl_divergence(d1, y1)
        hint = "Where d is 0 the term is 0, whatever y is. Nothing is cut off or added."
        check_float(got, kl1, "kl_divergence(d, y)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-digits", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: a classifier of digits
#
# Now your functions train a classifier. It has one linear layer, z = x W + b, and sees 300 images of 8 × 8 points.
# The next two cells train it twice by gradient descent: with one-hot targets and with smoothed ones, ε = 0.1.
#
# We watch the **gap**: by how much does the logit of the right class exceed the mean of the other nine?
# For smoothed targets the lecture (S6) finds the best gap: $\log(K/\varepsilon - K + 1) = \log 91 \approx 4.51$.

# %%
data = load("digits")
x_train, r_train = data.train.x[:300].astype(np.float64), data.train.y[:300]
x_test, r_test = data.test.x.astype(np.float64), data.test.y


def gap(z, r):
    """The median over the examples of z_r minus the mean of the other logits."""
    right = z[np.arange(len(z)), r]
    return np.median(right - (z.sum(axis=1) - right) / (z.shape[1] - 1))


def train_on_targets(d, rate=2.0, steps=150):
    """Train on the target distributions d [N, K]; returns W, b and the gap after each step."""
    W, b, gaps = np.zeros((x_train.shape[1], d.shape[1])), np.zeros(d.shape[1]), []
    for _ in range(steps):
        dz = soft_cross_entropy_backward(x_train @ W + b, d)
        W, b = W - rate * x_train.T @ dz, b - rate * dz.sum(axis=0)
        gaps.append(gap(x_train @ W + b, r_train))
    return W, b, gaps


# %% tips={"atol": 0.01}
targets = {"one-hot": one_hot(r_train, 10), "smoothed": smooth_labels(r_train, 10, 0.1)}
figure, axes = plt.subplots()
print("targets     KL to target   test cost   test accuracy   confidence")
for name, d in targets.items():
    W, b, gaps = train_on_targets(d)
    kl, z_test = kl_divergence(d, softmax(x_train @ W + b)), x_test @ W + b
    confidence, accuracy = softmax(z_test).max(axis=1).mean(), np.mean(z_test.argmax(axis=1) == r_test)
    cost = cross_entropy(z_test, r_test)
    print(f"{name:10} {kl:13.3f} {cost:11.3f} {accuracy:15.3f} {confidence:12.3f}")
    axes.plot(np.arange(1, len(gaps) + 1), gaps, label=f"{name} targets")
axes.axhline(np.log(91), color="black", linewidth=1, linestyle=":", label="log 91")
axes.set_title("One-hot targets: the gap grows on; smoothed: it levels off")
axes.set(xlabel="step", ylabel="gap of the right logit")
axes.legend()
show(
    figure,
    alt="Gap between the right logit and the others by step. One-hot targets: it grows all the time. "
    "Smoothed targets: it levels off near log 91.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-digits-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# With one-hot targets the gap grows as long as we train: a cost of 0 would need a gap without end.
# With smoothed targets it levels off close to log 91. It is not exactly there: a linear layer
# cannot meet all 300 targets, and so the KL divergence does not reach 0 either.
#
# "Confidence" is the mean of the largest output. The two classifiers are right about equally often, and the smoothed one is
# less sure. That is why its test cost is higher. The network of the lecture was too sure of itself, so there smoothing
# helped. Compare the last two columns: here neither classifier is too sure, and smoothing is not needed.

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-5", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 5. The square error behind a sigmoid
#
# A classifier can also have K sigmoid outputs and the square error, summed over the classes and over the batch:
#
# $$C = \frac12 \sum_{n,i} (y_{ni} - d_{ni})^2, \qquad y = \sigma(z) = \frac{1}{1 + e^{-z}} .$$
#
# ### `l2_sigmoid_backward` (10 points)
#
# Two factors make $\partial C/\partial z$: the error, and the slope of the sigmoid (S1).
# Mind that this cost is a **sum** over the batch. Do not divide by N.
#
# Wanted: `dz` [N, K], finite for every finite z. The function gets `z`, and not `y`.


# %% nbgrader={"grade": false, "grade_id": "l2-sigmoid-backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def l2_sigmoid_backward(z, d):
    """The gradient by z of C = ½ Σ (σ(z) - d)², summed over classes and batch.

    z, d [N, K]. Returns dz [N, K], finite for every finite z.
    """
    ### BEGIN SOLUTION
    e = np.exp(-np.abs(z))
    y = np.where(z >= 0, 1.0, e) / (1.0 + e)
    return (y - d) * y * (1.0 - y)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "l2-sigmoid-backward-test", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# y = 0.5 and y = 0.25 against the target 1: error times slope is -0.5 · 0.25 and -0.75 · 0.1875.
z0 = np.array([[0.0, -np.log(3.0)]])
dz0 = l2_sigmoid_backward(z0, np.array([[1.0, 1.0]]))
check_array(dz0, [[-0.125, -0.140625]], "l2_sigmoid_backward(z, d) at y = (0.5, 0.25), d = (1, 1)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(26)
for n, k in [(4, 3), (1, 5), (3, 3), (5, 1)]:
    z1, d1 = 2 * rng.standard_normal((n, k)), rng.uniform(-1, 2, (n, k))
    d1[0, 0], d1[-1, -1] = 0.0, 1.0
    with unchanged("l2_sigmoid_backward(z, d)", z=z1, d=d1):
        got = l2_sigmoid_backward(z1, d1)
    check_gradient(
        got,
        lambda z, d=d1: 0.5 * (1 / (1 + np.exp(-z)) - d) ** 2,
        z1,
        "l2_sigmoid_backward(z, d)",
        hint="Error times slope, for each entry; the cost is a sum over the batch. d may be any target, also 0.",
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "l2-sigmoid-backward-extremes", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Wrong and sure of it: the slope is 0, and so is the signal.
with np.errstate(all="ignore"):
    dz0 = l2_sigmoid_backward(np.array([[-500.0, 500.0]]), np.array([[1.0, 0.0]]))
check_array(dz0, [[0.0, 0.0]], "l2_sigmoid_backward(z, d) at z = (-500, 500), d = (1, 0)")
### BEGIN HIDDEN TESTS
e1 = np.exp(-20.0)
cases1 = [
    ([[-1e4, 1e4, -720.0, 720.0]], [[1.0, 0.0, 0.5, 1.0]], [[0.0, 0.0, 0.0, 0.0]]),
    ([[1.7e308, -1.7e308]], [[0.0, 1.0]], [[0.0, 0.0]]),
    ([[20.0, -20.0]], [[0.0, 1.0]], [[e1 / (1 + e1) ** 3, -e1 / (1 + e1) ** 3]]),
    ([[5e-10, -5e-10]], [[0.5, 0.5]], [[3.125e-11, -3.125e-11]]),
]
for z1, d1, dz1 in cases1:
    with np.errstate(all="ignore"):
        got = l2_sigmoid_backward(np.array(z1), np.array(d1))
    hint = "For very large |z| the slope is 0; is yours finite, on both sides? Further in it is small, but not 0."
    check_array(got, np.array(dz1), "l2_sigmoid_backward(z, d)", atol=1e-15, rtol=1e-6, hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-race", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: confidently wrong at the start
#
# Both classifiers get the same bad start. The bias of output 0 is B, and the other biases are −B.
# With B = 0 they know nothing. With B = 8 they say "class 0" to every image, and they are sure of it.
# For each cost and each start, the cell tries four learning rates. It keeps the one with the best mean accuracy over the run.

# %%
x_validation, r_validation = data.validation.x.astype(np.float64), data.validation.y


def train_from(start, backward, rate, steps=60):
    """Train from the bias (start, -start, ..., -start); returns the validation accuracy by step."""
    W, b, accuracies = np.zeros((x_train.shape[1], 10)), np.where(np.arange(10) == 0, start, -start), []
    while len(accuracies) <= steps:
        accuracies.append(np.mean((x_validation @ W + b).argmax(axis=1) == r_validation))
        dz = backward(x_train @ W + b)
        W, b = W - rate * x_train.T @ dz, b - rate * dz.sum(axis=0)
    return accuracies


# %% tips={"atol": 0.02, "image_rms": 8}
hot = one_hot(r_train, 10)
costs = {
    "softmax, cross entropy": lambda z: cross_entropy_backward(z, r_train),
    "sigmoids, square error": lambda z: l2_sigmoid_backward(z, hot) / len(z),
}
figure, panels = plt.subplots(1, 3, figsize=(10, 3.4), sharey=True)
print("B   cost                     size of δ_r   best rate   accuracy after 60 steps")
for axes, start in zip(panels, (0.0, 4.0, 8.0), strict=True):
    z_start = np.tile(np.where(np.arange(10) == 0, start, -start), (len(r_train), 1))
    for name, backward in costs.items():
        # Both gradients are divided by N, so N times an entry is the signal of one example.
        delta = len(z_start) * np.abs(backward(z_start)[np.arange(len(z_start)), r_train])
        runs = {rate: train_from(start, backward, rate) for rate in (0.3, 1.0, 3.0, 10.0)}
        best = max(runs, key=lambda rate: np.mean(runs[rate]))
        print(f"{start:g}   {name}   {delta[r_train != 0].mean():11.5f} {best:11g} {runs[best][-1]:25.3f}")
        axes.plot(runs[best], label=name)
    axes.set(title=f"start B = {start:g}", xlabel="step", ylim=(0, 1))
panels[0].set_ylabel("validation accuracy")
panels[0].legend(loc="lower right", fontsize=9)
figure.suptitle("After a start that is wrong and sure, the square error may not recover in 60 steps")
show(
    figure,
    alt="Validation accuracy by step for three starts. Cross entropy reaches about the same level from all. "
    "The square error reaches it later from B = 0 and B = 4. From B = 8 it stays at chance.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-race-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Look at the size of $\delta_r$ at the start, the mean over all images that are not of class 0.
# Cross entropy sends its error, and a surer mistake gives a signal closer to 1.
# So it comes to about the same accuracy from all three starts.
#
# The square error multiplies the error by the slope, and the surer the mistake, the smaller its signal.
# From B = 4 it needs a large rate, and then it arrives just as high. From B = 8 it stays where it is: even at the best
# of the four rates it is no better than guessing after 60 steps.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-b", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question B (5 points)
#
# 1. Take an output that is wrong and sure of it: z = 8, target 0. Estimate $\partial C/\partial z$ for the square error behind a
#    sigmoid, and compare it with y − d. Use this to explain the right panel of the last figure.
#    Why does a very large learning rate not simply make up for it?
# 2. The softmax of z = (1000, 0) is computed without overflow. Why is `-np.log(y[1])` still wrong, and what does your
#    `cross_entropy` do differently?
#
# A few sentences for each are enough.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-b", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (5 points).** 1: the slope at z = 8 is about $e^{-8} \approx 0.0003$, so is the signal, against an error of about 1, 1 point;
# so the logits hardly move in 60 steps, while cross entropy starts with its full error, 1; a rate large enough to leave the flat part is
# too large outside of it, where the slope is up to 1/4, 1. 2: $e^{-1000}$ is rounded to 0, so the log is −∞, 1;
# the logarithm is taken of the sum, whose value is at least 1, and $z_r$ is subtracted as it is, 1.
#
# **Answer.** 1. At z = 8 y is 0.99966. The error y − d is almost 1, but the slope y(1 − y) is 0.0003, so the signal is
# about 0.0003. Cross entropy sends y − d itself. So with the square error the outputs stay where they are for a long time. A rate of some
# hundreds would move them, but near z = 0 the slope is hundreds of times larger, and there such a rate throws the
# weights from one flat end of the sigmoid to the other.
#
# 2. $y_1 = e^{-1000}$ is smaller than any number of float64 and becomes 0; its logarithm is −∞. With
# $-\log y_r = \log\sum_j e^{z_j - m} - (z_r - m)$ the logarithm gets a sum between 1 and K, here 1, and the difference
# $z_r - m = -1000$ stays an ordinary number. The cost is 1000.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "end", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Before you hand in
#
# Restart the kernel and run all cells, from top to bottom. Every check should be silent. Then save and submit.
