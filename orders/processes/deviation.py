"""Avvikelse: something did not go as it should; cause and action are written down until somebody closes it."""

from typing import cast

from accounts.roles import Role
from fmu_portal.engine.table import NEW, DutyKind, Process, Status, Step, by_name
from orders.process import AGENCY, CLOCK, OPEN_STATUSES, PERFORMER, REGION

EVERYBODY = {
    AGENCY: (Role.CASE_OFFICER, Role.COORDINATOR),
    REGION: (Role.REGION_COORDINATOR,),
    PERFORMER: (Role.PERFORMER_ADMIN, Role.PHYSICIAN),
}
ALL = (AGENCY, REGION, PERFORMER)

STATUSES = by_name(
    Status(NEW, "Ny"),
    Status("open", "Öppen avvikelse", tone="warning"),
    Status("closed", "Avslutad avvikelse", ended=True),
)

STEPS = by_name(
    Step(
        "report", "Anmäl en avvikelse", "{party} anmälde en avvikelse: {deviation}.",
        from_=(NEW,), to="open", by=EVERYBODY, input="report",
        case_in=tuple(s for s in (*OPEN_STATUSES, "accepted", "withdrawn", "ended") if s != "draft"),
        note_to=ALL, tells=ALL, hint="Något som inte gick som det skulle. Alla parter ser den.",
    ),
    Step(
        "record", "Skriv in avvikelsen", "En avvikelse skrevs in: {deviation}.",
        from_=(NEW,), to="open", by={CLOCK: (Role.CLOCK,)}, input="record", tells=ALL,
    ),
    Step(
        "act", "Skriv orsak eller åtgärd", "{party} skrev orsak eller åtgärd till avvikelsen: {deviation}.",
        from_=("open",), to=None, by=EVERYBODY, input="act", note_to=ALL, tells=ALL,
    ),
    Step(
        "close", "Avsluta avvikelsen", "{party} avslutade avvikelsen: {deviation}.",
        from_=("open",), to="closed", by=EVERYBODY, input="act", note_to=ALL,
    ),
)  # fmt: skip

DEVIATION = Process(
    "deviation",
    "Avvikelse",
    cast("dict[str, Status]", STATUSES),
    cast("dict[str, DutyKind]", {}),
    cast("dict[str, Step]", STEPS),
    slug="avvikelse",
)
