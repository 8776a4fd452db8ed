"""Known mistakes in the assignment `dropout`: wrong solutions, each with what the feedback says about it."""

import numpy as np


def weight_decay_step__no_rate_on_the_decay(w, g, eta, lam):
    """You shrink the weights by λ alone. The penalty is a part of the cost, so its gradient λw is multiplied by
    η, too.
    """
    return (1 - lam) * w - eta * g


def weight_decay_step__no_rate_on_the_gradient(w, g, eta, lam):
    """You subtract g without the learning rate η. Both parts of the gradient, g and λw, are multiplied by η."""
    return (1 - eta * lam) * w - g


def weight_decay_step__without_the_half(w, g, eta, lam):
    """You take 2λw for the gradient of the penalty. The penalty has a factor ½, which cancels this 2."""
    return (1 - 2 * eta * lam) * w - eta * g


def weight_decay_step__half_left_over(w, g, eta, lam):
    """You keep the ½ of the penalty in its gradient. What is the derivative of ½w²?"""
    return (1 - eta * lam / 2) * w - eta * g


def weight_decay_step__grows(w, g, eta, lam):
    """You make the weights larger: the factor is more than 1. Gradient descent goes against the penalty's
    gradient λw.
    """
    return (1 + eta * lam) * w - eta * g


def weight_decay_step__climbs(w, g, eta, lam):
    """You add ηg where it is to be subtracted. The step goes against the gradient."""
    return (1 - eta * lam) * w + eta * g


def weight_decay_step__shrinks_the_step_too(w, g, eta, lam):
    """You shrink the weight after the step, so that the step ηg is shrunk as well. The factor 1 − ηλ belongs to the old
    weight only: the gradient of the penalty is taken at the old w.
    """
    return (1 - eta * lam) * (w - eta * g)


def weight_decay_step__decays_the_gradient(w, g, eta, lam):
    """You put the factor 1 − ηλ on the gradient g. It belongs to the weight w."""
    return w - (1 - eta * lam) * eta * g


def weight_decay_step__no_decay(w, g, eta, lam):
    """You take a plain step of gradient descent, and λ plays no part. Add the gradient of the penalty."""
    return w - eta * g


def weight_decay_step__no_gradient(w, g, eta, lam):
    """You only shrink the weights, and the gradient g plays no part. The step has two parts."""
    return (1 - eta * lam) * w


def weight_decay_step__sign(w, g, eta, lam):
    """You pull every weight to 0 by the same amount, which is the L1 penalty. The derivative of ½λw² is in proportion
    to w.
    """
    return w - eta * (g + lam * np.sign(w))


def weight_decay_step__never_turns_round(w, g, eta, lam):
    """You do not let the factor 1 − ηλ become negative. Follow the formula also where ηλ is more than 1: a rate that is
    too large does overshoot.
    """
    return max(0.0, 1 - eta * lam) * w - eta * g


def weight_decay_step__in_place(w, g, eta, lam):
    """You change the array w itself, which the caller still needs. Compute a new array and return it."""
    w *= 1 - eta * lam
    w -= eta * g
    return w


def dropout_forward__keeps_with_p(a, p, rng):
    """You keep units with the probability p. Here p is the probability of dropping a unit; C's α is the other one."""
    mask = rng.random(a.shape) < p
    return a * mask, mask


def dropout_forward__mask_says_dropped(a, p, rng):
    """Your out is right, but your mask is True where a unit is dropped. True means kept."""
    dropped = rng.random(a.shape) < p
    return a * ~dropped, dropped


def dropout_forward__one_mask_for_the_batch(a, p, rng):
    """You draw one row and use it for the whole batch. Each example has a mask of its own."""
    mask = np.tile(rng.random(a.shape[1]) >= p, (len(a), 1))
    return a * mask, mask


def dropout_forward__mask_is_one_row(a, p, rng):
    """You draw a mask with one number for each unit, and NumPy repeats it for every example. Draw one for each element
    of a: the mask has the shape [N, M].
    """
    mask = rng.random(a.shape[1]) >= p
    return a * mask, mask


def dropout_forward__one_bit_for_an_example(a, p, rng):
    """You decide once for each example, and then all its units are kept or dropped together. Each unit is decided by
    itself.
    """
    mask = np.tile(rng.random((len(a), 1)) >= p, (1, a.shape[1]))
    return a * mask, mask


def dropout_forward__exact_number(a, p, rng):
    """You drop exactly the share p of each row. Only on average is it this share: every element is drawn on its own, so
    the number varies.
    """
    mask = np.ones(a.shape, dtype=bool)
    for row in mask:
        row[rng.permutation(len(row))[: round(p * len(row))]] = False
    return a * mask, mask


def dropout_forward__always_half(a, p, rng):
    """You drop one half of the units, whatever p is. Where does p enter?"""
    mask = rng.integers(0, 2, a.shape) == 1
    return a * mask, mask


def dropout_forward__normal_numbers(a, p, rng):
    """You compare p with numbers from a normal distribution, so the share of dropped units is not p. Which numbers are
    below p with the probability p?
    """
    mask = rng.standard_normal(a.shape) >= p
    return a * mask, mask


def dropout_forward__inverted(a, p, rng):
    """You divide the kept units by 1 − p, which is inverted dropout. In this function they are not rescaled."""
    mask = rng.random(a.shape) >= p
    return a * mask / (1 - p if p < 1 else 1), mask


def dropout_forward__scaled_for_testing(a, p, rng):
    """You multiply the kept units by 1 − p. This factor belongs to test time; the training pass leaves them as they
    are.
    """
    mask = rng.random(a.shape) >= p
    return a * mask * (1 - p), mask


def dropout_forward__not_from_rng(a, p, rng):
    """You draw from `np.random` and not from `rng`, so the same seed gives another mask each time. All chance must come
    from the generator that you are given.
    """
    mask = np.random.random(a.shape) >= p  # noqa: NPY002
    return a * mask, mask


def dropout_forward__own_seed(a, p, rng):
    """You make a generator with a seed of your own, so every call gives the same mask. Draw from `rng`: it goes on from
    call to call.
    """
    mask = np.random.default_rng(0).random(a.shape) >= p
    return a * mask, mask


def dropout_forward__mask_of_numbers(a, p, rng):
    """Your mask holds the numbers 0 and 1. It must be bool: a comparison gives such an array."""
    mask = (rng.random(a.shape) >= p).astype(float)
    return a * mask, mask


def dropout_forward__mask_from_the_output(a, p, rng):
    """You take the mask from the output: True where it is not 0. But a unit can be kept and still be 0; after a ReLU
    many are. The mask is what was drawn.
    """
    out = a * (rng.random(a.shape) >= p)
    return out, out != 0


def dropout_forward__only_out(a, p, rng):
    """You return out alone. The backward pass needs the mask: return the pair (out, mask)."""
    return a * (rng.random(a.shape) >= p)


def dropout_forward__mask_first(a, p, rng):
    """You return the mask first. The order is (out, mask)."""
    mask = rng.random(a.shape) >= p
    return mask, a * mask


def dropout_forward__in_place(a, p, rng):
    """You write zeros into the array a itself, which the caller still needs. Compute a new array."""
    mask = rng.random(a.shape) >= p
    a[~mask] = 0
    return a, mask


def dropout_forward__refuses_one(a, p, rng):
    """You refuse p = 1. Without rescaling nothing is divided, so p = 1 is allowed here: it drops every unit."""
    if not 0 <= p < 1:
        raise ValueError("p must be less than 1")
    mask = rng.random(a.shape) >= p
    return a * mask, mask


def dropout_backward__no_mask(dout, mask):
    """You pass the gradient on as it comes. A unit that was off had no part in the cost, so its gradient is 0."""
    return dout


def dropout_backward__other_side(dout, mask):
    """You pass the gradient to the units that were off. The mask is True where a unit was kept."""
    return np.where(mask, 0.0, dout)


def dropout_backward__rescales(dout, mask):
    """You divide by the share of the mask that is on. The forward pass multiplied by 1 or 0, and so does the backward
    pass.
    """
    return dout * mask / max(mask.mean(), 1e-9)


def dropout_backward__only_the_mask(dout, mask):
    """You return the mask as numbers. This is the derivative of out by a; the chain rule multiplies it by dout."""
    return mask.astype(float)


def dropout_backward__drops_again(dout, mask):
    """You draw a new mask. The gradient goes through the units that were on in the forward pass: use the mask that you
    are given.
    """
    return dout * (np.random.default_rng(0).random(dout.shape) >= 0.5)


def dropout_backward__first_row_for_all(dout, mask):
    """You use the mask of the first example for the whole batch. Each example had a mask of its own."""
    return dout * mask[0]


def dropout_backward__one_unit_for_all(dout, mask):
    """You decide by the first unit of each example. Each unit has a mask bit of its own."""
    return dout * mask[:, :1]


def dropout_backward__selects(dout, mask):
    """You return only the kept entries, in one long row. The result has the shape of dout, with 0 where a unit
    was off.
    """
    return dout[mask]


def dropout_backward__in_place(dout, mask):
    """You write zeros into the array dout itself, which the caller still needs. Compute a new array."""
    dout[~mask] = 0
    return dout


def scale_weights__by_p(W, p):
    """You multiply by p, the probability of dropping. In training the share 1 − p of the inputs was on, so which factor
    makes the test pass as large?
    """
    return p * W


def scale_weights__divides(W, p):
    """You divide by 1 − p, which makes z still larger. At test time more inputs are on than in training, so the weights
    must become smaller.
    """
    with np.errstate(all="ignore"):
        return W / np.float64(1 - p)


def scale_weights__percent(W, p):
    """You take p for a number of percent. Here p is a probability from 0 to 1."""
    return (1 - p / 100) * W


def scale_weights__squared(W, p):
    """You multiply by 1 − p twice. Once is enough: the mean of each input is (1 − p) times the input."""
    return (1 - p) ** 2 * W


def scale_weights__root(W, p):
    """You multiply by the square root of 1 − p. That keeps the variance; here the mean of z is to be kept."""
    return np.sqrt(1 - p) * W


def scale_weights__always_half(W, p):
    """You always halve the weights. This is right for p = 0.5, the lecture's example; for another p it is another
    factor.
    """
    return W * 0.5 if p > 0 else W


def scale_weights__not_at_all(W, p):
    """You return the weights as they are. With all inputs on, z would be too large."""
    return W


def scale_weights__in_place(W, p):
    """You change the array W itself. Training goes on with the old weights, so return a new array."""
    W *= 1 - p
    return W


def inverted_dropout_forward__not_rescaled(a, p, rng):
    """You do not rescale. In the inverted form the kept units are divided by 1 − p, so that the mean of out is a."""
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = rng.random(a.shape) >= p
    return a * mask, mask


def inverted_dropout_forward__divides_by_p(a, p, rng):
    """You divide the kept units by p. They are there with the probability 1 − p: by what must they be divided, so that
    the mean is a?
    """
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = rng.random(a.shape) >= p
    with np.errstate(all="ignore"):
        return a * mask / np.float64(p), mask


def inverted_dropout_forward__multiplies(a, p, rng):
    """You multiply by 1 − p, which makes out smaller still. That is the lecture's factor for test time; in training one
    divides.
    """
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = rng.random(a.shape) >= p
    return a * mask * (1 - p), mask


def inverted_dropout_forward__by_own_share(a, p, rng):
    """You divide by the share of this mask that is on. This is 1 − p only on average; the factor is 1/(1 − p) for every
    mask.
    """
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = rng.random(a.shape) >= p
    return a * mask / max(mask.mean(), 1e-9), mask


def inverted_dropout_forward__rescales_all(a, p, rng):
    """You divide by 1 − p but drop nothing from out. Units whose mask is False must be 0."""
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    return a / (1 - p), rng.random(a.shape) >= p


def inverted_dropout_forward__factor_in_the_mask(a, p, rng):
    """You put the factor 1/(1 − p) into the mask. The mask only says who is kept, and it is bool; the factor belongs to
    out.
    """
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = (rng.random(a.shape) >= p) / (1 - p)
    return a * mask, mask


def inverted_dropout_forward__mask_of_numbers(a, p, rng):
    """Your mask holds the numbers 0 and 1. It must be bool: a comparison gives such an array."""
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = (rng.random(a.shape) >= p).astype(float)
    return a * mask / (1 - p), mask


def inverted_dropout_forward__p_is_keep(a, p, rng):
    """You take p for the probability of keeping, and divide by it. Here p is the probability of dropping, so both
    places change.
    """
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = rng.random(a.shape) < p
    with np.errstate(all="ignore"):
        return a * mask / np.float64(p), mask


def inverted_dropout_forward__keeps_with_p(a, p, rng):
    """You keep units with the probability p, but divide by 1 − p. Here p is the probability of dropping: the factor is
    right, the mask is not.
    """
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = rng.random(a.shape) < p
    return a * mask / (1 - p), mask


def inverted_dropout_forward__mask_says_dropped(a, p, rng):
    """Your out is right, but your mask is True where a unit is dropped. True means kept."""
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    dropped = rng.random(a.shape) < p
    return a * ~dropped / (1 - p), dropped


def inverted_dropout_forward__one_mask_for_the_batch(a, p, rng):
    """You draw one row and use it for the whole batch. Each example has a mask of its own."""
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = np.tile(rng.random(a.shape[1]) >= p, (len(a), 1))
    return a * mask / (1 - p), mask


def inverted_dropout_forward__mask_is_one_row(a, p, rng):
    """You draw a mask with one number for each unit, and NumPy repeats it for every example. Draw one for each element
    of a: the mask has the shape [N, M].
    """
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = rng.random(a.shape[1]) >= p
    return a * mask / (1 - p), mask


def inverted_dropout_forward__exact_number(a, p, rng):
    """You drop exactly the share p of each row. Only on average is it this share: every element is drawn on its own, so
    the number varies.
    """
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = np.ones(a.shape, dtype=bool)
    for row in mask:
        row[rng.permutation(len(row))[: round(p * len(row))]] = False
    return a * mask / (1 - p), mask


def inverted_dropout_forward__not_from_rng(a, p, rng):
    """You draw from `np.random` and not from `rng`, so the same seed gives another mask each time. All chance must come
    from the generator that you are given.
    """
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = np.random.random(a.shape) >= p  # noqa: NPY002
    return a * mask / (1 - p), mask


def inverted_dropout_forward__own_seed(a, p, rng):
    """You make a generator with a seed of your own, so every call gives the same mask. Draw from `rng`: it goes on from
    call to call.
    """
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = np.random.default_rng(0).random(a.shape) >= p
    return a * mask / (1 - p), mask


def inverted_dropout_forward__mask_from_the_output(a, p, rng):
    """You take the mask from the output: True where it is not 0. But a unit can be kept and still be 0; after a ReLU
    many are. The mask is what was drawn.
    """
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    out = a * (rng.random(a.shape) >= p) / (1 - p)
    return out, out != 0


def inverted_dropout_forward__mask_first(a, p, rng):
    """You return the mask first. The order is (out, mask)."""
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = rng.random(a.shape) >= p
    return mask, a * mask / (1 - p)


def inverted_dropout_forward__only_out(a, p, rng):
    """You return out alone. The backward pass needs the mask: return the pair (out, mask)."""
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    return a * (rng.random(a.shape) >= p) / (1 - p)


def inverted_dropout_forward__refuses_nothing(a, p, rng):
    """You accept every p, also p = 1 and numbers that are no probability. Raise a ValueError unless 0 ≤ p < 1."""
    mask = rng.random(a.shape) >= p
    with np.errstate(all="ignore"):
        return a * mask / np.float64(1 - p), mask


def inverted_dropout_forward__refuses_only_one(a, p, rng):
    """You refuse p = 1, but not the numbers below 0 or above 1. Raise a ValueError unless 0 ≤ p < 1."""
    if p == 1:
        raise ValueError("p must be less than 1")
    mask = rng.random(a.shape) >= p
    return a * mask / (1 - p), mask


def inverted_dropout_forward__accepts_one(a, p, rng):
    """You refuse what is no probability, but you accept p = 1. There is nothing to divide by then: raise a
    ValueError.
    """
    if not 0 <= p <= 1:
        raise ValueError("p must be in [0, 1]")
    mask = rng.random(a.shape) >= p
    with np.errstate(all="ignore"):
        return a * mask / np.float64(1 - p), mask


def inverted_dropout_forward__accepts_negative(a, p, rng):
    """You refuse p ≥ 1, but not a p below 0. Raise a ValueError unless 0 ≤ p < 1."""
    if p >= 1:
        raise ValueError("p must be less than 1")
    mask = rng.random(a.shape) >= p
    return a * mask / (1 - p), mask


def inverted_dropout_forward__refuses_zero(a, p, rng):
    """You refuse p = 0, too. It is allowed: nothing is dropped, and nothing changes."""
    if not 0 < p < 1:
        raise ValueError("p must be in (0, 1)")
    mask = rng.random(a.shape) >= p
    return a * mask / (1 - p), mask


def inverted_dropout_forward__asserts(a, p, rng):
    """You check p with `assert`, which raises an AssertionError. Raise a ValueError, as the text says: a caller can
    tell by its class what went wrong.
    """
    assert 0 <= p < 1
    mask = rng.random(a.shape) >= p
    return a * mask / (1 - p), mask


def inverted_dropout_forward__returns_an_error(a, p, rng):
    """You return a ValueError where p is not allowed. It has to be raised."""
    if not 0 <= p < 1:
        return ValueError("p must be in [0, 1)")
    mask = rng.random(a.shape) >= p
    return a * mask / (1 - p), mask


def inverted_dropout_forward__in_place(a, p, rng):
    """You change the array a itself, which the caller still needs. Compute a new array."""
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    mask = rng.random(a.shape) >= p
    a *= mask
    a /= 1 - p
    return a, mask


def inverted_dropout_backward__no_factor(dout, mask, p):
    """You forget the factor 1/(1 − p). The forward pass multiplied the kept units by it, so their gradients are
    multiplied by it as well.
    """
    return dout * mask


def inverted_dropout_backward__no_mask(dout, mask, p):
    """You rescale, but you forget the mask. A unit that was off gets no gradient."""
    return dout / (1 - p)


def inverted_dropout_backward__nothing(dout, mask, p):
    """You pass the gradient on as it comes. The forward pass multiplied each element by a constant; multiply its
    gradient by the same one.
    """
    return dout


def inverted_dropout_backward__undoes(dout, mask, p):
    """You multiply by 1 − p, as if the backward pass had to undo the forward pass. The gradient is multiplied by the
    same factor as the forward pass.
    """
    return dout * mask * (1 - p)


def inverted_dropout_backward__divides_by_p(dout, mask, p):
    """You divide by p. Look at the forward pass again: by what was a kept unit divided?"""
    with np.errstate(all="ignore"):
        return dout * mask / np.float64(p)


def inverted_dropout_backward__twice(dout, mask, p):
    """You divide by 1 − p twice. The forward pass did it once."""
    return dout * mask / (1 - p) ** 2


def inverted_dropout_backward__own_share(dout, mask, p):
    """You divide by the share of the mask that is on. The forward pass divided by 1 − p, whatever the mask was."""
    return dout * mask / max(mask.mean(), 1e-9)


def inverted_dropout_backward__other_side(dout, mask, p):
    """You pass the gradient to the units that were off. The mask is True where a unit was kept."""
    return dout * ~mask / (1 - p)


def inverted_dropout_backward__first_row_for_all(dout, mask, p):
    """You use the mask of the first example for the whole batch. Each example had a mask of its own."""
    return dout * mask[0] / (1 - p)


def inverted_dropout_backward__drops_again(dout, mask, p):
    """You draw a new mask. The gradient goes through the units that were on in the forward pass: use the mask that you
    are given.
    """
    return dout * (np.random.default_rng(0).random(dout.shape) >= p) / (1 - p)


def inverted_dropout_backward__in_place(dout, mask, p):
    """You change the array dout itself, which the caller still needs. Compute a new array."""
    dout *= mask
    dout /= 1 - p
    return dout


def subnetwork_average__scaled_weights(x, W, b, p):
    """You apply the relu once, to the mean of z: that is one pass with scaled weights. This is what the mean is to be
    compared with. Apply the relu to each thinned network, and average afterwards.
    """
    return np.maximum((1 - p) * (x @ W) + b, 0)


def subnetwork_average__no_relu(x, W, b, p):
    """You average z and leave out the relu. Each thinned network ends with a relu."""
    return (1 - p) * (x @ W) + b


def subnetwork_average__equal_weights(x, W, b, p):
    """You take all masks as equally likely. That is so for p = 0.5 only; a mask with k inputs on has the probability (1
    − p)^k p^(D − k).
    """
    from itertools import product

    return np.mean([np.maximum((x * np.array(mask)) @ W + b, 0) for mask in product((0, 1), repeat=len(W))], axis=0)


def subnetwork_average__sum(x, W, b, p):
    """You add up all masks without their probabilities. A mean weighs each of them."""
    from itertools import product

    return np.sum([np.maximum((x * np.array(mask)) @ W + b, 0) for mask in product((0, 1), repeat=len(W))], axis=0)


def subnetwork_average__p_is_keep(x, W, b, p):
    """You take p for the probability of keeping an input. Here it is the probability of dropping it."""
    from itertools import product

    average = 0
    for mask in product((0, 1), repeat=len(W)):
        probability = np.prod([p if on else 1 - p for on in mask])
        average = average + probability * np.maximum((x * np.array(mask)) @ W + b, 0)
    return average


def subnetwork_average__rescaled(x, W, b, p):
    """You divide the kept inputs by 1 − p. In this function nothing is rescaled."""
    from itertools import product

    average = 0
    for mask in product((0, 1), repeat=len(W)):
        probability = np.prod([1 - p if on else p for on in mask])
        kept = x * np.array(mask) / (1 - p if p < 1 else 1)
        average = average + probability * np.maximum(kept @ W + b, 0)
    return average


def subnetwork_average__counts_twice(x, W, b, p):
    """You multiply by the number of masks with k inputs on, and also go through all of these masks. Each mask counts
    once, with the probability (1 − p)^k p^(D − k).
    """
    from itertools import product
    from math import comb

    average, d = 0, len(W)
    for mask in product((0, 1), repeat=d):
        k = sum(mask)
        probability = comb(d, k) * (1 - p) ** k * p ** (d - k)
        average = average + probability * np.maximum((x * np.array(mask)) @ W + b, 0)
    return average


def subnetwork_average__no_bias(x, W, b, p):
    """You leave out the bias b."""
    from itertools import product

    average = 0
    for mask in product((0, 1), repeat=len(W)):
        probability = np.prod([1 - p if on else p for on in mask])
        average = average + probability * np.maximum((x * np.array(mask)) @ W, 0)
    return average


def subnetwork_average__bias_after_the_relu(x, W, b, p):
    """You add the bias after the relu. It belongs to z."""
    from itertools import product

    average = 0
    for mask in product((0, 1), repeat=len(W)):
        probability = np.prod([1 - p if on else p for on in mask])
        average = average + probability * (np.maximum((x * np.array(mask)) @ W, 0) + b)
    return average


def subnetwork_average__bias_scaled(x, W, b, p):
    """You scale the bias by 1 − p. No mask stands before it, so it is always there in full."""
    from itertools import product

    average = 0
    for mask in product((0, 1), repeat=len(W)):
        probability = np.prod([1 - p if on else p for on in mask])
        average = average + probability * np.maximum((x * np.array(mask)) @ W + (1 - p) * b, 0)
    return average


def subnetwork_average__masks_the_units(x, W, b, p):
    """You scale the outputs of the layer, as if its units were dropped. The mask is over the D inputs x."""
    return (1 - p) * np.maximum(x @ W + b, 0)


def subnetwork_average__nobody_is_missing(x, W, b, p):
    """You leave out the mask with all inputs off. It is one of the 2^D masks, and there the bias alone decides."""
    from itertools import product

    average = np.zeros((len(x), W.shape[1]))
    for mask in list(product((0, 1), repeat=len(W)))[1:]:
        probability = np.prod([1 - p if on else p for on in mask])
        average = average + probability * np.maximum((x * np.array(mask)) @ W + b, 0)
    return average


def subnetwork_average__nobody_is_complete(x, W, b, p):
    """You leave out the mask with all inputs on. It is one of the 2^D masks. Does your range end one too early?"""
    from itertools import product

    average = np.zeros((len(x), W.shape[1]))
    for mask in list(product((0, 1), repeat=len(W)))[:-1]:
        probability = np.prod([1 - p if on else p for on in mask])
        average = average + probability * np.maximum((x * np.array(mask)) @ W + b, 0)
    return average


def subnetwork_average__one_at_a_time(x, W, b, p):
    """You drop one input at a time. A mask may drop any number of inputs: there are 2^D masks, not D + 1."""
    d = len(W)
    average = (1 - p) ** d * np.maximum(x @ W + b, 0)
    for j in range(d):
        mask = np.ones(d)
        mask[j] = 0
        average = average + p * (1 - p) ** (d - 1) * np.maximum((x * mask) @ W + b, 0)
    return average


def subnetwork_average__samples(x, W, b, p):
    """You draw masks at random. The mean of a sample is near the answer, but the exact mean over all 2^D masks is
    wanted.
    """
    masks = np.random.default_rng(0).random((2000, *x.shape)) >= p
    return np.mean([np.maximum((x * mask) @ W + b, 0) for mask in masks], axis=0)


def subnetwork_average__eight_bits(x, W, b, p):
    """You make your masks from numbers of 8 bits, so it fails for more than 8 inputs. D goes up to 12."""
    d = len(W)
    average = 0
    for number in np.arange(min(2**d, 256), dtype=np.uint8):
        mask = np.zeros(d)
        mask[: min(d, 8)] = np.unpackbits(number[None])[::-1][:d]
        k = mask.sum()
        average = average + (1 - p) ** k * p ** (d - k) * np.maximum((x * mask) @ W + b, 0)
    return average


def subnetwork_average__divides_by_keep(x, W, b, p):
    """You divide by 1 − p or take a logarithm to get the probabilities, so it breaks for p = 1. There one mask has the
    probability 1 and all others have 0.
    """
    from itertools import product

    average, d = 0, len(W)
    for mask in product((0, 1), repeat=d):
        with np.errstate(all="ignore"):
            probability = (1 - p) ** d * (p / np.float64(1 - p)) ** (d - sum(mask))
        average = average + probability * np.maximum((x * np.array(mask)) @ W + b, 0)
    return average


def subnetwork_average__mean_over_the_batch(x, W, b, p):
    """You average over the examples, too. The mean is over the masks only; the result has the shape [N, M]."""
    from itertools import product

    average = 0
    for mask in product((0, 1), repeat=len(W)):
        probability = np.prod([1 - p if on else p for on in mask])
        average = average + probability * np.maximum((x * np.array(mask)) @ W + b, 0).mean(axis=0)
    return average


def hidden_width__binary_fractions(n, p):
    """You divide with floats, where 1 − 0.9 is a little less than 0.1. So a quotient that should be whole is a little
    more, and is rounded up by one too many. Take p as a decimal number.
    """
    return int(np.ceil(n / (1 - p)))


def hidden_width__exact_binary_fraction(n, p):
    """You use exact fractions, but of the binary number that is stored for p, and that is not quite p. Which decimal
    number does p print as?
    """
    from fractions import Fraction
    from math import ceil

    return ceil(n / (1 - Fraction(p)))


def hidden_width__rounds_down(n, p):
    """You round down, so that fewer than n units are on, on average. Round up."""
    from fractions import Fraction
    from math import floor

    return floor(n / (1 - Fraction(str(p))))


def hidden_width__rounds_to_the_nearest(n, p):
    """You round to the nearest integer, which is too small as often as not. Round up."""
    from fractions import Fraction

    return round(n / (1 - Fraction(str(p))))


def hidden_width__always_one_more(n, p):
    """You round down and add 1. When the quotient is an integer already, this is one too many."""
    from fractions import Fraction
    from math import floor

    return floor(n / (1 - Fraction(str(p)))) + 1


def hidden_width__divides_by_p(n, p):
    """You divide by p. Of n' units the share 1 − p is on, on average."""
    from fractions import Fraction
    from math import ceil

    return ceil(n / Fraction(str(p))) if p else n


def hidden_width__multiplies(n, p):
    """You multiply by 1 − p, and the layer becomes narrower. How many units are needed so that n are left?"""
    from fractions import Fraction
    from math import ceil

    return ceil(n * (1 - Fraction(str(p))))


def hidden_width__adds_the_share(n, p):
    """You add the share p of n. These new units are dropped, too: n(1 + p) is not n/(1 − p)."""
    from fractions import Fraction
    from math import ceil

    return ceil(n * (1 + Fraction(str(p))))


def hidden_width__float(n, p):
    """Your number is right, but it is a float. A number of units is an integer: return an int."""
    from fractions import Fraction
    from math import ceil

    return float(ceil(n / (1 - Fraction(str(p)))))


def hidden_width__two_decimals(n, p):
    """You round p to two decimals. It may have three, as 0.125 or 0.999."""
    hundredths = 100 - round(100 * p)
    return -(-100 * n // hundredths) if hundredths else 1000 * n


def subnetwork_average__in_place(x, W, b, p):
    """You multiply the mask into x itself, so an input that was dropped once stays dropped, and the caller's x is lost.
    Work on a new array for each mask.
    """
    from itertools import product

    average = 0
    for mask in product((0, 1), repeat=len(W)):
        probability = np.prod([1 - p if on else p for on in mask])
        x *= np.array(mask)
        average = average + probability * np.maximum(x @ W + b, 0)
    return average


def hidden_width__hides_the_error(n, p):
    """You round the quotient to some decimals, or take off a little, before you round it up. This hides the error of
    the float for small n, but for large n the error is larger. Compute with p as a decimal number, exactly.
    """
    return int(np.ceil(np.round(n / (1 - p), 9)))


def _of_masks(name, *refused):
    """Probes of a forward pass: numbers that are the same for all right ways to draw, with margins that chance does not
    cross. With p = 0.3 no mask of 301 × 199 units can have exactly the share 0.7.
    """

    def once(call):
        a = np.ones((301, 199))
        result = call(name, a, 0.3, np.random.default_rng(31))
        parts = list(result) if isinstance(result, (list, tuple)) else [result]
        seen = [[part.shape, part.dtype.kind, np.unique(np.round(part.astype(float), 1))] for part in parts]
        seen.append(np.all(a == 1))
        if len(parts) == 2 and parts[1].shape == a.shape:
            kept = parts[1] > 0
            mean = kept.mean()
            seen += [np.round(mean, 1), np.all((parts[0] > 0) == kept), abs(np.max(parts[0]) * mean - 1) < 1e-9]
            for axis in (0, 1):
                ratio = kept.sum(axis=axis).var() / (kept.shape[axis] * 0.3 * 0.7)
                seen += [np.unique(kept, axis=axis).shape, "low" if ratio < 0.3 else "high" if ratio > 2.5 else "right"]
        return seen

    def silent_units(call):
        _, mask = call(name, np.zeros((100, 100)), 0.3, np.random.default_rng(32))
        return np.round(np.mean(mask), 1)

    def seeds(call):
        first, again, other = (call(name, np.ones((20, 30)), 0.3, np.random.default_rng(s))[1] for s in (33, 33, 34))
        return [np.array_equal(first, again), np.array_equal(first, other)]

    def at(p):
        return lambda call: list(call(name, np.ones((2, 3)), p, np.random.default_rng(35)))

    return [once, silent_units, seeds, *map(at, (0.0, 1.0, *refused))]


def _near_or_not(result, x, W, b, p):
    """The result itself, or that it is near the right one, as the mean of a sample is."""
    masks = np.array(np.meshgrid(*[[0, 1]] * len(W))).reshape(len(W), -1).T
    chances = np.prod(np.where(masks == 1, 1 - p, p), axis=1)
    right = sum(chance * np.maximum((x * mask) @ W + b, 0) for chance, mask in zip(chances, masks, strict=True))
    return "near" if result.shape == right.shape and 1e-9 < np.abs(result - right).max() < 0.1 else result


_W, _G = np.array([[2.0, -4.0, 0.0], [1.0, 8.0, -3.0]]), np.array([[1.0, -0.5, 2.0], [0.0, 3.0, -1.0]])
_DOUT = np.array([[1.5, -2.0, 3.0, -4.0], [0.5, 6.0, -7.0, 8.0], [9.0, -1.0, 2.5, -3.5]])
_MASK = np.array([[True, False, True, True], [False, True, True, False], [True, True, True, True]])
_RNG = np.random.default_rng(30)
_NET = {"x": _RNG.standard_normal((3, 4)), "W": _RNG.standard_normal((4, 2)), "b": np.array([0.3, -0.4])}
_NINE = {"x": np.ones((1, 9)), "W": np.ones((9, 1)), "b": np.array([-1.5])}

# The inputs by which the grader tells the mistakes apart.
PROBES = {
    "weight_decay_step": [
        {"w": _W, "g": _G, "eta": 0.25, "lam": 0.4},
        {"w": _W, "g": _G, "eta": 3.0, "lam": 0.5},
    ],
    "dropout_forward": _of_masks("dropout_forward"),
    "dropout_backward": [{"dout": _DOUT, "mask": _MASK}, {"dout": _DOUT[:2], "mask": ~_MASK[:2]}],
    "scale_weights": [{"W": _W, "p": 0.2}, {"W": _G, "p": 0.75}, {"W": _G, "p": 0.0}],
    "inverted_dropout_forward": _of_masks("inverted_dropout_forward", -0.5, 1.5),
    "inverted_dropout_backward": [
        {"dout": _DOUT, "mask": _MASK, "p": 0.3},
        {"dout": _DOUT[:2], "mask": ~_MASK[:2], "p": 0.8},
    ],
    "subnetwork_average": [_NET | {"p": 0.3}, _NET | {"p": 0.5}, _NET | {"p": 1.0}, _NINE | {"p": 0.6}],
    "hidden_width": [
        {"n": n, "p": p}
        for n, p in [
            (10, 0.3),
            (6, 0.25),
            (3, 0.7),
            (49, 0.51),
            (13, 0.125),
            (700, 0.125),
            (1, 0.9),
            (9, 0.1),
            (10**9, 0.936),
        ]
    ],
}
# A sample differs from draw to draw: compared is only that it is near.
FEATURES = {"subnetwork_average": _near_or_not}
