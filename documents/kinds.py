"""What a file is by its first bytes. Known to the web and to the locked-up child alike, so it imports nothing."""

from __future__ import annotations

IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*")
BEFORE_PDF = b"\xef\xbb\xbf \t\r\n\0"
"""What may stand before a PDF's first line: a byte order mark and blanks. A file of two kinds begins with the other."""
ENDINGS = {".pdf": "pdf", ".jpg": "image", ".jpeg": "image", ".png": "image", ".tif": "image", ".tiff": "image"}
"""A name's ending -> what the content must be."""


def kind_of(head: bytes) -> str:
    """ "pdf", "image" or "" by the first kilobyte."""
    if head.lstrip(BEFORE_PDF).startswith(b"%PDF-"):
        return "pdf"
    return "image" if head.startswith(IMAGES) else ""
