"""The shared overview: one list of cases for all three parties, by case or by last day, with filters and chosen columns.

`wanted` says what the list asks for and makes the query, `columns` what can be shown, `reading` reads the rows (for the
page and for an export alike), `days` the calendar, `exports` the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from accounts.actor import Actor
from orders.overview.columns import Cell, Column, chosen
from orders.overview.reading import Line, page_lines
from orders.overview.wanted import PAGE, Wanted, cursor_of, wanted_cases

__all__ = ["PAGE", "Cell", "Page", "Row", "Wanted", "overview"]


@dataclass(frozen=True)
class Row:
    """One case in the list: ``lead`` is its number with the person's name, ``cells`` pairs of (column, cell)."""

    number: str
    person: str
    cells: list[tuple[Column, Cell]]
    mark: str


@dataclass
class Page:
    """One page of the list; ``next`` is the cursor of the next, ``mark`` changes when what is shown has changed."""

    columns: list[Column]
    rows: list[Row] = field(default_factory=list)
    next: str = ""

    @property
    def mark(self) -> str:
        """What the page shows, as a short text without anything of a person."""
        return mark_of(row.mark for row in self.rows)


def mark_of(parts: Iterable[str]) -> str:
    """A digest of ids and versions."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:20]


def overview(actor: Actor, wanted: Wanted, today: date) -> Page:
    """One page, in one query."""
    columns = chosen(actor, wanted.columns)
    page = Page(columns)
    last: Line | None = None
    for number, line in enumerate(page_lines(actor, wanted, columns, today)):
        if number == PAGE:
            line.not_shown()
            assert last is not None
            page.next = cursor_of(wanted, last.pk, last.day)
            break
        last = line
        page.rows.append(Row(line.number, line.person, list(zip(columns, line.cells(), strict=True)), line.mark))
    return page


def mark_now(actor: Actor, wanted: Wanted, today: date) -> str:
    """`Page.mark` of the list as it is now, by ids and versions alone: nothing of anybody is read."""
    rows = wanted_cases(actor, wanted, today)[:PAGE].values_list("pk", "version", "next_due")
    return mark_of(f"{pk}.{version}.{due or ''}.{today}" for pk, version, due in rows)
