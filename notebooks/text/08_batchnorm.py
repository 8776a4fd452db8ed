# %% [markdown]
# # 08 · Batch normalization
#
# [Lecture 03](03_preprocessing.ipynb) gave every *input* the mean 0 and the variance 1. Batch normalization does
# the same *inside* the network, in every layer and for every batch. That looks harmless. But now each example
# depends on the others of its batch: the backward pass gets three paths, and training and testing become two
# different things. This lecture derives all of it and then asks which of the promised effects we can measure.
#
# **You will learn**
#
# | id | topic |
# |---|---|
# | N1 | what covariate shift is, how large it is, and whether it is the reason |
# | N2 | the forward pass, γ and β, where the layer stands, how it can be undone |
# | N3 | the backward pass: every partial derivative, the compact form, the usual mistakes |
# | N4 | what changes at test time, and which statistics to take |
# | N5 | higher rates, less dependence on the start, and when batch norm is *slower* |
# | N6 | only some layers or units, faster decay, shuffling, the high-gradient region |
# | N7 | batch norm and dropout together |
#
# **You need** lectures 00 (error signal, gradient check), 03 (standardizing), 04 (He's start) and 07 (momentum).
#
# **How to read.** Before each experiment stands a question, *Predict, then run*. Write your answer down first. The
# questions under *Check yourself* have folded answers. The letters C and K name the lectures that this one follows; they
# are listed at the end.

# %%
import copy
from functools import cache, partial
from itertools import pairwise
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import torch

from tipslib import pytorch, scratch
from tipslib.data import load
from tipslib.plotting import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, explore, show, spread, table, use_style

use_style()
torch.set_num_threads(1)  # one thread: the same sums in the same order every time


def standardized(name):
    """(x, y) of training, validation and test data; lecture 03: statistics of the training data."""
    parts = load(name)
    standardize = scratch.Standardize().fit(parts.train.x.astype(np.float64))
    return [(standardize(x.astype(np.float64)), y) for x, y in parts]


DATA = {name: standardized(name) for name in ("digits", "mnist1d")}
train, validation, test = DATA["digits"]
SEEDS, PAIR = (0, 1, 2), (0, 1)
for name, parts in DATA.items():
    print(f"{name:<8} training, validation, test:", *(x.shape for x, _ in parts))

# %% [markdown]
# ### Conventions
#
# One unit and a batch of $B$ examples. $z_i$ is the unit's pre-activation for example $i$, $u_i$ the normalised one, and
# $\hat z_i = \gamma u_i + \beta$ the output. $C$ is the cost of the whole batch; $g_i = \partial C/\partial \hat z_i$ comes
# from above.
#
# | matter | in the lectures | here (scratch and PyTorch) | in assignment `batchnorm` |
# |---|---|---|---|
# | names | C: $z \to u \to \hat z$ and Div; K: $x \to \hat x \to y$ | `z`, `u`, `out`; γ is `weight`, β is `bias` | `z`, `out`, `gamma`, `beta` |
# | variance in training | C: divided by $B$ | divided by $B$ | divided by $B$ |
# | ε | C: inside the root, $\sigma^2 + \epsilon$ | the same, `eps=1e-5` | the same |
# | statistics at test time | C: average over all batches, with $\frac{B}{B-1}$; K: e.g. running averages | running averages, with $\frac{B}{B-1}$; `momentum=None`: plain average | `inference_statistics` is C's, `running_average` is K's |
# | which way momentum runs | none given | the weight of the *new* batch, 0.1 | the same |
# | a batch of one | not discussed | refused in training | allowed: `out` is β, the gradient 0 |
# | gradient of γ, β | of the batch | summed over the batch | summed over the batch |
#
# Elsewhere (TensorFlow, the homework of CS231n) momentum is the weight of the *old* average: 0.9 there is 0.1 here. The next
# cell runs both libraries.

# %%
z = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 60.0]])  # three examples, two units
layer = scratch.BatchNorm1d(2, dtype=np.float64)
twin = pytorch.BatchNorm1d(2).double()
print("the same output:", np.allclose(layer(z), twin(torch.tensor(z)).detach().numpy()))
print("parameters:", *(f"{name} {value}" for name, value in layer.params.items()))
print("batch mean", z.mean(axis=0), " running mean", layer.running_mean, twin.running_mean.numpy())
print("variance / B      ", z.var(axis=0).round(2))
print("variance / (B − 1)", z.var(axis=0, ddof=1).round(2))
print("running variance  ", layer.running_var.round(2), twin.running_var.numpy().round(2))

try:
    layer(z[:1])
except ValueError as error:
    print("a batch of one:", error)

# %% [markdown]
# The running mean started at 0 and moved by 0.1 of the way; the running variance started at 1 and moved towards the
# variance divided by $B - 1$.
#
# ### How we compare
#
# All networks of this lecture are made by `network` and trained by `run`.
#
# * **Data.** digits (1077 training images, 64 pixels) and mnist1d (3200, 40), both standardized as in lecture 03. That is
#   needed for a fair comparison: otherwise batch norm gets the credit for normalising the *input*.
# * **Network.** Five hidden layers, ReLU, He's start, 64 units. Batch norm stands before each ReLU.
# * **Training.** SGD with momentum 0.9, five epochs on digits with batches of 32. A last, shorter batch is left out
#   (PyTorch: `drop_last=True`): a batch of one could not be normalised.
# * **Rate.** With and without batch norm each get their own, the best of three by *validation* accuracy on seed 9, which is
#   used for nothing else.
# * **Seeds** 0, 1, 2; where a run takes longer only 0 and 1 (`PAIR` in the code). "±" is the standard deviation over
#   the seeds.


# %%
class Probe(scratch.Layer):
    """Passes z on unchanged and notes, in training, each unit's mean and standard deviation."""

    def __init__(self):
        super().__init__()
        self.mean, self.std, self.steep = [], [], []

    def forward(self, z):
        if self.training:
            self.mean.append(z.mean(axis=0))
            self.std.append(z.std(axis=0))
            self.steep.append(np.mean(np.abs(z) < 0.88))  # used in N6
        return z

    def backward(self, dz):
        return dz


batch_norm = partial(scratch.BatchNorm1d, dtype=np.float64)


def linear(fan_in, fan_out, std, rng):
    layer = scratch.Linear(fan_in, fan_out, dtype=np.float64)
    layer.params["weight"][...] = std * rng.standard_normal((fan_out, fan_in))
    layer.params["bias"][...] = 0
    return layer


def network(
    inputs=64,
    norm=True,
    hidden=5,
    width=64,
    seed=0,
    scale=1.0,  # of the hidden weights, relative to He's start
    act=scratch.ReLU,
    layer=batch_norm,  # how to make the normalising layer
    after=False,  # batch norm after the activation
    dropout=0.0,
    probe=False,
):
    """`norm` is True, False, or the numbers (1 … hidden) of the layers with batch norm."""
    rng = np.random.default_rng(seed)
    layers = []
    for number, (fan_in, fan_out) in enumerate(pairwise([inputs] + [width] * hidden), start=1):
        normed = norm if isinstance(norm, bool) else number in norm
        block = [act()]
        if normed:
            block.insert(1 if after else 0, layer(fan_out))
        if probe:
            block.insert(-1, Probe())  # just before the activation
        if dropout:
            block.append(scratch.Dropout(dropout, rng=rng.spawn(1)[0]))
        layers += [linear(fan_in, fan_out, scale * np.sqrt(2 / fan_in), rng), *block]
    return scratch.Sequential(*layers, linear(width, 10, 1 / np.sqrt(width), rng))


def of_kind(net, kind):
    return [layer for layer in net if isinstance(layer, kind)]


# %%
def batches(labels, size, order, rng):
    """The batches of one epoch, as arrays of indices; a last, shorter one is left out."""
    count = len(labels) // size
    if order == "shuffled":
        index = rng.permutation(len(labels))
    elif order == "fixed":  # the same companions in every epoch
        index = np.random.default_rng(9).permutation(len(labels))
    else:  # sorted by class
        index = np.argsort(labels, kind="stable")
    cut = np.split(index[: count * size], count)
    return cut if order == "shuffled" else [cut[k] for k in rng.permutation(count)]


def fit(net, data, lr, epochs, size, seed=0, decay=1.0, order="shuffled", steps=None):
    """The loop of lecture 00, which keeps every step: returns losses and accuracies of all batches.

    It ends early after `steps` steps, or when the loss is not finite.
    """
    x, y = data
    loss, rng = scratch.CrossEntropyLoss(), np.random.default_rng(seed)
    optimizer = scratch.SGD(net.params, lr=lr, momentum=0.9)
    losses, hits = [], []
    for _ in range(epochs):
        for k in batches(y, size, order, rng):
            output = net(x[k])
            losses.append(loss(output, y[k]))
            hits.append(np.mean(output.argmax(axis=1) == y[k]))
            if not np.isfinite(losses[-1]):
                return losses, hits
            net.backward_params(loss.backward())
            optimizer.step(net.grads)
            if len(losses) == steps:
                return losses, hits
        optimizer.lr *= decay
    return losses, hits


def accuracy_of(net, data=validation):
    with np.errstate(all="ignore"):
        return scratch.evaluate(net, scratch.CrossEntropyLoss(), data)[1]


@cache  # a run that was made once is not made again
def run(
    norm=True, lr=0.03, seed=0, name="digits", epochs=5, size=32, decay=1.0, order="shuffled", **options
):  # fmt: skip
    """Train `network(norm=norm, **options)`; its validation accuracy is 0.1 if it diverges."""
    net = network(DATA[name][0][0].shape[1], norm, seed=seed, **options)
    with np.errstate(all="ignore"):  # a rate too high overflows: a result, not an error
        losses, hits = fit(net, DATA[name][0], lr, epochs, size, seed, decay, order)
    accuracy = accuracy_of(net, DATA[name][1]) if np.isfinite(losses[-1]) else 0.1
    return SimpleNamespace(net=net, loss=np.array(losses), hits=np.array(hits), accuracy=accuracy)


def mean_std(groups):
    groups = list(groups)
    return [values.mean() for values in groups], [values.std() for values in groups]


def accuracies(seeds=SEEDS, **options):
    return np.array([run(seed=seed, **options).accuracy for seed in seeds])


RATES = (0.01, 0.03, 0.1)
searched = {norm: [run(norm, lr, seed=9).accuracy for lr in RATES] for norm in (False, True)}
RATE = {norm: RATES[int(np.argmax(found))] for norm, found in searched.items()}
NAMES = {False: "without batch norm", True: "with batch norm"}
LOOK = {  # how the two are drawn
    False: {"color": RED, "linestyle": "--", "marker": "s", "label": NAMES[False]},
    True: {"color": BLUE, "linestyle": "-", "marker": "o", "label": NAMES[True]},
}
table(
    ("validation accuracy, seed 9", *(f"rate {lr:g}" for lr in RATES), "chosen"),
    [(NAMES[norm], *(f"{a:.2f}" for a in found), RATE[norm]) for norm, found in searched.items()],
)

# %% [markdown]
# ## N1 · Covariate shift
#
# C: training assumes that all training data are distributed alike. But "each minibatch may have a different distribution, a
# *covariate shift*, which may occur in each layer of the network". And "covariate shifts can be large!"
#
# (In statistics the word means that the inputs of training and test are distributed differently, while the
# answer to each input stays the same; Shimodaira 2000. We come back to that in N4.)
#
# Two things must be kept apart. The network is fixed and the *batches* differ: C's shift. Or the *network* changes, and
# with it the distribution that a layer sees, from step to step: Ioffe and Szegedy (2015) call this *internal* covariate
# shift.
#
# ### How large is the shift between batches?
#
# Take one unit, with mean $m$ and variance $\sigma^2$ over all examples. A shuffled batch is a random sample, so its mean
# $\mu_B = \frac1B \sum_i z_i$ varies:
#
# $$\text{Var}(\mu_B) = \frac{1}{B^2} \sum_{i=1}^{B} \text{Var}(z_i) = \frac{\sigma^2}{B}, \qquad
#   \text{std}(\mu_B) = \frac{\sigma}{\sqrt B}.$$
#
# That is all, in *every* layer: for $B = 32$ about $0.18\,\sigma$. It is sampling noise. It becomes a real shift if the
# batches are not random, for instance if the data come sorted by class.
#
# **Predict, then run.** A network without batch norm, not trained. We measure std($\mu_B$) / σ in each layer. What do you
# expect for shuffled batches, layer 1 and layer 5? And for batches sorted by class?


# %%
def between_batches(run_):
    """In each layer: std of the batch means over the batches / std within a batch."""
    probes = of_kind(run_.net, Probe)
    return np.array([np.median(np.std(p.mean, axis=0) / np.mean(p.std, axis=0)) for p in probes])


shift = {}
for order in ("shuffled", "sorted"):
    untrained = [run(False, lr=0.0, seed=s, epochs=1, order=order, probe=True) for s in SEEDS]
    shift[order] = np.mean([between_batches(r) for r in untrained], axis=0)
table(
    ("std(μ_B) / σ, median over units", *(f"layer {k}" for k in range(1, 6))),
    [(f"{order} batches of 32", *(f"{v:.2f}" for v in values)) for order, values in shift.items()],
)
print(f"1/√32 = {1 / np.sqrt(32):.2f}")

# %% [markdown]
# Shuffled: the formula, in every layer, so "may occur in each layer" is right and "can be large" is not. Sorted by class:
# three times as much, half of the spread of the data. Here C's slide describes what happens *without shuffling*.
#
# ### How far does the distribution move during training?
#
# **Predict, then run.** Now we train. In the figure each line is the batch mean of one unit. How will the lines with batch
# norm differ from those without?

# %%
probed = {norm: [run(norm, RATE[norm], seed=s, probe=True) for s in PAIR] for norm in (False, True)}
figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.5), sharey=True)
for axis, norm in zip(axes, (False, True), strict=True):
    probes = of_kind(probed[norm][0].net, Probe)
    for number, colour, style in zip((1, 3, 5), (BLUE, ORANGE, GREEN), ("-", "--", "-."), strict=True):
        means = np.array(probes[number - 1].mean)[:, 0]
        axis.plot(means, color=colour, linestyle=style, linewidth=1.5, label=f"layer {number}")
    axis.set(title=NAMES[norm], xlabel="step")
axes[0].set_ylabel("batch mean of unit 1, before ReLU")
axes[1].legend(ncols=3, fontsize=9, loc="upper center")
figure.suptitle("Without batch norm the batch means jump and drift; with it they are β")
show(
    figure,
    "Batch means of one unit in layers 1, 3 and 5 during 165 steps. Without batch norm the lines "
    "are noisy and drift away; with batch norm they are smooth and stay near zero.",
)


def drift(run_):
    """In each layer: |mean of the last epoch − mean of the first five batches| / first spread."""
    moved = []
    for probe in of_kind(run_.net, Probe):
        mean, std = np.array(probe.mean), np.array(probe.std)
        change = np.abs(mean[-33:].mean(axis=0) - mean[:5].mean(axis=0))
        moved.append(np.median(change / std[:5].mean(axis=0)))
    return moved


drifts = {norm: np.mean([drift(r) for r in probed[norm]], axis=0) for norm in probed}
table(
    ("drift of the mean / σ at the start, median", *(f"layer {k}" for k in range(1, 6))),
    [(NAMES[norm], *(f"{v:.2f}" for v in values)) for norm, values in drifts.items()],
)

# %% [markdown]
# With batch norm, the mean of $\hat z$ over *any* batch is exactly $\beta$ (N2), and $\beta$ learns slowly. So the layer does
# what it promises: it removes the shift in mean and variance. (The shape of the distribution may still change.)
#
# ### Is that why it works?
#
# Ioffe and Szegedy say yes. Santurkar et al. (2018) put it to the test: they add noise *after* batch norm, with a new
# random mean and scale at every step. That brings covariate shift back, larger than before. If the shift were the
# problem, such a network should train badly.
#
# We do the same. After each batch norm, each unit is multiplied by a random number from [0.5, 1.5] and shifted by one from
# [−1, 1], drawn anew for every batch, in training only.
#
# **Predict, then run.** Three networks, at two rates: without batch norm, with, with noise after it. Which of them still
# learn at rate 0.3?


# %%
NOISE = np.random.default_rng(7)


class ShiftingNoise(scratch.Layer):
    """Scales and shifts each unit at random, anew for every training batch; nothing in testing."""

    def __init__(self):
        super().__init__()
        self.rng = NOISE.spawn(1)[0]

    def forward(self, z):
        if not self.training:
            return self._save(1.0, output=z)
        scale = self.rng.uniform(0.5, 1.5, z.shape[1])
        return self._save(scale, output=scale * z + self.rng.uniform(-1, 1, z.shape[1]))

    def backward(self, dz):
        (scale,) = self._recall(dz)
        return dz * scale


def noisy_norm(features):
    return scratch.Sequential(batch_norm(features), ShiftingNoise())


KINDS = {
    "without batch norm": {"norm": False},
    "batch norm": {"norm": True},
    "batch norm, then noise": {"norm": True, "layer": noisy_norm},
}
noise_test, still = {}, {}
for kind, options in KINDS.items():
    for lr in (0.03, 0.3):
        noise_test[kind, lr] = accuracies(PAIR, lr=lr, **options)
    untrained = [run(lr=0.0, seed=s, epochs=1, probe=True, **options) for s in PAIR]
    still[kind] = np.mean([between_batches(r) for r in untrained])
table(
    ("digits, validation accuracy", "rate 0.03", "rate 0.3", "std(μ_B) / σ"),
    [(k, *(spread(noise_test[k, lr]) for lr in (0.03, 0.3)), f"{still[k]:.2f}") for k in KINDS],
)

# %% [markdown]
# The noisy network has by far the largest shift. And still it is level with the network without batch norm at that
# network's best rate, and learns at a rate where the other guesses. So on digits we agree with Santurkar et al.:
# **removing covariate shift is not what makes the difference.** The noise is not free, though. On the harder mnist1d it
# costs more than batch norm gains:

# %%
HARD = {"name": "mnist1d", "epochs": 6, "size": 100}
hard_noise = {kind: accuracies(PAIR, lr=0.1, **options, **HARD) for kind, options in KINDS.items()}
for kind, values in hard_noise.items():
    print(f"mnist1d, rate 0.1: {kind:<24}{spread(values)}")

# %% [markdown]
# What is it then? Santurkar et al. find that batch norm makes the loss *smoother*: along the gradient it changes less
# abruptly, so that larger steps remain safe. We measure that in N5.
#
# **What to remember (N1).** Between shuffled batches the means differ by $\sigma/\sqrt B$. During training they drift much
# further. Batch norm fixes mean and variance of every batch; but on digits it
# still helps with the shift put back. The name of the first explanation has stayed; the explanation is doubtful. (On
# mnist1d our noise costs too much to tell: noise does harm of its own.)
#
# **Check yourself**
#
# 1. What is std($\mu_B$) for a batch of 100, and of 1?
# 2. Does batch norm make the batches' *distributions* equal?
# 3. Why must the noise be drawn once per batch, and not once per example, to be a covariate shift?
#
# <details><summary>Answer</summary>
#
# 1. $0.1\,\sigma$, and $\sigma$.
# 2. No. Mean and variance become equal; skewness, or the number of peaks, can still differ from batch to batch.
# 3. Noise per example has the same distribution in every batch. A shift means that the whole batch moves.
#
# </details>

# %% [markdown]
# ## N2 · The forward pass
#
# C: batch norm is "a covariate adjustment unit that happens after the weighted addition of inputs but before the
# application of activation", done "independently for each unit". K: "You want unit gaussian activations? Just make them
# so." For one unit and a batch $z_1 \dots z_B$:
#
# $$\mu = \frac1B \sum_{i=1}^B z_i, \qquad \sigma^2 = \frac1B \sum_{i=1}^B (z_i - \mu)^2, \qquad
#   u_i = \frac{z_i - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad \hat z_i = \gamma u_i + \beta.$$
#
# The first three move the batch to a *standard position*, the last moves it to a position that the unit learns. ε keeps
# the root away from 0. (C's label "minibatch standard deviation" stands at $\sigma_B^2$, which is the variance.)
#
# **Mean and variance of the result.** $\sum_i u_i = 0$, since $\sum_i (z_i - \mu) = 0$; and
# $\frac1B \sum_i u_i^2 = \frac{\sigma^2}{\sigma^2 + \epsilon}$. So $\hat z$ has the mean β and the variance
# $\gamma^2 \frac{\sigma^2}{\sigma^2 + \epsilon}$, just below $\gamma^2$, whatever the batch was.


# %%
def bn_forward(z, gamma, beta, eps=1e-5):
    """z [B, M] → ẑ [B, M], and what the backward pass needs."""
    mu = z.mean(axis=0)
    var = ((z - mu) ** 2).mean(axis=0)
    s = np.sqrt(var + eps)
    u = (z - mu) / s
    return gamma * u + beta, (z, mu, s, u, gamma)


rng = np.random.default_rng(0)
z = rng.standard_normal((8, 3)) * [1, 20, 0.5] + [0, 100, -3]
gamma, beta = np.array([1.0, 2.0, -0.5]), np.array([0.0, 1.0, 5.0])
z_hat, _ = bn_forward(z, gamma, beta)

layer, twin = batch_norm(3), pytorch.BatchNorm1d(3).double()
layer.params["weight"], layer.params["bias"] = gamma, beta
twin.load_state_dict({name: torch.tensor(array) for name, array in layer.state_dict().items()})
print("means of z   ", z.mean(axis=0).round(2), "  std", z.std(axis=0).round(2))
print("means of ẑ   ", z_hat.mean(axis=0).round(2) + 0.0, "  std", z_hat.std(axis=0).round(2))
print("tipslib.scratch agrees:", np.allclose(layer(z), z_hat))
print("PyTorch agrees:        ", np.allclose(twin(torch.tensor(z)).detach(), z_hat))

# %% [markdown]
# C draws it as groups of points that are first moved to one place and then moved together. Here are real batches: the
# pre-activations of two units, for three batches that each hold one class only.

# %%
classes, markers = (0, 1, 7), "osv"
unit_pair = network(norm=False)[0](train[0])[:, [3, 5]]
groups = [unit_pair[train[1] == k][:60] for k in classes]
move_gamma, move_beta = np.array([0.6, 1.2]), np.array([2.0, -1.5])
stages = {
    "z": groups,
    "u: the standard position": [bn_forward(g, 1, 0)[0] for g in groups],
    "ẑ = γu + β: moved together": [bn_forward(g, move_gamma, move_beta)[0] for g in groups],
}
figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.5), sharex=True, sharey=True)
for axis, (title, moved) in zip(axes, stages.items(), strict=True):
    for points, marker, colour in zip(moved, markers, (BLUE, ORANGE, GREEN), strict=True):
        axis.scatter(*points.T, s=14, marker=marker, color=colour, alpha=0.6)
        axis.plot(*points.mean(axis=0), color=colour, marker=marker, markersize=11, mec=BLACK)
    axis.set(title=title, xlabel="unit 1")
for k, marker, colour in zip(classes, markers, (BLUE, ORANGE, GREEN), strict=True):
    axes[0].plot([], [], marker=marker, color=colour, linestyle="none", label=f"batch of class {k}")
axes[0].set_ylabel("unit 2")
axes[0].legend(fontsize=9)
figure.suptitle("Batch norm puts every batch in the same place (large marks: means)")
show(
    figure,
    "Three clouds of points in different places; after normalising they lie on top of each other "
    "around the origin; after γ and β they lie together in another place.",
)
for title, moved in stages.items():
    gap = np.ptp([points.mean(axis=0) for points in moved], axis=0).max()
    print(f"largest distance between two batch means, {title}: {gap:.2f}")

# %% [markdown]
# The shift between the batches is gone. But look again: here the shift *was the class*. Normalised this way, the means of the
# classes cannot be told apart. Batches must be mixed well; N6 shows what happens otherwise.
#
# ### "Unit gaussian"?
#
# K writes "to make each dimension unit gaussian". Mean 0 and variance 1, yes; a Gaussian, no. A shift and a scale do not
# change the *shape*. Two measures of shape, skewness and excess kurtosis, are the means of $u^3$ and of $u^4 - 3$ (with
# ε = 0); both are 0 for a Gaussian.
#
# **Predict, then run.** One pixel of the digits before and after batch norm: how do the two histograms differ?

# %%
pixel = load("digits").train.x[:, 20].astype(np.float64) * 16  # grey values from 0 to 16
u_pixel = bn_forward(pixel[:, None], 1, 0)[0][:, 0]


def shape_of(values):
    u = (values - values.mean()) / values.std()
    return np.mean(u**3), np.mean(u**4) - 3


figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.0))
axes[0].hist(pixel, bins=17, color=BLUE)
axes[0].set(title="before", xlabel="z (grey value of a pixel)", ylabel="examples")
axes[1].hist(u_pixel, bins=17, color=ORANGE, density=True)
grid = np.linspace(-3, 3, 200)
bell = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)
axes[1].plot(grid, bell, color=BLACK, linestyle="--", label="unit Gaussian")
axes[1].set(title="after: mean 0, variance 1", xlabel="u", ylabel="density")
axes[1].legend(fontsize=9)
figure.suptitle("Normalising moves and scales the distribution, it does not make it Gaussian")
show(figure, "Histogram of a pixel with two peaks, before and after: the same shape, not a bell.")
for name, values in (("before", pixel), ("after", u_pixel)):
    skewness, kurtosis = shape_of(values)
    print(f"{name:<7} skewness {skewness:.2f}, excess kurtosis {kurtosis:.2f}")

# %% [markdown]
# ### Where it goes, and two things it makes useless
#
# Both lectures place it between the weights and the nonlinearity: `Linear → BatchNorm1d → ReLU`. (N6 tries the other
# place.) Then:
#
# * **The bias of the Linear is useless.** $z_i + b$ has the mean $\mu + b$, and $b$ is subtracted. β takes its place.
# * **The size of the weights is useless.** $a z_i$ with $a > 0$ has the mean $a\mu$ and the standard deviation $a\sigma$, so
#   with ε = 0 the $u_i$ do not change.
#
# The second point is the heart of N5. Now both in numbers.

# %%
x, y = train[0][:100], train[1][:100]
net, loss = network(), scratch.CrossEntropyLoss()
output = net(x)
loss(output, y)
net.backward(loss.backward())
bias_gradient = max(np.abs(net.grads[f"{3 * k}.bias"]).max() for k in range(5))
print(f"largest bias gradient below a batch norm is 0 up to rounding: {bias_gradient < 1e-12}")

for key in [key for key in net.params if key.endswith("weight") and net.params[key].ndim == 2][:-1]:
    net.params[key] *= 10
change = np.abs(net(x) - output).max()
print(f"all hidden weights × 10: the output changes by {change:.0e} (because of ε)")

# %% [markdown]
# In PyTorch one therefore writes `nn.Linear(n, m, bias=False)` before a batch norm.
#
# **A warning for your own code.** $\sigma^2 = \frac1B \sum z_i^2 - \mu^2$ is the same number on paper. In float32 it is the
# difference of two large numbers; compute $z - \mu$ first. (The layer of this course does.)

# %%
far = (10_000 + np.random.default_rng(0).standard_normal((32, 1))).astype(np.float32)
true_variance = far.astype(np.float64).var()
short = float((far**2).mean() - far.mean() ** 2)
wrong = not 0.5 < short / true_variance < 2
print(f"variance of these 32 numbers, in float64: {true_variance:.2f}")
print(f"mean of squares − square of mean, in float32, is off by a factor of 2 or more: {wrong}")
print(f"variance of the layer's output: {scratch.BatchNorm1d(1)(far).var():.2f}")

# %% [markdown]
# ### γ, β, and the identity
#
# K asks: "Do we necessarily want a unit gaussian input to a tanh layer?" Near 0 a tanh is almost linear; a network
# that needs saturation must be able to get it. That is what γ and β are for. In particular the layer can be undone. We
# want $\gamma u_i + \beta = z_i$ for all $i$:
#
# $$\gamma\, \frac{z_i - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta = z_i
#   \quad\Longleftarrow\quad \gamma = \sqrt{\sigma^2 + \epsilon}, \quad \beta = \mu.$$
#
# (With at least two different $z_i$ there is no other solution: two points fix a line.) Without ε, as in
# $\gamma = \sigma$, it is only almost the identity.

# %%
mu, var = z.mean(axis=0), z.var(axis=0)
exact, _ = bn_forward(z, np.sqrt(var + 1e-5), mu)
almost, _ = bn_forward(z, np.sqrt(var), mu)
print(f"γ = √(σ² + ε): identity to 1e-12: {np.abs(exact - z).max() < 1e-12}")
print(f"γ = σ:         largest error {np.abs(almost - z).max():.1e}")
other = z + rng.standard_normal(z.shape)
undone, _ = bn_forward(other, np.sqrt(var + 1e-5), mu)
print(f"the same γ, β on another batch: largest error {np.abs(undone - other).max():.2f}")

# %% [markdown]
# The last line is often overlooked. Each batch has its own μ and σ, but γ and β are constants. So one batch, or the fixed
# statistics of test time (N4), can be undone; all batches at once cannot.
#
# K: "the network *can* learn to recover the identity mapping". **Predict, then run.** Does it?

# %%
learned, rows = {}, []
for lr in (0.03, 0.3):
    norms = [bn for s in SEEDS for bn in of_kind(run(True, lr, seed=s).net, scratch.BatchNorm1d)]
    gammas = np.concatenate([bn.params["weight"] for bn in norms])
    betas = np.concatenate([bn.params["bias"] for bn in norms])
    sigmas = np.sqrt(np.concatenate([bn.running_var for bn in norms]))
    means = np.concatenate([bn.running_mean for bn in norms])
    learned[lr] = gammas.mean(), sigmas.mean(), np.corrcoef(betas, means)[0, 1]
    columns = [spread(values, 1) for values in (gammas, sigmas, betas, means)]
    rows.append((lr, *columns, f"{learned[lr][2]:.1f}"))
table(("rate", "γ", "σ (identity: γ = σ)", "β", "μ (identity: β = μ)", "correlation β, μ"), rows)

# %% [markdown]
# It does not. γ stays around its start 1 and β around 0. β does not follow μ at all, and at the high rate σ is several
# times γ. "Can" is right, "does" would be wrong: the network keeps the normalisation.
#
# The slider shows K's question: a Gaussian $u$, the output $\hat z$, and what a tanh makes of it.


# %%
def draw_gamma_beta(γ, β):
    u = np.random.default_rng(0).standard_normal(2000)
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.8))
    axes[0].hist(γ * u + β, bins=40, range=(-6, 6), color=BLUE)
    axes[0].set(title=f"ẑ = {γ} u + ({β})", xlabel="ẑ", ylabel="examples")
    axes[1].hist(np.tanh(γ * u + β), bins=40, range=(-1, 1), color=ORANGE)
    axes[1].set(title="tanh(ẑ)", xlabel="activation")
    return figure, f"Histograms of ẑ and of tanh(ẑ) for γ = {γ} and β = {β}."


explore(draw_gamma_beta, γ=(0.1, 0.5, 1, 2, 4), β=(-2, -1, 0, 1, 2))

# %% [markdown]
# **What to remember (N2).** Subtract the batch mean, divide by the batch's $\sqrt{\sigma^2 + \epsilon}$, scale by γ, shift
# by β; each unit for itself. The bias before it and the size of the weights lose their meaning. The shape of the
# distribution stays.
#
# **Check yourself**
#
# 1. What does the layer put out for a unit that is constant over the batch?
# 2. How many trainable numbers does batch norm add to a layer of 64 units? How many does it make useless?
# 3. What are $u_1$ and $u_2$ in a batch of two, for ε = 0?
#
# <details><summary>Answer</summary>
#
# 1. $z_i - \mu = 0$, so $u_i = 0/\sqrt{\epsilon} = 0$ and $\hat z_i = \beta$.
# 2. It adds 128 (γ and β); the 64 biases become useless.
# 3. $+1$ and $-1$, whatever $z_1 \ne z_2$ are: of two numbers only the order is left.
#
# </details>

# %% [markdown]
# ## N3 · The backward pass
#
# C: "Batch normalization is really a vector function applied over all the inputs from a minibatch. Every $z_i$ affects every
# $\hat z_j$. To compute the derivative of the divergence w.r.t. any $z_i$, we must consider all $\hat z_j$ in the batch."
# Here is the complete picture for one unit and $B = 3$, and the simplified one for a single $z_i$.


# %% tags=["hide-input"]
def node(axis, place, text):
    axis.text(
        *place, text, ha="center", va="center", fontsize=14, zorder=4,
        bbox={"boxstyle": "circle,pad=0.25", "facecolor": "white", "edgecolor": "0.3"},
    )  # fmt: skip


def arrow(axis, start, end, colour, style="-"):
    axis.annotate(
        "", end, start, zorder=2,
        arrowprops={
            "arrowstyle": "-|>", "color": colour, "linestyle": style, "lw": 1.4,
            "shrinkA": 15, "shrinkB": 15,
        },
    )  # fmt: skip


figure, axis = plt.subplots(figsize=(9.6, 5.0))
heights, top, bottom = (1.3, 0, -1.3), (1.3, 2.9), (1.3, -2.9)
for height in heights:
    arrow(axis, (0, height), (3, height), BLUE)
    arrow(axis, (0, height), top, ORANGE)
    arrow(axis, top, (3, height), ORANGE)
    arrow(axis, (0, height), bottom, GREEN)
    arrow(axis, bottom, (3, height), GREEN)
    arrow(axis, (3, height), (4.5, height), BLACK)
    arrow(axis, (4.5, height), (6, 0), BLACK)
    arrow(axis, (3.9, 2.9), (4.5, height), PURPLE)
    arrow(axis, (3.9, -2.9), (4.5, height), PURPLE)
arrow(axis, bottom, top, RED, style="--")
for k, height in enumerate(heights, start=1):
    node(axis, (0, height), f"$z_{k}$")
    node(axis, (3, height), f"$u_{k}$")
    node(axis, (4.5, height), rf"$\hat z_{k}$")
node(axis, top, r"$\sigma^2$")
node(axis, bottom, r"$\mu$")
node(axis, (6, 0), "$C$")
node(axis, (3.9, 2.9), r"$\gamma$")
node(axis, (3.9, -2.9), r"$\beta$")
for colour, style, text in (
    (BLUE, "-", "direct"),
    (ORANGE, "-", "through σ²"),
    (GREEN, "-", "through μ"),
    (RED, "--", "μ in σ²: adds up to 0"),
):
    axis.plot([], [], color=colour, linestyle=style, label=text)
axis.set_title("Complete: every z reaches every ẑ, through μ and σ²")
axis.set(xlim=(-0.4, 6.4), ylim=(-3.4, 3.4))
axis.axis("off")
axis.legend(loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=4)
show(
    figure,
    "Graph: z1, z2, z3 point to mu and to sigma squared; both point to u1, u2, u3; each z points "
    "to its own u; each u to its own z-hat, with gamma and beta; all z-hats to the cost C.",
)

figure, axis = plt.subplots(figsize=(9.6, 3.9))
spots = {"z": (0, 0), "s": (2.2, 1.5), "m": (2.2, -1.5), "ui": (5, 0), "uj": (5, -1.5), "C": (7.2, 0)}
arrow(axis, spots["z"], spots["ui"], BLUE)
arrow(axis, spots["z"], spots["s"], ORANGE)
arrow(axis, spots["z"], spots["m"], GREEN)
arrow(axis, spots["s"], spots["ui"], ORANGE)
arrow(axis, spots["m"], spots["ui"], GREEN)
arrow(axis, spots["s"], spots["uj"], ORANGE, style=":")
arrow(axis, spots["m"], spots["uj"], GREEN, style=":")
arrow(axis, spots["m"], spots["s"], RED, style="--")
arrow(axis, spots["ui"], spots["C"], BLACK)
arrow(axis, spots["uj"], spots["C"], BLACK, style=":")
NODES = {"z": "$z_i$", "s": r"$\sigma^2$", "m": r"$\mu$", "ui": "$u_i$", "uj": "$u_j$", "C": "$C$"}
for key, text in NODES.items():
    node(axis, spots[key], text)
for place, text, colour in (
    ((1.35, 0.12), r"$1/s$", BLUE),
    ((0.5, 1.05), r"$2(z_i-\mu)/B$", ORANGE),
    ((0.75, -1.1), r"$1/B$", GREEN),
    ((3.9, 1.1), r"$-(z_j-\mu)/(2s^3)$", ORANGE),
    ((3.6, -1.72), r"$-1/s$", GREEN),
    ((2.32, 0.3), r"$0$", RED),
    ((6.1, 0.15), r"$\gamma g_i$", BLACK),
    ((6.35, -1.0), r"$\gamma g_j$", BLACK),
):
    axis.text(*place, text, color=colour, fontsize=13, ha="left" if colour == RED else "center")
axis.set_title("Simplified: the three paths of one z, with their local derivatives")
axis.set(xlim=(-0.5, 7.6), ylim=(-2.1, 2.0))
axis.axis("off")
show(
    figure,
    "Graph for one z_i: a direct edge to u_i, an edge to sigma squared, an edge to mu; dotted edges "
    "from these two to all other u_j. Each edge carries its local derivative.",
)

# %% [markdown]
# ### The derivation
#
# Let $s = \sqrt{\sigma^2 + \epsilon}$. Given are $g_i = \partial C/\partial \hat z_i$ for $i = 1 \dots B$. We go through the
# picture from right to left. Where a variable has several arrows out, the derivatives along them are *added*.
#
# **β.** It is in every output, with $\partial \hat z_i/\partial \beta = 1$:
# $$\frac{\partial C}{\partial \beta} = \sum_{i=1}^{B} \frac{\partial C}{\partial \hat z_i} \cdot 1 = \sum_i g_i.$$
#
# **γ.** It is in every output, with $\partial \hat z_i/\partial \gamma = u_i$:
# $$\frac{\partial C}{\partial \gamma} = \sum_i g_i\, u_i.$$
#
# **$u_i$.** It is in its own output only:
# $$\frac{\partial C}{\partial u_i} = \gamma\, g_i.$$
#
# **σ².** It is in every $u_i = (z_i - \mu)(\sigma^2 + \epsilon)^{-1/2}$. The power rule gives
# $\frac{\partial u_i}{\partial \sigma^2} = -\frac12 (z_i - \mu)(\sigma^2 + \epsilon)^{-3/2}$, so
# $$\frac{\partial C}{\partial \sigma^2} = \sum_i \frac{\partial C}{\partial u_i} \frac{\partial u_i}{\partial \sigma^2}
#   = -\frac{1}{2 s^3} \sum_i \gamma g_i\, (z_i - \mu).$$
#
# **μ.** Two kinds of arrows leave μ: to every $u_i$, with $\frac{\partial u_i}{\partial \mu} = -\frac1s$; and to σ², with
# $\frac{\partial \sigma^2}{\partial \mu} = \frac1B \sum_i 2 (z_i - \mu)(-1) = -\frac2B \sum_i (z_i - \mu)$. So
# $$\frac{\partial C}{\partial \mu} = -\frac1s \sum_i \gamma g_i
#   + \frac{\partial C}{\partial \sigma^2} \cdot \Big(-\frac2B \sum_i (z_i - \mu)\Big) = -\frac1s \sum_i \gamma g_i.$$
# The second part is 0, because $\sum_i (z_i - \mu) = \sum_i z_i - B\mu = 0$.
#
# **$z_i$.** Three arrows: to $u_i$ with $\frac1s$; to σ² with $\frac{\partial \sigma^2}{\partial z_i} = \frac2B (z_i - \mu)$
# (μ held fixed, for μ has its own arrow); to μ with $\frac1B$:
# $$\frac{\partial C}{\partial z_i} = \frac{\partial C}{\partial u_i} \cdot \frac1s
#   + \frac{\partial C}{\partial \sigma^2} \cdot \frac{2 (z_i - \mu)}{B}
#   + \frac{\partial C}{\partial \mu} \cdot \frac1B.$$
#
# That is the lecture's form: three terms, one for each path.
#
# ### The compact form
#
# Put everything in, and write $z_j - \mu = s\,u_j$. The second term becomes
#
# $$-\frac{1}{2s^3} \Big(\sum_j \gamma g_j\, s u_j\Big) \cdot \frac{2 s u_i}{B}
#   = -\frac{\gamma}{s} \cdot \frac{u_i}{B} \sum_j g_j u_j = -\frac{\gamma}{s} \cdot \frac{u_i}{B}
#   \frac{\partial C}{\partial \gamma},$$
#
# and the third $-\frac{\gamma}{s} \cdot \frac1B \sum_j g_j = -\frac{\gamma}{s} \cdot \frac1B \frac{\partial C}{\partial \beta}$.
# Together
#
# $$\boxed{\;\frac{\partial C}{\partial z_i} = \frac{\gamma}{s} \left( g_i - \frac1B \frac{\partial C}{\partial \beta}
#   - \frac{u_i}{B} \frac{\partial C}{\partial \gamma} \right)\;}$$
#
# Two sums that are needed anyway, and one line. In code, first as derived, then compact.


# %%
def backward_steps(dout, cache):
    """The lecture's form, one line for each partial derivative. dout = ∂C/∂ẑ [B, M]."""
    z, mu, s, u, gamma = cache
    B = len(z)
    dbeta = dout.sum(axis=0)
    dgamma = (dout * u).sum(axis=0)
    du = gamma * dout
    dvar = (du * (z - mu)).sum(axis=0) * (-1 / (2 * s**3))
    dmu = -du.sum(axis=0) / s + dvar * (-2 / B) * (z - mu).sum(axis=0)
    dz = du / s + dvar * 2 * (z - mu) / B + dmu / B
    return dz, dgamma, dbeta


def backward_compact(dout, cache):
    _, _, s, u, gamma = cache
    B = len(u)
    dbeta = dout.sum(axis=0)
    dgamma = (dout * u).sum(axis=0)
    dz = gamma / s * (dout - dbeta / B - u * dgamma / B)
    return dz, dgamma, dbeta


# %% [markdown]
# ### The full Jacobian
#
# The compact form also tells how each output depends on each input. Put $g_j = 1$ for one $j$ and 0 for the others; then
# $\partial C/\partial z_i$ is $\partial \hat z_j/\partial z_i$:
#
# $$J_{ji} = \frac{\partial \hat z_j}{\partial z_i}
#   = \frac{\gamma}{s} \left( [i = j] - \frac1B - \frac{u_i u_j}{B} \right).$$
#
# **Predict, then run.** Six ways to the same gradient: steps, compact, `scratch.BatchNorm1d`, PyTorch's autograd, our
# Jacobian times $g$, and differences. How closely will they agree?

# %%
rng = np.random.default_rng(1)
z = rng.standard_normal((8, 3)) * [1, 5, 0.3] + [2, -4, 0]
gamma, beta, g = rng.uniform(0.5, 2, 3), rng.standard_normal(3), rng.standard_normal((8, 3))
_, cache_z = bn_forward(z, gamma, beta)
dz, dgamma, dbeta = backward_steps(g, cache_z)

layer, twin = batch_norm(3), pytorch.BatchNorm1d(3).double()
layer.params["weight"], layer.params["bias"] = gamma, beta
twin.load_state_dict({name: torch.tensor(array) for name, array in layer.state_dict().items()})
layer(z)
z_torch = torch.tensor(z, requires_grad=True)
twin(z_torch).backward(torch.tensor(g))


def jacobian(u, s, gamma):
    """J[j, i] = ∂ẑ_j/∂z_i of one unit."""
    B = len(u)
    return gamma / s * (np.eye(B) - 1 / B - np.outer(u, u) / B)


def forward_torch(z):  # plain tensor operations, so that autograd goes through every one of them
    u = (z - z.mean(0)) / ((z - z.mean(0)) ** 2).mean(0).add(1e-5).sqrt()
    return torch.tensor(gamma) * u + torch.tensor(beta)


_, _, s, u, _ = cache_z
by_jacobian = np.column_stack([g[:, m] @ jacobian(u[:, m], s[m], gamma[m]) for m in range(3)])
full = torch.autograd.functional.jacobian(forward_torch, torch.tensor(z)).numpy()  # [j, m, i, m′]
by_difference = scratch.numerical_gradient(lambda z: np.vdot(g, bn_forward(z, gamma, beta)[0]), z)
ways = {
    "compact form": backward_compact(g, cache_z)[0],
    "`scratch.BatchNorm1d`": layer.backward(g),
    "`pytorch.BatchNorm1d`, autograd": z_torch.grad.numpy(),
    "our Jacobian times g": by_jacobian,
    "autograd's full Jacobian times g": np.einsum("jm,jmik->ik", g, full),
    "central differences": by_difference,
}
errors = {way: scratch.relative_error(value, dz) for way, value in ways.items()}
limits = {way: 1e-6 if "differences" in way else 1e-10 for way in ways}
assert all(errors[way] < limits[way] for way in ways)
table(
    ("dz by", "relative error against the steps"),
    [(way, f"below {limits[way]:g}: {errors[way] < limits[way]}") for way in ways],
)
same = np.allclose(dgamma, twin.weight.grad) and np.allclose(dbeta, twin.bias.grad)
print("dγ and dβ agree with PyTorch:", same)
between_units = max(np.abs(full[:, m, :, k]).max() for m in range(3) for k in range(3) if m != k)
print("largest derivative from one unit to another:", between_units)
check = scratch.gradient_check(layer, z, rng=np.random.default_rng(0))
print("gradient_check of the layer, all errors below 1e-6:", max(check.values()) < 1e-6)

# %% tags=["hide-input"]
layer.eval()
test_jacobian = np.diag(gamma[0] / np.sqrt(layer.running_var[0] + 1e-5) * np.ones(8))
figure, axes = plt.subplots(1, 2, figsize=(7.6, 3.5))
matrices = {"training": full[:, 0, :, 0], "test time": test_jacobian}
for axis, (title, J) in zip(axes, matrices.items(), strict=True):
    image = axis.imshow(J, cmap="PuOr", vmin=-0.9, vmax=0.9)
    axis.set(title=title, xlabel="input i", xticks=range(8), yticks=range(8))
    axis.set_xticklabels(range(1, 9))
    axis.set_yticklabels(range(1, 9))
    axis.grid(False)
axes[0].set_ylabel("output j")
figure.colorbar(image, ax=axes, label="∂ẑ_j / ∂z_i")
figure.suptitle("In training every example moves every output")
show(
    figure,
    "Two 8 by 8 matrices of derivatives. In training the diagonal is large and all other entries "
    "are different from zero; at test time only the diagonal is left.",
)
share_above = np.mean(np.abs(full[:, 0, :, 0]) > 1e-3)
print(f"training: share of entries above 1e-3: {share_above:.2f}")
print(f"test time: share of entries different from 0: {np.mean(test_jacobian != 0):.3f} = 1/8")

# %% [markdown]
# Every $z_i$ does affect every $\hat z_j$, as C says, and units do not affect each other.
#
# ### What the formula says
#
# Sum the boxed formula over $i$, once as it is and once with the factor $u_i$; use $\sum u_i = 0$ and
# $\sum u_i^2 = B\sigma^2/s^2$:
#
# $$\sum_i \frac{\partial C}{\partial z_i} = \frac\gamma s \Big(\sum_i g_i - \sum_j g_j - 0\Big) = 0, \qquad
#   \sum_i u_i \frac{\partial C}{\partial z_i}
#   = \frac\gamma s \sum_j g_j u_j \Big(1 - \frac{\sigma^2}{s^2}\Big)
#   = \frac\gamma s \, \frac{\epsilon}{s^2} \sum_j g_j u_j \approx 0.$$
#
# So the backward pass takes two things out of the gradient: its mean, and its part along $u$. These are the two directions
# in which the batch could move without any effect: shift it, or stretch it. Of $B$ directions $B - 2$ are left, and a random
# $g$ keeps on average the share $\frac{B-2}{B}$ of its square.
#
# **Predict, then run.** What is left in a batch of two?

# %%
for B in (2, 3, 4, 8, 32):
    u = bn_forward(rng.standard_normal((B, 2000)), 1, 0, eps=0)[0]  # 2000 random units
    g = rng.standard_normal((B, 2000))
    left = g - g.mean(axis=0) - u * (g * u).mean(axis=0)
    kept = (left**2).sum() / (g**2).sum()
    print(f"B = {B:2}: kept {kept:.2f}   (B − 2)/B = {(B - 2) / B:.2f}")

# %% [markdown]
# Nothing. Check yourself 3 of N2 said why: in a batch of two $u = \pm 1$, and a small change of $z$ does not change that. (With
# ε there is a tiny gradient, unless $z_1$ and $z_2$ are close.) Small batches are bad for the gradient, not only
# for the statistics.
#
# ### The usual mistakes
#
# Each row of the next table is a backward pass with one mistake. All have the right forward pass. The last two rows
# are about the path from μ into σ².
#
# **Predict, then run.** Which rows will a gradient check find? Is there one that it will not?


# %%
def mean(values):
    return values.mean(axis=0)


MISTAKES = {  # dz from du = γg, u and s
    "none": lambda du, u, s: (du - mean(du) - u * mean(du * u)) / s,
    "μ and σ² as constants": lambda du, u, s: du / s,
    "no path through μ": lambda du, u, s: (du - u * mean(du * u)) / s,
    "no path through σ²": lambda du, u, s: (du - mean(du)) / s,
    "−1/2 forgotten in ∂C/∂σ²": lambda du, u, s: (du - mean(du) + 2 * u * mean(du * u)) / s,
}
rng = np.random.default_rng(2)
z = 3 + 2 * rng.standard_normal((32, 5))
g = rng.standard_normal((32, 5))
_, cache_z = bn_forward(z, np.ones(5), np.zeros(5))
_, mu, s, u, _ = cache_z
right = backward_steps(g, cache_z)[0]
dvar = (g * (z - mu)).sum(axis=0) * (-1 / (2 * s**3))
dmu = -g.sum(axis=0) / s  # without the path from μ into σ²
wrong = {name: formula(g, u, s) for name, formula in MISTAKES.items()}
wrong["power −1/2 instead of −3/2 in ∂C/∂σ²"] = (g - mean(g) - s**2 * u * mean(g * u)) / s
wrong["B − 1 for B, in the backward pass only"] = (g - 32 / 31 * (mean(g) + u * mean(g * u))) / s
wrong["path from μ into σ² left out"] = g / s + dvar * 2 * (z - mu) / 32 + dmu / 32
wrong["the same, with σ² = mean of z² − μ²"] = g / s + dvar * 2 * z / 32 + dmu / 32

rows = []
for name, value in wrong.items():
    size = np.linalg.norm(value - right) / np.linalg.norm(right)
    cosine = np.vdot(value, right) / np.linalg.norm(value) / np.linalg.norm(right)
    rows.append((name, f"{size:.3f}" if size > 1e-9 else "0", f"{cosine:.3f}"))
table(("mistake", "‖error‖ / ‖dz‖", "cosine with the right dz"), rows)

# %% [markdown]
# * A gradient check finds every row with an error: even 0.007 is far above its usual 1e-7.
# * But most mistakes leave the direction almost right. A random $g$ has little along $1$ and $u$, so it hardly shows in the
#   cosine. Training may go on as if nothing were wrong.
# * **The path from μ into σ² may be left out**: it is 0, and nothing changes.
# * But only with $\sigma^2 = \frac1B\sum(z_i - \mu)^2$. Who writes $\sigma^2 = \frac1B\sum z_i^2 - \mu^2$ has
#   $\frac{\partial\sigma^2}{\partial z_i} = \frac2B z_i$ and $\frac{\partial\sigma^2}{\partial\mu} = -2\mu$, which is *not*
#   0. Leaving it out is a mistake then (last row).
#
# ### What the mistakes do to training
#
# **Predict, then run.** Five layers, each with the same mistake, five epochs on digits. Which mistake hurts, and where would
# you see it: in the training loss, or in the test accuracy?


# %%
class Broken(scratch.BatchNorm1d):
    """BatchNorm1d with another formula for dz; γ and β get their right gradients."""

    def __init__(self, formula, features):
        super().__init__(features, dtype=np.float64)
        self.formula = formula

    def backward(self, dout):
        super().backward(dout)  # fills grads
        u, inverse, _ = self._recall(dout)
        return self.formula(self.params["weight"] * dout, u, 1 / inverse)


LAYERS = {name: partial(Broken, formula) for name, formula in MISTAKES.items()} | {"none": batch_norm}
broken = {}
for name, layer in LAYERS.items():
    runs = [run(lr=0.1, seed=seed, layer=layer) for seed in PAIR]
    hidden = [linear for r in runs for linear in of_kind(r.net, scratch.Linear)[:-1]]
    broken[name] = (
        np.array([r.loss[-33:].mean() for r in runs]),
        np.array([r.hits[-33:].mean() for r in runs]),
        np.array([r.accuracy for r in runs]),
        max(np.abs(linear.params["bias"]).max() for linear in hidden),
    )


def or_below(accuracy, limit=0.3):
    """mean ± std; of a network that does not learn only that, for its exact accuracy is chance."""
    return spread(accuracy) if accuracy.mean() > limit else f"below {limit}"


rows = []
for name, (losses, hits, valid, bias) in broken.items():
    loss_text = spread(losses) if losses.mean() < 2 else "above 2"
    rows.append((name, loss_text, or_below(hits), or_below(valid), f"{bias + 0.0:.2f}"))
header = ("mistake, rate 0.1", "training loss", "training accuracy", "validation accuracy")
table((*header, "largest hidden bias"), rows)

# %% [markdown]
# (Training loss and accuracy are of the last epoch, in training mode.)
#
# * Without the path through σ² the network trains as well as with it. This mistake hides.
# * With μ and σ² as constants, or without the path through μ, the *training* numbers look healthy. The accuracy at test
#   time is clearly worse.
# * With the wrong sign and size (−1/2 forgotten) nothing is learned.
#
# Why the second? Ioffe and Szegedy warn of just this. The bias before batch norm has no effect, so its true gradient is 0
# (N2). The wrong backward pass does not know that: it moves the bias step after step, the forward pass removes it
# step after step, and the loss never notices. The last column shows it. What would notice are the *running averages* of
# test time: they must follow a mean that runs away. N4 checks this explanation.
#
# **What to remember (N3).** Three paths: direct, through σ², through μ. Compact:
# $\frac\gamma s(g_i - \overline{g} - u_i\,\overline{gu})$, bars for batch means. The gradient of $z$ sums to 0 and is
# orthogonal to $u$. Check it by differences; training may look healthy with a wrong one.
#
# **Check yourself**
#
# 1. The cost is $C = \sum_i \hat z_i$. What is $\partial C/\partial z_i$? Answer without a formula.
# 2. And for $C = \frac12\sum_i \hat z_i^2$ with γ = 1, β = 0, ε = 0?
# 3. Where in the derivation would $B - 1$ appear if the forward pass divided the variance by $B - 1$?
#
# <details><summary>Answer</summary>
#
# 1. 0: the sum is $B\beta$, whatever $z$ is.
# 2. 0 again: $\sum u_i^2 = B$ always. (In the formula: $g = u$, and the part along $u$ is taken out.)
# 3. In $\partial\sigma^2/\partial z_i = \frac{2}{B-1}(z_i - \mu)$ only; $\partial\mu/\partial z_i$ stays $\frac1B$.
#
# </details>

# %% [markdown]
# ## N4 · At test time
#
# In training an example's output depends on its companions. At test time that is not acceptable: an answer must not depend
# on who else asks.
#
# **Predict, then run.** One image, in 200 random batches of 32 with a trained network in training mode. How much does the
# probability of its class vary?

# %%
net = copy.deepcopy(run(True, RATE[True]).net)
rng = np.random.default_rng(0)
softmax = scratch.Softmax()
x, y = validation
companions = [rng.choice(len(x), 31, replace=False) for _ in range(200)]
varying = {}
for example in (0, 1, 2, 3):
    varying[example] = np.array([softmax(net(x[[example, *c]]))[0, y[example]] for c in companions])
net = copy.deepcopy(run(True, RATE[True]).net).eval()
fixed = softmax(net(x[:4]))[np.arange(4), y[:4]]
rows = []
for k, p in varying.items():
    rows.append((f"image {k}", *(f"{v:.2f}" for v in (p.min(), p.mean(), p.max(), fixed[k]))))
table(("probability of the right class", "lowest", "mean", "highest", "at test time (below)"), rows)

# %% [markdown]
# ### The lecture's statistics
#
# C: use the average over all training batches, "obtained from the final converged network",
#
# $$\mu_{BN} = \frac{1}{N_{batches}} \sum_{batch} \mu_B, \qquad
#   \sigma^2_{BN} = \frac{B}{B - 1} \cdot \frac{1}{N_{batches}} \sum_{batch} \sigma_B^2.$$
#
# **Why $\frac{B}{B-1}$?** Let the $z_i$ be independent with mean $m$ and variance $\sigma^2$. Insert $m$:
#
# $$\sum_i (z_i - \mu_B)^2 = \sum_i \big((z_i - m) - (\mu_B - m)\big)^2
#   = \sum_i (z_i - m)^2 - 2 (\mu_B - m) \sum_i (z_i - m) + B (\mu_B - m)^2.$$
#
# Since $\sum_i (z_i - m) = B(\mu_B - m)$, the last two terms are $-2B(\mu_B - m)^2 + B(\mu_B - m)^2 = -B(\mu_B - m)^2$. Take
# expectations, with $E[(\mu_B - m)^2] = \sigma^2/B$ from N1:
#
# $$E[B \sigma_B^2] = B\sigma^2 - B \cdot \frac{\sigma^2}{B} = (B - 1)\, \sigma^2
#   \quad\Rightarrow\quad E\Big[\frac{B}{B-1}\,\sigma_B^2\Big] = \sigma^2.$$
#
# A batch's variance is too small because it is measured around the batch's own mean. Is it so?

# %%
unit = network(norm=False)[0](train[0])[:, 0]  # a unit of layer 1, over all 1077 training images
rows_bias = []
for B in (2, 4, 8, 32, 128):
    sampled = rng.choice(unit, (100_000 // B, B))
    biased = sampled.var(axis=1).mean() / unit.var()
    rows_bias.append((B, f"{biased:.2f}", f"{(B - 1) / B:.2f}", f"{biased * B / (B - 1):.2f}"))
table(("B", "mean of σ²_B / σ²", "(B − 1)/B", "with B/(B − 1)"), rows_bias)


# %%
def final_statistics(batches):
    """C's statistics of one unit or layer: batches is a list of arrays [B, M] of equal B."""
    B = len(batches[0])
    mean = np.mean([z.mean(axis=0) for z in batches], axis=0)
    var = B / (B - 1) * np.mean([z.var(axis=0) for z in batches], axis=0)
    return mean, var


some = [rng.standard_normal((16, 4)) for _ in range(20)]
mean_bn, var_bn = final_statistics(some)
collect = scratch.BatchNorm1d(4, momentum=None, dtype=np.float64)
collect_torch = pytorch.BatchNorm1d(4, momentum=None).double()
for batch in some:
    collect(batch)
    collect_torch(torch.tensor(batch))
for name, bn in (("scratch", collect), ("PyTorch", collect_torch)):
    same = np.allclose(mean_bn, bn.running_mean) and np.allclose(var_bn, bn.running_var)
    print(f"{name} with momentum=None gives the same statistics: {same}")

# %% [markdown]
# ### Running averages
#
# K: "a single fixed empirical mean of activations during training is used (e.g. can be estimated during training with
# running averages)". After each batch, with momentum $m$ (0.1 by default):
#
# $$r^{t} = (1 - m)\, r^{t-1} + m\, \mu_B^{t}
#   \quad\Rightarrow\quad r^{t} = (1 - m)^t r^0 + m \sum_{k=0}^{t-1} (1 - m)^k \mu_B^{t-k}.$$
#
# A batch that is $k$ steps old has the weight $m(1-m)^k$; these weights are those of an average over about $1/m = 10$
# batches. Two weaknesses can be read off: the start $r^0$ (0 for means, 1 for variances) is forgotten only slowly, and the
# average looks back at *older networks*.
#
# C's statistics have neither weakness, but need one more pass over the training data after training. In code:


# %%
def reestimated(net, x, size=32):
    """A copy of the network with statistics that come from this very network, over all batches."""
    net = copy.deepcopy(net).train()
    for bn in of_kind(net, scratch.BatchNorm1d):
        bn.momentum = None  # a plain average
        bn.num_batches_tracked[...] = 0  # which begins anew
    for k in range(len(x) // size):
        net(x[k * size : (k + 1) * size])
    return net.eval()


forget = 0.9 ** np.array([1, 10, 22, 44])
print("weight of the start after 1, 10, 22, 44 batches:", *(f"{w:.2f}" for w in forget))

# %% [markdown]
# **Predict, then run.** We train at the high rate 0.3, stop after 1, 2, 5, … steps and test with both. Where
# will running averages be worse?

# %%
STOPS = (1, 2, 5, 10, 20, 40, 160)
pairs = []
for seed in PAIR:
    for stop in STOPS:
        net = network(seed=seed)
        fit(net, train, 0.3, 5, 32, seed, steps=stop)
        pairs.append((accuracy_of(net), accuracy_of(reestimated(net, train[0]))))
by_statistics = np.array(pairs).reshape(len(PAIR), len(STOPS), 2).mean(axis=0)

figure, axis = plt.subplots()
axis.semilogx(STOPS, by_statistics[:, 0], "s--", color=RED, label="running averages")
axis.semilogx(STOPS, by_statistics[:, 1], "o-", color=BLUE, label="from the current network")
axis.set(
    title="Running averages lag behind a network that changes fast",
    xlabel="stopped after … steps at rate 0.3",
    ylabel="validation accuracy",
    xticks=STOPS,
    xticklabels=STOPS,
)
axis.minorticks_off()
axis.legend()
show(
    figure,
    "Accuracy by number of steps with running averages and with re-estimated statistics. In the "
    "first ten steps running averages are clearly worse; later both agree.",
)
table(
    ("accuracy after steps", *STOPS),
    [
        ("running averages", *(f"{v:.2f}" for v in by_statistics[:, 0])),
        ("from the current network", *(f"{v:.2f}" for v in by_statistics[:, 1])),
    ],
)

# %% [markdown]
# In the first ten steps running averages are clearly worse: both weaknesses at work. At the end of the training, where C
# takes its statistics, the two hardly differ. So K's shortcut is good enough for a network that has settled. If yours
# tests badly although it trains well, re-estimate: PyTorch has it as `torch.optim.swa_utils.update_bn`, Wu and Johnson
# (2021) call it *precise* batch norm.
#
# **The mistakes of N3, once more.** If running averages were the reason why two wrong backward passes tested badly, new
# statistics must repair them. **Predict, then run.**

# %%
for name in ("none", "μ and σ² as constants", "no path through μ"):
    wrong_nets = [run(lr=0.1, seed=seed, layer=LAYERS[name]).net for seed in PAIR]
    repaired = np.array([accuracy_of(reestimated(net, train[0])) for net in wrong_nets])
    print(f"{name:<22} running {spread(broken[name][2])}, re-estimated {spread(repaired)}")

# %% [markdown]
# They do. The weights had learned well; only the stored statistics were wrong.
#
# ### Train and test disagree, by batch size
#
# **Predict, then run.** Networks with three hidden layers, 130 steps each, batches of 2 to 128, rate 0.03. We measure the
# validation accuracy twice: in training mode with batches of the same size, and at test time. Which is higher?


# %%
def in_training_mode(net, data, size, seed=0):
    """Accuracy when the batches' own statistics are used."""
    net, (x, y) = copy.deepcopy(net).train(), data
    parts = batches(y, size, "shuffled", np.random.default_rng(seed))
    return np.mean([np.mean(net(x[k]).argmax(axis=1) == y[k]) for k in parts])


SIZES = (2, 4, 8, 32, 128)
modes = {}
for size in SIZES:
    values = []
    for seed in PAIR:
        net = network(hidden=3, seed=seed)
        fit(net, train, 0.03, 20, size, seed, steps=130)
        values.append((in_training_mode(net, validation, size), accuracy_of(net)))
    modes[size] = np.array(values)

figure, axis = plt.subplots()
drawn = SIZES[1:]  # batches of 2 learn nothing
by_mode = [mean_std(modes[size][:, which] for size in drawn) for which in (0, 1)]
axis.errorbar(drawn, *by_mode[0], fmt="s--", color=ORANGE, capsize=4, label="training mode")
axis.errorbar(drawn, *by_mode[1], fmt="o-", color=BLUE, capsize=4, label="test time")
axis.set_xscale("log")
axis.set(
    title="The smaller the batch, the more training and testing differ",
    xlabel="batch size",
    ylabel="validation accuracy",
    xticks=drawn,
    xticklabels=drawn,
    ylim=(0, 1),
)
axis.minorticks_off()
axis.legend(loc="lower right")
show(
    figure,
    "Validation accuracy of one network in training mode and at test time, by batch size: far "
    "apart for batches of 4, nearly equal for 128.",
)
table(
    ("batch size", *SIZES),
    [
        ("training mode", *(or_below(modes[size][:, 0]) for size in SIZES)),
        ("test time", *(or_below(modes[size][:, 1]) for size in SIZES)),
    ],
)

# %% [markdown]
# From 4 upwards the network is *better* at test time: the noise of the batch statistics is gone. The difference shrinks as
# the batch grows. Batches of 2 learn almost nothing, as N3 predicts. (All sizes make 130 steps, so small batches also see
# fewer examples. Compare the two lines at one size, not the sizes.)
#
# ### Covariate shift between training and test
#
# C's summary ("Story so far") says: "Covariate shift between *training and test* may cause problems and may be handled by
# batch normalization". The slides before it are about shift between *batches*. Does batch norm handle the other one as well?
# We change the test images, all in the same way: $x' = a x + c$.
#
# **Predict, then run.** Which network loses least: without batch norm, with it, or with batch norm and statistics
# taken from the *changed* test images (as one batch, without labels)?

# %%
CHANGES = {
    "unchanged": (1, 0),
    "a = 1/2": (0.5, 0),
    "a = 2": (2, 0),
    "c = 1": (1, 1),
    "a = 1/2, c = 1": (0.5, 1),
}
shifted = {}
for label, (a, c) in CHANGES.items():
    changed = a * test[0] + c, test[1]
    plain = [accuracy_of(run(False, RATE[False], seed=s).net, changed) for s in SEEDS]
    stored = [accuracy_of(run(True, RATE[True], seed=s).net, changed) for s in SEEDS]
    own = [in_training_mode(run(True, RATE[True], seed=s).net, changed, 360) for s in SEEDS]
    shifted[label] = np.array([plain, stored, own])
kinds = ("without batch norm", "batch norm, stored", "batch norm, from the test images")
rows = [(kind, *(spread(shifted[key][k]) for key in CHANGES)) for k, kind in enumerate(kinds)]
table(("test accuracy by statistics", *CHANGES), rows)

# %% [markdown]
# Batch norm as the lecture defines it (fixed statistics at test time) does *not* handle this shift. It can even do
# worse than no batch norm: ReLU networks with small biases do not care about $a$, fixed statistics do. Here the summary of
# the slides says more than the slides. But *new* statistics from the changed images repair it completely in this
# experiment. That is a real method: Li et al. (2016), Schneider et al. (2020). Its price is that the answers depend on
# the test batch again.
#
# ### Folding it away
#
# At test time batch norm is a fixed line for each unit. It can be put into the weights before it, so it costs nothing:
#
# $$\gamma\, \frac{w \cdot x + b - \mu}{s} + \beta = \Big(\frac{\gamma}{s} w\Big) \cdot x
#   + \Big(\frac{\gamma}{s} (b - \mu) + \beta\Big).$$


# %%
def folded(net):
    """The same function without batch norm layers."""
    layers = []
    for layer in net:
        if isinstance(layer, scratch.BatchNorm1d):
            k = layer.params["weight"] / np.sqrt(layer.running_var + layer.eps)
            layers[-1].params["weight"] *= k[:, None]
            bias = layers[-1].params["bias"]
            layers[-1].params["bias"] = k * (bias - layer.running_mean) + layer.params["bias"]
        else:
            layers.append(copy.deepcopy(layer))
    return scratch.Sequential(*layers)


net = run(True, RATE[True]).net.eval()
small = folded(net)
same = np.allclose(small(test[0]), net(test[0]), atol=1e-10)
print(f"{len(net)} layers become {len(small)}; same outputs: {same}")

# %% [markdown]
# **What to remember (N4).** Training: statistics of the batch. Test: fixed ones; C averages over all batches of the final
# network, with $\frac{B}{B-1}$; K keeps running averages, which lag while the network changes. In PyTorch the switch is
# `model.eval()`, here `net.eval()`. The smaller the batch, the more the two modes differ.
#
# **Check yourself**
#
# 1. You forgot `model.eval()` and test with batches of 100. With batches of 1?
# 2. Is the mean of the batch means the mean of all examples? Is the mean of the batch variances their variance?
# 3. With `momentum=0.01`, what is the weight of the start after 100 batches?
#
# <details><summary>Answer</summary>
#
# 1. The accuracy is slightly lower, the answers depend on the companions, and the running averages move while you test. A
#    batch of 1 raises an error.
# 2. Means: yes, if all batches have the same size. Variances: no; the variance of all examples is the mean of the batch
#    variances *plus* the variance of the batch means.
# 3. $0.99^{100} \approx 0.37$: this network would be tested with half-finished statistics.
#
# </details>

# %% [markdown]
# ## N5 · Higher rates, and less dependence on the start
#
# C: batch norm "improves both convergence rate and neural network performance"; "to get maximum benefit, learning rates must
# be increased". K: "improves gradient flow; allows higher learning rates; reduces the strong dependence on initialization".
# (C's "typical result" is the ImageNet figure of Ioffe and Szegedy, out of reach here. "Some regularization" is in N7.)
#
# ### Learning rates
#
# **Predict, then run.** Seven rates on digits. How far up does each network still learn? And at rate 0.001, which one is
# ahead after five epochs?

# %%
GRID = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
grid = {(norm, lr): [run(norm, lr, seed=s) for s in SEEDS] for norm in (False, True) for lr in GRID}


def steps_to(run_, goal=0.9, window=10):
    """Steps until the mean accuracy of the last 10 batches reaches the goal; inf if never."""
    means = np.convolve(run_.hits, np.ones(window) / window, "valid")
    return window + int(np.argmax(means >= goal)) if (means >= goal).any() else np.inf


reached = {key: np.array([r.accuracy for r in runs]) for key, runs in grid.items()}
steps = {key: np.mean([steps_to(r) for r in runs]) for key, runs in grid.items()}
steps80 = {key: np.mean([steps_to(r, 0.8) for r in runs]) for key, runs in grid.items()}

figure, axes = plt.subplots(1, 2, figsize=(9.2, 3.6))
for norm in (False, True):
    axes[0].errorbar(GRID, *mean_std(reached[norm, lr] for lr in GRID), capsize=4, **LOOK[norm])
    axes[1].plot(GRID, [steps[norm, lr] for lr in GRID], **LOOK[norm])
for axis in axes:
    axis.set_xscale("log")
    axis.set_xlabel("learning rate")
axes[0].set(title="Accuracy after 165 steps", ylabel="validation accuracy", ylim=(0, 1.02))
axes[1].set(title="Steps to 90 % in training", ylabel="steps", ylim=(0, 170), xlim=axes[0].get_xlim())
axes[0].legend(loc="lower left")
figure.suptitle("Batch norm learns at ten times higher rates, and is slower at low ones (digits)")
show(
    figure,
    "Left: accuracy by learning rate; without batch norm it collapses from rate 0.1 on, with it only "
    "at 1. Right: steps to 90 percent; fewest with batch norm at the rates 0.03 and 0.1.",
)


def or_never(value):
    return f"{value:.0f}" if np.isfinite(value) else "not by all"


rows = []
for text, values, shown in (
    ("accuracy", reached, spread),
    ("steps to 80 %", steps80, or_never),
    ("steps to 90 %", steps, or_never),
):
    for norm in (False, True):
        rows.append((f"{text}, {NAMES[norm]}", *(shown(values[norm, lr]) for lr in GRID)))
table(("digits", *(f"rate {lr:g}" for lr in GRID)), rows)

# %% [markdown]
# * **Higher rates: yes.** At 0.1 the plain network guesses, the normalised one is as good as ever. At 1 both fail: "higher"
#   is not "any".
# * **Faster: yes, each at its own best rate**, if not by much: 54 against 64 steps to 90 %, 26 against 34 to 80 %.
# * **Better: a little**, 0.96 against 0.94 at the best rates.
# * **At low rates batch norm is slower.** At 0.001 and 0.003 the plain network is ahead. This is why C says that
#   the rates *must* be increased. Whoever adds batch norm and keeps a small rate loses speed.
#
# One reason for the last point can be measured at the start, from He's weights: the gradients. The same measurement with
# weights ten times smaller shows what K calls gradient flow.
#
# **Predict, then run.** Five layers, weights a tenth of He's: by how much do the gradients shrink without batch norm, and with
# it?


# %%
def short(value):
    return f"{value:.2f}" if value > 0.01 else f"{value:.0e}"


start_gradient = {}
for scale in (1.0, 0.1):
    for norm in (False, True):
        sizes = []
        for seed in SEEDS:
            net, loss = network(norm=norm, seed=seed, scale=scale), scratch.CrossEntropyLoss()
            loss(net(train[0][:320]), train[1][:320])
            net.backward(loss.backward())
            weights = [key for key, w in net.params.items() if w.ndim == 2]
            sizes.append([np.linalg.norm(net.grads[key]) for key in weights])
        start_gradient[norm, scale] = np.mean(sizes, axis=0)
table(
    ("‖∂C/∂W‖ at the start", *(f"layer {k}" for k in range(1, 6)), "output"),
    [(f"{NAMES[n]}, weights × {c:g}", *map(short, v)) for (n, c), v in start_gradient.items()],
)

# %% [markdown]
# From He's weights the gradients with batch norm are two to three times *smaller* (layer 1 apart). So the same small rate means
# smaller steps. From weights that are too small the plain network gets gradients of nearly nothing; with batch norm
# they even grow by the factor 10, as the derivation below predicts.
#
# ### mnist1d
#
# The harder data. The long run, width 100 and ten epochs over seeds 0, 1, 2, was made beforehand:
# `accuracies(norm=..., lr=..., name="mnist1d", width=100, epochs=10, size=100)` gives
#
# | validation accuracy | rate 0.03 | rate 0.1 | rate 0.3 |
# |---|---|---|---|
# | without batch norm | 0.52 ± 0.01 | 0.53 ± 0.02 | 0.33 ± 0.08 |
# | with batch norm | 0.53 ± 0.01 | 0.59 ± 0.02 | 0.53 ± 0.01 |
#
# **Predict, then run.** The cell repeats two columns with width 64 and six epochs. By how much does batch norm win at 0.3?
# And if both may choose their rate?

# %%
pairs = [(norm, lr) for norm in (False, True) for lr in (0.1, 0.3)]
mnist = {(norm, lr): accuracies(PAIR, norm=norm, lr=lr, **HARD) for norm, lr in pairs}
table(
    ("mnist1d, short run", "rate 0.1", "rate 0.3"),
    [(NAMES[norm], *(spread(mnist[norm, lr]) for lr in (0.1, 0.3))) for norm in (False, True)],
)

# %% [markdown]
# At rate 0.3 the gap is large, 0.20 in the long run. With 0.1 for both, the best of the table, it is 0.06. Both numbers are
# true; to show only the first would not be fair.
#
# ### How far may one go?
#
# N1 left a question open: Santurkar et al. say that batch norm makes the loss smoother. We stop after one epoch, take the
# gradient $g$ of one batch, and walk: the loss of the same batch at $w - \eta g$, for η from 0.001 to 30.
#
# **Predict, then run.** At which η does the loss come back to where it started?

# %%
ETAS = np.logspace(-3, 1.5, 28)


def along_gradient(net, x, y):
    """Loss at w − ηg for each η / loss at w, in training mode, and the length of g."""
    net, loss = copy.deepcopy(net).train(), scratch.CrossEntropyLoss()
    before = loss(net(x), y)
    net.backward(loss.backward())
    w = {key: value.copy() for key, value in net.params.items()}
    g = {key: value.copy() for key, value in net.grads.items()}
    ratio = []
    for eta in ETAS:
        for key in w:
            net.params[key] = w[key] - eta * g[key]
        ratio.append(loss(net(x), y) / before)
    length = np.sqrt(sum((value**2).sum() for value in g.values()))
    return np.array(ratio), length


paths, safe = {}, {}
for norm in (False, True):
    nets = [run(norm, 0.01, seed=seed, epochs=1).net for seed in SEEDS]
    parts = [slice(k, k + 32) for k in range(0, 128, 32)]
    with np.errstate(all="ignore"):
        walks = [along_gradient(net, train[0][k], train[1][k]) for net in nets for k in parts]
    paths[norm] = np.array([ratio for ratio, _ in walks])
    ends = [np.append(ETAS, np.inf)[np.argmin(np.append(ratio < 1, False))] for ratio, _ in walks]
    distances = [end * length for end, (_, length) in zip(ends, walks, strict=True)]
    safe[norm] = np.median(ends), np.median(distances)

figure, axis = plt.subplots()
for norm in (False, True):
    low, middle, high = np.minimum(np.quantile(paths[norm], (0.25, 0.5, 0.75), axis=0), 4)
    axis.plot(ETAS, middle, **LOOK[norm] | {"marker": ""})
    axis.fill_between(ETAS, low, high, color=LOOK[norm]["color"], alpha=0.15)
axis.axhline(1, color=BLACK, linewidth=1, linestyle=":", label="where it started")
axis.set_xscale("log")
axis.set(
    title="With batch norm one can walk much further along the gradient",
    xlabel="step η along −g",
    ylabel="loss / loss at the start",
    ylim=(0, 3),
)
axis.legend()
show(
    figure,
    "Loss along the negative gradient, median and quartiles of 12 batches. Without batch norm it "
    "falls, then rises steeply at a step below 1; with batch norm it falls further and rises later.",
)
for norm in (False, True):
    eta, distance = safe[norm]
    print(f"{NAMES[norm]:<19} back at η = {eta:.2f}, at the distance η‖g‖ = {distance:.1f}")

# %% [markdown]
# With batch norm the safe range is many times longer, in η and also in distance, so it is not only a matter of smaller
# gradients. This fits Santurkar et al., and it shows why higher rates are possible.
#
# ### Why the start matters less: the derivation
#
# Let a unit have the weights $w$ and batch norm behind it. N2: with ε = 0, $u$ does not change if $w$ becomes $a w$, $a > 0$.
# So the cost satisfies $C(aw) = C(w)$. Differentiate this in two ways.
#
# *With respect to $w$:* the left side gives $a\, C'(aw)$, the right side $C'(w)$. Hence
# $$\frac{\partial C}{\partial (aw)} = \frac1a \, \frac{\partial C}{\partial w}:
#   \qquad \text{larger weights get smaller gradients.}$$
#
# *With respect to $a$, at $a = 1$:* $\; w \cdot C'(w) = 0$. The gradient is **orthogonal** to the weights. A step of plain
# gradient descent then makes a right-angled triangle:
# $$\lVert w - \eta g \rVert^2 = \lVert w \rVert^2 + \eta^2 \lVert g \rVert^2:
#   \qquad \text{the weights can only grow.}$$
#
# Only the direction of $w$ counts. A step η at the length $\lVert w \rVert$ turns it by the angle of about
# $\eta \lVert g\rVert / \lVert w \rVert$, and $\lVert g \rVert$ itself is $\propto 1/\lVert w \rVert$. So the **effective rate** is
# $\eta / \lVert w \rVert^2$ (van Laarhoven 2017). If η is too high, the weights grow, and the effective rate falls by itself.
#
# **Predict, then run.** The check: $w \cdot g$ in a network, weights and gradients at the scales 0.1, 1 and 10, and the growth
# of ‖W‖ in training at three rates.

# %%
net, loss = network(), scratch.CrossEntropyLoss()
loss(net(train[0][:320]), train[1][:320])
net.backward(loss.backward())
W, dW = net.params["3.weight"], net.grads["3.weight"]
cosines = (W * dW).sum(axis=1) / np.linalg.norm(W, axis=1) / np.linalg.norm(dW, axis=1)
print(f"layer 2, cosine of w and g below 1e-4 for all units: {np.abs(cosines).max() < 1e-4}")

for scale in (0.1, 1.0, 10.0):
    net = network(scale=scale)
    loss(net(train[0][:320]), train[1][:320])
    net.backward(loss.backward())
    print(f"scale {scale:<4}  ‖∂C/∂W²‖ = {np.linalg.norm(net.grads['3.weight']):.3g}")

for lr in (0.03, 0.3, 1.0):
    after = [np.linalg.norm(run(True, lr, seed=s).net.params["3.weight"]) for s in SEEDS]
    before = [np.linalg.norm(network(seed=s).params["3.weight"]) for s in SEEDS]
    growth = np.mean(np.divide(after, before))
    print(f"rate {lr:<4}  ‖W²‖ after / before {growth:.1f}: effective rate {growth**2:.1f} × lower")

# %% [markdown]
# ### The scale of the start
#
# **Predict, then run.** Hidden weights from a hundredth to ten times He's, at the two chosen rates. Which scales still
# train?

# %%
SCALES = (0.01, 0.1, 1.0, 10.0)
by_scale = {}
for norm in (False, True):
    for scale in SCALES:
        by_scale[norm, scale] = accuracies(PAIR, norm=norm, lr=RATE[norm], scale=scale)
figure, axis = plt.subplots()
for norm in (False, True):
    axis.errorbar(SCALES, *mean_std(by_scale[norm, c] for c in SCALES), capsize=4, **LOOK[norm])
axis.set_xscale("log")
axis.set(
    title="Without batch norm the scale of the start must be right",
    xlabel="scale of the hidden weights / He's",
    ylabel="validation accuracy",
    ylim=(0, 1.02),
)
axis.legend(loc="center left", bbox_to_anchor=(0, 0.6))
show(
    figure,
    "Validation accuracy by initial scale: without batch norm a peak at scale 1, guessing at small "
    "scales; with batch norm nearly level from one hundredth to ten.",
)
table(
    ("validation accuracy", *(f"scale {scale:g}" for scale in SCALES)),
    [(NAMES[norm], *(spread(by_scale[norm, c]) for c in SCALES)) for norm in (False, True)],
)

# %% [markdown]
# Is that fair? Perhaps the plain network only wants another rate at another scale. A search over 0.0001, 0.001, 0.01, 0.03,
# 0.1, 0.3 (seeds 8 and 9) says no: at the scales 0.01, 0.1 and 10 it guesses at all six. Batch norm gains from its own rate:
# it likes 0.0001 at scale 0.01 and 0.3 at scale 10. A part of the search:

# %%
part = [run(True, lr, seed=9, scale=10.0).accuracy for lr in (0.01, 0.03, 0.3)]
print("batch norm, scale 10, seed 9: rates 0.01, 0.03, 0.3:", *(f"{a:.2f}" for a in part))

# %% [markdown]
# K is right: with batch norm a scale that is wrong by a factor of 100 still trains, even at an unchanged rate. It is not
# *no* dependence. At scale 10 the effective rate $\eta/\lVert w\rVert^2$ is 100 times smaller, and that does not repair itself:
# the weights can grow, but not shrink. So a start that is too large costs more than one that is too small.
#
# **What to remember (N5).** Batch norm allows about ten times higher rates here, and needs them. With it, $w \cdot g = 0$ and
# the effective rate is $\eta/\lVert w\rVert^2$: too large steps repair themselves. At a small fixed rate it is slower. Always let
# both sides choose their rate.
#
# **Check yourself**
#
# 1. Why does weight decay on $w$ before a batch norm not regularise in the usual sense? What does it do?
# 2. Does $C(aw) = C(w)$ hold for the *output* layer here?
# 3. With momentum, is $\lVert w \rVert$ still bound to grow?
#
# <details><summary>Answer</summary>
#
# 1. A smaller $w$ gives the same function. But it raises the effective rate $\eta/\lVert w\rVert^2$ again: weight decay becomes
#    a rate controller (van Laarhoven 2017).
# 2. No: no batch norm follows it. At rate 1 this layer is one candidate for what breaks.
# 3. Not at every step: the velocity contains old gradients, which are orthogonal to old $w$, not to the present one.
#
# </details>

# %% [markdown]
# ## N6 · Only some layers, placement, decay, shuffling, the high-gradient region
#
# C's slide of advice, line by line.
#
# ### Only some layers, only some units, another place
#
# "Batch normalization may only be applied to some layers, or even only selected neurons in the layer." Also: K places it
# *before* the nonlinearity; and γ, β could be left out.
#
# **Predict, then run.** At the high rate 0.3: which single layer is enough?


# %%
class Half(scratch.Layer):
    """Batch norm for the first half of the units; the others pass."""

    def __init__(self, features):
        super().__init__()
        self.half, self.norm = features // 2, batch_norm(features // 2)
        self.params, self.grads = self.norm.params, self.norm.grads
        self.buffers = self.norm.buffers

    def forward(self, z):
        return np.concatenate([self.norm(z[:, : self.half]), z[:, self.half :]], axis=1)

    def backward(self, dz):
        return np.concatenate([self.norm.backward(dz[:, : self.half]), dz[:, self.half :]], axis=1)

    def train(self, mode=True):
        self.norm.train(mode)
        return super().train(mode)


no_affine = partial(scratch.BatchNorm1d, affine=False, dtype=np.float64)
WHERE = {
    "nowhere": {"norm": False},
    "layer 1 only": {"norm": (1,)},
    "layer 5 only": {"norm": (5,)},
    "half of the units, all layers": {"layer": Half},
    "all layers": {},
    "all layers, without γ and β": {"layer": no_affine},
    "all layers, after ReLU": {"after": True},
}
where = {name: accuracies(PAIR, lr=0.3, **options) for name, options in WHERE.items()}
table(
    ("batch norm in", "validation accuracy, rate 0.3"),
    [(name, spread(values)) for name, values in where.items()],
)

# %% [markdown]
# * Some layers are enough, but not any: batch norm in the *last* hidden layer alone saves the network, in the first alone
#   it does not. A batch norm at the end fixes the size of what the output layer sees, whatever happens below.
# * Half of the units in every layer are not enough here.
# * Before or after ReLU: no clear difference here.
# * γ and β can go without loss in this network: the next Linear can scale and shift, too.
#
# ### Faster decay
#
# C: "learning rate decay can be faster". We multiply the rate by a factor after each of six epochs, on mnist1d. The
# whole grid, over seeds 0, 1, 2, was run beforehand (mean validation accuracy):
#
# | decay per epoch | 1 | 0.9 | 0.8 | 0.6 | 0.4 |
# |---|---|---|---|---|---|
# | without, rate 0.03 | 0.43 | 0.44 | 0.43 | 0.37 | 0.33 |
# | without, rate 0.1 | 0.45 | 0.48 | 0.48 | 0.46 | 0.40 |
# | without, rate 0.3 | 0.31 | 0.44 | 0.46 | 0.46 | 0.44 |
# | batch norm, rate 0.03 | 0.49 | 0.47 | 0.46 | 0.42 | 0.38 |
# | batch norm, rate 0.1 | 0.50 | 0.51 | 0.50 | 0.50 | 0.49 |
# | batch norm, rate 0.3 | 0.46 | 0.48 | 0.49 | 0.50 | 0.49 |
#
# **Predict, then run.** The cell repeats a part with seeds 0 and 1. What does fast decay cost, with and without batch norm?

# %%
DECAYED = ((False, 0.1), (True, 0.1))
decayed = {
    (norm, lr, decay): accuracies(PAIR, norm=norm, lr=lr, decay=decay, **HARD)
    for norm, lr in DECAYED
    for decay in (1.0, 0.4)
}
rows = []
for norm, lr in DECAYED:
    values = [spread(decayed[norm, lr, decay]) for decay in (1.0, 0.4)]
    rows.append((f"{NAMES[norm]}, rate {lr}", *values, f"{lr * 0.4**5:.4f}"))
table(("mnist1d, 6 epochs", "constant rate", "× 0.4 each epoch", "last rate"), rows)

# %% [markdown]
# In the grid, with the best rate in each column, the fastest decay costs 0.04 without batch norm (0.48 to 0.44) and 0.02
# with it (0.51 to 0.49). The direction is C's. The size is that of the spread over seeds. What is clear: a higher first
# rate wants a faster decay, with batch norm and without.
#
# ### Better shuffling
#
# C: batch norm "also needs better randomization of training data order". Three orders: shuffled anew in every epoch; *fixed*
# batches, always the same 32 companions; sorted by class.
#
# After training we measure the loss of the *same* training images three times: in training mode with batches cut as in
# training, in training mode with freshly mixed batches, and at test time.
#
# **Predict, then run.** Trained on fixed batches: does the network notice that the batches are mixed anew?

# %%
ORDERS = ("shuffled", "fixed", "sorted")
ORDER_RATE = {(norm, order): RATE[norm] for norm in (False, True) for order in ORDERS}
ORDER_RATE |= {(False, "sorted"): 0.003, (True, "sorted"): 0.03}  # best of six on seeds 7 to 9


def loss_by_batches(net, order):
    """Loss of the training data in training mode, cut into batches in this order."""
    net, loss, (x, y) = copy.deepcopy(net).train(), scratch.CrossEntropyLoss(), train
    return np.mean([loss(net(x[k]), y[k]) for k in batches(y, 32, order, np.random.default_rng(0))])


orders = {}
for (norm, order), lr in ORDER_RATE.items():
    runs, loss = [run(norm, lr, seed=s, order=order) for s in PAIR], scratch.CrossEntropyLoss()
    orders[norm, order] = np.array(
        [
            [loss_by_batches(r.net, order) for r in runs],
            [loss_by_batches(r.net, "shuffled") for r in runs],
            [scratch.evaluate(r.net, loss, train)[0] for r in runs],
            [r.accuracy for r in runs],
        ]
    )
rows = [(f"{NAMES[n]}, {order}", *map(spread, orders[n, order])) for n, order in orders]
header = ("digits", "loss, batches as in training", "freshly mixed", "at test time")
table((*header, "validation accuracy"), rows)

# %% [markdown]
# * **Fixed batches.** With batch norm the network knows its companions: the loss is 0.01 in the batches of its training and
#   0.07 when the same images are mixed anew. Without batch norm all three losses agree, but for the 21 images that the
#   last, shorter batch leaves out. Fixed companions are no longer a noise that regularises; the accuracy does not suffer
#   here.
# * **Sorted by class.** Without batch norm a small rate saves much of the accuracy. With batch norm no rate that we tried
#   does: in a batch of one class the class is in μ, and μ is subtracted (N2).
#
# So C's advice is right: with batch norm, shuffling is not optional.
#
# ### The high-gradient region
#
# C: higher rates and faster decay work "since the data generally remain in the high-gradient regions of the activations".
# For tanh the slope is at least half of its maximum where $1 - \tanh^2 z \ge \frac12$, that is $|z| \le 0.88$. A unit
# Gaussian is there with probability 0.62. We count.
#
# **Predict, then run.** Tanh networks, weights at the start of normal size and five times larger, rate 0.1. What share of the
# pre-activations is in the steep region, through training?

# %% tips={"atol": 0.02}
figure, axis = plt.subplots()
steep = {}
for scale, style in ((1.0, "-"), (5.0, "--")):
    for norm, colour in ((False, RED), (True, BLUE)):
        r = run(norm, 0.1, scale=scale / np.sqrt(2), act=scratch.Tanh, probe=True)
        share = np.mean([probe.steep for probe in of_kind(r.net, Probe)], axis=0)
        steep[norm, scale] = share[0], share[-33:].mean(), r.accuracy
        label = f"{NAMES[norm]}, weights × {scale:g}"
        axis.plot(share, color=colour, linestyle=style, linewidth=1.5, label=label)
axis.axhline(0.62, color=BLACK, linewidth=1, linestyle=":", label="unit Gaussian")
axis.set(
    title="Batch norm keeps the tanh units in their steep region",
    xlabel="step",
    ylabel="share of |z| < 0.88, all layers",
    ylim=(0, 1),
)
axis.legend(fontsize=9, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2))
show(
    figure,
    "Share of pre-activations in the steep region over 165 steps. With batch norm near 0.6 for both "
    "starts; without it lower, and lowest for large weights.",
)
table(
    ("tanh", "share at the start", "share in the last epoch", "validation accuracy"),
    [(f"{NAMES[n]}, weights × {c:g}", *(f"{v:.2f}" for v in steep[n, c])) for n, c in steep],
)

# %% [markdown]
# C's observation is right: with batch norm the share stays near 0.6, whatever the start. Without it the units leave the steep
# region during training, and with large weights they are never in it. There batch norm helps: 0.95 against 0.79. But look
# at the first row: with a good start the plain network ends with less than a third of its units in the steep region, and
# is as accurate as any. Being in the steep region helps to *get going*; it is no merit in itself.
#
# **What to remember (N6).** A few normalised layers can be enough, the last one above all; before or after the
# nonlinearity matters little here. Batches must be mixed anew: with fixed companions a network fits the companions.
#
# **Check yourself**
#
# 1. Why can a network with batch norm "know" a fixed batch better than the same images in other company?
# 2. Batch norm *after* ReLU: is the mean of the next layer's input 0? And with batch norm before ReLU?
#
# <details><summary>Answer</summary>
#
# 1. Its output for an image contains μ and σ of the batch, that is, of the companions. With fixed batches these are as
#    good as a name tag.
# 2. After: yes, up to β. Before: no; ReLU cuts the negative half off, and what is left has a positive mean (A3).
#
# </details>

# %% [markdown]
# ## N7 · Batch norm and dropout
#
# K: batch norm "acts as a form of regularization in a funny way, and slightly *reduces* the need for dropout, maybe". C:
# "anecdotal evidence that BN *eliminates* the need for dropout". (Dropout switches units off at random in training; lecture
# 10 is about it.) The need for dropout is what it improves; so we compare four networks, a 2 × 2 table:
#
# $$\text{need without BN} = \text{acc}(\text{dropout}) - \text{acc}(\text{nothing}), \qquad
#   \text{need with BN} = \text{acc}(\text{both}) - \text{acc}(\text{BN}).$$
#
# K says that the second is smaller, C that it is 0 or less.
#
# Two hidden layers of 128 units, dropout 0.5 after each ReLU, in two situations where one overfits:
# *label noise* (digits, every fifth label of the training data replaced by a random one) and *few data* (300 clean digits).
# Each of the four takes its own rate from 0.003, 0.01, 0.03, 0.1, 0.3, by the mean validation accuracy on seeds 7 to 9. The
# search was made beforehand, the cell repeats a part. Then three seeds, on *test* data.

# %%
rng = np.random.default_rng(5)
noisy_labels = train[1].copy()
replaced = rng.random(len(noisy_labels)) < 0.2
noisy_labels[replaced] = rng.integers(0, 10, replaced.sum())
SITUATIONS = {
    "label noise": ((train[0], noisy_labels), 12),
    "few data": ((train[0][:300], train[1][:300]), 20),
}
FOUR = [(norm, p) for norm in (False, True) for p in (0.0, 0.5)]
RATE_OF = {
    "label noise": dict(zip(FOUR, (0.01, 0.01, 0.003, 0.03), strict=True)),
    "few data": dict(zip(FOUR, (0.1, 0.03, 0.1, 0.1), strict=True)),
}


def trained(situation, norm, dropout, lr, seed):
    data, epochs = SITUATIONS[situation]
    net = network(norm=norm, hidden=2, width=128, seed=seed, dropout=dropout)
    with np.errstate(all="ignore"):
        fit(net, data, lr, epochs, 50, seed)
    return net


for lr in (0.03, 0.1):
    found = accuracy_of(trained("few data", True, 0.0, lr, seed=7))
    print(f"few data, batch norm alone, seed 7, rate {lr}: validation accuracy {found:.2f}")
nets, two_by_two = {}, {}
for situation in SITUATIONS:
    for cell in FOUR:
        lr = RATE_OF[situation][cell]
        group = [trained(situation, *cell, lr, seed) for seed in SEEDS]
        nets[situation, cell] = group
        two_by_two[situation, cell] = np.array([accuracy_of(net, test) for net in group])

rows, need, fitted = [], {}, {}
for situation, (data, _) in SITUATIONS.items():
    for norm in (False, True):
        a, b = (two_by_two[situation, (norm, p)] for p in (0.0, 0.5))
        need[situation, norm] = b.mean() - a.mean()
        alone = nets[situation, (norm, 0.0)]
        fitted[situation, norm] = np.mean([accuracy_of(net, data) for net in alone])
        numbers = spread(a), spread(b), f"{need[situation, norm]:+.2f}"
        rows.append((situation, NAMES[norm], *numbers, f"{fitted[situation, norm]:.2f}"))
header = ("digits, test accuracy", "", "no dropout", "dropout", "need for dropout")
table((*header, "(training accuracy, no dropout)"), rows)

# %% [markdown]
# * **Label noise.** Here dropout is needed, and batch norm takes nothing of this need away: the gain is as large with it
#   as without.
# * **Few data.** Batch norm alone brings about 0.02, and dropout adds nothing to it. But without batch norm dropout adds
#   hardly more than the spread either, so there was no need to eliminate.
# * **"Regularization in a funny way": yes.** With few data both networks fit all training images, and the one with batch norm
#   tests better. That gain cannot come from better optimisation of the training loss.
#
# So neither K's "slightly reduces" nor C's "eliminates" shows up in these two situations; K's "maybe" is the wiser word.
# What a method has to offer depends on *why* the network overfits.
#
# ### A reason not to mix them carelessly
#
# Li et al. (2019) point out that dropout changes *variances*. In training the kept units are scaled by $\frac{1}{1-p}$, so with
# independent masks
# $$E[a'] = a, \qquad \text{Var}(a') = (1 - p)\frac{a^2}{(1-p)^2} - a^2 = \frac{p}{1-p}\, a^2.$$
# This extra variance is there in training and gone at test time. A batch norm *behind* a dropout stores the variance
# of training. **Predict, then run.** In the networks with both: by what factor does the stored variance of the second batch norm
# exceed the one that its inputs have at test time? And of the first, which has no dropout before it?

# %%
factors = []
for net in nets["label noise", (True, 0.5)]:
    net.eval()
    first, second = of_kind(net, scratch.BatchNorm1d)
    z1 = net[0](train[0])
    a1 = net[2](first(z1))
    z2 = net[4](a1)  # dropout, net[3], passes everything at test time
    ratios = first.running_var / z1.var(axis=0), second.running_var / z2.var(axis=0)
    factors.append([np.median(ratio) for ratio in ratios])
factors = np.array(factors)
print("stored variance / variance at test time:")
print(f"first batch norm {spread(factors[:, 0])}, second {spread(factors[:, 1])}")

# %% [markdown]
# The variance stored behind a dropout is two thirds too large, as the formula lets us expect. It did not ruin our small network.
# But Li et al. advise to put dropout only behind the last batch norm.
#
# ### Practice today
#
# * Batch norm is standard in convolutional networks for images, where one feature map counts as one unit. ResNet (He et al.
#   2016) uses it after every convolution, and no dropout: there C's anecdote has come true.
# * Where batches are small or sequences vary in length, one normalises over something else than the batch. Then training
#   and test do not differ:
#
# | layer | mean and variance over | source |
# |---|---|---|
# | batch norm | the examples of the batch, for each unit | Ioffe and Szegedy 2015 |
# | layer norm | the units of the layer, for each example | Ba, Kiros, Hinton 2016 |
# | group norm | groups of channels, for each example | Wu and He 2018 |
# | RMSNorm | as layer norm, without the mean | Zhang and Sennrich 2019 |
#
# * Transformers use layer norm (Vaswani et al. 2017) or RMSNorm (Touvron et al. 2023). Layer norm is the same formula on
#   the other axis:

# %%
z = np.random.default_rng(0).standard_normal((4, 6)) * 3 + 1
by_transposing = bn_forward(z.T, 1, 0)[0].T
by_torch = torch.nn.LayerNorm(6).double()(torch.tensor(z)).detach().numpy()
print("layer norm is batch norm of the transposed batch:", np.allclose(by_transposing, by_torch))
alone = bn_forward(z[:1].T, 1, 0)[0].T
print("one example alone gives the same:", np.allclose(alone, by_torch[:1]))

# %% [markdown]
# * It is possible without: Brock et al. (2021) train deep image networks without any normalisation, with scaled weights and
#   clipped gradients. So what batch norm does can be done in other ways.
#
# **What to remember (N7).** Batch norm is a mild regulariser, through the noise of its statistics. Whether it makes dropout
# superfluous depends on the reason for overfitting; measure the need with and without. Dropout before batch norm spoils the
# stored variances.
#
# **Check yourself**
#
# 1. Where does the noise come from that makes batch norm a regulariser "in a funny way"? When does it vanish?
# 2. Why is "accuracy with both > accuracy with dropout alone" no evidence against K?
#
# <details><summary>Answer</summary>
#
# 1. From μ and σ of the random batch (N4: the same image gets another probability in other company). It vanishes as
#    $B$ grows.
# 2. K speaks of what dropout *adds*. The comparison must be with batch norm alone.
#
# </details>

# %% [markdown]
# ## What the lectures claim and what we found
#
# Our numbers in this table come from the cells above.


# %% tags=["hide-input"]
def best(norm, table_of):
    return max(values.mean() for (n, _), values in table_of.items() if n == norm)


fastest = {n: min(steps80[n, lr] for lr in GRID) for n in (False, True)}
ledger = [
    ("N1", "C: minibatches may have different distributions, covariate shifts can be large", f"between shuffled batches {shift['shuffled'].mean():.2f} σ in every layer; sorted up to {shift['sorted'].max():.2f} σ", "partly; large without shuffling"),
    ("N1", "C: may occur in each layer", f"drift in training: layer 1 {drifts[False][0]:.2f} σ, layer 5 {drifts[False][4]:.2f} σ", "reproduced"),
    ("N1", "C: batch norm eliminates covariate shift between batches", f"std(μ_B) / σ behind it: {still['batch norm']:.2f}", "reproduced for mean and variance"),
    ("N1", "C: covariate shifts affect training badly", f"shift put back ({still['batch norm, then noise']:.2f} σ), rate 0.3: {noise_test['batch norm, then noise', 0.3].mean():.2f}; without batch norm {noise_test['without batch norm', 0.3].mean():.2f}; on mnist1d {hard_noise['batch norm, then noise'].mean():.2f} and {hard_noise['without batch norm'].mean():.2f}", "partly; on digits not why batch norm helps"),
    ("N2", "K: make each dimension unit gaussian", f"excess kurtosis of a pixel: before {shape_of(pixel)[1]:.2f}, after {shape_of(u_pixel)[1]:.2f}", "slip: mean 0, variance 1, same shape"),
    ("N2", "C: label “minibatch standard deviation”", "it stands at the variance", "slip"),
    ("N2", "K: the network can learn to recover the identity", f"exact with γ = √(σ² + ε); at rate 0.3 it learns γ {learned[0.3][0]:.1f} where σ is {learned[0.3][1]:.1f}", "can, but does not"),
    ("N3", "C: every z_i affects every ẑ_j", f"share of the Jacobian above 1e-3: {share_above:.2f}", "reproduced"),
    ("N3", "C: the backward equations", f"steps, compact, autograd, Jacobian agree to 1e-10: {max(e for w, e in errors.items() if 'differences' not in w) < 1e-10}", "reproduced; the path from μ into σ² is 0"),
    ("N4", "C: B/(B − 1) makes the variance unbiased", f"B = 4: {rows_bias[1][1]} of σ², corrected {rows_bias[1][3]}", "reproduced"),
    ("N4", "K: running averages can be used", f"rate 0.3, 5 steps: {by_statistics[2, 0]:.2f} against {by_statistics[2, 1]:.2f}; 160 steps: {by_statistics[6, 0]:.2f} and {by_statistics[6, 1]:.2f}", "reproduced at the end of training"),
    ("N4", "C: shift between training and test may be handled by batch norm", f"changed images: stored statistics {shifted['a = 1/2, c = 1'][1].mean():.2f}, no batch norm {shifted['a = 1/2, c = 1'][0].mean():.2f}, new statistics {shifted['a = 1/2, c = 1'][2].mean():.2f}", "slip: not as taught; with new statistics yes"),
    ("N5", "C, K: higher learning rates", f"rate 0.1: {reached[True, 0.1].mean():.2f} against {reached[False, 0.1].mean():.2f}; mnist1d, rate 0.3: {mnist[True, 0.3].mean():.2f} against {mnist[False, 0.3].mean():.2f}", "reproduced"),
    ("N5", "C: improves the convergence rate", f"fewest steps to 80 %: {fastest[True]:.0f} against {fastest[False]:.0f}", "reproduced at the best rates"),
    ("N5", "C: learning rates must be increased", f"rate 0.001: {reached[True, 0.001].mean():.2f} against {reached[False, 0.001].mean():.2f}", "reproduced; slower at low rates"),
    ("N5", "C: improves performance", f"best of the grid: digits {best(True, reached):.2f} against {best(False, reached):.2f}, mnist1d {best(True, mnist):.2f} against {best(False, mnist):.2f}", "reproduced, small"),
    ("N5", "K: improves gradient flow", f"weights × 0.1, ‖∂C/∂W¹‖: {start_gradient[True, 0.1][0]:.2g} against {start_gradient[False, 0.1][0]:.2g}", "reproduced; from He's start no need"),
    ("N5", "K: reduces the dependence on initialization", f"scale 0.01: {by_scale[True, 0.01].mean():.2f} against {by_scale[False, 0.01].mean():.2f}; scale 10: {by_scale[True, 10.0].mean():.2f} against {by_scale[False, 10.0].mean():.2f}", "reproduced"),
    ("N6", "C: only some layers, only selected neurons", f"rate 0.3: layer 5 only {where['layer 5 only'].mean():.2f}, layer 1 only {where['layer 1 only'].mean():.2f}, half of the units {where['half of the units, all layers'].mean():.2f}", "reproduced; it depends which"),
    ("N6", "K: before the nonlinearity", f"rate 0.3: before {where['all layers'].mean():.2f}, after {where['all layers, after ReLU'].mean():.2f}", "no clear difference"),
    ("N6", "C: decay can be faster", f"× 0.4 each epoch, rate 0.1: {decayed[True, 0.1, 0.4].mean() - decayed[True, 0.1, 1.0].mean():+.2f} with, {decayed[False, 0.1, 0.4].mean() - decayed[False, 0.1, 1.0].mean():+.2f} without", "partly; in the grid hardly beyond the spread"),
    ("N6", "C: needs better randomization", f"sorted: {orders[True, 'sorted'][3].mean():.2f} with, {orders[False, 'sorted'][3].mean():.2f} without; fixed batches {orders[True, 'fixed'][3].mean():.2f}", "reproduced for sorted data"),
    ("N6", "C: data remain in the high-gradient region", f"tanh, last epoch: {steep[True, 1.0][1]:.2f} against {steep[False, 1.0][1]:.2f}; accuracy {steep[True, 1.0][2]:.2f} and {steep[False, 1.0][2]:.2f}", "reproduced; no merit from a good start"),
    ("N7", "K: acts as regularization", f"few data, both fit the training data ({fitted['few data', True]:.2f}, {fitted['few data', False]:.2f}): test {two_by_two['few data', (True, 0.0)].mean():.2f} against {two_by_two['few data', (False, 0.0)].mean():.2f}", "reproduced"),
    ("N7", "K: slightly reduces the need for dropout, maybe; C: eliminates it", f"label noise: {need['label noise', True]:+.2f} with, {need['label noise', False]:+.2f} without; few data: {need['few data', True]:+.2f} and {need['few data', False]:+.2f}", "not with label noise; open with few data"),
]  # fmt: skip
table(("id", "claim", "what we found", "verdict"), ledger)

# %% [markdown]
# ## Exercises to try
#
# They are not graded.
#
# 1. **Ghost batches.** Take batches of 128, but normalise each group of 16 with its own statistics (Hoffer et al. 2017 call
#    this ghost batch norm). Does the training-mode accuracy in N4 follow the batch or the group? Does it regularise more?
# 2. **The mistake in the table.** Train with `"the same, with σ² = mean of z² − μ²"`. At which size of μ does it begin to
#    hurt? Which units have such a μ?
# 3. **How far is the Jacobian from a projection?** With ε = 0 and γ = s = 1, $J = I - \frac1B 11^T - \frac1B uu^T$. Show that
#    $J J = J$, count its eigenvalues 1 and 0, and find out how ε changes them.
#
# ## Where to go from here
#
# * **Assignment `batchnorm`** grades N2, N3 and N4: `batchnorm_forward`, `batchnorm_backward`, `inference_statistics`,
#   `batchnorm_inference`, `identity_parameters`, `running_average`. Mind the conventions at the top; there a batch of
#   one and constant columns must work, too.
# * **Library**: `tipslib/scratch/batchnorm.py`.
# * **Next lecture**: 09 regularization. Dropout itself is [lecture 10](10_dropout.ipynb).
#
# **Sources.** C: Carnegie Mellon University, 11-785 (covariate shifts; Batch normalization: Training, Backpropagation,
# Inference; Typical result). K: Fei-Fei Li, Karpathy, Johnson, Stanford CS231n 2016, lecture 5 (Batch Normalization). C cites
# Ioffe and Szegedy as JMLR 2015; the paper appeared at ICML 2015 (JMLR Workshop and Conference Proceedings 37).
#
# **References.**
# J. Ba, J. Kiros, G. Hinton, Layer normalization, 2016.
# A. Brock et al., High-performance large-scale image recognition without normalization, ICML 2021.
# K. He et al., Deep residual learning for image recognition, CVPR 2016.
# E. Hoffer, I. Hubara, D. Soudry, Train longer, generalize better, NeurIPS 2017.
# S. Ioffe and C. Szegedy, Batch normalization: Accelerating deep network training by reducing internal covariate shift, ICML
# 2015.
# X. Li et al., Understanding the disharmony between dropout and batch normalization by variance shift, CVPR 2019.
# Y. Li et al., Revisiting batch normalization for practical domain adaptation, 2016.
# S. Santurkar et al., How does batch normalization help optimization?, NeurIPS 2018.
# S. Schneider et al., Improving robustness against common corruptions by covariate shift adaptation, NeurIPS 2020.
# H. Shimodaira, Improving predictive inference under covariate shift by weighting the log-likelihood function, Journal of
# Statistical Planning and Inference 2000.
# H. Touvron et al., LLaMA: Open and efficient foundation language models, 2023.
# T. van Laarhoven, L2 regularization versus batch and weight normalization, 2017.
# A. Vaswani et al., Attention is all you need, NeurIPS 2017.
# Y. Wu and K. He, Group normalization, ECCV 2018.
# Y. Wu and J. Johnson, Rethinking "batch" in BatchNorm, 2021.
# B. Zhang and R. Sennrich, Root mean square layer normalization, NeurIPS 2019.
