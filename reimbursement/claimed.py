"""What a claim's page shows, whoever reads it: lines with their rule and fact, decisions, history, payment. Amounts in öre."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fmu_portal.models import Event
from fmu_portal.money import kronor
from orders.sentences import sentence
from reimbursement.effects import lines_of
from reimbursement.inputs.claims import words
from reimbursement.models import Bar, BatchItem, Claim, Decision, Line, LineKind, Outcome, Remark
from rules.models import Rule
from rules.remembered import rules_by_code

READ = ("attested", "in_payment", "paid", "refused")
"""The statuses in which a decision is the region's to read: before attest it may be made anew."""
REMARKS = {"question": "Fråga", "answer": "Svar", "reason": "Skäl"}
"""Kind of remark -> its heading."""


@dataclass
class Shown:
    """A line: ``title`` in words, ``ceiling`` as a sentence, ``rule`` where it is from, ``event`` with its ``sentence``.

    ``over``: how much of the cost is above the ceiling. ``outcome``, ``amount`` and ``reason``: of the decision, when it is
    to be read. ``bar``: why law gives nothing.
    """

    line: Line
    title: str
    ceiling: str
    rule: Rule | None
    event: Event | None
    sentence: str
    over: int = 0
    bar: str = ""
    outcome: str = ""
    amount: int | None = None
    reason: str = ""


def lines_shown(claim: Claim, *, decisions: bool) -> list[Shown]:
    """The claim's lines, those that law bars too; at most three queries. ``decisions``: with what was decided."""
    lines = lines_of(claim)
    events = Event.objects.in_bulk([line.event_id for line in lines if line.event_id is not None])
    latest: dict[int, Decision] = {}
    if decisions:
        for decision in Decision.objects.filter(line_id__in=[line.pk for line in lines]).order_by("pk"):
            latest[decision.line_id] = decision
    names = {claim.performer.pk: claim.performer.name} if claim.performer is not None else {}
    rules = rules_by_code()
    found = []
    for line in lines:
        event, decided = events.get(line.event_id or 0), latest.get(line.pk)
        shown = Shown(
            line, words(line), ceiling_words(line), rules.get(line.rule), event, sentence(event, names) if event else ""
        )
        shown.over = max(0, line.cost - line.ceiling) if line.cost is not None and line.ceiling is not None else 0
        shown.bar = str(Bar(line.bar).label) if line.bar else ""
        if decided is not None:
            shown.outcome = str(Outcome(decided.outcome).label)
            shown.amount, shown.reason = decided.amount, decided.reason
        found.append(shown)
    return found


def ceiling_words(line: Line) -> str:
    """ "20 000 kr", "2 250 kr (900 kr per timme)", "Skäligt belopp"."""
    if line.bar and line.ceiling is None:
        return ""
    if line.ceiling is None:
        return "Skäligt belopp"
    each = {LineKind.INTERPRETER: "timme", LineKind.TRAINING: "dag", LineKind.ADMINISTRATION: "år"}.get(
        LineKind(line.kind)
    )
    if each is None or line.unit_ceiling is None:
        return kronor(line.ceiling)
    return f"{kronor(line.ceiling)} ({kronor(line.unit_ceiling)} per {each})"


@dataclass
class Happened:
    """An event of the claim's history, with what was written with it."""

    at: Any
    sentence: str
    remarks: list[tuple[str, str]] = field(default_factory=list)


def remarks_of(claim: Claim) -> list[Remark]:
    """What people wrote of the claim, that the reader may read (the wall says which), oldest first."""
    return list(Remark.objects.filter(process="claim", subject_id=claim.pk).order_by("pk"))


def history(claim: Claim, remarks: Iterable[Remark], *, without: tuple[str, ...] = ()) -> list[Happened]:
    """Newest first. ``without``: steps that are the other party's own."""
    written: dict[int, list[tuple[str, str]]] = {}
    for remark in remarks:
        written.setdefault(remark.event_id, []).append((REMARKS.get(remark.kind, "Anteckning"), remark.text))
    events = Event.objects.filter(process="claim", subject_id=claim.pk).order_by("-pk")[:100]
    return [
        Happened(event.at, sentence(event, {}), written.get(event.pk, []))
        for event in events
        if event.step not in without
    ]


def payment_of(claim: Claim) -> BatchItem | None:
    """The payment that the claim is in, or was in last."""
    return BatchItem.objects.filter(claim=claim).select_related("batch").order_by("released", "-pk").first()
