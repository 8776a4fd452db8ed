"""Right solutions of the assignment `softmax` in other styles; one suffix is one student's style."""

import numpy as np

# Loops over examples and entries, with plain Python's tools.


def softmax__loops(z):
    """Row by row, number by number."""
    import math

    y = np.zeros(z.shape)
    for n in range(z.shape[0]):
        largest = max(z[n])
        total = 0.0
        for i in range(z.shape[1]):
            y[n, i] = math.exp(z[n, i] - largest)
            total += y[n, i]
        for i in range(z.shape[1]):
            y[n, i] /= total
    return y


def cross_entropy__loops(z, r):
    """Row by row, number by number."""
    import math

    cost = 0
    for n in range(len(r)):
        largest = max(z[n])
        cost += math.log(sum(math.exp(v - largest) for v in z[n])) + largest - z[n, r[n]]
    return cost / len(r)


def cross_entropy_backward__loops(z, r):
    """Entry by entry, with one case for the right class and one for the others."""
    import math

    dz = np.zeros(z.shape)
    for n in range(z.shape[0]):
        largest = max(z[n])
        exponentials = [math.exp(v - largest) for v in z[n]]
        total = sum(exponentials)
        for i in range(z.shape[1]):
            y = exponentials[i] / total
            dz[n, i] = (y - 1 if i == r[n] else y) / z.shape[0]
    return dz


def soft_cross_entropy_backward__loops(z, d):
    """Entry by entry, with both cases of the Jacobian put into the chain rule."""
    import math

    dz = np.zeros(z.shape)
    for n in range(z.shape[0]):
        largest = max(z[n])
        exponentials = [math.exp(v - largest) for v in z[n]]
        total = sum(exponentials)
        y = [e / total for e in exponentials]
        for j in range(z.shape[1]):
            for i in range(z.shape[1]):
                dz[n, j] += -d[n, i] * (1 - y[j]) if i == j else d[n, i] * y[j]
    return dz / z.shape[0]


def one_hot__loops(r, classes):
    """Checks and fills in one label after the other."""
    d = np.zeros((len(r), classes))
    for n, label in enumerate(r):
        if label not in range(classes):
            raise ValueError(f"label {label} is not in 0..{classes - 1}")
        d[n, label] = 1
    return d


def smooth_labels__loops(r, classes, eps):
    """Entry by entry, with one case for the right class and one for the others."""
    d = np.zeros((len(r), classes))
    for n in range(len(r)):
        for i in range(classes):
            d[n, i] = 1 - eps + eps / classes if i == r[n] else eps / classes
    return d


def kl_divergence__loops(d, y):
    """Term by term; a term with d = 0 is skipped."""
    import math

    total = 0.0
    for n in range(d.shape[0]):
        for i in range(d.shape[1]):
            if d[n, i] > 0:
                total += d[n, i] * math.log(d[n, i] / y[n, i])
    return total / d.shape[0]


def l2_sigmoid_backward__loops(z, d):
    """Entry by entry, the sigmoid in two cases."""
    import math

    dz = np.zeros(z.shape)
    for n in range(z.shape[0]):
        for i in range(z.shape[1]):
            v = z[n, i]
            y = 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))
            dz[n, i] = (y - d[n, i]) * y * (1 - y)
    return dz


# Whole arrays, np.newaxis and take_along_axis.


def softmax__vectorised(z):
    """The maximum of each row is subtracted."""
    m = np.max(z, axis=-1)
    y = np.exp(z - m[:, np.newaxis])
    y /= np.sum(y, axis=-1)[:, np.newaxis]
    return y


def cross_entropy__vectorised(z, r):
    """Log-sum-exp minus z_r, each in full; z_r by take_along_axis."""
    m = np.max(z, axis=1)
    logsumexp = m + np.log(np.sum(np.exp(z - m[:, np.newaxis]), axis=1))
    z_r = np.take_along_axis(z, r[:, np.newaxis], axis=1)[:, 0]
    return np.mean(logsumexp - z_r)


def cross_entropy_backward__vectorised(z, r):
    """y minus the identity's rows."""
    y = np.exp(z - np.max(z, axis=1, keepdims=True))
    y = y / np.sum(y, axis=1, keepdims=True)
    return (y - np.eye(z.shape[1])[r]) / z.shape[0]


def soft_cross_entropy_backward__vectorised(z, d):
    """y − d over N."""
    y = np.exp(z - np.max(z, axis=1, keepdims=True))
    y = y / np.sum(y, axis=1, keepdims=True)
    return y / z.shape[0] - d / z.shape[0]


def one_hot__vectorised(r, classes):
    """Compares the labels with all classes; a row without a 1 had a bad label."""
    d = np.asarray(r[:, np.newaxis] == np.arange(classes), dtype=np.float64)
    if np.any(d.sum(axis=1) == 0):
        raise ValueError("there is a label out of range")
    return d


def smooth_labels__vectorised(r, classes, eps):
    """The share of all classes, then the rest for the right ones."""
    d = np.full((len(r), classes), eps / classes)
    d[np.arange(len(r)), r] += 1 - eps
    return d


def kl_divergence__vectorised(d, y):
    """np.where chooses between both forms, which warns on zeros."""
    terms = np.where(d > 0, d * np.log(d / y), 0)
    return np.mean(np.sum(terms, axis=1))


def l2_sigmoid_backward__vectorised(z, d):
    """The plain formula: it warns of an overflow, and its limits are right."""
    y = 1 / (1 + np.exp(-z))
    return (y - d) * y * (1 - y)


# Einsum, Jacobians, logarithms.


def softmax__logs(z):
    """Through log y, by log-sum-exp."""
    return np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))


def cross_entropy__logs(z, r):
    """−Σ ŷ log y with a one-hot ŷ and stable log y."""
    shifted = z - z.max(axis=1, keepdims=True)
    log_y = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.einsum("nk,nk->", np.eye(z.shape[1])[r], log_y) / len(r)


def cross_entropy_backward__logs(z, r):
    """Through the Jacobian of log y: δ = Σ_i −ŷ_i (1[i=j] − y_j)."""
    y = np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None])
    jacobian = np.eye(z.shape[1]) - y[:, None, :]
    return np.einsum("nij,ni->nj", jacobian, -np.eye(z.shape[1])[r]) / len(r)


def soft_cross_entropy_backward__logs(z, d):
    """Through the Jacobian of log y, with the targets as weights."""
    y = np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None])
    return np.einsum("ni,nij->nj", d, y[:, None, :] - np.eye(z.shape[1])) / len(z)


def one_hot__logs(r, classes):
    """The identity's rows, after a check of every label."""
    for label in r:
        if not 0 <= label <= classes - 1:
            raise ValueError(label)
    return np.identity(classes)[list(r)]


def smooth_labels__logs(r, classes, eps):
    """A mixture of the identity and the uniform distribution."""
    return ((1 - eps) * np.identity(classes) + eps * np.ones((classes, classes)) / classes)[r]


def kl_divergence__logs(d, y):
    """Cross entropy minus entropy, with 1 in place of the zeros."""
    positive = np.where(d > 0, d, 1)
    outputs = np.where(d > 0, y, 1)
    return (np.einsum("nk,nk->", d, np.log(positive)) - np.einsum("nk,nk->", d, np.log(outputs))) / len(d)


def l2_sigmoid_backward__logs(z, d):
    """The sigmoid through logaddexp, its slope as σ(z) σ(−z)."""
    y, other = np.exp(-np.logaddexp(0, -z)), np.exp(-np.logaddexp(0, z))
    return (y - d) * (y * other)


# Helper functions and classes inside, in-place work on copies, masks.


def softmax__helpers(z):
    """A helper for one example, applied along the rows."""

    def one(row):
        e = np.exp(row - row.max())
        return e / e.sum()

    return np.apply_along_axis(one, 1, z)


def cross_entropy__helpers(z, r):
    """A class that remembers the sum of the costs."""

    class Meter:
        total, count = 0.0, 0

        def add(self, row, label):
            gaps = row - row[label]
            top = gaps.max()
            self.total += top + np.log(np.exp(gaps - top).sum())
            self.count += 1

    meter = Meter()
    for row, label in zip(z, r, strict=True):
        meter.add(row, label)
    return meter.total / meter.count


def cross_entropy_backward__helpers(z, r):
    """Works in place on a copy, and adds up the rivals to find the right class's signal."""
    dz = z.copy()
    dz -= dz.max(axis=1)[:, None]
    np.exp(dz, out=dz)
    dz /= dz.sum(axis=1)[:, None] * len(dz)
    rows = np.arange(len(dz))
    dz[rows, r] = 0
    dz[rows, r] = -dz.sum(axis=1)
    return dz


def soft_cross_entropy_backward__helpers(z, d):
    """A list of rows, y times the sum of the target minus the target."""

    def row(logits, target):
        y = np.exp(logits - logits.max())
        return target.sum() * y / y.sum() - target

    return np.array([row(*pair) for pair in zip(z, d, strict=True)]) / len(z)


def one_hot__helpers(r, classes):
    """Looks for bad labels in the set of labels; fills a flat array."""
    if not set(r.tolist()) <= set(range(classes)):
        raise ValueError("bad label")
    d = np.zeros(len(r) * classes)
    d[np.arange(len(r)) * classes + r] = 1.0
    return d.reshape(len(r), classes)


def smooth_labels__helpers(r, classes, eps):
    """A boolean mask, then a weighted mean of two targets."""
    hot = (np.arange(classes)[None, :] == r[:, None]).astype(float)
    return np.average([hot, np.ones_like(hot) / classes], axis=0, weights=[1 - eps, eps])


def kl_divergence__helpers(d, y):
    """Computes everything and replaces the nan of 0 log 0 by 0."""
    with np.errstate(all="ignore"):
        return np.nansum(d * (np.log(d) - np.log(y))) / d.shape[0]


def l2_sigmoid_backward__helpers(z, d):
    """A sigmoid through tanh as a helper."""

    def sigma(v):
        return 0.5 * (1 + np.tanh(v / 2))

    y = sigma(z)
    return (y - d) * y * sigma(-z)
