"""Kontoutdrag: a region's year in the books, on a page and as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.roles import Party
from fmu_portal.addresses import number_in
from reimbursement import statements
from reimbursement.models import Account, Entry, EntryKind
from reimbursement.views.access import sees_claims

FIRST, LAST = 2019, 2100
"""Years that a statement can be of: before the first there was no ordinance."""


@dataclass(frozen=True)
class Row:
    """An entry on the page."""

    entry: Entry
    kind: str
    account: str
    law: str
    event: str


def region_of(request: HttpRequest, actor: Actor) -> Organisation | None:
    """The region that the statement is of: one's own, or the one that the agency names; None when it names none."""
    if actor.party is Party.REGION:
        return Organisation.objects.get(pk=actor.organisation_id)
    pk = number_in(request.GET.get("region"))
    if pk is None:
        return None
    found = Organisation.objects.filter(pk=pk, kind="region").first()
    if found is None:
        raise Http404
    return found


def shown(entry: Entry) -> Row:
    """An entry with its words."""
    return Row(
        entry,
        str(EntryKind(entry.kind).label),
        str(Account(entry.account).label),
        statements.law_of(entry),
        statements.event_of(entry),
    )


@require_safe
def this_year(request: HttpRequest) -> HttpResponse:
    """To the statement of this year."""
    sees_claims(request)
    answer = redirect("statement", timezone.localdate().year)
    if query := request.META.get("QUERY_STRING"):
        answer["Location"] += f"?{query}"
    return answer


def _known(year: int) -> int:
    if not FIRST <= year <= LAST:
        raise Http404
    return year


@require_safe
def statement(request: HttpRequest, year: int) -> HttpResponse:
    """The sums of the year, account by account, and its entries by day, by key. The agency chooses a region first."""
    actor = sees_claims(request)
    _known(year)
    region = region_of(request, actor)
    agency = actor.party is Party.AGENCY
    context: dict[str, Any] = {
        "year": year,
        "agency": agency,
        "region": region,
        "regions": Organisation.objects.filter(kind="region").order_by("name") if agency else [],
    }
    if region is not None:
        key = request.GET.get("efter", "")
        found = list(statements.after(statements.entries(region.pk, year), key)[: statements.PAGE + 1])
        page = found[: statements.PAGE]
        context |= {
            "of": statements.statement(region.pk, year),
            "years": statements.years(region.pk, timezone.localdate().year),
            "rows": [shown(entry) for entry in page],
            "next": statements.key_of(page[-1]) if len(found) > statements.PAGE else "",
            "after": key,
        }
    return render(request, "reimbursement/statement.html", context)


@require_safe
def statement_file(request: HttpRequest, year: int) -> HttpResponse:
    """The same as a file."""
    actor = sees_claims(request)
    _known(year)
    region = region_of(request, actor)
    if region is None:
        raise Http404
    data = statements.as_csv(region.name, statements.statement(region.pk, year), statements.entries(region.pk, year))
    answer = HttpResponse(data, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="kontoutdrag-{region.county_code}-{year}.csv"'
    return answer
