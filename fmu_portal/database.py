"""What the database's roles may do, and the calendar that SQL counts with.

The owner migrates. The web and the worker may read, add and change, but no event, note's event, opening or signal can
be changed by them, no rule at all, and a status only through the function that follows an event.
"""

from __future__ import annotations

from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from fmu_portal.models import CalendarDay
from fmu_portal.working_days import FIRST, LAST, is_working_day

READ_ONLY = (
    "rules_rule",
    "fmu_portal_calendarday",
    "accounts_municipality",
    "accounts_postalcode",
    "django_migrations",
)
"""Reference data: the roles read it, the owner loads it."""

ADD_ONLY = ("fmu_portal_event", "fmu_portal_dutysignal", "documents_opening")
"""Rows that are only added."""

STATUS_COLUMNS = {"orders_assessment": ("status", "version", "last_event_id", "number", "agency_office_id")}
"""Columns that an ordinary role may not update."""

DELETABLE = (
    "django_session",
    "orders_stepdraft",
    "orders_participant",
    "orders_enclosure",
    "documents_document",
)
"""Tables whose rows may go: sessions, drafts, and documents that were never sent."""


@transaction.atomic
def grant() -> None:
    """Give the web and the worker exactly what they may; run by the owner after every migration."""
    tables = sorted(
        {model._meta.db_table for model in apps.get_models(include_auto_created=True)} | {"django_migrations"}
    )
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[settings.DB_ROLE_WEB, settings.DB_ROLE_WORKER]]
        )
        roles = [quote(row[0]) for row in cursor.fetchall()]
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        for role in roles:
            cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
            cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
            cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
            for table in tables:
                cursor.execute(f"GRANT {_rights(table)} ON {quote(table)} TO {role}")
            for table, columns in STATUS_COLUMNS.items():
                model = next(m for m in apps.get_models() if m._meta.db_table == table)
                may = ", ".join(
                    quote(f.column) for f in model._meta.concrete_fields if f.column and f.column not in columns
                )
                cursor.execute(f"GRANT UPDATE ({may}) ON {quote(table)} TO {role}")
            cursor.execute(f"GRANT EXECUTE ON FUNCTION orders_apply_event(bigint) TO {role}")


def _rights(table: str) -> str:
    if table in READ_ONLY:
        return "SELECT"
    if table in ADD_ONLY:
        return "SELECT, INSERT"
    rights = "SELECT, INSERT" if table in STATUS_COLUMNS else "SELECT, INSERT, UPDATE"
    return f"{rights}, DELETE" if table in DELETABLE else rights


@transaction.atomic
def load_calendar() -> int:
    """Make the table of days say what `working_days` says; return the number of days. 1950–2099, about 55 000 rows."""
    ordinal, rows = 0, []
    for n in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(n)
        working = is_working_day(day)
        ordinal += working
        rows.append((day, working, ordinal))
    stored = list(CalendarDay.objects.order_by("day").values_list("day", "working", "ordinal"))
    if stored != rows:
        CalendarDay.objects.all().delete()
        CalendarDay.objects.bulk_create((CalendarDay(day=d, working=w, ordinal=o) for d, w, o in rows), batch_size=5000)
    return len(rows)
