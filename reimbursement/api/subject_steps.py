"""Steps of what belongs to no case, a path each: /recoveries/{id}/steps/{step}/, /reviews/{id}/steps/{step}/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from fmu_portal.engine import door
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import NEW, Step
from orders.api.base import ApiView, body_of, must
from orders.api.fields import body_schema, described, form_data, seen_version
from orders.api.schema import answers
from orders.api.serializers import StepForm

PK = OpenApiParameter(
    "id", {"type": "integer", "minimum": 0}, OpenApiParameter.PATH, description="Id, ur listan."
)  # fmt: skip


def steps_of(
    process: str, *, get: Callable[[Any, int], Any], answer: Callable[[Any, int], Any], shape: type[Any], tag: str
) -> list[URLPattern]:
    """A path for each step that a person takes on one that is there.

    ``get``: (actor, id) -> the subject, or 404; ``answer``: (actor, id) -> what the step answers with, of ``shape``.
    """
    table = PROCESSES[process].process
    found = []
    for step in table.steps.values():
        people = [party for party in step.by if party != "clock"]
        if step.follows or NEW in step.from_ or not people:
            continue
        view = _view_of(process, step, get, answer, shape, tag)
        name = f"api-{process}-{step.name}"
        found.append(path(f"{table.plural}/<apikey:pk>/steps/{step.name}/", view, name=name))
    return found


def _view_of(
    process: str,
    step: Step,
    get: Callable[[Any, int], Any],
    answer: Callable[[Any, int], Any],
    shape: type[Any],
    tag: str,
) -> Any:
    def post(self: ApiView, request: Request, pk: int) -> Response:
        subject, form = get(self.actor, pk), PROCESSES[process].input_of(step)
        may = step.by.get(self.actor.party, ())
        must(self.actor.role in may)
        body = body_of(request)
        seen = seen_version(body)
        if form is not None:
            data = form_data(form, body, subject, self.actor)
        else:
            data = {step.sees: body.get(step.sees)} if step.sees else {}
        door.take(process, pk, step.name, self.actor, data, seen=seen)
        return Response(answer(self.actor, pk))

    def read(self: ApiView, request: Request, pk: int) -> Response:
        subject, form = get(self.actor, pk), PROCESSES[process].input_of(step)
        must(self.actor.role in step.by.get(self.actor.party, ()))
        duties = door.open_duties(process, pk)
        door.check(PROCESSES[process], subject, step, self.actor, {duty.kind for duty in duties}, None)
        rows = described(form(subject=subject, actor=self.actor)) if form is not None else []
        return Response(
            StepForm({"step": step.name, "label": step.label, "version": subject.version, "inputs": rows}).data
        )  # fmt: skip

    form = PROCESSES[process].input_of(step)
    body = body_schema(form)
    if step.sees and step.sees not in body["properties"]:
        body["properties"][step.sees] = {
            "type": "integer",
            "title": "Version",
            "description": "Den version som du har läst. Är den inte den senaste svarar portalen 409 stale_version.",
        }
        body["required"] = [*body.get("required", []), step.sees]
    taking: Any = extend_schema(
        operation_id=f"{process}_{step.name}",
        summary=f"{step.label}: {tag.lower()}",
        tags=[tag],
        parameters=[PK],
        request={"application/json": body},
        responses=answers({200: shape}, 400, 401, 403, 404, 409, 413, 415, 422),
    )
    reading: Any = extend_schema(
        operation_id=f"{process}_{step.name}_form",
        summary=f"Läs fälten: {step.label.lower()}, {tag.lower()}",
        tags=["Fält"],
        parameters=[PK],
        responses=answers({200: StepForm}, 401, 403, 404, 409),
    )
    name = f"{process.title()}{step.name.title().replace('_', '')}View"
    return type(name, (ApiView,), {"__doc__": step.label, "post": taking(post), "get": reading(read)}).as_view()  # type: ignore[attr-defined]
