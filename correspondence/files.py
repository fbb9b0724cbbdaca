"""Files in messages: attached to what a person is writing, sent with it, opened by those who read the thread.

They come in as every file does (`documents.intake`): hostile until checked, and their moment of receipt stands.
"""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.actor import Actor
from correspondence import notices
from correspondence.models import Attachment, Draft, Thread
from correspondence.numbers import knows_person
from documents import checking, vault
from documents.intake import Unacceptable, take_in
from documents.models import Document
from orders.access import is_person
from orders.models import Assessment

MOST = 20
"""Files waiting in one draft: a routine of the portal, no rule."""


def staged(actor: Actor, thread: Thread) -> list[Attachment]:
    """What the person has attached to a message in the thread that is not sent."""
    rows = Attachment.objects.filter(
        draft__thread_id=thread.pk,
        draft__user_id=actor.user_id,
        draft__organisation_id=actor.organisation_id,
        message__isnull=True,
    )
    return list(rows.select_related("document").order_by("pk"))


def in_draft(draft: Draft | None) -> list[Attachment]:
    """The files of a draft."""
    if draft is None:
        return []
    return list(draft.attachments.filter(message__isnull=True).select_related("document").order_by("pk"))


def wrong_page(row: Attachment, thread: Thread) -> int | None:
    """The page with a personnummer that must not stand in the thread: any where the reader may not know the person."""
    return row.warning_page if knows_person(thread) else row.number_page


def problems(attachments: list[Attachment], thread: Thread) -> list[str]:
    """What must be mended before the files may be sent in the thread: one sentence each."""
    found = []
    for row in attachments:
        if row.document.is_refused:
            found.append(f"{row.document.name} godtas inte. {row.document.reason} Ta bort filen innan du skickar.")
        elif page := wrong_page(row, thread):
            found.append(
                f"{row.document.name}: sidan {page} innehåller ett personnummer som inte får stå här. Ta bort filen."
            )
    return found


def attach(draft: Draft, actor: Actor, upload: UploadedFile[bytes]) -> Attachment:
    """Take in one file for a draft; a worker checks it. Raises `Unacceptable`."""
    if draft.attachments.count() >= MOST:
        raise Unacceptable(f"Meddelandet har redan {MOST} filer. Ta bort någon, eller skicka fler meddelanden.")
    document = take_in(upload, actor, actor.organisation_id)
    try:
        return Attachment.objects.create(
            draft=draft,
            document=document,
            thread_id=draft.thread_id,
            case_id=draft.thread.case_id if draft.thread is not None else draft.case_id,
            organisation_id=actor.organisation_id,
            user_id=actor.user_id,
        )
    except BaseException:
        vault.delete(document.storage_key)
        raise


def remove(attachment: Attachment) -> None:
    """Take away a file that was never sent."""
    document = attachment.document
    attachment.delete()
    stored = (document.storage_key, vault.clean_key_of(document.storage_key))
    document.delete()
    transaction.on_commit(lambda: vault.delete(*stored))


def after_check(document: Document, numbers: dict[str, int]) -> None:
    """A check has ended. ``numbers``: personnummer in the file -> first page. What was sent unchecked is told its sender."""
    for row in Attachment.objects.filter(document=document):
        case = Assessment.objects.filter(pk=row.case_id).first() if row.case_id is not None else None
        others = [page for number, page in numbers.items() if case is None or not is_person(case, number)]
        row.number_page = min(numbers.values(), default=None)
        row.warning_page = min(others, default=None)
        row.save(update_fields=["number_page", "warning_page"])
        sent = row.message_id is not None and row.thread is not None
        if sent and (document.is_refused or wrong_page(row, row.thread)):  # type: ignore[arg-type]
            notices.tell_of_file(row)


def register() -> None:
    """Called once when the app is ready."""
    checking.listen(after_check)
