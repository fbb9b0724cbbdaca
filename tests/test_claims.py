"""A claim from facts to attest: what is proposed, who may do what, what bad input gets."""

from __future__ import annotations

import pytest

from fmu_portal.engine.door import take
from fmu_portal.engine.many import take_many
from fmu_portal.engine.refusals import InvalidInput, Stale, WrongRole, WrongState
from fmu_portal.models import Duty
from reimbursement.models import Claim, Decision, Entry, Line, YearSum
from tests import claims, situations

pytestmark = pytest.mark.django_db


def test_report_in_time_gives_a_proposal(cast):
    claims.agreed(cast)
    claim = claims.proposed(cast)
    (line,) = claim.lines.all()
    assert (claim.status, claim.region_id, line.kind) == ("proposed", cast.finance.organisation_id, "physician")
    assert (line.ceiling, line.price, line.cost, line.rule) == (
        2_000_000,
        1_840_000,
        1_840_000,
        "money.physician@2024-01-01",
    )
    assert line.event.step == "deliver"


def test_slow_review_withholds_nothing_and_nothing_is_proposed_twice(cast):
    claim = claims.proposed(cast)
    case = claim.assessment
    situations.step(case, "complete", cast.officer, report_version=1, complete="ja")
    assert Claim.objects.filter(assessment=case).count() == 1


def test_whole_way_to_attest_writes_the_books(cast):
    claim = claims.attested(cast)
    assert (claim.status, claim.approved, claim.attested_by_id) == ("attested", 1_840_000, cast.attester.user_id)
    (entry,) = Entry.objects.filter(claim=claim)
    assert (entry.kind, entry.amount, entry.account) == ("granted", 1_840_000, "owed")
    assert YearSum.objects.get(region=claim.region).amount == 1_840_000
    assert [d.kind for d in Duty.objects.open().filter(process="claim")] == ["pay_claim"]


def test_cost_above_the_ceiling_is_kept_and_paid_to_the_ceiling(cast):
    claim = claims.submitted(cast, "25 000")
    assert (claim.cost, claim.payable) == (2_500_000, 2_000_000)
    take("claim", claim.pk, "decide", cast.controller, claims.decision(claim))
    assert claims.fresh(claim).approved == 2_000_000


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("-1", "mindre än 0"),
        ("100,555", "högst två decimaler"),
        ("100 EUR", "svenska kronor"),
        ("många", "med siffror"),
    ],
)
def test_bad_cost_is_told(cast, typed, said):
    claim = claims.proposed(cast)
    with pytest.raises(InvalidInput) as refused:
        claims.costs(claim, cast, typed)
    assert said in str(refused.value.errors)


def test_nobody_attests_what_they_decided(cast):
    claim = claims.decided(cast)
    Claim.objects.filter(pk=claim.pk).update(decided_by_id=cast.attester.user_id)
    with pytest.raises(WrongState, match="En annan person"):
        take("claim", claim.pk, "attest", cast.attester, {"version": claim.version})


def test_decision_on_an_old_version_is_refused(cast):
    claim = claims.submitted(cast)
    answers = claims.decision(claim) | {"version": claim.version - 1}
    with pytest.raises(Stale):
        take("claim", claim.pk, "decide", cast.controller, answers)


@pytest.mark.parametrize("who", ["skane", "admin", "officer", "attester", "administrator"])
def test_others_do_not_submit(cast, who):
    claim = claims.costs(claims.proposed(cast), cast)
    with pytest.raises(WrongRole):
        take("claim", claim.pk, "submit", getattr(cast, who), {"version": claim.version})


def test_refusal_has_a_reason_and_lets_the_fact_go(cast):
    with pytest.raises(InvalidInput):
        claims.decided(cast, "refuse")
    claim = Claim.objects.get(status="submitted")
    take(
        "claim",
        claim.pk,
        "decide",
        cast.controller,
        claims.decision(claim, "refuse", reason="Kostnaden är inte styrkt"),
    )
    claim = claims.fresh(claim)
    with pytest.raises(WrongState, match="Attestera avslaget"):
        take("claim", claim.pk, "attest", cast.attester, {"version": claim.version})
    take("claim", claim.pk, "attest_refusal", cast.attester, {"version": claim.version})
    assert claims.fresh(claim).status == "refused"
    assert not Line.objects.filter(claim=claim, holds=True).exists()
    assert not Entry.objects.filter(claim=claim).exists()


def test_many_are_submitted_and_approved_by_the_same_door(cast):
    claims.agreed(cast)
    found = [claims.proposed(cast) for _ in range(3)]
    versions = {claim.pk: claim.version for claim in found}
    taken = take_many("claim", list(versions), "submit", cast.finance, versions=versions)
    assert len(taken.events) == 3
    assert not taken.refused
    assert set(Claim.objects.values_list("status", "urgency")) == {("submitted", 2)}
    versions = dict(Claim.objects.values_list("pk", "version"))
    taken = take_many("claim", list(versions), "approve_all", cast.controller, versions=versions)
    assert len(taken.events) == 3, taken.refused
    assert Decision.objects.count() == 3
    versions = dict(Claim.objects.values_list("pk", "version"))
    taken = take_many("claim", list(versions), "attest", cast.attester, versions=versions)
    assert len(taken.events) == 3, taken.refused
    assert Entry.objects.total() == 3 * 1_840_000


def test_late_report_is_shown_with_the_reason(cast, settings):
    from datetime import timedelta

    from django.utils import timezone

    from orders.models import Assessment, Report
    from reimbursement.proposing import propose

    case = situations.in_progress(cast)
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=situations.REPORT)
    case = situations.step(case, "deliver", cast.physician, source="form", revision=0, responsible="on")
    Assessment.objects.filter(pk=case.pk).update(delivered_late=True, delivered_on=timezone.localdate() + timedelta(90))
    propose([case.pk])
    (line,) = Line.objects.filter(claim__assessment=case)
    assert (line.bar, line.holds, line.payable) == ("late", False, 0)
