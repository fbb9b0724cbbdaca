"""Tells organisations of claims, payments, recoveries and reviews: the number, what is needed or what happened, a link.

Never a case's number: whoever is told of a protected person's claim would else learn it by mail.
"""

from __future__ import annotations

from fmu_portal.engine.registry import DUTY_KINDS, PROCESSES
from fmu_portal.models import Duty, Event
from orders import notices

MANY = {
    "claim": "begäranden om ersättning",
    "batch": "utbetalningar",
    "recovery": "återkrav",
    "review": "utbetalningskontroller",
}
"""What a set is called, by process."""


def tell_of_money(event: Event, organisations: list[int], count: int) -> None:
    """One notice for each organisation, of one subject or of ``count`` that a step was taken on at once."""
    registered = PROCESSES[event.process]
    step = registered.process.steps[event.step]
    number = registered.model.objects.only("number").get(pk=event.subject_id).number
    what = number if count == 1 else f"{count} {MANY[event.process]}"
    owed = {duty.organisation_id: duty for duty in Duty.objects.filter(opened_by=event)}
    for organisation_id in organisations:
        duty = owed.get(organisation_id)
        said = step.done if duty is None else f"{DUTY_KINDS[duty.kind].task} senast {duty.due}."
        holder = duty.holder_id if duty is not None else None
        notices.tell(None, organisation_id, holder, f"{what}: {said}", f"step:{event.pk}", event.pk)


def register() -> None:
    """Called once when the app is ready."""
    for process in MANY:
        notices.TELLERS[process] = tell_of_money
