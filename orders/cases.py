"""A new case: a draft of the agency's, with its number and its first event."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from fmu_portal.engine import door
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import Step
from orders.models import Assessment, CaseCounter
from orders.process import ASSESSMENT, OFFICE

CREATE = Step(
    "create",
    "Påbörja ett utkast",
    "Försäkringskassan påbörjade ett utkast.",
    from_=(ASSESSMENT.start,),
    to=ASSESSMENT.start,
    by=OFFICE,
)
"""The first event of a case. It stands outside the table: there is no case yet that it could be taken on."""


@transaction.atomic
def new_case(actor: Actor) -> Assessment:
    """Start a draft at the actor's office; it owes the decision to send or discard. Raises `NoRule`."""
    now = timezone.now()
    today = timezone.localdate(now)
    case = Assessment.objects.create(
        number=CaseCounter.next_number(today.year),
        agency_office_id=actor.organisation_id,
        case_officer_id=actor.user_id,
        created_on=today,
    )
    started = {
        "number": case.number,
        "agency_office_id": case.agency_office_id,
        "case_officer_id": case.case_officer_id,
        "created_on": today.isoformat(),
    }
    registered = PROCESSES[ASSESSMENT.name]
    context = door.Context(registered, case, actor, CREATE, door.next_event_id(), now, data={"set": started})
    door.write(context, [])
    return case
