"""Ersättning at the agency: what is to be examined, attested, paid; many taken in one go."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.actor import Actor
from accounts.models import Organisation
from fmu_portal import errors
from fmu_portal.addresses import number_in
from fmu_portal.engine.refusals import Refused
from reimbursement import jobs, queues
from reimbursement.models import Urgency
from reimbursement.views.examining import of_agency


def queue(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One view of one queue, by key."""
    wanted = queues.wanted_in(request.GET, actor)
    page = queues.page(actor, wanted)
    counts = queues.view_counts(actor, wanted)
    context: dict[str, Any] = {
        "wanted": wanted,
        "page": page,
        "queues": [{"name": name, "label": label} for name, label in queues.QUEUES.items()],
        "views": [{"name": name, "label": label, "count": counts[name]} for name, (label, _) in queues.VIEWS.items()],
        "title": queues.VIEWS[wanted.view][0],
        "empty": queues.EMPTY[wanted.view],
        "regions": list(Organisation.objects.filter(kind="region").order_by("name").values_list("pk", "name")),
        "kinds": queues.KINDS,
        "urgencies": Urgency.choices,
        "offices": [("alla", "Alla kontor")],
        "office": "" if wanted.office else "alla",
        "everything": bool(request.GET.get("alla")),
        "filtered": bool(wanted.region or wanted.kind or wanted.urgency is not None or wanted.after),
        "many": queues.BULK[wanted.view][0] if page.choosable else "",
    }
    return render(request, "reimbursement/queue.html", context)


@require_POST
def many(request: HttpRequest, step: str) -> HttpResponse:
    """Have a step taken on the chosen claims by a worker: the job's page says how it goes.

    Each chosen claim carries the version that was on the page.
    """
    actor = of_agency(request)
    if step not in {name for name, _ in queues.BULK.values()}:
        raise Http404
    versions: dict[int, int] = {}
    for chosen in request.POST.getlist("vald"):
        pk, _, version = chosen.partition(".")
        key, seen = number_in(pk), number_in(version)
        if key is not None and seen is not None and seen < 2**31:
            versions[key] = seen
    try:
        job = jobs.ask(actor, step, versions)
    except Refused as refused:
        return errors.refusal(request, refused, "/ersattning/", case_text="Tillbaka till Ersättning")
    return redirect("claim-job", job=job.pk)
