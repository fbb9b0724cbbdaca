"""The door for sets: one step taken on many subjects, with the same checks and the same events, a statement per effect.

For steps without input: whatever differs between the subjects comes from their own rows, by the hooks. A subject that the
door would refuse is left as it is and named with the reason; the others are taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.actor import Actor
from audit import collector
from fmu_portal.engine import outbox
from fmu_portal.engine.door import Context, check, in_state
from fmu_portal.engine.refusals import Refused, Stale, WrongState
from fmu_portal.engine.registry import PROCESSES, Registered
from fmu_portal.engine.table import Step
from fmu_portal.engine.writing import event_of, origin, planned, store, told_of
from fmu_portal.models import Duty, Event

_CLOSE = """
UPDATE fmu_portal_duty d SET closed_by_id = v.event FROM unnest(%s::bigint[], %s::bigint[]) AS v (id, event)
WHERE d.id = v.id
"""
_NUMBERS = "SELECT nextval(pg_get_serial_sequence('fmu_portal_event', 'id')) FROM generate_series(1, %s)"


@dataclass
class Taken:
    """``events``: subject's id -> its event. ``refused``: subject's id -> why, in Swedish."""

    events: dict[int, Event] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


def take_many(
    process: str,
    pks: Sequence[int],
    step: str,
    actor: Actor,
    *,
    versions: Mapping[int, int] | None = None,
    given: Mapping[str, Any] | None = None,
    follows: bool = False,
    along: int | None = None,
    now: datetime | None = None,
) -> Taken:
    """Take one step on many subjects in one transaction; some hundreds at a time.

    ``versions``: the version that each was seen in, where the step's decision rests on it. ``given``: the same fields for
    all, as `door.follow` has them; ``follows``: the step is one that only another takes along, ``along`` that one's event:
    as by `door.follow` the state alone is asked, since whoever took the other need have no role here. `Refused` when
    there is no such step, or when it needs an input of its own.
    """
    registered = PROCESSES[process]
    row = registered.process.steps.get(step)
    if row is None or row.follows is not follows:
        raise Refused("Det steget finns inte.")
    if registered.input_of(row) is not None:
        raise Refused("Steget behöver uppgifter för varje begäran och tas en i taget.")
    with transaction.atomic():
        subjects = list(registered.model.objects.select_for_update(of=("self",)).filter(pk__in=pks).order_by("pk"))
        if registered.prepare is not None:
            registered.prepare(subjects)
        duties: dict[int, list[Duty]] = {}
        for duty in Duty.objects.open().filter(process=process, subject_id__in=[s.pk for s in subjects]):
            duties.setdefault(duty.subject_id, []).append(duty)
        taken, left = Taken(), []
        for subject in subjects:
            try:
                open_now = duties.get(subject.pk, [])
                if follows:
                    _check_state(subject, row, open_now)
                else:
                    _check(registered, subject, row, actor, open_now, versions)
            except Refused as refused:
                taken.refused[subject.pk] = refused.text
            else:
                left.append(subject)
        if left:
            moment = now or timezone.now()
            contexts = [
                Context(registered, subject, actor, row, number, moment)
                for subject, number in zip(left, _numbers(len(left)), strict=True)
            ]
            for context in contexts:
                if given:
                    context.set(**given)
                if along is not None:
                    context.data["along"] = along
            _write(registered, contexts, duties, taken)
        return taken


def _check_state(subject: Any, step: Step, duties: list[Duty]) -> None:
    if not in_state(subject, step, {duty.kind for duty in duties}):
        raise WrongState(f"Det går inte att göra nu. Status är {subject.status_label}.", status_label="")


def start_many(
    process: str, subjects: Sequence[Any], step: str, actor: Actor, *, now: datetime | None = None
) -> dict[int, Event]:
    """Store new subjects with their first step, as `door.start` does one: subject's id -> its event. `Refused` for all
    when one may not be started. The subjects get their ids."""
    registered = PROCESSES[process]
    row = registered.process.steps.get(step)
    if row is None or row.follows or registered.input_of(row) is not None:
        raise Refused("Det steget finns inte.")
    taken = Taken()
    if subjects:
        with transaction.atomic():
            for subject in subjects:
                check(registered, subject, row, actor, set(), None)
            registered.model.objects.bulk_create(subjects)
            moment = now or timezone.now()
            numbers = _numbers(len(subjects))
            contexts = [
                Context(registered, subject, actor, row, number, moment)
                for subject, number in zip(subjects, numbers, strict=True)
            ]
            for context in contexts:
                context.data["begun"] = origin(context.subject)
            _write(registered, contexts, {}, taken)
    return taken.events


def _check(
    registered: Registered,
    subject: Any,
    step: Step,
    actor: Actor,
    duties: list[Duty],
    versions: Mapping[int, int] | None,
) -> None:
    check(registered, subject, step, actor, {duty.kind for duty in duties}, None)
    if step.sees is not None:
        seen, current = (versions or {}).get(subject.pk), getattr(subject, step.sees)
        if seen != current:
            raise Stale("Det som du granskade har ändrats.", what=step.sees, seen=seen, now=current)


def _numbers(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, [count])
        return [int(row[0]) for row in cursor.fetchall()]


def _write(registered: Registered, contexts: list[Context], duties: dict[int, list[Duty]], taken: Taken) -> None:
    """Everything that `door.write` does for one, for all."""
    step = contexts[0].step
    for context in contexts:
        for hook in (*registered.hooks.get("*", ()), *registered.hooks.get(step.name, ())):
            hook(context)
    plans = [planned(context, duties.get(context.subject.pk, [])) for context in contexts]
    Duty.objects.bulk_create([duty for _, opened in plans for duty in opened])
    pairs = [(pk, c.event_id) for c, (closed, _) in zip(contexts, plans, strict=True) for pk in closed]
    if pairs:
        with connection.cursor() as cursor:
            cursor.execute(_CLOSE, [[pk for pk, _ in pairs], [event for _, event in pairs]])
    events = [
        event_of(context, step.to if step.to is not None else context.subject.status, opened, closed, [])
        for context, (closed, opened) in zip(contexts, plans, strict=True)
    ]
    Event.objects.bulk_create(events)
    store([note for c in contexts for note in c.notes], [row for c in contexts for row in c.rows])
    _fields(registered, contexts)
    with connection.cursor() as cursor:
        call = registered.apply.replace("%s", "e.id")
        cursor.execute(
            f"SELECT count(*) FROM (SELECT ({call}) AS moved FROM unnest(%s::bigint[]) AS e (id)) x WHERE x.moved",  # noqa: S608
            [[event.pk for event in events]],
        )
        if cursor.fetchone()[0] != len(events):
            raise WrongState("Något ändrades samtidigt. Försök igen.", status_label="")
    told: dict[int, int] = {}
    for context, event, (_, opened) in zip(contexts, events, plans, strict=True):
        context.subject.apply_event(event)
        taken.events[context.subject.pk] = event
        for organisation in told_of(context, opened):
            told[organisation] = told.get(organisation, 0) + 1
    collector.wrote(step.name)
    for organisation, count in sorted(told.items()):
        first = events[0].pk
        outbox.put(
            "notice",
            f"notice:{first}:{organisation}",
            {"event": first, "organisations": [organisation], "count": count},
        )
    for all_hook in registered.after_all.get(step.name, ()):
        all_hook(contexts)
    for context in contexts:
        for hook in registered.after.get(step.name, ()):
            hook(context)


def _fields(registered: Registered, contexts: list[Context]) -> None:
    """The subjects' new fields: a statement for those that have the same, otherwise one for all of them."""
    by_names: dict[tuple[str, ...], list[Context]] = {}
    for context in contexts:
        if context.fields:
            by_names.setdefault(tuple(sorted(context.fields)), []).append(context)
    rows = registered.model.objects
    for names, group in by_names.items():
        values = [tuple(context.fields[name] for name in names) for context in group]
        if len(set(values)) == 1:
            rows.filter(pk__in=[c.subject.pk for c in group]).update(**dict(zip(names, values[0], strict=True)))
        else:
            rows.bulk_update([c.subject for c in group], [_field(registered, name) for name in names])


def _field(registered: Registered, name: str) -> str:
    """The name of a field by its name or its column: "office_id" is "office"."""
    return str(registered.model._meta.get_field(name.removesuffix("_id") if name.endswith("_id") else name).name)
