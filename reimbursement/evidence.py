"""Kostnadsunderlag: files that substantiate a claim's costs (17 § second paragraph). They come in as every file does.

Added and removed while the region has the claim; what has been sent stays. A file with a personnummer in it must not be
sent: nobody who examines a claim is to know whom it is about.
"""

from __future__ import annotations

import uuid

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404

from accounts.actor import Actor
from documents import checking, vault
from documents.intake import Unacceptable, take_in
from documents.models import Document
from reimbursement.models import Claim, Evidence
from reimbursement.process import CLAIM

MOST = 20
"""Files of one claim: a routine of the portal, no rule."""
STATUSES = ("proposed", "asked")
"""Where the region has the claim, and may add to it."""
HELD = "En fil i underlaget går inte att skicka. Ta bort den först: skälet står vid filen."
"""Without the file's name, which somebody wrote: a job keeps the sentence."""
SENT = "Begäran är skickad. Underlag kan läggas till igen om ni tar tillbaka den."


def may_change(actor: Actor, claim: Claim) -> bool:
    """Whether the actor adds and removes evidence now: whoever enters the costs."""
    step = CLAIM.steps["enter_costs"]
    own = claim.organisation_of(actor.party) == actor.organisation_id
    return own and actor.role in step.by.get(actor.party, ()) and claim.status in STATUSES


def evidence_of(claim: Claim) -> list[Evidence]:
    """The claim's evidence, oldest first."""
    return list(Evidence.objects.filter(claim=claim).select_related("document").order_by("pk"))


def problem(row: Evidence) -> str:
    """What must be mended before the file may be sent; "" when nothing."""
    if row.document.is_refused:
        return f"{row.document.name} godtas inte. {row.document.reason} Ta bort filen innan ni skickar."
    if row.number_page:
        return (
            f"{row.document.name}: sidan {row.number_page} innehåller ett personnummer. Den som granskar ska inte veta"
            " vem det gäller. Ta bort filen, stryk numret och ladda upp den igen."
        )
    return ""


def attach(claim: Claim, actor: Actor, upload: UploadedFile[bytes]) -> Evidence:
    """Take in one file; a worker checks it. Raises `Unacceptable`.

    The claim's row is locked, so that nothing slips in behind a claim that is sent at the same moment.
    """
    with transaction.atomic():
        locked = Claim.locked(claim.pk)
        if not may_change(actor, locked):
            raise Unacceptable(SENT)
        if Evidence.objects.filter(claim=locked).count() >= MOST:
            raise Unacceptable(f"Begäran har redan {MOST} filer. Ta bort någon, eller lägg ihop flera till en fil.")
        document = take_in(upload, actor, actor.organisation_id)
        try:
            return Evidence.objects.create(claim=locked, document=document)
        except BaseException:
            vault.delete(document.storage_key)
            raise


def remove(claim: Claim, actor: Actor, pk: int) -> bool:
    """Take away a file that was never sent; False when there is none such."""
    with transaction.atomic():
        locked = Claim.locked(claim.pk)
        rows = Evidence.objects.filter(claim=locked, pk=pk, sent_by__isnull=True).select_related("document")
        row = rows.first() if may_change(actor, locked) else None
        if row is None:
            return False
        document = row.document
        row.delete()
        if not document.openings.exists():  # somebody has read it: the file stays, in no claim
            stored = (document.storage_key, vault.clean_key_of(document.storage_key))
            document.delete()
            transaction.on_commit(lambda: vault.delete(*stored))
        return True


def get_evidence(claim: Claim, document_id: uuid.UUID) -> Evidence:
    """A file of the claim; 404 for any other."""
    row = Evidence.objects.filter(claim=claim, document_id=document_id).select_related("document").first()
    if row is None:
        raise Http404
    return row


def after_check(document: Document, numbers: dict[str, int]) -> None:
    """A check has ended. ``numbers``: personnummer in the file -> first page."""
    Evidence.objects.filter(document=document).update(number_page=min(numbers.values(), default=None))


def held_by_files(claims: list[Claim]) -> set[int]:
    """The ids of those claims that have a file which cannot be sent: one query."""
    rows = Evidence.objects.filter(claim_id__in=[claim.pk for claim in claims], sent_by__isnull=True)
    return {row.claim_id for row in rows.select_related("document") if problem(row)}


def evidence_can_be_sent(claim: Claim, actor: Actor) -> str | None:
    """A guard: no file that cannot be opened, or that says whom the claim is about, is sent along."""
    if getattr(claim, "kept_held", None) is None:
        together: list[Claim] = getattr(claim, "kept_with", [claim])
        found = held_by_files(together)
        for other in together:
            other.kept_held = other.pk in found  # type: ignore[attr-defined]
    return HELD if claim.kept_held else None  # type: ignore[attr-defined]


def register() -> None:
    """Called once when the app is ready."""
    checking.listen(after_check)
