"""Utvidgning: the responsible physician proposes other professions, the agency decides (5 § and 8 § förordning 2018:1633)."""

from typing import cast

from accounts.roles import Role
from fmu_portal.engine.table import NEW, DutyKind, Process, Status, Step, by_name
from orders.process import AGENCY, CLOCK, OFFICE, PERFORMER, PHYSICIAN, REGION, UNIT

DUTIES = by_name(
    DutyKind("decide_expansion", "Besluta om utvidgning", (AGENCY,), "routine.decide_expansion", "approve"),
)

STATUSES = by_name(
    Status(NEW, "Ny"),
    Status("applied", "Utvidgning prövas", ("decide_expansion",), tone="info"),
    Status("approved", "Utvidgning godkänd", ended=True, tone="success"),
    Status("declined", "Utvidgning avslagen", ended=True, tone="warning"),
    Status("recalled", "Förslaget återtaget", ended=True),
    Status("closed", "Avslutad med utredningen", ended=True),
)

STEPS = by_name(
    Step(
        "propose", "Föreslå utvidgning", "Utföraren föreslog att utredningen utvidgas.",
        from_=(NEW,), to="applied", by=PHYSICIAN, input="propose", case_in=("in_progress",),
        guards=("is_responsible_physician", "none_open"), note_to=(AGENCY, PERFORMER), tells=(REGION,), confirm=True,
        hint="När profilen är oklar och en annan profession kan klargöra den.",
        happens=("Försäkringskassan beslutar. Besök hos en annan profession får inte börja före beslutet (5 §).",
                 "Sista dag ändras först när Försäkringskassan har beslutat om extra tid."),
    ),
    Step(
        "approve", "Godkänn utvidgningen", "Försäkringskassan godkände utvidgningen.",
        from_=("applied",), to="approved", by=OFFICE, input="approve", note_to=(AGENCY, REGION, PERFORMER),
        tells=(REGION, PERFORMER), confirm=True,
        happens=("Professionerna som du väljer får börja sina besök.",
                 "Extra tid flyttar sista dag. Högst 20 vardagar sammanlagt (8 §)."),
    ),
    Step(
        "decline", "Avslå utvidgningen", "Försäkringskassan avslog utvidgningen.",
        from_=("applied",), to="declined", by=OFFICE, input="reason", note_to=(AGENCY, REGION, PERFORMER),
        tells=(REGION, PERFORMER),
    ),
    Step(
        "recall", "Ta tillbaka förslaget", "Utföraren tog tillbaka förslaget om utvidgning.",
        from_=("applied",), to="recalled", by=UNIT, tells=(AGENCY, REGION),
    ),
    Step(
        "close", "Avsluta med utredningen", "Förslaget om utvidgning avslutades utan beslut.",
        from_=("applied",), to="closed", by={CLOCK: (Role.CLOCK,)}, follows=True,
    ),
)  # fmt: skip

EXPANSION = Process(
    "expansion",
    "Utvidgning",
    cast("dict[str, Status]", STATUSES),
    cast("dict[str, DutyKind]", DUTIES),
    cast("dict[str, Step]", STEPS),
    slug="utvidgning",
    closes_with=("deliver", "register_report", "withdraw", "end", "hand_back"),
)
