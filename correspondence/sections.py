"""Meddelanden on the case page: the case's threads that one reads, and the way to write."""

from __future__ import annotations

from accounts.actor import Actor
from accounts.permissions import See
from correspondence import lists, threads
from correspondence.process import THREAD
from orders.models import Assessment
from orders.views.sections import APART, Section, add_section


def messages_section(actor: Actor, case: Assessment) -> Section | None:
    """The latest threads; nothing for who reads none and cannot begin one."""
    if not actor.sees(See.MESSAGES):
        return None
    writes = threads.may_begin(actor) and bool(threads.others_in(case, actor))
    rows = lists.of_case(actor, case.pk)
    if not rows and not writes:
        return None
    return Section("correspondence/section.html", {"rows": rows, "writes": writes, "number": case.number})


def register() -> None:
    """Called once when the app is ready."""
    add_section(messages_section)
    APART.add(THREAD.name)
