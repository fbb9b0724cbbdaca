"""Files as people have them: sound, empty, locked, too large, something else than they say."""

from __future__ import annotations

import io
from datetime import date, timedelta
from functools import cache
from itertools import count
from typing import Any

import pikepdf
from PIL import Image

Upload = dict[str, Any]
_serial = count()


def personnummer() -> str:
    """A new one with a birth number of the authorities' test series (980–999); nobody has it."""
    n = next(_serial)
    day = date(1962, 3, 1) + timedelta(days=n // 20)
    digits = f"{day:%y%m%d}{980 + n % 20}"
    total = sum(sum(divmod(int(c) * (2 - i % 2), 10)) for i, c in enumerate(digits))
    return f"{day:%Y%m%d}-{980 + n % 20}{-total % 10}"


@cache
def pdf_bytes(text: str = "Handling", pages: int = 1) -> bytes:
    """A small PDF with text that can be searched."""
    made = io.BytesIO()
    with pikepdf.new() as pdf:
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        for _ in range(pages):
            page = pdf.add_blank_page()
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
            page.Contents = pdf.make_stream(f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("latin-1"))
        pdf.save(made, deterministic_id=True)
    return made.getvalue()


def _upload(name: str, kind: str, content: bytes) -> Upload:
    return {"name": name, "mimeType": kind, "buffer": content}


def pdf(name: str = "handling.pdf", text: str = "Handling", pages: int = 1) -> Upload:
    return _upload(name, "application/pdf", pdf_bytes(text, pages))


def png(name: str = "bild.png") -> Upload:
    made = io.BytesIO()
    Image.new("RGB", (300, 400), "white").save(made, "PNG")
    return _upload(name, "image/png", made.getvalue())


def not_what_it_says() -> Upload:
    return _upload("brev.pdf", "application/pdf", b"PK\x03\x04 ett helt annat format")


def empty() -> Upload:
    return _upload("tom.pdf", "application/pdf", b"")


def locked() -> Upload:
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf_bytes())) as source:
        source.save(made, encryption=pikepdf.Encryption(user="hemligt", owner="hemligare"))
    return _upload("last.pdf", "application/pdf", made.getvalue())


def too_large() -> bytes:
    """A PDF of more than 20 MB."""
    return pdf_bytes() + b"\n%" + b"0" * (21 * 1024 * 1024)
