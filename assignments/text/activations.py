# %% [markdown] nbgrader={"grade": false, "grade_id": "intro", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment: activations and backpropagation
#
# A deep network is a long chain of two simple steps: multiply by a weight matrix, then apply an activation.
# Training sends an error back through the same chain.
# In this assignment you write both directions yourself, in NumPy, and then use them to train a network.
# It belongs to lectures 00 (backpropagation) and 01 (activations). Plan two to four hours.
#
# | part | you write | points |
# |---|---|---|
# | 1 | `sigmoid`, `sigmoid_backward` | 6 + 5 |
# | 2 | `relu`, `relu_backward`, `leaky_relu`, `leaky_relu_backward`, `prelu_backward` | 2 + 5 + 3 + 4 + 7 |
# | 3 | `error_signals`, `weight_gradients` | 13 + 8 |
# | | question A, in words and formulas | 10 |
# | 4 | `dead_units` | 4 |
# | 5 | `maxout`, `maxout_backward`, `relu_as_maxout` | 10 + 12 + 6 |
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
# - All arrays are float64. The batch comes first: an array `[N, M]` holds N examples in its rows.
# - Never change an input in place: the caller still needs it. A result may share memory with an input.
# - Loops over examples or layers are welcome. Loops over every single number make the experiments slow.
#
# Names: `z` is the pre-activation, `a` the activation. `da` stands for ∂C/∂a and `dz` for ∂C/∂z, where C is the cost.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from tipslib.checks import (
    check_array,
    check_float,
    check_gradient,
    check_list,
    check_shape,
    no_warnings,
    short_messages,
    unchanged,
)
from tipslib.data import load
from tipslib.plotting import show, use_style

use_style()
short_messages()

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-1", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 1. The sigmoid
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# squashes every number into the range from 0 to 1, like the firing rate of a neuron.
# Far from zero it saturates: the output hardly changes any more.
#
# ### `sigmoid` (6 points)
#
# The formula has a trap. For z = −1000 it needs $e^{1000}$, which is too large for float64.
# NumPy warns of an overflow, and some ways to write σ then return nan.
# The cure: $e^{-|z|}$ is never larger than 1.
# Write $\sigma(z)$ with $e^{-|z|}$, once for z ≥ 0 and once for z < 0.
#
# Wanted: any shape; no warning for any finite z; the limits are 0 and 1; an error of at most $10^{-15}$.


# %% nbgrader={"grade": false, "grade_id": "sigmoid", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sigmoid(z):
    """a = 1 / (1 + e^{-z}), elementwise. z of any shape; returns an array of the same shape."""
    ### BEGIN SOLUTION
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "sigmoid-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The lecture's question: what does the sigmoid gate do at -10, 0 and 10?
z0 = np.array([[-10.0, 0.0, 10.0]])
with unchanged("sigmoid(z)", z=z0):
    a0 = sigmoid(z0)
check_array(a0, [[4.5397868702434395e-05, 0.5, 0.9999546021312976]], "sigmoid(z) at z = -10, 0, 10")
### BEGIN HIDDEN TESTS
for shape in [(5,), (1, 1), (3, 4), (2, 3, 4)]:
    z1 = 3 * np.random.default_rng(1).standard_normal(shape)
    a1 = np.where(z1 < 0, np.exp(-np.abs(z1)), 1) / (1 + np.exp(-np.abs(z1)))
    with unchanged("sigmoid(z)", z=z1):
        got = sigmoid(z1)
    check_array(got, a1, "sigmoid(z)", hint="It must work for an array of any shape, with any number of axes.")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "sigmoid-extremes", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Far from zero: no warning, and the limits are 0 and 1.
z0 = np.array([-1000.0, 1000.0])
with no_warnings("sigmoid(z) at z = -1000, 1000"):
    a0 = sigmoid(z0)
check_array(a0, [0.0, 1.0], "sigmoid(z) at z = -1000, 1000", atol=1e-15)
### BEGIN HIDDEN TESTS
z1 = np.array([[-1.7e308, -1e5, -746, -709, -37], [1.7e308, 1e5, 746, 709, 37], [-1e-300, 1e-300, -0.0, -1, 20]])
a1 = np.where(z1 < 0, np.exp(-np.abs(z1)), 1) / (1 + np.exp(-np.abs(z1)))
with no_warnings("sigmoid(z) for large |z|"), unchanged("sigmoid(z)", z=z1):
    got = sigmoid(z1)
check_array(
    got, a1, "sigmoid(z)", atol=1e-15, rtol=0, hint="It must be exact to 1e-15 for every finite z, large and small."
)
z1 = np.array([5e-10, -5e-10, 1e-8, -1e-8])
check_array(
    sigmoid(z1), 0.5 + z1 / 4, "sigmoid(z)", atol=1e-15, rtol=0, hint="Think of z very close to 0, on both sides."
)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-sigmoid-backward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `sigmoid_backward` (5 points)
#
# A gate that gets $\partial C/\partial a$ from above hands down
#
# $$\frac{\partial C}{\partial z} = \frac{\partial C}{\partial a} \cdot \sigma'(z).$$
#
# The slope has a handy form: express $\sigma'(z)$ by $\sigma(z)$ itself. It is never larger than 1/4.
# Where the gate is saturated it is close to 0: there the sigmoid "kills" the gradient.
#
# Wanted: finite for every finite z. Note that the function gets `z`, and not `a`.


# %% nbgrader={"grade": false, "grade_id": "sigmoid-backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sigmoid_backward(da, z):
    """dz = da • σ'(z). da and z have the same shape, any shape; so has the result."""
    ### BEGIN SOLUTION
    a = sigmoid(z)
    return da * a * (1 - a)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "sigmoid-backward-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The gate again, with ∂C/∂a = 1, 1, 1 and then 2, 2, 2.
z0 = np.array([[-10.0, 0.0, 10.0], [-10.0, 0.0, 10.0]])
da0 = np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])
slopes0 = np.array([4.539580773595167e-05, 0.25, 4.539580773595167e-05])
dz0 = sigmoid_backward(da0, z0)
check_array(dz0, [slopes0, 2 * slopes0], "sigmoid_backward(da, z) at z = -10, 0, 10", atol=1e-9)
### BEGIN HIDDEN TESTS
for shape in [(6,), (1, 3), (2, 3, 4)]:
    z1, da1 = np.random.default_rng(2).standard_normal((2, *shape))
    with unchanged("sigmoid_backward(da, z)", da=da1, z=z1):
        got = sigmoid_backward(da1, z1)
    hint = "Compare it with (σ(z + h) - σ(z - h)) / 2h for a few z, and multiply by da."
    check_gradient(got, lambda z: 1 / (1 + np.exp(-z)), z1, "sigmoid_backward(da, z)", dy=da1, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "sigmoid-backward-extremes", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# A saturated gate kills the gradient. It must not make it nan.
z0 = np.array([-500.0, 500.0])
with np.errstate(all="ignore"):
    dz0 = sigmoid_backward(np.array([1.0, 1.0]), z0)
check_array(dz0, [0.0, 0.0], "sigmoid_backward(da, z) at z = -500, 500")
### BEGIN HIDDEN TESTS
z1 = np.array([[-1.7e308, -1e4, -720, -40, 0], [1.7e308, 1e4, 720, 40, 0]])
with np.errstate(all="ignore"):
    got = sigmoid_backward(np.full((2, 5), -3.0), z1)
dz1 = np.array([[0.0, 0.0, 0.0, 0.0, -0.75]] * 2)
check_array(got, dz1, "sigmoid_backward(da, z)", hint="For very large |z| the slope is 0; is yours finite?")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-2", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 2. ReLU and its variants
#
# $$\mathrm{relu}(z) = \max(0, z)$$
#
# is fast to compute. Where z > 0 its slope is 1, so it passes the gradient on without attenuation.
# Where z < 0 its slope is 0.
# At z = 0 there is a corner and no derivative. We must choose a number there, and we choose **0**, as PyTorch does.
#
# ### `relu` (2 points) and `relu_backward` (5 points)


# %% nbgrader={"grade": false, "grade_id": "relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu(z):
    """a = max(0, z), elementwise. z of any shape; returns an array of the same shape."""
    ### BEGIN SOLUTION
    return np.maximum(z, 0.0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "relu-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# The ReLU gate at -10, 0 and 10.
z0 = np.array([[-10.0, 0.0, 10.0]])
with unchanged("relu(z)", z=z0):
    a0 = relu(z0)
check_array(a0, [[0.0, 0.0, 10.0]], "relu(z) at z = -10, 0, 10")
### BEGIN HIDDEN TESTS
for z1 in (np.array([-1e300, -1e-300, 1e-300, 1e300]), np.random.default_rng(3).standard_normal((2, 5, 3))):
    a1 = np.where(z1 > 0, z1, 0.0)
    with unchanged("relu(z)", z=z1):
        got = relu(z1)
    check_array(got, a1, "relu(z)", atol=0, hint="It must work for any shape, and for very large and very small z.")
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "relu-backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu_backward(da, z):
    """dz = da • relu'(z), with relu'(0) = 0. da and z have the same shape; so has the result."""
    ### BEGIN SOLUTION
    return da * (z > 0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "relu-backward-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The gate lets the gradient through at 10 and stops it at -10.
z0 = np.array([[-10.0, 10.0], [10.0, -10.0]])
da0 = np.array([[1.0, 2.0], [3.0, 4.0]])
check_array(relu_backward(da0, z0), [[0.0, 2.0], [3.0, 0.0]], "relu_backward(da, z) at z = -10, 10")
### BEGIN HIDDEN TESTS
for shape in [(7,), (1, 4), (3, 2, 5)]:
    z1, da1 = np.random.default_rng(4).standard_normal((2, *shape))
    z1 += np.where(z1 > 0, 0.1, -0.1)
    with unchanged("relu_backward(da, z)", da=da1, z=z1):
        got = relu_backward(da1, z1)
    hint = "da may be negative, and may have any shape. Which of da and z opens the gate?"
    check_gradient(got, lambda z: np.where(z > 0, z, 0), z1, "relu_backward(da, z)", dy=da1, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "relu-backward-kink", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# The corner: we chose the derivative 0 at z = 0.
z0 = np.array([-1.0, 0.0, 1.0])
da0 = np.array([5.0, 5.0, 5.0])
with unchanged("relu_backward(da, z)", da=da0, z=z0):
    dz0 = relu_backward(da0, z0)
check_array(dz0, [0.0, 0.0, 5.0], "relu_backward(da, z) at z = -1, 0, 1")
### BEGIN HIDDEN TESTS
z1 = np.array([[0.0, -0.0, 1e-300, -1e-300], [1e300, -1e300, 1e-9, -1e-9]])
got = relu_backward(np.full((2, 4), -2.0), z1)
dz1 = np.array([[0.0, 0.0, -2.0, 0.0], [-2.0, 0.0, -2.0, 0.0]])
check_array(got, dz1, "relu_backward(da, z)", hint="Think of z = 0, and of numbers very close to 0.")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-leaky", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `leaky_relu` (3 points) and `leaky_relu_backward` (4 points)
#
# A ReLU whose z is negative for every example gets no gradient and never moves again: it is dead.
# The leaky ReLU keeps a small slope α on that side:
#
# $$a = z \ \text{ if } z > 0, \qquad a = \alpha z \ \text{ otherwise.}$$
#
# One lecture takes α = 0.01, the other takes α = 0.1. So α is an argument, $0 \le \alpha \le 1$.
# At the corner z = 0 we choose the derivative **α**, again as PyTorch does.


# %% nbgrader={"grade": false, "grade_id": "leaky-relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_relu(z, alpha=0.01):
    """a = z where z > 0, else αz; elementwise, any shape, 0 ≤ α ≤ 1."""
    ### BEGIN SOLUTION
    return np.where(z > 0, z, alpha * z)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "leaky-relu-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Both lectures' slopes: 0.01 when nothing is said, and 0.1.
z0 = np.array([[-10.0, 0.0, 10.0]])
with unchanged("leaky_relu(z)", z=z0):
    a0 = leaky_relu(z0)
check_array(a0, [[-0.1, 0.0, 10.0]], "leaky_relu(z) at z = -10, 0, 10")
a0 = leaky_relu(z0, alpha=0.1)
check_array(a0, [[-1.0, 0.0, 10.0]], "leaky_relu(z, alpha=0.1) at z = -10, 0, 10")
### BEGIN HIDDEN TESTS
z1 = np.random.default_rng(5).standard_normal((2, 3, 4))
for alpha in (0.0, 0.3, 1.0):
    a1 = np.where(z1 > 0, z1, alpha * z1)
    with unchanged("leaky_relu(z, alpha)", z=z1):
        got = leaky_relu(z1, alpha)
    check_array(got, a1, "leaky_relu(z, alpha)", hint="What becomes of it for α = 0, and for α = 1?")
z1 = np.array([1e-10, -1e-10, 0.0, 1e-300, -1e-300, 1e300, -1e300])
a1 = np.array([1e-10, -2.5e-11, 0.0, 1e-300, -2.5e-301, 1e300, -2.5e299])
hint = "Think of one axis, and of very small and very large z."
check_array(leaky_relu(z1, 0.25), a1, "leaky_relu(z, alpha)", atol=0, hint=hint)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "leaky-relu-backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_relu_backward(da, z, alpha=0.01):
    """dz = da • leaky_relu'(z), with the derivative α at z = 0.

    da and z have the same shape, any shape; so has the result.
    """
    ### BEGIN SOLUTION
    return np.where(z > 0, da, alpha * da)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "leaky-relu-backward-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# On the right side all of the gradient passes, on the left the share α.
z0 = np.array([[-10.0, 10.0]])
da0 = np.array([[2.0, 3.0]])
with unchanged("leaky_relu_backward(da, z)", da=da0, z=z0):
    dz0 = leaky_relu_backward(da0, z0)
check_array(dz0, [[0.02, 3.0]], "leaky_relu_backward(da, z) at z = -10, 10")
dz0 = leaky_relu_backward(da0, z0, alpha=0.1)
check_array(dz0, [[0.2, 3.0]], "leaky_relu_backward(da, z, alpha=0.1) at z = -10, 10")
### BEGIN HIDDEN TESTS
for shape, alpha in [((6,), 0.01), ((1, 3), 0.2), ((2, 3, 4), 0.7)]:
    z1, da1 = np.random.default_rng(6).standard_normal((2, *shape))
    z1 += np.where(z1 > 0, 0.1, -0.1)
    with unchanged("leaky_relu_backward(da, z, alpha)", da=da1, z=z1):
        got = leaky_relu_backward(da1, z1, alpha)
    check_gradient(
        got,
        lambda z, alpha=alpha: np.where(z > 0, z, alpha * z),
        z1,
        "leaky_relu_backward(da, z, alpha)",
        dy=da1,
        hint="da may be negative, and may have any shape.",
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "leaky-relu-backward-kink", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# The corner: we chose the derivative α at z = 0.
z0 = np.array([-1.0, 0.0, 1.0])
dz0 = leaky_relu_backward(np.array([5.0, 5.0, 5.0]), z0, alpha=0.1)
check_array(dz0, [0.5, 0.5, 5.0], "leaky_relu_backward(da, z, alpha=0.1) at z = -1, 0, 1")
### BEGIN HIDDEN TESTS
z1 = np.array([[0.0, -0.0, 1e-300, -1e-300], [1e300, -1e300, 1e-9, -1e-9]])
for alpha in (0.0, 0.5, 1.0):
    dz1 = -2.0 * np.array([[alpha, alpha, 1, alpha], [1, alpha, 1, alpha]])
    got = leaky_relu_backward(np.full((2, 4), -2.0), z1, alpha)
    check_array(got, dz1, "leaky_relu_backward(da, z, alpha)", hint="Think of z = 0, of α = 0 and of α = 1.")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-prelu", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `prelu_backward` (7 points)
#
# The parametric ReLU is a leaky ReLU that learns its α by gradient descent.
# Here one α is shared by all units and all examples. So besides `dz` we need $\partial C/\partial\alpha$.
# The same α acts in many places, and each place adds its part to this one number:
#
# $$\frac{\partial C}{\partial\alpha} = \sum_{n,i} \frac{\partial C}{\partial a_{ni}} \, \frac{\partial a_{ni}}{\partial\alpha}.$$
#
# What is $\partial a/\partial\alpha$ where z > 0, and what is it elsewhere?


# %% nbgrader={"grade": false, "grade_id": "prelu-backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prelu_backward(da, z, alpha):
    """Gradients of a = z where z > 0, else αz, with one α for all entries.

    da and z have the same shape, any shape. At z = 0 the derivative by z is α.
    Returns (dz, dalpha): an array of that shape, and a float.
    """
    ### BEGIN SOLUTION
    dz = np.where(z > 0, da, alpha * da)
    dalpha = np.sum(da * np.minimum(z, 0.0))
    return dz, float(dalpha)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "prelu-backward-dz", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
z0 = np.array([[-2.0, 3.0], [0.0, -1.0]])
da0 = np.array([[1.0, 1.0], [1.0, 10.0]])
result = prelu_backward(da0, z0, 0.25)
check_list(result, 2, "prelu_backward(da, z, alpha), (dz, dalpha)")
check_array(result[0], [[0.25, 1.0], [0.25, 2.5]], "prelu_backward(da, z, alpha=0.25), dz")
### BEGIN HIDDEN TESTS
for shape, alpha in [((5,), 0.0), ((1, 3), 0.3), ((3, 2, 4), 1.5)]:
    z1, da1 = np.random.default_rng(7).standard_normal((2, *shape))
    z1.flat[0] = 0.0
    dz1 = da1 * np.where(z1 > 0, 1.0, alpha)
    with unchanged("prelu_backward(da, z, alpha)", da=da1, z=z1):
        result = prelu_backward(da1, z1, alpha)
    check_array(
        result[0], dz1, "prelu_backward(da, z, alpha), dz", hint="α is learned, so it may take any value, also 0."
    )
z1, dz1 = np.array([1e-10, -1e-10, 1.0, -1.0]), np.array([2.0, -1.0, 2.0, -1.0])
result = prelu_backward(np.full(4, 2.0), z1, -0.5)
hint = "α is learned and may become negative, and z may be very small."
check_array(result[0], dz1, "prelu_backward(da, z, alpha), dz", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "prelu-backward-dalpha", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Only the entries -2 and -1 depend on α, so ∂C/∂α = 1 · (-2) + 10 · (-1).
z0 = np.array([[-2.0, 3.0], [0.0, -1.0]])
da0 = np.array([[1.0, 1.0], [1.0, 10.0]])
result = prelu_backward(da0, z0, 0.25)
check_list(result, 2, "prelu_backward(da, z, alpha), (dz, dalpha)")
check_float(result[1], -12.0, "prelu_backward(da, z, alpha=0.25), dalpha")
### BEGIN HIDDEN TESTS
for shape, alpha in [((5,), 0.0), ((1, 3), 0.3), ((3, 2, 4), 1.5), ((4, 6), 0.01)]:
    z1, da1 = np.random.default_rng(8).standard_normal((2, *shape))
    dalpha1 = sum(g * v for g, v in zip(da1.flat, z1.flat, strict=True) if v < 0)
    result = prelu_backward(da1, z1, alpha)
    hint = "It is a sum over all entries of a batch of any shape, and it must work for α = 0."
    check_float(result[1], dalpha1, "prelu_backward(da, z, alpha), dalpha", hint=hint)
check_float(
    prelu_backward(np.ones((2, 2)), np.ones((2, 2)), 0.1)[1],
    0.0,
    "prelu_backward(da, z, alpha), dalpha",
    hint="What is it when every z is positive?",
)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-3", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 3. Backpropagation
#
# The forward pass goes through the layers $l = 1 \dots L$, starting with $a^0 = x$:
#
# $$z^l = W^l a^{l-1} + b^l, \qquad a^l = \sigma(z^l).$$
#
# The derivative of the cost by one weight is a product of two things: what came in, and what went wrong.
#
# $$\frac{\partial C}{\partial w_{ij}^l} = a_j^{l-1} \, \delta_i^l, \qquad \delta_i^l = \frac{\partial C}{\partial z_i^l}.$$
#
# δ is called the **error signal**. The backward pass computes it from the last layer to the first:
#
# $$\delta^L = \sigma'(z^L) \bullet \nabla C(y), \qquad \delta^l = \sigma'(z^l) \bullet (W^{l+1})^T \delta^{l+1}.$$
#
# ### `error_signals` (13 points)
#
# The lecture writes this for one example, as a column. We have a batch of examples, one in each **row**.
# So the formula has to be turned: what is $(W^{l+1})^T \delta^{l+1}$ when $\delta^{l+1}$ is a row?
# The weights stay as in the lecture, $W^l$ has the shape [outputs, inputs].
#
# The argument `act_backward` is a function: `act_backward(da, z)` returns `dz`.
# It can be `relu_backward`, `sigmoid_backward` or any other.


# %% nbgrader={"grade": false, "grade_id": "error-signals", "locked": false, "schema_version": 3, "solution": true, "task": false}
def error_signals(weights, zs, dC_da, act_backward):
    """The backward pass: the list [δ^1, ..., δ^L] of arrays [N, n].

    weights: [W^1, ..., W^L], each [n_out, n_in]. zs: [z^1, ..., z^L], each [N, n].
    dC_da: ∂C/∂a^L, shape [N, n]. act_backward(da, z) returns dz, all three of one shape [N, n].
    """
    ### BEGIN SOLUTION
    deltas = [act_backward(dC_da, zs[-1])]
    for layer in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(deltas[0] @ weights[layer], zs[layer - 1]))
    return deltas
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "error-signals-last", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# One layer: δ^L = σ'(z^L) • ∇C(y). The activation here is a = z², so σ'(z) = 2z.
weights0, zs0 = [np.ones((2, 3))], [np.array([[3.0, 4.0]])]
deltas0 = error_signals(weights0, zs0, np.array([[1.0, 10.0]]), lambda da, z: da * 2 * z)
check_list(deltas0, 1, "error_signals with L = 1, the list")
check_array(deltas0[0], [[6.0, 80.0]], "error_signals with L = 1, δ^1")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(9)
for n in (1, 4):
    weight1, z1, dC1 = rng.standard_normal((2, 5)), rng.standard_normal((n, 2)), rng.standard_normal((n, 2))
    delta1 = dC1 * (1 - np.tanh(z1) ** 2)
    with unchanged("error_signals", weights=[weight1], zs=[z1], dC_da=dC1):
        got = error_signals([weight1], [z1], dC1, lambda da, z: da * (1 - np.tanh(z) ** 2))
    check_list(got, 1, "error_signals with L = 1, the list")
    check_array(got[0], delta1, "error_signals, δ^L", hint="Is σ' taken at z^L, and multiplied by dC_da?")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "error-signals-chain", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# Two layers by hand, with a = z² again: δ² = 2·3·5 = 30 and (W²)ᵀ δ² = (60, -30),
# so δ¹ = (2·1·60, 2·2·(-30)).
weights0 = [np.ones((2, 3)), np.array([[2.0, -1.0]])]
zs0 = [np.array([[1.0, 2.0]]), np.array([[3.0]])]
deltas0 = error_signals(weights0, zs0, np.array([[5.0]]), lambda da, z: da * 2 * z)
check_list(deltas0, 2, "error_signals with L = 2, the list")
check_array(deltas0[1], [[30.0]], "error_signals with L = 2, δ^2")
check_array(deltas0[0], [[120.0, -120.0]], "error_signals with L = 2, δ^1")


### BEGIN HIDDEN TESTS
def tail_output(z, weights, biases):
    """What a tanh network makes of the pre-activation z of a layer below."""
    a = np.tanh(z)
    for weight, bias in zip(weights, biases, strict=True):
        a = np.tanh(a @ weight.T + bias)
    return a


rng = np.random.default_rng(10)
for n, widths in [(3, (4, 3, 5, 2)), (1, (2, 6, 1, 3, 4))]:
    weights1 = [rng.standard_normal((o, i)) * 0.7 for i, o in pairwise(widths)]
    biases1 = [rng.standard_normal(o) * 0.5 for o in widths[1:]]
    a1, zs1 = rng.standard_normal((n, widths[0])), []
    for weight, bias in zip(weights1, biases1, strict=True):
        zs1.append(a1 @ weight.T + bias)
        a1 = np.tanh(zs1[-1])
    dC1 = rng.standard_normal(a1.shape)
    with unchanged("error_signals", weights=weights1, zs=zs1, dC_da=dC1):
        got = error_signals(weights1, zs1, dC1, lambda da, z: da * (1 - np.tanh(z) ** 2))
    check_list(got, len(zs1), "error_signals, the list", hint="One δ for each layer, also for L larger than 2.")
    for i, z in enumerate(zs1):
        check_gradient(
            got[i],
            lambda z, weights=weights1[i + 1 :], biases=biases1[i + 1 :]: tail_output(z, weights, biases),
            z,
            f"error_signals, δ^{i + 1} of {len(zs1)}",
            dy=dC1,
            hint="δ is the gradient of C by z. Check the order of the list, which W you take, and how it is turned.",
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "error-signals-activations", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The activation is the caller's choice.
# With a = z the error only passes through the weights: 1·2 + 2·3 = 8.
weights0 = [np.ones((1, 4)), np.array([[2.0], [3.0]])]
zs0 = [np.array([[7.0]]), np.array([[8.0, 9.0]])]
deltas0 = error_signals(weights0, zs0, np.array([[1.0, 2.0]]), lambda da, z: da)
check_list(deltas0, 2, "error_signals with a = z, the list")
check_array(deltas0[0], [[8.0]], "error_signals with a = z, δ^1")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(11)
cases1 = [
    (2, (3, 2, 4), lambda z: np.where(z > 0, 1.0, 0.1)),
    (1, (2, 5, 3), np.cos),
    (5, (1, 3, 3, 2), lambda z: 3 * z**2),
    (3, (4, 1, 2), np.sign),
]
for n, widths, slope1 in cases1:
    weights1 = [rng.standard_normal((o, i)) for i, o in pairwise(widths)]
    zs1 = [rng.standard_normal((n, o)) for o in widths[1:]]
    dC1 = rng.standard_normal((n, widths[-1]))
    deltas1 = [slope1(zs1[-1]) * dC1]
    for weight, z in zip(reversed(weights1[1:]), reversed(zs1[:-1]), strict=True):
        deltas1.insert(0, slope1(z) * np.einsum("no,oi->ni", deltas1[0], weight))
    got = error_signals(weights1, zs1, dC1, lambda da, z, slope1=slope1: da * slope1(z))
    check_list(got, len(zs1), "error_signals, the list", hint="Does a second call still see what the first one left?")
    for i, delta in enumerate(deltas1):
        check_array(
            got[i],
            delta,
            f"error_signals, δ^{i + 1} of {len(zs1)}",
            hint="Use act_backward, whatever activation it belongs to, and give it the z of the right layer.",
        )
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-weight-gradients", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `weight_gradients` (8 points)
#
# For one example $\partial C/\partial w_{ij}^l = a_j^{l-1} \delta_i^l$.
# The cost of a batch is the sum over its examples, so the gradient is the sum as well. We do not divide by N.
# The result has the shape of $W^l$, [outputs, inputs].


# %% nbgrader={"grade": false, "grade_id": "weight-gradients", "locked": false, "schema_version": 3, "solution": true, "task": false}
def weight_gradients(deltas, inputs):
    """The list [∂C/∂W^1, ..., ∂C/∂W^L], each [n_out, n_in], summed over the batch.

    deltas: [δ^1, ..., δ^L], each [N, n_out]. inputs: [a^0, ..., a^{L-1}], each [N, n_in].
    """
    ### BEGIN SOLUTION
    return [delta.T @ a for delta, a in zip(deltas, inputs, strict=True)]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "weight-gradients-one", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# One example: two outputs, three inputs.
gradients0 = weight_gradients([np.array([[1.0, 2.0]])], [np.array([[3.0, 4.0, 5.0]])])
check_list(gradients0, 1, "weight_gradients with L = 1, the list")
expected0 = [[3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]
check_array(gradients0[0], expected0, "weight_gradients, one example, ∂C/∂W^1")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(12)
widths = (3, 1, 4, 2)
inputs1 = [rng.standard_normal((1, w)) for w in widths[:-1]]
deltas1 = [rng.standard_normal((1, w)) for w in widths[1:]]
gradients1 = [np.outer(delta[0], a[0]) for delta, a in zip(deltas1, inputs1, strict=True)]
with unchanged("weight_gradients", deltas=deltas1, inputs=inputs1):
    got = weight_gradients(deltas1, inputs1)
check_list(got, 3, "weight_gradients, the list", hint="One gradient for each layer.")
for i, gradient in enumerate(gradients1):
    check_array(got[i], gradient, f"weight_gradients, ∂C/∂W^{i + 1} of 3", hint="It must work for one example, too.")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "weight-gradients-batch", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# Two examples: the sum of both. The second example adds 10·(1, 0, 1) and 20·(1, 0, 1).
deltas0 = [np.array([[1.0, 2.0], [10.0, 20.0]])]
inputs0 = [np.array([[3.0, 4.0, 5.0], [1.0, 0.0, 1.0]])]
gradients0 = weight_gradients(deltas0, inputs0)
check_list(gradients0, 1, "weight_gradients with L = 1, the list")
expected0 = [[13.0, 4.0, 15.0], [26.0, 8.0, 30.0]]
check_array(gradients0[0], expected0, "weight_gradients, two examples, ∂C/∂W^1")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(13)
for n, widths in [(5, (3, 2, 4)), (4, (4, 4, 4, 4)), (3, (1, 6))]:
    inputs1 = [rng.standard_normal((n, w)) for w in widths[:-1]]
    deltas1 = [rng.standard_normal((n, w)) for w in widths[1:]]
    gradients1 = [sum(np.outer(delta[k], a[k]) for k in range(n)) for delta, a in zip(deltas1, inputs1, strict=True)]
    with unchanged("weight_gradients", deltas=deltas1, inputs=inputs1):
        got = weight_gradients(deltas1, inputs1)
    check_list(got, len(gradients1), "weight_gradients, the list", hint="One gradient for each layer.")
    for i, gradient in enumerate(gradients1):
        check_array(
            got[i],
            gradient,
            f"weight_gradients, ∂C/∂W^{i + 1} of {len(gradients1)}",
            hint="It is the sum over all examples, for every layer; when a matrix is square, the shape hides a transpose.",
        )
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-vanishing", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: the vanishing gradient
#
# Your two functions can now show the lecture's problem.
# The next cell sends random error signals back through eight layers of 40 units, once with the sigmoid and once with
# ReLU. The weights are random, on a scale that suits each activation. It draws how large the weight gradients are.

# %%
data = load("mnist1d")
x_train = data.train.x.astype(np.float64)
targets = np.eye(10)[data.train.y]


def random_layers(widths, gain, rng):
    """Weights from N(0, gain / n_in) and biases 0 for layers of these widths."""
    shapes = [(n_out, n_in) for n_in, n_out in pairwise(widths)]
    weights = [rng.standard_normal(shape) * np.sqrt(gain / shape[1]) for shape in shapes]
    return weights, [np.zeros(n_out) for n_out in widths[1:]]


def forward(weights, biases, x, act):
    """The lists [z^1, ..., z^L] and [a^0, ..., a^L]."""
    zs, activations = [], [x]
    for weight, bias in zip(weights, biases, strict=True):
        zs.append(activations[-1] @ weight.T + bias)
        activations.append(act(zs[-1]))
    return zs, activations


# %%
def gradient_sizes(act, act_backward, gain):
    """The root mean square of ∂C/∂W for each of eight layers."""
    rng = np.random.default_rng(0)
    weights, biases = random_layers([40] * 9, gain, rng)
    zs, activations = forward(weights, biases, x_train[:200], act)
    deltas = error_signals(weights, zs, rng.standard_normal(zs[-1].shape), act_backward)
    return [np.sqrt(np.mean(g**2)) for g in weight_gradients(deltas, activations[:-1])]


sizes = {
    "sigmoid": gradient_sizes(sigmoid, sigmoid_backward, gain=1),
    "ReLU": gradient_sizes(relu, relu_backward, gain=2),
}
figure, axes = plt.subplots()
for name, (first, *_, last) in sizes.items():
    print(f"{name:8} layer 1: {first:.2e}   layer 8: {last:.2e}   ratio {last / first:8.1f}")
    axes.semilogy(np.arange(1, 9), sizes[name], marker="o", label=name)
axes.set_title("The sigmoid's gradient vanishes on its way to layer 1")
axes.set(xlabel="layer", ylabel="RMS of ∂C/∂W")
axes.legend()
show(
    figure,
    alt="Size of the weight gradient by layer. Sigmoid: it falls by four decades "
    "from layer 8 to layer 1. ReLU: it stays about level.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-vanishing-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# With the sigmoid the last layer's gradient is thousands of times larger than the first layer's.
# With one learning rate for all, the last layers learn and the first ones stay random.
# With ReLU all eight layers get gradients of about the same size.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-a", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question A (10 points)
#
# Derive the backward pass yourself, for one example, **index by index**.
# Take $z_k^{l+1} = \sum_i w_{ki}^{l+1} a_i^l + b_k^{l+1}$ and $a_i^l = \sigma(z_i^l)$.
#
# 1. Show that $\delta_i^l = \sigma'(z_i^l) \sum_k w_{ki}^{l+1} \delta_k^{l+1}$. Say at each step what you use.
#    Where does the sum over k come from?
# 2. Say where the transpose in $(W^{l+1})^T$ comes from.
#    Then write the formula for a batch, with one example in each row.
# 3. Show that $\partial C/\partial w_{ij}^l = a_j^{l-1} \delta_i^l$, and write it as a matrix for a batch.
#
# Write your answer into the cell below. Formulas stand between dollar signs, as in `$\delta_i^l$`.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-a", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (10 points).** 1: chain rule through *all* $z_k^{l+1}$, with the sum, 2 points; the reason for the sum,
# 1; $\partial z_k^{l+1}/\partial a_i^l = w_{ki}^{l+1}$, 1; the factor $\sigma'(z_i^l)$ from $a_i^l$ alone, 1.
# 2: the sum runs over the first index, the row of W, 1; batch form, 1.
# 3: only $z_i^l$ contains $w_{ij}^l$, so no sum over units, 1; the derivative $a_j^{l-1}$, 1; batch form with its sum
# over examples, 1. Accept any clear notation. A formula that is only copied from the text earns nothing.
#
# **Answer.** 1. The cost depends on $z_i^l$ only through $a_i^l$, and on $a_i^l$ through every $z_k^{l+1}$ of the next
# layer, because unit i feeds all of them. The chain rule adds up all these paths:
#
# $$\delta_i^l = \frac{\partial C}{\partial z_i^l}
# = \sum_k \frac{\partial C}{\partial z_k^{l+1}} \frac{\partial z_k^{l+1}}{\partial a_i^l} \frac{\partial a_i^l}{\partial z_i^l}
# = \sum_k \delta_k^{l+1} \, w_{ki}^{l+1} \, \sigma'(z_i^l).$$
#
# 2. In the forward pass the sum in $W a$ runs over the second index of W, here it runs over the first: this is the
# product with the transpose. With examples as rows, $\delta^l = \sigma'(z^l) \bullet (\delta^{l+1} W^{l+1})$, shapes
# [N, n] = [N, m] [m, n]: the transpose is gone.
#
# 3. Of all pre-activations of layer l only $z_i^l$ contains $w_{ij}^l$, and $\partial z_i^l/\partial w_{ij}^l = a_j^{l-1}$.
# So $\partial C/\partial w_{ij}^l = \delta_i^l a_j^{l-1}$. A batch costs the sum over its examples n, hence
# $\sum_n \delta_{ni}^l a_{nj}^{l-1}$, which is $(\delta^l)^T a^{l-1}$.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-4", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 4. Dead units
#
# ### `dead_units` (4 points)
#
# A ReLU unit is dead on a batch when its output is 0 for **every** example.
# Then its δ is 0 for every example, and all the weights connected to it stay as they are.
# Given the activations after a ReLU, find the dead units.


# %% nbgrader={"grade": false, "grade_id": "dead-units", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dead_units(a):
    """a [N, M] after a ReLU → bool array [M], True where a unit is 0 for all N examples."""
    ### BEGIN SOLUTION
    return np.all(a == 0, axis=0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "dead-units-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Three examples in rows, four units in columns. Only the first unit is never active.
a0 = np.array([[0.0, 1.0, 0.0, 2.0], [0.0, 0.0, 2.0, 1.0], [0.0, 3.0, 0.0, 4.0]])
check_array(dead_units(a0), [True, False, False, False], "dead_units(a)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(14)
for n, m in [(2, 7), (6, 3), (4, 4)]:
    a1 = np.maximum(rng.standard_normal((n, m)), 0)
    a1[:, 1] = 0
    dead1 = np.array([all(v == 0 for v in column) for column in a1.T])
    with unchanged("dead_units(a)", a=a1):
        got = dead_units(a1)
    check_array(got, dead1, "dead_units(a)", hint="One answer for each unit, a column; look at every example, a row.")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "dead-units-edges", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# A batch of one example.
check_array(dead_units(np.array([[0.0, 0.5]])), [True, False], "dead_units(a), one example")
### BEGIN HIDDEN TESTS
hint = "A unit that is active once, however weakly, is alive."
a1 = np.zeros((5, 3))
check_array(dead_units(a1), np.array([True, True, True]), "dead_units(a)", hint="Can all units be dead?")
a1[4, 2], a1[0, 0] = 1e-300, 1e-12
check_array(dead_units(a1), np.array([False, True, False]), "dead_units(a)", hint=hint)
check_array(
    dead_units(np.array([[0.0], [2.0]])), np.array([False]), "dead_units(a)", hint="There may be a single unit."
)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-dead", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: how the learning rate kills units
#
# "Use ReLU. Be careful with your learning rates", says the lecture. Is that so?
# The next two cells train a network 40–50–50–10 on `mnist1d` with your functions, at six rates.
# Each rate is run with two seeds. Then they count the dead units.
# As a control they do the same with the leaky ReLU, which cannot die.
#
# The output layer is a softmax with cross entropy, the subject of the next assignment.
# All we need now is that its error signal is y − ŷ. So `backward` below leaves the error of the last layer alone.


# %%
def train(rate, seed, act, act_backward, epochs=5, batch=100):
    """Train by mini-batches; returns the weights and biases."""

    def backward(da, z):  # the ten outputs are linear
        return da if z.shape[1] == 10 else act_backward(da, z)

    rng = np.random.default_rng(seed)
    weights, biases = random_layers([40, 50, 50, 10], 2, rng)
    for _ in range(epochs):
        order = rng.permutation(len(x_train))
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            zs, activations = forward(weights, biases, x_train[rows], act)
            y = np.exp(zs[-1] - zs[-1].max(axis=1, keepdims=True))
            y /= y.sum(axis=1, keepdims=True)
            deltas = error_signals(weights, zs, (y - targets[rows]) / len(rows), backward)
            gradients = weight_gradients(deltas, activations[:-1])
            for i in range(3):
                weights[i] -= rate * gradients[i]
                biases[i] -= rate * deltas[i].sum(axis=0)
    return weights, biases


def accuracy(weights, biases, act):
    """The share of validation examples whose largest output is their class."""
    with np.errstate(all="ignore"):  # after a high rate the numbers may be nan
        zs, _ = forward(weights, biases, data.validation.x.astype(np.float64), act)
    return np.mean(zs[-1].argmax(axis=1) == data.validation.y)


# %% tips={"atol": 0.05, "image_rms": 8}
rates = [0.1, 0.3, 1.0, 2.0, 3.0, 4.0]
table = np.zeros((len(rates), 4))
for i, rate in enumerate(rates):
    for seed in range(2):
        weights, biases = train(rate, seed, relu, relu_backward)
        _, activations = forward(weights, biases, x_train, relu)
        dead = [np.mean(dead_units(a)) for a in activations[1:3]]
        with np.errstate(all="ignore"):  # at a high rate the numbers may overflow
            leaky = train(rate, seed, leaky_relu, leaky_relu_backward)
        table[i] += [*dead, accuracy(weights, biases, relu), accuracy(*leaky, leaky_relu)]
table /= 2
print("         dead ReLU units       validation accuracy")
print("rate    layer 1    layer 2       ReLU    leaky ReLU")
for rate, row in zip(rates, table, strict=True):
    print(f"{rate:4.2f}    {row[0]:7.2f}    {row[1]:7.2f}    {row[2]:7.2f}    {row[3]:10.2f}")

figure, axes = plt.subplots()
axes.semilogx(rates, table[:, 1], marker="o", label="dead ReLU units in layer 2")
axes.semilogx(rates, table[:, 2], marker="s", label="accuracy with ReLU")
axes.semilogx(rates, table[:, 3], marker="^", label="accuracy with leaky ReLU")
axes.set_title("At too high a rate units die, and the accuracy falls")
axes.set(xlabel="learning rate", ylabel="share", ylim=(-0.03, 1.03))
axes.legend()
show(
    figure,
    alt="Share of dead ReLU units and validation accuracy against the learning rate. "
    "The accuracy rises up to rate 1. Beyond it units die and the accuracy falls to chance, "
    "with ReLU and with leaky ReLU.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-dead-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Up to a rate of 1 the accuracy grows with the rate and hardly a unit dies. From 2 on, units of the second layer die.
# At 4 nearly all of them are dead and the network guesses, which is right one time in ten. The lecture's warning is right.
#
# But look at the control. The leaky ReLU has no dead units. It does a little better at 2, and from 3 on it fails just the
# same. So here the dead units are a sign of the illness rather than its cause: the rate is too high for either.
# Counting them is a cheap diagnosis.

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-5", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 5. Maxout
#
# A maxout unit has K linear pieces and takes the largest:
#
# $$z_k = x W_k + b_k, \qquad a = \max_k z_k.$$
#
# It has no fixed activation function. It learns one.
#
# ### `maxout` (10 points)
#
# Here `x` is [N, D], `W` is [K, D, M] and `b` is [K, M]: M units with K pieces each. From now on a weight matrix acts
# as `x @ W`. Return the activation `a` [N, M] and `winner` [N, M], the number k of the piece that was the largest.
# When two pieces are equal, the one with the lowest number wins.


# %% nbgrader={"grade": false, "grade_id": "maxout-example", "locked": true, "schema_version": 3, "solution": false, "task": false}
# For the checks below: three examples, two inputs, two units, two pieces.
x_example = np.array([[1.0, 2.0], [-1.0, 1.0], [3.0, 0.0]])
W_example = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [-1.0, 0.0]]])
b_example = np.array([[0.0, 0.0], [1.0, -1.0]])


# %% nbgrader={"grade": false, "grade_id": "maxout", "locked": false, "schema_version": 3, "solution": true, "task": false}
def maxout(x, W, b):
    """a = max_k (x W_k + b_k) and the winning k.

    x [N, D], W [K, D, M], b [K, M]. Returns (a, winner): a [N, M], winner [N, M] integers in 0..K-1,
    the lowest on a tie.
    """
    ### BEGIN SOLUTION
    z = x @ W + b[:, None, :]
    return z.max(axis=0), z.argmax(axis=0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "maxout-a", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# By hand for the first example: z_0 = (1, 2), z_1 = (-1, 0).
result = maxout(x_example.copy(), W_example.copy(), b_example.copy())
check_list(result, 2, "maxout(x, W, b), (a, winner)")
check_array(result[0], [[1.0, 2.0], [0.0, 1.0], [3.0, 2.0]], "maxout(x, W, b), a")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(15)
for n, d, m, k in [(4, 3, 5, 3), (1, 2, 4, 2), (6, 1, 1, 4), (3, 4, 2, 1)]:
    x1, W1, b1 = rng.standard_normal((n, d)), rng.standard_normal((k, d, m)), rng.standard_normal((k, m))
    a1 = np.max([x1 @ W1[i] + b1[i] for i in range(k)], axis=0)
    with unchanged("maxout(x, W, b)", x=x1, W=W1, b=b1):
        result = maxout(x1, W1, b1)
    check_array(result[0], a1, "maxout(x, W, b), a", hint="Any numbers N, D, M and K, each of them also 1.")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "maxout-winner", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The second piece wins in two places only.
result = maxout(x_example.copy(), W_example.copy(), b_example.copy())
check_list(result, 2, "maxout(x, W, b), (a, winner)")
check_array(result[1], [[0, 0], [1, 0], [0, 1]], "maxout(x, W, b), winner")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(16)
for n, d, m, k in [(5, 2, 3, 4), (1, 3, 2, 3), (4, 2, 2, 1)]:
    x1, W1, b1 = rng.standard_normal((n, d)), rng.standard_normal((k, d, m)), rng.standard_normal((k, m))
    winner1 = np.argmax([x1 @ W1[i] + b1[i] for i in range(k)], axis=0)
    result = maxout(x1, W1, b1)
    check_array(result[1], winner1, "maxout(x, W, b), winner", hint="Any numbers N, D, M and K, each of them also 1.")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "maxout-ties", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# x = 0 makes all pieces equal to their biases. For the first unit both are 1, for the second 0 and 2.
result = maxout(np.zeros((1, 3)), np.ones((2, 3, 2)), np.array([[1.0, 0.0], [1.0, 2.0]]))
check_list(result, 2, "maxout(x, W, b), (a, winner)")
check_array(result[1], [[0, 1]], "maxout(x, W, b) on a tie, winner")
### BEGIN HIDDEN TESTS
# Piece 0 loses, pieces 1 and 3 are equal; small integers, so that ties are exact.
x1 = np.array([[1.0, 2.0], [-2.0, 1.0], [0.0, 3.0]])
W1 = np.zeros((4, 2, 2))
b1 = np.array([[-50.0, -50.0], [1.0, 0.0], [-9.0, 0.0], [1.0, 0.0]])
W1[1] = W1[3] = [[1.0, 0.0], [2.0, 0.0]]
a1 = np.array([[6.0, 0.0], [1.0, 0.0], [7.0, 0.0]])
result = maxout(x1, W1, b1)
check_array(result[0], a1, "maxout(x, W, b), a", hint="On a tie the value is that of either piece.")
check_array(
    result[1],
    np.ones((3, 2), int),
    "maxout(x, W, b), winner",
    hint="On a tie the lowest number of the tied pieces wins.",
)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-maxout-backward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `maxout_backward` (12 points)
#
# Once x is given we know which piece wins. The winners alone form a thin, linear network: train that network.
# So the gradient goes to the winning piece, and to no other. Each example may have winners of its own.
#
# You get `da` = ∂C/∂a [N, M], `x`, `W` and the `winner` [N, M] of the forward pass.
# Return `dx` [N, D], `dW` [K, D, M] and `db` [K, M], the latter two summed over the batch.
# A piece that never wins gets zeros.


# %% nbgrader={"grade": false, "grade_id": "maxout-backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def maxout_backward(da, x, W, winner):
    """Gradients of the maxout layer, through the winning pieces only.

    da [N, M], x [N, D], W [K, D, M], winner [N, M]. Returns (dx, dW, db): [N, D], [K, D, M], [K, M].
    """
    ### BEGIN SOLUTION
    dx, dW, db = np.zeros_like(x), np.empty_like(W), np.empty((len(W), da.shape[1]))
    for k in range(len(W)):
        dz = da * (winner == k)
        dx += dz @ W[k].T
        dW[k] = x.T @ dz
        db[k] = dz.sum(axis=0)
    return dx, dW, db
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "maxout-backward-dx", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The example from above: the first unit's winners are the pieces 0, 1, 0, the second's 0, 0, 1.
da0 = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
winner0 = np.array([[0, 0], [1, 0], [0, 1]])
result = maxout_backward(da0, x_example.copy(), W_example.copy(), winner0)
check_list(result, 3, "maxout_backward(da, x, W, winner), (dx, dW, db)")
expected0 = [[1.0, 10.0], [0.0, 18.0], [33.0, 0.0]]
check_array(result[0], expected0, "maxout_backward(da, x, W, winner), dx")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(17)
for n, d, m, k in [(4, 3, 5, 3), (1, 2, 4, 2), (6, 1, 1, 4), (3, 4, 2, 1)]:
    x1, W1, b1 = rng.standard_normal((n, d)), rng.standard_normal((k, d, m)), rng.standard_normal((k, m))
    da1 = rng.standard_normal((n, m))
    winner1 = np.argmax([x1 @ W1[i] + b1[i] for i in range(k)], axis=0)
    with unchanged("maxout_backward(da, x, W, winner)", da=da1, x=x1, W=W1, winner=winner1):
        result = maxout_backward(da1, x1, W1, winner1)
    check_gradient(
        result[0],
        lambda x, W=W1, b=b1: np.max([x @ W[i] + b[i] for i in range(len(W))], axis=0),
        x1,
        "maxout_backward(da, x, W, winner), dx",
        dy=da1,
        hint="Each input feeds all units: sum over them, each with its own winner. Any N, D, M and K, also 1.",
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "maxout-backward-dW", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# Unit 0, piece 0 won for the first and the third example: 1·(1, 2) + 3·(3, 0) = (10, 2).
da0 = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
winner0 = np.array([[0, 0], [1, 0], [0, 1]])
result = maxout_backward(da0, x_example.copy(), W_example.copy(), winner0)
check_list(result, 3, "maxout_backward(da, x, W, winner), (dx, dW, db)")
check_array(
    result[1],
    [[[10.0, -10.0], [2.0, 40.0]], [[-2.0, 90.0], [2.0, 0.0]]],
    "maxout_backward(da, x, W, winner), dW",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(18)
for n, d, m, k in [(4, 3, 5, 3), (1, 2, 4, 5), (6, 1, 1, 4), (3, 4, 2, 1)]:
    x1, W1, b1 = rng.standard_normal((n, d)), rng.standard_normal((k, d, m)), rng.standard_normal((k, m))
    da1 = rng.standard_normal((n, m))
    winner1 = np.argmax([x1 @ W1[i] + b1[i] for i in range(k)], axis=0)
    with unchanged("maxout_backward(da, x, W, winner)", da=da1, x=x1, W=W1, winner=winner1):
        result = maxout_backward(da1, x1, W1, winner1)
    check_gradient(
        result[1],
        lambda W, x=x1, b=b1: np.max([x @ W[i] + b[i] for i in range(len(W))], axis=0),
        W1,
        "maxout_backward(da, x, W, winner), dW",
        dy=da1,
        hint="Sum over the batch what each example gives to its winner. A piece that never wins gets zeros.",
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "maxout-backward-db", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The bias is a weight whose input is always 1.
da0 = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
winner0 = np.array([[0, 0], [1, 0], [0, 1]])
result = maxout_backward(da0, x_example.copy(), W_example.copy(), winner0)
check_list(result, 3, "maxout_backward(da, x, W, winner), (dx, dW, db)")
check_array(result[2], [[4.0, 30.0], [2.0, 30.0]], "maxout_backward(da, x, W, winner), db")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(19)
for n, d, m, k in [(4, 3, 5, 3), (1, 2, 4, 5), (6, 1, 1, 4), (3, 4, 2, 1)]:
    x1, W1, b1 = rng.standard_normal((n, d)), rng.standard_normal((k, d, m)), rng.standard_normal((k, m))
    da1 = rng.standard_normal((n, m))
    winner1 = np.argmax([x1 @ W1[i] + b1[i] for i in range(k)], axis=0)
    with unchanged("maxout_backward(da, x, W, winner)", da=da1, x=x1, W=W1, winner=winner1):
        result = maxout_backward(da1, x1, W1, winner1)
    check_gradient(
        result[2],
        lambda b, x=x1, W=W1: np.max([x @ W[i] + b[i] for i in range(len(W))], axis=0),
        b1,
        "maxout_backward(da, x, W, winner), db",
        dy=da1,
        hint="One number for each piece of each unit, summed over the batch.",
    )
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-relu-as-maxout", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `relu_as_maxout` (6 points)
#
# "All ReLU variants are just special cases of Maxout." Show it for the ReLU:
# given the weights `w` [D, M] and biases `b` [M] of a ReLU layer, build a maxout layer with **two** pieces
# that computes the same for every x. Return its weights `W` [2, D, M] and biases `B` [2, M].
# The order of the two pieces does not matter.


# %% nbgrader={"grade": false, "grade_id": "relu-as-maxout", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu_as_maxout(w, b):
    """The two-piece maxout layer that equals relu(x w + b).

    w [D, M], b [M]. Returns (W, B): [2, D, M] and [2, M], float64.
    """
    ### BEGIN SOLUTION
    return np.stack([w, np.zeros_like(w)]), np.stack([b, np.zeros_like(b)])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "relu-as-maxout-shapes", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# One input, two units.
result = relu_as_maxout(np.array([[2.0, -1.0]]), np.array([1.0, 0.5]))
check_list(result, 2, "relu_as_maxout(w, b), (W, B)")
check_shape(result[0], (2, 1, 2), "relu_as_maxout(w, b), W")
check_shape(result[1], (2, 2), "relu_as_maxout(w, b), B")
### BEGIN HIDDEN TESTS
hint = "W is [2, D, M] and B is [2, M], for any D and M."
for d, m in [(3, 1), (4, 2), (1, 5)]:
    w1, b1 = np.random.default_rng(20).standard_normal((d, m)), np.ones(m)
    with unchanged("relu_as_maxout(w, b)", w=w1, b=b1):
        result = relu_as_maxout(w1, b1)
    check_shape(result[0], (2, d, m), "relu_as_maxout(w, b), W", hint=hint)
    check_shape(result[1], (2, m), "relu_as_maxout(w, b), B", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "relu-as-maxout-equal", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The same numbers as relu(x w + b) for the first layer above, at five x.
x0 = np.array([[-2.0], [-1.0], [0.0], [0.25], [1.0]])
result = relu_as_maxout(np.array([[2.0, -1.0]]), np.array([1.0, 0.5]))
check_list(result, 2, "relu_as_maxout(w, b), (W, B)")
W0, B0 = result
check_shape(W0, (2, 1, 2), "relu_as_maxout(w, b), W")
check_shape(B0, (2, 2), "relu_as_maxout(w, b), B")
a0 = np.maximum(x0 @ W0[0] + B0[0], x0 @ W0[1] + B0[1])
check_array(
    a0,
    [[0.0, 2.5], [0.0, 1.5], [1.0, 0.5], [1.5, 0.25], [3.0, 0.0]],
    "the maxout of relu_as_maxout(w, b)",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(21)
for d, m in [(3, 2), (2, 4), (1, 1), (3, 3)]:
    x1, w1, b1 = 2 * rng.standard_normal((40, d)), rng.standard_normal((d, m)), rng.standard_normal(m)
    w1[0, 0] = b1[-1] = 0.0
    a1 = np.maximum(x1 @ w1 + b1, 0)
    W1, B1 = relu_as_maxout(w1, b1)
    check_shape(W1, (2, d, m), "relu_as_maxout(w, b), W", hint="W is [2, D, M].")
    check_shape(B1, (2, m), "relu_as_maxout(w, b), B", hint="B is [2, M].")
    got = np.maximum(x1 @ W1[0] + B1[0], x1 @ W1[1] + B1[1])
    check_array(
        got, a1, "the maxout of relu_as_maxout(w, b)", hint="One piece is x w + b. What is the other, for any D and M?"
    )
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-draw", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: draw your maxout
#
# One unit with one input and four pieces is a curve that we can draw. The next cell trains it by gradient descent
# with your functions, on two targets: $x^2$ and $\cos 2x$.


# %%
def fit(target, x, pieces=4, steps=1000, rate=0.1):
    """Train one maxout unit on ½ (a - target)², averaged over x [N, 1]; returns a and the winners."""
    rng = np.random.default_rng(0)
    W, b = rng.standard_normal((pieces, 1, 1)), 0.5 * rng.standard_normal((pieces, 1))
    for _ in range(steps):
        a, winner = maxout(x, W, b)
        _, dW, db = maxout_backward((a - target) / len(x), x, W, winner)
        W, b = W - rate * dW, b - rate * db
    return maxout(x, W, b)


x_line = np.linspace(-2, 2, 41)[:, None]
curves = {"x²": x_line**2, "cos 2x": np.cos(2 * x_line)}
learned = {name: fit(target, x_line) for name, target in curves.items()}
figure, panels = plt.subplots(1, 2, figsize=(9, 3.6))
for axes, name in zip(panels, curves, strict=True):
    a, winner = learned[name]
    error, pieces = np.sqrt(np.mean((a - curves[name]) ** 2)), len(np.unique(winner))
    print(f"{name:6}  RMS error {error:.3f}, pieces that win somewhere: {pieces} of 4")
    axes.plot(x_line, curves[name], label=f"target {name}")
    axes.plot(x_line, a, label="maxout, 4 pieces")
    axes.set_title(f"Maxout {'learns' if error < 0.3 else 'cannot learn'} {name}")
    axes.set(xlabel="x", ylabel="a")
    axes.legend()
show(
    figure,
    alt="Left: a maxout unit of three straight pieces follows the parabola. "
    "Right: for the cosine it ends as a single flat line.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-draw-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# On the left the unit has learned a bowl of straight pieces. On the right it fails, with as many pieces and steps.
#
# Look also at the number of pieces that win somewhere. The unit as a whole never dies, but one of its pieces can:
# a piece that wins for no example gets no gradient.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-b", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question B (5 points)
#
# 1. The perceptron of 1957 uses the activation $a = \mathrm{sign}(z)$. Why can gradient descent not train a network of
#    such units, although Rosenblatt's own rule does train a single one on separable data?
# 2. Why does your `relu_as_maxout` work for every x? And why can no number of pieces, in a single maxout unit,
#    learn $\cos 2x$?
#
# A few sentences for each are enough.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-b", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (5 points).** 1: the derivative of sign is 0 wherever it exists, so every δ below is 0 and no weight
# moves, 2 points (1 if only "not differentiable at 0" is said: ReLU is not either); the perceptron rule uses the error
# itself and no derivative, 1. 2: max(z, 0) with the second piece identical to 0, 1; a maximum of linear functions is
# convex, the cosine is not, 1.
#
# **Answer.** 1. Away from z = 0 the sign is constant, so its derivative is 0; at 0 it has none. By the chain rule each
# δ has this derivative as a factor, so all gradients are 0 and gradient descent stands still, whatever the error.
# The corner alone would not matter: ReLU has one, too. Rosenblatt's rule w ← w + yx for a wrong answer is no
# gradient of this output. It looks at the error and the input only, so it moves, and for one unit and separable data it ends.
#
# 2. relu(x w + b) = max(x w + b, 0), and 0 is the linear function with weights 0 and bias 0: the second piece.
# The largest of several linear functions is convex, whatever the pieces are: a chord never lies below the curve.
# The cosine bends downwards at its top, so it is not convex. Training is left with a flat line.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "end", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Before you hand in
#
# Restart the kernel and run all cells, from top to bottom. Every check should be silent. Then save and submit.
