"""The access log: entries that are only added, seals that chain them, and what came of following them up."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Mandate, Organisation
from accounts.permissions import See
from audit import collector
from audit.collector import Collector


class Personal(models.Model):
    """A row that says something of a person: that it was read is gathered when it becomes an object.

    ``PART`` is what it says, ``CASE`` the field with the case's id. `values()` and `values_list()` make no object, so a
    test (`tests/test_house.py`) reads the source and refuses them on these tables but for codes and ids.
    """

    PART: ClassVar[See]
    CASE: ClassVar[str] = "assessment_id"

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **kwargs: Any) -> Self:
        """As Django's, and gathered."""
        row = super().from_db(db, field_names, values, **kwargs)
        collector.seen(str(cls.PART), row.__dict__.get(cls.CASE))
        return row


class Via(models.TextChoices):
    """Vägen in."""

    PAGE = "page", "Sida"
    API = "api", "API"
    WORKER = "worker", "Bakgrundsjobb"


class AccessEntry(models.Model):
    """Logguppgift: one request or job: who, under which mandate, which cases, which parts, when, from where, why.

    ``cases`` are case ids, ``parts`` codes of `accounts.permissions.See`, ``wrote`` step names, ``what`` the name of the
    view or job. Nothing that a person wrote and no name is in it; ``why`` points at where a reason is kept. Only added
    to, and nothing removes it; how long it is kept at least is a rule (``law.access_log_minimum``).
    """

    at = models.DateTimeField(default=timezone.now)
    mandate = models.ForeignKey(Mandate, models.PROTECT, null=True, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    role = models.CharField(max_length=30)
    via = models.CharField(max_length=8, choices=Via.choices)
    what = models.CharField(max_length=60)
    cases = ArrayField(models.BigIntegerField(), default=list)
    parts = ArrayField(models.CharField(max_length=12), default=list)
    wrote = ArrayField(models.CharField(max_length=40), default=list)
    why = models.CharField(max_length=60, blank=True)
    address = models.GenericIPAddressField(null=True)
    namesakes = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "at"], name="entry_of_organisation"),
            GinIndex(fields=["cases"], name="entry_of_case"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.pk}"

    @staticmethod
    def record(gathered: Collector, actor: Any, via: Via, what: str, address: str | None = None) -> None:
        """One entry of what an `accounts.actor.Actor` has had in its hands. Plain SQL: who writes may not read back.

        Who is at work is said once more: a refused call was rolled back to before it was said.
        """
        parts = sorted({part for parts in gathered.cases.values() for part in parts})
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT fmu_act_as(%s, %s, %s, %s);"
                "INSERT INTO audit_accessentry (at, mandate_id, organisation_id, role, via, what, cases, parts, wrote, why,"
                " address, namesakes) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    actor.mandate_id or None,
                    actor.organisation_id or None,
                    actor.user_id or None,
                    actor.role,
                    timezone.now(),
                    actor.mandate_id or None,
                    actor.organisation_id or None,
                    actor.role,
                    via,
                    what[:60],
                    sorted(gathered.cases),
                    parts,
                    gathered.wrote,
                    gathered.why,
                    address,
                    sorted(gathered.namesakes),
                ],
            )


class Log(models.TextChoices):
    """Vad som förseglas."""

    ACCESS = "access", "Åtkomstloggen"
    EVENT = "event", "Händelserna"


class Seal(models.Model):
    """Sigill: the rows ``first``–``last`` of a log, and the hash that chains them to the seal before. Only added to."""

    log = models.CharField(max_length=8, choices=Log.choices)
    number = models.IntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    count = models.IntegerField()
    at = models.DateTimeField(default=timezone.now)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["log", "number"], name="seal_number_once")]

    def __str__(self) -> str:
        return f"{self.log} {self.number}"


class FollowUp(models.Model):
    """Logguppföljning: what somebody found when they looked at an entry. Only added to; a second look is a second row."""

    class Outcome(models.TextChoices):
        """Utfall."""

        FINE = "fine", "Befogad"
        ASKED = "asked", "Användaren tillfrågas"
        INCIDENT = "incident", "Misstänkt obehörig åtkomst, anmäld"

    entry = models.ForeignKey(AccessEntry, models.PROTECT, related_name="follow_ups")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    comment = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(Mandate, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["fine", "asked", "incident"]), name="follow_up_outcome_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.pk}"
