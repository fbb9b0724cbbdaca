"""How far the decision's letter has come."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reimbursement import letters
from reimbursement.views.access import get_claim, sees_claims


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
