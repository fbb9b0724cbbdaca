"""Exports: exactly the filtered rows as CSV or XLSX, made by a worker that works under the mandate that asked.

The worker reads through a cursor of the server's and writes the encrypted file as it reads: a hundred thousand rows take
no more memory than a thousand. All of it is one transaction, so an export whose worker dies has shown nobody anything;
the outbox hands it to another worker. How far it has come is said over a connection of its own.
"""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

import psycopg2
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Mandate
from accounts.permissions import See
from audit.collector import Collector
from audit.models import AccessEntry, Via
from documents import vault
from documents.storage import chunks_of
from fmu_portal.engine import outbox
from fmu_portal.engine.refusals import Refused
from orders.models import Export, ExportFormat, ExportState
from orders.models.assessment import PROTECTED
from orders.overview.columns import Column, chosen
from orders.overview.reading import selected
from orders.overview.wanted import Wanted, wanted_cases
from rules.limits import rule_in_force

KIND, REMOVE = "export", "export_remove"
KEPT = "routine.export_kept"
MOST_ATTEMPTS = 3
MOST_OPEN = 2
"""Exports of one mandate that may be on their way at once."""
MOST_ROWS = 1_000_000
"""A sheet of Excel's holds 1 048 576."""
CHUNK = 2000
REMEMBERED = 20_000
"""Different cells of a column whose words are kept while a file is made."""
IN_MEMORY = 8 * 1024 * 1024
"""Bytes of a finished workbook that are held in memory before they are encrypted."""
LOGGED = 5000
"""Cases in one entry of the access log."""
PERSON = "person"
"""Among an export's columns: with the person's name, for those who may know it."""

FAILURES = {
    "error": "Exporten gick inte att skapa. Försök igen, eller begränsa urvalet.",
    "died": "Exporten avbröts flera gånger. Försök igen med ett mindre urval.",
    "mandate": "Uppdraget som exporten begärdes under gäller inte längre.",
    "too_many": "Urvalet har fler än 1 000 000 ärenden. Begränsa det, till exempel med sista dag från och till.",
}
"""Code -> what happened and what to do."""

MEDIA = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

log = logging.getLogger("fmu.exports")
Row = list[Any]


class ExportBusy(Refused):
    """The mandate has as many exports on their way as it may."""

    code, status = "export_running", 409
    title = "En export skapas redan"


def ask(actor: Actor, wanted: Wanted, columns: list[str], format_: str) -> Export:
    """Have a worker make an export once the transaction holds. Raises `ExportBusy`."""
    on_their_way = Export.objects.filter(mandate_id=actor.mandate_id, state__in=Export.OPEN)
    if on_their_way.count() >= MOST_OPEN:
        raise ExportBusy(f"Du har redan {MOST_OPEN} exporter som skapas. Vänta tills de är klara.")
    export = Export.objects.create(
        mandate_id=actor.mandate_id, format=format_, filters=wanted.stored(), columns=columns
    )
    outbox.put(KIND, f"{KIND}:{export.pk}", {"export": export.pk}, actor.mandate_id)
    return export


@outbox.handler(KIND)
def make(payload: dict[str, Any]) -> outbox.Again | None:
    """Make one export: first that it has begun is written and seen, then it is made."""
    export = (
        Export.objects.select_related("mandate__user", "mandate__organisation").filter(pk=payload["export"]).first()
    )
    if export is None or not export.is_open:
        return None
    mine = Export.objects.filter(pk=export.pk)
    if export.state == ExportState.RUNNING and export.begun_at is not None:
        # Somebody began and never came back.
        return _again(export, "died")
    if export.state == ExportState.WAITING:
        mine.update(state=ExportState.RUNNING, attempts=F("attempts") + 1, begun_at=None, done=0)
        return outbox.AGAIN
    if not Mandate.objects.valid().filter(pk=export.mandate_id).exists():
        _failed(export, "mandate")
        return None
    try:
        with transaction.atomic(), _progress(export) as say:
            _make(export, say)
    except TooManyRows:
        _failed(export, "too_many")
    except Exception as error:
        log.error("export %s failed, attempt %s: %s", export.pk, export.attempts, type(error).__name__)
        return _again(export, "error")
    return None


class TooManyRows(Exception):
    """More rows than a sheet holds."""


def _again(export: Export, failure: str) -> outbox.Again | None:
    if export.attempts >= MOST_ATTEMPTS:
        _failed(export, failure)
        return None
    Export.objects.filter(pk=export.pk).update(state=ExportState.WAITING, begun_at=None)
    return outbox.AGAIN


def _failed(export: Export, failure: str) -> None:
    Export.objects.filter(pk=export.pk).update(
        state=ExportState.FAILED, failure=failure, finished_at=timezone.now()
    )  # fmt: skip


Say = Callable[[int, int], None]


@contextmanager
def _progress(export: Export) -> Iterator[Say]:
    """Says ``(done, total)`` so that others see it before the transaction ends. That it cannot be said stops nothing."""
    database = settings.DATABASES["default"]
    mandate = export.mandate
    connection = None
    with suppress(psycopg2.Error):
        connection = psycopg2.connect(
            dbname=database["NAME"], user=database["USER"], password=database["PASSWORD"], host=database["HOST"],
            port=database["PORT"] or None, connect_timeout=3,
        )  # fmt: skip

    def say(done: int, total: int) -> None:
        if connection is None:
            return
        with suppress(psycopg2.Error), connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            cursor.execute(
                "SELECT fmu_act_as(%s, %s, %s, %s)",
                [mandate.pk, mandate.organisation_id, mandate.user_id, mandate.role],
            )
            cursor.execute(
                "UPDATE orders_export SET done = %s, total = %s, begun_at = coalesce(begun_at, now()) WHERE id = %s",
                [done, total, export.pk],
            )

    try:
        yield say
    finally:
        if connection is not None:
            connection.close()


def _make(export: Export, say: Say) -> None:
    actor, now = Actor.of(export.mandate), timezone.now()
    wanted = Wanted.of(export.filters, export.columns)
    person = PERSON in export.columns and actor.sees(See.IDENTITY)
    columns = chosen(actor, wanted.columns)
    today = timezone.localdate()
    total = wanted_cases(actor, wanted, today).count()
    if total > MOST_ROWS:
        raise TooManyRows
    say(0, total)
    counted = _Counted(total, say)
    heads, rows = table(actor, wanted, columns, today, person=person)
    watched = counted.of(rows)
    # The file's name follows from the export: a second try writes over what the first may have left.
    key = hashlib.sha256(f"export:{export.pk}:{export.asked_at.isoformat()}".encode()).hexdigest()[:40]
    if export.format == ExportFormat.CSV:
        kept = vault.keep(csv_chunks(heads, watched), storage_key=key)
    else:
        with scratch(export.pk) as folder, xlsx_file(heads, watched, folder) as file:
            kept = vault.keep(chunks_of(file), storage_key=key)
    expires = now + timedelta(hours=int(rule_in_force(KEPT, today).value or 0))
    Export.objects.filter(pk=export.pk).update(
        state=ExportState.DONE,
        done=counted.done,
        total=counted.done,
        finished_at=timezone.now(),
        expires_at=expires,
        storage_key=kept.storage_key,
        size=kept.size,
        key_id=kept.wrapped.key_id,
        wrapped_key=kept.wrapped.data,
    )
    outbox.put(REMOVE, f"{REMOVE}:{export.pk}", {"export": export.pk}, not_before=expires)


class _Counted:
    """Counts the rows that pass, and says how many now and then."""

    def __init__(self, total: int, say: Say) -> None:
        self.done, self._total, self._say = 0, total, say

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows."""
        for row in rows:
            yield row
            self.done += 1
            if self.done % CHUNK == 0:
                self._say(self.done, max(self.done, self._total))


def table(
    actor: Actor, wanted: Wanted, columns: list[Column], today: date, *, person: bool
) -> tuple[list[str], Iterator[Row]]:
    """The headings and the rows of a file: text and dates. Each row counts as reading the person that it shows."""
    heads = ["Ärende", *(["Namn"] if person else [])]
    heads += [head for column in columns for head, _ in column.headings]
    return heads, _rows(actor, wanted, columns, today, person)


def _rows(actor: Actor, wanted: Wanted, columns: list[Column], today: date, person: bool) -> Iterator[Row]:
    cases = wanted_cases(actor, wanted, today)
    rows, names = selected(actor, cases, columns, person=person)
    makers = [_Said(column, [*column.fields(actor)], names, today) for column in columns]
    pk, number = names.index("row_pk"), names.index("row_number")
    parts = {str(See.CASE), *([str(See.IDENTITY)] if person else [])}
    gathered = Collector()
    for values in rows.iterator(chunk_size=CHUNK):
        gathered.cases[values[pk]] = parts
        if len(gathered.cases) >= LOGGED:
            AccessEntry.record(gathered, actor, Via.WORKER, KIND)
            gathered = Collector()
        row: Row = [values[number]]
        if person:
            row.append(_name(dict(zip(names, values, strict=True))))
        for said in makers:
            row += said(values)
        yield row
    if not gathered.empty:
        AccessEntry.record(gathered, actor, Via.WORKER, KIND)


class _Said:
    """What a column's cells say in a file. Cases say the same by the thousand: what is known is not said anew."""

    def __init__(self, column: Column, own: list[str], names: list[str], today: date) -> None:
        self._show, self._gets = column.show, [get for _, get in column.headings]
        self._own, self._places, self._today = own, [names.index(name) for name in own], today
        self._pick = itemgetter(*self._places)
        self._known: dict[Any, Row] = {}

    def __call__(self, values: tuple[Any, ...]) -> Row:
        key = self._pick(values)
        try:
            said = self._known.get(key)
        except TypeError:  # a list among them
            key = tuple([_hashable(values[place]) for place in self._places])
            said = self._known.get(key)
        if said is None:
            cell = self._show(
                {name: values[place] for name, place in zip(self._own, self._places, strict=True)}, self._today
            )
            said = [get(cell) for get in self._gets]
            if len(self._known) < REMEMBERED:
                self._known[key] = said
        return said


def _hashable(value: Any) -> Any:
    return "\n".join(value) if value.__class__ is list else value


def _name(v: dict[str, Any]) -> str:
    return str(v["person_name"] or (PROTECTED if v["row_protected"] else ""))


# --- the files

_ACTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe first where one would."""
    return f"'{text}" if text.startswith(_ACTS) else text


def csv_chunks(heads: list[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """CSV as a Swedish Excel opens it: UTF-8 with a byte order mark, semicolons, CRLF."""
    made = io.StringIO()
    writer = csv.writer(made, delimiter=";", lineterminator="\r\n")
    made.write("\ufeff")
    writer.writerow([harmless(head) for head in heads])
    for number, row in enumerate(rows, start=1):
        writer.writerow([harmless(value) if isinstance(value, str) else value for value in row])
        if number % 500 == 0:
            yield made.getvalue().encode()
            made.seek(0)
            made.truncate()
    yield made.getvalue().encode()


@contextmanager
def scratch(number: int) -> Iterator[Path]:
    """A folder for what XlsxWriter keeps of the rows meanwhile, gone afterwards; what a killed worker left goes first."""
    folder = Path(settings.DATA_DIR) / "scratch" / f"export-{number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@lru_cache(maxsize=20_000)
def _serial(day: date) -> int:
    """A day as a workbook counts it: days since 1899-12-30 (from March 1900 on)."""
    return (day - date(1899, 12, 30)).days


@contextmanager
def xlsx_file(heads: list[str], rows: Iterable[Row], folder: Path) -> Iterator[BinaryIO]:
    """A workbook of one sheet; text is text and never a formula, days are days. Row by row, in constant memory."""
    import xlsxwriter

    with SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(folder)) as file:
        book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": str(folder)})
        sheet = book.add_worksheet("Ärenden")
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, len(heads) - 1, 18)
        for place, head in enumerate(heads):
            sheet.write_string(0, place, head, bold)
        text, number, serial = sheet.write_string, sheet.write_number, _serial
        for place, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if value.__class__ is str:
                    if value:
                        text(place, column, value)
                elif value is not None:
                    number(place, column, serial(value), day)
        book.close()
        yield cast("BinaryIO", file)


def open_file(export: Export) -> BinaryIO:
    """The file of a finished export, to be read once. Raises FileNotFoundError, `keys.NoKey`."""
    assert export.wrapped_key is not None
    return vault.open_kept(export.storage_key, export.key_id, bytes(export.wrapped_key))


@outbox.handler(REMOVE, as_clock=True)
def remove(payload: dict[str, Any]) -> None:
    """The time is out: the key and the file go, the row stays and says so."""
    export = Export.objects.filter(pk=payload["export"], state=ExportState.DONE).first()
    if export is None:
        return
    Export.objects.filter(pk=export.pk).update(
        state=ExportState.EXPIRED, wrapped_key=None, key_id="", storage_key="", size=None
    )
    transaction.on_commit(lambda: vault.delete(export.storage_key))
