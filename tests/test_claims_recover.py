"""A recovery from what was paid to a balance of nothing: amounts, the ten years, interest, two persons, repayments."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from fmu_portal.engine.door import take
from fmu_portal.engine.refusals import InvalidInput, Stale, WrongRole, WrongState
from fmu_portal.models import Duty, Event
from reimbursement import books, recovering
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
    assert books.balance(recovery.pk) == 100_000
    recovery = r.repay(recovery, cast.controller, "400")
    assert (recovery.status, books.balance(recovery.pk)) == ("demanded", 60_000)
    recovery = r.repay(recovery, cast.attester, "600")
    assert (recovery.status, books.balance(recovery.pk)) == ("settled", 0)
    assert not Duty.objects.open().filter(process="recovery").exists()
    assert [e.step for e in Event.objects.filter(process="recovery").order_by("id")] == [
        "open", "decide", "attest", "register_repayment", "register_repayment", "settle",
    ]  # fmt: skip
    sums = dict(YearSum.objects.filter(account="demanded").values_list("kind", "amount"))
    assert sums == {"recovery": -100_000, "repaid": 100_000}


# What may be demanded back.


def begin(cast, claim, **more):
    answers = {"line": 0, "wrong": "1 000", "reason": "Fel pris"} | more
    return recovering.open_recovery(claim.pk, cast.controller, answers)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [("0", "Beloppet är 0"), ("18 400,01", "Högst 18 400 kr"), ("-1", "mindre än 0"), ("1,555", "två decimaler")],
)
def test_never_more_than_was_paid(cast, wrong, said):
    claim = r.paid(cast)
    with pytest.raises(InvalidInput) as refused:
        begin(cast, claim, wrong=wrong)
    assert said in str(refused.value.errors["wrong"])
    assert not Recovery.objects.exists()


def test_earlier_recoveries_count_until_they_are_dropped(cast):
    claim = r.paid(cast)
    first = begin(cast, claim, wrong="18 000")
    with pytest.raises(InvalidInput):
        begin(cast, claim, wrong="400,01")
    second = begin(cast, claim, wrong="400")
    with pytest.raises(WrongState, match="ingår redan"):
        begin(cast, claim, wrong="1")
    take("recovery", first.pk, "drop", cast.controller, {"version": first.version, "reason": "Priset var rätt"})
    assert recovering.left_to_demand(claim) == 1_800_000
    assert begin(cast, claim, wrong="18 000").number > second.number


def test_of_one_line_never_more_than_the_line(cast):
    claim = r.paid(cast)
    (line,) = claim.lines.all()
    recovery = begin(cast, claim, line=line.pk, wrong="18 400")
    assert (recovery.line_id, recovery.wrong, recovery.paid_on) == (line.pk, 1_840_000, timezone.localdate())


def test_only_what_has_been_paid_is_recovered(cast):
    claim = claims.attested(cast)
    with pytest.raises(WrongState, match="utbetald"):
        begin(cast, claim)


def test_nobody_else_opens(cast):
    claim = r.paid(cast)
    for who in ("attester", "finance", "region", "officer", "admin", "administrator"):
        with pytest.raises(WrongRole):
            recovering.open_recovery(claim.pk, getattr(cast, who), {"line": 0, "wrong": "1", "reason": "x"})


# Ten years (19 §).


@pytest.mark.parametrize(
    ("decision", "last"),
    [
        ("2016-11-26", "2026-11-26"),
        ("2019-01-01", "2029-01-01"),
        ("2024-02-29", "2034-02-28"),
        ("2010-02-28", "2020-02-28"),
        ("2020-12-31", "2030-12-31"),
    ],
)
def test_last_day_is_the_same_day_ten_years_later(decision, last):
    assert recovering.last_day(date.fromisoformat(decision)) == date.fromisoformat(last)


def ten_years_ago():
    today = timezone.localdate()
    return today.replace(year=today.year - 10, day=min(today.day, 28) if today.month == 2 else today.day)


def test_decided_on_the_last_day_and_attested_on_it(cast):
    recovery = r.demanded(cast, how={"decided": ten_years_ago()})
    assert recovery.status == "demanded"


def test_the_day_after_is_too_late_to_decide(cast):
    recovery = r.opened(cast, decided=ten_years_ago() - r.ONE)
    with pytest.raises(WrongState, match="tio år"):
        take("recovery", recovery.pk, "decide", cast.controller, r.decision(recovery))


def test_the_day_after_is_too_late_to_attest(cast):
    recovery = r.decided(cast)
    Recovery.objects.filter(pk=recovery.pk).update(paid_decision_on=ten_years_ago() - r.ONE)
    with pytest.raises(WrongState, match="tio år"):
        take("recovery", recovery.pk, "attest", cast.attester, {"version": recovery.version})
    assert not Entry.objects.filter(recovery=recovery).exists()


# The decision.


def refused_decision(cast, recovery, **more):
    with pytest.raises(InvalidInput) as refused:
        take("recovery", recovery.pk, "decide", cast.controller, r.decision(recovery, **more))
    return refused.value.errors


def test_decision_says_what_is_wrong_with_it(cast):
    recovery = r.opened(cast)
    for answers, name, said in (
        ({"extent": "part"}, "demand", "lägre beloppet"),
        ({"extent": "part", "demand": "1 000"}, "demand", "lägre än 1 000 kr"),
        ({"extent": "part", "demand": "0"}, "demand", "utan återkrav"),
        ({"extent": "full", "demand": "5"}, "demand", "Ta bort beloppet"),
        ({"reason": ""}, "reason", ""),
        ({"set_off": ""}, "set_off", ""),
        ({"due_on": timezone.localdate()}, "due_on", "efter i dag"),
        ({"due_on": "2027-12-24"}, "due_on", "mer än ett år"),
        ({"due_on": next_saturday()}, "due_on", "ingen vardag"),
    ):
        assert said in str(refused_decision(cast, recovery, **answers)[name]), answers


def next_saturday():
    return r.days_ago(-7) - r.ONE * ((r.days_ago(-7).weekday() - 5) % 7)


def test_a_part_is_demanded_and_the_rest_is_not(cast):
    recovery = r.demanded(cast, extent="part", demand="250,50", reason="Halva felet var vårt", set_off="nej")
    assert (recovery.demand, recovery.set_off, books.balance(recovery.pk)) == (25_050, False, 25_050)
    assert Remark.objects.get(process="recovery", kind="reason", to_region=True).text == "Halva felet var vårt"


def test_interest_is_counted_and_booked_apart(cast):
    r.rules(cast)  # 10 % from the day after the payment; 73 days of 365 are a fifth of a year
    recovery = r.demanded(cast, how={"on": r.days_ago(73)}, interest="full")
    assert (recovery.interest_full, recovery.interest) == (2_000, 2_000)
    assert entries(recovery) == [("recovery", -100_000, "demanded"), ("interest", -2_000, "demanded")]
    assert books.balance(recovery.pk) == 102_000


def test_interest_is_of_the_part_that_is_demanded(cast):
    r.rules(cast)
    recovery = r.decided(cast, how={"on": r.days_ago(73)}, interest="full", extent="part", demand="500")
    assert recovery.interest == 1_000
    assert recovery.counted["capital"] == 50_000


def test_interest_is_lowered_for_special_reasons_only(cast):
    r.rules(cast)
    recovery = r.opened(cast, on=r.days_ago(73))
    less = {"interest": "less"}
    assert "Fyll i den nedsatta" in str(refused_decision(cast, recovery, **less)["interest_amount"])
    errors = refused_decision(cast, recovery, **less, interest_amount="20")
    assert "lägre belopp" in str(errors["interest_amount"])
    assert "särskilda skälen" in str(errors["interest_reason"])
    assert "interest" in refused_decision(cast, recovery)
    answers = r.decision(recovery, **less, interest_amount="0", interest_reason="Vi dröjde")
    take("recovery", recovery.pk, "decide", cast.controller, answers)
    recovery = r.fresh(recovery)
    assert (recovery.interest_full, recovery.interest) == (2_000, 0)
    assert Remark.objects.get(process="recovery", kind="interest_reason").text == "Vi dröjde"


def test_without_records_there_is_no_interest_and_the_reason_is_kept(cast):
    recovery = r.decided(cast)
    assert (recovery.interest_full, recovery.interest, recovery.counted["lacks"]) == (None, 0, "rule")


def test_decision_on_an_old_version_is_refused(cast):
    recovery = r.opened(cast)
    with pytest.raises(Stale):
        take("recovery", recovery.pk, "decide", cast.controller, r.decision(recovery, version=recovery.version - 1))


# Two persons.


def test_nobody_attests_what_they_decided(cast):
    recovery = r.decided(cast)
    Recovery.objects.filter(pk=recovery.pk).update(decided_by_id=cast.attester.user_id)
    with pytest.raises(WrongState, match="En annan person"):
        take("recovery", recovery.pk, "attest", cast.attester, {"version": recovery.version})


def test_sent_back_is_decided_anew(cast):
    recovery = r.decided(cast)
    take("recovery", recovery.pk, "send_back", cast.attester, {"version": recovery.version, "reason": "Fel dag"})
    recovery = r.fresh(recovery)
    left = (recovery.demand, recovery.interest, recovery.set_off, recovery.due_on, recovery.decided_by_id)
    assert (recovery.status, left, recovery.counted) == ("opened", (None,) * 5, {})
    assert not Remark.objects.filter(text="Fel dag", to_region=True).exists()


def test_last_day_to_pay_that_has_passed_is_not_attested(cast):
    recovery = r.decided(cast)
    Recovery.objects.filter(pk=recovery.pk).update(due_on=timezone.localdate())
    with pytest.raises(WrongState, match="har passerat"):
        take("recovery", recovery.pk, "attest", cast.attester, {"version": recovery.version})


def test_the_region_owes_by_the_decided_day(cast):
    recovery = r.demanded(cast)
    (duty,) = Duty.objects.open().filter(process="recovery")
    assert (duty.kind, duty.organisation_id, duty.due) == ("repay", recovery.region_id, recovery.due_on)


def test_whoever_is_recused_decides_nothing(cast):
    from orders.models import Recusal

    recovery = r.opened(cast)
    Recusal.objects.create(assessment_id=recovery.assessment_id, user_id=cast.controller.user_id)
    with pytest.raises(WrongState, match="jäv"):
        take("recovery", recovery.pk, "decide", cast.controller, r.decision(recovery))
    assert not Recovery.objects.visible_to(cast.controller).exists()
    assert Recovery.objects.visible_to(cast.attester).exists()


# Paying back.


@pytest.mark.parametrize(
    ("answers", "name", "said"),
    [
        ({"amount": "1 000,01"}, "amount", "Kvar att betala är 1 000 kr"),
        ({"amount": "0"}, "amount", "Beloppet är 0"),
        ({"day": "2090-01-01"}, "day", "framtiden"),
        ({"day": "2020-01-01"}, "day", "före beslutet"),
    ],
)
def test_bad_repayment_is_told(cast, answers, name, said):
    recovery = r.demanded(cast)
    data = {"version": recovery.version, "amount": "1", "day": timezone.localdate()} | answers
    with pytest.raises(InvalidInput) as refused:
        take("recovery", recovery.pk, "register_repayment", cast.controller, data)
    assert said in str(refused.value.errors[name])
    assert books.balance(recovery.pk) == 100_000


def test_region_announces_and_nothing_is_booked(cast):
    recovery = r.demanded(cast)
    answers = {"amount": "1 000", "day": timezone.localdate(), "text": "Bankgiro 1 december"}
    take("recovery", recovery.pk, "announce", cast.finance, answers)
    assert books.balance(recovery.pk) == 100_000
    assert Remark.objects.get(kind="announcement").author_id == cast.finance.organisation_id


def test_region_sees_it_once_it_is_demanded(cast):
    recovery = r.decided(cast)
    assert not Recovery.objects.visible_to(cast.finance).exists()
    take("recovery", recovery.pk, "attest", cast.attester, {"version": recovery.version})
    assert Recovery.objects.visible_to(cast.finance).exists()
    assert Recovery.objects.visible_to(cast.region).exists()
    for who in ("skane", "officer", "admin", "administrator", "physician", "team", "adviser"):
        assert not Recovery.objects.visible_to(getattr(cast, who)).exists(), who


def test_not_settled_while_a_payment_with_a_set_off_may_be_cancelled(cast):
    from reimbursement.models import Batch

    recovery = r.demanded(cast)
    batch = Batch.objects.get()
    event = Event.objects.latest("id")
    common = {"region_id": recovery.region_id, "day": timezone.localdate(), "recovery": recovery, "event": event}
    Batch.objects.filter(pk=batch.pk).update(status="sent")
    for account, amount in (("demanded", 60_000), ("owed", -60_000)):
        Entry.objects.create(account=account, kind="set_off", amount=amount, batch=batch, **common)
    recovery = r.repay(recovery, cast.controller, "400")
    assert (books.balance(recovery.pk), recovery.status) == (0, "demanded")
