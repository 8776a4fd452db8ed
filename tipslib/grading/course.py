"""A course folder as nbgrader knows it: configuration, assignments, notebooks, gradebook."""

import difflib
import logging
import os
import re
import sqlite3
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import nbformat
from filelock import FileLock
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning
from traitlets.config import Config, PyFileConfigLoader

CONFIG = "nbgrader_config.py"

# nbgrader builds its rows in an order that newer SQLAlchemy versions remark on; the rows come out right.
warnings.filterwarnings("ignore", "Object of type .* not in session", SAWarning)

# progress(items, total, label) yields the items and shows how far it is.
Progress = Callable[[Iterable, int, str], Iterable]


def no_progress(items: Iterable, total: int, label: str) -> Iterable:
    return items


def write_whole(path: Path, text: str) -> None:
    """Write a file of UTF-8: killed in between, there is the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


class TipsError(Exception):
    """A command cannot go on; the message says why and what to do."""


class Course:
    """One nbgrader course: the folder with ``nbgrader_config.py`` and ``source/``.

    Raises: TipsError when the folder is not one, or its configuration does not load.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        for needed in (CONFIG, "source"):
            if not (self.root / needed).exists():
                raise TipsError(f"{self.root} is not a course folder: it has no {needed}. Name one with --course DIR.")
        try:
            self.config: Config = PyFileConfigLoader(CONFIG, path=str(self.root)).load_config()
        except Exception as error:
            raise TipsError(f"{self.root / CONFIG} does not load: {type(error).__name__}: {error}") from error
        self.config.CourseDirectory.root = str(self.root)
        # nbgrader starts `alembic` by name to make a gradebook: it must be found without an activated environment.
        scripts = sysconfig.get_path("scripts")
        if scripts not in os.environ["PATH"].split(os.pathsep):
            os.environ["PATH"] = scripts + os.pathsep + os.environ["PATH"]

    @classmethod
    def find(cls, given: str | None = None) -> "Course":
        """The course ``given``, else the one the current folder lies in, else this repository's own.

        Raises: TipsError when there is none.
        """
        if given is not None:
            return cls(Path(given))
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / CONFIG).exists() and (folder / "source").is_dir():
                return cls(folder)
        own = Path(__file__).parents[2] / "assignments"
        if not own.is_dir():  # installed without the repository
            raise TipsError(f"{here} lies in no course folder: go into one, or name it with --course DIR")
        return cls(own)

    def names(self) -> list[str]:
        """All assignments: the folders of ``source/`` with a notebook in them."""
        return sorted({path.parent.name for path in (self.root / "source").glob("*/*.ipynb")})

    def require(self, name: str) -> None:
        """Raise TipsError unless there is an assignment of this name."""
        if name not in (names := self.names()):
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(names) or 'none yet'}"
            raise TipsError(f"no assignment {name!r} in {self.root / 'source'}; {hint}")

    def folder(self, step: str, name: str, student: str = ".") -> Path:
        """Where nbgrader keeps one step (source, release, submitted, …) of an assignment."""
        return self.root / step / student / name

    def notebooks(self, step: str, name: str) -> dict[str, NotebookNode]:
        """The assignment's notebooks in ``source`` or ``release``, by name without ``.ipynb``."""
        paths = sorted(self.folder(step, name).glob("*.ipynb"))
        return {path.stem: nbformat.read(path, as_version=4) for path in paths}

    def released(self, name: str) -> dict[str, NotebookNode]:
        """The released notebooks. Raises: TipsError before ``tips release``, or when the gradebook is gone."""
        self.require(name)
        notebooks = self.notebooks("release", name)
        with self.gradebook() as gradebook:
            try:
                gradebook.find_assignment(name)
            except MissingEntry:
                notebooks = {}
        if not notebooks:
            raise TipsError(
                f"assignment {name!r} has not been released in {self.root}: run `tips release {name}` first"
            )
        return notebooks

    def students(self, name: str) -> list[str]:
        """Everybody in ``submitted/`` or in the gradebook, with or without this assignment."""
        submitted = self.root / "submitted"
        found = {path.name for path in submitted.iterdir() if path.is_dir()} if submitted.is_dir() else set()
        with self.gradebook() as gradebook:
            found |= {student.id for student in gradebook.students}
        return sorted(name for name in found if not name.startswith("."))

    def gradebook(self) -> Gradebook:
        """nbgrader's gradebook of this course, to use in a ``with``."""
        return Gradebook(self.db_url, CourseDirectory(config=self.config).course_id)

    @property
    def db_url(self) -> str:
        """SQLAlchemy's address of the gradebook."""
        return CourseDirectory(config=self.config).db_url

    @property
    def ignore(self) -> list[str]:
        """nbgrader's patterns of files that are never copied."""
        return CourseDirectory(config=self.config).ignore

    def backup_gradebook(self) -> Path | None:
        """Copy gradebook.db beside itself, before something in it is replaced; None when there is none yet."""
        database = self.root / "gradebook.db"
        if not database.exists():
            return None
        copy = database.with_name(f"gradebook.db.{datetime.now():%Y%m%d-%H%M%S-%f}")
        # SQLite's own way: whole, even while Formgrader writes.
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        return copy

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One grader at a time: inside, no other process that grades this course is at work; waits for it."""
        with FileLock(self.root / ".tips.lock"):
            yield

    def convert(self, converter_class, name: str, student: str | None = None, **directories: str) -> None:
        """Run one of nbgrader's converters on an assignment, over whatever it made before.

        ``directories`` override nbgrader's own, e.g. ``submitted_directory``.
        Raises: the converter's first error itself, where nbgrader would only point to a log.
        """
        directory = CourseDirectory(config=self.config, assignment_id=name, **directories)
        if student is not None:
            # nbgrader strips it and takes it for a file pattern: in brackets, every sign means itself.
            directory.student_id = re.sub(r"[\s*?\[]", r"[\g<0>]", student)
        config = Config(self.config)
        config.BaseConverter.force = True
        converter = converter_class(coursedir=directory, config=config)
        converter.log = logging.Logger("nbgrader", logging.ERROR)
        errors = _Errors()
        converter.log.addHandler(errors)
        try:
            converter.start()
        except Exception as error:
            raise (errors.first or error) from None


class _Errors(logging.Handler):
    """Remembers the first exception that nbgrader logs, where it goes on to raise one without the reason."""

    first: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self.first = self.first or sys.exc_info()[1]
