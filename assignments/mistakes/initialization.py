"""Known mistakes in the assignment `initialization`: wrong solutions, each with what the feedback says about it."""

import numpy as np


def standardize__test_by_its_own_statistics(train, test):
    """You transform the test data with their own mean and standard deviation. A test example then depends on the
    other test examples; use the numbers of the training data.
    """

    def transform(x):
        std = x.std(axis=0)
        return (x - x.mean(axis=0)) / np.where(std > 0, std, 1)

    return transform(train), transform(test)


def standardize__train_and_test_together(train, test):
    """You take the mean and σ over training and test data together. Then the test data leak into the training; only
    the training data may be used.
    """
    both = np.concatenate([train, test])
    mean, std = both.mean(axis=0), both.std(axis=0)
    std = np.where(std > 0, std, 1)
    return (train - mean) / std, (test - mean) / std


def standardize__n_minus_1(train, test):
    """You divide by N − 1 in the variance. The lecture's σ² is the mean of the squares, divided by N."""
    mean, std = train.mean(axis=0), np.sqrt(((train - train.mean(axis=0)) ** 2).sum(axis=0) / max(len(train) - 1, 1))
    std = np.where(std > 0, std, 1)
    return (train - mean) / std, (test - mean) / std


def standardize__eps_added(train, test):
    """You add an ε to σ. Here nothing is added; a constant column is treated on its own instead."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / (std + 1e-8), (test - mean) / (std + 1e-8)


def standardize__nan_for_a_constant_column(train, test):
    """You divide 0 by 0 where a column is constant, and get nan. Such a column has σ = 0 and is only centred."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / std, (test - mean) / std


def standardize__nan_replaced_afterwards(train, test):
    """You divide by σ = 0 and replace the nan afterwards. In the test data the division can also give infinity, which
    becomes a huge number; do not divide there at all.
    """
    mean, std = train.mean(axis=0), train.std(axis=0)
    with np.errstate(all="ignore"):
        return np.nan_to_num((train - mean) / std), np.nan_to_num((test - mean) / std)


def standardize__constant_column_is_0_in_test(train, test):
    """You set a column to 0 in the test data because it is constant in the training data. In the test data it may
    vary: there it is only centred.
    """
    mean, std = train.mean(axis=0), train.std(axis=0)
    safe = np.where(std > 0, std, 1)
    return (train - mean) / safe, np.where(std > 0, (test - mean) / safe, 0.0)


def standardize__constant_column_not_centred(train, test):
    """You leave a constant column as it is. It cannot be divided by σ = 0, but its mean is still subtracted."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    mean, std = np.where(std > 0, mean, 0), np.where(std > 0, std, 1)
    return (train - mean) / std, (test - mean) / std


def standardize__drops_constant_columns(train, test):
    """You leave out the constant columns, so the results have another shape. Every column stays, a constant one as x
    − m.
    """
    keep = train.std(axis=0) > 0
    train, test = train[:, keep], test[:, keep]
    mean, std = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / std, (test - mean) / std


def standardize__small_columns_taken_for_constant(train, test):
    """You take a column for constant because its σ is small. A column in small units varies as much as any other;
    only σ = 0 means constant.
    """
    mean, std = train.mean(axis=0), train.std(axis=0)
    std = np.where(std > 0.01, std, 1)
    return (train - mean) / std, (test - mean) / std


def standardize__one_mean_for_all_columns(train, test):
    """You take one mean and one σ over the whole table. Each column has its own unit, so each needs its own two
    numbers.
    """
    mean, std = train.mean(), train.std()
    return (train - mean) / (std or 1), (test - mean) / (std or 1)


def standardize__rows(train, test):
    """You standardise each row, which is an example. The mean and σ belong to a column, over all training examples."""

    def transform(x):
        std = x.std(axis=1, keepdims=True)
        return (x - x.mean(axis=1, keepdims=True)) / np.where(std > 0, std, 1)

    return transform(train), transform(test)


def standardize__divides_by_the_variance(train, test):
    """You divide by the variance σ². The result has variance 1 only if you divide by its root σ."""
    mean, var = train.mean(axis=0), train.var(axis=0)
    var = np.where(var > 0, var, 1)
    return (train - mean) / var, (test - mean) / var


def standardize__only_centred(train, test):
    """You subtract the mean, but you do not divide by σ. The columns keep their units."""
    return train - train.mean(axis=0), test - train.mean(axis=0)


def standardize__not_centred(train, test):
    """You divide by σ, but you do not subtract the mean. The result must have mean 0 on the training data."""
    std = np.where(train.std(axis=0) > 0, train.std(axis=0), 1)
    return train / std, test / std


def standardize__between_0_and_1(train, test):
    """You scale each column to the range from 0 to 1. Wanted are mean 0 and variance 1."""
    low, high = train.min(axis=0), train.max(axis=0)
    span = np.where(high > low, high - low, 1)
    return (train - low) / span, (test - low) / span


def standardize__test_only_centred(train, test):
    """You only centre the test data. They are divided by the σ of the training data, too, as the training data are."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / np.where(std > 0, std, 1), test - mean


def standardize__in_place(train, test):
    """You change the arrays that you were given. The caller still needs them: compute new arrays."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    std = np.where(std > 0, std, 1)
    train -= mean
    train /= std
    test -= mean
    test /= std
    return train, test


def standardize__returns_train_only(train, test):
    """You return the training data only. The function returns two things, train and test."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / np.where(std > 0, std, 1)


def standardize__wrong_order(train, test):
    """You return the test data first. The order is train, then test."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    std = np.where(std > 0, std, 1)
    return (test - mean) / std, (train - mean) / std


def whiten__covariance_not_centred(x, eps=1e-5):
    """You compute the covariance of data that are not centred. Subtract the mean first: Σ describes the cloud around
    its centre.
    """
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh(x.T @ x / len(x))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)
    return (x - mean) @ W, mean, W


def whiten__z_not_centred(x, eps=1e-5):
    """You multiply x itself by W. The mean has to be subtracted first, also here: z = (x − mean) W."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)
    return x @ W, mean, W


def whiten__n_minus_1(x, eps=1e-5):
    """Your covariance is divided by N − 1, as `np.cov` does it if not told otherwise. Here it is divided by N."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / max(len(x) - 1, 1))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)
    return (x - mean) @ W, mean, W


def whiten__not_divided_by_n(x, eps=1e-5):
    """You forget to divide the covariance by N. It is a mean over the examples, not a sum."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)
    return (x - mean) @ W, mean, W


def whiten__eps_after_the_root(x, eps=1e-5):
    """You add ε after taking the root. It is added to the eigenvalue, under the root."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U / (np.sqrt(np.maximum(variances, 0)) + eps)
    return (x - mean) @ W, mean, W


def whiten__without_eps(x, eps=1e-5):
    """You do not use ε. A direction in which the data do not vary has λ = 0, and there you divide by 0 or by a
    rounding error.
    """
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    variances = np.where(variances > 1e-12, variances, 1e-20)
    W = U / np.sqrt(variances)
    return (x - mean) @ W, mean, W


def whiten__eps_is_fixed(x, eps=1e-5):
    """You always use ε = 1e-5 and ignore the argument `eps`. The caller decides."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U / np.sqrt(np.maximum(variances, 0) + 1e-5)
    return (x - mean) @ W, mean, W


def whiten__eps_only_where_needed(x, eps=1e-5):
    """You use ε only for small eigenvalues, as a lower limit. It is added to every eigenvalue, large or small."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U / np.sqrt(np.maximum(variances, eps))
    return (x - mean) @ W, mean, W


def whiten__eps_added_everywhere(x, eps=1e-5):
    """You add ε to every entry of the covariance matrix. That adds a matrix full of ε, while the eigenvalues grow by
    ε if only the diagonal does.
    """
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x) + eps)
    W = U / np.sqrt(np.maximum(variances, 1e-20))
    return (x - mean) @ W, mean, W


def whiten__turned_back(x, eps=1e-5):
    """You turn the cloud back at the end, which is called ZCA. With an ε its covariance is not diagonal; here W ends
    with the division.
    """
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U / np.sqrt(np.maximum(variances, 0) + eps) @ U.T
    return (x - mean) @ W, mean, W


def whiten__only_turned(x, eps=1e-5):
    """You turn the cloud onto the axes, which is PCA, but you do not scale it. Each coordinate is still to be divided
    by its root √(λ + ε).
    """
    mean = x.mean(axis=0)
    W = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))[1]
    return (x - mean) @ W, mean, W


def whiten__divides_without_the_root(x, eps=1e-5):
    """You divide by λ + ε and not by its root. λ is a variance; which number has the unit of the data?"""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U / (np.maximum(variances, 0) + eps)
    return (x - mean) @ W, mean, W


def whiten__multiplies_by_the_root(x, eps=1e-5):
    """You multiply by √(λ + ε). The coordinates have to be divided by it: wide directions become narrower."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U * np.sqrt(np.maximum(variances, 0) + eps)
    return (x - mean) @ W, mean, W


def whiten__rows_divided(x, eps=1e-5):
    """You divide the rows of U by the roots. Each eigenvector is a column of U and has its own λ, so it is the
    columns that are divided.
    """
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)[:, None]
    return (x - mean) @ W, mean, W


def whiten__eigenvectors_taken_for_rows(x, eps=1e-5):
    """You take the rows of U for the eigenvectors. `eigh` returns them as columns."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U.T / np.sqrt(np.maximum(variances, 0) + eps)
    return (x - mean) @ W, mean, W


def whiten__eigenvalues_reversed(x, eps=1e-5):
    """You sort the eigenvalues without their eigenvectors. Each column of U has to be divided by the root of its own
    λ.
    """
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)[::-1]
    return (x - mean) @ W, mean, W


def whiten__only_standardised(x, eps=1e-5):
    """You divide each column by its own standard deviation. That leaves the correlations: you need the eigenvectors
    of the covariance.
    """
    mean = x.mean(axis=0)
    W = np.diag(1 / np.sqrt(x.var(axis=0) + eps))
    return (x - mean) @ W, mean, W


def whiten__covariance_of_the_examples(x, eps=1e-5):
    """Your covariance is [N, N], between examples. Wanted is the one between columns, [D, D]."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean) @ (x - mean).T / len(x))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)
    return (x - mean) @ W, mean, W


def whiten__w_transposed(x, eps=1e-5):
    """Your z is right, but you return the transpose of W. Others want to compute (x − mean) W with it."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)
    return (x - mean) @ W, mean, np.ascontiguousarray(W.T)


def whiten__returns_the_eigenvectors(x, eps=1e-5):
    """Your z is right, but you return U in the place of W. W contains the division by √(λ + ε), too."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    return (x - mean) @ (U / np.sqrt(np.maximum(variances, 0) + eps)), mean, U


def whiten__wrong_order(x, eps=1e-5):
    """You return W before the mean. The order is z, mean, W."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)
    return (x - mean) @ W, W, mean


def whiten__z_alone(x, eps=1e-5):
    """You return z alone. The mean and W are needed for the test data: return z, mean, W."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    return (x - mean) @ (U / np.sqrt(np.maximum(variances, 0) + eps))


def whiten__mean_with_two_axes(x, eps=1e-5):
    """Your mean has the shape [1, D]. Wanted is an array with one axis, [D]."""
    mean = x.mean(axis=0, keepdims=True)
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)
    return (x - mean) @ W, mean, W


def whiten__one_mean(x, eps=1e-5):
    """You take one mean over the whole table. Each column has its own."""
    mean = x.mean()
    variances, U = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)
    return (x - mean) @ W, mean, W


def whiten__in_place(x, eps=1e-5):
    """You subtract the mean from x itself, and so the caller's data are changed. Keep the centred data in a new
    array.
    """
    mean = x.mean(axis=0)
    x -= mean
    variances, U = np.linalg.eigh(x.T @ x / len(x))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)
    return x @ W, mean, W


def whiten__more_examples_than_columns(x, eps=1e-5):
    """Your W is not [D, D] when there are fewer examples than columns. A short singular value decomposition leaves
    out the directions with λ = 0; all D belong into W.
    """
    mean = x.mean(axis=0)
    _, s, vt = np.linalg.svd(x - mean, full_matrices=False)
    W = vt.T / np.sqrt(s**2 / len(x) + eps)
    return (x - mean) @ W, mean, W


def whiten__two_columns_at_least(x, eps=1e-5):
    """Your function fails for data with a single column. `np.cov` then returns a number, not a matrix; D may be 1."""
    mean = x.mean(axis=0)
    variances, U = np.linalg.eigh(np.cov(x.T, bias=True))
    W = U / np.sqrt(np.maximum(variances, 0) + eps)
    return (x - mean) @ W, mean, W


def xavier_std__only_fan_in(fan_in, fan_out):
    """You use fan_in alone, as one lecture's code does. Here both fans count, in the middle between the two demands."""
    return np.sqrt(1 / fan_in)


def xavier_std__only_fan_out(fan_in, fan_out):
    """You use fan_out alone, which keeps the backward signal only. Both fans count, in the middle between the two
    demands.
    """
    return np.sqrt(1 / fan_out)


def xavier_std__he(fan_in, fan_out):
    """You use He's formula. Xavier's has both fans in it."""
    return np.sqrt(2 / fan_in)


def xavier_std__variance(fan_in, fan_out):
    """You return the variance. The standard deviation is its root."""
    return 2 / (fan_in + fan_out)


def xavier_std__bound_of_the_uniform_start(fan_in, fan_out):
    """You return the bound of the uniform start, with a 6 under the root. A uniform variable on ±b has the standard
    deviation b/√3, and the standard deviation is wanted.
    """
    return np.sqrt(6 / (fan_in + fan_out))


def xavier_std__one_for_two(fan_in, fan_out):
    """You lost the 2. The mean of the fans is half of their sum."""
    return np.sqrt(1 / (fan_in + fan_out))


def xavier_std__root_of_2_missing(fan_in, fan_out):
    """You take the root of the sum only, and leave the 2 outside. The root goes over the whole fraction."""
    return 2 / np.sqrt(fan_in + fan_out)


def xavier_std__missing_brackets(fan_in, fan_out):
    """You divide 2 by fan_in and then add fan_out. The whole sum belongs under the fraction bar: mind the brackets."""
    return np.sqrt(2 / fan_in + fan_out)


def xavier_std__product(fan_in, fan_out):
    """You multiply the fans. Their sum is wanted."""
    return np.sqrt(2 / (fan_in * fan_out))


def xavier_std__inverse(fan_in, fan_out):
    """Your fraction is upside down. More inputs call for smaller weights."""
    return np.sqrt((fan_in + fan_out) / 2)


def xavier_std__mean_of_the_roots(fan_in, fan_out):
    """You take the mean of two standard deviations, one for each fan. Xavier takes the mean of the two demands on
    1/Var(w), that is, of the fans.
    """
    return (np.sqrt(1 / fan_in) + np.sqrt(1 / fan_out)) / 2


def xavier_std__mean_of_the_variances(fan_in, fan_out):
    """You take the mean of two variances, 1/fan_in and 1/fan_out. Xavier takes the mean of the fans, and then the
    fraction.
    """
    return np.sqrt((1 / fan_in + 1 / fan_out) / 2)


def xavier_std__whole_division(fan_in, fan_out):
    """You halve the sum with `//`, which cuts off the half of an odd sum. Use the division with `/`."""
    return np.sqrt(1 / ((fan_in + fan_out) // 2))


def xavier_std__array(fan_in, fan_out):
    """You return an array. A float is wanted, Python's or NumPy's."""
    return np.array(np.sqrt(2 / (fan_in + fan_out)))


def he_std__factor_2_missing(fan_in):
    """You lost the factor 2. ReLU cuts off half of the signal, and the 2 makes up for it."""
    return np.sqrt(1 / fan_in)


def he_std__variance(fan_in):
    """You return the variance. The standard deviation is its root."""
    return 2 / fan_in


def he_std__root_over_2_only(fan_in):
    """You take the root of the 2 only. The root goes over the whole fraction."""
    return np.sqrt(2) / fan_in


def he_std__2_outside_the_root(fan_in):
    """The 2 is outside your root. The variance is doubled, not the standard deviation."""
    return 2 / np.sqrt(fan_in)


def he_std__bound_of_the_uniform_start(fan_in):
    """You return the bound of the uniform start, with a 6 under the root. A uniform variable on ±b has the standard
    deviation b/√3, and the standard deviation is wanted.
    """
    return np.sqrt(6 / fan_in)


def he_std__inverse(fan_in):
    """Your fraction is upside down. More inputs call for smaller weights."""
    return np.sqrt(fan_in / 2)


def he_std__wrong_side(fan_in):
    """You have the 2 below the fraction bar. ReLU halves the signal, so the weights have to be larger, not smaller."""
    return np.sqrt(1 / (2 * fan_in))


def he_std__bias_counted(fan_in):
    """You count the bias as one more input. fan_in is the number of inputs alone."""
    return np.sqrt(2 / (fan_in + 1))


def he_std__whole_division(fan_in):
    """You halve fan_in with `//`, which cuts off the half of an odd number. Use the division with `/`; fan_in may
    also be 1.
    """
    return np.sqrt(1 / (fan_in // 2))


def he_std__array(fan_in):
    """You return an array. A float is wanted, Python's or NumPy's."""
    return np.array(np.sqrt(2 / fan_in))


def orthogonal__never_transposed(n, m, rng):
    """Your result has the wrong shape when n < m. The decomposition gives orthonormal columns of a tall matrix; how
    do you get a wide one with orthonormal rows?
    """
    return np.linalg.qr(rng.standard_normal((n, m)))[0]


def orthogonal__always_transposed(n, m, rng):
    """Your result has the wrong shape when n > m. A matrix of that shape has room for orthonormal columns, and needs
    no transposing.
    """
    return np.linalg.qr(rng.standard_normal((m, n)))[0].T


def orthogonal__tall_for_wide(n, m, rng):
    """Your result is [m, n] when n < m. Orthonormal columns of a tall matrix are a good start; what makes them the
    rows of a wide one?
    """
    return np.linalg.qr(rng.standard_normal((max(n, m), min(n, m))))[0]


def orthogonal__cut_to_size(n, m, rng):
    """You cut a part out of a larger orthogonal matrix, in both directions. Only whole rows or whole columns of it
    stay orthonormal.
    """
    q = np.linalg.qr(rng.standard_normal((n + m, n + m)))[0]
    return q[:n, :m]


def orthogonal__columns_of_length_1(n, m, rng):
    """Your columns have length 1, but they are not at right angles. Orthonormal means both."""
    q = rng.standard_normal((n, m))
    return q / np.linalg.norm(q, axis=0)


def orthogonal__divided_by_the_norm(n, m, rng):
    """You divide a random matrix by its norm, a single number. That changes its size, but not the angles between its
    columns.
    """
    q = rng.standard_normal((n, m))
    return q / np.linalg.norm(q)


def orthogonal__right_angles_only(n, m, rng):
    """Your columns or rows are at right angles, but their length is not 1. Divide each by its length."""
    q = rng.standard_normal((max(n, m), min(n, m)))
    for j in range(q.shape[1]):
        for i in range(j):
            q[:, j] -= q[:, i] * (q[:, i] @ q[:, j]) / (q[:, i] @ q[:, i])
    return q if n >= m else q.T


def orthogonal__random_numbers_of_small_size(n, m, rng):
    """You return random numbers of a small size. For large matrices their columns are nearly orthonormal; wanted is
    exactly, to 1e-10.
    """
    return rng.standard_normal((n, m)) / np.sqrt(max(n, m))


def orthogonal__times_root_2(n, m, rng):
    """Your columns or rows have the length √2. That is He's factor for ReLU; here the length is 1."""
    q = np.linalg.qr(rng.standard_normal((max(n, m), min(n, m))))[0]
    return np.sqrt(2) * (q if n >= m else q.T)


def orthogonal__identity(n, m, rng):
    """You return the identity matrix. It is orthonormal, but not random: another seed must give another matrix."""
    return np.eye(n, m)


def orthogonal__permutation(n, m, rng):
    """You shuffle the rows of the identity matrix. The result is orthonormal, but there are so few such matrices that
    different seeds may give the same one.
    """
    return rng.permutation(np.eye(max(n, m)))[:n, :m]


def orthogonal__fixed_seed(n, m, rng):
    """You make a generator with a fixed seed of your own, so every call gives the same matrix. Take all random
    numbers from `rng`.
    """
    q = np.linalg.qr(np.random.default_rng(0).standard_normal((max(n, m), min(n, m))))[0]
    return q if n >= m else q.T


def orthogonal__global_generator(n, m, rng):
    """Your random numbers do not come from `rng`, so the same seed gives another matrix each time. Nobody can repeat
    an experiment then.
    """
    q = np.linalg.qr(np.random.randn(max(n, m), min(n, m)))[0]  # noqa: NPY002 (that is the mistake)
    return q if n >= m else q.T


def orthogonal__single_precision(n, m, rng):
    """Your matrix is float32, so it is orthonormal to 7 digits only. All arrays here are float64."""
    q = np.linalg.qr(rng.standard_normal((max(n, m), min(n, m)), dtype=np.float32))[0]
    return q if n >= m else q.T


def orthogonal__both_factors(n, m, rng):
    """You return both factors of the decomposition. The matrix with the orthonormal columns is the first of the two."""
    return tuple(np.linalg.qr(rng.standard_normal((n, m))))


def layer_statistics__pre_activations(x, weights, act):
    """You take the statistics of z and not of a. Apply `act` first."""
    means, stds = [], []
    for W in weights:
        z = x @ W
        means.append(z.mean())
        stds.append(z.std())
        x = act(z)
    return np.array(means), np.array(stds)


def layer_statistics__z_handed_on(x, weights, act):
    """You hand z to the next layer. The next layer gets the activation a of the layer below."""
    means, stds, z = [], [], x
    for W in weights:
        z = z @ W
        means.append(act(z).mean())
        stds.append(act(z).std())
    return np.array(means), np.array(stds)


def layer_statistics__x_to_every_layer(x, weights, act):
    """You give the input x to every layer. Only the first layer gets x, the others get the activations of the layer
    below.
    """
    a = [act(x @ W) for W in weights]
    return np.array([v.mean() for v in a]), np.array([v.std() for v in a])


def layer_statistics__input_included(x, weights, act):
    """Your lists begin with the input x. It is not a layer's activation: there are L numbers, not L + 1."""
    a = [x]
    for W in weights:
        a.append(act(a[-1] @ W))
    return np.array([v.mean() for v in a]), np.array([v.std() for v in a])


def layer_statistics__shifted_by_one(x, weights, act):
    """You write down the numbers before you apply the layer. So they begin with the input x, and the last layer is
    missing.
    """
    means, stds = [], []
    for W in weights:
        means.append(x.mean())
        stds.append(x.std())
        x = act(x @ W)
    return np.array(means), np.array(stds)


def layer_statistics__count_minus_1(x, weights, act):
    """You divide by the count − 1 in the standard deviation. Here it is divided by the count."""
    means, stds = [], []
    for W in weights:
        x = act(x @ W)
        means.append(x.mean())
        stds.append(np.sqrt(((x - x.mean()) ** 2).sum() / max(x.size - 1, 1)))
    return np.array(means), np.array(stds)


def layer_statistics__divided_by_n(x, weights, act):
    """You divide by the number of examples. A layer has N · M activations, and all of them count."""
    means, stds = [], []
    for W in weights:
        x = act(x @ W)
        means.append(x.sum() / len(x))
        stds.append(np.sqrt(((x - x.mean()) ** 2).sum() / len(x)))
    return np.array(means), np.array(stds)


def layer_statistics__variance(x, weights, act):
    """You return variances. The standard deviation is the root of the variance."""
    means, stds = [], []
    for W in weights:
        x = act(x @ W)
        means.append(x.mean())
        stds.append(x.var())
    return np.array(means), np.array(stds)


def layer_statistics__root_mean_square(x, weights, act):
    """You forget to subtract the mean in the standard deviation. What you compute is the root mean square; after a
    ReLU the mean is not 0.
    """
    means, stds = [], []
    for W in weights:
        x = act(x @ W)
        means.append(x.mean())
        stds.append(np.sqrt((x**2).mean()))
    return np.array(means), np.array(stds)


def layer_statistics__mean_of_the_units_stds(x, weights, act):
    """You compute a standard deviation for each unit and take their mean. Wanted is one standard deviation over all
    entries, about their common mean.
    """
    means, stds = [], []
    for W in weights:
        x = act(x @ W)
        means.append(x.mean())
        stds.append(x.std(axis=0).mean())
    return np.array(means), np.array(stds)


def layer_statistics__one_number_for_each_unit(x, weights, act):
    """You return a list of numbers for each layer, one for each unit. Wanted is one mean and one standard deviation
    for each layer.
    """
    means, stds = [], []
    for W in weights:
        x = act(x @ W)
        means.append(x.mean(axis=0))
        stds.append(x.std(axis=0))
    return means, stds


def layer_statistics__one_number_for_each_example(x, weights, act):
    """You return a list of numbers for each layer, one for each example. Wanted is one mean and one standard
    deviation for each layer.
    """
    means, stds = [], []
    for W in weights:
        x = act(x @ W)
        means.append(x.mean(axis=1))
        stds.append(x.std(axis=1))
    return means, stds


def layer_statistics__transposed(x, weights, act):
    """You multiply by the transpose of W. Here a weight matrix is [inputs, outputs] and acts as `x @ W`."""
    means, stds = [], []
    for W in weights:
        x = act(x @ W.T)
        means.append(x.mean())
        stds.append(x.std())
    return np.array(means), np.array(stds)


def layer_statistics__square_matrices_transposed(x, weights, act):
    """You transpose W when it is square, where the shape does not show the mistake. W is [inputs, outputs] for every
    layer.
    """
    means, stds = [], []
    for W in weights:
        x = act(x @ (W.T if W.shape[0] == W.shape[1] else W))
        means.append(x.mean())
        stds.append(x.std())
    return np.array(means), np.array(stds)


def layer_statistics__always_relu(x, weights, act):
    """You always use ReLU. Use the function `act` that you get, whatever it is."""
    means, stds = [], []
    for W in weights:
        x = np.maximum(x @ W, 0)
        means.append(x.mean())
        stds.append(x.std())
    return np.array(means), np.array(stds)


def layer_statistics__always_tanh(x, weights, act):
    """You always use tanh. Use the function `act` that you get, whatever it is."""
    means, stds = [], []
    for W in weights:
        x = np.tanh(x @ W)
        means.append(x.mean())
        stds.append(x.std())
    return np.array(means), np.array(stds)


def layer_statistics__last_layer_linear(x, weights, act):
    """You leave out the activation of the last layer. All layers have one here, the last one too."""
    means, stds = [], []
    for k, W in enumerate(weights):
        x = act(x @ W) if k < len(weights) - 1 else x @ W
        means.append(x.mean())
        stds.append(x.std())
    return np.array(means), np.array(stds)


def layer_statistics__last_layer_only(x, weights, act):
    """You return the numbers of the last layer only. Collect them for all layers, in two arrays."""
    for W in weights:
        x = act(x @ W)
    return np.array([x.mean()]), np.array([x.std()])


def layer_statistics__two_layers_at_most(x, weights, act):
    """You stop after two layers. L may be any number: go through the whole list."""
    means, stds = [], []
    for W in weights[:2]:
        x = act(x @ W)
        means.append(x.mean())
        stds.append(x.std())
    return np.array(means), np.array(stds)


def layer_statistics__standardises_on_the_way(x, weights, act):
    """You centre and scale the activations before the next layer gets them. That is batch norm, of another
    assignment; here the network stays as it is.
    """
    means, stds = [], []
    for W in weights:
        x = act(x @ W)
        means.append(x.mean())
        stds.append(x.std())
        x = (x - means[-1]) / (stds[-1] or 1)
    return np.array(means), np.array(stds)


def layer_statistics__first_example_only(x, weights, act):
    """You use the first example only. All N examples count."""
    means, stds = [], []
    x = x[:1]
    for W in weights:
        x = act(x @ W)
        means.append(x.mean())
        stds.append(x.std())
    return np.array(means), np.array(stds)


def layer_statistics__lists(x, weights, act):
    """You return two lists. Wanted are two arrays [L]."""
    means, stds = [], []
    for W in weights:
        x = act(x @ W)
        means.append(x.mean())
        stds.append(x.std())
    return means, stds


def layer_statistics__wrong_order(x, weights, act):
    """You return the standard deviations first. The order is means, then stds."""
    means, stds = [], []
    for W in weights:
        x = act(x @ W)
        means.append(x.mean())
        stds.append(x.std())
    return np.array(stds), np.array(means)


def layer_statistics__pairs(x, weights, act):
    """You return one table with a pair for each layer. Wanted are two arrays, all means and all standard deviations."""
    pairs = []
    for W in weights:
        x = act(x @ W)
        pairs.append((x.mean(), x.std()))
    return np.array(pairs)


def layer_statistics__uses_up_the_list(x, weights, act):
    """You take the matrices out of the caller's list, which is empty afterwards. Go through the list without changing
    it.
    """
    means, stds = [], []
    while weights:
        x = act(x @ weights.pop(0))
        means.append(x.mean())
        stds.append(x.std())
    return np.array(means), np.array(stds)


def distinct_units__bias_ignored(W, b):
    """You compare the weights only. Two units with different biases are different, too."""
    return len({tuple(column) for column in W.T})


def distinct_units__rows(W, b):
    """You compare the rows of W. A unit's incoming weights are a column of W, as W is [inputs, outputs]."""
    return len({tuple(row) for row in W})


def distinct_units__biases_only(W, b):
    """You count different biases. Two units with the same bias may have different weights."""
    return len(set(b.tolist()))


def distinct_units__with_a_tolerance(W, b):
    """You take units for equal that are only close. Here the comparison is exact: a difference in the last digit
    counts.
    """
    units, kinds = np.vstack([W, b]).T, []
    for unit in units:
        if not any(np.allclose(unit, kind) for kind in kinds):
            kinds.append(unit)
    return len(kinds)


def distinct_units__rounded(W, b):
    """You round the numbers before you compare them. Here the comparison is exact: a difference in the last digit
    counts.
    """
    return len({tuple(unit) for unit in np.vstack([W, b]).T.round(6)})


def distinct_units__that_occur_once(W, b):
    """You count the units that have no twin. Units that are equal to each other count as one, not as none."""
    units = [tuple(unit) for unit in np.vstack([W, b]).T]
    return sum(units.count(unit) == 1 for unit in units)


def distinct_units__that_have_a_twin(W, b):
    """You count the units that occur more than once. Wanted is how many different units there are, with and without
    twins.
    """
    units = [tuple(unit) for unit in np.vstack([W, b]).T]
    return sum(units.count(unit) > 1 for unit in units)


def distinct_units__repetitions(W, b):
    """You count the repetitions. Wanted is the number of different units, which is M minus that."""
    units = [tuple(unit) for unit in np.vstack([W, b]).T]
    return len(units) - len(set(units))


def distinct_units__pairs(W, b):
    """You count pairs of different units. Wanted is the number of different units."""
    units = [tuple(unit) for unit in np.vstack([W, b]).T]
    return sum(units[i] != units[j] for i in range(len(units)) for j in range(i))


def distinct_units__compared_with_the_first(W, b):
    """You compare every unit with the first one only. Two others may also be equal to each other."""
    units = np.vstack([W, b]).T
    return 1 + sum(bool((unit != units[0]).any()) for unit in units)


def distinct_units__neighbours(W, b):
    """You compare each unit with its neighbour only. Equal units may be far apart; compare each with all units that
    you have met so far.
    """
    units = np.vstack([W, b]).T
    return 1 + sum(bool((units[i] != units[i - 1]).any()) for i in range(1, len(units)))


def distinct_units__different_numbers(W, b):
    """You count different numbers. A unit is a whole column with its bias, and it is compared as a whole."""
    return len(np.unique(np.vstack([W, b])))


def distinct_units__rank(W, b):
    """You compute the rank. It counts directions: a unit with twice the weights is another unit, but no new
    direction.
    """
    return int(np.linalg.matrix_rank(np.vstack([W, b])))


def distinct_units__sums(W, b):
    """You compare the sums of the weights. Different weights may have the same sum; compare them one by one."""
    return len({(sum(unit[:-1]), unit[-1]) for unit in np.vstack([W, b]).T.tolist()})


def distinct_units__sorted(W, b):
    """You compare the weights in sorted order. Which input a weight belongs to matters: the same numbers at other
    inputs are another unit.
    """
    return len({(*sorted(unit[:-1]), unit[-1]) for unit in np.vstack([W, b]).T.tolist()})


def distinct_units__weights_and_biases_apart(W, b):
    """You count different columns and different biases apart. A unit is a column together with its bias."""
    return max(len({tuple(column) for column in W.T}), len(set(b.tolist())))


def distinct_units__bias_added_to_the_weights(W, b):
    """You add the bias to the weights before you compare. Then a larger bias can hide smaller weights; keep them side
    by side.
    """
    return len({tuple(unit) for unit in (W + b).T})


def distinct_units__any_difference(W, b):
    """You take two units for equal as soon as one of their numbers is equal. All weights and the bias must be."""
    units, kinds = np.vstack([W, b]).T, []
    for unit in units:
        if not any((unit == kind).any() for kind in kinds):
            kinds.append(unit)
    return len(kinds)


def distinct_units__a_float(W, b):
    """You return a float. It is a count: an int is wanted, Python's or NumPy's."""
    return float(len({tuple(unit) for unit in np.vstack([W, b]).T}))


def distinct_units__the_units_themselves(W, b):
    """You return the different units. Wanted is only how many there are."""
    return np.unique(np.vstack([W, b]), axis=1)


# Inputs by which the grader tells the mistakes apart.
TABLE = np.array([[1.0, 30.0, 0.002], [2.0, 10.0, 0.005], [4.0, 20.0, 0.001], [7.0, 50.0, 0.003]])
CLOUD = np.array([[1.5, -0.5, 2.0], [0.5, 1.0, 1.0], [-1.0, 2.5, 0.5], [2.0, -1.5, 4.0], [0.0, 0.0, -1.0]])
RANDOM = np.random.default_rng(1)
MATRICES = [RANDOM.standard_normal(shape).round(2) for shape in ((2, 4), (4, 4), (4, 3))]


def relu(z):
    return np.maximum(z, 0)


def matrices(n, m):
    """A probe that asks for a matrix [n, m], for the same once more, and for one from another seed."""

    def probe(call):
        first, again, other = (call("orthogonal", n, m, np.random.default_rng(seed)) for seed in (3, 3, 4))
        if not isinstance(first, np.ndarray):
            return type(first).__name__
        found = {"shape": list(first.shape), "dtype": str(first.dtype)}
        for side, gram in (("columns", first.T @ first), ("rows", first @ first.T)):
            lengths = np.diag(gram)
            found[f"{side} at right angles"] = bool(np.allclose(gram, np.diag(lengths), atol=1e-10))
            found[f"{side} of length 1"] = bool(np.allclose(lengths, 1, atol=1e-10))
            found[f"{side} of length √2"] = bool(np.allclose(lengths, 2, atol=1e-10))
        found["longer in some direction"] = bool(np.linalg.norm(first, 2) > 1 + 1e-10)
        found["norm 1"] = bool(np.isclose(np.sum(first**2), 1))
        found["identity"] = bool(np.array_equal(first, np.eye(*first.shape)))
        found["only 0, 1, -1"] = bool(np.isin(first, (-1, 0, 1)).all())
        found["same seed, same matrix"] = bool(np.allclose(first, again, atol=1e-10))
        found["other seed, same matrix"] = bool(np.allclose(first, other, atol=1e-10))
        return found

    return probe


def cloud_of(result, x, eps=1e-5):
    """What of (z, mean, W) does not depend on the order and the signs of the eigenvectors."""
    shapes = [list(np.shape(array)) for array in result]
    if [len(shape) for shape in shapes] != [2, 1, 2]:
        return shapes
    z, mean, W = result
    centred = z - z.mean(axis=0)
    covariance = centred.T @ centred / len(z)
    others = covariance[~np.eye(len(covariance), dtype=bool)]
    return {
        "shapes": shapes,
        "mean": mean,
        "mean of z is 0": bool(np.allclose(z.mean(axis=0), 0, atol=1e-6)),
        "z = (x - mean) W": bool(np.allclose(z, (x - x.mean(axis=0)) @ W, atol=1e-6)),
        "variances": np.sort(np.diag(covariance)).round(6) + 0.0,
        "covariances": np.sort(np.abs(others)).round(6) + 0.0,
        "lengths of the columns of W": np.sort(np.linalg.norm(W, axis=0)).round(6),
    }


PROBES = {
    "standardize": [
        {"train": TABLE, "test": np.array([[2.0, 25.0, 0.004], [5.0, 0.0, 0.002]])},
        {"train": np.array([[5.0, 1.0], [5.0, 3.0]]), "test": np.array([[5.0, 2.0], [6.5, 4.0], [5.0, 0.0]])},
    ],
    "whiten": [
        {"x": CLOUD},
        {"x": CLOUD, "eps": 0.3},
        {"x": CLOUD[:2], "eps": 0.05},
        {"x": CLOUD[:, :1], "eps": 0.1},
    ],
    "xavier_std": [{"fan_in": 30, "fan_out": 12}, {"fan_in": 7, "fan_out": 4}],
    "he_std": [{"fan_in": 30}, {"fan_in": 7}],
    "orthogonal": [matrices(5, 3), matrices(3, 6), matrices(4, 4)],
    "layer_statistics": [
        {"x": CLOUD[:, :2], "weights": MATRICES, "act": np.tanh},
        {"x": CLOUD[:, 1:], "weights": MATRICES, "act": relu},
        {"x": CLOUD[:, :2], "weights": [W[:2, :2] for W in MATRICES], "act": np.tanh},
    ],
    "distinct_units": [
        {
            "W": np.array([[1.0, 0.0, 1.0, 2.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]]),
            "b": np.array([0.5, 0.5, 0.5, 1.0, 1.0, 0.5]),
        },
        {"W": np.array([[0.1, 0.1 + 1e-9, 0.1, 0.1]]), "b": np.array([1.0, 1.0, 1.0, 1.0 + 1e-9])},
        {"W": np.array([[0.1, 0.1 + 1e-4, 0.1, 0.2, 0.4]]), "b": np.array([0.0, 0.0, 0.0, 0.0, 0.0])},
        {"W": np.array([[1.0, 2.0, 0.0, 3.0], [2.0, 1.0, 3.0, 0.0]]), "b": np.zeros(4)},
        {"W": np.array([[1.0, 0.0, 1.0, 0.0, 1.0]]), "b": np.array([0.0, 0.0, 1.0, 1.0, 2.0])},
        {"W": np.array([[100.0, 100.0005]]), "b": np.zeros(2)},
    ],
}
FEATURES = {"whiten": cloud_of}
