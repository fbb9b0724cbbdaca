"""Sections of the case page that apps further up add when they start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.actor import Actor
from orders.models import Assessment


@dataclass(frozen=True)
class Section:
    """A section: its template, and what the template is given as ``section``."""

    template: str
    data: dict[str, Any]


Maker = Callable[[Actor, Assessment, Mapping[str, list[Any]]], Section | None]
_makers: list[Maker] = []


def add_section(make: Maker) -> None:
    """Add a section, made for each reader of a case; None when there is nothing for this one."""
    _makers.append(make)


def sections_of(actor: Actor, case: Assessment, found: Mapping[str, list[Any]]) -> list[Section]:
    """The sections for a reader, in the order that they were added. ``found``: what `orders.readings` read."""
    return [section for make in _makers if (section := make(actor, case, found)) is not None]
