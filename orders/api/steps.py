"""Steps: which may be taken now, and one operation for each step of the table."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.urls import URLPattern, path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.roles import Party
from fmu_portal.engine.door import available, begin, may_take, open_duties, take
from fmu_portal.engine.inputs import StepForm
from fmu_portal.engine.refusals import WrongRole, WrongState
from fmu_portal.engine.registry import PROCESSES, Registered, parts
from fmu_portal.engine.table import NEW, Process, Step
from fmu_portal.models import Duty
from orders.api import serializers as out
from orders.api.answers import event_answers
from orders.api.base import ApiView, body_of, must
from orders.api.fields import body_schema, described, form_data, seen_version
from orders.api.schema import NUMBER, PART, answers
from orders.models import Assessment
from orders.process import ASSESSMENT


def taken_by_people(registered: Registered) -> list[Step]:
    """The steps of a process that people who reach the case take."""
    outside = {Party.CLOCK, Party.PERFORMER} if registered.process.apart else {Party.CLOCK}
    return [s for s in registered.process.steps.values() if not set(s.by) <= outside and not s.follows]


STEPS = taken_by_people(PROCESSES[ASSESSMENT.name])
"""The steps of the case itself that people take."""


def form_of(step: Step, process: str = ASSESSMENT.name) -> type[StepForm] | None:
    """The form class of a step, the same as the page's."""
    form: type[StepForm] | None = PROCESSES[process].input_of(step)
    return form


def row_of(step: Step, process: str, href: str) -> dict[str, Any]:
    """A step that may be taken now, as a `StepRow`."""
    return {
        "step": step.name,
        "label": step.label,
        "hint": step.hint,
        "happens": step.happens,
        "href": href,
        "takes_input": step.input is not None,
        "sends": (form_of(step, process) or StepForm).sends,
    }


class StepListView(ApiView):
    """/assessments/{number}/steps/"""

    @extend_schema(
        operation_id="assessments_steps",
        summary="Läs vad som går att göra nu",
        description="De steg som nyckelns uppdrag kan ta i ärendet just nu, i samma ordning som på webbplatsen.",
        tags=["Ärenden"],
        parameters=[NUMBER],
        responses=answers({200: out.StepList}, 401, 404),
    )
    def get(self, request: Request, number: str) -> Response:
        """What the door would let through."""
        case = self.case(number)
        steps = available(ASSESSMENT.name, case, self.actor, open_duties(ASSESSMENT.name, case.pk))
        root = f"/api/v1/assessments/{case.number}/"
        rows = [row_of(step, ASSESSMENT.name, f"{root}steps/{step.name}/") for step in steps]
        for part in parts():
            name = part.process.name
            begun = part.model.to_begin(case)
            possible = available(name, begun, self.actor, ())
            rows += [row_of(step, name, f"{root}{part.process.plural}/steps/{step.name}/") for step in possible]
        return Response(out.StepList({"version": case.version, "results": rows}).data)


class StepView(ApiView):
    """/assessments/{number}/steps/{step}/, and the same of a part of a case: a subclass per step."""

    step: ClassVar[Step]
    registered: ClassVar[Registered]

    def subject(self, number: str, pk: int | None) -> tuple[Assessment, Any]:
        """(the case, what the step is taken with: the case, a part of it, or one that would begin). 404 otherwise."""
        case = self.case(number)
        model = self.registered.model
        if self.registered.process.name == ASSESSMENT.name:
            return case, case
        if pk is None:
            return case, model.to_begin(case)
        subject = model.objects.of_case(case, self.actor, timezone.localdate()).filter(pk=pk).first()
        if subject is None:
            raise Http404
        subject.assessment = case
        return case, subject

    def take(self, request: Request, number: str, pk: int | None = None) -> Response:
        """Take the step."""
        actor, step, process = self.actor, self.step, self.registered.process.name
        case, subject = self.subject(number, pk)
        must(may_take(self.registered, subject, step, actor))
        if step.signs and not getattr(request, "key_signs", False):
            raise WrongRole("Nyckeln får inte signera. Skapa en nyckel för det, eller signera på webbplatsen.")
        body = body_of(request)
        seen = seen_version(body)
        data = form_data(form_of(step, process), body, subject, actor)
        if subject.pk is None:
            subject, event = begin(process, case.pk, step.name, actor, data)
        else:
            event = take(process, subject.pk, step.name, actor, data, seen=seen)
            subject.apply_event(event)
        of_part, rows = subject is not case, Assessment.objects.visible_to(actor).filter(pk=case.pk)
        # A decision on a part may have taken a step of the case along, so that the case is read again.
        now = rows.first() if of_part else case if rows.exists() else None
        answer: dict[str, Any] = {
            "event": out.EventAnswer(event_answers(actor, case, [event], noted=bool(step.note_to))[0]).data,
            "assessment": out.CaseNow(now).data if now else None,
        }
        if of_part:
            answer["part"] = part_answer(subject, actor) if now else None
        return Response(answer)

    def read(self, request: Request, number: str, pk: int | None = None) -> Response:
        """The step's fields in this case."""
        actor, step, process = self.actor, self.step, self.registered.process.name
        _, subject = self.subject(number, pk)
        must(may_take(self.registered, subject, step, actor))
        duties = open_duties(process, subject.pk) if subject.pk is not None else []
        if step not in available(process, subject, actor, duties):
            raise WrongState(
                f"Det går inte att göra nu. Status är {subject.status_label}.", status_label=subject.status_label
            )
        form_class = form_of(step, process)
        assert form_class is not None
        rows = described(form_class(subject=subject, actor=actor))
        answer = {"step": step.name, "label": step.label, "version": subject.version, "inputs": rows}
        return Response(out.StepForm(answer).data)


def part_answer(subject: Any, actor: Actor) -> dict[str, Any]:
    """A part of a case as a `PartNow`, in the words that the reader may have."""
    return dict(out.PartNow(subject).data) | {"words": subject.words_for(actor)}


class PartListView(ApiView):
    """/assessments/{number}/{part}s/: a subclass per kind of part."""

    registered: ClassVar[Registered]

    def rows(self, request: Request, number: str) -> Response:
        """The parts of this kind, newest first, each with what may be done with it."""
        case, actor, process = self.case(number), self.actor, self.registered.process.name
        duties: dict[int, list[Duty]] = {}
        for duty in Duty.objects.open().filter(case_id=case.pk, process=process):
            duties.setdefault(duty.subject_id, []).append(duty)
        answers = []
        for subject in self.registered.model.objects.of_case(case, actor, timezone.localdate()).order_by("-pk"):
            subject.assessment = case
            root = f"/api/v1/assessments/{case.number}/{self.registered.process.plural}/{subject.pk}/steps/"
            steps = available(process, subject, actor, duties.get(subject.pk, []))
            rows = [out.StepRow(row_of(step, process, f"{root}{step.name}/")).data for step in steps]
            answers.append(part_answer(subject, actor) | {"steps": rows})
        return Response({"results": answers})


def _text(step: Step, form: type[StepForm] | None, process: Process) -> str:
    """What a step is, in Swedish: when it fits, what happens, which documents it sends."""
    froms = ", ".join(process.statuses[status].label for status in step.from_)
    parts = [f"Status: {froms}."]
    if step.case_in:
        parts.append(f"Ärendets status: {', '.join(ASSESSMENT.statuses[status].label for status in step.case_in)}.")
    if step.to:
        parts.append(f"Blir: {process.statuses[step.to].label}.")
    parts += [step.hint] if step.hint else []
    parts += step.happens
    if step.signs:
        parts.append("Nyckeln måste vara skapad för att signera (manage.py api_key --sign).")
    if form is not None and form.sends:
        parts.append(f"Skickar uppladdade handlingar av slagen {', '.join(form.sends)}.")
    return " ".join(parts)


def view_of(step: Step, registered: Registered) -> Any:
    """The view of one step, described by the step's row and its form; a step without input has nothing to read."""
    process = registered.process
    form = form_of(step, process.name)
    of_part = process.name != ASSESSMENT.name
    name = f"{process.name}_{step.name}" if of_part else step.name
    at = [NUMBER] if not of_part or NEW in step.from_ else [NUMBER, PART]

    def post(self: StepView, request: Request, number: str, pk: int | None = None) -> Response:
        return self.take(request, number, pk)

    def get(self: StepView, request: Request, number: str, pk: int | None = None) -> Response:
        return self.read(request, number, pk)

    taking: Any = extend_schema(
        operation_id=f"step_{name}",
        summary=step.label,
        description=_text(step, form, process),
        tags=[process.label if of_part else "Steg"],
        parameters=at,
        request={"application/json": body_schema(form)},
        responses=answers(
            {200: out.PartStepTaken if of_part else out.StepTaken}, 400, 401, 403, 404, 409, 413, 415, 422
        ),
    )
    reading: Any = extend_schema(
        operation_id=f"step_{name}_form",
        summary=f"Läs fälten: {step.label}",
        description="Fälten som de är i ärendet just nu, med alternativ och förslag.",
        tags=["Fält"],
        parameters=at,
        responses=answers({200: out.StepForm}, 401, 403, 404, 409),
    )
    methods = {"post": taking(post)} | ({"get": reading(get)} if form is not None else {})
    class_name = f"{name.title().replace('_', '')}StepView"
    view: Any = type(
        class_name, (StepView,), {"step": step, "registered": registered, "__doc__": step.label, **methods}
    )
    return view.as_view()


def _list_of(registered: Registered) -> Any:
    """The view of all parts of one kind."""
    process = registered.process

    def get(self: PartListView, request: Request, number: str) -> Response:
        return self.rows(request, number)

    listing: Any = extend_schema(
        operation_id=process.plural,
        summary=f"Läs allt av slaget {process.label.lower()}",
        description="Det nyaste först, med de steg som nyckelns uppdrag kan ta just nu.",
        tags=[process.label],
        parameters=[NUMBER],
        responses=answers({200: out.PartList}, 401, 404),
    )
    body = {"registered": registered, "__doc__": process.label, "get": listing(get)}
    view: Any = type(f"{process.name.title()}ListView", (PartListView,), body)
    return view.as_view()


def patterns() -> list[URLPattern]:
    """One path per step of the case and of its parts, and one list per kind of part."""
    root = "assessments/<apinumber:number>/"
    assessment = PROCESSES[ASSESSMENT.name]
    found = [
        path(f"{root}steps/{step.name}/", view_of(step, assessment), name=f"api-step-{step.name}") for step in STEPS
    ]
    for part in parts():
        name = part.process.name
        found.append(path(f"{root}{part.process.plural}/", _list_of(part), name=f"api-{part.process.plural}"))
        for step in taken_by_people(part):
            where = f"{root}{part.process.plural}/" + ("" if NEW in step.from_ else "<apikey:pk>/")
            found.append(path(f"{where}steps/{step.name}/", view_of(step, part), name=f"api-{name}-step-{step.name}"))
    return found
