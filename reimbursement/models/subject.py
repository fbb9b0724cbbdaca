"""What everything with a process of its own in this app shares: a status that follows its events."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.roles import Party
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import NEW
from fmu_portal.models import Event
from fmu_portal.prepared import lock_row


class Subject(models.Model):
    """Något med en egen process: of one ``region``, looked after by one ``office`` of the agency.

    ``status`` follows the latest event and is written by the door alone. It belongs to no case in the sense of the access
    table (``case_id`` None): its events would else stand among the case's, which others read.
    """

    PROCESS: ClassVar[str]
    OUTSIDE_CASES: ClassVar[bool] = True
    FREE_TEXT: ClassVar[tuple[str, ...]] = ()
    """Columns that no event carries."""

    number = models.CharField(max_length=14, unique=True)
    region = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    office = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    status = models.CharField(max_length=30, default=NEW)
    version = models.IntegerField(default=0)
    last_event = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)

    case_id = None
    case_status = ""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only the door moves a status: an update must name its fields, and never these."""
        fields = kwargs.get("update_fields")
        if not self._state.adding and (fields is None or {"status", "version", "last_event"} & set(fields)):
            raise TypeError("only the door changes the status")
        super().save(*args, **kwargs)

    @classmethod
    def locked(cls, pk: int) -> Self:
        """The row, locked until the transaction ends."""
        return lock_row(cls, pk)

    @property
    def status_label(self) -> str:
        """The status in Swedish."""
        return PROCESSES[self.PROCESS].process.statuses[self.status].label

    @property
    def tone(self) -> str:
        """How the page colours the status, beside its words."""
        return PROCESSES[self.PROCESS].process.statuses[self.status].tone

    def closed_word(self, actor: Actor) -> str:
        """The status says why nothing more can be done."""
        return ""

    def organisation_of(self, party: Party) -> int | None:
        """The id of the organisation that is this party."""
        return {Party.AGENCY: self.office_id, Party.REGION: self.region_id}.get(party)

    def holder_of(self, party: Party) -> int | None:
        """Nobody in particular: whoever is there takes the next."""
        return None

    def apply_event(self, event: Event) -> None:
        """Make this instance say what the database says after the event."""
        self.status, self.version, self.last_event_id = event.to_status, self.version + 1, event.pk


class Counter(models.Model):
    """Löpnummer: claims (E), batches (U), recoveries (Å) and reviews (K) are numbered within a year."""

    name = models.CharField(max_length=8, primary_key=True)
    last = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name}: {self.last}"

    @staticmethod
    def next_numbers(letter: str, year: int, count: int = 1) -> list[str]:
        """The next ``count`` numbers, "E-2027-00031"; the row is locked until the transaction ends."""
        from django.db import connection

        name = f"{letter}-{year}"
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO reimbursement_counter (name, last) VALUES (%s, %s) ON CONFLICT (name)"
                " DO UPDATE SET last = reimbursement_counter.last + EXCLUDED.last RETURNING last",
                [name, count],
            )
            last = int(cursor.fetchone()[0])
        return [f"{name}-{n:05d}" for n in range(last - count + 1, last + 1)]
