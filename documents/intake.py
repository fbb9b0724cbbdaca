"""Takes in an uploaded file: what is seen at once is said at once, the rest is a worker's (`documents.checking`).

The web never opens a file. It looks at size, name and first bytes, stores what came encrypted, and gives it the state
*received*. What is refused here leaves nothing behind and says why in plain Swedish (`Unacceptable`).
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import PurePath
from typing import BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone

from accounts.actor import Actor
from documents import checking, vault
from documents.kinds import ENDINGS, kind_of
from documents.models import Document, DocumentState
from documents.storage import chunks_of


class Unacceptable(Exception):
    """The file cannot be taken in; the text says why and what to do."""


def max_megabytes() -> int:
    """The largest file in MB: a routine of the portal, no rule."""
    return int(settings.DOCUMENT_MAX_BYTES) // (1024 * 1024)


def safe_name(name: str) -> str:
    """The file's name without path, control characters or more than 120 characters; always ends in .pdf."""
    stem = PurePath(name.replace("\\", "/")).stem
    stem = re.sub(r"[^\w .()+-]", "", stem).strip(" .") or "handling"
    return f"{stem[:115]}.pdf"


def take_in(upload: UploadedFile[bytes], actor: Actor, owner_id: int) -> Document:
    """Store one uploaded file, to be checked. Raises `Unacceptable`."""
    name = PurePath((upload.name or "filen").replace("\\", "/")).name[:80]
    size = upload.size or 0
    if size == 0:
        raise Unacceptable(f"Filen {name} är tom. Välj en annan fil.")
    if size > settings.DOCUMENT_MAX_BYTES:
        raise Unacceptable(
            f"Filen {name} är för stor. En fil får vara högst {max_megabytes()} MB. Dela upp den i flera filer."
        )
    _leave_room(actor, size)
    head = upload.read(1024)
    upload.seek(0)
    kind = kind_of(head)
    if not kind:
        raise Unacceptable(f"Filen {name} är inte en PDF eller bild. Spara den som PDF och försök igen.")
    if ENDINGS.get(PurePath(name).suffix.lower(), kind if not PurePath(name).suffix else "") != kind:
        raise Unacceptable(
            f"Filen {name} har ett namn som inte stämmer med innehållet. Namnet ska sluta på .pdf för en PDF"
            " och på .jpg, .png eller .tif för en bild."
        )
    return store(upload.file, safe_name(name), actor.mandate_id, owner_id)  # type: ignore[arg-type]


def _leave_room(actor: Actor, size: int) -> None:
    """Refuse to let one person fill the storage: 24 hours' quota of files and bytes, sent or not. A routine, no rule.

    Of the mandate: what was uploaded under another may lie behind a wall.
    """
    day = Document.objects.filter(uploaded_by_id=actor.mandate_id, received_at__gt=timezone.now() - timedelta(days=1))
    lies = day.aggregate(files=Count("pk"), size=Sum("size"))
    if lies["files"] >= settings.UPLOAD_FILES_A_DAY or (lies["size"] or 0) + size > settings.UPLOAD_BYTES_A_DAY:
        raise Unacceptable(
            f"Du har laddat upp {lies['files']} filer det senaste dygnet, och fler går inte att ta emot just nu. Vänta"
            " några timmar och försök igen, eller be en kollega ladda upp filen. Gränsen är en rutin i portalen."
        )


def store(source: BinaryIO, name: str, mandate_id: int | None, owner_id: int) -> Document:
    """Store a file and make its row; the file goes when the transaction does not hold."""
    kept = vault.keep(chunks_of(source))
    try:
        with transaction.atomic():
            document = Document.objects.create(
                owner_id=owner_id,
                uploaded_by_id=mandate_id,
                name=name,
                state=DocumentState.RECEIVED,
                **kept.fields(),
            )
            checking.ask(document)
    except BaseException:
        vault.delete(kept.storage_key)
        raise
    return document
