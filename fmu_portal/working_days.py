"""Vardagar: Monday to Friday except public holidays (lag 1989:253), midsummer eve, Christmas eve and New Year's eve.

The ordinance does not define the word; this is the portal's reading (T in the rules). All days are calendar days in
Sweden. Recorded corrections (a new holiday, say) stand in ``calendar.toml`` beside this file, each with its source.
The same days, with a running number each, are in the table `WorkingDay`, so that SQL counts as Python does.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left, bisect_right
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import holidays
from dateutil.easter import easter

FIRST, LAST = date(1950, 1, 1), date(2099, 12, 31)
_LIBRARY_FROM = 1953
_CORRECTIONS = Path(__file__).with_name("calendar.toml")


@cache
def _corrections() -> dict[date, tuple[bool, str]]:
    """day -> (is a working day, its name), from calendar.toml."""
    records = tomllib.loads(_CORRECTIONS.read_text()).get("day", [])
    return {record["day"]: (record["working"], record["name"]) for record in records}


def _before_1953(year: int) -> dict[date, str]:
    """The days off before kungörelse 1952:48, which the library lacks: midsummer by date, and 25 March."""
    sunday = easter(year)
    fixed = {
        (1, 1): "nyårsdagen",
        (1, 6): "trettondedag jul",
        (3, 25): "marie bebådelsedag",
        (5, 1): "första maj",
        (6, 23): "midsommarafton",
        (6, 24): "midsommardagen",
        (12, 24): "julafton",
        (12, 25): "juldagen",
        (12, 26): "annandag jul",
        (12, 31): "nyårsafton",
    }
    moving = {-2: "långfredagen", 1: "annandag påsk", 39: "kristi himmelsfärdsdag", 50: "annandag pingst"}
    named = {date(year, month, day): name for (month, day), name in fixed.items()}
    return named | {sunday + timedelta(n): name for n, name in moving.items()}


@cache
def days_off(year: int) -> dict[date, str]:
    """The year's named days off -> their Swedish names; plain Saturdays and Sundays are not among them."""
    if year < _LIBRARY_FROM:
        named = _before_1953(year)
    else:
        source = holidays.country_holidays("SE", years=year, categories=("public", "de_facto"), language="sv")
        named = {day: name.split("; ")[0].lower() for day, name in source.items() if name != "Söndag"}
    for day, (working, name) in _corrections().items():
        if day.year == year:
            named.pop(day, None)
            if not working:
                named[day] = name
    return named


def is_working_day(day: date) -> bool:
    """Whether the day is a vardag."""
    correction = _corrections().get(day)
    if correction is not None:
        return correction[0]
    return day.weekday() < 5 and day not in days_off(day.year)


@cache
def working_days() -> list[date]:
    """All working days of 1950–2099 in order; a day's index plus one is its ordinal."""
    days = (FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1))
    return [day for day in days if is_working_day(day)]


def _check(day: date) -> None:
    if not FIRST <= day <= LAST:
        raise ValueError(f"{day} is outside the calendar, {FIRST} to {LAST}")


def ordinal(day: date) -> int:
    """How many working days there are from 1950-01-01 up to and including the day. ValueError outside 1950–2099."""
    _check(day)
    return bisect_right(working_days(), day)


def add_working_days(day: date, n: int) -> date:
    """The n-th working day after the day (day 1 is the day after); before it when n is negative; itself when 0.

    ValueError when the day or the answer falls outside 1950–2099.
    """
    _check(day)
    if n == 0:
        return day
    days = working_days()
    index = bisect_right(days, day) + n - 1 if n > 0 else bisect_left(days, day) + n
    if not 0 <= index < len(days):
        raise ValueError(f"{n} working days from {day} is outside the calendar")
    return days[index]


def working_days_between(start: date, end: date) -> int:
    """Working days from start (excluded) to end (included); negative when end is earlier.

    It undoes `add_working_days`: ``working_days_between(day, add_working_days(day, n)) == n``.
    """
    _check(start)
    _check(end)
    days = working_days()
    if end >= start:
        return bisect_right(days, end) - bisect_right(days, start)
    return bisect_left(days, end) - bisect_left(days, start)


def named_days_off(start: date, end: date) -> list[tuple[date, str]]:
    """The named days off after start, up to end, that would else have been working days: (day, Swedish name)."""
    named = ((day, name) for year in range(start.year, end.year + 1) for day, name in days_off(year).items())
    return sorted((day, name) for day, name in named if start < day <= end and day.weekday() < 5)
