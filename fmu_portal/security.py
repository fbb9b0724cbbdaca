"""The security log: who logged in or tried to, and what was refused to whom. Lines of the process's log, `fmu.security`.

Codes and ids alone, as in every log: never a name, a typed user name (somebody may have typed the password there) or an
address's query. What was *granted* stands in the access log (`audit`); what was refused stands here, since a refused
request's own transaction may be rolled back.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from fmu_portal import limits

Handler = Callable[[HttpRequest], HttpResponse]

log = logging.getLogger("fmu.security")

REFUSED = frozenset({400, 401, 403, 404, 405, 409, 413, 415, 429})
"""Answers that refuse. Not 422: a form that is filled in wrongly is everyday work, but for `not_offered`."""
_NUMBER = re.compile(r"\d{4}-\d{6}")


def client_of(request: HttpRequest) -> str | None:
    """The whole address of whoever asks, behind the organisation's own proxies too; None for what is no address."""
    for text in (limits.source_of(request), str(request.META.get("REMOTE_ADDR") or "")):
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            continue
    return None


def note(what: str, request: HttpRequest, level: int = logging.INFO, **codes: object) -> None:
    """One line: what, the codes, from where."""
    told = " ".join(f"{name}={value}" for name, value in codes.items() if value not in (None, ""))
    log.log(level, "%s", f"{what} {told} address={client_of(request) or '?'}".replace("  ", " "))


_tried: ContextVar[set[str] | None] = ContextVar("tried", default=None)
"""Fields of this request that were sent with what no page offers."""


def not_offered(field: str) -> None:
    """A form's field holds a choice that it does not offer: typed past the page, or a page that has grown old."""
    tried = _tried.get()
    if tried is not None:
        tried.add(field)


class Watch:
    """Writes a line for each request that was refused, whoever refused it: outside all that may refuse.

    And one for each that sent what no page offers, though it is told as any error in a form.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        tried: set[str] = set()
        token = _tried.set(tried)
        try:
            response = self.get_response(request)
        finally:
            _tried.reset(token)
        actor = getattr(request, "actor", None)
        # A stranger who asks for an address that is not there is the internet's noise.
        if response.status_code in REFUSED and (actor is not None or response.status_code != 404):
            self._line("refused", request, status=response.status_code)
        if tried:
            self._line("not_offered", request, fields=",".join(sorted(tried)))
        return response

    @staticmethod
    def _line(what: str, request: HttpRequest, **codes: object) -> None:
        actor = getattr(request, "actor", None)
        match = request.resolver_match
        number = str(match.kwargs.get("number", "")) if match is not None else ""
        note(
            what,
            request,
            logging.WARNING,
            **codes,
            view=match.view_name if match is not None else "",
            case=number if _NUMBER.fullmatch(number) else "",
            user=actor.user_id if actor is not None else "",
            mandate=actor.mandate_id if actor is not None else "",
        )
