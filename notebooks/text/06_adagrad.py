# %% [markdown]
# # 06 · Adagrad and its relatives
#
# [Lecture 05](05_gradient_descent.ipynb) left a problem open: one learning rate cannot fit all weights. On a long
# valley the rate that is right along the valley is far too large across it. The methods of this lecture give
# **every weight a rate of its own**, and they read it off the gradients that the weight has had so far.
#
# **You will learn**
#
# | id | topic |
# |---|---|
# | D1 | Adagrad in its long and its short form, and why the two are the same |
# | D2 | why a larger gradient makes a larger *and* a smaller step, and what the "contrast effect" is |
# | D3 | the best step, $\lvert$first derivative$\rvert$ / second derivative, and how first derivatives estimate the second |
# | D7 | Rprop and Quickprop: a step per dimension, and what is lost by that |
# | D8 | why to divide by the root of the second moment: the lecture's table of five steps |
# | D4 | why Adagrad's steps die out, and how RMSProp forgets |
# | D5 | AdaDelta: a step that has the right units |
#
# The order is that of the ideas: D7 and D8 come before D4, because RMSProp was built from both. (Adam and the great
# race, D6, D9 and D10, are in [lecture 07](07_momentum.ipynb).)
#
# **You need** gradient descent, schedules and ill-conditioning ([lecture 05](05_gradient_descent.ipynb)), cross
# entropy ([lecture 02](02_softmax.ipynb)).
#
# **How to read.** Before each experiment stands a question, *Predict, then run*. Write your answer down first. The
# questions under *Check yourself* have folded answers. The letters L, C and U name the lectures this course follows; they
# are listed at the end.

# %%
from functools import cache
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch

from tipslib import pytorch, scratch
from tipslib.data import load
from tipslib.plotting import BLACK, BLUE, GREEN, ORANGE, RED, show, spread, table, use_style
from tipslib.surfaces import long_valley, rotate

use_style()
DOTS = {"linestyle": "none", "markersize": 5}
THIN = {"color": BLACK, "linewidth": 1.2}
torch.set_num_threads(1)  # one thread: the same sums in the same order every time


def as_float64(split):
    return split.x.astype(np.float64), split.y


train, validation, test = map(as_float64, load("mnist1d"))  # 40 measurements, 10 classes
digits, digits_validation, _ = map(as_float64, load("digits"))  # 8 × 8 images, 10 classes
SEEDS = (0, 1, 2)

# %% [markdown]
# ### Conventions
#
# We follow *one* weight $w$. Its gradient in step $t$ is $g^t = \partial C(\theta^t)/\partial w$, and $t$ counts from 0. All
# formulas hold for every weight separately; in code they act on whole arrays, entry by entry.
#
# These methods differ between books in small things, and here the small things matter: where $\varepsilon$ stands, and
# which Greek letter means "how much to remember". With $v$ the running mean of $g^2$:
#
# | matter | in the lectures | PyTorch and `tipslib` | assignment `adagrad` | exact relation |
# |---|---|---|---|---|
# | rate | $\eta$ | `lr` | `eta` | the same |
# | Adagrad's memory | L: mean, $(\sigma^t)^2$; U: sum | `sum` | `sum_sq` | `sum` $= (t+1)(\sigma^t)^2$ |
# | $\varepsilon$ in Adagrad | L: none | outside: $\sqrt{sum} + \varepsilon$, `eps=1e-10` | outside, `1e-10` | L is `eps=0` |
# | extra decay in Adagrad | none | `lr_decay` $= \kappa$, default 0 | none | $\eta$ becomes $\eta/(1 + t\kappa)$ |
# | start of the sum | 0 | `initial_accumulator_value` $= s$, default 0 | given | $\sqrt{s + \Sigma g^2}$ |
# | memory of RMSProp | C: $\gamma$ | `alpha=0.99` | `gamma=0.9` | `alpha` $= \gamma$ |
# | $\varepsilon$ in RMSProp | C: inside, $\sqrt{v + \varepsilon}$ | outside, $\sqrt{v} + \varepsilon$, `eps=1e-8` | inside, `1e-8` | PyTorch's step = C's step times $\sqrt{v + \varepsilon}\,/(\sqrt{v} + \varepsilon)$ |
# | memory of AdaDelta | C: only its name; paper: $\rho$ | `rho=0.9` | (not graded) | the same |
# | rate of AdaDelta | paper: none | `lr=1.0` | (not graded) | the paper is `lr=1` |
# | $\varepsilon$ in AdaDelta | paper: inside both roots | inside both, `eps=1e-6` | (not graded) | the same |
# | first step of Rprop | $\Delta_0$ | `lr=1e-2` | (not graded) | the same |
# | Rprop after a change of sign | paper: go back | stay for one step | (not graded) | another rule, see D7 |
# | Quickprop | Fahlman adds $-\eta g$ while the sign stays | left out; PyTorch has no Quickprop, ours is in `tipslib.pytorch` | (not graded) | another rule, see D7 |
#
# The next cell checks the relations of Adagrad and RMSProp, and that both libraries agree; D5 and D7 check the others. `moves`
# hands a list of gradients to an optimizer and returns the steps that it makes; `torch_moves` does so with PyTorch's.


# %%
def moves(make, gradients):
    """The steps that an optimizer of scratch makes on these gradients, [T] or [T, n]."""
    gradients = np.asarray(gradients, dtype=float).reshape(len(gradients), -1)
    w = np.zeros(gradients.shape[1])
    optimizer, path = make({"w": w}), [w.copy()]
    for g in gradients:
        optimizer.step({"w": g})
        path.append(w.copy())
    return np.diff(path, axis=0).squeeze()


def torch_moves(make, gradients):
    """The same with an optimizer of PyTorch."""
    gradients = torch.tensor(np.asarray(gradients, dtype=float).reshape(len(gradients), -1))
    w = torch.zeros(gradients.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer, path = make([w]), [w.detach().numpy().copy()]
    for g in gradients:
        w.grad = g.clone()
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return np.diff(path, axis=0).squeeze()


def running_mean(values, beta):
    """v ← βv + (1 − β)·value, from v = 0: all v."""
    v, means = np.zeros_like(values[0]), []
    for value in values:
        v = beta * v + (1 - beta) * value
        means.append(v)
    return np.array(means)


rng = np.random.default_rng(0)
g = rng.standard_normal((30, 4)) * [1e-3, 0.1, 1, 50]  # 30 steps, 4 weights of very different size
t, eta = np.arange(30)[:, None], 0.1
total = np.cumsum(g**2, axis=0)
sigma = np.sqrt(total / (t + 1))
v = running_mean(g**2, 0.9)
inside = -eta * g / np.sqrt(v + 1e-8)  # RMSProp as C writes it


def adagrad(**options):
    return torch_moves(lambda params: pytorch.Adagrad(params, lr=eta, **options), g)


root = np.sqrt(total)
checks = {
    "Adagrad, eps=0: −(η^t/σ^t) g^t": (adagrad(eps=0), -eta / np.sqrt(t + 1) / sigma * g),
    "sum = (t+1)(σ^t)²; ε outside": (adagrad(eps=0.1), -eta * g / (np.sqrt(t + 1) * sigma + 0.1)),
    "lr_decay = κ: η/(1 + tκ)": (adagrad(lr_decay=0.2), -eta / (1 + 0.2 * t) * g / root),
    "initial_accumulator_value = s: √(s + Σg²)": (
        adagrad(initial_accumulator_value=2),
        -eta * g / np.sqrt(2 + total),
    ),
    "RMSprop: C's step · √(v + ε)/(√v + ε)": (
        torch_moves(lambda params: pytorch.RMSprop(params, lr=eta, alpha=0.9), g),
        inside * np.sqrt(v + 1e-8) / (np.sqrt(v) + 1e-8),
    ),
}
for name in ("Adagrad", "RMSprop", "Adadelta", "Rprop", "Quickprop"):
    checks[f"scratch.{name} = pytorch.{name}"] = (
        moves(lambda params, name=name: getattr(scratch, name)(params, lr=eta), g),
        torch_moves(lambda params, name=name: getattr(pytorch, name)(params, lr=eta), g),
    )
rows = []
for name, (left, right) in checks.items():
    rows.append((name, np.allclose(left, right, rtol=1e-6, atol=1e-12)))
    assert rows[-1][1], name
table(("relation", "holds"), rows)

# %% [markdown]
# Is it important where $\varepsilon$ stands? For $v = 0$ the lecture's denominator is $\sqrt\varepsilon$, PyTorch's is
# $\varepsilon$. So C's `1e-8` inside acts like `1e-4` outside, *when gradients are small*. No single value outside does the
# same for all $v$.

# %%
rows = []
for size in (1e-1, 1e-3, 1e-4, 1e-6):
    v_small = size**2
    lecture, outside = size / np.sqrt(v_small + 1e-8), size / (np.sqrt(v_small) + 1e-8)
    rows.append((f"{size:g}", f"{lecture:.3f}", f"{outside:.3f}", f"{outside / lecture:.2f}"))
table(("constant gradient g", "step/η, ε inside (C)", "step/η, ε outside (PyTorch)", "ratio"), rows)

# %% [markdown]
# ### How we compare
#
# Each method gets the rate with the best *validation* accuracy on seeds 7, 8, 9, from a grid of 1, 2, 5 per decade. Results
# are then shown for other seeds. The network is 40-64-64-10 with ReLU and He's start (lecture 04), batches of 100,
# ten epochs unless stated. To save time the chosen rates are written down in `RATE`; the cell repeats the search for one of
# the methods.

# %%
OPTIMIZERS = {
    "SGD": lambda params, lr: scratch.SGD(params, lr=lr),
    "Adagrad": lambda params, lr: scratch.Adagrad(params, lr=lr),
    "RMSProp, γ = 0.9": lambda params, lr: scratch.RMSprop(params, lr=lr, alpha=0.9),
    "RMSProp, γ = 0.99": lambda params, lr: scratch.RMSprop(params, lr=lr, alpha=0.99),
    "AdaDelta": lambda params, lr: scratch.Adadelta(params, lr=lr),
    "Rprop": lambda params, lr: scratch.Rprop(params, lr=lr),
    "Quickprop": lambda params, lr: scratch.Quickprop(params, lr=lr),
}
RATE = dict(zip(OPTIMIZERS, (1.0, 0.05, 0.01, 0.01, 10.0, 0.01, 2.0), strict=True))


def network(seed, activation=scratch.ReLU, sizes=(40, 64, 64)):
    """Hidden layers with He's start, then ten outputs; biases 0."""
    rng, layers = np.random.default_rng(seed), []
    for fan_in, fan_out in pairwise((*sizes, 10)):
        linear = scratch.Linear(fan_in, fan_out, dtype=np.float64)
        linear.params["weight"][...] = rng.standard_normal((fan_out, fan_in)) * np.sqrt(2 / fan_in)
        linear.params["bias"][...] = 0
        layers += [linear, activation()]
    return scratch.Sequential(*layers[:-1])


@cache  # a run that was made once is not made again
def run(name, lr, seed, epochs=10):
    """(net, training loss after each epoch, validation accuracy after each epoch)."""
    net = network(seed)
    optimizer, loss = OPTIMIZERS[name](net.params, lr), scratch.CrossEntropyLoss()
    rng = np.random.default_rng(seed)
    try:
        with np.errstate(all="ignore"):  # a rate too high overflows: a result, not an error
            history = scratch.fit(net, loss, optimizer, train, validation, epochs=epochs, rng=rng)
    except scratch.Diverged:
        return net, np.full(epochs, np.inf), np.full(epochs, 0.1)  # chance: 1 of 10 classes
    return net, np.array(history["loss"]), np.array(history["val_accuracy"])


def search(name, rates, seeds=(7, 8, 9)):
    """Validation accuracy for each rate, mean over the seeds."""
    return {lr: np.mean([run(name, lr, seed)[2][-1] for seed in seeds]) for lr in rates}


found = search("Adagrad", (0.02, 0.05, 0.1))
best = max(found, key=found.get)
table(("Adagrad, rate", *found), [("validation accuracy", *(f"{a:.2f}" for a in found.values()))])
print("chosen:", best, "  RATE:", RATE["Adagrad"])

# %% [markdown]
# ## D1 · Adagrad, in both forms
#
# L starts from gradient descent with a rate that falls with time (lecture 05, G4):
#
# $$w^{t+1} \leftarrow w^t - \eta^t g^t, \qquad \eta^t = \frac{\eta}{\sqrt{t+1}}.$$
#
# All weights share $\eta^t$. **Adagrad** (Duchi, Hazan and Singer 2011) divides it, for each weight, by the root mean
# square of this weight's derivatives:
#
# $$w^{t+1} \leftarrow w^t - \frac{\eta^t}{\sigma^t}\, g^t, \qquad
#   \sigma^t = \sqrt{\frac{1}{t+1} \sum_{i=0}^{t} (g^i)^2}.$$
#
# The first three: $\sigma^0 = \sqrt{(g^0)^2} = |g^0|$, then $\sigma^1 = \sqrt{\frac12[(g^0)^2 + (g^1)^2]}$, then
# $\sigma^2 = \sqrt{\frac13[(g^0)^2 + (g^1)^2 + (g^2)^2]}$.
#
# ### The decay cancels
#
# Put the two definitions into the quotient and simplify, one step a line:
#
# $$\begin{aligned} \frac{\eta^t}{\sigma^t}
#   &= \frac{\eta / \sqrt{t+1}}{\sqrt{\frac{1}{t+1} \sum_{i=0}^{t} (g^i)^2}} \\[6pt]
#   &= \frac{\eta / \sqrt{t+1}}{\frac{1}{\sqrt{t+1}} \sqrt{\sum_{i=0}^{t} (g^i)^2}}
#   & & \text{the root of a product is the product of the roots} \\[6pt]
#   &= \frac{\eta}{\sqrt{\sum_{i=0}^{t} (g^i)^2}} & & \text{both have } 1/\sqrt{t+1}: \text{ it cancels} \end{aligned}$$
#
# So the short form is
#
# $$w^{t+1} \leftarrow w^t - \frac{\eta}{\sqrt{\sum_{i=0}^{t} (g^i)^2}}\, g^t.$$
#
# No counter $t$ is left. In code one number per weight is enough: $s \leftarrow s + (g^t)^2$ (U: "only need to
# incrementally update").
#
# **Predict, then run.** Four ways to compute the same steps: the long form, the short form, `tipslib.scratch` and PyTorch.
# What is the size of the very first step?

# %%
g = np.array([-2.0, 1.0, 0.5, -0.1, 3.0, 0.2])  # gradients of one weight, made up
t, eta = np.arange(len(g)), 0.1
sigma = np.sqrt(np.cumsum(g**2) / (t + 1))
long_form = -(eta / np.sqrt(t + 1)) / sigma * g
short_form = -eta / np.sqrt(np.cumsum(g**2)) * g
in_scratch = moves(lambda params: scratch.Adagrad(params, lr=eta), g)
in_torch = torch_moves(lambda params: pytorch.Adagrad(params, lr=eta), g)

columns = (t, g, sigma, long_form, short_form, in_scratch, in_torch)
rows = [(i, *(f"{x:.6f}" for x in row)) for i, *row in zip(*columns, strict=True)]
table(("t", "g", "σ", "step, long form", "short form", "scratch", "PyTorch"), rows)
print("long and short form agree to 14 digits:", np.allclose(long_form, short_form, rtol=1e-14))

# %% [markdown]
# The first step is $\eta$ itself, whatever $g^0$ is: $|g^0| / \sqrt{(g^0)^2} = 1$. Adagrad's $\eta$ is a *distance*.
#
# ### Three slips on the slides
#
# **1. The bars.** The slide writes $\sigma^0 = g^0$. Its own general formula gives $|g^0|$. Without the bars the first step
# would be $-\eta\, g^0/g^0 = -\eta$, always to the left: uphill, when $g^0 < 0$.
#
# **2. The name.** $\eta/\sqrt{t+1}$ is called "1/t decay" there. The usual 1/t decay is $\eta/(t+1)$. With it nothing
# cancels: $\frac{1}{t+1} \cdot \sqrt{t+1} = \frac{1}{\sqrt{t+1}}$ would be left.
#
# **3. "Previous".** "Root mean square of its *previous* derivatives": the sum ends at $i = t$, so the *present* derivative
# is in it. This matters. If it were left out, the first step would be 0/0, and later steps would have no bound (D2).
#
# **Predict, then run.** The weight starts at 0 on $C = (w - 3)^2$, so $g^0 = -6$ and the minimum is to the right. Where does
# the first step lead, with and without the bars?

# %%
w, g0 = 0.0, -6.0
with_bars, without_bars = w - eta / abs(g0) * g0, w - eta / g0 * g0
cost_before, cost_bars, cost_slide = (w - 3) ** 2, (with_bars - 3) ** 2, (without_bars - 3) ** 2
print(f"start:        w = {w:+.1f}, cost {cost_before:.2f}")
print(f"with bars:    w = {with_bars:+.1f}, cost {cost_bars:.2f}")
print(f"without bars: w = {without_bars:+.1f}, cost {cost_slide:.2f}")

true_decay = -(eta / (t + 1)) / sigma * g
print("η/(t+1) instead: the step is the short form times", np.round(true_decay / short_form, 3))
print("1/√(t+1) is                                      ", np.round(1 / np.sqrt(t + 1), 3))

# %% [markdown]
# ### "Parameter dependent", on real data
#
# U: "if the historic gradient is small, then I divide by it I will get a larger value; vice versa". Where would that be
# useful? Where an input is rarely on. We train one softmax layer on the digit images. The gradient of $w_{ij}$ is
# $\delta_i x_j$ (lecture 00), so a pixel $j$ that is almost never inked has tiny gradients.
#
# **Predict, then run.** Which pixels get the largest rates $\eta/\sqrt{\sum (g^i)^2}$? By what factor do the rates differ?

# %%
net = scratch.Sequential(scratch.Linear(64, 10, dtype=np.float64))
for w in net.params.values():
    w[...] = 0
optimizer = scratch.Adagrad(net.params, lr=0.1)
rng = np.random.default_rng(0)
scratch.fit(net, scratch.CrossEntropyLoss(), optimizer, digits, epochs=5, batch_size=50, rng=rng)
total = optimizer.state["0.weight"]["sum"]  # Σ g², [10 classes, 64 pixels]
ink = digits[0].mean(axis=0)
used = ink > 0
steps = optimizer.state["0.weight"]["t"]
gradient_size = np.sqrt(total.mean(axis=0) / steps)  # RMS over steps and classes
pixel_rate = np.full(64, np.nan)
pixel_rate[used] = 0.1 / np.sqrt(total.mean(axis=0)[used])

figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.2))
titles = "mean ink of the pixel", "RMS of its gradients", "its rate in Adagrad"
for axis, title, values in zip(axes, titles, (ink, gradient_size, pixel_rate), strict=True):
    shown = np.log10(np.where(used, values, np.nan)).reshape(8, 8)
    picture = axis.imshow(shown, cmap="cividis")
    axis.set(title=title, xticks=[], yticks=[])
    axis.grid(False)
    figure.colorbar(picture, ax=axis, shrink=0.8, label="log₁₀")
figure.suptitle("Rarely inked pixels: small gradients, large rates (white: never inked)")
show(
    figure,
    "Three 8 by 8 maps. Mean ink and gradient size are large in the middle and small at the left "
    "and right border; Adagrad's rate is the opposite.",
)
rate_ratio = np.nanmax(pixel_rate) / np.nanmin(pixel_rate)
ink_rate = np.corrcoef(np.log(ink[used]), np.log(pixel_rate[used]))[0, 1]
print(f"largest rate / smallest rate: {rate_ratio:.0f}")
print(f"correlation of log ink and log rate: {ink_rate:.2f}")

# %% [markdown]
# The rates differ by orders of magnitude, and no one had to set them. This is what the paper was written for: inputs that are
# rare but informative, such as rare words.
#
# **What to remember (D1).** Adagrad divides each weight's rate by the root of the *sum* of its squared gradients. Written
# with the root *mean* square, a decay $\eta/\sqrt{t+1}$ appears and cancels. The first step is $\pm\eta$.
#
# **Check yourself**
#
# 1. A weight has had the gradients 3 and 4. What is its next Adagrad step if the third gradient is 12 and $\eta = 0.1$?
# 2. The cost is multiplied by 1000. What happens to Adagrad's steps?
# 3. A pixel is never inked. What would the short form compute for its weight, and what does $\varepsilon$ do?
#
# <details><summary>Answer</summary>
#
# 1. $-0.1 \cdot 12/\sqrt{9 + 16 + 144} = -0.1 \cdot 12/13 \approx -0.092$.
# 2. Nothing: numerator and denominator grow by the same factor. (Plain gradient descent would make steps 1000 times larger.)
# 3. 0/0. With $\varepsilon$ it is $0/\varepsilon = 0$: the weight stays where it is.
#
# </details>

# %% [markdown]
# ## D2 · The contradiction, and the contrast effect
#
# L asks: is this a contradiction? In vanilla gradient descent, a larger gradient means a larger step. In Adagrad $g^t$
# stands in the numerator ("larger gradient, larger step") *and* in the denominator ("larger gradient, smaller step").
#
# ### Which one wins?
#
# Write $S = \sum_{i<t} (g^i)^2$ for the past. The size of the step is $\eta f$ with
#
# $$f(g, S) = \frac{g}{\sqrt{S + g^2}}, \qquad g = |g^t|.$$
#
# Its derivative in the **present** gradient, by the quotient rule:
#
# $$\frac{\partial f}{\partial g} = \frac{\sqrt{S + g^2} - g \cdot \frac{g}{\sqrt{S + g^2}}}{S + g^2}
#   = \frac{(S + g^2) - g^2}{(S + g^2)^{3/2}} = \frac{S}{(S + g^2)^{3/2}} \ge 0.$$
#
# And in the **past**:
#
# $$\frac{\partial f}{\partial S} = -\frac{g}{2\,(S + g^2)^{3/2}} \le 0.$$
#
# So there is no contradiction. A larger gradient *now* makes this step larger. A larger gradient *before* makes it smaller.
# And since $g \le \sqrt{S + g^2}$, no step is ever larger than $\eta$.
#
# ### The contrast effect (反差)
#
# Divide numerator and denominator by $\sqrt S$:
#
# $$f = \frac{r}{\sqrt{1 + r^2}} \qquad\text{with}\qquad r = \frac{|g^t|}{\sqrt{\sum_{i<t} (g^i)^2}}.$$
#
# The step depends on one number $r$, the present gradient *in comparison with the past*. L's slide has two rows of
# gradients that both end with 0.1.
#
# **Predict, then run.** The last gradient is 0.1 in both rows. How large is the last step in each, in units of $\eta$? And
# in vanilla gradient descent?

# %%
ROWS = {
    "small, then 0.1": [0.001, 0.001, 0.003, 0.002, 0.1],
    "large, then 0.1": [10.8, 20.9, 31.7, 12.1, 0.1],
}
contrast, rows = {}, []
for name, g in ROWS.items():
    g = np.array(g)
    contrast[name] = -moves(lambda params: scratch.Adagrad(params, lr=1.0, eps=0), g)
    rows.append((f"{name}: g", *(f"{x:g}" for x in g)))
    rows.append(("vanilla step / η^t", *(f"{x:g}" for x in g)))
    rows.append(("Adagrad step / η", *(f"{x:.4f}" for x in contrast[name])))
    r = abs(g[-1]) / np.linalg.norm(g[:-1])
    scaled = -moves(lambda params: scratch.Adagrad(params, lr=1.0, eps=0), 1000 * g)
    print(f"{name}: r = {r:.4f}, r/√(1 + r²) = {r / np.sqrt(1 + r**2):.4f}", end="; ")
    print("gradients times 1000 give the same steps:", np.allclose(scaled, contrast[name]))
table(("", *(f"t = {i}" for i in range(5))), rows)
last_small, last_large = (steps[-1] for steps in contrast.values())
print(f"the same gradient 0.1: the steps differ by a factor of {last_small / last_large:.0f}")

# %% [markdown]
# The same gradient, 0.1. In the first row it is a surprise, and Adagrad makes almost the largest step it can make. In the
# second row it is nothing, and the weight hardly moves. That is the contrast effect.
#
# Two more things can be read off the formula. Only ratios count: both rows may be multiplied by 1000. And it shows slip 3
# of D1 again: without the present gradient in the sum the last step of the first row would be $r$ instead of
# $r/\sqrt{1 + r^2}$.

# %% tags=["hide-input"]
g_axis = np.linspace(0, 5, 201)
figure, axis = plt.subplots()
for past, colour, dash in ((0.3, BLUE, "-"), (1.0, ORANGE, "--"), (5.0, GREEN, "-.")):
    f, label = g_axis / np.sqrt(past**2 + g_axis**2), f"Adagrad, past √S = {past:g}"
    axis.plot(g_axis, f, color=colour, linestyle=dash, label=label)
axis.plot(g_axis, g_axis, **THIN, linestyle=":", label="vanilla: step = η g")
axis.axhline(1, color=RED, linewidth=1, linestyle=(0, (5, 1)), label="bound: step = η")
axis.set(title="Larger now: larger step. Larger before: smaller step.", ylim=(0, 1.6))
axis.set(xlabel="present gradient |g| (cost per unit of w)", ylabel="step / η")
axis.legend(fontsize=9, loc="upper right")
show(
    figure,
    "Adagrad's step against the present gradient for three pasts: every curve rises and stays below 1;"
    " the larger the past, the lower the curve. Vanilla gradient descent is a line without bound.",
)

# %% [markdown]
# **What to remember (D2).** Adagrad's step grows with the present gradient and shrinks with the past ones. Only their ratio
# counts, and the step is at most $\eta$.
#
# **Check yourself**
#
# 1. At $t = 0$ there is no past. Does a larger $g^0$ make a larger step?
# 2. All gradients of a weight have been equal to $g$. What is step number $t$?
#
# <details><summary>Answer</summary>
#
# 1. No. $S = 0$ gives $f = 1$ for every $g \ne 0$: the derivative $S/(S + g^2)^{3/2}$ is 0.
# 2. $\eta\, g/\sqrt{(t+1)g^2} = \eta/\sqrt{t+1}$: for constant gradients the old decay comes back.
#
# </details>

# %% [markdown]
# ## D3 · The best step
#
# Why divide by gradients at all? L answers with a parabola.
#
# ### One parameter
#
# Let $y = ax^2 + bx + c$ with $a > 0$. The derivative is $2ax + b$. It is 0 at the minimum, so the minimum is at
# $x^* = -\frac{b}{2a}$. From $x_0$ the way to it is
#
# $$\text{best step} = |x_0 - x^*| = \left| x_0 + \frac{b}{2a} \right| = \frac{|2ax_0 + b|}{2a}
#   = \frac{|\text{first derivative}|}{\text{second derivative}}.$$
#
# The numerator is the first derivative at $x_0$, and $2a$ is the second derivative. On one parabola $2a$ is constant:
# there, a larger derivative really means that the minimum is farther away.
#
# **Predict, then run.** `best_step(a, b, x0)` is the formula. PyTorch finds both derivatives by itself. Does one such step
# reach the minimum? And what if $a$ is negative?

# %%
rng = np.random.default_rng(0)
rows = []
for _ in range(3):
    a, b, x0 = rng.uniform(0.1, 5), rng.normal(), rng.normal()
    x = torch.tensor(x0, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(a * x**2 + b * x, x, create_graph=True)
    (second,) = torch.autograd.grad(first, x)
    step = scratch.best_step(a, b, x0)
    arrived = x0 - np.sign(first.item()) * step
    quotient = (first.abs() / second).item()
    rows.append([f"{number:.4f}" for number in (a, x0, quotient, step, arrived, -b / (2 * a))])
header = "a", "x₀", "abs(first)/second, PyTorch", "best_step", "x after the step", "minimum −b/2a"
table(header, rows)
try:
    scratch.best_step(-1.0, 0.0, 1.0)
except ValueError as error:
    print("a = −1:", error)

# %% [markdown]
# The slide does not say it, but $a > 0$ is needed. Where the second derivative is negative, the formula gives a negative
# "distance", and the parabola has no minimum.
#
# ### Two parameters
#
# L's next figure has two axes and four points: $a$ and $b$ on a flat parabola over $w_1$, $c$ and $d$ on a steep one over
# $w_2$. We take $y = 0.1\,w_1^2$ and $y = 2.5\,w_2^2$.
#
# **Predict, then run.** Order the four points by first derivative. Then order them by distance to the minimum.

# %%
POINTS = {"a": (0.1, 8.0), "b": (0.1, 4.0), "c": (2.5, 1.0), "d": (2.5, 0.5)}  # coefficient, place
first = {p: 2 * a * x for p, (a, x) in POINTS.items()}
best = {p: scratch.best_step(a, 0.0, x) for p, (a, x) in POINTS.items()}
rows = []
for p, (a, _) in POINTS.items():
    numbers = (first[p], 2 * a, best[p], 0.2 * first[p])
    rows.append((p, "w₁, flat" if a < 1 else "w₂, steep", *(f"{x:.2f}" for x in numbers)))
header = "point", "axis", "first derivative", "second derivative", "best step", "step with rate 0.2"
table(header, rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), sharex=True, sharey=True)
w = np.linspace(-10, 10, 401)
for axis, names, coefficient, label in ((axes[0], "ab", 0.1, "w₁"), (axes[1], "cd", 2.5, "w₂")):
    axis.plot(w, coefficient * w**2, color=BLUE, linestyle="-")
    for p in names:
        x = POINTS[p][1]
        y = coefficient * x**2
        axis.plot([x], [y], "o", color=BLACK, **DOTS)
        axis.annotate(f"{p}: slope {first[p]:.1f}", (x + 0.3, y), va="top")
        axis.annotate("", (0, y), (x, y), arrowprops={"arrowstyle": "->", "color": RED, "shrinkB": 0})
    axis.set(title=f"second derivative {2 * coefficient:g}", xlabel=label)
    axis.set(xlim=(-4, 11), ylim=(-0.3, 9))
axes[0].set_ylabel("cost")
figure.suptitle("c is steeper than a, but nearer to its minimum (arrows: best steps)")
show(
    figure,
    "A flat parabola with points a and b far from the minimum and small slopes, and a steep one with "
    "points c and d close to the minimum and large slopes.",
)

# %% [markdown]
# Within one axis the first derivative orders the points correctly: $a > b$ and $c > d$. Across axes it misleads: $c$ has the
# larger derivative and the *smaller* best step. With one rate for both axes, chosen right for the steep one
# ($1/5 = 0.2$), point $a$ gets 4 % of the step it needs.
#
# The remedy would be to divide by the second derivative. A network has one for every weight, and they are expensive. So:
#
# ### First derivatives estimate the second
#
# L: "use *first derivative* to estimate *second derivative*". On a parabola with minimum $x^*$ the derivative at $x$ is
# $2a(x - x^*)$. Take many points $x^0, \dots, x^t$ and the root mean square of the derivatives there:
#
# $$\sqrt{\frac{1}{t+1} \sum_i (2a)^2 (x^i - x^*)^2} = 2a \cdot \sqrt{\frac{1}{t+1} \sum_i (x^i - x^*)^2}
#   = \text{second derivative} \times \text{RMS distance}.$$
#
# If the points of all axes are spread over the same range $[-r, r]$, the RMS distance is the same for all,
# $r/\sqrt 3$, and the RMS of the *first* derivatives is proportional to the *second* derivative.

# %%
rng = np.random.default_rng(1)
curvatures = np.logspace(-1, 1, 9)  # second derivatives 2a
samples = rng.uniform(-3, 3, (9, 40))  # 40 places on each parabola
rms = np.sqrt(np.mean((curvatures[:, None] * samples) ** 2, axis=1))
slope_parabola = np.polyfit(np.log(curvatures), np.log(rms), 1)[0]

figure, axes = plt.subplots(1, 2, figsize=(8.8, 3.6))
places = np.sort(samples[0, :12])
for curvature, colour, marker in ((0.5, BLUE, "o"), (2.0, RED, "s")):
    slopes = np.abs(curvature * places)
    level, label = np.sqrt(np.mean(slopes**2)), f"second derivative {curvature:g}"
    axes[0].plot(places, slopes, marker, color=colour, **DOTS, label=label)
    axes[0].axhline(level, color=colour, linestyle="--", label=f"their RMS, {level:.1f}")
axes[0].set(title="12 sampled derivatives of two parabolas", xlabel="x − x*")
axes[0].set(ylabel="|first derivative|", ylim=(0, 9))
axes[0].legend(fontsize=8, loc="upper center", ncols=2)
axes[1].loglog(curvatures, curvatures * np.sqrt(3), **THIN, linestyle=":", label="theory: 2a · r/√3")
axes[1].loglog(curvatures, rms, "D", color=GREEN, **DOTS, label="RMS of 40 samples, r = 3")
axes[1].set(title="Proportional to curvature", xlabel="second derivative 2a", ylabel="RMS of derivatives")
axes[1].legend(fontsize=9)
figure.suptitle("Sampled first derivatives measure the second derivative")
show(
    figure,
    "Left: derivatives of a flat and a steep parabola at the same twelve places, with their root mean "
    "squares. Right: the root mean square against the second derivative: a line of slope 1.",
)
print(f"slope in the log-log plot: {slope_parabola:.2f}")

# %% [markdown]
# So Adagrad's step on a parabola is
#
# $$\frac{\eta^t}{\sigma^t}\,|g^t| = \eta^t\, \frac{2a\,|x^t - x^*|}{2a \cdot \text{RMS distance}}
#   = \eta^t\, \frac{\text{best step}}{\text{RMS of the distances so far}}.$$
#
# The curvature $2a$ has cancelled! **Predict, then run.** Adagrad on $y = ax^2$, from $x = 1$, for $a = 0.01$ and $a = 100$.
# How different are the two paths?

# %%
paths = {}
for a in (0.01, 1.0, 100.0):
    w = np.array([1.0])
    optimizer, paths[a] = scratch.Adagrad({"w": w}, lr=0.3, eps=0), [1.0]
    for _ in range(30):
        optimizer.step({"w": 2 * a * w})
        paths[a].append(w[0])
print("x after 30 steps:", {a: f"{path[-1]:.6f}" for a, path in paths.items()})
print("same path:", np.allclose(paths[0.01], paths[100.0], rtol=1e-9))

# %% [markdown]
# ### Does it hold in a network?
#
# A network is not a parabola, its gradients are from mini-batches, and its weights do not wander over equal ranges. So we
# measure. A 40-64-64-10 network is trained by Adagrad for four epochs. Its activation is tanh, which is smooth, so that
# second derivatives exist everywhere. For 60 weights, and three seeds, we compare $\sigma$, the RMS of all mini-batch gradients, with the
# **second derivative** $\partial^2 C/\partial w^2$, by central differences of the gradient, at the start and
# after each epoch.
#
# The slide's argument predicts a slope of 1 in a log-log plot. There is a second argument, and it predicts another slope.
# Suppose the label of an example is $k$ with probability $p_k$, as the network says, and $C_k = -\log p_k$. Then
# $C_k' = -p_k'/p_k$, that is $p_k' = -p_k C_k'$ (a prime is the derivative in $w$).
#
# 1. $\sum_k p_k = 1$. Differentiate: $\sum_k p_k' = 0$, so $\sum_k p_k C_k' = 0$. The mean gradient is 0.
# 2. Differentiate again: $\sum_k (p_k' C_k' + p_k C_k'') = 0$. Put in $p_k' = -p_k C_k'$:
#    $\;\sum_k p_k C_k'' = \sum_k p_k (C_k')^2$.
#
# In words: the mean *second derivative* is the mean *squared gradient* of single examples. (It is the diagonal of the Fisher
# information.) The gradient of a batch is the mean of $B$ such gradients, with mean 0, so its mean square is
# smaller by $B$:
#
# $$\sigma^2 \approx \frac{1}{B}\frac{\partial^2 C}{\partial w^2}, \qquad
#   \sigma \approx \sqrt{\frac{1}{B}\frac{\partial^2 C}{\partial w^2}} : \text{ slope } \tfrac12.$$
#
# **Predict, then run.** Is the slope nearer to 1 or to ½? Are second derivatives ever negative?

# %%
rng = np.random.default_rng(5)
WEIGHTS = [(f"{layer}.weight", i) for layer in (0, 2, 4) for i in rng.integers(640, size=20)]


def one_gradient(net, batch):
    loss = scratch.CrossEntropyLoss()
    loss(net(batch[0]), batch[1])
    net.backward_params(loss.backward())
    return net.grads


def second_derivatives(net, batch, h=1e-4):
    """∂²C/∂w² of each weight of WEIGHTS: central differences of its gradient."""
    result = []
    for key, i in WEIGHTS:
        w = net.params[key].reshape(-1)  # a view
        start, slopes = w[i], []
        for shift in (h, -h):
            w[i] = start + shift
            slopes.append(one_gradient(net, batch)[key].reshape(-1)[i])
        w[i] = start
        result.append((slopes[0] - slopes[1]) / (2 * h))
    return np.array(result)


def curvature_run(seed, epochs=4):
    """Second derivatives at the start and after each epoch [epochs + 1, 60], and σ [60]."""
    net, rng = network(seed, scratch.Tanh), np.random.default_rng(seed)
    optimizer, some = scratch.Adagrad(net.params, lr=0.1), (train[0][:500], train[1][:500])
    curvature = [second_derivatives(net, some)]
    for _ in range(epochs):
        scratch.fit(net, scratch.CrossEntropyLoss(), optimizer, train, epochs=1, rng=rng)
        curvature.append(second_derivatives(net, some))
    state = optimizer.state
    mean_squares = [state[k]["sum"].reshape(-1)[i] / state[k]["t"] for k, i in WEIGHTS]
    return np.array(curvature), np.sqrt(mean_squares)


runs = [curvature_run(seed) for seed in SEEDS]
curvature, sigma = np.array([r[0] for r in runs]), np.array([r[1] for r in runs])
negative = np.mean(curvature < 0, axis=(0, 2))
mean_curvature = curvature.mean(axis=1)  # over the five times, [3 seeds, 60 weights]
network_slope, network_corr, level = [], [], []
for c, sigma_c in zip(mean_curvature, sigma, strict=True):
    logs = np.log10(c[c > 0]), np.log10(sigma_c[c > 0])
    network_slope.append(np.polyfit(*logs, 1)[0])
    network_corr.append(np.corrcoef(*logs)[0, 1])
    level.append(np.median(sigma_c[c > 0] / np.sqrt(c[c > 0] / 100)))
inside = []
for part in (np.s_[:, :20], np.s_[:, 20:40], np.s_[:, 40:]):
    c, sigma_c = mean_curvature[part].ravel(), sigma[part].ravel()
    inside.append(np.corrcoef(np.log(c[c > 0]), np.log(sigma_c[c > 0]))[0, 1])
print(f"correlation of the logarithms {spread(network_corr)}, slope {spread(network_slope)}")
print(f"σ / √(curvature/B), median: {spread(level)}")
print("correlation inside one layer, first to last:", np.round(inside, 2))
print("share of negative second derivatives, at the start and after each epoch:", np.round(negative, 2))
assert max(network_slope) < 0.75

# %% tags=["hide-input"]
figure, axis = plt.subplots(figsize=(7, 4.2))
LAYERS = (("first layer", "o", BLUE), ("second layer", "s", ORANGE), ("output layer", "D", GREEN))
for k, (layer, marker, colour) in enumerate(LAYERS):
    part = np.s_[:, 20 * k : 20 * k + 20]
    curve = mean_curvature[part].ravel(), sigma[part].ravel()
    axis.loglog(*curve, marker, color=colour, **DOTS, label=layer)
line = np.array([6e-4, 8e-2])
axis.loglog(line, np.sqrt(line / 100), **THIN, linestyle="-", label="√(curvature/B), slope ½")
axis.loglog(line, 0.8 * line, **THIN, linestyle=":", label="slope 1 (height arbitrary)")
axis.set(title="First derivatives do estimate the second: its square root")
axis.set(xlabel="second derivative of the cost in this weight (mean over training)")
axis.set(ylabel="σ: RMS of its gradients")
axis.legend(fontsize=9)
show(
    figure,
    "RMS gradient against second derivative for 180 weights of three layers on log axes. The cloud "
    "follows the line of slope one half, not the line of slope one.",
)

# %% [markdown]
# The slide's idea is right in a network, too: weights with larger gradients are those with larger curvature (most clearly
# between layers, more weakly inside one). But the slope is nearer to ½ than to 1, and even the height of the line is right. So with mini-batches Adagrad divides by
# something like the *root* of the curvature. That is more careful than the best step, which would divide by the curvature
# itself. (Whether this likeness to the Fisher information explains the success of such methods is debated: Kunstner,
# Hennig and Balles 2019.)
#
# At the start part of the second derivatives is negative. There "the best step" does not exist. $\sigma$ is never negative.
#
# **What to remember (D3).** On a parabola the best step is |first| / second derivative. The first derivative alone misleads
# as soon as there are two axes. The RMS of first derivatives grows with the second derivative, so it can take its place:
# proportionally on parabolas, like the square root in our network.
#
# **Check yourself**
#
# 1. Gradient descent with rate $\eta$ reaches the minimum of $y = ax^2 + bx + c$ in one step. What is $\eta$?
# 2. Why do the samples on the two parabolas have to cover the same range?
# 3. The batch is four times larger. What does the second argument predict for $\sigma$?
#
# <details><summary>Answer</summary>
#
# 1. $\eta\,|2ax_0 + b| = |2ax_0 + b|/2a$, so $\eta = 1/2a$: one over the second derivative.
# 2. The RMS is (second derivative) × (RMS distance). If the flat axis is visited over a wide range and the steep one over a
#    narrow range, both may have the same RMS.
# 3. $\sigma \approx \sqrt{\text{curvature}/B}$ becomes half as large.
#
# </details>

# %% [markdown]
# ## D7 · Rprop and Quickprop
#
# C, "derivative-inspired algorithms": obtain *separate updates for each dimension*; use the derivative for **trends**, but
# do not follow it absolutely. Both are older than Adagrad, and both are the root of later ideas: Rprop of RMSProp (D4), and
# Quickprop estimates D3's second derivative.
#
# ### Rprop (Riedmiller and Braun 1993)
#
# Only the **sign** of the gradient counts. Each weight has its own step $\Delta$.
#
# * Same sign as last time: the trend goes on. $\Delta \leftarrow 1.2\,\Delta$.
# * Other sign: we have jumped over a minimum. $\Delta \leftarrow 0.5\,\Delta$.
# * Then $w \leftarrow w - \Delta\, \text{sign}(g)$.
#
# At a change of sign the first paper goes back to the last $w$. PyTorch lets $w$ stay for one step and forgets the sign
# (this is the variant iRprop⁻ of Igel and Hüsken 2003), and so do we.
#
# ### Quickprop (Fahlman 1988)
#
# Take the last two slopes of one weight, $g_{last}$ at $w - \Delta_{last}$ and $g$ at $w$, and draw the straight line through
# them:
#
# $$\text{slope}(w + \Delta) \approx g + \frac{g - g_{last}}{\Delta_{last}}\,\Delta.$$
#
# The minimum is where this is 0. Solve for $\Delta$:
#
# $$\Delta = -\frac{g}{(g - g_{last})/\Delta_{last}} = \Delta_{last}\,\frac{g}{g_{last} - g}.$$
#
# Compare with D3: it is first derivative / second derivative, with the second derivative estimated from two first ones. Two
# rules keep it safe: at most `growth` $= 1.75$ times the last step; and if the slope has not become smaller, take
# `growth` times the last step.
#
# **Predict, then run.** Nine steps on $y = (x - 1)^2$ from $x = 0$. When does Quickprop reach the minimum exactly? What does
# Rprop's $\Delta$ do?

# %%
for name, lr in (("Rprop", 0.2), ("Quickprop", 0.3)):
    x, y = np.array([0.0]), torch.zeros(1, dtype=torch.float64, requires_grad=True)
    ours, theirs = getattr(scratch, name)({"x": x}, lr=lr), getattr(pytorch, name)([y], lr=lr)
    path = [0.0]
    for _ in range(9):
        ours.step({"x": 2 * (x - 1)})
        y.grad = 2 * (y.detach() - 1)
        theirs.step()
        path.append(x[0])
    print(f"{name:<9}", " ".join(f"{value:.3f}" for value in path), f" PyTorch: {y.item():.3f}")

# %% [markdown]
# Quickprop is exact on a parabola, from its second step on. Rprop accelerates, jumps over, halves, and closes in.
#
# ### Trends per dimension
#
# C's long valley: $f = \frac12(0.02x^2 + 2y^2)$, curvatures 0.02 and 2. Once as it is, once turned by 45°.
# For plain gradient descent we take the best fixed rate, $\eta = 2/(0.02 + 2)$ (lecture 05, G9).
#
# **Predict, then run.** Which of Rprop's two steps becomes large on the axis-aligned valley? And on the turned one?

# %%
valleys = {"axis-aligned": long_valley, "turned by 45°": rotate(long_valley, np.pi / 4)}


def descend(make, surface, steps):
    """The path [steps + 1, 2] of an optimizer, and Δ of Rprop [steps, 2]."""
    w = np.array(surface.start)
    optimizer, path, deltas = make({"w": w}), [w.copy()], []
    with np.errstate(all="ignore"):
        for _ in range(steps):
            optimizer.step({"w": surface.gradient(w)})
            path.append(w.copy())
            deltas.append(optimizer.state["w"].get("delta", w * np.nan).copy())
    return np.array(path), np.array(deltas)


figure, axes = plt.subplots(2, 2, figsize=(9.2, 6.2))
for (name, surface), (left, right) in zip(valleys.items(), axes, strict=True):
    path, deltas = descend(lambda params: scratch.Rprop(params, lr=0.1), surface, 40)
    vanilla, _ = descend(lambda params: scratch.SGD(params, lr=2 / 2.02), surface, 40)
    x, y = np.meshgrid(np.linspace(-11, 6, 120), np.linspace(-9, 4, 120))
    heights, levels = surface(np.stack([x, y], -1)), np.logspace(-2, 2, 9)
    left.contour(x, y, heights, levels=levels, colors="0.7", linewidths=0.8)
    left.plot(*vanilla.T, ".-", color=ORANGE, linewidth=1, label="gradient descent, 40 steps")
    left.plot(*path.T, "o-", color=BLUE, markersize=3, linewidth=1.5, label="Rprop, 40 steps")
    left.plot([0], [0], "*", color=RED, markersize=12, linestyle="none", label="minimum")
    left.set(title=f"{name}: path", xlabel="x", ylabel="y", xlim=(-11, 6), ylim=(-9, 4))
    for k, (label, colour, dash) in enumerate((("Δ of x", BLUE, "-"), ("Δ of y", RED, "--"))):
        right.semilogy(np.arange(1, 41), deltas[:, k], color=colour, linestyle=dash, label=label)
    right.set(title=f"{name}: Rprop's two Δ", xlabel="step", ylabel="Δ (length)", ylim=(1e-4, 20))
axes[0, 0].legend(fontsize=8, loc="lower left")
axes[0, 1].legend(fontsize=9)
figure.suptitle("A step per dimension finds a valley along an axis; a turned valley hides it")
show(
    figure,
    "A long valley, axis-aligned above and turned below, with paths of gradient descent and Rprop, and "
    "Rprop's two step sizes over time. Aligned: the step of x grows while that of y shrinks. Turned: "
    "both shrink and grow together.",
)
for name, surface in valleys.items():
    deltas = descend(lambda params: scratch.Rprop(params, lr=0.1), surface, 12)[1].max(axis=0)
    print(f"{name}: largest Δ within 12 steps, x {deltas[0]:.2f}, y {deltas[1]:.2f}")

# %% [markdown]
# On the axis-aligned valley each dimension has its own clear trend: $x$ keeps its sign and $\Delta_x$ grows; $y$ changes its
# sign and $\Delta_y$ shrinks. On the turned valley both coordinates are "across" and "along" at once. Neither has a clear
# trend.
#
# ### What is lost: the dependence among components
#
# C: these methods "lose the dependence among components, and thus some efficiency". Here is why. Let the cost be a
# quadratic with second derivatives $H_{ij}$. If all weights move by $\Delta_j$, the slope of weight $i$ changes by
# $g_i - g_{i,last} = \sum_j H_{ij} \Delta_j$. Quickprop divides by its own $\Delta_i$:
#
# $$\frac{g_i - g_{i,last}}{\Delta_i} = H_{ii} + \sum_{j \ne i} H_{ij}\,\frac{\Delta_j}{\Delta_i}.$$
#
# The first term is what it wants. The sum is an error. It vanishes if $H$ has no entries off the diagonal, that is if the
# valley lies along the axes. A turned valley has them: for 45° all four entries have about the same size.
#
# **Predict, then run.** After how many steps does $f$ stay below $10^{-4}$, for each angle? Gradient descent does not care
# about the angle. Rprop and Quickprop get their best start value (`lr`) from a grid of four per decade.

# %%
surface = valleys["turned by 45°"]
w = np.array(surface.start)
optimizer = scratch.Quickprop({"w": w}, lr=0.1)
optimizer.step({"w": surface.gradient(w)})
g_last, last_step = surface.gradient(w), -w.copy()
optimizer.step({"w": g_last})
last_step += w
estimate = (surface.gradient(w) - g_last) / last_step
H = np.array([[1.01, -0.99], [-0.99, 1.01]])
predicted = np.diag(H) + np.array([H[0, 1], H[1, 0]]) * last_step[::-1] / last_step
print("wanted, H_ii:       ", np.diag(H))
print("Quickprop estimates: ", np.round(estimate, 2), " formula:", np.round(predicted, 2))
assert np.allclose(estimate, predicted)

# %%
ANGLES = (0, 15, 30, 45, 60, 75, 90)
STARTS = 10.0 ** np.arange(-2, 1.3, 0.25)


def steps_needed(make, surface, limit=350):
    """Steps after which f stays below 1e-4 until the limit; inf if it does not."""
    path, _ = descend(make, surface, limit)
    above = np.flatnonzero(~(surface(path) < 1e-4))
    return above[-1] + 1 if above[-1] < limit - 50 else np.inf


TREND = {"Rprop": scratch.Rprop, "Quickprop": scratch.Quickprop}
needed = {name: {} for name in ("gradient descent", *TREND)}
for angle in ANGLES:
    surface = rotate(long_valley, np.radians(angle))
    vanilla = steps_needed(lambda params: scratch.SGD(params, lr=2 / 2.02), surface)
    needed["gradient descent"][angle] = [vanilla]
    for name, make in TREND.items():
        needed[name][angle] = [
            steps_needed(lambda params, make=make, lr=lr: make(params, lr=lr), surface) for lr in STARTS
        ]

figure, axis = plt.subplots(figsize=(7, 3.8))
for name, colour, dash in zip(needed, (ORANGE, BLUE, RED), ("-", "--", "-."), strict=True):
    lowest = [min(needed[name][angle]) for angle in ANGLES]
    middle = [np.median(needed[name][angle]) for angle in ANGLES]
    axis.semilogy(ANGLES, lowest, "o", color=colour, linestyle=dash, label=name)
    if name in TREND:
        axis.semilogy(ANGLES, middle, color=colour, linestyle=":", label=f"{name}, median start")
axis.set(title="Turn the valley, and a step per dimension loses its advantage", ylim=(1, 400))
axis.set(xlabel="angle of the valley, degrees", ylabel="steps until f stays below 10⁻⁴", xticks=ANGLES)
axis.legend(fontsize=8, loc="lower center", ncols=2)
show(
    figure,
    "Steps needed against the angle of the valley. Gradient descent needs the same number everywhere; "
    "Rprop and Quickprop need few at 0 and 90 degrees and several times more between.",
)
rows = []
for name, counts in needed.items():
    rows.append((name, *(f"{min(c)} ({np.median(c):.0f})" for c in counts.values())))
table(("steps, best start (median)", *(f"{angle}°" for angle in ANGLES)), rows)
for name in TREND:
    assert min(needed[name][45]) > 3 * min(needed[name][0])
    assert max(min(counts) for counts in needed[name].values()) < needed["gradient descent"][0][0]

# %% [markdown]
# Both halves of C's sentence are confirmed. Where the valley lies along an axis, a step per dimension needs a tenth of the
# steps of gradient descent, or fewer. Turn it, and several times more steps are needed; but in this valley they still
# need fewer than gradient descent. (To keep the dependence one needs whole matrices: Newton's method, or
# Shampoo, Gupta, Koren and Singer 2018, which keeps part of it.)
#
# ### Real data: the whole batch, and mini-batches
#
# Digit images, a 64-32-10 network with tanh. First the gradient of the **whole** training set, 60 steps. Then
# **mini-batches** of 10 images, two epochs (216 steps). The rate is the one with the lowest training loss on seed 9, for
# each case separately.
#
# **Predict, then run.** Who wins with the whole batch? What happens to the trends in mini-batches?


# %%
def digits_run(name, lr, seed, batch_size, epochs):
    """(training loss at the end, validation accuracy)."""
    net, loss = network(seed, scratch.Tanh, (64, 32)), scratch.CrossEntropyLoss()
    optimizer, rng = OPTIMIZERS[name](net.params, lr), np.random.default_rng(seed)
    try:
        with np.errstate(all="ignore"):
            scratch.fit(net, loss, optimizer, digits, epochs=epochs, batch_size=batch_size, rng=rng)
    except scratch.Diverged:
        return np.inf, 0.1
    return scratch.evaluate(net, loss, digits)[0], scratch.evaluate(net, loss, digits_validation)[1]


GRIDS = {
    "SGD": (0.2, 0.5, 1.0, 2.0),
    "Rprop": (0.001, 0.01, 0.1, 1.0),
    "Quickprop": (0.1, 0.3, 1.0, 3.0),
}
on_digits, rows = {}, []
for case, size, epochs in (("whole batch, 60 steps", 1077, 60), ("batches of 10, 216 steps", 10, 2)):
    for name, grid in GRIDS.items():
        tried = {lr: digits_run(name, lr, 9, size, epochs)[0] for lr in grid}
        lr = min(tried, key=tried.get)
        results = np.array([digits_run(name, lr, seed, size, epochs) for seed in SEEDS])
        on_digits[name, size] = results.mean(axis=0)
        rows.append((case, name, lr, spread(results[:, 0]), spread(results[:, 1])))
table(("", "", "rate", "training loss", "validation accuracy"), rows)
for name in ("Rprop", "Quickprop"):
    assert on_digits[name, 1077][0] < 0.2 * on_digits["SGD", 1077][0]
    assert on_digits[name, 10][0] > 2 * on_digits["SGD", 10][0]

# %% [markdown]
# With the whole batch both fit the training data far better in the same number of steps. On mini-batches the order is
# reversed: the sign of a weight's gradient changes from batch to batch by chance, and chance is no trend. RMSProp (D4) was
# invented to repair this.
#
# **What to remember (D7).** Rprop: a step for each dimension, from signs alone. Quickprop: Newton's step for each dimension,
# from two gradients. Both are strong on whole batches, lose when the valley is turned, and fail on mini-batches.
#
# **Check yourself**
#
# 1. The sign of a weight's gradient has been the same 10 times. By what factor has Rprop's $\Delta$ grown?
# 2. Quickprop: last slope 4, present slope 1, last step $-0.3$. What is the next step?
#
# <details><summary>Answer</summary>
#
# 1. $1.2^9 \approx 5.2$: the first gradient has no predecessor.
# 2. $\Delta = -0.3 \cdot \frac{1}{4 - 1} = -0.1$.
#
# </details>

# %% [markdown]
# ## D8 · Normalising by the second moment
#
# C comes to the same idea from another side. Watch the steps of an optimizer that oscillates:
#
# | step | 1 | 2 | 3 | 4 | 5 |
# |---|---|---|---|---|---|
# | X component | 1 | 1 | 3 | 1 | 2 |
# | Y component | +2.5 | −3 | +2.5 | −2 | 1.5 |
#
# "In the example, total motion in the vertical direction is much greater than in the horizontal direction." The improvement:
# dampen the step where motion is high; "scale down Y component, scale up X component, according to their variation (and not
# just their average)".
#
# The mean square of a component is its **second moment**. For any numbers, with mean $m$,
# $\frac1n\sum s_i^2 = m^2 + \frac1n\sum (s_i - m)^2$: second moment = mean² + variance.
#
# **Predict, then run.** Compute in your head the total motion, the sum of |steps|, in X and in Y. Is Y much greater? What is
# the *net* motion?

# %%
motion = np.array([[1, 1, 3, 1, 2], [2.5, -3, 2.5, -2, 1.5]])  # X, Y
second_moment = np.mean(motion**2, axis=1)
normalised = motion / np.sqrt(second_moment)[:, None]
by_deviation = motion / motion.std(axis=1)[:, None]
measures = {
    "net motion, Σ s": motion.sum(axis=1),
    "total motion, Σ abs(s)": np.abs(motion).sum(axis=1),
    "mean": motion.mean(axis=1),
    "variance": motion.var(axis=1),
    "second moment = mean² + variance": second_moment,
    "root of the second moment (RMS)": np.sqrt(second_moment),
    "total motion after dividing by RMS": np.abs(normalised).sum(axis=1),
    "net motion after dividing by RMS": normalised.sum(axis=1),
    "total motion after dividing by std. deviation": np.abs(by_deviation).sum(axis=1),
    "net motion after dividing by std. deviation": by_deviation.sum(axis=1),
}
rows = [(name, f"{x:.2f}", f"{y:.2f}", f"{y / x:.2f}") for name, (x, y) in measures.items()]
table(("", "X", "Y", "Y / X"), rows)

# %% [markdown]
# Three remarks on the slide.
#
# * "Much greater": total motion is 11.5 against 8. That is 1.44 times, not much. What differs greatly is the *net* motion,
#   1.5 against 8.
# * "Scale down Y, scale up X": both root second moments are larger than 1, so both components are scaled *down*, Y a little
#   more. Only the ratio changes. How long the steps are in the end is set by $\eta$.
# * "Their variation (and not just their average)": the second moment about 0 contains the average, too. X has a small
#   variance, but a large mean, and so its second moment is large. Dividing by the standard deviation would
#   favour X much more (last two rows). That is `RMSprop(centered=True)` in both libraries.
#
# And the signs of Y still alternate: dividing does not remove the zig-zag. Momentum does, by *averaging* (lecture 07),
# because the average of Y is small. The two ideas complement each other, and Adam uses both.
#
# **What to remember (D8).** The root of the second moment makes the sizes of all components alike. It does not cancel
# oscillations.
#
# **Check yourself**
#
# 1. All five X steps are 2. What are variance and second moment? What would `centered=True` do?
# 2. Which is larger in the example, the average of X or the average of Y, and by what factor?
#
# <details><summary>Answer</summary>
#
# 1. Variance 0, second moment 4. Divided by the standard deviation 0, the step would be limited by $\varepsilon$ only:
#    dangerous.
# 2. 1.6 against 0.3: X, by a factor of 5.3.
#
# </details>

# %% [markdown]
# ## D4 · Adagrad's step dies out; RMSProp forgets
#
# ### It only grows
#
# Adagrad's sum gets a new term $(g^t)^2 \ge 0$ in every step and never loses one. If the gradients keep a typical size
# $\bar g$, then $\sum_{i \le t} (g^i)^2 \approx (t+1)\,\bar g^2$, and a typical step is
#
# $$\frac{\eta\,\bar g}{\sqrt{(t+1)\,\bar g^2}} = \frac{\eta}{\sqrt{t+1}}.$$
#
# So the decay that cancelled in D1 is still there. It was cancelled against a root *mean* square, and what is left is the
# root of a *sum*, which grows like $\sqrt{t+1}$. U: "after a great number of iterations, the step will turn out to be super
# small. In fact, it stops doing the gradient descent".
#
# ### RMSProp
#
# C and U replace the sum by a running mean (Tieleman and Hinton 2012). With C's symbols, for step $k$:
#
# $$E[\partial_w^2 D]_k = \gamma\, E[\partial_w^2 D]_{k-1} + (1 - \gamma)\,(\partial_w D)_k^2, \qquad
#   w_{k+1} = w_k - \frac{\eta}{\sqrt{E[\partial_w^2 D]_k + \epsilon}}\, \partial_w D.$$
#
# ($\partial_w^2 D$ is the *squared* derivative here, not the second derivative, as C notes.) Write $v_k$ for the mean, $g_k$ for
# the gradient, start with $v_0 = 0$, and insert the first line into itself:
#
# $$v_k = (1-\gamma)\,g_k^2 + \gamma v_{k-1} = (1-\gamma)\left[g_k^2 + \gamma g_{k-1}^2\right] + \gamma^2 v_{k-2}
#   = \dots = (1-\gamma)\sum_{i=1}^{k} \gamma^{k-i} g_i^2.$$
#
# The weights fall by $\gamma$ with each step of age. They sum to $(1-\gamma)(1 + \gamma + \dots + \gamma^{k-1}) = 1 - \gamma^k$.
# The average age is about $\frac{1}{1-\gamma}$: 10 steps for $\gamma = 0.9$, 100 steps for PyTorch's default 0.99.
#
# Two bounds follow. $v_k \ge (1-\gamma)g_k^2$, so no step is larger than $\eta/\sqrt{1-\gamma}$. And the first step has exactly
# this size, since $v_1 = (1-\gamma) g_1^2$: with $\gamma = 0.99$ that is $10\,\eta$ (first column of the next table). (Adam's bias correction removes this:
# lecture 07.)
#
# **Predict, then run.** Back to D2's second row: 10.8, 20.9, 31.7, 12.1, and then 0.1 for ever. After how many small
# gradients is the step at least half of $\eta$ again?

# %%
row = np.array([10.8, 20.9, 31.7, 12.1] + [0.1] * 3000)
METHODS = {
    "Adagrad": lambda params: scratch.Adagrad(params, lr=1.0, eps=0),
    "RMSProp, γ = 0.9": lambda params: scratch.RMSprop(params, lr=1.0, alpha=0.9, eps=0),
    "RMSProp, γ = 0.99": lambda params: scratch.RMSprop(params, lr=1.0, alpha=0.99, eps=0),
}
recovered, rows = {}, []
for name, make_one in METHODS.items():
    made = -moves(make_one, row)
    large = np.flatnonzero(made[4:] >= 0.5)
    recovered[name] = str(large[0] + 1) if len(large) else "never"
    shown = (f"{made[4 + k]:.4f}" for k in (0, 9, 99, 999, 2999))
    rows.append((name, f"{made[0]:.2f}", *shown, recovered[name]))
counted = (f"small gradient {k}" for k in ("1", "10", "100", "1000", "3000"))
table(("step / η", "first step of all", *counted, "half of η from number"), rows)

# %% [markdown]
# Adagrad never recovers: its step stays at what the first four gradients allow. RMSProp forgets them, sooner with a smaller
# $\gamma$.
#
# ### Real training
#
# Now mnist1d, 30 epochs of 32 steps, three seeds, each method with its rate from `RATE`. For every epoch we take the RMS of
# all steps of all weights. (In the table: epochs 2, 10, 30; accuracy and loss on the validation data.)
#
# **Predict, then run.** On log-log axes: which slope will Adagrad's curve have, and which RMSProp's? Will Adagrad be worse
# after 30 epochs?


# %%
def step_sizes(name, seed, epochs=30):
    """RMS of the steps in each epoch [epochs], and validation (loss, accuracy) after each epoch."""
    net, loss, rng = network(seed), scratch.CrossEntropyLoss(), np.random.default_rng(seed)
    optimizer, sizes, scores = OPTIMIZERS[name](net.params, RATE[name]), [], []
    for _ in range(epochs):
        squares = count = 0
        for batch in scratch.minibatches(len(train[0]), 100, rng):
            before = net.state_dict()  # a copy
            optimizer.step(one_gradient(net, (train[0][batch], train[1][batch])))
            squares += sum(np.sum((net.params[key] - w) ** 2) for key, w in before.items())
            count += sum(w.size for w in before.values())
        sizes.append(np.sqrt(squares / count))
        scores.append(scratch.evaluate(net, loss, validation))
    return sizes, scores


epoch = np.arange(1, 31)
sizes, scores, time_slope, shrunk, rows = {}, {}, {}, {}, []
for name in ("Adagrad", "RMSProp, γ = 0.99"):
    runs = [step_sizes(name, seed) for seed in SEEDS]
    sizes[name], scores[name] = np.array([r[0] for r in runs]), np.array([r[1] for r in runs])
    logs = np.log(sizes[name][:, 1:])
    time_slope[name] = [np.polyfit(np.log(epoch[1:]), log, 1)[0] for log in logs]
    shrunk[name] = sizes[name][:, -1] / sizes[name][:, 1]
    loss, accuracy = scores[name][:, -1].T
    numbers = time_slope[name], shrunk[name], scores[name][:, 9, 1], accuracy, loss
    rows.append((name, *(spread(n, d) for n, d in zip(numbers, (2, 2, 2, 2, 1), strict=True))))
header = "", "slope from 2 on", "step at 30 / at 2", "accuracy at 10", "accuracy at 30", "loss at 30"
table(header, rows)
assert max(time_slope["Adagrad"]) < -0.4
assert min(time_slope["RMSProp, γ = 0.99"]) > -0.25

# %% tags=["hide-input"]
figure, axis = plt.subplots(figsize=(7, 4))
for (name, curves), colour, dash in zip(sizes.items(), (BLUE, RED), ("-", "--"), strict=True):
    for seed, curve in enumerate(curves):
        label = f"{name}, rate {RATE[name]:g}, 3 seeds" if seed == 0 else None
        axis.loglog(epoch, curve, color=colour, linestyle=dash, linewidth=1.4, label=label)
reference = sizes["Adagrad"][0, 3] * np.sqrt(4 / epoch)
axis.loglog(epoch, reference, **THIN, linestyle=":", label="∝ 1/√t")
axis.set(title="Adagrad's steps die out like 1/√t; RMSProp's do not")
axis.set(xlabel="epoch (32 steps each)", ylabel="RMS of the steps of a weight")
axis.set_xticks([1, 2, 5, 10, 20, 30], ["1", "2", "5", "10", "20", "30"])
axis.set_yticks([0.002, 0.005, 0.01, 0.02], ["0.002", "0.005", "0.01", "0.02"])
axis.minorticks_off()
axis.legend(fontsize=9)
show(
    figure,
    "RMS step size per epoch on log axes over 30 epochs, three seeds. Adagrad falls along the line one "
    "over root t; RMSProp stays about level.",
)

# %% [markdown]
# The steps die out, as the formula says. But the harm that U describes does not appear here: after 30 epochs Adagrad is as
# accurate as RMSProp. A falling rate is what lecture 05 recommends (G7), and Adagrad has such a schedule built in. The
# harm is to be expected where the *early* gradients are large, as in the row above.
#
# ### "Similar to Rprop: the magnitude is normalised away"
#
# C: "note similarity to RPROP: the magnitude of the derivative is being normalized out". For $\gamma = 0$ this is exact:
# $v = g^2$, and the step is $\eta\,\text{sign}(g)$. For larger $\gamma$ the *typical* magnitude is divided out; whether a single
# gradient is larger than usual still counts.
#
# That difference is what mini-batches need. Tieleman and Hinton's example: a weight gets the gradient $+0.1$ in nine batches
# and $-0.9$ in the tenth. The mean is 0, so the weight should stay where it is.
#
# **Predict, then run.** What does the sign alone do? What does Rprop do? And RMSProp?

# %%
nine_to_one = np.array(([0.1] * 9 + [-0.9]) * 40)
COMPARED = {
    "sign of g (RMSProp, γ = 0)": lambda params: scratch.RMSprop(params, lr=1.0, alpha=0.0, eps=0),
    "RMSProp, γ = 0.5": lambda params: scratch.RMSprop(params, lr=1.0, alpha=0.5, eps=0),
    **{name: METHODS[name] for name in ("RMSProp, γ = 0.9", "RMSProp, γ = 0.99")},
    "Rprop": lambda params: scratch.Rprop(params, lr=1.0),
}
drift, rows = {}, []
for name, make_one in COMPARED.items():
    last_cycle = moves(make_one, nine_to_one)[-10:]
    drift[name] = last_cycle.sum() / np.abs(last_cycle).sum()
    numbers = last_cycle.sum(), np.abs(last_cycle).sum(), drift[name]
    rows.append((name, *(f"{x:.2f}" for x in numbers)))
table(("last of 40 cycles", "net motion / η", "total motion / η", "net / total"), rows)
tenfold = moves(METHODS["RMSProp, γ = 0.9"], 10 * nine_to_one)
same = np.allclose(tenfold, moves(METHODS["RMSProp, γ = 0.9"], nine_to_one))
print("RMSProp, gradients ten times larger, same steps:", same)
assert abs(drift["RMSProp, γ = 0.99"]) < 0.05 < 0.7 < abs(drift["sign of g (RMSProp, γ = 0)"])

# %% [markdown]
# The sign alone drifts by $8\eta$ in every cycle. Rprop is worse: it sees a trend, and its step grows up to its limit of 50.
# RMSProp divides all ten gradients by nearly the same number, so they still cancel, better for larger $\gamma$.
#
# One line on a slide of C calls $\partial_w D$ the "*sum* derivative"; the procedure computes a *mean* over the batch, $\frac1B$.
# With RMSProp it makes no difference: a constant factor is normalised away (last line above).
#
# **What to remember (D4).** A sum grows, so Adagrad's steps fall like $1/\sqrt t$. RMSProp's running mean forgets: its memory
# is about $1/(1-\gamma)$ steps. It normalises the typical magnitude, not each single one.
#
# **Check yourself**
#
# 1. How old is a gradient whose weight in $v$ has fallen to half, for $\gamma = 0.9$ and for $\gamma = 0.99$?
# 2. RMSProp with a fixed $\eta$ on a noisy cost: does it come to rest in the minimum?
#
# <details><summary>Answer</summary>
#
# 1. $\gamma^k = \frac12$: $k = \log 2/\log(1/\gamma)$, about 6.6 and 69 steps.
# 2. No. Its steps stay at about $\eta$. It needs a schedule, like SGD (lecture 05, G7).
#
# </details>

# %% [markdown]
# ## D5 · AdaDelta
#
# C has only the name, in two lists of variants. We follow the paper (Zeiler 2012).
#
# ### The argument of the units
#
# Suppose that $w$ is a length in metres and that the cost has no unit. What are the units of the steps?
#
# * Gradient descent, $\eta\, g$: the unit of $\eta$ times 1/m, since $g$ is a cost per metre.
# * Adagrad and RMSProp, $\eta\, g/\text{RMS}[g]$: the unit of $\eta$. That of the gradient has cancelled.
# * Best step (D3), first / second derivative: $\frac{1/\text{m}}{1/\text{m}^2} = \text{m}$.
#
# Only the best step has by itself the unit of $w$. In the others $\eta$ must bring it: $\text{m}^2$ for gradient descent, m
# for Adagrad. If we measure in millimetres, $\eta$ must be changed.
#
# Solve the best step for the second derivative: $\frac{1}{\partial^2 C/\partial w^2} = \frac{\Delta w}{\partial C/\partial w}$. A
# step divided by a gradient has the right unit. Zeiler takes the RMS of both over the last steps:
#
# $$\Delta w_t = -\frac{\text{RMS}[\Delta w]_{t-1}}{\text{RMS}[g]_t}\, g_t, \qquad
#   \text{RMS}[x]_t = \sqrt{E[x^2]_t + \varepsilon}, \qquad E[x^2]_t = \rho E[x^2]_{t-1} + (1-\rho) x_t^2.$$
#
# The numerator is from step $t - 1$, because $\Delta w_t$ is not known yet. There is **no learning rate**. PyTorch
# multiplies by `lr`, which is 1 by default.
#
# **Predict, then run.** At the start both means are 0. How can AdaDelta make a first step at all?

# %%
g = np.random.default_rng(0).standard_normal(20)
rho, eps, square, square_step, paper = 0.9, 1e-6, 0.0, 0.0, []
for g_t in g:
    square = rho * square + (1 - rho) * g_t**2
    step = -np.sqrt(square_step + eps) / np.sqrt(square + eps) * g_t
    square_step = rho * square_step + (1 - rho) * step**2
    paper.append(step)
in_scratch = moves(lambda params: scratch.Adadelta(params), g)
in_torch = torch_moves(lambda params: pytorch.Adadelta(params), g)
agree = np.allclose(paper, in_scratch, rtol=1e-9) and np.allclose(paper, in_torch, rtol=1e-9)
print("the paper's form, scratch and PyTorch (lr = 1) agree:", agree)
print(f"first step {abs(paper[0]):.6f}; √(ε/(1 − ρ)) = {np.sqrt(eps / (1 - rho)):.6f}")

# %% [markdown]
# The first step is $\sqrt{\varepsilon}\,|g|/\sqrt{(1-\rho)g^2 + \varepsilon} \approx \sqrt{\varepsilon/(1-\rho)}$. It is
# $\varepsilon$ that starts the motion. What comes later? Take a constant gradient. Then $\text{RMS}[g] \to |g|$, so
# $(\Delta w)^2 \approx d + \varepsilon$ with $d = E[(\Delta w)^2]$ of the step before, and
#
# $$d \leftarrow \rho d + (1-\rho)(d + \varepsilon) = d + (1-\rho)\,\varepsilon.$$
#
# So $d$ grows by the same small amount in each step: the step grows like $\sqrt{(1-\rho)\,\varepsilon\, t}$. Both results are
# proportional to $\sqrt\varepsilon$. **The small constant is a learning rate in disguise.**
#
# **Predict, then run.** A constant gradient of 1, then of 100. How do the steps depend on the gradient, and how on
# $\varepsilon$?

# %%
rows, disguise = [], {}
for g_size, eps in ((1.0, 1e-6), (100.0, 1e-6), (1.0, 1e-4), (100.0, 1e-4)):
    made = -moves(lambda params, eps=eps: scratch.Adadelta(params, eps=eps), [g_size] * 2001)
    disguise[g_size, eps] = made
    grown = np.sqrt(0.1 * eps * 2000)
    numbers = (*(made[k] for k in (0, 20, 200, 2000)), grown)
    rows.append((f"{g_size:g}", f"{eps:g}", *(f"{x:.4f}" for x in numbers)))
table(("g", "ε", "step 1", "step 21", "step 201", "step 2001", "√((1−ρ) ε t), t = 2000"), rows)
ratio = disguise[100.0, 1e-4] / disguise[100.0, 1e-6]
print(f"100 times larger ε: steps {ratio.min():.2f} to {ratio.max():.2f} times larger")

# %% [markdown]
# ### The units, on real data
#
# We multiply all pixels by $k$. The same function is then computed by weights that are $k$ times smaller: the unit
# of $w$ has changed. One softmax layer without bias, start 0, five epochs on the digits. The rate of each method was
# chosen (1, 2, 5 per decade, lowest training loss on seeds 7, 8, 9) for $k = 1$; it then stays as it is.
#
# In theory the training is *the same* if the number with the unit is adapted: $\eta/k^2$ for SGD, $\eta/k$ for Adagrad,
# $\varepsilon/k^2$ for AdaDelta's numerator.
#
# **Predict, then run.** Which method still works at $k = \frac1{10}$ and $k = 10$ without adapting? (A loss above
# $\log 10 \approx 2.30$ is worse than guessing.)


# %% tips={"rtol": 0.1}
def softmax_layer(k, make):
    """Training loss after five epochs on digits times k, mean over the seeds."""
    losses = []
    for seed in SEEDS:
        net = scratch.Sequential(scratch.Linear(64, 10, bias=False, dtype=np.float64))
        net.params["0.weight"][...] = 0
        loss, rng = scratch.CrossEntropyLoss(), np.random.default_rng(seed)
        scaled = k * digits[0], digits[1]
        optimizer = make(net.params)
        scratch.fit(net, loss, optimizer, scaled, epochs=5, batch_size=50, rng=rng)
        losses.append(scratch.evaluate(net, loss, scaled)[0])
    return np.mean(losses)


UNITS = {  # an optimizer whose number with a unit is adapted to k (with k = 1: as it was)
    "SGD": lambda p, k: scratch.SGD(p, lr=5.0 / k**2),
    "Adagrad": lambda p, k: scratch.Adagrad(p, lr=1.0 / k),
    "RMSProp, γ = 0.99": lambda p, k: scratch.RMSprop(p, lr=0.05 / k),
    "AdaDelta, paper": lambda p, k: scratch.Adadelta(p, eps=1e-6 / k**2),
    "AdaDelta, lr = 20": lambda p, k: scratch.Adadelta(p, lr=20.0 / k),
}
SCALES = (0.1, 1.0, 10.0)
units, rows = {}, []
with np.errstate(all="ignore"):
    for name, make_one in UNITS.items():
        fixed = [softmax_layer(k, lambda p, f=make_one: f(p, 1.0)) for k in SCALES]
        adapted = [softmax_layer(k, lambda p, k=k, f=make_one: f(p, k)) for k in SCALES]
        units[name] = fixed, adapted
        rows.append((name, *(f"{x:.2f}" if x < np.log(10) else "> log 10" for x in fixed + adapted)))
header = [f"as it is, k = {k:g}" for k in SCALES] + [f"adapted, k = {k:g}" for k in SCALES]
table(("training loss", *header), rows)

# %% [markdown]
# Three findings.
#
# * The unit matters as the list of units says. Without a change of $\eta$, SGD fails in both directions; the factor is $k^2$.
#   Adagrad and RMSProp suffer less, since the factor is $k$. Adapted, the training is the same for every $k$.
# * **AdaDelta's paper form depends on the unit as well**, because of $\varepsilon$: added to
#   $E[(\Delta w)^2]$, it has the unit $\text{m}^2$. On paper the units are right; the constant that makes it move is a
#   number of metres. In our run $k = 10$ is even better, since its start is then less timid.
# * Adapting $\varepsilon$ to $k = 0.1$ does not repair it completely: the same $\varepsilon$ stands in the denominator, where its unit is
#   another one. Adapting PyTorch's `lr` has less of this side effect.
#
# C: "generally no explicit learning rate schedule to optimize, but come with other hyper parameters to be optimized".
# For AdaDelta this other one is $\varepsilon$, and at its default AdaDelta is too slow here: the race will show it.
#
# **What to remember (D5).** A step should have the unit of the weight. AdaDelta gets it from its own past steps,
# RMS[Δw]/RMS[g], and that is an estimate of one over the second derivative (D3). Its $\varepsilon$ sets the pace.
#
# **Check yourself**
#
# 1. What is the unit of $\eta$ in gradient descent if the cost is in euros and $w$ in metres? In Adagrad?
# 2. What does AdaDelta do with $\varepsilon = 0$?
#
# <details><summary>Answer</summary>
#
# 1. $g$ is in €/m, and $\eta g$ must be in m: $\eta$ in m²/€. In Adagrad $\eta$ is in m.
# 2. Nothing: $E[(\Delta w)^2]$ is 0 at the start, so all steps are 0.
#
# </details>

# %% [markdown]
# ## A race on mnist1d
#
# C: "all roughly equivalent in performance". Each method with its rate from `RATE` (chosen on validation data, seeds 7, 8, 9),
# seeds 0 to 4, ten epochs. Now, once, we look at the **test** data. The last two rows are PyTorch's default rates,
# not tuned at all.
#
# **Predict, then run.** Which methods can five seeds tell apart? Which defaults are good?

# %%
RACERS = {name: (name, lr) for name, lr in RATE.items()}
DEFAULTS = {"Adagrad": 0.01, "AdaDelta": 1.0}  # RMSProp's is the tuned one here
RACERS |= {f"{name}, default rate": (name, lr) for name, lr in DEFAULTS.items()}
race, rows = {}, []
for label, (name, lr) in RACERS.items():
    runs, loss = [run(name, lr, seed) for seed in range(5)], scratch.CrossEntropyLoss()
    race[label] = np.array([scratch.evaluate(net, loss, test)[1] for net, _, _ in runs])
    worst_best = f"{race[label].min():.2f}, {race[label].max():.2f}"
    last_loss = np.mean([losses[-1] for _, losses, _ in runs])
    rows.append((label, f"{lr:g}", spread(race[label]), worst_best, f"{last_loss:.2f}"))
table(("", "rate", "test accuracy", "worst and best seed", "training loss, epoch 10"), rows)
TUNED = ("SGD", "Adagrad", "RMSProp, γ = 0.9", "RMSProp, γ = 0.99", "AdaDelta")
means = [race[name].mean() for name in TUNED]
print(f"tuned: means {min(means):.2f} to {max(means):.2f}; SGD's spread {race['SGD'].std():.2f}")
assert max(means) - min(means) < race["SGD"].std()
assert max(race["Rprop"].max(), race["Quickprop"].max()) < min(means) - 0.1

# %% [markdown]
# * "Roughly equivalent" is right for the five that are made for mini-batches, **when each has its own rate**. The
#   difference of their means is smaller than SGD's spread over seeds. The adaptive ones reach a lower training loss in
#   ten epochs.
# * Rprop and Quickprop are out: on mini-batches the trend is noise (D7).
# * "No learning rate" does not mean "nothing to choose": AdaDelta and Adagrad at their default rates are clearly worse than
#   tuned. Only RMSProp's default happens to be right here.
#
# Ten epochs, one small data set, no schedule. [Lecture 07](07_momentum.ipynb) adds momentum and Adam, with and
# without a schedule.
#
# ### Practice today
#
# * **Adagrad** is at its best where inputs are rare, as in D1: word vectors such as GloVe (Pennington, Socher and Manning
#   2014) were trained with it.
# * **RMSProp** trained the Atari player DQN (Mnih et al. 2015) and EfficientNet (Tan and Le 2019).
# * **Adam**, RMSProp with momentum (Kingma and Ba 2015), has become the usual choice:
#   [lecture 07](07_momentum.ipynb).
# * Wilson et al. (2017) found that adaptive methods often generalise worse than tuned SGD. Reddi, Kale and Kumar (2018) showed
#   that a method which forgets may fail to converge even on a simple convex problem.

# %% [markdown]
# ## What the lectures claim and what we found

# %% tags=["hide-input"]
drop, kept = (f"{np.mean(shrunk[name]):.1f}" for name in ("Adagrad", "RMSProp, γ = 0.99"))
last_accuracy = {name: values[:, -1, 1].mean() for name, values in scores.items()}
fewest = {name: (min(counts[0]), min(counts[45])) for name, counts in needed.items()}
total_x, total_y = np.abs(motion).sum(axis=1)
ledger = [
    ("D1", "L: η^t/σ^t is the same as η/√Σg²", f"agree to 14 digits: {np.allclose(long_form, short_form, rtol=1e-14)}", "reproduced"),
    ("D1", "L: σ⁰ = g⁰", f"for g⁰ = −6 the cost goes from {cost_before:.2f} to {cost_slide:.2f}, with bars to {cost_bars:.2f}", "slip: σ⁰ = abs(g⁰)"),
    ("D1", "L: η/√(t+1) is called 1/t decay", "with η/(t+1) a factor 1/√(t+1) is left", "slip: inverse square root decay"),
    ("D1", "L: root mean square of the previous derivatives", "the sum contains the present one, and the bound η needs it", "slip: previous and present"),
    ("D1", "U: small historic gradient, larger value", f"pixel rates differ by a factor of {rate_ratio:.0f}; correlation with ink {ink_rate:.2f}", "reproduced"),
    ("D2", "L: contradiction? larger gradient, larger and smaller step", "larger now: larger step; larger before: smaller", "not a contradiction"),
    ("D2", "L: the contrast effect", f"same gradient 0.1: steps {last_small:.4f} η and {last_large:.4f} η", "reproduced"),
    ("D3", "L: best step is abs(first derivative) / second derivative", f"exact on parabolas; negative second derivatives in a net at the start: {negative[0]:.2f}", "reproduced, where the second derivative is positive"),
    ("D3", "L: first derivatives estimate the second", f"parabolas: slope {slope_parabola:.2f}; network: correlation {np.mean(network_corr):.2f}, slope {np.mean(network_slope):.1f}", "partly; in a network they estimate its square root"),
    ("D7", "C: can be more effective than gradient descent", f"valley: Rprop {fewest['Rprop'][0]}, Quickprop {fewest['Quickprop'][0]} steps, gradient descent {fewest['gradient descent'][0]}; digits, whole batch: loss {on_digits['Rprop', 1077][0]:.2f}, {on_digits['Quickprop', 1077][0]:.2f}, {on_digits['SGD', 1077][0]:.2f}; batches of 10: {on_digits['Rprop', 10][0]:.2f}, {on_digits['Quickprop', 10][0]:.2f}, {on_digits['SGD', 10][0]:.2f}", "partly; on whole batches only"),
    ("D7", "C: lose the dependence among components, thus some efficiency", f"valley turned by 45°: Rprop {fewest['Rprop'][1]}, Quickprop {fewest['Quickprop'][1]} steps", "reproduced"),
    ("D8", "C: total motion in Y is much greater than in X", f"{total_y:.1f} against {total_x:.1f}; net {motion[1].sum():.1f} against {motion[0].sum():.1f}", "slip: 1.4 times; it is the net motion that differs greatly"),
    ("D8", "C: scale down Y, scale up X", f"both are divided by more than 1: {np.sqrt(second_moment[0]):.2f} and {np.sqrt(second_moment[1]):.2f}", "partly; only the ratio changes"),
    ("D8", "C: according to their variation", "second moment = mean² + variance", "partly; the average is in it, too"),
    ("D4", "U: Adagrad's step will be super small", f"slope {np.mean(time_slope['Adagrad']):.1f} in log-log; epoch 30 / epoch 2: {drop} (RMSProp {kept})", "reproduced"),
    ("D4", "U: it stops doing the gradient descent", f"accuracy after 30 epochs: Adagrad {last_accuracy['Adagrad']:.2f}, RMSProp {last_accuracy['RMSProp, γ = 0.99']:.2f}; after large early gradients it {recovered['Adagrad']} recovers", "partly; not in 30 epochs here"),
    ("D4", "U: RMSProp phases out the history", f"recovers after {recovered['RMSProp, γ = 0.9']} steps (γ = 0.9), {recovered['RMSProp, γ = 0.99']} (γ = 0.99)", "reproduced"),
    ("D4", "C: like Rprop, the magnitude is normalised out", f"nine to one: net / total motion of the sign {abs(drift['sign of g (RMSProp, γ = 0)']):.2f}, of RMSProp {abs(drift['RMSProp, γ = 0.99']):.2f}", "partly; exact for γ = 0, else the typical magnitude only"),
    ("D4", "C: sum derivative, on one slide; mean in the procedure", "the steps are the same", "slip without consequence"),
    ("D5", "paper: no learning rate, units are right", f"steps ∝ √ε; loss for pixels × 0.1, 1, 10: {', '.join(f'{x:.2f}' for x in units['AdaDelta, paper'][0])}", "partly; ε is a rate with a unit"),
    ("race", "C: all roughly equivalent in performance", f"tuned means {min(means):.2f} to {max(means):.2f}; Rprop {race['Rprop'].mean():.2f}, Quickprop {race['Quickprop'].mean():.2f} on mini-batches", "reproduced for the methods it names, when tuned"),
]  # fmt: skip
table(("id", "claim", "what we found", "verdict"), ledger)

# %% [markdown]
# ## Exercises to try
#
# They are not graded.
#
# 1. **Without the present gradient.** Write Adagrad with $\sum_{i<t}$ instead of $\sum_{i \le t}$ (and a first step of
#    $\eta\,\text{sign}(g^0)$). Train the network of the race with it. At which rate does it break?
# 2. **Turn the gradients.** In the turned valley, compute the eigenvectors of $H$, rotate the gradient into their axes, make
#    an Rprop step there, and rotate back. How many steps are needed now? What would this cost with a million weights?
# 3. **The batch in D3.** Repeat the scatter plot with batches of 10 and 1000. Does $\sigma$ follow $\sqrt{\text{curvature}/B}$?
#    Where does the argument break down, and why?
#
# ## Where to go from here
#
# * **Assignment `adagrad`** grades D1 to D4 and the schedules of [lecture 05](05_gradient_descent.ipynb):
#   $\eta/\sqrt{t+1}$, $\sigma^t$, a step of Adagrad and of RMSProp, the best step, the staircase. Mind where
#   $\varepsilon$ stands: outside for Adagrad, inside for RMSProp.
# * **Library**: `tipslib/scratch/adaptive.py`, `rprop.py`, `parabola.py`; each rule is a few lines.
# * **Next lecture**: 07 momentum. It averages the gradients where this lecture averaged their squares; Adam does both.
#
# **Sources.** L: Hung-yi Lee, NTU, "Tips for Training Deep Neural Network" (Learning Rates; Adagrad; Contradiction?;
# Intuitive Reason; Larger gradient, larger steps?; Second Derivative; What to do with Adagrad?). C: CMU 11-785,
# "Training Neural Networks" (Derivative-inspired algorithms; Smoothing the trajectory; Normalizing steps by second moment;
# RMS Prop; Other variants of the same theme). U: Ju Sun, University of Minnesota, CSCI 8980 (Why SGD with adaptive learning
# rate?; Adagrad; RMSprop).
#
# **References.**
# J. Duchi, E. Hazan, Y. Singer, Adaptive subgradient methods for online learning and stochastic optimization, JMLR
# 2011. S. Fahlman, An empirical study of learning speed in back-propagation networks, 1988. V. Gupta, T. Koren, Y.
# Singer, Shampoo: Preconditioned stochastic tensor optimization, ICML 2018. C. Igel, M. Hüsken, Empirical evaluation of
# the improved Rprop learning algorithms, Neurocomputing 2003. D. Kingma, J. Ba, Adam: A method for stochastic
# optimization, ICLR 2015. F. Kunstner, P. Hennig, L. Balles, Limitations of the empirical Fisher approximation, NeurIPS
# 2019. V. Mnih et al., Human-level control through deep reinforcement learning, Nature 2015. J. Pennington, R. Socher,
# C. Manning, GloVe: Global vectors for word representation, EMNLP 2014. S. Reddi, S. Kale, S. Kumar, On the convergence
# of Adam and beyond, ICLR 2018. M. Riedmiller, H. Braun, A direct adaptive method for faster backpropagation learning:
# The RPROP algorithm, 1993. M. Tan, Q. Le, EfficientNet: Rethinking model scaling for convolutional neural networks,
# ICML 2019. T. Tieleman, G. Hinton, Lecture 6.5: RMSProp, Neural networks for machine learning, Coursera 2012. A.
# Wilson et al., The marginal value of adaptive gradient methods in machine learning, NeurIPS 2017. M. Zeiler, ADADELTA:
# An adaptive learning rate method, 2012.
