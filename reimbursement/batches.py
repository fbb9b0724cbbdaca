"""What the steps of a batch do: guards before them, and what follows of them for its claims, recoveries and entries.

The claims of a batch follow it whoever they are of: the work is done past the walls, in the name of whoever took the step.
"""

from __future__ import annotations

from typing import Any

from accounts.actor import Actor
from fmu_portal.database import as_clock
from fmu_portal.engine.door import Context, follow
from fmu_portal.models import Event
from reimbursement import books, payment_file
from reimbursement.models import Account, Batch, BatchItem, Entry, EntryKind, Recovery
from reimbursement.paying import approved_account, order_file, take_all
from reimbursement.recovering import settle_if_even


def file_is_there(batch: Batch, actor: Actor) -> str | None:
    """The file lies where the finance system fetches it, and says what the batch says."""
    if batch.net == 0:
        return "Det finns inget att skicka. Hela beloppet kvittas."
    with as_clock():
        return None if payment_file.digest_in_place(batch) else "Filen till ekonomisystemet är inte skriven än."


def nothing_to_send(batch: Batch, actor: Actor) -> str | None:
    """Everything was set off."""
    return "Det finns ett belopp att betala ut." if batch.net else None


def account_is_there(batch: Batch, actor: Actor) -> str | None:
    """The region has an account that the agency has approved."""
    with as_clock():
        return None if approved_account(batch.region_id) else "Regionen har inget godkänt konto att betala till."


def sending(context: Context) -> None:
    """The day, and which file it was."""
    with as_clock():
        context.set(sent_on=context.today, file_sha256=payment_file.digest_in_place(context.subject))


def settling(context: Context) -> None:
    """A batch that pays nothing out is over the same day."""
    context.set(paid_on=context.today)


def retrying(context: Context) -> None:
    """To the account that is approved now."""
    with as_clock():
        account = approved_account(context.subject.region_id)
    assert account is not None
    context.set(account_id=account.pk, sent_on=None, file_sha256="")


def sent_again(context: Context) -> None:
    """A new file, once the step has been taken."""
    order_file(context.subject, context.event_id)


def paid(context: Context) -> None:
    """Entries for what was paid of each claim; the claims are paid, and recoveries that are done are settled."""
    batch = context.subject
    with as_clock():
        items = list(BatchItem.objects.filter(batch=batch, released=False).order_by("id"))
        left = books.owed(item.claim_id for item in items)
        Entry.objects.bulk_create(
            Entry(
                region_id=batch.region_id, account=Account.OWED, kind=EntryKind.PAID, amount=-left[item.claim_id],
                day=batch.paid_on, claim_id=item.claim_id, batch=batch, event_id=context.event_id,
            )
            for item in items
            if left[item.claim_id]
        )  # fmt: skip
        take_all("settle", [item.claim_id for item in items], context.actor, _event(context), context.now)
        for recovery_id in _recoveries(batch):
            settle_if_even(context, Recovery.locked(recovery_id))


def undone(context: Context) -> None:
    """The claims wait for the next batch; what was set off is owed and demanded again, by new entries."""
    batch = context.subject
    with as_clock():
        items = BatchItem.objects.filter(batch=batch, released=False)
        claims = sorted(items.values_list("claim_id", flat=True))
        take_all("release", claims, context.actor, _event(context), context.now)
        items.update(released=True)
        events = {pk: follow("recovery", pk, "undo_set_off", context).pk for pk in _recoveries(batch)}
        Entry.objects.bulk_create(
            Entry(
                region_id=old.region_id, account=old.account, kind=EntryKind.SET_OFF, amount=-old.amount,
                day=context.today, claim_id=old.claim_id, batch=batch, recovery_id=old.recovery_id,
                event_id=events[old.recovery_id or 0], corrects_id=old.pk,
            )
            for old in Entry.objects.filter(batch=batch, kind=EntryKind.SET_OFF).order_by("id")
        )  # fmt: skip


def _recoveries(batch: Batch) -> list[int]:
    """The recoveries that were set off against the batch, by id: locked in one order by all."""
    rows = Entry.objects.filter(batch=batch, kind=EntryKind.SET_OFF, account=Account.DEMANDED)
    return sorted({int(pk) for pk in rows.values_list("recovery_id", flat=True) if pk is not None})


def _event(context: Context) -> Event:
    return Event(pk=context.event_id, process="batch", step=context.step.name, at=context.now)


GUARDS: dict[str, Any] = {guard.__name__: guard for guard in (file_is_there, nothing_to_send, account_is_there)}
BEFORE = {"send": sending, "settle_by_set_off": settling, "retry": retrying}
AFTER = {"retry": sent_again, "confirm": paid, "settle_by_set_off": paid, "cancel": undone}
