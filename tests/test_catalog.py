"""Every name of the catalog stands for something: code in both packages, a notebook's heading, an assignment."""

import inspect
import re
from pathlib import Path

import pytest

from tests.cases import COVERED, NO_CASE
from tipslib import scratch
from tipslib.catalog import CATALOG, Technique, resolve
from tipslib.scratch.losses import Loss
from tipslib.scratch.optim import Optimizer

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks" / "text"
ASSIGNMENTS = ROOT / "assignments" / "source"

each_row = pytest.mark.parametrize("row", CATALOG, ids=lambda row: row.id)

SCRATCH_NAMES = sorted({name for row in CATALOG for name in row.scratch})
ELSEWHERE = [name for name in SCRATCH_NAMES if name.startswith("tipslib.")]  # surfaces are no layers
SCRATCH_NAMES = [name for name in SCRATCH_NAMES if name not in ELSEWHERE]
# The class or function of "Layer.forward" is "Layer".
HEADS = sorted({name.partition(".")[0] for name in SCRATCH_NAMES})

# Public, but not techniques.
INFRASTRUCTURE = {
    "Diverged": "the error of a run that diverged",
    "evaluate": "loss and accuracy for fit",
}

# Rows


def test_ids_are_unique_and_in_the_order_of_the_lectures():
    ids = [row.id for row in CATALOG]
    assert len(set(ids)) == len(ids)
    assert [row.notebook for row in CATALOG] == sorted(row.notebook for row in CATALOG)
    for notebook in {row.notebook for row in CATALOG}:
        numbers = [re.fullmatch(r"([A-Z])(\d+)", row.id).groups() for row in CATALOG if row.notebook == notebook]
        assert numbers == sorted(numbers, key=lambda number: int(number[1]))


@each_row
def test_row_is_complete(row):
    assert row.title.strip()
    assert re.match(r"\d\d_\w+$", row.notebook)
    wanted = all(re.match('[LCKU] "', source) for source in row.source.split("; "))
    assert wanted, f'{row.source}: want a letter and a slide, such as K "Leaky ReLU"; more than one with "; " between'


def test_a_row_does_not_change():
    with pytest.raises(AttributeError):
        CATALOG[0].title = "other"


def test_pytorch_names_are_those_of_scratch_unless_given():
    common = {"id": "Z1", "title": "z", "notebook": "00_z", "source": 'L "z"'}
    assert Technique(scratch=("A", "B"), **common).pytorch == ("A", "B")
    assert Technique(scratch=("A",), pytorch=(), **common).pytorch == ()


# Code


@pytest.mark.parametrize("name", SCRATCH_NAMES)
def test_scratch_name_resolves_and_has_its_source(name):
    """A method is documented by its class."""
    head = name.partition(".")[0]
    assert callable(resolve(name, "tipslib.scratch"))
    assert head in scratch.__all__
    assert "Source:" in inspect.getdoc(resolve(head, "tipslib.scratch"))


@pytest.mark.parametrize("name", sorted({name for row in CATALOG for name in row.pytorch}))
def test_pytorch_name_resolves_and_has_its_source(name):
    """Of our own objects only: what is re-exported has torch's documentation."""
    assert callable(resolve(name, "tipslib.pytorch"))
    own = resolve(name if name.startswith("torch.") else name.partition(".")[0], "tipslib.pytorch")
    if own.__module__.startswith("tipslib."):
        assert "Source:" in inspect.getdoc(own)


@each_row
def test_a_name_without_twin_is_not_a_layer(row):
    """PyTorch lacks none of our layers, losses and optimizers; the catalog leaves out helpers only."""
    for name in row.scratch:
        own = resolve(name, "tipslib.scratch")
        if inspect.isclass(own) and issubclass(own, (scratch.Layer, Loss, Optimizer)):
            assert name in row.pytorch, f"{row.id} names no twin for {name}"


def test_resolve_names_what_is_missing():
    with pytest.raises(AttributeError, match="Nothing"):
        resolve("Nothing", "tipslib.scratch")
    with pytest.raises(AttributeError, match="nothing"):
        resolve("torch.nn.nothing", "tipslib.pytorch")


@pytest.mark.parametrize("name", HEADS)
def test_parity_case_or_a_reason_for_none(name):
    assert (name in COVERED) != (name in NO_CASE), f"{name} wants a case or a reason in tests/parity.py, one of them"


def test_reasons_for_no_case_are_of_catalogued_names_and_name_existing_tests():
    for name, reason in NO_CASE.items():
        assert name in HEADS, f"{name} is not in the catalog"
        for path in re.findall(r"tests/\w+\.py", reason):
            assert (ROOT / path).exists(), path


def test_every_public_technique_is_in_the_catalog():
    public = set(scratch.__all__)
    exempt = INFRASTRUCTURE.keys()
    assert public - set(HEADS) - exempt == set(), "want a row of the catalog"
    assert exempt & set(HEADS) == set(), "stand in the catalog now: take them from the exemptions"
    assert exempt <= public, "are exempted but do not exist"


@pytest.mark.parametrize("name", ELSEWHERE)
def test_other_name_resolves_and_has_its_source(name):
    assert callable(resolve(name, "tipslib.scratch"))
    assert "Source:" in inspect.getdoc(resolve(name, "tipslib.scratch"))


# Notebooks and assignments


def lecture_ids(notebook: str) -> list[str]:
    """The syllabus ids in the second-level headings of a notebook's text."""
    text = (NOTEBOOKS / f"{notebook}.py").read_text(encoding="utf-8")
    return re.findall(r"^# ## ([A-Z]\d+) · \S", text, flags=re.MULTILINE)


WRITTEN = sorted(path.stem for path in NOTEBOOKS.glob("*.py"))


@pytest.mark.parametrize("notebook", sorted({row.notebook for row in CATALOG} & set(WRITTEN)))
def test_notebook_has_one_heading_for_each_technique(notebook):
    wanted = [row.id for row in CATALOG if row.notebook == notebook]
    assert sorted(lecture_ids(notebook)) == sorted(wanted)


@pytest.mark.parametrize("notebook", WRITTEN)
def test_notebook_of_a_lecture_is_in_the_catalog(notebook):
    if lecture_ids(notebook):
        assert notebook in {row.notebook for row in CATALOG}


def test_assignments_are_those_of_the_catalog():
    """Each folder under assignments/source is named in the catalog, and the other way round."""
    written = {path.parent.name for path in ASSIGNMENTS.glob("*/*.ipynb") if path.stem == path.parent.name}
    named = {row.assignment for row in CATALOG if row.assignment}
    assert written == named
