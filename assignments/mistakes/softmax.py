"""Known mistakes in the assignment `softmax`: wrong solutions, each with what the feedback says about it."""

import numpy as np


def softmax__overflows(z):
    """You use the formula as it stands: e to the power of 1000 is too large for float64, and inf/inf is nan. A constant
    added to all logits of an example cancels; choose it so that no exponent is positive.
    """
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


def softmax__hides_nan(z):
    """You replace nan by a number, but the overflow is still there: a sure answer comes out as 0 instead of 1. Subtract
    something from the logits before you take exponentials.
    """
    e = np.exp(z)
    return np.nan_to_num(e / e.sum(axis=1, keepdims=True))


def softmax__small_number_below(z):
    """You add a small number to the sum, so the rows no longer sum to 1, and large logits still overflow. Take care of
    both ends by what you subtract from the logits.
    """
    e = np.exp(z)
    return e / (e.sum(axis=1, keepdims=True) + 1e-8)


def softmax__clipped(z):
    """You cut the logits off at ±500, so larger ones lose their differences. Only differences of logits count, and a
    shift keeps them all.
    """
    e = np.exp(np.clip(z, -500, 500))
    return e / e.sum(axis=1, keepdims=True)


def softmax__maximum_of_the_batch(z):
    """You subtract the largest logit of the whole batch. In a row that lies far below, all exponentials become 0, and
    0/0 is nan; each example needs a maximum of its own.
    """
    e = np.exp(z - z.max())
    return e / e.sum(axis=1, keepdims=True)


def softmax__mean_subtracted(z):
    """You subtract the mean of a row, and the largest logit can still be thousands above it. What do you have to
    subtract so that no exponent is positive?
    """
    e = np.exp(z - z.mean(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax__minimum_subtracted(z):
    """You subtract the smallest logit of a row, so the largest exponents grow and overflow. No exponent should be
    positive.
    """
    e = np.exp(z - z.min(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax__divided_by_maximum(z):
    """You divide the logits by their maximum, which changes the result. A constant cancels only when it is added or
    subtracted.
    """
    e = np.exp(z / z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax__columns(z):
    """You normalise down the columns, over the examples of the batch. The classes of one example stand in a row, and
    each row must sum to 1.
    """
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def softmax__sum_over_the_batch(z):
    """You divide by one sum over the whole batch, so all entries together sum to 1. Each example, a row, has a sum of
    its own.
    """
    e = np.exp(z - z.max())
    return e / e.sum()


def softmax__axis_lost(z):
    """Your maximum and your sum have lost an axis: their shape [N] does not fit to z [N, K], or fits to the wrong axis
    when N = K. Keep them as a column, one number for each row.
    """
    e = np.exp(z - np.max(z, axis=1))
    return e / np.sum(e, axis=1)


def softmax__no_exponential(z):
    """You divide the logits themselves by their sum, so negative logits give negative "probabilities". The exponential
    is what makes them positive.
    """
    return z / z.sum(axis=1, keepdims=True)


def softmax__sigmoids(z):
    """You return a sigmoid of each logit, and those need not sum to 1. In softmax the outputs compete: all logits of
    the row stand in the denominator.
    """
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def softmax__logarithm(z):
    """You return log y and not y. The logarithm belongs to the cost, in part 2."""
    shifted = z - z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax__in_place(z):
    """You subtract the maximum from z itself, so the caller's logits have changed afterwards. Put the difference into a
    new array.
    """
    z -= z.max(axis=1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy__sum(z, r):
    """You add up the costs of the examples. The cost of a batch is their mean."""
    log_y = z - np.logaddexp.reduce(z, axis=1)[:, None]
    return -float(log_y[np.arange(len(z)), r].sum())


def cross_entropy__mean_over_all_entries(z, r):
    """You divide by N · K, the number of entries. The mean runs over the N examples only: each of them has one cost."""
    log_y = z - np.logaddexp.reduce(z, axis=1)[:, None]
    return -float(log_y[np.arange(len(z)), r].sum()) / z.size


def cross_entropy__sign(z, r):
    """You forgot the minus sign: the logarithm of a probability is negative, and the cost −log y_r is not."""
    log_y = z - np.logaddexp.reduce(z, axis=1)[:, None]
    return float(log_y[np.arange(len(z)), r].mean())


def cross_entropy__all_classes(z, r):
    """You add −log y_i over all classes, and the label plays no part. Only the right class stands in C = −log y_r."""
    log_y = z - np.logaddexp.reduce(z, axis=1)[:, None]
    return -float(log_y.sum(axis=1).mean())


def cross_entropy__every_label_for_every_row(z, r):
    """You take the columns r of every row, an [N, N] table, so each example is also charged for the labels of the
    others. Pair row n with its own label.
    """
    log_y = z - np.logaddexp.reduce(z, axis=1)[:, None]
    return -float(log_y[:, r].mean())


def cross_entropy__predicted_class(z, r):
    """You take the most probable class and not the right one, so a wrong answer costs next to nothing. The label r says
    which output counts.
    """
    log_y = z - np.logaddexp.reduce(z, axis=1)[:, None]
    return -float(log_y.max(axis=1).mean())


def cross_entropy__labels_from_1(z, r):
    """You take the output before the right one, as if labels were counted from 1. They are counted from 0."""
    log_y = z - np.logaddexp.reduce(z, axis=1)[:, None]
    return -float(log_y[np.arange(len(z)), r - 1].mean())


def cross_entropy__logits_for_probabilities(z, r):
    """You take the logarithm of the logits, as if they were probabilities. The function gets z, before the softmax."""
    return -float(np.log(z[np.arange(len(z)), r]).mean())


def cross_entropy__binary(z, r):
    """You also charge −log(1 − y_i) for the wrong classes, which is the binary cross entropy of K separate outputs.
    Behind a softmax the cost is −log y_r alone; the rivals are in its denominator.
    """
    y = np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None])
    hot = r[:, None] == np.arange(z.shape[1])
    return -float(np.log(np.where(hot, y, 1 - y)).sum(axis=1).mean())


def cross_entropy__no_logarithm(z, r):
    """You return the mean of 1 − y_r, which is never larger than 1. The cost is the logarithm of y_r, and it grows
    without end as y_r goes to 0.
    """
    y = np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None])
    return float((1 - y[np.arange(len(z)), r]).mean())


def cross_entropy__base_2(z, r):
    """You use the logarithm to the base 2. Logarithms are natural here."""
    log_y = z - np.logaddexp.reduce(z, axis=1)[:, None]
    return -float(log_y[np.arange(len(z)), r].mean() / np.log(2))


def cross_entropy__log_of_softmax(z, r):
    """You compute y_r first and its logarithm afterwards. A very small y_r is rounded to 0, and then the cost is
    infinite; simplify −log y_r before you compute.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return -float(np.log(y[np.arange(len(z)), r]).mean())


def cross_entropy__clipped(z, r):
    """You cut y_r off at 1e-12, so no cost comes out above 27.6. The exact cost is wanted, and with log-sum-exp it
    needs no cut.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return -float(np.log(np.clip(y[np.arange(len(z)), r], 1e-12, 1)).mean())


def cross_entropy__clipped_at_1e_15(z, r):
    """You cut y_r off at 1e-15, so no cost comes out above 34.5. The exact cost is wanted, and with log-sum-exp it
    needs no cut.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return -float(np.log(np.clip(y[np.arange(len(z)), r], 1e-15, 1 - 1e-15)).mean())


def cross_entropy__small_number_added(z, r):
    """You add 1e-8 to y_r before the logarithm, so every cost is a little wrong, and none comes out above 18.4. The
    exact cost is wanted, and with log-sum-exp it needs no such number.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return -float(np.log(y[np.arange(len(z)), r] + 1e-8).mean())


def cross_entropy__overflows(z, r):
    """You found log-sum-exp, but its exponentials overflow for large logits, or all become 0 for very negative ones.
    Take the maximum of each row out of the sum first.
    """
    return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), r]).mean())


def cross_entropy__maximum_of_the_batch(z, r):
    """You subtract the largest logit of the whole batch. In a row that lies far below, all exponentials become 0; each
    example needs a maximum of its own.
    """
    shifted = z - z.max()
    return float((np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(z)), r]).mean())


def cross_entropy__maximum_forgotten(z, r):
    """You subtract the maximum inside the sum of exponentials and forget it outside. In log-sum-exp it has to be added
    again, or subtracted from z_r as well.
    """
    sums = np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1)
    return float((np.log(sums) - z[np.arange(len(z)), r]).mean())


def cross_entropy__one_cost_for_each_example(z, r):
    """You return an array with the cost of each example. One float is wanted, their mean."""
    return np.logaddexp.reduce(z, axis=1) - z[np.arange(len(z)), r]


def cross_entropy__array_without_axes(z, r):
    """You return an array with no axes, and a plain float is wanted."""
    return np.array(np.mean(np.logaddexp.reduce(z, axis=1) - z[np.arange(len(z)), r]))


def cross_entropy__in_place(z, r):
    """You subtract the maximum from z itself, so the caller's logits have changed afterwards. Put the difference into a
    new array.
    """
    z -= z.max(axis=1, keepdims=True)
    return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), r]).mean())


def cross_entropy_backward__sum(z, r):
    """Your gradient belongs to the sum of the costs. `cross_entropy` is their mean, so a factor is missing."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return y - (r[:, None] == np.arange(z.shape[1]))


def cross_entropy_backward__mean_over_all_entries(z, r):
    """You divide by N · K, the number of entries. The cost is a mean over the N examples only."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return (y - (r[:, None] == np.arange(z.shape[1]))) / z.size


def cross_entropy_backward__divided_by_classes(z, r):
    """You divide by K, the number of classes. The cost is a mean over the N examples, the rows of z."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return (y - (r[:, None] == np.arange(z.shape[1]))) / z.shape[1]


def cross_entropy_backward__sign(z, r):
    """Your gradient has the wrong sign. Gradient descent subtracts it, so it must be negative at the right class, whose
    logit shall grow.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return ((r[:, None] == np.arange(z.shape[1])) - y) / len(z)


def cross_entropy_backward__only_the_right_class(z, r):
    """Only the right class gets a signal from you, as if z_r stood alone in y_r. All other logits stand in the
    denominator: what is the case i ≠ r?
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    hot = r[:, None] == np.arange(z.shape[1])
    return hot * (y - 1) / len(z)


def cross_entropy_backward__rivals_pulled_up(z, r):
    """The signal of the wrong classes has the wrong sign in your function, so their logits are pulled up. Two minus
    signs meet in the case i ≠ r.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    hot = r[:, None] == np.arange(z.shape[1])
    return np.where(hot, y - 1, -y) / len(z)


def cross_entropy_backward__one_off_everywhere(z, r):
    """You subtract 1 from every output, and not only from that of the right class. The target is 1 for one class and 0
    for the others.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return (y - 1) / len(z)


def cross_entropy_backward__every_label_for_every_row(z, r):
    """You subtract 1 in the columns r of every row, so each example is also told the labels of the others. Pair row n
    with its own label.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    y[:, r] -= 1
    return y / len(z)


def cross_entropy_backward__predicted_class(z, r):
    """You subtract 1 from the most probable class and not from the right one. So the network would only learn to be
    surer of what it says already.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    y[np.arange(len(z)), z.argmax(axis=1)] -= 1
    return y / len(z)


def cross_entropy_backward__labels_from_1(z, r):
    """You take the output before the right one, as if labels were counted from 1. They are counted from 0."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    y[np.arange(len(z)), r - 1] -= 1
    return y / len(z)


def cross_entropy_backward__label_as_number(z, r):
    """You subtract the number of the class from all outputs. The label says at which place the target is 1, it is no
    value to compare with.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return (y - r[:, None]) / len(z)


def cross_entropy_backward__gradient_by_y(z, r):
    """You stop at ∂C/∂y, which is −1/y_r at the right class. Before it comes the softmax: go on to z."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    hot = r[:, None] == np.arange(z.shape[1])
    return np.where(hot, -1 / y, 0) / len(z)


def cross_entropy_backward__slope_again(z, r):
    """You multiply y − d by a slope y(1 − y), as with the square error behind a sigmoid. Here the slope of the softmax
    has already cancelled against 1/y_r.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return (y - (r[:, None] == np.arange(z.shape[1]))) * y * (1 - y) / len(z)


def cross_entropy_backward__logits_for_probabilities(z, r):
    """You subtract the target from the logits. The function gets z, and the formula needs y = softmax(z)."""
    return (z - (r[:, None] == np.arange(z.shape[1]))) / len(z)


def cross_entropy_backward__columns(z, r):
    """Your softmax runs down the columns, over the examples of the batch. The classes of one example stand in a row."""
    e = np.exp(z - z.max(axis=0, keepdims=True))
    y = e / e.sum(axis=0, keepdims=True)
    return (y - (r[:, None] == np.arange(z.shape[1]))) / len(z)


def cross_entropy_backward__overflows(z, r):
    """Your softmax overflows for large logits, and the gradient becomes nan. Use the stable form of part 1."""
    e = np.exp(z)
    y = e / e.sum(axis=1, keepdims=True)
    return (y - (r[:, None] == np.arange(z.shape[1]))) / len(z)


def cross_entropy_backward__maximum_of_the_batch(z, r):
    """You subtract the largest logit of the whole batch. In a row that lies far below, all exponentials become 0, and
    0/0 is nan; each example needs a maximum of its own.
    """
    e = np.exp(z - z.max())
    y = e / e.sum(axis=1, keepdims=True)
    return (y - (r[:, None] == np.arange(z.shape[1]))) / len(z)


def cross_entropy_backward__in_place(z, r):
    """You work on z itself, so the caller's logits have changed afterwards. Compute in a new array."""
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)
    z[np.arange(len(z)), r] -= 1
    z /= len(z)
    return z


def soft_cross_entropy_backward__sum(z, d):
    """Your gradient belongs to the sum of the costs. The cost of a batch is their mean, so a factor is missing."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) - d


def soft_cross_entropy_backward__mean_over_all_entries(z, d):
    """You divide by N · K, the number of entries. The cost is a mean over the N examples only."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True) - d) / z.size


def soft_cross_entropy_backward__divided_by_classes(z, d):
    """You divide by K, the number of classes. The cost is a mean over the N examples, the rows of z."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True) - d) / z.shape[1]


def soft_cross_entropy_backward__sign(z, d):
    """Your gradient has the wrong sign. Gradient descent subtracts it, so it must be negative where the output is below
    the target.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return (d - e / e.sum(axis=1, keepdims=True)) / len(z)


def soft_cross_entropy_backward__only_the_diagonal(z, d):
    """You use the case i = j of the Jacobian only, which gives −d(1 − y). Each logit stands in the denominator of all
    outputs: add the cases i ≠ j.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return -d * (1 - y) / len(z)


def soft_cross_entropy_backward__off_diagonal_sign(z, d):
    """Your case i ≠ j of the Jacobian has the wrong sign. When z_j grows, all other outputs get smaller."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return (-d * (1 - y) - y * (1 - d)) / len(z)


def soft_cross_entropy_backward__weighted_by_the_target(z, d):
    """You multiply y − d by the target once more, so a class with the target 0 gets no signal. Its logit must be pushed
    down, too.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return d * (e / e.sum(axis=1, keepdims=True) - d) / len(z)


def soft_cross_entropy_backward__gradient_by_y(z, d):
    """You stop at ∂C/∂y, which is −d/y. The softmax comes before it: the gradient by z is wanted."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return -d / (e / e.sum(axis=1, keepdims=True)) / len(z)


def soft_cross_entropy_backward__divides_by_y(z, d):
    """You go through ∂C/∂y = −d/y, and when y is rounded to 0 the result is nan. Cancel y on paper first: that is what
    the derivation is for.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    dy = -d / y / len(z)
    return y * (dy - (dy * y).sum(axis=1, keepdims=True))


def soft_cross_entropy_backward__small_number_below(z, d):
    """You go through ∂C/∂y = −d/y and add a small number to y. There is no nan any more, but where y is rounded to 0
    the signal is lost; cancel y on paper first.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    dy = -d / (y + 1e-12) / len(z)
    return y * (dy - (dy * y).sum(axis=1, keepdims=True))


def soft_cross_entropy_backward__hardened(z, d):
    """You turn the target into a single 1 at its largest entry. A target distribution counts as it is, with all its
    entries.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    hot = d.argmax(axis=1)[:, None] == np.arange(z.shape[1])
    return (e / e.sum(axis=1, keepdims=True) - hot) / len(z)


def soft_cross_entropy_backward__square_error(z, d):
    """Your gradient is that of the square error behind a softmax. The cost here is −Σ d log y, and its gradient has no
    factor y in front.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return y * ((y - d) - ((y - d) * y).sum(axis=1, keepdims=True)) / len(z)


def soft_cross_entropy_backward__slope_again(z, d):
    """You multiply y − d by a slope y(1 − y), as with the square error behind a sigmoid. Here the slope of the softmax
    has already cancelled against 1/y.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return (y - d) * y * (1 - y) / len(z)


def soft_cross_entropy_backward__logits_for_probabilities(z, d):
    """You subtract the target from the logits. The function gets z, and the formula needs y = softmax(z)."""
    return (z - d) / len(z)


def soft_cross_entropy_backward__columns(z, d):
    """Your softmax runs down the columns, over the examples of the batch. The classes of one example stand in a row."""
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return (e / e.sum(axis=0, keepdims=True) - d) / len(z)


def soft_cross_entropy_backward__overflows(z, d):
    """Your softmax overflows for large logits, and the gradient becomes nan. Use the stable form of part 1."""
    e = np.exp(z)
    return (e / e.sum(axis=1, keepdims=True) - d) / len(z)


def soft_cross_entropy_backward__maximum_of_the_batch(z, d):
    """You subtract the largest logit of the whole batch. In a row that lies far below, all exponentials become 0, and
    0/0 is nan; each example needs a maximum of its own.
    """
    e = np.exp(z - z.max())
    return (e / e.sum(axis=1, keepdims=True) - d) / len(z)


def soft_cross_entropy_backward__in_place(z, d):
    """You work on z itself, so the caller's logits have changed afterwards. Compute in a new array."""
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)
    z -= d
    z /= len(z)
    return z


def one_hot__negative_labels_pass(r, classes):
    """You check the upper end only, and to NumPy the index −1 is the last place. A negative label is outside, too."""
    if r.max() >= classes:
        raise ValueError("label too large")
    return np.eye(classes)[r]


def one_hot__no_check(r, classes):
    """You check nothing: a negative label is taken for a place from the end, and a label that is too large raises
    NumPy's IndexError. A `ValueError` is wanted for both.
    """
    return np.eye(classes)[r]


def one_hot__off_by_one(r, classes):
    """Your check lets the label K pass. Labels are counted from 0, so the last good one is K − 1."""
    if r.min() < 0 or r.max() > classes:
        raise ValueError("label out of range")
    return np.eye(classes)[r]


def one_hot__assertion(r, classes):
    """You check with `assert`, which raises an AssertionError. A `ValueError` is wanted, and you raise it yourself."""
    assert r.min() >= 0
    assert r.max() < classes
    return np.eye(classes)[r]


def one_hot__only_if_all_are_outside(r, classes):
    """You raise the error only when all labels are outside. One wrong label in the batch is enough."""
    if np.all((r < 0) | (r >= classes)):
        raise ValueError("labels out of range")
    return (r[:, None] == np.arange(classes)).astype(float)


def one_hot__rows_of_zeros(r, classes):
    """You give a label that is outside a row of zeros. Such a label is a mistake in the data, so say it: raise a
    `ValueError`.
    """
    return (r[:, None] == np.arange(classes)).astype(float)


def one_hot__clipped_labels(r, classes):
    """You move labels that are outside to the nearest class, so a mistake in the data becomes a wrong target. Raise a
    `ValueError` instead.
    """
    return np.eye(classes)[np.clip(r, 0, classes - 1)]


def one_hot__none_for_a_bad_label(r, classes):
    """For a label that is outside you return None, and the caller notices it much later. Raise a `ValueError`."""
    if r.min() < 0 or r.max() >= classes:
        return None
    return np.eye(classes)[r]


def one_hot__class_0_refused(r, classes):
    """You refuse the label 0. Labels are counted from 0, so it is the first class."""
    if r.min() <= 0 or r.max() >= classes:
        raise ValueError("label out of range")
    return np.eye(classes)[r]


def one_hot__last_class_refused(r, classes):
    """You refuse the label K − 1. Labels are counted from 0, so it is the last class."""
    if r.min() < 0 or r.max() >= classes - 1:
        raise ValueError("label out of range")
    return np.eye(classes)[r]


def one_hot__from_1(r, classes):
    """You put the 1 one place too far to the left, as if labels were counted from 1. They are counted from 0."""
    if r.min() < 0 or r.max() >= classes:
        raise ValueError("label out of range")
    return np.eye(classes)[r - 1]


def one_hot__integers(r, classes):
    """You return integers. The targets are float64, like everything that they are compared with."""
    if r.min() < 0 or r.max() >= classes:
        raise ValueError("label out of range")
    return np.eye(classes, dtype=np.int64)[r]


def one_hot__booleans(r, classes):
    """You return True and False. The targets are float64 numbers, 1.0 and 0.0."""
    if r.min() < 0 or r.max() >= classes:
        raise ValueError("label out of range")
    return r[:, None] == np.arange(classes)


def one_hot__classes_counted_in_the_batch(r, classes):
    """You take the largest label for the number of classes. The batch need not contain every class; use the argument
    `classes`.
    """
    if r.min() < 0 or r.max() >= classes:
        raise ValueError("label out of range")
    return np.eye(r.max() + 1)[r]


def one_hot__numbered_anew(r, classes):
    """You number the labels of the batch anew. A label is the place of its 1, whatever other labels occur."""
    if r.min() < 0 or r.max() >= classes:
        raise ValueError("label out of range")
    return np.eye(classes)[np.unique(r, return_inverse=True)[1]]


def one_hot__transposed(r, classes):
    """Your examples stand in the columns. The batch comes first: one row for each label."""
    if r.min() < 0 or r.max() >= classes:
        raise ValueError("label out of range")
    return np.eye(classes)[:, r]


def one_hot__every_label_in_every_row(r, classes):
    """You write a 1 into the columns r of every row, so each row has the labels of all examples. Pair row n with its
    own label.
    """
    if r.min() < 0 or r.max() >= classes:
        raise ValueError("label out of range")
    d = np.zeros((len(r), classes))
    d[:, r] = 1
    return d


def smooth_labels__shared_among_the_others(r, classes, eps):
    """You share ε among the K − 1 wrong classes only. In the lecture's form every class gets ε/K, the right one too."""
    hot = r[:, None] == np.arange(classes)
    return np.where(hot, 1 - eps, eps / max(classes - 1, 1))


def smooth_labels__right_class_left_out(r, classes, eps):
    """Your right class gets 1 − ε and nothing more, so the rows do not sum to 1. It gets its ε/K like all classes."""
    hot = r[:, None] == np.arange(classes)
    return np.where(hot, 1 - eps, eps / classes)


def smooth_labels__right_class_stays_1(r, classes, eps):
    """You only replace the zeros and leave the 1 as it is, so the rows sum to more than 1. What the classes get, the
    right one has to give.
    """
    hot = r[:, None] == np.arange(classes)
    return np.where(hot, 1.0, eps / classes)


def smooth_labels__nothing_taken_away(r, classes, eps):
    """You add ε/K everywhere and take nothing away from the right class, so the rows sum to 1 + ε."""
    return np.eye(classes)[r] + eps / classes


def smooth_labels__nothing_given(r, classes, eps):
    """You take ε away from the right class and give it to nobody, so the rows sum to 1 − ε."""
    return (1 - eps) * np.eye(classes)[r]


def smooth_labels__not_divided(r, classes, eps):
    """You give every class the whole ε. They share it: K classes get ε/K each."""
    return (1 - eps) * np.eye(classes)[r] + eps


def smooth_labels__eps_for_the_zeros(r, classes, eps):
    """You put ε itself where a 0 was, and 1 − ε where the 1 was. The classes share ε, and the right one has a share,
    too.
    """
    return np.where(r[:, None] == np.arange(classes), 1 - eps, eps)


def smooth_labels__eps_for_the_hot(r, classes, eps):
    """You swapped the two weights: the one-hot target gets ε and the uniform one 1 − ε. ε is the small share that is
    spread.
    """
    return eps * np.eye(classes)[r] + (1 - eps) / classes


def smooth_labels__divided_by_the_batch(r, classes, eps):
    """You divide ε by the number of examples. It is shared among the K classes."""
    return (1 - eps) * np.eye(classes)[r] + eps / len(r)


def smooth_labels__always_a_tenth(r, classes, eps):
    """You use ε = 0.1 whatever the caller asks for. Use the argument `eps`."""
    return 0.9 * np.eye(classes)[r] + 0.1 / classes


def smooth_labels__integers(r, classes, eps):
    """You write the targets into an array of integers, where fractions are cut off. The targets are float64."""
    d = np.zeros((len(r), classes), dtype=np.int64)
    d += (r[:, None] == np.arange(classes)).astype(np.int64)
    d[...] = (1 - eps) * d + eps / classes
    return d


def smooth_labels__classes_counted_in_the_batch(r, classes, eps):
    """You take the largest label for the number of classes. The batch need not contain every class; use the argument
    `classes`.
    """
    k = r.max() + 1
    return (1 - eps) * np.eye(k)[r] + eps / k


def smooth_labels__eps_0_refused(r, classes, eps):
    """You take ε = 0 for "not given" and put your own value in its place. With ε = 0 the target stays one-hot."""
    eps = eps or 0.1
    return (1 - eps) * np.eye(classes)[r] + eps / classes


def kl_divergence__other_direction(d, y):
    """You compute the divergence of d from y the other way round, Σ y log(y/d). The target d stands in front and in the
    numerator.
    """
    with np.errstate(all="ignore"):
        return float(np.where(y > 0, y * np.log(y / d), 0).sum() / len(d))


def kl_divergence__upside_down(d, y):
    """Your fraction is upside down, log(y/d), so the result is negative. The KL divergence is never negative."""
    with np.errstate(all="ignore"):
        return float(np.where(d > 0, d * np.log(y / d), 0).sum() / len(d))


def kl_divergence__sum(d, y):
    """You add up the divergences of the examples. Their mean is wanted."""
    with np.errstate(all="ignore"):
        return float(np.where(d > 0, d * np.log(d / y), 0).sum())


def kl_divergence__mean_over_all_entries(d, y):
    """You divide by N · K, the number of entries. The mean runs over the N examples only."""
    with np.errstate(all="ignore"):
        return float(np.where(d > 0, d * np.log(d / y), 0).mean())


def kl_divergence__mean_over_nonzero_entries(d, y):
    """You take the mean over the entries with d > 0. Add up the terms of each example first; the mean runs over the N
    examples.
    """
    some = d > 0
    return float(np.mean(d[some] * np.log(d[some] / y[some])))


def kl_divergence__nan_for_zeros(d, y):
    """You compute 0 · log 0 for zeros of the target, and NumPy makes it nan. Such a term counts 0: leave it out."""
    return float((d * np.log(d / y)).sum() / len(d))


def kl_divergence__nan_where_both_are_zero(d, y):
    """You fill in 0 for the logarithm of d only, so where d and y are both 0 the term is 0 · (−∞), which is nan. A term
    with d = 0 counts 0, whatever y is.
    """
    with np.errstate(all="ignore"):
        return float((np.where(d > 0, d * np.log(d), 0) - d * np.log(y)).sum() / len(d))


def kl_divergence__cross_entropy(d, y):
    """You return the cross entropy −Σ d log y. The KL divergence is smaller by the entropy of d, and 0 when the target
    is met.
    """
    with np.errstate(all="ignore"):
        return float(-np.where(d > 0, d * np.log(y), 0).sum() / len(d))


def kl_divergence__entropy_added(d, y):
    """You add the entropy of d to the cross entropy. It has to be subtracted: the divergence is 0 when the target is
    met.
    """
    with np.errstate(all="ignore"):
        return float(-np.where(d > 0, d * np.log(d * y), 0).sum() / len(d))


def kl_divergence__entropies(d, y):
    """You subtract the entropy of d from the entropy of y. The logarithm of y must be weighted by the target d, not by
    y itself.
    """
    with np.errstate(all="ignore"):
        return float((np.where(d > 0, d * np.log(d), 0) - np.where(y > 0, y * np.log(y), 0)).sum() / len(d))


def kl_divergence__not_weighted(d, y):
    """You add up log(d/y) without the weight d in front, so a class that hardly matters counts like all others."""
    some = d > 0
    return float(np.log(d[some] / y[some]).sum() / len(d))


def kl_divergence__small_number_added(d, y):
    """You add 1e-12 inside the logarithm. It keeps the zeros from becoming nan, but it changes the value where y is
    small; leave out the terms with d = 0 instead.
    """
    return float((d * np.log((d + 1e-12) / (y + 1e-12))).sum() / len(d))


def kl_divergence__clipped(d, y):
    """You cut both distributions off at 1e-7, which changes the value where y is small. Leave out the terms with d = 0
    instead.
    """
    d, y = np.clip(d, 1e-7, 1), np.clip(y, 1e-7, 1)
    return float((d * np.log(d / y)).sum() / len(d))


def kl_divergence__examples_with_zeros_dropped(d, y):
    """You leave out every example whose target has a zero. Only the single term counts 0; the example has others."""
    keep = np.all(d > 0, axis=1)
    return float((d[keep] * np.log(d[keep] / y[keep])).sum() / len(d))


def kl_divergence__base_2(d, y):
    """You use the logarithm to the base 2. Logarithms are natural here."""
    with np.errstate(all="ignore"):
        return float(np.where(d > 0, d * np.log2(d / y), 0).sum() / len(d))


def kl_divergence__one_number_for_each_example(d, y):
    """You return an array with the divergence of each example. One float is wanted, their mean."""
    with np.errstate(all="ignore"):
        return np.where(d > 0, d * np.log(d / y), 0).sum(axis=1)


def kl_divergence__array_without_axes(d, y):
    """You return an array with no axes, and a plain float is wanted."""
    with np.errstate(all="ignore"):
        return np.array(np.where(d > 0, d * np.log(d / y), 0).sum() / len(d))


def kl_divergence__in_place(d, y):
    """You write a number in place of the zeros of d itself, so the caller's targets have changed afterwards. Leave the
    terms out, or work on a copy.
    """
    zero = d == 0
    d[zero] = 1e-9
    with np.errstate(all="ignore"):
        return float(np.where(zero, 0, d * np.log(d / y)).sum() / len(d))


def l2_sigmoid_backward__slope_forgotten(z, d):
    """You return y − d, the error alone. That is ∂C/∂y; behind a sigmoid it is multiplied by the slope."""
    return 1 / (1 + np.exp(-z)) - d


def l2_sigmoid_backward__error_forgotten(z, d):
    """You return the slope of the sigmoid and leave out the error y − d. The chain rule multiplies the two."""
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


def l2_sigmoid_backward__takes_z_for_y(z, d):
    """You express the slope by z where the output σ(z) belongs. The function gets the pre-activation."""
    return (1 / (1 + np.exp(-z)) - d) * z * (1 - z)


def l2_sigmoid_backward__error_of_z(z, d):
    """You subtract the target from z, the pre-activation. The error is that of the output, σ(z) − d."""
    y = 1 / (1 + np.exp(-z))
    return (z - d) * y * (1 - y)


def l2_sigmoid_backward__first_factor_only(z, d):
    """You multiply the error by y and forget the factor 1 − y. The slope of the sigmoid has two factors."""
    y = 1 / (1 + np.exp(-z))
    return (y - d) * y


def l2_sigmoid_backward__second_factor_only(z, d):
    """You multiply the error by 1 − y and forget the factor y. The slope of the sigmoid has two factors."""
    y = 1 / (1 + np.exp(-z))
    return (y - d) * (1 - y)


def l2_sigmoid_backward__slope_of_tanh(z, d):
    """You use the slope of tanh, one minus the square of the output. The sigmoid has a slope of its own, never larger
    than 1/4.
    """
    y = 1 / (1 + np.exp(-z))
    return (y - d) * (1 - y**2)


def l2_sigmoid_backward__slope_at_the_target(z, d):
    """You compute the slope from the target d instead of the output y, so for targets of 0 and 1 nothing is left."""
    return (1 / (1 + np.exp(-z)) - d) * d * (1 - d)


def l2_sigmoid_backward__sign(z, d):
    """Your gradient has the wrong sign. Gradient descent subtracts it, so it must be negative where the output is below
    the target.
    """
    y = 1 / (1 + np.exp(-z))
    return (d - y) * y * (1 - y)


def l2_sigmoid_backward__twice(z, d):
    """Your gradient is twice too large. The cost has a factor ½, which the derivative of the square uses up."""
    y = 1 / (1 + np.exp(-z))
    return 2 * (y - d) * y * (1 - y)


def l2_sigmoid_backward__half(z, d):
    """Your gradient is half of what it should be. The derivative of the square uses up the factor ½ of the cost."""
    y = 1 / (1 + np.exp(-z))
    return 0.5 * (y - d) * y * (1 - y)


def l2_sigmoid_backward__square_kept(z, d):
    """You multiply the slope by the square of the error. The derivative of ½ (y − d)² is y − d."""
    y = 1 / (1 + np.exp(-z))
    return (y - d) ** 2 * y * (1 - y)


def l2_sigmoid_backward__mean(z, d):
    """You divide by N. This cost is a sum over the batch, unlike the cross entropy of part 2."""
    y = 1 / (1 + np.exp(-z))
    return (y - d) * y * (1 - y) / len(z)


def l2_sigmoid_backward__mean_over_all_entries(z, d):
    """You divide by the number of entries. This cost is a sum over classes and batch."""
    y = 1 / (1 + np.exp(-z))
    return (y - d) * y * (1 - y) / z.size


def l2_sigmoid_backward__summed(z, d):
    """You add up the gradients of the examples. The cost is a sum, but each entry of z has a derivative of its own, so
    dz has the shape of z.
    """
    y = 1 / (1 + np.exp(-z))
    return ((y - d) * y * (1 - y)).sum(axis=0)


def l2_sigmoid_backward__softmax(z, d):
    """You use a softmax. The outputs here are sigmoids, each of one logit alone."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return (y - d) * y * (1 - y)


def l2_sigmoid_backward__nan_on_the_right(z, d):
    """You divide two exponentials of z, and for large z that is inf/inf, which is nan. Write σ(z) with e to the power
    of −|z|, or with an exponential that may only overflow below the fraction bar.
    """
    y = np.exp(z) / (1 + np.exp(z))
    return (y - d) * y * (1 - y)


def l2_sigmoid_backward__nan_far_out(z, d):
    """You write the slope as an exponential over the square of another one, and far out that is inf/inf, which is nan.
    Express the slope by y itself.
    """
    y = 1 / (1 + np.exp(-z))
    return (y - d) * np.exp(-z) / (1 + np.exp(-z)) ** 2


def l2_sigmoid_backward__clipped(z, d):
    """You cut z off at ±10, where the slope is small but not 0. The signal further out comes out too large."""
    y = 1 / (1 + np.exp(-np.clip(z, -10, 10)))
    return (y - d) * y * (1 - y)


def l2_sigmoid_backward__in_place(z, d):
    """You write the outputs into z itself, so the caller's pre-activations have changed afterwards. Compute in a new
    array.
    """
    z[...] = 1 / (1 + np.exp(-z))
    return (z - d) * z * (1 - z)


_Z = np.array([[1.0, 2.0, 4.0], [0.5, -0.5, -1.0]])
_SQUARE = np.array([[0.2, -1.0], [1.5, 0.3]])
_APART = np.array([[0.0, -2.0, 1.0], [3000.0, 3001.0, 2999.0], [-900.0, -901.0, -902.5]])
_BOTH_SIGNS = np.array([[2000.0, -2000.0, 1999.0]])
_D = np.array([[0.1, 0.2, 0.7], [0.0, 0.6, 0.4]])

PROBES = {
    "softmax": [
        {"z": _Z},
        {"z": _SQUARE},
        {"z": np.array([[-17.0, -18.0, -18.5]])},
        {"z": np.array([[1500.0, 1501.0]])},
        {"z": np.array([[100.0, 1000.0]])},
        {"z": _APART},
        {"z": _BOTH_SIGNS},
    ],
    "cross_entropy": [
        {"z": _Z, "r": np.array([1, 2])},
        {"z": _SQUARE, "r": np.array([0, 1])},
        {"z": np.array([[0.0, -20.0]]), "r": np.array([1])},
        {"z": np.array([[0.0, -40.0]]), "r": np.array([1])},
        {"z": np.array([[3000.0, 2000.0]]), "r": np.array([1])},
        {"z": _APART, "r": np.array([0, 2, 2])},
    ],
    "cross_entropy_backward": [
        {"z": _Z, "r": np.array([1, 2])},
        {"z": _SQUARE, "r": np.array([0, 1])},
        {"z": np.array([[3000.0, 2000.0]]), "r": np.array([1])},
        {"z": _APART, "r": np.array([0, 2, 2])},
    ],
    "soft_cross_entropy_backward": [
        {"z": _Z, "d": _D},
        {"z": _SQUARE, "d": np.array([[0.3, 0.7], [1.0, 0.0]])},
        {"z": np.array([[3000.0, 2000.0]]), "d": np.array([[0.4, 0.6]])},
        {"z": _APART, "d": np.array([[0.2, 0.2, 0.6], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]])},
    ],
    "one_hot": [
        {"r": np.array([2, 1, 4, 1]), "classes": 6},
        {"r": np.array([0, 3]), "classes": 5},
        {"r": np.array([1, 3]), "classes": 4},
        {"r": np.array([1, -1]), "classes": 4},
        {"r": np.array([1, 6]), "classes": 6},
        {"r": np.array([1, 8]), "classes": 6},
        {"r": np.array([-3, 9]), "classes": 6},
    ],
    "smooth_labels": [
        {"r": np.array([2, 1, 1]), "classes": 5, "eps": 0.25},
        {"r": np.array([0, 3]), "classes": 4, "eps": 0.0},
        {"r": np.array([1]), "classes": 3, "eps": 0.1},
    ],
    "kl_divergence": [
        {"d": np.array([[0.2, 0.8], [0.6, 0.4]]), "y": np.array([[0.3, 0.7], [0.9, 0.1]])},
        {"d": _D, "y": np.array([[0.3, 0.3, 0.4], [0.2, 0.7, 0.1]])},
        {"d": np.array([[0.0, 1.0], [0.5, 0.5]]), "y": np.array([[0.0, 1.0], [0.5, 0.5]])},
        {"d": np.array([[0.25, 0.75]]), "y": np.array([[1e-40, 1.0]])},
    ],
    "l2_sigmoid_backward": [
        {"z": np.array([[1.0, -2.0], [0.25, 3.0], [-1.0, 0.5]]), "d": np.array([[0.0, 1.0], [1.0, 0.5], [0.0, 0.3]])},
        {"z": np.array([[800.0, -900.0], [15.0, -16.0]]), "d": np.array([[0.0, 1.0], [0.0, 1.0]])},
    ],
}
