"""Documents of a case: what is there, upload before a step sends it, open, take back what was not sent."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.http import FileResponse, Http404
from django.utils import timezone
from django.utils.http import content_disposition_header
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party
from documents.intake import Unacceptable
from documents.models import Document
from fmu_portal.engine.door import available, may_take, open_duties
from fmu_portal.engine.refusals import InvalidInput, WrongState
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.forms import DateField, PortalForm
from orders.access import get_enclosure, listed_enclosures, may_open, report_versions, takes_part
from orders.api import serializers as out
from orders.api.answers import document_answer
from orders.api.base import ApiView, JSONObject, TooLarge, Upload, must
from orders.api.fields import clean_text
from orders.api.schema import NUMBER, answers
from orders.api.steps import STEPS, form_of
from orders.models import Assessment, Enclosure, EnclosureKind
from orders.process import ASSESSMENT
from orders.views.documents import must_be_clean, record_opening, stream
from orders.views.staging import remove_staged, stage_upload

DOCUMENT = OpenApiParameter("document_id", uuid.UUID, OpenApiParameter.PATH, description="Handlingens id.")


class UploadForm(PortalForm):
    """One file and what it is."""

    file = forms.FileField(label="Filen, PDF eller bild", max_length=200)
    kind = forms.ChoiceField(label="Slag av handling", choices=EnclosureKind.choices)
    dated = DateField(label="Handlingens datum", required=False)
    attested = forms.BooleanField(label="Filen är rätt fast den innehåller ett annat personnummer", required=False)

    def clean(self) -> dict[str, Any]:
        """Everything but a report has its own date, and none is of a day to come."""
        cleaned = self.cleaned_data
        if cleaned.get("dated") and cleaned["dated"] > timezone.localdate():
            self.add_error("dated", "Datumet ligger i framtiden. Fyll i handlingens datum.")
            return cleaned
        if cleaned.get("kind") not in (None, "report") and not cleaned.get("dated") and "dated" not in self.errors:
            self.add_error("dated", "Fyll i handlingens datum")
        return cleaned


BODY = {
    "type": "object",
    "properties": {
        "file": {
            "type": "string",
            "format": "binary",
            "title": "Filen, PDF eller bild",
            "description": f"Högst {settings.DOCUMENT_MAX_BYTES // (1024 * 1024)} MB. Bilder görs om till PDF.",
        },
        "kind": {
            "type": "string",
            "enum": list(EnclosureKind.values),
            "title": "Slag av handling",
            "description": "; ".join(f"{value}: {label}" for value, label in EnclosureKind.choices) + ".",
        },
        "dated": {
            "type": "string",
            "format": "date",
            "title": "Handlingens datum",
            "description": "Måste anges för allt utom utlåtandet.",
        },
        "attested": {
            "type": "boolean",
            "title": "Filen är rätt fast den innehåller ett annat personnummer",
            "description": "Behövs när svaret annars skulle ha en warning_page och handlingen ändå ska skickas.",
        },
    },
    "required": ["file", "kind"],
}


def _sending(actor: Actor, case: Assessment, kind: str) -> list[str]:
    """The steps that the actor may ever take in the case and that send documents of this kind."""
    registered = PROCESSES[ASSESSMENT.name]
    return [
        step.name
        for step in STEPS
        if (form := form_of(step)) is not None and kind in form.sends and may_take(registered, case, step, actor)
    ]


def _may_stage(actor: Actor, case: Assessment, kind: str) -> None:
    """Refuse a document that no step of the actor's sends, or none now."""
    names = _sending(actor, case, kind)
    must(bool(names))
    now = available(ASSESSMENT.name, case, actor, open_duties(ASSESSMENT.name, case.pk))
    if not any(step.name in names for step in now):
        raise WrongState(
            f"Inget steg skickar handlingen nu. Ärendets status är {case.status_label}.",
            status_label=case.status_label,
        )


class DocumentListView(ApiView):
    """/assessments/{number}/documents/"""

    parser_classes = (Upload,)

    @extend_schema(
        operation_id="documents_list",
        summary="Lista handlingar",
        description="Handlingar som är skickade och som nyckelns uppdrag får veta finns, och de egna som bara är"
        " uppladdade.",
        tags=["Handlingar"],
        parameters=[NUMBER],
        responses=answers({200: out.DocumentList}, 401, 403, 404),
    )
    def get(self, request: Request, number: str) -> Response:
        """Sent documents, then one's own staged ones."""
        case, actor = self.case(number), self.actor
        must(actor.sees(See.UNDERLAG))
        staged = Enclosure.objects.staged(actor.organisation_id).filter(assessment=case)
        rows = [
            *listed_enclosures(actor, case),
            *staged.select_related("document", "sent_by").order_by("position", "id"),
        ]
        part = takes_part(actor, case)
        results = [document_answer(actor, case, row, part) for row in rows]
        return Response(out.DocumentList({"results": results}).data)

    @extend_schema(
        operation_id="documents_upload",
        summary="Ladda upp en handling",
        description="Filen tas emot och kontrolleras strax efteråt (state: received, checking, clean eller refused). Den"
        " väntar tills ett steg skickar den och kan fram till dess tas bort. Sidor och warning_page är kända efter"
        " kontrollen; en fil med state refused måste tas bort innan steget tas.",
        tags=["Handlingar"],
        parameters=[NUMBER],
        request={"multipart/form-data": BODY},
        responses=answers({201: out.DocumentAnswer}, 400, 401, 403, 404, 409, 413, 415, 422),
    )
    def post(self, request: Request, number: str) -> Response:
        """Stage one file."""
        case, actor = self.case(number), self.actor
        must(any(_sending(actor, case, kind) for kind in EnclosureKind.values))
        data: Any = request.data
        values = {name: data[name] for name in ("kind", "dated", "attested") if isinstance(data.get(name), str)}
        if not all(clean_text(value) and len(value) <= 60 for value in values.values()):
            raise InvalidInput({"__all__": ["Ett värde är för långt eller har dolda tecken."]})
        form = UploadForm(values, request.FILES)
        if not form.is_valid():
            raise InvalidInput({k: [str(e) for e in v] for k, v in form.errors.items()})
        _may_stage(actor, case, form.cleaned_data["kind"])
        enclosure = _stage(actor, case, form.cleaned_data)
        answer = out.DocumentAnswer(document_answer(actor, case, enclosure, takes_part(actor, case))).data
        href = f"/api/v1/assessments/{case.number}/documents/{enclosure.document_id}/"
        return Response(answer, status=201, headers={"Location": href})


def _stage(actor: Actor, case: Assessment, cleaned: dict[str, Any]) -> Enclosure:
    """Take the file in and give it a place in the case."""
    file = cleaned["file"]
    try:
        enclosure = stage_upload(case, actor, file, cleaned["kind"], cleaned["dated"])
    except Unacceptable as error:
        if (file.size or 0) > settings.DOCUMENT_MAX_BYTES:
            raise TooLarge(str(error)) from error
        raise InvalidInput({"file": [str(error)]}) from error
    if cleaned["attested"]:
        enclosure.attested = True
        enclosure.save(update_fields=["attested"])
    return enclosure


def _opened(actor: Actor, case: Assessment, document_id: uuid.UUID) -> Document:
    """A document that the actor may open: one of the case's enclosures, or a report that was written in the portal."""
    if not case.enclosures.filter(document_id=document_id).exists():
        for version in report_versions(actor, case):
            if version.document is not None and version.document_id == document_id:
                return version.document
    return get_enclosure(actor, case, document_id).document


class DocumentView(ApiView):
    """/assessments/{number}/documents/{document_id}/"""

    parser_classes = (JSONObject,)

    @extend_schema(
        operation_id="documents_open",
        summary="Öppna en handling",
        description="Den kontrollerade kopian. Att handlingen öppnas sparas: vem och när. En handling som inte är"
        " kontrollerad, eller inte godtas, ger 409 (document_not_openable); en som är gallrad ger 410 (erased).",
        tags=["Handlingar"],
        parameters=[NUMBER, DOCUMENT],
        responses={(200, "application/pdf"): {"type": "string", "format": "binary"}, **answers({}, 401, 404, 409, 410)},
    )
    def get(self, request: Request, number: str, document_id: uuid.UUID) -> FileResponse:
        """The file. Nothing of it is read from the database once the body streams."""
        case, actor = self.case(number), self.actor
        document = _opened(actor, case, document_id)
        must_be_clean(document)
        record_opening(document, case, actor)
        response = stream(document, document.name)
        response.headers["Content-Disposition"] = content_disposition_header(True, document.name) or "attachment"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response

    @extend_schema(
        operation_id="documents_remove",
        summary="Ta bort en uppladdad handling",
        description="Bara en egen handling som inte är skickad.",
        tags=["Handlingar"],
        parameters=[NUMBER, DOCUMENT],
        responses={204: None, **answers({}, 401, 403, 404)},
    )
    def delete(self, request: Request, number: str, document_id: uuid.UUID) -> Response:
        """Take back what was not sent."""
        case, actor = self.case(number), self.actor
        rows = Enclosure.objects.staged(actor.organisation_id).filter(assessment=case, document_id=document_id)
        enclosure = rows.select_related("document").select_for_update(of=("self",)).first()
        if enclosure is None or (actor.party is Party.PERFORMER and not may_open(actor, case, enclosure)):
            raise Http404
        must(bool(_sending(actor, case, enclosure.kind)))
        remove_staged(enclosure)
        return Response(status=204)
