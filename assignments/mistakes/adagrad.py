"""Known mistakes in the assignment `adagrad`: wrong solutions, each with what the feedback says about it."""

import numpy as np


def inverse_sqrt_decay__without_root(eta, t):
    """You divide by t + 1 and not by its root. The slide calls this schedule 1/t decay, but its formula has a
    square root.
    """
    return eta / (t + 1)


def inverse_sqrt_decay__divides_by_zero(eta, t):
    """You divide by √t, and at t = 0 that is 0. The counter starts at 0: look at what stands under the root in the
    lecture.
    """
    import math

    return eta / math.sqrt(t)


def inverse_sqrt_decay__infinite_at_the_start(eta, t):
    """You divide by √t, so at t = 0 your rate is infinite. The counter starts at 0: look at what stands under the
    root in the lecture.
    """
    return eta / np.sqrt(t)


def inverse_sqrt_decay__guarded_start(eta, t):
    """You handle t = 0 alone and divide by √t afterwards, so the rates of t = 0 and t = 1 are equal. The lecture's
    formula needs no special case.
    """
    return eta / np.sqrt(max(t, 1))


def inverse_sqrt_decay__one_outside_the_root(eta, t):
    """You add 1 to the root of t. It belongs under the root, so the brackets are in the wrong place."""
    return eta / (np.sqrt(t) + 1)


def inverse_sqrt_decay__one_too_many(eta, t):
    """You add 2 to t. The counter starts at 0, and at t = 0 the rate is η itself."""
    return eta / np.sqrt(t + 2)


def inverse_sqrt_decay__root_of_eta(eta, t):
    """You take the root of the whole quotient, η included. Only t + 1 stands under the root."""
    return np.sqrt(eta / (t + 1))


def inverse_sqrt_decay__rises(eta, t):
    """You multiply by the root, so your rate grows with time. A schedule should reduce it."""
    return eta * np.sqrt(t + 1)


def inverse_sqrt_decay__precedence(eta, t):
    """You wrote the exponent 1/2 without brackets: Python takes the power 1 first and then divides by 2. Put the
    exponent in brackets, or use a function for the root.
    """
    return eta / (t + 1) ** 1 / 2


def inverse_sqrt_decay__square(eta, t):
    """You square t + 1 instead of taking its root. Your rate falls far too fast."""
    return eta / (t + 1) ** 2


def inverse_sqrt_decay__integer_root(eta, t):
    """You use a root that is rounded to a whole number. It is right for t + 1 = 1, 4, 9, … only; use the exact root."""
    import math

    return eta / math.isqrt(t + 1)


def inverse_sqrt_decay__ignores_eta(eta, t):
    """You do not use η. That is right only for η = 1; the schedule starts at η."""
    return 1 / np.sqrt(t + 1)


def inverse_sqrt_decay__all_rates(eta, t):
    """You return the rates of all times from 0 to t. Only the rate at time t is wanted, one number."""
    return eta / np.sqrt(np.arange(t + 1) + 1)


def inverse_sqrt_decay__an_array(eta, t):
    """You return an array without axes instead of a number. Turn it into a float."""
    return np.array(eta / np.sqrt(t + 1))


def inverse_sqrt_decay__nothing(eta, t):
    """You compute the rate but do not return it. What does the function hand back to its caller?"""
    eta / np.sqrt(t + 1)


def staircase__slope(eta, epoch, every=10, factor=10):
    """You do not round epoch / every down, so your rate falls a little in every epoch. A staircase has flat steps."""
    return eta / factor ** (epoch / every)


def staircase__ceiling(eta, epoch, every=10, factor=10):
    """You round epoch / every up, so the first drop comes in epoch 1. Count only the stairs that are complete."""
    return eta / factor ** -(-epoch // every)


def staircase__rounds(eta, epoch, every=10, factor=10):
    """You round epoch / every to the nearest whole number, so the drops come half a stair too early. Round down."""
    return eta / float(factor) ** round(epoch / every)


def staircase__early(eta, epoch, every=10, factor=10):
    """You drop one epoch too early. Epochs count from 0, so with every = 10 the epochs 0 to 9 belong to the first
    stair.
    """
    return eta / factor ** ((epoch + 1) // every)


def staircase__late(eta, epoch, every=10, factor=10):
    """You drop one epoch too late. Epochs count from 0, so with every = 10 epoch 10 already has the smaller rate."""
    return eta / factor ** (max(epoch - 1, 0) // every)


def staircase__remainder(eta, epoch, every=10, factor=10):
    """You use the remainder of epoch / every, which starts again at 0 on each stair. The number of complete stairs
    is wanted.
    """
    return eta / factor ** (epoch % every)


def staircase__one_drop(eta, epoch, every=10, factor=10):
    """You drop once and never again. After every further stair the rate is divided by the factor again."""
    return eta if epoch < every else eta / factor


def staircase__dips(eta, epoch, every=10, factor=10):
    """You divide in the epochs that are multiples of `every` and return to η afterwards. The rate must stay low."""
    return eta / factor if epoch > 0 and epoch % every == 0 else eta


def staircase__rises(eta, epoch, every=10, factor=10):
    """You multiply by the factor, so your rate grows. The lecture divides by it."""
    return eta * factor ** (epoch // every)


def staircase__product(eta, epoch, every=10, factor=10):
    """You divide by the factor times the number of drops. Each drop divides by the factor once more, which makes a
    power.
    """
    return eta / max(factor * (epoch // every), 1)


def staircase__ignores_every(eta, epoch, every=10, factor=10):
    """You always use stairs of 10 epochs. The length of a stair is the argument `every`."""
    return eta / factor ** (epoch // 10)


def staircase__ignores_factor(eta, epoch, every=10, factor=10):
    """You always divide by 10. The number to divide by is the argument `factor`."""
    return eta / 10 ** (epoch // every)


def staircase__integers_overflow(eta, epoch, every=10, factor=10):
    """Your power is computed with NumPy's integers, and they are too small for factor to a high power. The rate is
    wrong late in the training: compute with floats.
    """
    return float(eta / np.power(factor, epoch // every))


def staircase__swapped(eta, epoch, every=10, factor=10):
    """You have swapped `every` and `factor`. One is the length of a stair in epochs, the other divides the rate."""
    return eta / every ** (epoch // factor)


def staircase__reduced_by_a_share(eta, epoch, every=10, factor=10):
    """You reduce the rate *by* the share 1/factor at each drop. It should be reduced *to* this share."""
    return eta * (1 - 1 / factor) ** (epoch // every)


def staircase__floor_of_the_rate(eta, epoch, every=10, factor=10):
    """You round the rate itself down, and it becomes 0. Only epoch / every is rounded down."""
    return eta // factor ** (epoch // every)


def staircase__nothing(eta, epoch, every=10, factor=10):
    """You compute the rate but do not return it. What does the function hand back to its caller?"""
    eta / factor ** (epoch // every)


def sigma__no_mean(gradients):
    """You take the root of the sum of squares and forget the mean: the factor 1/T is missing. With the plain sum σ
    would grow with time.
    """
    return np.sqrt(np.sum(gradients**2, axis=0))


def sigma__no_root(gradients):
    """You return the mean of the squares without the root. So your σ has the unit of a squared gradient."""
    return np.mean(gradients**2, axis=0)


def sigma__standard_deviation(gradients):
    """You compute the standard deviation, which subtracts the mean first. Adagrad's σ measures how large the
    derivatives are, and not how much they vary.
    """
    return np.std(gradients, axis=0)


def sigma__mean_absolute(gradients):
    """You take the mean of the absolute values. The root mean square squares first, so large derivatives count more."""
    return np.mean(np.abs(gradients), axis=0)


def sigma__absolute_mean(gradients):
    """You take the mean first and make it positive afterwards, so positive and negative derivatives cancel. Square
    each derivative before you take the mean.
    """
    return np.sqrt(np.mean(gradients, axis=0) ** 2)


def sigma__divides_by_one_less(gradients):
    """You divide by T − 1. That rule is for estimating a variance; σ is a plain mean over all T squares, and T may
    be 1.
    """
    return np.sqrt(np.sum(gradients**2, axis=0) / (len(gradients) - np.float64(1)))


def sigma__divides_by_one_more(gradients):
    """You divide by T + 1. The formula's t + 1 is the number of derivatives, because t counts from 0; here this
    number is T itself.
    """
    return np.sqrt(np.sum(gradients**2, axis=0) / (len(gradients) + 1))


def sigma__divides_outside_the_root(gradients):
    """You divide by T after you have taken the root. The factor 1/T belongs under the root."""
    return np.sqrt(np.sum(gradients**2, axis=0)) / len(gradients)


def sigma__one_for_all_weights(gradients):
    """You average over all weights, so you get one σ for all of them. Each weight needs a σ of its own: average
    over the first axis only.
    """
    return np.sqrt(np.mean(gradients**2))


def sigma__last_axis(gradients):
    """You average over the last axis. The time is the first axis, the others are the weights."""
    return np.sqrt(np.mean(gradients**2, axis=-1))


def sigma__previous_only(gradients):
    """You leave the present derivative out. The slide says "previous", but its sum runs up to i = t, and for T = 1
    nothing would be left.
    """
    return np.sqrt(np.mean(gradients[:-1] ** 2, axis=0))


def sigma__no_bars(gradients):
    """You return g⁰ itself for T = 1, as the slide writes. The root of a square is never negative; the general
    formula needs no special case.
    """
    return gradients[0] if len(gradients) == 1 else np.sqrt(np.mean(gradients**2, axis=0))


def sigma__all_times(gradients):
    """You return σ for all times from 0 to T − 1. Only the last one is wanted, in the shape of one gradient."""
    counts = np.arange(1, len(gradients) + 1).reshape(-1, *[1] * (gradients.ndim - 1))
    return np.sqrt(np.cumsum(gradients**2, axis=0) / counts)


def sigma__keeps_the_axis(gradients):
    """You keep the first axis with length 1. The result has the shape of one gradient, without the time."""
    return np.sqrt(np.mean(gradients**2, axis=0, keepdims=True))


def sigma__in_place(gradients):
    """You square the array that you were given in place. The caller still needs its gradients; work on a new array."""
    gradients *= gradients
    return np.sqrt(np.mean(gradients, axis=0))


def sigma__two_axes_at_most(gradients):
    """Your loop handles [T] and [T, M] only. There may be more axes after the first; NumPy works on all of them at
    once.
    """
    if gradients.ndim == 1:
        return np.sqrt(np.mean(gradients**2))
    return np.array([np.sqrt(np.mean(gradients[:, m] ** 2)) for m in range(gradients.shape[1])])


def sigma__flattens(gradients):
    """You put all weights into one row. The result must have the shape of one gradient, with all of its axes."""
    if gradients.ndim == 1:
        return np.sqrt(np.mean(gradients**2))
    return np.sqrt(np.mean(gradients.reshape(len(gradients), -1) ** 2, axis=0))


def sigma__adds_epsilon(gradients):
    """You add a small number under the root. σ has no ε: a weight whose derivatives are all 0 has σ = 0."""
    return np.sqrt(np.mean(gradients**2, axis=0) + 1e-8)


def sigma__a_list(gradients):
    """You return a list. An array is wanted, in the shape of one gradient."""
    return list(np.sqrt(np.mean(gradients**2, axis=0)))


def sigma__nothing(gradients):
    """You compute σ but do not return it. What does the function hand back to its caller?"""
    np.sqrt(np.mean(gradients**2, axis=0))


def adagrad_step__no_epsilon(w, g, sum_sq, eta, eps=1e-10):
    """You leave ε out, and a weight without any gradient so far gets 0/0, which is nan. Where does ε stand in the
    formula?
    """
    sum_sq = sum_sq + g**2
    return w - eta * g / np.sqrt(sum_sq), sum_sq


def adagrad_step__epsilon_inside(w, g, sum_sq, eta, eps=1e-10):
    """You add ε under the root. In Adagrad it stands outside, beside the root; the two differ when gradients are
    tiny.
    """
    sum_sq = sum_sq + g**2
    return w - eta * g / np.sqrt(sum_sq + eps), sum_sq


def adagrad_step__epsilon_fixed(w, g, sum_sq, eta, eps=1e-10):
    """You write the number 1e-10 instead of the argument eps. The caller may want another value."""
    sum_sq = sum_sq + g**2
    return w - eta * g / (np.sqrt(sum_sq) + 1e-10), sum_sq


def adagrad_step__epsilon_as_a_floor(w, g, sum_sq, eta, eps=1e-10):
    """You take the larger one of the root and ε. The formula adds ε to the root."""
    sum_sq = sum_sq + g**2
    return w - eta * g / np.maximum(np.sqrt(sum_sq), eps), sum_sq


def adagrad_step__present_gradient_missing(w, g, sum_sq, eta, eps=1e-10):
    """You divide by the old sum and update it afterwards. The present gradient belongs into the sum before you
    move; without it the first step divides by ε alone.
    """
    return w - eta * g / (np.sqrt(sum_sq) + eps), sum_sq + g**2


def adagrad_step__skips_the_first_step(w, g, sum_sq, eta, eps=1e-10):
    """You do not move a weight whose sum of squares was 0 before. Update the sum first: then the first step is a
    step like every other.
    """
    total = sum_sq + g**2
    return np.where(sum_sq == 0, w, w - eta * g / (np.sqrt(total) + eps)), total


def adagrad_step__old_sum_returned(w, g, sum_sq, eta, eps=1e-10):
    """You return the sum that you were given, without the present square. So the next step knows nothing of this
    one.
    """
    return w - eta * g / (np.sqrt(sum_sq + g**2) + eps), sum_sq


def adagrad_step__no_square(w, g, sum_sq, eta, eps=1e-10):
    """You add the gradient itself to the sum and not its square. Positive and negative gradients then cancel, and
    the root may be nan.
    """
    sum_sq = sum_sq + g
    return w - eta * g / (np.sqrt(sum_sq) + eps), sum_sq


def adagrad_step__sum_of_absolute_values(w, g, sum_sq, eta, eps=1e-10):
    """You add |g| to the sum and not the square of g. The lecture sums squares."""
    sum_sq = sum_sq + np.abs(g)
    return w - eta * g / (np.sqrt(sum_sq) + eps), sum_sq


def adagrad_step__no_root(w, g, sum_sq, eta, eps=1e-10):
    """You divide by the sum of squares without its root. Then a step depends on the unit of the gradient; the first
    step should have the size η.
    """
    sum_sq = sum_sq + g**2
    return w - eta * g / (sum_sq + eps), sum_sq


def adagrad_step__uphill(w, g, sum_sq, eta, eps=1e-10):
    """You add the step instead of subtracting it, so you climb. The gradient points uphill."""
    sum_sq = sum_sq + g**2
    return w + eta * g / (np.sqrt(sum_sq) + eps), sum_sq


def adagrad_step__forgets_the_past(w, g, sum_sq, eta, eps=1e-10):
    """You replace the sum by the present square, so the past is lost and every step has the size η. Add to the sum
    that you were given.
    """
    sum_sq = g**2
    return w - eta * g / (np.sqrt(sum_sq) + eps), sum_sq


def adagrad_step__one_rate_for_all(w, g, sum_sq, eta, eps=1e-10):
    """You add the squares of all weights together, so all weights get the same rate. Adagrad keeps a sum for each
    weight alone.
    """
    sum_sq = sum_sq + np.sum(g**2)
    return w - eta * g / (np.sqrt(sum_sq) + eps), sum_sq


def adagrad_step__mean_instead_of_sum(w, g, sum_sq, eta, eps=1e-10):
    """You halve the sum in every step, which is a kind of mean. Adagrad's short form has a plain sum: the 1/(t + 1)
    has cancelled.
    """
    sum_sq = (sum_sq + g**2) / 2
    return w - eta * g / (np.sqrt(sum_sq) + eps), sum_sq


def adagrad_step__running_mean(w, g, sum_sq, eta, eps=1e-10):
    """You keep a running mean with the factors 0.9 and 0.1. That is RMSProp; Adagrad keeps the whole sum."""
    sum_sq = 0.9 * sum_sq + 0.1 * g**2
    return w - eta * g / (np.sqrt(sum_sq) + eps), sum_sq


def adagrad_step__in_place(w, g, sum_sq, eta, eps=1e-10):
    """You change w and sum_sq in place, and they belong to the caller. Make new arrays: mind that += and -= change
    an array in place.
    """
    sum_sq += g**2
    w -= eta * g / (np.sqrt(sum_sq) + eps)
    return w, sum_sq


def adagrad_step__sum_in_place(w, g, sum_sq, eta, eps=1e-10):
    """You change sum_sq in place, and it belongs to the caller. Make a new array: mind that += changes an array in
    place.
    """
    sum_sq += g**2
    return w - eta * g / (np.sqrt(sum_sq) + eps), sum_sq


def adagrad_step__w_in_place(w, g, sum_sq, eta, eps=1e-10):
    """You change w in place, and it belongs to the caller. Make a new array: mind that -= changes an array in place."""
    sum_sq = sum_sq + g**2
    w -= eta * g / (np.sqrt(sum_sq) + eps)
    return w, sum_sq


def adagrad_step__only_w(w, g, sum_sq, eta, eps=1e-10):
    """You return w alone. The caller also needs the new sum of squares for the next step."""
    return w - eta * g / (np.sqrt(sum_sq + g**2) + eps)


def adagrad_step__swapped(w, g, sum_sq, eta, eps=1e-10):
    """You return the two results in the wrong order. First w, then sum_sq."""
    sum_sq = sum_sq + g**2
    return sum_sq, w - eta * g / (np.sqrt(sum_sq) + eps)


def adagrad_step__no_gradient(w, g, sum_sq, eta, eps=1e-10):
    """You subtract the rate without the gradient. The rate η/√Σg² has to be multiplied by g."""
    sum_sq = sum_sq + g**2
    return w - eta / (np.sqrt(sum_sq) + eps), sum_sq


def adagrad_step__always_left(w, g, sum_sq, eta, eps=1e-10):
    """Your step has lost the sign of the gradient, so it always goes to the left. For a negative gradient the way
    down is to the right.
    """
    sum_sq = sum_sq + g**2
    return w - eta * np.abs(g) / (np.sqrt(sum_sq) + eps), sum_sq


def adagrad_step__squared_gradient(w, g, sum_sq, eta, eps=1e-10):
    """You use the square of the gradient in the numerator. The square belongs into the sum only; the step has g
    itself.
    """
    sum_sq = sum_sq + g**2
    return w - eta * g**2 / (np.sqrt(sum_sq) + eps), sum_sq


def adagrad_step__the_step_alone(w, g, sum_sq, eta, eps=1e-10):
    """You return the step and not the new weight. Subtract it from w."""
    sum_sq = sum_sq + g**2
    return eta * g / (np.sqrt(sum_sq) + eps), sum_sq


def adagrad_step__precedence(w, g, sum_sq, eta, eps=1e-10):
    """You divide by the root alone and subtract ε from the whole: brackets are missing. Root plus ε together make
    the denominator.
    """
    sum_sq = sum_sq + g**2
    return w - eta * g / np.sqrt(sum_sq) + eps, sum_sq


def best_step__signed(a, b, x0):
    """You return a signed distance, which is negative to the left of the minimum. How long is the way, on either
    side?
    """
    return (2 * a * x0 + b) / (2 * a)


def best_step__signed_the_other_way(a, b, x0):
    """You return the way with its direction, which is negative to the right of the minimum. Only its length is
    wanted.
    """
    return -b / (2 * a) - x0


def best_step__place_of_the_minimum(a, b, x0):
    """You return the place of the minimum. How far is it from x0?"""
    return -b / (2 * a)


def best_step__first_derivative(a, b, x0):
    """You return the size of the first derivative at x0. On a steep parabola that is much more than the distance:
    what do you have to divide it by?
    """
    return abs(2 * a * x0 + b)


def best_step__second_derivative_a(a, b, x0):
    """You divide by a, so your step is twice too long. What is the second derivative of ax² + bx + c?"""
    return abs(2 * a * x0 + b) / a


def best_step__first_derivative_without_2(a, b, x0):
    """You take ax0 + b for the first derivative. Differentiate ax² again."""
    return abs(a * x0 + b) / (2 * a)


def best_step__wrong_sign_of_b(a, b, x0):
    """You have the wrong sign before b. Set the derivative to 0 and solve it for x once more: is the minimum at
    +b/2a or at −b/2a?
    """
    return abs(x0 - b / (2 * a))


def best_step__minimum_twice_too_far(a, b, x0):
    """You take −b/a for the place of the minimum. The derivative of ax² has a factor 2."""
    return abs(x0 + b / a)


def best_step__upside_down(a, b, x0):
    """You divide the second derivative by the first. A larger first derivative should give a longer step, so it
    belongs above the fraction bar.
    """
    return 2 * a / abs(2 * a * x0 + b)


def best_step__floor_division(a, b, x0):
    """You use the division that rounds down. The distance is not a whole number in general."""
    return abs(2 * a * x0 + b) // (2 * a)


def best_step__sides_of_zero(a, b, x0):
    """You take absolute values of x0 and of the minimum's place one by one. When they lie on different sides of 0
    their distances from 0 add up; subtract first.
    """
    return abs(abs(x0) - abs(b) / (2 * a))


def best_step__distance_in_y(a, b, x0):
    """You return how much higher x0 lies than the minimum. The distance along x is wanted."""
    return a * (x0 + b / (2 * a)) ** 2


def best_step__precedence(a, b, x0):
    """You divide by 2 and then multiply by a: brackets are missing. Python goes from left to right."""
    return abs(2 * a * x0 + b) / 2 * a


def best_step__ignores_b(a, b, x0):
    """You do not use b, so your minimum is always at 0. Where is it for other b?"""
    return abs(x0)


def best_step__squared(a, b, x0):
    """You return the square of the distance. Take the absolute value instead of the square."""
    return (x0 + b / (2 * a)) ** 2


def best_step__one_side_only(a, b, x0):
    """You return 0 when x0 lies to the left of the minimum. From there the way is just as long, in the other
    direction.
    """
    return max(x0 + b / (2 * a), 0.0)


def best_step__new_place(a, b, x0):
    """You subtract the step from x0 and return where it ends. The length of the step itself is wanted."""
    return x0 - abs(2 * a * x0 + b) / (2 * a)


def best_step__an_array(a, b, x0):
    """You return an array instead of a number. Turn it into a float."""
    return np.array(abs(2 * a * x0 + b) / (2 * a))


def best_step__nothing(a, b, x0):
    """You compute the distance but do not return it. What does the function hand back to its caller?"""
    abs(2 * a * x0 + b) / (2 * a)


def rmsprop_step__epsilon_outside(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You add ε to the root, as in Adagrad and in PyTorch. In the lecture's RMSProp it stands under the root."""
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    return w - eta * g / (np.sqrt(mean_sq) + eps), mean_sq


def rmsprop_step__no_epsilon(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You leave ε out, and a weight without any gradient so far gets 0/0, which is nan. Where does ε stand in the
    formula?
    """
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    return w - eta * g / np.sqrt(mean_sq), mean_sq


def rmsprop_step__epsilon_fixed(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You write the number 1e-8 instead of the argument eps. The caller may want another value."""
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    return w - eta * g / np.sqrt(mean_sq + 1e-8), mean_sq


def rmsprop_step__epsilon_kept(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You add ε to the mean that you return, so it piles up from step to step. It belongs into the denominator only."""
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2 + eps
    return w - eta * g / np.sqrt(mean_sq), mean_sq


def rmsprop_step__gamma_swapped(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You have swapped γ and 1 − γ. γ says how much of the old mean is kept, and it is usually close to 1."""
    mean_sq = (1 - gamma) * mean_sq + gamma * g**2
    return w - eta * g / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__not_a_mean(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You add the whole new square and forget the factor 1 − γ. The two factors must add up to 1, else it is no
    mean.
    """
    mean_sq = gamma * mean_sq + g**2
    return w - eta * g / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__adagrad(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You keep the sum of all squares, which is Adagrad. RMSProp keeps a running mean, so that it can forget."""
    mean_sq = mean_sq + g**2
    return w - eta * g / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__nothing_forgotten(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You keep the whole old mean and add 1 − γ of the new square. The old mean must be multiplied by γ, else
    nothing is ever forgotten.
    """
    mean_sq = mean_sq + (1 - gamma) * g**2
    return w - eta * g / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__forgets_the_past(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You do not use the mean that you were given, so the past is lost. It comes in with the factor γ."""
    mean_sq = (1 - gamma) * g**2
    return w - eta * g / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__present_gradient_missing(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You divide by the old mean and update it afterwards. The present gradient belongs into the mean before you
    move.
    """
    return w - eta * g / np.sqrt(mean_sq + eps), gamma * mean_sq + (1 - gamma) * g**2


def rmsprop_step__old_mean_returned(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You return the mean that you were given, without the present square. So the next step knows nothing of this
    one.
    """
    return w - eta * g / np.sqrt(gamma * mean_sq + (1 - gamma) * g**2 + eps), mean_sq


def rmsprop_step__no_square(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You average the gradient itself and not its square. Positive and negative gradients then cancel, and the root
    may be nan.
    """
    mean_sq = gamma * mean_sq + (1 - gamma) * g
    return w - eta * g / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__factor_squared(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You square the factor 1 − γ together with the gradient: brackets are in the wrong place. Only g is squared."""
    mean_sq = gamma * mean_sq + ((1 - gamma) * g) ** 2
    return w - eta * g / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__no_root(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You divide by the mean square without its root. Then a step depends on the unit of the gradient."""
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    return w - eta * g / (mean_sq + eps), mean_sq


def rmsprop_step__uphill(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You add the step instead of subtracting it, so you climb. The gradient points uphill."""
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    return w + eta * g / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__gamma_fixed(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You write the numbers 0.9 and 0.1 instead of γ and 1 − γ. The caller may want another memory."""
    mean_sq = 0.9 * mean_sq + 0.1 * g**2
    return w - eta * g / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__gamma_zero(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You take γ = 0 for "not given" and use 0.9 instead. γ = 0 is a value like any other: everything is forgotten
    at once.
    """
    gamma = gamma or 0.9
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    return w - eta * g / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__one_rate_for_all(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You average the squares over all weights, so they influence each other's rates. RMSProp keeps a mean for each
    weight alone.
    """
    mean_sq = gamma * mean_sq + (1 - gamma) * np.mean(g**2)
    return w - eta * g / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__bias_correction(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You divide the mean by 1 − γ before you use it. Such a correction is Adam's, and there it depends on the
    number of the step; RMSProp has none.
    """
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    return w - eta * g / np.sqrt(mean_sq / (1 - gamma + 1e-15) + eps), mean_sq


def rmsprop_step__in_place(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You change w and mean_sq in place, and they belong to the caller. Make new arrays: mind that *=, += and -=
    change an array in place.
    """
    mean_sq *= gamma
    mean_sq += (1 - gamma) * g**2
    w -= eta * g / np.sqrt(mean_sq + eps)
    return w, mean_sq


def rmsprop_step__mean_in_place(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You change mean_sq in place, and it belongs to the caller. Make a new array: mind that *= and += change an
    array in place.
    """
    mean_sq *= gamma
    mean_sq += (1 - gamma) * g**2
    return w - eta * g / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__w_in_place(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You change w in place, and it belongs to the caller. Make a new array: mind that -= changes an array in place."""
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    w -= eta * g / np.sqrt(mean_sq + eps)
    return w, mean_sq


def rmsprop_step__only_w(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You return w alone. The caller also needs the new mean square for the next step."""
    return w - eta * g / np.sqrt(gamma * mean_sq + (1 - gamma) * g**2 + eps)


def rmsprop_step__swapped(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You return the two results in the wrong order. First w, then mean_sq."""
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    return mean_sq, w - eta * g / np.sqrt(mean_sq + eps)


def rmsprop_step__no_gradient(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You subtract the rate without the gradient. The rate η/√(v + ε) has to be multiplied by g."""
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    return w - eta / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__always_left(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """Your step has lost the sign of the gradient, so it always goes to the left. For a negative gradient the way
    down is to the right.
    """
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    return w - eta * np.abs(g) / np.sqrt(mean_sq + eps), mean_sq


def rmsprop_step__the_step_alone(w, g, mean_sq, eta, gamma=0.9, eps=1e-8):
    """You return the step and not the new weight. Subtract it from w."""
    mean_sq = gamma * mean_sq + (1 - gamma) * g**2
    return eta * g / np.sqrt(mean_sq + eps), mean_sq


PROBES = {
    "inverse_sqrt_decay": [{"eta": 0.3, "t": 0}, {"eta": 0.3, "t": 1}, {"eta": 0.3, "t": 11}],
    "staircase": [
        {"eta": 0.4, "epoch": 7, "every": 3, "factor": 5},
        {"eta": 0.4, "epoch": 6, "every": 3, "factor": 5},
        {"eta": 0.4, "epoch": 5, "every": 3, "factor": 5},
        {"eta": 0.4, "epoch": 0},
        {"eta": 40.0, "epoch": 38},
        {"eta": 1e30, "epoch": 230},  # 10 to the power 23 is too large for int64
    ],
    "sigma": [
        {"gradients": np.array([[1.0, -2.0], [3.0, 0.5], [-2.0, 1.0]])},
        {"gradients": np.array([[-2.5, 1.5, 0.0]])},
        {"gradients": np.array([[[1.0, 2.0, -3.0], [0.5, 0.0, 1.0]], [[-1.0, 4.0, 2.0], [2.5, 0.0, 7.0]]])},
    ],
    "adagrad_step": [
        {
            "w": np.array([0.5, -1.5, 2.0]),
            "g": np.array([3.0, -4.0, 0.25]),
            "sum_sq": np.array([16.0, 0.0, 1.0]),
            "eta": 0.5,
        },
        {
            "w": np.array([[1.0, 2.0], [3.0, 4.0]]),
            "g": np.array([[0.3, -0.6], [0.0, 0.0]]),
            "sum_sq": np.array([[0.0, 0.64], [0.0, 1.0]]),
            "eta": 0.2,
            "eps": 0.5,
        },
        {"w": np.array([0.0, 1.0]), "g": np.array([2e-10, 0.0]), "sum_sq": np.array([0.0, 0.0]), "eta": 1.0},
    ],
    "best_step": [
        {"a": 1.5, "b": -2.0, "x0": -1.0},
        {"a": 0.75, "b": 2.0, "x0": 3.5},
        {"a": 0.5, "b": -3.0, "x0": 3.0},
        {"a": 4.0, "b": 1.0, "x0": 2.0},
    ],
    "rmsprop_step": [
        {
            "w": np.array([0.5, -1.5, 2.0]),
            "g": np.array([3.0, -4.0, 0.25]),
            "mean_sq": np.array([16.0, 0.0, 1.0]),
            "eta": 0.5,
        },
        {
            "w": np.array([[1.0, 2.0], [3.0, 4.0]]),
            "g": np.array([[0.3, -0.6], [0.0, 0.0]]),
            "mean_sq": np.array([[0.0, 0.64], [0.0, 1.0]]),
            "eta": 0.2,
            "gamma": 0.75,
            "eps": 0.5,
        },
        {
            "w": np.array([0.0, 1.0, 2.0]),
            "g": np.array([3e-5, 0.0, -2.0]),
            "mean_sq": np.array([0.0, 0.0, 4.0]),
            "eta": 1.0,
            "gamma": 0.0,
        },
        {"w": np.array([0.0, 1.0]), "g": np.array([3e-5, 0.0]), "mean_sq": np.array([0.0, 0.0]), "eta": 1.0},
    ],
}
