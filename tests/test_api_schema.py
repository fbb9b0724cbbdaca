"""The OpenAPI document: valid, one path per step, and its bodies are the pages' forms."""

from __future__ import annotations

import json
import re

import pytest
from django import forms
from django.urls import resolve
from drf_spectacular.validation import validate_schema

from accounts.roles import Party
from fmu_portal.engine.registry import PROCESSES
from orders.process import ASSESSMENT
from tests import situations as s

PREFIX = "/api/v1/assessments/{number}/steps/"
PEOPLE = [step for step in ASSESSMENT.steps.values() if set(step.by) != {Party.CLOCK} and not step.follows]
TAKES = [step for step in PEOPLE if step.input is not None]


@pytest.fixture
def document(client, db):
    response = client.get("/api/v1/schema/")
    assert response.status_code == 200
    return json.loads(response.content)


def body(document, step):
    return document["paths"][f"{PREFIX}{step.name}/"]["post"]["requestBody"]["content"]["application/json"]["schema"]


def test_it_is_openapi_3_1_and_valid(document):
    assert document["openapi"].startswith("3.1")
    validate_schema(document)
    text = json.dumps(document)
    for reference in set(re.findall(r'"#/components/schemas/(\w+)"', text)):
        assert reference in document["components"]["schemas"]
    ids = [o["operationId"] for methods in document["paths"].values() for o in methods.values()]
    assert len(ids) == len(set(ids))
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["tags"]
            assert operation["security"] == [{"nyckel": []}]


def test_one_path_per_step_and_none_for_the_clock(document):
    paths = {path for path in document["paths"] if path.startswith(PREFIX) and path != PREFIX}
    assert paths == {f"{PREFIX}{step.name}/" for step in PEOPLE}
    assert f"{PREFIX}record_silence/" not in paths
    for path in document["paths"]:
        some = {"number": "2026-000001", "document_id": "8e9d1c6e-6b0f-4d3a-9a2b-0f5a5a1d2c3b"}
        resolve(path.format(**some, export_id=1, id=1, thread=1))


@pytest.mark.parametrize("step", PEOPLE, ids=lambda step: step.name)
def test_a_step_takes_the_fields_of_its_form_and_no_other(document, step):
    form = PROCESSES["assessment"].input_of(step)
    fields = form.base_fields if form else {}
    schema = body(document, step)
    assert list(schema["properties"]) == [*fields, "seen_version"]
    assert schema.get("required", []) == [name for name, field in fields.items() if field.required]
    assert schema["additionalProperties"] is False
    for name, field in fields.items():
        if not isinstance(field.widget, forms.HiddenInput):
            assert schema["properties"][name]["title"] == field.label
    operation = document["paths"][f"{PREFIX}{step.name}/"]["post"]
    assert operation["summary"] == step.label
    assert operation["requestBody"].get("required", False) is any(field.required for field in fields.values())


# Written by hand: (step, field, what the document says of it).
GOLDEN = [
    ("request", "protection", {"type": "string", "enum": ["none", "marked", "registered"]}),
    ("request", "municipality", {"type": "string"}),
    ("request", "region", {"type": ["integer", "null"]}),
    ("request", "wished_start", {"type": ["string", "null"], "format": "date"}),
    ("request", "email", {"type": ["string", "null"], "format": "email"}),
    ("request", "name", {"type": "string", "maxLength": 120}),
    ("request", "postal_code_checked", {"type": ["boolean", "null"]}),
    ("request", "other_region_reason", {"enum": ["", "works", "job_seeker", "newly_moved", None]}),
    ("assign", "performer", {"type": "integer"}),
    ("order", "expandable", {"type": "boolean"}),
    ("order", "informed_on", {"type": "string", "format": "date"}),
    ("name_physician", "physician", {"type": "integer"}),
    ("name_physician", "others", {"type": ["array", "null"], "items": {"type": "integer"}}),
    ("deliver", "source", {"type": "string", "enum": ["form", "upload"]}),
    ("deliver", "responsible", {"type": "boolean"}),
    ("complete", "report_version", {"type": "integer"}),
    ("end", "cause", {"enum": ["cannot_take_part", "died", "moved", "nobody_can", "objects"]}),
    ("withdraw", "reason", {"type": "string", "maxLength": 4000}),
    ("void_document", "enclosure", {"type": ["integer", "null"]}),
]


@pytest.mark.parametrize(("step", "field", "said"), GOLDEN)
def test_the_type_of_a_field(document, step, field, said):
    found = body(document, ASSESSMENT.steps[step])["properties"][field]
    assert {key: found.get(key) for key in said} == said


def test_a_step_that_takes_input_can_be_read_first(document):
    read = {path for path, methods in document["paths"].items() if path.startswith(PREFIX) and "get" in methods}
    assert read - {PREFIX} == {f"{PREFIX}{step.name}/" for step in TAKES}


def test_the_fields_in_a_case_are_those_of_the_page(cast):
    from tests.test_api import Api

    case = s.requested(cast)
    form = PROCESSES["assessment"].inputs["assign"](subject=case, actor=cast.region)
    inputs = Api(cast.region).get(f"{case.number}/steps/assign/")["inputs"]
    assert [row["name"] for row in inputs] == list(form.fields)
    assert {row["label"] for row in inputs[0]["choices"]} == {"Enheten Ett", "Enheten Två"}
