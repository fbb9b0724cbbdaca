"""Exceptions to who sees a case: another office's, opened with a reason; a person who steps aside (jäv)."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import FOLLOW_UP, See, Where, wheres
from audit import collector
from fmu_portal.addresses import number_in
from fmu_portal.engine import outbox
from fmu_portal.forms import PortalForm
from orders import access
from orders.models import Recusal, Unlocking
from orders.views.request import actor_of


class ReasonForm(PortalForm):
    """Why: written before anything is shown."""

    reason = forms.CharField(
        label="Varför behöver du läsa ärendet?",
        min_length=10,
        max_length=300,
        help_text="Skriv så att kontorets samordnare förstår. Skriv inte namn, diagnos eller andra känsliga uppgifter.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_http_methods(["GET", "POST"])
def unlock(request: HttpRequest, number: str) -> HttpResponse:
    """Another office's case: the reason first, then the case for a while; that office's coordinators are told."""
    actor = actor_of(request)
    if Where.UNLOCKED not in wheres(actor.role, See.CASE):
        raise Http404
    found = access.elsewhere(number)
    if found is None:
        access.get_case(actor, number)  # one's own, or 404
        return redirect("case", number=number)
    form = ReasonForm(request.POST if request.method == "POST" else None)
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
    status = 422 if form.is_bound else 200
    context = {"form": form, "number": number, "hours": settings.UNLOCK_HOURS}
    return render(request, "orders/unlock.html", context, status=status)


@require_http_methods(["GET", "POST"])
def recuse(request: HttpRequest, number: str) -> HttpResponse:
    """Jäv: block oneself from the case, at once and under every mandate. The organisation's coordinators are told."""
    actor = actor_of(request)
    case = access.get_case(actor, number)
    if request.method == "POST":
        recusal = Recusal.objects.create(assessment_id=case.pk, user_id=actor.user_id)
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
