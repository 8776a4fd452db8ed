"""Right solutions of the assignment `batchnorm` in other styles: all of them must get full points.

A ``batchnorm_backward`` reads the cache of the ``batchnorm_forward`` of the same style.
"""

import numpy as np


def batchnorm_forward__loops(z, gamma, beta, eps=1e-5):
    """Example by example; the cache is a dict."""
    B, M = z.shape
    mu, var = np.zeros(M), np.zeros(M)
    for i in range(B):
        mu += z[i] / B
    for i in range(B):
        var += (z[i] - mu) ** 2 / B
    root = (var + eps) ** 0.5
    out, u = np.zeros((B, M)), np.zeros((B, M))
    for i in range(B):
        u[i] = (z[i] - mu) / root
        out[i] = gamma * u[i] + beta
    return out, {"u": u, "root": root, "gamma": gamma}


def batchnorm_backward__loops(dout, cache):
    """All sums written out, example by example."""
    u, root, gamma = cache["u"], cache["root"], cache["gamma"]
    B, M = dout.shape
    dz, dgamma, dbeta = np.zeros((B, M)), np.zeros(M), np.zeros(M)
    for i in range(B):
        dgamma += dout[i] * u[i]
        dbeta += dout[i]
    dvar = -gamma * dgamma / (2 * root**2)
    dmu = -gamma * dbeta / root
    for i in range(B):
        dz[i] = gamma * dout[i] / root + dvar * 2 * u[i] * root / B + dmu / B
    return dz, dgamma, dbeta


def batchnorm_forward__compact(z, gamma, beta, eps=1e-5):
    """NumPy's own mean and var; the cache is a tuple."""
    istd = 1 / np.sqrt(z.var(axis=0) + eps)
    u = (z - z.mean(axis=0)) * istd
    return gamma * u + beta, (u, gamma * istd)


def batchnorm_backward__compact(dout, cache):
    """The boxed formula of the lecture."""
    u, slope = cache
    dgamma, dbeta = (dout * u).sum(0), dout.sum(0)
    return slope * (dout - (dbeta + u * dgamma) / len(u)), dgamma, dbeta


def batchnorm_forward__classes(z, gamma, beta, eps=1e-5):
    """The cache is an instance of a class of one's own."""

    class Memory:
        def __init__(self):
            self.mu = np.average(z, axis=0)
            self.center = z - self.mu
            self.var = np.average(np.square(self.center), axis=0)
            self.gamma, self.eps = gamma, eps

        def root(self):
            return np.sqrt(self.var + self.eps)

    memory = Memory()
    return memory.center / memory.root() * gamma + beta, memory


def batchnorm_backward__classes(dout, cache):
    """Step by step, with the path from μ into σ² that adds up to 0."""
    size = dout.shape[0]
    du = dout * cache.gamma
    dvar = np.sum(du * cache.center * -0.5 * (cache.var + cache.eps) ** -1.5, axis=0)
    dmu = np.sum(-du / cache.root(), axis=0) + dvar * np.sum(-2 * cache.center, axis=0) / size
    dz = du / cache.root() + dvar * 2 * cache.center / size + dmu / size
    return [dz, np.sum(dout * cache.center / cache.root(), axis=0), np.sum(dout, axis=0)]


def batchnorm_forward__closures(z, gamma, beta, eps=1e-5):
    """The cache is the backward pass itself, a function."""
    center = z - z.mean(0)
    s = (np.mean(center * center, axis=0) + eps) ** 0.5

    def back(dout):
        du = dout * gamma
        dcenter = du / s - center * np.mean(du * center, axis=0) / s**3
        return dcenter - dcenter.mean(axis=0), np.sum(dout * center, axis=0) / s, dout.sum(axis=0)

    return [center / s * gamma + beta, back]


def batchnorm_backward__closures(dout, cache):
    """Calls the function in the cache."""
    return cache(dout)


def batchnorm_forward__jacobians(z, gamma, beta, eps=1e-5):
    """Products with a matrix of ones over B; the cache is a namedtuple."""
    from collections import namedtuple

    average = np.full((len(z), len(z)), 1 / len(z))
    center = z - average @ z
    var = np.einsum("bm,bm->m", center, center) / len(z)
    u = center / np.sqrt(var + eps)
    Cache = namedtuple("Cache", "u s gamma")
    return np.einsum("m,bm->bm", gamma, u) + beta, Cache(u, np.sqrt(var + eps), gamma)


def batchnorm_backward__jacobians(dout, cache):
    """The whole Jacobian of every unit, times dout."""
    B = len(dout)
    J = np.eye(B) - 1 / B - np.einsum("im,jm->mij", cache.u, cache.u) / B
    dz = np.einsum("mij,jm->im", J, dout) * (cache.gamma / cache.s)
    return dz, np.einsum("bm,bm->m", dout, cache.u), np.einsum("bm->m", dout)


def batchnorm_forward__moments(z, gamma, beta, eps=1e-5):
    """σ² as mean of squares minus square of the mean, in columns; the cache is a list with one dict for each unit."""
    columns, cache = [], []
    for column, g, b in zip(z.T, gamma, beta, strict=True):
        mu, square = column.mean(), (column**2).mean()
        s = np.sqrt(max(square - mu**2, 0.0) + eps)
        columns.append(g * (column - mu) / s + b)
        cache.append({"column": column, "mu": mu, "s": s, "gamma": g})
    return np.stack(columns, axis=1), cache


def batchnorm_backward__moments(dout, cache):
    """The derivatives that belong to this form of the variance."""
    dz, dgamma = np.empty_like(dout), np.empty(dout.shape[1])
    for m, unit in enumerate(cache):
        column, mu, s = unit["column"], unit["mu"], unit["s"]
        du = unit["gamma"] * dout[:, m]
        dvar = np.sum(du * (column - mu)) * -0.5 / s**3
        dmu = -np.sum(du) / s + dvar * -2 * mu
        dz[:, m] = du / s + dvar * 2 * column / len(column) + dmu / len(column)
        dgamma[m] = dout[:, m] @ (column - mu) / s
    return dz, dgamma, np.ones(len(dout)) @ dout


def inference_statistics__loops(batches):
    """Adds up, batch by batch."""
    B, M = batches[0].shape
    mean, var = np.zeros(M), np.zeros(M)
    for z in batches:
        mu = sum(z) / B
        mean += mu
        for row in z:
            var += (row - mu) ** 2
    return mean / len(batches), var / B / len(batches) * B / (B - 1)


def inference_statistics__stacked(batches):
    """One array of three axes, and NumPy's unbiased variance."""
    z = np.stack(batches)
    return z.mean(axis=(0, 1)), z.var(axis=1, ddof=1).mean(axis=0)


def inference_statistics__moments(batches):
    """Mean of squares minus square of the mean, as a list of two."""
    z = np.array(batches)
    B = z.shape[1]
    mu = z.mean(axis=1)
    return [mu.mean(axis=0), ((z**2).mean(axis=1) - mu**2).mean(axis=0) * B / (B - 1)]


def batchnorm_inference__loops(z, gamma, beta, mean, var, eps=1e-5):
    """Unit by unit, in columns."""
    out = np.zeros(z.shape)
    for m in range(z.shape[1]):
        out[:, m] = gamma[m] * (z[:, m] - mean[m]) / (var[m] + eps) ** 0.5 + beta[m]
    return out


def batchnorm_inference__folded(z, gamma, beta, mean, var, eps=1e-5):
    """A straight line for each unit, as it can be folded into the weights."""
    slope = gamma / np.sqrt(var + eps)
    return z * slope + (beta - slope * mean)


def batchnorm_inference__matrices(z, gamma, beta, mean, var, eps=1e-5):
    """A product with a diagonal matrix."""
    return (z - mean) @ np.diag(gamma * (var + eps) ** -0.5) + np.outer(np.ones(len(z)), beta)


def identity_parameters__loops(mean, var, eps=1e-5):
    """Unit by unit, in lists that become arrays."""
    import math

    gamma, beta = [], []
    for m, v in zip(mean, var, strict=True):
        gamma.append(math.sqrt(v + eps))
        beta.append(m)
    return np.array(gamma), np.array(beta)


def identity_parameters__same_arrays(mean, var, eps=1e-5):
    """β is the very array `mean`."""
    return (var + eps) ** 0.5, mean


def running_average__steps(running, batch, momentum=0.1):
    """A step towards the new number."""
    return running + momentum * (batch - running)


def running_average__loops(running, batch, momentum=0.1):
    """Unit by unit."""
    return np.array([r * (1 - momentum) + b * momentum for r, b in zip(running, batch, strict=True)])


def running_average__numpy(running, batch, momentum=0.1):
    """NumPy's weighted average."""
    return np.average([running, batch], axis=0, weights=[1 - momentum, momentum])
