"""Where one address has a page for each party."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from accounts.roles import Party
from reimbursement.process import CLAIM
from reimbursement.views import examining, queue, steps
from reimbursement.views.access import get_claim, sees_claims


def index(request: HttpRequest) -> HttpResponse:
    """Ersättning."""
    actor = sees_claims(request)
    if actor.party is Party.AGENCY:
        return queue.queue(request, actor)
    raise Http404


def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """One claim."""
    actor = sees_claims(request)
    found = get_claim(actor, pk)
    if actor.party is Party.AGENCY:
        return examining.page(request, actor, found)
    raise Http404


def step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """A step of a claim."""
    actor = sees_claims(request)
    found = get_claim(actor, pk)
    row = steps.step_for(actor, CLAIM.name, step)
    if actor.party is Party.AGENCY:
        return steps.respond(request, examining.target(actor, found, row))
    raise Http404
