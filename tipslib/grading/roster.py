"""Roster: which row of a platform's file is which student: by ids, logins and addresses, never by names."""

import re
from pathlib import Path

from tipslib.grading.course import Course, TipsError
from tipslib.grading.sheet import Sheet


def keys(course: Course, rows: dict) -> dict[str, set[str]]:
    """By everything that a platform may call a student: who that can be."""
    found: dict[str, set[str]] = {}
    with course.gradebook() as gradebook:
        for one in gradebook.students:
            for value in (one.email, one.lms_user_id):
                if value and one.id in rows:
                    found.setdefault(_key(value), set()).add(one.id)
    for student in rows:
        found.setdefault(_key(student), set()).add(student)
    return found


def mapping(path: Path | None, rows: dict) -> dict[str, set[str]]:
    """By everything in an instructor's table of who is who: the student. Raises: TipsError for an unknown one."""
    if path is None:
        return {}
    sheet = Sheet(path)
    if (own := sheet.column("student")) is None:
        raise TipsError(f"{path} has no column 'student', with the names of folders in submitted/; {sheet.columns}")
    found: dict[str, set[str]] = {}
    for place, cells in enumerate(sheet.rows):
        if sheet.value(place, own) not in rows:
            raise TipsError(f"{path} line {sheet.lines[place]}: no student {sheet.value(place, own)!r}")
        for column, value in enumerate(cells):
            if column != own and value:
                found.setdefault(_key(value), set()).add(sheet.value(place, own))
    return found


def matched(sheet: Sheet, identity: tuple[str, ...], match: str | None, *known: dict) -> dict[int, str | set]:
    """By row who it is: a student, or a set of none or several whom it could be. Rows about nobody are left out."""
    columns = [place for name in ([match] if match else identity) if (place := sheet.column(name)) is not None]
    if not columns:
        wanted = repr(match) if match else ", ".join(identity)
        raise TipsError(
            f"{sheet.path} has no column {wanted}: name the column that tells who is who with --match; {sheet.columns}"
        )
    who: dict[int, str | set] = {}
    for row in range(len(sheet.rows)):
        values = [_key(value) for column in columns if (value := sheet.value(row, column))]
        values += [value.split()[-1] for value in values if re.fullmatch(r"participant \d+", value)]
        for table in known:
            found = set().union(*(table.get(value, set()) for value in values))
            if found:
                break
        if values:
            who[row] = found.pop() if len(found) == 1 else found
    return who


def _key(value: str) -> str:
    return " ".join(value.split()).casefold()
