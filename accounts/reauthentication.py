"""The password once more: when a session is suddenly used from somewhere else, and before what is highly sensitive.

A session remembers when its owner last gave the password, and from which network and kind of browser. Whoever has got
hold of a session's cookie elsewhere, or finds a screen open, meets the question and gets no further. A person who moves
between two workplaces answers it once at each. Both are routines of the portal, no rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import salted_hmac
from django.utils.http import urlencode

from accounts import parked, sessions
from accounts.models import User
from fmu_portal import limits, security

if TYPE_CHECKING:
    from accounts.forms import PasswordForm

P = ParamSpec("P")

PROVED = "proved"
"""The session's key: [seconds since 1970, from where (`_place`)]."""


def _place(request: HttpRequest) -> str:
    """The network (/24 of IPv4, /64 of IPv6) and the kind of browser, as a keyed hash: the session's row tells neither."""
    network = limits.network_of(limits.source_of(request), ipv4=24)
    told = f"{network} {sessions.described(request.headers.get('User-Agent', ''))}"
    return salted_hmac("accounts.reauthentication", told, algorithm="sha256").hexdigest()[:32]


def proved(request: HttpRequest) -> None:
    """The password has just been given in this session."""
    request.session[PROVED] = [int(time.time()), _place(request)]


def moved(request: HttpRequest) -> bool:
    """Whether the session is used from another network or kind of browser than where the password was given."""
    said = request.session.get(PROVED)
    return said is None or said[1] != _place(request)


def fresh(request: HttpRequest) -> bool:
    """Whether the password was given less than ``PASSWORD_FRESH_MINUTES`` ago; that it was here is seen before any view."""
    return bool(time.time() - request.session[PROVED][0] < settings.PASSWORD_FRESH_MINUTES * 60)


def ask(request: HttpRequest, why: str) -> HttpResponse:
    """The question instead of the page. What was sent in a form is carried along, as after a session that has ended.

    ``why``: "moved" or "sensitive".
    """
    security.note("password_asked", request, user=request.user.pk if request.user else "", why=why)
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse("Skriv ditt lösenord igen.", status=401, content_type="text/plain; charset=utf-8")
    if request.method in ("GET", "HEAD"):
        return redirect(f"/bekrafta/?{urlencode({'next': request.get_full_path(), 'varfor': why})}")
    from accounts.forms import PasswordForm

    assert isinstance(request.user, User)
    form = PasswordForm(user=request.user, request=request)
    blob = parked.wrap(request, request.user.pk, request.session.get("mandate") or 0)
    return question(request, form, why, parked.page_of(request), blob, 401)


def question(request: HttpRequest, form: PasswordForm, why: str, target: str, blob: str, status: int) -> HttpResponse:
    """The page that asks. ``target`` and ``blob`` (`accounts.parked`): where to go on, and what comes along."""
    context = {
        "form": form,
        "parked": blob,
        "why": why,
        "minutes": settings.PASSWORD_FRESH_MINUTES,
        "next": target,
        "unwatched": True,
    }
    return render(request, "accounts/still_you.html", context, status=status)


def password_first(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A view that is opened to whoever has given the password of late: for what is highly sensitive."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs) if fresh(request) else ask(request, "sensitive")

    return guarded


def from_their_networks(request: HttpRequest) -> bool:
    """Whether an administrator sits where administrators may (``FMU_ADMIN_NETWORKS``; anywhere when it is not set)."""
    address = security.client_of(request)
    inside = address is not None and any(ip_address(address) in network for network in settings.ADMIN_NETWORKS)
    return inside or not settings.ADMIN_NETWORKS
