"""The contract between an assignment and its students: which names the solutions define, which cells check them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode  # slow to import, and the checking process needs none


def grade_id(cell: NotebookNode) -> str | None:
    """nbgrader's name of a cell, or None for a cell it does not know."""
    metadata = cell.metadata.get("nbgrader")
    return metadata.get("grade_id") if isinstance(metadata, dict) else None


def is_kind(cell: NotebookNode, kind: str) -> bool:
    """Whether nbgrader's metadata mark the cell as ``grade``, ``solution``, ``locked`` or ``task``."""
    return grade_id(cell) is not None and bool(cell.metadata.nbgrader.get(kind))


@dataclass(frozen=True)
class Check:
    """One autograded cell of the instructor's notebook: its code, and the contract names in it."""

    id: str
    source: str
    names: list[str]
    setup: list[str]  # the instructor's other code that stands between the test cell before and this one


def find_checks(source: NotebookNode) -> list[Check]:
    """The test cells of an instructor's notebook, in order.

    Of the other cells the checking process runs: imports and definitions, and locked cells that use no contract name.
    """
    contract = set(contract_names(source))
    cells: list[Check] = []
    setup: list[str] = []
    for cell in source.cells:
        if cell.cell_type != "code" or is_kind(cell, "solution"):
            continue
        tree = ast.parse(without_magics(cell.source))
        used = _names_in(tree) & contract
        if is_kind(cell, "grade"):
            cells.append(Check(str(grade_id(cell)), cell.source, sorted(used), setup))
            setup = []
        elif is_kind(cell, "locked") and not used:
            setup.append(without_magics(cell.source))
        else:
            definitions = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
            setup += [ast.unparse(node) for node in tree.body if isinstance(node, definitions)]
    return cells


def contract_names(source: NotebookNode, functions_only: bool = False) -> list[str]:
    """What the solution cells define at top level: functions; and, unless told otherwise, classes and variables."""
    names: dict[str, None] = {}
    for cell in source.cells:
        if cell.cell_type == "code" and is_kind(cell, "solution"):
            for node in ast.parse(without_magics(cell.source)).body:
                if isinstance(node, ast.FunctionDef) or (isinstance(node, ast.ClassDef) and not functions_only):
                    names[node.name] = None
                elif isinstance(node, (ast.Assign, ast.AnnAssign)) and not functions_only:
                    stored = [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
                    names |= {n.id: None for n in stored}
    return list(names)


def functions_by_cell(source: NotebookNode) -> dict[str, list[str]]:
    """For each autograded cell the contract functions that its code mentions."""
    functions = contract_names(source, functions_only=True)
    graded = {}
    for cell in source.cells:
        if cell.cell_type == "code" and is_kind(cell, "grade") and not is_kind(cell, "solution"):
            mentioned = _names_in(ast.parse(without_magics(cell.source)))
            graded[str(grade_id(cell))] = [name for name in functions if name in mentioned]
    return graded


def _names_in(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def without_magics(source: str) -> str:
    """IPython's own lines (``%matplotlib``, ``!ls``) as comments: they are no Python."""
    return "\n".join("#" + line if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n"))
