"""The flow of requests to a region by ISO week, against forecast and capacity: numbers alone, for all three parties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from accounts.actor import Actor
from accounts.roles import Party
from fmu_portal.database import as_clock
from regions import weeks
from regions.models import Agreement, Forecast

BACK, AHEAD = 6, 9
"""Weeks before this one, and this one with those after it."""


@dataclass
class Week:
    """``requests`` to the region (None of a week to come), ``own`` part of the reader's, ``forecast`` None when the
    agency has given none, ``capacity`` None when no agreement has one."""

    monday: date
    requests: int | None
    own: int | None
    forecast: int | None
    capacity: int | None
    now: bool
    most: int = 1

    @property
    def words(self) -> str:
        """The week, by number."""
        return weeks.words(self.monday)

    @property
    def expected(self) -> int | None:
        """What came, or what is expected."""
        return self.forecast if self.requests is None else self.requests

    @property
    def over(self) -> bool:
        """Whether more came, or is expected, than there is room for."""
        return self.expected is not None and self.capacity is not None and self.expected > self.capacity

    @property
    def own_over(self) -> bool:
        """Whether the reader's own part is more than there is room for (a performer's capacity is its own)."""
        return self.own is not None and self.capacity is not None and self.own > self.capacity

    @property
    def bar(self) -> int:
        """Length of the bar, 0–100."""
        return 100 * (self.expected or 0) // self.most

    @property
    def mark(self) -> int | None:
        """Where the capacity stands on the bar, 0–100."""
        return None if self.capacity is None else 100 * self.capacity // self.most


_REQUESTS = """
SELECT date_trunc('week', requested_on)::date, count(*), count(*) FILTER (WHERE agency_office_id = %(own)s)
FROM orders_assessment WHERE region_id = %(region)s AND requested_on >= %(first)s GROUP BY 1
"""
_ASSIGNED = """
SELECT date_trunc('week', e.at AT TIME ZONE 'Europe/Stockholm')::date, count(*)
FROM orders_assessment a
JOIN orders_assignment x ON x.assessment_id = a.id AND x.performer_id = %(own)s
JOIN fmu_portal_event e ON e.id = x.opened_by_id
WHERE a.region_id = %(region)s AND a.requested_on >= %(before)s AND e.at >= %(first)s GROUP BY 1
"""


def flow_of(region_id: int, actor: Actor, today: date) -> list[Week]:
    """The weeks of a region. The whole region's numbers are counted past the wall, so that an office or a performer sees
    the flow that its own part belongs to; no case is read."""
    mondays = weeks.coming(today, BACK + AHEAD, BACK)
    params: dict[str, Any] = {
        "own": actor.organisation_id,
        "region": region_id,
        "first": mondays[0],
        "before": mondays[0] - timedelta(days=365),
    }
    with as_clock(), connection.cursor() as cursor:
        cursor.execute(_REQUESTS, params)
        requests = {row[0]: row[1:] for row in cursor.fetchall()}
        assigned: dict[date, int] = {}
        if actor.party is Party.PERFORMER:
            cursor.execute(_ASSIGNED, params)
            assigned = dict(cursor.fetchall())
        agreements = list(Agreement.objects.filter(region_id=region_id, capacity__isnull=False))
    expected = _by_week(region_id, mondays)
    if actor.party is Party.PERFORMER:
        agreements = [row for row in agreements if row.performer_id == actor.organisation_id]
    found = []
    for first in mondays:
        came = first <= today
        total, office = requests.get(first, (0, 0))
        own = {Party.AGENCY: office, Party.PERFORMER: assigned.get(first, 0)}.get(actor.party)
        row = Week(
            first, total if came else None, own if came else None, expected.get(first), _room(agreements, first),
            first == weeks.monday(today),
        )  # fmt: skip
        found.append(row)
    most = max([1, *(row.expected or 0 for row in found), *(row.capacity or 0 for row in found)])
    for row in found:
        row.most = most
    return found


def _by_week(region_id: int, mondays: list[date]) -> dict[date, int]:
    """Each week's part of the agency's forecast for its year: spread evenly over the year's ISO weeks, the parts adding up
    to the year's number (our reading: 3 § says nothing of weeks)."""
    given = Forecast.in_force(region_id, {first.isocalendar().year for first in mondays})
    found = {}
    for first in mondays:
        year, week, _ = first.isocalendar()
        if year in given:
            of_year = date(year, 12, 28).isocalendar().week
            number = given[year].requests
            found[first] = number * week // of_year - number * (week - 1) // of_year
    return found


def _room(agreements: list[Agreement], first: date) -> int | None:
    """What the agreements have room for in a week, without those that are closed; None when none says."""
    open_ones = [row for row in agreements if row.in_force_on(first) or row.in_force_on(first + timedelta(days=6))]
    if not open_ones:
        return None
    return sum(row.capacity or 0 for row in open_ones if weeks.code(first) not in row.closed_weeks)
