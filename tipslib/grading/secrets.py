"""What students must not get, and the search for it in what they are given.

Secret are the marked regions of the course's notebooks (solutions, hidden tests, marking guides), and every other text
in the course folder: known mistakes, right alternatives, sample classes. A secret is found again by runs of lines, long
lines and long sentences, whatever the spacing, the comments, the docstrings and the line breaks; in the strings of a
notebook's JSON (outputs and metadata, too) and in compiled modules.
"""

import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import nbformat

from tipslib.grading.contract import is_kind
from tipslib.grading.course import CONFIG, Course
from tipslib.grading.release import SECRETS as MARKERS

TEXT = (".ipynb", ".py", ".md", ".txt", ".json", ".csv")
GENERATED = ("release", "submitted", "autograded", "feedback", "exchange", "downloaded", "status", "overview")
RUN = 3  # so many lines in a row tell something
LONG = 48  # so does one line, or one sentence, of so many characters without spaces

Clue = tuple[str, ...]


def secrets(course: Course) -> dict[Clue, str]:
    """The clues to everything secret in ``course``: what to look for, and the file it stands in.

    What also stands in a notebook outside the marked regions tells nothing. A line of ``c.Tips.shown = [...]`` in the
    course's configuration is no secret either: the lectures or the library show it on purpose.
    """
    shown = {_squeeze(line) for line in course.config.Tips.get("shown", ())}
    found: dict[Clue, str] = {}
    public: set[Clue] = set()
    for path in sorted(path for path in course.root.rglob("*") if path.suffix in TEXT and path.is_file()):
        name = path.relative_to(course.root)
        # Editors' and Python's own files repeat the others.
        if name.parts[0] in (*GENERATED, CONFIG) or any(part.startswith((".", "__pycache__")) for part in name.parts):
            continue
        for text in _shown_texts(path):
            public.update(_clues(_outside(text)))
        for text in texts(path):
            found |= dict.fromkeys(_clues(_without_markers(text)), name.as_posix())
    return {clue: name for clue, name in found.items() if clue not in public and shown.isdisjoint(clue)}


def _shown_texts(path: Path) -> list[str]:
    """What students see of an instructor's file, but for marked regions: of a notebook its cells, of others nothing.

    A solution cell without marks is cleared as a whole. The notebook's text form has the same marks.
    """
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        return [cell.source for cell in cells if not is_kind(cell, "solution") or _marked(cell.source)]
    return [text for text in texts(path) if _marked(text)]


def _marked(text: str) -> bool:
    return any(marker in text for marker in MARKERS)


def _without_markers(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not _marked(line))


def _outside(text: str) -> str:
    """What students see of a marked cell."""
    lines, inside = [], False
    for line in text.splitlines():
        if _marked(line):
            inside = "BEGIN" in line
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def leaks(folder: Path, secret: dict[Clue, str]) -> Iterator[str]:
    """What is secret in ``folder``, as sentences: file, line, and where it comes from."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        found = texts(path)
        for marker in MARKERS:
            if any(marker in text for text in found):
                yield f"{name} holds {marker!r}"
        for clue in sorted({clue for text in found for clue in _clues(text) if clue in secret}):
            yield f"{name} holds {' / '.join(clue)[:200]!r}, as {secret[clue]} does"


def texts(path: Path) -> list[str]:
    """The texts in a file: a notebook's are all strings of its JSON, wherever they stand."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [content.decode("latin-1")]
    if path.suffix in (".ipynb", ".json"):
        try:
            return [*dict.fromkeys(_strings(json.loads(text)))]
        except ValueError:
            pass  # damaged: as it stands
    return [text]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        if all(isinstance(inner, str) for inner in value):
            yield "".join(value)  # the lines of a cell
        else:
            for inner in value:
                yield from _strings(inner)


def _clues(text: str) -> Iterator[Clue]:
    if len(text) < LONG and "\n" not in text:
        return
    sentences = [_squeeze(sentence) for sentence in re.split(r"[.?!;]\s|(?<=\w):\s|\n\s*\n|\"\"\"", text)]
    for lines in (_lines(text), _statements(text)):
        for i, line in enumerate(lines):
            run = lines[i : i + RUN]
            if len(run) == RUN:
                yield tuple(run)
            if line.startswith("def") and len(run) > 1:
                yield tuple(run[:2])  # a function of one line
        sentences += lines
    yield from ((sentence,) for sentence in sentences if len(sentence) >= LONG)


def _lines(text: str) -> list[str]:
    """The lines as they stand, without comments, and without the colours and numbers of a traceback."""
    text = re.sub(r"^-*>?\s*\d+ ", "", re.sub(r"\x1b\[[\d;]*m", "", text), flags=re.MULTILINE)
    return [line for line in (_squeeze(re.sub(r"(^|\s)#.*", "", line)) for line in text.splitlines()) if line]


def _statements(text: str) -> list[str]:
    """Python's logical lines, without comments and docstrings; as far as the text is Python."""
    lines, line = [], ""
    if not re.search(r"\s", text.strip()):
        return []  # a picture, in letters
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NEWLINE:
                if not re.fullmatch(r"[rbu]?(\"\"\"|''').*\1", line, re.DOTALL):
                    lines.append(line)
                line = ""
            elif token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
                line += _squeeze(token.string)
    except (tokenize.TokenError, SyntaxError):
        pass
    return [line for line in lines if line]


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)
