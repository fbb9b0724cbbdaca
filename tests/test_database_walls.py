"""What the database itself refuses: events changed, statuses moved past the door, rules edited, duties doubled."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from fmu_portal.models import AppendOnly, Duty, Event
from tests import roles
from tests import situations as s


def refused(sql, *params, error=DatabaseError):
    """The statement fails for the web (the owner in a test that asks as the owner), and leaves the transaction usable."""
    with roles.role("fmu_web"), pytest.raises(error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


def test_a_request_is_the_web_role(db):
    with roles.role("fmu_web"), connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("fmu_web", False)


def test_events_are_never_changed_or_deleted(cast):
    s.requested(cast)
    refused("UPDATE fmu_portal_event SET step = 'x'")
    refused("DELETE FROM fmu_portal_event")
    refused("TRUNCATE fmu_portal_event CASCADE")
    with pytest.raises(AppendOnly):
        Event.objects.first().save()
    with pytest.raises(AppendOnly):
        Event.objects.first().delete()


def test_not_even_the_owner_changes_an_event(committed_cast, as_owner):
    s.requested(committed_cast)
    refused("UPDATE fmu_portal_event SET step = 'x'")
    refused("DELETE FROM fmu_portal_event")
    refused("TRUNCATE fmu_portal_event CASCADE")


def test_a_status_has_one_writer(cast):
    case = s.requested(cast)
    refused("UPDATE orders_assessment SET status = 'accepted' WHERE id = %s", case.pk)
    refused("UPDATE orders_assessment SET version = 0 WHERE id = %s", case.pk)
    with pytest.raises(TypeError, match="only the door"):
        case.save()
    with pytest.raises(TypeError, match="only the door"):
        case.save(update_fields=["status"])


def test_an_event_moves_only_a_case_that_is_where_it_says(cast):
    case = s.requested(cast)
    event = Event.objects.create(
        process="assessment", subject_id=case.pk, case_id=case.pk, step="x", party="agency",
        from_status="ordered", to_status="accepted",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT orders_apply_event(%s)", [event.pk])
        assert cursor.fetchone()[0] is None
    assert s.fresh(case).status == "requested"


def test_a_case_starts_as_a_draft(cast):
    from orders.models import Assessment

    with roles.at_work(cast.officer), pytest.raises(DatabaseError, match="starts as a draft"), transaction.atomic():
        Assessment.objects.create(
            number="2026-999999", status="accepted", agency_office_id=cast.officer.organisation_id,
            created_on="2026-01-01", underlag_complete_on="2026-01-01", performer_id=cast.admin.organisation_id,
        )  # fmt: skip


def test_rules_and_calendar_are_not_the_webs_to_change(db):
    refused("UPDATE rules_rule SET value = 300")
    refused("DELETE FROM rules_rule")
    refused("UPDATE fmu_portal_calendarday SET working = true")


def test_one_open_duty_of_a_kind_per_organisation(cast):
    case = s.requested(cast)
    duty = Duty.objects.open().get(subject_id=case.pk)
    duty.pk = None
    duty._state.adding = True
    with pytest.raises(IntegrityError), transaction.atomic():
        duty.save()
