"""Payments in a situation: an approved account, a batch in each status, a recovery that is demanded."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.utils import timezone

from fmu_portal.engine import outbox
from fmu_portal.engine.door import take
from fmu_portal.models import Outbox
from reimbursement import accounts, paying, payment_file
from reimbursement.models import Batch, Claim, Counter, Entry, Recovery
from tests import claims

NUMBER = "5050-1055"
OTHER = "991-2346"


def account(cast: Any, number: str = NUMBER) -> None:
    """The region has an account that the agency has approved."""
    accounts.approve(cast.attester, accounts.enter(cast.finance, number).pk)


def created(cast: Any, count: int = 1, *, with_account: bool = True) -> Batch:
    """Skapad: of so many attested claims of 18 400 kr."""
    if with_account:
        account(cast)
    for _ in range(count):
        claims.attested(cast)
    (batch,) = paying.make_batches(cast.attester, [cast.finance.organisation_id]).batches
    return batch


def sent(cast: Any, count: int = 1) -> Batch:
    """Skickad. The file alone is made: no PDF of the cases."""
    batch = created(cast, count)
    Outbox.objects.filter(done_at__isnull=True).exclude(kind=paying.FILE).update(done_at=timezone.now())
    outbox.work()
    return fresh(batch)


def failed(cast: Any, count: int = 1) -> Batch:
    """Misslyckad."""
    return step(sent(cast, count), "fail", cast, cause="account")


def confirmed(cast: Any, count: int = 1) -> Batch:
    """Bekräftad."""
    return step(sent(cast, count), "confirm", cast, paid_on=timezone.localdate().isoformat())


def step(batch: Batch, name: str, cast: Any, **data: Any) -> Batch:
    """The attester takes a step of the batch as it is now."""
    take("batch", batch.pk, name, cast.attester, {"version": fresh(batch).version, **data})
    return fresh(batch)


def fresh(batch: Batch) -> Batch:
    """The batch as the database has it now."""
    return Batch.objects.get(pk=batch.pk)


def demanded(cast: Any, claim: Claim, amount: int, *, set_off: bool = True) -> Recovery:
    """Återkrävt: so many öre of a claim, to be set off or not. The rows as the process of recoveries leaves them."""
    today = timezone.localdate()
    recovery = Recovery(
        number=Counter.next_numbers("Å", today.year)[0], claim=claim, region_id=claim.region_id,
        office_id=cast.controller.organisation_id, opened_on=today, paid_decision_on=today, wrong=amount, demand=amount,
        interest=0, set_off=set_off, due_on=date(today.year + 1, 1, 1), status="demanded",
    )  # fmt: skip
    recovery.save(force_insert=True)
    assert claim.last_event_id is not None
    Entry.objects.create(
        region_id=claim.region_id, account="demanded", kind="recovery", amount=-amount, day=today, recovery=recovery,
        event_id=claim.last_event_id,
    )  # fmt: skip
    return recovery


def files() -> list[Path]:
    """Every file for the finance system."""
    return sorted(payment_file.folder().glob("*.csv"))
