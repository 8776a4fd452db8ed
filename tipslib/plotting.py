"""Figures that look alike in all notebooks: colour-blind safe, readable at notebook width, with alt text."""

import io

import matplotlib as mpl
import matplotlib.pyplot as plt
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
            "axes.prop_cycle": mpl.cycler(color=COLOURS, linestyle=DASHES),
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
    if not alt.strip():
        raise ValueError("show wants an alt text: one sentence that says what the figure shows")
    # Imported here: only notebooks display, and IPython is slow to import.
    from IPython.display import Image, display

    buffer = io.BytesIO()
    # No metadata: the bytes should depend on the picture alone.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(figure)
    display(Image(data=buffer.getvalue(), format="png", alt=alt))
