"""The door against the golden tables of a recovery and of a review, both written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from accounts.actor import CLOCK
from fmu_portal.engine import door
from fmu_portal.engine.refusals import Refused
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.models import Duty, Event
from orders.models import Recusal
from reimbursement import recovering
from reimbursement.models import Recovery, Review
from tests import recoveries as r
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("own_beginning")


def lines_of(name):
    text = Path(__file__).with_name(name).read_text()
    return [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line and line[0] != "#"]


RECOVERY = {(row[0], row[1]): row[2:] for row in lines_of("golden_recovery.txt")}
REVIEW = {(row[0], row[1]): row[2:] for row in lines_of("golden_review.txt")}
SITUATIONS = ["opened", "opened+late", "opened+recused", "decided", "decided+own", "decided+late", "decided+due",
              "decided+recused", "demanded", "settled", "dropped"]  # fmt: skip
WHO = {"C": "controller", "A": "attester", "F": "finance"}


def recovery_in(situation, cast):
    status, _, more = situation.partition("+")
    if status in ("demanded", "settled"):
        recovery = r.demanded(cast)
        return r.repay(recovery, cast.controller, "1 000") if status == "settled" else recovery
    recovery = r.opened(cast) if status != "decided" else r.decided(cast)
    if status == "dropped":
        door.take("recovery", recovery.pk, "drop", cast.controller, {"version": recovery.version, "reason": "x"})
    today = timezone.localdate()
    rows = Recovery.objects.filter(pk=recovery.pk)
    if more == "late":
        rows.update(paid_decision_on=today.replace(year=today.year - 11, day=1))
    elif more == "own":
        rows.update(decided_by_id=cast.attester.user_id)
    elif more == "due":
        rows.update(due_on=today)
    elif more == "recused":
        for who in ("controller", "attester"):
            user = getattr(cast, who).user_id
            Recusal.objects.create(assessment_id=recovery.assessment_id, user_id=user)
    return r.fresh(recovery)


@pytest.fixture
def begun(request, once):
    """(situation, a recovery in it): made once for the tests that begin there. Nothing is there before "new"."""
    new = request.param == "new"
    return request.param, once(request.param, lambda: None if new else recovery_in(request.param, Cast.load()))


def answers(recovery, step):
    more = {
        "decide": r.decision(recovery),
        "register_repayment": {"amount": "1", "day": timezone.localdate()},
        "announce": {"amount": "1", "day": timezone.localdate()},
    }.get(step, {"reason": "x"})
    return {"version": recovery.version, **more}


def actors(letters):
    return [WHO[letter] for letter in letters if letter != "K"]


@pytest.mark.parametrize("begun", SITUATIONS, indirect=True)
def test_who_may_take_which_step_of_a_recovery(begun, cast):
    situation, recovery = begun
    duties = door.open_duties("recovery", recovery.pk)
    before = (Event.objects.count(), Duty.objects.count())
    for name, actor in {**cast.everyone(), "clock": CLOCK}.items():
        may = {step.name for step in door.available("recovery", r.fresh(recovery), actor, duties)}
        assert may == {step for (at, step), row in RECOVERY.items() if at == situation and name in actors(row[0])}, name
        for step in PROCESSES["recovery"].process.steps:
            if step not in may:
                with pytest.raises(Refused):
                    door.take("recovery", recovery.pk, step, actor, answers(recovery, step))
    assert before == (Event.objects.count(), Duty.objects.count())


@pytest.mark.parametrize(("begun", "step"), RECOVERY, ids=[f"{a}-{b}" for a, b in RECOVERY], indirect=["begun"])
def test_where_a_step_of_a_recovery_leads(begun, cast, step):
    situation, recovery = begun
    who, status, opens, closes = RECOVERY[situation, step]
    if situation == "new":
        recovery, was_open, event = r.opened(cast), set(), None
    else:
        recovery = r.fresh(recovery)
        was_open = {duty.pk for duty in door.open_duties("recovery", recovery.pk)}
        event = take(recovery, step, who, cast)
    recovery = r.fresh(recovery)
    assert recovery.status == status
    now = Duty.objects.open().filter(process="recovery", subject_id=recovery.pk)
    assert [duty.kind for duty in now if duty.pk not in was_open] == ([] if opens == "-" else opens.split())
    closed = Duty.objects.filter(pk__in=was_open, closed_by=event)
    assert [duty.kind for duty in closed] == ([] if closes == "-" else closes.split())


def take(recovery, step, who, cast):
    if who == "K":
        registered = PROCESSES["recovery"]
        row = registered.process.steps["announce"]
        along = door.Context(registered, recovery, CLOCK, row, door.next_event_id(), timezone.now())
        return door.follow("recovery", recovery.pk, step, along)
    return door.take("recovery", recovery.pk, step, getattr(cast, WHO[who[-1]]), answers(recovery, step))


def test_the_tables_name_every_step_and_status():
    for table, process in ((RECOVERY, "recovery"), (REVIEW, "review")):
        found = PROCESSES[process].process
        assert {step for _, step in table} == set(found.steps)
        assert {row[1] for row in table.values()} | {"new"} == set(found.statuses)


# The review of a payment.


def review_in(situation, cast, reviewer):
    review = r.selected(cast)
    if situation in ("right", "wrong", "followed_up"):
        step = "find_right" if situation == "right" else "find_wrong"
        door.take("review", review.pk, step, reviewer, {"error": "100", "text": "Fel pris"})
    if situation == "followed_up":
        door.take("review", review.pk, "follow_up", reviewer, {"reason": "Återkrav"})
    return Review.objects.get(pk=review.pk)


@pytest.mark.parametrize("situation", ["selected", "right", "wrong", "followed_up"])
def test_who_may_take_which_step_of_a_review(cast, situation, settings):
    reviewer = r.colleague(cast)
    review = review_in(situation, cast, reviewer)
    duties = door.open_duties("review", review.pk)
    letters = {"C": reviewer, "D": cast.controller}
    for name, actor in {**cast.everyone(), "clock": CLOCK, "second": reviewer}.items():
        may = {step.name for step in door.available("review", review, actor, duties)}
        rows = {step: row[0] for (at, step), row in REVIEW.items() if at == situation}
        assert may == {step for step, who in rows.items() if actor in [letters.get(x) for x in who]}, name


@pytest.mark.parametrize(("situation", "step"), REVIEW, ids=[f"{a}-{b}" for a, b in REVIEW])
def test_where_a_step_of_a_review_leads(cast, situation, step):
    who, status, opens, closes = REVIEW[situation, step]
    reviewer = r.colleague(cast)
    was_open, event = set(), None
    if situation == "new":
        review = r.selected(cast)
    else:
        review = review_in(situation, cast, reviewer)
        was_open = {duty.pk for duty in door.open_duties("review", review.pk)}
        actor = reviewer if who == "C" else cast.controller
        event = door.take("review", review.pk, step, actor, {"error": "5", "text": "x", "reason": "x"})
    assert Review.objects.get(pk=review.pk).status == status
    now = Duty.objects.open().filter(process="review", subject_id=review.pk)
    assert [duty.kind for duty in now if duty.pk not in was_open] == ([] if opens == "-" else opens.split())
    closed = Duty.objects.filter(pk__in=was_open, closed_by=event)
    assert [duty.kind for duty in closed] == ([] if closes == "-" else closes.split())


def test_opening_is_no_step_of_a_recovery_that_is_there(cast):
    recovery = r.opened(cast)
    with pytest.raises(Refused):
        door.take("recovery", recovery.pk, "open", cast.controller, {"line": 0, "wrong": "1", "reason": "x"})
    assert recovering.left_to_demand(recovery.claim) == r.PAID - 100_000
