"""Tests of tipslib.data and tipslib.readers. All run offline; downloads come from a server on this machine."""

import dataclasses
import functools
import gzip
import hashlib
import http.server
import inspect
import io
import math
import struct
import subprocess
import sys
import tarfile
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from tipslib import download, readers
from tipslib.data import DATASETS, DataError, load
from tipslib.readers import read_idx

OFFLINE = ["mnist1d", "digits"]
# sha256 of the labels of training, validation and test data as little-endian 64-bit integers.
LABELS = {
    "mnist1d": "6feec4a017698c7fe237c8854cbd2e338c6dd5c16240f6fa79daefaaa129e169",
    "digits": "cef12ef94d84a61325b9863f0c84ee7d227f6418b1fd273cb70a2ab7f12c87db",
    "fashion_mnist": "138bc5cbc39ee06b83e673e3675e93334169ceae7849de38016fa7ef57c6ffba",
}


def hash_of_labels(dataset):
    return hashlib.sha256(np.concatenate([split.y for split in dataset]).astype("<i8").tobytes()).hexdigest()


def check_contract(name, dataset):
    """What holds for every data set."""
    info = DATASETS[name]
    assert tuple(len(split.x) for split in dataset) == tuple(len(split.y) for split in dataset) == info.sizes
    for x, y in dataset:
        assert x.dtype == np.float32
        assert x.shape[1:] == (math.prod(info.shape),)
        assert y.dtype == np.int64
        assert y.shape == (len(x),)
        assert x.flags.c_contiguous
        assert x.flags.writeable
        assert y.flags.writeable
        assert np.isfinite(x).all()
        assert info.range[0] <= x.min() <= x.max() <= info.range[1]
        assert set(y.tolist()) <= set(range(len(info.classes)))


@pytest.mark.parametrize("name", OFFLINE)
def test_contract(name):
    check_contract(name, load(name))


def test_the_ways_to_unpack():
    (x, y), validation, test = load("mnist1d")
    dataset = load("mnist1d")
    assert np.array_equal(x, dataset.train.x)
    assert np.array_equal(y, dataset.train.y)
    assert np.array_equal(validation.x, dataset.validation.x)
    assert np.array_equal(test.y, dataset.test.y)
    images = load("digits").train.x.reshape(-1, *DATASETS["digits"].shape)
    assert images.shape == (1077, 8, 8)


@pytest.mark.parametrize("name", OFFLINE)
def test_a_student_who_overwrites_the_data_spoils_no_later_call(name):
    for split in load(name):
        split.x[:] = -1
        split.y[:] = 0
    assert hash_of_labels(load(name)) == LABELS[name]
    assert all(split.x.std() > 0.1 for split in load(name))


@pytest.mark.parametrize("name", OFFLINE)
def test_the_order_is_fixed(name):
    assert hash_of_labels(load(name)) == LABELS[name]


def rows(x):
    """The rows of x as a sorted list of bytes: equal lists, equal examples in any order."""
    return sorted(row.tobytes() for row in x)


def test_the_parts_of_mnist1d_are_complete_and_disjoint():
    with np.load(readers.EMBEDDED / "mnist1d.npz", allow_pickle=False) as stored:
        x, y = stored["x"], stored["y"]
    dataset = load("mnist1d")
    assert np.array_equal(np.concatenate([split.x for split in dataset]), x)
    assert np.array_equal(np.concatenate([split.y for split in dataset]), y)
    assert len(set(rows(x))) == 5000  # no example twice


def test_the_parts_of_digits_are_complete_and_disjoint():
    x, y = load_digits(return_X_y=True)
    dataset = load("digits")
    whole = np.concatenate([np.column_stack([split.x, split.y]) for split in dataset])
    expected = np.column_stack([x / 16, y])
    assert rows(whole) == rows(expected)
    assert len(set(rows(whole))) == 1797


@pytest.mark.parametrize("name", OFFLINE)
def test_the_classes_are_balanced_enough(name):
    for split in load(name):
        counts = np.bincount(split.y, minlength=10)
        assert counts.min() > 0.75 * counts.mean()
        assert counts.max() < 1.25 * counts.mean()


def test_mnist1d_is_as_generated():
    x = np.concatenate([split.x for split in load("mnist1d")]).astype(np.float64)
    low, high = DATASETS["mnist1d"].range
    assert low < x.min() < low + 0.01
    assert high - 0.01 < x.max() < high
    assert abs(x.mean()) < 1e-6
    assert abs(x.std() - 1) < 1e-6


def test_the_facts_are_in_order():
    for name, info in DATASETS.items():
        assert name in (load.__doc__ or "")
        assert len(set(info.classes)) == len(info.classes) == 10
        for field in ("description", "licence", "source"):
            assert getattr(info, field)
        assert all(len(sha256) == 64 for _, sha256 in info.files)
        assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in info.mirrors)
    with pytest.raises(dataclasses.FrozenInstanceError):
        DATASETS["mnist1d"].licence = "mine"


def test_the_docstring_holds_the_table():
    text = " ".join(inspect.getdoc(load).split())
    assert "{table}" not in text
    for name, info in DATASETS.items():
        assert f'"{name}": {" / ".join(map(str, info.sizes))} examples {info.shape}' in text
        assert f"{info.description}. {info.source}. Licence: {info.licence}." in text


def test_the_embedded_file_comes_with_its_licence_and_checksum():
    [(file, sha256)] = DATASETS["mnist1d"].files
    assert hashlib.sha256((readers.EMBEDDED / file).read_bytes()).hexdigest() == sha256
    assert sha256 in (readers.EMBEDDED / "README.md").read_text(encoding="utf-8")
    assert "Apache License" in (readers.EMBEDDED / "LICENSE-mnist1d.txt").read_text(encoding="utf-8")


def test_the_default_data_need_neither_torch_nor_matplotlib_nor_sklearn():
    code = "import sys; from tipslib.data import load; load('mnist1d')\n"
    code += "print(sorted({'torch', 'matplotlib', 'sklearn'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "near"),
    [("minst", "mnist"), ("MNIST1D", "mnist1d"), ("Fashion-MNIST", "fashion_mnist"), ("cifar", "cifar10")],
)
def test_an_unknown_name_gets_the_nearest_one(name, near):
    with pytest.raises(ValueError, match=f"unknown data set '{name}'.*Did you mean '{near}'"):
        load(name)


@pytest.mark.parametrize("name", ["imagenet", "", None, 3, ["mnist1d"]])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(ValueError, match="unknown data set") as caught:
        load(name)
    assert all(repr(known) in str(caught.value) for known in DATASETS)


def damaged_npz():
    content = bytearray((readers.EMBEDDED / "mnist1d.npz").read_bytes())
    content[len(content) // 2] ^= 1
    return bytes(content)


@pytest.mark.parametrize(
    "content", [damaged_npz(), damaged_npz()[:1000], b"", None], ids=["flipped", "cut", "empty", "missing"]
)
def test_a_damaged_embedded_file_says_reinstall(tmp_path, monkeypatch, content):
    monkeypatch.setattr(readers, "EMBEDDED", tmp_path)
    if content is not None:
        (tmp_path / "mnist1d.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"mnist1d\.npz cannot be used: .*reinstall"):
        load("mnist1d")


def test_an_archive_with_python_objects_is_refused():
    file = io.BytesIO()
    np.savez(file, x=np.array([{}], dtype=object), y=np.zeros(1))
    with pytest.raises(ValueError, match="allow_pickle"):
        readers.read_npz(file.getvalue(), hashlib.sha256(file.getvalue()).hexdigest())


# Small files in the real formats, read by the same code as the real ones. Only the sizes, checksums and addresses
# in DATASETS are replaced.

SIZES = (4, 2, 3)


def idx(array):
    array = np.asarray(array, np.uint8)
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)


def idx_files():
    images = np.random.default_rng(1).integers(0, 256, (9, 28, 28), dtype=np.uint8)
    labels = np.arange(9, dtype=np.uint8)
    return images, labels, [idx(images[:6]), idx(labels[:6]), idx(images[6:]), idx(labels[6:])]


def cifar_file(records, names=None):
    """A .tar.gz with the records spread over the batches: one each, the rest in the test batch."""
    names = names or [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, batch in zip(names, np.split(records, range(1, 6)), strict=True):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = batch.nbytes
            archive.addfile(member, io.BytesIO(batch.tobytes()))
    return file.getvalue()


def cifar_records(labels=range(9)):
    pixels = np.random.default_rng(2).integers(0, 256, (9, 3072), dtype=np.uint8)
    return np.column_stack([np.array(labels, np.uint8), pixels])


@pytest.fixture
def offer(tmp_path, monkeypatch):
    """offer(name, contents): the data set now has these files, on a server on this machine; its cache is empty."""
    folder = tmp_path / "server"
    folder.mkdir()
    handler = functools.partial(QuietHandler, directory=str(folder))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("TIPSLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(readers, "INSTALLED", (tmp_path / "installed",))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def offer(name, contents):
            files = []
            for (file, _), content in zip(DATASETS[name].files, contents, strict=True):
                (folder / file).write_bytes(content)
                files.append((file, hashlib.sha256(content).hexdigest()))
            mirrors = (f"http://127.0.0.1:{server.server_port}/",)
            info = dataclasses.replace(DATASETS[name], sizes=SIZES, files=tuple(files), mirrors=mirrors)
            monkeypatch.setitem(DATASETS, name, info)

        yield offer
        server.shutdown()
        thread.join()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_idx_files_are_downloaded_and_read(offer, tmp_path, monkeypatch, name):
    images, _, contents = idx_files()
    offer(name, contents)
    dataset = load(name)
    check_contract(name, dataset)
    x = np.concatenate([split.x for split in dataset])
    assert np.array_equal(x, images.reshape(9, 784) / np.float32(255))
    assert [split.y.tolist() for split in dataset] == [[0, 1, 2, 3], [4, 5], [6, 7, 8]]
    assert sorted(file.name for file in (tmp_path / "cache" / name).glob("*.gz")) == sorted(
        file for file, _ in DATASETS[name].files
    )
    monkeypatch.setattr(download, "urlopen", None)  # from now on the cache must do
    assert hash_of_labels(load(name, download=False)) == hash_of_labels(dataset)


def test_cifar10_is_downloaded_and_read(offer):
    records = cifar_records()
    offer("cifar10", [cifar_file(records)])
    dataset = load("cifar10")
    check_contract("cifar10", dataset)
    assert [split.y.tolist() for split in dataset] == [[0, 1, 2, 3], [4, 5], [6, 7, 8]]
    images = dataset.validation.x.reshape(-1, *DATASETS["cifar10"].shape)
    for row, column, colour in [(0, 0, 0), (0, 1, 0), (1, 0, 0), (5, 7, 1), (31, 31, 2)]:
        # example 4 is the first of the validation data; its record: the label, then red, green, blue planes
        byte = records[4, 1 + colour * 1024 + row * 32 + column]
        assert images[0, row, column, colour] == byte / np.float32(255)


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_a_missing_file_without_download(offer, tmp_path, name):
    offer(name, idx_files()[2] if name == "mnist" else [cifar_file(cifar_records())])
    with pytest.raises(DataError, match="download=True") as caught:
        load(name, download=False)
    assert str(tmp_path / "cache" / name / DATASETS[name].files[0][0]) in str(caught.value)


def test_installed_files_are_preferred_and_single_missing_ones_downloaded(offer, tmp_path):
    images, _, contents = idx_files()
    offer("fashion_mnist", contents)
    installed = tmp_path / "installed" / "fashion-mnist"
    installed.mkdir(parents=True)
    for number in (0, 2, 3):
        # Another compression of the same data, as in the Debian package: its checksum is not the published one.
        content = gzip.compress(gzip.decompress(contents[number]), compresslevel=1, mtime=7)
        (installed / DATASETS["fashion_mnist"].files[number][0]).write_bytes(content)
    dataset = load("fashion_mnist")
    assert np.array_equal(dataset.train.x, images[:4].reshape(4, 784) / np.float32(255))
    cached = [file.name for file in (tmp_path / "cache" / "fashion_mnist").glob("*.gz")]
    assert cached == ["train-labels-idx1-ubyte.gz"]


def test_installed_files_serve_only_their_own_data_set(offer, tmp_path):
    _, _, contents = idx_files()
    offer("mnist", contents)
    for folder in ("mnist", "fashion-mnist", "."):
        (tmp_path / "installed" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "installed" / folder / "train-images-idx3-ubyte.gz").write_bytes(b"not for mnist")
    check_contract("mnist", load("mnist"))


GOOD = idx(np.zeros((6, 28, 28)))
PLAIN = gzip.decompress(GOOD)
DAMAGED = {
    "empty": (b"", "it is no idx file"),
    "a web page": (b"<html>", "Not a gzipped file"),
    "last byte lost": (GOOD[:-1], "end-of-stream|end of"),
    "half lost": (GOOD[: len(GOOD) // 2], "end-of-stream|end of"),
    "flipped checksum": (GOOD[:-6] + bytes([GOOD[-6] ^ 1]) + GOOD[-5:], "CRC"),
    "flipped data": (GOOD[:12] + bytes([GOOD[12] ^ 255]) + GOOD[13:], "."),
    "three bytes": (gzip.compress(PLAIN[:3]), "it is no idx file"),
    "half a header": (gzip.compress(PLAIN[:9]), "it is no idx file"),
    "floats": (gzip.compress(b"\0\0\x0d\x03" + PLAIN[4:]), "it is no idx file"),
    "two dimensions": (idx(np.zeros((6, 784))), "it is no idx file"),
    "one image more": (idx(np.zeros((7, 28, 28))), r"its dimensions are \(7, 28, 28\), not \(6, 28, 28\)"),
    "one value less": (gzip.compress(PLAIN[:-1]), "it holds 4703 values, not 4704"),
    "one value more": (gzip.compress(PLAIN + b"\0"), "it holds 4705 values, not 4704"),
}


@pytest.mark.parametrize(("content", "reason"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_installed_file_is_named(offer, tmp_path, content, reason):
    offer("fashion_mnist", idx_files()[2])
    path = tmp_path / "installed" / "fashion-mnist" / "train-images-idx3-ubyte.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(
        DataError, match=f"cannot be used: .*({reason}).*Reinstall the package dataset-fashion-mnist"
    ) as e:
        load("fashion_mnist")
    assert str(path) in str(e.value)
    assert path.read_bytes() == content  # a system's file is left alone


def test_a_label_out_of_range_is_refused(offer):
    contents = idx_files()[2]
    contents[1] = idx([0, 1, 2, 3, 4, 10])
    offer("mnist", contents)
    with pytest.raises(DataError, match=r"train-labels.*it holds the label 10; there are 10 classes"):
        load("mnist")


WRONG = {
    "text": (b"no archive", "not a gzip file"),
    "cut": (cifar_file(cifar_records())[:2000], "."),
    "one example less": (cifar_file(cifar_records()[:8]), "it holds 24584 bytes, not 9 examples of 3073"),
    "short examples": (cifar_file(cifar_records()[:, :-1]), "it holds 27648 bytes"),
    "label 10": (cifar_file(cifar_records([*range(8), 10])), "it holds the label 10"),
    "other names": (cifar_file(cifar_records(), list("abcdef")), r"data_batch_1\.bin"),
}


@pytest.mark.parametrize(("content", "reason"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_cifar10_archive_is_named(offer, content, reason):
    offer("cifar10", [content])
    with pytest.raises(DataError, match=rf"cifar-10-binary\.tar\.gz cannot be used: .*({reason})"):
        load("cifar10")


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_read_idx_reads_any_shape(shape, seed):
    array = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(read_idx(idx(array), tuple(shape)), array)


@given(st.data())
def test_a_changed_byte_never_changes_the_values(data):
    array = np.arange(60, dtype=np.uint8).reshape(5, 4, 3)
    content = bytearray(idx(array))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    try:
        with readers._blame("file", "remedy"):
            found = read_idx(bytes(content), array.shape)
    except DataError:
        return
    assert np.array_equal(found, array)  # such as a change of the time in gzip's header


FASHION = [folder / "fashion-mnist" for folder in readers.INSTALLED if (folder / "fashion-mnist").is_dir()]


@pytest.mark.skipif(not FASHION, reason="the Debian package dataset-fashion-mnist is not installed")
def test_the_real_fashion_mnist(monkeypatch, tmp_path):
    monkeypatch.setattr(download, "urlopen", None)
    monkeypatch.setenv("TIPSLIB_CACHE", str(tmp_path))
    dataset = load("fashion_mnist")
    check_contract("fashion_mnist", dataset)
    assert hash_of_labels(dataset) == LABELS["fashion_mnist"]
    labels = np.concatenate([split.y for split in dataset])
    assert np.bincount(labels).tolist() == [7000] * 10
    assert np.bincount(dataset.test.y).tolist() == [1000] * 10
    assert dataset.train.x.max() == 1
    assert round(float(dataset.train.x.mean(dtype=np.float64)), 3) == 0.286  # 0.2860 is published for all 60 000
    assert not any(tmp_path.iterdir())
