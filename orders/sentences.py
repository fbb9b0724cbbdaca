"""Events as sentences for the timeline: what happened, without personal data, the same for all parties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.roles import Party
from fmu_portal.engine.registry import DUTY_KINDS, step_of
from fmu_portal.models import Event
from orders.models.decisions import DeviationKind, Profession
from orders.process import ASSESSMENT

_OTHER = {
    "create": "Försäkringskassan påbörjade ett utkast.",
    "overdue": "Sista dag passerade: {task}.",
    "erase": "Innehåll i ärendet gallrades enligt ägarens gallringsbeslut.",
    "recount": "Sista dag räknades om: {task}. Den flyttades från {from} till {to}.",
}
CAUSES = {
    "cannot_take_part": "Den försäkrade kan eller vill inte delta.",
    "died": "Den försäkrade har avlidit.",
    "moved": "Den försäkrade har flyttat.",
    "nobody_can": "Ingen utförare kan utreda.",
    "objects": "Den försäkrade motsätter sig att utlåtandet skickas.",
    "conflict": "Skäl: jäv.",
    "cannot": "Skäl: utföraren kan inte utreda eller leverera.",
}


def sentence(event: Event, organisations: Mapping[int, str]) -> str:
    """The event in one or two sentences; ``organisations`` gives the names of performers."""
    step = step_of(event.process, event.step)
    template = step.done if step else _OTHER.get(event.step, "")
    data = event.data
    changed = data.get("set", {})
    kind = DUTY_KINDS.get(data.get("kind", ""))
    text = template.format(
        performer=organisations.get(changed.get("performer_id"), "en utförare"),
        party=Party(event.party).label,
        delivered_on=changed.get("delivered_on", ""),
        task=kind.task if kind else "",
        until=changed.get("until", ""),
        promised=data.get("promised", ""),
        deviation=_deviation(data, changed),
        **{"from": data.get("from", ""), "to": data.get("to", "")},
    )
    cause = data.get("cause") or changed.get("ended_cause")
    if cause in CAUSES:
        text = f"{text} {CAUSES[cause]}"
    if "enclosures" in data:
        count = len(data["enclosures"])
        pages = f", {_pages(data['pages'])}" if "pages" in data else ""  # not known when a file was sent unchecked
        text = f"{text} {count} {'handling' if count == 1 else 'handlingar'}{pages}."
    if professions := changed.get("professions"):
        text = f"{text} {_professions(professions)}"
    if changed.get("days") is not None:
        text = f"{text} {changed['days']} extra vardagar."
    if event.process != ASSESSMENT.name or event.step == "extend":
        return text
    if changed.get("delivered_late") is True:
        text = f"{text} Utlåtandet kom in för sent: sista dag var {data.get('due', '')}."
    elif changed.get("delivered_late") is False:
        text = f"{text} Utlåtandet kom in i tid."
    if data.get("new_clock"):
        text = f"{text} En ny utförare har en ny tid."
    return text


def _professions(codes: list[str]) -> str:
    names = [str(Profession(code).label).lower() for code in codes]
    return f"{', '.join(names).capitalize()}."


def _deviation(data: Mapping[str, Any], changed: Mapping[str, Any]) -> str:
    """The kind of deviation in words; a later event of it carries the code itself."""
    code = changed.get("kind") or data.get("deviation", "")
    return str(DeviationKind(code).label).lower() if code in DeviationKind.values else "avvikelse"


def _pages(count: int) -> str:
    return "1 sida" if count == 1 else f"{count} sidor"


def organisation_ids(events: list[Event]) -> set[int]:
    """The organisations that the sentences name."""
    return {pk for event in events if (pk := event.data.get("set", {}).get("performer_id"))}


def names_of(events: list[Event], case: Any, actor: Actor | None) -> dict[int, str]:
    """The names of the organisations that the sentences name: id -> name. None in mail and notices (``actor`` None) and
    at the agency when the person is protected: the performer's name would tell the place."""
    ids = organisation_ids(events)
    if not ids or (case.protected and (actor is None or actor.party is Party.AGENCY)):
        return {}
    return dict(Organisation.objects.filter(pk__in=ids).values_list("pk", "name"))
