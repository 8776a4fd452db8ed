"""Claimed folders: what a killed process leaves behind is removed by the next one.

A folder is claimed by a lock that the system itself releases when its holder dies, also one killed with -9, and also
one in another container. So a folder of ours without a lock is nobody's. Control groups are folders, too.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

PREFIX = "tips-claimed-"


def claim(path: Path, wait: bool = True) -> int | None:
    """Lock a folder; returns what to close to let it go.

    None when it is not ours to open or is gone, and, unless this is to ``wait``, when another process holds it.
    """
    if sys.platform == "win32":
        return os.open(os.devnull, os.O_RDONLY)  # its locks are not for folders: nothing is swept there
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        # The one who held it may have removed it.
        if os.path.samestat(os.fstat(fd), os.stat(path)):
            return fd
    except OSError:  # held, or removed
        pass
    os.close(fd)
    return None


def make(parent: Path, prefix: str = PREFIX) -> tuple[Path, int]:
    """A new, claimed folder in ``parent``, and its lock."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        if (lock := claim(path)) is not None:
            return path, lock


def sweep(parent: Path, remove: Callable[[Path], object], prefix: str = PREFIX) -> None:
    """Call ``remove`` for every folder in ``parent`` that ``make`` has made and nobody holds any more."""
    if sys.platform == "win32":
        return
    for path in parent.glob(f"{prefix}*"):
        if (lock := claim(path, wait=False)) is not None:
            try:
                if os.fstat(lock).st_uid == os.getuid():
                    remove(path)
            finally:
                os.close(lock)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """As ``tempfile.TemporaryDirectory``, but swept by the next process if this one is killed."""
    path, lock = make(Path(tempfile.gettempdir()))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def sweep_temporary_folders() -> None:
    """Remove the temporary folders of processes that were killed."""
    sweep(Path(tempfile.gettempdir()), lambda path: shutil.rmtree(path, ignore_errors=True))
