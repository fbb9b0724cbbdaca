"""Events as sentences for the timeline: what happened, without personal data, the same for all parties."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.roles import Party
from fmu_portal.engine.registry import DUTY_KINDS, step_of
from fmu_portal.models import Event
from orders.models.decisions import DeviationKind, Profession
from orders.models.visit import OUTCOMES
from orders.process import ASSESSMENT, PROFESSIONS
from orders.visits import moment_words, when_words

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
        visit=_visit(data),
        profession=_profession(event.step, data),
        **{"from": data.get("from", ""), "to": data.get("to", "")},
    )
    cause = data.get("cause") or changed.get("ended_cause")
    if cause in CAUSES:
        text = f"{text} {CAUSES[cause]}"
    if "enclosures" in data:
        count = len(data["enclosures"])
        pages = f", {_pages(data['pages'])}" if "pages" in data else ""  # not known when a file was sent unchecked
        text = f"{text} {count} {'handling' if count == 1 else 'handlingar'}{pages}."
    if event.process == "expansion" and (professions := changed.get("professions")):
        text = f"{text} {_professions(professions)}"
    if changed.get("days") is not None:
        text = f"{text} {changed['days']} extra vardagar."
    if event.process == "visit":
        text = f"{text}{_outcome(changed)}"
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


def _profession(step: str, data: Mapping[str, Any]) -> str:
    """The profession whose section it is, as the sentence begins or goes on with it."""
    label = str(PROFESSIONS.get(data.get("profession", ""), "En profession"))
    return f"{label}en" if step == "sign_section" and not label.startswith("En") else label.lower()


def _visit(data: Mapping[str, Any]) -> str:
    """Which visit and when: "psykolog, 2026-12-03 kl. 09.30–11.00"."""
    said = data.get("visit")
    if not said:
        return "tid okänd"
    starts_at, ends_at = (datetime.fromisoformat(text) for text in said["at"])
    return f"{str(PROFESSIONS.get(said['profession'], 'besök')).lower()}, {when_words(starts_at, ends_at)}"


def _outcome(changed: Mapping[str, Any]) -> str:
    """What became of a visit, in the law's words: codes and moments, never what a person wrote."""
    text = ""
    if code := changed.get("outcome"):
        text = f" {OUTCOMES.get(code, '')}."
    if changed.get("notice_at"):
        late = "sent återbud" if changed.get("late_notice") else "inte sent återbud"
        given = moment_words(datetime.fromisoformat(changed["notice_at"]))
        text += f" Den försäkrade lämnade återbud {given}: {late}."
    if changed.get("interpreter") == "absent":
        text += " Tolken uteblev."
    return text


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
