"""The columns of the shared overview, as data: what each is called, who sees it, what the query brings, how it is shown.

A process of its own (a visit, a deferral) adds its column in one place: ``register(Column(...), after="last_day")`` when
its app is ready. The same column stands on the page, in the choice of columns, in saved views and in exports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, DateField, F, OuterRef, Q, Subquery, Value, When
from django.db.models.expressions import BaseExpression, Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Concat

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party
from fmu_portal.engine.refusals import NoRule
from fmu_portal.engine.registry import DUTY_KINDS
from fmu_portal.models import Duty
from orders.deadlines import if_sent
from orders.models.assessment import MASKED
from orders.process import ASSESSMENT
from orders.words import PENDING, Left, days_left, parties_words

Values = Mapping[str, Any]
Expression = BaseExpression | Combinable


class Cell(NamedTuple):
    """One cell: ``text`` or ``day``, and under it ``left`` (days left) or ``note``; ``tone`` makes a badge of the text."""

    text: str = ""
    day: date | None = None
    left: Left | None = None
    note: str = ""
    tone: str = ""


def _text(cell: Cell) -> str:
    return cell.text


def _day(cell: Cell) -> date | None:
    return cell.day


def _left(cell: Cell) -> str:
    return cell.left.text if cell.left else ""


def _note(cell: Cell) -> str:
    return cell.note


Export = tuple[str, Callable[[Cell], "str | date | None"]]


@dataclass(frozen=True)
class Column:
    """One column. ``fields``: name -> expression of what the query must bring (the names are shared between columns).

    ``show`` makes the cell of the values and today's date. ``exports``: the columns of a file, (heading, cell -> value).
    """

    name: str
    label: str
    fields: Callable[[Actor], Mapping[str, Expression]]
    show: Callable[[Values, date], Cell]
    sees: Callable[[Actor], bool] = field(default=lambda _: True)
    default: Callable[[Actor], bool] = field(default=lambda _: True)
    exports: tuple[Export, ...] = ()

    @property
    def headings(self) -> tuple[Export, ...]:
        """The columns of a file: the text under the column's own label when nothing else is said."""
        return self.exports or ((self.label, _text),)


COLUMNS: dict[str, Column] = {}


def register(column: Column, after: str = "") -> None:
    """Add a column, last or after another."""
    rows = [(name, found) for name, found in COLUMNS.items() if name != column.name]
    place = next((n for n, (name, _) in enumerate(rows, start=1) if name == after), len(rows))
    rows.insert(place, (column.name, column))
    COLUMNS.clear()
    COLUMNS.update(rows)


def offered(actor: Actor) -> list[Column]:
    """The columns that the actor may choose among."""
    return [column for column in COLUMNS.values() if column.sees(actor)]


def chosen(actor: Actor, names: Iterable[str]) -> list[Column]:
    """Those named that the actor may see, in the registry's order; the usual ones when none is named."""
    wanted = set(names)
    found = [column for column in offered(actor) if column.name in wanted]
    return found or [column for column in offered(actor) if column.default(actor)]


# --- what the query brings


def name_of(actor: Actor, path: str) -> Expression:
    """The name of a region or performer; at the agency a protected person's is not said (`Assessment.mask`)."""
    if actor.party is not Party.AGENCY:
        return F(f"{path}__name")
    return Case(
        When(Q(protected=True) & Q(**{f"{path}__isnull": False}), then=Value(MASKED)),
        default=F(f"{path}__name"),
        output_field=CharField(),
    )


def owed() -> Expression:
    """The open duties of the case, nearest first, each "2027-01-14|party|kind|rule"; [] when it has ended."""
    rows = Duty.objects.filter(case_id=OuterRef("pk"), closed_by__isnull=True).order_by("due", "id")
    said = Concat(
        Cast("due", CharField()), Value("|"), "party", Value("|"), "kind", Value("|"), "rule", output_field=CharField()
    )
    return Case(When(next_due__isnull=False, then=ArraySubquery(rows.values_list(said))), default=Value(None))


def report_was() -> Expression:
    """The last day that counted for a report that has come in."""
    rows = (
        Duty.objects.annotate(start=KeyTextTransform("start", "inputs"))
        .filter(
            case_id=OuterRef("pk"),
            kind="deliver_report",
            organisation_id=OuterRef("performer_id"),
            start=Cast(OuterRef("underlag_complete_on"), CharField()),
            superseded_by__isnull=True,
        )
        .order_by(F("closed_by").desc(nulls_first=True), "-id")
    )
    return Case(
        When(delivered_on__isnull=False, then=Subquery(rows.values("due")[:1])),
        default=Value(None),
        output_field=DateField(),
    )


# --- how it is shown


def _waits(v: Values, today: date) -> Cell:
    rows = [text.split("|") for text in v["owed"] or ()]
    if not rows:
        return Cell("Ingen")
    due, _, kind, rule = rows[0]
    found = DUTY_KINDS.get(kind)
    day, pending = date.fromisoformat(due), _pending(rows)
    task = "" if found is None else found.missed if day < today and found.missed and not pending else found.task
    return Cell(parties_words({row[1] for row in rows}), day, _left_of(day, today, rule, pending), task)


def _pending(rows: list[list[str]]) -> bool:
    """Whether a deferral of the case is to be decided on."""
    return any(row[2] == "decide_deferral" for row in rows)


def _left_of(day: date, today: date, rule: str, pending: bool) -> Left:
    """As `orders.words.duty_left`, of a duty's values."""
    law = rule.startswith("law.")
    return PENDING if pending and law and day < today else days_left(day, today, law)


_DECIDED = {
    "pass_on_risk": "Risk för försening", "decide_deferral": "Anstånd prövas", "decide_expansion": "Utvidgning prövas",
    "decide_end": "Avslut prövas", "answer_question": "Fråga om underlaget",
}  # fmt: skip
"""kind of an open duty -> what it means that it is open."""


def _applied(v: Values, today: date) -> Cell:
    """What is asked for in the case and not answered yet."""
    kinds = dict.fromkeys(text.split("|")[2] for text in v["owed"] or ())
    return Cell(", ".join(_DECIDED[kind] for kind in kinds if kind in _DECIDED))


def last_day(v: Values, today: date) -> Cell:
    """The report's last day: of the open duty, provisional from the order on, or what counted when it came in."""
    if v["delivered_on"] is not None:
        late = bool(v["delivered_late"])
        words = f"Kom in {'för sent' if late else 'i tid'} {v['delivered_on']}"
        return Cell(day=v["report_was"], left=Left(words, "late" if late else "ok"))
    if v["status"] == "ordered" and v["underlag_complete_on"] is not None:
        try:
            due = if_sent(v["underlag_complete_on"]).due
        except NoRule:
            return Cell(left=Left("Ingen regel gäller för dagen", "soon"))
        left = days_left(due, today, law=True)
        return Cell(day=due, left=Left(f"{left.text}, preliminär", left.tone))
    due = v["report_due"]
    if not due:
        return Cell("Ingen ännu")
    rows = [text.split("|") for text in v["owed"] or ()]
    rule = next((row[3] for row in rows if row[2] == "deliver_report"), "law.")
    return Cell(day=due, left=_left_of(due, today, rule, _pending(rows)))


def _status(v: Values, today: date) -> Cell:
    status = ASSESSMENT.statuses[v["status"]]
    return Cell(status.label, tone=status.tone or "default")


def _plain(name: str, otherwise: str = "") -> Callable[[Values, date], Cell]:
    return lambda v, _: Cell(v[name] or otherwise)


def _dated(name: str, otherwise: str = "") -> Callable[[Values, date], Cell]:
    return lambda v, _: Cell("" if v[name] else otherwise, v[name])


def _interpreter(v: Values, today: date) -> Cell:
    if v["interpreter"] is None:
        return Cell("")
    return Cell(v["language"] or "Ja" if v["interpreter"] else "Nej")


def _needs(actor: Actor) -> bool:
    return actor.sees(See.NEEDS)


def _never(_: Actor) -> bool:
    return False


def _paths(*paths: str) -> Callable[[Actor], Mapping[str, Expression]]:
    return lambda _: {path: F(path) for path in paths}


for _column in (
    Column("status", "Status", _paths("status"), _status),
    Column(
        "waits", "Väntar på", lambda _: {"owed": owed()}, _waits,
        exports=(("Väntar på", _text), ("Vad", _note), ("Närmast sista dag", _day), ("Dagar kvar", _left)),
    ),
    Column(
        "last_day", "Sista dag för utlåtande",
        lambda _: {name: F(name) for name in
                   ("delivered_on", "delivered_late", "status", "underlag_complete_on", "report_due")}
        | {"report_was": report_was(), "owed": owed()},
        last_day,
        exports=(("Sista dag för utlåtande", _day), ("Läge för utlåtandet", _left)),
    ),
    Column(
        "municipality", "Kommun", lambda _: {"place": F("municipality__name")}, _plain("place", "Inte angiven"), _needs
    ),
    Column("applied", "Prövas", lambda _: {"owed": owed()}, _applied, default=_never),
    Column("interpreter", "Tolk", _paths("interpreter", "language"), _interpreter, _needs, _never),
    Column(
        "performer", "Utförare", lambda a: {"performer_name": name_of(a, "performer")},
        _plain("performer_name", "Inte tilldelad"), default=lambda a: a.party is not Party.PERFORMER,
    ),
    Column(
        "region", "Region", lambda a: {"region_name": name_of(a, "region")}, _plain("region_name"),
        default=lambda a: a.party is Party.PERFORMER or not a.sees(See.NEEDS),
    ),
    Column("office", "Kontor", lambda _: {"office_name": F("agency_office__name")}, _plain("office_name"),
           default=_never),
    Column("officer", "Handläggare", lambda _: {"officer_name": F("case_officer__name")}, _plain("officer_name"),
           lambda a: a.party is Party.AGENCY, _never),
    Column("requested", "Begärd", _paths("requested_on"), _dated("requested_on", "Inte begärd"),
           exports=(("Begärd", _day),)),
    Column("ordered", "Beställd", _paths("ordered_on"), _dated("ordered_on"), default=_never,
           exports=(("Beställd", _day),)),
    Column("complete", "Komplett underlag", _paths("underlag_complete_on"), _dated("underlag_complete_on"),
           default=_never, exports=(("Komplett underlag", _day),)),
    Column("delivered", "Utlåtandet kom in", _paths("delivered_on"), _dated("delivered_on"), default=_never,
           exports=(("Utlåtandet kom in", _day),)),
):  # fmt: skip
    register(_column)
