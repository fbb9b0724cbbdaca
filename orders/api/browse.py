"""The API's own page: every operation with what it takes and answers, made from the OpenAPI document."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fmu_portal.engine.registry import parts
from orders.api.schema import PROBLEMS, document
from orders.process import ASSESSMENT

TYPES = {
    "string": "text",
    "integer": "heltal",
    "boolean": "true eller false",
    "array": "lista",
    "object": "objekt",
    "number": "tal",
}
FORMATS = {"date": "datum", "date-time": "tidpunkt", "binary": "fil", "uuid": "uuid", "email": "e-postadress"}
METHODS = ("get", "post", "delete")


@dataclass(frozen=True)
class Row:
    """A parameter, a field of a body, or a key of an answer."""

    name: str
    label: str
    type: str
    required: bool
    text: str = ""
    choices: tuple[str, ...] = ()


@dataclass
class Operation:
    """One operation of the page."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: list[Row] = field(default_factory=list)
    media_type: str = ""
    fields: list[Row] = field(default_factory=list)
    good: list[tuple[str, str]] = field(default_factory=list)
    """(status, the name of the answer's description or "")."""
    problems: list[str] = field(default_factory=list)
    """The statuses that are problem+json."""
    paths: list[str] = field(default_factory=list)
    """Several operations that are alike stand together: the path of each."""


def _name(schema: dict[str, Any]) -> str:
    """The component that a schema refers to, or ""."""
    for part in (schema, *schema.get("allOf", ()), *schema.get("oneOf", ()), schema.get("items", {})):
        if "$ref" in part:
            return str(part["$ref"]).rsplit("/", 1)[-1]
    return ""


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, or the component that it stands for."""
    name = _name(schema)
    found: dict[str, Any] = document()["components"]["schemas"][name] if name else schema
    return found


def _type(schema: dict[str, Any]) -> str:
    kinds = schema.get("type", "")
    kind = next((k for k in kinds if k != "null"), "") if isinstance(kinds, list) else kinds
    if "format" in schema and schema["format"] in FORMATS:
        return FORMATS[schema["format"]]
    if kind == "array":
        name = _name(schema) or _type(schema.get("items", {}))
        return f"lista av {name}"
    name = _name(schema)
    if name and "enum" not in _resolved(schema):
        return name
    return TYPES.get(kind or _resolved(schema).get("type", ""), "värde")


def rows_of(schema: dict[str, Any]) -> list[Row]:
    """The fields of an object's schema."""
    required = schema.get("required", ())
    rows = []
    for name, part in schema.get("properties", {}).items():
        choices = tuple(str(value) for value in _resolved(part).get("enum", ()) if value not in ("", None))
        text = str(part.get("description", ""))
        if choices and all(choice in text for choice in choices):
            choices = ()  # the text names them already
        rows.append(Row(name, str(part.get("title", name)), _type(part), name in required, text, choices))
    return rows


def _operation(path: str, method: str, found: dict[str, Any]) -> Operation:
    operation = Operation(
        found["operationId"], method.upper(), path, found.get("summary", ""), found.get("description", "")
    )
    for row in found.get("parameters", ()):
        choices = tuple(map(str, row["schema"].get("enum", ())))
        operation.parameters.append(
            Row(row["name"], row.get("description", ""), _type(row["schema"]), row.get("required", False), "", choices)
        )
    for media_type, body in found.get("requestBody", {}).get("content", {}).items():
        operation.media_type = media_type
        operation.fields = rows_of(_resolved(body["schema"]))
    for status, answer in found["responses"].items():
        if int(status) >= 400:
            operation.problems.append(status)
        else:
            names = [_name(content.get("schema", {})) for content in answer.get("content", {}).values()]
            operation.good.append((status, next((name for name in names if name), "")))
    return operation


def _together(alike: list[Operation]) -> Operation:
    """The operations that read a step's fields, as one: only their paths differ."""
    first = alike[0]
    return Operation(
        "step_form",
        first.method,
        f"{first.path.split('/steps/')[0]}/steps/{{step}}/",
        "Läs fälten i ett steg",
        first.text,
        first.parameters,
        good=first.good,
        problems=first.problems,
        paths=[operation.path for operation in alike],
    )


@cache
def page() -> dict[str, Any]:
    """The page's context, made once: groups of operations and the answers' contents."""
    made = document()
    groups: dict[str, list[Operation]] = {}
    steps = [*ASSESSMENT.steps, *(f"{p.process.name}_{step}" for p in parts() for step in p.process.steps)]
    labels = [part.process.label for part in parts()]
    for path, methods in made["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = _operation(path, method, methods[method])
                groups.setdefault(methods[method]["tags"][0], []).append(operation)
    schemas = [
        (name, schema.get("description", ""), rows_of(schema))
        for name, schema in sorted(made["components"]["schemas"].items())
        if schema.get("type") == "object"
    ]
    groups["Steg"].sort(key=lambda operation: steps.index(operation.id.removeprefix("step_")))
    groups["Fält"].sort(key=lambda operation: steps.index(operation.id[len("step_") : -len("_form")]))
    groups["Fält"] = [_together(groups["Fält"])]
    order = ["Ärenden", "Fält", "Steg", *labels, "Handlingar", "Exporter"]
    order += [tag for tag in groups if tag not in order]
    return {
        "groups": [(tag, groups[tag]) for tag in order if tag in groups],
        "schemas": schemas,
        "problems": sorted(PROBLEMS.items()),
    }


@require_safe
def browse(request: HttpRequest) -> HttpResponse:
    """/api/v1/: the API described, for everybody."""
    return render(request, "api/browse.html", page())
