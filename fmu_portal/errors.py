"""Pages for what went wrong. None reveals anything of a case, and none is a dead end."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fmu_portal.engine.refusals import LostRace, NoRule, Refused, WrongRole
from fmu_portal.templatetags.portal import moment


def refusal(request: HttpRequest, refused: Refused, case_url: str | None = None, **context: Any) -> HttpResponse:
    """The page of a refusal: a lost race, a missing rule, a wrong role, or a wrong state."""
    if isinstance(refused, LostRace):
        page = "errors/lost_race.html"
        context["own"] = refused.facts["own"]
        context["facts"] = [
            {"label": "Status nu", "value": refused.facts["status_label"]},
            {"label": "Senast gjort av", "value": refused.facts["who"]},
            {"label": "När", "value": moment(refused.facts["at"])},
            *context.pop("facts", []),
        ]
    elif isinstance(refused, NoRule):
        page = "errors/no_rule.html"
        context |= {"rule": refused.facts["rule"], "day": refused.facts["day"]}
    elif isinstance(refused, WrongRole):
        page = "errors/403.html"
    else:
        page = "errors/refused.html"
        context.setdefault("title", refused.title)
    context |= {"text": refused.text, "case_url": case_url}
    return render(request, page, context, status=refused.status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's protection did not match: cookies are off, or the page came from a login that has ended."""
    return render(request, "errors/csrf.html", status=403)


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """429: a limit of `fmu_portal.limits`, and when it ends. A script of ours is told without a page."""
    if request.headers.get("X-Requested-With") == "fetch":
        response = HttpResponse("Vänta en stund.", status=429, content_type="text/plain; charset=utf-8")
    else:
        response = render(request, "errors/429.html", {"minutes": minutes(seconds)}, status=429)
    response["Retry-After"] = str(seconds)
    return response


def minutes(seconds: int) -> int:
    """Whole minutes, upwards, as a person is told them."""
    return -(-seconds // 60)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, the same for what does not exist and what belongs to another mandate."""
    return render(request, "errors/404.html", status=404)


def only_sent(request: HttpRequest, refused: HttpResponse) -> HttpResponse:
    """405 for whoever opens the address that a form is sent to."""
    response = render(request, "errors/405.html", status=405)
    response["Allow"] = refused["Allow"]
    return response


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 for a colleague without the right."""
    return render(request, "errors/403.html", {"text": str(exception)}, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400; a request that is too large has its own words."""
    return render(request, "errors/400.html", status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 without context: it needs neither the database nor a login."""
    return render(request, "errors/500.html", status=500)
