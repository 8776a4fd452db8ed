"""Download one file into a cache folder: resumed where it broke off, checksummed, safe beside another process.

A file is received as ``NAME.part`` and gets its own name only when it is whole and its checksum is right, in one
atomic step. So a file under its own name is always a whole file, and an interrupted download costs nothing.
"""

import errno
import hashlib
import os
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import platformdirs
from filelock import FileLock, Timeout
from tqdm import tqdm

CHUNK = 1 << 16  # bytes read at once
TIMEOUT = 30  # seconds that a server may stay silent
LOCK_TIMEOUT = 600  # seconds to wait for another process that downloads the same file


class DataError(RuntimeError):
    """A data set cannot be loaded. The message names the file or the address, and what to do about it."""


class _Broken(Exception):
    """The connection failed or broke off (only used inside this module)."""


def cache_dir() -> Path:
    """The folder of downloaded files: the environment variable TIPSLIB_CACHE, else the user's cache folder."""
    return Path(os.environ.get("TIPSLIB_CACHE") or platformdirs.user_cache_dir("tipslib")).expanduser()


def fetch(path: Path, urls: list[str], sha256: str, *, download: bool = True) -> bytes:
    """The content of ``path``, which is downloaded first if it is not there.

    ``urls`` are mirrors of one file, tried in order; ``sha256`` is its checksum in hexadecimal. The checksum is
    compared each time; a file that fails is moved to ``NAME.damaged``. Raises ``DataError``.
    """
    if not path.exists():
        if not download:
            raise DataError(
                f"{path} is not there, and download=False. Load with download=True, "
                f"or put the file there by hand; it comes from {' or '.join(urls)}"
            )
        _download(path, urls, sha256)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error}. Delete it and load again.") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        aside = path.with_name(path.name + ".damaged")
        try:
            os.replace(path, aside)
            outcome = f"It is now {aside.name}. Load again to download it anew."
        except OSError as error:
            outcome = f"It could not be moved aside ({error}). Delete it and load again."
        raise DataError(f"{path} is damaged: its sha256 is {found}, not {sha256}. {outcome}")
    return content


def _download(path: Path, urls: list[str], sha256: str):
    """Put the file at ``path``. One process does it; another one waits and then finds the file there."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(path.name + ".lock"), timeout=LOCK_TIMEOUT):
            if not path.exists():
                try:
                    _receive_from_any(part, path, urls, sha256)
                    os.replace(part, path)
                except OSError as error:
                    if _disk_is_full(error):
                        part.unlink(missing_ok=True)
                    raise
    except Timeout as error:
        raise DataError(
            f"another process has been downloading {path} for {LOCK_TIMEOUT} s. Wait for it or end it, then load again."
        ) from error
    except OSError as error:
        other = "set the environment variable TIPSLIB_CACHE to another folder"
        if _disk_is_full(error):
            raise DataError(
                f"the disk is full: {path} does not fit ({error}); the unfinished file was removed. "
                f"Free some space or {other}, and load again."
            ) from error
        raise DataError(
            f"cannot write in {path.parent}: {error}. Make it writable or {other}, and load again."
        ) from error


def _disk_is_full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def _receive_from_any(part: Path, path: Path, urls: list[str], sha256: str):
    """Fill ``part`` from the first mirror that gives the right content."""
    failures = []
    for url in urls:
        while True:
            had = _size(part)
            try:
                _receive(url, part)
            except _Broken as error:
                if _size(part) > had:
                    continue  # it broke off on the way: go on from there
                failures.append(f"{url}: {error}")
                break
            with open(part, "rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found == sha256:
                return
            part.unlink()
            if not had:  # not the fault of an old part, so this mirror has something else
                failures.append(f"{url}: wrong content, its sha256 is {found}, not {sha256}")
                break
    raise DataError(
        f"cannot download {path.name}:\n  " + "\n  ".join(failures) + "\nCheck the network and load again "
        f"(what has arrived is kept), or get the file elsewhere and put it at\n  {path}"
    )


def _receive(url: str, part: Path):
    """One request: append to ``part`` what is missing, or write it from the start if the server cannot resume."""
    had = _size(part)
    headers = {"User-Agent": "tipslib"} | ({"Range": f"bytes={had}-"} if had else {})
    try:
        response = urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except (OSError, HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()
            if had and error.code == 416:
                return  # the part is as long as the file, or longer: the checksum will tell
        raise _Broken(error) from error
    with response, open(part, "ab" if response.status == 206 else "wb") as file:
        start = file.tell()
        total = None if response.length is None else start + response.length
        with tqdm(desc=part.stem, total=total, initial=start, unit="B", unit_scale=True) as bar:
            while chunk := _read(response):
                file.write(chunk)
                bar.update(len(chunk))
        if total is not None and file.tell() < total:
            raise _Broken(f"the connection broke off after {file.tell()} of {total} bytes")


def _read(response) -> bytes:
    try:
        return response.read(CHUNK)
    except (OSError, HTTPException) as error:
        raise _Broken(error) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
