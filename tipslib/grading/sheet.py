"""Sheets: change cells of somebody else's CSV file, and not a single byte besides."""

import codecs
import re
from pathlib import Path

from tipslib.grading.course import TipsError

BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Sheet:
    """A CSV file by rows and columns, whatever its encoding, separator, quotes and ends of lines are.

    ``header`` and ``rows`` hold the values as text; rows may be shorter than the header. A row's ``lines`` entry is
    its first line in the file, from 1. Raises: TipsError when the file is no CSV table.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        content = path.read_bytes()
        if content.startswith(b"PK") or b"\0" in content[:1] or not content.strip():
            raise TipsError(f"{path} is no CSV file: save the sheet as CSV (an Excel workbook is something else)")
        self.bom = next((bom for bom in BOMS if content.startswith(bom)), b"")
        self.text, self.encoding = self._decoded(content[len(self.bom) :])
        tables = [self._spans(separator) for separator in (",", ";", "\t")]
        # The separator is the one that makes most columns of the first line.
        self.separator, self.spans = max(tables, key=lambda table: len(table[1][0]))
        self.spans = [row for row in self.spans if self.text[row[0][0] : row[-1][1]].strip(f"{self.separator} \r\n")]
        if len(self.spans[0]) < 2:
            raise TipsError(f"{path} has no columns: its first line holds neither a comma nor a semicolon nor a tab")
        self.header, *self.rows = [[self._value(span).strip() for span in row] for row in self.spans]
        self.lines = [self.text.count("\n", 0, row[0][0]) + 1 for row in self.spans[1:]]
        self.changes: dict[tuple[int, int], str] = {}

    @property
    def columns(self) -> str:
        """What columns there are, for a message."""
        return f"its columns are: {', '.join(self.header)}"

    def column(self, *names: str) -> int | None:
        """The first column with one of these names, in any case; None when there is none."""
        wanted = [name.casefold() for name in names]
        return next((place for place, name in enumerate(self.header) if name.casefold() in wanted), None)

    def value(self, row: int, column: int | None) -> str:
        """The value of a cell, "" where the row is too short or the column is None."""
        return self.rows[row][column] if column is not None and column < len(self.rows[row]) else ""

    def fill(self, row: int, column: int, value: str) -> None:
        """Put a value into a cell. Raises: TipsError when the row has no such cell."""
        spans = self.spans[row + 1]
        if column >= len(spans):
            raise TipsError(
                f"{self.path} line {self.lines[row]} has {len(spans)} columns, its first line {len(self.header)}: "
                "download the file again"
            )
        quoted = self.text[slice(*spans[column])].startswith('"') or any(
            sign in value for sign in (self.separator, '"', "\n", "\r")
        )
        self.changes[spans[column]] = '"' + value.replace('"', '""') + '"' if quoted else value

    def content(self) -> bytes:
        """The file with the changes; every other byte is as it was. What its encoding lacks becomes ``&#8230;``."""
        parts, end = [], 0
        for start, stop in sorted(self.changes):
            parts += [self.text[end:start], self.changes[start, stop]]
            end = stop
        return self.bom + "".join([*parts, self.text[end:]]).encode(self.encoding, "xmlcharrefreplace")

    def _decoded(self, content: bytes) -> tuple[str, str]:
        if self.bom:
            return content.decode(BOMS[self.bom]), BOMS[self.bom]
        for encoding in ("utf-8", "cp1252"):
            try:
                return content.decode(encoding), encoding
            except UnicodeDecodeError:
                pass
        return content.decode("latin-1"), "latin-1"  # has a sign for every byte

    def _spans(self, separator: str) -> tuple[str, list[list[tuple[int, int]]]]:
        """Where each row's cells begin and end, if they are separated in this way."""
        cell = re.compile(rf'"[^"]*(?:""[^"]*)*"[^{separator}\r\n]*|[^{separator}\r\n]*')
        rows: list[list[tuple[int, int]]] = [[]]
        place, size = 0, len(self.text)
        while True:
            found = cell.match(self.text, place)
            assert found  # an empty cell, at least
            rows[-1].append(found.span())
            place = found.end()
            if place == size:
                return separator, rows
            if self.text[place] != separator:
                rows.append([])
                place += self.text.startswith("\r\n", place)
            place += 1

    def _value(self, span: tuple[int, int]) -> str:
        raw = self.text[slice(*span)]
        return raw[1:-1].replace('""', '"') if len(raw) > 1 and raw[0] == raw[-1] == '"' else raw


def harmless(text: str) -> str:
    """A text for a cell that no spreadsheet takes for a formula: an apostrophe goes in front where it could."""
    return "'" + text if text.startswith(FORMULA) else text
