"""What importing loads, and that everything public is documented."""

import importlib.util
import inspect
import subprocess
import sys

import pytest

from tipslib import scratch

LIGHT = ["tipslib", "tipslib.scratch", "tipslib.data", "tipslib.catalog", "tipslib.checks"]


@pytest.mark.parametrize("module", [name for name in LIGHT if importlib.util.find_spec(name)])
def test_import_loads_neither_torch_nor_matplotlib(module):
    """In a fresh process: whoever wants them, such as the catalog or a check that draws, imports them when used."""
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert {"tipslib"} <= set(run.stdout.split())
    assert not {"torch", "matplotlib", "IPython"} & set(run.stdout.split())
    assert not run.stderr


def test_public_names_of_scratch_exist_and_are_listed_once():
    assert len(set(scratch.__all__)) == len(scratch.__all__)
    assert all(hasattr(scratch, name) for name in scratch.__all__)


@pytest.mark.parametrize("name", scratch.__all__)
def test_public_name_has_a_docstring_of_its_own(name):
    own = getattr(scratch, name)
    assert (own.__doc__ or "").strip(), f"{name} has no docstring"
    assert len(own.__doc__.splitlines()[0].strip()) > 10
    if inspect.isclass(own) and issubclass(own, scratch.Layer) and own is not scratch.Layer:
        assert own.__doc__ != scratch.Layer.__doc__


@pytest.mark.parametrize("name", scratch.__all__)
def test_public_name_is_defined_in_scratch(name):
    """Nothing of NumPy's or the standard library's is passed on."""
    assert getattr(scratch, name).__module__.startswith("tipslib.scratch.")
