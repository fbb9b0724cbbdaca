"""The parts of a case on its page: what there is of each, what may be done with it, what may be begun."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.actor import Actor
from fmu_portal.engine import door
from fmu_portal.engine.registry import Registered, parts
from fmu_portal.engine.table import Step
from fmu_portal.models import Duty
from orders import access
from orders.models import Assessment

NOTE_TITLES = {
    "reason": "Skäl",
    "missing": "Vad saknas",
    "essential": "Varför det är väsentligt",
    "answer": "Svar",
    "evidence": "Hur utlåtandet kom in",
    "unclear": "Vad är oklart i profilen",
    "clears": "Hur utvidgningen väntas klargöra det",
    "matters": "Vad det väntas betyda för profilen",
    "cause": "Orsak",
    "action": "Åtgärd",
}


@dataclass(frozen=True)
class Action:
    """A button or link of the page: the step, and where its form is."""

    name: str
    label: str
    hint: str
    url: str


@dataclass
class Row:
    """One part: what it says of itself, its status, its open duty, what may be done (``next`` first), where it leads."""

    subject: Any
    label: str
    tone: str
    words: list[str]
    due: Any
    actions: list[Action]
    next: Action | None = None
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Section:
    """All parts of one kind, newest first."""

    process: str
    title: str
    rows: list[Row] = field(default_factory=list)
    words: str = ""


@dataclass
class Parts:
    """What the case page shows of its parts. ``by_duty``: an open duty's id -> the action that closes it."""

    sections: list[Section] = field(default_factory=list)
    begin: list[Action] = field(default_factory=list)
    by_duty: dict[int, Action] = field(default_factory=dict)


def action(case: Assessment, step: Step, registered: Registered | None = None, pk: int | None = None) -> Action:
    """The step of the case, of a part that is there, or one that begins a part."""
    where = "" if registered is None else f"{registered.process.slug}/" + ("" if pk is None else f"{pk}/")
    return Action(step.name, step.label, step.hint, f"/arenden/{case.number}/{where}steg/{step.name}/")


def parts_of(actor: Actor, case: Assessment, open_duties: Iterable[Duty], rows: Mapping[str, list[Any]]) -> Parts:
    """Every part of the case that the actor may see; ``open_duties`` are the case's, ``rows`` what `orders.readings` read."""
    found = Parts()
    duties: dict[tuple[str, int], list[Duty]] = {}
    for duty in open_duties:
        duties.setdefault((duty.process, duty.subject_id), []).append(duty)
    for registered in parts():
        process = registered.process
        section = Section(process.name, process.label)
        for subject in rows[process.name]:
            subject.assessment = case
            own = duties.get((process.name, subject.pk), [])
            section.rows.append(_row(actor, case, registered, subject, own, found))
        section.words = registered.model.words_of_all(case, [row.subject for row in section.rows])
        if section.rows:
            found.sections.append(section)
        found.begin += _beginnings(actor, case, registered, rows[process.name])
    return found


def _row(actor: Actor, case: Assessment, registered: Registered, subject: Any, duties: list[Duty], found: Parts) -> Row:
    steps = door.available(registered.process.name, subject, actor, duties)
    actions = {step.name: action(case, step, registered, subject.pk) for step in steps}
    for duty in duties:
        closing = actions.get(registered.process.duties[duty.kind].step)
        if closing is not None and duty.organisation_id == actor.organisation_id:
            found.by_duty[duty.pk] = closing
    status = registered.process.statuses[subject.status]
    due = duties[0].due if duties else None
    following = actions.pop(subject.next_step, None)
    return Row(
        subject,
        status.label,
        status.tone,
        subject.words_for(actor),
        due,
        [*actions.values()],
        following,
        subject.links_for(actor),
    )


def _beginnings(actor: Actor, case: Assessment, registered: Registered, beside: list[Any]) -> list[Action]:
    subject = registered.model.to_begin(case)
    subject.beside = beside
    possible = {step.name for step in door.available(registered.process.name, subject, actor, ())}
    return [action(case, step, registered) for step in registered.process.beginnings if step.name in possible]


def part_facts(actor: Actor, case: Assessment, registered: Registered, subject: Any) -> dict[str, Any] | None:
    """What a decision on a part rests on: what it says of itself, and what has been written about it. None for a case."""
    if subject is case:
        return None
    process = registered.process
    notes = access.readable_notes(actor, case).filter(event__process=process.name, event__subject_id=subject.pk)
    return {
        "title": process.label,
        "status": process.statuses[subject.status],
        "words": subject.words_for(actor),
        "notes": [(NOTE_TITLES.get(note.kind, "Anteckning"), note.text) for note in notes.order_by("pk")],
    }
