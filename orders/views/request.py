"""What every page of the portal knows of the request."""

from __future__ import annotations

from datetime import date
from typing import cast

from django.http import HttpRequest

from accounts.actor import Actor
from fmu_portal.addresses import number_in


class PortalRequest(HttpRequest):
    """A request that has passed `accounts.middleware.LoginRequired`: it has an actor."""

    actor: Actor


def actor_of(request: HttpRequest) -> Actor:
    """The mandate that the request is made under."""
    return cast("PortalRequest", request).actor


def cursor_in(text: str | None) -> tuple[date, int] | None:
    """``2027-01-14.123`` as (day, id), or None when it is anything else."""
    day, _, pk = (text or "").partition(".")
    number = number_in(pk)
    try:
        return (date.fromisoformat(day), number) if number is not None else None
    except ValueError:
        return None
