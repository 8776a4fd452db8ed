"""Untrusted text as HTML: what a student has written or printed, made fit to be shown in anybody's browser.

Nothing that comes out of here has a script, a style, a form, a frame or an address that a browser would load.
Formulas become MathML, which browsers draw without a script.
"""

import base64
import re
import secrets
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from html import escape, unescape
from pathlib import Path
from xml.etree import ElementTree

from bleach.html5lib_shim import Filter
from bleach.sanitizer import Cleaner
from markupsafe import Markup
from mistune import HTMLRenderer
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from tipslib.grading.course import TipsError

try:
    from math_core import LatexError, LatexToMathML
except ModuleNotFoundError as error:
    remedy = "pip install -c constraints.txt -e '.[instructor]'"
    raise TipsError(f"feedback pages need {error.name}, which is not installed: {remedy}") from error

TEXT = 10_000  # characters shown of one output, answer or cell
OUTPUTS = 40  # outputs shown of one cell
FORMULA = 400  # commands, groups and indices in a formula: nested deeper, they would overflow the converter's stack
PICTURE = 1_500_000  # bytes of a picture
PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}

# Colours, cursor movements, window titles and links of a terminal.
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
OVERWRITTEN = re.compile(r"^.*\r(?!$)", re.MULTILINE)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# bleach shows the source text of every other tag.
TAGS = _names(
    "a abbr b blockquote br code dd del details div dl dt em h3 h4 h5 h6 hr i img kbd li mark ol p pre q s small span "
    "strong sub summary sup table tbody td th thead tr u ul"
)
MATH_TAGS = _names(
    "math menclose mfrac mi mn mo mover mpadded mroot mrow mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr "
    "munder munderover"
)
MATH_ATTRIBUTES = _names(
    "accent accentunder columnalign display displaystyle fence form linethickness lspace mathvariant maxsize minsize "
    "notation rspace scriptlevel separator stretchy symmetric width"
)


def shortened(text: str) -> str:
    """At most ``TEXT`` characters of ``text``, and a word where it was cut."""
    return text if len(text) <= TEXT else f"{text[:TEXT]}\n… (shortened: this is the start of {len(text):,} characters)"


def plain(text: str) -> str:
    """Printed text without a terminal's control codes, and not too long."""
    return shortened(OVERWRITTEN.sub("", ANSI.sub("", text[: 20 * TEXT])) + text[20 * TEXT :])


@lru_cache(2000)
def code(source: str, language: str) -> Markup:
    """Source code in colours, which are classes of the page's own style."""
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    return Markup(highlight(shortened(source), lexer, HtmlFormatter(nowrap=True)))


def markdown(source: str, attachments: dict | None = None, folder: Path | None = None) -> Markup:
    """Markdown, with formulas and harmless HTML; headings begin at h3.

    Pictures are shown if they are a cell's ``attachments`` or files inside ``folder``; an address is never loaded.
    """
    if "![" in source or "<img" in source.lower():
        return _markdown(source, partial(_picture_of, attachments or {}, folder))
    return _markdown(source, None)


@lru_cache(2000)
def _markdown(source: str, find: Callable[[str], str | None] | None) -> Markup:
    renderer = _Renderer()
    try:
        html = str(MarkdownWithMath(renderer=renderer)(shortened(source)))
    except RecursionError:
        html = f"<pre>{escape(shortened(source))}</pre>"
    cleaner = Cleaner(
        tags=TAGS,
        attributes=renderer.allows,
        protocols={"http", "https", "mailto", "attachment"},
        filters=[partial(_Pictures, find=find)],
    )
    # A quotation mark is never bare inside an attribute that was cleaned, so this is found nowhere but in text.
    mark = re.compile(f'<span class="{renderer.nonce}-(\\d+)"></span>')
    return Markup(mark.sub(lambda found: renderer.formulas[int(found[1])], cleaner.clean(html)))


class _Renderer(HTMLRenderer):
    """mistune's, with a mark in the place of every formula: it is put in when everything around it is clean."""

    def __init__(self) -> None:
        super().__init__(escape=False, allow_harmful_protocols=["attachment:"])
        self.nonce = f"math-{secrets.token_hex(8)}"
        self.formulas: list[str] = []

    def allows(self, tag: str, attribute: str, value: str) -> bool:
        if attribute == "class":
            return tag == "span" and value.startswith(self.nonce)
        if attribute == "href":
            return value.startswith(("http://", "https://", "mailto:"))  # anything else leads nowhere from this page
        if (tag, attribute) == ("ol", "start"):
            return value.isdecimal()
        return (tag, attribute) in {("img", "src"), ("img", "alt"), ("td", "colspan"), ("td", "rowspan")}

    def heading(self, text: str, level: int, **attributes: object) -> str:
        return super().heading(text, min(level + 2, 6))

    def inline_math(self, body: str) -> str:
        return self._formula(body, False, f"${body}$")

    def block_math(self, body: str) -> str:
        return self._formula(body, True, f"$${body}$$")

    def latex_environment(self, name: str, body: str) -> str:
        source = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return self._formula(source, True, source)

    def _formula(self, latex: str, display: bool, source: str) -> str:
        self.formulas.append(mathml(latex, display) or f"<code>{escape(source)}</code>")
        return f'<span class="{self.nonce}-{len(self.formulas) - 1}"></span>'


@lru_cache(5000)
def mathml(latex: str, display: bool) -> str | None:
    """A formula as MathML; None if it is no formula, or asks for more than MathML's harmless part."""
    if len(re.findall(r"[\\{^_]", latex)) > FORMULA:
        return None
    try:
        made = LatexToMathML().convert_with_local_state(latex, displaystyle=display)
        # XML has no names for signs.
        root = ElementTree.fromstring(re.sub(r"&\w+;", lambda found: escape(unescape(found[0])), made))
        for element in root.iter():
            if element.tag not in MATH_TAGS:
                return None
            # The page allows no style; of the converter's own, the columns of equations are needed.
            side = re.match("text-align: (left|right)", element.attrib.pop("style", ""))
            for attribute in set(element.keys()) - MATH_ATTRIBUTES:
                del element.attrib[attribute]
            if side:
                element.set("class", side[1])
        return ElementTree.tostring(root, encoding="unicode")
    except (LatexError, ElementTree.ParseError, RecursionError):
        return None


class _Pictures(Filter):
    """Puts pictures into the page itself, and in the place of one that is not to be had its description."""

    def __init__(self, source: object, find: Callable[[str], str | None] | None) -> None:
        super().__init__(source)
        self.find = find

    def __iter__(self) -> Iterator[dict]:
        for token in super().__iter__():
            if token.get("name") == "img":
                src, alt = (token["data"].get((None, name), "") for name in ("src", "alt"))
                if self.find and (found := self.find(src)):
                    token["data"][None, "src"] = found
                else:
                    token = {"type": "Characters", "data": f"[a picture that is not shown here: {alt or src}]"}
            yield token


def _picture_of(attachments: dict, folder: Path | None, address: str) -> str | None:
    """The picture at an address in Markdown, as a data: address; None if it is none of this notebook's."""
    if address.startswith("attachment:"):
        bundle = attachments.get(address.removeprefix("attachment:"))
        return next(filter(None, map(picture, bundle, bundle.values())), None) if isinstance(bundle, dict) else None
    try:
        path = folder and (folder / address).resolve()
        if (
            folder
            and path
            and path.is_relative_to(folder.resolve())
            and path.is_file()
            and path.stat().st_size <= PICTURE
        ):
            content = base64.b64encode(path.read_bytes()).decode()
            return next(filter(None, (picture(mime, content) for mime in PICTURES)), None)
    except (OSError, ValueError):  # no address of a file: too long, or a NUL in it
        pass
    return None


def picture(mime: str, content: object) -> str | None:
    """Base64 text as a data: address; None if it is no picture of this kind, or too large."""
    if mime not in PICTURES or not isinstance(content, str) or len(content) > PICTURE * 4 / 3 + 100:
        return None
    try:
        raw = base64.b64decode("".join(content.split()), validate=True)
    except ValueError:
        return None
    return f"data:{mime};base64,{base64.b64encode(raw).decode()}" if raw.startswith(PICTURES[mime]) else None


def outputs(cell: NotebookNode) -> list[dict]:
    """A code cell's outputs, each ``{"text"}``, ``{"html"}``, ``{"src", "alt"}`` or ``{"note"}``."""
    shown: list[dict] = []
    given = cell.get("outputs", [])
    streams = ""
    for output in given[:OUTPUTS]:
        if output.output_type == "stream":
            streams += output.text
            continue
        if streams:
            shown.append({"text": plain(streams)})
            streams = ""
        if output.output_type == "error":
            shown.append({"text": plain("\n".join(output.traceback) or f"{output.ename}: {output.evalue}")})
        else:
            shown += _bundle(output.data, output.get("metadata", {}))
    if streams:
        shown.append({"text": plain(streams)})
    if len(given) > OUTPUTS:
        shown.append({"note": f"{len(given) - OUTPUTS} more outputs are not shown."})
    return shown


def _bundle(data: dict, metadata: dict) -> list[dict]:
    for mime in PICTURES:
        if mime in data:
            if src := picture(mime, data[mime]):
                own = metadata.get(mime)
                alt = own.get("alt") if isinstance(own, dict) else metadata.get("alt")
                return [{"src": src, "alt": str(alt or "A figure without a description")}]
            return [{"note": f"A picture is not shown: it is larger than {PICTURE:,} bytes, or no {mime}."}]
    for mime in ("text/markdown", "text/latex"):
        if isinstance(data.get(mime), str):
            return [{"html": markdown(data[mime])}]
    if not isinstance(text := data.get("text/plain"), str):
        return [{"note": f"An output is not shown, this page has no place for {plain(', '.join(sorted(data)))}."}]
    note = [{"note": "Shown as text: this page runs no scripts and no HTML of an output."}] if len(data) > 1 else []
    return [{"text": plain(text)}, *note]
