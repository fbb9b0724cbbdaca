"""Takes in an uploaded file: checked by content, images made into PDF, stored, counted.

What is refused leaves nothing behind and says why in plain Swedish (`Unacceptable`).
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

import pikepdf
import pypdf
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from PIL import Image, ImageOps

from accounts.actor import Actor
from documents.models import Document, DocumentState
from documents.storage import chunks_of, storage
from fmu_portal.identity import numbers_in

PDF = b"%PDF-"
MAX_PAGES = 2000
MAX_PIXELS = 60_000_000
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*")


class Unacceptable(Exception):
    """The file cannot be taken in; the text says why and what to do."""


@dataclass(frozen=True)
class Intake:
    """A stored document and, per valid personnummer found in its text, the first page it stands on."""

    document: Document
    numbers: dict[str, int]

    def other_than(self, own: str | None) -> int | None:
        """The first page that holds another valid personnummer than ``own``, or None."""
        pages = [page for number, page in self.numbers.items() if number != own]
        return min(pages) if pages else None


def max_megabytes() -> int:
    """The largest file in MB: a routine of the portal, no rule."""
    return int(settings.DOCUMENT_MAX_BYTES) // (1024 * 1024)


def safe_name(name: str) -> str:
    """The file's name without path, control characters or more than 120 characters; always ends in .pdf."""
    stem = PurePath(name.replace("\\", "/")).stem
    stem = re.sub(r"[^\w .()+-]", "", stem).strip(" .") or "handling"
    return f"{stem[:115]}.pdf"


def take_in(upload: UploadedFile[bytes], actor: Actor, owner_id: int) -> Intake:
    """Check, convert and store one uploaded file. Raises `Unacceptable`."""
    name = PurePath((upload.name or "filen").replace("\\", "/")).name[:80]
    size = upload.size or 0
    if size == 0:
        raise Unacceptable(f"Filen {name} är tom. Välj en annan fil.")
    if size > settings.DOCUMENT_MAX_BYTES:
        raise Unacceptable(
            f"Filen {name} är för stor. En fil får vara högst {max_megabytes()} MB. Dela upp den i flera filer."
        )
    head = upload.read(1024)
    upload.seek(0)
    if PDF in head:
        source: BinaryIO = upload.file  # type: ignore[assignment]
    elif head.startswith(_IMAGES):
        source = _image_to_pdf(upload, name)
    else:
        raise Unacceptable(f"Filen {name} är inte en PDF eller bild. Spara den som PDF och försök igen.")
    pages, numbers = inspect(source, name)
    return store(source, safe_name(name), pages, numbers, actor.mandate_id, owner_id)


def store(
    source: BinaryIO, name: str, pages: int, numbers: dict[str, int], mandate_id: int | None, owner_id: int
) -> Intake:
    """Store a checked PDF and make its row; the file goes when the transaction does not hold."""
    stored = storage().write(chunks_of(source))
    try:
        with transaction.atomic():
            document = Document.objects.create(
                owner_id=owner_id,
                uploaded_by_id=mandate_id,
                name=name,
                size=stored.size,
                pages=pages,
                sha256=stored.sha256,
                state=DocumentState.CLEAN,
                storage_key=stored.key,
            )
    except BaseException:
        storage().delete(stored.key)
        raise
    return Intake(document, numbers)


def inspect(source: BinaryIO, name: str) -> tuple[int, dict[str, int]]:
    """Page count and, per valid personnummer in the text, its first page (from 1). Raises `Unacceptable`."""
    source.seek(0)
    try:
        with pikepdf.open(source) as pdf:
            if pdf.is_encrypted:
                raise Unacceptable(
                    f"Filen {name} är krypterad eller har lösenord. Spara den utan lösenord och försök igen."
                )
            pages = len(pdf.pages)
    except pikepdf.PasswordError as error:
        raise Unacceptable(
            f"Filen {name} är krypterad eller har lösenord. Spara den utan lösenord och försök igen."
        ) from error
    except (pikepdf.PdfError, ValueError, OSError) as error:
        raise Unacceptable(
            f"Filen {name} är skadad och går inte att läsa. Spara om den som PDF och försök igen."
        ) from error
    if pages == 0:
        raise Unacceptable(f"Filen {name} har inga sidor. Välj en annan fil.")
    if pages > MAX_PAGES:
        raise Unacceptable(f"Filen {name} har fler än {MAX_PAGES} sidor. Dela upp den i flera filer.")
    return pages, _numbers(source)


def _numbers(source: BinaryIO) -> dict[str, int]:
    """Valid personnummer -> first page. What cannot be read as text has none; a scan is not read."""
    found: dict[str, int] = {}
    source.seek(0)
    try:
        for page_number, page in enumerate(pypdf.PdfReader(source).pages, start=1):
            for number in numbers_in(page.extract_text() or ""):
                found.setdefault(number, page_number)
    except Exception:  # the text is a help for a warning; pikepdf has said that the file is sound
        return found
    return found


def _image_to_pdf(upload: UploadedFile[bytes], name: str) -> BinaryIO:
    made = io.BytesIO()
    try:
        with Image.open(upload.file) as image:  # type: ignore[arg-type]
            frames = []
            for index in range(getattr(image, "n_frames", 1)):
                image.seek(index)
                frames.append(ImageOps.exif_transpose(image).convert("RGB"))
            frames[0].save(made, "PDF", save_all=True, append_images=frames[1:], resolution=150.0)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unacceptable(f"Bilden {name} går inte att läsa. Spara den som PDF och försök igen.") from error
    return made
