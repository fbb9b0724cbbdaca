"""Exports of the list: ask for one, see how far it has come, fetch the file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import parked
from accounts.actor import Actor
from accounts.permissions import See
from documents.keys import NoKey
from fmu_portal.engine.refusals import Refused
from fmu_portal.forms import PortalForm
from orders.models import Export, ExportFormat
from orders.overview import exports
from orders.overview.columns import chosen
from orders.overview.wanted import VIEWS, Wanted
from orders.views.overview import OverviewForm, query_of, read
from orders.views.request import actor_of
from rules.limits import rule_in_force

SHOWN = 10
"""Latest exports of the mandate on the page."""


class ExportGone(Refused):
    """The file is not there any more."""

    code, status = "export_gone", 410
    title = "Exporten går inte att hämta"


class ExportForm(PortalForm):
    """Format, and whether names come along."""

    format = forms.ChoiceField(
        label="Filformat", choices=ExportFormat.choices, widget=forms.RadioSelect, initial=ExportFormat.XLSX
    )
    namn = forms.BooleanField(label="Ta med personens namn", required=False)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not actor.sees(See.IDENTITY):
            del self.fields["namn"]


def must_see_cases(actor: Actor) -> None:
    """Who sees no case exports none."""
    if not actor.sees(See.CASE):
        raise PermissionDenied("Ditt uppdrag ger inte rätt att se ärenden.")


def my_export(actor: Actor, number: int) -> Export:
    """The mandate's own export. 404 for everybody else's, another mandate of the same person too."""
    export = Export.objects.filter(pk=number, mandate_id=actor.mandate_id).first()
    if export is None:
        raise Http404
    return export


def columns_of(actor: Actor, wanted: Wanted, *, names: bool) -> list[str]:
    """The columns of a file: those of the list, and the person's name when asked for by one who may know it."""
    columns = [column.name for column in chosen(actor, wanted.columns)]
    return columns + [exports.PERSON] * (names and actor.sees(See.IDENTITY))


def _said(form: OverviewForm, wanted: Wanted) -> list[tuple[str, str]]:
    """The filters in words: (label, value)."""
    rows = [("Ärenden", VIEWS[wanted.view])]
    for name in form.fields:
        value = form.cleaned_data.get(name)
        if name in ("kolumn", "ordning") or value in (None, "", []):
            continue
        choices = dict(getattr(form.fields[name], "choices", ()))
        rows.append((str(form.fields[name].label), str(choices.get(value, value))))
    return rows


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """What would be exported; POST asks for it."""
    actor = actor_of(request)
    must_see_cases(actor)
    data = request.GET if request.method == "GET" else QueryDict(request.POST.get("fraga", "")[:2000])
    filters, wanted = read(actor, data)
    form = parked.fill(request, ExportForm(actor, request.POST or None))
    if request.method == "POST" and filters.is_valid() and form.is_valid():
        columns = columns_of(actor, wanted, names=bool(form.cleaned_data.get("namn")))
        export = exports.ask(actor, wanted, columns, form.cleaned_data["format"])
        return redirect("export", export_id=export.pk)
    context = {
        "form": form,
        "filters": filters,
        "said": _said(filters, wanted),
        "columns": [column.label for column in chosen(actor, wanted.columns)],
        "query": query_of(wanted),
        "hours": rule_in_force(exports.KEPT, timezone.localdate()).value_text,
        "exports": list(Export.objects.filter(mandate_id=actor.mandate_id).order_by("-pk")[:SHOWN]),
    }
    return render(request, "orders/exports.html", context, status=422 if request.method == "POST" else 200)


def _state(export: Export) -> dict[str, Any]:
    return {"export": export, "failure": exports.FAILURES.get(export.failure, "")}


@require_safe
def export_page(request: HttpRequest, export_id: int) -> HttpResponse:
    """How far one has come, and the file when it is there."""
    export = my_export(actor_of(request), export_id)
    context = _state(export) | {"query": query_of(Wanted.of(export.filters, _plain(export)))}
    return render(request, "orders/export.html", context)


def _plain(export: Export) -> list[str]:
    return [name for name in export.columns if name != exports.PERSON]


@require_safe
def progress(request: HttpRequest, export_id: int) -> HttpResponse:
    """The piece of the page that says so, asked for until it is done."""
    export = my_export(actor_of(request), export_id)
    answer = render(request, "orders/export_state.html", _state(export))
    if not export.is_open:
        answer["X-Done"] = "1"
    return answer


def file_of(export: Export) -> FileResponse:
    """The file as an attachment. Raises `ExportGone`."""
    if not export.is_ready:
        raise ExportGone("Filen är inte klar, eller så har tiden gått ut. Gör en ny export.")
    try:
        content = exports.open_file(export)
    except (FileNotFoundError, NoKey) as error:
        raise ExportGone("Filen finns inte längre. Gör en ny export.") from error
    Export.objects.filter(pk=export.pk).update(downloaded_at=timezone.now())
    name = f"arenden-{timezone.localtime(export.asked_at):%Y-%m-%d}-{export.pk}.{export.format}"
    answer = FileResponse(
        content, as_attachment=True, filename=name, content_type=exports.MEDIA[ExportFormat(export.format)]
    )
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Length"] = str(export.size)
    return answer


@require_safe
def download(request: HttpRequest, export_id: int) -> HttpResponseBase:
    """The file, for the same person under the same mandate."""
    return file_of(my_export(actor_of(request), export_id))
