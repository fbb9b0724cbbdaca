"""Who is asking: the user and the active mandate of the session; everything but public pages needs both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, get_user
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode

from accounts import parked, reauthentication, sessions
from accounts.actor import Actor
from accounts.backends import PortalBackend
from accounts.forms import LoginForm
from accounts.models import Mandate, User
from fmu_portal.prepared import Prepared

Handler = Callable[[HttpRequest], HttpResponse]

PUBLIC = ("/logga-in/", "/halsa", "/regler/", "/om/", "/static/", "/api/", "/favicon.ico", "/inloggad/")
WITHOUT_MANDATE = ("/uppdrag/", "/logga-ut/", "/inloggningar/", "/losenord/", "/bekrafta/")
FROM_ANYWHERE = ("/logga-ut/", "/bekrafta/")
TOUCH_EVERY = 300  # seconds between writes of the session's last use

_AT_WORK = Prepared(
    lambda on, mandate, user: Mandate.objects.valid(on).at_work().with_waiting().filter(pk=mandate, user_id=user)[:1],
    on=date,
    mandate=int,
    user=int,
)


class SignIn:
    """Puts ``request.user`` (User or None) and ``request.actor`` (Actor or None) in place, and the mandate in the
    transaction."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.user = None  # type: ignore[assignment]
        request.actor = None  # type: ignore[attr-defined]
        if (
            not request.path_info.startswith(("/api/", "/halsa", "/static/"))
            and settings.SESSION_COOKIE_NAME in request.COOKIES
        ):
            self._who(request)
        return self.get_response(request)

    def _who(self, request: HttpRequest) -> None:
        if sessions.too_old(request.session):
            return
        mandate_id, user_id = request.session.get("mandate"), request.session.get("_auth_user_id")
        mandate = None
        if mandate_id is not None and user_id is not None:
            mandate = _AT_WORK.one(on=timezone.localdate(), mandate=mandate_id, user=int(user_id))
        user = _user_of(request, mandate) if mandate else get_user(request)
        if not isinstance(user, User):
            return
        request.user = user
        if mandate is not None:
            request.actor = Actor.of(mandate)  # type: ignore[attr-defined]
        now = int(timezone.now().timestamp())
        asked = request.headers.get("X-Poll") != "1"  # a page that asks by itself is nobody's work
        if asked and now - request.session.get("used", 0) > TOUCH_EVERY:
            request.session["used"] = now


def _user_of(request: HttpRequest, mandate: Mandate) -> User | None:
    """The mandate's user, checked as `get_user` does (a changed password ends the session), without a query more."""
    known = request.session.get(HASH_SESSION_KEY, "")
    same = constant_time_compare(known, mandate.user.get_session_auth_hash())
    return mandate.user if same and PortalBackend.may_log_in(mandate.user) else None


class LoginRequired:
    """Every page but the public ones needs a login and a mandate. A form that comes after the session ended is kept.

    A session that is used from elsewhere needs the password once more.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        elsewhere = isinstance(request.user, User) and reauthentication.moved(request)
        if elsewhere:
            request.actor = None  # type: ignore[attr-defined]  # the menu says neither where one works nor what waits
        if request.path_info.startswith(PUBLIC):
            if elsewhere:
                request.user = None  # type: ignore[assignment]  # nor who it is
            return self.get_response(request)
        if not isinstance(request.user, User):
            return self._ask(request)
        if elsewhere and not request.path_info.startswith(FROM_ANYWHERE):
            return reauthentication.ask(request, "moved")
        if request.actor is None and not request.path_info.startswith(WITHOUT_MANDATE):  # type: ignore[attr-defined]
            return redirect(f"/uppdrag/?{urlencode({'next': request.get_full_path()})}")
        return self.get_response(request)

    def _ask(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("X-Requested-With") == "fetch":
            return HttpResponse("Du har loggats ut.", status=401, content_type="text/plain; charset=utf-8")
        had_session = settings.SESSION_COOKIE_NAME in request.COOKIES
        if request.method == "POST" and request.path_info != "/logga-ut/":
            owner = self._ended(request) or sessions.owner_of(request.POST.get(parked.LOGIN, ""))
            blob = parked.wrap(request, *owner) if owner else ""
            context = {
                "form": LoginForm(),
                "parked": blob,
                "too_long": bool(owner) and not blob,
                "minutes": settings.SESSION_IDLE_MINUTES,
                "hours": settings.SESSION_ABSOLUTE_HOURS if self._lasted(request) else None,
                "next": parked.page_of(request) if not blob else "",
            }
            return render(request, "errors/signed_out.html", context, status=401)
        if request.path_info == "/":
            return redirect("/logga-in/")
        query = {"next": request.get_full_path()}
        if had_session:
            query["utloggad"] = "tid" if self._lasted(request) else "1"
        return redirect(f"/logga-in/?{urlencode(query)}")

    @staticmethod
    def _lasted(request: HttpRequest) -> bool:
        """Whether the session ended by its own length, though it was in use. Its row stays until it goes idle, so that
        what is sent from another window is kept too; nothing but that is done with it."""
        return sessions.BEGAN in request.session and sessions.too_old(request.session)

    @staticmethod
    def _ended(request: HttpRequest) -> tuple[int, int] | None:
        """Whose session it was and under which mandate, while its row is still there; only that user gets the form back."""
        row = Session.objects.filter(pk=request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")).first()
        found = row.get_decoded() if row else {}
        user = found.get("_auth_user_id")
        return (int(user), int(found.get("mandate") or 0)) if user else None
