"""A region's account statement of a year: what stood there before, sums by kind, and each entry down to its source.

The sums are read from `YearSum`, which the database keeps as entries come, so that a statement costs the same whatever the
number of entries; `manage.py books --check` holds them to the entries.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from fmu_portal.engine.registry import step_of
from reimbursement.models import Account, Entry, EntryKind, LineKind
from reimbursement.payment_file import kronor as plain_kronor

PAGE = 50

LAW: dict[str, str] = {
    LineKind.PHYSICIAN: "11 § första stycket",
    LineKind.PSYCHOLOGIST: "11 § första stycket",
    LineKind.PHYSIOTHERAPIST: "11 § första stycket",
    LineKind.OCCUPATIONAL_THERAPIST: "11 § första stycket",
    LineKind.INTERPRETER: "11 § första stycket",
    LineKind.NO_SHOW: "11 § tredje stycket",
    LineKind.LATE_NOTICE: "11 § tredje stycket",
    LineKind.ADMINISTRATION: "12 §",
    LineKind.TRAINING: "13 § första stycket",
    LineKind.TRAVEL: "13 § andra stycket",
}
"""Kind of line -> what it is granted by, in förordning (2018:1633)."""

LAW_OF_ENTRY: dict[str, str] = {
    EntryKind.PAID: "15 §",
    EntryKind.SET_OFF: "21 §",
    EntryKind.RECOVERY: "19 §",
    EntryKind.INTEREST: "20 §",
    EntryKind.REPAID: "19 §",
}

_SUMS = """
SELECT account, kind, coalesce(sum(amount) FILTER (WHERE year < %s), 0),
       coalesce(sum(amount) FILTER (WHERE year = %s), 0), coalesce(sum(count) FILTER (WHERE year = %s), 0)
FROM reimbursement_yearsum WHERE region_id = %s AND year <= %s GROUP BY account, kind
"""
_YEARS = "SELECT DISTINCT year FROM reimbursement_yearsum WHERE region_id = %s ORDER BY year DESC"


@dataclass
class Part:
    """One account of a statement, in öre. ``kinds``: (kind's label, sum, number of entries), in the order of `EntryKind`."""

    account: str
    label: str
    opening: int = 0
    kinds: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def closing(self) -> int:
        """What stood there at the end of the year."""
        return self.opening + sum(amount for _, amount, _ in self.kinds)


@dataclass(frozen=True)
class Statement:
    """A region's year, account by account."""

    region_id: int
    year: int
    parts: list[Part]

    @property
    def opening(self) -> int:
        """In the region's favour before the year, all accounts, in öre."""
        return sum(part.opening for part in self.parts)

    @property
    def closing(self) -> int:
        """The same at its end."""
        return sum(part.closing for part in self.parts)


def statement(region_id: int, year: int) -> Statement:
    """The sums of a year: one query."""
    parts = {account: Part(str(account), str(account.label)) for account in Account}
    found: dict[tuple[str, str], tuple[int, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [year, year, year, region_id, year])
        for account, kind, before, amount, count in cursor.fetchall():
            parts[Account(account)].opening += int(before)
            found[account, kind] = (int(amount), int(count))
    for account, part in parts.items():
        for kind in EntryKind:
            amount, count = found.get((account, kind), (0, 0))
            if count:
                part.kinds.append((str(kind.label), amount, count))
    return Statement(region_id, year, list(parts.values()))


def years(region_id: int, this_year: int) -> list[int]:
    """The years that have entries, and this one, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_YEARS, [region_id])
        return sorted({this_year, *(int(row[0]) for row in cursor.fetchall())}, reverse=True)


def entries(region_id: int, year: int) -> QuerySet[Entry]:
    """The year's entries by day, with what each leads to."""
    rows = Entry.objects.filter(region_id=region_id, day__range=(date(year, 1, 1), date(year, 12, 31)))
    return rows.select_related("claim", "line", "batch", "recovery", "event").order_by("day", "id")


def after(rows: QuerySet[Entry], key: str) -> QuerySet[Entry]:
    """Those that come after ``key`` ("2027-01-14.812"), or all when it is no key."""
    day_text, _, pk = key.partition(".")
    try:
        day = date.fromisoformat(day_text)
    except ValueError:
        return rows
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return rows
    # The first condition is what the index is walked by.
    return rows.filter(day__gte=day).filter(Q(day__gt=day) | Q(pk__gt=int(pk)))


def key_of(entry: Entry) -> str:
    """The key that the next page begins after."""
    return f"{entry.day.isoformat()}.{entry.pk}"


def law_of(entry: Entry) -> str:
    """The paragraph that the entry rests on."""
    if entry.line is not None and entry.kind in (EntryKind.GRANTED, EntryKind.CORRECTION):
        return LAW.get(entry.line.kind, "")
    return LAW_OF_ENTRY.get(entry.kind, "")


def event_of(entry: Entry) -> str:
    """What happened when the entry was made, as its process says it."""
    step = step_of(entry.event.process, entry.event.step)
    return step.done if step is not None else ""


HEAD = (
    "Post", "Dag", "Konto", "Slag", "Belopp", "Begäran", "Rad", "Utbetalning", "Återkrav", "Rättar post", "Händelse",
    "Händelsens tid", "Paragraf",
)  # fmt: skip


def csv_rows(rows: QuerySet[Entry]) -> Iterator[tuple[str, ...]]:
    """Each entry as text, as a Swedish spreadsheet reads it: kronor with a comma, Swedish time."""
    for entry in rows.iterator(chunk_size=2000):
        yield (
            str(entry.pk),
            entry.day.isoformat(),
            str(Account(entry.account).label),
            str(EntryKind(entry.kind).label),
            _sum(entry.amount),
            entry.claim.number if entry.claim else "",
            entry.line.label if entry.line else "",
            entry.batch.number if entry.batch else "",
            entry.recovery.number if entry.recovery else "",
            str(entry.corrects_id or ""),
            event_of(entry),
            f"{timezone.localtime(entry.event.at):%Y-%m-%d %H:%M:%S}",
            law_of(entry),
        )


def _sum(ore: int) -> str:
    return plain_kronor(ore).replace(".", ",")


def as_csv(region_name: str, of: Statement, rows: QuerySet[Entry]) -> bytes:
    """The statement as a file: opening, the entries, closing. UTF-8 with a mark that spreadsheets read, semicolons."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(("Kontoutdrag", region_name, of.year))
    writer.writerow(("Ingående saldo", _sum(of.opening)))
    writer.writerow(HEAD)
    writer.writerows(csv_rows(rows))
    writer.writerow(("Utgående saldo", _sum(of.closing)))
    return b"\xef\xbb\xbf" + out.getvalue().encode()
