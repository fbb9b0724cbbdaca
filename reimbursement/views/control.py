"""Utbetalningskontroll: the periods with their figures, the payments drawn, and the review of one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actor import Actor
from accounts.roles import Party, Role
from fmu_portal.addresses import number_in
from fmu_portal.engine import door
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.money import kronor
from orders.words import days_left
from reimbursement import control, controls, recoveries
from reimbursement.models import ControlPeriod, Review
from reimbursement.processes.review import REVIEW
from reimbursement.views.access import sees_claims
from reimbursement.views.steps import Target, respond, step_for
from rules.remembered import rules_by_code

PERIODS = 24


def _agency(request: HttpRequest) -> Actor:
    actor = sees_claims(request)
    if actor.party is not Party.AGENCY:
        raise PermissionDenied("Kontrollen av utbetalningar är Försäkringskassans egen.")
    return actor


@require_http_methods(["GET", "POST"])
def periods(request: HttpRequest) -> HttpResponse:
    """The periods, the newest first; a controller draws from one that has ended when the clock has not."""
    actor = _agency(request)
    today = timezone.localdate()
    may = actor.role == Role.CONTROLLER
    if request.method == "POST":
        if not may:
            raise PermissionDenied("Det är en controller som gör urvalet.")
        before = ControlPeriod.objects.count()
        chosen = control.select(today, actor.mandate_id)
        if ControlPeriod.objects.count() == before:
            messages.info(request, "Urvalet var redan gjort. Ingenting har ändrats.")
        else:
            messages.success(request, f"Klart. Utvalda för kontroll: {chosen} av periodens utbetalningar.")
        return redirect("control-periods")
    rows = ControlPeriod.objects.order_by("-pk")
    after = number_in(request.GET.get("efter"))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows[: PERIODS + 1])
    shown = [
        {"period": period, "figures": figures, "share": controls.share_text(figures), "error": kronor(figures.error)}
        for period, figures in controls.figures_of(found[:PERIODS])
    ]
    context = {
        "rows": shown,
        "waiting": control.next_period(today),
        "may_draw": may,
        "next_url": f"?efter={found[PERIODS - 1].pk}" if len(found) > PERIODS else "",
        "first_url": "?" if after is not None else "",
    }
    return render(request, "reimbursement/control_periods.html", context)


@require_safe
def period(request: HttpRequest, pk: int) -> HttpResponse:
    """One period: how it was drawn, what was found, each payment with why and by whom it was reviewed."""
    actor = _agency(request)
    found = get_object_or_404(ControlPeriod, pk=pk)
    [(_, figures)] = controls.figures_of([found])
    view = request.GET.get("vy", "")
    view = view if view in controls.VIEWS else next(iter(controls.VIEWS))
    rows = controls.seen(actor).filter(controls.VIEWS[view][1], period=found).order_by("pk")
    after = number_in(request.GET.get("efter"))
    if after is not None:
        rows = rows.filter(pk__gt=after)
    shown = list(rows[: controls.PAGE + 1])
    context = {
        "period": found,
        "figures": figures,
        "share": controls.share_text(figures),
        "sample_error": kronor(figures.sample_error),
        "error": kronor(figures.error),
        "drawn_share": controls.in_per_cent(found.share),
        "high": kronor(found.high_amount),
        "views": [(name, label) for name, (label, _) in controls.VIEWS.items()],
        "view": view,
        "rows": [controls.Row(review) for review in shown[: controls.PAGE]],
        "next_url": f"?vy={view}&efter={shown[controls.PAGE - 1].pk}" if len(shown) > controls.PAGE else "",
        "first_url": f"?vy={view}" if after is not None else "",
    }
    return render(request, "reimbursement/control_period.html", context)


def _one(actor: Actor, pk: int) -> Review:
    found: Review | None = controls.seen(actor).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_safe
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """One payment: why it was chosen, what to look at, what was found."""
    actor = _agency(request)
    found = _one(actor, pk)
    duties = door.open_duties(REVIEW.name, pk)
    duty = duties[0] if duties else None
    rule = rules_by_code().get(duty.rule) if duty else None
    context = {
        "review": found,
        "steps": door.available(REVIEW.name, found, actor, duties),
        "blocked": _blocked(found, actor),
        "to_review": found.status == "selected",
        "to_follow_up": found.status == "wrong",
        "duty": duty,
        "task": REVIEW.duties[duty.kind].task if duty else "",
        "left_days": days_left(duty.due, timezone.localdate()) if duty else None,
        "basis": rule.basis if rule else "",
        "facts": controls.facts(found),
        "error": "" if found.error is None else kronor(found.error),
        "written": recoveries.written(REVIEW.name, pk, actor),
        "events": recoveries.history(REVIEW.name, pk, actor),
    }
    return render(request, "reimbursement/review.html", context)


def _blocked(found: Review, actor: Actor) -> str:
    """Why a controller who has a part in it cannot review it."""
    if found.status != "selected" or actor.role != Role.CONTROLLER:
        return ""
    return control.not_involved(found, actor) or ""


@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """A step's page."""
    actor = _agency(request)
    found = _one(actor, pk)
    row = step_for(actor, REVIEW.name, step)
    facts: list[tuple[str, Any]] = controls.facts(found)
    target = Target(
        PROCESSES[REVIEW.name], found, row, request.path, f"/ersattning/kontroll/granskning/{pk}/",
        f"Kontroll {found.number}", facts=facts,
    )  # fmt: skip
    return respond(request, target)
