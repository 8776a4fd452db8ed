# %% [markdown]
# # 03 · Preprocessing
#
# A network meets the data as they were recorded: grams beside milligrams, years beside pixels. Gradient descent takes
# these numbers at face value. This lecture asks three questions. What do the units of the data do to training? How much
# of the damage can be removed before the first step? And which numbers may be taken from which data, so that the result
# on the test data can be trusted?
#
# **You will learn**
#
# | id | topic |
# |---|---|
# | P1 | zero mean and unit variance: what they do to the loss surface, to a network, and to the test data |
# | P2 | images: the mean image, the mean per channel, and whether "centre only" is right |
# | P3 | PCA and whitening: the derivation, what they gain, and what they spoil |
#
# **You need** [lecture 00](00_backprop.ipynb): gradients in matrix form (B2), the training loop (B5), the three
# kinds of data (B7). From linear algebra: eigenvalues and eigenvectors of a symmetric matrix.
# [Lecture 05](05_gradient_descent.ipynb) explains gradient descent in full; what we need of it is derived here.
# Batch norm is used here and derived in [lecture 08](08_batchnorm.ipynb).
#
# **How to read.** Before each experiment stands a question, *Predict, then run*. Write your answer down first. The
# questions under *Check yourself* have folded answers. The letters L, C and K name the lectures this course follows;
# they are listed at the end.

# %%
from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_sample_images, load_wine

from tipslib import pytorch, scratch
from tipslib.data import load
from tipslib.plotting import BLACK, BLUE, GREEN, ORANGE, RED, explore, show, spread, table, use_style

use_style()
torch.set_num_threads(1)  # one thread: the same sums in the same order every time
SEEDS = (0, 1, 2)

# %% [markdown]
# ### Conventions
#
# L writes $x_i^r$: dimension $i$ of example $r$, with $R$ examples. We keep these letters in the formulas. In code an
# example is a row, and there are $N = R$ of them.
#
# | matter | in the lectures | here (scratch and PyTorch) | in assignment `initialization` |
# |---|---|---|---|
# | data | L: a column $x^r$; K: `X` [N, D], an example in each row | `x` [N, D] | `x` [N, D] |
# | mean, standard deviation | L: $m_i$, $\sigma_i$ | `mean`, and $1/\sigma_i$ as `scale` | `standardize(train, test)` returns both data sets |
# | $\sigma_i^2$ is a sum divided by | not said | $N$ | $N$ |
# | a constant dimension, $\sigma_i = 0$ | not said | only centred | only centred |
# | covariance | K: a name | $\Sigma$, divided by $N$ | divided by $N$ |
# | whitening | K: "covariance matrix is the identity matrix" | `Whiten(eps=1e-5)`, divides by $\sqrt{\lambda + \varepsilon}$ | `whiten(x, eps=1e-5)`, the same |
# | order of the components | not said | largest variance first | any order |
# | sign of a component | not said | arbitrary | any sign |
# | $\varepsilon$ in batch norm | C: $\sqrt{\sigma^2 + \varepsilon}$ | `BatchNorm1d(eps=1e-5)`, the same | (assignment `batchnorm`) |
#
# The usual trap is $N$ against $N - 1$. Each library has its own default.

# %%
column = np.array([[1.0], [2.0], [3.0], [6.0]])  # mean 3, squares 4, 1, 0, 9
scale = scratch.Standardize().fit(column).scale
print(f"σ² of Standardize:      {1 / scale[0] ** 2:.4f}   divided by N")
print(f"σ² of np.var:           {column.var():.4f}")
print(f"σ² of np.cov:           {np.cov(column.T):.4f}   divided by N − 1")
print(f"σ² of torch.var:        {torch.var(torch.tensor(column)):.4f}   divided by N − 1")
constant = np.full((4, 1), 3.0)
print("a constant column 3.0 becomes", scratch.Standardize().fit(constant)(constant).ravel())

# %% [markdown]
# ### Data and networks of this lecture
#
# The course's data sets `mnist1d` and `digits` come in one unit each. To see units at work we add two classic tables
# that come with scikit-learn. *Wine*: 178 wines from three growers, 13 measurements. *Cancer*: 569 tumours, malignant
# (0) or benign (1), 30 measurements. A fixed 60 % of each is for training, 20 % for validation, 20 % for test.

# %%
wine, cancer = load_wine(), load_breast_cancer()


def parts(table_data):
    """(x, y) for training, validation and test."""
    fractions, rng = (0.6, 0.2, 0.2), np.random.default_rng(0)
    y = table_data.target.astype(np.int64)
    return scratch.split(table_data.data, y, fractions=fractions, rng=rng)


def in_float64(dataset):
    return [(part.x.astype(np.float64), part.y) for part in dataset]


DATA = {
    "wine": parts(wine),
    "cancer": parts(cancer),
    "digits": in_float64(load("digits")),
    "mnist1d": in_float64(load("mnist1d")),
}
rows = []
for name, ((x, y), validation, test) in DATA.items():
    means, stds = x.mean(axis=0), x.std(axis=0)
    sizes = f"{len(x)} / {len(validation[0])} / {len(test[0])}"
    span = f"{means.min():.3g} … {means.max():.3g}", f"{stds.min():.2g} … {stds.max():.3g}"
    rows.append((name, sizes, x.shape[1], y.max() + 1, *span))
table(("", "train / validation / test", "dimensions", "classes", "means", "σ"), rows)

# %% [markdown]
# All networks of this lecture have two hidden layers of 64 ReLU units and a softmax. Weights start with He's standard
# deviation $\sqrt{2/n_{in}}$ (lecture 04), biases with 0. The optimizer is SGD with momentum 0.9 (lecture 07).
#
# A comparison is fair only if each method gets its own learning rate. `best_rate` tries 17 rates from $10^{-8}$ to 1,
# two in each decade, on seeds 7, 8 and 9, and takes the one with the best *validation* accuracy (equal ones: the lower
# loss). The search was run once, and the exponents it found are written down in `EXPONENT`; cells below repeat parts of
# it. The results then come from seeds 0, 1 and 2, and "±" is the standard deviation over these three. Test data are
# kept for questions about test data, and for one table at the end.


# %%
def zca(x, eps):
    """Whiten, then turn back; P3 explains both."""
    x = x.reshape(len(x), -1)
    white, back = scratch.Whiten(eps).fit(x), scratch.PCA().fit(x).components.T
    return lambda new: white(new.reshape(len(new), -1)) @ back


METHODS = {  # name: from training data to a function that is then applied to any data
    "raw": lambda x: scratch.Identity(),
    "batch norm": lambda x: scratch.Identity(),  # `run` puts it into the network
    "centre": lambda x: scratch.Center().fit(x),
    "standardise": lambda x: scratch.Standardize().fit(x),
    "whiten 1e-5": lambda x: zca(x, 1e-5),
    "whiten 0.01": lambda x: zca(x, 0.01),
}


@cache
def prepared(task, method):
    """The three parts of a data set, transformed with what was learned from the training part."""
    data = DATA[task]
    if method.startswith("whiten") and task in ("wine", "cancer"):  # P3 says why
        data = prepared(task, "standardise")
    transform = METHODS[method](data[0][0])
    return [(transform(x).reshape(len(x), -1), y) for x, y in data]


def network(n_in, n_out, seed, *first):
    rng = np.random.default_rng(seed)
    layers = list(first)
    for fan_in, fan_out in pairwise([n_in, 64, 64, n_out]):
        layers += [scratch.Linear(fan_in, fan_out, dtype=np.float64), scratch.ReLU()]
        scratch.kaiming_normal_(layers[-2].params["weight"], nonlinearity="relu", rng=rng)
        layers[-2].params["bias"][...] = 0
    return scratch.Sequential(*layers[:-1])  # no ReLU behind the output


EPOCHS = {"wine": 15, "cancer": 10, "digits": 5, "mnist1d": 5, "photo digits": 5}
BATCH = {"wine": 16, "cancer": 32, "digits": 32, "mnist1d": 100, "photo digits": 32}


@cache
def run(task, method, lr, seed, adam=False):
    """Train a network; returns it with training loss and validation accuracy after each epoch."""
    (x, y), validation, _ = prepared(task, method)
    first = ()
    if method == "batch norm":
        first = (scratch.BatchNorm1d(x.shape[1], affine=False, dtype=np.float64),)
    net = network(x.shape[1], y.max() + 1, seed, *first)
    optimizer = scratch.Adam(net.params, lr) if adam else scratch.SGD(net.params, lr, momentum=0.9)
    loss, rng = scratch.CrossEntropyLoss(), np.random.default_rng(seed)
    how = {"epochs": EPOCHS[task], "batch_size": BATCH[task], "rng": rng}
    with np.errstate(all="ignore"):  # a rate too high overflows: a result, not an error
        try:
            h = scratch.fit(net, loss, optimizer, (x, y), validation, **how)
        except scratch.Diverged:  # no better than guessing
            h = {"loss": [np.inf], "val_accuracy": [1 / (y.max() + 1)], "val_loss": [np.inf]}
    last = h["val_loss"][-1]
    return SimpleNamespace(net=net, loss=h["loss"], accuracy=h["val_accuracy"], val_loss=last)


RATES = [10.0 ** (k / 2) for k in range(-16, 1)]


def search(task, method, rates=RATES, **options):
    """For each rate: (validation accuracy, minus validation loss), means over seeds 7, 8, 9."""
    found = {}
    for lr in rates:
        runs = [run(task, method, lr, seed, **options) for seed in (7, 8, 9)]
        found[lr] = np.mean([r.accuracy[-1] for r in runs]), -np.mean([r.val_loss for r in runs])
    return found


def best_rate(task, method, **options):
    found = search(task, method, **options)
    return max(found, key=found.get)


EXPONENT = {  # best_rate is 10 to the power of this
    **dict.fromkeys([("wine", "raw"), ("photo digits", "centre × 255")], -4),
    **dict.fromkeys([("wine", "centre"), ("cancer", "centre"), ("digits", "raw × 255")], -3.5),
    **dict.fromkeys([("cancer", "raw"), ("photo digits", "raw × 255")], -4.5),
    **dict.fromkeys([("digits", "centre × 255")], -3),
    **dict.fromkeys([("cancer", "raw", "Adam"), ("cancer", "centre", "Adam")], -2.5),
    **dict.fromkeys([("cancer", "standardise", "Adam")], -2.5),
    **dict.fromkeys([("wine", "standardise"), ("wine", "standardise", "Adam")], -2),
    **dict.fromkeys([("photo digits", "standardise")], -2),
    **dict.fromkeys([("wine", "batch norm"), ("cancer", "batch norm"), ("digits", "centre")], -1),
    **dict.fromkeys([("photo digits", "whiten 0.01"), *(("mnist1d", m) for m in METHODS)], -1),
}


def rate(task, method, *adam):
    return 10.0 ** EXPONENT.get((task, method, *adam), -1.5)


def results(task, method, adam=False):
    """The three runs, seeds 0, 1 and 2, at the method's own rate."""
    lr = rate(task, method, *["Adam"] * adam)
    return [run(task, method, lr, seed, adam) for seed in SEEDS]


def accuracies(task, method, adam=False):
    return np.array([r.accuracy[-1] for r in results(task, method, adam)])


# %% [markdown]
# ## P1 · Zero mean, unit variance
#
# *This section follows L ("Normalizing Input"), C ("Other tricks") and K ("Step 1: Preprocess the data").*
#
# ### The transform
#
# For each dimension $i$ take the mean and the standard deviation over the $R$ training examples (L):
#
# $$m_i = \frac1R \sum_{r=1}^{R} x_i^r, \qquad
#   \sigma_i^2 = \frac1R \sum_{r=1}^{R} (x_i^r - m_i)^2, \qquad
#   z_i^r = \frac{x_i^r - m_i}{\sigma_i}.$$
#
# L writes $x_i^r \leftarrow$ instead of $z_i^r =$: the result takes the place of the input.
#
# **Mean 0.** Both $m_i$ and $\sigma_i$ are constants, so they leave the sum:
#
# $$\frac1R \sum_r z_i^r = \frac{1}{\sigma_i}\Big(\frac1R \sum_r x_i^r - m_i\Big) = \frac{m_i - m_i}{\sigma_i} = 0.$$
#
# **Variance 1.** The mean of $z_i$ is 0, so its variance is the mean of its squares:
#
# $$\frac1R \sum_r (z_i^r)^2 = \frac{1}{\sigma_i^2} \cdot \frac1R \sum_r (x_i^r - m_i)^2 = \frac{\sigma_i^2}{\sigma_i^2} = 1.$$
#
# The last step needs $\sigma_i > 0$. A constant dimension has $\sigma_i = 0$; `Standardize` only centres it.
#
# In both libraries `fit` learns the numbers, and calling the layer applies them.

# %%
x = DATA["wine"][0][0]
ours = scratch.Standardize().fit(x)
theirs = pytorch.Standardize().fit(torch.tensor(x))
z = ours(x)
print("all |means| below 1e-12:        ", bool(np.abs(z.mean(axis=0)).max() < 1e-12))
print("all |variances − 1| below 1e-12:", bool(np.abs(z.var(axis=0) - 1).max() < 1e-12))
print("scratch and PyTorch agree:      ", np.allclose(z, theirs(torch.tensor(x)).numpy()))

# %% [markdown]
# K's slide shows the transform as a cloud of points that is first moved and then stretched. Here it is with two
# measurements of the wines. All three panels have the same scale, also between the two axes.

# %% tags=["hide-input"]
ALCOHOL, COLOUR = 0, 9
pair = DATA["wine"][0][0][:, [ALCOHOL, COLOUR]]  # 107 wines, two measurements
growers = DATA["wine"][0][1]


def cloud(axis, points, title):
    for grower, (colour, marker) in enumerate(((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"))):
        axis.plot(*points[growers == grower].T, marker, color=colour, markersize=4)
    axis.axhline(0, color=BLACK, linewidth=1)
    axis.axvline(0, color=BLACK, linewidth=1)
    axis.set_aspect("equal")
    axis.set_title(title)


figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.6), sharey=True)
cloud(axes[0], pair, "raw")
cloud(axes[1], scratch.Center().fit(pair)(pair), "centred: x − m")
cloud(axes[2], scratch.Standardize().fit(pair)(pair), "standardised: (x − m)/σ")
for axis, left in zip(axes, (-2, -8.5, -8.5), strict=True):
    axis.set(xlim=(left, left + 17), xlabel="alcohol", ylim=(-4, 13.5))
axes[0].set_ylabel("colour intensity")
figure.suptitle("Centring moves the cloud to the origin, standardising makes it as wide as high")
show(
    figure,
    "The same wines three times: away from the origin, centred on it, equally wide in both "
    "directions. The cloud stays tilted.",
)
print("raw: means", pair.mean(axis=0).round(2), "standard deviations", pair.std(axis=0).round(2))

# %% [markdown]
# One thing has not changed: the cloud is still tilted, because alcohol and colour are correlated. P3 treats that.
#
# ### What it does to the loss surface
#
# Why should gradient descent care? Take the simplest model, a linear unit $y = w \cdot x + b$ with the square error.
# Write $\tilde x = (1, x)$ and $\theta = (b, w)$, so that $y = \theta \cdot \tilde x$. The cost is
#
# $$C(\theta) = \frac{1}{2R} \sum_r (\theta \cdot \tilde x^r - \hat y^r)^2 .$$
#
# **The Hessian.** Differentiate twice. Once:
# $\nabla C = \frac1R \sum_r (\theta \cdot \tilde x^r - \hat y^r)\, \tilde x^r$. Twice:
# $H = \frac1R \sum_r \tilde x^r (\tilde x^r)^T$. It contains only inputs, no target and no $\theta$. So the cost is an
# exact parabola in every direction, and *the data alone decide its shape*. With $\theta^*$ the minimum,
#
# $$C(\theta) = C(\theta^*) + \tfrac12 (\theta - \theta^*)^T H\, (\theta - \theta^*), \qquad \nabla C = H(\theta - \theta^*).$$
#
# **One step of gradient descent** with rate $\eta$ changes the error $e = \theta - \theta^*$ to
#
# $$e^{t+1} = e^t - \eta H e^t = (I - \eta H)\, e^t .$$
#
# $H$ is symmetric: it has orthonormal eigenvectors with eigenvalues $\lambda_k \ge 0$. The part of $e$ along
# eigenvector $k$ obeys $e_k^{t+1} = (1 - \eta\lambda_k)\, e_k^t$. For $\lambda_k > 0$ it shrinks if and only if
# $|1 - \eta\lambda_k| < 1$, that is $0 < \eta < 2/\lambda_k$. So the *steepest* direction limits the rate, $\eta < 2/\lambda_{max}$, and the
# *flattest* one pays for it with a factor close to 1.
#
# **The best rate** makes the worse of the two extremes as good as possible. As $\eta$ grows, $1 - \eta\lambda_{min}$
# falls and $\eta\lambda_{max} - 1$ rises; the larger of the two is smallest where they are equal:
#
# $$1 - \eta\lambda_{min} = \eta\lambda_{max} - 1 \;\Rightarrow\; \eta = \frac{2}{\lambda_{min} + \lambda_{max}}, \qquad
#   \text{factor } \rho = \frac{\lambda_{max} - \lambda_{min}}{\lambda_{max} + \lambda_{min}}
#   = \frac{\kappa - 1}{\kappa + 1}, \qquad \kappa = \frac{\lambda_{max}}{\lambda_{min}}.$$
#
# $\kappa$ is the **condition number**.
#
# **The number of steps.** All $|1 - \eta\lambda_k| \le \rho$. So the excess cost
# $C - C(\theta^*) = \frac12\sum_k \lambda_k e_k^2$ shrinks at least by $\rho^2$ in each step. It is below a share $g$ of its
# start as soon as $\rho^{2t} \le g$, that is for
#
# $$t \;\ge\; \frac{\ln(1/g)}{2 \ln\frac{\kappa + 1}{\kappa - 1}} \;\approx\; \frac{\kappa}{4} \ln\frac1g ,$$
#
# because $\ln\frac{\kappa+1}{\kappa-1} = 2(\frac1\kappa + \frac1{3\kappa^3} + \dots) \approx \frac2\kappa$ for large
# $\kappa$. **Steps grow in proportion to $\kappa$.**
#
# ### Three causes of a large condition number
#
# Multiply out $\tilde x \tilde x^T$ with $\tilde x = (1, x)$, and take the mean. Write $x^r = m + (x^r - m)$: the mixed
# products average to 0, and with the covariance $\Sigma$ we get $\frac1R \sum_r x^r (x^r)^T = m m^T + \Sigma$. So
#
# $$H = \begin{pmatrix} 1 & m^T \\ m & \Sigma + m m^T \end{pmatrix}.$$
#
# | cause | what it does to $H$ | cure | $H$ afterwards |
# |---|---|---|---|
# | means $m$ | couples the bias to all weights; $\lambda_{max} \ge 1 + m \cdot m$ | centre | blocks $1$ and $\Sigma$ |
# | unequal $\sigma_i$ | unequal entries on the diagonal of $\Sigma$ | standardise | diagonal of ones |
# | correlations | entries beside the diagonal of $\Sigma$ | whiten (P3) | $I$, $\kappa = 1$ |
#
# (The bound in the first row: the largest eigenvalue is at least $v^T H v / v^T v$ for every $v$. Take $v = (1, m)$:
# $v^T H v = 1 + 2\, m \cdot m + (m \cdot m)^2 + m^T\Sigma\, m \ge (1 + m \cdot m)^2$, and $v^T v = 1 + m \cdot m$.)
#
# Each step of preprocessing removes one cause. We look at the first two with a single input, colour intensity; the
# target is the wine's alcohol, in standard deviations from its mean.
#
# **Predict, then run.** In the raw units $m = 5.2$ and $\sigma = 2.4$. What does the surface over $b$ and $w$ look
# like? How many steps does the best rate need until the excess cost is a millionth of that at the start?


# %%
def with_bias(z):
    return np.hstack([np.ones((len(z), 1)), z])


def hessian(z):
    """H of the linear model on inputs z [N, D], the bias first."""
    return with_bias(z).T @ with_bias(z) / len(z)


def eigenvalues(z):
    """Of H, largest first. Zeros are left out: where inputs are constant, no weight moves."""
    s = np.linalg.svd(with_bias(z) / np.sqrt(len(z)), compute_uv=False)  # more exact than from H
    return s[s > 1e-10 * s[0]] ** 2


def kappa(z):
    return eigenvalues(z)[0] / eigenvalues(z)[-1]


def best_lr(z):
    return 2 / (eigenvalues(z)[0] + eigenvalues(z)[-1])


def descend(z, target, lr, start=None, goal=1e-6, limit=200_000):
    """Path of gradient descent, [steps + 1, D + 1], until the excess cost is goal × the first."""
    H, right = hessian(z), with_bias(z).T @ target / len(z)
    best = np.linalg.solve(H, right)
    theta = np.zeros(len(right)) if start is None else np.array(start)
    first = (theta - best) @ H @ (theta - best)
    path = [theta]
    while (theta - best) @ H @ (theta - best) > goal * first and len(path) <= limit:
        theta = theta - lr * (H @ theta - right)
        path.append(theta)
    return np.array(path)


def bound(kappa, goal=1e-6):
    """The steps that are enough at the best rate."""
    return np.log(1 / goal) / (2 * np.log((kappa + 1) / (kappa - 1)))


# %% [markdown]
# The start is the same function in all three panels: the constant prediction 1.5, so $b = 1.5$, $w = 0$.

# %% tags=["hide-input"]
colour = pair[:, 1:]
alcohol = (pair[:, 0] - pair[:, 0].mean()) / pair[:, 0].std()
VERSIONS = {
    "raw": colour,
    "centred": scratch.Center().fit(colour)(colour),
    "standardised": scratch.Standardize().fit(colour)(colour),
}


def surface(axis, H, best, path, title, half=2.2):
    """Contours of the excess cost ½ eᵀHe, a path with its start (square), the minimum (star)."""
    middle = (path[0] + best) / 2
    points = np.stack(np.meshgrid(*[m + np.linspace(-half, half, 201) for m in middle]), axis=-1)
    cost = np.einsum("...i,ij,...j->...", points - best, H, points - best)
    levels = (path[0] - best) @ H @ (path[0] - best) * np.array([0.01, 0.1, 0.4, 1, 2])
    axis.contour(points[..., 0], points[..., 1], cost, levels, colors="grey", linewidths=0.8)
    axis.plot(*path.T, color=BLUE, marker=".", markersize=5, linewidth=1)
    axis.plot(*path[0], "s", color=ORANGE, markersize=7)
    axis.plot(*best, "*", color=RED, markersize=12)
    axis.set_aspect("equal")
    axis.set_title(title, fontsize=11)
    axis.grid(False)


figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.7))
one_input, rows = {}, []
for axis, (name, z) in zip(axes, VERSIONS.items(), strict=True):
    path = descend(z, alcohol, best_lr(z), start=(1.5, 0.0))
    best = np.linalg.solve(hessian(z), with_bias(z).T @ alcohol / len(z))
    one_input[name] = kappa(z), len(path) - 1
    surface(axis, hessian(z), best, path, f"{name}: κ = {kappa(z):.1f}")
    axis.set_xlabel("bias b")
    enough = int(np.ceil(bound(kappa(z)))) if kappa(z) > 1 + 1e-9 else 1  # κ = 1: no ln(1/0)
    rows.append((name, f"{kappa(z):.1f}", f"{best_lr(z):.3f}", enough, len(path) - 1))
axes[0].set_ylabel("weight w")
figure.suptitle("Each cure makes the valley rounder and the path shorter, at its own best rate")
show(
    figure,
    "Cost contours over bias and weight with the path of gradient descent. Raw: a narrow tilted "
    "valley and a dense zig-zag. Centred: an upright ellipse. Standardised: circles and one step.",
)
table(("colour intensity", "κ", "best rate", "steps that are enough", "steps taken"), rows)

# %% [markdown]
# Centring turns the valley upright: bias and weight no longer influence each other. Standardising makes it a circle. On
# a circle the gradient points straight at the minimum, and the best rate gets there in one step.
#
# Is the formula's rate really the best one? And is $\kappa$ really what sets the number of steps? First we try 100
# rates. Then we standardise all 13 measurements of the wines and spoil *one* of them again: recorded in units $s$ times
# smaller, or with an offset $c$. The target is $+1$ for grower 0 and $-1$ for the others.
#
# **Predict, then run.** Let $s$ grow from 3 to 30. By what factor does the number of steps grow? And when $c$ grows
# from 2 to 8? (For a column of variance 1 and its bias, $H = \begin{pmatrix} 1 & c \\ c & 1 + c^2 \end{pmatrix}$ has
# determinant 1.)

# %%
z = VERSIONS["raw"]
tried = 2 / eigenvalues(z)[0] * np.linspace(0.8, 0.9999, 100)
steps = [len(descend(z, alcohol, lr, (1.5, 0.0), limit=3000)) - 1 for lr in tried]
print(f"raw: {min(steps)} steps at the best of 100 rates, {one_input['raw'][1]} at the formula's")

standard = prepared("wine", "standardise")[0][0]
is_first = 2.0 * (growers == 0) - 1
spoiled = {"units, s × larger": [], "offset c": []}
for kind, values in zip(spoiled, ((1, 3, 10, 30), (1, 2, 4, 8)), strict=True):
    for value in values:
        z = standard.copy()
        z[:, 12] = z[:, 12] * value if "s ×" in kind else z[:, 12] + value
        spoiled[kind].append((value, kappa(z), len(descend(z, is_first, best_lr(z))) - 1))
for kind, found in spoiled.items():
    rows = [(v, f"{k:.3g}", f"{bound(k):.0f}", n) for v, k, n in found]
    table((kind, "κ", "steps that are enough", "steps taken"), rows)

# %% tags=["hide-input"]
figure, axis = plt.subplots()
line = np.geomspace(30, 3e4, 50)
axis.loglog(line, bound(line), "--", color=BLACK, linewidth=1, label="enough: (κ/4) ln(1/g)")
for (kind, found), colour_, marker in zip(spoiled.items(), (BLUE, ORANGE), "os", strict=True):
    _, k, n = np.array(found).T
    axis.loglog(k, n, marker, color=colour_, markersize=8, linestyle="none", label=kind)
axis.set(
    title="The condition number sets the number of steps",
    xlabel="condition number κ of the Hessian",
    ylabel="steps to a millionth of the excess cost",
)
axis.legend()
show(figure, "Steps against condition number, logarithmic: all points lie close below a line.")

# %% [markdown]
# The formula's rate is made for the worst start. For this start another one is a little better. The points lie close
# under the line.
#
# The damage is worse than one may think. Units: $\lambda_{max}$ grows with $s^2$, so ten times larger numbers make
# $\kappa$ about a hundred times larger. Offset: $\lambda_{max} \approx c^2$, and since the determinant stays 1,
# $\lambda_{min} \approx 1/c^2$: for large $c$, $\kappa$ grows with $c^4$.
#
# ### The condition numbers of real data
#
# **Predict, then run.** `mnist1d` was standardised by its authors, as one block, with one mean and one standard
# deviation. Which of the five data sets below gains most from standardising, and which hardly gains?
#
# Steps are computed, not taken: with $e_k^t = (1 - \eta\lambda_k)^t e_k^0$ even $10^{10}$ steps can be counted. The
# rate is the best of 60. The target is $\pm 1$ (first grower or not; benign or not; digit below 5 or not); the start is
# $\theta = 0$, which is the same function in all versions.


# %% tips={"rtol": 0.05}
def steps_needed(z, target, goal):
    """Steps of gradient descent from 0 to goal × the excess cost, at the best of 60 rates."""
    P, s, _ = np.linalg.svd(with_bias(z) / np.sqrt(len(z)), full_matrices=False)
    lam = s[s > 1e-10 * s[0]] ** 2
    share = (P[:, : len(lam)].T @ target) ** 2  # λ_k e_k²: the part of direction k
    share /= share.sum()

    def count(lr):
        factor = np.abs(1 - lr * lam)
        low, high = 0, 1
        while share @ factor ** (2 * high) > goal:
            low, high = high, 2 * high
        while high - low > 1:  # halve the interval until it is one step long
            middle = (low + high) // 2
            enough = share @ factor ** (2 * middle) <= goal
            low, high = (low, middle) if enough else (middle, high)
        return high

    return min(count(lr) for lr in 2 / lam[0] * np.linspace(0.5, 0.9999, 60))


TARGET = {
    "wine, two measurements": is_first,
    "wine": is_first,
    "cancer": 2.0 * DATA["cancer"][0][1] - 1,
    "digits": 2.0 * (DATA["digits"][0][1] < 5) - 1,
    "mnist1d": 2.0 * (DATA["mnist1d"][0][1] < 5) - 1,
}
INPUT = {name: pair if name.endswith("measurements") else DATA[name][0][0] for name in TARGET}
condition, to_one_percent = {}, {}
for name, x in INPUT.items():
    forms = {
        "raw": x,
        "centred": scratch.Center().fit(x)(x),
        "standardised": scratch.Standardize().fit(x)(x),
    }
    for form, z in forms.items():
        condition[name, form] = kappa(z)
        to_one_percent[name, form] = steps_needed(z, TARGET[name], 0.01)
FORMS = ("raw", "centred", "standardised")
for what, numbers in (("κ", condition), ("steps to 1 % of the excess cost", to_one_percent)):
    rows = [(name, *(f"{numbers[name, form]:.2g}" for form in FORMS)) for name in INPUT]
    table((what, *FORMS), rows)

# %% [markdown]
# Wine and cancer are hopeless in their raw units: their columns differ in size by factors of a thousand and more.
# Standardised, they are ready in a few to a few hundred steps. The digits gain, too, though all pixels share one unit
# (P2 returns to that). And `mnist1d` gains nothing: there the condition number comes from correlations.
#
# ### From the linear unit to a network
#
# A network's cost is no parabola, but its first layer sees the data in the same way. One unit of it computes
# $z^r = \theta \cdot \tilde x^r$; the cost of example $r$ depends on $\theta$ only through $z^r$. By the chain rule,
# twice,
#
# $$\frac{\partial C}{\partial \theta} = \frac1R\sum_r \frac{\partial C_r}{\partial z^r}\, \tilde x^r, \qquad
#   \frac{\partial^2 C}{\partial \theta\, \partial \theta^T}
#   = \frac1R\sum_r \frac{\partial^2 C_r}{\partial (z^r)^2}\; \tilde x^r (\tilde x^r)^T .$$
#
# So the second derivatives for one unit of the first layer are the same sum of $\tilde x \tilde x^T$, with a weight on
# each example. Means, units and correlations enter as before.
#
# ### On a network
#
# Now the real test: three versions of the wines, 17 learning rates, 15 epochs, one seed of the search. The last line
# repeats the whole search for the raw version.
#
# **Predict, then run.** Does the raw version only need another rate, or is there none that works?

# %%
figure, axis = plt.subplots()
by_rate = {}
for name, look in (("raw", ":o"), ("centre", "--s"), ("standardise", "-^")):
    by_rate[name] = np.array([run("wine", name, lr, seed=7).accuracy[-1] for lr in RATES])
    axis.semilogx(RATES, by_rate[name], look, label=name)
axis.axhline(1 / 3, color=BLACK, linewidth=1, linestyle="-.", label="guessing")
axis.set(
    title="In raw units no learning rate is good; standardised, a wide range is",
    xlabel="learning rate",
    ylabel="validation accuracy",
    ylim=(0, 1.2),
)
axis.legend(loc="upper left", ncols=2)
show(
    figure,
    "Validation accuracy on wine against the learning rate. Standardised inputs come near 1.0 over "
    "two decades of rates; raw and centred inputs stay well below at every rate.",
)
for name, values in by_rate.items():
    print(f"{name:12} best {values.max():.2f}, rates above 0.90: {(values > 0.9).sum()} of 17")
exponent = np.log10(best_rate("wine", "raw"))
print(f"raw: best_rate 10^{exponent:g}, EXPONENT {EXPONENT['wine', 'raw']}")

# %% [markdown]
# Now three data sets, each method at its own rate. On wine and cancer we add **Adam** (lecture 07). It divides every
# weight's step by the size of its own gradients, so it should repair unequal units by itself.
#
# **Predict, then run.** Does Adam make preprocessing unnecessary? Which of the two, mean or scale, can it not repair?

# %%
trained, rows = {}, []
for task in ("wine", "cancer", "mnist1d"):
    for adam in (False, True)[: 1 + (task != "mnist1d")]:
        cells = []
        for method in ("raw", "centre", "standardise"):
            trained[task, method, adam] = accuracies(task, method, adam)
            lr = rate(task, method, *["Adam"] * adam)
            cells.append(f"{spread(trained[task, method, adam])} (rate {lr:.0e})")
        rows.append((task, "Adam" if adam else "SGD, momentum", *cells))
table(("validation accuracy", "optimizer", "raw", "centre", "standardise"), rows)
for task in ("wine", "cancer"):
    assert trained[task, "standardise", False].min() > trained[task, "raw", False].max()

# %% [markdown]
# * In raw units SGD fails on wine and loses several points on cancer. Centring alone is not enough: the units are the
#   disease, as the condition numbers said.
# * On wine, Adam on *centred* data comes close to standardised data. On *raw* data it does not: the means couple all
#   weights of a unit, and a rate for each weight cannot undo that. On cancer it stays behind with both.
# * `mnist1d` does not care. It had been standardised before we got it.
#
# **Check yourself**
#
# 1. Two inputs, uncorrelated, centred, with $\sigma_1 = 1$ and $\sigma_2 = 30$. What is $\kappa$, and how many steps
#    are enough for $g = 10^{-2}$?
# 2. A column holds a temperature. Does it matter for a network on raw inputs whether it is in degrees Celsius or in
#    kelvin? After `Standardize`?
# 3. Can $\kappa$ be 1 with correlated inputs after standardising?
#
# <details><summary>Answer</summary>
#
# 1. $H = \text{diag}(1, 1, 900)$, so $\kappa = 900$. Enough are about $\frac{900}{4} \ln 100 \approx 1036$ steps.
# 2. Raw: yes. At a mean of 20 °C the bound $\lambda_{max} \ge 1 + m^2$ is 401, in kelvin about 86 000. After
#    `Standardize` the two are the same numbers.
# 3. No. $\kappa = 1$ means that all eigenvalues are equal, and then $H$ is a multiple of $I$, without entries beside
#    the diagonal.
#
# </details>
#
# Move the sliders: one input with mean $m$ and standard deviation $\sigma$, and the linear unit's surface.


# %% tags=["hide-input"]
def draw(m, sigma):
    H = np.array([[1, m], [m, sigma**2 + m**2]])
    lam = np.linalg.eigvalsh(H)
    e, path = np.array([1.5, 0.8]), []
    for _ in range(400):
        path.append(e)
        e = e - 2 / (lam[0] + lam[1]) * H @ e
    figure, axis = plt.subplots(figsize=(4.6, 4.2))
    surface(axis, H, np.zeros(2), np.array(path), f"κ = {lam[1] / lam[0]:.1f}")
    axis.set(xlabel="bias b − b*", ylabel="weight w − w*")
    return figure, f"Path on the surface for mean {m} and standard deviation {sigma}."


explore(draw, m=(0.0, 0.5, 1.0, 2.0, 3.0), sigma=(0.3, 0.5, 1.0, 2.0, 4.0))

# %% [markdown]
# ### The same transform for test data
#
# L: "Normalizing your training and testing data in the same way." This can be read in two ways: the same *recipe*, each
# with its own mean and standard deviation, or the same *numbers*. It must be the same numbers. The network shows why:
# put the transform into the first layer,
#
# $$W \frac{x - m}{\sigma} + b = W' x + b' \qquad\text{with}\qquad
#   W'_{ji} = \frac{W_{ji}}{\sigma_i}, \quad b'_j = b_j - \sum_i W'_{ji}\, m_i .$$
#
# So $m$ and $\sigma$ are part of the trained model, exactly like $W$ and $b$. (It also shows that standardising cannot
# make a network more powerful. It only moves the start and changes the path.)

# %%
net = results("cancer", "standardise")[0].net
standardize = scratch.Standardize().fit(DATA["cancer"][0][0])
folded = network(30, 2, seed=0)
folded.load_state_dict(net.state_dict())
folded.params["0.weight"] = net.params["0.weight"] * standardize.scale
folded.params["0.bias"] = net.params["0.bias"] - folded.params["0.weight"] @ standardize.mean
x_test, y_test = DATA["cancer"][2]
same = np.allclose(folded(x_test), net(standardize(x_test)), rtol=1e-9, atol=1e-9)
print("raw test data through the folded network = standardised data through the network:", same)

# %% [markdown]
# With statistics of their own, the same test examples go through *another* model. How bad is that? It depends on how
# many test examples there are, and on which.
#
# **Predict, then run.** What happens with a test batch of *one* example?


# %%
def own(x):
    """Standardised with its own statistics: the mistake."""
    return scratch.Standardize().fit(x)(x)


def correct(net, x, y):
    return np.mean(net(x).argmax(axis=1) == y)


def in_batches(task, size, shuffles):
    """Test accuracy when every batch of `size` is standardised on its own, for each seed."""
    x, y = DATA[task][2]
    scores = []
    for seed, result in zip(SEEDS, results(task, "standardise"), strict=True):
        rng, hits = np.random.default_rng(seed), []
        for _ in range(shuffles):
            order = rng.permutation(len(x))
            batches = [order[k : k + size] for k in range(0, len(x) - size + 1, size)]
            hits += [correct(result.net, own(x[batch]), y[batch]) for batch in batches]
        scores.append(np.mean(hits))
    return np.array(scores)


SIZES = (1, 2, 4, 8, 16, 32, 64)
alone, proper, forgotten, rows = {}, {}, {}, []
for task, shuffles in (("cancer", 3), ("digits", 1), ("mnist1d", 1)):
    x, y = DATA[task][2]
    nets = [result.net for result in results(task, "standardise")]
    alone[task] = np.array([in_batches(task, size, shuffles) for size in SIZES])
    proper[task] = np.array([correct(net, prepared(task, "standardise")[2][0], y) for net in nets])
    forgotten[task] = np.array([correct(net, x, y) for net in nets])
    whole = spread([correct(net, own(x), y) for net in nets])
    picked = [spread(alone[task][SIZES.index(size)]) for size in (1, 8)]
    rows.append((task, spread(forgotten[task]), *picked, whole, spread(proper[task])))
header = ("raw", "own, batch of 1", "own, batch of 8", "own, all", "training data's")
table(("test accuracy with statistics …", *header), rows)

# %% tags=["hide-input"]
figure, axis = plt.subplots()
for task, look, colour_ in zip(alone, ("-o", "-s", "-^"), (BLUE, ORANGE, GREEN), strict=True):
    mean, std = alone[task].mean(axis=1), alone[task].std(axis=1)
    axis.errorbar(SIZES, mean, std, fmt=look, color=colour_, capsize=3, label=f"{task}, own")
    axis.axhline(proper[task].mean(), color=colour_, linestyle="--", linewidth=1.5)
axis.plot([], [], "--", color=BLACK, linewidth=1.5, label="training data's")
axis.set_xscale("log", base=2)
axis.set(
    title="Test data need the training data's statistics",
    xlabel="test examples standardised together",
    ylabel="test accuracy",
    xticks=SIZES,
    xticklabels=SIZES,
    ylim=(0, 1.02),
)
axis.legend(title="statistics", fontsize=9, loc="center right", bbox_to_anchor=(1, 0.66), ncols=2)
show(
    figure,
    "Test accuracy against the number of test examples standardised together. One example alone "
    "gives guessing; at 64 the curves are close to the level of the training data's statistics.",
)

# %% [markdown]
# One example is its own mean, so $x - m = 0$: *every* input becomes the same vector of zeros, and the network guesses.
# With batches of 8 all three are clearly below their level. With the whole test set the loss is within the seeds'
# spread; that is why the mistake is so easy to overlook.
#
# Forgetting the transform ("raw") ruins cancer and hurts the digits. On `mnist1d` it costs nothing: those data were
# nearly standardised already.
#
# ### The leak
#
# With statistics of their own, a test example's prediction depends on the *other* test examples: information leaks
# between examples that should know nothing of each other. For a patient: the diagnosis depends on who else is in the
# waiting room.
#
# **Predict, then run.** Batches of about 8 patients, shuffled 20 times. For what share of the patients does the
# prediction change with the company?

# %%
x, y = DATA["cancer"][2]
changed = []
for seed, result in zip(SEEDS, results("cancer", "standardise"), strict=True):
    rng, predicted = np.random.default_rng(seed), np.empty((20, len(x)), int)
    for shuffle in range(20):
        for company in np.array_split(rng.permutation(len(x)), len(x) // 8):
            predicted[shuffle, company] = result.net(own(x[company])).argmax(axis=1)
    changed.append(np.mean((predicted != predicted[0]).any(axis=0)))
print("patients whose prediction depends on the company:", spread(changed))

# %% [markdown]
# It gets worse when the test data are *shifted*. Two cases.
#
# **Another mix.** A special clinic sends only malignant cases. Their own mean is the mean of ill patients, and
# subtracting it removes what made them recognisable.
#
# **Another instrument.** All measurements are one $\sigma_i$ too large. Here the numbers of the training data are
# wrong, and own statistics are *right*: they subtract the offset.
#
# **Predict, then run.** Four numbers: each case with both kinds of statistics.

# %%
malignant = y == 0
offset = x + 1 / standardize.scale
cases = {
    "all patients": (x, y),
    "only malignant": (x[malignant], y[malignant]),
    "all patients, instrument off by one σ": (offset, y),
}
shifted, rows = {}, []
for case, (inputs, labels) in cases.items():
    for kind, transform in (("training", standardize), ("own", own)):
        nets = [result.net for result in results("cancer", "standardise")]
        shifted[case, kind] = [correct(net, transform(inputs), labels) for net in nets]
    both = (spread(shifted[case, kind]) for kind in ("training", "own"))
    rows.append((case, len(labels), *both))
table(("test data", "patients", "training data's statistics", "their own statistics"), rows)

# %% [markdown]
# So both directions exist. Own statistics repair a shift that all examples share, and destroy a signal that all
# examples share; unlabelled test data do not say which is which. There are methods that adapt to test data on purpose:
# Schneider et al. (2020) re-estimate the statistics of batch norm on corrupted images. It must be a decision, not an
# accident.
#
# ### The other leak: statistics of training and test data together
#
# The statistics could also be taken over training *and* test data, before the split. Then the training has seen
# something of the test inputs. The course's own data are an example: the authors of `mnist1d` subtracted one mean and
# divided by one standard deviation of all 5000 × 40 values, test data included.
#
# **Predict, then run.** How much can that change? We undo it: mean and standard deviation from the 4000 examples that
# are not test data, everything trained again.

# %%
(x_train, y_train), (x_val, y_val), (x_test, y_test) = DATA["mnist1d"]
everything = np.concatenate([x_train, x_val, x_test])
seen = np.concatenate([x_train, x_val])
m, s = seen.mean(), seen.std()
print(f"all 5000 examples: mean {abs(everything.mean()):.4f}, σ {everything.std():.4f}")
print(f"without the test:  mean {m:.4f}, σ {s:.4f}")
print(f"largest change of a test value: {np.abs((x_test - m) / s - x_test).max():.3f}")

DATA["no leak"] = [((x - m) / s, y) for x, y in DATA["mnist1d"]]
EPOCHS["no leak"], BATCH["no leak"], EXPONENT["no leak", "raw"] = 5, 100, -1  # as mnist1d
clean = DATA["no leak"][2][0]
leaked = [correct(r.net, x_test, y_test) for r in results("mnist1d", "raw")]
honest = [correct(r.net, clean, y_test) for r in results("no leak", "raw")]
print(f"test accuracy with the leak {spread(leaked)}, without {spread(honest)}")
nets = [result.net for result in results("mnist1d", "raw")]
differ = np.mean([net(x_test).argmax(axis=1) != net(clean).argmax(axis=1) for net in nets])
print(f"same network, test data with and without: {differ:.3f} of the predictions differ")

# %% [markdown]
# Two numbers from 160 000 values: the leak is real and has no visible effect. A leak grows when *many* numbers are
# taken from *few* examples. We make it large: the wines with only $n$ for training, the rest for test, and a linear
# model (least squares with a small penalty). Statistics from the $n$, or from all 178. The means are over 300 random
# splits; "±" here is the uncertainty of the mean.


# %%
def linear_accuracy(z_train, y_train, z_test, y_test, penalty=0.1):
    """Least squares on one-hot targets; the class with the largest output wins."""
    X, Y = with_bias(z_train), scratch.one_hot(y_train, 3)
    A = X.T @ X / len(X) + penalty * np.diag([0] + [1] * z_train.shape[1])
    theta = np.linalg.solve(A, X.T @ Y / len(X))
    return np.mean((with_bias(z_test) @ theta).argmax(axis=1) == y_test)


FEW = (4, 6, 10, 20, 40)
leak_of, rows = {}, []
for n in FEW:
    pairs = []
    for seed in range(300):
        order = np.random.default_rng(seed).permutation(178)
        few, rest = order[:n], order[n:]
        accuracy = []
        for source in (few, order):  # statistics from the training data, or from all
            z = scratch.Standardize().fit(wine.data[source])(wine.data)
            accuracy.append(linear_accuracy(z[few], wine.target[few], z[rest], wine.target[rest]))
        pairs.append(accuracy)
    honest_, joint = np.mean(pairs, axis=0)
    gain = np.diff(pairs, axis=1)
    leak_of[n] = gain.mean(), gain.std() / np.sqrt(len(gain))
    leak = f"{leak_of[n][0]:+.3f} ± {leak_of[n][1]:.3f}"
    rows.append((n, f"{honest_:.3f}", f"{joint:.3f}", leak))
table(("training wines", "statistics from these", "statistics from all 178", "the leak"), rows)

# %% [markdown]
# With four training wines the leak pretends an accuracy that one would never get on new data. From about 20 wines on it
# is invisible. Taking the statistics from the training data costs nothing, so there is no reason to risk it.

# %% [markdown]
# ### The same as batch norm on the input
#
# C: "Equivalent of batch norm on input". Batch norm (lecture 08) takes the mean $\mu$ and the variance $\sigma^2$ of
# the *batch* and computes $(x - \mu)/\sqrt{\sigma^2 + \varepsilon}$. If the batch is the whole training set, then
# $\mu = m$, and the two differ only by $\varepsilon$:
#
# $$\frac{x - m}{\sqrt{\sigma^2 + \varepsilon}} = \frac{x - m}{\sigma} \cdot \frac{\sigma}{\sqrt{\sigma^2 + \varepsilon}} .$$
#
# **Predict, then run.** $\varepsilon = 10^{-5}$. The smallest $\sigma_i$ of the cancer data is 0.0025. How far from 1
# is the second factor?

# %%
x = DATA["cancer"][0][0]
sigma = x.std(axis=0)
batch_norm = scratch.BatchNorm1d(30, affine=False, dtype=np.float64)
twin = torch.nn.BatchNorm1d(30, affine=False).double()
normed, z = batch_norm(x), scratch.Standardize().fit(x)(x)
factor = sigma / np.sqrt(sigma**2 + 1e-5)
print("batch norm = Standardize × factor:", np.allclose(normed, z * factor, atol=1e-9))
print("the same in PyTorch:              ", np.allclose(normed, twin(torch.tensor(x)).numpy()))
names = cancer.feature_names
for i in (0, 4, 17, 19):
    print(f"{names[i]:24} σ = {sigma[i]:8.4f}   factor {factor[i]:.2f}")
print(f"{(factor < 0.95).sum()} of 30 columns come out with a standard deviation below 0.95")

# %% [markdown]
# For most columns the two are equal. But $\varepsilon$ has a unit, that of a variance: a column of small numbers is
# shrunk. (`Standardize` has no $\varepsilon$.)
#
# In training, the batch is a mini-batch. Then $\mu$ and $\sigma$ are noisy: the same example comes out differently in
# every batch. How much? The mean of $B$ examples has the standard deviation $\sigma/\sqrt B$, so the noise should halve
# when $B$ is four times larger. At test time batch norm uses running averages. They should come close to the statistics
# of the training data.

# %%
z, rng = prepared("digits", "standardise")[0][0], np.random.default_rng(0)
z = z[:, z.std(axis=0) > 0]  # without the constant pixels
layer = scratch.BatchNorm1d(z.shape[1], affine=False, dtype=np.float64)
rows = []
for size in (4, 16, 64, 256):
    batches = [b for b in scratch.minibatches(len(z), size, rng) if len(b) == size]
    # The median, because a few rare pixels have huge values (P2).
    noise = np.mean([np.median(np.abs(layer(z[b]) - z[b])) for b in batches])
    rows.append((size, f"{noise:.3f}", f"{noise * np.sqrt(size):.2f}"))
table(("batch size B", "median change of a value", "× √B"), rows)

layer = scratch.BatchNorm1d(30, momentum=None, affine=False, dtype=np.float64)  # a plain average
for batch in scratch.minibatches(len(x), 31, rng):  # 341 = 11 × 31
    layer(x[batch])
print("running mean = training mean:", np.allclose(layer.running_mean, x.mean(axis=0)))
ratio = layer.running_var / x.var(axis=0)
print(f"running variance / training variance: {ratio.min():.2f} … {ratio.max():.2f}")

layer.eval()
print("at test time one example alone gives the same:", np.allclose(layer(x)[:1], layer(x[:1])))

# %% [markdown]
# So batch norm in `eval` mode obeys L's rule by itself: it keeps fixed statistics of the training data. Does it also
# *train* equally well?

# %%
rows, as_batch_norm = [], {}
for task in ("wine", "cancer", "digits", "mnist1d"):
    pairs = {method: accuracies(task, method) for method in ("standardise", "batch norm")}
    as_batch_norm[task] = pairs["batch norm"].mean() - pairs["standardise"].mean()
    rows.append((task, *(f"{spread(a)} (rate {rate(task, m):.0e})" for m, a in pairs.items())))
table(("validation accuracy", "Standardize", "batch norm on the input"), rows)
print(f"largest difference: {max(map(abs, as_batch_norm.values())):.2f}")

# %% [markdown]
# Equally well. For inputs `Standardize` is the simpler choice: nothing is random, and no batch can be too small. Batch
# norm is needed where the statistics change during training: inside the network (lecture 08).
#
# **Practice today.** For tables: standardise, with a transform that is fitted on training data only. Columns with heavy
# tails are first tamed, for instance by a logarithm or by their ranks; Gorishniy et al. (2021) use a quantile
# transformation for their networks on tables. The argument of this section (centre, scale and decorrelate, because of
# the Hessian's eigenvalues) is in LeCun et al. (1998).
#
# **What to remember (P1).** The data alone set the condition number of the first layer; steps grow with it. Centring
# separates bias and weights, scaling makes the units equal. $m$ and $\sigma$ come from the training data and belong to
# the model: test data get the same numbers.
#
# **Check yourself**
#
# 1. You deploy a model that gets one example at a time. Which statistics can it use?
# 2. In five-fold cross-validation, how often must `fit` of the standardisation be called?
# 3. A colleague reports the same accuracy with test statistics of the whole test set and says: "So it does not matter."
#    What do you answer?
#
# <details><summary>Answer</summary>
#
# 1. Only stored ones, from the training data. Its own are $m = x$ and $\sigma = 0$.
# 2. Five times, once on each fold's own training part.
# 3. It did not matter for this test set: large, and with the same mix of classes. Try single examples, or one class.
#
# </details>

# %% [markdown]
# ## P2 · Images: mean image, mean per channel
#
# *This section follows K ("TLDR: In practice for Images: center only").*
#
# All pixels share one unit, so the strongest reason for $\sigma_i$ is gone. K's advice for images:
#
# * subtract the **mean image**, as AlexNet did: for CIFAR-10 an array [32, 32, 3]; or
# * subtract a **mean per channel**, as VGGNet did: 3 numbers;
# * "Not common to normalize variance, to do PCA or whitening".
#
# With images as arrays [N, C, H, W], as in PyTorch, `Center` does both. The examples are averaged always (axis 0); a
# mean per channel also averages over height and width (axes 2 and 3).
#
# ### A mean image
#
# **Predict, then run.** What does the mean of 1077 handwritten digits look like? And an image minus this mean?


# %% tags=["hide-input"]
def tiles(axis, images, columns, title, low=0.0, high=1.0, cmap="gray"):
    """Images [n, 8, 8] or [n, 8, 8, 3] side by side, with a white line between them."""
    lines, border = [], [(0, 0), (0, 1), (0, 1), (0, 0)][: images.ndim]
    for k in range(0, len(images), columns):
        line = np.concatenate(np.pad(images[k : k + columns], border, constant_values=high), axis=1)
        lines.append(line)
    axis.imshow(np.concatenate(lines), cmap=cmap, vmin=low, vmax=high)
    axis.set_title(title, fontsize=11)
    axis.axis("off")


digit_images = DATA["digits"][0][0].reshape(-1, 1, 8, 8)
center = scratch.Center().fit(digit_images)
figure, axes = plt.subplots(1, 3, figsize=(9.4, 2.5), width_ratios=[4, 1, 4])
tiles(axes[0], digit_images[:8, 0], 4, "digits, 0 to 1")
tiles(axes[1], center.mean, 1, "mean image")
tiles(axes[2], center(digit_images[:8])[:, 0], 4, "digits − mean image, −1 to 1", -1, 1)
figure.suptitle("The mean image shows what all digits have in common")
show(
    figure,
    "Eight digits, the mean image (a blurred blob with black edges left and right), and the same "
    "digits minus the mean.",
)

# %% [markdown]
# ### Colour images
#
# scikit-learn comes with two photographs, a temple in China and a flower. We cut windows of 8 × 8 pixels from them. A
# window is a colour image [3, 8, 8], with statistics of real photographs.
#
# From windows and digits we make a task, in the way of MNIST-M (Ganin and Lempitsky 2015): the absolute difference of a
# window and a digit. The class is the digit. Training, validation and test windows come from different columns of the
# photographs.


# %%
photos = [photo / 255 for photo in load_sample_images().images]


def windows(photo, count, columns, rng):
    """`count` windows of 8 × 8 pixels from these columns of a photograph, [count, 3, 8, 8]."""
    tops = rng.integers(0, photo.shape[0] - 7, count)
    lefts = rng.integers(columns[0], columns[1] - 7, count)
    cut = [photo[t : t + 8, k : k + 8] for t, k in zip(tops, lefts, strict=True)]
    return np.stack(cut).transpose(0, 3, 1, 2)


def on_photos(part, columns, rng):
    """The digits of this part, each on a window."""
    x, y = part
    counts = len(x) // 2, len(x) - len(x) // 2
    cut = [windows(photo, n, columns, rng) for photo, n in zip(photos, counts, strict=True)]
    return np.abs(rng.permutation(np.concatenate(cut)) - x.reshape(-1, 1, 8, 8)), y


rng = np.random.default_rng(0)
COLUMNS = ((0, 400), (400, 520), (520, 640))
DATA["photo digits"] = [on_photos(DATA["digits"][k], COLUMNS[k], rng) for k in range(3)]
colour_digits = DATA["photo digits"][0][0]
patches = np.concatenate([windows(photo, 2000, (0, 640), rng) for photo in photos])

mean_image = scratch.Center().fit(colour_digits)
per_channel = scratch.Center(axes=(0, 2, 3)).fit(colour_digits)
twin = pytorch.Center(axes=(0, 2, 3)).fit(torch.tensor(colour_digits))
print("shapes: mean image", mean_image.mean.shape, "mean per channel", per_channel.mean.shape)
print("PyTorch agrees:", np.allclose(twin.mean.numpy(), per_channel.mean))
for name, images in (("windows", patches), ("photo digits", colour_digits)):
    rgb, sigma = images.mean(axis=(0, 2, 3)).round(2), images.std(axis=(0, 2, 3)).round(2)
    print(f"{name:13} red, green, blue: mean {rgb}, σ {sigma}")

# %% tags=["hide-input"]
sets = {"digits": digit_images, "windows": rng.permutation(patches), "photo digits": colour_digits}
figure, axes = plt.subplots(2, 3, figsize=(9.4, 4.2))
rows = []
for (above, below), (name, images) in zip(axes.T, sets.items(), strict=True):
    last = images.transpose(0, 2, 3, 1).repeat(3 // images.shape[1], axis=3)  # grey: three times
    tiles(above, last[:10], 5, name)
    tiles(below, last.mean(axis=0, keepdims=True), 1, f"mean image of {name}")
    over_places = images.mean(axis=0).std(axis=(1, 2)).mean()
    rows.append((name, f"{over_places:.3f}", f"{images.std(axis=(0, 2, 3)).mean():.2f}"))
figure.suptitle("Digits sit in the middle and have a mean image; the mean of photo windows is flat")
show(
    figure,
    "Top: ten digits, photo windows, and digits on photo windows. Bottom: their mean images: "
    "a blob for the digits, uniform grey for the windows, a faint blob for the digits on windows.",
)
table(("", "σ of the mean image, from place to place", "σ of the pixels"), rows)

# %% [markdown]
# Why is the windows' mean image flat? A window may lie anywhere in the photograph. So every place in the window sees
# the same mixture of sky, leaves and walls, and has the same mean. Then the mean image and the mean per channel are the
# same thing, up to chance, and 3 numbers are enough. A mean per channel also treats all places alike, as a convolution
# does, and does not depend on the size of the image.
#
# ### Why not divide by σ in every pixel?
#
# Because of the rare pixels. Take a pixel that is 0 in all of $N$ images but one, where it is $v$. Then
#
# $$m = \frac vN, \qquad \sigma^2 = \frac{v^2}{N} - \frac{v^2}{N^2} = \frac{v^2 (N - 1)}{N^2}, \qquad
#   z = \frac{v - v/N}{\sigma} = \frac{v\,(N-1)/N}{v\sqrt{N-1}/N} = \sqrt{N - 1} .$$
#
# $v$ has cancelled: even the faintest spot becomes $\sqrt{1076} = 32.8$.
#
# **Predict, then run.** How many of the 64 pixels are constant in the training data? By what factor do the others get
# multiplied?

# %%
x_train, x_val = DATA["digits"][0][0], DATA["digits"][1][0]
sigma = x_train.std(axis=0)
gain_of_pixel = 1 / sigma[sigma > 0]
z_train = scratch.Standardize().fit(x_train)(x_train)
lit = (x_train > 0).sum(axis=0)
print(f"constant pixels: {(sigma == 0).sum()}; pixels lit in one image only: {(lit == 1).sum()}")
print(f"1/σ of the others: {gain_of_pixel.min():.1f} … {gain_of_pixel.max():.0f}")
print(f"largest value after Standardize: {z_train.max():.1f}; √(N − 1) = {np.sqrt(1076):.1f}")
window_sigma = patches.std(axis=0)
print(f"photo windows: 1/σ from {1 / window_sigma.max():.1f} to {1 / window_sigma.min():.1f}")

surprise = (sigma == 0) & (x_val.std(axis=0) > 0)
naive = (x_val - x_train.mean(axis=0)) / (sigma + 1e-8)
ours = scratch.Standardize().fit(x_train)(x_val)
print(f"constant in training, not in validation: {surprise.sum()} pixel")
print(f"  largest value there with (x − m)/(σ + 1e-8): {naive[:, surprise].max():.1e}")
print(f"  with Standardize, which only centres it:     {ours[:, surprise].max():.2f}")

# %% [markdown]
# A guard like $\sigma + 10^{-8}$ looks harmless and is a trap: what was constant in training and is not constant later
# explodes.
#
# In windows of photographs all pixels have nearly the same $\sigma$. Dividing is then one common factor: neither harmful
# nor useful beyond the scale.
#
# ### "Centre only", put to the test
#
# Seven versions of the digits (one channel) and of the photo digits (three). Pixels from 0 to 255 are included: AlexNet
# was fed with centred values of this size (Krizhevsky et al. 2012).
#
# **Predict, then run.** Which difference will be large, which will be within the seeds' spread? Two hidden layers, five
# epochs, each version at its own rate.


# %%
def channel_axes(x):
    return (0, 2, 3) if x.ndim == 4 else (0, 1)  # the grey digits are stored flat: one channel


def channel_standardize(x):
    """Mean and standard deviation per channel."""
    centre = scratch.Center(channel_axes(x)).fit(x)
    sigma = x.std(axis=channel_axes(x), keepdims=True)
    return lambda new: centre(new) / sigma


def times_255(fit):
    def fit_times_255(x):
        transform = fit(x)
        return lambda new: 255 * transform(new)

    return fit_times_255


METHODS |= {
    "channel mean": lambda x: scratch.Center(channel_axes(x)).fit(x),
    "channel mean and σ": channel_standardize,
    "raw × 255": times_255(METHODS["raw"]),
    "centre × 255": times_255(METHODS["centre"]),
}
LABELS = {
    "raw × 255": "raw, 0 to 255",
    "centre × 255": "mean image, −255 to 255",
    "raw": "raw, 0 to 1",
    "centre": "mean image",
    "channel mean": "mean per channel",
    "channel mean and σ": "mean and σ per channel",
    "standardise": "standardise each pixel",
}
IMAGES = ("digits", "photo digits")
image_race = {(task, method): accuracies(task, method) for task in IMAGES for method in LABELS}
rows = []
for method, label in LABELS.items():
    cells = [f"{spread(image_race[t, method])} ({rate(t, method):.0e})" for t in IMAGES]
    rows.append((label, *cells))
table(("validation accuracy (rate)", "digits, grey", "photo digits, colour"), rows)

# %% [markdown]
# * **Centring helps.** On both tasks the mean image beats the raw pixels.
# * **Which mean** makes no difference on the photo digits. On the digits, which have a strong mean image, the mean
#   image is slightly ahead of the mean per channel.
# * **Dividing by σ per pixel** does not help: on the digits it is slightly behind the mean image, on the photo digits
#   level.
# * **Scale matters, too.** With 0 to 255 the first layer's outputs are 255 times larger than He's start intends.
#   AlexNet had a smaller start: a standard deviation of 0.01 for all weights.
#
# So far, dividing by σ per pixel costs about a point. But training and validation images come from the same scanner. We
# change the validation images a little: grey noise on every pixel.
#
# **Predict, then run.** Noise with standard deviation 0.05, that is 5 % of the range. Who loses?


# %%
def with_noise(task, method, std):
    """Validation accuracy of the three networks with noise added *before* the transform."""
    x, y = DATA[task][1]
    noisy = x + std * np.random.default_rng(5).standard_normal(x.shape)
    flat = METHODS[method](DATA[task][0][0])(noisy).reshape(len(x), -1)
    return np.array([correct(r.net, flat, y) for r in results(task, method)])


NOISE = (0.0, 0.05, 0.1, 0.2, 0.3)
robust = {}
for task in ("digits", "photo digits"):
    for method in ("raw", "centre", "channel mean and σ", "standardise"):
        robust[task, method] = np.array([with_noise(task, method, std) for std in NOISE])
rows = [(task, LABELS[m], *map(spread, values[:3])) for (task, m), values in robust.items()]
table(("validation accuracy", "", *(f"noise {std}" for std in NOISE[:3])), rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9.4, 3.4), sharey=True)
looks = {"raw": "-o", "centre": "--s", "channel mean and σ": "-.^", "standardise": ":D"}
for axis, task in zip(axes, IMAGES, strict=True):
    for method, look in looks.items():
        values = robust[task, method]
        axis.errorbar(NOISE, values.mean(1), values.std(1), fmt=look, label=LABELS[method])
    axis.set(title=task, xlabel="standard deviation of the noise", ylim=(0, 1))
axes[0].set_ylabel("validation accuracy")
axes[0].legend(fontsize=9, loc="lower right", bbox_to_anchor=(1, 0.15))
figure.suptitle("A little noise ruins the digits whose pixels were divided by their own σ")
show(
    figure,
    "Validation accuracy against pixel noise. On the digits, pixel-wise standardising falls to "
    "guessing at once, the other versions fall slowly. On photo digits all fall slowly.",
)

# %% [markdown]
# On the digits, 5 % noise destroys the network on standardised pixels, and hardly touches the others. The pixels at the
# edge, almost always black in training, were multiplied by hundreds; now so is their noise. On photo digits nothing of
# the kind happens, because there all $\sigma_i$ are alike.
#
# So K's advice is right, and here is a reason: an image's pixels share a unit, and $\sigma_i$ measures how *often* a
# pixel is used, not in which unit.
#
# ### Practice today
#
# The usual recipe in PyTorch for photographs divides by 255, subtracts a mean per channel and divides by a σ per
# channel. For ImageNet these are (0.485, 0.456, 0.406) and (0.229, 0.224, 0.225). The three σ are almost equal: it is
# centring per channel plus one common scale. So normalising the variance is common now, per channel, not per pixel.
#
# **What to remember (P2).** Scale pixels to about unit size, subtract a mean (per channel is enough for photographs).
# Do not divide by a σ per pixel.
#
# **Check yourself**
#
# 1. An image model for 224 × 224 pixels is to be used on 300 × 300. Which kind of mean still fits?
# 2. One could also subtract from every image *its own* mean. May one do that with test data? What does it remove?
# 3. Inputs from 0 to 255 instead of 0 to 1: by which change of the first layer and of its learning rate do you get
#    exactly the same training?
#
# <details><summary>Answer</summary>
#
# 1. The mean per channel.
# 2. Yes: it uses the example alone, nothing from other test examples. It removes the brightness of the image.
# 3. Divide the first weights by 255: same outputs. Their gradient is then 255 times larger, while the step must be 255
#    times smaller. So divide the rate of these weights by $255^2$; leave that of the biases.
#
# </details>

# %% [markdown]
# ## P3 · PCA and whitening
#
# *This section follows K ("In practice, you may also see PCA and Whitening of the data").*
#
# Standardising looks at each dimension alone. The tilt of the cloud, the correlations, stayed. To remove it we first
# need the directions of the cloud.
#
# ### The derivation
#
# **Variance along a direction.** Let $u$ be a unit vector and $s^r = u \cdot (x^r - m)$ the position of example $r$
# along it. The mean of $s$ is 0. Its variance is
#
# $$\frac1R \sum_r (s^r)^2 = \frac1R \sum_r u^T (x^r - m)(x^r - m)^T u = u^T \Sigma\, u, \qquad
#   \Sigma = \frac1R \sum_r (x^r - m)(x^r - m)^T .$$
#
# **The direction of largest variance.** Maximise $u^T\Sigma u$ under the condition $u^T u = 1$. With a Lagrange
# multiplier $\lambda$ set the gradient of $u^T\Sigma u - \lambda (u^T u - 1)$ to zero:
#
# $$2\Sigma u - 2\lambda u = 0 \quad\Rightarrow\quad \Sigma u = \lambda u .$$
#
# So $u$ is an eigenvector of the covariance. Multiply from the left by $u^T$: the variance is $u^T\Sigma u = \lambda$.
# The largest variance is the largest eigenvalue.
#
# **All directions.** $\Sigma$ is symmetric, so it has $D$ orthonormal eigenvectors. Repeating the argument among the
# vectors orthogonal to those already found gives them in the order
# $\lambda_1 \ge \lambda_2 \ge \dots \ge \lambda_D \ge 0$. Write them as the columns of $U$, and the $\lambda_k$ on the
# diagonal of $\Lambda$: $\Sigma U = U \Lambda$ and $U^T U = I$.
#
# **PCA** uses the $s$ of all directions as new coordinates: $z = U^T (x - m)$. Their covariance is
#
# $$\frac1R \sum_r z^r (z^r)^T = U^T \Sigma\, U = U^T U \Lambda = \Lambda ,$$
#
# K's "data has diagonal covariance matrix".
#
# **Whitening** divides each coordinate by its standard deviation: $z = \Lambda^{-1/2} U^T (x - m)$. The covariance is
# $\Lambda^{-1/2} \Lambda \Lambda^{-1/2} = I$, K's "covariance matrix is the identity matrix".
#
# **ε.** A direction with $\lambda_k = 0$ cannot be divided. `Whiten` divides by $\sqrt{\lambda_k + \varepsilon}$, and
# direction $k$ gets the variance $\lambda_k/(\lambda_k + \varepsilon)$: almost 1 if $\lambda_k \gg \varepsilon$, almost
# 0 if $\lambda_k \ll \varepsilon$.
#
# ### By hand
#
# Two standardised dimensions with correlation $c$ have $\Sigma = \begin{pmatrix} 1 & c \\ c & 1 \end{pmatrix}$. The
# characteristic equation is $(1 - \lambda)^2 - c^2 = 0$, so $\lambda = 1 \pm c$. For $\lambda = 1 + c$ the first row of
# $\Sigma u = \lambda u$ reads $u_1 + c u_2 = (1 + c) u_1$, so $u_2 = u_1$; for $1 - c$ it gives $u_2 = -u_1$. With
# length 1:
#
# $$U = \frac{1}{\sqrt2} \begin{pmatrix} 1 & 1 \\ 1 & -1 \end{pmatrix}.$$
#
# The directions are the two diagonals, for every $c > 0$.
#
# **Predict, then run.** What condition number is left after standardising, if $c = 0.5$? If $c = 0.99$?

# %%
z = scratch.Standardize().fit(pair)(pair)
c = np.mean(z[:, 0] * z[:, 1])
pca = scratch.PCA().fit(z)
print(f"correlation c of alcohol and colour: {c:.3f}")
print("variances: ", pca.variances.round(3), "  by hand 1 ± c:", np.round([1 + c, 1 - c], 3))
print("components, without sign:", np.abs(pca.components).round(3).tolist(), " 1/√2 = 0.707")
print(f"κ = (1 + c)/(1 − c) = {(1 + c) / (1 - c):.2f}, from the Hessian {kappa(z):.2f}")
twin = pytorch.PCA().fit(torch.tensor(z))
same = np.allclose(np.abs(twin.components.numpy()), np.abs(pca.components))
print("PyTorch finds the same components, up to the sign:", same)
for c_ in (0.5, 0.99):
    print(f"c = {c_}: κ = {(1 + c_) / (1 - c_):.0f}")

# %% [markdown]
# The sign of an eigenvector is arbitrary: with $u$, also $-u$ is one, and another computer may choose differently. For
# figures we turn every component so that its largest entry is positive. Here is K's slide, with the wines.


# %% tags=["hide-input"]
def signed(layer):
    """The same PCA or Whiten layer; the entry of largest size in each component is positive."""
    U = layer.components
    largest = U[np.abs(U).argmax(axis=0), np.arange(U.shape[1])]
    layer.buffers["components"] = U * np.sign(largest)
    return layer


figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.4), sharex=True, sharey=True)
cloud(axes[0], scratch.Center().fit(pair)(pair), "centred")
cloud(axes[1], signed(scratch.PCA().fit(pair))(pair), "PCA: decorrelated")
cloud(axes[2], signed(scratch.Whiten().fit(pair))(pair), "whitened")
pca = signed(scratch.PCA().fit(pair))
for k, colour_ in enumerate((RED, BLACK)):
    arrow = np.outer([0, 2 * np.sqrt(pca.variances[k])], pca.components[:, k])
    axes[0].plot(*arrow.T, "-", color=colour_, linewidth=3, label=f"u{'₁₂'[k]}, 2σ long")
axes[0].legend(fontsize=9)
axes[0].set(xlim=(-5.5, 8), ylim=(-4.5, 7.5), xlabel="alcohol − mean", ylabel="colour − mean")
axes[1].set(xlabel="along u₁", ylabel="along u₂")
axes[2].set(xlabel="along u₁, / √λ₁", ylabel="along u₂, / √λ₂")
figure.suptitle("PCA turns the cloud onto the axes, whitening makes it round")
show(
    figure,
    "The centred wines with the two principal directions; the cloud turned so that these are the "
    "axes; and scaled to a round cloud.",
)

# %% [markdown]
# ### The loss surface, third cure
#
# **Predict, then run.** The linear model again, now with both measurements, and the target proline (another measurement
# of the wines, in σ from its mean). How many steps after whitening?

# %% tags=["hide-input"]
proline = DATA["wine"][0][0][:, 12]
proline = (proline - proline.mean()) / proline.std()
TWO = {
    "centred": scratch.Center().fit(pair)(pair),
    "standardised": scratch.Standardize().fit(pair)(pair),
    "whitened": signed(scratch.Whiten(1e-9).fit(pair))(pair),
}
figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.7))
two_inputs = {}
for axis, (name, z) in zip(axes, TWO.items(), strict=True):
    path = descend(z, proline, best_lr(z))
    two_inputs[name] = kappa(z), len(path) - 1
    best = np.linalg.solve(hessian(z), with_bias(z).T @ proline / len(z))
    title = f"{name}: κ = {kappa(z):.1f}"
    surface(axis, hessian(z)[1:, 1:], best[1:], path[:, 1:], title, half=0.8)
    axis.set_xlabel("weight w₁")
axes[0].set_ylabel("weight w₂")
figure.suptitle("Whitening removes the last cause: every cost contour is a circle")
show(
    figure,
    "Cost contours over the two weights: a flat ellipse with a zig-zag path, a tilted ellipse "
    "with a short path, and circles with one straight step.",
)
rows = [("two measurements", *(f"{two_inputs[n][0]:.1f} ({two_inputs[n][1]})" for n in two_inputs))]
for task in ("wine", "cancer", "digits", "mnist1d"):
    x = prepared(task, "standardise")[0][0]
    z = zca(x, 1e-9)(x)
    z = z[:, z.std(axis=0) > 0.01]  # constant pixels stay constant
    steps_white = steps_needed(z, TARGET[task], 0.01)
    earlier = [f"{condition[task, f]:.2g} ({to_one_percent[task, f]:.2g})" for f in FORMS[1:]]
    rows.append((task, *earlier, f"{kappa(z):.2f} ({steps_white})"))
table(("κ (steps)", *two_inputs), rows)
print("steps: to a millionth of the excess cost in the first row, to 1 % in the others")

# %% [markdown]
# One step, on every data set. And it cost the linear model nothing: its minimum is the same function before and after.
# For networks it will be different.
#
# ### What preprocessing is, for gradient descent
#
# All our transforms have the form $z = A^T (x - m)$. Let $y = v \cdot z$. In the original coordinates this is
# $y = (A v) \cdot (x - m)$, so $w = A v$. The chain rule gives $\nabla_v C = A^T \nabla_w C$. A step in $v$ moves $w$
# by
#
# $$\Delta w = A\, \Delta v = -\eta\, A \nabla_v C = -\eta\, A A^T\, \nabla_w C .$$
#
# So, from the same starting function, **preprocessing the data is the same as multiplying every gradient of the first
# layer by** $A A^T$.
#
# | transform | A | AAᵀ | what gradient descent becomes |
# |---|---|---|---|
# | centre | I | I | itself, on centred data |
# | standardise | diagonal, 1/σᵢ | diagonal, 1/σᵢ² | each input has a rate of its own, η/σᵢ² |
# | PCA | U | UUᵀ = I | itself: *a rotation changes nothing* |
# | whiten | UΛ^(−1/2) | UΛ⁻¹Uᵀ = Σ⁻¹ | Newton's method for the linear model: Σ is its Hessian |
#
# The second row leads to Adagrad (lecture 06), the last to second-order methods. We check all four: five steps on
# transformed data, and five steps on centred data with the gradient multiplied by $A A^T$.

# %%
x = prepared("wine", "standardise")[0][0] * np.geomspace(0.5, 2, 13)  # centred, unequal scales
target = is_first - is_first.mean()
transforms = {
    "centre": scratch.Center().fit(x),
    "standardise": scratch.Standardize().fit(x),
    "PCA": scratch.PCA().fit(x),
    "whiten": scratch.Whiten(1e-12).fit(x),
}
rows = []
for name, transform in transforms.items():
    z = transform(x)
    A = transform(np.eye(13)) - transform(np.zeros((13, 13)))  # row i: where unit vector i goes
    v, w, lr = np.zeros(13), np.zeros(13), 1 / np.linalg.eigvalsh(z.T @ z / len(z))[-1]
    for _ in range(5):
        v = v - lr * z.T @ (z @ v - target) / len(z)
        w = w - lr * A @ A.T @ (x.T @ (x @ w - target) / len(x))
    diagonal = np.allclose(A @ A.T, np.diag(np.diag(A @ A.T)), atol=1e-9)
    rows.append((name, np.allclose(A @ v, w), diagonal, np.allclose(A @ A.T, np.eye(13))))
table(("transform", "same path", "AAᵀ is diagonal", "AAᵀ = I"), rows)
newton = np.linalg.lstsq(x, target, rcond=None)[0]
z = transforms["whiten"](x)
one_step = A @ (z.T @ target / len(z))  # from 0, rate 1
print("whitened, one step with rate 1 = least squares solution:", np.allclose(one_step, newton))

# %% [markdown]
# **Predict, then run.** So PCA alone should make no difference to a network trained by SGD, *if* the first weights are
# turned along: $W (x - m) = (W U)(U^T (x - m))$. Is it exact also with ReLU, momentum and mini-batches? And with Adam?

# %%
(x, y), _, _ = prepared("digits", "centre")
rotate = scratch.PCA().fit(x)
rotation = {}
for name, make in (("SGD", lambda p: scratch.SGD(p, 0.1, momentum=0.9)), ("Adam", scratch.Adam)):
    losses = []
    for turned in (False, True):
        net = network(64, 10, seed=0)
        if turned:
            net.params["0.weight"] = net.params["0.weight"] @ rotate.components
        inputs, loss = rotate(x) if turned else x, scratch.CrossEntropyLoss()
        options = {"epochs": 2, "batch_size": 32, "rng": np.random.default_rng(0)}
        losses.append(scratch.fit(net, loss, make(net.params), (inputs, y), **options)["loss"])
    rotation[name] = np.allclose(*losses, rtol=1e-6)
    print(f"{name:5} two epochs, same losses on pixels and on PCA coordinates: {rotation[name]}")

# %% [markdown]
# SGD cannot see a rotation. Adam can: it treats every weight alone, and a rotation mixes them. (The normal start looks
# the same from all directions, so a fresh start serves as well as the turned one.)
#
# There are therefore many whitenings: with every orthogonal $Q$, $Q^T z$ is white, too. One has a name. **ZCA** turns
# back with $Q^T = U$:
#
# $$z = U \Lambda^{-1/2} U^T (x - m).$$
#
# Its matrix is symmetric, and among all whitenings it stays closest to $x - m$ in mean square (Kessy et al. 2018). Its
# results are images again. For a fully connected network and SGD it is the same as whitening with PCA; `zca` at the top
# of the notebook uses it because it has no arbitrary signs.
#
# ### The covariance before and after
#
# **Predict, then run.** `mnist1d` has 40 positions along a smooth curve. What does its covariance look like?

# %%
x, x_val = prepared("mnist1d", "centre")[0][0], prepared("mnist1d", "centre")[1][0]
stages = {
    "centred": scratch.Center().fit(x),
    "standardised": scratch.Standardize().fit(x),
    "PCA": signed(scratch.PCA().fit(x)),
    "whitened, ε = 1e-5": signed(scratch.Whiten(1e-5).fit(x)),
    "whitened, ε = 0.1": signed(scratch.Whiten(0.1).fit(x)),
}


def covariance(z):
    return (z - z.mean(axis=0)).T @ (z - z.mean(axis=0)) / len(z)


def off_diagonal(C):
    return np.abs(C - np.diag(np.diag(C))).max() + 0.0


rows, white = [], {}
for name, transform in stages.items():
    C, C_val = covariance(transform(x)), covariance(transform(x_val))
    white[name] = np.diag(C).min(), np.diag(C).max(), np.diag(C_val).min(), np.diag(C_val).max()
    low, high, low_val, high_val = white[name]
    off = f"{off_diagonal(C):.3f}", f"{off_diagonal(C_val):.2f}"
    spans = f"{low:.3f} … {high:.3f}", f"{low_val:.2f} … {high_val:.2f}"
    rows.append((name, spans[0], off[0], spans[1], off[1]))
header = ("variances", "largest covariance", "validation: variances", "largest covariance")
table(("mnist1d", *header), rows)
lam = stages["PCA"].variances
shrunk = lam / (lam + 0.1)
found = np.diag(covariance(stages["whitened, ε = 0.1"](x)))
print("variances with ε = 0.1 are λ/(λ + ε):", np.allclose(found, shrunk))
theirs = pytorch.Whiten(1e-5).fit(torch.tensor(x))(torch.tensor(x_val)).numpy()
ours = stages["whitened, ε = 1e-5"](x_val)
print("PyTorch agrees, up to the signs:     ", np.allclose(np.abs(theirs), np.abs(ours)))

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 4, figsize=(9.8, 2.9))
for axis, name in zip(axes, [name for name in stages if name != "standardised"], strict=True):
    C = covariance(stages[name](x))
    image = axis.imshow(C, cmap="RdBu_r", vmin=-1, vmax=1)
    axis.set_title(name, fontsize=11)
    axis.grid(False)
    axis.set_xlabel("position" if name == "centred" else "component")
figure.colorbar(image, ax=axes, shrink=0.8, label="covariance (clipped at ±1)")
figure.suptitle("Neighbours are correlated; PCA leaves the diagonal, whitening makes it 1")
show(
    figure,
    "Covariance matrices of mnist1d: a broad band along the diagonal; after PCA only the diagonal; "
    "after whitening the identity; with a large epsilon the diagonal fades out.",
)

# %% [markdown]
# On the training data the promises hold, up to ε. On validation data they hold roughly: the covariance was estimated from
# 3200 examples. With ε = 0.1 the variances of the small components fade out.
#
# ### Keeping only some components
#
# PCA can also shorten the data: keep the $K$ components of largest variance. Going back, $\hat x = m + U_K z$. What is
# lost is $\sum_{k>K} z_k u_k$, and since the $u_k$ are orthonormal, the mean square error is $\sum_{k>K} \lambda_k$.
#
# **Predict, then run.** How many of 64 numbers does one need to recognise a digit by eye?

# %%
x = DATA["digits"][0][0]
KEPT = (2, 5, 10, 20, 40)
pictures, rows = [x[:10]], []
lam = scratch.PCA().fit(x).variances
for kept in KEPT:
    pca = scratch.PCA(n_components=kept).fit(x)
    back = pca.mean + pca(x) @ pca.components.T
    pictures.append(back[:10])
    error = np.mean(np.sum((x - back) ** 2, axis=1))
    lost = f"{error:.4f}", f"{lam[kept:].sum():.4f}"
    rows.append((kept, *lost, f"{lam[:kept].sum() / lam.sum():.2f}"))
table(("kept", "mean square error", "sum of the λ left out", "share of the variance kept"), rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots(2, 3, figsize=(9.4, 3.4))
for axis, images, kept in zip(axes.ravel(), pictures, (64, *KEPT), strict=True):
    tiles(axis, images.reshape(-1, 8, 8), 5, f"{kept} components")
figure.suptitle("About 20 of 64 components are enough to read the digits")
show(figure, "Ten digits rebuilt from 2 to 40 components; with 20 they can be read.")

# %% [markdown]
# ### Whitened images
#
# **Predict, then run.** Whitening makes all components equally strong, also the weakest. What will a whitened digit
# look like?

# %% tags=["hide-input"]
x = DATA["digits"][0][0]
window_images = patches[rng.permutation(4000)[:10]]
figure, axes = plt.subplots(2, 4, figsize=(9.8, 3.6))
tiles(axes[0, 0], x[:10].reshape(-1, 8, 8), 5, "digits")
white_pixels = signed(scratch.Whiten(1e-5).fit(x))(x[:10])
tiles(axes[0, 1], white_pixels.reshape(-1, 8, 8), 5, "whitened, ε = 1e-5", -3, 3)
tiles(axes[0, 2], zca(x, 1e-5)(x[:10]).reshape(-1, 8, 8), 5, "ZCA, ε = 1e-5", -3, 3)
tiles(axes[0, 3], zca(x, 0.1)(x[:10]).reshape(-1, 8, 8), 5, "ZCA, ε = 0.1", -2, 2)
tiles(axes[1, 0], window_images.transpose(0, 2, 3, 1), 5, "windows of photographs")
for axis, eps, name in zip(axes[1, 1:], (1e-5, 1e-3, 0.1), ("1e-5", "0.001", "0.1"), strict=True):
    z = zca(patches, eps)(window_images).reshape(-1, 3, 8, 8).transpose(0, 2, 3, 1)
    tiles(axis, np.clip(0.5 + z / 6, 0, 1), 5, f"ZCA, ε = {name}")
figure.suptitle("Whitened: PCA order is no picture; ZCA keeps the place and exaggerates detail")
show(
    figure,
    "Digits and photo windows, whitened. In PCA order no digit can be recognised. With ZCA and "
    "small epsilon they look like noise with traces of strokes, with large epsilon like digits.",
)

figure, axes = plt.subplots(1, 2, figsize=(9.4, 1.5))
for axis, name in zip(axes, ("digits", "windows"), strict=True):
    images = sets[name]
    u = signed(scratch.PCA(n_components=10).fit(images.reshape(len(images), -1))).components.T
    u = 0.5 + u / np.abs(u).max(axis=1, keepdims=True) / 2  # 0 becomes grey
    u = u.reshape(10, -1, 8, 8).transpose(0, 2, 3, 1).repeat(3 // images.shape[1], axis=3)
    tiles(axis, u, 10, f"{name}: components u₁ to u₁₀")
show(
    figure,
    "First ten principal components as images: of digits, blurred strokes; of photo windows, plain "
    "brightness, colours, gradients and waves.",
)

# %% [markdown]
# Each component is a pattern over the whole image. So whitened pixels in PCA order are no picture: a component has no
# place. ZCA keeps the place, and a convolution needs places. With small ε the weakest patterns are as strong as the
# strokes.
#
# ### What whitening amplifies
#
# Component $k$ is multiplied by $1/\sqrt{\lambda_k + \varepsilon}$. Noise of variance $s^2$ in every pixel becomes
# noise of variance $s^2/(\lambda_k + \varepsilon)$ in component $k$. The signal there gets at most variance 1. So a
# component with $\lambda_k < s^2$ is now mostly noise, and as loud as any other.
#
# **Predict, then run.** We sweep ε on both kinds of digits. Which ε is best on clean images? And with 5 % noise?

# %%
EPS = {1e-5: "1e-5", 1e-4: "1e-4", 1e-3: "0.001", 1e-2: "0.01", 1e-1: "0.1", 1.0: "1"}
for eps, name in EPS.items():
    METHODS[f"whiten {name}"] = lambda x, eps=eps: zca(x, eps)
    if eps >= 0.1:
        EXPONENT |= {(task, f"whiten {name}"): -1 for task in ("digits", "photo digits")}
swept, rows = {}, []
for task in ("digits", "photo digits"):
    x = DATA[task][0][0].reshape(len(DATA[task][0][0]), -1)
    lam = scratch.PCA().fit(x).variances
    for eps, name in EPS.items():
        swept[task, eps] = np.array([with_noise(task, f"whiten {name}", s) for s in (0.0, 0.05)])
        gain = 1 / np.sqrt(lam[-1] + eps)
        loud = np.mean(lam < 0.05**2)
        rows.append((task, name, f"{gain:.0f}", f"{loud:.2f}", *map(spread, swept[task, eps])))
header = ("largest gain", "components with λ < 0.05²", "accuracy, clean", "accuracy, 5 % noise")
table(("validation data", "ε", *header), rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9.4, 3.4), sharey=True)
for axis, task in zip(axes, ("digits", "photo digits"), strict=True):
    for k, (label, colour_, style) in enumerate((("clean", BLUE, "-"), ("5 % noise", RED, "--"))):
        values = np.array([swept[task, eps][k] for eps in EPS])
        look = {"color": colour_, "linestyle": style, "capsize": 3, "label": f"whitened, {label}"}
        axis.errorbar(list(EPS), values.mean(1), values.std(1), marker="os"[k], **look)
        axis.axhline(robust[task, "centre"][k].mean(), color=colour_, linestyle=style, linewidth=1)
    axis.set_xscale("log")
    axis.set(title=task, xlabel="ε")
axes[0].plot([], [], color=BLACK, linewidth=1, linestyle="-", label="thin: mean image only")
axes[0].set_ylabel("validation accuracy")
axes[0].legend(loc="lower right", fontsize=9)
figure.suptitle("Whitening with small ε is fragile; large ε is nearly the same as centring")
show(
    figure,
    "Validation accuracy against epsilon. On clean digits it hardly matters; with noise small "
    "values ruin it. On photo digits small values cost much even without noise. Large values "
    "approach the level of centring.",
)

# %% [markdown]
# On clean digits ε hardly matters. With 5 % noise the small ε are worthless. On the photo digits small ε cost much even
# without noise: the fine detail of the background is made as loud as the digit. With large ε,
# $\lambda + \varepsilon \approx \varepsilon$ for most components: whitening becomes centring times a constant.
#
# **ε has a unit**, that of a variance. 0.01 is tiny beside the variance of cancer's areas and huge beside that of its
# fractal dimensions. That is why we standardise tables before we whiten them.

# %% [markdown]
# ### Few examples: what whitening forgets
#
# Take whitening to its limit. Let there be no more examples than dimensions, $N \le D$, and $\varepsilon \to 0$. Write
# the centred data as $X_c = P S V^T$ (singular value decomposition), with $N - 1$ singular values $s_k > 0$: centring
# costs one. Then $\Sigma = \frac1N X_c^T X_c = V \frac{S^2}{N} V^T$, so $U = V$ and $\sqrt{\lambda_k} = s_k/\sqrt N$,
# and
#
# $$Z = X_c\, U \Lambda^{-1/2} = P S \cdot \sqrt N S^{-1} = \sqrt N\, P, \qquad
#   Z Z^T = N P P^T = N \Big(I - \frac1N \mathbf 1 \mathbf 1^T\Big).$$
#
# (The columns of $P$ are orthonormal and, like those of $X_c$, sum to 0. There are $N - 1$ of them, so $P P^T$ is the
# projection onto everything orthogonal to $\mathbf 1 = (1, \dots, 1)$.)
#
# The right side does not contain the data. *Any* $N$ examples become the same figure: all of the same length, all at
# the same distance $\sqrt{2N}$ from each other. Two sevens are as far apart as a seven and a zero.
#
# **Predict, then run.** Networks on the first $n$ digits, centred or fully whitened, about 200 steps each, at the best of three rates. What is the
# training loss, what the validation accuracy? And is there a number of examples from which the difference is gone?


# %%
def whiten_fully(x):
    """ZCA without ε, in the directions in which the training data vary; the others are dropped."""
    pca = scratch.PCA().fit(x)
    varies = pca.variances > 1e-7
    W = pca.components * np.where(varies, 1 / np.sqrt(np.where(varies, pca.variances, 1)), 0)
    return lambda new: (new - pca.mean) @ W @ pca.components.T


(x, y), validation, _ = DATA["digits"]
z = whiten_fully(x[:40])(x[:40])
distance = np.linalg.norm(z[:, None] - z, axis=2)[~np.eye(40, dtype=bool)]
print(f"40 whitened digits: distances {distance.min():.4f} … {distance.max():.4f}")
print(f"√(2N) = {np.sqrt(80):.4f}")


def few_digits(n, fit, lr):
    """Training loss and validation accuracy of three networks, trained on the first n digits."""
    transform, scores = fit(x[:n]), []
    for seed in SEEDS:
        net, loss = network(64, 10, seed), scratch.CrossEntropyLoss()
        optimizer = scratch.SGD(net.params, lr, momentum=0.9)
        how = {"epochs": 4000 // n + 1, "batch_size": 20, "rng": np.random.default_rng(seed)}
        h = scratch.fit(net, loss, optimizer, (transform(x[:n]), y[:n]), **how)
        scores.append((h["loss"][-1], correct(net, transform(validation[0]), validation[1])))
    return np.array(scores).T


few, rows = {}, []
for n in (40, 200, 1077):
    for name, fit in (("centre", scratch.Center().fit), ("whiten", whiten_fully)):
        tried = [few_digits(n, fit, lr) for lr in (0.01, 0.03, 0.1)]
        few[n, name] = max(tried, key=lambda loss_and_accuracy: loss_and_accuracy[1].mean())
    losses = [f"{few[n, k][0].mean():.3f}" for k in ("centre", "whiten")]
    rows.append((n, *losses, *(spread(few[n, k][1]) for k in ("centre", "whiten"))))
header = ("training loss, centred", "whitened", "validation accuracy, centred", "whitened")
table(("training digits", *header), rows)
assert all(few[n, "centre"][1].min() > few[n, "whiten"][1].max() for n in (40, 200))

# %% [markdown]
# Both fit the training data. But with 40 examples the whitened network has learned 40 labels by heart and hardly
# anything about digits. Whitening had removed the information which directions vary much and which little. The
# difference shrinks with $n$. Wadia et al. (2021) made this argument, for whitening and for second-order methods alike.
#
# ### The race, on test data
#
# All five data sets, five versions, each with its own rate, now on the **test** data. (On wine and cancer, whitening
# follows standardising.)
#
# **Predict, then run.** For each data set, name the best version before you look. Where does whitening win?

# %%
RACE = ("raw", "centre", "standardise", "whiten 1e-5", "whiten 0.01")
race, race_loss, rows, loss_rows = {}, {}, [], []
for task in ("wine", "cancer", "mnist1d", "digits", "photo digits"):
    for method in RACE:
        x, y = prepared(task, method)[2]
        race[task, method] = np.array([correct(r.net, x, y) for r in results(task, method)])
        race_loss[task, method] = np.mean([r.loss[-1] for r in results(task, method)])
    rows.append((task, *(spread(race[task, method]) for method in RACE)))
    loss_rows.append((task, *(f"{race_loss[task, method]:.2f}" for method in RACE)))
table(("test accuracy", *RACE), rows)
table(("training loss", *RACE), loss_rows)
assert race["photo digits", "centre"].min() > race["photo digits", "whiten 0.01"].max()

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9.4, 3.5))
for method, look in zip(RACE, (":", "--", "-", "-.", (0, (5, 1))), strict=True):
    epochs, curves = range(1, 6), results("photo digits", method)
    axes[0].plot(epochs, np.mean([r.loss for r in curves], axis=0), linestyle=look, label=method)
    axes[1].plot(epochs, np.mean([r.accuracy for r in curves], axis=0), linestyle=look)
axes[0].set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
axes[1].set(xlabel="epoch", ylabel="validation accuracy", ylim=(0, 1))
axes[0].legend()
figure.suptitle("Photo digits: ε = 1e-5 ends with the lowest training loss and the lowest accuracy")
show(
    figure,
    "Photo digits, mean over three seeds. Left: the whitened network's training loss ends lowest. "
    "Right: its validation accuracy ends lowest; centred and standardised are on top.",
)

# %% [markdown]
# * **Units** decide on wine and cancer: standardising is needed. Whitening is ahead on wine (36 test wines: one is
#   worth 0.03) and behind on cancer.
# * **`mnist1d`** was ready; nothing helps.
# * **Images**: centring gains. Whitening with ε = 1e-5 fits the photo digits best, and has the lowest test accuracy on both.
#
# Whitening does what the linear theory promises, for the *training loss*. What it costs is not in that theory.
#
# ### Practice today
#
# * Whitened inputs were usual around 2010: Coates, Ng and Lee (2011) for unsupervised features; ZCA on CIFAR-10 in
#   Krizhevsky's report (2009) and in the maxout paper (Goodfellow et al. 2013). Today inputs of networks are rarely
#   whitened.
# * AlexNet used PCA for something else: colour augmentation along the principal components of RGB (Krizhevsky et al.
#   2012).
# * The idea lives on inside the network and inside the optimizer: batch norm standardises every layer (Ioffe and
#   Szegedy 2015), decorrelated batch norm whitens it (Huang et al. 2018), K-FAC multiplies gradients by, among others, the inverse second moments of each layer's
#   inputs (Martens and Grosse 2015), much like the $A A^T = \Sigma^{-1}$ of this lecture.
#
# **What to remember (P3).** $\Sigma u = \lambda u$; PCA makes the covariance diagonal, whitening makes it the identity,
# on training data and up to ε. PCA alone changes nothing for SGD. Whitening is Newton's method for the linear model:
# one step. It amplifies weak directions, noise included, and forgets which directions were strong.
#
# **Check yourself**
#
# 1. $\Sigma = \begin{pmatrix} 2 & 0 \\ 0 & 8 \end{pmatrix}$. Give $U$, $\Lambda$, and where PCA and whitening send
#    $x - m = (2, 4)$.
# 2. Why does PCA after `Standardize` give other components than PCA alone?
# 3. You whiten 64-dimensional data with 50 examples and ε = 0. What goes wrong first, and what even if you avoid that?
#
# <details><summary>Answer</summary>
#
# 1. $\lambda_1 = 8$ with $u_1 = (0, 1)$, $\lambda_2 = 2$ with $u_2 = (1, 0)$. PCA: $(4, 2)$. Whitened:
#    $(4/\sqrt8,\; 2/\sqrt2) = (\sqrt2, \sqrt2)$. (Up to signs.)
# 2. It finds the eigenvectors of the correlation matrix, not of the covariance. A column in small units had no say
#    before.
# 3. At least 15 eigenvalues are 0 (49 directions remain): one divides by zero, or by a rounding error. If one drops these
#    directions, all 50 examples are at equal distances: nothing to generalise from.
#
# </details>

# %% [markdown]
# ## What the lectures claim and what we found
#
# Our numbers in this table come from the cells above.

# %% tags=["hide-input"]
ledger = [
    ("P1", "L: the means of all dimensions are 0, the variances all 1", f"on training data to 1e-12; {(DATA['digits'][0][0].std(axis=0) == 0).sum()} pixels of the digits have variance 0 and keep it", "reproduced for training data; a constant dimension is the exception"),
    ("P1", "L: normalise training and testing data in the same way", f"cancer, own statistics: batch of 1 {alone['cancer'][0].mean():.2f}, of 8 {alone['cancer'][3].mean():.2f}; the training data's {proper['cancer'].mean():.2f}", "reproduced; the wording can mislead: it must be the same numbers"),
    ("P1", "L, K (figures): normalising helps training", f"steps on colour intensity: raw {one_input['raw'][1]}, centred {one_input['centred'][1]}, standardised {one_input['standardised'][1]}; wine, network: {trained['wine', 'raw', False].mean():.2f}, {trained['wine', 'centre', False].mean():.2f}, {trained['wine', 'standardise', False].mean():.2f}", "reproduced; nothing to gain on mnist1d, which comes standardised"),
    ("P1", "K: zero-mean data (after the zig-zag slide)", f"κ of a weight and its bias: raw {one_input['raw'][0]:.0f}, centred {one_input['centred'][0]:.1f}", "reproduced; alone not enough when units differ"),
    ("P1", "C: apply covariate shift to the training data to make it 0 mean, unit variance", "the transform is the cure; “covariate shift” is C's own name for the disease", "slip: the transform removes the shift"),
    ("P1", "C: equivalent of batch norm on input", f"equal up to σ/√(σ² + ε), as low as {factor.min():.2f} on cancer; accuracy differs by at most {max(map(abs, as_batch_norm.values())):.2f}", "partly; ε, and noise from mini-batches"),
    ("P2", "K: for images, centre only", f"digits: mean image {image_race['digits', 'centre'].mean():.2f}, standardised pixels {image_race['digits', 'standardise'].mean():.2f}; with 5 % noise {robust['digits', 'centre'][1].mean():.2f} and {robust['digits', 'standardise'][1].mean():.2f}", "reproduced, given pixels of about unit size"),
    ("P2", "K: mean image, or mean per channel", f"photo digits {image_race['photo digits', 'centre'].mean():.2f} and {image_race['photo digits', 'channel mean'].mean():.2f}; digits {image_race['digits', 'centre'].mean():.2f} and {image_race['digits', 'channel mean'].mean():.2f}", "reproduced; per channel is enough where the mean image is flat"),
    ("P2", "K: not common to normalise variance", f"one σ per channel: photo digits {image_race['photo digits', 'channel mean and σ'].mean():.2f}", "dated: a σ per channel is common today"),
    ("P3", "K: PCA gives a diagonal covariance matrix", f"mnist1d: largest covariance {off_diagonal(covariance(stages['PCA'](prepared('mnist1d', 'centre')[0][0]))):.3f}", "reproduced; on training data"),
    ("P3", "K: whitening gives the identity", f"variances {white['whitened, ε = 1e-5'][0]:.3f} to {white['whitened, ε = 1e-5'][1]:.3f}; validation {white['whitened, ε = 1e-5'][2]:.2f} to {white['whitened, ε = 1e-5'][3]:.2f}", "reproduced; up to ε, on training data"),
    ("P3", "K: not common to do PCA or whitening (images)", f"test, photo digits: centred {race['photo digits', 'centre'].mean():.2f}, whitened with ε = 1e-5 {race['photo digits', 'whiten 1e-5'].mean():.2f}; training loss {race_loss['photo digits', 'centre']:.2f} and {race_loss['photo digits', 'whiten 1e-5']:.2f}", "reproduced, with the reason: faster fit, worse test"),
    ("P3", "(ours) PCA alone, without whitening", f"SGD sees a rotation: {not rotation['SGD']}; Adam: {not rotation['Adam']}", "no effect on SGD"),
]  # fmt: skip
table(("id", "claim", "what we found", "verdict"), ledger)

# %% [markdown]
# ## Exercises to try
#
# They are not graded.
#
# 1. **A heavy tail.** Multiply one wine's proline by 1000, as a typing error would. What happens to $\sigma$ of this
#    column and to the other wines? Compare median and quartiles instead of mean and σ, and a logarithm before
#    `Standardize`.
# 2. **Each image its own mean.** Add a method that subtracts from every image its own mean, and one that also divides
#    by its own σ. Run both on the photo digits. Are they allowed for test data? Are they robust to a change of
#    brightness?
# 3. **Shrinking.** Instead of $\lambda + \varepsilon$ use $(1 - \alpha)\lambda + \alpha\bar\lambda$ with the mean
#    eigenvalue $\bar\lambda$. What are $\alpha = 0$ and $\alpha = 1$? Does the best $\alpha$ depend on the number of
#    training digits?
#
# ## Where to go from here
#
# * **Assignment `initialization`** grades P1 and P3 as `standardize` and `whiten`. Mind the conventions at the top:
#   $N$, no ε in `standardize`, constant columns, ε under the root in `whiten`.
# * **Library**: `tipslib/scratch/preprocessing.py`, its twin in `tipslib/pytorch/`, and `batchnorm.py`.
# * **Next lecture**: 04 initialization. Standardised inputs are the start; the next question is how the first *weights*
#   carry unit variance through the layers.
#
# **Sources.** L: Hung-yi Lee, NTU, "Tips for Training Deep Neural Network" (Normalizing Input). C: CMU 11-785 (Other tricks;
# Batch normalization). K: Fei-Fei Li, Karpathy, Johnson, Stanford CS231n 2016, lecture 5 (Data Preprocessing).
#
# **Data.** Wine: S. Aeberhard, M. Forina, UCI Machine Learning Repository. Cancer: Breast Cancer Wisconsin (Diagnostic),
# W. Wolberg, O. Mangasarian, N. Street, W. Street, UCI, both CC BY 4.0. Photographs: "china" by danielbuechele and "flower" by
# vultilion, Flickr, CC BY 2.0; the windows shown are cut from them. All come with scikit-learn.
#
# **References.**
# A. Coates, H. Lee, A. Ng, An analysis of single-layer networks in unsupervised feature learning, AISTATS 2011.
# Y. Ganin and V. Lempitsky, Unsupervised domain adaptation by backpropagation, ICML 2015.
# I. Goodfellow et al., Maxout networks, ICML 2013.
# Y. Gorishniy et al., Revisiting deep learning models for tabular data, NeurIPS 2021.
# S. Greydanus and D. Kobak, Scaling down deep learning with MNIST-1D, ICML 2024.
# L. Huang et al., Decorrelated batch normalization, CVPR 2018.
# S. Ioffe and C. Szegedy, Batch normalization, ICML 2015.
# A. Kessy, A. Lewin, K. Strimmer, Optimal whitening and decorrelation, The American Statistician 2018.
# A. Krizhevsky, Learning multiple layers of features from tiny images, 2009.
# A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep convolutional neural networks, NeurIPS 2012.
# Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp, in Neural networks: tricks of the trade, 1998.
# J. Martens and R. Grosse, Optimizing neural networks with Kronecker-factored approximate curvature, ICML 2015.
# S. Schneider et al., Improving robustness against common corruptions by covariate shift adaptation, NeurIPS 2020.
# K. Simonyan and A. Zisserman, Very deep convolutional networks for large-scale image recognition, ICLR 2015.
# N. Wadia et al., Whitening and second order optimization both make information about the dataset unusable during training,
# and can reduce or prevent generalization, ICML 2021.
