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
BATCH = 100
BATCHES = 10  # different ones, taken in turns
STEPS = 50  # in one measurement

rng = np.random.default_rng(0)
X = rng.standard_normal((BATCHES, BATCH, SIZES[0])).astype(np.float32)
Y = rng.integers(SIZES[-1], size=(BATCHES, BATCH))


def network(package):
    """A ReLU net in either package."""
    layers = []
    for n_in, n_out in pairwise(SIZES):
        layers += [package.Linear(n_in, n_out), package.ReLU()]
    return package.Sequential(*layers[:-1])


def scratch_step() -> Callable[[int], None]:
    model, loss = network(scratch), scratch.CrossEntropyLoss()
    optimizer = scratch.SGD(model.params, lr=0.01, momentum=0.9)

    def step(i: int) -> None:
        loss(model(X[i]), Y[i])
        model.backward(loss.backward())
        optimizer.step(model.grads)

    return step


def torch_step() -> Callable[[int], None]:
    model, loss = network(pytorch), pytorch.CrossEntropyLoss()
    optimizer = pytorch.SGD(model.parameters(), lr=0.01, momentum=0.9)
    x, y = torch.from_numpy(X), torch.from_numpy(Y)

    def step(i: int) -> None:
        optimizer.zero_grad()
        loss(model(x[i]), y[i]).backward()
        optimizer.step()

    return step


def products_step() -> Callable[[int], None]:
    """The matrix products that no step can do without: z = a Wᵀ, dW = dzᵀ a, and da = dz W except for the data."""
    weights = [rng.standard_normal((n, m)).astype(np.float32) for m, n in pairwise(SIZES)]
    outputs = [rng.standard_normal((BATCH, n)).astype(np.float32) for n in SIZES[1:]]

    def step(i: int) -> None:
        inputs = [X[i], *outputs]
        for a, w, dz in zip(inputs, weights, outputs, strict=False):
            a @ w.T
            dz.T @ a
        for w, dz in zip(weights[1:], outputs[1:], strict=True):
            dz @ w

    return step


def milliseconds(step: Callable[[int], None]) -> float:
    """CPU time of one step, mean of ``STEPS``."""
    start = process_time()
    for i in range(STEPS):
        step(i % BATCHES)
    return (process_time() - start) / STEPS * 1e3


def training_step(rounds: int) -> dict[str, float]:
    """One step of SGD with momentum on 784-256-256-10, batch 100, float32."""
    steps = {"scratch": scratch_step(), "torch eager": torch_step(), "matrix products": products_step()}
    for step in steps.values():  # warm up: memory, caches, torch's lazy imports
        milliseconds(step)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(milliseconds(step))
    ours = times.pop("scratch")
    ratios = {
        f"step: scratch / {name}": median(a / b for a, b in zip(ours, theirs, strict=True))
        for name, theirs in times.items()
    }
    return {"step: scratch [ms]": median(ours), **ratios}


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


BENCHES = (training_step, import_scratch)


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
