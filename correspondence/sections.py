"""Meddelanden on the case page: the case's threads that one reads, and the way to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.actor import Actor
from accounts.permissions import See
from correspondence import lists, threads
from correspondence.process import THREAD
from orders.models import Assessment
from orders.readings import APART, add_reading
from orders.views.sections import Section, add_section


def messages_section(actor: Actor, case: Assessment, found: Mapping[str, list[Any]]) -> Section | None:
    """The latest threads; nothing for who reads none and cannot begin one."""
    if not actor.sees(See.MESSAGES):
        return None
    writes = threads.may_begin(actor) and bool(threads.others_in(case, actor))
    rows = lists.rows_of(actor, found["threads"])
    if not rows and not writes:
        return None
    return Section("correspondence/section.html", {"rows": rows, "writes": writes, "number": case.number})


def register() -> None:
    """Called once when the app is ready."""
    add_section(messages_section)
    add_reading("threads", lists.of_case)
    APART.add(THREAD.name)
