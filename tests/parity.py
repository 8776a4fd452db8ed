"""What the parity tests compare: one case a line, and how the two twins of a case are built.

A new layer, loss or optimizer needs a case here and nothing else; tests/test_catalog.py fails when one is missing.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import torch

from tipslib import pytorch, scratch

DTYPES = (np.float64, np.float32)
# rtol and atol; atol covers sums that nearly cancel, whose terms are of order 1 to 10 here.
TOLERANCE = {np.dtype(np.float64): (1e-12, 1e-13), np.dtype(np.float32): (1e-5, 1e-5)}
TORCH_DTYPE = {np.dtype(np.float64): torch.float64, np.dtype(np.float32): torch.float32}

ANYTHING = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)
MATRICES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6)
LEADING = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)  # of [..., features]
IMAGES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=3).map(lambda shape: (shape[0], 3, shape[1]))


def nowhere(layer, x) -> float:
    """The distance from x to the nearest kink of a layer that has none."""
    return np.inf


def at(kink: float) -> Callable:
    """The same for an elementwise layer with a kink at this z."""
    return lambda layer, z: np.abs(z - kink).min(initial=np.inf)


def ties(layer, x) -> float:
    """The same for maxout: how far the best piece is ahead of the second."""
    z = np.sort(np.stack([x @ w.T + b for w, b in zip(layer.params["weight"], layer.params["bias"], strict=True)]), 0)
    return (z[-1] - z[-2]).min(initial=np.inf) if len(z) > 1 else np.inf


def _call(name: str, args: tuple, kwargs: dict) -> str:
    given = [*map(str, args), *(f"{key}={value}" for key, value in kwargs.items())]
    return f"{name}({', '.join(given)})"


@dataclass(frozen=True)
class LayerCase:
    """A layer: class name, constructor arguments (cases, for ``Sequential``), last axis or shapes of inputs, kinks."""

    name: str
    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    features: int | None = None  # None: any
    shapes: st.SearchStrategy | None = None  # by default [..., features], or any
    kink: Callable = nowhere

    def __post_init__(self) -> None:
        if self.shapes is None:
            shapes = LEADING.map(lambda leading: (*leading, self.features)) if self.features else ANYTHING
            object.__setattr__(self, "shapes", shapes)  # the class is frozen

    def __str__(self) -> str:
        return _call(self.name, self.args, self.kwargs)

    def inputs(self, dtype, bound: float = 10.0) -> st.SearchStrategy:
        """Arrays with entries up to ``bound``, zeros of both signs and denormals among them."""
        elements = st.floats(-bound, bound, width=8 * np.dtype(dtype).itemsize)
        return hnp.arrays(dtype, self.shapes, elements=elements)

    def batch(self, examples: int = 4, dtype=np.float64, seed: int = 1) -> np.ndarray:
        """One fixed input [N, features]."""
        return np.random.default_rng(seed).standard_normal((examples, self.features or 4)).astype(dtype)

    def ours(self, dtype=np.float64, rng=None):
        own = getattr(scratch, self.name)
        args = [arg.ours(dtype, rng) if isinstance(arg, LayerCase) else arg for arg in self.args]
        offered = inspect.signature(own).parameters
        extra = {"dtype": dtype, "rng": np.random.default_rng(0) if rng is None else rng}
        return own(*args, **self.kwargs, **{key: value for key, value in extra.items() if key in offered})

    def theirs(self, dtype=np.float64) -> torch.nn.Module:
        args = [arg.theirs(dtype) if isinstance(arg, LayerCase) else arg for arg in self.args]
        return getattr(pytorch, self.name)(*args, **self.kwargs).to(TORCH_DTYPE[np.dtype(dtype)])

    def twins(self, dtype=np.float64, rng=None) -> tuple:
        """Both, with the weights of the first."""
        layer, module = self.ours(dtype, rng), self.theirs(dtype)
        module.load_state_dict({name: torch.from_numpy(array) for name, array in layer.state_dict().items()})
        return layer, module


def chain(*cases: LayerCase, features: int) -> LayerCase:
    """A ``Sequential`` case; its nearest kink is the nearest of its layers'."""

    def kink(net, x) -> float:
        nearest = np.inf
        for case, layer in zip(cases, net, strict=True):
            nearest = min(nearest, case.kink(layer, x))
            x = layer(x)
        return nearest

    return LayerCase("Sequential", cases, features=features, kink=kink)


MLP = chain(LayerCase("Linear", (4, 5)), LayerCase("ReLU", kink=at(0)), LayerCase("Linear", (5, 3)), features=4)
_INNER = chain(LayerCase("Linear", (5, 5)), LayerCase("Softplus"), features=5)
_OUTER = chain(LayerCase("Tanh"), _INNER, features=5)
NESTED = chain(LayerCase("Linear", (4, 5)), _OUTER, LayerCase("Maxout", (5, 3), kink=ties), features=4)

LAYERS = [
    LayerCase("Linear", (4, 3), features=4),
    LayerCase("Linear", (1, 1), features=1),
    LayerCase("Linear", (4, 3), {"bias": False}, features=4),
    LayerCase("Identity"),
    LayerCase("Sigmoid"),
    LayerCase("Tanh"),
    LayerCase("ReLU", kink=at(0)),
    LayerCase("LeakyReLU", kink=at(0)),
    LayerCase("LeakyReLU", (0.1,), kink=at(0)),
    LayerCase("PReLU", kink=at(0)),
    LayerCase("PReLU", (3,), {"init": 0.1}, features=3, shapes=st.tuples(st.integers(1, 5), st.just(3)), kink=at(0)),
    LayerCase("PReLU", (3,), features=3, shapes=IMAGES, kink=at(0)),
    LayerCase("ELU", kink=at(0)),
    LayerCase("ELU", (0.5,), kink=at(0)),
    # Softplus jumps a little where it turns into the identity, at z = threshold / β.
    LayerCase("Softplus", kink=at(20)),
    LayerCase("Softplus", (2.0, 5.0), kink=at(2.5)),
    LayerCase("Sign", kink=at(0)),
    LayerCase("Abs", kink=at(0)),
    LayerCase("Softmax", (-1,), features=4),
    LayerCase("Softmax", (1,), shapes=IMAGES),
    LayerCase("Softmax", (0,)),
    LayerCase("Maxout", (4, 3), features=4, kink=ties),
    LayerCase("Maxout", (4, 3), {"pieces": 4}, features=4, kink=ties),
    LayerCase("Maxout", (4, 3), {"pieces": 1}, features=4, kink=ties),
    MLP,
    NESTED,
]


def labels(rng, shape: tuple, dtype) -> np.ndarray:
    """Class labels [N] for logits [N, K]."""
    return rng.integers(shape[1], size=shape[0])


def distributions(rng, shape: tuple, dtype) -> np.ndarray:
    """Rows of probabilities [N, K]."""
    return rng.dirichlet(np.ones(shape[1]), size=shape[0]).astype(dtype)


def values(rng, shape: tuple, dtype) -> np.ndarray:
    """Any targets, of the input's shape."""
    return rng.standard_normal(shape).astype(dtype)


@dataclass(frozen=True)
class LossCase:
    """A loss: class name, keyword arguments, how a target is drawn, shapes of inputs."""

    name: str
    target: Callable
    kwargs: dict = field(default_factory=dict)
    shapes: st.SearchStrategy = ANYTHING

    def __str__(self) -> str:
        return f"{_call(self.name, (), self.kwargs)} on {self.target.__name__}"

    inputs = LayerCase.inputs

    def twins(self) -> tuple:
        return getattr(scratch, self.name)(**self.kwargs), getattr(pytorch, self.name)(**self.kwargs)


LOSSES = [
    LossCase("MSELoss", values),
    LossCase("MSELoss", values, {"reduction": "sum"}),
    LossCase("CrossEntropyLoss", labels, shapes=MATRICES),
    LossCase("CrossEntropyLoss", labels, {"reduction": "sum"}, shapes=MATRICES),
    LossCase("CrossEntropyLoss", labels, {"label_smoothing": 0.1}, shapes=MATRICES),
    LossCase("CrossEntropyLoss", labels, {"label_smoothing": 1.0}, shapes=MATRICES),
    LossCase("CrossEntropyLoss", distributions, shapes=MATRICES),
    LossCase("CrossEntropyLoss", distributions, {"label_smoothing": 0.3, "reduction": "sum"}, shapes=MATRICES),
    # PyTorch takes any numbers as probabilities, also rows that do not sum to 1.
    LossCase("CrossEntropyLoss", values, shapes=MATRICES),
]


@dataclass(frozen=True)
class OptimizerCase:
    """An optimizer: class name and keyword arguments."""

    name: str
    kwargs: dict

    def __str__(self) -> str:
        return _call(self.name, (), self.kwargs)

    def twins(self, params: dict[str, np.ndarray]) -> tuple:
        """Both, and PyTorch's copies of ``params`` by name."""
        copies = {name: torch.nn.Parameter(torch.tensor(array)) for name, array in params.items()}
        ours = getattr(scratch, self.name)(params, **self.kwargs)
        return ours, getattr(pytorch, self.name)(copies.values(), **self.kwargs), copies


OPTIMIZERS = [
    OptimizerCase("SGD", {}),
    OptimizerCase("SGD", {"lr": 0.1}),
    OptimizerCase("SGD", {"lr": 0.0, "momentum": 0.9}),
    OptimizerCase("SGD", {"lr": 0.1, "weight_decay": 0.01}),
    OptimizerCase("SGD", {"lr": 0.1, "momentum": 0.9}),
    OptimizerCase("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    OptimizerCase("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.9, "weight_decay": 0.1}),
    OptimizerCase("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    OptimizerCase("SGD", {"lr": 0.05, "momentum": 0.5, "nesterov": True, "weight_decay": 0.1}),
]

# Names of the catalog without a case here, and what tests them instead.
NO_CASE = {
    "minibatches": "tests/test_training.py: every index once; the same object in both packages",
    "best_step": "tests/test_adaptive.py: closed form; no counterpart in PyTorch",
    "InverseSqrtLR": "tests/test_schedules.py: step for step",
    "InverseTimeLR": "tests/test_schedules.py: step for step",
    "ExponentialLR": "tests/test_schedules.py: step for step",
    "StepLR": "tests/test_schedules.py: step for step",
    "ReduceLROnPlateau": "tests/test_schedules.py: step for step",
    "clip_grad_value_": "tests/test_clipping.py: against PyTorch's own",
    "clip_grad_norm_": "tests/test_clipping.py: against PyTorch's own",
    "Layer": "abstract: every layer's case is one of its own",
    "gradient_check": "tests/test_gradcheck.py: closed forms, and planted mistakes that it must find",
    "numerical_gradient": "tests/test_gradcheck.py: closed forms",
    "relative_error": "tests/test_gradcheck.py: closed forms",
    "perceptron_update": "tests/test_perceptron.py: Novikoff's bound on the number of mistakes",
    "adaline_update": "tests/test_perceptron.py: converges to least squares",
    "fit": "tests/test_training.py: both twins give the same history",
    "split": "tests/test_training.py: disjoint and complete; the same object in both packages",
    "dead_units": "tests/test_layers.py: closed form; no state and no counterpart in PyTorch",
}


def assert_close(got: np.ndarray, want: np.ndarray, what: str) -> None:
    """Type, then dtype, then shape, then closeness; nan equals nan."""
    assert isinstance(got, np.ndarray), f"{what}: a {type(got).__name__}, not an array"
    assert got.dtype == want.dtype, f"{what}: {got.dtype}, PyTorch has {want.dtype}"
    assert got.shape == want.shape, f"{what}: shape {got.shape}, PyTorch has {want.shape}"
    rtol, atol = TOLERANCE[want.dtype]
    np.testing.assert_allclose(got, want, rtol, atol, err_msg=what)


def run(layer, x: np.ndarray, dy: np.ndarray) -> dict[str, np.ndarray]:
    """Output, input gradient and parameter gradients of a scratch layer, by name."""
    output = layer(x)
    return {"output": output, "dx": layer.backward(dy), **layer.grads}


def run_torch(module, x: np.ndarray, dy: np.ndarray) -> dict[str, np.ndarray]:
    """The same of a module, by autograd."""
    module.zero_grad()
    leaf = torch.tensor(x.copy(), requires_grad=True)
    output = module(leaf)
    output.backward(torch.tensor(dy.copy()))
    grads = {name: parameter.grad.numpy() for name, parameter in module.named_parameters()}
    return {"output": output.detach().numpy(), "dx": leaf.grad.numpy(), **grads}


def compare(case: LayerCase, x: np.ndarray, dy: np.ndarray, rng=None) -> None:
    """Both twins of ``case`` on the same x and ∂C/∂y."""
    layer, module = case.twins(x.dtype.type, rng)
    ours, theirs = run(layer, x, dy), run_torch(module, x, dy)
    assert ours.keys() == theirs.keys()
    for what, want in theirs.items():
        assert_close(ours[what], want, f"{case}: {what}")
