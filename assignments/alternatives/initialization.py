"""Right solutions of the assignment `initialization` in many styles; each must get all points."""

import numpy as np


def standardize__where(train, test):
    """σ replaced by 1 where it is 0."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    std[std == 0] = 1
    return (train - mean) / std, (test - mean) / std


def standardize__loops(train, test):
    """One column after another."""
    new_train, new_test = np.zeros(train.shape), np.zeros(test.shape)
    for i in range(train.shape[1]):
        column = train[:, i]
        mean = sum(column) / len(column)
        sigma = (sum((v - mean) ** 2 for v in column) / len(column)) ** 0.5
        for old, new in ((train, new_train), (test, new_test)):
            new[:, i] = old[:, i] - mean
            if sigma != 0:
                new[:, i] /= sigma
    return new_train, new_test


def standardize__helpers(train, test):
    """A helper that is made for the training data and used for both; returns a list."""

    class Transform:
        def __init__(self, x):
            self.m = np.mean(x, axis=0, keepdims=True)
            self.s = np.sqrt(np.mean((x - self.m) ** 2, axis=0, keepdims=True))
            self.s = np.where(np.isclose(self.s, 0), 1.0, self.s)

        def __call__(self, x):
            return (x - self.m) / self.s

    transform = Transform(train)
    return [transform(train), transform(test)]


def standardize__np_divide(train, test):
    """Divides only where σ is not 0."""
    std = np.std(train, axis=0)
    results = []
    for x in (train, test):
        centred = x - np.mean(train, axis=0)
        results.append(np.divide(centred, std, out=centred.copy(), where=std > 0))
    return tuple(results)


def standardize__constant_by_minimum_and_maximum(train, test):
    """Constant is where the largest entry is the smallest one; the 0/0 before that is ignored."""
    m = train.mean(0)
    constant = train.min(0) == train.max(0)
    with np.errstate(all="ignore"):
        a, b = (train - m) / train.std(0), (test - m) / train.std(0)
    return np.where(constant, train - m, a), np.where(constant, test - m, b)


def whiten__eigh(x, eps=1e-5):
    """Largest variance first, and the division by a diagonal matrix."""
    mean = x.mean(axis=0)
    centred = x - mean
    lam, U = np.linalg.eigh(centred.T.dot(centred) / x.shape[0])
    order = np.argsort(lam)[::-1]
    W = U[:, order] @ np.diag(1 / np.sqrt(lam[order] + eps))
    return centred @ W, mean, W


def whiten__svd(x, eps=1e-5):
    """By the singular values of the centred data, without a covariance."""
    mean = x.mean(axis=0)
    _, s, vt = np.linalg.svd(x - mean, full_matrices=True)
    lam = np.zeros(x.shape[1])
    lam[: len(s)] = s**2 / len(x)
    W = vt.T / np.sqrt(lam + eps)
    return (x - mean) @ W, mean, W


def whiten__svd_of_the_covariance(x, eps=1e-5):
    """As one lecture's notes do it: np.cov, then the singular value decomposition of the covariance."""
    mean = np.mean(x, axis=0)
    covariance = np.atleast_2d(np.cov(x, rowvar=False, bias=True))
    U, s, _ = np.linalg.svd(covariance)
    rotated = np.dot(x - mean, U)
    return rotated / np.sqrt(s + eps), mean, U / np.sqrt(s + eps)


def whiten__loops(x, eps=1e-5):
    """Means and covariances by loops, and every sign turned; returns a list."""
    n, d = x.shape
    mean = np.array([sum(x[:, i]) / n for i in range(d)])
    covariance = np.zeros((d, d))
    for i in range(d):
        for j in range(d):
            covariance[i, j] = sum((x[k, i] - mean[i]) * (x[k, j] - mean[j]) for k in range(n)) / n
    lam, U = np.linalg.eigh(covariance)
    W = np.zeros((d, d))
    for k in range(d):
        W[:, k] = -U[:, k] / (max(lam[k], 0) + eps) ** 0.5
    z = np.array([[sum((row - mean) * W[:, k]) for k in range(d)] for row in x])
    return [z, mean, W]


def whiten__eps_on_the_diagonal(x, eps=1e-5):
    """ε added to the diagonal of the covariance, with einsum."""
    mean = np.einsum("nd->d", x) / len(x)
    centred = x - mean[None, :]
    covariance = np.einsum("ni,nj->ij", centred, centred) / len(x)
    lam, U = np.linalg.eigh(covariance + eps * np.eye(x.shape[1]))
    W = np.einsum("ij,j->ij", U, np.maximum(lam, 1e-300) ** -0.5)
    return np.einsum("nd,dk->nk", centred, W), mean, W


def whiten__rotations(x, eps=1e-5):
    """Jacobi's method by hand: turn two axes at a time until the covariance is diagonal."""
    mean = x.mean(axis=0)
    d = x.shape[1]
    A, U = (x - mean).T @ (x - mean) / len(x), np.eye(d)
    for _ in range(30):
        for p in range(d):
            for q in range(p + 1, d):
                angle = 0.5 * np.arctan2(2 * A[p, q], A[q, q] - A[p, p])
                R = np.eye(d)
                R[p, p] = R[q, q] = np.cos(angle)
                R[p, q], R[q, p] = np.sin(angle), -np.sin(angle)
                A, U = R.T @ A @ R, U @ R
    W = U / np.sqrt(np.maximum(np.diag(A), 0) + eps)
    return (x - mean) @ W, mean, W


def xavier_std__power(fan_in, fan_out):
    """A Python float, by a power."""
    return (2 / (fan_in + fan_out)) ** 0.5


def xavier_std__mean_fan(fan_in, fan_out):
    """One over the mean of the fans."""
    import math

    return 1 / math.sqrt((fan_in + fan_out) / 2)


def xavier_std__numpy(fan_in, fan_out):
    """A NumPy float, by the mean of an array."""
    return np.sqrt(1.0 / np.mean([fan_in, fan_out]))


def he_std__power(fan_in):
    """A Python float, by a power."""
    return (fan_in / 2) ** -0.5


def he_std__math(fan_in):
    """With math."""
    import math

    return math.sqrt(2.0 / fan_in)


def he_std__two_roots(fan_in):
    """One root over another."""
    return np.sqrt(2) / np.sqrt(fan_in)


def orthogonal__qr(n, m, rng):
    """QR of the transposed matrix when it is wide."""
    a = rng.normal(size=(n, m))
    if n < m:
        q, _ = np.linalg.qr(a.T)
        return q.T
    q, _ = np.linalg.qr(a)
    return q


def orthogonal__svd(n, m, rng):
    """The singular vectors, without the singular values: the nearest orthogonal matrix."""
    u, _, vt = np.linalg.svd(rng.uniform(-1, 1, (n, m)), full_matrices=False)
    return u @ vt


def orthogonal__square_and_cut(n, m, rng):
    """Whole rows or columns of a square one."""
    size = max(n, m)
    q = np.linalg.qr(rng.standard_normal((size, size)))[0]
    return q[:n, :m]


def orthogonal__gram_schmidt(n, m, rng):
    """One vector after another, each at right angles to those before it, twice for the rounding errors."""
    vectors = []
    while len(vectors) < min(n, m):
        v = rng.standard_normal(max(n, m))
        for _ in range(2):
            for u in vectors:
                v = v - (u @ v) * u
        vectors.append(v / np.sqrt(v @ v))
    return np.array(vectors) if n < m else np.array(vectors).T


def orthogonal__reflections(n, m, rng):
    """A product of Householder reflections."""
    size = max(n, m)
    q = np.eye(size)
    for _ in range(size):
        v = rng.standard_normal(size)
        q = q - 2 * np.outer(q @ v, v) / (v @ v)
    return q[:n, :m]


def orthogonal__eigenvectors(n, m, rng):
    """The eigenvectors of a random symmetric matrix."""
    a = rng.random((max(n, m), max(n, m)))
    vectors = np.linalg.eigh(a + a.T)[1] * rng.choice([-1.0, 1.0], max(n, m))
    return vectors[:, :m] if n >= m else vectors[:n]


def layer_statistics__append(x, weights, act):
    """A list of activations first."""
    a = [x]
    for W in weights:
        a.append(act(np.dot(a[-1], W)))
    return np.array([np.mean(v) for v in a[1:]]), np.array([np.std(v) for v in a[1:]])


def layer_statistics__filled_arrays(x, weights, act):
    """Two arrays filled layer by layer, einsum."""
    means, stds = np.zeros(len(weights)), np.zeros(len(weights))
    for k, W in enumerate(weights):
        x = act(np.einsum("ni,io->no", x, W))
        means[k] = x.sum() / x.size
        stds[k] = np.sqrt(np.sum((x - means[k]) ** 2) / x.size)
    return means, stds


def layer_statistics__recursive(x, weights, act):
    """The first layer, then the others on its activations."""

    def go(a, rest):
        if not rest:
            return []
        a = act(a @ rest[0])
        return [(np.mean(a), np.std(a)), *go(a, rest[1:])]

    table = np.array(go(x, weights))
    return table[:, 0], table[:, 1]


def layer_statistics__mean_of_squares(x, weights, act):
    """The variance as the mean of the squares minus the square of the mean; returns a list."""
    means, squares = [], []
    a = x.copy()
    for W in weights:
        a = act(a @ W)
        means.append(np.mean(a.ravel()))
        squares.append(np.mean(a.ravel() ** 2))
    means, squares = np.array(means), np.array(squares)
    return [means, np.sqrt(np.maximum(squares - means**2, 0))]


def layer_statistics__one_example_at_a_time(x, weights, act):
    """Goes through the examples one by one."""
    outputs = [[] for _ in weights]
    for row in x:
        a = row[None, :]
        for k, W in enumerate(weights):
            a = act(a @ W)
            outputs[k].extend(a[0].tolist())
    return np.array([np.mean(v) for v in outputs]), np.array([np.std(v) for v in outputs])


def distinct_units__unique(W, b):
    """By np.unique over columns."""
    return np.unique(np.vstack([W, b]), axis=1).shape[1]


def distinct_units__pairs(W, b):
    """Compares each unit with all units before it."""
    count = 0
    for j in range(len(b)):
        seen = False
        for i in range(j):
            if np.array_equal(W[:, i], W[:, j]) and b[i] == b[j]:
                seen = True
        if not seen:
            count += 1
    return count


def distinct_units__dictionary(W, b):
    """A dictionary of lists."""
    kinds = {}
    for j in range(W.shape[1]):
        kinds.setdefault((tuple(W[:, j].tolist()), float(b[j])), []).append(j)
    return len(kinds)


def distinct_units__equality_matrix(W, b):
    """A table of who equals whom; counts those without an equal one before them, as np.int64."""
    units = np.concatenate([W, b[None]])
    equal = (units[:, :, None] == units[:, None, :]).all(axis=0)
    return np.sum(np.tril(equal, -1).sum(axis=1) == 0)
