"""What is counted and said of visits: Swedish time, late notice, the summons' last day, who is busy, a unit's days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber, TruncDate
from django.utils import timezone

from accounts.actor import Actor
from accounts.written import Written
from fmu_portal.working_days import add_working_days, working_days_between
from orders.models import Expansion, Visit
from orders.overview.days import MOST_A_DAY, Day, Entry
from orders.processes.visit import OPEN
from rules.limits import rule_in_force

SWEDEN = ZoneInfo("Europe/Stockholm")
LATE_NOTICE = "law.late_notice_hours"
SUMMON = {"post": "routine.summon_post", "direct": "routine.summon"}


class NoSuchTime(ValueError):
    """A time of day that the clock skips on that day."""


def swedish(day: date, clock: time) -> datetime:
    """The moment of a Swedish day and time, in UTC. An hour that comes twice means its first time.

    Raises `NoSuchTime` for a time that the clock skips (02.00–02.59 when summer time begins).
    """
    moment = datetime.combine(day, clock, SWEDEN).astimezone(UTC)
    if moment.astimezone(SWEDEN).replace(tzinfo=None) != datetime.combine(day, clock):
        raise NoSuchTime
    return moment


def moment_words(moment: datetime) -> str:
    """ "2026-12-03 kl. 09.30", in Swedish time."""
    return f"{timezone.localtime(moment):%Y-%m-%d kl. %H.%M}"


def when_words(starts_at: datetime, ends_at: datetime) -> str:
    """ "2026-12-03 kl. 09.30–11.00", in Swedish time."""
    return f"{moment_words(starts_at)}–{timezone.localtime(ends_at):%H.%M}"


def hours_words(minutes: int) -> str:
    """Minutes as hours with a decimal comma: 90 is "1,5"."""
    return f"{minutes / 60:.2f}".rstrip("0").rstrip(".").replace(".", ",")


class Notice(NamedTuple):
    """Whether the insured's notice was late, by which rule (its code) and how many hours that rule has."""

    late: bool
    rule: str
    hours: int


def notice(given_at: datetime, starts_at: datetime) -> Notice:
    """Late when given less than the rule's hours before the start (FKFS 2019:1 4 §), in real hours whatever the clocks do.

    The rule is the one in force on the day the notice was given. Raises `NoRule`.
    """
    rule = rule_in_force(LATE_NOTICE, timezone.localdate(given_at))
    hours = int(rule.value or 0)
    left = starts_at.astimezone(UTC) - given_at.astimezone(UTC)
    return Notice(left < timedelta(hours=hours), rule.code, hours)


class SummonBy(NamedTuple):
    """Whether a summons on a day is later than the routine, the last working day for it, and the routine's length."""

    late: bool
    last: date
    days: int


def summon_by(how: str, sent_on: date, day: date, region_id: int | None) -> SummonBy:
    """Of a summons sent on one day to a visit on another. Raises `NoRule`, and ValueError outside the calendar."""
    rule = rule_in_force(SUMMON[how], sent_on, region_id)
    return SummonBy(working_days_between(sent_on, day) < rule.days, add_working_days(day, -rule.days), rule.days)


def busy(user_id: int, starts_at: datetime, ends_at: datetime, but: int | None) -> bool:
    """Whether the assessor has another open visit at the time, at any unit. ``but``: a visit that does not count.

    Waits for whoever is booking the same assessor now; to be asked inside the step's transaction.
    """
    with connection.cursor() as cursor:
        if connection.in_atomic_block:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, user_id % 2**31])
        cursor.execute("SELECT orders_is_busy(%s, %s, %s, %s)", [user_id, starts_at, ends_at, but or 0])
        return bool(cursor.fetchone()[0])


_LOCK = 20_181_633
"""The first half of the advisory lock of an assessor's calendar."""


def taken(case_id: int, starts_at: datetime, ends_at: datetime, but: int | None) -> Visit | None:
    """An open visit of the case at the time, if any: a person cannot be in two places."""
    rows = Visit.objects.filter(assessment_id=case_id, status__in=OPEN, starts_at__lt=ends_at, ends_at__gt=starts_at)
    return rows.exclude(pk=but or 0).order_by("starts_at").first()


def approved(case: Any) -> set[str]:
    """The professions that may examine: a physician always, the others once the agency has approved them (5 §)."""
    rows = Expansion.objects.filter(assessment=case, performer_id=case.performer_id, status="approved")
    return {"physician", *(name for expansion in rows for name in expansion.professions)}


def in_event(visit: Visit) -> dict[str, Any]:
    """What an event says of a visit for its sentence: profession, start and end."""
    assert visit.starts_at is not None
    assert visit.ends_at is not None
    return {"profession": visit.profession, "at": [visit.starts_at.isoformat(), visit.ends_at.isoformat()]}


def between(actor: Actor, first: date, last: date) -> QuerySet[Visit]:
    """The visits that the actor may see from the first day to the last, by start; those cancelled too."""
    return _between(actor, *_moments(first, last))


def _moments(first: date, last: date) -> tuple[datetime, datetime]:
    """When the first day begins and the last one is over."""
    return swedish(first, time.min), swedish(last + timedelta(days=1), time.min)


def _between(actor: Actor, start: datetime, end: datetime) -> QuerySet[Visit]:
    rows = Visit.objects.visible_to(actor).filter(starts_at__gte=start, starts_at__lt=end)
    return rows.order_by("starts_at", "pk")


def _first_of_each_day(actor: Actor, start: datetime, end: datetime) -> QuerySet[Any]:
    rows = _between(actor, start, end).filter(status__in=OPEN).select_related("assessment")
    rows = rows.annotate(on=TruncDate("starts_at", tzinfo=SWEDEN))
    return rows.annotate(
        place_of_day=Window(RowNumber(), partition_by=F("on"), order_by=[F("starts_at").asc(), F("pk").asc()]),
        of_the_day=Window(Count("pk"), partition_by=F("on")),
    ).filter(place_of_day__lte=MOST_A_DAY)


_OF_THE_MONTH: Written[Any] = Written(_first_of_each_day, start=datetime, end=datetime)


def visit_days(actor: Actor, first: date, last: date, today: date) -> dict[date, Day]:
    """The open visits of the actor's cases on each day, for the calendar: no person in it (`overview.days.Source`)."""
    start, end = _moments(first, last)
    found: dict[date, Day] = {}
    asked = _OF_THE_MONTH.asked(actor, start=start, end=end)
    for visit in asked.all() if asked else ():  # a stretch of time: the best way depends on its length
        part = found.setdefault(visit.day, Day(total=visit.of_the_day))
        text = f"Besök {visit.hours_words.partition('–')[0]}"
        part.entries.append(Entry(visit.assessment.number, text, visit.profession_label, _tone(visit, today)))
    return found


def _tone(visit: Visit, today: date) -> str:
    """A visit that has been and that nobody has closed is late."""
    return "late" if visit.day < today else "plain"
