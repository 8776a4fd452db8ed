"""From the name of a data set to its arrays as stored: where its files lie, and the formats they are in.

Every number in a file is checked before it is used; whatever a damaged file makes a parser raise becomes a
``DataError`` that names the file.
"""

import gzip
import hashlib
import io
import math
import sys
import tarfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tipslib.download import DataError, cache_dir, fetch

EMBEDDED = Path(__file__).parent / "datasets"
INSTALLED = (Path("/usr/share/datasets"), Path(sys.prefix) / "share" / "datasets")  # Debian packages, environments


def stored(name: str, info, download: bool) -> tuple[np.ndarray, np.ndarray]:
    """All examples, x [N, *shape] and y [N], as stored: in the order training, validation, test.

    ``info`` is the data set's entry in ``tipslib.data.DATASETS``; raises ``DataError``.
    """
    count, classes = sum(info.sizes), len(info.classes)
    if name == "mnist1d":
        [(file, sha256)] = info.files
        path = EMBEDDED / file
        with _blame(path, "It is part of tipslib: reinstall it, or restore this file from the course's repository."):
            return read_npz(path.read_bytes(), sha256)
    if name == "digits":
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        # The legacy generator's stream never changes between NumPy versions, so the split stays as it is.
        order = np.random.RandomState(0).permutation(count)
        return x[order], y[order]
    if name == "cifar10":
        return _read(name, info, 0, download, read_cifar10, count, classes)
    train, test = info.sizes[0] + info.sizes[1], info.sizes[2]  # fashion_mnist, mnist
    x = (
        _read(name, info, 0, download, read_idx, (train, *info.shape)),
        _read(name, info, 2, download, read_idx, (test, *info.shape)),
    )
    y = (
        _read(name, info, 1, download, read_labels, train, classes),
        _read(name, info, 3, download, read_labels, test, classes),
    )
    return np.concatenate(x), np.concatenate(y)


def _read(name: str, info, number: int, download: bool, parse, *args):
    """``parse(content, *args)`` of one file of a data set: installed, else cached, else downloaded."""
    file, sha256 = info.files[number]
    for folder in INSTALLED if info.installed else ():
        path = folder / info.installed / file
        if path.exists():
            package = f"dataset-{info.installed}"
            with _blame(path, f"Reinstall the package {package}, or remove it: then the file is downloaded."):
                return parse(path.read_bytes(), *args)
    path = cache_dir() / name / file
    content = fetch(path, [mirror + file for mirror in info.mirrors], sha256, download=download)
    with _blame(path, "Delete it and load again."):
        return parse(content, *args)


@contextmanager
def _blame(path, remedy: str):
    """Inside this context an error that comes from reading ``path`` becomes a ``DataError`` naming it."""
    try:
        yield
    except (OSError, EOFError, KeyError, ValueError, zlib.error, tarfile.TarError) as error:
        raise DataError(f"{path} cannot be used: {error}. {remedy}") from error


def read_npz(content: bytes, sha256: str) -> tuple[np.ndarray, np.ndarray]:
    """The arrays ``x`` and ``y`` of a NumPy archive with this checksum; never unpickles."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"its sha256 is {found}, not {sha256}")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return arrays["x"], arrays["y"]


def read_idx(content: bytes, shape: tuple[int, ...]) -> np.ndarray:
    """The uint8 array in a gzip-compressed idx file, which must have this ``shape``.

    The file is two zero bytes, 8 for "unsigned byte", the number of dimensions, each dimension as a big-endian
    32-bit integer, then the data in C order (the MNIST page; LeCun, Cortes, Burges 1998).
    """
    content = gzip.decompress(content)
    magic = bytes([0, 0, 8, len(shape)])
    start = len(magic) + 4 * len(shape)
    if content[:4] != magic or len(content) < start:
        raise ValueError(f"it is no idx file of bytes with {len(shape)} dimensions (it begins with {content[:4]!r})")
    dims = tuple(np.frombuffer(content, ">u4", len(shape), offset=4).tolist())
    if dims != shape:
        raise ValueError(f"its dimensions are {dims}, not {shape}")
    if len(content) - start != math.prod(shape):
        raise ValueError(f"it holds {len(content) - start} values, not {math.prod(shape)}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_labels(content: bytes, count: int, classes: int) -> np.ndarray:
    """``read_idx`` for ``count`` labels below ``classes``."""
    y = read_idx(content, (count,))
    return check_labels(y, classes)


def read_cifar10(content: bytes, count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [count, 32, 32, 3] and labels uint8 [count] of CIFAR-10's "binary version", a .tar.gz.

    Each example is one byte for the class, then 32 x 32 red, as many green and as many blue values, row by row
    (the CIFAR-10 page; Krizhevsky 2009). Five training batches come first, then the test batch.
    """
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        files = [archive.extractfile(f"cifar-10-batches-bin/{name}.bin") for name in names]
        batches = [file.read() for file in files if file]  # no file: a folder of that name
    values = np.frombuffer(b"".join(batches), np.uint8)
    if len(values) != count * 3073:
        raise ValueError(f"it holds {len(values)} bytes, not {count} examples of 3073")
    records = values.reshape(count, 3073)
    images = records[:, 1:].reshape(count, 3, 32, 32).transpose(0, 2, 3, 1)  # colour last
    return images, check_labels(records[:, 0], classes)


def check_labels(y: np.ndarray, classes: int) -> np.ndarray:
    """``y`` itself, if all its labels are below ``classes``; else ValueError."""
    if y.size and y.max() >= classes:
        raise ValueError(f"it holds the label {y.max()}; there are {classes} classes")
    return y
