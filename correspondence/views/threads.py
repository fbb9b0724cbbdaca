"""The list of threads, and a thread: read, write, ask, answer, take back, close."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actor import Actor
from accounts.permissions import See
from audit import collector
from correspondence import access, drafts, files, lists, texts, threads
from correspondence.inputs import mark_read, may_write, name_of
from correspondence.models import Absence, Attachment, Message, Thread, ThreadParty
from correspondence.numbers import knows_person
from correspondence.process import THREAD
from correspondence.views import writing
from documents.models import Opening
from fmu_portal import errors
from fmu_portal.addresses import number_in
from fmu_portal.engine import door
from fmu_portal.engine.refusals import InvalidInput, LostRace, Refused, WrongState
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import Step
from fmu_portal.models import Duty
from orders.views.documents import must_be_clean, stream
from orders.views.request import actor_of
from orders.words import duty_left

MESSAGES = 30
"""Messages on a page of a thread."""


@require_safe
def thread_list(request: HttpRequest) -> HttpResponse:
    """Meddelanden: what has come, what waits for an answer."""
    actor = actor_of(request)
    if not actor.sees(See.MESSAGES):
        raise PermissionDenied("Ditt uppdrag har inga meddelanden.")
    view = request.GET.get("vy", "alla")
    view = view if view in lists.VIEWS else "alla"
    number, after = request.GET.get("arende", "").strip()[:20], number_in(request.GET.get("efter"))
    counts = lists.counts(actor)
    context = {
        "page": lists.listed(actor, view, number, after),
        "view": view,
        "views": [(key, label, counts.get(key)) for key, label in lists.VIEWS.items()],
        "number": number,
        "after": after,
        "drafts": drafts.all_of(actor),
        "writes": threads.may_begin(actor),
        "manages": texts.manages(actor.role),
    }
    return render(request, "correspondence/list.html", context)


def writing_step(thread: Thread, steps: list[Step], asked: bool) -> Step | None:
    """The step that the form's button takes: the answer where one is owed; else a question, or the message alone."""
    names = {step.name: step for step in steps}
    return names.get("answer") or (names.get("ask") if asked else None) or names.get("write")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def thread_page(request: HttpRequest, thread: int) -> HttpResponse:
    """Tråd: the messages, who is in it, and the form."""
    actor = actor_of(request)
    found, member = access.get_thread(actor, thread)
    if request.method == "POST":
        return _write(request, actor, found, member)
    draft = drafts.find(actor, found.pk)
    return _show(request, actor, found, member, kept=writing.typed_before(request, draft))


def _show(
    request: HttpRequest,
    actor: Actor,
    thread: Thread,
    member: ThreadParty,
    *,
    kept: Any = None,
    form: Any = None,
    upload_errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = access.messages_in(member)
    before = number_in(request.GET.get("fore"))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: MESSAGES + 1])
    shown = found[:MESSAGES][::-1]
    duties = door.open_duties(THREAD.name, thread.pk)
    steps = door.available(THREAD.name, thread, actor, duties)
    draft = drafts.find(actor, thread.pk)
    writer = writing_step(thread, steps, asked=True)
    if form is None and writer is not None:
        form_class = PROCESSES[THREAD.name].input_of(writer)
        form = writing.quiet(form_class, thread, actor, kept)
        if "asked" in form.fields:
            writing.ask_or_not(form)
    context = {
        "thread": thread,
        "title": _title(member),
        "status": THREAD.statuses[thread.status],
        "case": thread.case,
        "messages_shown": _messages(actor, thread, shown),
        "older": found[MESSAGES - 1].pk if len(found) > MESSAGES else None,
        "members": [(name_of(m.organisation, thread, actor), m.left_by_id is not None) for m in thread.members],
        "asked": _asked(actor, thread, duties),
        "answers": writer is not None and writer.name == "answer",
        "form": form,
        "kept": bool(kept),
        "why_not": None if writer is not None else _why_not(thread, actor),
        "more": [step for step in steps if step.name in ("withdraw_question", "close")],
        "hint": None if knows_person(thread) else thread.case is None,
        "region_reads": thread.case is not None and not knows_person(thread),
        "away": _away(actor, thread),
        "texts": texts.texts_for(actor.organisation_id) if writer is not None else [],
        "unread_before": member.is_unread,
    } | writing.file_context(draft, thread)
    context["upload_errors"] = upload_errors or []
    if before is None:
        mark_read(thread.pk, actor.organisation_id, actor.user_id, member.latest)
    return render(request, "correspondence/thread.html", context, status=status)


def _title(member: ThreadParty) -> str:
    first = access.messages_in(member).order_by("pk").first()
    return (first.title if first is not None else "") or lists.NO_TITLE


def _messages(actor: Actor, thread: Thread, found: list[Message]) -> list[dict[str, Any]]:
    attached: dict[int, list[dict[str, Any]]] = {}
    rows = Attachment.objects.filter(message__in=found).select_related("document").order_by("pk")
    for row in rows:
        attached.setdefault(row.message_id or 0, []).append(_attachment(thread, row))
    return [
        {
            "message": message,
            "who": name_of(message.organisation, thread, actor),
            "author": access.author(message, thread, actor),
            "own": message.organisation_id == actor.organisation_id,
            "asks": name_of(message.asks, thread, actor) if message.asks is not None else None,
            "files": attached.get(message.pk, []),
        }
        for message in found
    ]


def _attachment(thread: Thread, row: Attachment) -> dict[str, Any]:
    document = row.document
    if document.is_erased:
        state = "Gallrad."
    elif document.is_refused:
        state = f"Mottagen, men godtas inte och kan inte öppnas. {document.reason}"
    elif files.wrong_page(row, thread):
        state = "Kan inte öppnas: filen innehåller ett personnummer som inte får stå här."
    elif document.waits:
        state = "Mottagen. Kontrolleras och kan öppnas när kontrollen är klar."
    else:
        state = ""
    url = f"/meddelanden/{thread.pk}/bilagor/{document.pk}/" if access.may_open(row, thread) else None
    return {"title": document.name, "url": url, "kind": "PDF", "pages": document.pages, "state": state, "unread": False}


def _asked(actor: Actor, thread: Thread, duties: list[Duty]) -> dict[str, Any] | None:
    """Who is to answer, by when, and whether that is oneself."""
    duty = duties[0] if duties else None
    if duty is None:
        return None
    member = thread.member(duty.organisation_id)
    today = writing.today()
    return {
        "who": name_of(member.organisation, thread, actor) if member is not None else "",
        "yours": duty.organisation_id == actor.organisation_id,
        "due": duty.due,
        "left": duty_left(duty, today),
        "basis": writing.basis_of(duty),
    }


def _away(actor: Actor, thread: Thread) -> list[Absence]:
    """Colleagues who have the case in hand, or who asked, and are away today."""
    people = {thread.holder_of(actor.party), thread.asker_id} - {None, actor.user_id}
    return writing.away_today(actor.organisation_id, people)


def _why_not(thread: Thread, actor: Actor) -> str:
    """Why there is no form."""
    if not threads.may_begin(actor):
        return "Ditt uppdrag läser meddelanden men skriver inga."
    if text := may_write(thread, actor):
        return text
    return f"Tråden är {thread.status_label.lower()}. Börja en ny tråd om du behöver skriva."


def _write(request: HttpRequest, actor: Actor, thread: Thread, member: ThreadParty) -> HttpResponse:
    """Keep what is typed, do what the button says."""
    data = writing.typed(request)
    duties = door.open_duties(THREAD.name, thread.pk)
    steps = door.available(THREAD.name, thread, actor, duties)
    row = writing_step(thread, steps, asked=bool(data.get("asked")))
    seen = number_in(request.POST.get("sedd"))
    if row is None:
        refused = _refusal(thread, actor, seen)
        return _refused(request, thread, refused)
    draft = drafts.keep(actor, data, thread.pk)
    done = writing.handle(request, actor, draft, data)
    if done is not None:
        if done.answer is not None:
            return done.answer
        if not done.errors:
            return redirect(f"{request.path}{done.anchor}")
        return _show(request, actor, thread, member, kept=data, upload_errors=done.errors, status=422)
    try:
        door.take(THREAD.name, thread.pk, row.name, actor, data, seen=seen)
    except InvalidInput as refused:
        form = refused.form
        if row.name == "ask":
            writing.ask_or_not(form)
        elif any(step.name == "ask" for step in steps):
            form = writing.with_asked(thread, actor, data)
        return _show(
            request, actor, Thread.objects.select_related("case").get(pk=thread.pk), member, form=form, status=422
        )
    except Refused as refused:
        return _refused(request, thread, refused)
    drafts.drop(actor, thread.pk)
    messages.success(request, "Svaret är skickat." if row.name == "answer" else "Meddelandet är skickat.")
    return redirect("thread", thread=thread.pk)


def _refusal(thread: Thread, actor: Actor, seen: int | None) -> Refused:
    """What the door says of a message now."""
    try:
        registered = PROCESSES[THREAD.name]
        door.check(registered, thread, registered.process.steps["write"], actor, set(), seen)
    except Refused as refused:
        return refused
    return WrongState("Det går inte att skriva i tråden nu.", status_label=thread.status_label)


def _refused(request: HttpRequest, thread: Thread, refused: Refused) -> HttpResponse:
    """The refusal's page. What was typed is kept as a draft; the thread is there to read."""
    facts: list[dict[str, Any]] = []
    if isinstance(refused, LostRace):
        done = THREAD.steps.get(refused.facts["done"])
        facts = [{"label": "Det som gjordes", "value": done.label if done else "En dag passerade"}]
    return errors.refusal(
        request, refused, facts=facts, retry_url=f"/meddelanden/{thread.pk}/", retry_text="Öppna tråden"
    )


@require_POST
def step(request: HttpRequest, thread: int, step: str) -> HttpResponse:
    """A step without a form: take back the question, close the thread."""
    actor = actor_of(request)
    found, _ = access.get_thread(actor, thread)
    row = THREAD.steps.get(step)
    if row is None or row.input is not None:
        raise Http404
    try:
        door.take(THREAD.name, found.pk, row.name, actor, None, seen=number_in(request.POST.get("sedd")))
    except Refused as refused:
        return _refused(request, found, refused)
    messages.success(request, "Tråden är avslutad." if step == "close" else "Frågan är tillbakatagen.")
    return redirect("thread", thread=found.pk)


@require_safe
def attachment(request: HttpRequest, thread: int, document_id: uuid.UUID) -> HttpResponseBase:
    """Open a file of a message: its clean copy, written down as every opening of a case's document."""
    actor = actor_of(request)
    found, row = access.get_attachment(actor, thread, document_id)
    must_be_clean(row.document)
    if files.wrong_page(row, found):
        raise WrongState(
            "Filen innehåller ett personnummer som inte får stå här. Den kan inte öppnas.", status_label=""
        )
    record(row, found, actor)
    return stream(row.document, f"bilaga-{row.pk}.pdf")


def record(row: Attachment, thread: Thread, actor: Actor) -> None:
    """Who opened it. Outside a case nobody's data is in it, and the access log has no case to name."""
    if thread.case_id is not None:
        collector.seen(See.MESSAGES, thread.case_id)
        Opening.objects.create(document=row.document, mandate_id=actor.mandate_id, case_id=thread.case_id)
