"""What the list of cases asks for, and the query of it: one range of one index for each order and filter.

Newest first goes by the case's id, by last day by (``next_due``, id): the open duty that is nearest. A filter of days asks
by last day always. What a party sees of a protected person must not be guessed by filtering, either: at the agency the
filters of region and performer leave those cases out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party
from orders.models import Assessment
from orders.process import ASSESSMENT, OPEN_STATUSES

VIEWS = {"pagaende": "Pågående", "avslutade": "Avslutade", "alla": "Alla"}
ORDERS = {"nyast": "Nyast först", "sista-dag": "Sista dag först"}
WHEN = {"forsenade": "Passerad sista dag", "snart": "Sista dag inom en vecka"}
ENDED = tuple(name for name, status in ASSESSMENT.statuses.items() if status.ended)
SOON = timedelta(days=7)
WHOLE = len("2026-000123")
_DAYS = ("due_from", "due_to")


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


def _after(rows: QuerySet[Assessment], wanted: Wanted) -> QuerySet[Assessment]:
    text, _, pk = wanted.after.rpartition(".")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return rows
    if not wanted.by_day:
        return rows if text else rows.filter(pk__lt=int(pk))
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return rows
    return rows.filter(Q(next_due__gt=day) | Q(next_due=day, pk__gt=int(pk)), next_due__gte=day)


def _of_number(rows: QuerySet[Assessment], number: str) -> QuerySet[Assessment]:
    """By the number's beginning, as a range of the unique index."""
    if len(number) >= WHOLE:
        return rows.filter(number=number)
    low, high = ("0000-000000", "9999-999999")
    return rows.filter(number__gte=number + low[len(number) :], number__lte=number + high[len(number) :])


def filtered(rows: QuerySet[Assessment], actor: Actor, wanted: Wanted, today: date) -> QuerySet[Assessment]:
    """The rows that the filters let through; the columns chosen and the order change nothing."""
    if wanted.number:
        rows = _of_number(rows, wanted.number)
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    elif wanted.view == "avslutade" and not wanted.number:
        rows = rows.filter(status__in=ENDED)
    elif wanted.is_open and not wanted.by_day:
        rows = rows.filter(status__in=OPEN_STATUSES)
    if (wanted.performer or wanted.region) and actor.party is Party.AGENCY:
        rows = rows.filter(protected=False)
    if wanted.performer:
        rows = rows.filter(performer_id=wanted.performer)
    if wanted.region:
        rows = rows.filter(region_id=wanted.region)
    if actor.sees(See.NEEDS):
        if wanted.interpreter or wanted.language:
            rows = rows.filter(interpreter=wanted.interpreter != "nej")
        if wanted.language:
            said = wanted.language
            rows = rows.filter(language__in=sorted({said, said.lower(), said.capitalize()}))
    low, high = wanted.due_from, wanted.due_to
    if wanted.when == "forsenade":
        high = min(filter(None, (high, today - timedelta(days=1))))
    elif wanted.when == "snart":
        low, high = max(filter(None, (low, today))), min(filter(None, (high, today + SOON)))
    if low:
        rows = rows.filter(next_due__gte=low)
    if high:
        rows = rows.filter(next_due__lte=high)
    return rows.filter(next_due__isnull=False) if wanted.by_day else rows


def wanted_cases(actor: Actor, wanted: Wanted, today: date) -> QuerySet[Assessment]:
    """The cases that the list asks for, in its order, from its cursor on."""
    rows: QuerySet[Assessment] = filtered(Assessment.objects.visible_to(actor), actor, wanted, today)
    if wanted.after:
        rows = _after(rows, wanted)
    return rows.order_by("next_due", "pk") if wanted.by_day else rows.order_by("-pk")
