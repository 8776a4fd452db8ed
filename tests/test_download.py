"""Tests of tipslib.download, against a small server on this machine."""

import builtins
import errno
import hashlib
import http.server
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tipslib import download
from tipslib.download import DataError, cache_dir, fetch

CONTENT = bytes(range(256)) * 2000  # 512 000 bytes, eight reads
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves ``content``; the attributes make it behave badly. ``requests`` records the Range of each request."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.status, self.ranges = CONTENT, 200, True
        self.drop_after = None  # bytes of one answer after which the connection breaks
        self.stall_after = None  # bytes of one answer after which nothing comes until ``go`` is set
        self.go = threading.Event()
        self.requests = []
        self.url = f"http://127.0.0.1:{self.server_port}/file.bin"

    def handle_error(self, request, client_address):
        """A client that goes away is part of these tests."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, wanted = self.server, self.headers["Range"]
        server.requests.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and server.ranges else 0
        if server.status != 200 or start >= max(len(server.content), 1):
            self.send_error(server.status if server.status != 200 else 416)
            return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if server.stall_after is not None:
            self.wfile.write(body[: server.stall_after])
            self.wfile.flush()
            server.go.wait(30)
            body = body[server.stall_after :]
        self.wfile.write(body[: server.drop_after])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.go.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def closed():
    """The address of a server that is gone: nobody answers there."""
    with Server() as server:
        url = server.url
    return url


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "set" / "file.bin"


def part_of(path):
    return path.with_name(path.name + ".part")


def put(file, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def left_in(path):
    """The files in the cache folder, apart from the empty lock file."""
    return sorted(file.name for file in path.parent.iterdir() if file.suffix != ".lock")


def test_downloads_once(server, path, capsys):
    assert fetch(path, [server.url], SHA256) == CONTENT
    assert fetch(path, [server.url], SHA256) == CONTENT
    assert server.requests == [None]
    assert left_in(path) == ["file.bin"]
    progress = capsys.readouterr().err
    assert "file.bin" in progress
    assert "100%" in progress


def test_a_file_put_there_by_hand_needs_no_network(closed, path):
    put(path, CONTENT)
    assert fetch(path, [closed], SHA256, download=False) == CONTENT
    assert left_in(path) == ["file.bin"]


def test_download_false_only_takes_what_is_there(server, path):
    with pytest.raises(DataError) as caught:
        fetch(path, [server.url], SHA256, download=False)
    assert str(path) in str(caught.value)
    assert server.url in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize("had", [1, 65_536, len(CONTENT) - 1])
def test_resumes_where_an_earlier_download_broke_off(server, path, had):
    put(part_of(path), CONTENT[:had])
    assert fetch(path, [server.url], SHA256) == CONTENT
    assert server.requests == [f"bytes={had}-"]
    assert left_in(path) == ["file.bin"]


def test_goes_on_by_itself_when_the_connection_drops(server, path):
    server.drop_after = 200_000
    assert fetch(path, [server.url], SHA256) == CONTENT
    assert server.requests == [None, "bytes=200000-", "bytes=400000-"]


def test_what_has_arrived_is_kept_for_the_next_call(server, path):
    server.drop_after, server.ranges = 200_000, False  # each connection gives the same beginning
    with pytest.raises(DataError, match="200000 of 512000"):
        fetch(path, [server.url], SHA256)
    assert part_of(path).read_bytes() == CONTENT[:200_000]
    server.drop_after, server.ranges = None, True
    assert fetch(path, [server.url], SHA256) == CONTENT
    assert server.requests[-1] == "bytes=200000-"


def test_the_next_mirror_goes_on_with_the_same_part(server, closed, path):
    put(part_of(path), CONTENT[:300_000])
    assert fetch(path, [closed, server.url], SHA256) == CONTENT
    assert server.requests == ["bytes=300000-"]


def test_starts_anew_when_the_server_cannot_resume(server, path):
    server.ranges = False
    put(part_of(path), CONTENT[:300_000])
    assert fetch(path, [server.url], SHA256) == CONTENT
    assert server.requests == ["bytes=300000-"]


@pytest.mark.parametrize(
    "old",
    [b"x" * 1000, b"x" * len(CONTENT), CONTENT + b"x", CONTENT[:-1] + b"x"],
    ids=["shorter", "as long", "longer", "nearly right"],
)
def test_starts_anew_when_the_part_is_of_another_file(server, path, old):
    put(part_of(path), old)
    assert fetch(path, [server.url], SHA256) == CONTENT
    assert server.requests == [f"bytes={len(old)}-", None]
    assert left_in(path) == ["file.bin"]


def test_a_whole_part_is_used_without_fetching_it_again(server, path):
    put(part_of(path), CONTENT)
    assert fetch(path, [server.url], SHA256) == CONTENT
    assert server.requests == [f"bytes={len(CONTENT)}-"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    content=st.binary(max_size=300),
    part=st.one_of(st.none(), st.binary(max_size=300), st.integers(0, 300)),
    drop_after=st.one_of(st.none(), st.integers(1, 300)),
)
def test_whatever_the_part_is_the_content_is_right(server, path, content, part, drop_after):
    path.unlink(missing_ok=True)
    server.content, server.drop_after = content, drop_after
    if part is not None:
        put(part_of(path), content[:part] if isinstance(part, int) else part)
    assert fetch(path, [server.url], hashlib.sha256(content).hexdigest()) == content
    assert left_in(path) == ["file.bin"]


def test_wrong_content_leaves_nothing_behind(server, path):
    server.content = b"<html>Please log in to this network</html>"
    with pytest.raises(DataError) as caught:
        fetch(path, [server.url], SHA256)
    for word in (server.url, SHA256, hashlib.sha256(server.content).hexdigest(), str(path)):
        assert word in str(caught.value)
    assert left_in(path) == []


def test_a_mirror_with_wrong_content_is_passed_over(server, path, monkeypatch):
    with Server() as other:
        other.content = b"old version"
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        assert fetch(path, [other.url, server.url], SHA256) == CONTENT
        other.shutdown()
        thread.join()
    assert (other.requests, server.requests) == ([None], [None])


@pytest.mark.parametrize("status", [403, 404, 500])
def test_an_http_error_is_reported_with_its_address(server, path, status):
    server.status = status
    with pytest.raises(DataError, match=f"{server.url}: HTTP Error {status}"):
        fetch(path, [server.url], SHA256)
    assert left_in(path) == []


def test_without_network_the_message_says_where_to_put_the_file(closed, path):
    with pytest.raises(DataError) as caught:
        fetch(path, [closed, "http://mirror.invalid/file.bin"], SHA256)
    for words in (closed, "http://mirror.invalid/file.bin", "Check the network", f"put it at\n  {path}"):
        assert words in str(caught.value)


def test_a_silent_server_does_not_hold_the_student_up(server, path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    server.stall_after = 0
    with pytest.raises(DataError, match="timed out"):
        fetch(path, [server.url], SHA256)


@pytest.mark.parametrize("bad", [CONTENT[:1000], b"", CONTENT[:-1] + b"x"], ids=["truncated", "empty", "flipped"])
def test_a_damaged_cached_file_is_named_and_moved_aside(server, path, bad):
    put(path, bad)
    with pytest.raises(DataError, match=r"is damaged: its sha256 is .*file\.bin\.damaged.*Load again") as caught:
        fetch(path, [server.url], SHA256)
    assert str(path) in str(caught.value)
    assert left_in(path) == ["file.bin.damaged"]
    assert path.with_name("file.bin.damaged").read_bytes() == bad
    assert fetch(path, [server.url], SHA256) == CONTENT


def test_a_damaged_file_in_a_read_only_cache_is_named(path, monkeypatch):
    put(path, b"bad")
    monkeypatch.setattr(os, "replace", raiser(PermissionError(errno.EACCES, "Permission denied")))
    with pytest.raises(DataError, match=r"could not be moved aside .*Permission denied.*Delete it"):
        fetch(path, [], SHA256)


def test_a_folder_in_place_of_the_file(path):
    path.mkdir(parents=True)
    with pytest.raises(DataError, match=r"cannot read .*file\.bin"):
        fetch(path, [], SHA256)


def raiser(error):
    def function(*args, **kwargs):
        raise error

    return function


class FailingFile:
    """A file on a device that takes ``room`` bytes, then fails; ``late`` fails only when the file is closed."""

    def __init__(self, file, room, number, late):
        self.file, self.room, self.late = file, room, late
        self.error = OSError(number, os.strerror(number))

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.file.close()
        if self.late:
            raise self.error

    def write(self, chunk):
        self.room -= len(chunk)
        if self.room < 0 and not self.late:
            raise self.error
        return self.file.write(chunk)


def break_device(monkeypatch, number, room=150_000, late=False):
    def open_(file, mode="r", *args, **kwargs):
        opened = builtins.open(file, mode, *args, **kwargs)  # noqa: SIM115
        return FailingFile(opened, room, number, late) if mode in ("ab", "wb") else opened

    monkeypatch.setattr(download, "open", open_, raising=False)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("late", [False, True])
def test_a_full_disk_is_named_and_the_part_removed(server, path, monkeypatch, number, late):
    with monkeypatch.context() as patch:
        break_device(patch, number, late=late)
        with pytest.raises(DataError, match=r"the disk is full: .*TIPSLIB_CACHE") as caught:
            fetch(path, [server.url], SHA256)
    assert str(path) in str(caught.value)
    assert left_in(path) == []
    assert fetch(path, [server.url], SHA256) == CONTENT


def test_another_fault_of_the_disk_is_not_taken_for_the_network(server, path, monkeypatch):
    break_device(monkeypatch, errno.EIO)
    with pytest.raises(DataError, match=r"cannot write in .*Input/output error|cannot write in .*\[Errno 5\]"):
        fetch(path, [server.url], SHA256)
    assert len(server.requests) == 1


def test_a_cache_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / "cache").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(DataError, match=r"cannot write in .*TIPSLIB_CACHE") as caught:
        fetch(tmp_path / "cache" / "set" / "file.bin", [server.url], SHA256)
    assert str(tmp_path / "cache" / "set") in str(caught.value)
    assert (tmp_path / "cache").read_text(encoding="utf-8") == "a file in the way"
    assert server.requests == []


def test_a_cache_folder_without_permission(server, path, monkeypatch):
    monkeypatch.setattr(Path, "mkdir", raiser(PermissionError(errno.EACCES, "Permission denied")))
    with pytest.raises(DataError, match=r"cannot write in .*Permission denied.*TIPSLIB_CACHE"):
        fetch(path, [server.url], SHA256)


def test_an_interrupt_keeps_what_has_arrived(server, path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(download.tqdm, "update", raiser(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            fetch(path, [server.url], SHA256)
    had = part_of(path).stat().st_size
    assert 0 < had < len(CONTENT)
    assert fetch(path, [server.url], SHA256) == CONTENT
    assert server.requests == [None, f"bytes={had}-"]


def start(path, server):
    """Another process that says so and then fetches the file."""
    code = "import sys; from pathlib import Path; from tipslib.download import fetch\n"
    code += "path, url, sha256 = sys.argv[1:]; print('ready', flush=True); fetch(Path(path), [url], sha256)"
    command = [sys.executable, "-c", code, path, server.url, SHA256]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline().strip() == b"ready", process.communicate()[1]
    return process


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "nothing happened for a minute"
        time.sleep(0.01)


def test_of_several_processes_one_downloads_and_the_others_wait(server, path):
    server.stall_after = 100_000
    processes = [start(path, server) for _ in range(3)]
    wait_for(lambda: server.requests)
    time.sleep(0.3)  # time enough for the others to begin a download of their own, if nothing stops them
    server.go.set()
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    assert server.requests == [None]
    assert path.read_bytes() == CONTENT
    assert left_in(path) == ["file.bin"]


def test_a_killed_process_leaves_a_part_that_the_next_one_completes(server, path):
    server.stall_after = 300_000
    process = start(path, server)
    wait_for(lambda: part_of(path).exists() and part_of(path).stat().st_size > 200_000)
    process.kill()
    process.communicate()
    had = part_of(path).stat().st_size
    assert CONTENT.startswith(part_of(path).read_bytes())
    server.stall_after = None
    assert fetch(path, [server.url], SHA256) == CONTENT
    assert server.requests == [None, f"bytes={had}-"]


def test_a_process_that_downloads_for_ever_is_not_waited_for(server, path, monkeypatch):
    monkeypatch.setattr(download, "LOCK_TIMEOUT", 0.1)
    path.parent.mkdir(parents=True)
    with FileLock(path.with_name(path.name + ".lock")), pytest.raises(DataError, match="another process") as caught:
        fetch(path, [server.url], SHA256)
    assert str(path) in str(caught.value)
    assert server.requests == []


def test_cache_dir_follows_the_environment_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("TIPSLIB_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.setenv("TIPSLIB_CACHE", str(Path("~") / "data"))
    assert cache_dir() == Path.home() / "data"
    monkeypatch.setenv("TIPSLIB_CACHE", "")
    assert "tipslib" in cache_dir().parts
    assert cache_dir().is_absolute()
