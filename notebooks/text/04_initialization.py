# %% [markdown]
# # 04 · Initialization
#
# Gradient descent walks downhill from a starting point. In a deep network most starting points are bad: the signal dies
# on its way forward, or the gradient dies or explodes on its way back, and no learning rate helps. This lecture derives
# good starts, and measures how bad the bad ones are.
#
# **You will learn**
#
# | id | topic |
# |---|---|
# | I1 | what happens when all weights are 0, or all the same |
# | I2 | why 0.01 is too small and 1.0 too large for a deep network |
# | I3 | Xavier's start, derived step by step, and where its assumption ends |
# | I4 | He's start and its factor 2, and when the choice matters for training |
# | I5 | orthogonal weights: all directions survive, not only the average one |
# | I6 | gradients of different size in different layers, and what an adaptive method does about it |
# | I7 | starts that look at the width (random walk) or at the data (LSUV) |
# | I8 | a preview: normalising inside the network makes the scale matter less |
#
# **You need** [lecture 00](00_backprop.ipynb): the error signal $\delta^l$ (B2), the training loop (B5);
# [lecture 01](01_activations.ipynb): ReLU, tanh and sigmoid, and the vanishing gradient (A2);
# [lecture 03](03_preprocessing.ipynb): inputs with mean 0 and variance 1 (P1). SGD with momentum, Adam and batch
# norm are used here as finished tools; lectures 07 and 08 derive them.
#
# **How to read.** Before each experiment stands a question, *Predict, then run*. Write your answer down first. The
# questions under *Check yourself* have folded answers. The letters L, C, K and U name the lectures this course follows;
# they are listed at the end.

# %%
import math
from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import torch

from tipslib import pytorch, scratch
from tipslib.data import load
from tipslib.plotting import BLACK, BLUE, DASHES, GREEN, ORANGE, RED, explore, show, spread, table, use_style

use_style()
torch.set_num_threads(1)  # one thread: the same sums in the same order every time

data = load("mnist1d")  # 40 measurements, 10 classes
train, validation, test = [(part.x.astype(np.float64), part.y) for part in data]
SEEDS = (0, 1, 2)

# %% [markdown]
# ### Conventions
#
# $z^l = W^l a^{l-1} + b^l$, $a^l = \sigma(z^l)$, $\delta^l = \partial C/\partial z^l$, as in lecture 00. $a^0 = x$ is the
# input. A unit of layer $l$ listens to `fan_in` $= n_{l-1}$ units, and `fan_out` $= n_l$ units listen to the same input.
#
# | matter | in the lectures | here (scratch and PyTorch) | in assignment `initialization` |
# |---|---|---|---|
# | a weight matrix | K: `x @ W`, `W` [in, out] | `weight` [out, in], `z = x @ weight.T + bias` | `x @ W`, `W` [in, out] |
# | "0.01" | K: the standard deviation | `normal_(w, std=0.01)`, the same | |
# | Xavier's variance | K's code: 1 / fan_in | 2 / (fan_in + fan_out), as in the paper | `xavier_std`: the root of ours |
# | He's variance | K: the same with an "additional /2", so 2 / fan_in | `kaiming_normal_(w)`: 2 / fan_in; `mode="fan_out"` for the other | `he_std`: its root |
# | shape of the distribution | K: normal; U: `…_uniform_` | both; only the variance matters below | the standard deviation only |
# | bias at the start | not stated | 0, if not said otherwise | no biases |
# | PyTorch's own `Linear` | | weight and bias uniform on ±1/√fan_in: variance 1 / (3 fan_in) | |
# | standard deviation | `np.std`: divided by the count | the same; `torch.std` divides by count − 1 unless `correction=0` | divided by the count |
# | who draws | NumPy's global generator | scratch: `rng=`; PyTorch: its global generator | `rng` |
# | different units | | `distinct`: differ by more than 1e-6 | `distinct_units`: not exactly equal |
#
# Rows 3 and 7 can be run. For a square matrix K's Xavier and ours are the same.

# %%
for fan_in, fan_out in ((500, 500), (784, 100)):
    K, paper = 1 / fan_in, 2 / (fan_in + fan_out)
    print(f"fan_in {fan_in}, fan_out {fan_out}: Xavier std {K**0.5:.4f} (K), {paper**0.5:.4f} (paper)")

torch.manual_seed(0)
default = pytorch.Linear(500, 500).weight.detach()
print(f"PyTorch's Linear(500, 500): std {default.std(correction=0):.4f}", end=", ")
print(f"largest {default.abs().max():.4f}; 1/√(3·500) = {1500**-0.5:.4f}, 1/√500 = {500**-0.5:.4f}")

# %% [markdown]
# ### How we train and compare
#
# * **Start.** A *start* is a function that fills one weight matrix. `network` applies it to every layer; biases are 0.
# * **Rate.** Every combination of network, start and optimizer gets its own learning rate: the one of a grid with the best
#   *validation* accuracy, mean of seeds 7, 8, 9, after as many epochs as in the experiment. These seeds are used for
#   nothing else. The grid is 0.003, 0.01, 0.03, … 1 for SGD, and 0.0003, 0.001, … 0.1 for Adam. To save time the winners
#   are written down beside each experiment; the cell below repeats one search.
# * **Seeds.** "±" is the standard deviation over seeds 0, 1, 2. Accuracies are on *test* data, which choose nothing.
# * SGD has momentum 0.9; batches of 100 examples; 4 epochs; 64 units in each hidden layer, if not said otherwise.


# %%
def zero(w, rng):
    return scratch.zeros_(w)


def normal(std):
    return lambda w, rng: scratch.normal_(w, std=std, rng=rng)


def xavier(w, rng):
    return scratch.xavier_normal_(w, rng=rng)


def he(w, rng):
    return scratch.kaiming_normal_(w, rng=rng)


def orthogonal(w, rng):
    return scratch.orthogonal_(w, rng=rng)


def network(act, start, hidden, seed=0, width=64, norm=False):
    """40 inputs, `hidden` layers of `width` units with activation `act`, 10 outputs."""
    rng, layers = np.random.default_rng(seed), []
    for fan_in, fan_out in pairwise([40] + [width] * hidden + [10]):
        layers.append(scratch.Linear(fan_in, fan_out, dtype=np.float64))
        start(layers[-1].params["weight"], rng)
        scratch.zeros_(layers[-1].params["bias"])
        if norm:
            layers.append(scratch.BatchNorm1d(fan_out, dtype=np.float64))
        layers.append(getattr(scratch, act)())
    return scratch.Sequential(*layers[: -1 - norm])  # nothing comes after the last Linear


def fit(net, lr, seed, part=test, epochs=4, optimizer="SGD"):
    """Train the net; returns its accuracy on this part of the data (0.1, chance, if it diverges)."""
    more = {"momentum": 0.9} if optimizer == "SGD" else {}
    opt = getattr(scratch, optimizer)(net.params, lr=lr, **more)
    loss, rng = scratch.CrossEntropyLoss(), np.random.default_rng(seed)
    try:
        with np.errstate(all="ignore"):  # a rate too high overflows: a result, not an error
            scratch.fit(net, loss, opt, train, epochs=epochs, rng=rng)
            return scratch.evaluate(net, loss, part)[1]
    except scratch.Diverged:
        return 0.1


def scores(make, lr, **how):
    """Test accuracies of make(seed), trained with rate lr, for each of SEEDS."""
    return np.array([fit(make(seed), lr, seed, **how) for seed in SEEDS])


GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def search(make, grid=GRID, **how):
    """Mean validation accuracy over seeds 7, 8, 9 for each rate of the grid."""
    return {lr: np.mean([fit(make(seed), lr, seed, validation, **how) for seed in (7, 8, 9)]) for lr in grid}


found = search(lambda seed: network("Tanh", xavier, 1, seed))
print("tanh, Xavier, 1 hidden layer:", {lr: round(float(a), 2) for lr, a in found.items()})
print("best rate:", max(found, key=found.get))

# %% [markdown]
# ## I1 · Zero weights, equal weights
#
# K asks: what happens when $W = 0$ is used? U answers: "no movement". C says: neurons with identical connections that are
# identically initialized will never diverge. Both can be proved in a few lines.
#
# ### W = 0
#
# The gradient of layer $l$ is (B2, one example)
#
# $$\frac{\partial C}{\partial W^l} = \delta^l \, (a^{l-1})^T, \qquad
#   \delta^l = \sigma'(z^l) \bullet (W^{l+1})^T \delta^{l+1}.$$
#
# Let all biases start at 0 and let $\sigma(0) = 0$, as for tanh and ReLU. Let $k$ be the uppermost
# layer with $W^k = 0$.
#
# 1. *Below* it, the recursion multiplies by this zero: $\delta^l = 0$ for every $l < k$. Neither weights nor biases below
#    layer $k$ get a gradient.
# 2. If **another** layer $i < k$ is zero as well, its output is $\sigma(0) = 0$, and so are all outputs up to layer $k$:
#    $a^{k-1} = 0$. So $W^k$ gets no gradient either, although $\delta^k \ne 0$.
# 3. So with **two** zero layers, all weights up to layer $k$ stand still. After the step nothing has changed there, so they
#    stand still for ever. Only $b^k$ and the layers above can move, and what they get to see, $\sigma(b^k)$, is the same for
#    every example: the network gives the *same answer for every input*.
# 4. If exactly **one** layer is zero, then $a^{k-1} \ne 0$: this layer moves, and in the next step all of them can.
#
# Two details change the picture. For the sigmoid $\sigma(0) = \frac12$, so rule 2 does not hold. For ReLU the slope at
# $z = 0$ is 0 in both libraries, so a *hidden* layer with $z = 0$ blocks its own gradient, too.
#
# **Predict, then run.** Three weight layers, real data. Some layers start at 0, the others at Xavier's start. Which layers
# have moved after 1, 2 and 3 steps of SGD, for tanh, ReLU and sigmoid?


# %%
ARGUMENTS = {
    "Linear": lambda layer: (layer.in_features, layer.out_features, "bias" in layer.params),
    "BatchNorm1d": lambda layer: (layer.num_features,),
    "Dropout": lambda layer: (layer.p,),
}


def torch_twin(net):
    """The same network in PyTorch, with the same numbers in float64."""
    modules = []
    for layer in net:
        name = type(layer).__name__
        arguments = ARGUMENTS[name](layer) if name in ARGUMENTS else ()
        modules.append(getattr(pytorch, name)(*arguments))
    twin = torch.nn.Sequential(*modules).double()
    twin.load_state_dict({key: torch.tensor(w) for key, w in net.state_dict().items()})
    return twin


def moved(act, zeroed, steps=3):
    """Which weight layers differ from their start after each step, in scratch and in PyTorch."""
    net = network(act, xavier, 2, width=16)
    for layer in zeroed:
        scratch.zeros_(net[2 * layer - 2].params["weight"])
    twin, start = torch_twin(net), net.state_dict()
    ours, theirs = scratch.SGD(net.params, lr=0.1), pytorch.SGD(twin.parameters(), lr=0.1)
    loss, torch_loss = scratch.CrossEntropyLoss(), pytorch.CrossEntropyLoss()
    x, y = train[0][:100], train[1][:100]
    found = []
    for _ in range(steps):
        loss(net(x), y)
        net.backward(loss.backward())
        ours.step(net.grads)
        theirs.zero_grad()
        torch_loss(twin(torch.tensor(x)), torch.tensor(y)).backward()
        theirs.step()
        states = net.state_dict(), {key: w.numpy() for key, w in twin.state_dict().items()}
        keys = {layer: f"{2 * layer - 2}.weight" for layer in (1, 2, 3)}
        found.append([[n for n, k in keys.items() if (s[k] != start[k]).any()] for s in states])
    return [step[0] for step in found], [step[1] for step in found]


def steps_text(steps):
    return " → ".join(" ".join(map(str, layers)) or "none" for layers in steps)


ZEROED = ((), (1,), (2,), (3,), (1, 2), (1, 3), (2, 3), (1, 2, 3))
ACTS = ("Tanh", "ReLU", "Sigmoid")
movement = {(act, zeroed): moved(act, zeroed) for act in ACTS for zeroed in ZEROED}
rows = [(steps_text([z]), *(steps_text(movement[act, z][0]) for act in ACTS)) for z in ZEROED]
table(("layers that start at 0", *(f"{act}: moved after 1 → 2 → 3 steps" for act in ACTS)), rows)
print("PyTorch moves the same layers:", all(ours == theirs for ours, theirs in movement.values()))

# %% [markdown]
# The tanh column is the proof, row by row. One zero layer is harmless there. With two, the zero layers never move. (Layers 1
# and 2 zero: layer 3 moves, since $b^2$ does; but its inputs are the same for every example.) With ReLU already one zero
# *hidden* layer stops everything; only the output layer may be zero.
#
# With the sigmoid everything moves in the end; from $W = 0$ the last layer first, then one more layer per step. So U's
# "no movement" holds for tanh and ReLU, not for the sigmoid. But what has the sigmoid network become? We look at its
# hidden units after 100 steps. `distinct` counts units that differ by more than $10^{-6}$.


# %%
def distinct(weight, bias):
    """How many different units a layer has: rows of [weight, bias] that differ by more than 1e-6."""
    kinds = []
    for unit in np.column_stack([weight, bias]):
        if not any(abs(unit - other).max() <= 1e-6 for other in kinds):
            kinds.append(unit)
    return len(kinds)


def train_steps(net, steps=100, lr=0.3, optimizer="SGD"):
    """Plain steps on random batches of 100, in scratch."""
    opt, loss = getattr(scratch, optimizer)(net.params, lr=lr), scratch.CrossEntropyLoss()
    rng = np.random.default_rng(0)
    for _ in range(steps):
        batch = rng.choice(len(train[0]), 100, replace=False)
        loss(net(train[0][batch]), train[1][batch])
        net.backward_params(loss.backward())
        opt.step(net.grads)
    return net


def train_torch(twin, steps=100, lr=0.3, optimizer="SGD"):
    """The same in PyTorch, on the same batches."""
    opt, loss = getattr(pytorch, optimizer)(twin.parameters(), lr=lr), pytorch.CrossEntropyLoss()
    rng, x, y = np.random.default_rng(0), torch.tensor(train[0]), torch.tensor(train[1])
    for _ in range(steps):
        batch = rng.choice(len(x), 100, replace=False)
        opt.zero_grad()
        loss(twin(x[batch]), y[batch]).backward()
        opt.step()
    return twin


for act in ("Tanh", "ReLU", "Sigmoid"):
    net = train_steps(network(act, zero, 2, width=16))
    W = [net[k].params["weight"] for k in (0, 2, 4)]
    units = [distinct(net[k].params["weight"], net[k].params["bias"]) for k in (0, 2)]
    largest = ", ".join(f"{abs(w).max():.1g}" for w in W)
    print(f"{act:8} largest |w| in layers 1, 2, 3: {largest:22} different units in layers 1, 2: {units}")

net = train_steps(network("Tanh", zero, 2, width=16), steps=300)
frequency = np.bincount(train[1]) / len(train[1])
entropy = -np.sum(frequency * np.log(frequency))
zero_loss = scratch.evaluate(net, scratch.CrossEntropyLoss(), train)[0]
print(f"tanh, W = 0: training loss {zero_loss:.2f}; entropy of the class frequencies {entropy:.2f}")

# %% [markdown]
# The sigmoid's weights move, but all 16 units of a layer move *together*. And the tanh network, where only the output bias
# can learn, ends at the best loss a constant answer can have: the entropy of the class frequencies.
#
# ### Equal weights
#
# So $W = 0$ has a second fault, and it is the deeper one: **symmetry**. Take two units $i$, $j$ of one layer.
#
# *Claim.* If at step $t$ they have the same incoming weights and bias, and the same outgoing weights, then so they have at
# step $t + 1$.
#
# *Proof.* Same incoming weights: $z_i = z_j$, so $a_i = a_j$. Same outgoing weights:
# $\delta_i = \sigma'(z_i) \sum_k w_{ki} \delta_k = \delta_j$. The gradients of the incoming weights are
# $\delta_i a^{l-1}$ and $\delta_j a^{l-1}$: equal. Those of the outgoing weights are $\delta_k a_i$ and $\delta_k a_j$:
# equal. Equal numbers plus equal steps are equal. $\square$
#
# By induction they never differ. The proof uses nothing special: any data, any batch, any learning rate. We run it on
# numbers that a computer represents exactly (halves, quarters, …), so that the result is exact on every machine.

# %%
pair = scratch.Sequential(
    scratch.Linear(2, 2, dtype=np.float64), scratch.ReLU(), scratch.Linear(2, 1, dtype=np.float64)
)
for key, value in (("0.weight", 0.5), ("0.bias", 0.0), ("2.weight", 0.25), ("2.bias", 0.0)):
    pair.params[key][...] = value
twin = torch_twin(pair)
x, target = np.array([[1.0, 2.0]]), np.array([[2.0]])
opt, torch_opt = scratch.SGD(pair.params, lr=1 / 32), pytorch.SGD(twin.parameters(), lr=1 / 32)
loss, torch_loss = scratch.MSELoss(), pytorch.MSELoss()
for step in (1, 2, 3):
    loss(pair(x), target)
    pair.backward(loss.backward())
    opt.step(pair.grads)
    torch_opt.zero_grad()
    torch_loss(twin(torch.tensor(x)), torch.tensor(target)).backward()
    torch_opt.step()
    first, second = pair.params["0.weight"]
    print(f"step {step}: unit 1 {first}   unit 2 {second}   equal: {np.array_equal(first, second)}")
same = [np.array_equal(w.detach().numpy(), pair.params[key]) for key, w in twin.named_parameters()]
print("PyTorch has exactly the same numbers:", all(same))

# %% [markdown]
# ### What breaks the symmetry
#
# **Predict, then run.** 16 hidden tanh units, all weights 0.1, trained for 100 steps. Which of these changes make the
# units different: another optimizer; batch norm; random *outgoing* weights only; random biases only; dropout; one single
# weight changed by 0.001?


# %%
def alike(w, rng):
    w.fill(0.1)
    return w


def sixteen(change=None, norm=False, drop=False):
    """40 – 16 – 10 with all weights 0.1; then one change."""
    net, rng = network("Tanh", alike, 1, width=16, norm=norm), np.random.default_rng(0)
    if change == "outgoing":
        xavier(net[2].params["weight"], rng)
    if change == "biases":
        net[0].params["bias"][...] = rng.normal(0, 0.1, 16)
    if change == "one weight":
        net[0].params["weight"][3, 5] += 0.001
    if drop:
        net = scratch.Sequential(net[0], net[1], scratch.Dropout(0.5, rng=rng), net[2])
    return net


CASES = {
    "nothing": ({}, {}),
    "another optimizer: Adam": ({}, {"optimizer": "Adam", "lr": 0.01}),
    "batch norm": ({"norm": True}, {}),
    "random outgoing weights only": ({"change": "outgoing"}, {}),
    "random biases only": ({"change": "biases"}, {}),
    "dropout 0.5": ({"drop": True}, {}),
    "one weight + 0.001": ({"change": "one weight"}, {}),
}
torch.manual_seed(0)
symmetry = {}
for name, (how, training) in CASES.items():
    net = sixteen(**how)
    twin = torch_twin(net)
    train_steps(net, **training)
    train_torch(twin, **training)
    symmetry[name] = (
        distinct(net[0].params["weight"], net[0].params["bias"]),
        distinct(twin[0].weight.detach().numpy(), twin[0].bias.detach().numpy()),
    )
table(
    ("what is changed", "different units, scratch", "different units, PyTorch"),
    [(name, *counts) for name, counts in symmetry.items()],
)

# %% [markdown]
# No optimizer and no normalisation breaks the symmetry: they treat equal units equally. What does break it is any
# difference *between* units, at the start (incoming, outgoing or bias: one of the three is enough) or during training
# (dropout's masks). The single changed weight makes one unit different, so there are two kinds.
#
# ### How stable is the symmetry?
#
# A computer rounds. Equal units stay equal as long as the matrix product adds up every row in the same order; not every
# library promises that. Suppose a difference of $10^{-12}$ slips in. Does it die out, or grow?
#
# **Predict, then run.** We add noise of size $\varepsilon$ to the first layer and watch how far the units are apart.


# %%
def distance_of_units(noise, steps=1000, lr=0.3):
    """Largest distance of a unit's incoming weight from the mean unit, every 20 steps."""
    net, rng = sixteen(), np.random.default_rng(0)
    W = net[0].params["weight"]
    W += noise * rng.standard_normal(W.shape)
    opt, loss, distance = scratch.SGD(net.params, lr=lr), scratch.CrossEntropyLoss(), []
    for step in range(steps):
        if step % 20 == 0:
            distance.append(abs(W - W.mean(axis=0)).max())
        batch = rng.choice(len(train[0]), 100, replace=False)
        loss(net(train[0][batch]), train[1][batch])
        net.backward_params(loss.backward())
        opt.step(net.grads)
    return np.array(distance)


NOISES = (1e-12, 1e-9, 1e-6)
apart = {noise: distance_of_units(noise) for noise in NOISES}
# Growth between steps 200 and 600, for the smallest noise, which is then still small.
per_step = (np.log10(apart[1e-12][30]) - np.log10(apart[1e-12][10])) / 400
print(f"the distance grows tenfold in about {1 / per_step:.0f} steps")

# %% tags=["hide-input"]
figure, axis = plt.subplots()
for noise, colour, style in zip(NOISES, (BLUE, ORANGE, GREEN), DASHES, strict=False):
    label = f"ε = 1e{round(math.log10(noise))}"
    axis.semilogy(range(0, 1000, 20), apart[noise], color=colour, linestyle=style, label=label)
axis.set(title="Equal units are unstable: any small difference grows exponentially")
axis.set(xlabel="step", ylabel="largest distance between units")
axis.legend(loc="lower right", ncols=2)
show(
    figure,
    "Distance between the 16 units over 1000 steps, on a logarithmic axis. Three lines that start at "
    "three noise levels rise in parallel; the upper two flatten near 0.1 to 1.",
)

# %% [markdown]
# The symmetric point is like a ball on the top of a ridge: exactly on the ridge it stays for ever, and any touch makes it
# fall. The touch can be a rounding error. The next cell trains the equal units with Adam in both libraries and prints how
# far they are apart. What it prints depends on the machine; yours may differ.

# %% tags=["nbval-ignore-output"]
net = sixteen()
twin = train_torch(torch_twin(net), 400, lr=0.01, optimizer="Adam")
train_steps(net, 400, lr=0.01, optimizer="Adam")
units = {"scratch": net[0].params["weight"], "PyTorch": twin[0].weight.detach().numpy()}
for name, w in units.items():
    print(f"after 400 steps of Adam, units are apart by {np.ptp(w, axis=0).max():.0e} ({name})")

# %% [markdown]
# "Will never diverge" is exact mathematics; on a computer a rounding error can undo it after a few
# hundred steps. But nobody should wait for rounding errors: random starts break the symmetry at once.
#
# ### What equal units cost
#
# Equal units are one unit. Let $M$ units share the incoming weights $w$ and the outgoing weights $v$. To the next layer
# they add $M v\, a$, just as one unit with outgoing weights $V = Mv$ would. One step of gradient descent moves
#
# $$dV = M\, dv = -M\eta\, \delta a, \qquad
#   dw = -\eta\, (v^T \delta)\, \sigma'(z)\, x = -\frac{\eta}{M}\, (V^T \delta)\, \sigma'(z)\, x.$$
#
# So $M$ equal units train exactly like *one* unit with rate $M\eta$ for its outgoing and $\eta/M$ for its incoming weights.
# The cell trains both for 200 steps and compares what they compute.
#
# **Predict, then run.** What do 64 equal units cost in accuracy, against 64 different ones, each at its best rate?

# %%
M, eta = 64, 0.1
many, one = network("Tanh", alike, 1, width=M), network("Tanh", alike, 1, width=1)
one.params["2.weight"][...] *= M
speed = {"0.weight": 1 / M, "0.bias": 1 / M, "2.weight": M, "2.bias": 1}
loss, rng = scratch.CrossEntropyLoss(), np.random.default_rng(0)
for _ in range(200):
    batch = rng.choice(len(train[0]), 100, replace=False)
    for net, rates in ((many, {}), (one, speed)):
        loss(net(train[0][batch]), train[1][batch])
        net.backward(loss.backward())
        for key, w in net.params.items():
            w -= eta * rates.get(key, 1) * net.grads[key]
difference = abs(many(test[0]) - one(test[0])).max()
print(f"64 equal units and one unit compute the same to 1e-9: {difference < 1e-9}")

RATE_I1 = {alike: 0.1, xavier: 0.3}
equal_units = [scores(lambda seed, s=start: network("Tanh", s, 1, seed), lr) for start, lr in RATE_I1.items()]
for name, accuracy in zip(("equal", "different"), equal_units, strict=True):
    print(f"64 {name} units: test accuracy {spread(accuracy)}")

# %% [markdown]
# **Practice today.** A single zero layer is a useful tool (row 4 of the first table). Networks with shortcuts
# often start the last layer of each branch at 0, so that every block begins as the identity: Goyal et al. (2017) do it with
# the scale of the last batch norm of a ResNet block, Fixup (Zhang, Dauphin and Ma 2019) with the weights.
#
# **What to remember (I1).** Two zero layers (tanh, ReLU): the answer is the same for every input, for ever. Equal units
# stay equal and are worth one. Random numbers are there to break the symmetry, nothing else. Biases may start at 0.
#
# **Check yourself**
#
# 1. Softmax regression has one weight layer and no hidden units. Does $W = 0$ harm it?
# 2. All incoming weights of two units are equal, the outgoing ones differ. After which step do the units differ?
# 3. Two units with $w_i = -w_j$ and tanh: does a symmetry remain?
#
# <details><summary>Answer</summary>
#
# 1. No. $\partial C/\partial W = \delta x^T$ with $x \ne 0$ and $\delta \ne 0$, and the outputs differ because their
#    targets differ. It is rule 4: the one zero layer moves.
# 2. After the first: $a_i = a_j$, but $\delta_i \ne \delta_j$.
# 3. Yes, if the outgoing weights are opposite, too, and the biases 0: then $a_i = -a_j$, $\delta_i = -\delta_j$, and the
#    gradients are opposite. The two units compute $v a + (-v)(-a) = 2va$: again one unit.
#
# </details>

# %% [markdown]
# ## I2 · Small and large random numbers
#
# K's first idea: small random numbers, normal with standard deviation 0.01. "Works ~okay for small networks". L does not
# cover the topic and points to Nielsen's online book. U asks what happens with very small and very large $W$.
#
# ### One layer, forward and backward
#
# Let the weights be independent with mean 0 and variance $\operatorname{Var} w$, and independent of the inputs $a_j$. For
# one unit $z = \sum_{j=1}^{n_{in}} w_j a_j$ (bias 0):
#
# 1. The mean is $\mathrm E[z] = \sum_j \mathrm E[w_j] \mathrm E[a_j] = 0$.
# 2. So $\operatorname{Var} z = \mathrm E[z^2] = \sum_j \sum_k \mathrm E[w_j w_k] \, \mathrm E[a_j a_k]$.
# 3. For $j \ne k$: $\mathrm E[w_j w_k] = \mathrm E[w_j] \mathrm E[w_k] = 0$. Only $j = k$ stays, with
#    $\mathrm E[w_j^2] = \operatorname{Var} w$:
#
# $$\operatorname{Var} z = n_{in} \operatorname{Var} w \; \mathrm E[a^2]. \qquad \text{(forward)}$$
#
# Note that it is $\mathrm E[a^2]$, not $\operatorname{Var} a$: the mean of the inputs counts. The $a_j$ need not be
# independent of each other.
#
# Backward, unit $j$ of the layer below receives $\partial C/\partial a_j = \sum_{i=1}^{n_{out}} w_{ij} \delta_i$. The same
# three steps, assuming that $w$ and $\delta$ are independent, and then one more factor for $\sigma'$:
#
# $$\mathrm E[(\delta^{l})^2] = \mathrm E[\sigma'(z^l)^2] \; n_{out} \operatorname{Var} w \;
#   \mathrm E[(\delta^{l+1})^2]. \qquad \text{(backward)}$$
#
# Each layer multiplies by a factor. Ten layers multiply by its tenth power: this is all of the trouble.
#
# ### K's experiment
#
# Ten layers of 500 units; input 1000 × 500 numbers from $N(0, 1)$. We do it forward and backward: at the top we feed in a
# gradient $\partial C/\partial a^{10}$, also from $N(0, 1)$. The arithmetic is float32, as in practice.


# %%
START = {"0.01": normal(0.01), "1.0": normal(1.0), "Xavier": xavier, "He": he}
LAYERS = range(1, 11)


def rms(array):
    """Root mean square."""
    return float(np.sqrt(np.mean(array**2, dtype=np.float64)))


@cache
def ten_layers(act, start, seed=0):
    """K's experiment, forward and backward: statistics of each layer, and some rows to draw."""
    rng = np.random.default_rng(seed)
    x, da = rng.standard_normal((2, 1000, 500), dtype=np.float32)
    run = SimpleNamespace(x=x, da=da, weights=[], mean=[], std=[], a=[], delta=[], rms_delta=[], rms_dW=[])
    layers, a = [], x
    for _ in LAYERS:
        linear, sigma = scratch.Linear(500, 500, bias=False), getattr(scratch, act)()
        START[start](linear.params["weight"], rng)
        a = sigma(linear(a))
        layers.append((linear, sigma))
        run.weights.append(linear.params["weight"])
        run.a.append(a[:100])
        run.mean.append(float(a.mean(dtype=np.float64)))
        run.std.append(float(a.std(dtype=np.float64)))
    for linear, sigma in reversed(layers):
        delta = sigma.backward(da)
        da = linear.backward(delta)
        run.delta.insert(0, delta[:100])
        run.rms_delta.insert(0, rms(delta))
        run.rms_dW.insert(0, rms(linear.grads["weight"]) / len(x))  # mean over the batch
    return run


# %% [markdown]
# The two formulas give a **prediction**: start with $\mathrm E[a^2] = 1$ and repeat. For wide layers $z$ is nearly normal,
# so the expected values are integrals over a normal density. We compute them as sums on a fine grid. As a further check,
# `SECOND_RUN` holds the results of another program with other random numbers.

# %%
grid = np.linspace(-8, 8, 4001)
density = np.exp(-(grid**2) / 2)
density /= density.sum()
SLOPE = {"Tanh": lambda z: 1 - np.tanh(z) ** 2, "ReLU": lambda z: (z > 0).astype(float)}
VARIANCE = {"0.01": 0.01**2, "1.0": 1.0, "Xavier": 1 / 500, "He": 2 / 500}


def predicted(act, start, depth=10, n=500):
    """Standard deviation of a^l and RMS of δ^l for each layer, by the two formulas."""
    sigma = {"Tanh": np.tanh, "ReLU": lambda z: np.maximum(z, 0)}[act]
    square, std, slopes = 1.0, [], []
    for _ in range(depth):
        z = grid * np.sqrt(n * VARIANCE[start] * square)
        square, mean = density @ sigma(z) ** 2, density @ sigma(z)
        std.append(np.sqrt(square - mean**2))
        slopes.append(density @ SLOPE[act](z) ** 2)
    delta = [slopes[-1]]
    for slope in reversed(slopes[:-1]):
        delta.insert(0, slope * n * VARIANCE[start] * delta[0])
    return SimpleNamespace(std=std, rms_delta=np.sqrt(delta))


SHOWN = (1, 2, 5, 10)
SECOND_RUN = {  # standard deviation in layers 1, 2, 5, 10
    ("Tanh", "0.01"): (0.214, 0.0475, 5.3e-4, 3.0e-7),
    ("Tanh", "1.0"): (0.982, 0.982, 0.982, 0.982),
    ("Tanh", "Xavier"): (0.628, 0.485, 0.321, 0.228),
    ("Tanh", "He"): (0.721, 0.633, 0.566, 0.556),
    ("ReLU", "0.01"): (0.131, 0.0208, 8.8e-5, 9.1e-9),
    ("ReLU", "1.0"): (13.1, 208, 8.8e5, 9.1e11),
    ("ReLU", "Xavier"): (0.584, 0.416, 0.157, 0.029),
    ("ReLU", "He"): (0.826, 0.832, 0.888, 0.929),
}


def by_layer(runs, what):
    """Table rows for each (act, start): measured, predicted and, for "std", the second run."""
    rows = []
    for key in runs:
        sources = {"measured": getattr(ten_layers(*key), what), "predicted": getattr(predicted(*key), what)}
        values = {kind: [source[k - 1] for k in SHOWN] for kind, source in sources.items()}
        if what == "std":
            values["second run"] = SECOND_RUN[key]
        rows += [(", ".join(key), kind, *(f"{v:.3g}" for v in found)) for kind, found in values.items()]
    return rows


# %% [markdown]
# **Predict, then run.** tanh, standard deviation 0.01: by which factor does the signal shrink in each layer? (Use the
# forward formula with $\mathrm E[a^2] \approx \operatorname{Var} z$.) And with 1.0?

# %% tips={"rtol": 0.02}
small, large = ten_layers("Tanh", "0.01"), ten_layers("Tanh", "1.0")
table(
    ("standard deviation of a", "", *(f"layer {k}" for k in SHOWN)),
    by_layer([("Tanh", "0.01"), ("Tanh", "1.0")], "std"),
)
print(f"factor per layer at 0.01: √(500 · 0.01²) = {np.sqrt(500 * 0.01**2):.3f}")
print(f"1.0: share of |a| > 0.99 in layer 5: {np.mean(abs(large.a[4]) > 0.99):.2f}")
print(f"all means are small: largest |mean| {max(map(abs, small.mean + large.mean)):.3f}")


# %% tags=["hide-input"]
def histograms(rows, limits, title, alt):
    """One row of histograms for each (act, start), layers 1, 2, 5, 10."""
    figure, axes = plt.subplots(len(rows), 4, figsize=(8.4, 1.9 * len(rows)))
    for line, (act, start), limit in zip(axes, rows, limits, strict=True):
        for axis, layer in zip(line, SHOWN, strict=True):
            counts, edges = np.histogram(ten_layers(act, start).a[layer - 1], bins=41, range=limit)
            axis.stairs(counts, edges, fill=True, color=BLUE)
            if act == "ReLU":
                axis.set_ylim(0, 1.2 * counts[1:].max())  # the column at 0 is cut
            axis.set(xlim=limit, yticks=[])
            axis.grid(False)
            axis.set_title(f"layer {layer}", fontsize=10)
        line[0].set_ylabel(f"{act}\n{start}", rotation=0, ha="right", va="center")
    for axis in axes[-1]:
        axis.set_xlabel("activation a")
    figure.suptitle(title)
    show(figure, alt)


histograms(
    [("Tanh", "0.01"), ("Tanh", "1.0")],
    [(-1, 1)] * 2,
    "0.01: everything shrinks to 0.  1.0: everything is pushed to ±1",
    "Histograms of tanh activations in four of ten layers. With weights of 0.01 they narrow to a "
    "spike at 0; with 1.0 they pile up at -1 and 1 in every layer.",
)

# %% [markdown]
# With 0.01 every layer divides the signal by $1/0.224 \approx 4.5$. K's slide says that all activations *become zero*. They do
# not become exactly 0, but after ten layers they are about $3 \cdot 10^{-7}$. With 1.0, $z$ has a standard deviation of about
# 22, and 90 % of the units are saturated, as on the slide.
#
# ### The backward pass
#
# K asks: think about the backward pass. What do the gradients look like? The hint is the gate $z = Wx$: it sends back
# $\partial C/\partial x = W^T \delta$, small because $W$ is small, and $\partial C/\partial W = \delta x^T$, small because
# $x$ is small.
#
# For 1.0 the slide says: *gradients will be all zero*, because the units are saturated.
#
# **Predict, then run.** From layer 10 down to layer 1: does the error signal with 1.0 shrink or grow? Use the backward
# formula. $\mathrm E[\sigma'^2]$ is small, but $n \operatorname{Var} w = 500$.

# %% tips={"rtol": 0.05}
table(
    ("RMS of δ", "", *(f"layer {k}" for k in SHOWN)),
    by_layer([("Tanh", "0.01"), ("Tanh", "1.0")], "rms_delta"),
)
table(
    ("RMS of ∂C/∂W", *(f"layer {k}" for k in SHOWN)),
    [(f"Tanh, {s}", *(f"{ten_layers('Tanh', s).rms_dW[k - 1]:.2g}" for k in SHOWN)) for s in ("0.01", "1.0")],
)
tiny = np.mean(abs(large.delta[4]) < 1e-3 * rms(large.delta[4]))
exact_zeros = np.mean(large.delta[4] == 0)
growth = (large.rms_delta[0] / large.rms_delta[9]) ** (1 / 9)
print(f"1.0: δ grows by a factor of {growth:.1f} per layer, from the top down")
print(f"1.0: share of |δ| in layer 5 below 1/1000 of their RMS: {tiny:.2f}; exactly 0: {exact_zeros:.2f}")

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.7))
for start, colour, style, marker in (("0.01", BLUE, "-", "o"), ("1.0", RED, "--", "s")):
    run = ten_layers("Tanh", start)
    axes[0].semilogy(LAYERS, run.rms_delta, color=colour, linestyle=style, marker=marker, label=start)
    axes[0].semilogy(LAYERS, predicted("Tanh", start).rms_delta, color=BLACK, linestyle=":", linewidth=1.2)
    sizes = np.sort(abs(run.delta[4]).ravel() / rms(run.delta[4]))[::50]
    axes[1].semilogx(sizes + 1e-12, np.linspace(0, 1, len(sizes)), color=colour, linestyle=style, label=start)
axes[0].plot([], [], color=BLACK, linestyle=":", linewidth=1.2, label="predicted")
axes[0].set(title="0.01: vanishes. 1.0: explodes", xlabel="layer", ylabel="RMS of δ", xticks=LAYERS)
axes[0].legend(title="standard deviation")
axes[1].set(title="1.0: most are nearly 0, a few are huge", xlabel="|δ| / RMS, layer 5", xlim=(1e-9, 20))
axes[1].set(ylabel="share of entries below")
axes[1].legend(title="standard deviation", loc="upper left")
show(
    figure,
    "Left: size of the error signal by layer; towards layer 1 it falls to 1e-6 with weights of 0.01 "
    "and grows to 1e4 with weights of 1.0. Right: cumulative share of |delta|; with 1.0 most "
    "entries are far below the root mean square.",
)

# %% [markdown]
# Three findings.
#
# 1. **0.01 vanishes**, forward and backward, by the same factor. The gradient of $W^l$ is
#    $\delta^l (a^{l-1})^T$. Upwards, $a$ loses a factor; downwards, $\delta$ does. So the product is the *same in every
#    layer*: all ten are equally tiny. (It is not true that only the first layers starve.)
# 2. **1.0 explodes backward.** "Gradients will be all zero" does not reproduce: most entries are nearly 0, as the slide
#    says. But the few units that happen to be near $z = 0$ multiply by weights of size 1, 500 of them, and their
#    signal grows. A few huge gradients among many zeros are no better than none.
# 3. The prediction from two one-line formulas is good, for ten layers.
#
# PyTorch does the same experiment in four lines, here with our numbers.

# %%
a = torch.tensor(large.x, requires_grad=True)
weights = [torch.tensor(w, requires_grad=True) for w in large.weights]
stds = []
for w in weights:
    a = torch.tanh(a @ w.T)
    stds.append(a.std(correction=0).item())
a.backward(torch.tensor(large.da))
dW = [rms(w.grad.numpy()) / 1000 for w in weights]
print("PyTorch agrees, standard deviations:", np.allclose(stds, large.std, rtol=1e-3))
print("PyTorch agrees, gradients of W:     ", np.allclose(dW, large.rms_dW, rtol=0.05))

# %% [markdown]
# ### Does it matter for training?
#
# **Predict, then run.** tanh networks with 1, 3 and 5 hidden layers; 0.01, 1.0 and Xavier (section I3), each at its own
# rate. Is "okay for small networks" true?

# %% tips={"atol": 0.03}
DEPTHS = (1, 3, 5)
RATE_I2 = {  # best rate for 1, 3, 5 hidden layers
    "0.01": (0.1, 0.3, 1.0),
    "1.0": (0.1, 0.1, 0.1),
    "Xavier": (0.3, 0.1, 0.03),
}
small_large = {
    (name, depth): scores(lambda seed, n=name, d=depth: network("Tanh", START[n], d, seed), lr)
    for name, rates in RATE_I2.items()
    for depth, lr in zip(DEPTHS, rates, strict=True)
}
table(
    ("test accuracy", *(f"{d} hidden" for d in DEPTHS), "rates"),
    [(n, *(spread(small_large[n, d]) for d in DEPTHS), ", ".join(map(str, r))) for n, r in RATE_I2.items()],
)

# %% [markdown]
# With one hidden layer 0.01 trains, but it is behind Xavier's start at this budget. With five it guesses, at every rate of
# the grid. The start with 1.0 loses as well: it never guesses completely, but it gets worse with depth.
#
# **What to remember (I2).** Each layer multiplies the signal by about $\sqrt{n_{in} \operatorname{Var} w}$ (as long as
# $\sigma$ is nearly linear). A fixed standard deviation ignores $n_{in}$. Too small: everything vanishes, all layers alike.
# Too large: tanh saturates, and the error signal explodes.
#
# **Check yourself**
#
# 1. A layer has 10 000 inputs. For which standard deviation of $w$ is the factor 1?
# 2. ReLU with 1.0: is the forward signal after ten layers of 500 bounded?
# 3. Why is it $\mathrm E[a^2]$ and not $\operatorname{Var} a$ in the forward formula?
#
# <details><summary>Answer</summary>
#
# 1. $1/\sqrt{10\,000} = 0.01$. So 0.01 is not wrong in itself; it fits layers of about this width.
# 2. No. The factor is $\sqrt{500/2} \approx 16$ per layer (I4), $16^{10} \approx 10^{12}$ in ten. tanh is bounded by 1, ReLU
#    by nothing.
# 3. $z$ has mean 0 because $w$ has, whatever the $a_j$ are. A constant input $a_j = 1$ has variance 0, and
#    still $w_j a_j$ varies from unit to unit.
#
# </details>

# %% [markdown]
# ## I3 · Xavier
#
# The forward and the backward formula of I2 become conditions on $\operatorname{Var} w$ if we want the factors to be 1. To get
# rid of $\sigma$, Glorot and Bengio (2010; Xavier is Glorot's first name) make an assumption.
#
# **Assumption: $\sigma$ is linear** with slope 1: $\sigma(z) = z$. For tanh this is right near 0: $\tanh 0 = 0$,
# $\tanh' 0 = 1$. For the sigmoid it is wrong: $\sigma(0) = \frac12$, $\sigma'(0) = \frac14$.
#
# **Forward.** Then $a^{l-1} = z^{l-1}$ has mean 0 and $\mathrm E[(a^{l-1})^2] = \operatorname{Var} z^{l-1}$. The forward
# formula becomes
#
# $$\operatorname{Var} z^l = n_{in} \operatorname{Var} w \cdot \operatorname{Var} z^{l-1}
#   \quad\Rightarrow\quad n_{in} \operatorname{Var} w = 1.$$
#
# **Backward.** With $\sigma' = 1$
#
# $$\operatorname{Var} \delta^l = n_{out} \operatorname{Var} w \cdot \operatorname{Var} \delta^{l+1}
#   \quad\Rightarrow\quad n_{out} \operatorname{Var} w = 1.$$
#
# Here $n_{in}$ and $n_{out}$ belong to the weights between layer $l$ and its neighbour in the formula.
#
# **Compromise.** Both hold only if $n_{in} = n_{out}$. The first wants $1/\operatorname{Var} w = n_{in}$, the second
# $1/\operatorname{Var} w = n_{out}$. Take the mean of the two:
#
# $$\frac{1}{\operatorname{Var} w} = \frac{n_{in} + n_{out}}{2}, \qquad
#   \operatorname{Var} w = \frac{2}{n_{in} + n_{out}}.$$
#
# Now the forward factor is $\frac{2 n_{in}}{n_{in} + n_{out}}$ and the backward factor $\frac{2 n_{out}}{n_{in} + n_{out}}$.
# Their sum is 2: what one direction gains, the other loses.
#
# **The distribution** is free. A uniform variable on $[-b, b]$ has variance
# $\frac{1}{2b}\int_{-b}^{b} w^2 dw = \frac{1}{2b} \cdot \frac{2b^3}{3} = \frac{b^2}{3}$. So `xavier_uniform_` takes
#
# $$b = \sqrt 3 \cdot \sqrt{\frac{2}{n_{in} + n_{out}}} = \sqrt{\frac{6}{n_{in} + n_{out}}}.$$
#
# Scratch and PyTorch draw different numbers. We compare what they have in common (the last digit is chance).

# %% tips={"rtol": 0.02}
fan_out, fan_in = 200, 800
XAVIER, HE = np.sqrt(2 / (fan_in + fan_out)), np.sqrt(2 / fan_in)
torch.manual_seed(0)
rng, rows = np.random.default_rng(0), []
for name, wanted in (
    ("xavier_normal_", XAVIER),
    ("xavier_uniform_", XAVIER),
    ("kaiming_normal_", HE),
    ("kaiming_uniform_", HE),
):
    ours = getattr(scratch, name)(np.empty((fan_out, fan_in)), rng=rng)
    theirs = getattr(pytorch, name)(torch.empty(fan_out, fan_in)).numpy()
    stds = wanted, ours.std(), theirs.std()
    most = abs(ours).max() / wanted, abs(theirs).max() / wanted
    rows.append((f"`{name}`", *(f"{s:.3f}" for s in stds), *(f"{m:.1f}" for m in most)))
table(
    ("800 in, 200 out", "wanted std", "scratch", "PyTorch", "largest / std, scratch", "PyTorch"),
    rows,
)

# %% [markdown]
# The uniform ones end at $\sqrt 3 \approx 1.7$ standard deviations, the normal ones reach beyond 4.
#
# ### The compromise, measured
#
# Is a factor that differs from 1 in each layer not dangerous again? Take the start $\operatorname{Var} w = 1/n_{out}$, which
# is right backward. Its forward factors are $n_{in}/n_{out}$. Over all layers
#
# $$\frac{n_0}{n_1} \cdot \frac{n_1}{n_2} \cdots \frac{n_{L-1}}{n_L} = \frac{n_0}{n_L}.$$
#
# The product *telescopes*: the widths in between cancel, and nothing grows exponentially with depth. He et al. (2015) argue
# so, and use only one of the two conditions.
#
# **Predict, then run.** A linear network of widths 800, 400, 200, 100, 50. By which factor do three starts change the
# variance, forward and backward?

# %% tips={"rtol": 0.03}
WIDTHS = (800, 400, 200, 100, 50)
rng = np.random.default_rng(0)
x, dz = rng.standard_normal((500, WIDTHS[0])), rng.standard_normal((500, WIDTHS[-1]))
rows, pyramid = [], {}
for name, variance in (
    ("1 / fan_in", lambda n_in, n_out: 1 / n_in),
    ("1 / fan_out", lambda n_in, n_out: 1 / n_out),
    ("Xavier", lambda n_in, n_out: 2 / (n_in + n_out)),
):
    z, delta, forward, backward = x, dz, 1.0, 1.0
    W = []
    for n_in, n_out in pairwise(WIDTHS):
        W.append(rng.standard_normal((n_out, n_in)) * np.sqrt(variance(n_in, n_out)))
        z = z @ W[-1].T
        forward *= n_in * variance(n_in, n_out)
        backward *= n_out * variance(n_in, n_out)
    for w in reversed(W):
        delta = delta @ w
    pyramid[name] = z.var() / x.var(), delta.var() / dz.var()
    values = pyramid[name][0], forward, pyramid[name][1], backward
    rows.append((name, *(f"{v:.2g}" for v in values)))
table(("Var w", "forward, measured", "predicted", "backward, measured", "predicted"), rows)

# %% [markdown]
# Each one-sided start pays the whole ratio $800/50 = 16$ in the other direction; Xavier pays part of it in both. None of them
# is a disaster.
#
# ### Xavier in the ten layers
#
# **Predict, then run.** tanh is not linear: $|\tanh z| < |z|$. Does the signal still shrink, and does it shrink
# exponentially? And with ReLU?

# %% tips={"rtol": 0.03}
table(
    ("standard deviation of a", "", *(f"layer {k}" for k in SHOWN)),
    by_layer([("Tanh", "Xavier"), ("ReLU", "Xavier")], "std"),
)

# %% tags=["hide-input"]
histograms(
    [("Tanh", "Xavier"), ("ReLU", "Xavier")],
    [(-1, 1), (0, 1)],
    "Xavier: tanh keeps its signal, ReLU loses it (column at 0 cut)",
    "Histograms of activations in four of ten layers with Xavier's start. For tanh they stay wide "
    "and get slowly narrower; for ReLU they pile up at 0.",
)

# %% [markdown]
# K calls Xavier's start *reasonable*, shown on tanh, and there it is. The loss is slow, and we can say how slow. For small
# $z$, $\tanh z \approx z - z^3/3$, so $\tanh^2 z \approx z^2 - \frac23 z^4$. For a normal $z$ with variance $q$,
# $\mathrm E[z^4] = 3q^2$. Hence one layer takes the variance from $q$ to
#
# $$q' \approx q - \tfrac23 \cdot 3 q^2 = q - 2q^2, \qquad
#   \frac{1}{q'} \approx \frac1q \cdot \frac{1}{1 - 2q} \approx \frac1q + 2.$$
#
# Each layer adds 2 to $1/q$. From $q = 1$ at the input: $q^l \approx \frac{1}{2l + 1}$. The standard deviation falls like
# $1/\sqrt{2l + 1}$: a power of the depth, not an exponential.

# %% tips={"rtol": 0.02}
xavier_tanh = ten_layers("Tanh", "Xavier")
for layer in SHOWN:
    formula = (2 * layer + 1) ** -0.5
    print(f"layer {layer:2}: measured {xavier_tanh.std[layer - 1]:.3f}   1/√(2l + 1) = {formula:.3f}")

# %% [markdown]
# The formula is a little low, since in the first layers $q$ is not small; deeper it fits better.
#
# With ReLU the start breaks, as K says: about half of the signal's variance is lost in every layer. Section I4 repairs this.
#
# **What to remember (I3).** $\operatorname{Var} w = 2/(n_{in} + n_{out})$: the compromise between the forward and the backward
# condition, for a linear $\sigma$. Good for tanh; the signal falls like $1/\sqrt{2l+1}$. Not made for ReLU, and not for the
# sigmoid.
#
# **Check yourself**
#
# 1. A layer with 300 inputs and 100 outputs: Xavier's standard deviation, and its forward and backward factor?
# 2. The sigmoid has $\sigma'(0) = \frac14$. Which backward condition would you ask for?
# 3. A *linear* layer has 10 inputs and 1000 outputs. What does K's $1/n_{in}$ do, forward and backward?
#
# <details><summary>Answer</summary>
#
# 1. $\sqrt{2/400} \approx 0.071$; forward $300 \cdot 2/400 = 1.5$, backward $100 \cdot 2/400 = 0.5$.
# 2. $\frac{1}{16}\, n_{out} \operatorname{Var} w = 1$: four times larger weights, as in lecture 01 (A2).
# 3. Forward the factor is 1: the number of outputs plays no role. Backward it is $1000/10 = 100$.
#
# </details>

# %% [markdown]
# ## I4 · He
#
# K: "He et al., 2015 (note additional /2)". Where does the 2 come from? We go back to the two formulas of I2 and put
# in ReLU instead of the linear assumption.
#
# **Forward.** We need $\mathrm E[a^2]$ for $a = \max(0, z)$. The weights are symmetric around 0, so $z$ is, too: its density
# satisfies $p(z) = p(-z)$. Then
#
# $$\mathrm E[a^2] = \int_0^\infty z^2 p(z)\, dz = \frac12 \int_{-\infty}^{\infty} z^2 p(z)\, dz
#   = \frac12 \operatorname{Var} z.$$
#
# ReLU throws away half of the energy. The forward formula becomes
#
# $$\operatorname{Var} z^l = \tfrac12\, n_{in} \operatorname{Var} w \cdot \operatorname{Var} z^{l-1}
#   \quad\Rightarrow\quad \operatorname{Var} w = \frac{2}{n_{in}}.$$
#
# **Backward.** $\sigma'(z)^2$ is 1 with probability $\frac12$ and 0 otherwise: $\mathrm E[\sigma'^2] = \frac12$. So
# $\frac12\, n_{out} \operatorname{Var} w = 1$, and $\operatorname{Var} w = 2/n_{out}$ (`mode="fan_out"`). By the telescope of
# I3 one of the two is enough.
#
# **Leaky ReLU** with slope $\alpha$: the negative half contributes $\alpha^2$ times the same integral,
# $\mathrm E[a^2] = \frac{1 + \alpha^2}{2} \operatorname{Var} z$, so $\operatorname{Var} w = \frac{2}{(1 + \alpha^2) n_{in}}$.
#
# **Under Xavier** a ReLU layer of equal widths has the factor $\frac12$ for the variance, $\sqrt{1/2} \approx 0.71$ for the
# standard deviation, forward *and* backward. Ten layers: $2^{-5} \approx 0.03$.
#
# PyTorch calls $\sqrt{n_{in} \operatorname{Var} w}$ the **gain**, and has a table of recommendations:

# %%
rows = []
for name, slope in (("linear", None), ("tanh", None), ("relu", None), ("leaky_relu", 0.1), ("selu", None)):
    ours, theirs = scratch.calculate_gain(name, slope), pytorch.calculate_gain(name, slope)
    rows.append((name if slope is None else f"{name}, α = {slope}", f"{ours:.4f}", f"{theirs:.4f}"))
table(("activation", "gain, scratch", "gain, PyTorch"), rows)

# %% [markdown]
# **Predict, then run.** ReLU and tanh, both with He's start. Which standard deviation does the derivation promise for ReLU
# in every layer? ($\mathrm E[a^2] = 1$; the mean of $\max(0, z)$ for a normal $z$ with variance 2 is
# $\sqrt{2/(2\pi)} = \sqrt{1/\pi}$.)

# %% tips={"rtol": 0.03}
table(
    ("standard deviation of a", "", *(f"layer {k}" for k in SHOWN)),
    by_layer([("ReLU", "He"), ("ReLU", "0.01"), ("ReLU", "1.0"), ("Tanh", "He")], "std"),
)
deviation = {"Tanh": 0.0, "ReLU": 0.0}
for (act, start), second in SECOND_RUN.items():
    first = np.array([ten_layers(act, start).std[k - 1] for k in SHOWN])
    deviation[act] = max(deviation[act], abs(first / second - 1).max())
last = [ten_layers("ReLU", "He", seed).std[-1] for seed in SEEDS]
print(f"promised for ReLU: √(1 − 1/π) = {np.sqrt(1 - 1 / np.pi):.3f}")
print(f"layer 10, three seeds: {', '.join(f'{value:.2f}' for value in last)}")
largest = f"tanh {deviation['Tanh']:.2f}, ReLU {deviation['ReLU']:.2f}"
print(f"all eight starts against the second run, largest deviation: {largest}")

# %% tags=["hide-input"]
histograms(
    [("ReLU", "He"), ("Tanh", "He")],
    [(0, 3), (-1, 1)],
    "He: ReLU keeps its distribution over ten layers (column at 0 cut)",
    "Histograms of activations in four of ten layers with He's start. For ReLU the shape, a spike at "
    "0 and half a bell, stays the same; for tanh it stays wide.",
)

# %% [markdown]
# The promise is kept, up to chance: the factor of a layer is 1 only on average, and by layer 10 one network is above, another
# below. Section I7 comes back to this. The three ReLU starts share one draw of numbers, and
# $\max(0, cz) = c \max(0, z)$ for $c > 0$: a start that is $c$ times larger makes layer $l$ exactly $c^l$ times larger. So
# they deviate from the prediction alike. tanh does not mind the larger weights: it settles where shrinking by tanh and
# growing by $\sqrt 2$ balance.
#
# ### All starts, forward and backward

# %% tags=["hide-input"]
LINES = dict(zip(START, zip((BLUE, RED, GREEN, ORANGE), "osD^", DASHES, strict=False), strict=True))
figure, axes = plt.subplots(2, 2, figsize=(9, 6.4), sharex=True, sharey="row")
for column, act in zip(axes.T, ("Tanh", "ReLU"), strict=True):
    for start, (colour, marker, style) in LINES.items():
        run, theory = ten_layers(act, start), predicted(act, start)
        for axis, what in zip(column, ("std", "rms_delta"), strict=True):
            axis.semilogy(LAYERS, getattr(run, what), color=colour, linestyle=style, marker=marker, label=start)
            axis.semilogy(LAYERS, getattr(theory, what), color=BLACK, linestyle=":", linewidth=1)
    column[0].set_title(act)
    column[1].set_xlabel("layer")
axes[0, 0].set_ylabel("standard deviation of a")
axes[1, 0].set_ylabel("RMS of δ")
axes[0, 0].set_xticks(LAYERS)
axes[0, 1].legend(ncols=2, loc="upper left")
figure.suptitle("Xavier keeps tanh nearly level, He keeps ReLU level, both ways (dotted: predicted)")
show(
    figure,
    "Four panels by layer: activations (top) and error signals (bottom), for tanh (left) and ReLU "
    "(right). 0.01 falls steeply in all; 1.0 explodes except for tanh's bounded activations; Xavier "
    "is nearly level for tanh, He for ReLU. Dotted predictions lie on the measured points.",
)

# %% [markdown]
# ### What PyTorch does if you say nothing
#
# `torch.nn.Linear` starts with weights and biases uniform on $\pm 1/\sqrt{n_{in}}$. The variance of the weights is
# $\frac{1}{3 n_{in}}$: neither Xavier's nor He's.
#
# **Predict, then run.** By which factor does a ReLU layer then change the signal? What do the random biases do?

# %% tips={"rtol": 0.05}
torch.manual_seed(0)
a = torch.randn(1000, 500)
rows, default_std = [], {}
with torch.no_grad():
    for layer in LAYERS:
        a = torch.relu(pytorch.Linear(500, 500)(a))
        across = a.std(dim=0, correction=0).mean().item()  # of one unit, over the examples
        default_std[layer] = a.std(correction=0).item(), across
        if layer in SHOWN:
            rows.append((layer, *(f"{value:.2g}" for value in default_std[layer])))
table(("layer", "std over all entries", "std of a unit over the examples"), rows)
print(f"factor of the weights: √(1/2 · 500 · 1/1500) = {np.sqrt(1 / 6):.2f}")

# %% [markdown]
# The second column hides the trouble: the biases keep the entries apart. But a single unit hardly distinguishes the examples
# any more: the third column falls by about the factor of the weights in each layer. That is good enough for a few layers. For
# a deep plain ReLU network, set the start yourself.
#
# ### The lecture's own contradiction
#
# K's summary says: "use ReLU" and "use Xavier init". K's own page on Xavier says: "when using the ReLU nonlinearity it
# breaks". Who is right?
#
# **Predict, then run.** ReLU networks with 3, 10 and 30 hidden layers, Xavier against He, each at its own rate. At
# which depth does Xavier fail?

# %% tips={"atol": 0.03}
RATE_I4 = {  # hidden layers: (Xavier, He)
    3: (0.1, 0.1),
    10: (0.1, 0.03),
    30: (1.0, 0.01),
}
contradiction = {
    (name, depth): scores(lambda seed, s=start, d=depth: network("ReLU", s, d, seed), lr)
    for depth, rates in RATE_I4.items()
    for (name, start), lr in zip((("Xavier", xavier), ("He", he)), rates, strict=True)
}
rows = []
for k, name in enumerate(("Xavier", "He")):
    rates = ", ".join(str(pair[k]) for pair in RATE_I4.values())
    rows.append((name, *(spread(contradiction[name, depth]) for depth in RATE_I4), rates))
table(("ReLU, test accuracy", *(f"{d} hidden" for d in RATE_I4), "rates"), rows)

# %% [markdown]
# Both slides are right, at different depths. With 3 and 10 layers the two starts train about equally well: under Xavier all
# gradients are too small by the *same* factor (I2), $2^{-5}$ at ten layers, and training makes up for it. With 30 layers Xavier
# guesses at every rate of the grid (so its rate means nothing), and He trains. He et al. (2015) report the same of their
# convolutional networks: with 22 layers both starts converge, with 30 only theirs. So He's start with ReLU costs nothing and
# is safe; the line in the summary should read "use He".
#
# ### Try it
#
# Move the scale $s$: the weights have standard deviation $s/\sqrt n$. Which $s$ keeps ReLU level? And tanh?


# %%
def draw_scale(activation, scale):
    """Standard deviation of a and RMS of δ over 20 layers of 100 units."""
    rng, n = np.random.default_rng(0), 100
    a, da, layers = rng.standard_normal((200, n)), rng.standard_normal((200, n)), []
    stds, deltas = [], []
    for _ in range(20):
        linear = scratch.Linear(n, n, bias=False, dtype=np.float64)
        scratch.normal_(linear.params["weight"], std=scale / np.sqrt(n), rng=rng)
        layers.append((linear, getattr(scratch, activation)()))
        a = layers[-1][1](linear(a))
        stds.append(a.std())
    for linear, sigma in reversed(layers):
        delta = sigma.backward(da)
        da = linear.backward(delta)
        deltas.insert(0, rms(delta))
    figure, axis = plt.subplots()
    layer = range(1, 21)
    axis.semilogy(layer, stds, color=BLUE, marker="o", linestyle="-", label="std of a, forward")
    axis.semilogy(layer, deltas, color=RED, marker="s", linestyle="--", label="RMS of δ, backward")
    axis.set(title=f"{activation}, weights {scale}/√n", xlabel="layer", ylim=(1e-8, 1e8))
    axis.set_xticks(layer)
    axis.legend()
    return figure, f"{activation} with scale {scale}: signal sizes by layer"


explore(
    draw_scale,
    scale=(0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.41, 1.6, 2.0, 3.0, 5.0, 10.0),
    activation=("Tanh", "ReLU"),
)

# %% [markdown]
# **What to remember (I4).** ReLU halves the energy, so $\operatorname{Var} w = 2/n_{in}$. The forward or the backward
# condition: one is enough. At ten layers the factor 2 hardly matters for training, at thirty it decides. PyTorch's default is
# smaller than both.
#
# **Check yourself**
#
# 1. What is $\mathrm E[a^2]$ for $a = |z|$, and which $\operatorname{Var} w$ follows?
# 2. Ten ReLU layers under Xavier lose a factor of 32. Why can training make up for it?
# 3. Does the derivation need normal weights?
#
# <details><summary>Answer</summary>
#
# 1. $\mathrm E[z^2] = \operatorname{Var} z$: nothing is lost, so $1/n_{in}$, as in the linear case.
# 2. The gradients of all $W^l$ are too small by the same factor (I2), so one larger rate would fit all of them, and the
#    weights grow.
# 3. No: independent, mean 0, symmetric. The uniform start does the same.
#
# </details>

# %% [markdown]
# ## I5 · Orthogonal
#
# U's list ends with `torch.nn.init.orthogonal_`. Xavier and He keep the signal's size *on average* over directions. But a
# random matrix stretches some directions and squeezes others. Its **singular values** $s_1 \ge s_2 \ge \dots$ say by
# how much.
#
# Fifty layers multiply fifty matrices, $z^L = W^L \cdots W^1 x$ (linear), and the differences multiply, too. For a square
# normal matrix with variance $1/n$ the mean of $s_i^2$ is 1:
# $\frac1n \sum_i s_i^2 = \frac1n \sum_{ij} w_{ij}^2 \approx \frac1n \cdot n^2 \cdot \frac1n = 1$. But the single $s_i$ lie
# between nearly 0 and 2.
#
# An **orthogonal** matrix has $W^T W = 1$, so $\lVert Wx \rVert^2 = x^T W^T W x = \lVert x \rVert^2$ for *every* $x$: all
# $s_i = 1$. And a product of orthogonal matrices is orthogonal:
# $(W^2 W^1)^T W^2 W^1 = (W^1)^T (W^2)^T W^2 W^1 = (W^1)^T W^1 = 1$. Depth does no harm, for any direction, forward and
# backward (Saxe et al. 2013, who solve deep linear networks exactly).
#
# **How to make one.** Draw a normal matrix, decompose it into $QR$, take $Q$; the signs of $R$'s diagonal make the
# distribution uniform. A matrix that is not square gets orthonormal columns (if it has more rows) or rows (if it has more
# columns).

# %%
torch.manual_seed(0)
rng = np.random.default_rng(0)
for shape in ((100, 100), (100, 40), (40, 100)):
    ours = scratch.orthogonal_(np.empty(shape), rng=rng)
    theirs = pytorch.orthogonal_(torch.empty(shape, dtype=torch.float64)).numpy()
    largest = [abs(np.linalg.svd(w, compute_uv=False) - 1).max() for w in (ours, theirs)]
    print(f"weight {shape}: all singular values 1 to 1e-12, scratch and PyTorch: {max(largest) < 1e-12}")

# %% [markdown]
# **Predict, then run.** 100 units, products of 1, 10 and 50 matrices. What becomes of the largest, the median and the smallest
# singular value?


# %%
def spectrum(start, depth, act=None, n=100):
    """Singular values of ∂z^L/∂x, at a random input x; without `act` the network is linear."""
    rng = np.random.default_rng(0)
    x, jacobian = rng.standard_normal((1, n)), np.eye(n)
    for layer in range(depth):
        if layer > 0 and act:
            sigma = getattr(scratch, act)()
            x = sigma(x)
            jacobian = sigma.backward(np.ones_like(x)).T * jacobian
        W = start(np.empty((n, n)), rng)
        x, jacobian = x @ W.T, W @ jacobian
    return np.linalg.svd(jacobian, compute_uv=False)


def above(s, share):
    return f"{np.mean(s > share * s[0]):.2f}"


PRODUCTS = {("Gaussian", d): spectrum(xavier, d) for d in (1, 10, 50)}
PRODUCTS |= {("orthogonal", d): spectrum(orthogonal, d) for d in (1, 10, 50)}
table(
    ("start", "layers", "largest", "median", "share above 1/10 of the largest"),
    [(*key, f"{s[0]:.2g}", f"{np.median(s):.2g}", above(s, 0.1)) for key, s in PRODUCTS.items()],
)

# %% tags=["hide-input"]
figure, axis = plt.subplots()
for depth, colour, style in zip((1, 10, 50), (ORANGE, BLUE, GREEN), ("-", "--", "-."), strict=True):
    label = f"Gaussian, {depth} layer" + "s" * (depth > 1)
    axis.semilogy(range(1, 101), PRODUCTS["Gaussian", depth], color=colour, linestyle=style, label=label)
label = "orthogonal, 1, 10, 50 layers"
axis.semilogy(range(1, 101), PRODUCTS["orthogonal", 50], color=RED, linestyle=":", linewidth=3, label=label)
axis.set(title="Products of Gaussian matrices lose almost all directions", ylim=(1e-10, 100))
axis.set(xlabel="singular value, largest first", ylabel="size")
axis.legend(loc="lower left", fontsize=10)
show(
    figure,
    "The 100 singular values of products of 1, 10 and 50 matrices. Gaussian: the curves fall more "
    "steeply with depth, over many orders of magnitude at 50. Orthogonal: a flat line at 1.",
)

# %% [markdown]
# After 50 Gaussian layers a handful of directions carry everything. Whatever the input was, the output lies near
# a low-dimensional space; and the gradient comes back through the same product, transposed.
#
# ### With activations
#
# Between two layers stands a diagonal matrix of slopes $\sigma'(z)$. **Predict, then run.** The singular values of
# $\partial z^{L}/\partial x$ with tanh and ReLU: does orthogonality survive? (ReLU gets the gain $\sqrt 2$.)


# %%
def times_root2(start):
    return lambda w, rng: np.multiply(start(w, rng), np.sqrt(2), out=w)


JACOBIANS = {
    ("tanh", "Gaussian"): spectrum(xavier, 20, "Tanh"),
    ("tanh", "orthogonal"): spectrum(orthogonal, 20, "Tanh"),
    ("ReLU", "Gaussian"): spectrum(times_root2(xavier), 20, "ReLU"),
    ("ReLU", "orthogonal"): spectrum(times_root2(orthogonal), 20, "ReLU"),
}
table(
    ("20 layers", "start", "largest", "median", "share above 1/10 of the largest"),
    [(*key, f"{s[0]:.2g}", f"{np.median(s):.2g}", above(s, 0.1)) for key, s in JACOBIANS.items()],
)

# %% [markdown]
# With tanh near its linear part most of the advantage survives. With ReLU little is left: each layer projects about
# half of the directions away, orthogonal or not. Pennington et al. (2017) show it by random matrix theory: deep ReLU
# networks cannot keep all singular values near 1, deep tanh networks with orthogonal weights can.
#
# ### Does it train better?
#
# Narrow and deep is where directions get lost: 16 tanh units, 10 or 100 hidden layers, two epochs.
#
# **Predict, then run.** At which depth does it matter?

# %% tips={"atol": 0.03}
RATE_I5 = {  # hidden layers: (Gaussian, orthogonal)
    10: (0.1, 0.1),
    100: (0.003, 0.003),
}
deep = {
    (name, depth): scores(lambda seed, s=start, d=depth: network("Tanh", s, d, seed, width=16), lr, epochs=2)
    for depth, rates in RATE_I5.items()
    for (name, start), lr in zip((("Xavier", xavier), ("orthogonal", orthogonal)), rates, strict=True)
}
table(
    ("tanh, width 16, test accuracy", "10 hidden", "100 hidden"),
    [(name, *(spread(deep[name, depth]) for depth in RATE_I5)) for name in ("Xavier", "orthogonal")],
)

# %% [markdown]
# At 10 layers there is no difference beyond the spread. At 100 layers the Gaussian start guesses at every rate of the grid
# (which was extended down to 0.001), the orthogonal one trains.
#
# **Practice today.** Orthogonal weights are common in recurrent networks and in reinforcement learning. Xiao et al. (2018)
# train plain convolutional networks of 10 000 layers with an orthogonal start; nobody needs them, since shortcuts do the
# same with less care.
#
# **What to remember (I5).** Xavier and He keep the *average* direction, orthogonal weights *each* direction. It matters for
# very deep networks, with activations that are nearly linear.
#
# **Check yourself**
#
# 1. A weight [100, 40] with orthonormal columns: what happens to the length of $x$? And of a gradient on the way back?
# 2. Which entries does an orthogonal $1 \times 1$ matrix have?
# 3. Why does $\frac1n \sum_i s_i^2 = 1$ not help the gradient?
#
# <details><summary>Answer</summary>
#
# 1. $\lVert Wx \rVert = \lVert x \rVert$. Backward, $W^T \delta$ keeps only the part of $\delta$ in a 40-dimensional
#    subspace of the 100: shorter on average by $\sqrt{40/100}$.
# 2. $1$ or $-1$.
# 3. It is an average of squares. A few large values can make it 1 while most are nearly 0.
#
# </details>

# %% [markdown]
# ## I6 · Gradients of different size
#
# U asks "why are adaptive methods relevant for deep learning?", and answers: "the gradients have really different magnitude
# across layers, and the trend is consistent". We measure, at the start, for three networks with five hidden layers and
# five seeds each.
#
# I2 predicts more. With equal widths, $a$ loses a factor $f$ per layer upwards and $\delta$ a factor $g$ downwards. So
# $\partial C/\partial W^l$ has the size $f^{\,l} g^{\,L-l}$ up to constants, and $\partial C/\partial b^l$ has the size
# of $\delta^l$, so $g^{\,L-l}$.
#
# * ReLU, He: $f = g = 1$. All alike.
# * ReLU, a tenth of He: $f = g = 0.1$. All *weights* alike and tiny; *biases* differ by 10 from layer to layer.
# * Sigmoid, Xavier: the activations stay near $\frac12$, so $f = 1$; but $g = \frac14$ (lecture 01, A2). All differ.
#
# **Predict, then run.** In which network does U's claim hold? Does each seed show the same trend?


# %%
def scaled(factor):
    """He's start, times a factor."""
    return lambda w, rng: np.multiply(he(w, rng), factor, out=w)


def gradient_sizes(net):
    """RMS of ∂C/∂W and of ∂C/∂b for each layer, on the first 500 training examples."""
    loss = scratch.CrossEntropyLoss()
    loss(net(train[0][:500]), train[1][:500])
    net.backward(loss.backward())
    return [[rms(g) for key, g in net.grads.items() if key.endswith(kind)] for kind in ("weight", "bias")]


NETS = {
    "sigmoid, Xavier": ("Sigmoid", xavier),
    "ReLU, He": ("ReLU", he),
    "ReLU, He / 10": ("ReLU", scaled(0.1)),
}
sizes = {  # [seed, weights or biases, layer]
    name: np.array([gradient_sizes(network(act, start, 5, seed)) for seed in range(5)])
    for name, (act, start) in NETS.items()
}
rows, last_first, rising = [], {}, {}
for name, found in sizes.items():
    for kind, size in zip(("weights", "biases"), (found[:, 0], found[:, 1]), strict=True):
        ratio = size[:, -2] / size[:, 0]  # last hidden layer / first
        last_first[name, kind] = np.exp(np.log(ratio).mean())
        rising[name, kind] = (np.diff(size[:, :-1], axis=1) > 0).all(axis=1).sum()
        ratios = [f"{float(f'{r:.2g}'):g}" for r in (last_first[name, kind], ratio.min())]
        rows.append((name, kind, *ratios, f"{rising[name, kind]} of 5"))
table(("at the start", "", "last hidden / first, mean", "smallest", "seeds that rise in every layer"), rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.7), sharey=True)
for axis, (name, found) in zip(axes, sizes.items(), strict=True):
    for seed in range(5):
        for kind, (label, colour, style) in enumerate((("weights", BLUE, "-o"), ("biases", ORANGE, "--s"))):
            label = label if seed == 0 else None
            axis.semilogy(range(1, 7), found[seed, kind], style, color=colour, ms=4, lw=1, label=label)
    axis.set(title=name, xlabel="layer (6 = output)", xticks=range(1, 7))
axes[0].set_ylabel("RMS of the gradient")
axes[1].legend(loc="lower right")
figure.suptitle("How much the gradients differ between layers depends on the start")
show(
    figure,
    "RMS gradients of weights and biases in six layers, five seeds, three networks. Sigmoid: both rise "
    "by about 4 per layer. ReLU with He: nearly level. ReLU with a tenth of He: weights level at "
    "1e-7, biases rise by 10 per layer.",
)

# %% [markdown]
# Where the layers differ much, the trend is consistent, as U says: all five seeds rise in every layer, and the five lines
# run in parallel. How much they differ depends on the start. For the sigmoid the factor is several hundred, for ReLU with
# He's start about 3, and there the order of neighbouring layers changes from seed to seed. With a tenth of He the
# *weights* of different layers agree, but the biases are far from them and from each other.
#
# ### What an adaptive method does
#
# Adam (lecture 07) divides each gradient by its own recent size. Its first step moves every weight by about the rate
# $\eta$, however small the gradient is. Let us look at one step of each on the sigmoid network: the relative change
# $\lVert \Delta W \rVert / \lVert W \rVert$ of each layer.

# %%
first_step = {}
for name, lr in (("SGD", 1.0), ("Adam", 0.01)):
    net = network("Sigmoid", xavier, 5)
    twin, before = torch_twin(net), net.state_dict()
    opt, loss = getattr(scratch, name)(net.params, lr=lr), scratch.CrossEntropyLoss()
    loss(net(train[0][:500]), train[1][:500])
    net.backward(loss.backward())
    opt.step(net.grads)
    torch_opt = getattr(pytorch, name)(twin.parameters(), lr=lr)
    pytorch.CrossEntropyLoss()(twin(torch.tensor(train[0][:500])), torch.tensor(train[1][:500])).backward()
    torch_opt.step()
    weights = [key for key in before if key.endswith("weight")]
    first_step[name] = [scratch.update_ratio(before[k], net.params[k] - before[k]) for k in weights]
    same = all(np.allclose(w.detach(), net.params[k], atol=1e-9) for k, w in twin.named_parameters())
    print(f"{name}: PyTorch makes the same step: {same}")
table(
    ("relative change in one step", *(f"layer {k}" for k in range(1, 7))),
    [(name, *(f"{value:.1g}" for value in ratios)) for name, ratios in first_step.items()],
)

# %% [markdown]
# SGD moves the last layer thousands of times more than the first, relative to its size. Adam moves all of them alike.
#
# **Predict, then run.** Does it help? Five sigmoid layers, each optimizer at its own rate.

# %%
sigmoid_nets = {
    "SGD": scores(lambda seed: network("Sigmoid", xavier, 5, seed), 1.0),
    "Adam": scores(lambda seed: network("Sigmoid", xavier, 5, seed), 0.01, optimizer="Adam"),
}
for name, accuracy in sigmoid_nets.items():
    print(f"sigmoid, 5 hidden layers, Xavier, {name:4}: test accuracy {spread(accuracy)}")

# %% [markdown]
# SGD guesses at every rate of its grid, Adam trains. So U's reason for adaptive methods is sound, where gradients differ. For
# a start that keeps the layers alike (He, ReLU) this reason falls away, and I8 shows the two optimizers close together there.
#
# **What to remember (I6).** Gradient sizes across layers follow from forward and backward factors: $f^{\,l} g^{\,L-l}$ for
# weights. Seeds agree. An adaptive method makes steps of equal size from gradients of unequal size; a good start makes the
# gradients equal in the first place.
#
# **Check yourself**
#
# 1. $f = 0.5$, $g = 2$, $L = 10$: which layer has the largest weight gradients?
# 2. Why do the biases of "He / 10" differ by ten from layer to layer while the weights do not?
#
# <details><summary>Answer</summary>
#
# 1. $f^{\,l} g^{\,L-l} = 2^{10 - 2l}$: the first, by a factor of 4 per layer.
# 2. A bias has no input: its gradient is $\delta^l$ alone, without the factor $f^{\,l}$ of the activations that would
#    balance it.
#
# </details>

# %% [markdown]
# ## I7 · An active area of research
#
# K ends with a list: Saxe et al. (I5), Sussillo and Abbott (random walk), He et al. (I4), Krähenbühl et al.
# (data-dependent), Mishkin and Matas (LSUV). We try those that we have not met.
#
# ### Random walk initialization
#
# In I4 the standard deviation in layer 10 was above the promise for one seed and below for another. Why? Take a linear layer
# of width $N$ with $\operatorname{Var} w = g^2/N$. Given $a$, the $z_i$ are independent, normal, with variance
# $g^2 \lVert a \rVert^2 / N$. So
#
# $$\lVert z \rVert^2 = g^2 \lVert a \rVert^2 \cdot X, \qquad X = \frac1N \sum_{i=1}^N u_i^2, \quad u_i \sim N(0, 1).$$
#
# $X$ has mean 1 and variance $2/N$. The logarithm turns the product over layers into a sum:
# $\log \lVert a^L \rVert$ makes one random step $\log g + \frac12 \log X$ per layer: a **random walk**. Its drift is, with
# $\log X \approx (X - 1) - \frac12 (X - 1)^2$,
#
# $$\log g + \tfrac12 \mathrm E[\log X] \approx \log g - \tfrac14 \operatorname{Var} X = \log g - \frac{1}{2N}.$$
#
# With $g = 1$ (Xavier) the *mean* of $\lVert a \rVert^2$ stays, but the *typical* network loses $e^{-1/(2N)}$ per layer. Without
# drift: $g = e^{1/(2N)}$, the choice of Sussillo and Abbott (2014).
#
# For ReLU, $X = \frac{2}{N} \sum_i \max(0, u_i)^2$. One term $2 \max(0, u)^2$ has mean 1 and mean square
# $4 \cdot \frac12 \mathrm E[u^4] = 6$, so variance 5. $\operatorname{Var} X = 5/N$, the drift with He's $g = \sqrt 2$ is
# $-\frac{5}{4N}$, and without drift $g = \sqrt 2\, e^{1.25/N}$. Sussillo and Abbott fit
# $g = \sqrt 2\, e^{1.2/(\max(N, 6) - 2.4)}$ to simulations, nearly the same.
#
# **Predict, then run.** ReLU, $N = 20$, 100 layers, 300 networks. By how many powers of ten does He's start shrink the
# error signal of the typical (median) network?

# %% tips={"rtol": 0.02, "atol": 0.02}
N, DEPTH, NETWORKS = 20, 100, 300


def walks(gain, seed=0):
    """log10 of ‖δ^l‖ / ‖δ^L‖ for many ReLU networks [NETWORKS, DEPTH + 1], from the top down."""
    rng = np.random.default_rng(seed)
    a, weights, active = rng.standard_normal((NETWORKS, 1, N)), [], []
    for _ in range(DEPTH):
        weights.append(rng.standard_normal((NETWORKS, N, N)) * gain / np.sqrt(N))
        z = a @ weights[-1]
        active.append(z > 0)
        a = np.maximum(z, 0)
    delta = rng.standard_normal((NETWORKS, 1, N))
    lengths = [np.linalg.norm(delta, axis=2)[:, 0]]
    for w, open_gates in zip(reversed(weights), reversed(active), strict=True):
        delta = (delta * open_gates) @ w.transpose(0, 2, 1)
        lengths.append(np.linalg.norm(delta, axis=2)[:, 0])
    with np.errstate(divide="ignore"):
        return np.log10(np.array(lengths).T / lengths[0][:, None])


GAINS = {
    "He: √2": np.sqrt(2),
    "√2 · exp(1.25/N)": np.sqrt(2) * np.exp(1.25 / N),
    "√2 · exp(1.2/(N − 2.4))": np.sqrt(2) * np.exp(1.2 / (N - 2.4)),
}
walk = {name: walks(gain) for name, gain in GAINS.items()}
rows = []
for name, w in walk.items():
    drift = DEPTH * (np.log(GAINS[name] / np.sqrt(2)) - 1.25 / N) / np.log(10)
    low, middle, high = np.percentile(w[:, -1], (25, 50, 75))
    rows.append((name, f"{middle:.2f}", f"{round(drift, 1) + 0.0:.1f}", f"{low:.1f} to {high:.1f}"))
header = "gain (N = 20, 100 layers)", "median of log10 ‖δ⁰‖/‖δᴸ‖", "predicted", "middle half"
table(header, rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.7), sharey=True)
titles = ("He's gain √2: downhill", "corrected gain: no drift")
for axis, name, title in zip(axes, ("He: √2", "√2 · exp(1.2/(N − 2.4))"), titles, strict=True):
    axis.plot(walk[name][:25].T, color=BLUE, alpha=0.4, linewidth=0.8, linestyle="-")
    axis.plot([], [], color=BLUE, alpha=0.4, linewidth=0.8, linestyle="-", label="25 networks")
    axis.plot(np.median(walk[name], axis=0), color=RED, linestyle="--", linewidth=2.5, label="median of 300")
    axis.axhline(0, color=BLACK, linewidth=1, linestyle=":")
    axis.set(title=title, xlabel="layers passed, from the top", ylim=(-7.5, 5))
axes[0].set_ylabel("log10 of ‖δ‖, relative to the top")
axes[1].legend(loc="lower left")
show(
    figure,
    "Random walks of the logarithm of the gradient norm over 100 narrow ReLU layers. With He's gain the "
    "median falls by three powers of ten; with the corrected gain it stays near 0, with equal spread.",
)

# %% [markdown]
# The drift is close to the prediction; Sussillo and Abbott's fit is the better of the two. A corrected gain removes the
# drift, but not the spread: a single network can still be off by a power of ten. And it depends on $1/N$: for $N = 500$
# and ten layers the drift is only $e^{-10 \cdot 1.25/500} \approx 0.98$.
#
# ### Let the data decide: LSUV
#
# All starts so far come from a formula for one activation. Mishkin and Matas (2015) measure instead. *Layer-sequential
# unit variance*, going forward through the network with one batch of real data:
#
# 1. fill the layer's weights with an orthogonal matrix, the biases with 0;
# 2. compute $z$ on the batch; divide the weights by the standard deviation of $z$;
# 3. repeat step 2 until the standard deviation is 1 to within 1 %, then go on to the next layer.
#
# Here one division is enough, because $z$ is linear in the weights.
#
# **Predict, then run.** A network of eight *sigmoid* layers, which Xavier cannot start (lecture 01). What are the standard
# deviations of $z^l$, over all units and examples, under Xavier and LSUV? And those of a *single unit over the examples*?

# %%
batch = train[0][:500]


def lsuv(act, hidden, seed):
    net = network(act, xavier, hidden, seed)
    scratch.lsuv_(net, batch, rng=np.random.default_rng(seed))
    return net


def layer_z(net, x):
    """z^l of every Linear layer on these examples."""
    zs = []
    for layer in net:
        x = layer(x)
        if isinstance(layer, scratch.Linear):
            zs.append(x)
    return zs


torch.manual_seed(0)
twin_stds = pytorch.lsuv_(torch_twin(network("Sigmoid", xavier, 8)), torch.tensor(batch))
print("PyTorch's LSUV, std of z in layers 1 to 9:", " ".join(f"{std:.2f}" for std in twin_stds))


sigmoid_starts = {"Xavier": network("Sigmoid", xavier, 8), "LSUV": lsuv("Sigmoid", 8, 0)}
rows = []
for name, net in sigmoid_starts.items():
    zs = [layer_z(net, batch)[k - 1] for k in (1, 2, 4, 8)]
    rows.append((name, "all entries", *(f"{z.std():.2g}" for z in zs)))
    rows.append((name, "a unit over the examples", *(f"{z.std(axis=0).mean():.2g}" for z in zs)))
table(("8 sigmoid layers: std of z", "", *(f"layer {k}" for k in (1, 2, 4, 8))), rows)

# %% [markdown]
# LSUV does what it promises: the standard deviation over all entries is 1 in every layer. But this number is a trap here. The
# sigmoid's outputs are all near $\frac12$, so every unit has its own large constant in $z$. The entries differ from unit
# to unit, while one unit hardly distinguishes the examples: its own standard deviation falls to almost nothing.
#
# Krähenbühl et al. (2015) therefore normalise *each unit* over the data, with weights *and* bias:
# $w_i \leftarrow w_i / s_i$ and $b_i \leftarrow -m_i/s_i$, with the mean $m_i$ and the standard deviation $s_i$ of $z_i$ over
# the batch. (Their method has a second step, which balances the layers' rates of change; we leave it out.)


# %%
def per_unit(act, hidden, seed):
    """Normal weights; then each unit of each layer gets mean 0 and standard deviation 1 on the batch."""
    net, rng, x = network(act, xavier, hidden, seed), np.random.default_rng(seed), batch
    for layer in net:
        if isinstance(layer, scratch.Linear):
            w, b = layer.params["weight"], layer.params["bias"]
            scratch.normal_(w, rng=rng)
            z = layer(x)
            w /= z.std(axis=0)[:, None]
            b -= z.mean(axis=0) / z.std(axis=0)
        x = layer(x)
    return net


sigmoid_starts["per unit"] = per_unit("Sigmoid", 8, 0)
relu_starts = {"Xavier": network("ReLU", xavier, 8), "He": network("ReLU", he, 8)}
relu_starts |= {"LSUV": lsuv("ReLU", 8, 0), "per unit": per_unit("ReLU", 8, 0)}

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.7), sharey=True)
STYLES = {
    "Xavier": (GREEN, "o", "-"),
    "He": (ORANGE, "^", "-."),
    "LSUV": (BLUE, "s", "--"),
    "per unit": (RED, "D", ":"),
}
for axis, act, starts in zip(axes, ("sigmoid", "ReLU"), (sigmoid_starts, relu_starts), strict=True):
    for name, net in starts.items():
        colour, marker, style = STYLES[name]
        values = [z.std(axis=0).mean() for z in layer_z(net, batch)]
        axis.semilogy(range(1, 10), values, color=colour, marker=marker, linestyle=style, label=name)
    axis.set(title=act, xlabel="layer (9 = output)", xticks=range(1, 10))
axes[0].set_ylabel("std of a unit's z over examples")
axes[1].legend(loc="lower left")
figure.suptitle("Only normalising each unit keeps the examples apart in a sigmoid network")
show(
    figure,
    "Standard deviation of a unit over the examples by layer. Sigmoid: it falls to below 1e-3 with Xavier "
    "and with LSUV, and stays at 1 with the per-unit start. ReLU: Xavier falls, He and LSUV fall "
    "slowly, per unit stays at 1.",
)

# %% [markdown]
# **Predict, then run.** Train the eight sigmoid layers from LSUV and from the per-unit start, each at its own rate. (From
# Xavier's they guess: lecture 01, A2.)

# %%
STARTS_I7 = {  # name: (how to make one, best rate)
    "LSUV": (lambda seed: lsuv("Sigmoid", 8, seed), 1.0),
    "per unit": (lambda seed: per_unit("Sigmoid", 8, seed), 0.03),
}
data_dependent = {name: scores(make, lr) for name, (make, lr) in STARTS_I7.items()}
table(
    ("8 sigmoid layers", "rate", "test accuracy"),
    [(name, lr, spread(data_dependent[name])) for name, (_, lr) in STARTS_I7.items()],
)

# %% [markdown]
# A start that looks at the data, unit by unit, makes even eight sigmoid layers trainable with plain SGD; no formula for
# the sigmoid was needed. One number per layer was not enough: from LSUV the network guesses, at every rate of the grid. (Mishkin and Matas use LSUV with ReLU, tanh and maxout, not
# with sigmoids in every layer; this is a limit, not an error of theirs.)
#
# **What to remember (I7).** Narrow networks: the typical signal drifts by about $-1.25/N$ per ReLU layer. Data-dependent starts
# measure instead of assuming. Ask *what* is normalised: a layer, or each unit.
#
# **Check yourself**
#
# 1. Why is one division by the standard deviation enough in LSUV's step 2?
# 2. Which well-known layer does the per-unit start remind you of, and what is the difference?
#
# <details><summary>Answer</summary>
#
# 1. The bias is 0, so $z = Wx$ is linear in $W$: dividing $W$ by $s$ divides the standard deviation by $s$.
# 2. Batch norm (I8). The per-unit start normalises once, before training; batch norm in every step.
#
# </details>

# %% [markdown]
# ## I8 · Preview: normalising inside the network
#
# K: "You want unit Gaussian activations? Just make them so." **Batch norm** (Ioffe and Szegedy 2015; lecture 08) subtracts from
# each $z_i$ its mean over the batch and divides by its standard deviation, in *every* step. K's slide promises that it
# "reduces the strong dependence on initialization".
#
# A first reason needs one line. If all weights into a unit are multiplied by $c > 0$, then its mean and its standard deviation
# are multiplied by $c$, too, and
#
# $$\frac{cz - c\mu}{\sqrt{c^2 \sigma_B^2}} = \frac{z - \mu}{\sqrt{\sigma_B^2}}.$$
#
# The output does not change at all (with $\varepsilon = 0$; $\sigma_B$ is the batch's standard deviation). So forward, the
# scale of the start *cannot* matter, except in the output layer, which has no batch norm. The gradient of the weights is
# $1/c$ times as large, so the best learning rate still depends on $c$.

# %%
for factor in (0.1, 10.0):
    nets = [network("ReLU", scaled(s), 5, norm=True) for s in (1.0, factor)]
    nets[1][15].params["weight"][...] = nets[0][15].params["weight"]  # the same output layer
    outputs = [net(train[0][:100]) for net in nets]
    error = rms(outputs[1] - outputs[0]) / rms(outputs[0])
    print(f"hidden weights × {factor:4}: relative change of the output below 1 %: {error < 0.01}")

# %% [markdown]
# **Predict, then run.** ReLU, five hidden layers, He's start times 0.1, ⅓, 1, 3, 10. SGD, Adam, and SGD with batch norm, each
# combination at its own rate. How wide is the range of scales that each of them survives?

# %% tips={"atol": 0.03}
SCALES = (0.1, 1 / 3, 1, 3, 10)
METHODS = {  # name: (options of the network, options of training, best rate for each scale)
    "SGD": ({}, {}, (1.0, 0.3, 0.1, 0.3, 0.003)),
    "Adam": ({}, {"optimizer": "Adam"}, (0.03, 0.01, 0.01, 0.01, 0.01)),
    "SGD + batch norm": ({"norm": True}, {}, (0.1, 0.1, 0.1, 0.3, 0.1)),
}
by_scale = {
    name: [
        scores(lambda seed, f=factor, o=options: network("ReLU", scaled(f), 5, seed, **o), lr, **how)
        for factor, lr in zip(SCALES, rates, strict=True)
    ]
    for name, (options, how, rates) in METHODS.items()
}
table(
    ("test accuracy", *(f"He × {factor:.2g}" for factor in SCALES)),
    [(name, *map(spread, values)) for name, values in by_scale.items()],
)

# %% tags=["hide-input"]
figure, axis = plt.subplots()
lines = zip(by_scale.items(), (BLUE, ORANGE, RED), ("o-", "^--", "s-."), strict=True)
for (name, values), colour, style in lines:
    means, deviations = np.mean(values, axis=1), np.std(values, axis=1)
    axis.errorbar(SCALES, means, deviations, fmt=style, color=colour, capsize=4, label=name)
axis.axhline(0.1, color=BLACK, linewidth=1, linestyle=":", label="guessing")
axis.set(xscale="log", title="With batch norm the scale of the start hardly matters", ylim=(0, 0.7))
axis.set(xlabel="standard deviation of the start, relative to He's", ylabel="test accuracy")
axis.set_xticks(SCALES, ["0.1", "1/3", "1", "3", "10"])
axis.minorticks_off()
axis.legend(ncols=2, loc="upper right")
show(
    figure,
    "Test accuracy by scale of the start from 0.1 to 10 times He's. SGD works only near 1; Adam also "
    "for small scales; with batch norm accuracy is level from 0.1 to 3 and lower at 10.",
)

# %% [markdown]
# K's claim is reproduced. SGD alone trains only near He's scale. Adam rescues the small starts: with
# a tenth of He all gradients are tiny *together* (I6), and dividing by their size is what is needed. It does not rescue the
# large ones. With batch norm the accuracy is nearly level over a factor of 30. At 10 × it falls. Two likely
# reasons: the output layer is not normalised, and the gradient of ten times larger weights is ten times smaller.
#
# Could SGD rescue the small start with a much larger rate? The gradients are about $10^{-5}$ times smaller. We tried; there is
# no rate that works from the first step to the last.

# %%
for lr in (10, 1e3, 1e5):
    accuracy = fit(network("ReLU", scaled(0.1), 5), lr, seed=0)
    print(f"SGD, He × 0.1, rate {lr:g}: test accuracy {accuracy:.2f}")

# %% [markdown]
# **Practice today.** Normalisation and shortcuts made initialization less critical, but not unimportant.
#
# * ReLU and its relatives: He's start; tanh and linear layers: Xavier's. Biases 0.
# * Transformers: truncated normal with standard deviation 0.02 in BERT's code (Devlin et al. 2019); GPT-2 (Radford et
#   al. 2019) divides the weights that feed the residual path by the root of the number of residual layers, so that
#   their sum does not grow with depth.
# * Networks with shortcuts: the last layer of each branch starts at or near 0 (I1).
# * Very wide networks: Yang et al. (2022) derive how start *and* learning rate of each layer should scale with the width, so
#   that a rate tuned on a small model fits a large one.
#
# **What to remember (I8).** Batch norm makes the forward pass independent of the scale of the weights before it. Good
# starts are still needed for what is not normalised.
#
# **Check yourself**
#
# 1. Why does batch norm not help against $W = 0$ or equal weights?
# 2. The hidden weights are multiplied by $c$. Why is their gradient $1/c$ times as large under batch norm?
# 3. Does the bias of a layer matter if batch norm follows?
#
# <details><summary>Answer</summary>
#
# 1. Equal units stay equal: they have the same mean and standard deviation (I1). With $W = 0$ the standard deviation is 0.
# 2. The cost is the same function of $W$ and $cW$: $C(cW) = C(W)$. Differentiate both sides with respect to $W$:
#    $c\, \nabla C(cW) = \nabla C(W)$.
# 3. No. It is added to every $z_i$ of the unit and subtracted again with the mean.
#
# </details>

# %% [markdown]
# ## What the lectures claim and what we found
#
# Our numbers in this table come from the cells above.

# %% tags=["hide-input"] tips={"rtol": 0.05, "atol": 0.03}
small_relu, big_relu = ten_layers("ReLU", "0.01"), ten_layers("ReLU", "1.0")
relu_growth = (big_relu.std[-1] / big_relu.std[0]) ** (1 / 9)
bn, plain = by_scale["SGD + batch norm"], by_scale["SGD"]
ledger = [
    ("I1", "U: W = 0: no movement", f"tanh, ReLU: none of the weights moves; sigmoid: layers move {steps_text(movement['Sigmoid', (1, 2, 3)][0])}", "reproduced for tanh and ReLU, up to the output bias; not for the sigmoid"),
    ("I1", "C: identical neurons will never diverge", f"different units after 100 steps: {symmetry['nothing'][0]} (Adam {symmetry['another optimizer: Adam'][0]}, dropout {symmetry['dropout 0.5'][0]})", "reproduced; exact mathematics, but an unstable point: rounding and dropout break it"),
    ("I2", "L: not covered, a link", "done here", "gap closed"),
    ("I2", "K: 0.01 works okay for small networks", f"1 hidden layer: {small_large['0.01', 1].mean():.2f}, Xavier {small_large['Xavier', 1].mean():.2f}; 5: {small_large['0.01', 5].mean():.2f}", "partly: it trains, but is behind"),
    ("I2", "K: all activations become zero", f"layer 10: {small.std[-1]:.1g}", "reproduced in size; slip: small, not zero"),
    ("I2", "K: 1.0: almost all neurons saturated", f"beyond ±0.99: {np.mean(abs(large.a[4]) > 0.99):.2f}", "reproduced"),
    ("I2", "K: 1.0: gradients will be all zero", f"{tiny:.2f} of them are below 1/1000 of the RMS; the RMS grows {growth:.1f} × per layer", "not: slip; most are, the rest explodes"),
    ("I2", "U: large W: large value and gradient, worse with depth; small W likewise", f"ReLU, 1.0: values grow {relu_growth:.0f} × per layer; tanh: values at most 1, gradient grows", "reproduced; values only without saturation"),
    ("I3", "K: Xavier is reasonable (tanh)", f"layer 10: {xavier_tanh.std[-1]:.2f}, as 1/√(2l + 1) says", "reproduced"),
    ("I3", "K: the derivation assumes linear activations", f"ReLU loses {1 - np.sqrt(0.5):.2f} per layer; tanh a power law", "reproduced"),
    ("I3", "K: with ReLU it breaks", f"layer 10: {ten_layers('ReLU', 'Xavier').std[-1]:.3f}; accuracy at 10 layers {contradiction['Xavier', 10].mean():.2f} (He {contradiction['He', 10].mean():.2f}), at 30 layers {contradiction['Xavier', 30].mean():.2f} (He {contradiction['He', 30].mean():.2f})", "partly: statistics break at once, training only between 10 and 30 layers"),
    ("I4", "K: note additional /2", f"ReLU, layer 10, three seeds: {', '.join(f'{v:.2f}' for v in last)}; promised 0.83", "reproduced, and derived"),
    ("I4", "K's summary: use Xavier init", "K's summary says “use ReLU”, too, with which K's Xavier page says it breaks", "slip: He with ReLU"),
    ("I5", "U: orthogonal is a principled start", f"100 tanh layers: {deep['orthogonal', 100].mean():.2f}, Gaussian {deep['Xavier', 100].mean():.2f}; 10 layers: {deep['orthogonal', 10].mean():.2f}, {deep['Xavier', 10].mean():.2f}", "reproduced for very deep tanh"),
    ("I6", "U: really different magnitude across layers", f"last hidden / first: sigmoid {last_first['sigmoid, Xavier', 'weights']:.0f}, ReLU with He {last_first['ReLU, He', 'weights']:.1f}", "partly: depends on activation and start"),
    ("I6", "U: the trend is consistent", f"seeds that rise in every layer: sigmoid {rising['sigmoid, Xavier', 'weights']} of 5, ReLU with He {rising['ReLU, He', 'weights']} of 5", "reproduced where the layers differ much"),
    ("I6", "U: therefore adaptive methods", f"sigmoid, 5 layers: SGD {sigmoid_nets['SGD'].mean():.2f}, Adam {sigmoid_nets['Adam'].mean():.2f}", "reproduced"),
    ("I7", "K lists random walk", f"narrow ReLU, 100 layers: median falls by {-np.median(walk['He: √2'][:, -1]):.1f} powers of ten, corrected {abs(np.median(walk['√2 · exp(1.2/(N − 2.4))'][:, -1])):.1f}", "reproduced"),
    ("I7", "K lists data-dependent, LSUV", f"8 sigmoid layers: LSUV {data_dependent['LSUV'].mean():.2f}, per unit {data_dependent['per unit'].mean():.2f}", "partly: unit variance of a layer is not enough for sigmoids"),
    ("I8", "K: batch norm reduces the strong dependence on initialization", f"He × 0.1 … 10: with {', '.join(f'{v.mean():.2f}' for v in bn)}; without {', '.join(f'{v.mean():.2f}' for v in plain)}", "reproduced"),
]  # fmt: skip
table(("id", "claim", "what we found", "verdict"), ledger)

# %% [markdown]
# Two remarks on names: the paper that K cites as "Glorot et al., 2010" has two authors, Glorot and Bengio; and what K's code
# calls Xavier, $1/n_{in}$, is LeCun's older rule (LeCun et al. 1998), equal to Glorot's for square matrices.
#
# ## Exercises to try
#
# They are not graded.
#
# 1. **A gain for another activation.** Compute $\mathrm E[a^2]$ for the ELU, or for $|z|$, with the grid of section I2, and
#    find the gain that keeps the variance. Check it in `ten_layers` (add it to `START`).
# 2. **Break it with rounding.** Repeat the symmetric network in float32. How many steps until two units differ by
#    more than 0.01, in scratch and in PyTorch? With widths 16, 17 and 64?
# 3. **One rate for all.** Repeat the curves of I8 with each method's rate tuned at scale 1 only. Which curve changes most?
#
# ## Where to go from here
#
# * **Assignment `initialization`** grades P1, P3 ([lecture 03](03_preprocessing.ipynb)) and I1 to I5: `xavier_std`,
#   `he_std`, `orthogonal`, `layer_statistics`, `distinct_units`. Mind the conventions at the top: there a weight is
#   [in, out].
# * **Library**: `tipslib/scratch/initialization.py`, `batchnorm.py`, `diagnosis.py`.
# * **Next lecture**: 05, gradient descent: now that we start well, how do we walk?
#
# **Sources.** L: Hung-yi Lee, NTU, "Tips for Training Deep Neural Network" (Parameters Initialization, a link only). C: CMU
# 11-785 (Other tricks). K: Fei-Fei Li, Karpathy, Johnson, Stanford CS231n 2016, lecture 5 (Weight Initialization; Batch
# Normalization; Summary). U: Ju Sun, University of Minnesota, CSCI 8980 (Where to initialize for DNNs? Why adaptive methods
# relevant for DL?).
#
# **References**
#
# * J. Devlin et al., BERT, NAACL 2019.
# * X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010.
# * P. Goyal et al., Accurate, large minibatch SGD: training ImageNet in 1 hour, 2017.
# * K. He et al., Delving deep into rectifiers, ICCV 2015; Deep residual learning, CVPR 2016.
# * S. Ioffe and C. Szegedy, Batch normalization, ICML 2015.
# * P. Krähenbühl et al., Data-dependent initializations of convolutional neural networks, 2015.
# * Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient backprop, 1998.
# * D. Mishkin and J. Matas, All you need is a good init, 2015.
# * M. Nielsen, Neural networks and deep learning, online book, 2015.
# * J. Pennington, S. Schoenholz, S. Ganguli, Resurrecting the sigmoid in deep learning through dynamical isometry, NeurIPS
#   2017.
# * A. Radford et al., Language models are unsupervised multitask learners, 2019.
# * A. Saxe, J. McClelland, S. Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural networks,
#   2013.
# * D. Sussillo and L. Abbott, Random walk initialization for training very deep feedforward networks, 2014.
# * L. Xiao et al., Dynamical isometry and a mean field theory of CNNs, ICML 2018.
# * G. Yang et al., Tensor programs V: tuning large neural networks via zero-shot hyperparameter transfer, 2022.
# * H. Zhang, Y. Dauphin, T. Ma, Fixup initialization, ICLR 2019.
