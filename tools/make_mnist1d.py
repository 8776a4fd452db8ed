"""Make tipslib/datasets/mnist1d.npz, the course's default data, with the package that defines MNIST-1D.

    python -m pip install mnist1d==0.0.2.post1        (in an environment of its own; only this script needs it)
    python tools/make_mnist1d.py            write the file and print its sha256 for tipslib/data.py
    python tools/make_mnist1d.py --check    generate again and compare with the file; exit 1 if a value differs

The generator has a fixed seed. Its 4000 training and 1000 test examples are stored one after the other, in its own
order, values as generated and only rounded to float32. Source: Greydanus, Kobak: "Scaling Down Deep Learning with
MNIST-1D", ICML 2024.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import numpy as np
from mnist1d.data import make_dataset

FILE = Path(__file__).resolve().parents[1] / "tipslib" / "datasets" / "mnist1d.npz"


def generate():
    """The arrays to store: x float32 [5000, 40] and y uint8 [5000], the generator's test set last."""
    data = make_dataset()
    x = np.concatenate([data["x"], data["x_test"]]).astype(np.float32)
    y = np.concatenate([data["y"], data["y_test"]]).astype(np.uint8)
    return {"x": x, "y": y}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    check = parser.parse_args().check
    arrays = generate()
    if check:
        with np.load(FILE, allow_pickle=False) as stored:
            different = {name: int((stored[name] != arrays[name]).sum()) for name in arrays}
        print(f"{FILE.name}: values that differ from a new generation: {different}")
        sys.exit(any(different.values()))
    np.savez_compressed(FILE, **arrays)
    content = FILE.read_bytes()
    print(f"{FILE}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
