# %% [markdown]
# # 05 · Gradient descent
#
# [Lecture 00](00_backprop.ipynb) found the gradient. This lecture walks along it. The rule is one line, $\theta
# \leftarrow \theta - \eta \nabla C$, and it raises three questions: on how many examples should the gradient be
# computed, how long should the step be, and when should one stop?
#
# **You will learn**
#
# | id | topic |
# |---|---|
# | G1 | why the step goes downhill, when to stop, and why "the gradient is near zero" does not work in a deep network |
# | G2 | mini-batches: what they cost in noise, what they save, and why the data are shuffled |
# | G3 | a rate too small, too large, just right |
# | G4 | schedules: five ways to lower the rate, raced |
# | G5 | why one rate cannot fit all weights |
# | G6 | cliffs, and clipping the gradient by value and by norm |
# | G7 | why classical theory wants the rate to shrink, and how fast |
# | G8 | what a step and an epoch cost, by batch size |
# | G9 | ill-conditioning; Newton and quasi-Newton, and why not here |
#
# **You need** [lecture 00](00_backprop.ipynb) (gradients, the training loop) and a little linear algebra:
# eigenvalues of a symmetric matrix. Softmax with cross entropy ([lecture 02](02_softmax.ipynb)) and He's start
# ([lecture 04](04_initialization.ipynb)) are used without explanation.
#
# **How to read.** Before each experiment stands a question, *Predict, then run*. Write your answer down first. The
# questions under *Check yourself* have folded answers. The letters L, C, K and U name the lectures this course follows;
# they are listed at the end.

# %%
import math
import tracemalloc
from functools import cache
from time import perf_counter
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import torch

from tipslib import pytorch, scratch
from tipslib.data import load
from tipslib.plotting import (
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    GREEN,
    ORANGE,
    RED,
    SKY,
    explore,
    show,
    spread,
    table,
    use_style,
)
from tipslib.scratch.schedules import LRScheduler
from tipslib.surfaces import saddle

use_style()
torch.set_num_threads(1)  # one thread: the same sums in the same order every time

data = load("mnist1d")  # 40 measurements, 10 classes
train = data.train.x.astype(np.float64), data.train.y
validation = data.validation.x.astype(np.float64), data.validation.y
test = data.test.x.astype(np.float64), data.test.y
SEEDS = (0, 1, 2)

# %% [markdown]
# ### Conventions
#
# | matter | in the lectures | here (scratch and PyTorch) | in the assignments |
# |---|---|---|---|
# | all weights together | L: $\theta$; C: $W_k$ of each layer | $\theta$ for a network, $w$ for small examples | `w` |
# | the name SGD | C: one example a step, more is "mini-batch descent"; U: any random subset | the rule $w - \eta g$ alone: it does not know where $g$ came from | `minibatches` (assignment `momentum`) gives the indices |
# | batch size, data size | C: $b$, $T$; U: the size of a random subset, "called batch size" $B$ | $B$, $N$ | `batch_size`, `n` |
# | gradient of a batch | C divides by $b$ on the momentum pages, and sums on the regularization pages | the mean | the mean |
# | the counter $t$ of a schedule | L: "every few epochs"; U: iterations | calls of `sched.step()`; we call it once an epoch, in G7 once a step | `t`, from 0 |
# | $\eta/\sqrt{t+1}$ | L: "1/t decay" | `InverseSqrtLR` | `inverse_sqrt_decay(eta, t)` (`adagrad`) |
# | true $1/t$ decay | U: two numbers to tune | `InverseTimeLR(gamma=)`: $\eta/(1 + \gamma t)$ | (not graded) |
# | exponential | U: two numbers to tune, $\eta e^{-kt}$ | `ExponentialLR(gamma=)`: $\eta \gamma^t$ with $\gamma = e^{-k}$ | (not graded) |
# | staircase | U: *divide* by 5 or 10 about every 10 epochs | `StepLR(step_size=10, gamma=0.1)`: *multiply* | `staircase(eta, epoch, every=10, factor=10)` (`adagrad`) |
# | plateau | C, U: when the error stagnates | `ReduceLROnPlateau`: after *more than* `patience` bad epochs | (not graded) |
# | clipping by value | C: a ceiling, typically 5 | `clip_grad_value_(grads, 5)`, in place | `clip_gradient(g, threshold=5.0)` (`babysitting`) |
# | clipping by norm | (not in the lectures) | `clip_grad_norm_(grads, c)`, in place; PyTorch adds $10^{-6}$ to the norm | (not graded) |
#
# The next cell runs the rows about schedules and clipping in both libraries.


# %%
def lr_curve(package, make, epochs=30, metrics=None):
    """The rate of each epoch. `make(package, optimizer)` returns the schedule."""
    w = np.zeros(1) if package is scratch else torch.zeros(1)
    optimizer = package.SGD({"w": w} if package is scratch else [w], lr=1.0)
    schedule, rates = make(package, optimizer), []
    for epoch in range(epochs):
        rates.append(optimizer.lr if package is scratch else optimizer.param_groups[0]["lr"])
        if package is pytorch:
            optimizer.step()  # PyTorch wants the optimizer's step before the schedule's
        if schedule is not None:
            schedule.step(*([] if metrics is None else [metrics[epoch]]))
    return np.array(rates)


def staircase(eta, epoch, every=10, factor=10):  # the assignment's form
    return eta / factor ** (epoch // every)


SHAPES = {
    "InverseSqrtLR": lambda package, opt: package.InverseSqrtLR(opt),
    "InverseTimeLR(0.5)": lambda package, opt: package.InverseTimeLR(opt, 0.5),
    "ExponentialLR(0.9)": lambda package, opt: package.ExponentialLR(opt, 0.9),
    "StepLR(10, 0.1)": lambda package, opt: package.StepLR(opt, 10, 0.1),
    "ReduceLROnPlateau(patience=2)": lambda package, opt: package.ReduceLROnPlateau(
        opt,
        patience=2,
    ),
}
still = [1.0] * 30  # a validation error that never improves after the first epoch
rows = []
for name, make in SHAPES.items():
    metrics = still if "Plateau" in name else None
    ours, theirs = (lr_curve(package, make, metrics=metrics) for package in (scratch, pytorch))
    epoch_of_drop = int(np.argmax(ours < 1))
    agree = np.allclose(ours, theirs, rtol=1e-12)
    rows.append((f"`{name}`", *(f"{ours[t]:.3g}" for t in (0, 1, 9, 10, 29)), epoch_of_drop, agree))
at_t = [f"t = {t}" for t in (0, 1, 9, 10, 29)]
table(("schedule, η = 1", *at_t, "first drop at t", "scratch = PyTorch"), rows)
steps = lr_curve(scratch, SHAPES["StepLR(10, 0.1)"])
print("StepLR = staircase:", np.allclose(steps, [staircase(1.0, t) for t in range(30)]))

g = {"w": np.array([3.0, -1000.0])}
g_torch = torch.zeros(2, requires_grad=True)
for name, ceiling in (("clip_grad_value_", 5.0), ("clip_grad_norm_", 5.0)):
    ours = {"w": g["w"].copy()}
    g_torch.grad = torch.tensor(g["w"], dtype=torch.float32)
    getattr(scratch, name)(ours, ceiling)
    getattr(pytorch, name)([g_torch], ceiling)
    print(f"{name:17}", ours["w"], " PyTorch:", np.allclose(ours["w"], g_torch.grad.numpy()))

# %% [markdown]
# Mind the plateau's row. The error was best at $t = 0$; epochs 1, 2, 3 were bad; with `patience=2` the *third* bad epoch
# lowers the rate, so epoch 4 is the first with the new one.
#
# ### The tools of this lecture
#
# Two kinds of problems: **bowls**, where everything can be computed, and the **network**, where it is measured.


# %%
def bowl(lam1, lam2, degrees=0):
    """The matrix H of C = ½ wᵀHw: eigenvalues lam1, lam2 along axes turned by an angle."""
    a = math.radians(degrees)
    axes = np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    return axes @ np.diag([lam1, lam2]) @ axes.T


def descend(gradient, w, eta, steps):
    """Vanilla gradient descent; the path as an array [steps + 1, ...]."""
    path = [np.asarray(w, float)]
    with np.errstate(all="ignore"):  # a path may diverge: a result, not an error
        for _ in range(steps):
            path.append(path[-1] - eta * gradient(path[-1]))
    return np.array(path)


def linear(fan_in, fan_out, std, rng):
    layer = scratch.Linear(fan_in, fan_out, dtype=np.float64)
    layer.params["weight"][...] = rng.standard_normal((fan_out, fan_in)) * std
    layer.params["bias"][...] = 0
    return layer


def network(seed, hidden=1, width=64, activation=scratch.ReLU, scale=1.0):
    """40 inputs, `hidden` layers with He's start (times `scale`), 10 outputs."""
    rng = np.random.default_rng(seed)
    layers, fan_in = [], 40
    for _ in range(hidden):
        layers += [linear(fan_in, width, scale * np.sqrt(2 / fan_in), rng), activation()]
        fan_in = width
    return scratch.Sequential(*layers, linear(fan_in, 10, 1 / np.sqrt(fan_in), rng))


def flat(arrays):
    """All arrays of a mapping as one long vector, such as θ or ∇C."""
    return np.concatenate([array.ravel() for array in arrays.values()])


def cost_and_gradient(net, x, y):
    loss = scratch.CrossEntropyLoss()
    cost = loss(net(x), y)
    net.backward_params(loss.backward())
    return cost, flat(net.grads)


def contours(axis, H, size, count=9):
    """Contour lines of the bowl ½ wᵀHw on [-size, size]²."""
    grid = np.stack(np.meshgrid(*[np.linspace(-size, size, 81)] * 2), -1)
    heights = 0.5 * np.einsum("...i,ij,...j", grid, H, grid)
    levels = heights.max() * np.linspace(0.05, 1, count) ** 2
    style = {"colors": SKY, "linewidths": 0.8, "linestyles": "-"}
    axis.contour(grid[..., 0], grid[..., 1], heights, levels, **style)
    axis.plot(0, 0, "*", color=RED, markersize=13, linestyle="none")
    axis.set(xlabel="w₁", ylabel="w₂", xlim=(-size, size), ylim=(-size, size))


# %% [markdown]
# ## G1 · Vanilla gradient descent, and when to stop
#
# L's page, as a loop:
#
# 1. start at $\theta^0$;
# 2. compute the gradient $\nabla C(\theta^t)$;
# 3. move to $\theta^{t+1} = \theta^t - \eta \nabla C(\theta^t)$;
# 4. repeat until $\nabla C(\theta^t) \approx 0$. (The slide says "stop until"; it means "stop when".)
#
# ### Why against the gradient?
#
# Let $g = \nabla C(\theta)$. For a short step $d$ the cost changes by about $g \cdot d$. Among all steps of one length $r$,
# which makes $g \cdot d$ smallest? By the Cauchy-Schwarz inequality $g \cdot d \ge -\lVert g \rVert\, r$, with equality
# exactly for $d = -r\, g/\lVert g \rVert$. So **the negative gradient is the steepest way down**.
#
# It stands perpendicular to the contour line: along a contour the cost does not change, so $g \cdot d = 0$ there.
#
# ### How far?
#
# "Short" must be made precise. On a bowl $C = \frac12 w^T H w$ the gradient is $g = Hw$, and the cost after a step is exactly
#
# $$C(w - \eta g) = \tfrac12 (w - \eta g)^T H (w - \eta g) = C(w) - \eta\, g^T g + \tfrac12 \eta^2\, g^T H g,$$
#
# because the mixed terms are $-\eta\, w^T H g = -\eta\, g^T g$. Let $\lambda_{\max}$ be the largest eigenvalue of $H$. Then
# $g^T H g \le \lambda_{\max}\, g^T g$, so
#
# $$C(w - \eta g) \le C(w) - \eta \left(1 - \tfrac12 \eta \lambda_{\max}\right) \lVert g \rVert^2 .$$
#
# The cost falls as long as $\eta < 2/\lambda_{\max}$. We meet this number again in G3 and G5.
#
# **Predict, then run.** On the bowl below ($\lambda = 1$ and $6$) with $\eta = 0.28$: does the path go straight to the
# minimum? Is the limit $2/\lambda_{\max}$ far away?

# %% tags=["hide-input"]
H = bowl(1, 6, degrees=30)
path = descend(lambda w: H @ w, [-3.2, 0.8], 0.28, 25)
figure, axis = plt.subplots(figsize=(5.8, 4))
contours(axis, H, 4)
axis.plot(*path.T, color=BLUE, marker="o", markersize=5, linewidth=1.2, linestyle="-", label="path θ⁰, θ¹, …")
for k in range(3):
    g = H @ path[k]
    axis.annotate(
        "", path[k] - 0.9 * g / np.linalg.norm(g), path[k], arrowprops={"arrowstyle": "->", "color": RED, "lw": 2}
    )
axis.plot([], [], color=RED, label="negative gradient (shortened)")
axis.annotate("θ⁰", path[0], xytext=(-14, 8), textcoords="offset points")
axis.set(title="Each step leaves the contour at a right angle", xlim=(-4, 4), ylim=(-3, 3), aspect="equal")
axis.legend(loc="upper right", fontsize=9)
show(
    figure,
    "Elliptic contour lines and the path of gradient descent. Each step starts perpendicular to the "
    "contour, so the path swings across the valley before it runs along it to the minimum.",
)

# %% [markdown]
# The steepest way down is not the way to the minimum: it crosses the valley. G5 and G9 ask what that costs.
#
# The same path with the library's `SGD` and with PyTorch's. Both only know $w$ and $g$; `SGD` is plain gradient descent
# when we hand it the full gradient.

# %%
w = np.array([-3.2, 0.8])
optimizer = scratch.SGD({"w": w}, lr=0.28)
w_torch = torch.tensor([-3.2, 0.8], dtype=torch.float64, requires_grad=True)
optimizer_torch = pytorch.SGD([w_torch], lr=0.28)
for _ in range(25):
    optimizer.step({"w": H @ w})
    optimizer_torch.zero_grad()
    cost = 0.5 * w_torch @ torch.tensor(H) @ w_torch
    cost.backward()
    optimizer_torch.step()
print("after 25 steps, scratch:", w, " PyTorch:", w_torch.detach().numpy())
print("the same to 1e-14:", np.abs(w - w_torch.detach().numpy()).max() < 1e-14)
print(f"the limit of the rate, 2/λmax: {2 / np.linalg.eigvalsh(H)[-1]:.3f}")

# %% [markdown]
# ### When to stop, on a bowl
#
# "Stop when $\lVert g \rVert \le \varepsilon$" is a sound rule on a bowl. Write $w$ in the eigenvectors of $H$, with
# coordinates $w_i$. Then
#
# $$\lVert g \rVert^2 = \sum_i \lambda_i^2 w_i^2 \;\ge\; \lambda_{\min} \sum_i \lambda_i w_i^2 = 2 \lambda_{\min}\, C,
#   \qquad \lVert g \rVert^2 \ge \lambda_{\min}^2 \lVert w \rVert^2 .$$
#
# So $C - C^* \le \lVert g \rVert^2 / (2\lambda_{\min})$ and the distance to the minimum is at most
# $\lVert g \rVert/\lambda_{\min}$. A small gradient is a certificate, **if $\lambda_{\min}$ is known and not tiny**.
#
# **Predict, then run.** We stop at $\lVert g \rVert \le 0.01$. How far from the minimum are we, when the flattest
# direction has $\lambda_{\min} = 1$, $0.1$, $0.01$, $0.001$?

# %%
rows, stopped_at = [], {}
for lam in (1.0, 0.1, 0.01, 0.001):
    path = descend(lambda w, lam=lam: np.array([lam, 2.0]) * w, [-10.0, 1.0], 0.9, 8000)
    norms = np.hypot(lam * path[:, 0], 2 * path[:, 1])
    stop = int(np.argmax(norms <= 0.01))
    stopped_at[lam] = np.linalg.norm(path[stop])
    rows.append((f"{lam:g}", stop, f"{stopped_at[lam]:.3f}", f"{norms[stop] / lam:.3f}"))
table(("λmin", "stops at step", "distance to the minimum", "bound ‖g‖/λmin"), rows)

# %% [markdown]
# In the flattest valley the rule stops almost where it started, ten units away. In a deep network many eigenvalues are
# almost 0, and some are negative.
#
# ### When to stop, in a deep network
#
# U: "Recall that a natural stopping criterion [...] Is this good when training DNNs? No." There are four reasons. The
# first is L's own remark, "stuck at local minima or saddle points".
#
# **1. The gradient is small in bad places.** The rule cannot tell them from a minimum.

# %%
zero_net = network(seed=0, hidden=2)
for array in zero_net.params.values():
    array[...] = 0
cost, g = cost_and_gradient(zero_net, *train)
zero_gradient = np.linalg.norm(g)
print(f"all weights 0:  cost {cost:.4f} (log 10 = {math.log(10):.4f})   ‖∇C‖ = {zero_gradient:.4f}")

path = descend(saddle.gradient, saddle.start, 0.01, 500)
norms = np.linalg.norm(saddle.gradient(path), axis=1)
flattest = int(norms.argmin())
print(
    f"saddle x² − y²: smallest ‖∇C‖ = {norms.min():.4f} at step {flattest}, "
    f"C = {saddle(path[flattest]):.0e}; 200 steps later C = {saddle(path[flattest + 200]):.1f}"
)

# %% [markdown]
# A network that knows nothing has a gradient near zero, and so has a saddle. (A1 showed a third place: the plateau of a
# saturated sigmoid.)
#
# **2. We do not have the gradient.** Training uses the gradient $g_B$ of a batch. It is the full gradient plus noise, and
# the noise does not vanish at a minimum: there the gradients of the examples *add up* to zero, they are not zero.
#
# **3. Even the full gradient does not get small** while the cost falls.
#
# **Predict, then run.** A network is trained for 20 epochs with $\eta = 0.3$; the cost falls to about half.
# By what factor does $\lVert \nabla C \rVert$ fall after the first epoch? And the norm of a batch's gradient?


# %%
def norms_while_training(seed, epochs=20, B=100):
    """Cost, ‖∇C‖ and mean ‖g_B‖ before each epoch and after the last."""
    net, rng = network(seed), np.random.default_rng(seed)
    optimizer = scratch.SGD(net.params, lr=0.3)
    rows = []
    for epoch in range(epochs + 1):
        cost, full = cost_and_gradient(net, *train)
        batch_norms = []
        for i in scratch.minibatches(len(train[0]), B, rng):
            g = cost_and_gradient(net, train[0][i], train[1][i])[1]
            batch_norms.append(np.linalg.norm(g))
            if epoch < epochs:
                optimizer.step(net.grads)
        rows.append((cost, np.linalg.norm(full), np.mean(batch_norms)))
    return np.array(rows)


runs = np.array([norms_while_training(seed) for seed in SEEDS])  # [seed, epoch, quantity]
by_epoch = runs.mean(axis=0)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), sharex=True)
for run in runs:
    axes[0].plot(run[:, 0], color=BLUE, linewidth=1, linestyle="-")
    axes[1].plot(run[:, 2], color=ORANGE, linewidth=1, linestyle="--")
    axes[1].plot(run[:, 1], color=GREEN, linewidth=1, linestyle="-")
axes[1].lines[0].set_label("batch of 100, mean ‖g_B‖")
axes[1].lines[1].set_label("full gradient ‖∇C‖")
axes[0].set(title="The cost falls …", xlabel="epoch", ylabel="training cost", ylim=(0, None))
axes[1].set(title="… the gradient does not", xlabel="epoch", ylabel="norm of the gradient", ylim=(0, None))
axes[1].legend()
show(
    figure,
    "Left: training cost falls from 2.7 to below 1 in 20 epochs, three seeds. Right: the norm of the "
    "batch gradient stays near 0.85 and that of the full gradient near 0.3 after the first epoch.",
)
table(
    ("mean of 3 seeds", "cost", "‖∇C‖", "mean ‖g_B‖"),
    [(f"after epoch {e}", *(f"{v:.2f}" for v in by_epoch[e])) for e in (0, 1, 5, 10, 20)],
)
falls = {
    "cost": by_epoch[1, 0] / by_epoch[20, 0],
    "full": by_epoch[1, 1] / by_epoch[20, 1],
    "batch": by_epoch[1, 2] / by_epoch[20, 2],
}
print("from epoch 1 to 20 it falls by a factor of:", {name: round(float(f), 1) for name, f in falls.items()})

# %% [markdown]
# After the first epoch the gradient's norm says nothing about progress: it stays where it is, while the cost is halved. A
# threshold that would stop at epoch 20 would also have stopped at epoch 1.
#
# **4. It is expensive** (U). The full gradient costs a pass over all data: as much as one whole epoch of training.
#
# **In practice** one stops when the error on *validation* data no longer improves (early stopping, lecture 09), or when
# the budget is spent and the schedule has brought the rate to its end (G4).
#
# **What to remember (G1).** The negative gradient is the steepest way down, and the cost falls if $\eta < 2/\lambda_{\max}$.
# A small gradient certifies a minimum on a bowl with known $\lambda_{\min}$. In a deep network stop by validation error.
#
# **Check yourself**
#
# 1. Prove that the step from $w$ leaves the contour line through $w$ at a right angle.
# 2. Why does the gradient of a batch not vanish at a minimum of the training cost?
# 3. When *would* it vanish there?
#
# <details><summary>Answer</summary>
#
# 1. Move along the contour, $w(s)$. The cost is constant: $0 = \frac{d}{ds} C(w(s)) = g \cdot w'(s)$. So $g$ is
#    perpendicular to the contour's direction $w'(s)$.
# 2. At the minimum the mean of all examples' gradients is 0. The mean over a part of them need not be.
# 3. If every single example has gradient 0, for instance when every example is fitted exactly (G7).
#
# </details>

# %% [markdown]
# ## G2 · Mini-batches
#
# The training cost is a mean over $N$ examples, $C = \frac1N \sum_n C_n$, and so is its gradient,
# $\nabla C = \frac1N \sum_n g_n$. With $N$ large, one step costs a pass over all data. The idea (C, K, U): take a random
# **batch** of $B$ examples and use
#
# $$g_B = \frac1B \sum_{n \in \text{batch}} g_n .$$
#
# One pass over the data is an **epoch**: $N/B$ steps instead of one. U lists two ways of drawing a batch:
#
# * **with replacement**: every example of every batch is drawn anew from all $N$ ("canonical SGD");
# * **without replacement**: shuffle once per epoch and cut into batches ("practical SGD"). This is `minibatches`.

# %%
batches = scratch.minibatches(10, 4, np.random.default_rng(0))
print("scratch.minibatches(10, 4):", [b.tolist() for b in batches])

loader = torch.utils.data.DataLoader(range(10), batch_size=4, shuffle=True)
print("DataLoader(shuffle=True): batches of", [len(b) for b in loader])

rng = np.random.default_rng(0)
N = 1000
drawn = [len(np.unique(rng.integers(0, N, N))) / N for _ in range(50)]
print(f"share of the examples seen in an epoch with replacement: {np.mean(drawn):.3f}")
print(f"(1 − (1 − 1/N)^N) = {1 - (1 - 1 / N) ** N:.3f}, and 1 − 1/e = {1 - math.exp(-1):.3f}")

# %% [markdown]
# With replacement, an epoch misses an example with probability $(1 - \frac1N)^N \approx \frac1e$.
#
# ### Unbiased
#
# Let $I_n = 1$ if example $n$ is in the batch (without replacement). Every example is in the batch with the same probability, and the $I_n$
# add up to $B$, so this probability is $B/N$. Therefore
#
# $$E[g_B] = \frac1B \sum_n E[I_n]\, g_n = \frac1B \cdot \frac BN \sum_n g_n = \nabla C .$$
#
# With replacement each of the $B$ draws has the mean $\nabla C$, and so has their mean. **Both are unbiased**: on average the
# step goes the way of the full gradient.
#
# ### The variance
#
# Let $S = \frac1N \sum_n \lVert g_n - \nabla C \rVert^2$ be the variance of one example's gradient. With replacement, the
# draws are independent, so the variance of their mean is
#
# $$E\lVert g_B - \nabla C \rVert^2 = \frac SB .$$
#
# Without replacement the draws are not independent. Write $c_n = g_n - \nabla C$, so that $\sum_n c_n = 0$. Two different
# examples are both in the batch with probability $\frac{B(B-1)}{N(N-1)}$, so
#
# $$E\Big\lVert \frac1B \sum_n I_n c_n \Big\rVert^2
#  = \frac1{B^2}\Big( \frac BN \sum_n \lVert c_n \rVert^2 + \frac{B(B-1)}{N(N-1)} \sum_{n \ne m} c_n \cdot c_m \Big).$$
#
# Now $0 = \lVert \sum_n c_n \rVert^2 = \sum_n \lVert c_n \rVert^2 + \sum_{n \ne m} c_n \cdot c_m$, so the last sum is
# $-\sum_n \lVert c_n \rVert^2 = -NS$. This gives
#
# $$E\lVert g_B - \nabla C \rVert^2 = \frac1{B^2} \Big( BS - \frac{B(B-1)}{N-1} S \Big) = \frac SB \cdot \frac{N-B}{N-1}.$$
#
# For $B \ll N$ the new factor is nearly 1. For $B = N$ it is 0: the batch *is* the data.
#
# **Predict, then run.** The noise's size is the root of the variance. By what factor must the batch grow to halve it?
#
# We take a real network and the gradients of 400 single examples, draw batches of these 400, and compare.

# %%
small, N = network(seed=0, width=16), 400
ones = [(train[0][n : n + 1], train[1][n : n + 1]) for n in range(N)]  # batches of one example
g_n = np.array([cost_and_gradient(small, *one)[1] for one in ones])
full = cost_and_gradient(small, train[0][:N], train[1][:N])[1]
S = np.mean(np.sum((g_n - full) ** 2, axis=1))
print("mean of the 400 gradients = gradient of the mean cost:", np.allclose(g_n.mean(axis=0), full))

SIZES, DRAWS = (1, 4, 20, 100, 300, 400), 150
rng = np.random.default_rng(0)
measured, formula = {}, {}
for how, replace in (("with", True), ("without", False)):
    batch_means = [
        [g_n[rng.choice(N, B, replace)].mean(axis=0) for _ in range(DRAWS)]
        for B in SIZES
    ]  # fmt: skip
    measured[how] = [np.mean(np.sum((np.array(m) - full) ** 2, axis=1)) for m in batch_means]
    formula[how] = [S / B * (1 if replace else (N - B) / (N - 1)) for B in SIZES]
    bias = np.linalg.norm(np.mean(batch_means[2], axis=0) - full)
    print(f"{how:7} replacement, B = 20: ‖mean of {DRAWS} batches − ∇C‖ = {bias:.3f}, ", end="")
    print(f"chance alone gives about {math.sqrt(formula[how][2] / DRAWS):.3f}")
table(
    ("E‖g_B − ∇C‖²", *(f"B = {B}" for B in SIZES)),
    [
        (f"{how} replacement, {kind}", *(f"{abs(v):.3f}" for v in values[how]))
        for how in ("with", "without")
        for kind, values in (("measured", measured), ("formula", formula))
    ],
)

# %% tags=["hide-input"]
figure, axis = plt.subplots()
B_axis = np.arange(1, N)
axis.loglog(B_axis, S / B_axis, color=ORANGE, linestyle="--", label="S/B")
axis.loglog(B_axis, S / B_axis * (N - B_axis) / (N - 1), color=BLUE, linestyle="-", label="S/B · (N − B)/(N − 1)")
axis.loglog(SIZES, measured["with"], "s", color=ORANGE, linestyle="none", label="with replacement, measured")
axis.loglog(SIZES[:-1], measured["without"][:-1], "o", color=BLUE, linestyle="none", label="without, measured")
axis.set(
    title="The variance falls as 1/B; without replacement it reaches 0 at B = N",
    xlabel=f"batch size B (N = {N})",
    ylabel="variance of g_B",
)
axis.set_title(axis.get_title(), fontsize=12)
axis.legend(fontsize=9)
show(figure, "Variance of the batch gradient against batch size, both axes logarithmic: measured points lie on S/B.")

# %% [markdown]
# Four times the batch, half the noise: a batch of 100 takes a hundred times the arithmetic of one example, and its noise is a tenth.
#
# **A trap.** Within one epoch the batches' gradients average to $\nabla C$ exactly, but only if all batches are equally
# large. A short last batch counts as much as a full one.

# %%
for B in (100, 150):
    parts = scratch.minibatches(N, B, np.random.default_rng(0))
    gap = np.linalg.norm(np.mean([g_n[i].mean(axis=0) for i in parts], axis=0) - full)
    weighted = sum(g_n[i].sum(axis=0) for i in parts) / N
    print(f"batches of {[len(i) for i in parts]}: plain mean is off by {gap:.3f}, ", end="")
    print("weighted by size it is exact:", np.allclose(weighted, full))

# %% [markdown]
# ### SGD against gradient descent
#
# U's example: least squares, $C = \frac1{2N} \sum_n (x_n \cdot w - y_n)^2$, here with $N = 10\,000$, 100 weights, and noise
# of size 0.1 in $y$. We look at the **excess** $(C - C^*)/(C(w^0) - C^*)$: 1 at the start, 0 at the minimum.
#
# Gradient descent gets its best fixed rate, $2/(\lambda_{\min} + \lambda_{\max})$ (derived in G5). SGD has batches of 32
# and $\eta = 0.02$.
#
# **Predict, then run.** Which of the two is faster, counted in steps? Counted in epochs?


# %%
@cache
def least_squares(seed, kappa=1.0, noise=0.1, n=10_000, d=100):
    """n examples; kappa stretches the inputs: H has about this condition number."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) * np.geomspace(1, kappa**-0.5, d)
    y = x @ rng.standard_normal(d) + noise * rng.standard_normal(n)
    H = x.T @ x / n
    best = np.linalg.solve(H, x.T @ y / n)
    return SimpleNamespace(x=x, y=y, H=H, lam=np.linalg.eigvalsh(H), best=best)


def excess(problem, path):
    """(C − C*)/(C(0) − C*) along a path [steps, d]; C − C* = ½ eᵀHe with e = w − w*."""
    e = path - problem.best
    heights = np.sum((e @ problem.H) * e, axis=1)
    return heights / (problem.best @ problem.H @ problem.best)


def gd(problem, epochs):
    eta = 2 / (problem.lam[0] + problem.lam[-1])
    start = np.zeros(len(problem.best))
    return excess(problem, descend(lambda w: problem.H @ (w - problem.best), start, eta, epochs))


def sgd(problem, lr=0.02, epochs=8, B=32, seed=0, replace=False, schedule=None):
    """SGD from w = 0; the excess after each step."""
    rng, N = np.random.default_rng(seed), len(problem.x)
    w = np.zeros(len(problem.best))
    optimizer = scratch.SGD({"w": w}, lr=lr)
    sched = schedule(optimizer) if schedule else None
    path = [w.copy()]
    for _ in range(epochs):
        for i in scratch.minibatches(N, B, rng):
            if replace:
                i = rng.integers(0, N, len(i))
            x = problem.x[i]
            optimizer.step({"w": x.T @ (x @ w - problem.y[i]) / len(i)})
            path.append(w.copy())
            if sched:
                sched.step()
    return excess(problem, np.array(path))


EPOCH = math.ceil(10_000 / 32)  # steps of SGD in an epoch
easy = [least_squares(seed) for seed in SEEDS]
gd_runs = [gd(p, 8) for p in easy]
sgd_runs = [sgd(p, seed=seed) for seed, p in enumerate(easy)]
with_runs = [sgd(p, seed=seed, replace=True) for seed, p in enumerate(easy)]


def first_below(curve, goal=1e-2):
    return int(np.argmax(curve < goal))


steps_to_goal = {"GD": [first_below(c) for c in gd_runs], "SGD": [first_below(c) for c in sgd_runs]}
after_one = {"GD": [c[1] for c in gd_runs], "SGD": [c[EPOCH] for c in sgd_runs]}
both = zip(gd_runs, sgd_runs, strict=True)
passes = [1 + int(np.argmax(g[1:] < s[EPOCH::EPOCH])) for g, s in both]
table(
    ("three problems", "GD", "SGD"),
    [
        ("steps to excess 1e-2", *(steps_to_goal[m] for m in ("GD", "SGD"))),
        (
            "epochs to excess 1e-2",
            steps_to_goal["GD"],
            ", ".join(f"{s / EPOCH:.2f}" for s in steps_to_goal["SGD"]),
        ),
        (
            "excess after one epoch",
            *(", ".join(f"{v:.0e}" for v in after_one[m]) for m in ("GD", "SGD")),
        ),
        ("GD passes SGD in epoch", passes, ""),
    ],
)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.8), sharey=True)
for k in range(3):
    axes[0].semilogy(range(1, 9), gd_runs[k][1:], color=BLUE, marker="o", markersize=4, linestyle="-", linewidth=1)
    axes[0].semilogy(range(1, 2505), sgd_runs[k][1:], color=ORANGE, linestyle="--", linewidth=1)
    axes[1].semilogy(range(9), gd_runs[k], color=BLUE, marker="o", markersize=4, linestyle="-", linewidth=1)
    axes[1].semilogy(np.arange(2505) / EPOCH, sgd_runs[k], color=ORANGE, linestyle="--", linewidth=1)
axes[0].lines[0].set_label("gradient descent")
axes[0].lines[1].set_label("SGD, batches of 32")
axes[0].set(title="By step GD is faster …", xlabel="step", ylabel="excess", xscale="log", ylim=(1e-9, 2))
axes[1].set(title="… by epoch SGD, until its floor", xlabel="epoch")
axes[0].legend(loc="lower right")
show(
    figure,
    "Left: excess by step; gradient descent falls within a few steps, SGD needs over a hundred. Right: by "
    "epoch SGD falls at once to about 3e-6 and stays there; gradient descent passes below it in epoch 4.",
)

# %% [markdown]
# U's two statements are reproduced: by step GD is faster, by epoch SGD. So is U's conclusion, that SGD is quick to a
# *medium* accuracy. It hits a floor (G7), and gradient descent passes it in epoch 4.
#
# This example flatters gradient descent: its bowl is almost round. We stretch it to a condition number of about 30, and
# let SGD try other rates, since 0.02 was given, not tuned.
#
# **Predict, then run.** After how many epochs does gradient descent pass SGD now?

# %%
hard = least_squares(0, kappa=30.0)
gd_hard = gd(hard, 300)
rows, pass_epoch = [], {}
for problem, curve, label in ((easy[0], gd(easy[0], 300), "round"), (hard, gd_hard, "stretched")):
    for lr in (0.005, 0.02, 0.1):
        tuned = sgd(problem, lr)
        floor = np.mean(tuned[-EPOCH:])
        pass_epoch[label, lr] = first_below(curve, floor)
        rows.append(
            (
                f"{label}, κ = {problem.lam[-1] / problem.lam[0]:.1f}",
                lr,
                f"{tuned[EPOCH]:.0e}",
                f"{floor:.0e}",
                pass_epoch[label, lr],
            )
        )
header = ("bowl", "rate of SGD", "excess after 1 epoch", "mean excess in epoch 8")
table((*header, "GD needs epochs for that"), rows)

# %% [markdown]
# On the round bowl nothing is lost with gradient descent. On the stretched bowl SGD's eight epochs, at its best rate, are
# worth more than forty epochs of gradient descent. And look at the round bowl's three rates: a larger rate arrives earlier
# and has a higher floor. That is the reason for schedules.
#
# ### With or without replacement?

# %%
floors = {
    how: np.array([c[4 * EPOCH :].mean() for c in curves_of])
    for how, curves_of in (("without", sgd_runs), ("with", with_runs))
}
floor_ratio = floors["with"] / floors["without"]
for how, values in floors.items():
    print(f"{how:7} replacement: mean excess in epochs 5 to 8:", [f"{v:.1e}" for v in values])
print("with / without:", np.round(floor_ratio, 1).tolist())

# %% [markdown]
# On these problems shuffling beats independent drawing: within an epoch the errors of the batches cancel, because
# together they are the full gradient. Gürbüzbalaban, Ozdaglar and Parrilo (2021) prove a gain of this kind. So practice
# shuffles.
#
# ### Shuffle the examples, not only the batches
#
# Data often come sorted, for instance by class.
#
# **Predict, then run.** We sort the training data by class and train for five epochs, three ways: batches as they come; the
# same batches in random order; everything shuffled. What accuracy do you expect for each?


# %%
def as_they_come(n, B, rng):
    return [np.arange(k, min(k + B, n)) for k in range(0, n, B)]


def batches_in_random_order(n, B, rng):
    batches = as_they_come(n, B, rng)
    return [batches[k] for k in rng.permutation(len(batches))]


def train_with(make_batches, seed, lr=0.2, epochs=5, B=50):
    order = np.argsort(train[1], kind="stable")  # sorted by class
    x, y = train[0][order], train[1][order]
    net, rng = network(seed), np.random.default_rng(seed)
    optimizer = scratch.SGD(net.params, lr=lr)
    for _ in range(epochs):
        for i in make_batches(len(x), B, rng):
            cost_and_gradient(net, x[i], y[i])
            optimizer.step(net.grads)
    return scratch.evaluate(net, scratch.CrossEntropyLoss(), validation)[1]


ORDERS = {
    "as they come": as_they_come,
    "same batches, random order": batches_in_random_order,
    "shuffled (minibatches)": scratch.minibatches,
}
sorted_accuracy, rows = {}, []
for name, make_batches in ORDERS.items():
    by_rate = {lr: [train_with(make_batches, seed, lr) for seed in SEEDS] for lr in (0.01, 0.2)}
    best = max(by_rate, key=lambda lr: np.mean(by_rate[lr]))
    sorted_accuracy[name] = np.mean(by_rate[best])
    rows.append((name, *(spread(values) for values in by_rate.values())))
table(("sorted data", "rate 0.01", "rate 0.2"), rows)

# %% [markdown]
# Sorted batches are not random samples: the proof that $g_B$ is unbiased used that every example is equally likely to be in
# the batch *now*. Each batch teaches one class and unteaches the others. Shuffling the order of the batches repairs much
# of it, not all: a batch still has one class, or two. Your `minibatches` in assignment `momentum` must shuffle the
# indices.
#
# ### More variance, "potentially leading to worse minima"
#
# C says so of both SGD and mini-batches. More variance: shown above. Worse minima can mean two things.
#
# *A higher training cost*: yes, with a fixed rate; that is the floor above, and G7.
#
# *Worse predictions*: that must be measured. For a fair comparison each batch size trains, with its own rate, until its
# training cost is below 0.5, on 800 examples. Then we compare validation accuracy. The rate was the one with the fewest
# steps on seeds 7 and 8, on a grid of factors of 2; the results of the search:
#
# | steps to cost 0.5, mean of two seeds | rate 0.1 | 0.2 | 0.4 | 0.8 | 1.6 | 3.2 | chosen |
# |---|---|---|---|---|---|---|---|
# | B = 10 | 1420 | 920 | 910 | 3250 | | | 0.2 |
# | B = 20 | | | 470 | 595 | 2775 | | 0.4 |
# | B = 100 | | | | 172 | 126 | never | 1.6 |
# | B = 400 | | | | | 95 | 101 | 1.6 |
# | B = 800 (all) | | | | | 91 | 80 | 1.6 |
#
# (For $B = 10$ two rates are level; we take the calmer one. For $B = 800$ the rate 3.2, at the edge of the grid, was a
# little quicker; we stay at 1.6, so that the three large batches share a rate.)
#
# **Predict, then run.** Same training cost: which batch size has the best validation accuracy? Which needs the fewest
# steps, which the fewest epochs?


# %%
def to_goal(B, lr, seed, goal=0.5):
    """Train on 800 examples until their cost is below the goal: steps, validation accuracy."""
    x, y = train[0][:800], train[1][:800]
    net, rng, step = network(seed), np.random.default_rng(seed), 0
    optimizer = scratch.SGD(net.params, lr=lr)
    loss = scratch.CrossEntropyLoss()
    while step < 3000:
        for i in scratch.minibatches(800, B, rng):
            cost_and_gradient(net, x[i], y[i])
            optimizer.step(net.grads)
            step += 1
            if step % max(1, 200 // B) == 0 and loss(net(x), y) < goal:
                return step, scratch.evaluate(net, loss, validation)[1]
    return step, np.nan


CHOSEN = {10: 0.2, 20: 0.4, 100: 1.6, 400: 1.6, 800: 1.6}
goal_steps, goal_accuracy, rows = {}, {}, []
for B, lr in CHOSEN.items():
    results = np.array([to_goal(B, lr, seed) for seed in SEEDS])
    goal_steps[B], goal_accuracy[B] = results[:, 0].mean(), results[:, 1]
    epochs = f"{goal_steps[B] * B / 800:.1f}"
    rows.append((B, lr, f"{goal_steps[B]:.0f}", epochs, spread(goal_accuracy[B])))
table(("batch size", "rate", "steps to cost 0.5", "epochs", "validation accuracy there"), rows)

# %% [markdown]
# The noise did not lead to worse predictions: at the same training cost all batch sizes are level. (Three seeds; the
# differences are about as large as the spread. Keskar et al., 2017, report that *large* batches generalise worse;
# Shallue et al., 2019, found no such effect when everything was tuned.) So we call C's "potentially worse minima" right
# for the training cost at a fixed rate, and not reproduced for predictions.
#
# Now read the steps. From $B = 10$ to $100$ the steps fall almost as $1/B$ and the epochs grow slowly: a larger batch is
# nearly free. From 100 to 800 the steps hardly fall: the noise is no longer the problem. Such a *critical batch size* is
# found in large networks, too (McCandlish et al., 2018). In the region below it practice scales the rate with the batch
# (Goyal et al., 2017): our tuned rates grow from 0.2 to 1.6.
#
# **What to remember (G2).** A batch's gradient is unbiased with variance $S/B$. SGD is fast to medium accuracy. Shuffle
# the indices every epoch. Tune the rate again when the batch size changes.
#
# **Check yourself**
#
# 1. On C's regularization page the gradients of a batch are *added*. Which rate gives the same steps as the mean with rate $\eta$?
# 2. $N = 3200$, $B = 100$: how many steps are ten epochs?
# 3. A friend draws each batch by `rng.integers(0, N, B)` and calls $N/B$ steps an epoch. What share of the data is
#    missed?
#
# <details><summary>Answer</summary>
#
# 1. The sum is $B$ times the mean, so the rate must be $\eta / B$. If the last batch is short, no single rate does it.
# 2. 320.
# 3. About $1/e = 37\,\%$.
#
# </details>

# %% [markdown]
# ## G3 · Too small, too large, just right
#
# Take one weight and the parabola $C = \frac12 a w^2$ with $a > 0$. Its gradient is $aw$, so every step multiplies $w$ by
# the same number:
#
# $$w^{t+1} = w^t - \eta a w^t = (1 - \eta a)\, w^t \qquad\Longrightarrow\qquad w^t = (1 - \eta a)^t\, w^0 .$$
#
# | rate | factor 1 − ηa | what happens |
# |---|---|---|
# | below 1/a | between 0 and 1 | creeps to the minimum from one side |
# | 1/a | 0 | arrives in one step |
# | between 1/a and 2/a | between −1 and 0 | jumps across, and still arrives |
# | 2/a | −1 | jumps between two points for ever |
# | above 2/a | below −1 | diverges |
#
# "Just right" is $1/a$: one over the **second derivative**. Then the step has the length $|C'|/C'' = |aw|/a$, the best
# step of lecture 06. Twice that is already the limit.

# %%
a, w0 = 2.0, 1.0
rows = []
for eta in (0.05, 0.5, 0.9, 1.0, 1.05):
    path = descend(lambda w: a * w, w0, eta, 20)
    rows.append((eta, f"{1 - eta * a:.1f}", f"{path[1]:.2f}", f"{path[2]:.2f}", f"{path[20]:.3f}"))
    assert np.allclose(path, (1 - eta * a) ** np.arange(21) * w0, atol=1e-12)
table(("rate η (a = 2)", "factor 1 − ηa", "w after 1 step", "after 2", "after 20"), rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 4, figsize=(9.6, 3), sharey=True)
w_axis = np.linspace(-1.7, 1.7, 101)
CASES = ((0.05, "too small"), (0.5, "just right"), (0.9, "jumps across"), (1.05, "too large"))
for axis, (eta, name) in zip(axes, CASES, strict=True):
    path = descend(lambda w: a * w, w0, eta, 8)
    axis.plot(w_axis, 0.5 * a * w_axis**2, color=SKY, linewidth=1.5, linestyle="-")
    axis.plot(path, 0.5 * a * path**2, color=BLUE, marker="o", markersize=4, linewidth=1, linestyle="--")
    axis.plot(w0, 0.5 * a * w0**2, "s", color=RED)
    axis.set(title=f"{name}\nη = {eta}", xlabel="w")
axes[0].set_ylabel("cost ½aw², a = 2")
figure.suptitle("Eight steps from the square: the limit is twice the best rate")
show(figure, "Four parabolas: a small rate creeps, 1/a arrives in one step, 0.9 jumps across, 1.05 climbs out.")

# %% [markdown]
# ### On real data
#
# Now L's and K's experiment: the cost by epoch, for rates over twelve powers of ten. Batches of 100.
#
# **Predict, then run.** Ten classes, so the cost starts between 2 and 3. What does it look like after ten epochs with rate
# $10^{-6}$, with 0.3, with 3, with $10^6$ (K: "What could possibly go wrong?")?


# %%
def loss_curve(lr, seed, epochs=10, B=100):
    """Training cost before the first epoch, then the mean cost of each epoch."""
    net, rng = network(seed), np.random.default_rng(seed)
    loss, optimizer = scratch.CrossEntropyLoss(), scratch.SGD(net.params, lr=lr)
    start = loss(net(train[0]), train[1])
    try:
        with np.errstate(all="ignore"):
            history = scratch.fit(net, loss, optimizer, train, epochs=epochs, batch_size=B, rng=rng)
    except scratch.Diverged as error:
        history = error.history
    return [start, *history["loss"]]


RATES = (1e-6, 1e-3, 0.03, 0.3, 3.0, 1e6)
curves = {lr: [loss_curve(lr, seed) for seed in SEEDS] for lr in RATES}
last = {lr: [curve[-1] for curve in curves[lr]] for lr in RATES}
CALM = [lr for lr in RATES if lr != 3.0]
table(
    ("rate", "start", "cost of epoch 1", "last cost", "epochs", "scratch.diagnose"),
    [
        (
            f"{lr:g}",
            f"{np.mean([c[0] for c in curves[lr]]):.2f}",
            f"{np.mean([c[1] for c in curves[lr]]):.2f}",
            spread(last[lr]) if np.all(np.isfinite(last[lr])) else "nan",
            len(curves[lr][0]) - 1,
            ", ".join(sorted({scratch.diagnose(c) for c in curves[lr]})),
        )
        for lr in CALM
    ],
)

# %% [markdown]
# Rate 3 gets its own cell: its first steps explode, and after that the rounding errors grow, too. So its digits differ a
# little from machine to machine.

# %% tips={"rtol": 0.3}
for seed in SEEDS:
    curve = curves[3.0][seed]
    worst, final = max(curve), curve[-1]
    print(f"rate 3, seed {seed}: start {curve[0]:.2f}, worst epoch {worst:.1f}, last {final:.1f}")
above = np.mean(last[3.0]) > np.mean(last[0.3])
print("mean last cost above that of rate 0.3:", above)

# %% tags=["hide-input"] tips={"image_rms": 14}
figure, axis = plt.subplots()
NAMES = {1e-6: "no change", 1e-3: "too small", 0.03: "small", 0.3: "good", 3.0: "too large"}
for k, (lr, name) in enumerate(NAMES.items()):
    for seed in SEEDS:
        axis.plot(curves[lr][seed], color=COLOURS[k], linestyle=DASHES[k], linewidth=1.5)
    middle = np.median(last[lr])
    axis.annotate(f"{lr:g}: {name}", (10, middle), xytext=(6, -4), textcoords="offset points")
axis.set(
    title="Too small hardly moves, too large is a gamble",
    xlabel="epoch (0 = before training)",
    ylabel="training cost",
    xlim=(0, 13),
    ylim=(0.8, 3.2),
    xticks=range(0, 11, 2),
)
show(
    figure,
    "Training cost over ten epochs for five rates, three seeds each: 1e-6 is flat near 2.7, 0.001 falls a "
    "little, 0.03 more, 0.3 far; with 3 two seeds shoot up and stay high, one ends lowest.",
)

# %% [markdown]
# (`diagnose` calls a rate too low only if the cost falls by less than 1 %. That 0.001 is too small, only a comparison shows.)
#
# Rate 3 is a gamble: two seeds explode and stay high, one is lucky and ends lowest. That is why one looks at several seeds.
#
# K's two ends are reproduced: $10^{-6}$ "barely changes", $10^6$ gives nan in the first epoch. Between them lies a narrow
# range in which training works. The search for it is lecture 11's.
#
# ### Is the loss curve a diagnosis?
#
# U gives four signs. We test the two that need an experiment.
#
# *"Low LR always leads to convergence, but takes forever."* On a bowl: below $2/\lambda_{\max}$ it always arrives, and half
# the rate takes twice the steps.

# %%
low_steps = []
for eta in (0.08, 0.04, 0.02, 0.01):
    path = descend(lambda w: H @ w, [-3.2, 0.8], eta, 2000)
    low_steps.append(first_below(0.5 * np.sum((path @ H) * path, axis=1), 1e-4))
print("steps to C < 1e-4 at rates 0.08, 0.04, 0.02, 0.01:", low_steps)
print("each over the one before:", np.round(np.divide(low_steps[1:], low_steps[:-1]), 2).tolist())

# %% [markdown]
# *"Premature flatten is a sign of large LR."* The test: when a curve has gone flat, lower the rate. If it was flat because
# the rate is too large, the cost must drop at once. Rate 0.8 with batches of 20 for ten epochs; then 0.08 or 0.8 again.


# %%
def flat_then(lr_after, seed):
    net, rng = network(seed), np.random.default_rng(seed)
    loss, optimizer, losses = scratch.CrossEntropyLoss(), scratch.SGD(net.params, lr=0.8), []
    for lr, epochs in ((0.8, 10), (lr_after, 2)):
        optimizer.lr = lr
        options = {"epochs": epochs, "batch_size": 20, "rng": rng}
        losses += scratch.fit(net, loss, optimizer, train, **options)["loss"]
    return losses


flattened = {lr: np.array([flat_then(lr, seed) for seed in SEEDS[:2]]) for lr in (0.8, 0.08)}
rows = []
for lr, curve in flattened.items():
    rows.append((f"then rate {lr}", *(spread(curve[:, e - 1]) for e in (8, 10, 11, 12))))
table(("cost (two seeds)", "epoch 8", "epoch 10", "epoch 11", "epoch 12"), rows)
flat_gain = flattened[0.8][:, 10].mean() - flattened[0.08][:, 10].mean()

# %% [markdown]
# The flat curve was not at a minimum. One epoch with a tenth of the rate lowers the cost more than the last two epochs
# did. That is the reason for schedules.
#
# **What to remember (G3).** On a parabola the best rate is one over the second derivative, and twice as much is the
# limit. In training, a flat curve can mean both: a rate too small, or one too large.
#
# **Check yourself**
#
# 1. $C = 5 w^2$. For which rates does gradient descent converge? Which is best?
# 2. A cost curve is flat from the start. Another falls for five epochs and is flat from then on. Which rate is too
#    large?
#
# <details><summary>Answer</summary>
#
# 1. $a = C'' = 10$: converges for $0 < \eta < 0.2$, best $0.1$.
# 2. Probably the second one; lower the rate and look. The first: too small (or dead, or a bad start).
#
# </details>

# %% [markdown]
# ## G4 · Schedules
#
# L: at the beginning we are far away, so use a large rate; after several epochs we are close, so reduce it. C: "fix
# learning rate until the error plateaus, then reduce by a fixed factor (e.g. 10)". U lists the formulas.
#
# | name | rate in epoch $t$ | class |
# |---|---|---|
# | inverse square root | $\eta/(t+1)^{1/2}$ | `InverseSqrtLR` |
# | $1/t$ | $\eta/(1 + \gamma t)$ | `InverseTimeLR` |
# | exponential | $\eta \gamma^t$ | `ExponentialLR` |
# | staircase | $\eta \gamma^{\lfloor t/s \rfloor}$ | `StepLR` |
# | plateau | times a factor whenever the error stagnates | `ReduceLROnPlateau` |
# | cosine (today's) | $\frac{\eta}{2} (1 + \cos(\pi t/T))$ | below |
#
# The last is not in the lectures. It falls to 0 at a fixed end $T$ (Loshchilov and Hutter, 2017), and is a common choice
# today, mostly after a short *warm-up*, in which the rate first rises (Goyal et al., 2017). A new schedule is one method.


# %%
class CosineLR(LRScheduler):
    """η_t = η (1 + cos(πt/T))/2."""

    def __init__(self, optimizer, T):
        super().__init__(optimizer)
        self.T = T

    def get_lr(self):
        return self.base_lr * (1 + math.cos(math.pi * self.last_epoch / self.T)) / 2


ours = lr_curve(scratch, lambda package, opt: CosineLR(opt, 15), epochs=15)
from_torch = torch.optim.lr_scheduler.CosineAnnealingLR
theirs = lr_curve(pytorch, lambda package, opt: from_torch(opt, 15), epochs=15)
print("CosineLR = PyTorch's CosineAnnealingLR:", np.allclose(ours, theirs))

# %% [markdown]
# ### A slip of the pen
#
# L calls $\eta^t = \eta/\sqrt{t+1}$ "1/t decay" (on two slides). It is an inverse *square root*.
#
# **Predict, then run.** After 99 epochs, what is left of the rate under each? And by how much can the weights still
# move, in total, if each step is at most $\eta^t$ long?

# %%
t = np.arange(1_000_000)
root, inverse = 1 / np.sqrt(t + 1), 1 / (1 + t)
table(
    ("η = 1", *(f"t = {k}" for k in (0, 3, 9, 99)), "sum of the first 100", "of the first million"),
    [
        (name, *(f"{v[k]:.2g}" for k in (0, 3, 9, 99)), f"{v[:100].sum():.1f}", f"{v.sum():.1f}")
        for name, v in (("η/√(t+1), called 1/t", root), ("η/(t+1), is 1/t", inverse))
    ],
)

# %% [markdown]
# At $t = 99$ they differ by a factor of ten. The name matters for theory, too: G7 shows that one of them satisfies the
# classical conditions and the other does not. (In the notes we have of U the word is "delay": read *decay*.)
#
# A second trap is the unit of $t$. In U it counts *iterations*, in `torch.optim.lr_scheduler` usually epochs. With 160 steps
# an epoch and 15 epochs, $\eta/\sqrt{t+1}$ ends at $\eta/4$ or at $\eta/49$.
#
# ### The race
#
# A network with one hidden layer of 64 units, batches of 20, 15 epochs. Since the budget is 15 epochs, stairs come every 5
# instead of every 10. Everybody may choose its rate out of 0.1, 0.2, 0.4, 0.8, 1.6, by mean *validation* accuracy over the seeds 7,
# 8, 9. The parameters of the shapes were searched in the same way ($\gamma$ of 0.1, 0.3, 1 for $1/t$; of 0.7, 0.8, 0.9 for
# exponential; factor 5 or 10 for stairs and plateaus; thresholds of 0.01, 2, 5 and 10 % for the objective). The result:
#
# | validation accuracy at rate | 0.1 | 0.2 | 0.4 | 0.8 | 1.6 |
# |---|---|---|---|---|---|
# | constant | .579 | .568 | .575 | **.583** | .388 |
# | inverse square root | .528 | .583 | .597 | **.610** | .583 |
# | 1/t, γ = 0.1 | .561 | .587 | .598 | **.623** | .567 |
# | exponential, γ = 0.9 | .546 | .595 | .596 | **.633** | .578 |
# | staircase, ÷ 5 every 5 | .533 | .595 | .607 | **.634** | .533 |
# | plateau of validation error, ÷ 5 | .581 | .587 | .611 | **.638** | .545 |
# | plateau of objective, threshold 5 %, ÷ 5 | .580 | .602 | .615 | **.646** | .536 |
# | cosine | .558 | .601 | .609 | **.640** | .573 |
#
# All choose 0.8. The constant rate is nearly as good at 0.1, so it gets both. The next cell repeats one entry, then runs the
# race on seeds 0, 1, 2, judged on *test* data.

# %%
EPOCHS = 15
SCHEDULES = {  # name: (how to make it, what it watches)
    "constant": (None, None),
    "inverse square root": (scratch.InverseSqrtLR, None),
    "1/t, γ = 0.1": (lambda opt: scratch.InverseTimeLR(opt, 0.1), None),
    "exponential, γ = 0.9": (lambda opt: scratch.ExponentialLR(opt, 0.9), None),
    "staircase, ÷ 5 every 5": (lambda opt: scratch.StepLR(opt, 5, 0.2), None),
    "plateau of validation error": (
        lambda opt: scratch.ReduceLROnPlateau(opt, factor=0.2, patience=1),
        "error",
    ),
    "plateau of objective": (
        lambda opt: scratch.ReduceLROnPlateau(opt, factor=0.2, patience=1, threshold=0.05),
        "loss",
    ),
    "cosine": (lambda opt: CosineLR(opt, EPOCHS), None),
}


@cache
def raced(name, seed, lr=0.8):
    """Train with this schedule: history by epoch, the rate of each epoch, test accuracy."""
    net, rng = network(seed), np.random.default_rng(seed)
    loss, optimizer = scratch.CrossEntropyLoss(), scratch.SGD(net.params, lr=lr)
    make, watched = SCHEDULES[name]
    schedule, rates = make and make(optimizer), []

    def after_epoch(history):
        rates.append(optimizer.lr)
        if watched == "error":
            schedule.step(1 - history["val_accuracy"][-1])
        elif watched == "loss":
            schedule.step(history["loss"][-1])
        elif schedule:
            schedule.step()

    history = scratch.fit(
        net, loss, optimizer, train, validation, epochs=EPOCHS, batch_size=20, rng=rng,
        after_epoch=after_epoch,
    )  # fmt: skip
    history["test"] = scratch.evaluate(net, loss, test)[1]
    return SimpleNamespace(rates=rates, **history)


repeated = [raced("staircase, ÷ 5 every 5", seed).val_accuracy[-1] for seed in (7, 8, 9)]
print(f"search, staircase at 0.8, seeds 7, 8, 9: {np.mean(repeated):.3f} (table: .634)")

# %% tags=["hide-input"]
figure, axis = plt.subplots(figsize=(8, 3.4))
for k, name in enumerate(SCHEDULES):
    axis.step(
        range(EPOCHS), raced(name, 0).rates, where="mid", color=(*COLOURS, ORANGE)[k],
        linestyle=(*DASHES, "-")[k], linewidth=1.8, label=name,
    )  # fmt: skip
axis.set(
    title="Eight schedules from the same start (plateaus: as they fell in the run of seed 0)",
    xlabel="epoch t",
    ylabel="rate",
    ylim=(0, 0.85),
)
axis.set_title(axis.get_title(), fontsize=11)
axis.legend(fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
show(
    figure,
    "Learning rate by epoch for eight schedules starting at 0.8: constant; slow inverse square root and 1/t; "
    "exponential; a staircase; two plateau schedules that fall late; and cosine down to zero.",
)

# %% [markdown]
# **Predict, then run.** Who wins? By how much does the best schedule beat the constant rate, in test accuracy?

# %%
ENTRIES = [("constant", 0.1), *((name, 0.8) for name in SCHEDULES)]
race = {(name, lr): [raced(name, seed, lr) for seed in SEEDS] for name, lr in ENTRIES}
accuracy = {entry: np.array([run.test for run in runs]) for entry, runs in race.items()}
cost_at_end = {entry: np.mean([run.loss[-1] for run in runs]) for entry, runs in race.items()}
ranked = sorted(ENTRIES, key=lambda entry: accuracy[entry].mean())
table(
    ("schedule", "first rate", "mean rate in epoch 15", "last training cost", "test accuracy"),
    [
        (
            name,
            lr,
            f"{np.mean([run.rates[-1] for run in race[name, lr]]):.2g}",
            f"{cost_at_end[name, lr]:.2f}",
            spread(accuracy[name, lr]),
        )
        for name, lr in reversed(ranked)
    ],
)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9.2, 3.5))
SHOWN = (("constant", 0.1), ("constant", 0.8), ("staircase, ÷ 5 every 5", 0.8), ("cosine", 0.8))
for k, entry in enumerate(SHOWN):
    mean_loss = np.mean([run.loss for run in race[entry]], axis=0)
    axes[0].plot(
        range(1, EPOCHS + 1), mean_loss, color=COLOURS[k], linestyle=DASHES[k], label=f"{entry[0]}, {entry[1]}"
    )
for drop in (5, 10):
    axes[0].axvline(drop + 0.5, color=BLACK, linewidth=0.8, linestyle=":")
axes[0].set(title="The cost falls at every stair (dotted)", xlabel="epoch", ylabel="training cost")
axes[0].legend(fontsize=9)
for place, entry in enumerate(ranked):
    axes[1].plot(accuracy[entry], [place] * 3, "o", color=BLUE, markersize=5, linestyle="none")
    axes[1].plot(accuracy[entry].mean(), place, "|", color=BLACK, markersize=16, markeredgewidth=2.5, linestyle="none")
axes[1].set_yticks(range(len(ranked)), [f"{name}, {lr}" for name, lr in ranked], fontsize=9)
axes[1].set(title="Schedules that end low win", xlabel="test accuracy (bar: mean)")
show(
    figure,
    "Left: training cost by epoch; the staircase drops sharply after epochs 5 and 10, the constant rate 0.8 "
    "stays high. Right: test accuracy of nine entries, three seeds each; the constant rates are at the bottom, cosine at the top.",
)

# %% [markdown]
# The four best are the four that end lowest, at 0.16 or less. They beat both constant rates by several points; among the
# first three the seeds overlap. The inverse square root, which ends at 0.21, gains nothing in accuracy. What counts
# is to start high **and** to end low.
#
# Note the constant rates. They end at about the same training cost for opposite reasons: 0.1 is slow, 0.8 is noisy. A schedule takes the fast start of one and the calm end of the other.
#
# ### Which plateau?
#
# U: watch the *validation error*, or watch the *objective*. With PyTorch's default threshold (an improvement of 0.01 %
# counts) the objective never stagnates here: it improves a little nearly every epoch. So the rate is never reduced, and
# the run is that of the constant rate.

# %%
drops = {}
for name in ("plateau of validation error", "plateau of objective"):
    drops[name] = [int(np.sum(np.diff(raced(name, seed).rates) < 0)) for seed in SEEDS]
    print(f"{name}: reductions in 15 epochs, by seed: {drops[name]}")


def default_plateau(package, opt):
    return package.ReduceLROnPlateau(opt, factor=0.2, patience=1)


drops["default"] = []
for seed in SEEDS:  # what a default schedule would have done with the costs of the constant rate
    rates = lr_curve(scratch, default_plateau, EPOCHS, raced("constant", seed).loss)
    drops["default"].append(int(np.sum(np.diff(rates) < 0)))
print("default threshold, watching the objective of the constant runs:", drops["default"])

# %% [markdown]
# The validation error is noisy, so it "stagnates" by itself. The objective needs a threshold (here 5 %).
#
# **What to remember (G4).** Start with a large rate, end with a small one. The shape in between matters less. L's "1/t decay" is an
# inverse square root. Say whether $t$ counts steps or epochs.
#
# **Check yourself**
#
# 1. $\eta = 0.4$, staircase by 10 every 10 epochs. What is the rate in epoch 25 (from 0)?
# 2. U writes $\eta e^{-kt}$. Which `gamma` does `ExponentialLR` need for $k = 0.1$?
# 3. Why would one not choose the schedule by *test* accuracy?
#
# <details><summary>Answer</summary>
#
# 1. $0.4/10^2 = 0.004$.
# 2. $\gamma = e^{-0.1} \approx 0.905$.
# 3. The choice would fit the test data, and the reported accuracy would be too good (B7).
#
# </details>

# %% [markdown]
# ## G5 · Different eccentricities: one rate for all weights?
#
# C: the loss "has different eccentricities w.r.t different weights. A fixed step size for all weights in the network can
# result in the convergence of one weight, while causing a divergence of another." We analyse it exactly.
#
# ### A bowl along the axes
#
# $C = \frac12 (\lambda_1 w_1^2 + \lambda_2 w_2^2)$. Each weight has its own parabola, so by G3
#
# $$w_i^t = (1 - \eta \lambda_i)^t\, w_i^0 .$$
#
# Weight $i$ converges if $|1 - \eta\lambda_i| < 1$, that is if $\eta < 2/\lambda_i$. With $\lambda_1 < \lambda_2$ and a rate
# between $2/\lambda_2$ and $2/\lambda_1$, weight 1 converges and weight 2 diverges.
#
# A contour line $C = c$ is an ellipse with half axes $\sqrt{2c/\lambda_i}$. So the axes' ratio is $\sqrt{\lambda_2/\lambda_1}$, the
# root of the **condition number** $\kappa = \lambda_{\max}/\lambda_{\min}$. The geometer's eccentricity of this ellipse is
# $(1 - 1/\kappa)^{1/2}$.
#
# **Predict, then run.** $\lambda = 1$ and $6$, so the two limits are 2 and $0.333$. What happens to each weight at rates
# 0.1, 0.28, 0.35 and 2.1?

# %%
lams = np.array([1.0, 6.0])
rows, eccentric = [], {}
for eta in (0.1, 0.28, 0.35, 2.1):
    path = descend(lambda w: lams * w, [1.0, 1.0], eta, 30)
    factors = 1 - eta * lams
    assert np.allclose(path[30], factors**30)
    eccentric[eta] = path
    fate = ["converges" if abs(f) < 1 else "diverges" for f in factors]
    rows.append(
        (
            eta,
            *(f"{abs(f):.2f}, {what}" for f, what in zip(factors, fate, strict=True)),
            f"{abs(path[30, 0]):.1e}",
            f"{abs(path[30, 1]):.1e}",
        )
    )
header = ("rate", "weight 1: factor", "weight 2: factor")
table((*header, "w₁ after 30 steps", "w₂ after 30 steps"), rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8))
contours(axes[0], bowl(1, 6), 4)
path = descend(lambda w: lams * w, [-3.6, 0.1], 0.35, 17)
axes[0].plot(*path.T, color=BLUE, marker="o", markersize=3, linewidth=1, linestyle="-")
axes[0].set(title="It arrives along w₁ and leaves along w₂", aspect="equal", ylim=(-3, 3))
axes[0].set_title(axes[0].get_title(), fontsize=11)
axes[1].semilogy(np.abs(eccentric[0.35][:, 0]), color=GREEN, linestyle="-", label="|w₁|, factor 0.65")
axes[1].semilogy(np.abs(eccentric[0.35][:, 1]), color=RED, linestyle="--", label="|w₂|, factor 1.10")
axes[1].set(title="One weight converges, one diverges", xlabel="step", ylabel="distance from 0")
axes[1].set_title(axes[1].get_title(), fontsize=11)
axes[1].legend()
show(
    figure,
    "Left: on an elliptic bowl the path moves to the middle along w1 while it swings ever wider along w2. "
    "Right: the absolute value of w1 falls as a straight line on the logarithmic axis, that of w2 rises.",
)

# %% [markdown]
# ### The best fixed rate
#
# The slowest weight decides: we want $\max_i |1 - \eta\lambda_i|$ as small as possible. Only the two ends count, since $1 - \eta\lambda$ is a straight line
# in $\lambda$. For small $\eta$ the flat end is the larger, $1 - \eta\lambda_{\min}$; for large $\eta$ the steep end,
# $\eta\lambda_{\max} - 1$. The first falls with $\eta$, the second grows, so the best is where they meet:
#
# $$1 - \eta\lambda_{\min} = \eta\lambda_{\max} - 1 \quad\Longrightarrow\quad \eta^* = \frac{2}{\lambda_{\min} + \lambda_{\max}},
#   \qquad \text{factor } \frac{\lambda_{\max} - \lambda_{\min}}{\lambda_{\max} + \lambda_{\min}} = \frac{\kappa - 1}{\kappa + 1}.$$
#
# Even the best rate is slow if $\kappa$ is large: the steep direction sets the limit, the flat one pays.
#
# ### "Of another weight"?
#
# On C's slide the ellipse lies along the axes. In general it does not: $H$ has eigenvectors, and *directions*, not weights,
# converge or diverge.
#
# **Predict, then run.** The same bowl, turned by 45°, the same rate 0.35. What happens to $w_1$ now?

# %%
turned = bowl(1, 6, degrees=45)
path = descend(lambda w: turned @ w, [1.0, 0.4], 0.35, 30)
along = path @ np.linalg.eigh(turned)[1]  # coordinates along the eigenvectors, flat one first
print("weights after 30 steps:           ", np.round(path[30], 2))
print("along the flat, the steep direction:", np.abs(along[30]).round(6))

diagonal = np.diag(turned)
rescaled = turned / np.sqrt(np.outer(diagonal, diagonal))  # what one rate per weight can do
kappa_turned = np.linalg.cond(turned), np.linalg.cond(rescaled)
print(f"condition number: {kappa_turned[0]:.1f}; with rates 1/H_ii: {kappa_turned[1]:.1f}")

# %% [markdown]
# Now *both* weights diverge, because each has a part of the steep direction. And one rate per weight, U's idea of
# dividing each coordinate by its usual size (lecture 06), is of no use at 45°: both diagonal entries of $H$ are equal, so both weights get the same
# rate. (Dividing weight $i$'s rate by $H_{ii}$ acts like gradient descent on the matrix $H_{ij}/\sqrt{H_{ii}H_{jj}}$.)
#
# ### Real data
#
# Linear regression on our data: 40 inputs, cost $\frac12$ the mean of $\lVert xW - y \rVert^2$ with one-hot $y$. Here
# $H = \frac1N X^T X$, the same for each of the ten outputs.

# %%
X, Y = train[0], np.eye(10)[train[1]]
H_data = X.T @ X / len(X)
lam_data, directions = np.linalg.eigh(H_data)
kappa_data = lam_data[-1] / lam_data[0]
limit = 2 / lam_data[-1]
W_best = np.linalg.solve(H_data, X.T @ Y / len(X))

rows, real_fates = [], {}
for share in (0.98, 1.02):
    path = descend(lambda W: H_data @ (W - W_best), np.zeros((40, 10)), share * limit, 400)
    error = np.linalg.norm(directions.T @ (path[400] - W_best), axis=1)
    start = np.linalg.norm(directions.T @ W_best, axis=1)
    real_fates[share] = int(np.sum(error > start))
    left = error / start
    top = f"{left[-1]:.1e}", f"{left[10]:.3f}", f"{left[0]:.2f}"
    rows.append((f"{share} × 2/λmax", *top, real_fates[share]))
print(f"eigenvalues from {lam_data[0]:.4f} to {lam_data[-1]:.2f}, κ = {kappa_data:.0f}")
print(f"limit of the rate, 2/λmax: {limit:.4f}")
table(
    (
        "rate",
        "error left after 400 steps: steepest",
        "11th flattest",
        "flattest",
        "diverging directions",
    ),
    rows,
)
d = np.sqrt(np.diag(H_data))
kappa_scaled = np.linalg.cond(H_data / np.outer(d, d))
print(f"with one rate per weight, 1/H_ii: κ = {kappa_scaled:.0f}")

# %% [markdown]
# C's sentence is true of real data, with "direction" for "weight": 2 % above the limit, exactly one of 40 directions diverges.
# And in the flattest direction almost half of the error is left after 400 steps. One rate for each weight hardly helps:
# the inputs are correlated (neighbouring measurements), so the bowl is turned.
#
# ### And in a network?
#
# There $H$, the matrix of second derivatives, changes on the way. Its largest eigenvalue $\lambda_{\max}$, the **sharpness**, can be found without
# building $H$: $Hv \approx \frac{g(\theta + hv) - g(\theta - hv)}{2h}$, and repeating $v \leftarrow Hv/\lVert Hv \rVert$ turns $v$ towards the
# top eigenvector (power iteration).
#
# Full-batch gradient descent on 500 examples, one hidden layer of 32 tanh units. By G3 it should be stable while
# $\eta\lambda_{\max}/2 < 1$.
#
# **Predict, then run.** At the start the limit is $2/\lambda_{\max}$, printed below. What do rates below it, near it and above it do?


# %%
def set_weights(net, theta):
    for array in net.params.values():
        array[...], theta = theta[: array.size].reshape(array.shape), theta[array.size :]


def sharpness(net, theta, v, x, y, turns, h=1e-4):
    """λmax of the Hessian at θ by power iteration from v; returns the new v, too."""
    for _ in range(turns):
        sides = []
        for sign in (1, -1):
            set_weights(net, theta + sign * h * v)
            sides.append(cost_and_gradient(net, x, y)[1])
        Hv = (sides[0] - sides[1]) / (2 * h)
        lam, v = v @ Hv, Hv / np.linalg.norm(Hv)
    return lam, v


def descend_network(eta, steps=160, every=20):
    """Full-batch gradient descent: costs, and ηλmax/2 every few steps."""
    net = network(seed=0, width=32, activation=scratch.Tanh)
    theta, (x, y) = flat(net.params), (train[0][:500], train[1][:500])
    v = np.random.default_rng(0).standard_normal(theta.size)
    _, v = sharpness(net, theta, v / np.linalg.norm(v), x, y, turns=30)
    costs, ratios = [], []
    for step in range(steps + 1):
        if step % every == 0:
            lam, v = sharpness(net, theta, v, x, y, turns=6)
            ratios.append(eta * lam / 2)
        set_weights(net, theta)
        cost, g = cost_and_gradient(net, x, y)
        costs.append(cost)
        theta = theta - eta * g
    return np.array(costs), np.array(ratios)


edge = {eta: descend_network(eta) for eta in (0.5, 2.0, 4.0)}
print(f"at the start 2/λmax = {0.5 / edge[0.5][1][0]:.2f}")
table(
    ("rate", "ηλmax/2 at first", "largest", "after 160 steps", "steps uphill", "cost after 160"),
    [
        (
            eta,
            *(f"{v:.2f}" for v in (ratios[0], ratios.max(), ratios[-1])),
            int(np.sum(np.diff(costs) > 0)),
            f"{costs[-1]:.2f}",
        )
        for eta, (costs, ratios) in edge.items()
    ],
)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6))
for k, (eta, (costs, ratios)) in enumerate(edge.items()):
    axes[0].plot(costs, color=COLOURS[k], linestyle=DASHES[k], linewidth=1.5, label=f"η = {eta}")
    axes[1].plot(
        range(0, 161, 20), ratios, color=COLOURS[k], linestyle=DASHES[k], marker="o", markersize=3, linewidth=1.5
    )
axes[1].axhline(1, color=BLACK, linewidth=1, linestyle=":")
axes[0].set(title="The cost", xlabel="step", ylabel="training cost", ylim=(0, None))
axes[1].set(title="ηλmax/2 (a bowl: below 1)", xlabel="step", ylabel="ηλmax/2", ylim=(0, None))
axes[0].legend()
figure.suptitle("Above the limit the network moves to where its rate is allowed", fontsize=12)
show(
    figure,
    "Left: training cost by step for three rates; the larger rates bump but get lower. Right: rate times "
    "sharpness over 2; for large rates it starts or rises above 1, then comes back to 1 or below.",
)

# %% [markdown]
# A network is not a bowl. Above the limit the cost rises now and then, but instead of diverging, the path moves to a flatter
# region, where its rate is allowed. Cohen et al. (2021) studied this and call it the *edge of stability*. So
# "$\eta < 2/\lambda_{\max}$" is a law for bowls and a guide for networks.
#
# Move the knobs: the rate, and the angle of the bowl ($\lambda = 1, 6$; the limit is 0.333).


# %% tags=["hide-input"]
def draw_bowl(rate, degrees):
    matrix = bowl(1, 6, degrees)
    path = descend(lambda w: matrix @ w, [-3.2, 0.8], rate, 30)
    along = np.abs(path @ np.linalg.eigh(matrix)[1])
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.8))
    contours(axes[0], matrix, 4)
    axes[0].plot(*path.T, color=BLUE, marker="o", markersize=4, linewidth=1, linestyle="-")
    axes[0].set(title=f"rate {rate}, turned by {degrees}°", aspect="equal")
    for k, name in enumerate(("flat direction, λ = 1", "steep direction, λ = 6")):
        factor = abs(1 - rate * (1, 6)[k])
        axes[1].semilogy(along[:, k] + 1e-16, color=(GREEN, RED)[k], linestyle="-", label=f"{name}: × {factor:.2f}")
    axes[1].set(title="Distance along each direction", xlabel="step", ylim=(1e-8, 1e4))
    axes[1].legend(fontsize=9)
    return figure, f"Path of gradient descent on a bowl at rate {rate}, and the distance along its two axes."


explore(draw_bowl, rate=(0.02, 0.1, 0.2, 0.28, 0.286, 0.32, 0.333, 0.34, 0.4), degrees=(0, 15, 30, 45, 60))

# %% [markdown]
# **What to remember (G5).** Direction $i$ of a bowl shrinks by $|1 - \eta\lambda_i|$ a step. The steepest direction limits the rate,
# the flattest pays. One rate per weight helps only as far as the bowl lies along the axes.
#
# **Check yourself**
#
# 1. $\lambda = 1$ and $100$. What is the best rate, and its factor?
# 2. Why is "weight 2 diverges" not enough to know what the cost does?
# 3. In the table of the network, why can the last column be lowest for the largest rate?
#
# <details><summary>Answer</summary>
#
# 1. $\eta^* = 2/101$, factor $99/101 \approx 0.98$.
# 2. The cost is the sum $\frac12\sum_i \lambda_i w_i^2$. It diverges as soon as one direction does, but it may first
#    fall, while the converging directions are the larger part.
# 3. While it does not diverge, a larger rate makes faster progress along the flat directions.
#
# </details>

# %% [markdown]
# ## G6 · Gradient clipping
#
# C: "Often the derivative will be too high, when the divergence has a steep slope. This can result in instability. Gradient
# clipping: set a ceiling on derivative value. Typical value is 5."
#
# Read literally, a ceiling is $\min(g, 5)$, and lets $-1000$ pass. What is meant is the absolute value.
#
# * **By value** (C): $g_i \leftarrow \max(-c, \min(g_i, c))$, each component alone.
# * **By norm** (Pascanu, Mikolov and Bengio, 2013; today's practice): $g \leftarrow g \cdot \min(1, c/\lVert g \rVert)$,
#   all weights together. GPT-3 was trained with $c = 1$ (Brown et al., 2020).
#
# **The direction.** By norm, $g$ is multiplied by one positive number: the direction stays. By value, large components
# shrink and small ones do not: the direction changes, unless no component is above $c$ or all are equally large. It still goes downhill: if $\bar g$ is
# the clipped gradient, then $g \cdot \bar g = \sum_i g_i \bar g_i \ge 0$, because $g_i$ and $\bar g_i$ have the same sign.
#
# **The length.** By norm the step is at most $\eta c$ long. By value each component moves at most $\eta c$, so with
# $n$ weights the step can be $\eta c \sqrt n$ long.
#
# **Predict, then run.** $g = (3, -1000)$ and $c = 5$. What comes out of each? By how many degrees does the direction turn?


# %%
def clipped(g, how, c=5.0):
    """A copy of g, clipped by the library."""
    grads = {"g": g.copy()}
    if how == "value":
        scratch.clip_grad_value_(grads, c)
    elif how == "norm":
        scratch.clip_grad_norm_(grads, c)
    return grads["g"]


def angle(a, b):
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return math.degrees(math.acos(min(1.0, cosine)))


g = np.array([3.0, -1000.0])
print("min(g, 5), read literally:", np.minimum(g, 5))
turned_by = {}
for how in ("value", "norm"):
    turned_by[how] = angle(g, clipped(g, how))
    print(f"by {how:5}: {clipped(g, how).round(3)}, turned by {turned_by[how]:.1f}°")

# %% [markdown]
# ### A cliff
#
# Pascanu et al. draw a network with 50 layers of one unit, all with the same weight and bias:
#
# $$x_{t+1} = w\,\sigma(x_t) + b, \qquad C = 50\,(\sigma(x_{50}) - 0.7)^2 .$$
#
# A tiny change of $w$ passes 50 times through the network, and in a narrow strip of the plane it grows at every passage.
# There stands a wall. The derivative is carried along by the chain rule: $\frac{dx_{t+1}}{dw} = \sigma(x_t) + w\,\sigma'(x_t) \frac{dx_t}{dw}$.
#
# **Predict, then run.** Gradient descent comes down to the wall from above. What happens at the wall without
# clipping, with clipping at 5 by norm, by value?


# %%
def cliff(w, b):
    """C and its gradient; w and b numbers or arrays."""
    x, dx_dw, dx_db = 0.5 + 0 * w, 0 * w, 0 * w
    for _ in range(50):
        a = 1 / (1 + np.exp(-x))
        slope = w * a * (1 - a)
        x, dx_dw, dx_db = w * a + b, a + slope * dx_dw, 1 + slope * dx_db
    y = 1 / (1 + np.exp(-x))
    dC_dx = 100 * (y - 0.7) * y * (1 - y)
    return 50 * (y - 0.7) ** 2, np.array([dC_dx * dx_dw, dC_dx * dx_db])


def descend_cliff(how, steps=60, eta=0.005):
    points, gradients = [np.array([5.0, -1.8])], []
    for _ in range(steps):
        gradients.append(cliff(*points[-1])[1])
        points.append(points[-1] - eta * clipped(gradients[-1], how))
    return np.array(points), np.array(gradients)


rows, cliff_paths, cliff_end = [], {}, {}
for how in ("none", "norm", "value"):
    points, gradients = cliff_paths[how] = descend_cliff(how)
    turns = [angle(g, clipped(g, how)) for g in gradients]
    cliff_end[how] = min(cliff(*p)[0] for p in points[-10:])
    rows.append(
        (
            how,
            int(np.argmax(np.linalg.norm(gradients, axis=1) > 5)),
            f"{np.linalg.norm(np.diff(points, axis=0), axis=1).max():.3f}",
            f"{max(turns):.0f}°",
            f"{cliff_end[how]:.1f}",
        )
    )
header = ("clipping at 5", "first ‖g‖ > 5 at step", "longest step", "largest turn")
table((*header, "lowest C of the last 10 steps"), rows)
print(f"cost at the start: {cliff(5.0, -1.8)[0]:.1f}; largest ‖g‖ met without clipping: ", end="")
print(f"{np.linalg.norm(cliff_paths['none'][1], axis=1).max():.0f}")

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.9))
for axis, (w_low, w_high, b_low, b_high) in zip(axes, ((3.9, 6.1, -2.7, 0), (4.42, 4.62, -2.36, -2.18)), strict=True):
    grid = np.meshgrid(np.linspace(w_low, w_high, 160), np.linspace(b_low, b_high, 160))
    levels = (0, 0.25, 1, 2, 3, 4, 5, 10, 15, 20)
    axis.contourf(*grid, cliff(*grid)[0], levels, cmap="Greys")
    for how, colour, marker in (("none", RED, "s"), ("value", SKY, "^"), ("norm", ORANGE, "o")):
        label = f"clipping: {how}"
        axis.plot(
            *cliff_paths[how][0].T, color=colour, marker=marker, markersize=4, linewidth=1, linestyle="-", label=label
        )
    axis.set(xlabel="w", ylabel="b", xlim=(w_low, w_high), ylim=(b_low, b_high))
    axis.grid(False)
axes[0].annotate("start", (5.0, -1.8), xytext=(8, -4), textcoords="offset points")
axes[0].annotate("wall", (4.05, -2.6), color="white")
axes[0].legend(loc="upper left", fontsize=9, frameon=True)
axes[0].set_title("Without clipping one step flies away")
axes[1].set_title("At the wall, enlarged")
show(
    figure,
    "Cost over w and b, dark is high. Three paths come from the start down to a dark wall. Without clipping one "
    "step flies far up; enlarged, the clipped paths stay at the edge of the wall.",
)

# %% [markdown]
# Without clipping a single step at the wall throws the weights far onto the plateau. With either
# clipping the path stays at the wall and hops across its edge. By value its steps turn away from the gradient.
#
# ### On real data
#
# A network with five hidden layers and a start twice too large ("2 × He", lecture 04), so that its first gradients are
# huge. Three epochs, three seeds.
#
# **Predict, then run.** In the *healthy* network (1 × He), how many components of the gradient does a ceiling of 5 touch? In
# the sick one, which rates work without clipping?


# %%
def clipped_training(how, c, lr, seed, scale=2.0, epochs=3, B=100):
    """Validation accuracy (nan if the cost became infinite), first norm, largest component met."""
    net, rng = network(seed, hidden=5, scale=scale), np.random.default_rng(seed)
    optimizer, norms, largest = scratch.SGD(net.params, lr=lr), [], 0.0
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            for i in scratch.minibatches(len(train[0]), B, rng):
                g = cost_and_gradient(net, train[0][i], train[1][i])[1]
                if not np.isfinite(g).all():
                    return np.nan, norms[0], largest
                norms.append(np.linalg.norm(g))
                largest = max(largest, np.abs(g).max())
                if how == "value":
                    scratch.clip_grad_value_(net.grads, c)
                elif how == "norm":
                    scratch.clip_grad_norm_(net.grads, c)
                optimizer.step(net.grads)
        accuracy = scratch.evaluate(net, scratch.CrossEntropyLoss(), validation)[1]
    return accuracy, norms[0], largest


CLIP_RATES, clip_results, rows, sick = (0.03, 0.1, 0.3), {}, [], []
for how, c in (("none", 0), ("value", 5.0), ("norm", 5.0), ("value", 0.1)):
    cells = []
    for lr in CLIP_RATES:
        results = [clipped_training(how, c, lr, seed) for seed in SEEDS]
        sick += [first for _, first, _ in results]
        results = clip_results[how, c, lr] = [accuracy for accuracy, _, _ in results]
        bad = int(np.isnan(results).sum())
        cells.append(f"{bad} of 3 diverge" if bad else spread(results))
    rows.append((f"by {how}, {c:g}" if c else "none", *cells))
table(("2 × He, validation accuracy", *(f"rate {lr}" for lr in CLIP_RATES)), rows)

healthy = [clipped_training("none", 0, 0.1, seed, scale=1.0) for seed in SEEDS]
healthy_largest = max(r[2] for r in healthy)
print(f"1 × He, rate 0.1: accuracy {spread([r[0] for r in healthy])}, ", end="")
print(f"largest component of any gradient {healthy_largest:.2f}")
first_norm = np.mean([r[1] for r in healthy])
print(f"norm of the first gradient: 1 × He {first_norm:.1f}, 2 × He {np.mean(sick):.0f}")

# %% [markdown]
# Two lessons. No clipped run diverges. (At rate 0.3 a ceiling of 5 only turns "diverges" into "guesses".) And "typical value 5" has no meaning by itself: the
# healthy network never has a component near 5, so there the ceiling does nothing; in the sick one a ceiling of 0.1 is better. The right
# $c$ depends on the size of the gradients, that is, on the cost and on the network. So look at the norms first
# (`clip_grad_norm_` returns the norm before clipping), and choose $c$ on validation data, together with the rate.
#
# Clipping does not cure the cause: even the best entry does not reach the healthy network, which needs none.
#
# **What to remember (G6).** By norm: the direction stays, the step is at most $\eta c$. By value: the direction turns. The
# ceiling must fit the size of the usual gradients.
#
# **Check yourself**
#
# 1. $g = (6, 8)$, $c = 5$. Clip by norm and by value.
# 2. With clipping by norm at $c$ and rate $\eta$, how many steps does it take at least to move a distance $r$?
# 3. Is the clipped gradient of a batch still unbiased?
#
# <details><summary>Answer</summary>
#
# 1. By norm: $\lVert g \rVert = 10$, so $(3, 4)$. By value: $(5, 5)$.
# 2. $r/(\eta c)$.
# 3. No. Clipping is not linear: the mean of clipped gradients is not the clipped mean, and not $\nabla C$.
#
# </details>

# %% [markdown]
# ## G7 · Why classical theory wants the rate to shrink
#
# C: "Learning rate must shrink with time for convergence." U: classical theory for SGD on convex problems requires two
# conditions on the rates (Robbins and Monro, 1951):
#
# $$\sum_t \eta_t = \infty \qquad \text{and} \qquad \sum_t \eta_t^2 < \infty .$$
#
# We derive what each one does, on one weight: $C = \frac12 a w^2$ with a noisy gradient $a w + \xi$, where $\xi$ has mean 0 and
# variance $s^2$, new at every step. So
#
# $$w_{t+1} = w_t - \eta_t (a w_t + \xi_t) = (1 - \eta_t a)\, w_t - \eta_t \xi_t .$$
#
# Square and take the mean. The mixed term $-2 (1 - \eta_t a)\, \eta_t\, E[w_t \xi_t]$ is 0, because $\xi_t$ is independent of $w_t$ and has
# mean 0. With $e_t = E[w_t^2]$:
#
# $$e_{t+1} = (1 - \eta_t a)^2\, e_t + \eta_t^2 s^2 .$$
#
# ### A fixed rate has a floor
#
# For a fixed $\eta$ the recursion comes to rest where $e = (1 - \eta a)^2 e + \eta^2 s^2$. With
# $1 - (1 - \eta a)^2 = \eta a (2 - \eta a)$ this gives
#
# $$e_\infty = \frac{\eta s^2}{a (2 - \eta a)} \approx \frac{\eta s^2}{2a} .$$
#
# It is not 0, and half the rate has about half the floor.
#
# ### Why the sum of the rates must be infinite
#
# Without noise $w_t = w_0 \prod_{k<t} (1 - \eta_k a)$. For $0 \le x \le \frac12$ we have $1 - x \ge e^{-2x}$. So if all $\eta_k a \le \frac12$,
# then $|w_t| \ge |w_0|\, e^{-2a \sum \eta_k}$. If the sum is finite, $w_t$ never gets closer to 0 than a fixed distance: **the rates are
# used up before we arrive.**
#
# ### Why the sum of the squares should be finite
#
# The noise that enters from step $T$ on is at most $s^2 \sum_{t \ge T} \eta_t^2$. If $\sum \eta_t^2$ is finite, this rest becomes as small
# as we like for large $T$. And what was there at step $T$ shrinks to 0, because $\sum_{t \ge T} \eta_t$ is still infinite. So
# $e_t \to 0$: **both conditions together are enough.**
#
# Is the second one *necessary*? Here not: it suffices that $\eta_t \to 0$ with $\sum \eta_t = \infty$, since then $e_t$
# follows the sinking floor $\eta_t s^2/(2a)$. (The two conditions give more: convergence with probability 1, and for more general functions.)
#
# **Predict, then run.** $a = 1$, $s = 1$, $w_0 = 10$, first rate 0.1. The recursion is exact, so we can run it for
# 100 000 steps. Which of the six schedules go to 0?

# %%
POWERS = (100, 1000, 10_000, 100_000)
THEORY = {  # name: (rate at step t, sum of rates, sum of squares)
    "fixed 0.1": (lambda t: 0.1, "∞", "∞"),
    "fixed 0.01": (lambda t: 0.01, "∞", "∞"),
    "0.1/√(t+1)": (lambda t: 0.1 / math.sqrt(t + 1), "∞", "∞"),
    "0.1/(1 + 0.05t)": (lambda t: 0.1 / (1 + 0.05 * t), "∞", "finite"),
    "0.1/(1 + t)": (lambda t: 0.1 / (1 + t), "∞", "finite"),
    "0.1 · 0.95^t": (lambda t: 0.1 * 0.95**t, "finite", "finite"),
}


def mean_square(rate, a=1.0, s=1.0, e=100.0, steps=POWERS[-1]):
    """e_t of the recursion, at the steps of POWERS."""
    found = []
    for t in range(steps):
        eta = rate(t)
        e = (1 - eta * a) ** 2 * e + eta**2 * s**2
        if t + 1 in POWERS:
            found.append(e)
    return found


exact = {name: mean_square(rate) for name, (rate, _, _) in THEORY.items()}
table(
    ("schedule", "Ση", "Ση²", *(f"e at step {p:,}" for p in POWERS)),
    [(name, *THEORY[name][1:], *(f"{e:.1e}" for e in exact[name])) for name in THEORY],
)
for eta in (0.1, 0.01):
    print(f"floor of the fixed rate {eta}: ηs²/(a(2 − ηa)) = {eta / (2 - eta):.1e}")
spent = math.prod((1 - 0.1 * 0.95**k) ** 2 for k in range(1000)) * 100
print(f"0.1 · 0.95^t without any noise would stop at e = {spent:.1f}")

# %% [markdown]
# Read the rows:
#
# * the fixed rates stop at the floors of the formula;
# * L's $\eta/\sqrt{t+1}$ violates the second condition and still goes to 0 here, slowly;
# * $0.1/(1 + 0.05t)$ satisfies both and is the best in the end;
# * $0.1/(1 + t)$ satisfies both and is the worst of all: it crawls like $t^{-2a\eta}$. **The conditions promise an arrival, not a date**;
# * the exponential schedule, popular in practice, violates the first condition and stops on the way.
#
# Practice has a finite budget, so the sums are never infinite. What one takes from theory is the picture: first far, then
# calm.
#
# ### On data: the floor, and its absence
#
# Back to the least squares of G2. Near the minimum the gradient of a batch is noise with the covariance $\sigma^2 H/B$, where $\sigma = 0.1$ is
# the noise in $y$: one example contributes $x_n \varepsilon_n$, and $E[\varepsilon^2 x x^T] = \sigma^2 H$. In each eigendirection $a = \lambda_i$ and
# $s^2 = \sigma^2\lambda_i/B$. The floor is $e_\infty \approx \frac{\eta s^2}{2a} = \frac{\eta\sigma^2}{2B}$, and the cost above the minimum is
#
# $$\sum_i \tfrac12 \lambda_i\, e_\infty = \frac{\eta\, \sigma^2}{4B}\, \sum_i \lambda_i .$$
#
# **Predict, then run.** Five runs: fixed 0.02 and fixed 0.005 with batches drawn with replacement; a rate $\eta/(1+\gamma t)$ per *step*;
# the same data without noise in $y$, fixed 0.02; and fixed 0.02 with a batch four times as large. Which have a floor?

# %%
noisy, clean = easy[0], least_squares(0, noise=0.0)
scale = noisy.best @ noisy.H @ noisy.best / 2
cases = {
    "fixed 0.02": sgd(noisy, 0.02, replace=True),
    "fixed 0.005": sgd(noisy, 0.005, replace=True),
    "fixed 0.02, batches of 128": sgd(noisy, 0.02, B=128, replace=True),
    "0.05/(1 + 0.02t)": sgd(
        noisy,
        0.05,
        replace=True,
        schedule=lambda opt: scratch.InverseTimeLR(opt, 0.02),
    ),
    "fixed 0.02, no noise in y": sgd(clean, 0.02, replace=True),
}
floor_formula = {
    name: eta * 0.1**2 / (4 * B) * noisy.lam.sum() / scale
    for name, eta, B in (
        ("fixed 0.02", 0.02, 32),
        ("fixed 0.005", 0.005, 32),
        ("fixed 0.02, batches of 128", 0.02, 128),
    )
}
per_epoch = {name: (len(curve) - 1) // 8 for name, curve in cases.items()}
floor_seen = {name: curve[-2 * per_epoch[name] :].mean() for name, curve in cases.items()}
table(
    ("SGD, excess", "after epoch 1", "mean of epochs 7 and 8", "formula for the floor"),
    [
        (
            name,
            f"{curve[per_epoch[name]]:.0e}",
            f"{floor_seen[name]:.1e}" if floor_seen[name] > 1e-12 else "below 1e-12",
            f"{floor_formula[name]:.1e}" if name in floor_formula else "none",
        )
        for name, curve in cases.items()
    ],
)

# %% tags=["hide-input"]
figure, axis = plt.subplots(figsize=(7.6, 3.6))
for k, (name, curve) in enumerate(cases.items()):
    axis.semilogy(
        np.arange(len(curve)) / per_epoch[name], curve, color=COLOURS[k], linestyle=DASHES[k], linewidth=1.3, label=name
    )
axis.set(
    title="Fixed rates have a floor, unless the batches agree at the minimum",
    xlabel="epoch",
    ylabel="excess",
    ylim=(1e-10, 2),
)
axis.legend(fontsize=9, loc="upper right")
show(
    figure,
    "Excess against epoch, logarithmic. Fixed rates level off, lower for the smaller rate and the larger batch; "
    "the shrinking rate keeps falling slowly; without noise in y the fixed rate falls straight down.",
)

# %% [markdown]
# The formula gives the floors. A quarter of the rate, or four times the batch, has a quarter of the floor (the slow
# run with 0.005 needs longer to get there). The shrinking rate goes on falling.
#
# And one *fixed* rate has no floor at all: without noise in $y$ every example is fitted exactly at the minimum, all $g_n$
# vanish there, and all batches agree. This is the case of networks large enough to fit every training example (Ma, Bassily and Belkin, 2018).
# So C's "must shrink" is right when the noise stays, and not when it vanishes at the minimum.
#
# **What to remember (G7).** Fixed rate: floor $\approx \eta s^2/(2a)$. $\sum \eta_t = \infty$ lets us arrive from anywhere;
# $\sum \eta_t^2 < \infty$ makes the noise die out.
#
# **Check yourself**
#
# 1. Does a staircase (÷ 10 every 10 epochs, for ever) satisfy the two conditions?
# 2. For which powers $p$ does $\eta_t = 1/(t+1)^p$ satisfy both?
# 3. Why may one read "let the batch grow" instead of "let the rate shrink"?
#
# <details><summary>Answer</summary>
#
# 1. The second yes, the first no: the rates are dominated by a geometric series.
# 2. $\frac12 < p \le 1$.
# 3. The floor depends on $\eta/B$.
#
# </details>

# %% [markdown]
# ## G8 · Big data: what a step and an epoch cost
#
# U: what happens when $N$ is large? The whole data do not fit into the memory of a GPU, and one gradient costs a pass over
# all of them. K: "You have finite compute. Don't be overly ambitious."
#
# ### Memory
#
# U's example is a card with 48 GB. ImageNet has 1 281 167 training images. As 224 × 224 pixels in three colours of four
# bytes they need:

# %%
imagenet = 1_281_167 * 224 * 224 * 3 * 4
print(f"ImageNet as float32: {imagenet / 1e9:.0f} GB, {imagenet / 48e9:.0f} cards of 48 GB")
print(f"a batch of 256: {256 * 224 * 224 * 3 * 4 / 1e9:.2f} GB, before the first activation")

# %% [markdown]
# And the data are only the beginning. The backward pass needs the activations of every layer (lecture 00), for every example in the batch. So
#
# $$\text{memory} \approx \text{weights, gradients, optimizer's state} \;+\; B \times \text{activations of one example}.$$
#
# ### Time
#
# A step costs a fixed overhead (calling functions, starting the device's kernels, updating the weights) plus the arithmetic:
#
# $$\text{time of a step} \approx \alpha + \beta B, \qquad
#   \text{time of an epoch} \approx \frac NB (\alpha + \beta B) = \frac{N\alpha}{B} + N\beta .$$
#
# For small $B$ the overhead dominates, and the epoch's time falls as $1/B$. For large $B$ it cannot fall below $N\beta$.
#
# **Predict, then run.** How much longer does a step with 1000 examples take than a step with one? A thousand times? The
# next cell measures *your* machine, so its numbers differ from machine to machine.


# %% tips={"skip": true}
def one_step(package, B):
    """A function that takes one step of a 40-64-10 network on B examples."""
    x, y = train[0][:B].astype(np.float32), train[1][:B]
    if package is scratch:
        net = scratch.Sequential(scratch.Linear(40, 64), scratch.ReLU(), scratch.Linear(64, 10))
        loss, optimizer = scratch.CrossEntropyLoss(), scratch.SGD(net.params, lr=1e-3)

        def step():
            loss(net(x), y)
            net.backward_params(loss.backward())
            optimizer.step(net.grads)
    else:
        net = torch.nn.Sequential(torch.nn.Linear(40, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
        loss, optimizer = torch.nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=1e-3)
        x, y = torch.tensor(x), torch.tensor(y)

        def step():
            optimizer.zero_grad()
            loss(net(x), y).backward()
            optimizer.step()

    return step


def seconds(step, budget=0.06):
    """The shortest of the times of repeated calls: the one that was disturbed least."""
    step()
    times = []
    while len(times) < 3 or (sum(times) < budget and len(times) < 200):
        start = perf_counter()
        step()
        times.append(perf_counter() - start)
    return min(times)


def peak_memory(step):
    tracemalloc.start()
    step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


COST_SIZES = (1, 10, 100, 1000, 3200)
step_time, rows = {}, []
for B in COST_SIZES:
    ours, theirs = one_step(scratch, B), one_step(pytorch, B)
    step_time[B] = seconds(ours)
    torch_time = seconds(theirs)
    rows.append(
        (
            B,
            f"{step_time[B] * 1e3:.3f}",
            f"{torch_time * 1e3:.3f}",
            f"{step_time[B] * math.ceil(3200 / B) * 1e3:.1f}",
            f"{torch_time * math.ceil(3200 / B) * 1e3:.1f}",
            f"{peak_memory(ours) / 1e3:.0f}",
        )
    )
header = ("batch size", "step, scratch (ms)", "step, PyTorch (ms)", "epoch, scratch (ms)")
table((*header, "epoch, PyTorch (ms)", "peak memory of a step (kB, scratch)"), rows)

# %% [markdown]
# Read your table with the formula: the step's time hardly changes at first ($\alpha$), then it grows with $B$
# ($\beta B$). The epoch's time falls and levels off. The memory grows with $B$. On a GPU, which computes thousands of
# numbers at once, the flat part is much longer.
#
# ### Time to a goal
#
# What counts is neither the step nor the epoch, but the time until the cost is low enough:
# *steps to the goal* (G2's table: falls with $B$, then levels off) times *time of a step* (flat, then rises with $B$).
# The best batch size is often in the middle. We put G2's steps to cost 0.5 together with steps measured here:

# %% tips={"skip": true}
goal_time = {B: goal_steps[B] * seconds(one_step(scratch, B)) for B in CHOSEN}
table(
    ("batch size", "steps to cost 0.5 (G2)", "computing time (s)"),
    [(B, f"{goal_steps[B]:.0f}", f"{t:.3f}") for B, t in goal_time.items()],
)

# %% [markdown]
# Two rules follow, and they hold on any machine. A batch below the flat part's end wastes the machine. A batch above the critical
# size of G2 wastes examples.
#
# **What to remember (G8).** Time of a step $\approx \alpha + \beta B$, memory $\approx$ constant $+\, B \times$ activations. One epoch of SGD
# costs the arithmetic of *one* step of full gradient descent (U), plus the overhead of more steps.
#
# **Check yourself**
#
# 1. $\alpha = 1$ ms and $\beta = 0.01$ ms. For which $B$ is half of the time overhead?
# 2. Your batch does not fit into memory. How can you still take the step of a batch of 512?
#
# <details><summary>Answer</summary>
#
# 1. $\alpha = \beta B$ gives $B = 100$.
# 2. Compute the gradients of eight parts of 64 one after the other, average them, then step once. The result is the same
#    (G2's trap: equal parts), and only the activations of 64 examples are in memory. This is *gradient accumulation*.
#    (With batch norm it is not the same: lecture 08.)
#
# </details>

# %% [markdown]
# ## G9 · Ill-conditioning, Newton and quasi-Newton
#
# U: if the conditioning is not good, then "every time you take a step the direction is almost orthogonal with last step",
# and SGD struggles. Newton, quasi-Newton and momentum can deal with it, but are "still expensive".
#
# ### Are successive steps orthogonal?
#
# **With the best step length, exactly.** Let each step go to the lowest point of its line: minimise
# $\varphi(\eta) = C(w - \eta g)$. There $\varphi'(\eta) = -g \cdot \nabla C(w - \eta g) = 0$: the next gradient is orthogonal to
# this one. (On a bowl the length is $\eta = \frac{g^Tg}{g^THg}$: set the derivative of G1's formula for the cost to 0.)
#
# **With a fixed rate, no.** Along direction $i$ the step shrinks by $1 - \eta\lambda_i$. In the long run the slowest
# direction dominates. If it is the flat one, its factor is positive: successive steps point the *same* way, cosine $\to 1$. If it is the
# steep one, just below $2/\lambda_{\max}$, the factor is negative: they point *opposite* ways, cosine $\to -1$.
#
# **With batches**, noise comes in: in many dimensions two independent random directions are nearly orthogonal.
#
# **Predict, then run.** For each row: is the mean cosine of successive steps near $-1$, 0 or 1?


# %%
def line_search(H, w, steps):
    path = [np.asarray(w, float)]
    for _ in range(steps):
        g = H @ path[-1]
        path.append(path[-1] - (g @ g) / (g @ H @ g) * g)
    return np.array(path)


def mean_cosine(steps):
    length = np.linalg.norm(steps, axis=1)
    return np.mean(np.sum(steps[1:] * steps[:-1], axis=1) / (length[1:] * length[:-1]))


steep = np.diag([1.0, 50.0])
start = np.array([50.0, 1.0])  # the start that a line search likes least
cosines = {"bowl, exact line search": mean_cosine(np.diff(line_search(steep, start, 60), axis=0))}
for share in (0.5, 1.0, 1.99):
    path = descend(lambda w: steep @ w, start, share / 50, 60)
    cosines[f"bowl, fixed rate {share}/λmax"] = mean_cosine(np.diff(path, axis=0))


def network_steps(B, lr, seed=0, steps=160):
    """The gradients of successive training steps."""
    net, rng = network(seed), np.random.default_rng(seed)
    optimizer, x, y, gradients = scratch.SGD(net.params, lr=lr), train[0][:800], train[1][:800], []
    while len(gradients) < steps:
        for i in scratch.minibatches(800, B, rng):
            gradients.append(cost_and_gradient(net, x[i], y[i])[1])
            optimizer.step(net.grads)
    return np.array(gradients[:steps])


for B, lr in ((800, 0.1), (800, 1.6), (100, 1.6), (10, 0.2)):
    cosines[f"network, batches of {B}, rate {lr}"] = np.mean(
        [mean_cosine(network_steps(B, lr, seed)) for seed in SEEDS]
    )
rows = [(name, f"{round(value, 2) + 0.0:.2f}") for name, value in cosines.items()]
table(("", "mean cosine of successive steps"), rows)

# %% [markdown]
# U's picture is exact for a line search, which nobody uses for deep networks. With a fixed rate ill-conditioning shows as
# steps in the *same* or in *opposite* directions, depending on the rate, in the network as on the bowl. Near-orthogonal
# steps come from the noise of small batches. By themselves they are no sign of ill-conditioning.
#
# ### Steps against condition number
#
# With the best fixed rate the distance shrinks by $\frac{\kappa - 1}{\kappa + 1}$ a step (G5). To shrink it by $\varepsilon$ we need
#
# $$t = \frac{\ln(1/\varepsilon)}{\ln\frac{\kappa+1}{\kappa-1}} \approx \frac\kappa2 \ln\frac1\varepsilon ,$$
#
# since $\ln\frac{1 + 1/\kappa}{1 - 1/\kappa} \approx \frac2\kappa$. **Steps grow like $\kappa$.**
#
# **Newton** asks for the point where the gradient will be 0. Near $w$ it is $g + Hd$, so $d = -H^{-1} g$. On a bowl
# $w - H^{-1}Hw = 0$: one step, whatever $\kappa$ is.
#
# **Quasi-Newton** does not compute $H$. It learns $H^{-1}$ from what it sees: a step $d$ changed the gradient by $y$, and on a bowl
# $y = Hd$. So it keeps a matrix $M$ with $My = d$ for the latest pair (the *secant condition*). The best-known rule is BFGS:
#
# $$M \leftarrow \Big(I - \frac{d y^T}{y^T d}\Big) M \Big(I - \frac{y d^T}{y^T d}\Big) + \frac{d d^T}{y^T d} .$$
#
# Check: $\big(I - \frac{y d^T}{y^T d}\big) y = y - y = 0$, so $My = \frac{d\, (d^T y)}{y^T d} = d$.
#
# **Predict, then run.** Steps until the gradient is $10^{-6}$ of the first one, for $\kappa = 1$ to $1000$.


# %%
def bfgs(cost, gradient, w, goal, most=500):
    """Steps until ‖g‖ ≤ goal; each step is halved until the cost falls enough (Armijo)."""
    M, g = np.eye(len(w)), gradient(w)
    step = 0
    while np.linalg.norm(g) > goal and step < most:
        direction, share = -M @ g, 1.0
        while cost(w + share * direction) > cost(w) + 1e-4 * share * g @ direction:
            share /= 2
        d = share * direction
        y = gradient(w + d) - g
        left = np.eye(len(w)) - np.outer(d, y) / (y @ d)
        M = left @ M @ left.T + np.outer(d, d) / (y @ d)
        w, g, step = w + d, g + y, step + 1
    return step, w


def steps_to(gradients, goal):
    return int(np.argmax(np.linalg.norm(gradients, axis=1) <= goal))


rows, by_kappa = [], {}
for kappa in (1.01, 10.0, 100.0, 1000.0):
    H = np.diag([1.0, kappa])
    w = np.array([kappa, 1.0])
    goal = 1e-6 * np.linalg.norm(H @ w)
    fixed = descend(lambda w, H=H: H @ w, w, 2 / (1 + kappa), 8000)
    searched = line_search(H, w, 8000 if kappa > 2 else 8)
    quasi, _ = bfgs(lambda w, H=H: 0.5 * w @ H @ w, lambda w, H=H: H @ w, w, goal)
    newton = np.array([w, w - np.linalg.solve(H, H @ w)])
    predicted = math.log(1e6) / math.log((kappa + 1) / (kappa - 1))
    by_path = [steps_to(path @ H, goal) for path in (fixed, searched, newton)]
    by_kappa[kappa] = (*by_path[:2], quasi, by_path[2])
    rows.append((f"{kappa:g}", f"{predicted:.1f}", *by_kappa[kappa]))
table(("κ", "formula", "best fixed rate", "line search", "BFGS", "Newton"), rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8))
kappas = np.array(list(by_kappa))
for k, name in enumerate(("best fixed rate", "line search", "BFGS", "Newton")):
    axes[0].loglog(
        kappas,
        [by_kappa[kappa][k] for kappa in kappas],
        marker="osD^"[k],
        color=COLOURS[k],
        linestyle=DASHES[k],
        label=name,
    )
axes[0].set(title="Steps grow like κ, not for Newton", xlabel="condition number κ", ylabel="steps")
axes[0].legend(fontsize=9)
zigzag = line_search(bowl(1, 6), [3.6, 0.6], 12)
contours(axes[1], bowl(1, 6), 4)
axes[1].plot(*zigzag.T, color=ORANGE, marker="o", markersize=4, linewidth=1.5, linestyle="-", label="line search")
axes[1].plot([3.6, 0], [0.6, 0], color=GREEN, linestyle="--", label="Newton: one step")
axes[1].set(title="A line search turns by 90° each time", aspect="equal", ylim=(-2, 2))
axes[1].legend(fontsize=9)
show(
    figure,
    "Left: steps against condition number on logarithmic axes; gradient descent and line search rise in "
    "proportion, BFGS and Newton stay low. Right: a zigzag of right angles and Newton's straight step.",
)

# %% [markdown]
# ### On real data
#
# Logistic regression: is the digit below 5? 41 weights, a penalty of $\frac12 10^{-3} \lVert w \rVert^2$ so that the minimum is
# unique. All start at 0 and stop at $\lVert g \rVert \le 10^{-5}$. Gradient descent gets the best of eight rates: 0.5 (2726
# steps), 0.6 (2272), 0.7 (1947), 0.8 (1703), 0.9 (1514), 1.0 (1362), 1.05 (2156), 1.1 (never). The cell repeats two.

# %%
X = np.hstack([train[0], np.ones((len(train[0]), 1))])
sign = np.where(train[1] < 5, 1.0, -1.0)


def logistic_cost(w):
    return np.mean(np.logaddexp(0, -sign * (X @ w))) + 5e-4 * w @ w


def logistic_gradient(w):
    p_wrong = 1 / (1 + np.exp(sign * (X @ w)))
    return -(sign * p_wrong) @ X / len(X) + 1e-3 * w


def logistic_hessian(w):
    p = 1 / (1 + np.exp(-X @ w))
    return (X.T * (p * (1 - p))) @ X / len(X) + 1e-3 * np.eye(len(w))


def gd_steps(eta, goal=1e-5, most=3000):
    w = np.zeros(41)
    for step in range(most):
        g = logistic_gradient(w)
        if np.linalg.norm(g) <= goal:
            return step
        if np.linalg.norm(g) > 10:
            break
        w -= eta * g
    return most


LOGISTIC_RATES = {0.9: gd_steps(0.9), 1.0: gd_steps(1.0)}
w, newton_steps = np.zeros(41), 0
while np.linalg.norm(logistic_gradient(w)) > 1e-5:
    w = w - np.linalg.solve(logistic_hessian(w), logistic_gradient(w))
    newton_steps += 1
bfgs_steps, w_bfgs = bfgs(logistic_cost, logistic_gradient, np.zeros(41), 1e-5)
kappa_logistic = np.linalg.cond(logistic_hessian(w))
print(f"condition number at the minimum: {kappa_logistic:.0f}")
table(
    ("", "steps", "memory besides w and g", "arithmetic per step besides g"),
    [
        (
            f"gradient descent, rate {min(LOGISTIC_RATES, key=LOGISTIC_RATES.get)}",
            min(LOGISTIC_RATES.values()),
            "nothing",
            "n",
        ),
        ("BFGS", bfgs_steps, "n²", "n²"),
        ("Newton", newton_steps, "n²", "N n² to build H, n³/3 to solve"),
    ],
)
print("Newton and BFGS find the same weights to 1e-3:", np.abs(w - w_bfgs).max() < 1e-3)

# %% [markdown]
# Newton needs a handful of steps instead of more than a thousand. Why not in deep learning, then?
#
# **1. Size.** With $n$ weights $H$ has $n^2$ entries, and solving costs $n^3/3$ multiplications.

# %%
for name, n in (
    ("our network", flat(network(0).params).size),
    ("ResNet-50, about", 25_600_000),
    ("a small language model", 1_000_000_000),
):
    size = f"H in float32: {n * n * 4 / 1e9:.3g} GB   momentum: {n * 4 / 1e9:.3g} GB"
    print(f"{name:24} n = {n:>13,}   {size}")

# %% [markdown]
# Here U's sentence needs a correction: *momentum* is not expensive. It keeps one more number for each weight (lecture 07),
# and on a bowl it replaces $\kappa$ by about $\sqrt\kappa$.
#
# **2. Noise.** On a batch, $H_B$ has rank at most $B$: with fewer examples than weights it cannot be inverted. And with more, a
# Newton step jumps to the minimum of *this batch*, and forgets what the batches before had taught.
#
# **3. Saddles.** Newton looks for a zero gradient, and a saddle is one.
#
# **Predict, then run.** Least squares (G2), 50 Newton steps on batches of 200, against one epoch of SGD (the same
# 10 000 examples). Which is better after the first batch? After all?

# %%
problem = easy[0]
rng = np.random.default_rng(0)
x32 = problem.x[rng.choice(10_000, 32, replace=False)]
batch_rank = np.linalg.matrix_rank(x32.T @ x32)
print(f"rank of H_B for B = 32, 100 weights: {batch_rank}")

w, newton_path = np.zeros(100), [np.zeros(100)]
for i in scratch.minibatches(10_000, 200, rng):
    x = problem.x[i]
    w = w - np.linalg.solve(x.T @ x, x.T @ (x @ w - problem.y[i]))
    newton_path.append(w)
newton_excess, sgd_excess = excess(problem, np.array(newton_path)), sgd_runs[0]
table(
    ("excess", "after 200 examples", "after 2 000", "after 10 000"),
    [
        ("Newton on batches of 200", *(f"{newton_excess[k]:.0e}" for k in (1, 10, 50))),
        ("SGD, batches of 32", *(f"{sgd_excess[k]:.0e}" for k in (6, 62, EPOCH))),
    ],
)

print("SGD steps to the excess of Newton's first step:", first_below(sgd_excess, newton_excess[1]))

point = np.array([0.1, 1.0])
newton_point = point - np.linalg.solve(np.diag([2.0, -2.0]), saddle.gradient(point))
print(f"saddle x² − y²: Newton goes from {point}, C = {saddle(point):.2f}, ", end="")
print(f"to {newton_point}, C = {saddle(newton_point) + 0.0:.2f}")

# %% [markdown]
# Newton's first batch is worth more than two hundred steps of SGD. The next 49 batches add next to nothing, and SGD passes. At the saddle Newton goes *up*, to the
# very point gradient descent runs away from.
#
# **Today.** Cheap pieces of the idea are in use: a diagonal of $H$ or of squared gradients (Adagrad, RMSProp, Adam:
# lectures 06 and 07, though G5 showed what a diagonal cannot do), and matrices for one layer at a time: K-FAC
# (Martens and Grosse, 2015), Shampoo (Gupta, Koren and Singer, 2018). Preprocessing
# ([lecture 03](03_preprocessing.ipynb)) and batch norm ([lecture 08](08_batchnorm.ipynb)) attack $\kappa$ itself.
#
# **What to remember (G9).** Gradient descent needs about $\frac\kappa2 \ln\frac1\varepsilon$ steps, Newton a few. Newton costs
# $n^2$ memory, amplifies noise and likes saddles. Successive steps are orthogonal for a line search only.
#
# **Check yourself**
#
# 1. A valley with $\kappa = 10^4$. How many steps for a factor of $10^{-3}$ in the distance?
# 2. Rescale one weight, $w_1 = 10\,u_1$. How does $H$ change? Does Newton's path change?
# 3. Why does U say "expensive" rather than "impossible"?
#
# <details><summary>Answer</summary>
#
# 1. About $\frac{10^4}{2} \ln 1000 \approx 34\,500$.
# 2. Row 1 and column 1 of $H$ are multiplied by 10, so $H_{11}$ by 100: gradient descent behaves quite differently. Newton's path is the same in
#    terms of $w$: $H^{-1}$ undoes the scaling.
# 3. For small $n$ and full gradients these methods are the best there is, as the table of logistic regression shows.
#
# </details>

# %% [markdown]
# ## What the lectures claim and what we found
#
# Our numbers in this table come from the cells above.

# %% tags=["hide-input"]
best_schedule, worst_schedule = ranked[-1], ("inverse square root", 0.8)
constant_best = max(accuracy[("constant", lr)].mean() for lr in (0.1, 0.8))
small_B, large_B = goal_accuracy[10].mean(), goal_accuracy[800].mean()
diverged = sum(np.isnan(r).sum() for (how, c, lr), r in clip_results.items() if how == "none")
diverged_norm = sum(np.isnan(r).sum() for (how, c, lr), r in clip_results.items() if how == "norm")
ledger = [
    ("G1", "L: stop until ∇C ≈ 0", f"at λmin = 0.001 the rule ‖g‖ ≤ 0.01 stops {stopped_at[0.001]:.1f} from the minimum", "right on a well-conditioned bowl; wording: “stop when”"),
    ("G1", "U: no good in DNNs, the gradient is always stochastic", f"epochs 1 to 20: cost falls {falls['cost']:.1f} ×, batch gradient {falls['batch']:.1f} ×, full gradient {falls['full']:.1f} ×", "reproduced; the full gradient fails, too"),
    ("G2", "U: by iteration GD is faster, by epoch SGD", f"steps to 1e-2: {np.mean(steps_to_goal['GD']):.0f} and {np.mean(steps_to_goal['SGD']):.0f}; excess after an epoch {np.mean(after_one['GD']):.0e} and {np.mean(after_one['SGD']):.0e}", f"reproduced; GD passes SGD's floor in epoch {int(np.median(passes))}"),
    ("G2", "C: greater variance than batch methods", f"E‖g_B − ∇C‖² at B = 1 is {measured['with'][0]:.2f}, formula {formula['with'][0]:.2f}; at B = 100 {measured['with'][3]:.2f}", "reproduced: S/B"),
    ("G2", "C: potentially worse minima", f"same training cost, validation accuracy: B = 10 {small_B:.2f}, B = 800 {large_B:.2f}", "cost at a fixed rate: yes; predictions: not"),
    ("G2", "C: gradient of a batch divided by b on one page, summed on another", "sum = b × mean", "slip: the rate means two things"),
    ("G3", "K: 1e-6 barely changes, 1e6 gives NaN", f"1e-6: cost {np.mean([c[0] for c in curves[1e-6]]):.2f} to {np.mean(last[1e-6]):.2f}; 1e6: {'nan' if not np.isfinite(last[1e6]).any() else 'finite'} in epoch 1", "reproduced"),
    ("G3", "U: low rate always converges, takes forever", f"half the rate, {low_steps[1] / low_steps[0]:.1f} × the steps", "reproduced on a bowl"),
    ("G3", "U: premature flatten is a sign of a large rate", f"a tenth of the rate lowers the cost by {flat_gain:.2f} in one epoch", "reproduced"),
    ("G4", "L: reduce the rate by some factor every few epochs", f"test accuracy: best constant {constant_best:.2f}, {worst_schedule[0]} {accuracy[worst_schedule].mean():.2f}, {best_schedule[0]} {accuracy[best_schedule].mean():.2f}", "reproduced, if the rate ends low"),
    ("G4", "L: 1/t decay: η/√(t+1)", f"at t = 99: {root[99]:.2f} against {inverse[99]:.2f}", "slip: inverse square root"),
    ("G4", "U: “delay” of the rate", "decay", "slip of the pen"),
    ("G4", "U: watch the validation error or the objective", f"reductions with default thresholds: {np.mean(drops['plateau of validation error']):.1f} and {np.mean(drops['default']):.1f}", "partly; the objective wants a threshold"),
    ("G5", "C: one weight converges while another diverges", f"real data, 2 % above the limit: {real_fates[1.02]} of 40 directions diverges", "reproduced for directions; for weights only along the axes"),
    ("G5", "U: divide each coordinate by its size", f"κ at 45°: {kappa_turned[0]:.0f} and {kappa_turned[1]:.0f}; real data: {kappa_data:.0f} and {kappa_scaled:.0f}", "partly; useless on a turned bowl"),
    ("G6", "C: steep slopes cause instability; clip", f"2 × He, diverged runs of 9: {diverged}, clipped by norm {diverged_norm}", "reproduced"),
    ("G6", "C: a ceiling on the derivative value, typically 5", f"largest component in a healthy run {healthy_largest:.2f}", "partly; 5 depends on the scale; a ceiling on the absolute value is meant"),
    ("G7", "C: the rate must shrink for convergence", f"floor at 0.02: {floor_seen['fixed 0.02']:.1e}, formula {floor_formula['fixed 0.02']:.1e}; without noise in y below 1e-12: {floor_seen['fixed 0.02, no noise in y'] < 1e-12}", "reproduced with noise; no floor where batches agree"),
    ("G7", "U: Ση = ∞ and Ση² < ∞", f"e after 100 000 steps: η/√(t+1) {exact['0.1/√(t+1)'][-1]:.0e}, η/(1 + 0.05t) {exact['0.1/(1 + 0.05t)'][-1]:.0e}, η/(1 + t) {exact['0.1/(1 + t)'][-1]:.0e}", "sufficient, not necessary here, and no promise of speed"),
    ("G8", "U, K: storage and compute are finite", f"ImageNet as float32: {imagenet / 48e9:.0f} cards of 48 GB", "reproduced; times on your machine in G8"),
    ("G9", "U: steps almost orthogonal when ill-conditioned", f"mean cosine: line search {abs(cosines['bowl, exact line search']):.2f}, rates 0.5/λmax {cosines['bowl, fixed rate 0.5/λmax']:.2f}, 1.99/λmax {cosines['bowl, fixed rate 1.99/λmax']:.2f}", "partly; exact for a line search, not for a fixed rate"),
    ("G9", "U: Newton, quasi-Newton, momentum: still expensive", f"steps {min(LOGISTIC_RATES.values())}, BFGS {bfgs_steps}, Newton {newton_steps}; n² numbers, momentum n", "right for the first two; slip: momentum is cheap"),
]  # fmt: skip
table(("id", "claim", "what we found", "verdict"), ledger)

# %% [markdown]
# ## Exercises to try
#
# They are not graded.
#
# 1. **Averaging.** In G7, keep the fixed rate 0.02 and report the *mean* of all weights since epoch 1 instead of the last
#    ones (Polyak and Juditsky, 1992). Where is the floor now? Explain with the recursion.
# 2. **Warm-up.** Write `WarmupCosine(opt, W, T)`: the rate rises linearly for $W$ epochs, then falls as a cosine. Does a
#    warm-up allow the rate 1.6 in the race?
# 3. **Adaptive clipping.** Clip by norm at the 90 % quantile of the last 50 norms. Try it on the sick network of G6. What
#    happens in the first steps?
#
# ## Where to go from here
#
# * **Assignments.** `momentum` grades `minibatches` (G2); `adagrad` grades `inverse_sqrt_decay` and `staircase` (G4);
#   `babysitting` grades `clip_gradient` (G6) and `diagnose` (G3). Mind the conventions at the top.
# * **Library**: `tipslib/scratch/optim.py`, `schedules.py`, `clipping.py`, `training.py`.
# * **Next lecture**: 06 Adagrad: a rate for each weight, found from its own gradients.
#   [Lecture 07](07_momentum.ipynb): momentum.
#
# **Sources.** L: Hung-yi Lee, NTU, "Tips for Training Deep Neural Network" (Vanilla Gradient Descent; Learning Rates). C:
# CMU 11-785, "Training Neural Networks" (Quick recap; Incremental methods; Training and minibatches; Gradient clipping).
# K: Fei-Fei Li, Karpathy, Johnson, Stanford CS231n 2016, lecture 5 (Mini-batch SGD; Lets try to train now; You have finite
# compute). U: Ju Sun, University of Minnesota, CSCI 8980 (Training Algorithms; SGD; Step Size; Diagnosis of LR; When to
# stop?).
#
# **References.**
# T. Brown et al., Language models are few-shot learners, NeurIPS 2020.
# J. Cohen et al., Gradient descent on neural networks typically occurs at the edge of stability, ICLR 2021.
# P. Goyal et al., Accurate, large minibatch SGD: training ImageNet in 1 hour, 2017.
# V. Gupta, T. Koren, Y. Singer, Shampoo: Preconditioned stochastic tensor optimization, ICML 2018.
# M. Gürbüzbalaban, A. Ozdaglar, P. Parrilo, Why random reshuffling beats stochastic gradient descent, Mathematical Programming 2021.
# N. Keskar et al., On large-batch training for deep learning: Generalization gap and sharp minima, ICLR 2017.
# I. Loshchilov and F. Hutter, SGDR: Stochastic gradient descent with warm restarts, ICLR 2017.
# S. Ma, R. Bassily, M. Belkin, The power of interpolation, ICML 2018.
# J. Martens and R. Grosse, Optimizing neural networks with Kronecker-factored approximate curvature, ICML 2015.
# S. McCandlish et al., An empirical model of large-batch training, 2018.
# R. Pascanu, T. Mikolov, Y. Bengio, On the difficulty of training recurrent neural networks, ICML 2013.
# B. Polyak and A. Juditsky, Acceleration of stochastic approximation by averaging, SIAM J. Control and Optimization 1992.
# H. Robbins and S. Monro, A stochastic approximation method, Annals of Mathematical Statistics 1951.
# C. Shallue et al., Measuring the effects of data parallelism on neural network training, JMLR 2019.
