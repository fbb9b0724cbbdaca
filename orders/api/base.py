"""What every call shares: who asks, how a body is read, how a list is paged, how an error is answered."""

from __future__ import annotations

import json
import logging
from typing import Any, NoReturn, cast
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor
from fmu_portal.engine.refusals import InvalidInput, Refused, WrongRole
from fmu_portal.problems import problem
from orders.access import get_case
from orders.models import Assessment

PAGE = 50
FORM_PARTS_BYTES = 1024 * 1024
"""What a multipart body may hold beside the file itself."""

log = logging.getLogger("django.request")


class TooLarge(Refused):
    """The body is larger than the portal takes."""

    code = "too_large"
    status = 413


class JSONObject(BaseParser):
    """A JSON body in UTF-8, at most ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bytes. Whatever is not JSON is 400."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The parsed value; whether it is an object is asked by `body_of`."""
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise TooLarge(f"Innehållet är för stort. Det får vara högst {most // (1024 * 1024)} MB.")
        if not raw.strip():
            return {}
        try:
            return json.loads(raw.decode("utf-8"), parse_constant=_no_such_number)
        except (ValueError, RecursionError) as error:
            raise ParseError from error


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(name)


class Upload(MultiPartParser):
    """A multipart body with one file; what is too large is refused before it is read."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """DRF's own answer: data and files."""
        length = str(parser_context["request"].META.get("CONTENT_LENGTH") or "0")
        most = settings.DOCUMENT_MAX_BYTES
        if length.isdigit() and int(length) > most + FORM_PARTS_BYTES:
            raise TooLarge(f"Filen är för stor. En fil får vara högst {most // (1024 * 1024)} MB.")
        try:
            return super().parse(stream, media_type, parser_context)
        except SuspiciousOperation as error:  # too many fields or too much beside the file
            raise ParseError from error


class OneFormat(DefaultContentNegotiation):
    """Answers have one form each, so what the caller accepts decides nothing."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        """The view's only renderer."""
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """The base of every call. A refused call has changed nothing; what is answered is never kept by a cache."""

    parser_classes: Any = (JSONObject,)
    content_negotiation_class = OneFormat
    metadata_class = None

    @property
    def actor(self) -> Actor:
        """The mandate of the key."""
        return cast("Actor", self.request.auth)

    def case(self, number: str) -> Assessment:
        """The case, or 404 for a missing one and a stranger's alike."""
        return get_case(self.actor, number)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Take the call; an answer that is an error rolls back what the call wrote."""
        with transaction.atomic():
            response = super().dispatch(request, *args, **kwargs)
            if response.status_code >= 400:
                transaction.set_rollback(True)
        return response

    def handle_exception(self, exc: Exception) -> Response:
        """Every error as problem+json; one that nobody foresaw is logged as Django would and says nothing of itself."""
        if isinstance(exc, Refused | APIException | Http404 | PermissionDenied):
            return super().handle_exception(exc)
        got_request_exception.send(sender=type(self), request=self.request._request)
        log.error("Internal Server Error: %s", type(self).__name__, exc_info=exc)
        response = problem(500, "server_error", "Något gick fel i portalen. Inget har ändrats.")
        response.exception = True
        return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Personal data is not kept on the way."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers["Cache-Control"] = "no-store"
        return final


def body_of(request: Request) -> dict[str, Any]:
    """The body as a dict. `InvalidInput` when it is JSON but no object."""
    data = request.data
    if not isinstance(data, dict):
        raise InvalidInput({"__all__": ["Innehållet ska vara ett JSON-objekt."]})
    return dict(data)


def must(allowed: bool) -> None:
    """`WrongRole` unless allowed."""
    if not allowed:
        raise WrongRole("Nyckelns uppdrag ger inte rätt att göra det här.")


def page_of(request: Request, rows: QuerySet[Any], **filters: str) -> tuple[list[Any], str | None]:
    """One page, newest first, by key: the rows and the address of the next page (None on the last).

    ``filters`` are kept in that address. `InvalidInput` when the cursor is none of ours.
    """
    cursor = request.query_params.get("cursor", "")
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise InvalidInput({"cursor": ["Använd adressen i ”next” från föregående svar."]})
        rows = rows.filter(pk__lt=int(cursor))
    found = list(rows.order_by("-pk")[: PAGE + 1])
    if len(found) <= PAGE:
        return found, None
    found = found[:PAGE]
    query = {name: value for name, value in filters.items() if value} | {"cursor": str(found[-1].pk)}
    return found, f"{request.path}?{urlencode(query)}"
