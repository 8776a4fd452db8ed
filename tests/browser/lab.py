"""Somebody at work: in a terminal with `tips`, and in a browser with the JupyterLab that `tips lab` has opened."""

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "screenshots"
PATIENCE = 240  # seconds for anything to happen, on a busy machine
expect.set_options(timeout=1000 * PATIENCE)

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]

FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden)"


def find_browser(own: str) -> str | None:
    """The browser to drive: $CHROMIUM, else the system's, else Playwright's ``own``; None where there is none."""
    found = [os.environ.get("CHROMIUM"), *map(shutil.which, ("chromium", "chromium-browser", "google-chrome")), own]
    return next((path for path in found if path and Path(path).exists()), None)


class Person:
    """A user of the computer: a home, Jupyter's folders in it, and the ``folder`` in which they work.

    ``config`` is the text of their own ``nbgrader_config.py``, as the people who run a computer room would set it.
    """

    def __init__(self, home: Path, folder: Path, config: str) -> None:
        self.name, self.home, self.folder = home.name, home, folder
        (home / "config").mkdir(parents=True)
        (home / "config" / "nbgrader_config.py").write_text(config, encoding="utf-8")
        # Nothing of the person who runs the tests.
        outside = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
        self.environment = outside | {
            "HOME": str(home),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        }

    def run(self, *command: str, where: str) -> str:
        """Give a command in a terminal, in a folder of ``folder``; returns what it says. It has to end well."""
        cwd = self.folder / where
        done = subprocess.run(command, cwd=cwd, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    @contextmanager
    def lab(self, browser: Browser):
        """Give the command `tips lab`, and look at the page that it opens; a ``Lab``."""
        # Instead of the person's browser: a command that writes down which page it is asked for.
        wanted, recorder = self.home / "wanted.txt", self.home / "browser.py"
        recorder.write_text(f"import sys; open({str(wanted)!r}, 'w').write(sys.argv[1])", encoding="utf-8")
        wanted.unlink(missing_ok=True)
        options = [f"--ServerApp.browser={sys.executable} {recorder} %s", "--ServerApp.port=0"]
        options.append("--LabApp.expose_app_in_browser=True")  # to know when all cells have run
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--allow-root")
        said = self.home / "lab.log"
        with said.open("w", encoding="utf-8") as log:
            server = subprocess.Popen(
                ["tips", "lab", *options], cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )
        try:
            deadline = time.monotonic() + PATIENCE
            while not wanted.exists() or not wanted.read_text():
                ended = server.poll() is not None or time.monotonic() > deadline
                assert not ended, said.read_text(encoding="utf-8")
                time.sleep(0.1)
            context = browser.new_context(viewport={"width": 1400, "height": 1000}, accept_downloads=True)
            lab = Lab(context.new_page(), self.name)
            lab.page.goto(wanted.read_text())
            expect(lab.page.locator("#jp-top-panel")).to_be_visible()
            yield lab
            context.close()
        finally:
            server.terminate()
            server.wait(PATIENCE)


class Lab:
    """A JupyterLab in the browser. ``troubles`` collects the errors of its console and requests to other hosts."""

    def __init__(self, page: Page, person: str) -> None:
        self.page, self.person = page, person
        self.troubles: list[str] = []
        page.set_default_timeout(1000 * PATIENCE)
        page.on("console", lambda said: said.type == "error" and self.troubles.append(f"{said.text} {said.location}"))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.context.on("request", self._asked)

    def _asked(self, request) -> None:
        if re.match(r"(https?|wss?)://(?!127\.0\.0\.1|localhost)", request.url):
            self.troubles.append(f"asks another host: {request.url}")

    def picture(self, step: str) -> None:
        """Keep a screenshot, named by person and step."""
        PICTURES.mkdir(exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{self.person}-{step}.png")

    def command(self, name: str) -> None:
        """Choose a command of the palette by its id."""
        self.page.keyboard.press("Control+Shift+C")
        self.page.locator(f'#modal-command-palette li[data-command="{name}"]').click()

    def menu(self, *path: str) -> None:
        """Choose an entry of the menu bar."""
        self.page.get_by_role("menuitem", name=path[0], exact=True).click()
        for name in path[1:]:
            self.page.locator(".lm-Menu-itemLabel").get_by_text(name, exact=True).click()

    def dialog(self, picture: str = "") -> str:
        """Wait for a dialog, keep a ``picture`` of it if one is named, press its button, and return its text."""
        dialog = self.page.locator(".jp-Dialog").last
        expect(dialog).to_be_visible()
        text = dialog.inner_text()
        if picture:
            self.picture(picture)
        dialog.locator("button.jp-mod-accept").click()
        expect(dialog).to_have_count(0)
        return text

    @property
    def notebook(self) -> Locator:
        """The notebook in front."""
        return self.page.locator(FRONT)

    def open(self, path: str) -> None:
        """Open a notebook by clicking through the file browser, and wait for its kernel."""
        self.page.locator(".jp-BreadCrumbs-home").click()
        for name in path.split("/"):
            self.open_file(name)
        self.wait_for_kernel()

    def open_file(self, name: str) -> None:
        """Open a file or a folder of those that the file browser shows."""
        self.page.locator(".jp-DirListing-content").get_by_text(name, exact=True).dblclick()

    def wait_for_kernel(self) -> None:
        """Until the notebook in front has a kernel that is connected and waits for work."""
        expect(self.notebook).to_have_count(1)
        self._until(
            """() => {
                const kernel = jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel
                return kernel?.connectionStatus === "connected" && kernel.status === "idle"
            }"""
        )

    def reload(self, text: str) -> None:
        """Load the notebook in front again from its file, in which another program has put ``text``."""
        self.menu("File", "Reload Notebook from Disk")
        self._until("text => JSON.stringify(jupyterapp.shell.currentWidget.model.toJSON()).includes(text)", text)

    def _until(self, condition: str, argument: object = None) -> None:
        # Not at each frame: there are none behind another window.
        self.page.wait_for_function(condition, arg=argument, polling=200)

    def run_all(self) -> None:
        """Run all cells of the notebook in front; returns when all have run or one has failed."""
        self.menu("Edit", "Clear Outputs of All Cells")
        self.menu("Run", "Run All Cells")
        self._until(
            """() => {
                const cells = [...jupyterapp.shell.currentWidget.model.cells].filter(cell => cell.type === "code")
                const failed = cell => cell.outputs.toJSON().some(output => output.output_type === "error")
                return cells.some(failed) || cells.every(cell => cell.executionCount && cell.executionState === "idle")
            }"""
        )

    def save(self) -> None:
        """Save the notebook in front; returns when the server has written it."""
        with self.page.expect_response(lambda said: said.request.method == "PUT" and "/api/contents" in said.url):
            self.menu("File", "Save Notebook")

    def type_into(self, text: str, new: str) -> None:
        """Replace the source of the cell that holds ``text``."""
        cell = self.notebook.locator(".jp-Cell", has_text=text).first
        cell.scroll_into_view_if_needed()
        cell.dblclick()
        editor = cell.locator(".cm-content")
        editor.click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(new)
