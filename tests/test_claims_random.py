"""Random steps, legal and illegal, by random people on a claim; and two who decide at once, each with a connection of its own.

Nothing here knows the table's rows: what is tried comes from hypothesis, what must hold after each is written out below.
"""

from __future__ import annotations

import itertools
from typing import Any

import hypothesis.strategies as st
import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from fmu_portal.engine.door import available, open_duties, take
from fmu_portal.engine.refusals import LostRace, Refused, Stale
from fmu_portal.models import Duty, Event
from reimbursement.models import Claim, Decision, Entry, Line, YearSum
from reimbursement.process import CLAIM
from tests import claims
from tests.roles import at_work
from tests.test_races import at_once

AMOUNTS = ("0", "0,01", "17 250,50", "18 400", "19 999,99", "20 000", "20 000,01", "25 000", "-1", "1,555", "18 EUR")


class Rolled(Exception):
    """Ends an example, so that the next begins with the same database."""


def answers(claim: Claim, draw: Any) -> dict[str, Any]:
    """One answer to every question that any step asks."""
    data: dict[str, Any] = {
        "version": claim.version - draw(st.sampled_from([0, 0, 0, 0, 1])), "reason": "Påhittat", "text": "Påhittat",
    }  # fmt: skip
    for line in Line.objects.filter(claim=claim):
        outcome = draw(st.sampled_from(["approve", "approve", "reduce", "refuse"]))
        cost = draw(st.sampled_from(AMOUNTS))
        data |= {f"cost_{line.pk}": cost, f"outcome_{line.pk}": outcome, f"reason_{line.pk}": "Påhittat"}
        data[f"amount_{line.pk}"] = draw(st.sampled_from(AMOUNTS)) if outcome == "reduce" else ""
        data |= {"line": line.pk, "amount": draw(st.sampled_from(AMOUNTS))}
    return data


def must_hold(pk: int) -> None:
    """Everything that holds of a claim whatever has been done."""
    claim = Claim.objects.get(pk=pk)
    lines = list(Line.objects.filter(claim=claim))
    owed = {duty.kind for duty in Duty.objects.open().filter(process="claim", subject_id=pk)}
    assert owed == set(CLAIM.statuses[claim.status].duties), claim.status
    for line in lines:
        cost = line.cost or 0
        most = cost if line.ceiling is None else min(cost, line.ceiling)
        assert line.approved is None or 0 <= line.approved <= most
        granted = Entry.objects.filter(line=line, kind__in=("granted", "correction")).total()
        if claim.status in ("attested", "in_payment", "paid"):
            assert 0 <= granted <= (line.approved or 0)
            assert granted <= most
        else:
            assert granted == 0, "nothing is owed before somebody has attested"
        assert Entry.objects.filter(line=line, kind="granted").count() <= 1
    decided = claim.status in ("decided", "attested", "in_payment", "paid", "refused")
    assert (claim.approved is not None) == decided, claim.status
    if decided:
        assert claim.approved == sum(line.approved or 0 for line in lines)
        assert (claim.approved or 0) <= (claim.payable or 0) <= (claim.cost or 0)
    if claim.attested_by_id is not None:
        assert claim.attested_by_id != claim.decided_by_id
    assert sum(YearSum.objects.values_list("amount", flat=True)) == Entry.objects.total()
    events = list(Event.objects.filter(process="claim", subject_id=pk).order_by("pk"))
    assert len(events) == claim.version
    assert all(a.to_status == b.from_status for a, b in itertools.pairwise(events))
    assert events[-1].to_status == claim.status
    assert not [event for event in events if "Påhittat" in str(event.data)], "what a person wrote is in no event"


@pytest.mark.django_db
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_always_holds(cast, data):
    everybody = list(cast.everyone().values())
    main = [cast.finance, cast.region, cast.controller, cast.attester]
    try:
        with transaction.atomic():
            claims.agreed(cast)
            begin = data.draw(st.sampled_from([claims.proposed, claims.submitted, claims.submitted, claims.decided]))
            pk = begin(cast).pk
            for _ in range(12):
                claim = Claim.objects.get(pk=pk)
                legal = data.draw(st.integers(0, 3)) > 0
                actor = data.draw(st.sampled_from(main if legal else everybody))
                steps = (
                    [step.name for step in available("claim", claim, actor, open_duties("claim", pk))]
                    if legal
                    else sorted(CLAIM.steps)
                )
                if not steps:
                    continue
                step = data.draw(st.sampled_from(steps))
                before = (Event.objects.count(), Decision.objects.count(), Entry.objects.count())
                try:
                    with transaction.atomic(), at_work(actor):
                        take("claim", pk, step, actor, answers(claim, data.draw))
                except (Refused, ObjectDoesNotExist):  # the wall hides what is not theirs
                    assert (Event.objects.count(), Decision.objects.count(), Entry.objects.count()) == before
                must_hold(pk)
            raise Rolled
    except Rolled:
        pass


def _seen(refused: Any) -> bool:
    return isinstance(refused, LostRace | Stale)


def test_two_who_decide_at_once(committed_cast):
    """One wins; the other is told what was done, and decides nothing."""
    cast = committed_cast
    claim = claims.submitted(cast)

    def deed(outcome: str) -> Any:
        data = claims.decision(claim, outcome, reason="Kostnaden är inte styrkt")
        return lambda: take("claim", claim.pk, "decide", cast.controller, data, seen=claim.version)

    results = at_once(deed("approve"), deed("refuse"))
    assert sum(isinstance(result, Event) for result in results) == 1
    (lost,) = (result for result in results if not isinstance(result, Event))
    assert _seen(lost)
    assert lost.facts.get("done", "decide") == "decide"
    assert Decision.objects.count() == 1
    assert Event.objects.filter(process="claim", subject_id=claim.pk, step="decide").count() == 1


def test_the_region_takes_back_what_is_being_decided(committed_cast):
    cast = committed_cast
    claim = claims.submitted(cast)
    results = at_once(
        lambda: take("claim", claim.pk, "decide", cast.controller, claims.decision(claim), seen=claim.version),
        lambda: take("claim", claim.pk, "recall", cast.finance, {}, seen=claim.version),
    )
    assert sum(isinstance(result, Event) for result in results) == 1
    claim = claims.fresh(claim)
    assert (claim.status, Decision.objects.count()) in {("proposed", 0), ("decided", 1)}


def test_two_who_attest_at_once_leave_one_entry(committed_cast):
    cast = committed_cast
    claim = claims.decided(cast)

    def deed() -> Any:
        return take("claim", claim.pk, "attest", cast.attester, {"version": claim.version}, seen=claim.version)

    results = at_once(*[deed] * 4)
    assert sum(isinstance(result, Event) for result in results) == 1
    assert [(entry.kind, entry.amount) for entry in Entry.objects.filter(claim=claim)] == [("granted", 1_840_000)]
    assert YearSum.objects.get(kind="granted").amount == 1_840_000
