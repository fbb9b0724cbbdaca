"""Payment control: the sample that anybody can draw again, the risky payments, two persons, and the share of errors."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmu_portal.engine import clock, door
from fmu_portal.engine.refusals import InvalidInput, WrongState
from fmu_portal.models import Duty, Event
from reimbursement import control
from reimbursement.models import BatchItem, Claim, ControlPeriod, Entry, PayAccount, Recovery, Remark, Review
from rules.models import Rule
from tests import claims, situations
from tests import recoveries as r
from tests.test_races import at_once

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine says nothing of the code."""

NUMBERS = st.lists(st.integers(0, 10**6).map("U-2026-{0:05d}/E-2026-{0:05d}".format), unique=True, max_size=60)


# The drawing, without a database.


def test_the_sample_by_hand():
    # sha256("frö" + number) begins: 1 → see below; the order is that of the sums, whatever the order of the list.
    sums = {number: hashlib.sha256(f"frö{number}".encode()).hexdigest() for number in ("U-1/E-1", "U-1/E-2", "U-1/E-3")}
    lowest = min(sums, key=sums.get)
    assert control.sample("frö", sums, 333) == [lowest]
    assert control.sample("frö", sums, 1) == [lowest], "a part of a payment is a payment"
    assert control.sample("frö", sums, 1000) == sorted(sums, key=sums.get)
    assert control.sample("frö", sums, 0) == []


@pytest.mark.parametrize(
    ("population", "share", "size"),
    [(0, 50, 0), (1, 50, 1), (20, 50, 1), (21, 50, 2), (700, 50, 35), (701, 50, 36), (10, 1000, 10), (10, 0, 0)],
)
def test_how_many_are_drawn(population, share, size):
    assert control.sample_size(population, share) == size


@UNHURRIED
@given(NUMBERS, st.integers(0, 1000), st.randoms(use_true_random=False), st.text(max_size=8))
def test_the_same_seed_gives_the_same_sample(numbers, share, random, seed):
    shuffled = list(numbers)
    random.shuffle(shuffled)
    drawn = control.sample(seed, numbers, share)
    assert drawn == control.sample(seed, shuffled, share)
    assert set(drawn) <= set(numbers)
    assert len(drawn) == control.sample_size(len(numbers), share)
    more = control.sample(seed, numbers, min(1000, share + 100))
    assert more[: len(drawn)] == drawn, "a larger share adds and takes nothing away"


def test_another_seed_gives_another_sample():
    numbers = [f"U-2026-00001/E-2026-{n:05d}" for n in range(400)]
    one, other = control.sample("a", numbers, 100), control.sample("b", numbers, 100)
    assert len(one) == len(other) == 40
    assert set(one) != set(other)


def test_the_seed_is_of_the_days_and_the_control_sums():
    first, last = date(2026, 10, 1), date(2026, 10, 31)
    text = "2026-10-01--2026-10-31\nU-2026-00001 aa\nU-2026-00002 bb"
    seed = control.seed_of(first, last, [("U-2026-00002", "bb"), ("U-2026-00001", "aa")])
    assert seed == hashlib.sha256(text.encode()).hexdigest()
    assert seed != control.seed_of(first, last, [("U-2026-00002", "bb"), ("U-2026-00001", "ab")])


@pytest.mark.parametrize(
    ("day", "months", "first", "last"),
    [
        ("2026-10-01", 1, "2026-10-01", "2026-10-31"),
        ("2026-10-31", 1, "2026-10-01", "2026-10-31"),
        ("2026-12-15", 1, "2026-12-01", "2026-12-31"),
        ("2028-02-10", 1, "2028-02-01", "2028-02-29"),
        ("2026-03-31", 3, "2026-01-01", "2026-03-31"),
        ("2026-04-01", 3, "2026-04-01", "2026-06-30"),
        ("2026-12-31", 3, "2026-10-01", "2026-12-31"),
    ],
)
def test_periods(day, months, first, last):
    day = date.fromisoformat(day)
    assert control.period_start(day, months).isoformat() == first
    assert control.period_end(day, months).isoformat() == last


@pytest.mark.parametrize(
    ("errors", "reviewed", "low", "high"),
    [
        # Wilson by hand with z² = 3,841459: 0 of 10 is 0 to z² / (10 + z²); 1 of 20: see any table.
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (1, 20, 0.0089, 0.2361),
        (5, 10, 0.2366, 0.7634),
        (3, 100, 0.0103, 0.0845),
    ],
)
def test_interval_by_wilson(errors, reviewed, low, high):
    assert control.wilson(errors, reviewed) == pytest.approx((low, high), abs=5e-5)


def test_nothing_reviewed_has_no_interval():
    assert control.wilson(0, 0) is None


@UNHURRIED
@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_share_lies_in_its_interval(pair):
    errors, reviewed = pair
    low, high = control.wilson(errors, reviewed)
    assert 0 <= low <= errors / reviewed <= high <= 1


# Choosing, from payments that were made.


def last_month():
    return timezone.localdate().replace(day=1) - timedelta(days=1)


def why(review):
    return set(review.why)


@pytest.mark.django_db
def test_the_clock_draws_from_a_period_that_has_ended_and_no_other(cast):
    day = last_month()
    old = r.paid(cast, on=day, confirmed=day)
    r.paid(cast)  # confirmed today: its period has not ended
    assert control.chore(day) == 0, "the last day of the period is not its end"
    assert not ControlPeriod.objects.exists()
    assert control.chore(day + timedelta(days=1)) == 1
    (review,) = Review.objects.all()
    assert (review.item.claim_id, review.status, why(review)) == (old.pk, "selected", {"sample"})
    (period,) = ControlPeriod.objects.all()
    assert (period.first, period.last, period.population) == (day.replace(day=1), day, 1)
    assert (period.share, period.high_amount, period.mandate_id) == (50, 10_000_000, None)
    (duty,) = Duty.objects.open().filter(process="review")
    assert (duty.kind, duty.organisation_id) == ("review_payment", cast.controller.organisation_id)
    assert control.chore(timezone.localdate()) == 0, "twice does nothing more"
    assert clock.watch()["chores"] == 0
    assert Review.objects.count() == 1


@pytest.mark.django_db
def test_every_payment_is_in_one_period(cast):
    day = last_month()
    before = day.replace(day=1) - timedelta(days=1)
    first, last = r.paid(cast, on=day, confirmed=before), r.paid(cast, on=before, confirmed=day)
    control.chore(timezone.localdate())
    spans = list(ControlPeriod.objects.order_by("first").values_list("first", "last", "population"))
    assert spans == [(before.replace(day=1), before, 1), (day.replace(day=1), day, 1)]
    assert [x.item.claim_id for x in Review.objects.order_by("period__first")] == [first.pk, last.pk], (
        "the day of confirmation counts, not the day that was typed as paid"
    )


@pytest.mark.django_db
def test_a_quarter_follows_months_without_a_gap(cast):
    day = date(2026, 5, 20)
    r.paid(cast, on=day, confirmed=day)
    ControlPeriod.objects.create(
        first=date(2026, 4, 1), last=date(2026, 4, 30), seed="x", share=50, high_amount=1, population=0
    )
    Rule.objects.filter(key="routine.review_months").update(value=3)
    assert control.next_period(date(2026, 6, 30)) is None
    assert control.next_period(date(2026, 7, 1)) == (date(2026, 5, 1), date(2026, 6, 30))


@pytest.mark.django_db
def test_every_risky_payment_is_reviewed_with_why(cast):
    day = last_month()
    Rule.objects.filter(key="routine.review_share").update(value=0)
    Rule.objects.filter(key="routine.high_amount").update(value=18400)
    item_of = {}
    for name in ("low", "high", "overridden", "corrected"):
        claim = r.attested(cast)
        if name != "high":
            Claim.objects.filter(pk=claim.pk).update(approved=1_839_999)
        claim = r.pay(claims.fresh(claim), day, day)
        item_of[name] = claim.pk
    Claim.objects.filter(pk=item_of["overridden"]).update(overridden=True)
    event = Event.objects.latest("id")
    granted = Entry.objects.get(claim_id=item_of["corrected"], kind="granted")
    Entry.objects.create(
        region_id=granted.region_id, account="owed", kind="correction", amount=-1, day=day, claim_id=item_of["corrected"],
        event=event, corrects=granted,
    )  # fmt: skip
    assert control.chore(timezone.localdate()) == 3
    found = {review.item.claim_id: why(review) for review in Review.objects.all()}
    assert found == {
        item_of["high"]: {"high"},
        item_of["overridden"]: {"overridden"},
        item_of["corrected"]: {"corrected"},
    }


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "new"), [(90, True), (91, False)])
def test_an_account_is_new_for_ninety_days(cast, days, new):
    day = last_month()
    account = PayAccount.objects.create(
        region_id=cast.finance.organisation_id, number="123-4567", mandate_id=cast.finance.mandate_id,
        at=timezone.now() - timedelta(days=(timezone.localdate() - day).days + days),
    )  # fmt: skip
    claim = r.pay(r.attested(cast), day, day, account)
    control.chore(timezone.localdate())
    found = Review.objects.get(item__claim=claim)
    assert ("new_account" in found.why) is new


def test_two_at_once_draw_once(committed_cast):
    cast = committed_cast
    day = last_month()
    r.paid(cast, on=day, confirmed=day)
    results = at_once(*[lambda: control.chore(timezone.localdate())] * 3)
    assert sorted(results) == [0, 0, 1]
    assert (ControlPeriod.objects.count(), Review.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_whoever_drew_can_be_checked(cast):
    day = last_month()
    found = [r.paid(cast, on=day, confirmed=day).pk for _ in range(3)]
    Rule.objects.filter(key="routine.review_share").update(value=34)
    control.select(timezone.localdate(), cast.controller.mandate_id)
    (period,) = ControlPeriod.objects.all()
    items = BatchItem.objects.filter(claim_id__in=found).select_related("batch", "claim")
    sums = {(item.batch.number, item.batch.control_sum) for item in items}
    assert period.seed == control.seed_of(period.first, period.last, sums)
    again = set(control.sample(period.seed, map(control.number_of, items), period.share))
    assert len(again) == 2
    assert {control.number_of(review.item) for review in Review.objects.all()} == again
    assert period.mandate_id == cast.controller.mandate_id


# The review.


@pytest.mark.django_db
def test_whoever_was_in_it_does_not_review(cast):
    review = r.selected(cast)
    with pytest.raises(WrongState, match="En annan controller"):
        door.take("review", review.pk, "find_right", cast.controller, {"text": ""})
    Claim.objects.filter(pk=review.item.claim_id).update(decided_by_id=cast.officer.user_id)
    with pytest.raises(WrongState, match="En annan controller"):  # decided it once, whoever did so afterwards
        door.take("review", review.pk, "find_right", cast.controller, {"text": ""})
    door.take("review", review.pk, "find_right", r.colleague(cast), {"text": ""})
    assert Review.objects.get().status == "right"


@pytest.mark.django_db
def test_an_error_has_its_amount_and_is_followed_up(cast):
    review, reviewer = r.selected(cast), r.colleague(cast)
    for answers, name in (({"text": "x"}, "error"), ({"error": "-5", "text": "x"}, "error"), ({"error": "5"}, "text")):
        with pytest.raises(InvalidInput) as refused:
            door.take("review", review.pk, "find_wrong", reviewer, answers)
        assert name in refused.value.errors
    door.take("review", review.pk, "find_wrong", reviewer, {"error": "150,50", "text": "Priset är förra årets"})
    review.refresh_from_db()
    assert (review.status, review.error, review.reviewed_by_id) == ("wrong", 15_050, reviewer.user_id)
    assert [d.kind for d in Duty.objects.open().filter(process="review")] == ["follow_up_fault"]
    door.take("review", review.pk, "follow_up", cast.controller, {"reason": "Återkrav Å-1"})
    assert not Duty.objects.open().filter(process="review").exists()
    assert not Remark.objects.filter(process="review", to_region=True).exists()


@pytest.mark.django_db
def test_region_and_others_see_no_review(cast):
    r.selected(cast)
    seen = {name for name, actor in cast.everyone().items() if Review.objects.visible_to(actor).exists()}
    assert seen == {"controller", "attester"}


def test_figures_are_of_the_sample_and_of_all():
    period = ControlPeriod(population=200)
    rows = [
        ("right", ["sample"], None),
        ("wrong", ["sample", "high"], 10_000),
        ("followed_up", ["high"], 5_050),
        ("selected", ["sample"], None),
        ("selected", ["new_account"], None),
    ]
    found = control.figures(period, rows)
    assert (found.selected, found.sampled, found.risky, found.reviewed, found.done) == (5, 3, 3, 2, 3)
    assert (found.errors, found.wrong, found.to_follow_up, found.sample_error, found.error) == (1, 2, 1, 10_000, 15_050)
    assert found.share == 0.5
    assert found.interval == control.wilson(1, 2)
    assert control.figures(period, []).share is None


@pytest.mark.django_db
def test_without_payments_there_is_nothing_to_draw_from(cast):
    situations.requested(cast)
    assert control.chore(timezone.localdate()) == 0
    assert not ControlPeriod.objects.exists()
    assert not Recovery.objects.exists()
