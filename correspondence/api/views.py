"""Threads by the API: list, begin, read, one operation per step, files."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party
from correspondence import access, lists, threads
from correspondence.api import answers as out
from correspondence.api import attachments
from correspondence.api.base import TAG, THREAD_ID, ThreadView
from correspondence.inputs import mark_read
from correspondence.models import Draft
from correspondence.models.message import MOST_TEXT, MOST_TITLE
from correspondence.process import THREAD
from fmu_portal.engine.door import available, may_take, open_duties, take
from fmu_portal.engine.inputs import StepForm
from fmu_portal.engine.refusals import InvalidInput, WrongState
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import Step
from orders.api import serializers
from orders.api.base import ApiView, body_of, must, page_of
from orders.api.fields import body_schema, clean_text, described, form_data, seen_version
from orders.api.schema import CURSOR, answers
from orders.models import Assessment

CASE_NUMBER = re.compile(r"[0-9]{4}-[0-9]{6}")
STEPS = [step for step in THREAD.steps.values() if set(step.by) != {Party.CLOCK}]

NEW = {
    "type": "object",
    "properties": {
        "number": {
            "type": ["string", "null"],
            "title": "Ärendenummer",
            "description": "Utelämnas i en tråd utanför ärenden.",
            "maxLength": 20,
        },
        "parties": {
            "type": ["array", "null"],
            "title": "Parter i ärendet som ska vara med",
            "items": {"type": "string", "enum": [str(party) for party in threads.PARTIES]},
            "maxItems": 3,
        },
        "organisation": {
            "type": ["integer", "null"],
            "title": "Mottagare utanför ärenden",
            "description": "Id ur threads/recipients/.",
        },
        "title": {"type": "string", "title": "Ämne", "minLength": 1, "maxLength": MOST_TITLE},
        "text": {"type": "string", "title": "Meddelande", "minLength": 1, "maxLength": MOST_TEXT},
        "asked": {
            "type": ["integer", "null"],
            "title": "Den organisation som ska svara",
            "description": "Id på en av mottagarna.",
        },
    },
    "required": ["title", "text"],
    "additionalProperties": False,
}


class ThreadListView(ApiView):
    """/threads/"""

    @extend_schema(
        operation_id="threads_list",
        summary="Lista trådar",
        description="Trådar som nyckelns organisation deltar i, den med senaste meddelandet först, högst 25 åt gången.",
        tags=[TAG],
        parameters=[OpenApiParameter("number", str, description="Bara det här ärendets trådar."), CURSOR],
        responses=answers({200: out.ThreadList}, 401, 403, 422),
    )
    def get(self, request: Request) -> Response:
        """One page of threads."""
        must(self.actor.sees(See.MESSAGES))
        number, cursor = request.query_params.get("number", ""), request.query_params.get("cursor", "")
        if number and not CASE_NUMBER.fullmatch(number):
            raise InvalidInput({"number": ["Skriv ärendenumret som 2026-000123."]})
        if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise InvalidInput({"cursor": ["Använd adressen i ”next” från föregående svar."]})
        page = lists.listed(self.actor, "alla", number, int(cursor) if cursor else None)
        following = None
        if page.next:
            following = f"{request.path}?cursor={page.next}" + (f"&number={number}" if number else "")
        rows = [out.row_answer(row) for row in page.rows]
        return Response(out.ThreadList({"results": rows, "next": following}).data)

    @extend_schema(
        operation_id="threads_create",
        summary="Börja en tråd",
        description="I ett ärende (number och parties) eller mellan två organisationer (organisation). Med asked är det"
        " första meddelandet en fråga som ska besvaras.",
        tags=[TAG],
        request={"application/json": NEW},
        responses=answers({201: out.ThreadAnswer}, 400, 401, 403, 404, 409, 413, 415, 422),
    )
    def post(self, request: Request) -> Response:
        """A new thread with its first message."""
        must(threads.may_begin(self.actor))
        body = _checked(body_of(request))
        case, organisations = _whom(self.actor, self, body)
        asked = body.get("asked")
        if asked is not None and asked not in {organisation.pk for organisation in organisations}:
            raise InvalidInput({"asked": ["Den som ska svara måste också få meddelandet."]})
        data = {"title": body["title"], "text": body["text"], "asked": asked}
        thread = threads.begin(self.actor, case, organisations, data)
        found, member = access.get_thread(self.actor, thread.pk)
        answer = out.ThreadAnswer(out.thread_answer(self.actor, found, member)).data
        return Response(answer, status=201, headers={"Location": answer["href"]})


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    """The body of a new thread with the right types. `InvalidInput` otherwise."""
    errors: dict[str, list[str]] = {}
    for name in list(body)[:100]:
        if name not in NEW["properties"]:  # type: ignore[operator]
            errors[name[:60].encode("utf-8", "replace").decode()] = ["Fältet finns inte."]
    for name in ("title", "text", "number"):
        value = body.get(name)
        if value is not None and not (isinstance(value, str) and clean_text(value)):
            errors[name] = ["Skriv värdet som text"]
    for name in ("organisation", "asked"):
        value = body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63):
            errors[name] = ["Skriv värdet som ett heltal"]
    parties = body.get("parties")
    if parties is not None and not (isinstance(parties, list) and all(isinstance(p, str) for p in parties)):
        errors["parties"] = ["Skriv värdet som en lista"]
    for name, words in (("title", "Fyll i ämne"), ("text", "Fyll i meddelande")):
        if not body.get(name):
            errors.setdefault(name, [words])
    if errors:
        raise InvalidInput(errors)
    return body


def _whom(actor: Actor, view: ApiView, body: dict[str, Any]) -> tuple[Assessment | None, list[Any]]:
    """The case (None outside any) and who takes part beside one's own organisation."""
    if not body.get("number"):
        found = threads.recipients(actor).filter(pk=body.get("organisation") or 0).first()
        if found is None or body.get("parties"):
            raise InvalidInput({"organisation": ["Ange en mottagare ur threads/recipients/, eller ett ärendenummer."]})
        return None, [found]
    number = str(body["number"])
    if not CASE_NUMBER.fullmatch(number):
        raise InvalidInput({"number": ["Skriv ärendenumret som 2026-000123."]})
    case = view.case(number)
    others = {str(party): case.organisation_of(party) for party in threads.others_in(case, actor)}
    must(bool(others))
    chosen = list(dict.fromkeys(body.get("parties") or []))
    if not chosen or not set(chosen) <= set(others):
        raise InvalidInput({"parties": [f"Välj bland {', '.join(others)}."]})
    from accounts.models import Organisation

    return case, list(Organisation.objects.filter(pk__in=[others[party] for party in chosen]).order_by("pk"))


class RecipientListView(ApiView):
    """/threads/recipients/"""

    @extend_schema(
        operation_id="threads_recipients",
        summary="Lista organisationer att skriva till utanför ärenden",
        tags=[TAG],
        responses=answers({200: out.RecipientList}, 401, 403),
    )
    def get(self, request: Request) -> Response:
        """All but one's own."""
        must(threads.may_begin(self.actor))
        rows = [{"id": o.pk, "name": o.name, "party": o.party} for o in threads.recipients(self.actor)]
        return Response(out.RecipientList({"results": rows}).data)


class OneThreadView(ThreadView):
    """/threads/{thread}/"""

    @extend_schema(
        operation_id="threads_read",
        summary="Läs en tråd",
        tags=[TAG],
        parameters=[THREAD_ID],
        responses=answers({200: out.ThreadAnswer}, 401, 404),
    )
    def get(self, request: Request, thread: int) -> Response:
        """One thread."""
        found, member = self.thread(thread)
        return Response(out.ThreadAnswer(out.thread_answer(self.actor, found, member)).data)


class MessageListView(ThreadView):
    """/threads/{thread}/messages/"""

    @extend_schema(
        operation_id="threads_messages",
        summary="Läs meddelandena i en tråd",
        description="Det senaste först, högst 50 åt gången. Första sidan räknas som läst av nyckelns organisation.",
        tags=[TAG],
        parameters=[THREAD_ID, CURSOR],
        responses=answers({200: out.MessageList}, 401, 404, 422),
    )
    def get(self, request: Request, thread: int) -> Response:
        """One page of messages."""
        found, member = self.thread(thread)
        rows, following = page_of(request, access.messages_in(member))
        if not request.query_params.get("cursor"):
            mark_read(found.pk, self.actor.organisation_id, self.actor.user_id, member.latest)
        results = out.message_answers(self.actor, found, rows)
        return Response(out.MessageList({"results": results, "next": following}).data)


def form_of(step: Step) -> type[StepForm] | None:
    """The form class of a step, the same as the page's."""
    form: type[StepForm] | None = PROCESSES[THREAD.name].input_of(step)
    return form


class StepListView(ThreadView):
    """/threads/{thread}/steps/"""

    @extend_schema(
        operation_id="threads_steps",
        summary="Läs vad som går att göra i tråden nu",
        tags=[TAG],
        parameters=[THREAD_ID],
        responses=answers({200: out.ThreadSteps}, 401, 404),
    )
    def get(self, request: Request, thread: int) -> Response:
        """What the door would let through."""
        found, _ = self.thread(thread)
        steps = available(THREAD.name, found, self.actor, open_duties(THREAD.name, found.pk))
        rows = [
            {
                "step": step.name,
                "label": step.label,
                "hint": step.hint,
                "happens": step.happens,
                "href": f"/api/v1/threads/{found.pk}/steps/{step.name}/",
                "takes_input": step.input is not None,
                "sends": (form_of(step) or StepForm).sends,
            }
            for step in steps
        ]
        return Response(out.ThreadSteps({"version": found.version, "results": rows}).data)


class StepView(ThreadView):
    """/threads/{thread}/steps/{step}/: a subclass per step."""

    step: ClassVar[Step]

    def take(self, request: Request, thread: int) -> Response:
        """Take the step; files that wait in the thread go with a message."""
        found, _ = self.thread(thread)
        actor, step = self.actor, self.step
        must(may_take(PROCESSES[THREAD.name], found, step, actor))
        body = body_of(request)
        seen = seen_version(body)
        take(THREAD.name, found.pk, step.name, actor, form_data(form_of(step), body, found, actor), seen=seen)
        # Files that wait stay in the draft when the step was no message (the thread was closed, say).
        Draft.objects.filter(
            user_id=actor.user_id, organisation_id=actor.organisation_id, thread_id=found.pk, data={}, attachments=None
        ).delete()
        after, member = self.thread(thread)
        return Response(out.ThreadAnswer(out.thread_answer(actor, after, member)).data)

    def read(self, request: Request, thread: int) -> Response:
        """The step's fields in this thread."""
        found, _ = self.thread(thread)
        actor, step = self.actor, self.step
        must(may_take(PROCESSES[THREAD.name], found, step, actor))
        if step not in available(THREAD.name, found, actor, open_duties(THREAD.name, found.pk)):
            raise WrongState(
                f"Det går inte att göra nu. Status är {found.status_label}.", status_label=found.status_label
            )
        form_class = form_of(step)
        assert form_class is not None
        rows = described(form_class(subject=found, actor=actor))
        answer = {"step": step.name, "label": step.label, "version": found.version, "inputs": rows}
        return Response(serializers.StepForm(answer).data)


def view_of(step: Step) -> Any:
    """The view of one step, described by the step's row and its form."""
    form = form_of(step)

    def post(self: StepView, request: Request, thread: int) -> Response:
        return self.take(request, thread)

    def get(self: StepView, request: Request, thread: int) -> Response:
        return self.read(request, thread)

    text = f"Status: {', '.join(THREAD.statuses[status].label for status in step.from_)}. {step.hint}".strip()
    taking: Any = extend_schema(
        operation_id=f"thread_step_{step.name}",
        summary=step.label,
        description=text + (" Bilagor som väntar i tråden skickas med." if form is not None else ""),
        tags=[TAG],
        parameters=[THREAD_ID],
        request={"application/json": body_schema(form)},
        responses=answers({200: out.ThreadAnswer}, 400, 401, 403, 404, 409, 413, 415, 422),
    )
    reading: Any = extend_schema(
        operation_id=f"thread_step_{step.name}_form",
        summary=f"Läs fälten: {step.label}",
        tags=[TAG],
        parameters=[THREAD_ID],
        responses=answers({200: serializers.StepForm}, 401, 403, 404, 409),
    )
    methods = {"post": taking(post)} | ({"get": reading(get)} if form is not None else {})
    name = f"Thread{step.name.title().replace('_', '')}StepView"
    view: Any = type(name, (StepView,), {"step": step, "__doc__": step.label, **methods})
    return view.as_view()


def operations() -> list[URLPattern]:
    """The addresses, under api/v1/."""
    one = "threads/<apikey:thread>/"
    return [
        path("threads/", ThreadListView.as_view(), name="api-threads"),
        path("threads/recipients/", RecipientListView.as_view(), name="api-thread-recipients"),
        path(one, OneThreadView.as_view(), name="api-thread"),
        path(f"{one}messages/", MessageListView.as_view(), name="api-thread-messages"),
        path(f"{one}steps/", StepListView.as_view(), name="api-thread-steps"),
        *(path(f"{one}steps/{s.name}/", view_of(s), name=f"api-thread-step-{s.name}") for s in STEPS),
        path(f"{one}attachments/", attachments.AttachmentListView.as_view(), name="api-thread-attachments"),
        path(
            f"{one}attachments/<uuid:document_id>/", attachments.AttachmentView.as_view(), name="api-thread-attachment"
        ),
    ]
