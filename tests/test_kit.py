"""The student kit: what is in it, that nothing secret is, and that a new one never costs a student work."""

import ast
import json
import os
import py_compile
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.assignments import NAMES, assignment, kind
from tests.grading.minicourse import NAME, make_course, source_notebook
from tipslib.cli import course_folder, main
from tipslib.grading.course import Course, TipsError
from tipslib.grading.kit import FOLDER, make_kit
from tipslib.grading.release import release
from tipslib.grading.secrets import leaks, secrets
from tipslib.handout import RECORD, hand_out

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """This repository with one short lecture."""
    root = tmp_path_factory.mktemp("repository")
    for name in ("LICENSE", "constraints.txt", "environment.yml", "pyproject.toml", "docs/kit.md"):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(ROOT / "tipslib", root / "tipslib")
    (root / "notebooks" / "text").mkdir(parents=True)
    (root / "notebooks" / "text" / "00_sums.py").touch()
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Sums")]), root / "notebooks" / "00_sums.ipynb")
    return root


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A small course with a released assignment and one that is not released."""
    course = make_course(tmp_path_factory.mktemp("course"))
    shutil.copytree(course.root / "source" / NAME, course.root / "source" / "later")
    (course.root / "mistakes").mkdir()
    (course.root / "mistakes" / f"{NAME}.py").write_text(
        'def add__minus(a, b):\n    """You take the difference of both numbers, and the sum is asked for."""\n'
        "    return a - b\n",
        encoding="utf-8",
    )
    release(course, NAME)
    return course


@pytest.fixture(scope="module")
def kit(course, repository, tmp_path_factory):
    out = tmp_path_factory.mktemp("kit") / "kit"
    assert make_kit(course, out, repository=repository) == [NAME]
    return out


# ---- what is in it


def test_what_students_get(kit):
    top = {path.name for path in kit.iterdir()}
    files = {"LICENSE", "README.md", "constraints.txt", "environment.yml", "nbgrader_config.py", "pyproject.toml"}
    assert top == files | {"assignments", "notebooks", "tipslib"}
    assert [path.name for path in (kit / "notebooks").iterdir()] == ["00_sums.ipynb"]
    assert (kit / "assignments" / NAME / f"{NAME}.ipynb").is_file()
    assert (kit / "tipslib" / "datasets" / "mnist1d.npz").is_file()
    assert (kit / "tipslib" / "datasets" / "LICENSE-mnist1d.txt").is_file()


def test_the_library_is_whole_but_for_the_grading(kit):
    def modules(root):
        return {path.relative_to(root) for path in root.rglob("*.py") if "grading" not in path.parts}

    assert modules(kit / "tipslib") == modules(ROOT / "tipslib")
    assert not (kit / "tipslib" / "grading").exists()
    assert not [path for path in kit.rglob("*") if path.suffix == ".pyc" or path.name.startswith(".")]
    for path in (kit / "tipslib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tipslib.grading"):
                assert path.name in ("cli.py", "sandbox.py"), f"{path} needs the grading"


def test_set_up_files_ask_for_what_students_need(kit):
    project = tomllib.loads((kit / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["dependencies"] == PROJECT["dependencies"]
    assert "optional-dependencies" not in project
    assert "entry-points" not in project
    assert project["scripts"] == {"tips": "tipslib.cli:main"}
    conda = yaml.safe_load((kit / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    names = [re.match(r"[\w-]+", line)[0] for line in conda if isinstance(line, str)]
    wanted = [re.match(r"[\w-]+", line)[0].replace("torch", "pytorch-cpu") for line in PROJECT["dependencies"]]
    assert names == ["python", "pip", *wanted]
    assert {"pip": ["-e ."]} in conda
    assert "torch==2.13.0\n" in (kit / "constraints.txt").read_text(encoding="utf-8")


def test_the_readme_names_only_what_is_there(kit):
    readme = (kit / "README.md").read_text(encoding="utf-8")
    for file in re.findall(r"-c (\S+)|-f (\S+\.yml)", readme):
        assert (kit / next(filter(None, file))).is_file()
    assert set(re.findall(r"`tips ([a-z]+)", readme)) <= {"lab", "doctor"}
    assert not re.search(r"\]\((?!https://)", readme), "a link to a file that a kit may not have"


def test_readme_and_kit_give_the_same_commands():
    def commands(name):
        return set(
            re.findall(r"^    (.*(?:venv|activate|Activate|pip install|conda).*)$", (ROOT / name).read_text(), re.M)
        )

    students = commands("docs/kit.md")
    assert {"python3 -m venv .venv", "source .venv/bin/activate", "conda activate tips"} <= students
    assert students <= commands("README.md")


def test_validate_gives_a_cell_as_much_time_as_the_grading(kit, course):
    settings = (kit / "nbgrader_config.py").read_text(encoding="utf-8")
    assert f"c.Execute.timeout = {course.config.Execute.timeout}" in settings


# ---- making it


def test_a_zip_has_the_same_bytes_each_time_and_one_folder(course, repository, kit, tmp_path):
    zips = [tmp_path / "a.zip", tmp_path / "b.zip"]
    for out in zips:
        make_kit(course, out, repository=repository)
    assert zips[0].read_bytes() == zips[1].read_bytes()
    with zipfile.ZipFile(zips[0]) as archive:
        archive.extractall(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip", "b.zip", FOLDER}
    assert contents(tmp_path / FOLDER) == contents(kit)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("names", "said"), [(["later"], "tips release later"), ([NAME, "sumz"], "did you mean 'sums'")]
)
def test_an_assignment_that_is_not_released(course, repository, tmp_path, names, said):
    with pytest.raises(TipsError, match=said):
        make_kit(course, tmp_path / "kit", names, repository=repository)
    assert not [*tmp_path.iterdir()]


def test_a_release_that_the_source_has_left_behind(course, repository, tmp_path):
    copy = Course(shutil.copytree(course.root, tmp_path / "course"))
    notebook = source_notebook()
    notebook.cells[0].source = "# Other sums"
    nbformat.write(notebook, copy.root / "source" / NAME / f"{NAME}.ipynb")
    with pytest.raises(TipsError, match="students may have it"):
        make_kit(copy, tmp_path / "kit", repository=repository)


def test_nothing_is_overwritten(course, repository, tmp_path, capsys):
    (tmp_path / "kit.zip").write_text("mine", encoding="utf-8")
    assert main(["kit", str(tmp_path / "kit.zip"), "--course", str(course.root)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "kit.zip").read_text(encoding="utf-8") == "mine"
    with pytest.raises(TipsError, match="there is no folder"):
        make_kit(course, tmp_path / "no" / "kit.zip", repository=repository)
    with pytest.raises(TipsError, match="made in the course's repository"):
        make_kit(course, tmp_path / "kit", repository=tmp_path)


def test_a_kit_with_a_secret_in_it_is_not_made(course, repository, tmp_path):
    copy = shutil.copytree(repository, tmp_path / "repository")
    cell = new_code_cell("def add(a, b):\n    # as in the assignment\n    total = a+b\n    return total")
    nbformat.write(new_notebook(cells=[cell]), copy / "notebooks" / "01_more.ipynb")
    with pytest.raises(TipsError, match=r"(?s)01_more\.ipynb holds 'defadd\(a,b\).*source/sums/sums\.ipynb"):
        make_kit(course, tmp_path / "kit", repository=copy)
    assert [path.name for path in tmp_path.iterdir()] == ["repository"]


# ---- nothing secret


@pytest.fixture(scope="module")
def secret():
    """The clues to all secrets of this course."""
    return secrets(Course(ROOT / "assignments"))


def regions(cell, what):
    return re.findall(rf"### BEGIN {what}.*?\n(.*?)\n### END", re.sub(r"^ +###", "###", cell.source, flags=re.M), re.S)


def pieces(name):
    """All solutions, hidden tests, reference answers, mistakes and alternatives of an assignment: (label, text)."""
    for cell in assignment(name).source.cells:
        label = cell.metadata.get("nbgrader", {}).get("grade_id")
        if kind(cell) == "solution":
            yield f"{label}-solution", re.sub(r"\n *### (BEGIN|END).*", "", cell.source)
        for i, text in enumerate(regions(cell, "HIDDEN TESTS")):
            yield f"{label}-hidden-{i}", text
        if kind(cell) == "written":
            yield f"{label}-answer", "\n".join(regions(cell, "SOLUTION") + regions(cell, "MARK SCHEME"))
    for bank in ("mistakes", "alternatives"):
        text = (ROOT / "assignments" / bank / f"{name}.py").read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and "__" in node.name:
                yield f"{bank}-{node.name}", "\n".join(lines[node.lineno - 1 : node.end_lineno])
    yield "sample", (ROOT / "assignments" / "sample" / f"{name}.py").read_text(encoding="utf-8")


def named(folder, secret):
    return {leak.partition(" holds ")[0] for leak in leaks(folder, secret)}


# A solution of one line that lecture 05 shows, and nbgrader_config.py therefore lists in c.Tips.shown.
SHOWN = {"adagrad": {"staircase-solution.txt"}}


@pytest.mark.parametrize("name", NAMES)
def test_every_secret_would_be_found(name, secret, tmp_path):
    for label, text in pieces(name):
        (tmp_path / f"{label}.txt").write_text(text, encoding="utf-8")
    files = {path.name for path in tmp_path.iterdir()}
    assert len(files) > 20
    assert files - named(tmp_path, secret) == SHOWN.get(name, set())


def test_nothing_secret_is_given_to_students(secret, kit, tmp_path):
    """All lectures, the whole library, all assignments as nbgrader hands them out, and the set-up files."""
    kit = shutil.copytree(kit, tmp_path / "kit")
    shutil.copytree(ROOT / "notebooks", kit / "notebooks", dirs_exist_ok=True, ignore=shutil.ignore_patterns("text"))
    for name in NAMES:
        nbformat.write(assignment(name).release, kit / "assignments" / f"{name}.ipynb")
    assert len([*kit.rglob("*.ipynb")]) >= 12 + 8
    assert not [*leaks(kit, secret)]


SOLUTION = "def sigmoid_backward(da, z):\n    a = sigmoid(z)\n    return da * a * (1 - a)"


EXPLANATION = "You lost the minus sign in the exponent, so your curve falls from 1 to 0. The sigmoid rises with z."


def in_notebook(**where):
    cell = new_code_cell("1 + 1", outputs=where.pop("outputs", []), metadata=where.pop("metadata", {}), **where)
    return nbformat.writes(new_notebook(cells=[cell]))


HIDING_PLACES = {
    "other-spacing.py": "def sigmoid_backward( da,z ) :\n\n  a=sigmoid(z)   # the output\n  return da*a*(1-a)\n",
    "line-breaks.py": "def sigmoid_backward(\n    da,\n    z\n):\n"
    "    a = sigmoid(\n        z\n    )\n    return da * a * (\n        1 - a\n    )\n",
    "with-a-docstring.py": SOLUTION.replace("z):\n", 'z):\n    """The gradient.\n\n    Of a sigmoid."""\n', 1),
    "windows.py": SOLUTION.replace("\n", "\r\n"),
    "in-prose.md": f"As in class:\n\n    {SOLUTION}\n".replace("\n", "\n    "),
    "cell.ipynb": nbformat.writes(new_notebook(cells=[new_code_cell(SOLUTION)])),
    "attachment.ipynb": in_notebook(metadata={"note": {"old": [SOLUTION]}}),
    "output.ipynb": in_notebook(outputs=[new_output("stream", text=SOLUTION)]),
    "traceback.ipynb": in_notebook(
        outputs=[
            new_output(
                "error",
                ename="E",
                evalue="",
                traceback=["\x1b[1;32m      1\x1b[0m def sigmoid_backward(da, z):\n      2     a = sigmoid(z)\n"
                           "----> 3     return da * a * (1 - a)"],
            )
        ]
    ),
    "damaged.ipynb": '{"cells": [\n' + SOLUTION,
    "marker.md": "Write between ### BEGIN SOLUTION and the end.",
    "explanation.json": json.dumps({"message": f"It says: {EXPLANATION}"}),
    "reflowed.txt": EXPLANATION.replace(" ", "\n", 5),
}  # fmt: skip


@pytest.mark.parametrize("place", HIDING_PLACES)
def test_a_secret_is_found_wherever_it_hides(place, secret, tmp_path):
    (tmp_path / place).write_bytes(HIDING_PLACES[place].encode())
    assert named(tmp_path, secret) == {place}


def test_a_secret_is_found_in_a_compiled_module(secret, tmp_path):
    bank = ROOT / "assignments" / "mistakes" / "activations.py"
    py_compile.compile(str(bank), cfile=str(tmp_path / "x.pyc"), doraise=True)
    assert named(tmp_path, secret) == {"x.pyc"}


def test_a_solution_cell_without_marks_is_secret_as_a_whole(tmp_path):
    course = make_course(tmp_path / "course")
    notebook = source_notebook()
    cell = next(cell for cell in notebook.cells if cell.metadata.nbgrader.grade_id == "twice")
    cell.source = "def twice(a):\n    double = a + a\n    return double"
    nbformat.write(notebook, course.root / "source" / NAME / f"{NAME}.ipynb")
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "leak.py").write_text(cell.source, encoding="utf-8")
    assert named(tmp_path / "kit", secrets(course)) == {"leak.py"}


def test_what_everybody_writes_is_no_secret(secret, tmp_path):
    (tmp_path / "own.py").write_text(
        "import numpy as np\n\n\ndef relu(x):\n    y = np.maximum(x, 0)\n    return y\n", encoding="utf-8"
    )
    assert not named(tmp_path, secret)


# ---- a new kit in the middle of the course


@pytest.fixture
def unpacked(tmp_path):
    """A kit as far as handing out looks at it."""
    folder = tmp_path / "tips"
    (folder / "tipslib").mkdir(parents=True)
    write(folder / "notebooks" / "00.ipynb", "lecture")
    write(folder / "assignments" / "a" / "a.ipynb", "exercise")
    return folder


def write(path, source, output=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    outputs = [new_output("stream", text=output)] if output else []
    nbformat.write(new_notebook(cells=[new_code_cell(source, outputs=outputs, id="x")]), path)


def read(path):
    return nbformat.read(path, as_version=4).cells[0].source


def test_the_first_time_everything_is_laid_out(unpacked):
    (said,) = hand_out(unpacked)
    assert "notebooks/00.ipynb" in said
    assert read(unpacked / "work" / "assignments" / "a" / "a.ipynb") == "exercise"
    assert hand_out(unpacked) == []


def test_a_new_assignment_comes_and_work_stays(unpacked):
    hand_out(unpacked)
    own = unpacked / "work" / "assignments" / "a" / "a.ipynb"
    write(own, "my solution")
    write(unpacked / "assignments" / "b" / "b.ipynb", "second")
    assert "assignments/b/b.ipynb" in hand_out(unpacked)[0]
    assert read(own) == "my solution"


def test_a_correction_replaces_what_was_only_run(unpacked):
    hand_out(unpacked)
    own = unpacked / "work" / "notebooks" / "00.ipynb"
    write(own, "lecture", output="42\n")
    write(unpacked / "notebooks" / "00.ipynb", "better lecture")
    assert hand_out(unpacked) == ["notebooks/00.ipynb was corrected."]
    assert read(own) == "better lecture"


def test_a_correction_never_replaces_work(unpacked):
    """Nor does a second one replace work in the first one, nor a lost record anything."""
    hand_out(unpacked)
    folder = unpacked / "work" / "assignments" / "a"
    write(folder / "a.ipynb", "my solution")
    write(unpacked / "assignments" / "a" / "a.ipynb", "corrected")
    assert "'a (new).ipynb'" in hand_out(unpacked)[0]
    assert hand_out(unpacked) == []
    write(folder / "a (new).ipynb", "my second solution")
    write(unpacked / "assignments" / "a" / "a.ipynb", "corrected again")
    assert "'a (new 2).ipynb'" in hand_out(unpacked)[0]
    (unpacked / "work" / RECORD).unlink()
    hand_out(unpacked)
    assert {path.name: read(path) for path in folder.iterdir()} == {
        "a.ipynb": "my solution",
        "a (new).ipynb": "my second solution",
        "a (new 2).ipynb": "corrected again",
    }


def test_a_deleted_file_comes_back(unpacked):
    hand_out(unpacked)
    (unpacked / "work" / "notebooks" / "00.ipynb").unlink()
    hand_out(unpacked)
    assert read(unpacked / "work" / "notebooks" / "00.ipynb") == "lecture"


def test_a_notebook_that_is_none_any_more_is_work_too(unpacked):
    hand_out(unpacked)
    own = unpacked / "work" / "notebooks" / "00.ipynb"
    own.write_bytes(b"<<<<<<< mine")
    write(unpacked / "notebooks" / "00.ipynb", "better lecture")
    hand_out(unpacked)
    assert own.read_bytes() == b"<<<<<<< mine"


def test_in_the_repository_nothing_is_laid_out():
    before = {path.name for path in ROOT.iterdir()}
    assert hand_out(ROOT) == []
    assert "work" not in {path.name for path in ROOT.iterdir()} - before


# ---- the command in a kit


def test_lab_and_doctor_look_at_the_nearest_course(kit, course, tmp_path, monkeypatch):
    kit = shutil.copytree(kit, tmp_path / "kit")
    (kit / "work" / "notebooks").mkdir(parents=True)
    for here, found in (
        (kit / "work" / "notebooks", kit),
        (course.root / "source", course.root),
        (ROOT / "tests", ROOT),
        (tmp_path, ROOT),
    ):
        monkeypatch.chdir(here)
        assert course_folder() == found


def tips(kit, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "tipslib.cli", *arguments],
        cwd=kit,
        env=os.environ | {"PYTHONPATH": str(kit)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_kit_has_the_students_commands(kit):
    said = tips(kit, "--help").stdout
    assert re.findall(r"^    (\w+) ", said, re.M) == ["lab", "doctor"]
    assert "autograde" not in said


@pytest.mark.parametrize("command", ["release", "autograde", "kit", "nosuch"])
def test_an_instructors_command_in_a_kit(kit, command):
    done = tips(kit, command, NAME)
    assert done.returncode == 1
    assert f"the student kit has no command '{command}', only lab and doctor" in done.stderr
    assert "instructors" in done.stderr


def test_lab_opens_the_copies(kit, tmp_path):
    """A real JupyterLab, asked over its port for what it shows, and for what Validate says."""
    own = shutil.copytree(kit, tmp_path / "kit")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--allow-root", "--IdentityProvider.token=t"]
    folders = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    with (tmp_path / "log").open("w+") as log:
        lab = subprocess.Popen(
            [sys.executable, "-m", "tipslib.cli", "lab", *options],
            cwd=own / "tipslib",
            env=os.environ | folders | {"PYTHONPATH": str(own), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=log,
            stderr=log,
        )
        try:
            shown = ask(port, "api/contents/", lab)
            assert {item["name"] for item in shown["content"]} == {"assignments", "notebooks"}
            body = json.dumps({"path": f"assignments/{NAME}/{NAME}.ipynb"}).encode()
            said = ask(port, "assignments/validate", lab, body)
            assert said["success"]
            assert "not attempted yet" in str(said["value"]["failed"])
        finally:
            lab.terminate()
            lab.wait(30)
        log.seek(0)
        assert "New in" in log.read()


def ask(port, path, lab, body=None):
    headers = {"Authorization": "token t", "Content-Type": "application/json"}
    for _ in range(240):
        assert lab.poll() is None, "tips lab has ended"
        try:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", body, headers)
            return json.load(urllib.request.urlopen(request, timeout=120))
        except urllib.error.HTTPError:
            raise
        except (ConnectionError, urllib.error.URLError):
            time.sleep(0.25)  # not yet there
    raise AssertionError("JupyterLab does not answer")
