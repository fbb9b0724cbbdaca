"""What is written: messages, the files in them, and what a person has begun to write."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.permissions import See
from audit.models import Personal
from correspondence.models.thread import Thread
from documents.models import Document
from fmu_portal.models import Event
from orders.models import Assessment

MOST_TITLE = 120
MOST_TEXT = 4000


class Message(Personal):
    """Meddelande: what a person wrote in a thread. ``title`` on the first alone. Erasure empties both (``text`` "").

    ``asks`` is the organisation that was asked to answer.
    """

    PART, CASE = See.MESSAGES, "case_id"

    thread = models.ForeignKey(Thread, models.PROTECT, related_name="messages", db_index=False)
    case_id = models.BigIntegerField(null=True)
    event = models.ForeignKey(Event, models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    author = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    asks = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    title = models.CharField(max_length=MOST_TITLE, blank=True)
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["thread", "id"], name="messages_in_order"),
            models.Index(fields=["case_id", "id"], name="messages_of_case"),
        ]

    def __str__(self) -> str:
        return f"meddelande {self.pk}"


class Draft(models.Model):
    """Påbörjat meddelande: what a person has half written, in a thread or (None) for a new one. Seen by that person alone."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    thread = models.ForeignKey(Thread, models.PROTECT, null=True, related_name="+", db_index=False)
    case = models.ForeignKey(Assessment, models.PROTECT, null=True, related_name="+", db_index=False)
    data = models.JSONField(default=dict)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "thread", "case"], nulls_distinct=False, name="one_draft_per_thread"
            ),
        ]

    def __str__(self) -> str:
        return f"påbörjat {self.pk}"


class Attachment(Personal):
    """Bilaga: a file in a message, or (``message`` None) waiting in a draft.

    ``number_page``: the first page with a personnummer; ``warning_page``: with another than the case's. None: no such page.
    """

    PART, CASE = See.MESSAGES, "case_id"

    draft = models.ForeignKey(Draft, models.PROTECT, null=True, related_name="attachments")
    thread = models.ForeignKey(Thread, models.PROTECT, null=True, related_name="+", db_index=False)
    message = models.ForeignKey(Message, models.PROTECT, null=True, related_name="attachments")
    case_id = models.BigIntegerField(null=True)
    document = models.ForeignKey(Document, models.PROTECT, related_name="attachments")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    number_page = models.IntegerField(null=True)
    warning_page = models.IntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(message__isnull=True, draft__isnull=False)
                | Q(message__isnull=False, draft__isnull=True, thread__isnull=False),
                name="attachment_lies_in_one_place",
            ),
        ]

    def __str__(self) -> str:
        return f"bilaga {self.pk}"
