"""`manage.py access > docs/access.md`: the table of permissions, and the wall that the database makes of it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.permissions import FOLLOW_UP, TABLE, See, Where
from accounts.roles import Role
from fmu_portal.database import all_answers, all_walls

WHAT = {
    See.CASE: "number, status, dates, deadlines, the events' sentences",
    See.NEEDS: "municipality, language, interpreter, special needs, wished start, what was written to the party",
    See.IDENTITY: "name, personnummer, address, contact",
    See.UNDERLAG: "which documents there are: kind, name, date, pages",
    See.PAPERS: "the documents themselves, and what the order says",
    See.REPORT: "the report, its drafts and versions",
    See.MESSAGES: "the messages of a thread and the files in them",
    See.NUMBER: "only that the case is there",
    See.ASKED: "an inquiry: municipality (not of a protected identity), language, interpreter, special needs, wished start",
    See.CLAIM: "costs, what was claimed and decided, and payments",
    See.FOUND: "its number and no more, when one asks for a person by personnummer",
}
WHERE = {
    Where.OFFICE: "the office's own cases",
    Where.UNLOCKED: "another office's case, for some hours, after a stated reason",
    Where.REQUESTED: "every case that has been requested",
    Where.REGION: "cases requested of the region",
    Where.CLAIMED: "what a region has claimed, also outside any case",
    Where.ASSIGNED: "cases assigned to the unit now",
    Where.TAKES_PART: "cases assigned to the unit now in which the person takes part (13 § lag 2018:744)",
    Where.WROTE: "what the unit wrote itself",
    Where.ASKED: "what the unit has been asked to take on",
    Where.WAS_ASSIGNED: "cases once assigned to the unit",
    Where.THREAD: "threads that the organisation takes part in; of one that it has left, what was written before",
}


def page() -> str:
    """The page as text."""
    lines = [
        "# Who may see what",
        "",
        "Made by `manage.py access` from `accounts/permissions.py`; a test compares. The query's filter and the database's",
        "row policy are made from the same table (`orders/reach.py`). Whoever has blocked themself from a case (jäv) sees",
        "nothing of it, whatever stands here. A role that is in no row (the administrator) sees no case.",
        "",
        "| roles | see | in | why |",
        "| --- | --- | --- | --- |",
    ]
    for grant in TABLE:
        roles = ", ".join(str(Role(role).label) for role in grant.roles)
        what = ", ".join(f"`{part}`" for part in grant.what)
        where = "; ".join(WHERE[place] for place in grant.where)
        lines.append(f"| {roles} | {what} | {where} | {grant.why} |")
    lines += [
        "",
        "| part | what it is |",
        "| --- | --- |",
        *(f"| `{part}` | {words} |" for part, words in WHAT.items()),
    ]
    followers = ", ".join(str(Role(role).label) for role in FOLLOW_UP)
    lines += ["", f"The access log of one's own organisation is followed up by: {followers}."]
    lines += [
        "",
        "## The wall",
        "",
        "Row-level security holds for the web and the worker. Without a mandate in the transaction every table below is",
        "empty. The wall is of rows: the needs stand in the case's row, so whoever sees the case sees them in the database,",
        "and the page leaves them out for controller and attester.",
        "",
        "| table | a row is seen when |",
        "| --- | --- |",
    ]
    lines += [
        f"| `{wall.table}` | {_plain(wall.using)}{' The clock too.' if wall.clock else ''} |" for wall in all_walls()
    ]
    lines += ["", "What the policies ask (with the owner's rights):", "", "| function | true when |", "| --- | --- |"]
    lines += [
        f"| `{answer.signature}` | {'gives the cases when ' if answer.body else ''}{_plain(answer.condition)} |"
        for answer in all_answers()
    ]
    return "\n".join(lines) + "\n"


def _plain(sql: str) -> str:
    text = " ".join(sql.split())
    for name in ("mandate", "organisation", "user", "role"):
        for cast in ("::bigint", ""):
            text = text.replace(f"(SELECT nullif(current_setting('fmu.{name}', true), ''){cast})", f"<my {name}>")
    return f"`{text.replace('|', chr(92) + '|')}`"


class Command(BaseCommand):
    help = "Skriv ut tabellen över vem som får se vad (docs/access.md)."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")
