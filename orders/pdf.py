"""The signed report as a PDF: made once for each version by a worker, from the version's own content."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.template.loader import render_to_string

from documents import vault
from documents.models import Document, DocumentState
from documents.pdf import page_count, render
from documents.signing import sealed
from fmu_portal.engine import outbox
from fmu_portal.models import Outbox
from fmu_portal.templatetags.portal import clock_words, date_words
from orders.process import PROFESSIONS
from orders.report import GRADE_WORDS, MENTAL, OTHER_FIELDS, OTHERS, PHYSICAL, SECTIONS, TITLE, Field, Section, state_of
from orders.report_data import attachment_of

KIND = "report_pdf"
ENDLESS = re.compile(r"\S{1000}(?=\S)")
READ_LABELS = {"examined_on": "Undersökningsdag", "circumstances": "Så gick undersökningen till"}
"""Where the question to the writer would sound wrong to a reader."""


@dataclass(frozen=True)
class Answer:
    """One question with what was written: ``text`` is the answer, or the reason of a grade."""

    name: str
    label: str
    kind: str
    text: str
    grade: int | None = None
    grade_words: str = ""


@dataclass(frozen=True)
class Part:
    """One section as it is read. ``groups`` is the profile's two tables, ``answers`` the text of every other part.
    ``own``: written section by section by those who write the report; another profession signs its own."""

    name: str
    title: str
    ready: bool
    answers: tuple[Answer, ...] = ()
    groups: tuple[tuple[str, tuple[Answer, ...]], ...] = ()
    own: bool = True


def parts_of(content: dict[str, Any] | None) -> list[Part]:
    """The content of a report, laid out for reading on a page and in the PDF."""
    return [_part(section, content or {}) for section in SECTIONS] + _others(content or {})


def _others(content: dict[str, Any]) -> list[Part]:
    """The other professions' sections, each with who signed it when; or why there is none."""
    parts = []
    for code, label in PROFESSIONS.items():
        said = content.get(OTHERS, {}).get(code)
        if said is None:
            continue
        at = datetime.fromisoformat(said["signed_at"])
        by = f"{said['name']}, {date_words(at)} kl. {clock_words(at).removeprefix('kl. ')}"
        if "not_done" in said:
            answers = [
                Answer("not_done", "Avsnittet är inte gjort", "text", str(said["not_done"])),
                Answer("by", "Angett av", "text", f"{by}, ansvarig läkare"),
            ]
        else:
            answers = [_answer(field, said) for field in OTHER_FIELDS]
            answers.append(Answer("by", "Signerat av", "text", f"{by}, {str(label).lower()}"))
        parts.append(
            Part(f"other-{code}", f"Avsnitt från {str(label).lower()}", True, answers=tuple(answers), own=False)
        )
    return parts


def _part(section: Section, content: dict[str, Any]) -> Part:
    ready = state_of(section, content) == "Klar"
    if section.name == "profile":
        groups = (("Fysiska kategorier", PHYSICAL), ("Psykiska kategorier", MENTAL))
        rows = tuple((title, tuple(_answer(field, content) for field in fields)) for title, fields in groups)
        return Part(section.name, section.title, ready, groups=rows)
    return Part(section.name, section.title, ready, answers=tuple(_answer(field, content) for field in section.fields))


def _answer(field: Field, content: dict[str, Any]) -> Answer:
    value = content.get(field.name)
    if field.kind == "grade":
        reason = str(content.get(f"{field.name}_reason") or "")
        grade = value if isinstance(value, int) else None
        return Answer(
            field.name, field.label, field.kind, reason, grade, GRADE_WORDS.get(grade, "") if grade is not None else ""
        )
    text = str(value or "")
    if field.kind == "date" and text:
        text = date_words(date.fromisoformat(text))
    return Answer(field.name, READ_LABELS.get(field.name, field.label), field.kind, text)


def file_name(number: str, version: int) -> str:
    """The neutral name of a version's file."""
    return f"utlatande-{number}-v{version}.pdf"


def waiting_row(version_id: int) -> Outbox | None:
    """The outbox row of a version's PDF while it is not done; ``attempts`` says how many times it has failed."""
    return Outbox.objects.filter(kind=KIND, key=f"{KIND}:{version_id}", done_at__isnull=True).first()


@outbox.handler(KIND)
def make(payload: dict[str, Any]) -> None:
    """Make the PDF of a version that was written in the portal, once.

    Raises `documents.pdf.PdfUnavailable` and `documents.signing.SealUnavailable`; the outbox tries again.
    """
    from orders.models import ReportVersion

    rows = ReportVersion.objects.select_for_update(of=("self",)).select_related(
        "assessment__agency_office", "assessment__person", "performer", "signed_by"
    )
    version = rows.get(pk=payload["version"])
    if version.document_id is not None or version.content is None:
        return
    pdf = bytes_of(version)
    # The key comes from the bytes: what a killed worker left is written over, never left behind.
    kept = vault.keep([pdf], storage_key=hashlib.sha256(pdf).hexdigest())
    version.document = Document.objects.create(
        owner_id=version.performer_id,
        name=file_name(version.assessment.number, version.number),
        pages=page_count(pdf),
        state=DocumentState.CLEAN,
        **kept.fields(),
    )
    version.save(update_fields=["document"])


def bytes_of(version: Any) -> bytes:
    """The PDF of record of a signed version, with its data inside and the seal if there is one: always the same."""
    pdf = render(html_of(version), attachments=[attachment_of(version)], created=version.signed_at)
    return sealed(pdf, at=version.signed_at)


def _breakable(content: dict[str, Any]) -> dict[str, Any]:
    """The content with a line break after each thousand signs without a space: their layout takes quadratic time."""
    return {
        k: ENDLESS.sub(r"\g<0>\n", v) if isinstance(v, str) else _breakable(v) if isinstance(v, dict) else v
        for k, v in content.items()
    }


def html_of(version: Any) -> str:
    """The HTML that becomes the PDF: from what is fixed in the version, and nothing of the moment it is made."""
    signed = version.signed_at
    return render_to_string(
        "documents/pdf_report.html",
        {
            "title": TITLE,
            "version": version,
            "case": version.assessment,
            # Behind the wall when the identity is protected: then the case's number stands for the person.
            "person": getattr(version.assessment, "person", None),
            "signed_on": f"{date_words(signed)} kl. {clock_words(signed)}" if signed else "",
            "created": signed.isoformat(timespec="seconds") if signed else "",
            "parts": parts_of(_breakable(version.content)),
        },
    )
