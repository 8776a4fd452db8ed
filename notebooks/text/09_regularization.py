# %% [markdown]
# # 09 · Regularization
#
# The lectures so far made the *training* cost small. But nobody needs the answers for the training examples: we have
# them. This lecture is about the other examples. Why can a network with no training error be useless? And what can be
# done about it: smaller weights, noise, stopping in time, more data, and data that we make ourselves?
#
# **You will learn**
#
# | id | topic |
# |---|---|
# | R1 | data never specify the function; overfitting; why small weights mean a smooth function |
# | R2 | weight decay: the derivation, the biases, the price, and why AdamW exists |
# | R3 | L1 on the weights and on the activations: sparsity |
# | R4 | training with added noise, and what it has to do with weight decay |
# | R5 | early stopping: several criteria, where it helps and where it harms |
# | R6 | data augmentation: rotate, shift, stretch, add noise |
# | R7 | are deep networks smoother? The lecture's picture and its control |
# | R8 | the panacea: more data |
#
# **You need** [lecture 00](00_backprop.ipynb): the training loop (B5) and the three kinds of data (B7);
# [lecture 02](02_softmax.ipynb): cross entropy (S3); [lecture 07](07_momentum.ipynb): momentum and Adam. Dropout,
# the lectures' favourite regularizer, has [lecture 10](10_dropout.ipynb) to itself.
#
# **How to read.** Before each experiment stands a question, *Predict, then run*. Write your answer down first. The
# questions under *Check yourself* have folded answers. The letters L, C and U name the lectures this course follows; they
# are listed at the end.

# %%
from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_diabetes

from tipslib import pytorch, scratch
from tipslib.data import load
from tipslib.plotting import BLACK, BLUE, ORANGE, RED, explore, show, spread, table, use_style
from tipslib.scratch.augmentation import rotate

use_style()
torch.set_num_threads(1)  # one thread: the same sums in the same order every time
SEEDS = (0, 1, 2)

# %% [markdown]
# ### Conventions
#
# $C$ is the original cost, a mean over the examples, $\theta$ the weights, $\lambda$ the strength of the penalty, $\eta$ the
# learning rate. We report **errors**: the share of wrong answers.
#
# | matter | in the lectures | here (scratch and PyTorch) | in the assignments |
# |---|---|---|---|
# | L2 penalty | L: λ ½‖θ‖²; C gives no formula in the text we have | `l2_penalty`: λ ½‖θ‖², with the ½ | `dropout`: the same, as a step |
# | weight decay step | L: $w \leftarrow (1-\eta\lambda)w - \eta\,\partial C/\partial w$ | `SGD(weight_decay=λ)` adds λw to the gradient: the same numbers without momentum | `weight_decay_step(w, g, eta, lam)`, the same |
# | biases | L: not penalised | the optimizer decays all it is given: give it the weights only | (the caller decides) |
# | Adam | (not said) | `Adam(weight_decay=)` adds λw to the gradient; `AdamW` multiplies w by 1 − ηλ | (not graded) |
# | L1 on weights, on activations | C: a name | `l1_penalty`: λ Σ abs(w); `activity_l1`: *mean* over the examples of λ Σ abs(a) | (not graded) |
# | noise | C: a name | `GaussianNoise(std)`, on in training only | (not graded) |
# | early stopping | C: when the performance "degrades significantly"; U: when it "doesn't improve" | `EarlyStopping(patience)`: no improvement for `patience` checks; `restore` brings the best back | `babysitting`: `early_stopping(val_losses, patience)`, the same rule; epochs from 0 |
# | rotation | L: "Shift 15°" | `Rotate(15)`: an angle from −15° to 15° | (not graded) |
#
# The first trap is who is decayed. Both libraries decay *every* parameter that the optimizer got.


# %%
def weights(net):
    return {name: w for name, w in net.params.items() if name.endswith("weight")}


def biases(net):
    return {name: b for name, b in net.params.items() if name.endswith("bias")}


def decaying(net, optimizer, lam, **options):
    """One optimizer made of two: the weights decay by λ, the biases do not."""
    decayed = optimizer(weights(net), weight_decay=lam, **options)
    plain = optimizer(biases(net), weight_decay=0.0, **options)

    def step(grads):
        decayed.step(grads)
        plain.step(grads)

    return SimpleNamespace(step=step)


layer = scratch.Linear(3, 2, rng=np.random.default_rng(0), dtype=np.float64)
layer.params["bias"][...] = 1.0
before = layer.state_dict()
zero = {name: np.zeros_like(w) for name, w in layer.params.items()}
for name, optimizer in (
    ("SGD(net.params, weight_decay=)", scratch.SGD(layer.params, lr=0.1, weight_decay=0.5)),
    ("decaying(net, SGD, λ)", decaying(layer, scratch.SGD, 0.5, lr=0.1)),
):
    layer.load_state_dict(before)
    optimizer.step(zero)  # the cost is flat: only the decay acts
    factors = [layer.params[key].ravel()[0] / before[key].ravel()[0] for key in ("weight", "bias")]
    print(f"{name}: weights × {factors[0]:.2f}, biases × {factors[1]:.2f}")

# %% [markdown]
# In PyTorch the same is done with two *parameter groups*; R2 shows them.
#
# ### Three tasks on which a network overfits
#
# * *Noisy digits*: 300 images of digits. In 30 % of the labels, training and validation, the class was replaced by a
#   random one. The test labels are right.
# * *Few digits*: 100 images, right labels.
# * *mnist1d*: 1000 signals of 40 measurements.
#
# The network has two hidden layers of 64 ReLU units, He's start, and SGD with momentum 0.9. It makes 300 to 360 updates.


# %%
def in_float64(name):
    return [(part.x.astype(np.float64), part.y) for part in load(name)]


DATA = {name: in_float64(name) for name in ("digits", "mnist1d")}


def take(name, n, noise=0.0):
    """n training examples, validation, test; `noise` is the share of random labels."""
    (x, y), (x_val, y_val), test = DATA[name]
    rng = np.random.default_rng(42)

    def spoil(y):
        return np.where(rng.random(len(y)) < noise, rng.integers(0, 10, len(y)), y)

    return (x[:n], spoil(y[:n])), (x_val, spoil(y_val)), test


TASKS = {  # name: (data, epochs, batch size)
    "noisy digits": (take("digits", 300, noise=0.3), 60, 50),
    "few digits": (take("digits", 100), 60, 20),
    "mnist1d": (take("mnist1d", 1000), 30, 100),
}


def network(widths, seed, hidden=scratch.ReLU):
    """Linear layers; He's start for ReLU, Xavier's with gain 5/3 for tanh."""
    rng, layers = np.random.default_rng(seed), []
    for n_in, n_out in pairwise(widths):
        layers += [scratch.Linear(n_in, n_out, dtype=np.float64), hidden()]
        start = layers[-2].params["weight"]
        if hidden is scratch.ReLU:
            scratch.kaiming_normal_(start, nonlinearity="relu", rng=rng)
        else:
            scratch.xavier_normal_(start, gain=5 / 3 if n_out > 2 else 1, rng=rng)
        layers[-2].params["bias"][...] = 0
    return scratch.Sequential(*layers[:-1])


def error(net, examples):
    """Share of wrong answers, in eval mode."""
    x, y = examples
    net.eval()
    return np.mean(net(x).argmax(axis=1) != y)


def momentum(params, lr, weight_decay):
    return scratch.SGD(params, lr, momentum=0.9, weight_decay=weight_decay)


def l2(net, lam, lr, rng):
    return net, decaying(net, momentum, lam, lr=lr)


METHODS = {"l2": l2}  # (net, strength, rate, rng) → (net, optimizer); more to come


@cache  # a run that was made once is not made again
def run(task, method, strength, lr, seed):
    """Train; returns the net and its errors on training, validation and test data."""
    parts, epochs, batch_size = TASKS[task]
    net = network((parts[0][0].shape[1], 64, 64, 10), seed)
    net, optimizer = METHODS[method](net, strength, lr, np.random.default_rng(seed + 100))
    how = {"epochs": epochs, "batch_size": batch_size, "rng": np.random.default_rng(seed)}
    scratch.fit(net, scratch.CrossEntropyLoss(), optimizer, parts[0], **how)
    return SimpleNamespace(net=net, errors=[error(net, part) for part in parts])


def errors(task, method, strength, lr, seeds=SEEDS):
    """[seeds, 3]: errors on training, validation and test data."""
    return np.array([run(task, method, strength, lr, seed).errors for seed in seeds])


header = ("task", "training examples", "test examples", "wrong training labels", "random guessing")
rows = []
for name, (parts, _, _) in TASKS.items():
    n, source = len(parts[0][1]), "mnist1d" if name == "mnist1d" else "digits"
    wrong = np.mean(parts[0][1] != DATA[source][0][1][:n])
    rows.append((name, n, len(parts[2][1]), f"{wrong:.2f}", "0.90"))
table(header, rows)

# %% [markdown]
# A random class is sometimes the right one; so a little less than 30 % of the labels are wrong.
#
# ### How we compare
#
# Each method gets its own strength and its own learning rate, chosen by the *validation* error, mean of the seeds 5, 6
# and 7. Results then come from seeds 0, 1 and 2, and "±" is the standard deviation over these three. The search was made
# once; `SEARCHED` holds it for weight decay, and the cell repeats a part. `CHOSEN` holds the results for all methods.

# %%
RATES = (0.01, 0.03, 0.1)
LAMBDAS = (0, 0.001, 0.003, 0.01, 0.03, 0.1)
SHOWN = (0, 0.003, 0.01, 0.03, 0.1)  # trained again below
SEARCHED = {  # validation error for each of RATES (rows: LAMBDAS)
    "noisy digits": (
        *((0.361, 0.450, 0.468), (0.356, 0.439, 0.464), (0.353, 0.412, 0.462)),
        *((0.338, 0.351, 0.405), (0.344, 0.349, 0.412), (0.850, 0.914, 0.914)),
    ),
    "few digits": (
        *((0.121, 0.114, 0.107), (0.119, 0.112, 0.094), (0.119, 0.111, 0.104)),
        *((0.119, 0.115, 0.118), (0.128, 0.139, 0.163), (0.356, 0.344, 0.513)),
    ),
    "mnist1d": (
        *((0.641, 0.600, 0.576), (0.638, 0.595, 0.568), (0.636, 0.578, 0.567)),
        *((0.628, 0.542, 0.507), (0.650, 0.547, 0.570), (0.705, 0.676, 0.717)),
    ),
}
CHOSEN = {  # (strength, rate)
    ("noisy digits", "plain"): (0, 0.01),
    ("noisy digits", "l2"): (0.01, 0.01),
    ("noisy digits", "noise"): (0.2, 0.01),
    ("noisy digits", "adam plain"): (0, 0.001),
    ("noisy digits", "adam"): (0.03, 0.003),
    ("noisy digits", "adamw"): (3, 0.003),
    ("few digits", "plain"): (0, 0.1),
    ("few digits", "l2"): (0.001, 0.1),
    ("few digits", "noise"): (0.1, 0.1),
    ("mnist1d", "plain"): (0, 0.1),
    ("mnist1d", "l2"): (0.01, 0.1),
    ("mnist1d", "noise"): (0.4, 0.1),
    ("mnist1d", "adam plain"): (0, 0.003),
    ("mnist1d", "adam"): (0.01, 0.01),
    ("mnist1d", "adamw"): (1, 0.03),
}
for task, searched in SEARCHED.items():
    rows = [(lam, *(f"{e:.3f}" for e in row)) for lam, row in zip(LAMBDAS, searched, strict=True)]
    table((f"{task}: λ", *(f"rate {lr:g}" for lr in RATES)), rows)
repeated = errors("mnist1d", "l2", 0.01, 0.1, seeds=(5, 6, 7))[:, 1].mean()
print(f"repeated: mnist1d, λ = 0.01, rate 0.1: validation error {repeated:.2f}")

# %% [markdown]
# ## R1 · Data do not specify the function
#
# *(C "Overfitting", "Data under-specification in learning", "Smoothness through weight manipulation")*
#
# C counts. The input is 100 bits, so there are $2^{100} \approx 10^{30}$ different inputs. A function is known when its
# value is known for each of them. With $10^{15}$ training examples the data are still "off by a factor of $10^{15}$".

# %%
print(f"2^100 = {2.0**100:.3g}; divided by 10^15 examples: {2.0**100 / 1e15:.3g}")
print(f"share of the inputs that was seen: {1e15 / 2.0**100:.1e}")
all_functions, agreeing = 2**11 * np.log10(2), (2**11 - 256) * np.log10(2)
print(f"functions of 11 bits: 2^(2^11) = 10^{all_functions:.0f}")
print(f"of them, those that agree with 256 given examples: 10^{agreeing:.0f}")

# %% [markdown]
# Everything that the data leave open is filled in by something else. C: we "need additional constraints that will *fill
# in* the missing regions acceptably". A network is not such a constraint by itself: with enough units it can represent
# any function (C: MLPs are *universal approximators*). What it fills in depends on how it is built and trained.
#
# We can look at all inputs if there are few: 11 bits, each −1 or 1, have $2^{11} = 2048$ inputs. We train on 256 of them.
# Three functions: the *majority* of the bits, their *parity* (product), and a coin tossed for each input.
#
# **Predict, then run.** On which of the three does a network with no training error do better than guessing elsewhere?

# %%
bits = ((np.arange(2**11)[:, None] >> np.arange(11)) & 1) * 2.0 - 1
FUNCTIONS = {
    "majority": bits.sum(axis=1) > 0,
    "parity": bits.prod(axis=1) > 0,
    "coin": np.random.default_rng(0).random(2**11) < 0.5,
}
filled_in, rows = {}, []
for name, function in FUNCTIONS.items():
    results = []
    for seed in SEEDS:
        order, y = np.random.default_rng(seed).permutation(2**11), function.astype(np.int64)
        seen, unseen = [(bits[part], y[part]) for part in np.split(order, [256])]
        net = network((11, 64, 64, 2), seed)
        how = {"epochs": 30, "batch_size": 64, "rng": np.random.default_rng(seed)}
        scratch.fit(net, scratch.CrossEntropyLoss(), momentum(net.params, 0.1, 0.0), seen, **how)
        results.append((error(net, seen), error(net, unseen)))
    filled_in[name] = np.array(results)
    rows.append((name, *(spread(column) for column in np.transpose(results))))
table(("function", "error on the 256 seen", "error on the 1792 not seen"), rows)

# %% [markdown]
# The training error is 0 three times and says nothing. Majority is *smooth*: to flip one bit rarely changes it. The network
# fills in smoothly, so it is right. Parity changes with *every* bit: there the network's guess is no better than the coin's
# (a little worse even: neighbours always have the other answer). No method is good for all functions. What we call
# generalization is a match between a method's preference and the world; and the world, C says, "is generally smooth".
#
# ### Why a network can overfit: steep units
#
# One unit with a sigmoid: $y = \sigma(w \cdot x + b)$. How steep is it?
#
# 1. The chain rule gives $\nabla_x y = \sigma'(z)\, w$, so the steepness is $\lVert\nabla_x y\rVert = \sigma'(z)\,\lVert w\rVert$.
# 2. $\sigma'(z) = \sigma(z)(1 - \sigma(z))$ is largest at $z = 0$: it is $\frac14$. So the steepness is at most
#    $\lVert w\rVert / 4$.
# 3. Where does $y$ go from 0.1 to 0.9? $\sigma(z) = 0.9$ means $e^{-z} = \frac19$, so $z = \log 9$. By symmetry the
#    change takes $2\log 9$ in $z$, and $2\log 9/\lVert w\rVert \approx 4.4/\lVert w\rVert$ in $x$.
#
# $b$ does not appear: it moves the step, and leaves it as steep as it was. This is a first reason to leave biases alone.

# %%
x = np.linspace(-4, 4, 400_001)
steepness = {}
for w in (0.5, 1.0, 3.0, 20.0):
    for b in (0.0, 2 * w):
        y = scratch.Sigmoid()((w * x + b)[:, None])[:, 0]
        steepness[w, b] = np.gradient(y, x).max()
rows = []
for w in (0.5, 1.0, 3.0, 20.0):
    slopes = w / 4, steepness[w, 0.0], steepness[w, 2 * w]
    rows.append((w, *(f"{slope:.3f}" for slope in slopes), f"{2 * np.log(9) / w:.2f}"))
table(("‖w‖", "‖w‖ / 4", "steepest slope, b = 0", "b = 2w", "width of the step 0.1 … 0.9"), rows)

# %% tags=["hide-input"]
figure, axis = plt.subplots(figsize=(7, 3))
near = np.abs(x) < 3
for w in (0.5, 1.0, 3.0, 20.0):
    axis.plot(x[near][::100], 1 / (1 + np.exp(-w * x[near][::100])), label=f"‖w‖ = {w:g}")
axis.set(title="The larger ‖w‖, the steeper the step of a sigmoid", xlabel="x", ylabel="σ(w x)")
axis.legend()
show(figure, "Four sigmoids of w x. With w = 0.5 almost a straight line, with w = 20 a sharp step at 0.")

# %% [markdown]
# **A whole network.** Each layer can multiply a small change of its input. A linear layer multiplies its length by at most
# $\lVert W\rVert_2$, the largest singular value; tanh by at most 1 (its slope). So for the output $z$ before softmax
#
# $$\lVert z(x') - z(x)\rVert \;\le\; \lVert W^L\rVert_2 \cdots \lVert W^2\rVert_2\, \lVert W^1\rVert_2 \;\lVert x' - x\rVert .$$
#
# Small weights make this product small: they *force* the function to be smooth. (And $\lVert W\rVert_2$ is at most the
# root of the sum of the squares, which the next section penalises.)
#
# **Experiment.** 80 points in a square belong to two classes, above and below a wave; each label is flipped with probability 0.15. A network with 2 × 40 tanh units minimizes $C + \lambda\frac12\lVert\theta\rVert^2$, with gradients from all points.
#
# **Predict, then run.** What does the boundary look like for λ = 0, and for growing λ?


# %% tips={"rtol": 0.02}
def wave(n, flipped, seed):
    """Points [n, 2] in a square, their classes, and a share of them flipped."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 2))
    y = x[:, 1] > 0.5 * np.sin(3.5 * x[:, 0])
    return x, np.where(rng.random(n) < flipped, ~y, y).astype(np.int64)


points, fresh = wave(80, 0.15, seed=3), wave(4000, 0.0, seed=4)


def slope(net, x):
    """‖∇(z_1 − z_0)‖ at each x: how fast the decision changes."""
    z = net(x)
    return np.linalg.norm(net.backward(np.tile([-1.0, 1.0], (len(z), 1))), axis=1)


@cache
def boundary(lam, seed=0, steps=1000):
    net = network((2, 40, 40, 2), seed, scratch.Tanh)
    optimizer = decaying(net, momentum, lam, lr=0.3)
    how = {"epochs": steps, "batch_size": 80, "rng": np.random.default_rng(seed)}
    scratch.fit(net, scratch.CrossEntropyLoss(), optimizer, points, **how)
    bound = np.prod([np.linalg.norm(w, 2) for w in weights(net).values()])
    size = np.sqrt(sum((w**2).sum() for w in weights(net).values()))
    steepest = slope(net, fresh[0]).max()
    numbers = error(net, points), error(net, fresh), size, steepest, bound * np.sqrt(2)
    return SimpleNamespace(net=net, numbers=numbers)


WAVE_LAMBDAS = (0, 0.001, 0.003, 0.1)
by_lambda = {}
header = ("λ", "training error", "error on fresh points", "‖θ‖", "steepest slope", "the bound")
rows = []
for lam in WAVE_LAMBDAS:
    by_lambda[lam] = np.array([boundary(lam, seed).numbers for seed in (0, 1)])
    mean = by_lambda[lam].mean(axis=0)
    rows.append((lam, *(f"{m:.2f}" for m in mean[:2]), *(f"{m:.1f}" for m in mean[2:])))
table(header, rows)
print(f"share of flipped labels: {np.mean(points[1] != wave(80, 0.0, seed=3)[1]):.2f}")

# %% tags=["hide-input"] tips={"image_rms": 8.0}
line = np.linspace(-1, 1, 101)
square = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


def draw_boundary(axis, net):
    z = net(square)
    axis.contourf(line, line, (z[:, 1] - z[:, 0]).reshape(101, 101), [-1e9, 0, 1e9], colors=[BLUE, ORANGE], alpha=0.25)
    axis.plot(line, 0.5 * np.sin(3.5 * line), color=BLACK, linestyle="--", linewidth=1)
    for kind, colour, marker in ((0, BLUE, "o"), (1, RED, "^")):
        chosen = points[0][points[1] == kind]
        axis.plot(*chosen.T, marker, color=colour, markersize=4, linestyle="none")
    axis.set(xticks=[], yticks=[], aspect="equal")


figure, axes = plt.subplots(1, 4, figsize=(9.6, 2.9))
for axis, lam in zip(axes, WAVE_LAMBDAS, strict=True):
    draw_boundary(axis, boundary(lam).net)
    axis.set_title(f"λ = {lam:g}, error {boundary(lam).numbers[1]:.2f}")
figure.suptitle("Small weights give a smooth boundary; too small ones lose the wave (dashed: the truth)")
show(
    figure,
    "Decision regions for four values of lambda. Without penalty islands surround single flipped points. "
    "At 0.003 the boundary is close to the true wave. At 0.1 it is almost a straight line.",
)

# %% [markdown]
# Without a penalty the network spends its large weights on islands around single points. With λ = 0.003 its *training* error is
# about the share of flipped labels, and the error on fresh points is about half. With λ = 0.1 the boundary is too stiff for
# the wave: this is **underfitting**.
#
# **What small weights do not do.** The bound is far above the truth for λ = 0, and small weights are not *necessary* for a
# smooth decision. Two networks can have the same boundary and very different weights:
#
# * Multiply the last layer by 0.01: the steepness falls by 100, and no decision changes.
# * Behind a linear layer stands batch norm (lecture 08). It divides by the standard deviation, so the scale of the weights
#   cancels.

# %%
net = run("mnist1d", "l2", 0, 0.1, 0).net
x_test = DATA["mnist1d"][2][0]
decision = net.eval()(x_test).argmax(axis=1)
net[4].params["weight"] *= 0.01
net[4].params["bias"] *= 0.01
again = net(x_test).argmax(axis=1)
print("last layer × 0.01, the same decisions:", np.array_equal(again, decision))
net[4].params["weight"] *= 100
net[4].params["bias"] *= 100

layer = scratch.Linear(40, 64, bias=False, rng=np.random.default_rng(0), dtype=np.float64)
norm = scratch.BatchNorm1d(64, eps=0, dtype=np.float64)
y = norm(layer(x_test))
layer.params["weight"] *= 0.1
print("weights × 0.1 before batch norm, the same output:", np.allclose(norm(layer(x_test)), y))

# %% [markdown]
# So with batch norm, weight decay does not limit the function. It still matters, by another way: smaller weights get larger
# steps relative to their size, so it acts as a learning rate (van Laarhoven 2017).
#
# **To remember (R1).** Data fix a function on a vanishing share of the inputs. A preference must fill in the rest; the common
# one is smoothness. The steepness of a unit is at most ‖w‖/4 (sigmoid), that of a network at most the product of its
# $\lVert W^l\rVert_2$.


# %%
def draw_lambda(lam):
    figure, axis = plt.subplots(figsize=(3.6, 3.8))
    draw_boundary(axis, boundary(lam).net)
    axis.set_title(f"λ = {lam:g}, ‖θ‖ = {boundary(lam).numbers[2]:.1f}")
    return figure, f"Decision regions for lambda = {lam:g}."


explore(draw_lambda, lam=(0, 0.0003, 0.001, 0.002, 0.003, 0.01, 0.03, 0.1, 0.3))

# %% [markdown]
# **Check yourself**
#
# 1. A sigmoid unit goes from 0.1 to 0.9 within 0.22 of its input. How large is ‖w‖?
# 2. The training error is 0. What do you know about the test error?
#
# <details><summary>Answer</summary>
#
# 1. $4.4 / 0.22 = 20$ (last row of the table).
# 2. Nothing: see majority, parity and coin, all with training error 0.
#
# </details>

# %% [markdown]
# ## R2 · Weight decay
#
# *(L "Weight Decay"; C "Smoothness through weight constraints", "Regularizing the weights")*
#
# L: "The parameters closer to zero is preferred." The cost to be minimized gets a second term:
#
# $$C'(\theta) = C(\theta) + \lambda \frac12 \lVert\theta\rVert^2, \qquad
#   \lVert\theta\rVert^2 = (w_{11}^1)^2 + (w_{12}^1)^2 + \dots + (w_{11}^2)^2 + \dots$$
#
# 1. One weight $w$ appears in one square: $\partial(\lambda\frac12\lVert\theta\rVert^2)/\partial w = \lambda\frac12 \cdot 2w = \lambda w$.
# 2. So $\dfrac{\partial C'}{\partial w} = \dfrac{\partial C}{\partial w} + \lambda w$. (The ½ was there to cancel the 2.)
# 3. Gradient descent: $w^{t+1} = w^t - \eta\Big(\dfrac{\partial C}{\partial w} + \lambda w^t\Big)
#    = (1 - \eta\lambda)\, w^t - \eta\,\dfrac{\partial C}{\partial w}$.
#
# Each step multiplies the weight by a number a little below 1. Hence the name, **weight decay**. (L writes the update with an
# arrow, $w^{t+1} \rightarrow$; the left side receives the value.)
#
# **Predict, then run.** Five ways to make ten steps of mini-batch training. Which of them agree?

# %%
x, y = TASKS["mnist1d"][0][0]
eta, lam = 0.1, 0.01
start = network((40, 64, 64, 10), 0).state_dict()
batches = scratch.minibatches(len(x), 100, np.random.default_rng(0))


def by_hand(net):
    """Ten steps of (1 − ηλ)w − η ∂C/∂w for weights and w − η ∂C/∂w for biases."""
    loss = scratch.CrossEntropyLoss()
    for batch in batches:
        loss(net(x[batch]), y[batch])
        net.backward(loss.backward())
        for name, w in net.params.items():
            shrink = 1 - eta * lam if name.endswith("weight") else 1
            w[...] = shrink * w - eta * net.grads[name]


def by_penalty(net):
    """Add the penalty's gradient, then plain SGD."""
    loss, optimizer = scratch.CrossEntropyLoss(), scratch.SGD(net.params, eta)
    for batch in batches:
        loss(net(x[batch]), y[batch])
        net.backward(loss.backward())
        _, gradients = scratch.l2_penalty(weights(net), lam)
        for name, gradient in gradients.items():
            net.grads[name] += gradient
        optimizer.step(net.grads)


def by_option(net):
    loss, optimizer = scratch.CrossEntropyLoss(), decaying(net, scratch.SGD, lam, lr=eta)
    for batch in batches:
        loss(net(x[batch]), y[batch])
        net.backward(loss.backward())
        optimizer.step(net.grads)


def in_pytorch(penalty):
    """With the penalty in the cost, or with two parameter groups; returns the weights."""
    net = torch.nn.Sequential(torch.nn.Linear(40, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64),
                              torch.nn.ReLU(), torch.nn.Linear(64, 10)).double()  # fmt: skip
    net.load_state_dict({name: torch.tensor(w) for name, w in start.items()})
    w = {name: p for name, p in net.named_parameters() if name.endswith("weight")}
    b = [p for name, p in net.named_parameters() if name.endswith("bias")]
    groups = [{"params": w.values(), "weight_decay": 0 if penalty else lam}, {"params": b}]
    optimizer, loss = pytorch.SGD(groups, lr=eta), pytorch.CrossEntropyLoss()
    for batch in batches:
        cost = loss(net(torch.tensor(x[batch])), torch.tensor(y[batch]))
        if penalty:
            cost = cost + pytorch.l2_penalty(w, lam)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
    return {name: p.detach().numpy() for name, p in net.named_parameters()}


results = {}
WAYS = {"by hand": by_hand, "l2_penalty": by_penalty, "SGD(weight_decay=)": by_option}
for name, way in WAYS.items():
    net = network((40, 64, 64, 10), 0)
    way(net)
    results[name] = net.state_dict()
results["PyTorch, penalty in the cost"] = in_pytorch(penalty=True)
results["PyTorch, two parameter groups"] = in_pytorch(penalty=False)
wanted = results["by hand"]
for name, result in results.items():
    same = all(np.allclose(result[key], wanted[key], rtol=0, atol=1e-12) for key in start)
    print(f"{name}: as by hand: {same}")

# %% [markdown]
# ### "Smaller and smaller"?
#
# L writes below the factor $1 - \eta\lambda$: "Smaller and smaller". Do all weights end at 0? Take a cost with one weight,
# $C = \frac12 h (w - w^*)^2$: its minimum is at $w^*$, its curvature is $h$. The weight rests when
#
# $$h(w - w^*) + \lambda w = 0 \quad\Longleftrightarrow\quad w = \frac{h}{h + \lambda}\, w^* .$$
#
# * $h = 0$ (the data do not care): $w \to 0$, as $(1 - \eta\lambda)^t$.
# * $h \gg \lambda$ (the data care much): $w \approx w^*$.
#
# So the penalty removes what the data do not need, and leaves the rest almost as it is.
#
# **Predict, then run.** λ = 0.1, $w^* = 1$, start at $w = 1$. Where does the weight end for $h = 0, 0.1$ and 1?

# %%
eta, lam, ends, paths = 0.5, 0.1, {}, {}
for h in (0.0, 0.1, 1.0):
    params, path = {"w": np.array([1.0])}, [1.0]
    sgd = scratch.SGD(params, eta, weight_decay=lam)
    for _ in range(100):
        sgd.step({"w": h * (params["w"] - 1)})
        path.append(params["w"][0])
    paths[h], ends[h] = np.array(path), params["w"][0]
    print(f"h = {h}: w after 100 steps {path[-1]:.3f}, h/(h + λ) = {h / (h + lam):.3f}")
print("h = 0 is (1 − ηλ)^t:", np.allclose(paths[0.0], (1 - eta * lam) ** np.arange(101)))

# %% [markdown]
# ### L's reason: noise
#
# L: a test example is a training example with some noise, $x' = x + \varepsilon$. Then
#
# $$z' = w \cdot (x + \varepsilon) = w \cdot x + w \cdot \varepsilon = z + w \cdot \varepsilon .$$
#
# How large is $w \cdot \varepsilon$? If the entries of ε are independent with mean 0 and standard deviation $s$, the mean of
# $w \cdot \varepsilon$ is 0 and its variance is $\sum_i w_i^2 s^2$. So its standard deviation is $s\lVert w\rVert$.
# "To minimize the effect of noise, we want $w$ close to zero." The bias is not multiplied by ε: a second reason to leave it
# alone.

# %%
rng, s = np.random.default_rng(0), 0.1
noise = rng.normal(0, s, (20_000, 40))
w = run("mnist1d", "l2", 0, 0.1, 0).net[0].params["weight"]
lengths = np.linalg.norm(w, axis=1)
measured = (noise @ w.T).std(axis=0)
worst = np.abs(measured / (s * lengths) - 1).max()
print(f"64 units, ‖w‖ from {lengths.min():.1f} to {lengths.max():.1f}")
print(f"standard deviation of w·ε is s‖w‖ within 3 %: {worst < 0.03}")

# %% [markdown]
# ### Why not the biases?
#
# L asks: "(not consider biases. why?)" We have two reasons: the bias makes nothing steeper, and noise does not reach it.
# The third is the plainest. The bias says where zero is, and that is often a matter of units.
#
# Linear regression, $y = w \cdot x + b$, with inputs of mean 0 and targets of mean $m$. The cost is ½ the mean square. Penalise $b$ too:
# $\partial C'/\partial b = b - m + \lambda b = 0$, so $b = m/(1 + \lambda)$. On average the predictions are too small by
# $m\lambda/(1+\lambda)$.
#
# The data: *diabetes* (scikit-learn), ten measurements of 442 patients, and a number for the progress of their illness a
# year later.
#
# **Predict, then run.** The targets have mean 150. λ = 0.1. How large is the test error (root mean square), with and without
# decay of the bias? And if we subtract 150 from all targets?

# %%
diabetes = load_diabetes()
inputs = diabetes.data / diabetes.data.std(axis=0)
rng, progress = np.random.default_rng(0), diabetes.target[:, None]
parts = scratch.split(inputs, progress, fractions=(0.7, 0.3), rng=rng)
(x_fit, y_fit), (x_new, y_new) = parts
x_fit, x_new = x_fit - x_fit.mean(axis=0), x_new - x_fit.mean(axis=0)


def regression(lam, also_bias, offset=0.0):
    """Minimize ½ mean square + λ½‖θ‖² by gradient descent; returns bias and test error."""
    layer = scratch.Linear(10, 1, rng=np.random.default_rng(0), dtype=np.float64)
    if also_bias:
        optimizer = scratch.SGD(layer.params, lr=0.2, weight_decay=lam)
    else:
        optimizer = decaying(layer, scratch.SGD, lam, lr=0.2)
    for _ in range(2000):
        layer.backward((layer(x_fit) - (y_fit - offset)) / len(x_fit))
        optimizer.step(layer.grads)
    wrong = layer(x_new) - (y_new - offset)
    return layer.params["bias"][0], np.sqrt(np.mean(wrong**2))


bias_table, rows = {}, []
for offset in (0.0, 150.0):
    for lam, also_bias in ((0.0, False), (0.1, False), (0.1, True)):
        b, rms = bias_table[offset, lam, also_bias] = regression(lam, also_bias, offset)
        expected = (y_fit.mean() - offset) / (1 + lam * also_bias)
        numbers = [f"{number:.1f}" for number in (b, expected, rms)]
        rows.append((f"ŷ − {offset:g}", lam, "yes" if also_bias else "no", *numbers))
table(("targets", "λ", "bias decayed", "b", "m, or m / (1 + λ)", "test error"), rows)

# %% [markdown]
# With the bias left alone, the result does not depend on where zero is. With the bias decayed, it does. (`SGD(net.parameters(), weight_decay=…)`, the usual line, decays the bias too. Mind it in regression.)
#
# ### Larger λ, larger training error
#
# C: increasing λ means we "make greater error on training data, to obtain a more acceptable network". Is the first part
# always so? Let $\lambda_1 < \lambda_2$, let $\theta_1, \theta_2$ be the minimizers of the two costs, and $n = \frac12\lVert\theta\rVert^2$.
#
# 1. $\theta_1$ is best for $\lambda_1$: $\;C_1 + \lambda_1 n_1 \le C_2 + \lambda_1 n_2$.
# 2. $\theta_2$ is best for $\lambda_2$: $\;C_2 + \lambda_2 n_2 \le C_1 + \lambda_2 n_1$.
# 3. Add both and cancel $C_1 + C_2$: $\;(\lambda_2 - \lambda_1)\, n_2 \le (\lambda_2 - \lambda_1)\, n_1$, so $n_2 \le n_1$.
# 4. Put this into line 1: $\;C_1 \le C_2 + \lambda_1 (n_2 - n_1) \le C_2$.
#
# So with growing λ the weights get smaller and the training *cost* larger, for *minimizers*. What training finds is another
# matter, and so is the test error: about it nothing is proved.
#
# **Predict, then run.** Draw training and test error against λ, for noisy digits and for mnist1d.

# %%
LAMBDA_RATE = {"noisy digits": 0.03, "mnist1d": 0.1}  # one rate for all λ: only λ changes
by_decay = {}
for task, lr in LAMBDA_RATE.items():
    by_decay[task] = np.array([errors(task, "l2", lam, lr) for lam in SHOWN])
header = ("task, rate", "", *(f"λ = {lam:g}" for lam in SHOWN))
rows = []
for task, found in by_decay.items():
    for part, column in (("training", 0), ("test", 2)):
        rows.append((f"{task}, {LAMBDA_RATE[task]}", part, *(spread(e[:, column]) for e in found)))
table(header, rows)

# %% tags=["hide-input"] tips={"image_rms": 8.0}
figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.6), sharey=True)
for axis, (task, found) in zip(axes, by_decay.items(), strict=True):
    where = np.arange(len(SHOWN))
    for column, label, colour, dash in ((0, "training", BLUE, "-"), (2, "test", RED, "--")):
        mean, std = found[:, :, column].mean(axis=1), found[:, :, column].std(axis=1)
        axis.errorbar(where, mean, std, color=colour, linestyle=dash, marker="o", capsize=3, label=label)
    axis.set(title=task, xlabel="λ", xticks=where, xticklabels=[f"{lam:g}" for lam in SHOWN])
axes[0].set(ylabel="error (share of wrong answers)", ylim=(0, 1))
axes[0].legend(loc="upper left")
figure.suptitle("Training error grows with λ; test error first falls, then grows")
show(
    figure,
    "Training and test error against lambda for noisy digits and mnist1d. The training error rises with lambda; "
    "the test error has its minimum in the middle, near 0.01, and at 0.1 both are at or near guessing.",
)

# %% [markdown]
# Three regions: too little (the noise is learned), enough, too much (at λ = 0.1 and this rate the noisy digits are left
# with guessing).
#
# **But is it fair?** These curves have one rate for all λ. The search table at the top gave λ = 0 its own rate.
#
# **Predict, then run.** What remains of the gain when "no penalty" may choose its rate too?

# %%
fair, rows = {}, []
for task in TASKS:
    plain, best = CHOSEN[task, "plain"], CHOSEN[task, "l2"]
    cells = []
    for name, (lam, lr) in (("no penalty", plain), ("weight decay", best)):
        fair[task, name] = errors(task, "l2", lam, lr)[:, 2]
        cells.append(f"{spread(fair[task, name])} (λ = {lam:g}, rate {lr:g})")
    wins = np.sum(fair[task, "weight decay"] < fair[task, "no penalty"])
    rows.append((task, *cells, f"{wins} of {len(SEEDS)}"))
table(("task", "no penalty: test error", "weight decay: test error", "seeds won"), rows)
assert (fair["mnist1d", "weight decay"] < fair["mnist1d", "no penalty"]).all()

# %% [markdown]
# On noisy digits most of the gain is gone: a low rate, which has not learned the noise when time is up, does nearly the
# same (R5 comes back to it). On few digits, with right labels, there is no gain. On mnist1d the gain stays.
# Comparing methods at *one* rate would have told another story.
#
# ### A slip in the update rule of C
#
# In the text that we have, C's loop for mini-batches ends with $W_k = W_k - \eta_j\,\Delta W_k + \lambda W_k$. The last sign
# must be a minus, and η belongs to it too: $W_k - \eta_j(\Delta W_k + \lambda W_k)$. ($\Delta W_k$ should also be the *mean* over the
# batch; the slide sums.)
#
# **Predict, then run.** λ = 0.01. What do 100 steps of the printed rule do to weights that the data do not need?

# %%
w_printed = w_right = 1.0
for _ in range(100):
    w_printed = w_printed - 0.1 * 0.0 + 0.01 * w_printed
    w_right = w_right - 0.1 * (0.0 + 0.01 * w_right)
print(f"as printed: {w_printed:.3f}; with the minus and η = 0.1: {w_right:.3f}")

# %% [markdown]
# ### Under Adam the two part ways
#
# In SGD, "add λw to the gradient" and "multiply w by $1 - \eta\lambda$" are one thing. In Adam they are not. Adam divides
# the mean gradient by $\sqrt{\hat v}$, the size of past gradients:
#
# * **L2 in Adam**: the term λw is divided too. A weight shrinks by about $\eta\lambda w / \sqrt{\hat v}$ a step: *little where gradients are large*.
# * **AdamW** (Loshchilov and Hutter 2019): first $w \leftarrow (1 - \eta\lambda)w$, then Adam's step without λ. All weights
#   shrink alike.
#
# A clean experiment: two weights at 1 whose gradients are pure noise, ±1 for one, ±0.01 for the other.
#
# **Predict, then run.** Which of them has shrunk after 1000 steps, with which optimizer?

# %%
noise_scale = np.array([1.0, 0.01])
shrunk, rows = {}, []
for name, optimizer, lam in (
    ("SGD", scratch.SGD, 0.5),
    ("Adam, L2", scratch.Adam, 0.005),
    ("AdamW", scratch.AdamW, 0.5),
):
    w = []
    for seed in SEEDS:
        rng, params = np.random.default_rng(seed), {"w": np.ones((500, 2))}
        opt = optimizer(params, lr=0.001, weight_decay=lam)
        for _ in range(1000):
            opt.step({"w": rng.choice([-1.0, 1.0], (500, 2)) * noise_scale})
        w.append(params["w"].mean(axis=0))
    shrunk[name] = np.mean(w, axis=0)
    rows.append((name, lam, *(spread(column, 3) for column in np.transpose(w))))
table(("optimizer", "λ", "w with gradients ±1", "w with gradients ±0.01"), rows)
print(f"(1 − ηλ)^1000 = {(1 - 0.001 * 0.5) ** 1000:.3f}")

gradient = {"w": np.array([1.0, 0.01])}
ours, theirs = {"w": np.ones(2)}, torch.ones(2, dtype=torch.float64, requires_grad=True)
adam_w = scratch.AdamW(ours, 0.01, weight_decay=0.5)
torch_adamw = pytorch.AdamW([theirs], 0.01, weight_decay=0.5)
for _ in range(5):
    adam_w.step(gradient)
    theirs.grad = torch.tensor(gradient["w"])
    torch_adamw.step()
print("AdamW as PyTorch's:", np.allclose(ours["w"], theirs.detach().numpy(), rtol=0, atol=1e-12))

# %% [markdown]
# Each entry is a mean over 500 weights. SGD and AdamW shrink both columns alike. Under Adam with L2 the weight with small gradients has shrunk about as much, the one with large
# gradients hardly at all. The penalty's strength depends on the size of the gradients, which nobody had asked for.
#
# **Predict, then run.** Does it matter on our tasks, when each gets its own λ and rate?


# %%
def adam_l2(net, lam, lr, rng):
    return net, decaying(net, scratch.Adam, lam, lr=lr)


def adamw(net, lam, lr, rng):
    return net, decaying(net, scratch.AdamW, lam, lr=lr)


METHODS |= {"adam": adam_l2, "adamw": adamw}
adams, rows = {}, []
for task in ("noisy digits", "mnist1d"):
    cells = []
    for chosen, method in (("adam plain", "adam"), ("adam", "adam"), ("adamw", "adamw")):
        lam, lr = CHOSEN[task, chosen]
        adams[task, chosen] = errors(task, method, lam, lr)[:, 2]
        cells.append(f"{spread(adams[task, chosen])} (λ = {lam:g}, rate {lr:g})")
    rows.append((task, *cells))
table(("test error", "Adam, no penalty", "Adam, L2", "AdamW"), rows)

# %% [markdown]
# Both penalties gain on both tasks; neither of the two wins on both. (Our grid of λ was coarse, a factor of about 3
# from one to the next.) What does differ is the λ that works: near 0.01 for L2, near 1 for AdamW. So a λ must never
# be carried over from one to the other. Loshchilov and Hutter report better results for AdamW on large image tasks,
# and that its best λ depends less on the rate; our small tasks do not decide that.
#
# **Practice today.** AdamW with λ between 0.01 and 0.1 and η near $10^{-3}$ or lower, over very many steps, is the common
# choice for large networks. Mind that its decay is $\eta\lambda$: a schedule that lowers η lowers the decay too. Biases and the scales
# and shifts of normalisation layers are usually put into a group without decay.
#
# **To remember (R2).** $w \leftarrow (1 - \eta\lambda) w - \eta\,\partial C/\partial w$, for the weights only. λ trades training error
# for small weights. With Adam take AdamW. Give "no penalty" its own learning rate before you praise the penalty.
#
# **Check yourself**
#
# 1. η = 0.1, λ = 0.01. After how many steps has a weight that the data do not need fallen to half?
# 2. In step 3 of the proof, where was it used that $\theta_1$ is a *global* minimum?
# 3. With momentum 0.9, is `SGD(weight_decay=λ)` still $(1 - \eta\lambda) w$ and then a momentum step?
#
# <details><summary>Answer</summary>
#
# 1. $(1 - 0.001)^t = \frac12$: $t = \log 2 / 0.001 \approx 693$.
# 2. In lines 1 and 2, which step 3 adds: each compares the minimizer with one particular other point, wherever it is.
# 3. No. λw goes into the velocity and acts for about ten steps, so the weight shrinks by about $10\,\eta\lambda$ a step. The
#    decoupled version of SGD is called SGDW.
#
# </details>

# %% [markdown]
# ## R3 · L1: many weights, or units, at exactly zero
#
# *(C "Regularization..")*
#
# C names "L1 regularization of network activations". The same penalty on weights is the better known one. Both:
#
# $$C' = C + \lambda \sum_w |w|, \qquad C' = C + \frac{\lambda}{N} \sum_n \sum_j |a_{nj}| .$$
#
# ### On weights
#
# The derivative of $|w|$ is $\mathrm{sign}(w)$: the pull to zero is λ, however small the weight is. The pull of L2 is λw and fades out.
#
# Again one weight with $C = \frac12 h(w - w^*)^2$ and $w^* > 0$.
#
# * If the minimum has $w > 0$: $h(w - w^*) + \lambda = 0$, so $w = w^* - \lambda/h$. This is above 0 only if $w^* > \lambda/h$.
# * If $w^* \le \lambda/h$: for every $w > 0$ the derivative $h(w - w^*) + \lambda$ is positive, for $w < 0$ it is negative. The
#   minimum is at $w = 0$, exactly.
#
# Together, for either sign: $w = \mathrm{sign}(w^*)\,\max(|w^*| - \lambda/h,\, 0)$, the **soft threshold**.
#
# Gradient steps do not stop at 0 but hop across it, by ηλ at a time. A **proximal step** does: first a step for $C$ alone, then the
# soft threshold with ηλ.


# %%
class L1(scratch.SGD):
    """SGD whose `weight_decay` is λ of λ Σ|w|: adds λ sign(w) to the gradient."""

    def decay(self, w, g):
        return g + scratch.l1_penalty({"w": w}, self.weight_decay)[1]["w"]


class ProximalL1(scratch.SGD):
    """A step for C alone, then the soft threshold ηλ."""

    def decay(self, w, g):
        return g

    def update(self, w, g, state):
        super().update(w, g, state)
        w[...] = np.sign(w) * np.maximum(np.abs(w) - self.lr * self.weight_decay, 0)


targets = np.array([2.0, 0.5, 0.15, 0.05, -0.4])  # w*, h = 1
lam, rows = 0.2, []
soft = np.sign(targets) * np.maximum(np.abs(targets) - lam, 0)
for name, optimizer in (("L2, SGD", scratch.SGD), ("L1, SGD", L1), ("L1, proximal", ProximalL1)):
    params = {"w": targets.copy()}
    opt = optimizer(params, lr=0.03, weight_decay=lam)
    for _ in range(500):
        opt.step({"w": params["w"] - targets})
    rows.append((name, *(f"{w:.3f}" for w in params["w"]), np.sum(params["w"] == 0)))
rows.append(("soft threshold", *(f"{w:.3f}" for w in soft), np.sum(soft == 0)))
table(("λ = 0.2, h = 1", *(f"w* = {w:g}" for w in targets), "exact zeros"), rows)
tw = torch.tensor(targets, requires_grad=True)
pytorch.l1_penalty({"w": tw}, lam).backward()
_, gradients = scratch.l1_penalty({"w": targets}, lam)
print("gradient as autograd's:", np.allclose(tw.grad, gradients["w"]))

# %% [markdown]
# **Predict, then run.** In the network for few digits, which share of the 8832 weights is exactly zero after training with
# L2, with L1 by SGD, with L1 by proximal steps? What does it cost in error?


# %%
def proximal(net, lam, lr, rng):
    return net, decaying(net, ProximalL1, lam, lr=lr)  # without momentum


def subgradient(net, lam, lr, rng):
    options = {"lr": lr, "momentum": 0.9}
    return net, decaying(net, L1, lam, **options)


METHODS |= {"proximal": proximal, "l1": subgradient}


def flat(net):
    return np.concatenate([w.ravel() for w in weights(net).values()])


sparse, rows = {}, []
for method, lam, lr in (
    ("l2", 0, 0.03),
    ("l2", 0.01, 0.03),
    ("l1", 0.001, 0.03),
    ("proximal", 0.001, 0.3),
    ("proximal", 0.003, 0.3),
):
    found = []
    for seed in SEEDS:
        result = run("few digits", method, lam, lr, seed)
        w = flat(result.net)
        found.append((np.mean(w == 0), np.mean(np.abs(w) < 0.001), result.errors[2]))
    sparse[method, lam] = np.array(found)
    rows.append((method, lam, *(spread(column) for column in np.transpose(found))))
table(("method", "λ", "share = 0", "share below 0.001", "test error"), rows)

# %% tags=["hide-input"]
figure, axis = plt.subplots(figsize=(7, 3.4))
for label, key, colour, dash in (
    ("no penalty", ("l2", 0, 0.03), BLACK, ":"),
    ("L2, λ = 0.01", ("l2", 0.01, 0.03), BLUE, "-"),
    ("L1, proximal, λ = 0.003", ("proximal", 0.003, 0.3), RED, "--"),
):
    w = np.sort(np.abs(flat(run("few digits", *key, 0).net)))[::-1]
    axis.plot(np.arange(len(w)) / len(w), w, color=colour, linestyle=dash, label=label)
axis.set(title="L2 shrinks all weights, L1 removes most", xlabel="share of the weights, largest first",
         ylabel="|w|", yscale="symlog", ylim=(0, 3))  # fmt: skip
axis.set_yscale("symlog", linthresh=0.01)
axis.legend()
show(
    figure,
    "Sizes of the weights, sorted. With L1 the curve falls to zero after about a third of the weights; "
    "with L2 and without penalty it stays above zero until the end.",
)

# %% [markdown]
# Only the proximal step gives many real zeros. A network that is two thirds zeros answers about as well here. (To make it *faster*, the zeros must lie in a pattern that the hardware can skip; today
# one mostly prunes small weights after training instead: Han et al. 2015.)
#
# ### On activations: the lecture's
#
# The penalty's gradient belongs where the activation is: $\delta = \sigma'(z) \bullet \big(\partial C/\partial a + \frac{\lambda}{N}\,\mathrm{sign}(a)\big)$.
# As a layer behind each ReLU that changes only the backward pass, it has five lines.


# %%
class ActivityL1(scratch.Layer):
    """y = a; on the way back the gradient of the penalty is added."""

    def __init__(self, lam):
        super().__init__()
        self.lam = lam

    def forward(self, a):
        return self._save(a, output=a)

    def backward(self, da):
        (a,) = self._recall(da)
        return da + scratch.activity_l1(a, self.lam)[1]


def activity(net, lam, lr, rng):
    layers = []
    for layer in net:
        layers += [layer, ActivityL1(lam)] if isinstance(layer, scratch.ReLU) else [layer]
    net = scratch.Sequential(*layers)
    return net, decaying(net, momentum, 0.0, lr=lr)


METHODS |= {"activity": activity}
net, _ = activity(network((64, 64, 64, 10), 0), 0.01, 0.1, None)
x, y = TASKS["few digits"][0][0]
loss = scratch.CrossEntropyLoss()
loss(net(x), y)
net.backward(loss.backward())
a, cost = torch.tensor(x), 0.0
tensors = {name: torch.tensor(w, requires_grad=True) for name, w in net.params.items()}
pairs = [(tensors[f"{k}.weight"], tensors[f"{k}.bias"]) for k in (0, 3, 6)]
for k, (w, b) in enumerate(pairs):
    a = a @ w.T + b
    if k < 2:
        a = torch.relu(a)
        cost = cost + pytorch.activity_l1(a, 0.01)
(cost + pytorch.CrossEntropyLoss()(a, torch.tensor(y))).backward()
same = all(np.allclose(net.grads[name], tensor.grad) for name, tensor in tensors.items())
print("gradients as autograd's of the cost with penalty:", same)

# %% [markdown]
# **Predict, then run.** On mnist1d, what share of the hidden units answers to one test signal, for growing λ? When does the error suffer?

# %%
active, rows = {}, []
for lam in (0, 0.01, 0.03):
    found = []
    for seed in SEEDS:
        result = run("mnist1d", "activity", lam, 0.1, seed)
        a, shares, dead = x_test, [], []
        for layer in result.net:
            a = layer(a)
            if isinstance(layer, scratch.ReLU):
                shares.append(np.mean(a > 0))
                dead.append(np.mean((a == 0).all(axis=0)))
        found.append((np.mean(shares), np.mean(dead), result.errors[2]))
    active[lam] = np.array(found)
    rows.append((lam, *(spread(column) for column in np.transpose(found))))
table(("λ on activations", "active units", "dead on all test signals", "test error"), rows)

# %% [markdown]
# The code gets sparse: with λ = 0.03 about one unit in eight answers. And the error falls, about as far as with the best weight decay (R2). It is a penalty on *busy* units,
# not on steep ones: scale a layer up and the next one down, and the activations change, not the function. Sparse codes are back today as a
# tool for reading networks: a wide hidden layer with this penalty is trained to reconstruct a network's activations
# (sparse autoencoders, Cunningham et al. 2023).
#
# **To remember (R3).** L1 pulls with the same force at every size, so weights reach 0; take proximal steps if you need exact
# zeros. On activations it makes few units answer to one example.
#
# **Check yourself**
#
# 1. λ = 0.2 on a weight with $w^* = 0.15$ and curvature $h = 4$. Is it zero with L1?
# 2. Why does the activity penalty divide by $N$, and the weight penalty not?
#
# <details><summary>Answer</summary>
#
# 1. The threshold is λ/h = 0.05, less than 0.15. So no: $w = 0.10$.
# 2. There are $N$ times as many activations as units, one set for each example; $C$ is a mean over examples too. Weights are there once.
#
# </details>

# %% [markdown]
# ## R4 · Training with added noise
#
# *(C "Regularization..")*
#
# C: "Regularizing with added noise". L used noise as a reason for small weights (R2). Now we add it in training. How are the two
# related? Take L's linear unit and the square error, $C = \frac12(w \cdot x - \hat y)^2$, and add ε with independent
# entries of mean 0 and standard deviation $s$:
#
# 1. $(w \cdot x + w \cdot \varepsilon - \hat y)^2 = (w \cdot x - \hat y)^2 + 2 (w \cdot x - \hat y)(w \cdot \varepsilon) + (w \cdot \varepsilon)^2$.
# 2. In the mean over ε the middle term is 0, for $w \cdot \varepsilon$ has mean 0.
# 3. The last one is the variance of R2: $s^2 \lVert w\rVert^2$. So
#
# $$\mathrm{E}\, C = \tfrac12 (w \cdot x - \hat y)^2 + \tfrac12 s^2 \lVert w\rVert^2 :$$
#
# noise on the inputs of a linear unit *is* weight decay with $\lambda = s^2$ (Bishop 1995), and the bias is left alone by itself.
#
# **Predict, then run.** Diabetes again, $s = 0.5$: we solve least squares exactly, on 1, 10, 100 and 1000 noisy copies of each
# example, and with $\lambda = 0.25$ instead. How do the weights differ?

# %%
s, rng = 0.5, np.random.default_rng(0)
y_c = y_fit - y_fit.mean()
covariance, cross = x_fit.T @ x_fit / len(x_fit), x_fit.T @ y_c / len(x_fit)
ridge = np.linalg.solve(covariance + s**2 * np.eye(10), cross)
plain = np.linalg.solve(covariance, cross)
print(f"‖w‖ without noise {np.linalg.norm(plain):.1f}")
print(f"‖w‖ with weight decay λ = s² {np.linalg.norm(ridge):.1f}")
distance = {}
for copies in (1, 10, 100, 1000):
    noisy = np.concatenate([x_fit + rng.normal(0, s, x_fit.shape) for _ in range(copies)])
    w, *_ = np.linalg.lstsq(noisy, np.tile(y_c, (copies, 1)))
    distance[copies] = np.linalg.norm(w - ridge) / np.linalg.norm(ridge)
    print(f"{copies} noisy copies: ‖w‖ {np.linalg.norm(w):.1f}, "
          f"relative distance to weight decay {distance[copies]:.2f}")  # fmt: skip

# %% [markdown]
# Random copies approach the formula slowly, as $1/\sqrt{\text{copies}}$; weight decay is the noise with the randomness removed. For a *network* it is
# true only for small $s$, and then the penalty is on the slopes of the output with respect to the input, not on the weights.
#
# **Predict, then run.** On our tasks `GaussianNoise` stands in front of the network. Does it beat "no penalty" and weight
# decay, each at its own strength and rate? And what does it do to the slopes?


# %%
def noise(net, std, lr, rng):
    net = scratch.Sequential(scratch.GaussianNoise(std, rng=rng), *net)
    return net, decaying(net, momentum, 0.0, lr=lr)


def sensitivity(net, x, s=0.01):
    """Root mean square change of the logits under noise of size s, divided by s."""
    net.eval()
    change = net(x + np.random.default_rng(0).normal(0, s, x.shape)) - net(x)
    return np.sqrt(np.mean(change**2)) / s


METHODS |= {"noise": noise}
noisy, rows = {}, []
for task, (data, _, _) in TASKS.items():
    for name, method in (("plain", "l2"), ("l2", "l2"), ("noise", "noise")):
        strength, lr = CHOSEN[task, name]
        found = errors(task, method, strength, lr)[:, 2]
        nets = [run(task, method, strength, lr, seed).net for seed in SEEDS]
        slopes = [sensitivity(net, data[2][0]) for net in nets]
        noisy[task, name] = np.array([found, slopes])
        strength = {"plain": "", "l2": f"λ = {strength:g}", "noise": f"s = {strength:g}"}[name]
        rows.append((task, name, strength, lr, spread(found), spread(slopes, 1)))
table(("task", "method", "strength", "rate", "test error", "sensitivity to noise"), rows)

# %% [markdown]
# On noisy digits noise does as well as weight decay, on mnist1d it does not reach it. On few digits neither helps:
# the gain that the search saw on the validation data did not carry over. (0.01 is four test images.) Where a method
# helps, the output has become less sensitive to noise.
#
# **Practice today.** Noise is added to inputs, to activations (dropout, lecture 10) and, by the randomness of mini-batches, to gradients.
# Label smoothing (S6) is its relative on the targets.
#
# **To remember (R4).** On the inputs of a linear unit with square error, noise of size $s$ is weight decay with $\lambda = s^2$. In a
# network it makes the output less sensitive. It is switched off in testing.

# %% [markdown]
# ## R5 · Early stopping
#
# *(L "Early Stopping"; C "Other heuristics: Early stopping"; U "When to stop?")*
#
# "How many parameter updates do we need?" asks L. Its picture has three curves: the training cost falls and falls; the cost on the
# validation set falls and then rises; one stops at the lowest point. C: terminate "when performance on validation set degrades
# significantly". U: "periodically check the validation error and stop when it doesn't improve".
#
# **Predict, then run.** Noisy digits and mnist1d, rate 0.03, 60 epochs. Draw the three costs. Where is the validation cost lowest, and where
# the validation *error*?


# %%
@cache
def watch(task, seed, epochs=60, lr=0.03):
    """After each epoch: costs and errors on all three parts, norms of the gradient."""
    (train, validation, test), _, batch_size = TASKS[task]
    net, seen = network((train[0].shape[1], 64, 64, 10), seed), []
    loss, check = scratch.CrossEntropyLoss(), scratch.CrossEntropyLoss()
    optimizer = momentum(net.params, lr, 0.0)

    def length(part):
        check(net(part[0]), part[1])
        net.backward(check.backward())
        return np.sqrt(sum((g**2).sum() for g in net.grads.values()))

    def after(history):
        parts = [scratch.evaluate(net, check, part) for part in (train, validation, test)]
        costs, wrong = [cost for cost, _ in parts], [1 - right for _, right in parts]
        batch = tuple(array[:batch_size] for array in train)
        seen.append([*costs, *wrong, length(batch), length(train)])

    how = {"epochs": epochs, "batch_size": batch_size, "rng": np.random.default_rng(seed)}
    scratch.fit(net, loss, optimizer, train, after_epoch=after, **how)
    return np.array(seen)


COST, VALIDATION_COST, TEST_COST = 0, 1, 2
ERROR, VALIDATION_ERROR, TEST_ERROR = 3, 4, 5
BATCH_NORM, FULL_NORM = 6, 7
curves = {}
for task in ("noisy digits", "mnist1d"):
    curves[task] = np.array([watch(task, seed) for seed in SEEDS])
lowest = "lowest validation cost in epoch", "lowest validation error in epoch"
there = "test error there"
header = ("task, seed", lowest[0], there, lowest[1], there, "test error after 60")
rows = []
for task, found in curves.items():
    for seed, curve in zip(SEEDS, found, strict=True):
        at = [int(curve[:, column].argmin()) for column in (VALIDATION_COST, VALIDATION_ERROR)]
        after = [f"{curve[k, TEST_ERROR]:.2f}" for k in (*at, -1)]
        rows.append((f"{task}, {seed}", at[0] + 1, after[0], at[1] + 1, after[1], after[2]))
table(header, rows)

# %% tags=["hide-input"] tips={"image_rms": 6.0}
figure, axes = plt.subplots(2, 2, figsize=(9.6, 5.6), sharex=True)
epoch = np.arange(1, 61)
for column, (task, found) in enumerate(curves.items()):
    curve = found[0]
    stop = curve[:, VALIDATION_COST].argmin() + 1
    for row, first in enumerate((COST, ERROR)):
        axis = axes[row, column]
        for k, (label, colour, dash) in enumerate(
            (("training", BLUE, "-"), ("validation", ORANGE, "--"), ("test", RED, "-."))
        ):
            axis.plot(epoch, curve[:, first + k], color=colour, linestyle=dash, label=label)
        axis.axvline(stop, color=BLACK, linestyle=":", linewidth=1.5)
        axis.set_ylim(0, 3 if row == 0 else 1)
    axes[0, column].set_title(task)
    axes[1, column].set_xlabel("epoch")
axes[0, 0].set_ylabel("cost")
axes[1, 0].set_ylabel("error (share)")
axes[1, 0].legend(ncols=3, fontsize=9)
figure.suptitle("Stop at the lowest validation cost (dotted): right on the left, too early on the right")
show(
    figure,
    "Costs and errors over 60 epochs on two tasks. On noisy digits validation cost and test error turn up together. "
    "On mnist1d the validation cost turns up early while the test error goes on falling.",
)

# %% [markdown]
# On the left it is L's picture. (The validation error is high there because the validation labels are noisy too; what counts is where
# it is lowest.) On the right the validation *cost* rises while the *error* still falls a little: the network gets surer of its wrong
# answers, which costs much (S6), and at the same time right more often. So stopping on the cost is stopping too early, if the error is what you care for.
#
# ### Several criteria
#
# "One of several early-stopping criterion", says C. All keep the parameters of the best epoch so far, and differ in when they give up:
#
# * **patience** $p$: no improvement for $p$ epochs; on the cost or on the error;
# * **generalization loss** (Prechelt 1998): the validation cost is more than α % above the lowest so far;
# * **all 60 epochs**, then take the best.
#
# And a criterion to compare with that is *not allowed*: choose the epoch by the test error.
#
# **Predict, then run.** Which criterion is best on each task? How much does the forbidden one seem to gain?


# %%
def patience(column, p):
    def rule(curve):
        stopper = scratch.EarlyStopping(patience=p)
        for score in curve[:, column]:
            if stopper.step(score):
                break
        return stopper.best_step, stopper.steps

    return rule


def generalization_loss(curve, alpha=10):
    cost = curve[:, VALIDATION_COST]
    too_high = cost > (1 + alpha / 100) * np.minimum.accumulate(cost)
    stop = int(too_high.argmax()) + 1 if too_high.any() else len(cost)
    return int(cost[:stop].argmin()), stop


CRITERIA = {  # name: curve → (epoch that is kept, from 0; epochs trained)
    "no stopping": lambda curve: (len(curve) - 1, len(curve)),
    "cost, patience 1": patience(VALIDATION_COST, 1),
    "cost, patience 10": patience(VALIDATION_COST, 10),
    "cost, 10 % above the best": generalization_loss,
    "error, patience 3": patience(VALIDATION_ERROR, 3),
    "error, patience 10": patience(VALIDATION_ERROR, 10),
    "error, best of 60": patience(VALIDATION_ERROR, 60),
    "by the test error (not allowed)": patience(TEST_ERROR, 60),
}
stopped = {}
for task, found in curves.items():
    rows = []
    for name, rule in CRITERIA.items():
        kept = [rule(curve) for curve in found]
        at = [curve[k, TEST_ERROR] for curve, (k, _) in zip(found, kept, strict=True)]
        stopped[task, name] = np.array(at)
        epochs = [f"{np.mean(column):.1f}" for column in zip(*kept, strict=True)]
        rows.append((name, *epochs, spread(stopped[task, name])))
    table((f"{task}: criterion", "epoch kept (from 0)", "epochs trained", "test error"), rows)
for better, worse in (
    (("noisy digits", "cost, patience 10"), ("noisy digits", "no stopping")),
    (("mnist1d", "no stopping"), ("mnist1d", "cost, patience 10")),
):
    assert (stopped[better] < stopped[worse]).all()

# %% [markdown]
# On noisy digits every criterion about halves the error, and more patience is a little better than patience 1, which
# gives up at the first chance rise. On mnist1d every criterion on the *cost* is worse than no stopping at all. The
# *error* with patience 10 loses nothing there, and gains next to nothing: where the test error does not turn up,
# there is nothing to stop for.
#
# The forbidden choice always looks best, by construction: it takes the smallest of 60 test errors. The number is then no estimate of the error
# on new data. (L's picture draws the testing curve beside the validation curve. It is there to look at, not to choose by.)
#
# ### U: why not wait for a small gradient?
#
# In convex problems one stops when $\lVert\nabla C\rVert$ is small. U: not for deep networks, since the gradient is stochastic, and the full one is expensive.
#
# **Predict, then run.** Norm of a mini-batch gradient and of the full gradient at the best epoch, and after 60 epochs. Could one have stopped by them?

# %%
rows = []
for task, found in curves.items():
    best = found[:, :, TEST_ERROR].argmin(axis=1)
    at_best = found[np.arange(len(SEEDS)), best]
    moments = {"first epoch": found[:, 0], "best test error": at_best, "epoch 60": found[:, -1]}
    for where, values in moments.items():
        norms = values[:, BATCH_NORM], values[:, FULL_NORM]
        rows.append((task, where, *(spread(norm, 1) for norm in norms)))
table(("task", "at", "gradient of a batch", "full gradient"), rows)
grad_kept = {task: found[:, :, FULL_NORM].mean(axis=0) for task, found in curves.items()}

# %% [markdown]
# On noisy digits the full gradient is not smaller at the best epoch than after the first, and it *grows* afterwards;
# a threshold would not have stopped in time. On mnist1d it does fall, but through the best epoch without a sign. U is
# right, and there is a simpler reason than noise: a small gradient says that the *training* cost is finished, and
# that was not the question. (The cost of the full gradient is that of one epoch: here 6 and 10 batches.)
#
# ### Early stopping is a kind of weight decay
#
# Once more $C = \frac12 h (w - w^*)^2$ in each direction, start at 0. Gradient descent gives
# $w^t - w^* = (1 - \eta h)(w^{t-1} - w^*)$, so
#
# $$w^t = \big(1 - (1 - \eta h)^t\big)\, w^* \qquad\text{against}\qquad w = \frac{h}{h + \lambda}\, w^* .$$
#
# For small $h$ the first factor is about $\eta t h$, the second $h/\lambda$: they agree for $\lambda = 1/(\eta t)$. For large $h$ both are
# about 1. So $t$ steps from small weights act like weight decay with $\lambda \approx 1/(\eta t)$ (Goodfellow et al. 2016, section 7.8).
#
# **Predict, then run.** (1) The two factors. (2) If only $\eta t$ counts, a third of the rate for three times the epochs should be the same: compare rate 0.03 after 20
# epochs with rate 0.01 after 60, on noisy digits.

# %%
eta, t = 0.01, 1000
rows = []
for h in (0.001, 0.01, 0.1, 1.0, 10.0):
    rows.append((h, f"{1 - (1 - eta * h) ** t:.2f}", f"{h / (h + 1 / (eta * t)):.2f}"))
table(("curvature h", "1000 steps of 0.01", "weight decay, λ = 1/(ηt) = 0.1"), rows)
short = np.array([watch("noisy digits", seed)[19, TEST_ERROR] for seed in SEEDS])
slow = fair["noisy digits", "no penalty"]
print(f"test error: rate 0.03, 20 epochs {spread(short)}; rate 0.01, 60 epochs {spread(slow)}")
print(f"            rate 0.03, 60 epochs {spread(curves['noisy digits'][:, -1, TEST_ERROR])}")

# %% [markdown]
# This explains the fair comparison of R2: the low rate *was* early stopping.
#
# In a program it is three lines. `pytorch.EarlyStopping` is the same class; it keeps a copy of the parameters, because a `state_dict` in
# PyTorch goes on changing with the network.

# %%
train, validation, test = TASKS["noisy digits"][0]
net = network((64, 64, 64, 10), 0)
stopper = scratch.EarlyStopping(patience=10)
loss, optimizer = scratch.CrossEntropyLoss(), momentum(net.params, 0.03, 0.0)
how = {"epochs": 60, "batch_size": 50, "rng": np.random.default_rng(0)}
after = lambda history: stopper.step(history["val_loss"][-1], net)  # noqa: E731
scratch.fit(net, loss, optimizer, train, validation, after_epoch=after, **how)
last = error(net, test)
stopper.restore(net)
print(f"trained {stopper.steps} epochs, kept epoch {stopper.best_step} (from 0)")
print(f"test error at the end {last:.2f}, with the best parameters {error(net, test):.2f}")
print("one class for both:", pytorch.EarlyStopping is scratch.EarlyStopping)
check = watch("noisy digits", 0)[:, VALIDATION_COST].argmin()
print("the same epoch as in the curves above:", stopper.best_step == check)

# %% [markdown]
# **Practice today.** Networks with a learning-rate schedule are mostly trained to its end, for the last, low rates bring a gain
# that stopping would miss; the best checkpoint is chosen on validation data afterwards. Networks that see each example once, as
# large language models do, have little to stop for. And the test error of very large networks can fall a *second* time
# after it has risen (double descent: Belkin et al. 2019, Nakkiran et al. 2020).
#
# **To remember (R5).** Watch the quantity you care for; be patient; restore the best. Early stopping needs
# validation data and acts like weight decay with $1/(\eta t)$.
#
# **Check yourself**
#
# 1. The validation costs are 0.9, 0.7, 0.75, 0.72, 0.6, 0.65, and the patience is 2. When does training stop, and what is kept?
# 2. Why is the validation error at the epoch that was chosen a bit too good, even without looking at test data?
#
# <details><summary>Answer</summary>
#
# 1. The best is epoch 1 (from 0). Epochs 2 and 3 do not improve on it: stop at epoch 3, keep epoch 1. The 0.6 is never seen.
# 2. It is the smallest of many numbers with chance in them. So the report needs a third set, the test data.
#
# </details>

# %% [markdown]
# ## R6 · Data augmentation
#
# *(L "Panacea": "**Create** more training data (?)"; C "Additional heuristics: Data Augmentation")*
#
# L shows handwritten digits and, beside them, created ones. C lists "rotation, stretching, adding noise, other distortion". The idea: we know
# changes that leave the *label* as it is. In L's picture the change is called "Shift 15°". An angle belongs to a **rotation**; a shift is measured in pixels.
#
# How is an image rotated? For each pixel $p$ of the *new* image, seen from the centre, look up the point $q = A p$ in the old one, where
# $A$ turns back. Between pixels take the weighted mean of the four neighbours. Shift: $q = p + t$. Stretch: $A$ is diagonal.
#
# **Predict, then run.** Here is a digit and what the four make of it. Which of them could change the label?

# %%
PICTURES = {
    "as it is": lambda rng: lambda x: x,
    "Rotate(15)": lambda rng: scratch.Rotate(15, rng=rng),
    "Shift(1)": lambda rng: scratch.Shift(1, rng=rng),
    "Stretch(1.2)": lambda rng: scratch.Stretch(1.2, rng=rng),
    "AddNoise(0.2)": lambda rng: scratch.AddNoise(0.2, rng=rng),
    "Rotate(180)": lambda rng: scratch.Rotate(180, rng=rng),
}
x, y = TASKS["few digits"][0][0]
six = x[np.flatnonzero(y == 6)[0]].reshape(1, 8, 8)
turned = rotate(six, 180)
print("twice a half turn is the image itself:", np.allclose(rotate(turned, 180), six))
print("a half turn is the image read backwards:", np.allclose(turned, six[:, ::-1, ::-1]))
nearest = np.argmin(((x - turned.reshape(1, 64)) ** 2).sum(axis=1))
print(f"label of the training image nearest to a 6 after a half turn: {y[nearest]}")

# %% tags=["hide-input"]
figure, axes = plt.subplots(6, 8, figsize=(7.2, 5.8))
for row, (name, make) in zip(axes, PICTURES.items(), strict=True):
    created = make(np.random.default_rng(5))(np.repeat(six, 8, axis=0))
    for axis, image in zip(row, created, strict=True):
        axis.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
        axis.grid(False)
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")
figure.suptitle("One 6, eight created ones each; turned by 180°, some are a 9")
show(
    figure,
    "One image of a 6 in eight random versions for each of five changes; turned by 180 degrees some look like a 9.",
)

# %% [markdown]
# As a layer in front of the network, augmentation makes a new version of every example each time it is used, and nothing in testing.
#
# **Experiment.** *Few digits* (100 images). Seven trainings, one of them without created data; five test sets: the 360 test images as they are, rotated by up to 20°,
# shifted by up to one pixel, stretched, with noise of 0.3.
#
# **Predict, then run.** In which cells of the table does augmentation help? Does rotation help on the test images as they are?


# %%
class Augment(scratch.Layer):
    """`change` the input in training. It stands in front: nothing to do on the way back."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def forward(self, x):
        return self._save(output=self.change(x) if self.training else x)

    def backward(self, dy):
        return dy


def on_images(change):
    return lambda x: change(x.reshape(-1, 8, 8)).reshape(len(x), -1)


def augmented(*makers):
    """A method for METHODS: the changes one after the other, each with its strength."""

    def method(net, _, lr, rng):
        layers = [Augment(make(rng)) for make in makers]
        net = scratch.Sequential(*layers, *net)
        return net, decaying(net, momentum, 0.0, lr=lr)

    return method


def turn(rng, degrees=15):
    return on_images(scratch.Rotate(degrees, rng=rng))


def move(rng):
    return on_images(scratch.Shift(1, rng=rng))


def widen(rng):
    return on_images(scratch.Stretch(1.2, rng=rng))


def add_noise(rng, std=0.2):
    return scratch.AddNoise(std, rng=rng)


METHODS |= {
    "rotate": augmented(turn),
    "shift": augmented(move),
    "stretch": augmented(widen),
    "add noise": augmented(add_noise),
    "rotate, stretch, noise": augmented(turn, widen, add_noise),
    "half turns": augmented(lambda rng: turn(rng, 180)),
}
AUGMENT_RATE = {  # chosen by validation error, as above
    **{"l2": 0.1, "rotate": 0.03, "shift": 0.03, "stretch": 0.03, "add noise": 0.03},
    **{"rotate, stretch, noise": 0.03, "half turns": 0.03},
}
x_test, y_test = DATA["digits"][2]
TESTS = {
    "as it is": x_test,
    "rotated ±20°": turn(np.random.default_rng(1), 20)(x_test),
    "shifted ±1": move(np.random.default_rng(1))(x_test),
    "stretched": widen(np.random.default_rng(1))(x_test),
    "noise 0.3": add_noise(np.random.default_rng(1), 0.3)(x_test),
}
by_change, rows = {}, []
for method, lr in AUGMENT_RATE.items():
    nets = [run("few digits", method, 0, lr, seed).net for seed in SEEDS]
    found = np.array([[error(net, (x, y_test)) for x in TESTS.values()] for net in nets])
    name = "none" if method == "l2" else method
    by_change[name] = found
    rows.append((name, lr, *(spread(column) for column in found.T)))
table(("created data", "rate", *TESTS), rows)

# %% tags=["hide-input"] tips={"image_rms": 8.0}
figure, axis = plt.subplots(figsize=(7.4, 4.2))
grid = np.array([found.mean(axis=0) for found in by_change.values()])
axis.imshow(grid, cmap="Blues", vmin=0, vmax=0.9, aspect="auto")
for i, j in np.ndindex(grid.shape):
    axis.text(j, i, f"{grid[i, j]:.2f}", ha="center", va="center", color="white" if grid[i, j] > 0.5 else BLACK)
axis.set(xticks=range(5), xticklabels=list(TESTS), yticks=range(7), yticklabels=list(by_change))
axis.set(
    xlabel="test images", ylabel="created training data", title="Augmentation helps against the change that it makes"
)
axis.grid(False)
show(
    figure,
    "Test error for seven kinds of created training data and five kinds of test images; each change helps in its own column.",
)

# %% [markdown]
# Rotations help on rotated images, shifts on shifted ones, stretching on stretched ones. On the images as they are,
# nothing gains: the digits stand upright in the middle of their images, in training as in testing. A shift by one
# pixel is an eighth of an image; it makes the plain images clearly worse. Noise gains little anywhere. Half turns
# triple the error: there the label is not kept. Three changes at once keep their gains, and cost little on the plain
# images.
#
# **Signals.** The curves of mnist1d are shifted by their making, so here we *know* a change that leaves the label as it is.
#
# **Predict, then run.** `Shift(3)` on the 1000 examples of mnist1d: how does it compare with the best weight decay of R2?


# %%
METHODS["shift 3"] = augmented(lambda rng: scratch.Shift(3, rng=rng))
shifted = errors("mnist1d", "shift 3", 0, 0.1)
plain = fair["mnist1d", "no penalty"]
print("test error without:     ", spread(plain))
print("with weight decay:      ", spread(fair["mnist1d", "weight decay"]))
print("with shifts:            ", spread(shifted[:, 2]))
print("training error, shifted:", spread(shifted[:, 0]))
assert (shifted[:, 2] < fair["mnist1d", "weight decay"]).all()

# %% [markdown]
# The largest gain on mnist1d comes from knowledge about the data, not about networks. And the training error stays high: with
# new versions in every epoch there is little to learn by heart.
#
# **Practice today.** Images are cropped, mirrored, recoloured and erased at random, with several changes drawn for each image (RandAugment, Cubuk et al.
# 2020); mixup (Zhang et al. 2018) even averages two images *and* their labels. Mirroring is right for cats and wrong for digits. Test data are
# left as they are, unless one averages the answers over several versions of each (test-time augmentation).
#
# **To remember (R6).** Create data by changes that keep the label *and* occur at test time. Draw new ones every epoch.

# %% [markdown]
# ## R7 · Depth and data as smoothness
#
# *(C "Smoothness through network structure", "Even when we get it all right", "But depth and training data help")*
#
# C: "For a given number of parameters deeper networks impose more smoothness than shallow ones", since each layer works on the already smooth output of the layer
# before. Its pictures show a pattern in the plane, learned by 3, 4, 6 and 11 layers from 1000 points and from
# 10 000. Its conclusion: "Deeper networks seem to learn better, for the same number of total neurons", and training data help.
#
# C says *parameters* on one slide and *neurons* on the other. These are different things:


# %%
def widths(depth, width):
    return (2, *[width] * depth, 2)


SHAPES = ((3, 40), (4, 30), (6, 20), (11, 11), (11, 18))
NETS = {f"{depth} × {width}": (depth, width) for depth, width in SHAPES}
count = {}
for name, shape in NETS.items():
    count[name] = sum(w.size for w in network(widths(*shape), 0, scratch.Tanh).params.values())
rows = [(name, d * w, count[name]) for name, (d, w) in NETS.items()]
table(("hidden layers × units", "hidden units", "parameters"), rows)

# %% [markdown]
# With the same number of units, 11 layers have fewer than half of the parameters of 3 layers. So we add 11 × 18, which has as many parameters as 3 × 40.
#
# **Experiment.** Two flowers in a square; tanh units, Xavier's start, Adam with rate 0.003, batches of 100. No noise in the labels. The error is measured on a grid of 101 × 101
# points. First a *short* training: 300 updates. (C's picture has its own pattern. We reduce it to two depths for the larger data.)
#
# **Predict, then run.** Which of the networks is best after 300 updates?


# %%
def flowers(x):
    """1 inside one of two flowers with five petals."""
    inside = np.zeros(len(x), dtype=bool)
    for centre, radius, phase in (((-0.42, -0.3), 0.36, 0.3), ((0.42, 0.35), 0.36, 1.4)):
        dx, dy = (x - np.array(centre)).T
        inside |= np.hypot(dx, dy) < radius * (1 + 0.35 * np.cos(5 * np.arctan2(dy, dx) + phase))
    return inside.astype(np.int64)


x_10000 = np.random.default_rng(100).uniform(-1, 1, (10_000, 2))
truth = flowers(square)  # `square` is the grid of R1


@cache
def flower_net(name, n, seed, lr=0.003):
    """Train for 300 updates, some nets then up to 1200: pictures and errors after both."""
    budget = (300, 1200) if n == 1000 and name in ("3 × 40", "11 × 11") else (300,)
    net = network(widths(*NETS[name]), seed, scratch.Tanh)
    optimizer, rng = scratch.Adam(net.params, lr), np.random.default_rng(seed)
    x, loss, done, pictures = x_10000[:n], scratch.CrossEntropyLoss(), 0, []
    for updates in budget:
        epochs = (updates - done) * 100 // n
        scratch.fit(net, loss, optimizer, (x, flowers(x)), epochs=epochs, batch_size=100, rng=rng)
        done = updates
        pictures.append(net(square).argmax(axis=1))
    found = [np.mean(picture != truth) for picture in pictures]
    return SimpleNamespace(pictures=pictures, errors=found)


GRID = [("3 × 40", 1000), ("4 × 30", 1000), ("6 × 20", 1000), ("11 × 11", 1000), ("11 × 18", 1000),
        ("3 × 40", 10_000), ("11 × 11", 10_000)]  # fmt: skip
short_budget, rows = {}, []
for name, n in GRID:
    seeds = (0, 1) if name in ("3 × 40", "11 × 11") else (0,)
    found = [flower_net(name, n, seed).errors[0] for seed in seeds]
    short_budget[name, n] = np.array(found)
    rows.append((name, f"{n:,}", ", ".join(f"{e:.2f}" for e in found)))
table(("300 updates", "points", "error of each seed"), rows)

# %% tags=["hide-input"] tips={"image_rms": 10.0}
figure, axes = plt.subplots(2, 4, figsize=(9.6, 5.4))
axes[1, 0].imshow(truth.reshape(101, 101), origin="lower", cmap="Blues", vmax=1.5)
axes[1, 0].set_title("the truth")
places = [(0, 0), (0, 1), (0, 2), (0, 3), (1, 3), (1, 1), (1, 2)]
for (name, n), place in zip(GRID, places, strict=True):
    picture, e = flower_net(name, n, 0).pictures[0], flower_net(name, n, 0).errors[0]
    axes[place].imshow(picture.reshape(101, 101), origin="lower", cmap="Blues", vmax=1.5)
    axes[place].set_title(f"{name}, {n:,}\nerror {e:.2f}", fontsize=10)
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
figure.suptitle("After 300 updates: the networks differ by how far they have come")
show(
    figure,
    "Learned regions of seven networks after 300 updates, and the true pattern of two flowers, none learned well yet.",
)

# %% [markdown]
# ### The control: more updates
#
# These networks are not finished. A difference after 300 updates may be one of *speed*.
#
# **Predict, then run.** The two extremes with the same number of units, 1000 points, and 1200 updates: who is ahead now?

# %%
longer, rows = {}, []
for name in ("3 × 40", "11 × 11"):
    found = np.array([flower_net(name, 1000, seed).errors for seed in (0, 1)])
    longer[name] = found
    rows.append((name, *(f"{e:.2f}, {f:.2f}" for e, f in found.T)))
table(("1000 points, seeds 0, 1", "300 updates", "1200 updates"), rows)
ahead = longer["3 × 40"] < longer["11 × 11"]
assert not ahead[:, 0].any()
assert ahead[:, 1].all()

# %% [markdown]
# And the long run, made once outside: 6000 updates, the last 2000 with a tenth of the rate; rates 0.001, 0.003 and 0.01, the best chosen by the error on 1000
# other points, seeds 0 to 2. *Edges* counts neighbours on the grid with different answers: the length of the boundary. The truth has 448.

# %%
LONG = {  # (net, points): (rate, error, its standard deviation, training error, edges)
    ("3 × 40", 1000): (0.003, 0.021, 0.002, 0.000, 443),
    ("4 × 30", 1000): (0.003, 0.022, 0.001, 0.000, 448),
    ("6 × 20", 1000): (0.001, 0.025, 0.002, 0.004, 437),
    ("11 × 11", 1000): (0.003, 0.033, 0.010, 0.004, 458),
    ("11 × 18", 1000): (0.001, 0.023, 0.002, 0.000, 453),
    ("3 × 40", 10_000): (0.003, 0.009, 0.001, 0.008, 433),
    ("4 × 30", 10_000): (0.003, 0.009, 0.000, 0.008, 432),
    ("6 × 20", 10_000): (0.010, 0.011, 0.001, 0.008, 446),
    ("11 × 11", 10_000): (0.003, 0.018, 0.003, 0.016, 425),
    ("11 × 18", 10_000): (0.003, 0.009, 0.001, 0.008, 445),
}
grid_truth = truth.reshape(101, 101)
edges = sum((np.diff(grid_truth, axis=axis) != 0).sum() for axis in (0, 1))
rows = [(name, f"{n:,}", lr, f"{e:.3f} ± {std:.3f}", f"{t:.3f}", f"{length:.0f}")
        for (name, n), (lr, e, std, t, length) in LONG.items()]  # fmt: skip
table(("6000 updates (stored)", "points", "rate", "error", "training error", "edges"), rows)
print("edges of the truth:", edges)

# %% [markdown]
# * **Short training**, 1000 points: the deeper networks are ahead. This is C's picture.
# * **1200 updates**: the order has turned.
# * **In the end**, each at its own rate: with the same number of *units* 11 layers are no better than 3 (0.033 ±
# 0.010 and 0.021 ± 0.002). With the same number of *parameters* they are equal within the spread. The boundaries of
# the deep ones are not shorter either.
# * **Data**: ten times the points about halve the error, but only in the long run; after 300 updates they bring
# nothing.
#
# So what our picture shows is *speed per update*. C's own pattern and training may differ ("varies with
# initialization", says the slide); but a picture without this control cannot tell smoothness from speed. That depth
# is worth its parameters on *structured* data, images or text, is another matter, and not tested here.
#
# **To remember (R7).** A picture of networks trained for the same short time shows speed, not smoothness. Let each network finish at its own rate, and say what is held equal: units, parameters, or
# updates.
#
# **Check yourself**
#
# 1. A network of width $w$ and $d$ hidden layers has about $d\,w^2$ parameters. With $dw$ fixed, how do they change with $d$?
# 2. Name two more things that differ between C's 3 and 11 layers besides depth.
#
# <details><summary>Answer</summary>
#
# 1. $d w^2 = (dw)^2 / d$: they fall as $1/d$.
# 2. The width, the number of parameters, the best learning rate, the time an update takes.
#
# </details>

# %% [markdown]
# ## R8 · The panacea: more data
#
# *(L "Panacea")*
#
# L: "Have more training data". L names it before early stopping and weight decay, and it needs no trick. How much does it give?
#
# **Predict, then run.** Test error against the number $n$ of training examples, with about the same 400 updates for each $n$ and two seeds. Is there an end in sight? And is weight
# decay worth the same at every $n$?

# %%
SIZES = {"digits": (50, 100, 400, 1077), "mnist1d": (100, 400, 1600, 3200)}


def rate(name, n, lam):
    """0.1 or 0.03, chosen by validation error."""
    slow = name == "digits" or n >= 1600
    return 0.03 if lam and slow else 0.1


@cache
def with_examples(name, n, lam, seed):
    train, _, test = take(name, n)
    net = network((train[0].shape[1], 64, 64, 10), seed)
    optimizer = decaying(net, momentum, lam, lr=rate(name, n, lam))
    how = {"epochs": round(400 * 50 / n), "batch_size": 50, "rng": np.random.default_rng(seed)}
    scratch.fit(net, scratch.CrossEntropyLoss(), optimizer, train, **how)
    return error(net, train), error(net, test)


learning, rows = {}, []
for name, sizes in SIZES.items():
    for n in sizes:
        cells = []
        for lam in (0, 0.01):
            found = np.array([with_examples(name, n, lam, seed) for seed in (0, 1)])
            learning[name, n, lam] = found
            cells += [spread(column) for column in found.T]
        rows.append((name, n, *cells))
table(("task", "n", "λ = 0: training", "test", "λ = 0.01: training", "test"), rows)

# %% tags=["hide-input"] tips={"image_rms": 8.0}
figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.8))
for axis, (name, sizes) in zip(axes, SIZES.items(), strict=True):
    for lam, colour, dash in ((0, RED, "-"), (0.01, BLUE, "--")):
        found = np.array([learning[name, n, lam][:, 1] for n in sizes])
        axis.errorbar(sizes, found.mean(axis=1), found.std(axis=1), color=colour, linestyle=dash, marker="o", capsize=3,
                      label=f"λ = {lam:g}")  # fmt: skip
    if name == "mnist1d":
        level = shifted[:, 2].mean()
        axis.axhline(level, color=ORANGE, linestyle=":", label="1000 examples, created shifts")
    ticks = (0.02, 0.05, 0.1, 0.2) if name == "digits" else (0.4, 0.5, 0.6, 0.7, 0.8)
    axis.set(xscale="log", yscale="log", title=name, xlabel="training examples n", xticks=sizes, yticks=ticks)
    axis.set_xticklabels(sizes)
    axis.set_yticklabels(ticks)
    axis.minorticks_off()
    axis.legend(fontsize=9)
axes[0].set_ylabel("test error")
figure.suptitle("More data always helps; in the end this penalty does not")
show(
    figure,
    "Test error against the number of training examples on logarithmic axes, for digits and mnist1d, with and without weight decay. "
    "All curves fall. A horizontal line marks 1000 examples of mnist1d with created shifts.",
)

# %%
for name, sizes in SIZES.items():
    mean = np.array([learning[name, n, 0][:, 1].mean() for n in sizes])
    exponent, _ = np.polyfit(np.log(sizes), np.log(mean), 1)
    print(f"{name}: twice the data, {2**exponent:.1f} times the error (exponent {exponent:.1f})")

# %% [markdown]
# Each doubling multiplies the error by a factor, about 0.6 for digits and 0.9 for mnist1d (less at first, more
# later): on logarithmic axes that is nearly a straight line. λ = 0.01 helps on mnist1d while data are few, and no
# more at 3200; with all digits it harms. (A fixed λ is part of this: more data want a smaller one.) And the dotted
# line: 1000 signals with created shifts beat 3200 real ones. Create data if you know how.
#
# **Practice today.** For large networks such nearly straight lines on logarithmic axes have been measured over many powers of ten (Hestness et al. 2017; Kaplan et al. 2020). They are used to
# plan how much data a network should get (Hoffmann et al. 2022). With *one* pass over nearly endless data, training and test error are the same, and regularization has
# little left to do.
#
# **To remember (R8).** Before a new regularizer, ask for more data, or for a change that creates them.
#
# **Check yourself**
#
# 1. The training error *rises* with $n$ for mnist1d. Why, and is it a bad sign?
# 2. Error $\propto n^{-0.5}$. How many times the data for half of the error?
# 3. (R6) You classify traffic signs. Which of rotate, mirror, shift, stretch, noise are safe?
#
# <details><summary>Answer</summary>
#
# 1. The same number of updates must serve more examples, and a network of fixed size cannot learn them all by heart. It is a good sign: the two errors
#    approach each other. When they meet, a larger network or longer training is due.
# 2. Four times.
# 3. Small rotations, shifts, stretches and noise. Not mirroring (turn left, turn right), nor half turns.
#
# </details>

# %% [markdown]
# ## What the lectures claim and what we found
#
# Our numbers in this table come from the cells above.

# %% tags=["hide-input"]
plain_noise, decayed_noise = fair["noisy digits", "no penalty"], fair["noisy digits", "weight decay"]
plain_1d, decayed_1d = fair["mnist1d", "no penalty"], fair["mnist1d", "weight decay"]
none, turned_by = by_change["none"].mean(axis=0), by_change["rotate"].mean(axis=0)
digits_big, digits_small = (learning["digits", n, 0][:, 1].mean() for n in (1077, 50))
ledger = [
    ("R1", "C: 10^15 examples of a function of 100 bits are off by a factor of 10^15", f"{2.0**100 / 1e15:.3g}", "reproduced"),
    ("R1", "C: the desired output is generally smooth; smoothing fills in the rest", f"error on unseen inputs: majority {filled_in['majority'][:, 1].mean():.2f}, parity {filled_in['parity'][:, 1].mean():.2f}", "reproduced for a smooth function; a wrong guess for another"),
    ("R1", "C: as ‖w‖ grows the sigmoid gets steeper", f"slope ‖w‖/4, {steepness[20.0, 0.0]:.2f} for ‖w‖ = 20", "reproduced"),
    ("R1", "C: low weights force smoother output", f"steepest slope {by_lambda[0][:, 3].mean():.0f} → {by_lambda[0.003][:, 3].mean():.0f}, error {by_lambda[0][:, 1].mean():.2f} → {by_lambda[0.003][:, 1].mean():.2f} (λ = 0.003)", "reproduced; not necessary for a smooth decision, and void before batch norm"),
    ("R2", "L: w becomes (1 − ηλ)w − η ∂C/∂w", "five computations agree", "reproduced"),
    ("R2", "L: smaller and smaller", f"h = 0: {ends[0.0]:.3f} after 100 steps; h = 1: {ends[1.0]:.3f}", "partly; only what the data do not need goes to 0"),
    ("R2", "L: do not consider biases. Why?", f"bias {bias_table[0.0, 0.1, False][0]:.1f} → {bias_table[0.0, 0.1, True][0]:.1f} if decayed, test error {bias_table[0.0, 0.1, False][1]:.1f} → {bias_table[0.0, 0.1, True][1]:.1f}", "answered"),
    ("R2", "L: noise moves z by w·ε", "standard deviation s‖w‖", "reproduced"),
    ("R2", "C: larger λ, greater training error, more acceptable network", f"noisy digits, one rate: test {by_decay['noisy digits'][0, :, 2].mean():.2f} → {by_decay['noisy digits'][LAMBDAS.index(0.01), :, 2].mean():.2f}; own rates: {plain_noise.mean():.2f} → {decayed_noise.mean():.2f}; mnist1d {plain_1d.mean():.2f} → {decayed_1d.mean():.2f}; few digits: no gain", "first half proved; second in part: much of it is the rate"),
    ("R2", "C: W = W − η ΔW + λW", f"weights grow to {w_printed:.1f} times in 100 steps", "slip: the sign (and η) of λW, in the text we have"),
    ("R3", "C: L1 regularization of activations improves smoothness", f"active units {active[0][:, 0].mean():.2f} → {active[0.03][:, 0].mean():.2f}, mnist1d test error {active[0][:, 2].mean():.2f} → {active[0.03][:, 2].mean():.2f}", "reproduced: sparse, and better there"),
    ("R4", "C: regularizing with added noise", f"mnist1d {noisy['mnist1d', 'plain'][0].mean():.2f} → {noisy['mnist1d', 'noise'][0].mean():.2f}; few digits {noisy['few digits', 'plain'][0].mean():.2f} → {noisy['few digits', 'noise'][0].mean():.2f}", "partly; equals weight decay for a linear unit"),
    ("R5", "L, C: stop where the validation curve turns up", f"noisy digits {stopped['noisy digits', 'no stopping'].mean():.2f} → {stopped['noisy digits', 'cost, patience 10'].mean():.2f}; mnist1d {stopped['mnist1d', 'no stopping'].mean():.2f} → {stopped['mnist1d', 'cost, patience 10'].mean():.2f}", "reproduced with noisy labels; worse on mnist1d, where cost and error part ways"),
    ("R5", "U: the norm of the gradient is no stopping criterion", f"full gradient, noisy digits: first epoch {grad_kept['noisy digits'][0]:.1f}, last {grad_kept['noisy digits'][-1]:.1f}", "reproduced"),
    ("R6", "L: shift 15°", "the unit is that of an angle", "slip: a rotation"),
    ("R6", "L, C: create training data", f"rotated test {none[1]:.2f} → {turned_by[1]:.2f}; as they are {none[0]:.2f} → {turned_by[0]:.2f}; mnist1d, shifts {plain_1d.mean():.2f} → {shifted[:, 2].mean():.2f}", "reproduced where the change occurs in the test data; else not"),
    ("R7", "C: deeper networks learn better for the same number of neurons", f"300 updates: 3 layers {short_budget['3 × 40', 1000].mean():.2f}, 11 layers {short_budget['11 × 11', 1000].mean():.2f}; 1200 updates: {longer['3 × 40'][:, 1].mean():.2f}, {longer['11 × 11'][:, 1].mean():.2f}", "the picture yes, the conclusion no"),
    ("R7", "C: for a given number of parameters deeper is smoother", f"long run: error {LONG['3 × 40', 1000][1]:.3f} and {LONG['11 × 18', 1000][1]:.3f}, edges {LONG['3 × 40', 1000][4]} and {LONG['11 × 18', 1000][4]}", "not reproduced; the slides also mix parameters and neurons"),
    ("R7", "C: more training data help", f"long run, 3 layers: {LONG['3 × 40', 1000][1]:.3f} → {LONG['3 × 40', 10_000][1]:.3f}", "reproduced"),
    ("R8", "L: have more training data", f"digits {digits_small:.2f} (50) → {digits_big:.2f} (1077)", "reproduced"),
]  # fmt: skip
table(("id", "claim", "what we found", "verdict"), ledger)

# %% [markdown]
# ## What to remember
#
# * No training error says nothing about other inputs. A regularizer is a *preference*: small weights, few active units, insensitivity, early parameters, known symmetries.
# * Weight decay: $w \leftarrow (1 - \eta\lambda)w - \eta\,\partial C/\partial w$, not for biases; with Adam use AdamW.
# * Early stopping, low rates and weight decay do partly the same thing. Tune "nothing" as carefully as your method.
# * On mnist1d, knowledge about the data (augmentation) and more data beat all penalties.
#
# ## Exercises to try
#
# They are not graded.
#
# 1. **Which layer?** Decay only the first, only the second, only the last layer of the mnist1d network. Which one matters most? Find a λ for each.
# 2. **Mixup.** Train on $\alpha x_i + (1 - \alpha) x_j$ with the target $\alpha \hat y_i + (1 - \alpha)\hat y_j$, α uniform in $[0, 1]$; `CrossEntropyLoss` takes
#    probabilities as targets. Compare on noisy digits with weight decay.
# 3. **Several together.** Use weight decay, noise and shifts at once on mnist1d. Do the gains add up? Search the
#    three strengths at random ([lecture 11](11_babysitting.ipynb)) rather than on a grid.
#
# ## Where to go from here
#
# * **Assignment `dropout`** grades `weight_decay_step` (R2); **assignment `babysitting`** grades `early_stopping` (R5).
# * **Library**: `tipslib/scratch/penalties.py`, `noise.py`, `earlystopping.py`, `augmentation.py`; `weight_decay` in `optim.py` and `AdamW` in `adam.py`.
# * **Next lecture**: 10 dropout, "possibly the most influential method" (C).
#
# **Sources.** L: Hung-yi Lee, NTU, "Tips for Training Deep Neural Network" (Panacea; Early Stopping; Weight Decay). C: CMU 11-785 (Overfitting; Data under-specification;
# Smoothness through weight manipulation, weight constraints, network structure; Regularization; Early stopping; Data Augmentation). U: Ju Sun, University of Minnesota, CSCI 8980
# (When to stop?).
#
# **References.**
# M. Belkin et al., Reconciling modern machine-learning practice and the classical bias-variance trade-off, PNAS 2019.
# C. Bishop, Training with noise is equivalent to Tikhonov regularization, Neural Computation 1995.
# E. Cubuk et al., RandAugment: Practical automated data augmentation with a reduced search space, NeurIPS 2020.
# H. Cunningham et al., Sparse autoencoders find highly interpretable features in language models, 2023.
# I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, MIT Press 2016.
# S. Han et al., Learning both weights and connections for efficient neural networks, NIPS 2015.
# J. Hestness et al., Deep learning scaling is predictable, empirically, 2017.
# J. Hoffmann et al., Training compute-optimal large language models, 2022.
# J. Kaplan et al., Scaling laws for neural language models, 2020.
# T. van Laarhoven, L2 regularization versus batch and weight normalization, 2017.
# I. Loshchilov and F. Hutter, Decoupled weight decay regularization, ICLR 2019.
# P. Nakkiran et al., Deep double descent: Where bigger models and more data hurt, ICLR 2020.
# L. Prechelt, Early stopping: but when?, in Neural Networks: Tricks of the Trade, 1998.
# H. Zhang et al., mixup: Beyond empirical risk minimization, ICLR 2018.
