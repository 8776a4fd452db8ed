"""Initialization: fill a weight matrix [out, in] in place, so that signals neither die nor explode with depth.

    Var z = fan_in · Var w · E[a²]      forward: keep Var z = Var of the layer before
    Var δ = fan_out · Var w · Var δ'    backward: the same for the error signal

Xavier takes the mean of the two demands with a linear σ (E[a²] = Var a); He halves E[a²], because ReLU does.
All functions change ``tensor`` in place and return it, as torch.nn.init does; ``rng`` draws.
"""

import numpy as np


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


def kaiming_uniform_(tensor, a=0.0, mode="fan_in", nonlinearity="leaky_relu", *, rng) -> np.ndarray:
    """w uniform with Var w = gain²/fan, gain² = 2/(1 + a²): 2/fan_in for ReLU. Source: K "He et al., 2015"."""
    return _uniform(tensor, _kaiming_std(tensor, a, mode, nonlinearity), rng)


def kaiming_normal_(tensor, a=0.0, mode="fan_in", nonlinearity="leaky_relu", *, rng) -> np.ndarray:
    """w normal with Var w = gain²/fan, gain² = 2/(1 + a²): 2/fan_in for ReLU. Source: K "He et al., 2015"."""
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


def calculate_gain(nonlinearity: str, param: float = 0.01) -> float:
    """The factor on std that a nonlinearity asks for, in PyTorch's words: "linear", "relu", "leaky_relu", ….

    Raises: ValueError for another name. Source: K "note additional /2"; torch.nn.init.calculate_gain.
    """
    gains = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": np.sqrt(2), "selu": 0.75}
    gains["leaky_relu"] = np.sqrt(2 / (1 + param**2))
    if nonlinearity not in gains:
        raise ValueError(f"calculate_gain: nonlinearity is {nonlinearity!r}, must be one of {sorted(gains)}")
    return float(gains[nonlinearity])


def lsuv_(model, x: np.ndarray, *, rng: np.random.Generator, tolerance: float = 0.01, max_iterations: int = 10) -> list:
    """Layer-sequential unit variance: orthogonal weights, then each layer's scale from the data themselves.

    Going forward through a ``Sequential`` on a batch x, every two-axis ``weight`` is divided by the standard
    deviation of its layer's output until that is 1 to within ``tolerance``; biases become 0.
    Returns: the standard deviation of each such layer's output, in order.
    Raises: ValueError when an output does not vary at all.
    Source: K "All you need is a good init", Mishkin and Matas 2015.
    """
    stds = []
    for layer in model:
        if "weight" in layer.params and layer.params["weight"].ndim == 2:
            weight = orthogonal_(layer.params["weight"], rng=rng)
            if "bias" in layer.params:
                zeros_(layer.params["bias"])
            for _ in range(max_iterations):
                std = float(layer(x).std())
                if std == 0:
                    raise ValueError(f"lsuv_: the output of {layer} does not vary on this batch")
                if abs(std - 1) <= tolerance:
                    break
                weight /= std
            stds.append(float(layer(x).std()))
        x = layer(x)
    return stds


def _uniform(tensor: np.ndarray, std: float, rng: np.random.Generator) -> np.ndarray:
    # A uniform variable on ±b has variance b²/3.
    bound = np.sqrt(3) * std
    tensor[...] = rng.uniform(-bound, bound, tensor.shape)
    return tensor


def _xavier_std(tensor: np.ndarray, gain: float) -> float:
    fan_in, fan_out = fans(tensor)
    return gain * np.sqrt(2 / (fan_in + fan_out))


def _kaiming_std(tensor: np.ndarray, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming: mode is {mode!r}, must be 'fan_in' or 'fan_out'")
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / np.sqrt(fan)
