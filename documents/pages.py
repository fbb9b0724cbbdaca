"""Pictures and text of a document's pages, and several documents as one: made by the locked-up child from clean copies.

Pictures and text are made the first time that somebody asks, by a worker, and lie encrypted by the document's own key:
they go when it does, and nothing of them is in the database. The file is one line of JSON (``sizes`` of the pictures,
``text`` bytes), the text of each page as a JSON list, and the pictures.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.utils import timezone

from documents import sandbox, vault
from documents.models import Document
from fmu_portal.engine import outbox

KIND = "document_pages"
MOST_BYTES = 64 * 1024 * 1024
MOST_PICTURE = 256 * 1024
MOST_JOINED = 200 * 1024 * 1024
"""Bytes of the documents that can be joined to one."""


def ask(document: Document, mandate_id: int) -> None:
    """Have a worker make them, once a day at most."""
    key = f"{KIND}:{document.pk}:{timezone.localdate()}"
    outbox.put(KIND, key, {"document": str(document.pk)}, mandate_id)


@outbox.handler(KIND, one_at_a_time=True)
def make(payload: dict[str, Any]) -> None:
    """Make them of one document. What the child cannot draw has no pages, and is not tried again."""
    document = Document.objects.filter(pk=UUID(payload["document"])).first()
    if document is None or not document.is_clean or document.wrapped_key is None or vault.has_pages(document):
        return
    try:
        with _read(document) as file, sandbox.made("pages", file, MOST_BYTES) as made:
            head, body = _checked(made)
            vault.keep_pages(document, [json.dumps(head).encode() + b"\n", *body])
    except sandbox.Broken:
        vault.keep_pages(document, [json.dumps({"sizes": [], "text": 2}).encode() + b"\n[]"])
    # Erased in the meantime: without its key the file says nothing, and it goes too.
    if Document.objects.filter(pk=document.pk, erased_at__isnull=False).exists():
        vault.delete(vault.pages_key_of(document.storage_key))


def _checked(made: sandbox.Made) -> tuple[dict[str, Any], list[bytes]]:
    """The answer looked through: a file that has taken the child over may answer anything. Raises `sandbox.Broken`."""
    body = b"".join(made.body)
    try:
        sizes, text = [int(size) for size in made.answer["sizes"]], int(made.answer["text"])
        texts = json.loads(body[:text])
    except (ValueError, KeyError, TypeError) as error:
        raise sandbox.Broken from error
    place = text
    for size in sizes:
        if not 0 < size <= MOST_PICTURE or body[place : place + 3] != b"\xff\xd8\xff":
            raise sandbox.Broken
        place += size
    if place != len(body) or not isinstance(texts, list) or not all(isinstance(page, str) for page in texts):
        raise sandbox.Broken
    return {"sizes": sizes, "text": text}, [body]


@contextlib.contextmanager
def _read(document: Document) -> Iterator[Iterator[bytes]]:
    with vault.open_clean(document) as file:
        yield iter(lambda: file.read(sandbox.CHUNK), b"")


def is_ready(document: Document) -> bool:
    """Whether they have been made (or cannot be)."""
    return vault.has_pages(document)


def number_of_pictures(document: Document) -> int:
    """How many pages have a picture; 0 when there are none."""
    with vault.open_pages(document) as file:
        return len(json.loads(file.readline())["sizes"])


def texts(document: Document) -> list[str]:
    """The text of each page."""
    with vault.open_pages(document) as file:
        head = json.loads(file.readline())
        found: list[str] = json.loads(file.read(head["text"]))
        return found


def picture(document: Document, page: int) -> bytes | None:
    """The picture (JPEG) of a page, from 1; None when it has none."""
    with vault.open_pages(document) as file:
        head = json.loads(file.readline())
        sizes: list[int] = head["sizes"]
        if not 1 <= page <= len(sizes):
            return None
        left = int(head["text"]) + sum(sizes[: page - 1])
        while left:
            left -= len(file.read(min(left, sandbox.CHUNK)))
        return file.read(sizes[page - 1])


def joined(parts: list[tuple[str, Document]]) -> contextlib.AbstractContextManager[sandbox.Made]:
    """Documents as one PDF, (title of the bookmark, document) in order. Raises as `sandbox.made`."""
    head = json.dumps([{"title": title, "size": document.served_size} for title, document in parts])
    chunks = itertools.chain([head.encode() + b"\n"], *(_whole(document) for _, document in parts))
    return sandbox.made("join", chunks, 2 * MOST_JOINED, b"%PDF-")


def _whole(document: Document) -> Iterable[bytes]:
    with _read(document) as chunks:
        yield from chunks
