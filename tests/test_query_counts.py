"""The three pages cost the same whatever the number of cases: as many queries, no scan of a large table, no more pages
of the growing tables read.

Loaded once per run: 1 000 and 10 000 cases, most of them open. (100 000 would take two minutes here; `python -m bench`
measures 10 000 against those.) What is read of organisations, people and municipalities is left out: those tables do not
grow, and whether the planner remembers a region's name or asks again is chance.
"""

from __future__ import annotations

import json
import re
from unittest import mock

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from reimbursement import demo
from tests import demo_database, roles

SIZES = {"small": 1_000, "large": 10_000}
MOST_QUERIES = 10
MOST_GROWTH = 1.2
LARGE_TABLE = 9_000
TODAY = "2026-11-25"
"""A fixed day, so that the data is the same at each run."""

WHO = ("fk.vast.handlaggare", "region.vastragotaland", "utforare.024.lakare")
"""Desks that are filled by lot alone: the printed logins' have a share of their own, the same in each size."""

PAGES = ("/att-gora/", "/arenden/", "/arenden/{number}/")

_NOT_COUNTED = re.compile(r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b")


@pytest.fixture(scope="module")
def databases(django_db_blocker):
    """size -> the database's name. No page here shows what is claimed: a few claims a month are as good as the usual lot."""
    with django_db_blocker.unblock(), mock.patch.object(demo, "MOST", 3):
        yield {
            size: demo_database.shared(size, "--assessments", str(count), "--open", "0.8", "--today", TODAY)
            for size, count in SIZES.items()
        }


def _actor(username):
    from accounts.actor import Actor
    from accounts.models import Mandate

    return Actor.of(Mandate.objects.select_related("user", "organisation").filter(user__username=username)[0])


def _queries(username: str, page: str) -> list[str]:
    """The statements of one page, warm, as they were run."""
    from tests.pages import browser

    client = browser(_actor(username))
    path = page.format(number=demo_database.case_of(username))
    assert client.get(path, secure=True).status_code == 200
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(path, secure=True)
    assert response.status_code == 200
    return [q["sql"] for q in captured.captured_queries if not _NOT_COUNTED.match(q["sql"])]


@pytest.fixture(scope="module")
def measured(databases, django_db_blocker):
    """(size, login, page) -> (queries, buffers, large tables that were scanned)."""
    found, large = {}, set()
    with django_db_blocker.unblock():
        for size, name in sorted(databases.items()):  # the large one first: it says which tables are large
            with demo_database.at(name):
                large = _large_tables() if size == "large" else large
                for username in WHO:
                    for page in PAGES:
                        queries = _queries(username, page)
                        reads = [
                            q
                            for q in queries
                            if q.lstrip().startswith(("SELECT", "WITH", "EXECUTE")) and "INSERT" not in q
                        ]
                        with transaction.atomic(), roles.at_work(_actor(username)):
                            plans = [_plan(sql) for sql in reads]
                        buffers = sum(_read(plan, large) for plan in plans)
                        scanned = {t for plan in plans for t in _scanned(plan)} & large
                        found[size, username, page] = (queries, buffers, scanned)
    return found


def _large_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND reltuples > %s",
            [LARGE_TABLE],
        )
        return {row[0] for row in cursor.fetchall()}


def _plan(sql: str) -> dict:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql.replace('%', '%%')}", [])
        answer = cursor.fetchone()[0]
    plan: dict = json.loads(answer)[0]["Plan"] if isinstance(answer, str) else answer[0]["Plan"]
    return plan


def _read(plan: dict, tables: set[str]) -> int:
    """Database pages (8 kB) that the plan's scans of these tables read, found in memory or not, with their indexes."""
    own = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] if plan.get("Relation Name") in tables else 0
    return own or sum(_read(part, tables) for part in plan.get("Plans", ()))


def _scanned(plan: dict) -> set[str]:
    own = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return own.union(*(_scanned(part) for part in plan.get("Plans", ())))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("username", WHO)
def test_as_many_queries_whatever_the_size(measured, username, page):
    counts = {size: len(measured[size, username, page][0]) for size in SIZES}
    assert max(counts.values()) <= MOST_QUERIES, (counts, "\n".join(measured["large", username, page][0]))
    assert len(set(counts.values())) == 1, counts


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("username", WHO)
def test_no_large_table_is_scanned(measured, username, page):
    assert measured["large", username, page][2] == set()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("username", WHO)
def test_ten_times_the_cases_read_no_more_of_the_database(measured, username, page):
    small, large = (measured[size, username, page][1] for size in ("small", "large"))
    assert large <= MOST_GROWTH * small, (small, large)


def test_the_lists_are_full(measured):
    """What is compared is a whole page of rows, not an empty one."""
    assert all(measured["small", username, "/att-gora/"][1] > 50 for username in WHO)
