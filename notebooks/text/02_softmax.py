# %% [markdown]
# # 02 · Softmax and cross entropy
#
# A network ends with a list of numbers. Training needs one number, the cost, that says how wrong the list is. This lecture
# is about that last step: the output layer, the cost behind it, and the error signal that the two of them send back.
#
# **You will learn**
#
# | id | topic |
# |---|---|
# | S1 | the square error, and why we speak of *error* backpropagation |
# | S2 | why outputs should be bounded, and how softmax makes probabilities of them |
# | S3 | cross entropy, and the full derivation of $\delta_r = y_r - 1$, $\delta_i = y_i$ |
# | S4 | KL divergence and binary cross entropy; which cost surfaces are convex |
# | S5 | what shape a good divergence has |
# | S6 | one-hot encoding, label smoothing, and whether a "probability" of 0.9 is right 9 times in 10 |
# | S7 | how softmax fails in floating point, and log-sum-exp, the repair |
# | S8 | which divergence for which task |
#
# **You need** [lecture 00](00_backprop.ipynb): the error signal $\delta$ (B2), gradient checking (B3), the training
# loop (B5); from [lecture 01](01_activations.ipynb) the sigmoid (A1) and the output activations (A11).
#
# **How to read.** Before each experiment stands a question, *Predict, then run*. Write your answer down first. The
# questions under *Check yourself* have folded answers. The letters L, C and U name the lectures this course follows; they
# are listed at the end.

# %%
from functools import cache
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import torch

from tipslib import pytorch, scratch
from tipslib.data import load
from tipslib.plotting import BLACK, BLUE, COLOURS, RED, explore, show, spread, table, use_style
from tipslib.scratch.losses import Loss

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
# $z = z^L$ is the pre-activation of the last layer; its entries are also called **logits**. $y$ is the output and $\hat y$ the
# target (L). C writes $d$ for the target; we use $d$ where the target is a probability distribution. $r$ is the index of the
# right class. Logarithms are natural. K is the number of classes, N of examples. A cost of an output against a target is
# called a **divergence** (C); PyTorch says loss.
#
# | matter | in the lectures | here (scratch and PyTorch) | in assignment `softmax` |
# |---|---|---|---|
# | classes | L: $r$ is an index of $y$, counted from 1 | 0 to K − 1 | 0 to K − 1 |
# | square error | L: ½ Σ (y − ŷ)² of one example | `MSELoss`: *mean* of (y − ŷ)² over all entries, no ½; `l2_divergence`: L's, *summed* over the batch | `l2_sigmoid_backward`: gradient of the sum, with ½ |
# | cross entropy | L: −log $y_r$ of one example, from $y$ | `CrossEntropyLoss`: takes the logits $z$, *mean* over the batch | takes $z$, mean over the batch |
# | KL divergence | C: takes $d$ and $y$ | `KLDivLoss`: takes **log y**; `"batchmean"` divides by N, the default `"mean"` by N · K | `kl_divergence(d, y)`: takes $y$, divides by N |
# | binary cross entropy | C | `BCELoss`: takes $y$; a log below −100 counts as −100 | (not graded) |
# | label smoothing | U: a small number instead of 0 | (1 − ε) · one-hot + ε/K, also on the right class | the same |
# | one-hot | U | integers (`int64`) | `float64` |
#
# The next cell checks the scales on one batch.

# %%
rng = np.random.default_rng(0)
z, r = rng.standard_normal((4, 3)), np.array([0, 2, 1, 1])  # N = 4, K = 3
y, hot = scratch.Softmax()(z), scratch.one_hot(r, 3).astype(float)
tz, tr, ty, thot = (torch.tensor(array) for array in (z, r, y, hot))
square, cross = scratch.MSELoss()(y, hot), scratch.CrossEntropyLoss()(z, r)
half_sum = scratch.l2_divergence(y, hot)[0]
mean, batchmean = (scratch.KLDivLoss(how)(np.log(y), hot) for how in ("mean", "batchmean"))
torch_kl = pytorch.KLDivLoss(reduction="batchmean")(ty.log(), thot)
print(f"MSELoss {square:.4f}, PyTorch {pytorch.MSELoss()(ty, thot):.4f}")
print(f"l2_divergence · 2 / (N K) {half_sum * 2 / 12:.4f}")
print(f"CrossEntropyLoss {cross:.4f}, PyTorch {pytorch.CrossEntropyLoss()(tz, tr):.4f}")
print(f"KLDivLoss, batchmean {batchmean:.4f}, PyTorch {torch_kl:.4f}")
print(f"KLDivLoss, mean {mean:.4f} = batchmean / K = {batchmean / 3:.4f}")
print("BCELoss of y = 0 against d = 1:", scratch.BCELoss()(np.zeros(1), np.ones(1)))
print("type of one_hot:", scratch.one_hot(r, 3).dtype, "and", pytorch.one_hot(tr, 3).dtype)

# %% [markdown]
# ### How we compare
#
# Most experiments use one network: 40 inputs, two hidden layers of 64 ReLU units, 10 outputs. Its weights start as in
# lecture 01 (He's standard deviation for the hidden layers; lecture 04 derives it). It is trained for 10 epochs by SGD
# with momentum 0.9 (lecture 07), in batches of 100.
#
# * **Rate.** Each method has its own learning rate. We try each rate on five search seeds (5 to 9) and take the one whose
#   *worst* seed has the best *validation* accuracy: a rate that is good by luck does not win. The search was made once;
#   `SEARCHED` holds its results, and the cell repeats a part.
# * **Seeds.** Claims about training are checked with seeds 0, 1, 2. "±" is the standard deviation over these three.


# %%
def linear(fan_in, fan_out, std, rng):
    layer = scratch.Linear(fan_in, fan_out, dtype=np.float64)
    layer.params["weight"][...] = rng.standard_normal((fan_out, fan_in)) * std
    layer.params["bias"][...] = 0
    return layer


def network(inputs=40, outputs=10, last=(), seed=0):
    """Two hidden layers of 64 ReLU units, a linear layer, then the output layers `last`."""
    rng = np.random.default_rng(seed)
    first = linear(inputs, 64, np.sqrt(2 / inputs), rng)
    second = linear(64, 64, np.sqrt(2 / 64), rng)
    third = linear(64, outputs, np.sqrt(1 / 64), rng)
    return scratch.Sequential(first, scratch.ReLU(), second, scratch.ReLU(), third, *last)


def fit(net, loss, examples, lr, seed, epochs=10, after_epoch=None):
    """Train the net in place; False if the cost became nan or infinite."""
    optimizer = scratch.SGD(net.params, lr=lr, momentum=0.9)
    options = {"epochs": epochs, "rng": np.random.default_rng(seed), "after_epoch": after_epoch}
    try:
        with np.errstate(all="ignore"):  # a rate too high overflows: a result, not an error
            scratch.fit(net, loss, optimizer, examples, **options)
    except scratch.Diverged:
        return False
    return True


def accuracy(net, split):
    return np.mean(net(split[0]).argmax(axis=1) == split[1])


HOT = scratch.one_hot(train[1], 10).astype(float)
METHODS = {  # name: (output layers, loss, targets)
    "softmax, cross entropy": ((), scratch.CrossEntropyLoss, train[1]),
    "softmax, square error": ((scratch.Softmax,), scratch.MSELoss, HOT),
    "sigmoids, square error": ((scratch.Sigmoid,), scratch.MSELoss, HOT),
    "identity, square error": ((), scratch.MSELoss, HOT),
}
RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
SEARCHED = {  # validation accuracy of the worst search seed, for each of RATES; 0 where it diverged
    "softmax, cross entropy": (0.477, 0.541, 0.448, 0.092, 0.087, 0.087),
    "softmax, square error": (0.215, 0.271, 0.389, 0.512, 0.526, 0.129),
    "sigmoids, square error": (0.186, 0.224, 0.279, 0.105, 0.107, 0.094),
    "identity, square error": (0.266, 0.287, 0.155, 0.087, 0.000, 0.087),
}
SEARCHED_FAR = {  # the same from the start of S3 that is wrong and sure
    "softmax, cross entropy": (0.517, 0.560, 0.394, 0.092, 0.087, 0.090),
    "softmax, square error": (0.092, 0.109, 0.280, 0.435, 0.087, 0.094),
}


def rate(method, searched=SEARCHED):
    return RATES[int(np.argmax(searched[method]))]


@cache  # a run that was made once is not made again
def run(method, seed, lr, start=0.0):
    """Train by one of METHODS; `start` is the bias of output 0 at the start.

    Returns the net and its validation accuracy before training and after each epoch.
    """
    last, loss, target = METHODS[method]
    net = network(last=[layer() for layer in last], seed=seed)
    net[4].params["bias"][0] = start
    curve = [accuracy(net, validation)]
    after = lambda history: curve.append(accuracy(net, validation))  # noqa: E731
    fit(net, loss(), (train[0], target), lr, seed, after_epoch=after)
    return SimpleNamespace(net=net, curve=np.array(curve))


header = ("worst of five search seeds", *(f"rate {lr:g}" for lr in RATES), "chosen")
rows = []
for searched, where in ((SEARCHED, ""), (SEARCHED_FAR, ", start of S3")):
    for method, worst in searched.items():
        rows.append((method + where, *(f"{a:.3f}" for a in worst), rate(method, searched)))
table(header, rows)
for lr in RATES[:3]:
    worst = min(run("softmax, cross entropy", seed, lr).curve[-1] for seed in range(5, 10))
    print(f"repeated: softmax, cross entropy, rate {lr:g}: {worst:.3f}")

# %% [markdown]
# ## S1 · The square error, and why it is called error backpropagation
#
# *(L "Cost Function", C "A note on derivatives")*
#
# $$C = \frac12 \lVert y - \hat y\rVert^2 = \frac12 \sum_n (y_n - \hat y_n)^2$$
#
# C calls it the **L2 divergence**. Its derivatives, one step at a time:
#
# 1. In the sum only the term $n = i$ depends on $y_i$. So
#    $$\frac{\partial C}{\partial y_i} = \frac12 \cdot 2 (y_i - \hat y_i) = y_i - \hat y_i .$$
# 2. The output layer is $y_i = \sigma(z_i)$, one activation for each output. The chain rule gives
#    $$\delta_i^L = \frac{\partial C}{\partial z_i} = \frac{\partial C}{\partial y_i}\frac{\partial y_i}{\partial z_i}
#      = (y_i - \hat y_i)\,\sigma'(z_i).$$
# 3. For the identity, $\sigma' = 1$ and $\delta^L = y - \hat y$: the error signal of the last layer *is* the error.
# 4. The other layers get it through $\delta^l = \sigma'(z^l) \bullet (W^{l+1})^T \delta^{l+1}$ (B2). Slopes and weights are
#    fixed in the backward pass, so every $\delta^l$ is a *linear* function of the error.
#
# That is the name: the error is multiplied by weights and slopes and carried back, layer by layer.
#
# **Predict, then run.** We double the error $y - \hat y$ of every example. What happens to $\delta^l$ in the first layer?


# %%
def error_signals(net, x, target, loss):
    """δ^l of the three linear layers, first to last."""
    loss(net(x), target)
    delta, signals = loss.backward(), []
    for layer in reversed(net.layers):
        if isinstance(layer, scratch.Linear):
            signals.insert(0, delta)
        delta = layer.backward(delta)
    return signals


class L2Divergence(Loss):
    """L's cost, summed over the batch, from the library's function."""

    def forward(self, y, y_hat):
        cost, self._gradient = scratch.l2_divergence(y, y_hat)
        return cost


net, x = network(), train[0][:100]
y, y_hat = net(x), HOT[:100]
once = error_signals(net, x, y_hat, L2Divergence())
twice = error_signals(net, x, y - 2 * (y - y_hat), L2Divergence())  # targets twice as far away
print("last layer: δ = y − ŷ:", np.allclose(once[-1], y - y_hat))
for layer, (one, two) in enumerate(zip(once, twice, strict=True), start=1):
    print(f"layer {layer}: twice the error, twice the signal: {np.allclose(two, 2 * one)}")

ty, mean = torch.tensor(y, requires_grad=True), scratch.MSELoss()
(0.5 * ((ty - torch.tensor(y_hat)) ** 2).sum()).backward()
mean(y, y_hat)
print("PyTorch's autograd finds y − ŷ:", np.allclose(ty.grad.numpy(), y - y_hat))
print("MSELoss: (y − ŷ) · 2 / (N K):  ", np.allclose(mean.backward(), (y - y_hat) * 2 / y.size))

# %% [markdown]
# **The mean hides a factor in the learning rate.** L's cost of one example, averaged over the batch, is
# $\frac{1}{2N}\sum(y - \hat y)^2$. `MSELoss` is $\frac{1}{NK}\sum(y - \hat y)^2$. Its gradient is smaller by the factor $2/K$
# (last line above): with ten outputs, five times. So the same steps need a learning rate five times as large. Remember this
# when you compare rates of different losses (S8).
#
# ### Behind a sigmoid it is the error times a slope
#
# C says of the L2 divergence: "We literally 'propagate' the error backward". (The formula on that slide is lost in the
# text we have.) Step 2 shows what is propagated in general: the error *times the slope*. For a sigmoid, target 1:
#
# $$\delta = (y - 1)\, y (1 - y) = -y(1 - y)^2 .$$
#
# Where is $|\delta|$ largest? Set the derivative of $y(1 - y)^2$ to 0:
#
# $$(1 - y)^2 - 2y(1 - y) = (1 - y)(1 - 3y) = 0 \quad\Rightarrow\quad y = \tfrac13, \qquad
#   |\delta| = \tfrac13 \cdot \tfrac49 = \tfrac{4}{27} \approx 0.148 .$$
#
# **Predict, then run.** The target is 1. Order the outputs $y = 0.5$, $0.05$ and $0.0025$ by the size of $\delta$.

# %%
z = np.array([-6.0, -3.0, np.log(0.5), 0.0, 3.0])[:, None]
sigmoid, l2 = scratch.Sigmoid(), L2Divergence()
y = sigmoid(z)
l2(y, np.ones_like(y))
delta_sigmoid = sigmoid.backward(l2.backward())
rows = [[f"{v:.4f}" for v in row] for row in np.hstack([z, y, y - 1, delta_sigmoid])]
table(("z, target 1", "output y", "error y − 1", "δ = error · slope"), rows)

# %% [markdown]
# So the note is literally true for an identity output. Behind a sigmoid, an output that is badly wrong ($y = 0.0025$) sends
# almost nothing. S3 finds the cost for which it is literally true behind sigmoid and softmax too.
#
# **What to remember (S1).** $C = \frac12\lVert y - \hat y\rVert^2$ gives $\partial C/\partial y = y - \hat y$ and
# $\delta^L = (y - \hat y) \bullet \sigma'(z^L)$. With an identity output $\delta^L$ is the error itself. `MSELoss` is a mean
# without the ½.

# %% [markdown]
# ## S2 · Softmax: outputs as probabilities
#
# *(L "Output Layer", "Softmax")*
#
# In a classification task "only one dimension is 1, and others are all 0". L's slide shows two outputs of a network with
# ReLU units: one has 1.2 in the right dimension, the other has 2. "Larger output means larger confidence", so the second is
# the better answer. But which one is "more similar" to the target?
#
# **Predict, then run.** What is the square error of each?

# %%
square_error = {}
for output in (1.2, 2.0, 5.0):
    y = np.zeros((1, 10))
    y[0, 3] = output
    square_error[output] = scratch.l2_divergence(y, scratch.one_hot([3], 10))[0]
    print(f"right output {output}: ½‖y − ŷ‖² = {square_error[output]:.2f}")

# %% [markdown]
# The more confident output 2 costs 25 times as much as 1.2. So the gradient pushes it *down*: with unbounded outputs the square
# error punishes being "too right". L's conclusion: "It is better to let the output bounded."
#
# **Predict, then run.** On real data we train identity outputs, ten sigmoids, and softmax. Which outputs can be read as
# probabilities?

# %%
unbounded, rows = {}, []
for method in ("identity, square error", "sigmoids, square error", "softmax, cross entropy"):
    y = np.stack([run(method, seed, rate(method)).net(train[0]) for seed in SEEDS])
    if method.startswith("softmax"):
        y = scratch.Softmax()(y)  # CrossEntropyLoss does it inside
    sums, unbounded[method] = y.sum(axis=-1), np.mean((y < 0) | (y > 1))
    extremes = f"{y.min():.2f} … {y.max():.2f}", f"{sums.min():.2f} … {sums.max():.2f}"
    rows.append((method, extremes[0], f"{unbounded[method]:.2f}", extremes[1]))
table(("output layer, cost", "outputs", "share outside [0, 1]", "sums of a row"), rows)

# %% [markdown]
# Sigmoids are bounded, but each decides for itself: the ten of them need not sum to 1. Softmax makes the outputs compete.
#
# ### The definition, step by step
#
# 1. Probabilities are positive. $e^{z_i}$ is positive for every $z_i$, and it grows with $z_i$.
# 2. Probabilities sum to 1. Divide by the sum:
#
# $$y_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$$
#
# **Its properties**, each with its reason:
#
# * $0 < y_i < 1$ and $\sum_i y_i = 1$ (L), for K ≥ 2: numerator and denominator are positive, and the denominator contains
#   the numerator and more.
# * The order stays: $z_i > z_j$ gives $e^{z_i} > e^{z_j}$, so $y_i > y_j$. The predicted class is the same before and after.
# * Only differences count: $\dfrac{y_i}{y_j} = e^{z_i - z_j}$. A constant added to all logits cancels:
#   $\dfrac{e^{z_i + c}}{\sum_j e^{z_j + c}} = \dfrac{e^c e^{z_i}}{e^c \sum_j e^{z_j}} = y_i$.
# * For two classes it is the sigmoid of the difference:
#   $\dfrac{e^{z_1}}{e^{z_1} + e^{z_2}} = \dfrac{1}{1 + e^{-(z_1 - z_2)}} = \sigma(z_1 - z_2)$.
#
# **Its derivative.** Use the quotient rule, with $S = \sum_j e^{z_j}$ and $\partial S / \partial z_k = e^{z_k}$.
#
# * Case $i = k$ (numerator and denominator depend on $z_k$):
#   $$\frac{\partial y_k}{\partial z_k} = \frac{e^{z_k} S - e^{z_k} e^{z_k}}{S^2} = y_k - y_k^2 .$$
# * Case $i \ne k$ (only the denominator depends on $z_k$):
#   $$\frac{\partial y_i}{\partial z_k} = \frac{0 \cdot S - e^{z_i} e^{z_k}}{S^2} = - y_i y_k .$$
#
# The backward pass multiplies by this matrix:
# $\dfrac{\partial C}{\partial z_k} = \sum_i \dfrac{\partial C}{\partial y_i}\dfrac{\partial y_i}{\partial z_k}
# = y_k\Big(\dfrac{\partial C}{\partial y_k} - \sum_i \dfrac{\partial C}{\partial y_i} y_i\Big)$.

# %%
rng = np.random.default_rng(0)
z, dy = rng.standard_normal((5, 4)), rng.standard_normal((5, 4))
softmax = scratch.Softmax()
y = softmax(z)
dz = softmax.backward(dy)
matrix = np.stack([np.diag(row) - np.outer(row, row) for row in y])  # ∂y_i/∂z_k, for each example
by_matrix = np.einsum("nik,ni->nk", matrix, dy)
tz = torch.tensor(z, requires_grad=True)
ty = pytorch.Softmax(dim=-1)(tz)
ty.backward(torch.tensor(dy))
print("rows sum to 1:", np.allclose(y.sum(axis=1), 1))
print("z + 7 gives the same y:", np.allclose(softmax(z + 7), y))
two = softmax(z[:, :2])[:, 0], sigmoid(z[:, 0] - z[:, 1])
print("two classes, the sigmoid:", np.allclose(*two))
print("backward = the matrix of the two cases:", np.allclose(dz, by_matrix))
print("output and gradient as in PyTorch:", np.allclose(ty.detach(), y), np.allclose(tz.grad, dz))
error = scratch.gradient_check(softmax, z, rng=rng)["x"]
print("gradient check below 1e-6:", error < 1e-6)

# %% [markdown]
# ### "Larger output, more confidence", made concrete
#
# **Predict, then run.** The right logit is $z_r$, the nine others are 0. How do $y_r$ and the two costs change when $z_r$
# goes from 1.2 to 2, and on to 5?

# %%
z_r = np.array([0, 1.2, 2, 5])
logits = np.zeros((4, 10))
logits[:, 3] = z_r
y_r = scratch.Softmax()(logits)[:, 3]
columns = (z_r, 0.5 * (z_r - 1) ** 2, y_r, -np.log(y_r))
rows = [[f"{v:.3g}" for v in row] for row in zip(*columns, strict=True)]
table(("z_r", "½‖z − ŷ‖², no bound", "softmax y_r", "−log y_r"), rows)

# %% [markdown]
# Without a bound the cost rises again. With softmax a larger right logit is always a more confident and a cheaper answer.
# The last column is the cost of S3.
#
# ### How sharp? The temperature
#
# Only differences of logits count, so their *scale* sets how confident the answer is. Dividing them by a **temperature** $T$
# keeps the order: $y_i = e^{z_i/T} / \sum_j e^{z_j/T}$. For $T \to \infty$ all $z_i/T$ become 0, so $y_i \to 1/K$. For
# $T \to 0$ the ratio $y_i/y_j = e^{(z_i - z_j)/T}$ goes to 0 for every $z_i$ below the largest, $z_j$: all weight goes to the
# maximum. Softmax is a soft *arg* max. (S6 uses $T$ to repair confidence. Language models use it to sample words.)


# %%
def draw_temperature(T):
    y = scratch.Softmax()(five / T)
    figure, axis = plt.subplots(figsize=(6, 2.6))
    axis.bar([f"z = {v:g}" for v in five], y, color=BLUE)
    axis.set(title=f"softmax of z / T, T = {T:g}", ylabel="y", ylim=(0, 1))
    return figure, f"Softmax of five logits at temperature {T:g}."


five = np.array([3.0, 1.0, 0.5, -1.0, -3.0])
by_temperature = {T: scratch.Softmax()(five / T) for T in (0.1, 0.5, 1.0, 3.0, 100.0)}
rows = [(f"{T:g}", *(f"{v:.3f}" for v in y)) for T, y in by_temperature.items()]
table(("T", *(f"z = {v:g}" for v in five)), rows)
explore(draw_temperature, T=(0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 20.0))

# %% [markdown]
# ### In floating point the bounds close
#
# L: "$1 > y_i > 0$". **Predict, then run.** How large must the gap between two logits be until the computer says exactly 1?
# Until it says exactly 0?

# %%
closed = {}
for dtype in (np.float32, np.float64):
    gap = np.arange(0, 800, dtype=dtype)
    y = scratch.Softmax()(np.stack([gap, np.zeros_like(gap)], axis=1))
    one, zero = closed[dtype.__name__] = int(gap[y[:, 0] == 1][0]), int(gap[y[:, 1] == 0][0])
    print(f"{dtype.__name__}: larger output is 1 from gap {one}, smaller one is 0 from gap {zero}")

# %% [markdown]
# In float32 a gap of 17 is enough for an exact 1, and a gap of about 100 for an exact 0. Then $\log y_i$ is $-\infty$: S7.
#
# Are these numbers *probabilities*? They have the form of probabilities. Whether "0.9" is right in 9 of 10 cases is a
# question for an experiment: S6.
#
# **What to remember (S2).** Softmax turns logits into positive numbers with sum 1; only differences of logits count.
# $\partial y_i/\partial z_k = y_k - y_k^2$ for $i = k$ and $-y_i y_k$ otherwise.
#
# **Check yourself**
#
# 1. All ten logits are 0. What is $y$? And −log $y_r$?
# 2. Class 0 has $y_0 = 0.6$, class 1 has $y_1 = 0.3$. What is $z_0 - z_1$?
# 3. The sum over $i$ of $\partial y_i/\partial z_k$ is 0. Why must it be?
# 4. (S1) A net has 3 outputs and is trained with `MSELoss` and rate 0.3. Which rate gives the same steps on L's cost, averaged
#    over the batch?
#
# <details><summary>Answer</summary>
#
# 1. $y_i = 0.1$ and $\log 10 \approx 2.30$. An untrained network should start near this cost (T2 in lecture 11).
# 2. $\log \frac{0.6}{0.3} = \log 2 \approx 0.69$.
# 3. The outputs always sum to 1, whatever $z_k$ is: the derivative of a constant is 0. (In formulas:
#    $y_k - y_k\sum_i y_i = 0$.)
# 4. `MSELoss`'s gradient is 2/3 of the other, so the rate is $0.3 \cdot \frac23 = 0.2$.
#
# </details>

# %% [markdown]
# ## S3 · Cross entropy and its error signal
#
# *(L "Softmax", "Define cost")*
#
# ### The cost
#
# $r$ is the dimension of the target that is 1. Softmax gives it the probability $y_r$. L defines
#
# $$C = -\log y_r .$$
#
# Why the logarithm? The probability that the network gives to *all* labels of N independent examples is the product
# of their $y_r$. We want it large. Its logarithm is a sum, $\sum \log y_r$; with a minus sign we want it small. So the cost
# is **maximum likelihood**. $C = 0$ only for $y_r = 1$, and $C \to \infty$ for $y_r \to 0$.
#
# L calls it **cross entropy**. The cross entropy of a target $\hat y$ and an output $y$ is $-\sum_i \hat y_i \log y_i$. For a
# target with a single 1 only the term $i = r$ is left: $-\log y_r$.
#
# L then asks: "Do we have to consider other dimensions?" The formula does not mention them. Let us see.
#
# ### The full derivation
#
# We want $\delta_i^L = \dfrac{\partial C}{\partial z_i}$ for every $i$. $C$ depends on $y_r$ only, so the chain rule has one
# term:
#
# $$\delta_i = \frac{\partial C}{\partial y_r}\frac{\partial y_r}{\partial z_i}, \qquad
#   \frac{\partial C}{\partial y_r} = -\frac{1}{y_r}, \qquad y_r = \frac{e^{z_r}}{\sum_j e^{z_j}} .$$
#
# **Case $i = r$.** $z_r$ appears in the numerator and in the denominator. With $S = \sum_j e^{z_j}$ the quotient rule gives
#
# $$\frac{\partial y_r}{\partial z_r} = \frac{e^{z_r} \cdot S - e^{z_r} \cdot e^{z_r}}{S^2}
#   = \frac{e^{z_r}}{S} - \Big(\frac{e^{z_r}}{S}\Big)^2 = y_r - y_r^2 ,$$
#
# $$\delta_r = -\frac{1}{y_r}\,(y_r - y_r^2) = -(1 - y_r) = y_r - 1 .$$
#
# **Case $i \ne r$.** $z_i$ appears only in the denominator. The numerator's derivative is 0:
#
# $$\frac{\partial y_r}{\partial z_i} = \frac{0 \cdot S - e^{z_r} \cdot e^{z_i}}{S^2}
#   = -\frac{e^{z_r}}{S}\cdot\frac{e^{z_i}}{S} = -y_r y_i ,$$
#
# $$\delta_i = -\frac{1}{y_r}\,(-y_r y_i) = y_i .$$
#
# **Together.** The target has $\hat y_r = 1$ and $\hat y_i = 0$, so both cases are one formula:
#
# $$\delta^L = y - \hat y .$$
#
# The error itself is propagated again, as in S1 with the identity. The slope is gone: the $\frac{1}{y_r}$ of the logarithm
# cancels the $y_r$ of softmax's derivative.
#
# **A second way**, as a check. $-\log y_r = -\log e^{z_r} + \log \sum_j e^{z_j} = -z_r + \log \sum_j e^{z_j}$. The first term
# gives $-1$ for $i = r$ and 0 otherwise, the second $e^{z_i}/\sum_j e^{z_j} = y_i$. The sum is $y_i - \hat y_i$.
#
# **Now with numbers.** The same δ, found in five ways: the formula, the library's cross entropy, the chain through
# `LogSoftmax` and `NLLLoss`, PyTorch's autograd, and central differences.

# %%
rng = np.random.default_rng(1)
z, r = rng.standard_normal((1, 4)), np.array([2])
y = scratch.Softmax()(z)
formula = y.copy()
formula[0, 2] -= 1  # δ_r = y_r − 1; the other δ_i = y_i stay

cross = scratch.CrossEntropyLoss()
cross(z, r)
log_softmax, nll = scratch.LogSoftmax(), scratch.NLLLoss()
nll(log_softmax(z), r)
tz = torch.tensor(z, requires_grad=True)
pytorch.CrossEntropyLoss()(tz, torch.tensor(r)).backward()
differences = scratch.numerical_gradient(lambda z: cross(z, r), z.copy())
cross(z, r)

ways = {
    "formula": formula,
    "CrossEntropyLoss": cross.backward(),
    "LogSoftmax, NLLLoss": log_softmax.backward(nll.backward()),
    "PyTorch": tz.grad.numpy(),
    "central differences": differences,
}
table(
    ("r = 2", "i = 0", "i = 1", "i = 2", "i = 3"),
    [("y", *(f"{v:.6f}" for v in y[0]))]
    + [(f"δ, {name}", *(f"{v:.6f}" for v in delta[0])) for name, delta in ways.items()],
)

# %% [markdown]
# ### "The absolute value of δ is larger when y_r is far from 1"
#
# From the formulas: $|\delta_r| = 1 - y_r$ is the error itself, a straight line. For $i \ne r$, $|\delta_i| = y_i$: "larger
# when $y_i$ is larger". The square error behind softmax has another signal. By S2's backward pass with
# $\partial C/\partial y_i = y_i - \hat y_i$:
#
# $$\delta_i = y_i\Big((y_i - \hat y_i) - \sum_j (y_j - \hat y_j)\, y_j\Big).$$
#
# The factor $y_i$ in front makes $\delta_r$ small when $y_r$ is small.
#
# **Predict, then run.** Ten classes; the nine wrong ones share $1 - y_r$ equally. At which $y_r$ is $|\delta_r|$ largest, for
# cross entropy and for the square error?

# %%
y_r = np.linspace(0.001, 0.999, 999)
logits, r = np.zeros((999, 10)), np.zeros(999, int)
logits[:, 0] = np.log(y_r / ((1 - y_r) / 9))  # the nine others have z = 0
cross, softmax, l2 = scratch.CrossEntropyLoss(reduction="sum"), scratch.Softmax(), L2Divergence()
cross(logits, r)
l2(softmax(logits), scratch.one_hot(r, 10).astype(float))
size = {
    "cross entropy": -cross.backward()[:, 0],
    "square error": -softmax.backward(l2.backward())[:, 0],
}
rows = []
for name, values in size.items():
    at = [values[np.argmin(np.abs(y_r - v))] for v in (0.001, 0.1, 0.5, 0.9)]
    rows.append((name, *(f"{v:.4f}" for v in at), f"{y_r[values.argmax()]:.3f}"))
table(("size of δ_r, y_r =", 0.001, 0.1, 0.5, 0.9, "largest at y_r ="), rows)

# %% tags=["hide-input"]
figure, axis = plt.subplots()
axis.plot(y_r, size["cross entropy"], color=BLUE, linestyle="-", label="cross entropy: 1 − y_r")
axis.plot(y_r, size["square error"], color=RED, linestyle="--", label="square error behind softmax")
axis.set(
    title="Cross entropy: the further from 1, the larger the signal",
    xlabel="probability y_r of the right class",
    ylabel="size of δ_r",
)
axis.legend()
show(
    figure,
    "Size of the error signal of the right class by its probability: a straight falling line for "
    "cross entropy, a hump with its maximum at one third for the square error.",
)

# %% [markdown]
# L's statement is right for cross entropy, and it is not a matter of course: the square error behaves the other way round
# where it matters most.
#
# ### Confidently wrong at the start
#
# Does it matter in training? We start the network wrong *and sure of it*: the bias of output 0 is 10, so it says "class 0"
# to everything. The rates for this start were searched separately (last two rows of the table under "How we compare").
#
# **Predict, then run.** Which of the two gets over it, and how fast?

# %%
START = 10.0
BOTH = ("softmax, cross entropy", "softmax, square error")
wrong = train[1] != 0
x_wrong, r_wrong = train[0][wrong], train[1][wrong]
pairs = (scratch.CrossEntropyLoss("sum"), r_wrong), (L2Divergence(), HOT[wrong])
for method, (loss, target) in zip(BOTH, pairs, strict=True):
    net = network(last=[layer() for layer in METHODS[method][0]])
    net[4].params["bias"][0] = START
    delta = error_signals(net, x_wrong, target, loss)[-1]
    delta_r = delta[np.arange(len(delta)), r_wrong]
    print(f"{method}: mean size of δ_r at the start {np.abs(delta_r).mean():.2g}")

recovery, rows = {}, []
for method in BOTH:
    for start, lr in ((0.0, rate(method)), (START, rate(method, SEARCHED_FAR))):
        curves = np.array([run(method, seed, lr, start).curve for seed in SEEDS])
        recovery[method, start] = curves
        rows.append((method, f"{start:g}", lr, *(spread(curves[:, epoch]) for epoch in (1, 3, 10))))
table(("validation accuracy", "bias of output 0", "rate", "epoch 1", "epoch 3", "epoch 10"), rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), sharex=True, sharey=True)
for axis, start in zip(axes, (0.0, START), strict=True):
    for method, colour, style in zip(BOTH, (BLUE, RED), ("-", "--"), strict=True):
        curves = recovery[method, start]
        axis.plot(range(11), curves.mean(axis=0), color=colour, linestyle=style, label=method)
        low, high = curves.min(axis=0), curves.max(axis=0)
        axis.fill_between(range(11), low, high, color=colour, alpha=0.2)
    title = "start: sure of class 0" if start else "usual start"
    axis.set(title=title, xlabel="epoch", ylim=(0, 0.7))
axes[0].set_ylabel("validation accuracy")
axes[1].legend(loc="lower right", fontsize=9)
figure.suptitle("Wrong and sure: the square error needs longer to recover")
show(
    figure,
    "Validation accuracy by epoch, range over three seeds. From the usual start both costs "
    "end at the same level; from a confidently wrong start cross entropy is hardly delayed, "
    "the square error is.",
)

# %% [markdown]
# From the usual start, and with its own rate, the square error ends at about the same accuracy. (S8 returns to this.) From the
# confidently wrong start cross entropy is hardly delayed: its $\delta_r$ is close to −1. The square error starts with a
# signal of almost 0, and stays behind.
#
# ### "Do we have to consider other dimensions?"
#
# Yes, and we do it without writing them down: every $z_i$ stands in the denominator of $y_r$. Three consequences:
#
# 1. *The rivals are pushed down*, $\delta_i = y_i > 0$, and the strongest rival the most.
# 2. *The pushes balance*: $\sum_i \delta_i = \sum_i y_i - 1 = 0$.
# 3. *So the last layer's sum over outputs never moves.* With $\Delta w_{ij} = -\eta\,\delta_i a_j$, the sum of the
#    weights from unit $j$ to all outputs changes by $-\eta\, a_j \sum_i \delta_i = 0$.
#
# The figure shows two validation examples of a trained network, one right and one wrong.

# %%
net = run("softmax, cross entropy", 0, 0.1).net
z, r = net(validation[0]), validation[1]
y = scratch.Softmax()(z)
delta = y - scratch.one_hot(r, 10)
right = y[np.arange(len(y)), r]
pick = [int(np.argmin(np.abs(right - 0.9))), int(np.argmin(right))]
before = network(seed=0)[4].params["weight"].sum(axis=0)
after = net[4].params["weight"].sum(axis=0)
for n in pick:
    rival = delta[n].argmax()
    print(f"r = {r[n]}: y_r = {right[n]:.2f}, δ_r = {delta[n].min():.2f}; ", end="")
    print(f"strongest rival {rival}: δ = {delta[n, rival]:.2f}")
print("Σ δ_i = 0 for all examples:", np.allclose(delta.sum(axis=1), 0, atol=1e-12))
stayed = np.allclose(before, after, atol=1e-9)
print("the last layer's sums over the outputs stayed in training:", stayed)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.2), sharey=True)
for axis, example, name in zip(axes, pick, ("right and fairly sure", "wrong"), strict=True):
    axis.bar(np.arange(10) - 0.2, y[example], 0.4, color=COLOURS[4], label="output y")
    axis.bar(np.arange(10) + 0.2, delta[example], 0.4, color=RED, hatch="//", label="δ = y − ŷ")
    axis.axhline(0, color=BLACK, linewidth=1)
    axis.set(title=f"{name}: r = {r[example]}", xlabel="class", xticks=range(10), ylim=(-1.1, 1.1))
axes[0].set_ylabel("y, δ")
axes[0].legend(loc="lower left", fontsize=9)
figure.suptitle("The right class is pulled up, its rivals are pushed down by as much")
show(
    figure,
    "Bars of output and error signal for two examples. The signal is negative for the right class "
    "and positive for the others; in the wrong example one rival gets almost all of it.",
)

# %% [markdown]
# **Predict, then run.** What happens if we really leave the others out? We train with $\delta_r = y_r - 1$ and
# $\delta_i = 0$ otherwise: once a single linear layer, once the network. The rate is the
# network's, 0.1; for the network we also try a very small one.


# %%
class OnlyTheRightClass(scratch.CrossEntropyLoss):
    """δ_r = y_r − 1, and 0 instead of y_i for the other classes."""

    def forward(self, z, r):
        cost = super().forward(z, r)
        self._gradient = self._gradient * scratch.one_hot(r, z.shape[1])
        return cost


rows, others = [], {}
for name, loss in (("all δ", scratch.CrossEntropyLoss), ("only δ_r", OnlyTheRightClass)):
    for epochs in (1, 5, 10):
        results = []
        for seed in SEEDS:
            net = scratch.Sequential(linear(40, 10, 0.1, np.random.default_rng(seed)))
            fit(net, loss(), train, 0.1, seed, epochs)
            z = net(validation[0])
            cost_now = scratch.CrossEntropyLoss()(z, validation[1])
            results.append((z.mean(), cost_now, accuracy(net, validation)))
        mean_z, costs, shares = np.transpose(results)
        others[name, epochs] = np.mean(costs)
        rows.append((name, epochs, spread(mean_z, 1), spread(costs, 1), spread(shares)))
table(("linear layer", "epochs", "mean logit", "cost −log y_r", "validation accuracy"), rows)
survives = {}
for lr in (0.1, 0.003):
    survives[lr] = sum(fit(network(seed=s), OnlyTheRightClass(), train, lr, s) for s in SEEDS)
    print(f"network, only δ_r, rate {lr:g}: runs that stay finite: {survives[lr]} of {len(SEEDS)}")

# %% [markdown]
# Without the others nothing ever pushes a logit down. In the linear layer all logits drift up, and the cost rises while we
# "descend". The accuracy survives there, since the pull upwards differs between the classes. In the network the
# rising logits enlarge the gradients of the layers below, and it overflows. So: yes, we have to consider the other dimensions.
# With all δ the mean logit stays where it was, as consequence 3 says.
#
# **What to remember (S3).** $C = -\log y_r$ behind softmax gives $\delta = y - \hat y$: $y_r - 1$ for the right class, $y_i$
# for the others. The signal grows with the error, and it sums to 0.
#
# **Check yourself**
#
# 1. Three classes, $y = (0.7, 0.2, 0.1)$, $r = 1$ (the second). Write down δ.
# 2. Two examples: $y_r = 0.5$ with one rival at 0.5, and $y_r = 0.5$ with nine rivals at 0.5/9 each. Which δ has the larger
#    norm?
# 3. Where in the derivation did we use that the target has a single 1?
#
# <details><summary>Answer</summary>
#
# 1. $(0.7, -0.8, 0.1)$. The sum is 0.
# 2. The first: $\sqrt{0.25 + 0.25} \approx 0.71$ against $\sqrt{0.25 + 9 \cdot 0.0031} \approx 0.53$.
# 3. In $C = -\log y_r$, a single term. For a general target $\hat y$ with sum 1 the second way still works:
#    $-\sum_i \hat y_i z_i + \log\sum_j e^{z_j}$ has the derivative $y_i - \hat y_i$ again.
#
# </details>

# %% [markdown]
# ## S4 · KL divergence, binary cross entropy, and their surfaces
#
# *(C "Choices for divergence", "L2 or KL")*
#
# ### KL divergence
#
# For a target distribution $d$ and an output $y$:
#
# $$D(d \,\|\, y) = \sum_i d_i \log\frac{d_i}{y_i} = \Big(-\sum_i d_i \log y_i\Big)
#   - \Big(-\sum_i d_i \log d_i\Big), \qquad 0 \log 0 = 0 .$$
#
# The first bracket is the cross entropy, the second the **entropy** of $d$.
#
# * **It is never negative**, and 0 only for $y = d$. Proof: $\log t \le t - 1$, with equality only at $t = 1$. So
#   $-D = \sum_{d_i > 0} d_i \log \frac{y_i}{d_i} \le \sum_{d_i > 0} d_i\big(\frac{y_i}{d_i} - 1\big) = \sum_{d_i > 0} y_i - 1 \le 0$.
# * **It has the gradient of cross entropy**: the entropy of $d$ does not depend on the network. Behind softmax
#   $\delta = y - d$ (S3, question 3).
# * **For one-hot targets the two are equal**: the entropy is 0, and both are $-\log y_r$.
# * **It is not symmetric**: $D(d\|y) \ne D(y\|d)$. So it is no distance.

# %%
rng = np.random.default_rng(2)
z, labels = rng.standard_normal((6, 5)), rng.integers(5, size=6)
d = 0.9 * scratch.one_hot(labels, 5) + 0.1 / 5  # smoothed labels (S6)
log_softmax, kl = scratch.LogSoftmax(), scratch.KLDivLoss("batchmean")
cross = scratch.CrossEntropyLoss()
divergence, h_cross = kl(log_softmax(z), d), cross(z, d)
entropy = -(d * np.log(d)).sum(axis=1).mean()
y = scratch.Softmax()(z)
tz = torch.tensor(z, requires_grad=True)
torch_kl = pytorch.KLDivLoss(reduction="batchmean")(torch.log_softmax(tz, dim=1), torch.tensor(d))
torch_kl.backward()
delta = log_softmax.backward(kl.backward())
print(f"KL {divergence:.6f}, PyTorch {torch_kl.item():.6f}")
print(f"cross entropy {h_cross:.6f} − entropy {entropy:.6f} = {h_cross - entropy:.6f}")
three = (delta, cross.backward(), tz.grad.numpy())
print("δ = (y − d) / N in all three:", all(np.allclose(g, (y - d) / 6) for g in three))
one_way, other_way = (np.sum(p * np.log(p / q)) for p, q in ((d[0], y[0]), (y[0], d[0])))
print(f"not symmetric: D(d‖y) = {one_way:.3f}, D(y‖d) = {other_way:.3f}")

# %% [markdown]
# ### Binary cross entropy
#
# One output $y = \sigma(z)$, the probability of "yes", and a target $d$, 0 or 1 (or between). The two distributions are
# $(d, 1 - d)$ and $(y, 1 - y)$. Their cross entropy is
#
# $$C = -d \log y - (1 - d) \log(1 - y).$$
#
# Its derivatives:
#
# $$\frac{\partial C}{\partial y} = -\frac{d}{y} + \frac{1 - d}{1 - y} = \frac{-d(1 - y) + (1 - d)y}{y(1 - y)}
#   = \frac{y - d}{y(1 - y)},$$
#
# $$\delta = \frac{\partial C}{\partial y}\,\sigma'(z) = \frac{y - d}{y(1 - y)} \cdot y(1 - y) = y - d .$$
#
# The slope cancels again. It is S3 with two classes and the logits $(0, z)$.
#
# **Predict, then run.** On paper δ is $y - d$. What does the chain `Sigmoid`, `BCELoss` give for $z = -800$ and $d = 1$?

# %%
z, d = np.array([[-800.0], [-3.0], [0.5]]), np.ones((3, 1))
sigmoid, bce = scratch.Sigmoid(), scratch.BCELoss("sum")
bce(sigmoid(z), d)
chain = sigmoid.backward(bce.backward())[:, 0]
tz = torch.tensor(z, requires_grad=True)
pytorch.BCELoss(reduction="sum")(torch.sigmoid(tz), torch.tensor(d)).backward()
torch_chain = tz.grad.numpy()[:, 0].copy()
tz.grad = None
torch.nn.BCEWithLogitsLoss(reduction="sum")(tz, torch.tensor(d)).backward()
pair = scratch.CrossEntropyLoss("sum")
pair(np.hstack([np.zeros_like(z), z]), np.ones(3, int))
columns = {
    "y − d": sigmoid(z)[:, 0] - 1,
    "Sigmoid, BCELoss": chain,
    "the same, PyTorch": torch_chain,
    "BCEWithLogitsLoss": tz.grad.numpy()[:, 0],
    "cross entropy of (0, z)": pair.backward()[:, 1],
}
rows = np.transpose(list(columns.values())) + 0.0  # + 0.0 makes -0.0 a plain zero
table(("z", *columns), [(a, *np.round(row, 4)) for a, row in zip(z[:, 0], rows, strict=True)])

# %% [markdown]
# At $z = -800$ the sigmoid is 0 in float64 and its slope too. The chain multiplies a finite number by 0: the signal is lost
# where it should be largest. Working from the logit keeps it. So in practice one uses `BCEWithLogitsLoss`, or
# `CrossEntropyLoss`, which both take logits.
#
# ### The surfaces: C's experiment
#
# One perceptron $y = \sigma(w \cdot x)$, two inputs, no bias, 100 random examples. C draws L2 and KL as functions of the two
# weights and notes: "L2 divergence is not convex while KL is convex. However, L2 also has a unique global minimum."
#
# $$C_{L2}(w) = \sum_n \tfrac12 (y_n - d_n)^2, \qquad
#   C_{KL}(w) = \sum_n \big(\log(1 + e^{z_n}) - d_n z_n\big), \quad z_n = w \cdot x_n .$$
#
# (For KL put $\log y = z - \log(1 + e^{z})$ and $\log(1 - y) = -\log(1 + e^{z})$ into the formula above.)
#
# **When is such a cost convex?** Each example contributes $c(z_n)$. By the chain rule, twice,
# $\dfrac{\partial^2 c}{\partial w_i \partial w_j} = c''(z_n)\, x_{ni} x_{nj}$, so the Hessian is
# $H = \sum_n c''(z_n)\, x_n x_n^T$ and $v^T H v = \sum_n c''(z_n)\,(v \cdot x_n)^2$.
#
# *KL*: $c'(z) = y - d$, so $c''(z) = y(1 - y) > 0$. Then $v^T H v \ge 0$ for all $v$: **convex**, at every $w$, for any data.
#
# *L2*, with $d = 1$: $c'(z) = -y(1 - y)^2$ (S1), and with $y' = y(1 - y)$
#
# $$c''(z) = -\big[(1 - y)^2 - 2y(1 - y)\big]\, y(1 - y) = -y(1 - y)^2(1 - 3y),$$
#
# which is *negative* for $y < \frac13$. With $d = 0$, by symmetry, it is negative for $y > \frac23$. Every example that is
# clearly wrong bends the surface down.
#
# **Predict, then run.** On what part of the square $[-10, 10]^2$ does the L2 surface bend down in some direction? On how
# many random segments does the middle lie above the mean of the two ends?


# %%
def examples(seed):
    """100 points in the plane with classes 0 and 1 that no line separates quite."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((100, 2))
    d = (x @ [3.0, -2.0] + rng.standard_normal(100) > 0).astype(float)
    return x, d


def cost(w, x, d, kind):
    """C(w) for weights w [..., 2]."""
    z = w @ x.T
    if kind == "L2":
        return 0.5 * ((scratch.Sigmoid()(z) - d) ** 2).sum(axis=-1)
    return (np.logaddexp(0, z) - d * z).sum(axis=-1)


def slopes(w, x, d, kind):
    """c′(z) and c″(z) of each example, [..., N]."""
    y = scratch.Sigmoid()(w @ x.T)
    slope = y * (1 - y)
    if kind == "KL":
        return y - d, slope
    return (y - d) * slope, slope**2 + (y - d) * slope * (1 - 2 * y)


def hessian(w, x, d, kind):
    """H = Σ c″(z_n) x_n x_nᵀ at weights w [..., 2], as [..., 2, 2]."""
    products = (x[:, :, None] * x[:, None, :]).reshape(-1, 4)
    return (slopes(w, x, d, kind)[1] @ products).reshape(*w.shape[:-1], 2, 2)


def bends_down(w, x, d, kind):
    """Where the smaller eigenvalue of the Hessian is negative (beyond rounding)."""
    return np.linalg.eigvalsh(hessian(w, x, d, kind))[..., 0] < -1e-12


axis_81 = np.linspace(-10, 10, 81)
grid = np.stack(np.meshgrid(axis_81, axis_81), axis=-1)
bends, breaks, rows = {}, {}, []
for kind in ("L2", "KL"):
    bent, above = [], []
    for seed in range(10):
        x, d = examples(seed)
        bent.append(np.mean(bends_down(grid, x, d, kind)))
        ends = np.random.default_rng(seed).uniform(-10, 10, (2, 2000, 2))
        middle, mean = cost(ends.mean(axis=0), x, d, kind), cost(ends, x, d, kind).mean(axis=0)
        above.append(np.mean(middle > mean + 1e-9))
    bends[kind], breaks[kind] = np.mean(bent), np.mean(above)
    rows.append((kind, spread(bent, 3), spread(above, 3)))
table(("10 data sets", "points with a negative eigenvalue", "segments with the middle above"), rows)

x, d = examples(0)
w, tx, td = np.array([-2.0, 1.0]), torch.tensor(x), torch.tensor(d)
torch_cost = lambda w: 0.5 * ((torch.sigmoid(tx @ w) - td) ** 2).sum()  # noqa: E731
by_torch = torch.autograd.functional.hessian(torch_cost, torch.tensor(w))
print("the Hessian agrees with autograd's:", np.allclose(hessian(w, x, d, "L2"), by_torch))

# %% tags=["hide-input"]
surface = {kind: cost(grid, x, d, kind) for kind in ("L2", "KL")}
figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharex=True, sharey=True)
for axis, kind in zip(axes, surface, strict=True):
    levels = axis.contourf(axis_81, axis_81, surface[kind], 14, cmap="cividis")
    bent = bends_down(grid, x, d, kind)
    axis.contourf(axis_81, axis_81, bent, [0.5, 1.5], colors="none", hatches=["//"])
    lowest_at = np.unravel_index(surface[kind].argmin(), bent.shape)
    axis.plot(*grid[lowest_at], "*", color=RED, markersize=15, linestyle="none")
    figure.colorbar(levels, ax=axis, label="cost C(w)")
    axis.set(title=f"{kind}: bends down on {bent.mean():.0%}", xlabel="w₁")
    axis.grid(False)
axes[0].set_ylabel("w₂")
figure.suptitle("L2 bends down almost everywhere (hatched), KL nowhere; star: minimum")
show(
    figure,
    "Contours of the cost of one perceptron over its two weights. For L2 nearly the whole square "
    "is hatched, except a band around the minimum; the KL surface is a bowl without hatching.",
)

# %% [markdown]
# ### Two proofs that L2 is not convex
#
# **By one segment.** A convex function lies below its chord. So one segment whose middle lies above the mean of its ends is
# a proof. We take the ends $a = (4, -2)$, close to the minimum, and $b = (-8, 8)$.

# %%
a, b = np.array([4.0, -2.0]), np.array([-8.0, 8.0])
t = np.linspace(0, 1, 201)[:, None]
along = {kind: cost((1 - t) * a + t * b, x, d, kind) for kind in ("L2", "KL")}
excess = {}
for kind, values in along.items():
    chord = (values[0] + values[-1]) / 2
    excess[kind] = values[100] - chord
    print(f"{kind}: C(a) {values[0]:.2f}, C(b) {values[-1]:.2f}, mean {chord:.2f}; ", end="")
    print(f"C at the middle {values[100]:.2f}")
assert excess["L2"] > 10, "far more than rounding"

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.4))
for axis, (kind, values), colour in zip(axes, along.items(), (RED, BLUE), strict=True):
    axis.plot(t, values, color=colour, linestyle="-", label="C on the segment")
    axis.plot([0, 1], values[[0, -1]], color=BLACK, linewidth=1.2, linestyle="--", label="chord")
    axis.plot(0.5, values[100], "o", color=colour, linestyle="none")
    axis.set(title=kind, xlabel="t, from a (0) to b (1)")
axes[0].set_ylabel("cost")
axes[0].legend(fontsize=9)
figure.suptitle("L2 rises above its chord, KL stays below")
show(
    figure,
    "Cost along the segment from a to b with the chord. The L2 curve bulges above the chord; "
    "the KL curve hangs below it.",
)

# %% [markdown]
# **In general.** Suppose a convex $C$ has two points with $C(b) > C(a)$. Walk from $a$ through $b$ and on to
# $p = a + t(b - a)$, $t > 1$. Then $b = (1 - \frac1t)\,a + \frac1t\, p$ lies between $a$ and $p$, and convexity says
# $C(b) \le (1 - \frac1t)\, C(a) + \frac1t\, C(p)$. Solve for $C(p)$:
#
# $$C(p) \ge C(a) + t\,\big(C(b) - C(a)\big) \;\to\; \infty \quad\text{for } t \to \infty.$$
#
# So a convex function that is not constant cannot stay bounded. But behind a sigmoid every term of the L2 cost is at most
# ½, so $C_{L2} \le N/2$. Hence **L2 behind a sigmoid is never convex** (unless it is constant), whatever the data.
#
# ### "However, L2 also has a unique global minimum"
#
# **Predict, then run.** On these 100 points: how many local minima has a 201 × 201 grid? And do 81 descents, from all
# over the square, end in the same place? They "arrive" when the mean cost stays within 0.005 of the minimum. (Rates 3 to 100,
# 300 steps; the gradient is averaged over the examples.)


# %%
def local_minima(x, d, kind):
    """Grid points below their eight neighbours, refined by Newton's method; without repeats."""
    values, n = cost(fine, x, d, kind), len(fine)
    inner = values[1:-1, 1:-1]
    shifts = [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    lower = [inner < values[i : n - 2 + i, j : n - 2 + j] for i, j in shifts]
    found = []
    for w in fine[1:-1, 1:-1][np.all(lower, axis=0)]:
        for _ in range(20):
            w = w - np.linalg.solve(hessian(w, x, d, kind), slopes(w, x, d, kind)[0] @ x)
        found.append(w)
    return np.unique(np.round(found, 2), axis=0)


def as_text(points):
    return " and ".join(f"({p:.2f}, {q:.2f})" for p, q in points)


def descend(w, x, d, kind, lr, steps=300):
    """Gradient descent from weights w [M, 2]; the mean cost after each step [steps, M]."""
    costs = []
    for _ in range(steps):
        w = w - lr * slopes(w, x, d, kind)[0] @ x / len(x)
        costs.append(cost(w, x, d, kind) / len(x))
    return np.array(costs)


axis_201, axis_9 = np.linspace(-10, 10, 201), np.linspace(-10, 10, 9)
fine = np.stack(np.meshgrid(axis_201, axis_201), axis=-1)
starts = np.stack(np.meshgrid(axis_9, axis_9), axis=-1).reshape(-1, 2)
arrived, minima, rows = {}, {}, []
for kind in ("L2", "KL"):
    minima[kind] = local_minima(x, d, kind)
    bottom = cost(minima[kind], x, d, kind).min() / len(x)
    for lr in (3, 10, 30, 100):
        close = descend(starts, x, d, kind, lr) < bottom + 0.005
        last_outside = np.where(close.all(axis=0), 0, len(close) - np.argmin(close[::-1], axis=0))
        arrived[kind, lr] = close[-1].mean(), np.median(last_outside), last_outside.max()
        share, median, slowest = arrived[kind, lr]
        slow = slowest if share == 1 else "more than 300"
        rows.append((kind, as_text(minima[kind]), lr, f"{share:.2f}", f"{median:.0f}", slow))
table(("", "local minima", "rate", "arrive", "steps, median", "steps, slowest start"), rows)

# %% [markdown]
# On these points C is right: one minimum, and at rates 30 and 100 every L2 descent finds it. At the same rate (3, 10) L2 is
# slower: it starts on a plateau. With its own rate it arrives no later than KL does at 10; at 30 KL overshoots. So "not convex"
# need not mean "hard". It means that nothing is promised.
#
# **But is it a property of L2?** No. Take eight examples: $(1, -2)$, $(-2, 1)$, and six times $(\frac12, \frac12)$, all with
# target 0.9. Swapping the two coordinates maps this data set onto itself. So $C(w_1, w_2) = C(w_2, w_1)$: minima away from the
# diagonal come in *pairs*, equally deep. If the diagonal is higher than some point beside it, and so is everything far out,
# then there are at least two global minima.
#
# **Predict, then run.** Is the lowest point on the diagonal, for L2? For KL?

# %%
eight = np.array([[1.0, -2.0], [-2.0, 1.0]] + 6 * [[0.5, 0.5]]), np.full(8, 0.9)
k, angle = np.linspace(-50, 50, 10_001), np.linspace(0, 2 * np.pi, 10_001)
circle = 1000 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
rows, eight_minima = [], {}
for kind in ("L2", "KL"):
    found = eight_minima[kind] = local_minima(*eight, kind)
    places = found, np.stack([k, k], axis=1), circle
    lowest = [f"{cost(w, *eight, kind).min():.3f}" for w in places]
    rows.append((kind, as_text(found), *lowest))
table(("", "local minima", "cost there", "lowest on the diagonal", "at radius 1000"), rows)
assert len(eight_minima["L2"]) == 2

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharex=True, sharey=True)
for axis, kind in zip(axes, ("L2", "KL"), strict=True):
    shown = slice(80, 171)
    values = cost(fine, *eight, kind)[shown, shown]
    line = axis_201[shown]
    levels = np.linspace(values.min(), np.quantile(values, 0.6), 16)
    filled = axis.contourf(line, line, values, levels, cmap="cividis", extend="max")
    figure.colorbar(filled, ax=axis, label="cost C(w)", format="%.2f")
    axis.plot(line, line, color=BLACK, linewidth=1, linestyle=":", label="diagonal")
    star = {"color": RED, "markersize": 15, "linestyle": "none", "label": "minimum"}
    axis.plot(*eight_minima[kind].T, "*", **star)
    axis.set(title=kind, xlabel="w₁", xlim=(-2, 7), ylim=(-2, 7))
    axis.grid(False)
axes[0].set_ylabel("w₂")
axes[1].legend(loc="upper right", facecolor="white", frameon=True)
figure.suptitle("Eight examples: L2 has two global minima, KL has one")
show(
    figure,
    "Contours of L2 and KL for the eight examples. L2 has two equal minima, mirrored at the "
    "diagonal; KL has one, on it.",
)

# %% [markdown]
# For L2 both mirror points are global minima. KL, being convex, has its one minimum on the diagonal. It can get much
# worse: with the square error a single sigmoid unit can have a number of local minima that grows exponentially with the
# number of inputs (Auer, Herbster and Warmuth 1996). C's second sentence is true of its picture, not of L2.
#
# ### And "KL is convex"?
#
# In the weights of *one* layer. With a hidden layer it is not. Proof: exchange two hidden units, with all their weights. The
# network computes the same, so the cost is the same. If the cost were convex, it would be at most as high in the middle.
#
# **Predict, then run.** We exchange the first 32 units of the second hidden layer with the last 32, and go half-way.

# %%
net = run("softmax, cross entropy", 0, 0.1).net
loss, state = scratch.CrossEntropyLoss(), net.state_dict()
order, swapped = np.roll(np.arange(64), 32), dict(state)
swapped["2.weight"], swapped["2.bias"] = state["2.weight"][order], state["2.bias"][order]
swapped["4.weight"] = state["4.weight"][:, order]
middle = {key: (state[key] + swapped[key]) / 2 for key in state}
hidden_costs = []
for weights in (state, swapped, middle):
    other = network()
    other.load_state_dict(weights)
    hidden_costs.append(loss(other(train[0]), train[1]))
print("training cost: trained {:.3f}, exchanged {:.3f}, half-way {:.3f}".format(*hidden_costs))
assert hidden_costs[2] > 1.2 * hidden_costs[0]

# %% [markdown]
# **What to remember (S4).** KL is cross entropy minus a constant; behind softmax or sigmoid its signal is $y - d$. It is
# convex in the weights of one layer. L2 behind a sigmoid never is. With hidden layers neither is.
#
# **Check yourself**
#
# 1. When is $D(d\|y)$ infinite?
# 2. The square error with an *identity* output, $\frac12(w \cdot x - d)^2$: convex in $w$?
# 3. Why do clearly wrong examples make the L2 surface flat *and* bent down?
#
# <details><summary>Answer</summary>
#
# 1. If some $y_i = 0$ where $d_i > 0$: the output calls something impossible that happens.
# 2. Yes: $c(z) = \frac12(z - d)^2$ has $c'' = 1$. It is the sigmoid that spoils it.
# 3. There $c(z)$ approaches its bound ½: the curve flattens (small slope), and to flatten while rising it must bend down.
#
# </details>

# %% [markdown]
# ## S5 · What makes a good divergence
#
# *(C "Desiderata for a good divergence")*
#
# Gradient descent feels a divergence through its slope. C's wishes:
#
# * smooth, without many poor local optima;
# * **not shallow far from the optimum**: tiny steps, "will take forever to converge";
# * **not steep near the optimum**: large steps, overshoot;
# * best: steep far away, shallow at the optimum, "but not too shallow: ideally quadratic".
#
# Take one error $e = y - \hat y$ and five shapes. Their slopes are what `backward` sends.
#
# | shape | cost f(e) | slope f′(e) | far away | near 0 |
# |---|---|---|---|---|
# | saturating | 1 − exp(−e²/2) | e · exp(−e²/2) | shallow: bad | quadratic: good |
# | absolute (L1) | abs(e) | sign(e) | steep enough | steep: bad |
# | quadratic (L2) | e²/2 | e | steep: good | quadratic: good |
# | fourth power | e⁴/4 | e³ | very steep | too shallow: bad |
# | Huber | e²/2 up to 1, then abs(e) − ½ | e, cut to [−1, 1] | steep enough | quadratic: good |
#
# **Why is the quadratic ideal?** One step is $e \leftarrow e - \eta f'(e)$. For $f' = e$ it is
# $e \leftarrow (1 - \eta)\,e$: the same *factor* everywhere. Near the optimum the steps shrink by themselves, and far away they
# grow. For $f' = \text{sign}(e)$ all steps have length η, so it ends in a swing of about η around 0. For $f' = e^3$ the factor
# is $1 - \eta e^2$: it tends to 1 near 0 (slow), and far away it is below −1 (it diverges) as soon as $\eta e^2 > 2$.
#
# **Predict, then run.** One rate for two starts, $e = 5$ and $e = 0.5$. We count steps until the error is below 0.01 and
# stays there. Each shape has its best rate on a grid of quarter decades, from 0.001 to 1. Which shapes fail?


# %%
SHAPES = {  # name: (cost f, slope f′)
    "saturating": (lambda e: 1 - np.exp(-(e**2) / 2), lambda e: e * np.exp(-(e**2) / 2)),
    "absolute": (np.abs, np.sign),
    "quadratic": (lambda e: e**2 / 2, lambda e: e),
    "fourth power": (lambda e: e**4 / 4, lambda e: e**3),
    "Huber": (
        lambda e: np.where(np.abs(e) <= 1, e**2 / 2, np.abs(e) - 0.5),
        lambda e: np.clip(e, -1, 1),
    ),
}


def path(shape, e, lr, steps):
    errors = [e]
    for _ in range(steps):
        e = e - lr * shape[1](e)
        errors.append(e)
    return np.array(errors)


LIMIT = 2000
steps_needed, rows = {}, []
quarter_decades = 10.0 ** np.arange(-3, 0.01, 0.25)
for name, shape in SHAPES.items():
    counts = {}
    for lr in quarter_decades:
        with np.errstate(all="ignore"):
            errors = path(shape, np.array([5.0, 0.5]), lr, LIMIT)
        outside = ~(np.abs(errors) < 0.01)
        counts[lr] = LIMIT + 1 - np.argmax(outside[::-1], axis=0)  # then it stays inside
    best = min(quarter_decades, key=lambda lr: counts[lr].sum())
    steps_needed[name] = counts[best]
    shown = [f"not in {LIMIT}" if n > LIMIT else str(n) for n in counts[best]]
    rows.append((name, f"{best:.2g}", *shown))
table(("shape", "best rate", "steps from e = 5", "steps from e = 0.5"), rows)

# %% tags=["hide-input"]
e_line = np.linspace(-6, 6, 241)
figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.4))
for axis, name, colour, lr, title in zip(
    axes,
    ("saturating", "absolute", "quadratic"),
    (RED, COLOURS[1], BLUE),
    (0.5, 0.7, 0.5),
    ("shallow far away: stands still", "steep at the optimum: swings", "quadratic: arrives"),
    strict=True,
):
    shape = SHAPES[name]
    errors = path(shape, 5.0, lr, 14)
    axis.plot(e_line, shape[0](e_line), color=colour, linestyle="-")
    axis.plot(errors, shape[0](errors), "o-", color=BLACK, linewidth=1, markersize=5)
    axis.set(title=f"{name}\n{title}", xlabel="error e")
axes[0].set_ylabel("cost f(e)")
figure.suptitle("14 steps of gradient descent from e = 5")
show(
    figure,
    "Three cost shapes with 14 steps of gradient descent. On the saturating one the "
    "points stay at the start, on the absolute value they end swinging around 0, "
    "on the parabola they reach 0.",
)

# %% [markdown]
# The quadratic needs one step at η = 1 (its Newton step), from anywhere. The saturating shape does not come home from 5. The
# absolute value needs a tiny rate, so many steps. The fourth power is caught between divergence and standstill. Huber's shape
# is nearly as good as the quadratic.
#
# ### On real data
#
# Regression: predict the last of the 40 measurements from the 39 before it, with each shape as the cost. Once from the usual
# start, and once *far away*: the output's bias is 10 at the start, and the targets lie between −5.5 and 4 (S8). Each shape
# and start has its own rate among 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, found as under "How we compare". (From far away none of
# the six rates helped the saturating shape or the fourth power.) Eight epochs. We report
# $R^2 = 1 - \text{MSE}/\text{variance}$ (1 is perfect, 0 is the mean's).
#
# **Predict, then run.** Which shapes find home from far away?


# %%
class ShapeLoss(Loss):
    """The mean of f(y − ŷ), for one of SHAPES."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape

    def forward(self, y, y_hat):
        cost, slope = self.shape
        self._gradient = slope(y - y_hat) / y.size
        return float(cost(y - y_hat).mean())


def forecast(split):
    return split[0][:, :39], split[0][:, 39:]


def r_squared(prediction, target):
    return 1 - np.mean((prediction - target) ** 2) / target.var()


x_val, target_val = forecast(validation)
BEST = {  # shape: rates from the usual start and from far away
    "saturating": (0.3, 0.001),
    "absolute": (0.03, 0.1),
    "quadratic": (0.03, 0.03),
    "Huber": (0.3, 0.1),
    "fourth power": (0.003, 0.001),
}
home, rows = {}, []
for name, rates in BEST.items():
    cells = []
    for start, lr in zip((0.0, 10.0), rates, strict=True):
        scores = []
        for seed in SEEDS:
            net = network(39, 1, seed=seed)
            net[4].params["bias"][...] = start
            done = fit(net, ShapeLoss(SHAPES[name]), forecast(train), lr, seed, epochs=8)
            scores.append(r_squared(net(x_val), target_val) if done else np.nan)
        home[name, start] = np.mean(scores)
        cells += [f"{lr:g}", spread(scores) if np.isfinite(scores).all() else "diverges"]
    rows.append((name, *cells))
table(("cost", "rate", "R², usual start", "rate", "R², far start"), rows)

# %% [markdown]
# From near, the shapes are about equal, except the fourth power, which is slow. From far away the saturating cost does not move
# (its predictions stay far outside: a large negative $R^2$), and the fourth power diverges even at the lowest rate. Huber's
# and the absolute cost, whose slope stays 1, are at least as good from far as the quadratic: *steep enough* will do. One of C's
# wishes is not seen here: the absolute cost, steep at its optimum, does as well as the others. Its swing is small at a small rate.
#
# **Where do our divergences stand?** Seen from the logit $z$: the square error behind a sigmoid is the *saturating* shape (S1).
# Binary cross entropy has $c' = y - d$: slope up to 1 far away on the wrong side, as Huber. For a target between 0 and 1 the
# curvature at its optimum is $y(1 - y) > 0$: quadratic. For a hard target (0 or 1) there is no finite optimum: S6.

# %% tags=["hide-input"]
z_line = np.linspace(-10, 10, 201)
y = scratch.Sigmoid()(z_line)
figure, axes = plt.subplots(1, 2, figsize=(8.8, 3.4), sharex=True, sharey=True)
for axis, d in zip(axes, (0.9, 1.0), strict=True):
    bce = np.logaddexp(0, z_line) - d * z_line
    axis.plot(z_line, bce, color=BLUE, linestyle="-", label="binary cross entropy")
    square = 0.5 * (y - d) ** 2
    axis.plot(z_line, square, color=RED, linestyle="--", label="square error behind a sigmoid")
    axis.set(title=f"target {d:g}", xlabel="logit z", ylim=(-0.1, 6))
axes[0].axvline(np.log(9), color=BLACK, linewidth=1, linestyle=":")
axes[0].annotate("optimum, y = 0.9", (np.log(9), 4.5), xytext=(4, 0), textcoords="offset points")
axes[0].set_ylabel("cost")
axes[1].legend(fontsize=9)
figure.suptitle("Cross entropy is steep far away on the wrong side, the square error is flat")
show(
    figure,
    "Cost against logit for targets 0.9 and 1. Cross entropy falls in a straight "
    "line on the left; with target 0.9 it has a minimum at z = 2.2, with target 1 none. "
    "The square error is flat on both sides.",
)

# %% [markdown]
# **What to remember (S5).** A good divergence has a useful slope far away and a quadratic bottom. Flat far away: no progress.
# Steep at the bottom: no rest. Too steep far away: divergence.

# %% [markdown]
# ## S6 · One-hot targets, label smoothing, calibration
#
# *(U "Which activation at the output nodes?", "Which loss?")*
#
# ### One-hot
#
# U: "labels into vectors via one-hot encoding". Label $r$ becomes the vector with 1 at $r$ and 0 elsewhere. Why not simply
# use the number $r$ as target? It would claim that class 3 lies between 2 and 4, and that 9 is far from 0.
#
# **Predict, then run.** One identity output trained on the number, rounded to the nearest class; against ten identity outputs
# and one-hot targets. Same cost (square error), each with its own rate (for the number 0.01, from 0.001 to 0.1).

# %%
numbers = train[1].astype(float)[:, None]
coded = {"number": [], "one-hot": []}
for seed in SEEDS:
    net = network(outputs=1, seed=seed)
    fit(net, scratch.MSELoss(), (train[0], numbers), 0.01, seed)
    rounded = np.clip(np.round(net(validation[0])[:, 0]), 0, 9)
    coded["number"].append(np.mean(rounded == validation[1]))
    coded["one-hot"].append(run("identity, square error", seed, 0.1).curve[-1])
table(("target", "validation accuracy"), [(name, spread(values)) for name, values in coded.items()])
labels = np.array([2, 0, 1])
ours, theirs = scratch.one_hot(labels, 4), pytorch.one_hot(torch.tensor(labels), 4)
print(ours.tolist(), "as in PyTorch:", np.array_equal(ours, theirs))
try:
    scratch.one_hot(np.array([4]), 4)
except ValueError as error:
    print("a label out of range:", error)

# %% [markdown]
# ### Label smoothing
#
# U's idea: the zeros are "not likely to be helpful" for tuning the parameters further, so use a small number instead of 0.
# (The formula on the slide is lost in the text we have.) The common form (Szegedy et al. 2016) mixes the target with the
# uniform distribution:
#
# $$d = (1 - \varepsilon)\cdot\text{one-hot} + \frac{\varepsilon}{K}, \qquad
#   d_r = 1 - \varepsilon + \frac{\varepsilon}{K}, \quad d_i = \frac{\varepsilon}{K} \;\; (i \ne r).$$
#
# The signal is $\delta = y - d$ (S4). Two remarks on the reason given. The zeros *do* help: they give $\delta_i = y_i$ (S3).
# And what changes is this:
#
# * **Hard targets have no optimum.** $\delta_r = y_r - 1 < 0$ for ever, since $y_r < 1$. On an example that can be fitted,
#   the logits are driven apart without end.
# * **Smoothed targets have one.** The cost is smallest for $y = d$ (S4). Then
#   $$z_r - z_i = \log\frac{y_r}{y_i} = \log\frac{1 - \varepsilon + \varepsilon/K}{\varepsilon/K}
#     = \log\Big(\frac{K}{\varepsilon} - K + 1\Big).$$
#   For K = 10 and ε = 0.1 that is $\log 91 \approx 4.51$.
#
# **Predict, then run.** 30 epochs with ε = 0, 0.05, 0.1, 0.2, 0.4. How far do the logits of the right class rise above the mean
# of the others, on the training data?
#
# (Each ε has its own rate among 0.03, 0.1 and 0.3, found as under "How we compare", with 30 epochs.)

# %%
SMOOTHING = {0.0: 0.1, 0.05: 0.1, 0.1: 0.3, 0.2: 0.1, 0.4: 0.3}  # ε: rate


def logit_gap(net):
    """Median over the training data of z_r minus the mean of the other logits."""
    z = net(train[0])
    z_r = z[np.arange(len(z)), train[1]]
    return np.median(z_r - (z.sum(axis=1) - z_r) / 9)


@cache
def smoothed(eps, seed):
    """30 epochs with label smoothing ε: the net, and the logit gap after each epoch."""
    net, gaps = network(seed=seed), []
    loss = scratch.CrossEntropyLoss(label_smoothing=eps)
    fit(net, loss, train, SMOOTHING[eps], seed, 30, lambda history: gaps.append(logit_gap(net)))
    return SimpleNamespace(net=net, gaps=np.array(gaps))


loss = scratch.CrossEntropyLoss(label_smoothing=0.1)
twin = pytorch.CrossEntropyLoss(label_smoothing=0.1)
z = network()(train[0][:50])
tz = torch.tensor(z, requires_grad=True)
costs = loss(z, train[1][:50]), twin(tz, torch.tensor(train[1][:50]))
costs[1].backward()
d = 0.9 * HOT[:50] + 0.1 / 10
print("δ = (y − d) / N:", np.allclose(loss.backward(), (scratch.Softmax()(z) - d) / 50))
same = np.isclose(costs[0], costs[1].item()), np.allclose(loss.backward(), tz.grad)
print("cost and signal as in PyTorch:", *same)

gaps = {eps: np.array([smoothed(eps, seed).gaps for seed in SEEDS]) for eps in SMOOTHING}
optimal = {eps: np.log(10 / eps - 9) if eps else np.inf for eps in SMOOTHING}
rows = []
for eps, lr in SMOOTHING.items():
    goal = f"{optimal[eps]:.2f}" if eps else "none"
    rows.append((eps, lr, goal, *(spread(gaps[eps][:, epoch - 1], 1) for epoch in (10, 20, 30))))
table(("ε", "rate", "optimal gap", "gap after 10 epochs", "after 20", "after 30"), rows)

# %% tags=["hide-input"]
figure, axis = plt.subplots()
styles = ("-", "--", "-.", ":")
for eps, colour, style in zip((0.0, 0.1, 0.2, 0.4), COLOURS[:4], styles, strict=True):
    mean = gaps[eps].mean(axis=0)
    axis.plot(range(1, 31), mean, color=colour, linestyle=style, label=f"ε = {eps:g}")
    if eps:
        axis.axhline(optimal[eps], color=colour, linewidth=1, linestyle=":")
axis.set(
    title="Without smoothing the logits go on moving apart",
    xlabel="epoch",
    ylabel="z_r − mean of the others",
)
axis.legend(title="dotted: optimum", ncols=2, loc="upper left")
show(
    figure,
    "Median logit gap by epoch, mean over three seeds. Without smoothing it keeps rising; "
    "with smoothing it levels off near the dotted optimum.",
)

# %% [markdown]
# Without smoothing the gap grows by 4 or 5 in every ten epochs. With smoothing the growth dies down, near the optimum. (Not
# exactly there: the gap is the median over examples, and not every example is fitted equally well.)
#
# ### Calibration: is 0.9 right nine times in ten?
#
# L calls softmax's outputs *probabilities*. That can be tested. Sort the test examples into bins by the **confidence**,
# the largest $y_i$. In a well **calibrated** network 90 % of the examples with confidence 0.9 are classified correctly. A
# **reliability diagram** draws the share of correct examples against the confidence. The **expected calibration error**
# (ECE; see Guo et al. 2017) is the mean distance between the two, each bin weighted by its number of examples.
#
# This comparison is on the *test* data; nothing below is chosen by them.
#
# **Predict, then run.** Without smoothing: is the network too sure, or not sure enough? What does smoothing do to the accuracy?


# %%
def bins_of(y, labels, count=10):
    """Mean confidence, share correct and share of examples of each bin that is not empty."""
    confidence, correct = y.max(axis=1), y.argmax(axis=1) == labels
    number = np.minimum((confidence * count).astype(int), count - 1)
    chosen = [number == k for k in range(count) if np.any(number == k)]
    return np.array([(confidence[c].mean(), correct[c].mean(), c.mean()) for c in chosen])


def calibration_error(y, labels):
    confidence, correct, weight = bins_of(y, labels).T
    return np.sum(weight * np.abs(confidence - correct))


def report(eps, temperature=None):
    """Accuracy, mean confidence, ECE and −log y_r on the test data, one row per seed."""
    rows = []
    for seed in SEEDS:
        z = smoothed(eps, seed).net(test[0])
        y = scratch.Softmax()(z / (temperature[seed] if temperature else 1))
        right = y[np.arange(len(y)), test[1]]
        hits, confidence = np.mean(y.argmax(axis=1) == test[1]), y.max(axis=1).mean()
        rows.append((hits, confidence, calibration_error(y, test[1]), -np.log(right).mean()))
    return np.array(rows)


reports = {f"ε = {eps:g}": report(eps) for eps in SMOOTHING}
header = ("test data", "accuracy", "mean confidence", "calibration error", "−log y_r")
table(header, [(name, *map(spread, values.T)) for name, values in reports.items()])


def validation_cost(eps):
    nets = [smoothed(eps, seed).net for seed in SEEDS]
    return np.mean([scratch.CrossEntropyLoss()(net(validation[0]), validation[1]) for net in nets])


print(f"lowest −log y_r on the validation data: ε = {min(SMOOTHING, key=validation_cost):g}")

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.6), sharex=True, sharey=True)
for axis, eps in zip(axes, (0.0, 0.2, 0.4), strict=True):
    y = np.concatenate([scratch.Softmax()(smoothed(eps, seed).net(test[0])) for seed in SEEDS])
    labels = np.tile(test[1], len(SEEDS))
    confidence, correct, weight = bins_of(y, labels).T
    axis.plot([0, 1], [0, 1], color=BLACK, linewidth=1, linestyle=":", label="calibrated")
    axis.plot(confidence, correct, color=BLUE, linestyle="-", label="network")
    sizes = 20 + 600 * weight
    axis.scatter(confidence, correct, s=sizes, color=BLUE, alpha=0.5, label="size: examples")
    axis.fill_between(confidence, confidence, correct, color=RED, alpha=0.2)
    error = reports[f"ε = {eps:g}"][:, 2].mean()
    axis.set(title=f"ε = {eps:g}: ECE {error:.2f}", xlabel="confidence", xlim=(0, 1.05))
axes[0].set_ylabel("share correct")
axes[0].legend(fontsize=8, loc="upper left")
figure.suptitle("Too sure without smoothing, calibrated in between, too modest with too much")
show(
    figure,
    "Reliability diagrams for three amounts of smoothing. Without it the curve lies below "
    "the diagonal, with 0.2 on it, with 0.4 above.",
)

# %% [markdown]
# Trained on hard targets, the network is far too sure. So L's word "probability" describes the form of the numbers,
# not their truth. Some smoothing calibrates; the accuracy hardly changes; too much smoothing makes the network
# too modest. The right ε must be chosen, like a learning rate, on validation data: the last line does it, without
# looking at the test data.
#
# ### The repair afterwards: temperature
#
# Smoothing changes the training. Guo et al. (2017) repair a finished network with *one* number: divide the logits by a
# temperature $T$ (S2), chosen to make $-\log y_r$ smallest on the validation data. The predicted classes stay the same.
#
# **Predict, then run.** Is $T$ above or below 1 for ε = 0? For ε = 0.4?

# %%
candidates = np.geomspace(0.3, 6, 121)
fitted = {}
for eps in (0.0, 0.4):
    for seed in SEEDS:
        z = smoothed(eps, seed).net(validation[0])
        costs = [scratch.CrossEntropyLoss()(z / T, validation[1]) for T in candidates]
        fitted[eps, seed] = candidates[np.argmin(costs)]
rows = []
for eps in (0.0, 0.4):
    temperature = {seed: fitted[eps, seed] for seed in SEEDS}
    repaired = reports[f"ε = {eps:g}, T fitted"] = report(eps, temperature)
    plain = reports[f"ε = {eps:g}"]
    found = spread(list(temperature.values()), 1)
    rows.append((eps, spread(plain[:, 2]), found, spread(repaired[:, 2]), spread(repaired[:, 3])))
table(("ε", "calibration error, T = 1", "fitted T", "error with it", "−log y_r with it"), rows)

# %% [markdown]
# One number repairs both. $T > 1$ softens the sure network, $T < 1$ sharpens the modest one. The repaired network without
# smoothing even has the lowest $-\log y_r$ of all.
#
# Smoothing is not free of side effects. Müller, Kornblith and Hinton (2019) found that a network trained with it is a worse
# *teacher* for distillation: the smoothed targets erase what the wrong classes' probabilities tell.
#
# **What to remember (S6).** One-hot, because classes have no order. Hard targets drive the logits apart without end and make
# the network too sure. Smoothing sets a finite goal, $\log(K/\varepsilon - K + 1)$. Check calibration before you call
# an output a probability; a temperature repairs it.
#
# **Check yourself**
#
# 1. K = 10, ε = 0.1. What is the smallest possible cost with smoothed targets?
# 2. A network always says "class 0, confidence 0.3" on data where class 0 is right in 30 % of the cases. Is it calibrated? Is
#    it good?
# 3. Why can temperature scaling not change the accuracy?
# 4. (S5) Gradient clipping (lecture 05) sets a ceiling on slopes. Which of S5's shapes is "the quadratic with a clipped slope"?
#
# <details><summary>Answer</summary>
#
# 1. The entropy of $d$, reached at $y = d$: $-0.91 \log 0.91 - 9 \cdot 0.01 \log 0.01 \approx 0.50$.
# 2. Perfectly calibrated, and useless. Calibration alone is not the goal; $-\log y_r$ measures both.
# 3. Dividing by $T > 0$ keeps the order of the logits.
# 4. Huber: its slope is $e$, clipped to $[-1, 1]$.
#
# </details>

# %% [markdown]
# ## S7 · Stable softmax and log-sum-exp
#
# *(L "Softmax"; the floating-point side is not in the lectures)*
#
# The definition, typed as it stands, fails. $e^{z}$ overflows for quite ordinary $z$, and $\infty/\infty$ is nan. For very
# negative logits all $e^{z}$ are 0, and $0/0$ is nan.
#
# **Predict, then run.** From which $z$ does $e^z$ overflow in float16, float32 and float64?


# %%
def naive_softmax(z):
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


for dtype in (np.float16, np.float32, np.float64):
    largest = float(np.finfo(dtype).max)
    print(f"{dtype.__name__}: largest {largest:.2g}, e^z overflows above z = {np.log(largest):.2f}")
rows = []
for z in ([1.0, 2.0, 3.0], [1001.0, 1002.0, 1003.0], [-1001.0, -1002.0, -1003.0]):
    z = np.array(z)
    with np.errstate(all="ignore"):
        naive = naive_softmax(z)
    torch_y = pytorch.Softmax(dim=-1)(torch.tensor(z)).numpy()
    three = naive, scratch.Softmax()(z), torch_y
    rows.append([z.tolist()] + [np.array2string(y, precision=4) for y in three])
table(("z", "as typed", "scratch", "PyTorch"), rows)

# %% [markdown]
# ### The repair, derived
#
# A constant added to all logits changes nothing (S2). Choose $c = -m$ with $m = \max_j z_j$:
#
# $$y_i = \frac{e^{z_i - m}}{\sum_j e^{z_j - m}} .$$
#
# Every exponent is at most 0, so nothing overflows. The largest term is $e^0 = 1$, so the sum is between 1 and K and never 0.
#
# **And the logarithm.** $-\log y_r$ from a finished $y_r$ still fails: $y_r$ may have been rounded to 0 (S2), and then the
# cost is ∞ and the chain through $-\frac{1}{y_r}$ is nan. So take the logarithm *before* rounding:
#
# $$-\log y_r = \log\sum_j e^{z_j} - z_r, \qquad \log\sum_j e^{z_j} = m + \log \sum_j e^{z_j - m} .$$
#
# The last expression is called **log-sum-exp**. (Proof: $\sum_j e^{z_j} = e^m \sum_j e^{z_j - m}$; take the logarithm.)
#
# **How large is log-sum-exp?** The sum lies between 1 (its largest term) and K (K terms, each at most 1). So
#
# $$m \;\le\; \log\sum_j e^{z_j} \;\le\; m + \log K .$$
#
# It is a soft *maximum*. Its derivative is softmax (S3, second way).
#
# The order of subtraction matters too. $(z_r - m) - \log\sum_j e^{z_j - m}$ subtracts two large numbers first, exactly if they
# are close; $z_r - (m + \log\dots)$ adds a small number to a large one and loses its digits.
#
# **Predict, then run.** In float32, K = 2, $r$ = the *smaller* logit: four ways to compute the cost. At which gap does each fail?


# %%
def cost_late(z, r):
    m = z.max()
    return (m + np.log(np.exp(z - m).sum())) - z[r]


WAYS = {
    "as typed": lambda z, r: -np.log(naive_softmax(z)[r]),
    "stable softmax, then log": lambda z, r: -np.log(scratch.Softmax()(z)[r]),
    "log-sum-exp, z_r subtracted last": cost_late,
    "log-softmax": lambda z, r: -scratch.LogSoftmax()(z)[r],
    "PyTorch's log-softmax": lambda z, r: -torch.log_softmax(torch.tensor(z), 0)[r].item(),
}
CASES = ([20, 0], [50, 0], [100, 0], [200, 0], [10_000, 0], [30_001, 30_000])
rows = []
for name, way in WAYS.items():
    with np.errstate(all="ignore"):
        rows.append((name, *(f"{way(np.array(z, np.float32), 1):.6g}" for z in CASES)))
rows.append(("exact (float64)", *(f"{np.logaddexp(*map(float, z)) - z[1]:.6g}" for z in CASES)))
table(("cost for r = second logit", *(f"z = {tuple(z)}" for z in CASES)), rows)

# %% [markdown]
# ### In a real network
#
# Are such logits real? We take the 30-epoch network of S6 (ε = 0) and its test logits, as they are and multiplied by 10 and
# 100, as after an input that was not normalised, or a bad start. And we train on inputs multiplied by 100 with the cost typed as it
# stands (rate 0.0001 for both; five epochs).
#
# **Predict, then run.** For what share of the examples is the naive softmax nan, in each precision?


# %%
class NaiveCrossEntropy(Loss):
    """−log of the softmax as typed; its signal is (y − ŷ) / N."""

    def forward(self, z, r):
        y, rows = naive_softmax(z), np.arange(len(z))
        self._gradient = (y - scratch.one_hot(r, z.shape[1])) / len(z)
        return float(-np.log(y[rows, r]).mean())


logits = smoothed(0.0, 0).net(test[0])
nan_share, rows = {}, []
for dtype in (np.float16, np.float32, np.float64):
    for factor in (1, 10, 100):
        with np.errstate(all="ignore"):
            y = naive_softmax((logits * factor).astype(dtype))
        nan_share[dtype.__name__, factor] = np.mean(np.isnan(y).any(axis=1))
    shares = [nan_share[dtype.__name__, factor] for factor in (1, 10, 100)]
    rows.append((dtype.__name__, *(f"{share:.2f}" for share in shares)))
table(("share of test examples with nan", "logits", "× 10", "× 100"), rows)
stable_nan = np.isnan(scratch.Softmax()((logits * 100).astype(np.float32))).any()
print("stable softmax, float32, × 100: any nan:", stable_nan)

big = train[0] * 100, train[1]
for loss in (NaiveCrossEntropy(), scratch.CrossEntropyLoss()):
    net = network()
    done = fit(net, loss, big, 1e-4, seed=0, epochs=5)
    share = accuracy(net, (validation[0] * 100, validation[1])) if done else 0
    result = f"validation accuracy {share:.2f}" if done else "the cost became nan or infinite"
    print(f"{type(loss).__name__}: {result}")

# %% [markdown]
# In float16 even this ordinary network's logits break the naive formula. That is why **mixed-precision** training keeps softmax
# and cross entropy in float32. (Note that the inputs × 100 train badly even with the stable cost: stability is no substitute
# for normalising the input, lecture 03.)
#
# **Practice today.** Libraries offer the fused pair under one name: `CrossEntropyLoss` takes *logits*. Do not put a softmax in
# front (A11). PaLM (Chowdhery et al. 2022) adds a small penalty on $\log^2 \sum_j e^{z_j}$, to keep log-sum-exp near 0.
# FlashAttention (Dao et al. 2022) computes softmax over long rows piece by piece, carrying the running maximum and the
# running sum (Milakov and Gimelshein 2018; see the exercises).
#
# **What to remember (S7).** Subtract the maximum; take the logarithm of the sum, not of the result. Give the loss the logits.

# %% [markdown]
# ## S8 · Which divergence for which task
#
# *(C "L2 or KL?")*
#
# C: L2 "is particularly appropriate when attempting to perform regression", KL "is better when the intent is classification".
#
# ### Where the two come from
#
# Both are maximum likelihood, for two kinds of noise.
#
# * **Regression.** Let the target be the output plus normal noise: $\hat y = y + \text{noise}$, with density
#   $p(\hat y) = \frac{1}{\sqrt{2\pi}\,s} \exp\big(-\frac{(\hat y - y)^2}{2 s^2}\big)$. Then
#   $$-\log p(\hat y) = \frac{(\hat y - y)^2}{2 s^2} + \log(\sqrt{2\pi}\, s) :$$
#   the square error, up to a factor and a constant. (Noise with density $\frac{1}{2s} e^{-|\hat y - y|/s}$ gives the
#   absolute error in the same way.)
# * **Classification.** Let the class be drawn with probabilities $y$. Then $-\log p(r) = -\log y_r$: cross entropy.
#
# In both cases, with the output layer that belongs to the cost (identity; softmax or sigmoid), $\delta = y - \hat y$.
#
# ### Task 1: classification, with the wrong one too
#
# **Predict, then run.** Test data, three seeds, ten epochs, each at its own rate. How many points of accuracy does the square
# error lose?

# %%
classification, rows = {}, []
for method in METHODS:
    results = []
    for seed in SEEDS:
        y = run(method, seed, rate(method)).net(test[0])
        if method == "softmax, cross entropy":
            y = scratch.Softmax()(y)
        right = y[np.arange(len(y)), test[1]]
        nll = -np.log(right).mean() if method.startswith("softmax") else np.nan
        ece = calibration_error(y, test[1]) if method.startswith("softmax") else np.nan
        results.append((np.mean(y.argmax(axis=1) == test[1]), nll, ece))
    classification[method] = np.array(results)
    columns = np.transpose(results)
    cells = [spread(c) if np.isfinite(c).all() else "no probabilities" for c in columns]
    rows.append((method, rate(method), *cells))
table(("output layer, cost", "rate", "test accuracy", "−log y_r", "calibration error"), rows)

same_rate = np.array([run("softmax, square error", seed, 0.1).curve[-1] for seed in SEEDS])
print("softmax, square error, at cross entropy's rate 0.1: validation accuracy", spread(same_rate))

# %% [markdown]
# With its own rate, the square error *behind softmax* loses nothing we can measure. (With cross entropy's rate it would look
# clearly worse. Part of the difference is only the factor 2/K of S1.) This agrees with larger studies: Hui and Belkin (2021)
# found the square loss about as good as cross entropy on many classification tasks. What cross entropy gives is *safety*: a signal
# from every start (S3), and a convex last layer (S4). Golik, Doetsch and Ney (2013) saw the same: from a
# random start the square error may get stuck, from a good start it trains well.
#
# ### Task 2: regression, with the wrong one too
#
# The forecast of S5. Cross entropy wants probabilities, and measurements are none.
#
# **Predict, then run.** What do `BCELoss` and `KLDivLoss` say to targets from −5 to 4?

# %%
x_train, target_train = forecast(train)
for loss in (scratch.BCELoss(), scratch.KLDivLoss()):
    try:
        loss(np.full((3200, 1), 0.5), target_train)
    except ValueError as error:
        print(error)

# %% [markdown]
# So one must force it. Two ways:
#
# * **Scale** the targets to $[0, 1]$ by the training data's minimum and maximum, and use a sigmoid with binary cross entropy.
# * Cut the range into **20 bins** and classify. Predict the centre of the most probable bin, or the mean
#   $\sum_i y_i \cdot \text{centre}_i$.
#
# **Predict, then run.** Rates found as before, ten epochs. How much does each lose against identity and square error?

# %%
low, high = target_train.min(), target_train.max()
scaled = (target_train - low) / (high - low)
edges = np.linspace(low, high, 21)
centres = (edges[1:] + edges[:-1]) / 2
bin_of = np.digitize(target_train[:, 0], edges[1:-1])
sigmoid_on = 1, (scratch.Sigmoid,), scaled, 1.0, lambda y: low + (high - low) * y
bins = 20, (), bin_of, 0.03
cross, square = scratch.CrossEntropyLoss, scratch.MSELoss
TASKS = {  # name: (loss, outputs, output layers, targets, rate, output → prediction)
    "identity, square error": (square, 1, (), target_train, 0.03, lambda y: y),
    "sigmoid on scaled targets, square error": (square, *sigmoid_on),
    "sigmoid on scaled targets, binary cross entropy": (scratch.BCELoss, *sigmoid_on),
    "20 bins, most probable bin": (cross, *bins, lambda z: centres[z.argmax(axis=1)][:, None]),
    "20 bins, mean": (cross, *bins, lambda z: scratch.Softmax()(z) @ centres[:, None]),
}
x_test, target_test = forecast(test)
regression, predicted, rows = {}, {}, []
for name, (loss, outputs, last, target, lr, predict) in TASKS.items():
    scores = []
    for seed in SEEDS:
        net = network(39, outputs, [layer() for layer in last], seed)
        fit(net, loss(), (x_train, target), lr, seed)
        predicted[name] = predict(net(x_test))
        scores.append(r_squared(predicted[name], target_test))
    regression[name] = np.array(scores)
    rows.append((name, lr, spread(scores), f"{min(scores):.2f}"))
table(("output layer, cost", "rate", "R² on test data", "worst seed"), rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.6), sharex=True, sharey=True)
drawn = ("identity, square error", "20 bins, most probable bin", "20 bins, mean")
for axis, name in zip(axes, drawn, strict=True):
    axis.plot([-5, 5], [-5, 5], color=BLACK, linewidth=1, linestyle=":")
    axis.plot(target_test, predicted[name], ".", color=BLUE, markersize=3, linestyle="none")
    axis.set(title=name, xlabel="target")
axes[0].set_ylabel("prediction")
figure.suptitle("Regression by bins: steps; their mean repairs most of it")
show(
    figure,
    "Prediction against target for three methods. The square error gives points along "
    "the diagonal, the most probable bin gives horizontal stripes, "
    "the mean over bins smooths the stripes away.",
)

# %% [markdown]
# Identity and square error come first. The others are no disaster, once the targets are forced into their form: the mean over
# bins and the scaled square error come close. The most probable bin loses more: bins know no order, and their width is
# lost. Binary cross entropy is fine for two seeds and poor for the third (last column); its rate was chosen by the worst of
# five other seeds, and still. So three seeds do not settle its rank. The price of forcing is there for all: one must know the range beforehand
# or choose the bins, and nothing outside the range can be predicted. The square error with an identity output needs none of that.
#
# In some fields regression by classification is even the better choice: Imani and White (2018) proposed cross entropy over soft
# bins for regression, and Farebrother et al. (2024) use it for value functions in reinforcement learning.
#
# ### A rule of thumb
#
# | the target is | output layer | divergence | in PyTorch |
# |---|---|---|---|
# | a number, normal noise | identity | square error | `MSELoss` |
# | a number, with outliers | identity | absolute or Huber | `L1Loss`, `HuberLoss` |
# | yes or no; or several labels at once | sigmoid | binary cross entropy | `BCEWithLogitsLoss` |
# | one of K classes | softmax | cross entropy | `CrossEntropyLoss` |
# | a distribution | softmax | KL divergence | `KLDivLoss(reduction="batchmean")` |
#
# **What to remember (S8).** Take the cost whose noise fits the target; then $\delta = y - \hat y$. The wrong one often works,
# at another rate, but without guarantees.
#
# **Check yourself**
#
# 1. A paper says that method A beats B; both were trained with rate 0.1. What do you ask?
# 2. Targets are counts: 0, 1, 2, … Which of the rows fits?
# 3. (S7) Why subtract the maximum of the logits, and not their mean?
#
# <details><summary>Answer</summary>
#
# 1. Whether 0.1 is equally good for both. The line under task 1's table shows what a borrowed rate does.
# 2. None quite. Take the likelihood of counts, Poisson: $-\log p = y - \hat y \log y + \text{const}$ with $y = e^{z}$. Then
#    $\delta = y - \hat y$ once more.
# 3. With the mean one exponent may still be huge. Only the maximum guarantees that all are at most 0 and one is 0.
#
# </details>

# %% [markdown]
# ## What the lectures claim and what we found
#
# Our numbers in this table come from the cells above.

# %% tags=["hide-input"]
eps0, eps2, eps4 = (reports[f"ε = {eps:g}"] for eps in (0.0, 0.2, 0.4))
cross_far, square_far = (recovery[name, START][:, 10].mean() for name in BOTH)
ledger = [
    ("S1", "C: for the L2 divergence we literally propagate the error backward", f"δ = y − ŷ for an identity output; behind a sigmoid at z = −6, target 1, δ of size {abs(delta_sigmoid[0, 0]):.4f}", "partly; behind a sigmoid it is error × slope"),
    ("S2", "L: larger output means larger confidence; better bounded", f"square error of output 1.2: {square_error[1.2]:.2f}, of 2: {square_error[2.0]:.2f}; identity outputs outside [0, 1]: {unbounded['identity, square error']:.2f}", "reproduced"),
    ("S2", "L: 1 > y_i > 0", f"in float32 exactly 1 from gap {closed['float32'][0]}, exactly 0 from gap {closed['float32'][1]}", "reproduced on paper, not in floating point"),
    ("S2, S6", "L: softmax gives probabilities", f"mean confidence {eps0[:, 1].mean():.2f}, accuracy {eps0[:, 0].mean():.2f} after 30 epochs", "partly; the form, not the truth"),
    ("S3", "L: δ_r = y_r − 1, δ_i = y_i", "five computations agree", "reproduced"),
    ("S3", "L: the absolute value of δ_r is larger when y_r is far from 1", f"at y_r = 0.001: {size['cross entropy'][0]:.3f} (cross entropy), {size['square error'][0]:.3f} (square error)", "reproduced; true of cross entropy, not of the square error"),
    ("S3", "L: do we have to consider other dimensions?", f"without them: cost {others['only δ_r', 10]:.1f} instead of {others['all δ', 10]:.1f} in a linear layer; finite runs of the network: {survives[0.1]} of 3", "answer: yes, through the denominator"),
    ("S3", "L: C = −log y_r is the cross entropy", "equal to −Σ ŷ_i log y_i for a target with a single 1", "reproduced; a special case"),
    ("S4", "C: L2 is not convex", f"negative eigenvalue on {bends['L2']:.3f} of the square; {breaks['L2']:.2f} of the segments; {excess['L2']:.1f} above the chord", "reproduced, and proved for any data"),
    ("S4", "C: KL is convex", f"perceptron: {bends['KL']:.3f} and {breaks['KL']:.2f}; hidden layers: cost {hidden_costs[2]:.2f} half-way between two equal networks of cost {hidden_costs[0]:.2f}", "reproduced for one layer; slip: not with hidden layers"),
    ("S4", "C: L2 also has a unique global minimum", f"one minimum on C's kind of data; {len(eight_minima['L2'])} equal ones for eight examples", "reproduced for the picture; slip: not in general"),
    ("S5", "C: low slopes far from the optimum are bad", f"R² from far: saturating {home['saturating', 10.0]:.0f}, quadratic {home['quadratic', 10.0]:.2f}", "reproduced"),
    ("S5", "C: high slopes near the optimum are bad", f"absolute: {steps_needed['absolute'][0]} steps from 5, quadratic {steps_needed['quadratic'][0]}; on data R² {home['absolute', 0.0]:.2f} and {home['quadratic', 0.0]:.2f}", "reproduced in one dimension; no harm on data"),
    ("S5", "C: best steep far away, ideally quadratic", f"R² from far: fourth power diverges, quadratic {home['quadratic', 10.0]:.2f}, Huber {home['Huber', 10.0]:.2f}", "partly; steep enough is enough"),
    ("S6", "U: labels into vectors via one-hot encoding", f"accuracy {np.mean(coded['one-hot']):.2f}, with numbers {np.mean(coded['number']):.2f}", "reproduced"),
    ("S6", "U: the zeros are not helpful, use a small number", f"calibration error {eps0[:, 2].mean():.2f} → {eps2[:, 2].mean():.2f} (ε = 0.2); accuracy {eps0[:, 0].mean():.2f} → {eps2[:, 0].mean():.2f}; too much (ε = 0.4): {eps4[:, 2].mean():.2f}", "partly; it calibrates, but the zeros do give a signal, δ_i = y_i"),
    ("S7", "L: y_i = e^z_i / Σ e^z_j (as a formula to compute)", f"nan on {nan_share['float16', 1]:.2f} of the test examples in float16, {nan_share['float32', 10]:.2f} in float32 (logits × 10)", "right on paper; compute it with the maximum subtracted"),
    ("S8", "C: KL is better for classification", f"test accuracy {classification['softmax, cross entropy'][:, 0].mean():.2f}, square error {classification['softmax, square error'][:, 0].mean():.2f}; from a confidently wrong start {cross_far:.2f} and {square_far:.2f} (validation)", "partly; equal at its own rate, safer from a bad start"),
    ("S8", "C: L2 is appropriate for regression", f"R² {regression['identity, square error'].mean():.2f}; most probable bin {regression['20 bins, most probable bin'].mean():.2f}, mean over bins {regression['20 bins, mean'].mean():.2f}, binary cross entropy {spread(regression['sigmoid on scaled targets, binary cross entropy'])}", "reproduced; forced forms come close, at a price"),
]  # fmt: skip
table(("id", "claim", "what we found", "verdict"), ledger)

# %% [markdown]
# ## Exercises to try
#
# They are not graded.
#
# 1. **Softmax in one pass.** Read the logits one after the other, keeping only the largest so far, $m$, and
#    $s = \sum e^{z_j - m}$. What must happen to $s$ when a larger logit arrives? Write log-sum-exp this way and compare it
#    with `LogSoftmax` on logits of ±1e4.
# 2. **Focal loss** (Lin et al. 2017), $C = -(1 - y_r)^2 \log y_r$, pays less attention to easy examples. Derive $\delta_r$,
#    write it as a `Loss`, check it with `gradient_check`, and compare its calibration with cross entropy's.
# 3. **How many minima?** Draw data sets of 10 random points with random targets 0.1 and 0.9, and count the local minima of the
#    L2 surface with `local_minima`. How often is there more than one? Does it get rarer with 100 points?
#
# ## Where to go from here
#
# * **Assignment `softmax`** grades S1, S2, S3, S4, S6 and S7: softmax and cross entropy from logits with their gradient, one-hot
#   and smoothed labels, the sigmoid's square error, the KL divergence; all stable. Mind the conventions at the top.
# * **Library**: `tipslib/scratch/losses.py`, `softmax.py`, `divergences.py`.
# * **Next lecture**: 03 preprocessing, the other end of the network. [Lecture 05](05_gradient_descent.ipynb) has
#   clipping and schedules, [lecture 11](11_babysitting.ipynb) the check that the first cost is $\log K$.
#
# **Sources.** L: Hung-yi Lee, NTU, "Tips for Training Deep Neural Network" (Cost Function; Output Layer; Softmax). C: CMU
# 11-785 (Desiderata for a good divergence; Choices for divergence; L2 or KL; A note on derivatives). U: Ju Sun, University of
# Minnesota, CSCI 8980 (Which activation at the output nodes? Which loss?).
#
# **References.**
# P. Auer, M. Herbster, M. Warmuth, Exponentially many local minima for single neurons, NIPS 8, 1996.
# A. Chowdhery et al., PaLM: Scaling language modeling with pathways, 2022.
# T. Dao et al., FlashAttention: Fast and memory-efficient exact attention with IO-awareness, NeurIPS 2022.
# J. Farebrother et al., Stop regressing: Training value functions via classification for scalable deep RL, ICML 2024.
# P. Golik, P. Doetsch, H. Ney, Cross-entropy vs. squared error training: a theoretical and experimental comparison, Interspeech 2013.
# C. Guo, G. Pleiss, Y. Sun, K. Weinberger, On calibration of modern neural networks, ICML 2017.
# L. Hui and M. Belkin, Evaluation of neural architectures trained with square loss vs cross-entropy in classification tasks, ICLR 2021.
# E. Imani and M. White, Improving regression performance with distributional losses, ICML 2018.
# T.-Y. Lin et al., Focal loss for dense object detection, ICCV 2017.
# M. Milakov and N. Gimelshein, Online normalizer calculation for softmax, 2018.
# R. Müller, S. Kornblith, G. Hinton, When does label smoothing help?, NeurIPS 2019.
# C. Szegedy et al., Rethinking the Inception architecture for computer vision, CVPR 2016.
