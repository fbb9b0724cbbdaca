"""Begäran om ersättning: the claim, its lines with the fact each rests on, what was decided, written and enclosed."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Organisation, User
from accounts.permissions import See
from accounts.roles import Party
from audit.models import Personal
from documents.models import Document
from fmu_portal.models import Event
from orders.models import Assessment, Recusal, Visit
from reimbursement.models.subject import Subject
from reimbursement.process import CLAIM, WITH_AGENCY

AT_AGENCY = WITH_AGENCY[1:]
"""What the agency lists by status; what is to be examined stands in its own order."""


class ClaimKind(models.TextChoices):
    """Slag av begäran."""

    ASSESSMENT = "assessment", "Utredning"
    ADMINISTRATION = "administration", "Central administration"
    TRAINING = "training", "Utbildning"
    # Guarantee (14 §) comes with the forecast: it is one more kind, of the central queue.


CENTRAL = (ClaimKind.ADMINISTRATION, ClaimKind.TRAINING)
"""Examined centrally; the others regionally (needs analysis, section 6.1)."""


class Urgency(models.IntegerChoices):
    """Vad kontrollerna säger om hela begäran: the controller's list is in this order."""

    STOPS = 0, "Något hindrar"
    PERSON = 1, "Du behöver bedöma"
    HOLDS = 2, "Alla kontroller uppfyllda"


class LineKind(models.TextChoices):
    """Slag av post."""

    PHYSICIAN = "physician", "Läkare"
    PSYCHOLOGIST = "psychologist", "Psykolog"
    PHYSIOTHERAPIST = "physiotherapist", "Fysioterapeut"
    OCCUPATIONAL_THERAPIST = "occupational_therapist", "Arbetsterapeut"
    INTERPRETER = "interpreter", "Tolk"
    NO_SHOW = "no_show", "Uteblivet besök"
    LATE_NOTICE = "late_notice", "Sent återbud"
    ADMINISTRATION = "administration", "Central administration"
    TRAINING = "training", "Utbildningsdag"
    TRAVEL = "travel", "Resor till utbildning"


EXAMINATIONS = (LineKind.PHYSICIAN, LineKind.PSYCHOLOGIST, LineKind.PHYSIOTHERAPIST, LineKind.OCCUPATIONAL_THERAPIST)
"""What 11 § first paragraph has ceilings for."""


class Bar(models.TextChoices):
    """Varför lagen inte ger ersättning för en post: it is shown with the reason and cannot be claimed."""

    NONE = "", ""
    LATE = "late", "Utlåtandet kom in efter sista dag, utan extra tid eller anstånd (8 och 11 §§)."
    NOT_APPROVED = "not_approved", "Försäkringskassan har inte godkänt professionen (5 § tredje stycket)."
    NO_CEILING = "no_ceiling", "Portalen har inget takbelopp för den dag då utredningen begärdes (11 §)."


class ClaimQuerySet(models.QuerySet["Claim"]):
    """Who sees claims: the region its own; controllers and attesters what has been sent. The wall says the same."""

    def visible_to(self, actor: Actor) -> Self:
        """The claims that a mandate may see. Nobody sees one about a case that they have blocked themself from (jäv)."""
        if not actor.sees(See.CLAIM):
            return self.none()
        if actor.party is Party.REGION:
            rows = self.filter(region_id=actor.organisation_id)
        else:
            rows = self.filter(status__in=WITH_AGENCY)
        recused = Recusal.objects.filter(user_id=actor.user_id, lifted_at__isnull=True).values("assessment_id")
        return rows.exclude(assessment_id__in=recused)


class Claim(Personal, Subject):
    """Begäran om ersättning: of one assessment, of a year's central administration, or of training.

    ``payable_on``: the day from which it may be claimed (delivery, end, or the visit); its month is the list's. ``year``
    and ``quarter``: of central administration (12 §). ``cost``, ``payable`` (cost to the ceiling) and ``approved`` are
    sums of the lines in öre, written with the step that gave them. ``urgency`` is what the checks said last.
    """

    PROCESS: ClassVar[str] = CLAIM.name
    PART: ClassVar[See] = See.CLAIM
    FREE_TEXT: ClassVar[tuple[str, ...]] = ("payable_on", "urgency", "letter_id")

    kind = models.CharField(max_length=20, choices=ClaimKind.choices)
    central = models.BooleanField(default=False)
    assessment = models.ForeignKey(Assessment, models.PROTECT, null=True, related_name="claims", db_index=False)
    performer = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    payable_on = models.DateField()
    year = models.SmallIntegerField(null=True)
    quarter = models.SmallIntegerField(null=True)
    submitted_on = models.DateField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    attested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    attested_on = models.DateField(null=True)
    cost = models.BigIntegerField(null=True)
    payable = models.BigIntegerField(null=True)
    approved = models.BigIntegerField(null=True)
    urgency = models.SmallIntegerField(choices=Urgency.choices, null=True)
    overridden = models.BooleanField(default=False)
    letter = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+", db_index=False)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(CLAIM.statuses)), name="claim_status_known"),
            models.CheckConstraint(
                condition=~Q(kind="assessment") | Q(assessment__isnull=False), name="claim_of_assessment_has_one"
            ),
            models.CheckConstraint(
                condition=~Q(kind="administration") | Q(year__isnull=False, quarter__range=(1, 4)),
                name="administration_has_quarter",
            ),
            models.CheckConstraint(condition=Q(cost__isnull=True) | Q(cost__gte=0), name="claim_cost_not_negative"),
            models.CheckConstraint(
                condition=Q(approved__isnull=True) | Q(approved__gte=0, approved__lte=F("cost")),
                name="claim_approved_within_cost",
            ),
            models.CheckConstraint(
                condition=Q(attested_by__isnull=True) | ~Q(attested_by=F("decided_by")),
                name="claim_not_attested_by_decider",
            ),
            models.UniqueConstraint(
                fields=["assessment"], condition=Q(status__in=("new", "proposed")), name="one_proposal_per_assessment"
            ),
            models.UniqueConstraint(
                fields=["region", "year", "quarter"],
                condition=Q(kind="administration") & ~Q(status__in=("set_aside", "refused")),
                name="administration_once_a_quarter",
            ),
        ]
        indexes = [
            models.Index(fields=["region", "status", "payable_on", "id"], name="claim_of_region"),
            models.Index(fields=["region", "-id"], name="claim_of_region_newest"),
            models.Index(
                fields=["central", "urgency", "submitted_on", "id"],
                condition=Q(status="submitted"),
                name="claim_to_examine",
            ),
            models.Index(
                fields=["office", "central", "urgency", "submitted_on", "id"],
                condition=Q(status="submitted"),
                name="claim_to_examine_of_office",
            ),
            models.Index(fields=["region", "id"], condition=Q(status="attested"), name="claim_to_pay"),
            *(
                models.Index(
                    fields=[*first, "central", "status", "-id"],
                    condition=Q(status__in=AT_AGENCY),
                    name=f"claim_at_agency{name}",
                )
                for first, name in (([], ""), (["region"], "_of_region"), (["office"], "_of_office"))
            ),
            models.Index(fields=["assessment"], name="claim_of_assessment"),
        ]

    @property
    def month(self) -> str:
        """The month in which it became payable, "2027-01"."""
        return f"{self.payable_on:%Y-%m}"

    @property
    def kind_label(self) -> str:
        """The kind in Swedish."""
        return str(ClaimKind(self.kind).label)


class Line(models.Model):
    """Post: one thing that is claimed, with its quantity, ceiling, price and cost (öre), and the event that it rests on.

    ``key`` names the fact ("a:71:physician", "v:9:no_show", "adm:14:2026-1"); while ``holds`` no other line may claim the
    same. ``rule_day`` is the day that picks the ceiling (11 § the request, 12 § the year, 13 § the training day),
    ``rule`` the record that gave it; ``ceiling`` is None where law says "skäligt belopp". ``price`` is the agreement's.
    ``minutes``: interpreter. ``days``: training. ``checks``: what each check said last: [[name, answer, why], …].
    """

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="lines", db_index=False)
    kind = models.CharField(max_length=30, choices=LineKind.choices)
    key = models.CharField(max_length=80)
    holds = models.BooleanField(default=True)
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="+", db_index=False)
    event = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)
    profession = models.CharField(max_length=30, blank=True)
    contracted = models.BooleanField(null=True)
    minutes = models.IntegerField(null=True)
    days = models.SmallIntegerField(null=True)
    rule_day = models.DateField(null=True)
    rule = models.CharField(max_length=60, blank=True)
    unit_ceiling = models.BigIntegerField(null=True)
    ceiling = models.BigIntegerField(null=True)
    price = models.BigIntegerField(null=True)
    cost = models.BigIntegerField(null=True)
    bar = models.CharField(max_length=20, choices=Bar.choices, blank=True)
    outcome = models.CharField(max_length=10, blank=True)
    approved = models.BigIntegerField(null=True)
    checks = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=LineKind.values), name="line_kind_known"),
            models.CheckConstraint(condition=Q(cost__isnull=True) | Q(cost__gte=0), name="line_cost_not_negative"),
            models.CheckConstraint(condition=Q(bar="") | Q(holds=False), name="barred_line_holds_nothing"),
            models.CheckConstraint(
                condition=Q(approved__isnull=True)
                | (
                    Q(approved__gte=0, approved__lte=F("cost"))
                    & (Q(ceiling__isnull=True) | Q(approved__lte=F("ceiling")))
                ),
                name="line_approved_within_cost_and_ceiling",
            ),
            models.UniqueConstraint(fields=["key"], condition=Q(holds=True), name="claimed_once"),
        ]
        indexes = [
            models.Index(fields=["claim", "id"], name="line_of_claim"),
            models.Index(fields=["key"], name="line_by_key"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def payable(self) -> int | None:
        """The cost, to the ceiling, in öre; None before the cost is known, 0 for a line that law does not allow."""
        if self.bar:
            return 0
        if self.cost is None:
            return None
        return self.cost if self.ceiling is None else min(self.cost, self.ceiling)

    @property
    def label(self) -> str:
        """The kind in Swedish."""
        return str(LineKind(self.kind).label)


class Outcome(models.TextChoices):
    """Beslut om en post."""

    APPROVE = "approve", "Godta"
    REDUCE = "reduce", "Godta ett lägre belopp"
    REFUSE = "refuse", "Avslå"


class Decision(models.Model):
    """Beslut: what a controller decided of a line, in one event. Only added to; the latest of a line counts.

    ``overrides``: names of checks that did not hold and were decided against; ``reason`` is what the region reads.
    """

    line = models.ForeignKey(Line, models.PROTECT, related_name="decisions", db_index=False)
    event = models.ForeignKey(Event, models.PROTECT, related_name="+", db_index=False)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    amount = models.BigIntegerField()
    reason = models.TextField(blank=True)
    overrides = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "event"], name="decided_once_in_an_event"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="decision_not_negative"),
            models.CheckConstraint(condition=Q(outcome="approve") | ~Q(reason=""), name="refusal_has_reason"),
            models.CheckConstraint(condition=~Q(outcome="refuse") | Q(amount=0), name="refusal_pays_nothing"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.line_id}"


class Evidence(models.Model):
    """Kostnadsunderlag: a document that substantiates a cost (17 §). Removed only before the claim has been sent.

    ``number_page``: the first page with a personnummer (None: none): such a file is not sent.
    """

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="evidence", db_index=False)
    document = models.ForeignKey(Document, models.PROTECT, related_name="+")
    what = models.CharField(max_length=120, blank=True)
    sent_by = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)
    number_page = models.IntegerField(null=True)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["claim", "id"], name="evidence_of_claim")]

    def __str__(self) -> str:
        return f"kostnadsunderlag {self.pk}"


class Remark(models.Model):
    """Ord: what a person wrote with a step of a claim, batch, recovery or review (a question, an answer, a reason).

    ``process`` and ``subject_id`` say of what; ``to_region``: whether the region reads it.
    """

    event = models.ForeignKey(Event, models.PROTECT, related_name="+")
    process = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    region = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    text = models.TextField()
    to_region = models.BooleanField(default=True)
    author = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["process", "subject_id", "id"], name="remark_of_subject")]

    def __str__(self) -> str:
        return self.kind


def sums(lines: Any) -> dict[str, int]:
    """``cost`` and ``payable`` of a claim's lines, in öre."""
    rows = [line for line in lines if not line.bar]
    return {"cost": sum(line.cost or 0 for line in rows), "payable": sum(line.payable or 0 for line in rows)}
