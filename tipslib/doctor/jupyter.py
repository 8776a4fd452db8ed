"""Will JupyterLab run the course's notebooks in this Python, with the Validate button?"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tipslib.doctor.finding import WINDOWS, Finding, activate, python
from tipslib.handout import workplace

BUTTON, SERVER = "@jupyter/nbgrader", "nbgrader.server_extensions.validate_assignment"
FIRST_CELL = "import sys, numpy, matplotlib.pyplot, sklearn, torch, tipslib.scratch\nsys.executable"


def check_kernel() -> Iterator[Finding]:
    """The kernel "python3", which the notebooks ask for, is this Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield Finding(f"Jupyter knows no kernel 'python3': run `{python()} -m ipykernel install --sys-prefix`")
        return
    program = spec.argv[0]
    by_name = {"python", "python3", f"python3.{sys.version_info[1]}"}  # Jupyter takes its own Python for these
    # Not resolved: an environment's python is a link to the system's.
    here, there = (os.path.normcase(os.path.dirname(os.path.abspath(path))) for path in (sys.executable, program))
    if program not in by_name and here != there:
        yield Finding(
            f"notebooks would run in another Python, {program}, because of an old kernel in {spec.resource_dir}: "
            "delete that folder"
        )


def check_buttons() -> Iterator[Finding]:
    """nbgrader's two halves are switched on in JupyterLab: without them nothing can be validated."""
    from jupyter_core.paths import jupyter_config_path, jupyter_path
    from jupyter_server.extension.config import ExtensionConfigManager
    from jupyterlab.commands import get_app_dir
    from jupyterlab_server.config import get_page_config

    reinstall = f"run `{python()} -m pip install -c constraints.txt --force-reinstall --no-deps nbgrader`"
    if not ExtensionConfigManager(read_config_path=jupyter_config_path()).enabled(SERVER):
        off = next((file for folder in jupyter_config_path() for file in _switched_off(Path(folder))), None)
        remedy = f"in {off}, write `true` for `false`" if off else reinstall
        yield Finding(f"the Validate button will not work, because {SERVER} is switched off: {remedy}")
    page = get_page_config(jupyter_path("labextensions"), os.path.join(get_app_dir(), "settings"))
    if all(extension["name"] != BUTTON for extension in page["federated_extensions"]):
        yield Finding(f"JupyterLab has no Validate button: {reinstall}")
    elif any(name.partition(":")[0] == BUTTON for name in page["disabledExtensions"]):
        yield Finding(f"the Validate button is switched off: run `{python()} -m jupyter labextension enable {BUTTON}`")


def _switched_off(folder: Path) -> Iterator[Path]:
    for path in (folder / "jupyter_server_config.json", *sorted((folder / "jupyter_server_config.d").glob("*.json"))):
        if path.is_file() and re.search(rf'"{re.escape(SERVER)}"\s*:\s*false', path.read_text(encoding="utf-8")):
            yield path


def check_first_cell(folder: Path) -> Iterator[Finding]:
    """A kernel starts and imports what the lectures import. Takes some seconds, and says so on stderr."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(FIRST_CELL)])
    place = next(place for place in (workplace(folder) / "notebooks", folder) if place.is_dir())
    client = NotebookClient(notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(place)}})
    print("Starting a kernel and importing NumPy and PyTorch; this may take a minute the first time.", file=sys.stderr)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        try:
            client.execute(stderr=said)
        except CellExecutionError as error:
            remedy = f"{activate(folder)} once more"
            if WINDOWS and "DLL" in error.evalue:
                remedy = "install Microsoft's Visual C++ Redistributable (x64), which PyTorch needs"
            yield Finding(f"a notebook cannot import the packages ({error.ename}: {error.evalue}): {remedy}")
        except Exception as error:  # whatever Jupyter's parts raise: it is what the student would see
            said.seek(0)
            last = (said.read().strip().splitlines() or [f"{type(error).__name__}: {error}"])[-1]
            yield Finding(
                f"no kernel starts ({last}): if a firewall or a virus scanner asks, let Python connect to 127.0.0.1, "
                "which is this computer itself"
            )
