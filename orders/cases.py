"""A new case: a draft of the agency's, with its number and its first event."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from fmu_portal.engine import door
from fmu_portal.engine.refusals import WrongState
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import Step
from orders import access
from orders.drafts import prefill
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


ENDED = ("withdrawn", "ended")
"""What a new request may go on from: the history of the one that has ended stays as it is."""


@transaction.atomic
def new_case(actor: Actor, follows: Assessment | None = None) -> Assessment:
    """Start a draft at the actor's office; it owes the decision to send or discard. Raises `NoRule`.

    ``follows``: an ended case of the office, whose form the actor gets filled in with what is known. `WrongState` when it
    has not ended.
    """
    if follows is not None and follows.status not in ENDED:
        raise WrongState(
            "Ärendet pågår. En ny begäran kan fortsätta bara från ett som är avslutat.",
            status_label=follows.status_label,
        )
    now = timezone.now()
    today = timezone.localdate(now)
    case = Assessment.objects.create(
        number=CaseCounter.next_number(today.year),
        agency_office_id=actor.organisation_id,
        case_officer_id=actor.user_id,
        created_on=today,
        follows=follows,
    )
    started = {
        "number": case.number,
        "agency_office_id": case.agency_office_id,
        "case_officer_id": case.case_officer_id,
        "created_on": today.isoformat(),
    }
    if follows is not None:
        started["follows_id"] = follows.pk
    registered = PROCESSES[ASSESSMENT.name]
    context = door.Context(registered, case, actor, CREATE, door.next_event_id(), now, data={"set": started})
    door.write(context, [])
    if follows is not None:
        prefill(case, actor, "request", _known(actor, follows))
    return case


def _known(actor: Actor, earlier: Assessment) -> dict[str, str]:
    """What the form of a request can be filled in with: not where the person lived when they have moved, and nothing of
    a protected person."""
    known = {
        "interpreter": {True: "ja", False: "nej", None: ""}[earlier.interpreter],
        "language": earlier.language,
        "special_needs": earlier.special_needs,
        "method": earlier.method,
    }
    person = access.person_of(actor, earlier)
    if person is None or earlier.protected:
        return known
    known |= {"personnummer": person.personnummer, "protection": "none"}
    fields = ["name", "phone", "email", "representative"]
    if earlier.ended_cause != "moved":
        fields += ["address", "postal_code"]
        known["municipality"] = earlier.municipality_id or ""
    return known | {name: getattr(person, name) for name in fields}
