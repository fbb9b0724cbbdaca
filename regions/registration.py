"""What the regions app gives the engine when it starts."""

from __future__ import annotations

from django.db.models import Q
from django.urls import URLPattern

from accounts.actor import Actor
from accounts.permissions import See, Where
from accounts.roles import Party, Role
from fmu_portal.context import register_menu
from fmu_portal.database import ORGANISATION, register_walls
from fmu_portal.engine import clock, registry
from orders import reach
from regions.reach import functions, walls


def menu(actor: Actor) -> list[tuple[str, str, str | None]]:
    """The regions' pages that a role has."""
    items: list[tuple[str, str, str | None]] = []
    if actor.sees(See.ASKED):
        items.append(("Förfrågningar", "/forfragningar/", None))
    if actor.role in READERS:
        items.append(("Avtal", "/avtal/", None))
    if actor.role == Role.REGION_COORDINATOR:
        items.append(("Regionens val", "/regionens-val/", None))
    if actor.party in (Party.AGENCY, Party.REGION, Party.PERFORMER):
        items.append(("Flöde", "/flode/", None))
    return items


READERS = (Role.REGION_COORDINATOR, Role.FINANCE_OFFICER, Role.PERFORMER_ADMIN, Role.PHYSICIAN)
"""Who reads agreements, with their prices: the region's, and those who answer for a unit."""


def register_all() -> None:
    """Add the region's inputs to the assessment's table, the inquiry's own, and what follows of each."""
    from orders.api import further
    from orders.inputs.ending import ReasonForm
    from regions import assigning, inputs
    from regions.models import Inquiry
    from regions.process import INQUIRY

    reach.REACH[Where.ASKED] = reach.Reach(
        lambda a: Q(inquiries__performer_id=a.organisation_id), f"{{t}}.performer_id = {ORGANISATION}"
    )
    assessment = registry.PROCESSES["assessment"]
    assessment.inputs["assign"] = inputs.AssignForm
    inquiry = registry.register(INQUIRY, Inquiry, "SELECT regions_apply_inquiry(%s)")
    inquiry.inputs.update(ask=inputs.AskForm, accept=inputs.AcceptForm, reason=ReasonForm)
    inquiry.guards.update(
        agreement_in_force=assigning.agreement_in_force,
        in_time=assigning.in_time,
        answer_overdue=assigning.answer_overdue,
    )
    inquiry.hook_after("ask", assigning.ask_the_rest)
    inquiry.hook_after("accept", assigning.accepted)
    inquiry.hook_after("choose", assigning.chosen)
    for step in ("decline", "lapse"):
        inquiry.hook_after(step, assigning.refused)
    for step in ("request", "request_anew", "hand_back"):
        assessment.hook_after(step, assigning.start)
    assessment.hook_after("assign", assigning.settle)
    clock.register_chore(assigning.lapse)
    register_walls(walls, functions)
    register_menu(menu)
    further.register(_operations)


def _operations() -> list[URLPattern]:
    from regions import api

    return api.patterns()
