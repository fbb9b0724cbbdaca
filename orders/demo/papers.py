"""A handful of small documents that the made-up cases share: each file is stored once, each owner has its own row."""

from __future__ import annotations

import hashlib
import io
import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

from documents import vault
from documents.models import Document, DocumentState

_NAMESPACE = uuid.UUID("5c0f6f5e-6f0a-4b53-9c1e-201816330000")

UNDERLAG = (
    ("medical", "Läkarintyg", 2),
    ("medical", "Journalutdrag vårdcentral", 4),
    ("medical", "Röntgensvar", 1),
    ("medical", "Utlåtande från specialist", 3),
    ("self_rating", "Självskattning", 3),
    ("own", "Brev från den försäkrade", 1),
    ("other", "Utlåtande från arbetsgivare", 2),
    ("other", "Plan för återgång i arbete", 1),
)
"""Kind, title, pages."""

REPORTS = (("report", "Utlåtande", 4), ("report", "Utlåtande, kompletterat", 5), ("evidence", "Stämplat kuvert", 1))


class Paper(NamedTuple):
    """A document that a case may enclose."""

    document_id: str
    kind: str
    pages: int


@dataclass(frozen=True)
class Papers:
    """Owner's organisation id -> its documents, in the order of the lists above."""

    underlag: dict[int, list[Paper]]
    reports: dict[int, list[Paper]]


@cache
def _pdf(title: str, pages: int) -> bytes:
    """A PDF that says what it is; blank pages where weasyprint's system libraries are not there."""
    made = io.BytesIO()
    try:
        import weasyprint
    except (ImportError, OSError):
        import pikepdf

        with pikepdf.new() as blank:
            for _ in range(pages):
                blank.add_blank_page()
            blank.save(made)
        return made.getvalue()
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    body = "".join(
        f"<section><h1>{title}</h1><p>Påhittad handling för demonstration. Den gäller ingen verklig person.</p>"
        f"<p>Sidan {page} av {pages}.</p></section>"
        for page in range(1, pages + 1)
    )
    style = "section{page-break-after:always}section:last-child{page-break-after:auto}body{font-family:sans-serif}"
    html = f"<html lang=sv><title>{title}</title><style>{style}</style><body>{body}</body></html>"
    weasyprint.HTML(string=html).write_pdf(made)
    return made.getvalue()


def store(offices: Iterable[int], units: Iterable[int], received: datetime) -> Papers:
    """Store the files and make the rows. The keys are the same each time, so that a second try leaves nothing over."""
    rows: list[Document] = []
    files = {title: _store(title, pages) for _, title, pages in (*UNDERLAG, *REPORTS)}

    def papers(owner: int, kinds: Iterable[tuple[str, str, int]]) -> list[Paper]:
        made = []
        for kind, title, pages in kinds:
            stored = files[title]
            pk = uuid.uuid5(_NAMESPACE, f"{owner}:{title}")
            rows.append(
                Document(
                    id=pk,
                    owner_id=owner,
                    name=f"{title}.pdf",
                    pages=pages,
                    state=DocumentState.CLEAN,
                    received_at=received,
                    **stored.fields(),
                )
            )
            made.append(Paper(str(pk), kind, pages))
        return made

    offices = [*offices]
    found = Papers(
        {owner: papers(owner, UNDERLAG) for owner in offices},
        {owner: papers(owner, REPORTS) for owner in (*offices, *units)},
    )
    # A second load has the same documents.
    Document.objects.bulk_create(rows, ignore_conflicts=True)
    return found


def shared(owners: Iterable[int], title: str, pages: int, received: datetime) -> dict[int, str]:
    """One small document that each owner has a row of: owner's organisation id -> the document's id."""
    stored = _store(title, pages)
    found = {owner: str(uuid.uuid5(_NAMESPACE, f"{owner}:{title}")) for owner in owners}
    rows = [
        Document(
            id=pk, owner_id=owner, name=f"{title}.pdf", pages=pages, state=DocumentState.CLEAN, received_at=received,
            **stored.fields(),
        )
        for owner, pk in found.items()
    ]  # fmt: skip
    Document.objects.bulk_create(rows, ignore_conflicts=True)
    return found


def _store(title: str, pages: int) -> vault.Kept:
    key = "demo" + hashlib.sha256(title.encode()).hexdigest()[:32]
    return vault.keep([_pdf(title, pages)], storage_key=key)
