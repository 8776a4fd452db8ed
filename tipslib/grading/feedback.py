"""Feedback: one HTML page a submission, made by nbgrader's own GenerateFeedback with the exporter of this module.

A page holds the verdicts, the student's own work, and of the instructor's notebook what the release shows. It has no
script, loads nothing, and does not let what the student wrote do so either (see untrusted.py).

With these lines in ``nbgrader_config.py``, Formgrader and ``nbgrader generate_feedback`` make the same pages, and where
to read about a question stands in them. ``see`` has for an assignment's grade_ids what to read, each a text and an
address; it becomes a link when there is a ``site``, whose pages the addresses name, or when it is a whole address::

    c.GenerateFeedback.exporter_class = "tipslib.grading.feedback.Page"
    c.Tips.see = {"sums": {"add": [("Lecture 1, Addition", "lectures/1.html#addition")]}}
    c.Tips.site = "https://example.org/course"
"""

import base64
import hashlib
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from nbgrader.converters import GenerateFeedback
from traitlets import default
from traitlets.config import Config

from tipslib.grading.blocks import Blocks
from tipslib.grading.course import Course, Progress, TipsError, no_progress
from tipslib.grading.report import late_words, report

TEMPLATES = Path(__file__).parent / "templates"
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
# Where Python and its packages are on this machine, or on another one that ran the notebook.
PACKAGES = re.compile(r"(?<![\w.~+=-])(?:[A-Za-z]:)?[/\\][^\s\"'(<>]{0,200}?[/\\](?=(?:site|dist)-packages\b)")
PLACES = [sys.prefix, sys.base_prefix, str(Path(__file__).parents[2]), str(Path.home())]

# nbgrader's exchange put them into a submission; `nbgrader release_feedback` returns the page by them.
ADDRESS = ("timestamp.txt", "submission_secret.txt")


def feedback(course: Course, name: str, progress: Progress = no_progress) -> list[Path]:
    """Write ``feedback/<student>/<name>/<notebook>.html`` for everybody who handed something in.

    Pages are made anew at each call, so that they hold the latest manual grades. A submission without a grade
    gets a page that says why.
    Returns: the pages. Raises: TipsError for an unknown assignment, when nothing was handed in, for settings that
    make no sense; and, when all others are made, for pages that could not be made.
    """
    stems = list(course.released(name))
    course = Course(course.root)
    # nbgrader copies a submission's other files beside the page, and what a student calls x.html can be anything.
    settings = {"CourseDirectory": {"ignore": ["*"]}, "GenerateFeedback": {"exporter_class": Page, "preprocessors": []}}
    course.config.merge(Config(settings))
    everybody = _assignment(course.root, name).rows.values()
    rows = [row for row in everybody if course.folder("submitted", name, row["student"]).exists()]
    if not rows:
        raise TipsError(f"no submissions of {name!r}: collect some into {course.root / 'submitted'}/<student>/{name}/")
    pages, failed = [], {}
    for row in progress(rows, len(rows), f"feedback {name}"):
        folder = course.folder("feedback", name, row["student"])
        made = [folder / f"{stem}.html" for stem in stems]
        try:
            if row["score"] is not None:
                course.convert(GenerateFeedback, name, row["student"])
            else:
                folder.mkdir(parents=True, exist_ok=True)
                for page in made:
                    page.write_text(_render(_assignment(course.root, name), row, page.stem, []), encoding="utf-8")
            for address in ADDRESS:
                written = course.folder("submitted", name, row["student"]) / address
                if written.is_file() and not written.is_symlink():
                    (folder / address).write_bytes(written.read_bytes())
            pages += [page for page in made if page.exists()]
        except Exception as error:  # of one submission: the class goes on, and the command ends with it
            failed[row["student"]] = f"{type(error).__name__}: {error}"
    if failed:
        named = "; ".join(f"{student} ({why})" for student, why in failed.items())
        raise TipsError(f"no page could be made for {named}. The other {len(pages)} pages are made")
    return pages


class Page(Exporter):
    """nbconvert's exporter of a graded notebook to the feedback page of a student, whom nbgrader's resources name."""

    output_mimetype = "text/html"
    parent: Any  # nbgrader's converter

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(self, nb: NotebookNode, resources: dict | None = None, **kw: Any) -> tuple[Any, dict]:
        """The page, and nbconvert's resources."""
        resources = self._init_resources(resources)
        where = resources["nbgrader"]
        assignment = _assignment(Path(self.parent.coursedir.root), where["assignment"])
        row = assignment.rows[where["student"]]
        with assignment.course.gradebook() as gradebook:
            graded = gradebook.find_submission_notebook(where["notebook"], where["assignment"], where["student"])
            comments = {comment.name: comment.manual_comment for comment in graded.comments if comment.manual_comment}
        folder = Path(resources["metadata"]["path"]) if "path" in resources.get("metadata", {}) else None
        released = assignment.notebooks[where["notebook"]]
        blocks = Blocks(released, row["cells"], comments, assignment.see, folder).make(nb)
        return _render(assignment, row, where["notebook"], blocks), resources


@dataclass
class Assignment:
    """What all pages of an assignment share. ``rows`` are the report's, by student."""

    course: Course
    name: str
    rows: dict[str, dict]
    notebooks: dict[str, NotebookNode]  # as released: without solutions, hidden tests and marking guides
    see: dict[str, list[dict]]


def _assignment(root: Path, name: str) -> Assignment:
    """Read an assignment, unless it was read before and nothing that a page depends on has changed since."""
    folders = [root, root / "mistakes", root / "status" / name, root / "release" / name]
    files = [path for folder in folders for path in folder.glob("*") if path.is_file()]
    return _read(root, name, tuple((str(path), path.stat().st_mtime_ns) for path in files))


@lru_cache(1)
def _read(root: Path, name: str, changed: tuple) -> Assignment:
    course = Course(root)
    rows = {row["student"]: row for row in report(course, name)["submissions"]}
    site = course.config.Tips.get("site", "")
    if site and not str(site).startswith(("https://", "http://")):
        raise TipsError(f"c.Tips.site = {site!r} is no address: write one like 'https://example.org/course'")
    try:
        see = {
            identifier: [{"text": text, "href": _href(address, site)} for text, address in places]
            for identifier, places in course.config.Tips.get("see", {}).get(name, {}).items()
        }
    except (AttributeError, TypeError, ValueError) as error:
        form = '{"assignment": {"grade_id": [("text", "address")]}}'
        raise TipsError(f"c.Tips.see in nbgrader_config.py does not have the form {form}: {error}") from error
    return Assignment(course, name, rows, course.released(name), see)


def _href(address: str, site: str) -> str:
    """Where a link leads; "" where it would lead nowhere: nobody knows where a student keeps the page."""
    if address.startswith(("https://", "http://")):
        return address
    return f"{site.rstrip('/')}/{address}" if site else ""


@lru_cache(1)
def _template() -> tuple[jinja2.Template, Markup, str]:
    """The page, its style, and the style's hash: the only style that a browser lets the page have."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    style = (TEMPLATES / "feedback.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("feedback.html.j2"), Markup(style), digest


def _render(assignment: Assignment, row: dict, stem: str, blocks: list[dict]) -> str:
    template, style, digest = _template()
    page = template.render(
        assignment=assignment.name,
        stem=stem,
        several=len(assignment.notebooks) > 1,
        row=row,
        late=late_words(row) if row["score"] is not None else "",
        blocks=blocks,
        questions=[block for block in blocks if "question" in block],
        style=style,
        digest=digest,
    )
    # Half of a surrogate pair is no text, and control characters are no HTML.
    page = UNPRINTABLE.sub("�", page.encode("utf-8", "replace").decode())
    if "-packages" in page:
        page = PACKAGES.sub("…/", page)
    for place in (str(assignment.course.root), *PLACES):
        if len(place) > 1 and place in page:
            page = re.sub(rf"(?<![\w.~+=-]){re.escape(place)}(?![\w.-])", "…", page)
    return page
