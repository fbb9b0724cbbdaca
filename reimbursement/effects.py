"""What a step of a claim does besides moving it: sums, decisions, entries. Read and written for sets, as the door takes them.

`prepare` reads everything at once; the hooks before the event set the claim's fields, those after it write lines and
entries. The same functions serve one claim and five hundred.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from fmu_portal.engine.door import Context
from orders.models import Recusal
from reimbursement.checks import run, seen_of, worst
from reimbursement.checks.base import Verdict
from reimbursement.models import Claim, Decision, Entry, Evidence, Line, Outcome, Urgency, sums
from reimbursement.proposing import examiner
from reimbursement.years import year_has_room


def prepare(claims: list[Claim]) -> None:
    """Give each claim its lines (``kept_lines``): one query."""
    by_claim: dict[int, list[Line]] = {claim.pk: [] for claim in claims}
    for line in Line.objects.filter(claim_id__in=by_claim).order_by("id"):
        by_claim[line.claim_id].append(line)
    for claim in claims:
        claim.kept_lines = by_claim[claim.pk]  # type: ignore[attr-defined]
    for claim in claims:
        claim.kept_with = claims  # type: ignore[attr-defined]


def lines_of(claim: Claim) -> list[Line]:
    """The claim's lines, those that law bars too; read once for this instance."""
    if getattr(claim, "kept_lines", None) is None:
        prepare([claim])
    kept: list[Line] = claim.kept_lines  # type: ignore[attr-defined]
    return kept


def claimed(claim: Claim) -> list[Line]:
    """The lines that are claimed: those that law does not bar."""
    return [line for line in lines_of(claim) if not line.bar]


def examined(claim: Claim) -> Urgency:
    """Run the checks, keep what each said with its line (not stored yet), and return what the whole says.

    The claims that came with this one are examined in the same queries.
    """
    if getattr(claim, "kept_urgency", None) is None:
        lines_of(claim)
        together: list[Claim] = claim.kept_with  # type: ignore[attr-defined]
        examine(together)
    urgency: Urgency = claim.kept_urgency  # type: ignore[attr-defined]
    return urgency


def examine(claims: list[Claim]) -> None:
    """The same for a set: each line's ``checks`` and each claim's ``kept_urgency``."""
    all_lines = [line for claim in claims for line in lines_of(claim)]
    answers: dict[int, list[Any]] = {claim.pk: [] for claim in claims}
    for seen in seen_of(claims, all_lines, timezone.localdate()):
        said = run(seen)
        seen.line.checks = [[check.name, str(answer.verdict), answer.why] for check, answer in said]
        answers[seen.claim.pk] += [answer for _, answer in said]
    for claim in claims:
        claim.kept_urgency = worst(answers[claim.pk])  # type: ignore[attr-defined]


# Guards: a sentence when the step cannot be taken now.


def costs_are_there(claim: Claim, actor: Actor) -> str | None:
    """Every line has its cost, and at least one is more than nothing."""
    lines = claimed(claim)
    missing = [line for line in lines if line.cost is None]
    if missing:
        names = ", ".join(sorted({line.label.lower() for line in missing}))
        return f"Fyll i kostnaden för {names} innan begäran skickas. Skriv 0 för en post som ni inte begär."
    if not any(line.cost for line in lines):
        return "Begäran har ingen kostnad. Fyll i en, eller lägg begäran åt sidan."
    return None


def examiner_is_there(claim: Claim, actor: Actor) -> str | None:
    """Somebody at the agency examines it: a claim that nobody gets would be lost."""
    if claim.office_id is None and examiner(None if claim.central else claim.region_id) is None:
        return "Försäkringskassan har inte utsett vilket kontor som granskar. Portalförvaltaren behöver göra det först."
    return None


def lines_are_free(claim: Claim, actor: Actor) -> str | None:
    """Nothing of it has been claimed elsewhere in the meantime, and there is no other proposal of the case."""
    keys = [line.key for line in claimed(claim)]
    if Line.objects.filter(key__in=keys, holds=True).exclude(claim_id=claim.pk).exists():
        return "En del av förslaget har begärts i en annan begäran."
    case_id: int | None = claim.assessment_id
    if case_id is None:
        return None
    others = Claim.objects.filter(assessment_id=case_id, status__in=("new", "proposed")).exclude(pk=claim.pk)
    return "Utredningen har redan ett nytt förslag." if others.exists() else None


def not_recused(subject: Any, actor: Actor) -> str | None:
    """Nobody decides in a case that they have blocked themself from (16–18 §§ förvaltningslagen)."""
    case_id = getattr(subject, "assessment_id", None)
    if case_id is None:
        return None
    kept: dict[int, set[int]] = subject.__dict__.setdefault("kept_recusals", {})
    if actor.user_id not in kept:
        rows = Recusal.objects.filter(user_id=actor.user_id, lifted_at__isnull=True)
        kept[actor.user_id] = set(rows.values_list("assessment_id", flat=True))
        for other in getattr(subject, "kept_with", ()):
            other.__dict__.setdefault("kept_recusals", {})[actor.user_id] = kept[actor.user_id]
    return "Du har anmält jäv i ärendet." if case_id in kept[actor.user_id] else None


def everything_holds(claim: Claim, actor: Actor) -> str | None:
    """Each check holds now, as the facts are now."""
    return None if examined(claim) == Urgency.HOLDS else "Alla kontroller är inte uppfyllda. Besluta post för post."


def not_decider(subject: Any, actor: Actor) -> str | None:
    """Nobody attests what they decided (dualitetsprincipen)."""
    return "Du har själv beslutat. En annan person attesterar." if subject.decided_by_id == actor.user_id else None


def has_amount(claim: Claim, actor: Actor) -> str | None:
    """Something is to be paid."""
    return None if claim.approved else "Inget belopp har godtagits. Attestera avslaget."


def has_no_amount(claim: Claim, actor: Actor) -> str | None:
    """Nothing is to be paid."""
    return "Ett belopp har godtagits. Attestera beslutet." if claim.approved else None


# Hooks before the event: the claim's own fields.


def submitting(context: Context) -> None:
    """The sums, the day, who examines, and what the checks say."""
    claim = context.subject
    office = examiner(None if claim.central else claim.region_id) or claim.office_id
    context.set(**sums(lines_of(claim)), submitted_on=context.today, urgency=int(examined(claim)), office_id=office)


def taking_back(context: Context) -> None:
    """A claim that goes back to the region has neither day nor verdict."""
    context.set(submitted_on=None, urgency=None)


def answering(context: Context) -> None:
    """What the region has answered may have changed a cost: sums and checks anew."""
    context.set(**sums(lines_of(context.subject)), urgency=int(examined(context.subject)))


def approving_all(context: Context) -> None:
    """Every line as claimed, to the ceiling."""
    for line in claimed(context.subject):
        amount = line.payable or 0
        context.rows.append(Decision(line=line, event_id=context.event_id, outcome=Outcome.APPROVE, amount=amount))
        line.outcome, line.approved = Outcome.APPROVE, amount
    decided(context)


def decided(context: Context) -> None:
    """The sum of the lines, by whom, and whether a check that did not hold was decided against."""
    lines = claimed(context.subject)
    overridden = any(line.approved and any(verdict != Verdict.HOLDS for _, verdict, _ in line.checks) for line in lines)
    context.set(
        approved=sum(line.approved or 0 for line in lines), decided_by_id=context.actor.user_id, overridden=overridden
    )


def sending_back(context: Context) -> None:
    """The decision is no more: it will be made anew."""
    for line in claimed(context.subject):
        line.outcome, line.approved = "", None
    context.set(approved=None, decided_by_id=None, urgency=int(examined(context.subject)))


def attesting(context: Context) -> None:
    """Who and when; and an entry for each line that is granted."""
    claim = context.subject
    context.set(attested_by_id=context.actor.user_id, attested_on=context.today)
    context.rows += [
        Entry(
            region_id=claim.region_id, account="owed", kind="granted", amount=line.approved, day=context.today,
            claim_id=claim.pk, line=line, event_id=context.event_id,
        )
        for line in claimed(claim)
        if line.approved
    ]  # fmt: skip


def refusing(context: Context) -> None:
    """Who and when; nothing is granted."""
    context.set(attested_by_id=context.actor.user_id, attested_on=context.today)


# Hooks after the event, for sets: the lines' rows.


def _store(contexts: Iterable[Context], *fields: str) -> None:
    rows = [line for context in contexts for line in lines_of(context.subject)]
    if rows:
        Line.objects.bulk_update(rows, list(fields), batch_size=1000)


def keep_checks(contexts: list[Context]) -> None:
    """What each check said."""
    _store(contexts, "checks")


def keep_submission(contexts: list[Context]) -> None:
    """The checks, and that the evidence has been sent."""
    keep_checks(contexts)
    events = {context.subject.pk: context.event_id for context in contexts}
    rows = list(Evidence.objects.filter(claim_id__in=events, sent_by__isnull=True))
    for row in rows:
        row.sent_by_id = events[row.claim_id]
    Evidence.objects.bulk_update(rows, ["sent_by"])


def keep_decision(contexts: list[Context]) -> None:
    """Outcome and amount of each line, and what the checks said then."""
    _store(contexts, "outcome", "approved", "checks")


def let_go(contexts: list[Context]) -> None:
    """Lines that nothing is paid for hold their fact no longer: it may be claimed again."""
    rows = [line for c in contexts for line in claimed(c.subject) if line.holds and not line.approved]
    Line.objects.filter(pk__in=[line.pk for line in rows]).update(holds=False)


def hold_again(contexts: list[Context]) -> None:
    """A proposal that was taken up holds its facts again."""
    rows = [line for context in contexts for line in claimed(context.subject)]
    Line.objects.filter(pk__in=[line.pk for line in rows]).update(holds=True)


GUARDS = {
    guard.__name__: guard
    for guard in (
        costs_are_there, examiner_is_there, lines_are_free, not_recused, everything_holds, not_decider, has_amount,
        has_no_amount, year_has_room,
    )
}  # fmt: skip

BEFORE = {
    "submit": submitting,
    "recall": taking_back,
    "answer": answering,
    "approve_all": approving_all,
    "send_back": sending_back,
    "attest": attesting,
    "attest_refusal": refusing,
}
AFTER = {
    "submit": (keep_submission,),
    "answer": (keep_submission,),
    "set_aside": (let_go,),
    "take_up": (hold_again,),
    "decide": (keep_decision,),
    "approve_all": (keep_decision,),
    "send_back": (keep_decision,),
    "attest": (let_go,),
    "attest_refusal": (let_go,),
}

__all__ = ["AFTER", "BEFORE", "GUARDS", "claimed", "examine", "lines_of", "prepare"]
