"""What the case page reads beside the case itself: the querysets of `orders.access` by name, asked for together.

Written to SQL once per role (`fmu_portal.prepared`) and put to the database as one question. A reading depends on who
reads and on which case, by its id: the case that it is given is an empty one, and anything else of it is not there to ask.
An app further up adds its own with `add_reading` when it starts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache, partial
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.written import Written
from documents.models import Opening
from fmu_portal.engine.registry import parts
from fmu_portal.prepared import together
from orders import access
from orders.models import Assessment

APART: set[str] = set()
"""Processes whose events are told on pages of their own, not in the case's history."""
EVENTS, NOTES = 20, 20

Reading = Callable[[Actor, Assessment, date], QuerySet[Any]]


def _enclosures(actor: Actor, case: Assessment, today: date) -> QuerySet[Any]:
    """The documents that the actor may know of, each with whether the person has opened it."""
    read = Opening.objects.filter(document=OuterRef("document_id"), mandate_id=actor.mandate_id, case_id=case.pk)
    return access.listed_enclosures(actor, case).annotate(read=Exists(read))


_READINGS: dict[str, Reading] = {
    "duties": lambda actor, case, today: access.told_duties(actor, case).order_by("due", "id"),
    "events": lambda actor, case, today: (
        access.told_events(actor, case).exclude(process__in=APART).order_by("-id")[: EVENTS + 1]
    ),
    "versions": lambda actor, case, today: access.known_versions(actor, case),
    "notes": lambda actor, case, today: (
        access.readable_notes(actor, case).select_related("event").order_by("-id")[:NOTES]
    ),
    "enclosures": _enclosures,
}


def add_reading(name: str, reading: Reading) -> None:
    """Read this too on every case page."""
    _READINGS[name] = reading


def by_name() -> dict[str, Reading]:
    """Everything that is read of a case, the parts that apps further up have registered too."""
    found = dict(_READINGS)
    for registered in parts():
        found[registered.process.name] = partial(_parts, registered.model)
    return found


def _parts(model: Any, actor: Actor, case: Assessment, today: date) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.of_case(case, actor, today)
    return rows.order_by("-pk")


@cache
def _written() -> dict[str, Written[Any]]:
    def build(reading: Reading, actor: Actor, case: int, today: date) -> QuerySet[Any]:
        return reading(actor, _only(case), today)

    return {
        name: Written(partial(build, reading), some=("today",), case=int, today=date)
        for name, reading in by_name().items()
    }


def _only(pk: int) -> Assessment:
    """A case of which nothing but its id can be asked: to ask for more goes to the database and finds nothing."""
    case = Assessment(pk=pk)
    for column in Assessment._meta.concrete_fields:
        if not column.primary_key:
            del case.__dict__[column.attname]
    return case


def read(actor: Actor, case: Assessment) -> dict[str, list[Any]]:
    """Everything of a case that the actor has been let into, by name: "duties", "events", … and each part's process."""
    today = timezone.localdate()
    return together({name: query.asked(actor, case=case.pk, today=today) for name, query in _written().items()})
