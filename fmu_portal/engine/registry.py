"""What apps add to the engine when they start: processes, inputs, guards, hooks, and who counts days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, Protocol

from accounts.actor import Actor
from fmu_portal.engine.table import DutyKind, Process, Step


@dataclass(frozen=True)
class Limit:
    """A counted last day: the rule's id, what went in ({"start", "days"} at least) and the day that came out."""

    due: date
    rule: str
    inputs: dict[str, Any]


class Limits(Protocol):
    """Counts the last day of a duty, with what was decided besides the rule. Raises `NoRule` when none is in force."""

    def __call__(
        self, rule: str, start: date, region_id: int | None, given: Mapping[str, Any] | None = None, /
    ) -> Limit: ...


Guard = Callable[[Any, Actor], str | None]
"""(subject, actor) -> None, or a sentence that says why the step cannot be taken now."""

Hook = Callable[[Any], None]
"""Called with the step's `Context` inside the door's transaction, after the input has been applied."""


class Aside(NamedTuple):
    """What a list says of a subject that belongs to no case: its number, one fact, and who stands on the other side."""

    number: str
    fact: str
    counterpart: str


@dataclass
class Registered:
    """A process with what its app has registered for it.

    ``model`` is the subject's model: it has ``status``, ``version``, ``last_event_id``, ``case_id``, ``case_status``,
    ``status_label``, ``closed_word(actor)``, ``organisation_of(party)``, ``holder_of(party)`` and ``region_id``, and
    ``locked(pk)`` gives the row for change: whatever belongs to a case locks the case's row first. ``inputs``: name -> a
    `StepForm` class. ``apply``: the SQL call that moves the stored status to what an event says. ``page``: subject's id
    -> the address of its own page, for a process that is no part of a case's page. ``alone``: what a list says beside a
    subject that belongs to no case, and ``aside`` what it says of each of several, of those that the actor sees.
    ``prepare``: reads at once, for many subjects, what guards and hooks will ask of each (`many.take_many`).
    ``after_all``: hooks after a step that are given all the `Context` of a set at once; a single step is a set of one.
    """

    process: Process
    model: Any
    apply: str
    inputs: dict[str, Any] = field(default_factory=dict)
    guards: dict[str, Guard] = field(default_factory=dict)
    hooks: dict[str, list[Hook]] = field(default_factory=dict)
    after: dict[str, list[Hook]] = field(default_factory=dict)
    after_all: dict[str, list[Callable[[list[Any]], None]]] = field(default_factory=dict)
    page: Callable[[int], str] | None = None
    alone: str = ""
    aside: Callable[[Actor, list[int]], dict[int, Aside]] | None = None
    prepare: Callable[[list[Any]], None] | None = None

    def input_of(self, step: Step) -> Any:
        """The form class of a step, or None. KeyError when the table names one that no app has registered."""
        return None if step.input is None else self.inputs[step.input]

    def apart_for(self, actor: Actor) -> str:
        """`Process.apart`, for a role that may see what is asked there (the model's ``PART``); "" for any other."""
        return self.process.apart if self.process.apart and actor.sees(self.model.PART) else ""

    def hook(self, step: str, function: Hook) -> None:
        """Let an app further up take part in a step's transaction."""
        self.hooks.setdefault(step, []).append(function)

    def hook_after(self, step: str, function: Hook) -> None:
        """The same, once the step's event has been written: for what takes further steps along."""
        self.after.setdefault(step, []).append(function)


PROCESSES: dict[str, Registered] = {}
DUTY_KINDS: dict[str, DutyKind] = {}
"""Every process's kinds of duty by name: a list of duties of all processes asks it."""
_limits: list[Limits] = []


def register(process: Process, model: Any, apply: str) -> Registered:
    """Add a process; its app calls it once when it starts."""
    if twice := DUTY_KINDS.keys() & process.duties.keys():
        raise ValueError(f"two processes have a duty named {', '.join(twice)}")
    DUTY_KINDS.update(process.duties)
    PROCESSES[process.name] = registered = Registered(process, model, apply)
    return registered


def step_of(process: str, name: str) -> Step | None:
    """The step of a process, or None for what the clock and the administration write beside the tables."""
    return PROCESSES[process].process.steps.get(name)


def parts() -> list[Registered]:
    """The processes of parts of a case, in the order in which they were registered."""
    return [registered for registered in PROCESSES.values() if registered.process.slug]


def register_limits(limits: Limits) -> None:
    """Say who counts last days (the rules app, when it starts)."""
    _limits[:] = [limits]


def count_limit(rule: str, start: date, region_id: int | None, given: Mapping[str, Any] | None = None) -> Limit:
    """The last day by the rule in force on ``start``; ``given``: extra days and a deferral that were decided."""
    return _limits[0](rule, start, region_id, given)
