"""One entry in the access log for each request that touched somebody's data, in the request's own transaction.

It stands inside the page's transaction and outside the views: when the entry cannot be written, the answer is an error
and nothing personal is shown.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from accounts.actor import Actor
from audit.collector import collecting, work_for
from audit.models import AccessEntry, Via
from fmu_portal.middleware import Handler
from fmu_portal.security import client_of


class AccessLog:
    """Gathers while the request is answered; writes before the answer leaves."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with collecting() as collector:
            work_for(getattr(getattr(request, "user", None), "name", ""))
            response = self.get_response(request)
            actor: Actor | None = getattr(request, "actor", None)
            if not collector.empty and actor is not None and response.status_code < 500:
                match = request.resolver_match
                via = Via.API if request.path_info.startswith("/api/") else Via.PAGE
                name = match.view_name if match is not None and match.view_name else "?"
                AccessEntry.record(collector, actor, via, name, client_of(request))
        return response
