"""The assignment `activations`: every right solution keeps its points, every typical mistake loses some.

The cells run here in one namespace, without a kernel; tests/grading runs the sample class for real.
"""

import ast
import copy
import functools
import inspect
import re
import warnings
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from nbgrader.preprocessors import ClearHiddenTests, ClearOutput, ClearSolutions, ComputeChecksums
from traitlets.config import Config, PyFileConfigLoader

from assignments.sample.activations import EXPECTED, STOCK_DIFFERS, STOCK_FAILS, submissions

ASSIGNMENTS = Path(__file__).parents[1] / "assignments"
SOURCE = nbformat.read(ASSIGNMENTS / "source" / "activations" / "activations.ipynb", as_version=4)
CONFIG = PyFileConfigLoader("nbgrader_config.py", path=str(ASSIGNMENTS)).load_config()
SIGNATURES = {
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
}


def released() -> nbformat.NotebookNode:
    """What a student gets, made by nbgrader's own steps with this course's settings."""
    notebook = copy.deepcopy(SOURCE)
    for step in (ClearSolutions, ClearOutput, ComputeChecksums, ClearHiddenTests, ComputeChecksums):
        notebook, _ = step(config=Config(CONFIG)).preprocess(notebook, {})
    return notebook


RELEASE = released()


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


TESTS = {identifier(cell): cell.source for cell in SOURCE.cells if kind(cell) == "test"}
VISIBLE = {identifier(cell): cell.source for cell in RELEASE.cells if kind(cell) == "test"}
POINTS = {identifier(c): c.metadata.nbgrader.points for c in SOURCE.cells if kind(c) in ("test", "written")}


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


def solve(**bodies: str) -> dict:
    """A namespace with the instructor's solutions, except for the functions whose bodies are given."""
    namespace = {}
    for cell in SOURCE.cells:
        if kind(cell) in ("set-up", "solution"):
            exec(compiled(cell.source), namespace)
    for function, body in bodies.items():
        lines = "".join(f"    {line}\n" for line in body.split("\n"))
        exec(f"import math\ndef {function}{SIGNATURES[function]}:\n{lines}", namespace)
    return namespace


def grading(function: str) -> set[str]:
    """The test cells that call a function."""
    return {
        name
        for name, code in TESTS.items()
        if function in {n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name)}
    }


def variants(bank: dict) -> list[tuple]:
    return [(function, variant) for function, own in bank.items() for variant in own]


# Typical mistakes: for each function, the body of a wrong solution, and whether the visible checks already tell.
# The others are there for the hidden checks alone.
MISTAKES = {
    "sigmoid": {
        "the formula, which overflows": (True, "return 1 / (1 + np.exp(-z))"),
        "nan on the right": (True, "return np.exp(z) / (1 + np.exp(z))"),
        "both branches of where": (True, "return np.where(z < 0, np.exp(z) / (1 + np.exp(z)), 1 / (1 + np.exp(-z)))"),
        "clipped too early": (True, "return 1 / (1 + np.exp(-np.clip(z, -30, 30)))"),
        "tanh": (True, "return np.tanh(z)"),
        "at most two axes": (
            False,
            "return np.array([[1 / (1 + math.exp(-max(v, -700))) for v in row] for row in np.atleast_2d(z)])"
            ".reshape(z.shape)",
        ),
        "clips its input in place": (False, "np.clip(z, -700, 700, out=z)\nreturn 1 / (1 + np.exp(-z))"),
    },
    "sigmoid_backward": {
        "takes z for a": (True, "return da * z * (1 - z)"),
        "forgets da": (True, "return sigmoid(z) * (1 - sigmoid(z))"),
        "forgets the second factor": (True, "return da * sigmoid(z)"),
        "nan far out": (False, "return da * np.exp(-z) / (1 + np.exp(-z)) ** 2"),
        "in place": (False, "da *= sigmoid(z) * (1 - sigmoid(z))\nreturn da"),
    },
    "relu": {
        "in place": (True, "z[z < 0] = 0\nreturn z"),
        "absolute value": (True, "return np.abs(z)"),
        "prints instead of returning": (True, "print(np.maximum(z, 0))"),
        "a threshold above 0": (False, "return np.where(z > 1e-8, z, 0.0)"),
        "one row only": (False, "return np.array([[max(v, 0.0) for v in z[0]]])"),
    },
    "relu_backward": {
        "derivative 1 at z = 0": (True, "return da * (z >= 0)"),
        "derivative 1/2 at z = 0": (True, "return da * np.heaviside(z, 0.5)"),
        "forgets da": (True, "return (z > 0).astype(float)"),
        "in place": (True, "da[z <= 0] = 0\nreturn da"),
        "stops negative da": (False, "return np.where(z > 0, np.maximum(da, 0), 0)"),
        "a threshold above 0": (False, "return da * (z > 1e-8)"),
    },
    "leaky_relu": {
        "adds the leak on both sides": (True, "return np.maximum(z, 0) + alpha * z"),
        "ignores alpha": (True, "return np.where(z > 0, z, 0.01 * z)"),
        "wrong sign": (True, "return np.where(z > 0, z, -alpha * z)"),
        "in place": (True, "z[z < 0] *= alpha\nreturn z"),
        "takes alpha = 0 for none": (False, "return np.where(z > 0, z, (alpha or 0.01) * z)"),
    },
    "leaky_relu_backward": {
        "derivative 1 at z = 0": (True, "return da * np.where(z >= 0, 1, alpha)"),
        "derivative 0 at z = 0": (True, "return da * ((z > 0) + alpha * (z < 0))"),
        "ignores alpha": (True, "return np.where(z > 0, da, 0.01 * da)"),
        "in place": (True, "da[z <= 0] *= alpha\nreturn da"),
        "takes alpha = 0 for none": (False, "return np.where(z > 0, da, (alpha or 0.01) * da)"),
    },
    "prelu_backward": {
        "mean": (True, "return np.where(z > 0, da, alpha * da), float(np.mean(da * np.minimum(z, 0)))"),
        "wrong side": (True, "return np.where(z > 0, da, alpha * da), float(np.sum(da * np.maximum(z, 0)))"),
        "without da": (True, "return np.where(z > 0, da, alpha * da), float(np.sum(np.minimum(z, 0)))"),
        "an alpha for each unit": (
            True,
            "return np.where(z > 0, da, alpha * da), np.sum(da * np.minimum(z, 0), axis=0)",
        ),
        "0-d array": (True, "return np.where(z > 0, da, alpha * da), np.array(np.sum(da * np.minimum(z, 0)))"),
        "derivative 1 at z = 0": (
            True,
            "return np.where(z >= 0, da, alpha * da), float(np.sum(da * np.minimum(z, 0)))",
        ),
        "order": (True, "return float(np.sum(da * np.minimum(z, 0))), np.where(z > 0, da, alpha * da)"),
        "divides by alpha": (
            False,
            "a = np.where(z > 0, 0, alpha * z)\nwith np.errstate(all='ignore'):\n"
            "    return np.where(z > 0, da, alpha * da), float(np.sum(da * a / np.float64(alpha)))",
        ),
        "in place": (
            False,
            "dalpha = float(np.sum(da * np.minimum(z, 0)))\nda[z <= 0] *= alpha\nreturn da, dalpha",
        ),
    },
    "maxout": {
        "forgets the bias": (True, "z = x @ W\nreturn z.max(axis=0), z.argmax(axis=0)"),
        "last piece on a tie": (
            True,
            "z = x @ W + b[:, None]\nreturn z.max(axis=0), len(W) - 1 - z[::-1].argmax(axis=0)",
        ),
        "smallest piece": (True, "z = x @ W + b[:, None]\nreturn z.min(axis=0), z.argmin(axis=0)"),
        "winner as floats": (True, "z = x @ W + b[:, None]\nreturn z.max(axis=0), z.argmax(axis=0).astype(float)"),
        "counts pieces from 1": (True, "z = x @ W + b[:, None]\nreturn z.max(axis=0), z.argmax(axis=0) + 1"),
        "only a": (True, "return (x @ W + b[:, None]).max(axis=0)"),
        "two pieces only": (
            False,
            "z = x @ W[0] + b[0], x @ W[-1] + b[-1]\nreturn np.maximum(*z), (z[1] > z[0]).astype(int)",
        ),
        "a tie remembers the piece before": (
            False,
            "z = x @ W + b[:, None]\nbest, winner = z[0].copy(), np.zeros(z[0].shape, int)\n"
            "for k in range(1, len(W)):\n    better = (z[k] > best) | ((z[k] == best) & (winner > 0))\n"
            "    best[better], winner[better] = z[k][better], k\nreturn best, winner",
        ),
    },
    "maxout_backward": {
        "every piece gets the gradient": (
            True,
            "return sum(da @ w.T for w in W), np.stack([x.T @ da] * len(W)), np.stack([da.sum(axis=0)] * len(W))",
        ),
        "mean over the batch": (
            True,
            "masks = [da * (winner == k) for k in range(len(W))]\n"
            "return sum(m @ w.T for m, w in zip(masks, W)), np.stack([x.T @ m / len(x) for m in masks]),"
            " np.stack([m.mean(axis=0) for m in masks])",
        ),
        "dx of the last piece only": (
            True,
            "masks = [da * (winner == k) for k in range(len(W))]\n"
            "return masks[-1] @ W[-1].T, np.stack([x.T @ m for m in masks]), np.stack([m.sum(axis=0) for m in masks])",
        ),
        "the winner of the first example for all": (
            True,
            "masks = [da * (winner[:1] == k) for k in range(len(W))]\n"
            "return sum(m @ w.T for m, w in zip(masks, W)), np.stack([x.T @ m for m in masks]),"
            " np.stack([m.sum(axis=0) for m in masks])",
        ),
        "two pieces only": (
            False,
            "masks = [da * (winner == k) for k in range(2)]\n"
            "return sum(m @ w.T for m, w in zip(masks, W)), np.stack([x.T @ m for m in masks]),"
            " np.stack([m.sum(axis=0) for m in masks])",
        ),
        "in place": (
            False,
            "masks = [da * (winner == k) for k in range(len(W))]\ndx = sum(m @ w.T for m, w in zip(masks, W))\n"
            "W[...] = [x.T @ m for m in masks]\nreturn dx, W, np.stack([m.sum(axis=0) for m in masks])",
        ),
        "as many pieces as ever win": (
            False,
            "pieces = range(winner.max() + 1)\nmasks = [da * (winner == k) for k in pieces]\n"
            "return sum(m @ w.T for m, w in zip(masks, W)), np.stack([x.T @ m for m in masks]),"
            " np.stack([m.sum(axis=0) for m in masks])",
        ),
    },
    "relu_as_maxout": {
        "the absolute value": (True, "return np.stack([w, -w]), np.stack([b, -b])"),
        "bias in both pieces": (True, "return np.stack([w, 0 * w]), np.stack([b, b])"),
        "pieces on the second axis": (True, "return np.stack([w, 0 * w], axis=1), np.stack([b, 0 * b])"),
        "one input only": (False, "return np.array([w[:1], 0 * w[:1]]), np.array([b, 0 * b])"),
        "in place": (False, "W, B = np.stack([w, 0 * w]), np.stack([b, 0 * b])\nw *= 0\nreturn W, B"),
    },
    "error_signals": {
        "W not transposed": (
            True,
            "deltas = [act_backward(dC_da, zs[-1])]\nfor i in range(len(weights) - 1, 0, -1):\n"
            "    deltas.insert(0, act_backward(deltas[0] @ weights[i].T, zs[i - 1]))\nreturn deltas",
        ),
        "last layer first": (
            True,
            "deltas = [act_backward(dC_da, zs[-1])]\nfor i in range(len(weights) - 1, 0, -1):\n"
            "    deltas.append(act_backward(deltas[-1] @ weights[i], zs[i - 1]))\nreturn deltas",
        ),
        "forgets the activation of the last layer": (
            True,
            "deltas = [dC_da]\nfor i in range(len(weights) - 1, 0, -1):\n"
            "    deltas.insert(0, act_backward(deltas[0] @ weights[i], zs[i - 1]))\nreturn deltas",
        ),
        "forgets the activation below": (
            True,
            "deltas = [act_backward(dC_da, zs[-1])]\nfor i in range(len(weights) - 1, 0, -1):\n"
            "    deltas.insert(0, deltas[0] @ weights[i])\nreturn deltas",
        ),
        "always ReLU": (
            True,
            "deltas = [dC_da * (zs[-1] > 0)]\nfor i in range(len(weights) - 1, 0, -1):\n"
            "    deltas.insert(0, deltas[0] @ weights[i] * (zs[i - 1] > 0))\nreturn deltas",
        ),
        "two layers at most": (
            False,
            "last = act_backward(dC_da, zs[-1])\nif len(weights) == 1:\n    return [last]\n"
            "return [act_backward(last @ weights[-1], zs[-2]), last]",
        ),
        "one example at a time": (
            False,
            "deltas = [act_backward(dC_da[:1], zs[-1][:1])]\nfor i in range(len(weights) - 1, 0, -1):\n"
            "    deltas.insert(0, act_backward(deltas[0] @ weights[i], zs[i - 1][:1]))\nreturn deltas",
        ),
        "uses up the list": (
            False,
            "deltas = [act_backward(dC_da, zs.pop())]\nwhile zs:\n"
            "    deltas.insert(0, act_backward(deltas[0] @ weights.pop(), zs.pop()))\nreturn deltas",
        ),
        "always the last W": (
            False,
            "deltas = [act_backward(dC_da, zs[-1])]\nfor i in range(len(weights) - 1, 0, -1):\n"
            "    deltas.insert(0, act_backward(deltas[0] @ weights[-1], zs[i - 1]))\nreturn deltas",
        ),
    },
    "weight_gradients": {
        "transposed": (True, "return [a.T @ d for d, a in zip(deltas, inputs)]"),
        "mean over the batch": (True, "return [d.T @ a / len(a) for d, a in zip(deltas, inputs)]"),
        "not summed": (True, "return [d[:, :, None] * a[:, None, :] for d, a in zip(deltas, inputs)]"),
        "first example only": (True, "return [np.outer(d[0], a[0]) for d, a in zip(deltas, inputs)]"),
        "an array, not a list": (True, "return deltas[0].T @ inputs[0]"),
        "first layer only": (False, "return [deltas[0].T @ inputs[0]]"),
        "square matrices transposed": (
            False,
            "gs = [d.T @ a for d, a in zip(deltas, inputs)]\n"
            "return [g.T if g.shape[0] == g.shape[1] else g for g in gs]",
        ),
        "uses up the list": (False, "return [deltas.pop(0).T @ inputs.pop(0) for _ in range(len(deltas))]"),
    },
    "dead_units": {
        "dead once": (True, "return np.any(a == 0, axis=0)"),
        "rows for columns": (True, "return np.all(a == 0, axis=1)"),
        "first example only": (True, "return a[0] == 0"),
        "indices": (True, "return np.flatnonzero(np.all(a == 0, axis=0))"),
        "living units": (True, "return np.any(a != 0, axis=0)"),
        "floats": (True, "return np.all(a == 0, axis=0).astype(float)"),
        "almost 0": (False, "return np.all(np.isclose(a, 0), axis=0)"),
        "in place": (False, "a[a > 0] = 1\nreturn a.sum(axis=0) == 0"),
    },
}

# Other right ways, each in the whole range of the contract.
ALTERNATIVES = {
    "sigmoid": [
        "return 0.5 * (1 + np.tanh(z / 2))",
        "return 1 / (1 + np.exp(-np.clip(z, -700, 700)))",
        "return np.exp(-np.logaddexp(0, -z))",
        "out = np.empty_like(z)\nright = z >= 0\nout[right] = 1 / (1 + np.exp(-z[right]))\n"
        "e = np.exp(z[~right])\nout[~right] = e / (1 + e)\nreturn out",
        "flat = [1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v)) for v in z.flat]\n"
        "return np.array(flat).reshape(z.shape)",
    ],
    "sigmoid_backward": [
        "return da * (sigmoid(z) * sigmoid(-z))",
        "e = np.exp(-np.abs(z))\nreturn da * e / (1 + e) ** 2",
        "return da / (2 + np.exp(z) + np.exp(-z))",
    ],
    "relu": ["return z * (z > 0)", "return (z + np.abs(z)) / 2", "a = z.copy()\na[a < 0] = 0\nreturn a"],
    "relu_backward": [
        "return np.where(z > 0, da, 0)",
        "dz = da.copy()\ndz[z <= 0] = 0\nreturn dz",
        "return da * np.sign(relu(z))",
        "return np.array([g if v > 0 else 0.0 for g, v in zip(da.flat, z.flat)]).reshape(z.shape)",
    ],
    "leaky_relu": [
        "return np.maximum(alpha * z, z)",
        "return z * np.where(z > 0, 1, alpha)",
        "return np.maximum(z, 0) + alpha * np.minimum(z, 0)",
    ],
    "leaky_relu_backward": ["return da * np.where(z > 0, 1, alpha)", "return da * ((z > 0) + alpha * (z <= 0))"],
    "prelu_backward": [
        "return leaky_relu_backward(da, z, alpha), np.sum((da * z)[z < 0])",
        "dz, dalpha = da.copy(), 0.0\nfor i in np.ndindex(z.shape):\n    if z[i] <= 0:\n"
        "        dz[i] *= alpha\n        dalpha += da[i] * z[i]\nreturn dz, dalpha",
        "return [da * np.where(z > 0, 1.0, alpha), sum(g * v for g, v in zip(da.flat, z.flat) if v < 0)]",
    ],
    "maxout": [
        "z = np.einsum('nd,kdm->nkm', x, W) + b\nreturn np.max(z, axis=1), np.argmax(z, axis=1)",
        "a, winner = x @ W[0] + b[0], np.zeros((len(x), W.shape[2]), dtype=np.int32)\nfor k in range(1, len(W)):\n"
        "    z = x @ W[k] + b[k]\n    winner[z > a] = k\n    a = np.maximum(a, z)\nreturn a, winner",
        "z = np.array([x @ w + c for w, c in zip(W, b)])\nwinner = z.argmax(axis=0)\n"
        "return np.take_along_axis(z, winner[None], axis=0)[0], winner",
    ],
    "maxout_backward": [
        "hot = (winner[..., None] == np.arange(len(W))) * da[..., None]\nreturn np.einsum('nmk,kdm->nd', hot, W),"
        " np.einsum('nmk,nd->kdm', hot, x), np.einsum('nmk->km', hot)",
        "dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros((W.shape[0], W.shape[2]))\n"
        "for n in range(len(x)):\n    for m in range(W.shape[2]):\n        k = winner[n, m]\n"
        "        dx[n] += da[n, m] * W[k, :, m]\n        dW[k, :, m] += da[n, m] * x[n]\n"
        "        db[k, m] += da[n, m]\nreturn dx, dW, db",
    ],
    "relu_as_maxout": [
        "return np.array([np.zeros(w.shape), w]), np.array([np.zeros(b.shape), b])",
        "W = np.zeros((2, *w.shape))\nB = np.zeros((2, *b.shape))\nW[0], B[0] = w, b\nreturn W, B",
    ],
    "error_signals": [
        "deltas = [None] * len(zs)\ndelta = act_backward(dC_da, zs[-1])\ndeltas[-1] = delta\n"
        "for i in reversed(range(len(zs) - 1)):\n    delta = act_backward((weights[i + 1].T @ delta.T).T, zs[i])\n"
        "    deltas[i] = delta\nreturn deltas",
        "if len(zs) == 1:\n    return [act_backward(dC_da, zs[0])]\n"
        "above = error_signals(weights[1:], zs[1:], dC_da, act_backward)\n"
        "return [act_backward(np.einsum('nk,ki->ni', above[0], weights[1]), zs[0]), *above]",
        "deltas, da = [], dC_da\nfor W, z in zip(weights[::-1], zs[::-1]):\n    deltas.append(act_backward(da, z))\n"
        "    da = np.stack([W.T @ d for d in deltas[-1]])\nreturn deltas[::-1]",
        "deltas, da = [], dC_da\nfor W, z in zip(weights[::-1], zs[::-1]):\n"
        "    deltas.insert(0, da * act_backward(np.ones_like(z), z))\n    da = deltas[0] @ W\nreturn deltas",
    ],
    "weight_gradients": [
        "return [np.einsum('ni,nj->ij', d, a) for d, a in zip(deltas, inputs)]",
        "return [sum(np.outer(d[n], a[n]) for n in range(len(d))) for d, a in zip(deltas, inputs)]",
        "return [(a.T @ d).T for d, a in zip(deltas, inputs)]",
    ],
    "dead_units": [
        "return ~a.any(axis=0)",
        "return a.max(axis=0) <= 0",
        "return np.array([not column.any() for column in a.T])",
        "return (a > 0).sum(axis=0) == 0",
    ],
}


def test_every_function_of_the_contract_is_there_and_graded():
    namespace = solve()
    assert {name: str(inspect.signature(namespace[name])) for name in SIGNATURES} == SIGNATURES
    stubs = {}
    run([(identifier(c), c.source) for c in RELEASE.cells if kind(c) in ("set-up", "solution")], stubs)
    assert {name: str(inspect.signature(stubs[name])) for name in SIGNATURES} == SIGNATURES
    assert all(grading(name) for name in SIGNATURES)


def test_points_sum_to_100_and_the_text_states_them():
    assert sum(POINTS.values()) == 100
    text = "\n".join(cell.source for cell in RELEASE.cells if cell.cell_type == "markdown")
    stated = {name: int(*re.findall(rf"`{name}` \((\d+) points\)", text)) for name in SIGNATURES}
    owned = Counter()
    for cell in TESTS:
        # relu-backward-kink is about relu_backward, not about relu
        owned[max((n for n in SIGNATURES if cell.startswith(n.replace("_", "-") + "-")), key=len)] += POINTS[cell]
    assert owned == stated
    assert [POINTS["answer-a"], POINTS["answer-b"]] == list(
        map(int, re.findall(r"Question [AB] \((\d+) points\)", text))
    )


def test_the_release_keeps_its_secrets():
    text = nbformat.writes(RELEASE)
    for secret in ("SOLUTION", "HIDDEN", "Marking guide", "default_rng(1)", "e = np.exp(-np.abs(z))"):
        assert secret in nbformat.writes(SOURCE)
        assert secret not in text
    for cell in RELEASE.cells:
        if kind(cell) == "written":
            assert cell.source == "YOUR ANSWER HERE"


def test_no_test_cell_ends_with_a_value():
    for name, code in TESTS.items():
        last = ast.parse(code).body[-1]
        assert not isinstance(last, ast.Expr) or ast.unparse(last).startswith("check_"), name


def test_the_solution_gets_all_points():
    assert run(TESTS.items(), solve()) == {}


def test_the_visible_checks_pass_for_the_solution():
    assert run(VISIBLE.items(), solve()) == {}


def test_an_untouched_release_says_not_attempted_everywhere():
    namespace = {}
    stubs = [(identifier(c), c.source) for c in RELEASE.cells if kind(c) in ("set-up", "solution")]
    assert run(stubs, namespace) == {}
    for tests in (TESTS, VISIBLE):
        errors = run(tests.items(), dict(namespace))
        assert {name: (type(error), str(error)) for name, error in errors.items()} == dict.fromkeys(
            TESTS, (NotImplementedError, "not attempted yet")
        )


@pytest.mark.parametrize("function", SIGNATURES)
def test_one_function_left_out_costs_its_own_cells(function):
    namespace = solve(**{function: "raise NotImplementedError('not attempted yet')"})
    errors = run(TESTS.items(), namespace)
    assert grading(function) <= set(errors)
    # sigmoid_backward may use sigmoid; nothing else builds on an earlier function.
    others = grading("sigmoid_backward") if function == "sigmoid" else set()
    assert set(errors) <= grading(function) | others


@pytest.mark.parametrize(("function", "mistake"), variants(MISTAKES))
def test_a_mistake_loses_points(function, mistake):
    visible, body = MISTAKES[function][mistake]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        errors = run(TESTS.items(), solve(**{function: body}))
        shown = run(VISIBLE.items(), solve(**{function: body}))
    assert grading(function) & set(errors), "the checks miss it"
    assert bool(shown) == visible
    for name in set(errors) - set(shown):
        # Failed in the hidden part: the message gives away neither what is wanted nor what came.
        assert not re.search(r"expected|, got", str(errors[name])), errors[name]


@pytest.mark.parametrize(("function", "body"), variants(ALTERNATIVES))
def test_another_right_way_keeps_all_points(function, body):
    assert run(TESTS.items(), solve(**{function: body})) == {}


def test_each_function_has_a_mistake_that_only_hidden_checks_find():
    for function, bank in MISTAKES.items():
        assert len(bank) >= 2
        assert not all(visible for visible, _ in bank.values()), function
        assert len(ALTERNATIVES[function]) >= 2


def test_the_checks_leave_no_trace():
    """Run twice, in the other order, and after one another's mistakes: the same verdicts."""
    namespace = solve()
    assert run([*TESTS.items()], namespace) == {}
    assert run(reversed(TESTS.items()), namespace) == {}


def test_the_checks_work_across_a_process_boundary():
    """The tests' side has the locked cells and, for each function, a proxy that sends copies of plain data."""
    student, trusted = solve(), {}
    assert run([(identifier(c), c.source) for c in SOURCE.cells if kind(c) == "set-up"], trusted) == {}

    def proxy(function):
        return lambda *args, **named: copy.deepcopy(function(*copy.deepcopy(args), **copy.deepcopy(named)))

    trusted |= {name: proxy(student[name]) for name in SIGNATURES}
    assert run(TESTS.items(), trusted) == {}


CLASS = submissions(RELEASE)


def test_the_sample_class_is_deterministic_and_complete():
    assert submissions(RELEASE) == CLASS
    assert set(EXPECTED) == set(CLASS)
    assert len(CLASS) >= 10
    assert set(STOCK_DIFFERS) <= set(CLASS)
    for content in CLASS.values():
        if content is not None:
            nbformat.validate(nbformat.reads(content.decode(), as_version=4))


# STOCK_FAILS ends the process it runs in; tests/grading/test_demo.py grades it in a kernel.
RUNNABLE = [name for name, (_, score) in EXPECTED.items() if score is not None and name not in STOCK_FAILS]


@pytest.mark.parametrize("student", RUNNABLE)
def test_the_sample_class_scores_as_expected(student):
    notebook = nbformat.reads(CLASS[student].decode(), as_version=4)
    experiments = {cell.source for cell in RELEASE.cells if kind(cell) == "other"}
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source not in experiments:
            cells.append((identifier(cell), TESTS.get(identifier(cell), cell.source)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        errors = run(cells, {})
    status, score = EXPECTED[student]
    assert sum(POINTS[name] for name in TESTS if name not in errors) == score
    blank = all(cell.source == "YOUR ANSWER HERE" for cell in notebook.cells if kind(cell) == "written")
    assert status == ("graded" if blank else "needs-manual-grading")
