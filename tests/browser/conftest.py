"""The people and the folders of a day: an instructor, students, the exchange between them, and a browser."""

import os
import shutil
from types import SimpleNamespace

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install -e '.[browser]'")

from tests.browser.lab import FLAGS, ROOT, Person, find_browser  # noqa: E402 (imports playwright)
from tipslib.grading.demo import sample_class  # noqa: E402

NAME = "softmax"
STUDENTS = {"ada": "student-01", "bob": "student-04"}  # who they are in the sample class: right, and three mistakes


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium."""
    with sync_api.sync_playwright() as playwright:
        path = find_browser(playwright.chromium.executable_path)
        if path is None:
            pytest.skip("no browser: install Chromium, name one in $CHROMIUM, or run `playwright install chromium`")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def people(tmp_path_factory):
    """The instructor with a copy of the course, and students with lectures: `instructor`, `ada`, `bob`."""
    top = tmp_path_factory.mktemp("day")
    exchange = top / "exchange"
    exchange.mkdir()
    os.chmod(exchange, 0o777)  # as nbgrader wants it where nobody has set up groups
    config = f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\n"
    made = {}
    for name in ("instructor", *STUDENTS):
        folder = top / name / "course"
        shutil.copytree(ROOT / "notebooks", folder / "notebooks")
        shutil.copy(ROOT / "pyproject.toml", folder)
        # Here all are one user of the system; on a real one nbgrader takes the name of the user.
        own = (
            f"c.CourseDirectory.student_id = {name!r}" if name in STUDENTS else "c.ExchangeCollect.check_owner = False"
        )
        made[name] = Person(top / name, folder, config + own)
    course = made["instructor"].folder / "assignments"
    original = ROOT / "assignments"
    shutil.copytree(original / "source" / NAME, course / "source" / NAME)
    for file in ("nbgrader_config.py", f"mistakes/{NAME}.py"):
        (course / file).parent.mkdir(exist_ok=True)
        shutil.copy(original / file, course / file)
    return SimpleNamespace(**made)


@pytest.fixture(scope="session")
def solutions():
    """What each student fills in: cells by grade_id."""
    sample = sample_class(ROOT / "assignments" / "sample" / f"{NAME}.py")
    return {name: sample[student] for name, student in STUDENTS.items()}
