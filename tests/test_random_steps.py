"""Random steps, legal and illegal, by random people, on a case, its parts, inquiries and threads: what always holds, holds
after each. One at a time, and two at once.

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

from accounts.models import Organisation
from correspondence import threads
from correspondence.models import Thread
from fmu_portal.engine import clock
from fmu_portal.engine.door import available, begin, open_duties, take
from fmu_portal.engine.refusals import Refused
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.models import Duty, Event
from fmu_portal.working_days import add_working_days
from orders.models import Assessment, Deviation, Expansion, Report, Visit
from orders.process import OPEN_STATUSES
from orders.replay import differences
from regions.models import Inquiry
from tests import situations as s
from tests.roles import at_work, role
from tests.test_races import at_once

STAYS = {"deferral"}
"""Parts that outlive a case whose report has been accepted: a deferral may be decided afterwards too."""


ALWAYS = {"thread", "deviation"}
"""Processes that have a step for everybody at any time."""


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
        "profession": ("physician", "psychologist")[number % 2],
        "assessor": (cast.physician, cast.psychologist)[number % 2].user_id,
        "day": timezone.localdate().isoformat() if number < 6 else _day(case, number % 4),
        "start": "00:00" if number < 6 else f"{9 + number % 5:02d}:00",
        "minutes": 60,
        "meeting": "place",
        "place": "Mottagningen",
        "interpreter": "none",
        "came": "none",
        "how": "post",
        "sent_on": timezone.localdate().isoformat(),
        "by": "agency",
        "what": "not_come",
        "interruption": "performer",
        "examined_on": timezone.localdate().isoformat(),
        "findings": "Fynd",
        "judgement": "Betydelse",
        "why": "Därför",
        "performers": [cast.admin.organisation_id, cast.other_admin.organisation_id][: 1 + number % 2],
        "way": ("choose", "first")[number % 2],
        "earliest_start": _day(case, 5),
        "text": "Påhittat meddelande",
        "title": "Påhittat ämne",
        "asked": (case.region_id, case.agency_office_id)[number % 2],
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
    _parts_hold(case)
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


def _parts_hold(case: Assessment) -> None:
    """What holds of a case's visits, inquiries, deviations and threads."""
    visits = list(Visit.objects.filter(assessment=case))
    still = [visit for visit in visits if visit.status in ("provisional", "booked", "summoned")]
    assert not still or case.status in ("ordered", "in_progress", "delivered", "supplement_requested"), case.status
    assert all(visit.performer_id == case.performer_id for visit in still)
    for visit in visits:
        if visit.profession != "physician" and visit.status in ("booked", "summoned", "carried_out", "no_show"):
            rows = Expansion.objects.filter(assessment=case, performer_id=visit.performer_id, status="approved")
            assert any(visit.profession in row.professions for row in rows), "before the agency's approval (5 §)"
        if visit.status == "no_show":
            assert Deviation.objects.filter(assessment=case, kind="no_show", found_on=visit.day).exists()
    asked = Inquiry.objects.filter(assessment=case)
    assert case.status == "requested" or not asked.open().exists(), f"performers are asked in {case.status}"
    assert asked.filter(status="chosen").count() <= case.assignments_count
    if case.status == "withdrawn":
        assert Deviation.objects.filter(assessment=case, kind="withdrawn").exists()
    for thread in Thread.objects.filter(case=case):
        owed = [duty for duty in open_duties("thread", thread.pk) if duty.kind == "answer_message"]
        assert len(owed) == (thread.status == "asked")
        parties = {case.agency_office_id, case.region_id, case.performer_id}
        assert {duty.organisation_id for duty in owed} <= parties, "somebody outside the case owes an answer"


@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_always_holds(cast, data):
    everybody = list(cast.everyone().values())
    main = [cast.officer, cast.region, cast.admin, cast.physician, cast.other_admin]
    try:
        with transaction.atomic():
            case = data.draw(
                st.sampled_from([s.in_progress, s.in_progress, s.requested, s.requested, s.ordered, s.delivered])
            )(cast)
            if not Report.objects.filter(assessment=case).exists() and case.performer_id:
                Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
            last_day: set[Any] = set()
            for _ in range(14):
                case = s.fresh(case)
                legal = data.draw(st.integers(0, 4)) > 0
                actor = data.draw(st.sampled_from(main if legal else everybody))
                number = data.draw(st.integers(-1, 21))
                if data.draw(st.integers(0, 11)) == 0:
                    with role("fmu_worker"):
                        clock.watch(add_working_days(timezone.localdate(), max(0, number)))
                    event("the clock")
                    last_day = must_hold(case, last_day)
                    continue
                tries = _possible(case, actor) if legal else _any(case)
                if not tries:
                    continue
                name, step, attempt = _drawn(data, tries)
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


def _drawn(data: Any, tries: list[Attempt]) -> Attempt:
    """A process first, then its step: else the case's own steps would end it before its parts got far. What can always be
    done (write, report a deviation) is done now and then only."""
    names = sorted({name for name, _, _ in tries})
    rare = data.draw(st.integers(0, 3)) == 0
    process = data.draw(st.sampled_from([name for name in names if rare or name not in ALWAYS] or names))
    found: Attempt = data.draw(st.sampled_from([row for row in tries if row[0] == process]))
    return found


def _attempt(case: Assessment, process: str, step: str, pk: int | None) -> Attempt:
    def run(actor: Any, data: Any) -> Any:
        return begin(process, case.pk, step, actor, data) if pk is None else take(process, pk, step, actor, data)

    return process, step, run


def _thread(case: Assessment) -> Attempt:
    """Beginning a thread with the other parties of the case."""

    def run(actor: Any, data: Any) -> Any:
        others = [case.organisation_of(party) or 0 for party in threads.others_in(s.fresh(case), actor)]
        if not others:
            raise ObjectDoesNotExist
        asked = data["asked"] if data["asked"] in others else None
        organisations = list(Organisation.objects.filter(pk__in=others))
        return threads.begin(actor, s.fresh(case), organisations, data | {"asked": asked})

    return "thread", "begin", run


def _subjects(case: Assessment) -> list[tuple[str, Any, int | None]]:
    """The case, each of its parts and one new part of each kind: (process, subject, its id or None)."""
    found: list[tuple[str, Any, int | None]] = [("assessment", case, case.pk)]
    for name, registered in PROCESSES.items():
        if registered.process.slug:
            found.append((name, registered.model.to_begin(case), None))
            for part in registered.model.objects.filter(assessment=case).order_by("pk"):
                part.assessment = case
                found.append((name, part, part.pk))
    found += [("thread", thread, thread.pk) for thread in Thread.objects.filter(case=case).order_by("pk")]
    return found


def _possible(case: Assessment, actor: Any) -> list[Attempt]:
    tries = []
    for name, subject, pk in _subjects(case):
        duties = open_duties(name, pk) if pk is not None else []
        tries += [_attempt(case, name, step.name, pk) for step in available(name, subject, actor, duties)]
    return [*tries, _thread(case)] if threads.may_begin(actor) and threads.others_in(case, actor) else tries


def _any(case: Assessment) -> list[Attempt]:
    found = [
        _attempt(case, name, step, pk)
        for name, _, pk in _subjects(case)
        for step, row in PROCESSES[name].process.steps.items()
        if (pk is None) == ("new" in row.from_)
    ]
    return [*found, _thread(case)]


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_two_at_a_time(committed_cast, data):
    """Two people, each at a connection of their own, take what each was offered, at the same moment."""
    cast = committed_cast
    main = [cast.officer, cast.region, cast.region_two, cast.admin, cast.physician, cast.other_admin]
    case = data.draw(st.sampled_from([s.in_progress, s.requested, s.ordered, s.delivered]))(cast)
    last_day: set[Any] = set()
    for _ in range(6):
        case = s.fresh(case)
        deeds = []
        for _ in range(2):
            actor, number = data.draw(st.sampled_from(main)), data.draw(st.integers(0, 20))
            if tries := _possible(case, actor):
                process, step, attempt = _drawn(data, tries)
                deeds.append(_deed(attempt, actor, answers(case, cast, number)))
                event(f"{process}:{step}")
        before = Event.objects.filter(case_id=case.pk).count()
        results = at_once(*deeds) if deeds else []
        assert None not in results, "a step ended with neither an event nor a refusal"
        if results and all(isinstance(result, Refused) for result in results):
            assert Event.objects.filter(case_id=case.pk).count() == before, "refused steps left something"
        last_day = must_hold(case, last_day)


def _deed(attempt: Callable[[Any, Any], Any], actor: Any, data: dict[str, Any]) -> Callable[[], Any]:
    def deed() -> Any:
        try:
            with transaction.atomic(), at_work(actor):
                return attempt(actor, data)
        except ObjectDoesNotExist as hidden:
            raise Refused("the wall hides it") from hidden

    return deed
