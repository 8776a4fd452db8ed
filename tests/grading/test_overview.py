"""The class overview: right numbers, a page that asks for nothing, and nothing on it that a student could run."""

import re
from html.parser import HTMLParser

import pytest

from tests.grading.minicourse import NAME, hand_in, solved
from tests.grading.test_exports import row
from tipslib.grading.autograde import autograde
from tipslib.grading.cli import main
from tipslib.grading.overview import histogram, overview, questions, share, weak
from tipslib.grading.sandbox import why_not

HOSTILE = "<img src=x onerror=alert(1)>"
BANK = '''
PROBES = {"add": [{"a": 7, "b": 2}]}

def add__subtracts(a, b):
    """You subtract b."""
    return a - b
'''


def cell(identifier: str, score: float | None, top: float = 4.0) -> dict:
    return {"id": identifier, "functions": [], "score": score, "max_score": top, "message": ""}


def student(name: str, *scores: float | None, status: str = "graded") -> dict:
    return row(name, 1.0, status) | {"cells": [cell(f"q{n}", score) for n, score in enumerate(scores)]}


CLASS = [
    student("ann", 4.0, 4.0),
    student("bob", 4.0, 0.0),
    student("cem", 0.0, 1.0),
    student("dee", 4.0, None, status="needs-manual-grading"),
    student("eva", None, None, status="needs-manual-grading"),
    row("fay", None, "damaged", "empty"),
]


def test_shares_and_histogram():
    assert [share(one) for one in CLASS] == [1.0, 0.5, 0.125, 1.0, None, None]
    bins = histogram(CLASS)
    assert [(one["final"], one["open"]) for one in bins] == [
        *[(0, 0), (1, 0), (0, 0), (0, 0), (0, 0), (1, 0)],
        *[(0, 0), (0, 0), (0, 0), (1, 1)],
    ]
    assert histogram([])[0] == {"from": 0, "to": 10, "final": 0, "open": 0}


def test_questions():
    first, second = questions(CLASS)
    assert first == {
        **{"id": "q0", "functions": [], "max_score": 4.0, "students": 5, "all": 3, "some": 0, "none": 1},
        **{"open": 1, "mean": 3.0},
    }
    assert (second["all"], second["some"], second["none"], second["open"]) == (1, 1, 1, 2)
    assert questions([]) == []


def test_who_needs_help():
    assert [(one["student"], one["zero"]) for one in weak(CLASS)] == [("cem", ["q0"])], "half is enough"


class Page(HTMLParser):
    """Collects tags, attributes and text, as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data + " "


@pytest.mark.skipif(why_not() is not None, reason="needs the sandbox")
def test_a_page_of_a_hostile_class(course, released, tmp_path, capsys):
    (course.root / "mistakes").mkdir()
    (course.root / "mistakes" / f"{NAME}.py").write_text(BANK, encoding="utf-8")
    handed = {
        HOSTILE: solved(released, add=f"def add(a, b):\n    return '{HOSTILE}'", twice="def twice(a):\n    pass"),
        "'\"><script>alert(2)<": solved(released, add=f"def add(a, b):\n    raise ValueError('{HOSTILE}')"),
        "cem": solved(released, add="def add(a, b):\n    return a - b"),
        "dee": solved(released, why="Because."),
        "eva": b"",
        "fay": solved(released, add="def add(a, b):\n    import os; os._exit(0)  # <script>alert(3)</script>"),
    }
    for name, notebook in handed.items():
        hand_in(course, name, notebook)
    hand_in(course, "gus", solved(released)).rename(course.folder("submitted", NAME, "gus") / f"{HOSTILE}.pdf")
    autograde(course, NAME)
    out = tmp_path / "new" / "page.html"
    assert main(["overview", NAME, "--out", str(out), "--course", str(course.root)]) == 0
    assert str(out) in capsys.readouterr().out
    text = out.read_text(encoding="utf-8")
    page = Page(text)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "iframe", "object", "embed", "link", "base", "form", "a"}
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "href")], tag
    assert not re.search(r"https?:|url\(|@import", text)
    assert {"lang": "en"} in [attributes for tag, attributes in page.tags if tag == "html"]
    drawn = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert all(one.get("aria-label") or one.get("aria-hidden") for one in drawn)
    assert HOSTILE in page.text, "shown as text"
    assert f"{HOSTILE}.pdf" in page.text
    assert "add: '<img" not in text
    seen = " ".join(page.text.split())
    for words in ("subtracts You subtract b.", "sums.ipynb is empty", "to be graded by hand: 1", "with a = 7, b = 2"):
        assert words in seen
    assert seen.index("Who needs help") < seen.index(f"{HOSTILE} 0 %") < seen.index("Still open")


def test_a_page_of_nobody(course):
    text = overview(course, NAME)
    assert "None was recognised" in text
    assert "Nothing: every submission has its final score" in text
