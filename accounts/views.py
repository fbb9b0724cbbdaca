"""Login, choice of mandate, logout."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import guard, parked, reauthentication, sessions
from accounts.forms import ChangePasswordForm, LoginForm, PasswordForm
from accounts.models import Login, Mandate, User
from fmu_portal.addresses import number_in, ours
from fmu_portal.context import MOST_COUNTED, capped, count_text
from fmu_portal.errors import csrf_failure
from fmu_portal.models import Duty
from fmu_portal.security import note


def _safe(request: HttpRequest, url: str) -> str:
    """The address when it is one of ours, else the start page."""
    return url if ours(url) else "/"


_ENDED = {
    "1": "Du har loggats ut för att du inte hade gjort något på en stund.",
    "fonster": "Du har loggats ut. Därför visas inte längre det som stod i fönstret.",
    "tid": "Du har loggats ut för att inloggningen hade gällt så länge som den får.",
}


@sensitive_post_parameters("password", "parked")
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Log in with a password; with one mandate, start working under it."""
    form = LoginForm(request.POST or None)
    target = request.POST.get("next") or request.GET.get("next", "")
    blob = request.POST.get("parked", "")
    status = 200 if request.method == "GET" else 422
    wait = 0
    if request.method == "POST" and form.is_valid():
        username = form.cleaned_data["username"]
        wait = guard.attempt(request, username)
        user = None if wait else authenticate(request, **form.cleaned_data)
        if isinstance(user, User):
            guard.succeeded(request, username)
            response = _logged_in(request, user, target, blob)
            guard.remember(request, response, username)
            return response
        note(
            "login_limited" if wait else "login_failed",
            request,
            logging.WARNING,
            user=User.objects.filter(username=username).values_list("pk", flat=True).first() or "none",
        )
        form.add_error(
            None, guard.words(wait) if wait else "Användarnamnet eller lösenordet stämmer inte. Försök igen."
        )
        status = 429 if wait else 422
    notice = _ENDED.get(request.GET.get("utloggad", ""), "")
    context = {"form": form, "next": target, "parked": blob, "notice": notice}
    response = render(request, "accounts/login.html", context, status=status)
    if wait:
        response["Retry-After"] = str(wait)
    return response


def _logged_in(request: HttpRequest, user: User, target: str, blob: str) -> HttpResponse:
    """A new session for the user, who goes where they were going; with several mandates by way of choosing one."""
    login(request, user)
    sessions.begin(request, user)
    reauthentication.proved(request)
    note("login", request, user=user.pk, by="password")
    kept = _carried(request, user, blob)
    if kept is not None:
        target = kept.path
    mandates = list(Mandate.objects.valid().filter(user=user).order_by(F("last_used_at").desc(nulls_last=True)))
    request.session["several"] = len(mandates) > 1
    written_under = [row for row in mandates if kept is not None and row.pk == kept.mandate]
    if len(mandates) == 1 or written_under:
        sessions.work_under(request, (written_under or mandates)[0])
        return redirect(_safe(request, target) if target else "/")
    return redirect("/uppdrag/" + (f"?{urlencode({'next': target})}" if target else ""))


def _carried(request: HttpRequest, user: User, blob: str) -> parked.Parked | None:
    """A form that was sent and not taken, left for the page that it belongs to; None when there is none."""
    kept = parked.unwrap(blob, user.pk) if blob else None
    if kept is not None:
        request.session["parked"] = blob  # encrypted still: the page opens it
    return kept


@sensitive_post_parameters("password", "parked")
@require_http_methods(["GET", "POST"])
def still_you(request: HttpRequest) -> HttpResponse:
    """Bekräfta att det är du: the password once more, then on to where one was going (`accounts.reauthentication`)."""
    assert isinstance(request.user, User)
    form = PasswordForm(request.POST or None, user=request.user, request=request)
    target = request.POST.get("next") or request.GET.get("next", "")
    blob = request.POST.get("parked", "")
    if request.method == "POST" and form.is_valid():
        sessions.renew(request)
        kept = _carried(request, request.user, blob)
        return redirect(_safe(request, kept.path if kept else target or "/"))
    why = request.POST.get("varfor") or request.GET.get("varfor", "")
    return reauthentication.question(request, form, why, target, blob, 422 if form.errors else 200)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose protection did not match. Who logs in here, and has just logged in in another window, is in already."""
    user, own = request.user, request.headers.get("Sec-Fetch-Site") == "same-origin"
    typed = request.POST.get("username", "").strip() if request.path == "/logga-in/" and own else ""
    if isinstance(user, User) and typed == user.username:
        kept = _carried(request, user, request.POST.get("parked", ""))
        return redirect(_safe(request, kept.path if kept else request.POST.get("next") or "/"))
    return csrf_failure(request, reason)


@csrf_exempt  # nothing is done by it, and only a window of ours has a mark to send
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def still_in(request: HttpRequest) -> HttpResponse:
    """Whose login the browser has: 204 with ``X-Login`` (its mark) and ``X-Left`` (seconds), or with neither.

    A POST is what was typed in a window whose login has ended: nothing is taken of it, it is carried through the login.
    A page that a person has come to here (a reload) leads on.
    """
    here = isinstance(
        request.user, User
    )  # who comes from elsewhere with a session's cookie is nobody (`LoginRequired`)
    if request.method != "POST":
        if request.headers.get("Sec-Fetch-Mode") == "navigate":
            return redirect("/")
        told = {"X-Login": sessions.mark(request), "X-Left": str(sessions.seconds_left(request))} if here else {}
        return HttpResponse(status=204, headers=told)
    page, owner = parked.page_of(request), sessions.owner_of(request.POST.get(parked.LOGIN, ""))
    if owner is None or page == request.path:
        return redirect("/")
    blob = parked.wrap(request, *owner)
    if here and request.user.pk == owner[0] and blob:
        request.session["parked"] = blob
        return redirect(page)
    context = {"form": LoginForm(), "parked": blob, "too_long": not blob, "next": page, "unwatched": True}
    return render(request, "errors/signed_out.html", context, status=401)


@require_http_methods(["GET", "POST"])
def mandates(request: HttpRequest) -> HttpResponse:
    """Choose the mandate to work under, last used first; changed without logging out."""
    mine = Mandate.objects.valid().filter(user_id=request.user.pk or 0).select_related("organisation")
    if request.method == "POST":
        chosen = mine.filter(pk=number_in(request.POST.get("mandate")) or 0).first()
        if chosen is not None:
            sessions.work_under(request, chosen)
            note("mandate_chosen", request, user=chosen.user_id, mandate=chosen.pk)
            target = request.POST.get("next") or request.GET.get("next", "")
            return redirect(_safe(request, target) if target else "/")
    rows = sorted(
        mine, key=lambda m: (m.last_used_at is None, -(m.last_used_at.timestamp() if m.last_used_at else 0), m.pk)
    )
    if not rows:
        return render(request, "accounts/no_mandate.html")
    today = timezone.localdate()
    choices = []
    for mandate in rows:
        open_here = Duty.objects.open().filter(organisation_id=mandate.organisation_id)
        choices.append(
            {
                "id": mandate.pk,
                "role_label": mandate.get_role_display(),
                "organisation_name": mandate.organisation.name,
                "waiting": waiting
                if (waiting := capped(open_here)) <= MOST_COUNTED
                else f"{count_text(waiting)} att göra",
                "late": capped(open_here.filter(due__lt=today)),
            }
        )
    return render(request, "accounts/mandates.html", {"choices": choices, "next": request.GET.get("next", "")})


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """Log out and forget the session."""
    sessions.end(list(Login.objects.filter(pk=request.session.get("login", 0), user_id=request.user.pk or 0)))
    note("logout", request, user=request.user.pk or "" if request.user else "")
    logout(request)
    answer = redirect("/logga-in/")
    # Not the cookies: the device's own is what lets its owner in while others guess (`accounts.guard`).
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def logins(request: HttpRequest) -> HttpResponse:
    """Mina inloggningar: where one is logged in; one or all others are ended, after the password once more."""
    assert isinstance(request.user, User)
    rows = sessions.open_logins(request.user)
    own = request.session.get("login")
    form = PasswordForm(request.POST or None, user=request.user, request=request)
    if request.method == "POST" and form.is_valid():
        wanted = request.POST.get("avsluta")
        others = [row for row in rows if row.pk != own and wanted in (None, str(row.pk))]
        count = sessions.end(others)
        note("sessions_ended", request, user=request.user.pk, count=count)
        sessions.renew(request)
        messages.success(
            request, f"Klart. {count} {'inloggning är avslutad' if count == 1 else 'inloggningar är avslutade'}."
        )
        return redirect("logins")
    context = {"rows": rows, "own": own, "form": form, "hours": settings.SESSION_ABSOLUTE_HOURS}
    return render(request, "accounts/logins.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "new_password", "new_password_again")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Byt lösenord: the one in use is asked for; all other logins end, and this one gets a new id."""
    assert isinstance(request.user, User)
    form = ChangePasswordForm(request.POST or None, user=request.user, request=request)
    if request.method == "POST" and form.is_valid():
        request.user.set_password(form.cleaned_data["new_password"])
        request.user.save(update_fields=["password"])
        update_session_auth_hash(request, request.user)
        sessions.renew(request)
        own = request.session.get("login")
        count = sessions.end([row for row in sessions.open_logins(request.user) if row.pk != own])
        note("password_changed", request, user=request.user.pk, ended=count)
        messages.success(request, "Klart. Ditt lösenord är bytt, och du är utloggad överallt utom här.")
        return redirect("logins")
    return render(request, "accounts/password.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """The start page is the work basket; the administrator has none."""
    from accounts.roles import Party

    return redirect("/omrakning/" if request.actor.party is Party.ADMINISTRATION else "/att-gora/")  # type: ignore[attr-defined]
