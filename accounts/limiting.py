"""Rate limits of those who are logged in: pages by account, what is worth copying by account and mandate, calls by key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.actor import Actor
from fmu_portal import errors, limits
from fmu_portal.limits import Limit

Handler = Callable[[HttpRequest], HttpResponse]

SEARCHES = (limits.SEARCH_MANDATE, limits.SEARCH_ACCOUNT)
DOCUMENTS = (limits.DOCUMENT_MANDATE, limits.DOCUMENT_ACCOUNT)
GUARDED: dict[tuple[str, str], tuple[Limit, Limit]] = {
    ("search", "POST"): SEARCHES,
    ("document", "GET"): DOCUMENTS,
    ("report-pdf", "GET"): DOCUMENTS,
    ("api-document", "GET"): DOCUMENTS,
    ("journal", "GET"): DOCUMENTS,
    ("visit-letter", "GET"): DOCUMENTS,
    ("underlag", "GET"): DOCUMENTS,
    ("underlag", "POST"): DOCUMENTS,
    ("underlag-pdf", "GET"): DOCUMENTS,
    ("exports", "POST"): DOCUMENTS,
    ("export-file", "GET"): DOCUMENTS,
    ("api-exports", "POST"): DOCUMENTS,
    ("api-export-file", "GET"): DOCUMENTS,
}
"""(address, method) -> the limit per mandate and the limit per account."""


def _wait(actor: Actor, url_name: str | None, method: str | None) -> int:
    """Seconds to wait before this may be done; 0 now."""
    found = GUARDED.get((url_name or "", method or ""))
    if found is None:
        return 0
    per_mandate, per_account = found
    return max(limits.spend(per_mandate, actor.mandate_id), limits.spend(per_account, actor.user_id))


class PageLimits:
    """After `accounts.middleware`, which says who asks."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """The refusal's page when it was too much."""
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None:
            return None
        name = request.resolver_match.url_name if request.resolver_match else None
        method = "GET" if request.method == "HEAD" else request.method
        wait = limits.spend(limits.PAGE_ACCOUNT, actor.user_id) or _wait(actor, name, method)
        return errors.too_many(request, wait) if wait else None


class KeyLimits(BaseThrottle):
    """The API: per key; a document is counted with those that the mandate opened on the pages."""

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether the call may be made now."""
        match = request._request.resolver_match
        self.seconds = limits.spend(limits.API_KEY, getattr(request, "key_id", 0))
        if not self.seconds and isinstance(request.auth, Actor):
            self.seconds = _wait(request.auth, match.url_name if match else None, request.method)
        return not self.seconds

    def wait(self) -> float | None:
        """Seconds until it may."""
        return float(self.seconds)
