"""Förfrågan: the region asks performers, they answer, one is chosen (5 § förordning 2018:1633: the region chooses)."""

from typing import cast

from accounts.roles import Role
from fmu_portal.engine.table import NEW, DutyKind, Process, Status, Step, by_name
from orders.process import CLOCK, COORDINATOR, PERFORMER, REGION, UNIT

DUTIES = by_name(
    DutyKind("answer_inquiry", "Svara på en förfrågan om ett uppdrag", (PERFORMER,), "routine.inquiry", "accept"),
)

STATUSES = by_name(
    Status(NEW, "Ny"),
    Status("sent", "Tillfrågad", ("answer_inquiry",), tone="info"),
    Status("accepted", "Tackat ja", tone="success"),
    Status("declined", "Tackat nej", ended=True, tone="warning"),
    Status("lapsed", "Inte svarat i tid", ended=True, tone="warning"),
    Status("chosen", "Utvald", ended=True, tone="success"),
    Status("not_chosen", "Inte utvald", ended=True),
    Status("recalled", "Återtagen", ended=True),
)

WAITS = ("requested",)

STEPS = by_name(
    Step(
        "ask", "Fråga utförare", "Regionen frågade en utförare.",
        from_=(NEW,), to="sent", by={**COORDINATOR, CLOCK: (Role.CLOCK,)}, input="ask", case_in=WAITS,
        hint="En, flera eller alla som har avtal. De ser kommun, språk och behov, men varken ärendet eller personen.",
    ),
    Step(
        "accept", "Tacka ja", "En tillfrågad utförare tackade ja.",
        from_=("sent",), to="accepted", by=UNIT, input="accept", case_in=WAITS,
        guards=("agreement_in_force", "in_time"), tells=(REGION,),
    ),
    Step(
        "decline", "Tacka nej", "En tillfrågad utförare tackade nej.",
        from_=("sent", "accepted"), to="declined", by=UNIT, input="reason", case_in=WAITS, note_to=(REGION,),
        tells=(REGION,),
    ),
    Step(
        "lapse", "Låt förfrågan gå ut", "En tillfrågad utförare svarade inte i tid.",
        from_=("sent",), to="lapsed", by={CLOCK: (Role.CLOCK,)}, guards=("answer_overdue",), tells=(REGION, PERFORMER),
    ),
    Step(
        "choose", "Välj utföraren", "Regionen valde en tillfrågad utförare.",
        from_=("accepted",), to="chosen", by=COORDINATOR, case_in=WAITS, guards=("agreement_in_force",),
        hint="Utföraren tilldelas utredningen. De andra tillfrågade får veta att de inte valdes.",
    ),
    Step(
        "become", "Bli utvald", "Den tillfrågade utföraren fick uppdraget.",
        from_=("sent", "accepted"), to="chosen", by={CLOCK: (Role.CLOCK,)}, follows=True,
    ),
    Step(
        "pass_over", "Inte bli utvald", "En annan utförare fick uppdraget.",
        from_=("sent", "accepted"), to="not_chosen", by={CLOCK: (Role.CLOCK,)}, follows=True, tells=(PERFORMER,),
    ),
    Step(
        "recall", "Ta tillbaka förfrågan", "Regionen tog tillbaka en förfrågan.",
        from_=("sent", "accepted"), to="recalled", by=COORDINATOR, tells=(PERFORMER,),
        hint="Utföraren får veta det och kan inte längre svara.",
    ),
    Step(
        "close", "Avsluta med utredningen", "En förfrågan avslutades.",
        from_=("sent", "accepted"), to="recalled", by={CLOCK: (Role.CLOCK,)}, follows=True, tells=(PERFORMER,),
    ),
)  # fmt: skip

INQUIRY = Process(
    "inquiry",
    "Förfrågan",
    cast("dict[str, Status]", STATUSES),
    cast("dict[str, DutyKind]", DUTIES),
    cast("dict[str, Step]", STEPS),
    slug="forfragan",
    closes_with=("withdraw", "end", "return", "hand_back"),
    apart="/forfragningar/",
)
"""A part of a case with which the asked performer never reaches the case: it answers on pages of its own."""

ANSWERS = ("accept", "decline")
"""The steps of the performer asked."""
