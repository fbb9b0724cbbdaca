"""Who has the pages of reimbursement at all, and the one way in which a page fetches a claim."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party
from orders.views.request import actor_of
from reimbursement.models import Claim


def sees_claims(request: HttpRequest) -> Actor:
    """The request's actor; 403 for a role that sees no claim anywhere."""
    actor = actor_of(request)
    if not actor.sees(See.CLAIM):
        raise PermissionDenied("Ditt uppdrag ger inte rätt att se ersättning.")
    return actor


def of_region(request: HttpRequest) -> Actor:
    """The same, for the region's own pages; 403 for the agency's roles."""
    actor = sees_claims(request)
    if actor.party is not Party.REGION:
        raise PermissionDenied("Sidan är regionens.")
    return actor


def get_claim(actor: Actor, pk: int) -> Claim:
    """One claim, with its region, performer and case; 404 for what the actor does not see."""
    rows = Claim.objects.visible_to(actor).select_related("region", "performer", "assessment", "office")
    claim = rows.filter(pk=pk).first()
    if claim is None:
        raise Http404
    return claim
