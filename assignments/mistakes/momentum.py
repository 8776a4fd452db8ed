"""Known mistakes in the assignment `momentum`: wrong solutions, each with what the feedback says about it."""

import numpy as np


def momentum_step__old_movement(w, v, g, eta, lam):
    """You move w by the old movement and compute the new one too late. First v, then w with this new v."""
    return w + v, lam * v - eta * g


def momentum_step__uphill(w, v, g, eta, lam):
    """Your gradient has the wrong sign, so the weights climb. "Movement of last step minus gradient at present"."""
    v = lam * v + eta * g
    return w + v, v


def momentum_step__subtracts_the_movement(w, v, g, eta, lam):
    """You subtract the movement from w. The minus sign already stands in v, so v is added to w."""
    v = lam * v - eta * g
    return w - v, v


def momentum_step__other_sign_of_v(w, v, g, eta, lam):
    """Your v points uphill and is subtracted from w, as some libraries do. In the lecture v is the movement itself."""
    v = lam * v + eta * g
    return w - v, v


def momentum_step__rate_outside(w, v, g, eta, lam):
    """You multiply the whole v by the rate when you move w. Here the rate stands inside v, at the gradient only."""
    v = lam * v - g
    return w + eta * v, v


def momentum_step__as_in_pytorch(w, v, g, eta, lam):
    """You use PyTorch's form, with the rate outside. Here v is the movement itself, the rate and the minus inside."""
    v = lam * v + g
    return w - eta * v, v


def momentum_step__average(w, v, g, eta, lam):
    """You weight the gradient by 1 − λ, which makes v an average. The lecture's v is a sum: λv minus the full ηg."""
    v = lam * v - (1 - lam) * eta * g
    return w + v, v


def momentum_step__order(w, v, g, eta, lam):
    """You return (v, w). The order is (w, v), first the weights."""
    v = lam * v - eta * g
    return v, w + v


def momentum_step__only_w(w, v, g, eta, lam):
    """You return the weights only. The next step needs the movement as well: return (w, v)."""
    return w + lam * v - eta * g


def momentum_step__in_place(w, v, g, eta, lam):
    """You change the caller's w and v in place, with `+=`, `-=` or `*=`. Make new arrays instead."""
    v *= lam
    v -= eta * g
    w += v
    return w, v


def momentum_step__v_in_place(w, v, g, eta, lam):
    """You change the caller's v in place, with `*=` or `-=`. Make a new array for the new movement."""
    v *= lam
    v -= eta * g
    return w + v, v


def momentum_step__no_memory(w, v, g, eta, lam):
    """You forget the movement of the last step, so this is gradient descent. The part λ of the old v goes on."""
    v = -eta * g
    return w + v, v


def momentum_step__no_friction(w, v, g, eta, lam):
    """You keep all of the old movement. Only the part λ of it goes on."""
    v = v - eta * g
    return w + v, v


def momentum_step__rate_and_momentum_swapped(w, v, g, eta, lam):
    """You have swapped η and λ. λ belongs to the old movement, η to the gradient."""
    v = eta * v - lam * g
    return w + v, v


def momentum_step__old_v_returned(w, v, g, eta, lam):
    """Your weights are right, but you return the old v. The next step would start from a wrong movement."""
    return w + lam * v - eta * g, v


def momentum_step__momentum_on_the_gradient(w, v, g, eta, lam):
    """You multiply the gradient by λ, too. λ belongs to the old movement only; mind the brackets."""
    v = lam * (v - eta * g)
    return w + v, v


def momentum_step__looks_ahead(w, v, g, eta, lam):
    """You add λv with the new v and the gradient once more, which is PyTorch's Nesterov. Plain momentum adds v."""
    v = lam * v - eta * g
    return w + lam * v - eta * g, v


def momentum_step__mean_of_the_gradient(w, v, g, eta, lam):
    """You average g over its first axis when it has several. g is no batch: each weight has an entry of its own."""
    if g.ndim > 1:
        g = np.broadcast_to(g.mean(axis=0), g.shape)
    v = lam * v - eta * g
    return w + v, v


def velocity__no_rate(gradients, eta, lam):
    """You forget the rate η. It multiplies every gradient."""
    v = np.zeros_like(gradients[0])
    for g in gradients:
        v = lam * v - g
    return v


def velocity__uphill(gradients, eta, lam):
    """Your movement has the wrong sign. It goes against the gradient."""
    v = np.zeros_like(gradients[0])
    for g in gradients:
        v = lam * v + eta * g
    return v


def velocity__last_gradient_first(gradients, eta, lam):
    """You take the gradients in the wrong order, so the oldest counts most. The newest one has not faded at all."""
    v = np.zeros_like(gradients[0])
    for g in gradients[::-1]:
        v = lam * v - eta * g
    return v


def velocity__average(gradients, eta, lam):
    """You weight each gradient by 1 − λ, which makes v an average. The lecture's v is a sum."""
    v = np.zeros_like(gradients[0])
    for g in gradients:
        v = lam * v - (1 - lam) * eta * g
    return v


def velocity__mean_over_steps(gradients, eta, lam):
    """You divide by the number of steps. The movement is a sum and no mean."""
    v = np.zeros_like(gradients[0])
    for g in gradients:
        v = lam * v - eta * g
    return v / len(gradients)


def velocity__without_the_last(gradients, eta, lam):
    """You leave out the last gradient. There are T of them, from 0 to T−1, and all count in v^T."""
    v = np.zeros_like(gradients[0])
    for i in range(len(gradients) - 1):
        v = lam * v - eta * gradients[i]
    return v


def velocity__without_the_first(gradients, eta, lam):
    """You leave out the first gradient. v^0 is 0, but v^1 already contains g^0."""
    v = np.zeros_like(gradients[0])
    for g in gradients[1:]:
        v = lam * v - eta * g
    return v


def velocity__first_gradient_twice(gradients, eta, lam):
    """You start from the movement of g^0 and then add g^0 once more. Start from v^0 = 0, or skip g^0 in the loop."""
    v = -eta * gradients[0]
    for g in gradients:
        v = lam * v - eta * g
    return v


def velocity__starts_at_the_gradient(gradients, eta, lam):
    """You start from the gradient g^0 itself. The start is v^0 = 0, and g^0 enters with the factor −η."""
    v = gradients[0]
    for g in gradients[1:]:
        v = lam * v - eta * g
    return v


def velocity__one_momentum_too_many(gradients, eta, lam):
    """You multiply by λ after the last gradient, too. The newest gradient has not faded yet."""
    v = np.zeros_like(gradients[0])
    for g in gradients:
        v = lam * (v - eta * g)
    return v


def velocity__all_movements(gradients, eta, lam):
    """You return the movements after every step. Only the last one, v^T, is wanted."""
    v, movements = np.zeros_like(gradients[0]), []
    for g in gradients:
        v = lam * v - eta * g
        movements.append(v)
    return np.array(movements)


def velocity__other_axis(gradients, eta, lam):
    """You go along the wrong axis. The steps are counted by the first axis; behind it come the weights."""
    v = 0.0
    for g in np.moveaxis(gradients, -1, 0):
        v = lam * v - eta * g
    return v


def velocity__one_number(gradients, eta, lam):
    """You add up the weights' movements into one number. Each weight has a movement of its own."""
    v = 0.0
    for g in gradients:
        v = lam * v - eta * np.sum(g)
    return v


def velocity__no_memory(gradients, eta, lam):
    """You use the last gradient only. The earlier ones are still there, faded by λ in every step."""
    return -eta * gradients[-1]


def velocity__no_fading(gradients, eta, lam):
    """You add up all gradients in full. In every step the old movement fades by the factor λ."""
    return -eta * gradients.sum(axis=0)


def velocity__divides_by_powers_of_the_momentum(gradients, eta, lam):
    """You divide by powers of λ, and that is 0/0 for λ = 0 and after many steps. Count the power from the other end."""
    T = len(gradients)
    weights = lam ** (T - 1.0) / lam ** np.arange(0.0, T)
    return -eta * np.tensordot(weights, gradients, axes=1)


def velocity__weights_have_one_axis(gradients, eta, lam):
    """You take it that the weights have one axis. Behind the first axis of `gradients` there may be several."""
    T, n = len(gradients), len(gradients[0])
    return -eta * lam ** np.arange(T - 1.0, -1, -1) @ gradients.reshape(T, n)


def velocity__in_place(gradients, eta, lam):
    """You write into `gradients`, which the caller still needs. Keep the movement in an array of its own."""
    for i in range(1, len(gradients)):
        gradients[i] += lam * gradients[i - 1]
    return -eta * gradients[-1]


def gradient_weights__without_sign(T, eta, lam):
    """Your weights are positive. The movement goes against the gradient, and the sign is part of the weight."""
    return eta * lam ** np.arange(T - 1, -1, -1.0)


def gradient_weights__newest_first(T, eta, lam):
    """Your weights are in the wrong order. They start with g^0, which is the oldest and has faded most."""
    return -eta * lam ** np.arange(0.0, T)


def gradient_weights__without_rate(T, eta, lam):
    """You forget the rate η, which stands at every gradient."""
    return -(lam ** np.arange(T - 1, -1, -1.0))


def gradient_weights__one_power_too_many(T, eta, lam):
    """Every weight has one factor λ too many. How often has the newest gradient been multiplied by λ?"""
    return -eta * lam ** np.arange(T, 0, -1.0)


def gradient_weights__a_list(T, eta, lam):
    """You return a list. An array [T] is wanted."""
    return [-eta * lam ** (T - 1 - j) for j in range(T)]


def gradient_weights__average(T, eta, lam):
    """You multiply by 1 − λ, which makes v an average. The lecture's v is a sum."""
    return -eta * (1 - lam) * lam ** np.arange(T - 1, -1, -1.0)


def gradient_weights__normalised(T, eta, lam):
    """You scale the weights so that they add up to −η. v^T is a sum and no average: take the weights as they come."""
    weights = lam ** np.arange(T - 1, -1, -1.0)
    return -eta * weights / weights.sum()


def gradient_weights__divides_by_powers(T, eta, lam):
    """You divide by powers of λ, and that is 0/0 for λ = 0 and for large T. Count the power from the other end."""
    return -eta * lam ** (T - 1.0) / lam ** np.arange(0.0, T)


def gradient_weights__by_logarithm(T, eta, lam):
    """You compute the powers with a logarithm, and log 0 is −∞: for λ = 0 the last weight becomes nan."""
    return -eta * np.exp(np.arange(T - 1, -1, -1.0) * np.log(np.float64(lam)))


def gradient_weights__one_too_many(T, eta, lam):
    """You return T + 1 weights. The gradients are g^0 to g^{T−1}, which are T."""
    return -eta * lam ** np.arange(T, -1, -1.0)


def gradient_weights__one_too_few(T, eta, lam):
    """You return T − 1 weights. The gradients are g^0 to g^{T−1}, which are T; g^0 counts, too."""
    return -eta * lam ** np.arange(T - 2, -1, -1.0)


def gradient_weights__a_column(T, eta, lam):
    """You return a column [T, 1]. An array [T] with one axis is wanted."""
    return -eta * lam ** np.arange(T - 1, -1, -1.0)[:, None]


def gradient_weights__rate_in_the_power(T, eta, lam):
    """You multiply by η in every step. λ acts on a gradient again and again, η only once, when it enters."""
    return -eta * (eta * lam) ** np.arange(T - 1, -1, -1.0)


def gradient_weights__sum(T, eta, lam):
    """You return the sum of the weights. The T weights themselves are wanted."""
    return float(np.sum(-eta * lam ** np.arange(T - 1, -1, -1.0)))


def gradient_weights__integers(T, eta, lam):
    """You write the weights into an array of integers, and it cuts them off. Make it an array of floats."""
    weights = np.zeros(T, dtype=int)
    for j in range(T):
        weights[j] = -eta * lam ** (T - 1 - j)
    return weights


def gradient_weights__added_up(T, eta, lam):
    """You add the weights up from the left. Each entry is the weight of one gradient only."""
    return np.cumsum(-eta * lam ** np.arange(T - 1, -1, -1.0))


def gradient_weights__linear(T, eta, lam):
    """Your weights fall by the same amount per step. Each step multiplies by λ, so they fall by the same factor."""
    return -eta * lam * np.arange(T - 1, -1, -1.0)


def nesterov_step__gradient_at_w(w, v, grad, eta, lam):
    """You take the gradient at w, which is plain momentum. Nesterov extends the previous step first."""
    v = lam * v - eta * grad(w)
    return w + v, v


def nesterov_step__full_movement_ahead(w, v, grad, eta, lam):
    """You take the gradient at w + v. Only the part λ of the last movement is extended."""
    v = lam * v - eta * grad(w + v)
    return w + v, v


def nesterov_step__looks_back(w, v, grad, eta, lam):
    """You take the gradient behind you, at w − λv. The point ahead is where λv leads."""
    v = lam * v - eta * grad(w - lam * v)
    return w + v, v


def nesterov_step__returns_the_point_ahead(w, v, grad, eta, lam):
    """You return the next point ahead, as PyTorch stores it. Here the w of the formula is wanted, w plus the new v."""
    v = lam * v - eta * grad(w + lam * v)
    return w + v + lam * v, v


def nesterov_step__extended_twice(w, v, grad, eta, lam):
    """You go from the point ahead by the whole new v, so λv counts twice. The new v starts at the old w."""
    ahead = w + lam * v
    v = lam * v - eta * grad(ahead)
    return ahead + v, v


def nesterov_step__v_is_the_correction_only(w, v, grad, eta, lam):
    """Your w is right, but your v is only the gradient's part. The movement is λv and the gradient's part together."""
    ahead = w + lam * v
    v = -eta * grad(ahead)
    return ahead + v, v


def nesterov_step__does_not_extend_w(w, v, grad, eta, lam):
    """You move w by the gradient's part only. Looking ahead is no trial: the extended step is taken as well."""
    g = grad(w + lam * v)
    return w - eta * g, lam * v - eta * g


def nesterov_step__momentum_twice(w, v, grad, eta, lam):
    """You multiply v by λ, and then once more for the point ahead. That point is w plus λ times the old v."""
    v = lam * v
    v = v - eta * grad(w + lam * v)
    return w + v, v


def nesterov_step__in_place(w, v, grad, eta, lam):
    """You go to the point ahead with `+=` and so change the caller's w. Make a new array for that point."""
    w += lam * v
    step = eta * grad(w)
    w -= step
    return w, lam * v - step


def nesterov_step__order(w, v, grad, eta, lam):
    """You return (v, w). The order is (w, v), first the weights."""
    v = lam * v - eta * grad(w + lam * v)
    return v, w + v


def nesterov_step__only_w(w, v, grad, eta, lam):
    """You return the weights only. The next step needs the movement as well: return (w, v)."""
    return w + lam * v - eta * grad(w + lam * v)


def nesterov_step__uphill(w, v, grad, eta, lam):
    """Your gradient has the wrong sign, so the weights climb. The step goes against the gradient."""
    v = lam * v + eta * grad(w + lam * v)
    return w + v, v


def nesterov_step__rate_outside(w, v, grad, eta, lam):
    """You multiply the whole v by the rate when you move w. Here the rate stands inside v, at the gradient only."""
    v = lam * v - grad(w + lam * v)
    return w + eta * v, v


def nesterov_step__as_in_pytorch(w, v, grad, eta, lam):
    """You take the gradient at w and step as PyTorch does. There w is already the point ahead; here it is not."""
    g = grad(w)
    v = lam * v - eta * g
    return w + lam * v - eta * g, v


def nesterov_step__ahead_by_a_whole_step(w, v, grad, eta, lam):
    """You look ahead by a whole momentum step, with a gradient of its own. Extend the previous step only, by λv."""
    ahead = w + lam * v - eta * grad(w)
    v = lam * v - eta * grad(ahead)
    return w + v, v


def nesterov_step__gradient_in_two_parts(w, v, grad, eta, lam):
    """You add up gradients at w and at v. Add the points instead: only for the simplest bowls is that the same."""
    v = lam * v - eta * (grad(w) + lam * grad(v))
    return w + v, v


def nesterov_step__old_v_returned(w, v, grad, eta, lam):
    """Your weights are right, but you return the old v. The next step would start from a wrong movement."""
    return w + lam * v - eta * grad(w + lam * v), v


def nesterov_step__no_friction(w, v, grad, eta, lam):
    """You look ahead in the right place, but then keep all of the old movement. Only the part λ of it goes on."""
    v = v - eta * grad(w + lam * v)
    return w + v, v


def train__without_the_start(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You leave out the start. The trajectory has steps + 1 entries, and entry 0 is the start."""
    path, v = [], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w + lam * v if nesterov else w)
        w = w + v
        path.append(w)
    return np.array(path)


def train__without_the_end(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You leave out the place after the last step. The trajectory has steps + 1 entries."""
    path, v = [], np.zeros_like(w)
    for _ in range(steps):
        path.append(w)
        v = lam * v - eta * grad(w + lam * v if nesterov else w)
        w = w + v
    return np.array(path)


def train__one_step_too_many(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You make one step too many. After `steps` steps there are steps + 1 places, the start included."""
    path, v = [w], np.zeros_like(w)
    for _ in range(steps + 1):
        v = lam * v - eta * grad(w + lam * v if nesterov else w)
        w = w + v
        path.append(w)
    return np.array(path)


def train__a_list(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You return a list of arrays. One array [steps+1, ...] is wanted."""
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w + lam * v if nesterov else w)
        w = w + v
        path.append(w)
    return path


def train__same_array_again_and_again(w, grad, steps, eta, lam=0.0, nesterov=False):
    """All entries of your list are one and the same array, which you change with `+=`. So all show the last place."""
    w = w.copy()
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w + lam * v if nesterov else w)
        w += v
        path.append(w)
    return np.array(path)


def train__in_place(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You change the start in place, with `+=`, and the caller still needs it. Work on a copy."""
    path, v = [w.copy()], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w + lam * v if nesterov else w)
        w += v
        path.append(w.copy())
    return np.array(path)


def train__movement_starts_at_the_first_gradient(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You start with a movement from the first gradient, which then counts twice. v starts at 0."""
    path, v = [w], -eta * grad(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w + lam * v if nesterov else w)
        w = w + v
        path.append(w)
    return np.array(path)


def train__never_nesterov(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You ignore `nesterov` and always do momentum. With nesterov=True the gradient is taken at the point ahead."""
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w)
        w = w + v
        path.append(w)
    return np.array(path)


def train__always_nesterov(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You always look ahead. Without nesterov=True the gradient is taken at w itself."""
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w + lam * v)
        w = w + v
        path.append(w)
    return np.array(path)


def train__nesterov_swapped(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You look ahead when `nesterov` is False, and not when it is True. Swap the two cases."""
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w if nesterov else w + lam * v)
        w = w + v
        path.append(w)
    return np.array(path)


def train__full_movement_ahead(w, grad, steps, eta, lam=0.0, nesterov=False):
    """For Nesterov you take the gradient at w + v. Only the part λ of the last movement is extended."""
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w + v if nesterov else w)
        w = w + v
        path.append(w)
    return np.array(path)


def train__points_ahead(w, grad, steps, eta, lam=0.0, nesterov=False):
    """For Nesterov you store the points ahead, as PyTorch does. The places w of the formula are wanted."""
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w + lam * v if nesterov else w)
        w = w + v
        path.append(w + lam * v if nesterov else w)
    return np.array(path)


def train__no_memory(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You forget the movement after each step, so this is gradient descent for every λ. v is 0 only at the start."""
    path = [w]
    for _ in range(steps):
        w = w - eta * grad(w)
        path.append(w)
    return np.array(path)


def train__momentum_by_default(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You replace λ = 0 by 0.9. λ = 0 is a value like others and means gradient descent."""
    lam = lam or 0.9
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w + lam * v if nesterov else w)
        w = w + v
        path.append(w)
    return np.array(path)


def train__only_the_end(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You return the last place only. The whole way is wanted, the start included."""
    v = np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w + lam * v if nesterov else w)
        w = w + v
    return w


def train__uphill(w, grad, steps, eta, lam=0.0, nesterov=False):
    """Your gradient has the wrong sign, so the weights climb. The step goes against the gradient."""
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v + eta * grad(w + lam * v if nesterov else w)
        w = w + v
        path.append(w)
    return np.array(path)


def train__average(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You weight the gradient by 1 − λ, which makes v an average. The lecture's v is a sum."""
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - (1 - lam) * eta * grad(w + lam * v if nesterov else w)
        w = w + v
        path.append(w)
    return np.array(path)


def train__gradient_of_the_start(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You compute the gradient once, before the loop. Every step needs the gradient of its own place."""
    path, v, g = [w], np.zeros_like(w), grad(w)
    for _ in range(steps):
        v = lam * v - eta * g
        w = w + v
        path.append(w)
    return np.array(path)


def train__movements(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You return the movements v. The places w are wanted."""
    v = np.zeros_like(w)
    path = [v]
    for _ in range(steps):
        v = lam * v - eta * grad(w + lam * v if nesterov else w)
        w = w + v
        path.append(v)
    return np.array(path)


def train__old_movement(w, grad, steps, eta, lam=0.0, nesterov=False):
    """You move w by the old movement and compute the new one too late. First v, then w with this new v."""
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        g = grad(w + lam * v if nesterov else w)
        w = w + v
        v = lam * v - eta * g
        path.append(w)
    return np.array(path)


def train__steps_on_the_last_axis(w, grad, steps, eta, lam=0.0, nesterov=False):
    """Your array counts the steps on its last axis. They belong on the first one, [steps+1, ...]."""
    path, v = [w], np.zeros_like(w)
    for _ in range(steps):
        v = lam * v - eta * grad(w + lam * v if nesterov else w)
        w = w + v
        path.append(w)
    return np.stack(path, axis=-1)


def train__weights_have_one_axis(w, grad, steps, eta, lam=0.0, nesterov=False):
    """Your array for the trajectory fits weights with one axis only. The weights may have any shape."""
    path, v = np.zeros((steps + 1, len(w))), np.zeros_like(w)
    path[0] = w
    for i in range(steps):
        v = lam * v - eta * grad(path[i] + lam * v if nesterov else path[i])
        path[i + 1] = path[i] + v
    return path


def adam_step__no_correction(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You leave out the bias correction. Early on, m and v are too small, because they started at 0."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (np.sqrt(v) + eps), m, v


def adam_step__corrects_m_only(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You correct m only. v started at 0 as well, and is far too small at first."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (1 - delta**k) / (np.sqrt(v) + eps), m, v


def adam_step__corrects_v_only(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You correct v only. m started at 0 as well, and is too small at first."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (np.sqrt(v / (1 - gamma**k)) + eps), m, v


def adam_step__k_counts_from_0(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You take it that k counts from 0 and use k + 1 in the corrections. It counts from 1: use k as it is."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (1 - delta ** (k + 1)) / (np.sqrt(v / (1 - gamma ** (k + 1))) + eps), m, v


def adam_step__k_minus_1(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You use k − 1 in the corrections, and at k = 1 they divide by 0. k counts from 1: use it as it is."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    m_hat, v_hat = m / np.float64(1 - delta ** (k - 1)), v / np.float64(1 - gamma ** (k - 1))
    return w - eta * m_hat / (np.sqrt(v_hat) + eps), m, v


def adam_step__returns_the_corrected(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You return the corrected m and v, and the next step would correct them again. Return the plain running means."""
    m = (delta * m + (1 - delta) * g) / (1 - delta**k)
    v = (gamma * v + (1 - gamma) * g**2) / (1 - gamma**k)
    return w - eta * m / (np.sqrt(v) + eps), m, v


def adam_step__eps_inside_the_root(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """Your ε stands inside the root, as in `rmsprop_step`. In Adam it is added after the root."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (1 - delta**k) / np.sqrt(v / (1 - gamma**k) + eps), m, v


def adam_step__eps_before_the_correction(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You add ε before you correct v, so the correction changes ε as well. First correct, then root, then add ε."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * np.sqrt(1 - gamma**k) / (1 - delta**k) * m / (np.sqrt(v) + eps), m, v


def adam_step__no_root(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You divide by the mean square without its root. Only the root has the size of a gradient."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (1 - delta**k) / (v / (1 - gamma**k) + eps), m, v


def adam_step__no_square(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """Your v is a running mean of g and not of its square. The root of a negative mean is nan."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g
    return w - eta * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + eps), m, v


def adam_step__squares_m(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """Your v is a running mean of m², the square of the smoothed gradient. Take the square of the gradient itself."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * m**2
    return w - eta * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + eps), m, v


def adam_step__delta_and_gamma_swapped(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You have swapped δ and γ. δ belongs to m, γ to v."""
    m = gamma * m + (1 - gamma) * g
    v = delta * v + (1 - delta) * g**2
    return w - eta * m / (1 - gamma**k) / (np.sqrt(v / (1 - delta**k)) + eps), m, v


def adam_step__corrections_swapped(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """Your two corrections are swapped. m is corrected with its own δ, v with its own γ."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (1 - gamma**k) / (np.sqrt(v / (1 - delta**k)) + eps), m, v


def adam_step__sum(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """Your m is a sum, as in momentum. In Adam it is an average: the gradient enters with the factor 1 − δ."""
    m = delta * m + g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + eps), m, v


def adam_step__weights_of_the_mean_swapped(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """Your means keep little of the past. The old mean gets the weight δ or γ, the new value the rest."""
    m = (1 - delta) * m + delta * g
    v = (1 - gamma) * v + gamma * g**2
    return w - eta * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + eps), m, v


def adam_step__old_moments(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You move w with the old m and v and update them too late. First the two means, then w."""
    with np.errstate(all="ignore"):
        w = w - eta * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + eps)
    return w, delta * m + (1 - delta) * g, gamma * v + (1 - gamma) * g**2


def adam_step__gradient_for_m(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You move along the gradient itself, which is RMSProp. Adam moves along the smoothed and corrected m."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * g / (np.sqrt(v / (1 - gamma**k)) + eps), m, v


def adam_step__product_for_power(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You write k as a factor where it is a power. In the correction δ is multiplied by itself, k times."""
    with np.errstate(all="ignore"):
        m = delta * m + (1 - delta) * g
        v = gamma * v + (1 - gamma) * g**2
        m_hat, v_hat = m / np.float64(1 - delta * k), v / np.float64(1 - gamma * k)
        return w - eta * m_hat / (np.sqrt(v_hat) + eps), m, v


def adam_step__no_power(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """Your corrections do not depend on k. They are strong in step 1 and fade later: where does k stand in 1 − δ^k?"""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (1 - delta) / (np.sqrt(v / (1 - gamma)) + eps), m, v


def adam_step__multiplies_by_the_correction(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You multiply by the corrections. m and v are too small at first, so they have to be divided."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m * (1 - delta**k) / (np.sqrt(v * (1 - gamma**k)) + eps), m, v


def adam_step__corrects_after_the_root(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You divide the root of v by the correction. v is corrected first, then comes the root."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (1 - delta**k) / (np.sqrt(v) / (1 - gamma**k) + eps), m, v


def adam_step__uphill(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You add the step, so the weights climb. The step goes against the gradient."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w + eta * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + eps), m, v


def adam_step__in_place(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You change the caller's arrays in place, with `*=`, `+=` or `-=`. Make new arrays for m, v and w."""
    m *= delta
    m += (1 - delta) * g
    v *= gamma
    v += (1 - gamma) * g**2
    w -= eta * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + eps)
    return w, m, v


def adam_step__moments_in_place(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You change the caller's m and v in place, with `*=` or `+=`. Make new arrays for the new means."""
    m *= delta
    m += (1 - delta) * g
    v *= gamma
    v += (1 - gamma) * g**2
    return w - eta * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + eps), m, v


def adam_step__order(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You return m and v in the wrong order. The order is (w, m, v)."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + eps), v, m


def adam_step__only_w(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You return the weights only. The next step needs m and v as well: return (w, m, v)."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + eps)


def adam_step__no_eps(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You leave out ε, so a weight whose gradient has always been 0 becomes nan. ε stands in the denominator."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (1 - delta**k) / np.sqrt(v / (1 - gamma**k)), m, v


def adam_step__fixed_eps(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You write 1e-8 instead of using the argument `eps`. The caller may want another value."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - eta * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + 1e-8), m, v


def adam_step__fixed_rate(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You write 0.001 instead of using the argument `eta`. The caller may want another rate."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * g**2
    return w - 0.001 * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + eps), m, v


def adam_step__one_size_for_all(w, g, m, v, k, eta=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """You use one mean square for all weights together. Adam treats each weight alone."""
    m = delta * m + (1 - delta) * g
    v = gamma * v + (1 - gamma) * np.mean(g**2)
    return w - eta * m / (1 - delta**k) / (np.sqrt(v / (1 - gamma**k)) + eps), m, v


def minibatches__not_shuffled(n, batch_size, rng):
    """You do not shuffle at all. Bring the indices into a random order before you cut them."""
    order = np.arange(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def minibatches__shuffles_batches_only(n, batch_size, rng):
    """You shuffle only the order of the batches, so the same examples always stay together. Shuffle first, then cut."""
    order = np.arange(n)
    batches = [order[start : start + batch_size] for start in range(0, n, batch_size)]
    middle = batches[:-1] if n % batch_size else batches
    return [middle[i] for i in rng.permutation(len(middle))] + batches[len(middle) :]


def minibatches__shuffles_within_batches_only(n, batch_size, rng):
    """You shuffle only within each batch, so the same examples always stay together. Shuffle first, then cut."""
    order = np.arange(n)
    return [rng.permutation(order[start : start + batch_size]) for start in range(0, n, batch_size)]


def minibatches__random_start(n, batch_size, rng):
    """You only begin at a random place, and neighbours stay together. Every order of the indices must be possible."""
    order = np.roll(np.arange(n), rng.integers(n))
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def minibatches__with_replacement(n, batch_size, rng):
    """You draw each index anew, so some come twice and others never. In an epoch every index comes exactly once."""
    order = rng.integers(n, size=n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def minibatches__drops_the_last(n, batch_size, rng):
    """You drop the examples that do not fill a batch. The last batch may be shorter, but it belongs to the epoch."""
    order = rng.permutation(n)
    return [order[i * batch_size : (i + 1) * batch_size] for i in range(n // batch_size)]


def minibatches__longer_last(n, batch_size, rng):
    """You add the examples that are left over to the last full batch. No batch is longer than `batch_size`."""
    order = rng.permutation(n)
    count = max(1, n // batch_size)
    return [
        *(order[i * batch_size : (i + 1) * batch_size] for i in range(count - 1)),
        order[(count - 1) * batch_size :],
    ]


def minibatches__filled_up(n, batch_size, rng):
    """You fill the last batch up with examples that were already used. It may be short; every index comes once."""
    order = rng.permutation(n)
    count = -(-n // batch_size)
    order = np.resize(order, count * batch_size)
    return [order[i * batch_size : (i + 1) * batch_size] for i in range(count)]


def minibatches__of_equal_size(n, batch_size, rng):
    """You share the indices out evenly, as `np.array_split` does. Each batch but the last has exactly `batch_size`."""
    return np.array_split(rng.permutation(n), -(-n // batch_size))


def minibatches__number_for_size(n, batch_size, rng):
    """You make `batch_size` batches. The argument is the number of examples in a batch, not the number of batches."""
    return np.array_split(rng.permutation(n), batch_size)


def minibatches__empty_last(n, batch_size, rng):
    """You add an empty batch when n is a multiple of `batch_size`. Count how many batches there are in that case."""
    order = rng.permutation(n)
    return [order[i * batch_size : (i + 1) * batch_size] for i in range(n // batch_size + 1)]


def minibatches__a_generator(n, batch_size, rng):
    """You return a generator, as `yield` makes it. A list of arrays is wanted."""
    order = rng.permutation(n)
    return (order[start : start + batch_size] for start in range(0, n, batch_size))


def minibatches__lists(n, batch_size, rng):
    """Your batches are Python lists. Each batch is wanted as an array of integers."""
    order = rng.permutation(n).tolist()
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def minibatches__floats(n, batch_size, rng):
    """Your indices are floats, and an array cannot be indexed by them. Make them integers."""
    order = rng.permutation(np.arange(float(n)))
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def minibatches__counts_from_1(n, batch_size, rng):
    """Your indices run from 1 to n. Indices run from 0 to n − 1."""
    order = rng.permutation(n) + 1
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def minibatches__index_0_left_out(n, batch_size, rng):
    """You leave out the index 0. The indices run from 0 to n − 1."""
    order = rng.permutation(np.arange(1, n))
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def minibatches__first_batch_only(n, batch_size, rng):
    """You return one batch. An epoch needs as many as it takes to use every example."""
    return [rng.permutation(n)[:batch_size]]


def minibatches__own_seed(n, batch_size, rng):
    """You make a generator of your own with a fixed seed, so every epoch has the same order. Draw from `rng`."""
    order = np.random.default_rng(0).permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def minibatches__global_generator(n, batch_size, rng):
    """You draw from NumPy's global generator, so a seed in `rng` has no effect. Draw from `rng`."""
    order = np.random.permutation(n)  # noqa: NPY002
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def _facts(n, batch_size):
    """What one can say about the batches without comparing random draws."""

    def probe(call):
        batches = call("minibatches", n, batch_size, np.random.default_rng(0))
        if not isinstance(batches, (list, tuple)):
            return "no list"
        order = np.concatenate(batches)
        facts = {"sizes": [len(batch) for batch in batches], "arrays": all(hasattr(b, "dtype") for b in batches)}
        if n < 50:  # too few for what follows to be sure
            return facts | {"kind": order.dtype.kind}
        again, other = (np.concatenate(call("minibatches", n, batch_size, np.random.default_rng(s))) for s in (0, 1))
        return facts | {
            "kind": order.dtype.kind,
            "distinct": len(np.unique(order)) == len(order),
            "from 0 to n-1": bool(np.array_equal(np.sort(order), np.arange(n))),
            "in order": bool(np.array_equal(order, np.arange(len(order)))),
            "neighbours in order": bool(np.mean(np.diff(order) == 1) > 0.5),
            "blocks": bool(np.all([np.ptp(batch) == len(batch) - 1 for batch in batches if len(batch) > 1])),
            "same seed, same order": bool(np.array_equal(order, again)),
            "other seed, same order": bool(np.array_equal(order, other)),
        }

    return probe


_BOWL = np.array([0.5, 2.0, -1.0])
PROBES = {
    "momentum_step": [
        {
            "w": np.array([0.5, -1.0, 2.0]),
            "v": np.array([0.25, 1.5, -0.75]),
            "g": np.array([2.0, -3.0, 0.5]),
            "eta": 0.2,
            "lam": 0.7,
        },
        {
            "w": np.array([[1.0, 2.0], [3.0, 4.0]]),
            "v": np.array([[0.5, -0.5], [0.25, 1.0]]),
            "g": np.array([[1.0, -2.0], [4.0, 0.5]]),
            "eta": 0.5,
            "lam": 0.4,
        },
    ],
    "velocity": [
        {"gradients": np.array([[1.0, -2.0], [0.5, 3.0], [2.5, 1.0], [-1.0, 0.25]]), "eta": 0.2, "lam": 0.7},
        {"gradients": np.array([[1.0, -2.0, 4.0], [0.5, 3.0, -1.5]]), "eta": 0.3, "lam": 0.0},
        {"gradients": np.arange(12.0).reshape(3, 2, 2) ** 2, "eta": 0.1, "lam": 0.6},
    ],
    "gradient_weights": [
        {"T": 4, "eta": 0.2, "lam": 0.7},
        {"T": 3, "eta": 0.5, "lam": 0.0},
        {"T": 300, "eta": 2.0, "lam": 0.05},
    ],
    "nesterov_step": [
        {
            "w": np.array([0.5, -1.0, 2.0]),
            "v": np.array([0.25, 1.5, -0.75]),
            "grad": lambda w: _BOWL * w,
            "eta": 0.2,
            "lam": 0.7,
        },
        {
            "w": np.array([[1.0, -0.5], [0.75, 2.0]]),
            "v": np.array([[0.5, -0.5], [0.25, 1.0]]),
            "grad": lambda w: w**3 - 1,
            "eta": 0.1,
            "lam": 0.5,
        },
    ],
    "train": [
        {"w": np.array([0.5, -1.0, 2.0]), "grad": lambda w: _BOWL * w, "steps": 4, "eta": 0.3},
        {"w": np.array([0.5, -1.0]), "grad": lambda w: w**3 + w, "steps": 3, "eta": 0.2, "lam": 0.7},
        {
            "w": np.array([0.5, -1.0]),
            "grad": lambda w: w**3 + w,
            "steps": 4,
            "eta": 0.2,
            "lam": 0.7,
            "nesterov": True,
        },
        {"w": np.array([[1.0, 2.0], [3.0, 4.0]]), "grad": lambda w: 2 * w, "steps": 2, "eta": 0.1, "lam": 0.5},
    ],
    "adam_step": [
        {
            "w": np.array([0.5, -1.0, 2.0]),
            "g": np.array([2.0, -3.0, 0.5]),
            "m": np.array([0.25, 1.5, -0.75]),
            "v": np.array([0.5, 2.0, 1.0]),
            "k": 3,
            "eta": 0.5,
            "delta": 0.8,
            "gamma": 0.95,
            "eps": 0.25,
        },
        {"w": np.array([0.5, 1.0]), "g": np.array([0.0, 2.0]), "m": np.zeros(2), "v": np.zeros(2), "k": 1},
    ],
    "minibatches": [_facts(203, 20), _facts(200, 20), _facts(3, 8)],
}
