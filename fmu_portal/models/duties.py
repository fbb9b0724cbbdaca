"""What is owed, by whom, by when; the calendar that SQL counts with."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.roles import Party
from fmu_portal.models.events import Event


class DutyQuerySet(models.QuerySet["Duty"]):
    """Conditions on duties."""

    def open(self) -> DutyQuerySet:
        """Those still owed."""
        return self.filter(closed_by__isnull=True)

    def of_organisation(self, organisation_id: int) -> DutyQuerySet:
        """The work basket of an organisation: its open duties by due date, late first."""
        return self.open().filter(organisation_id=organisation_id).order_by("due", "id")

    def overdue(self, today: date) -> DutyQuerySet:
        """Open and past their last day."""
        return self.open().filter(due__lt=today)


class Duty(models.Model):
    """Att göra: one thing that one organisation owes, with its last day, the rule it comes from and what was counted.

    A moved date is a new row that supersedes the old, so that reminders and flags re-arm by themselves.
    """

    process = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    case_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=40)
    party = models.CharField(max_length=20, choices=Party.choices)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    holder = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    due = models.DateField()
    rule = models.CharField(max_length=60)
    inputs = models.JSONField()
    opened_by = models.ForeignKey(Event, models.PROTECT, related_name="+", db_index=False)
    closed_by = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)
    superseded_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)

    objects = DutyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["process", "subject_id", "kind", "organisation"],
                condition=Q(closed_by__isnull=True),
                name="one_open_duty_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(superseded_by__isnull=True) | Q(closed_by__isnull=False), name="superseded_duty_is_closed"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "due", "id"], condition=Q(closed_by__isnull=True), name="work_basket"),
            models.Index(
                fields=["holder", "organisation", "due", "id"],
                condition=Q(closed_by__isnull=True),
                name="work_basket_mine",
            ),
            models.Index(fields=["due", "id"], condition=Q(closed_by__isnull=True), name="duty_to_watch"),
            models.Index(fields=["case_id", "id"], name="duty_of_case"),
            # A list asks what is open in each of its 25 cases; what is over lies on pages of its own.
            models.Index(fields=["case_id", "id"], condition=Q(closed_by__isnull=True), name="open_duty_of_case"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.due}"


class SignalKind(models.TextChoices):
    """Vad klockan har sagt om en uppgift."""

    REMINDED = "reminded", "Påminnelse"
    OVERDUE = "overdue", "Sista dag passerad"


class DutySignal(models.Model):
    """Klockans signal: once per duty row, kind and number of days before; a moved date is a new duty row."""

    duty = models.ForeignKey(Duty, models.PROTECT, related_name="signals", db_index=False)
    kind = models.CharField(max_length=12, choices=SignalKind.choices)
    days_before = models.SmallIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["duty", "kind", "days_before"], name="signal_once_per_duty")]

    def __str__(self) -> str:
        return self.kind


class CalendarDay(models.Model):
    """Kalenderdag: a day and its ordinal (how many working days up to and including it). SQL and Python count alike."""

    day = models.DateField(primary_key=True)
    working = models.BooleanField()
    ordinal = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["ordinal"], condition=Q(working=True), name="working_day_by_ordinal")]

    def __str__(self) -> str:
        return str(self.day)


class Recount(models.Model):
    """Omräkning: a changed rule or calendar moves open duties only when a person has seen the list and said yes."""

    found_at = models.DateTimeField(default=timezone.now)
    digest = models.CharField(max_length=64)
    moves = models.JSONField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved = models.BooleanField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], condition=Q(decided_at__isnull=True), name="one_open_recount"),
        ]

    def __str__(self) -> str:
        return f"{self.found_at:%Y-%m-%d}"
