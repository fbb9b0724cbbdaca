"""ISO weeks: Monday to Sunday, and the year that the Thursday belongs to, so that week 53 is where it is."""

from __future__ import annotations

import re
from datetime import date, timedelta

_WEEK = re.compile(r"(?P<year>\d{4})\s*-?\s*[wv]\s*(?P<week>\d{1,2})", re.IGNORECASE)


def monday(day: date) -> date:
    """The first day of the day's week."""
    return day - timedelta(days=day.weekday())


def code(day: date) -> str:
    """The week of a day: 2026-W53."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def words(day: date) -> str:
    """The week of a day as a page says it: "v. 53, 2026"."""
    year, week, _ = day.isocalendar()
    return f"v. {week}, {year}"


def parse(text: str) -> str:
    """What somebody typed ("2026-W53", "2026 v 53") as a code. ValueError when the year has no such week."""
    found = _WEEK.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"no week: {text}")
    return code(date.fromisocalendar(int(found["year"]), int(found["week"]), 1))


def coming(today: date, count: int, back: int = 0) -> list[date]:
    """The Mondays of this week and those after it, ``count`` in all, beginning ``back`` weeks ago."""
    first = monday(today) - timedelta(weeks=back)
    return [first + timedelta(weeks=n) for n in range(count)]
