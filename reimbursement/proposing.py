"""The claim writes itself: after each step that may give a right to money, the case's proposal is made or made anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from accounts.actor import CLOCK
from fmu_portal.database import as_clock
from fmu_portal.engine.door import Context, take
from fmu_portal.engine.many import start_many
from fmu_portal.engine.registry import PROCESSES
from reimbursement.ceilings import Ceilings
from reimbursement.facts import CaseFacts, load
from reimbursement.lines import Proposal, proposal
from reimbursement.models import Claim, Counter, Desk, Line

AFTER: dict[str, tuple[str, ...]] = {
    "assessment": ("deliver", "register_report", "end"),
    "visit": ("carry_out", "register", "interrupt", "no_show", "cancel"),
    "deferral": ("grant", "grant_unasked"),
    "expansion": ("approve",),
}
"""process -> the steps after which the facts may give other lines."""

_COPIED = (
    "event_id", "profession", "minutes", "rule_day", "rule", "unit_ceiling", "ceiling", "price", "bar", "holds",
)  # fmt: skip
"""What a line of a proposal takes over when the facts are read anew; what the region has typed stays."""


def after_step(context: Context) -> None:
    """A hook after the step, in its transaction."""
    propose([context.subject.case_id], now=context.now)


def propose(case_ids: Iterable[int], *, now: datetime | None = None) -> int:
    """Make the cases' proposals say what their facts give now. Returns how many claims are new.

    A line that is claimed already is not proposed again; one that was refused is, when it rests on a new event.
    """
    moment, ceilings = now or timezone.now(), Ceilings()
    with as_clock():
        cases = load(case_ids)
        stored: dict[int, dict[str, Line]] = {pk: {} for pk in cases}
        for line in Line.objects.filter(claim__assessment_id__in=cases).select_related("claim").order_by("id"):
            stored[line.claim.assessment_id or 0][line.key] = line
        fresh: list[tuple[Claim, list[Line]]] = []
        for pk, case in cases.items():
            found = proposal(case, ceilings)
            if found is None:
                continue
            draft = next((old.claim for key in stored[pk] if (old := stored[pk][key]).claim.status == "proposed"), None)
            new = [line for line in found.lines if _is_new(stored[pk].get(line.key), line)]
            if draft is not None:
                _bring_up_to_date(draft, stored[pk], found, new, moment)
            elif new:
                fresh.append((_claim(case, found), new))
        _store(fresh, moment)
        return len(fresh)


def _bring_up_to_date(draft: Claim, stored: dict[str, Line], found: Proposal, new: list[Line], now: datetime) -> None:
    """Make a proposal that waits say what the facts give now; what the region has typed stays."""
    wanted = {line.key: line for line in found.lines}
    old = [stored[key] for key in stored if stored[key].claim_id == draft.pk]
    gone = [line.pk for line in old if line.key not in wanted]
    changed = [line for line in old if line.key in wanted and _take_over(line, wanted[line.key])]
    if not (gone or changed or new):
        return
    take("claim", draft.pk, "refresh", CLOCK, now=now)
    Line.objects.filter(pk__in=gone).delete()
    Line.objects.bulk_update(changed, [name.removesuffix("_id") for name in (*_COPIED, "cost")])
    for line in new:
        line.claim = draft
    Line.objects.bulk_create(new)
    if draft.payable_on < found.payable_on:
        Claim.objects.filter(pk=draft.pk).update(payable_on=found.payable_on)


def _store(fresh: list[tuple[Claim, list[Line]]], now: datetime) -> None:
    """New proposals with their numbers and lines, by the door for sets."""
    if not fresh:
        return
    numbers = Counter.next_numbers("E", timezone.localdate(now).year, len(fresh))
    for (claim, _), number in zip(fresh, numbers, strict=True):
        claim.number = number
    start_many("claim", [claim for claim, _ in fresh], "propose", CLOCK, now=now)
    for claim, lines in fresh:
        for line in lines:
            line.claim = claim
    Line.objects.bulk_create([line for _, lines in fresh for line in lines])


def _is_new(old: Line | None, line: Line) -> bool:
    """Whether the line is to be added: it was never there, or what law did not allow then rests on a new event now."""
    if old is None:
        return True
    if old.claim.status == "proposed" or old.holds or (old.claim.status == "set_aside" and not old.bar):
        return False
    return not line.bar and old.event_id != line.event_id


def _take_over(old: Line, line: Line) -> bool:
    before = [getattr(old, name) for name in _COPIED]
    untouched = old.cost is None or old.cost == old.price
    for name in _COPIED:
        setattr(old, name, getattr(line, name))
    if untouched:
        old.cost = line.cost
    return before != [getattr(old, name) for name in _COPIED]


def _claim(case: CaseFacts, found: Proposal) -> Claim:
    assert case.region_id is not None
    return Claim(
        kind="assessment",
        assessment_id=case.pk,
        region_id=case.region_id,
        office_id=examiner(case.region_id) or case.office_id,
        performer_id=case.performer_id,
        payable_on=found.payable_on,
    )


def examiner(region_id: int | None) -> int | None:
    """The office that examines a region's claims, or (None) the central queue's; None when nobody has been named."""
    return Desk.objects.filter(region_id=region_id).values_list("office_id", flat=True).first()


def after_take_up(context: Context) -> None:
    """A proposal that was taken up says what the facts give now: they may have changed while it lay aside."""
    if context.subject.assessment_id is not None:
        propose([context.subject.assessment_id], now=context.now)


def register() -> None:
    """Let the door propose after each of the steps."""
    PROCESSES["claim"].hook_after("take_up", after_take_up)
    for process, steps in AFTER.items():
        for step in steps:
            PROCESSES[process].hook_after(step, after_step)
