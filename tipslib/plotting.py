"""Figures and tables that look alike in all notebooks: colour-blind safe, readable at notebook width, with alt text."""

import base64
import html
import io
from collections.abc import Callable, Iterable, Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure

# Okabe and Ito's palette: distinguishable with every common form of colour blindness.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
# In the order of use; every line also gets its own dash, so that figures survive black-and-white print.
COLOURS = (BLUE, ORANGE, GREEN, RED, SKY, PURPLE, BLACK)
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))


def use_style() -> None:
    """Set matplotlib's defaults for this course; call it once, at the top of a notebook."""
    mpl.rcParams.update(
        {
            "figure.figsize": (7, 3.6),
            "figure.dpi": 80,
            "figure.constrained_layout.use": True,
            "axes.prop_cycle": cycler(color=COLOURS, linestyle=DASHES),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.3,
            "font.size": 11,
            "legend.frameon": False,
            "lines.linewidth": 2,
        }
    )


def show(figure: Figure, alt: str) -> None:
    """Display ``figure`` in the notebook with a text for those who cannot see it, and close it.

    Args: ``alt`` says in one or two sentences what the figure shows.
    Raises: ValueError for an empty ``alt``.
    """
    # Imported here: only notebooks display, and IPython is slow to import.
    from IPython.display import Image, display

    _require_alt(alt)
    data = _png(figure)
    plt.close(figure)
    display(Image(data=data, format="png", alt=alt))


def show_gif(figure: Figure, draw: Callable[[int], object], frames: Iterable[int], alt: str, fps: float = 10) -> None:
    """Display an animation in the notebook, and close ``figure``. Draw a still beside it, for print.

    Args: ``draw(k)`` changes the figure into frame k, for each k of ``frames``; ``fps`` frames a second; ``alt`` as
    in ``show``. Raises: ValueError for an empty ``alt`` or when there are no frames.
    """
    from IPython.display import display
    from PIL import Image

    _require_alt(alt)
    pictures = []
    for k in frames:
        draw(k)
        pictures.append(Image.open(io.BytesIO(_png(figure))).convert("RGB"))
    plt.close(figure)
    if not pictures:
        raise ValueError("show_gif wants at least one frame, got none")
    # One palette for all frames, else colours change on the way; 64 colours are enough for lines and keep it small.
    strip = Image.new("RGB", (pictures[0].width, pictures[0].height * len(pictures)))
    for row, picture in enumerate(pictures):
        strip.paste(picture, (0, row * picture.height))
    palette = strip.quantize(64, method=Image.Quantize.FASTOCTREE)
    pictures = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    buffer = io.BytesIO()
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=round(1000 / fps), loop=0)
    # The text stands in its place where a page cannot move: on paper, and in nbconvert's HTML, which knows no GIF.
    bundle = {"image/gif": base64.b64encode(buffer.getvalue()).decode(), "text/plain": f"(An animation. {alt})"}
    display(bundle, metadata={"image/gif": {"alt": alt}}, raw=True)


def explore(draw: Callable[..., tuple[Figure, str]], **choices: Sequence[object]) -> None:
    """Show a figure with one slider for each keyword; moving a slider draws it again.

    Where no widgets can be shown (a stored notebook, a printed page) one line of text stands in their place.

    Args: ``draw(**values)`` returns the figure and its alt text; ``choices`` are the values of each slider, which
    starts in the middle: ``explore(draw, lr=(0.01, 0.1, 1.0))``.
    """
    from IPython.display import display

    try:
        import ipywidgets
    except ImportError:
        print("The sliders need the package ipywidgets: pip install ipywidgets")
        return
    sliders = {
        name: ipywidgets.SelectionSlider(
            options=values, value=values[len(values) // 2], description=name, continuous_update=False
        )
        for name, values in choices.items()
    }
    picture = ipywidgets.HTML()

    def update(_change: object = None) -> None:
        figure, alt = draw(**{name: slider.value for name, slider in sliders.items()})
        _require_alt(alt)
        png = base64.b64encode(_png(figure)).decode()
        plt.close(figure)
        picture.value = f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{png}">'

    for slider in sliders.values():
        slider.observe(update, names="value")
    update()
    box = ipywidgets.VBox([*sliders.values(), picture])
    text = f"Run this cell in JupyterLab to move the sliders: {', '.join(choices)}."
    display(box._repr_mimebundle_() | {"text/plain": text}, raw=True)


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> None:
    """Display rows of cells as a table; a cell may hold Markdown and formulas."""
    from IPython.display import Markdown, display

    lines = [header, ["---"] * len(header), *rows]
    display(Markdown("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)))


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Mean ± standard deviation, as text: of an experiment's results over its seeds."""
    # + 0.0 makes -0.00 a plain zero.
    return f"{round(float(np.mean(values)), digits) + 0.0:.{digits}f} ± {np.std(values):.{digits}f}"


def _require_alt(alt: str) -> None:
    if not alt.strip():
        raise ValueError("a figure wants an alt text: one sentence that says what the figure shows")


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    # No metadata: the bytes should depend on the picture alone.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
