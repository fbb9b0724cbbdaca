"""Vardagar against another calendar source, and the table against Python."""

from datetime import date, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from fmu_portal.working_days import (
    FIRST,
    LAST,
    add_working_days,
    is_working_day,
    named_days_off,
    ordinal,
    working_days_between,
)


def easter_sunday(year):
    """Gauss's algorithm, as in any almanac: a source of its own, not the library's."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    x = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * x) // 433
    month = (h + x - 7 * m + 90) // 25
    return date(year, month, (h + x - 7 * m + 33 * month + 19) % 32)


def other_source(year):
    """The days off of a year from 1953, by lag (1989:253) and its forerunner."""
    sunday = easter_sunday(year)
    fixed = [(1, 1), (1, 6), (5, 1), (12, 24), (12, 25), (12, 26), (12, 31)]
    days = {date(year, m, d) for m, d in fixed}
    days |= {sunday + timedelta(n) for n in (-2, 1, 39)}
    if year < 2005:
        days.add(sunday + timedelta(50))  # annandag pingst, until 2004
    else:
        days.add(date(year, 6, 6))  # nationaldagen, from 2005
    midsummer = date(year, 6, 20) + timedelta((5 - date(year, 6, 20).weekday()) % 7)
    return days | {midsummer, midsummer - timedelta(1)}


# Before 1953, from almanacs, by hand: weekdays that were days off (midsummer on 23–24 June, Marie bebådelse on 25 March).
BEFORE_1953 = """
1950-01-06 1950-04-07 1950-04-10 1950-05-01 1950-05-18 1950-05-29 1950-06-23
1950-12-25 1950-12-26
1951-01-01 1951-03-23 1951-03-26 1951-05-01 1951-05-03 1951-05-14 1951-12-24 1951-12-25 1951-12-26 1951-12-31
1952-01-01 1952-03-25 1952-04-11 1952-04-14 1952-05-01 1952-05-22 1952-06-02 1952-06-23 1952-06-24
1952-12-24 1952-12-25 1952-12-26 1952-12-31
"""


def test_every_day_of_1950_to_2099_against_another_source():
    differing = []
    day = date(1953, 1, 1)
    while day <= LAST:
        if is_working_day(day) != (day.weekday() < 5 and day not in _off(day.year)):
            differing.append(day)
        day += timedelta(1)
    assert differing == []


_cache: dict[int, set[date]] = {}


def _off(year):
    if year not in _cache:
        _cache[year] = other_source(year)
    return _cache[year]


def test_1950_to_1952_when_midsummer_was_a_date():
    off = {date.fromisoformat(text) for text in BEFORE_1953.split()}
    all_days = (date(1950, 1, 1) + timedelta(n) for n in range(3 * 365 + 1))
    assert {d for d in all_days if d.weekday() < 5 and not is_working_day(d)} == off


days = st.dates(min_value=date(1960, 1, 1), max_value=date(2090, 1, 1))


@given(day=days, n=st.integers(-300, 300))
def test_between_undoes_add(day, n):
    assert working_days_between(day, add_working_days(day, n)) == n


@given(day=days, n=st.integers(1, 60))
def test_add_counts_one_by_one(day, n):
    found, left = day, n
    while left:
        found += timedelta(1)
        left -= is_working_day(found)
    assert add_working_days(day, n) == found
    back, left = day, n
    while left:
        back -= timedelta(1)
        left -= is_working_day(back)
    assert add_working_days(day, -n) == back


def test_the_example_of_the_process_description():
    assert add_working_days(date(2026, 11, 23), 25) == date(2026, 12, 30)
    names = [name for _, name in named_days_off(date(2026, 11, 23), date(2026, 12, 30))]
    assert names == ["julafton", "juldagen"]


def test_day_one_is_the_day_after_and_zero_is_the_day_itself():
    assert add_working_days(date(2026, 11, 20), 1) == date(2026, 11, 23)
    assert add_working_days(date(2026, 11, 21), 0) == date(2026, 11, 21)
    assert add_working_days(date(2026, 11, 22), -1) == date(2026, 11, 20)


@pytest.mark.parametrize("day", [FIRST - timedelta(1), LAST + timedelta(1)])
def test_outside_the_calendar_is_said(day):
    with pytest.raises(ValueError, match="outside the calendar"):
        add_working_days(day, 1)


def test_the_table_counts_as_python_does(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT day, working, ordinal FROM fmu_portal_calendarday ORDER BY day")
        rows = cursor.fetchall()
    assert len(rows) == (LAST - FIRST).days + 1
    assert all(working == is_working_day(day) for day, working, _ in rows)
    assert all(number == ordinal(day) for day, _, number in rows[::97])
