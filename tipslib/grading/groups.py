"""Groups: wrong functions that make no known mistake, grouped by what they do with the probes.

Autograding keeps with each submission what the functions of failed checks did with the course's probes (see
behaviour.py). The instructor says once, in a sentence, what is wrong with a group. It is kept with the course, in
``mistakes/<assignment>.named.json``, a file to read, to edit and to put under version control. Everybody whose
function does the same gets it in report and feedback, without being graded again, and so does next year's class.
"""

import json
from collections import Counter
from pathlib import Path

from tipslib.grading.course import Course, TipsError, write_whole
from tipslib.grading.plan import mistakes_file

UNTOUCHED = "raises NotImplementedError"  # at every probe: not attempted, which is no mistake


def groups(course: Course, name: str) -> list[dict]:
    """The groups of an assignment, the largest first.

    Returns: ``{"group", "function", "students", "text", "digests", "returns", "reference", "probes"}`` for each one;
    ``text`` is what the instructor said of it, or "". The last three have a text for each probe: what the group's
    functions return, what the instructor's solution returns, and the inputs.
    Raises: TipsError for an assignment that does not exist, or a file of names that cannot be read.
    """
    course.require(name)
    reference, names = _reference(course, name), Names(course, name)
    found: list[dict] = []
    for student, cells in sorted(seen(course, name).items()):
        for one in (one for cell in cells.values() for one in cell):
            right = reference.get(one["function"], {})
            if one["mistake"] or set(one["returns"]) == {UNTOUCHED} or _alike(one, right):
                continue
            group = next((group for group in found if _alike(one, group)), None)
            if group is None:
                group = {"function": one["function"], "students": [], "digests": [], "counts": Counter()}
                group |= {"returns": one["returns"], "text": names.text(one)}
                group |= {"reference": right.get("returns", []), "probes": right.get("probes", [])}
                found.append(group)
            group["students"] += [student] if student not in group["students"] else []
            group["digests"] += [digest for digest in one["digests"] if digest not in group["digests"]]
            group["counts"][one["digests"][0]] += 1
    for group in found:
        group["group"] = f"{group['function']}-{min(group.pop('counts').items(), key=lambda c: (-c[1], c[0]))[0][:6]}"
    return sorted(found, key=lambda group: (-len(group["students"]), group["function"], group["students"]))


def name_group(course: Course, name: str, group: str, sentence: str) -> dict:
    """Keep what is wrong with a group, in a sentence for its students; an empty one takes an earlier one back.

    ``group`` is its name in ``groups``, or the beginning of it. Returns: the group.
    Raises: TipsError when no group, or more than one, has this name.
    """
    there = groups(course, name)
    matching = [one for one in there if one["group"] == group] or [
        one for one in there if group and one["group"].startswith(group)
    ]
    if len(matching) != 1:
        what = "several groups begin with" if matching else "there is no group"
        known = ", ".join(one["group"] for one in matching or there) or "none"
        raise TipsError(f"{what} {group!r} in {name!r}; there are: {known}")
    chosen, names = matching[0], Names(course, name)
    names.entries = [entry for entry in names.entries if not _alike(entry, chosen)]
    chosen["text"] = " ".join(sentence.split())
    if chosen["text"]:
        names.entries.append({key: chosen[key] for key in ("function", "text", "returns", "digests")})
    names.save()
    return chosen


def seen(course: Course, name: str) -> dict[str, dict[str, list[dict]]]:
    """By student and test cell, what functions of failed checks did with the probes (see ``behaviour.describe``)."""
    records = (json.loads(path.read_text("utf-8")) for path in (course.root / "status" / name).glob("*.json"))
    return {record["student"]: record.get("seen", {}) for record in records}


class Names:
    """What the instructor has said of groups, as it stands in ``mistakes/<assignment>.named.json``.

    Raises: TipsError when the file is there but is not what ``save`` writes.
    """

    def __init__(self, course: Course, name: str) -> None:
        self.path = mistakes_file(course, name).with_suffix(".named.json")
        self.entries: list[dict] = []
        if self.path.exists():
            try:
                self.entries = json.loads(self.path.read_text(encoding="utf-8"))
                for entry in self.entries:
                    _ = entry["function"] + entry["text"], set(entry["digests"])
            except (ValueError, KeyError, TypeError) as error:
                raise TipsError(f"{self.path} cannot be read ({type(error).__name__}: {error}): put it right") from None

    def text(self, one: dict) -> str:
        """What was said of a function that does this with the probes, or ""."""
        return next((entry["text"] for entry in self.entries if _alike(entry, one)), "")

    def save(self) -> None:
        """Write the file, whole or not at all."""
        entries = sorted(self.entries, key=lambda entry: (entry["function"], entry["text"]))
        write_whole(self.path, json.dumps(entries, indent=1, ensure_ascii=False) + "\n")


def listing(found: list[dict], show: int = 3) -> str:
    """The groups as text, each with up to ``show`` probes at which it differs from the solution."""
    lines = []
    for group in found:
        students = group["students"]
        who = f"{len(students)} student{'s' if len(students) > 1 else ''}: {', '.join(students[:8])}"
        lines += [f"{group['group']}  {who}{', …' if len(students) > 8 else ''}"]
        lines += [f"  named      {group['text']}" if group["text"] else "  not named yet"]
        for inputs, returned, right in differences(group)[:show]:
            lines += [f"  probe      {inputs}", f"    returns  {returned}", f"    solution {right}"]
    return "\n".join(lines)


def differences(group: dict) -> list[tuple[str, str, str]]:
    """The probes at which a group's functions are wrong, as text: inputs, what they return, what the solution does."""
    rows = list(zip(group["probes"], group["returns"], group["reference"], strict=False))
    return [row for row in rows if row[1] != row[2]] or rows


def _reference(course: Course, name: str) -> dict[str, dict]:
    """What the instructor's solution does with the probes, by function; kept when it was proved (see plan.py)."""
    path: Path = course.root / "status" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")).get("reference", {}) if path.exists() else {}


def _alike(one: dict, other: dict) -> bool:
    same = one["function"] == other.get("function")
    return same and not set(one["digests"]).isdisjoint(other["digests"])
