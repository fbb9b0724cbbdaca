"""What the app gives the engine and the floors below when it starts."""

from __future__ import annotations

from django.urls import URLPattern

from accounts import models as accounts
from accounts.actor import CLOCK, Actor
from accounts.permissions import See
from accounts.roles import Party
from fmu_portal import context
from fmu_portal.database import as_clock, register_walls
from fmu_portal.engine import clock, registry
from fmu_portal.engine.door import Context, take

UNREAD = (
    "SELECT count(*) FROM (SELECT 1 FROM correspondence_threadparty t WHERE t.latest > t.read"
    " AND t.organisation_id = accounts_mandate.organisation_id LIMIT 100) unread"
)


def let_go(taken: Context) -> None:
    """A step in a case: where it ended, its questions need no answer; who is no longer its party leaves its threads.

    Done by the clock, which passes the wall: a party does not see the others' threads.
    """
    from correspondence.models import Thread

    case = taken.subject
    ends = taken.step.to is not None and taken.registered.process.statuses[taken.step.to].ended
    moved = {"region_id", "performer_id"} & set(taken.fields)
    if not (ends or moved):
        return
    now = {case.agency_office_id, case.region_id, case.performer_id}
    with as_clock():
        for thread in Thread.objects.filter(case_id=case.pk).prefetch_related("parties").order_by("pk"):
            gone = [
                m.organisation_id for m in thread.parties.all() if m.left_by_id is None and m.organisation_id not in now
            ]
            if thread.status == "asked" and (ends or {thread.asked_id, thread.asked_by_id} & set(gone)):
                take("thread", thread.pk, "lapse", CLOCK, None, now=taken.now)
            for organisation_id in gone:
                take("thread", thread.pk, "leave", CLOCK, {"organisation": organisation_id}, now=taken.now)


def _menu(actor: Actor) -> list[context.Entry]:
    if actor.party is Party.ADMINISTRATION:
        return [("E-post", "/utskick/", None)]
    if not actor.sees(See.MESSAGES):
        return []
    unread = actor.counts.get("messages", 0)
    return [("Meddelanden", "/meddelanden/", context.count_text(unread) if unread else None)]


def _operations() -> list[URLPattern]:
    from correspondence.api.views import operations

    return operations()


def register_all() -> None:
    """Called once when the app is ready."""
    from correspondence import demo, digest, erasing, files, handing_over, inputs, notices, reach, sections
    from correspondence.models import Thread
    from correspondence.process import THREAD
    from orders.api import further

    registered = registry.register(THREAD, Thread, "SELECT correspondence_apply_event(%s)")
    registered.page = lambda pk: f"/meddelanden/{pk}/"
    registered.alone = "Utanför ärenden."
    registered.inputs.update(inputs.INPUTS)
    registered.guards.update(inputs.GUARDS)
    for step in ("withdraw_question", "lapse"):
        registered.hook(step, inputs.no_question)
    registry.PROCESSES["assessment"].hook("*", let_go)
    reach.register()
    register_walls(reach.walls, reach.functions)
    files.register()
    notices.register()
    erasing.register()
    handing_over.register()
    sections.register()
    demo.register()
    clock.register_chore(digest.send_digests)
    accounts.COUNTED["messages"] = UNREAD
    context.register_menu(_menu)
    further.register(_operations)
