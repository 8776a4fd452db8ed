"""The shipped JupyterHub example, for real: an instructor and two students with system users of their own.

`make hub` runs it, as root on Linux; it makes users and removes them again. The steps build on each other.
"""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install -e '.[browser]'")

from playwright.sync_api import expect

from tests.browser.conftest import browser, solutions  # noqa: F401 (fixtures)
from tests.browser.days import NAME, fetch, submit
from tests.browser.lab import PATIENCE, ROOT, Lab
from tipslib.grading.demo import filled_in
from tipslib.grading.sandbox import why_not

EXAMPLE = ROOT / "deploy" / "jupyterhub"
MARK = f"tips{os.getpid()}"
TEACHER, STUDENTS, OUTSIDER = f"{MARK}mia", {"ada": f"{MARK}ada", "bob": f"{MARK}bob"}, f"{MARK}eve"
SCRIPTS = Path(sys.executable).parent


def home(user: str) -> Path:
    return Path(pwd.getpwnam(user).pw_dir)


def run(user: str, *command: str, folder: Path | None = None, code: int | None = 0) -> str:
    """Give a command as this user; returns what it says. Its exit code has to be ``code``, unless that is None."""
    account = pwd.getpwnam(user)
    side = "teacher" if user == TEACHER else "student"
    environment = {
        "HOME": account.pw_dir,
        "USER": user,
        "LOGNAME": user,
        "PATH": os.pathsep.join([str(SCRIPTS), os.environ["PATH"]]),
        "JUPYTER_CONFIG_PATH": str(hub_root() / "settings" / side),
    }
    done = subprocess.run(
        command,
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=os.getgrouplist(user, account.pw_gid),
        cwd=folder or account.pw_dir,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert code in (None, done.returncode), f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def hub_root() -> Path:
    return Path(tempfile.gettempdir()) / f"{MARK}-srv"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepare() -> str:
    command = [sys.executable, EXAMPLE / "prepare.py", "--teacher", TEACHER, "--students", *STUDENTS.values()]
    command += ["--root", hub_root(), "--group", MARK]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def machine():
    """A machine prepared for the class, with a hub that runs; ``url`` is its address."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("needs root: it makes users")
    if shutil.which("configurable-http-proxy") is None:
        pytest.skip("needs configurable-http-proxy: npm install -g configurable-http-proxy")
    seen = subprocess.run([sys.executable, "-c", "import tipslib"], user="nobody", cwd="/", capture_output=True)
    if seen.returncode:
        pytest.skip(f"other users cannot read {sys.prefix}: clone the course where they can, for example into /opt")
    try:
        prepare()
        subprocess.run(["useradd", "--create-home", OUTSIDER], check=True)
        with serving() as url:
            yield SimpleNamespace(url=url)
    finally:
        for user in (TEACHER, *STUDENTS.values(), OUTSIDER):
            subprocess.run(["pkill", "-KILL", "-u", user])
            subprocess.run(["userdel", "--remove", user], capture_output=True)
        subprocess.run(["groupdel", MARK], capture_output=True)
        shutil.rmtree(hub_root(), ignore_errors=True)


@contextmanager
def serving():
    """The hub on a free port."""
    port, folder = free_port(), hub_root() / "hub"
    folder.mkdir(mode=0o700)
    environment = os.environ | {
        "PATH": os.pathsep.join([str(SCRIPTS), os.environ["PATH"]]),
        "TIPS_ROOT": str(hub_root()),
        "TIPS_GROUP": MARK,
        "TIPS_EXAMPLE": str(EXAMPLE / "jupyterhub_config.py"),
        "TIPS_PORTS": f"{port} {free_port()} {free_port()}",
        "TIPS_USERS": " ".join([TEACHER, *STUDENTS.values()]),
    }
    config = Path(__file__).with_name("hub_config.py")
    with (folder / "log").open("w") as log:
        hub = subprocess.Popen(
            ["jupyterhub", "-f", config], cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while "JupyterHub is now running" not in (said := (folder / "log").read_text()):
            assert hub.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        hub.send_signal(signal.SIGTERM)
        hub.wait(PATIENCE)


@contextmanager
def lab(machine, browser, user: str):  # noqa: F811
    """Log in, and wait for one's own JupyterLab."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    log_in(machine, page, user)
    expect(page.locator("#jp-top-panel")).to_be_visible()
    own = Lab(page, f"hub-{user.removeprefix(MARK)}")
    try:
        yield own
    finally:
        own.picture("last")
        context.close()


def log_in(machine, page, user: str, password: str = "for the test") -> None:
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(f"{machine.url}/hub/login")
    page.fill("#username_input", user)
    page.fill("#password_input", password)
    page.click("#login_submit")


def test_1_nothing_can_be_written_by_everybody(machine):
    assert "ready" in prepare()  # once more does no harm
    shared = subprocess.run(["find", hub_root(), "-perm", "-o+w"], capture_output=True, text=True, check=True)
    assert shared.stdout == ""


def test_2_the_teacher_releases(machine):
    course = home(TEACHER) / "tips" / "course"
    for part in (f"source/{NAME}", f"mistakes/{NAME}.py", "nbgrader_config.py"):
        target = course / part
        target.parent.mkdir(parents=True, exist_ok=True)
        original = ROOT / "assignments" / part
        (shutil.copytree if original.is_dir() else shutil.copy)(original, target)
    subprocess.run(["chown", "-R", f"{TEACHER}:", home(TEACHER) / "tips"], check=True)
    run(TEACHER, "tips", "release", NAME, folder=course)
    said = run(TEACHER, "nbgrader", "release_assignment", NAME, folder=course)
    assert "Released as" in said
    assert "WARNING" not in said
    (hub_root() / "kit" / "welcome.md").write_text("Welcome", encoding="utf-8")
    test_1_nothing_can_be_written_by_everybody(machine)


@pytest.mark.parametrize("student", STUDENTS)
def test_3_a_student_fetches_solves_submits(machine, browser, solutions, student):  # noqa: F811
    user = STUDENTS[student]
    with lab(machine, browser, user) as own:
        own._until("() => jupyterapp.commands.hasCommand('nbgrader:open-assignment-list')")
        commands = own.page.evaluate("jupyterapp.commands.listCommands().filter(name => name.startsWith('nbgrader:'))")
        assert "nbgrader:open-formgrader" not in commands
        expect(own.page.locator(".jp-DirListing-content")).to_contain_text("welcome.md")
        fetch(own)
        own.save()
        path = home(user) / "tips" / NAME / f"{NAME}.ipynb"
        nbformat.write(filled_in(nbformat.read(path, as_version=4), solutions[student]), path)
        own.menu("File", "Reload Notebook from Disk")
        submit(own)
        own.picture("submitted")


def test_4_nobody_reaches_what_is_not_theirs(machine, browser):  # noqa: F811
    exchange = hub_root() / "exchange"
    inbound = exchange / "tips" / "inbound"
    ada, bob = STUDENTS.values()
    (handed_in,) = inbound.glob(f"{ada}+*")
    for command in (
        ["ls", inbound],
        ["mv", handed_in, inbound / "gone"],
        ["rmdir", handed_in],
        ["ls", exchange / "tips" / "feedback"],
        ["touch", exchange / "tips" / "outbound" / "mine"],
        ["mv", exchange / "tips", exchange / "other"],
        ["ls", home(ada)],
        ["ls", home(TEACHER)],
    ):
        assert "denied" in (said := run(bob, *map(str, command), code=None)) or "not permitted" in said, command
    assert "denied" in run(OUTSIDER, "ls", str(exchange), code=None)
    assert handed_in.is_dir()

    page = browser.new_page()
    log_in(machine, page, OUTSIDER)  # with the right password
    expect(page.locator("body")).to_contain_text("Invalid username or password")
    assert f"User {OUTSIDER!r} not allowed" in (hub_root() / "hub" / "log").read_text()
    log_in(machine, page, bob, "a guess")
    expect(page.locator("body")).to_contain_text("Invalid username or password")
    with lab(machine, browser, bob) as own:
        refused = own.page.goto(f"{machine.url}/user/{ada}/api/contents")
        assert refused is not None
        assert refused.status in (403, 404)


def test_5_the_teacher_grades(machine, browser):  # noqa: F811
    course = home(TEACHER) / "tips" / "course"
    said = run(TEACHER, "nbgrader", "collect", NAME, folder=course)
    assert said.count("Collecting submission") == 2
    assert "cheating" not in said  # owners and names agree
    assert "2 of 2 submissions graded" in run(TEACHER, "tips", "autograde", NAME, folder=course)
    rows = json.loads(run(TEACHER, "tips", "report", NAME, "--json", folder=course))["submissions"]
    assert why_not() or all(row["protection"].startswith("sandboxed, ") for row in rows), rows
    with lab(machine, browser, TEACHER) as own:
        # JupyterHub lets no page be shown in a frame of another one, so not by the menu.
        own.page.goto(f"{machine.url}/user/{TEACHER}/formgrader")
        expect(own.page.locator("tr", has_text=NAME).locator(".num-submissions")).to_have_text("2")
        own.picture("formgrader")
    assert "2 pages" in run(TEACHER, "tips", "feedback", NAME, folder=course)
    said = run(TEACHER, "nbgrader", "release_feedback", NAME, folder=course)
    assert said.count("Feedback released to") == 2


@pytest.mark.parametrize("student", STUDENTS)
def test_6_students_read_their_own_feedback(machine, browser, student):  # noqa: F811
    with lab(machine, browser, STUDENTS[student]) as own:
        own.menu("Nbgrader", "Assignment List")
        own.page.locator("#submitted_assignments_list").get_by_role("button", name="Fetch Feedback").click()
        expect(own.page.locator("#submitted_assignments_list").get_by_text("view feedback").first).to_be_visible()
        own.picture("feedback")
    (page,) = (home(STUDENTS[student]) / "tips" / NAME / "feedback").rglob("*.html")
    assert NAME in page.read_text(encoding="utf-8")
