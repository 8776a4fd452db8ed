# %% [markdown] nbgrader={"grade": false, "grade_id": "intro", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment: preprocessing and initialization
#
# Before the first step of gradient descent two things are decided: the form of the data, and the first weights.
# Both can ruin the training, and both can be set right by a few lines.
# In this assignment you write these lines in NumPy, and then measure what they do.
# It belongs to lectures 03 (preprocessing) and 04 (initialization). Plan two to four hours.
#
# | part | you write | points |
# |---|---|---|
# | 1 | `standardize` | 14 |
# | 2 | `whiten` | 22 |
# | 3 | `distinct_units` | 10 |
# | | question A, in words and formulas | 8 |
# | 4 | `layer_statistics`, `xavier_std`, `he_std` | 14 + 4 + 4 |
# | | question B, in words and formulas | 12 |
# | 5 | `orthogonal` | 12 |
# | | together | 100 |

# %% [markdown] nbgrader={"grade": false, "grade_id": "rules", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## How it works
#
# - Write each function where its cell says so, instead of the line `raise NotImplementedError`.
#   Keep its name and the names of its parameters.
# - Run the cells from top to bottom. The cell below each function checks it.
#   When the cell prints nothing, the check has passed. When it fails, it says in one sentence what is wrong.
# - The checks that you see are a part. After you hand in, more are run: other shapes, one single example, extreme values.
#   So read the text above each function as well as the check.
# - All arrays are float64. The batch comes first: an array `[N, D]` holds N examples in its rows.
# - Never change an input in place: the caller still needs it. A result may share memory with an input.
# - Where a function gets `rng`, a `numpy.random.Generator`, use it for all random numbers. How you use it is your choice.
#
# Names: `x` is the input, `z` the pre-activation or the transformed data, `a` the activation.
# A weight matrix `W` is [inputs, outputs] and acts as `x @ W`.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from tipslib.checks import (
    check_array,
    check_float,
    check_int,
    check_list,
    check_shape,
    short_messages,
    unchanged,
)
from tipslib.data import load
from tipslib.plotting import show, use_style

use_style()
short_messages()

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-1", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 1. Mean 0, variance 1
#
# Data come in units: square metres beside years, grams beside milligrams. Gradient descent takes the numbers as they are.
# The first cure is to give every column the mean 0 and the variance 1:
#
# $$m_i = \frac1N \sum_{n=1}^N x_{ni}, \qquad \sigma_i^2 = \frac1N \sum_{n=1}^N (x_{ni} - m_i)^2,
#   \qquad x_{ni} \leftarrow \frac{x_{ni} - m_i}{\sigma_i}.$$
#
# ### `standardize` (14 points)
#
# The function gets `train` [N, D] and `test` [M, D], and returns both, transformed.
#
# - The lecture: "normalizing your training and testing data in the same way". That means with the same **numbers**:
#   $m$ and $\sigma$ come from the training data alone. The network will see a test example in the units of its training.
# - Divide by N, as in the formula. Add no ε.
# - A column that is constant in the training data has σ = 0. There is nothing to divide by.
#   Such a column is only centred, in both data sets: $x_{ni} - m_i$. Then it is 0 in the training data,
#   and in the test data it may be anything. It is never nan.


# %% nbgrader={"grade": false, "grade_id": "standardize", "locked": false, "schema_version": 3, "solution": true, "task": false}
def standardize(train, test):
    """(x - m)/σ for each column, with m and σ of the training data; a constant column becomes x - m.

    train [N, D], test [M, D]. Returns (train, test): transformed, of the same shapes.
    """
    ### BEGIN SOLUTION
    mean, std = train.mean(axis=0), train.std(axis=0)
    std = np.where(std > 0, std, 1.0)
    return (train - mean) / std, (test - mean) / std
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "standardize-train", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The lecture's column 1, 2, 3, 6 has m = 3 and σ² = (4 + 1 + 0 + 9)/4. The second column is ten times the first.
train0 = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [6.0, 60.0]])
test0 = np.array([[3.0, 30.0], [10.0, 0.0]])
with unchanged("standardize(train, test)", train=train0, test=test0):
    result = standardize(train0, test0)
check_list(result, 2, "standardize(train, test), (train, test)")
column0 = np.array([-2.0, -1.0, 0.0, 3.0]) / np.sqrt(3.5)
check_array(result[0], np.column_stack([column0, column0]), "standardize(train, test), train")
### BEGIN HIDDEN TESTS
for n, m, d in [(6, 3, 4), (3, 5, 1), (50, 1, 7), (5, 5, 5)]:
    rng = np.random.default_rng(n)
    scale1 = 10.0 ** (np.arange(d) % 6 - 3)  # from 0.001 to 100
    train1 = scale1 * (2 + rng.standard_normal((n, d)))
    test1 = scale1 * (5 + rng.standard_normal((m, d)))
    wanted1 = np.empty((n, d))
    for i in range(d):
        m1 = sum(train1[:, i]) / n
        wanted1[:, i] = (train1[:, i] - m1) / np.sqrt(sum((train1[:, i] - m1) ** 2) / n)
    with unchanged("standardize(train, test)", train=train1, test=test1):
        result = standardize(train1, test1)
    check_list(result, 2, "standardize(train, test), (train, test)")
    hint = "Each column has its own m and σ, from the training data, divided by N, without ε; any N and D."
    check_array(result[0], wanted1, "standardize(train, test), train", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "standardize-test", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The test data get the same m = 3 and σ² = 3.5: a test example that is like the training mean becomes 0.
train0 = np.array([[1.0], [2.0], [3.0], [6.0]])
result = standardize(train0, np.array([[3.0], [10.0]]))
check_list(result, 2, "standardize(train, test), (train, test)")
check_array(result[1], np.array([[0.0], [7.0]]) / np.sqrt(3.5), "standardize(train, test), test")
### BEGIN HIDDEN TESTS
for n, m, d in [(6, 3, 4), (4, 1, 2), (9, 20, 1), (5, 5, 5)]:
    rng = np.random.default_rng(n + 100)
    scale1 = 10.0 ** (np.arange(d) % 6 - 3)
    train1 = scale1 * (-1 + rng.standard_normal((n, d)))
    test1 = scale1 * (3 + 4 * rng.standard_normal((m, d)))
    wanted1 = np.empty((m, d))
    for i in range(d):
        m1 = sum(train1[:, i]) / n
        wanted1[:, i] = (test1[:, i] - m1) / np.sqrt(sum((train1[:, i] - m1) ** 2) / n)
    result = standardize(train1, test1)
    hint = "One test example must give the same whatever the other test examples are. Whose m and σ do you use?"
    check_array(result[1], wanted1, "standardize(train, test), test", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "standardize-constant", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The first column is always 3. It becomes 0, and the second column is transformed as before.
train0 = np.array([[3.0, 1.0], [3.0, 5.0]])
with np.errstate(all="ignore"):
    result = standardize(train0, np.array([[3.0, 7.0]]))
check_list(result, 2, "standardize(train, test), (train, test)")
check_array(result[0], [[0.0, -1.0], [0.0, 1.0]], "standardize(train, test), train, with a constant column")
check_array(result[1], [[0.0, 2.0]], "standardize(train, test), test, with a constant column")
### BEGIN HIDDEN TESTS
hint = "A column that is constant in train is only centred, in train and in test. In test it need not be constant."
train1 = np.array([[-2.5, 0.0, 0.001, 4.0], [-2.5, 0.0, 0.003, 4.0], [-2.5, 0.0, 0.005, 4.0]])
test1 = np.array([[-2.5, 1.0, 0.003, 4.0], [0.5, -3.0, 0.003, 8.0]])
wanted1 = np.array([[0.0, 0.0, -np.sqrt(1.5), 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, np.sqrt(1.5), 0.0]])
with np.errstate(all="ignore"), unchanged("standardize(train, test)", train=train1, test=test1):
    result = standardize(train1, test1)
check_array(result[0], wanted1, "standardize(train, test), train, constant columns", hint=hint)
wanted1 = np.array([[0.0, 1.0, 0.0, 0.0], [3.0, -3.0, 0.0, 4.0]])
check_array(result[1], wanted1, "standardize(train, test), test, constant columns", hint=hint)
with np.errstate(all="ignore"):
    result = standardize(np.array([[1.0, -2.0, 0.5]]), np.array([[2.0, 0.0, 0.5], [1.0, 1.0, 1.0]]))
hint = "With one training example every column is constant."
check_array(result[0], np.zeros((1, 3)), "standardize(train, test), train, N = 1", hint=hint)
wanted1 = np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 0.5]])
check_array(result[1], wanted1, "standardize(train, test), test, N = 1", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-2", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 2. Whitening
#
# Standardising looks at each column alone. What it leaves are the correlations: large flats have many rooms.
# Whitening removes these, too. It needs the covariance and its eigenvectors:
#
# $$\Sigma = \frac1N \sum_n (x_n - m)^T (x_n - m) \quad [D, D], \qquad \Sigma\, U = U \Lambda, \qquad U^T U = I.$$
#
# Here $x_n - m$ is a row. The columns of U are the directions of the cloud of points, and $\Lambda$ is diagonal
# with the variances $\lambda_1 \dots \lambda_D$ along them. Then
#
# $$z = (x - m)\, W, \qquad W = U (\Lambda + \varepsilon I)^{-1/2}.$$
#
# In words: turn the cloud so that its directions lie along the axes, then divide each of the new coordinates
# by $\sqrt{\lambda_k + \varepsilon}$. The covariance of $z$ is diagonal, and its entries are $\lambda_k / (\lambda_k + \varepsilon)$.
#
# ### `whiten` (22 points)
#
# Return three things: `z` [N, D], `mean` [D] and `W` [D, D]. Test data would go through the same `mean` and `W`.
#
# - The covariance is divided by N. Some functions of NumPy divide by N − 1, if they are not told otherwise.
# - ε is added to the eigenvalues, under the root. It saves us where $\lambda_k = 0$, for example when there are fewer
#   examples than columns. With `eps=0` the function is only called when every $\lambda_k > 0$.
# - The order and the sign of the eigenvectors are not unique. So the columns of `W` may come in any order, with any sign.
# - `numpy.linalg` has what you need. For a symmetric matrix `eigh` is the right choice.


# %% nbgrader={"grade": false, "grade_id": "cross", "locked": true, "schema_version": 3, "solution": false, "task": false}
# For the checks below: four points around (10, 20), in the form of a cross.
x_cross = np.array([[11.0, 20.0], [9.0, 20.0], [10.0, 22.0], [10.0, 18.0]])


# %% nbgrader={"grade": false, "grade_id": "whiten", "locked": false, "schema_version": 3, "solution": true, "task": false}
def whiten(x, eps=1e-5):
    """z = (x - mean) W with W = U (Λ + ε)^(-1/2), where Σ U = U Λ and Σ is the covariance of x.

    x [N, D]. Returns (z, mean, W): [N, D], [D], [D, D]; the columns of W in any order and sign.
    """
    ### BEGIN SOLUTION
    mean = x.mean(axis=0)
    covariance = (x - mean).T @ (x - mean) / len(x)
    variances, U = np.linalg.eigh(covariance)
    W = U / np.sqrt(variances + eps)
    return (x - mean) @ W, mean, W
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "whiten-mean", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The means of the cross are 10 and 20.
result = whiten(x_cross.copy())
check_list(result, 3, "whiten(x), (z, mean, W)")
check_shape(result[0], (4, 2), "whiten(x), z")
check_shape(result[2], (2, 2), "whiten(x), W")
check_array(result[1], [10.0, 20.0], "whiten(x), mean")
### BEGIN HIDDEN TESTS
for n, d in [(7, 3), (12, 5), (4, 4), (2, 6), (1, 3), (9, 1)]:
    x1 = np.random.default_rng(n).standard_normal((n, d)) + 3 * (-1.0) ** np.arange(d)
    mean1 = np.array([sum(column) / n for column in x1.T])
    with unchanged("whiten(x)", x=x1):
        result = whiten(x1)
    check_list(result, 3, "whiten(x), (z, mean, W)")
    hint = "It must work for any N and D: one column, one example, more columns than examples."
    check_shape(result[0], (n, d), "whiten(x), z", hint=hint)
    check_shape(result[2], (d, d), "whiten(x), W", hint=hint)
    check_array(result[1], mean1, "whiten(x), mean", hint="One mean for each column.")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "whiten-z", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The cross has the variances 2·1²/4 = 0.5 and 2·2²/4 = 2 along the axes. With ε = 0 the points at ±1 and ±2 are divided
# by √0.5 and √2: both become ±√2.
result = whiten(x_cross.copy(), eps=0)
check_list(result, 3, "whiten(x, eps=0), (z, mean, W)")
check_shape(result[0], (4, 2), "whiten(x, eps=0), z")
check_shape(result[2], (2, 2), "whiten(x, eps=0), W")
sizes0 = np.sort(np.abs(result[0]), axis=1)
check_array(sizes0, [[0.0, np.sqrt(2)]] * 4, "whiten(x, eps=0), the absolute values in each row of z", atol=1e-6)
z0 = (x_cross - [10.0, 20.0]) @ result[2]
check_array(result[0], z0, "whiten(x, eps=0), z against (x - mean) W", atol=1e-6)
### BEGIN HIDDEN TESTS
for n, d, eps in [(8, 3, 1e-5), (6, 2, 0.2), (5, 1, 0.5), (3, 5, 1e-2)]:
    x1 = np.random.default_rng(n + 10).standard_normal((n, d)) + np.arange(d)
    mean1 = x1.mean(axis=0)
    variances1 = np.linalg.svd(x1 - mean1, compute_uv=False) ** 2 / n
    total1 = np.sum(variances1 / (variances1 + eps))
    with unchanged("whiten(x, eps)", x=x1):
        result = whiten(x1, eps)
    check_list(result, 3, "whiten(x, eps), (z, mean, W)")
    check_shape(result[2], (d, d), "whiten(x, eps), W", hint="W is [D, D].")
    z1 = (x1 - mean1) @ result[2]
    check_array(result[0], z1, "whiten(x, eps), z", atol=1e-6, hint="Is it (x - mean) W, with the W you return?")
    hint = "Compare the variance of each column of z with λ/(λ + ε)."
    check_float(np.sum(z1**2) / n, total1, "whiten(x, eps), sum of the variances of z", atol=1e-6, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "whiten-covariance", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# The lecture's case: two columns of variance 1 and correlation 0.6. After whitening with ε = 0 the covariance is I.
x0 = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, 1.0], [-1.0, -1.0], [1.0, 1.0]] * 2)
x0[[4, 9]] = [[1.0, -1.0], [-1.0, 1.0]]
result = whiten(x0.copy(), eps=0)
check_list(result, 3, "whiten(x, eps=0), (z, mean, W)")
check_shape(result[0], (10, 2), "whiten(x, eps=0), z")
check_array(result[0].T @ result[0] / 10, np.eye(2), "whiten(x, eps=0), covariance of z", atol=1e-6)
### BEGIN HIDDEN TESTS
for n, d in [(20, 4), (40, 3), (6, 2), (50, 8)]:
    rng = np.random.default_rng(n + 20)
    x1 = rng.standard_normal((n, d)) @ (np.eye(d) + 0.5 * rng.standard_normal((d, d))) - 1
    for eps in (0, 0.1):
        mean1 = x1.mean(axis=0)
        variances1 = np.linalg.svd(x1 - mean1, compute_uv=False) ** 2 / n
        wanted1 = np.sort(variances1 / (variances1 + eps))
        result = whiten(x1, eps)
        check_list(result, 3, "whiten(x, eps), (z, mean, W)")
        check_shape(result[0], (n, d), "whiten(x, eps), z", hint="z has the shape of x.")
        centred = result[0] - result[0].mean(axis=0)
        found = centred.T @ centred / n
        diagonal = np.diag(found)
        hint = "Which matrix turns the cloud onto the axes? Its columns are the eigenvectors."
        check_array(found, np.diag(diagonal), "whiten(x, eps), off-diagonal covariance of z", atol=1e-6, hint=hint)
        hint = "Is the covariance divided by N, and each coordinate divided by the right root?"
        check_array(np.sort(diagonal), wanted1, "whiten(x, eps), variances of z", atol=1e-6, hint=hint)
x1 = 1e-6 * np.random.default_rng(31).standard_normal((30, 3))
result = whiten(x1, 0)
hint = "Small data: is only the eps you are given added to the eigenvalues?"
check_array(result[0].T @ result[0] / 30, np.eye(3), "whiten(x, eps), covariance of z", atol=1e-6, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "whiten-eps", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# The cross with ε = 0.5: the variances become 0.5/(0.5 + 0.5) and 2/(2 + 0.5), in one order or the other.
result = whiten(x_cross.copy(), eps=0.5)
check_list(result, 3, "whiten(x, eps=0.5), (z, mean, W)")
check_shape(result[0], (4, 2), "whiten(x, eps=0.5), z")
covariance0 = result[0].T @ result[0] / 4
check_array(np.sort(np.diag(covariance0)), [0.5, 0.8], "whiten(x, eps=0.5), variances of z", atol=1e-6)
check_float(covariance0[0, 1], 0.0, "whiten(x, eps=0.5), covariance of the columns of z", atol=1e-6)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(30)
weak1 = rng.standard_normal((30, 3)) @ (np.diag([1.0, 0.1, 0.01]) @ np.linalg.qr(rng.standard_normal((3, 3)))[0])
flat1 = rng.standard_normal((25, 2)) @ rng.standard_normal((2, 4)) + 1  # rank 2 of 4
few1 = rng.standard_normal((3, 6))  # fewer examples than columns
constant1 = np.column_stack([rng.standard_normal(8), np.full(8, 2.0)])
hint = "Is ε added to every eigenvalue, under the root? What becomes of a direction with λ = 0?"
for x1 in (weak1, flat1, few1, constant1, np.array([[1.0, 2.0, 3.0]])):
    n, d = x1.shape
    mean1 = x1.mean(axis=0)
    variances1 = np.maximum(np.linalg.eigvalsh((x1 - mean1).T @ (x1 - mean1) / n), 0)
    for eps in (None, 1e-3, 2.0):  # None: what the function takes when nothing is said
        wanted1 = np.sort(variances1 / (variances1 + (1e-5 if eps is None else eps)))
        with np.errstate(all="ignore"):
            result = whiten(x1) if eps is None else whiten(x1, eps)
        check_list(result, 3, "whiten(x, eps), (z, mean, W)")
        check_shape(result[2], (d, d), "whiten(x, eps), W", hint="W is [D, D], also when there are few examples.")
        z1 = (x1 - mean1) @ result[2]
        check_array(result[0], z1, "whiten(x, eps), z", atol=1e-6, hint=hint)
        found = z1.T @ z1 / n
        check_array(found, np.diag(np.diag(found)), "whiten(x, eps), covariance of z", atol=1e-6, hint=hint)
        check_array(np.sort(np.diag(found)), wanted1, "whiten(x, eps), variances of z", atol=1e-6, hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-descent", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: what the form of the data does to gradient descent
#
# The next cell invents 300 flats: area in m², number of rooms, age in years, and a price.
# A linear model learns the price by gradient descent, from three forms of the same data: raw, standardised by your
# function, and then whitened by your function. The Hessian H of the cost depends on the data alone.
# Each run takes the rate $1/\lambda_{max}(H)$.

# %%
rng = np.random.default_rng(0)
area, age = rng.normal(80, 25, 300), rng.uniform(0, 60, 300)
rooms = area / 25 + rng.normal(0, 0.6, 300)
price = 3 * area + 10 * rooms - age + rng.normal(0, 20, 300)
raw = np.column_stack([area, rooms, age])
standardised, _ = standardize(raw, raw[:1])
whitened, _, _ = whiten(standardised)


def descend(x, target, steps=100):
    """Gradient descent of a linear model from 0: its cost above the minimum, and the condition number of H."""
    x = np.column_stack([np.ones(len(x)), x])
    hessian = x.T @ x / len(x)
    curvatures = np.linalg.eigvalsh(hessian)
    best = np.linalg.solve(hessian, x.T @ target / len(x))
    w, excess = np.zeros(x.shape[1]), []
    for _ in range(steps + 1):
        excess.append((w - best) @ hessian @ (w - best) / 2)
        w = w - x.T @ (x @ w - target) / len(x) / curvatures[-1]
    return np.array(excess), curvatures[-1] / curvatures[0]


figure, axes = plt.subplots()
for name, x, style in (("raw", raw, "-"), ("standardised", standardised, "--"), ("whitened", whitened, "-.")):
    excess, condition = descend(x, price)
    below = np.flatnonzero(excess < 1e-6 * excess[0])
    steps = f"after step {below[0]}" if len(below) else f"not within {len(excess) - 1} steps"
    print(f"{name:13} condition number {condition:9.1f}   a millionth of the excess cost: {steps}")
    axes.semilogy(np.maximum(excess / excess[0], 1e-12), style, label=name)
axes.set_title("Gradient descent on three forms of the same data")
axes.set(xlabel="step", ylabel="excess cost / its start", ylim=(1e-10, 2))
axes.legend()
show(
    figure,
    alt="Excess cost over 100 steps of gradient descent, logarithmic. Raw: it falls a little and then stays level. "
    "Standardised: a straight line downwards. Whitened: it falls to the bottom in one step.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-descent-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# With the raw data one direction is learned at once. The others are so slow that the cost seems to stand still.
# Standardising brings the condition number from over 100 000 down to about 16, and the cost falls steadily.
# What is left of it comes from the correlation of area and rooms. Whitening removes that.
# Then all directions are equal, and one step is enough for a linear model.

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-3", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 3. Equal units
#
# The data are ready. Now the weights: where should they start? The simplest idea is to give all of them the same number.
# The lecture's warning: "Neurons with identical connections that are identically initialized will never diverge."
# To see it happen, we first need a way to count different units.
#
# ### `distinct_units` (10 points)
#
# A layer has the weights `W` [D, M] and the biases `b` [M]. Unit j has the incoming weights in **column** j of `W`, and
# the bias `b[j]`. Two units are the same if all their incoming weights and their biases are the same, exactly.
# No tolerance: two numbers that differ in the last digit are different. How many different units does the layer have?


# %% nbgrader={"grade": false, "grade_id": "distinct-units", "locked": false, "schema_version": 3, "solution": true, "task": false}
def distinct_units(W, b):
    """The number of different hidden units: an int from 1 to M.

    W [D, M], b [M]. Units are the same if column and bias are exactly equal.
    """
    ### BEGIN SOLUTION
    units = np.vstack([W, b]).T
    return len({tuple(unit) for unit in units})
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "distinct-units-test", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# Four units with two inputs each. The second unit and the last are the same, the others occur once.
W0 = np.array([[1.0, 2.0, 1.0, 2.0], [5.0, 0.0, 0.0, 0.0]])
with unchanged("distinct_units(W, b)", W=W0):
    count0 = distinct_units(W0, np.zeros(4))
check_int(count0, 3, "distinct_units(W, b) for columns of which two are equal")
check_int(distinct_units(np.full((3, 4), 0.1), np.zeros(4)), 1, "distinct_units(W, b) for all weights 0.1")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(40)
hint = "Compare each unit, a column with its bias, with all the others. Any D and M, each of them also 1."
for d, kinds, m in [(3, 4, 9), (5, 2, 3), (2, 7, 7), (1, 3, 8), (6, 1, 5), (4, 1, 1), (2, 6, 40)]:
    which1 = rng.permutation(np.arange(m) % kinds)
    W1, b1 = rng.integers(-1, 2, (d, kinds)) / 4, np.arange(kinds) / 8
    W1, b1 = W1[:, which1], b1[which1]
    with unchanged("distinct_units(W, b)", W=W1, b=b1):
        got = distinct_units(W1, b1)
    check_int(got, kinds, "distinct_units(W, b)", hint=hint)
swapped1 = np.array([[1.0, 2.0, 3.0, 1.0, 3.0], [2.0, 1.0, 0.0, 2.0, 0.0], [3.0, 3.0, 3.0, 3.0, 3.0]])
hint = "The same numbers in another order are other weights; the same sum does not make the same unit."
check_int(distinct_units(swapped1, np.zeros(5)), 3, "distinct_units(W, b)", hint=hint)
check_int(distinct_units(swapped1.T, np.ones(3)), 3, "distinct_units(W, b)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "distinct-units-exact", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The bias belongs to the unit: here the weights are all equal, and the biases are 0, 1, 0.
check_int(distinct_units(np.full((2, 3), 0.5), np.array([0.0, 1.0, 0.0])), 2, "distinct_units(W, b) for biases 0, 1, 0")
### BEGIN HIDDEN TESTS
hint = "Exactly equal: a difference in the last digit counts, in a weight or in the bias."
W1, b1 = np.full((3, 5), 0.1), np.full(5, 0.2)
check_int(distinct_units(W1, b1), 1, "distinct_units(W, b)", hint="Can all units be equal?")
W1[1, 3] = np.nextafter(0.1, 1)
check_int(distinct_units(W1.copy(), b1.copy()), 2, "distinct_units(W, b)", hint=hint)
b1[2] = np.nextafter(0.2, 0)
check_int(distinct_units(W1.copy(), b1.copy()), 3, "distinct_units(W, b)", hint=hint)
W1[0, 4], W1[2, 0] = 1e6, 1e-12
check_int(distinct_units(W1.copy(), b1.copy()), 5, "distinct_units(W, b)", hint=hint)
check_int(distinct_units(np.zeros((4, 3)), np.array([0.0, 1e-300, 0.0])), 2, "distinct_units(W, b)", hint=hint)
parallel1 = np.array([[1.0, 2.0, -1.0, 1.0], [1.0, 2.0, -1.0, 1.0]])
check_int(
    distinct_units(parallel1, np.array([0.0, 0.0, 0.0, 1.0])),
    4,
    "distinct_units(W, b)",
    hint="Twice a unit is another unit.",
)
check_int(
    distinct_units(np.array([[0.5]]), np.array([-1.0])), 1, "distinct_units(W, b)", hint="There may be a single unit."
)
traded1 = np.array([[1.0, 0.0, 1.0]])
check_int(distinct_units(traded1, np.array([0.0, 1.0, 0.0])), 2, "distinct_units(W, b)", hint="A bias is no weight.")
hint = "The sign counts, in a weight and in the bias."
check_int(distinct_units(np.ones((2, 3)), np.array([-1.0, 1.0, -1.0])), 2, "distinct_units(W, b)", hint=hint)
check_int(distinct_units(np.array([[-1.0, 1.0, -1.0]]), np.ones(3)), 2, "distinct_units(W, b)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-equal", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: do equal units ever part?
#
# A network 40–16–10 with tanh learns `mnist1d`, from four starts. Your function counts the different hidden units before
# and after 600 steps. The weights are rounded to four decimals for the count: a computer may add up the same
# numbers in another order for another unit, and then the last digits differ.

# %%
data = load("mnist1d")
x_train, x_validation = data.train.x.astype(np.float64), data.validation.x.astype(np.float64)
targets = np.eye(10)[data.train.y]


def train(W1, b1, W2, steps=600, rate=0.3):
    """Gradient descent on batches of 100 with softmax and cross entropy; returns (W1, b1, validation accuracy)."""
    rng, b2 = np.random.default_rng(1), np.zeros(10)
    W1, b1, W2 = W1.copy(), b1.copy(), W2.copy()
    for _ in range(steps):
        rows = rng.choice(len(x_train), 100, replace=False)
        a = np.tanh(x_train[rows] @ W1 + b1)
        y = np.exp(a @ W2 + b2)
        y /= y.sum(axis=1, keepdims=True)
        dz2 = (y - targets[rows]) / 100
        dz1 = dz2 @ W2.T * (1 - a**2)
        W2, b2 = W2 - rate * a.T @ dz2, b2 - rate * dz2.sum(axis=0)
        W1, b1 = W1 - rate * x_train[rows].T @ dz1, b1 - rate * dz1.sum(axis=0)
    guess = (np.tanh(x_validation @ W1 + b1) @ W2 + b2).argmax(axis=1)
    return W1, b1, np.mean(guess == data.validation.y)


def count(W, b):
    return distinct_units(W.round(4), b.round(4))


rng = np.random.default_rng(0)
one_changed = np.full((40, 16), 0.1)
one_changed[5, 3] += 0.01
starts = {
    "all weights 0": (np.zeros((40, 16)), np.zeros((16, 10))),
    "all weights 0.1": (np.full((40, 16), 0.1), np.full((16, 10), 0.1)),
    "0.1, one weight 0.11": (one_changed, np.full((16, 10), 0.1)),
    "random": (0.15 * rng.standard_normal((40, 16)), 0.25 * rng.standard_normal((16, 10))),
}
figure, panels = plt.subplots(1, 4, figsize=(9.6, 4), sharey=True)
print("different units         before    after    validation accuracy")
for axes, (name, (W1, W2)) in zip(panels, starts.items(), strict=True):
    W, b, accuracy = train(W1, np.zeros(16), W2)
    print(f"{name:22}  {count(W1, np.zeros(16)):6}   {count(W, b):6}    {accuracy:10.2f}")
    axes.imshow(W, cmap="RdBu", vmin=-0.6, vmax=0.6, aspect="auto")
    axes.set_title(name, fontsize=11)
    axes.set_xlabel("hidden unit")
    axes.grid(False)
panels[0].set_ylabel("input")
figure.suptitle("Incoming weights after training, one unit in each column (blue: positive, red: negative)")
show(
    figure,
    alt="Four images of the 40 by 16 weights after training. From 0: empty. From 0.1: sixteen equal columns. With one "
    "weight changed: fifteen equal columns and another one. Random start: all columns differ.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-equal-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# From 0 no weight has moved, and the network guesses. From 0.1 the weights have moved, but all sixteen units in step:
# the network learns as if it had one unit. One changed weight makes one unit different, and the other fifteen stay
# together. From random weights there are sixteen different units, and the accuracy is clearly the best.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-a", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question A (8 points)
#
# A network has one hidden layer: $z_j = \sum_i x_i w_{ij} + b_j$, $a_j = \sigma(z_j)$, $y_k = \sum_j a_j v_{jk} + c_k$,
# and a cost C of the outputs y. Two of its hidden units, 1 and 2, start equal: $w_{i1} = w_{i2}$ for every i,
# $b_1 = b_2$, and $v_{1k} = v_{2k}$ for every k.
#
# 1. Show that after one step of gradient descent they are still equal, in all three respects. Write down the three
#    gradients. Why does it follow that they are equal after every number of steps?
# 2. Does another learning rate help? Does momentum or Adam help? Why?
# 3. Now the outgoing weights are random, and only the incoming weights and biases are equal. Do the two units part?
#    After which step? Which formula of yours shows it?
#
# Write your answer into the cell below. Formulas stand between dollar signs, as in `$w_{ij}$`.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-a", "locked": false, "points": 8, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (8 points).** 1: equal incoming weights and biases give $a_1 = a_2$ for every example, 1 point; gradient
# of the outgoing weights, 1; of the incoming weights and bias, with the outgoing weights in it, 2; the conclusion for all
# steps by induction, 1. 2: no, as each of them computes a step from the gradients so far, which are equal, and its own
# state, equal too, 1. 3: they part, at the first step, 1; because $\partial C/\partial z_j$ contains $v_{jk}$, 1.
#
# **Answer.** 1. Write $\delta_k = \partial C/\partial y_k$. For one example
#
# $$\frac{\partial C}{\partial v_{jk}} = a_j \delta_k, \qquad
# \frac{\partial C}{\partial z_j} = \sigma'(z_j) \sum_k v_{jk} \delta_k, \qquad
# \frac{\partial C}{\partial w_{ij}} = x_i \frac{\partial C}{\partial z_j}, \qquad
# \frac{\partial C}{\partial b_j} = \frac{\partial C}{\partial z_j}.$$
#
# Equal incoming weights and biases give $z_1 = z_2$, so $a_1 = a_2$ and $\sigma'(z_1) = \sigma'(z_2)$. So the first gradient
# is the same for both units. With $v_{1k} = v_{2k}$ the second one is the same, too, and with it the last two.
# A batch sums equal numbers. Equal weights minus η times equal gradients are equal. So the assumption holds again after
# the step, and by induction after every step.
#
# 2. No. η multiplies equal gradients. Momentum and Adam compute the step of a weight from this weight's own gradients, by the
# same rule for each. Equal gradients from the start give equal velocities and averages, so the steps are equal.
#
# 3. Now $a_1 = a_2$ still holds at the start, but $\sum_k v_{1k} \delta_k \ne \sum_k v_{2k} \delta_k$ in general. So
# $\partial C/\partial z_1 \ne \partial C/\partial z_2$, and the incoming weights differ after the first step.
# Random numbers in one of the two layers are enough.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-4", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 4. The size of the first weights
#
# So the weights must be random. But how large? In a deep network each layer multiplies the signal by some factor.
# Ten layers multiply by its tenth power.
#
# ### `layer_statistics` (14 points)
#
# To see the signal on its way, send a batch through a network without biases,
#
# $$a^0 = x, \qquad z^l = a^{l-1} W^l, \qquad a^l = \sigma(z^l), \qquad l = 1 \dots L,$$
#
# and write down for each layer two numbers: the mean and the standard deviation of $a^l$, over **all** its entries, all
# examples and all units together. The standard deviation is divided by their number.
# The input $a^0$ is not in the list.
#
# The argument `act` is a function: `act(z)` returns an array of the shape of `z`. It can be `np.tanh` or any other.


# %% nbgrader={"grade": false, "grade_id": "layer-statistics", "locked": false, "schema_version": 3, "solution": true, "task": false}
def layer_statistics(x, weights, act):
    """Mean and standard deviation of the activations of each layer, each over all entries.

    x [N, D]; weights: [W^1, ..., W^L], each [n_in, n_out]; act(z) returns a. Returns (means, stds): two arrays [L].
    """
    ### BEGIN SOLUTION
    means, stds = [], []
    for W in weights:
        x = act(x @ W)
        means.append(x.mean())
        stds.append(x.std())
    return np.array(means), np.array(stds)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "layer-statistics-one", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# One layer that hands x to a ReLU: the activations are 1, 2, 3, 0. Their mean is 6/4, the mean square 14/4.
x_two = np.array([[1.0, 2.0], [3.0, -4.0]])
with unchanged("layer_statistics(x, weights, act)", x=x_two):
    result = layer_statistics(x_two, [np.eye(2)], lambda z: np.maximum(z, 0))
check_list(result, 2, "layer_statistics with L = 1, (means, stds)")
check_array(result[0], [1.5], "layer_statistics with L = 1, means")
check_array(result[1], [np.sqrt(14 / 4 - 1.5**2)], "layer_statistics with L = 1, stds")
### BEGIN HIDDEN TESTS
for n, d, m in [(4, 3, 5), (1, 2, 3), (6, 4, 1), (2, 1, 7)]:
    rng = np.random.default_rng(n + 50)
    x1, W1 = rng.standard_normal((n, d)), rng.standard_normal((d, m))
    numbers1 = np.cos(np.einsum("ni,io->no", x1, W1)).ravel()
    mean1 = sum(numbers1) / len(numbers1)
    std1 = np.sqrt(sum((numbers1 - mean1) ** 2) / len(numbers1))
    with unchanged("layer_statistics(x, weights, act)", x=x1, weights=[W1]):
        result = layer_statistics(x1, [W1], np.cos)
    check_list(result, 2, "layer_statistics with L = 1, (means, stds)")
    hint = "Use act, whatever it is, and all N · M activations; any N, D and M, each of them also 1."
    check_array(result[0], [mean1], "layer_statistics with L = 1, means", hint=hint)
    check_array(result[1], [std1], "layer_statistics with L = 1, stds", hint=hint)
hint = "A single number has the standard deviation 0."
result = layer_statistics(np.array([[2.0]]), [np.array([[-3.0]])], lambda z: z)
check_array(result[0], np.array([-6.0]), "layer_statistics, one example and one unit, means", hint=hint)
check_array(result[1], np.array([0.0]), "layer_statistics, one example and one unit, stds", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "layer-statistics-means", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# A second layer with one unit adds up the two activations (1, 2) and (3, 0): it has 3 and 3.
weights0 = [np.eye(2), np.array([[1.0], [1.0]])]
result = layer_statistics(np.array([[1.0, 2.0], [3.0, -4.0]]), weights0, lambda z: np.maximum(z, 0))
check_list(result, 2, "layer_statistics with L = 2, (means, stds)")
check_array(result[0], [1.5, 3.0], "layer_statistics with L = 2, means")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(51)
acts1 = [np.tanh, lambda z: np.where(z > 0, z, 0.1 * z), lambda z: z**2, lambda z: 1 / (1 + np.exp(-z))]
for n, widths, act1 in zip((5, 1, 3, 4), [(3, 4, 2, 6), (2, 5, 1, 3, 3), (4, 4, 4), (1, 6, 2)], acts1, strict=True):
    x1 = rng.standard_normal((n, widths[0]))
    weights1 = [0.7 * rng.standard_normal(shape) for shape in pairwise(widths)]
    a1, means1 = x1, []
    for W1 in weights1:
        a1 = act1(np.einsum("ni,io->no", a1, W1))
        means1.append(sum(a1.flat) / a1.size)
    with unchanged("layer_statistics(x, weights, act)", x=x1, weights=weights1):
        result = layer_statistics(x1, weights1, act1)
    check_list(result, 2, "layer_statistics, (means, stds)")
    hint = "Each layer gets the activations of the layer below. One mean for each layer; layers may have any widths."
    check_array(result[0], means1, "layer_statistics, means", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "layer-statistics-stds", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The same network: the two activations of layer 2 are both 3, so they do not vary.
weights0 = [np.eye(2), np.array([[1.0], [1.0]])]
result = layer_statistics(np.array([[1.0, 2.0], [3.0, -4.0]]), weights0, lambda z: np.maximum(z, 0))
check_list(result, 2, "layer_statistics with L = 2, (means, stds)")
check_array(result[1], [np.sqrt(1.25), 0.0], "layer_statistics with L = 2, stds")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(52)
acts1 = [np.sin, lambda z: np.where(z > 0, z, 0.1 * z), lambda z: z**2 + 1, lambda z: 1 / (1 + np.exp(-z))]
for n, widths, act1 in zip((5, 1, 3, 4), [(3, 4, 2, 6), (2, 5, 4, 3, 3), (4, 4, 4), (1, 6, 2)], acts1, strict=True):
    x1 = rng.standard_normal((n, widths[0]))
    weights1 = [0.7 * rng.standard_normal(shape) for shape in pairwise(widths)]
    a1, stds1 = x1, []
    for W1 in weights1:
        a1 = act1(np.einsum("ni,io->no", a1, W1))
        mean1 = sum(a1.flat) / a1.size
        stds1.append(np.sqrt(sum((a1.flat - mean1) ** 2) / a1.size))
    result = layer_statistics(x1, weights1, act1)
    check_list(result, 2, "layer_statistics, (means, stds)")
    hint = "One standard deviation for each layer, over all examples and units together, about their common mean."
    check_array(result[1], stds1, "layer_statistics, stds", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-stds", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `xavier_std` (4 points) and `he_std` (4 points)
#
# A layer has `fan_in` inputs and `fan_out` units. The lecture's two good starts draw the weights with mean 0 and
#
# $$\text{Xavier: } \operatorname{Var} w = \frac{2}{n_{in} + n_{out}}, \qquad
#   \text{He: } \operatorname{Var} w = \frac{2}{n_{in}},$$
#
# Xavier for tanh, He for ReLU. Question B asks you why. The functions return the **standard deviation** of w.
# One lecture's code has 1/fan_in and calls it Xavier. That is the same for square matrices only; here the formula above counts.


# %% nbgrader={"grade": false, "grade_id": "xavier-std", "locked": false, "schema_version": 3, "solution": true, "task": false}
def xavier_std(fan_in, fan_out):
    """The standard deviation of Xavier's start, a float; fan_in and fan_out are positive ints."""
    ### BEGIN SOLUTION
    return np.sqrt(2 / (fan_in + fan_out))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "xavier-std-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 784 pixels, 100 units.
check_float(xavier_std(784, 100), 0.04756514941544941, "xavier_std(784, 100)")
### BEGIN HIDDEN TESTS
for fans1, std1 in [((500, 500), 0.05**0.5 / 5), ((1, 1), 1.0), ((2, 6), 0.5), ((6, 2), 0.5), ((10**6, 10**6), 1e-3)]:
    hint = "The root of 2/(fan_in + fan_out): small and large layers, more inputs than outputs, or fewer."
    check_float(xavier_std(*fans1), std1, "xavier_std(fan_in, fan_out)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "xavier-std-fans", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# The two fans count alike.
check_float(xavier_std(6, 26), 0.25, "xavier_std(6, 26)")
check_float(xavier_std(26, 6), 0.25, "xavier_std(26, 6)")
### BEGIN HIDDEN TESTS
for fans1, std1 in [((1, 2), (2 / 3) ** 0.5), ((8, 1), 2**0.5 / 3), ((20, 29), 2**0.5 / 7), ((1, 199), 0.1)]:
    hint = "The fans are ints, and their sum may be odd."
    check_float(xavier_std(*fans1), std1, "xavier_std(fan_in, fan_out)", hint=hint)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "he-std", "locked": false, "schema_version": 3, "solution": true, "task": false}
def he_std(fan_in):
    """The standard deviation of He's start, a float; fan_in is a positive int."""
    ### BEGIN SOLUTION
    return np.sqrt(2 / fan_in)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "he-std-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# The lecture's layers have 500 inputs.
check_float(he_std(500), 0.06324555320336758, "he_std(500)")
### BEGIN HIDDEN TESTS
for fan1, std1 in [(2, 1.0), (8, 0.5), (50, 0.2), (200, 0.1), (2 * 10**6, 1e-3)]:
    hint = "The root of 2/fan_in, for small and for large layers."
    check_float(he_std(fan1), std1, "he_std(fan_in)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "he-std-small", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Four inputs.
check_float(he_std(4), 0.7071067811865476, "he_std(4)")
### BEGIN HIDDEN TESTS
for fan1, std1 in [(1, 2**0.5), (3, (2 / 3) ** 0.5), (9, 2**0.5 / 3), (49, 2**0.5 / 7)]:
    check_float(he_std(fan1), std1, "he_std(fan_in)", hint="fan_in is an int, and it may be odd, also 1.")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-ten-layers", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: ten layers
#
# The lecture's experiment, with your functions: ten layers of 300 units, 500 random examples, and four starts.
# The weights have the standard deviation 0.01, 1.0, Xavier's or He's. Which start keeps the signal alive with tanh,
# and which one with ReLU?


# %%
def random_weights(std, widths, rng):
    """Normal weights for layers of these widths, mean 0; std(fan_in, fan_out) is their standard deviation."""
    return [std(*shape) * rng.standard_normal(shape) for shape in pairwise(widths)]


starts = {
    "0.01": lambda fan_in, fan_out: 0.01,
    "1.0": lambda fan_in, fan_out: 1.0,
    "Xavier": xavier_std,
    "He": lambda fan_in, fan_out: he_std(fan_in),
}
activations = {"tanh": np.tanh, "ReLU": lambda z: np.maximum(z, 0)}
layers = np.arange(1, 11)
figure, panels = plt.subplots(1, 2, figsize=(9.6, 3.9))
for axes, (act_name, act) in zip(panels, activations.items(), strict=True):
    for (name, std), style in zip(starts.items(), ("-", "--", "-.", ":"), strict=True):
        rng = np.random.default_rng(0)
        weights = random_weights(std, [300] * 11, rng)
        means, stds = layer_statistics(rng.standard_normal((500, 300)), weights, act)
        print(f"{act_name}, {name:7} layer 1: {stds[0]:8.2g}   layer 10: {stds[-1]:8.2g}   (mean {means[-1]:8.2g})")
        axes.semilogy(layers, stds, style, marker="o", label=name)
    axes.set_title(act_name)
    axes.set(xlabel="layer", ylabel="standard deviation of a", xticks=layers)
panels[0].legend(title="start", loc="lower left")
figure.suptitle("What is left of the signal")
show(
    figure,
    alt="Standard deviation of the activations in ten layers, logarithmic. tanh: 0.01 falls by many decades, 1.0 stays "
    "near 1, Xavier falls slowly, He stays level. ReLU: 0.01 falls, 1.0 grows by ten decades, Xavier falls slowly, "
    "He stays level.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-ten-layers-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# - **0.01**: every layer shrinks the signal by about the same factor. After ten layers hardly anything is left.
# - **1.0**: with ReLU every layer multiplies the signal by about the same large factor. tanh cannot exceed 1.
#   A standard deviation of nearly 1 means that nearly all units sit at −1 or 1: they are saturated.
# - **Xavier**: with tanh the signal falls slowly, from 0.63 to 0.23. With ReLU about 30 % of it are lost in each layer.
# - **He**: the ReLU network stays level.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-b", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question B (12 points)
#
# One unit computes $z = \sum_{i=1}^n w_i x_i$ from its n inputs. The $w_i$ and $x_i$ are independent random numbers,
# all $w_i$ of one distribution and all $x_i$ of another one.
#
# 1. Let the means of w and x be 0. Show that $\operatorname{Var}(z) = n \operatorname{Var}(w) \operatorname{Var}(x)$.
#    Say at each step which assumption you use.
# 2. Let σ be linear, $a = z$. Which Var(w) keeps the variance of the signal from layer to layer? On the way back,
#    $\partial C/\partial x_i$ is a sum over the units of the layer. Which Var(w) keeps its variance? How does
#    Xavier's formula come from the two? When can both be kept?
# 3. Now the inputs x are the outputs of a ReLU layer: $x = \max(0, z')$, where z' has a symmetric distribution with
#    mean 0. Which assumption of part 1 fails? Show that $\operatorname{Var}(z) = n \operatorname{Var}(w) \mathrm{E}[x^2]$ and
#    $\mathrm{E}[x^2] = \frac12 \operatorname{Var}(z')$. What does this give for Var(w)?
# 4. In your experiment, ReLU with Xavier loses about 30 % of the signal in each layer. Which number does your answer to
#    3 predict?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-b", "locked": false, "points": 12, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (12 points).** 1: the variance of a sum of independent (uncorrelated) terms is the sum of the variances, 1;
# $\operatorname{Var}(w_i x_i) = \mathrm E[w_i^2]\, \mathrm E[x_i^2]$ from independence and mean 0, 1; means 0 turn the
# squares into variances, 1; n equal terms, 1. 2: forward $n_{in} \operatorname{Var} w = 1$, 1; backward
# $n_{out} \operatorname{Var} w = 1$, with the sum over the units, 1; the mean of the two demands gives Xavier, 1; both only if
# $n_{in} = n_{out}$, 1. 3: the mean of x is not 0, 1; E[x²] instead of Var(x), with the reason, 1; the factor ½ by
# symmetry, and $\operatorname{Var} w = 2/n$, 1. 4: $1 - \sqrt{1/2}$, about 29 %, 1.
# Other derivations with the same steps count in full. A formula without its assumptions earns half.
#
# **Answer.** 1. The terms $w_i x_i$ are independent of each other, so the variance of the sum is the sum of the variances:
# $\operatorname{Var}(z) = \sum_i \operatorname{Var}(w_i x_i)$. For one term, w and x are independent, so
#
# $$\operatorname{Var}(w_i x_i) = \mathrm E[w_i^2 x_i^2] - \mathrm E[w_i x_i]^2
# = \mathrm E[w_i^2]\, \mathrm E[x_i^2] - \mathrm E[w_i]^2\, \mathrm E[x_i]^2.$$
#
# Both means are 0: the second term is 0, and $\mathrm E[w_i^2] = \operatorname{Var}(w)$,
# $\mathrm E[x_i^2] = \operatorname{Var}(x)$. All n terms have the same distribution, so the sum is
# $n \operatorname{Var}(w) \operatorname{Var}(x)$.
#
# 2. With a = z the next layer's input has the variance of z. It stays the same if $n_{in} \operatorname{Var}(w) = 1$.
# Backward, $\partial C/\partial x_i = \sum_j w_{ij} \delta_j$ over the $n_{out}$ units; as in 1 its variance is
# $n_{out} \operatorname{Var}(w) \operatorname{Var}(\delta)$, so $n_{out} \operatorname{Var}(w) = 1$. The demands on
# $1/\operatorname{Var}(w)$ are $n_{in}$ and $n_{out}$; Xavier takes their mean:
# $\operatorname{Var}(w) = 2/(n_{in} + n_{out})$. Both hold only if $n_{in} = n_{out}$.
#
# 3. A ReLU's output is never negative, so its mean is not 0. The mean of w still is, so
# $\mathrm E[w_i x_i]^2 = 0$ remains, and $\operatorname{Var}(w_i x_i) = \operatorname{Var}(w)\, \mathrm E[x_i^2]$.
# (The terms stay uncorrelated: for i ≠ j, $\mathrm E[w_i w_j] = 0$.) For a symmetric z' the positive and the negative half
# give the same to $\mathrm E[z'^2]$, and the ReLU keeps one: $\mathrm E[x^2] = \frac12 \mathrm E[z'^2] = \frac12 \operatorname{Var}(z')$.
# So $\operatorname{Var}(z) = \frac n2 \operatorname{Var}(w) \operatorname{Var}(z')$, and the signal is kept if
# $\operatorname{Var}(w) = 2/n$. This is He's start: the factor 2 makes up for the half that ReLU cuts off.
#
# 4. For square layers Xavier has $n \operatorname{Var}(w) = 1$, so each layer halves the variance. The standard deviation is
# multiplied by $\sqrt{1/2} = 0.71$: 29 % are lost.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-5", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 5. Orthogonal weights
#
# Xavier's start keeps the variance on average. A single direction may still shrink or grow.
# A square **orthogonal** matrix keeps the length of every vector, exactly.
#
# ### `orthogonal` (12 points)
#
# Return a random matrix Q [n, m].
#
# - If n ≥ m, its columns are orthonormal: $Q^T Q = I$, an identity matrix [m, m].
# - If n < m, its rows are orthonormal: $Q Q^T = I$, an identity matrix [n, n].
#
# Both to $10^{-10}$. All random numbers come from `rng`: the same seed gives the same matrix, another seed another one.
# (A 1 × 1 matrix can only be 1 or −1, so there another seed may give the same.)
#
# There are several ways. Start from a matrix of random numbers and make it orthonormal; `numpy.linalg` has decompositions
# that contain a matrix with orthonormal columns. Mind the shape when n < m.


# %% nbgrader={"grade": false, "grade_id": "orthogonal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def orthogonal(n, m, rng):
    """A random matrix [n, m] with orthonormal columns if n ≥ m, and with orthonormal rows otherwise."""
    ### BEGIN SOLUTION
    q, r = np.linalg.qr(rng.standard_normal((max(n, m), min(n, m))))
    q = q * np.sign(np.diag(r))  # makes all such matrices equally likely
    return q if n >= m else q.T
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "orthogonal-columns", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Four rows, three columns: the columns are orthonormal.
Q0 = orthogonal(4, 3, np.random.default_rng(0))
check_shape(Q0, (4, 3), "orthogonal(4, 3, rng)")
check_array(Q0.T @ Q0, np.eye(3), "QᵀQ of orthogonal(4, 3, rng)", atol=1e-10, rtol=0)
### BEGIN HIDDEN TESTS
hint = "With n ≥ m the columns have length 1 and are at right angles, for any n and m, also n = m."
for n, m in [(5, 5), (9, 1), (30, 7), (2, 2), (1, 1), (12, 11)]:
    Q = orthogonal(n, m, np.random.default_rng(60))
    check_shape(Q, (n, m), "orthogonal(n, m, rng)", hint="The result is [n, m].")
    check_array(Q.T @ Q, np.eye(m), "orthogonal(n, m, rng), QᵀQ", atol=1e-10, rtol=0, hint=hint)
Q = orthogonal(6, 4, np.random.default_rng(60))
hint = "The identity matrix has orthonormal columns, but it is not random."
check_int(
    int(np.array_equal(np.abs(Q), np.eye(6, 4))), 0, "orthogonal(n, m, rng), compared with the identity", hint=hint
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "orthogonal-rows", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Two rows, five columns: now the rows are orthonormal.
Q0 = orthogonal(2, 5, np.random.default_rng(0))
check_shape(Q0, (2, 5), "orthogonal(2, 5, rng)")
check_array(Q0 @ Q0.T, np.eye(2), "QQᵀ of orthogonal(2, 5, rng)", atol=1e-10, rtol=0)
### BEGIN HIDDEN TESTS
hint = "With n < m the rows have length 1 and are at right angles, for any n and m."
for n, m in [(1, 8), (3, 4), (7, 30), (1, 2), (11, 12)]:
    Q = orthogonal(n, m, np.random.default_rng(61))
    check_shape(Q, (n, m), "orthogonal(n, m, rng)", hint="The result is [n, m].")
    check_array(Q @ Q.T, np.eye(n), "orthogonal(n, m, rng), QQᵀ", atol=1e-10, rtol=0, hint=hint)
Q = orthogonal(4, 6, np.random.default_rng(61))
hint = "The identity matrix has orthonormal rows, but it is not random."
check_int(
    int(np.array_equal(np.abs(Q), np.eye(4, 6))), 0, "orthogonal(n, m, rng), compared with the identity", hint=hint
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "orthogonal-rng", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The same seed gives the same matrix.
Q0 = orthogonal(3, 3, np.random.default_rng(5))
check_shape(Q0, (3, 3), "orthogonal(3, 3, rng)")
check_array(
    orthogonal(3, 3, np.random.default_rng(5)), Q0, "orthogonal(3, 3, rng) with the same seed again", atol=1e-10
)
### BEGIN HIDDEN TESTS
for n, m in [(6, 4), (3, 8), (2, 1), (5, 5)]:
    first = [orthogonal(n, m, np.random.default_rng(seed)) for seed in range(62, 74)]
    again = [orthogonal(n, m, np.random.default_rng(seed)) for seed in reversed(range(62, 74))]
    for i, Q in enumerate(first):
        hint = "The same seed must give the same matrix, whatever was drawn before. Is rng your only source?"
        check_array(again[-1 - i], Q, "orthogonal(n, m, rng) with the same seed again", atol=1e-10, hint=hint)
    different = len({tuple(Q.ravel()) for Q in first})
    hint = "Another seed must give another matrix. Do the numbers come from rng, and are there enough possibilities?"
    check_int(different, 12, "orthogonal(n, m, rng), different matrices for 12 seeds", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-directions", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: every direction survives
#
# A linear network of 20 layers is one matrix, the product of all its weights. The singular values of this product say
# how much it stretches the signal in each direction. The next cell compares 100 × 100 weights from Xavier's start
# with those from your `orthogonal`.

# %%
rng = np.random.default_rng(0)
gaussian = random_weights(xavier_std, [100] * 21, rng)
rotations = [orthogonal(100, 100, rng) for _ in range(20)]
figure, axes = plt.subplots()
for name, weights, style in (("Xavier", gaussian, "-"), ("orthogonal", rotations, "--")):
    product = np.linalg.multi_dot(weights)
    stretch = np.linalg.svd(product, compute_uv=False)
    print(
        f"{name:11} RMS {np.sqrt(np.mean(stretch**2)):.2f}, largest {stretch[0]:.2g}, median {np.median(stretch):.2g}"
    )
    axes.semilogy(np.arange(1, 101), np.maximum(stretch, 1e-20), style, label=name)
axes.set_title("The product of 20 weight matrices: singular values")
axes.set(xlabel="direction, sorted", ylabel="stretched by", ylim=(1e-10, 1e2))
axes.legend()
show(
    figure,
    alt="Singular values of the product of 20 matrices, sorted. Orthogonal: all are 1. Xavier: a few are above 1, the "
    "others fall steeply over many decades.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-directions-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Xavier's weights keep the variance about level, on average over all directions (RMS). But a few directions carry it,
# and half of the directions are nearly lost. With orthogonal weights every direction keeps its length.

# %% [markdown] nbgrader={"grade": false, "grade_id": "end", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Before you hand in
#
# Restart the kernel and run all cells, from top to bottom. Every check should be silent. Then save and submit.
