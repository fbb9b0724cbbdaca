"""Two real connections at once: one wins, the other is told what happened; nothing is half done."""

import threading

from django.db import connection

from fmu_portal.engine import door
from fmu_portal.engine.refusals import LostRace, Refused
from fmu_portal.models import Duty, Event
from tests import situations as s


def at_once(*deeds):
    """Run the deeds in threads, each with its own connection, started together; return results or refusals."""
    gate = threading.Barrier(len(deeds))
    results = [None] * len(deeds)

    def run(index, deed):
        gate.wait()
        try:
            results[index] = deed()
        except Refused as refused:
            results[index] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_coordinators_assign_at_once(committed_cast):
    cast = committed_cast
    case = s.requested(cast)

    def assign(actor, performer):
        data = {"performer": performer.organisation_id}
        return lambda: door.take("assessment", case.pk, "assign", actor, data, seen=case.version)

    results = at_once(assign(cast.region, cast.admin), assign(cast.region_two, cast.other_admin))
    assert sum(isinstance(r, Event) for r in results) == 1
    lost = next(r for r in results if isinstance(r, Refused))
    assert isinstance(lost, LostRace)
    assert lost.facts["done"] == "assign"
    assert Event.objects.filter(subject_id=case.pk, step="assign").count() == 1
    assert s.open_kinds(case) == ["send_order"]


def test_sixteen_identical_steps_at_once_leave_one_event(committed_cast):
    cast = committed_cast
    case = s.ordered(cast)

    def deed():
        return door.take("assessment", case.pk, "confirm", cast.admin, seen=case.version)

    results = at_once(*[deed] * 16)
    assert sum(isinstance(r, Event) for r in results) == 1
    assert Event.objects.filter(subject_id=case.pk, step="confirm").count() == 1
    assert Duty.objects.filter(case_id=case.pk, kind="deliver_report").count() == 2


def test_deliver_and_withdraw_at_once(committed_cast):
    from orders.models import Report

    cast = committed_cast
    case = s.examined(s.in_progress(cast), cast.physician)
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
    results = at_once(
        lambda: door.take(
            "assessment", case.pk, "deliver", cast.physician, {"source": "form", "revision": 0, "responsible": "on"}
        ),
        lambda: door.take("assessment", case.pk, "withdraw", cast.officer, {"reason": "Behövs inte"}),
    )
    assert sum(isinstance(r, Event) for r in results) == 1
    assert s.fresh(case).status in ("delivered", "withdrawn")


def test_case_numbers_are_never_shared(committed_cast):
    from orders.cases import new_case

    results = at_once(*[lambda: new_case(committed_cast.officer).number] * 12)
    assert len(set(results)) == 12
