"""A new case: a draft of the agency's, with its number and its first event."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Party
from fmu_portal.engine.registry import count_limit
from fmu_portal.models import Duty, Event
from orders.models import Assessment, CaseCounter
from orders.process import ASSESSMENT


@transaction.atomic
def new_case(actor: Actor) -> Assessment:
    """Start a draft at the actor's office; it owes the decision to send or discard. Raises `NoRule`."""
    today = timezone.localdate()
    case = Assessment.objects.create(
        number=CaseCounter.next_number(today.year),
        agency_office_id=actor.organisation_id,
        case_officer_id=actor.user_id,
        created_on=today,
    )
    kind = ASSESSMENT.duties["send_or_discard"]
    limit = count_limit(kind.rule, today, None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('fmu_portal_event', 'id'))")
        event_id = int(cursor.fetchone()[0])
    duty = Duty.objects.create(
        process=ASSESSMENT.name,
        subject_id=case.pk,
        case_id=case.pk,
        kind=kind.name,
        party=Party.AGENCY,
        organisation_id=actor.organisation_id,
        holder_id=actor.user_id,
        due=limit.due,
        rule=limit.rule,
        inputs=limit.inputs,
        opened_by_id=event_id,
    )
    event = Event(
        pk=event_id,
        process=ASSESSMENT.name,
        subject_id=case.pk,
        case_id=case.pk,
        step="create",
        party=actor.party,
        organisation_id=actor.organisation_id,
        mandate_id=actor.mandate_id,
        from_status=ASSESSMENT.start,
        to_status=ASSESSMENT.start,
        data={
            "set": {
                "number": case.number,
                "agency_office_id": case.agency_office_id,
                "case_officer_id": case.case_officer_id,
                "created_on": today.isoformat(),
            },
            "opened": [
                [duty.pk, duty.kind, duty.organisation_id, duty.due.isoformat(), duty.rule, duty.inputs, duty.holder_id]
            ],
        },
    )
    event.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT orders_apply_event(%s)", [event.pk])
    case.apply_event(event)
    return case
