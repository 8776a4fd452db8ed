"""Feedback pages: what students read in them, what they must not, and that nothing in them runs or loads."""

import base64
import copy
import os
import shutil
import subprocess
import threading
from datetime import UTC, datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.converters import GenerateFeedback

from tests.grading.minicourse import CONFIG_TEXT, NAME, cell, hand_in, metadata, solved
from tipslib.grading.autograde import autograde
from tipslib.grading.blocks import Blocks
from tipslib.grading.course import CONFIG, Course, TipsError
from tipslib.grading.feedback import feedback
from tipslib.grading.sandbox import why_not
from tipslib.grading.untrusted import OUTPUTS, TEXT, markdown, mathml, outputs, plain

ROOT = Path(__file__).parents[2]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
DATA = base64.b64encode(PNG).decode()


def grade(course: Course) -> None:
    autograde(course, NAME, unsandboxed=why_not() is not None)


def page(course: Course, student: str) -> BeautifulSoup:
    path = course.folder("feedback", NAME, student) / f"{NAME}.html"
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def text(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def section(soup: BeautifulSoup, title: str):
    return next(one for one in soup.select("section.question") if text(one.h2) == title)


def configured(course: Course, lines: str) -> Course:
    (course.root / CONFIG).write_text(CONFIG_TEXT + lines, encoding="utf-8")
    return Course(course.root)


def by_hand(course: Course, student: str, points: float, comment: str) -> None:
    with course.gradebook() as gradebook:
        given = gradebook.find_grade("why", NAME, NAME, student)
        given.manual_score, given.needs_manual_grade = points, False
        gradebook.find_comment("why", NAME, NAME, student).manual_comment = comment
        gradebook.db.commit()


def test_a_page_says_what_was_right_what_was_expected_and_what_is_open(course, released):
    wrong = "def add(a, b):\n    # my idea\n    return abs(a) + abs(b)"
    hand_in(course, "ann", solved(released, add=wrong, why="It *commutes*: $a + b$."))
    hand_in(course, "bob", solved(released, why="No idea."))
    hand_in(course, "cem", released)
    hand_in(course, "dee", b"{}")
    grade(course)
    by_hand(course, "bob", 2, "Think of $2 + 3$.\n\n- once more")
    course = configured(course, 'c.Tips.see = {"sums": {"add": [("Lecture 1, Sums", "lectures/1.html#sums")]}}\n')
    made = [path.relative_to(course.root).as_posix() for path in feedback(course, NAME)]
    assert made == [f"feedback/{student}/{NAME}/{NAME}.html" for student in ("ann", "bob", "cem", "dee")]

    ann = page(course, "ann")
    assert ann.html["lang"] == "en"
    assert text(ann.h1) == NAME
    assert text(ann.select_one("#summary")) == "2 of 10 points so far"
    assert "Still to be graded by hand: Sums" in text(ann.select_one(".summary"))
    rows = [text(row) for row in ann.select("tbody tr")]
    assert rows == [
        "add ✗ no points 0 / 3",
        "twice ✓ all points 2 / 2",
        "Sums ○ still to be graded by hand – / 5",
    ]
    assert [link["href"] for link in ann.select("tbody a")] == [
        f"#{one['id']}" for one in ann.select("section.question")
    ]
    add = section(ann, "add")
    assert "# my idea" in add.select_one(".own").get_text()
    assert text(add.select_one(".check .verdict")) == "✗ not passed 0 of 3 points"
    assert "add is wrong for negative numbers" in text(add.select_one(".check"))
    assert text(add.select_one(".see")) == "Read about it: Lecture 1, Sums"
    assert not add.select(".see a"), "nobody knows where the lectures are"
    assert section(ann, "twice").select_one(".check.passed")
    assert section(ann, "Sums").select_one(".own math")
    assert section(ann, "Sums").select_one(".own em")

    bob = page(course, "bob")
    assert text(bob.select_one("#summary")) == "7 of 10 points"
    answer = section(bob, "Sums")
    assert "partly" in answer["class"]
    assert answer.select_one(".comment math")
    assert answer.select_one(".comment li")
    assert "Addition commutes" not in bob.get_text(), "the instructor's answer"

    assert "as it was handed out: not attempted" in text(section(page(course, "cem"), "add"))
    assert "No response" not in page(course, "cem").get_text(), "nbgrader says it, no person did"

    dee = page(course, "dee")
    assert "could not be graded" in text(dee.h2)
    assert "no score yet, not even zero" in dee.get_text()
    assert dee.style.string == ann.style.string
    for soup in (ann, bob, dee):
        assert "HIDDEN" not in str(soup)
        assert "-1.5" not in str(soup), "an input of a hidden test"
        assert str(course.root) not in str(soup)

    course = configured(
        course,
        'c.Tips.site = "https://example.org/course/"\nc.Tips.see = {"sums": {"add": [("Sums", "1.html#sums"), '
        '("More", "https://example.com/")], "add-test": [("Sums", "1.html#sums")]}}\n',
    )
    feedback(course, NAME)
    links = section(page(course, "ann"), "add").select(".see a")
    assert [link["href"] for link in links] == ["https://example.org/course/1.html#sums", "https://example.com/"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("c.Tips.site = 'example.org'", "c.Tips.site = 'example.org' is no address: write one like 'https://"),
        ("c.Tips.see = {'sums': {'add': ['Lecture 1']}}", "c.Tips.see in nbgrader_config.py does not have the form"),
        ("c.Tips.see = ['add']", "c.Tips.see in nbgrader_config.py does not have the form"),
    ],
)
def test_settings_that_make_no_sense(course, line, message):
    with pytest.raises(TipsError) as caught:
        feedback(configured(course, line + "\n"), NAME)
    assert message in str(caught.value)


def test_a_late_submission_is_told_what_that_costs(course, released):
    course = configured(
        course,
        'c.AssignLatePenalties.plugin_class = "tipslib.grading.late.LatePenalty"\nc.LatePenalty.per_day = 20\n',
    )
    hand_in(course, "ann", solved(released)).with_name("timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    with course.gradebook() as gradebook:
        gradebook.find_assignment(NAME).duedate = datetime(2026, 3, 1, 18, tzinfo=UTC).replace(tzinfo=None)
        gradebook.db.commit()
    grade(course)
    feedback(course, NAME)
    summary = text(page(course, "ann").select_one(".summary"))
    assert summary.startswith("4 of 10 points")
    assert "late by 18 hours, 5 − 1 points for being late" in summary


def test_one_page_that_cannot_be_made_does_not_stop_the_others(course, released):
    for student in ("ann", "bob", "cem"):
        hand_in(course, student, solved(released))
    grade(course)
    shutil.rmtree(course.folder("autograded", NAME, "bob"))
    with pytest.raises(TipsError, match=r"no page could be made for bob .*The other 2 pages are made"):
        feedback(course, NAME)
    assert text(page(course, "cem").h1) == NAME


def test_nbgrader_makes_the_same_page_when_the_course_says_so_and_its_own_when_not(course, released):
    hand_in(course, "ann", solved(released)).with_name("more.html").write_text("<script>", encoding="utf-8")
    grade(course)
    feedback(course, NAME)
    path = course.folder("feedback", NAME, "ann") / f"{NAME}.html"
    ours = path.read_text(encoding="utf-8")
    assert [each.name for each in path.parent.iterdir()] == [path.name], "a student's HTML does not lie beside it"
    line = 'c.GenerateFeedback.exporter_class = "tipslib.grading.feedback.Page"\n'
    configured(course, line).convert(GenerateFeedback, NAME, "ann")
    assert path.read_text(encoding="utf-8") == ours
    course.convert(GenerateFeedback, NAME, "ann")
    assert "Score: 5.0 / 10.0" in path.read_text(encoding="utf-8")


# ---- untrusted submissions, in a browser ----

OWN = "document.documentElement.setAttribute('data-owned', 'yes')"
HOSTILE = [
    "<script>{own}</script>",
    "<img src='{web}/1.png' onerror=\"{own}\">",
    "<img src=x onerror={own_bare}>",
    "<svg onload=\"{own}\"><script>{own}</script><image href='{web}/2.svg'/></svg>",
    "<iframe src='javascript:parent.{own}'></iframe><iframe srcdoc='<script>parent.{own}</script>'></iframe>",
    "<iframe src='{web}/3'></iframe><object data='{web}/4'></object><embed src='{web}/5'>",
    "<meta http-equiv='refresh' content='0; url={web}/6'>",
    "<base href='{web}/'><link rel='stylesheet' href='{web}/7.css'>",
    "<style>@import url({web}/8.css); body {{ background: url({web}/9.png) }}</style>",
    "<p style='background: url({web}/10.png); position: fixed; inset: 0'>everywhere</p>",
    "<form action='{web}/11' id=f><input name=q autofocus onfocus=\"{own}\"><button>send</button></form>",
    '<details open ontoggle="{own}"><summary>x</summary></details>',
    "<a href='javascript:{own}'>a</a> <a href='data:text/html,<script>{own}</script>'>b</a> [c](javascript:{own})",
    "[d](data:text/html;base64,PHNjcmlwdD4=) <a href=' &#106;avascript:{own}'>e</a> [f](vbscript:x)",
    "![g]({web}/12.png) ![h](javascript:{own}) <picture><source srcset='{web}/13.png'></picture>",
    "<math><mtext><img src=x onerror=\"{own}\"></mtext><maction href='javascript:{own}'>x</maction></math>",
    r"$\href{{javascript:{own}}}{{x}}$ $\text{{<img src=x onerror={own_bare}>}}$ $\style{{background:url({web}/14)}}y$",
    "$$\\text{{</math><script>{own}</script>}}$$ \\begin{{align}}<script>{own}</script>\\end{{align}}",
    '![$x$" onerror="{own}](x.png) <a title=" $x$ " href=#>y</a>',
    '<div title="\n\n$$x$$\n\n"><script>{own}</script>',
    '<noscript><p title="</noscript><img src=x onerror={own_bare}>"></noscript>',
    "</div></section></main><section class='question passed'><h2>add</h2><p class='verdict'>✓ all points</p></section>",
    "<!--><script>{own}</script>-->",
    "<video src='{web}/15' onloadstart=\"{own}\"></video><audio src='{web}/16' controls></audio>",
    "<body onload=\"{own}\" background='{web}/17'>",
]


class _Web(BaseHTTPRequestHandler):
    """Somebody else's server: writes down who calls."""

    def do_GET(self):
        self.server.called.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def web():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Web)
    server.called = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def chromium() -> str | None:
    names = [os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "chrome"]
    return next((found for name in names if name and (found := shutil.which(name))), None)


def browsed(path: Path, profile: Path) -> BeautifulSoup:
    """The page as it is after a browser has loaded it and run whatever it lets run."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += [
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={profile}",
        "--virtual-time-budget=3000",
    ]
    done = subprocess.run(
        [chromium(), *flags, "--dump-dom", path.as_uri()], capture_output=True, timeout=120, check=True
    )
    return BeautifulSoup(done.stdout.decode("utf-8"), "html.parser")


def hostile(web) -> list[str]:
    address = f"http://127.0.0.1:{web.server_port}"
    return [one.format(own=OWN, own_bare=OWN.replace(" ", ""), web=address) for one in HOSTILE]


def attack(notebook, pieces: list[str]) -> None:
    """Put everything that a student's kernel could send into the outputs of a notebook."""
    own = new_code_cell("show()  # </code></pre><script>" + OWN + "</script>")
    for piece in pieces:
        own.outputs += [
            new_output("display_data", {"text/html": piece, "text/plain": piece}, metadata={"image/png": piece}),
            new_output("display_data", {"text/markdown": piece}),
            new_output("display_data", {"text/latex": piece}),
            new_output("display_data", {"image/svg+xml": piece}),
            new_output("display_data", {"application/javascript": OWN}),
            new_output("display_data", {"image/png": DATA}, metadata={"image/png": {"alt": '" onerror="' + OWN}}),
            new_output("display_data", {"image/png": f'{DATA}" onerror="{OWN}'}),
            new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": piece}}),
            new_output("stream", name="stdout", text=piece + "\n\x1b]8;;javascript:1\x07link\x1b]8;;\x07\x1b[31m\0"),
            new_output("error", ename=piece, evalue=piece, traceback=[piece, "\x1b[0m" + piece]),
        ]
    # A cell shows a limited number of outputs.
    copies = [own.outputs[at : at + OUTPUTS] for at in range(0, len(own.outputs), OUTPUTS)]
    for number, some in enumerate(copies):
        one = copy.deepcopy(own)
        one.outputs, one.id = some, f"own-{number}"
        notebook.cells.append(one)
    notebook.cells.append(new_markdown_cell("\n\n".join(pieces), id="own-text"))
    cell(notebook, "why").source = "\n\n".join(pieces)
    message = pieces[0] + " `<b>` " + pieces[1]
    cell(notebook, "add-test").outputs = [new_output("error", ename="AssertionError", evalue=message, traceback=[])]
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": pieces[0]}}


def hostile_pages(course, released, web) -> list[Path]:
    pieces = hostile(web)
    # No "/" in the name of a folder.
    names = ["plain", f"<script>{OWN}<script>a' onmouseover='b\" c;d&e`f${{g}}"]
    for name in names:
        hand_in(course, name, solved(released, add=f"def add(a, b):\n    '''{pieces[0]}'''\n    return 0"))
    hand_in(course, "files", b"x", f"<img src=x onerror={OWN}>.txt")
    grade(course)
    for name in names:
        path = course.folder("autograded", NAME, name) / f"{NAME}.ipynb"
        path.chmod(0o644)
        notebook = nbformat.read(path, as_version=4)
        attack(notebook, pieces)
        nbformat.write(notebook, path)
    by_hand(course, "plain", 1, "\n\n".join(pieces))
    return feedback(course, NAME)


def check_harmless(soup: BeautifulSoup) -> None:
    tags = {tag.name for tag in soup.find_all(True)}
    forbidden = "script iframe object embed form input button base link video audio source picture frame svg-script"
    assert tags.isdisjoint(forbidden.split()), tags
    assert len(soup.select("style")) == 1
    assert len(soup.select("meta[http-equiv]")) == 1, "the policy alone"
    assert [tag.name for tag in soup.select("head > *")].count("meta") == len(soup.select("meta"))
    for tag in soup.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on") or name in ("style", "srcset", "background")], (
            tag
        )
        if tag.name == "img":
            assert tag["src"].startswith("data:image/png;base64,")
            assert tag["alt"]
        if "href" in tag.attrs:
            assert tag["href"].startswith(("#question-", "https://", "http://", "mailto:")), tag
    assert not soup.select(".own .verdict, .own .check, .own section, .own [id]"), "in our clothes"


def test_nothing_of_a_hostile_submission_runs_or_loads(course, released, web, tmp_path):
    pages = hostile_pages(course, released, web)
    assert len(pages) == 3
    for path in pages:
        check_harmless(BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser"))
    soup = BeautifulSoup(pages[-1].read_text(encoding="utf-8"), "html.parser")
    assert "\x1b" not in str(soup)
    if chromium() is None:
        pytest.skip("no Chromium here: the pages were read, but not opened in a browser")
    bare = tmp_path / "bare.html"
    bare.write_text("<html><body>" + "\n".join(hostile(web)[:4]), encoding="utf-8")
    assert browsed(bare, tmp_path / "profile").html.get("data-owned") == "yes", "else this test could not fail"
    assert web.called, "likewise"
    web.called.clear()
    policy_only = pages[0].read_text(encoding="utf-8").replace("<main>", "<main>" + "\n".join(hostile(web)[:6]))
    bare.write_text(policy_only, encoding="utf-8")
    shown = browsed(bare, tmp_path / "profile")
    assert shown.html.get("data-owned") is None, "the policy alone stops what the cleaning would let through"
    assert not web.called
    for path in pages:
        shown = browsed(path, tmp_path / "profile")
        assert shown.html.get("data-owned") is None
        assert shown.select_one("#summary"), "it is still our page"
        check_harmless(shown)
    assert not web.called


def test_an_output_that_looks_like_a_verdict_is_in_the_students_box(course, released):
    hand_in(course, "ann", solved(released))
    grade(course)
    path = course.folder("autograded", NAME, "ann") / f"{NAME}.ipynb"
    path.chmod(0o644)
    notebook = nbformat.read(path, as_version=4)
    fake = (
        '<section class="question passed"><h2>add</h2><p class="verdict"><strong>✓ passed</strong> 3 of 3</p></section>'
    )
    notebook.cells.insert(2, new_code_cell("boast()", outputs=[new_output("display_data", {"text/markdown": fake})]))
    notebook.cells.insert(2, new_markdown_cell("# Sums\n\n" + fake))
    nbformat.write(notebook, path)
    feedback(course, NAME)
    add = section(page(course, "ann"), "add")
    assert len(page(course, "ann").select("section.question")) == 3
    claims = [tag for tag in add.find_all(string=lambda s: "3 of 3" in s) if not tag.find_parent(class_="check")]
    own = [claim for claim in claims if claim.find_parent(class_="own")]
    assert len(own) == 2
    assert {text(claim.find_parent(class_="own").select_one(".label")) for claim in own} == {
        "Added by you",
        "Output of your code",
    }


# ---- the parts ----


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07a\x1b]8;;https://x.org\x1b\\b", "ab"),
        ("10%\r50%\r100%\nend\r\n", "100%\nend\r\n"),
        ("x" * (TEXT + 1), "x" * TEXT + f"\n… (shortened: this is the start of {TEXT + 1:,} characters)"),
    ],
)
def test_printed_text(printed, shown):
    assert plain(printed) == shown


def test_outputs_are_text_or_pictures_and_not_too_many():
    def shown(data: dict, **metadata) -> list[dict]:
        return outputs(new_code_cell("x", outputs=[new_output("display_data", data, metadata=metadata)]))

    src = f"data:image/png;base64,{DATA}"
    both = {"image/png": DATA, "text/plain": "<Figure>"}
    assert shown(both, **{"image/png": {"alt": "A curve."}}) == [{"src": src, "alt": "A curve."}]
    assert shown({"image/png": base64.b64encode(b"<svg>").decode()})[0]["note"].startswith("A picture is not shown")
    assert shown({"image/png": DATA + "AAAA" * 600_000})[0]["note"].startswith("A picture is not shown")
    assert shown({"text/html": "<b>x</b>", "text/plain": "x"})[0] == {"text": "x"}
    assert "runs no scripts" in shown({"text/html": "<b>x</b>", "text/plain": "x"})[1]["note"]
    assert "application/javascript" in shown({"application/javascript": "x"})[0]["note"]
    many = [new_output("stream", name="stdout", text="a"), new_output("stream", name="stderr", text="b")]
    many += [new_output("display_data", {"text/plain": "c"})] * 100
    got = outputs(new_code_cell("x", outputs=many))
    assert got[0] == {"text": "ab"}
    assert got[-1] == {"note": f"{102 - OUTPUTS} more outputs are not shown."}


def test_pictures_of_a_text_are_attachments_and_files_of_its_folder(tmp_path):
    folder = tmp_path / "notebook"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "a.png").write_bytes(PNG)
    (folder / "notes.txt").write_text("text", encoding="utf-8")
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    attachments = {"b.png": {"image/png": DATA}, "c.png": {"image/svg+xml": "<svg>"}, "d.png": "nonsense"}
    for good in ("![a curve](images/a.png)", "![a curve](attachment:b.png)", '<img src="images/a.png" alt="a curve">'):
        img = BeautifulSoup(markdown(good, attachments, folder), "html.parser").img
        assert img["src"] == f"data:image/png;base64,{DATA}"
        assert img["alt"] == "a curve"
    for bad in ("../secret.png", "link.png", "notes.txt", "none.png", "https://x.org/a.png", "a" * 5000, "%00.png"):
        html = markdown(f"![a curve]({bad})", attachments, folder)
        assert "<img" not in html, bad
        assert "a picture that is not shown here: a curve" in html
    for bad in ("attachment:c.png", "attachment:d.png", "attachment:e.png", str(tmp_path / "secret.png")):
        assert "<img" not in markdown(f"![a curve]({bad})", attachments, folder), bad


def test_every_formula_of_the_assignments_becomes_mathml():
    count = 0
    for path in sorted((ROOT / "assignments" / "source").glob("*/*.ipynb")):
        for one in nbformat.read(path, as_version=4).cells:
            if one.cell_type == "markdown":
                soup = BeautifulSoup(markdown(one.source), "html.parser")
                count += len(soup.select("math"))
                # Only what stands between backticks in the text may be left as source.
                left = [code.string for code in soup.select("code") if "$" in code.get_text()]
                assert all(f"`{code}`" in one.source for code in left), (path.name, left)
    assert count > 300


@pytest.mark.parametrize(
    "formula",
    [
        r"\nosuchcommand{x}",
        r"\frac{1}",
        r"\def\x{\x}\x",
        "{" * 100_000,
        r"\sqrt" * 50_000,
        r"\frac{" * 300 + "x" + "}" * 300,
        r"\left(" * 5000,
    ],
)
def test_what_is_no_formula_is_shown_as_its_source(formula):
    assert mathml(formula, True) is None
    assert escape(formula)[:1000] in markdown(f"$${formula}$$")


def test_formulas_keep_their_shape_and_nothing_else():
    made = mathml(r"\begin{aligned}a &= b < c\\ &= \text{<b>} \max_i x_i \end{aligned}", True)
    assert 'class="right"' in made
    assert "<b>" not in made
    assert " style=" not in made
    assert "&lt;" in made
    assert "ApplyFunction" not in made


def structure(cells: list) -> list[tuple[str, list[str]]]:
    """The blocks of a notebook that is the release as well: each block's title and its cells' kinds."""
    grades = [
        {"id": one.metadata.nbgrader.grade_id, "score": 1, "max_score": 1, "message": ""}
        for one in cells
        if one.metadata.get("nbgrader", {}).get("grade") or one.metadata.get("nbgrader", {}).get("task")
    ]
    notebook = new_notebook(cells=cells)
    return [
        (
            " ".join(block.get("functions", [])) or block["title"],
            [part["kind"] for part in block.get("text", []) + block["parts"]],
        )
        for block in Blocks(notebook, grades, {}, {}).make(notebook)
    ]


def test_a_function_and_its_checks_are_one_question():
    def code(source, name=None, **kind):
        return new_code_cell(source, metadata=metadata(name, **kind) if name else {})

    def note(source, name=None, **kind):
        return new_markdown_cell(source, metadata=metadata(name, **kind) if name else {})

    check = {"grade": True, "locked": True, "points": 1}
    cells = [
        note("# Assignment"),
        code("import math"),
        note("## Part 1"),
        note("### `f` (2 points)"),
        code("data = 1", "data", locked=True),
        code("def f(): ...", "f", solution=True),
        code("f()", "f-1", **check),
        note("and more"),
        code("f(1)", "f-2", **check),
        code("def g(): ...", "g", solution=True),
        code("g()", "g-1", **check),
        note("### Experiment"),
        code("plot()"),
        note("### two in a row"),
        code("def h(): ...", "h", solution=True),
        code("def i(): ...", "i", solution=True),
        code("h() + i()", "h-1", **check),
        code("def not_graded(): ...", "no", solution=True),
        note("## Question A (5 points)"),
        note("answer", "a", grade=True, solution=True, points=5),
        note("## Bye"),
    ]
    assert structure(cells) == [
        ("Assignment", ["text", "code"]),
        ("f", ["text", "text", "code", "solution", "check", "text", "check"]),
        ("g", ["solution", "check"]),
        ("Experiment", ["text", "code"]),
        ("h i", ["text", "solution", "solution", "check"]),
        ("", ["solution"]),
        ("Question A", ["text", "answer"]),
        ("Bye", ["text"]),
    ]


def test_a_task_takes_what_the_student_adds_below_it():
    task = new_markdown_cell("Draw a curve.", metadata=metadata("draw", locked=True, points=3))
    task.metadata.nbgrader.task = True
    released = new_notebook(cells=[task, new_markdown_cell("## The end")])
    handed_in = copy.deepcopy(released)
    handed_in.cells[1:1] = [new_code_cell("plot()"), new_markdown_cell("It falls.")]
    grades = [{"id": "draw", "score": None, "max_score": 3, "message": ""}]
    first, last = Blocks(released, grades, {"draw": "Label the axes."}, {}).make(handed_in)
    assert [part["kind"] for part in first["parts"]] == ["task", "own", "own"]
    assert first["verdict"] == "open"
    assert "Label the axes." in first["parts"][0]["comment"]
    assert last["title"] == "The end"


def test_this_course_says_for_every_exercise_where_to_read():
    course = Course(ROOT / "assignments")
    for name in course.names():
        for source in course.notebooks("source", name).values():
            solutions = [one for one in source.cells if one.metadata.get("nbgrader", {}).get("solution")]
            assert {one.metadata.nbgrader.grade_id for one in solutions} == course.config.Tips.see[name].keys(), name
        for places in course.config.Tips.see[name].values():
            for said, address in places:
                page, _, section = address.partition("#")
                lecture = nbformat.read(ROOT / "notebooks" / f"{Path(page).stem}.ipynb", as_version=4)
                assert any(one.source.startswith(f"## {section.upper()} · ") for one in lecture.cells), said
