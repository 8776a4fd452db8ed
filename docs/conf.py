"""Sphinx's settings for the course site; `make site` (tools/build_site.py) lays the pages out and calls it."""

import sys
from pathlib import Path

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Tips for Training Deep Neural Networks"
copyright = "the authors of the course; code and text under the MIT licence"
exclude_patterns = ["kit.md"]  # students.md contains it
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "mathml", "docstrings"]

# Notebooks: their stored outputs; nothing runs, and no widget script is fetched from elsewhere.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_render_markdown_format = "myst"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_dmath_double_inline = True  # $$ inside a paragraph displays a formula, as in Jupyter
myst_heading_anchors = 3

# The API: docstrings are made readable by _ext/docstrings.py.
autodoc_inherit_docstrings = False  # else every layer would repeat what Layer says of forward and backward
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
add_module_names = False
python_maximum_signature_line_length = 90
viewcode_line_numbers = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "Tips for Training Deep Nets"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_js_files = ["site.js"]
html_math_renderer = "mathml"
html_copy_source = False
html_domain_indices = False  # the reference has an index of modules of its own
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"


def _with_alt_text(render_image):
    """myst-nb knows one text for all images of a cell; ours stand in each output's metadata, as Jupyter has them."""

    def render(self: NbElementRenderer, data: MimeData) -> list[nodes.Element]:
        made = render_image(self, data)
        for element in made:
            for image in element.findall(nodes.image):
                image["alt"] = data.output_metadata.get(data.mime_type, {}).get("alt", "")
        return made

    return render


def setup(app: Sphinx) -> None:
    NbElementRenderer.render_image = _with_alt_text(NbElementRenderer.render_image)
