"""Visits: when the insured person is examined, by whom, and what became of it."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from accounts.roles import Party, Role
from fmu_portal.engine.table import NEW
from orders.models.assessment import Assessment
from orders.models.part import Part, PartQuerySet
from orders.process import PROFESSIONS
from orders.processes.visit import FIRM, OPEN, VISIT

UNIT_ROLES = (Role.PERFORMER_ADMIN, Role.PHYSICIAN)
"""Who at the performer sees to every visit."""


class Interpreter(models.TextChoices):
    """Tolk vid ett besök."""

    NONE = "none", "Ingen tolk"
    NEEDED = "needed", "Tolk behövs, inte bokad än"
    BOOKED = "booked", "Tolk bokad"
    CAME = "came", "Tolken kom"
    ABSENT = "absent", "Tolken uteblev"


class SummonedHow(models.TextChoices):
    """Hur den försäkrade kallas."""

    POST = "post", "Brev med posten"
    DIRECT = "direct", "Kallelsen lämnas direkt, eller i er egen e-tjänst"


class CancelledBy(models.TextChoices):
    """Vem som avbokade ett besök."""

    INSURED = "insured", "Den försäkrade"
    PERFORMER = "performer", "Utföraren"
    AGENCY = "agency", "Försäkringskassan"
    CASE = "case", "Avslutades med utredningen"
    DECLINED = "declined", "Utvidgningen godkändes inte"


class NoticeTo(models.TextChoices):
    """Till vem den försäkrade lämnade återbudet."""

    PERFORMER = "performer", "Utföraren"
    AGENCY = "agency", "Försäkringskassan"
    REGION = "region", "Regionen"


class NoShow(models.TextChoices):
    """Uteblivet besök: de tre former som räknas (FKFS 2019:1 4 §)."""

    NOT_COME = "not_come", "Kom inte"
    TOO_LATE = "too_late", "Kom för sent för att kunna undersökas"
    NO_PART = "no_part", "Kom, men kunde eller ville inte delta"


class Interruption(models.TextChoices):
    """Varför ett besök avbröts; inget av det är ett uteblivet besök."""

    INTERPRETER = "interpreter", "Tolken uteblev eller kunde inte tolka"
    INSURED = "insured", "Den försäkrade orkade inte fortsätta eller blev sjuk"
    PERFORMER = "performer", "Hinder hos utföraren"
    OTHER = "other", "Annat hinder, till exempel tekniken"


OUTCOMES: dict[str, str] = {**dict(NoShow.choices), **dict(Interruption.choices)}


def _overlaps(name: str, of: str) -> ExclusionConstraint:
    """No two open visits at one time. A range of one id stands in for ``=``, so that no extension is needed."""
    return ExclusionConstraint(
        name=name,
        expressions=[
            (Func(F(of), F(of), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
            (Func(F("starts_at"), F("ends_at"), function="tstzrange", output_field=DateTimeRangeField()), "&&"),
        ],
        condition=Q(status__in=OPEN),
    )


class VisitQuerySet(PartQuerySet["Visit"]):
    """Visits, each with its assessor in the same query."""

    def of_case(self, case: Assessment, actor: Actor, today: date) -> Self:
        """Those of a case that the actor has already been let into."""
        return super().of_case(case, actor, today).select_related("assessor")


class Visit(Part):
    """Besök: of one profession with one assessor, from ``starts_at`` to ``ends_at`` (aware), in a place or by video.

    ``place`` is written by a person and shown to the performer alone, as is the assessor. ``notice_at`` is when the
    insured person gave notice, ``late_notice`` whether that was late by the rule ``late_rule``; when it was registered
    is the event's own moment. ``outcome`` is a `NoShow` or an `Interruption`.
    """

    PROCESS = VISIT.name
    FREE_TEXT = ("place",)

    profession = models.CharField(max_length=30, blank=True)
    assessor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    video = models.BooleanField(default=False)
    place = models.CharField(max_length=200, blank=True)
    interpreter = models.CharField(max_length=10, choices=Interpreter.choices, default=Interpreter.NONE)
    interpreter_minutes = models.SmallIntegerField(null=True)
    summoned_on = models.DateField(null=True)
    summoned_how = models.CharField(max_length=10, choices=SummonedHow.choices, blank=True)
    cancelled_by = models.CharField(max_length=10, choices=CancelledBy.choices, blank=True)
    notice_at = models.DateTimeField(null=True)
    notice_to = models.CharField(max_length=10, choices=NoticeTo.choices, blank=True)
    late_notice = models.BooleanField(null=True)
    late_rule = models.CharField(max_length=60, blank=True)
    outcome = models.CharField(max_length=20, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(VISIT.statuses)), name="visit_status_known"),
            models.CheckConstraint(
                condition=Q(status=NEW)
                | Q(
                    profession__in=list(PROFESSIONS),
                    assessor__isnull=False,
                    starts_at__isnull=False,
                    ends_at__gt=F("starts_at"),
                ),
                name="visit_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="summoned") | Q(summoned_on__isnull=False), name="summoned_visit_has_day"
            ),
            models.CheckConstraint(
                condition=~Q(status="no_show") | Q(outcome__in=NoShow.values), name="no_show_has_legal_form"
            ),
            models.CheckConstraint(
                condition=Q(late_notice__isnull=True)
                | (Q(cancelled_by="insured", notice_at__isnull=False) & ~Q(late_rule="")),
                name="late_notice_has_rule",
            ),
            _overlaps("one_visit_at_a_time_per_assessor", "assessor"),
            _overlaps("one_visit_at_a_time_per_case", "assessment"),
        ]
        indexes = [
            models.Index(fields=["assessment", "id"], name="visit_of_case"),
            models.Index(fields=["performer", "starts_at"], name="visit_of_performer"),
            models.Index(fields=["starts_at"], condition=Q(status__in=OPEN), name="visit_open"),
        ]

    @property
    def day(self) -> date:
        """The day of the visit in Sweden: what the duty to close it is counted from."""
        assert self.starts_at is not None
        return timezone.localdate(self.starts_at)

    @property
    def profession_label(self) -> str:
        """The profession in Swedish."""
        return str(PROFESSIONS.get(self.profession, ""))

    @property
    def hours_words(self) -> str:
        """ "kl. 09.30–11.00", in Swedish time."""
        from orders.visits import when_words

        assert self.starts_at is not None
        assert self.ends_at is not None
        return when_words(self.starts_at, self.ends_at).partition(" ")[2]

    def words(self) -> list[str]:
        """What every party sees of it: when, with which profession, interpreter, what became of it."""
        from orders.visits import when_words

        if self.starts_at is None or self.ends_at is None:
            return []
        lines = [f"{self.profession_label}, {when_words(self.starts_at, self.ends_at)}."]
        if self.summoned_on:
            lines.append(f"Kallad {self.summoned_on}.")
        if self.status == "cancelled" and self.cancelled_by:
            lines.append(self._cancelled())
        if self.outcome:
            lines.append(f"{OUTCOMES[self.outcome]}.")
        if self.interpreter != Interpreter.NONE:
            lines.append(f"{self.get_interpreter_display()}{self._hours()}.")
        return lines

    def words_for(self, actor: Actor) -> list[str]:
        """The same; at the performer also with whom and where."""
        lines = self.words()
        if actor.party is not Party.PERFORMER or not lines:
            return lines
        where = "Video" if self.video else self.place or "Ingen plats angiven"
        with_whom = f"Hos {self.assessor.name}. " if self.assessor else ""
        return [lines[0], f"{with_whom}{where}{'' if where.endswith('.') else '.'}", *lines[1:]]

    def links_for(self, actor: Actor) -> list[tuple[str, str]]:
        """Calendar file and letter, while the visit is still to come."""
        if self.status not in OPEN or self.begun:
            return []
        root = f"/arenden/{self.assessment.number}/besok/{self.pk}"
        links = [("Lägg in i kalendern (ICS)", f"{root}/besok.ics")]
        if self.may_summon(actor):
            links.insert(0, ("Kallelsen som brev (PDF)", f"{root}/kallelse.pdf"))
        return links

    def may_summon(self, actor: Actor) -> bool:
        """Whether the actor may have the letter: never before approval (5 §), and only those who summon."""
        own = actor.role in UNIT_ROLES or self.assessor_id == actor.user_id
        return self.status in FIRM and actor.organisation_id == self.performer_id and own

    @property
    def next_step(self) -> str:
        """Summon, and afterwards say how it went."""
        if self.status not in FIRM:
            return ""
        return "carry_out" if self.begun else "summon"

    def _hours(self) -> str:
        from orders.visits import hours_words

        return f", {hours_words(self.interpreter_minutes)} timmar" if self.interpreter_minutes else ""

    def _cancelled(self) -> str:
        from orders.visits import moment_words

        who = {"insured": "av den försäkrade", "performer": "av utföraren", "agency": "av Försäkringskassan"}
        if self.cancelled_by not in who:
            return f"{self.get_cancelled_by_display()}."
        text = f"Avbokat {who[self.cancelled_by]}."
        if self.notice_at is not None:
            late = "Sent återbud" if self.late_notice else "Inte sent återbud"
            text += f" Återbudet lämnades {moment_words(self.notice_at)}. {late}."
        return text

    @classmethod
    def closed_as(cls, pk: int) -> dict[str, Any]:
        """What the step that closes it with its case sets and says."""
        from orders.visits import in_event

        said = {"visit": in_event(cls.objects.get(pk=pk))}
        return {"fields": {"cancelled_by": CancelledBy.CASE.value}, "data": said}

    @property
    def begun(self) -> bool:
        """Whether it has started by now."""
        return self.starts_at is not None and self.starts_at <= timezone.now()
