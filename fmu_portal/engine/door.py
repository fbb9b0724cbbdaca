"""The one door: `take` takes a step, and nothing else changes a status.

Lock the subject's row, check role, organisation, state, guards and input, then write fields, event, duties and outbox
rows in one transaction. The same checks answer `available`, so a page shows exactly what the door would let through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Party
from audit import collector
from fmu_portal.engine import outbox
from fmu_portal.engine.refusals import InvalidInput, LostRace, Refused, Stale, WrongRole, WrongState
from fmu_portal.engine.registry import PROCESSES, Limit, Registered, count_limit
from fmu_portal.engine.table import Step
from fmu_portal.models import Duty, Event, Note


@dataclass
class Context:
    """What an input or a hook works with inside the door's transaction.

    ``fields``: subject's field -> new value (ids, codes, dates, numbers), written to the row and to the event.
    ``data``: further codes for the event. ``limits``: duty kind -> a last day decided in this step instead of the rule.
    ``owed_by``: duty kind -> who owes it when the step says so instead of the table: (party, organisation id, holder id).
    """

    registered: Registered
    subject: Any
    actor: Actor
    step: Step
    event_id: int
    now: datetime
    fields: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Limit] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    tells: set[int] = field(default_factory=set)
    owed_by: dict[str, list[tuple[Party, int, int | None]]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day in Sweden."""
        return timezone.localdate(self.now)

    def set(self, **fields: Any) -> None:
        """Give the subject new values; they stand in the event, so they are never what a person wrote."""
        self.fields.update(fields)
        for name, value in fields.items():
            setattr(self.subject, name, value)

    def note(self, text: str, kind: str = "reason", visible_to: Iterable[Party] | None = None) -> None:
        """Keep what the person wrote, apart from the event, for the parties that the step names."""
        if text:
            parties = [str(p) for p in (self.step.note_to if visible_to is None else visible_to)]
            self.notes.append(
                Note(
                    event_id=self.event_id,
                    case_id=self.subject.case_id,
                    kind=kind,
                    text=text,
                    visible_to=parties,
                    author_id=self.actor.organisation_id or None,
                )
            )


def lock(registered: Registered, pk: int) -> Any:
    """The subject, its row locked until the transaction ends."""
    return registered.model.objects.select_for_update(of=("self",)).get(pk=pk)


def open_duties(process: str, pk: int) -> list[Duty]:
    """The subject's open duties, by due date."""
    return list(Duty.objects.open().filter(process=process, subject_id=pk).order_by("due", "id"))


def may_take(registered: Registered, subject: Any, step: Step, actor: Actor) -> bool:
    """Whether this role of this organisation is one that takes the step at all (whatever the state)."""
    if actor.role not in step.by.get(actor.party, ()):
        return False
    if actor.party is Party.CLOCK:
        return True
    if (is_party := getattr(subject, "is_party", None)) is not None:  # several organisations of one party may be in it
        return bool(is_party(actor))
    return bool(subject.organisation_of(actor.party) == actor.organisation_id)


def in_state(subject: Any, step: Step, kinds: set[str]) -> bool:
    """Whether the step exists in the subject's status with these kinds of duty open."""
    if subject.status not in step.from_ or kinds & set(step.needs_closed):
        return False
    return not step.needs_open or bool(kinds & set(step.needs_open))


def hindrance(registered: Registered, subject: Any, step: Step, actor: Actor) -> str | None:
    """The first guard's reason why the step cannot be taken now, or None."""
    return next((text for name in step.guards if (text := registered.guards[name](subject, actor))), None)


def available(process: str, subject: Any, actor: Actor, duties: Iterable[Duty]) -> list[Step]:
    """The steps that this actor may take now, in the table's order: the page's buttons and the API's list."""
    registered = PROCESSES[process]
    kinds = {duty.kind for duty in duties}
    return [
        step
        for step in registered.process.steps.values()
        if may_take(registered, subject, step, actor)
        and in_state(subject, step, kinds)
        and hindrance(registered, subject, step, actor) is None
    ]


def check(registered: Registered, subject: Any, step: Step, actor: Actor, kinds: set[str], seen: int | None) -> None:
    """Refuse what cannot be taken: `WrongRole`, `LostRace` (the page is older than the last event) or `WrongState`."""
    if not may_take(registered, subject, step, actor):
        raise WrongRole("Ditt uppdrag ger inte rätt att göra det här.")
    if not in_state(subject, step, kinds):
        label = registered.process.statuses[subject.status].label
        last = Event.objects.select_related("mandate__user").filter(pk=subject.last_event_id).first()
        if seen is not None and seen < subject.version and last is not None:
            who = last.mandate.user.name if last.mandate and last.party == actor.party else str(Party(last.party).label)
            raise LostRace(
                "Någon annan gjorde något i ärendet medan du hade sidan öppen. Det du valde är inte sparat.",
                who=who,
                done=last.step,
                at=last.at,
                status_label=label,
            )
        raise WrongState(f"Det går inte att göra nu. Ärendets status är {label}.", status_label=label)
    if text := hindrance(registered, subject, step, actor):
        raise WrongState(text, status_label=registered.process.statuses[subject.status].label)


def take(
    process: str,
    pk: int,
    step: str,
    actor: Actor,
    data: Mapping[str, Any] | None = None,
    *,
    seen: int | None = None,
    now: datetime | None = None,
) -> Event:
    """Take a step on a subject and return its event.

    ``data`` is the input as a form or an API body gives it; ``seen`` the subject's version when the page was opened
    (it only decides how a refusal is worded; what a decision rests on is ``step.sees``). Raises `WrongRole`,
    `WrongState`, `LostRace`, `Stale`, `InvalidInput` or `NoRule`; then nothing has changed.
    """
    registered = PROCESSES[process]
    row = registered.process.steps.get(step)
    if row is None:
        raise Refused("Det steget finns inte.")
    with transaction.atomic():
        subject = lock(registered, pk)
        duties = open_duties(process, pk)
        check(registered, subject, row, actor, {duty.kind for duty in duties}, seen)
        _check_seen(subject, row, data)
        form = None
        if (form_class := registered.input_of(row)) is not None:
            form = form_class(data if data is not None else {}, subject=subject, actor=actor)
            if not form.is_valid():
                raise InvalidInput({k: [str(e) for e in v] for k, v in form.errors.items()}, form)
        context = Context(registered, subject, actor, row, next_event_id(), now or timezone.now())
        if form is not None:
            form.apply(context)
        for hook in (*registered.hooks.get("*", ()), *registered.hooks.get(step, ())):
            hook(context)
        return write(context, duties)


def _check_seen(subject: Any, step: Step, data: Mapping[str, Any] | None) -> None:
    """Where the decision rests on what the person saw, an old version is refused."""
    if step.sees is None:
        return
    given = (data or {}).get(step.sees)
    text = str(given) if isinstance(given, int | str) else ""
    seen = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    current = getattr(subject, step.sees)
    if seen != current:
        raise Stale("Det som du granskade har ändrats.", what=step.sees, seen=seen, now=current)


def next_event_id() -> int:
    """The id of the event that is about to be written: what the step changes can point at it before it is there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('fmu_portal_event', 'id'))")
        return int(cursor.fetchone()[0])


def write(context: Context, duties: list[Duty]) -> Event:
    """Close and open duties, write event, notes and fields, move the status, put the notice in the outbox.

    `take` calls it after all checks; the only other caller starts a new subject (there is nothing to check yet).
    """
    registered, subject, step = context.registered, context.subject, context.step
    before = subject.status
    after = step.to if step.to is not None else before
    closing = registered.process.closed_by(step, before, {duty.kind for duty in duties})
    closed = [duty.pk for duty in duties if duty.kind in closing]
    if closed:
        Duty.objects.filter(pk__in=closed).update(closed_by_id=context.event_id)
    opened = _open(context, registered.process.opened_by(step, before))
    data: dict[str, Any] = {**context.data}
    if context.fields:
        data["set"] = {name: _plain(value) for name, value in context.fields.items()}
    if opened:
        data["opened"] = [
            [d.pk, d.kind, d.organisation_id, d.due.isoformat(), d.rule, d.inputs, d.holder_id] for d in opened
        ]
    if closed:
        data["closed"] = closed
    event = Event(
        pk=context.event_id,
        process=registered.process.name,
        subject_id=subject.pk,
        case_id=subject.case_id,
        step=step.name,
        party=context.actor.party,
        organisation_id=context.actor.organisation_id or None,
        mandate_id=context.actor.mandate_id or None,
        from_status=before,
        to_status=after,
        at=context.now,
        data=data,
    )
    event.save(force_insert=True)
    if context.notes:
        Note.objects.bulk_create(context.notes)
    # The status and its fields must agree at every statement (check constraints): fill in before, empty after.
    filled = [name for name, value in context.fields.items() if value is not None]
    emptied = [name for name, value in context.fields.items() if value is None]
    if filled:
        subject.save(update_fields=filled)
    with connection.cursor() as cursor:
        cursor.execute(registered.apply, [event.pk])
        moved = cursor.fetchone()
    if emptied:
        subject.save(update_fields=emptied)
    if not moved or moved[0] is not True:
        raise WrongState("Ärendet ändrades samtidigt. Försök igen.", status_label="")
    subject.apply_event(event)
    collector.wrote(step.name)
    told = (
        {d.organisation_id for d in opened} | {subject.organisation_of(party) for party in step.tells} | context.tells
    )
    told -= {context.actor.organisation_id, None}
    if told:
        outbox.put("notice", f"notice:{event.pk}", {"event": event.pk, "organisations": sorted(told)})
    return event


def _open(context: Context, kinds: Iterable[str]) -> list[Duty]:
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
    return Duty.objects.bulk_create(rows) if rows else []


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
