"""What a region claims by itself: a quarter's central administration (12 §) and training (13 §)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.actor import Actor
from fmu_portal.addresses import number_in
from fmu_portal.engine.registry import PROCESSES
from reimbursement import administering
from reimbursement.listing import rows_of
from reimbursement.models import Claim, ClaimKind
from reimbursement.opening import open_claim, to_open
from reimbursement.process import CLAIM
from reimbursement.views import steps
from reimbursement.views.access import of_region
from rules.remembered import rules_by_code

SHOWN = 20
"""Earlier claims for training on a page."""


def _opens(actor: Actor, step: str) -> bool:
    return actor.role in CLAIM.steps[step].by.get(actor.party, ())


def _respond(
    request: HttpRequest, actor: Actor, step: str, template: str, title: str, more: dict[str, Any], **initial: Any
) -> HttpResponse:
    """The page with its form for those who open claims, and without it for those who read."""
    if not _opens(actor, step):
        if request.method == "POST":
            raise PermissionDenied("Det är regionens ekonom som begär ersättning.")
        return render(request, template, more | {"opens": False})
    target = steps.Target(
        PROCESSES[CLAIM.name],
        to_open(step, actor),
        CLAIM.steps[step],
        url=request.path,
        back="/ersattning/",
        title=title,
        begin=lambda data: open_claim(step, actor, data),
        more=more | {"opens": True},
        initial=initial,
        button="Spara och fortsätt",
        template=template,
    )
    return steps.respond(request, target)


@require_http_methods(["GET", "POST"])
def administration(request: HttpRequest) -> HttpResponse:
    """Central administration: year by year what is claimed, granted and left; and the form for one more quarter."""
    actor = of_region(request)
    today = timezone.localdate()
    shown = administering.years(actor, today)
    year, quarter = administering.proposed_quarter(shown, today)
    asked_year, asked_quarter = number_in(request.GET.get("ar")), number_in(request.GET.get("kvartal"))
    if asked_year is not None and asked_quarter in (1, 2, 3, 4):
        year, quarter = asked_year, int(asked_quarter or 1)
    more = {"years": shown, "rules": rules_by_code()}
    template = "reimbursement/administration.html"
    title = "Central administration"
    return _respond(request, actor, "open_administration", template, title, more, year=year, quarter=quarter)


@require_http_methods(["GET", "POST"])
def training(request: HttpRequest) -> HttpResponse:
    """Training: the form for one day's, and what has been claimed before, the newest first, by key."""
    actor = of_region(request)
    rows = Claim.objects.visible_to(actor).filter(kind=ClaimKind.TRAINING).order_by("-pk")
    after = number_in(request.GET.get("efter"))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows[: SHOWN + 1])
    more = {
        "rows": rows_of(found[:SHOWN]),
        "next_url": f"?efter={found[SHOWN - 1].pk}#tidigare" if len(found) > SHOWN else "",
        "first_url": "?#tidigare" if after is not None else "",
    }
    return _respond(request, actor, "open_training", "reimbursement/training.html", "Utbildning", more)
