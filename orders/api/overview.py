"""The shared overview by the API: the list's filters and orders, and exports."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, QueryDict
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import See
from fmu_portal.engine.refusals import InvalidInput
from orders.api import base
from orders.api.base import ApiView, body_of, must
from orders.api.schema import answers
from orders.api.serializers import Answer
from orders.models import Assessment, Export, ExportFormat, ExportState
from orders.overview import exports
from orders.overview.columns import COLUMNS
from orders.overview.wanted import Wanted, cursor_of, wanted_cases
from orders.process import ASSESSMENT
from orders.views.exports import columns_of, file_of, my_export
from orders.views.overview import PARAMETERS, OverviewForm

NAMES = {
    "view": "view", "order": "order", "status": "status", "number": "number", "performer": "performer",
    "region": "region", "when": "due", "due_from": "due_from", "due_to": "due_to", "interpreter": "interpreter",
    "language": "language", "columns": "column",
}  # fmt: skip
"""field of `Wanted` -> the parameter's name in the API."""

SAID = {
    "view": {"open": "pagaende", "ended": "avslutade", "all": "alla"},
    "order": {"newest": "nyast", "due": "sista-dag"},
    "due": {"late": "forsenade", "soon": "snart"},
    "interpreter": {"true": "ja", "false": "nej"},
}
"""parameter -> the API's word -> the page's."""

EXPORT = OpenApiParameter("export_id", int, OpenApiParameter.PATH, description="Exportens id.")
FILTERS = [
    OpenApiParameter("view", str, enum=list(SAID["view"]), description="Pågående, avslutade eller alla (all)."),
    OpenApiParameter(
        "order", str, enum=list(SAID["order"]),
        description="Nyast först (newest), eller närmast sista dag först (due): då bara ärenden som väntar på något.",
    ),
    OpenApiParameter("status", str, enum=list(ASSESSMENT.statuses), description="Bara den här statusen."),
    OpenApiParameter("number", str, description="Ärendenummer, eller början av det: 2026-0041."),
    OpenApiParameter("performer", int, description="Utförarens id, för den som ser flera."),
    OpenApiParameter("region", int, description="Regionens id, för den som ser flera."),
    OpenApiParameter("due", str, enum=list(SAID["due"]), description="Passerad (late) eller inom en vecka (soon)."),
    OpenApiParameter("due_from", date, description="Närmaste sista dag tidigast."),
    OpenApiParameter("due_to", date, description="Närmaste sista dag senast."),
    OpenApiParameter("interpreter", str, enum=list(SAID["interpreter"]), description="Om tolk behövs."),
    OpenApiParameter("language", str, description="Tolkens språk."),
]  # fmt: skip


def wanted_of(actor: Any, given: dict[str, Any], *, default_view: str) -> Wanted:
    """What the parameters ask for, by the page's own form. `InvalidInput` per parameter."""
    data = QueryDict(mutable=True)
    wrong: dict[str, list[str]] = {}
    for field, name in NAMES.items():
        value = given.get(name)
        if value in (None, "", []):
            continue
        words = SAID.get(name)
        values = value if isinstance(value, list) else [str(value).lower() if value in (True, False) else str(value)]
        if words is not None:
            if values[0] not in words:
                wrong[name] = [f"Välj något av {', '.join(words)}."]
                continue
            values = [words[values[0]]]
        data.setlist(PARAMETERS[field], [str(one) for one in values])
    form = OverviewForm(actor, data)
    if not form.is_valid():
        by_page = {page: NAMES[field] for field, page in PARAMETERS.items() if field in NAMES}
        for page, errors in form.errors.items():
            wrong.setdefault(by_page.get(page, "__all__"), []).extend(str(error) for error in errors)
    missing = [name for name in ("performer", "region", "interpreter", "language")
               if given.get(name) and PARAMETERS[_field(name)] not in form.fields]  # fmt: skip
    for name in missing:
        wrong[name] = ["Nyckelns uppdrag kan inte filtrera på det."]
    if wrong:
        raise InvalidInput(wrong)
    return form.wanted(data.get("vy", default_view))


def _field(name: str) -> str:
    return next(field for field, own in NAMES.items() if own == name)


def page_of_cases(request: Request, actor: Any, wanted: Wanted) -> tuple[list[Assessment], str | None]:
    """One page of the list and the address of the next. `InvalidInput` when the cursor is none of ours."""
    cursor = request.query_params.get("cursor", "")
    number = cursor.rpartition(".")[2]
    if cursor and not (number.isascii() and number.isdigit() and len(number) < 19 and ("." in cursor) == wanted.by_day):
        raise InvalidInput({"cursor": ["Använd adressen i ”next” från föregående svar."]})
    if "." in cursor:
        try:
            date.fromisoformat(cursor.rpartition(".")[0])
        except ValueError as error:
            raise InvalidInput({"cursor": ["Använd adressen i ”next” från föregående svar."]}) from error
    rows = wanted_cases(actor, replace(wanted, after=cursor), timezone.localdate()).with_parties()  # type: ignore[attr-defined]
    found: list[Assessment] = list(rows[: base.PAGE + 1])
    if len(found) <= base.PAGE:
        return found, None
    found = found[: base.PAGE]
    kept = [(name, value) for name, value in request.query_params.items() if name != "cursor" and value]
    query = urlencode([*kept, ("cursor", cursor_of(wanted, found[-1].pk, found[-1].next_due))])
    return found, f"{request.path}?{query}"


class ExportAnswer(Answer):
    """En export av listan."""

    id = serializers.IntegerField(label="Exportens id", source="pk")
    href = serializers.SerializerMethodField(label="Adress")
    format = serializers.ChoiceField(label="Filformat", choices=ExportFormat.choices)
    state = serializers.ChoiceField(label="Tillstånd", choices=ExportState.choices)
    failure = serializers.SerializerMethodField(label="Varför den misslyckades")
    done = serializers.IntegerField(label="Antal ärenden som är klara")
    total = serializers.IntegerField(label="Antal ärenden i urvalet", allow_null=True)
    asked_at = serializers.DateTimeField(label="Begärd")
    expires_at = serializers.DateTimeField(label="Filen går att hämta till", allow_null=True)
    file = serializers.SerializerMethodField(label="Filens adress, när den går att hämta")

    def get_href(self, export: Export) -> str:
        """Where its state is read."""
        return f"/api/v1/exports/{export.pk}/"

    def get_failure(self, export: Export) -> str:
        """In words, or ""."""
        return exports.FAILURES.get(export.failure, "")

    def get_file(self, export: Export) -> str | None:
        """Where the file is, or None."""
        return f"/api/v1/exports/{export.pk}/file/" if export.is_ready else None


BODY = {
    "type": "object",
    "properties": {
        "format": {"type": "string", "enum": list(ExportFormat.values), "title": "Filformat"},
        "names": {"type": "boolean", "title": "Ta med personens namn, för den som får se det"},
        "columns": {
            "type": "array",
            "items": {"type": "string"},
            "title": "Kolumner",
            "description": "De vanliga när inget anges. Finns: " + ", ".join(COLUMNS) + ".",
        },
        "filters": {
            "type": "object",
            "title": "Filter",
            "description": "Samma som i listan: " + ", ".join(p.name for p in FILTERS) + ".",
            "additionalProperties": True,
        },
    },
    "required": ["format"],
}


class ExportListView(ApiView):
    """/exports/"""

    @extend_schema(
        operation_id="exports_create",
        summary="Begär en export av listan",
        description="Görs av ett bakgrundsjobb med nyckelns uppdrag. Läs tillståndet tills det är done. Varje ärende i"
        " filen räknas som läst i åtkomstloggen.",
        tags=["Exporter"],
        request={"application/json": BODY},
        responses=answers({201: ExportAnswer}, 400, 401, 403, 409, 413, 415, 422),
    )
    def post(self, request: Request) -> Response:
        """Ask for one."""
        must(self.actor.sees(See.CASE))
        body = body_of(request)
        wrong: dict[str, list[str]] = {}
        if body.get("format") not in ExportFormat.values:
            wrong["format"] = [f"Välj något av {', '.join(ExportFormat.values)}."]
        given = body.get("filters", {})
        columns = body.get("columns", [])
        if not isinstance(given, dict) or any(isinstance(value, dict | list) for value in given.values()):
            wrong["filters"] = ["Filter ska vara ett objekt med enkla värden."]
            given = {}
        if not isinstance(columns, list) or not all(isinstance(one, str) for one in columns):
            wrong["columns"] = ["Kolumner ska vara en lista med namn."]
            columns = []
        if not isinstance(body.get("names", False), bool):
            wrong["names"] = ["Svara true eller false."]
        unknown = [name for name in given if name not in NAMES.values() or name == "column"]
        if unknown:
            wrong["filters"] = ["Det finns inget sådant filter."]
        if wrong:
            raise InvalidInput(wrong)
        wanted = wanted_of(self.actor, {**given, "column": columns}, default_view="pagaende")
        names = columns_of(self.actor, wanted, names=bool(body.get("names")))
        export = exports.ask(self.actor, wanted, names, body["format"])
        answer = ExportAnswer(export).data
        return Response(answer, status=201, headers={"Location": answer["href"]})


class ExportView(ApiView):
    """/exports/{export_id}/"""

    @extend_schema(
        operation_id="exports_read",
        summary="Läs hur långt en export har kommit",
        tags=["Exporter"],
        parameters=[EXPORT],
        responses=answers({200: ExportAnswer}, 401, 404),
    )
    def get(self, request: Request, export_id: int) -> Response:
        """Its state."""
        return Response(ExportAnswer(my_export(self.actor, export_id)).data)


class ExportFileView(ApiView):
    """/exports/{export_id}/file/"""

    @extend_schema(
        operation_id="exports_file",
        summary="Hämta exportens fil",
        description="Bara med en nyckel för det uppdrag som begärde den, tills tiden har gått ut. Annars 410.",
        tags=["Exporter"],
        parameters=[EXPORT],
        responses={
            (200, "text/csv"): {"type": "string", "format": "binary"},
            **answers({}, 401, 404, 410),
        },
    )
    def get(self, request: Request, export_id: int) -> FileResponse:
        """The file."""
        return file_of(my_export(self.actor, export_id))
