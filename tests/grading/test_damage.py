"""Unusual and damaged submissions of honest students, all in one class; and random damage to a notebook's JSON."""

import base64
import copy
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from tests.grading.minicourse import NAME, SOLUTIONS, hand_in, solved
from tipslib.grading.autograde import autograde
from tipslib.grading.contract import grade_id
from tipslib.grading.course import Course
from tipslib.grading.intake import Submission, Unusable, read_submission
from tipslib.grading.report import report

FILE = f"{NAME}.ipynb"
STUB = "def add(a, b):\n    raise NotImplementedError('not attempted yet')"
FULL = 5  # the automatic points: 3 for add, 2 for twice; the written answer has 5 more


@dataclass
class Case:
    """One submission, and what a fair instructor makes of it."""

    student: str
    files: dict[str, bytes]
    score: float | None = FULL
    status: str = ""  # graded where there is a score
    reason: str = ""  # a part of it; "" where nothing must be remarked on
    flags: list[str] = field(default_factory=list)
    make: Callable[[Path], object] | None = None  # what plain files cannot say, done in the folder
    by_name: bool = False  # it is about the student's name, or place in the class


def as_bytes(notebook) -> bytes:
    """A notebook or plain data, as JSON that nbformat did not put in order."""
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")


def changed(released, change: Callable, **sources: str) -> bytes:
    """The solved notebook's JSON after ``change(data)``."""
    data = json.loads(json.dumps(solved(released, **sources)))
    result = change(data)
    return as_bytes(result if isinstance(result, dict) else data)


ORDER = ["intro", "add", "add-test", "twice", "twice-test", "why"]


def with_cells(released, change: Callable, **sources: str) -> bytes:
    """The solved notebook after ``change(cells, by_name)``, which may return new cells."""
    notebook = solved(released, **sources)
    result = change(notebook.cells, dict(zip(ORDER, notebook.cells, strict=True)))
    notebook.cells = result if isinstance(result, list) else notebook.cells
    return as_bytes(notebook)


def copied(one, **changes):
    """What an editor's copy and paste makes of a cell."""
    new = copy.deepcopy(one)
    new.update(changes)
    return new


def bare(one, **changes):
    """A cell after an editor that keeps no metadata, and no ids."""
    return copied(one, metadata=nbformat.from_dict({}), id=new_raw_cell().id, **changes)


def formats(released) -> Iterator[Case]:
    """Versions of the notebook format, and what editors write into it."""

    def old(version: int):
        def change(data):
            cells = []
            for one in data["cells"]:
                code = one["cell_type"] == "code"
                body = (
                    {"input": one["source"], "language": "python", "outputs": []} if code else {"source": one["source"]}
                )
                cells.append({"cell_type": one["cell_type"], "metadata": one["metadata"], **body})
            heading = {"cell_type": "heading", "level": 2, "metadata": {}, "source": "Own heading"}
            sheets = [{"cells": [*cells, heading], "metadata": {}}]
            return {"metadata": {"name": ""}, "nbformat": version, "nbformat_minor": 0, "worksheets": sheets}

        return change

    def version(major: int, minor: int, ids: bool):
        def change(data):
            data.update(nbformat=major, nbformat_minor=minor)
            for one in data["cells"]:
                if not ids:
                    del one["id"]

        return change

    def each_cell(**fields):
        def change(data):
            for one in data["cells"]:
                one.update(fields)

        return change

    def without(key: str):
        return lambda data: {name: value for name, value in data.items() if name != key}

    def metadata(**fields):
        return lambda data: data["metadata"].update(fields)

    def cells_metadata(**fields):
        def change(data):
            for one in data["cells"]:
                one["metadata"].update(fields)

        return change

    def colab(data):
        data["metadata"].update(colab={"provenance": [], "toc_visible": True}, accelerator="GPU")
        for number, one in enumerate(data["cells"]):
            one.pop("id")
            one["metadata"] = {"id": f"x{number}_-aB9", "colab": {"base_uri": "https://localhost:8080/"}}
        data.update(nbformat_minor=0)

    def vscode(data):
        data["metadata"]["kernelspec"] = {"display_name": ".venv", "language": "python", "name": "python3"}
        data["metadata"]["vscode"] = {"interpreter": {"hash": "31f2aee4e71d21fbe5cf8b01ff0e069b9275f58929596ceb"}}
        for one in data["cells"]:
            one["metadata"]["vscode"] = {"languageId": "python"}

    def schema(number):
        def change(data):
            for one in data["cells"]:
                if number is None:
                    del one["metadata"]["nbgrader"]["schema_version"]
                else:
                    one["metadata"]["nbgrader"]["schema_version"] = number

        return change

    def null_source(data):
        data["cells"].append({"cell_type": "code", "metadata": {}, "outputs": [], "source": None})

    def no_source(data):
        data["cells"].append({"cell_type": "code", "metadata": {}, "outputs": []})

    def source_as_lists(data):
        for one in data["cells"]:
            one["source"] = one["source"].splitlines(keepends=True)

    def source_of_numbers(data):
        data["cells"][1]["source"] = {"text": "def add"}

    def attached(data):
        data["cells"][5]["source"] = "![proof](attachment:p.png)"
        data["cells"][5]["attachments"] = {"p.png": {"image/png": base64.b64encode(b"\x89PNG").decode()}}

    def output(content):
        def change(data):
            data["cells"][1]["outputs"] = content
            data["cells"][2]["execution_count"] = "often"

        return change

    widgets = {"application/vnd.jupyter.widget-state+json": {"state": {"1": {"model_name": "Slider"}}}}
    view = {"model_id": "1", "version_major": 2}
    widget_output = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"application/vnd.jupyter.widget-view+json": view},
    }
    huge = [{"output_type": "stream", "name": "stdout", "text": "0123456789" * 800_000}]
    for student, reason, change in [
        ("nbformat-2", "version 2", old(2)),
        ("nbformat-3", "version 3", old(3)),
        ("nbformat-4.0", "", version(4, 0, ids=False)),
        ("nbformat-4.2", "", version(4, 2, ids=False)),
        ("nbformat-4.4", "", version(4, 4, ids=False)),
        ("nbformat-4.4-with-ids", "", version(4, 4, ids=True)),
        ("nbformat-4.5-without-ids", "", version(4, 5, ids=False)),
        ("nbformat-4.99", "", version(4, 99, ids=True)),
        ("nbformat-5", "version 5", version(5, 0, ids=True)),
        ("nbformat-none", "", without("nbformat")),
        ("same-ids", "", each_cell(id="same")),
        ("bad-ids", "", each_cell(id="not an id!")),
        ("colab", "6 cells were lost and put back (intro, add, add-test, twice, twice-test, why)", colab),
        ("vscode", "", vscode),
        ("extra-keys", "", each_cell(surprise=[1], attachments={"broken": 3}, collapsed=True)),
        ("kernelspec-none", "", metadata(kernelspec=None)),
        ("kernelspec-conda", "", metadata(kernelspec={"name": "conda-env-dl-py", "display_name": "dl"})),
        ("kernelspec-r", "", metadata(kernelspec={"name": "ir", "display_name": "R", "language": "R"})),
        ("metadata-none", "", without("metadata")),
        ("tags-broken", "", cells_metadata(tags="skip-execution", collapsed="no", name="")),
        ("tags-skip", "", cells_metadata(tags=["skip-execution", "raises-exception"])),
        ("schema-0", "", schema(None)),
        ("schema-1", "", schema(1)),
        ("schema-99", "", schema(99)),
        ("outputs-missing", "", lambda data: [one.pop("outputs", None) for one in data["cells"]]),
        ("outputs-null", "", output(None)),
        ("outputs-broken", "", output(["text", {"output_type": "magic"}, {"data": 1}])),
        ("outputs-huge", "", output(huge)),
        ("outputs-widgets", "", lambda data: [metadata(widgets=widgets)(data), output([widget_output])(data)]),
        ("outputs-nan", "", output([{"output_type": "display_data", "data": {"a": float("nan")}, "metadata": {}}])),
        ("source-list", "", source_as_lists),
        ("source-null", "", null_source),
        ("source-missing", "", no_source),
        ("a-string-among-the-cells", "'surprise'", lambda data: data["cells"].insert(2, "surprise")),
    ]:
        yield Case(student, {FILE: changed(released, change)}, reason=reason)
    yield Case("attachment", {FILE: changed(released, attached)}, status="needs-manual-grading")
    numbers = changed(released, source_of_numbers)
    yield Case("source-object", {FILE: numbers}, 2, reason="cell 2 has no readable text: it counts as empty")
    number = changed(released, lambda data: data["cells"][2].update(execution_count=7)).replace(
        b": 7", b": " + b"7" * 5000
    )
    yield Case("huge-integer", {FILE: number})
    lone = changed(released, lambda data: data["cells"][5].update(source="half an emoji: XX"))
    yield Case("half-an-emoji", {FILE: lone.replace(b"XX", b"\\ud83d")}, status="needs-manual-grading")


def encodings(released) -> Iterator[Case]:
    """Files that editors, mail programs and disks have changed."""
    good = as_bytes(solved(released))
    text = good.decode()
    # The word stands in a function's name, so that a wrong guess would cost points.
    umlaut = solved(released, add="def größe(a, b):\n    return a + b\n\ndef add(a, b):\n    return größe(a, b)")
    umlauts = as_bytes(umlaut).decode()
    raw_lines = text.replace('return a + b"', 'return (a +\n b)"')
    assert raw_lines != text
    deep = b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    yield Case("utf-8-bom", {FILE: b"\xef\xbb\xbf" + good}, reason="utf-8-sig")
    yield Case("utf-16", {FILE: umlauts.encode("utf-16")}, reason="utf-16")
    yield Case("utf-16-be-without-mark", {FILE: umlauts.encode("utf-16-be")}, reason="utf-16-be")
    yield Case("latin-1", {FILE: umlauts.encode("latin-1")}, reason="4 bytes were read as Windows-1252")
    yield Case(
        "one-wrong-byte",
        {FILE: umlauts.encode().replace(b"return a", b"return  a").replace(b"  a + b", b" a + b # \x93sum\x94")},
        reason="2 bytes",
    )
    yield Case("escaped-umlauts", {FILE: json.dumps(umlaut).encode()})
    yield Case("crlf", {FILE: text.replace("\n", "\r\n").replace("\\n", "\\r\\n").encode()})
    yield Case("raw-line-ends", {FILE: raw_lines.encode()})
    yield Case("nul-padded", {FILE: good + b"\0" * 512})
    yield Case("trailing-garbage", {FILE: good + good[-200:]}, reason="200 characters were left out")
    for student, content, reason in [
        ("empty", b"", "is empty"),
        ("blank", b" \n\n", "is empty"),
        ("zeros", b"\0" * 4096, "is empty"),
        ("truncated", good[: len(good) // 2], "is not JSON"),
        ("conflict", good.replace(b' "cells"', b"<<<<<<< HEAD\n"), "is not JSON, so not a notebook (Expecting"),
        ("a-letter", "Sehr geehrter Herr Professor".encode("latin-1"), "it begins with 'Sehr geehrte'"),
        ("a-pdf", b"%PDF-1.7\n\xe2\xe3\xcf\xd3", "it begins with '%PDF-1.7"),
        ("a-web-page", b"<!DOCTYPE html><html>", "it begins with '<!DOCTYPE ht'"),
        ("a-list", b"[1, 2]", "no list of cells"),
        ("a-number", b"NaN", "no list of cells"),
        ("an-object", b"{}", "no list of cells"),
        ("cells-as-object", changed(released, lambda data: data.update(cells={})), "no list of cells"),
        ("deep", deep, "nested too deeply"),
        ("no-cells", changed(released, lambda data: data.update(cells=[])), "not this assignment's notebook"),
        ("another-notebook", as_bytes(nbformat.v4.new_notebook(cells=[new_markdown_cell("Hello")])), "none of its"),
    ]:
        yield Case(student, {FILE: content}, None, "damaged", reason)


def cells(released) -> Iterator[Case]:
    """Cells copied, deleted, converted, moved, and their metadata lost."""

    def insert(where: str, offset: int, make: Callable):
        def change(cells, by):
            cells.insert(ORDER.index(where) + offset, make(by))

        return change

    def drop(*names: str):
        return lambda cells, by: [one for name, one in by.items() if name not in names]

    def convert(name: str, new: Callable):
        def change(cells, by):
            cells[ORDER.index(name)] = new(by[name].source, metadata=by[name].metadata)

        return change

    def order(*names: str):
        return lambda cells, by: [by[name] for name in names]

    def strip(*names: str):
        return lambda cells, by: [bare(one) if name in names else one for name, one in by.items()]

    def swap(one: str, other: str):
        def change(cells, by):
            by[one].metadata, by[other].metadata = by[other].metadata, by[one].metadata

        return change

    def field_of(name: str, **fields):
        return lambda cells, by: by[name].metadata.nbgrader.update(fields)

    def without_field(name: str):
        def change(cells, by):
            for one in cells:
                one.metadata.nbgrader.pop(name, None)

        return change

    def split(cells, by):
        rest = copied(by["add"], source="def add(a, b):\n    return plus(a, b)")
        by["add"].source = "def plus(a, b):\n    return a + b"
        cells.insert(2, rest)

    def split_answer(cells, by):
        cells.append(copied(by["why"], source="Second half."))

    def merge(cells, by):
        by["add"].source += "\n\n" + by["twice"].source
        return [one for one in cells if one is not by["twice"]]

    def merge_down(cells, by):
        by["twice"].source += "\n\n" + by["add"].source
        return [one for one in cells if one is not by["add"]]

    def strip_and_leave_stub(cells, by):
        return [bare(one) for one in (by["intro"], by["add"], new_code_cell(STUB), *cells[2:])]

    why = "Because."
    lost = "the nbgrader metadata of {} cells were lost and put back ({})"
    wrong = "def add(a, b):\n    return 0"
    for student, reason, change in [
        ("test-twice", "cell add-test was there twice", insert("add-test", 1, lambda by: copied(by["add-test"]))),
        ("test-at-the-end-again", "cell add-test was there twice", insert("why", 1, lambda by: copied(by["add-test"]))),
        ("solution-twice", "cell add was there twice: the last", insert("add", 1, lambda by: copied(by["add"]))),
        (
            "wrong-then-right",
            "add was there twice: the last",
            insert("add", 0, lambda by: copied(by["add"], source=wrong)),
        ),
        (
            "stub-then-right",
            "add was there twice: the last",
            insert("add", 0, lambda by: copied(by["add"], source=STUB)),
        ),
        ("right-then-stub", "the edited one counts", insert("add", 1, lambda by: copied(by["add"], source=STUB))),
        (
            "solution-three-times",
            "3 times",
            lambda cells, by: [by["intro"], by["add"], *map(copied, cells[1:2]), *cells[1:]],
        ),
        ("everything-twice", "cell why was there twice", lambda cells, by: [*cells, *map(copied, cells)]),
        ("text-deleted", "deleted cell intro was put back", drop("intro")),
        ("answer-deleted", "deleted cell why was put back", drop("why")),
        ("test-deleted", "deleted cell add-test was put back", drop("add-test")),
        ("tests-deleted", "deleted cell twice-test was put back", drop("add-test", "twice-test")),
        ("solutions-only", "deleted cell intro was put back", drop("intro", "add-test", "twice-test", "why")),
        ("solution-to-markdown", "add had become a markdown cell", convert("add", new_markdown_cell)),
        ("solution-to-raw", "add had become a raw cell", convert("add", new_raw_cell)),
        ("test-to-markdown", "add-test had become a markdown cell", convert("add-test", new_markdown_cell)),
        ("test-to-raw", "add-test had become a raw cell", convert("add-test", new_raw_cell)),
        ("text-to-code", "intro had become a code cell", convert("intro", new_code_cell)),
        ("answer-to-raw", "why had become a raw cell", convert("why", new_raw_cell)),
        ("split", "cell add was there twice", split),
        ("merged", "cell twice is missing", merge),
        ("merged-down", "cell add-test stood before what it tests", merge_down),
        ("backwards", "cell add-test stood before", order(*reversed(ORDER))),
        (
            "tests-first",
            "cell twice-test stood before",
            order("intro", "add-test", "twice-test", "add", "twice", "why"),
        ),
        ("second-first", "", order("intro", "twice", "twice-test", "add", "add-test", "why")),
        ("lost-solution", lost.format(1, "add"), strip("add")),
        ("lost-test", lost.format(1, "add-test"), strip("add-test")),
        ("lost-both", lost.format(2, "add, add-test"), strip("add", "add-test")),
        ("lost-all", "of 6 cells were lost", strip(*ORDER)),
        ("lost-all-and-stub-left", "an untouched copy of cell add was left out", strip_and_leave_stub),
        (
            "lost-and-deleted",
            "deleted cell add-test was put back",
            lambda cells, by: [bare(by["add"]), bare(by["twice"])],
        ),
        ("swapped-solutions", "stood before what it tests", swap("add", "twice")),
        ("swapped-tests", "cell add-test was marked as twice-test", swap("add-test", "twice-test")),
        ("swapped-solution-and-test", "cell add-test was marked as add", swap("add", "add-test")),
        ("other-grade-id", "'add_2' is not in this assignment", field_of("add", grade_id="add_2")),
        ("other-test-id", "'t' is not in this assignment", field_of("add-test", grade_id="t")),
        ("grade-id-null", "of 1 cells were lost", field_of("add-test", grade_id=None)),
        ("grade-id-list", "of 1 cells were lost", field_of("add-test", grade_id=["add-test"])),
        ("nbgrader-a-list", "of 1 cells", lambda cells, by: by["add"].metadata.update(nbgrader=[1])),
        ("checksums-lost", "", without_field("checksum")),
        ("points-lost", "", without_field("points")),
        ("kinds-turned", "", field_of("add-test", grade=False, solution=True, locked=False)),
        ("solution-made-locked", "", field_of("add", locked=True, grade=True, points=100)),
        ("white-space-in-test", "", lambda cells, by: by["add-test"].update(source=by["add-test"].source + "\n\n")),
    ]:
        expected = ["the points of cell add were edited"] if student == "solution-made-locked" else []
        yield Case(student, {FILE: with_cells(released, change)}, reason=reason, flags=expected)
    for student, reason, change in [
        ("answer-to-code", "why had become a code cell", convert("why", new_code_cell)),
        ("answer-split", "cell why was there twice", split_answer),
        ("answer-lost", lost.format(1, "why"), strip("why")),
        (
            "answer-then-stub",
            "edited one counts",
            insert("why", 1, lambda by: copied(by["why"], source="YOUR ANSWER HERE")),
        ),
        ("lost-all-with-answer", "of 6 cells were lost", strip(*ORDER)),
    ]:
        yield Case(student, {FILE: with_cells(released, change, why=why)}, FULL, "needs-manual-grading", reason)
    for student, score, reason, flags, change in [
        ("solution-deleted", 2, "cell add is missing", [], drop("add")),
        ("tests-only", 0, "cell twice is missing", [], order("add-test", "twice-test")),
        (
            "test-edited",
            FULL,
            "",
            ["locked cell add-test was edited"],
            lambda cells, by: by["add-test"].update(source="print(add(1, 2))"),
        ),
        (
            "text-edited",
            FULL,
            "",
            ["locked cell intro was edited"],
            lambda cells, by: by["intro"].update(source="# Mine"),
        ),
        ("points", FULL, "", ["the points of cell add-test were edited"], field_of("add-test", points=99)),
        ("points-text", FULL, "", ["the points of cell add-test were edited"], field_of("add-test", points="many")),
    ]:
        yield Case(student, {FILE: with_cells(released, change)}, score, reason=reason, flags=flags)


def files(released) -> Iterator[Case]:
    """Files of other names, in other places, and things that are no files."""
    good, untouched = as_bytes(solved(released)), as_bytes(released)
    wrong = as_bytes(solved(released, add="def add(a, b):\n    return 0"))
    reads = as_bytes(solved(released, twice="def twice(a):\n    return int(open('factor.txt').read()) * a"))
    other = as_bytes(nbformat.v4.new_notebook(cells=[new_code_cell("1 + 1")]))
    for student, name in [
        ("named-copy", "sums (1).ipynb"),
        ("named-student", "sums_Ada_Lovelace.ipynb"),
        ("named-upper", "Sums.IPYNB"),
        ("named-txt", "sums.ipynb.txt"),
        ("named-json", "sums.json"),
        ("named-bare", "sums"),
        ("named-umlaut", "Übung 1 — Lösung.ipynb"),
        ("in-a-folder", "sums/sums.ipynb"),
        ("in-a-folder-of-its-name", "sums.ipynb/sums.ipynb"),
    ]:
        yield Case(student, {name: good}, reason=f"the file was named {name}, not sums.ipynb")
    yield Case("folder-with-data", {"hw/sums.ipynb": reads, "hw/factor.txt": b"2"}, reason="named hw/sums.ipynb")
    yield Case(
        "mac",
        {"sums (1).ipynb": good, "._sums (1).ipynb": b"\0\5", ".DS_Store": b"\0", "__MACOSX/._sums.ipynb": b""},
        reason="sums (1).ipynb",
    )
    yield Case("two-same", {"a.ipynb": good, "b.ipynb": good}, reason="b.ipynb was handed in too: a.ipynb counts")
    yield Case(
        "own-and-copy",
        {FILE: good, "sums (1).ipynb": wrong},
        reason="sums (1).ipynb was handed in too: sums.ipynb counts",
    )
    yield Case(
        "own-untouched", {FILE: untouched, "sums (1).ipynb": good}, reason="sums.ipynb is as it was released: sums (1)"
    )
    yield Case("own-empty", {FILE: b"", "sums-final.ipynb": good}, reason="sums-final.ipynb counts")
    yield Case("with-scratch", {"mine.ipynb": good, "scratch.ipynb": other}, reason="the file was named mine.ipynb")
    yield Case("extra-broken-notebook", {FILE: good, "scratch.ipynb": b"{"})
    extra = {"helper.py": b"x = 1", "data/a.csv": b"1,2\n", "notes.txt": "Grüße".encode("latin-1"), "sums.pdf": b"%PDF"}
    yield Case("extra-files", {FILE: good} | extra)
    yield Case("extra-own-modules", {FILE: good, "numpy.py": b"raise SystemExit", "json.py": b"1/0", "os.py": b""})
    yield Case("checkpoints", {FILE: good, ".ipynb_checkpoints/sums-checkpoint.ipynb": wrong})
    stamp = "2026-11-21 10:00:00.000000 UTC"
    yield Case("timestamp", {FILE: good, "timestamp.txt": stamp.encode()})
    yield Case("timestamp-odd", {FILE: good, "timestamp.txt": b"yesterday"}, reason="timestamp.txt holds no time")
    yield Case("timestamp-huge", {FILE: good, "timestamp.txt": b"9" * 50}, reason="timestamp.txt holds no time")
    yield Case("timestamp-utf-16", {FILE: good, "timestamp.txt": stamp.encode("utf-16")}, reason="holds no time")
    for student, status, reason, content in [
        ("two-different", "missing", "hand in one of them, named sums.ipynb", {"a.ipynb": good, "b.ipynb": wrong}),
        ("checkpoint-only", "missing", "checkpoints/sums-ch", {".ipynb_checkpoints/sums-checkpoint.ipynb": good}),
        ("zipped", "missing", "the folder holds sums.zip: hand in the .ipynb file", {"sums.zip": b"PK\3\4"}),
        ("script", "missing", "the folder holds sums.py", {"sums.py": b"def add(a, b): return a + b"}),
        ("zip-named-notebook", "damaged", "it begins with 'PK", {FILE: b"PK\3\4\0\0\0\0"}),
        ("renamed-and-truncated", "damaged", "sums (1).ipynb is not JSON", {"sums (1).ipynb": good[:500]}),
        ("nothing", "missing", "the folder holds nothing", {}),
    ]:
        yield Case(student, content, None, status, reason)
    a_folder = lambda folder: (folder / FILE).mkdir()  # noqa: E731
    yield Case("empty-folder-of-its-name", {}, None, "damaged", "sums.ipynb is a folder", make=a_folder)
    for student, target in [("link-out", "/etc/hostname"), ("link-to-itself", FILE), ("link-to-nothing", "gone")]:
        link = lambda folder, target=target: (folder / FILE).symlink_to(target)  # noqa: E731
        yield Case(student, {}, None, "damaged", "is a link or a special file", make=link)


def students(released) -> Iterator[Case]:
    """Folder names as learning platforms make them."""
    good = as_bytes(solved(released))
    for student in [
        "Lovelace, Ada",
        "Jörg Müßig",
        "李雷",
        "ada.lovelace@example.org",
        "-rf",
        "--help",
        "0123456",
        'O\'Brien "Bob"',
        "a;b&c|d$e`f",
        "{student_id}",
        "100%",
        " lead",
        "x y ",
        "_".join(["a-very-long-name"] * 12),
    ]:
        yield Case(student, {FILE: good}, by_name=True)


def code(released) -> Iterator[Case]:
    """What students write: shell lines, endless loops, prints without end."""

    def scratch(source: str, where: int = 3, **sources: str) -> dict[str, bytes]:
        notebook = solved(released, **sources)
        notebook.cells.insert(where, new_code_cell(source))
        return {FILE: as_bytes(notebook)}

    helper = {"add": "def add(a, b):\n    return plus(a, b)"}
    moved = "cell add does not define add: another cell does, and counts"
    reasons = {
        "solved-in-a-cell-before": "an untouched copy of cell add was left out",
        "solved-in-a-cell-behind": moved,
        "solved-at-the-end": "cell add-test stood before what it tests",
        "solution-cell-emptied": moved,
        "solution-cell-says-see-below": moved,
        "solved-in-the-test-cell": "locked cell add-test held a solution",
    }
    for student, files_of in {
        "magics": scratch("%matplotlib inline\n%time add(1, 2)\n%load_ext autoreload\n%autoreload 2"),
        "cell-magic": scratch("%%timeit -n1 -r1\nadd(1, 2)", add="%%time\n" + SOLUTIONS["add"]),
        "unknown-magic": scratch("%%no_such_magic\nx"),
        "shell": scratch("!ls\n!pip --version\nfiles = !ls"),
        "help": scratch("add?\nlen??"),
        "input": scratch("name = input('Your name? ')"),
        "sys-exit": scratch("import sys\nsys.exit()"),
        "exit": scratch("exit()"),
        "quit": scratch("quit"),
        "await": scratch("import asyncio\nawait asyncio.sleep(0)"),
        "asyncio-run": scratch("import asyncio\nasyncio.run(asyncio.sleep(0))"),
        "endless": scratch("while True:\n    pass"),
        "prints": scratch("for i in range(100_000):\n    print(i)"),
        "syntax-error": scratch("for x in"),
        "raises": scratch("1 / 0"),
        "bad-escape": scratch("pattern = '\\d+'"),
        "nul": scratch("x = 'a\0b'"),
        "long-chain": scratch("x" + ".a" * 2000),
        "deep-code": scratch("(" * 500 + ")" * 500 + "\n" + "-" * 50_000 + "1"),
        "emoji": scratch("print('\N{PARTY POPPER}')"),
        "raises-emoji": scratch("raise ValueError('\N{PARTY POPPER}')"),
        "unicode-names": scratch("Δx = 1", add="def add(α, β):\n    Σ = α + β\n    return Σ"),
        "tabs": scratch("x = 1", add="def add(a, b):\n\treturn a + b"),
        "form-feed": scratch("\f\nx = 1", add="\f\n" + SOLUTIONS["add"]),
        "line-separator": scratch("x = 1", add="def add(a, b):\n    note = 'one\u2028two'\n    return a + b"),
        "future-import": scratch("x = 1", add="from __future__ import annotations\n" + SOLUTIONS["add"]),
        "type-hints": scratch("x = 1", add="def add(a: 'int', b: 'int') -> 'int':\n    return a + b"),
        "main-guard": scratch("x = 1", add=SOLUTIONS["add"] + "\n\nif __name__ == '__main__':\n    print(add(1, 2))"),
        "renames-builtins": scratch("sum = list = print = len = 3"),
        "deletes": scratch("%reset -f", where=6),
        "redefined-later": scratch("add = None", where=7),
        "helper-in-an-added-cell": scratch("def plus(a, b):\n    return a + b", where=1, **helper),
        "solved-in-a-cell-before": scratch(SOLUTIONS["add"], where=1, add=STUB),
        "solved-in-a-cell-behind": scratch(SOLUTIONS["add"], where=2, add=STUB),
        "solved-at-the-end": scratch(SOLUTIONS["add"], where=7, add=STUB),
        "solution-cell-emptied": scratch(SOLUTIONS["add"], where=2, add=""),
        "solution-cell-says-see-below": scratch(SOLUTIONS["add"], where=2, add="# see the next cell"),
        "solved-in-the-test-cell": scratch(
            "x = 1", **{"add": STUB, "add-test": SOLUTIONS["add"] + "\nassert add(1, 2) == 3"}
        ),
        "stderr": scratch(
            "import sys, warnings\nwarnings.warn('w')",
            add="import sys\nprint('e', file=sys.stderr)\n" + SOLUTIONS["add"],
        ),
    }.items():
        yield Case(student, files_of, reason=reasons.get(student, ""))
    raised = "def add(a, b):\n    raise NotImplementedError('not attempted yet')\n    return a + b"
    cases = {
        "raise-left-above": (2, {"add": raised}),
        "raise-left-on-top": (2, {"add": "raise NotImplementedError\n" + SOLUTIONS["add"]}),
        "raise-left-below": (FULL, {"add": SOLUTIONS["add"] + "\nraise NotImplementedError('not attempted yet')"}),
        "solution-emptied": (2, {"add": ""}),
        "solution-misspelt": (2, {"add": "def ad(a, b):\n    return a + b"}),
        "solution-prints": (2, {"add": "def add(a, b):\n    print(a + b)"}),
        "solution-asks": (2, {"add": "def add(a, b):\n    return int(input())"}),
        "solution-exits": (2, {"add": "import sys\ndef add(a, b):\n    sys.exit(0)"}),
        "solution-warns": (
            FULL,
            {"add": "import sys\ndef add(a, b):\n    print('?', file=sys.stderr)\n    return a + b"},
        ),
        "solution-a-lambda": (FULL, {"add": "add = lambda a, b: a + b"}),
        "solution-a-class": (FULL, {"add": "class add:\n    def __new__(cls, a, b):\n        return a + b"}),
        "solution-async": (2, {"add": "async def add(a, b):\n    return a + b"}),
        "solution-recursive": (2, {"add": "def add(a, b):\n    return add(a, b)"}),
    }
    for student, (score, sources) in cases.items():
        yield Case(student, {FILE: as_bytes(solved(released, **sources))}, score)
    shown = solved(released)
    shown.cells.insert(2, new_code_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"))
    yield Case("matplotlib", {FILE: as_bytes(shown)})


def all_cases(released) -> list[Case]:
    good = as_bytes(solved(released))
    found = [one for kind in (formats, encodings, cells, files, students, code) for one in kind(released)]
    # Neighbours stand before, between and behind; workers take submissions in this order.
    neighbours = [Case(name, {FILE: good}, by_name=True) for name in ("a-neighbour", "m-neighbour", "zz-neighbour")]
    return found + neighbours


def write(course, case: Case) -> None:
    folder = course.folder("submitted", NAME, case.student)
    folder.mkdir(parents=True)
    for name, content in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    if case.make:
        case.make(folder)


def prepared(submission: Submission) -> tuple:
    """All of a submission that has an influence on its points."""
    notebook = [(one.cell_type, one.source, grade_id(one)) for one in submission.notebooks[NAME].cells]
    return tuple(notebook), tuple(sorted(submission.files.items()))


def test_every_case_is_graded_fairly(course, released, tmp_path):
    """One class of all cases. Notebooks that intake makes equal are run once, and all of them with TIPS_LONG=1."""
    table = all_cases(released)
    assert len({case.student for case in table}) == len(table)
    apart = Course(shutil.copytree(course.root, tmp_path / "apart"))
    got: dict[str, tuple] = {}
    equal_to: dict[str, str] = {}
    first: dict[tuple, str] = {}
    for case in table:
        write(apart, case)
        with suppress(Unusable):
            submission = read_submission(apart.folder("submitted", NAME, case.student), {NAME: released})
            twin = first.setdefault(prepared(submission), case.student)
            if not case.by_name and twin != case.student and "TIPS_LONG" not in os.environ:
                equal_to[case.student] = twin
                got[case.student] = "; ".join(submission.repairs), submission.flags
    for case in table:
        if case.student not in equal_to:
            write(course, case)
    before = originals(course)

    records = autograde(course, NAME)
    assert originals(course) == before
    assert {record["student"] for record in records} == {case.student for case in table} - equal_to.keys()
    rows = {row["student"]: row for row in report(course, NAME)["submissions"]}
    unfair = {}
    for case in table:
        row = rows[equal_to.get(case.student, case.student)]
        reason, flags = got.get(case.student, (row["reason"], row["flags"]))
        status = case.status or "graded"
        # Where nothing is wrong, nothing is remarked.
        said = case.reason in reason if case.reason else reason == ""
        if (row["status"], row["score"], flags, said) != (status, case.score, case.flags, True):
            cells = {each["id"]: (each["score"], each["message"]) for each in row["cells"]}
            unfair[case.student] = row["status"], row["score"], reason, flags, cells
    assert unfair == {}
    # What could not be graded is no zero in the gradebook either.
    with course.gradebook() as gradebook:
        known = {submission.student_id for submission in gradebook.assignment_submissions(NAME)}
    assert known == {student for student, row in rows.items() if row["score"] is not None}


def originals(course) -> dict[str, bytes | str]:
    """All that lies in ``submitted/``, by path: contents, targets of links, folders."""
    paths = sorted((course.root / "submitted").rglob("*"))
    return {
        str(path): os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else "folder"
        for path in paths
    }


def test_a_notebook_that_cannot_be_read_is_named(course, released, monkeypatch):
    hand_in(course, "a", solved(released))
    folder = course.folder("submitted", NAME, "a")

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)  # root may read everything
    with pytest.raises(Unusable, match=r"sums\.ipynb cannot be read: Permission denied") as error:
        read_submission(folder, {NAME: released})
    assert error.value.status == "damaged"


def test_a_file_that_cannot_be_read_is_left_out(course, released, monkeypatch):
    hand_in(course, "a", solved(released)).with_name("data.txt").write_text("1", encoding="utf-8")
    real = Path.read_bytes

    def refuse(path):
        if path.name == "data.txt":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    submission = read_submission(course.folder("submitted", NAME, "a"), {NAME: released})
    assert submission.repairs == ["data.txt cannot be read (Permission denied) and was left out"]
    assert submission.files == {}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_never_opened(course, released):
    folder = course.folder("submitted", NAME, "a")
    folder.mkdir(parents=True)
    os.mkfifo(folder / FILE)
    with pytest.raises(Unusable, match="is a link or a special file"):
        read_submission(folder, {NAME: released})


def test_answers_whose_metadata_are_lost_keep_their_order(released, tmp_path):
    """Three written questions in a row look alike; one of them answered, another one left as it was."""
    release = copy.deepcopy(released)
    for name in ("why-2", "why-3"):
        question = copy.deepcopy(release.cells[-1])
        question.id = question.metadata.nbgrader.grade_id = name
        release.cells.append(question)
    handed = copy.deepcopy(release)
    handed.cells[-2].source = "Only the second."
    handed.cells = [bare(one) for one in handed.cells]
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / FILE).write_bytes(as_bytes(handed))
    submission = read_submission(folder, {NAME: release})
    texts = {grade_id(one): one.source for one in submission.notebooks[NAME].cells}
    assert [texts[name] for name in ("why", "why-2", "why-3")] == [
        "YOUR ANSWER HERE",
        "Only the second.",
        "YOUR ANSWER HERE",
    ]


def test_two_notebooks_in_one_more_folder(released, tmp_path):
    """An assignment of two notebooks: each is found by its name, none by another one's contents."""
    folder = tmp_path / "pair"
    releases = {"one": released, "two": released}
    for name in ("hw/one.ipynb", "hw/Two.ipynb", "hw/data/x.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(as_bytes(solved(released)))
    submission = read_submission(folder, releases)
    assert submission.notebooks.keys() == {"one", "two"}
    assert submission.files.keys() == {"data/x.csv"}
    (folder / "hw/Two.ipynb").rename(folder / "hw/three.ipynb")
    with pytest.raises(Unusable, match=r"no two\.ipynb was handed in"):
        read_submission(folder, releases)


# ---- random damage ----

JUNK = [None, True, -1, 0.5, 10**400, float("nan"), "", "x", "\ud800", "a\0b", "é", "\u2028", [], [1], ["\n"], {}]
JUNK += [{"a": {}}, [[]] * 3, {"grade_id": "add"}, {"grade_id": "twice-test", "points": [1]}, "code", "markdown", "raw"]
JUNK += [json.loads("[" * 200 + "]" * 200), STUB, SOLUTIONS["add"], "add-test", "heading"]


def places(tree, found=None) -> list[tuple]:
    """Every (container, key) of plain data."""
    found = [] if found is None else found
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        found.append((tree, key))
        places(value, found)
    return found


def mutate(data: dict, rng: random.Random) -> bytes:
    """The JSON text of a notebook after a few accidents to its fields and cells, and sometimes to its bytes."""
    for _ in range(rng.randint(1, 6)):
        everywhere = places(data)
        if rng.random() < 0.5 and isinstance(data.get("cells"), list):
            everywhere = [(data["cells"], index) for index in range(len(data["cells"]))] or everywhere
        if not everywhere:
            break
        container, key = rng.choice(everywhere)
        other, other_key = rng.choice(everywhere)
        accident = rng.choice(["delete", "twice", "swap", "junk", "garble", "rename", "copy"])
        if accident == "delete":
            del container[key]
        elif accident == "twice" and isinstance(container, list):
            container.insert(rng.randint(0, len(container)), copy.deepcopy(container[key]))
        elif accident == "swap":
            one, two = copy.deepcopy((container[key], other[other_key]))
            container[key] = two
            with suppress(KeyError, IndexError):  # it was inside of the first
                other[other_key] = one
        elif accident == "junk":
            container[key] = copy.deepcopy(rng.choice(JUNK))
        elif accident == "garble" and isinstance(container[key], str):
            cut = rng.randint(0, len(container[key]))
            container[key] = container[key][cut:] + rng.choice(["", "\n", "'", "(", "\ud83d"]) + container[key][:cut]
        elif accident == "rename" and isinstance(container, dict):
            container[rng.choice(["source", "input", "metadata", "cell_type", "id", "x"])] = container.pop(key)
        elif accident == "copy":
            container[key] = copy.deepcopy(other[other_key])
    content = as_bytes(data)
    accident = rng.choice(["none"] * 6 + ["cut", "byte", "insert", "tail", "utf-16", "latin-1"])
    at = rng.randint(0, len(content))
    if accident == "cut":
        content = content[:at]
    elif accident == "byte":
        content = content[:at] + bytes([rng.randint(0, 255)]) + content[at + 1 :]
    elif accident == "insert":
        content = content[:at] + rng.choice([b"\xff", b"\0", b"\r", b"}", b'"', b"NaN"]) + content[at:]
    elif accident == "tail":
        content += content[at:]
    elif accident in ("utf-16", "latin-1"):
        content = content.decode("utf-8", "replace").encode(accident, "replace")
    return content


@pytest.fixture(scope="session")
def fuzzed(template, tmp_path_factory):
    """The released notebook, and a folder to hand in."""
    return Course(template).released(NAME), tmp_path_factory.mktemp("fuzz") / NAME


@settings(max_examples=4 * settings().max_examples)
@given(rng=st.randoms(use_true_random=False))
def test_fuzz(fuzzed, rng):
    """Whatever has happened to a notebook: a valid one with all of its graded cells comes out, or a reason."""
    released, folder = fuzzed
    folder.mkdir(exist_ok=True)
    content = mutate(json.loads(json.dumps(solved(released[NAME]))), rng)
    (folder / FILE).write_bytes(content)
    outcome = outcome_of(folder, released)
    if isinstance(outcome, Unusable):
        assert outcome.status == "damaged"
        assert len(str(outcome)) > 20
    else:
        notebook = outcome.notebooks[NAME]
        nbformat.validate(notebook)
        nbformat.writes(notebook).encode()
        names = [grade_id(one) for one in notebook.cells if grade_id(one)]
        assert sorted(names) == sorted(set(names))
        assert {"intro", "add-test", "twice-test", "why"} <= set(names) <= set(ORDER)
        json.dumps([outcome.repairs, outcome.flags])
    assert (folder / FILE).read_bytes() == content


def outcome_of(folder: Path, released: dict) -> Submission | Unusable:
    try:
        return read_submission(folder, released)
    except Unusable as error:
        return error


def test_survivors_of_the_fuzz_end_in_a_status(course, released):
    """Damaged notebooks that intake lets pass are graded, each for itself."""
    usual, seed = prepared(Submission({NAME: solved(released)}, {})), 0
    wanted = 100 if "TIPS_LONG" in os.environ else 10
    while wanted:
        seed += 1
        path = hand_in(course, f"seed-{seed}", mutate(json.loads(json.dumps(solved(released))), random.Random(seed)))
        with suppress(Unusable):
            wanted -= prepared(read_submission(path.parent, {NAME: released})) != usual
            continue
        shutil.rmtree(path.parent.parent)
    hand_in(course, "neighbour", solved(released))
    before = originals(course)
    autograde(course, NAME)
    assert originals(course) == before
    for row in report(course, NAME)["submissions"]:
        assert row["status"] in ("graded", "needs-manual-grading"), row
        assert 0 <= row["score"] <= FULL, row
        if row["student"] == "neighbour":
            assert (row["score"], row["reason"], row["flags"]) == (FULL, "", [])
