"""What stands in a party's calendar: last days today; visits and other days when their own modules register them.

A source gives what falls on the days of a month in the cases that the actor sees, at most some rows a day and how many
there are. ``register_source(visits)`` when an app is ready is all that another kind of day needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from accounts.actor import Actor
from accounts.written import Written
from orders.models import Assessment
from orders.overview.columns import COLUMNS
from orders.overview.reading import lines_of, selected

MOST_A_DAY = 4
"""Rows shown on a day; the others are one click away in the list."""


@dataclass(frozen=True)
class Entry:
    """One row of a day: a case's number and what falls on the day. Nothing of a person."""

    number: str
    text: str
    who: str = ""
    tone: str = "plain"


@dataclass
class Day:
    """What a source has on a day: the first entries, how many there are in all, and where the rest is shown."""

    entries: list[Entry] = field(default_factory=list)
    total: int = 0
    more_query: str = ""

    @property
    def more(self) -> int:
        """How many are not shown here."""
        return self.total - len(self.entries)


Source = Callable[[Actor, date, date, date], dict[date, Day]]
"""(actor, first day, last day, today) -> day -> what is there."""

SOURCES: list[Source] = []


def register_source(source: Source) -> None:
    """Show these days in the calendar too."""
    if source not in SOURCES:
        SOURCES.append(source)


def days_of(actor: Actor, first: date, last: date, today: date) -> dict[date, list[Day]]:
    """Each source's part of each day from first to last, in the order of registration."""
    found: dict[date, list[Day]] = {}
    for source in SOURCES:
        for day, part in source(actor, first, last, today).items():
            found.setdefault(day, []).append(part)
    return found


def first_of_each_day(cases: QuerySet[Assessment], day: str) -> QuerySet[Any]:
    """(case id, day, how many that day) of the first cases of each day; ``day`` names the column. Ids and days alone."""
    rows = cases.annotate(
        on=F(day),
        place=Window(RowNumber(), partition_by=F(day), order_by=F("pk").asc()),
        of_the_day=Window(Count("pk"), partition_by=F(day)),
    ).filter(place__lte=MOST_A_DAY)
    return rows.order_by("on", "pk").values_list("pk", "on", "of_the_day")


def _by_next_due(actor: Actor, first: date, last: date) -> QuerySet[Any]:
    return first_of_each_day(Assessment.objects.visible_to(actor).filter(next_due__range=(first, last)), "next_due")


def _by_report_due(actor: Actor, first: date, last: date) -> QuerySet[Any]:
    cases = Assessment.objects.visible_to(actor).filter(~Q(report_due=F("next_due")), report_due__range=(first, last))
    return first_of_each_day(cases, "report_due")


def _words(actor: Actor, cases: list[int]) -> QuerySet[Any]:
    rows = Assessment.objects.visible_to(actor).filter(pk__any_of=cases).order_by("pk")
    return selected(actor, rows, _COLUMNS, person=False)[0]


_NEXT_DUE = Written(_by_next_due, first=date, last=date)
_REPORT_DUE = Written(_by_report_due, first=date, last=date)
_WORDS = Written(_words, cases=list)
_COLUMNS = [COLUMNS["waits"]]


def _nearest(actor: Actor, first: date, last: date, today: date) -> dict[date, Day]:
    """The nearest last day of every case in which something is owed: a range of the index that the list by last day uses."""
    return _filled(actor, _NEXT_DUE.tuples(actor, first=first, last=last), today, _task)


def _reports(actor: Actor, first: date, last: date, today: date) -> dict[date, Day]:
    """The report's last day where something else in the case comes before it."""
    picked = _REPORT_DUE.tuples(actor, first=first, last=last)
    return _filled(
        actor, picked, today, lambda _, __: ("Utlåtandet ska ha kommit in", "Utföraren", "plain"), rest=False
    )


def _task(values: Any, today: date) -> tuple[str, str, str]:
    cell = COLUMNS["waits"].show(values, today)
    return cell.note, cell.text, "late" if cell.left and cell.left.tone == "late" else "plain"


def _filled(
    actor: Actor,
    picked: list[tuple[Any, ...]],
    today: date,
    said: Callable[[Any, date], tuple[str, str, str]],
    *,
    rest: bool = True,
) -> dict[date, Day]:
    """The picked cases with their words; ``rest``: the list can show the others of the day."""
    days = {pk: (day, total) for pk, day, total in picked}
    if not days:
        return {}
    found: dict[date, Day] = {}
    for line in lines_of(actor, _WORDS.tuples(actor, cases=[*days]), _COLUMNS, today):
        day, total = days[line.pk]
        text, who, tone = said(line.values, today)
        part = found.setdefault(day, Day(total=total, more_query=f"fran={day}&till={day}" if rest else ""))
        part.entries.append(Entry(line.number, text, who, tone))
    return found


SOURCES += [_nearest, _reports]
