"""A thread: the subject of its process, the organisations in it, and how far each has read."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import F, Q

from accounts.actor import Actor
from accounts.models import Organisation, User
from accounts.roles import Party
from correspondence.process import OPEN_STATUSES, THREAD
from fmu_portal.models import Event
from orders.models import Assessment


class Thread(models.Model):
    """Tråd: messages between organisations, in a case or (``case`` None) outside any.

    ``status`` follows the latest event and is written by the door alone. ``asked`` owes an answer to ``asked_by`` while
    the status is *asked*; ``asker`` is the person who asked. ``region``: the one whose routines count, the case's own.
    """

    case = models.ForeignKey(Assessment, models.PROTECT, null=True, related_name="threads", db_index=False)
    region = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    status = models.CharField(max_length=30, default=THREAD.start)
    version = models.IntegerField(default=0)
    last_event = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)
    started_by = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    asked = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    asked_by = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    asker = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(THREAD.statuses)), name="thread_status_known"),
            models.CheckConstraint(
                condition=~Q(status="asked") | Q(asked__isnull=False, asked_by__isnull=False),
                name="thread_asked_says_whom",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "-id"], name="thread_of_case"),
            models.Index(fields=["case", "id"], condition=Q(status__in=OPEN_STATUSES), name="open_thread_of_case"),
        ]

    def __str__(self) -> str:
        return f"tråd {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only the door moves a status: an update must name its fields, and never these."""
        fields = kwargs.get("update_fields")
        if not self._state.adding and (fields is None or {"status", "version", "last_event"} & set(fields)):
            raise TypeError("only the door changes a thread's status")
        super().save(*args, **kwargs)

    @classmethod
    def locked(cls, pk: int) -> Thread:
        """The thread for change: its case's row is locked first, as every part of a case does.

        The case comes in the same query: an organisation that has lost it still has the thread, and gets None for a row
        that the wall does not show it.
        """
        case_id = cls.objects.values_list("case_id", flat=True).get(pk=pk)
        if case_id is not None:
            Assessment.objects.select_for_update(of=("self",)).filter(pk=case_id).values_list("pk").first()
        return cls.objects.select_related("case").select_for_update(of=("self",)).get(pk=pk)

    @property
    def case_status(self) -> str:
        """The status of the case that it belongs to, "" outside any."""
        return self.case.status if self.case is not None else ""

    @property
    def status_label(self) -> str:
        """The status in Swedish."""
        return THREAD.statuses[self.status].label

    def closed_word(self, actor: Actor) -> str:
        """Why this actor can do nothing more with it: the status says it."""
        return ""

    @cached_property
    def members(self) -> list[ThreadParty]:
        """All that take part or did, with their organisations, in the order that they came."""
        return list(self.parties.select_related("organisation").order_by("pk"))

    def present(self) -> list[ThreadParty]:
        """Those that take part now."""
        return [member for member in self.members if member.left_by_id is None]

    def member(self, organisation_id: int) -> ThreadParty | None:
        """The organisation's own row, if it takes part or did."""
        return next((m for m in self.members if m.organisation_id == organisation_id), None)

    def is_party(self, actor: Actor) -> bool:
        """Whether the actor's organisation takes part, or did: one that has left is told so by a guard."""
        member = self.member(actor.organisation_id)
        return member is not None and member.party == actor.party

    def organisation_of(self, party: Party) -> int | None:
        """The id of the first organisation of a party that takes part now."""
        return next((m.organisation_id for m in self.present() if m.party == party), None)

    def holder_of(self, party: Party) -> int | None:
        """Who has the thread's case in hand at the party; nobody outside a case."""
        return self.case.holder_of(party) if self.case is not None else None

    def apply_event(self, event: Event) -> None:
        """Make this instance say what the database says after the event."""
        self.status, self.version, self.last_event_id = event.to_status, self.version + 1, event.pk


class ThreadParty(models.Model):
    """Part i en tråd: an organisation in it. It sees the messages up to ``latest``, and nobody there has read past ``read``.

    ``latest`` follows each new message until the organisation leaves (``left_by``): so its own time stays readable, and
    nothing after it. Both are ids of messages, 0 for none.
    """

    thread = models.ForeignKey(Thread, models.PROTECT, related_name="parties", db_index=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    party = models.CharField(max_length=20, choices=Party.choices)
    latest = models.BigIntegerField(default=0)
    read = models.BigIntegerField(default=0)
    left_by = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "organisation"], name="in_a_thread_once")]
        indexes = [
            models.Index(fields=["organisation", "-latest"], name="threads_of_organisation"),
            models.Index(fields=["organisation", "-latest"], condition=Q(latest__gt=F("read")), name="unread_threads"),
        ]

    def __str__(self) -> str:
        return f"{self.thread_id}:{self.organisation_id}"

    @property
    def is_unread(self) -> bool:
        """Whether nobody at the organisation has read the latest."""
        return self.latest > self.read


class ThreadRead(models.Model):
    """Läst av en person: how far a person has read a thread at an organisation."""

    thread = models.ForeignKey(Thread, models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    read = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation", "thread"], name="read_once_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.thread_id}:{self.user_id}"
