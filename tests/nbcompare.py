"""Re-run every notebook and compare its outputs with the stored ones, within tolerances. A pytest plugin on nbval:

    python -m pytest -p tests.nbcompare --nbval --nbval-current-env -n 2 --dist loadfile notebooks assignments/source

``--dist loadfile`` keeps a notebook's cells in one process, so each notebook has one kernel, in its own folder.

* Text, HTML and alt texts, line by line: the words must be equal, white space aside; integers, versions and digits
  inside a name (``conv1``, ``layers.0.weight``) must be equal too; floats agree when
  ``|a − b| ≤ max(atol, rtol · max(|a|, |b|))``; nan agrees with nan. ``1`` for ``1.0`` is a change of type and fails.
  ``0.0`` and ``-0.0`` agree. Rounding can flip a last digit: print no more and no fewer digits than are stable.
* Images (each frame of a GIF): shape to 2 %, then in grey at 120×80 the root mean square of the difference, from 0 to
  255: at most `image_rms` over the picture and 2 · `image_rms` over any 10×10 tile of it. A tile sees a renamed
  axis; a curve 1 % off or one digit in a small title is not seen, so print or assert the numbers behind a figure.
* Streams by name, with nbval's merging of each name's chunks; a warning on stderr that was not stored fails.
* An exception, a time-out (120 s a cell unless ``--nbval-cell-timeout`` is given) or a dead kernel fails.

A cell states its own tolerances in its metadata; every key is optional, any other key is an error:

    {"tips": {"rtol": 1e-4, "atol": 1e-12, "image_rms": 4.0, "skip": false}}

`skip` compares only which outputs there are, for a cell that measures time. nbval's own tags work: with
``nbval-ignore-output`` nothing is compared, with ``raises-exception`` the exception's name and message are.
"""

import base64
import io
import json
import math
import os
import re
import time
from functools import partial
from itertools import zip_longest
from queue import Empty

import nbval.kernel
import numpy as np
import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell
from PIL import Image, ImageSequence

DEFAULTS = {"rtol": 1e-4, "atol": 1e-12, "image_rms": 4.0, "skip": False}
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ENVIRONMENT = THREADS | {"PYTHONHASHSEED": "0"}
INLINE = "module://matplotlib_inline.backend_inline"
IMAGES = {"image/png", "image/jpeg", "image/gif"}
WIDGET = "application/vnd.jupyter.widget-view+json"  # a random id
REMEDY = "If the change is deliberate, run `make notebooks` and commit; if it is chance, give the cell a tolerance."

NUMBER = re.compile(
    r"""(?<![\w.])(                                 # digits inside a name are text
        \d+(?:\.\d+){2,}                            # a version, compared as text
      | [-+−]?(?: (?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)  # 12 or 1,234
                  (?:\.\d+|\.(?!\s*$|\s+[^\W\d]))?  # 0.5, or 1. but not the full stop of a sentence
                | \.\d+ )(?:[eE][-+]?\d+)?
      | [-+−]?(?i:nan|infinity|inf)(?!\w) )""",
    re.VERBOSE,
)


class KernelDied(Exception):
    """The kernel's process has ended while a cell was running."""


def tolerances(metadata):
    """The tolerances of a cell with this metadata; raises ValueError for a key or value that means nothing."""
    own = metadata.get("tips", {})
    if not isinstance(own, dict):
        raise ValueError(f'the metadata "tips" must be an object, got {own!r}')
    for key, value in own.items():
        if key not in DEFAULTS:
            raise ValueError(f'unknown key "{key}" in the metadata "tips"; it knows {", ".join(DEFAULTS)}')
        fits = isinstance(value, bool) if key == "skip" else type(value) in (int, float) and 0 <= value < math.inf
        if not fits:
            raise ValueError(f'"{key}" in the metadata "tips" cannot be {value!r}')
    return DEFAULTS | own


def number(token):
    """The float that `token` prints, or None where it is an integer or a version, which must be equal as text."""
    if token.count(".") > 1 or not re.search("[.en]", token, re.IGNORECASE):
        return None
    return float(token.replace("−", "-").replace(",", ""))


def text_difference(stored, new, rtol=DEFAULTS["rtol"], atol=DEFAULTS["atol"]):
    """The first line in which two texts disagree, both versions of it and why; None where they agree."""
    for count, (old, now) in enumerate(zip_longest(stored.splitlines(), new.splitlines()), start=1):
        why = "it is not in both" if None in (old, now) else _line_difference(old, now, rtol, atol)
        if why:
            return f"line {count}: {why}\n    stored: {old}\n    now:    {now}"
    return None


def _line_difference(stored, new, rtol, atol):
    left, right = NUMBER.split(stored), NUMBER.split(new)  # words, number, words, ..., number, words
    if [words.split() for words in left[::2]] != [words.split() for words in right[::2]]:
        return "the words differ"
    for old, now in zip(left[1::2], right[1::2], strict=True):
        a, b = number(old), number(now)
        if a is None and b is None:
            if old != now:
                return f"{old} became {now}; integers and versions must be equal"
        elif a is None or b is None:
            return f"{old} became {now}: an integer and a float; print with a fixed format such as :.3f"
        elif not (math.isclose(a, b, rel_tol=rtol, abs_tol=atol) or (math.isnan(a) and math.isnan(b))):
            relative = abs(a - b) / max(abs(a), abs(b))
            return f"{old} became {now}: relative difference {relative:.2g}, allowed rtol {rtol:g} or atol {atol:g}"
    return None


def _frames(content):
    """The shape of a base64 image, and its frames in grey at 120×80, as float64 [frames, 80, 120]."""
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        frames = []
        for frame in ImageSequence.Iterator(image):
            frame = frame.convert("RGBA")
            grey = Image.alpha_composite(Image.new("RGBA", frame.size, "white"), frame).convert("L")
            frames.append(np.asarray(grey.resize((120, 80), Image.Resampling.BOX), dtype=float))
        return image.size, np.stack(frames)


def image_difference(stored, new, image_rms=DEFAULTS["image_rms"]):
    """Why two images (base64) disagree, in words; None where they look the same."""
    (size, old), (new_size, now) = _frames(stored), _frames(new)
    if len(old) != len(now) or not math.isclose(size[0] / size[1], new_size[0] / new_size[1], rel_tol=0.02):
        return f"{len(old)} frame(s) of {size} pixels became {len(now)} of {new_size}"
    square = (old - now) ** 2
    whole = np.sqrt(square.mean(axis=(1, 2))).max()
    tile = np.sqrt(square.reshape(-1, 8, 10, 12, 10).mean(axis=(2, 4))).max()
    if whole <= image_rms and tile <= 2 * image_rms:
        return None
    measured = f"root mean square {whole:.1f} of 255, {tile:.1f} in the worst tile"
    return f"the picture differs: {measured}; allowed image_rms {image_rms:g}, {2 * image_rms:g} in a tile"


def _contents(output):
    """What an output shows: a dict from its kind (a stream's name, a MIME type, ...) to its content."""
    if output["output_type"] == "stream":
        return {f"stream {output['name']}": output["text"]}
    if output["output_type"] == "error":
        return {"exception": f"{output['ename']}: {output['evalue']}"}
    shown = {}
    for kind, content in sorted(output["data"].items()):
        if kind != WIDGET:
            shown[kind] = content if isinstance(content, str) else json.dumps(content, sort_keys=True)
        if kind in IMAGES:
            shown[f"alt text of {kind}"] = output["metadata"].get(kind, {}).get("alt", "")
    return shown


def difference(stored, new, rtol, atol, image_rms, skip):
    """Where two lists of a cell's outputs disagree, in words; None where they agree within the tolerances."""
    pairs = zip_longest(map(_contents, stored), map(_contents, new), fillvalue={})
    for count, (old, now) in enumerate(pairs, start=1):
        if old.keys() != now.keys():
            text = f"output {count} was {', '.join(old) or 'not there'}; now it is {', '.join(now) or 'missing'}"
            changed = [kind for kind in old | now if (kind in old) != (kind in now) and kind not in IMAGES]
            return text + "".join(f"\n    {kind}: {(old | now)[kind][:400].strip()}" for kind in changed)
        for kind in () if skip else old:
            compare, allowed = (image_difference, [image_rms]) if kind in IMAGES else (text_difference, [rtol, atol])
            if why := compare(old[kind], now[kind], *allowed):
                return f"output {count}, {kind}, {why}"
    return None


def place(item):
    """Notebook, cell and the heading above it, for messages."""
    cells = item.parent.nb.cells
    index = next(i for i, cell in enumerate(cells) if cell is item.cell)
    above = "\n".join(cell.source for cell in cells[:index] if cell.cell_type == "markdown")
    heading = re.findall(r"^#{1,6} .*", above, re.MULTILINE)
    where = f"{item.parent.nodeid}, cell {index + 1} of {len(cells)} (In [{item.cell.execution_count}])"
    return f"{where}, under '{heading[-1]}'" if heading else where


# ---- the plug-in: methods of nbval's classes, replaced ----

_await_reply, _runtest, _raise = RunningKernel.await_reply, IPyNbCell.runtest, IPyNbCell.raise_cell_error
_start_new_kernel = nbval.kernel.start_new_kernel


def raise_cell_error(item, message, *args, **kwargs):
    _raise(item, f"{place(item)}: {message}", *args, **kwargs)


def compare_outputs(item, test, ref, skip_compare=None):
    why = difference(ref, test, **tolerances(item.cell.metadata))
    item.comparison_traceback = [f"{why}\n{REMEDY}"]
    return why is None


def runtest(item):
    if getattr(item.parent, "kernel_died", False):
        pytest.skip("an earlier cell killed the kernel")
    try:
        tolerances(item.cell.metadata)
    except ValueError as error:
        item.raise_cell_error(str(error))
    if item.cell.execution_count is None and item.cell.source.strip():
        item.raise_cell_error("it was never run, so there is nothing to compare with; run `make notebooks`")
    try:
        _runtest(item)
    except KernelDied:
        item.parent.kernel_died = True
        item.raise_cell_error("the kernel died while this cell ran; was memory short, or did compiled code crash?")


def execute_cell_input(kernel, cell_input, allow_stdin=None):
    """As in Jupyter, with history: without it a final semicolon does not silence a cell."""
    return kernel.kc.execute(cell_input, allow_stdin=allow_stdin, stop_on_error=False)


def await_reply(kernel, msg_id, timeout):
    """Wait for the end of a cell, in steps of a second, so that a dead kernel is noticed soon."""
    end = time.monotonic() + timeout
    while True:
        try:
            return _await_reply(kernel, msg_id, timeout=min(1, timeout))
        except Empty:
            if not kernel.is_alive():
                raise KernelDied from None
            if time.monotonic() >= end:
                raise


def pytest_configure(config):
    if not (config.option.nbval or config.option.nbval_lax):
        return
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ["MPLBACKEND"] = INLINE  # under any other backend a notebook shows no figures
    if config.option.nbval_cell_timeout == 2000:  # nbval's default: no one asked for it
        config.option.nbval_cell_timeout = 120
    quiet = ["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=ERROR"]
    nbval.kernel.start_new_kernel = partial(_start_new_kernel, extra_arguments=quiet)
    RunningKernel.await_reply, RunningKernel.execute_cell_input = await_reply, execute_cell_input
    for method in (raise_cell_error, compare_outputs, runtest):
        setattr(IPyNbCell, method.__name__, method)
