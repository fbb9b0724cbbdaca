"""Addresses of the API, under api/v1/. Whatever else is asked for there is problem+json too."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import URLPattern, URLResolver, include, path, re_path, register_converter
from drf_spectacular.utils import extend_schema

from fmu_portal.addresses import CaseNumber, RowKey
from orders.api import browse, documents, further, overview, schema, steps, views
from orders.api.base import ApiView

register_converter(CaseNumber, "apinumber")
register_converter(RowKey, "apikey")


@extend_schema(exclude=True)
class Nowhere(ApiView):
    """Every other address, by every method: 404 with a key, 401 without."""

    def get(self, request: Any) -> Any:
        """There is nothing here."""
        raise Http404

    post = put = patch = delete = options = get


_operations: list[URLPattern] = [
    path("assessments/", views.CaseListView.as_view(), name="api-cases"),
    path("assessments/<apinumber:number>/", views.CaseView.as_view(), name="api-case"),
    path("assessments/<apinumber:number>/steps/", steps.StepListView.as_view(), name="api-steps"),
    *steps.patterns(),
    path("assessments/<apinumber:number>/events/", views.EventListView.as_view(), name="api-events"),
    path("assessments/<apinumber:number>/duties/", views.DutyListView.as_view(), name="api-duties"),
    path("assessments/<apinumber:number>/documents/", documents.DocumentListView.as_view(), name="api-documents"),
    path(
        "assessments/<apinumber:number>/documents/<uuid:document_id>/",
        documents.DocumentView.as_view(),
        name="api-document",
    ),
    path("exports/", overview.ExportListView.as_view(), name="api-exports"),
    path("exports/<int:export_id>/", overview.ExportView.as_view(), name="api-export"),
    path("exports/<int:export_id>/file/", overview.ExportFileView.as_view(), name="api-export-file"),
    *further.patterns(),
]


def under(prefix: str) -> list[URLResolver]:
    """The operations under a prefix, for the OpenAPI document."""
    return [path(prefix, include((_operations, "api")))]


urlpatterns: list[URLPattern | URLResolver] = [
    path("", browse.browse, name="api-browse"),
    path("schema/", schema.schema, name="api-schema"),
    *_operations,
    re_path(r"^.*$", Nowhere.as_view()),
]
