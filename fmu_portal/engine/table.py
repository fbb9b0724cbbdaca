"""What a process is made of: plain data. An app's ``process.py`` writes its table with these and imports no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.roles import Party, Role

NEW = "new"
"""The status of a part of a case (a visit, an application) before its first step has been taken; nobody sees it."""


@dataclass(frozen=True)
class DutyKind:
    """Something that a party owes.

    ``task`` is the verb phrase of the work basket; ``parties`` owe it together (one row each); ``rule`` is the key of
    the rule that gives its working days; ``counted_from`` names the subject's date that the days are counted from
    (None: the day of the step that opens it); ``step`` is the step that the party's button offers; ``roles`` narrows
    who of the party has it in hand (all roles that may take the step when empty).
    """

    name: str
    task: str
    parties: tuple[Party, ...]
    rule: str
    step: str
    counted_from: str | None = None
    missed: str = ""
    turn: Mapping[Party, str] = field(default_factory=dict)
    remind: tuple[int, ...] = ()
    """Working days before the due date on which the party is reminded, when the rule names none."""


@dataclass(frozen=True)
class Status:
    """A status: its Swedish label, the duties that entering it opens and leaving it closes, whether it is an end."""

    name: str
    label: str
    duties: tuple[str, ...] = ()
    ended: bool = False
    tone: str = "default"


@dataclass(frozen=True)
class Step:
    """A step: who may take it, from where to where, what it opens and closes beside the statuses' own duties.

    ``to`` None leaves the status (and its duties) alone. ``opens``: status before the step -> duty kinds (the key ``*``
    stands for any). ``needs_open``: a duty of one of these kinds must be open; ``needs_closed``: none may be. ``guards``
    name functions that the app registers. ``input`` names the registered input; a step with one cannot be taken
    without it. ``confirm``: the page shows the answers once more before they reach another party. ``sees`` names the
    version that the form must carry. ``signs``: the person signs by it, so that the page with the answers asks for the
    password (such a step has ``confirm``) and an API key must have been made for signing. ``tells``: the parties that get a
    notice beside those who get a duty. ``case_in``: the statuses that the case must have, for a part of a case (any when
    empty). ``follows``: nobody takes it by itself; another process's step takes it along (`door.follow`). ``moves``: duty
    kinds whose last day it moves: the newest row of each is superseded by one with the limit that the input decided.
    """

    name: str
    label: str
    done: str
    from_: tuple[str, ...]
    to: str | None
    by: Mapping[Party, tuple[Role, ...]]
    input: str | None = None
    confirm: bool = False
    opens: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closes: tuple[str, ...] = ()
    needs_open: tuple[str, ...] = ()
    needs_closed: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    note_to: tuple[Party, ...] = ()
    tells: tuple[Party, ...] = ()
    hint: str = ""
    happens: tuple[str, ...] = ()
    sees: str | None = None
    signs: bool = False
    case_in: tuple[str, ...] = ()
    follows: bool = False
    moves: tuple[str, ...] = ()


@dataclass(frozen=True)
class Process:
    """A process: named statuses, duties and steps. The first status is where it starts.

    A part of a case starts in `NEW`; ``slug`` is its word in addresses, and ``closes_with`` names the steps of the case
    that take its step ``close`` along.
    """

    name: str
    label: str
    statuses: Mapping[str, Status]
    duties: Mapping[str, DutyKind]
    steps: Mapping[str, Step]
    slug: str = ""
    closes_with: tuple[str, ...] = ()

    @property
    def start(self) -> str:
        """The status in which a new subject begins."""
        return next(iter(self.statuses))

    @property
    def beginnings(self) -> list[Step]:
        """The steps that begin a new part."""
        return [step for step in self.steps.values() if NEW in step.from_]

    @property
    def open_statuses(self) -> tuple[str, ...]:
        """The statuses in which something is still to come."""
        return tuple(status.name for status in self.statuses.values() if not status.ended)

    def opened_by(self, step: Step, status: str) -> tuple[str, ...]:
        """The kinds of duty that the step opens when taken from a status."""
        entered = self.statuses[step.to].duties if step.to is not None else ()
        return (*entered, *step.opens.get(status, ()), *step.opens.get("*", ()))

    def closed_by(self, step: Step, status: str, open_kinds: set[str]) -> set[str]:
        """The open kinds of duty that the step closes when taken from a status; an end closes all."""
        if step.to is None:
            return open_kinds & set(step.closes)
        if self.statuses[step.to].ended:
            return set(open_kinds)
        return open_kinds & {*self.statuses[status].duties, *step.closes}


def by_name(*items: object) -> dict[str, object]:
    """name -> item, in order; ValueError when a name stands twice."""
    named = {item.name: item for item in items}  # type: ignore[attr-defined]
    if len(named) != len(items):
        raise ValueError("two rows of a process table have one name")
    return named
