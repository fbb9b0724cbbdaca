"""Rätt till ersättning: is there a right to money for the line at all?"""

from __future__ import annotations

from datetime import date

from reimbursement.checks.base import Answer, Seen, check, holds, person, stops
from reimbursement.models.claim import EXAMINATIONS, LineKind

ORDINANCE_ENDS = date(2028, 12, 31)
"""The ordinance's last day (transitional provision 3)."""

OF_CASE = (*EXAMINATIONS, LineKind.INTERPRETER, LineKind.NO_SHOW, LineKind.LATE_NOTICE)
OTHERS = (LineKind.PSYCHOLOGIST, LineKind.PHYSIOTHERAPIST, LineKind.OCCUPATIONAL_THERAPIST)


@check("Försäkringskassan har begärt utredningen", "11 § första stycket", *OF_CASE)
def requested_by_agency(seen: Seen) -> Answer:
    """A request has been sent to this very region."""
    case = seen.case
    if case is None or case.requested_on is None:
        return stops("Ingen begäran finns.", "Utan begäran finns ingen rätt till ersättning.")
    if case.region_id != seen.claim.region_id:
        return stops(f"Begärd {case.requested_on} av en annan region.", "Utredningen är inte den här regionens.")
    return holds(f"Begärd {case.requested_on}.")


@check("Utlåtandet kom in i tid", "8 § och 11 § första stycket", *EXAMINATIONS)
def received_in_time(seen: Seen) -> Answer:
    """The report reached the agency by the last day, or the insured objected to its being sent (11 § fourth)."""
    case = seen.case
    if case is None:
        return stops("Utredningen finns inte.", "Utan utlåtande finns ingen rätt till ersättning.")
    if case.objected:
        return holds(
            f"Genomförd {case.carried_out_on}. Den försäkrade motsatte sig att utlåtandet skickas (11 § fjärde stycket)."
        )
    if case.delivered_on is None:
        return stops("Utlåtandet har inte kommit in.", "Rätten uppstår när utlåtandet har kommit in.")
    last = f" Sista dag var {case.last_day}." if case.last_day else ""
    fact = f"Kom in {case.delivered_on}.{last}"
    if case.delivered_late:
        return stops(fact, "För sent inkommet, utan extra tid eller anstånd.")
    return holds(fact)


@check("Tiden räknades från ett enda mottagande", "8 §, portalens tolkning", *EXAMINATIONS)
def one_clock(seen: Seen) -> Answer:
    """A new performer after a hand-back has a clock of its own: our reading, so that a person is told."""
    case = seen.case
    if case is None or case.objected or case.assignments <= 1:
        return holds("Samma utförare hela tiden.")
    return person(
        f"Utredningen har haft {case.assignments} utförare.", "Ny tid räknades från den nya utförarens mottagande."
    )


@check("Tolken behövdes för en genomförd utredning", "11 § andra stycket", LineKind.INTERPRETER)
def interpreter_for_assessment(seen: Seen) -> Answer:
    """The second paragraph does not repeat the condition of the first: a late report is for a person to judge."""
    case = seen.case
    if case is None or not case.payable:
        return person("Utredningen är inte genomförd.", "Tolken ska ha behövts för att genomföra utredningen.")
    if case.delivered_late:
        return person(
            f"Utlåtandet kom in {case.delivered_on}, för sent.",
            "Andra stycket säger inte om tolken ersätts när utlåtandet är för sent.",
        )
    return holds("Utredningen är genomförd.")


@check("Utföraren hade avtal med regionen", "4 § lag (2018:744)", *EXAMINATIONS)
def performer_had_agreement(seen: Seen) -> Answer:
    """An agreement was in force the day the order was sent, or the region runs the unit itself."""
    case = seen.case
    if case is None or case.ordered_on is None:
        return person("Beställningen har ingen dag.", "Det går inte att se vilket avtal som gällde.")
    if case.agreement_id is not None:
        return holds(f"Avtal den {case.ordered_on}, då beställningen skickades.")
    if case.own:
        return holds("Regionens egen enhet.")
    return person(f"Inget avtal i portalen den {case.ordered_on}.", "Regionen behöver visa avtalet.")


@check("Utvidgningen var godkänd före besöket", "5 § tredje stycket", *OTHERS)
def profession_approved(seen: Seen) -> Answer:
    """The agency approved the profession before the complementary examination began."""
    case, profession = seen.case, seen.line.profession
    approved = case.approvals.get(profession) if case else None
    if case is None or approved is None:
        return stops("Ingen godkänd utvidgning.", "En kompletterande undersökning får börja först efter godkännande.")
    visits = [v for v in case.own_visits(profession) if v.status == "carried_out"]
    early = [v for v in visits if v.day < approved]
    if early:
        return stops(f"Godkänd {approved}, besök {early[0].day}.", "Undersökningen började före godkännandet.")
    return holds(f"Godkänd {approved}{f', besök {visits[0].day}' if visits else ''}.")


@check("Besöket är genomfört", "11 § första stycket", *EXAMINATIONS)
def visit_carried_out(seen: Seen) -> Answer:
    """A visit with the profession has been carried out. A report by post may have none recorded: a person judges."""
    case = seen.case
    profession = seen.line.profession or "physician"
    visits = [v for v in case.own_visits(profession) if v.status == "carried_out"] if case else []
    if visits:
        return holds(f"Besök {', '.join(str(v.day) for v in visits)}.")
    return person("Inget genomfört besök är registrerat.", "Utlåtandet kan ha kommit på annat sätt än i portalen.")


@check(
    "Besöket uteblev eller återbudet var sent",
    "11 § tredje stycket, 4 § FKFS 2019:1",
    LineKind.NO_SHOW,
    LineKind.LATE_NOTICE,
)
def missed_visit(seen: Seen) -> Answer:
    """The visit ended as a no-show in one of the legal forms, or by the insured's late notice."""
    visit = seen.visit
    if visit is None:
        return stops("Besöket finns inte längre som uteblivet eller sent avbokat.", "Ingen rätt till ersättning.")
    if seen.line.kind == LineKind.NO_SHOW:
        return holds(f"Besöket {visit.day} uteblev.")
    return holds(f"Återbud till besöket {visit.day} lämnades mindre än 48 timmar före.")


@check("Begärs bara en gång", "Portalens egen kontroll", *LineKind.values)
def claimed_once(seen: Seen) -> Answer:
    """The same fact in no other claim, of this region or another."""
    if not seen.twins:
        return holds("Ingen annan begäran gäller samma sak.")
    numbers = ", ".join(
        number if region == seen.claim.region_id else "en annan regions begäran" for number, region in seen.twins
    )
    return stops(f"Samma sak finns i {numbers}.", "Samma kostnad ersätts bara en gång.")


@check("Högst en gång i kvartalet", "FKFS 2019:1, enligt SKR", LineKind.ADMINISTRATION)
def once_a_quarter(seen: Seen) -> Answer:
    """Central administration is paid at most once a quarter."""
    fact = f"Kvartal {seen.claim.quarter} {seen.claim.year}."
    if seen.quarter_twins:
        return stops(f"{fact} Även {', '.join(seen.quarter_twins)}.", "Kvartalet har redan en begäran.")
    return holds(fact)


@check("Förordningen gällde", "Övergångsbestämmelse 3 till förordning (2018:1633)", *LineKind.values)
def ordinance_in_force(seen: Seen) -> Answer:
    """An assessment that runs past 2028-12-31 needs a new rule: a person is told."""
    case, visit = seen.case, seen.visit
    missed = seen.line.kind in (LineKind.NO_SHOW, LineKind.LATE_NOTICE)
    right = (case.delivered_on or case.days.get("end")) if case and not missed else None
    last = max((d for d in (seen.line.rule_day, right, visit.day if visit else None) if d is not None), default=None)
    if last is not None and last > ORDINANCE_ENDS:
        return person(f"{last}.", "Förordningen upphörde att gälla vid utgången av 2028. En ny regel behövs.")
    return holds(f"{last}." if last else "Ingen dag att jämföra med.")
