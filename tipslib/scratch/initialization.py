"""Initialization: fill a weight matrix [out, in] in place, so that signals neither die nor explode with depth.

    Var z = fan_in · Var w · E[a²]      forward: keep Var z = Var of the layer before
    Var δ = fan_out · Var w · Var δ'    backward: the same for the error signal

Xavier takes the mean of the two demands with a linear σ (E[a²] = Var a); He halves E[a²], because ReLU does.
All functions change ``tensor`` in place and return it, as torch.nn.init does; ``rng`` draws. Their gain is 1 by
default for Xavier (a linear σ), √2 for He.
"""

import math

import numpy as np

from tipslib.scratch.layers import Linear, Sequential

LINEAR = ("linear", "sigmoid", *(f"conv{transpose}{d}d" for transpose in ("", "_transpose") for d in (1, 2, 3)))


def zeros_(tensor: np.ndarray) -> np.ndarray:
    """w = 0: all units of a layer stay alike for ever. Source: K "what happens when W=0 init is used?"."""
    tensor.fill(0)
    return tensor


def normal_(tensor: np.ndarray, mean: float = 0.0, std: float = 1.0, *, rng: np.random.Generator) -> np.ndarray:
    """w ~ N(mean, std²). Source: K "small random numbers" (std = 0.01)."""
    tensor[...] = rng.normal(mean, std, tensor.shape)
    return tensor


def fans(tensor: np.ndarray) -> tuple[int, int]:
    """(fan_in, fan_out): how many units a unit of a weight [out, in] listens to, and how many listen to one.

    Raises: ValueError unless the array has two axes. Source: Glorot and Bengio 2010.
    """
    if tensor.ndim != 2:
        raise ValueError(f"initialization wants a weight [out, in], got shape {tensor.shape}")
    fan_out, fan_in = tensor.shape
    return fan_in, fan_out


def xavier_uniform_(tensor: np.ndarray, gain: float = 1.0, *, rng: np.random.Generator) -> np.ndarray:
    """w uniform with Var w = gain² · 2/(fan_in + fan_out). Source: K "Xavier initialization"; Glorot 2010."""
    return _uniform(tensor, _xavier_std(tensor, gain), rng)


def xavier_normal_(tensor: np.ndarray, gain: float = 1.0, *, rng: np.random.Generator) -> np.ndarray:
    """w normal with Var w = gain² · 2/(fan_in + fan_out). Source: K "Xavier initialization"; Glorot 2010."""
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), rng=rng)


def kaiming_uniform_(
    tensor: np.ndarray,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator,
) -> np.ndarray:
    """w uniform with Var w = gain²/fan, gain² = 2/(1 + a²): 2/fan_in for ReLU.

    Args: ``a`` the slope of a leaky ReLU; ``mode`` "fan_in" keeps the forward signal, "fan_out" the backward one;
    ``nonlinearity`` as in ``calculate_gain``. Raises: ValueError for another mode or nonlinearity.
    Source: K "He et al., 2015"; torch.nn.init.kaiming_uniform_.
    """
    return _uniform(tensor, _kaiming_std(tensor, a, mode, nonlinearity), rng)


def kaiming_normal_(
    tensor: np.ndarray,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator,
) -> np.ndarray:
    """w normal with Var w = gain²/fan; arguments and errors as ``kaiming_uniform_``. Source: K "He et al., 2015"."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), rng=rng)


def orthogonal_(tensor: np.ndarray, gain: float = 1.0, *, rng: np.random.Generator) -> np.ndarray:
    """gain · Q with orthonormal columns (out ≥ in) or rows: every singular value is ``gain``.

    Q comes from the QR decomposition of a normal matrix; the signs of R's diagonal make it uniformly distributed.
    Source: U "torch.nn.init.orthogonal_"; Saxe et al. 2013.
    """
    fan_in, fan_out = fans(tensor)
    q, r = np.linalg.qr(rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out))))
    q *= np.sign(np.diag(r))
    tensor[...] = gain * (q if fan_out >= fan_in else q.T)
    return tensor


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor on std that a nonlinearity asks for, in PyTorch's words: "linear", "relu", "leaky_relu", ….

    Args: ``param`` the slope of "leaky_relu", 0.01 by default.
    Raises: ValueError for another name. Source: K "note additional /2"; torch.nn.init.calculate_gain.
    """
    slope = 0.01 if param is None else param
    gains = dict.fromkeys(LINEAR, 1.0) | {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
    gains["leaky_relu"] = math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in gains:
        raise ValueError(f"calculate_gain: nonlinearity is {nonlinearity!r}, must be one of {sorted(gains)}")
    return gains[nonlinearity]


def lsuv_(
    model: Sequential,
    x: np.ndarray,
    *,
    rng: np.random.Generator,
    tolerance: float = 0.01,
    max_iterations: int = 10,
) -> list[float]:
    """Layer-sequential unit variance: orthogonal weights, then each layer's scale from the data themselves.

    Going forward through the model on a batch x, the weights of every ``Linear`` are divided by the standard
    deviation of its output until that is 1 to within ``tolerance``; biases become 0.
    Returns: the standard deviation of each ``Linear``'s output, in order.
    Raises: ValueError when an output does not vary at all, or is not finite.
    Source: K "All you need is a good init", Mishkin and Matas 2015.
    """
    stds: list[float] = []
    for layer in model:
        if isinstance(layer, Sequential):
            stds += lsuv_(layer, x, rng=rng, tolerance=tolerance, max_iterations=max_iterations)
        elif isinstance(layer, Linear):
            weight = orthogonal_(layer.params["weight"], rng=rng)
            if "bias" in layer.params:
                zeros_(layer.params["bias"])
            for _ in range(max_iterations):
                std = float(layer(x).std())
                if not 0 < std < math.inf:
                    raise ValueError(f"lsuv_: the output of {layer} on this batch has standard deviation {std}")
                if abs(std - 1) <= tolerance:
                    break
                weight /= std
            stds.append(float(layer(x).std()))
        x = layer(x)
    return stds


def _uniform(tensor: np.ndarray, std: float, rng: np.random.Generator) -> np.ndarray:
    # A uniform variable on ±b has variance b²/3.
    bound = math.sqrt(3) * std
    tensor[...] = rng.uniform(-bound, bound, tensor.shape)
    return tensor


def _xavier_std(tensor: np.ndarray, gain: float) -> float:
    fan_in, fan_out = fans(tensor)
    return gain * math.sqrt(2 / (fan_in + fan_out))


def _kaiming_std(tensor: np.ndarray, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming: mode is {mode!r}, must be 'fan_in' or 'fan_out'")
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)
