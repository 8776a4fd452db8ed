"""Right solutions of the assignment `adagrad` in other styles: each gets all points."""

import numpy as np


def inverse_sqrt_decay__math(eta, t):
    """Python's own root; a Python float."""
    import math

    return eta / math.sqrt(t + 1)


def inverse_sqrt_decay__power(eta, t):
    """A negative power, without any root function."""
    return eta * (t + 1) ** -0.5


def inverse_sqrt_decay__numpy(eta, t):
    """NumPy from end to end; returns np.float64."""
    return np.divide(eta, np.power(float(t) + 1.0, 0.5))


def staircase__loop(eta, epoch, every=10, factor=10):
    """Walks through the epochs and divides at each stair."""
    rate = eta
    for k in range(1, epoch + 1):
        if k % every == 0:
            rate = rate / factor
    return rate


def staircase__gamma(eta, epoch, every=10, factor=10):
    """PyTorch's way: multiplies by a power of γ = 1/factor."""
    gamma = 1 / factor
    return eta * gamma ** (epoch // every)


def staircase__numpy(eta, epoch, every=10, factor=10):
    """NumPy's floor and power, with floats; returns np.float64."""
    drops = np.floor(epoch / every)
    return eta / np.power(float(factor), drops)


def staircase__recursive(eta, epoch, every=10, factor=10):
    """One stair down, then the rest."""

    def rate(epoch):
        return eta if epoch < every else rate(epoch - every) / factor

    return float(rate(epoch))


def sigma__loop_over_time(gradients):
    """Adds up the squares step by step, as Adagrad does."""
    total = np.zeros(gradients.shape[1:])
    for g in gradients:
        total = total + g**2
    return np.sqrt(total / len(gradients))


def sigma__norm(gradients):
    """The Euclidean norm over time, divided by √T."""
    return np.linalg.norm(gradients, axis=0) / np.sqrt(gradients.shape[0])


def sigma__einsum(gradients):
    """A dot product of each weight's history with itself."""
    return (np.einsum("t...,t...->...", gradients, gradients) / len(gradients)) ** 0.5


def sigma__loops(gradients):
    """Plain loops over weights and steps, whatever the shape."""
    import math

    out = np.empty(gradients.shape[1:])
    for index in np.ndindex(out.shape):
        total = 0.0
        for t in range(gradients.shape[0]):
            total += gradients[(t, *index)] ** 2
        out[index] = math.sqrt(total / gradients.shape[0])
    return out


def adagrad_step__rate_first(w, g, sum_sq, eta, eps=1e-10):
    """Computes a rate for each weight, then multiplies it by the gradient."""
    new_sum = sum_sq + np.square(g)
    rate = eta / (np.sqrt(new_sum) + eps)
    return w - rate * g, new_sum


def adagrad_step__copies(w, g, sum_sq, eta, eps=1e-10):
    """Works in place on copies, and returns a list."""
    w, total = w.copy(), sum_sq.copy()
    total += g * g
    denominator = np.sqrt(total)
    denominator += eps
    w -= eta * g / denominator
    return [w, total]


def adagrad_step__loops(w, g, sum_sq, eta, eps=1e-10):
    """Entry by entry, with Python's numbers."""
    import math

    new_w, new_sum = np.zeros(w.shape), np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        new_sum[index] = sum_sq[index] + g[index] ** 2
        root = math.sqrt(new_sum[index])
        if root + eps > 0:
            new_w[index] = w[index] - eta * g[index] / (root + eps)
        else:
            new_w[index] = w[index]
    return new_w, new_sum


def adagrad_step__class(w, g, sum_sq, eta, eps=1e-10):
    """A small optimizer object that lives for one step."""

    class Adagrad:
        def __init__(self, sum_sq):
            self.sum_sq = sum_sq

        def step(self, w, g):
            self.sum_sq = self.sum_sq + g**2
            return w - eta * g / (self.sum_sq**0.5 + eps)

    optimizer = Adagrad(sum_sq)
    w = optimizer.step(w, g)
    return w, optimizer.sum_sq


def best_step__minimum_first(a, b, x0):
    """Finds the minimum and measures the distance."""
    minimum = -b / (2 * a)
    return abs(x0 - minimum)


def best_step__derivatives(a, b, x0):
    """The quotient of the two derivatives, with NumPy's absolute value."""

    def first(x):
        return 2 * a * x + b

    return np.abs(first(x0)) / (2.0 * a)


def best_step__by_cases(a, b, x0):
    """Asks on which side of the minimum x0 lies."""
    signed = x0 + b / 2 / a
    if signed < 0:
        return -signed
    return signed


def best_step__polynomial(a, b, x0):
    """NumPy's polynomials find the root of the derivative."""
    (minimum,) = np.roots([2 * a, b])
    return float(np.abs(x0 - minimum))


def rmsprop_step__increment(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """Moves the mean by the share 1 − γ towards the new square."""
    v = mean_sq + (1 - gamma) * (g * g - mean_sq)
    return w - eta / np.sqrt(v + eps) * g, v


def rmsprop_step__copies(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """Works in place on copies, and returns a list."""
    v, w = mean_sq.copy(), w.copy()
    v *= gamma
    v += (1 - gamma) * np.square(g)
    w -= eta * g / (v + eps) ** 0.5
    return [w, v]


def rmsprop_step__loops(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """Entry by entry, with Python's numbers."""
    import math

    new_w, v = w.copy(), np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        v[index] = gamma * mean_sq[index] + (1 - gamma) * g[index] ** 2
        if g[index] != 0:
            new_w[index] = w[index] - eta * g[index] / math.sqrt(v[index] + eps)
    return new_w, v


def rmsprop_step__average(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """NumPy's weighted average makes the running mean."""
    v = np.average(np.stack([mean_sq, g**2]), axis=0, weights=[gamma, 1 - gamma])
    step = eta * np.divide(g, np.sqrt(np.add(v, eps)))
    return np.subtract(w, step), v
