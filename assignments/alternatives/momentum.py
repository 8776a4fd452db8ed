"""Other right solutions of the assignment `momentum`, in the styles of different students."""

import numpy as np


def momentum_step__loops(w, v, g, eta, lam):
    """Goes through the weights one by one."""
    new_w, new_v = np.empty(w.shape), np.empty(w.shape)
    for i in np.ndindex(w.shape):
        new_v[i] = lam * v[i] - eta * g[i]
        new_w[i] = w[i] + new_v[i]
    return new_w, new_v


def velocity__loops(gradients, eta, lam):
    """Adds up the weighted gradients for each weight."""
    v = np.zeros(gradients.shape[1:])
    for i in np.ndindex(v.shape):
        for step, g in enumerate(gradients):
            v[i] += -eta * lam ** (len(gradients) - 1 - step) * g[i]
    return v


def gradient_weights__loops(T, eta, lam):
    """Starts with the newest weight and goes back."""
    weights = np.zeros(T)
    weight = -eta
    for j in reversed(range(T)):
        weights[j] = weight
        weight *= lam
    return weights


def nesterov_step__loops(w, v, grad, eta, lam):
    """Goes through the weights one by one."""
    ahead = np.array([a + lam * b for a, b in zip(w.flat, v.flat, strict=True)]).reshape(w.shape)
    g = grad(ahead)
    new_w, new_v = w.copy(), v.copy()
    for i in np.ndindex(w.shape):
        new_v[i] = lam * v[i] - eta * g[i]
        new_w[i] += new_v[i]
    return [new_w, new_v]


def train__loops(w, grad, steps, eta, lam=0.0, nesterov=False):
    """Makes room for the whole way first, and fills it in."""
    path = np.empty((steps + 1, *w.shape))
    path[0] = w
    v = np.zeros(w.shape)
    for i in range(1, steps + 1):
        where = path[i - 1].copy()
        if nesterov:
            where += lam * v
        v = lam * v - eta * grad(where)
        path[i] = path[i - 1] + v
    return path


def adam_step__loops(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """Goes through the weights one by one, in plain Python."""
    import math

    new_w, new_m, new_v = np.empty(w.shape), np.empty(w.shape), np.empty(w.shape)
    for i in np.ndindex(w.shape):
        new_m[i] = delta * m[i] + (1 - delta) * g[i]
        new_v[i] = gamma * v[i] + (1 - gamma) * g[i] ** 2
        m_hat = new_m[i] / (1 - math.pow(delta, k))
        v_hat = new_v[i] / (1 - math.pow(gamma, k))
        new_w[i] = w[i] - eta * m_hat / (math.sqrt(v_hat) + eps)
    return new_w, new_m, new_v


def minibatches__loops(n, batch_size, rng):
    """Draws from a bag of indices that gets emptier."""
    left, batches = list(range(n)), []
    while left:
        batch = []
        while left and len(batch) < batch_size:
            batch.append(left.pop(int(rng.integers(len(left)))))
        batches.append(np.array(batch))
    return batches


def momentum_step__as_in_pytorch(w, v, g, eta, lam):
    """Converts to PyTorch's b = -v/η, makes its step, and converts back."""
    b = -v / eta
    b = lam * b + g
    return w - eta * b, -eta * b


def velocity__as_in_pytorch(gradients, eta, lam):
    """Sums with the rate outside, and multiplies at the end."""
    b = gradients[0].copy()
    for g in gradients[1:]:
        b *= lam
        b += g
    return -eta * b


def gradient_weights__as_in_pytorch(T, eta, lam):
    """Feeds unit vectors into the step, as the lecture does."""
    b = np.zeros(T)
    for unit in np.eye(T):
        b = lam * b + unit
    return -eta * b


def nesterov_step__as_in_pytorch(w, v, grad, eta, lam):
    """Goes to the point ahead, makes PyTorch's step from there, and comes back."""
    ahead = w + lam * v
    g = grad(ahead)
    new_v = lam * v - eta * g
    new_ahead = ahead - eta * g + lam * new_v
    return new_ahead - lam * new_v, new_v


def train__as_in_pytorch(w, grad, steps, eta, lam=0.0, nesterov=False):
    """For Nesterov it keeps the points ahead, and converts them at the end."""
    point, b = w.copy(), np.zeros_like(w)
    points, buffers = [point.copy()], [b.copy()]
    for _ in range(steps):
        g = grad(point)
        b = lam * b + g
        point = point - eta * (g + lam * b if nesterov else b)
        points.append(point)
        buffers.append(b)
    return np.stack(points) + (lam * eta * np.stack(buffers) if nesterov else 0.0)


def adam_step__as_in_pytorch(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """PyTorch's order of operations: the corrections go into the step size and the denominator."""
    m = m + (1 - delta) * (g - m)
    v = v * gamma + (1 - gamma) * g * g
    correction_1, correction_2 = 1 - delta**k, 1 - gamma**k
    denominator = np.sqrt(v) / np.sqrt(correction_2) + eps
    return w - eta / correction_1 * (m / denominator), m, v


def minibatches__as_in_pytorch(n, batch_size, rng):
    """A permutation, split at the multiples of the batch size."""
    return np.split(rng.permutation(n), range(batch_size, n, batch_size))


def momentum_step__copies(w, v, g, eta, lam):
    """Works in place on copies."""
    w, v = w.copy(), v.copy()
    v *= lam
    v -= eta * g
    w += v
    return w, v


def velocity__copies(gradients, eta, lam):
    """Fades a copy of all gradients, one step after another."""
    faded = -eta * gradients
    for i in range(1, len(faded)):
        faded[:i] *= lam
    return faded.sum(axis=0)


def gradient_weights__copies(T, eta, lam):
    """A running product, turned round."""
    factors = np.full(T, float(lam))
    factors[0] = -eta
    return np.cumprod(factors)[::-1]


def nesterov_step__copies(w, v, grad, eta, lam):
    """The lecture's two stages, on copies."""
    w, v = w.copy(), v.copy()
    v *= lam
    w += v
    step = eta * grad(w.copy())
    w -= step
    v -= step
    return w, v


def train__copies(w, grad, steps, eta, lam=0.0, nesterov=False):
    """Moves a copy in place and keeps copies of the copy."""
    w = np.array(w)
    v = np.zeros_like(w)
    path = [w.copy()]
    for _ in range(steps):
        v *= lam
        g = grad(w + v) if nesterov else grad(w)
        v -= eta * g
        w += v
        path.append(w.copy())
    return np.array(path)


def adam_step__copies(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """Works in place on copies; powers by repeated multiplication."""
    w, m, v = w.copy(), m.copy(), v.copy()
    m *= delta
    m += (1 - delta) * g
    v *= gamma
    v += (1 - gamma) * np.square(g)
    delta_k = gamma_k = 1.0
    for _ in range(k):
        delta_k, gamma_k = delta_k * delta, gamma_k * gamma
    w -= eta * (m / (1 - delta_k)) / ((v / (1 - gamma_k)) ** 0.5 + eps)
    return w, m, v


def minibatches__copies(n, batch_size, rng):
    """Shuffles an array in place and cuts pieces off."""
    order, batches = np.arange(n), []
    rng.shuffle(order)
    while len(order):
        batches.append(order[:batch_size].copy())
        order = order[batch_size:]
    return tuple(batches)


def momentum_step__helpers(w, v, g, eta, lam):
    """Names the two parts of the movement."""

    def movement():
        return np.add(kept, downhill)

    kept, downhill = np.multiply(lam, v), np.negative(np.multiply(eta, g))
    return w + movement(), movement()


def velocity__helpers(gradients, eta, lam):
    """Recursion: v^T comes from v^{T-1}."""

    def after(T):
        return lam * after(T - 1) - eta * gradients[T - 1] if T else np.zeros(gradients.shape[1:])

    return after(len(gradients))


def gradient_weights__helpers(T, eta, lam):
    """The formula for one weight, and a list comprehension."""

    def weight(j):
        return -eta * lam ** (T - 1 - j)

    return np.array([weight(j) for j in range(T)])


def nesterov_step__helpers(w, v, grad, eta, lam):
    """One function for the point ahead, another for the step."""

    def ahead():
        return w + lam * v

    def step():
        return -eta * grad(ahead())

    correction = step()
    return ahead() + correction, lam * v + correction


def train__helpers(w, grad, steps, eta, lam=0.0, nesterov=False):
    """A class with a state."""

    class Ball:
        def __init__(self):
            self.place, self.speed = w, 0.0

        def roll(self):
            look = self.place + lam * self.speed if nesterov else self.place
            self.speed = lam * self.speed - eta * grad(look)
            self.place = self.place + self.speed
            return self.place

    ball = Ball()
    return np.stack([w, *(ball.roll() for _ in range(steps))])


def adam_step__helpers(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """A helper for both running means and one for both corrections."""

    def mean(old, new, keep):
        return keep * old + (1 - keep) * new

    def corrected(average, keep):
        return average / (1 - np.power(keep, k))

    m, v = mean(m, g, delta), mean(v, g**2, gamma)
    return w - eta * corrected(m, delta) / (eps + np.sqrt(corrected(v, gamma))), m, v


def minibatches__helpers(n, batch_size, rng):
    """Sorts by random keys."""
    order = np.argsort(rng.random(n))

    def batch(number):
        return order[number * batch_size : min(n, (number + 1) * batch_size)]

    return [batch(number) for number in range((n + batch_size - 1) // batch_size)]


def velocity__vectorised(gradients, eta, lam):
    """A weighted sum by tensordot."""
    return np.tensordot(-eta * lam ** np.arange(len(gradients))[::-1], gradients, axes=1)


def train__vectorised(w, grad, steps, eta, lam=0.0, nesterov=False):
    """Without v: the last movement is the difference of the last two places."""
    path = [w, w]
    for _ in range(steps):
        ahead = path[-1] + lam * (path[-1] - path[-2])
        path.append(ahead - eta * grad(ahead if nesterov else path[-1]))
    return np.array(path[1:])


def minibatches__vectorised(n, batch_size, rng):
    """A choice without replacement; the batches sorted, which does not matter inside a batch."""
    order = rng.choice(n, size=n, replace=False)
    return [np.sort(order[i : i + batch_size]) for i in range(0, n, batch_size)]


def velocity__polynomial(gradients, eta, lam):
    """The sum is a polynomial in λ, by Horner's rule."""
    return -eta * np.polyval(gradients, lam)


def minibatches__by_hand(n, batch_size, rng):
    """Fisher and Yates's shuffle, and 32-bit indices."""
    order = np.arange(n, dtype=np.int32)
    for i in range(n - 1, 0, -1):
        j = int(rng.integers(i + 1))
        order[[i, j]] = order[[j, i]]
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]
