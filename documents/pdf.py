"""HTML to a PDF of record: PDF/A-3a and PDF/UA-1 in one file, the same bytes for the same input, and no network at all.

A report or a letter is one template and one call:

    pdf = render(render_to_string("documents/letter.html", {...}), attachments=[Attached(...)], created=sent_at)

The template is a whole HTML page with ``lang``, ``<title>``, one ``h1`` and no skipped heading, ``scope`` on every
``th``, a text alternative on every picture, and ``@font-face`` rules that name the portal's own fonts. What the page
margins hold (header, page numbers) becomes artifacts by itself.

WeasyPrint needs Pango, which no wheel brings, so it is imported where it is used: the portal starts without it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.conf import settings

FONT_SCHEME = "fmu-font:"
FONTS = ("Inter-Regular.woff2", "Inter-SemiBold.woff2", "Inter-Bold.woff2")

NO_GLYPH = (
    (0x00, 0x09), (0x0B, 0x0C), (0x0E, 0x20), (0x7F, 0xA0), (0x202A, 0x202F), (0x2066, 0x206A), (0xD800, 0xF900),
    (0xFDD0, 0xFDF0), (0xFEFF, 0xFF00), *((p << 16 | 0xFFFE, p + 1 << 16) for p in range(17)),
)  # fmt: skip
"""From and to (not included): control signs, surrogates, private use, noncharacters, and what turns the direction of
writing. PDF/A-3a lets none of the first be a glyph's meaning; the last make a text read otherwise than it is."""
NOT_TEXT = {code: "\N{REPLACEMENT CHARACTER}" for start, end in NO_GLYPH for code in range(start, end)}

PDFUA = b"""\
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Indicates which part of ISO 14289 the file follows</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""
"""PDF/UA's mark, and the schema that PDF/A wants for every property that is not its own (ISO 19005-3, 6.6.2.3)."""


class PdfUnavailable(RuntimeError):
    """This machine cannot make a PDF: WeasyPrint or one of the system's libraries that it needs is missing."""


class PdfRefused(ValueError):
    """The HTML asks for something from outside itself, or lacks what a PDF of record must have."""


@dataclass(frozen=True)
class Attached:
    """A file inside the PDF. ``name`` is neutral (no person in it); ``relationship`` is PDF's word, mostly ``Data``."""

    name: str
    data: bytes
    mime: str
    description: str
    relationship: str = "Data"


def render(html: str, attachments: Sequence[Attached] = (), created: datetime | None = None) -> bytes:
    """The HTML as a PDF. It may use the portal's own fonts (``fmu-font:Inter-Regular.woff2``) and nothing else.

    ``created`` (aware) is the document's own moment, both made and changed; without it the HTML's own
    ``dcterms.created`` counts. Identity and dates come from the input alone, so the same input gives the same bytes (on
    a machine with the same libraries and fonts). A sign that no font has is written as ``[U+6F22]``; the attached data
    have it whole.

    Raises `PdfUnavailable`; `PdfRefused` when the HTML fetches anything, or has no title, language or date, or a
    picture without a text; ValueError for a naive ``created``.
    """
    if created is not None and created.tzinfo is None:
        raise ValueError("a PDF's date has a time zone")
    clean = html.translate(NOT_TEXT)
    made, missing = _rendered(clean, attachments, created)
    if missing:
        clean = clean.translate({n: f"[U+{n:04X}]" for n in missing})
        made, _ = _rendered(clean, attachments, created)
    return made


@cache
def _font(name: str) -> bytes:
    """One of the portal's fonts, unpacked: WeasyPrint would do it for each PDF anew, which is half the time of a short one."""
    from fontTools.ttLib import woff2

    unpacked = io.BytesIO()
    with (settings.BASE_DIR / "static" / "vendor" / "fkui" / name).open("rb") as packed:
        woff2.decompress(packed, unpacked)
    return unpacked.getvalue()


def _rendered(html: str, attachments: Sequence[Attached], created: datetime | None) -> tuple[bytes, set[int]]:
    """The PDF, and the code points that no font has."""
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
            return URLFetcherResponse(url, _font(name), {"Content-Type": "font/ttf"})

    made = io.BytesIO()
    try:
        document = weasyprint.HTML(string=html, url_fetcher=OwnFonts()).render(pdf_variant="pdf/a-3a", pdf_tags=True)
        moment = _completed(document.metadata, created)
        files = [
            weasyprint.Attachment(
                file_obj=io.BytesIO(attached.data),
                name=attached.name,
                description=attached.description,
                relationship=attached.relationship,
                created=moment,
                modified=moment,
            )
            for attached in attachments
        ]
        document.write_pdf(
            made,
            attachments=files,
            pdf_variant="pdf/a-3a",
            pdf_identifier=_identifier(html, attachments, moment),
            finisher=lambda _, pdf: _finish(pdf, attachments),
        )
    except FatalURLFetchingError as error:  # no Exception in WeasyPrint: it would stop the whole outbox
        raise PdfRefused(str(error)) from None
    return made.getvalue(), {code for font in document.fonts.values() for code in font.missing}


def _completed(metadata: Any, created: datetime | None) -> datetime:
    """Fill in the document's dates and the mark of PDF/UA, and return its moment in UTC."""
    if not (metadata.title or "").strip() or not metadata.lang:
        raise PdfRefused("a PDF of record has a title and a language")
    if created is not None:
        metadata.created = metadata.modified = created.isoformat(timespec="seconds")
    if not metadata.created:
        raise PdfRefused("a PDF of record has a date: dcterms.created, or created=")
    metadata.modified = metadata.modified or metadata.created
    plain = metadata.generate_rdf_metadata

    def with_ua(*args: Any) -> bytes:
        xmp: bytes = plain(*args)
        return xmp.replace(b"</rdf:RDF>", PDFUA + b"</rdf:RDF>")

    metadata.generate_rdf_metadata = with_ua
    moment = datetime.fromisoformat(metadata.created)
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _identifier(html: str, attachments: Iterable[Attached], moment: datetime) -> bytes:
    """The file's identity: 16 bytes from everything that it is made of."""
    parts = [html.encode(), moment.isoformat().encode()]
    for attached in attachments:
        said = (attached.name, attached.mime, attached.description, attached.relationship)
        parts += [*(word.encode() for word in said), attached.data]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()[:16]


def _finish(pdf: Any, attachments: Sequence[Attached]) -> None:
    """What WeasyPrint leaves out: scope of table headers, artifacts, the files' MIME types, each file listed once."""
    dictionaries: list[Any] = [found for found in pdf.objects if isinstance(found, dict)]
    elements = {found.reference: found for found in dictionaries if found.get("Type") == "/StructElem"}
    for element in elements.values():
        if element["S"] == "/TH":
            row = elements[element["P"]]
            element["A"]["Scope"] = "/Column" if elements[row["P"]]["S"] == "/THead" else "/Row"
        elif element["S"] == "/Figure" and "Alt" not in element:
            raise PdfRefused("a picture in a PDF of record has a text alternative")
    _make_artifacts(pdf, elements)
    for resources in dictionaries:
        for kind in ("Pattern", "Shading"):
            if resources.get(kind) == {}:
                del resources[kind]
    specs = [found for found in dictionaries if found.get("Type") == "/Filespec"]
    for spec, attached in zip(specs, attachments, strict=True):
        stream = pdf.objects[int(spec["EF"]["F"].split()[0])]
        stream.extra["Subtype"] = "/" + attached.mime.replace("/", "#2f")
    if specs:
        pdf.catalog["AF"][:] = [spec.reference for spec in specs]


def _make_artifacts(pdf: Any, elements: dict[bytes, Any]) -> None:
    """Mark what the page margins hold as pagination artifacts: WeasyPrint tags it and hangs it in no tree."""
    every: list[Any] = [found for found in pdf.objects if isinstance(found, dict)]
    numbers = {found.reference: found for found in every}
    tree = numbers[pdf.catalog["StructTreeRoot"]]
    reached: set[bytes] = set()
    queue = list(tree["K"])
    while queue:
        reference = queue.pop()
        if reference in elements and reference not in reached:
            reached.add(reference)
            queue += [kid for kid in elements[reference]["K"] if isinstance(kid, bytes)]
    for element in (found for reference, found in elements.items() if reference not in reached):
        element.free = "f"
    parents = numbers[tree["ParentTree"]]["Nums"]
    content_of_page = {
        page["StructParents"]: pdf.objects[int(page["Contents"].split()[0])].stream
        for page in numbers.values()
        if page.get("Type") == "/Page"
    }
    for number, owners in zip(parents[::2], parents[1::2], strict=True):
        if not isinstance(owners, list):
            continue  # an annotation's
        loose = {mcid for mcid, owner in enumerate(owners) if owner not in reached}
        content = content_of_page[number]
        for place, item in enumerate(content):
            if isinstance(item, dict) and item.get("MCID") in loose:
                owners[item.pop("MCID")] = "null"
                item["Type"] = "/Pagination"
                content[place - 1] = b"/Artifact"


def page_count(pdf: bytes) -> int:
    """How many pages the PDF has."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)
