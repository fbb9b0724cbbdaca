"""Rows of the ground floor: what is owed, what happened, what was written, what must be told."""

from fmu_portal.models.duties import CalendarDay, Duty, DutySignal, Recount, SignalKind
from fmu_portal.models.events import AppendOnly, Event, Note
from fmu_portal.models.outbox import Heartbeat, Notice, Outbox

__all__ = [
    "AppendOnly",
    "CalendarDay",
    "Duty",
    "DutySignal",
    "Event",
    "Heartbeat",
    "Note",
    "Notice",
    "Outbox",
    "Recount",
    "SignalKind",
]
