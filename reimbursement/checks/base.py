"""What a check is, and what it is given to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from reimbursement.facts import CaseFacts, VisitFact
from reimbursement.models.claim import Claim, Line


class Verdict(StrEnum):
    """Svar: the rule holds, a person must judge, or something stops."""

    HOLDS = "holds"
    PERSON = "person"
    STOPS = "stops"


WORDS = {
    Verdict.HOLDS: "Uppfyllt",
    Verdict.PERSON: "Du behöver bedöma",
    Verdict.STOPS: "Inte uppfyllt",
}


@dataclass(frozen=True)
class Answer:
    """What a check says: its verdict, the fact in the case that it looked at, and why, when it does not simply hold."""

    verdict: Verdict
    fact: str
    why: str = ""


def holds(fact: str) -> Answer:
    """The rule holds."""
    return Answer(Verdict.HOLDS, fact)


def person(fact: str, why: str) -> Answer:
    """A person must judge."""
    return Answer(Verdict.PERSON, fact, why)


def stops(fact: str, why: str) -> Answer:
    """The rule does not hold."""
    return Answer(Verdict.STOPS, fact, why)


@dataclass
class Seen:
    """Everything that a check of one line may look at. Amounts in öre.

    ``twins``: (number, region id) of other claims that hold or were paid the same fact. ``median``: the region's own of
    the kind, None with fewer than ten before. ``evidence``: how many documents the claim has. ``year_total``: what other
    claims for central administration of the year have claimed or been granted. ``journeys``: numbers of other claims for
    travel to training on the same day. ``rule_now``: the code of the rule that is
    in force for the line's day now. ``unusual``: the routine's per cent.
    """

    claim: Claim
    line: Line
    case: CaseFacts | None
    twins: list[tuple[str, int]] = field(default_factory=list)
    median: int | None = None
    evidence: int = 0
    year_total: int = 0
    quarter_twins: list[str] = field(default_factory=list)
    journeys: list[str] = field(default_factory=list)
    rule_now: str = ""
    ceiling_now: int | None = None
    unusual: int = 25

    @property
    def cost(self) -> int:
        """The line's cost in öre, 0 when none has been entered."""
        return self.line.cost or 0

    @property
    def visit(self) -> VisitFact | None:
        """The visit that the line is of, when it is of one and the facts still have it."""
        return next((v for v in self.case.visits if v.pk == self.line.visit_id), None) if self.case else None

    @property
    def own(self) -> bool:
        """The region runs the performer that the line is of."""
        return (self.visit.own if self.visit else self.case.own) if self.case else False


Function = Callable[[Seen], Answer]


@dataclass(frozen=True)
class Check:
    """A check in the register: ``kinds`` of line that it asks of, ``group`` and ``law`` as the page shows them."""

    name: str
    label: str
    group: str
    law: str
    kinds: tuple[str, ...]
    function: Function


CHECKS: dict[str, Check] = {}

RIGHT, AMOUNT = "Rätt till ersättning", "Belopp"


def check(label: str, law: str, *kinds: str, group: str = RIGHT) -> Callable[[Function], Function]:
    """Register a function as the check of these kinds of line, under its own name."""

    def add(function: Function) -> Function:
        name = function.__name__
        if name in CHECKS:
            raise ValueError(f"two checks are named {name}")
        CHECKS[name] = Check(name, label, group, law, tuple(str(k) for k in kinds), function)
        return function

    return add
