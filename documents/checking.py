"""The check of an uploaded file by a worker: received → checking → clean or refused.

The moment of receipt stands whatever comes out. A fault of ours (the scanner does not answer, the child does not start)
leaves the document in *checking*, to be tried again; it never passes unchecked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from documents import sandbox, scanner, vault
from documents.models import Document, DocumentState
from fmu_portal.engine import outbox
from fmu_portal.identity import numbers_in

log = logging.getLogger("fmu.documents")

KIND = "document_check"
Listener = Callable[[Document, dict[str, int]], None]
LISTENERS: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call ``listener(document, numbers)`` in the transaction that ends a check. ``numbers``: valid personnummer in
    the text, as twelve digits -> the first page it stands on, from 1."""
    if listener not in LISTENERS:
        LISTENERS.append(listener)


def ask(document: Document) -> None:
    """Have a worker check the document once the transaction holds."""
    outbox.put(KIND, f"{KIND}:{document.pk}", {"document": str(document.pk)}, document.uploaded_by_id)


@outbox.handler(KIND, one_at_a_time=True)
def check(payload: dict[str, Any]) -> outbox.Again | None:
    """Check one document: first that it is being checked is written and seen, then the check is done."""
    document = Document.objects.filter(pk=UUID(payload["document"])).first()
    if document is None or not document.waits:
        return None
    if document.state == DocumentState.RECEIVED:
        Document.objects.filter(pk=document.pk, state=DocumentState.RECEIVED).update(state=DocumentState.CHECKING)
        return outbox.AGAIN
    _check(document)
    return None


def _check(document: Document) -> None:
    if scanner.configured():
        with vault.open_original(document) as file:
            if scanner.finds_virus(iter(lambda: file.read(scanner.CHUNK), b"")):
                conclude(document, "virus")
                return
    with vault.open_original(document) as file, sandbox.examined(iter(lambda: file.read(sandbox.CHUNK), b"")) as found:
        copy = None
        refusal = found.refusal
        if not refusal:
            try:
                copy = vault.keep_clean(document, found.clean)
            except sandbox.Broken:
                refusal = "limits"
    conclude(document, refusal, pages=found.pages, numbers=found.numbers, copy=copy)


def conclude(
    document: Document,
    refusal: str,
    *,
    pages: int = 0,
    numbers: dict[str, int] | None = None,
    copy: vault.Tally | None = None,
) -> None:
    """Write what the check found; ``numbers`` as they stand in the text. Without a row any more, or when it has been
    erased meanwhile, the copy goes too."""
    now = timezone.now()
    with transaction.atomic():
        row = Document.objects.select_for_update().filter(pk=document.pk).first()
        if row is None or row.is_erased:
            vault.delete(vault.clean_key_of(document.storage_key))
            return
        if not row.waits:
            return
        row.checked_at = now
        if refusal:
            log.warning(
                "document refused document=%s mandate=%s reason=%s", row.pk, row.uploaded_by_id or "none", refusal
            )
            row.state, row.refusal = DocumentState.REFUSED, refusal
        else:
            assert copy is not None
            row.state, row.pages = DocumentState.CLEAN, pages
            row.clean_key = vault.clean_key_of(row.storage_key)
            row.clean_size, row.clean_sha256 = copy.size, copy.sha256
        row.save(update_fields=["state", "refusal", "pages", "clean_key", "clean_size", "clean_sha256", "checked_at"])
        valid = _valid(numbers or {})
        for listener in LISTENERS:
            listener(row, valid)


def _valid(numbers: dict[str, int]) -> dict[str, int]:
    """Those that are valid, as twelve digits -> first page."""
    found: dict[str, int] = {}
    for text, page in numbers.items():
        for number in numbers_in(text):
            found[number] = min(page, found.get(number, page))
    return found
