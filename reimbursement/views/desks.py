"""Granskande kontor: the portal's administrator says which office examines whose claims."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import parked
from accounts.roles import Role
from orders.views.request import actor_of
from reimbursement import desks

CHANGED = "Någon annan ändrade kontoren medan du hade sidan öppen. Öppna sidan igen och se vad som gäller."


@require_http_methods(["GET", "POST"])
def desk_page(request: HttpRequest) -> HttpResponse:
    """One page for all; each change is kept with who made it."""
    actor = actor_of(request)
    if actor.role != Role.ADMINISTRATOR:
        raise PermissionDenied("Det är portalförvaltaren som bestämmer vilket kontor som granskar.")
    form = parked.fill(request, desks.DeskForm(request.POST if request.method == "POST" else None))
    if request.method == "POST" and form.is_valid():
        if desks.save(actor, form) is not None:
            messages.success(request, "Klart. Nya begäranden går till kontoren som du har valt.")
            return redirect("desks")
        form.add_error(None, CHANGED)
    context = {"form": form, "changes": desks.history()}
    return render(request, "reimbursement/desks.html", context, status=422 if form.errors else 200)
