"""Replaying the events gives the rows, for cases made through the door and for the demonstration's."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.db import connection

from tests import demo_database
from tests import situations as s


@pytest.mark.parametrize("status", [*s.IN_STATUS])
def test_a_case_made_through_the_door(cast, status):
    from orders.replay import differences, replay

    case = s.IN_STATUS[status](cast)
    assert list(differences(case.pk)) == []
    rebuilt = replay(case.pk)
    assert (rebuilt.status, rebuilt.version) == (status, case.version)
    assert rebuilt.fields["number"] == case.number


def test_questions_proposals_and_a_hand_back_through_the_door(cast):
    from orders.replay import differences

    case = s.in_progress(cast)
    case = s.step(case, "question_underlag", cast.admin, missing="Ett svar", essential="Behövs")
    case = s.step(case, "supplement_underlag", cast.officer, answer="Finns inte")
    case = s.step(case, "propose_end", cast.region, cause="moved", reason="Flyttar")
    case = s.step(case, "decline_end", cast.officer, reason="Nej")
    case = s.step(case, "hand_back", cast.admin, cause="conflict", reason="Jäv")
    case = s.step(case, "assign", cast.region, performer=cast.other_admin.organisation_id)
    case = s.step(case, "order", cast.officer, **s.ORDER)
    assert list(differences(case.pk)) == []


def test_a_recount_through_the_portal(cast):
    from datetime import date

    from fmu_portal.engine.recount import decide, find_moves
    from fmu_portal.models import Duty, Recount
    from orders.replay import differences

    case = s.requested(cast)
    duty = Duty.objects.open().get(subject_id=case.pk)
    Duty.objects.filter(pk=duty.pk).update(due=date(2035, 1, 2))
    assert len([*differences(case.pk)]) == 1
    find_moves()
    decide(Recount.objects.get(decided_at=None).pk, cast.administrator.user_id, approved=True)
    # The day that was tampered with is still found; the moved duty itself follows its event.
    assert [d for d in differences(case.pk) if f"uppgift {duty.pk}:" not in d] == []


@pytest.fixture(scope="module")
def _demo(django_db_blocker):
    with django_db_blocker.unblock():
        yield demo_database.demonstration()


@pytest.fixture
def demo(_demo, django_db_blocker):
    with django_db_blocker.unblock(), demo_database.at(_demo, "owner"):
        yield


def check() -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("replay", "--check", stdout=out)
    except SystemExit as stop:
        return int(str(stop.code)), out.getvalue()
    return 0, out.getvalue()


def test_the_demonstrations_cases(demo):
    code, text = check()
    assert (code, text.split(" på ")[0]) == (0, "320 ärenden uppspelade")


TAMPERED = {
    "orders_assessment SET performer_id = region_id WHERE id": "performer_id är",
    "orders_assessment SET version = version + 1 WHERE id": "version är",
    "orders_assessment SET delivered_on = delivered_on + 1 WHERE id": "delivered_on är",
    "orders_assessment SET status = 'accepted' WHERE id": "status är accepted, händelserna säger delivered",
    "fmu_portal_duty SET due = due + 1 WHERE closed_by_id IS NULL AND case_id": "due är",
    'fmu_portal_duty SET inputs = \'{"start": "2026-01-01", "days": 3}\' WHERE closed_by_id IS NULL AND case_id': "inputs är",
    "fmu_portal_duty SET closed_by_id = opened_by_id WHERE closed_by_id IS NULL AND case_id": "closed_by är",
    "fmu_portal_duty SET holder_id = NULL WHERE closed_by_id IS NULL AND case_id": "holder_id är None",
    "fmu_portal_duty SET party = 'region' WHERE closed_by_id IS NULL AND case_id": "party är region",
}


@pytest.mark.parametrize("change", [*TAMPERED])
def test_a_tampered_row_is_found(demo, change):
    from django.db import transaction

    from orders.models import Assessment

    case = Assessment.objects.filter(status="delivered")[0]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {change} = %s", [case.pk])
        code, text = check()
        transaction.set_rollback(True)
    assert code == 1
    assert f"{case.number}: " in text
    assert TAMPERED[change] in text


def test_a_lost_row_is_found(demo):
    from django.db import transaction

    from fmu_portal.models import Duty

    duty = Duty.objects.open()[0]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE fmu_portal_duty SET process = 'other' WHERE id = %s", [duty.pk])
        code, text = check()
        transaction.set_rollback(True)
    assert code == 1
    assert f"uppgift {duty.pk} ({duty.kind}) saknas" in text
