"""What the organisations were told lately: the notices that `orders.notices` makes from the outbox, with its own keys."""

from __future__ import annotations

from typing import Any

from fmu_portal.engine.registry import DUTY_KINDS
from fmu_portal.models import Event
from orders.demo.calendar import Calendar
from orders.sentences import sentence

LATELY = 10
"""Working days back that the notices go."""


def is_recent(calendar: Calendar, day: int) -> bool:
    """Whether what happened on the day with this ordinal is still told."""
    return day > calendar.last - LATELY


def of_duty(kind: str, due: str) -> str:
    """What an organisation that got a duty is told."""
    return f"{DUTY_KINDS[kind].task} senast {due}."


def of_step(process: str, step: str, party: str, data: dict[str, Any]) -> str:
    """What an organisation that owes nothing is told."""
    return sentence(Event(process=process, step=step, party=party, data=data), {})[:200]


def of_signal(signal: str, kind: str, due: str) -> str:
    """What the clock says."""
    task = DUTY_KINDS[kind].task
    if signal == "overdue":
        return f"Sista dag har passerat: {task}. Den var {due}."
    return f"Påminnelse: {task} senast {due}."
