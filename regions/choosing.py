"""What a coordinator chooses a performer from: capacity, load, punctuality; and a proposal with its reason.

A fixed number of queries, whatever the number of performers. The person decides; where the region has said so, the
portal starts with the proposal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db import connection

from orders.models import Assessment, Expansion
from orders.process import OPEN_STATUSES
from regions import weeks
from regions.models import Agreement, AssignmentChoice, Inquiry, Way
from regions.process import INQUIRY

YEAR = timedelta(days=365)
WEEKS = 4
"""Weeks ahead that are shown."""

SPENT = {"declined": "Har tackat nej", "lapsed": "Svarade inte i tid", "not_chosen": "Valdes inte"}


def approved_before(case_id: int) -> list[str]:
    """The professions that the agency has approved in the case, with a performer that handed it back: what the next is
    likely to need."""
    rows = Expansion.objects.filter(assessment_id=case_id, status="approved")
    return sorted({code for row in rows for code in row.professions})


@dataclass
class Candidate:
    """One performer with an agreement today, as figures: ``load`` open assessments of this region, ``this_week`` and
    ``this_year`` assignments, ``on_time`` of ``delivered`` reports in twelve months, ``median`` vardagar from complete
    underlag to report (None when nothing was delivered), ``asked`` the status of this round's inquiry, if any."""

    agreement: Agreement
    today: date
    load: int = 0
    this_week: int = 0
    this_year: int = 0
    delivered: int = 0
    on_time: int = 0
    median: int | None = None
    asked: str = ""
    handed_back: bool = False

    @property
    def pk(self) -> int:
        """The performer's id."""
        return self.agreement.performer_id

    @property
    def name(self) -> str:
        """The performer's name."""
        return self.agreement.performer.name

    @property
    def asked_label(self) -> str:
        """This round's inquiry in a word."""
        return INQUIRY.statuses[self.asked].label if self.asked else ""

    @property
    def percent(self) -> int | None:
        """Reports in time, percent of twelve months'; None when there are none."""
        return 100 * self.on_time // self.delivered if self.delivered else None

    @property
    def capacity_weeks(self) -> list[tuple[str, str]]:
        """(week, what there is room for) of this and the coming weeks."""
        rows = []
        for first in weeks.coming(self.today, WEEKS):
            capacity = self.agreement.capacity
            if weeks.code(first) in self.agreement.closed_weeks:
                room = "stängt"
            elif capacity is None:
                room = "inte angivet"
            elif first <= self.today:
                room = f"{max(capacity - self.this_week, 0)} av {capacity}"
            else:
                room = str(capacity)
            rows.append((f"v. {first.isocalendar().week}", room))
        return rows

    @property
    def hindrance(self) -> str:
        """Why it is not proposed, or ""."""
        if self.handed_back:
            return "Har lämnat tillbaka uppdraget"
        if self.asked:
            return SPENT.get(self.asked, "Är tillfrågad")
        if weeks.code(self.today) in self.agreement.closed_weeks:
            return f"Stängt {weeks.words(self.today)}"
        if self.agreement.capacity is not None and self.this_week >= self.agreement.capacity:
            many = self.agreement.capacity
            return "Veckans enda plats är tagen" if many == 1 else f"Veckans {many} platser är tagna"
        return ""


@dataclass
class Proposal:
    """Whom to ask by the way in force, and why. Empty ``performers``: the reason says what hinders."""

    way: str
    performers: list[int] = field(default_factory=list)
    reason: str = ""


class Choosing:
    """The table that the choice is made from, of one case. Nothing is read before it is asked for."""

    def __init__(self, case: Assessment, today: date) -> None:
        self.case, self.today = case, today

    @cached_property
    def choice(self) -> AssignmentChoice:
        """The region's way; the default where it has said nothing."""
        found = AssignmentChoice.objects.filter(region_id=self.case.region_id).first()
        return found or AssignmentChoice(region_id=self.case.region_id or 0)

    @cached_property
    def candidates(self) -> list[Candidate]:
        """Everybody with an agreement today, by name."""
        agreements = Agreement.objects.in_force(self.today).filter(region_id=self.case.region_id)
        rows = agreements.select_related("performer").order_by("performer__name", "pk")
        found = {row.performer_id: Candidate(row, self.today) for row in rows}
        for pk, figures in _figures(self.case.region_id or 0, [*found], self.today).items():
            for name, value in figures.items():
                setattr(found[pk], name, value)
        self._this_round(found)
        return [found[pk] for pk in found]

    def _this_round(self, found: dict[int, Candidate]) -> None:
        """What has been asked since the case was last requested, and who has handed it back."""
        with connection.cursor() as cursor:
            cursor.execute(_ROUND, {"case": self.case.pk})
            begun, handed_back = cursor.fetchone()
        rows = Inquiry.objects.filter(assessment_id=self.case.pk, last_event_id__gt=begun).order_by("pk")
        for inquiry in rows:
            if inquiry.performer_id in found:
                found[inquiry.performer_id].asked = "" if inquiry.status == "recalled" else inquiry.status
        for pk in handed_back:
            if pk in found:
                found[pk].handed_back = True

    def propose(self, way: str = "") -> Proposal:
        """By a way, or the one in force."""
        way = way or self.choice.way
        free = [c for c in self.candidates if not c.hindrance]
        if not self.candidates:
            return Proposal(way, reason="Ingen utförare har avtal med regionen i dag.")
        if way == Way.DIRECT:
            return self._direct()
        if not free:
            return Proposal(way, reason="Ingen utförare som kan ta emot är kvar att fråga. Se varför i tabellen.")
        if way == Way.RANKED:
            first = min(free, key=lambda c: (c.agreement.rank is None, c.agreement.rank or 0, c.name))
            rank = first.agreement.rank
            words = f"står främst i rangordningen ({rank})" if rank else "ingen rangordning är angiven"
            return Proposal(way, [first.pk], f"{first.name}: {words} av dem som kan ta emot.")
        if way == Way.QUOTA:
            return self._quota(free)
        count = f"{len(free)} utförare" if len(free) > 1 else free[0].name
        return Proposal(way, [c.pk for c in free], f"Alla som kan ta emot: {count}.")

    def _direct(self) -> Proposal:
        named = next((c for c in self.candidates if c.pk == self.choice.designated_id), None)
        if named is None:
            return Proposal(Way.DIRECT, reason="Ingen utförare med avtal i dag är utpekad. Välj själv i tabellen.")
        if named.hindrance:
            return Proposal(Way.DIRECT, reason=f"{named.name} är utpekad. {named.hindrance}.")
        return Proposal(Way.DIRECT, [named.pk], f"{named.name} är utpekad av regionen.")

    def _quota(self, free: list[Candidate]) -> Proposal:
        shared = [c for c in free if c.agreement.share is not None]
        if not shared:
            return Proposal(Way.QUOTA, reason="Ingen som kan ta emot har en avtalad andel.")
        total = sum(c.this_year for c in self.candidates)
        # Compared as integers: share/100 − this_year/total, times 100·total.
        furthest = max(shared, key=lambda c: ((c.agreement.share or 0) * max(total, 1) - 100 * c.this_year, c.name))
        has = 100 * furthest.this_year // total if total else 0
        reason = f"{furthest.name}: längst under sin andel, {has} % av årets {total} uppdrag mot {furthest.agreement.share} %."
        return Proposal(Way.QUOTA, [furthest.pk], reason)


_ROUND = """
SELECT coalesce((SELECT max(id) FROM fmu_portal_event WHERE case_id = %(case)s AND process = 'assessment'
                 AND to_status = 'requested' AND from_status <> 'requested'), 0),
       ARRAY(SELECT (data->>'handed_back_by')::bigint FROM fmu_portal_event
             WHERE case_id = %(case)s AND process = 'assessment' AND step = 'hand_back')
"""
_LOAD = """
SELECT performer_id, count(*) FROM orders_assessment
WHERE region_id = %(region)s AND status = ANY(%(open)s) AND performer_id = ANY(%(units)s) GROUP BY 1
"""
_DELIVERED = """
SELECT a.performer_id, count(*), count(*) FILTER (WHERE NOT a.delivered_late),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY came.ordinal - began.ordinal)
FROM orders_assessment a
JOIN fmu_portal_calendarday came ON came.day = a.delivered_on
JOIN fmu_portal_calendarday began ON began.day = a.underlag_complete_on
WHERE a.region_id = %(region)s AND a.delivered_on > %(year_ago)s AND a.performer_id = ANY(%(units)s) GROUP BY 1
"""
_ASSIGNED = """
SELECT x.performer_id, count(*) FILTER (WHERE e.at >= %(monday)s::timestamp AT TIME ZONE 'Europe/Stockholm'), count(*)
FROM orders_assessment a
JOIN orders_assignment x ON x.assessment_id = a.id AND x.closed_by_id IS NULL
JOIN fmu_portal_event e ON e.id = x.opened_by_id
WHERE a.region_id = %(region)s AND a.requested_on > %(before)s AND x.performer_id = ANY(%(units)s)
  AND e.at >= least(%(new_year)s, %(monday)s)::timestamp AT TIME ZONE 'Europe/Stockholm' GROUP BY 1
"""


def _figures(region_id: int, units: list[int], today: date) -> dict[int, dict[str, Any]]:
    """performer -> its figures in the region: three queries."""
    new_year = date(today.year, 1, 1)
    params: dict[str, Any] = {
        "region": region_id,
        "units": units,
        "open": list(OPEN_STATUSES),
        "year_ago": today - YEAR,
        "monday": weeks.monday(today),
        "new_year": new_year,
        "before": new_year - YEAR,
    }
    found: dict[int, dict[str, Any]] = {unit: {} for unit in units}
    with connection.cursor() as cursor:
        cursor.execute(_LOAD, params)
        for unit, load in cursor.fetchall():
            found[unit]["load"] = load
        cursor.execute(_DELIVERED, params)
        for unit, delivered, on_time, median in cursor.fetchall():
            found[unit] |= {"delivered": delivered, "on_time": on_time, "median": median}
        cursor.execute(_ASSIGNED, params)
        for unit, this_week, this_year in cursor.fetchall():
            found[unit] |= {"this_week": this_week, "this_year": this_year}
    return found
