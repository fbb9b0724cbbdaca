"""How far a job over many claims has come, and what it could not do."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reimbursement import jobs
from reimbursement.models import Claim, Job
from reimbursement.views.access import sees_claims

SHOWN = 100
"""Claims that are named for each reason; the reason says how many there are."""


@require_safe
def job_page(request: HttpRequest, job: int) -> HttpResponse:
    """The mandate's own job; as a piece of the page when the page itself asks. 404 for anybody else's."""
    actor = sees_claims(request)
    found = Job.objects.filter(pk=job, mandate_id=actor.mandate_id).first()
    if found is None:
        raise Http404
    reasons = [(why, numbers[:SHOWN], len(numbers)) for why, numbers in jobs.by_reason(found)]
    named = [number for _, numbers, _ in reasons for number in numbers if number]
    known = dict(Claim.objects.visible_to(actor).filter(number__in=named).values_list("number", "pk"))
    total, handled = len(found.claims), jobs.handled(found)
    context = {
        "job": found,
        "words": jobs.words_of(found.step),
        "total": total,
        "handled": handled,
        "percent": handled * 100 // total,
        "reasons": [
            {"why": why, "count": count, "claims": [(number, known.get(number)) for number in numbers]}
            for why, numbers, count in reasons
        ],
    }
    piece = request.headers.get("X-Requested-With") == "fetch"
    response = render(request, f"reimbursement/job{'_state' if piece else ''}.html", context)
    if found.ended_at is not None:
        response["X-Done"] = "1"
    return response
