"""tips doctor: every trouble is made for real and named with its remedy; on a healthy machine it is silent."""

import ast
import json
import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from tipslib.doctor import quick
from tipslib.doctor.folder import LONGEST, check_disk, check_names, check_path, check_port, check_writable
from tipslib.doctor.jupyter import check_buttons, check_first_cell, check_kernel
from tipslib.doctor.python import NEWEST, OLDEST, check_installed, check_library, check_python
from tipslib.doctor.sandbox import check_sandbox
from tipslib.grading.sandbox import remedy, why_not

ROOT = Path(__file__).parents[1]


@pytest.fixture
def own_jupyter(tmp_path, monkeypatch):
    """Jupyter's folders of a user who has none yet."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    return tmp_path


def only(findings):
    """The one finding there is."""
    (finding,) = findings
    return finding


def test_a_healthy_machine_has_nothing_serious(own_jupyter):
    assert not [finding for finding in quick(ROOT) if finding.serious]


# ---- Python and packages


@pytest.mark.parametrize(
    ("version", "wide", "machine", "said"),
    [
        ((3, 9, 18), True, "Linux x86_64", "Python 3.9.18, and the course needs 3.11"),
        ((2, 7, 18), True, "Linux x86_64", "Python 2.7.18"),
        ((3, 15, 0), True, "Linux x86_64", "take Python 3.14"),
        ((3, 12, 1), False, "Windows AMD64", "32-bit"),
        ((3, 12, 1), True, "Darwin x86_64", "conda"),
        ((3, 12, 1), True, "Windows ARM64", "x86-64"),
    ],
)
def test_a_python_without_packages(version, wide, machine, said):
    assert said in only(check_python(version, wide, machine)).text


@pytest.mark.parametrize("machine", ["Darwin arm64", "Windows AMD64", "Linux x86_64", "Linux aarch64"])
def test_a_good_python(machine):
    for version in ((*OLDEST, 0), (*NEWEST, 9)):
        assert not [*check_python(version, True, machine)]


def test_the_bounds_are_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=" + ".".join(map(str, OLDEST))


@pytest.mark.parametrize(
    "name", ["cli", "handout", "doctor/__init__", "doctor/finding", "doctor/folder", "doctor/python"]
)
def test_an_old_python_can_read_what_tells_it_that_it_is_old(name):
    ast.parse((ROOT / f"tipslib/{name}.py").read_text(encoding="utf-8"), feature_version=(3, 8))


def run_doctor(folder, *options, **env):
    """``tips doctor`` without the packages of any environment, in a folder with the library."""
    return subprocess.run(
        [sys.executable, "-S", *options, "-m", "tipslib.cli", "doctor"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def copy(tmp_path):
    """A folder with a course as a kit has it: the library (by a link), a project file, lectures."""
    folder = tmp_path / "course"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "tipslib").symlink_to(ROOT / "tipslib")
    (folder / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return folder


def test_outside_of_the_environment(copy):
    """The commonest trouble: a terminal in which nobody has activated the environment."""
    done = run_doctor(copy)
    assert done.returncode == 1
    assert "tipslib is not installed in" in done.stdout
    assert "pip install -c constraints.txt -e ." in done.stdout
    (copy / ".venv" / "bin").mkdir(parents=True)
    if os.name != "nt":
        assert f"source {copy}/.venv/bin/activate" in run_doctor(copy).stdout


def distribution(folder, name, version):
    """What an installed package leaves behind."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")


def test_missing_and_old_packages(copy, tmp_path):
    site = tmp_path / "site"
    for name, version in (("tipslib", "0.1.0"), ("numpy", "1.26.4"), ("torch", "2.13.0+cpu"), ("matplotlib", "3.10.1")):
        distribution(site, name, version)
    said = run_doctor(copy, PYTHONPATH=str(site)).stdout
    assert "numpy (1.26.4, should be 2.0 or newer)" in said
    assert "nbgrader (missing)" in said
    assert "torch" not in said
    assert "matplotlib" not in said


def test_a_library_from_another_folder(copy):
    assert not [*check_library(copy)]
    (copy / "tipslib").unlink()
    (copy / "tipslib").mkdir()
    same = (ROOT / "tipslib" / "data.py").read_bytes()
    (copy / "tipslib" / "data.py").write_bytes(same)
    assert not [*check_library(copy)]
    (copy / "tipslib" / "data.py").write_bytes(same + b"# corrected\n")
    finding = only(check_library(copy))
    assert str(ROOT) in finding.text
    assert f"-e .` in {copy}" in finding.text


def test_everything_that_is_needed_is_installed_here():
    assert not [*check_installed(ROOT)]


# ---- Jupyter


def stray_kernel(place, program):
    folder = place / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {
        "argv": [program, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Old",
        "language": "",
    }
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return folder


def test_an_old_kernel_of_another_python(own_jupyter, monkeypatch):
    assert not [*check_kernel()]
    folder = stray_kernel(own_jupyter / "old", "/opt/anaconda3/bin/python")
    monkeypatch.setenv("JUPYTER_PATH", str(own_jupyter / "old"))
    said = only(check_kernel()).text
    assert "/opt/anaconda3/bin/python" in said
    assert str(folder) in said


@pytest.mark.parametrize("program", [sys.executable, "python", "python3"])
def test_a_kernel_of_this_python(own_jupyter, monkeypatch, program):
    stray_kernel(own_jupyter / "own", program)
    monkeypatch.setenv("JUPYTER_PATH", str(own_jupyter / "own"))
    assert not [*check_kernel()]


def test_a_validate_button_without_its_server(own_jupyter, monkeypatch):
    """Switched off in the user's own settings; the remedy, followed, helps."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")  # as outside of environments: the user's settings win
    assert not [*check_buttons()]
    settings = {"ServerApp": {"jpserver_extensions": {"nbgrader.server_extensions.validate_assignment": False}}}
    own = own_jupyter / "jupyter_config_dir" / "jupyter_server_config.d" / "nbgrader.json"
    own.parent.mkdir(parents=True)
    own.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    finding = only(check_buttons())
    assert "Validate" in finding.text
    file = Path(re.search(r"in (\S+), write `true` for `false`", finding.text)[1])
    file.write_text(file.read_text(encoding="utf-8").replace("false", "true"), encoding="utf-8")
    assert not [*check_buttons()]


def test_a_validate_button_switched_off(own_jupyter):
    config = own_jupyter / "jupyter_config_dir" / "labconfig"
    config.mkdir(parents=True)
    text = json.dumps({"disabledExtensions": {"@jupyter/nbgrader": True}})
    (config / "page_config.json").write_text(text, encoding="utf-8")
    assert "switched off" in only(check_buttons()).text


def test_a_kernel_that_cannot_import(own_jupyter, tmp_path, capfd):
    (tmp_path / "c" / "notebooks").mkdir(parents=True)
    (tmp_path / "c" / "notebooks" / "torch.py").write_text("raise ImportError('DLL load failed')\n", encoding="utf-8")
    assert "ImportError: DLL load failed" in only(check_first_cell(tmp_path / "c")).text


def test_a_kernel_that_does_not_start(own_jupyter, monkeypatch):
    stray_kernel(own_jupyter / "old", str(own_jupyter / "deleted" / "python"))
    monkeypatch.setenv("JUPYTER_PATH", str(own_jupyter / "old"))
    assert "no kernel starts" in only(check_first_cell(ROOT)).text


# ---- the folder


def test_a_file_that_hides_a_module(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "helpers.py").touch()
    assert not [*check_names(tmp_path)]
    (tmp_path / "notebooks" / "random.py").touch()
    assert "random.py hides the module 'random'" in only(check_names(tmp_path)).text


def test_a_folder_that_cannot_be_written(own_jupyter):
    folder = own_jupyter / "course"
    folder.mkdir()
    assert not [*check_writable(folder)]
    folder.chmod(0o555)
    with ordinary_user(own_jupyter):
        assert f"cannot write into {folder}" in only(check_writable(folder)).text


def test_jupyters_own_folder_that_cannot_be_written(own_jupyter):
    folder, runtime = own_jupyter / "course", own_jupyter / "jupyter_runtime_dir"
    for place in (folder, runtime):
        place.mkdir()
    folder.chmod(0o777)
    runtime.chmod(0o555)
    with ordinary_user(own_jupyter):
        assert f"Jupyter cannot write into {runtime}" in only(check_writable(folder)).text


class ordinary_user:
    """Root may write everywhere, so it becomes nobody for a while; others stay who they are."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        if os.name == "nt":
            pytest.skip("Windows has other rights")
        self.user, self.modes = os.geteuid(), {}
        if self.user == 0:
            for place in (self.folder, *self.folder.parents):
                if place.stat().st_uid == 0 and place != place.parent and not place.stat().st_mode & 0o001:
                    self.modes[place] = place.stat().st_mode
                    place.chmod(self.modes[place] | 0o011)
            os.seteuid(65534)

    def __exit__(self, *_):
        os.seteuid(self.user)
        for place, mode in self.modes.items():
            place.chmod(mode)


@pytest.mark.parametrize(
    ("folder", "windows", "said"),
    [
        (PureWindowsPath("C:/Users/maria", "x" * LONGEST), True, r"C:\tips"),
        (PureWindowsPath("C:/Users/Jürgen/tips"), True, "Jürgen"),
        (PureWindowsPath("C:/Users/m/OneDrive - University/tips"), True, "OneDrive - University"),
        (PurePosixPath("/Users/m/Library/Mobile Documents/tips"), False, "Mobile Documents"),
    ],
)
def test_a_folder_in_a_bad_place(folder, windows, said):
    finding = only(check_path(folder, windows))
    assert said in finding.text
    assert not finding.serious


@pytest.mark.parametrize("windows", [True, False])
def test_a_folder_in_a_good_place(windows):
    assert not [
        *check_path(PureWindowsPath("C:/tips") if windows else PurePosixPath("/home/jürgen/" + "x" * 99), windows)
    ]


def test_a_full_disk(tmp_path):
    assert not [*check_disk(tmp_path, wanted=1)]
    assert "MB are free" in only(check_disk(tmp_path, wanted=2**62)).text


def test_a_taken_port():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assert not [*check_port(port)]
        other.listen()
        finding = only(check_port(port))
        assert f"port {port} is taken" in finding.text
        assert not finding.serious


# ---- for instructors


def test_the_sandbox_is_found_as_grading_finds_it():
    said = [finding.text for finding in check_sandbox()]
    assert bool(said) == bool(why_not())
    assert all(str(why_not()) in text or sys.platform != "linux" for text in said)


def test_a_linux_that_forbids_namespaces(tmp_path):
    for name, value in (("kernel/unprivileged_userns_clone", "0\n"), ("user/max_user_namespaces", "31000\n")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(value, encoding="ascii")
    said = remedy(tmp_path)
    assert "kernel.unprivileged_userns_clone is 0" in said
    assert "`sysctl -w kernel.unprivileged_userns_clone=1`" in said
    assert "max_user_namespaces" not in said
