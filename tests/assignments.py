"""The assignments of this course as the tests see them: contract, cells, banks; cells run here without a kernel."""

import ast
import copy
import functools
import importlib
from pathlib import Path

import nbformat
from nbgrader.preprocessors import ClearHiddenTests, ClearOutput, ClearSolutions, ComputeChecksums
from traitlets.config import Config, PyFileConfigLoader

from assignments.classroom import cells, graded

FOLDER = Path(__file__).parents[1] / "assignments"
CONFIG = PyFileConfigLoader("nbgrader_config.py", path=str(FOLDER)).load_config()

# The contract with graders and students: never to be changed.
SIGNATURES = {
    "activations": {
        "sigmoid": "(z)",
        "sigmoid_backward": "(da, z)",
        "relu": "(z)",
        "relu_backward": "(da, z)",
        "leaky_relu": "(z, alpha=0.01)",
        "leaky_relu_backward": "(da, z, alpha=0.01)",
        "prelu_backward": "(da, z, alpha)",
        "maxout": "(x, W, b)",
        "maxout_backward": "(da, x, W, winner)",
        "relu_as_maxout": "(w, b)",
        "error_signals": "(weights, zs, dC_da, act_backward)",
        "weight_gradients": "(deltas, inputs)",
        "dead_units": "(a)",
    },
    "softmax": {
        "softmax": "(z)",
        "cross_entropy": "(z, r)",
        "cross_entropy_backward": "(z, r)",
        "soft_cross_entropy_backward": "(z, d)",
        "one_hot": "(r, classes)",
        "smooth_labels": "(r, classes, eps)",
        "l2_sigmoid_backward": "(z, d)",
        "kl_divergence": "(d, y)",
    },
    "adagrad": {
        "inverse_sqrt_decay": "(eta, t)",
        "sigma": "(gradients)",
        "adagrad_step": "(w, g, sum_sq, eta, eps=1e-10)",
        "best_step": "(a, b, x0)",
        "rmsprop_step": "(w, g, mean_sq, eta, gamma=0.9, eps=1e-08)",
        "staircase": "(eta, epoch, every=10, factor=10)",
    },
    "momentum": {
        "momentum_step": "(w, v, g, eta, lam)",
        "velocity": "(gradients, eta, lam)",
        "gradient_weights": "(T, eta, lam)",
        "nesterov_step": "(w, v, grad, eta, lam)",
        "minibatches": "(n, batch_size, rng)",
        "adam_step": "(w, g, m, v, k, eta=0.001, delta=0.9, gamma=0.999, eps=1e-08)",
        "train": "(w, grad, steps, eta, lam=0.0, nesterov=False)",
    },
    "initialization": {
        "standardize": "(train, test)",
        "whiten": "(x, eps=1e-05)",
        "xavier_std": "(fan_in, fan_out)",
        "he_std": "(fan_in)",
        "orthogonal": "(n, m, rng)",
        "layer_statistics": "(x, weights, act)",
        "distinct_units": "(W, b)",
    },
    "batchnorm": {
        "batchnorm_forward": "(z, gamma, beta, eps=1e-05)",
        "batchnorm_backward": "(dout, cache)",
        "inference_statistics": "(batches)",
        "batchnorm_inference": "(z, gamma, beta, mean, var, eps=1e-05)",
        "identity_parameters": "(mean, var, eps=1e-05)",
        "running_average": "(running, batch, momentum=0.1)",
    },
    "dropout": {
        "dropout_forward": "(a, p, rng)",
        "dropout_backward": "(dout, mask)",
        "scale_weights": "(W, p)",
        "inverted_dropout_forward": "(a, p, rng)",
        "inverted_dropout_backward": "(dout, mask, p)",
        "subnetwork_average": "(x, W, b, p)",
        "hidden_width": "(n, p)",
        "weight_decay_step": "(w, g, eta, lam)",
    },
    "babysitting": {
        "expected_initial_loss": "(classes)",
        "numerical_gradient": "(f, x, h=1e-05)",
        "relative_error": "(a, b)",
        "diagnose": "(losses)",
        "sample_log_uniform": "(low, high, size, rng)",
        "update_ratio": "(w, update)",
        "clip_gradient": "(g, threshold=5.0)",
        "early_stopping": "(val_losses, patience)",
    },
}
# A function that may build on others: without those it may lose its own cells, too.
BUILDS_ON = {
    "sigmoid_backward": {"sigmoid"},
    "cross_entropy_backward": {"softmax"},
    "soft_cross_entropy_backward": {"softmax"},
    "smooth_labels": {"one_hot"},
    "batchnorm_backward": {"batchnorm_forward"},
    "train": {"momentum_step", "nesterov_step"},
    "relu_backward": {"relu"},
}


def kind(cell) -> str:
    """What a cell is for. Code: set-up (locked), solution, test, other (an experiment). Markdown: written, text."""
    info = cell.metadata.get("nbgrader", {})
    if cell.cell_type != "code":
        return "written" if info.get("grade") else "text"
    if info.get("solution"):
        return "solution"
    if info.get("grade"):
        return "test"
    return "set-up" if info.get("locked") else "other"


def identifier(cell) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


@functools.cache
def compiled(code: str):
    return compile(code, "<cell>", "exec")


def run(cells, namespace: dict) -> dict[str, Exception]:
    """Execute cells, (name, code) pairs, one after another; returns what they raised, by name."""
    errors = {}
    for name, code in cells:
        try:
            exec(compiled(code), namespace)
        except Exception as error:
            errors[name] = error
    return errors


class Assignment:
    """One assignment: its source, its release, its cells by grade_id, and its banks."""

    def __init__(self, name: str) -> None:
        self.name, self.signatures = name, SIGNATURES[name]
        self.source = nbformat.read(FOLDER / "source" / name / f"{name}.ipynb", as_version=4)
        self.release = copy.deepcopy(self.source)
        for step in (ClearSolutions, ClearOutput, ComputeChecksums, ClearHiddenTests, ComputeChecksums):
            # nbgrader's own steps with this course's settings
            self.release, _ = step(config=Config(CONFIG)).preprocess(self.release, {})
        self.tests = {identifier(cell): cell.source for cell in self.source.cells if kind(cell) == "test"}
        self.visible = {identifier(cell): cell.source for cell in self.release.cells if kind(cell) == "test"}
        self.points = {
            identifier(cell): cell.metadata.nbgrader.points
            for cell in self.source.cells
            if kind(cell) in ("test", "written")
        }

    def bank(self, which: str):
        """The module ``assignments.<which>.<name>``, of mistakes, alternatives or the sample class."""
        return importlib.import_module(f"assignments.{which}.{self.name}")

    def functions(self, which: str) -> list:
        """The functions of a bank, in their order."""
        found = vars(self.bank(which)).items()
        return [value for name, value in found if callable(value) and "__" in name.strip("_")]

    def solve(self, *versions) -> dict:
        """A namespace with the instructor's solutions, except for these functions of a bank."""
        given = cells(*versions)
        if "batchnorm-backward" in given and "batchnorm-forward" not in given:
            # A backward pass reads the cache of its own forward pass.
            given |= cells(self.bank("mistakes").REFERENCE["batchnorm_forward"])
        namespace = {}
        for cell in self.source.cells:
            if kind(cell) in ("set-up", "solution"):
                exec(compiled(given.get(identifier(cell), cell.source)), namespace)
        return namespace

    def grading(self, function: str) -> set[str]:
        """The test cells of a function."""
        names = [n for n in self.signatures if function != n]

        def owner(cell):
            fits = [n for n in (function, *names) if f"{cell}-".startswith(n.replace("_", "-") + "-")]
            return max(fits, key=len)  # relu-backward-kink is about relu_backward, not about relu

        return {cell for cell in self.tests if owner(cell) == function}

    def mentions(self, function: str) -> set[str]:
        """The test cells that call a function."""
        named = {
            cell: {n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name)}
            for cell, code in self.tests.items()
        }
        return {cell for cell, names in named.items() if function in names}


@functools.cache
def assignment(name: str) -> Assignment:
    return Assignment(name)


def styles(name: str) -> dict[str, list]:
    """The alternatives of an assignment by style: those of one suffix go together, as one student would write them."""
    found: dict[str, list] = {}
    for function in assignment(name).functions("alternatives"):
        found.setdefault(function.__name__.removeprefix(graded(function)).strip("_"), []).append(function)
    return found


NAMES = [name for name in SIGNATURES if (FOLDER / "source" / name).is_dir()]
