"""How a claim is answered: what each party may read of it. Amounts are in öre."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.roles import Party
from documents.models import DocumentState
from fmu_portal.engine.registry import DUTY_KINDS
from fmu_portal.engine.table import NEW
from fmu_portal.models import Duty, Event
from orders.api.serializers import Answer, DutyAnswer, EventAnswer, Named, StepRow
from orders.sentences import sentence
from reimbursement import evidence
from reimbursement.api.money import ORE
from reimbursement.checks import CHECKS, WORDS, Verdict
from reimbursement.claimed import READ, remarks_of
from reimbursement.effects import lines_of
from reimbursement.inputs.claims import words
from reimbursement.models import Bar, Claim, ClaimKind, Decision, Evidence, Line, LineKind, Outcome, Remark, Urgency
from reimbursement.process import CLAIM
from rules.limits import duty_basis
from rules.limits import sentence as explanation
from rules.models import Rule

STATUSES = [(status.name, status.label) for status in CLAIM.statuses.values() if status.name != NEW]
URGENCIES = {Urgency.STOPS: "stops", Urgency.PERSON: "person", Urgency.HOLDS: "holds"}


class ClaimRow(Answer):
    """En begäran om ersättning i korthet. Alla belopp är i öre."""

    id = serializers.IntegerField(label="Id", source="pk")
    number = serializers.CharField(label="Nummer")
    kind = serializers.ChoiceField(label="Slag", choices=ClaimKind.choices)
    status = serializers.ChoiceField(label="Status", choices=STATUSES)
    status_label = serializers.CharField(label="Status i ord")
    version = serializers.IntegerField(label="Begärans version")
    region = Named(label="Region")
    assessment = serializers.SerializerMethodField(label="Ärendenummer; null utan ärende och vid skyddad identitet")
    protected = serializers.SerializerMethodField(label="Skyddat ärende: numret visas inte för Försäkringskassan")
    year = serializers.IntegerField(label="År, för central administration", allow_null=True)
    quarter = serializers.IntegerField(label="Kvartal, för central administration", allow_null=True)
    payable_on = serializers.DateField(label="Kan begäras från")
    submitted_on = serializers.DateField(label="Inkommen", allow_null=True)
    attested_on = serializers.DateField(label="Attesterad", allow_null=True)
    cost = serializers.IntegerField(label="Begärd kostnad i öre, null innan den är skickad", allow_null=True)
    payable = serializers.IntegerField(label="Högst att betala i öre", allow_null=True)
    approved = serializers.SerializerMethodField(label="Beslutat i öre; för regionen när det är attesterat")
    urgency = serializers.SerializerMethodField(label="Vad kontrollerna säger; bara för Försäkringskassan")

    @property
    def actor(self) -> Actor:
        """Who reads."""
        actor: Actor = self.context["actor"]
        return actor

    def get_assessment(self, claim: Claim) -> str | None:
        """The case's number, unless the agency is not to know it."""
        case = claim.assessment
        return None if case is None or self.get_protected(claim) else case.number

    def get_protected(self, claim: Claim) -> bool:
        """A protected person's, to the agency."""
        return bool(claim.assessment and claim.assessment.protected and self.actor.party is Party.AGENCY)

    def get_approved(self, claim: Claim) -> int | None:
        """What has been decided, when it is to be read."""
        return claim.approved if reads_decision(self.actor, claim) else None

    def get_urgency(self, claim: Claim) -> str | None:
        """stops, person or holds."""
        if self.actor.party is not Party.AGENCY or claim.urgency is None:
            return None
        return URGENCIES[Urgency(claim.urgency)]


class ClaimList(Answer):
    """Begäranden om ersättning, den nyaste först."""

    results = ClaimRow(label="Begäranden", many=True)
    next = serializers.CharField(label="Adress till nästa sida, null på den sista", allow_null=True)


class CheckAnswer(Answer):
    """Vad en kontroll säger om en post."""

    name = serializers.CharField(label="Kontroll")
    label = serializers.CharField(label="Kontrollen i ord")  # type: ignore[assignment]
    law = serializers.CharField(label="Paragraf")
    verdict = serializers.ChoiceField(label="Svar", choices=[(v.value, WORDS[v]) for v in Verdict])
    why = serializers.CharField(label="Varför den inte är uppfylld")


class DecisionAnswer(Answer):
    """Beslutet om en post."""

    outcome = serializers.ChoiceField(label="Beslut", choices=Outcome.choices)
    amount = serializers.IntegerField(label=ORE)
    reason = serializers.CharField(label="Skäl")
    overrides = serializers.ListField(
        label="Kontroller som inte var uppfyllda; bara för Försäkringskassan",
        child=serializers.CharField(),
        required=False,
    )


class LineAnswer(Answer):
    """En post. Belopp i öre; null i ``ceiling`` när lagen säger ”skäligt belopp” eller portalen inte har något tak."""

    id = serializers.IntegerField(label="Id", source="pk")
    kind = serializers.ChoiceField(label="Slag", choices=LineKind.choices)
    words = serializers.CharField(label="Posten i ord")
    profession = serializers.CharField(label="Profession")
    contracted = serializers.BooleanField(label="Upphandlad personal", allow_null=True)
    minutes = serializers.IntegerField(label="Tolkens minuter", allow_null=True)
    days = serializers.IntegerField(label="Deltagardagar", allow_null=True)
    rule = serializers.CharField(label="Regeln som ger taket")
    rule_day = serializers.DateField(label="Dagen som avgör vilken regel", allow_null=True)
    ceiling = serializers.IntegerField(label="Tak i öre", allow_null=True)
    price = serializers.IntegerField(label="Avtalets pris i öre", allow_null=True)
    cost = serializers.IntegerField(label="Kostnad i öre", allow_null=True)
    payable = serializers.IntegerField(label="Högst att betala i öre", allow_null=True)
    bar = serializers.CharField(label="Varför lagen inte ger ersättning; tomt när den gör det")
    event = serializers.IntegerField(label="Händelsen som posten vilar på", source="event_id", allow_null=True)
    decision = DecisionAnswer(label="Beslut, när det får läsas", allow_null=True)
    checks = CheckAnswer(label="Kontroller; bara för Försäkringskassan", many=True, required=False)


class RemarkAnswer(Answer):
    """Fråga, svar eller skäl som någon har skrivit."""

    event = serializers.IntegerField(label="Händelsen det hör till", source="event_id")
    kind = serializers.CharField(label="Slag")
    text = serializers.CharField(label="Text")


class ClaimAnswer(ClaimRow):
    """En begäran om ersättning, med poster och det som är skrivet."""

    lines = LineAnswer(label="Poster", many=True, source="answered_lines")
    remarks = RemarkAnswer(label="Frågor, svar och skäl", many=True, source="answered_remarks")


class EvidenceAnswer(Answer):
    """Kostnadsunderlag."""

    id = serializers.UUIDField(label="Id", source="document_id")
    name = serializers.CharField(label="Filens namn", source="document.name")
    size = serializers.IntegerField(label="Byte i filen som den kom in", source="document.size")
    pages = serializers.IntegerField(
        label="Sidor, null tills filen är kontrollerad", source="document.pages", allow_null=True
    )
    state = serializers.ChoiceField(label="Kontrollens läge", source="document.state", choices=DocumentState.choices)
    sent = serializers.SerializerMethodField(label="Skickad med begäran")
    problem = serializers.SerializerMethodField(label="Vad som måste rättas innan den får skickas; tomt när inget")

    def get_sent(self, row: Evidence) -> bool:
        """Sent with the claim, and stays."""
        return row.sent_by_id is not None

    def get_problem(self, row: Evidence) -> str:
        """In words."""
        return evidence.problem(row)


class EvidenceList(Answer):
    """Begärans underlag, det äldsta först."""

    results = EvidenceAnswer(label="Underlag", many=True)


class ClaimSteps(Answer):
    """Vad nyckelns uppdrag kan göra med begäran nu."""

    version = serializers.IntegerField(label="Begärans version")
    results = StepRow(label="Steg", many=True)


class ClaimEvents(Answer):
    """Begärans händelser, den senaste först."""

    results = EventAnswer(label="Händelser", many=True)
    next = serializers.CharField(label="Adress till nästa sida, null på den sista", allow_null=True)


class ClaimDuties(Answer):
    """Begärans uppgifter."""

    results = DutyAnswer(label="Uppgifter", many=True)


class JobAnswer(Answer):
    """Ett jobb: ett steg för många begäranden, i tur och ordning."""

    id = serializers.IntegerField(label="Id", source="pk")
    step = serializers.CharField(label="Steg")
    count = serializers.IntegerField(label="Antal begäranden")
    done = serializers.IntegerField(label="Antal klara")
    refused = serializers.ListField(
        label="Begäranden som inte gick, med varför", child=serializers.ListField(child=serializers.CharField())
    )
    ended_at = serializers.DateTimeField(label="Slut, null medan det pågår", allow_null=True)


def reads_decision(actor: Actor, claim: Claim) -> bool:
    """A decision is the region's to read once it has been attested: before that it may be made anew."""
    return actor.party is Party.AGENCY or claim.status in READ


def claim_answer(actor: Actor, claim: Claim) -> Any:
    """The claim as a `ClaimAnswer`: four queries beside its own."""
    lines, latest = lines_of(claim), {}
    if reads_decision(actor, claim):
        for decision in Decision.objects.filter(line_id__in=[line.pk for line in lines]).order_by("pk"):
            latest[decision.line_id] = decision
    claim.answered_lines = [_line(actor, line, latest.get(line.pk)) for line in lines]  # type: ignore[attr-defined]
    claim.answered_remarks = _remarks(actor, claim)  # type: ignore[attr-defined]
    return ClaimAnswer(claim, context={"actor": actor}).data


def _remarks(actor: Actor, claim: Claim) -> list[Remark]:
    own = actor.party is Party.REGION
    return [r for r in remarks_of(claim) if not own or r.to_region or r.author_id == actor.organisation_id]


def _line(actor: Actor, line: Line, decision: Decision | None) -> dict[str, Any]:
    names = (
        "pk", "kind", "profession", "contracted", "minutes", "days", "rule", "rule_day", "ceiling", "price", "cost",
        "payable", "event_id",
    )  # fmt: skip
    row: dict[str, Any] = {name: getattr(line, name) for name in names}
    row |= {"words": words(line), "bar": str(Bar(line.bar).label) if line.bar else "", "decision": None}
    if decision is not None:
        row["decision"] = {name: getattr(decision, name) for name in ("outcome", "amount", "reason")}
    if actor.party is Party.AGENCY:
        row["checks"] = [
            {"name": name, "label": CHECKS[name].label, "law": CHECKS[name].law, "verdict": verdict, "why": why}
            for name, verdict, why in line.checks
            if name in CHECKS
        ]
        if decision is not None:
            row["decision"]["overrides"] = decision.overrides
    return row


def events_of(actor: Actor, claim: Claim) -> Any:
    """The claim's events; to the agency from when it was first sent: a proposal is the region's own."""
    rows = Event.objects.filter(process=CLAIM.name, subject_id=claim.pk)
    if actor.party is Party.AGENCY:
        first = rows.filter(step="submit").order_by("pk").values_list("pk", flat=True).first()
        rows = rows.filter(pk__gte=first or 0)
    elif not reads_decision(actor, claim):
        rows = rows.exclude(step__in=("decide", "approve_all", "send_back"))
    return rows


def event_rows(events: list[Event]) -> list[dict[str, Any]]:
    """Events as `EventAnswer`s."""
    names = ("at", "process", "step", "party", "from_status", "to_status")
    return [
        {name: getattr(event, name) for name in names} | {"id": event.pk, "sentence": sentence(event, {})}
        for event in events
    ]


def duty_rows(claim: Claim) -> list[dict[str, Any]]:
    """The claim's duties as `DutyAnswer`s, the open ones first, by last day."""
    rows = Duty.objects.filter(process=CLAIM.name, subject_id=claim.pk).select_related("opened_by", "closed_by")
    duties = sorted(rows.order_by("due", "id"), key=lambda duty: duty.closed_by_id is not None)
    rules = Rule.objects.in_bulk({duty.rule for duty in duties})
    organisations = Organisation.objects.in_bulk({duty.organisation_id for duty in duties})
    today, found = timezone.localdate(), []
    for duty in duties:
        kind, still = DUTY_KINDS[duty.kind], duty.closed_by_id is None
        found.append(
            {
                "id": duty.pk,
                "process": duty.process,
                "kind": duty.kind,
                "task": kind.task,
                "party": duty.party,
                "organisation": organisations[duty.organisation_id],
                "step": kind.step,
                "due": duty.due,
                "open": still,
                "overdue": still and duty.due < today,
                "source": "routine",
                "basis": duty_basis(rules, duty.rule),
                "explanation": explanation(duty, rules.get(duty.rule)),
                "opened_at": duty.opened_by.at,
                "closed_at": duty.closed_by.at if duty.closed_by else None,
                "superseded_by": duty.superseded_by_id,
            }
        )
    return found
