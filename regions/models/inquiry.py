"""An inquiry to one performer about one case."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import BooleanField, Exists, OuterRef, Q, Value

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party
from audit import collector
from fmu_portal.database import as_clock
from orders.models import Assessment, Profession, Recusal
from orders.models.part import Part, PartQuerySet
from regions.models.agreements import Agreement, Way
from regions.process import INQUIRY

OPEN = ("new", "sent", "accepted")


class InquiryQuerySet(PartQuerySet["Inquiry"]):
    """Inquiries: the region's and the agency's by the case, the asked performer's by being asked."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of the cases that the actor reaches; at a performer those in which it is asked, for who may answer."""
        if actor.party is not Party.PERFORMER:
            return super().visible_to(actor)
        if not actor.sees(See.ASKED):
            return self.none()
        recused = Recusal.objects.filter(user_id=actor.user_id, lifted_at__isnull=True).values("assessment_id")
        return self.filter(performer_id=actor.organisation_id).exclude(assessment_id__in=recused)

    def of_case(self, case: Assessment, actor: Actor, today: date) -> Self:
        """Those of a case that the actor has been let into. The region alone is told who was asked."""
        rows = super().of_case(case, actor, today).select_related("performer")
        if actor.party is Party.PERFORMER and not actor.sees(See.ASKED):
            return rows.none()
        if actor.party is not Party.REGION:
            return rows
        agreement = Agreement.objects.in_force(today)
        agreement = agreement.filter(region_id=OuterRef("assessment__region_id"), performer_id=OuterRef("performer_id"))
        return rows.annotate(named=Value(True, BooleanField()), has_agreement=Exists(agreement))


class Inquiry(Part):
    """Förfrågan to ``performer``: in which ``way`` it was asked, and the earliest start that it answered with.

    ``professions``: those beside the physician that the region knows may be needed; a request itself names none.
    """

    PART = See.ASKED
    PROCESS = INQUIRY.name

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="inquiries", db_index=False)
    way = models.CharField(max_length=10, choices=Way.choices, default=Way.CHOOSE)
    asked_on = models.DateField(null=True)
    earliest_start = models.DateField(null=True)
    professions = ArrayField(models.CharField(max_length=30, choices=Profession.choices), default=list)

    objects = InquiryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(INQUIRY.statuses)), name="inquiry_status_known"),
            models.CheckConstraint(
                condition=~Q(status="accepted") | Q(earliest_start__isnull=False), name="accepted_inquiry_has_start"
            ),
            models.UniqueConstraint(
                fields=["assessment", "performer"], condition=Q(status__in=OPEN), name="asked_once_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["assessment"],
                condition=Q(status="accepted", way__in=("ranked", "quota", "first")),
                name="one_accepts_where_the_first_gets_it",
            ),
        ]
        indexes = [
            models.Index(fields=["assessment", "id"], name="inquiry_of_case"),
            models.Index(fields=["performer", "-id"], name="inquiry_of_performer"),
        ]

    @classmethod
    def locked(cls, pk: int) -> Self:
        """As a part's. The asked performer does not reach the case: the row is locked and read past the wall, by the
        clock's leave, and nothing of it is shown; the door asks whose inquiry it is before anything else."""
        with collector.collecting(), as_clock():
            inquiry = super().locked(pk)
        collector.seen(See.ASKED, inquiry.assessment_id)
        return inquiry

    def holder_of(self, party: Party) -> int | None:
        """Nobody in particular at the asked performer."""
        return None if party is Party.PERFORMER else super().holder_of(party)

    def closed_word(self, actor: Actor) -> str:
        """To the asked: what has become of the inquiry."""
        if actor.party is not Party.PERFORMER:
            return ""
        return {
            "lapsed": "Svarstiden för förfrågan har gått ut. Svaret är inte sparat. Hör av er till regionen om ni ändå kan.",
            "not_chosen": "En annan utförare har fått uppdraget. Svaret är inte sparat.",
            "recalled": "Regionen har tagit tillbaka förfrågan. Svaret är inte sparat.",
        }.get(self.status, "")

    def words(self) -> list[str]:
        """What the page says of it, beside its status; the performer's name for the region alone."""
        name = f"{self.performer.name}. " if getattr(self, "named", False) and self.performer else ""
        start = f" Tidigast start {self.earliest_start}." if self.earliest_start else ""
        lines = [f"{name}Tillfrågad {self.asked_on}.{start}", f"{self.get_way_display()}."]
        return [*lines, f"Kan behövas: {', '.join(self.profession_words)}."] if self.professions else lines

    @property
    def profession_words(self) -> list[str]:
        """The professions beside the physician, in Swedish and in lower case."""
        return [str(Profession(code).label).lower() for code in self.professions]

    @classmethod
    def words_of_all(cls, case: Assessment, parts: list[Any]) -> str:
        """That nobody is left, when everybody asked has said no or nothing."""
        if case.status != "requested" or not parts or any(part.status in OPEN for part in parts):
            return ""
        return "Ingen tillfrågad utförare är kvar. Regionen behöver fråga fler, tilldela direkt eller lämna tillbaka begäran."
