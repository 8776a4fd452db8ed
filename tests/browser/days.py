"""One assignment from its release to the feedback: an instructor and two students, in real browsers and terminals.

The steps build on each other: `make browser` stops at the first that fails. Pictures of them lie in `screenshots/`.
"""

import json
import re
from contextlib import ExitStack

import nbformat
import pexpect
from playwright.sync_api import expect

from tests.browser.conftest import NAME
from tests.browser.lab import PATIENCE
from tipslib.grading.contract import grade_id
from tipslib.grading.demo import filled_in

LECTURE = "06_adagrad.ipynb"
# What a student may try on the instructor: every kind of output that could run, and a written answer that could.
HOSTILE = """
from IPython.display import HTML, SVG, Javascript, Markdown, display
run = "window.stolen = 1; document.title = 'stolen'"
display(HTML(f'<script>{run}</script><img src=x onerror="{run}"><b>shown</b>'), Javascript(run))
display(SVG(f'<svg xmlns="http://www.w3.org/2000/svg" onload="{run}"><script>{run}</script></svg>'))
display(Markdown(f'<script>{run}</script><img src=x onerror="{run}">'))
display({"application/vnd.jupyter.widget-view+json": {"x": f"</script><script>{run}</script>"}}, raw=True)
print(f"</pre><script>{run}</script>")
"""
HOSTILE_ANSWER = (
    "<script>window.stolen = 1</script><img src=x onerror='window.stolen = 1'>"
    '<a href="javascript:window.stolen=1">a</a><iframe srcdoc="<script>parent.stolen=1</script>"></iframe>'
    "\n\nThe slope at z = 8 is $y(1 - y) = 0.0003$."
)
ANSWER_A = "so the sum of the logits does not move"  # words of both students
COMMENT = "Say also why the sum of the logits stands still."


def test_1_the_instructor_releases(people):
    instructor = people.instructor
    assert "released" in instructor.run("tips", "release", NAME, where="assignments")
    said = instructor.run("nbgrader", "release_assignment", NAME, where="assignments")
    assert "Released as: tips softmax" in said
    assert "WARNING" not in said


def test_2_students_solve_and_submit(people, browser, solutions):
    with ExitStack() as both:
        labs = {name: both.enter_context(getattr(people, name).lab(browser)) for name in solutions}
        ada = labs["ada"]
        ada.picture("1-lab")
        ada.open(f"notebooks/{LECTURE}")
        ada.run_all()
        ada.picture("2-lecture")
        ada.save()
        lecture = nbformat.read(people.ada.folder / "notebooks" / LECTURE, as_version=4)
        outputs = [output for cell in lecture.cells for output in cell.get("outputs", [])]
        assert outputs
        assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]

        for name, lab in labs.items():
            fetch(lab)
            lab.notebook.get_by_role("button", name="Validate").click()
            said = lab.dialog(picture="4-validate-fails")
            assert "softmax: not attempted yet" in said
            assert "Traceback" not in said
            solve(lab, people, solutions[name])
            lab.notebook.get_by_role("button", name="Validate").click()
            said = lab.dialog(picture="6-validate")
            # Bob has made mistakes that the visible checks do not all see.
            assert ("Success! Your notebook passes all the tests." in said) == (name == "ada"), said
            submit(lab)
        assert ada.troubles + labs["bob"].troubles == []


def fetch(lab):
    """Fetch the assignment through the Assignment List and open it from there."""
    lab.menu("Nbgrader", "Assignment List")
    released = lab.page.locator("#released_assignments_list > .list_item", has_text=NAME)
    expect(released).to_be_visible()
    lab.picture("3-assignments")
    released.get_by_role("button", name="Fetch").click()
    fetched = lab.page.locator("#fetched_assignments_list")
    fetched.get_by_role("button", name=NAME).click()
    fetched.locator(".nested_list_item a").click()
    lab.wait_for_kernel()


def solve(lab, people, cells):
    """One exercise and one answer are typed; the rest comes from another editor, and the notebook is loaded again."""
    path = getattr(people, lab.person).folder / NAME / f"{NAME}.ipynb"
    typed = {"softmax": cells["softmax"], "answer-b": HOSTILE_ANSWER if lab.person == "bob" else cells["answer-b"]}
    rest = {name: source for name, source in cells.items() if name not in typed}
    if lab.person == "bob":
        rest["before softmax"] = HOSTILE
    lab.save()
    nbformat.write(filled_in(nbformat.read(path, as_version=4), rest), path)
    lab.reload(ANSWER_A)
    lab.type_into("def softmax(z):", typed["softmax"])
    lab.type_into("YOUR ANSWER HERE", typed["answer-b"].strip())
    lab.save()
    lab.picture("5-solved")
    saved = {grade_id(cell): cell.source for cell in nbformat.read(path, as_version=4).cells}
    assert {name: saved[name].strip() for name in typed} == {name: text.strip() for name, text in typed.items()}


def submit(lab):
    lab.menu("Nbgrader", "Assignment List")
    lab.page.locator("#fetched_assignments_list").get_by_role("button", name="Submit").click()
    expect(lab.page.locator("#submitted_assignments_list")).to_contain_text(NAME)
    lab.picture("7-submitted")


def test_3_the_instructor_grades(people, browser):
    instructor = people.instructor
    with instructor.lab(browser) as lab:
        lab.menu("Nbgrader", "Formgrader")
        formgrader = lab.page.frame_locator("iframe[src*=formgrader]")
        row = formgrader.locator("tr", has_text=NAME)
        expect(row).to_be_visible()
        lab.picture("1-formgrader")
        row.locator(".collect a").click()
        expect(formgrader.locator(".modal-body").last).to_contain_text("Successfully")
        formgrader.get_by_role("button", name="Close").last.click()
        expect(row.locator(".num-submissions")).to_have_text("2")
        lab.picture("2-collected")

        autograde_in_a_terminal(instructor)

        formgrader.get_by_role("link", name="Manual Grading").click()
        for _ in range(2):
            formgrader.get_by_role("link", name=NAME, exact=True).last.click()
        lab.picture("3-submissions")
        formgrader.get_by_role("link", name="Submission #1").click()
        pages = [grade(lab, formgrader, 1), grade(lab, formgrader, 2)]
        assert any("window.stolen = 1" in page for page in pages)  # as text: Bob's did not run
        assert lab.troubles == []
    said = instructor.run("tips", "feedback", NAME, where="assignments")
    assert "2 pages" in said
    said = instructor.run("nbgrader", "release_feedback", NAME, where="assignments")
    assert "ERROR" not in said
    report = json.loads(instructor.run("tips", "report", NAME, "--json", where="assignments"))
    scores = {row["student"]: (row["status"], row["score"]) for row in report["submissions"]}
    assert scores == {"ada": ("graded", 82 + 11), "bob": ("graded", 65 + 11)}


def autograde_in_a_terminal(instructor):
    """`tips autograde` with a bar that says how fast it is and how long it will take."""
    done = pexpect.spawn(
        "tips",
        ["autograde", NAME, "--workers", "1"],
        cwd=str(instructor.folder / "assignments"),
        env=instructor.environment,
        dimensions=(24, 110),
        encoding="utf-8",
        timeout=PATIENCE,
    )
    said = done.read()
    done.close()
    assert done.exitstatus == 0, said
    assert re.search(r"grading softmax:\s+50%.* 1/2 \[\d\d:\d\d<\d\d:\d\d, .*submission", said), said
    assert "2 of 2 submissions graded" in said


def grade(lab, formgrader, number):
    """Grade both written answers of the submission in front, and go on to the next; returns the page's text."""
    expect(formgrader.locator(".panel-title").first).to_contain_text(f"Submission {number} / 2")
    page = formgrader.locator("#notebook").first  # nbgrader's template has it twice
    for answer, points in (("answer-a", "8"), ("answer-b", "3")):
        cell = page.locator(".nbgrader_cell", has=formgrader.locator(f"input.score#{answer}"))
        # The guide is above the answer, and formulas are drawn without a network.
        guide = page.locator(".cell", has_text=f"For graders only, from the source of {answer}")
        expect(guide).to_contain_text("Marking guide (")
        if answer == "answer-a":
            expect(guide.locator("math").first).to_be_visible()
        for field in ("textarea.comment", "input.extra-credit"):  # the page has loaded what was given before
            expect(cell.locator(field)).to_have_attribute("placeholder", re.compile("."))
        cell.locator("input.score").fill(points)
        cell.locator("textarea.comment").fill(COMMENT)
        cell.locator("input.score").focus()  # away from the comment: it is saved
        expect(cell.locator("input.score")).not_to_have_class(re.compile("needs_manual_grade"))
        guide.scroll_into_view_if_needed()
        lab.picture(f"4-{answer}-{number}")
    text = page.inner_text()
    assert not any(frame.evaluate("window.stolen") for frame in lab.page.frames)
    formgrader.get_by_role("link", name="Next").click()
    return text


def test_4_students_read_the_feedback(people, browser):
    for student, score in (("ada", "93"), ("bob", "76")):
        with getattr(people, student).lab(browser) as lab:
            lab.menu("Nbgrader", "Assignment List")
            submitted = lab.page.locator("#submitted_assignments_list")
            submitted.get_by_role("button", name="Fetch Feedback").click()
            view = submitted.get_by_text("view feedback")
            expect(view).to_be_visible()
            lab.picture("8-feedback-is-there")
            view.click()
            lab.open_file(f"{NAME}.html")
            page = lab.page.frame_locator(".jp-HTMLViewer iframe")
            expect(page.locator("body")).to_contain_text(COMMENT)
            expect(page.locator("body")).to_contain_text(re.compile(rf"\b{score}\b.*100"))
            text = page.locator("body").inner_text()
            assert "HIDDEN" not in text
            assert str(people.instructor.folder) not in text
            assert not any(frame.evaluate("window.stolen") for frame in lab.page.frames)
            lab.picture("9-feedback")
            # The page allows no style but its own, and JupyterLab's viewer would add one. Bob's own notebook, which is
            # still open, looks for the picture `x` of his answer.
            expected = re.compile(r"inline style|/x[?']")
            assert [trouble for trouble in lab.troubles if not expected.search(trouble)] == []
