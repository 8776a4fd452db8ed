"""The figures' style and ``show``: every figure has a text for those who cannot see it."""

import base64
import io
import itertools
from unittest.mock import patch

import ipywidgets
import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from tipslib import plotting

mpl.use("Agg")


@pytest.fixture(autouse=True)
def settings():
    """Restore matplotlib's settings and close all figures."""
    with mpl.rc_context():
        yield
    plt.close("all")


def shown(alt: str):
    """What ``show`` hands to the notebook for a small figure; the figure, too."""
    figure, axes = plt.subplots()
    axes.plot([0, 1], [1, 0])
    with patch("IPython.display.display") as display:
        plotting.show(figure, alt)
    (image,) = display.call_args.args
    return image, figure


def test_show_displays_a_png_with_its_alt_text():
    image, _ = shown("a falling line")
    assert image.data.startswith(b"\x89PNG")
    bundle, metadata = image._repr_mimebundle_()
    assert bundle["image/png"]
    assert metadata["image/png"]["alt"] == metadata.get("alt", "a falling line") == "a falling line"


def test_show_closes_the_figure_so_that_it_is_not_displayed_twice():
    _, figure = shown("a falling line")
    assert not plt.fignum_exists(figure.number)


def test_the_same_figure_gives_the_same_bytes():
    assert shown("one")[0].data == shown("other")[0].data


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_show_wants_an_alt_text_and_keeps_the_figure_without_one(alt):
    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="wants an alt text"):
        plotting.show(figure, alt)
    assert plt.fignum_exists(figure.number)


def test_lines_differ_in_colour_and_in_dash():
    plotting.use_style()
    _, axes = plt.subplots()
    lines = [axes.plot([0, 1])[0] for _ in plotting.COLOURS]
    assert len({line.get_color() for line in lines}) == len(plotting.COLOURS)
    assert len({str(line._dash_pattern) for line in lines}) == len(plotting.DASHES) == len(plotting.COLOURS)


def luminance(colour: str) -> float:
    """Relative luminance as in WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_in_use_stand_out_from_white():
    """Yellow does not, so it is not among the colours of lines."""
    contrast = {colour: 1.05 / (luminance(colour) + 0.05) for colour in plotting.COLOURS}
    assert min(contrast.values()) > 2
    assert plotting.YELLOW not in plotting.COLOURS


# Machado, Oliveira and Fernandes 2009, complete deficiency, for linear RGB
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))


def test_colours_differ_without_the_green_cones():
    def seen(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        return [sum(m * c for m, c in zip(row, linear, strict=True)) for row in DEUTERANOPIA]

    for one, other in itertools.combinations(plotting.COLOURS, 2):
        assert max(abs(a - b) for a, b in zip(seen(one), seen(other), strict=True)) > 0.05, (one, other)


def test_a_gif_has_its_frames_and_its_alt_text():
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1], [0, 0])
    with patch("IPython.display.display") as display:
        plotting.show_gif(figure, lambda k: line.set_ydata([0, k]), range(3), "a line that rises", fps=4)
    (bundle,) = display.call_args.args
    gif = Image.open(io.BytesIO(base64.b64decode(bundle["image/gif"])))
    assert (gif.n_frames, gif.info["duration"], gif.info["loop"]) == (3, 250, 0)
    assert bundle["text/plain"] == "(An animation. a line that rises)"
    assert display.call_args.kwargs == {"metadata": {"image/gif": {"alt": "a line that rises"}}, "raw": True}
    assert not plt.fignum_exists(figure.number)


def test_a_gif_wants_frames_and_an_alt_text():
    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="at least one frame"):
        plotting.show_gif(figure, lambda k: None, [], "nothing")
    with pytest.raises(ValueError, match="wants an alt text"):
        plotting.show_gif(figure, lambda k: None, [1], "")


def explored(**choices):
    """What ``explore`` displays, its widgets, and the list of values it has drawn."""
    drawn = []

    def draw(**values):
        drawn.append(values)
        figure, axes = plt.subplots()
        axes.set_title(str(values))
        return figure, f"<{values}>"

    with patch("IPython.display.display") as display, patch("ipywidgets.VBox", wraps=ipywidgets.VBox) as box:
        plotting.explore(draw, **choices)
    assert display.call_args.kwargs == {"raw": True}
    return display.call_args.args[0], box.call_args.args[0], drawn


def test_a_slider_draws_again_and_leaves_no_figure_open():
    bundle, (slider, picture), drawn = explored(lr=(0.1, 1, 10))
    assert bundle["text/plain"] == "Run this cell in JupyterLab to move the sliders: lr."
    assert "application/vnd.jupyter.widget-view+json" in bundle
    before = picture.value
    slider.value = 10
    assert drawn == [{"lr": 1}, {"lr": 10}]
    assert picture.value != before
    assert 'alt="&lt;{&#x27;lr&#x27;: 10}&gt;"' in picture.value
    assert plt.get_fignums() == []


def test_without_widgets_one_line_says_what_is_missing(capsys):
    with patch.dict("sys.modules", {"ipywidgets": None}):
        plotting.explore(lambda lr: pytest.fail("nothing to draw for"), lr=(1, 2))
    assert "pip install ipywidgets" in capsys.readouterr().out


def test_table_is_markdown():
    with patch("IPython.display.display") as display:
        plotting.table(("a", "b"), [(1, "$x$")])
    assert display.call_args.args[0].data == "| a | b |\n| --- | --- |\n| 1 | $x$ |"


def test_spread():
    assert plotting.spread([1, 2, 3]) == "2.00 ± 0.82"
    assert plotting.spread([-0.001, 0.0], digits=1) == "0.0 ± 0.0"
