# %% [markdown] nbgrader={"grade": false, "grade_id": "intro", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment: momentum, Nesterov and Adam
#
# Gradient descent looks at the slope under its feet and forgets everything else. A ball that rolls downhill has speed.
# In this assignment you give gradient descent a memory, in three ways: momentum, Nesterov's method and Adam.
# Then you race them, in a valley and on data.
# It belongs to lecture 07 (momentum); the mini-batches of part 4 come from lecture 05. Plan two to four hours.
#
# | part | you write | points |
# |---|---|---|
# | 1 | `momentum_step`, `velocity`, `gradient_weights` | 8 + 8 + 10 |
# | | question A, a derivation | 10 |
# | 2 | `nesterov_step`, `train` | 12 + 14 |
# | 3 | `adam_step` | 16 |
# | | question B, in words and formulas | 10 |
# | 4 | `minibatches` | 12 |
# | | together | 100 |

# %% [markdown] nbgrader={"grade": false, "grade_id": "rules", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## How it works
#
# - Write each function where its cell says so, instead of the line `raise NotImplementedError`.
#   Keep its name and the names of its parameters.
# - Run the cells from top to bottom. The cell below each function checks it.
#   When the cell prints nothing, the check has passed. When it fails, it says in one sentence what is wrong.
# - The checks that you see are a part. After you hand in, more are run: other shapes, other rates, extreme values.
#   So read the text above each function as well as the check.
# - All arrays are float64, apart from arrays of indices. The weights `w` may have any shape, and `v`, `g` and `m` have the
#   same one. Each weight is treated alone.
# - Never change an input in place: the caller still needs it. Mind that `w += v` changes the caller's array.
#   A result may share memory with an input.
# - Loops over steps are welcome. Loops over every single weight make the experiments slow.
#
# Names: `w` are the weights, the lecture's θ. `v` is the movement, `g` the gradient ∇C, `eta` the rate η, `lam` the
# momentum λ (`lambda` is a reserved word in Python).

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import matplotlib.pyplot as plt
import numpy as np

from tipslib.checks import check_array, check_list, check_shape, short_messages, unchanged
from tipslib.data import load
from tipslib.plotting import show, use_style
from tipslib.surfaces import long_valley

use_style()
short_messages()

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-1", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 1. Momentum
#
# The lecture says: "Movement: movement of last step minus gradient at present." In letters, with $v^0 = 0$:
#
# $$v^i = \lambda v^{i-1} - \eta \nabla C(\theta^{i-1}), \qquad \theta^i = \theta^{i-1} + v^i.$$
#
# λ says how much of the last movement is kept. With λ = 0 this is gradient descent, with λ = 1 the ball has no friction.
#
# Mind the convention: here the rate η stands **inside** v. PyTorch keeps it outside.
#
# ### `momentum_step` (8 points)
#
# One step: first the new movement, then the new weights. The gradient `g` at `w` is given. Return `(w, v)`.


# %% nbgrader={"grade": false, "grade_id": "momentum-step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def momentum_step(w, v, g, eta, lam):
    """One step of momentum: v ← λv - ηg, then w ← w + v. Returns the new (w, v).

    w, v, g have the same shape, any shape; so have both results.
    """
    ### BEGIN SOLUTION
    v = lam * v - eta * g
    return w + v, v
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "momentum-step-w", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Two weights, η = 0.1, λ = 0.9: the new movement is 0.9·(0.5, 0) - 0.1·(1, -4) = (0.35, 0.4).
w0, v0, g0 = np.array([1.0, -2.0]), np.array([0.5, 0.0]), np.array([1.0, -4.0])
with unchanged("momentum_step(w, v, g, eta, lam)", w=w0):
    result = momentum_step(w0, v0, g0, 0.1, 0.9)
check_list(result, 2, "momentum_step(w, v, g, eta, lam), (w, v)")
check_array(result[0], [1.35, -1.6], "momentum_step(w, v, g, eta=0.1, lam=0.9), w")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(1)
for shape, eta, lam in [((5,), 0.3, 0.5), ((1, 1), 2.0, 1.0), ((3, 2), 0.5, 0.0), ((2, 3, 4), 1e-3, 0.99)]:
    w1, v1, g1 = rng.standard_normal((3, *shape))
    expected1 = w1 + lam * v1 - eta * g1
    with unchanged("momentum_step(w, v, g, eta, lam)", w=w1):
        result = momentum_step(w1, v1, g1, eta, lam)
    hint = "It must work for weights of any shape, each weight alone, for any rate and for λ from 0 to 1."
    check_list(result, 2, "momentum_step(w, v, g, eta, lam), (w, v)", hint=hint)
    check_array(result[0], expected1, "momentum_step(w, v, g, eta, lam), w", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "momentum-step-v", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The movement that the next step will start from.
result = momentum_step(np.array([1.0, -2.0]), np.array([0.5, 0.0]), np.array([1.0, -4.0]), 0.1, 0.9)
check_list(result, 2, "momentum_step(w, v, g, eta, lam), (w, v)")
check_array(result[1], [0.35, 0.4], "momentum_step(w, v, g, eta=0.1, lam=0.9), v")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(2)
for shape, eta, lam in [((4,), 0.2, 0.7), ((1, 1), 2.0, 1.0), ((2, 3), 0.5, 0.0), ((3, 1, 2), 1e-3, 0.99)]:
    w1, v1, g1 = rng.standard_normal((3, *shape))
    expected1 = lam * v1 - eta * g1
    with unchanged("momentum_step(w, v, g, eta, lam)", v=v1, g=g1):
        result = momentum_step(w1, v1, g1, eta, lam)
    hint = "It must work for weights of any shape, each weight alone, for any rate and for λ from 0 to 1."
    check_list(result, 2, "momentum_step(w, v, g, eta, lam), (w, v)", hint=hint)
    check_array(result[1], expected1, "momentum_step(w, v, g, eta, lam), v", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-velocity", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `velocity` (8 points)
#
# Now suppose that all gradients are known: $g^0, g^1, \dots, g^{T-1}$. What is the movement $v^T$ after T steps,
# if $v^0 = 0$?
#
# `gradients` has the shape [T, ...]: the first axis counts the steps, and behind it come the axes of the weights, one or
# more. The result has the shape of one gradient. T is at least 1, and 0 ≤ λ ≤ 1.


# %% nbgrader={"grade": false, "grade_id": "velocity", "locked": false, "schema_version": 3, "solution": true, "task": false}
def velocity(gradients, eta, lam):
    """The movement v^T after the gradients g^0, ..., g^{T-1}, with v^0 = 0.

    gradients [T, ...], T ≥ 1, 0 ≤ lam ≤ 1. Returns an array [...], the shape of one gradient.
    """
    ### BEGIN SOLUTION
    v = np.zeros_like(gradients[0])
    for g in gradients:
        v = lam * v - eta * g
    return v
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "velocity-test", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# η = 0.1, λ = 0.5. First weight: v¹ = -0.1, v² = -0.05 - 0.2, v³ = -0.125 - 0.4.
gradients0 = np.array([[1.0, 0.0], [2.0, 0.0], [4.0, -1.0]])
check_array(velocity(gradients0, 0.1, 0.5), [-0.525, 0.1], "velocity(gradients, eta=0.1, lam=0.5), T = 3")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(3)
for shape, eta, lam in [((6, 4), 0.3, 0.8), ((2, 1), 1.5, 0.3), ((40, 3), 0.01, 0.9), ((3, 3), 0.2, 0.6)]:
    gradients1, v1 = rng.standard_normal(shape), 0.0
    for g1 in gradients1:
        v1 = lam * v1 - eta * g1
    with unchanged("velocity(gradients, eta, lam)", gradients=gradients1):
        got = velocity(gradients1, eta, lam)
    hint = "The first axis counts the steps; g^0 comes first, and the newest gradient counts most."
    check_array(got, v1, "velocity(gradients, eta, lam)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "velocity-limits", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Without memory (λ = 0) only the last gradient counts.
gradients0 = np.array([[1.0, 0.0], [2.0, 0.0], [4.0, -1.0]])
check_array(velocity(gradients0, 0.1, 0.0), [-0.4, 0.1], "velocity(gradients, eta=0.1, lam=0)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4)
gradients1 = rng.standard_normal((7, 2, 3))
hint = "With λ = 1 nothing is forgotten, with λ = 0 everything. The weights may have several axes."
for lam, v1 in [(1.0, -0.2 * gradients1.sum(axis=0)), (0.0, -0.2 * gradients1[6])]:
    check_array(velocity(gradients1.copy(), 0.2, lam), v1, "velocity(gradients, eta, lam)", hint=hint)
gradients1 = rng.standard_normal((1, 3, 1, 2))
for lam, v1 in [(0.9, -0.5 * gradients1[0]), (0.0, -0.5 * gradients1[0]), (1.0, -0.5 * gradients1[0])]:
    check_array(
        velocity(gradients1.copy(), 0.5, lam), v1, "velocity(gradients, eta, lam)", hint="What is v^T for T = 1?"
    )
hint = "It must also work for many steps, when the first gradients are long forgotten."
v1 = np.array([-1.0, 2.0]) / 9
check_array(velocity(np.tile([1.0, -2.0], (400, 1)), 0.1, 0.1), v1, "velocity(gradients, eta, lam)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-gradient-weights", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `gradient_weights` (10 points)
#
# "$v^i$ is actually the weighted sum of all the previous gradient", says the lecture. Insert one step into the next:
#
# $$\begin{aligned}
# v^1 &= -\eta\, g^0 \\
# v^2 &= \lambda v^1 - \eta\, g^1 = -\lambda\eta\, g^0 - \eta\, g^1
# \end{aligned}$$
#
# Go on with $v^3$ and look for the pattern. Then return the T weights of $g^0, \dots, g^{T-1}$ in $v^T$, in this order,
# **with their signs**. As before, T ≥ 1 and 0 ≤ λ ≤ 1. Both ends belong to it, so be careful with a division.


# %% nbgrader={"grade": false, "grade_id": "gradient-weights", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gradient_weights(T, eta, lam):
    """The weights of g^0, ..., g^{T-1} in v^T, as an array [T]; T ≥ 1, 0 ≤ lam ≤ 1."""
    ### BEGIN SOLUTION
    return -eta * lam ** np.arange(T - 1, -1, -1.0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "gradient-weights-test", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Two steps with η = 0.1 and λ = 0.9, as in the text: -λη = -0.09 for g⁰ and -η = -0.1 for g¹.
check_array(gradient_weights(2, 0.1, 0.9), [-0.09, -0.1], "gradient_weights(2, eta=0.1, lam=0.9)")
### BEGIN HIDDEN TESTS
for T, eta, lam in [(3, 0.1, 0.9), (5, 1.0, 0.5), (8, 0.02, 0.3)]:
    weights1 = np.zeros(T)
    for step in range(T):
        weights1 *= lam
        weights1[step] = -eta
    got = gradient_weights(T, eta, lam)
    hint = "Write down v³ and v⁴. Which gradient has lost most, the first or the last?"
    check_array(got, weights1, "gradient_weights(T, eta, lam)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "gradient-weights-limits", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# One step: v¹ = -η g⁰.
check_array(gradient_weights(1, 0.1, 0.9), [-0.1], "gradient_weights(1, eta=0.1, lam=0.9)")
### BEGIN HIDDEN TESTS
hint = "Think of λ = 0, where only the last gradient counts, and of λ = 1, where all count the same; also for T = 1."
for T, eta, lam, weights1 in [
    (4, 0.3, 0.0, [0.0, 0.0, 0.0, -0.3]),
    (4, 0.3, 1.0, [-0.3, -0.3, -0.3, -0.3]),
    (1, 0.7, 0.0, [-0.7]),
    (1, 0.7, 1.0, [-0.7]),
]:
    check_array(gradient_weights(T, eta, lam), np.array(weights1), "gradient_weights(T, eta, lam)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "gradient-weights-sum", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# How much do all gradients count together? 200 steps with η = 0.1, λ = 0.9.
weights0 = gradient_weights(200, 0.1, 0.9)
check_shape(weights0, (200,), "gradient_weights(200, eta=0.1, lam=0.9)")
check_array(weights0[-3:], [-0.081, -0.09, -0.1], "gradient_weights(200, eta=0.1, lam=0.9), the last three")
check_array(np.array([weights0.sum()]), [-1.0], "gradient_weights(200, eta=0.1, lam=0.9), the sum", atol=1e-8)
### BEGIN HIDDEN TESTS
hint = "The weights of very old gradients shrink towards 0, also when T is in the hundreds. None becomes nan."
for T, eta, lam in [(30, 0.5, 0.8), (700, 0.2, 0.2), (600, 1.0, 0.99)]:
    weights1 = np.array([-eta * lam ** (T - 1 - j) for j in range(T)])
    check_array(gradient_weights(T, eta, lam), weights1, "gradient_weights(T, eta, lam)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-a", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question A (10 points)
#
# Derive what you have just programmed. Write $g^i = \nabla C(\theta^i)$.
#
# 1. Write $v^T$ as a weighted sum of $g^0, \dots, g^{T-1}$, and prove your formula for every T ≥ 1.
#    Start from $v^0 = 0$ and $v^{i} = \lambda v^{i-1} - \eta g^{i-1}$.
# 2. For 0 ≤ λ < 1, add up the absolute values of the weights. What is the sum for T steps, and what is its limit as T grows?
# 3. Take a gradient that is the same in every step, and one that changes its sign in every step: $g, -g, g, \dots$
#    How long are the movements after many steps in the two cases? What do the results say about λ = 0.9?
#
# Write your answer into the cell below. Formulas stand between dollar signs, as in `$\lambda v^{i-1}$`.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-a", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (10 points).** 1: the formula with the right exponent, 2 points; a start, T = 1, 1; the step from T to
# T + 1, or the same by inserting repeatedly with a clear "and so on", 2. A few examples without a general argument earn the
# formula's 2 points only. 2: geometric sum $\eta(1 - \lambda^T)/(1 - \lambda)$, 1; limit $\eta/(1-\lambda)$ with
# $\lambda^T \to 0$, 1. 3: constant, $\eta g/(1-\lambda)$, 1; alternating, $\eta g/(1+\lambda)$, 1; for λ = 0.9 a factor of
# 10 against 0.53, or in words: steady directions add up, swings cancel, 1. Signs of v are not needed in 2 and 3.
#
# **Answer.** 1. $v^T = -\eta \sum_{j=0}^{T-1} \lambda^{T-1-j} g^j$. For T = 1: $v^1 = \lambda \cdot 0 - \eta g^0$, which is
# the formula. If it holds for T, then
#
# $$v^{T+1} = \lambda v^T - \eta g^T = -\eta \sum_{j=0}^{T-1} \lambda^{T-j} g^j - \eta \lambda^0 g^T
# = -\eta \sum_{j=0}^{T} \lambda^{T-j} g^j,$$
#
# which is the formula for T + 1.
#
# 2. The absolute values are $\eta, \eta\lambda, \dots, \eta\lambda^{T-1}$, a geometric series with the sum
# $\eta\,\frac{1 - \lambda^T}{1 - \lambda}$. For 0 ≤ λ < 1, $\lambda^T \to 0$, so the limit is $\frac{\eta}{1-\lambda}$.
#
# 3. Constant: $v^T = -\eta g\,(1 + \lambda + \lambda^2 + \dots) \to -\frac{\eta g}{1-\lambda}$. Alternating, with g the
# newest: $-\eta g\,(1 - \lambda + \lambda^2 - \dots) \to -\frac{\eta g}{1+\lambda}$. With λ = 0.9 steady movement becomes 10
# times as long as ηg, swings 0.53 times. So momentum speeds up where the gradient agrees with itself and damps where it
# swings. It also means that a rate that was right without momentum may be ten times too high with it.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-2", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 2. Nesterov's method
#
# Momentum looks only at the slope under its feet, so it brakes too late. Nesterov looks ahead. In the lecture's words:
#
# "First extend the previous step. Then compute the gradient at the resultant position. Add the two to obtain the final
# step."
#
# $$v \leftarrow \lambda v - \eta\,\nabla C(\theta + \lambda v), \qquad \theta \leftarrow \theta + v.$$
#
# ### `nesterov_step` (12 points)
#
# This time you do not get the gradient, because you must choose where to take it. The argument `grad` is a function:
# `grad(w)` returns ∇C at w, an array of the shape of w. Return the new `(w, v)`, the w of the formula.
# (PyTorch stores another point. Lecture 07 shows how the two belong together.)


# %% nbgrader={"grade": false, "grade_id": "nesterov-step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nesterov_step(w, v, grad, eta, lam):
    """One step of Nesterov's method: v ← λv - η ∇C(w + λv), then w ← w + v. Returns the new (w, v).

    w and v have the same shape, any shape; grad(w) returns the gradient at w, again of this shape.
    """
    ### BEGIN SOLUTION
    v = lam * v - eta * grad(w + lam * v)
    return w + v, v
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "nesterov-step-w", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The long valley, ∇C = (0.02 x, 2 y), with η = 0.3 and λ = 0.9. From (-10, 1) with v = (1, -1) the gradient is taken at
# (-9.1, 0.1). It is (-0.182, 0.2).
w0, v0 = np.array([-10.0, 1.0]), np.array([1.0, -1.0])
result = nesterov_step(w0, v0, lambda w: np.array([0.02, 2.0]) * w, 0.3, 0.9)
check_list(result, 2, "nesterov_step(w, v, grad, eta, lam), (w, v)")
check_array(result[0], [-9.0454, 0.04], "nesterov_step(w, v, grad, eta=0.3, lam=0.9), w")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(5)
for shape, eta, lam in [((4,), 0.1, 0.8), ((1, 1), 0.7, 1.0), ((3, 2), 0.4, 0.0), ((2, 1, 3), 0.05, 0.95)]:
    w1, v1, scale1, centre1 = rng.standard_normal((4, *shape))
    expected1 = w1 + lam * v1 - eta * scale1 * (w1 + lam * v1 - centre1)
    with unchanged("nesterov_step(w, v, grad, eta, lam)", w=w1, v=v1):
        result = nesterov_step(w1, v1, lambda w, a=scale1, c=centre1: a * (w - c), eta, lam)
    hint = "The gradient is taken at w + λv, with the old v. It must work for any shape and for λ from 0 to 1."
    check_list(result, 2, "nesterov_step(w, v, grad, eta, lam), (w, v)", hint=hint)
    check_array(result[0], expected1, "nesterov_step(w, v, grad, eta, lam), w", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "nesterov-step-v", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The same step: v = 0.9·(1, -1) - 0.3·(-0.182, 0.2).
w0, v0 = np.array([-10.0, 1.0]), np.array([1.0, -1.0])
result = nesterov_step(w0, v0, lambda w: np.array([0.02, 2.0]) * w, 0.3, 0.9)
check_list(result, 2, "nesterov_step(w, v, grad, eta, lam), (w, v)")
check_array(result[1], [0.9546, -0.96], "nesterov_step(w, v, grad, eta=0.3, lam=0.9), v")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(6)
for shape, eta, lam in [((5,), 0.2, 0.9), ((1, 1), 0.6, 1.0), ((2, 4), 0.3, 0.0), ((3, 1, 2), 0.02, 0.5)]:
    w1, v1, scale1, centre1 = rng.standard_normal((4, *shape))
    expected1 = lam * v1 - eta * scale1 * (w1 + lam * v1 - centre1)
    with unchanged("nesterov_step(w, v, grad, eta, lam)", w=w1, v=v1):
        result = nesterov_step(w1, v1, lambda w, a=scale1, c=centre1: a * (w - c), eta, lam)
    hint = "The new v has two parts, λ times the old one and the gradient at the point ahead. Any shape, any λ."
    check_list(result, 2, "nesterov_step(w, v, grad, eta, lam), (w, v)", hint=hint)
    check_array(result[1], expected1, "nesterov_step(w, v, grad, eta, lam), v", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "nesterov-step-first", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# At the start v = 0. Then there is nothing to extend, and the step is that of gradient descent. Here C = w³/3.
result = nesterov_step(np.array([2.0, -1.0]), np.zeros(2), lambda w: w**2, 0.1, 0.9)
check_list(result, 2, "nesterov_step(w, v, grad, eta, lam), (w, v)")
check_array(result[0], [1.6, -1.1], "nesterov_step with v = 0, w")
check_array(result[1], [-0.4, -0.1], "nesterov_step with v = 0, v")
### BEGIN HIDDEN TESTS
# Gradients that are no linear function of w, and in which the weights depend on one another.
rng = np.random.default_rng(7)
gradients1 = {
    "w³": lambda w: w**3,
    "sine": np.sin,
    "coupled": lambda w: w * np.sum(w**2) - 1,
    "constant": lambda w: np.full(w.shape, 0.7),
}
for grad1 in gradients1.values():
    for shape, eta, lam in [((3,), 0.1, 0.9), ((2, 2), 0.3, 0.5)]:
        w1, v1 = rng.standard_normal((2, *shape))
        new_v1 = lam * v1 - eta * grad1(w1 + lam * v1)
        new_w1 = w1 + new_v1
        result = nesterov_step(w1, v1, grad1, eta, lam)
        hint = "C may be any function. Call grad at one point, the one ahead, and use what it returns."
        check_list(result, 2, "nesterov_step(w, v, grad, eta, lam), (w, v)", hint=hint)
        check_array(result[0], new_w1, "nesterov_step(w, v, grad, eta, lam), w", hint=hint)
        check_array(result[1], new_v1, "nesterov_step(w, v, grad, eta, lam), v", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-train", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `train` (14 points)
#
# Put the steps into a loop and keep the whole way. Start at `w` with v = 0 and make `steps` steps
#
# - of gradient descent, when nothing else is said (`lam=0.0`),
# - of momentum, for other values of `lam`,
# - of Nesterov's method, for `nesterov=True`.
#
# Return the trajectory as **one array** of shape [steps+1, ...], the start included: entry 0 is the start, entry i the weights
# after i steps. With `steps=0` that is the start alone. Each call begins anew, with v = 0.
#
# You may call your functions from above, or write the steps again.


# %% nbgrader={"grade": false, "grade_id": "train", "locked": false, "schema_version": 3, "solution": true, "task": false}
def train(w, grad, steps, eta, lam=0.0, nesterov=False):
    """The trajectory of gradient descent with momentum lam, or of Nesterov's method; v starts at 0.

    w: the start, any shape. grad(w) returns the gradient at w, of this shape. steps ≥ 0.
    Returns an array [steps+1, ...]: the start and the weights after each step.
    """
    ### BEGIN SOLUTION
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        g = grad(w + lam * v) if nesterov else grad(w)
        v = lam * v - eta * g
        w = w + v
        path.append(w)
    return np.array(path)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "train-descent", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Gradient descent on C = w² for two weights: with η = 0.25 each step halves them.
path0 = train(np.array([1.0, -2.0]), lambda w: 2 * w, 3, 0.25)
expected0 = [[1.0, -2.0], [0.5, -1.0], [0.25, -0.5], [0.125, -0.25]]
check_array(path0, expected0, "train(w, grad, steps=3, eta=0.25)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(8)
for shape, steps, eta in [((3,), 5, 0.1), ((2, 4), 7, 0.05), ((1, 1), 1, 0.5), ((2, 1, 3), 4, 0.2)]:
    w1 = rng.standard_normal(shape)
    path1 = [w1.copy()]
    for _ in range(steps):
        path1.append(path1[-1] - eta * np.sin(path1[-1]))
    with unchanged("train(w, grad, steps, eta)", w=w1):
        got = train(w1, lambda w: np.sin(w), steps, eta)
    hint = "One array with all places, the start first, for weights of any shape. Is every place your own copy?"
    check_array(got, np.array(path1), "train(w, grad, steps, eta)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "train-momentum", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# A steady slope of 1, with η = 0.1 and λ = 0.5: v is -0.1, then -0.15, then -0.175.
path0 = train(np.array([0.0]), lambda w: np.array([1.0]), 3, 0.1, lam=0.5)
check_array(path0, [[0.0], [-0.1], [-0.25], [-0.425]], "train(w, grad, steps=3, eta=0.1, lam=0.5)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(9)
for shape, steps, eta, lam in [((2,), 12, 0.1, 0.9), ((3, 2), 6, 0.3, 0.4), ((1, 1), 5, 0.2, 1.0)]:
    w1 = rng.standard_normal(shape)
    path1, v1 = [w1.copy()], 0.0
    for _ in range(steps):
        v1 = lam * v1 - eta * np.tanh(2 * path1[-1])
        path1.append(path1[-1] + v1)
    with unchanged("train(w, grad, steps, eta, lam)", w=w1):
        got = train(w1, lambda w: np.tanh(2 * w), steps, eta, lam)
    hint = "The movement is kept from step to step, and the gradient is taken at the present place."
    check_array(got, np.array(path1), "train(w, grad, steps, eta, lam)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "train-nesterov", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# C = w² from w = 1 with η = 0.25, λ = 0.5. Step 2 takes the gradient at 0.5 - 0.25, step 3 at 0.125 - 0.1875.
path0 = train(np.array([1.0]), lambda w: 2 * w, 3, 0.25, lam=0.5, nesterov=True)
check_array(path0, [[1.0], [0.5], [0.125], [-0.03125]], "train(w, grad, steps=3, eta=0.25, lam=0.5, nesterov=True)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(10)
for shape, steps, eta, lam in [((2,), 12, 0.1, 0.9), ((3, 2), 6, 0.3, 0.4), ((1, 1), 5, 0.2, 1.0), ((4,), 3, 0.1, 0.0)]:
    w1 = rng.standard_normal(shape)
    path1, v1 = [w1.copy()], 0.0
    for _ in range(steps):
        v1 = lam * v1 - eta * np.tanh(2 * (path1[-1] + lam * v1))
        path1.append(path1[-1] + v1)
    with unchanged("train(w, grad, steps, eta, lam, nesterov=True)", w=w1):
        got = train(w1, lambda w: np.tanh(2 * w), steps, eta, lam, True)
    hint = "Only the place where the gradient is taken differs from momentum. The places w are wanted, not those ahead."
    check_array(got, np.array(path1), "train(w, grad, steps, eta, lam, nesterov=True)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "train-again", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# A second run knows nothing of the first.
for name in ("first", "second"):
    path0 = train(np.array([0.0]), lambda w: np.array([1.0]), 2, 0.1, lam=0.5)
    check_array(path0, [[0.0], [-0.1], [-0.25]], f"train(w, grad, steps=2, eta=0.1, lam=0.5), {name} run")
### BEGIN HIDDEN TESTS
w1 = np.array([[1.5, -0.5, 2.0]])
hint = "With 0 steps there is only the start; with 1 step, momentum makes no difference."
for nesterov in (True, False):
    got = train(w1.copy(), lambda w: 2 * w, 0, 0.1, lam=0.9, nesterov=nesterov)
    check_array(got, np.array([[[1.5, -0.5, 2.0]]]), "train(w, grad, steps=0, ...)", hint=hint)
    got = train(w1.copy(), lambda w: 2 * w, 1, 0.25, lam=0.9, nesterov=nesterov)
    check_array(got, np.array([w1, w1 / 2]), "train(w, grad, steps=1, ...)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-3", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 3. Adam
#
# Momentum smooths the gradient. RMSProp divides it by its size. Adam does both, for every weight alone.
# With $g$ the gradient at step $k = 1, 2, \dots$:
#
# $$m_k = \delta\, m_{k-1} + (1 - \delta)\, g, \qquad v_k = \gamma\, v_{k-1} + (1 - \gamma)\, g^2,$$
#
# $$\hat m_k = \frac{m_k}{1 - \delta^k}, \qquad \hat v_k = \frac{v_k}{1 - \gamma^k}, \qquad
#   w \leftarrow w - \eta\,\frac{\hat m_k}{\sqrt{\hat v_k} + \epsilon}.$$
#
# In this part $v$ is the running mean of $g^2$, and no movement. $\hat m$ and $\hat v$ are "bias-corrected"; question B asks
# why.
#
# ### `adam_step` (16 points)
#
# Return the new `(w, m, v)`. The m and v that you return are $m_k$ and $v_k$, because the next step needs them as they are.
# The step number `k` counts from 1. Note where ε stands: outside the root.


# %% nbgrader={"grade": false, "grade_id": "adam-step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def adam_step(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """One step of Adam; k = 1, 2, ... is its number. Returns the new (w, m, v).

    w, g, m, v have the same shape, any shape; so have the three results. The denominator is √v̂ + ε.
    """
    ### BEGIN SOLUTION
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - eta * m_hat / (np.sqrt(v_hat) + eps), m, v
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "adam-step-first", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The first step from w = (1, 1): one gradient is a million times larger than the other, and both weights move by about η.
g0 = np.array([1000.0, -0.001])
result = adam_step(np.array([1.0, 1.0]), g0, np.zeros(2), np.zeros(2), 1)
check_list(result, 3, "adam_step(w, g, m, v, k), (w, m, v)")
check_array(result[0], [0.99900000000001, 1.00099999000010], "adam_step(w, g, m=0, v=0, k=1), w")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(11)
for shape, k in [((5,), 1), ((1, 1), 2), ((3, 2), 1), ((2, 1, 3), 4)]:
    w1, g1, m1 = rng.standard_normal((3, *shape))
    v1 = rng.random(shape)
    m_hat1 = (0.9 * m1 + 0.1 * g1) / (1 - 0.9**k)
    v_hat1 = (0.999 * v1 + 0.001 * g1 * g1) / (1 - 0.999**k)
    expected1 = w1 - 0.001 * m_hat1 / (np.sqrt(v_hat1) + 1e-8)
    with unchanged("adam_step(w, g, m, v, k)", w=w1, g=g1, m=m1, v=v1):
        result = adam_step(w1, g1, m1, v1, k)
    hint = "It must work for weights of any shape, each weight alone, with the new m and v."
    check_list(result, 3, "adam_step(w, g, m, v, k), (w, m, v)", hint=hint)
    check_array(result[0], expected1, "adam_step(w, g, m, v, k), w", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "adam-step-moments", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# What the next step needs: the plain running means, m = 0.9·0.5 + 0.1·2 and v = 0.999·3 + 0.001·2² for the first weight.
m0, v0 = np.array([0.5, 0.0]), np.array([3.0, 1.0])
result = adam_step(np.array([1.0, 1.0]), np.array([2.0, -1.0]), m0, v0, 3)
check_list(result, 3, "adam_step(w, g, m, v, k), (w, m, v)")
check_array(result[1], [0.65, -0.1], "adam_step(w, g, m, v, k=3), m")
check_array(result[2], [3.001, 1.0], "adam_step(w, g, m, v, k=3), v")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(12)
for shape, k, delta, gamma in [((4,), 1, 0.9, 0.999), ((2, 3), 5, 0.5, 0.9), ((1, 2, 2), 1000, 0.0, 0.99)]:
    w1, g1, m1 = rng.standard_normal((3, *shape))
    v1 = rng.random(shape)
    new_m1, new_v1 = delta * m1 + (1 - delta) * g1, gamma * v1 + (1 - gamma) * g1 * g1
    with unchanged("adam_step(w, g, m, v, k)", w=w1, g=g1, m=m1, v=v1):
        result = adam_step(w1, g1, m1, v1, k, delta=delta, gamma=gamma)
    hint = "Return m and v as the running means, without the correction, for any δ and γ."
    check_list(result, 3, "adam_step(w, g, m, v, k), (w, m, v)", hint=hint)
    check_array(result[1], new_m1, "adam_step(w, g, m, v, k), m", hint=hint)
    check_array(result[2], new_v1, "adam_step(w, g, m, v, k), v", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "adam-step-later", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Step 3, with η = 1: m = 0.14 and v = 0.02023. The corrections divide by 1 - 0.9³ = 0.271 and by 1 - 0.999³.
result = adam_step(np.array([2.0]), np.array([0.5]), np.array([0.1]), np.array([0.02]), 3, eta=1.0)
check_list(result, 3, "adam_step(w, g, m, v, k, eta), (w, m, v)")
check_array(result[0], [1.8011597751024477], "adam_step(w, g, m, v, k=3, eta=1.0), w")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(13)
for shape, k, eta in [((3,), 2, 0.5), ((2, 2), 10, 1.0), ((4,), 100, 2.0), ((2, 1, 2), 5000, 1.0)]:
    w1, g1, m1 = rng.standard_normal((3, *shape))
    v1 = rng.random(shape)
    m_hat1 = (0.9 * m1 + 0.1 * g1) / (1 - 0.9**k)
    v_hat1 = (0.999 * v1 + 0.001 * g1 * g1) / (1 - 0.999**k)
    expected1 = w1 - eta * m_hat1 / (np.sqrt(v_hat1) + 1e-8)
    result = adam_step(w1, g1, m1, v1, k, eta)
    hint = "Both corrections belong to the step number k, and fade as k grows."
    check_list(result, 3, "adam_step(w, g, m, v, k, eta), (w, m, v)", hint=hint)
    check_array(result[0], expected1, "adam_step(w, g, m, v, k, eta), w", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "adam-step-options", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Other averages: with δ = γ = 0 nothing is remembered, and each step is η against the sign of the gradient.
w0, g0 = np.array([1.0, 1.0, 1.0]), np.array([4.0, -0.5, 10.0])
result = adam_step(w0, g0, np.ones(3), np.ones(3), 2, eta=0.25, delta=0.0, gamma=0.0)
check_list(result, 3, "adam_step(w, g, m, v, k, eta, delta, gamma), (w, m, v)")
check_array(result[0], [0.75, 1.25, 0.75], "adam_step(..., k=2, eta=0.25, delta=0, gamma=0), w", atol=1e-7)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(14)
for shape, k, eta, delta, gamma, eps in [((3,), 1, 0.1, 0.5, 0.9, 0.3), ((2, 3), 4, 1.0, 0.8, 0.7, 2.0)]:
    w1, g1, m1 = rng.standard_normal((3, *shape))
    v1 = rng.random(shape)
    m_hat1 = (delta * m1 + (1 - delta) * g1) / (1 - delta**k)
    v_hat1 = (gamma * v1 + (1 - gamma) * g1 * g1) / (1 - gamma**k)
    expected1 = w1 - eta * m_hat1 / (np.sqrt(v_hat1) + eps)
    result = adam_step(w1, g1, m1, v1, k, eta, delta, gamma, eps)
    hint = "Use all arguments: η, δ, γ and ε. Where does ε stand?"
    check_list(result, 3, "adam_step(w, g, m, v, k, ...), (w, m, v)", hint=hint)
    check_array(result[0], expected1, "adam_step(w, g, m, v, k, ...), w", hint=hint)
w1 = np.array([1.0, -2.0])
result = adam_step(w1.copy(), np.zeros(2), np.zeros(2), np.zeros(2), 1)
hint = "What happens to a weight whose gradient has always been 0?"
check_list(result, 3, "adam_step(w, g, m, v, k, ...), (w, m, v)", hint=hint)
check_array(result[0], w1, "adam_step(w, g, m, v, k, ...), w", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-valley", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: the race in the long valley
#
# The lecture's long valley, $C = \frac12(0.02\,x^2 + 2\,y^2)$, is a hundred times steeper across than along.
# Four methods start at (−10, 1) with your functions. One rate for all would be unfair: for Adam the rate *is* about the
# length of a step, for the others it multiplies a gradient. So each method tries seven rates.
# The one with the earliest arrival counts. "Arrived" means: C stays below $10^{-4}$ up to step 600.
#
# Before you run it: who needs the fewest steps?


# %%
def adam_path(w, grad, steps, eta):
    """The trajectory of Adam, as an array like that of `train`."""
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for k in range(1, steps + 1):
        w, m, v = adam_step(w, grad(w), m, v, k, eta)
        path.append(w)
    return np.array(path)


paths_of = {
    "gradient descent": train,
    "momentum 0.9": lambda *args: train(*args, lam=0.9),
    "Nesterov 0.9": lambda *args: train(*args, lam=0.9, nesterov=True),
    "Adam": adam_path,
}
valley_start = np.array(long_valley.start)
best = {}  # name: (steps, rate, path)
for name, method in paths_of.items():
    tries = []
    for rate in (0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0):
        with np.errstate(all="ignore"):  # a rate may be too high
            path = method(valley_start, long_valley.gradient, 600, rate)
            outside = np.flatnonzero(~(long_valley(path) < 1e-4))
        tries.append((int(outside[-1]) + 1, rate, path))
    best[name] = min(tries, key=lambda entry: entry[0])
for name, (steps, rate, _) in best.items():
    print(f"{name:17} best rate {rate:4.2f}: arrived after {steps:3} steps")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
x_grid, y_grid = np.meshgrid(np.linspace(-10.5, 3, 100), np.linspace(-1.3, 1.3, 100))
heights = long_valley(np.stack([x_grid, y_grid], axis=-1))
left.contour(x_grid, y_grid, heights, levels=8, colors="0.8", linewidths=1, linestyles="-")
for (name, (_, _, path)), marker in zip(best.items(), "osD^", strict=True):
    left.plot(*path[:31].T, marker=marker, markersize=3.5, linewidth=1, label=name)
    right.semilogy(long_valley(path[:201]), linewidth=1.5, label=name)
left.set(title="The first 30 steps", xlabel="along, x", ylabel="across, y", ylim=(-1.3, 1.3))
right.axhline(1e-4, color="0.5", linestyle=":", linewidth=1)
right.text(200, 1.4e-4, "arrived", ha="right", fontsize=9, color="0.35")
right.set(title="Memory shortens the way along the valley", xlabel="step", ylabel="cost C", ylim=(1e-8, 3))
left.legend(loc="lower right", fontsize=9)
show(
    figure,
    alt="Left: 30 steps in the valley. Gradient descent soon reaches the floor and then creeps; momentum swings across "
    "and gets farthest; Nesterov hardly swings; Adam goes off diagonally and swings gently. "
    "Right: the costs of the three with a memory fall below 1e-4 within 100 steps, that of gradient descent does not.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-valley-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Gradient descent is the slowest by far. The steep direction forbids a higher rate, and at this rate the way along the flat
# direction is long. The three methods with a memory need less than a third of its steps, and are close to one another.
#
# They differ in how they travel. Momentum swings across the valley. Nesterov looks ahead and brakes, so it hardly swings.
# Adam sets off diagonally: at first it moves both weights by the same amount, although one slope is ten times the other.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-b", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question B (10 points)
#
# 1. Why does Adam divide $m_k$ by $1 - \delta^k$? Write $m_k$ as a weighted sum of $g_1, \dots, g_k$, starting from
#    $m_0 = 0$, and say what the weights add up to. Why does the correction not matter any more for large k?
# 2. Without both corrections, would the very first step be too small or too large, and by which factor,
#    for δ = 0.9 and γ = 0.999?
# 3. `rmsprop_step` in the assignment `adagrad` divides by $\sqrt{v + \epsilon}$, with ε inside the root. Your `adam_step`
#    divides by $\sqrt{\hat v} + \epsilon$. What is ε for? Take $\epsilon = 10^{-8}$ and a weight whose gradient is always g:
#    below which $\lvert g \rvert$ does ε begin to matter, in each form? Why do both forms exist, and what follows when you copy
#    a value of ε from one to the other?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-b", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (10 points).** 1: $m_k = (1-\delta)\sum_j \delta^{k-j} g_j$, 1 point; the weights add up to
# $1 - \delta^k$, 1; so m is too small by this factor (the rest lies on the start value 0) and the division makes it an
# average again, 1; $\delta^k \to 0$, 1. 2: too large, 1; factor $0.1/\sqrt{0.001} \approx 3.2$, 1. 3: it keeps the division
# finite when v is 0 or tiny, 1; inside it matters below about $\sqrt\epsilon = 10^{-4}$, outside below about $10^{-8}$, 1;
# both forms are conventions of their sources (the lecture's RMSProp; Adam's paper), either is safe, 1; an ε belongs to its
# place: inside, 1e-8 acts like 1e-4 outside, 1.
#
# **Answer.** 1. Inserting one step into the next, $m_k = (1-\delta)\sum_{j=1}^{k}\delta^{k-j} g_j$. The weights are a
# geometric series and add up to $(1-\delta)\frac{1-\delta^k}{1-\delta} = 1 - \delta^k$. The missing weight $\delta^k$ still
# lies on $m_0 = 0$. If all gradients have the mean $\bar g$, then the mean of $m_k$ is $(1-\delta^k)\,\bar g$: too small.
# Divided by $1-\delta^k$ the weights add up to 1. For large k, $\delta^k$ is nearly 0, and nothing is left to correct.
#
# 2. $m_1 = 0.1\,g$ and $\sqrt{v_1} = \sqrt{0.001}\,\lvert g \rvert = 0.032\,\lvert g \rvert$. So the first step would be
# $\eta \cdot 0.1/0.032 \approx 3.2\,\eta$ instead of η: too large, because v is too small by more than m, even after the
# root, and v is below the line.
#
# 3. ε keeps the division safe where v is 0 or tiny. With a constant gradient $\sqrt v = \lvert g \rvert$. Inside, the
# denominator is $\sqrt{g^2 + \epsilon}$, never below $\sqrt\epsilon = 10^{-4}$: steps get shorter than η when $\lvert g \rvert$
# comes below about $10^{-4}$. Outside it is $\lvert g \rvert + \epsilon$, never below $10^{-8}$: full steps down to gradients of
# about $10^{-8}$. Both are safe. The lecture writes RMSProp with the first, Kingma and Ba wrote Adam with the second, and
# each function keeps the form of its source. Inside, ε is compared with $g^2$, outside with $\lvert g \rvert$. So the same
# number means something else: 1e-8 inside acts, for small gradients, like 1e-4 outside, and tiny gradients are blown up much
# less.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-4", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 4. Mini-batches
#
# For real data the gradient over all examples is expensive. A mini-batch of 100 examples gives a good estimate.
# An **epoch** is one pass over the data, in which every example is used once.
#
# ### `minibatches` (12 points)
#
# Cut the indices 0, 1, ..., n−1 into the batches of one epoch. Return a **list** of arrays of indices (integers):
#
# - Every index is in exactly one batch.
# - Each batch has `batch_size` indices. Only the last one may be shorter, when n is no multiple of `batch_size`
#   or smaller than it. No batch is empty.
# - The *indices* are shuffled, all orders being equally likely. It is not enough to shuffle the order of the batches.
#
# Take all randomness from the generator `rng`, for example by `rng.permutation` or `rng.shuffle`.
# Then the same seed gives the same batches, and the next call with the same generator gives new ones.


# %% nbgrader={"grade": false, "grade_id": "minibatches", "locked": false, "schema_version": 3, "solution": true, "task": false}
def minibatches(n, batch_size, rng):
    """One epoch: the indices 0..n-1, shuffled by the generator rng and cut into a list of integer arrays.

    All have batch_size entries but the last, which may have fewer; none is empty. n ≥ 1, batch_size ≥ 1.
    """
    ### BEGIN SOLUTION
    order = rng.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "minibatches-helper", "locked": true, "schema_version": 3, "solution": false, "task": false}
def joined(batches, count, name, hint=None):
    """All indices of a list of `count` batches, one after another, after a look at the types; for the checks below."""
    check_list(batches, count, f"{name}, the list", hint=hint)
    for batch in batches:
        check_shape(batch, np.shape(batch)[:1], f"{name}, a batch", dtype=int, hint=hint)
    return np.hstack(batches)


# %% nbgrader={"grade": true, "grade_id": "minibatches-sizes", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Ten examples in batches of four: 4 + 4 + 2.
batches0 = minibatches(10, 4, np.random.default_rng(0))
check_list(batches0, 3, "minibatches(10, 4, rng), the list")
for batch, size in zip(batches0, (4, 4, 2), strict=True):
    check_shape(batch, (size,), "minibatches(10, 4, rng), a batch", dtype=int)
### BEGIN HIDDEN TESTS
hint = "All batches but the last have batch_size indices. Think of n divisible by it, n smaller than it, n = 1."
for n, batch_size, sizes1 in [
    (12, 4, (4, 4, 4)),
    (9, 2, (2, 2, 2, 2, 1)),
    (10, 7, (7, 3)),
    (3, 8, (3,)),
    (5, 5, (5,)),
    (4, 1, (1, 1, 1, 1)),
    (1, 1, (1,)),
    (1, 6, (1,)),
]:
    got = minibatches(n, batch_size, np.random.default_rng(n))
    check_list(got, len(sizes1), "minibatches(n, batch_size, rng), the list", hint=hint)
    for batch, size in zip(got, sizes1, strict=True):
        check_shape(batch, (size,), "minibatches(n, batch_size, rng), a batch", dtype=int, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "minibatches-indices", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Every index comes once.
order0 = joined(minibatches(10, 4, np.random.default_rng(1)), 3, "minibatches(10, 4, rng)")
check_array(np.sort(order0), np.arange(10), "minibatches(10, 4, rng), all indices, sorted")
### BEGIN HIDDEN TESTS
hint = "Every index from 0 to n-1 comes exactly once in an epoch, whatever n and batch_size are."
for n, batch_size, count in [(12, 3, 4), (7, 7, 1), (5, 9, 1), (1, 1, 1), (6, 1, 6), (3203, 100, 33)]:
    got = joined(
        minibatches(n, batch_size, np.random.default_rng(n)), count, "minibatches(n, batch_size, rng)", hint=hint
    )
    check_array(np.sort(got), np.arange(n), "minibatches(n, batch_size, rng), all indices", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "minibatches-shuffled", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Not in order, and in another order in the next epoch.
rng0 = np.random.default_rng(2)
order0 = joined(minibatches(1000, 50, rng0), 20, "minibatches(1000, 50, rng)")
check_array(np.sort(order0), np.arange(1000), "minibatches(1000, 50, rng), all indices, sorted")
name = "minibatches(1000, 50, rng), the order"
check_array((order0 != np.arange(1000)).any(keepdims=True), [True], name, hint="The indices are not shuffled.")
next0 = joined(minibatches(1000, 50, rng0), 20, "minibatches(1000, 50, rng), the next epoch")
hint = "The next epoch has the same order. Is it drawn from rng?"
check_array((order0 != next0).any(keepdims=True), [True], name, hint=hint)
### BEGIN HIDDEN TESTS
name = "minibatches(n, batch_size, rng), the order"
order1 = joined(minibatches(3000, 30, np.random.default_rng(3)), 100, name, hint="One batch for each 30 indices.")
check_array(np.sort(order1), np.arange(3000), name, hint="Every index comes once.")
# Each bound is far beyond what a fair shuffle gives: 29 ± 5 neighbours in one batch, a correlation of 0 ± 0.02.
place1 = np.argsort(order1)
together1 = np.sum(place1[1:] // 30 == place1[:-1] // 30)
hint = "The indices must be shuffled, and not only the batches, or the indices within a batch."
check_array(np.array([0 < together1 < 100]), np.array([True]), name, hint=hint)
trend1 = np.corrcoef(place1, np.arange(3000))[0, 1]
check_array(np.array([abs(trend1) < 0.15]), np.array([True]), name, hint="Large indices come late, or early.")
again1 = [np.hstack(minibatches(1000, 10, np.random.default_rng(4))) for _ in range(2)]
check_array(again1[0], again1[1], name, hint="The same seed must give the same batches: draw from rng alone.")
# Three indices have six orders; in 140 fair epochs one of them is missing with a probability of 5e-11.
rng1 = np.random.default_rng(5)
orders1 = {tuple(joined(minibatches(3, 1, rng1), 3, name, hint="Three batches of one.").tolist()) for _ in range(140)}
check_array(np.array([len(orders1)]), np.array([6]), name, hint="Some orders never come. Each must be possible.")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-data", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: the race on data
#
# Now everything together: your `minibatches`, `momentum_step`, `nesterov_step` and `adam_step` train a network
# 40–24–10 with ReLU and softmax on `mnist1d`, for three epochs in batches of 100. All its weights lie in one long array `w`, as
# your functions like it. Each method tries six rates, with two seeds. What counts is the cost on all training data at the end.
#
# Before you run it: at which rate will momentum 0.9 do about the same as gradient descent at rate 0.1? Question A has the
# answer.


# %%
data = load("mnist1d")
x_train, r_train = data.train.x.astype(np.float64), data.train.y
WIDTH = 24


def start_weights(rng):
    """W1 [40, WIDTH], b1, W2 [WIDTH, 10], b2, one after another in one array; He's start for the matrices."""
    W1 = rng.standard_normal((40, WIDTH)) * np.sqrt(2 / 40)
    W2 = rng.standard_normal((WIDTH, 10)) * np.sqrt(2 / WIDTH)
    return np.concatenate([W1.ravel(), np.zeros(WIDTH), W2.ravel(), np.zeros(10)])


def cost_and_gradient(w, x, r):
    """The mean cross entropy of the network on examples x [N, 40] with classes r [N], and its gradient by w."""
    W1, b1, W2, b2 = np.split(w, np.cumsum([40 * WIDTH, WIDTH, WIDTH * 10]))
    W1, W2, rows = W1.reshape(40, WIDTH), W2.reshape(WIDTH, 10), np.arange(len(r))
    a = np.maximum(x @ W1 + b1, 0)
    z = a @ W2 + b2
    z -= z.max(axis=1, keepdims=True)
    log_y = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    dz = np.exp(log_y)
    dz[rows, r] -= 1
    dz /= len(r)
    da = dz @ W2.T * (a > 0)
    gradient = np.concatenate([(x.T @ da).ravel(), da.sum(axis=0), (a.T @ dz).ravel(), dz.sum(axis=0)])
    return -np.mean(log_y[rows, r]), gradient


# %%
def final_cost(method, rate, seed, epochs=3):
    """Train with one method; returns the cost on all training data."""
    rng = np.random.default_rng(seed)
    w, k = start_weights(rng), 0
    m, v = np.zeros_like(w), np.zeros_like(w)
    for _ in range(epochs):
        for batch in minibatches(len(x_train), 100, rng):
            k += 1

            def grad(w, x=x_train[batch], r=r_train[batch]):
                return cost_and_gradient(w, x, r)[1]

            if method == "Adam":
                w, m, v = adam_step(w, grad(w), m, v, k, rate)
            elif method == "Nesterov 0.9":
                w, v = nesterov_step(w, v, grad, rate, 0.9)
            else:
                w, v = momentum_step(w, v, grad(w), rate, 0.9 if method == "momentum 0.9" else 0.0)
    return cost_and_gradient(w, x_train, r_train)[0]


# %% tips={"rtol": 0.05, "atol": 0.05, "image_rms": 8}
rates = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
methods = ("gradient descent", "momentum 0.9", "Nesterov 0.9", "Adam")
with np.errstate(all="ignore"):  # a rate may be too high
    costs = {name: [np.mean([final_cost(name, rate, s) for s in (0, 1)]) for rate in rates] for name in methods}
print(f"{'cost after 3 epochs, rate':26}" + "".join(f"{rate:8g}" for rate in rates))
for name in methods:
    print(f"{name:26}" + "".join(f"{cost:8.2f}" for cost in costs[name]))

figure, axes = plt.subplots()
for name, marker in zip(methods, "osD^", strict=True):
    axes.semilogx(rates, costs[name], marker=marker, label=name)
axes.axhline(np.log(10), color="0.5", linestyle=":", linewidth=1)
axes.text(0.003, np.log(10) - 0.11, "log 10: guessing", fontsize=9, color="0.35")
axes.set(
    title="The best rate depends on the method", xlabel="rate η", ylabel="training cost after 3 epochs", ylim=(1.1, 3.2)
)
axes.legend(ncols=2, fontsize=9, loc="upper right")
show(
    figure,
    alt="Training cost against the rate. Momentum and Nesterov run together at low rates, a factor of ten to the left of "
    "gradient descent. The lowest points are at 1 for gradient descent, 0.3 for momentum and Nesterov, 0.03 for Adam.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-data-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Look along the rows, then down the columns.
#
# - Momentum at rate η does about the same as gradient descent at rate 10η: compare 0.01 with 0.1, or 0.03 with 0.3.
#   This is the factor that you found in question A. Keep it in mind when you switch momentum on.
# - At low rates Nesterov and momentum are the same. At the highest rate Nesterov copes much better than momentum.
# - At their best rates all four end within 0.2 of one another. The best rate itself is very different:
#   lowest for Adam, highest for gradient descent. A comparison at one common rate would only have shown whom that rate suits.
#
# This is one small network and three epochs. Other tasks may rank the methods differently.

# %% [markdown] nbgrader={"grade": false, "grade_id": "end", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Before you hand in
#
# Restart the kernel and run all cells, from top to bottom. Every check should be silent. Then save and submit.
