"""The API's errors: problem+json (RFC 9457) in Swedish, with a stable code."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from fmu_portal.engine.refusals import InvalidInput, LostRace, Refused, Stale

_WORDS = {
    400: ("bad_request", "Anropet går inte att läsa."),
    401: ("not_authenticated", "Anropet saknar en giltig nyckel."),
    403: ("forbidden", "Nyckelns uppdrag ger inte rätt att göra det här."),
    404: ("not_found", "Det finns inte, eller hör inte till nyckelns uppdrag."),
    405: ("method_not_allowed", "Metoden finns inte på den här adressen."),
    406: ("not_acceptable", "Svaret finns bara som JSON."),
    415: ("unsupported_media_type", "Innehållet ska vara JSON, eller en fil där det står."),
    429: ("throttled", "För många anrop. Vänta en stund."),
}


def problem(status: int, code: str, title: str, **more: Any) -> Response:
    """One answer of the form problem+json."""
    body = {"type": f"urn:fmu-portalen:{code}", "title": title, "status": status, "code": code, **more}
    return Response(body, status=status, content_type="application/problem+json")


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler."""
    from rest_framework.views import set_rollback

    if isinstance(error, Refused):
        set_rollback()
        more: dict[str, Any] = {}
        if isinstance(error, InvalidInput):
            more["errors"] = error.errors
        elif isinstance(error, Stale):
            more |= {"seen": error.facts["seen"], "now": error.facts["now"]}
        elif isinstance(error, LostRace):
            more |= {"done": error.facts["done"], "at": error.facts["at"].isoformat()}
        return problem(error.status, error.code, error.text, **more)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        set_rollback()
        code, title = _WORDS.get(error.status_code, ("error", "Det gick inte att göra."))
        response = problem(error.status_code, code, title)
        if header := getattr(error, "auth_header", None):
            response["WWW-Authenticate"] = header
        if wait := getattr(error, "wait", None):
            response["Retry-After"] = str(int(wait))
        return response
    return None
