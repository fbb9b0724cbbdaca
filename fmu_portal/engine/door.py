"""The one door: `take` takes a step, `begin` a part's first, and nothing else changes a status.

Lock the subject's row (a part's case first), check role, organisation, state, guards and input, then write fields,
event, duties and outbox rows in one transaction. The same checks answer `available`, so a page shows exactly what the
door would let through.
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
from fmu_portal.engine.registry import PROCESSES, Limit, Registered
from fmu_portal.engine.table import Step
from fmu_portal.engine.writing import event_of, origin, planned, store, told_of
from fmu_portal.models import Duty, Event, Note
from fmu_portal.prepared import Prepared

WRONG_ROLE = "Ditt uppdrag ger inte rätt att göra det här."
OTHERS_RACE = "Någon annan gjorde något i ärendet medan du hade sidan öppen. Det du valde är inte sparat."
OWN_RACE = "Du gjorde själv något i ärendet efter att den här sidan öppnades. Det du valde nu är inte sparat."


@dataclass
class Context:
    """What an input or a hook works with inside the door's transaction.

    ``fields``: subject's field -> new value (ids, codes, dates, numbers), written to the row and to the event.
    ``data``: further codes for the event. ``limits``: duty kind -> a last day decided in this step instead of the rule.
    ``owed_by``: duty kind -> who owes it when the step says so instead of the table: (party, organisation id, holder id).
    ``rows``: new rows of any model that belong to the step; they are stored with it, in order, set by set.
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
    rows: list[Any] = field(default_factory=list)

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
    """The subject, its row (and its case's, first) locked until the transaction ends."""
    return registered.model.locked(pk)


_OPEN = Prepared(
    lambda process, pk: Duty.objects.open().filter(process=process, subject_id=pk).order_by("due", "id"),
    process=str,
    pk=int,
)


def open_duties(process: str, pk: int) -> list[Duty]:
    """The subject's open duties, by due date."""
    return _OPEN.every(process=process, pk=pk)


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
    if step.case_in and subject.case_status not in step.case_in:
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
        if not step.follows
        and may_take(registered, subject, step, actor)
        and in_state(subject, step, kinds)
        and hindrance(registered, subject, step, actor) is None
    ]


def check(registered: Registered, subject: Any, step: Step, actor: Actor, kinds: set[str], seen: int | None) -> None:
    """Refuse what cannot be taken: `WrongRole`, `LostRace` (the page is older than the last event) or `WrongState`."""
    if not may_take(registered, subject, step, actor):
        raise WrongRole(WRONG_ROLE)
    if not in_state(subject, step, kinds):
        label = subject.status_label
        if word := subject.closed_word(actor):
            raise WrongState(word, status_label=label)
        last = Event.objects.select_related("mandate__user").filter(pk=subject.last_event_id).first()
        if seen is not None and seen < subject.version and last is not None:
            who = (
                last.mandate.user.name
                if last.mandate and last.organisation_id == actor.organisation_id
                else str(Party(last.party).label)
            )
            own = last.mandate is not None and last.mandate.user_id == actor.user_id
            raise LostRace(
                OWN_RACE if own else OTHERS_RACE,
                who=who,
                own=own,
                done=last.step,
                label=registered.process.steps[last.step].label if last.step in registered.process.steps else "",
                at=last.at,
                status_label=label,
            )
        raise WrongState(f"Det går inte att göra nu. Status är {label}.", status_label=label)
    if text := hindrance(registered, subject, step, actor):
        raise WrongState(text, status_label=subject.status_label)


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
    registered, row = _row(process, step, actor)
    with transaction.atomic():
        subject = lock(registered, pk)
        duties = open_duties(process, pk)
        check(registered, subject, row, actor, {duty.kind for duty in duties}, seen)
        _check_seen(subject, row, data)
        form = _checked(registered, row, subject, actor, data)
        return _done(registered, subject, row, actor, form, duties, now)


def begin(
    process: str,
    case_id: int,
    step: str,
    actor: Actor,
    data: Mapping[str, Any] | None = None,
    *,
    now: datetime | None = None,
) -> tuple[Any, Event]:
    """Begin a part of a case with its first step: (the part, the event). Refuses as `take`, and then there is no part."""
    with transaction.atomic():
        subject = PROCESSES[process].model.beginning(case_id)
        return subject, start(process, subject, step, actor, data, now=now)


def start(
    process: str,
    subject: Any,
    step: str,
    actor: Actor,
    data: Mapping[str, Any] | None = None,
    *,
    now: datetime | None = None,
) -> Event:
    """Store a new subject with its first step and return the event. Refuses as `take`, and then nothing is stored."""
    registered, row = _row(process, step, actor)
    with transaction.atomic():
        check(registered, subject, row, actor, set(), None)
        form = _checked(registered, row, subject, actor, data)
        if form is not None:
            form.begins()
        subject.save(force_insert=True)
        return _done(registered, subject, row, actor, form, [], now, origin(subject))


def follow(process: str, pk: int, step: str, context: Context, **given: Any) -> Event:
    """Take a step along with the one that ``context`` belongs to, in its transaction and in its actor's name.

    For steps that the table marks ``follows`` (or gives to the clock): what is given is ``fields`` and ``limits`` of the
    new context. The case is locked already.
    """
    registered, row = PROCESSES[process], PROCESSES[process].process.steps[step]
    subject = lock(registered, pk)
    duties = open_duties(process, pk)
    if not in_state(subject, row, {duty.kind for duty in duties}):
        raise WrongState(f"Det går inte att göra nu. Status är {subject.status_label}.", status_label="")
    following = Context(registered, subject, context.actor, row, next_event_id(), context.now)
    following.limits.update(given.pop("limits", {}))
    following.data.update(given.pop("data", {}), along=context.event_id)
    following.set(**given.pop("fields", {}))
    return write(following, duties)


def _row(process: str, step: str, actor: Actor) -> tuple[Registered, Step]:
    """The step's row; `Refused` where none is to be taken, `WrongRole` for a role that takes it in no case (no lock)."""
    registered = PROCESSES[process]
    row = registered.process.steps.get(step)
    if row is None or row.follows:
        raise Refused("Det steget finns inte.")
    if actor.role not in row.by.get(actor.party, ()):
        raise WrongRole(WRONG_ROLE)
    return registered, row


def _checked(registered: Registered, row: Step, subject: Any, actor: Actor, data: Mapping[str, Any] | None) -> Any:
    """The step's form, valid; None for a step without input. `InvalidInput` otherwise."""
    form_class = registered.input_of(row)
    if form_class is None:
        return None
    form = form_class(data if data is not None else {}, subject=subject, actor=actor)
    if not form.is_valid():
        raise InvalidInput({k: [str(e) for e in v] for k, v in form.errors.items()}, form)
    return form


def _done(
    registered: Registered,
    subject: Any,
    row: Step,
    actor: Actor,
    form: Any,
    duties: list[Duty],
    now: datetime | None,
    begun: Mapping[str, Any] | None = None,
) -> Event:
    """What has been checked, written: the input, the hooks, the event. ``begun``: what a new part was begun with."""
    context = Context(registered, subject, actor, row, next_event_id(), now or timezone.now())
    if begun is not None:
        context.data["begun"] = dict(begun)
    if form is not None:
        form.apply(context)
    for hook in (*registered.hooks.get("*", ()), *registered.hooks.get(row.name, ())):
        hook(context)
    event = write(context, duties)
    for all_hook in registered.after_all.get(row.name, ()):
        all_hook([context])
    for hook in registered.after.get(row.name, ()):
        hook(context)
    return event


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
    after = step.to if step.to is not None else subject.status
    closed, opened = planned(context, duties)
    if closed:
        Duty.objects.filter(pk__in=closed).update(closed_by_id=context.event_id)
    if opened:
        Duty.objects.bulk_create(opened)
    moved = _move(context)
    opened += [new for _, new in moved]
    closed += [old.pk for old, _ in moved if old.closed_by_id == context.event_id]
    closed += [new.pk for _, new in moved if new.closed_by_id is not None]
    event = event_of(context, after, opened, closed, moved)
    event.save(force_insert=True)
    store(context.notes, context.rows)
    # The status and its fields must agree at every statement (check constraints): fill in before, empty after.
    filled = [name for name, value in context.fields.items() if value is not None]
    emptied = [name for name, value in context.fields.items() if value is None]
    if filled:
        subject.save(update_fields=filled)
    with connection.cursor() as cursor:
        cursor.execute(registered.apply, [event.pk])
        applied = cursor.fetchone()
    if emptied:
        subject.save(update_fields=emptied)
    if not applied or applied[0] is not True:
        raise WrongState("Ärendet ändrades samtidigt. Försök igen.", status_label="")
    subject.apply_event(event)
    collector.wrote(step.name)
    told = told_of(context, opened)
    if told and ("along" not in event.data or not step.follows or step.tells):
        outbox.put("notice", f"notice:{event.pk}", {"event": event.pk, "organisations": sorted(told)})
    return event


def _move(context: Context) -> list[tuple[Duty, Duty]]:
    """Supersede the newest row of each duty that the step moves by one with the decided limit: (old, new) pairs.

    A row that is open gives an open one; one that was closed (the report has come) gives one that is closed by the same
    event, so that the last day that counts always stands in the newest row.
    """
    subject, process = context.subject, context.registered.process
    pairs = []
    for kind in context.step.moves:
        limit = context.limits[kind]
        # An earlier performer's row, or an earlier clock's, is not the one that counts.
        newest = Duty.objects.filter(
            process=process.name,
            subject_id=subject.pk,
            kind=kind,
            superseded_by__isnull=True,
            inputs__start=limit.inputs["start"],
            organisation_id__in=[subject.organisation_of(party) for party in process.duties[kind].parties],
        )
        for old in newest.order_by("id"):
            still = old.closed_by_id is None
            if still:
                Duty.objects.filter(pk=old.pk).update(closed_by_id=context.event_id)
                old.closed_by_id = context.event_id
            new = Duty.objects.create(
                process=old.process,
                subject_id=old.subject_id,
                case_id=old.case_id,
                kind=kind,
                party=old.party,
                organisation_id=old.organisation_id,
                holder_id=old.holder_id,
                due=limit.due,
                rule=limit.rule,
                inputs=limit.inputs,
                opened_by_id=context.event_id,
                closed_by_id=None if still else context.event_id,
            )
            Duty.objects.filter(pk=old.pk).update(superseded_by=new)
            pairs.append((old, new))
    return pairs
