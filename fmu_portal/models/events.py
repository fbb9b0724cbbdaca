"""What happened (only added to) and what a person wrote about it (can be emptied)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.models import Mandate, Organisation
from accounts.permissions import See
from accounts.roles import Party
from audit.models import Personal


class AppendOnly(Exception):
    """Somebody tried to change or delete a row that is only ever added."""


class Event(models.Model):
    """Händelse: a step that was taken. Codes, ids, dates and numbers only; enough to replay the subject from nothing.

    ``data`` holds ``set`` (field -> new value), ``opened`` ([duty id, kind, organisation id, due, rule, inputs]),
    ``closed`` ([duty id]), ``moved`` ([old duty id, new duty id]) and the step's own codes. The database refuses
    UPDATE, DELETE and TRUNCATE by trigger and privilege.
    """

    process = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    case_id = models.BigIntegerField(null=True)
    step = models.CharField(max_length=40)
    party = models.CharField(max_length=20, choices=Party.choices)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    mandate = models.ForeignKey(Mandate, models.PROTECT, null=True, related_name="+", db_index=False)
    from_status = models.CharField(max_length=30)
    to_status = models.CharField(max_length=30)
    at = models.DateTimeField(default=timezone.now)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["case_id", "-id"], name="event_of_case"),
            models.Index(fields=["process", "subject_id", "id"], name="event_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.process}:{self.step}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("an event is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly("an event is never deleted")


class Note(Personal):
    """Anteckning: what a person wrote with a step (a reason, a question). Visible per party; erasure can empty it."""

    PART, CASE = See.NEEDS, "case_id"

    event = models.ForeignKey(Event, models.PROTECT, related_name="notes")
    case_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=40)
    text = models.TextField()
    visible_to = ArrayField(models.CharField(max_length=20, choices=Party.choices))
    author = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["case_id", "id"], name="note_of_case")]

    def __str__(self) -> str:
        return self.kind
