"""What every page of the portal knows of the request."""

from __future__ import annotations

from datetime import date
from typing import cast

from django.http import HttpRequest

from accounts.actor import Actor


class PortalRequest(HttpRequest):
    """A request that has passed `accounts.middleware.LoginRequired`: it has an actor."""

    actor: Actor


def actor_of(request: HttpRequest) -> Actor:
    """The mandate that the request is made under."""
    return cast("PortalRequest", request).actor


def number_in(text: str | None) -> int | None:
    """A whole number from a query string, or None."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def cursor_in(text: str | None) -> tuple[date, int] | None:
    """``2027-01-14.123`` as (day, id), or None when it is anything else."""
    day, _, pk = (text or "").partition(".")
    number = number_in(pk)
    try:
        return (date.fromisoformat(day), number) if number is not None else None
    except ValueError:
        return None


class CaseNumber:
    """A case number in an address, 2026-000123; anything else is no address of a case."""

    regex = "[0-9]{4}-[0-9]{6}"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value
