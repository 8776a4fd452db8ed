"""Right solutions of the assignment `babysitting` in other styles: each must keep all points."""

import numpy as np


def expected_initial_loss__math(classes):
    """The standard library's logarithm."""
    import math

    return math.log(classes)


def expected_initial_loss__minus_log_of_the_share(classes):
    """Minus the logarithm of the probability, as a NumPy number."""
    return -np.log(1.0 / classes)


def expected_initial_loss__softmax(classes):
    """The cross entropy of equal logits, computed."""
    z = np.zeros((1, classes))
    y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return -np.mean(np.log(y[:, 0]))


def numerical_gradient__unit_steps(f, x, h=1e-5):
    """A step array for each entry; x itself is never touched."""
    gradient = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def numerical_gradient__in_place_and_back(f, x, h=1e-5):
    """Changes x meanwhile, with np.nditer, and puts the old value back."""
    gradient = np.zeros(x.shape)
    walk = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not walk.finished:
        i = walk.multi_index
        old = x[i]
        x[i] = old + h
        up = f(x)
        x[i] = old - h
        down = f(x)
        x[i] = old
        gradient[i] = (up - down) / (2 * h)
        walk.iternext()
    return gradient


def numerical_gradient__flat(f, x, h=1e-5):
    """Numbers the entries in one row and reshapes for each call."""
    flat = x.flatten()
    result = []
    for i in range(flat.size):
        plus, minus = flat.copy(), flat.copy()
        plus[i] += h
        minus[i] -= h
        result.append((f(plus.reshape(x.shape)) - f(minus.reshape(x.shape))) / 2 / h)
    return np.array(result).reshape(x.shape)


def numerical_gradient__identity_rows(f, x, h=1e-5):
    """The rows of an identity matrix are the directions."""
    directions = np.eye(x.size).reshape(x.size, *x.shape)
    slopes = [0.5 / h * (f(x + h * e) - f(x - h * e)) for e in directions]
    return np.array(slopes, dtype=float).reshape(x.shape)


def numerical_gradient__mean_of_both_sides(f, x, h=1e-5):
    """The mean of the forward and the backward difference, which is the central one."""

    def moved(index, by):
        y = np.array(x)
        y[index] = y[index] + by
        return f(y)

    gradient = np.empty(x.shape)
    for index, _ in np.ndenumerate(x):
        middle = f(x.copy())
        forward = (moved(index, h) - middle) / h
        backward = (middle - moved(index, -h)) / h
        gradient[index] = (forward + backward) / 2
    return gradient


def relative_error__loop(a, b):
    """Entry by entry, with the largest so far."""
    worst = 0.0
    for p, q in zip(a.ravel(), b.ravel(), strict=True):
        error = abs(p - q) / max(abs(p) + abs(q), 1e-12)
        if error > worst:
            worst = error
    return worst


def relative_error__clip(a, b):
    """np.clip as the floor; a NumPy number comes out."""
    size = np.clip(np.abs(a) + np.abs(b), 1e-12, None)
    return (np.abs(a - b) / size).max()


def relative_error__where(a, b):
    """The floor with np.where, the maximum with Python's max."""
    size = abs(a) + abs(b)
    size = np.where(size > 1e-12, size, 1e-12)
    return max((abs(a - b) / size).flatten().tolist())


def diagnose__loops(losses):
    """Plain Python over a list."""
    import math

    values = [float(v) for v in losses]
    for v in values:
        if math.isnan(v) or math.isinf(v):
            return "nan"
    for v in values:
        if v > 3 * values[0]:
            return "exploding"
    if values[-1] > 1.01 * values[0]:
        return "rising"
    elif values[-1] > 0.99 * values[0]:
        return "too low"
    else:
        return "ok"


def diagnose__ratios(losses):
    """Divides by the first loss once."""
    ratio = losses / losses[0]
    if not np.isfinite(ratio).all():
        return "nan"
    if ratio.max() > 3:
        return "exploding"
    if ratio[-1] > 1.01:
        return "rising"
    if ratio[-1] > 0.99:
        return "too low"
    return "ok"


def diagnose__changes(losses):
    """Looks at the relative change."""
    if np.isnan(losses).any() or np.isinf(losses).any():
        return "nan"
    change = (losses - losses[0]) / losses[0]
    if (change > 2).any():
        return "exploding"
    if change[-1] > 0.01:
        return "rising"
    if change[-1] > -0.01:
        return "too low"
    return "ok"


def diagnose__table(losses):
    """A table of conditions; the first that holds is the verdict."""
    first, last = losses[0], losses[-1]
    rows = {
        "nan": np.isfinite(losses).sum() < len(losses),
        "exploding": max(losses) > 3 * first,
        "rising": last > 1.01 * first,
        "too low": last > 0.99 * first,
        "ok": True,
    }
    return next(verdict for verdict, fits in rows.items() if fits)


def diagnose__select(losses):
    """np.select, with a NumPy string as the result."""
    first, last = losses[0], losses[-1]
    conditions = [~np.isfinite(losses).all(), (losses > 3 * first).any(), last > 1.01 * first, last > 0.99 * first]
    return str(np.select(conditions, ["nan", "exploding", "rising", "too low"], "ok"))


def update_ratio__norm(w, update):
    """NumPy's norm, of the entries in a row."""
    return np.linalg.norm(update.ravel()) / np.linalg.norm(w.ravel())


def update_ratio__loop(w, update):
    """Sums the squares in loops."""
    import math

    def norm(array):
        total = 0.0
        for v in array.flatten():
            total += v**2
        return math.sqrt(total)

    return norm(update) / norm(w)


def update_ratio__vdot(w, update):
    """The norm as the root of a scalar product."""
    return float(np.vdot(update, update) ** 0.5 / np.vdot(w, w) ** 0.5)


def sample_log_uniform__powers_of_ten(low, high, size, rng):
    """Uniform exponents of ten, cut at the ends because of rounding."""
    return np.clip(10 ** rng.uniform(np.log10(low), np.log10(high), size=size), low, high)


def sample_log_uniform__share_of_the_way(low, high, size, rng):
    """A random share of the way from low to high, by multiplication."""
    return low * (high / low) ** rng.random(size)


def sample_log_uniform__one_by_one(low, high, size, rng):
    """One value at a time."""
    import math

    values = []
    for _ in range(size):
        values.append(math.exp(rng.uniform(math.log(low), math.log(high))))
    return np.array(values)


def sample_log_uniform__other_end(low, high, size, rng):
    """Goes down from the upper end, then shuffles with a permutation."""
    u = rng.uniform(size=size)
    values = np.exp(np.log(high) - u * (np.log(high) - np.log(low)))
    return values[rng.permutation(size)]


def clip_gradient__minimum_maximum(g, threshold=5.0):
    """A maximum and a minimum."""
    return np.minimum(np.maximum(g, -threshold), threshold)


def clip_gradient__masks(g, threshold=5.0):
    """A copy, and two masks."""
    result = g.copy()
    result[g > threshold] = threshold
    result[g < -threshold] = -threshold
    return result


def clip_gradient__sign(g, threshold=5.0):
    """Sign times the limited size."""
    return np.sign(g) * np.minimum(np.abs(g), threshold)


def clip_gradient__loop(g, threshold=5.0):
    """Entry by entry."""
    result = np.zeros(g.shape)
    for i in np.ndindex(g.shape):
        result[i] = max(-threshold, min(threshold, g[i]))
    return result


def early_stopping__waiting(val_losses, patience):
    """A counter of epochs without improvement."""
    best_loss, best_epoch, waited = float("inf"), 0, 0
    for epoch in range(len(val_losses)):
        if val_losses[epoch] < best_loss:
            best_loss, best_epoch, waited = val_losses[epoch], epoch, 0
        else:
            waited += 1
            if waited == patience:
                return best_epoch, epoch
    return best_epoch, len(val_losses) - 1


def early_stopping__argmin(val_losses, patience):
    """np.argmin of all losses so far, which takes the first on a tie; NumPy integers come out."""
    for stop in range(len(val_losses)):
        best = np.argmin(val_losses[: stop + 1])
        if stop - best >= patience:
            break
    return best, stop


def early_stopping__while(val_losses, patience):
    """A while loop; a list comes out."""
    best = epoch = 0
    while epoch < len(val_losses) - 1 and epoch - best < patience:
        epoch += 1
        if val_losses[epoch] < val_losses[best]:
            best = epoch
    return [best, epoch]


def early_stopping__running_minimum(val_losses, patience):
    """Vectorised: where the running minimum falls, and the first gap that is long enough."""
    epochs = np.arange(len(val_losses))
    lowest = np.minimum.accumulate(val_losses)
    improves = np.concatenate([[True], lowest[1:] < lowest[:-1]])
    best = np.maximum.accumulate(np.where(improves, epochs, 0))
    over = np.flatnonzero(epochs - best >= patience)
    stop = over[0] if len(over) else len(val_losses) - 1
    return int(best[stop]), int(stop)


def early_stopping__class(val_losses, patience):
    """A small class that is asked after each epoch."""

    class Stopper:
        def __init__(self):
            self.history = []

        def best(self):
            return self.history.index(min(self.history))

        def stop(self, loss):
            self.history.append(float(loss))
            return len(self.history) - 1 - self.best() >= patience

    stopper = Stopper()
    for loss in val_losses:
        if stopper.stop(loss):
            break
    return stopper.best(), len(stopper.history) - 1
