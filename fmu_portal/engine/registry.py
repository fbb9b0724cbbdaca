"""What apps add to the engine when they start: processes, inputs, guards, hooks, and who counts days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from accounts.actor import Actor
from fmu_portal.engine.table import Process, Step


@dataclass(frozen=True)
class Limit:
    """A counted last day: the rule's id, what went in ({"start", "days"} at least) and the day that came out."""

    due: date
    rule: str
    inputs: dict[str, Any]


class Limits(Protocol):
    """Counts the last day of a duty. Raises `NoRule` when no rule is in force."""

    def __call__(self, rule: str, start: date, region_id: int | None, /) -> Limit: ...


Guard = Callable[[Any, Actor], str | None]
"""(subject, actor) -> None, or a sentence that says why the step cannot be taken now."""

Hook = Callable[[Any], None]
"""Called with the step's `Context` inside the door's transaction, after the input has been applied."""


@dataclass
class Registered:
    """A process with what its app has registered for it.

    ``model`` is the subject's model: it has ``status``, ``version``, ``last_event_id``, ``case_id``,
    ``organisation_of(party)``, ``holder_of(party)`` and ``region_id``. ``inputs``: name -> a `StepForm` class.
    ``apply``: the SQL call that moves the stored status to what an event says. ``page``: subject's id -> the address of
    its own page, for a process that has one beside the case's.
    """

    process: Process
    model: Any
    apply: str
    inputs: dict[str, Any] = field(default_factory=dict)
    guards: dict[str, Guard] = field(default_factory=dict)
    hooks: dict[str, list[Hook]] = field(default_factory=dict)
    page: Callable[[int], str] | None = None

    def input_of(self, step: Step) -> Any:
        """The form class of a step, or None. KeyError when the table names one that no app has registered."""
        return None if step.input is None else self.inputs[step.input]

    def hook(self, step: str, function: Hook) -> None:
        """Let an app further up take part in a step's transaction."""
        self.hooks.setdefault(step, []).append(function)


PROCESSES: dict[str, Registered] = {}
_limits: list[Limits] = []


def register(process: Process, model: Any, apply: str) -> Registered:
    """Add a process; its app calls it once when it starts."""
    PROCESSES[process.name] = registered = Registered(process, model, apply)
    return registered


def register_limits(limits: Limits) -> None:
    """Say who counts last days (the rules app, when it starts)."""
    _limits[:] = [limits]


def count_limit(rule: str, start: date, region_id: int | None) -> Limit:
    """The last day by the rule in force on ``start``."""
    return _limits[0](rule, start, region_id)
