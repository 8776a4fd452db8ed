"""Known mistakes in the assignment `activations`: wrong solutions, each with what the feedback says about it."""

import numpy as np


def sigmoid__overflows(z):
    """You use the formula as it stands, and it overflows for very negative z. Use e to the power of −|z|, which is
    at most 1, on both sides of 0.
    """
    return 1 / (1 + np.exp(-z))


def sigmoid__nan_on_the_right(z):
    """You divide two exponentials of z, and for large z that is inf/inf, which is nan. This form is safe only for z
    < 0; think of another one for z ≥ 0.
    """
    return np.exp(z) / (1 + np.exp(z))


def sigmoid__both_branches_of_where(z):
    """You have a safe form for each side of 0, but `np.where` computes both forms for all entries, so one of them
    overflows. Which power of e is safe on either side?
    """
    return np.where(z < 0, np.exp(z) / (1 + np.exp(z)), 1 / (1 + np.exp(-z)))


def sigmoid__clipped_too_early(z):
    """You clip z at a point where σ(z) is not yet 0 or 1, so the far ends are wrong by more than 1e-15. With |z| in
    the exponent you need no clipping.
    """
    return 1 / (1 + np.exp(-np.clip(z, -20, 20)))


def sigmoid__tanh(z):
    """You return tanh(z), which runs from −1 to 1. The sigmoid runs from 0 to 1 and is 0.5 at z = 0."""
    return np.tanh(z)


def sigmoid__wrong_sign(z):
    """You lost the minus sign in the exponent, so your curve falls from 1 to 0. The sigmoid rises with z."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, e, 1) / (1 + e)


def sigmoid__missing_brackets(z):
    """You divide 1 by 1 and add the exponential afterwards. The whole sum belongs under the fraction bar: mind the
    brackets.
    """
    return 1 / 1 + np.exp(-z)


def sigmoid__same_form_on_both_sides(z):
    """You use |z| in the same form on both sides of 0, so your curve is symmetric: σ(−2) comes out as σ(2). What do
    you have to multiply by, for z < 0, to get from one form to the other?
    """
    return 1 / (1 + np.exp(-np.abs(z)))


def sigmoid__slope(z):
    """You return the slope σ'(z) and not σ(z). The slope is wanted in the next function."""
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


def sigmoid__softmax(z):
    """You divide by the sum over all entries, which is the softmax. The sigmoid works on each entry alone and does
    not look at its neighbours.
    """
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def sigmoid__one_number_only(z):
    """You use `math.exp`, which takes one number only, and z is an array. Use NumPy's function, or go through the
    entries.
    """
    import math

    return 1 / (1 + math.exp(-z))


def sigmoid__one_if_for_all(z):
    """You ask with `if` whether z ≥ 0, but z is an array: some entries are, others are not. Decide for each entry."""
    if z >= 0:
        return 1 / (1 + np.exp(-z))
    return np.exp(z) / (1 + np.exp(z))


def sigmoid__two_axes_at_most(z):
    """Your loops go through rows and columns only, so an array with three axes does not pass. The shape of z can be
    any.
    """
    import math

    return np.array([[1 / (1 + math.exp(-max(v, -700))) for v in row] for row in np.atleast_2d(z)]).reshape(z.shape)


def sigmoid__in_place(z):
    """You clip z itself, so the caller's array has changed afterwards. Clip a copy, or find a form that needs no
    clipping.
    """
    np.clip(z, -700, 700, out=z)
    return 1 / (1 + np.exp(-z))


def sigmoid_backward__takes_z_for_a(da, z):
    """You put z where σ(z) belongs. The slope is expressed by the sigmoid's output, and this function gets its
    input z.
    """
    return da * z * (1 - z)


def sigmoid_backward__sigmoid_twice(da, z):
    """You apply the sigmoid twice before you take the slope. The function gets z itself, the pre-activation."""
    a = (1 + np.tanh((1 + np.tanh(z / 2)) / 4)) / 2
    return da * a * (1 - a)


def sigmoid_backward__forgets_da(da, z):
    """You return the slope σ'(z) alone and leave out da. By the chain rule a gate multiplies its slope by what
    comes from above.
    """
    a = (1 + np.tanh(z / 2)) / 2
    return a * (1 - a)


def sigmoid_backward__first_factor_only(da, z):
    """You multiply by σ(z) instead of the slope σ'(z). The slope is a product of two factors, and it is near 0 on
    both sides.
    """
    return da * (1 + np.tanh(z / 2)) / 2


def sigmoid_backward__second_factor_only(da, z):
    """You multiply by 1 − σ(z) instead of the slope σ'(z). The slope is a product of two factors, and it is near 0
    on both sides.
    """
    return da * (1 - np.tanh(z / 2)) / 2


def sigmoid_backward__wrong_sign(da, z):
    """Your gradient has the wrong sign. The sigmoid rises everywhere, so its slope is positive."""
    a = (1 + np.tanh(z / 2)) / 2
    return da * a * (a - 1)


def sigmoid_backward__slope_of_tanh(da, z):
    """You use the slope of tanh, one minus the square of the output. The sigmoid has a slope of its own: at z = 0
    it is 1/4.
    """
    a = (1 + np.tanh(z / 2)) / 2
    return da * (1 - a**2)


def sigmoid_backward__mean(da, z):
    """You divide by the number of examples. A gate has no batch to average over: every entry of dz depends on its
    own entry alone.
    """
    a = (1 + np.tanh(z / 2)) / 2
    return da * a * (1 - a) / len(z)


def sigmoid_backward__difference_quotient(da, z):
    """You approximate the slope by a difference quotient, and it is not exact enough. Derive the slope; it can be
    expressed by σ(z).
    """
    h = 1e-4
    return da * (np.tanh((z + h) / 2) - np.tanh(z / 2)) / (2 * h)


def sigmoid_backward__never_zero(da, z):
    """You keep σ(z) away from 0 and 1, so a saturated gate still passes some gradient. Far from 0 the slope is 0."""
    a = np.clip((1 + np.tanh(z / 2)) / 2, 1e-6, 1 - 1e-6)
    return da * a * (1 - a)


def sigmoid_backward__nan_far_out(da, z):
    """For very negative z you divide inf by inf, and the gradient becomes nan. Express the slope by σ(z), computed
    in the safe way.
    """
    return da * np.exp(-z) / (1 + np.exp(-z)) ** 2


def sigmoid_backward__in_place(da, z):
    """You multiply da in place, so the caller's array has changed afterwards. Make a new array for the product."""
    a = (1 + np.tanh(z / 2)) / 2
    da *= a * (1 - a)
    return da


def relu__in_place(z):
    """You write the zeros into z itself, so the caller's pre-activations are lost. Work on a copy: the backward
    pass still needs z.
    """
    z[z < 0] = 0
    return z


def relu__absolute_value(z):
    """You return the absolute value of z. On the left side ReLU is 0."""
    return np.abs(z)


def relu__prints(z):
    """You print the result and return nothing. The caller needs it: end with `return`."""
    print(np.maximum(z, 0))


def relu__largest_of_each_column(z):
    """You use `np.max` with the axis 0, which looks for the largest number of each column. ReLU compares each entry
    with 0, and its result has the shape of z.
    """
    return np.max(z, 0)


def relu__one_max_for_all(z):
    """You use Python's `max`, which compares z with 0 as a whole. Compare each entry."""
    return max(0, z)


def relu__step(z):
    """You return 1 where z > 0. That is ReLU's slope; ReLU itself passes z on."""
    return (z > 0).astype(float)


def relu__negative_part(z):
    """You keep the negative numbers and drop the positive ones. ReLU does the opposite."""
    return np.minimum(z, 0)


def relu__leaky(z):
    """Your function leaks on the left side. That is the leaky ReLU; the plain one is 0 there."""
    return np.where(z > 0, z, 0.01 * z)


def relu__capped(z):
    """You cut off at 1. ReLU has no upper end: on the right side a = z."""
    return np.clip(z, 0, 1)


def relu__drops_entries(z):
    """You return the positive entries only, in one row. Every entry keeps its place, and where z is negative the
    result is 0.
    """
    return z[z > 0]


def relu__integers(z):
    """You turn the result into integers and so cut off what stands behind the point. All arrays here are float64."""
    return np.maximum(z, 0).astype(int)


def relu__threshold(z):
    """You treat tiny positive numbers as 0. The corner is at 0 exactly: where z > 0, however small, a = z."""
    return np.where(z > 1e-8, z, 0.0)


def relu__first_row_only(z):
    """You use the first row of z only. The result has the shape of z, whatever that is."""
    return np.array([[max(v, 0.0) for v in z[0]]])


def relu_backward__one_at_zero(da, z):
    """You take 1 as the derivative at z = 0. ReLU has a corner there, and we chose 0."""
    return da * (z >= 0)


def relu_backward__half_at_zero(da, z):
    """You take 1/2 as the derivative at z = 0. ReLU has a corner there, and we chose 0."""
    return da * np.heaviside(z, 0.5)


def relu_backward__forgets_da(da, z):
    """You return the slope alone and leave out da. By the chain rule a gate multiplies its slope by what comes from
    above.
    """
    return (z > 0).astype(float)


def relu_backward__gated_by_da(da, z):
    """You open the gate where da is positive. The gate was set in the forward pass, and there only z counted."""
    return da * (da > 0)


def relu_backward__stops_negative_da(da, z):
    """You stop negative gradients, as if da went through a ReLU, too. Where z > 0 the gradient passes unchanged,
    whatever its sign.
    """
    return np.where(z > 0, np.maximum(da, 0), 0)


def relu_backward__times_a(da, z):
    """You multiply da by relu(z). By the chain rule it is multiplied by the slope, which is 0 or 1."""
    return da * np.maximum(z, 0)


def relu_backward__forward(da, z):
    """You return relu(z), the forward pass again. Here z only decides where da may pass."""
    return np.where(z > 0, z, 0)


def relu_backward__no_gate(da, z):
    """You pass on all of da. Where ReLU was 0 in the forward pass, nothing comes back."""
    return da.copy()


def relu_backward__wrong_side(da, z):
    """You pass da on where z is negative. There ReLU is flat and its slope is 0."""
    return da * (z < 0)


def relu_backward__sign(da, z):
    """You multiply by the sign of z, so the left side gets −da. ReLU is flat there: its slope is 0."""
    return da * np.sign(z)


def relu_backward__mean(da, z):
    """You divide by the number of examples. A gate has no batch to average over: every entry of dz depends on its
    own entry alone.
    """
    return da * (z > 0) / len(z)


def relu_backward__drops_entries(da, z):
    """You return only the entries that pass, in one row. Every entry keeps its place, and where the gate is closed
    the result is 0.
    """
    return da[z > 0]


def relu_backward__threshold(da, z):
    """You close the gate for tiny positive z. The corner is at 0 exactly: where z > 0, however small, the slope is
    1.
    """
    return da * (z > 1e-8)


def relu_backward__in_place(da, z):
    """You write the zeros into da itself, so the caller's array has changed afterwards. Work on a copy."""
    da[z <= 0] = 0
    return da


def leaky_relu__leak_on_both_sides(z, alpha=0.01):
    """You add αz on both sides, so the right side has the slope 1 + α. Where z > 0 the result is z."""
    return np.maximum(z, 0) + alpha * z


def leaky_relu__ignores_alpha(z, alpha=0.01):
    """You always use the slope 0.01. The caller may choose another α."""
    return np.where(z > 0, z, 0.01 * z)


def leaky_relu__wrong_sign(z, alpha=0.01):
    """Your left side goes up again, as if its slope were −α. It goes on falling to the left, only more slowly."""
    return np.where(z > 0, z, -alpha * z)


def leaky_relu__alpha_for_z(z, alpha=0.01):
    """You return α itself on the left side. The left side is a line with the slope α, so the result depends on z
    there.
    """
    return np.where(z > 0, z, alpha)


def leaky_relu__maximum_with_alpha(z, alpha=0.01):
    """You compare z with α itself. α is a slope and not a height: what is the value at z = −10?"""
    return np.maximum(alpha, z)


def leaky_relu__wrong_side(z, alpha=0.01):
    """You multiply by α on the right side and leave the left side as it is. It is the left side, z < 0, that leaks."""
    return np.where(z > 0, alpha * z, z)


def leaky_relu__no_leak(z, alpha=0.01):
    """Your function is 0 on the left side, which is the plain ReLU. A leaky unit keeps a small slope α there."""
    return np.maximum(z, 0.0)


def leaky_relu__divides_by_alpha(z, alpha=0.01):
    """You divide by α on the left side, as one paper writes it. Here α is the slope itself, so z is multiplied by
    it.
    """
    return np.where(z > 0, z, z / alpha)


def leaky_relu__zero_means_default(z, alpha=0.01):
    """You treat α = 0 as if no α were given. It is an allowed slope, and makes the plain ReLU."""
    return np.where(z > 0, z, (alpha or 0.01) * z)


def leaky_relu__two_axes_only(z, alpha=0.01):
    """Your loops go through rows and columns only. The shape of z can be any, with one axis or with three."""
    a = np.zeros(z.shape)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            a[i, j] = z[i, j] if z[i, j] > 0 else alpha * z[i, j]
    return a


def leaky_relu__in_place(z, alpha=0.01):
    """You multiply z itself by α, so the caller's pre-activations are lost. Work on a copy: the backward pass still
    needs z.
    """
    z[z < 0] *= alpha
    return z


def leaky_relu_backward__one_at_zero(da, z, alpha=0.01):
    """You take 1 as the derivative at z = 0. There is a corner, and we chose α."""
    return da * np.where(z >= 0, 1, alpha)


def leaky_relu_backward__zero_at_zero(da, z, alpha=0.01):
    """You take 0 as the derivative at z = 0, as for the plain ReLU. For the leaky ReLU we chose α."""
    return da * ((z > 0) + alpha * (z < 0))


def leaky_relu_backward__forgets_da(da, z, alpha=0.01):
    """You return the slope alone and leave out da. By the chain rule a gate multiplies its slope by what comes from
    above.
    """
    return np.where(z > 0, 1.0, alpha)


def leaky_relu_backward__alpha_without_da(da, z, alpha=0.01):
    """On the left side you return α itself. There, too, the slope is multiplied by what comes from above."""
    return np.where(z > 0, da, alpha)


def leaky_relu_backward__gated_by_da(da, z, alpha=0.01):
    """You choose the side by the sign of da. The side was settled in the forward pass, and there only z counted."""
    return np.where(da > 0, da, alpha * da)


def leaky_relu_backward__times_a(da, z, alpha=0.01):
    """You multiply da by the activation. By the chain rule it is multiplied by the slope, which is 1 or α."""
    return da * np.where(z > 0, z, alpha * z)


def leaky_relu_backward__no_leak(da, z, alpha=0.01):
    """You pass nothing on the left side, as for the plain ReLU. A leaky unit passes the share α there, which keeps
    it alive.
    """
    return da * (z > 0)


def leaky_relu_backward__wrong_side(da, z, alpha=0.01):
    """You multiply by α on the right side and pass all on the left. It is the other way round."""
    return np.where(z > 0, alpha * da, da)


def leaky_relu_backward__ignores_alpha(da, z, alpha=0.01):
    """You always use the slope 0.01. The caller may choose another α."""
    return np.where(z > 0, da, 0.01 * da)


def leaky_relu_backward__zero_means_default(da, z, alpha=0.01):
    """You treat α = 0 as if no α were given. It is an allowed slope, and makes the plain ReLU."""
    return np.where(z > 0, da, (alpha or 0.01) * da)


def leaky_relu_backward__two_axes_only(da, z, alpha=0.01):
    """Your loops go through rows and columns only. The shape of z can be any, with one axis or with three."""
    dz = np.zeros(z.shape)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            dz[i, j] = da[i, j] if z[i, j] > 0 else alpha * da[i, j]
    return dz


def leaky_relu_backward__in_place(da, z, alpha=0.01):
    """You multiply da itself by α, so the caller's array has changed afterwards. Work on a copy."""
    da[z <= 0] *= alpha
    return da


def prelu_backward__one_at_zero(da, z, alpha):
    """You take 1 as the derivative of a by z at z = 0. There is a corner, and we chose α."""
    return np.where(z >= 0, da, alpha * da), float(np.sum(da * np.minimum(z, 0)))


def prelu_backward__no_leak(da, z, alpha):
    """Your dz is 0 on the left side, as for the plain ReLU. There a = αz, so some of the gradient passes."""
    return da * (z > 0), float(np.sum(da * np.minimum(z, 0)))


def prelu_backward__mean(da, z, alpha):
    """You average dalpha over all entries. The same α acts in all these places, so their parts are added up."""
    return np.where(z > 0, da, alpha * da), float(np.mean(da * np.minimum(z, 0)))


def prelu_backward__divides_by_batch(da, z, alpha):
    """You divide dalpha by the number of examples. The cost is the sum over the batch, so the parts are only added
    up.
    """
    return np.where(z > 0, da, alpha * da), float(np.sum(da * np.minimum(z, 0)) / len(z))


def prelu_backward__wrong_side(da, z, alpha):
    """You add up dalpha over the entries with z > 0. There a = z, which does not depend on α; the other side does."""
    return np.where(z > 0, da, alpha * da), float(np.sum(da * np.maximum(z, 0)))


def prelu_backward__both_sides(da, z, alpha):
    """You add up dalpha over all entries. Where z > 0 the activation does not depend on α and adds nothing."""
    return np.where(z > 0, da, alpha * da), float(np.sum(da * z))


def prelu_backward__dalpha_without_da(da, z, alpha):
    """You leave da out of dalpha. By the chain rule each ∂a/∂α is multiplied by what comes from above."""
    return np.where(z > 0, da, alpha * da), float(np.sum(np.minimum(z, 0)))


def prelu_backward__dalpha_without_z(da, z, alpha):
    """For dalpha you only add up da where z is negative. What is the derivative of αz by α?"""
    return np.where(z > 0, da, alpha * da), float(np.sum(da * (z < 0)))


def prelu_backward__dalpha_times_alpha(da, z, alpha):
    """You multiply dalpha by α, as if you took the activation αz itself. The derivative of αz by α has no α in it."""
    return np.where(z > 0, da, alpha * da), float(np.sum(da * alpha * np.minimum(z, 0)))


def prelu_backward__divides_by_alpha(da, z, alpha):
    """You get z back from the activation by dividing by α, so for α = 0 your dalpha is nan. You have z itself."""
    a = np.where(z > 0, 0, alpha * z)
    return np.where(z > 0, da, alpha * da), float(np.sum(da * a / alpha))


def prelu_backward__alpha_for_each_unit(da, z, alpha):
    """You return one dalpha for each column. Here all units share one α, so dalpha is one number: add up over the
    units as well.
    """
    return np.where(z > 0, da, alpha * da), np.sum(da * np.minimum(z, 0), axis=0)


def prelu_backward__not_added_up(da, z, alpha):
    """You return dalpha as an array, with the part of each entry. All parts go into the same α: add them up."""
    return np.where(z > 0, da, alpha * da), da * np.minimum(z, 0)


def prelu_backward__keeps_the_axes(da, z, alpha):
    """You return dalpha as an array with one entry. Wanted is a float."""
    return np.where(z > 0, da, alpha * da), np.sum(da * np.minimum(z, 0), keepdims=True)


def prelu_backward__array_without_axes(da, z, alpha):
    """You return dalpha as an array without axes. Wanted is a float."""
    return np.where(z > 0, da, alpha * da), np.array(np.sum(da * np.minimum(z, 0)))


def prelu_backward__wrong_order(da, z, alpha):
    """You return the two results in the wrong order. First dz, then dalpha."""
    return float(np.sum(da * np.minimum(z, 0))), np.where(z > 0, da, alpha * da)


def prelu_backward__dz_only(da, z, alpha):
    """You return dz only. α is learned as well, so its gradient dalpha is needed, too."""
    return np.where(z > 0, da, alpha * da)


def prelu_backward__in_place(da, z, alpha):
    """You multiply da itself by α, so the caller's array has changed afterwards. Work on a copy."""
    dalpha = float(np.sum(da * np.minimum(z, 0)))
    da[z <= 0] *= alpha
    return da, dalpha


def error_signals__not_transposed(weights, zs, dC_da, act_backward):
    """You multiply by W the wrong way round. The lecture's formula is for columns, and you have one example in each
    row: write down the shapes of both factors.
    """
    deltas = [act_backward(dC_da, zs[-1])]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(deltas[0] @ weights[i].T, zs[i - 1]))
    return deltas


def error_signals__last_layer_first(weights, zs, dC_da, act_backward):
    """Your list begins with the last layer. You compute it from the last layer to the first, but it is handed back
    as δ^1, ..., δ^L.
    """
    deltas = [act_backward(dC_da, zs[-1])]
    for i in range(len(weights) - 1, 0, -1):
        deltas.append(act_backward(deltas[-1] @ weights[i], zs[i - 1]))
    return deltas


def error_signals__no_slope_at_the_top(weights, zs, dC_da, act_backward):
    """You take ∂C/∂a for the last layer's δ. δ is the derivative by z, so the last layer's activation has to be
    passed as well.
    """
    deltas = [dC_da]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(deltas[0] @ weights[i], zs[i - 1]))
    return deltas


def error_signals__slope_at_the_top_only(weights, zs, dC_da, act_backward):
    """You pass the activation of the last layer only. Every layer below has one, too: its slope σ'(z^l) is missing."""
    deltas = [act_backward(dC_da, zs[-1])]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, deltas[0] @ weights[i])
    return deltas


def error_signals__forgets_dC_da(weights, zs, dC_da, act_backward):
    """You start with 1 and leave out dC_da. The last layer's δ is its slope times the gradient of the cost."""
    deltas = [act_backward(np.ones_like(dC_da), zs[-1])]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(deltas[0] @ weights[i], zs[i - 1]))
    return deltas


def error_signals__always_relu(weights, zs, dC_da, act_backward):
    """You take the slope of ReLU in all layers. The activation is the caller's choice: that is what `act_backward`
    is for.
    """
    deltas = [dC_da * (zs[-1] > 0)]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, deltas[0] @ weights[i] * (zs[i - 1] > 0))
    return deltas


def error_signals__arguments_swapped(weights, zs, dC_da, act_backward):
    """You call `act_backward` with its two arguments swapped. First comes the error from above, then z."""
    deltas = [act_backward(zs[-1], dC_da)]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(zs[i - 1], deltas[0] @ weights[i]))
    return deltas


def error_signals__weights_one_layer_off(weights, zs, dC_da, act_backward):
    """You send δ back through the weights of the layer below, one step too far. Between z^l and z^{l+1} stands
    W^{l+1}.
    """
    deltas = [act_backward(dC_da, zs[-1])]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(deltas[0] @ weights[i - 1], zs[i - 1]))
    return deltas


def error_signals__zs_one_layer_off(weights, zs, dC_da, act_backward):
    """You take the slope at the z of the layer above. The error that arrives at layer l meets the activation of
    layer l, and its own z.
    """
    deltas = [act_backward(dC_da, zs[-1])]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(deltas[0] @ weights[i], zs[i]))
    return deltas


def error_signals__always_the_last_weights(weights, zs, dC_da, act_backward):
    """You send every δ back through the last layer's weights. Each step down has a matrix of its own."""
    deltas = [act_backward(dC_da, zs[-1])]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(deltas[0] @ weights[-1], zs[i - 1]))
    return deltas


def error_signals__one_layer_too_many(weights, zs, dC_da, act_backward):
    """Your list has one entry too many, because you go down to the input x. The input has no pre-activation: the
    list ends at δ^1.
    """
    deltas = [act_backward(dC_da, zs[-1])]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(deltas[0] @ weights[i], zs[i - 1]))
    return [deltas[0] @ weights[0], *deltas]


def error_signals__two_layers_at_most(weights, zs, dC_da, act_backward):
    """You handle one or two layers only. The step down is always the same: repeat it as often as there are layers."""
    last = act_backward(dC_da, zs[-1])
    if len(weights) == 1:
        return [last]
    return [act_backward(last @ weights[-1], zs[-2]), last]


def error_signals__first_example_only(weights, zs, dC_da, act_backward):
    """You compute the error of the first example only. The batch has N examples, one in each row, and every δ has N
    rows.
    """
    deltas = [act_backward(dC_da[:1], zs[-1][:1])]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(deltas[0] @ weights[i], zs[i - 1][:1]))
    return deltas


def error_signals__mean(weights, zs, dC_da, act_backward):
    """You divide by the number of examples. Each row is the error of one example, and nothing is averaged here."""
    deltas = [act_backward(dC_da / len(dC_da), zs[-1])]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(deltas[0] @ weights[i], zs[i - 1]))
    return deltas


def error_signals__uses_up_the_lists(weights, zs, dC_da, act_backward):
    """You take the entries out of the caller's lists, so they are empty or shorter afterwards. Read them by their
    index, or copy the lists first.
    """
    deltas = [act_backward(dC_da, zs.pop())]
    while zs:
        deltas.insert(0, act_backward(deltas[0] @ weights.pop(), zs.pop()))
    return deltas


def error_signals__in_place(weights, zs, dC_da, act_backward):
    """You multiply dC_da in place, so the caller's array has changed afterwards. Make a new array for δ^L."""
    dC_da *= act_backward(np.ones_like(dC_da), zs[-1])
    deltas = [dC_da]
    for i in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(deltas[0] @ weights[i], zs[i - 1]))
    return deltas


def weight_gradients__transposed(deltas, inputs):
    """Your matrices are [inputs, outputs]. A gradient has the shape of its W^l, [outputs, inputs]."""
    return [a.T @ d for d, a in zip(deltas, inputs, strict=True)]


def weight_gradients__mean(deltas, inputs):
    """You divide by the number of examples. Here the cost is the sum over the batch, and so is the gradient."""
    return [d.T @ a / len(a) for d, a in zip(deltas, inputs, strict=True)]


def weight_gradients__not_summed(deltas, inputs):
    """You return a matrix for each example. The gradient of the batch is their sum."""
    return [d[:, :, None] * a[:, None, :] for d, a in zip(deltas, inputs, strict=True)]


def weight_gradients__first_example_only(deltas, inputs):
    """You use the first example only. The gradient is the sum over all examples of the batch."""
    return [np.outer(d[0], a[0]) for d, a in zip(deltas, inputs, strict=True)]


def weight_gradients__product_of_sums(deltas, inputs):
    """You sum δ and a over the batch first and multiply afterwards. Each example has its own product, and the
    products are summed.
    """
    return [np.outer(d.sum(axis=0), a.sum(axis=0)) for d, a in zip(deltas, inputs, strict=True)]


def weight_gradients__wrong_sign(deltas, inputs):
    """Your gradients have the wrong sign. The minus sign belongs to the step of gradient descent, not to the
    gradient.
    """
    return [-d.T @ a for d, a in zip(deltas, inputs, strict=True)]


def weight_gradients__no_list(deltas, inputs):
    """You return the first layer's gradient alone. Wanted is a list with one gradient for each layer."""
    return deltas[0].T @ inputs[0]


def weight_gradients__first_layer_only(deltas, inputs):
    """Your list ends after the first layer. There is one gradient for each layer."""
    return [deltas[0].T @ inputs[0]]


def weight_gradients__one_layer_off(deltas, inputs):
    """You pair δ^l with a^l, the output of its own layer. A weight is fed by what came in, a^{l-1}; the list
    `inputs` begins with a^0.
    """
    return [d.T @ a for d, a in zip(deltas[:-1], inputs[1:], strict=True)]


def weight_gradients__deltas_backwards(deltas, inputs):
    """You read the δs from the last layer to the first, but the inputs from the first to the last. Both lists begin
    with the first layer.
    """
    return [d.T @ a for d, a in zip(reversed(deltas), inputs, strict=True)]


def weight_gradients__turned_until_it_fits(deltas, inputs):
    """You turn the product only when its shape does not fit, so for a square matrix it stays transposed. Which
    index belongs to the rows?
    """
    gradients = []
    for d, a in zip(deltas, inputs, strict=True):
        g = a.T @ d
        gradients.append(g if g.shape == (d.shape[1], a.shape[1]) else g.T)
    return gradients


def weight_gradients__uses_up_the_lists(deltas, inputs):
    """You take the entries out of the caller's lists, so they are empty afterwards. Read them by their index, or
    with a loop over both lists.
    """
    return [deltas.pop(0).T @ inputs.pop(0) for _ in range(len(deltas))]


def dead_units__dead_once(a):
    """You call a unit dead when it is 0 for some example. It is dead when it is 0 for every example."""
    return np.any(a == 0, axis=0)


def dead_units__rows_for_columns(a):
    """You look along the rows, so you get one answer for each example. Units are columns: look down each column."""
    return np.all(a == 0, axis=1)


def dead_units__whole_layer(a):
    """You return one answer for the whole layer. Wanted is one for each unit."""
    return np.all(a == 0)


def dead_units__first_example_only(a):
    """You look at the first example only. A unit that is 0 there may be active for another example."""
    return a[0] == 0


def dead_units__last_example_only(a):
    """You keep the answer of the last example only. A unit that is 0 there may be active for another example."""
    dead = np.zeros(a.shape[1], bool)
    for row in a:
        dead = row == 0
    return dead


def dead_units__mostly_zero(a):
    """You call a unit dead when it is 0 for more than half of the batch. It is dead only when it is 0 for every
    example.
    """
    return np.mean(a == 0, axis=0) > 0.5


def dead_units__living(a):
    """You mark the living units. True is for the dead ones."""
    return np.any(a != 0, axis=0)


def dead_units__indices(a):
    """You return the numbers of the dead units. Wanted is one bool for each unit."""
    return np.flatnonzero(np.all(a == 0, axis=0))


def dead_units__count(a):
    """You return how many units are dead. Wanted is one bool for each unit."""
    return int(np.sum(np.all(a == 0, axis=0)))


def dead_units__floats(a):
    """You return numbers 0.0 and 1.0. Wanted are bools, True and False."""
    return np.all(a == 0, axis=0).astype(float)


def dead_units__keeps_the_axis(a):
    """Your result has two axes, with one row. Wanted is an array [M]."""
    return np.all(a == 0, axis=0, keepdims=True)


def dead_units__list(a):
    """You return a list. Wanted is a bool array [M]."""
    return [bool(np.all(column == 0)) for column in a.T]


def dead_units__integers(a):
    """You cut off what stands behind the point, so an activation below 1 counts as 0. A unit that is active,
    however weakly, is alive.
    """
    return np.all(a.astype(int) == 0, axis=0)


def dead_units__almost_zero(a):
    """You call a unit dead when it is close to 0. A unit that is active once, however weakly, is alive and gets a
    gradient.
    """
    return np.all(np.isclose(a, 0), axis=0)


def dead_units__in_place(a):
    """You overwrite the activations to count them, so the caller's array has changed afterwards. Compare them
    instead, which makes a new array.
    """
    a[a > 0] = 1
    return a.sum(axis=0) == 0


def maxout__forgets_bias(x, W, b):
    """You leave out the bias. Every piece is x W_k + b_k."""
    z = x @ W
    return z.max(axis=0), z.argmax(axis=0)


def maxout__bias_after_the_maximum(x, W, b):
    """You take the maximum before the bias is added. Each piece has a bias of its own, which may decide who wins."""
    z = x @ W
    return z.max(axis=0) + b.max(axis=0), z.argmax(axis=0)


def maxout__bias_on_the_wrong_axis(x, W, b):
    """You add b [K, M] to an array [K, N, M] as it is, and NumPy matches its pieces with the examples. Give b an
    axis for the examples, or add it piece by piece.
    """
    z = x @ W + b
    return z.max(axis=0), z.argmax(axis=0)


def maxout__last_on_a_tie(x, W, b):
    """On a tie you name the last of the equal pieces. The lowest number wins."""
    z = x @ W + b[:, None]
    return z.max(axis=0), len(W) - 1 - z[::-1].argmax(axis=0)


def maxout__tie_after_a_lead(x, W, b):
    """On a tie you sometimes name a later piece: the leader is replaced by one that only equals it. A piece takes
    the lead only when it is larger.
    """
    z = x @ W + b[:, None]
    a, winner = z[0].copy(), np.zeros(z[0].shape, int)
    for k in range(1, len(W)):
        better = (z[k] > a) | ((z[k] == a) & (winner > 0))
        a[better], winner[better] = z[k][better], k
    return a, winner


def maxout__smallest(x, W, b):
    """You take the smallest piece. Maxout takes the largest."""
    z = x @ W + b[:, None]
    return z.min(axis=0), z.argmin(axis=0)


def maxout__largest_in_size(x, W, b):
    """You take the piece that is farthest from 0, so −5 beats 2. The largest number wins, with its sign."""
    z = x @ W + b[:, None]
    winner = np.abs(z).argmax(axis=0)
    return np.take_along_axis(z, winner[None], axis=0)[0], winner


def maxout__sum(x, W, b):
    """You add up the pieces. Only the largest piece counts."""
    z = x @ W + b[:, None]
    return z.sum(axis=0), z.argmax(axis=0)


def maxout__over_the_units(x, W, b):
    """You take the maximum over the units of a layer. Each unit has its own maximum, over its K pieces."""
    z = x @ W + b[:, None]
    return z.max(axis=2), z.argmax(axis=2)


def maxout__relu_on_top(x, W, b):
    """You apply a ReLU to the result. Maxout has no activation function besides the maximum, so it can be negative."""
    z = x @ W + b[:, None]
    return np.maximum(z.max(axis=0), 0), z.argmax(axis=0)


def maxout__starts_from_zero(x, W, b):
    """Your search begins with 0, so a unit whose pieces are all negative finds no winner. Begin with the first
    piece.
    """
    a, winner = np.zeros((len(x), W.shape[2])), np.zeros((len(x), W.shape[2]), int)
    for k in range(len(W)):
        z = x @ W[k] + b[k]
        winner[z > a] = k
        a = np.maximum(a, z)
    return a, winner


def maxout__winner_too_late(x, W, b):
    """You update the maximum before you compare with it, so no later piece ever wins. Compare first."""
    a = x @ W[0] + b[0]
    winner = np.zeros(a.shape, int)
    for k in range(1, len(W)):
        z = x @ W[k] + b[k]
        a = np.maximum(a, z)
        winner[z > a] = k
    return a, winner


def maxout__two_pieces_only(x, W, b):
    """You compare two pieces only, the first and the last. A unit has K pieces, and K can be any number."""
    first, last = x @ W[0] + b[0], x @ W[-1] + b[-1]
    return np.maximum(first, last), (last > first).astype(int)


def maxout__float_winner(x, W, b):
    """Your winners are floats. A winner is the number of a piece, so it is used as an index: make it an integer."""
    z = x @ W + b[:, None]
    return z.max(axis=0), z.argmax(axis=0).astype(float)


def maxout__counts_from_one(x, W, b):
    """You count the pieces from 1. They are numbered from 0 to K − 1, like the entries of W."""
    z = x @ W + b[:, None]
    return z.max(axis=0), z.argmax(axis=0) + 1


def maxout__wrong_order(x, W, b):
    """You return the two results in the wrong order. First the activation a, then the winner."""
    z = x @ W + b[:, None]
    return z.argmax(axis=0), z.max(axis=0)


def maxout__only_a(x, W, b):
    """You return the activation only. The backward pass needs to know which piece won: return the winner, too."""
    return (x @ W + b[:, None]).max(axis=0)


def maxout_backward__every_piece(da, x, W, winner):
    """You send the gradient to every piece. Only the winning piece made the output, so only it gets the gradient."""
    return sum(da @ w.T for w in W), np.stack([x.T @ da] * len(W)), np.stack([da.sum(axis=0)] * len(W))


def maxout_backward__db_for_every_piece(da, x, W, winner):
    """Your db goes to every piece. The bias is like a weight with the input 1: only the winner's bias gets the
    gradient.
    """
    dz = [da * (winner == k) for k in range(len(W))]
    return (
        sum(d @ w.T for d, w in zip(dz, W, strict=True)),
        np.stack([x.T @ d for d in dz]),
        np.stack([da.sum(axis=0)] * len(W)),
    )


def maxout_backward__mean(da, x, W, winner):
    """You divide dW and db by the number of examples. The cost is the sum over the batch, and so are the gradients."""
    dz = [da * (winner == k) for k in range(len(W))]
    dW, db = np.stack([x.T @ d / len(x) for d in dz]), np.stack([d.mean(axis=0) for d in dz])
    return sum(d @ w.T for d, w in zip(dz, W, strict=True)), dW, db


def maxout_backward__dx_of_the_last_piece(da, x, W, winner):
    """Your dx has the part of the last piece only. In a loop over the pieces each one has to be added to what is
    there.
    """
    dz = [da * (winner == k) for k in range(len(W))]
    return dz[-1] @ W[-1].T, np.stack([x.T @ d for d in dz]), np.stack([d.sum(axis=0) for d in dz])


def maxout_backward__winners_of_the_first_example(da, x, W, winner):
    """You use the first example's winners for the whole batch. Each example has winners of its own."""
    dz = [da * (winner[:1] == k) for k in range(len(W))]
    return (
        sum(d @ w.T for d, w in zip(dz, W, strict=True)),
        np.stack([x.T @ d for d in dz]),
        np.stack([d.sum(axis=0) for d in dz]),
    )


def maxout_backward__new_winners_without_bias(da, x, W, winner):
    """You look for the winners again, from x and W, but the biases decide as well. The forward pass hands you its
    winners.
    """
    winner = (x @ W).argmax(axis=0)
    dz = [da * (winner == k) for k in range(len(W))]
    return (
        sum(d @ w.T for d, w in zip(dz, W, strict=True)),
        np.stack([x.T @ d for d in dz]),
        np.stack([d.sum(axis=0) for d in dz]),
    )


def maxout_backward__does_not_add_up(da, x, W, winner):
    """You add with `+=` at the winners' indices, but NumPy adds only once where an index comes several times. Two
    examples with the same winner must both count.
    """
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros((len(W), da.shape[1]))
    for k in range(len(W)):
        dx += (da * (winner == k)) @ W[k].T
    units = np.arange(da.shape[1])
    dW[winner, :, units] += da[:, :, None] * x[:, None, :]
    db[winner, units] += da
    return dx, dW, db


def maxout_backward__dW_without_x(da, x, W, winner):
    """You leave x out of dW, so all inputs get the same gradient. A weight's gradient is what came in times what
    went wrong.
    """
    dz = [da * (winner == k) for k in range(len(W))]
    db = np.stack([d.sum(axis=0) for d in dz])
    return sum(d @ w.T for d, w in zip(dz, W, strict=True)), np.repeat(db[:, None], x.shape[1], axis=1), db


def maxout_backward__two_pieces_only(da, x, W, winner):
    """You handle two pieces only. A unit has K pieces, and K can be any number."""
    dz = [da * (winner == k) for k in range(2)]
    dx = dz[0] @ W[0].T + dz[1] @ W[-1].T
    return dx, np.stack([x.T @ d for d in dz]), np.stack([d.sum(axis=0) for d in dz])


def maxout_backward__pieces_that_win_only(da, x, W, winner):
    """You count the pieces by the highest winner, so pieces behind it are missing. W tells how many there are; a
    piece that never wins gets zeros.
    """
    dz = [da * (winner == k) for k in range(winner.max() + 1)]
    dx = sum(d @ W[k].T for k, d in enumerate(dz))
    return dx, np.stack([x.T @ d for d in dz]), np.stack([d.sum(axis=0) for d in dz])


def maxout_backward__db_keeps_the_axis(da, x, W, winner):
    """Your db has an axis too many, [K, 1, M]. It has the shape of b, which is [K, M]."""
    dz = np.stack([da * (winner == k) for k in range(len(W))])
    return sum(d @ w.T for d, w in zip(dz, W, strict=True)), x.T @ dz, dz.sum(axis=1, keepdims=True)


def maxout_backward__wrong_order(da, x, W, winner):
    """You return dW first. The order is that of the arguments of the forward pass: dx, dW, db."""
    dz = np.stack([da * (winner == k) for k in range(len(W))])
    return x.T @ dz, sum(d @ w.T for d, w in zip(dz, W, strict=True)), dz.sum(axis=1)


def maxout_backward__in_place(da, x, W, winner):
    """You write dW into W itself, so the caller's weights are lost. Make a new array of the same shape."""
    dz = [da * (winner == k) for k in range(len(W))]
    dx = sum(d @ w.T for d, w in zip(dz, W, strict=True))
    W[...] = [x.T @ d for d in dz]
    return dx, W, np.stack([d.sum(axis=0) for d in dz])


def relu_as_maxout__absolute_value(w, b):
    """Your second piece is the first with the opposite sign, and together they make the absolute value. Which
    linear function does ReLU follow on the left side?
    """
    return np.stack([w, -w]), np.stack([b, -b])


def relu_as_maxout__half_the_absolute_value(w, b):
    """Your two pieces are plus and minus one half of x w + b, which makes half the absolute value. Which two lines
    does the picture of ReLU consist of?
    """
    return np.stack([w / 2, -w / 2]), np.stack([b / 2, -b / 2])


def relu_as_maxout__leaky(w, b):
    """Your second piece has a small slope, which makes the leaky ReLU. The plain ReLU is flat on the left side."""
    return np.stack([w, 0.01 * w]), np.stack([b, 0.01 * b])


def relu_as_maxout__bias_in_both_pieces(w, b):
    """Your second piece has the weights 0 but still the bias b. What value has ReLU on the left side?"""
    return np.stack([w, 0 * w]), np.stack([b, b])


def relu_as_maxout__forgets_bias(w, b):
    """You leave the bias out, so the corner is in the wrong place. It belongs to the piece that has the weights w."""
    return np.stack([w, 0 * w]), np.stack([0 * b, 0 * b])


def relu_as_maxout__sorted_by_sign(w, b):
    """You split the weights into positive and negative ones. The two pieces are split by the sign of x w + b, so
    the first one needs all weights.
    """
    return np.stack([np.maximum(w, 0), np.minimum(w, 0)]), np.stack([np.maximum(b, 0), np.minimum(b, 0)])


def relu_as_maxout__one_piece(w, b):
    """Your layer has one piece only, and its maximum is that piece itself. A ReLU has two straight parts, so it
    needs a second piece.
    """
    return w[None], b[None]


def relu_as_maxout__pieces_on_the_second_axis(w, b):
    """The pieces of your W are on its second axis. W is [2, D, M]: the pieces come first."""
    return np.stack([w, 0 * w], axis=1), np.stack([b, 0 * b])


def relu_as_maxout__wrong_order(w, b):
    """You return the biases first. The order is W, then B."""
    return np.stack([b, 0 * b]), np.stack([w, 0 * w])


def relu_as_maxout__lists(w, b):
    """You return lists of arrays. Wanted are two arrays, [2, D, M] and [2, M]."""
    return [w, 0 * w], [b, 0 * b]


def relu_as_maxout__first_input_only(w, b):
    """Your layer has the weights of the first input only. w has a row for each of the D inputs."""
    return np.stack([w[:1], 0 * w[:1]]), np.stack([b, 0 * b])


def relu_as_maxout__in_place(w, b):
    """You set w itself to 0 for the second piece, so the caller's weights are lost. Make new arrays for the pieces."""
    W, B = np.stack([w, 0 * w]), np.stack([b, 0 * b])
    w *= 0
    return W, B


def _layers(widths, examples, seed):
    """Weights, pre-activations, errors at the top and inputs of a net with layers of these widths."""
    rng = np.random.default_rng(seed)
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    weights = [np.round(rng.standard_normal(shape), 2) for shape in shapes]
    zs = [np.round(rng.standard_normal((examples, width)), 2) for width in widths[1:]]
    inputs = [np.round(rng.standard_normal((examples, width)), 2) for width in widths[:-1]]
    return weights, zs, np.round(rng.standard_normal((examples, widths[-1])), 2), inputs


def _backward(widths, examples, seed):
    weights, zs, top, _ = _layers(widths, examples, seed)
    return {"weights": weights, "zs": zs, "dC_da": top, "act_backward": lambda da, z: da * np.cos(z)}


def _gradients(widths, examples, seed):
    _, deltas, _, inputs = _layers(widths, examples, seed)
    return {"deltas": deltas, "inputs": inputs}


def _pieces(n, d, m, k, seed):
    rng = np.random.default_rng(seed)
    return {"x": rng.standard_normal((n, d)), "W": rng.standard_normal((k, d, m)), "b": rng.standard_normal((k, m))}


def _winners(n, d, m, k, highest, seed):
    inputs = _pieces(n, d, m, k, seed)
    del inputs["b"]
    rng = np.random.default_rng(seed)
    return inputs | {"da": rng.standard_normal((n, m)), "winner": rng.integers(0, highest + 1, (n, m))}


def _maxout_of(result, w, b):
    """The shapes of the two arrays, and what the maxout layer computes; the order of its pieces does not matter."""
    W, B = result
    right = W.shape == (2, *w.shape) and B.shape == (2, *b.shape)
    x = np.random.default_rng(100).standard_normal((20, len(w)))
    return {"W": W.shape, "B": B.shape, "a": np.maximum(x @ W[0] + B[0], x @ W[1] + B[1]) if right else None}


_Z = np.array([[-2.0, 0.0, 3.0], [0.5, 1e-9, -0.75]])
_DA = np.array([[1.0, -2.0, -3.0], [4.0, 5.0, -6.0]])
_Z3, _DA3 = np.array([[[-1.5, 2.5]], [[3.5, -4.5]]]), np.array([[[7.0, -8.0]], [[-9.0, 10.0]]])

# The inputs by which the grader tells the mistakes apart.
PROBES = {
    "sigmoid": [{"z": _Z}, {"z": np.array([-800.0, 2.0])}, {"z": np.array([800.0, 2.0])}, {"z": _Z3}],
    "sigmoid_backward": [{"da": _DA, "z": _Z}, {"da": np.array([2.0, -3.0]), "z": np.array([-800.0, 800.0])}],
    "relu": [{"z": _Z}, {"z": _Z3}],
    "relu_backward": [{"da": _DA, "z": _Z}, {"da": _DA3, "z": _Z3}],
    "leaky_relu": [{"z": _Z}, {"z": _Z, "alpha": 0.25}, {"z": _Z, "alpha": 0.0}, {"z": _Z3, "alpha": 0.5}],
    "leaky_relu_backward": [
        {"da": _DA, "z": _Z},
        {"da": _DA, "z": _Z, "alpha": 0.25},
        {"da": _DA, "z": _Z, "alpha": 0.0},
        {"da": _DA3, "z": _Z3, "alpha": 0.5},
    ],
    "prelu_backward": [
        {"da": _DA, "z": _Z, "alpha": 0.25},
        {"da": _DA, "z": _Z, "alpha": 0.0},
        {"da": _DA3, "z": _Z3, "alpha": 0.5},
    ],
    # Equal widths: there a wrong layer or a transposed matrix fits, and act_backward can multiply whatever it is given.
    "error_signals": [_backward((3, 2), 2, 101), _backward((2, 2, 2, 2), 3, 102)],
    "weight_gradients": [_gradients((3, 2), 2, 104), _gradients((2, 2, 2), 3, 105), _gradients((3, 1, 4, 2), 2, 106)],
    "dead_units": [
        {"a": np.array([[0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0], [0.0, 0.0, 1.5, 1e-10]])},
        {"a": np.array([[0.5, 0.0], [0.25, 0.0], [0.0, 0.0], [0.0, 1.0]])},
    ],
    "maxout": [
        _pieces(5, 2, 3, 4, 107),
        _pieces(3, 1, 2, 2, 110) | {"b": np.array([[-5.0, -9.0], [-6.0, -7.0]])},  # all pieces below 0
        {
            "x": np.array([[1.0, -1.0], [2.0, 0.0]]),
            "W": np.array([[[0.0, 0.0]] * 2, [[1.0, 2.0], [1.0, 2.0]], [[0.0, 2.0], [0.0, 2.0]]]),
            "b": np.array([[-9.0, 1.0], [1.0, 1.0], [1.0, 1.0]]),
        },
    ],
    "maxout_backward": [_winners(5, 2, 3, 4, 3, 108), _winners(4, 3, 2, 3, 1, 109)],
    "relu_as_maxout": [
        {"w": np.array([[1.0, -2.0], [0.5, 3.0], [-1.0, 0.25]]), "b": np.array([0.5, -1.0])},
        {"w": np.array([[2.0, -0.5, 1.5]]), "b": np.array([-0.25, 1.0, 0.0])},
    ],
}
# There is more than one right answer: compared is what the layer computes.
FEATURES = {"relu_as_maxout": _maxout_of}
