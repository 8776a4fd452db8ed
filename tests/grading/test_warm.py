"""Warm kernels under the drivers of notebooks that are not ours: nbval's, and nbclient's."""

import sys

import nbval.kernel
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="warm kernels are forked, which needs Linux")

if sys.platform == "linux":
    from tipslib.grading.warm import BlockingWarmManager, Preloaded, WarmManager


@pytest.fixture(scope="module")
def preloaded():
    process = Preloaded(["wave"], sandboxed=False)  # a module that no kernel imports by itself
    yield process
    process.close()


def test_nbval(preloaded, monkeypatch):
    """Two kernels after each other: each is fresh, has imported nothing anew, and ends."""

    def start(startup_timeout, kernel_name, cwd, stderr):
        manager = BlockingWarmManager(preloaded, folder)
        manager.start_kernel()
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(startup_timeout)
        return manager, client

    monkeypatch.setattr(nbval.kernel, "start_new_kernel", start)
    for _ in range(2):
        with preloaded.new_folder() as folder:
            kernel = nbval.kernel.RunningKernel("python3")
            request = kernel.execute_cell_input(
                "import sys\nassert 'wave' in sys.modules and 'x' not in dir()\nx = 6\n7 * x"
            )
            kernel.await_reply(request, timeout=60)
            said = []
            while (message := kernel.get_message("iopub", timeout=60))["content"].get("execution_state") != "idle":
                said.append(message["content"].get("data"))
            assert {"text/plain": "42"} in said
            assert kernel.is_alive()
            kernel.stop()
            assert not kernel.is_alive()


def test_nbclient(preloaded):
    notebook = new_notebook(cells=[new_code_cell("import os\nprint(os.path.basename(os.getcwd()))")])
    with preloaded.new_folder() as folder:
        NotebookClient(notebook, WarmManager(preloaded, folder)).execute()
    assert [output.text for output in notebook.cells[0].outputs] == ["work\n"]
