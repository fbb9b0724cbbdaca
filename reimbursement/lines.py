"""The lines that facts give: what a region may claim for an assessment, and what law does not allow, with the reason.

11 § förordning (2018:1633): the examination when the report came in time (or the insured objected to sending it), each
approved profession, the interpreter's hours, and per visit the no-show and the late notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from regions.models import PRICE_KINDS
from reimbursement.ceilings import Ceilings, for_minutes, key_of
from reimbursement.facts import CaseFacts, VisitFact
from reimbursement.models.claim import Bar, Line, LineKind

PROFESSIONS = (LineKind.PSYCHOLOGIST, LineKind.PHYSIOTHERAPIST, LineKind.OCCUPATIONAL_THERAPIST)


@dataclass(frozen=True)
class Proposal:
    """The lines of a case, not stored, and the day from which they may be claimed."""

    lines: list[Line]
    payable_on: date


def proposal(case: CaseFacts, ceilings: Ceilings) -> Proposal | None:
    """What the facts of a case give now; None when nothing."""
    lines: list[Line] = []
    days: list[date] = []
    if case.payable:
        days.append(case.delivered_on or case.days.get("end") or case.carried_out_on or date.max)
        lines += _examination(case, ceilings)
    for visit in case.visits:
        if visit.status == "no_show":
            lines.append(_of_visit(case, visit, LineKind.NO_SHOW, ceilings))
            days.append(visit.day)
        elif visit.status == "cancelled" and visit.late_notice:
            lines.append(_of_visit(case, visit, LineKind.LATE_NOTICE, ceilings))
            days.append(visit.day)
    return Proposal(lines, max(days)) if lines else None


def _examination(case: CaseFacts, ceilings: Ceilings) -> list[Line]:
    event = _rests_on(case)
    lines = [_line(case, LineKind.PHYSICIAN, ceilings, event=event, bar=_late(case))]
    for profession in PROFESSIONS:
        carried_out = [v for v in case.own_visits(profession) if v.status == "carried_out"]
        if profession in case.approvals:
            lines.append(_line(case, profession, ceilings, event=event, bar=_late(case), profession=str(profession)))
        elif carried_out:
            bar = Bar.NOT_APPROVED
            visit = carried_out[0]
            lines.append(_line(case, profession, ceilings, event=visit.event_id, bar=bar, profession=str(profession)))
    for visit in case.visits:
        attended = visit.interpreter == "came" and visit.interpreter_minutes
        if attended and visit.performer_id == case.performer_id and visit.status in ("carried_out", "interrupted"):
            lines.append(_interpreter(case, visit, ceilings))
    return lines


def _rests_on(case: CaseFacts) -> int | None:
    """The event that gave the right: the delivery, the end, or the later decision that made a late report punctual."""
    if case.delivered_on is None:
        return case.events.get("end")
    delivered = case.events.get("deliver") or case.events.get("register_report")
    extended = case.events.get("extend")
    if extended is not None and delivered is not None and extended > delivered and case.delivered_late is False:
        return extended
    return delivered


def _late(case: CaseFacts) -> str:
    return Bar.LATE if case.delivered_on is not None and case.delivered_late else Bar.NONE


def _line(
    case: CaseFacts,
    kind: str,
    ceilings: Ceilings,
    *,
    event: int | None,
    bar: str = Bar.NONE,
    profession: str = "",
    visit: VisitFact | None = None,
    key: str = "",
    minutes: int | None = None,
) -> Line:
    day = case.requested_on
    found = ceilings.on(key_of(kind), day) if day is not None else None
    if found is None and bar == Bar.NONE:
        bar = Bar.NO_CEILING
    unit = found.unit if found else None
    ceiling = unit if minutes is None or unit is None else for_minutes(unit, minutes)
    price = _price(case, kind, visit)
    return Line(
        kind=kind,
        key=key or f"a:{case.pk}:{kind}",
        holds=bar == Bar.NONE,
        event_id=event,
        visit_id=visit.pk if visit else None,
        profession=profession or (visit.profession if visit else ""),
        minutes=minutes,
        rule_day=day,
        rule=found.rule if found else "",
        unit_ceiling=unit,
        ceiling=ceiling,
        price=price,
        # The agreement's price is the cost of a procured performer; what it costs a unit of its own the region says.
        cost=None if bar else price,
        bar=bar,
    )


def _interpreter(case: CaseFacts, visit: VisitFact, ceilings: Ceilings) -> Line:
    key = f"v:{visit.pk}:interpreter"
    return _line(
        case,
        LineKind.INTERPRETER,
        ceilings,
        event=visit.event_id,
        visit=visit,
        key=key,
        minutes=visit.interpreter_minutes,
    )


def _of_visit(case: CaseFacts, visit: VisitFact, kind: LineKind, ceilings: Ceilings) -> Line:
    return _line(case, kind, ceilings, event=visit.event_id, visit=visit, key=f"v:{visit.pk}:{kind}")


def _price(case: CaseFacts, kind: str, visit: VisitFact | None) -> int | None:
    """The agreement's price in öre; None when there is none for this kind, or when the region runs the unit itself.

    A unit of the region's own is paid its substantiated actual cost, whatever an agreement says (FKFS 2019:1, by SKR).
    """
    if visit.own if visit else case.own:
        return None
    if kind in (LineKind.NO_SHOW, LineKind.LATE_NOTICE):
        return (visit.prices or {}).get("no_show") if visit else None
    name = "assessment" if kind == LineKind.PHYSICIAN else str(kind)
    return (case.agreement or {}).get(name) if name in PRICE_KINDS else None
