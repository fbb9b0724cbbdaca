"""What the database's roles may do, and the calendar that SQL counts with.

The owner migrates. The web and the worker may read, add and change, but no event, note's event, opening or signal can
be changed by them, no rule at all, and a status only through the function that follows an event. What says something of
a person stands behind a wall: row policies that let through what the mandate at work may see, and nothing without one.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from fmu_portal.engine import registry
from fmu_portal.models import CalendarDay
from fmu_portal.working_days import FIRST, LAST, is_working_day

READ_ONLY = (
    "rules_rule",
    "fmu_portal_calendarday",
    "accounts_municipality",
    "accounts_postalcode",
    "django_migrations",
    "orders_erasure",
    "reimbursement_yearsum",
)
"""Reference data and what has been erased: the roles read it, the owner writes it."""

ADD_ONLY = (
    "fmu_portal_event",
    "fmu_portal_dutysignal",
    "documents_opening",
    "audit_accessentry",
    "audit_seal",
    "audit_followup",
    "orders_unlocking",
    "orders_reveal",
    "regions_change",
    "regions_forecast",
    "reimbursement_decision",
    "reimbursement_remark",
    "reimbursement_entry",
    "reimbursement_payaccount",
    "reimbursement_controlperiod",
    "reimbursement_interestrule",
    "reimbursement_referencerate",
    "reimbursement_deskchange",
)
"""Rows that are only added."""

STATUS_COLUMNS = {
    "orders_assessment": (
        "status", "version", "last_event_id", "number", "agency_office_id", "next_due", "report_due",
        "follows_id",
    ),
    "correspondence_thread": ("status", "version", "last_event_id", "case_id", "started_by_id"),
    "reimbursement_claim": (
        "status", "version", "last_event_id", "number", "region_id", "kind", "assessment_id", "year", "quarter",
    ),
    "reimbursement_batch": ("status", "version", "last_event_id", "number", "region_id", "gross", "set_off", "net"),
    "reimbursement_recovery": ("status", "version", "last_event_id", "number", "region_id", "claim_id"),
    "reimbursement_review": ("status", "version", "last_event_id", "number", "region_id", "item_id", "period_id"),
}  # fmt: skip
"""Columns that an ordinary role may not update."""

FUNCTIONS = (
    "orders_apply_event(bigint)",
    "correspondence_apply_event(bigint)",
    "reimbursement_apply_claim(bigint)",
    "reimbursement_apply_batch(bigint)",
    "reimbursement_apply_recovery(bigint)",
    "reimbursement_apply_review(bigint)",
    "orders_forget_drafts(bigint)",
    "orders_is_person(bigint, text)",
    "orders_protect(bigint, text, text)",
    "orders_readdress(bigint, text, text)",
)
"""What runs with the owner's rights and applies the rule itself."""

PART_COLUMNS = ("status", "version", "last_event_id", "assessment_id", "performer_id")
"""The same of a part of a case."""

WORKER_DELETES = ("accounts_login",)
"""Tables whose rows the worker alone removes, by the clock, when their time is out."""

WORKER_FUNCTIONS = ("audit_highest(text)",)
"""The same, for the worker alone."""

DELETABLE = (
    "django_session",
    "orders_stepdraft",
    "orders_participant",
    "orders_enclosure",
    "documents_document",
    "correspondence_draft",
    "correspondence_attachment",
    "correspondence_template",
    "correspondence_absence",
    "orders_savedview",
    "reimbursement_evidence",
    "reimbursement_line",
)
"""Tables whose rows may go: sessions, drafts, saved views, documents that were never sent, a line of a proposal that the
facts no longer give, and what a person or organisation has set for itself."""


def _setting(name: str, cast: str = "") -> str:
    """A setting of the transaction as SQL, NULL when it is not there. The sub-select makes it be read once a query."""
    return f"(SELECT nullif(current_setting('fmu.{name}', true), ''){cast})"


MANDATE, ORGANISATION, USER = (_setting(name, "::bigint") for name in ("mandate", "organisation", "user"))
ROLE = _setting("role")
"""Who is at work in this transaction, as a row policy asks it. `Mandate.objects.at_work` sets them, `as_clock` too."""
REVEAL = _setting("reveal", "::bigint")
"""The stated reason (a row's id) for which a protected person is shown in this transaction; NULL when there is none."""

_NAMES = ("mandate", "organisation", "user", "role")
_AS_CLOCK = """
SELECT before.*, fmu_act_as(NULL, NULL, NULL, 'clock') FROM (
    SELECT current_setting('fmu.mandate', true), current_setting('fmu.organisation', true),
        current_setting('fmu.user', true), current_setting('fmu.role', true) OFFSET 0
) AS before
"""
"""What has been said, in the order of `_NAMES`, is read before the clock's leave is (OFFSET 0: by itself), in one question."""


@dataclass(frozen=True)
class Wall:
    """A table's row policy for the web and the worker: which rows they see and change, and which they may write.

    ``check`` is ``using`` when empty. ``clock``: the clock, which is nobody's mandate, passes as well. ``name``: a second
    policy of the same table, made by an app further up, has a name of its own: a row passes by either.
    ``lets_through``: the queries' own filters have chosen what the policy lets through. The planner is told so, or it takes
    one row in sixty to pass, reads all of a performer's cases and sorts them, for a list of 25.
    """

    table: str
    using: str
    check: str = ""
    clock: bool = False
    name: str = "at_work"
    lets_through: bool = False


@dataclass(frozen=True)
class Answer:
    """A function with the owner's rights: its signature, and its condition in SQL: yes or no, as policies ask it.

    With ``body`` it gives rows or a value instead (``returns``): a query that holds the condition.
    """

    signature: str
    condition: str
    returns: str = "boolean"
    body: str = ""

    @property
    def definition(self) -> str:
        """Language and body. plpgsql keeps the plan for the session; a query of its own is asked once a page."""
        if self.body:
            return f"LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$ {self.body} $$"
        return (
            "LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp"
            f" AS $$ BEGIN RETURN {self.condition}; END $$"
        )


_walls: list[Callable[[], list[Wall]]] = []
_answers: list[Callable[[], list[Answer]]] = []


def register_walls(walls: Callable[[], list[Wall]], answers: Callable[[], list[Answer]]) -> None:
    """Say which tables stand behind a wall and what their policies ask; called by an app when it is ready."""
    _walls.append(walls)
    _answers.append(answers)


def all_walls() -> list[Wall]:
    """Every table behind a wall."""
    return [wall for walls in _walls for wall in walls()]


def all_answers() -> list[Answer]:
    """Every function that the policies ask, or that answers past them."""
    return [answer for answers in _answers for answer in answers()]


def passes_walls() -> bool:
    """Whether this connection sees everything (the owner): what counts or compares all cases must ask first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT row_security_active(%s)", [all_walls()[0].table])
        return bool(cursor.fetchone()[0])


@contextmanager
def as_clock() -> Iterator[None]:
    """A transaction (or a part of one) in which the clock works: it passes the walls that say so, and no other.

    Whoever was at work before is again when it ends.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_AS_CLOCK)
            before = cursor.fetchone()[: len(_NAMES)]
        yield
        with connection.cursor() as cursor:
            again = [word for name, value in zip(_NAMES, before, strict=True) for word in (f"fmu.{name}", value or "")]
            cursor.execute("SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(_NAMES)), again)


def _define(cursor: Any, answer: Answer, roles: list[str]) -> None:
    cursor.execute(f"CREATE OR REPLACE FUNCTION {answer.signature} RETURNS {answer.returns} {answer.definition}")
    cursor.execute(f"REVOKE EXECUTE ON FUNCTION {answer.signature} FROM PUBLIC")
    cursor.execute(f"GRANT EXECUTE ON FUNCTION {answer.signature} TO {', '.join(roles)}")


def _build(cursor: Any, wall: Wall, roles: list[str]) -> None:
    table = connection.ops.quote_name(wall.table)
    # The planner cannot look into a CASE, and takes half of the rows to pass.
    using = f"CASE WHEN {wall.using} THEN true ELSE false END" if wall.lets_through else wall.using
    cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    cursor.execute(f"DROP POLICY IF EXISTS {wall.name} ON {table}")
    cursor.execute(
        f"CREATE POLICY {wall.name} ON {table} TO {', '.join(roles)} USING ({using})"
        f" WITH CHECK ({wall.check or wall.using})"
    )
    if wall.name != "at_work":
        return
    cursor.execute(f"DROP POLICY IF EXISTS clock ON {table}")
    if wall.clock:
        cursor.execute(f"CREATE POLICY clock ON {table} TO {', '.join(roles)} USING ({ROLE} = 'clock')")


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
            if role == quote(settings.DB_ROLE_WEB):
                cursor.execute(f"REVOKE INSERT ON audit_seal FROM {role}")
            else:
                for table in WORKER_DELETES:
                    cursor.execute(f"GRANT DELETE ON {quote(table)} TO {role}")
                for function in WORKER_FUNCTIONS:
                    cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {role}")
            for table, columns in _guarded().items():
                model = next(m for m in apps.get_models() if m._meta.db_table == table)
                may = ", ".join(
                    quote(f.column) for f in model._meta.concrete_fields if f.column and f.column not in columns
                )
                cursor.execute(f"GRANT UPDATE ({may}) ON {quote(table)} TO {role}")
            for function in (*FUNCTIONS, *_part_functions()):
                cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {role}")
        if roles:
            for answer in all_answers():
                _define(cursor, answer, roles)
            for wall in all_walls():
                _build(cursor, wall, roles)


def _guarded() -> dict[str, tuple[str, ...]]:
    """Every table with a status that only an event moves: its columns that an ordinary role may not update."""
    return STATUS_COLUMNS | {part.model._meta.db_table: PART_COLUMNS for part in registry.parts()}


def _part_functions() -> list[str]:
    return [part.apply.removeprefix("SELECT ").replace("%s", "bigint") for part in registry.parts()]


def _rights(table: str) -> str:
    if table in READ_ONLY:
        return "SELECT"
    if table in ADD_ONLY:
        return "SELECT, INSERT"
    rights = "SELECT, INSERT" if table in _guarded() else "SELECT, INSERT, UPDATE"
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
        table = connection.ops.quote_name(CalendarDay._meta.db_table)
        lines = io.StringIO("".join(f"{day}\t{working}\t{ordinal}\n" for day, working, ordinal in rows))
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} (day, working, ordinal) FROM STDIN", lines)
    return len(rows)
