# %% [markdown] nbgrader={"grade": false, "grade_id": "intro", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment: babysitting
#
# A network that does not learn seldom says why. So a good engineer watches it: the first loss, the gradient,
# the loss curve, the size of the updates. In this assignment you write the instruments for that, in NumPy.
# After each part you use them in a session on real data.
# It belongs to lecture 11 (babysitting); gradient checking comes from lecture 00, clipping from 05, early stopping from 09.
# Plan two to four hours.
#
# | part | you write | points |
# |---|---|---|
# | 1 | `expected_initial_loss`, `numerical_gradient`, `relative_error` | 4 + 16 + 10 |
# | | question A, in words and formulas | 10 |
# | 2 | `diagnose`, `update_ratio` | 14 + 6 |
# | | question B, in words | 6 |
# | 3 | `sample_log_uniform` | 12 |
# | 4 | `clip_gradient`, `early_stopping` | 8 + 14 |
# | | together | 100 |

# %% [markdown] nbgrader={"grade": false, "grade_id": "rules", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## How it works
#
# - Write each function where its cell says so, instead of the line `raise NotImplementedError`.
#   Keep its name and the names of its parameters.
# - Run the cells from top to bottom. The cell below each function checks it.
#   When the cell prints nothing, the check has passed. When it fails, it says in one sentence what is wrong.
# - The checks that you see are a part. After you hand in, more are run: other shapes, ties, special cases.
#   So read the text above each function as well as the check.
# - All arrays are float64, and none is empty. Where the text says "any shape", the array may have any number of axes.
# - Never leave an input changed: the caller still needs it. A result may share memory with an input.
# - Loops are welcome.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import matplotlib.pyplot as plt
import numpy as np

from tipslib.checks import (
    check_array,
    check_float,
    check_int,
    check_list,
    check_shape,
    check_text,
    short_messages,
    unchanged,
)
from tipslib.data import load
from tipslib.plotting import show, use_style

use_style()
short_messages()


# %% [markdown] nbgrader={"grade": false, "grade_id": "patient", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## The patient
#
# Our data set is `mnist1d`: 40 measurements for each example, 10 classes.
# The network is the lecture's: one hidden layer of 50 ReLU units, then 10 outputs with softmax and cross entropy.
# The next cell holds the network and its training loop. You need not write any of it, but read it: you will watch it.
# The parameters are a list `[W1, b1, W2, b2]`. A weight matrix acts as `x @ W`.

# %%
parts = load("mnist1d")
(x_train, r_train), (x_val, r_val), (x_test, r_test) = ((part.x.astype(np.float64), part.y) for part in parts)


def start(seed, std=None, inputs=40, hidden=50):
    """[W1, b1, W2, b2]: weights from N(0, std²), by default He's 2 / fan_in; biases 0."""
    rng = np.random.default_rng(seed)
    std1, std2 = (std, std) if std else (np.sqrt(2 / inputs), np.sqrt(2 / hidden))
    W1, W2 = std1 * rng.standard_normal((inputs, hidden)), std2 * rng.standard_normal((hidden, 10))
    return [W1, np.zeros(hidden), W2, np.zeros(10)]


def forward(params, x):
    """The hidden activations and the logits."""
    W1, b1, W2, b2 = params
    a = np.maximum(x @ W1 + b1, 0)
    return a, a @ W2 + b2


def cost(params, x, r):
    """The cross entropy, averaged over the examples x with labels r."""
    z = forward(params, x)[1]
    z = z - z.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(r)), r])


def accuracy(params, x, r):
    return np.mean(forward(params, x)[1].argmax(axis=1) == r)


def gradients(params, x, r):
    """∂C/∂ each of W1, b1, W2, b2."""
    a, z = forward(params, x)
    dz = np.exp(z - z.max(axis=1, keepdims=True))
    dz /= dz.sum(axis=1, keepdims=True)
    dz[np.arange(len(r)), r] -= 1
    dz /= len(r)
    dh = (dz @ params[2].T) * (a > 0)
    return [x.T @ dh, dh.sum(axis=0), a.T @ dz, dz.sum(axis=0)]


def train(params, x, r, rate, epochs, treat=lambda g: g, batch=100):
    """Plain gradient descent on mini-batches; `treat` may change a gradient before it is used.

    Returns the list of the parameters: before training, and after each epoch.
    """
    rng, history = np.random.default_rng(0), [params]
    with np.errstate(all="ignore"):  # at a high rate the numbers overflow: a result, not an error
        for _ in range(epochs):
            order = rng.permutation(len(x))
            for first in range(0, len(x), batch):
                rows = order[first : first + batch]
                grads = gradients(params, x[rows], r[rows])
                params = [p - rate * treat(g) for p, g in zip(params, grads, strict=True)]
            history.append(params)
    return history


def curve(history, x, r):
    """The cost at each entry of a history, as an array."""
    with np.errstate(all="ignore"):
        return np.array([cost(params, x, r) for params in history])


# %% [markdown] nbgrader={"grade": false, "grade_id": "part-1", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 1. Before training
#
# ### `expected_initial_loss` (4 points)
#
# "Double check that the loss is reasonable", says the lecture, before the first step.
# A network that knows nothing yet should give every class the same probability.
# Then its cross entropy is a number that you can know on paper. For 10 classes it is about 2.3.
#
# Wanted: this number for any number of classes, `classes` ≥ 2, with all its digits.


# %% nbgrader={"grade": false, "grade_id": "expected-initial-loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def expected_initial_loss(classes):
    """The cross entropy of a network that finds all `classes` classes equally likely: a float."""
    ### BEGIN SOLUTION
    return float(np.log(classes))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "expected-initial-loss-test", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# The lecture's 10 classes, and ImageNet's 1000.
check_float(expected_initial_loss(10), 2.302585092994046, "expected_initial_loss(10)")
check_float(expected_initial_loss(1000), 6.907755278982137, "expected_initial_loss(1000)")
### BEGIN HIDDEN TESTS
for classes in (2, 3, 7, 100, 21841):
    loss1 = -sum(np.log(1 / classes) / classes for _ in range(classes))
    hint = "What is the cross entropy when every class has the same probability? Any number of classes."
    check_float(expected_initial_loss(classes), loss1, "expected_initial_loss(classes)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-numerical-gradient", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `numerical_gradient` (16 points)
#
# The first loss is right. Is the gradient? We compare the backward pass with a second opinion,
# which needs only the forward pass. Move one entry of x a little up and a little down, and look at f:
#
# $$\frac{\partial f}{\partial x_i} \approx \frac{f(x + h e_i) - f(x - h e_i)}{2h}.$$
#
# Here $e_i$ is 1 at entry i and 0 everywhere else. These are **central differences**.
#
# The argument `f` is a function. It takes an array of the shape of x and returns one float.
# x may have any shape, and the gradient has the shape of x.
#
# Two things to mind:
#
# - Each entry gets its turn alone: all others stand at their original values.
# - When you are done, x is as it was, **to the last bit**. (You may change it meanwhile.)
#   A computer rounds: `x + h - 2 * h + h` need not be x.


# %% nbgrader={"grade": false, "grade_id": "numerical-gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def numerical_gradient(f, x, h=1e-5):
    """The gradient of f at x by central differences with step h.

    f takes an array of the shape of x and returns a float. x: any shape, the same afterwards.
    Returns an array of the shape of x.
    """
    ### BEGIN SOLUTION
    moved, gradient = x.copy(), np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved[index] = x[index] + h
        above = f(moved)
        moved[index] = x[index] - h
        below = f(moved)
        moved[index] = x[index]
        gradient[index] = (above - below) / (2 * h)
    return gradient
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "numerical-gradient-test", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# The lecture's first circuit: f(x, y, z) = (x + y) z at (-2, 5, -4).
gradient0 = numerical_gradient(lambda x: (x[0] + x[1]) * x[2], np.array([-2.0, 5.0, -4.0]))
check_array(gradient0, [-4.0, -4.0, 3.0], "numerical_gradient of (x + y) z at (-2, 5, -4)", atol=1e-4)
### BEGIN HIDDEN TESTS
for shape in [(1,), (5,), (2, 3), (3, 1), (2, 2, 3)]:
    x1, c1 = np.random.default_rng(31).standard_normal((2, *shape))
    gradient1 = c1 * np.cos(x1) + 2 * np.sum(x1)
    got = numerical_gradient(lambda x, c1=c1: float(np.sum(c1 * np.sin(x)) + np.sum(x) ** 2), x1)
    hint = "One entry is moved, all others stand at their places; f gets an array of the shape of x, any shape."
    check_array(got, gradient1, "numerical_gradient(f, x)", atol=1e-4, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "numerical-gradient-step", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# For x³ the formula gives 3x² + h², which is not quite 3x². Here x = 2 and h = 0.5.
gradient0 = numerical_gradient(lambda x: x[0] ** 3, np.array([2.0]), h=0.5)
check_array(gradient0, [12.25], "numerical_gradient of x³ at x = 2 with h = 0.5")
### BEGIN HIDDEN TESTS
for h in (0.25, 0.01):
    x1, c1 = np.random.default_rng(32).standard_normal((2, 6))
    gradient1 = c1 * (3 * x1**2 + h**2) + (np.sum(x1) - x1)
    hint = "Central differences, with the step h that the caller gives, in the numerator and below."
    got = numerical_gradient(lambda x, c1=c1: float(np.sum(c1 * x**3) + (np.sum(x) ** 2 - np.sum(x**2)) / 2), x1, h)
    check_array(got, gradient1, "numerical_gradient(f, x, h)", atol=1e-9, hint=hint)
got = numerical_gradient(lambda x: float(np.sum(1e10 * x**3)), np.zeros(4))
check_array(got, np.ones(4), "numerical_gradient(f, x)", rtol=1e-6, hint="Which step is used when none is given?")
got = numerical_gradient(lambda x: float(np.sum(np.abs(x))), np.array([0.0, 1.0, -2.0]), 0.125)
hint = "At a kink, too, the function takes the difference of both sides."
check_array(got, np.array([0.0, 1.0, -1.0]), "numerical_gradient(f, x, h)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "numerical-gradient-unchanged", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# x is the same afterwards.
x0 = np.array([0.5, -0.25])
with unchanged("numerical_gradient(f, x)", x=x0):
    gradient0 = numerical_gradient(lambda x: x[0] * x[1], x0, h=0.125)
check_array(gradient0, [-0.25, 0.5], "numerical_gradient of x y at (0.5, -0.25)", atol=1e-4)
### BEGIN HIDDEN TESTS
for shape in [(40,), (5, 4)]:
    x1 = np.random.default_rng(33).standard_normal(shape)
    gradient1 = 2 * x1
    with unchanged("numerical_gradient(f, x), compared to the last bit,", x=x1):
        got = numerical_gradient(lambda x: float(np.sum(x**2)), x1)
    hint = "The gradient has the shape of x."
    check_array(got, gradient1, "numerical_gradient(f, x)", atol=1e-4, hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-relative-error", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `relative_error` (10 points)
#
# Is a difference of $10^{-4}$ between two gradients large? For entries of 100 it is nothing.
# For entries of $10^{-4}$ it is everything. So each entry is divided by its own size:
#
# $$\text{relative error} = \max_i \frac{|a_i - b_i|}{\max\big(|a_i| + |b_i|,\ 10^{-12}\big)}.$$
#
# 0 means equal. 1 means that one of the two is 0, or that they have opposite signs.
# The outer maximum takes the worst entry. The inner one only keeps us from dividing by 0.
#
# Wanted: one float, for two arrays of the same shape, any shape.


# %% nbgrader={"grade": false, "grade_id": "relative-error", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relative_error(a, b):
    """The largest |a - b| / max(|a| + |b|, 1e-12) over all entries: a float. a and b: the same shape, any shape."""
    ### BEGIN SOLUTION
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "relative-error-test", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 1/201 for the first entry, 2/6 for the second: the worst one counts.
got = relative_error(np.array([100.0, 2.0]), np.array([101.0, 4.0]))
check_float(got, 1 / 3, "relative_error of (100, 2) and (101, 4)")
check_float(relative_error(np.array([3.0]), np.array([-3.0])), 1.0, "relative_error of 3 and -3")
### BEGIN HIDDEN TESTS
for shape, scale in [((1,), 1.0), ((6,), 1e-3), ((1, 4), 10.0), ((3, 2), 1e6), ((2, 3, 2), 1.0)]:
    a1, noise1 = np.random.default_rng(34).standard_normal((2, *shape))
    a1, b1 = scale * a1, scale * (a1 + 0.1 * noise1)
    error1 = max(abs(p - q) / (abs(p) + abs(q)) for p, q in zip(a1.flat, b1.flat, strict=True))
    with unchanged("relative_error(a, b)", a=a1, b=b1):
        got, swapped = relative_error(a1, b1), relative_error(b1, a1)
    hint = "Divide entry by entry, then take the worst one. The signs may differ, the shape may be any."
    check_float(got, error1, "relative_error(a, b)", rtol=1e-6, hint=hint)
    check_float(swapped, error1, "relative_error(b, a)", rtol=1e-6, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "relative-error-small", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# Two zeros are equal: no division by 0.
with np.errstate(all="ignore"):
    got = relative_error(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
check_float(got, 0.0, "relative_error of (0, 1) and (0, 1)")
### BEGIN HIDDEN TESTS
hint = "Very small numbers: where exactly does the 1e-12 stand, and when does it act?"
cases1 = [(1e-13, -1e-13, 0.2), (3e-14, 0.0, 0.03), (2e-12, 1e-12, 1 / 3), (1.2e-12, 3e-13, 0.6), (0.0, 0.0, 0.0)]
for small_a, small_b, error1 in cases1:
    with np.errstate(all="ignore"):
        got = relative_error(np.array([0.0, small_a]), np.array([0.0, small_b]))
    check_float(got, error1, "relative_error(a, b)", hint=hint)
with np.errstate(all="ignore"):
    got = relative_error(np.array([1e-13, 50.0]), np.array([0.0, 150.0]))
check_float(got, 0.5, "relative_error(a, b)", hint="The floor belongs to each entry alone, not to the whole array.")
with np.errstate(all="ignore"):
    got = relative_error(np.array([1e-9, 50.0]), np.array([3e-9, 75.0]))
check_float(got, 0.5, "relative_error(a, b)", hint="A small entry may be the worst one.")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-session-1", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Session, first minute: the loss and the gradient
#
# Here are the two checks that come before any training. First the loss at three starts:
# small weights, He's weights, and weights that are far too large.
# Then the gradient of W1, on ten examples: once as it is, and once with a mistake that we plant.
# The mistake is common: the backward pass forgets the slope of ReLU.

# %%
print(f"expected: {expected_initial_loss(10):.2f}")
for name, std in [("σ = 0.01", 0.01), ("He", None), ("σ = 1", 1.0)]:
    print(f"{name:9} initial loss {cost(start(0, std), x_train, r_train):6.2f}")

ten = x_train[:10], r_train[:10]
params = start(0)
numerical = numerical_gradient(lambda W1: cost([W1, *params[1:]], *ten), params[0])
right = gradients(params, *ten)[0]


def without_slope(params, x, r):
    """The gradient of W1 when the backward pass forgets the slope of ReLU."""
    y = np.exp(forward(params, x)[1])
    y /= y.sum(axis=1, keepdims=True)
    return x.T @ ((y - np.eye(10)[r]) / len(r) @ params[2].T)


for name, backward in [("as it is", right), ("without the slope", without_slope(params, *ten))]:
    error = relative_error(backward, numerical)
    print(f"gradient of W1, {name:17}  relative error {'below 1e-4' if error < 1e-4 else f'{error:.2f}'}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-session-1-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# With small weights the first loss is what you predicted. He's start begins somewhat higher: its logits are not all
# equal. With σ = 1 the loss is far too high, a sign of a wrong start.
#
# The backward pass as it is agrees with your numbers. The planted mistake stands out at once:
# the error of its worst entry is 1.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-a", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question A (10 points)
#
# 1. A network has K classes, and all its K logits are equal. Show that its cross entropy is $\ln K$, whatever the label.
#    Your network starts with a loss clearly **below** $\ln K$. Name one possible reason.
# 2. Take f of one variable, smooth. Write down the Taylor expansions of $f(x + h)$ and $f(x - h)$ up to $h^3$. Derive the
#    leading error of the central difference. Do the same for the one-sided difference $(f(x + h) - f(x))/h$.
#    Of which order in h is each error?
# 3. So why do we not take $h = 10^{-14}$?
#
# Write your answer into the cell below. Formulas stand between dollar signs, as in `$f''(x)$`.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-a", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (10 points).** 1: softmax of equal logits is 1/K for each class, 1 point; minus its logarithm is ln K,
# for every label, 1; a reason (a label among the inputs; the loss is summed or averaged over the wrong thing; classes of
# unequal frequency and an output bias that knows it; the net was trained already; a wrong number of classes), 1.
# 2: both expansions with their signs, 2; the even terms cancel and the error is $\frac{h^2}{6} f'''(x)$, 2; one-sided
# $\frac{h}{2} f''(x)$, 1; order 2 and order 1, 1. 3: rounding of f, divided by h, grows as h shrinks, 1.
# Only "the order is 2", without an expansion, earns 1 of the 6 points of part 2.
#
# **Answer.** 1. With all logits equal to c, $y_k = e^c / (K e^c) = 1/K$. The cross entropy is $-\ln y_r = -\ln(1/K) =
# \ln K$ for every r. A loss clearly below means that the network already knows something, or that the loss is not the
# one we think: for example, the label is hidden among the inputs.
#
# 2. $$f(x \pm h) = f(x) \pm h f'(x) + \tfrac{h^2}{2} f''(x) \pm \tfrac{h^3}{6} f'''(x) + O(h^4).$$
# In the difference the terms with $h^0$ and $h^2$ (and $h^4$) cancel:
# $$\frac{f(x+h) - f(x-h)}{2h} = f'(x) + \tfrac{h^2}{6} f'''(x) + O(h^4), \qquad
# \frac{f(x+h) - f(x)}{h} = f'(x) + \tfrac{h}{2} f''(x) + O(h^2).$$
# The central difference has an error of order 2, the one-sided difference of order 1.
#
# 3. The computer rounds f to about 16 digits. The two values of f are nearly equal, so their difference carries an error of about
# $10^{-16} |f|$, and we divide it by 2h. For $h = 10^{-14}$ hardly two digits are left.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-2", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 2. The learning rate
#
# ### `diagnose` (14 points)
#
# Now we train. The lecture's rules of thumb for the rate are about the loss curve:
# "loss not going down: learning rate too low", "loss exploding: learning rate too high",
# "NaN almost always means high learning rate".
# As code, for the array `losses` with one loss for each epoch, the first before training:
#
# | verdict | when |
# |---|---|
# | `"nan"` | any loss is not finite (nan, inf or -inf) |
# | `"exploding"` | any loss is above 3 × the first |
# | `"rising"` | the last loss is above 1.01 × the first |
# | `"too low"` | the last loss is above 0.99 × the first |
# | `"ok"` | none of these |
#
# The rows are read from the top, and the first one that fits is the verdict.
# "Above" means strictly above. The first loss is finite and positive. There may be one epoch only.


# %% nbgrader={"grade": false, "grade_id": "diagnose", "locked": false, "schema_version": 3, "solution": true, "task": false}
def diagnose(losses):
    """The verdict on a loss curve: "nan", "exploding", "rising", "too low" or "ok". losses: [epochs], the first > 0."""
    ### BEGIN SOLUTION
    first, last = losses[0], losses[-1]
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses > 3 * first):
        return "exploding"
    if last > 1.01 * first:
        return "rising"
    return "too low" if last > 0.99 * first else "ok"
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "diagnose-test", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# A good rate, a low one, and one that is somewhat too high.
losses0 = np.array([2.303, 1.902, 1.751, 1.688])
with unchanged("diagnose(losses)", losses=losses0):
    verdict0 = diagnose(losses0)
check_text(verdict0, "ok", "diagnose of 2.303, 1.902, 1.751, 1.688")
check_text(diagnose(np.array([2.303, 2.302, 2.301])), "too low", "diagnose of 2.303, 2.302, 2.301")
check_text(diagnose(np.array([2.303, 2.412, 2.733])), "rising", "diagnose of 2.303, 2.412, 2.733")
### BEGIN HIDDEN TESTS
cases1 = [
    ([2.0, 5.0, 1.0], "ok"),  # up and down again
    ([2.0, 0.1, 0.5], "ok"),  # above 3 × the smallest, not 3 × the first
    ([2.0, 0.5, 1.5, 1.9], "ok"),
    ([0.004, 0.003], "ok"),
    ([600.0, 500.0], "ok"),
    ([1.0, -3.0, -7.0], "ok"),
    ([2.0, 0.5, 3.0], "rising"),
    ([0.004, 0.003, 0.005], "rising"),
    ([2.0, 0.5, 1.99], "too low"),
    ([2.0, 3.0, 2.01], "too low"),
    ([600.0, 600.0, 600.0, 600.0, 600.0], "too low"),
]
hint = "Compare the last loss with the first one; the losses between may go up and down, on any scale."
for losses1, verdict1 in cases1:
    check_text(diagnose(np.array(losses1)), verdict1, "diagnose(losses)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "diagnose-order", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The order of the rows counts: this one exploded before it became nan, and that one came back from its explosion.
check_text(diagnose(np.array([2.3, 50.0, np.nan])), "nan", "diagnose of 2.3, 50, nan")
check_text(diagnose(np.array([2.3, 50.0, 1.0])), "exploding", "diagnose of 2.3, 50, 1")
### BEGIN HIDDEN TESTS
nan, inf = np.nan, np.inf
hint = "Which rows look at all losses, which only at the last one? What is not finite?"
cases1 = [
    ([2.0, nan, 1.0], "nan"),
    ([2.0, inf], "nan"),
    ([2.0, inf, 1.0], "nan"),
    ([2.0, 1.0, -inf], "nan"),
    ([2.0, 7.0, nan, 9.0], "nan"),
    ([2.0, 1.0, nan], "nan"),
    ([1.0, 3.5, 1.0], "exploding"),
    ([1.0, 0.5, 3.5], "exploding"),
    ([1.0, 2.0, 3.5, 1.5], "exploding"),
    ([1.0, 1e300, 0.1], "exploding"),
]
for losses1, verdict1 in cases1:
    check_text(diagnose(np.array(losses1)), verdict1, "diagnose(losses)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "diagnose-edges", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Exactly 1.01 times the first loss is not above it.
check_text(diagnose(np.array([100.0, 101.0])), "too low", "diagnose of 100, 101")
### BEGIN HIDDEN TESTS
# With 100 as the first loss the limits are exact, however they are computed.
hint = "A loss at the limit is not above it; and there may be a single epoch."
cases1 = [
    ([100.0, 300.0, 50.0], "ok"),
    ([100.0, 300.0], "rising"),
    ([100.0, 300.001, 50.0], "exploding"),
    ([100.0, 299.999, 50.0], "ok"),
    ([100.0, 101.001], "rising"),
    ([100.0, 100.999], "too low"),
    ([100.0, 99.001], "too low"),
    ([100.0, 99.0], "ok"),
    ([100.0, 98.999], "ok"),
    ([2.5], "too low"),
    ([1e-10, 4e-10, 5e-11], "exploding"),
    ([1e-10, 2e-10], "rising"),
    ([1e-10, 1e-10], "too low"),
]
for losses1, verdict1 in cases1:
    check_text(diagnose(np.array(losses1)), verdict1, "diagnose(losses)", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-update-ratio", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `update_ratio` (6 points)
#
# A second instrument is the ratio of an update to the weights it changes:
#
# $$\rho = \frac{\lVert \Delta W \rVert}{\lVert W \rVert}, \qquad \lVert W \rVert = \sqrt{\textstyle\sum_{ij} W_{ij}^2}.$$
#
# The lecture wants it "somewhere around 0.001 or so"; 0.01 is about okay.
# It has no unit, so it can be compared between layers and problems.
#
# Wanted: one float, for two arrays of the same shape, any shape. The weights are not all 0.


# %% nbgrader={"grade": false, "grade_id": "update-ratio", "locked": false, "schema_version": 3, "solution": true, "task": false}
def update_ratio(w, update):
    """‖update‖ / ‖w‖, the norms over all entries: a float. w and update: the same shape, any shape."""
    ### BEGIN SOLUTION
    return float(np.sqrt(np.sum(update**2) / np.sum(w**2)))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "update-ratio-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The lecture's numbers, and a matrix: ‖ΔW‖ = 0.05 and ‖W‖ = 5.
check_float(update_ratio(np.array([0.02]), np.array([-0.0002])), 0.01, "update_ratio(0.02, -0.0002)")
got = update_ratio(np.array([[3.0, 0.0], [0.0, 4.0]]), np.array([[0.0, 0.03], [-0.04, 0.0]]))
check_float(got, 0.01, "update_ratio of a matrix with norm 5 and an update with norm 0.05")
### BEGIN HIDDEN TESTS
for shape in [(3, 4), (4, 4), (1, 6), (5, 1)]:
    w1, update1 = np.random.default_rng(35).standard_normal((2, *shape))
    ratio1 = np.sqrt(sum(v * v for v in update1.flat) / sum(v * v for v in w1.flat))
    with unchanged("update_ratio(w, update)", w=w1, update=update1):
        got = update_ratio(w1, update1)
    hint = "Each norm is the root of the sum of the squares of all entries."
    check_float(got, ratio1, "update_ratio(w, update)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "update-ratio-shapes", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# An update in one place only, of a vector.
got = update_ratio(np.array([2.0, 1.0, 2.0]), np.array([0.0, 0.6, 0.0]))
check_float(got, 0.2, "update_ratio((2, 1, 2), (0, 0.6, 0))")
### BEGIN HIDDEN TESTS
for shape, scale in [((7,), 1e-6), ((1, 1), 100.0), ((2, 3, 4), 1.0)]:
    w1, update1 = np.random.default_rng(36).standard_normal((2, *shape))
    ratio1 = scale * np.sqrt(sum(v * v for v in update1.flat) / sum(v * v for v in w1.flat))
    got = update_ratio(w1, scale * update1)
    hint = "Any shape, and any size of the update."
    check_float(got, ratio1, "update_ratio(w, update)", hint=hint)
got = update_ratio(np.array([0.0, -5.0, 0.0]), np.zeros(3))
check_float(got, 0.0, "update_ratio(w, update)", hint="What is it when nothing moves? Single weights may be 0.")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-session-2", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Session: too low, too high, and between
#
# The next cell trains the network for eight epochs at five rates, and reads both instruments.
# The ratio belongs to the first step on W1.

# %% tips={"atol": 0.03}
rates = [0.001, 0.1, 1.0, 5.0, 30.0]
curves = {}
print("rate     last loss    update / weight    verdict")
for rate in rates:
    before = start(0, 0.01)
    curves[rate] = curve(train(before, x_train, r_train, rate, epochs=8), x_train, r_train)
    step = -rate * gradients(before, x_train, r_train)[0]
    ratio = update_ratio(before[0], step)
    last = "> 1000" if curves[rate][-1] > 1000 else f"{curves[rate][-1]:.2f}"
    print(f"{rate:5g} {last:>12} {ratio:18.1e}    {diagnose(curves[rate])}")

figure, axes = plt.subplots()
for rate in rates[:4]:
    axes.plot(curves[rate], marker="o", label=f"rate {rate:g}: {diagnose(curves[rate])}")
axes.axhline(3 * curves[1.0][0], color="black", linestyle=":", linewidth=1)
axes.text(4, 3 * curves[1.0][0] + 0.1, "3 × the first loss")
axes.set_title("A low rate stands still, a high one leaves the picture")
axes.set(xlabel="epoch (0: before training)", ylabel="training loss", ylim=(1, 8))
axes.legend(loc="center right")
show(
    figure,
    alt="Training loss over eight epochs. At rate 0.001 it is flat, at 0.1 and 1 it falls, at 5 it leaves the "
    "picture in the first epoch.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-session-2-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# At 0.001 the loss stands still. At 5 and 30 it is lost, at 30 even for the number format. In between it goes down.
# So the rate is **bracketed**: a good one lies between 0.001 and 5.
#
# Look also at the ratio. All runs start from the same weights, so in the first step it is proportional to the rate.
# At the two rates that work it lies on both sides of 0.01.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-b", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question B (6 points)
#
# Four more runs were recorded, each with the training loss and the validation loss. The next cell draws them
# and asks your `diagnose` about the training loss.

# %%
recorded = {
    "A": (
        [2.30, 2.30, 2.30, 2.30, 2.30, 2.30, 2.28, 2.16, 2.01, 1.90, 1.83, 1.79, 1.77],
        [2.30, 2.30, 2.30, 2.30, 2.30, 2.30, 2.28, 2.17, 2.01, 1.88, 1.81, 1.77, 1.74],
    ),
    "B": (
        [2.30, 2.84, 1.65, 1.65, 1.86, 1.43, 1.44, 1.44, 1.73, 1.25, 1.27, 1.19, 1.17],
        [2.30, 2.91, 1.75, 1.72, 1.93, 1.52, 1.63, 1.58, 1.86, 1.40, 1.46, 1.39, 1.39],
    ),
    "C": (
        [2.89, 1.51, 1.33, 1.12, 0.97, 0.86, 0.77, 0.66, 0.60, 0.53, 0.47, 0.42, 0.37],
        [2.91, 1.84, 1.76, 1.68, 1.71, 1.65, 1.68, 1.69, 1.72, 1.80, 1.81, 1.82, 1.95],
    ),
    "D": (
        [3.03, 2.73, 2.55, 2.42, 2.34, 2.27, 2.21, 2.16, 2.12, 2.09, 2.06, 2.03, 2.00],
        [2.99, 2.69, 2.51, 2.39, 2.31, 2.24, 2.19, 2.15, 2.11, 2.08, 2.05, 2.03, 2.01],
    ),
}
figure, panels = plt.subplots(2, 2, figsize=(9, 6), sharex=True, sharey=True, layout="constrained")
for axes, (name, (training, validation)) in zip(panels.flat, recorded.items(), strict=True):
    axes.plot(training, marker="o", label="training")
    axes.plot(validation, linestyle="--", label="validation")
    axes.set_title(f'{name}: diagnose says "{diagnose(np.array(training))}"')
for axes in panels[1]:
    axes.set_xlabel("point of the record")
for axes in panels[:, 0]:
    axes.set_ylabel("loss")
panels[0, 0].legend()
show(
    figure,
    alt="Four recorded runs, training and validation loss. A: flat for five points, then falling, both together. "
    "B: falling in jumps. C: training falls steadily, validation turns up. D: both fall slowly to the end.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "question-b-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Your `diagnose` has no complaint about any of them. You should have.
#
# For each of A, B, C and D, say in one or two sentences what you see, what the likely cause is,
# and what you would change or check first. Then say in one sentence why `diagnose` cannot see it.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-b", "locked": false, "points": 6, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Marking guide (6 points).** A: a plateau, then it falls; the start is a prime suspect (weights too small), 1 point, and a remedy
# (He's start, more scale), ½. B: jumps; the rate is too high, 1, lower it or lower it over time, ½. C: training falls, validation
# turns up; overfitting, 1, more regularisation, more data or early stopping, ½. D: still sloping at the end; rate too low or too
# few epochs, 1. Last: `diagnose` knows only the first, the last and the largest training loss, not the shape and not the
# validation loss, ½. (A word on slow learning for A, or on noise from small batches for B, is as good when it is argued.)
#
# **Answer.** A. Nothing happens for five epochs, then the loss falls as it should. The weights started so small that
# almost no gradient came through: change the start, not the rate. B. The loss falls, but in jumps, and it rises again and
# again: the rate is too high, it jumps across the valley. Divide it by 3 or so, or let it decay. C. The training loss goes on
# falling while the validation loss turns up after the sixth point: the net learns its examples by heart. Stop there,
# regularise, or get more data. D. Both fall smoothly and together, and still slope at the end: a higher rate, or at least more epochs.
#
# `diagnose` compares the last and the largest training loss with the first one. The shape between and the validation loss do not enter.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-3", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 3. The search
#
# ### `sample_log_uniform` (12 points)
#
# "It's best to optimize in log space", says the lecture about the search for a rate.
# A rate acts by multiplication: from 0.01 to 0.02 is as big a change as from 0.1 to 0.2.
# So every decade should get the same share of the trials. This is a **log-uniform** value:
# its *logarithm* is uniform between log(low) and log(high).
#
# Wanted: an array of `size` independent values, each between `low` and `high`, where 0 < low < high.
# Return the values themselves, and not their logarithms. low and high need not be powers of ten.
#
# Draw with the generator `rng`, in any way you like. Then the same seed gives the same values again,
# and two calls with one generator give different ones.


# %% nbgrader={"grade": false, "grade_id": "sample-log-uniform", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sample_log_uniform(low, high, size, rng):
    """`size` values between low and high whose logarithms are uniform: an array [size]. 0 < low < high."""
    ### BEGIN SOLUTION
    return np.exp(rng.uniform(np.log(low), np.log(high), size))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "sample-log-uniform-range", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# A thousand rates between 0.0001 and 1.
values0 = sample_log_uniform(1e-4, 1.0, 1000, np.random.default_rng(1))
check_shape(values0, (1000,), "sample_log_uniform(1e-4, 1, 1000, rng)")
# Cutting them off at low and high changes nothing.
check_array(values0, np.clip(values0, 1e-4, 1.0), "sample_log_uniform(1e-4, 1, 1000, rng), inside the range", atol=0)
### BEGIN HIDDEN TESTS
for low, high, size in [(1e-8, 1e4, 600), (2.0, 3.0, 300), (0.5, 700.0, 1), (1e-3, 2e-3, 7), (30.0, 5e6, 50)]:
    got = sample_log_uniform(low, high, size, np.random.default_rng(2))
    hint = "An array of `size` values, also for size 1; each lies between low and high, also above 1."
    check_shape(got, (size,), "sample_log_uniform(low, high, size, rng)", hint=hint)
    inside1 = np.clip(got, low, high)
    check_array(got, inside1, "sample_log_uniform(low, high, size, rng)", atol=0, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "sample-log-uniform-decades", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# Six decades, so each has about one sixth of the values.
values0 = sample_log_uniform(1e-6, 1.0, 6000, np.random.default_rng(3))
check_shape(values0, (6000,), "sample_log_uniform(1e-6, 1, 6000, rng)")
shares0 = np.histogram(values0, 10.0 ** np.arange(-6, 1))[0] / 6000
check_array(shares0, np.full(6, 1 / 6), "sample_log_uniform(1e-6, 1, 6000, rng), share of each decade", atol=0.05)
### BEGIN HIDDEN TESTS
# Right samples fail with a probability below 1e-11: Dvoretzky-Kiefer-Wolfowitz for the gap, Hoeffding for the trend.
for low, high in [(3e-5, 20.0), (1e-3, 1e3), (50.0, 6e4), (1e-13, 1e-6)]:
    got = sample_log_uniform(low, high, 4000, np.random.default_rng(4))
    check_shape(got, (4000,), "sample_log_uniform(low, high, size, rng)", hint="An array of `size` values.")
    with np.errstate(all="ignore"):
        place1 = np.log(got / low) / np.log(high / low)
    gap1 = np.max(np.abs(np.sort(place1) - (np.arange(4000) + 0.5) / 4000))
    trend1 = np.sum((place1 - 0.5) * (np.arange(4000) / 4000 - 0.5))
    hint = "The logarithms must fill the whole range evenly, low and high being any positive numbers."
    check_float(gap1, 0.0, "sample_log_uniform(low, high, size, rng)", atol=0.06, hint=hint)
    hint = "The values must be independent: no order, no grid."
    check_float(trend1, 0.0, "sample_log_uniform(low, high, size, rng)", atol=70, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "sample-log-uniform-rng", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The same seed, the same values.
values0 = sample_log_uniform(1e-3, 1.0, 5, np.random.default_rng(7))
again0 = sample_log_uniform(1e-3, 1.0, 5, np.random.default_rng(7))
check_shape(values0, (5,), "sample_log_uniform(1e-3, 1, 5, rng)")
check_array(again0, values0, "sample_log_uniform(1e-3, 1, 5, rng), again with the same seed")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(8)
draws1 = [sample_log_uniform(1e-3, 10.0, 40, rng) for _ in range(3)]
draws1.append(sample_log_uniform(1e-3, 10.0, 40, np.random.default_rng(9)))
for draw1 in draws1:
    check_shape(draw1, (40,), "sample_log_uniform(low, high, size, rng)", hint="An array of `size` values.")
different1 = len({float(v) for draw1 in draws1 for v in draw1})
hint = "New values in each call and from each seed: draw them all from the rng that the caller gives."
check_int(different1, 160, "sample_log_uniform(low, high, size, rng), different values", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-session-3", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Session: search the rate
#
# K's plan is coarse to fine. Stage one: 24 rates between 0.0001 and 100, three epochs each.
# Stage two: 12 rates within half a decade around the best one, eight epochs each.
# The score is the accuracy on validation data.
# For comparison, stage one is also run with rates that are uniform in the same range.


# %% tips={"atol": 0.03, "image_rms": 8}
def scores(rates, epochs):
    with np.errstate(all="ignore"):
        histories = [train(start(0), x_train, r_train, rate, epochs) for rate in rates]
        return np.array([accuracy(history[-1], x_val, r_val) for history in histories])


rng = np.random.default_rng(0)
coarse = sample_log_uniform(1e-4, 100.0, 24, rng)
uniform = rng.uniform(1e-4, 100.0, 24)
coarse_scores, uniform_scores = scores(coarse, 3), scores(uniform, 3)
best = coarse[coarse_scores.argmax()]
fine = sample_log_uniform(best / np.sqrt(10), best * np.sqrt(10), 12, rng)
fine_scores = scores(fine, 8)
best_rate = fine[fine_scores.argmax()]
for name, tried, score in [("log-uniform", coarse, coarse_scores), ("uniform", uniform, uniform_scores)]:
    good = np.sum(score > 0.3)
    print(
        f"{name:12} rates below 10: {np.sum(tried < 10):2} of 24, above 0.3 accuracy: {good:2}, best {score.max():.2f}"
    )
print(f"finer search: best accuracy {fine_scores.max():.2f} at rate {best_rate:.2g}")

figure, axes = plt.subplots()
axes.semilogx(coarse, coarse_scores, "o", label="stage one, log-uniform, 3 epochs")
axes.semilogx(uniform, uniform_scores, "x", label="stage one, uniform, 3 epochs")
axes.semilogx(fine, fine_scores, "^", label="stage two, 8 epochs")
axes.axhline(0.1, color="black", linestyle=":", linewidth=1)
axes.set_title("Uniform trials crowd where nothing works")
axes.set(xlabel="learning rate", ylabel="validation accuracy", ylim=(0, 0.8))
axes.legend(loc="upper left")
show(
    figure,
    alt="Validation accuracy against the rate. Log-uniform trials are spread over six decades and find a good region "
    "around 1; all uniform trials lie above 10 and are at chance.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-session-3-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The uniform trials all lie in the last decade, where every run fails. The log-uniform ones look at each decade,
# and so they find the hill. The finer search climbs it. Part of its gain comes from the longer runs.

# %% [markdown] nbgrader={"grade": false, "grade_id": "part-4", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Part 4. Steep places, and when to stop
#
# ### `clip_gradient` (8 points)
#
# "Often the derivative will be too high." Then one step throws the weights far away.
# The lecture sets a ceiling on the derivative; "typical value is 5".
# Read literally, a ceiling would let −1000 pass. What is meant is a ceiling on the **absolute value**, entry by entry.
#
# Wanted: an array of the shape of g, any shape. Entries up to the threshold stay as they are, and all signs stay.
# The threshold is positive.


# %% nbgrader={"grade": false, "grade_id": "clip-gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_gradient(g, threshold=5.0):
    """g with a ceiling on the absolute value of each entry. g: any shape, unchanged; threshold > 0."""
    ### BEGIN SOLUTION
    return np.clip(g, -threshold, threshold)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "clip-gradient-test", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The example of lecture 05: 3 may stay, -1000 may not.
check_array(clip_gradient(np.array([3.0, -1000.0])), [3.0, -5.0], "clip_gradient((3, -1000))")
check_array(clip_gradient(np.array([[3.0], [-0.5]]), threshold=1.0), [[1.0], [-0.5]], "clip_gradient(g, threshold=1)")
### BEGIN HIDDEN TESTS
for shape, threshold in [((30,), 5.0), ((1, 20), 0.25), ((6, 4), 10.0), ((2, 3, 5), 3.5)]:
    g1 = 8 * np.random.default_rng(37).standard_normal(shape)
    clipped1 = np.where(g1 > threshold, threshold, np.where(g1 < -threshold, -threshold, g1))
    got = clip_gradient(g1, threshold)
    hint = "Each entry alone, on both sides of 0, with the threshold that the caller gives; any shape."
    check_array(got, clipped1, "clip_gradient(g, threshold)", hint=hint)
g1 = np.array([5.0, -5.0, 4.999, -5.001, 1e300, -1e300, 1e-9, 4.0])
clipped1 = np.array([5.0, -5.0, 4.999, -5.0, 5.0, -5.0, 1e-9, 4.0])
hint = "Think of entries at the ceiling, just above and just below it, and far away."
check_array(clip_gradient(g1), clipped1, "clip_gradient(g)", hint=hint)
hint = "An entry below the ceiling stays as it is, however long the whole gradient is."
check_array(clip_gradient(np.full(9, -4.0)), np.full(9, -4.0), "clip_gradient(g)", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "clip-gradient-unchanged", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The caller keeps the gradient as it was. Zeros stay zeros.
g0 = np.array([[0.5, -7.0], [0.0, 6.0]])
with unchanged("clip_gradient(g)", g=g0):
    clipped0 = clip_gradient(g0)
check_array(clipped0, [[0.5, -5.0], [0.0, 5.0]], "clip_gradient of ((0.5, -7), (0, 6))")
### BEGIN HIDDEN TESTS
for shape in [(4,), (3, 2)]:
    g1 = 20 * np.random.default_rng(38).standard_normal(shape)
    clipped1 = np.sign(g1) * np.minimum(np.abs(g1), 5.0)
    with unchanged("clip_gradient(g)", g=g1):
        got = clip_gradient(g1)
    check_array(got, clipped1, "clip_gradient(g)", hint="A ceiling on the absolute value; the sign stays.")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-session-4", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Session: one broken measurement
#
# A sensor fails: **one** of the 128 000 numbers in the training data becomes 100 000.
# Its example comes once in each epoch, and then the gradient is huge.
# The next cell trains at rate 0.3 on the data with this glitch, with and without your clipping.

# %% tips={"atol": 0.05}
x_glitch = x_train.copy()
x_glitch[7, 3] = 1e5
for name, x, treat in [
    ("clean data", x_train, lambda g: g),
    ("glitch", x_glitch, lambda g: g),
    ("glitch, clipped at 5", x_glitch, clip_gradient),
]:
    history = train(start(0), x, r_train, 0.3, epochs=10, treat=treat)
    losses = curve(history, x_train, r_train)  # on the clean data
    right = accuracy(history[-1], x_val, r_val)
    print(f"{name:21} verdict {diagnose(losses):10} validation accuracy {right:.2f}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-session-4-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# A single number out of 128 000 makes the loss explode. With the ceiling it falls,
# and the accuracy is nearly that of the clean data.
#
# (Clipping cured the symptom. Looking at the data would have found the cause.)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-early-stopping", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### `early_stopping` (14 points)
#
# How long should we train? Watch the validation loss, and stop when it no longer improves.
# It may wobble, so have some **patience**:
#
# - After each epoch, look at all validation losses so far. The best epoch is the one with the lowest loss.
#   On a tie the **first** of them is the best: an equal loss is no improvement.
# - Stop at the first epoch which is `patience` epochs after the best one so far.
# - If that never happens, the last epoch is the stop.
#
# Epochs count from 0. What comes after the stop is never seen, so it cannot be the best.
#
# Wanted: `(best_epoch, stop_epoch)`, two integers, for the array `val_losses` of shape [epochs] and `patience` ≥ 1.
# The losses may have any size and sign. There may be one epoch only.


# %% nbgrader={"grade": false, "grade_id": "early-stopping", "locked": false, "schema_version": 3, "solution": true, "task": false}
def early_stopping(val_losses, patience):
    """(best_epoch, stop_epoch), integers that count from 0. val_losses: [epochs]; patience ≥ 1 epochs."""
    ### BEGIN SOLUTION
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(val_losses) - 1
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "early-stopping-test", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# The best epoch is 2. With patience 2 we stop at epoch 4, and never see the 0.5.
losses0 = np.array([1.0, 0.8, 0.7, 0.75, 0.72, 0.5, 0.9])
with unchanged("early_stopping(val_losses, patience)", val_losses=losses0):
    result = early_stopping(losses0, 2)
check_list(result, 2, "early_stopping(val_losses, 2), (best_epoch, stop_epoch)")
check_int(result[0], 2, "early_stopping of 1, 0.8, 0.7, 0.75, 0.72, 0.5, 0.9 with patience 2, best_epoch")
check_int(result[1], 4, "early_stopping of 1, 0.8, 0.7, 0.75, 0.72, 0.5, 0.9 with patience 2, stop_epoch")
### BEGIN HIDDEN TESTS
cases1 = [
    ([3.0, 2.0, 2.5, 2.4, 2.3, 2.2, 2.1], 3, (1, 4)),
    ([3.0, 2.0, 2.5, 1.9, 2.4, 2.3, 1.0], 2, (3, 5)),
    ([5.0, 4.0, 4.5, 3.0, 3.5, 2.0, 2.5, 1.0, 1.5, 1.6], 2, (7, 9)),
    ([1.0, 2.0, 0.5, 0.4], 1, (0, 1)),
    ([9000.0, 8000.0, 8500.0, 8600.0, 1.0], 2, (1, 3)),
    ([-1.0, -2.0, -1.5, -1.6, -3.0], 2, (1, 3)),
]
hint = "Count the epochs since the best one so far; an improvement starts the count anew. Losses may have any size."
for losses1, patience, (best1, stop1) in cases1:
    result = early_stopping(np.array(losses1), patience)
    check_list(result, 2, "early_stopping(val_losses, patience)", hint="Return (best_epoch, stop_epoch).")
    check_int(result[0], best1, "early_stopping(val_losses, patience), best_epoch", hint=hint)
    check_int(result[1], stop1, "early_stopping(val_losses, patience), stop_epoch", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "early-stopping-end", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# It gets better and better: there is no reason to stop before the last epoch.
result = early_stopping(np.array([3.0, 2.0, 1.0]), 1)
check_list(result, 2, "early_stopping((3, 2, 1), 1), (best_epoch, stop_epoch)")
check_int(result[0], 2, "early_stopping of 3, 2, 1 with patience 1, best_epoch")
check_int(result[1], 2, "early_stopping of 3, 2, 1 with patience 1, stop_epoch")
### BEGIN HIDDEN TESTS
cases1 = [
    ([2.0], 1, (0, 0)),
    ([2.0], 5, (0, 0)),
    ([2.0, 3.0, 4.0], 10, (0, 2)),
    ([2.0, 1.0, 4.0, 3.0], 3, (1, 3)),
    ([2.0, 1.0, 4.0, 3.0], 2, (1, 3)),
    ([1.0, 2.0, 3.0], 2, (0, 2)),
]
hint = "The patience may be larger than the number of epochs, and one epoch may be all there is."
for losses1, patience, (best1, stop1) in cases1:
    result = early_stopping(np.array(losses1), patience)
    check_list(result, 2, "early_stopping(val_losses, patience)", hint="Return (best_epoch, stop_epoch).")
    check_int(result[0], best1, "early_stopping(val_losses, patience), best_epoch", hint=hint)
    check_int(result[1], stop1, "early_stopping(val_losses, patience), stop_epoch", hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "early-stopping-ties", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# An equal loss is no improvement: epoch 1 stays the best, and epoch 3 is two epochs after it.
result = early_stopping(np.array([2.0, 1.0, 1.0, 1.0, 0.5]), 2)
check_list(result, 2, "early_stopping of 2, 1, 1, 1, 0.5 with patience 2, (best_epoch, stop_epoch)")
check_int(result[0], 1, "early_stopping of 2, 1, 1, 1, 0.5 with patience 2, best_epoch")
check_int(result[1], 3, "early_stopping of 2, 1, 1, 1, 0.5 with patience 2, stop_epoch")


### BEGIN HIDDEN TESTS
def stop_by_definition(losses, patience):
    """The rule as the text has it: at each epoch look at all losses so far."""
    for t in range(len(losses)):
        best = losses.index(min(losses[: t + 1]))
        if t - best >= patience:
            return best, t
    return losses.index(min(losses)), len(losses) - 1


rng = np.random.default_rng(39)
hint = "Losses with many ties: which epoch is the best one, and when does the count start?"
for patience in (1, 2, 3, 5):
    for _ in range(12):
        losses1 = rng.integers(1, 9, size=rng.integers(2, 15)).astype(float)
        best1, stop1 = stop_by_definition(losses1.tolist(), patience)
        result = early_stopping(losses1, patience)
        check_list(result, 2, "early_stopping(val_losses, patience)", hint="Return (best_epoch, stop_epoch).")
        check_int(result[0], best1, "early_stopping(val_losses, patience), best_epoch", hint=hint)
        check_int(result[1], stop1, "early_stopping(val_losses, patience), stop_epoch", hint=hint)
result = early_stopping(np.array([1.0, 1.0 - 1e-12, 1.5, 1.0]), 2)
hint = "Any smaller loss is an improvement, however little smaller."
check_int(result[0], 1, "early_stopping(val_losses, patience), best_epoch", hint=hint)
check_int(result[1], 3, "early_stopping(val_losses, patience), stop_epoch", hint=hint)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-session-5", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Session: when to stop
#
# Two tasks, trained for 100 epochs. The first is ours, with 1000 examples. The second is `digits`, small pictures
# of digits, where 30 % of the training labels have been replaced by random ones.
# The next cell draws the losses, and compares the network at your best epoch with the network at the end.

# %% tips={"atol": 0.04, "image_rms": 8}
digits = load("digits")
x_digits, r_digits = digits.train.x.astype(np.float64), digits.train.y.copy()
rng = np.random.default_rng(9)
wrong = rng.random(len(r_digits)) < 0.3
r_digits[wrong] = rng.integers(10, size=wrong.sum())
digits_val, digits_test = ((part.x.astype(np.float64), part.y) for part in (digits.validation, digits.test))
tasks = {
    "mnist1d, 1000 examples": ((x_train[:1000], r_train[:1000]), (x_val, r_val), (x_test, r_test)),
    "digits with wrong labels": ((x_digits, r_digits), digits_val, digits_test),
}
figure, panels = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
for axes, (name, (training, validation, test)) in zip(panels, tasks.items(), strict=True):
    history = train(start(0, inputs=training[0].shape[1], hidden=100), *training, 0.3, epochs=100, batch=32)
    val_losses = curve(history, *validation)
    best_epoch, stop_epoch = early_stopping(val_losses, patience=15)
    at_best, at_end = (accuracy(history[epoch], *test) for epoch in (best_epoch, -1))
    print(f"{name:25} best epoch {best_epoch:2}, stop {stop_epoch:2}", end="")
    print(f"   test accuracy there {at_best:.2f}, after 100 epochs {at_end:.2f}")
    axes.plot(curve(history, *training), label="training")
    axes.plot(val_losses, linestyle="--", label="validation")
    axes.plot(best_epoch, val_losses[best_epoch], "o", color="black", label="best")
    axes.axvline(stop_epoch, color="black", linestyle=":", linewidth=1, label="stop")
    axes.set_title(name)
    axes.set(xlabel="epoch", ylim=(0, 3.5))
panels[0].set_ylabel("loss")
panels[0].legend()
show(
    figure,
    alt="Training and validation loss over 100 epochs, with the best epoch and the stop. On both tasks the training "
    "loss falls to the end; the validation loss is lowest early and then rises, steeply on mnist1d, gently on digits.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "text-session-5-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
# On both tasks the training loss falls to the end, and the validation loss is lowest early.
#
# On the digits the network learns the wrong labels by heart. Early stopping keeps the far better network.
#
# On `mnist1d` it does not! There the *accuracy* is higher at the end, although the loss has doubled.
# The loss also counts how sure the network is of its mistakes; the accuracy does not.
# So watch the quantity that you care for.

# %% [markdown] nbgrader={"grade": false, "grade_id": "end", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Before you hand in
#
# Restart the kernel and run all cells, from top to bottom. Every check should be silent. Then save and submit.
