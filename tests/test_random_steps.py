"""Random steps, legal and illegal, by random people, on a case and its parts: what always holds, holds after each.

Nothing here knows the tables' rows: what is tried comes from hypothesis, what must hold is written out below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, event, given, settings

from fmu_portal.engine.door import available, begin, open_duties, take
from fmu_portal.engine.refusals import Refused
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.models import Duty, Event
from fmu_portal.working_days import add_working_days
from orders.models import Assessment, Report
from orders.process import OPEN_STATUSES
from orders.replay import differences
from tests import situations as s
from tests.roles import at_work

STAYS = {"deferral"}
"""Parts that outlive a case whose report has been accepted: a deferral may be decided afterwards too."""


class Rolled(Exception):
    """Ends an example, so that the next begins with the same database."""


def _day(case: Assessment, ahead: int) -> str:
    return add_working_days(
        max(case.underlag_complete_on or timezone.localdate(), timezone.localdate()), ahead
    ).isoformat()


def answers(case: Assessment, cast: Any, number: int) -> dict[str, Any]:
    """One answer to every question that any step asks; ``number`` varies what may vary. Forms take what they know."""
    everything = s.REQUEST | s.ORDER
    return everything | {
        "reason": "Påhittat skäl",
        "performer": cast.admin.organisation_id,
        "physician": cast.physician.user_id,
        "participants": [cast.psychologist.user_id],
        "missing": "Det som saknas",
        "essential": "Därför",
        "answer": "Svaret",
        "cause": ("died", "moved", "conflict", "cannot")[number % 4],
        "source": "form",
        "revision": s.revision(case),
        "responsible": "on",
        "report_version": case.report_version,
        "complete": "ja",
        "part": "prognosis",
        "protection": "none",
        "professions": [["psychologist"], ["physiotherapist", "occupational_therapist"]][number % 2],
        "days": number,
        "unclear": "Oklart",
        "clears": "Klargör",
        "matters": "Betyder",
        "wished": _day(case, 26 + number),
        "until": _day(case, 26 + number),
        "kind": "other",
        "found_on": timezone.localdate().isoformat(),
        "action": "Åtgärdat",
    }


def must_hold(case: Assessment, last_day: set[Any]) -> set[Any]:
    """Everything that holds of a case whatever has been done; returns its open last days of the report."""
    case = s.fresh(case)
    duties = list(Duty.objects.filter(case_id=case.pk))
    still = [duty for duty in duties if duty.closed_by_id is None]
    if case.status in OPEN_STATUSES:
        assert any(duty.process == "assessment" for duty in still), f"nobody owes anything in {case.status}"
    else:
        assert {duty.process for duty in still} <= (STAYS if case.status == "accepted" else set()), case.status
        for name, registered in PROCESSES.items():
            if (
                registered.process.slug
                and registered.process.duties
                and not (name in STAYS and case.status == "accepted")
            ):
                assert not registered.model.objects.filter(assessment=case).open().exists(), name
    for duty in still:
        assert duty.due is not None
        assert duty.organisation_id
        assert (
            duty.organisation_id in {case.agency_office_id, case.region_id, case.performer_id}
            or duty.process != "assessment"
        )
    days = {(d.organisation_id, d.due) for d in still if d.kind == "deliver_report"}
    if last_day and days and last_day != days:
        last = Event.objects.filter(case_id=case.pk).order_by("-pk")[:3]
        assert any("moved" in e.data or "opened" in e.data for e in last), "the last day moved without a decision"
        clock = case.underlag_complete_on
        assert (
            any(e.step == "extend" or e.data.get("set", {}).get("underlag_complete_on") for e in last) or clock is None
        )
    assert list(differences(case.pk)) == []
    return days


@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_always_holds(cast, data):
    everybody = list(cast.everyone().values())
    main = [cast.officer, cast.region, cast.admin, cast.physician]
    try:
        with transaction.atomic():
            case = data.draw(st.sampled_from([s.in_progress, s.in_progress, s.requested, s.ordered, s.delivered]))(cast)
            if not Report.objects.filter(assessment=case).exists() and case.performer_id:
                Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
            last_day: set[Any] = set()
            for _ in range(14):
                case = s.fresh(case)
                legal = data.draw(st.integers(0, 4)) > 0
                actor = data.draw(st.sampled_from(main if legal else everybody))
                number = data.draw(st.integers(-1, 21))
                tries = _possible(case, actor) if legal else _any(case)
                if not tries:
                    continue
                # A process first, then its step: else the case's own steps would end it before its parts got far.
                process = data.draw(st.sampled_from(sorted({name for name, _, _ in tries})))
                name, step, attempt = data.draw(st.sampled_from([row for row in tries if row[0] == process]))
                before = Event.objects.filter(case_id=case.pk).count()
                try:
                    with transaction.atomic(), at_work(actor):
                        attempt(actor, answers(case, cast, number))
                        event(f"{name}:{step}")
                except (Refused, ObjectDoesNotExist):  # the wall hides what is not theirs
                    assert Event.objects.filter(case_id=case.pk).count() == before, "a refused step left something"
                last_day = must_hold(case, last_day)
            raise Rolled
    except Rolled:
        pass


Attempt = tuple[str, str, Callable[[Any, Any], Any]]


def _attempt(case: Assessment, process: str, step: str, pk: int | None) -> Attempt:
    def run(actor: Any, data: Any) -> Any:
        return begin(process, case.pk, step, actor, data) if pk is None else take(process, pk, step, actor, data)

    return process, step, run


def _subjects(case: Assessment) -> list[tuple[str, Any, int | None]]:
    """The case, each of its parts and one new part of each kind: (process, subject, its id or None)."""
    found: list[tuple[str, Any, int | None]] = [("assessment", case, case.pk)]
    for name, registered in PROCESSES.items():
        if registered.process.slug:
            found.append((name, registered.model.to_begin(case), None))
            for part in registered.model.objects.filter(assessment=case).order_by("pk"):
                part.assessment = case
                found.append((name, part, part.pk))
    return found


def _possible(case: Assessment, actor: Any) -> list[Attempt]:
    tries = []
    for name, subject, pk in _subjects(case):
        duties = open_duties(name, pk) if pk is not None else []
        tries += [_attempt(case, name, step.name, pk) for step in available(name, subject, actor, duties)]
    return tries


def _any(case: Assessment) -> list[Attempt]:
    return [
        _attempt(case, name, step, pk)
        for name, _, pk in _subjects(case)
        for step, row in PROCESSES[name].process.steps.items()
        if (pk is None) == ("new" in row.from_)
    ]
