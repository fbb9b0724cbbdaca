"""A part of a case that has a process of its own: a visit, an application, a deviation."""

from __future__ import annotations

from datetime import date
from typing import Any, Self, TypeVar

from django.db import models

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.permissions import See
from accounts.roles import Party
from audit.models import Personal
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import NEW
from fmu_portal.models import Event
from fmu_portal.prepared import lock_row
from orders.models.assessment import Assessment

P = TypeVar("P", bound="Part")


class PartQuerySet(models.QuerySet[P]):
    """Parts of cases: what hangs on a case is seen by whoever sees the case, a performer's by that performer alone."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of the cases that the actor reaches; at a performer those of its own time with the case."""
        rows = self.filter(assessment__in=Assessment.objects.reachable_by(actor).values("pk"))
        return rows.filter(performer_id=actor.organisation_id) if actor.party is Party.PERFORMER else rows

    def of_case(self, case: Assessment, actor: Actor, today: date) -> Self:
        """Those of a case that the actor has already been let into, with what is known of them on a day."""
        rows = self.filter(assessment=case)
        return rows.filter(performer_id=actor.organisation_id) if actor.party is Party.PERFORMER else rows

    def open(self) -> Self:
        """Those in which something is still to come."""
        return self.filter(status__in=PROCESSES[self.model.PROCESS].process.open_statuses)


class Part(Personal):
    """Del av ett ärende. ``PROCESS`` names its table of steps; ``performer`` is whose time with the case it belongs to.

    ``status`` follows the latest event and is written by the door alone, as the assessment's. What a person wrote is
    never a field here but a `Note` of the event.
    """

    PART = See.CASE
    PROCESS: str
    beside: list[Any] | None = None
    """All of its kind in the case, where a page has read them; the door, which decides, asks the database."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="%(class)ss", db_index=False)
    performer = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    status = models.CharField(max_length=30, default=NEW)
    version = models.IntegerField(default=0)
    last_event = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.PROCESS} {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only the door moves a status: an update must name its fields, and never these."""
        fields = kwargs.get("update_fields")
        if not self._state.adding and (fields is None or {"status", "version", "last_event"} & set(fields)):
            raise TypeError("only the door changes the status of a part")
        super().save(*args, **kwargs)

    @classmethod
    def locked(cls, pk: int) -> Self:
        """The row for change. The case's row is locked first, so that two parts of one case never wait for each other."""
        rows: Any = cls._default_manager
        case = Assessment.locked(rows.values_list("assessment_id", flat=True).get(pk=pk))
        part = lock_row(cls, pk)
        part.assessment = case
        return part

    @classmethod
    def beginning(cls, case_id: int) -> Self:
        """A new part of a case, not stored yet; the case's row is locked."""
        case = Assessment.locked(case_id)
        return cls.to_begin(case)

    @classmethod
    def to_begin(cls, case: Assessment) -> Self:
        """As `beginning`, without the lock: to ask what could be begun."""
        return cls(assessment=case, performer_id=case.performer_id)

    def words(self) -> list[str]:
        """What the page says of it to everybody who sees the case, beside its status."""
        raise NotImplementedError

    def words_for(self, actor: Actor) -> list[str]:
        """The same for one reader, where somebody is told more."""
        return self.words()

    def links_for(self, actor: Actor) -> list[tuple[str, str]]:
        """What the page links to beside its steps: (words, address)."""
        return []

    @property
    def next_step(self) -> str:
        """The step that the page offers first, as a button; "" for none."""
        return ""

    @property
    def case_id(self) -> int:
        """The case it belongs to."""
        return self.assessment_id

    @property
    def case_status(self) -> str:
        """The case's status."""
        return self.assessment.status

    @property
    def region_id(self) -> int | None:
        """The case's region: its routines apply."""
        return self.assessment.region_id

    @property
    def status_label(self) -> str:
        """The status in Swedish; the case's, as long as the part has not begun."""
        if self.status == NEW:
            return self.assessment.status_label
        return PROCESSES[self.PROCESS].process.statuses[self.status].label

    def organisation_of(self, party: Party) -> int | None:
        """The id of the organisation that is this party: the performer is the one that the part belongs to."""
        return self.performer_id if party is Party.PERFORMER else self.assessment.organisation_of(party)

    def holder_of(self, party: Party) -> int | None:
        """The id of the user who has the case in hand at the party, if any."""
        return self.assessment.holder_of(party)

    def closed_word(self, actor: Actor) -> str:
        """Why this actor can do nothing more with it, where a word of its own is clearer than the status."""
        return ""

    @classmethod
    def words_of_all(cls, case: Assessment, parts: list[Self]) -> str:
        """What the case page says of all the parts of this kind together, if anything."""
        return ""

    def apply_event(self, event: Event) -> None:
        """Make this instance say what the database says after the event."""
        self.status, self.version, self.last_event_id = event.to_status, self.version + 1, event.pk
