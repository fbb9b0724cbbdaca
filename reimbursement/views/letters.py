"""The decision as a letter, opened by the region and the agency."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from documents.models import Opening
from orders.views.documents import stream
from reimbursement import letters
from reimbursement.views.access import get_claim, sees_claims


@require_safe
def letter(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The PDF; 404 while there is none, for whoever sees the claim."""
    actor = sees_claims(request)
    claim = get_claim(actor, pk)
    if claim.letter is None:
        raise Http404
    answer = stream(claim.letter, letters.file_name(claim))
    # A claim outside any case is opened in case 0: no case has that number.
    Opening.objects.create(document=claim.letter, mandate_id=actor.mandate_id, case_id=claim.assessment_id or 0)
    return answer


@require_safe
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the letter has come, as a piece of the claim's page."""
    claim = get_claim(sees_claims(request), pk)
    if claim.attested_on is None:
        raise Http404
    response = render(
        request, "reimbursement/letter_state.html", {"claim": claim, "letter_failed": letters.failed(claim)}
    )
    if claim.letter_id is not None:
        response["X-Done"] = "1"
    return response
