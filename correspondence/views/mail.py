"""Utskick: whether mail leaves, for the portal's administrator: how many wait, how old, why; never to whom or what."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.roles import Party
from fmu_portal.engine.outbox import RESTS
from fmu_portal.models import Outbox
from orders.views.request import actor_of


@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """Mail that waits now, by the class of its last error."""
    if actor_of(request).party is not Party.ADMINISTRATION:
        raise PermissionDenied("Det är portalens förvaltning som ser utskicken.")
    now = timezone.now()
    waiting = Outbox.objects.filter(kind__in=list(RESTS), done_at__isnull=True, created_at__lte=now)
    due = waiting.exclude(attempts=0, not_before__gt=now)
    rows = due.values("error").annotate(
        number=Count("pk"), oldest=Min("created_at"), attempts=Max("attempts"), next=Min("not_before")
    )
    context = {"rows": list(rows.order_by("error")), "later": waiting.filter(attempts=0, not_before__gt=now).count()}
    return render(request, "correspondence/mail.html", context)
