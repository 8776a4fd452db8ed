# %% [markdown]
# # 00 · Backpropagation
#
# A network has thousands of weights. To train it, we must know for each of them: if this weight grows a little, does
# the cost grow or shrink, and how fast? Backpropagation answers for all weights at once. The rest of the course
# stands on it.
#
# **You will learn**
#
# | id | topic |
# |---|---|
# | B1 | to send values forward and gradients backward through a graph of gates |
# | B2 | to derive the error signal $\delta^l$ and to write it in ten lines |
# | B3 | to check a gradient, and to know what the check cannot see |
# | B4 | how the perceptron and Adaline learn, and why sign() is useless for gradient descent |
# | B5 | to count layers, to write the training loop, and to read its loss curve |
# | B6 | what happened between 1957 and 2012 |
# | B7 | what training, validation and test data are for |
#
# **You need** the derivative of a function, the chain rule, the product of two matrices, and a little NumPy. PyTorch is
# explained as we go.
#
# **How to read.** Before each experiment stands a question, *Predict, then run*. Write your answer down first. The
# questions under *Check yourself* have folded answers. The letters L, C, K and U name the lectures this course follows;
# they are listed at the end.

# %%
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown, display

from tipslib import pytorch, scratch
from tipslib.data import load
from tipslib.plotting import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, show, use_style

use_style()
torch.set_num_threads(1)  # one thread: the same sums in the same order every time

# %% [markdown]
# ### Conventions
#
# Most confusion about backpropagation is confusion about conventions. These are ours.
#
# | matter | lecture (L) | here, in NumPy and in PyTorch | relation |
# |---|---|---|---|
# | one example | a column $x$ | a row of `x`, shape [N, D] | transpose |
# | a layer | $z = Wx + b$ | `z = x @ W.T + b` | transpose both sides |
# | weights | $w_{ij}^l$: *from* unit $j$ *to* unit $i$ | `W[i, j]`, shape [out, in] | the same array |
# | error signal | a column $\delta^l$ | a row of `delta`, shape [N, units] | transpose |
# | elementwise product | $u \bullet v$ | `u * v` | the same |
# | output and target | output $y$, target $\hat y$ | `output`, `target` | many texts write $\hat y$ for the *output* |
# | cost | $C_x$ of one example $x$ | one number for the batch | mean of $C_x$, or sum if you ask for it |
# | square error | $\frac12 \lVert y - \hat y \rVert^2$ | `MSELoss`: mean of $(y - \hat y)^2$ over all entries | times 2 / (outputs per example) |
# | depth | layers $1 \dots L$ that have weights | `Linear` modules | the input is not counted |
#
# Three of these rows can be run.

# %%
rng = np.random.default_rng(0)
x_demo = rng.standard_normal((5, 3))  # 5 examples, 3 inputs
target_demo = rng.standard_normal((5, 4))  # 4 outputs
linear = scratch.Linear(3, 4, rng=rng, dtype=np.float64)
W, b = linear.params["weight"], linear.params["bias"]
y_demo = linear(x_demo)

columns = W @ x_demo.T + b[:, None]  # the lecture: one example is a column
print("weight, scratch and PyTorch:", W.shape, tuple(torch.nn.Linear(3, 4).weight.shape))
print("rows equal the columns' transpose:", np.allclose(y_demo, columns.T))

lecture = np.mean(0.5 * np.sum((y_demo - target_demo) ** 2, axis=1))  # mean of C_x over the batch
ratio = scratch.MSELoss()(y_demo, target_demo) / lecture
print(f"MSELoss / lecture's cost: {ratio:.2f}  (2 / 4 outputs)")

# %% [markdown]
# ## B1 · Forward and backward on a graph of gates
#
# Every cost, however complicated, is a graph of small gates: multiply, add, take the larger one. A gate need not know
# the graph. It has to do two things (K, "forward/backward API"):
#
# * **forward**: compute its output from its inputs;
# * **backward**: receive the gradient of the cost with respect to its output, and return the gradients with respect to
#   its inputs.
#
# ### One gate
#
# Let a gate compute $z = f(x, y)$, and let $C$ be the cost at the end of the graph. Move $x$ by a small $dx$.
#
# 1. The gate's output moves by $dz = \frac{\partial z}{\partial x} dx$. This factor is the **local gradient**. The gate
#    can compute it alone.
# 2. The cost moves by $dC = \frac{\partial C}{\partial z} dz$. This factor comes from above, from the rest of the graph.
# 3. Put 1 into 2 and divide by $dx$:
#
# $$\frac{\partial C}{\partial x} = \frac{\partial C}{\partial z} \, \frac{\partial z}{\partial x}, \qquad
#   \frac{\partial C}{\partial y} = \frac{\partial C}{\partial z} \, \frac{\partial z}{\partial y}$$
#
# So backward is always "what comes from above, times the local gradient".
#
# | gate | $z$ | $\partial z/\partial x$ | $\partial z/\partial y$ | what it does to a gradient |
# |---|---|---|---|---|
# | multiply | $xy$ | $y$ | $x$ | scales it by the *other* input |
# | add | $x + y$ | 1 | 1 | hands it to both |
# | max | $\max(x, y)$ | 1 if $x > y$, else 0 | 1 if $y > x$, else 0 | hands it to the larger input, 0 to the other |
#
# In code, a gate keeps in `forward` what `backward` will need.


# %%
class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dz):  # dz stands for ∂C/∂z
        return dz * self.y, dz * self.x


class Add:
    def forward(self, x, y):
        return x + y

    def backward(self, dz):
        return dz, dz


class Max:
    def forward(self, x, y):
        self.x_wins = x >= y  # on a tie we choose x; PyTorch gives each a half
        return max(x, y)

    def backward(self, dz):
        return (dz, 0.0) if self.x_wins else (0.0, dz)


# %% [markdown]
# ### Three gates
#
# Take $C = (p + q) \cdot \max(r, s)$ at $p = 2,\ q = -5,\ r = 4,\ s = 1$.
#
# **Predict, then run.** Which of the four inputs can you change without changing $C$ at all? Which two have the same
# gradient?

# %%
add, largest, multiply = Add(), Max(), Multiply()
p, q, r, s = 2.0, -5.0, 4.0, 1.0

u = add.forward(p, q)
v = largest.forward(r, s)
C = multiply.forward(u, v)
print(f"forward    u = {u:g}   v = {v:g}   C = {C:g}")

dC = 1.0  # ∂C/∂C
du, dv = multiply.backward(dC)
dp, dq = add.backward(du)
dr, ds = largest.backward(dv)
print(f"backward   du = {du:g}   dv = {dv:g}   dp = {dp:g}   dq = {dq:g}   dr = {dr:g}   ds = {ds:g}")

# %% [markdown]
# PyTorch does the same. It records the gates while it computes forward; `backward()` then walks through the record in
# reverse and leaves each result in `.grad`.

# %%
start = {"p": p, "q": q, "r": r, "s": s}
inputs = {name: torch.tensor(value, requires_grad=True) for name, value in start.items()}
C_torch = (inputs["p"] + inputs["q"]) * torch.maximum(inputs["r"], inputs["s"])
C_torch.backward()
print("PyTorch   ", {name: tensor.grad.item() for name, tensor in inputs.items()})
gates_agree = [tensor.grad.item() for tensor in inputs.values()] == [dp, dq, dr, ds]
print("equal to ours:", gates_agree)


# %% tags=["hide-input"]
def draw_graph(gates, wires, title, alt):
    """gates: (x, y, symbol); wires: (from point, to point, name, value, gradient)."""
    figure, ax = plt.subplots(figsize=(7.6, 4.2))
    for (x0, y0), (x1, y1), name, value, gradient in wires:
        ax.plot([x0, x1], [y0, y1], color="0.6", linestyle="-", linewidth=1.5, zorder=1)
        along = 0.22 if x0 == 0 else 0.45  # where on the wire the labels stand
        x, y = x0 + along * (x1 - x0), y0 + along * (y1 - y0)
        shift = 0.04 + 0.2 * abs(y1 - y0) / (x1 - x0)  # clear of a sloping wire
        ax.text(x, y + shift, f"{name} = {value:g}", color=BLUE, ha="center", va="bottom", fontsize=12)
        ax.text(x, y - shift, f"{gradient:g}", color=RED, ha="center", va="top", fontsize=12)
    circle = {"boxstyle": "circle,pad=0.45", "facecolor": "white", "edgecolor": BLACK}
    for x, y, symbol in gates:
        ax.text(x, y, symbol, ha="center", va="center", fontsize=13, zorder=3, bbox=circle)
    ax.plot([], [], "s", color=BLUE, label="above the wire: its value (forward)")
    ax.plot([], [], "s", color=RED, label="below the wire: gradient of C (backward)")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.02), ncol=2, fontsize=10)
    ax.set(title=title, xlim=(-0.1, 4.4), ylim=(-0.8, 3.2))
    ax.axis("off")
    show(figure, alt)


draw_graph(
    [(1.5, 2.2, "+"), (1.5, 0.2, "max"), (3.0, 1.2, "×")],
    [
        ((0, 2.8), (1.5, 2.2), "p", p, dp),
        ((0, 1.6), (1.5, 2.2), "q", q, dq),
        ((0, 0.8), (1.5, 0.2), "r", r, dr),
        ((0, -0.4), (1.5, 0.2), "s", s, ds),
        ((1.5, 2.2), (3.0, 1.2), "u", u, du),
        ((1.5, 0.2), (3.0, 1.2), "v", v, dv),
        ((3.0, 1.2), (4.4, 1.2), "C", C, dC),
    ],
    "Add hands the gradient on, max chooses, multiply exchanges",
    "A graph of three gates. p = 2 and q = -5 enter an add gate, r = 4 and s = 1 a max gate, "
    "and both results a multiply gate. Below the wires are the gradients: 4 for p and q, "
    "-3 for r, 0 for s.",
)

# %% [markdown]
# Read the figure from right to left. The multiply gate exchanges: $u$ receives the value of $v$, and $v$ that of $u$.
# The add gate gives the same 4 to $p$ and $q$. The max gate gives everything to $r$, and 0 to $s$: the loser has no
# influence, as long as it stays the loser.
#
# A gradient is a promise about small changes. Let us keep it: move each input by a little, and look.

# %%
h = 1e-6


def cost(p, q, r, s):
    return (p + q) * max(r, s)


print("moved   change of C / h   backward said")
for name, predicted, moved in (
    ("p", dp, cost(p + h, q, r, s)),
    ("q", dq, cost(p, q + h, r, s)),
    ("r", dr, cost(p, q, r + h, s)),
    ("s", ds, cost(p, q, r, s + h)),
):
    print(f"{name:5} {(moved - C) / h + 0.0:17.2f} {predicted:15.2f}")

# %% [markdown]
# ### One value, two paths: gradients add
#
# Now let $p$ also enter the max: $C = (p + q) \cdot \max(p, s)$. When $p$ moves by $dp$, then both $u$ and $v$ move, and
# the cost feels both:
#
# $$dC = \frac{\partial C}{\partial u} \frac{\partial u}{\partial p} dp + \frac{\partial C}{\partial v}
#   \frac{\partial v}{\partial p} dp
#   \qquad\Rightarrow\qquad
#   \frac{\partial C}{\partial p} = \frac{\partial C}{\partial u} \frac{\partial u}{\partial p}
#   + \frac{\partial C}{\partial v} \frac{\partial v}{\partial p}$$
#
# Where a value branches forward, its gradients are **summed** backward. This plus sign will become the sum over $k$ in
# B2 and the sum over the batch in every weight gradient.
#
# The slides' `Graph` object is a list of gates, in an order in which every gate finds its inputs ready. Backward goes
# through the list in reverse. The sum in its last line but one is the rule above.


# %%
class Graph:
    """Nodes are (gate, names of its inputs, name of its output), sorted so that inputs come first."""

    def __init__(self, *nodes):
        self.nodes = nodes

    def forward(self, **values):
        for gate, names, output in self.nodes:
            values[output] = gate.forward(*(values[name] for name in names))
        return values

    def backward(self, output):
        grads = {output: 1.0}
        for gate, names, output in reversed(self.nodes):
            for name, gradient in zip(names, gate.backward(grads[output]), strict=True):
                grads[name] = grads.get(name, 0.0) + gradient
        return grads


# %% [markdown]
# **Predict, then run.** At $p = 2,\ q = -5,\ s = 1$ we have $u = -3$ and $v = 2$. What is $\partial C/\partial p$? Two
# numbers must be added.

# %%
graph = Graph((Add(), ("p", "q"), "u"), (Max(), ("p", "s"), "v"), (Multiply(), ("u", "v"), "C"))
values = graph.forward(p=2.0, q=-5.0, s=1.0)
grads = graph.backward("C")
print("values   ", values)
print("gradients", {name: grads[name] for name in ("p", "q", "s", "u", "v")})

p_t, q_t, s_t = (torch.tensor(value, requires_grad=True) for value in (2.0, -5.0, 1.0))
((p_t + q_t) * torch.maximum(p_t, s_t)).backward()
print("PyTorch   p, q, s:", p_t.grad.item(), q_t.grad.item(), s_t.grad.item())

# %% [markdown]
# $p$ received $+2$ through the add gate and $-3$ through the max gate: $-1$ in all.
#
# ### The chain rule on a two-layer net
#
# A network is the same thing with more gates. Take the smallest one: one input, one hidden unit, one output, and
# $\sigma(z) = 1/(1 + e^{-z})$ twice.
#
# $$z_1 = w_1 x + b_1, \quad a_1 = \sigma(z_1), \quad z_2 = w_2 a_1 + b_2, \quad y = \sigma(z_2), \quad
#   C = \tfrac12 (y - \hat y)^2$$
#
# Walk back from $C$, one gate a line. Each line uses only the line before it and one local gradient. We need
# $\sigma'(z) = \sigma(z)(1 - \sigma(z))$.
#
# $$\begin{aligned}
# \frac{\partial C}{\partial y} &= y - \hat y \\
# \frac{\partial C}{\partial z_2} &= \frac{\partial C}{\partial y} \, \sigma'(z_2) & &\text{call it } \delta_2 \\
# \frac{\partial C}{\partial w_2} &= \delta_2 \, a_1, \qquad \frac{\partial C}{\partial b_2} = \delta_2 \\
# \frac{\partial C}{\partial a_1} &= \delta_2 \, w_2 \\
# \frac{\partial C}{\partial z_1} &= \frac{\partial C}{\partial a_1} \, \sigma'(z_1) & &\text{call it } \delta_1 \\
# \frac{\partial C}{\partial w_1} &= \delta_1 \, x, \qquad \frac{\partial C}{\partial b_1} = \delta_1
# \end{aligned}$$


# %%
def sigma(z):
    return 1 / (1 + np.exp(-z))


x, target = 1.5, 1.0
w1, b1, w2, b2 = 0.8, -0.2, -2.0, 0.5

z1 = w1 * x + b1
a1 = sigma(z1)
z2 = w2 * a1 + b2
y = sigma(z2)
C = 0.5 * (y - target) ** 2
print(f"forward   z1 = {z1:.4f}   a1 = {a1:.4f}   z2 = {z2:.4f}   y = {y:.4f}   C = {C:.4f}")

dy = y - target
delta2 = dy * y * (1 - y)
dw2, db2 = delta2 * a1, delta2
da1 = delta2 * w2
delta1 = da1 * a1 * (1 - a1)
dw1, db1 = delta1 * x, delta1
print(f"backward  dw1 = {dw1:.4f}   db1 = {db1:.4f}   dw2 = {dw2:.4f}   db2 = {db2:.4f}")

w1_t, b1_t, w2_t, b2_t = parameters = [
    torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in (w1, b1, w2, b2)
]
y_t = torch.sigmoid(w2_t * torch.sigmoid(w1_t * x + b1_t) + b2_t)
(0.5 * (y_t - target) ** 2).backward()
print("PyTorch  ", "   ".join(f"{parameter.grad.item():.4f}" for parameter in parameters))

# %% [markdown]
# Now with the library. A layer of `tipslib.scratch` is a gate with parameters: `forward`, `backward`, `params`, `grads`.
# `Sequential` is the graph when it is a simple chain.

# %%
net = scratch.Sequential(
    scratch.Linear(1, 1, dtype=np.float64),
    scratch.Sigmoid(),
    scratch.Linear(1, 1, dtype=np.float64),
    scratch.Sigmoid(),
)
for name, value in (("0.weight", w1), ("0.bias", b1), ("2.weight", w2), ("2.bias", b2)):
    net.params[name][...] = value

output = net.forward(np.array([[x]]))
net.backward(output - target)  # ∂C/∂y for C = ½(y − ŷ)²
print({name: round(gradient.item(), 4) for name, gradient in net.grads.items()})

# %% [markdown]
# ### Why backward, and not weight by weight?
#
# We could also find $\partial C/\partial w$ by moving each weight a little and computing the cost again. That costs two
# forward passes *per weight*. Backward gets all of them in one pass. Its price can be read off the matrix shapes. For a
# layer with $n$ inputs, $m$ outputs and $N$ examples:
#
# * forward, $x W^T$: $N n m$ multiplications;
# * backward for the weights, $\delta^T x$: $N n m$;
# * backward for the input, $\delta W$: $N n m$ (not needed in the first layer).
#
# **Predict, then run.** How many times the price of one forward pass is the backward pass? And the numerical way?

# %%
sizes, N = (40, 100, 10), 100
layers = list(pairwise(sizes))
weights = sum(n * m + m for n, m in layers)
forward_cost = sum(N * n * m for n, m in layers)
backward_cost = forward_cost + sum(N * n * m for n, m in layers[1:])

print(f"network 40-100-10: {weights} parameters")
print(f"forward         {forward_cost:>14,} multiplications")
ratio = backward_cost / forward_cost
print(f"backward        {backward_cost:>14,} = {ratio:.1f} forward passes (never more than 2)")
print(f"weight by weight{2 * weights * forward_cost:>14,} = {2 * weights} forward passes")

# %% [markdown]
# This is why everybody uses backpropagation. It is one case of *reverse-mode automatic differentiation*: for one output
# and many inputs, the whole gradient costs a small constant times the function, however many inputs there are
# (Baydin et al. 2018).
#
# **Practice today.** The 2016 slides show layers of (Lua) Torch, each with a hand-written backward, like our
# `scratch`. Today one writes only the forward pass, and autograd finds the backward pass. The old API survives where one
# adds a gate that autograd does not know, or knows only slowly:


# %%
class TorchMultiply(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, dz):
        x, y = ctx.saved_tensors
        return dz * y, dz * x


x_t, y_t = torch.tensor(-3.0, requires_grad=True), torch.tensor(4.0, requires_grad=True)
TorchMultiply.apply(x_t, y_t).backward()
print("gradients:", x_t.grad.item(), y_t.grad.item())

# %% [markdown]
# **What to remember (B1).** A gate multiplies what comes from above by its local gradient. Where a value branches,
# gradients add. One backward pass costs at most about two forward passes and gives the gradient of every weight.
#
# **Check yourself**
#
# 1. A gate computes $z = x^2$ as `multiply(x, x)`. What does backward give, and why is it right?
# 2. In the first graph, $r = 4$ and $s = 1$. What happens to the gradients when $s$ becomes 3.9? When it becomes 4.1?
#
# <details><summary>Answer</summary>
#
# 1. The gate returns $dz \cdot x$ for each of its two inputs. Both are the same variable, so they add: $2x\,dz$. This is
#    the derivative of $x^2$.
# 2. At 3.9 nothing changes: $r$ still wins. At 4.1 the max is $v = 4.1$ and $s$ wins: $s$ gets $-3$ and $r$ gets 0, and
#    $p$ and $q$ get 4.1. The gradient of $r$ jumped from $-3$ to 0. Such a place is called a *kink*; B3 meets it again.
#
# </details>

# %% [markdown]
# ## B2 · The error signal
#
# Now the general case, in the lecture's letters (L, "Review: Backpropagation"). The network has $L$ layers. Unit $i$ of
# layer $l$ computes
#
# $$z_i^l = \sum_j w_{ij}^l \, a_j^{l-1} + b_i^l, \qquad a_i^l = \sigma(z_i^l), \qquad a^0 = x, \quad y = a^L.$$
#
# $C_x$ is the cost of one example $x$. We want $\partial C_x / \partial w_{ij}^l$ for every weight.

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9.2, 3.9))
columns = ([0.6, 1.6, 2.6], [0.6, 1.6, 2.6], [0.1, 1.1, 2.1, 3.1])  # heights of the units of three layers
centred = {"ha": "center", "va": "center", "zorder": 5}
for ax, colour in zip(axes, (BLUE, RED), strict=True):
    for left in (0, 1):
        for y0 in columns[left]:
            for y1 in columns[left + 1]:
                ax.plot([2 * left, 2 * left + 2], [y0, y1], "-", color="0.85", linewidth=1, zorder=1)
    for column, heights in enumerate(columns):
        for height in heights:
            unit_i = (column, height) == (1, 1.6)
            edge = {"edgecolor": colour, "linewidth": 3} if unit_i else {"edgecolor": "0.4"}
            ax.scatter(2 * column, height, s=720, color="white", zorder=4, **edge)
        ax.text(2 * column, -0.5, ("layer $l-1$", "layer $l$", "layer $l+1$")[column], ha="center")
    arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 2, "shrinkA": 17, "shrinkB": 17}
    if colour == BLUE:
        for j, height in enumerate(reversed(columns[0]), start=1):
            ax.annotate("", (2, 1.6), (0, height), arrowprops=arrow, zorder=3)
            ax.text(0, height, f"$a_{j}^{{l-1}}$", **centred)
        ax.text(2, 1.6, r"$z_i^l$", **centred)
        ax.text(0.95, 2.42, r"$w_{ij}^l$", color=colour, fontsize=13, ha="center")
        ax.set_title("forward: unit $i$ collects the values $a_j$", color=colour, fontsize=12)
    else:
        for k, height in enumerate(reversed(columns[2]), start=1):
            ax.annotate("", (2, 1.6), (4, height), arrowprops=arrow, zorder=3)
            ax.text(4, height, rf"$\delta_{k}^{{l+1}}$", **centred)
        ax.text(2, 1.6, r"$\delta_i^l$", **centred)
        ax.text(2.9, 2.72, r"$w_{ki}^{l+1}$", color=colour, fontsize=13, ha="center")
        ax.set_title(r"backward: unit $i$ collects the signals $\delta_k$", color=colour, fontsize=12)
    ax.set(xlim=(-0.5, 4.5), ylim=(-0.7, 3.5), aspect="equal")
    ax.axis("off")
figure.suptitle("Each unit collects over its weights: values forward, error signals backward")
show(
    figure,
    "Two copies of a network of three layers. Left, blue arrows: unit i of layer l receives the "
    "activations of all units j of layer l-1 through the weights w_ij. Right, red arrows: the same "
    "unit receives the error signals of all units k of layer l+1 through the weights w_ki.",
)

# %% [markdown]
# ### Step 1: split the derivative
#
# The weight $w_{ij}^l$ reaches the cost only through $z_i^l$. So
#
# $$\frac{\partial C_x}{\partial w_{ij}^l} = \frac{\partial z_i^l}{\partial w_{ij}^l} \,
#   \frac{\partial C_x}{\partial z_i^l}.$$
#
# In the sum for $z_i^l$, the weight $w_{ij}^l$ is multiplied by $a_j^{l-1}$ and by nothing else. The first factor is
# $a_j^{l-1}$ (for $l = 1$ it is $x_j$). It is known from the **forward pass**. The second factor gets a name, the
# **error signal**:
#
# $$\delta_i^l = \frac{\partial C_x}{\partial z_i^l}, \qquad\text{so}\qquad
#   \frac{\partial C_x}{\partial w_{ij}^l} = a_j^{l-1} \, \delta_i^l, \qquad
#   \frac{\partial C_x}{\partial b_i^l} = \delta_i^l .$$
#
# ### Step 2: the last layer
#
# $z_i^L$ reaches the cost only through its own output $y_i = \sigma(z_i^L)$:
#
# $$\delta_i^L = \frac{\partial y_i}{\partial z_i^L} \, \frac{\partial C_x}{\partial y_i}
#   = \sigma'(z_i^L) \, \frac{\partial C_x}{\partial y_i}.$$
#
# ### Step 3: from layer $l+1$ to layer $l$
#
# $z_i^l$ first goes through $\sigma$, then branches to *every* unit $k$ of the next layer. Gradients add (B1):
#
# $$\delta_i^l = \frac{\partial a_i^l}{\partial z_i^l} \sum_k \frac{\partial z_k^{l+1}}{\partial a_i^l} \,
#   \frac{\partial C_x}{\partial z_k^{l+1}}
#   = \sigma'(z_i^l) \sum_k w_{ki}^{l+1} \, \delta_k^{l+1}.$$
#
# Look at the indices. Forward sums over the second index of $w$, backward over the first.
#
# ### Step 4: matrices
#
# $\sum_k w_{ki}^{l+1} \delta_k^{l+1}$ is entry $i$ of $(W^{l+1})^T \delta^{l+1}$, and $a_j^{l-1} \delta_i^l$ is entry
# $(i, j)$ of $\delta^l (a^{l-1})^T$. With $\bullet$ for the elementwise product:
#
# $$\boxed{\ \delta^L = \sigma'(z^L) \bullet \nabla C_x(y), \qquad
#   \delta^l = \sigma'(z^l) \bullet \left[ (W^{l+1})^T \delta^{l+1} \right], \qquad
#   \frac{\partial C_x}{\partial W^l} = \delta^l (a^{l-1})^T\ }$$
#
# ### Step 5: a batch, in rows
#
# Our examples are rows, so we transpose: $\delta^l$ has the shape $[N, n_l]$ and $\delta^{l+1} W^{l+1}$ takes the place of
# $(W^{l+1})^T \delta^{l+1}$. The cost of the batch is a sum over examples, so the gradients of the weights are summed
# too. The matrix product $(\delta^l)^T a^{l-1}$ does that by itself.
#
# First, the formulas index by index, exactly as derived. This is slow and easy to believe.


# %%
def backward_by_index(weights, zs, activations, dC_dy, slope):
    """Steps 1 to 3, one number at a time. activations: a^0 … a^L; zs and weights: from layer 1."""
    L, N = len(weights), len(dC_dy)
    deltas = [np.zeros_like(z) for z in zs]
    grads = [np.zeros_like(W) for W in weights]
    for n in range(N):
        for layer in reversed(range(L)):
            for i in range(zs[layer].shape[1]):
                if layer == L - 1:
                    above = dC_dy[n, i]
                else:
                    W = weights[layer + 1]
                    above = sum(W[k, i] * deltas[layer + 1][n, k] for k in range(len(W)))
                deltas[layer][n, i] = slope(zs[layer][n, i]) * above
                for j in range(activations[layer].shape[1]):
                    grads[layer][i, j] += activations[layer][n, j] * deltas[layer][n, i]
    return deltas, grads


# %% [markdown]
# Then the boxed formulas. Ten lines are enough for any depth.


# %%
def backward(weights, zs, activations, dC_dy, slope):
    """Step 5: error signals [δ^1 … δ^L] and gradients [∂C/∂W^1 … ∂C/∂W^L]."""
    delta = slope(zs[-1]) * dC_dy  # δ^L
    deltas = [delta]
    for W, z in zip(reversed(weights[1:]), reversed(zs[:-1]), strict=True):
        delta = slope(z) * (delta @ W)  # δ^l from δ^{l+1}
        deltas.insert(0, delta)
    grads = [delta.T @ a for delta, a in zip(deltas, activations[:-1], strict=True)]
    return deltas, grads


# %% [markdown]
# We run both on real data: `mnist1d`, the default data set of this course. One example is a curve of 40 numbers that
# belongs to one of ten classes; B5 shows some. Here we need five of them and a small network with sigmoids, 40-12-8-10.

# %%
data = load("mnist1d")
train_x, train_y = data.train.x.astype(np.float64), data.train.y
x, target = train_x[:5], np.eye(10)[train_y[:5]]  # one-hot rows

rng = np.random.default_rng(0)
weights = [rng.standard_normal((m, n)) / np.sqrt(n) for n, m in ((40, 12), (12, 8), (8, 10))]

activations, zs = [x], []
for W in weights:
    zs.append(activations[-1] @ W.T)  # biases are zero here
    activations.append(sigma(zs[-1]))


def sigma_slope(z):
    return sigma(z) * (1 - sigma(z))


dC_dy = activations[-1] - target  # C_x = ½‖y − ŷ‖², summed over the five examples
slow_deltas, slow_grads = backward_by_index(weights, zs, activations, dC_dy, sigma_slope)
deltas, grads = backward(weights, zs, activations, dC_dy, sigma_slope)

print("layer   z^l       delta^l   W^l and dC/dW^l")
for layer, (z, delta, W) in enumerate(zip(zs, deltas, weights, strict=True), start=1):
    print(f"{layer:5}   {z.shape!s:9} {delta.shape!s:9} {W.shape!s}")
by_index = max(np.abs(a - b).max() for a, b in zip(slow_deltas + slow_grads, deltas + grads, strict=True))
print("index by index and in matrices agree to 1e-14:", by_index < 1e-14)

# %% [markdown]
# **Predict, then run.** The library's `Sequential.backward` knows nothing of $\delta$; it only calls each layer's
# `backward`. Autograd knows nothing of layers; it only knows gates. Will the three agree? To how many digits?

# %%
sequential = scratch.Sequential(
    scratch.Linear(40, 12, bias=False, dtype=np.float64), scratch.Sigmoid(),
    scratch.Linear(12, 8, bias=False, dtype=np.float64), scratch.Sigmoid(),
    scratch.Linear(8, 10, bias=False, dtype=np.float64), scratch.Sigmoid(),
)  # fmt: skip
sequential.load_state_dict({f"{2 * layer}.weight": W for layer, W in enumerate(weights)})
sequential.backward(sequential(x) - target)

leaves = [torch.tensor(W, requires_grad=True) for W in weights]
a = torch.tensor(x)
for W in leaves:
    a = torch.sigmoid(a @ W.T)
(0.5 * (a - torch.tensor(target)) ** 2).sum().backward()

against_library = against_autograd = 0.0
for layer, gradient in enumerate(grads):
    scale = np.abs(gradient).max()
    library = np.abs(gradient - sequential.grads[f"{2 * layer}.weight"]).max() / scale
    autograd = np.abs(gradient - leaves[layer].grad.numpy()).max() / scale
    against_library = max(against_library, library)
    against_autograd = max(against_autograd, autograd)
print("largest difference to the ten lines, divided by the layer's largest gradient")
print("Sequential.backward: below 1e-14:", against_library < 1e-14)
print("autograd:            below 1e-14:", against_autograd < 1e-14)

# %% [markdown]
# A double has about 16 digits, so this is agreement to the last digit or two.
#
# ### Where the first formula stops
#
# Step 2 used that $z_i^L$ changes *only* $y_i$. This holds for sigmoid, tanh, ReLU and identity. It fails for softmax,
# where every output depends on every $z_k$. There the sum of B1 is needed once more:
#
# $$\delta_i^L = \sum_k \frac{\partial y_k}{\partial z_i^L} \, \frac{\partial C_x}{\partial y_k},
#   \qquad \frac{\partial y_k}{\partial z_i^L} = y_k ([k = i] - y_i) \text{ for softmax.}$$
#
# **Predict, then run.** How wrong is the slide's formula, with $\sigma' = y_i (1 - y_i)$, when the outputs are softmax?

# %%
z = torch.tensor(zs[-1], requires_grad=True)
y = torch.softmax(z, dim=1)
C = -torch.log(y[torch.arange(5), torch.tensor(train_y[:5])]).sum()  # cross entropy, summed
C.backward()

y = y.detach().numpy()
dC_dy = -target / y
elementwise = y * (1 - y) * dC_dy
softmax = scratch.Softmax()
softmax(zs[-1])
summed = softmax.backward(dC_dy)  # the sum over k
reference = z.grad.numpy()
softmax_slip = scratch.relative_error(elementwise, reference)
print(f"elementwise formula:  relative error {softmax_slip:.2f}")
print("sum over k (Softmax): below 1e-12:", scratch.relative_error(summed, reference) < 1e-12)
print("y − ŷ:                below 1e-12:", scratch.relative_error(y - target, reference) < 1e-12)

# %% [markdown]
# The elementwise formula is right for the correct class, and gives 0 for the nine others: hence an error of 1. The slide's
# formula holds for elementwise outputs and only for them. For softmax with cross entropy the sum collapses to
# $\delta^L = y - \hat y$; lecture 02 derives it. `CrossEntropyLoss` does both at once, which is why our networks end with a
# `Linear` layer and no softmax.
#
# **Practice today.** Nobody writes the recursion by hand any more, but its price is felt daily: all $a^{l-1}$ must be kept
# until backward has used them. Large models keep only some and compute the others a second time during backward
# (gradient checkpointing, Chen et al. 2016; `torch.utils.checkpoint`).
#
# **What to remember (B2).** Forward gives $a^{l-1}$, backward gives $\delta^l$, and the gradient of a weight is the
# product of the two at its ends. Error signals travel through $W^T$, and pass each unit's $\sigma'$ on the way.
#
# **Check yourself**
#
# 1. A hidden unit has $\sigma'(z_i^l) = 0$ for this example. Which gradients are zero because of it?
# 2. All inputs $a_j^{l-1}$ of a layer are positive. What can you say about the signs of the gradients of the weights into
#    one unit?
# 3. Why does backpropagation need the forward pass first?
#
# <details><summary>Answer</summary>
#
# 1. $\delta_i^l = 0$. So the gradients of all weights *into* the unit, $a_j^{l-1} \delta_i^l$, and of its bias are zero.
#    Also it sends nothing to layer $l - 1$. The weights *out of* the unit, $w_{ki}^{l+1}$, have gradient
#    $a_i^l \delta_k^{l+1}$, which need not be zero.
# 2. They are $a_j^{l-1} \delta_i^l$ with one common $\delta_i^l$: all have the same sign. Lecture 01 (A3) shows what
#    follows from it.
# 3. It needs $z^l$ for $\sigma'(z^l)$ and $a^{l-1}$ for the weight gradient. These must be kept, which is why training
#    needs much more memory than prediction.
#
# </details>

# %% [markdown]
# ## B3 · Gradient checking
#
# A wrong backward pass need not crash. The network may learn all the same, only worse; B5 shows two such cases. So we check
# every backward pass *before* any training. K lists gradient checking under the one-time set-up.
#
# ### Two formulas and their errors
#
# The definition of the derivative suggests the **one-sided** difference. Taylor's formula gives its error:
#
# $$C(w + h) = C + h C' + \tfrac{h^2}{2} C'' + \tfrac{h^3}{6} C''' + \dots
#   \quad\Rightarrow\quad \frac{C(w+h) - C(w)}{h} = C' + \underbrace{\tfrac{h}{2} C'' + \dots}_{\text{error } O(h)}$$
#
# For the **central** difference subtract the same formula with $-h$. The even terms cancel:
#
# $$C(w + h) - C(w - h) = 2h C' + \tfrac{h^3}{3} C''' + \dots
#   \quad\Rightarrow\quad \frac{C(w+h) - C(w-h)}{2h} = C' + \underbrace{\tfrac{h^2}{6} C''' + \dots}_{\text{error } O(h^2)}$$
#
# So choose a tiny $h$? No. The computer rounds $C$ to a relative precision $\varepsilon$ (about $10^{-16}$ in float64,
# $10^{-7}$ in float32). The difference of two rounded numbers has an error of about $\varepsilon |C|$, and we divide it
# by $h$. In total
#
# $$\text{error} \approx \underbrace{\alpha h^2}_{\text{truncation}} + \underbrace{\beta\,\varepsilon / h}_{\text{rounding}},
#   \qquad \text{smallest where } 2 \alpha h = \beta\,\varepsilon / h^2, \text{ so } h \sim \varepsilon^{1/3}.$$
#
# For the one-sided formula, in the same way, $h \sim \varepsilon^{1/2}$.
#
# **Predict, then run.** $\varepsilon^{1/3}$ is about $6 \cdot 10^{-6}$ in float64. What is it in float32, and how many
# digits of the derivative can be right there?

# %%
points = np.random.default_rng(0).uniform(0.5, 1.5, 1000)  # the error is averaged over 1000 places


def C_of(w):
    return (w * w - 1) * (w * w - 1) + w * w * w


exact = 4 * points * (points * points - 1) + 3 * points * points


def errors(dtype, exponents):
    """Root mean square of the relative error at h = 10^-exponent: one-sided, central."""
    w, rows = points.astype(dtype), []
    for exponent in exponents:
        h = dtype(10.0**-exponent)
        one_sided = (C_of(w + h) - C_of(w)) / h
        central = (C_of(w + h) - C_of(w - h)) / (2 * h)
        rows.append([np.sqrt(np.mean(((d - exact) / exact) ** 2)) for d in (one_sided, central)])
    return np.array(rows)


exponents64, exponents32 = np.arange(1, 13), np.arange(1, 7)
error64, error32 = errors(np.float64, exponents64), errors(np.float32, exponents32)
print("                     best h    error there")
curves = {
    "float64, one-sided": (exponents64, error64[:, 0]),
    "float64, central": (exponents64, error64[:, 1]),
    "float32, central": (exponents32, error32[:, 1]),
}
for name, (exponents, error) in curves.items():
    best = error.argmin()
    print(f"{name:18}   1e-{exponents[best]:02}     {error[best]:.0e}")

# %% tags=["hide-input"]
figure, ax = plt.subplots(figsize=(7.4, 4))
styles = (ORANGE, "s"), (BLUE, "o"), (RED, "^")
for (name, (exponents, error)), (colour, marker) in zip(curves.items(), styles, strict=True):
    ax.loglog(10.0**-exponents, error, color=colour, marker=marker, label=name)
ax.text(3e-3, 2.5e-7, "truncation\n$\\sim h^2$", color=BLUE)
ax.text(6e-12, 4e-7, "rounding\n$\\sim\\varepsilon/h$", color=BLUE)
ax.set(
    xlabel="step h",
    ylabel="relative error of the derivative",
    title="Too large a step truncates, too small a step rounds",
)
ax.legend(loc="lower left", fontsize=10)
show(
    figure,
    "Relative error of the numerical derivative against the step h, both axes logarithmic. Each curve "
    "is a V. Central differences in float64 are best near h = 1e-6, one-sided ones near 1e-8 and "
    "worse, float32 near 1e-3 and far worse.",
)

# %% [markdown]
# Each curve is a V. The right arm is truncation: its slope is 1 for one-sided and 2 for central differences. The left arm
# is rounding. At their best, central differences gain almost three digits over one-sided ones. The best steps are within a
# factor of ten of $\varepsilon^{1/3}$ and $\varepsilon^{1/2}$; the constants $\alpha$ and $\beta$ do the rest. In
# float32, where $\varepsilon^{1/3}$ is about $4 \cdot 10^{-3}$, even the best step leaves only three good digits. So
# gradient checks run in float64 with $h$ near $10^{-5}$, and
# `scratch.numerical_gradient` refuses float32:

# %%
try:
    scratch.numerical_gradient(lambda w: float((w**2).sum()), np.ones(3, dtype=np.float32))
except TypeError as error:
    print("TypeError:", error)

# %% [markdown]
# ### Relative error
#
# Is a difference of $10^{-4}$ large? For a gradient of 100 it is nothing; for a gradient of $10^{-4}$ it is everything.
# So we divide by the size of the two numbers:
#
# $$\text{relative error} = \max \frac{\lvert g_{\text{backward}} - g_{\text{numerical}} \rvert}
#   {\lvert g_{\text{backward}} \rvert + \lvert g_{\text{numerical}} \rvert}$$
#
# 0 means equal, 1 means unrelated or of opposite sign. As a rule, in float64:
#
# | relative error | meaning |
# |---|---|
# | $10^{-6}$ and less | right |
# | about $10^{-4}$ | fine if there are kinks, else look again |
# | $10^{-2}$ and more | almost surely a mistake |
#
# `gradient_check(layer, x, rng=...)` takes the cost $C = \sum dy \bullet \text{layer}(x)$ with a random $dy$. Then
# $\partial C/\partial y = dy$, and one call tests the gradient of the input and of every parameter.

# %%
rng = np.random.default_rng(1)
x_check = rng.standard_normal((4, 6))
layers_to_check = {
    "Linear": scratch.Linear(6, 3, rng=rng, dtype=np.float64),
    "Sigmoid": scratch.Sigmoid(),
    "Tanh": scratch.Tanh(),
    "ReLU": scratch.ReLU(),
    "Softmax": scratch.Softmax(),
    "two-layer net": scratch.Sequential(
        scratch.Linear(6, 5, rng=rng, dtype=np.float64),
        scratch.Tanh(),
        scratch.Linear(5, 3, rng=rng, dtype=np.float64),
    ),
}
worst = {}
for name, layer in layers_to_check.items():
    result = scratch.gradient_check(layer, x_check, rng=np.random.default_rng(2))
    worst[name] = max(result.values())
    print(f"{name:13}  checked: {', '.join(result):42} all below 1e-6: {worst[name] < 1e-6}")

# %% [markdown]
# ### Planted mistakes
#
# A check that never fails proves nothing. So we plant four mistakes, all of them common.
#
# **Predict, then run.** Which of the four will the check find? One of them it cannot find.


# %%
class ForgotSlope(scratch.Sigmoid):
    """Backward passes the gradient through as if σ' were 1."""

    def backward(self, da):
        return da


class SlopeOfOutput(scratch.Sigmoid):
    """σ' is taken at a instead of z."""

    def slope(self, z, a):
        return sigma_slope(a)


class AveragedBias(scratch.Linear):
    """The bias gradient is averaged over the batch instead of summed."""

    def backward(self, dz):
        dx = super().backward(dz)
        self.grads["bias"] = dz.mean(axis=0)
        return dx


class WrongForward(scratch.Sigmoid):
    """Forward computes σ(2z) by mistake, and backward is right for that."""

    def activate(self, z):
        return sigma(2 * z)

    def slope(self, z, a):
        return 2 * a * (1 - a)


def verdict(error):
    return f"{error:.2f}" if error > 1e-6 else "below 1e-6"


planted = (ForgotSlope(), SlopeOfOutput(), AveragedBias(6, 3, rng=rng, dtype=np.float64), WrongForward())
found = {}
for layer in planted:
    name = type(layer).__name__
    result = scratch.gradient_check(layer, x_check, rng=np.random.default_rng(2))
    found[name] = max(result.values()) > 1e-2
    errors_by_name = ", ".join(f"{key} {verdict(error)}" for key, error in result.items())
    print(f"{name:14} found: {found[name]!s:6} {errors_by_name}")

# %% [markdown]
# The first three are found, and the third also says *where*: in the bias. The last one passes. The check compares
# backward with forward; if forward computes the wrong function, backward may be its perfect derivative. Wrong forward
# passes need another test: compare with known values, or with PyTorch.
#
# ### Kinks
#
# ReLU has a kink at 0. If $z$ is closer to 0 than $h$, then $z + h$ and $z - h$ lie on different sides of it, and the
# difference averages two slopes. For $0 < z < h$:
#
# $$\frac{\max(0, z + h) - \max(0, z - h)}{2h} = \frac{z + h}{2h} \quad\text{instead of } 1.$$
#
# **Predict, then run.** With $h = 10^{-5}$, what does the check say at $z = 10^{-6}$?

# %%
print("     z        h    backward   numerical   relative error")
kink = {}
for z_value, h in ((1e-6, 1e-5), (-1e-6, 1e-5), (1e-4, 1e-5), (1e-6, 1e-7)):
    z_kink = np.array([z_value])
    relu = scratch.ReLU()
    relu(z_kink)
    exact_slope = relu.backward(np.ones(1))
    numeric = scratch.numerical_gradient(lambda z: relu(z)[0], z_kink, h)  # noqa: B023
    kink[z_value, h] = scratch.relative_error(exact_slope, numeric)
    print(f"{z_value:8.0e} {h:8.0e}   {exact_slope[0]:8.2f} {numeric[0]:11.2f} {kink[z_value, h]:16.2f}")

# %% [markdown]
# In the first two rows the check reports an error, and there is no mistake at all. In the last two, away from the kink or
# with a smaller step, it is satisfied.
#
# In a network we do not see the kinks. With many units and many examples some $z$ is always close to 0. Here three ReLU
# nets 40-20-10 look at 20 examples each: 400 hidden pre-activations. Moving weight $w_{ij}^1$ by $h$ moves $z_i$ of an
# example by $h x_j$. So this weight's check crosses a kink if $\lvert z_i \rvert < h \lvert x_j \rvert$ for some example.
#
# **Predict, then run.** We check 800 weights of each net, and sort them: kink crossed or not. Which ones fail?


# %%
def check_first_layer(h, seed):
    """800 weights of a ReLU net: relative error above 1e-3? kink crossed?"""
    rng = np.random.default_rng(seed)
    first = scratch.Linear(40, 20, rng=rng, dtype=np.float64)
    first.params["weight"][...] = rng.standard_normal((20, 40)) * np.sqrt(2 / 40)
    net = scratch.Sequential(first, scratch.ReLU(), scratch.Linear(20, 10, rng=rng, dtype=np.float64))
    x, y = train_x[20 * seed : 20 * seed + 20], train_y[20 * seed : 20 * seed + 20]
    loss = scratch.CrossEntropyLoss()
    loss(net(x), y)
    net.backward(loss.backward())
    analytic = first.grads["weight"].copy()
    crossed = np.any(np.abs(first(x))[:, :, None] < h * np.abs(x)[:, None, :], axis=0)
    numeric = scratch.numerical_gradient(lambda _: loss(net(x), y), first.params["weight"], h)
    size = np.maximum(np.abs(analytic) + np.abs(numeric), 1e-12)
    return np.abs(analytic - numeric) / size > 1e-3, crossed


print("2400 weights   kink crossed   of these wrong   not crossed   of these wrong")
for h in (1e-1, 1e-2, 1e-3, 1e-5):
    wrong, crossed = np.array([check_first_layer(h, seed) for seed in range(3)]).swapaxes(0, 1)
    row = f"h = {h:5.0e} {crossed.sum():17} {(wrong & crossed).sum():16}"
    print(f"{row} {(~crossed).sum():13} {(wrong & ~crossed).sum():16}")

# %% [markdown]
# The smaller the step, the fewer kinks are crossed. A weight that crosses none is checked well, except with the largest
# step, where truncation alone does harm. So what to do when a ReLU net fails a check?
#
# * Look at *which* entries fail. A kink spoils single entries; a mistake in a formula spoils a whole array, like the bias
#   above.
# * Use a smaller step, other inputs, or fewer examples. A kink's error moves or goes; a mistake stays.
#
# ### The same tool in PyTorch
#
# `torch.autograd.gradcheck` does this for any function of float64 tensors. It returns `True` or raises an error.
# We give it the custom gate of B1, and a broken copy.


# %%
class BrokenMultiply(TorchMultiply):
    @staticmethod
    def backward(ctx, dz):
        x, y = ctx.saved_tensors
        return dz * x, dz * y  # not exchanged


pair = tuple(torch.tensor([u, v], dtype=torch.float64, requires_grad=True) for u, v in ((1, -3), (2, 4)))
print("TorchMultiply: ", pytorch.gradcheck(TorchMultiply.apply, pair))
try:
    pytorch.gradcheck(BrokenMultiply.apply, pair)
except RuntimeError as error:
    print("BrokenMultiply:", type(error).__name__)

# %% [markdown]
# **Practice today.** Gradient checks have become unit tests: PyTorch tests its own operators with `gradcheck` (see
# "Gradcheck mechanics" in its documentation), and so does this library's test suite with `gradient_check`.
#
# **What to remember (B3).** Check in float64, with central differences, $h$ near $10^{-5}$, and relative errors. Below
# $10^{-6}$ is right, above $10^{-2}$ is wrong, unless a kink lies between $w - h$ and $w + h$. The check sees a wrong
# backward, not a wrong forward.
#
# **Check yourself**
#
# 1. Your check reports a relative error of exactly 1.00 for one bias and $10^{-9}$ for all other parameters. Name two
#    possible reasons.
# 2. Why must dropout be switched off, or its mask be fixed, during a check?
# 3. Autograd never makes a mistake in the chain rule. Why do people who use PyTorch still run `gradcheck`?
#
# <details><summary>Answer</summary>
#
# 1. The gradient of that bias is missing (0) or has the wrong sign. Or it is harmless: the unit's $z$ is within $h$ of a
#    kink and backward says 0. Or both gradients are around $10^{-12}$ and only noise is compared. A second check
#    with another $x$ tells them apart.
# 2. The two forward passes of a difference would use different masks. The difference would measure the mask, not the
#    weight.
# 3. Because of functions with a backward written by hand (`autograd.Function`, custom kernels), and because the forward
#    may leave the graph by accident, for instance through `.detach()` or NumPy.
#
# </details>

# %% [markdown]
# ## B4 · The perceptron and Adaline
#
# Two learning rules are older than backpropagation. Both train one neuron, $y = \operatorname{sign}(w \cdot x)$, on
# labels $\pm 1$. The bias is the weight of an input that is always 1.
#
# ### Rosenblatt's rule (1957)
#
# Take one example $(x, y)$. If the neuron is right, do nothing. If it is wrong,
#
# $$w \leftarrow w + y\,x.$$
#
# (With outputs 0 and 1 the same rule is often written $w \leftarrow w + \alpha (d - y) x$. Starting from $w = 0$, the
# factor $\alpha$ only scales $w$, and sign() does not see the scale.)
#
# **Why it stops (Novikoff 1962).** Suppose some unit vector $u$ separates the data with a margin: $y\,(u \cdot x) \ge
# \gamma > 0$ for all examples. Let $\lVert x \rVert \le R$, start from $w = 0$, and count the mistakes $k$.
#
# 1. Every mistake adds $yx$, and $u \cdot (yx) \ge \gamma$. So after $k$ mistakes $u \cdot w \ge k \gamma$.
# 2. At a mistake $y (w \cdot x) \le 0$. So
#    $\lVert w + yx \rVert^2 = \lVert w \rVert^2 + 2 y (w \cdot x) + \lVert x \rVert^2 \le \lVert w \rVert^2 + R^2$.
#    After $k$ mistakes $\lVert w \rVert^2 \le k R^2$.
# 3. $u$ is a unit vector, so $u \cdot w \le \lVert w \rVert$. Put together: $k \gamma \le \sqrt{k}\, R$, that is
#
# $$k \le R^2 / \gamma^2.$$
#
# The number of updates is finite, whatever the order of the examples. No derivative was used.
#
# ### Widrow and Hoff's rule (1960)
#
# Adaline measures the error *before* the sign, and goes downhill on it:
#
# $$C_x = \tfrac12 (y - w \cdot x)^2, \qquad \frac{\partial C_x}{\partial w_i} = -(y - w \cdot x)\, x_i,
#   \qquad w \leftarrow w + \eta\,(y - w \cdot x)\,x.$$
#
# This is stochastic gradient descent, 26 years before backpropagation became popular.
#
# **Predict, then run.** Both start from $w = 0$ on the same 100 separable points. Which of the two must end with no
# mistake?


# %%
def separable(seed, gap, n=100):
    """n points in a square, labelled by a random line; none is closer to the line than gap."""
    rng = np.random.default_rng(seed)
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
    u = np.array([np.cos(angle), np.sin(angle), offset])
    x = np.column_stack([rng.uniform(-2, 2, (20 * n, 2)), np.ones(20 * n)])  # the last input is always 1
    x = x[np.abs(x @ u) > gap][:n]
    return x, np.sign(x @ u), u


def mistakes(w, x, y):
    return int(np.sum(np.sign(x @ w) != y))


def train_perceptron(x, y, epochs, rng):
    """Until an epoch needs no update. Returns w, the number of updates, the mistakes after each epoch."""
    w, updates, history = np.zeros(x.shape[1]), 0, []
    for _ in range(epochs):
        before = updates
        for n in rng.permutation(len(x)):
            new = scratch.perceptron_update(w, x[n], y[n])
            updates += not np.array_equal(new, w)
            w = new
        history.append(mistakes(w, x, y))
        if updates == before:
            break
    return w, updates, history


def train_adaline(x, y, lr, epochs, rng):
    w, history = np.zeros(x.shape[1]), []
    for _ in range(epochs):
        for n in rng.permutation(len(x)):
            w = scratch.adaline_update(w, x[n], y[n], lr)
        history.append(mistakes(w, x, y))
    return w, history


print("seed   perceptron: updates  epochs  mistakes   bound R²/γ²   Adaline: mistakes")
perceptron_updates, adaline_mistakes = [], []
for seed in range(6):
    x, y, u = separable(seed, gap=0.1)
    w, updates, history = train_perceptron(x, y, 1000, np.random.default_rng(seed))
    w_adaline, history_adaline = train_adaline(x, y, 0.005, 100, np.random.default_rng(seed))
    gamma = np.min(y * (x @ u)) / np.linalg.norm(u)
    bound = np.max(np.sum(x**2, axis=1)) / gamma**2
    perceptron_updates.append(updates)
    adaline_mistakes.append(history_adaline[-1])
    row = f"{seed:4} {updates:20} {len(history):7} {history[-1]:9}"
    print(f"{row} {bound:13.0f} {history_adaline[-1]:19}")
    if seed == 0:
        first = x, y, w, w_adaline

# %% [markdown]
# The perceptron ends with no mistake each time, as the proof says. It needs far fewer updates than the bound allows.
# Adaline does *not* promise this. It minimises a square error, and a point that is right but far away pulls on the line
# too. So it may leave some mistakes on data that a line could separate.

# %% tags=["hide-input"]
x, y, w, w_adaline = first
figure, ax = plt.subplots(figsize=(6.4, 4.2))
for label, colour, marker in ((1, BLUE, "o"), (-1, ORANGE, "s")):
    ax.scatter(*x[y == label, :2].T, color=colour, marker=marker, s=26, label=f"class {label:+d}")
horizontal = np.array([-2.1, 2.1])
lines = (("perceptron", w, RED, "-"), ("Adaline", w_adaline, GREEN, "--"))
for name, line, colour, dash in lines:
    height = -(line[0] * horizontal + line[2]) / line[1]
    ax.plot(horizontal, height, color=colour, linestyle=dash, label=name)
missed = np.sign(x @ w_adaline) != y
ring = {"facecolor": "none", "edgecolor": GREEN, "linewidth": 1.8, "s": 130}
ax.scatter(*x[missed, :2].T, **ring, label="missed by Adaline")
ax.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), xlabel="$x_1$", ylabel="$x_2$")
ax.set_title("The perceptron separates; Adaline need not (seed 0)", fontsize=12)
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
show(
    figure,
    "One hundred points of two classes in a square, with the decision lines of the perceptron and "
    "of Adaline. The perceptron's line has all points on the right side; Adaline's misses two.",
)

# %% [markdown]
# **Predict, then run.** The bound says: half the margin, up to four times the updates. Is it so?

# %%
gaps = np.array([0.02, 0.05, 0.1, 0.2, 0.5])
median_updates, most_updates, median_bound, within_bound = [], [], [], True
for gap in gaps:
    counts, bounds = [], []
    for seed in range(10):
        x, y, u = separable(100 + seed, gap)
        counts.append(train_perceptron(x, y, 2000, np.random.default_rng(seed))[1])
        gamma = np.min(y * (x @ u)) / np.linalg.norm(u)
        bounds.append(np.max(np.sum(x**2, axis=1)) / gamma**2)
    within_bound &= bool(np.all(np.array(counts) <= bounds))
    median_updates.append(np.median(counts))
    most_updates.append(max(counts))
    median_bound.append(np.median(bounds))
    text = f"updates: median {np.median(counts):5.0f}, most {max(counts):5}"
    print(f"gap {gap:4.2f}   {text}   bound: median {np.median(bounds):6.0f}")
print("every count within its own bound:", within_bound)

# %% tags=["hide-input"]
figure, ax = plt.subplots(figsize=(6.6, 3.8))
ax.loglog(gaps, median_bound, color=BLACK, linestyle="--", label="bound $R^2/\\gamma^2$, median")
ax.loglog(gaps, most_updates, ":^", color=GREEN, label="updates, most of 10 data sets")
ax.loglog(gaps, median_updates, "-o", color=BLUE, label="updates, median")
ax.set_xticks(gaps, [f"{gap:g}" for gap in gaps])
ax.minorticks_off()
ax.set(xlabel="half-width of the empty strip between the classes", ylabel="number of updates")
ax.set_title("The narrower the gap, the more updates")
ax.legend(fontsize=10)
show(
    figure,
    "Number of perceptron updates against the gap between the classes, both logarithmic. "
    "Updates grow as the gap shrinks and stay far below the bound.",
)

# %% [markdown]
# The count grows as the gap shrinks, but much more slowly than the bound. The bound must hold for the worst data and the
# worst order.
#
# ### Data that no line separates
#
# **Predict, then run.** Now the classes overlap. What will each rule do after 100 epochs?


# %%
def overlapping(seed, n=100):
    rng = np.random.default_rng(seed)
    y = np.repeat([-1.0, 1.0], n // 2)
    return np.column_stack([rng.standard_normal((n, 2)) + y[:, None] * [0.9, 0.5], np.ones(n)]), y


perceptron_runs, adaline_runs, distances = [], [], []
print("mistakes out of 100 in epochs 51 to 100")
print("seed    perceptron: least  mean  most    Adaline: least  mean  most    least squares")
for seed in range(5):
    x, y = overlapping(seed)
    perceptron_runs.append(train_perceptron(x, y, 100, np.random.default_rng(seed))[2])
    w_adaline, history = train_adaline(x, y, 0.005, 100, np.random.default_rng(seed))
    adaline_runs.append(history)
    best = np.linalg.lstsq(x, y, rcond=None)[0]  # the minimum of Adaline's cost, solved directly
    distances.append(np.linalg.norm(w_adaline - best) / np.linalg.norm(best))
    columns = [f"{seed:4} "]
    for run, width in ((perceptron_runs[-1], 20), (adaline_runs[-1], 17)):
        late = np.array(run[50:])
        columns.append(f"{late.min():{width}} {late.mean():6.1f} {late.max():4}")
    print(*columns, f"{mistakes(best, x, y):15}", sep="")
perceptron_range = np.mean([np.ptp(run[50:]) for run in perceptron_runs])
adaline_range = np.mean([np.ptp(run[50:]) for run in adaline_runs])
print(f"most minus least, mean of five: perceptron {perceptron_range:.1f}, Adaline {adaline_range:.1f}")
print(f"Adaline's w is off the least-squares w by at most {max(distances):.2f} of its length")

# %% tags=["hide-input"]
figure, ax = plt.subplots(figsize=(7, 3.6))
epochs = np.arange(1, 101)
styles = ((perceptron_runs, "perceptron", RED, "-"), (adaline_runs, "Adaline, η = 0.005", GREEN, "--"))
for runs, name, colour, dash in styles:
    runs = np.array(runs)
    ax.fill_between(epochs, runs.min(axis=0), runs.max(axis=0), color=colour, alpha=0.2, linewidth=0)
    ax.plot(epochs, runs[0], color=colour, linestyle=dash, linewidth=1.5, label=name)
ax.set(xlabel="epoch", ylabel="mistakes out of 100", ylim=(0, 100))
ax.set_title("When classes overlap, the perceptron never settles")
ax.legend(title="line: seed 0; band: five seeds", ncol=2, fontsize=10, title_fontsize=10)
show(
    figure,
    "Mistakes against epochs on overlapping classes. The perceptron jumps up and down, mostly "
    "between 10 and 60 mistakes; Adaline settles within a few epochs and stays between 9 and 17.",
)

# %% [markdown]
# The perceptron jumps for ever: each mistake moves $w$ by a whole $x$, and there always is a next mistake. Adaline settles
# near the least-squares line, if $\eta$ is small enough; a fixed $\eta$ keeps it trembling a little (lecture 05, G7).
# Two remedies kept the perceptron alive: remember the best $w$ so far (the *pocket* algorithm, Gallant 1990), or average
# all $w$ (Freund and Schapire 1999).
#
# ### Why sign() is useless for gradient descent
#
# Put sign() into a network and follow B2. Every $\delta$ passes the factor $\sigma'(z)$, and the derivative of sign() is
# 0 wherever it exists. So $\delta = 0$, and no weight before it moves.
#
# **Predict, then run.** A linear layer, then sign(), then square error, on the separable data above. After 50 epochs of
# gradient descent, how far have the weights moved? And does the numerical gradient agree?

# %%
x, y, _ = separable(0, gap=0.1)
examples = (x, y[:, None])
linear = scratch.Linear(3, 1, bias=False, rng=np.random.default_rng(0), dtype=np.float64)
neuron = scratch.Sequential(linear, scratch.Sign())
start = linear.params["weight"].copy()
twin = pytorch.Sequential(pytorch.Linear(3, 1, bias=False), pytorch.Sign()).double()
twin.load_state_dict({name: torch.from_numpy(array) for name, array in neuron.state_dict().items()})

loss, sgd = scratch.MSELoss(), scratch.SGD(neuron.params, lr=0.5)
history = scratch.fit(neuron, loss, sgd, examples, epochs=50, rng=np.random.default_rng(0))
sgd = pytorch.SGD(twin.parameters(), lr=0.5)
pytorch.fit(twin, pytorch.MSELoss(), sgd, examples, epochs=50, rng=np.random.default_rng(0))
numeric = scratch.numerical_gradient(lambda _: loss(neuron(x), y[:, None]), linear.params["weight"])

sign_gradient = np.abs(neuron.grads["0.weight"]).max()
sign_moved = np.abs(linear.params["weight"] - start).max()
print(f"loss, first and last epoch:     {history['loss'][0]:.2f} {history['loss'][-1]:.2f}")
print(f"largest gradient, scratch:      {sign_gradient}")
print(f"largest gradient, PyTorch:      {twin[0].weight.grad.abs().max().item()}")
print(f"largest numerical gradient:     {np.abs(numeric).max()}")
print(f"largest change of a weight:     {sign_moved}")

# %% [markdown]
# Exactly zero, three times. The loss is a staircase in $w$: flat, then a jump. Standing on a step, one cannot feel which
# way is down.
#
# U gives two reasons why sign() is bad: its derivative is 0 anywhere, and it is not differentiable at the origin. The
# two contradict each other a little: at the origin there is *no* derivative, elsewhere it is 0. Only the first reason is
# fatal. ReLU is not differentiable at the origin either, and B5 trains with it.
#
# ### Then why does the perceptron learn with sign()?
#
# U answers: because it is not a gradient descent algorithm. That is right for the number of mistakes, whose gradient is
# the zero we just saw. But the same steps *are* stochastic gradient descent on another cost, the **perceptron
# criterion**:
#
# $$C_x = \max(0, -y\, w \cdot x), \qquad \frac{\partial C_x}{\partial w} = \begin{cases} -y\,x & \text{if } y\, w \cdot x < 0
#   \text{ (a mistake)} \\ 0 & \text{if } y\, w \cdot x > 0 \end{cases}$$
#
# With $\eta = 1$ the step is $w \leftarrow w + yx$ at a mistake and nothing otherwise: Rosenblatt's rule. (At
# $w \cdot x = 0$ there is a kink, and we must take the side $-yx$. `torch.clamp` does; `torch.relu` takes 0.)
#
# **Predict, then run.** Run the rule beside SGD on this cost, with autograd, from $w = 0$ and on overlapping data. Will the
# weights differ? The same for Adaline and its square error.


# %%
def by_autograd(cost, x, y, lr, rng):
    """SGD on cost(w, x, y), one example at a time, three epochs from w = 0."""
    w = torch.zeros(x.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = pytorch.SGD([w], lr=lr)
    for _ in range(3):
        for n in rng.permutation(len(x)):
            optimizer.zero_grad()
            cost(w, torch.from_numpy(x[n]), y[n]).backward()
            optimizer.step()
    return w.detach().numpy()


def criterion(w, x, y):
    return torch.clamp(-y * (w @ x), min=0)


def half_square(w, x, y):
    return 0.5 * (y - w @ x) ** 2


same_perceptron, same_adaline = [], []
for seed in range(5):
    x, y = overlapping(seed)
    w = train_perceptron(x, y, 3, np.random.default_rng(seed))[0]
    w_sgd = by_autograd(criterion, x, y, 1.0, np.random.default_rng(seed))
    same_perceptron.append(np.allclose(w, w_sgd, rtol=0, atol=1e-12))
    w = train_adaline(x, y, 0.005, 3, np.random.default_rng(seed))[0]
    w_sgd = by_autograd(half_square, x, y, 0.005, np.random.default_rng(seed))
    same_adaline.append(np.allclose(w, w_sgd, rtol=0, atol=1e-12))
print("weights equal to 1e-12, five data sets:")
print("perceptron rule and SGD on the perceptron criterion:", same_perceptron)
print("Adaline's rule and SGD on half the square error:    ", same_adaline)

# %% [markdown]
# So the perceptron does go downhill, on a cost that has slopes. It never differentiates sign().
#
# **Practice today.** Networks with sign() in every unit are built on purpose, because they are small and fast. They are
# trained with a made-up slope: forward uses sign(), backward pretends it was the identity or a clipped one (the
# *straight-through estimator*, Bengio et al. 2013; binarised networks, Hubara et al. 2016).
#
# **What to remember (B4).** The perceptron makes at most $R^2/\gamma^2$ updates on separable data and never settles on
# other data. Adaline is gradient descent on a square error: it settles on both, and promises zero mistakes on neither.
# Through sign() no gradient passes.
#
# **Check yourself**
#
# 1. You multiply all inputs by 10. What happens to the bound $R^2/\gamma^2$, and to a good $\eta$ for Adaline?
# 2. A colleague replaces sign() by a very steep sigmoid, $\sigma(100 z)$. Does gradient descent work now?
#
# <details><summary>Answer</summary>
#
# 1. $R$ and $\gamma$ both grow by 10, if the bias input is scaled too: the bound stays. Adaline's step is $\eta
#    (y - w \cdot x) x$, and $w \cdot x$ reacts with $\eta \lVert x \rVert^2$: $\eta$ must shrink by 100.
# 2. Hardly. The derivative is not exactly 0, but it is tiny except very near $z = 0$. Most examples give almost no
#    gradient. Lecture 01 calls this saturation (A1).
#
# </details>

# %% [markdown]
# ## B5 · Networks and the training loop
#
# ### Layers, and how they are counted
#
# A linear score function is $f = W x$. A "2-layer" net puts a nonlinearity between two of them, a "3-layer" net has two
# hidden layers (K; biases left out):
#
# $$f = W_2 \max(0, W_1 x), \qquad f = W_3 \max(0, W_2 \max(0, W_1 x)).$$
#
# Layers **with weights** are counted; the input is not a layer. A "2-layer net" and a "1-hidden-layer net" are the same
# thing. In `Sequential` the ReLU has a place of its own, so `len` gives yet another number.


# %%
def make_net(*sizes, seed, linear=scratch.Linear, activation=scratch.ReLU):
    """Linear and ReLU in turn, He's weights (lecture 04 derives them), biases 0, float64."""
    rng = np.random.default_rng(seed)
    modules = []
    for n, m in pairwise(sizes):
        layer = linear(n, m, rng=rng, dtype=np.float64)
        layer.params["weight"][...] = rng.standard_normal((m, n)) * np.sqrt(2 / n)
        layer.params["bias"][...] = 0
        modules += [layer, activation()]
    return scratch.Sequential(*modules[:-1])  # no ReLU after the last layer


print("sizes            layers  hidden layers  hidden units  parameters  len(Sequential)")
architectures = {1: (40, 10), 2: (40, 100, 10), 3: (40, 100, 100, 10)}
for depth, sizes in architectures.items():
    net = make_net(*sizes, seed=0)
    parameters = sum(array.size for array in net.params.values())
    row = f"{'-'.join(map(str, sizes)):14} {depth:8} {depth - 1:14} {sum(sizes[1:-1]):13}"
    print(f"{row} {parameters:11} {len(net):16}")

# %% [markdown]
# Why the nonlinearity? Without it the layers melt into one: $W_2 (W_1 x) = (W_2 W_1) x$.

# %%
linear1 = scratch.Linear(40, 30, bias=False, rng=np.random.default_rng(1), dtype=np.float64)
linear2 = scratch.Linear(30, 10, bias=False, rng=np.random.default_rng(2), dtype=np.float64)
two_layers = linear2(linear1(train_x))
one_layer = train_x @ (linear2.params["weight"] @ linear1.params["weight"]).T
print("two linear layers = one linear layer, to 1e-12:", np.abs(two_layers - one_layer).max() < 1e-12)

# %% [markdown]
# ### Look at the data first
#
# `mnist1d` (Greydanus and Kobak 2024) has 4000 curves for training and validation and 1000 for the test. Each is a digit
# drawn as a curve, then stretched, shifted and disturbed.

# %%
validation_x, validation_y = data.validation.x.astype(np.float64), data.validation.y
print("training  ", train_x.shape, train_y.shape, "classes:", np.unique(train_y).size)
print("validation", validation_x.shape, validation_y.shape)
print("examples per class, training:", np.bincount(train_y))
print(f"mean {train_x.mean():.2f}, standard deviation {train_x.std():.2f}")

# %% tags=["hide-input"]
figure, axes = plt.subplots(2, 5, figsize=(9, 3.4), sharex=True, sharey=True)
for label, ax in enumerate(axes.flat):
    first, second = train_x[train_y == label][:2]
    ax.plot(first, color=BLUE, linestyle="-", linewidth=1.4, label="first example")
    ax.plot(second, color=ORANGE, linestyle="--", linewidth=1.4, label="second example")
    ax.set_title(f"class {label}", fontsize=11)
figure.supxlabel("position in the curve (0 to 39)", fontsize=11)
figure.supylabel("value (standardised)", fontsize=11)
figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right center", fontsize=10)
figure.suptitle("Curves of one class differ in place and height")
show(
    figure,
    "Ten small panels, one a class, each with two example curves of 40 points. "
    "The two curves of a class have their bumps at different places and heights.",
)

# %% [markdown]
# ### The loop
#
# Training is four steps in a loop (K, "Mini-batch SGD"):
#
# 1. **sample** a batch of data;
# 2. **forward** it through the graph, get the loss;
# 3. **backward** to calculate the gradients;
# 4. **update** the parameters: $w \leftarrow w - \eta\, \partial C/\partial w$.
#
# One pass over all training data is an *epoch*. We write the loop out once, with nothing hidden.

# %%
net = make_net(40, 30, 10, seed=0)
loss = scratch.CrossEntropyLoss()
rng = np.random.default_rng(0)
lr = 1.0
by_hand = []
for _ in range(3):
    order = rng.permutation(len(train_x))
    total = 0.0
    for start in range(0, len(train_x), 100):
        batch = order[start : start + 100]  # 1. sample
        C = loss(net(train_x[batch]), train_y[batch])  # 2. forward
        net.backward(loss.backward())  # 3. backward
        for name in net.params:  # 4. update
            net.params[name] -= lr * net.grads[name]
        total += C * len(batch) / len(train_x)
    by_hand.append(total)
    print(f"epoch {len(by_hand)}: loss {total:.4f}")

# %% [markdown]
# `fit` is this loop, and it also keeps the loss, the accuracy and the validation scores. Its PyTorch twin takes the same
# arguments. A `state_dict` carries the initial weights over in one line.
#
# **Predict, then run.** Same weights, same batches, float64: after five epochs, 160 updates, to how many digits will the
# two loss curves agree?

# %%
net = make_net(40, 30, 10, seed=0)
twin = pytorch.Sequential(pytorch.Linear(40, 30), pytorch.ReLU(), pytorch.Linear(30, 10)).double()
twin.load_state_dict({name: torch.from_numpy(array) for name, array in net.state_dict().items()})

training, validation = (train_x, train_y), (validation_x, validation_y)


def train(net, lr, epochs, seed, examples=training):
    """The loop above with the cross entropy, validated after every epoch; returns the history."""
    loss, sgd = scratch.CrossEntropyLoss(), scratch.SGD(net.params, lr=lr)
    rng = np.random.default_rng(seed)
    return scratch.fit(net, loss, sgd, examples, validation, epochs=epochs, batch_size=100, rng=rng)


ours = train(net, lr=1.0, epochs=5, seed=0)
theirs = pytorch.fit(
    twin,
    pytorch.CrossEntropyLoss(),
    pytorch.SGD(twin.parameters(), lr=1.0),
    training,
    epochs=5,
    batch_size=100,
    rng=np.random.default_rng(0),
)
print("epoch   by hand   scratch.fit   pytorch.fit")
for epoch in range(5):
    hand = f"{by_hand[epoch]:.4f}" if epoch < len(by_hand) else "      "
    print(f"{epoch + 1:5}   {hand:>7} {ours['loss'][epoch]:13.4f} {theirs['loss'][epoch]:13.4f}")
hand_difference = np.abs(np.array(by_hand) - ours["loss"][:3]).max()
twin_difference = np.abs(np.array(ours["loss"]) - theirs["loss"]).max()
print("by hand and fit agree to 1e-12:", hand_difference < 1e-12)
print("scratch and PyTorch agree to 1e-12:", twin_difference < 1e-12)

# %% [markdown]
# ### Would we notice a wrong gradient?
#
# **Predict, then run.** We train the 40-100-10 net three times: right, with a ReLU that forgets its slope in backward, and
# with the averaged bias gradient of B3. Will the wrong ones crash, stay at 0.10, or learn?


# %%
class ForgotReLU(scratch.ReLU):
    """Backward passes the gradient through as if σ' were 1."""

    def backward(self, da):
        return da


variants = {
    "right": {},
    "slope forgotten": {"activation": ForgotReLU},
    "bias averaged": {"linear": AveragedBias},
}
print("                  loss in epoch 15      validation accuracy")
bugs = {}
for name, parts in variants.items():
    nets = [make_net(40, 100, 10, seed=seed, **parts) for seed in range(3)]
    runs = [train(net, 0.3, epochs=15, seed=seed) for seed, net in enumerate(nets)]
    loss, score = ([run[key][-1] for run in runs] for key in ("loss", "val_accuracy"))
    bugs[name] = np.mean(score)
    print(f"{name:15}   {' '.join(f'{v:.2f}' for v in loss):19}   {' '.join(f'{v:.2f}' for v in score)}")

for layer in (ForgotReLU(), AveragedBias(6, 3, rng=np.random.default_rng(0), dtype=np.float64)):
    result = scratch.gradient_check(layer, x_check, rng=np.random.default_rng(2))
    print(f"gradient check of {type(layer).__name__}: found {max(result.values()) > 1e-2}")

# %% [markdown]
# Both wrong nets learn. The first is clearly worse, but one could blame the rate or the data. The second is so close that
# nobody would look for a mistake. The gradient check finds both.
#
# ### The first number to look at
#
# Before training, the network knows nothing. If all ten outputs are equal, every class gets probability 1/10 and the
# loss is $-\log \frac{1}{10} = \log 10 \approx 2.30$. A start far above it means that the network is *confidently* wrong:
# its outputs are too large.
#
# **Predict, then run.** We make the last layer's weights 100 times smaller. What is the first loss then?

# %%
print(f"log 10 = {np.log(10):.2f}")
for factor in (1, 0.01):
    firsts = []
    for seed in range(3):
        net = make_net(40, 30, 10, seed=seed)
        net.params["2.weight"] *= factor
        firsts.append(scratch.evaluate(net, scratch.CrossEntropyLoss(), training)[0])
    print(f"last layer times {factor:<4g}: first loss {', '.join(f'{value:.2f}' for value in firsts)}")

# %% [markdown]
# ### The learning rate, diagnosed at once
#
# **Predict, then run.** A small 2-layer net, 40-30-10, for 15 epochs, with four learning rates: 0.003, 1, 3 and 100. Sketch
# the four loss curves before you look.

# %%
rates = {0.003: "too low", 1.0: "good", 3.0: "too high", 100.0: "far too high"}
curves = {rate: [] for rate in rates}
accuracies = {rate: [] for rate in rates}
initial = []
for seed in range(3):
    untrained = make_net(40, 30, 10, seed=seed)
    initial.append(scratch.evaluate(untrained, scratch.CrossEntropyLoss(), training)[0])
    for rate in rates:
        try:
            with np.errstate(all="ignore"):  # overflow is what we want to see here
                history = train(make_net(40, 30, 10, seed=seed), rate, epochs=15, seed=seed)
            accuracies[rate].append(history["val_accuracy"][-1])
        except scratch.Diverged as error:
            history = error.history
        curves[rate].append(history["loss"])


def in_a_row(numbers):
    return " ".join(f"{number:.2f}" for number in numbers)


print(f"loss before training: {in_a_row(initial)}   log 10 = {np.log(10):.2f}")
print("                         three seeds each")
print("rate    verdict          loss in epoch 1   in epoch 15      validation accuracy")
for rate, verdict in rates.items():
    runs = curves[rate]
    if accuracies[rate]:
        first, last = in_a_row(run[0] for run in runs), in_a_row(run[-1] for run in runs)
        print(f"{rate:<7g} {verdict:16} {first:17} {last:16} {in_a_row(accuracies[rate])}")
    else:
        ends = " ".join(str(len(run)) for run in runs)
        print(f"{rate:<7g} {verdict:16} loss not finite in epoch {ends}")

# %% tags=["hide-input"]
figure, ax = plt.subplots(figsize=(7.4, 4.2))
styles = (ORANGE, "--", "s"), (BLUE, "-", "o"), (RED, "-.", "^"), (PURPLE, ":", "x")
for (rate, verdict), (colour, dash, marker) in zip(rates.items(), styles, strict=True):
    for seed, run in enumerate(curves[rate]):
        run = np.array([initial[seed], *run])
        run = np.where(run < 1e3, run, 1e3)  # above the frame, also nan
        label = f"{rate:g}: {verdict}" if seed == 0 else None
        ax.semilogy(run, dash + marker, color=colour, markersize=4, linewidth=1.5, label=label)
ax.axhline(np.log(10), color="0.4", linestyle=":", linewidth=1.2)
ax.text(15.3, np.log(10), "log 10", color="0.3", va="center")
ax.set(xlabel="epoch (0: before training)", ylabel="training loss (nats per example)")
ax.set(xlim=(-0.3, 16.8), ylim=(0.9, 20), xticks=range(0, 16, 3), yticks=[1, 2, 3, 5, 10, 20])
ax.set_yticklabels(["1", "2", "3", "5", "10", "20"])
ax.minorticks_off()
ax.set_title("The loss curve tells whether the rate is too low or too high")
ax.legend(title="learning rate (three seeds each)", fontsize=10, title_fontsize=10)
show(
    figure,
    "Training loss, logarithmic, over 15 epochs for four learning rates, three runs each. Rate 0.003 "
    "falls very slowly; 1 falls fast; 3 first rises or stays high and then runs above the curves of "
    "rate 1; 100 leaves the frame at once.",
)

# %% [markdown]
# How to read it:
#
# * **too low**: still sloping after 15 epochs. It would arrive, but not today: its last loss is above the *first* one of
#   the good rate.
# * **good**: falls fast from the start.
# * **too high**: in its first epoch it is, on average, worse than knowing nothing ($\log 10$). Then it stays above the good
#   curve, and ends with the worse accuracy.
# * **far too high**: infinity or nan. `fit` raises `Diverged` and keeps the history. In float32 this comes earlier, since
#   numbers end at about $3 \cdot 10^{38}$ instead of $10^{308}$.
#
# Lecture 05 treats the rate at length, and lecture 11 the whole check-up.
#
# ### One, two and three layers
#
# **Predict, then run.** Which of the three nets is best on *training* data, which on *validation* data? Each gets its best
# rate out of three, chosen by validation accuracy; three seeds.


# %%
def accuracy(net, examples):
    return scratch.evaluate(net, scratch.CrossEntropyLoss(), examples)[1]


print("                    accuracy: mean (least to most of 3 seeds)")
print("layers  best rate   training              validation")
chosen = {}
for depth, sizes in architectures.items():
    for rate in (0.1, 0.3, 1.0):
        nets = [make_net(*sizes, seed=seed) for seed in range(3)]
        for seed, net in enumerate(nets):
            train(net, rate, epochs=20, seed=seed)
        result = {
            "rate": rate,
            "nets": nets,
            "training": np.array([accuracy(net, training) for net in nets]),
            "validation": np.array([accuracy(net, validation) for net in nets]),
        }
        if depth not in chosen or result["validation"].mean() > chosen[depth]["validation"].mean():
            chosen[depth] = result
    row = f"{depth:6} {chosen[depth]['rate']:10g}"
    for part in ("training", "validation"):
        scores = chosen[depth][part]
        row += f"   {scores.mean():.2f} ({scores.min():.2f} to {scores.max():.2f})"
    print(row)

# %% [markdown]
# Hidden layers help a lot here. Two readings need care:
#
# * The gap between training and validation grows with depth. B7 is about it.
# * The best rate of the deeper nets is the largest that we tried. This is a warning: an even better one may lie outside
#   (lecture 11, T5). Try 1.5 and 2, and watch the spread between the seeds. So we make no claim about depth here.
#
# **Practice today.** The four steps are unchanged. What changed since 2016 is around them: the update is mostly Adam or
# momentum (lecture 07), the rate follows a schedule (lecture 05), and numbers have 16 bits in large models
# (mixed precision, Micikevicius et al. 2018).
#
# **What to remember (B5).** Count the layers that have weights. Sample, forward, backward, update. Look at the first loss
# ($\log$ of the number of classes), then at the shape of the curve.
#
# **Check yourself**
#
# 1. How many parameters has a 784-100-50-10 net, and how many layers?
# 2. A curve falls from 2.30 to 2.29 in ten epochs. Another starts at 2.30 and is `nan` in epoch 1. What do you change?
# 3. Why are the training accuracies of `fit`'s history (averaged during the epoch) lower than those of `evaluate`
#    afterwards?
#
# <details><summary>Answer</summary>
#
# 1. $784 \cdot 100 + 100 + 100 \cdot 50 + 50 + 50 \cdot 10 + 10 = 84\,060$; three layers.
# 2. The first rate is too low: multiply by 10, or by 3 when you are near. The second is too high: divide by 10.
# 3. During the epoch the network is still learning; the early batches were judged by a worse network.
#
# </details>

# %% [markdown]
# ## B6 · A bit of history
#
# The slides (K) tell the story in six stations. Two more are added here, because without them the story has a hole.

# %% tags=["hide-input"]
events = [  # year, name, height of the label, on the slides?
    (1957, "perceptron\nRosenblatt", 1.0, True),
    (1960, "Adaline\nWidrow, Hoff", -1.0, True),
    (1969, "“Perceptrons”\nMinsky, Papert", 1.0, False),
    (1970, "reverse mode\nLinnainmaa", -1.0, False),
    (1986, "back-propagation\nRumelhart et al.", 1.0, True),
    (2006, "deep pre-training\nHinton, Salakhutdinov", 1.0, True),
    (2010, "speech\nDahl et al.", -1.0, True),
    (2012, "ImageNet\nKrizhevsky et al.", 2.6, True),
]
figure, ax = plt.subplots(figsize=(9.2, 3.8))
ax.plot([1954, 2016], [0, 0], color=BLACK, linestyle="-", linewidth=1.5)
styles = {True: {"color": BLUE, "marker": "o"}, False: {"color": RED, "marker": "D", "mfc": "white"}}
for year, name, height, on_slides in events:
    colour = styles[on_slides]["color"]
    ax.plot([year, year], [0, 0.9 * height], color="0.7", linestyle="-", linewidth=1, zorder=1)
    ax.plot(year, 0, markersize=9, **styles[on_slides])
    va = "bottom" if height > 0 else "top"
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    ax.text(year, height, f"{year}\n{name}", ha="center", va=va, color=colour, fontsize=10, bbox=box)
for on_slides, label in ((True, "on the slides"), (False, "added here")):
    ax.plot([], [], linestyle="none", markersize=9, label=label, **styles[on_slides])
ax.legend(loc="lower center", bbox_to_anchor=(0.52, 0.05), fontsize=10)
ax.set(xlim=(1951, 2019), ylim=(-2.6, 4.2), xlabel="year")
ax.set_title("From one neuron to ImageNet took 55 years")
ax.grid(False)
ax.get_yaxis().set_visible(False)
ax.spines["left"].set_visible(False)
show(
    figure,
    "A timeline from 1957 to 2012 with eight events; those of 1969 and 1970 are marked as added.",
)

# %% [markdown]
# | year | what | what it changed |
# |---|---|---|
# | 1957 | perceptron (Rosenblatt) | A machine could learn from examples instead of being programmed (B4). |
# | 1960 | Adaline, then Madaline (Widrow and Hoff) | Learning became the descent of an error that has a slope (B4). |
# | 1969 | *Perceptrons* (Minsky and Papert), added | It proved what a single layer cannot compute; interest in neural networks faded. |
# | 1970 | reverse-mode differentiation (Linnainmaa), added | The algorithm existed; Werbos proposed it for neural networks (1974, 1982). |
# | 1986 | back-propagation (Rumelhart, Hinton, Williams) | It became known that hidden layers can be trained (B2). |
# | 2006 | layer-by-layer pre-training (Hinton and Salakhutdinov) | Deep nets trained well from pre-trained weights; research on them revived. |
# | 2010 | speech recognition (Dahl, Yu, Deng, Acero) | Deep nets beat the standard Gaussian mixture models on a large vocabulary. |
# | 2012 | ImageNet (Krizhevsky, Sutskever, Hinton) | A deep net with ReLU and dropout, on GPUs and without pre-training, won by far. |
#
# Three notes on the slides. They call the Mark I the first implementation of the perceptron algorithm; it was simulated on
# an IBM 704 computer before the machine was built (Rosenblatt 1960). The paper whose title stands beside 2010 was published
# in January 2012; 2010 is the time of the work. And in 1986 back-propagation "became popular", as the slide says with
# care: it was not new.
#
# ### The claim of 1969, proved and run
#
# Can one sign unit compute XOR, which is $-1$ when its two inputs are equal, and $+1$ when they differ? It would need
#
# $$b < 0, \qquad w_1 + b > 0, \qquad w_2 + b > 0, \qquad w_1 + w_2 + b < 0.$$
#
# Add the two in the middle: $w_1 + w_2 + 2b > 0$, so $w_1 + w_2 + b > -b > 0$. This contradicts the last one. No weights
# will do.
#
# **Predict, then run.** How many of the four points can one line get right at best? And does a 2-layer net, trained by
# backpropagation, always find a solution?

# %%
xor_x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
xor_y = np.array([0, 1, 1, 0])
with_bias, plus_minus = np.column_stack([xor_x, np.ones(4)]), 2.0 * xor_y - 1

w, updates, history = train_perceptron(with_bias, plus_minus, 1000, np.random.default_rng(0))
print(f"perceptron: still wrong after 1000 epochs, {updates} updates")
lines = np.random.default_rng(0).standard_normal((100_000, 3))
xor_best = int((np.sign(lines @ with_bias.T) == plus_minus).sum(axis=1).max())
print(f"100 000 random lines: at best {xor_best} of 4 points right")

solved = {}
for hidden in (2, 4):
    solved[hidden] = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        first = scratch.Linear(2, hidden, rng=rng, dtype=np.float64)
        second = scratch.Linear(hidden, 2, rng=rng, dtype=np.float64)
        net = scratch.Sequential(first, scratch.Tanh(), second)
        loss, sgd = scratch.CrossEntropyLoss(), scratch.SGD(net.params, lr=0.5)
        scratch.fit(net, loss, sgd, (xor_x, xor_y), epochs=500, batch_size=4, rng=rng)
        solved[hidden] += bool(np.all(net(xor_x).argmax(axis=1) == xor_y))
    print(f"2-layer net, {hidden} hidden tanh units: solved from {solved[hidden]} of 20 starts")

# %% tags=["hide-input"]
ticks = np.linspace(-0.5, 1.5, 81)
grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
probability = scratch.Softmax()(net(grid))[:, 1].reshape(81, 81)
figure, ax = plt.subplots(figsize=(5.8, 4))
mesh = ax.pcolormesh(ticks, ticks, probability, cmap="cividis", vmin=0, vmax=1, shading="nearest")
point = {"s": 110, "color": "white", "edgecolor": BLACK, "linewidth": 1.5, "zorder": 3}
for label, marker, name in ((0, "s", "class 0: equal"), (1, "o", "class 1: different")):
    ax.scatter(*xor_x[xor_y == label].T, marker=marker, label=name, **point)
figure.colorbar(mesh, label="probability of class 1")
ax.set(xlabel="$x_1$", ylabel="$x_2$", title="Two layers solve XOR (the last net above)")
ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncol=2, fontsize=10)
ax.grid(False)
show(
    figure,
    "The plane of the two inputs, coloured by the probability of class 1 that a trained two-layer net "
    "gives. The two points of class 1 lie in bright regions, the two points of class 0 in a dark one.",
)

# %% [markdown]
# One line gets three points, never four. Two hidden units can represent XOR (see the question below), but gradient descent
# does not find it from every start; with four hidden units it did.
#
# **Practice today.** Nobody pre-trains layer by layer any more: ReLU, better initial weights and normalisation made it
# unnecessary (lectures 01, 04 and 08). What returned is pre-training a whole network on other data (lecture 11,
# transfer learning).
#
# **What to remember (B6).** One neuron learned in 1957, hidden layers in 1986, deep networks between 2006 and 2012. Since
# 1986 the gradient is the same; what changed is how one starts, what one puts between the layers, and the hardware.
#
# **Check yourself**
#
# 1. Write weights for a net of sign units that computes XOR, with two hidden units.
# 2. Why could Rosenblatt's rule not train the hidden units?
#
# <details><summary>Answer</summary>
#
# 1. With inputs 0 and 1: $h_1 = \operatorname{sign}(x_1 + x_2 - 0.5)$ ("at least one"),
#    $h_2 = \operatorname{sign}(x_1 + x_2 - 1.5)$ ("both"), $y = \operatorname{sign}(h_1 - h_2 - 1)$.
# 2. The rule needs a desired output for the unit. A hidden unit has none. The error signal $\delta_i^l$ is what takes its
#    place, and it needs a derivative that is not 0.
#
# </details>

# %% [markdown]
# ## B7 · Training, validation and test data
#
# | data | used to | how often |
# |---|---|---|
# | training | fit the weights, by the loop | every step |
# | validation | choose everything else: rate, width, depth, when to stop (C, K) | often |
# | test | say how good the chosen model is | once, at the end |
#
# `split` divides a data set at random. No example may be in two parts.

# %%
parts = scratch.split(np.arange(1000), fractions=(0.8, 0.1, 0.1), rng=np.random.default_rng(0))
sizes = [len(part) for (part,) in parts]
different = np.unique(np.concatenate([part for (part,) in parts])).size
print("sizes:", sizes, "  different examples in all:", different)

# %% [markdown]
# ### Why not choose on the test data?
#
# Because the best of many scores is too good. Suppose $k$ models have the same true accuracy $p$, and each is scored on
# $n$ examples. A score is $p$ plus noise of standard deviation $s = \sqrt{p(1-p)/n}$. Treat the noise as Gaussian,
# $E[e^{t \cdot \text{noise}}] = e^{t^2 s^2/2}$. How large is the largest noise $M$ of the $k$? For any $t > 0$:
#
# $$e^{t E[M]} \le E\left[ e^{tM} \right] \le \sum_{i=1}^{k} E\left[ e^{t \cdot \text{noise}_i} \right] = k\, e^{t^2 s^2 / 2}
#   \quad\Rightarrow\quad E[M] \le \frac{\log k}{t} + \frac{t s^2}{2}.$$
#
# (First Jensen's inequality; then the largest of $k$ positive numbers is at most their sum.) With
# $t = \sqrt{2 \log k}/s$, the best choice, it becomes
#
# $$E[\text{best score}] - p \le \sqrt{2 \log k}\,\sqrt{p(1-p)/n}.$$
#
# More models to choose from: more optimism, slowly. More test examples: less, as $1/\sqrt n$.
#
# **Predict, then run.** The extreme case: labels are pure noise with ten classes, and each "model" guesses. True
# accuracy 0.10. We score $k = 1000$ guessers on 100 test examples and publish the best. What accuracy do we publish?

# %%
rng = np.random.default_rng(0)
ks = np.array([1, 3, 10, 30, 100, 300, 1000])
n, repeats = 100, 200
best_score, fresh_score = np.empty((repeats, len(ks))), np.empty((repeats, len(ks)))
for repeat in range(repeats):
    labels, fresh_labels = rng.integers(0, 10, n), rng.integers(0, 10, n)
    guesses, fresh_guesses = (rng.integers(0, 10, (ks[-1], n), dtype=np.int8) for _ in range(2))
    score, fresh = (guesses == labels).mean(axis=1), (fresh_guesses == fresh_labels).mean(axis=1)
    for column, k in enumerate(ks):
        winner = score[:k].argmax()
        best_score[repeat, column], fresh_score[repeat, column] = score[winner], fresh[winner]
bounds = 0.1 + np.sqrt(2 * np.log(ks) * 0.1 * 0.9 / n)

print("models k   best score on the test set   the same model on fresh data   bound")
for column, k in enumerate(ks):
    print(f"{k:8}", end="")
    for scores, width in ((best_score[:, column], 17), (fresh_score[:, column], 24)):
        print(f"{scores.mean():{width}.2f} ± {scores.std():.2f}", end="")
    print(f"{bounds[column]:16.2f}")

# %% tags=["hide-input"]
figure, ax = plt.subplots(figsize=(7, 3.8))
curve = r"$p + \sqrt{2\,\log k}\;\sqrt{p(1-p)/n}$"
for scores, name, colour, style in (
    (best_score, "best of k, on the data it was chosen on", RED, "-o"),
    (fresh_score, "the same model on fresh data", BLUE, "--s"),
):
    mean, deviation = scores.mean(axis=0), scores.std(axis=0)
    ax.plot(ks, mean, style, color=colour, label=name)
    ax.fill_between(ks, mean - deviation, mean + deviation, color=colour, alpha=0.15, linewidth=0)
ax.plot(ks, bounds, color=BLACK, linestyle=":", label=curve)
ax.set(xscale="log", xlabel="number of models k to choose from", ylim=(0, 0.32))
ax.set_ylabel("accuracy (band: ± 1 st. dev.)")
ax.set_title("Choosing among guessers finds “skill” in pure noise")
ax.legend(loc="upper left", fontsize=9)
show(
    figure,
    "Accuracy against the number of models. The best of k guessers climbs from 0.10 to about 0.20 on "
    "the data it was chosen on; on fresh data it stays at 0.10. The bound lies just above.",
)

# %% [markdown]
# We publish about twice the truth, and nothing was learned. On fresh data the winner is a guesser again. (The bound treats
# the noise as Gaussian. Counts of rare hits have a longer upper tail, so at $k = 1000$ the truth comes close to it.)
#
# ### Real networks
#
# Now 50 real nets that differ only in their seed. They train on one half of our training data; the other half plays the
# world. From the world we draw a small "test set" of $n$ examples, choose the best of the 50 on it, and look at how the
# winner does on the rest. This is repeated for 500 random draws. (The true test set stays locked.)
#
# **Predict, then run.** With $n = 100$, by how much is the winner's score too good?

# %%
order = np.random.default_rng(0).permutation(len(train_x))
fit_rows, world = order[:1600], order[1600:]
right = []  # right[m, i]: does model m classify example i of the world correctly?
for seed in range(50):
    net = make_net(40, 30, 10, seed=seed)
    train(net, 0.5, epochs=10, seed=seed, examples=(train_x[fit_rows], train_y[fit_rows]))
    right.append(net(train_x[world]).argmax(axis=1) == train_y[world])
right = np.array(right)
true = right.mean(axis=1)
alike = np.corrcoef(right)[np.triu_indices(50, 1)].mean()
print(f"accuracy on the whole world: {true.min():.2f} to {true.max():.2f}, mean {true.mean():.2f}")
print(f"correlation between two nets' hits and misses: {alike:.2f} on average")

rng = np.random.default_rng(0)
test_sizes = (50, 100, 200, 400, 800)
too_good, clean, gain = {}, {}, {}
for n in test_sizes:
    too_good[n], clean[n], gain[n] = [], [], []
    for _ in range(500):
        shuffled = rng.permutation(1600)
        chosen_on, rest = shuffled[:n], shuffled[n:]
        winner = right[:, chosen_on].mean(axis=1).argmax()
        too_good[n].append(right[winner, chosen_on].mean() - right[winner, rest].mean())
        second, third = np.array_split(rest, 2)  # a clean test set, and fresh data
        clean[n].append(right[winner, second].mean() - right[winner, third].mean())
        gain[n].append(right[winner, rest].mean() - right[:, rest].mean())

print()
print("        winner's score minus its score on fresh data     bound   winner minus average net,")
print("   n    on the data that chose it    on a clean test set           both on fresh data")
for n in test_sizes:
    bound = np.sqrt(2 * np.log(50) * true.mean() * (1 - true.mean()) / n)
    columns = [f"{n:4}"]
    for values, width in ((too_good[n], 19), (clean[n], 19)):
        columns.append(f"{round(np.mean(values), 2) + 0.0:{width}.2f} ± {np.std(values):.2f}")
    print(*columns, f"{bound:10.2f} {np.mean(gain[n]):15.2f}", sep="")

# %% tags=["hide-input"]
figure, ax = plt.subplots(figsize=(7, 3.8))
for shift, values, name, colour, style in (
    (0.96, too_good, "on the data that chose it", RED, "-o"),
    (1.04, clean, "on a clean test set", BLUE, "--s"),
):
    mean = [np.mean(values[n]) for n in test_sizes]
    deviation = [np.std(values[n]) for n in test_sizes]
    place = np.array(test_sizes) * shift
    ax.errorbar(place, mean, deviation, fmt=style, color=colour, capsize=4, label=name)
ax.axhline(0, color=BLACK, linestyle="-", linewidth=1)
ax.set(xscale="log", xlabel="examples n used to choose the best of 50 nets")
ax.set(ylabel="score minus score on fresh data", title="The score that chose the model is too good")
ax.set_xticks(test_sizes, [str(n) for n in test_sizes])
ax.minorticks_off()
ax.legend(title="winner scored … (bars: ± 1 st. dev.)", fontsize=10, title_fontsize=10)
show(
    figure,
    "Optimism of the winning net's score against the number of examples used to choose. On the data "
    "that chose it the score is too high by about 0.11 at 50 examples and 0.02 at 800; on a clean "
    "test set the difference is 0 on average.",
)

# %% [markdown]
# On the data that chose it, the winner looks too good, the more so the smaller the data. On data that chose nothing,
# the difference is zero on average. The measured optimism is well below the bound. Many guessers with independent
# noise came close to it; our nets hit and miss the same examples to some degree, so their scores rise and fall together.
# The last column is the honest use of choosing: the winner really is a little better than the average net.
#
# So choose on validation data, and report on test data. The rule has a price: when the test score disappoints, you may
# not go back and choose again. From then on the test set is a second validation set.
#
# ### Our one look at the test data
#
# B5 tried three depths and three rates. We take the best mean validation accuracy of the nine. That score has been used to
# choose; the test score has not.

# %%
depth = max(chosen, key=lambda depth: chosen[depth]["validation"].mean())
winner = chosen[depth]
test = data.test.x.astype(np.float64), data.test.y
p = np.mean([accuracy(net, test) for net in winner["nets"]])
print(f"chosen: {depth}-layer net, rate {winner['rate']:g}; means of three seeds:")
print(f"training   {winner['training'].mean():.2f}")
print(f"validation {winner['validation'].mean():.2f}")
print(f"test       {p:.2f} ± {np.sqrt(p * (1 - p) / 1000):.2f} (standard error with 1000 examples)")
bound = np.sqrt(2 * np.log(9) * p * (1 - p) / 800)
print(f"optimism of the best of 9 on 800 examples: {bound:.2f} or less")

# %% [markdown]
# The training score is far above the other two: it measures memory as well as knowledge. Validation and test differ by no
# more than the noise and the bound allow.
#
# Two remarks on words and practice.
#
# * K's slides say "cross-validation" for tuning on one validation set. In statistics the word means: divide the data into
#   $k$ folds, let each be the validation set once, and average. It is worth its price when data are few.
# * **Practice today.** Public test sets were looked at for years. Recht et al. (2019) collected a new test set for
#   ImageNet: accuracies fell by 11 to 14 points, but the *ranking* of the models hardly changed. So the main cause was
#   probably a slightly harder test set rather than choosing on the old one.
#
# **What to remember (B7).** Fit on training data, choose on validation data, report on test data, once. On average the
# best of $k$ scores on $n$ examples is too good by up to $\sqrt{2 \log k}\sqrt{p(1-p)/n}$.
#
# **Check yourself**
#
# 1. You normalise all data with the mean of *all* examples, then split. What is wrong?
# 2. A team tries 10 000 settings on a validation set of 10 000 examples; accuracy is about 0.9. How large is the optimism
#    at most?
# 3. Are validation data "used up" like test data?
#
# <details><summary>Answer</summary>
#
# 1. The test data have influenced the training input: a leak. Here it is small, but the same habit with feature
#    selection is not. Split first ([lecture 03](03_preprocessing.ipynb)). (`mnist1d` itself comes standardised as a
#    whole, test data included.)
# 2. $\sqrt{2 \log 10^4} \cdot \sqrt{0.9 \cdot 0.1 / 10^4} = 4.29 \cdot 0.003 \approx 0.013$.
# 3. Yes, by choosing again and again. That is allowed, as long as nobody reports the validation score as the final result.
#
# </details>

# %% [markdown]
# ## What the lectures claim and what we found
#
# All measured numbers in this table are computed above.

# %% tags=["hide-input"]
low, good, high = curves[0.003], curves[1.0], curves[3.0]
higher = sum(h[-1] > g[-1] for h, g in zip(high, good, strict=True))
exact_match = max(against_library, against_autograd) < 1e-14
loop_match = max(hand_difference, twin_difference) < 1e-12
gap_100, clean_100 = np.mean(too_good[100]), round(np.mean(clean[100]), 2) + 0.0
ledger = rf"""
| id | the lecture's claim | what we found | verdict |
|---|---|---|---|
| B1 | K: a gate needs only its local gradient and what comes from above | hand-made gates equal autograd: {gates_agree} | reproduced |
| B2 | L: $\delta^L$, the recursion for $\delta^l$, and the weight gradient | ten lines, `Sequential` and autograd agree to 1e-14: {exact_match} | reproduced |
| B2 | L: $\delta^L = \sigma'(z^L) \bullet \nabla C(y)$, stated without a condition | relative error {softmax_slip:.2f} for softmax outputs | partly; slip: it holds for elementwise outputs only |
| B3 | K: check gradients, once, in the set-up | {sum(found.values())} of {len(found)} planted mistakes found, not the wrong forward; a kink reports {kink[1e-6, 1e-5]:.2f} where nothing is wrong; unchecked, a wrong net reaches {bugs["bias averaged"]:.2f} instead of {bugs["right"]:.2f} | reproduced, with these limits |
| B4 | U: sign() is no good for derivative-based optimisation: its derivative is 0 | largest gradient {sign_gradient:g}, weights moved by {sign_moved:g} | reproduced; slip: “0 anywhere” should be “0 except at the origin” |
| B4 | U: a second reason: sign() is not differentiable at the origin | nor is ReLU, which reaches validation accuracy {chosen[2]["validation"].mean():.2f} | not: one such point does no harm |
| B4 | U: the perceptron converges because it is not gradient descent | equal to SGD on max(0, −y w·x) in {sum(same_perceptron)} of {len(same_perceptron)} runs; always within $R^2/\gamma^2$ updates: {within_bound} | partly: it is gradient descent on another cost, and stops because of the margin |
| B4 | K: Adaline came after the perceptron (no claim which is better) | overlapping data: late mistakes range over {perceptron_range:.1f} (perceptron), {adaline_range:.1f} (Adaline); separable: 0 against {sum(adaline_mistakes)} in 6 runs | each has its price |
| B5 | K: the loop of four steps | by hand, scratch and PyTorch agree to 1e-12: {loop_match} | reproduced |
| B5 | U: a low rate takes forever | rate 0.003 after 15 epochs: loss {min(run[-1] for run in low):.2f} or more; rate 1 after one: {max(run[0] for run in good):.2f} or less | reproduced |
| B5 | U: premature flattening is a sign of a large rate | rate 3 ends above rate 1 for {higher} of 3 seeds ({np.mean([run[-1] for run in high]):.2f} against {np.mean([run[-1] for run in good]):.2f}) | partly: it ends higher, but is not flat after 15 epochs |
| B6 | K: the Mark I was the first implementation of the perceptron algorithm | simulated on an IBM 704 before (Rosenblatt 1960) | not; slip (by the literature) |
| B6 | K: Dahl et al., 2010 | the paper with the slide's title is of January 2012 | slip in the year (by the literature) |
| B6 | added: one layer cannot compute XOR | one line: {xor_best} of 4 points at best; two layers with 4 hidden units: solved from {solved[4]} of 20 starts | reproduced, and proved |
| B7 | C, K: tune on held-out data | choosing on 100 examples: too good by {gap_100:.2f}; clean test set: {clean_100:.2f} | reproduced; slip in a word: K's “cross-validation” is one validation set |
"""
display(Markdown(ledger))

# %% [markdown]
# ## Exercises to try
#
# They are not graded.
#
# 1. **A gate of your own.** Write `Divide` with forward and backward, put it into a `Graph`, and check it numerically.
#    Where does the check fail, and why?
# 2. **Pocket perceptron.** Let `train_perceptron` remember the best $w$ so far. Run it on `overlapping(seed)` and compare
#    with Adaline over ten seeds.
# 3. **How many looks?** Repeat the experiment of B7 with $k = 2, 5, 10, 50$ nets at $n = 100$. Does the optimism grow like
#    $\sqrt{\log k}$? What if the nets differ in width and not only in seed?
#
# ## Where to go from here
#
# * **Assignment `activations`** grades B1 and B2: the error signals and weight gradients of a whole network.
#   **Assignment `babysitting`** grades B3: `numerical_gradient` and `relative_error`.
# * **Library**: `tipslib/scratch/layers.py` (the formulas of B2), `gradcheck.py`, `perceptron.py`, `training.py`.
# * **Next lecture**: 01 activations, where $\sigma'$ decides whether error signals survive.
#
# **Sources.** L: Hung-yi Lee, NTU, "Tips for Training Deep Neural Network" (Review: Backpropagation). C: CMU 11-785,
# lectures on training. K: Fei-Fei Li, Karpathy, Johnson, Stanford CS231n 2016, lecture 5 (Mini-batch SGD;
# forward/backward API; Neural Networks: Architectures; A bit of history). U: Ju Sun, University of Minnesota, CSCI 8980
# (Basic Methods of Training DNNs).
#
# **References**
#
# * A. Baydin et al., Automatic differentiation in machine learning: a survey, JMLR 2018.
# * Y. Bengio et al., Estimating or propagating gradients through stochastic neurons, 2013.
# * T. Chen et al., Training deep nets with sublinear memory cost, 2016.
# * G. Dahl et al., IEEE Trans. Audio, Speech, and Language Processing 20(1), 2012.
# * Y. Freund and R. Schapire, Large margin classification using the perceptron algorithm, Machine Learning 1999.
# * S. Gallant, Perceptron-based learning algorithms, IEEE Trans. Neural Networks 1990.
# * S. Greydanus and D. Kobak, Scaling down deep learning with MNIST-1D, ICML 2024.
# * G. Hinton and R. Salakhutdinov, Science 2006.
# * I. Hubara et al., Binarized neural networks, NeurIPS 2016.
# * A. Krizhevsky et al., ImageNet classification with deep convolutional neural networks, NeurIPS 2012.
# * S. Linnainmaa, master's thesis, Helsinki 1970.
# * P. Micikevicius et al., Mixed precision training, ICLR 2018.
# * M. Minsky and S. Papert, Perceptrons, MIT Press 1969.
# * A. Novikoff, On convergence proofs on perceptrons, 1962.
# * B. Recht et al., Do ImageNet classifiers generalize to ImageNet?, ICML 2019.
# * F. Rosenblatt, The perceptron, Psychological Review 1958; Perceptron simulation experiments, Proc. IRE 1960.
# * D. Rumelhart, G. Hinton, R. Williams, Learning representations by back-propagating errors, Nature 1986.
# * P. Werbos, Beyond regression, PhD thesis, Harvard 1974.
# * B. Widrow and M. Hoff, Adaptive switching circuits, IRE WESCON 1960.
