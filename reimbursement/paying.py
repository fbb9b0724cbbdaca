"""Makes payments: attested claims of one region become a batch, recoveries are set off against it, the file is ordered.

All in one transaction under the region's lock, so that two who press the button, or a person and the clock, never take
the same claim: the second finds none left. The database says the same (`claim_in_one_batch`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.actor import CLOCK, Actor
from accounts.roles import Party
from fmu_portal.database import as_clock
from fmu_portal.engine import clock, outbox
from fmu_portal.engine.door import Context, follow, start
from fmu_portal.engine.many import take_many
from fmu_portal.engine.refusals import WrongState
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.models import Event
from fmu_portal.working_days import is_working_day
from orders.models import Recusal
from reimbursement import books
from reimbursement.models import Account, Batch, BatchItem, Claim, Counter, Entry, EntryKind, PayAccount, Recovery
from reimbursement.proposing import examiner

MOST = 2000
"""Claims in one batch: the portal's own limit. A region with more gets several batches at once."""

SET = 500
"""Claims that the door takes at a time."""

FILE = "payment_file"
"""The outbox's kind of row that writes a batch's file."""

_LOCK = 0x4642
"""The first half of the advisory lock's key; the second is the region."""


@dataclass
class Made:
    """``batches`` that were made; ``missing``: ids of regions with something to be paid and no approved account."""

    batches: list[Batch] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class SetOff:
    """``amount`` öre of what is owed for a claim that is not paid but taken from what a recovery demands."""

    claim: Claim
    recovery: Recovery
    amount: int


def lock_region(region_id: int) -> None:
    """One at a time pays a region or approves its account, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, region_id])


def approved_account(region_id: int) -> PayAccount | None:
    """The account that a region is paid to: what the newest approval approved. None before the first."""
    rows = PayAccount.objects.filter(region_id=region_id, approves__isnull=False)
    approval = rows.select_related("approves").order_by("-id").first()
    return None if approval is None else approval.approves


def waiting(attested_before: date | None = None) -> list[int]:
    """Ids of the regions that have attested claims, by id; attested before a day when one is given."""
    rows = Claim.objects.filter(status="attested")
    if attested_before is not None:
        rows = rows.filter(attested_on__lt=attested_before)
    return sorted(set(rows.order_by("region_id").values_list("region_id", flat=True).distinct()))


def make_batches(actor: Actor, region_ids: Iterable[int] | None = None, *, now: datetime | None = None) -> Made:
    """Pay everything that is attested, region by region (all when None), each batch in a transaction of its own.

    Raises what the door raises (`WrongRole` for an attester of another office than the region's).
    """
    made = Made()
    if region_ids is None:
        with as_clock():
            region_ids = waiting()
    for region_id in region_ids:
        while True:
            with transaction.atomic(), as_clock():
                if approved_account(region_id) is None:
                    made.missing.append(region_id)
                    break
                batch = make_batch(region_id, actor, now=now)
            if batch is None:
                break
            made.batches.append(batch)
    return made


def make_batch(region_id: int, actor: Actor, *, now: datetime | None = None) -> Batch | None:
    """One batch of at most `MOST` attested claims of a region, with the set-off; None when there is nothing to pay.

    `WrongState` when the region has no approved account. Works past the walls: the batch takes what there is, and only
    what the actor has declared a conflict of interest about is left to another.
    """
    with transaction.atomic(), as_clock():
        lock_region(region_id)
        account = approved_account(region_id)
        if account is None:
            raise WrongState("Regionen har inget godkänt konto att betala till.", status_label="")
        claims, amounts = _to_pay(region_id, actor)
        if not claims:
            return None
        recoveries = list(
            Recovery.objects.select_for_update(of=("self",))
            .filter(region_id=region_id, status="demanded", set_off=True)
            .order_by("id")
        )
        set_offs = allot(claims, amounts, recoveries, books.balances(r.pk for r in recoveries))
        return _begin(claims, amounts, set_offs, account, actor, now or timezone.now())


def _to_pay(region_id: int, actor: Actor) -> tuple[list[Claim], dict[int, int]]:
    """The claims, locked, in order, with what is owed for each. One that another works with now comes in the next batch."""
    recused = Recusal.objects.filter(user_id=actor.user_id, lifted_at__isnull=True).values("assessment_id")
    rows = Claim.objects.filter(region_id=region_id, status="attested").exclude(assessment_id__in=recused)
    claims = list(rows.select_for_update(skip_locked=True, of=("self",)).order_by("id")[:MOST])
    amounts = books.owed(claim.pk for claim in claims)
    return [claim for claim in claims if amounts.get(claim.pk, 0) > 0], amounts


def allot(
    claims: Sequence[Claim], amounts: dict[int, int], recoveries: Sequence[Recovery], demands: dict[int, int]
) -> list[SetOff]:
    """What of each claim is set off against which recovery: oldest against oldest, never more than either has."""
    left = {recovery.pk: max(0, demands.get(recovery.pk, 0)) for recovery in recoveries}
    found = []
    for claim in claims:
        rest = amounts[claim.pk]
        for recovery in recoveries:
            if taken := min(rest, left[recovery.pk]):
                found.append(SetOff(claim, recovery, taken))
                rest -= taken
                left[recovery.pk] -= taken
    return found


def control_sum(rows: Iterable[tuple[str, int]]) -> str:
    """SHA-256 over (claim's number, öre) in the batch's order, as "E-2027-00031;1840000" and a newline each."""
    return hashlib.sha256("".join(f"{number};{amount}\n" for number, amount in rows).encode()).hexdigest()


def _begin(
    claims: list[Claim],
    amounts: dict[int, int],
    set_offs: list[SetOff],
    account: PayAccount,
    actor: Actor,
    now: datetime,
) -> Batch:
    day, region_id = timezone.localdate(now), claims[0].region_id
    gross, less = sum(amounts[c.pk] for c in claims), sum(s.amount for s in set_offs)
    facts: dict[str, Any] = {
        "region_id": region_id,
        "office_id": examiner(region_id) or claims[0].office_id,
        "gross": gross,
        "set_off": less,
        "net": gross - less,
        "count": len(claims),
        "control_sum": control_sum((claim.number, amounts[claim.pk]) for claim in claims),
        "account_id": account.pk,
    }
    batch = Batch(number=Counter.next_numbers("U", day.year)[0], made_on=day, **facts)
    event = start("batch", batch, "create", actor, now=now)
    BatchItem.objects.bulk_create(BatchItem(batch=batch, claim=c, amount=amounts[c.pk]) for c in claims)
    take_all("pay", [claim.pk for claim in claims], actor, event, now)
    _set_off(batch, set_offs, _context(batch, actor, event), day)
    order_file(batch, event.pk)
    return batch


def _context(batch: Batch, actor: Actor, event: Event) -> Context:
    """What `door.follow` needs to know of the step that others follow."""
    registered = PROCESSES["batch"]
    return Context(registered, batch, actor, registered.process.steps[event.step], event.pk, event.at)


def take_all(step: str, claim_ids: Sequence[int], actor: Actor, along: Event, now: datetime) -> None:
    """Let the batch's claims follow it, all of them or none."""
    for first in range(0, len(claim_ids), SET):
        pks = claim_ids[first : first + SET]
        taken = take_many("claim", pks, step, actor, follows=True, along=along.pk, now=now)
        if len(taken.events) != len(pks):
            raise WrongState("En begäran i utbetalningen har ändrats. Försök igen.", status_label="")


def _set_off(batch: Batch, set_offs: list[SetOff], context: Context, day: date) -> None:
    """The recoveries' steps, and the entries in pairs: less owed to the region, less demanded of it."""
    events: dict[int, int] = {}
    for recovery_id in sorted({s.recovery.pk for s in set_offs}):
        amount = sum(s.amount for s in set_offs if s.recovery.pk == recovery_id)
        data = {"batch": batch.pk, "amount": amount}
        events[recovery_id] = follow("recovery", recovery_id, "set_off", context, data=data).pk
    entries = []
    for s in set_offs:
        shared: dict[str, Any] = {
            "region_id": batch.region_id, "kind": EntryKind.SET_OFF, "day": day, "batch_id": batch.pk,
            "recovery_id": s.recovery.pk, "event_id": events[s.recovery.pk],
        }  # fmt: skip
        entries.append(Entry(account=Account.OWED, amount=-s.amount, claim_id=s.claim.pk, **shared))
        entries.append(Entry(account=Account.DEMANDED, amount=s.amount, **shared))
    Entry.objects.bulk_create(entries)


def order_file(batch: Batch, event_id: int) -> None:
    """Ask for the batch's file: once for each time that it is to be sent."""
    outbox.put(FILE, f"{FILE}:{batch.pk}:{event_id}", {"batch": batch.pk})


def pay_daily(today: date) -> int:
    """The clock's chore: each working day, pay what was attested on an earlier day. Returns how many batches were made.

    A region that has got a batch today waits for the next day, so that a day gives one payment and not one for each claim.
    One without an approved account gets none; the list of payments says which.
    """
    if not is_working_day(today):
        return 0
    with as_clock():
        had = set(Batch.objects.filter(made_on=today).values_list("region_id", flat=True))
        regions = [region for region in waiting(attested_before=today) if region not in had]
    return len(make_batches(CLOCK, regions, now=clock.moment_of(today)).batches)


def may_make(actor: Actor) -> bool:
    """Whether the role makes payments."""
    return actor.role in PROCESSES["batch"].process.steps["create"].by.get(Party.AGENCY, ())
