"""Speed of ``tipslib.scratch``, as ratios that mean the same on every machine.

    python tools/bench.py [--rounds N] [--json FILE]

Everything runs on one thread and is measured in CPU time. What is compared runs in turns, round by round, so that a
machine that slows down slows all alike; a ratio is taken in each round, and the median of the ratios is reported.
A new benchmark is a function from the number of rounds to named numbers, and a line in ``BENCHES``.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import process_time

# Before NumPy and torch are imported: their thread pools read this once.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np
import torch

from tipslib import pytorch, scratch

SIZES = (784, 256, 256, 10)
BATCHES = 10  # different ones, taken in turns
EXAMPLES = 5000  # in one measurement

rng = np.random.default_rng(0)
OPTIMIZERS = {"SGD+momentum": ("SGD", {"lr": 0.01, "momentum": 0.9}), "Adam": ("Adam", {"lr": 1e-3})}

Step = Callable[[int], object]


def network(package):
    """A ReLU net in either package."""
    layers = []
    for n_in, n_out in pairwise(SIZES):
        layers += [package.Linear(n_in, n_out), package.ReLU()]
    return package.Sequential(*layers[:-1])


def scratch_step(x: np.ndarray, y: np.ndarray, optimizer: str) -> Step:
    model, loss = network(scratch), scratch.CrossEntropyLoss()
    name, arguments = OPTIMIZERS[optimizer]
    update = getattr(scratch, name)(model.params, **arguments)

    def step(i: int) -> None:
        loss(model(x[i]), y[i])
        model.backward_params(loss.backward())  # as fit does: PyTorch does not compute ∂C/∂data either
        update.step(model.grads)

    return step


def torch_step(x: np.ndarray, y: np.ndarray, optimizer: str) -> Step:
    model, loss = network(pytorch), pytorch.CrossEntropyLoss()
    name, arguments = OPTIMIZERS[optimizer]
    update = getattr(pytorch, name)(model.parameters(), **arguments)
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)

    def step(i: int) -> None:
        update.zero_grad()
        loss(model(inputs[i]), labels[i]).backward()
        update.step()

    return step


def products_step(x: np.ndarray) -> Step:
    """The matrix products that no step can do without: z = a Wᵀ, dW = dzᵀ a, and da = dz W except for the data."""
    weights = [rng.standard_normal((n, m)).astype(np.float32) for m, n in pairwise(SIZES)]
    outputs = [rng.standard_normal((x.shape[1], n)).astype(np.float32) for n in SIZES[1:]]

    def step(i: int) -> None:
        inputs = [x[i], *outputs]
        for a, w, dz in zip(inputs, weights, outputs, strict=False):
            a @ w.T
            dz.T @ a
        for w, dz in zip(weights[1:], outputs[1:], strict=True):
            dz @ w

    return step


def ratios(label: str, steps: dict[str, Step], repeats: int, rounds: int) -> dict[str, float]:
    """Median ratio of "scratch" to each other step, and its own milliseconds of CPU time; run in turns."""

    def milliseconds(step: Step) -> float:
        start = process_time()
        for i in range(repeats):
            step(i % BATCHES)
        return (process_time() - start) / repeats * 1e3

    for step in steps.values():  # warm up: memory, caches, torch's lazy imports
        milliseconds(step)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(milliseconds(step))
    ours = times.pop("scratch")
    found = {f"{label}: scratch [ms]": median(ours)}
    for name, theirs in times.items():
        found[f"{label}: scratch / {name}"] = median(a / b for a, b in zip(ours, theirs, strict=True))
    return found


def training_steps(rounds: int) -> dict[str, float]:
    """One training step of a 784-256-256-10 net in float32, by optimizer and batch size."""
    found = {}
    for batch in (100, 32, 512):
        x = rng.standard_normal((BATCHES, batch, SIZES[0])).astype(np.float32)
        y = rng.integers(SIZES[-1], size=(BATCHES, batch))
        for optimizer in OPTIMIZERS:
            steps = {
                "scratch": scratch_step(x, y, optimizer),
                "torch eager": torch_step(x, y, optimizer),
                "matrix products": products_step(x),
            }
            found |= ratios(f"{optimizer} step, batch {batch}", steps, EXAMPLES // batch, rounds)
    return found


def batch_norm(rounds: int) -> dict[str, float]:
    """Batch norm forward and backward, 100 × 256 in float32."""
    x, dy = rng.standard_normal((2, 100, 256)).astype(np.float32)
    ours, theirs = scratch.BatchNorm1d(256), pytorch.BatchNorm1d(256)
    leaf, gradient = torch.tensor(x, requires_grad=True), torch.tensor(dy)

    def scratch_pass(_: int) -> None:
        ours(x)
        ours.backward(dy)

    def torch_pass(_: int) -> None:
        leaf.grad = None
        theirs.zero_grad()
        theirs(leaf).backward(gradient)

    return ratios("batch norm 100 × 256", {"scratch": scratch_pass, "torch eager": torch_pass}, 500, rounds)


def adam_on_a_million(rounds: int) -> dict[str, float]:
    """Adam's step alone, on one array of a million float32 parameters."""
    w, g = rng.standard_normal((2, 1_000_000)).astype(np.float32)
    parameter = torch.nn.Parameter(torch.tensor(w))
    parameter.grad = torch.tensor(g)
    ours, theirs = scratch.Adam({"w": w}), pytorch.Adam([parameter])
    steps: dict[str, Step] = {"scratch": lambda _: ours.step({"w": g}), "torch default": lambda _: theirs.step()}
    return ratios("Adam on 10⁶ parameters", steps, 20, rounds)


IMPORT = """
import sys, time
import numpy
before, start = len(sys.modules), time.process_time()
import tipslib.scratch
print((time.process_time() - start) * 1e3, len(sys.modules) - before)
"""


def import_scratch(rounds: int) -> dict[str, float]:
    """What ``import tipslib.scratch`` adds to ``import numpy``, in fresh processes."""
    runs = [
        subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(rounds)
    ]
    return {
        "import tipslib.scratch after numpy [ms]": median(float(time) for time, _ in runs),
        "import tipslib.scratch after numpy [modules]": int(runs[0][1]),
    }


BENCHES = (training_steps, batch_norm, adam_on_a_million, import_scratch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="measurements of each thing (default 15)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error(f"--rounds is {arguments.rounds}, must be 1 or more")

    torch.set_num_threads(1)
    versions = {"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__}
    print(
        ", ".join(f"{name} {version}" for name, version in versions.items()), f"- medians of {arguments.rounds} rounds"
    )
    results: dict[str, float] = {}
    for bench in BENCHES:
        for name, value in bench(arguments.rounds).items():
            results[name] = value
            print(f"{name:<50} {value:>8.4g}", flush=True)
    if arguments.json:
        report = {"versions": versions, "rounds": arguments.rounds, "results": results}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
