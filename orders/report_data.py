"""The report's structured data: the JSON that lies inside the PDF of record. Its schema is docs/report_data.md.

It says the same as the pages, as codes and values, and nothing of the insured person's identity: what identifies is the
case number alone.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from documents.pdf import Attached
from orders.report import GRADE_WORDS, OTHER_FIELDS, OTHERS, SECTIONS, Field

FORMAT = "fmu-report"
FORMAT_VERSION = 1
"""Raised when a key changes its name or meaning; a new key alone does not raise it."""


def data_of(version: Any) -> dict[str, Any]:
    """The content of a signed `orders.models.ReportVersion` (with assessment, performer, signed_by) as plain data."""
    content: dict[str, Any] = version.content or {}
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "case": version.assessment.number,
        "type": version.assessment.type,
        "report_version": version.number,
        "signed_at": version.signed_at.astimezone(UTC).isoformat(timespec="seconds") if version.signed_at else None,
        "signed_by": {"id": version.signed_by_id, "name": version.signed_by.name},
        "performer": {"id": version.performer_id, "name": version.performer.name},
        "grades": {str(grade): words for grade, words in GRADE_WORDS.items()},
        "sections": [
            {
                "code": section.name,
                "title": section.title,
                "fields": [_field(field, content) for field in section.fields],
            }
            for section in SECTIONS
        ],
        "other_sections": [_other(code, said) for code, said in sorted(content.get(OTHERS, {}).items())],
    }


def _other(code: str, said: dict[str, Any]) -> dict[str, Any]:
    """Another profession's section: what it wrote, or why it wrote nothing, and who signed that when."""
    return {
        "profession": code,
        "done": "not_done" not in said,
        "reason_not_done": said.get("not_done", ""),
        "signed_at": datetime.fromisoformat(said["signed_at"]).astimezone(UTC).isoformat(timespec="seconds"),
        "signed_by": {"id": said["user"], "name": said["name"]},
        "fields": [_field(field, said) for field in OTHER_FIELDS] if "not_done" not in said else [],
    }


def _field(field: Field, content: dict[str, Any]) -> dict[str, Any]:
    """One question: text and date as they were written, a grade as a number with its reason."""
    value = content.get(field.name)
    said: dict[str, Any] = {"code": field.name, "label": field.label, "kind": field.kind}
    if field.kind == "grade":
        return said | {"value": value, "reason": content.get(f"{field.name}_reason") or ""}
    return said | {"value": value or (None if field.kind == "date" else "")}


def content_of(data: dict[str, Any]) -> dict[str, Any]:
    """The content of a report read back from its data: what `data_of` was given, less what was left empty.

    ValueError when the data are of another format, or of a later version of it.
    """
    if data.get("format") != FORMAT or data.get("format_version") != FORMAT_VERSION:
        raise ValueError("not the data of a report, or of a later version of the format")
    content: dict[str, Any] = {}
    for field in (field for section in data["sections"] for field in section["fields"]):
        content[field["code"]] = field["value"]
        if field["kind"] == "grade":
            content[f"{field['code']}_reason"] = field["reason"]
    return {key: value for key, value in content.items() if value not in (None, "")}


def attachment_of(version: Any) -> Attached:
    """The data as a file for the PDF: UTF-8, indented, keys in the schema's order, so always the same bytes."""
    text = json.dumps(data_of(version), ensure_ascii=False, indent=1) + "\n"
    return Attached(
        name="utlatande.json",
        data=text.encode(),
        mime="application/json",
        description="Utlåtandets innehåll som data",
    )
