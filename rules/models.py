"""Dated law: each number with its source and how sure it is."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q

from accounts.models import Organisation


class Certainty(models.TextChoices):
    """Hur säker en regel är."""

    LAW = "L", "Lag"
    SECONDARY = "S", "Annan källa"
    ROUTINE = "R", "Rutin/avtal"
    READING = "T", "Vår tolkning"


class RuleQuerySet(models.QuerySet["Rule"]):
    """Conditions on rules."""

    def in_force(self, day: date) -> RuleQuerySet:
        """Those that apply on a day."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day), valid_from__lte=day)


class Rule(models.Model):
    """Regel: one value in force from a day to a day, with source. Loaded from rules.toml, never edited here.

    ``code`` is ``key@valid_from`` (and the county code for one region's routine) and is what a duty remembers.
    ``value`` is a number in ``unit`` (vardagar, timmar, kr), or None when ``value_text`` says it in words.
    """

    code = models.CharField(max_length=60, primary_key=True)
    key = models.CharField(max_length=40)
    region = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    position = models.SmallIntegerField()
    group = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    value = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    value_text = models.CharField(max_length=120)
    unit = models.CharField(max_length=20, blank=True)
    remind = models.JSONField(default=list)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    source = models.CharField(max_length=200)
    sure = models.CharField(max_length=1, choices=Certainty.choices)
    text = models.TextField(blank=True)

    objects = RuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(source=""), name="rule_has_source"),
            models.CheckConstraint(condition=Q(sure__in=Certainty.values), name="rule_certainty_known"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="rule_period_in_order"
            ),
        ]
        indexes = [models.Index(fields=["key", "valid_from"], name="rule_by_key")]

    def __str__(self) -> str:
        return self.code

    @property
    def days(self) -> int:
        """The value as a number of working days. TypeError when the rule has no number."""
        return int(self.value)  # type: ignore[arg-type]

    @property
    def basis(self) -> str:
        """What the work basket says of a duty: the law's paragraph or the routine's length."""
        if self.sure == Certainty.ROUTINE:
            return f"Rutin: {self.value_text}"
        return "Lag, 8 §" if self.key.startswith("law.report_time") else self.get_sure_display()


def rule_code(record: dict[str, Any]) -> str:
    """The stable code of a record in rules.toml."""
    region = f"#{record['region']}" if record.get("region") else ""
    return f"{record['key']}{region}@{record['valid_from'].isoformat()}"
