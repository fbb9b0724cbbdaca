"""What the pages of payments show, read in a fixed number of queries: what waits to be paid, batches, what is in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.permissions import See
from accounts.roles import Party
from fmu_portal.models import Event
from reimbursement.models import Batch, BatchItem, Entry, EntryKind, PayAccount, Remark
from reimbursement.process import ATTESTER
from reimbursement.processes.batch import BATCH

PAGE = 50

FAILURES = {
    "account": "Banken godtog inte kontot",
    "file": "Ekonomisystemet tog inte emot filen",
    "other": "Något annat",
}
"""Why a payment failed, by the code in its event."""

_WAITING = """
SELECT c.region_id, count(*), coalesce(sum(c.approved), 0), min(c.attested_on), min(d.office_id), min(c.office_id)
FROM reimbursement_claim c LEFT JOIN reimbursement_desk d ON d.region_id = c.region_id
WHERE c.status = 'attested' GROUP BY c.region_id ORDER BY c.region_id
"""
_ACCOUNTS = """
SELECT DISTINCT ON (a.region_id) a.region_id, e.number
FROM reimbursement_payaccount a JOIN reimbursement_payaccount e ON e.id = a.approves_id ORDER BY a.region_id, a.id DESC
"""


@dataclass(frozen=True)
class Waiting:
    """A region with attested claims: how many, their sum as decided (öre), since when, and the account; "" when none.

    ``mine``: the actor makes its payments; ``office``: whose attesters do.
    """

    region: Organisation
    count: int
    amount: int
    since: Any
    number: str
    mine: bool
    office: str


def visible(actor: Actor) -> QuerySet[Batch]:
    """The batches that a mandate sees: the region its own, controllers and attesters all."""
    rows = Batch.objects.exclude(status="new")
    if not actor.sees(See.CLAIM):
        return rows.none()
    return rows.filter(region_id=actor.organisation_id) if actor.party is Party.REGION else rows


def waiting(actor: Actor) -> list[Waiting]:
    """What is attested and in no batch, by region: three queries. Behind the walls: a region sees its own alone."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        rows = cursor.fetchall()
        cursor.execute(_ACCOUNTS)
        numbers: dict[int, str] = dict(cursor.fetchall())
    if actor.party is Party.REGION:
        rows = [row for row in rows if row[0] == actor.organisation_id]
    named = Organisation.objects.in_bulk({row[0] for row in rows} | {row[4] or row[5] for row in rows} - {None})
    attests = actor.role in ATTESTER[Party.AGENCY]
    return [
        Waiting(
            named[region],
            count,
            int(amount),
            since,
            numbers.get(region, ""),
            attests and (desk or office) == actor.organisation_id,
            named[desk or office].name if (desk or office) in named else "",
        )
        for region, count, amount, since, desk, office in rows
    ]


def accounts_to_approve() -> list[PayAccount]:
    """The newest number of each region when nobody has approved it: one query."""
    newest = PayAccount.objects.filter(approves__isnull=True).order_by("region_id", "-id").distinct("region_id")
    rows = PayAccount.objects.filter(pk__in=newest.values("pk"), approval__isnull=True)
    return list(rows.select_related("region", "mandate__user").order_by("id"))


@dataclass(frozen=True)
class Happened:
    """A step of the batch in its history, with what was written."""

    at: Any
    sentence: str


def history(batch: Batch, actor: Actor) -> list[Happened]:
    """What has happened, the newest first: two queries."""
    events = list(Event.objects.filter(process=BATCH.name, subject_id=batch.pk).order_by("-pk")[:100])
    remarks = Remark.objects.filter(process=BATCH.name, subject_id=batch.pk)
    if actor.party is Party.REGION:
        remarks = remarks.filter(to_region=True)
    said = {remark.event_id: remark.text for remark in remarks}
    rows = []
    for event in events:
        step = BATCH.steps.get(event.step)
        if step is None:
            words = "Sista dag passerade." if event.step == "overdue" else ""
        else:
            words = step.done
            if cause := FAILURES.get(event.data.get("cause", "")):
                words = f"{words} {cause}."
        if text := said.get(event.pk):
            words = f"{words} ”{text}”"
        if words:
            rows.append(Happened(event.at, words))
    return rows


def items(batch: Batch, after: int | None) -> list[BatchItem]:
    """One page of what is in it, and one row more when there are others. Without the claims: a join would drop the rows
    whose claim the actor does not see."""
    rows = BatchItem.objects.filter(batch=batch).order_by("id")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows[: PAGE + 1])


@dataclass(frozen=True)
class SetOffShown:
    """What of a recovery was set off against the batch: öre. ``number`` is "" for one that the actor does not see."""

    recovery_id: int
    number: str
    amount: int


def set_offs(batch: Batch) -> list[SetOffShown]:
    """By recovery: one query. Given back again is nothing left of it, and shown as 0."""
    if not batch.set_off:
        return []
    found: dict[int, list[Any]] = {}
    rows = Entry.objects.filter(batch=batch, kind=EntryKind.SET_OFF, account="demanded")
    for entry in rows.select_related("recovery").order_by("id"):
        row = found.setdefault(entry.recovery_id or 0, [entry.recovery.number if entry.recovery else "", 0])
        row[1] += entry.amount
    return [SetOffShown(pk, number, amount) for pk, (number, amount) in found.items()]
