"""Statements planned once per connection: they find the same, survive what connections go through, and never stand in the way."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from fmu_portal import plans
from tests import situations as s
from tests.pages import browser

pytestmark = pytest.mark.django_db


def asked(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(plans.planned(sql), values)
        return cursor.fetchall()


def prepared():
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE name LIKE 'fmu_%'")
        return {row[0] for row in cursor.fetchall()}


def test_values_and_signs_come_through():
    sql = "SELECT r.name, r.name || ' 100 %% %%s' FROM accounts_organisation r WHERE r.name = %s AND r.id > %s"
    assert plans.planned(sql).startswith("EXECUTE fmu_")
    for name in ("Region Stockholm", "Region Skåne", "finns inte", "'; DROP TABLE x; --"):
        found = [(name, f"{name} 100 % %s")] if name.startswith("Region") else []
        assert asked(sql, name, 0) == found


def test_what_is_filled_in_stands_in_the_text():
    filled = plans.fill("SELECT %s, '5 %%', %s, %s", {0: "10 % o'clock", 2: [1, 2]})
    assert filled == "SELECT '10 %% o''clock', '5 %%', %s, ARRAY[1,2]"


def test_a_statement_is_prepared_once_and_anew_on_another_connection():
    sql = "SELECT count(*) FROM accounts_municipality WHERE code <> %s"
    before = prepared()
    assert asked(sql, "0") == asked(sql, "1")
    (name,) = prepared() - before
    assert plans.planned(sql) == f"EXECUTE {name} (%s)"
    connection.fmu_planned = (
        object(),
        {},
    )  # as after the server has ended the connection: nothing is known of the new one
    with connection.cursor() as cursor:
        cursor.execute(f"DEALLOCATE {name}")
    assert asked(sql, "0") == [(290,)]
    assert name in prepared()


def test_a_value_of_no_kind_is_asked_as_before_and_the_transaction_goes_on():
    sql = "SELECT pg_typeof(%s)::text"
    assert plans.planned(sql) == sql
    assert asked(sql, 1) == [("integer",)]
    del connection.fmu_planned[1][sql]


def test_it_outlives_the_transaction_in_which_it_was_made():
    sql = "SELECT id FROM accounts_organisation WHERE name = %s"
    with transaction.atomic():
        first = asked(sql, "Region Stockholm")
        transaction.set_rollback(True)
    assert asked(sql, "Region Stockholm") == first != []


def test_in_a_broken_transaction_django_says_so():
    with transaction.atomic():
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
        connection.needs_rollback = True
        with pytest.raises(TransactionManagementError):
            plans.planned("SELECT 1 WHERE 'a' = %s")


def test_more_than_are_kept_are_asked_as_they_are(monkeypatch):
    monkeypatch.setattr(plans, "MOST", 0)
    connection.fmu_planned = None, {}
    assert plans.planned("SELECT 2 WHERE 1 = %s") == "SELECT 2 WHERE 1 = %s"
    connection.fmu_planned = None, {}


def test_who_is_at_work_the_case_and_all_on_its_page_are_planned(cast):
    case, client = s.in_progress(cast), browser(cast.officer)
    page = f"/arenden/{case.number}/"
    client.get(page)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    said = [query["sql"] for query in captured.captured_queries]
    assert sum(sql.startswith("EXECUTE") for sql in said) >= 4
    assert not [sql for sql in said if sql.startswith("SELECT") and len(sql) > 2000], "a long question is planned"
    _, known = connection.fmu_planned
    assert all(statement.startswith("EXECUTE") for statement in known.values()), "each kind of value is known"
