"""Writing: what is typed is kept at each turn, files are attached, ready-made texts put in; and a new thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import parked
from accounts.actor import Actor
from accounts.roles import Party
from correspondence import access, drafts, files, texts, threads
from correspondence.forms import CaseThreadForm, GeneralThreadForm, NewThreadForm
from correspondence.inputs import QuestionForm
from correspondence.models import Absence, Draft, Thread
from documents.intake import Unacceptable, max_megabytes
from fmu_portal import errors
from fmu_portal.addresses import number_in
from fmu_portal.engine.inputs import StepForm
from fmu_portal.engine.refusals import InvalidInput, WrongState
from fmu_portal.forms import without_errors
from fmu_portal.models import Duty
from orders.access import get_case
from orders.models import Assessment, Assignment
from orders.views.staging import ManyFiles
from rules.remembered import rules_by_code

LATE = timedelta(minutes=2)
"""After this long the page says that the check of a file takes time."""


class FilesForm(forms.Form):
    """The files that are chosen beside the text."""

    files_chosen = forms.Field(
        label="Filer", required=False, widget=ManyFiles(attrs={"accept": "application/pdf,image/*", "multiple": True})
    )


@dataclass
class Done:
    """A button beside the sending was pressed: where to go on the page, what went wrong, or the whole answer."""

    anchor: str = ""
    errors: list[str] = field(default_factory=list)
    answer: HttpResponse | None = None


def today() -> date:
    """The day in Sweden."""
    return timezone.localdate()


def basis_of(duty: Duty) -> str:
    """What the last day rests on: "Rutin: 3 vardagar"."""
    rule = rules_by_code().get(duty.rule)
    return rule.basis if rule else ""


def away_today(organisation_id: int, people: set[Any]) -> list[Absence]:
    """Those of the people who are away from the organisation today."""
    day = today()
    rows = Absence.objects.filter(organisation_id=organisation_id, user_id__in=people, first__lte=day, last__gte=day)
    return list(rows.select_related("user", "substitute").order_by("user__name"))


def typed(request: HttpRequest) -> QueryDict:
    """What was sent, without the buttons. The database cannot keep a NUL, and no keyboard writes one."""
    data = request.POST.copy()
    for name in drafts.OWN:
        data.pop(name, None)
    for name in list(data):
        data.setlist(name, [text.replace("\0", "")[:20_000] for text in data.getlist(name)])
    return data


def typed_before(request: HttpRequest, draft: Draft | None) -> QueryDict | None:
    """What was typed before: sent when the session had ended, or kept as a draft."""
    return parked.back(request) or drafts.content(draft)


def quiet(form_class: Any, thread: Thread, actor: Actor, kept: QueryDict | None) -> StepForm:
    """The form with what was kept, without errors yet."""
    form: StepForm = form_class(kept or None, subject=thread, actor=actor)
    return without_errors(form) if kept else form


def ask_or_not(form: Any) -> None:
    """On the page one form writes and asks: whom it asks may be left empty."""
    choices = [pair for pair in form.fields["asked"].choices if pair[0] != ""]
    form.fields["asked"].label = "Vill du ha svar?"
    form.fields["asked"].choices = [
        ("", "Nej, det är bara för kännedom"),
        *((pk, f"Ja, av {name}") for pk, name in choices),
    ]
    form.fields["asked"].conditional = True
    form.initial["asked"] = ""


def with_asked(thread: Thread, actor: Actor, data: QueryDict) -> Any:
    """A refused message's form, with the choice of whom to ask that the page has."""
    whole = QuestionForm(data, subject=thread, actor=actor)
    whole.full_clean()
    whole.errors.pop("asked", None)
    ask_or_not(whole)
    return whole


def file_context(draft: Draft | None, thread: Thread | None) -> dict[str, Any]:
    """The attached files as the page shows them."""
    rows = files.in_draft(draft)
    return {
        "draft": draft,
        "file_rows": [
            {
                "row": row,
                "url": f"/meddelanden/{thread.pk}/bilagor/{row.document_id}/" if thread is not None else "",
                "page": files.wrong_page(row, thread) if thread is not None else None,
                "late": row.document.waits and timezone.now() - row.document.received_at > LATE,
            }
            for row in rows
        ],
        "files_wait": any(row.document.waits for row in rows),
        "files_form": FilesForm(),
        "max_mb": max_megabytes(),
    }


def handle(request: HttpRequest, actor: Actor, draft: Draft, data: QueryDict) -> Done | None:
    """Do what a button beside the sending asks for; None when the message is to be sent. The draft is kept already.

    Files that are chosen when the message is sent are attached to it: nobody loses a chosen file.
    """
    if request.headers.get("X-Requested-With") == "fetch":
        return Done(answer=HttpResponse(status=204))
    verb, _, rest = request.POST.get("gor", "").partition(":")
    chosen = request.FILES.getlist("files_chosen")
    problems = []
    for upload in chosen:
        try:
            files.attach(draft, actor, upload)
        except Unacceptable as refused:
            problems.append(str(refused))
    if problems:
        return Done(errors=problems)
    if verb == "ta_bort":
        row = next((r for r in files.in_draft(draft) if r.pk == number_in(rest)), None)
        if row is not None:
            files.remove(row)
        return Done("#bilagor")
    if verb in ("lagg_till", "uppdatera"):
        return Done("#bilagor") if chosen or verb == "uppdatera" else Done(errors=["Välj minst en fil"])
    if verb == "mall":
        chosen_text = {code: text for code, _, text in texts.texts_for(actor.organisation_id)}.get(
            request.POST.get("mall", "")
        )
        if chosen_text is not None:
            before = data.get("text", "").rstrip()
            data["text"] = f"{before}\n\n{chosen_text}" if before else chosen_text
            drafts.keep(actor, data, draft.thread_id, draft.case_id)
        return Done("#id_text")
    if verb == "spara":
        messages.success(request, "Utkastet är sparat. Du hittar det bland meddelandena.")
        return Done(answer=redirect("threads"))
    return None


@require_safe
def files_piece(request: HttpRequest, draft: int) -> HttpResponse:
    """How far the check of the attached files has come, as a piece of the page."""
    found = access.get_draft(actor_of(request), draft)
    context = file_context(found, found.thread)
    response = render(request, "correspondence/files.html", context)
    if not context["files_wait"]:
        response["X-Done"] = "1"
    return response


def actor_of(request: HttpRequest) -> Actor:
    """The mandate that the request is made under."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _case_for(actor: Actor, number: str) -> Assessment:
    """The case of a new thread. A unit that once had it is told so; everybody else gets 404 for another's."""
    try:
        return get_case(actor, number)
    except Http404:
        lost = Assignment.objects.filter(assessment__number=number, performer_id=actor.organisation_id)
        if actor.party is Party.PERFORMER and lost.filter(closed_by__isnull=False).exists():
            raise WrongState(
                f"Er organisation har inte längre ärende {number}. Därför går det inte att skriva i det."
                " Meddelanden från den tid då ni hade det finns kvar att läsa.",
                status_label="",
            ) from None
        raise


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Nytt meddelande: of a case (``?arende=``), or between two organisations outside any."""
    actor = actor_of(request)
    if not threads.may_begin(actor):
        raise PermissionDenied("Ditt uppdrag ger inte rätt att skriva meddelanden.")
    number = request.GET.get("arende", "").strip()[:20]
    case = _case_for(actor, number) if number else None
    if case is not None and not threads.others_in(case, actor):
        own = case.organisation_of(actor.party) == actor.organisation_id
        text = "Ärendet har inga andra parter ännu." if own else "Du läser ärendet men kan inte skriva i det."
        return errors.refusal(request, WrongState(text, status_label=""), f"/arenden/{case.number}/")
    form_class = CaseThreadForm if case is not None else GeneralThreadForm
    case_id = case.pk if case is not None else None
    draft = drafts.find(actor, None, case_id)
    if request.method == "GET":
        kept = typed_before(request, draft)
        form = form_class(kept, actor=actor, case=case)
        if kept:
            without_errors(form)
        return _show_new(request, actor, case, form, draft, kept=bool(kept))
    data = typed(request)
    draft = drafts.keep(actor, data, None, case_id)
    done = handle(request, actor, draft, data)
    if done is not None:
        if done.answer is not None:
            return done.answer
        if not done.errors:
            return redirect(f"{request.get_full_path()}{done.anchor}")
        form = form_class(data, actor=actor, case=case)
        without_errors(form)
        return _show_new(request, actor, case, form, draft, upload_errors=done.errors, status=422)
    form = form_class(data, actor=actor, case=case)
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("title", "text", "asked")}
        try:
            thread = threads.begin(actor, case, form.organisations(), given, draft)
        except InvalidInput as refused:
            for name, problems in refused.errors.items():
                for problem in problems:
                    form.add_error(name if name in form.fields else None, problem)
        else:
            drafts.drop(actor, thread.pk)
            messages.success(request, "Meddelandet är skickat.")
            return redirect("thread", thread=thread.pk)
    return _show_new(request, actor, case, form, drafts.find(actor, None, case_id), status=422)


def _show_new(
    request: HttpRequest,
    actor: Actor,
    case: Assessment | None,
    form: NewThreadForm,
    draft: Draft | None,
    *,
    kept: bool = False,
    upload_errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "case": case,
        "kept": kept,
        "upload_errors": upload_errors or [],
        "texts": texts.texts_for(actor.organisation_id),
        "url": request.get_full_path(),
        "region_may_read": case is not None
        and (actor.party is Party.REGION or Party.REGION in threads.others_in(case, actor)),
    } | file_context(draft, None)
    return render(request, "correspondence/new.html", context, status=status)
