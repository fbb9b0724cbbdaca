"""How far the decision's letter has come, and having one made that is not there."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from reimbursement import letters
from reimbursement.views.access import get_claim, sees_claims


@require_http_methods(["GET", "HEAD", "POST"])
def letter_state(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: a piece of the claim's page; POST: have the letter made. 404 before the decision has been attested."""
    actor = sees_claims(request)
    claim = get_claim(actor, pk)
    if claim.attested_on is None:
        raise Http404
    if request.method == "POST":
        letters.ask(claim, actor)
        return redirect("claim", pk=claim.pk)
    context = {"claim": claim, "letter": letters.state_of(claim)}
    response = render(request, "reimbursement/letter_state.html", context)
    if context["letter"] != letters.State.MAKING:
        response["X-Done"] = "1"
    return response
