"""What the list of cases asks for, and the query of it: one range of one index for each order and filter.

Newest first goes by the case's id, by last day by (``next_due``, id): the open duty that is nearest. A filter of days asks
by last day always. What a party sees of a protected person must not be guessed by filtering, either: at the agency the
filters of region and performer leave those cases out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party
from accounts.written import Written
from fmu_portal.prepared import Asked
from orders.models import Assessment
from orders.process import ASSESSMENT, OPEN_STATUSES

PAGE = 25
VIEWS = {"pagaende": "Pågående", "avslutade": "Avslutade", "alla": "Alla"}
ORDERS = {"nyast": "Nyast först", "sista-dag": "Sista dag först"}
WHEN = {"forsenade": "Passerad sista dag", "snart": "Sista dag inom en vecka"}
ENDED = tuple(name for name, status in ASSESSMENT.statuses.items() if status.ended)
SOON = timedelta(days=7)
WHOLE = len("2026-000123")
_DAYS = ("due_from", "due_to")

Rows = Callable[[Actor, QuerySet[Assessment], tuple[str, ...]], QuerySet[Any]]


@dataclass(frozen=True)
class Wanted:
    """Filters, order and columns. ``after``: the cursor of the page before (`cursor_of`)."""

    view: str = "pagaende"
    order: str = "nyast"
    status: str = ""
    performer: int | None = None
    region: int | None = None
    number: str = ""
    when: str = ""
    due_from: date | None = None
    due_to: date | None = None
    interpreter: str = ""
    language: str = ""
    columns: tuple[str, ...] = ()
    after: str = ""

    @property
    def by_day(self) -> bool:
        """Whether the list goes by last day: then it holds every case in which something is owed."""
        return bool(self.when or self.due_from or self.due_to) or (self.order == "sista-dag" and self.is_open)

    @property
    def is_open(self) -> bool:
        """Whether only ongoing cases are asked for."""
        return self.view == "pagaende" and not (self.status in ENDED or self.number)

    @property
    def filtered(self) -> bool:
        """Whether something narrows the list beside its quick view."""
        return replace(self, view="pagaende", order="nyast", columns=(), after="") != Wanted()

    def stored(self) -> dict[str, Any]:
        """As JSON for a saved view or an export: what differs from the default, without columns and cursor."""
        default = asdict(Wanted())
        kept = {key: value for key, value in asdict(self).items() if value != default[key]}
        kept.pop("columns", None)
        kept.pop("after", None)
        return {key: value.isoformat() if isinstance(value, date) else value for key, value in kept.items()}

    @classmethod
    def of(cls, stored: dict[str, Any], columns: list[str]) -> Wanted:
        """The same back; what is no longer known is left out."""
        known = {key: value for key, value in stored.items() if key in cls.__dataclass_fields__}
        for key in _DAYS:
            if key in known:
                known[key] = date.fromisoformat(known[key])
        return cls(**known, columns=tuple(columns))


def cursor_of(wanted: Wanted, pk: int, day: date | None) -> str:
    """Where a page ended: "123", or by last day "2027-01-14.123"."""
    return f"{day.isoformat()}.{pk}" if wanted.by_day and day else str(pk)


def _cursor(wanted: Wanted) -> tuple[date | None, int] | None:
    """(day, id) where the page before ended; None on the first page and for what is no cursor of this order."""
    text, _, pk = wanted.after.rpartition(".")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    if not wanted.by_day:
        return None if text else (None, int(pk))
    try:
        return date.fromisoformat(text), int(pk)
    except ValueError:
        return None


def _of_number(number: str) -> dict[str, Any]:
    """By the number's beginning, as a range of the unique index."""
    if len(number) >= WHOLE:
        return {"number": number}
    low, high = ("0000-000000", "9999-999999")
    return {"number__gte": number + low[len(number) :], "number__lte": number + high[len(number) :]}


def _of_days(wanted: Wanted, today: date) -> dict[str, Any]:
    """By the nearest last day, first and last day included."""
    low, high = wanted.due_from, wanted.due_to
    if wanted.when == "forsenade":
        high = min(filter(None, (high, today - timedelta(days=1))))
    elif wanted.when == "snart":
        low, high = max(filter(None, (low, today))), min(filter(None, (high, today + SOON)))
    found: dict[str, Any] = {name: day for name, day in (("next_due__gte", low), ("next_due__lte", high)) if day}
    return found | ({"next_due__isnull": False} if wanted.by_day else {})


def conditions(actor: Actor, wanted: Wanted, today: date) -> dict[str, Any]:
    """What the filters ask of a case, as Django's lookups; the columns chosen and the order change nothing."""
    found: dict[str, Any] = _of_number(wanted.number) if wanted.number else {}
    if wanted.status:
        found["status"] = wanted.status
    elif wanted.view == "avslutade" and not wanted.number:
        found["status__in"] = ENDED
    elif wanted.is_open and not wanted.by_day:
        found["status__in"] = OPEN_STATUSES
    if (wanted.performer or wanted.region) and actor.party is Party.AGENCY:
        found["protected"] = False
    if wanted.performer:
        found["performer_id"] = wanted.performer
    if wanted.region:
        found["region_id"] = wanted.region
    if actor.sees(See.NEEDS):
        if wanted.interpreter or wanted.language:
            found["interpreter"] = wanted.interpreter != "nej"
        if wanted.language:
            found["language"] = wanted.language.lower()
    return found | _of_days(wanted, today)


def in_order(
    actor: Actor, asked: Mapping[str, Any], by_day: bool, after: tuple[date | None, int] | None
) -> QuerySet[Assessment]:
    """The cases that meet conditions, newest first or by last day, from the cursor on."""
    rows: QuerySet[Assessment] = Assessment.objects.visible_to(actor).filter(**asked)
    if not by_day:
        return (rows.filter(pk__lt=after[1]) if after else rows).order_by("-pk")
    if after:
        day, pk = after
        rows = rows.filter(Q(next_due__gt=day) | Q(next_due=day, pk__gt=pk), next_due__gte=day)
    return rows.order_by("next_due", "pk")


def wanted_cases(actor: Actor, wanted: Wanted, today: date) -> QuerySet[Assessment]:
    """The cases that the list asks for, in its order, from its cursor on."""
    return in_order(actor, conditions(actor, wanted, today), wanted.by_day, _cursor(wanted))


def asked_of_page(
    actor: Actor, wanted: Wanted, today: date, columns: tuple[str, ...], rows: Rows
) -> Asked[Assessment] | None:
    """The same for one page, by a query that is written once per role, columns and set of filters.

    ``rows`` makes of the cases what is read of them (`orders.overview.reading`).
    """
    asked, after = conditions(actor, wanted, today), _cursor(wanted)
    kinds = {name: type(value) for name, value in asked.items() if type(value) in (str, int, list, date)}
    fixed = tuple((name, value) for name, value in asked.items() if name not in kinds)
    if after:
        kinds |= {"after_pk": int} | ({"after_day": date} if wanted.by_day else {})
    values: dict[str, Any] = {name: asked[name] for name in kinds if name in asked}
    if after:
        values |= {"after_day": after[0], "after_pk": after[1]}
    return _written(columns, rows, wanted.by_day, fixed, tuple(kinds.items())).asked(actor, **values)


@lru_cache(maxsize=500)
def _written(
    columns: tuple[str, ...],
    rows: Rows,
    by_day: bool,
    fixed: tuple[tuple[str, Any], ...],
    kinds: tuple[tuple[str, Any], ...],
) -> Written[Assessment]:
    def build(actor: Actor, **marks: Any) -> QuerySet[Assessment]:
        after = (marks.pop("after_day", None), marks.pop("after_pk")) if "after_pk" in marks else None
        return rows(actor, in_order(actor, dict(fixed) | marks, by_day, after), columns)

    return Written(build, **dict(kinds))
