"""Right solutions of the assignment `dropout` in many styles; each must get all points."""

import numpy as np


def weight_decay_step__vectorised(w, g, eta, lam):
    """The gradient of the sum of both costs."""
    return w - eta * (g + lam * w)


def weight_decay_step__loops(w, g, eta, lam):
    """Entry by entry."""
    new = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        new[index] = w[index] - eta * lam * w[index] - eta * g[index]
    return new


def weight_decay_step__copies(w, g, eta, lam):
    """On a copy, in place."""
    new = w.copy()
    new -= eta * g
    new -= eta * lam * w
    return new


def weight_decay_step__scalars(w, g, eta, lam):
    """The shrunk weight first."""
    shrunk = np.multiply(1 - eta * lam, w)
    return np.add(shrunk, np.multiply(-eta, g))


def dropout_forward__vectorised(a, p, rng):
    """Uniform numbers, compared the other way round."""
    mask = rng.random(a.shape) < 1 - p
    return np.where(mask, a, 0.0), mask


def dropout_forward__loops(a, p, rng):
    """One number for each element, in a loop."""
    out, mask = np.zeros(a.shape), np.zeros(a.shape, dtype=bool)
    for n in range(a.shape[0]):
        for m in range(a.shape[1]):
            if rng.random() >= p:
                out[n, m] = a[n, m]
                mask[n, m] = True
    return out, mask


def dropout_forward__binomial(a, p, rng):
    """Coins, kept as numbers first; returns a list."""
    coins = rng.binomial(1, 1 - p, size=a.shape)
    return [coins * a, coins.astype(bool)]


def dropout_forward__choice(a, p, rng):
    """Chooses True or False."""
    mask = rng.choice([True, False], size=a.shape, p=[1 - p, p])
    out = a.copy()
    out[~mask] = 0
    return out, mask


def dropout_forward__uniform(a, p, rng):
    """Uniform numbers from −1 to 1, one row at a time."""
    rows = [rng.uniform(-1, 1, a.shape[1]) >= 2 * p - 1 for _ in range(len(a))]
    mask = np.array(rows)
    return np.multiply(a, mask), mask


def dropout_forward__child(a, p, rng):
    """A generator of its own, with a seed from rng; numbers of single precision."""
    child = np.random.default_rng(rng.integers(2**32))
    dropped = child.random(a.shape, dtype=np.float32) < p
    return a * np.logical_not(dropped), ~dropped


def dropout_forward__helpers(a, p, rng):
    """A class with a method, and the input itself where nothing is dropped."""

    class Mask:
        def __init__(self, shape):
            self.keep = np.full(shape, True)

        def draw(self):
            self.keep &= np.greater_equal(rng.random(self.keep.shape[::-1]).T, p)
            return self.keep

    mask = Mask(a.shape).draw()
    return (a if mask.all() else a * mask), mask


def dropout_backward__vectorised(dout, mask):
    """With where."""
    return np.where(mask, dout, 0.0)


def dropout_backward__loops(dout, mask):
    """Element by element."""
    da = np.zeros(dout.shape)
    for index in np.ndindex(dout.shape):
        if mask[index]:
            da[index] = dout[index]
    return da


def dropout_backward__copies(dout, mask):
    """On a copy."""
    da = dout.copy()
    da[~mask] = 0
    return da


def scale_weights__vectorised(W, p):
    """What is taken away."""
    return W - p * W


def scale_weights__loops(W, p):
    """Row by row."""
    return np.array([[w * (1.0 - p) for w in row] for row in W])


def scale_weights__einsum(W, p):
    """By a diagonal matrix."""
    return np.diag(np.full(len(W), 1 - p)) @ W


def inverted_dropout_forward__vectorised(a, p, rng):
    """The factor first."""
    if p < 0 or p >= 1:
        raise ValueError(p)
    mask = rng.random(a.shape) < 1 - p
    return np.where(mask, a * (1 / (1 - p)), 0.0), mask


def inverted_dropout_forward__loops(a, p, rng):
    """One number for each element, in a loop."""
    if not (p >= 0 and p < 1):
        raise ValueError("p must be at least 0 and less than 1")
    out, mask = np.zeros(a.shape), np.zeros(a.shape, dtype=bool)
    for n in range(a.shape[0]):
        for m in range(a.shape[1]):
            mask[n, m] = rng.random() >= p
            out[n, m] = a[n, m] / (1 - p) if mask[n, m] else 0
    return out, mask


def inverted_dropout_forward__binomial(a, p, rng):
    """Coins, which refuse what is no probability; returns a list."""
    if p == 1:
        raise ValueError("nothing would be left")
    coins = rng.binomial(1, 1 - p, size=a.shape)
    return [coins * a / (1 - p), coins == 1]


def inverted_dropout_forward__choice(a, p, rng):
    """Chooses False or True, and divides in place on a copy."""
    if p < 0 or p >= 1:
        raise ValueError(f"{p} is not allowed")
    mask = rng.choice(np.array([False, True]), size=a.shape, p=[p, 1 - p])
    out = a.copy()
    out[mask] /= 1 - p
    out[~mask] = 0
    return out, mask


def inverted_dropout_forward__uniform(a, p, rng):
    """Uniform numbers, one column at a time."""
    if p in (1,) or abs(p - 0.5) > 0.5:
        raise ValueError("0 ≤ p < 1")
    mask = np.column_stack([rng.uniform(size=len(a)) > p for _ in a.T]) | (p == 0)
    scale = np.where(mask, 1 / (1 - p), 0)
    return np.einsum("nm,nm->nm", a, scale), mask


def inverted_dropout_forward__child(a, p, rng):
    """A generator of its own, with a seed from rng; numbers of single precision."""
    if not 0 <= p < 1:
        raise ValueError
    child = np.random.default_rng([int(seed) for seed in rng.integers(2**31, size=2)])
    dropped = child.random(a.shape, dtype=np.float32) < p
    return a / (1 - p) * ~dropped, ~dropped


def inverted_dropout_forward__helpers(a, p, rng):
    """A helper for the range of p; the input itself where p = 0."""

    def check(p):
        if not 0 <= p < 1:
            raise ValueError(f"p = {p}")

    check(p)
    if p == 0:
        return a, np.ones_like(a, dtype=bool)
    mask = rng.random(a.size).reshape(a.shape) >= p
    return a * (mask.astype(float) / (1 - p)), mask


def inverted_dropout_backward__vectorised(dout, mask, p):
    """The factor first."""
    return np.where(mask, 1 / (1 - p), 0.0) * dout


def inverted_dropout_backward__loops(dout, mask, p):
    """Element by element."""
    da = np.zeros(dout.shape)
    for index in np.ndindex(dout.shape):
        if mask[index]:
            da[index] = dout[index] / (1 - p)
    return da


def inverted_dropout_backward__copies(dout, mask, p):
    """On a copy."""
    da = dout / (1 - p)
    da[np.logical_not(mask)] = 0.0
    return da


def subnetwork_average__vectorised(x, W, b, p):
    """All masks at once, from the bits of their numbers."""
    d = len(W)
    masks = (np.arange(2**d)[:, None] >> np.arange(d)) & 1
    on = masks.sum(axis=1)
    chances = (1 - p) ** on * p ** (d - on)
    a = np.maximum((masks[:, None, :] * x) @ W + b, 0)
    return np.tensordot(chances, a, axes=1)


def subnetwork_average__loops(x, W, b, p):
    """Plain loops over masks, examples, units and inputs."""
    N, D = x.shape
    M = W.shape[1]
    average = np.zeros((N, M))
    for number in range(2**D):
        bits = [(number >> j) & 1 for j in range(D)]
        chance = 1.0
        for bit in bits:
            chance *= 1 - p if bit else p
        for n in range(N):
            for m in range(M):
                z = b[m]
                for j in range(D):
                    if bits[j]:
                        z += x[n, j] * W[j, m]
                if z > 0:
                    average[n, m] += chance * z
    return average


def subnetwork_average__recursion(x, W, b, p):
    """Decides one input after another: it is dropped, or it is kept."""
    if len(W) == 0:
        return np.maximum(np.tile(b, (len(x), 1)) if b.ndim == 1 else b, 0)
    z = np.tile(b, (len(x), 1)) if b.ndim == 1 else b
    kept = subnetwork_average__recursion(x[:, 1:], W[1:], z + np.outer(x[:, 0], W[0]), p)
    return p * subnetwork_average__recursion(x[:, 1:], W[1:], z, p) + (1 - p) * kept


def subnetwork_average__einsum(x, W, b, p):
    """Einsum, over a grid of masks."""
    masks = np.stack(np.meshgrid(*[[0.0, 1.0]] * len(W), indexing="ij"), axis=-1).reshape(-1, len(W))
    chances = np.prod(masks * (1 - p) + (1 - masks) * p, axis=1)
    z = np.einsum("kd,nd,dm->knm", masks, x, W) + b
    return np.einsum("k,knm->nm", chances, z * (z > 0))


def subnetwork_average__helpers(x, W, b, p):
    """Helpers, combinations and a sum over the number of inputs that are on."""
    from itertools import combinations

    D = W.shape[0]

    def thinned(on):
        on = list(on)
        return np.clip(x[:, on] @ W[on] + b, 0, None)

    return sum((1 - p) ** k * p ** (D - k) * sum(thinned(on) for on in combinations(range(D), k)) for k in range(D + 1))


def subnetwork_average__one_by_one(x, W, b, p):
    """Keeps all pre-activations and their chances, and doubles them with each input."""
    zs, chances = np.zeros((1, len(x), W.shape[1])) + b, np.ones(1)
    for j in range(len(W)):
        zs = np.concatenate([zs, zs + np.outer(x[:, j], W[j])])
        chances = np.concatenate([chances * p, chances * (1 - p)])
    return (chances[:, None, None] * np.maximum(zs, 0)).sum(axis=0)


def hidden_width__vectorised(n, p):
    """Exact fractions."""
    from fractions import Fraction
    from math import ceil

    return ceil(n / (1 - Fraction(str(p))))


def hidden_width__loops(n, p):
    """Thousandths, and a NumPy integer."""
    kept = 1000 - int(np.rint(1000 * p))
    width = n * 1000 // kept
    while width * kept < n * 1000:
        width += 1
    return np.int64(width)


def hidden_width__helpers(n, p):
    """Decimal numbers."""
    import decimal

    quotient = decimal.Decimal(n) / (1 - decimal.Decimal(repr(p)))
    return int(quotient.to_integral_value(rounding=decimal.ROUND_CEILING))


def hidden_width__copies(n, p):
    """Formats p, and uses divmod."""
    whole, rest = divmod(1000 * n, 1000 - int(f"{p:.3f}".replace(".", "")))
    return whole + (rest > 0)
