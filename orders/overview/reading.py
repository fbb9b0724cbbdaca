"""Reads rows of the overview as plain values, for a page and for an export of a hundred thousand rows alike.

An object per row and party costs more than the query. So this is the one place that reads cases without objects; what
objects would have done by themselves is done here: the reading is gathered for the access log (`audit.collector`), and
what tells a protected person's place is masked (`orders.overview.columns.name_of`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from django.db.models import F, QuerySet

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import PARTY_OF
from audit import collector
from orders.models import Assessment
from orders.models.assessment import PROTECTED
from orders.overview.columns import COLUMNS, Cell, Column
from orders.overview.wanted import PAGE, Wanted, asked_of_page

_ALWAYS = ("pk", "number", "version", "next_due", "protected")


class Line:
    """One case: its values by name."""

    __slots__ = ("_columns", "_identity", "_today", "values")

    def __init__(self, values: dict[str, Any], columns: list[Column], identity: bool, today: date) -> None:
        self.values, self._columns, self._identity, self._today = values, columns, identity, today

    @property
    def pk(self) -> int:
        """The case's id."""
        return int(self.values["row_pk"])

    @property
    def number(self) -> str:
        """The case's number."""
        return str(self.values["row_number"])

    @property
    def day(self) -> date | None:
        """The nearest last day of what is owed."""
        day: date | None = self.values["row_next_due"]
        return day

    @property
    def mark(self) -> str:
        """What changes when the row does: no part of it is of a person."""
        v = self.values
        return f"{v['row_pk']}.{v['row_version']}.{v['row_next_due'] or ''}.{self._today}"

    @property
    def person(self) -> str:
        """The person's name for those who may know; a protected one's is not said."""
        if not self._identity:
            return ""
        return self.values["person_name"] or (PROTECTED if self.values["row_protected"] else "")

    def cells(self) -> list[Cell]:
        """The cells in the order of the columns."""
        values, today = self.values, self._today
        return [column.show(values, today) for column in self._columns]

    def not_shown(self) -> None:
        """It was read to see whether there are more."""
        collector.not_shown(self.pk)


def selected(
    actor: Actor, cases: QuerySet[Assessment], columns: list[Column], *, person: bool = True
) -> tuple[QuerySet[Any], list[str]]:
    """The query of the rows as tuples, and the names of what stands in them. ``person``: with the name, who may."""
    wanted = _fields(actor, columns, person)
    # Django takes no annotation with a field's own name: all get one that no field has.
    annotated: QuerySet[Any] = cases.annotate(**{f"v_{name}": expression for name, expression in wanted.items()})
    return annotated.values_list(*[f"v_{name}" for name in wanted]), list(wanted)


def _fields(actor: Actor, columns: list[Column], person: bool) -> dict[str, Any]:
    """Name -> expression of everything that is read of a row."""
    wanted: dict[str, Any] = {f"row_{name}": F(name) for name in _ALWAYS}
    if person and actor.sees(See.IDENTITY):
        wanted["person_name"] = F("person__name")
    for column in columns:
        wanted |= column.fields(actor)
    return wanted


def lines_of(actor: Actor, rows: Iterable[Any], columns: list[Column], today: date) -> Iterator[Line]:
    """Rows of `selected` without the person, each gathered as read."""
    return _lines(
        actor, rows, _names(actor.role, tuple(column.name for column in columns), False), columns, today, False
    )


def page_lines(actor: Actor, wanted: Wanted, columns: list[Column], today: date) -> Iterator[Line]:
    """The rows of one page of the list and one more, each gathered as read, by a query that is written once."""
    chosen = tuple(column.name for column in columns)
    asked = asked_of_page(actor, wanted, today, chosen, _page)
    rows = () if asked is None else asked.tuples()
    yield from _lines(actor, rows, _names(actor.role, chosen, True), columns, today, True)


def _page(actor: Actor, cases: QuerySet[Assessment], chosen: tuple[str, ...]) -> QuerySet[Any]:
    return selected(actor, cases[: PAGE + 1], [COLUMNS[name] for name in chosen])[0]


@lru_cache(maxsize=500)
def _names(role: str, chosen: tuple[str, ...], person: bool) -> list[str]:
    """The names of what stands in a row of `selected`."""
    return list(_fields(Actor(PARTY_OF[role], role, 0), [COLUMNS[name] for name in chosen], person))


def _lines(
    actor: Actor, rows: Iterable[Any], names: list[str], columns: list[Column], today: date, person: bool
) -> Iterator[Line]:
    identity = person and actor.sees(See.IDENTITY)
    for row in rows:
        line = Line(dict(zip(names, row, strict=True)), columns, identity, today)
        gather(line)
        yield line


def gather(line: Line) -> None:
    """What objects would have said: the case was read, and the person's name when it was."""
    pk = line.pk
    collector.seen(str(See.CASE), pk)
    name = line.values.get("person_name")
    if name:
        collector.seen(str(See.IDENTITY), pk)
        collector.named(pk, name)
