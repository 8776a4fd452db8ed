"""The data sets of the course, always split into training, validation and test data.

    train, validation, test = load("mnist1d")       # or (x, y), validation, test = ...
    x = load("digits").train.x                      # float32 [N, D], one flat example in a row
    images = x.reshape(-1, *DATASETS["digits"].shape)

The training data fit the weights, the validation data choose everything else (rate, width, when to stop), and the
test data are looked at once, at the end (lecture letters C and K, training and test sets).
"""

import difflib
import textwrap
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tipslib.download import DataError
from tipslib.readers import stored

__all__ = ["DATASETS", "DataError", "Dataset", "Info", "Split", "load"]


class Split(NamedTuple):
    """Examples ``x``, float32 [N, D], and their classes ``y``, int64 [N]."""

    x: np.ndarray
    y: np.ndarray


class Dataset(NamedTuple):
    """The three parts of a data set; no example is in two of them."""

    train: Split
    validation: Split
    test: Split


@dataclass(frozen=True)
class Info:
    """The facts about one data set. ``y`` is an index into ``classes``; ``x`` is the stored value / ``scale``."""

    description: str
    shape: tuple[int, ...]  # of one example
    classes: tuple[str, ...]
    sizes: tuple[int, int, int]  # examples for training, validation and test, in this order in the source
    range: tuple[float, float]  # of x
    licence: str
    source: str
    scale: float
    files: tuple[tuple[str, str], ...] = ()  # names and sha256
    mirrors: tuple[str, ...] = ()  # where the files are downloaded from
    installed: str = ""  # the folder in INSTALLED that may hold the files; the Debian package is dataset-...


_TEN = tuple("0123456789")
_IDX = (
    *("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    *("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
)

DATASETS = {
    "mnist1d": Info(
        description="MNIST-1D: a digit drawn as a curve, padded, stretched, shifted, tilted and blurred by noise; "
        "standardised as a whole. The default: ten classes, little data, a long way between bad and good training",
        shape=(40,),
        classes=_TEN,
        sizes=(3200, 800, 1000),
        range=(-5.48, 4.54),
        licence="Apache-2.0",
        source="Greydanus, Kobak: Scaling Down Deep Learning with MNIST-1D, ICML 2024; comes with tipslib",
        scale=1,
        files=(("mnist1d.npz", "b97ab1b7abd6dcc71a03af4c4137a6bca4cb840201663a82de1e281986a90be4"),),
    ),
    "digits": Info(
        description="Handwritten digits as small grey images, by 13 writers, in a fixed shuffled order",
        shape=(8, 8),
        classes=_TEN,
        sizes=(1077, 360, 360),
        range=(0, 1),
        licence="CC BY 4.0",
        source="UCI, Optical Recognition of Handwritten Digits, test part; comes with scikit-learn",
        scale=16,
    ),
    "fashion_mnist": Info(
        description="Fashion-MNIST: articles of clothing as grey images; harder than MNIST, in the same format",
        shape=(28, 28),
        classes=(
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
        sizes=(55_000, 5_000, 10_000),
        range=(0, 1),
        licence="MIT",
        source="Xiao, Rasul, Vollgraf, 2017; Debian package dataset-fashion-mnist, or downloaded (31 MB)",
        scale=255,
        files=(
            (_IDX[0], "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            (_IDX[1], "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            (_IDX[2], "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            (_IDX[3], "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ),
        mirrors=(
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        installed="fashion-mnist",
    ),
    "mnist": Info(
        description="MNIST: handwritten digits as grey images",
        shape=(28, 28),
        classes=_TEN,
        sizes=(55_000, 5_000, 10_000),
        range=(0, 1),
        licence="CC BY-SA 3.0",
        source="LeCun, Cortes, Burges, 1998; downloaded (12 MB)",
        scale=255,
        files=(
            (_IDX[0], "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            (_IDX[1], "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            (_IDX[2], "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            (_IDX[3], "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ),
        mirrors=(
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ),
    ),
    "cifar10": Info(
        description="CIFAR-10: photographs of animals and vehicles; x runs over height, width, colour (RGB)",
        shape=(32, 32, 3),
        classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        sizes=(45_000, 5_000, 10_000),
        range=(0, 1),
        licence="none stated",
        source="Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009; downloaded (170 MB)",
        scale=255,
        files=(("cifar-10-binary.tar.gz", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),),
        mirrors=("https://www.cs.toronto.edu/~kriz/",),
    ),
}


def load(name: str, *, download: bool = True) -> Dataset:
    """The data set ``name`` as ``Dataset(train, validation, test)``, each a ``Split(x, y)``.

    x is float32 [N, D], C-contiguous; y is int64 [N]. Every call returns new arrays, always in the same order.
    The validation data are the last of the original training data. "digits" has no original parts: it is put in the
    order ``numpy.random.RandomState(0).permutation(1797)`` and then cut.

    {table}

    Files are downloaded once, into the user's cache folder or the one named by the environment variable
    TIPSLIB_CACHE; ``download=False`` only takes what is there.
    Raises ValueError for an unknown name, and DataError, which says what to do, for a missing or damaged file, a
    failed download, a full disk or a cache folder that cannot be written.
    """
    if not isinstance(name, str) or name not in DATASETS:
        near = difflib.get_close_matches(str(name).lower().replace("-", "_"), DATASETS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown data set {name!r}; there are {', '.join(map(repr, DATASETS))}.{hint}")
    info = DATASETS[name]
    x, y = stored(name, info, download)
    ends = np.cumsum(info.sizes)[:-1]
    splits = []
    for part, labels in zip(np.split(x, ends), np.split(y, ends), strict=True):
        part = part.reshape(len(part), -1).astype(np.float32)
        part /= info.scale
        splits.append(Split(part, labels.astype(np.int64)))
    return Dataset(*splits)


def _table() -> str:
    lines = []
    for name, info in DATASETS.items():
        sizes, (low, high) = " / ".join(map(str, info.sizes)), info.range
        lines.append(f'"{name}": {sizes} examples {info.shape}, {len(info.classes)} classes, x in [{low}, {high}]')
        text = f"{info.description}. {info.source}. Licence: {info.licence}."
        lines += textwrap.wrap(text, 100, initial_indent="    ", subsequent_indent="    ")
    return "\n    ".join(lines)


load.__doc__ = (load.__doc__ or "").replace("{table}", _table())  # no docstrings under python -OO
