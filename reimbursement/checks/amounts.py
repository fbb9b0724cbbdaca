"""Belopp: is the cost within the ceiling, as agreed, substantiated, and like the region's other costs?"""

from __future__ import annotations

from fmu_portal.money import kronor
from reimbursement.ceilings import REASONABLE
from reimbursement.checks.base import AMOUNT, Answer, Seen, check, holds, person, stops
from reimbursement.models.claim import EXAMINATIONS, LineKind

CEILINGED = (*EXAMINATIONS, LineKind.INTERPRETER, LineKind.TRAINING)
PRICED = (*EXAMINATIONS, LineKind.NO_SHOW, LineKind.LATE_NOTICE)


@check("Takbeloppet är känt", "11–13 §§", *CEILINGED, LineKind.ADMINISTRATION, group=AMOUNT)
def ceiling_known(seen: Seen) -> Answer:
    """A rule is in force on the day that the law names; a rule that was changed since is shown."""
    day, ceiling = seen.line.rule_day, seen.line.ceiling
    if ceiling is None:
        return stops(f"Inget takbelopp för {day}.", "Portalen gissar inget belopp.")
    if seen.rule_now and seen.rule_now != seen.line.rule:
        return person(
            f"{kronor(ceiling)} enligt {seen.line.rule}.",
            f"Regeln har ändrats sedan begäran gjordes: för {day} gäller nu {seen.rule_now}.",
        )
    if seen.ceiling_now is not None and seen.line.unit_ceiling != seen.ceiling_now:
        return person(f"{kronor(ceiling)}.", "Regelns belopp har rättats sedan begäran gjordes.")
    return holds(f"{kronor(ceiling)}, regeln den {day}.")


@check("Kostnaden ryms under taket", "11 och 13 §§, tabellerna", *CEILINGED, group=AMOUNT)
def within_ceiling(seen: Seen) -> Answer:
    """A cost above the ceiling is no fault: it is paid to the ceiling, and a person sees that it was."""
    ceiling = seen.line.ceiling
    if ceiling is None:
        return stops(f"Begärt {kronor(seen.cost)}, inget tak känt.", "Utan takbelopp räknas ingen ersättning.")
    fact = f"Begärt {kronor(seen.cost)}, tak {kronor(ceiling)}."
    if seen.cost > ceiling:
        return person(fact, f"{kronor(seen.cost - ceiling)} över taket. Högst taket kan betalas.")
    return holds(fact)


@check("Beloppet är skäligt", "11 § tredje stycket och 13 § andra stycket", *REASONABLE, group=AMOUNT)
def reasonable_amount(seen: Seen) -> Answer:
    """Law has no ceiling here: always decided by a person."""
    return person(f"Begärt {kronor(seen.cost)}.", "Lagen har inget tak. Du bedömer vad som är skäligt.")


@check("Resor till utbildningen begärs en gång", "13 § andra stycket", LineKind.TRAVEL, group=AMOUNT)
def travel_once(seen: Seen) -> Answer:
    """Two claims for travel of one day may be two journeys or one: a person judges."""
    if seen.journeys:
        return person(f"Även {', '.join(seen.journeys)}.", "En annan begäran gäller resor samma dag.")
    return holds("Ingen annan begäran gäller resor den dagen.")


@check("Kostnaden är avtalets pris", "FKFS 2019:1, enligt SKR", *PRICED, group=AMOUNT)
def equals_agreement(seen: Seen) -> Answer:
    """A procured performer costs what the agreement says; a unit of the region's own its substantiated actual cost."""
    if seen.own:
        return _own(seen, "Regionens egen enhet.")
    if seen.line.price is None:
        return person("Avtalet har inget pris för posten.", "Kostnaden ska vara styrkt (17 §).")
    fact = f"Begärt {kronor(seen.cost)}, avtal {kronor(seen.line.price)}."
    return holds(fact) if seen.cost == seen.line.price else person(fact, "Kostnaden är en annan än avtalets pris.")


def _own(seen: Seen, fact: str) -> Answer:
    if seen.evidence:
        return holds(f"{fact} Kostnaden har underlag.")
    return person(fact, "Faktisk kostnad ska vara styrkt (17 §).")


@check("Tolkens timmar stämmer med besöket", "11 § andra stycket", LineKind.INTERPRETER, group=AMOUNT)
def interpreter_hours(seen: Seen) -> Answer:
    """More hours than the visit lasted may be real (minimum bookings, waiting): a person judges."""
    visit, minutes = seen.visit, seen.line.minutes or 0
    if visit is None or visit.interpreter != "came":
        return stops("Ingen tolk kom till besöket.", "Bara timmar då tolken var med ersätts.")
    fact = f"Tolk {_hours(minutes)} timmar, besöket {_hours(visit.minutes)} timmar."
    if minutes > visit.minutes:
        return person(fact, "Fler timmar än besöket. Minsta bokning och väntetid kan vara skäl.")
    return holds(fact)


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.2f}".rstrip("0").rstrip(".").replace(".", ",")


@check("Kostnaden är styrkt", "17 § andra stycket", *LineKind.values, group=AMOUNT)
def evidence_is_there(seen: Seen) -> Answer:
    """An agreed price is its own evidence; every other cost wants a document."""
    if seen.evidence:
        return holds(f"{seen.evidence} {'handling är bifogad' if seen.evidence == 1 else 'handlingar är bifogade'}.")
    if seen.line.price is not None and seen.cost == seen.line.price:
        return holds("Priset står i avtalet.")
    return person("Inget underlag är bifogat.", "Regionen ska styrka kostnaden på begäran.")


@check("Inte ovanlig för regionen", "Portalens egen kontroll", *CEILINGED, group=AMOUNT)
def usual_for_region(seen: Seen) -> Answer:
    """Compared with the median of the region's earlier costs of the same kind; says nothing with fewer than ten."""
    if seen.median is None:
        return holds("För få tidigare begäranden att jämföra med.")
    fact = f"Begärt {kronor(seen.cost)}, regionens median {kronor(seen.median)}."
    # Per cent of the median, in whole numbers: |cost − median| · 100 > unusual · median.
    if abs(seen.cost - seen.median) * 100 > seen.unusual * seen.median:
        return person(fact, f"Avviker mer än {seen.unusual} procent från regionens egna tidigare kostnader.")
    return holds(fact)


@check("Årets takbelopp räcker", "12 §", LineKind.ADMINISTRATION, group=AMOUNT)
def within_year(seen: Seen) -> Answer:
    """What the region has claimed or been granted for the year, with this, is at most the year's ceiling."""
    unit = seen.line.unit_ceiling
    if unit is None:
        return stops(f"Inget takbelopp för {seen.claim.year}.", "Portalen gissar inget belopp.")
    left = max(0, unit - seen.year_total)
    fact = f"Begärt {kronor(seen.cost)}. Av årets {kronor(unit)} återstår {kronor(left)}."
    if seen.cost > left:
        return person(fact, f"{kronor(seen.cost - left)} mer än vad som återstår. Högst det kan betalas.")
    return holds(fact)
