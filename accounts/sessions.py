"""Sessions: how long one lasts, which a user has, and how they are ended.

Django's session row is what a browser's cookie points at. Beside it stands a `Login`, one row per login, so that a
person can see where they are logged in and end it: a session's own content is not asked for whose it is.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Login, Mandate, User

BEGAN = "began"
"""The session's key for the moment of its login, in seconds since 1970."""

_MARKS = Signer(salt="accounts.sessions.mark")

_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
            ("Mac OS", "Mac"), ("Linux", "Linux"))  # fmt: skip


def described(agent: str) -> str:
    """A browser in words that its owner knows it by: "Firefox, Windows". Never the header's own text."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "Okänd webbläsare")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{browser}, {system}" if system else browser


def too_old(session: Any) -> bool:
    """Whether the session has lasted as long as any may, however much it was used. One without a start has."""
    return int(session.get(BEGAN, 0)) + settings.SESSION_ABSOLUTE_HOURS * 3600 <= time.time()


def mark(request: HttpRequest) -> str:
    """Whose login this is and under which mandate, signed ("7-12:…"): what a window carries, so that it knows when its
    person is not logged in any more, and whose what was typed in it is."""
    user, mandate = request.session.get("_auth_user_id", ""), request.session.get("mandate") or 0
    return _MARKS.sign(f"{user}-{mandate}") if user else ""


def owner_of(marked: str) -> tuple[int, int] | None:
    """The user and mandate (ids; 0: none) whose window carries the mark; None when it is none of ours."""
    try:
        user, _, mandate = _MARKS.unsign(marked).partition("-")
        return int(user), int(mandate)
    except (BadSignature, ValueError):
        return None


def seconds_left(request: HttpRequest) -> int:
    """How long the session lasts if nothing more is done in it; at least 15, so that asking again is never a rush."""
    idle = int(request.session.get("used", 0)) + settings.SESSION_IDLE_MINUTES * 60
    whole = int(request.session.get(BEGAN, 0)) + settings.SESSION_ABSOLUTE_HOURS * 3600
    return max(15, int(min(idle, whole) - time.time()))


def begin(request: HttpRequest, user: User) -> None:
    """A login has just been made: its start, and its row."""
    request.session[BEGAN] = int(time.time())
    request.session["login"] = Login.objects.create(
        user=user,
        session_key=_key(request),
        browser=described(request.headers.get("User-Agent", "")),
    ).pk


def renew(request: HttpRequest) -> None:
    """A new id for the session: the old one, if somebody has it, is worth nothing from now on."""
    request.session.cycle_key()
    Login.objects.filter(pk=request.session.get("login", 0)).update(session_key=_key(request))


def work_under(request: HttpRequest, mandate: Mandate) -> None:
    """Work under a mandate. What the person may do changes, so the session gets a new id."""
    renew(request)
    request.session["mandate"] = mandate.pk
    Mandate.objects.filter(pk=mandate.pk).update(last_used_at=timezone.now())


def _key(request: HttpRequest) -> str:
    if not request.session.session_key:
        request.session.create()
    return cast("str", request.session.session_key)


def open_logins(user: User) -> list[Login]:
    """The user's logins whose sessions still work, newest first."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    began = timezone.now() - timedelta(hours=settings.SESSION_ABSOLUTE_HOURS)
    rows = Login.objects.filter(user=user, ended_at=None, began_at__gt=began, session_key__in=alive)
    return list(rows.order_by("-pk"))


def end(logins: list[Login]) -> int:
    """End them: the sessions are gone at once. Returns how many."""
    Session.objects.filter(session_key__in=[login.session_key for login in logins]).delete()
    Login.objects.filter(pk__in=[login.pk for login in logins]).update(ended_at=timezone.now(), session_key="")
    return len(logins)


def end_all(user: User) -> int:
    """End every session of a user (a deactivated one, a changed password, an administrator's word)."""
    rows = list(Login.objects.filter(user=user, ended_at=None).exclude(session_key=""))
    return end(rows)
