"""Steps: which may be taken now, and one operation for each step of the table."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Party
from fmu_portal.engine.door import available, may_take, open_duties, take
from fmu_portal.engine.inputs import StepForm
from fmu_portal.engine.refusals import WrongRole, WrongState
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import Step
from orders.api import serializers as out
from orders.api.answers import event_answers
from orders.api.base import ApiView, body_of, must
from orders.api.fields import body_schema, described, form_data, seen_version
from orders.api.schema import NUMBER, answers
from orders.models import Assessment
from orders.process import ASSESSMENT

STEPS = [step for step in ASSESSMENT.steps.values() if set(step.by) != {Party.CLOCK}]
"""The steps that people take."""


def form_of(step: Step) -> type[StepForm] | None:
    """The form class of a step, the same as the page's."""
    form: type[StepForm] | None = PROCESSES[ASSESSMENT.name].input_of(step)
    return form


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
        rows = [
            {
                "step": step.name,
                "label": step.label,
                "hint": step.hint,
                "happens": step.happens,
                "href": f"/api/v1/assessments/{case.number}/steps/{step.name}/",
                "takes_input": step.input is not None,
                "sends": (form_of(step) or StepForm).sends,
            }
            for step in steps
        ]
        return Response(out.StepList({"version": case.version, "results": rows}).data)


class StepView(ApiView):
    """/assessments/{number}/steps/{step}/: a subclass per step."""

    step: ClassVar[Step]

    def take(self, request: Request, number: str) -> Response:
        """Take the step."""
        case, actor, step = self.case(number), self.actor, self.step
        must(may_take(PROCESSES[ASSESSMENT.name], case, step, actor))
        if step.signs and not getattr(request, "key_signs", False):
            raise WrongRole("Nyckeln får inte signera. Skapa en nyckel för det, eller signera på webbplatsen.")
        body = body_of(request)
        seen = seen_version(body)
        data = form_data(form_of(step), body, case, actor)
        event = take(ASSESSMENT.name, case.pk, step.name, actor, data, seen=seen)
        after = Assessment.objects.visible_to(actor).filter(pk=case.pk).first()
        answer: dict[str, Any] = {
            "event": out.EventAnswer(event_answers(actor, after or case, [event], noted=bool(step.note_to))[0]).data,
            "assessment": out.CaseNow(after).data if after else None,
        }
        return Response(answer)

    def read(self, request: Request, number: str) -> Response:
        """The step's fields in this case."""
        case, actor, step = self.case(number), self.actor, self.step
        must(may_take(PROCESSES[ASSESSMENT.name], case, step, actor))
        if step not in available(ASSESSMENT.name, case, actor, open_duties(ASSESSMENT.name, case.pk)):
            raise WrongState(
                f"Det går inte att göra nu. Ärendets status är {case.status_label}.", status_label=case.status_label
            )
        form_class = form_of(step)
        assert form_class is not None
        rows = described(form_class(subject=case, actor=actor))
        answer = {"step": step.name, "label": step.label, "version": case.version, "inputs": rows}
        return Response(out.StepForm(answer).data)


def _text(step: Step, form: type[StepForm] | None) -> str:
    """What a step is, in Swedish: when it fits, what happens, which documents it sends."""
    froms = ", ".join(ASSESSMENT.statuses[status].label for status in step.from_)
    parts = [f"Status: {froms}."]
    if step.to:
        parts.append(f"Blir: {ASSESSMENT.statuses[step.to].label}.")
    parts += [step.hint] if step.hint else []
    parts += step.happens
    if step.signs:
        parts.append("Nyckeln måste vara skapad för att signera (manage.py api_key --sign).")
    if form is not None and form.sends:
        parts.append(f"Skickar uppladdade handlingar av slagen {', '.join(form.sends)}.")
    return " ".join(parts)


def view_of(step: Step) -> Any:
    """The view of one step, described by the step's row and its form; a step without input has nothing to read."""
    form = form_of(step)

    def post(self: StepView, request: Request, number: str) -> Response:
        return self.take(request, number)

    def get(self: StepView, request: Request, number: str) -> Response:
        return self.read(request, number)

    taking: Any = extend_schema(
        operation_id=f"step_{step.name}",
        summary=step.label,
        description=_text(step, form),
        tags=["Steg"],
        parameters=[NUMBER],
        request={"application/json": body_schema(form)},
        responses=answers({200: out.StepTaken}, 400, 401, 403, 404, 409, 413, 415, 422),
    )
    reading: Any = extend_schema(
        operation_id=f"step_{step.name}_form",
        summary=f"Läs fälten: {step.label}",
        description="Fälten som de är i ärendet just nu, med alternativ och förslag.",
        tags=["Fält"],
        parameters=[NUMBER],
        responses=answers({200: out.StepForm}, 401, 403, 404, 409),
    )
    methods = {"post": taking(post)} | ({"get": reading(get)} if form is not None else {})
    name = f"{step.name.title().replace('_', '')}StepView"
    view: Any = type(name, (StepView,), {"step": step, "__doc__": step.label, **methods})
    return view.as_view()


def patterns() -> list[URLPattern]:
    """One path per step."""
    return [
        path(f"assessments/<apinumber:number>/steps/{step.name}/", view_of(step), name=f"api-step-{step.name}")
        for step in STEPS
    ]
