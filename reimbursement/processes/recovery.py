"""Återkrav: wrongly or too highly paid money is demanded back (19–21 §§ förordning 2018:1633).

A controller decides, another person attests. Interest follows räntelagen, by dated records that an administrator enters.
"""

from typing import cast

from fmu_portal.engine.table import NEW, DutyKind, Process, Status, Step, by_name
from reimbursement.process import AGENCY, ATTESTER, CONTROLLER, FINANCE, MACHINE, REGION

DUTIES = by_name(
    DutyKind("decide_recovery", "Besluta om återkrav", (AGENCY,), "routine.decide_recovery", "decide"),
    DutyKind("attest_recovery", "Attestera beslut om återkrav", (AGENCY,), "routine.attest_recovery", "attest"),
    DutyKind("repay", "Betala tillbaka ersättning", (REGION,), "routine.repay", "announce"),
)

STATUSES = by_name(
    Status(NEW, "Ny"),
    Status("opened", "Utreds", ("decide_recovery",), tone="warning"),
    Status("decided", "Beslutat, inte attesterat", ("attest_recovery",), tone="info"),
    Status("demanded", "Återkrävt", ("repay",), tone="warning"),
    Status("settled", "Reglerat", ended=True, tone="success"),
    Status("dropped", "Inget återkrav", ended=True),
)

STEPS = by_name(
    Step(
        "open", "Utred återkrav", "Försäkringskassan började utreda ett återkrav.",
        from_=(NEW,), to="opened", by=CONTROLLER, input="open", guards=("not_recused", "claim_is_paid"),
        hint="När ersättning har betalats felaktigt eller med för högt belopp (19 §).",
    ),
    Step(
        "decide", "Besluta om återkrav", "Försäkringskassan beslutade om återkrav.",
        from_=("opened",), to="decided", by=CONTROLLER, input="decide", guards=("not_recused", "within_ten_years"),
        sees="version", confirm=True,
        happens=("En annan person attesterar innan regionen får kravet.", "Beslutet går inte att överklaga (24 §)."),
    ),
    Step(
        "drop", "Avsluta utan återkrav", "Utredningen avslutades utan återkrav.",
        from_=("opened",), to="dropped", by=CONTROLLER, input="reason", sees="version", guards=("not_recused",),
    ),
    Step(
        "send_back", "Lämna tillbaka till controllern", "Attestanten lämnade tillbaka beslutet om återkrav.",
        from_=("decided",), to="opened", by=ATTESTER, input="reason", sees="version", guards=("not_recused",),
    ),
    Step(
        "attest", "Attestera", "Beslutet om återkrav attesterades.",
        from_=("decided",), to="demanded", by=ATTESTER, sees="version", tells=(REGION,),
        guards=("not_recused", "not_decider", "within_ten_years", "due_is_ahead"),
        hint="Beloppet bokförs som regionens skuld.",
    ),
    Step(
        "register_repayment", "Registrera återbetalning", "En återbetalning registrerades.",
        from_=("demanded",), to=None, by={AGENCY: (*CONTROLLER[AGENCY], *ATTESTER[AGENCY])}, input="repayment",
        sees="version", tells=(REGION,),
    ),
    Step(
        "announce", "Meddela att ni har betalat", "Regionen meddelade att den har betalat tillbaka.",
        from_=("demanded",), to=None, by=FINANCE, input="announcement", tells=(AGENCY,),
        hint="Försäkringskassan registrerar betalningen när den har kommit.",
    ),
    Step(
        "set_off", "Kvitta", "En del av återkravet kvittades mot en utbetalning.",
        from_=("demanded",), to=None, by=MACHINE, follows=True,
    ),
    Step(
        "undo_set_off", "Ta tillbaka kvittningen", "Utbetalningen avbröts, och kvittningen togs tillbaka.",
        from_=("demanded",), to=None, by=MACHINE, follows=True,
    ),
    Step(
        "settle", "Reglera", "Återkravet är reglerat.",
        from_=("demanded",), to="settled", by=MACHINE, follows=True, tells=(REGION,),
    ),
)  # fmt: skip

RECOVERY = Process(
    "recovery",
    "Återkrav",
    cast("dict[str, Status]", STATUSES),
    cast("dict[str, DutyKind]", DUTIES),
    cast("dict[str, Step]", STEPS),
)

DEMANDED = ("demanded", "settled")
"""The statuses in which the region sees a recovery: before the attest it is the agency's own question."""
