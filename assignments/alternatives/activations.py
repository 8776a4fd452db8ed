"""Right solutions of the assignment `activations` in many styles; each must get all points."""

import numpy as np


def sigmoid__two_exponentials(z):
    """A clipped exponential for each side."""
    right = 1 / (1 + np.exp(-np.maximum(z, 0)))
    e = np.exp(np.minimum(z, 0))
    return np.where(z >= 0, right, e / (1 + e))


def sigmoid__tanh(z):
    """By the hyperbolic tangent."""
    return 0.5 * (1 + np.tanh(z / 2))


def sigmoid__clipped(z):
    """The formula, clipped where nothing changes any more."""
    return 1 / (1 + np.exp(-np.clip(z, -700, 700)))


def sigmoid__log_space(z):
    """e to the power of log σ(z)."""
    return np.exp(-np.logaddexp(0, -z))


def sigmoid__masks(z):
    """An array filled in two parts."""
    a = np.empty_like(z)
    right = z >= 0
    a[right] = 1 / (1 + np.exp(-z[right]))
    e = np.exp(z[~right])
    a[~right] = e / (1 + e)
    return a


def sigmoid__ignores_the_warning(z):
    """The formula, with the overflow expected."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def sigmoid__loops(z):
    """Entry by entry, with plain Python."""
    import math

    a = np.zeros(z.shape)
    for index in np.ndindex(z.shape):
        v = z[index]
        if v >= 0:
            a[index] = 1 / (1 + math.exp(-v))
        else:
            a[index] = math.exp(v) / (1 + math.exp(v))
    return a


def sigmoid__flat_list(z):
    """A list of numbers, turned into an array at the end."""
    import math

    def one(v):
        return 1 / (1 + math.exp(-v)) if v >= 0 else 1 - 1 / (1 + math.exp(v))

    return np.array([one(v) for v in z.flat]).reshape(z.shape)


def sigmoid__vectorize(z):
    """A function of one number, vectorised."""

    def one(v):
        e = np.exp(-abs(v))
        return 1 / (1 + e) if v >= 0 else e / (1 + e)

    return np.vectorize(one)(z)


def sigmoid_backward__by_the_output(da, z):
    """Through a = σ(z)."""
    e = np.exp(-np.abs(z))
    a = np.where(z >= 0, 1, e) / (1 + e)
    return da * a * (1 - a)


def sigmoid_backward__even_function(da, z):
    """The slope is the same at z and at −z."""
    e = np.exp(-np.abs(z))
    return da * e / (1 + e) ** 2


def sigmoid_backward__overflow_to_zero(da, z):
    """Over a denominator that may become inf."""
    return da / (2 + np.exp(z) + np.exp(-z))


def sigmoid_backward__hyperbolic(da, z):
    """By the slope of tanh."""
    return da * (1 - np.tanh(z / 2) ** 2) / 4


def sigmoid_backward__loops(da, z):
    """Entry by entry."""
    import math

    dz = np.zeros_like(z)
    for index in np.ndindex(*z.shape):
        a = 1 / (1 + math.exp(-min(max(z[index], -700), 700)))
        dz[index] = da[index] * a * (1 - a)
    return dz


def relu__maximum(z):
    """The formula."""
    return np.maximum(0, z)


def relu__product(z):
    """z times 0 or 1."""
    return z * (z > 0)


def relu__half_sum(z):
    """Half of z plus |z|."""
    return z / 2 + np.abs(z) / 2


def relu__copy(z):
    """A copy with zeros written into it."""
    a = z.copy()
    a[a < 0] = 0
    return a


def relu__clip(z):
    """Clipped from below."""
    return np.clip(z, 0, None)


def relu__loops(z):
    """Entry by entry."""
    return np.array([max(0.0, v) for v in z.flat]).reshape(z.shape)


def relu_backward__where(da, z):
    """da or 0."""
    return np.where(z > 0, da, 0)


def relu_backward__copy(da, z):
    """A copy with zeros written into it."""
    dz = da.copy()
    dz[z <= 0] = 0
    return dz


def relu_backward__sign_of_the_output(da, z):
    """The sign of relu(z) is the slope."""
    return da * np.sign(np.maximum(z, 0))


def relu_backward__heaviside(da, z):
    """The slope is a step."""
    return da * np.heaviside(z, 0)


def relu_backward__loops(da, z):
    """Entry by entry."""
    return np.array([g if v > 0 else 0.0 for g, v in zip(da.flat, z.flat, strict=True)]).reshape(z.shape)


def leaky_relu__maximum(z, alpha=0.01):
    """The larger of z and αz, as α is at most 1."""
    return np.maximum(alpha * z, z)


def leaky_relu__slope(z, alpha=0.01):
    """z times the slope of its side."""
    return z * np.where(z > 0, 1, alpha)


def leaky_relu__two_parts(z, alpha=0.01):
    """The right part plus α times the left part."""
    return np.maximum(z, 0) + alpha * np.minimum(z, 0)


def leaky_relu__copy(z, alpha=0.01):
    """A copy whose left side is multiplied."""
    a = np.array(z)
    a[z < 0] *= alpha
    return a


def leaky_relu__loops(z, alpha=0.01):
    """Entry by entry."""
    a = np.empty(z.shape)
    for index, v in np.ndenumerate(z):
        a[index] = v if v > 0 else alpha * v
    return a


def leaky_relu_backward__slope(da, z, alpha=0.01):
    """da times the slope of its side."""
    return da * np.where(z > 0, 1, alpha)


def leaky_relu_backward__sum_of_masks(da, z, alpha=0.01):
    """A mask for each side."""
    return da * ((z > 0) + alpha * (z <= 0))


def leaky_relu_backward__copy(da, z, alpha=0.01):
    """A copy whose left side is multiplied."""
    dz = da.copy()
    dz[z <= 0] *= alpha
    return dz


def leaky_relu_backward__loops(da, z, alpha=0.01):
    """Entry by entry."""
    dz = np.zeros(da.shape)
    for index, v in np.ndenumerate(z):
        dz[index] = da[index] if v > 0 else alpha * da[index]
    return dz


def prelu_backward__masks(da, z, alpha):
    """A mask for each side; dalpha stays a NumPy float."""
    dz = da * np.where(z > 0, 1, alpha)
    return dz, np.sum(da * z * (z < 0))


def prelu_backward__selection(da, z, alpha):
    """The left entries are selected and multiplied as vectors; returns a list."""
    left = z <= 0
    dz = da.copy()
    dz[left] = alpha * da[left]
    return [dz, da[left] @ z[left]]


def prelu_backward__loops(da, z, alpha):
    """Entry by entry."""
    dz = np.zeros(z.shape)
    dalpha = 0.0
    for index in np.ndindex(z.shape):
        if z[index] > 0:
            dz[index] = da[index]
        else:
            dz[index] = alpha * da[index]
            dalpha += z[index] * da[index]
    return dz, dalpha


def prelu_backward__generator(da, z, alpha):
    """The sum of a generator, which is the int 0 when no z is negative."""
    return da * np.where(z > 0, 1.0, alpha), sum(g * v for g, v in zip(da.flat, z.flat, strict=True) if v < 0)


def prelu_backward__einsum(da, z, alpha):
    """A full contraction."""
    left = np.minimum(z, 0).ravel()
    return np.where(z > 0, da, alpha * da), float(np.einsum("i,i->", da.ravel(), left))


def error_signals__append_and_reverse(weights, zs, dC_da, act_backward):
    """From the last layer to the first, reversed at the end."""
    delta = act_backward(dC_da, zs[-1])
    deltas = [delta]
    for W, z in zip(reversed(weights[1:]), reversed(zs[:-1]), strict=True):
        delta = act_backward(delta @ W, z)
        deltas.append(delta)
    deltas.reverse()
    return deltas


def error_signals__columns(weights, zs, dC_da, act_backward):
    """The lecture's formula with its transpose, for examples in columns."""
    deltas = [None] * len(zs)
    deltas[-1] = act_backward(dC_da, zs[-1])
    for i in reversed(range(len(zs) - 1)):
        deltas[i] = act_backward((weights[i + 1].T @ deltas[i + 1].T).T, zs[i])
    return deltas


def error_signals__recursive(weights, zs, dC_da, act_backward):
    """The first layer on top of all later ones."""
    if len(weights) == 1:
        return [act_backward(dC_da, zs[0])]
    later = error_signals__recursive(weights[1:], zs[1:], dC_da, act_backward)
    return [act_backward(np.einsum("nk,ki->ni", later[0], weights[1]), zs[0]), *later]


def error_signals__example_by_example(weights, zs, dC_da, act_backward):
    """One matrix-vector product for each example."""
    deltas, da = [], dC_da
    for W, z in zip(weights[::-1], zs[::-1], strict=True):
        deltas.append(act_backward(da, z))
        da = np.stack([W.T @ delta for delta in deltas[-1]])
    return deltas[::-1]


def error_signals__slopes_first(weights, zs, dC_da, act_backward):
    """All slopes at first, then the products; returns a tuple."""
    slopes = [act_backward(np.ones(z.shape), z) for z in zs]
    deltas = (slopes[-1] * dC_da,)
    for W, slope in zip(weights[:0:-1], slopes[-2::-1], strict=True):
        deltas = (slope * np.dot(deltas[0], W), *deltas)
    return deltas


def error_signals__class(weights, zs, dC_da, act_backward):
    """An object for each layer, linked to the one above."""

    class Layer:
        def __init__(self, z, above=None, W=None):
            self.z, self.above, self.W = z, above, W

        def delta(self):
            if not hasattr(self, "kept"):
                da = dC_da if self.above is None else np.matmul(self.above.delta(), self.W)
                self.kept = act_backward(da, self.z)
            return self.kept

    layers = [Layer(zs[-1])]
    for i in range(len(zs) - 2, -1, -1):
        layers.insert(0, Layer(zs[i], layers[0], weights[i + 1]))
    return [layer.delta() for layer in layers]


def weight_gradients__product(deltas, inputs):
    """A matrix product for each layer."""
    return [d.T @ a for d, a in zip(deltas, inputs, strict=True)]


def weight_gradients__einsum(deltas, inputs):
    """The sum over the batch, by its index."""
    return [np.einsum("ni,nj->ij", d, a) for d, a in zip(deltas, inputs, strict=True)]


def weight_gradients__outer_products(deltas, inputs):
    """An outer product for each example, added up."""
    gradients = []
    for layer in range(len(deltas)):
        gradient = np.zeros((deltas[layer].shape[1], inputs[layer].shape[1]))
        for n in range(len(deltas[layer])):
            gradient += np.outer(deltas[layer][n], inputs[layer][n])
        gradients.append(gradient)
    return gradients


def weight_gradients__transposed_twice(deltas, inputs):
    """As [inputs, outputs], then turned: an array that shares its memory."""
    return [(a.T @ d).T for d, a in zip(deltas, inputs, strict=True)]


def weight_gradients__broadcast(deltas, inputs):
    """A matrix for each example, then the sum; returns a tuple."""
    return tuple(np.sum(d[:, :, None] * a[:, None, :], axis=0) for d, a in zip(deltas, inputs, strict=True))


def dead_units__all(a):
    """The definition."""
    return (a == 0).all(axis=0)


def dead_units__not_any(a):
    """No example is different from 0."""
    return ~a.any(axis=0)


def dead_units__largest(a):
    """The largest activation is 0."""
    return np.max(a, axis=0) <= 0


def dead_units__count(a):
    """No example is counted as active."""
    return np.sum(a > 0, axis=0) == 0


def dead_units__loops(a):
    """Unit by unit, with a flag."""
    dead = np.ones(a.shape[1], dtype=bool)
    for m in range(a.shape[1]):
        for n in range(a.shape[0]):
            if a[n, m] != 0:
                dead[m] = False
    return dead


def maxout__list_of_pieces(x, W, b):
    """All pieces in one array."""
    z = np.array([x @ W[k] + b[k] for k in range(len(W))])
    return np.max(z, axis=0), np.argmax(z, axis=0)


def maxout__einsum(x, W, b):
    """Examples first, then pieces; the sum over the inputs by its index."""
    z = np.einsum("nd,kdm->nkm", x, W) + b
    return np.max(z, axis=1), np.argmax(z, axis=1)


def maxout__running_maximum(x, W, b):
    """The best so far, piece by piece; int32 winners."""
    a = x @ W[0] + b[0]
    winner = np.zeros(a.shape, dtype=np.int32)
    for k in range(1, len(W)):
        z = x @ W[k] + b[k]
        winner[z > a] = k
        a = np.maximum(a, z)
    return a, winner


def maxout__winner_first(x, W, b):
    """The winners at first, the activation picked by them."""
    z = np.stack([x @ w + c for w, c in zip(W, b, strict=True)])
    winner = z.argmax(axis=0)
    return np.take_along_axis(z, winner[None], axis=0)[0], winner


def maxout__loops(x, W, b):
    """Example by example and unit by unit, with Python's own maximum; returns a list."""
    a, winner = np.zeros((len(x), b.shape[1])), np.zeros((len(x), b.shape[1]), dtype=int)
    for n in range(len(x)):
        for m in range(b.shape[1]):
            z = [float(x[n] @ W[k, :, m] + b[k, m]) for k in range(len(b))]
            a[n, m] = max(z)
            winner[n, m] = z.index(max(z))
    return [a, winner]


def maxout__one_big_product(x, W, b):
    """All pieces of all units in one matrix."""
    pieces, inputs, units = W.shape
    z = x @ W.transpose(1, 0, 2).reshape(inputs, pieces * units) + b.ravel()
    z = z.reshape(len(x), pieces, units)
    return z.max(axis=1), z.argmax(axis=1)


def maxout_backward__masks(da, x, W, winner):
    """A masked error for each piece."""
    dz = np.array([da * (winner == k) for k in range(len(W))])
    dx = sum(dz[k] @ W[k].T for k in range(len(W)))
    dW = np.array([x.T @ dz[k] for k in range(len(W))])
    return dx, dW, dz.sum(axis=1)


def maxout_backward__one_hot(da, x, W, winner):
    """One-hot winners and einsum."""
    dz = np.eye(len(W))[winner] * da[:, :, None]
    return np.einsum("nmk,kdm->nd", dz, W), np.einsum("nmk,nd->kdm", dz, x), dz.sum(axis=0).T


def maxout_backward__loops(da, x, W, winner):
    """Example by example and unit by unit."""
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros((W.shape[0], W.shape[2]))
    for n in range(len(x)):
        for m in range(W.shape[2]):
            k = winner[n, m]
            dx[n] += da[n, m] * W[k, :, m]
            dW[k, :, m] += da[n, m] * x[n]
            db[k, m] += da[n, m]
    return dx, dW, db


def maxout_backward__add_at(da, x, W, winner):
    """Unbuffered addition at the winners; returns a list."""
    units = np.broadcast_to(np.arange(da.shape[1]), da.shape)
    db, dW = np.zeros((W.shape[0], W.shape[2])), np.zeros_like(W)
    np.add.at(db, (winner, units), da)
    np.add.at(dW.swapaxes(1, 2), (winner, units), da[:, :, None] * x[:, None, :])
    dx = (W.swapaxes(1, 2)[winner, units] * da[:, :, None]).sum(axis=1)
    return [dx, dW, db]


def maxout_backward__bias_as_input(da, x, W, winner):
    """The bias as a weight with the input 1."""
    x1 = np.hstack([x, np.ones((len(x), 1))])
    dz = da[None] * (winner[None] == np.arange(len(W))[:, None, None])
    d = x1.T @ dz
    return (dz @ W.transpose(0, 2, 1)).sum(axis=0), d[:, :-1], d[:, -1]


def relu_as_maxout__zeros_second(w, b):
    """The ReLU's own line, then 0."""
    return np.array([w, np.zeros_like(w)]), np.array([b, np.zeros_like(b)])


def relu_as_maxout__zeros_first(w, b):
    """First 0, then the ReLU's own line; returns a list."""
    return [np.stack([0 * w, w]), np.stack([0 * b, b])]


def relu_as_maxout__filled_in(w, b):
    """Zeros, and one piece filled in."""
    W = np.zeros((2, *w.shape))
    B = np.zeros((2, len(b)))
    W[0], B[0] = w, b
    return W, B


def relu_as_maxout__another_order_for_each_unit(w, b):
    """The piece that is not 0 alternates from unit to unit."""
    W, B = np.zeros((2, *w.shape)), np.zeros((2, *b.shape))
    for m in range(len(b)):
        W[m % 2, :, m], B[m % 2, m] = w[:, m], b[m]
    return W, B
