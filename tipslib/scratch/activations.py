"""Activations: a = σ(z) elementwise, backward dz = σ'(z) • da.

Each class gives its σ (``activate``) and its σ' (``slope``); the two lines of chain rule stand once, in
``Activation``.

Where a function has a kink the derivative is PyTorch's choice: 0 for ReLU and abs at z = 0, the left one for
LeakyReLU and ELU.
"""

import numpy as np

from tipslib.scratch.layers import Layer, check_floats


def _sigmoid(z: np.ndarray) -> np.ndarray:
    # exp of a non-positive number never overflows
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


class Activation(Layer):
    """An elementwise layer: any shape in, the same shape out, no parameters.

    Source: L "Review: Backpropagation" (δ^l = σ'(z^l) • …).
    """

    def activate(self, z: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def slope(self, z: np.ndarray, a: np.ndarray) -> np.ndarray:
        """σ'(z); ``a`` = σ(z) is at hand because it often makes the slope cheaper."""
        raise NotImplementedError

    def forward(self, z: np.ndarray) -> np.ndarray:
        check_floats(self, z)
        a = self.activate(z)
        return self._save(z, a, output=a)

    def backward(self, da: np.ndarray) -> np.ndarray:
        z, a = self._recall(da)
        return da * self.slope(z, a)


class Identity(Activation):
    """σ(z) = z: the output layer for regression. Source: U "Which activation at the output nodes?"."""

    def activate(self, z):
        return z.copy()

    def slope(self, z, a):
        return np.ones_like(z)


class Sigmoid(Activation):
    """σ(z) = 1/(1 + e^{-z}), σ' = a(1 - a) ≤ 1/4. Values in (0, 1).

    Source: L "Problem of Sigmoid"; K "Activation Functions: Sigmoid".
    """

    def activate(self, z):
        return _sigmoid(z)

    def slope(self, z, a):
        return a * (1 - a)


class Tanh(Activation):
    """σ(z) = tanh z, σ' = 1 - a² ≤ 1. Values in (-1, 1). Source: K "Activation Functions: tanh(x)"."""

    def activate(self, z):
        return np.tanh(z)

    def slope(self, z, a):
        return 1 - a * a


class ReLU(Activation):
    """σ(z) = max(0, z), σ' = 1 where z > 0, else 0.

    Source: L "Rectified Linear Unit (ReLU)"; K "Activation Functions: ReLU"; Krizhevsky et al. 2012.
    """

    def activate(self, z):
        return np.maximum(z, 0)

    def slope(self, z, a):
        return z > 0


class LeakyReLU(Activation):
    """σ(z) = z where z > 0, else αz; σ' = 1 or α, with α = ``negative_slope``.

    Source: L "ReLU - variant" (α = 0.01); K "Leaky ReLU" (α = 0.1 in its table); Maas et al. 2013.
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def activate(self, z):
        return np.where(z > 0, z, z * self.negative_slope)

    def slope(self, z, a):
        return np.where(z > 0, z.dtype.type(1), z.dtype.type(self.negative_slope))

    def __repr__(self) -> str:
        return f"LeakyReLU({self.negative_slope})"


class ELU(Activation):
    """σ(z) = z where z > 0, else α(e^z - 1); σ' = 1 or αe^z.

    Source: K "Exponential Linear Units (ELU)"; Clevert et al. 2015.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = alpha

    def activate(self, z):
        return np.where(z > 0, z, self.alpha * np.expm1(np.minimum(z, 0)))

    def slope(self, z, a):
        # not a + α, which would cancel: the slope is small but never 0
        return np.where(z > 0, 1, self.alpha * np.exp(np.minimum(z, 0)))

    def __repr__(self) -> str:
        return f"ELU({self.alpha})"


class Softplus(Activation):
    """σ(z) = log(1 + e^{βz})/β, σ' = sigmoid(βz): a ReLU without the corner.

    As in PyTorch, σ(z) = z once βz > ``threshold``, where the two agree to about e^{-threshold}/β.
    Source: L "ReLU" (a cure for dead units).
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def activate(self, z):
        bz = self.beta * z
        return np.where(bz > self.threshold, z, np.logaddexp(0, bz).astype(z.dtype) / self.beta)

    def slope(self, z, a):
        bz = self.beta * z
        return np.where(bz > self.threshold, z.dtype.type(1), _sigmoid(bz))

    def __repr__(self) -> str:
        return f"Softplus({self.beta})"


class Sign(Activation):
    """σ(z) = sign z ∈ {-1, 0, 1}, σ' = 0: fine for the perceptron rule, useless for gradient descent.

    Source: U "Is the sign() activation good for derivative-based optimization?".
    """

    def activate(self, z):
        return np.sign(z)

    def slope(self, z, a):
        return np.zeros_like(z)


class Abs(Activation):
    """σ(z) = abs(z), σ' = sign z. Source: U "Which activation at the hidden node?" ("acceptable")."""

    def activate(self, z):
        return np.abs(z)

    def slope(self, z, a):
        return np.sign(z)
