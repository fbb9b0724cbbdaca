"""The report: written section by section, looked through, and read once it has been signed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import parked
from accounts.actor import Actor
from documents.refusals import Erased
from fmu_portal.models import Duty, Note
from orders import words
from orders.access import get_case, get_draft, may_write_report, person_of, readable_notes, report_versions, takes_part
from orders.models import Assessment, Report, ReportSource, ReportVersion
from orders.pdf import file_name, parts_of, waiting_row
from orders.process import ASSESSMENT
from orders.readiness import readiness
from orders.report import BY_NAME, SECTIONS, TITLE, Section, keys, state_of
from orders.report_forms import SectionForm
from orders.views.documents import must_be_clean, record_opening, stream
from orders.views.request import actor_of

NO_STORE = "private, no-store"
SEND = "deliver"
"""The input of the steps that send a report: which one is open now follows from the process."""


@dataclass(frozen=True)
class Saved:
    """How a save went: ``revision`` after it, or None when somebody else's stands in the way."""

    revision: int | None


def _case_url(case: Assessment) -> str:
    return f"/arenden/{case.number}/"


def _send_url(case: Assessment) -> str:
    """The page of the step that sends the report from where the case now is."""
    steps = (s for s in ASSESSMENT.steps.values() if s.input == SEND and case.status in s.from_)
    return f"{_case_url(case)}steg/{next(steps).name}/"


def _section(name: str) -> Section:
    if name not in BY_NAME:
        raise Http404
    return BY_NAME[name]


def _draft(actor: Actor, case: Assessment) -> Report:
    """The draft. An untouched one starts from the unit's latest version that was written in the portal."""
    draft = get_draft(actor, case)
    if draft.revision == 0 and not draft.content and case.report_version:
        latest = [v for v in report_versions(actor, case) if v.content]
        if latest:
            draft.content = latest[-1].content
            Report.objects.filter(pk=draft.pk, revision=0).update(content=draft.content)
    return draft


def _save(request: HttpRequest, case: Assessment, draft: Report, form: SectionForm) -> Saved:
    """Save one section, unless somebody else has saved since the page was made.

    The case's row is held first: a save and the sending of the report come one after the other. The revision decides
    between two saves. What is already stored as written is saved: a second try after a lost answer is no conflict.
    Nor is a page's own autosave that was still on its way: the draft says which page saved last.
    """
    actor = actor_of(request)
    locked = Assessment.objects.visible_to(actor).select_for_update(no_key=True).get(pk=case.pk)
    if not may_write_report(actor, locked):
        return Saved(None)
    draft.refresh_from_db(fields=["content", "revision", "saved_at", "saved_by", "saved_page"])
    after = form.merged(draft.content)
    if after == draft.content:
        return Saved(draft.revision)
    page = form.cleaned_data.get("page", "")
    own = page and (draft.saved_page, draft.saved_by_id) == (page, actor.user_id)
    base = draft.revision if own else form.seen
    if base is None:
        return Saved(None)
    saved = {"saved_at": timezone.now(), "saved_by_id": actor.user_id, "saved_page": page}
    won = Report.objects.filter(pk=draft.pk, revision=base).update(content=after, revision=F("revision") + 1, **saved)
    return Saved(base + 1 if won else None)


@require_safe
def start(request: HttpRequest, number: str) -> HttpResponse:
    """To the first section that is not ready, or to the review when all are."""
    actor = actor_of(request)
    case = get_case(actor, number)
    if not may_write_report(actor, case):
        return _already_sent(actor, case)
    content = _draft(actor, case).content
    for part in SECTIONS:
        if state_of(part, content) != "Klar":
            return redirect("report-section", number, part.name)
    return redirect("report-review", number)


def _already_sent(actor: Actor, case: Assessment) -> HttpResponse:
    """Those who take part get to what was sent; others learn nothing."""
    versions = report_versions(actor, case) if takes_part(actor, case) else []
    if not versions:
        raise Http404
    return redirect("report-version", case.number, versions[-1].number)


@require_http_methods(["GET", "POST"])
def section(request: HttpRequest, number: str, section: str) -> HttpResponse:
    """One section: shown, and saved by the buttons (without JavaScript too)."""
    actor = actor_of(request)
    case, part = get_case(actor, number), _section(section)
    if not may_write_report(actor, case):
        return _conflict(request, case, part) if request.method == "POST" else _already_sent(actor, case)
    draft = _draft(actor, case)
    if request.method == "GET":
        return _show(request, case, draft, part)
    form = SectionForm(part, request.POST)
    form.is_valid()
    if _save(request, case, draft, form).revision is None:
        return _conflict(request, case, part, draft)
    if "next" not in request.POST:
        return redirect("report-section", number, part.name)
    if any(name not in ("version", "page") for name in form.errors):
        draft.refresh_from_db()
        return _show(request, case, draft, part, status=422)
    following = SECTIONS.index(part) + 1
    if following == len(SECTIONS):
        return redirect("report-review", number)
    return redirect("report-section", number, SECTIONS[following].name)


@require_POST
def autosave(request: HttpRequest, number: str, section: str) -> HttpResponse:
    """Save while the physician writes: 204 with the new revision, or 409 when somebody else has saved."""
    actor = actor_of(request)
    case, part = get_case(actor, number), _section(section)
    if not takes_part(actor, case):
        raise Http404
    saved = Saved(None)
    if may_write_report(actor, case):
        form = SectionForm(part, request.POST)
        form.is_valid()
        saved = _save(request, case, _draft(actor, case), form)
    if saved.revision is None:
        text = "Utkastet har ändrats sedan sidan öppnades, eller så är utlåtandet redan skickat."
        return HttpResponse(text, status=409, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204, headers={"X-Version": str(saved.revision), "Cache-Control": NO_STORE})


def _show(request: HttpRequest, case: Assessment, draft: Report, part: Section, status: int = 200) -> HttpResponse:
    form = SectionForm.showing(part, draft.content, draft.revision, secrets.token_hex(8))
    kept = parked.back(request)
    if kept is not None:
        form = SectionForm(part, kept)
    context = _frame(request, case, draft, part.name) | {
        "section": part,
        "form": form,
        "restored": kept is not None,
        "autosave_url": reverse("report-autosave", args=[case.number, part.name]),
    }
    return _page(request, "orders/report_section.html", context, status)


def _conflict(request: HttpRequest, case: Assessment, part: Section, draft: Report | None = None) -> HttpResponse:
    """Nothing was saved; what was written stays on the page. Without a draft the report has already been sent."""
    form = SectionForm(part, request.POST)
    form.is_valid()
    context: dict[str, Any] = {"case": case, "case_url": _case_url(case), "section": part, "form": form}
    if draft is None:
        if not takes_part(actor_of(request), case):
            raise Http404
    else:
        if not may_write_report(actor_of(request), get_case(actor_of(request), case.number)):
            return _conflict(request, case, part)
        draft = Report.objects.select_related("saved_by").get(pk=draft.pk)
        values = {name: request.POST.get(name, "") for name in form.fields}
        values |= {"version": str(draft.revision), "page": secrets.token_hex(8)}
        context["form"] = SectionForm(part, values)
        context["draft"] = draft
        context["section_url"] = reverse("report-section", args=[case.number, part.name])
        stored = next(p for p in parts_of(draft.content) if p.name == part.name)
        context["stored"] = stored
        context["by_me"] = draft.saved_by_id == actor_of(request).user_id
        after = form.merged(draft.content)
        context["differs"] = [f.name for f in part.fields if any(after.get(k) != draft.content.get(k) for k in keys(f))]
    return _page(request, "orders/report_conflict.html", context, 409)


def _frame(request: HttpRequest, case: Assessment, draft: Report, current: str) -> dict[str, Any]:
    """What every page of the draft shows: who it is about, the last day, the sections with their state."""
    actor = actor_of(request)
    today = timezone.localdate()
    assert actor.organisation_id is not None  # who takes part does so for a unit
    duty = (
        Duty.objects.open()
        .filter(process="assessment", subject_id=case.pk, organisation_id=actor.organisation_id)
        .filter(kind__in=("deliver_report", "supplement_report"))
        .first()
    )
    asked = _asked(actor, case) if duty is not None and duty.kind == "supplement_report" else None
    asked_part = asked.event.data.get("part") if asked else None
    sections = []
    for part in SECTIONS:
        state = state_of(part, draft.content)
        sections.append(
            {
                "title": part.title,
                "url": reverse("report-section", args=[case.number, part.name]),
                "state": f"{state}, ska kompletteras" if asked_part == part.name else state,
                "ready": state == "Klar",
                "current": part.name == current,
            }
        )
    return {
        "title": TITLE,
        "case": case,
        "case_url": _case_url(case),
        "person": person_of(actor, case),
        "draft": draft,
        "saved_today": draft.revision > 0 and timezone.localdate(draft.saved_at) == today,
        "duty": duty,
        "left": words.duty_left(duty, today) if duty else None,
        "asked": asked,
        "asked_part": BY_NAME.get(asked_part or ""),
        "sections": sections,
        "missing": [s for s in sections if not s["ready"]],
        "review_url": reverse("report-review", args=[case.number]),
        "reviewing": not current,
    }


def _asked(actor: Actor, case: Assessment) -> Note | None:
    """What the agency says is missing, in its latest request for a supplement."""
    notes = readable_notes(actor, case).filter(kind="missing", event__step="request_supplement")
    return notes.select_related("event").order_by("-id").first()


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, template, context, status=status)
    response["Cache-Control"] = NO_STORE
    return response


@require_safe
def review(request: HttpRequest, number: str) -> HttpResponse:
    """The whole draft as it will be read, what is missing, and the way to signing."""
    actor = actor_of(request)
    case = get_case(actor, number)
    if not may_write_report(actor, case):
        return _already_sent(actor, case)
    draft = _draft(actor, case)
    context = _frame(request, case, draft, "") | {
        "parts": parts_of(draft.content),
        "edit": True,
        "send_url": _send_url(case),
        "responsible": case.responsible_physician_id == actor.user_id,
        "hindrance": readiness(case).hindrance if case.status == "in_progress" else None,
    }
    return _page(request, "orders/report_review.html", context)


def _version(actor: Actor, number: str, version: int) -> tuple[Assessment, list[ReportVersion], ReportVersion]:
    case = get_case(actor, number)
    versions = report_versions(actor, case)
    found = next((v for v in versions if v.number == version), None)
    if found is None:
        raise Http404
    if found.erased_at is not None or (found.content is None and found.document and found.document.is_erased):
        raise Erased("Utlåtandet")
    return case, versions, found


def _read(actor: Actor, case: Assessment, version: ReportVersion) -> None:
    """Somebody reads the version: recorded like any opened document."""
    if version.document is not None:
        record_opening(version.document, case, actor)


@require_safe
def version(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """A signed version, to read in the browser."""
    actor = actor_of(request)
    case, versions, found = _version(actor, number, version)
    if found.content is not None:
        _read(actor, case, found)
    first = found.number == versions[0].number
    due = found.event.data.get("due")
    context = {
        "title": TITLE,
        "case": case,
        "case_url": _case_url(case),
        "person": person_of(actor, case),
        "version": found,
        "versions": versions,
        "performer": next(iter(ReportVersion.objects.filter(pk=found.pk).values_list("performer__name", flat=True))),
        "first": first,
        "due": date.fromisoformat(due) if due else None,
        "late": case.delivered_late,
        "parts": parts_of(found.content) if found.content is not None else [],
        **_pdf_state(case, found),
    }
    return _page(request, "orders/report_version.html", context)


def _pdf_state(case: Assessment, version: ReportVersion) -> dict[str, Any]:
    """The link to the PDF, or how far the worker has come with it."""
    if version.document is None:
        row = waiting_row(version.pk)
        return {
            "pdf": None,
            "failed": row is not None and row.attempts > 0,
            "progress_url": reverse("report-progress", args=[case.number, version.number]),
        }
    if version.source == ReportSource.FORM:
        url = reverse("report-pdf", args=[case.number, version.number])
    else:
        url = f"{_case_url(case)}handlingar/{version.document_id}/"
    return {"pdf": version.document, "pdf_url": url}


@require_safe
def progress(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """How far the PDF has come, as a piece of the version's page."""
    case, _, found = _version(actor_of(request), number, version)
    state = _pdf_state(case, found)
    response = _page(request, "orders/report_pdf_state.html", state)
    if state["pdf"] is not None:
        response["X-Done"] = "1"
    return response


@require_safe
def pdf(request: HttpRequest, number: str, version: int) -> HttpResponseBase:
    """The version's PDF; each opening is recorded. While it is being made: the version's page, which says so."""
    actor = actor_of(request)
    case, _, found = _version(actor, number, version)
    if found.document is None:
        return redirect("report-version", number, version)
    if found.source != ReportSource.FORM:
        return redirect(f"{_case_url(case)}handlingar/{found.document_id}/")
    must_be_clean(found.document)
    _read(actor, case, found)
    return stream(found.document, file_name(case.number, found.number))
