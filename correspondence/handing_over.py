"""All of a person's open cases to a colleague, in one go: a step in each case, by the same door, in a worker."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Mandate
from accounts.roles import Party, Role, in_words
from correspondence.models import HandOver
from fmu_portal.engine import outbox
from fmu_portal.engine.door import take
from fmu_portal.engine.refusals import Refused
from orders.inputs.people import MAY_HOLD
from orders.models import Assessment, Participant
from orders.process import ASSESSMENT

BATCH = 25
"""Cases in a transaction: the progress that a page shows moves in steps of it."""

COORDINATES = {
    Party.AGENCY: Role.COORDINATOR,
    Party.REGION: Role.REGION_COORDINATOR,
    Party.PERFORMER: Role.PERFORMER_ADMIN,
}
"""Who hands over others' cases; everybody hands over their own."""

STEP = {Party.AGENCY: "hand_over", Party.REGION: "hand_over", Party.PERFORMER: "name_physician"}
HOLDER = {
    Party.AGENCY: "case_officer_id",
    Party.REGION: "region_coordinator_id",
    Party.PERFORMER: "responsible_physician_id",
}


def may_give(actor: Actor, giver_id: int) -> bool:
    """Whether the actor hands over this person's cases."""
    if actor.party not in STEP or actor.role not in ASSESSMENT.steps[STEP[actor.party]].by[actor.party]:
        return False
    return actor.user_id == giver_id or actor.role == COORDINATES[actor.party]


def cases_of(actor: Actor, user_id: int) -> QuerySet[Assessment]:
    """The open cases that a person at the actor's organisation has in hand."""
    statuses = ASSESSMENT.steps[STEP[actor.party]].from_
    return Assessment.objects.visible_to(actor).filter(status__in=statuses, **{HOLDER[actor.party]: user_id})


def colleagues(actor: Actor) -> list[tuple[int, str]]:
    """Who at the organisation can have cases in hand: (user id, "Name, role"), by name, each once."""
    rows = Mandate.objects.valid().filter(organisation_id=actor.organisation_id, role__in=MAY_HOLD.get(actor.party, ()))
    named: dict[int, str] = {}
    for mandate in rows.select_related("user").order_by("user__name", "pk"):
        named.setdefault(mandate.user_id, f"{mandate.user.name}, {in_words(mandate.role)}")
    return list(named.items())


def ask(actor: Actor, giver_id: int, taker_id: int) -> HandOver:
    """Have a worker hand over; the caller has checked who may and who can."""
    job = HandOver.objects.create(
        organisation_id=actor.organisation_id,
        mandate_id=actor.mandate_id,
        giver_id=giver_id,
        taker_id=taker_id,
        total=cases_of(actor, giver_id).count(),
    )
    outbox.put("hand_over", f"hand_over:{job.pk}", {"job": job.pk}, actor.mandate_id)
    return job


def carry_on(payload: dict[str, Any]) -> outbox.Again | None:
    """The next cases. A case that somebody else moves at the same moment, or that cannot be handed over, is skipped."""
    job = HandOver.objects.select_for_update(of=("self",)).get(pk=payload["job"])
    mandate = Mandate.objects.select_related("user", "organisation").get(pk=job.mandate_id)
    actor = Actor.of(mandate)
    rows = cases_of(actor, job.giver_id).filter(pk__gt=job.last_case).order_by("pk")
    cases = list(rows[: BATCH + 1])
    for case in cases[:BATCH]:
        try:
            with transaction.atomic():
                take(ASSESSMENT.name, case.pk, STEP[actor.party], actor, _data(actor, case, job))
            job.done += 1
        except Refused:
            job.skipped += 1
        job.last_case = case.pk
    if len(cases) <= BATCH:
        job.done_at = timezone.now()
    job.save(update_fields=["done", "skipped", "last_case", "done_at"])
    return outbox.AGAIN if job.done_at is None else None


def _data(actor: Actor, case: Assessment, job: HandOver) -> dict[str, Any]:
    if actor.party is not Party.PERFORMER:
        return {"colleague": job.taker_id}
    taking_part = Participant.objects.filter(assessment=case, performer_id=actor.organisation_id)
    others = set(taking_part.values_list("user_id", flat=True)) - {job.giver_id}
    return {"physician": job.taker_id, "others": sorted(others)}


def register() -> None:
    """Called once when the app is ready."""
    outbox.HANDLERS["hand_over"] = carry_on
