"""Build the course site: `make site`, or

    python tools/build_site.py [OUT]      into site/ by default; open OUT/index.html, no server is needed

The pages are laid out in build/site, then Sphinx makes HTML of them. They are: docs/*.md; the lectures with their
stored outputs; the assignments in the students' version, made and proved by what `tips release` uses; the map of
techniques and the reference, generated from the catalog and the docstrings. Nothing is run, and nothing is fetched.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distribution
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tipslib.grading.course import Course  # noqa: E402
from tipslib.grading.release import rehearse  # noqa: E402
from tools import site_pages  # noqa: E402

EXERCISE = re.compile(r"^#{2,4} .*\(\d+ points\).*$", re.MULTILINE)
HEADING = re.compile(r"^(?=## ([A-Z]\d+) · )", re.MULTILINE)
FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
MODULES = {name for package in site_pages.TWINS for name in site_pages.modules(package)}
MODULES |= {f"tipslib.{name}" for name in site_pages.HELPERS}
LINK = re.compile(r"\[([^\]\n]*)\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)")
# Packages of which files get into the site; docs/licences.md lists them.
BUNDLED = ("furo", "sphinx", "myst-nb", "pygments", "snowballstemmer")


def licence(package: str) -> str:
    """The text of an installed package's licence. Raises: LookupError when it has none."""
    for file in distribution(package).files or ():
        if file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING")):
            return file.locate().read_text(encoding="utf-8")
    raise LookupError(f"{package} comes without a licence: is it still what docs/licences.md says?")


def students_version(course: Course, name: str) -> NotebookNode:
    """An assignment as students get it, made without touching the course; raises TipsError when it would leak."""
    with tempfile.TemporaryDirectory(prefix="tips-site-") as folder:
        return nbformat.read(rehearse(course, name, Path(folder)) / f"{name}.ipynb", as_version=4)


def with_anchors(lecture: NotebookNode) -> NotebookNode:
    """Give each section of a technique a short name that stays when its title changes: ``01_activations.html#a1``.

    The conventions before the first technique have third-level headings; in an outline they want the second level.
    """
    begun = False
    for cell in lecture.cells:
        if cell.cell_type == "markdown":
            begun = begun or bool(HEADING.search(cell.source))
            if not begun:
                cell.source = re.sub(r"^### ", "## ", cell.source, flags=re.MULTILINE)
            cell.source = HEADING.sub(lambda match: f"({match[1]})=\n", cell.source)
    return lecture


def with_exercise_anchors(assignment: NotebookNode, name: str) -> NotebookNode:
    """Give the heading of an exercise the name of its cell: ``softmax.html#softmax-one-hot``, ``#softmax-answer-a``."""

    def anchors(match: re.Match) -> str:
        cells = [function.replace("_", "-") for function in re.findall(r"`(\w+)` \(", match[0])]
        cells += [f"answer-{letter.lower()}" for letter in re.findall(r"Question ([A-Z])\b", match[0])]
        return "".join(f"({name}-{cell})=\n" for cell in cells) + match[0]

    for cell in assignment.cells:
        if cell.cell_type == "markdown":
            cell.source = EXERCISE.sub(anchors, cell.source)
    return assignment


def one_line_formulas(notebook: NotebookNode) -> NotebookNode:
    """Write each displayed formula in one line: Jupyter takes formulas out before Markdown, Sphinx does not.

    A line of a formula that begins with "+" or "=" would be the beginning of a list or a heading.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = FORMULA.sub(lambda match: f"$${' '.join(match[1].split())}$$", cell.source)
    return notebook


def title(notebook: NotebookNode) -> str:
    """The text of a notebook's first heading. Raises: ValueError when it has none."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (match := re.search(r"^# (.+)$", cell.source, re.MULTILINE)):
            return match[1].strip()
    raise ValueError("a notebook without a first-level heading")


def site_links(text: str) -> str:
    """Links that lead from docs/ into the repository, as links of the site; what is not on the site loses its link."""

    def replace(match: re.Match) -> str:
        label, path, anchor = match[1], match[2].removeprefix("../"), match[3] or ""
        if path.startswith("notebooks/") and path.endswith(".ipynb"):
            return f"[{label}]({path.replace('notebooks/', 'lectures/')}{anchor})"
        name = path.removesuffix(".py").replace("/", ".")
        if path.endswith(".py") and name in MODULES:
            return f"[{label}](reference/{name}.md{anchor})"
        return label

    return LINK.sub(replace, text)


def lay_out(root: Path, stage: Path) -> Path:
    """Write every page of the site below ``stage``; returns the folder that Sphinx builds from."""
    shutil.rmtree(stage, ignore_errors=True)
    pages = stage / "docs"
    shutil.copytree(root / "docs", pages, ignore=shutil.ignore_patterns("__pycache__"))
    for page in pages.glob("*.md"):
        page.write_text(site_links(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    titles = {}
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        titles[path.stem] = _write(pages / "lectures", path.stem, with_anchors(nbformat.read(path, as_version=4)))
    course = Course(root / "assignments")
    for name in course.names():
        titles[name] = _write(pages / "assignments", name, with_exercise_anchors(students_version(course, name), name))
    reference = pages / "reference"
    reference.mkdir()
    made = {"techniques.md": site_pages.techniques(titles, course.config.Tips.get("see", {})), **site_pages.reference()}
    for name, text in made.items():
        (reference / name).write_text(text, encoding="utf-8", newline="\n")
    licences = pages / "_static" / "licences"
    licences.mkdir()
    for package in BUNDLED:
        (licences / f"{package}.txt").write_text(licence(package), encoding="utf-8", newline="\n")
    return pages


def _write(folder: Path, name: str, notebook: NotebookNode) -> str:
    folder.mkdir(exist_ok=True)
    nbformat.write(one_line_formulas(notebook), folder / f"{name}.ipynb")
    return title(notebook)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the course site; no server and no network are needed.")
    parser.add_argument("out", nargs="?", type=Path, default=ROOT / "site", help="folder of the pages (default: site)")
    out = parser.parse_args(argv).out.resolve()
    if out.exists() and not (out / "searchindex.js").exists():
        parser.error(f"{out} exists and is no site built before: name another folder, or remove it")
    pages = lay_out(ROOT, ROOT / "build" / "site")
    made = pages.with_name("html")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "-b", "html"]
    command += ["-d", str(pages.with_name("doctrees")), str(pages), str(made)]
    status = subprocess.run(command, check=False).returncode
    if status != 0:
        return status
    (made / "objects.inv").unlink()  # for other sites' links, with names of no use here
    (made / ".buildinfo").unlink()
    (made / "_sources").rmdir()  # empty: html_copy_source is off
    # Only a whole site takes the place of the one before.
    shutil.rmtree(out, ignore_errors=True)
    shutil.move(made, out)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out / 'index.html'}: {len(list(out.rglob('*.html')))} pages, {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
