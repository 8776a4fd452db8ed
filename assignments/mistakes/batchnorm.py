"""Known mistakes in the assignment `batchnorm`: wrong solutions, each with what the feedback says about it.

A wrong ``batchnorm_backward`` reads the cache of ``batchnorm_forward`` in REFERENCE: (z, mean, s, gamma) with
s = √(σ² + ε). Every wrong ``batchnorm_forward`` makes a cache of that form.
"""

import numpy as np


def batchnorm_forward(z, gamma, beta, eps=1e-5):
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0) + eps)
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


REFERENCE = {"batchnorm_forward": batchnorm_forward}


def batchnorm_forward__unbiased_variance(z, gamma, beta, eps=1e-5):
    """You divide the variance by B − 1. In training batch norm divides by B; for a batch of one yours is not even
    finite. The factor B/(B − 1) belongs to the statistics for test time.
    """
    mean = z.mean(axis=0)
    with np.errstate(all="ignore"):
        s = np.sqrt(np.sum((z - mean) ** 2, axis=0) / np.float64(len(z) - 1) + eps)
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


def batchnorm_forward__eps_outside_root(z, gamma, beta, eps=1e-5):
    """You add ε to the standard deviation, after the root. In the lecture's formula it is added to the variance,
    inside the root.
    """
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0)) + eps
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


def batchnorm_forward__no_root(z, gamma, beta, eps=1e-5):
    """You divide by the variance and not by its root. Check the variance of your u: it should be close to 1."""
    mean = z.mean(axis=0)
    s = np.mean((z - mean) ** 2, axis=0) + eps
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


def batchnorm_forward__forgets_eps(z, gamma, beta, eps=1e-5):
    """You leave out ε. Then a unit that is constant over the batch gives 0/0, which is nan."""
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0))
    with np.errstate(all="ignore"):
        return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


def batchnorm_forward__eps_as_floor(z, gamma, beta, eps=1e-5):
    """You take the larger one of σ² and ε. The lecture adds ε to the variance, always, not only when it is small."""
    mean = z.mean(axis=0)
    s = np.sqrt(np.maximum(np.mean((z - mean) ** 2, axis=0), eps))
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


def batchnorm_forward__fixed_eps(z, gamma, beta, eps=1e-5):
    """You always compute with ε = 1e-5, whatever ε the caller gives. Use the argument `eps`."""
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0) + 1e-5)
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


def batchnorm_forward__over_the_units(z, gamma, beta, eps=1e-5):
    """You take mean and variance over the units of one example, which is layer norm. Batch norm takes them over the
    examples of the batch, for each unit by itself.
    """
    mean = z.mean(axis=1, keepdims=True)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=1, keepdims=True) + eps)
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


def batchnorm_forward__one_mean_for_all(z, gamma, beta, eps=1e-5):
    """You take one mean and one variance over the whole array. Each unit needs its own, over the batch."""
    mean = np.full(z.shape[1], z.mean())
    s = np.full(z.shape[1], np.sqrt(np.mean((z - mean) ** 2) + eps))
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


def batchnorm_forward__one_variance_for_all(z, gamma, beta, eps=1e-5):
    """You take the mean unit by unit, but one variance for all units. Each unit needs its own variance as well."""
    mean = z.mean(axis=0)
    s = np.full(z.shape[1], np.sqrt(np.mean((z - mean) ** 2) + eps))
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


def batchnorm_forward__forgets_gamma_and_beta(z, gamma, beta, eps=1e-5):
    """You stop at the standard position u. The last step is missing: γ and β move the batch to where the unit wants
    it.
    """
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0) + eps)
    return (z - mean) / s, (z, mean, s, gamma)


def batchnorm_forward__forgets_beta(z, gamma, beta, eps=1e-5):
    """You scale by γ but do not add β. What should the mean of each unit's output be?"""
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0) + eps)
    return gamma * (z - mean) / s, (z, mean, s, gamma)


def batchnorm_forward__adds_beta_first(z, gamma, beta, eps=1e-5):
    """You add β before you multiply by γ, so γ scales β, too. The mean of the output should be β itself."""
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0) + eps)
    return gamma * ((z - mean) / s + beta), (z, mean, s, gamma)


def batchnorm_forward__mean_of_squares(z, gamma, beta, eps=1e-5):
    """You take the mean of z² for the variance. The variance is measured around the mean μ, not around 0."""
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean(z**2, axis=0) + eps)
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


def batchnorm_forward__does_not_center(z, gamma, beta, eps=1e-5):
    """You divide z by its spread without subtracting the mean first. So a shift of the batch is still there in the
    output.
    """
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0) + eps)
    return gamma * z / s + beta, (z, mean, s, gamma)


def batchnorm_forward__sum_of_squares(z, gamma, beta, eps=1e-5):
    """You sum the squared deviations and forget the factor 1/B. The variance is their mean over the batch."""
    mean = z.mean(axis=0)
    s = np.sqrt(np.sum((z - mean) ** 2, axis=0) + eps)
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


def batchnorm_forward__in_place(z, gamma, beta, eps=1e-5):
    """You change the input z in place, by subtracting the mean from it. The caller still needs z: compute a new
    array.
    """
    mean = z.mean(axis=0)
    z -= mean
    s = np.sqrt(np.mean(z**2, axis=0) + eps)
    return gamma * z / s + beta, (z, z.mean(axis=0), s, gamma)


def batchnorm_forward__refuses_one(z, gamma, beta, eps=1e-5):
    """You raise an error for a batch of one, as PyTorch does. In this assignment it is allowed: think of what z − μ
    is, and what is left of ẑ.
    """
    if len(z) == 1:
        raise ValueError("batch norm wants more than one example")
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0) + eps)
    return gamma * (z - mean) / s + beta, (z, mean, s, gamma)


def batchnorm_forward__one_as_it_is(z, gamma, beta, eps=1e-5):
    """You do not normalise a batch of one, but only scale and shift it. The formula holds there, too: what is z − μ
    when there is only one z?
    """
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0) + eps)
    u = (z - mean) / s if len(z) > 1 else z
    return gamma * u + beta, (z, mean, s, gamma)


def batchnorm_forward__constant_unit_is_0(z, gamma, beta, eps=1e-5):
    """You set the output of a constant unit to 0. Its u is 0, but γ and β still come after that: what is ẑ then?"""
    mean = z.mean(axis=0)
    var = np.mean((z - mean) ** 2, axis=0)
    s = np.sqrt(var + eps)
    return np.where(var == 0, 0.0, gamma * (z - mean) / s + beta), (z, mean, s, gamma)


def batchnorm_forward__only_out(z, gamma, beta, eps=1e-5):
    """You return the output alone. Return two things: the output, and a cache with what your backward pass needs."""
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0) + eps)
    return gamma * (z - mean) / s + beta


def batchnorm_forward__cache_first(z, gamma, beta, eps=1e-5):
    """You return the cache first and the output second. The order is (out, cache)."""
    mean = z.mean(axis=0)
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0) + eps)
    return (z, mean, s, gamma), gamma * (z - mean) / s + beta


def batchnorm_backward__constants(dout, cache):
    """You treat μ and σ² as constants, so only the straight path is left. But every z moves μ and σ², and through
    them every ẑ of the batch: two more paths have to be added.
    """
    z, mean, s, gamma = cache
    u = (z - mean) / s
    return gamma * dout / s, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__no_path_through_mean(dout, cache):
    """You leave out the path through μ. Each z is in the mean, with the weight 1/B, and the mean is in every u.
    Check: the gradients of a unit should add up to 0 over the batch.
    """
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0)) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__no_path_through_variance(dout, cache):
    """You leave out the path through σ². Each z is in the variance, and the variance is in every u."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - np.mean(du, axis=0)) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__half_forgotten(dout, cache):
    """You lost the factor −1/2 in ∂C/∂σ². It comes from the power −1/2 when you differentiate u by σ²."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dvar = np.sum(du * u, axis=0) / s**2
    dz = du / s + dvar * 2 * (z - mean) / len(z) - np.sum(du, axis=0) / s / len(z)
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__sign_of_variance(dout, cache):
    """You have the wrong sign in ∂C/∂σ². A larger variance makes every u smaller in size, so there is a minus."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du + u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__wrong_power(dout, cache):
    """In ∂C/∂σ² you keep the power −1/2. Differentiating lowers a power by one: what becomes of −1/2?"""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dvar = np.sum(du * (z - mean), axis=0) / (-2 * s)
    dz = du / s + dvar * 2 * (z - mean) / len(z) - np.sum(du, axis=0) / s / len(z)
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__factor_2_forgotten(dout, cache):
    """You lost the factor 2 of the square in ∂σ²/∂z. So the path through the variance has half of its size."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) / 2 - np.mean(du, axis=0)) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__sign_of_mean(dout, cache):
    """You have the wrong sign in the path through μ. μ is subtracted in z − μ, so ∂u/∂μ is negative."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) + np.mean(du, axis=0)) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__mean_without_B(dout, cache):
    """You forgot 1/B in the path through μ. One z of B moves the mean only by that share."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.sum(du, axis=0)) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__variance_without_B(dout, cache):
    """You forgot 1/B in the path through σ². The variance is a mean over the batch, so one z has only this share in
    it.
    """
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.sum(du * u, axis=0) - np.mean(du, axis=0)) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__no_B_at_all(dout, cache):
    """You forgot 1/B in both paths, through μ and through σ². Both are means over the batch."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.sum(du * u, axis=0) - np.sum(du, axis=0)) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__B_minus_1(dout, cache):
    """You divide by B − 1 in the path through σ², although the forward pass divides by B. For a batch of one that is
    a division by 0.
    """
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    with np.errstate(all="ignore"):
        dz = (du - u * np.sum(du * u, axis=0) / np.float64(len(z) - 1) - np.mean(du, axis=0)) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__B_minus_1_twice(dout, cache):
    """You divide by B − 1 in both paths, through μ and through σ², although the forward pass divides by B. For a
    batch of one that is a division by 0.
    """
    z, mean, s, gamma = cache
    u, du, n = (z - mean) / s, gamma * dout, np.float64(len(z) - 1)
    with np.errstate(all="ignore"):
        dz = (du - u * np.sum(du * u, axis=0) / n - np.sum(du, axis=0) / n) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__path_from_mean_to_variance(dout, cache):
    """You differentiate σ² by z as the mean of z² minus μ², but leave out its arrow from μ. In this form that path is
    not 0; with the deviations z − μ it is.
    """
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dvar = np.sum(du * (z - mean), axis=0) / (-2 * s**3)
    dz = du / s + dvar * 2 * z / len(z) - np.sum(du, axis=0) / s / len(z)
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__forgets_gamma(dout, cache):
    """You leave γ out of dz. The gradient comes from ẑ to u first, and γ is the slope there."""
    z, mean, s, _ = cache
    u = (z - mean) / s
    dz = (dout - u * np.mean(dout * u, axis=0) - np.mean(dout, axis=0)) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__gamma_only_on_straight_path(dout, cache):
    """You multiply by γ on the straight path, but not on the paths through μ and σ². All three come from ẑ through u,
    so all three have γ.
    """
    z, mean, s, gamma = cache
    u = (z - mean) / s
    dz = (gamma * dout - u * np.mean(dout * u, axis=0) - np.mean(dout, axis=0)) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__does_not_divide_by_spread(dout, cache):
    """You stop at the centred gradient and do not divide by √(σ² + ε). It is the slope of u by z, also on the way
    back.
    """
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__forgets_eps(dout, cache):
    """In the backward pass you divide by σ without ε. For a constant unit that is a division by 0; put what the
    forward pass divided by into the cache.
    """
    z, mean, _, gamma = cache
    with np.errstate(all="ignore"):
        sigma = np.sqrt(np.mean((z - mean) ** 2, axis=0))
        u, du = (z - mean) / sigma, gamma * dout
        dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / sigma
        return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__fixed_eps(dout, cache):
    """In the backward pass you compute with ε = 1e-5, whatever ε the forward pass was given. Put it, or what you
    made of it, into the cache.
    """
    z, mean, s, gamma = cache
    s = np.sqrt(np.mean((z - mean) ** 2, axis=0) + 1e-5)
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__constant_unit_gets_0(dout, cache):
    """You set the gradient of a constant unit to 0. Only its u is 0: the straight path and the path through μ remain,
    and they do not cancel.
    """
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    return np.where(np.ptp(z, axis=0) == 0, 0.0, dz), np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__dgamma_with_z(dout, cache):
    """For dγ you multiply by z. γ is the slope between u and ẑ, so its gradient needs the normalised u."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    return dz, np.sum(dout * z, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__dgamma_not_normalised(dout, cache):
    """For dγ you multiply by z − μ. It must also be divided by the spread: γ multiplies the normalised u."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    return dz, np.sum(dout * (z - mean), axis=0), np.sum(dout, axis=0)


def batchnorm_backward__dgamma_times_gamma(dout, cache):
    """Your dγ has a factor γ too many. ẑ = γu + β: what is ∂ẑ/∂γ?"""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    return dz, np.sum(du * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__divides_by_gamma(dout, cache):
    """You get u back by dividing by γ, which fails where γ = 0. Keep u, or what you need for it, in the cache."""
    z, mean, s, gamma = cache
    with np.errstate(all="ignore"):
        u, du = gamma * ((z - mean) / s) / gamma, gamma * dout
        dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
        return dz, np.sum(dout * u, axis=0), np.sum(dout, axis=0)


def batchnorm_backward__averages_parameters(dout, cache):
    """You average dγ and dβ over the batch. The cost is that of the whole batch, so their gradients are sums."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    return dz, np.mean(dout * u, axis=0), np.mean(dout, axis=0)


def batchnorm_backward__averages_all(dout, cache):
    """You divide all three gradients by B. The cost is that of the whole batch; nothing is averaged here."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    return dz / len(z), np.mean(dout * u, axis=0), np.mean(dout, axis=0)


def batchnorm_backward__not_summed(dout, cache):
    """You return dγ and dβ for each example. γ and β are shared by the whole batch, so add the examples up."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    return dz, dout * u, dout


def batchnorm_backward__summed_over_units(dout, cache):
    """For dγ and dβ you sum over the units. Each unit has its own γ and β: sum over the examples."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    return dz, np.sum(dout * u, axis=1), np.sum(dout, axis=1)


def batchnorm_backward__beta_before_gamma(dout, cache):
    """You return dβ before dγ. The order is (dz, dgamma, dbeta)."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    return dz, np.sum(dout, axis=0), np.sum(dout * u, axis=0)


def batchnorm_backward__dz_last(dout, cache):
    """You return dz at the end. The order is (dz, dgamma, dbeta)."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    return np.sum(dout * u, axis=0), np.sum(dout, axis=0), dz


def batchnorm_backward__only_dz(dout, cache):
    """You return dz alone. γ and β are trained as well: return (dz, dgamma, dbeta)."""
    z, mean, s, gamma = cache
    u, du = (z - mean) / s, gamma * dout
    return (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s


def batchnorm_backward__changes_dout(dout, cache):
    """You change dout in place. The caller still needs it: compute a new array."""
    z, mean, s, gamma = cache
    u = (z - mean) / s
    dgamma, dbeta = np.sum(dout * u, axis=0), np.sum(dout, axis=0)
    dout *= gamma
    return (dout - u * np.mean(dout * u, axis=0) - np.mean(dout, axis=0)) / s, dgamma, dbeta


def batchnorm_backward__changes_cache(dout, cache):
    """You change an array of the cache in place, so a second call with the same cache is wrong. Compute new
    arrays.
    """
    z, mean, s, gamma = cache
    u = (z - mean) / s
    dgamma, dbeta = np.sum(dout * u, axis=0), np.sum(dout, axis=0)
    du = gamma * dout
    dz = (du - u * np.mean(du * u, axis=0) - np.mean(du, axis=0)) / s
    s *= s
    return dz, dgamma, dbeta


def inference_statistics__no_correction(batches):
    """You leave out the factor B/(B − 1). A batch's variance is measured around its own mean, so it is too small on
    average.
    """
    return np.mean([z.mean(axis=0) for z in batches], axis=0), np.mean([z.var(axis=0) for z in batches], axis=0)


def inference_statistics__upside_down(batches):
    """You multiply the variance by (B − 1)/B. It has to become larger, not smaller: turn the factor round."""
    size = len(batches[0])
    var = np.mean([z.var(axis=0) for z in batches], axis=0)
    return np.mean([z.mean(axis=0) for z in batches], axis=0), (size - 1) / size * var


def inference_statistics__corrected_twice(batches):
    """You correct the variance twice: it is divided by B − 1 already, and then multiplied by B/(B − 1)."""
    size = len(batches[0])
    var = np.mean([np.sum((z - z.mean(axis=0)) ** 2, axis=0) / (size - 1) for z in batches], axis=0)
    return np.mean([z.mean(axis=0) for z in batches], axis=0), size / (size - 1) * var


def inference_statistics__number_of_batches(batches):
    """In the correction you use the number of batches. B is the number of examples in one batch."""
    size = np.float64(len(batches))
    with np.errstate(all="ignore"):
        var = size / (size - 1) * np.mean([z.var(axis=0) for z in batches], axis=0)
    return np.mean([z.mean(axis=0) for z in batches], axis=0), var


def inference_statistics__all_examples(batches):
    """You correct by the number of all examples. B is the number of examples in one batch, since each variance is
    measured around the mean of one batch.
    """
    size = sum(len(z) for z in batches)
    var = np.mean([z.var(axis=0) for z in batches], axis=0)
    return np.mean([z.mean(axis=0) for z in batches], axis=0), size / (size - 1) * var


def inference_statistics__pooled(batches):
    """You take the variance of all examples together, around their common mean. Wanted is the mean of the batch
    variances, each around its own mean.
    """
    size, z = len(batches[0]), np.concatenate(batches)
    return z.mean(axis=0), size / (size - 1) * z.var(axis=0)


def inference_statistics__pooled_unbiased(batches):
    """You take the unbiased variance of all examples together, around their common mean. Wanted is the mean of the
    batch variances, each around its own mean, with B/(B − 1).
    """
    z = np.concatenate(batches)
    return z.mean(axis=0), np.sum((z - z.mean(axis=0)) ** 2, axis=0) / (len(z) - 1)


def inference_statistics__standard_deviation(batches):
    """You return the standard deviation. Batch norm takes the root itself and wants the variance."""
    size = len(batches[0])
    var = size / (size - 1) * np.mean([z.var(axis=0) for z in batches], axis=0)
    return np.mean([z.mean(axis=0) for z in batches], axis=0), np.sqrt(var)


def inference_statistics__averages_deviations(batches):
    """You average the standard deviations and square the result. Average the variances themselves: that is not the
    same.
    """
    size = len(batches[0])
    std = np.mean([z.std(axis=0) for z in batches], axis=0)
    return np.mean([z.mean(axis=0) for z in batches], axis=0), size / (size - 1) * std**2


def inference_statistics__variance_of_means(batches):
    """You take the variance of the batch means. Wanted is the mean of the batch variances."""
    size, means = len(batches[0]), [z.mean(axis=0) for z in batches]
    return np.mean(means, axis=0), size / (size - 1) * np.var(means, axis=0)


def inference_statistics__sums(batches):
    """You add the batches up without dividing by their number. Both statistics are averages over the batches."""
    size = len(batches[0])
    return sum(z.mean(axis=0) for z in batches), size / (size - 1) * sum(z.var(axis=0) for z in batches)


def inference_statistics__last_batch(batches):
    """You use the last batch only. Average over all batches."""
    z = batches[-1]
    return z.mean(axis=0), len(z) / (len(z) - 1) * z.var(axis=0)


def inference_statistics__not_averaged(batches):
    """You return one row for each batch. Average over the batches: one number for each unit."""
    size = len(batches[0])
    return np.array([z.mean(axis=0) for z in batches]), size / (size - 1) * np.array([z.var(axis=0) for z in batches])


def inference_statistics__one_number(batches):
    """You average over the units as well. Every unit has a mean and a variance of its own."""
    size = len(batches[0])
    return np.mean(batches), size / (size - 1) * np.mean([z.var(axis=0) for z in batches])


def inference_statistics__number_of_units(batches):
    """In the correction you use the number of units, the second axis. B is the number of examples in a batch."""
    size = batches[0].shape[1]
    with np.errstate(all="ignore"):
        var = np.float64(size) / (size - 1) * np.mean([z.var(axis=0) for z in batches], axis=0)
    return np.mean([z.mean(axis=0) for z in batches], axis=0), var


def inference_statistics__mean_corrected_too(batches):
    """You multiply the mean by B/(B − 1) as well. Only the variance of a batch is too small on average, the mean is
    right.
    """
    size = len(batches[0])
    var = np.mean([z.var(axis=0) for z in batches], axis=0)
    return size / (size - 1) * np.mean([z.mean(axis=0) for z in batches], axis=0), size / (size - 1) * var


def inference_statistics__variance_first(batches):
    """You return the variance before the mean. The order is (mean, var)."""
    size = len(batches[0])
    var = np.mean([z.var(axis=0) for z in batches], axis=0)
    return size / (size - 1) * var, np.mean([z.mean(axis=0) for z in batches], axis=0)


def inference_statistics__running(batches):
    """You compute running averages, with momentum 0.1. Here all batches count alike; running averages come later."""
    size = len(batches[0])
    mean, var = np.zeros(batches[0].shape[1]), np.ones(batches[0].shape[1])
    for z in batches:
        mean = 0.9 * mean + 0.1 * z.mean(axis=0)
        var = 0.9 * var + 0.1 * size / (size - 1) * z.var(axis=0)
    return mean, var


def inference_statistics__uses_up_the_list(batches):
    """You take the batches out of the caller's list, and leave it empty. The caller still needs the list."""
    size, count = len(batches[0]), len(batches)
    mean, var = 0, 0
    while batches:
        z = batches.pop()
        mean, var = mean + z.mean(axis=0) / count, var + z.var(axis=0) / count
    return mean, size / (size - 1) * var


def batchnorm_inference__statistics_of_the_batch(z, gamma, beta, mean, var, eps=1e-5):
    """You normalise with mean and variance of z itself, as in training. At test time use the fixed ones that are
    given, so that an example's output does not depend on the others.
    """
    return gamma * (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + eps) + beta


def batchnorm_inference__variance_of_the_batch(z, gamma, beta, mean, var, eps=1e-5):
    """You use the mean that is given, but the variance of z. At test time both are fixed."""
    return gamma * (z - mean) / np.sqrt(z.var(axis=0) + eps) + beta


def batchnorm_inference__eps_outside_root(z, gamma, beta, mean, var, eps=1e-5):
    """You add ε after the root. As in training it is added to the variance, inside the root."""
    return gamma * (z - mean) / (np.sqrt(var) + eps) + beta


def batchnorm_inference__no_root(z, gamma, beta, mean, var, eps=1e-5):
    """You divide by the variance and not by its root."""
    return gamma * (z - mean) / (var + eps) + beta


def batchnorm_inference__forgets_eps(z, gamma, beta, mean, var, eps=1e-5):
    """You leave out ε. It belongs into the root at test time, too, and a stored variance may be 0."""
    with np.errstate(all="ignore"):
        return gamma * (z - mean) / np.sqrt(var) + beta


def batchnorm_inference__fixed_eps(z, gamma, beta, mean, var, eps=1e-5):
    """You always compute with ε = 1e-5, whatever ε the caller gives. Use the argument `eps`."""
    return gamma * (z - mean) / np.sqrt(var + 1e-5) + beta


def batchnorm_inference__forgets_gamma_and_beta(z, gamma, beta, mean, var, eps=1e-5):
    """You normalise, but do not scale by γ and shift by β. They are part of the network at test time as well."""
    return (z - mean) / np.sqrt(var + eps)


def batchnorm_inference__forgets_beta(z, gamma, beta, mean, var, eps=1e-5):
    """You do not add β."""
    return gamma * (z - mean) / np.sqrt(var + eps)


def batchnorm_inference__adds_beta_first(z, gamma, beta, mean, var, eps=1e-5):
    """You add β before you multiply by γ, so γ scales β, too."""
    return gamma * ((z - mean) / np.sqrt(var + eps) + beta)


def batchnorm_inference__does_not_center(z, gamma, beta, mean, var, eps=1e-5):
    """You do not subtract the mean that is given."""
    return gamma * z / np.sqrt(var + eps) + beta


def batchnorm_inference__corrects_again(z, gamma, beta, mean, var, eps=1e-5):
    """You multiply the variance by B/(B − 1). The variance that is given is corrected already, and one example alone
    makes yours infinite.
    """
    with np.errstate(all="ignore"):
        return gamma * (z - mean) / np.sqrt(np.float64(len(z)) / (len(z) - 1) * var + eps) + beta


def batchnorm_inference__multiplies(z, gamma, beta, mean, var, eps=1e-5):
    """You multiply by the standard deviation. Normalising divides by it."""
    return gamma * (z - mean) * np.sqrt(var + eps) + beta


def batchnorm_inference__returns_a_cache(z, gamma, beta, mean, var, eps=1e-5):
    """You return a cache as well. At test time there is no backward pass: return the output alone."""
    return gamma * (z - mean) / np.sqrt(var + eps) + beta, (z, mean, var, gamma)


def batchnorm_inference__in_place(z, gamma, beta, mean, var, eps=1e-5):
    """You change z in place. The caller still needs it: compute a new array."""
    z -= mean
    return gamma * z / np.sqrt(var + eps) + beta


def identity_parameters__without_eps(mean, var, eps=1e-5):
    """You take γ = σ, without ε. That is almost the identity, not exactly: look at what the layer divides by."""
    return np.sqrt(var), mean.copy()


def identity_parameters__no_root(mean, var, eps=1e-5):
    """You take the variance for γ and not its root. The layer divides by the root, so γ has to undo that."""
    return var + eps, mean.copy()


def identity_parameters__variance(mean, var, eps=1e-5):
    """You return the variance as γ. Look at what the layer divides by, and undo that."""
    return var.copy(), mean.copy()


def identity_parameters__eps_outside_root(mean, var, eps=1e-5):
    """You add ε after the root. In the layer it is inside."""
    return np.sqrt(var) + eps, mean.copy()


def identity_parameters__fixed_eps(mean, var, eps=1e-5):
    """You always compute with ε = 1e-5, whatever ε the layer uses. Take the argument `eps`."""
    return np.sqrt(var + 1e-5), mean.copy()


def identity_parameters__inverse(mean, var, eps=1e-5):
    """Your γ is upside down: it normalises once more. It has to undo the division."""
    return 1 / np.sqrt(var + eps), mean.copy()


def identity_parameters__minus_mean(mean, var, eps=1e-5):
    """Your β has the wrong sign. The layer has subtracted the mean, so β must bring it back."""
    return np.sqrt(var + eps), -mean


def identity_parameters__mean_over_deviation(mean, var, eps=1e-5):
    """You divide the mean by the standard deviation for β. But β is added at the end, after γ: nothing scales it."""
    return np.sqrt(var + eps), mean / np.sqrt(var + eps)


def identity_parameters__one_and_zero(mean, var, eps=1e-5):
    """With γ = 1 and β = 0 the output is the normalised u, and not z. Which γ and β undo the normalisation?"""
    return np.ones_like(var), np.zeros_like(mean)


def identity_parameters__zero_beta(mean, var, eps=1e-5):
    """You undo the division, but not the subtraction of the mean: β is 0."""
    return np.sqrt(var + eps), np.zeros_like(mean)


def identity_parameters__beta_first(mean, var, eps=1e-5):
    """You return β before γ. The order is (gamma, beta)."""
    return mean.copy(), np.sqrt(var + eps)


def identity_parameters__in_place(mean, var, eps=1e-5):
    """You change var in place. The caller still needs it: compute a new array."""
    var += eps
    return np.sqrt(var), mean.copy()


def running_average__momentum_of_the_old(running, batch, momentum=0.1):
    """You use momentum as the weight of the old average. Here it is the weight of the new batch, as in PyTorch."""
    return momentum * running + (1 - momentum) * batch


def running_average__fixed_momentum(running, batch, momentum=0.1):
    """You always compute with momentum 0.1, whatever the caller gives. Use the argument `momentum`."""
    return 0.9 * running + 0.1 * batch


def running_average__zero_momentum(running, batch, momentum=0.1):
    """You take momentum 0 for "none given" and use 0.1 then. With momentum 0 the average stays as it is."""
    momentum = momentum or 0.1
    return (1 - momentum) * running + momentum * batch


def running_average__in_place(running, batch, momentum=0.1):
    """You change the old average in place. Return a new array; the caller still needs the old one."""
    running *= 1 - momentum
    running += momentum * batch
    return running


def running_average__plain_mean(running, batch, momentum=0.1):
    """You take the mean of old and new. The new batch should have the weight `momentum` only."""
    return (running + batch) / 2


def running_average__old_not_shrunk(running, batch, momentum=0.1):
    """You add the new part without making the old one smaller. The two weights should add up to 1."""
    return running + momentum * batch


def running_average__away_from_batch(running, batch, momentum=0.1):
    """You move away from the new batch, not towards it. Check the sign of the difference."""
    return running - momentum * (batch - running)


def running_average__new_not_weighted(running, batch, momentum=0.1):
    """You add the new number with the weight 1. Its weight is `momentum`."""
    return (1 - momentum) * running + batch


def running_average__average_of_entries(running, batch, momentum=0.1):
    """You average `batch` over its entries first. Its entries are units, and each unit has its own average."""
    return (1 - momentum) * running + momentum * np.mean(batch)


def running_average__one_number(running, batch, momentum=0.1):
    """You return one number for all units. Return an array with one number for each unit."""
    return np.mean((1 - momentum) * running + momentum * batch)


def _backward(z, gamma, beta, dout, **eps):
    """A probe: forward, and backward twice with the same cache. The output tells whether the forward pass is right."""

    def probe(call):
        out, cache = call("batchnorm_forward", z.copy(), gamma.copy(), beta.copy(), **eps)
        given, again = dout.copy(), dout.copy()
        first = call("batchnorm_backward", given, cache)
        second = call("batchnorm_backward", again, cache)
        return out, first, second, given

    return probe


_Z = np.array([[1.0, -2.0], [4.0, 0.5], [-0.5, 3.0], [2.5, 3.5]])
_DOUT = np.array([[0.5, -1.0], [1.5, 2.0], [-2.0, 0.25], [1.0, 3.0]])
_GAMMA, _BETA, _MEAN, _VAR = np.array([1.5, -0.5]), np.array([0.25, 2.0]), np.array([0.5, -3.0]), np.array([2.0, 6.0])
_ONE, _CONSTANT = np.array([[2.0, -1.0]]), np.array([[1.0, 2.0], [1.0, 5.0], [1.0, -3.0]])

PROBES = {
    "batchnorm_forward": [
        {"z": _Z, "gamma": _GAMMA, "beta": _BETA},
        {"z": _Z[:3], "gamma": _GAMMA, "beta": _BETA, "eps": 0.2},
        {"z": _ONE, "gamma": _GAMMA, "beta": _BETA},
        {"z": _CONSTANT, "gamma": _GAMMA, "beta": _BETA},
    ],
    "batchnorm_backward": [
        _backward(_Z, _GAMMA, _BETA, _DOUT),
        _backward(_Z[:3], _GAMMA, _BETA, _DOUT[:3], eps=0.2),
        _backward(_ONE, _GAMMA, _BETA, _DOUT[:1]),
        _backward(_CONSTANT, _GAMMA, _BETA, _DOUT[1:]),
        _backward(_Z, np.array([0.0, 1.0]), _BETA, _DOUT),
    ],
    "inference_statistics": [
        {"batches": [_Z, _DOUT, _Z[::-1] * np.array([2.0, 0.5]) + 1]},
        {"batches": [_CONSTANT]},
        {"batches": [_Z[:2, :1], _DOUT[:2, :1]]},
    ],
    "batchnorm_inference": [
        {"z": _Z, "gamma": _GAMMA, "beta": _BETA, "mean": _MEAN, "var": _VAR},
        {"z": _Z[:3], "gamma": _GAMMA, "beta": _BETA, "mean": _MEAN, "var": _VAR, "eps": 0.2},
        {"z": _ONE, "gamma": _GAMMA, "beta": _BETA, "mean": _MEAN, "var": np.array([0.0, 1.0])},
    ],
    "identity_parameters": [
        {"mean": _MEAN, "var": _VAR},
        {"mean": _MEAN, "var": np.array([0.0, 1.0]), "eps": 0.2},
    ],
    "running_average": [
        {"running": _MEAN, "batch": _VAR},
        {"running": _MEAN, "batch": _VAR, "momentum": 0.4},
        {"running": _MEAN, "batch": _VAR, "momentum": 0.0},
    ],
}


def _without_cache(result, **inputs):
    """Only out is compared: the cache may be anything."""
    return ["out and cache", result[0]] if isinstance(result, (tuple, list)) and len(result) == 2 else result


FEATURES = {"batchnorm_forward": _without_cache}
