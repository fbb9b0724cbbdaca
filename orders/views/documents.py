"""A document of a case: streamed to those who may open it, with headers that let it do nothing."""

from __future__ import annotations

import uuid

from django.http import FileResponse, HttpRequest
from django.views.decorators.http import require_safe

from accounts.actor import Actor
from accounts.permissions import See
from audit import collector
from documents.models import Document, Opening
from documents.storage import storage
from orders import access
from orders.models import Assessment
from orders.views.request import actor_of


def stream(document: Document, name: str) -> FileResponse:
    """The file for the browser's own reader. The name says nothing of a person."""
    response = FileResponse(storage().open(document.storage_key), content_type=document.media_type)
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Length"] = str(document.size)
    return response


def record_opening(document: Document, case: Assessment, actor: Actor) -> None:
    """Who opened it: read again by the case page and by whoever voids it."""
    collector.seen(See.PAPERS, case.pk)
    Opening.objects.create(document=document, mandate_id=actor.mandate_id, case_id=case.pk)


@require_safe
def document(request: HttpRequest, number: str, document_id: uuid.UUID) -> FileResponse:
    """Open a document."""
    actor = actor_of(request)
    case = access.get_case(actor, number)
    enclosure = access.get_enclosure(actor, case, document_id)
    record_opening(enclosure.document, case, actor)
    return stream(enclosure.document, f"handling-{case.number}-{enclosure.pk}.pdf")
