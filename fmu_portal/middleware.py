"""One transaction per request, with the mandate in it; and the door's refusals as pages of their own."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from fmu_portal import errors
from fmu_portal.engine.refusals import Refused

Handler = Callable[[HttpRequest], HttpResponse]

_OUTSIDE = ("/halsa", "/static/")


class PageTransaction:
    """Everything a request reads and writes is one transaction; an error that became a page rolls it back.

    `accounts.middleware` sets the mandate in it (``SET LOCAL``), which row policies read. A streaming body runs after
    it has ended, and opens its own.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(_OUTSIDE):
            return self.get_response(request)
        if not request.path_info.startswith("/api/") and (
            "\0" in request.path or "%00" in request.META.get("QUERY_STRING", "")
        ):
            return HttpResponse(
                "Adressen kan inte innehålla det tecknet.", status=400, content_type="text/plain; charset=utf-8"
            )
        with transaction.atomic():
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response


class Refusals:
    """A refusal of the door that no view has answered becomes its own page; so does an address of a form that is sent,
    when somebody opens it (the address bar, a bookmark)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and request.method == "GET" and not request.path_info.startswith("/api/"):
            return errors.only_sent(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The refusal's page (problem+json is made by the API itself)."""
        if isinstance(exception, Refused) and not request.path_info.startswith("/api/"):
            return errors.refusal(request, exception)
        return None
