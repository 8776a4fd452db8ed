"""pyproject.toml, constraints.txt and environment.yml say the same; the README's commands exist."""

import itertools
import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# conda-forge's names where they differ from PyPI's
CONDA = {"torch": "pytorch-cpu", "playwright": "playwright-python"}
PYPI_ONLY = {"math-core"}  # pip takes it, also in a conda environment


def requirements() -> dict[str, Requirement]:
    """Every package that pyproject.toml names, in any extra."""
    lines = [*PROJECT["dependencies"], *itertools.chain(*PROJECT["optional-dependencies"].values())]
    return {r.name: r for r in map(Requirement, lines) if r.name != PROJECT["name"]}


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert len({canonicalize_name(name) for name, _ in pairs}) == len(pairs), "a package is pinned twice"
    return {canonicalize_name(name): pin for name, pin in pairs}


def test_pyproject_gives_lower_bounds_only():
    for requirement in requirements().values():
        assert re.fullmatch(r">=[\d.]+", str(requirement.specifier)), requirement


def test_constraints_pin_every_package_within_its_bounds():
    for name, requirement in requirements().items():
        assert requirement.specifier.contains(pins()[canonicalize_name(name)]), name


def test_torch_is_pinned():
    assert pins()["torch"] == "2.13.0"


def test_conda_and_pip_ask_for_the_same():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = {
        r.name: str(r.specifier)
        for r in map(Requirement, filter(lambda d: isinstance(d, str), environment["dependencies"]))
    }
    # environment.yml has no markers: what only one system needs is left to its user (README)
    everywhere = {name: r for name, r in requirements().items() if r.marker is None}
    wanted = {CONDA.get(name, name): str(r.specifier) for name, r in everywhere.items() if name not in PYPI_ONLY}
    assert conda == wanted | {"python": PROJECT["requires-python"], "pip": ""}
    assert {"pip": [*(str(everywhere[name]) for name in sorted(PYPI_ONLY)), "-e ."]} in environment["dependencies"]
    assert environment["channels"] == ["conda-forge"]


def test_students_do_not_install_what_only_tests_need():
    base = {Requirement(line).name for line in PROJECT["dependencies"]}
    for extra in ("test", "instructor"):
        assert base.isdisjoint(Requirement(line).name for line in PROJECT["optional-dependencies"][extra])


@pytest.mark.skipif(not (ROOT / ".venv" / "installed").exists(), reason="not installed with the constraints")
def test_what_is_installed_is_what_is_pinned():
    later = {
        Requirement(line).name for extra in ("browser", "site") for line in PROJECT["optional-dependencies"][extra]
    }
    for name, pin in pins().items():
        if name in map(canonicalize_name, requirements()):
            try:
                installed = version(name)
            except PackageNotFoundError:
                assert name in later, f"{name} is not installed"  # `make browser` and `make site` install theirs
            else:
                assert installed.split("+")[0] == pin, name


def test_readme_names_only_targets_and_commands_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^    )make ([a-z][\w-]*)", readme, re.MULTILINE))
    assert {"demo", "test"} <= named <= targets
    from tipslib.cli import build_parser

    assert set(re.findall(r"\btips ([a-z]+)\b", readme)) <= set(build_parser()[1])
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", readme):
        assert (ROOT / link).exists(), f"README links to {link}"
