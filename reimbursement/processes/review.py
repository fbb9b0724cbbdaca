"""Utbetalningskontroll: payments that were made are looked through afterwards, a random sample and every risky one.

Source: Försäkringskassan's model for quality, sections 2.2–2.3 and note 6 (seeds/000): what cannot be prevented is
controlled afterwards. How large the share is, and what counts as a high amount, are routines that are settings here.
"""

from typing import cast

from fmu_portal.engine.table import NEW, DutyKind, Process, Status, Step, by_name
from reimbursement.process import AGENCY, CONTROLLER, MACHINE

DUTIES = by_name(
    DutyKind(
        "review_payment", "Kontrollera en utbetalning i efterhand", (AGENCY,), "routine.review_payment", "find_right"
    ),
    DutyKind("follow_up_fault", "Följ upp ett fel i en utbetalning", (AGENCY,), "routine.follow_up_fault", "follow_up"),
)

STATUSES = by_name(
    Status(NEW, "Ny"),
    Status("selected", "Ska kontrolleras", ("review_payment",), tone="info"),
    Status("right", "Inget fel", ended=True, tone="success"),
    Status("wrong", "Fel", ("follow_up_fault",), tone="warning"),
    Status("followed_up", "Fel, uppföljt", ended=True, tone="warning"),
)

STEPS = by_name(
    Step(
        "select", "Välj ut", "Utbetalningen valdes ut för kontroll.",
        from_=(NEW,), to="selected", by=MACHINE,
    ),
    Step(
        "find_right", "Inget fel", "Kontrollen visade inget fel.",
        from_=("selected",), to="right", by=CONTROLLER, input="finding_right", guards=("not_involved",),
    ),
    Step(
        "find_wrong", "Fel", "Kontrollen visade ett fel.",
        from_=("selected",), to="wrong", by=CONTROLLER, input="finding_wrong", guards=("not_involved",),
    ),
    Step(
        "follow_up", "Följ upp felet", "Felet följdes upp.",
        from_=("wrong",), to="followed_up", by=CONTROLLER, input="reason",
        hint="Vad som har gjorts: återkrav, rättelse, ändrad rutin.",
    ),
)  # fmt: skip

REVIEW = Process(
    "review",
    "Utbetalningskontroll",
    cast("dict[str, Status]", STATUSES),
    cast("dict[str, DutyKind]", DUTIES),
    cast("dict[str, Step]", STEPS),
)
