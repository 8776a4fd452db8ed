"""Temporary folders: those of a killed process are removed by the next one, those of a living one are left alone."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tipslib.grading import claims

HOLD = """
import sys
from tipslib.grading import claims
with claims.temporary_folder() as folder:
    (folder / "inside").mkdir()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds a folder in ``tmp_path``, and the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process, Path(process.stdout.readline().strip())
    process.kill()
    process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is swept there")
def test_only_what_nobody_holds_is_swept(holder, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    process, folder = holder
    other = tmp_path / "tips-other"
    other.mkdir()
    claims.sweep_temporary_folders()
    assert (folder / "inside").is_dir()
    process.kill()
    process.wait()
    assert folder.is_dir(), "it had no time to clear away"
    claims.sweep_temporary_folders()
    assert not folder.exists()
    assert other.is_dir()


def test_a_folder_is_gone_after_its_use():
    with claims.temporary_folder() as folder:
        assert folder.is_dir()
    assert not folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is swept there")
def test_a_link_is_not_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    target = tmp_path / "mine"
    target.mkdir()
    (tmp_path / f"{claims.PREFIX}x").symlink_to(target)
    claims.sweep(tmp_path, shutil.rmtree)
    assert target.is_dir()
