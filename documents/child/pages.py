"""Pictures and text of a clean copy's pages, and several clean copies as one. Given bytes, gives bytes."""

from __future__ import annotations

import io
import json
from typing import Any

import pikepdf

WIDTH = 220
"""Pixels of a picture's width: enough to know the page by."""
TALLEST = 440
MOST_PICTURES = 400
MOST_TEXT = 60_000
"""Characters of a page's text that are kept."""


def pictures_and_text(data: bytes) -> tuple[list[bytes], bytes]:
    """A small JPEG of each page (the first `MOST_PICTURES`), and the text of all pages as a JSON list."""
    import pypdfium2

    book = pypdfium2.PdfDocument(data)
    pictures: list[bytes] = []
    texts: list[str] = []
    for number in range(len(book)):
        page = book[number]
        try:
            texts.append(page.get_textpage().get_text_range()[:MOST_TEXT])
        except pypdfium2.PdfiumError:
            texts.append("")
        if number < MOST_PICTURES:
            pictures.append(_picture(page))
        page.close()
    # A half of a pair that stands alone is no text.
    return pictures, json.dumps([text.encode("utf-8", "replace").decode() for text in texts]).encode()


def _picture(page: Any) -> bytes:
    width, height = page.get_size()
    scale = min(WIDTH / max(width, 1), TALLEST / max(height, 1))
    made = io.BytesIO()
    page.render(scale=scale).to_pil().convert("RGB").save(made, "JPEG", quality=70)
    return made.getvalue()


def count(text: bytes) -> int:
    """How many pages the text is of."""
    return len(json.loads(text))


def joined(parts: list[tuple[str, bytes]]) -> tuple[bytes, int]:
    """Clean copies one after another, each with a bookmark at its first page: (the PDF, its pages)."""
    made = io.BytesIO()
    with pikepdf.new() as book:
        opened, bookmarks = [], []
        for title, data in parts:
            part = pikepdf.open(io.BytesIO(data))
            opened.append(part)
            bookmarks.append(pikepdf.OutlineItem(title, len(book.pages)))
            book.pages.extend(part.pages)
        with book.open_outline() as outline:
            outline.root.extend(bookmarks)
        book.Root.PageMode = pikepdf.Name.UseOutlines
        total = len(book.pages)
        book.save(made, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        for part in opened:
            part.close()
    return made.getvalue(), total


def try_out(task: str) -> None:
    """Load all that a file may ask for, on a file of one's own."""
    made = io.BytesIO()
    with pikepdf.new() as book:
        book.add_blank_page(page_size=(200, 200))
        book.save(made)
    if task == "pages":
        pictures, _ = pictures_and_text(made.getvalue())
        if not pictures[0].startswith(b"\xff\xd8"):
            raise SystemExit("the libraries do not work")
    elif joined([("Försök", made.getvalue())])[1] != 1:
        raise SystemExit("the libraries do not work")
