"""Besök: booked, summoned, carried out, or why not (5 § third paragraph and 11 § förordning 2018:1633).

A visit with another profession than a physician may be booked before the agency has approved the expansion, but only
provisionally: then it can be neither summoned nor carried out.
"""

from typing import cast

from accounts.roles import Role
from fmu_portal.engine.table import NEW, DutyKind, Process, Status, Step, by_name
from orders.process import AGENCY, CLOCK, OFFICE, PERFORMER, PHYSICIAN, REGION

CLOSE_VISIT = "routine.close_visit"

DUTIES = by_name(
    DutyKind(
        "close_visit", "Skriv in hur besöket gick", (PERFORMER,), CLOSE_VISIT, "carry_out", counted_from="day",
        missed="Besöket har varit, men ingen har skrivit in hur det gick",
    ),
)  # fmt: skip

STATUSES = by_name(
    Status(NEW, "Nytt"),
    Status("provisional", "Preliminärt bokat", tone="warning"),
    Status("booked", "Bokat", tone="info"),
    Status("summoned", "Kallad", tone="info"),
    Status("carried_out", "Genomfört", ended=True, tone="success"),
    Status("interrupted", "Avbrutet", ended=True, tone="warning"),
    Status("no_show", "Uteblivet", ended=True, tone="warning"),
    Status("cancelled", "Avbokat", ended=True),
)

UNIT = {
    PERFORMER: (
        Role.PERFORMER_ADMIN, Role.PHYSICIAN, Role.PSYCHOLOGIST, Role.PHYSIOTHERAPIST, Role.OCCUPATIONAL_THERAPIST,
    )
}  # fmt: skip
"""The administrator and physicians see to every visit; the others to their own (guard ``own_visit``)."""

RUNS = ("ordered", "in_progress", "supplement_requested")
CLOSES = (*RUNS, "delivered")
"""A visit may still be closed after a report that came another way."""

OPEN = ("provisional", "booked", "summoned")
FIRM = ("booked", "summoned")
THE_OTHERS = (AGENCY, REGION)
EVERYBODY = (AGENCY, REGION, PERFORMER)

STEPS = by_name(
    Step(
        "book", "Boka besök", "Utföraren bokade ett besök: {visit}.",
        from_=(NEW,), to="booked", by=UNIT, input="book", case_in=RUNS, guards=("has_physician",), confirm=True,
        tells=THE_OTHERS, hint="Hos läkare, eller hos en profession som Försäkringskassan har godkänt.",
        happens=("Försäkringskassan och regionen ser när besöket är, men inte var eller hos vem.",
                 "Kalla sedan den försäkrade."),
    ),
    Step(
        "book_provisional", "Boka besök preliminärt", "Utföraren bokade ett besök preliminärt: {visit}.",
        from_=(NEW,), to="provisional", by=UNIT, input="book_provisional", case_in=RUNS, guards=("has_physician",),
        confirm=True, tells=THE_OTHERS, hint="Hos en profession som inte är godkänd än.",
        happens=("Den försäkrade får inte kallas, och besöket får inte börja, förrän Försäkringskassan har godkänt"
                 " utvidgningen (5 § tredje stycket).",
                 "Godkänns professionen blir besöket bokat. Avslås den avbokas besöket."),
    ),
    Step(
        "register", "Registrera ett besök som har varit", "Utföraren registrerade ett genomfört besök: {visit}.",
        from_=(NEW,), to="carried_out", by=PHYSICIAN, input="register", case_in=CLOSES,
        guards=("has_physician", "is_responsible_physician"), confirm=True, tells=THE_OTHERS,
        hint="Bara om besöket inte bokades i portalen. Den ansvariga läkaren gör det.",
        happens=("Försäkringskassan och regionen ser att besöket är genomfört.",),
    ),
    Step(
        "confirm_provisional", "Bekräfta bokningen", "Utvidgningen är godkänd och besöket är bokat: {visit}.",
        from_=("provisional",), to="booked", by={CLOCK: (Role.CLOCK,)}, follows=True,
    ),
    Step(
        "summon", "Kalla till besöket", "Utföraren kallade den försäkrade till besöket: {visit}.",
        from_=("booked",), to="summoned", by=UNIT, input="summon", case_in=RUNS, guards=("own_visit", "not_begun"),
        tells=(AGENCY,), confirm=True, hint="Kallelsen finns som brev att skriva ut.",
        happens=("Försäkringskassan ser att den försäkrade är kallad.",),
    ),
    Step(
        "rebook", "Boka om", "Utföraren bokade om ett besök till {visit}.",
        from_=FIRM, to="booked", by=UNIT, input="rebook", case_in=RUNS, guards=("own_visit", "not_begun"),
        closes=("close_visit",), confirm=True, tells=THE_OTHERS,
        hint="Har den försäkrade lämnat återbud: avboka i stället, så att återbudet räknas rätt.",
        happens=("Den försäkrade behöver kallas på nytt.",),
    ),
    Step(
        "rebook_provisional", "Boka om", "Utföraren bokade om ett preliminärt besök till {visit}.",
        from_=("provisional",), to=None, by=UNIT, input="rebook", case_in=RUNS, guards=("own_visit",),
        closes=("close_visit",), confirm=True, tells=THE_OTHERS,
        happens=("Bokningen är fortfarande preliminär.",),
    ),
    Step(
        "book_interpreter", "Tolken är bokad", "Utföraren bokade tolk till besöket: {visit}.",
        from_=OPEN, to=None, by=UNIT, case_in=RUNS, guards=("own_visit", "interpreter_needed"),
        hint="Besöket behöver tolk, och det är inte noterat att tolken är bokad.",
    ),
    Step(
        "carry_out", "Besöket är genomfört", "Besöket genomfördes: {visit}.",
        from_=FIRM, to="carried_out", by=UNIT, input="carry_out", case_in=CLOSES, guards=("own_visit", "has_begun"),
        tells=THE_OTHERS,
    ),
    Step(
        "interrupt", "Besöket avbröts", "Besöket avbröts: {visit}.",
        from_=FIRM, to="interrupted", by=UNIT, input="interrupt", case_in=CLOSES, guards=("own_visit", "has_begun"),
        note_to=EVERYBODY, tells=THE_OTHERS, hint="Till exempel om tolken uteblev. Det är inget uteblivet besök.",
    ),
    Step(
        "no_show", "Den försäkrade uteblev", "Besöket uteblev: {visit}.",
        from_=FIRM, to="no_show", by=UNIT, input="no_show", case_in=CLOSES, guards=("own_visit", "has_begun"),
        note_to=EVERYBODY, tells=THE_OTHERS, confirm=True,
        hint="Kom inte, kom för sent eller kunde eller ville inte delta.",
        happens=("Det skrivs in som en avvikelse som alla parter ser.",),
    ),
    Step(
        "cancel", "Avboka", "{party} avbokade ett besök: {visit}.",
        from_=OPEN, to="cancelled", by={**UNIT, **OFFICE}, input="cancel", case_in=CLOSES, guards=("own_visit",),
        note_to=EVERYBODY, tells=EVERYBODY, confirm=True,
        hint="Återbud från den försäkrade, eller för att ni eller Försäkringskassan avbokar.",
        happens=("Alla parter ser att besöket är avbokat.",),
    ),
    Step(
        "has_been", "Besöket har varit", "Dagen för besöket har varit: {visit}.",
        from_=OPEN, to=None, by={CLOCK: (Role.CLOCK,)}, opens={"*": ("close_visit",)}, needs_closed=("close_visit",),
        guards=("day_has_been",),
    ),
    Step(
        "decline", "Avboka med avslaget", "Utvidgningen godkändes inte och besöket avbokades: {visit}.",
        from_=("provisional",), to="cancelled", by={CLOCK: (Role.CLOCK,)}, follows=True,
    ),
    Step(
        "close", "Avsluta med utredningen", "Besöket avbokades med utredningen: {visit}.",
        from_=OPEN, to="cancelled", by={CLOCK: (Role.CLOCK,)}, follows=True,
    ),
)  # fmt: skip

VISIT = Process(
    "visit",
    "Besök",
    cast("dict[str, Status]", STATUSES),
    cast("dict[str, DutyKind]", DUTIES),
    cast("dict[str, Step]", STEPS),
    slug="besok",
    closes_with=("complete", "withdraw", "end", "hand_back"),
)
