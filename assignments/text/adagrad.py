# %% [markdown] nbgrader={"grade": false, "grade_id": "intro", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment: Adagrad and learning rates
#
# Gradient descent needs a learning rate, and one fixed rate is seldom right. It should fall with time,
# and it should differ from weight to weight.
# In this assignment you write two schedules, Adagrad and RMSProp, in NumPy. You also work out what the best step
# would be, and why Adagrad is a cheap way towards it.
# It belongs to lectures 05 (gradient descent) and 06 (Adagrad). Plan two to four hours.
#
# | part | you write | points |
# |---|---|---|
# | 1 | `inverse_sqrt_decay`, `staircase` | 6 + 10 |
# | 2 | `sigma`, `adagrad_step` | 14 + 20 |
# | | question A, in formulas | 10 |
# | 3 | `best_step` | 12 |
# | | question B, in words and formulas | 10 |
# | 4 | `rmsprop_step` | 18 |
# | | together | 100 |

# %% [markdown] nbgrader={"grade": false, "grade_id": "rules", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## How it works
#
# - Write each function where its cell says so, instead of the line `raise NotImplementedError`.
#   Keep its name and the names of its parameters.
# - Run the cells from top to bottom. The cell below each function checks it.
#   When the cell prints nothing, the check has passed. When it fails, it says in one sentence what is wrong.
# - The checks that you see are a part. After you hand in, more are run: other shapes, a single gradient, extreme values.
#   So read the text above each function as well as the check.
# - All arrays are float64. Steps work on every entry alone, for arrays of any shape.
# - Never change an input in place: the caller still needs it. A result may share memory with an input.
# - Loops over steps or entries are welcome, but the experiments are faster without loops over entries.
#
# Names: `w` is a weight (or an array of weights), `g` is the gradient ∂C/∂w, `eta` is the learning rate η.
# The counter t starts at 0.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import matplotlib.pyplot as plt
import numpy as np

from tipslib.checks import check_array, check_float, check_list, check_shape, short_messages, unchanged
from tipslib.data import load
from tipslib.plotting import show, use_style
from tipslib.surfaces import long_valley, rotate

use_style()
short_messages()

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-1", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 1. One rate for all weights, falling with time
#
# At the beginning we are far from the minimum, so we take large steps. Later we are close, so we reduce the rate.
# A formula for the rate at time t is called a *schedule*.
#
# ### `inverse_sqrt_decay` (6 points)
#
# $$\eta^t = \frac{\eta}{\sqrt{t+1}}, \qquad t = 0, 1, 2, \dots$$
#
# The slide calls this "1/t decay". That is a slip: it falls with the *square root* of the time, and so more slowly.
#
# Wanted: a float, for every whole number t ≥ 0.


# %% nbgrader={"grade": false, "grade_id": "inverse-sqrt-decay", "locked": false, "schema_version": 3, "solution": true, "task": false}
def inverse_sqrt_decay(eta, t):
    """The rate η^t at time t = 0, 1, 2, ... as a float. eta: the rate η at the start, a float."""
    ### BEGIN SOLUTION
    return eta / np.sqrt(t + 1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "inverse-sqrt-decay-test", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# η = 1: at t = 0 the full rate, at t = 3 half of it, at t = 99 a tenth.
check_float(inverse_sqrt_decay(1.0, 0), 1.0, "inverse_sqrt_decay(1.0, t) at t = 0")
check_float(inverse_sqrt_decay(1.0, 3), 0.5, "inverse_sqrt_decay(1.0, t) at t = 3")
check_float(inverse_sqrt_decay(1.0, 99), 0.1, "inverse_sqrt_decay(1.0, t) at t = 99")
### BEGIN HIDDEN TESTS
hint = "It is η/√(t + 1), for every η > 0 and every t from 0."
for eta1 in (0.02, 1.0, 7.5):
    for t1 in (0, 1, 2, 7, 50, 1_000_000):
        rate1 = eta1 * (t1 + 1) ** -0.5
        check_float(inverse_sqrt_decay(eta1, t1), rate1, "inverse_sqrt_decay(eta, t)", atol=0, hint=hint)
check_float(inverse_sqrt_decay(t=4, eta=2.0), 2 / 5**0.5, "inverse_sqrt_decay(eta, t)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-staircase", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `staircase` (10 points)
#
# Another schedule divides the rate by 5 or by 10 about every 10 epochs. Between two such drops it is constant:
#
# $$\eta^{(\text{epoch})} = \frac{\eta}{\text{factor}^{\,k}}, \qquad k = \left\lfloor \frac{\text{epoch}}{\text{every}} \right\rfloor .$$
#
# The brackets $\lfloor \ \rfloor$ mean "rounded down". Epochs count from 0, so with `every=10` the epochs 0 to 9 have the
# rate η, and epoch 10 is the first with a smaller one.
#
# Wanted: a float, for every whole number `epoch` ≥ 0, also for hundreds of epochs. `every` is a whole number ≥ 1, and
# `factor` is any number ≥ 1, such as 10 or 2.5.


# %% nbgrader={"grade": false, "grade_id": "staircase", "locked": false, "schema_version": 3, "solution": true, "task": false}
def staircase(eta, epoch, every=10, factor=10):
    """The rate in this epoch, as a float: eta at first, divided by factor after each `every` epochs.

    Epochs count from 0.
    """
    ### BEGIN SOLUTION
    return eta / factor ** (epoch // every)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "staircase-test", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# With the default values: a tenth from epoch 10 on, a hundredth from epoch 20 on.
check_float(staircase(1.0, 0), 1.0, "staircase(1.0, epoch) at epoch 0")
check_float(staircase(1.0, 9), 1.0, "staircase(1.0, epoch) at epoch 9")
check_float(staircase(1.0, 10), 0.1, "staircase(1.0, epoch) at epoch 10")
check_float(staircase(1.0, 25), 0.01, "staircase(1.0, epoch) at epoch 25")
### BEGIN HIDDEN TESTS
for eta1 in (0.3, 20.0):
    for epoch1, k1 in [(1, 0), (5, 0), (11, 1), (15, 1), (19, 1), (20, 2), (29, 2), (30, 3), (96, 9), (100, 10)]:
        rate1 = eta1 * 10.0**-k1
        hint = "Divide once more at each multiple of `every`, and nowhere else."
        check_float(staircase(eta1, epoch1), rate1, "staircase(eta, epoch)", atol=0, hint=hint)
hint = "Think of hundreds of epochs: factor to the power k is then a very large number."
for epoch1, k1 in [(190, 19), (205, 20), (640, 64)]:
    check_float(staircase(0.5, epoch1), 0.5 * 10.0**-k1, "staircase(eta, epoch), late", atol=0, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "staircase-options", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# A shorter race: divide by 5 every 5 epochs.
check_float(staircase(0.8, 4, every=5, factor=5), 0.8, "staircase(0.8, epoch, every=5, factor=5) at epoch 4")
check_float(staircase(0.8, 5, every=5, factor=5), 0.16, "staircase(0.8, epoch, every=5, factor=5) at epoch 5")
### BEGIN HIDDEN TESTS
hint = "It must work for any `every` ≥ 1 and any `factor` ≥ 1."
cases1 = [(6, 7, 2, 0), (7, 7, 2, 1), (20, 7, 2, 2), (21, 7, 2, 3), (5, 1, 3, 5), (8, 3, 2.5, 2), (9, 3, 2.5, 3)]
for epoch1, every1, factor1, k1 in [*cases1, (40, 3, 1, 13), (3, 40, 10, 0), (80, 40, 4, 2)]:
    rate1 = 0.7 * float(factor1) ** -k1
    got = staircase(0.7, epoch1, every1, factor1)
    check_float(got, rate1, "staircase(eta, epoch, every, factor)", atol=0, hint=hint)
check_float(staircase(1.0, 4, every=2), 0.01, "staircase(eta, epoch, every)", hint=hint)
check_float(staircase(1.0, 20, factor=4), 1 / 16, "staircase(eta, epoch, factor=factor)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-2", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 2. A rate for every weight: Adagrad
#
# A schedule gives all weights the same rate. Adagrad divides this rate, for each weight, by the size of the derivatives
# that *this weight* has had:
#
# $$w^{t+1} \leftarrow w^t - \frac{\eta^t}{\sigma^t}\, g^t, \qquad \eta^t = \frac{\eta}{\sqrt{t+1}}, \qquad
#   \sigma^t = \sqrt{\frac{1}{t+1} \sum_{i=0}^{t} (g^i)^2}.$$
#
# A weight with small derivatives gets a large rate, a weight with large ones a small rate.
#
# ### `sigma` (14 points)
#
# $\sigma^t$ is the **root mean square** of all derivatives from $g^0$ up to $g^t$, the present one included.
# You get them as one array `gradients` of shape [T, ...]. The first axis is the time: `gradients[i]` is $g^i$.
# The axes after it, if there are any, are the weights. Return $\sigma^{T-1}$ for each weight, in the shape [...] of one
# gradient.
#
# Wanted: any T ≥ 1, and any number of axes after the first. For a single weight, shape [T], return one number.


# %% nbgrader={"grade": false, "grade_id": "sigma", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sigma(gradients):
    """σ^{T-1} of each weight, the root mean square of its T derivatives.

    gradients [T, ...]; returns an array [...], or one number for gradients [T].
    """
    ### BEGIN SOLUTION
    return np.sqrt(np.mean(gradients**2, axis=0))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "sigma-test", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# Two steps, two weights: √((3² + 4²)/2) and √(((-1)² + (-1)²)/2).
gradients0 = np.array([[3.0, -1.0], [4.0, -1.0]])
check_array(sigma(gradients0), [3.5355339059327378, 1.0], "sigma(gradients), two steps, two weights")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(1)
for steps, weights in [(2, 5), (7, 3), (4, 1), (3, 3)]:
    g1 = rng.standard_normal((steps, weights)) + 0.5
    rms1 = np.array([(sum(v * v for v in column) / steps) ** 0.5 for column in g1.T])
    with unchanged("sigma(gradients)", gradients=g1):
        got = sigma(g1)
    hint = "Square, take the mean over the T steps, then the root; each weight, a column, has its own σ."
    check_array(got, rms1, "sigma(gradients)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "sigma-shapes", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The lecture follows one weight. Its derivatives were -2, 1, 0.5, -0.1.
got = np.array(sigma(np.array([-2.0, 1.0, 0.5, -0.1])))  # NumPy's number and Python's are both fine
check_array(got, 1.1467344941179716, "sigma(gradients), one weight, four steps")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(2)
for shape in [(3, 2, 4), (5, 4, 1), (2, 3, 2, 2), (4, 1, 3), (6,), (1,)]:
    g1 = rng.standard_normal(shape) - 0.3
    rms1 = np.zeros(shape[1:])
    for index in np.ndindex(*shape[1:]):
        rms1[index] = (sum(g1[(i, *index)] ** 2 for i in range(shape[0])) / shape[0]) ** 0.5
    with unchanged("sigma(gradients)", gradients=g1):
        got = np.array(sigma(g1))
    hint = "Only the first axis is the time. The others keep their shape, however many there are."
    check_array(got, rms1, "sigma(gradients)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "sigma-first", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The first step. The slide writes σ⁰ = g⁰, and that is a slip: what is the root of a square?
check_array(sigma(np.array([[-6.0, 2.0, 0.0]])), [6.0, 2.0, 0.0], "sigma(gradients), T = 1")
### BEGIN HIDDEN TESTS
hint = "Think of one step only, of weights that had no derivative but 0, and of equal derivatives."
cases1 = [
    (np.array([[[-3.0, 0.5]], [[-3.0, -0.5]], [[-3.0, 0.5]]]), np.array([[3.0, 0.5]])),
    (np.array([[[-1e-3], [0.0]]]), np.array([[1e-3], [0.0]])),
    (np.zeros((4, 3)), np.zeros(3)),
    (np.array([[0.0, 3e-9], [0.0, 4e-9], [3e5, 0.0], [-3e5, 0.0]]), np.array([4.5**0.5 * 1e5, 2.5e-9])),
]
for g1, rms1 in cases1:
    check_array(sigma(g1), rms1, "sigma(gradients)", atol=0, hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-adagrad-step", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `adagrad_step` (20 points)
#
# The decay in $\eta^t$ cancels against $\sigma^t$. (You will show it in question A.) The short form of Adagrad is
#
# $$w^{t+1} \leftarrow w^t - \frac{\eta}{\sqrt{\sum_{i=0}^{t} (g^i)^2}}\, g^t .$$
#
# So it is not necessary to keep all gradients. One number for each weight is enough, the **sum of squares** so far.
# We call it $S$ here, and `sum_sq` in the code. At the start it is 0.
# In each step we first update it with the present gradient, and then we move:
#
# $$S \leftarrow S + g^2, \qquad w \leftarrow w - \frac{\eta\, g}{\sqrt{S} + \varepsilon}.$$
#
# The small ε prevents 0/0 for a weight that has had no gradient yet. Note that it stands **outside** the root.
#
# Wanted: `w`, `g` and `sum_sq` have the same shape, any shape. Return the pair of the new `w` and the new `sum_sq`. The
# arrays that you were given keep their values.


# %% nbgrader={"grade": false, "grade_id": "adagrad-step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def adagrad_step(w, g, sum_sq, eta, eps=1e-10):
    """One step of Adagrad: sum_sq first, then w.

    w, g, sum_sq: arrays of one shape, any shape; eta, eps: floats.
    Returns (w, sum_sq), both of that shape.
    """
    ### BEGIN SOLUTION
    sum_sq = sum_sq + g**2
    return w - eta * g / (np.sqrt(sum_sq) + eps), sum_sq
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "adagrad-step-sum", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The first weight has had the gradients 3 and 4, so its sum of squares is 25. Now comes 12.
w0, g0, sum_sq0 = np.array([1.0, -1.0]), np.array([12.0, -0.5]), np.array([25.0, 0.0])
result = adagrad_step(w0, g0, sum_sq0, 0.13)
check_list(result, 2, "adagrad_step(w, g, sum_sq, eta), (w, sum_sq)")
check_array(result[1], [169.0, 0.25], "adagrad_step(w, g, sum_sq, eta), sum_sq")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(3)
for shape in [(4,), (1,), (2, 3), (3, 1, 2)]:
    w1, g1, past1 = rng.standard_normal((3, *shape))
    past1 = past1**2
    total1 = past1 + g1 * g1
    with unchanged("adagrad_step(w, g, sum_sq, eta)", sum_sq=past1):
        result = adagrad_step(w1, g1, past1, 0.3)
    check_list(result, 2, "adagrad_step(w, g, sum_sq, eta), (w, sum_sq)", hint="Return both: w, then sum_sq.")
    hint = "Each entry keeps its own sum: the sum so far plus the square of its present gradient."
    check_array(result[1], total1, "adagrad_step(w, g, sum_sq, eta), sum_sq", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "adagrad-step-w", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# The same example: 1 - 0.13 · 12/13. The second weight makes its first step, and its size is η.
w0, g0, sum_sq0 = np.array([1.0, -1.0]), np.array([12.0, -0.5]), np.array([25.0, 0.0])
with unchanged("adagrad_step(w, g, sum_sq, eta)", g=g0):
    result = adagrad_step(w0, g0, sum_sq0, 0.13)
check_list(result, 2, "adagrad_step(w, g, sum_sq, eta), (w, sum_sq)")
check_array(result[0], [0.88, -0.87], "adagrad_step(w, g, sum_sq, eta), w", atol=1e-9)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4)
for shape, eta1 in [((5,), 0.1), ((1,), 2.0), ((2, 3), 0.5), ((2, 1, 4), 1.0)]:
    w1, g1, past1 = rng.standard_normal((3, *shape))
    past1 = 4 * past1**2
    next1 = np.array(
        [v - eta1 * d / (s + d**2) ** 0.5 for v, d, s in zip(w1.flat, g1.flat, past1.flat, strict=True)]
    ).reshape(shape)
    with unchanged("adagrad_step(w, g, sum_sq, eta)", w=w1, g=g1):
        result = adagrad_step(w1, g1, past1, eta1)
    check_list(result, 2, "adagrad_step(w, g, sum_sq, eta), (w, sum_sq)", hint="Return both: w, then sum_sq.")
    hint = "Is the present gradient in the sum before you divide? Does each weight use its own sum, and the sign of g?"
    check_array(result[0], next1, "adagrad_step(w, g, sum_sq, eta), w", atol=1e-8, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "adagrad-step-eps", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The weight of a pixel that is never inked: its gradient is 0 and always was. It stays where it is.
with np.errstate(all="ignore"):
    result = adagrad_step(np.array([3.0, 3.0]), np.array([0.0, 1.0]), np.array([0.0, 0.0]), 0.5)
check_list(result, 2, "adagrad_step(w, g, sum_sq, eta), (w, sum_sq)")
check_array(result[0], [3.0, 2.5], "adagrad_step(w, g, sum_sq, eta) at g = 0, 1, w", atol=1e-9)
### BEGIN HIDDEN TESTS
w1, past1 = np.array([[0.0, 0.0, 1.0]]), np.array([[0.0, 16.0, 0.0]])
cases1 = [
    ({"eps": 2.0}, [[-3.0, 3.0, 0.5]], [[3 / 5, -3 / 7, 1 - 0.5 / 2.5]], "eps is an argument; add it to the root."),
    ({}, [[1e-10, -1e-9, 0.0]], [[-0.5, 2.5e-10, 1.0]], "For tiny gradients the size and the place of ε matter."),
    ({"eps": 0.0}, [[-3.0, 3.0, 0.5]], [[1.0, -0.6, 0.0]], "What becomes of it for eps = 0?"),
]
for options, g1, next1, hint in cases1:
    with np.errstate(all="ignore"):
        result = adagrad_step(w1.copy(), np.array(g1), past1.copy(), 1.0, **options)
    check_list(result, 2, "adagrad_step(w, g, sum_sq, eta, eps), (w, sum_sq)", hint="Return both: w, then sum_sq.")
    check_array(result[0], next1, "adagrad_step(w, g, sum_sq, eta, eps), w", atol=1e-15, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "adagrad-step-history", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The lecture's two rows of gradients, one for each weight; both end with 0.1. η = 1, five steps.
rows0 = np.array([[0.001, 0.001, 0.003, 0.002, 0.1], [10.8, 20.9, 31.7, 12.1, 0.1]])
w0, sum_sq0 = np.zeros(2), np.zeros(2)
for t in range(5):
    result = adagrad_step(w0, rows0[:, t].copy(), sum_sq0, 1.0)
    check_list(result, 2, "adagrad_step(w, g, sum_sq, eta), (w, sum_sq)")
    w0, sum_sq0 = result
check_array(w0, [-4.127289437110855, -2.9869012649551316], "w after five calls of adagrad_step", atol=1e-6)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(5)
g1 = rng.standard_normal((2, 8, 3, 2))  # two trainings in turn, eight steps each
path1 = -0.2 * np.cumsum(g1 / np.sqrt(np.cumsum(g1 * g1, axis=1)), axis=1)
state1 = [(np.zeros((3, 2)), np.zeros((3, 2)))] * 2
for t in range(8):
    for run in range(2):
        result = adagrad_step(state1[run][0].copy(), g1[run, t].copy(), state1[run][1].copy(), 0.2)
        check_list(result, 2, "adagrad_step(w, g, sum_sq, eta), (w, sum_sq)", hint="Return both: w, then sum_sq.")
        hint = "The memory of the past is sum_sq alone. Nothing else may be kept from call to call."
        check_array(result[0], path1[run, t], "w after some calls of adagrad_step", atol=1e-7, hint=hint)
        check_shape(result[1], (3, 2), "adagrad_step(w, g, sum_sq, eta), sum_sq", hint=hint)
        state1[run] = tuple(result)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-valley", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: the long valley
#
# The cost $\frac12 (0.02\,x^2 + 2\,y^2)$ is a long valley. Its curvature is 2 across and 0.02 along, a ratio of 100.
# The next cell runs plain gradient descent and your Adagrad from the point (−10, 1), each with many rates.
# It counts the steps until the cost is below 0.0001 for good, 600 at most.
#
# Then it turns the valley by 45°. Before you run it: which of the two methods will notice?


# %%
def descend(surface, eta, adaptive, steps=600):
    """The path of gradient descent or of your Adagrad, an array [steps + 1, 2]."""
    w, sum_sq = np.array(surface.start), np.zeros(2)
    path = [w]
    for _ in range(steps):
        g = surface.gradient(w)
        w, sum_sq = adagrad_step(w, g, sum_sq, eta) if adaptive else (w - eta * g, sum_sq)
        path.append(w)
    return np.array(path)


def steps_needed(surface, eta, adaptive):
    """The number of steps after which the cost stays below 1e-4; nan if 600 steps are not enough."""
    with np.errstate(all="ignore"):  # at too high a rate gradient descent overflows
        high = ~(surface(descend(surface, eta, adaptive)) < 1e-4)
    return np.nan if high[-1] else np.flatnonzero(high)[-1] + 1.0


turned = rotate(long_valley, np.pi / 4)
rates = 10 ** np.arange(-1, 2.01, 0.125)
needed = {
    f"{method}, {place}": np.array([steps_needed(surface, eta, method == "Adagrad") for eta in rates])
    for method in ("gradient descent", "Adagrad")
    for place, surface in (("as it is", long_valley), ("turned by 45°", turned))
}
for name, counts in needed.items():
    best = np.nanargmin(counts)
    works = np.isfinite(counts).sum()
    print(f"{name:32} best rate {rates[best]:5.2f}: {counts[best]:3.0f} steps", end="; ")
    print(f"{works} of {len(rates)} rates arrive")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
for method, eta in (("gradient descent", 0.75), ("Adagrad", 1.78)):
    path = descend(long_valley, eta, method == "Adagrad", 60)
    left.plot(*path.T, marker="o", markersize=3, linewidth=1, label=f"{method}, η = {eta}")
left.plot(0, 0, "k*", markersize=12)
left.set(title="60 steps; the star is the minimum", xlabel="x", ylabel="y")
for (name, counts), marker, size in zip(needed.items(), "os^v", (9, 5, 5, 5), strict=True):
    right.loglog(rates, counts, marker=marker, markersize=size, label=name)
right.set(title="Turned, Adagrad loses its lead", xlabel="rate η", ylabel="steps needed")
for axes in (left, right):
    axes.legend(fontsize=8)
show(
    figure,
    alt="Left: gradient descent swings across the valley and creeps along it; Adagrad swings out at first "
    "and reaches the minimum. Right: steps needed against the rate. Gradient descent arrives at few rates "
    "only, after some hundred steps, in both valleys alike. Adagrad needs few steps where the valley "
    "lies along an axis, and hundreds where it is turned.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-valley-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Gradient descent works at rates below 1 only: with curvature 2 it diverges above. This rate is too small for the long
# direction, so the path creeps. Adagrad gives x a larger rate than y. It arrives with a wide range of rates, and the
# best needs a handful of steps. (Four steps are partly luck: that rate fits this start.)
#
# In the turned valley gradient descent needs as many steps as before. Adagrad, at its best rate, needs even
# more. A rate for each *coordinate* helps only if the valley runs along a coordinate.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-a", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question A (10 points)
#
# 1. Start from the long form, with $\eta^t$ and $\sigma^t$ as defined in part 2. Show that
#    $\frac{\eta^t}{\sigma^t}\, g^t = \frac{\eta}{\sqrt{\sum_{i=0}^{t} (g^i)^2}}\, g^t$.
#    Make one change in each line, and say what you use.
# 2. Do the same with a true 1/t decay, $\eta^t = \frac{\eta}{t+1}$. What is left over? What does it mean for training?
# 3. How long is the very first step, for any $g^0 \ne 0$? Show that no later step can be longer.
# 4. Suppose that a weight has the same gradient $g \ne 0$ in every step. How long is step t? What does this say about the
#    decay that "cancelled"?
#
# Write your answer into the cell below. Formulas stand between dollar signs, as in `$\sigma^t$`. Leave ε out.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-a", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (10 points).** 1: both definitions put in, 1 point; the factor $1/(t+1)$ taken out of the root, with the
# reason, 1; the cancellation, 1. 2: the factor $1/\sqrt{t+1}$ is left, 1; so the steps get smaller and smaller in addition
# to the sum, or: a counter t is needed again, 1. 3: the first step is η, 1; the present $(g^t)^2$ is one term of the sum, so
# $|g^t|$ is at most the root, 1; hence every step is at most η, 1. 4: $\eta/\sqrt{t+1}$, 1; the decay is still there,
# hidden in the growing sum, 1. Accept any clear notation. For 1, the end formulas alone earn nothing.
#
# **Answer.** 1.
#
# $$\frac{\eta^t}{\sigma^t} = \frac{\eta/\sqrt{t+1}}{\sqrt{\frac{1}{t+1} \sum_i (g^i)^2}}
# = \frac{\eta/\sqrt{t+1}}{\frac{1}{\sqrt{t+1}} \sqrt{\sum_i (g^i)^2}} = \frac{\eta}{\sqrt{\sum_i (g^i)^2}}.$$
#
# First the definitions. Then the root of a product is the product of the roots (both are positive). Then numerator and
# denominator are multiplied by $\sqrt{t+1}$. Multiply by $g^t$.
#
# 2. $\frac{\eta/(t+1)}{\sigma^t} = \frac{\eta}{t+1} \cdot \frac{\sqrt{t+1}}{\sqrt{\sum_i (g^i)^2}}
# = \frac{1}{\sqrt{t+1}} \cdot \frac{\eta}{\sqrt{\sum_i (g^i)^2}}$. One factor $1/\sqrt{t+1}$ is left. We have to count steps
# again, and the steps die out sooner: for gradients of one size they fall like $1/(t+1)$.
#
# 3. For t = 0 the sum is $(g^0)^2$, its root is $|g^0|$, and the step is $\eta |g^0| / |g^0| = \eta$. Later the sum holds
# $(g^t)^2$ and other terms that are not negative. So its root is at least $|g^t|$, and the step is at most η.
#
# 4. The sum is $(t+1) g^2$, so the step is $\eta |g| / (\sqrt{t+1}\,|g|) = \eta/\sqrt{t+1}$. The decay is not gone. It
# cancelled against the *mean*; the *sum* grows instead and makes the same decay.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-3", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 3. The best step
#
# Why is it a good idea to divide by derivatives? Take the simplest valley, a parabola with one weight:
#
# $$y = a x^2 + b x + c, \qquad a > 0.$$
#
# ### `best_step` (12 points)
#
# We stand at $x_0$. The best step is the one that leads to the minimum at once. How long is it?
# Find the minimum first: there the derivative is 0. The constant c plays no part.
#
# Wanted: a float, the **distance** from $x_0$ to the minimum. It is never negative, on whichever side of the minimum
# $x_0$ lies. `a`, `b` and `x0` are floats, a > 0.


# %% nbgrader={"grade": false, "grade_id": "best-step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def best_step(a, b, x0):
    """The distance from x0 to the minimum of y = ax² + bx + c, a > 0, as a float ≥ 0."""
    ### BEGIN SOLUTION
    return abs(2 * a * x0 + b) / (2 * a)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "best-step-test", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The lecture's two axes: a flat parabola, a = 0.1, and a steep one, a = 2.5. Both minima are at 0.
check_float(best_step(0.1, 0.0, 8.0), 8.0, "best_step(a=0.1, b=0, x0=8)")
check_float(best_step(2.5, 0.0, 1.0), 1.0, "best_step(a=2.5, b=0, x0=1)")
# y = 2x² - 4x has its minimum at x = 1.
check_float(best_step(2.0, -4.0, 3.0), 2.0, "best_step(a=2, b=-4, x0=3)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(6)
for _ in range(20):
    a1, place1, far1 = rng.uniform(0.1, 5), rng.normal(), rng.uniform(0.1, 4)
    b1 = -2 * a1 * place1
    got = best_step(float(a1), float(b1), float(place1 + far1))
    check_float(got, far1, "best_step(a, b, x0)", hint="Where is the minimum for other a and b? How far is it?")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "best-step-left", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The same parabola from the left: a distance is positive there, too.
check_float(best_step(2.0, -4.0, 0.0), 1.0, "best_step(a=2, b=-4, x0=0)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(7)
hint = "The minimum may lie on either side of x0, and on the other side of 0."
for place1, x1 in [(3.0, -2.0), (-3.0, 2.0), (-1.0, -5.0), (0.5, 0.0), (-0.5, 0.0), (0.0, -4.0), (2.0, -2.0)]:
    a1 = rng.uniform(0.2, 3)
    b1, far1 = -2 * a1 * place1, max(x1, place1) - min(x1, place1)
    check_float(best_step(float(a1), float(b1), x1), far1, "best_step(a, b, x0)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "best-step-extremes", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# At the minimum there is nothing left to do.
check_float(best_step(2.0, -4.0, 1.0), 0.0, "best_step(a=2, b=-4, x0=1)")
### BEGIN HIDDEN TESTS
cases1 = [
    (0.25, 1.0, -2.0, 0.0),
    (2.0**-30, 0.0, 3.0, 3.0),
    (2.0**-30, 2.0**-29, 0.0, 1.0),
    (2.0**40, -(2.0**38), 0.0, 0.125),
]
for a1, b1, x1, far1 in cases1:
    hint = "Think of a very flat parabola, of a very steep one, and of standing at the minimum."
    check_float(best_step(a1, b1, x1), far1, "best_step(a, b, x0)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-scatter", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: first derivatives measure the second
#
# The next cell takes seven parabolas $y = a x^2$, from very flat to very steep. On each it draws 300 places x at random
# between −3 and 3, and computes the derivatives there. Then your `sigma` computes their root mean square,
# and your `best_step` the distance to the minimum.
#
# Left: can we read the best step off the first derivative alone? Right: and after dividing by σ?

# %%
rng = np.random.default_rng(0)
coefficients = np.logspace(-1, 1, 7)
places = rng.uniform(-3, 3, (300, 7))  # a column for each parabola
first = 2 * coefficients * places
sizes = sigma(first)
best = np.array([[best_step(float(coefficients[i]), 0.0, float(row[i])) for i in range(7)] for row in places])

print("second derivative 2a      ", "".join(f"{2 * a:8.2f}" for a in coefficients))
print("your σ                    ", "".join(f"{s:8.2f}" for s in sizes))
print("σ / second derivative     ", "".join(f"{ratio:8.2f}" for ratio in sizes / (2 * coefficients)))
for name, measure in (("|g|", np.abs(first)), ("|g| / σ", np.abs(first) / sizes)):
    correlation = np.corrcoef(measure.ravel(), best.ravel())[0, 1]
    print(f"correlation of {name:7} with the best step: {correlation:.2f}")

figure, panels = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True)
for i, marker in zip((0, 3, 6), "os^", strict=True):
    for axes, measure in zip(panels, (np.abs(first), np.abs(first) / sizes), strict=True):
        label = f"2a = {2 * coefficients[i]:.1f}"
        axes.plot(measure[:40, i], best[:40, i], marker, linestyle="none", markersize=5, label=label)
panels[0].set(title="|g| alone says little about the best step", xlabel="first derivative |g|")
panels[0].set(ylabel="best step", xscale="log")
panels[1].set(title="|g| / σ is nearly proportional to it", xlabel="|g| / σ")
for axes in panels:
    axes.legend(fontsize=9)
show(
    figure,
    alt="Best step against the first derivative, 40 places on each of three parabolas. Left, "
    "against |g| alone: three separate curves. Right, against |g| divided by σ: nearly the same straight line for all three.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-scatter-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# On one parabola a larger derivative means a longer best step. But each parabola has a scale of its own, so across
# parabolas the derivative says little. After dividing by σ all of them lie close to one line.
#
# The third line of the numbers shows why. σ is 1.7 to 1.8 times the second derivative on all seven parabolas,
# although the second derivatives differ by a factor of 100. And σ was computed from first derivatives
# only. The second derivatives of a network with a million weights would be expensive.
# σ costs next to nothing.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-b", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question B (10 points)
#
# 1. Let $y = ax^2 + bx + c$ with $a > 0$. Show that the best step from $x_0$ is
#    $\frac{|\text{first derivative at } x_0|}{\text{second derivative}}$. What goes wrong for $a < 0$?
# 2. Two weights: $y = 0.1\,w_1^2 + 2.5\,w_2^2$. We stand at $w_1 = 8$, $w_2 = 1$. Which weight has the larger first
#    derivative, and which one has the longer way to go? One rate for both is chosen right for $w_2$. What share of its
#    best step does $w_1$ make?
# 3. Adagrad never computes a second derivative. Explain, for $y = ax^2 + bx + c$, why the root mean square of many *first*
#    derivatives can stand for it. What must be the same for all weights, so that this is fair?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-b", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (10 points).** 1: minimum at $-b/2a$ from derivative 0, 1 point; distance
# $|x_0 + b/2a| = |2ax_0 + b|/2a$, 1; numerator and denominator named as the two derivatives, 1; for $a < 0$ no minimum (the
# quotient is negative), 1. 2: derivatives 1.6 and 5, distances 8 and 1, 1; the comparison misleads: $w_2$ has the larger
# derivative and the shorter way, 1; the rate is 1/5, the step of $w_1$ is 0.32, that is 4 %, 1. 3: the derivative is the second
# derivative times the signed distance from the minimum, 1; so the RMS is the second derivative times the RMS distance, 1;
# the RMS distance (the range of places visited) must be the same for all weights, 1.
#
# **Answer.** 1. $y' = 2ax + b$ is 0 at $x^* = -\frac{b}{2a}$. With $a > 0$ this is a minimum. The distance is
# $|x_0 - x^*| = |x_0 + \frac{b}{2a}| = \frac{|2ax_0 + b|}{2a}$. The numerator is $|y'(x_0)|$, the denominator is $y''$.
# For $a < 0$ the parabola has a maximum at $x^*$ and no minimum, and the quotient is negative: no distance.
#
# 2. First derivatives: $0.2 \cdot 8 = 1.6$ and $5 \cdot 1 = 5$. Distances: 8 and 1. So $w_2$ has the larger derivative but
# the shorter way. Across weights the derivative misleads. The rate that is right for $w_2$ is $1/5$; with it $w_1$ moves by
# $1.6/5 = 0.32$ instead of 8, which is 4 %.
#
# 3. At x the first derivative is $2a(x - x^*)$. The root mean square over places $x^0 \dots x^t$ is
# $2a \sqrt{\frac{1}{t+1}\sum_i (x^i - x^*)^2}$: second derivative times root mean square distance. If all weights have
# visited places over the same range around their minimum, the second factor is the same for all, and σ is proportional to
# the second derivative. Then $|g|/\sigma$ is proportional to the best step.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-4", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 4. RMSProp, which forgets
#
# Adagrad's sum only grows. When early gradients were large, the steps stay small for ever, even when the gradients have
# long become small. RMSProp replaces the sum by a **running mean** of the squares, $v$:
#
# $$v \leftarrow \gamma\, v + (1 - \gamma)\, g^2, \qquad
#   w \leftarrow w - \frac{\eta\, g}{\sqrt{v + \varepsilon}}.$$
#
# With $\gamma = 0.9$ a square that is 10 steps old counts only $0.9^{10} \approx 0.35$ as much as a new one.
#
# ### `rmsprop_step` (18 points)
#
# In the code $v$ is called `mean_sq`. Update it first, with the present gradient, and then move.
# Note that ε stands **inside** the root here, as in the lecture. In `adagrad_step` it stands outside.
#
# Wanted: `w`, `g` and `mean_sq` have the same shape, any shape; $0 \le \gamma < 1$. Return the pair of the new `w` and the new
# `mean_sq`. The arrays that you were given keep their values.


# %% nbgrader={"grade": false, "grade_id": "rmsprop-step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rmsprop_step(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """One step of RMSProp: mean_sq first, then w.

    w, g, mean_sq: arrays of one shape, any shape; eta, gamma, eps: floats.
    Returns (w, mean_sq), both of that shape.
    """
    ### BEGIN SOLUTION
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    return w - eta * g / np.sqrt(mean_sq + eps), mean_sq
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "rmsprop-step-mean", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# With the default γ = 0.9: 0.9 · 16 + 0.1 · 2² and 0.9 · 0 + 0.1 · (-1)².
w0, g0, mean_sq0 = np.array([5.0, 5.0]), np.array([2.0, -1.0]), np.array([16.0, 0.0])
result = rmsprop_step(w0, g0, mean_sq0, 0.5)
check_list(result, 2, "rmsprop_step(w, g, mean_sq, eta), (w, mean_sq)")
check_array(result[1], [14.8, 0.1], "rmsprop_step(w, g, mean_sq, eta), mean_sq")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(8)
for shape, gamma1 in [((4,), 0.9), ((1,), 0.5), ((2, 3), 0.99), ((3, 1, 2), 0.2)]:
    w1, g1, past1 = rng.standard_normal((3, *shape))
    past1 = past1**2
    mean1 = past1 + (1 - gamma1) * (g1 * g1 - past1)
    with unchanged("rmsprop_step(w, g, mean_sq, eta, gamma)", mean_sq=past1):
        result = rmsprop_step(w1, g1, past1, 0.3, gamma1)
    check_list(result, 2, "rmsprop_step(w, g, mean_sq, eta, gamma), (w, mean_sq)", hint="Return both: w, then mean_sq.")
    hint = "γ says how much of the past is kept, 1 - γ how much of the present square comes in, entry by entry."
    check_array(result[1], mean1, "rmsprop_step(w, g, mean_sq, eta, gamma), mean_sq", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "rmsprop-step-w", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# γ = 0.75. First weight: v = 0.75 · 20 + 0.25 · 2² = 16. Second: its first step; v = 0.25 · (-7)².
w0, g0, mean_sq0 = np.array([5.0, 5.0]), np.array([2.0, -7.0]), np.array([20.0, 0.0])
with unchanged("rmsprop_step(w, g, mean_sq, eta, gamma)", g=g0):
    result = rmsprop_step(w0, g0, mean_sq0, 0.5, gamma=0.75)
check_list(result, 2, "rmsprop_step(w, g, mean_sq, eta, gamma), (w, mean_sq)")
check_array(result[0], [4.75, 6.0], "rmsprop_step(w, g, mean_sq, 0.5, gamma=0.75), w", atol=1e-7)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(9)
for shape, eta1 in [((5,), 0.1), ((1,), 2.0), ((2, 3), 0.5), ((2, 1, 4), 1.0)]:
    w1, g1, past1 = rng.standard_normal((3, *shape))
    past1 = 4 * past1**2
    next1 = np.array(
        [
            v - eta1 * d / (0.9 * m + 0.1 * d**2 + 1e-8) ** 0.5
            for v, d, m in zip(w1.flat, g1.flat, past1.flat, strict=True)
        ]
    ).reshape(shape)
    with unchanged("rmsprop_step(w, g, mean_sq, eta)", w=w1, g=g1):
        result = rmsprop_step(w1, g1, past1, eta1)
    check_list(result, 2, "rmsprop_step(w, g, mean_sq, eta), (w, mean_sq)", hint="Return both: w, then mean_sq.")
    hint = (
        "Is the present gradient in the mean before you divide? Does each weight use its own mean, and the sign of g?"
    )
    check_array(result[0], next1, "rmsprop_step(w, g, mean_sq, eta), w", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "rmsprop-step-eps", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# ε = 3 belongs under the root, beside v = 0.75 · 16 + 0.25 · 2² = 13. A gradient of 0 moves nothing.
w0, g0, mean_sq0 = np.array([5.0, 5.0]), np.array([2.0, 0.0]), np.array([16.0, 0.0])
with np.errstate(all="ignore"):
    result = rmsprop_step(w0, g0, mean_sq0, 1.0, gamma=0.75, eps=3.0)
check_list(result, 2, "rmsprop_step(w, g, mean_sq, eta, gamma, eps), (w, mean_sq)")
check_array(result[0], [4.5, 5.0], "rmsprop_step(w, g, mean_sq, 1.0, gamma=0.75, eps=3.0), w")
### BEGIN HIDDEN TESTS
w1, zeros1 = np.zeros((1, 3)), np.zeros((1, 3))
cases1 = [
    ({}, [[1e-4, -1e-5, 0.0]], [1e-9, 1e-11, 0.0], 1e-8, "For tiny gradients the size and the place of ε matter."),
    ({"eps": 0.5}, [[-1.0, 3.0, 0.0]], [0.1, 0.9, 0.0], 0.5, "eps is an argument; add it to v."),
    ({"eps": 0.0}, [[-1e-7, 3.0, 1e9]], [1e-15, 0.9, 1e17], 0.0, "What becomes of it for eps = 0?"),
]
for options, g1, v1, eps1, hint in cases1:
    next1 = -np.array(g1) / (np.array([v1]) + eps1) ** 0.5
    with np.errstate(all="ignore"):
        result = rmsprop_step(w1.copy(), np.array(g1), zeros1.copy(), 1.0, **options)
    check_list(result, 2, "rmsprop_step(w, g, mean_sq, eta), (w, mean_sq)", hint="Return both: w, then mean_sq.")
    check_array(result[0], next1, "rmsprop_step(w, g, mean_sq, eta, eps=eps), w", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "rmsprop-step-gamma", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# With γ = 0.99 and no past the first step is ten times η.
result = rmsprop_step(np.array([0.0]), np.array([-3.0]), np.array([0.0]), 0.01, gamma=0.99)
check_list(result, 2, "rmsprop_step(w, g, mean_sq, eta, gamma), (w, mean_sq)")
check_array(result[0], [0.1], "rmsprop_step(w, g, mean_sq, 0.01, gamma=0.99), w", atol=1e-8)
### BEGIN HIDDEN TESTS
for gamma1 in (0.0, 0.3, 0.999):
    g1, past1 = np.array([[2.0, -0.5, 4.0]]), np.array([[9.0, 9.0, 0.0]])
    mean1 = np.array([[9 * gamma1 + 4 * (1 - gamma1), 9 * gamma1 + 0.25 * (1 - gamma1), 16 * (1 - gamma1)]])
    next1 = 1 - 0.2 * g1 / (mean1 + 1e-8) ** 0.5
    result = rmsprop_step(np.ones((1, 3)), g1, past1, 0.2, gamma1)
    hint = "γ is an argument from 0 up to 1. For γ = 0 the past is forgotten at once."
    check_list(result, 2, "rmsprop_step(w, g, mean_sq, eta, gamma), (w, mean_sq)", hint=hint)
    check_array(result[0], next1, "rmsprop_step(w, g, mean_sq, eta, gamma), w", hint=hint)
    check_array(result[1], mean1, "rmsprop_step(w, g, mean_sq, eta, gamma), mean_sq", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "rmsprop-step-history", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The lecture's row with large early gradients, then a hundred times 0.1. RMSProp forgets them. η = 1.
row0 = [10.8, 20.9, 31.7, 12.1] + [0.1] * 100
w0, mean_sq0 = np.zeros(1), np.zeros(1)
for t in range(104):
    result = rmsprop_step(w0, np.array([row0[t]]), mean_sq0, 1.0)
    check_list(result, 2, "rmsprop_step(w, g, mean_sq, eta), (w, mean_sq)")
    w0, mean_sq0 = result
check_array(w0, [-33.45853790470367], "w after 104 calls of rmsprop_step")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(10)
g1 = rng.standard_normal((2, 8, 3, 2))  # two trainings in turn, eight steps each
ages1 = np.subtract.outer(np.arange(8), np.arange(8))
shares1 = np.where(ages1 >= 0, 0.2 * 0.8 ** np.maximum(ages1, 0), 0.0)
path1 = -0.3 * np.cumsum(g1 / np.sqrt(np.einsum("ti,rimn->rtmn", shares1, g1 * g1) + 1e-8), axis=1)
state1 = [(np.zeros((3, 2)), np.zeros((3, 2)))] * 2
for t in range(8):
    for run in range(2):
        result = rmsprop_step(state1[run][0].copy(), g1[run, t].copy(), state1[run][1].copy(), 0.3, gamma=0.8)
        check_list(result, 2, "rmsprop_step(w, g, mean_sq, eta), (w, mean_sq)", hint="Return both: w, then mean_sq.")
        hint = "The memory of the past is mean_sq alone. Nothing else may be kept from call to call."
        check_array(result[0], path1[run, t], "w after some calls of rmsprop_step", hint=hint)
        check_shape(result[1], (3, 2), "rmsprop_step(w, g, mean_sq, eta), mean_sq", hint=hint)
        state1[run] = tuple(result)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-race", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Experiment: real data, and pixels in mixed units
#
# Now all your functions race on the handwritten digits. The model is one softmax layer, [64, 10], trained for ten
# epochs with batches of 50. Each method gets the best of twelve rates, by the training loss at the end.
#
# Then each pixel is multiplied by a number of its own, as if some were measured in metres and others in
# millimetres. In principle nothing is lost: a weight that is smaller by the same factor makes up for it.
# Before you run it: which method will care?

# %%
digits = load("digits").train
x_digits, targets = digits.x.astype(np.float64), np.eye(10)[digits.y]
units = np.exp(np.random.default_rng(3).normal(0, 1.5, 64))

# Each takes w, g, the memory s, η, the epoch and the number t of the step; it returns w and s.
METHODS = {
    "gradient descent": lambda w, g, s, eta, epoch, t: (w - eta * g, s),
    "with inverse_sqrt_decay": lambda w, g, s, eta, epoch, t: (w - inverse_sqrt_decay(eta, t) * g, s),
    "with staircase": lambda w, g, s, eta, epoch, t: (w - staircase(eta, epoch, every=4) * g, s),
    "Adagrad": lambda w, g, s, eta, epoch, t: adagrad_step(w, g, s, eta),
    "RMSProp": lambda w, g, s, eta, epoch, t: rmsprop_step(w, g, s, eta),
}


def softmax_loss(w, x):
    """The mean cross entropy on all digits."""
    z = x @ w
    z = z - z.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(z).sum(axis=1)) - np.sum(z * targets, axis=1))


def train(step, eta, x, epochs=10, batch=50):
    """The training loss before the first epoch and after each."""
    rng, t = np.random.default_rng(0), 0
    w, s = np.zeros((64, 10)), np.zeros((64, 10))
    losses = [softmax_loss(w, x)]
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            z = x[rows] @ w
            y = np.exp(z - z.max(axis=1, keepdims=True))
            y /= y.sum(axis=1, keepdims=True)
            g = x[rows].T @ (y - targets[rows]) / len(rows)
            w, s = step(w, g, s, eta, epoch, t)
            t += 1
        losses.append(softmax_loss(w, x))
    return np.array(losses)


# %% tips={"rtol": 0.02}
rates = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]
figure, panels = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True)
cases = {"pixels as they are": x_digits, "pixels in mixed units": x_digits * units}
for axes, (case, x) in zip(panels, cases.items(), strict=True):
    for name, step in METHODS.items():
        runs = {eta: train(step, eta, x) for eta in rates}
        eta = min(runs, key=lambda eta: runs[eta][-1])
        print(f"{case:22} {name:24} best rate {eta:6.3f}, training loss {runs[eta][-1]:.3f}")
        axes.semilogy(runs[eta], label=f"{name}, η = {eta:g}")
    axes.set(title=case.capitalize(), xlabel="epoch")
    axes.legend(fontsize=8)
panels[0].set_ylabel("training loss")
show(
    figure,
    alt="Training loss by epoch, two panels. Left, pixels as they are: all five methods fall to about 0.1. "
    "Right, pixels in mixed units: gradient descent stays near 1, with and without a schedule; "
    "Adagrad and RMSProp fall to about 0.2.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-race-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# With the pixels as they are, all five methods do well once each has its rate. Adagrad is a little ahead in this run.
#
# In mixed units, gradient descent stays far above the other two, with or without a schedule. A schedule helps a little.
# But it still gives all weights one rate: the pixels with the largest numbers allow only a small one, and the others starve.
# Adagrad and RMSProp give each pixel a rate of its own and get much further.
# They lose something as well: a weight in another unit needs another *step*, and no rate here can know that.
#
# The rates were chosen by the training loss, because the question is how well each method *optimises*.

# %% [markdown] nbgrader={"grade": false, "grade_id": "end", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Before you hand in
#
# Restart the kernel and run all cells, from top to bottom. Every check should be silent. Then save and submit.
