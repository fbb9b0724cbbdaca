"""What every page's shell shows: who, under which mandate, where one can go, and how much waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts import sessions
from accounts.permissions import FOLLOW_UP
from accounts.roles import Party

MOST_COUNTED = 99

Entry = tuple[str, str, str | None]
"""One entry of the menu: its words, its address, and how many wait there."""

_further: list[Callable[[Any], list[Entry]]] = []


def register_menu(items: Callable[[Any], list[Entry]]) -> None:
    """Add an app's own pages to the menu, after the others, for an actor; called by an app when it is ready."""
    _further.append(items)


@dataclass
class Shell:
    """The header and the menu. ``nav``: label, url, count, current. ``login``: the window's mark (`sessions.mark`)."""

    user_name: str = ""
    mandate: Any = None
    nav: list[dict[str, Any]] = field(default_factory=list)
    demo: bool = False
    several_mandates: bool = False
    login: str = ""
    today: Any = None
    absence: bool = False


def capped(queryset: Any, most: int = MOST_COUNTED) -> int:
    """How many rows, counted no further than ``most`` + 1 (so that a count costs the same in any table)."""
    return int(queryset.order_by()[: most + 1].count())


def count_text(count: int, most: int = MOST_COUNTED) -> str:
    """A capped count as a page says it."""
    return f"{most}+" if count > most else str(count)


def portal(request: HttpRequest) -> dict[str, Any]:
    """The template context ``portal``. The menu's count came with the mandate."""
    shell = Shell(demo=settings.DEMO, today=timezone.localdate())
    actor = getattr(request, "actor", None)
    user = getattr(request, "user", None)
    if user is not None:
        shell.user_name = user.name
        shell.several_mandates = request.session.get("several", True)
    if actor is not None:
        shell.mandate = {"role_label": actor.role_label, "organisation_name": actor.organisation_name}
        shell.nav = _menu(request, actor)
        shell.login = sessions.mark(request)
        shell.absence = actor.party is not Party.ADMINISTRATION
    return {"portal": shell}


def _menu(request: HttpRequest, actor: Any) -> list[dict[str, Any]]:
    if actor.party is Party.ADMINISTRATION:
        items: list[Entry] = [("Omräkning", "/omrakning/", None), ("Regler", "/regler/", None)]
    else:
        waiting = actor.waiting
        items = [
            ("Att göra", "/att-gora/", count_text(waiting) if waiting else None),
            ("Ärenden", "/arenden/", None),
            ("Aviseringar", "/aviseringar/", None),
        ]
        if actor.party is Party.PERFORMER:
            items.insert(2, ("Besök", "/besok/", None))
        if actor.role in FOLLOW_UP:
            items.append(("Loggkontroll", "/loggkontroll/", None))
    for further in _further:
        items += further(actor)
    return [
        {"label": label, "url": url, "count": count, "current": request.path.startswith(url)}
        for label, url, count in items
    ]
