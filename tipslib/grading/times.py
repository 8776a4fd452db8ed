"""Times: the zone of a course, the time in a timestamp.txt, and lengths of time in words."""

import math
from datetime import UTC, datetime, tzinfo

from dateutil import parser, tz
from traitlets.config import Config

from tipslib.grading.course import TipsError


def course_zone(config: Config) -> tzinfo:
    """The time zone of the course, ``c.Exchange.timezone``, else UTC. Raises: TipsError for one that nobody knows."""
    name = config.Exchange.get("timezone", "UTC")
    if (zone := tz.gettz(name)) is None:
        raise TipsError(f"c.Exchange.timezone = {name!r} is no time zone: write one like 'Europe/Berlin'")
    return zone


def read_time(text: str, zone: tzinfo) -> datetime:
    """The time in a timestamp.txt, with its zone; without one it is UTC, as in nbgrader.

    nbgrader writes the zone's short name ("CEST"), or its offset in some formats, and misreads both.
    Raises: ValueError for what is no time, or a zone that nobody knows.
    """
    words = text.split()
    last = tz.gettz(words[-1]) if words and "/" in words[-1] else None
    text = " ".join(words[:-1] if last else words)
    names = {zone.tzname(datetime(2026, month, 1)): zone for month in (1, 7)} | {"UTC": UTC, "Z": UTC}

    def named(name: str | None, offset: int | None) -> tzinfo | None:
        if name is None and offset is None:
            return None
        if name in names and not offset:
            return names[name]
        found = tz.tzoffset(name, offset) if offset is not None else tz.gettz(name)
        if found is None:
            raise ValueError(f"no time zone {name!r}")
        return found

    try:
        one, other = (parser.parse(text, tzinfos=named, default=datetime(*day)) for day in ((2001, 1, 1), (2002, 2, 2)))
    except (ValueError, OverflowError, TypeError) as error:
        raise ValueError(str(error)) from None
    if one != other:
        raise ValueError(f"{text[:40]!r} is not a whole date")
    return one if one.tzinfo else one.replace(tzinfo=last or UTC)


def span(seconds: float) -> str:
    """A length of time in words, to the minute: "1 day 3 hours"."""
    minutes = math.ceil(seconds / 60)
    parts = [(minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute")]
    said = [f"{number} {unit}{'s' if number > 1 else ''}" for number, unit in parts if number][:2]
    return " ".join(said) or "0 minutes"
