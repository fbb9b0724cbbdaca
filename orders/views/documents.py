"""A document of a case: its clean copy, streamed to those who may open it, with headers that let it do nothing."""

from __future__ import annotations

import uuid

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.actor import Actor
from accounts.permissions import See
from audit import collector
from documents import vault
from documents.models import Document, Opening
from documents.refusals import Erased, NotOpenable
from fmu_portal import errors
from orders import access
from orders.models import Assessment
from orders.views.request import actor_of


def stream(document: Document, name: str) -> FileResponse:
    """The clean copy for the browser's own reader. The name says nothing of a person. Raises `NotOpenable`."""
    must_be_clean(document)
    response = FileResponse(vault.open_clean(document), content_type=document.media_type)
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Length"] = str(document.served_size)
    return response


def must_be_clean(document: Document) -> None:
    """Nobody opens what a worker has not checked and accepted. Raises `NotOpenable`; nothing is recorded as opened."""
    if document.is_erased:
        raise Erased
    if document.is_refused:
        raise NotOpenable(f"Handlingen är mottagen, men den godtas inte och kan inte öppnas. {document.reason}")
    if not document.is_clean:
        raise NotOpenable(
            "Handlingen är mottagen och kontrolleras just nu. Det brukar ta några sekunder. Försök igen om en stund.",
            waits=True,
        )


def record_opening(document: Document, case: Assessment, actor: Actor) -> None:
    """Who opened it: read again by the case page and by whoever voids it."""
    collector.seen(See.PAPERS, case.pk)
    Opening.objects.create(document=document, mandate_id=actor.mandate_id, case_id=case.pk)


@require_safe
def document(request: HttpRequest, number: str, document_id: uuid.UUID) -> HttpResponseBase:
    """Open a document; one that is not clean has a page that says why."""
    actor = actor_of(request)
    case = access.get_case(actor, number)
    enclosure = access.get_enclosure(actor, case, document_id)
    try:
        must_be_clean(enclosure.document)
    except NotOpenable as refused:
        waits = bool(refused.facts.get("waits"))
        title = "Handlingen kontrolleras" if waits else "Handlingen kan inte öppnas"
        if isinstance(refused, Erased):
            title = refused.title
        retry = {"retry_url": request.path} if waits else {}
        return errors.refusal(request, refused, f"/arenden/{case.number}/", title=title, **retry)
    record_opening(enclosure.document, case, actor)
    return stream(enclosure.document, f"handling-{case.number}-{enclosure.pk}.pdf")
