"""Layers: one gate of the graph each, forward beside backward.

A layer knows two things only: how to compute its output, and how to turn ∂C/∂output into ∂C/∂input and
∂C/∂parameters (its *local gradient* times what comes from above). The chain rule does the rest:

    forward     z^l = a^{l-1} (W^l)ᵀ + b^l,   a^l = σ(z^l)          l = 1 … L
    backward    δ^L = σ'(z^L) • ∇C(y),        δ^l = σ'(z^l) • δ^{l+1} W^{l+1}
                ∂C/∂W^l = (δ^l)ᵀ a^{l-1},     ∂C/∂b^l = Σ_batch δ^l

Rows are examples: a [N, n], W [n_out, n_in] as in PyTorch, so the lecture's W a (columns) reads a Wᵀ here.

Source: L "Review: Backpropagation"; K "Implementation: forward/backward API".
"""

from collections.abc import Iterator, MutableMapping

import numpy as np


class Layer:
    """What every layer offers; a new one overrides ``forward`` and ``backward``.

    ``y = layer(x)`` and then ``dx = layer.backward(dy)``, where dy = ∂C/∂y has the shape of y and dx that of x.
    ``backward`` overwrites ``grads``; nothing is added up, so there is no ``zero_grad``.

    Attributes: ``params`` and ``grads``, mappings from PyTorch's parameter names to arrays (a parameter may be
    replaced: ``layer.params["weight"] = array``); ``buffers``, arrays that are part of the layer's state but not
    trained, such as running averages; ``training``, set by ``train()`` and ``eval()``.

    Raises: RuntimeError when ``backward`` comes before ``forward``; ValueError or TypeError for an array of
    the wrong shape or dtype.

    Source: K "Implementation: forward/backward API".
    """

    def __init__(self) -> None:
        self.params: MutableMapping[str, np.ndarray] = {}
        self.grads: MutableMapping[str, np.ndarray] = {}
        self.buffers: MutableMapping[str, np.ndarray] = {}
        self.training = True
        self._saved: tuple | None = None

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.forward(x)

    def forward(self, x: np.ndarray) -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, dy: np.ndarray) -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def backward_params(self, dy: np.ndarray) -> None:
        """``backward`` without its result, for the layer that sees the data: nobody wants ∂C/∂data in training."""
        self.backward(dy)

    def train(self, mode: bool = True) -> "Layer":
        """Switch to training behaviour (dropout drops, batch norm uses the batch); returns the layer."""
        self.training = mode
        return self

    def eval(self) -> "Layer":
        """Switch to test-time behaviour; returns the layer."""
        return self.train(False)

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all parameters and buffers by PyTorch's names: enough to store the layer or move it to PyTorch."""
        return {name: array.copy() for name, array in {**self.params, **self.buffers}.items()}

    def load_state_dict(self, state: MutableMapping) -> None:
        """Copy ``state`` (arrays or CPU tensors by name) into the parameters and buffers, which keep their dtype.

        Raises: KeyError for a missing or unexpected name, ValueError for a wrong shape; nothing changes then.
        """
        own = {**self.params, **self.buffers}
        if own.keys() != state.keys():
            raise KeyError(
                f"{self}: missing {sorted(own.keys() - state.keys())}, unexpected {sorted(state.keys() - own.keys())}"
            )
        arrays = {name: np.asarray(value) for name, value in state.items()}
        for name, array in arrays.items():
            if array.shape != own[name].shape:
                raise ValueError(f"{self}: {name} has shape {array.shape}, the layer wants {own[name].shape}")
        for name, array in arrays.items():
            own[name][...] = array

    def _save(self, *values, output: np.ndarray) -> np.ndarray:
        """Keep what ``backward`` will need, and the output's shape; returns the output."""
        self._saved, self._output_shape = values, output.shape
        return output

    def _recall(self, dy: np.ndarray) -> tuple:
        """What the last ``forward`` saved, once ``dy`` is known to fit its output."""
        if self._saved is None:
            raise RuntimeError(f"{self}.backward was called before forward: call y = layer(x) first")
        if np.shape(dy) != self._output_shape:
            raise ValueError(f"{self}.backward got dy of shape {np.shape(dy)}, its output was {self._output_shape}")
        return self._saved

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def check_floats(layer: Layer, z: np.ndarray) -> None:
    """Raise unless ``z`` is an array of floats."""
    if not isinstance(z, np.ndarray) or z.dtype.kind != "f":
        got = z.dtype if isinstance(z, np.ndarray) else type(z).__name__
        raise TypeError(f"{layer} wants a NumPy array of floats, got {got}")


def check_features(layer: Layer, x: np.ndarray, features: int, dtype: np.dtype) -> None:
    """Raise unless ``x`` is an array [..., features] of the parameters' ``dtype``."""
    if not isinstance(x, np.ndarray):
        raise TypeError(f"{layer} wants a NumPy array, got {type(x).__name__}")
    if x.ndim == 0 or x.shape[-1] != features:
        raise ValueError(f"{layer} wants x of shape [N, {features}], got {x.shape}")
    if x.dtype != dtype:
        raise TypeError(f"{layer} has {dtype} parameters but x is {x.dtype}: use x.astype(np.{dtype})")


class Linear(Layer):
    """Fully connected layer, z = x Wᵀ + b; backward dx = dz W, dW = dzᵀ x, db = Σ dz.

    Shapes: x [N, in_features] (more leading axes are allowed, as in PyTorch), z [N, out_features];
    ``weight`` [out_features, in_features], ``bias`` [out_features]. Both start uniform on ±1/√in_features.

    Args: ``bias=False`` leaves the bias out; ``rng`` draws the start; ``dtype`` float32 or float64.
    Source: L "Review: Backpropagation"; K "fully-connected layers"; torch.nn.Linear.
    """

    def __init__(self, in_features, out_features, bias=True, *, rng=None, dtype=np.float32):
        super().__init__()
        rng = np.random.default_rng() if rng is None else rng
        self.in_features, self.out_features = in_features, out_features
        bound = 1 / np.sqrt(in_features)
        self.params["weight"] = rng.uniform(-bound, bound, (out_features, in_features)).astype(dtype)
        if bias:
            self.params["bias"] = rng.uniform(-bound, bound, out_features).astype(dtype)

    def forward(self, x: np.ndarray) -> np.ndarray:
        weight = self.params["weight"]
        check_features(self, x, self.in_features, weight.dtype)
        z = x @ weight.T
        if "bias" in self.params:
            z += self.params["bias"]
        return self._save(x, output=z)

    def backward(self, dz: np.ndarray) -> np.ndarray:
        self._fill_grads(dz)
        return dz @ self.params["weight"]

    def backward_params(self, dz: np.ndarray) -> None:
        # A subclass with a backward of its own must not be passed over.
        if type(self).backward is Linear.backward:
            self._fill_grads(dz)
        else:
            self.backward(dz)

    def _fill_grads(self, dz: np.ndarray) -> None:
        (x,) = self._recall(dz)
        # One row per example, whatever the leading axes: the batch is summed over.
        rows = dz.reshape(-1, self.out_features)
        self.grads["weight"] = rows.T @ x.reshape(-1, self.in_features)
        if "bias" in self.params:
            self.grads["bias"] = rows.sum(axis=0)

    def __repr__(self) -> str:
        return f"Linear({self.in_features}, {self.out_features})"


class Sequential(Layer):
    """Layers one after the other: a^l = layer_l(a^{l-1}); backward goes through them in reverse.

    ``params``, ``grads`` and ``buffers`` are live views of the layers' own, under PyTorch's names ("0.weight", …).
    Index and iterate it like a list of layers.
    Source: L "Review: Backpropagation" (the error signal passed from layer to layer); torch.nn.Sequential.
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        self.layers = layers
        self.params = _Joined([layer.params for layer in layers])
        self.grads = _Joined([layer.grads for layer in layers])
        self.buffers = _Joined([layer.buffers for layer in layers])

    def forward(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer(x)
        return x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def backward_params(self, dy: np.ndarray) -> None:
        for layer in reversed(self.layers[1:]):
            dy = layer.backward(dy)
        if self.layers:
            self.layers[0].backward_params(dy)

    def train(self, mode: bool = True) -> "Sequential":
        for layer in self.layers:
            layer.train(mode)
        super().train(mode)
        return self

    def __getitem__(self, index: int) -> Layer:
        return self.layers[index]

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"


class _Joined(MutableMapping):
    """Several mappings seen as one: key "1.weight" is key "weight" of the mapping at position 1."""

    def __init__(self, parts: list[MutableMapping]) -> None:
        self._parts = parts

    def _find(self, key: str) -> tuple[MutableMapping, str]:
        index, _, name = key.partition(".")
        if not index.isdecimal() or int(index) >= len(self._parts):
            raise KeyError(key)
        return self._parts[int(index)], name

    def __getitem__(self, key: str) -> np.ndarray:
        part, name = self._find(key)
        if name not in part:
            raise KeyError(key)
        return part[name]

    def __setitem__(self, key: str, array: np.ndarray) -> None:
        part, name = self._find(key)
        part[name] = array

    def __delitem__(self, key: str) -> None:
        part, name = self._find(key)
        del part[name]

    def __iter__(self) -> Iterator[str]:
        return (f"{index}.{name}" for index, part in enumerate(self._parts) for name in part)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __repr__(self) -> str:
        return repr(dict(self))
