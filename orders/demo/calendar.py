"""Days as ordinals and last days by the rules, read once: the loader counts a million of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from fmu_portal.engine.refusals import NoRule
from fmu_portal.working_days import ordinal, working_days
from orders.process import ASSESSMENT
from rules.models import Rule

SWEDEN = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True)
class Last:
    """A counted last day: its ordinal, the rule's code, its inputs as the duty stores them, the days reminded."""

    due: int
    rule: str
    inputs: dict[str, object]
    remind: tuple[int, ...]


class Calendar:
    """Working days by ordinal (how many there are from 1950-01-01 up to and including the day), and the rules.

    ``iso[o]`` is the day with ordinal o, ``after[o]`` the calendar day after it, both as text. ``today`` is the day of
    the demonstration; ``now`` its ordinal and ``last`` the ordinal of the last working day before it, on which
    somebody may have acted.
    """

    def __init__(self, today: date) -> None:
        days = working_days()
        one = timedelta(1)
        self.today = today
        self.iso = ["", *(day.isoformat() for day in days)]
        self.after = ["", *((day + one).isoformat() for day in days)]
        self.after_working = [False, *((b - a).days == 1 for a, b in pairwise(days)), False]
        self.now = ordinal(today)
        self.last = ordinal(today - one)
        self._rules: dict[str, list[Rule]] = {}
        for rule in Rule.objects.exclude(value=None):
            self._rules.setdefault(rule.key, []).append(rule)
        self._regional = {rule.region_id for rules in self._rules.values() for rule in rules} - {None}
        self._known: dict[tuple[str, int, int | None], Last] = {}
        self._offsets: dict[int, int] = {}
        self.days: Mapping[str, int] = {
            kind.name: self.rule(kind.rule, today, None).days for kind in ASSESSMENT.duties.values()
        }

    @property
    def first(self) -> int:
        """The ordinal of the first day that the law's rule is in force: no order is older."""
        rules = self._rules[ASSESSMENT.duties["deliver_report"].rule]
        return ordinal(min(rule.valid_from for rule in rules))

    def rule(self, key: str, day: date, region_id: int | None) -> Rule:
        """The rule in force, a region's own before the general one. Raises `NoRule`."""
        found = [
            rule
            for rule in self._rules.get(key, ())
            if rule.valid_from <= day <= (rule.valid_to or date.max) and rule.region_id in (None, region_id)
        ]
        if not found:
            raise NoRule(key, day)
        return min(found, key=lambda rule: rule.region_id is None)

    def last_day(self, key: str, start: int, region_id: int | None, decided: int | None = None) -> Last:
        """The last day counted from the day with ordinal ``start``, or the one that a person ``decided``."""
        if decided is None:
            known = self._known.get((key, start, region_id if region_id in self._regional else None))
            if known is not None:
                return known
        rule = self.rule(key, date.fromisoformat(self.iso[start]), region_id)
        remind = tuple(sorted(rule.remind, reverse=True))
        if decided is not None:
            return Last(decided, rule.code, {"start": self.iso[start], "decided": self.iso[decided]}, remind)
        last = Last(start + rule.days, rule.code, {"start": self.iso[start], "days": rule.days}, remind)
        self._known[key, start, region_id if region_id in self._regional else None] = last
        return last

    def late_notice(self, day: int) -> Rule:
        """The rule of the insured's late notice, in force on the day with this ordinal."""
        return self.rule("law.late_notice_hours", date.fromisoformat(self.iso[day]), None)

    def moment(self, day: int, minute: int) -> str:
        """A minute of the day with an ordinal in Sweden, in UTC as an event has it: ``2026-12-03T08:30:00+00:00``."""
        offset = self._offsets.get(day)
        if offset is None:
            noon = datetime.fromisoformat(f"{self.iso[day]}T12:00").replace(tzinfo=SWEDEN)
            offset = self._offsets[day] = int((noon.utcoffset() or timedelta()).total_seconds() // 60)
        hour, minute = divmod(minute - offset, 60)
        return f"{self.iso[day]}T{hour:02d}:{minute:02d}:00+00:00"

    def passed(self, due: int) -> bool:
        """Whether the day with this ordinal is before today."""
        return due < self.now or (due == self.now and self.now == self.last)
