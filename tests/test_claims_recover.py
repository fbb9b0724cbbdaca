"""A recovery from what was paid to a balance of nothing: amounts, the ten years, interest, two persons, repayments."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from fmu_portal.engine.door import take
from fmu_portal.engine.refusals import InvalidInput, Stale, WrongRole, WrongState
from fmu_portal.models import Duty, Event
from reimbursement import recovering
from reimbursement.models import Entry, Recovery, Remark, YearSum
from tests import claims
from tests import recoveries as r

pytestmark = pytest.mark.django_db


def entries(recovery):
    return [(e.kind, e.amount, e.account) for e in Entry.objects.filter(recovery=recovery).order_by("id")]


def test_whole_way_to_settled_is_in_the_books(cast):
    recovery = r.demanded(cast)
    assert (recovery.status, recovery.demand, recovery.interest, recovery.interest_full) == (
        "demanded",
        100_000,
        0,
        None,
    )
    assert entries(recovery) == [("recovery", -100_000, "demanded")]
    assert recovering.balance(recovery) == 100_000
    recovery = r.repay(recovery, cast.controller, "400")
    assert (recovery.status, recovering.balance(recovery)) == ("demanded", 60_000)
    recovery = r.repay(recovery, cast.attester, "600")
    assert (recovery.status, recovering.balance(recovery)) == ("settled", 0)
    assert not Duty.objects.open().filter(process="recovery").exists()
    assert [e.step for e in Event.objects.filter(process="recovery").order_by("id")] == [
        "open", "decide", "attest", "register_repayment", "register_repayment", "settle",
    ]  # fmt: skip
    sums = dict(YearSum.objects.filter(account="demanded").values_list("kind", "amount"))
    assert sums == {"recovery": -100_000, "repaid": 100_000}
