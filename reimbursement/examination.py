"""What the agency sees of a claim: each check with its fact, paragraph and verdict in words; amounts; what was said and done.

Read for one claim in a fixed number of queries, whatever the number of lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from fmu_portal.models import Event
from fmu_portal.money import kronor
from orders.models import Assessment
from orders.sentences import sentence
from orders.words import Left
from reimbursement import effects
from reimbursement.checks import CHECKS, GROUPS, WORDS, Answer, Verdict, run, seen_of, worst
from reimbursement.facts import CaseFacts
from reimbursement.inputs.claims import words
from reimbursement.letters import OUTCOMES, case_words, law_of
from reimbursement.models import Bar, Claim, Decision, Line, Outcome, Remark
from rules.limits import Link, explain_inputs
from rules.remembered import rules_by_code

TONES = {Verdict.HOLDS: "ok", Verdict.PERSON: "soon", Verdict.STOPS: "late"}
FIRST = ("late", "soon", "ok")
"""In which order a group shows what the checks say."""
REMARKS = {
    "question": "Fråga till regionen",
    "answer": "Regionens svar",
    "reason": "Skäl",
}
MOST_OTHERS = 20


@dataclass(frozen=True)
class Said:
    """One row of the checks: what was looked at in which lines, the paragraph, the verdict, and what it was before."""

    label: str
    lines: str
    fact: str
    why: str
    law: str
    left: Left
    before: str


@dataclass(frozen=True)
class Amount:
    """One row of the amounts, in words. ``event`` is the sentence that the line rests on; ``bar`` why law says no."""

    label: str
    law: str
    rule: str
    rule_day: Any
    cost: str
    price: str
    ceiling: str
    payable: str
    granted: str
    event: str
    event_url: str
    bar: str


@dataclass(frozen=True)
class Decided:
    """A decision of the claim: when, by whom, whether it is the one that counts, and what was decided of each line."""

    at: Any
    who: str
    counts: bool
    rows: list[dict[str, Any]]


@dataclass
class Examination:
    """A claim read for the agency. ``answers``: line's id -> [(check, answer)]; ``cases``: what is known of its case."""

    claim: Claim
    lines: list[Line]
    facts: CaseFacts | None
    case: Assessment | None
    answers: dict[int, list[Any]] = field(default_factory=dict)
    before: dict[int, dict[str, str]] = field(default_factory=dict)
    """Line's id -> what each check said last: when the claim came in, or when it was decided."""

    @property
    def shows_case(self) -> bool:
        """Whether the case may be named and followed: the actor sees it, and nobody's protected identity is told."""
        return self.case is not None and not self.case.protected

    @property
    def about(self) -> str:
        """What the claim is about, in words."""
        return case_words(self.claim, self.case)


def read(claim: Claim, actor: Actor) -> Examination:
    """The claim with its lines, and every check run now. What the door will ask of it is remembered on it."""
    effects.prepare([claim])
    lines = effects.lines_of(claim)
    before = {line.pk: {name: verdict for name, verdict, _ in line.checks} for line in lines}
    found = Examination(claim, lines, None, _case(claim, actor), before=before)
    said: list[Any] = []
    for seen in seen_of([claim], lines, timezone.localdate()):
        answers = run(seen)
        seen.line.checks = [[check.name, str(answer.verdict), answer.why] for check, answer in answers]
        found.answers[seen.line.pk] = answers
        found.facts = seen.case
        said += [answer for _, answer in answers]
    claim.kept_urgency = worst(said)  # type: ignore[attr-defined]
    return found


def _case(claim: Claim, actor: Actor) -> Assessment | None:
    """The claim's case, when the actor sees cases at all."""
    if claim.assessment_id is None:
        return None
    return Assessment.objects.visible_to(actor).filter(pk=claim.assessment_id).first()


def checked(found: Examination) -> list[tuple[str, list[Said]]]:
    """The checks by group, what needs a person first, else in the register's order. Lines with the same answer share a row."""
    names = {line.pk: words(line) for line in found.lines}
    groups: list[tuple[str, list[Said]]] = [(group, []) for group in GROUPS]
    several = len(found.answers) > 1
    for check in CHECKS.values():
        by_answer: dict[tuple[Answer, str], list[int]] = {}
        for pk, answers in found.answers.items():
            for other, answer in answers:
                if other is check:
                    by_answer.setdefault((answer, _before(found, pk, check.name, answer)), []).append(pk)
        for (answer, before), pks in by_answer.items():
            shared = len(pks) == len(found.answers)
            said = Said(
                check.label,
                ", ".join(names[pk] for pk in pks) if several and not shared else "",
                answer.fact,
                answer.why,
                check.law,
                Left(WORDS[answer.verdict], TONES[answer.verdict]),
                before,
            )
            next(rows for group, rows in groups if group == check.group).append(said)
    for _, rows in groups:
        rows.sort(key=lambda said: FIRST.index(said.left.tone))
    return [(group, rows) for group, rows in groups if rows]


def _before(found: Examination, pk: int, name: str, answer: Answer) -> str:
    """What the check said of the line when the claim came in, where it says something else now."""
    before = found.before[pk].get(name, answer.verdict)
    if before == answer.verdict or found.claim.status != "submitted":
        return ""
    return f"När begäran kom in: {WORDS[Verdict(before)].lower()}."


def summary(groups: Iterable[tuple[str, list[Said]]]) -> str:
    """How many hold and how many do not: "5 uppfyllda, 1 inte uppfylld, 2 som du behöver bedöma."."""
    tones = [said.left.tone for _, rows in groups for said in rows]
    holds, stops, person = tones.count("ok"), tones.count("late"), tones.count("soon")
    parts = [f"{holds} {'uppfylld' if holds == 1 else 'uppfyllda'}"]
    if stops:
        parts.append(f"{stops} inte {'uppfylld' if stops == 1 else 'uppfyllda'}")
    if person:
        parts.append(f"{person} som du behöver bedöma")
    return f"{', '.join(parts)}."


def amounts(found: Examination) -> list[Amount]:
    """The lines with their amounts, those that law bars last, each with the event that it rests on."""
    events = Event.objects.in_bulk([line.event_id for line in found.lines if line.event_id is not None])
    rows = []
    for line in sorted(found.lines, key=lambda line: (bool(line.bar), line.pk)):
        event = events.get(line.event_id or 0)
        url = ""
        if event is not None and event.process == "claim":
            url = f"#handelse-{event.pk}"
        elif event is not None and found.shows_case:
            assert found.case is not None
            url = f"/arenden/{found.case.number}/handelser/?efter={event.pk + 1}#handelse-{event.pk}"
        rows.append(
            Amount(
                words(line),
                law_of(line),
                line.rule,
                line.rule_day,
                "" if line.cost is None else kronor(line.cost),
                "" if line.price is None else kronor(line.price),
                "Inget tak" if line.ceiling is None else kronor(line.ceiling),
                kronor(line.payable or 0),
                "" if line.approved is None else kronor(line.approved),
                f"{timezone.localdate(event.at)}: {sentence(event, {})}" if event is not None else "",
                url,
                str(Bar(line.bar).label) if line.bar else "",
            )
        )
    return rows


def last_day(found: Examination) -> list[Link]:
    """How the report's last day was counted; nothing for those who do not see the case's days."""
    facts = found.facts
    if facts is None or not found.shows_case or facts.last_day is None or "start" not in facts.last_inputs:
        return []
    start = date.fromisoformat(facts.last_inputs["start"])
    return explain_inputs(start, facts.last_day, facts.last_inputs, rules_by_code().get(facts.last_rule))


def decisions(found: Examination) -> list[Decided]:
    """Every decision of the claim, the newest first."""
    rows = Decision.objects.filter(line__in=found.lines).select_related("event__mandate__user").order_by("-event", "id")
    lines = {line.pk: line for line in found.lines}
    standing = found.claim.status not in ("submitted", "asked")
    made: dict[int, Decided] = {}
    for row in rows:
        if row.event_id not in made:
            who = row.event.mandate.user.name if row.event.mandate else ""
            made[row.event_id] = Decided(row.event.at, who, standing and not made, [])
        line, said = lines[row.line_id], found.before[row.line_id]
        made[row.event_id].rows.append(
            {
                "label": words(line),
                "outcome": OUTCOMES[Outcome(row.outcome)],
                "amount": kronor(row.amount),
                "reason": row.reason,
                "stopped": _labels(row.overrides, said, Verdict.STOPS),
                "judged": _labels(row.overrides, said, Verdict.PERSON),
            }
        )
    return list(made.values())


def _labels(names: Iterable[str], said: Mapping[str, str], verdict: Verdict) -> list[str]:
    """The checks that were decided against, of those that said this; what has no verdict any more was judged."""
    return [CHECKS[n].label for n in names if n in CHECKS and said.get(n, Verdict.PERSON) == verdict]


def remarks(claim: Claim) -> list[dict[str, Any]]:
    """What has been written with the steps of the claim, oldest first."""
    rows = Remark.objects.filter(process="claim", subject_id=claim.pk).select_related("event", "author").order_by("id")
    return [
        {
            "title": "Attestantens skäl" if row.event.step == "send_back" else REMARKS.get(row.kind, "Skäl"),
            "who": row.author.name if row.author else "",
            "at": row.event.at,
            "text": row.text,
            "own": row.author_id != claim.region_id,
        }
        for row in rows
    ]


def history(claim: Claim) -> list[dict[str, Any]]:
    """What has happened with the claim, the newest first, with who at the agency did it."""
    rows = Event.objects.filter(process="claim", subject_id=claim.pk).select_related("mandate__user").order_by("-id")
    # What the portal did with the proposal before it was sent is the region's own.
    shown = [event for event in rows[:100] if event.step not in ("propose", "refresh")]
    return [{"pk": event.pk, "at": event.at, "sentence": _with_name(event)} for event in shown]


def _with_name(event: Event) -> str:
    text = sentence(event, {})
    return f"{text} {event.mandate.user.name}." if event.mandate and event.party == "agency" else text


def others(claim: Claim, actor: Actor) -> list[Claim]:
    """Other claims of the same assessment, or of the region's same year, that the actor sees; the newest first."""
    rows = Claim.objects.visible_to(actor).exclude(pk=claim.pk).order_by("-pk")
    if claim.assessment_id is not None:
        rows = rows.filter(assessment_id=claim.assessment_id)
    elif claim.year is not None:
        rows = rows.filter(region_id=claim.region_id, kind=claim.kind, year=claim.year)
    else:
        return []
    return list(rows[:MOST_OTHERS])
