"""The plan of an assignment: how its notebooks are run, and the proof that its own solution passes that way.

The instructor's solution is graded like a student's before any student's is. That run also shows what a kernel has to
import, so that the kernels of the class can be forked from a process which has imported it already.
"""

import hashlib
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell
from nbgrader.utils import find_all_files

from tipslib.grading import sandbox
from tipslib.grading.contract import find_checks, grade_id, is_kind
from tipslib.grading.course import Course, TipsError, write_whole
from tipslib.grading.execution import SEEN, NotRun, Plan, Unit, run
from tipslib.grading.warm import NotStarted

LIST_MODULES = "import sys\nprint('\\n'.join(sys.modules))"


def make_plan(course: Course, name: str, unsandboxed: bool = False) -> Plan:
    """How to run submissions of ``name`` on this machine.

    With ``unsandboxed``, they run without protection; on Linux still in warm kernels and with the checks apart,
    elsewhere as in nbgrader. The course's configuration may set ``c.Tips.in_kernel = ["name", ...]``, the assignments
    whose test cells have to run in the student's kernel, and ``c.Tips.notebook_timeout = 900``, in seconds.
    Raises: TipsError when this host has no sandbox, the course lies where student code can read it, or the
    instructor's own solution fails.
    """
    reason = sandbox.why_not()
    if reason and not unsandboxed:
        raise TipsError(
            f"{reason}. Students' code would run with all your rights. If you trust them, or in a container or under "
            "another user, say so with --unsandboxed"
        )
    if not unsandboxed and (place := sandbox.shows(course.root)):
        raise TipsError(
            f"{course.root} lies in {place}, which student code may read, as Python and the system are in it: move the "
            "course to another folder"
        )
    config = {"Execute": dict(course.config.Execute)}
    if sys.platform != "linux":
        plan = Plan(config, checks=None, sandboxed=False)
    else:
        sources = course.notebooks("source", name).items()
        in_kernel = name in course.config.Tips.get("in_kernel", ())
        checks = {stem: [] if in_kernel else [asdict(cell) for cell in find_checks(source)] for stem, source in sources}
        plan = Plan(config, checks, not unsandboxed, float(course.config.Tips.get("notebook_timeout", 900)))
    bank = mistakes_file(course, name)
    mistakes = bank.read_text(encoding="utf-8") if bank.exists() else None
    plan = replace(plan, mistakes=mistakes)
    return replace(plan, modules=_proved(course, name, plan))


def mistakes_file(course: Course, name: str) -> Path:
    """Where a course may keep the known mistakes of an assignment (see mistakes.py)."""
    return course.root / "mistakes" / f"{name}.py"


def digest(course: Course, name: str) -> str:
    """A hash of the assignment: what students are given, what checks them, and what explains their mistakes."""
    sha = hashlib.sha256()
    for file, content in sorted(instructor_files(course, name, notebooks=True).items()):
        sha.update(f"{file} {len(content)} ".encode() + content)
    if (bank := mistakes_file(course, name)).exists():
        sha.update(bank.read_bytes())
    return sha.hexdigest()


def instructor_files(course: Course, name: str, notebooks: bool = False) -> dict[str, bytes]:
    """What lies beside the notebooks in ``source``, as nbgrader would hand it out; with or without the notebooks."""
    source = course.folder("source", name)
    paths = map(Path, find_all_files(str(source), [*course.ignore, *([] if notebooks else ["*.ipynb"])]))
    return {path.relative_to(source).as_posix(): path.read_bytes() for path in paths}


def _proved(course: Course, name: str, plan: Plan) -> tuple[str, ...]:
    """Run the solution unless this very one has passed before; returns the modules that it imports.

    What its functions do with the probes is kept as well: wrong ones are compared with it (see groups.py).
    """
    path = course.root / "status" / f"{name}.json"
    proof = {"source": digest(course, name), "python": sys.version, "apart": plan.apart}
    if path.exists():
        known = json.loads(path.read_text(encoding="utf-8"))
        if {key: known.get(key) for key in proof} == proof and "reference" in known:
            return tuple(known["modules"])
    sources = course.notebooks("source", name)
    modules: dict[str, None] = {}
    for source in sources.values():
        # The solution raises nothing, but students' cells do: what shows an error is preloaded, too.
        source.cells += [new_code_cell("raise Exception"), new_code_cell(LIST_MODULES)]
    texts = {stem: nbformat.writes(source) for stem, source in sources.items()}
    try:
        done = run(Unit(texts, instructor_files(course, name), replace(plan, probe=True)))
    except (NotRun, NotStarted) as error:
        raise TipsError(f"the solution in source/{name} does not run: {error}") from error
    reference: dict[str, dict] = {}
    for stem, text in done.items():
        notebook = nbformat.reads(text, as_version=4)
        reference |= {one["function"]: one for seen in notebook.metadata.get(SEEN, {}).values() for one in seen}
        *cells, last = notebook.cells
        for cell in cells:
            errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
            if errors and is_kind(cell, "grade"):
                hint = (
                    "; the check runs outside the notebook's process, where only plain data passes: if it cannot, "
                    f'set c.Tips.in_kernel = ["{name}"] in nbgrader_config.py'
                    if plan.apart
                    else ""
                )
                raise TipsError(
                    f"source/{name}/{stem}.ipynb: the solution fails its own check {grade_id(cell)!r} "
                    f"({errors[0].ename}: {errors[0].evalue}){hint}"
                )
        modules |= dict.fromkeys(last.outputs[0].text.split() if last.get("outputs") else ())
    found = sorted(module for module in modules if not module.startswith("__"))
    write_whole(path, json.dumps(proof | {"modules": found, "reference": reference}, indent=1))
    return tuple(found)
