"""The worked examples of tests/golden_claims.toml as the code sees them: facts in, lines with what each check says out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import time_machine
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Mandate, Organisation
from accounts.roles import Party, Role
from documents.models import Document
from fmu_portal.engine.door import take
from fmu_portal.engine.refusals import InvalidInput
from fmu_portal.money import MoneyField
from orders import visits
from reimbursement import effects
from reimbursement.ceilings import Ceilings, key_of
from reimbursement.checks import Answer, Seen, run
from reimbursement.examples import GROUPS, USUAL
from reimbursement.facts import CaseFacts, VisitFact
from reimbursement.lines import proposal
from reimbursement.models import Claim, Desk, Evidence, Line
from reimbursement.opening import open_claim

NUMBERED = [
    (number, group.get("kind", "assessment"), example)
    for number, (group, example) in enumerate(((g, e) for g in GROUPS for e in g["example"]), start=1)
]
OF_CASES = [(number, example) for number, kind, example in NUMBERED if kind == "assessment"]
OF_REGIONS = [(number, kind, example) for number, kind, example in NUMBERED if kind != "assessment"]

PRICES = {"physician": "assessment"}
"""The agreement's word for a kind of line, where it is another."""
HERE, ELSEWHERE = 7, 8
"""Keys of the present and of a former performer."""


def ore(text: str) -> int:
    """ "18 400.01" in öre."""
    return int(MoneyField().clean(text))


def written(amount: int | None) -> str:
    """Öre as the table writes them."""
    return "-" if amount is None else f"{amount // 100:,}.{amount % 100:02d}".replace(",", " ")


def region(name: str) -> Organisation:
    """The region with a name in it."""
    return Organisation.objects.get(kind="region", name__contains=name)


# -- an assessment: facts straight in


def _moment(day: date, clock: str) -> datetime:
    return visits.swedish(day, time.fromisoformat(clock))


def _visit(pk: int, row: dict[str, Any], prices: dict[str, int]) -> VisitFact:
    start = _moment(row["day"], row.get("from", "10:00"))
    end = _moment(row["day"], row["to"]) if "to" in row else start + timedelta(hours=2)
    given, late = None, None
    if "notice" in row:
        day, clock = row["notice"].split()
        given = _moment(date.fromisoformat(day), clock)
        late = visits.notice(given, start).late
    went = row.get("went", "cancelled" if given else "carried_out")
    attended = row.get("interpreter")
    return VisitFact(
        pk=pk,
        profession=row["who"],
        status=went,
        outcome=row.get("outcome", "not_come" if went == "no_show" else ""),
        day=row["day"],
        minutes=int((end - start) / timedelta(minutes=1)),
        interpreter="none" if attended is None else "absent" if attended == "absent" else "came",
        interpreter_minutes=attended if isinstance(attended, int) else None,
        late_notice=late,
        notice_at=given,
        performer_id=ELSEWHERE if row.get("former") else HERE,
        event_id=100 + pk,
        prices={"no_show": ore(row["price"])} if "price" in row else prices,
        own=bool(row.get("own")),
    )


def facts(example: dict[str, Any]) -> CaseFacts:
    """What the portal would have read of the case."""
    said = USUAL | example
    named = {PRICES.get(k, k): v for k, v in (USUAL["prices"] | example.get("prices", {})).items()}
    prices = {kind: ore(text) for kind, text in named.items() if text != "none"}
    report = None if said["report"] == "none" else said["report"]
    happened = [_visit(number, row, prices) for number, row in enumerate(said["visits"], start=1)]
    # As the query does: of what was cancelled only the late notices.
    kept = [visit for visit in happened if visit.status != "cancelled" or visit.late_notice]
    events = {"request": 1} | ({"deliver": 10} if report else {}) | ({"end": 20} if "ended" in said else {})
    if said.get("extended_after"):
        events["extend"] = 30
    return CaseFacts(
        pk=71,
        number="2026-000071",
        protected=False,
        status="ended" if "ended" in said else "delivered" if report else "in_progress",
        office_id=1,
        region_id=region(said["region"]).pk,
        performer_id=HERE,
        requested_on=said["requested"],
        ordered_on=said["ordered"],
        delivered_on=report,
        delivered_late=None if report is None else report > said["last_day"],
        ended_cause=said.get("ended", ""),
        carried_out_on=said.get("carried_out"),
        agreement_id=5 if said.get("agreement", True) else None,
        agreement=prices if said.get("agreement", True) else None,
        own=bool(said.get("own")),
        assignments=said.get("assignments", 1),
        visits=kept,
        approvals=dict(said.get("approved", {})),
        last_day=said["last_day"],
        events=events,
        days={"end": said["ended_on"]} if "ended_on" in said else {},
    )


def of_case(example: dict[str, Any]) -> list[tuple[Line, list[tuple[str, Answer]]]]:
    """The lines that are proposed, with the costs of the example, and what each check says of each."""
    said, case, ceilings = USUAL | example, facts(example), Ceilings()
    found = proposal(case, ceilings)
    claim = Claim(kind="assessment", region_id=region(said.get("claimed_by", said["region"])).pk)
    answers: list[tuple[Line, list[tuple[str, Answer]]]] = []
    for line in found.lines if found else []:
        if line.bar:
            answers.append((line, []))
            continue
        if str(line.kind) in said.get("costs", {}):
            line.cost = ore(said["costs"][str(line.kind)])
        if "then" in said:
            line.rule = said["then"].get("rule", line.rule)
            if "ceiling" in said["then"]:
                line.unit_ceiling = line.ceiling = ore(said["then"]["ceiling"])
        now = ceilings.on(key_of(line.kind, line.profession), line.rule_day, claim.region_id) if line.rule_day else None
        seen = Seen(claim, line, case, evidence=said["evidence"])
        seen.rule_now, seen.ceiling_now = (now.rule, now.unit) if now else ("", None)
        seen.median = ore(said["median"]) if "median" in said else None
        if "twin" in said:
            seen.twins = [("E-2026-00001", claim.region_id if said["twin"] == "this region" else claim.region_id + 1)]
        answers.append((line, [(check.name, answer) for check, answer in run(seen)]))
    return answers


# -- a region's own claim: through the door


def _finance(name: str) -> Actor:
    organisation = region(name)
    return Actor(Party.REGION, Role.FINANCE_OFFICER, organisation.pk, organisation.name)


def _answers(kind: str, said: dict[str, Any]) -> dict[str, Any]:
    if kind == "administration":
        cost = said["costs"]["administration"] if "costs" in said else said["cost"]
        return {"year": said["year"], "quarter": said["quarter"], "cost": cost}
    return {"day": said["day"].isoformat(), "travel": said.get("travel", ""), **said.get("staff", {})}


def _document(claim: Claim) -> None:
    content = hashlib.sha256(str(claim.pk).encode()).hexdigest()
    document = Document.objects.create(
        owner_id=claim.region_id, name="kvitto.pdf", size=1, sha256=content, storage_key=content
    )
    Evidence.objects.create(claim=claim, document=document)


def _opened(kind: str, said: dict[str, Any], name: str) -> Claim:
    actor = _finance(said.get("region", name))
    claim = open_claim(f"open_{kind}", actor, _answers(kind, said))
    _document(claim)
    data = {f"cost_{line.pk}": _cost(line, said) for line in claim.lines.all()}
    take("claim", claim.pk, "enter_costs", actor, data)
    return Claim.objects.get(pk=claim.pk)


def _cost(line: Line, said: dict[str, Any]) -> str:
    if line.kind == "travel":
        return str(said["travel"])
    return str(said.get("cost") or said["costs"][line.profession or str(line.kind)])


def _decide(claim: Claim) -> None:
    """As claimed, to what is left."""
    office = Organisation.objects.filter(kind="agency_office")[0]
    controller = Actor.of(
        Mandate.objects.select_related("user", "organisation").get(role=Role.CONTROLLER, organisation=office)
    )
    data: dict[str, Any] = {"version": claim.version}
    for line in claim.lines.all():
        data |= {f"outcome_{line.pk}": "approve", f"reason_{line.pk}": "Godtas"}
    take("claim", claim.pk, "decide", controller, data)


def _before(kind: str, rows: list[dict[str, Any]], name: str) -> Iterator[Claim]:
    for row in rows:
        claim = _opened(kind, row, name)
        actor = _finance(row.get("region", name))
        if row.get("set_aside"):
            take("claim", claim.pk, "set_aside", actor, {"reason": "Skickas senare"})
        else:
            take("claim", claim.pk, "submit", actor, {"version": claim.version})
            _decide(Claim.objects.get(pk=claim.pk))
        yield claim


def of_region(kind: str, example: dict[str, Any]) -> list[tuple[Line, list[tuple[str, Answer]]]] | set[str]:
    """The same of a claim that no assessment gives; the names of the fields that a refusal stands beside."""
    name, day = example.get("region", "Halland"), example.get("today", date(2026, 12, 1))
    Desk.objects.get_or_create(region=None, office=Organisation.objects.filter(kind="agency_office")[0])
    with time_machine.travel(datetime.combine(day, time(12), UTC), tick=False):
        assert timezone.localdate() == day
        list(_before(kind, example.get("before", []), name))
        try:
            claim = _opened(kind, example, name)
        except InvalidInput as refused:
            return set(refused.errors)
        effects.examine([claim])
        from reimbursement.checks import seen_of

        lines = effects.lines_of(claim)
        return [
            (seen.line, [(check.name, answer) for check, answer in run(seen)])
            for seen in seen_of([claim], lines, timezone.localdate())
        ]
