# %% [markdown] nbgrader={"grade": false, "grade_id": "intro", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment: batch normalization
#
# Batch normalization gives every unit the mean and the spread that it wants, batch after batch.
# The forward pass is a few lines. The backward pass is the interesting part:
# each example now depends on all the others in its batch.
# In this assignment you write both passes in NumPy, train a deep network with them, and bring it to test time.
# It belongs to lecture 08 (batch normalization), topics N2 to N5. Plan two to four hours.
#
# | part | you write | points |
# |---|---|---|
# | 1 | `batchnorm_forward`, `identity_parameters` | 18 + 7 |
# | 2 | question A, in formulas | 12 |
# | | `batchnorm_backward` | 32 |
# | 3 | `inference_statistics`, `batchnorm_inference`, `running_average` | 12 + 9 + 5 |
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
# - All arrays are float64. The batch comes first: an array `[B, M]` holds B examples of M units, one example in each row.
# - Never change an input in place: the caller still needs it. A result may share memory with an input.
# - Loops over batches or units are welcome. Loops over every single number make the experiments slow.
#
# Names: `z` is the pre-activation, `out` the output ẑ of batch norm, `dout` stands for ∂C/∂ẑ and `dz` for ∂C/∂z.
# C is the cost of the whole batch. `gamma`, `beta`, `mean` and `var` are arrays `[M]`: one number for each unit.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from tipslib.checks import check_array, check_gradient, check_list, check_shape, short_messages, unchanged
from tipslib.data import load
from tipslib.plotting import show, use_style

use_style()
short_messages()

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-1", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 1. The forward pass
#
# Take one unit and a batch $z_1 \dots z_B$. Batch norm first brings the batch to a standard position, with mean 0 and
# variance about 1. Then it moves the batch to a position that the unit learns:
#
# $$\mu = \frac1B \sum_{i=1}^B z_i, \qquad \sigma^2 = \frac1B \sum_{i=1}^B (z_i - \mu)^2, \qquad
#   u_i = \frac{z_i - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad \hat z_i = \gamma u_i + \beta.$$
#
# Each unit does this for itself, with its own μ, σ², γ and β. Mind where ε stands, and that the variance is divided by B.
#
# ### `batchnorm_forward` (18 points)
#
# Return two things: the output `out` [B, M], and a `cache` for the backward pass.
#
# The cache is yours. It may be a tuple, a dict, an object of your own class, or anything else. Nobody but your own
# `batchnorm_backward` looks into it. But that function gets nothing else: only `dout` and the cache.
# So put everything into the cache that the backward pass needs. You may write it now and complete it in part 2.
#
# Do not use global variables for this: a network calls `batchnorm_forward` for several layers before the first
# backward pass begins.
#
# Wanted: any B and M. For a batch of one and for a unit that is constant over the batch, `out` is β.


# %% nbgrader={"grade": false, "grade_id": "batchnorm-forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batchnorm_forward(z, gamma, beta, eps=1e-5):
    """Normalise each unit over the batch, then scale it by γ and shift it by β.

    z [B, M], also with B = 1; gamma and beta [M]. The variance is divided by B; ε stands inside the root.
    Returns (out, cache): out [B, M], and whatever batchnorm_backward needs.
    """
    ### BEGIN SOLUTION
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0) + eps)
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "batchnorm-forward-test", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
# The lecture's batch: three examples, two units. Their variances are 2/3 and 1400/3.
z0 = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 60.0]])
with unchanged("batchnorm_forward(z, gamma, beta)", z=z0):
    result = batchnorm_forward(z0, np.ones(2), np.zeros(2))
check_list(result, 2, "batchnorm_forward(z, gamma, beta), (out, cache)")
out0 = [
    [-1.2247356859083902, -0.9258200898530505],
    [0.0, -0.46291004492652527],
    [1.2247356859083902, 1.3887301347795757],
]
check_array(result[0], out0, "batchnorm_forward(z, gamma=1, beta=0), out")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(1)
for shape in [(7, 3), (4, 4), (2, 5), (16, 1), (3, 2)]:
    z1 = rng.standard_normal(shape) * rng.uniform(0.2, 5, shape[1]) + 10 * rng.standard_normal(shape[1])
    gamma1, beta1 = np.ones(shape[1]), np.zeros(shape[1])
    center1 = z1 - np.sum(z1, axis=0) / len(z1)
    out1 = center1 / np.sqrt(np.sum(center1**2, axis=0) / len(z1) + 1e-5)
    with unchanged("batchnorm_forward(z, gamma, beta)", z=z1, gamma=gamma1, beta=beta1):
        result = batchnorm_forward(z1, gamma1, beta1)
    check_list(result, 2, "batchnorm_forward(z, gamma, beta), (out, cache)", hint="It returns out and cache.")
    hint = "Each unit has a mean and a variance of its own, new in each call; any number of examples and units."
    check_array(result[0], out1, "batchnorm_forward(z, gamma, beta), out", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "batchnorm-forward-parameters", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# With ε = 1/3 the first unit can be done by hand: σ² + ε = 1, so u = -1, 0, 1. Then γ = 2 and β = 5.
z0 = np.array([[1.0], [2.0], [3.0]])
result = batchnorm_forward(z0, np.array([2.0]), np.array([5.0]), eps=1 / 3)
check_list(result, 2, "batchnorm_forward(z, gamma, beta, eps), (out, cache)")
check_array(result[0], [[3.0], [5.0], [7.0]], "batchnorm_forward(z, gamma=2, beta=5, eps=1/3), out")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(2)
for shape, eps in [((6, 4), 1e-5), ((3, 3), 0.7), ((5, 1), 1e-3), ((9, 2), 4.0)]:
    z1, (gamma1, beta1) = rng.standard_normal(shape), rng.standard_normal((2, shape[1]))
    gamma1[-1] = 0.0
    center1 = z1 - np.sum(z1, axis=0) / len(z1)
    out1 = center1 / np.sqrt(np.sum(center1**2, axis=0) / len(z1) + eps) * gamma1 + beta1
    result = batchnorm_forward(z1, gamma1, beta1, eps)
    check_list(result, 2, "batchnorm_forward(z, gamma, beta, eps), (out, cache)", hint="It returns out and cache.")
    hint = "γ may be negative or 0, and every unit has its own γ and β. ε is the caller's choice, and inside the root."
    check_array(result[0], out1, "batchnorm_forward(z, gamma, beta, eps), out", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "batchnorm-forward-extremes", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The second unit is constant over the batch: its output is β.
z0 = np.array([[1.0, 4.0], [3.0, 4.0]])
result = batchnorm_forward(z0, np.array([1.0, 2.0]), np.array([0.0, 0.5]))
check_list(result, 2, "batchnorm_forward(z, gamma, beta), (out, cache)")
out0 = [[-0.9999950000374997, 0.5], [0.9999950000374997, 0.5]]
check_array(result[0], out0, "batchnorm_forward(z, gamma, beta) with a constant unit, out")
### BEGIN HIDDEN TESTS
for z1 in (np.array([[3.0, -2.0, 0.5]]), np.array([[0.0, -7.0, 2.5]] * 4)):
    beta1 = np.array([1.5, -0.25, 4.0])
    result = batchnorm_forward(z1, np.array([2.0, -1.0, 0.5]), beta1)
    check_list(result, 2, "batchnorm_forward(z, gamma, beta), (out, cache)", hint="It returns out and cache.")
    hint = "What are z - μ and σ² for a batch of one, and for a constant unit?"
    check_array(result[0], np.array([beta1] * len(z1)), "batchnorm_forward(z, gamma, beta), out", hint=hint)
# A unit with a tiny spread: ε decides. And one with a large spread: it does not.
z1 = np.array([[1e-3, 3e4], [-1e-3, -1e4], [0.0, 5e4], [0.0, 1e4]])
out1 = np.array([[1e-3, 1e4], [-1e-3, -3e4], [0.0, 3e4], [0.0, -1e4]]) / np.sqrt([5e-7 + 1e-5, 5e8 + 1e-5])
result = batchnorm_forward(z1, np.ones(2), np.zeros(2))
hint = "Is ε inside the root, also where it is larger than the variance?"
check_array(result[0], out1, "batchnorm_forward(z, gamma, beta), out", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-identity", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `identity_parameters` (7 points)
#
# "Do we necessarily want a unit gaussian input to a tanh layer?" If not, the network can learn γ and β that undo the
# normalisation. Which ones are they?
#
# Given are fixed statistics `mean` and `var` [M], as at test time, and the ε that the layer uses.
# Find `gamma` and `beta` [M] so that batch norm with these statistics is the identity: $\hat z = z$ for **every** z,
# exactly and not almost. A variance may be 0.


# %% nbgrader={"grade": false, "grade_id": "identity-parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def identity_parameters(mean, var, eps=1e-5):
    """The γ and β for which batch norm with the statistics mean and var gives back every z unchanged.

    mean [M]; var [M], 0 or larger. Returns (gamma, beta), both [M].
    """
    ### BEGIN SOLUTION
    return np.sqrt(var + eps), mean.copy()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "identity-parameters-test", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Three z for each of two units, with the means 2 and -1 and the variances 9 and 0.25.
z0 = np.array([[5.0, -1.0], [0.0, 2.0], [-1.5, 0.5]])
mean0, var0 = np.array([2.0, -1.0]), np.array([9.0, 0.25])
result = identity_parameters(mean0.copy(), var0.copy())
check_list(result, 2, "identity_parameters(mean, var), (gamma, beta)")
check_shape(result[0], (2,), "identity_parameters(mean, var), gamma")
check_shape(result[1], (2,), "identity_parameters(mean, var), beta")
out0 = result[0] * (z0 - mean0) / np.sqrt(var0 + 1e-5) + result[1]
check_array(out0, z0, "batch norm of z with identity_parameters(mean, var)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(3)
for units in (1, 3, 6):
    mean1, var1 = 5 * rng.standard_normal(units), rng.uniform(0, 30, units) ** 2
    gamma1, beta1 = (var1 + 1e-5) ** 0.5, mean1.copy()
    with unchanged("identity_parameters(mean, var)", mean=mean1, var=var1):
        result = identity_parameters(mean1, var1)
    check_list(result, 2, "identity_parameters(mean, var), (gamma, beta)", hint="It returns gamma and beta.")
    hint = "Solve γ (z - μ)/√(σ² + ε) + β = z for γ and β; it must hold for every z."
    check_array(result[0], gamma1, "identity_parameters(mean, var), gamma", hint=hint)
    check_array(result[1], beta1, "identity_parameters(mean, var), beta", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "identity-parameters-eps", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# A layer with another ε, and four z of one unit.
z0 = np.array([[5.0], [0.0], [-1.5], [2.0]])
result = identity_parameters(np.array([2.0]), np.array([9.0]), eps=7.0)
check_list(result, 2, "identity_parameters(mean, var, eps), (gamma, beta)")
check_shape(result[0], (1,), "identity_parameters(mean, var, eps), gamma")
check_shape(result[1], (1,), "identity_parameters(mean, var, eps), beta")
out0 = result[0] * (z0 - 2) / np.sqrt(9 + 7) + result[1]
check_array(out0, z0, "batch norm of z with identity_parameters(mean=2, var=9, eps=7)")
### BEGIN HIDDEN TESTS
mean1, var1 = np.array([-3.0, 0.0, 1e3, 0.1]), np.array([0.0, 1e-6, 1e6, 2.0])
for eps in (1e-5, 1e-2, 0.5):
    gamma1 = (var1 + eps) ** 0.5
    result = identity_parameters(mean1.copy(), var1.copy(), eps)
    check_list(result, 2, "identity_parameters(mean, var, eps), (gamma, beta)", hint="It returns gamma and beta.")
    hint = "It must be exact for any ε, and for a variance of 0 as well."
    check_array(result[0], gamma1, "identity_parameters(mean, var, eps), gamma", hint=hint)
    check_array(result[1], mean1, "identity_parameters(mean, var, eps), beta", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-2", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 2. The backward pass
#
# "Batch normalization is really a vector function applied over all the inputs from a minibatch. Every $z_i$ affects every
# $\hat z_j$." For one unit the arrows go like this:
#
# | from | to |
# |---|---|
# | $z_i$ | its own $u_i$; σ²; μ |
# | μ | σ²; every $u_j$ |
# | σ² | every $u_j$ |
# | $u_j$, γ, β | $\hat z_j$ |
# | every $\hat z_j$ | the cost C |
#
# So there are three kinds of paths from $z_i$ to C: straight on, through σ², and through μ.
# Where several arrows leave a variable, the chain rule **adds** what comes back along them.
# Given are all $\partial C/\partial \hat z_j$.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-a", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question A (12 points)
#
# Derive the backward pass for one unit and a batch of B examples. Write $g_j = \partial C/\partial \hat z_j$ and
# $s = \sqrt{\sigma^2 + \epsilon}$. Do it path by path, and say at each step which arrows you follow.
#
# 1. Find $\partial C/\partial \sigma^2$. (2 points)
# 2. Find $\partial C/\partial \mu$, with **both** kinds of arrows that leave μ. What becomes of the one through σ², and why?
#    (3 points)
# 3. Find $\partial C/\partial z_i$ with all three paths. Then put 1 and 2 in, so that only the $g_j$, the $u_j$, γ, s and B are
#    left. (4 points)
# 4. A friend writes the variance as $\sigma^2 = \frac1B \sum_j z_j^2 - \mu^2$, which is the same number. Which
#    derivatives of σ² change? Show that $\partial C/\partial z_i$ is still the same, and say what goes wrong when the
#    friend leaves out the arrow from μ to σ². (3 points)
#
# Write your answer into the cell below. Formulas stand between dollar signs, as in `$\frac{\partial C}{\partial \mu}$`.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-a", "locked": false, "points": 12, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (12 points).** 1: sum over all j because σ² is in every $u_j$, 1 point; the derivative of the power −1/2
# right, 1. 2: the sum over the arrows to all $u_j$, 1; the arrow to σ² with $-\frac2B\sum(z_j - \mu)$, 1; it is 0 because
# the deviations from the mean add up to 0, 1. 3: three terms, one for each path, 1; $\frac{2}{B}(z_i - \mu)$ with
# μ held fixed, 1; $\frac1B$, 1; put together rightly, 1. 4: $\frac2B z_i$ and $-2\mu$, 1; the same result, 1;
# without that arrow the term $-2\mu\,\frac{\partial C}{\partial\sigma^2}\frac1B$ is missing, and it is not 0, 1.
# Accept any clear notation. Final formulas without the way there earn nothing.
#
# **Answer.** First $\partial C/\partial u_j = \gamma g_j$, since $u_j$ goes into $\hat z_j$ only.
#
# 1. σ² goes into every $u_j = (z_j - \mu)(\sigma^2 + \epsilon)^{-1/2}$, and
# $\partial u_j/\partial\sigma^2 = -\frac12 (z_j - \mu)\, s^{-3}$. All these arrows are added:
#
# $$\frac{\partial C}{\partial \sigma^2} = -\frac{1}{2 s^3} \sum_j \gamma g_j (z_j - \mu)
# = -\frac{\gamma}{2 s^2} \sum_j g_j u_j.$$
#
# 2. μ goes into every $u_j$ with $-\frac1s$, and into σ² with
# $\frac{\partial\sigma^2}{\partial\mu} = -\frac2B\sum_j (z_j - \mu)$:
#
# $$\frac{\partial C}{\partial\mu} = -\frac1s\sum_j \gamma g_j
# + \frac{\partial C}{\partial\sigma^2}\cdot\Big(-\frac2B\sum_j (z_j - \mu)\Big) = -\frac\gamma s\sum_j g_j.$$
#
# The second part is 0, because $\sum_j (z_j - \mu) = \sum_j z_j - B\mu = 0$.
#
# 3. $z_i$ goes into $u_i$ with $\frac1s$, into σ² with $\frac2B (z_i - \mu)$ (μ held fixed, for it has an arrow of its own),
# and into μ with $\frac1B$:
#
# $$\frac{\partial C}{\partial z_i} = \gamma g_i \frac1s + \frac{\partial C}{\partial\sigma^2}\,\frac{2(z_i - \mu)}{B}
# + \frac{\partial C}{\partial\mu}\,\frac1B
# = \frac\gamma s\Big(g_i - \frac{u_i}{B}\sum_j g_j u_j - \frac1B\sum_j g_j\Big).$$
#
# 4. Now $\frac{\partial\sigma^2}{\partial z_i} = \frac2B z_i$ and $\frac{\partial\sigma^2}{\partial\mu} = -2\mu$.
# So $\frac{\partial C}{\partial\mu}$ has the additional term $-2\mu\frac{\partial C}{\partial\sigma^2}$, and the parts of
# $\frac{\partial C}{\partial z_i}$ with $\frac{\partial C}{\partial\sigma^2}$ are
# $\frac{\partial C}{\partial\sigma^2}\big(\frac2B z_i - \frac2B\mu\big)$: the same as before. Without the arrow from μ to σ²
# the $-\frac2B\mu$ is missing, and all $\partial C/\partial z_i$ are wrong by
# $\frac2B\mu\frac{\partial C}{\partial\sigma^2}$, unless μ = 0 or $\sum_j g_j u_j = 0$.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-backward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `batchnorm_backward` (32 points)
#
# Now put your derivation into code. You get `dout` = ∂C/∂ẑ [B, M] and the `cache` that your own `batchnorm_forward`
# has returned. Return three gradients:
#
# - `dz` [B, M], the gradient of the input, with all three paths;
# - `dgamma` [M] and `dbeta` [M], the gradients of γ and β. Each of them moves the outputs of the whole batch.
#
# All gradients are of the cost of the batch: sum over the examples, do not average.
#
# Wanted: any B and M, any γ, any ε > 0. Also a batch of one, and units that are constant over the batch:
# all gradients are finite there.
# The function may be called again with the same cache, so leave the cache as it is.
#
# The checks below call your `batchnorm_forward` first and hand its cache on.
# Two of them choose `dout` so that one path alone counts beside the straight one. If a path is wrong, they tell you which.


# %% nbgrader={"grade": false, "grade_id": "batchnorm-backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batchnorm_backward(dout, cache):
    """Gradients of batch norm, through the batch's own mean and variance.

    dout [B, M]; cache as batchnorm_forward returned it. Finite also for B = 1 and for constant units.
    Returns (dz, dgamma, dbeta): [B, M], [M], [M], of the summed cost.
    """
    ### BEGIN SOLUTION
    z, mean, s, gamma = cache
    du = gamma * dout
    dvar = -np.sum(du * (z - mean), axis=0) / (2 * s**3)
    dmean = -np.sum(du, axis=0) / s
    dz = du / s + dvar * 2 * (z - mean) / len(z) + dmean / len(z)
    return dz, np.sum(dout * (z - mean) / s, axis=0), np.sum(dout, axis=0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "batchnorm-backward-dbeta", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Three examples, two units.
z0 = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 60.0]])
dout0 = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
result = batchnorm_forward(z0, np.array([2.0, 3.0]), np.zeros(2))
check_list(result, 2, "batchnorm_forward(z, gamma, beta), (out, cache)")
result = batchnorm_backward(dout0, result[1])
check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)")
check_array(result[2], [7.0, 70.0], "batchnorm_backward(dout, cache), dbeta")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4)
for shape in [(5, 3), (2, 4), (6, 1), (3, 3)]:
    z1, dout1 = rng.standard_normal((2, *shape))
    gamma1, beta1 = rng.standard_normal((2, shape[1]))
    dbeta1 = np.array([sum(column) for column in dout1.T])
    result = batchnorm_forward(z1, gamma1, beta1)
    check_list(result, 2, "batchnorm_forward(z, gamma, beta), (out, cache)", hint="It returns out and cache.")
    result = batchnorm_backward(dout1, result[1])
    hint = "It returns dz, dgamma and dbeta."
    check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)", hint=hint)
    hint = "β is added to every output of its unit. Sum over the batch, for any number of examples and units."
    check_array(result[2], dbeta1, "batchnorm_backward(dout, cache), dbeta", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "batchnorm-backward-dgamma", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# With ε = 1/3 and z = 1, 2, 3 we had u = -1, 0, 1. So ∂C/∂γ = 1·(-1) + 2·0 + 4·1.
z0, dout0 = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [4.0]])
result = batchnorm_forward(z0, np.array([2.0]), np.array([5.0]), eps=1 / 3)
check_list(result, 2, "batchnorm_forward(z, gamma, beta, eps), (out, cache)")
result = batchnorm_backward(dout0, result[1])
check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)")
check_array(result[1], [3.0], "batchnorm_backward(dout, cache), dgamma")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(5)
for shape, eps in [((6, 3), 1e-5), ((4, 4), 0.3), ((9, 1), 2.0), ((2, 5), 1e-5)]:
    z1, dout1 = rng.standard_normal((2, *shape))
    z1 = 3 * z1 - 2
    z1[:, 0] = 4.0
    z1[0, -1] = 6.0
    gamma1, beta1 = rng.standard_normal((2, shape[1]))
    gamma1[-1] = 0.0
    dgamma1 = np.sum(dout1 * (z1 - z1.mean(axis=0)) / np.sqrt(z1.var(axis=0) + eps), axis=0)
    result = batchnorm_forward(z1, gamma1, beta1, eps)
    check_list(result, 2, "batchnorm_forward(z, gamma, beta, eps), (out, cache)", hint="It returns out and cache.")
    result = batchnorm_backward(dout1, result[1])
    hint = "It returns dz, dgamma and dbeta."
    check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)", hint=hint)
    hint = "What is ∂ẑ/∂γ? It must work for any ε, for a constant unit, and also where γ is 0 or negative."
    check_array(result[1], dgamma1, "batchnorm_backward(dout, cache), dgamma", atol=1e-9, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "batchnorm-backward-dz", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# The same batch, γ = 2. The cost is the first output alone, so dout = 1, 0, 0. The second z gets a gradient, too.
z0 = np.array([[1.0], [2.0], [3.0]])
result = batchnorm_forward(z0, np.array([2.0]), np.array([5.0]), eps=1 / 3)
check_list(result, 2, "batchnorm_forward(z, gamma, beta, eps), (out, cache)")
result = batchnorm_backward(np.array([[1.0], [0.0], [0.0]]), result[1])
check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)")
check_array(result[0], [[2 / 3], [-2 / 3], [0.0]], "batchnorm_backward(dout, cache) at dout = 1, 0, 0, dz")


### BEGIN HIDDEN TESTS
def normalised(z, gamma, beta, eps):
    """Batch norm with the batch's own statistics."""
    center = z - np.sum(z, axis=0) / len(z)
    return gamma * center * (np.sum(center**2, axis=0) / len(z) + eps) ** -0.5 + beta


rng = np.random.default_rng(6)
for shape, eps in [((5, 3), 1e-5), ((3, 3), 0.3), ((8, 1), 1e-5), ((4, 6), 2.0)]:
    z1, dout1 = rng.standard_normal((2, *shape))
    z1 = z1 * rng.uniform(0.5, 3, shape[1]) + 2 * rng.standard_normal(shape[1])
    gamma1, beta1 = rng.standard_normal((2, shape[1]))
    result = batchnorm_forward(z1.copy(), gamma1.copy(), beta1.copy(), eps)
    check_list(result, 2, "batchnorm_forward(z, gamma, beta, eps), (out, cache)", hint="It returns out and cache.")
    result = batchnorm_backward(dout1.copy(), result[1])
    hint = "It returns dz, dgamma and dbeta."
    check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)", hint=hint)
    check_gradient(
        result[0],
        lambda z, gamma=gamma1, beta=beta1, eps=eps: normalised(z, gamma, beta, eps),
        z1,
        "batchnorm_backward(dout, cache), dz",
        dy=dout1,
        hint="Compare it with central differences of your forward pass. Are all three paths there, with γ and ε?",
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "batchnorm-backward-through-mean", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# When Σ g u = 0, then ∂C/∂σ² = 0: only two paths are left, straight on and through μ.
# Here ε = 10/3, so √(σ² + ε) = 2 and u = -1/2, 0, 1/2.
z0 = np.array([[1.0], [2.0], [3.0]])
result = batchnorm_forward(z0, np.array([2.0]), np.array([5.0]), eps=10 / 3)
check_list(result, 2, "batchnorm_forward(z, gamma, beta, eps), (out, cache)")
result = batchnorm_backward(np.array([[1.0], [0.0], [1.0]]), result[1])
check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)")
check_array(result[0], [[1 / 3], [-2 / 3], [1 / 3]], "batchnorm_backward(dout, cache) at dout = 1, 0, 1, dz")
# And when the cost is the sum of all outputs, it is B·β, whatever z is.
result = batchnorm_forward(z0, np.array([2.0]), np.array([5.0]), eps=10 / 3)
result = batchnorm_backward(np.array([[1.0], [1.0], [1.0]]), result[1])
check_array(result[0], [[0.0], [0.0], [0.0]], "batchnorm_backward(dout, cache) at dout = 1, 1, 1, dz")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(7)
for shape, eps in [((7, 2), 1e-5), ((4, 4), 1.5), ((3, 1), 0.1)]:
    z1, dout1 = rng.standard_normal((2, *shape))
    gamma1, beta1 = rng.standard_normal((2, shape[1]))
    s1 = np.sqrt(z1.var(axis=0) + eps)
    u1 = (z1 - z1.mean(axis=0)) / s1
    dout1 -= u1 * np.sum(dout1 * u1, axis=0) / np.sum(u1 * u1, axis=0)
    dz1 = gamma1 * (dout1 - sum(dout1) / len(dout1)) / s1
    result = batchnorm_forward(z1, gamma1, beta1, eps)
    check_list(result, 2, "batchnorm_forward(z, gamma, beta, eps), (out, cache)", hint="It returns out and cache.")
    result = batchnorm_backward(dout1, result[1])
    hint = "It returns dz, dgamma and dbeta."
    check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)", hint=hint)
    hint = "Look at the path through μ: its sign, its 1/B, its γ."
    check_array(result[0], dz1, "batchnorm_backward(dout, cache) where ∂C/∂σ² = 0, dz", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "batchnorm-backward-through-variance", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# When Σ g = 0, then ∂C/∂μ = 0: only two paths are left, straight on and through σ².
z0 = np.array([[1.0], [2.0], [3.0]])
result = batchnorm_forward(z0, np.array([2.0]), np.array([5.0]), eps=10 / 3)
check_list(result, 2, "batchnorm_forward(z, gamma, beta, eps), (out, cache)")
result = batchnorm_backward(np.array([[1.0], [0.0], [-1.0]]), result[1])
check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)")
check_array(result[0], [[5 / 6], [0.0], [-5 / 6]], "batchnorm_backward(dout, cache) at dout = 1, 0, -1, dz")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(8)
for shape, eps in [((5, 3), 1e-5), ((3, 3), 0.7), ((8, 1), 0.01)]:
    z1, dout1 = rng.standard_normal((2, *shape))
    z1, dout1 = 2 * z1 + 1, dout1 - dout1.mean(axis=0)
    gamma1, beta1 = rng.standard_normal((2, shape[1]))
    s1 = np.sqrt(z1.var(axis=0) + eps)
    u1 = (z1 - z1.mean(axis=0)) / s1
    dz1 = gamma1 * (dout1 - u1 * sum(dout1 * u1) / len(u1)) / s1
    result = batchnorm_forward(z1, gamma1, beta1, eps)
    check_list(result, 2, "batchnorm_forward(z, gamma, beta, eps), (out, cache)", hint="It returns out and cache.")
    result = batchnorm_backward(dout1, result[1])
    hint = "It returns dz, dgamma and dbeta."
    check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)", hint=hint)
    hint = "Look at the path through σ²: its factors -1/2 and 2/B, the power of √(σ² + ε), and γ."
    check_array(result[0], dz1, "batchnorm_backward(dout, cache) where Σ g = 0, dz", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "batchnorm-backward-extremes", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# A batch of one: out is β, whatever z is.
result = batchnorm_forward(np.array([[3.0, -1.0]]), np.array([2.0, 3.0]), np.array([0.5, 0.5]))
check_list(result, 2, "batchnorm_forward(z, gamma, beta), (out, cache)")
result = batchnorm_backward(np.array([[1.0, 10.0]]), result[1])
check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)")
check_array(result[0], [[0.0, 0.0]], "batchnorm_backward(dout, cache) for a batch of one, dz", atol=1e-9)
### BEGIN HIDDEN TESTS
z1, dout1 = np.array([[0.0, 7.0, 1.0, 2.0]]), np.array([[4.0, -3.0, 0.5, 1.0]])
result = batchnorm_forward(z1, np.array([1.0, -2.0, 0.0, 3.0]), np.ones(4))
check_list(result, 2, "batchnorm_forward(z, gamma, beta), (out, cache)", hint="It returns out and cache.")
result = batchnorm_backward(dout1, result[1])
check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)", hint="It returns dz, dgamma and dbeta.")
hint = "In a batch of one all u are 0, and no z moves its output."
check_array(result[0], np.zeros((1, 4)), "batchnorm_backward(dout, cache), dz", atol=1e-9, hint=hint)
check_array(result[1], np.zeros(4), "batchnorm_backward(dout, cache), dgamma", atol=1e-9, hint=hint)
check_array(result[2], [4.0, -3.0, 0.5, 1.0], "batchnorm_backward(dout, cache), dbeta", hint=hint)
# Constant units, γ = 0, a batch of two, and a variance below ε.
cases1 = [
    (np.array([[3.0, 1.0, -2.0], [3.0, 2.0, -2.0], [3.0, 5.0, -2.0], [3.0, 0.0, -2.0]]), np.array([1.5, 0.0, -1.0])),
    (np.array([[1.0, 4.0], [3.0, 4.0]]), np.array([2.0, 0.7])),
    (np.array([[1e-3], [-1e-3], [2e-3]]), np.array([1.0])),
]
for z1, gamma1 in cases1:
    dout1 = np.random.default_rng(9).standard_normal(z1.shape)
    s1 = np.sqrt(z1.var(axis=0) + 1e-5)
    u1 = (z1 - z1.mean(axis=0)) / s1
    dz1 = gamma1 / s1 * (dout1 - dout1.mean(axis=0) - u1 * (dout1 * u1).mean(axis=0))
    result = batchnorm_forward(z1, gamma1, np.zeros(len(gamma1)))
    check_list(result, 2, "batchnorm_forward(z, gamma, beta), (out, cache)", hint="It returns out and cache.")
    result = batchnorm_backward(dout1, result[1])
    hint = "It returns dz, dgamma and dbeta."
    check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)", hint=hint)
    hint = "For a constant unit u is 0 and √(σ² + ε) is √ε. Which paths are left, and is the result finite?"
    check_array(result[0], dz1, "batchnorm_backward(dout, cache), dz", atol=1e-9, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "batchnorm-backward-calls", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Two layers go forward before the first goes backward: each has its own cache.
result = batchnorm_forward(np.array([[1.0], [2.0], [3.0]]), np.array([2.0]), np.array([5.0]), eps=1 / 3)
check_list(result, 2, "batchnorm_forward(z, gamma, beta, eps), (out, cache)")
batchnorm_forward(np.array([[4.0], [8.0], [6.0]]), np.array([1.0]), np.array([0.0]))
dout0 = np.array([[1.0], [0.0], [0.0]])
with unchanged("batchnorm_backward(dout, cache)", dout=dout0):
    result = batchnorm_backward(dout0, result[1])
check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)")
check_array(result[0], [[2 / 3], [-2 / 3], [0.0]], "batchnorm_backward with the first of two caches, dz")
### BEGIN HIDDEN TESTS
z1, dout1, other1 = np.random.default_rng(10).standard_normal((3, 6, 2))
gamma1, s1 = np.array([0.5, -2.0]), np.sqrt(z1.var(axis=0) + 0.1)
u1 = (z1 - z1.mean(axis=0)) / s1
dz1 = gamma1 / s1 * (dout1 - dout1.mean(axis=0) - u1 * (dout1 * u1).mean(axis=0))
result = batchnorm_forward(z1, gamma1, np.ones(2), 0.1)
check_list(result, 2, "batchnorm_forward(z, gamma, beta, eps), (out, cache)", hint="It returns out and cache.")
cache1 = result[1]
batchnorm_backward(other1, cache1)
with unchanged("batchnorm_backward(dout, cache)", dout=dout1):
    result = batchnorm_backward(dout1, cache1)
check_list(result, 3, "batchnorm_backward(dout, cache), (dz, dgamma, dbeta)", hint="It returns dz, dgamma and dbeta.")
hint = "A second call with the same cache must be as right as the first: leave the cache as it is, and use dout."
check_array(result[0], dz1, "batchnorm_backward called again, dz", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-train", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: a deep network with your batch norm
#
# Five hidden layers of 64 units are to read the handwritten digits. Once they have batch norm before each ReLU, and once a
# bias and nothing else. Everything else is the same: the data, the start, plain gradient descent, batches of 32, five epochs.
#
# Predict, then run: which of the two can use a high learning rate? And what will you see at a low rate?

# %%
digits = load("digits")
center, scale = digits.train.x.mean(axis=0, dtype=np.float64), digits.train.x.std(dtype=np.float64)
(x_train, y_train), (x_valid, y_valid) = [((x - center) / scale, y) for x, y in (digits.train, digits.validation)]


def new_layers(rng, widths=(64, 64, 64, 64, 64, 64, 10)):
    """The weights of each layer, and γ = 1 and β = 0 for its units."""
    return [[rng.standard_normal((n, m)) * np.sqrt(2 / n), np.ones(m), np.zeros(m)] for n, m in pairwise(widths)]


def gradients(layers, x, labels, norm, watch=None):
    """The loss of a batch, and for each layer the gradients of W, γ and β; `watch(layer, z)` sees each z."""
    a, caches = x, []
    for number, (W, gamma, beta) in enumerate(layers[:-1]):
        z = a @ W
        if watch:
            watch(number, z)
        out, cache = batchnorm_forward(z, gamma, beta) if norm else (z + beta, None)
        caches.append((a, out, cache))
        a = np.maximum(out, 0)
    W, _, beta = layers[-1]
    logits = a @ W + beta
    logits -= logits.max(axis=1, keepdims=True)
    log_y = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    dz = (np.exp(log_y) - np.eye(10)[labels]) / len(x)
    found = [[a.T @ dz, 0.0, dz.sum(axis=0)]]
    da = dz @ W.T
    for (W, _, _), (a, out, cache) in zip(layers[-2::-1], caches[::-1], strict=True):
        dout = da * (out > 0)
        dz, dgamma, dbeta = batchnorm_backward(dout, cache) if norm else (dout, 0.0, dout.sum(axis=0))
        found.insert(0, [a.T @ dz, dgamma, dbeta])
        da = dz @ W.T
    return -np.mean(log_y[np.arange(len(x)), labels]), found


def train(norm, rate, epochs=5, size=32, watch=None, after_step=None):
    """Gradient descent on the digits; returns the layers and the loss of every batch."""
    rng = np.random.default_rng(0)
    layers, losses = new_layers(rng), []
    for _ in range(epochs):
        order = rng.permutation(len(x_train))
        for start in range(0, len(order) - size + 1, size):
            batch = order[start : start + size]
            loss, found = gradients(layers, x_train[batch], y_train[batch], norm, watch)
            losses.append(loss)
            layers = [[p - rate * g for p, g in zip(*pair, strict=True)] for pair in zip(layers, found, strict=True)]
            if after_step:
                after_step(len(losses), layers)
    return layers, losses


# %%
rates = (0.03, 0.3, 1.0)
figure, panels = plt.subplots(1, 3, figsize=(9.6, 3.3), sharey=True)
with np.errstate(all="ignore"):  # a network that explodes overflows: a result, not an error
    for axes, rate in zip(panels, rates, strict=True):
        for norm, label in ((False, "without batch norm"), (True, "with batch norm")):
            losses = np.array(train(norm, rate)[1])
            low = np.convolve(losses, np.full(10, 0.1), "valid") < 0.5  # means of ten batches
            steps = f"after {low.argmax() + 10} steps" if low.any() else "never"
            print(f"rate {rate:<4g} {label:<18}  loss below 0.5: {steps:<15}  last epoch: {losses[-33:].mean():.2f}")
            axes.semilogy(losses, label=label, linewidth=1.2)
        axes.set(title=f"rate {rate:g}", xlabel="step", ylim=(1e-3, 30))
panels[0].set_ylabel("loss of the batch")
panels[0].legend(fontsize=9)
figure.suptitle("Batch norm bears a rate at which the plain network explodes; at a low rate it is slower")
show(
    figure,
    alt="Loss by step for three rates. At 0.03 both fall, the network with batch norm more slowly. At 0.3 both fall. "
    "At 1 the plain network's loss leaves the picture in the first steps; with batch norm it falls.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-train-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# At the rate 1 the network without batch norm explodes: its loss becomes nan. With batch norm it learns.
# At 0.3 both learn, and the plain network ends with the lower training loss.
# At the low rate batch norm is the *slower* one: "to get maximum benefit, learning rates must be increased".
# Batch norm makes high rates possible. It does not make every training faster.

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-3", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 3. At test time
#
# In training an example's output depends on its companions in the batch. At test time that is not acceptable: an answer must
# not depend on who else asks. So mean and variance are then **fixed** numbers, one of each for every unit.
#
# ### `inference_statistics` (12 points)
#
# The first way: run all training batches through the final network once more, and average their statistics,
#
# $$\mu_{BN} = \frac{1}{N_{batches}} \sum_{batch} \mu_B, \qquad
#   \sigma^2_{BN} = \frac{B}{B - 1} \cdot \frac{1}{N_{batches}} \sum_{batch} \sigma_B^2.$$
#
# Here $\sigma_B^2$ is the variance that `batchnorm_forward` uses, divided by B.
# It is too small on average, since it is measured around the batch's own mean. The factor $\frac{B}{B-1}$ corrects that.
#
# You get `batches`, a list of arrays [B, M]: the pre-activations of one layer, batch by batch. All have the same B ≥ 2.
# The list may hold one batch only. Return `mean` [M] and `var` [M].


# %% nbgrader={"grade": false, "grade_id": "inference-statistics", "locked": false, "schema_version": 3, "solution": true, "task": false}
def inference_statistics(batches):
    """The lecture's fixed statistics: mean of the batch means, and B/(B-1) times the mean of the batch variances.

    batches: list of arrays [B, M], all with the same B, at least 2. Returns (mean, var), both [M].
    """
    ### BEGIN SOLUTION
    size = len(batches[0])
    mean = np.mean([z.mean(axis=0) for z in batches], axis=0)
    var = np.mean([z.var(axis=0) for z in batches], axis=0)
    return mean, size / (size - 1) * var
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "inference-statistics-mean", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Two batches of three examples, two units. The batch means are (2, 30) and (5, -2).
batches0 = [
    np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 60.0]]),
    np.array([[5.0, -2.0], [2.0, -2.0], [8.0, -2.0]]),
]
result = inference_statistics(batches0)
check_list(result, 2, "inference_statistics(batches), (mean, var)")
check_array(result[0], [3.5, 14.0], "inference_statistics(batches), mean")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(9)
for count, size, units in [(5, 4, 3), (1, 6, 2), (3, 2, 1), (4, 4, 4), (2, 3, 2)]:
    batches1 = [rng.standard_normal((size, units)) + 3 * rng.standard_normal(units) for _ in range(count)]
    mean1 = sum(sum(z) for z in batches1) / (size * count)
    with unchanged("inference_statistics(batches)", batches=batches1):
        result = inference_statistics(batches1)
    check_list(result, 2, "inference_statistics(batches), (mean, var)", hint="It returns mean and var.")
    hint = "All batches count alike, and every unit has its own mean; any number of batches, examples and units."
    check_array(result[0], mean1, "inference_statistics(batches), mean", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "inference-statistics-var", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The same batches. The batch variances are (2/3, 1400/3) and (6, 0), and B/(B-1) is 3/2.
batches0 = [
    np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 60.0]]),
    np.array([[5.0, -2.0], [2.0, -2.0], [8.0, -2.0]]),
]
result = inference_statistics(batches0)
check_list(result, 2, "inference_statistics(batches), (mean, var)")
check_array(result[1], [5.0, 350.0], "inference_statistics(batches), var")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(10)
for count, size, units in [(6, 5, 3), (3, 7, 1), (4, 4, 4), (2, 3, 5)]:
    batches1 = [rng.standard_normal((size, units)) + 3 * rng.standard_normal(units) for _ in range(count)]
    var1 = sum(((z - z.mean(axis=0)) ** 2).sum(axis=0) for z in batches1) / (count * (size - 1))
    with unchanged("inference_statistics(batches)", batches=batches1):
        result = inference_statistics(batches1)
    check_list(result, 2, "inference_statistics(batches), (mean, var)", hint="It returns mean and var.")
    hint = "Each batch's variance is taken around its own mean, and B is the number of examples in a batch."
    check_array(result[1], var1, "inference_statistics(batches), var", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "inference-statistics-small", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# One batch of four: the variance 5 is corrected to 20/3.
result = inference_statistics([np.array([[1.0], [3.0], [5.0], [7.0]])])
check_list(result, 2, "inference_statistics(batches), (mean, var)")
check_array(result[0], [4.0], "inference_statistics of one batch, mean")
check_array(result[1], [20 / 3], "inference_statistics of one batch, var")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(11)
for count, size, units in [(1, 2, 3), (8, 2, 2), (1, 3, 1)]:
    batches1 = [rng.standard_normal((size, units)) + 3 * rng.standard_normal(units) for _ in range(count)]
    mean1 = sum(z[k] for z in batches1 for k in range(size)) / (count * size)
    var1 = sum((z[k] - z.mean(axis=0)) ** 2 for z in batches1 for k in range(size)) / (count * (size - 1))
    result = inference_statistics(batches1)
    check_list(result, 2, "inference_statistics(batches), (mean, var)", hint="It returns mean and var.")
    hint = "Does it work for batches of two, and for a list of one batch?"
    check_array(result[0], mean1, "inference_statistics(batches), mean", hint=hint)
    check_array(result[1], var1, "inference_statistics(batches), var", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-inference", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `batchnorm_inference` (9 points)
#
# At test time the formula is the same, but `mean` and `var` [M] are given:
#
# $$\hat z_i = \gamma \, \frac{z_i - \mu_{BN}}{\sqrt{\sigma_{BN}^2 + \epsilon}} + \beta.$$
#
# Now each example is on its own: in any company, and alone, it gets the same output.


# %% nbgrader={"grade": false, "grade_id": "batchnorm-inference", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batchnorm_inference(z, gamma, beta, mean, var, eps=1e-5):
    """Batch norm with fixed statistics. z [B, M], also with B = 1; the others [M]. Returns out [B, M]."""
    ### BEGIN SOLUTION
    return gamma * (z - mean) / np.sqrt(var + eps) + beta
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "batchnorm-inference-test", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# Two examples, two units. For the first example z - mean is (3, 0), for the second (-3, 2).
z0 = np.array([[5.0, -1.0], [-1.0, 1.0]])
mean0, var0 = np.array([2.0, -1.0]), np.array([9.0, 0.25])
out0 = batchnorm_inference(z0, np.array([1.0, 2.0]), np.array([0.0, 3.0]), mean0, var0)
expected0 = [[0.9999994444449074, 3.0], [-0.9999994444449074, 10.99984000479984]]
check_array(out0, expected0, "batchnorm_inference(z, gamma, beta, mean, var)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(12)
for (size, units), eps in [((5, 3), 1e-5), ((4, 4), 0.8), ((7, 1), 1e-2), ((2, 6), 3.0)]:
    z1, (gamma1, beta1, mean1) = rng.standard_normal((size, units)), rng.standard_normal((3, units))
    var1 = rng.uniform(0, 4, units)
    out1 = np.array([(row - mean1) * (var1 + eps) ** -0.5 * gamma1 + beta1 for row in z1])
    inputs1 = {"z": z1, "gamma": gamma1, "beta": beta1, "mean": mean1, "var": var1}
    with unchanged("batchnorm_inference", **inputs1):
        got = batchnorm_inference(**inputs1, eps=eps)
    hint = "Use the statistics and the ε that are given, for any number of examples and units."
    check_array(got, out1, "batchnorm_inference(z, gamma, beta, mean, var, eps)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "batchnorm-inference-alone", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# One example alone: the first one from above.
mean0, var0 = np.array([2.0, -1.0]), np.array([9.0, 0.25])
out0 = batchnorm_inference(np.array([[5.0, -1.0]]), np.array([1.0, 2.0]), np.array([0.0, 3.0]), mean0, var0)
check_array(out0, [[0.9999994444449074, 3.0]], "batchnorm_inference(z, gamma, beta, mean, var), one example")
### BEGIN HIDDEN TESTS
# The same example alone and in two kinds of company, with a unit whose stored variance is 0.
gamma1, beta1 = np.array([1.0, -2.0, 0.5]), np.array([0.0, 3.0, 1.0])
mean1, var1 = np.array([0.3, -0.2, 5.0]), np.array([2.0, 0.0, 30.0])
first1 = np.array([1.0, -0.2, -5.0])
for others in (np.empty((0, 3)), np.array([first1, first1]), 100 * np.ones((4, 3))):
    z1 = np.vstack([first1, others])
    out1 = gamma1 * (z1 - mean1) / np.sqrt(var1 + 1e-5) + beta1
    got = batchnorm_inference(z1, gamma1, beta1, mean1, var1)
    hint = "An example's output must not depend on the other examples in z. And a stored variance may be 0."
    check_array(got, out1, "batchnorm_inference(z, gamma, beta, mean, var)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-running", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `running_average` (5 points)
#
# The second way needs no extra pass: keep an average during training. After each batch it moves a part of the way
# towards the new batch's number:
#
# $$r \leftarrow (1 - m)\, r + m \cdot (\text{number of the new batch}).$$
#
# The momentum m, 0 ≤ m ≤ 1, is the weight of the **new** batch, as in PyTorch. (Elsewhere it is the weight of the old average.)
# Given are `running` [M] and `batch` [M]: a statistic of the latest batch, for example its means. Return the new average [M].


# %% nbgrader={"grade": false, "grade_id": "running-average", "locked": false, "schema_version": 3, "solution": true, "task": false}
def running_average(running, batch, momentum=0.1):
    """(1 - momentum) · running + momentum · batch; running, batch and the result [M]."""
    ### BEGIN SOLUTION
    return (1 - momentum) * running + momentum * batch
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "running-average-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# From 0 and 10 towards 5 and 20.
new0 = running_average(np.array([0.0, 10.0]), np.array([5.0, 20.0]))
check_array(new0, [0.5, 11.0], "running_average(running, batch)")
### BEGIN HIDDEN TESTS
for units in (1, 3, 8):
    running1, batch1 = np.random.default_rng(13).standard_normal((2, units))
    new1 = np.array([0.9 * r + 0.1 * b for r, b in zip(running1, batch1, strict=True)])
    with unchanged("running_average(running, batch)", running=running1, batch=batch1):
        got = running_average(running1, batch1)
    hint = "Return a new array, for any number of units."
    check_array(got, new1, "running_average(running, batch)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "running-average-momentum", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# With momentum 1/4 it goes a quarter of the way.
new0 = running_average(np.array([0.0, 10.0]), np.array([4.0, 30.0]), momentum=0.25)
check_array(new0, [1.0, 15.0], "running_average(running, batch, momentum=1/4)")
### BEGIN HIDDEN TESTS
running1, batch1 = np.array([3.0, -1.0, 0.0]), np.array([1.0, 7.0, -4.0])
for momentum, new1 in [(0.0, [3.0, -1.0, 0.0]), (1.0, [1.0, 7.0, -4.0]), (0.5, [2.0, 3.0, -2.0])]:
    got = running_average(running1.copy(), batch1.copy(), momentum)
    hint = "What should remain for momentum 0, and what for momentum 1?"
    check_array(got, new1, "running_average(running, batch, momentum)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-test-time", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: the same network, tested in four ways
#
# The network with batch norm learns again, at the rate 0.1. This time running averages of every layer go along.
# After 1, 2, 5, … steps we stop and look at its accuracy on the validation images, with four kinds of mean and variance:
#
# 1. of the validation images themselves, in batches of 30;
# 2. of each image by itself, a batch of one;
# 3. your `inference_statistics` of the network as it is now;
# 4. the running averages. Means start at 0, variances at 1.
#
# Predict, then run: which one is useless? And when do 3 and 4 differ?


# %%
def accuracy(layers, normalise, size=None):
    """Share of right answers on the validation images; `normalise(layer, z, gamma, beta)` gives ẑ."""
    right = 0
    for start in range(0, len(x_valid), size or len(x_valid)):
        rows = slice(start, start + (size or len(x_valid)))
        a = x_valid[rows]
        for number, (W, gamma, beta) in enumerate(layers[:-1]):
            a = np.maximum(normalise(number, a @ W, gamma, beta), 0)
        right += np.sum((a @ layers[-1][0] + layers[-1][2]).argmax(axis=1) == y_valid[rows])
    return right / len(x_valid)


def of_batch(number, z, gamma, beta):
    return batchnorm_forward(z, gamma, beta)[0]


def with_statistics(statistics):
    return lambda number, z, gamma, beta: batchnorm_inference(z, gamma, beta, *statistics[number])


def final_statistics(layers, size=32):
    """`inference_statistics` of each hidden layer, over the training images in batches."""
    seen = [[] for _ in layers[:-1]]
    for start in range(0, len(x_train) - size + 1, size):
        rows = slice(start, start + size)
        gradients(layers, x_train[rows], y_train[rows], True, watch=lambda number, z: seen[number].append(z))
    return [inference_statistics(batches) for batches in seen]


# %%
running = [(np.zeros(64), np.ones(64)) for _ in range(5)]
ways = ("batches of 30", "batches of one", "inference_statistics", "running averages")
tested = {}


def follow(number, z):
    new = inference_statistics([z])
    running[number] = [running_average(old, now) for old, now in zip(running[number], new, strict=True)]


def test_four_ways(step, layers):
    if step in (1, 2, 5, 10, 20, 40, 80, 165):
        tested[step] = [
            accuracy(layers, of_batch, 30),
            accuracy(layers, of_batch, 1),
            accuracy(layers, with_statistics(final_statistics(layers))),
            accuracy(layers, with_statistics(running)),
        ]


train(True, 0.1, watch=follow, after_step=test_four_ways)
figure, axes = plt.subplots()
print(f"{'accuracy after steps':<22}", *(f"{step:>4}" for step in tested))
for k, way in enumerate(ways):
    axes.semilogx(list(tested), [values[k] for values in tested.values()], marker="osvd"[k], label=way)
    print(f"{way:<22}", *(f"{values[k]:.2f}" for values in tested.values()))
axes.set(title="A batch of one tells nothing, and running averages come late")
axes.set(xlabel="steps of training", ylabel="validation accuracy", ylim=(0, 1))
axes.set_xticks(list(tested), labels=list(tested))
axes.minorticks_off()
axes.legend()
show(
    figure,
    alt="Validation accuracy by training steps for four kinds of statistics. Batches of one stay near 0.1. Running "
    "averages are lowest of the other three up to five steps, and meet inference_statistics later.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-test-time-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# A batch of one is useless: the accuracy stays at chance, about one in ten.
# The other three learn. After one, two and five steps running averages are far behind; later they catch up.
# At the end both fixed statistics agree, and they do a little better than batches of 30, whose own mean and variance are noisy.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-b", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question B (5 points)
#
# 1. In the experiment batches of one stay at chance, however long the network has learned. Why?
# 2. Why do the running averages come late? Name two reasons.
# 3. A unit has the batch means 1, 5, 9 in three batches of four examples, and in each batch the variance 2 (divided by B).
#    What are `mean` and `var` of `inference_statistics`? Is `var` the variance of all twelve examples?
#    What do such different means tell you about the batches?
#
# A few sentences for each are enough.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-b", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (5 points).** 1: for B = 1 every $\hat z$ is β, so every image gets the same answer, 1 point (about one
# in ten). 2: the start (0 and 1) is forgotten slowly, $0.9^t$, 1; the average looks back at older networks, 1.
# 3: mean 5 and var 8/3, 1; not the variance of all examples, in which the spread of the batch means counts as well,
# and the batches are not well mixed, 1.
#
# **Answer.** 1. About 0.1. In a batch of one z − μ = 0, so every unit of the first hidden layer puts out its β, whatever the
# image is. All images get the same answer, and it is right for one class of ten.
#
# 2. After t steps the start still has the weight $0.9^t$, which is 0.35 after ten steps. And the other weights go to batches of
# the last ten steps or so: they saw older networks, with other weights, whose means and variances were different.
#
# 3. mean = 5, var = 4/3 · 2 = 8/3. The variance of all twelve is 2 + 32/3 ≈ 12.7: it also contains the spread of the
# batch means. With well mixed batches the batch means differ by chance only, and the factor B/(B−1) makes up for just
# that. Means as different as 1, 5 and 9 say that the batches are not well mixed, for instance sorted by class.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "end", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Before you hand in
#
# Restart the kernel and run all cells, from top to bottom. Every check should be silent. Then save and submit.
