"""What follows of an answer, a choice, a request: who gets the assignment, who is told, who is asked next.

All of it happens inside the step's own transaction with the case's row locked, so that exactly one gets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any

from django.utils import timezone

from accounts.actor import CLOCK, Actor
from accounts.roles import Party
from audit import collector
from fmu_portal.database import as_clock
from fmu_portal.engine.door import Context, begin, follow, take
from fmu_portal.engine.refusals import Refused
from fmu_portal.models import Duty
from orders.models import Assessment, Assignment
from regions.choosing import Choosing, Proposal, approved_before
from regions.models import Agreement, AssignmentChoice, Inquiry, Way

BINDING = (Way.RANKED, Way.QUOTA, Way.FIRST)
"""The ways in which who accepts gets it; else the coordinator chooses among those who have accepted."""

ENDED = "Avtalet med regionen gäller inte längre, så uppdraget kan inte gå till utföraren."


@contextmanager
def _for_the_region() -> Iterator[None]:
    """What the region has decided beforehand is done past the wall, and read by nobody."""
    with collector.collecting(), as_clock():
        yield


def agreement_in_force(subject: Any, actor: Actor) -> str | None:
    """The guard of accepting and choosing: an agreement that ended yesterday is none."""
    known = getattr(subject, "has_agreement", None)
    if known is None:
        with _for_the_region():
            rows = Agreement.objects.in_force(timezone.localdate())
            known = rows.filter(region_id=subject.region_id, performer_id=subject.performer_id).exists()
    if known:
        return None
    return "Ert avtal med regionen gäller inte längre, så ni kan inte ta uppdraget." if _asked(actor) else ENDED


def _asked(actor: Actor) -> bool:
    return actor.party is Party.PERFORMER


def _overdue(subject: Any) -> Any:
    rows = Duty.objects.overdue(timezone.localdate())
    return rows.filter(process=Inquiry.PROCESS, subject_id=subject.pk, kind="answer_inquiry").first()


def in_time(subject: Any, actor: Actor) -> str | None:
    """The guard of accepting: not after the last day, whether or not the clock has been there."""
    late = _overdue(subject)
    return None if late is None else f"Svarstiden gick ut {late.due}. Hör av er till regionen om ni ändå kan."


def answer_overdue(subject: Any, actor: Actor) -> str | None:
    """The guard of the clock."""
    return "Utföraren har tid kvar att svara." if _overdue(subject) is None else None


def lapse(today: date) -> int:
    """Inquiries that nobody answered in time lapse; returns how many."""
    late = Duty.objects.overdue(today).filter(process=Inquiry.PROCESS, kind="answer_inquiry")
    done = 0
    for pk in list(late.order_by("due", "id").values_list("subject_id", flat=True)[:2000]):
        with suppress(Refused), as_clock():
            take(Inquiry.PROCESS, pk, "lapse", CLOCK)
            done += 1
    return done


def ask_the_rest(context: Context) -> None:
    """An inquiry to several is one to each."""
    way, professions = context.subject.way, context.subject.professions
    for performer_id in getattr(context.subject, "to_ask", ()):
        data = {"performers": [performer_id], "way": way, "professions": professions}
        begin(Inquiry.PROCESS, context.subject.case_id, "ask", context.actor, data, now=context.now)


def accepted(context: Context) -> None:
    """Where the first to accept gets it, it is this one."""
    if context.subject.way in BINDING:
        with _for_the_region():
            follow(Inquiry.PROCESS, context.subject.pk, "become", context)
            _give(context, context.subject.performer_id)


def chosen(context: Context) -> None:
    """The coordinator has chosen one of those who accepted."""
    with as_clock():
        _give(context, context.subject.performer_id)


def refused(context: Context) -> None:
    """In a way that asks one at a time, the next is asked; when nobody is left the region still owes its answer."""
    subject = context.subject
    if subject.way not in (Way.RANKED, Way.QUOTA):
        return
    with _for_the_region():
        case = Assessment.objects.get(pk=subject.case_id)
        if case.status == "requested" and not Inquiry.objects.filter(assessment=case).open().exists():
            _ask(case, Choosing(case, context.today).propose(subject.way), subject.professions)


def start(context: Context) -> None:
    """Where the region has said so, its way begins as soon as a request has come (or come back)."""
    case_id, region_id = context.subject.pk, context.subject.region_id
    with _for_the_region():
        if not AssignmentChoice.objects.filter(region_id=region_id, straight=True).exists():
            return
        proposal = Choosing(Assessment.objects.get(pk=case_id), context.today).propose()
        if not proposal.performers:
            return  # nobody fits: the region's coordinator sees to it
        if proposal.way == Way.DIRECT:
            _assign(context, case_id, proposal.performers[0])
        else:
            _ask(context.subject, proposal, approved_before(case_id))


def settle(context: Context) -> None:
    """The coordinator has assigned directly: who was asked is told."""
    case = context.subject
    with as_clock():
        own = Inquiry.objects.filter(assessment_id=case.pk, performer_id=case.performer_id).open().first()
        if own is not None:
            follow(Inquiry.PROCESS, own.pk, "become", context)
        _pass_over(context, case.pk)


def _ask(case: Any, proposal: Proposal, professions: list[str]) -> None:
    if proposal.performers:
        data = {"performers": proposal.performers, "way": proposal.way, "professions": professions}
        begin(Inquiry.PROCESS, case.pk, "ask", CLOCK, data)


def _give(context: Context, performer_id: int) -> None:
    _assign(context, context.subject.case_id, performer_id)
    _pass_over(context, context.subject.case_id)


def _assign(context: Context, case_id: int, performer_id: int) -> None:
    """The case's own step, taken along."""
    count = Assignment.objects.filter(assessment_id=case_id).count()
    fields: dict[str, Any] = {"performer_id": performer_id, "assignments_count": count + 1}
    if context.actor.party is Party.REGION:
        fields["region_coordinator_id"] = context.actor.user_id
    event = follow("assessment", case_id, "assign", context, fields=fields)
    Assignment.objects.create(assessment_id=case_id, performer_id=performer_id, opened_by_id=event.pk)


def _pass_over(context: Context, case_id: int) -> None:
    rows = Inquiry.objects.filter(assessment_id=case_id).open().order_by("pk")
    for pk in list(rows.values_list("pk", flat=True)):
        follow(Inquiry.PROCESS, pk, "pass_over", context)
