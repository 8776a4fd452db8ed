"""Known mistakes in the assignment `babysitting`: wrong solutions, each with what the feedback says about it."""

import numpy as np


def expected_initial_loss__log10(classes):
    """You take the logarithm to base 10. The cross entropy uses the natural one: for ten classes 2.3, and not 1."""
    return float(np.log10(classes))


def expected_initial_loss__log2(classes):
    """You take the logarithm to base 2, which counts bits. The cross entropy uses the natural logarithm."""
    return float(np.log2(classes))


def expected_initial_loss__sign(classes):
    """You lost the minus sign of the cross entropy, so your loss is negative. The logarithm of a probability is below
    0."""
    return float(np.log(1 / classes))


def expected_initial_loss__probability(classes):
    """You return the probability of a class, and not the loss. The loss is minus its logarithm."""
    return 1 / classes


def expected_initial_loss__summed_over_the_classes(classes):
    """You add up the term of every class. In the cross entropy only the class of the label counts."""
    return float(classes * np.log(classes))


def expected_initial_loss__always_ten(classes):
    """You return the number for ten classes, whatever `classes` is. It depends on the number of classes."""
    return float(np.log(10))


def expected_initial_loss__rounded(classes):
    """You round the loss as the slide does. Return it with all its digits."""
    return round(float(np.log(classes)), 1)


def expected_initial_loss__squared_error(classes):
    """You compute a squared error of equal probabilities. The loss here is the cross entropy."""
    p = 1 / classes
    return (1 - p) ** 2 + (classes - 1) * p**2


def expected_initial_loss__array(classes):
    """You return an array. Wanted is one number, a float."""
    return np.array([np.log(classes)])


def expected_initial_loss__lookup(classes):
    """You know the numbers of the visible check only. Compute the loss for any number of classes."""
    return {10: 2.302585092994046, 1000: 6.907755278982137}[classes]


def expected_initial_loss__no_return(classes):
    """You print the loss and return nothing. A function hands back its result with `return`."""
    print(np.log(classes))


def numerical_gradient__one_sided(f, x, h=1e-5):
    """You use the one-sided difference, from x to x + h. Its error is of order h; a central difference goes to both
    sides of x."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.copy()
        moved[index] += h
        gradient[index] = (f(moved) - f(x)) / h
    return gradient


def numerical_gradient__half_the_distance(f, x, h=1e-5):
    """You divide by h, so your gradient is twice too large. How far apart are the two places where you ask f?"""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / h
    return gradient


def numerical_gradient__missing_brackets(f, x, h=1e-5):
    """You divide by 2 and then multiply by h. All of 2h belongs under the fraction bar: mind the brackets."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / 2 * h
    return gradient


def numerical_gradient__not_divided(f, x, h=1e-5):
    """You return the difference of two values of f and forget to divide. A slope is a difference over a distance."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        gradient[index] = f(x + step) - f(x - step)
    return gradient


def numerical_gradient__wrong_sign(f, x, h=1e-5):
    """You subtract the upper value from the lower one, so all signs are wrong. The value at x + h comes first."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        gradient[index] = (f(x - step) - f(x + step)) / (2 * h)
    return gradient


def numerical_gradient__ignores_h(f, x, h=1e-5):
    """You always take the step 1e-5. The caller chooses h, and the error of the formula shows which one was taken."""
    h = 1e-5
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def numerical_gradient__relative_step(f, x, h=1e-5):
    """You make the step larger where x is large. In this exercise the step is h for every entry."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h * max(1, abs(x[index]))
        gradient[index] = (f(x + step) - f(x - step)) / (2 * step[index])
    return gradient


def numerical_gradient__fourth_order(f, x, h=1e-5):
    """You use a finer formula, with four values of f. It is a good one, but wanted are central differences, whose
    error is of order 2."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        near, far = f(x + step) - f(x - step), f(x + 2 * step) - f(x - 2 * step)
        gradient[index] = (8 * near - far) / (12 * h)
    return gradient


def numerical_gradient__moves_all_entries(f, x, h=1e-5):
    """You move all entries at the same time, so you see the sum of all slopes. Move one entry, and leave the others."""
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def numerical_gradient__not_put_back(f, x, h=1e-5):
    """You leave each entry where you moved it last. The next entry is then measured at another place, and the caller's
    x has changed."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += h
        above = f(x)
        x[index] -= 2 * h
        gradient[index] = (above - f(x)) / (2 * h)
    return gradient


def numerical_gradient__put_back_by_adding(f, x, h=1e-5):
    """You come back to x by adding and subtracting h, and rounding leaves a trace in the last digits. Keep the old
    value and put it back."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += h
        above = f(x)
        x[index] -= 2 * h
        below = f(x)
        x[index] += h
        gradient[index] = (above - below) / (2 * h)
    return gradient


def numerical_gradient__two_names_for_one_array(f, x, h=1e-5):
    """Your two moved arrays are one and the same: `y = x` makes no copy, only a second name. So the difference is 0."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        old, plus, minus = x[index], x, x
        plus[index] = old + h
        minus[index] = old - h
        gradient[index] = (f(plus) - f(minus)) / (2 * h)
        x[index] = old
    return gradient


def numerical_gradient__first_axis_only(f, x, h=1e-5):
    """You go through the first axis only, so in a matrix you move a whole row at once. Go through every entry, for any
    number of axes."""
    gradient = np.zeros(x.shape)
    for i in range(len(x)):
        plus, minus = x.copy(), x.copy()
        plus[i] += h
        minus[i] -= h
        gradient[i] = (f(plus) - f(minus)) / (2 * h)
    return gradient


def numerical_gradient__f_gets_a_flat_array(f, x, h=1e-5):
    """You hand f a flat array. f wants an array of the shape of x: bring it back into shape before you call."""
    flat = x.ravel()
    gradient = np.zeros(x.size)
    for i in range(x.size):
        step = np.zeros(x.size)
        step[i] = h
        gradient[i] = (f(flat + step) - f(flat - step)) / (2 * h)
    return gradient.reshape(x.shape)


def numerical_gradient__returns_a_flat_array(f, x, h=1e-5):
    """Your numbers are right, but they stand in one row. The gradient has the shape of x."""
    gradient = []
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        gradient.append((f(x + step) - f(x - step)) / (2 * h))
    return np.array(gradient)


def numerical_gradient__integers(f, x, h=1e-5):
    """You collect the slopes in an array of integers, which cuts off the decimals. Make it a float array."""
    gradient = np.zeros(x.shape, dtype=int)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def relative_error__absolute(a, b):
    """You return the largest difference and do not divide it. A relative error compares it with the size of the
    numbers."""
    return float(np.max(np.abs(a - b)))


def relative_error__signs_in_the_denominator(a, b):
    """You divide by |a + b|, where numbers of opposite sign cancel. Take each absolute value first, then add."""
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a + b), 1e-12)))


def relative_error__sign_of_the_difference(a, b):
    """You take the difference with its sign, so where b is larger it counts as no error. Take its absolute value."""
    return float(np.max((a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))


def relative_error__norms(a, b):
    """You compare the norms of whole arrays, and one wrong entry drowns among the others. Divide entry by entry, then
    take the worst."""
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(a) + np.linalg.norm(b), 1e-12))


def relative_error__mean(a, b):
    """You average over the entries, and one wrong entry drowns among the others. Take the worst one."""
    return float(np.mean(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))


def relative_error__sum(a, b):
    """You add up the errors of all entries. Take the worst one."""
    return float(np.sum(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))


def relative_error__worst_over_largest(a, b):
    """You divide the largest difference by the largest size, and these may belong to different entries. Divide entry
    by entry first."""
    return float(np.max(np.abs(a - b)) / max(np.max(np.abs(a) + np.abs(b)), 1e-12))


def relative_error__larger_of_the_two(a, b):
    """You divide by the larger of |a| and |b|, as some course notes do. Here it is their sum."""
    return float(np.max(np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-12)))


def relative_error__mean_size(a, b):
    """You divide by the mean of |a| and |b|, so your error is twice too large. Divide by their sum."""
    return float(np.max(np.abs(a - b) / np.maximum((np.abs(a) + np.abs(b)) / 2, 1e-12)))


def relative_error__only_b(a, b):
    """You divide by |b| alone. The size of both numbers counts: with a and b exchanged the error must be the same."""
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(b), 1e-12)))


def relative_error__no_floor(a, b):
    """You divide 0 by 0 where both entries are 0, and that is nan. The 1e-12 in the formula is there to prevent it."""
    return float(np.max(np.abs(a - b) / (np.abs(a) + np.abs(b))))


def relative_error__floor_added(a, b):
    """You add 1e-12 to the denominator. In the formula it is a floor: the larger of the two counts."""
    return float(np.max(np.abs(a - b) / (np.abs(a) + np.abs(b) + 1e-12)))


def relative_error__floor_too_high(a, b):
    """Your floor is higher than 1e-12, so errors of very small entries go unseen."""
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-8)))


def relative_error__array(a, b):
    """You return the error of each entry. Wanted is one float, the worst of them."""
    return np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)


def relative_error__one_axis_only(a, b):
    """Python's `max` compares rows when the array has two axes, and fails. The worst entry is wanted, for any shape."""
    return float(max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))


def relative_error__in_place(a, b):
    """You compute inside a itself, so the caller's gradient is lost. Make a new array."""
    size = np.maximum(np.abs(a) + np.abs(b), 1e-12)
    a -= b
    return float(np.max(np.abs(a) / size))


def diagnose__exploding_before_nan(losses):
    """You look for an explosion before you look for nan. The first row of the table that fits is the verdict."""
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    if not np.all(np.isfinite(losses)):
        return "nan"
    if losses[-1] > 1.01 * losses[0]:
        return "rising"
    return "too low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__infinity_is_finite(losses):
    """You look for nan only. An infinite loss is not finite either, so its verdict is "nan", too."""
    if np.any(np.isnan(losses)):
        return "nan"
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    if losses[-1] > 1.01 * losses[0]:
        return "rising"
    return "too low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__nan_equals_nan(losses):
    """You compare with nan by ==, and nan is not equal to anything, not even to itself. There is a NumPy function
    which finds what is not finite."""
    if any(loss == np.nan or loss in (np.inf, -np.inf) for loss in losses.tolist()):
        return "nan"
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    if losses[-1] > 1.01 * losses[0]:
        return "rising"
    return "too low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__nan_at_the_end_only(losses):
    """You look for nan in the last loss only. Any loss that is not finite decides."""
    if not np.isfinite(losses[-1]):
        return "nan"
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    if losses[-1] > 1.01 * losses[0]:
        return "rising"
    return "too low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__no_nan(losses):
    """You have no row for losses that are not finite. They are the first thing to look for."""
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    if losses[-1] > 1.01 * losses[0]:
        return "rising"
    return "too low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__exploding_at_the_end_only(losses):
    """You compare only the last loss with 3 times the first. A curve that exploded and came back is not healthy."""
    if not np.all(np.isfinite(losses)):
        return "nan"
    if losses[-1] > 3 * losses[0]:
        return "exploding"
    if losses[-1] > 1.01 * losses[0]:
        return "rising"
    return "too low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__three_times_the_smallest(losses):
    """You compare with 3 times the smallest loss. The original one counts, the first."""
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses > 3 * losses.min()):
        return "exploding"
    if losses[-1] > 1.01 * losses[0]:
        return "rising"
    return "too low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__three_times_the_one_before(losses):
    """You compare each loss with the one before it. An explosion in small steps goes unseen: compare with the first."""
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses[1:] > 3 * losses[:-1]):
        return "exploding"
    if losses[-1] > 1.01 * losses[0]:
        return "rising"
    return "too low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__above_three(losses):
    """You compare the losses with the number 3. The limit is 3 times the first loss."""
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses > 3):
        return "exploding"
    if losses[-1] > 1.01 * losses[0]:
        return "rising"
    return "too low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__rising_anywhere(losses):
    """You call a curve rising when any loss is above 1.01 times the first. Only the last loss counts for this row."""
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    if np.any(losses > 1.01 * losses[0]):
        return "rising"
    return "too low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__last_step(losses):
    """You compare the last loss with the one before it. Compare it with the first."""
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    before = losses[-2] if len(losses) > 1 else losses[0]
    if losses[-1] > 1.01 * before:
        return "rising"
    return "too low" if losses[-1] > 0.99 * before else "ok"


def diagnose__too_low_before_rising(losses):
    """You ask for "too low" before "rising", and every rising curve is above 0.99 times the first. Keep the order of
    the table."""
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    if losses[-1] > 0.99 * losses[0]:
        return "too low"
    return "rising" if losses[-1] > 1.01 * losses[0] else "ok"


def diagnose__limits_included(losses):
    """You count a loss at the limit as above it. "Above" is meant strictly."""
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses >= 3 * losses[0]):
        return "exploding"
    if losses[-1] >= 1.01 * losses[0]:
        return "rising"
    return "too low" if losses[-1] >= 0.99 * losses[0] else "ok"


def diagnose__differences_not_relative(losses):
    """You compare the change of the loss with 0.01 itself. The limits are relative: 1 % of the first loss."""
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    if losses[-1] > losses[0] + 0.01:
        return "rising"
    return "too low" if losses[-1] > losses[0] - 0.01 else "ok"


def diagnose__any_rise(losses):
    """You call every loss above the first one rising. Up to 1 % above is only "too low"."""
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    if losses[-1] > losses[0]:
        return "rising"
    return "too low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__no_too_low(losses):
    """You have no row for a loss that stands still. "Loss not going down" is a verdict of its own: "too low"."""
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    return "rising" if losses[-1] > 1.01 * losses[0] else "ok"


def diagnose__other_words(losses):
    """You write "too_low", and the table says "too low", with a space. A verdict must be spelled exactly."""
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    if losses[-1] > 1.01 * losses[0]:
        return "rising"
    return "too_low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__needs_two_epochs(losses):
    """You read the second loss, and there may be only one. What is the last loss then?"""
    losses[1]
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses > 3 * losses[0]):
        return "exploding"
    if losses[-1] > 1.01 * losses[0]:
        return "rising"
    return "too low" if losses[-1] > 0.99 * losses[0] else "ok"


def diagnose__in_place(losses):
    """You divide the caller's losses by the first one in place. Compute with a copy."""
    losses /= losses[0]
    if not np.all(np.isfinite(losses)):
        return "nan"
    if np.any(losses > 3):
        return "exploding"
    if losses[-1] > 1.01:
        return "rising"
    return "too low" if losses[-1] > 0.99 else "ok"


def diagnose__prints(losses):
    """You print the verdict and return nothing. A function hands back its result with `return`."""
    if not np.all(np.isfinite(losses)):
        print("nan")
    elif np.any(losses > 3 * losses[0]):
        print("exploding")
    else:
        print("rising" if losses[-1] > 1.01 * losses[0] else "ok")


def update_ratio__upside_down(w, update):
    """You divide the weights by the update. The slide's words say it in this order, too, but its numbers, 0.0002 /
    0.02, have the update on top."""
    return float(np.linalg.norm(w.ravel()) / np.linalg.norm(update.ravel()))


def update_ratio__squared(w, update):
    """You forgot the square root: this is the ratio of the squared norms."""
    return float(np.sum(update**2) / np.sum(w**2))


def update_ratio__mean_of_ratios(w, update):
    """You average the ratios of the single entries, where a weight near 0 decides everything. Divide one norm by the
    other."""
    return float(np.mean(np.abs(update) / np.abs(w)))


def update_ratio__sums_of_absolute_values(w, update):
    """You add up absolute values. The norm here is the root of the sum of the squares."""
    return float(np.sum(np.abs(update)) / np.sum(np.abs(w)))


def update_ratio__largest_entries(w, update):
    """You compare the largest entries only. The norm takes all entries: the root of the sum of their squares."""
    return float(np.max(np.abs(update)) / np.max(np.abs(w)))


def update_ratio__means(w, update):
    """You compare the means, where positive and negative entries cancel. The norm squares each entry first."""
    return float(abs(np.mean(update)) / abs(np.mean(w)))


def update_ratio__spectral_norm(w, update):
    """You call NumPy's norm with the order 2, which for a matrix is its largest singular value, and three axes are too
    many for it. Wanted is the root of the sum of the squares of all entries."""
    return float(np.linalg.norm(update, 2) / np.linalg.norm(w, 2))


def update_ratio__norm_of_each_column(w, update):
    """You take the norm of each column, and return an array for a matrix. Wanted is one number for all entries."""
    return np.sqrt(np.sum(update**2, axis=0)) / np.sqrt(np.sum(w**2, axis=0))


def update_ratio__entry_by_entry(w, update):
    """You return the ratio of each entry. Wanted is one float, the ratio of the two norms."""
    return np.abs(update) / np.abs(w)


def update_ratio__weights_afterwards(w, update):
    """You divide by the norm of the weights after the update. The weights that it changes are w as given."""
    return float(np.linalg.norm(update.ravel()) / np.linalg.norm((w + update).ravel()))


def update_ratio__takes_update_for_new_weights(w, update):
    """You subtract w from the update, as if it were the new weights. `update` is already the change."""
    return float(np.linalg.norm((update - w).ravel()) / np.linalg.norm(w.ravel()))


def update_ratio__large_epsilon(w, update):
    """You add a small number to the denominator that is not in the formula. The weights are not all 0, so nothing
    needs protection."""
    return float(np.linalg.norm(update.ravel()) / (np.linalg.norm(w.ravel()) + 1e-5))


def update_ratio__in_place(w, update):
    """You square the caller's arrays in place, and the network is ruined. Compute with new arrays."""
    w *= w
    update *= update
    return float(np.sqrt(np.sum(update) / np.sum(w)))


def sample_log_uniform__uniform(low, high, size, rng):
    """Your values are uniform, so nearly all of them lie in the last decade. Their logarithms should be uniform."""
    return rng.uniform(low, high, size)


def sample_log_uniform__exponents(low, high, size, rng):
    """You return the logarithms, and some of them are negative. Return the values themselves."""
    return rng.uniform(np.log(low), np.log(high), size)


def sample_log_uniform__two_bases(low, high, size, rng):
    """You mix two bases: logarithms to base 10, and then powers of e. So the ends of the range are never reached."""
    return np.exp(rng.uniform(np.log10(low), np.log10(high), size))


def sample_log_uniform__bases_the_other_way(low, high, size, rng):
    """You mix two bases: natural logarithms, and then powers of 10. So the values leave the range."""
    return 10 ** rng.uniform(np.log(low), np.log(high), size)


def sample_log_uniform__low_and_high_as_exponents(low, high, size, rng):
    """You use low and high as exponents of ten. They are the ends of the range itself: take their logarithms first."""
    return 10.0 ** rng.uniform(low, high, size)


def sample_log_uniform__logarithm_of_uniform(low, high, size, rng):
    """You take the logarithm of uniform values. It is the other way round: the logarithms are to be uniform."""
    return np.log(rng.uniform(low, high, size))


def sample_log_uniform__exponential_of_uniform(low, high, size, rng):
    """You take powers of e of values between low and high. Draw between the logarithms of low and high."""
    return np.exp(rng.uniform(low, high, size))


def sample_log_uniform__whole_exponents(low, high, size, rng):
    """Your exponents are whole numbers, so you draw powers of ten only. The search needs the values between, too."""
    return 10.0 ** rng.integers(np.ceil(np.log10(low)), np.floor(np.log10(high)) + 1, size)


def sample_log_uniform__log_normal(low, high, size, rng):
    """Your logarithms have a normal distribution: they crowd in the middle, and some leave the range. They should be
    uniform between log(low) and log(high)."""
    middle, width = (np.log(low) + np.log(high)) / 2, (np.log(high) - np.log(low)) / 4
    return np.exp(rng.normal(middle, width, size))


def sample_log_uniform__cut_normal(low, high, size, rng):
    """Your logarithms have a normal distribution, cut off at the ends. They should be uniform: every decade gets the
    same share."""
    middle, width = (np.log(low) + np.log(high)) / 2, (np.log(high) - np.log(low)) / 4
    return np.clip(np.exp(rng.normal(middle, width, size)), low, high)


def sample_log_uniform__grid(low, high, size, rng):
    """You return a grid and draw nothing. The trials of a random search are random."""
    return np.geomspace(low, high, size)


def sample_log_uniform__shuffled_grid(low, high, size, rng):
    """You shuffle a fixed grid, so each call gives the same values in another order. Draw new values."""
    return rng.permutation(np.geomspace(low, high, size))


def sample_log_uniform__sorted(low, high, size, rng):
    """You sort the values, so the first one is always a small one. Independent values come in any order."""
    return np.sort(np.exp(rng.uniform(np.log(low), np.log(high), size)))


def sample_log_uniform__one_value(low, high, size, rng):
    """You draw one value and ignore `size`. Return an array of `size` values."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def sample_log_uniform__one_value_repeated(low, high, size, rng):
    """You draw one value and repeat it. Each of the `size` values is a draw of its own."""
    return np.full(size, np.exp(rng.uniform(np.log(low), np.log(high))))


def sample_log_uniform__list(low, high, size, rng):
    """You return a list. Wanted is a NumPy array."""
    return np.exp(rng.uniform(np.log(low), np.log(high), size)).tolist()


def sample_log_uniform__column(low, high, size, rng):
    """You return a column, an array with two axes. Wanted is an array [size]."""
    return np.exp(rng.uniform(np.log(low), np.log(high), (size, 1)))


def sample_log_uniform__not_from_rng(low, high, size, rng):
    """You draw with NumPy's global generator, or with a new one, and ignore `rng`. So no seed gives the same values
    again."""
    return np.exp(np.random.default_rng().uniform(np.log(low), np.log(high), size))


def sample_log_uniform__own_seed(low, high, size, rng):
    """You make a generator with a fixed seed inside, so every call gives the same values. Draw from the `rng` that you
    get."""
    return np.exp(np.random.default_rng(0).uniform(np.log(low), np.log(high), size))


def clip_gradient__above_only(g, threshold=5.0):
    """You limit the positive side only, so -1000 passes. The ceiling is on the absolute value."""
    return np.minimum(g, threshold)


def clip_gradient__below_only(g, threshold=5.0):
    """You limit the negative side only, so 1000 passes. The ceiling is on the absolute value."""
    return np.maximum(g, -threshold)


def clip_gradient__negative_to_zero(g, threshold=5.0):
    """You set negative entries to 0. They stay negative; only their absolute value has a ceiling."""
    return np.clip(g, 0, threshold)


def clip_gradient__loses_the_sign(g, threshold=5.0):
    """You return absolute values, and the signs are lost. A gradient without its sign points the wrong way."""
    return np.minimum(np.abs(g), threshold)


def clip_gradient__by_norm(g, threshold=5.0):
    """You clip the norm of the whole gradient, which is also a common way. Here each entry has its own ceiling."""
    norm = np.sqrt(np.sum(g**2))
    return g * threshold / norm if norm > threshold else g


def clip_gradient__always_scaled(g, threshold=5.0):
    """You give every gradient the norm `threshold`, also small ones. Entries below the ceiling stay as they are."""
    return g / np.sqrt(np.sum(g**2)) * threshold


def clip_gradient__by_the_largest(g, threshold=5.0):
    """You divide all entries by the same number, so that the largest fits. Here each entry has its own ceiling, and
    small ones stay as they are."""
    largest = np.max(np.abs(g))
    return g * threshold / largest if largest > threshold else g


def clip_gradient__set_to_zero(g, threshold=5.0):
    """You set entries beyond the threshold to 0. They should be set to the threshold, with their sign."""
    return np.where(np.abs(g) > threshold, 0.0, g)


def clip_gradient__set_to_plus(g, threshold=5.0):
    """You set large negative entries to plus the threshold. Their sign must stay."""
    return np.where(np.abs(g) > threshold, threshold, g)


def clip_gradient__always_five(g, threshold=5.0):
    """You always clip at 5. It is only the default: use the threshold that the caller gives."""
    return np.clip(g, -5.0, 5.0)


def clip_gradient__ends_exchanged(g, threshold=5.0):
    """You exchanged the lower and the upper end, so all entries become the same number."""
    return np.clip(g, threshold, -threshold)


def clip_gradient__divides_by_zero(g, threshold=5.0):
    """You compute the sign as g / |g|, and for g = 0 this is nan. What should become of a zero?"""
    return g / np.abs(g) * np.minimum(np.abs(g), threshold)


def clip_gradient__one_if_for_all(g, threshold=5.0):
    """You ask with one `if` for the whole array, but some entries are above the ceiling and others are not. Decide for
    each entry."""
    if np.abs(g) > threshold:
        return np.sign(g) * threshold
    return g


def clip_gradient__two_axes_at_most(g, threshold=5.0):
    """Your loops go through rows and columns only, so an array with three axes does not pass. The shape of g can be
    any."""
    rows = [[max(-threshold, min(threshold, v)) for v in row] for row in np.atleast_2d(g)]
    return np.array(rows).reshape(g.shape)


def clip_gradient__in_place(g, threshold=5.0):
    """You clip the caller's array itself. Leave g as it is, and return a new array."""
    g[g > threshold] = threshold
    g[g < -threshold] = -threshold
    return g


def clip_gradient__in_place_without_return(g, threshold=5.0):
    """You clip the caller's array itself and return nothing. Leave g as it is, and return a new array."""
    np.clip(g, -threshold, threshold, out=g)


def early_stopping__exchanged(val_losses, patience):
    """You return the two epochs in the wrong order. The best epoch comes first, then the stop."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return epoch, best
    return len(val_losses) - 1, best


def early_stopping__tie_is_an_improvement(val_losses, patience):
    """You count an equal loss as an improvement, so the count starts anew. On a tie the first epoch stays the best."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss <= val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(val_losses) - 1


def early_stopping__one_too_late(val_losses, patience):
    """You stop one epoch too late. Stop at the epoch which is `patience` epochs after the best, and not one more."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best > patience:
            return best, epoch
    return best, len(val_losses) - 1


def early_stopping__one_too_early(val_losses, patience):
    """You stop one epoch too early. Count from the best epoch: the one after it is the first without improvement."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        elif epoch - best >= patience - 1:
            return best, epoch
    return best, len(val_losses) - 1


def early_stopping__stop_is_the_next_epoch(val_losses, patience):
    """Your rule is right, but the epoch that you report is the one after the stop. Say at which epoch the rule
    applies."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch + 1
    return best, len(val_losses) - 1


def early_stopping__best_after_the_stop(val_losses, patience):
    """You take the best of all epochs, also of those after the stop. When you have stopped, you never see them."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return int(np.argmin(val_losses)), epoch
    return best, len(val_losses) - 1


def early_stopping__never_stops(val_losses, patience):
    """You find the best epoch of the whole run and never stop. Go through the epochs one by one, and apply the
    patience."""
    return int(np.argmin(val_losses)), len(val_losses) - 1


def early_stopping__compares_with_the_epoch_before(val_losses, patience):
    """You count how often the loss rises from one epoch to the next. An improvement is a loss below the best one so
    far, not below the last one."""
    best = count = 0
    for epoch in range(1, len(val_losses)):
        count = count + 1 if val_losses[epoch] >= val_losses[epoch - 1] else 0
        if val_losses[epoch] < val_losses[best]:
            best = epoch
        if count >= patience:
            return best, epoch
    return best, len(val_losses) - 1


def early_stopping__count_never_starts_anew(val_losses, patience):
    """You add up all epochs without improvement. After an improvement the count starts anew."""
    best = count = 0
    for epoch in range(1, len(val_losses)):
        if val_losses[epoch] < val_losses[best]:
            best = epoch
        else:
            count += 1
        if count >= patience:
            return best, epoch
    return best, len(val_losses) - 1


def early_stopping__first_rise(val_losses, patience):
    """You stop at the first epoch without improvement and ignore the patience."""
    best = 0
    for epoch in range(1, len(val_losses)):
        if val_losses[epoch] >= val_losses[best]:
            return best, epoch
        best = epoch
    return best, len(val_losses) - 1


def early_stopping__counts_from_one(val_losses, patience):
    """You count the epochs from 1. Here the first one has the number 0."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best + 1, epoch + 1
    return best + 1, len(val_losses)


def early_stopping__number_of_epochs(val_losses, patience):
    """You return the number of epochs when there was no reason to stop. The last epoch has a number one lower."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(val_losses)


def early_stopping__nothing_at_the_end(val_losses, patience):
    """You return nothing when there was no reason to stop. Then the last epoch is the stop."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return None


def early_stopping__none_for_no_stop(val_losses, patience):
    """You return None as the stop when the rule never applies. Then the last epoch is the stop."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, None


def early_stopping__returns_the_loss(val_losses, patience):
    """You return the best loss. Wanted is its epoch."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return float(val_losses[best]), epoch
    return float(val_losses[best]), len(val_losses) - 1


def early_stopping__starts_with_a_number(val_losses, patience):
    """Your best loss starts with a fixed number, and larger losses are never an improvement. Start with the first
    loss."""
    best_loss, best = 1000.0, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best_loss:
            best_loss, best = loss, epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(val_losses) - 1


def early_stopping__largest(val_losses, patience):
    """You look for the highest value. These are losses: the lowest is the best."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss > val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(val_losses) - 1


def early_stopping__array(val_losses, patience):
    """You return an array. Wanted are two integers, (best_epoch, stop_epoch)."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return np.array([best, epoch])
    return np.array([best, len(val_losses) - 1])


def early_stopping__only_the_stop(val_losses, patience):
    """You return one epoch only. Wanted are two: the best epoch and the stop."""
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return epoch
    return len(val_losses) - 1


# Inputs by which the grader tells the mistakes apart.


def _powers(x):
    """Unequal weights and a mixed term, so that each entry has a slope of its own; another function of other shapes."""
    if x.shape != (2, 3):
        return float(np.sum(x))
    weights = np.arange(1.0, x.size + 1).reshape(2, 3)
    return float(np.sum(weights * (x**3 + 0.1 * x**5)) + np.sum(x) ** 2)


def _line(x):
    return float(2 * x[0] - 3 * x[1])


def _how_much(which):
    """None, some or all: a share so coarse that no right draw can change it."""
    return "none" if not which.any() else "all" if which.all() else "some"


def _facts(values, low, high):
    """What is the same for all samples of one distribution; each doubtful case has a probability below 1e-20."""
    if not isinstance(values, np.ndarray):
        return {"type": type(values).__name__}
    if values.ndim != 1:
        return {"type": "array", "axes": values.ndim}
    with np.errstate(all="ignore"):
        place = np.log(values / low) / np.log(high / low)
    return {
        "kind": values.dtype.kind,
        "length": len(values),
        "below": _how_much(values < low * (1 - 1e-9)),
        "far below": bool(np.mean(values < low * (1 - 1e-9)) > 0.15),
        "above": _how_much(values > high * (1 + 1e-9)),
        "huge": bool((values > 1e20).any()),
        "at the ends": bool(np.sum((values == low) | (values == high)) > 100),
        "mostly negative": bool(np.mean(values < 0) > 0.3),
        "first 0.3": bool(abs(np.mean(place < 0.3) - 0.3) < 0.04),
        "last 0.1": bool(np.mean(place > 0.9) > 0.03),
        "second half": bool(np.mean(place > 0.5) > 0.9),
        "few different": len(np.unique(values)) < 50,
        "sorted": bool(np.all(np.diff(values) >= 0)),
    }


def _draws(call):
    """Three draws: from a generator, again from the same one, and from a new one with the same seed."""
    ends = {"low": 3e-4, "high": 40.0}
    rng = np.random.default_rng(0)
    first = call("sample_log_uniform", **ends, size=20_000, rng=rng)
    second = call("sample_log_uniform", **ends, size=20_000, rng=rng)
    again = call("sample_log_uniform", **ends, size=20_000, rng=np.random.default_rng(0))
    return {
        **_facts(first, **ends),
        "twice the same": bool(np.array_equal(first, second)),
        "a fixed set": bool(np.array_equal(np.sort(first, axis=None), np.sort(second, axis=None))),
        "the seed decides": bool(np.array_equal(first, again)),
    }


PROBES = {
    "expected_initial_loss": [{"classes": 10}, {"classes": 6}, {"classes": 1000}],
    "numerical_gradient": [
        {"f": _powers, "x": np.array([[0.3, -1.7, 2.2], [0.9, -0.4, 3.1]]), "h": 0.3},
        {"f": _powers, "x": np.array([[0.3, -1.7, 2.2], [0.9, -0.4, 3.1]])},
        {"f": _line, "x": np.array([1e-7, 3e-7]), "h": 1e8},  # x + h - 2h + h is not x, by far
    ],
    "relative_error": [
        {"a": np.array([1.0, -2.0, 50.0, 0.5]), "b": np.array([1.5, -2.2, 61.0, -0.1])},
        {"a": np.array([[4.0, 1.0], [0.25, 3.0]]), "b": np.array([[5.0, 1.1], [0.25, 9.0]])},
        {"a": np.array([0.0, 3.0]), "b": np.array([0.0, 2.0])},
        {"a": np.array([3e-12, 1.0]), "b": np.array([1e-12, 1.1])},
        {"a": np.array([3.0, 2.0]), "b": np.array([4.0, 5.0])},
    ],
    "diagnose": [
        {"losses": np.array(losses)}
        for losses in (
            [4.0, 3.0, 2.0],
            [4.0, 4.01, 4.0],
            [4.0, 4.02],
            [4.0, 3.97, 3.96],
            [4.0, 5.0, 5.5],
            [4.0, 9.0, 3.0],
            [4.0, 1.0, 3.5],
            [4.0, 30.0, 3.0],
            [4.0, 10.0, 25.0, 6.0],
            [4.0, 30.0, np.nan],
            [4.0, np.nan, 2.0],
            [4.0, np.inf, 2.0],
            [4.0, 3.0, np.inf],
            [4.0, 1.0, 1.5],
            [4.0, 2.0, 1.99],
            [1.0, 0.8, 0.995],
            [1.0, 0.5],
            [200.0, 202.0],
            [200.0, 600.0, 150.0],
            [200.0, 198.0],
            [200.0, 198.5],
            [200.0, 201.0],
            [4.0],
        )
    ],
    "update_ratio": [
        {"w": np.array([[1.0, -2.0], [3.0, 0.5]]), "update": np.array([[0.1, 0.3], [-0.2, 0.4]])},
        {"w": np.array([2.0, -1.0, 4.0]), "update": np.array([0.5, 0.25, -1.5])},
        {"w": np.array([0.003, -0.004]), "update": np.array([0.0001, 0.0002])},
        {"w": np.array([[[1.0, 2.0]], [[-3.0, 1.0]]]), "update": np.array([[[0.5, 0.1]], [[0.2, 0.3]]])},
    ],
    "sample_log_uniform": [_draws],
    "clip_gradient": [
        {"g": np.array([[7.0, -2.0, 0.0], [-9.0, 4.5, 1.0]])},
        {"g": np.array([3.0, -8.0, 1.5, -0.5]), "threshold": 2.0},
        {"g": np.array([-0.3, 0.2])},
        {"g": np.array([[[1.0, -6.0], [2.0, 8.0]]]), "threshold": 4.0},
    ],
    "early_stopping": [
        {"val_losses": np.array(losses), "patience": patience}
        for losses, patience in (
            ([6.0, 4.0, 5.0, 4.5, 3.0, 3.5, 3.4, 3.2, 1.0], 3),
            ([6.0, 4.0, 4.0, 4.0, 4.0, 2.0], 2),
            ([6.0, 5.0, 4.0, 3.0], 2),
            ([6.0, 7.0, 5.0, 5.5, 4.0, 4.5, 3.0], 2),
            ([6.0, 7.0, 6.5, 7.5, 5.0], 2),
            ([7000.0, 6000.0, 6500.0, 6400.0, 6300.0], 3),
            ([6.0, 7.0, 8.0, 5.0, 9.0], 1),
        )
    ],
}
