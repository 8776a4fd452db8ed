"""The notebook comparison must catch what a reader would call a change, and nothing else.

Slow part: notebooks built in a temporary folder, then run by a real pytest with nbval. A case is a cell's source when
the outputs were stored, and its source now; the comparison sees the difference as a regression of the code would look.
"""

import base64
import io
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests import nbcompare
from tests.nbcompare import image_difference, text_difference, tolerances
from tools import build_notebooks

ROOT = Path(__file__).resolve().parents[1]

# ---- text ----

AGREE = [
    ("loss 0.512340", "loss 0.512350"),
    ("[ 0.5 -1.  2. ]", "[0.500001 -1. 2.]"),
    ("-0.0", "0.0"),
    ("drift -0.0000", "drift 0.0000"),
    ("nan inf -inf", "nan inf -inf"),
    ("−0.5", "-0.5"),
    ("1e-300", "2e-300"),
    ("1,234.56", "1,234.57"),
    ("91.200%", "91.201%"),
    ("1.5e+10 units", "1.50001E10   units"),
    ("<td>0.3333333</td>", "<td>0.3333334</td>"),
    ("a  b\n", "a b"),
]
DIFFER = [
    ("loss 0.5123", "loss 0.5174"),
    ("epoch 3", "epoch 4"),
    ("x=1", "x=1.0"),
    ("1,000", "1,001"),
    ("1,000.5", "2,000.5"),
    ("3.11.7", "3.11.8"),
    ("10001.2.3", "10002.2.3"),
    ("2024-01-31", "2024-02-01"),
    ("12:30:59", "12:31:59"),
    ("90%", "91%"),
    ("91.2%", "91.9%"),
    ("0.5", "-0.5"),
    ("lr 1e-5", "lr 1e-6"),
    ("nan", "0.5"),
    ("inf", "-inf"),
    ("inf", "1e308"),
    ("conv1 0.5", "conv2 0.5"),
    ("layers.0.weight", "layers.1.weight"),
    ("block.100000.weight", "block.100001.weight"),
    ("blob2.50000", "blob2.50001"),
    ("We saw 60000.", "We saw 60001."),
    ("<object at 0x7f10>", "<object at 0x7f20>"),
    ("loss 0.5", "cost 0.5"),
    ("0.5 0.5", "0.5"),
    ("a\nb", "a"),
]


@pytest.mark.parametrize(("stored", "new"), AGREE)
def test_agree(stored, new):
    assert text_difference(stored, new) is None
    assert text_difference(new, stored) is None


@pytest.mark.parametrize(("stored", "new"), DIFFER)
def test_differ(stored, new):
    assert stored.splitlines()[-1] in text_difference(stored, new)
    assert text_difference(new, stored) is not None


def test_message_shows_line_values_and_tolerance():
    message = text_difference("one\nloss 2.00", "one\nloss 2.50", rtol=1e-3, atol=1e-6)
    assert "line 2" in message
    assert "stored: loss 2.00" in message
    assert "now:    loss 2.50" in message
    assert "relative difference 0.2, allowed rtol 0.001 or atol 1e-06" in message


def test_atol_zero_compares_the_smallest_numbers():
    assert text_difference("1e-300", "2e-300", atol=0.0) is not None


texts = st.text(st.sampled_from("0123456789.,-+−eE nainfx:%\n"), max_size=20) | st.text(max_size=20)


@given(texts)
def test_reflexive(text):
    assert text_difference(text, text) is None


@given(texts, texts)
def test_symmetric(one, other):
    assert (text_difference(one, other) is None) == (text_difference(other, one) is None)


@given(
    st.floats(1e-250, 1e250) | st.floats(-1e250, -1e-250),
    st.floats(1e-9, 0.1),
    st.floats(0, 0.9),
    st.sampled_from("+-"),
)
def test_relative_change_within_and_beyond_the_tolerance(value, rtol, part, sign):
    sign = float(sign + "1")
    within, beyond = value * (1 + sign * part * rtol), value * (1 + sign * (1.2 + part) * rtol)
    assert text_difference(f"x {value!r}.", f"x {within!r}.", rtol=rtol, atol=0.0) is None
    assert text_difference(f"x {value!r}.", f"x {beyond!r}.", rtol=rtol, atol=0.0) is not None


@given(st.floats(-1, 1), st.floats(0, 0.9))
def test_absolute_change_within_and_beyond_the_tolerance(value, part):
    stored = f"{value:.17f}"
    assert text_difference(stored, f"{value + part * 1e-3:.17f}", rtol=0.0, atol=1e-3) is None
    assert text_difference(stored, f"{value + (1.1 + part) * 1e-3:.17f}", rtol=0.0, atol=1e-3) is not None


@given(st.integers(), st.integers())
def test_integers_are_exact(one, other):
    assert (text_difference(f"n {one}", f"n {other}", rtol=0.5, atol=10.0) is None) == (one == other)


# ---- images and metadata ----


def picture(pixels, kind="PNG", frames=1):
    images = [Image.fromarray(np.asarray(pixels, dtype=np.uint8) + np.uint8(i)) for i in range(frames)]
    buffer = io.BytesIO()
    images[0].save(buffer, kind, **({"save_all": True, "append_images": images[1:]} if frames > 1 else {}))
    return base64.b64encode(buffer.getvalue()).decode()


@given(st.integers(0, 2**32 - 1), st.floats(0, 12))
def test_image_symmetric_and_monotone_in_the_tolerance(seed, limit):
    rng = np.random.default_rng(seed)
    one = rng.integers(0, 256, (80, 120))
    other = np.clip(one + rng.integers(-10, 11, one.shape), 0, 255)
    one, other = picture(one), picture(other)
    assert image_difference(one, one, 0.0) is None
    verdict = image_difference(one, other, limit)
    assert (verdict is None) == (image_difference(other, one, limit) is None)
    assert verdict is not None or image_difference(one, other, limit + 1) is None


def test_image_shape_tile_and_frames():
    white = np.full((160, 240), 250)
    spot = white.copy()
    spot[:20, :20] -= 9  # one tile of the 96, so the whole differs by 9/√96 = 0.9
    assert image_difference(picture(white), picture(white - 4)) is None
    assert "root mean square 5.0" in image_difference(picture(white), picture(white - 5))
    assert "root mean square 0.9 of 255, 9.0 in the worst tile" in image_difference(picture(white), picture(spot))
    assert image_difference(picture(white), picture(white[:158])) is None
    assert "pixels" in image_difference(picture(white), picture(white[:150]))
    gif = picture(white - 9, "GIF", frames=3)
    assert image_difference(gif, gif) is None
    assert "3 frame(s)" in image_difference(gif, picture(white - 9, "GIF", frames=2))


def test_tolerances_of_a_cell():
    assert tolerances({}) == nbcompare.DEFAULTS
    assert tolerances({"tips": {"rtol": 1, "skip": True}}) == nbcompare.DEFAULTS | {"rtol": 1, "skip": True}


@pytest.mark.parametrize(
    "own", [{"rtoll": 1}, {"rtol": -1}, {"rtol": "1"}, {"atol": True}, {"atol": float("nan")}, {"skip": 1}, [1]]
)
def test_tolerances_that_mean_nothing(own):
    with pytest.raises(ValueError, match=re.escape(f'"{next(iter(own))}"' if isinstance(own, dict) else "[1]")):
        tolerances({"tips": own})


def test_kernels_have_the_environment_in_which_the_notebooks_were_built():
    assert nbcompare.ENVIRONMENT | {"MPLBACKEND": nbcompare.INLINE} == build_notebooks.ENVIRONMENT


# ---- in a real pytest with nbval ----

SETUP = """
import os, time, warnings
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, display

def curve(rate=1.0, xlabel="epoch", top=1.05, alt="a curve that falls"):
    x = np.linspace(0, 4, 200)
    fig, ax = plt.subplots()
    ax.plot(x, np.exp(-rate * x), label="loss")
    ax.set(xlabel=xlabel, ylabel="loss", title="Loss of one run", ylim=(-0.05, top))
    ax.legend()
    display(fig, metadata={"image/png": {"alt": alt}})
    plt.close(fig)
"""


class Case(NamedTuple):
    """A cell: its source when it was stored, its source now, what the failure must say (None: it passes)."""

    stored: str
    now: str
    message: str | None
    metadata: str = ""


CASES = {
    "set-up": Case(SETUP, SETUP, None),
    "number, 1 %": Case("print('loss', 0.51234)", "print('loss', 0.51746)", "relative difference 0.0099, allowed"),
    "integer": Case("print('steps', 41)", "print('steps', 42)", "41 became 42"),
    "type": Case("1.0", "1", "an integer and a float"),
    "table": Case("HTML('<td>0.50</td>')", "HTML('<td>0.51</td>')", "text/html, line 1"),
    "figure": Case("curve()", "curve(rate=0.5)", "image/png, the picture differs"),
    "axis label": Case("curve()", "curve(xlabel='iteration')", "in the worst tile"),
    "axis limits": Case("curve()", "curve(top=1.15)", "image/png, the picture differs"),
    "curve 1 % off, which no picture shows": Case("curve()", "curve(rate=1.01)", None),
    "alt text": Case("curve()", "curve(alt='a curve that rises')", "alt text of image/png"),
    "figure size": Case("plt.figure();", "plt.figure(figsize=(4, 4));", "<Figure size"),
    "warning": Case("print(1)", "print(1); warnings.warn('late')", "UserWarning: late"),
    "exception": Case("print(1)", "print(1); 1 / 0", "division by zero"),
    "missing output": Case("print(1)", "pass", "output 1 was stream stdout; now it is missing"),
    "missing figure": Case("print(1); curve()", "print(1)", "now it is missing"),
    "extra output": Case("pass", "print('new')", "stream stdout: new"),
    "other exception": Case("int('x')", "int('y')", "exception, line 1", 'tags=["raises-exception"]'),
    "no exception": Case("int('x')", "int('1')", "output 1 was exception", 'tags=["raises-exception"]'),
    "rtol wide enough": Case("print(0.50)", "print(0.51)", None, 'tips={"rtol": 0.05}'),
    "rtol too narrow": Case("print(0.50000)", "print(0.50001)", "allowed rtol 1e-06", 'tips={"rtol": 1e-6}'),
    "atol wide enough": Case("print(1e-7)", "print(3e-7)", None, 'tips={"atol": 1e-6}'),
    "atol too narrow": Case("print(1e-14)", "print(3e-14)", "atol 0", 'tips={"atol": 0}'),
    "image_rms wide enough": Case("curve()", "curve(top=1.15)", None, 'tips={"image_rms": 40}'),
    "image_rms too narrow": Case("curve()", "curve(rate=1.01)", "image_rms 0.1", 'tips={"image_rms": 0.1}'),
    "skip": Case("print(time.time())", "print(time.time())", None, 'tips={"skip": true}'),
    "skip sees a warning": Case("print(1)", "print(2); warnings.warn('!')", "stderr", 'tips={"skip": true}'),
    "ignored": Case("print(1)", "print(2)", None, 'tags=["nbval-ignore-output"]'),
    "unknown key": Case("print(1)", "print(1)", 'unknown key "rtoll"', 'tips={"rtoll": 0.1}'),
    "never run": Case("print(1)", "print(1)", "it was never run"),
}
GOOD = [
    SETUP,
    "print(f'loss {np.exp(-1):.4f} after {3} steps')",
    "import torch\ntorch.manual_seed(0)\nx = torch.randn(256, 64)\nw = torch.randn(64, 10)",
    "(x @ w).softmax(1).log().mean(0), torch.tanh(x @ w).std(), torch.nn.functional.gelu(x).sum()",
    "model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.SiLU(), torch.nn.Linear(32, 1))\n"
    "optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)\nlosses = []\n"
    "for step in range(30):\n    loss = (model(x) - torch.sin(x[:, :1])).square().mean()\n"
    "    optimizer.zero_grad(), loss.backward(), optimizer.step(), losses.append(loss.item())\n"
    "print(*(f'{loss:.6f}' for loss in losses))",
    "plt.plot(losses);  # the semicolon hides the list of lines",
    "curve()",
    "HTML(f'<table><tr><td>{losses[-1]:.7f}</td></tr></table>')",
    "sorted({'a', 'b'}), os.environ['OMP_NUM_THREADS'], hash('a')",
]


def write(folder, name, cells):
    """Write the text of a notebook; a cell is (heading, source, metadata)."""
    parts = [f"# %% [markdown]\n# ## {heading}\n\n# %% {metadata}\n{source}" for heading, source, metadata in cells]
    text = folder / "notebooks" / "text" / f"{name}.py"
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def run(folder, *arguments, **environment):
    """Run pytest as the course does; returns {(notebook, number of the code cell): (outcome, message)}."""
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-p", "tests.nbcompare", "--nbval", "--nbval-current-env", "-q"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(folder), f"--junitxml={report}", *map(str, arguments)]
    base = {k: v for k, v in os.environ.items() if k not in build_notebooks.ENVIRONMENT and "PYTEST" not in k}
    done = subprocess.run(command, cwd=ROOT, env=base | environment, capture_output=True, text=True, timeout=120)
    assert report.exists(), done.stdout + done.stderr
    results = {}
    for case in ElementTree.parse(report).iter("testcase"):
        where = re.search(r"(\w+)(?:\.|::)ipynb", case.get("classname")).group(1), int(case.get("name").split()[1])
        bad = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
        results[where] = ("passed", "") if bad is None else (bad.tag, f"{bad.get('message')} {bad.text}")
    return results


def test_each_change_is_caught_and_named_and_nothing_else(tmp_path):
    write(tmp_path, "cases", [(heading, case.stored, case.metadata) for heading, case in CASES.items()])
    write(tmp_path, "dead", [("fine", "x = 1", ""), ("deadly", "x += 1", ""), ("after", "x", "")])
    assert build_notebooks.main([], tmp_path) == 0
    dead, cases = (tmp_path / "notebooks" / f"{name}.ipynb" for name in ("dead", "cases"))
    dead.write_text(dead.read_text("utf-8").replace("x += 1", "import os; os._exit(1)"), "utf-8")
    nb = nbformat.read(cases, as_version=4)
    for cell, case in zip(nb.cells[1::2], CASES.values(), strict=True):
        cell.source = case.now.strip()
    nb.cells[-1].execution_count, nb.cells[-1].outputs = None, []  # "never run"
    nbformat.write(nb, cases)
    results = run(tmp_path, "-n", "2", "--dist", "loadfile", tmp_path / "notebooks")

    wrong = []
    for number, (heading, case) in enumerate(CASES.items()):
        outcome, message = results.pop(("cases", number))
        place = f"notebooks/cases.ipynb, cell {2 * number + 2} of {2 * len(CASES)} (In ["
        said = [] if case.message is None else [place, f"under '## {heading}'", case.message]
        if outcome != ("passed" if case.message is None else "failure") or any(text not in message for text in said):
            wrong.append(f"{heading}: {outcome}, should say {said}\n{message}")
        if heading == "integer" and "run `make notebooks`" not in message:
            wrong.append(f"no remedy: {message}")
    assert not wrong, "\n\n".join(wrong)

    assert results.pop(("dead", 0)) == ("passed", "")
    outcome, message = results.pop(("dead", 1))
    assert outcome == "failure"
    assert "notebooks/dead.ipynb, cell 4 of 6 (In [2]), under '## deadly': the kernel died" in message
    assert results.pop(("dead", 2))[0] == "skipped"
    assert results == {}


def test_unchanged_notebook_passes_also_on_another_machine(tmp_path):
    """torch without vector instructions rounds differently: the nearest thing to another machine."""
    write(tmp_path, "good", [(f"part {i}", source, "") for i, source in enumerate(GOOD)])
    assert build_notebooks.main([], tmp_path) == 0
    passed = {("good", number): ("passed", "") for number in range(len(GOOD))}
    assert run(tmp_path, tmp_path / "notebooks" / "good.ipynb") == passed
    assert run(tmp_path, tmp_path / "notebooks" / "good.ipynb", ATEN_CPU_CAPABILITY="default") == passed
