"""The shared overview with filters at two sizes, and exports against PostgreSQL's COPY and XlsxWriter fed from memory.

``python -m bench.overview`` makes one workbook in a process of its own and prints its rows and its peak memory in MB.
"""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench import stack
from bench.measure import Result, compare, timed
from bench.pages import EMPTY, _buffers, _fetch, _queries, _reads, _sql, actor_of
from launcher.config import ROOT

TARGET = 3.0
PAIRS = 30
CSV_TARGET, CSV_PAIRS = 10.0, 10
XLSX_TARGET, XLSX_PAIRS = 1.5, 5
"""A pair of a hundred thousand rows takes most of a minute: fewer pairs, with a wider interval."""
MEMORY_MB = 150.0
WHO = ("fk.handlaggare", "region.stockholm")
EVERYTHING = "fk.controller"
"""Sees every case that has been requested: about all of them."""


def lists(actor: Any) -> dict[str, str]:
    """What is asked for -> the address."""
    from orders.models import Assessment

    mine = Assessment.objects.visible_to(actor).filter(interpreter=True, performer__isnull=False).order_by("pk")
    case = mine[0]
    # From the middle: the first number of a year lies where the planner knows least of what comes after.
    number = mine.values_list("number", flat=True)[mine.count() // 2]
    return {
        "newest": "/arenden/?vy=alla",
        "by last day": "/arenden/?ordning=sista-dag",
        "late": "/arenden/?tid=forsenade",
        "status": "/arenden/?status=accepted",
        "performer": f"/arenden/?vy=alla&utforare={case.performer_id}",
        "language": f"/arenden/?vy=alla&sprak={case.language}",
        "number": f"/arenden/?arende={number[:9]}",
        "calendar": "/arenden/kalender/",
    }


def measure(size: int, say: Callable[[str], None]) -> tuple[list[Result], dict[str, dict[str, int]]]:
    """Each list against an empty page and its slowest query alone; and the database pages that its queries read."""
    from tests.pages import browser

    results, read = [], {}
    for username in WHO:
        actor = actor_of(username)
        stack.sit_down(actor.role, actor.mandate_id, actor.organisation_id, actor.user_id)
        client = browser(actor)
        empty = _fetch(client, EMPTY)
        for name, path in lists(actor).items():
            get = _fetch(client, path)
            queries = _queries(get)
            main = max(filter(_reads, queries), key=lambda sql: statistics.median(timed(_sql(sql)) for _ in range(5)))
            bare = _sql(main)

            def baseline(empty: Callable[[], Any] = empty, bare: Callable[[], object] = bare) -> None:
                empty()
                bare()

            result = compare(
                f"overview {name} as {username}, {size} assessments",
                f"{len(queries)} queries; slowest: {' '.join(main.split())[:90]}…",
                get,
                f"{EMPTY} and the slowest query alone",
                baseline,
                TARGET,
                PAIRS,
            )
            read[f"overview {name} {username}"] = {"queries": len(queries), "buffers": _buffers(queries)}
            say(result.line())
            results.append(result)
    return results, read


def _asked() -> tuple[Any, Any, Any, Any]:
    """(actor, what is wanted, columns, today) of the exports."""
    from django.utils import timezone

    from orders.overview.columns import chosen
    from orders.overview.wanted import Wanted

    actor = actor_of(EVERYTHING)
    stack.sit_down(actor.role, actor.mandate_id, actor.organisation_id, actor.user_id)
    return actor, Wanted(view="alla"), chosen(actor, ()), timezone.localdate()


def _undone(make: Callable[[list[str], Any], None]) -> Callable[[], None]:
    """An export as the worker makes it, the access log too, in a transaction that is undone."""
    from django.db import transaction

    from orders.overview import exports

    actor, wanted, columns, today = _asked()

    def run() -> None:
        with transaction.atomic():
            make(*exports.table(actor, wanted, columns, today, person=False))
            transaction.set_rollback(True)

    return run


def _csv(heads: list[str], rows: Any) -> None:
    from documents import vault
    from orders.overview import exports

    vault.keep(exports.csv_chunks(heads, rows), storage_key="benchcsv")


def _xlsx(heads: list[str], rows: Any) -> None:
    from documents import vault
    from documents.storage import chunks_of
    from orders.overview import exports

    with exports.scratch(0) as folder, exports.xlsx_file(heads, rows, folder) as file:
        vault.keep(chunks_of(file), storage_key="benchxlsx")


def _copy() -> Callable[[], None]:
    """COPY of the query that the export reads."""
    from django.db import connection

    from orders.overview.reading import selected
    from orders.overview.wanted import wanted_cases

    actor, wanted, columns, today = _asked()
    query, _ = selected(actor, wanted_cases(actor, wanted, today), columns, person=False)
    sql, params = query.query.sql_with_params()

    def run() -> None:
        with connection.cursor() as cursor, Path(os.devnull).open("w") as nowhere:
            raw: Any = cursor.cursor
            text = raw.mogrify(sql, params).decode()
            raw.copy_expert(f"COPY ({text}) TO STDOUT (FORMAT csv)", nowhere)

    return run


def _from_memory(options: dict[str, Any]) -> Callable[[], None]:
    """The same cells, all in memory already, written by XlsxWriter with these options."""
    from django.db import transaction

    from orders.overview import exports

    actor, wanted, columns, today = _asked()
    with transaction.atomic():
        heads, rows = exports.table(actor, wanted, columns, today, person=False)
        held = [*rows]
        transaction.set_rollback(True)

    def run() -> None:
        import xlsxwriter

        book = xlsxwriter.Workbook(io.BytesIO(), options)
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for place, head in enumerate(heads):
            sheet.write_string(0, place, head)
        for place, row in enumerate(held, start=1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    if value:
                        sheet.write_string(place, column, value)
                elif value is not None:
                    sheet.write_datetime(place, column, value, day)
        book.close()

    return run


def files(size: int, say: Callable[[str], None]) -> list[Result]:
    """CSV against COPY, XLSX against XlsxWriter, and the peak memory of a process that makes a workbook."""
    results = [
        compare(f"CSV export, {size} assessments", "query, words, log, encryption, file", _undone(_csv),
                "COPY of the same query", _copy(), CSV_TARGET, CSV_PAIRS, warm=1),
        # Row by row, as our own: another way of writing holds the whole sheet, which 150 MB has no room for.
        compare(f"XLSX export, {size} assessments", "query, words, log, workbook, encryption, file", _undone(_xlsx),
                "XlsxWriter fed from memory, row by row", _from_memory({"constant_memory": True}), XLSX_TARGET, XLSX_PAIRS,
                warm=1),
        compare(f"XLSX export, {size} assessments, against a whole sheet in memory", "as above", _undone(_xlsx),
                "XlsxWriter fed from memory, the sheet held in memory", _from_memory({"in_memory": True}), XLSX_TARGET,
                XLSX_PAIRS, warm=1),
    ]  # fmt: skip
    for result in results:
        say(result.line())
    made = subprocess.run(
        [sys.executable, "-m", "bench.overview"],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    peak = float(made.stdout.split()[-1])
    memory = Result(
        f"XLSX export, peak memory in MB, {size} assessments", f"a process of its own: {made.stdout.strip()}",
        f"{MEMORY_MB:g} MB", 1, round(peak / MEMORY_MB, 3), round(peak / MEMORY_MB, 3), round(peak / MEMORY_MB, 3), 1.0,
        peak, MEMORY_MB,
    )  # fmt: skip
    say(f"{memory.name}: {peak:.0f} MB, {'within' if memory.met else 'ABOVE'} {MEMORY_MB:g} MB")
    return [*results, memory]


def _environment() -> dict[str, str]:
    from django.db import connection

    d = connection.settings_dict
    url = f"postgres://{d['USER']}:{d['PASSWORD']}@{d['HOST']}:{d['PORT']}/{d['NAME']}"
    return {**os.environ, "DATABASE_URL": url}


def main() -> None:
    """One workbook; prints its rows and the process's peak memory in MB."""
    import django

    django.setup()
    rows = 0

    def counted(heads: list[str], found: Any) -> None:
        def passing() -> Any:
            nonlocal rows
            for row in found:
                rows += 1
                yield row

        _xlsx(heads, passing())

    _undone(counted)()
    with suppress(OSError):
        peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        print(f"{rows} rows, peak MB {int(peak.split()[1]) / 1024:.1f}")


if __name__ == "__main__":
    main()
