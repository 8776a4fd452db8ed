"""Build the notebooks, with their outputs, from the text that is reviewed.

The reviewed form is jupytext's ``py:percent``; it needs no header, the file begins with its first ``# %%`` line:

    notebooks/text/<name>.py      makes   notebooks/<name>.ipynb
    assignments/text/<name>.py    makes   assignments/source/<name>/<name>.ipynb

    python tools/build_notebooks.py [NAME ...]      run them and write the .ipynb files (default: all)
    python tools/build_notebooks.py --prose [NAME ...]   only their prose has changed: keep the outputs, run nothing
    python tools/build_notebooks.py --check         run nothing; do text and .ipynb agree?

Cell metadata stands in the percent line as JSON, ``# %% tags=["raises-exception"] tips={"rtol": 0.01}``; the keys
are ``nbgrader``, ``tags`` and ``tips`` (tolerances, see tests/nbcompare.py). The same text gives the same bytes
wherever the outputs are the same. When a cell fails or writes to stderr, the old .ipynb stays as it was.
"""

import argparse
import hashlib
import json
import os
import re
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from itertools import zip_longest
from pathlib import Path

import ipykernel.kernelspec
import jupytext
import nbformat
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"},
}
CELL_METADATA = {"nbgrader", "tags", "tips"}
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ENVIRONMENT = THREADS | {"PYTHONHASHSEED": "0", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
WIDGET = "application/vnd.jupyter.widget-view+json"  # a random id, useless without its kernel


class BuildError(Exception):
    """A notebook that cannot be built; the message names notebook and cell, and says why."""


class ThisInterpreter(KernelSpecManager):
    """Knows one kernel: ipykernel under the running Python, whatever kernelspecs the user has installed."""

    def get_kernel_spec(self, kernel_name):
        return KernelSpec(resource_dir=ipykernel.kernelspec.RESOURCES, **ipykernel.kernelspec.get_kernel_dict())


def twins(root=ROOT):
    """All pairs (text file, notebook file) below `root`, sorted by name; the notebook may not exist yet."""
    lectures = [(text, root / "notebooks" / f"{text.stem}.ipynb") for text in root.glob("notebooks/text/*.py")]
    source = root / "assignments" / "source"
    homework = [(t, source / t.stem / f"{t.stem}.ipynb") for t in root.glob("assignments/text/*.py")]
    return sorted(lectures) + sorted(homework)


def orphans(root=ROOT):
    """Notebook files below `root` that no text file makes."""
    made = {target for _, target in twins(root)}
    return sorted({*root.glob("notebooks/*.ipynb"), *root.glob("assignments/source/*/*.ipynb")} - made)


def read_text(text):
    """The notebook written in the file `text`, not yet run; raises BuildError for metadata that is not known."""
    nb = jupytext.read(text, fmt="py:percent")
    nb.metadata, nb.nbformat, nb.nbformat_minor = nbformat.from_dict(METADATA), 4, 5
    seen = Counter()
    for number, cell in enumerate(nb.cells, start=1):
        # jupytext counts blank lines in keys of its own; broken JSON or a title gives a key that we do not know
        cell.metadata = {k: v for k, v in cell.metadata.items() if not k.startswith("lines_to_")}
        for key in set(cell.metadata) - CELL_METADATA:
            what = f"{text.name}, cell {number}: cannot use {key} {cell.metadata[key]!r} in the percent line"
            raise BuildError(f"{what}; it takes JSON with the keys {', '.join(sorted(CELL_METADATA))}")
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] += 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    return nb


def clean_outputs(cell):
    """Make a cell's outputs independent of chance: whole streams, no widget ids, one line for an exception.

    Returns what is wrong with them, or None.
    """
    outputs = []
    for output in cell.outputs:
        if outputs and output.output_type == "stream" and outputs[-1].get("name") == output.name:
            outputs[-1].text += output.text
            continue
        if output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]  # the frames hold paths of this machine
        if "data" in output:
            output.data.pop(WIDGET, None)
        outputs.append(output)
    cell.outputs = outputs
    stderr = "".join(output.text for output in outputs if output.get("name") == "stderr")
    if stderr:
        return f"it writes to stderr, where a student sees a warning; cure it:\n{stderr}"
    promised = "raises-exception" in cell.metadata.get("tags", [])
    if promised and not any(output.output_type == "error" for output in outputs):
        return "it is tagged raises-exception but raises none; remove the tag or make it raise"
    return None


def execute(nb, name, folder, timeout):
    """Run every cell of `nb` in place, in a new kernel in `folder`; `timeout` in seconds a cell."""
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=ThisInterpreter())
    client = NotebookClient(nb, km=manager, timeout=timeout, record_timing=False, shutdown_kernel="immediate")
    client.extra_arguments = ["--IPKernelApp.log_level=ERROR"]  # else each kernel warns about its transport
    with client.setup_kernel(cwd=str(folder), env=os.environ | ENVIRONMENT, cleanup_kc=True):
        for index, cell in enumerate(nb.cells):
            try:
                client.execute_cell(cell, index)
                problem = clean_outputs(cell) if cell.cell_type == "code" else None
            except CellExecutionError as error:
                problem = "it raises\n" + re.sub(r"\x1b\[[0-9;]*m", "", error.traceback)
            except CellTimeoutError:
                problem = f"it takes longer than {timeout} s; shorten it, or give --timeout"
            except DeadKernelError:
                problem = "its kernel died"
            if problem:
                place = f"{name}, cell {index + 1} of {len(nb.cells)}"
                raise BuildError(f"{place}: {problem}\nThe cell is\n{cell.source}")


def keep_outputs(nb, target):
    """Give the code cells of `nb` the outputs that they have in the notebook `target`."""
    code, stored = (
        [cell for cell in notebook.cells if cell.cell_type == "code"]
        for notebook in (nb, nbformat.read(target, as_version=4) if target.exists() else nbformat.v4.new_notebook())
    )
    if [cell.source for cell in code] != [cell.source for cell in stored]:
        raise BuildError(f"{target.name}: not only the prose has changed; build it without --prose")
    for cell, old in zip(code, stored, strict=True):
        cell.outputs, cell.execution_count = old.outputs, old.execution_count


def build(text, target, timeout=120, prose=False):
    """Write the notebook `target` with outputs from the file `text`. On a BuildError `target` stays as it was.

    With `prose` the outputs are those that `target` has.
    """
    nb = read_text(text)
    target.parent.mkdir(parents=True, exist_ok=True)
    if prose:
        keep_outputs(nb, target)
    else:
        execute(nb, target.name, target.parent, timeout)
    nbformat.validate(nb)
    temporary = target.with_suffix(".tmp")
    temporary.write_text(nbformat.writes(nb).rstrip("\n") + "\n", encoding="utf-8", newline="\n")
    os.replace(temporary, target)


def difference(text, target):
    """Where `text` and the notebook `target` first disagree in a cell's type, source or metadata; None if nowhere."""
    if not target.exists():
        return f"{target.name}: there is no .ipynb yet"
    pairs = zip_longest(read_text(text).cells, nbformat.read(target, as_version=4).cells)
    for number, (wanted, stored) in enumerate(pairs, start=1):
        place = f"{target.name}, cell {number}"
        if wanted is None or stored is None:
            return f"{place}: it is only in the {'.ipynb' if wanted is None else 'text'}"
        for what in ("cell_type", "metadata", "source"):
            both = [c[what] if what == "source" else json.dumps(c[what], sort_keys=True) for c in (wanted, stored)]
            for ours, theirs in zip_longest(*(text.split("\n") for text in both)):
                if ours != theirs:
                    return f"{place}: {what} differs\n  text:   {ours}\n  .ipynb: {theirs}"
    return None


def main(argv=None, root=ROOT):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="notebooks to build, without .ipynb (default: all)")
    parser.add_argument("--check", action="store_true", help="compare text and .ipynb; run nothing")
    parser.add_argument("--prose", action="store_true", help="only prose has changed: keep the outputs; run nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="notebooks at a time (default: one a core)")
    parser.add_argument("--timeout", type=int, default=120, help="seconds that one cell may take (default: 120)")
    args = parser.parse_args(argv)
    pairs = twins(root)
    known = {text.stem for text, _ in pairs}
    if unknown := set(args.names) - known:
        parser.error(f"no text for {', '.join(sorted(unknown))}; there is {', '.join(sorted(known)) or 'none'}")
    pairs = [pair for pair in pairs if not args.names or pair[0].stem in args.names]
    problems = [f"{path.name}: no text makes it" for path in orphans(root)] if args.check and not args.names else []
    job = difference if args.check else partial(build, timeout=args.timeout, prose=args.prose)
    pool = ThreadPoolExecutor(max(1, args.jobs))
    try:
        futures = [pool.submit(job, *pair) for pair in pairs]
        for future in tqdm(as_completed(futures), total=len(futures), unit="notebook", disable=args.check):
            try:
                problems.append(future.result())
            except BuildError as error:
                problems.append(str(error))
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C, start no more
    problems = [problem for problem in problems if problem]
    print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
    if args.check and not problems:
        print(f"{len(pairs)} notebook(s): text and .ipynb agree")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
