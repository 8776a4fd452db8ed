"""The course site's generated pages: the map of techniques, and one page for each module."""

import importlib
import inspect
from itertools import groupby
from pathlib import Path
from types import ModuleType

from tipslib.catalog import CATALOG, Technique, resolve

TWINS = ("tipslib.scratch", "tipslib.pytorch")
HELPERS = ("catalog", "checks", "data", "download", "plotting", "readers", "surfaces")


def modules(package: str) -> list[str]:
    """Full names of the modules of a package, in alphabetical order."""
    folder = Path(importlib.import_module(package).__file__).parent
    return sorted(f"{package}.{path.stem}" for path in folder.glob("*.py") if path.stem != "__init__")


def techniques(titles: dict[str, str], see: dict[str, dict[str, list[tuple[str, str]]]]) -> str:
    """The page that leads from every technique to its lecture, its code and its exercises.

    Args: ``titles`` of the lectures and assignments, by name; ``see``, the course's ``c.Tips.see``: for each assignment
    and exercise what to read, of which the address ends in the technique's anchor.
    """
    lines = [
        "# All techniques",
        "",
        "Every technique of the course: where it is derived and tried out, its code twice, and the exercises that",
        "grade it. A dash: an experiment without code of its own, a helper that PyTorch does not need, or nothing",
        "graded.",
    ]
    for notebook, rows in groupby(CATALOG, key=lambda row: row.notebook):
        lines += [
            "",
            f"## [{titles[notebook]}](../lectures/{notebook}.ipynb)",
            "",
            "| | technique | NumPy | PyTorch | exercises |",
            "|---|---|---|---|---|",
        ]
        lines += [_row(row, see) for row in rows]
    return "\n".join(lines) + "\n"


def _row(row: Technique, see: dict) -> str:
    scratch, pytorch = (
        ", ".join(_code(name, package) for name in names) or "–"
        for names, package in zip((row.scratch, row.pytorch), TWINS, strict=True)
    )
    lecture = f"../lectures/{row.notebook}.ipynb#{row.id.lower()}"
    return f"| {row.id} | [{row.title}]({lecture}) | {scratch} | {pytorch} | {_exercises(row, see)} |"


def _exercises(row: Technique, see: dict) -> str:
    found = []
    for assignment, cells in see.items():
        links = [
            f"[{_exercise(cell)}](../assignments/{assignment}.ipynb#{assignment}-{cell})"
            for cell, topics in cells.items()
            if any(address.endswith(f"/{row.notebook}.html#{row.id.lower()}") for _, address in topics)
        ]
        if links or assignment == row.assignment:
            found.append(f"[{assignment}](../assignments/{assignment}.ipynb)" + ": " * bool(links) + ", ".join(links))
    return "; ".join(found) or "–"


def _exercise(cell: str) -> str:
    """What an exercise is called: "question A", or its function."""
    return f"question {cell[-1].upper()}" if cell.startswith("answer-") else f"`{cell.replace('-', '_')}`"


def _code(name: str, package: str) -> str:
    """A name of the catalog, linked to where the reference documents it; what is PyTorch's own, to our module of it."""
    thing = resolve(name, package)
    if name.startswith("torch."):
        return f"`{name}`"
    if name.startswith("tipslib."):
        package, name = name.rpartition(".")[0], name.rpartition(".")[2]
    if _own(thing):
        if inspect.isfunction(thing) and not thing.__doc__:  # a method that its class describes
            thing = resolve(name.partition(".")[0], package)
        if inspect.isclass(thing) or inspect.isroutine(thing):
            return f"{{py:obj}}`{name} <{thing.__module__}.{thing.__qualname__}>`"
        return f"[`{name}`]({package}.md)"  # a value: its module's page
    return f"[`{name}`]({_exporter(name, package)}.md)"


def _own(thing: object) -> bool:
    return (getattr(thing, "__module__", None) or type(thing).__module__).startswith("tipslib.")


def _exporter(name: str, package: str) -> str:
    """The module of ``package`` that exports ``name``."""
    head = name.partition(".")[0]
    return next(m for m in modules(package) if head in getattr(importlib.import_module(m), "__all__", ()))


def reference() -> dict[str, str]:
    """The reference: file name -> text of the index and of one page for each module."""
    scratch, pytorch = (modules(package) for package in TWINS)
    helpers = [f"tipslib.{name}" for name in HELPERS]
    pages = {f"{name}.md": _page(name) for name in (*scratch, *pytorch, *helpers)}
    stems = sorted({name.rpartition(".")[2] for name in scratch + pytorch})
    pages["index.md"] = "\n".join(
        [
            "# The library",
            "",
            "Every technique twice: in NumPy, forward and backward written out, and in PyTorch, under the same names.",
            "Each page shows what the module's docstrings say; *[source]* beside a name opens its code.",
            "",
            "## The techniques",
            "",
            "| | NumPy | PyTorch |",
            "|---|---|---|",
            *(_twins(stem, scratch, pytorch) for stem in stems),
            "",
            "## What the notebooks use besides",
            "",
            "| | |",
            "|---|---|",
            *(f"| [{name}]({name}.md) | {_summary(importlib.import_module(name))} |" for name in helpers),
            "",
            "```{toctree}",
            ":hidden:",
            "",
            *(f"{name.removeprefix('tipslib.')} <{name}>" for name in (*scratch, *pytorch, *helpers)),
            "```",
            "",
        ]
    )
    return pages


def _twins(stem: str, scratch: list[str], pytorch: list[str]) -> str:
    names = [f"{package}.{stem}" for package in TWINS]
    links = (f"[{name}]({name}.md)" if name in scratch + pytorch else "–" for name in names)
    known = names[0] if names[0] in scratch else names[1]
    return f"| {_summary(importlib.import_module(known))} | {' | '.join(links)} |"


def _summary(module: ModuleType) -> str:
    text = " ".join(inspect.getdoc(module).partition("\n\n")[0].split()).replace("``", "`")
    return text.replace("|", "\\|")


def _page(name: str) -> str:
    """The page of one module: what it says of itself, its techniques, its twin, what it takes over from PyTorch."""
    module = importlib.import_module(name)
    package, _, stem = name.rpartition(".")
    links = [f"Techniques: {taught}." for taught in [_taught(module, package)] if taught]
    if package in TWINS:
        other = TWINS[1 - TWINS.index(package)]
        if f"{other}.{stem}" in modules(other):
            links.append(f"The twin: [{other}.{stem}]({other}.{stem}.md).")
    taken = [n for n in getattr(module, "__all__", ()) if package == TWINS[1] and not _own(getattr(module, n))]
    if taken:
        links.append(f"PyTorch's own, re-exported: {', '.join(f'`{n}`' for n in taken)}.")
    # Without classes or functions of its own a module has no page of source, so it shows the little it holds.
    own = [thing for _, thing in inspect.getmembers(module) if getattr(thing, "__module__", None) == name]
    tail = [] if own else ["```python", Path(module.__file__).read_text(encoding="utf-8").rstrip(), "```"]
    return "\n".join(
        [
            f"# {name}",
            "",
            " ".join(links),
            "",
            "```{eval-rst}",
            f".. automodule:: {name}",
            "   :members:",
            "   :ignore-module-all:",
            "   :show-inheritance:",
            "```",
            *tail,
            "",
        ]
    )


def _taught(module: ModuleType, package: str) -> str:
    """Links to the lecture sections of the techniques whose code a module holds."""
    found = []
    for row in CATALOG:
        names = row.pytorch if package == TWINS[1] else row.scratch
        heads = {name.removeprefix(f"{module.__name__}.").partition(".")[0] for name in names}
        exported = set(getattr(module, "__all__", ())) | {
            n for n, thing in vars(module).items() if getattr(thing, "__module__", None) == module.__name__
        }
        if heads & exported:
            found.append(f"[{row.id}](../lectures/{row.notebook}.ipynb#{row.id.lower()})")
    return ", ".join(found)
