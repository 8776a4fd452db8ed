"""The student kit: lectures, released assignments, the library without the grading, set-up files; nothing secret."""

import json
import os
import re
import shutil
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from tipslib.grading.course import CONFIG, Course, TipsError
from tipslib.grading.release import release
from tipslib.grading.secrets import leaks, secrets

REPOSITORY = Path(__file__).parents[2]
FOLDER = "tips-course"  # the only thing at the top of a zip: one name, so that a new kit unpacks over the old one
NEEDED = ("LICENSE", "constraints.txt", "environment.yml", "pyproject.toml", "docs/kit.md", "notebooks")


def make_kit(course: Course, out: Path, names: Sequence[str] = (), repository: Path = REPOSITORY) -> list[str]:
    """Write the kit into ``out``, a new folder or a new .zip file; returns the names of its assignments.

    ``names``: some of the released assignments; by default all of them. The same course gives the same bytes.
    Raises: TipsError when ``out`` exists, for an assignment that is not released or whose source has changed since,
    without a repository, and when the search finds something secret; then nothing is written.
    """
    for needed in NEEDED:
        if not (repository / needed).exists():
            raise TipsError(f"a kit is made in the course's repository, and {repository} has no {needed}")
    if out.exists():
        raise TipsError(f"{out} exists already: remove it, or name another")
    if not out.parent.is_dir():
        raise TipsError(f"there is no folder {out.parent} to write {out.name} into")
    names = sorted(set(names)) or [name for name in course.names() if course.folder("release", name).is_dir()]
    for name in names:
        course.released(name)  # raises, where release() would go on and release it
    handed_out = [release(course, name) for name in names]
    with tempfile.TemporaryDirectory(prefix=".tips-kit-", dir=out.parent) as scratch:
        kit = Path(scratch, FOLDER)
        _fill(kit, repository, course)
        for folder in handed_out:
            shutil.copytree(folder, kit / "assignments" / folder.name, ignore=_ignored)
        if found := list(leaks(kit, secrets(course))):
            raise TipsError(
                f"no kit was made, because it would give secrets away in {len(found)} places:\n  "
                + "\n  ".join(found[:10])
                + "\nTake them out. If students may see a line, list it in c.Tips.shown of nbgrader_config.py."
            )
        made = kit
        if out.suffix == ".zip":
            made = Path(scratch, out.name)
            _pack(kit, made)
        os.replace(made, out)
    return names


def _fill(kit: Path, repository: Path, course: Course) -> None:
    """Everything but the assignments."""
    shutil.copytree(repository / "notebooks", kit / "notebooks", ignore=_ignored)
    shutil.rmtree(kit / "notebooks" / "text", ignore_errors=True)  # the authors' form of the same
    shutil.copytree(repository / "tipslib", kit / "tipslib", ignore=_ignored)
    shutil.rmtree(kit / "tipslib" / "grading", ignore_errors=True)
    shutil.copy(repository / "LICENSE", kit)
    shutil.copy(repository / "docs" / "kit.md", kit / "README.md")
    written = {
        "pyproject.toml": pyproject(tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))),
        "environment.yml": environment((repository / "environment.yml").read_text(encoding="utf-8")),
        "constraints.txt": constraints((repository / "constraints.txt").read_text(encoding="utf-8")),
        CONFIG: configuration(course),
    }
    for name, text in written.items():
        (kit / name).write_text(text, encoding="utf-8", newline="\n")


def _ignored(folder: str, names: list[str]) -> set[str]:
    """Caches and editors' files; in a package everything that is not installed with it."""
    package = (Path(folder) / "__init__.py").exists()
    return {
        name
        for name in names
        if name.startswith((".", "__pycache__"))
        or name.endswith((".pyc", "~", ".orig"))
        or (package and (Path(folder) / name).is_file() and not name.endswith(".py"))
    }


def pyproject(whole: dict) -> str:
    """The kit's pyproject.toml, from the repository's: what students need, and no instructors' extras."""
    project = whole["project"]
    data = [name for name in whole["tool"]["setuptools"]["package-data"]["tipslib"] if not name.startswith("grading/")]
    return f"""\
[build-system]
requires = {json.dumps(whole["build-system"]["requires"])}
build-backend = {json.dumps(whole["build-system"]["build-backend"])}

[project]
name = {json.dumps(project["name"])}
version = {json.dumps(project["version"])}
description = {json.dumps(project["description"])}
readme = "README.md"
requires-python = {json.dumps(project["requires-python"])}
license = {json.dumps(project["license"])}
license-files = ["LICENSE"]
dependencies = {json.dumps(project["dependencies"], indent=4)}

[project.scripts]
tips = {json.dumps(project["scripts"]["tips"])}

[tool.setuptools.packages.find]
include = ["tipslib*"]

[tool.setuptools.package-data]
tipslib = {json.dumps(data)}
"""


def environment(whole: str) -> str:
    """The kit's environment.yml: without the paragraphs of what others need "besides"."""
    students, *_ = re.split(r"^  #.* besides\n", whole, maxsplit=1, flags=re.MULTILINE)
    return students + "  - pip:\n      - -e .\n"


def constraints(whole: str) -> str:
    """The kit's constraints.txt: the same pins, which only hold for what is asked for; another first line."""
    pins = [line for line in whole.splitlines(keepends=True) if not line.startswith("#")]
    return "# Versions that were tested together: pip install -c constraints.txt -e .\n" + "".join(pins)


def configuration(course: Course) -> str:
    """The kit's nbgrader_config.py: Validate gives a cell as much time as the grading does."""
    lines = ['"""Read by JupyterLab\'s Validate button."""', "", "c = get_config()  # noqa: F821"]
    lines += [f"c.Execute.{name} = {value!r}" for name, value in sorted(course.config.Execute.items())]
    return "\n".join(lines) + "\n"


def _pack(kit: Path, target: Path) -> None:
    """A zip of the kit with the same bytes every time."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in kit.rglob("*") if path.is_file()):
            content = path.read_bytes()
            # By content: Python takes a module for changed when its time is, whatever the length of the file.
            time = datetime(2020, 1, 1) + timedelta(seconds=2 * (zlib.crc32(content) % 2**26))
            entry = zipfile.ZipInfo(path.relative_to(kit.parent).as_posix(), time.timetuple()[:6])
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
