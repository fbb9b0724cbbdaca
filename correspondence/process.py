"""Trådens process: a thread of messages between two or three organisations, as one page of data.

A message may ask one of the others for an answer: that is a duty of theirs until somebody with the right role answers, the
question is withdrawn, or the clock lets it lapse because the case ended or a party left it. What is written stands in
`Message` rows, never in an event.
"""

from typing import cast

from accounts.roles import ASSESSORS, Party, Role
from fmu_portal.engine.table import DutyKind, Process, Status, Step, by_name

WRITERS = {
    Party.AGENCY: (Role.CASE_OFFICER, Role.COORDINATOR),
    Party.REGION: (Role.REGION_COORDINATOR, Role.FINANCE_OFFICER),
    Party.PERFORMER: (Role.PERFORMER_ADMIN, *ASSESSORS),
}
"""Who writes for each party. The medical adviser reads; controller and attester come with the claims."""

CLOCK = {Party.CLOCK: (Role.CLOCK,)}

DUTIES = by_name(
    DutyKind(
        "answer_message",
        "Svara på ett meddelande",
        (Party.AGENCY, Party.REGION, Party.PERFORMER),  # the one that was asked: the step says which
        "routine.answer_message",
        "answer",
    ),
)

STATUSES = by_name(
    Status("open", "Öppen"),
    Status("asked", "Väntar på svar", ("answer_message",), tone="warning"),
    Status("closed", "Avslutad", ended=True),
)

STEPS = by_name(
    Step(
        "write", "Skriv ett meddelande", "{party} skrev ett meddelande.",
        from_=("open", "asked"), to=None, by=WRITERS, input="message", guards=("may_write",),
    ),
    Step(
        "ask", "Skriv och be om svar", "{party} bad om svar på ett meddelande.",
        from_=("open",), to="asked", by=WRITERS, input="question", guards=("may_write", "case_is_open"),
    ),
    Step(
        "answer", "Svara", "{party} svarade på ett meddelande.",
        from_=("asked",), to="open", by=WRITERS, input="answer", guards=("may_write", "is_asked"),
    ),
    Step(
        "withdraw_question", "Ta tillbaka frågan", "{party} tog tillbaka sin fråga.",
        from_=("asked",), to="open", by=WRITERS, guards=("may_write", "has_asked"),
        hint="Svaret behövs inte längre.",
    ),
    Step(
        "close", "Avsluta tråden", "{party} avslutade tråden.",
        from_=("open",), to="closed", by=WRITERS, guards=("may_write",),
        hint="Meddelandena går fortfarande att läsa.",
    ),
    Step(
        "lapse", "Frågan behöver inte besvaras", "Frågan behöver inte längre besvaras.",
        from_=("asked",), to="open", by=CLOCK,
    ),
    Step(
        "leave", "En part lämnar tråden", "En part lämnade ärendet och tråden.",
        from_=("open", "asked", "closed"), to=None, by=CLOCK, input="leaving",
    ),
)  # fmt: skip

THREAD = Process(
    "thread",
    "Meddelanden",
    cast("dict[str, Status]", STATUSES),
    cast("dict[str, DutyKind]", DUTIES),
    cast("dict[str, Step]", STEPS),
)

OPEN_STATUSES = tuple(s.name for s in THREAD.statuses.values() if not s.ended)
