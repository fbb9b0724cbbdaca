"""/claims/: what regions claim: lists, one claim, its history and duties, its evidence. The steps stand in `claim_steps`."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.http import FileResponse, Http404
from django.urls import URLPattern, path
from django.utils.http import content_disposition_header
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import See
from accounts.roles import Party
from audit import collector
from documents.intake import Unacceptable
from documents.models import Document, Opening
from documents.refusals import NotOpenable
from fmu_portal.addresses import number_in
from fmu_portal.engine.refusals import InvalidInput, WrongState
from fmu_portal.forms import PortalForm
from orders.api.base import JSONObject, TooLarge, Upload, must, page_of
from orders.api.documents import DOCUMENT
from orders.api.schema import CURSOR, PART, answers
from orders.views.documents import must_be_clean, stream
from reimbursement import evidence
from reimbursement.api import claim_answers as out
from reimbursement.api.money import MoneyView
from reimbursement.models import Claim, ClaimKind
from reimbursement.process import CLAIM

TAG = ["Begäran om ersättning"]
STATUS = OpenApiParameter("status", str, enum=[name for name, _ in out.STATUSES], description="Bara de med en status.")
KIND = OpenApiParameter("kind", str, enum=ClaimKind.values, description="Bara de av ett slag.")
REGION = OpenApiParameter("region", int, description="Bara en regions, för Försäkringskassan.")
YEAR = OpenApiParameter("year", int, description="Bara de som kan begäras från en dag det året.")


class ClaimsView(MoneyView):
    """The base: a claim that the key sees, or 404."""

    def claim(self, pk: int) -> Claim:
        """One claim with what its answer names."""
        rows = Claim.objects.visible_to(self.actor).select_related("region", "assessment", "letter")
        found = rows.filter(pk=pk).first()
        if found is None:
            raise Http404
        return found


class ClaimListView(ClaimsView):
    """/claims/"""

    @extend_schema(
        operation_id="claims_list",
        summary="Lista begäranden om ersättning",
        description="Regionen ser sina egna, Försäkringskassan dem som är skickade. Nyast först, 50 åt gången.",
        tags=TAG,
        parameters=[STATUS, KIND, REGION, YEAR, CURSOR],
        responses=answers({200: out.ClaimList}, 401, 403, 422),
    )
    def get(self, request: Request) -> Response:
        """One page."""
        rows = Claim.objects.visible_to(self.actor).select_related("region", "assessment")
        asked = {name: request.query_params.get(name, "") for name in ("status", "kind", "region", "year")}
        errors = {}
        if asked["status"] and asked["status"] not in dict(out.STATUSES):
            errors["status"] = ["Välj en status som finns"]
        if asked["kind"] and asked["kind"] not in ClaimKind.values:
            errors["kind"] = ["Välj ett slag som finns"]
        region, year = number_in(asked["region"]), number_in(asked["year"])
        if asked["region"] and region is None:
            errors["region"] = ["Ange regionens id"]
        if asked["year"] and (year is None or not 2019 <= year <= 2100):
            errors["year"] = ["Ange året med fyra siffror"]
        if errors:
            raise InvalidInput(errors)
        for name in ("status", "kind"):
            rows = rows.filter(**{name: asked[name]}) if asked[name] else rows
        rows = rows.filter(region_id=region) if region is not None else rows
        rows = rows.filter(payable_on__year=year) if year is not None else rows
        found, following = page_of(request, rows, **asked)
        return Response(out.ClaimList({"results": found, "next": following}, context={"actor": self.actor}).data)


class ClaimView(ClaimsView):
    """/claims/{pk}/"""

    @extend_schema(
        operation_id="claims_read",
        summary="Läs en begäran om ersättning",
        description="Med poster, frågor, svar och skäl. Kontrollernas svar får bara Försäkringskassan. Regionen läser ett"
        " beslut när det är attesterat.",
        tags=TAG,
        parameters=[PART],
        responses=answers({200: out.ClaimAnswer}, 401, 403, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        """One claim."""
        return Response(out.claim_answer(self.actor, self.claim(pk)))


class ClaimEventsView(ClaimsView):
    """/claims/{pk}/events/"""

    @extend_schema(
        operation_id="claims_events",
        summary="Läs vad som har hänt med en begäran",
        tags=TAG,
        parameters=[PART, CURSOR],
        responses=answers({200: out.ClaimEvents}, 401, 403, 404, 422),
    )
    def get(self, request: Request, pk: int) -> Response:
        """One page."""
        found, following = page_of(request, out.events_of(self.actor, self.claim(pk)))
        return Response(out.ClaimEvents({"results": out.event_rows(found), "next": following}).data)


class ClaimDutiesView(ClaimsView):
    """/claims/{pk}/duties/"""

    @extend_schema(
        operation_id="claims_duties",
        summary="Läs vem som ska göra vad med en begäran och till när",
        tags=TAG,
        parameters=[PART],
        responses=answers({200: out.ClaimDuties}, 401, 403, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        """Open and closed."""
        return Response(out.ClaimDuties({"results": out.duty_rows(self.claim(pk))}).data)


class FileForm(PortalForm):
    """One file."""

    file = forms.FileField(label="Filen, PDF eller bild", max_length=200)


BODY = {
    "type": "object",
    "properties": {
        "file": {
            "type": "string",
            "format": "binary",
            "title": "Filen, PDF eller bild",
            "description": f"Högst {settings.DOCUMENT_MAX_BYTES // (1024 * 1024)} MB, utan personnummer.",
        }
    },
    "required": ["file"],
}


class EvidenceListView(ClaimsView):
    """/claims/{pk}/evidence/"""

    parser_classes = (Upload,)

    @extend_schema(
        operation_id="claims_evidence",
        summary="Lista en begärans kostnadsunderlag",
        tags=TAG,
        parameters=[PART],
        responses=answers({200: out.EvidenceList}, 401, 403, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        """Oldest first."""
        return Response(out.EvidenceList({"results": evidence.evidence_of(self.claim(pk))}).data)

    @extend_schema(
        operation_id="claims_evidence_upload",
        summary="Ladda upp ett kostnadsunderlag",
        description="Medan regionen har begäran. Filen kontrolleras strax efteråt; en fil med personnummer eller en som"
        " inte godtas måste tas bort innan begäran skickas.",
        tags=TAG,
        parameters=[PART],
        request={"multipart/form-data": BODY},
        responses=answers({201: out.EvidenceAnswer}, 400, 401, 403, 404, 409, 413, 415, 422),
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take in one file."""
        claim = self.claim(pk)
        must(self.actor.role in CLAIM.steps["enter_costs"].by.get(self.actor.party, ()))
        if not evidence.may_change(self.actor, claim):
            raise WrongState(evidence.SENT, status_label=claim.status_label)
        form = FileForm({}, request.FILES)
        if not form.is_valid():
            raise InvalidInput({k: [str(e) for e in v] for k, v in form.errors.items()})
        file = form.cleaned_data["file"]
        try:
            row = evidence.attach(claim, self.actor, file)
        except Unacceptable as error:
            if (file.size or 0) > settings.DOCUMENT_MAX_BYTES:
                raise TooLarge(str(error)) from error
            raise InvalidInput({"file": [str(error)]}) from error
        href = f"/api/v1/claims/{claim.pk}/documents/{row.document_id}/"
        return Response(out.EvidenceAnswer(row).data, status=201, headers={"Location": href})


class ClaimDocumentView(ClaimsView):
    """/claims/{pk}/documents/{document_id}/: a file of the evidence, or the letter of the decision."""

    parser_classes = (JSONObject,)

    @extend_schema(
        operation_id="claims_document_open",
        summary="Öppna ett kostnadsunderlag eller beslutets brev",
        description="Att det öppnas sparas: vem och när.",
        tags=TAG,
        parameters=[PART, DOCUMENT],
        responses={
            (200, "application/pdf"): {"type": "string", "format": "binary"},
            **answers({}, 401, 403, 404, 409, 410),
        },
    )
    def get(self, request: Request, pk: int, document_id: uuid.UUID) -> FileResponse:
        """The file."""
        claim, actor = self.claim(pk), self.actor
        document: Document | None = claim.letter if claim.letter_id == document_id else None
        if document is None:
            row = evidence.get_evidence(claim, document_id)
            if row.number_page:
                raise NotOpenable(evidence.problem(row))
            document = row.document
        must_be_clean(document)
        collector.seen(See.CLAIM, claim.assessment_id)
        Opening.objects.create(document=document, mandate_id=actor.mandate_id, case_id=claim.assessment_id or 0)
        name = f"{'beslut' if document.pk == claim.letter_id else 'underlag'}-{claim.number}.pdf"
        response = stream(document, name)
        response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response

    @extend_schema(
        operation_id="claims_evidence_remove",
        summary="Ta bort ett kostnadsunderlag",
        description="Bara ett som inte är skickat.",
        tags=TAG,
        parameters=[PART, DOCUMENT],
        responses={204: None, **answers({}, 401, 403, 404)},
    )
    def delete(self, request: Request, pk: int, document_id: uuid.UUID) -> Response:
        """Take back what was not sent."""
        claim = self.claim(pk)
        must(self.actor.party is Party.REGION)
        if not evidence.remove(claim, self.actor, evidence.get_evidence(claim, document_id).pk):
            raise Http404
        return Response(status=204)


def patterns() -> list[URLPattern]:
    """The operations of claims, without their steps."""
    one: Any = "claims/<apikey:pk>/"
    return [
        path("claims/", ClaimListView.as_view(), name="api-claims"),
        path(one, ClaimView.as_view(), name="api-claim"),
        path(f"{one}events/", ClaimEventsView.as_view(), name="api-claim-events"),
        path(f"{one}duties/", ClaimDutiesView.as_view(), name="api-claim-duties"),
        path(f"{one}evidence/", EvidenceListView.as_view(), name="api-claim-evidence"),
        path(f"{one}documents/<uuid:document_id>/", ClaimDocumentView.as_view(), name="api-claim-document"),
    ]
