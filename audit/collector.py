"""What of a person a request (or a worker's job) has had in its hands, gathered while it works, written before it answers.

The gathering sits where rows become objects (`Personal.from_db`), so that nobody can forget it in a view. One request is
one entry: a list counts as reading each person that it shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class Collector:
    """``cases``: case id -> which parts of it (`accounts.permissions.See`). ``wrote``: steps that were taken.

    ``why``: a code with an id ("unlocking:12", "note:88"), never what a person wrote. ``namesakes``: cases whose person
    has the same family name as the reader.
    """

    family_name: str = ""
    cases: dict[int, set[str]] = field(default_factory=dict)
    wrote: list[str] = field(default_factory=list)
    why: str = ""
    searched: bool = False
    namesakes: set[int] = field(default_factory=set)

    @property
    def empty(self) -> bool:
        """Whether nothing of anybody was touched."""
        return not (self.cases or self.searched)


_current: ContextVar[Collector | None] = ContextVar("audit", default=None)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Gather what is read and written inside."""
    collector = Collector()
    token = _current.set(collector)
    try:
        yield collector
    finally:
        _current.reset(token)


def seen(part: str, case_id: int | None) -> None:
    """A row that says something of a case's person has been read."""
    collector = _current.get()
    if collector is not None and case_id is not None:
        collector.cases.setdefault(case_id, set()).add(part)


def named(case_id: int, name: str) -> None:
    """The person's name has been read: is it the reader's own family name?"""
    collector = _current.get()
    if collector is not None and collector.family_name and family_name(name) == collector.family_name:
        collector.namesakes.add(case_id)


def not_shown(case_id: int) -> None:
    """A row that was read to see whether there are more, and is not shown."""
    collector = _current.get()
    if collector is not None:
        collector.cases.pop(case_id, None)
        collector.namesakes.discard(case_id)


def wrote(step: str) -> None:
    """A step has been taken."""
    collector = _current.get()
    if collector is not None:
        collector.wrote.append(step)


def because(code: str) -> None:
    """Where the stated reason is kept: "unlocking:12"."""
    collector = _current.get()
    if collector is not None:
        collector.why = code


def searched() -> None:
    """Somebody was searched for, found or not."""
    collector = _current.get()
    if collector is not None:
        collector.searched = True


def work_for(name: str) -> None:
    """Say who reads, so that a namesake is noticed."""
    collector = _current.get()
    if collector is not None:
        collector.family_name = family_name(name)


def family_name(name: str) -> str:
    """The last word of a name, folded; "" for an empty one."""
    words = name.casefold().split()
    return words[-1] if words else ""
