"""Sections of the case page that apps further up add when they start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.actor import Actor
from orders.models import Assessment


@dataclass(frozen=True)
class Section:
    """A section: its template, and what the template is given as ``section``."""

    template: str
    data: dict[str, Any]


Maker = Callable[[Actor, Assessment], Section | None]
_makers: list[Maker] = []

APART: set[str] = set()
"""Processes whose events are told on pages of their own, not in the case's history."""


def add_section(make: Maker) -> None:
    """Add a section, made for each reader of a case; None when there is nothing for this one."""
    _makers.append(make)


def sections_of(actor: Actor, case: Assessment) -> list[Section]:
    """The sections for a reader, in the order that they were added."""
    return [section for make in _makers if (section := make(actor, case)) is not None]
