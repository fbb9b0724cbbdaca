"""What pages say of days and duties: late is said with care."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from accounts.actor import Actor
from accounts.roles import Party
from fmu_portal.engine.registry import DUTY_KINDS, PROCESSES
from fmu_portal.models import Duty
from fmu_portal.working_days import working_days_between


@dataclass(frozen=True)
class Left:
    """Days left in words; ``tone`` is late, soon, plain or ok."""

    text: str
    tone: str


PENDING = Left("Anstånd prövas", "soon")


def is_law(duty: Duty) -> bool:
    """Whether the last day is the law's (8 §), so that "för sent" may be said; a routine's is only "försenad"."""
    return duty.rule.startswith("law.")


def _days(count: int) -> str:
    return f"{count} {'vardag' if count == 1 else 'vardagar'}"


def days_left(due: date, today: date, law: bool = False) -> Left:
    """How long there is to a day: "3 vardagar för sent", "För sent" (on a day off), "I dag", "I morgon", "9 vardagar kvar"."""
    if due.year > 2098:
        return Left("Långt fram", "plain")  # beyond the calendar of working days
    if due < today:
        late = working_days_between(due, today)
        words = "för sent" if law else "försenad"
        # Since a Friday no working day has gone on the Saturday: it is late all the same.
        return Left(f"{_days(late)} {words}" if late else words.capitalize(), "late")
    if due == today:
        return Left("I dag", "soon")
    if due == today + timedelta(days=1):
        return Left("I morgon", "soon")
    left = working_days_between(today, due)
    return Left(f"{_days(left)} kvar", "soon" if left <= 1 else "plain")


def duty_left(duty: Duty, today: date, pending: bool = False) -> Left:
    """Days left of a duty. ``pending``: a deferral is applied for, so that a missed law's day is not called late yet."""
    if pending and is_law(duty) and duty.due < today:
        return PENDING
    return days_left(duty.due, today, is_law(duty))


def apart(duty: Duty, actor: Actor) -> tuple[str, str] | None:
    """Where one's own duty is done when that is not the case's page, and the words of the button: (address, label)."""
    registered = PROCESSES[duty.process]
    step = registered.process.steps[registered.process.duties[duty.kind].step]
    if registered.page is None or duty.organisation_id != actor.organisation_id:
        return None
    return (registered.page(duty.subject_id), step.label) if actor.role in step.by.get(actor.party, ()) else None


def pending_in(duties: Iterable[Duty]) -> bool:
    """Whether the agency has a deferral of the case to decide on."""
    return any(duty.kind == "decide_deferral" and duty.closed_by_id is None for duty in duties)


def task_of(duty: Duty, today: date, pending: bool = False) -> str:
    """The duty as a verb phrase; a missed law's day in its own words."""
    kind = DUTY_KINDS[duty.kind]
    return kind.missed if duty.due < today and kind.missed and not pending else kind.task


def parties_words(parties: Iterable[str]) -> str:
    """ "Utföraren och regionen", in the order performer, region, agency."""
    order = (Party.PERFORMER, Party.REGION, Party.AGENCY)
    owing = set(parties)
    found = [str(p.label) for p in order if p in owing]
    if not found:
        return ""
    rest = [w if w == "Försäkringskassan" else w[0].lower() + w[1:] for w in found[1:]]
    return " och ".join([", ".join([found[0], *rest[:-1]]), *rest[-1:]]) if rest else found[0]
