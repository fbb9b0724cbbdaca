"""Underlaget: all of it in one view for those who may open it: list, pages, search inside, one continuous PDF.

Opening this view is opening every document that it shows, and is recorded as such. The pages' pictures belong to that
opening: they are given to nobody without one. What is searched for is never in an address and never kept.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import parked
from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party
from audit import collector
from documents import pages, sandbox
from documents.models import Opening
from fmu_portal.engine.refusals import Refused
from fmu_portal.forms import PortalForm
from orders import access
from orders.models import Assessment, Enclosure
from orders.views.request import actor_of

SHOWN = 24
"""Pages of a document that are shown before somebody asks for all."""
MOST_HITS = 100
AROUND = 60
"""Characters on each side of a hit."""
LASTS = timedelta(hours=1)
"""How long the pictures of an opening can be fetched: longer than a page is kept open with lazy pictures."""


class TooLargeToJoin(Refused):
    """The documents are too large to be made one."""

    code = "too_large_to_join"
    title = "Handlingarna går inte att läsa som en fil"


@dataclass
class Part:
    """One document of the view. ``pictures``: page numbers shown; ``of``: how many have a picture."""

    enclosure: Enclosure
    title: str
    state: str
    pictures: list[int] = field(default_factory=list)
    of: int = 0

    @property
    def more(self) -> int:
        """Pages with a picture that are not shown."""
        return self.of - len(self.pictures)


@dataclass(frozen=True)
class Hit:
    """A place where the words stand: before, the words, after."""

    part: Part
    page: int
    before: str
    words: str
    after: str


class InsideForm(PortalForm):
    """Search inside the case's documents."""

    ord = forms.CharField(
        label="Sök i handlingarna",
        min_length=2,
        max_length=100,
        help_text="Söker i texten i ärendets handlingar. Inskannade bilder har ingen text att söka i.",
        widget=forms.TextInput(attrs={"data-width": "w-20", "autocomplete": "off"}),
    )


def readable(actor: Actor, number: str) -> tuple[Assessment, list[Enclosure]]:
    """The case and its sent underlag that the actor may open, in order. 404 for who may open none (13 §)."""
    case = access.get_case(actor, number)
    part = actor.party is Party.AGENCY or access.takes_part(actor, case)
    if not (part and actor.sees(See.UNDERLAG)):
        raise Http404
    rows = access.listed_enclosures(actor, case).underlag()
    return case, [row for row in rows if access.may_open(actor, case, row, part)]


def title_of(enclosure: Enclosure) -> str:
    """What a document is called: its kind and its own date."""
    dated = f", {enclosure.dated}" if enclosure.dated else ""
    return f"{enclosure.get_kind_display()}{dated}"


def _state(enclosure: Enclosure) -> str:
    document = enclosure.document
    if document.is_erased:
        return "Innehållet är gallrat."
    if document.is_refused:
        return document.reason
    return "" if document.is_clean else "Handlingen kontrolleras just nu."


def _parts(actor: Actor, enclosures: list[Enclosure], every: int | None) -> list[Part]:
    parts = []
    for enclosure in enclosures:
        part = Part(enclosure, title_of(enclosure), _state(enclosure))
        parts.append(part)
        if part.state:
            continue
        if not pages.is_ready(enclosure.document):
            pages.ask(enclosure.document, actor.mandate_id)
            part.state = "wait"
            continue
        part.of = pages.number_of_pictures(enclosure.document)
        shown = part.of if every == enclosure.pk else min(SHOWN, part.of)
        part.pictures = list(range(1, shown + 1))
        part.state = "" if part.of else "none"
    return parts


def _opened(actor: Actor, case: Assessment, enclosures: list[Enclosure]) -> None:
    """Every document that can be opened is opened, in one go."""
    clean = [row for row in enclosures if row.document.is_clean]
    if clean:
        collector.seen(See.PAPERS, case.pk)
        Opening.objects.bulk_create(
            Opening(document_id=row.document_id, mandate_id=actor.mandate_id, case_id=case.pk) for row in clean
        )


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def find(parts: list[Part], words: str) -> list[Hit]:
    """Where the words stand, in memory; upper and lower case alike, any blank as any other."""
    pattern = re.compile(re.escape(_folded(words.strip())), re.IGNORECASE)
    hits: list[Hit] = []
    for part in parts:
        if part.state == "wait" or not part.enclosure.document.is_clean:
            continue
        for number, text in enumerate(pages.texts(part.enclosure.document), start=1):
            flat = _folded(text)
            for match in pattern.finditer(flat):
                before, after = flat[max(0, match.start() - AROUND) : match.start()], flat[match.end() :][:AROUND]
                hits.append(Hit(part, number, before, match.group(), after))
                if len(hits) >= MOST_HITS:
                    return hits
    return hits


def _pieces(actor: Actor, case: Assessment, enclosures: list[Enclosure], every: str | None) -> dict[str, Any]:
    chosen = int(every) if every and every.isascii() and every.isdigit() and len(every) < 19 else None
    parts = _parts(actor, enclosures, chosen)
    return {"case": case, "parts": parts, "waits": any(part.state == "wait" for part in parts), "every": chosen}


@sensitive_post_parameters("ord")
@require_http_methods(["GET", "POST"])
def underlag(request: HttpRequest, number: str) -> HttpResponse:
    """The view; POST searches inside."""
    actor = actor_of(request)
    case, enclosures = readable(actor, number)
    _opened(actor, case, enclosures)
    form = parked.fill(request, InsideForm(request.POST or None))
    context = _pieces(actor, case, enclosures, request.GET.get("alla"))
    status = 200
    if request.method == "POST":
        if form.is_valid():
            context["hits"] = find(context["parts"], form.cleaned_data["ord"])
            context["most"] = MOST_HITS
        else:
            status = 422
    context["form"] = form
    context["sum"] = sum(row.document.pages or 0 for row in enclosures if row.document.is_clean)
    return render(request, "orders/underlag.html", context, status=status)


@require_safe
def pieces(request: HttpRequest, number: str) -> HttpResponse:
    """The list of documents alone, asked for until their pages are drawn."""
    actor = actor_of(request)
    case, enclosures = readable(actor, number)
    context = _pieces(actor, case, enclosures, request.GET.get("alla"))
    answer = render(request, "orders/underlag_parts.html", context)
    if not context["waits"]:
        answer["X-Done"] = "1"
    return answer


@require_safe
def picture(request: HttpRequest, number: str, document_id: uuid.UUID, page: int) -> HttpResponse:
    """The picture of one page, within the hour of an opening of its document."""
    actor = actor_of(request)
    case = access.get_case(actor, number)
    enclosure = access.get_enclosure(actor, case, document_id)
    opened = Opening.objects.filter(
        document_id=document_id, mandate_id=actor.mandate_id, case_id=case.pk, at__gte=timezone.now() - LASTS
    )
    if not (enclosure.document.is_clean and pages.is_ready(enclosure.document) and opened.exists()):
        raise Http404
    found = pages.picture(enclosure.document, page)
    if found is None:
        raise Http404
    collector.not_shown(case.pk)  # the opening, which has its own entry, is what was read
    answer = HttpResponse(found, content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def stream_joined(actor: Actor, case: Assessment, enclosures: list[Enclosure]) -> StreamingHttpResponse:
    """All clean documents as one PDF with bookmarks, streamed. Raises `TooLargeToJoin`."""
    clean = [row for row in enclosures if row.document.is_clean]
    if not clean:
        raise Http404
    if sum(row.document.served_size for row in clean) > pages.MOST_JOINED:
        raise TooLargeToJoin("Handlingarna är tillsammans för stora. Öppna dem var för sig.")
    stack = contextlib.ExitStack()
    try:
        made = stack.enter_context(pages.joined([(title_of(row), row.document) for row in clean]))
    except (sandbox.Broken, sandbox.CheckUnavailable) as error:
        stack.close()
        raise TooLargeToJoin("Handlingarna gick inte att lägga ihop just nu. Öppna dem var för sig.") from error
    _opened(actor, case, enclosures)

    def body() -> Iterator[bytes]:
        with stack:
            yield from made.body

    answer = StreamingHttpResponse(body(), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="underlag-{case.number}.pdf"'
    answer["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Length"] = str(made.size)
    return answer


@require_safe
def continuous(request: HttpRequest, number: str) -> StreamingHttpResponse:
    """The underlag as one PDF."""
    actor = actor_of(request)
    case, enclosures = readable(actor, number)
    return stream_joined(actor, case, enclosures)
