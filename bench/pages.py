"""Pages against an empty page of the same shell plus the bare SQL of the page's slowest query."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench import stack
from bench.measure import Result, compare, timed

EMPTY = "/om/tillganglighet/"
TARGET = 3.0
PAIRS = 60
WHO = ("fk.handlaggare", "region.stockholm")
PAGES = ("/att-gora/", "/arenden/", "/arenden/{number}/")
_NOT_COUNTED = re.compile(r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b")


def actor_of(username: str) -> Any:
    """A demonstration user's first mandate at work."""
    from accounts.actor import Actor
    from accounts.models import Mandate

    rows = Mandate.objects.select_related("user", "organisation").filter(user__username=username)
    return Actor.of(rows.order_by("pk")[0])


def _fetch(client: Any, path: str) -> Callable[[], Any]:
    def get() -> Any:
        response = client.get(path, secure=True)
        assert response.status_code == 200, (path, response.status_code)
        return response

    return get


@contextmanager
def as_text() -> Iterator[None]:
    """Nothing is planned before it is asked (`fmu_portal.plans`)."""
    from fmu_portal import prepared

    module: Any = prepared
    planned, module.planned = module.planned, lambda sql: sql
    try:
        yield
    finally:
        module.planned = planned


def _sql(statement: str) -> Callable[[], object]:
    from django.db import connection

    def run() -> object:
        with connection.cursor() as cursor:
            cursor.execute(statement.replace("%", "%%"), [])
            return cursor.fetchall()

    return run


def _queries(get: Callable[[], Any]) -> list[str]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    get()
    with CaptureQueriesContext(connection) as captured:
        get()
    return [q["sql"] for q in captured.captured_queries if not _NOT_COUNTED.match(q["sql"])]


def _reads(sql: str) -> bool:
    """Whether the statement only reads (the access log's own is two in one)."""
    return sql.lstrip().startswith(("SELECT", "WITH", "EXECUTE")) and "INSERT INTO" not in sql


def _buffers(queries: list[str]) -> int:
    """Database pages (8 kB) read by the queries, found in memory or not."""
    import json

    from django.db import connection

    total = 0
    for sql in queries:
        if _reads(sql):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql.replace('%', '%%')}", [])
                answer = cursor.fetchone()[0]
            plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
            total += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return total


def measure(size: int, say: Callable[[str], None]) -> tuple[list[Result], dict[str, dict[str, int]]]:
    """The figures at a size, and per page its queries and the database pages that they read."""
    from django.urls import Resolver404, resolve

    from tests.demo_database import case_of
    from tests.pages import browser

    results, read = [], {}
    for username in WHO:
        actor = actor_of(username)
        stack.sit_down(actor.role, actor.mandate_id, actor.organisation_id, actor.user_id)
        client = browser(actor)
        empty = _fetch(client, EMPTY)
        for page in PAGES:
            path = page.format(number=case_of(username))
            try:
                resolve(path)
            except Resolver404:
                say(f"skipped: {page} does not exist yet")
                continue
            get = _fetch(client, path)
            queries = _queries(get)
            # The baseline's is sent as text, as a view written by hand would; the page's own may be planned already.
            with as_text():
                selects = [sql for sql in _queries(get) if _reads(sql)]
            main = max(selects, key=lambda sql: statistics.median(timed(_sql(sql)) for _ in range(5)))
            bare = _sql(main)

            def baseline(empty: Callable[[], Any] = empty, bare: Callable[[], object] = bare) -> None:
                empty()
                bare()

            name = f"{page} as {username}, {size} assessments"
            what = f"{len(queries)} queries; slowest: {' '.join(main.split())[:90]}…"
            result = compare(name, what, get, f"{EMPTY} and the slowest query alone", baseline, TARGET, PAIRS)
            read[f"{page} {username}"] = {"queries": len(queries), "buffers": _buffers(queries)}
            say(result.line())
            results.append(result)
    return results, read
