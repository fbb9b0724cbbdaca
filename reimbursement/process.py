"""Begäran om ersättning: from a proposal that the portal makes of the facts, to a payment (9, 11–13, 15 §§ förordning 2018:1633).

The region claims, a controller decides line by line, another person attests, a batch pays. A claim is the region's: neither
the ordering case officer nor the performer sees it, so its events belong to no case. Money is in `models/`, the rules of a
line in `lines.py` and `checks/`.
"""

from typing import cast

from accounts.roles import Party, Role
from fmu_portal.engine.table import NEW, DutyKind, Process, Status, Step, by_name

AGENCY, REGION, CLOCK = Party.AGENCY, Party.REGION, Party.CLOCK

FINANCE = {REGION: (Role.FINANCE_OFFICER,)}
ANSWERS = {REGION: (Role.FINANCE_OFFICER, Role.REGION_COORDINATOR)}
CONTROLLER = {AGENCY: (Role.CONTROLLER,)}
ATTESTER = {AGENCY: (Role.ATTESTER,)}
MACHINE = {CLOCK: (Role.CLOCK,)}

DUTIES = by_name(
    DutyKind("decide_claim", "Granska begäran om ersättning", (AGENCY,), "routine.decide_claim", "decide"),
    DutyKind("answer_claim", "Svara på en fråga om ersättning", (REGION,), "routine.answer_claim", "answer"),
    DutyKind("attest_claim", "Attestera beslut om ersättning", (AGENCY,), "routine.attest_claim", "attest"),
    DutyKind("pay_claim", "Betala ut beslutad ersättning", (AGENCY,), "routine.pay_claim", "pay"),
)

STATUSES = by_name(
    Status(NEW, "Ny"),
    Status("proposed", "Att begära"),
    Status("set_aside", "Begärs inte", ended=True),
    Status("submitted", "Inkommen", ("decide_claim",), tone="info"),
    Status("asked", "Fråga till regionen", ("answer_claim",), tone="warning"),
    Status("decided", "Beslutad, inte attesterad", ("attest_claim",), tone="info"),
    Status("attested", "Ska betalas ut", ("pay_claim",), tone="success"),
    Status("in_payment", "Under utbetalning", tone="success"),
    Status("paid", "Utbetald", ended=True, tone="success"),
    Status("refused", "Avslagen", ended=True, tone="warning"),
)
"""No law says when a region must claim (15 §), so a proposal owes nothing; it stands in the region's list until it is claimed
or set aside. While a claim is being paid its batch is what is owed."""

STEPS = by_name(
    Step(
        "propose", "Föreslå ersättning", "Portalen föreslog en begäran om ersättning.",
        from_=(NEW,), to="proposed", by=MACHINE,
    ),
    Step(
        "refresh", "Räkna om förslaget", "Portalen räknade om förslaget efter en händelse i utredningen.",
        from_=("proposed",), to=None, by=MACHINE,
    ),
    Step(
        "open_administration", "Begär ersättning för central administration",
        "Regionen började en begäran för central administration.",
        from_=(NEW,), to="proposed", by=FINANCE, input="administration",
    ),
    Step(
        "open_training", "Begär ersättning för utbildning", "Regionen började en begäran för utbildning.",
        from_=(NEW,), to="proposed", by=FINANCE, input="training",
    ),
    Step(
        "enter_costs", "Fyll i kostnader", "Regionen fyllde i kostnader.",
        from_=("proposed", "asked"), to=None, by=FINANCE, input="costs",
        hint="Kostnad för varje post, utan moms som ni får tillbaka.",
    ),
    Step(
        "submit", "Skicka begäran om ersättning", "Regionen skickade begäran om ersättning.",
        from_=("proposed",), to="submitted", by=FINANCE, guards=("costs_are_there", "evidence_can_be_sent", "examiner_is_there"),
        confirm=True, sees="version",
        happens=("Försäkringskassan granskar begäran post för post.",
                 "Ni kan ta tillbaka den så länge den inte är beslutad."),
    ),
    Step(
        "recall", "Ta tillbaka begäran", "Regionen tog tillbaka begäran om ersättning.",
        from_=("submitted", "asked"), to="proposed", by=FINANCE, tells=(AGENCY,),
        hint="För att ändra något. Begäran kan skickas igen.",
    ),
    Step(
        "set_aside", "Begär inte ersättning", "Regionen avstod från att begära ersättning.",
        from_=("proposed",), to="set_aside", by=FINANCE, input="reason",
        hint="Förslaget läggs åt sidan. Det går att ta fram igen.",
    ),
    Step(
        "take_up", "Ta fram igen", "Regionen tog fram förslaget igen.",
        from_=("set_aside",), to="proposed", by=FINANCE, guards=("lines_are_free",),
    ),
    Step(
        "ask", "Fråga regionen", "Försäkringskassan ställde en fråga om begäran.",
        from_=("submitted",), to="asked", by=CONTROLLER, input="question", sees="version",
    ),
    Step(
        "answer", "Svara på frågan", "Regionen svarade på frågan om begäran.",
        from_=("asked",), to="submitted", by=ANSWERS, input="answer", guards=("evidence_can_be_sent",),
    ),
    Step(
        "decide", "Besluta post för post", "Försäkringskassan beslutade om ersättningen.",
        from_=("submitted",), to="decided", by=CONTROLLER, input="decide", sees="version", confirm=True,
        guards=("not_recused",),
        happens=("En annan person attesterar innan något betalas.",
                 "Regionen läser skälet till varje post som inte godtas helt.",
                 "Beslutet går inte att överklaga (24 §)."),
    ),
    Step(
        "approve_all", "Godta allt som begärts", "Försäkringskassan godtog allt som begärts.",
        from_=("submitted",), to="decided", by=CONTROLLER, guards=("not_recused", "everything_holds"), sees="version",
        hint="Bara när varje kontroll är uppfylld.",
    ),
    Step(
        "send_back", "Lämna tillbaka till controllern", "Attestanten lämnade tillbaka beslutet.",
        from_=("decided",), to="submitted", by=ATTESTER, input="sent_back", sees="version", guards=("not_recused",),
    ),
    Step(
        "attest", "Attestera", "Beslutet om ersättning attesterades.",
        from_=("decided",), to="attested", by=ATTESTER,
        guards=("not_recused", "not_decider", "has_amount", "year_has_room"), sees="version", tells=(REGION,),
        hint="Beloppet bokförs och betalas ut i nästa utbetalning.",
    ),
    Step(
        "attest_refusal", "Attestera avslaget", "Beslutet att inte betala någon ersättning attesterades.",
        from_=("decided",), to="refused", by=ATTESTER, guards=("not_recused", "not_decider", "has_no_amount"),
        sees="version", tells=(REGION,),
    ),
    Step(
        "correct", "Rätta ett bokfört belopp", "Ett bokfört belopp rättades.",
        from_=("attested",), to=None, by=ATTESTER, input="correction", sees="version", guards=("not_recused",),
        tells=(REGION,),
        hint="Innan det betalas ut. Rättelsen blir en ny post i bokföringen, och utbetalningen kontrolleras i efterhand.",
    ),
    Step(
        "pay", "Ta med i en utbetalning", "Beloppet togs med i en utbetalning.",
        from_=("attested",), to="in_payment", by={**ATTESTER, **MACHINE}, follows=True,
    ),
    Step(
        "release", "Ta ut ur utbetalningen", "Utbetalningen genomfördes inte. Beloppet tas med i nästa.",
        from_=("in_payment",), to="attested", by=MACHINE, follows=True,
    ),
    Step(
        "settle", "Utbetald", "Ersättningen är utbetald.",
        from_=("in_payment",), to="paid", by=MACHINE, follows=True, tells=(REGION,),
    ),
)  # fmt: skip

CLAIM = Process(
    "claim",
    "Begäran om ersättning",
    cast("dict[str, Status]", STATUSES),
    cast("dict[str, DutyKind]", DUTIES),
    cast("dict[str, Step]", STEPS),
)

WITH_AGENCY = ("submitted", "asked", "decided", "attested", "in_payment", "paid", "refused")
"""The statuses in which the agency sees a claim: a proposal is the region's own."""
