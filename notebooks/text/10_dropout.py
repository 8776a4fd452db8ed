# %% [markdown]
# # 10 · Dropout
#
# In every training step we switch off half of the hidden units, at random. The network that is trained gets worse; the
# network that is tested gets better. This lecture derives what has to be rescaled at test time, sends the gradient through
# the random mask, asks in which sense dropout is an ensemble, and measures where it helps and where it hurts.
#
# **You will learn**
#
# | id | topic |
# |---|---|
# | O1 | dropout in training, and why test time needs the factor $1 - p$ |
# | O2 | inverted dropout: the factor moves into training |
# | O3 | the backward pass through the mask |
# | O4 | bagging, and dropout as an ensemble of $2^M$ thinned networks |
# | O5 | where weight scaling is exact, and where it is only approximate |
# | O6 | practical advice: width, training time, rate, momentum |
# | O7 | results by architecture; where dropout helps and where it hurts |
# | O8 | relatives: DropConnect, Zoneout, Shakeout, Whiteout |
# | O9 | the intuitive reasons, and co-adaptation measured |
# | O10 | pattern density, cloning and redundancy |
#
# **You need** lectures 00 (backward pass), 04 (He's start), 07 (momentum) and 09 (overfitting, weight decay).
#
# **How to read.** Before each experiment stands a question, *Predict, then run*. Write your answer down first. The
# questions under *Check yourself* have folded answers. The letters L and C name the lectures that this one follows; they
# are listed at the end.

# %%
from functools import cache
from itertools import pairwise, product

import matplotlib.pyplot as plt
import numpy as np
import torch

from tipslib import pytorch, scratch
from tipslib.data import load
from tipslib.plotting import (
    BLACK,
    BLUE,
    DASHES,
    GREEN,
    ORANGE,
    RED,
    explore,
    show,
    spread,
    table,
    use_style,
)

use_style()
torch.set_num_threads(1)  # one thread: the same sums in the same order every time

DATA = {name: [(x.astype(np.float64), y) for x, y in load(name)] for name in ("digits", "mnist1d")}
train, validation, test = DATA["digits"]
SEEDS = (0, 1, 2)

# %% [markdown]
# ### Conventions
#
# $a$ is the output of a layer of $M$ units, $m_j \in \{0, 1\}$ the **mask** (1 = on), $p$ the probability of *dropping*.
# Every mask bit is drawn on its own: $P(m_j = 0) = p$, so $E[m_j] = 1 - p$.
#
# | matter | in the lectures | here (scratch and PyTorch) | in assignment `dropout` |
# |---|---|---|---|
# | probability | L: drop $p$ %; C: **keep** $\alpha = 1 - p$ | drop `p`, 0 to 1 | drop `p` |
# | mask | L: one for each iteration; C: one for each input | one for each example of the batch | one for each example |
# | scaling | L, C: at test time, × $(1 - p)$ | in training, × $\frac{1}{1-p}$; `inverted=False` is the lectures' form (scratch only) | both: `dropout_forward` and `inverted_dropout_forward` |
# | what is scaled | L: the weights; C: outputs or weights | the outputs | `scale_weights`: the weights |
# | $p = 1$ | not discussed | allowed: all zero | inverted form refuses it |
# | mask type | C: 0 or 1 | bool, `True` = kept | bool, `True` = kept |
#
# The commonest trap is the first line: C's $\alpha$ is the probability of *keeping*. The next cell runs both libraries.

# %%
a = np.ones((2, 8))
for form in (False, True):
    layer = scratch.Dropout(0.25, inverted=form, rng=np.random.default_rng(1))
    print(f"{layer}\n  training {layer(a)[0].round(2)}\n  testing  {layer.eval()(a)[0]}")
torch.manual_seed(0)
twin = pytorch.Dropout(0.25)
print("PyTorch, training: values", [round(v, 2) for v in twin(torch.ones(1000)).unique().tolist()])
print("PyTorch, testing:  values", twin.eval()(torch.ones(1000)).unique().tolist())
print("p = 1:", scratch.Dropout(1.0)(a[:1, :3]), pytorch.Dropout(1.0)(torch.ones(1, 3)).numpy())

# %% [markdown]
# ### How we compare
#
# * **Tasks.** *Noisy digits*: 1000 images, 20 % of the training labels replaced by random ones; validation and test
#   labels are clean. *200 digits*: few, but clean. *mnist1d*: 1000 examples of a harder problem.
# * **Network.** Two hidden ReLU layers, He's start. Dropout stands after each ReLU (rate $p$) and on the inputs (rate
#   $p_{in}$).
# * **Training.** SGD with momentum 0.9, batches of 50, a fixed number of epochs for each task.
# * **Rate.** With and without dropout each get their own, the best of 0.003, 0.01, 0.02, 0.03, 0.1 by mean *validation*
#   error on seeds 7 to 9, which are used for nothing else. The search was made once; `SEARCHED` holds its results, the cell repeats
#   a part.
# * **Seeds** 0, 1, 2. Side experiments use only the first two (`SEEDS[:2]`). "±" is the standard
#   deviation over them. One of 360 test images is an error of 0.003.


# %%
rng = np.random.default_rng(5)
noisy = train[1][:1000].copy()
replaced = rng.random(1000) < 0.2
noisy[replaced] = rng.integers(0, 10, replaced.sum())
harder = DATA["mnist1d"]
TASKS = {  # training data, validation data, test data, sizes of the layers, epochs
    "noisy digits": ((train[0][:1000], noisy), validation, test, (64, 256, 256, 10), 30),
    "200 digits": ((train[0][:200], train[1][:200]), validation, test, (64, 256, 256, 10), 60),
    "mnist1d": (
        (harder[0][0][:1000], harder[0][1][:1000]), harder[1], harder[2], (40, 128, 128, 10), 20
    ),
}  # fmt: skip
loss = scratch.CrossEntropyLoss()


def linear(fan_in, fan_out, gain, rng, kind=scratch.Linear, **options):
    """A layer with normal weights of variance gain / fan_in (He: gain 2), biases 0."""
    if options:
        options["rng"] = rng  # draws the noise, too
    layer = kind(fan_in, fan_out, dtype=np.float64, **options)
    layer.params["weight"][...] = rng.standard_normal((fan_out, fan_in)) * np.sqrt(gain / fan_in)
    layer.params["bias"][...] = 0
    return layer


def network(sizes, p=0.0, p_in=0.0, seed=0, dropout=scratch.Dropout, **form):
    rng = np.random.default_rng(seed)
    layers = [dropout(p_in, rng=rng, **form)] if p_in else []
    for fan_in, fan_out in pairwise(sizes[:-1]):
        layers += [linear(fan_in, fan_out, 2, rng), scratch.ReLU()]
        layers += [dropout(p, rng=rng, **form)] if p else []
    return scratch.Sequential(*layers, linear(*sizes[-2:], 1, rng))


def fit(net, data, lr, epochs, seed, momentum=0.9, **options):
    optimizer, rng = scratch.SGD(net.params, lr=lr, momentum=momentum), np.random.default_rng(seed)
    history = scratch.fit(net, loss, optimizer, data, epochs=epochs, batch_size=50, rng=rng, **options)
    net.eval()
    return history


def error(net, data):
    return 1 - scratch.evaluate(net, loss, data)[1]


@cache  # a run that was made once is not made again
def run(task, p, p_in, lr, seed, sizes=None, epochs=None, momentum=0.9, **form):
    """A network trained on the task, in test mode."""
    data, _, _, usual_sizes, usual_epochs = TASKS[task]
    net = network(sizes or usual_sizes, p, p_in, seed, **form)
    fit(net, data, lr, epochs or usual_epochs, seed, momentum)
    return net


NONE, USUAL, MILD = (0.0, 0.0), (0.5, 0.2), (0.3, 0.1)  # (p, p_in)
LRS = (0.003, 0.01, 0.02, 0.03, 0.1)
SEARCHED = {  # validation error by rate, mean of seeds 7 to 9
    ("noisy digits", NONE): (0.061, 0.057, 0.091, 0.119, 0.157),
    ("noisy digits", MILD): (0.066, 0.046, 0.039, 0.036, 0.066),
    ("noisy digits", USUAL): (0.073, 0.052, 0.052, 0.057, 0.095),
    ("200 digits", NONE): (0.116, 0.089, 0.081, 0.081, 0.079),
    ("200 digits", MILD): (0.127, 0.086, 0.079, 0.071, 0.082),
    ("200 digits", USUAL): (0.152, 0.095, 0.076, 0.075, 0.106),
    ("mnist1d", NONE): (0.663, 0.615, 0.596, 0.579, 0.591),
    ("mnist1d", MILD): (0.694, 0.662, 0.625, 0.597, 0.676),
    ("mnist1d", USUAL): (0.713, 0.687, 0.708, 0.710, 0.811),
}
RATE = {key: LRS[int(np.argmin(errors))] for key, errors in SEARCHED.items()}
RATE["noisy digits", USUAL] = 0.02  # level with 0.01


def search(task, rates, lrs):
    """Mean validation error on the search seeds, by learning rate."""
    part = TASKS[task][1]
    return {lr: np.mean([error(run(task, *rates, lr, s), part) for s in (7, 8, 9)]) for lr in lrs}


names = {NONE: "no dropout", MILD: "0.3, inputs 0.1", USUAL: "0.5, inputs 0.2"}
rows = [(t, names[r], *(f"{e:.3f}" for e in es), RATE[t, r]) for (t, r), es in SEARCHED.items()]
table(("stored: validation error", "dropout", *(f"rate {lr}" for lr in LRS), "RATE"), rows)
found = search("mnist1d", MILD, (0.03, 0.1))
print("repeated: mnist1d,", names[MILD], {lr: f"{e:.3f}" for lr, e in found.items()})

# %% [markdown]
# ## O1 · Dropout in training and at test time
#
# Training (L, C): every unit is switched off with probability $p$, and the thinner network that is left is trained. C drops
# inputs in the same way. For one layer
#
# $$a'_j = m_j\, a_j, \qquad z_i = \sum_j w_{ij}\, m_j\, a_j + b_i .$$
#
# At test time nothing is dropped, since nobody wants random answers. But then $z$ is too large. Take the mean over the masks;
# the sum and the weights are not random, so
#
# $$E[z_i] = \sum_j w_{ij}\, E[m_j]\, a_j + b_i = (1 - p) \sum_j w_{ij} a_j + b_i .$$
#
# Without dropout the sum comes out as $z'_i = \sum_j w_{ij} a_j + b_i$. Leave the bias aside: $z' = E[z]/(1-p)$, which for
# $p = \frac12$ is L's $z' \approx 2z$. There are two ways to repair it, and they are the same:
#
# $$z_i = \sum_j w_{ij} \underbrace{[(1 - p)\, a_j]}_{\text{scale the output (C)}} + b_i
#       = \sum_j \underbrace{[(1 - p)\, w_{ij}]}_{\text{scale the weight (L, C)}} a_j + b_i .$$
#
# The bias is *not* scaled: no mask stands before it. L's example: $w = 1$ from training becomes 0.5 for testing.
#
# We train a network in the lectures' form. Its rate is 0.08; O2 explains why that is four times the rate in `RATE`.
#
# **Predict, then run.** (a) For a trained layer, how close is a single $z$ to $z'/2$? (b) The
# network uses no scaling at test time, so that everything is about twice too large in each layer. What happens to the error? What happens
# to the cross entropy?

# %%
lecture_net = run("noisy digits", *USUAL, 0.08, 0, inverted=False)
x, y = test
dropouts = [k for k, layer in enumerate(lecture_net) if isinstance(layer, scratch.Dropout)]
print("layers:", lecture_net)

a1 = x  # the first hidden layer's output, at test time
for layer in lecture_net.layers[: dropouts[1]]:
    a1 = layer(a1)
W2 = lecture_net[dropouts[1] + 1].params["weight"]
masks = np.random.default_rng(0).random((400, *a1[:1].shape)) >= 0.5
z_unscaled = (a1 @ W2.T)[:20]  # z' of 20 images, without the bias
z_training = np.array([(mask * a1[:20]) @ W2.T for mask in masks])
slope = np.vdot(z_training.mean(axis=0), z_unscaled) / np.vdot(*[z_training.mean(axis=0)] * 2)
print(f"z' = {slope:.1f} × the mean of z over {len(masks)} masks")
single = np.corrcoef(z_training[0].ravel(), z_unscaled.ravel())[0, 1]
print(f"a single mask: correlation of z and z' {single:.2f}")

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), sharex=True, sharey=True)
for axis, factor, title in zip(axes, (1, 0.5), ("not scaled: z' ≈ 2z", "weights × 0.5: z' ≈ z"), strict=True):
    axis.plot(z_training[0].ravel(), factor * z_unscaled.ravel(), ".", color=BLUE, markersize=2, alpha=0.5)
    reach = np.array([-1, 1]) * np.abs(z_unscaled).max()
    axis.plot(reach, reach, color=BLACK, linestyle="--", linewidth=1, label="z' = z")
    axis.plot(reach / 2, reach, color=RED, linestyle="-", linewidth=1, label="z' = 2z")
    axis.set(title=title, xlabel="z in training, one mask")
axes[0].set_ylabel("z' at test time")
axes[0].legend(loc="upper left")
show(
    figure,
    "Pre-activations of a trained layer, test time against training with one mask. Not scaled they lie "
    "around a line of slope two, with halved weights around the diagonal.",
)

# %% [markdown]
# The factor 2 is right *on average*. For a single mask the points scatter widely around the line.
#
# Now the whole network, with four treatments at test time. The last one is what C's slide prints (see O2).


# %%
def at_test_time(net, x, factor):
    """The forward pass without masks, each dropout layer replaced by a multiplication."""
    for layer in net:
        x = factor(layer.p) * x if isinstance(layer, scratch.Dropout) else layer(x)
    return x


def scaled_weights(net):
    """L's form: no dropout layer at all, each weight behind one times 1 − p."""
    layers, keep = [], 1.0
    for layer in net:
        if isinstance(layer, scratch.Dropout):
            keep = 1 - layer.p
        elif isinstance(layer, scratch.Linear):
            copy = scratch.Linear(layer.in_features, layer.out_features, dtype=np.float64)
            copy.load_state_dict({"weight": keep * layer.params["weight"], "bias": layer.params["bias"]})
            layers, keep = [*layers, copy], 1.0
        else:
            layers.append(layer)
    return scratch.Sequential(*layers)


OUTPUTS = {
    "outputs × (1 − p)": at_test_time(lecture_net, x, lambda p: 1 - p),
    "weights × (1 − p)": scaled_weights(lecture_net)(x),
    "no scaling": at_test_time(lecture_net, x, lambda p: 1),
    "outputs / (1 − p)": at_test_time(lecture_net, x, lambda p: 1 / (1 - p)),
}
assert np.allclose(OUTPUTS["outputs × (1 − p)"], OUTPUTS["weights × (1 − p)"])
assert np.allclose(OUTPUTS["outputs × (1 − p)"], lecture_net.eval()(x))
as_trained = y.copy()  # test labels with the noise that the network was trained on
wrong = np.random.default_rng(6).random(len(y)) < 0.2
as_trained[wrong] = np.random.default_rng(7).integers(0, 10, wrong.sum())
treated = {}
for name, z in OUTPUTS.items():
    treated[name] = np.mean(z.argmax(axis=1) != y), loss(z, as_trained), np.abs(z).mean()
header = ("at test time", "test error", "cross entropy, noisy labels", "mean size of a logit")
table(header, [(n, f"{e:.2f}", f"{c:.2f}", f"{s:.1f}") for n, (e, c, s) in treated.items()])
clean_entropy = {name: f"{loss(z, y):.2f}" for name, z in OUTPUTS.items()}
print("cross entropy, clean labels:", clean_entropy)

# %% [markdown]
# Scaling outputs and scaling weights agree. Without scaling the *error* hardly changes. The reason: ReLU layers pass a
# factor on ($\text{relu}(cz) = c\,\text{relu}(z)$ for $c > 0$), so, up to the biases, all logits grow by one common factor
# and the largest stays the largest. But the probabilities become far too sure. For labels like those of training, where
# one in five is replaced, the cross entropy shows it. If you only look at the error you do not see this bug.
#
# The printed line below the table is a trap. On *clean* labels "no scaling" has the *lower* cross entropy: the network
# learned to be modest, because its labels were noisy, and the mistake happens to undo that. A loss judges probabilities
# only on the kind of data that they were trained for.
#
# ### For each iteration, or for each input?
#
# L: "for each *iteration* we resample the dropout neurons". C: "for each *input*, at each iteration". With batches these are two
# things: one mask for the whole batch, or one for each example. Let $g_n$ be the gradient of example $n$, random through its mask,
# with variance $v$. The batch gradient is $\frac1B \sum_n g_n$. With independent masks its variance due to the masks is
#
# $$\text{Var} = \frac{1}{B^2} \sum_n v = \frac{v}{B}.$$
#
# With one shared mask the $g_n$ are correlated and the sum does not average the noise away; in the worst case, all
# $g_n$ equal, it stays $v$.
#
# **Predict, then run.** By which factor is the gradient's variance larger with a shared mask, for $B = 50$? And after training?


# %%
class SharedDropout(scratch.Dropout):
    """L's reading: one mask for each iteration, shared by the batch."""

    def forward(self, a):
        if not self.training:
            return super().forward(a)
        self.mask = self.rng.random((1, a.shape[1])) >= self.p
        scale = 1 / (1 - self.p)
        return self._save(self.mask, scale, output=a * self.mask * scale)


def mask_variance(kind, draws=60):
    """Variance of ∂C/∂W¹ over masks, for a fixed batch and fixed weights; summed over the weights."""
    net = network((64, 256, 256, 10), *USUAL, seed=0, dropout=kind)
    batch, grads = (train[0][:50], noisy[:50]), []
    for _ in range(draws):
        loss(net(batch[0]), batch[1])
        net.backward(loss.backward())
        grads.append(net.grads["1.weight"].copy())
    return np.var(grads, axis=0).sum()


variances = {kind: mask_variance(kind) for kind in (scratch.Dropout, SharedDropout)}
ratio = variances[SharedDropout] / variances[scratch.Dropout]
print(f"gradient variance, one mask a batch / one mask an example: {ratio:.0f}")
by_mask = {}
for kind in (scratch.Dropout, SharedDropout):
    nets = [run("200 digits", *USUAL, 0.03, s, dropout=kind) for s in SEEDS]
    by_mask[kind] = [error(net, test) for net in nets]
print("200 digits, test error, one mask an example:", spread(by_mask[scratch.Dropout]))
print("200 digits, test error, one mask a batch:   ", spread(by_mask[SharedDropout]))

# %% [markdown]
# One mask for each example gives a much steadier gradient at the same price, so libraries do it this way, and so
# do we from here on. With the same rate for both, L's form ends
# clearly worse.
#
# ### Inputs too
#
# **Predict, then run.** Digits have 64 pixels. Does dropping a fifth of them help beyond dropping hidden units? Half? (200 digits)

# %%
by_input = {}
for p_in in (0.0, 0.2, 0.5):
    nets = [run("200 digits", 0.5, p_in, 0.03, s) for s in SEEDS[:2]]
    by_input[p_in] = [error(net, test) for net in nets]
rows = [(f"{p_in:.0%}", spread(e)) for p_in, e in by_input.items()]
table(("inputs dropped (hidden 50 %)", "test error"), rows)

# %% [markdown]
# Here every dropped input costs accuracy. Srivastava et al. (2014) keep 80 % of the inputs, more than of the hidden units:
# a dropped pixel is lost for good, no other unit carries the same. On few, small images even 80 % is too little.
#
# **To remember (O1).** $a' = m \cdot a$ in training; the factor $1 - p$ at test time, on outputs or weights, not on biases.
# A missing factor shows in the probabilities, not in the error of a ReLU network.

# %% [markdown]
# ## O2 · Inverted dropout
#
# The factor may as well stand in the training pass. Then testing needs no change:
#
# $$\text{training: } a'_j = \frac{m_j\, a_j}{1 - p}, \qquad \text{testing: } a'_j = a_j, \qquad
#   E[a'_j] = \frac{E[m_j]\, a_j}{1 - p} = a_j .$$
#
# This is C's "alternate implementation", and what PyTorch does. Both forms satisfy one rule: **the testing pass equals the mean
# of the training pass**. The mean is $(1 - p)a$ in the lectures' form and $a$ in the inverted one.
#
# **The slip.** C's testing pass prints $y_j = y_j/\alpha$, with $\alpha = 1 - p$. Its training pass does not scale. Then training has the mean
# $\alpha y$ and testing $y/\alpha$: a factor $1/\alpha^2$, four for $\alpha = \frac12$. Dividing by $\alpha$ belongs to the *training* pass;
# at test time one multiplies. (A second slip on the same slide: its "Else $y = 0$" would silence every layer
# without dropout.)
#
# **Predict, then run.** $a = 1$, $p = \frac12$. What are the means of training and testing in the three forms?

# %%
ones = np.ones((1, 20_000))
rows, means = [], {}
for name, inverted, testing in (
    ("lectures: testing × (1 − p)", False, lambda a, p: a * (1 - p)),
    ("inverted: training / (1 − p)", True, lambda a, p: a),
    ("C's slide: testing / α, training as it is", False, lambda a, p: a / (1 - p)),
):
    for p in (0.2, 0.5):
        layer = scratch.Dropout(p, inverted=inverted, rng=np.random.default_rng(0))
        means[name, p] = layer(ones).mean(), testing(1.0, p)
        m, t = means[name, p]
        rows.append((name, p, f"{m:.2f}", f"{t:.2f}", f"{t / m:.1f}"))
table(("form", "p", "training, mean", "testing", "testing / training"), rows)

# %% [markdown]
# O1's table has the slide's form for the whole network, in its last line: the largest cross entropy of all.
#
# ### The same network, another learning rate
#
# Where a dropout layer stands in front, the lectures' weights $W$ and the inverted weights $\tilde W = (1 - p) W$ give the same output for every mask:
# $W(m \cdot a) = \tilde W (m \cdot a)/(1 - p)$. Do they also learn alike? By the chain rule $\frac{\partial C}{\partial W} = (1 - p)
# \frac{\partial C}{\partial \tilde W}$. One SGD step on $W$ with rate $\eta$ moves $\tilde W$ by
#
# $$\Delta \tilde W = (1 - p)\, \Delta W = -(1 - p)\, \eta\, \frac{\partial C}{\partial W} = -(1 - p)^2\, \eta\, \frac{\partial C}{\partial \tilde W}.$$
#
# So the lectures' form with rate $\eta$ is the inverted form with rate $(1 - p)^2 \eta$. For $p = \frac12$: 0.08 there is 0.02 here.
# The cell checks it with one step of a single layer behind a dropout layer.

# %%
p, lr, seed = 0.5, 0.08, 3
start = np.random.default_rng(1).standard_normal((10, 64)) / 8
after = {}
for inverted, scale, rate in ((False, 1.0, lr), (True, 1 - p, (1 - p) ** 2 * lr)):
    dropout = scratch.Dropout(p, inverted=inverted, rng=np.random.default_rng(seed))  # same masks
    net = scratch.Sequential(dropout, scratch.Linear(64, 10, bias=False, dtype=np.float64))
    net[1].params["weight"] = scale * start
    z = net(train[0][:50])
    loss(z, train[1][:50])
    net.backward(loss.backward())
    net[1].params["weight"] -= rate * net[1].grads["weight"]
    after[inverted] = net[1].params["weight"] / scale
print("one step, the same network in both forms:", np.allclose(after[False], after[True]))

# %% [markdown]
# So a rate found for one form is wrong for the other. This is why O1's network had the rate 0.08.
#
# **To remember (O2).** Training / (1 − p), testing untouched. The rule to check any implementation: mean of training = testing.
#
# **Check yourself**
#
# 1. A program drops with $p = 0.2$, divides by 0.8 in training, and multiplies by 0.8 at test time. What is wrong?
# 2. Why is the bias not scaled?
# 3. Someone reports that scaling at test time is useless, since the error is the same without. What do you answer?
#
# <details><summary>Answer</summary>
#
# 1. It corrects twice. Training has the mean $a$, testing $0.8a$.
# 2. The bias is added behind the mask. Its mean in training is $b$ itself.
# 3. With ReLU all logits grow by about one factor, so the largest stays the largest. The probabilities are wrong; look at
#    the cross entropy. With sigmoid or tanh units the error would change, too.
#
# </details>

# %% [markdown]
# ## O3 · The backward pass
#
# C: gradients are obtained only "from on nodes to on nodes". The derivation is one line: for a given mask, $a'_j = m_j a_j$ is a
# multiplication by a constant, so
#
# $$\frac{\partial C}{\partial a_j} = m_j \frac{\partial C}{\partial a'_j}$$
#
# (times $\frac{1}{1-p}$ in the inverted form). It is the *same* mask as in the forward pass; a layer must keep it. For the weight from unit $j$ to unit
# $i$ of the next layer, which is masked by $m_i$ itself:
#
# $$\frac{\partial C}{\partial w_{ij}} = \frac{\partial C}{\partial z_i}\, m_j a_j, \qquad
#   \frac{\partial C}{\partial z_i} = \sigma'(z_i)\, m_i\, \frac{\partial C}{\partial a'_i} .$$
#
# The product holds $m_i\, m_j$: it is 0 unless *both* ends are on.
#
# **Predict, then run.** $p = \frac12$ on both sides, one example. Which share of the weights gets a gradient at all? And in a batch of 50?


# %%
def gradients(net, x, y):
    """∂C/∂W of every layer, in training mode."""
    net.train()
    loss(net(x), y)
    net.backward(loss.backward())
    return {name: g.copy() for name, g in net.grads.items()}


rng = np.random.default_rng(4)
layers = []
for fan_in, fan_out in ((64, 12), (12, 9)):  # tanh: unlike ReLU it closes no unit, only the mask does
    layers += [linear(fan_in, fan_out, 1, rng), scratch.Tanh(), scratch.Dropout(0.5, rng=rng)]
small = scratch.Sequential(*layers, linear(9, 10, 1, rng))
one = gradients(small, train[0][:1], train[1][:1])["3.weight"]
on_in, on_out = small[2].mask[0], small[5].mask[0]
print(f"on: {on_in.sum()} of 12 units, {on_out.sum()} of 9 units")
print(f"weights with a gradient: {(one != 0).sum()} = {on_in.sum()} × {on_out.sum()} of {one.size}")

# %% tags=["hide-input"]
figure, axis = plt.subplots(figsize=(6, 3.4))
shown = np.where(one == 0, np.nan, np.log10(np.abs(one) + 1e-300))
image = axis.imshow(shown, cmap="viridis", aspect="auto")
axis.set_xticks(range(12), ["on" if on else "off" for on in on_in], fontsize=9)
axis.set_yticks(range(9), ["on" if on else "off" for on in on_out], fontsize=9)
axis.grid(False)
axis.set(title="Gradients only from on to on", xlabel="unit j of layer 1", ylabel="unit i of layer 2")
figure.colorbar(image, label="log10 |∂C/∂w|")
show(figure, "Gradient of a weight matrix for one example: coloured where both units are on, empty elsewhere.")

# %% [markdown]
# Now against autograd: the same network in PyTorch, with the masks of the scratch network as constants.

# %%
net = network((64, 32, 32, 10), *USUAL, seed=0)
ours = gradients(net, train[0][:50], train[1][:50])
weights = {n: torch.tensor(w, requires_grad=True) for n, w in net.params.items()}
h = torch.tensor(train[0][:50])
for k, layer in enumerate(net):
    if isinstance(layer, scratch.Dropout):
        h = h * torch.tensor(layer.mask) / (1 - layer.p)
    elif isinstance(layer, scratch.ReLU):
        h = torch.relu(h)
    else:
        h = h @ weights[f"{k}.weight"].T + weights[f"{k}.bias"]
torch.nn.functional.cross_entropy(h, torch.tensor(train[1][:50])).backward()
agree = {n: scratch.relative_error(ours[n], w.grad.numpy()) for n, w in weights.items()}
print("all gradients agree to 1e-9:", max(agree.values()) < 1e-9)
in_batch = np.mean(ours["4.weight"] != 0)
print(f"share of the second layer's weights with a gradient, batch of 50: {in_batch:.2f}")

forgotten = network((64, 32, 32, 10), *USUAL, seed=0)
loss(forgotten(train[0][:50]), train[1][:50])
forgotten[3].mask = None
dz = loss.backward()
for k in (7, 6, 5, 4):
    dz = forgotten[k].backward(dz)
right, wrong = forgotten[3].backward(dz), dz  # the mistake: passing on what comes from above
print(f"mask forgotten in the backward pass: relative error {scratch.relative_error(right, wrong):.1f}")

# %% [markdown]
# For one example, on average a quarter of the weights learn; with this mask even fewer. Over a batch with its 50 different masks nearly all do. The
# last line is the classic mistake: without the mask, units that were off get a gradient for something they did not do.
#
# **To remember (O3).** Backward uses the forward mask: $da = m \cdot da'$. A weight learns from an example only if both its ends were on.

# %% [markdown]
# ## O4 · Bagging, and dropout as an ensemble
#
# **Bagging** (C; Breiman 1996): draw $k$ samples of the training data with replacement, train one network on each,
# and let all of them classify. They may *vote*, or one takes the *average* of their probabilities (L).
#
# *Why it helps.* Let network $r$ have the output $f_r = f + e_r$ with mean error 0, variance $v$, and correlation $\rho$ between any two. Then
#
# $$\text{Var}\Big(\frac1k \sum_r e_r\Big) = \frac{1}{k^2} \big( k\, v + k(k - 1)\, \rho v \big) = \rho v + \frac{1 - \rho}{k}\, v .$$
#
# The second part goes away with more networks, the first stays. So members must be *different* (L: "different structures").
#
# **Predict, then run.** Eight networks, each on a bootstrap sample of the noisy digits. Are the members better or worse than a network
# trained on all the data? And together? Does it depend on the learning rate?


# %%
seeds = iter(range(100, 200))


def trainer(lr):
    def train_member(x, y):
        net = network((64, 64, 64, 10), seed=(seed := next(seeds)))
        fit(net, (x, y), lr, 20, seed)
        return net

    return train_member


def ensemble_error(models, how):
    return np.mean(scratch.ensemble_predict(models, test[0], how).argmax(axis=1) != test[1])


noisy_train = TASKS["noisy digits"][0]
bagged, on_all, alone = {}, {}, {}
for lr in (0.01, 0.05):
    members = scratch.bagging(trainer(lr), *noisy_train, k=8, rng=np.random.default_rng(0))
    alone[lr] = [error(net, test) for net in members]
    on_all[lr] = [error(trainer(lr)(*noisy_train), test) for _ in SEEDS]
    bagged[lr] = [ensemble_error(members, how) for how in ("average", "vote")]
rows = [(lr, spread(alone[lr]), spread(on_all[lr]), *(f"{e:.2f}" for e in bagged[lr])) for lr in bagged]
header = ("test error, by rate", "one member", "one network, all data", "8 average", "8 vote")
table(header, rows)

# %% [markdown]
# Each member alone is worse than a network on all the data: it has seen only 63 % of the examples. Together they are
# far better than one member. But what about one network on all the data? At the rate 0.01, which is good for a single
# network, bagging gains little or nothing. At 0.05, where each network learns wrong labels by heart, the average beats the
# single network: every member has learned *other* wrong labels. Bagging removes variance; where there is
# little, there is little to gain. The vote throws away how sure each member is; here it is no better than the average on
# noisy members.
#
# ### 2^M networks at once
#
# A network with $M$ units that may be dropped has $2^M$ thinned networks, all with shared weights. Each training example trains one of them (L:
# "using one data to train one network"). At test time one would average them all.
#
# C: "Dropout samples over all $2^N$ possible networks". It *can* draw any of them. How many does it draw?

# %%
units, draws = 64 + 256 + 256, 30 * 1000
print(f"thinned networks: 2^{units} = 10^{units * np.log10(2):.0f};  drawn in training: at most {draws}")

# %% [markdown]
# So nearly no thinned network is ever trained. They work all the same, because they share their weights.
#
# ### The mean of k sampled networks against weight scaling
#
# To average we may draw $k$ masks at test time (Monte Carlo), or take the one network with scaled weights. L puts a question
# mark over the sign ≈ between the two, and shows a curve from Goodfellow et al. (2013).
#
# **Predict, then run.** How bad is a single thinned network? How many does one need to reach weight scaling? Which is better in the end?

# %%
KS = (1, 3, 10, 30, 60)


def sampled_errors(net):
    """Test error of the mean of the first k sampled networks, for each of KS; and with weight scaling."""
    scaled = error(net, test)
    net.train()
    y = np.cumsum([scratch.Softmax()(net(test[0])) for _ in range(KS[-1])], axis=0)
    net.eval()
    return [np.mean(y[k - 1].argmax(axis=1) != test[1]) for k in KS] + [scaled]


sampled = {
    task: np.array([sampled_errors(run(task, *USUAL, RATE[task, USUAL], s)) for s in SEEDS[:2]])
    for task in ("noisy digits", "200 digits")
}
rows = [(task, *(f"{e:.2f}" for e in errors.mean(axis=0))) for task, errors in sampled.items()]
table(("test error", *(f"mean of {k}" for k in KS), "weight scaling"), rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True)
for axis, (task, errors) in zip(axes, sampled.items(), strict=True):
    for row in errors:
        axis.plot(KS, row[:-1], color=BLUE, linestyle="-", linewidth=0.8, alpha=0.5)
    axis.plot(KS, errors.mean(axis=0)[:-1], color=BLUE, linestyle="-", marker="o", label="mean of k sampled")
    axis.axhline(errors[:, -1].mean(), color=RED, linestyle="--", label="weight scaling")
    axis.set(title=task, xlabel="k, sampled networks", xscale="log", ylim=(0, 0.32))
axes[0].set_ylabel("test error")
axes[0].legend()
figure.suptitle("About 30 sampled networks do what weight scaling does in one pass")
show(
    figure,
    "Test error of the mean of k sampled networks, falling with k from 1 to 60, and weight scaling as a "
    "horizontal line that the curve reaches at around 30.",
)

# %% [markdown]
# A single thinned network is bad. The mean falls with $k$ and ends close to weight scaling; which of the two is
# better in the end depends on task and seed, by an image or two. So claim neither: weight scaling is *one pass* of good quality.
#
# Sampling at test time has another use today. The spread of the sampled answers tells how unsure the network is
# (*Monte Carlo dropout*, Gal and Ghahramani 2016).
#
# **To remember (O4).** Averaging needs members that err differently. Dropout gives $2^M$ members with shared weights for the price of one.

# %% [markdown]
# ## O5 · Exact for a linear layer, approximate beyond
#
# L's question mark: is the average of all thinned networks the network with scaled weights?
#
# **One linear unit: yes, exactly.** All masks have the probability $P(m) = \prod_j (1-p)^{m_j} p^{1-m_j}$. In the mean over all $2^D$ masks
#
# $$\sum_m P(m) \Big( \sum_j w_j m_j x_j + b \Big) = \sum_j w_j x_j \sum_m P(m)\, m_j + b = (1-p) \sum_j w_j x_j + b,$$
#
# because $\sum_m P(m)\, m_j$ is the total probability of the masks with $m_j = 1$: the other factors sum to 1, and $1 - p$ is left.
#
# **ReLU behind it: no.** ReLU is convex. With the tangent (or for the kink, a supporting line) at $\bar z = E[z]$: $\text{relu}(z) \ge \text{relu}(\bar z) + c\,(z - \bar z)$
# for all $z$; the mean of this line is $\text{relu}(\bar z)$. So $E[\text{relu}(z)] \ge \text{relu}(E[z])$ (Jensen's inequality). Equality holds if no mask crosses the kink.
#
# **Softmax behind one linear layer: the geometric mean, exactly.** $\log y_k = z_k - \log Z$, where $Z$ depends on the mask but not
# on $k$. The mean of the logarithms is $E[z_k] - E[\log Z]$. Normalise so that the sum over $k$ is 1: the second term cancels, and
#
# $$\frac{\exp E[\log y_k]}{\sum_l \exp E[\log y_l]} = \text{softmax}(E[z])_k ,$$
#
# which is the softmax of the scaled weights (Hinton et al. 2012; Baldi and Sadowski 2013). The *arithmetic* mean of the probabilities is something else.
#
# **Predict, then run.** We enumerate all $2^{10}$ masks, no sampling. Which lines of the table will have error 0?

# %%
D, K, p = 10, 3, 0.5
rng = np.random.default_rng(0)
x10, W, b = rng.random(D), rng.standard_normal((K, D)), 0.3 * rng.standard_normal(K)
masks = np.array(list(product((0, 1), repeat=D)))
P = np.prod(np.where(masks == 1, 1 - p, p), axis=1)
z_all = (masks * x10) @ W.T + b  # [1024, 3]
z_scaled = (1 - p) * W @ x10 + b
relu, softmax = scratch.ReLU(), scratch.Softmax()
geometric = np.exp(P @ np.log(softmax(z_all)))
compare = {
    "linear": (P @ z_all, z_scaled),
    "ReLU": (P @ relu(z_all), relu(z_scaled)),
    "sigmoid": (P @ scratch.Sigmoid()(z_all), scratch.Sigmoid()(z_scaled)),
    "softmax, arithmetic mean": (P @ softmax(z_all), softmax(z_scaled)),
    "softmax, geometric mean": (geometric / geometric.sum(), softmax(z_scaled)),
}
off = {name: np.abs(mean - scaled).max() for name, (mean, scaled) in compare.items()}
rows = [(n, m.round(3), s.round(3), f"{off[n]:.3f}") for n, (m, s) in compare.items()]
print(f"{len(masks)} masks, probabilities sum to {P.sum():.1f}")
table(("output", "mean over all masks", "scaled weights", "largest difference"), rows)
assert max(off["linear"], off["softmax, geometric mean"]) < 1e-12

# %% [markdown]
# Exact for the linear output and for the geometric mean behind a softmax; only close for the rest. ReLU's mean is never below the scaled value.
#
# **How large is the gap of a ReLU unit?** It depends on how often the masks carry $z$ over the kink. We move the bias.


# %%
def relu_gap(b, p, d=10):
    """(E[relu(z)], relu(E[z])) over all masks of d inputs 1 with weights ±1 in turns, bias b."""
    masks = np.array(list(product((0, 1), repeat=d)))
    P = np.prod(np.where(masks == 1, 1 - p, p), axis=1)
    w = np.where(np.arange(d) % 2 == 0, 1.0, -1.0)
    return P @ np.maximum(masks @ w + b, 0), max((1 - p) * w.sum() + b, 0)


def draw_gap(p):
    bias = np.linspace(-6, 6, 49)
    mean, scaled = np.array([relu_gap(b, p) for b in bias]).T
    figure, axis = plt.subplots()
    axis.plot(bias, mean, color=BLUE, linestyle="-", label="mean over all masks, E[relu(z)]")
    axis.plot(bias, scaled, color=RED, linestyle="--", label="scaled weights, relu(E[z])")
    axis.set(xlabel="mean pre-activation E[z]", ylabel="output", title=f"The gap is at the kink (p = {p})")
    axis.legend()
    return figure, f"Mean of ReLU over masks and ReLU of the mean for p = {p}; they differ around zero only."


show(*draw_gap(0.5))
for b in (-6.0, 0.0, 6.0):
    mean, scaled = relu_gap(b, 0.5)
    print(f"E[z] = {b:4.1f}: mean {mean:.2f}, scaled {scaled:.2f}")

# %%
explore(draw_gap, p=(0.1, 0.3, 0.5, 0.7, 0.9))

# %% [markdown]
# **To remember (O5).** Weight scaling is the exact mean for a linear layer and an approximation behind a nonlinearity; the gap sits where $z$ may
# change its sign.
#
# **Check yourself**
#
# 1. A network has three linear layers without activation, dropout before each. Is weight scaling exact?
# 2. Why is weight scaling exact for the *geometric* mean behind one softmax layer, but not for a network with hidden ReLU layers?
# 3. In O4's table, is the mean of 60 networks the truth that weight scaling approximates?
#
# <details><summary>Answer</summary>
#
# 1. Yes. The masks of different layers are independent, so the mean goes through layer by layer.
# 2. The proof needs $z_k$ linear in the mask. Behind a hidden ReLU, $E[z]$ is no longer what scaled weights give.
# 3. For the arithmetic mean, yes, up to the sampling noise of 60 masks. But that mean is no more "right" about
#    the *test images* than the scaled network.
#
# </details>

# %% [markdown]
# ## O6 · Practical advice
#
# L gives four pieces of advice, without numbers. Each is a claim that we can test.
#
# ### Larger network: n/(1 − p) neurons
#
# If a task needs $n$ units and each is on with probability $1 - p$, a layer of $n'$ units has $n'(1 - p)$ on, on average. Set
# this equal to $n$: $n' = n/(1 - p)$, rounded up.
#
# **Predict, then run.** On 1000 clean digits, does a dropout network of width $2n$ reach the *training* error of width $n$ without?

# %%
print("hidden_width:", {(n, p): scratch.hidden_width(n, p) for n, p in ((100, 0.5), (9, 0.1), (1, 0.9))})
clean = train[0][:1000], train[1][:1000]
WIDTHS = (8, 16, 32, 64)


@cache
def of_width(n, p, seed, epochs=15):
    net = network((64, n, n, 10), p, seed=seed)
    fit(net, clean, 0.02, epochs, seed)
    return error(net, clean), error(net, test)


width_errors = {}
for p, n in product((0.0, 0.5), WIDTHS):
    width_errors[p, n] = np.mean([of_width(n, p, s) for s in SEEDS[:2]], axis=0)
rows = []
for n in WIDTHS[:-1]:
    wide = scratch.hidden_width(n, 0.5)
    cells = width_errors[0.0, n], width_errors[0.5, n], width_errors[0.5, wide]
    rows.append((n, *(f"{e[0]:.2f}" for e in cells), *(f"{e[1]:.2f}" for e in cells)))
header = ("n", "train: n", "train: n, dropout", "train: 2n, dropout")
table((*header, "test: n", "test: n, dropout", "test: 2n, dropout"), rows)

# %% [markdown]
# Dropout on a narrow network is a disaster: with 8 units it hardly learns. Doubling the width repairs most of it, but not all: in
# the same 15 epochs the dropout network of width $2n$ still has the larger training error. So the rule is a *lower* bound to start from. Note also that these
# data are clean and not scarce: dropout brings little or nothing at test time.
#
# ### Longer training
#
# **Predict, then run.** Noisy digits, same rate 0.02, validation error by epoch. Who leads after 5 epochs, who after 40?

# %%
curve = {}
for rates in (NONE, USUAL):
    net = network((64, 256, 256, 10), *rates, seed=0)
    history = fit(net, noisy_train, 0.02, 40, 0, validation=validation)
    curve[rates] = 1 - np.array(history["val_accuracy"])
MARKS = (2, 5, 10, 20, 40)
rows = [(names[r], *(f"{curve[r][k - 1]:.2f}" for k in MARKS)) for r in curve]
table(("validation error", *(f"epoch {k}" for k in MARKS)), rows)

# %% tags=["hide-input"]
figure, axis = plt.subplots()
for (rates, values), colour, dash in zip(curve.items(), (RED, BLUE), DASHES, strict=False):
    axis.plot(np.arange(1, 41), values, color=colour, linestyle=dash, label=names[rates])
axis.set(
    title="Dropout learns more slowly, and the error does not rise later",
    xlabel="epoch",
    ylabel="validation error",
    ylim=(0, 0.3),
)
axis.legend()
show(
    figure,
    "Validation error by epoch. Without dropout it falls quickly, then rises; with it, it falls slowly and stays low.",
)

# %% [markdown]
# The start is slower with dropout: it is behind in the first epochs. Later the network without dropout begins to learn
# the wrong labels by heart, and its error rises; with dropout it does not. The best epoch need not be later (this is one
# seed): "longer training" is *needed* at the start and *harmless* at the end. Early stopping (lecture 09) would also have
# helped the first network.
#
# ### Higher rate
#
# **Predict, then look.** In the table of `SEARCHED`: is the best rate higher with dropout? The figure shows it.

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2))
for axis, task in zip(axes, TASKS, strict=True):
    for r, colour, dash in zip(names, (RED, ORANGE, BLUE), DASHES, strict=False):
        axis.plot(LRS, SEARCHED[task, r], color=colour, linestyle=dash, marker="o", label=names[r])
    axis.set(title=task, xlabel="learning rate", xscale="log")
axes[0].set_ylabel("validation error")
axes[0].legend(fontsize=9)
figure.suptitle("The best rate is higher with dropout on noisy digits only")
show(
    figure,
    "Validation error against the learning rate for three tasks, without and with dropout. "
    "On noisy digits the minimum moves to higher rates with dropout, on the other tasks it does not.",
)

# %% [markdown]
# With label noise, yes: without dropout a high rate is ruinous, with it the error stays low over a wide range. But be careful with the
# reason. A small rate means *less training* in 30 epochs, so it acts like early stopping; that is what the network without dropout needs.
# On the other two tasks the best rate with dropout is *not* higher. And 0.1 was too high for 0.5 / 0.2 in all three.
#
# ### Larger momentum
#
# Momentum $\mu$ with rate $\eta$ has in the long run the step $\eta/(1 - \mu)$ (lecture 07). Raising $\mu$ alone also raises the rate. For a fair look we
# keep $\eta/(1 - \mu) = 0.2$.

# %%
MOMENTA = (0.0, 0.9, 0.97)
by_momentum, small = {}, {"sizes": (64, 64, 64, 10), "epochs": 20}
for r, mu in product((NONE, USUAL), MOMENTA):
    lr = 0.2 * (1 - mu)
    nets = [run("noisy digits", *r, lr, s, momentum=mu, **small) for s in SEEDS[:2]]
    by_momentum[r, mu] = [error(net, validation) for net in nets]
rows = [(names[r], *(spread(by_momentum[r, mu]) for mu in MOMENTA)) for r in (NONE, USUAL)]
table(("validation error, η/(1 − μ) = 0.2", *(f"μ = {mu}" for mu in MOMENTA)), rows)

# %% [markdown]
# At a fixed effective rate the momentum makes hardly a difference beyond the spread, with dropout as without. What
# "larger momentum" mostly does is to raise the effective rate, which is the advice before. (Srivastava et al. 2014 recommend 10 to 100 times the rate,
# momentum 0.95 to 0.99, *and* a bound on the norm of each unit's weights, which makes such rates possible.)
#
# **To remember (O6).** With dropout: wider by at least $1/(1-p)$, longer, a rate searched afresh. Momentum is not the point.

# %% [markdown]
# ## O7 · Typical results
#
# C shows the test error on MNIST for networks of 2 to 4 hidden layers with 1024 to 2048 units: with dropout all of them are clearly better.
# (C cites Srivastava et al. 2013; the journal paper is of 2014.)
#
# ### By architecture
#
# We use the noisy digits and 64 or 256 units. As in the paper, the rates were not tuned for each architecture again.
#
# **Predict, then run.** In which of the three rows does dropout win?

# %%
ARCHITECTURES = ((2, 64), (4, 64), (2, 256))


def of_shape(depth, width, rates, seed):
    sizes = (64, *(width,) * depth, 10)
    sizes = None if sizes == TASKS["noisy digits"][3] else sizes
    return error(run("noisy digits", *rates, RATE["noisy digits", rates], seed, sizes), test)


by_shape = {}
for shape, r in product(ARCHITECTURES, (NONE, USUAL)):
    by_shape[shape, r] = [of_shape(*shape, r, s) for s in SEEDS[:2]]
rows = [
    (f"{depth} × {width}", *(spread(by_shape[(depth, width), r]) for r in (NONE, USUAL)))
    for depth, width in ARCHITECTURES
]
table(("noisy digits, hidden layers", "test error, no dropout", "test error, dropout"), rows)

# %% [markdown]
# In the wide network dropout wins; in the narrow and deep one it is a disaster. Four masks in a row on 64 units leave
# too little: O6's first advice, seen from the other side.
#
# ### The sizes of the slide
#
# Networks of 1024 to 2048 units take minutes each, so this table is a **stored run**: Fashion-MNIST, all 55 000 training
# images, 15 epochs with a rate that falls to 0 in a straight line, momentum 0.9, one seed. The rate at the start is 0.03:
# the best of 0.01, 0.03 and 0.1 by validation error after 4 epochs of the 2 × 1024 network, with and without dropout.
# To repeat it, set `FULL_RUN = True` in the next cell and run it (an hour or two on one core).
# `load("fashion_mnist")` takes the installed files or downloads them once. Other machines may differ in the third digit.

# %%
FULL_RUN = False  # True: repeat the stored run. It wants Fashion-MNIST and more than an hour
KINDS = {"none": (0.0, 0.0), "0.2": (0.2, 0.0), "0.5, inputs 0.2": (0.5, 0.2)}  # p of hidden units, of inputs


def fashion_errors(hidden, width, p, p_in, lr=0.03, epochs=15, seed=0):
    """Errors on training, validation and test data of one network on Fashion-MNIST, in PyTorch."""
    parts = [(torch.tensor(x), torch.tensor(y)) for x, y in load("fashion_mnist")]
    x, y = parts[0]
    torch.manual_seed(seed)
    layers = [torch.nn.Dropout(p_in)]
    for fan_in, fan_out in pairwise([784] + [width] * hidden):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU(), torch.nn.Dropout(p)]
        torch.nn.init.kaiming_normal_(layers[-3].weight, nonlinearity="relu")
        torch.nn.init.zeros_(layers[-3].bias)
    net = torch.nn.Sequential(*layers, torch.nn.Linear(width, 10))
    optimizer = pytorch.SGD(net.parameters(), lr=lr, momentum=0.9)
    batches = [batch for _ in range(epochs) for batch in torch.randperm(len(x)).split(100)]
    for step, batch in enumerate(batches):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / len(batches))
        optimizer.zero_grad()
        pytorch.CrossEntropyLoss()(net(x[batch]), y[batch]).backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        return [float((net(a).argmax(1) != b).float().mean()) for a, b in parts]


FASHION = {  # (hidden layers, width): errors on training, validation and test data, for each of the KINDS
    (2, 1024): [(0.0406, 0.0992, 0.1016), (0.0616, 0.0982, 0.1037), (0.1078, 0.1196, 0.1265)],
    (3, 1024): [(0.0274, 0.0998, 0.0990), (0.0617, 0.1052, 0.1058), (0.1141, 0.1250, 0.1276)],
    (4, 1024): [(0.0227, 0.0998, 0.1005), (0.0650, 0.1026, 0.1059), (0.1197, 0.1310, 0.1343)],
    (2, 2048): [(0.0257, 0.1002, 0.0981), (0.0498, 0.1018, 0.1012), (0.1019, 0.1170, 0.1228)],
}
if FULL_RUN:
    FASHION = {shape: [fashion_errors(*shape, *rates) for rates in KINDS.values()] for shape in FASHION}
rows = [
    (f"{depth} × {width}", *(f"{errors[part]:.3f}" for part in (2, 0) for errors in kinds))
    for (depth, width), kinds in FASHION.items()
]
header = [f"{part}, {kind}" for part in ("test", "training") for kind in KINDS]
table(("Fashion-MNIST (stored)", *header), rows)
better = [sum(kinds[k][2] < kinds[0][2] for kinds in FASHION.values()) for k in (1, 2)]
print(f"better than no dropout: 0.2 in {better[0]}, 0.5 in {better[1]} of {len(FASHION)} architectures")

# %% [markdown]
# Here the slide's picture does **not** appear. Strong dropout is worse in every row, and mild dropout gains nothing.
# The training columns say why. Dropout does narrow the gap between training and test error. But it narrows it from the
# wrong side: the training error rises, and the test error does not fall. With p = 0.5 the training error is still above 10 %:
# these networks are not finished. The paper's networks were trained for very many more steps, with bounded weight norms.
# So dropout is no free improvement: in a fixed budget of epochs it can cost more than it gains.

# %% [markdown]
# ### Where it helps, and where it hurts
#
# **Predict, then run.** Three tasks, each overfitted without dropout (the training error is near 0 or the labels are noisy). Each cell has its own
# rate. In which does dropout help?

# %%
results = {}
for task, r in product(TASKS, (NONE, MILD, USUAL)):
    if r != MILD or task == "200 digits":
        results[task, r] = [run(task, *r, RATE[task, r], s) for s in SEEDS]
final = {key: np.array([error(net, TASKS[key[0]][2]) for net in nets]) for key, nets in results.items()}
fitted = {key: np.mean([error(net, TASKS[key[0]][0]) for net in nets]) for key, nets in results.items()}
same_rate = {}
for r in (NONE, USUAL):
    same_rate[r] = [error(run("noisy digits", *r, 0.02, s), test) for s in SEEDS[:2]]
rows = []
for task in TASKS:
    cells = [spread(final[task, r], 3) if (task, r) in final else "" for r in names]
    rows.append((task, *cells, *(f"{fitted[task, r]:.2f}" for r in (NONE, USUAL))))
header = ("test error", "no dropout", "0.3, inputs 0.1", "0.5, inputs 0.2", "training, none", "training, 0.5")
table(header, rows)
print("noisy digits, both at rate 0.02:")
for r, errors in same_rate.items():
    print(f"  {names[r]:16s} {spread(errors, 3)}")

# %% [markdown]
# * **Label noise: a clear gain.** With the same rate 0.02 for both the gain looks twice as large as with each at its own. That is why
#   each method must get its own rate: part of the "effect of dropout" was a rate that is bad without dropout.
# * **200 clean digits: no gain.** The milder rates are level within the spread, the usual ones lose a little.
# * **mnist1d: it hurts.** With 0.5 / 0.2 the network cannot even fit its training data any more. Overfitting alone does
#   not mean that dropout is the remedy. A possible reason: these curves are short and shifted at random, so that every input and
#   many units are needed to tell them apart.
#
# **Practice today.** In convolutional networks batch norm has largely taken dropout's place (lecture 08). Transformers use it with a small $p$, often 0.1
# (Vaswani et al. 2017; Devlin et al. 2019), and large language models, which see each text about once, often leave it out
# (Chowdhery et al. 2022 pre-train PaLM without). Dropping whole residual blocks, *stochastic depth* (Huang et al. 2016), is common in
# deep image networks.
#
# **To remember (O7).** Dropout is a remedy against learning noise by heart. It costs capacity and time. Try $p$ = 0.1 to 0.5 on validation data, with a new rate.

# %% [markdown]
# ## O8 · DropConnect, Zoneout, Shakeout, Whiteout
#
# C lists four relatives. What does each change? Take one connection with weight $w$ and input $x = 1$. In training its contribution to $z$ is
# $w'$, a random number. All but Zoneout act on weights and are built so that $E[w'] = w$; they differ in the variance, and in what shares one draw.
#
# | method | $w'$ | one draw for | Var($w'$) |
# |---|---|---|---|
# | dropout (inverted) | $m w/(1-p)$ | a unit: all its outgoing weights | $\frac{p}{1-p} w^2$ |
# | DropConnect | $m w/(1-p)$ | each weight | the same |
# | Shakeout | $\alpha r w + (\alpha r - 1)\,c\,\text{sign}(w)$, with $\alpha = \frac{1}{1-\tau}$ | a unit | $\frac{\tau}{1-\tau}(\lvert w\rvert + c)^2$ |
# | Whiteout | $w(1 + e)$, $e \sim N(0, \sigma^2/\lvert w\rvert^\gamma + \lambda)$ | each weight | $\sigma^2 \lvert w\rvert^{2-\gamma} + \lambda w^2$ |
# | Zoneout | not on weights: a unit of a recurrent net keeps its *old* value | a unit and step in time | |
#
# *The variances.* For dropout $E[w'^2] = (1-p) w^2/(1-p)^2$, minus $w^2$ gives $w^2 \frac{p}{1-p}$. For Shakeout write
# $k = \alpha r$, with $E[k] = 1$ and $\text{Var}(k) = \frac{\tau}{1-\tau}$. Then $w' = w + (k - 1)(w + c\,\text{sign} w)$, and $|w + c\,\text{sign} w| = |w| + c$.
# For Whiteout $\text{Var}(w e) = w^2(\sigma^2/|w|^\gamma + \lambda)$.
#
# **The slide's Shakeout.** C prints $w \to \alpha w + (1 - \alpha) c$ for a selected weight and $w \to -c$ for the rest. The
# mean of that, with $(1 - \tau)\alpha = 1$ and $(1 - \tau)(1 - \alpha) = (1 - \tau) - 1 = -\tau$:
#
# $$E[w'] = (1 - \tau)[\alpha w + (1 - \alpha)c] - \tau c = w - \tau c - \tau c = w - 2 \tau c .$$
#
# The paper (Kang, Li, Tao 2016) has $(\alpha - 1)$ where the slide has $(1 - \alpha)$, and $\text{sign}(w)$ at each $c$: then the two terms cancel, $E[w'] = w$. Also C's "negative constant" is
# right for positive weights only: the sign is the *opposite* of the weight's.
#
# **Predict, then run.** $w = 0.3$ and $-0.3$, $\tau = 0.5$, $c = 0.1$. What is $E[w']$ by the slide, by the paper, by the library?

# %%
tau, c = 0.5, 0.1
alpha = 1 / (1 - tau)
shake_mean = {}
for w in (0.3, -0.3):
    slide = (1 - tau) * (alpha * w + (1 - alpha) * c) + tau * -c
    paper = (1 - tau) * (alpha * w + (alpha - 1) * c * np.sign(w)) + tau * -c * np.sign(w)
    layer = scratch.Shakeout(1, 1, tau, c, rng=np.random.default_rng(0), dtype=np.float64)
    layer.load_state_dict({"weight": [[w]], "bias": [0.0]})
    measured = layer(np.ones((200_000, 1))).mean()
    shake_mean[w] = slide, paper, measured
    print(f"w = {w:4.1f}: slide {slide:5.2f}, paper {paper:5.2f}, library (mean of 200 000) {measured:5.2f}")

# %% [markdown]
# Now the noise of each method as a function of the weight: measured in the library's layers against the formulas.

# %%
SIZES = np.linspace(0.02, 1.0, 8)
P, SIGMA, GAMMA, LAM = 0.5, 0.4, 1.0, 0.5
MAKE = {
    "DropConnect": lambda **o: scratch.DropConnect(1, 1, P, **o),
    "Shakeout": lambda **o: scratch.Shakeout(1, 1, tau, c, **o),
    "Whiteout": lambda **o: scratch.Whiteout(1, 1, SIGMA, GAMMA, LAM, **o),
}
FORMULA = {
    "DropConnect": lambda w: np.sqrt(P / (1 - P)) * w,
    "Shakeout": lambda w: np.sqrt(tau / (1 - tau)) * (w + c),
    "Whiteout": lambda w: np.sqrt(SIGMA**2 * w ** (2 - GAMMA) + LAM * w**2),
}
noise = {}
for name, make in MAKE.items():
    layer = make(rng=np.random.default_rng(0), dtype=np.float64)
    for w in SIZES:
        layer.load_state_dict({"weight": [[w]], "bias": [0.0]})
        noise[name, w] = layer(np.ones((20_000, 1))).std()
worst = max(abs(noise[n, w] / FORMULA[n](w) - 1) for n in MAKE for w in SIZES)
print(f"measured and derived standard deviations agree to 5 %: {worst < 0.05}")

# %% tags=["hide-input"]
figure, axis = plt.subplots()
fine = np.linspace(0.001, 1, 300)
for (name, formula), colour, dash in zip(FORMULA.items(), (BLUE, ORANGE, GREEN), DASHES, strict=False):
    label = "dropout, DropConnect" if name == "DropConnect" else name
    axis.plot(fine, formula(fine), color=colour, linestyle=dash, label=label)
    axis.plot(SIZES, [noise[name, w] for w in SIZES], "o", color=colour)
axis.set(
    title="Shakeout and Whiteout disturb small weights relatively more",
    xlabel="size of the weight |w|",
    ylabel="standard deviation of w'",
)
axis.legend()
show(
    figure,
    "Standard deviation of the noisy weight against its size: a line through zero for dropout, one shifted "
    "up for Shakeout, a curve that rises like a square root near zero for Whiteout.",
)

# %% [markdown]
# The mean cost pays for this noise, so each method punishes something: dropout $w^2$ (like L2); Shakeout $(|w| + c)^2 = w^2 + 2c|w| + c^2$, which holds an L1 term; Whiteout with $\gamma = 1$
# also has one, $\sigma^2 |w|$. An L1 term pushes small weights to zero (lecture 09).
#
# ### DropConnect against dropout: what shares a draw
#
# **Predict, then run.** Two units read the same inputs. How are their noises correlated under dropout of the inputs, and under DropConnect?

# %%
shared = {}
weight = np.random.default_rng(0).uniform(0.5, 1.5, (2, 20))
for name, layer in (
    ("DropConnect", scratch.DropConnect(20, 2, 0.5, rng=np.random.default_rng(1), dtype=np.float64)),
    ("dropout", scratch.Linear(20, 2, dtype=np.float64)),
):
    layer.load_state_dict({"weight": weight, "bias": np.zeros(2)})
    inputs = np.ones((20_000, 20))
    if name == "dropout":
        inputs = scratch.Dropout(0.5, rng=np.random.default_rng(1))(inputs)
    z = layer(inputs)
    shared[name] = round(np.corrcoef(z.T)[0, 1], 2) + 0.0
    print(f"{name:12s} standard deviation {z[:, 0].std():.2f}, correlation of two units {shared[name]:.2f}")

# %% [markdown]
# ### All of them in training
#
# Noisy digits, one hidden layer of 128 units, 15 epochs. The noise sits between the hidden layer and the output. Each method
# has its own rate from 0.01, 0.02, 0.05, 0.1, by the validation error on seeds 7 to 9 (searched beforehand). DropConnect and Whiteout draw
# $N \times out \times in$ numbers in each step, so they are slower.

# %% tips={"atol": 0.011}
VARIANTS = {  # the layer behind the hidden units, and its rate
    "no noise": ({}, 0.02),
    "dropout 0.5": ({}, 0.05),
    "DropConnect 0.5": ({"kind": scratch.DropConnect, "p": 0.5}, 0.1),
    "Shakeout": ({"kind": scratch.Shakeout, "tau": 0.5, "c": 0.05}, 0.05),
    "Whiteout": ({"kind": scratch.Whiteout, "sigma": 0.3, "gamma": 1.0, "lam": 0.5}, 0.1),
}


def variant(name, seed):
    options, lr = VARIANTS[name]
    rng = np.random.default_rng(seed)
    layers = [linear(64, 128, 2, rng), scratch.ReLU()]
    layers += [scratch.Dropout(0.5, rng=rng)] if name.startswith("dropout") else []
    net = scratch.Sequential(*layers, linear(128, 10, 2, rng, **options))
    fit(net, noisy_train, lr, 15, seed)
    return net


variants = {name: [variant(name, s) for s in SEEDS] for name in VARIANTS}
variant_error = {n: np.array([error(net, test) for net in nets]) for n, nets in variants.items()}
rows = [(n, VARIANTS[n][1], spread(e)) for n, e in variant_error.items()]
table(("method", "rate", "test error"), rows)

# %% [markdown]
# Dropout has the lowest error; the others are not better than no noise here. One small task, few epochs: this is no ranking.
# C calls them variations, not improvements.
#
# ### Zoneout, in a recurrent network
#
# A recurrent unit computes $h_t$ from $h_{t-1}$ (over time, not over layers). Dropout would set it to 0 and wipe out its memory. Zoneout keeps the *old* value with
# probability $p$: $h_t = m\, h_{t-1} + (1 - m)\, \text{new}$. So the gradient can pass a step unchanged. Suppose the new value
# is $\frac12 h_{t-1}$. Each step then multiplies by 1 with probability $p$ and by ½ otherwise: in the mean by $p + \frac{1-p}{2}$. With dropout it is
# $\frac{1-p}{2}$ in the lectures' form.
#
# **Predict, then run.** $p = 0.5$, 10 steps. How much of a gradient of 1 arrives?


# %%
def through_time(kind, steps=10, p=0.5, units=20_000):
    """Mean gradient after going back through the steps; the new value is half the old one."""
    rng = np.random.default_rng(0)
    h, layers = np.ones(units), []
    for _ in range(steps):
        if kind == "zoneout":
            layers.append(scratch.Zoneout(p, rng=rng))
            h = layers[-1](h / 2, h)
        else:
            layers.append(scratch.Dropout(p, inverted=False, rng=rng))
            h = layers[-1](h / 2)
    dh = np.ones(units)
    for layer in reversed(layers):
        if kind == "zoneout":
            d_new, d_previous = layer.backward(dh)
            dh = d_new / 2 + d_previous
        else:
            dh = layer.backward(dh) / 2
    return dh


arrived = {kind: through_time(kind) for kind in ("zoneout", "dropout")}
print(f"no noise {0.5**10:.4f}")
print(f"zoneout  {arrived['zoneout'].mean():.3f}, formula {0.75**10:.3f}")
print(f"dropout  reaches {np.mean(arrived['dropout'] > 0):.3f} of the units, formula {0.5**10:.3f}")

# %% [markdown]
# **To remember (O8).** All keep the mean and change the noise: DropConnect draws for each weight, Shakeout and Whiteout add an L1-like pressure, Zoneout keeps the old value instead of 0.

# %% [markdown]
# ## O9 · The intuitive reasons
#
# L gives two pictures.
#
# ### Weights on the legs
#
# Train with weights on your legs; take them off for the contest and you are strong. So the *same* network should do better
# without masks than with them. **Predict, then run.** By how much, on the training images and on the test images?

# %%
legs = []
for net in results["noisy digits", USUAL]:
    off = error(net, test), np.mean(net(train[0][:1000]).argmax(axis=1) != train[1][:1000])
    net.train()
    on = (
        np.mean(net(test[0]).argmax(axis=1) != test[1]),
        np.mean(net(train[0][:1000]).argmax(axis=1) != train[1][:1000]),
    )
    net.eval()
    legs.append((*on, *off))
legs = np.array(legs)
rows = [(n, spread(legs[:, k + 1]), spread(legs[:, k])) for k, n in ((0, "masks on"), (2, "masks off"))]
table(("the same networks", "error, training images (true labels)", "error, test images"), rows)

# %% [markdown]
# ### The slacking partner
#
# In a team everyone relies on the others. Who knows that the partner may drop out works himself. The smallest team has two units with the same
# input $x = 1$ and the target 1. The cost is $C = (1 - w_1 - w_2)^2$. Every pair with $w_1 + w_2 = 1$ is perfect, $(1, 0)$ too: a slacking partner.
#
# With inverted dropout $z = \frac{1}{1-p}(m_1 w_1 + m_2 w_2)$. Its mean is $w_1 + w_2$; its variance, from O8, is $q(w_1^2 + w_2^2)$ with $q = \frac{p}{1-p}$. For a square error $E[(1 - z)^2] = (1 - E[z])^2 + \text{Var}(z)$, so
#
# $$E[C] = (1 - w_1 - w_2)^2 + q\,(w_1^2 + w_2^2) .$$
#
# **Dropout is an L2 penalty here** (for linear regression in general, with $w_j$ weighted by the size of its input: Wager et al. 2013; Srivastava et al. 2014). The derivatives: $-2(1 - w_1 - w_2) + 2 q w_1 = 0$, and the same with $w_2$.
# Their difference gives $q(w_1 - w_2) = 0$: **both work alike**. Put $w_1 = w_2 = w$: $1 - 2w = qw$, so $w = \frac{1}{2 + q}$.
#
# **Predict, then run.** $p = \frac12$, start at $(1, 0)$. Where does SGD end, without dropout and with it?


# %%
def team(p, steps=4000, lr=0.01):
    """SGD from (1, 0); the mean of the weights over the second half of the steps."""
    rng, w, path = np.random.default_rng(0), np.array([1.0, 0.0]), []
    for _ in range(steps):
        m = (rng.random(2) >= p) / (1 - p)
        w = w + lr * 2 * (1 - m @ w) * m
        path.append(w)
    return np.array(path)


paths = {p: team(p) for p in (0.0, 0.5)}
for p, path in paths.items():
    w, best = path[2000:].mean(axis=0), 1 / (2 + p / (1 - p))
    alone = [f"{(1 - w[j] / (1 - p)) ** 2:.2f}" for j in (0, 1)]
    print(f"p = {p}: ends near {w.round(1)}; derived w = {best:.2f}; cost if one is left alone: {alone}")

# %% tags=["hide-input"] tips={"image_rms": 8.0}
figure, axis = plt.subplots()
for j, (colour, dash) in enumerate(((BLUE, "-"), (ORANGE, "-"))):
    axis.plot(paths[0.5][:1500, j], color=colour, linestyle=dash, linewidth=1, label=f"w{j + 1}, dropout 0.5")
    axis.plot(paths[0.0][:1500, j], color=colour, linestyle="--", label=f"w{j + 1}, no dropout")
axis.axhline(1 / 3, color=BLACK, linewidth=1, linestyle=":", label="derived: 1/3")
axis.set(title="Under dropout the lazy partner starts to work", xlabel="step", ylabel="weight")
axis.legend(ncol=2, loc="upper right")
show(
    figure,
    "Two weights starting at one and zero: without dropout they stay, with dropout both come to about one third.",
)

# %% [markdown]
# ### Co-adaptation, measured
#
# In the digit network partners can also work *against* each other: unit 1 says far too much, unit 2 takes most of it back. Such a pair is useful only together: it is co-adapted. Take the difference of the two
# largest logits, which decides: $d = \sum_j (w_{1j} - w_{2j})\, a_j$, a sum of contributions $c_j$ of the last hidden layer's units. We
# measure the share of the work that is *not* cancelled by partners:
#
# $$\text{harmony} = \frac{|\sum_j c_j|}{\sum_j |c_j|} \in [0, 1] .$$
#
# **Predict, then run.** With dropout: higher or lower? (The networks without dropout at two rates, to be fair.)


# %%
def last_hidden(net, x):
    for layer in net.layers[:-1]:
        x = layer(x)
    return x


def harmony(net):
    a = last_hidden(net, test[0])
    order = np.argsort(net[-1](a), axis=1)
    W = net[-1].params["weight"]
    contributions = (W[order[:, -1]] - W[order[:, -2]]) * a
    return np.abs(contributions.sum(axis=1)).mean() / np.abs(contributions).sum(axis=1).mean()


GROUPS = {
    "no dropout, rate 0.01": results["noisy digits", NONE],
    "no dropout, rate 0.02": [run("noisy digits", *NONE, 0.02, s) for s in SEEDS[:2]],
    "dropout, rate 0.02": results["noisy digits", USUAL],
}
harmonies = {name: np.array([harmony(net) for net in nets]) for name, nets in GROUPS.items()}
table(("noisy digits", "harmony, 1 = nobody cancels"), [(n, spread(h)) for n, h in harmonies.items()])
lazy, working = harmonies["no dropout, rate 0.01"].max(), harmonies["dropout, rate 0.02"].min()
assert working > 2 * lazy

# %% [markdown]
# Without dropout the partners cancel most of each other's work. With dropout much less: a unit that needs a certain partner to correct it would be punished whenever that partner is off.
# This is the "slacking partner" in a real network, and the clearest effect in this lecture.
#
# **To remember (O9).** Dropout's noise costs $\frac{p}{1-p} \sum_j w_j^2 a_j^2$: it makes units share the work and not cancel each other.

# %% [markdown]
# ## O10 · Pattern density: cloning and redundancy
#
# C: a non-compressive layer (as wide as its input) may just *clone* its input and leave the work to the others. Dropout forces it to learn "rich", "denser" patterns, "with redundancy". Three claims, three experiments.
#
# ### Cloning
#
# We start a hidden layer of 64 units as an exact clone of the 64 pixels, $W = I$, and train on clean digits. $\cos_j = w_{jj}/\|w_j\|$ is 1 as long as unit $j$ copies its pixel.
#
# **Predict, then run.** Does training leave the clone alone? With dropout?


# %%
def clone(p, seed):
    net = network((64, 64, 10), p, seed=seed)
    net[0].params["weight"][...] = np.eye(64)
    fit(net, clean, 0.05, 20, seed)
    W = net[0].params["weight"]
    return np.mean(np.diag(W) / np.linalg.norm(W, axis=1)), error(net, test)


clones = {p: np.array([clone(p, s) for s in SEEDS]) for p in (0.0, 0.5)}
rows = [(p, spread(v[:, 0]), spread(v[:, 1])) for p, v in clones.items()]
table(("p", "mean cos (1 = clone)", "test error"), rows)

# %% [markdown]
# Without dropout the layer stays closer to its clone; with dropout it moves further away.
#
# ### Redundancy: removing units
#
# If patterns are redundant, a network should survive the loss of units. We remove a random share $f$ of both hidden layers (and divide the rest by $1 - f$, as in O2).
#
# **Predict, then run.** Which share can be removed before the error doubles?

# %%
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9)


def without_units(net, share, draws=4):
    """Mean test error when a share of the units of each hidden layer is removed, for all images alike."""
    errors = []
    for seed in range(draws):
        rng, a = np.random.default_rng(seed), test[0]
        for layer in net:
            a = layer(a)
            if isinstance(layer, scratch.ReLU):
                a = a * (rng.random(a.shape[1]) >= share) / (1 - share)
        errors.append(np.mean(a.argmax(axis=1) != test[1]))
    return np.mean(errors)


removed = {}
for name, nets in GROUPS.items():
    removed[name] = np.array([[without_units(net, f) for f in SHARES] for net in nets])
rows = [(n, *(f"{e:.2f}" for e in errors.mean(axis=0))) for n, errors in removed.items()]
table(("test error, units removed:", *(f"{f:.0%}" for f in SHARES)), rows)
assert removed["dropout, rate 0.02"].mean(axis=0)[2] < 0.4 * removed["no dropout, rate 0.01"].mean(axis=0)[2]

# %% tags=["hide-input"]
figure, axis = plt.subplots()
for (name, errors), colour, dash in zip(removed.items(), (RED, ORANGE, BLUE), DASHES, strict=False):
    percent, mean = np.array(SHARES) * 100, errors.mean(axis=0)
    axis.plot(percent, mean, color=colour, linestyle=dash, marker="o", label=name)
axis.set(
    title="Networks trained with dropout survive the loss of half their units",
    xlabel="units removed from each hidden layer (%)",
    ylabel="test error",
    ylim=(0, 1),
)
axis.legend(loc="upper left")
show(
    figure,
    "Test error against the share of units removed: it rises at once without dropout and only beyond "
    "half with dropout.",
)

# %% [markdown]
# The redundancy is real. It is also no surprise: this is just what the network was trained for.
#
# ### Denser?
#
# "Dense" could mean that more units are active for an image. **Predict, then run.** Which share of hidden units is on ($a > 0$)?


# %%
def active(net):
    a, shares = test[0], []
    for layer in net:
        a = layer(a)
        if isinstance(layer, scratch.ReLU):
            shares.append(np.mean(a > 0))
    return shares


activity = {name: np.array([active(net) for net in nets]) for name, nets in GROUPS.items()}
rows = [(n, spread(v[:, 0]), spread(v[:, 1])) for n, v in activity.items()]
table(("share of active units", "layer 1", "layer 2"), rows)

# %% [markdown]
# With dropout *fewer* units are active: the patterns are sparser, not denser. Srivastava et al. (2014) report the same. What is dense is the *knowledge*: the same answer is stored in many places.
#
# **To remember (O10).** Redundant, yes; less of a clone, yes; more active units, no.
#
# **Check yourself**
#
# 1. In the team of two, what happens to $w$ as $p \to 1$?
# 2. Why is robustness to removing units no proof of better generalisation?
# 3. Shakeout with $c = 0$: which method is it?
#
# <details><summary>Answer</summary>
#
# 1. $q \to \infty$ and $w = 1/(2 + q) \to 0$: the noise costs more than the error.
# 2. It says that the answer stays the same, not that it was right. On mnist1d dropout networks are redundant, too, and worse.
# 3. Inverted dropout of the layer's inputs: $w' = \alpha r w$.
#
# </details>

# %% [markdown]
# ## What the lectures claim and what we found
#
# Our numbers in this table come from the cells above.

# %% tags=["hide-input"]
mean = {key: np.mean(values) for key, values in final.items()}
ledger = [
    ("O1", "L: without scaling z' ≈ 2z", f"z' = {slope:.1f} × the mean of z; single mask: correlation {single:.2f}", "reproduced on average"),
    ("O1", "L: all the weights times (1 − p)% when testing", f"error {treated['weights × (1 − p)'][0]:.2f}, unscaled {treated['no scaling'][0]:.2f}; cross entropy {treated['weights × (1 − p)'][1]:.2f} and {treated['no scaling'][1]:.2f}", "reproduced in the cross entropy; slips: (100 − p) %, not biases"),
    ("O1", "L: weights multiply (1 − p)%, “dropout rate”", "1 − p is the rate of keeping", "slip"),
    ("O1", "L: resample for each iteration; C: for each input", f"gradient variance {ratio:.0f} × larger with one mask a batch; error {np.mean(by_mask[SharedDropout]):.2f} against {np.mean(by_mask[scratch.Dropout]):.2f}", "they differ; take C's"),
    ("O1", "C: turn off inputs similarly", f"200 digits, inputs 0, 20, 50 %: {', '.join(f'{np.mean(e):.2f}' for e in by_input.values())}", "not here: it hurts"),
    ("O2", "C: testing y = y/α", f"4 × the mean of training for p = 0.5; cross entropy {treated['outputs / (1 − p)'][1]:.1f}", "slip: × α, or / α in training"),
    ("O2", "C: testing, else y = 0", "silences layers without dropout", "slip"),
    ("O3", "C: gradients only from on to on", f"{(one != 0).sum()} of {one.size} weights for one example; batch of 50: {in_batch:.2f}; agrees with autograd", "reproduced"),
    ("O4", "C: bagging improves significantly over a single classifier", f"rate 0.05: {bagged[0.05][0]:.2f} against {np.mean(on_all[0.05]):.2f}; rate 0.01: {bagged[0.01][0]:.2f} against {np.mean(on_all[0.01]):.2f}", "where single networks overfit"),
    ("O4", "C: dropout samples over all 2^N networks", f"at most {draws} of 10^{units * np.log10(2):.0f}", "slip: it may draw any, it draws few"),
    ("O4", "L: average of sampled networks ≈ weights × (1 − p)", f"noisy digits: k = 1 {sampled['noisy digits'].mean(axis=0)[0]:.2f}, 60 {sampled['noisy digits'].mean(axis=0)[4]:.2f}, scaling {sampled['noisy digits'].mean(axis=0)[5]:.2f}", "reproduced; neither better in general"),
    ("O5", "L: ≈ y ?; C: corresponds to the bagged average output", f"linear and geometric mean exact; largest difference ReLU {np.abs(compare['ReLU'][0] - compare['ReLU'][1]).max():.2f}, softmax {np.abs(compare['softmax, arithmetic mean'][0] - compare['softmax, arithmetic mean'][1]).max():.2f}", "exact if linear, else approximate"),
    ("O6", "L: n/(1 − p) neurons", f"training error n = 32: {width_errors[0.0, 32][0]:.2f}; dropout 32: {width_errors[0.5, 32][0]:.2f}, 64: {width_errors[0.5, 64][0]:.2f}", "partly; a lower bound"),
    ("O6", "L: longer training", f"validation error, epoch 5: {curve[NONE][4]:.2f} without, {curve[USUAL][4]:.2f} with; epoch 40: {curve[NONE][39]:.2f} and {curve[USUAL][39]:.2f}", "partly: slower start, no late rise"),
    ("O6", "L: higher learning rate", f"noisy digits {RATE['noisy digits', NONE]} and {RATE['noisy digits', USUAL]}; 200 digits {RATE['200 digits', NONE]} and {RATE['200 digits', USUAL]}", "only with label noise"),
    ("O6", "L: larger momentum", f"dropout, μ = 0: {np.mean(by_momentum[USUAL, 0.0]):.2f}, μ = 0.97: {np.mean(by_momentum[USUAL, 0.97]):.2f} at the same effective rate", "not beyond the effective rate"),
    ("O7", "C: better in all architectures", f"noisy digits: 2 × 256 {np.mean(by_shape[(2, 256), NONE]):.2f} → {np.mean(by_shape[(2, 256), USUAL]):.2f}, 4 × 64 {np.mean(by_shape[(4, 64), NONE]):.2f} → {np.mean(by_shape[(4, 64), USUAL]):.2f}; stored Fashion-MNIST: 0.2 better in {better[0]}, 0.5 in {better[1]} of {len(FASHION)}", "not in ours; a wide net with label noise gains"),
    ("O7", "experience: dropout helps, or hurts", f"noisy digits {mean['noisy digits', NONE]:.2f} → {mean['noisy digits', USUAL]:.2f}; 200 digits {mean['200 digits', NONE]:.2f} → {mean['200 digits', USUAL]:.2f}; mnist1d {mean['mnist1d', NONE]:.2f} → {mean['mnist1d', USUAL]:.2f}", "helps with label noise, hurts on mnist1d"),
    ("O8", "C: Shakeout w → αw + (1 − α)c, w → −c", f"w = 0.3: E[w'] = {shake_mean[0.3][0]:.2f}; paper {shake_mean[0.3][1]:.2f}", "slip: E[w'] = w − 2τc"),
    ("O8", "C: DropConnect drops individual connections", f"correlation of two units' noise {shared['DropConnect']:.2f}, dropout {shared['dropout']:.2f}", "reproduced"),
    ("O8", "C: Zoneout: units remain unchanged", f"gradient after 10 steps {arrived['zoneout'].mean():.2f}", "reproduced"),
    ("O9", "L: stronger without weights on the legs", f"error with masks {legs[:, 0].mean():.2f}, without {legs[:, 2].mean():.2f}", "reproduced"),
    ("O9", "L: the partner will drop out", f"harmony {harmonies['no dropout, rate 0.01'].mean():.2f} → {harmonies['dropout, rate 0.02'].mean():.2f}", "reproduced"),
    ("O10", "C: without dropout a layer may clone its input", f"cos {clones[0.0][:, 0].mean():.2f} without, {clones[0.5][:, 0].mean():.2f} with", "reproduced, moderate"),
    ("O10", "C: redundancy", f"40 % of the units removed: {removed['no dropout, rate 0.01'].mean(axis=0)[2]:.2f} and {removed['dropout, rate 0.02'].mean(axis=0)[2]:.2f}", "reproduced"),
    ("O10", "C: denser patterns", f"active in layer 1: {activity['no dropout, rate 0.01'][:, 0].mean():.2f} → {activity['dropout, rate 0.02'][:, 0].mean():.2f}", "not: sparser activity"),
]  # fmt: skip
table(("id", "claim", "what we found", "verdict"), ledger)

# %% [markdown]
# ## What to remember
#
# * Drop with probability $p$ in training, one mask for each example; nothing random at test time.
# * The testing pass must be the mean of the training pass: a factor $1 - p$ at test time, or $\frac{1}{1-p}$ in training.
# * Backward uses the same mask.
# * Weight scaling is exact for linear layers and a good approximation elsewhere, at the price of one pass.
# * Dropout's noise makes units share work. It helps against noise in the labels; it costs width and time, and may hurt.
#
# ## Exercises to try
#
# They are not graded.
#
# 1. **Gaussian dropout.** Replace $m/(1-p)$ by a normal number with mean 1 and the same variance $\frac{p}{1-p}$ (Srivastava et al. 2014). Does it do as well on the noisy digits?
# 2. **Max-norm.** After each step, shrink every unit's weight vector to at most the norm 3. Which learning rates become possible with dropout? Repeat O6's table.
# 3. **How unsure?** For each test image take the spread of 50 sampled answers. Is it larger for the images that are classified wrong?
#
# ## Where to go from here
#
# * **Assignment `dropout`** grades O1 to O6 (without the experiments): `dropout_forward`, `dropout_backward`,
#   `scale_weights`, `inverted_dropout_forward`, `inverted_dropout_backward`, `subnetwork_average`, `hidden_width`,
#   and `weight_decay_step` of [lecture 09](09_regularization.ipynb). Mind the conventions at the top.
# * **Library**: `tipslib/scratch/dropout.py`, `ensembles.py`, `dropconnect.py`, `zoneout.py`, `shakeout.py`, `whiteout.py`.
# * **Next lecture**: 11 babysitting the learning process.
#
# **Sources.** L: Hung-yi Lee, NTU, "Tips for Training Deep Neural Network" (Dropout: Training, Testing, Intuitive Reason, Ensemble; Practical Suggestion for Dropout). C: Carnegie Mellon
# University, 11-785 (A brief detour: Bagging; Dropout; Statistical Interpretation; The forward pass; Backward Pass; Variations on dropout).
#
# **References.**
# P. Baldi and P. Sadowski, Understanding dropout, NeurIPS 2013.
# L. Breiman, Bagging predictors, Machine Learning 1996.
# A. Chowdhery et al., PaLM: Scaling language modeling with pathways, 2022.
# J. Devlin et al., BERT, NAACL 2019.
# Y. Gal and Z. Ghahramani, Dropout as a Bayesian approximation, ICML 2016.
# I. Goodfellow et al., Maxout networks, ICML 2013.
# G. Hinton et al., Improving neural networks by preventing co-adaptation of feature detectors, 2012.
# G. Huang et al., Deep networks with stochastic depth, ECCV 2016.
# G. Kang, J. Li, D. Tao, Shakeout: A new regularized deep neural network training scheme, AAAI 2016.
# D. Krueger et al., Zoneout: Regularizing RNNs by randomly preserving hidden activations, ICLR 2017.
# Y. Li and F. Liu, Whiteout: Gaussian adaptive noise injection regularization in deep neural networks, 2016.
# N. Srivastava et al., Dropout: A simple way to prevent neural networks from overfitting, JMLR 2014.
# A. Vaswani et al., Attention is all you need, NeurIPS 2017.
# S. Wager, S. Wang, P. Liang, Dropout training as adaptive regularization, NeurIPS 2013.
# L. Wan et al., Regularization of neural networks using DropConnect, ICML 2013.
