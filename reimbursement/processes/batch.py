"""Utbetalning: what one region is paid in one go (15 § förordning 2018:1633). Paid exactly once, however often a job runs.

Which claims are in it is fixed when it is made; the file for the finance system has the batch's number as its key, so that
a file sent twice is known as one.
"""

from typing import cast

from fmu_portal.engine.table import NEW, DutyKind, Process, Status, Step, by_name
from reimbursement.process import AGENCY, ATTESTER, MACHINE, REGION

DUTIES = by_name(
    DutyKind("send_batch", "Se till att utbetalningen skickas", (AGENCY,), "routine.send_batch", "send"),
    DutyKind(
        "confirm_batch", "Bekräfta att utbetalningen har gått fram", (AGENCY,), "routine.confirm_batch", "confirm"
    ),
    DutyKind("retry_batch", "Ta hand om en misslyckad utbetalning", (AGENCY,), "routine.retry_batch", "retry"),
)

STATUSES = by_name(
    Status(NEW, "Ny"),
    Status("created", "Skapad", ("send_batch",), tone="info"),
    Status("sent", "Skickad", ("confirm_batch",), tone="info"),
    Status("failed", "Misslyckad", ("retry_batch",), tone="warning"),
    Status("confirmed", "Bekräftad", ended=True, tone="success"),
    Status("cancelled", "Avbruten", ended=True),
)

STEPS = by_name(
    Step(
        "create", "Skapa utbetalning", "En utbetalning skapades.",
        from_=(NEW,), to="created", by={**ATTESTER, **MACHINE},
    ),
    Step(
        "send", "Filen är lämnad till ekonomisystemet", "Filen lämnades till ekonomisystemet.",
        from_=("created",), to="sent", by={**ATTESTER, **MACHINE}, guards=("file_is_there",),
    ),
    Step(
        "settle_by_set_off", "Kvittad helt", "Hela beloppet kvittades mot återkrav. Inget betalades ut.",
        from_=("created",), to="confirmed", by=MACHINE, guards=("nothing_to_send",), tells=(REGION,),
    ),
    Step(
        "confirm", "Bekräfta utbetalningen", "Utbetalningen bekräftades.",
        from_=("sent",), to="confirmed", by=ATTESTER, input="paid_on", sees="version", tells=(REGION,), confirm=True,
        happens=("Beloppet bokförs som utbetalt.", "Regionen får veta det."),
    ),
    Step(
        "fail", "Utbetalningen misslyckades", "Utbetalningen misslyckades.",
        from_=("sent",), to="failed", by=ATTESTER, input="failure", sees="version",
        hint="Till exempel när banken har avvisat filen eller kontot.",
    ),
    Step(
        "retry", "Skicka igen", "Utbetalningen skickas igen.",
        from_=("failed",), to="created", by=ATTESTER, sees="version", guards=("account_is_there",),
        hint="Samma utbetalning med samma nummer, till det konto som gäller nu.",
    ),
    Step(
        "cancel", "Avbryt utbetalningen", "Utbetalningen avbröts. Beloppen tas med i nästa.",
        from_=("failed",), to="cancelled", by=ATTESTER, input="reason", sees="version", confirm=True, tells=(REGION,),
        happens=("Inget betalas ut. Beslutade belopp tas med i nästa utbetalning.",),
    ),
)  # fmt: skip

BATCH = Process(
    "batch",
    "Utbetalning",
    cast("dict[str, Status]", STATUSES),
    cast("dict[str, DutyKind]", DUTIES),
    cast("dict[str, Step]", STEPS),
)
