"""Any order of making batches, jobs, breakdowns, confirming, failing, cancelling and recovering: the books always balance.

Held after every step: no line is paid twice or above its ceiling or cost, set-off is within the payment, and the entries
give the statements.
"""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmu_portal.engine import outbox
from fmu_portal.engine.door import take
from fmu_portal.models import Outbox
from reimbursement import balancing, batches, books, paying, payment_file, statements
from reimbursement.models import Batch, Claim, Entry, Line
from tests import claims, payments

CLAIMS = 3
BREAKS = ("write", "take", "take_all", "_set_off", "order_file", "bulk_create")
"""Where a job or a step is made to break, in the middle of its transaction."""

deed = st.one_of(
    st.tuples(st.just("make"), st.sampled_from((1, 2, 2000))),
    st.tuples(st.just("work"), st.none()),
    st.tuples(st.just("confirm"), st.integers(0, 2)),
    st.tuples(st.just("fail"), st.integers(0, 2)),
    st.tuples(st.just("retry"), st.integers(0, 2)),
    st.tuples(st.just("cancel"), st.integers(0, 2)),
    st.tuples(st.just("recover"), st.integers(1, 4_000_000)),
    st.tuples(st.just("correct"), st.integers(1, 1_840_000)),
    st.tuples(st.just("break make"), st.sampled_from(("take_all", "_set_off", "order_file", "bulk_create"))),
    st.tuples(st.just("break work"), st.sampled_from(("write", "take"))),
    st.tuples(st.just("break confirm"), st.sampled_from(("take_all", "bulk_create"))),
    st.tuples(st.just("break cancel"), st.sampled_from(("take_all", "bulk_create"))),
)


class Broken(Exception):
    """The power cut."""


def breaks(*args, **kwargs):
    raise Broken


def patched(patch, module, where):
    if where == "bulk_create":
        patch.setattr(type(Entry.objects), "bulk_create", breaks)
    else:
        patch.setattr(module, where, breaks)


def work():
    """The files alone: the PDFs of the cases would be made anew in each example."""
    Outbox.objects.filter(done_at__isnull=True).exclude(kind=paying.FILE).update(done_at=timezone.now())
    Outbox.objects.filter(done_at__isnull=True, kind=paying.FILE).update(not_before=timezone.now())
    outbox.work()


def one_step(name, which, cast):
    """The step on one of the batches where it exists; otherwise nothing."""
    wanted = {"confirm": "sent", "fail": "sent", "retry": "failed", "cancel": "failed"}[name]
    rows = list(Batch.objects.filter(status=wanted).order_by("id"))
    if not rows:
        return
    batch = rows[which % len(rows)]
    data = {
        "confirm": {"paid_on": timezone.localdate().isoformat()},
        "fail": {"cause": "other"},
        "cancel": {"reason": "Fel"},
    }.get(name, {})
    take("batch", batch.pk, name, cast.attester, {"version": batch.version, **data})


def recover(amount, cast):
    """A recovery of what has been paid and is not demanded yet."""
    for claim in Claim.objects.filter(status="paid").order_by("id"):
        left = (claim.approved or 0) - sum(r.wrong for r in claim.recoveries.all())
        if left > 0:
            payments.demanded(cast, claim, min(amount, left))
            return


def correct(amount, cast):
    claim = Claim.objects.filter(status="attested").order_by("id").first()
    if claim is None:
        return
    line = claim.lines.get()
    if books.granted(claim.pk)[line.pk] != amount:
        data = {
            "version": claim.version,
            "line": line.pk,
            "amount": f"{amount // 100},{amount % 100:02d}",
            "reason": "Fel",
        }
        take("claim", claim.pk, "correct", cast.attester, data)


def do(name, value, cast):
    region = [cast.finance.organisation_id]
    with pytest.MonkeyPatch.context() as patch:
        if name == "make":
            patch.setattr(paying, "MOST", value)
            paying.make_batches(cast.attester, region)
        elif name == "work":
            work()
        elif name == "recover":
            recover(value, cast)
        elif name == "correct":
            correct(value, cast)
        elif name == "break work":
            patched(patch, payment_file, value)
            work()
        elif name.startswith("break"):
            patched(patch, paying if name == "break make" else batches, value)
            try:
                with transaction.atomic():
                    if name == "break make":
                        paying.make_batches(cast.attester, region)
                    else:
                        one_step(name.split()[1], 0, cast)
            except Broken:
                pass
        else:
            one_step(name, value, cast)


def holds(cast):
    assert list(balancing.differences()) == []
    region, year = cast.finance.organisation_id, timezone.localdate().year
    of = statements.statement(region, year)
    assert of.closing == Entry.objects.filter(region_id=region).total()
    assert sum(a for p in of.parts for _, a, _ in p.kinds) == sum(e.amount for e in statements.entries(region, year))
    for batch in Batch.objects.all():
        assert 0 <= batch.set_off <= batch.gross
        assert batch.net == batch.gross - batch.set_off
    for line in Line.objects.select_related("claim"):
        entries = [e for e in Entry.objects.filter(claim=line.claim, account="owed") if e.kind in ("paid", "set_off")]
        given_out = -sum(e.amount for e in entries)
        assert 0 <= given_out <= min(line.cost, line.ceiling)
        assert sum(e.kind == "paid" for e in entries) <= 1
    files = {path.name: path.read_bytes() for path in payments.files()}
    for batch in Batch.objects.filter(status="sent"):
        assert files[payment_file.path_of(batch).name] == payment_file.content(batch)


@pytest.mark.django_db
def test_books_balance_whatever_happens(cast, tmp_path_factory):
    payments.account(cast)
    for _ in range(CLAIMS):
        claims.attested(cast)

    @settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(deed, min_size=4, max_size=12))
    def any_order(deeds):
        from django.conf import settings as portal

        was, portal.DATA_DIR = portal.DATA_DIR, tmp_path_factory.mktemp("betalningar")
        point = transaction.savepoint()
        try:
            for name, value in [("make", 2), ("work", None), *deeds]:
                do(name, value, cast)
                holds(cast)
            finish(cast)
        finally:
            transaction.savepoint_rollback(point)
            portal.DATA_DIR = was

    any_order()


def finish(cast):
    """Whatever has happened, everything can be brought to an end, and then every claim is paid exactly once."""
    for _ in range(10):
        if not Claim.objects.exclude(status="paid").exists():
            break
        for name in ("make", "work", "retry", "work", "confirm"):
            do(name, 2000 if name == "make" else 0, cast)
    assert set(Claim.objects.values_list("status", flat=True)) == {"paid"}
    assert Entry.objects.filter(account="owed").total() == 0
    holds(cast)
