"""HTML to PDF: tagged (PDF/UA-1), searchable, the same bytes for the same HTML, and no network at all.

WeasyPrint needs Pango, which no wheel brings, so it is imported where it is used: the portal starts without it.
"""

from __future__ import annotations

import hashlib
import io
from typing import Any

from django.conf import settings

FONT_SCHEME = "fmu-font:"
FONTS = ("Inter-Regular.woff2", "Inter-SemiBold.woff2", "Inter-Bold.woff2")


class PdfUnavailable(RuntimeError):
    """This machine cannot make a PDF: WeasyPrint or one of the system's libraries that it needs is missing."""


class PdfRefused(ValueError):
    """The HTML asks for something from outside itself."""


def render(html: str) -> bytes:
    """The HTML as a PDF. It may use the portal's own fonts (``fmu-font:Inter-Regular.woff2``) and nothing else.

    The file's identity and dates come from the HTML alone, so the same HTML gives the same bytes. Raises
    `PdfUnavailable`, and `PdfRefused` when it asks for anything else.
    """
    try:
        import weasyprint
        from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse
    except (ImportError, OSError) as error:
        raise PdfUnavailable(
            "WeasyPrint eller Pango saknas: installera libpango-1.0-0 och libpangoft2-1.0-0"
        ) from error

    class OwnFonts(URLFetcher):  # type: ignore[misc]
        """Reads the vendored fonts. Everything else stops the PDF: what a person wrote must not fetch anything."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            name = url.removeprefix(FONT_SCHEME)
            if not url.startswith(FONT_SCHEME) or name not in FONTS:
                raise FatalURLFetchingError("a PDF fetches nothing but the portal's fonts")
            font = (settings.BASE_DIR / "static" / "vendor" / "fkui" / name).read_bytes()
            return URLFetcherResponse(url, font, {"Content-Type": "font/woff2"})

    made = io.BytesIO()
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    document = weasyprint.HTML(string=html, url_fetcher=OwnFonts())
    try:
        document.write_pdf(made, pdf_variant="pdf/ua-1", pdf_identifier=identifier)
    except FatalURLFetchingError as error:  # no Exception in WeasyPrint: it would stop the whole outbox
        raise PdfRefused(str(error)) from None
    return made.getvalue()


def page_count(pdf: bytes) -> int:
    """How many pages the PDF has."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)
