"""The addresses of claims. One address, two parties: each party's own module makes its pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party
from audit import collector
from documents.models import Document, Opening
from documents.refusals import Erased, NotOpenable
from fmu_portal import errors
from fmu_portal.engine.table import NEW, Step
from orders.views.documents import must_be_clean, stream
from reimbursement import evidence
from reimbursement.models import Claim
from reimbursement.process import CLAIM
from reimbursement.views import claiming, examining, listing, queue, steps
from reimbursement.views.access import get_claim, sees_claims


@dataclass(frozen=True)
class Side:
    """A party's pages: its list, its page of a claim, and how its steps' pages speak of one."""

    index: Callable[[HttpRequest, Actor], HttpResponse]
    page: Callable[[HttpRequest, Actor, Claim], HttpResponse]
    target: Callable[[Actor, Claim, Step], steps.Target]


SIDES: dict[Party, Side] = {
    Party.REGION: Side(listing.region_list, claiming.page, claiming.target),
    Party.AGENCY: Side(queue.queue, examining.page, examining.target),
}


def _side(actor: Actor) -> Side:
    side = SIDES.get(actor.party)
    if side is None:
        raise Http404
    return side


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Ersättning: each party's own list."""
    actor = sees_claims(request)
    return _side(actor).index(request, actor)


@require_safe
def claim_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One claim."""
    actor = sees_claims(request)
    claim = get_claim(actor, pk)
    return _side(actor).page(request, actor, claim)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def claim_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """A step of a claim. 404 for a claim that the actor does not see, and for a step that begins one."""
    actor = sees_claims(request)
    claim = get_claim(actor, pk)
    row = steps.step_for(actor, CLAIM.name, step)
    if NEW in row.from_:
        raise Http404
    return steps.respond(request, _side(actor).target(actor, claim, row))


@require_safe
def document(request: HttpRequest, pk: int, document_id: uuid.UUID) -> HttpResponseBase:
    """Open a file of a claim: its evidence, or the letter of its decision. Written down as every opening."""
    actor = sees_claims(request)
    claim = get_claim(actor, pk)
    if claim.letter_id == document_id:
        found: Document | None = claim.letter
    else:
        row = evidence.get_evidence(claim, document_id)
        found = row.document
        if row.number_page:
            refused = NotOpenable(evidence.problem(row))
            return errors.refusal(request, refused, request.path.partition("handlingar/")[0], title=NUMBER)
    assert found is not None
    back = f"/ersattning/begaran/{claim.pk}/"
    try:
        must_be_clean(found)
    except NotOpenable as refused:
        waits = bool(refused.facts.get("waits"))
        title = "Handlingen kontrolleras" if waits else "Handlingen kan inte öppnas"
        title = refused.title if isinstance(refused, Erased) else title
        retry = {"retry_url": request.path} if waits else {}
        return errors.refusal(request, refused, back, title=title, case_text="Öppna begäran", **retry)
    collector.seen(See.CLAIM, claim.assessment_id)
    Opening.objects.create(document=found, mandate_id=actor.mandate_id, case_id=claim.assessment_id or 0)
    return stream(found, f"{'beslut' if found.pk == claim.letter_id else 'underlag'}-{claim.number}.pdf")


NUMBER = "Handlingen innehåller ett personnummer"
