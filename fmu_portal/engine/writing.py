"""What a step writes, as rows that are not stored yet: the same for one subject (`door`) and for sets (`many`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fmu_portal.engine.registry import count_limit
from fmu_portal.models import Duty, Event

if TYPE_CHECKING:
    from fmu_portal.engine.door import Context


def planned(context: Context, duties: list[Duty]) -> tuple[list[int], list[Duty]]:
    """What the step closes (ids of the subject's open duties) and opens (new rows, not stored)."""
    process, before = context.registered.process, context.subject.status
    closing = process.closed_by(context.step, before, {duty.kind for duty in duties})
    closed = [duty.pk for duty in duties if duty.kind in closing]
    return closed, to_open(context, process.opened_by(context.step, before))


def event_of(
    context: Context, after: str, opened: list[Duty], closed: list[int], moved: list[tuple[Duty, Duty]]
) -> Event:
    """The event of the step, not stored: enough to replay it from."""
    data: dict[str, Any] = {**context.data}
    if context.fields:
        data["set"] = {name: plain(value) for name, value in context.fields.items()}
    if opened:
        data["opened"] = [
            [d.pk, d.kind, d.organisation_id, d.due.isoformat(), d.rule, d.inputs, d.holder_id] for d in opened
        ]
    if context.owed_by:
        data["owed"] = {kind: [str(party) for party, _, _ in owing] for kind, owing in context.owed_by.items()}
    if closed:
        data["closed"] = closed
    if moved:
        data["moved"] = [[old.pk, new.pk] for old, new in moved]
    subject = context.subject
    return Event(
        pk=context.event_id,
        process=context.registered.process.name,
        subject_id=subject.pk,
        case_id=subject.case_id,
        step=context.step.name,
        party=context.actor.party,
        organisation_id=context.actor.organisation_id or None,
        mandate_id=context.actor.mandate_id or None,
        from_status=subject.status,
        to_status=after,
        at=context.now,
        data=data,
    )


def store(*sets: list[Any]) -> None:
    """Store new rows, a statement for each model, in the order in which the models first come."""
    by_model: dict[Any, list[Any]] = {}
    for row in (row for rows in sets for row in rows):
        by_model.setdefault(type(row), []).append(row)
    for model, rows in by_model.items():
        model.objects.bulk_create(rows)


def told_of(context: Context, opened: list[Duty]) -> set[int]:
    """The organisations that are told of the step: who gets a duty, whom the step tells; never whoever takes it."""
    named = {context.subject.organisation_of(party) for party in context.step.tells}
    told = {d.organisation_id for d in opened} | named | context.tells
    return {organisation for organisation in told if organisation not in (context.actor.organisation_id, None)}


def to_open(context: Context, kinds: Iterable[str]) -> list[Duty]:
    """The duties of these kinds that the step opens."""
    subject, process = context.subject, context.registered.process
    rows = []
    for kind in kinds:
        duty = process.duties[kind]
        limit = context.limits.get(kind)
        if limit is None:
            start = getattr(subject, duty.counted_from) if duty.counted_from else context.today
            limit = count_limit(duty.rule, start, subject.region_id)
        own = [(party, subject.organisation_of(party), subject.holder_of(party)) for party in duty.parties]
        for party, organisation_id, holder_id in context.owed_by.get(kind, own):
            rows.append(
                Duty(
                    process=process.name,
                    subject_id=subject.pk,
                    case_id=subject.case_id,
                    kind=kind,
                    party=party,
                    organisation_id=organisation_id,
                    holder_id=holder_id,
                    due=limit.due,
                    rule=limit.rule,
                    inputs=limit.inputs,
                    opened_by_id=context.event_id,
                )
            )
    return rows


def origin(subject: Any) -> dict[str, Any]:
    """What a new subject begins with, so that its events give its row: column -> value.

    Of a part of a case its performer: the rest is the case's or set by the step.
    """
    if not getattr(subject, "OUTSIDE_CASES", False):
        return {"performer_id": subject.performer_id}
    apart = {"id", "status", "version", "last_event_id", *getattr(subject, "FREE_TEXT", ())}
    values = {
        f.attname: (f, getattr(subject, f.attname)) for f in subject._meta.concrete_fields if f.attname not in apart
    }
    return {name: plain(value) for name, (f, value) in values.items() if value != f.get_default()}


def plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    return value.isoformat() if isinstance(value, date | datetime) else value
