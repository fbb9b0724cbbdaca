"""The decision as a letter: a PDF made once by a worker, when a claim's decision has been attested.

It says what was claimed and decided, line by line, with paragraph and reason. It names the officials who decided and
attested, and no insured person.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string

from accounts.actor import Actor
from documents import vault
from documents.models import Document, DocumentState
from documents.pdf import Attached, page_count, render
from documents.signing import sealed
from fmu_portal.engine import outbox
from fmu_portal.engine.door import Context
from fmu_portal.models import Event, Outbox
from fmu_portal.money import kronor
from orders.models import Assessment
from orders.pdf import ENDLESS
from reimbursement.inputs.claims import words
from reimbursement.models import Claim, Decision, Line, LineKind, Outcome

KIND = "claim_letter"
TITLE = "Beslut om ersättning för försäkringsmedicinska utredningar"
STEPS = ("attest", "attest_refusal")
"""The steps that a letter follows."""

LAW: dict[str, str] = {
    LineKind.INTERPRETER: "11 § andra stycket",
    LineKind.NO_SHOW: "11 § tredje stycket",
    LineKind.LATE_NOTICE: "11 § tredje stycket",
    LineKind.ADMINISTRATION: "12 §",
    LineKind.TRAINING: "13 § första stycket",
    LineKind.TRAVEL: "13 § andra stycket",
}
"""Kind of line -> its paragraph in the ordinance; every other kind is an examination."""
OUTCOMES = {
    Outcome.APPROVE: "Godtas",
    Outcome.REDUCE: "Godtas med ett lägre belopp",
    Outcome.REFUSE: "Avslås",
}


@dataclass(frozen=True)
class Row:
    """One line of a decision as it is read. Amounts in öre; ``ceiling`` None where law has none."""

    line: Line
    words: str
    law: str
    ceiling: int | None
    amount: int
    outcome: str
    reason: str


def law_of(line: Line) -> str:
    """The paragraph that gives a right to the line."""
    return LAW.get(line.kind, "11 § första stycket")


def case_words(claim: Claim, case: Assessment | None) -> str:
    """What the claim is about: the case's number, never a protected person's."""
    if claim.assessment_id is None:
        return claim.kind_label
    return f"Ärende {case.number}" if case is not None and not case.protected else "Skyddat ärende"


def latest(lines: Iterable[Line]) -> dict[int, Decision]:
    """line's id -> the decision that counts."""
    rows = Decision.objects.filter(line__in=list(lines)).order_by("line_id", "-event_id").distinct("line_id")
    return {decision.line_id: decision for decision in rows}


def rows_of(lines: Iterable[Line]) -> list[Row]:
    """The decided lines of a claim, in order."""
    claimed = [line for line in lines if not line.bar]
    decisions = latest(claimed)
    return [
        Row(
            line,
            words(line),
            law_of(line),
            line.ceiling,
            decisions[line.pk].amount,
            OUTCOMES[Outcome(decisions[line.pk].outcome)],
            decisions[line.pk].reason,
        )
        for line in claimed
        if line.pk in decisions
    ]


def order(contexts: list[Context]) -> None:
    """Have the letters made: a hook after the step, for a set of any size."""
    rows = {f"{KIND}:{c.event_id}": {"claim": c.subject.pk, "event": c.event_id} for c in contexts}
    outbox.put_many(KIND, rows, contexts[0].actor.mandate_id)


def ask(claim: Claim, actor: Actor) -> None:
    """Have a letter made that nobody has asked for: of a decision from before the letters, or made-up ones."""
    event = _events(claim).last()
    if claim.letter_id is None and event is not None:
        outbox.put(KIND, f"{KIND}:{event.pk}", {"claim": claim.pk, "event": event.pk}, actor.mandate_id)


def _events(claim: Claim) -> QuerySet[Event]:
    """The events that a letter follows."""
    return Event.objects.filter(process="claim", subject_id=claim.pk, step__in=STEPS).order_by("pk")


class State(StrEnum):
    """How far a letter has come."""

    MADE = "made"
    MAKING = "making"
    FAILED = "failed"  # it is tried again
    NONE = "none"  # nobody has asked for it


def state_of(claim: Claim) -> State:
    """How far the letter of an attested decision has come."""
    if claim.letter_id is not None:
        return State.MADE
    keys = [f"{KIND}:{event.pk}" for event in _events(claim)]
    row = Outbox.objects.filter(key__in=keys, done_at__isnull=True).first()
    if row is None:
        return State.NONE
    return State.FAILED if row.attempts else State.MAKING


@outbox.handler(KIND)
def make(payload: dict[str, Any]) -> None:
    """Make the letter of a decision, once.

    Raises `documents.pdf.PdfUnavailable` and `documents.signing.SealUnavailable`; the outbox tries again.
    """
    rows = Claim.objects.select_related("region", "office", "decided_by", "attested_by")
    claim = rows.get(pk=payload["claim"])
    if claim.letter_id is not None:
        return
    event = Event.objects.get(pk=payload["event"])
    pdf = bytes_of(claim, event)
    # The key comes from the bytes: what a killed worker left is written over, never left behind.
    kept = vault.keep([pdf], storage_key=hashlib.sha256(pdf).hexdigest())
    assert claim.office_id is not None
    claim.letter = Document.objects.create(
        owner_id=claim.office_id,
        name=file_name(claim),
        pages=page_count(pdf),
        state=DocumentState.CLEAN,
        **kept.fields(),
    )
    claim.save(update_fields=["letter"])


def file_name(claim: Claim) -> str:
    """The neutral name of the file."""
    return f"beslut-{claim.number}.pdf"


def bytes_of(claim: Claim, event: Event) -> bytes:
    """The PDF of record of an attested decision, with its data inside and the seal if there is one: always the same."""
    lines = list(claim.lines.order_by("id"))
    rows = rows_of(lines)
    html = html_of(claim, rows, event)
    pdf = render(html, attachments=[_data_of(claim, rows, event)], created=event.at)
    return sealed(pdf, at=event.at)


def html_of(claim: Claim, rows: list[Row], event: Event) -> str:
    """The HTML that becomes the PDF: from what is fixed in the decision, and nothing of the moment it is made."""
    case = Assessment.objects.filter(pk=claim.assessment_id or 0).only("number", "protected").first()
    return render_to_string(
        "documents/pdf_decision.html",
        {
            "title": TITLE,
            "claim": claim,
            "about": case_words(claim, case),
            "rows": [
                {
                    "row": row,
                    "cost": kronor(row.line.cost or 0),
                    "ceiling": "Inget tak" if row.ceiling is None else kronor(row.ceiling),
                    "amount": kronor(row.amount),
                    # A text without a space takes quadratic time to lay out.
                    "reason": ENDLESS.sub(r"\g<0>\n", row.reason),
                }
                for row in rows
            ],
            "cost": kronor(claim.cost or 0),
            "approved": kronor(claim.approved or 0),
            "granted": bool(claim.approved),
            "created": event.at.isoformat(timespec="seconds"),
        },
    )


def _data_of(claim: Claim, rows: list[Row], event: Event) -> Attached:
    """The decision as data: amounts in öre."""
    content = {
        "number": claim.number,
        "region": claim.region.name,
        "decided": event.at.isoformat(timespec="seconds"),
        "approved": claim.approved or 0,
        "lines": [
            {
                "kind": row.line.kind,
                "law": row.law,
                "rule": row.line.rule,
                "cost": row.line.cost,
                "ceiling": row.ceiling,
                "amount": row.amount,
                "outcome": row.outcome,
                "reason": row.reason,
            }
            for row in rows
        ],
    }
    data = json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1).encode()
    return Attached("beslut.json", data, "application/json", "Beslutet som data, belopp i öre")
