"""The notebooks as files: text and .ipynb agree, and nothing of the machine that built them is left in them.

Whether the outputs are still right is not asked here; that is tests/nbcompare.py's question.
"""

import re
from pathlib import Path

import nbformat
import pytest

from tipslib.catalog import CATALOG
from tools import build_notebooks
from tools.build_notebooks import BuildError, build, difference, read_text

ROOT = Path(__file__).resolve().parents[1]
PAIRS = build_notebooks.twins(ROOT)
MACHINE = re.compile(r"/tmp/ipykernel|site-packages|/home/|/Users/|[A-Z]:\\Users|\bFile [~/]")

each_notebook = pytest.mark.parametrize(("text", "notebook"), PAIRS, ids=[text.stem for text, _ in PAIRS])


def outputs(notebook):
    """All (cell number, cell, output) of a notebook file."""
    cells = enumerate(nbformat.read(notebook, as_version=4).cells, start=1)
    return [(number, cell, output) for number, cell in cells for output in cell.get("outputs", ())]


# ---- the course's notebooks ----


def test_there_are_notebooks():
    assert PAIRS, "no notebooks/text/*.py and no assignments/text/*.py: the tests below would check nothing"


def test_every_notebook_has_its_text():
    assert build_notebooks.orphans(ROOT) == [], "write their text form, or delete them"


def test_no_text_form_beside_an_assignment():
    """nbgrader copies whatever lies there into the release, solutions included."""
    found = [p for p in (ROOT / "assignments" / "source").rglob("*.py") if "# %%" in p.read_text(encoding="utf-8")]
    assert found == []


@each_notebook
def test_text_and_notebook_agree(text, notebook):
    found = difference(text, notebook)
    assert found is None, f"{found}\nrun: python tools/build_notebooks.py {text.stem}"


@each_notebook
def test_notebook_is_as_the_build_leaves_it(text, notebook):
    nb = nbformat.read(notebook, as_version=4)
    nbformat.validate(nb)
    assert (nb.nbformat, nb.nbformat_minor, nb.metadata) == (4, 5, build_notebooks.METADATA)
    assert [cell.id for cell in nb.cells] == [cell.id for cell in read_text(text).cells]
    run = [cell.execution_count for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    assert run == list(range(1, len(run) + 1)), "not run from top to bottom in a fresh kernel"
    assert notebook.read_bytes().endswith(b"}\n")
    assert notebook.stat().st_size <= 1.5e6, "students download it: fewer, smaller or shorter pictures"


@each_notebook
def test_no_errors_and_no_warnings(text, notebook):
    for number, cell, output in outputs(notebook):
        promised = "raises-exception" in cell.metadata.get("tags", ())
        assert output.output_type != "error" or promised, f"cell {number}: {output.evalue}"
        assert output.get("name") != "stderr", f"cell {number}: {output.text}"


@each_notebook
def test_no_machine_paths(text, notebook):
    """Image data is left out: in base64 any short path turns up by chance."""
    strings = [("its text", text.read_text(encoding="utf-8"))]
    for number, _, output in outputs(notebook):
        shown = {kind: data for kind, data in output.get("data", {}).items() if not kind.startswith("image/")}
        strings.append((f"the output of cell {number}", str({**output, "data": shown})))
    for where, string in strings:
        for path in {str(ROOT), str(Path.home())} - {Path.home().anchor}:
            assert path not in string, f"{where} has the path {path}"
        assert not (found := MACHINE.search(string)), f"{where} has the path {found.group()}"


@each_notebook
def test_every_figure_has_alt_text(text, notebook):
    for number, _, output in outputs(notebook):
        for kind in (kind for kind in output.get("data", {}) if kind.startswith("image/")):
            alt = output.metadata.get(kind, {}).get("alt", "")
            assert alt.strip(), f"cell {number}: show the figure with tipslib.plotting.show(figure, alt=...)"


def markdown(notebook):
    return [cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "markdown"]


@each_notebook
def test_links_resolve(text, notebook):
    """Files beside the notebook, and headings in it. Other hosts are not asked."""
    prose = "\n".join(markdown(notebook))
    headings = {line.lstrip("#").strip().replace(" ", "-") for line in prose.splitlines() if line.startswith("#")}
    for target in re.findall(r"(?<!\$)\[[^\]\n$]+\]\(([^)\s]+)\)", prose):
        if not target.startswith(("http://", "https://", "attachment:")):
            file, _, anchor = target.partition("#")
            assert not file or (notebook.parent / file).exists(), f"links to {target}"
            assert not anchor or file or anchor in headings, f"links to {target}"


LECTURES = [(text, notebook) for text, notebook in PAIRS if notebook.parent.name == "notebooks"]


@pytest.mark.parametrize(("text", "notebook"), LECTURES, ids=[text.stem for text, _ in LECTURES])
def test_references_to_topics_and_lectures_are_right(text, notebook):
    """(B2) is a topic of the catalog, and "B2 in lecture 00" is taught there. (L1 and L2 are norms.)"""
    home = {row.id: row.notebook[:2] for row in CATALOG}
    for prose in markdown(notebook):
        for topic, lecture in re.findall(r"\b([A-Z]\d{1,2}) in \[?lecture (\d\d)", prose):
            assert home.get(topic) == lecture, f"{topic} in lecture {lecture}"
        for topic, lecture in re.findall(r"lecture (\d\d)\b[^(.;]{0,60}\(([A-Z]\d{1,2})\)", prose):
            assert home.get(lecture) == topic, f"lecture {topic} ({lecture})"
        for topic in re.findall(r"\(([A-KM-Z]\d{1,2})\)", prose):
            assert topic in home, f"({topic}) is no topic"
        assert {number for number in re.findall(r"lecture (\d\d)", prose)} <= set(home.values())


# ---- the command that builds them ----

ASSIGNMENT = """\
# %% [markdown] nbgrader={"grade": true, "grade_id": "why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Say why. Ünïcödé and $\\\\alpha$.

# %% nbgrader={"grade": false, "grade_id": "relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu(x):
    ### BEGIN SOLUTION
    return max(x, 0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "t", "locked": true, "points": 1.5, "schema_version": 3, "solution": false, "task": false}
assert relu(2) == 2
### BEGIN HIDDEN TESTS
assert relu(-2) == 0
### END HIDDEN TESTS

# %% tags=["raises-exception"] tips={"rtol": 0.01}
int("x")

# %%
print("a", flush=True)
print("b", relu(3))

# %%
print("a", flush=True)
print("b", relu(3))
"""  # noqa: E501


@pytest.fixture
def course(tmp_path):
    """An empty course: its root, and a function that writes an assignment's text and returns the pair of files."""

    def write(source, name="task"):
        text = tmp_path / "assignments" / "text" / f"{name}.py"
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text(source, encoding="utf-8")
        return text, tmp_path / "assignments" / "source" / name / f"{name}.ipynb"

    return tmp_path, write


def test_prose_alone_keeps_the_outputs(course, capsys):
    root, write = course
    text, target = write("# %% [markdown]\n# Old.\n\n# %%\nprint(1)\n")
    assert build_notebooks.main([], root) == 0
    before = nbformat.read(target, as_version=4).cells[1]
    write("# %% [markdown]\n# New.\n\n# %%\nprint(1)\n")
    assert build_notebooks.main(["--prose"], root) == 0
    words, code = nbformat.read(target, as_version=4).cells
    assert (words.source, code) == ("New.", before)
    assert difference(text, target) is None
    write("# %% [markdown]\n# New.\n\n# %%\nprint(2)\n")
    assert build_notebooks.main(["--prose"], root) == 1
    assert "not only the prose has changed" in capsys.readouterr().err
    write("print(1)\n", name="other")
    assert build_notebooks.main(["--prose", "other"], root) == 1


def test_an_assignment_survives_the_build(course, capsys):
    root, write = course
    _, target = write(ASSIGNMENT)
    assert build_notebooks.main([], root) == 0
    first = target.read_bytes()
    assert [path.name for path in target.parent.iterdir()] == ["task.ipynb"]

    nb = nbformat.reads(first.decode("utf-8"), as_version=4)
    why, relu, test, error, one, two = nb.cells
    assert (why.cell_type, why.source) == ("markdown", "Say why. Ünïcödé and $\\\\alpha$.")
    common = {"schema_version": 3, "task": False}
    editable = common | {"locked": False, "solution": True}
    assert why.metadata == {"nbgrader": editable | {"grade": True, "grade_id": "why", "points": 2}}
    assert relu.metadata == {"nbgrader": editable | {"grade": False, "grade_id": "relu"}}
    assert all(type(relu.metadata.nbgrader[key]) is bool for key in ("grade", "locked", "solution", "task"))
    locked = common | {"locked": True, "solution": False, "grade": True}
    assert test.metadata == {"nbgrader": locked | {"grade_id": "t", "points": 1.5}}
    assert relu.source.split("\n")[1::2] == ["    ### BEGIN SOLUTION", "    ### END SOLUTION"]
    assert test.source.split("\n")[1::2] == ["### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"]
    assert error.metadata == {"tags": ["raises-exception"], "tips": {"rtol": 0.01}}
    assert error.outputs[0].traceback == ["ValueError: invalid literal for int() with base 10: 'x'"]
    assert [output.text for output in one.outputs] == ["a\nb 3\n"]
    assert two.id == f"{one.id}-2"
    assert nb.metadata == build_notebooks.METADATA

    assert build_notebooks.main(["task"], root) == 0
    assert target.read_bytes() == first
    assert build_notebooks.main(["--check"], root) == 0
    assert "1 notebook" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("# %%\nx = 1\n\n# %%\nprint(x)\n1 / 0", r"(?s)task.ipynb, cell 2 of 2: it raises.*1 / 0.*ZeroDivisionError"),
        ("# %%\nimport warnings\nwarnings.warn('late')", r"(?s)cell 1 of 1: it writes to stderr.*UserWarning: late"),
        ("# %%\nimport os; os._exit(1)", r"(?s)cell 1 of 1: its kernel died.*_exit"),
        ("# %%\nwhile True: pass", r"(?s)cell 1 of 1: it takes longer than 1 s.*while True"),
        ('# %% tags=["raises-exception"]\n1', r"cell 1 of 1: it is tagged raises-exception but raises none"),
    ],
    ids=["exception", "stderr", "dead kernel", "time-out", "no exception"],
)
def test_a_failing_cell_is_named_and_the_old_notebook_kept(course, source, message):
    text, target = course[1](source)
    target.parent.mkdir(parents=True)
    target.write_text("old")
    with pytest.raises(BuildError, match=message):
        build(text, target, timeout=1 if "while" in source else 60)
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("line", ['nbgrader={"grade": true', "A title", 'slideshow={"slide_type": "skip"}', "[md]"])
def test_a_percent_line_that_is_not_understood(course, line):
    text, _ = course[1](f"# %%\n1\n\n# %% {line}\n2\n")
    with pytest.raises(BuildError, match=r"task\.py, cell 2: cannot use"):
        read_text(text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("return max(x, 0)", "return x", "task.ipynb, cell 2: source differs\n  text:       return x\n"),
        ('"points": 2', '"points": 3', "task.ipynb, cell 1: metadata differs"),
        ("# %% tags", "# %% [markdown] tags", "task.ipynb, cell 4: cell_type differs"),
        ("# %% tags", "# %%\n1\n\n# %% tags", "task.ipynb, cell 4: metadata differs"),
        (ASSIGNMENT[ASSIGNMENT.rindex("# %%") :], "", "task.ipynb, cell 6: it is only in the .ipynb"),
    ],
)
def test_check_names_the_cell_that_differs(course, capsys, old, new, message):
    root, write = course
    text, target = write(ASSIGNMENT)
    target.parent.mkdir(parents=True)
    assert build_notebooks.main(["--check"], root) == 1
    assert "task.ipynb: there is no .ipynb yet" in capsys.readouterr().err
    nbformat.write(read_text(text), target)
    assert build_notebooks.main(["--check"], root) == 0
    write(ASSIGNMENT.replace(old, new, 1))
    assert build_notebooks.main(["--check"], root) == 1
    assert message in capsys.readouterr().err
    write(ASSIGNMENT)
    text.rename(text.with_name("other.py"))
    assert build_notebooks.main(["--check"], root) == 1
    assert "task.ipynb: no text makes it" in capsys.readouterr().err


def test_unknown_name_lists_the_known_ones(course, capsys):
    root, write = course
    write(ASSIGNMENT)
    with pytest.raises(SystemExit):
        build_notebooks.main(["tusk"], root)
    assert "no text for tusk; there is task" in capsys.readouterr().err
