"""The steps of claims: one operation each, the two that begin a claim, and those that are taken for many by a job."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.roles import ASSESSORS, Party
from fmu_portal.engine.door import available, open_duties, take
from fmu_portal.engine.inputs import StepForm
from fmu_portal.engine.refusals import InvalidInput, WrongState
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import NEW, Step
from fmu_portal.money import amount
from orders.api.base import body_of, must
from orders.api.fields import WORDS, body_schema, clean_text, described, form_data, seen_version
from orders.api.schema import PART, answers
from orders.api.serializers import StepForm as FormAnswer
from orders.api.steps import row_of
from reimbursement import jobs
from reimbursement.api import claim_answers as out
from reimbursement.api.claims import TAG, ClaimsView
from reimbursement.effects import claimed
from reimbursement.models import Claim, Job, Outcome
from reimbursement.opening import STEPS as OPENING
from reimbursement.opening import open_claim, to_open
from reimbursement.process import CLAIM

MONEY = {
    "type": ["string", "null"],
    "maxLength": 30,
    "description": "Kronor, till exempel ”18400.00” eller ”18 400,50”.",
}
LINE = {"type": "integer", "title": "Postens id"}


def _rows(title: str, required: list[str], most: int = 200, **properties: Any) -> dict[str, Any]:
    """A list of objects in a body."""
    item = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"type": "array", "title": title, "maxItems": most, "items": item}


COSTS = _rows("Kostnad för poster; en post som inte nämns behåller sin", ["line", "cost"], line=LINE, cost=MONEY)
DECISIONS = _rows(
    "Beslut om varje post", ["line", "outcome"], line=LINE, outcome={"type": "string", "enum": list(Outcome.values)},
    amount={**MONEY, "title": "Lägre belopp, vid reduce"},
    reason={"type": ["string", "null"], "maxLength": 4000, "title": "Skäl, som regionen läser"},
)  # fmt: skip
ATTENDANCE = _rows(
    "Deltagare", ["profession", "staff", "count"],
    profession={"type": "string", "enum": [role.value for role in ASSESSORS]},
    staff={"type": "string", "enum": ["own", "contracted"]},
    count={"type": "integer", "minimum": 1, "maximum": 500},
)  # fmt: skip
CLAIMS = _rows(
    "Begäranden, med den version som lästes", ["id", "version"], jobs.MOST, id={"type": "integer"}, version={"type": "integer"}
)  # fmt: skip
VERSION = {"type": "integer", "title": "Begärans version när den lästes"}

LISTS: dict[str, dict[str, Any]] = {
    "costs": {"costs": COSTS},
    "answer": {"costs": COSTS},
    "decide": {"decisions": DECISIONS},
    "training": {"attendance": ATTENDANCE, "travel": {**MONEY, "title": "Kostnad för resor"}},
}
"""Name of a step's input -> what its body has for the fields that each line gives the form."""
TO_MANY = [s for s in CLAIM.steps.values() if s.input is None and not s.follows and Party.CLOCK not in s.by]
"""The steps that are taken for many at once."""
SINGLE = [s for s in CLAIM.steps.values() if not set(s.by) <= {Party.CLOCK} and NEW not in s.from_ and not s.follows]


def _form(step: Step) -> type[StepForm] | None:
    form: type[StepForm] | None = PROCESSES[CLAIM.name].input_of(step)
    return form


def body_of_step(step: Step) -> dict[str, Any]:
    """The request body of a step: the form's own fields, lists for what the lines give it, and the version it rests on."""
    schema = body_schema(_form(step))
    properties = {**LISTS.get(step.input or "", {}), **schema["properties"]}
    required = [*schema.get("required", [])]
    if step.sees is not None:
        properties["version"] = VERSION
        required = [*(name for name in required if name != "version"), "version"]
    if step.input == "decide":
        required.append("decisions")
    schema["properties"] = properties
    return {**schema, "required": required} if required else schema


def _items(body: dict[str, Any], name: str, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """A list out of a body, each item with the types that its schema says. `InvalidInput` otherwise."""
    rows = body.pop(name, [])
    if not isinstance(rows, list) or len(rows) > schema["maxItems"]:
        raise InvalidInput({name: [WORDS["array"]]})
    properties = schema["items"]["properties"]
    for row in rows:
        if not isinstance(row, dict) or set(row) - set(properties) or set(schema["items"]["required"]) - set(row):
            raise InvalidInput({name: [f"Varje rad ska ha {', '.join(properties)} och inget annat."]})
        for key, value in row.items():
            if not _is(value, properties[key]):
                raise InvalidInput({name: [f"{key}: fel slags värde"]})
    return rows


def _is(value: Any, schema: dict[str, Any]) -> bool:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if value is None:
        return "null" in kinds
    if "integer" in kinds:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    if not (isinstance(value, str) and clean_text(value) and len(value) <= schema.get("maxLength", 60)):
        return False
    return "enum" not in schema or value in schema["enum"]


def _of_lines(step: Step, body: dict[str, Any], claim: Claim) -> dict[str, Any]:
    """What the lists of a body say, as the form's fields."""
    lines = {line.pk: line for line in claimed(claim)} if claim.pk is not None else {}
    data: dict[str, Any] = {}
    if step.input in ("costs", "answer"):
        data = {f"cost_{pk}": amount(line.cost) for pk, line in lines.items() if line.cost is not None}
        for row in _items(body, "costs", COSTS):
            data[_known(f"cost_{row['line']}", row["line"], lines, "costs")] = row["cost"] or ""
    if step.input == "decide":
        for row in _items(body, "decisions", DECISIONS):
            pk = row["line"]
            data[_known(f"outcome_{pk}", pk, lines, "decisions")] = row["outcome"]
            data |= {f"amount_{pk}": row.get("amount") or "", f"reason_{pk}": row.get("reason") or ""}
    if step.input == "training":
        for row in _items(body, "attendance", ATTENDANCE):
            data[f"{row['profession']}_{row['staff']}"] = row["count"]
        travel = body.pop("travel", None)
        if not _is(travel, MONEY):
            raise InvalidInput({"travel": [WORDS["string"]]})
        data["travel"] = travel or ""
    return data


def _known(name: str, pk: int, lines: dict[int, Any], where: str) -> str:
    if pk not in lines:
        raise InvalidInput({where: [f"Begäran har ingen post {pk} att ange något för."]})
    return name


def data_of(step: Step, body: dict[str, Any], claim: Claim, actor: Actor) -> dict[str, Any]:
    """The body of a step as its form reads it, and the version that it rests on."""
    data = _of_lines(step, body, claim)
    if step.sees is not None:
        version = body.pop("version", None)
        if not _is(version, VERSION):
            raise InvalidInput({"version": [WORDS["integer"]]})
        data["version"] = version
    return data | {k: v for k, v in form_data(_form(step), body, claim, actor).items() if k not in data}


class ClaimStepsView(ClaimsView):
    """/claims/{pk}/steps/"""

    @extend_schema(
        operation_id="claims_steps",
        summary="Läs vad som går att göra med en begäran nu",
        tags=TAG,
        parameters=[PART],
        responses=answers({200: out.ClaimSteps}, 401, 403, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        """What the door would let through."""
        claim = self.claim(pk)
        steps = available(CLAIM.name, claim, self.actor, open_duties(CLAIM.name, claim.pk))
        rows = [row_of(s, CLAIM.name, f"/api/v1/claims/{claim.pk}/steps/{s.name}/") for s in steps]
        return Response(out.ClaimSteps({"version": claim.version, "results": rows}).data)


class ClaimStepView(ClaimsView):
    """/claims/{pk}/steps/{step}/: a subclass per step."""

    step: ClassVar[Step]

    def may(self) -> None:
        """403 for a role that never takes the step."""
        must(self.actor.role in self.step.by.get(self.actor.party, ()))

    def take(self, request: Request, pk: int) -> Response:
        """Take the step."""
        claim, actor = self.claim(pk), self.actor
        self.may()
        body = body_of(request)
        seen = seen_version(body)
        data = data_of(self.step, body, claim, actor)
        take(CLAIM.name, pk, self.step.name, actor, data, seen=seen if seen is not None else data.get("version"))
        return Response(out.claim_answer(actor, self.claim(pk)))

    def read(self, request: Request, pk: int) -> Response:
        """The step's fields."""
        claim, form = self.claim(pk), _form(self.step)
        self.may()
        assert form is not None
        if claim.status not in self.step.from_:
            raise WrongState(
                f"Det går inte att göra nu. Status är {claim.status_label}.", status_label=claim.status_label
            )
        rows = described(form(subject=claim, actor=self.actor, initial={"version": claim.version}))
        answer = {"step": self.step.name, "label": self.step.label, "version": claim.version, "inputs": rows}
        return Response(FormAnswer(answer).data)


class OpenView(ClaimsView):
    """/claims/steps/{step}/ for a step that begins a claim: a subclass for each."""

    step: ClassVar[Step]

    def take(self, request: Request) -> Response:
        """Begin a claim."""
        actor = self.actor
        must(actor.role in self.step.by.get(actor.party, ()))
        body = body_of(request)
        claim = open_claim(self.step.name, actor, data_of(self.step, body, to_open(self.step.name, actor), actor))
        answer = out.claim_answer(actor, self.claim(claim.pk))
        return Response(answer, status=201, headers={"Location": f"/api/v1/claims/{claim.pk}/"})


class ManyView(ClaimsView):
    """/claims/steps/{step}/ for a step that is taken for many: a subclass for each."""

    step: ClassVar[Step]

    def take(self, request: Request) -> Response:
        """Have a worker take it."""
        body = body_of(request)
        must(self.actor.role in self.step.by.get(self.actor.party, ()))
        rows = _items(body, "claims", CLAIMS)
        if body:
            raise InvalidInput({str(next(iter(body)))[:60]: ["Fältet finns inte i det här steget."]})
        if not rows:
            raise InvalidInput({"claims": ["Välj minst en begäran."]})
        job = jobs.ask(self.actor, self.step.name, {row["id"]: row["version"] for row in rows})
        return Response(job_answer(job), status=202, headers={"Location": f"/api/v1/claims/jobs/{job.pk}/"})


def job_answer(job: Job) -> Any:
    """A job as a `JobAnswer`."""
    job.count = len(job.claims)  # type: ignore[attr-defined]
    return out.JobAnswer(job).data


class JobView(ClaimsView):
    """/claims/jobs/{pk}/"""

    @extend_schema(
        operation_id="claims_job",
        summary="Läs hur långt ett jobb har kommit",
        description="Ett eget jobb. Det är slut när ended_at inte är null.",
        tags=TAG,
        parameters=[PART],
        responses=answers({200: out.JobAnswer}, 401, 403, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        """One's own job."""
        job = Job.objects.filter(mandate_id=self.actor.mandate_id, pk=pk).first()
        if job is None:
            raise Http404
        return Response(job_answer(job))


def _described(step: Step) -> str:
    froms = ", ".join(CLAIM.statuses[status].label for status in step.from_ if status != NEW)
    parts = [f"Status: {froms}."] if froms else []
    parts += [f"Blir: {CLAIM.statuses[step.to].label}."] if step.to else []
    return " ".join([*parts, *([step.hint] if step.hint else []), *step.happens])


def _single(step: Step) -> Any:
    def post(self: ClaimStepView, request: Request, pk: int) -> Response:
        return self.take(request, pk)

    def get(self: ClaimStepView, request: Request, pk: int) -> Response:
        return self.read(request, pk)

    taking: Any = extend_schema(
        operation_id=f"claims_{step.name}",
        summary=step.label,
        description=_described(step),
        tags=TAG,
        parameters=[PART],
        request={"application/json": body_of_step(step)},
        responses=answers({200: out.ClaimAnswer}, 400, 401, 403, 404, 409, 413, 415, 422),
    )
    reading: Any = extend_schema(
        operation_id=f"claims_{step.name}_form",
        summary=f"Läs fälten: {step.label}",
        tags=["Fält"],
        parameters=[PART],
        responses=answers({200: FormAnswer}, 401, 403, 404, 409),
    )
    methods = {"post": taking(post)} | ({"get": reading(get)} if _form(step) is not None else {})
    view: Any = type(
        f"Claim{step.name.title()}View", (ClaimStepView,), {"step": step, "__doc__": step.label, **methods}
    )
    return view.as_view()


def _of_none(step: Step, base: Any, name: str, summary: str, body: dict[str, Any], good: dict[int, Any]) -> Any:
    """A step at /claims/steps/{step}/."""

    def post(self: Any, request: Request) -> Response:
        answer: Response = self.take(request)
        return answer

    taking: Any = extend_schema(
        operation_id=name,
        summary=summary,
        description=_described(step),
        tags=TAG,
        request={"application/json": body},
        responses=answers(good, 400, 401, 403, 409, 413, 415, 422),
    )
    view: Any = type(f"{name.title()}View", (base,), {"step": step, "__doc__": summary, "post": taking(post)})
    return view.as_view()


def patterns() -> list[URLPattern]:
    """The operations of the steps."""
    many = {
        "type": "object", "properties": {"claims": CLAIMS}, "required": ["claims"], "additionalProperties": False,
    }  # fmt: skip
    found = [
        path("claims/jobs/<apikey:pk>/", JobView.as_view(), name="api-claim-job"),
        path("claims/<apikey:pk>/steps/", ClaimStepsView.as_view(), name="api-claim-steps"),
    ]
    for name in OPENING:
        step = CLAIM.steps[name]
        view = _of_none(step, OpenView, f"claims_{name}", step.label, body_of_step(step), {201: out.ClaimAnswer})
        found.append(path(f"claims/steps/{name}/", view, name=f"api-claim-{name}"))
    for step in TO_MANY:
        view = _of_none(step, ManyView, f"claims_many_{step.name}", f"{step.label}: många", many, {202: out.JobAnswer})
        found.append(path(f"claims/steps/{step.name}/", view, name=f"api-claims-{step.name}"))
    for step in SINGLE:
        found.append(path(f"claims/<apikey:pk>/steps/{step.name}/", _single(step), name=f"api-claim-{step.name}"))
    return found
