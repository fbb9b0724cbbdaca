"""The claim writes itself: after each step that may give a right to money, the case's proposal is made or made anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from accounts.actor import CLOCK
from fmu_portal.database import as_clock
from fmu_portal.engine.door import Context, start, take
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
    ceilings = Ceilings()
    made = 0
    with as_clock():
        for case in load(case_ids).values():
            found = proposal(case, ceilings)
            if found is not None:
                made += _bring_up_to_date(case, found, now or timezone.now())
    return made


def _bring_up_to_date(case: CaseFacts, found: Proposal, now: datetime) -> int:
    lines = Line.objects.filter(claim__assessment_id=case.pk).select_related("claim").order_by("id")
    stored: dict[str, Line] = {line.key: line for line in lines}
    draft = next((line.claim for line in stored.values() if line.claim.status == "proposed"), None)
    new = [line for line in found.lines if _is_new(stored.get(line.key), line)]
    changed = []
    for line in found.lines:
        old = stored.get(line.key)
        if old is not None and old.claim.status == "proposed" and _take_over(old, line):
            changed.append(old)
    if changed:
        Line.objects.bulk_update(changed, [name.removesuffix("_id") for name in (*_COPIED, "cost")])
    fresh = draft is None
    if draft is not None and (new or changed):
        take("claim", draft.pk, "refresh", CLOCK, now=now)
    if not new:
        return 0
    if draft is None:
        draft = _start(case, found, now)
    for line in new:
        line.claim = draft
    Line.objects.bulk_create(new)
    if draft.payable_on < found.payable_on:
        draft.payable_on = found.payable_on
        draft.save(update_fields=["payable_on"])
    return int(fresh)


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


def _start(case: CaseFacts, found: Proposal, now: datetime) -> Claim:
    assert case.region_id is not None
    claim = Claim(
        number=Counter.next_numbers("E", timezone.localdate(now).year)[0],
        kind="assessment",
        assessment_id=case.pk,
        region_id=case.region_id,
        office_id=examiner(case.region_id) or case.office_id,
        performer_id=case.performer_id,
        payable_on=found.payable_on,
    )
    start("claim", claim, "propose", CLOCK, now=now)
    return claim


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
