"""Exceptions to who sees a case: another office's, opened with a reason; a person who steps aside (jäv)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import parked, reauthentication
from accounts.models import Organisation
from accounts.permissions import FOLLOW_UP, See, Where, wheres
from audit import collector
from fmu_portal.addresses import number_in
from fmu_portal.engine import outbox
from fmu_portal.forms import PortalForm
from orders import access
from orders.models import Recusal, Unlocking
from orders.views.request import actor_of


class ReasonForm(PortalForm):
    """Why: written before anything is shown. ``question`` and ``hint`` say it for the page."""

    reason = forms.CharField(min_length=10, max_length=300, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, question: str, hint: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label, self.fields["reason"].help_text = question, hint


TO_UNLOCK = {
    "question": "Varför behöver du läsa ärendet?",
    "hint": "Skriv så att kontorets samordnare förstår. Skriv inte namn, diagnos eller andra känsliga uppgifter.",
}
TO_REVEAL = {
    "question": "Varför behöver du uppgifterna?",
    "hint": "Till exempel att du ska kalla till ett besök. Skriv inte namn eller adress. Skälet sparas.",
}


@require_http_methods(["GET", "POST"])
@reauthentication.password_first
def unlock(request: HttpRequest, number: str) -> HttpResponse:
    """Another office's case: the password and the reason first, then the case for a while; its coordinators are told."""
    actor = actor_of(request)
    if Where.UNLOCKED not in wheres(actor.role, See.CASE):
        raise Http404
    found = access.elsewhere(number)
    if found is None:
        access.get_case(actor, number)  # one's own, or 404
        return redirect("case", number=number)
    form = parked.fill(request, ReasonForm(request.POST if request.method == "POST" else None, **TO_UNLOCK))
    if request.method == "POST" and form.is_valid():
        unlocking = Unlocking.objects.create(
            assessment_id=found,
            mandate_id=actor.mandate_id,
            reason=form.cleaned_data["reason"],
            until=timezone.now() + timedelta(hours=settings.UNLOCK_HOURS),
        )
        collector.seen(See.CASE, found)
        collector.because(f"unlocking:{unlocking.pk}")
        outbox.put("unlocked", f"unlocked:{unlocking.pk}", {"unlocking": unlocking.pk})
        return redirect("case", number=number)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "number": number, "hours": settings.UNLOCK_HOURS}
    return render(request, "orders/unlock.html", context, status=status)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def reveal(request: HttpRequest, number: str) -> HttpResponse:
    """A protected person's name, personnummer and place: shown once, in the answer to the stated reason."""
    actor = actor_of(request)
    case = access.get_case(actor, number)
    if not case.protected or not access.may_reveal(actor, case):
        raise Http404
    form = parked.fill(request, ReasonForm(request.POST if request.method == "POST" else None, **TO_REVEAL))
    context = {"form": form, "case": case}
    if request.method == "POST" and form.is_valid():
        person, stated = access.revealed(actor, case, form.cleaned_data["reason"])
        collector.seen(See.PROTECTED, case.pk)
        collector.because(f"reveal:{stated.pk}")
        # The case's own names are masked at the agency; the ids are not.
        names = dict(Organisation.objects.filter(pk__in={case.region_id, case.performer_id}).values_list("pk", "name"))
        context |= {
            "shown": person,
            "region_name": names.get(case.region_id or 0),
            "performer_name": names.get(case.performer_id or 0),
        }
        return render(request, "orders/reveal.html", context)
    return render(request, "orders/reveal.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def recuse(request: HttpRequest, number: str) -> HttpResponse:
    """Jäv: block oneself from the case, at once and under every mandate. The organisation's coordinators are told."""
    actor = actor_of(request)
    case = access.get_case(actor, number)
    if request.method == "POST":
        # Sent twice, it is done once.
        recusal = Recusal.objects.get_or_create(assessment_id=case.pk, user_id=actor.user_id, lifted_at=None)[0]
        outbox.put("recused", f"recused:{recusal.pk}", {"recusal": recusal.pk, "organisation": actor.organisation_id})
        messages.success(
            request, f"Du är blockerad från ärende {case.number}. Din samordnare eller administratör får veta det."
        )
        return redirect("work-basket")
    return render(request, "orders/recuse.html", {"case": case})


@require_POST
def lift_recusal(request: HttpRequest, number: str) -> HttpResponse:
    """A coordinator (at a performer the administrator) lifts a colleague's block, never one's own."""
    actor = actor_of(request)
    case = access.get_case(actor, number)
    if actor.role not in FOLLOW_UP:
        raise PermissionDenied("Det är samordnaren eller administratören som häver en jävsanmälan.")
    row = get_object_or_404(access.recusals(actor, case), pk=number_in(request.POST.get("jav")) or 0)
    row.lifted_at, row.lifted_by_id = timezone.now(), actor.mandate_id
    row.save(update_fields=["lifted_at", "lifted_by"])
    messages.success(request, f"Jävsanmälan är hävd. {row.user.name} kan öppna ärendet igen.")
    return redirect("case", number=case.number)
