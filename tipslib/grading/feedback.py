"""Feedback: one HTML page a submission, made by nbgrader, without the hidden tests."""

import html
from pathlib import Path

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests, GetGrades, NbGraderPreprocessor
from nbgrader.utils import is_grade

from tipslib.grading.course import Course, Progress, TipsError, no_progress
from tipslib.grading.report import report

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family: sans-serif; max-width: 40em; margin: 2em auto">
<h1>{title}</h1><p>This submission could not be graded. It has no score yet, not even zero.</p>
<p><b>Why:</b> {reason}</p><p>Please put it right and hand it in again, or ask your instructor.</p></body></html>
"""


class ShortMessages(NbGraderPreprocessor):
    """Keep the message of a failed test and drop its traceback, which quotes the hidden tests."""

    def preprocess_cell(self, cell, resources, index):
        if is_grade(cell):
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return cell, resources


class Feedback(GenerateFeedback):
    """nbgrader's feedback pages without what students must not see."""

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.preprocessors = [GetGrades, ClearHiddenTests, ShortMessages, CSSHTMLHeaderPreprocessor]


def feedback(course: Course, name: str, progress: Progress = no_progress) -> list[Path]:
    """Write ``feedback/<student>/<name>/<notebook>.html`` for everybody who handed something in.

    Pages are made anew at each call, so that they hold the latest manual grades. A submission without a grade
    gets a page that says why.
    Returns: the pages. Raises: TipsError for an unknown assignment, or when nothing has been autograded yet.
    """
    stems = list(course.released(name))
    rows = [
        row for row in report(course, name)["submissions"] if course.folder("submitted", name, row["student"]).exists()
    ]
    if not rows:
        raise TipsError(f"no submissions of {name!r} in {course.root / 'submitted'}: collect some first")
    pages = []
    for row in progress(rows, len(rows), f"feedback {name}"):
        folder = course.folder("feedback", name, row["student"])
        if row["score"] is not None:
            course.convert(Feedback, name, row["student"])
            pages += sorted(folder.glob("*.html"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            page = folder / f"{stems[0]}.html"
            page.write_text(PAGE.format(title=html.escape(name), reason=html.escape(row["reason"])), encoding="utf-8")
            pages.append(page)
    return pages
