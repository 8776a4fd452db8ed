# %% [markdown] nbgrader={"grade": false, "grade_id": "intro", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment: weight decay and dropout
#
# A large network can learn its training data by heart, wrong labels included.
# In this assignment you write two cures. Weight decay makes every weight a little smaller in each step.
# Dropout switches off units at random, so that no unit can rely on another one.
# Then you measure what they do, and ask in which sense dropout is the mean of very many networks.
# The assignment belongs to lectures 09 (regularization) and 10 (dropout). Plan two to four hours.
#
# | part | you write | points |
# |---|---|---|
# | 1 | `weight_decay_step` | 8 |
# | | question A, in words and formulas | 6 |
# | 2 | `dropout_forward`, `dropout_backward`, `scale_weights` | 16 + 5 + 5 |
# | 3 | `inverted_dropout_forward`, `inverted_dropout_backward` | 16 + 6 |
# | 4 | `subnetwork_average` | 18 |
# | | question B, in words and formulas | 12 |
# | 5 | `hidden_width` | 8 |
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
# - All arrays are float64, and masks are bool. The batch comes first: an array `[N, M]` holds N examples in its rows.
# - Never change an input in place: the caller still needs it. A result may share memory with an input.
# - Loops over examples or masks are welcome. Loops over every single number make the experiments slow.
#
# **Random numbers.** Some functions get `rng`, a `numpy.random.Generator`. Draw from it and from nothing else.
# You may use it as you like: `rng.random(shape)` gives numbers from 0 to 1, and there are other ways.
# The checks never compare exact draws. They look at shares of large arrays, with a margin that chance cannot cross.
#
# Names: `a` is the output of a layer, `p` the probability of **dropping** a unit.
# Some texts give the probability of *keeping* instead. Mixing the two up is the commonest mistake of all.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
from itertools import product

import matplotlib.pyplot as plt
import numpy as np

from tipslib.checks import (
    check_array,
    check_float,
    check_int,
    check_list,
    check_raises,
    check_shape,
    short_messages,
    unchanged,
)
from tipslib.data import load
from tipslib.plotting import show, use_style

use_style()
short_messages()


def pair(result, shape, name, hint=None):
    """What a forward pass returns, (out, mask), after a look at the types and shapes."""
    check_list(result, 2, f"{name}, (out, mask)", hint=hint)
    check_shape(result[0], shape, f"{name}, out", hint=hint)
    check_shape(result[1], shape, f"{name}, mask", dtype=bool, hint=hint)
    return result


# %% [markdown] nbgrader={"grade": false, "grade_id": "part-1", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 1. Weight decay
#
# The lecture prefers parameters close to zero. It adds a penalty to the cost:
#
# $$C'(\theta) = C(\theta) + \frac{\lambda}{2} \lVert\theta\rVert^2.$$
#
# One step of gradient descent on this sum is
#
# $$w \leftarrow (1 - \eta\lambda)\, w - \eta\, \frac{\partial C}{\partial w}.$$
#
# ### `weight_decay_step` (8 points)
#
# Here `g` is the gradient of C alone, `eta` is η and `lam` is λ. Return the new weights. `w` can have any shape.


# %% nbgrader={"grade": false, "grade_id": "weight-decay-step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def weight_decay_step(w, g, eta, lam):
    """One step of gradient descent with the penalty (λ/2)‖w‖²: the new w.

    w and g = ∂C/∂w have the same shape, any shape; so has the result. eta (η) and lam (λ) are numbers ≥ 0.
    """
    ### BEGIN SOLUTION
    return (1 - eta * lam) * w - eta * g
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "weight-decay-step-test", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# By hand: η = 0.5 and λ = 0.2 shrink each weight to 0.9 of it. Then comes the usual step of -0.5 g.
w0 = np.array([[10.0, -20.0, 0.0]])
g0 = np.array([[0.0, 4.0, 1.0]])
with unchanged("weight_decay_step(w, g, eta, lam)", w=w0, g=g0):
    new0 = weight_decay_step(w0, g0, 0.5, 0.2)
check_array(new0, [[9.0, -20.0, -0.5]], "weight_decay_step(w, g, eta=0.5, lam=0.2)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(1)
for shape, eta, lam in [((5,), 0.1, 0.3), ((1, 4), 0.7, 0.9), ((3, 2), 0.25, 0.0), ((2, 3, 4), 2.0, 0.01)]:
    w1, g1 = rng.standard_normal((2, *shape))
    new1 = w1 - eta * (g1 + lam * w1)
    with unchanged("weight_decay_step(w, g, eta, lam)", w=w1, g=g1):
        got = weight_decay_step(w1, g1, eta, lam)
    hint = "Take the gradient of C + (λ/2)‖w‖² by w, for any shape of w. The step goes against it, times η."
    check_array(got, new1, "weight_decay_step(w, g, eta, lam)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "weight-decay-step-decay", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The data do not care (g = 0): three steps with η = 1 and λ = 0.5 halve the weight three times.
w0 = np.array([8.0, -16.0])
for _ in range(3):
    w0 = weight_decay_step(w0, np.zeros(2), 1.0, 0.5)
check_array(w0, [1.0, -2.0], "weight_decay_step with g = 0, three times")
### BEGIN HIDDEN TESTS
w1, g1 = np.array([[2.0, -3.0, 0.5], [0.0, 1.0, -4.0]]), np.array([[1.0, 0.0, -2.0], [3.0, -1.0, 0.5]])
for eta, lam, factor in [(0.1, 0.0, 1.0), (0.0, 0.5, 1.0), (2.0, 0.5, 0.0), (4.0, 0.5, -1.0), (0.01, 100.0, 0.0)]:
    new1 = factor * w1 - eta * g1
    got = weight_decay_step(w1, g1, eta, lam)
    hint = "Follow the formula for every η and λ, also where one of them is 0, and where ηλ is 1 or more."
    check_array(got, new1, "weight_decay_step(w, g, eta, lam)", hint=hint)
w1 = np.array([6.0])
for _ in range(200):
    w1 = weight_decay_step(w1, 3 * (w1 - 2), 0.1, 1.0)
check_array(
    w1,
    [1.5],
    "weight_decay_step, 200 steps",
    hint="At which w do the data, with C = ½h(w - w*)², and the decay balance?",
)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-a", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question A (6 points)
#
# 1. Derive the step from the cost $C'(\theta) = C(\theta) + \frac{\lambda}{2}\lVert\theta\rVert^2$, for one weight w.
#    Why is the penalty written with ½?
# 2. The lecture says that the weights get "smaller and smaller". For which weights is this true?
#    Take $C = \frac{h}{2}(w - w^*)^2$ with one weight. Where does the weight come to rest? What if h = 0?
#
# Write your answer into the cell below. Formulas stand between dollar signs, as in `$\eta\lambda$`.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-a", "locked": false, "points": 6, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (6 points).** 1: the derivative of the penalty by one weight is λw, because only one square contains
# it, 1 point; put into gradient descent and sorted, 1; the ½ cancels the 2 of the derivative, 1.
# 2: at rest the two gradients cancel, h(w − w*) + λw = 0, 1; $w = \frac{h}{h+\lambda} w^*$, 1; for h = 0 the weight goes
# to 0, as $(1-\eta\lambda)^t$, so the sentence holds only for weights that the data do not need, 1.
#
# **Answer.** 1. In $\lVert\theta\rVert^2 = \sum_i w_i^2$ a weight w appears in one square, so
# $\partial C'/\partial w = \partial C/\partial w + \frac{\lambda}{2} \cdot 2w = \partial C/\partial w + \lambda w$.
# The ½ is there to cancel the 2. Gradient descent subtracts η times this:
#
# $$w - \eta\Big(\frac{\partial C}{\partial w} + \lambda w\Big) = (1 - \eta\lambda)\, w - \eta\, \frac{\partial C}{\partial w}.$$
#
# 2. Here $\partial C'/\partial w = h(w - w^*) + \lambda w$. It is 0 at $w = \frac{h}{h + \lambda} w^*$. There the weight
# rests (if η is small enough). If the data care much, h ≫ λ, this is almost w*: the decay does hardly anything.
# If h = 0, each step multiplies w by $1 - \eta\lambda$, so $w^t = (1 - \eta\lambda)^t w^0$ goes to 0.
# So only weights that the data do not need vanish. The others get smaller, but not smaller and smaller.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-2", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 2. Dropout as the lectures have it
#
# In training each unit is switched off with the probability p. The **mask** m says who is left:
#
# $$a'_{nj} = m_{nj}\, a_{nj}, \qquad P(m_{nj} = 0) = p.$$
#
# Here n is the example and j the unit. Every element of the mask is drawn on its own:
# each example of the batch gets a mask of its own, and within an example each unit is decided by itself.
# So the number of dropped units differs from row to row. Only on average it is the share p.
#
# ### `dropout_forward` (16 points)
#
# Return the pair `(out, mask)`. The mask is bool, and **True means kept**. The kept units are **not** rescaled here.
#
# Wanted: $0 \le p \le 1$, so p = 0 keeps all units and p = 1 drops all of them. All chance comes from `rng`:
# the same seed gives the same mask, and the next call with the same `rng` gives another one.


# %% nbgrader={"grade": false, "grade_id": "dropout-forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dropout_forward(a, p, rng):
    """Dropout in training, in the lectures' form (not rescaled).

    a: [N, M]. p: the probability of dropping, 0 ≤ p ≤ 1. rng: a numpy.random.Generator.
    Returns (out, mask): [N, M], and bool [N, M], True where a unit is kept.
    """
    ### BEGIN SOLUTION
    mask = rng.random(a.shape) >= p
    return a * mask, mask
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "dropout-forward-test", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# A small batch and p = 0.5. The kept units stay as they are, the dropped ones become 0.
a0 = np.arange(1.0, 101.0).reshape(10, 10)
with unchanged("dropout_forward(a, p, rng)", a=a0):
    result = dropout_forward(a0, 0.5, np.random.default_rng(0))
out0, mask0 = pair(result, (10, 10), "dropout_forward(a, p, rng)")
check_array(out0[mask0], a0[mask0], "dropout_forward(a, p, rng), the kept units")
check_array(out0[~mask0], np.zeros(np.sum(~mask0)), "dropout_forward(a, p, rng), the dropped units")
check_int(len(np.unique(mask0)), 2, "dropout_forward(a, 0.5, rng), number of different values in the mask")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(2)
for shape, p in [((40, 7), 0.2), ((1, 300), 0.5), ((300, 1), 0.8), ((9, 30), 0.4)]:
    a1 = rng.standard_normal(shape)
    with unchanged("dropout_forward(a, p, rng)", a=a1):
        result = dropout_forward(a1, p, np.random.default_rng(3))
    hint = "out is a where the mask is True and 0 elsewhere, for any a, N, M and p. Nothing is rescaled."
    out1, mask1 = pair(result, shape, "dropout_forward(a, p, rng)", hint=hint)
    check_array(out1, np.where(mask1, a1, 0.0), "dropout_forward(a, p, rng), out", hint=hint)
    check_int(len(np.unique(mask1)), 2, "dropout_forward(a, p, rng), number of different values in the mask", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "dropout-forward-share", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# p is the probability of dropping. Of 20 000 units about three quarters are kept when p = 0.25.
a0 = np.ones((100, 200))
result = dropout_forward(a0, 0.25, np.random.default_rng(1))
_, mask0 = pair(result, (100, 200), "dropout_forward(a, 0.25, rng)")
check_float(mask0.mean(), 0.75, "dropout_forward(a, 0.25, rng), share of kept units", atol=0.03, rtol=0)
### BEGIN HIDDEN TESTS
for p, value in [(0.9, 1.0), (0.1, -2.0), (0.37, 0.0), (0.64, 5.0)]:
    result = dropout_forward(np.full((300, 200), value), p, np.random.default_rng(4))
    hint = "p is the probability of dropping. Does the mask depend on a? A unit can be kept although its output is 0."
    _, mask1 = pair(result, (300, 200), "dropout_forward(a, p, rng)", hint=hint)
    check_float(mask1.mean(), 1 - p, "dropout_forward(a, p, rng), share of kept units", atol=0.02, rtol=0, hint=hint)
    name = "dropout_forward(a, p, rng), how often each unit is kept"
    check_array(mask1.mean(axis=0), np.full(200, 1 - p), name, atol=0.25, rtol=0, hint="All units have the same p.")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "dropout-forward-independent", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Every element is drawn on its own. So no two of 100 rows are alike, and no two of 100 columns.
result = dropout_forward(np.ones((100, 100)), 0.5, np.random.default_rng(2))
_, mask0 = pair(result, (100, 100), "dropout_forward(a, 0.5, rng)")
check_int(len(np.unique(mask0, axis=0)), 100, "dropout_forward(a, 0.5, rng), different rows of the mask")
check_int(len(np.unique(mask0.T, axis=0)), 100, "dropout_forward(a, 0.5, rng), different columns of the mask")
### BEGIN HIDDEN TESTS
hint = "Each element is kept or dropped on its own, whatever happens to the others. The number of kept units may vary."
for p in (0.5, 0.2):
    result = dropout_forward(np.ones((300, 300)), p, np.random.default_rng(5))
    _, mask1 = pair(result, (300, 300), "dropout_forward(a, p, rng)", hint=hint)
    for axis, name in enumerate(("column", "row")):
        ratio1 = mask1.sum(axis=axis).var() / (300 * p * (1 - p))
        name = f"dropout_forward(a, p, rng), variance of the number of kept units in a {name}"
        check_float(ratio1, 1.0, name, atol=0.7, rtol=0, hint=hint)
    for next_to in (mask1[1:] == mask1[:-1], mask1[:, 1:] == mask1[:, :-1]):
        name = "dropout_forward(a, p, rng), how often neighbours in the mask are equal"
        check_float(next_to.mean(), p**2 + (1 - p) ** 2, name, atol=0.02, rtol=0, hint=hint)
rng, totals1 = np.random.default_rng(6), set()
for _ in range(8):
    _, mask1 = pair(dropout_forward(np.ones((20, 50)), 0.5, rng), (20, 50), "dropout_forward(a, p, rng)", hint=hint)
    totals1.add(int(mask1.sum()))
check_int(min(len(totals1), 2), 2, "dropout_forward(a, p, rng), the number of kept units in several calls", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "dropout-forward-rng", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The same seed gives the same mask.
a0 = np.ones((20, 30))
_, mask0 = pair(dropout_forward(a0, 0.5, np.random.default_rng(3)), (20, 30), "dropout_forward(a, 0.5, rng)")
_, again0 = pair(dropout_forward(a0, 0.5, np.random.default_rng(3)), (20, 30), "dropout_forward(a, 0.5, rng)")
check_array(again0, mask0, "dropout_forward(a, 0.5, rng), a second mask with the same seed")
### BEGIN HIDDEN TESTS
a1, rng = np.ones((30, 40)), np.random.default_rng(7)
name = "dropout_forward(a, p, rng)"
hint = "Each call must draw a new mask from rng: another call, another mask; another seed, another mask."
masks1 = [pair(dropout_forward(a1, 0.5, rng), (30, 40), name, hint=hint)[1] for _ in range(3)]
masks1.append(pair(dropout_forward(a1, 0.5, np.random.default_rng(8)), (30, 40), name, hint=hint)[1])
different1 = len({mask.tobytes() for mask in masks1})
check_int(different1, 4, "dropout_forward(a, p, rng), different masks in four calls", hint=hint)
hint = "With the same seed the mask must be the same, whatever was drawn in between."
_, mask1 = pair(dropout_forward(a1, 0.5, np.random.default_rng(7)), (30, 40), name, hint=hint)
check_array(mask1, masks1[0], "dropout_forward(a, p, rng), a second mask with the same seed", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "dropout-forward-extremes", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# p = 0 drops nothing.
a0 = np.array([[1.0, -2.0, 0.0], [4.0, 5.0, -6.0]])
out0, mask0 = pair(dropout_forward(a0, 0.0, np.random.default_rng(4)), (2, 3), "dropout_forward(a, 0, rng)")
check_array(mask0, np.ones((2, 3), dtype=bool), "dropout_forward(a, p=0, rng), mask")
check_array(out0, [[1.0, -2.0, 0.0], [4.0, 5.0, -6.0]], "dropout_forward(a, p=0, rng), out")
### BEGIN HIDDEN TESTS
for shape in [(3, 4), (1, 1), (50, 60)]:
    a1 = 1.0 + np.random.default_rng(9).random(shape)
    for p in (0.0, 1.0):
        out1, kept1 = (1 - p) * a1, np.full(shape, p == 0)
        hint = "p = 0 keeps every unit, and p = 1 drops every unit."
        result = dropout_forward(a1, p, np.random.default_rng(10))
        got, mask1 = pair(result, shape, "dropout_forward(a, p, rng)", hint=hint)
        check_array(mask1, kept1, "dropout_forward(a, p, rng), mask", hint=hint)
        check_array(got, out1, "dropout_forward(a, p, rng), out", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-dropout-backward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `dropout_backward` (5 points)
#
# For a given mask the forward pass is a multiplication by a constant, 1 or 0. So the gradient comes back
#
# $$\frac{\partial C}{\partial a_{nj}} = m_{nj}\, \frac{\partial C}{\partial a'_{nj}}.$$
#
# In the lecture's words: gradients are obtained only "from on nodes to on nodes".
# It is the mask of the forward pass. This is why the forward pass returns it.


# %% nbgrader={"grade": false, "grade_id": "dropout-backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dropout_backward(dout, mask):
    """da = ∂C/∂a of `dropout_forward`, from dout = ∂C/∂out.

    dout: [N, M]. mask: bool [N, M], as returned by the forward pass. Returns [N, M].
    """
    ### BEGIN SOLUTION
    return dout * mask
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "dropout-backward-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Units that were off get no gradient. The others get all of it.
dout0 = np.array([[1.0, 2.0, 3.0], [-4.0, 5.0, 6.0]])
mask0 = np.array([[True, False, True], [True, True, False]])
da0 = dropout_backward(dout0, mask0)
check_array(da0, [[1.0, 0.0, 3.0], [-4.0, 5.0, 0.0]], "dropout_backward(dout, mask)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(11)
for shape, p in [((5, 3), 0.5), ((2, 6), 0.8), ((4, 4), 0.1), ((3, 8), 0.25)]:
    dout1, mask1 = rng.standard_normal(shape), rng.random(shape) >= p
    mask1[0, 0], mask1[-1, -1] = True, False
    da1 = np.where(mask1, dout1, 0.0)
    with unchanged("dropout_backward(dout, mask)", dout=dout1, mask=mask1):
        got = dropout_backward(dout1, mask1)
    hint = "It is one factor, 1 or 0, for each element, taken from the mask."
    check_array(got, da1, "dropout_backward(dout, mask)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "dropout-backward-extremes", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# A batch of one, with everything on.
da0 = dropout_backward(np.array([[7.0, -8.0]]), np.array([[True, True]]))
check_array(da0, [[7.0, -8.0]], "dropout_backward(dout, mask) where all units are on")
### BEGIN HIDDEN TESTS
for shape in [(1, 1), (1, 5), (6, 1), (2, 3)]:
    for kept in (True, False):
        dout1 = -2.0 - np.arange(float(np.prod(shape))).reshape(shape)
        da1 = dout1 * kept
        got = dropout_backward(dout1, np.full(shape, kept))
        hint = "Sometimes chance keeps every unit, or drops every unit. The result always has the shape of dout."
        check_array(got, da1, "dropout_backward(dout, mask)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-scale-weights", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `scale_weights` (5 points)
#
# At test time nothing is dropped. But the weights of the next layer were trained with a part of their inputs missing.
# With all inputs on, z would be too large. So the lecture scales the weights for test time:
#
# > "If the dropout rate at training is p%, all the weights times (1-p)%."
# > If w = 1 from training, set w = 0.5 for testing. (The rate is 50 %.)
#
# `W` are the weights of the layer behind the dropout, and p is a probability, $0 \le p \le 1$. The biases stay as they are.


# %% nbgrader={"grade": false, "grade_id": "scale-weights", "locked": false, "schema_version": 3, "solution": true, "task": false}
def scale_weights(W, p):
    """The weights for test time, from the weights W [D, M] of training and the probability p of dropping.

    Returns a matrix [D, M].
    """
    ### BEGIN SOLUTION
    return (1 - p) * W
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "scale-weights-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The lecture's example, w = 1 and p = 0.5, among other weights.
W0 = np.array([[1.0, -2.0], [0.0, 8.0], [0.5, 3.0]])
with unchanged("scale_weights(W, p)", W=W0):
    scaled0 = scale_weights(W0, 0.5)
check_array(scaled0, [[0.5, -1.0], [0.0, 4.0], [0.25, 1.5]], "scale_weights(W, p=0.5)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(12)
for shape, p in [((3, 4), 0.2), ((1, 5), 0.75), ((6, 1), 0.1)]:
    W1 = rng.standard_normal(shape)
    scaled1 = W1 - p * W1
    with unchanged("scale_weights(W, p)", W=W1):
        got = scale_weights(W1, p)
    hint = "With p = 0.5 many formulas give the same. Which share of the inputs was there in training?"
    check_array(got, scaled1, "scale_weights(W, p)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "scale-weights-extremes", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Without dropout (p = 0) nothing has to be scaled.
check_array(scale_weights(np.array([[3.0, -4.0]]), 0.0), [[3.0, -4.0]], "scale_weights(W, p=0)")
### BEGIN HIDDEN TESTS
for p, keep in [(0.0, 1.0), (1.0, 0.0), (0.9, 0.1), (0.01, 0.99)]:
    W1 = np.array([[2.0, -1.0, 0.0], [1e3, 5.0, -0.25]])
    scaled1 = W1 * keep
    hint = "p is a probability from 0 to 1. For p = 1 nothing is left."
    check_array(scale_weights(W1, p), scaled1, "scale_weights(W, p)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-3", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 3. Inverted dropout
#
# The factor may as well stand in the training pass. Then the test pass needs no change at all:
#
# $$\text{training: } a'_{nj} = \frac{m_{nj}\, a_{nj}}{1 - p}, \qquad \text{testing: } a'_{nj} = a_{nj}.$$
#
# The rule behind it: the test pass is the mean of the training pass. PyTorch does it this way.
#
# ### `inverted_dropout_forward` (16 points)
#
# As `dropout_forward`, but the kept units are divided by 1 − p. The mask stays bool, True where a unit is kept.
# For p = 1 there is nothing to divide by, so p = 1 is refused.
#
# Wanted: raise a `ValueError` unless $0 \le p < 1$. Everything else as in part 2: each element on its own, all chance from `rng`.


# %% nbgrader={"grade": false, "grade_id": "inverted-dropout-forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def inverted_dropout_forward(a, p, rng):
    """Dropout in training, in the inverted form: kept units are divided by 1 - p.

    a: [N, M]. p: the probability of dropping; ValueError unless 0 ≤ p < 1. rng: a numpy.random.Generator.
    Returns (out, mask): [N, M], and bool [N, M], True where a unit is kept.
    """
    ### BEGIN SOLUTION
    if not 0 <= p < 1:
        raise ValueError(f"p must be at least 0 and less than 1, got {p}")
    mask = rng.random(a.shape) >= p
    return a * mask / (1 - p), mask
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "inverted-dropout-forward-test", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# p = 0.5: the kept units are doubled, the dropped ones become 0.
a0 = np.arange(1.0, 101.0).reshape(10, 10)
with unchanged("inverted_dropout_forward(a, p, rng)", a=a0):
    result = inverted_dropout_forward(a0, 0.5, np.random.default_rng(5))
out0, mask0 = pair(result, (10, 10), "inverted_dropout_forward(a, 0.5, rng)")
check_array(out0[mask0], 2 * a0[mask0], "inverted_dropout_forward(a, 0.5, rng), the kept units")
check_array(out0[~mask0], np.zeros(np.sum(~mask0)), "inverted_dropout_forward(a, 0.5, rng), the dropped units")
check_int(len(np.unique(mask0)), 2, "inverted_dropout_forward(a, 0.5, rng), different values in the mask")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(13)
for shape, p in [((40, 7), 0.2), ((1, 300), 0.6), ((300, 1), 0.75), ((9, 30), 0.9)]:
    a1 = rng.standard_normal(shape)
    large1 = a1 / (1 - p)
    with unchanged("inverted_dropout_forward(a, p, rng)", a=a1):
        result = inverted_dropout_forward(a1, p, np.random.default_rng(14))
    hint = "Kept units are divided by 1 - p, for any p, N and M. The mask only says which ones they are."
    out1, mask1 = pair(result, shape, "inverted_dropout_forward(a, p, rng)", hint=hint)
    check_array(out1, np.where(mask1, large1, 0.0), "inverted_dropout_forward(a, p, rng), out", hint=hint)
    name = "inverted_dropout_forward(a, p, rng), different values in the mask"
    check_int(len(np.unique(mask1)), 2, name, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "inverted-dropout-forward-share", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The mean of the training pass is a, whatever p is. Here a = 3 everywhere, and p = 0.25.
result = inverted_dropout_forward(np.full((100, 200), 3.0), 0.25, np.random.default_rng(6))
out0, mask0 = pair(result, (100, 200), "inverted_dropout_forward(a, 0.25, rng)")
check_float(mask0.mean(), 0.75, "inverted_dropout_forward(a, 0.25, rng), share of kept units", atol=0.03, rtol=0)
check_float(out0.mean(), 3.0, "inverted_dropout_forward(a, 0.25, rng), mean of out", atol=0.12, rtol=0)
### BEGIN HIDDEN TESTS
for p, value in [(0.9, 1.0), (0.1, -2.0), (0.37, 0.0), (0.64, 5.0)]:
    result = inverted_dropout_forward(np.full((300, 200), value), p, np.random.default_rng(15))
    hint = "p is the probability of dropping. Does the mask depend on a? A unit can be kept although its output is 0."
    _, mask1 = pair(result, (300, 200), "inverted_dropout_forward(a, p, rng)", hint=hint)
    name = "inverted_dropout_forward(a, p, rng), share of kept units"
    check_float(mask1.mean(), 1 - p, name, atol=0.02, rtol=0, hint=hint)
    name = "inverted_dropout_forward(a, p, rng), how often each unit is kept"
    check_array(mask1.mean(axis=0), np.full(200, 1 - p), name, atol=0.25, rtol=0, hint="All units have the same p.")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "inverted-dropout-forward-independent", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Every element is drawn on its own. So no two of 100 rows are alike, and no two of 100 columns.
result = inverted_dropout_forward(np.ones((100, 100)), 0.5, np.random.default_rng(7))
_, mask0 = pair(result, (100, 100), "inverted_dropout_forward(a, 0.5, rng)")
check_int(len(np.unique(mask0, axis=0)), 100, "inverted_dropout_forward(a, 0.5, rng), different rows of the mask")
check_int(len(np.unique(mask0.T, axis=0)), 100, "inverted_dropout_forward(a, 0.5, rng), different columns of the mask")
### BEGIN HIDDEN TESTS
hint = "Each element is kept or dropped on its own, whatever happens to the others. The number of kept units may vary."
for p in (0.5, 0.2):
    result = inverted_dropout_forward(np.ones((300, 300)), p, np.random.default_rng(16))
    _, mask1 = pair(result, (300, 300), "inverted_dropout_forward(a, p, rng)", hint=hint)
    for axis, name in enumerate(("column", "row")):
        ratio1 = mask1.sum(axis=axis).var() / (300 * p * (1 - p))
        name = f"inverted_dropout_forward(a, p, rng), variance of the number of kept units in a {name}"
        check_float(ratio1, 1.0, name, atol=0.7, rtol=0, hint=hint)
    for next_to in (mask1[1:] == mask1[:-1], mask1[:, 1:] == mask1[:, :-1]):
        name = "inverted_dropout_forward(a, p, rng), how often neighbours in the mask are equal"
        check_float(next_to.mean(), p**2 + (1 - p) ** 2, name, atol=0.02, rtol=0, hint=hint)
rng, totals1 = np.random.default_rng(17), set()
for _ in range(8):
    result = inverted_dropout_forward(np.ones((20, 50)), 0.5, rng)
    totals1.add(int(pair(result, (20, 50), "inverted_dropout_forward(a, p, rng)", hint=hint)[1].sum()))
name = "inverted_dropout_forward(a, p, rng), the number of kept units in several calls"
check_int(min(len(totals1), 2), 2, name, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "inverted-dropout-forward-rng", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The same seed gives the same mask.
a0, name = np.ones((20, 30)), "inverted_dropout_forward(a, 0.5, rng)"
_, mask0 = pair(inverted_dropout_forward(a0, 0.5, np.random.default_rng(8)), (20, 30), name)
_, again0 = pair(inverted_dropout_forward(a0, 0.5, np.random.default_rng(8)), (20, 30), name)
check_array(again0, mask0, "inverted_dropout_forward(a, 0.5, rng), a second mask with the same seed")
### BEGIN HIDDEN TESTS
a1, rng = np.ones((30, 40)), np.random.default_rng(18)
hint = "Each call must draw a new mask from rng: another call, another mask; another seed, another mask."
masks1 = [pair(inverted_dropout_forward(a1, 0.5, rng), (30, 40), name, hint=hint)[1] for _ in range(3)]
masks1.append(pair(inverted_dropout_forward(a1, 0.5, np.random.default_rng(19)), (30, 40), name, hint=hint)[1])
different1 = len({mask.tobytes() for mask in masks1})
check_int(different1, 4, "inverted_dropout_forward(a, p, rng), different masks in four calls", hint=hint)
hint = "With the same seed the mask must be the same, whatever was drawn in between."
_, mask1 = pair(inverted_dropout_forward(a1, 0.5, np.random.default_rng(18)), (30, 40), name, hint=hint)
check_array(mask1, masks1[0], "inverted_dropout_forward(a, p, rng), a second mask with the same seed", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "inverted-dropout-forward-refuses", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# p = 1 is refused. p = 0 is not: it changes nothing.
a0 = np.array([[1.0, -2.0, 0.0], [4.0, 5.0, -6.0]])
out0, mask0 = pair(
    inverted_dropout_forward(a0, 0.0, np.random.default_rng(9)), (2, 3), "inverted_dropout_forward(a, 0, rng)"
)
check_array(mask0, np.ones((2, 3), dtype=bool), "inverted_dropout_forward(a, p=0, rng), mask")
check_array(out0, [[1.0, -2.0, 0.0], [4.0, 5.0, -6.0]], "inverted_dropout_forward(a, p=0, rng), out")
with check_raises(ValueError, "inverted_dropout_forward(a, p=1, rng)"):
    inverted_dropout_forward(a0, 1.0, np.random.default_rng(9))
### BEGIN HIDDEN TESTS
for p in (-0.25, -1e-9, 1.0 + 1e-9, 1.5, 50.0):
    hint = "Which numbers are no probability? Refuse each of them, and 1."
    with check_raises(ValueError, "inverted_dropout_forward(a, p, rng) with a p that is not allowed", hint=hint):
        inverted_dropout_forward(np.ones((2, 3)), p, np.random.default_rng(20))
for p in (1e-12, 1 - 1e-12):
    result = inverted_dropout_forward(np.ones((4, 5)), p, np.random.default_rng(20))
    hint = "0 ≤ p < 1 is allowed, also very close to both ends."
    pair(result, (4, 5), "inverted_dropout_forward(a, p, rng) with a p that is allowed", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-inverted-dropout-backward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `inverted_dropout_backward` (6 points)
#
# Again each element was multiplied by a constant, now by another one. Which constants are they?
# The function gets the mask of the forward pass and its p, $0 \le p < 1$.


# %% nbgrader={"grade": false, "grade_id": "inverted-dropout-backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def inverted_dropout_backward(dout, mask, p):
    """da = ∂C/∂a of `inverted_dropout_forward`, from dout = ∂C/∂out.

    dout: [N, M]. mask: bool [N, M], as returned by the forward pass. p: as in the forward pass. Returns [N, M].
    """
    ### BEGIN SOLUTION
    return dout * mask / (1 - p)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "inverted-dropout-backward-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# With p = 0.5, by hand.
dout0 = np.array([[1.0, 2.0, 3.0], [-4.0, 5.0, 6.0]])
mask0 = np.array([[True, False, True], [True, True, False]])
da0 = inverted_dropout_backward(dout0, mask0, 0.5)
check_array(da0, [[2.0, 0.0, 6.0], [-8.0, 10.0, 0.0]], "inverted_dropout_backward(dout, mask, p=0.5)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(21)
for shape, p in [((5, 3), 0.2), ((2, 6), 0.8), ((4, 4), 0.1), ((3, 8), 0.35)]:
    dout1, mask1 = rng.standard_normal(shape), rng.random(shape) >= 0.5
    mask1[0, 0], mask1[-1, -1] = True, False
    da1 = np.where(mask1, dout1 / (1 - p), 0.0)
    with unchanged("inverted_dropout_backward(dout, mask, p)", dout=dout1, mask=mask1):
        got = inverted_dropout_backward(dout1, mask1, p)
    hint = "The gradient of an element is the factor that the forward pass gave it. It is made of p, not of this mask's share."
    check_array(got, da1, "inverted_dropout_backward(dout, mask, p)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "inverted-dropout-backward-extremes", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# p = 0: everything was on, and nothing was scaled.
da0 = inverted_dropout_backward(np.array([[7.0, -8.0]]), np.array([[True, True]]), 0.0)
check_array(da0, [[7.0, -8.0]], "inverted_dropout_backward(dout, mask, p=0)")
### BEGIN HIDDEN TESTS
for shape in [(1, 1), (1, 5), (6, 1), (2, 3)]:
    for kept, p in [(True, 0.75), (False, 0.75), (True, 0.0), (True, 0.2), (False, 0.0)]:
        dout1 = -2.0 - np.arange(float(np.prod(shape))).reshape(shape)
        da1 = kept * dout1 / (1 - p)
        got = inverted_dropout_backward(dout1, np.full(shape, kept), p)
        hint = "Sometimes chance keeps every unit, or drops every unit. The factor is the same as always."
        check_array(got, da1, "inverted_dropout_backward(dout, mask, p)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-noisy", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: learning wrong labels by heart
#
# The next two cells train a network with 256 hidden units on 1000 images of digits, with your functions.
# One label in five is replaced by a random one, in the training data only. So about 18 % of the training labels are wrong.
# A network that has an error below 18 % on them has begun to learn wrong labels by heart.
# We train it three times: as it is, with weight decay, and with dropout of the hidden units.

# %%
data = load("digits")
x_train, x_test = data.train.x[:1000].astype(np.float64), data.test.x.astype(np.float64)
y_train, y_test = data.train.y[:1000].copy(), data.test.y
rng = np.random.default_rng(5)
replaced = rng.random(1000) < 0.2
y_train[replaced] = rng.integers(0, 10, replaced.sum())
print(f"wrong labels in the training data: {np.mean(y_train != data.train.y[:1000]):.1%}")


def train(p, lam, epochs=60, eta=0.5):
    """Train 64-256-10 with softmax and cross entropy; returns the errors [epochs, 2] on training and test data."""
    rng = np.random.default_rng(0)
    W1, b1 = rng.standard_normal((64, 256)) * np.sqrt(2 / 64), np.zeros(256)
    W2, b2 = rng.standard_normal((256, 10)) / np.sqrt(256), np.zeros(10)
    errors = []
    for _ in range(epochs):
        for batch in np.array_split(rng.permutation(1000), 20):
            x, targets = x_train[batch], np.eye(10)[y_train[batch]]
            z = x @ W1 + b1
            out, mask = inverted_dropout_forward(np.maximum(z, 0), p, rng)
            y = np.exp(out @ W2 + b2)
            dz2 = (y / y.sum(axis=1, keepdims=True) - targets) / len(x)
            dz1 = inverted_dropout_backward(dz2 @ W2.T, mask, p) * (z > 0)
            W2, b2 = weight_decay_step(W2, out.T @ dz2, eta, lam), b2 - eta * dz2.sum(axis=0)
            W1, b1 = weight_decay_step(W1, x.T @ dz1, eta, lam), b1 - eta * dz1.sum(axis=0)
        # At test time nothing is dropped and nothing is scaled.
        scores = [np.maximum(x @ W1 + b1, 0) @ W2 + b2 for x in (x_train, x_test)]
        errors.append([np.mean(s.argmax(axis=1) != y) for s, y in zip(scores, (y_train, y_test), strict=True)])
    return np.array(errors)


# %%
runs = {
    "nothing": train(p=0.0, lam=0.0),
    "weight decay, λ = 0.003": train(p=0.0, lam=0.003),
    "dropout, p = 0.5": train(p=0.5, lam=0.0),
}
figure, panels = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
for name, errors in runs.items():
    on_training, on_test = errors[-10:].mean(axis=0)
    print(f"{name:24}  mean error of the last 10 epochs: training {on_training:.3f}, test {on_test:.3f}")
    for axes, values in zip(panels, errors.T, strict=True):
        axes.plot(np.arange(1, len(values) + 1), values, label=name)
panels[0].set(title="Training: some labels are wrong", xlabel="epoch", ylabel="error", ylim=(0, 0.35))
panels[1].set(title="Test: all labels are right", xlabel="epoch")
panels[1].legend()
show(
    figure,
    alt="Error by epoch. On the training data it falls furthest without a cure. On the test data it rises again "
    "without a cure, and stays much lower with weight decay or dropout.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-noisy-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Without a cure the training error falls far below 18 %: the network learns wrong labels by heart.
# Its test error is small after a few epochs, and then it rises.
# With dropout or weight decay the training error is higher and the test error is lower.
#
# Be careful with one thing. The learning rate is the same for all three. Lecture 10 gives each its own rate, and then
# the gain is smaller. It also shows data on which dropout hurts.

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-4", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 4. The mean of very many networks
#
# A layer with D inputs has $2^D$ masks, so dropout trains $2^D$ thinned networks with shared weights.
# At test time one would like the mean of all of them. The lecture takes the one network with scaled weights instead,
# and puts a question mark over the sign ≈ between the two. You can answer the question mark: for a small D the mean can be computed.
#
# ### `subnetwork_average` (18 points)
#
# The layer is $\mathrm{relu}((m \cdot x) W + b)$, with the mask m over the inputs x.
# Each input is dropped with the probability p, independently of the others, and nothing is rescaled.
# A mask with k inputs on then has the probability $(1-p)^k\, p^{D-k}$. Compute
#
# $$\sum_{m} P(m)\; \mathrm{relu}\big((m \cdot x)\, W + b\big)$$
#
# over all $2^D$ masks, exactly. Do not sample.
#
# Wanted: D from 1 to 12, and $0 \le p \le 1$. Both ends are allowed here.
# `product((0, 1), repeat=D)` runs through all masks. It comes from `itertools` and is imported above.


# %% nbgrader={"grade": false, "grade_id": "subnetwork-average", "locked": false, "schema_version": 3, "solution": true, "task": false}
def subnetwork_average(x, W, b, p):
    """The exact mean of relu((mask • x) W + b) over all 2^D masks of the inputs.

    x: [N, D]. W: [D, M]. b: [M]. D ≤ 12. p: the probability of dropping an input, 0 ≤ p ≤ 1. Returns [N, M].
    """
    ### BEGIN SOLUTION
    average = np.zeros((len(x), W.shape[1]))
    for mask in product((0, 1), repeat=W.shape[0]):
        kept = sum(mask)
        probability = (1 - p) ** kept * p ** (len(mask) - kept)
        average += probability * np.maximum((x * np.array(mask)) @ W + b, 0)
    return average
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "subnetwork-average-test", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# Two inputs, one unit: x = (1, 1), w = (1, 1), b = -0.5. With p = 0.5 the four masks are equally likely.
# They give relu(-0.5) = 0, relu(0.5) twice, and relu(1.5).
x0, W0, b0 = np.array([[1.0, 1.0]]), np.array([[1.0], [1.0]]), np.array([-0.5])
with unchanged("subnetwork_average(x, W, b, p)", x=x0, W=W0, b=b0):
    mean0 = subnetwork_average(x0, W0, b0, 0.5)
check_array(mean0, [[0.625]], "subnetwork_average(x, W, b, p=0.5), two inputs")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(22)
for n, d, m in [(4, 3, 2), (2, 5, 3), (3, 4, 4), (5, 2, 1)]:
    x1, W1, b1 = rng.standard_normal((n, d)), rng.standard_normal((d, m)), rng.standard_normal(m)
    mean1 = np.mean([np.maximum((x1 * mask) @ W1 + b1, 0) for mask in product((0, 1), repeat=d)], axis=0)
    with unchanged("subnetwork_average(x, W, b, p)", x=x1, W=W1, b=b1):
        got = subnetwork_average(x1, W1, b1, 0.5)
    hint = "The masks act on the inputs, in all 2^D ways. The relu comes before the mean, and b is never masked."
    check_array(got, mean1, "subnetwork_average(x, W, b, p=0.5)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "subnetwork-average-probabilities", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The same unit with p = 0.25. Both inputs are on with the probability 0.75², exactly one of them with 2 · 0.75 · 0.25.
x0, W0, b0 = np.array([[1.0, 1.0]]), np.array([[1.0], [1.0]]), np.array([-0.5])
check_array(subnetwork_average(x0, W0, b0, 0.25), [[1.03125]], "subnetwork_average(x, W, b, p=0.25), two inputs")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(23)
for n, d, m, p in [(4, 3, 2, 0.1), (2, 5, 3, 0.8), (1, 4, 4, 0.3), (3, 1, 2, 0.6), (6, 2, 1, 0.97)]:
    x1, W1, b1 = rng.standard_normal((n, d)), rng.standard_normal((d, m)), rng.standard_normal(m)
    mean1 = np.zeros((n, m))
    for mask in product((0, 1), repeat=d):
        mean1 += np.prod([1 - p if on else p for on in mask]) * np.maximum((x1 * mask) @ W1 + b1, 0)
    got = subnetwork_average(x1, W1, b1, p)
    hint = "Not all masks are equally likely. p is the probability of dropping an input."
    check_array(got, mean1, "subnetwork_average(x, W, b, p)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "subnetwork-average-linear", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Where every number is positive, the relu does nothing. Then the mean is linear: (1 - p) x W + b.
x0, W0, b0 = np.array([[1.0, 2.0, 4.0]]), np.array([[1.0, 3.0], [2.0, 0.5], [1.0, 1.0]]), np.array([10.0, 20.0])
check_array(subnetwork_average(x0, W0, b0, 0.2), [[17.2, 26.4]], "subnetwork_average(x, W, b, p=0.2), all positive")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(24)
for n, d, m, p in [(2, 12, 3, 0.5), (1, 10, 1, 0.15), (20, 7, 9, 0.7), (1, 1, 1, 0.4)]:
    x1, W1, b1 = rng.random((n, d)), rng.random((d, m)), rng.random(m)
    mean1 = (1 - p) * (x1 @ W1) + b1
    got = subnetwork_average(x1, W1, b1, p)
    hint = "It must work for any N and M, for every D from 1 to 12, and exactly: do not sample."
    check_array(got, mean1, "subnetwork_average(x, W, b, p), all positive", hint=hint)
x1, W1, b1 = rng.random((2, 12)), rng.standard_normal((12, 2)), rng.standard_normal(2)
thinned1 = [np.maximum((x1 * mask) @ W1 + b1, 0) for mask in product((0, 1), repeat=12)]
chances1 = [0.6 ** sum(mask) * 0.4 ** (12 - sum(mask)) for mask in product((0, 1), repeat=12)]
mean1 = np.tensordot(chances1, thinned1, axes=1)
check_array(subnetwork_average(x1, W1, b1, 0.4), mean1, "subnetwork_average(x, W, b, p) for a large D", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "subnetwork-average-extremes", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Without dropout (p = 0) only one mask counts: everything is on.
x0, W0, b0 = np.array([[1.0, 2.0], [-1.0, 0.5]]), np.array([[1.0, -3.0], [2.0, 0.5]]), np.array([-1.0, 2.0])
check_array(subnetwork_average(x0, W0, b0, 0.0), [[4.0, 0.0], [0.0, 5.25]], "subnetwork_average(x, W, b, p=0)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(25)
for n, d, m in [(3, 4, 2), (1, 6, 5), (2, 1, 3)]:
    x1, W1, b1 = rng.standard_normal((n, d)), rng.standard_normal((d, m)), rng.standard_normal(m)
    b1[0] = -1.0
    for p, z1 in [(0.0, x1 @ W1 + b1), (1.0, np.zeros((n, m)) + b1)]:
        mean1 = np.where(z1 > 0, z1, 0.0)
        got = subnetwork_average(x1, W1, b1, p)
        hint = "p = 0 leaves one mask, with everything on. p = 1 leaves one mask, with everything off. The shape is [N, M]."
        check_array(got, mean1, "subnetwork_average(x, W, b, p)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-scaling", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: is the scaled network the mean?
#
# Now the question mark. We take 60 examples with 10 inputs, and 5 units with random weights.
# For each unit and example we compare the mean over all 1024 masks, from your `subnetwork_average`,
# with one pass through the weights from your `scale_weights`.

# %%
rng = np.random.default_rng(1)
x_all, W_all, b_all = rng.random((60, 10)), rng.standard_normal((10, 5)), rng.standard_normal(5)
print("         mean over the masks minus scaled weights")
figure, panels = plt.subplots(1, 2, figsize=(9, 3.8), sharex=True, sharey=True)
for axes, p in zip(panels, (0.2, 0.5), strict=True):
    averaged = subnetwork_average(x_all, W_all, b_all, p)
    scaled = np.maximum(x_all @ scale_weights(W_all, p) + b_all, 0)
    gap = np.round(averaged - scaled, 9) + 0.0
    print(f"p = {p}: smallest {gap.min():.3f}, largest {gap.max():.3f}")
    reach = [0, averaged.max()]
    axes.plot(scaled.ravel(), averaged.ravel(), ".", label="one unit, one example")
    axes.plot(reach, reach, "--", color="black", linewidth=1, label="equal")
    axes.set(title=f"p = {p}", xlabel="relu with scaled weights")
panels[0].set_ylabel("mean over all 1024 masks")
panels[0].legend()
figure.suptitle("The mean is never below the scaled network")
show(
    figure,
    alt="The mean over all masks against the output with scaled weights, for p = 0.2 and 0.5. The points lie on "
    "the diagonal or above it, furthest above near 0, and further for p = 0.5.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-scaling-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The points lie on the line or above it, and never below. The gap is largest where the scaled network says 0 or a little more.
# Far to the right there is almost none. With p = 0.5 the gaps are larger than with p = 0.2.
# So the scaled weights are a good approximation, but behind a ReLU they are not the mean. Question B asks why.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-b", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question B (12 points)
#
# Take one unit behind a dropout layer, $z = \sum_j w_j m_j x_j + b$, where each $m_j$ is 0 with the probability p and 1 otherwise.
#
# 1. Derive the mean $E[z]$ over the masks. Say at each step what you use. Do the $m_j$ have to be independent?
# 2. Conclude: why do the scaled weights $(1-p)\,w_j$ give exactly this mean, and why is b not scaled?
#    And what does inverted dropout have to do at test time?
# 3. Now put a ReLU behind z. Give an example, with numbers, in which the mean of relu(z) is not the relu of the mean of z.
#    Use other numbers than the checks above.
# 4. Why does the experiment show no point below the line? For which units and examples is the scaled network exact?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-b", "locked": false, "points": 12, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (12 points).** 1: the mean of a sum is the sum of the means, and constants come out, 1 point;
# $E[m_j] = 0 \cdot p + 1 \cdot (1-p)$, 1; the result $(1-p)\sum_j w_j x_j + b$, 1; independence is not needed, 1.
# 2: at test time $\sum_j (1-p) w_j x_j + b$ is the same expression, 1; b stands behind the mask, its mean is b, 1;
# inverted: the mean of the training pass is $x_j$ already, so nothing, 1. 3: an example with both numbers computed, 2
# (1 if only claimed). 4: relu is convex, a mean of its values is not below its value at the mean (Jensen, or a drawing of the
# chord or of the tangent), 2 (1 for the word without a reason); exact when z has the same sign for all masks, 1.
#
# **Answer.** 1. $w_j$, $x_j$ and b are not random. The mean of a sum is the sum of the means, so
#
# $$E[z] = \sum_j w_j\, E[m_j]\, x_j + b = (1-p) \sum_j w_j x_j + b, \qquad E[m_j] = 0 \cdot p + 1 \cdot (1 - p).$$
#
# The sum of the means is right for dependent $m_j$, too. Independence is not used.
#
# 2. With the weights $(1-p) w_j$ and all inputs on, the unit computes $\sum_j (1-p) w_j x_j + b$: the same.
# The bias has no mask in front of it, so its mean is b, and scaling it would be wrong.
# Inverted dropout passes on $m_j x_j / (1-p)$, with the mean $x_j$. So nothing is to be done at test time.
#
# 3. One input x = 2, w = 1, b = −1, p = ½. Then z is 1 or −1, both with probability ½. The mean of relu(z) is ½,
# and relu(E[z]) = relu(0) = 0.
#
# 4. relu is convex: at each point a line touches it from below, relu(z) ≥ relu(E[z]) + c (z − E[z]). The mean of the right side
# is relu(E[z]), hence E[relu(z)] ≥ relu(E[z]). The two are equal if no mask carries z over the kink, that is, if z ≥ 0 for
# all masks, or z ≤ 0 for all masks: then relu is linear on all values that occur.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-5", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 5. How wide must the layer be?
#
# If a task needs n units and each unit is on with the probability 1 − p, then the layer should have
#
# $$n' = \left\lceil \frac{n}{1 - p} \right\rceil$$
#
# units, so that n of them are on, on average. ⌈ ⌉ means rounded up to an integer.
#
# ### `hidden_width` (8 points)
#
# The formula has a trap. A computer stores 0.9 as a binary number that is not exactly 0.9.
# So `100 / (1 - 0.9)` gives 1000.0000000000002, and rounded up this is one unit too many.
# Read p as the decimal number that it prints as. It has at most three decimals.
#
# Wanted: an integer (`int`), for $n \ge 1$ and $0 \le p < 1$, exactly: also for p = 0.999, and for $n = 10^9$.


# %% nbgrader={"grade": false, "grade_id": "hidden-width", "locked": false, "schema_version": 3, "solution": true, "task": false}
def hidden_width(n, p):
    """The smallest integer that is not below n / (1 - p), with p taken as the decimal it prints as.

    n: an int ≥ 1. p: a float with at most 3 decimals, 0 ≤ p < 1. Returns an int.
    """
    ### BEGIN SOLUTION
    thousandths = 1000 - round(1000 * p)
    return -(-1000 * n // thousandths)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "hidden-width-test", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The lecture's rule with p = 0.5, p = 0.1, and without dropout.
check_int(hidden_width(100, 0.5), 200, "hidden_width(n=100, p=0.5)")
check_int(hidden_width(9, 0.1), 10, "hidden_width(n=9, p=0.1)")
check_int(hidden_width(7, 0.0), 7, "hidden_width(n=7, p=0)")
### BEGIN HIDDEN TESTS
for n, p, width1 in [(10, 0.3, 15), (7, 0.25, 10), (1, 0.5, 2), (1, 0.01, 2), (500, 0.999, 500_000), (64, 0.375, 103)]:
    hint = "Is it rounded up, never down, and is the number of decimals of p three at most?"
    check_int(hidden_width(n, p), width1, "hidden_width(n, p)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "hidden-width-exact", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The trap.
check_int(hidden_width(1, 0.9), 10, "hidden_width(n=1, p=0.9)")
check_int(hidden_width(100, 0.9), 1000, "hidden_width(n=100, p=0.9)")
### BEGIN HIDDEN TESTS
ks1 = (1, 7, 40, 66, 125, 193, 333, 360, 463, 640, 667, 850, 888, 920, 990, 995, 999)
cases1 = [(n, k) for k in ks1 for n in (1, 3, 20, 4096)]
cases1 += [(1000 - k, k) for k in (2, 23, 121, 310, 505, 713, 857, 902, 987)]
cases1 += [(10**6, 999), (10**6 + 1, 998), (10**7, 100), (10**9 + 7, 30), (999_999_988, 935)]
for n, k in cases1:
    width1 = (1000 * n + 999 - k) // (1000 - k)
    hint = "p is meant as a decimal number. The quotient must be exact before it is rounded up, for large n too."
    check_int(hidden_width(n, k / 1000), width1, "hidden_width(n, p)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "end", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Before you hand in
#
# Restart the kernel and run all cells, from top to bottom. Every check should be silent. Then save and submit.
