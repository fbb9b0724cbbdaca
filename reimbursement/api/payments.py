"""/payment-batches/: payments, what is in them and their steps."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Party
from fmu_portal.addresses import number_in
from fmu_portal.engine.door import available, open_duties, take
from fmu_portal.engine.refusals import InvalidInput, WrongState
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import NEW, Step
from orders.api.base import body_of, must, page_of
from orders.api.fields import body_schema, described, form_data, seen_version
from orders.api.schema import CURSOR, PART, answers
from orders.api.serializers import Answer, StepForm, StepRow
from orders.api.steps import row_of
from reimbursement import batch_pages, paying
from reimbursement.api.money import ORE, REGION, TAG, MoneyView
from reimbursement.models import Batch, BatchItem, Claim
from reimbursement.processes.batch import BATCH

STATUS = OpenApiParameter(
    "status", str, enum=[name for name in BATCH.statuses if name != NEW], description="Bara de med en status."
)


class BatchAnswer(Answer):
    """En utbetalning. Alla belopp är i öre."""

    id = serializers.IntegerField(label="Id", source="pk")
    number = serializers.CharField(label="Nummer")
    status = serializers.ChoiceField(label="Status", choices=[(s.name, s.label) for s in BATCH.statuses.values()])
    status_label = serializers.CharField(label="Status i ord")
    version = serializers.IntegerField(label="Utbetalningens version")
    region = serializers.IntegerField(label="Regionens id", source="region_id")
    made_on = serializers.DateField(label="Skapad")
    sent_on = serializers.DateField(label="Lämnad till ekonomisystemet", allow_null=True)
    paid_on = serializers.DateField(label="Utbetald", allow_null=True)
    count = serializers.IntegerField(label="Antal begäranden")
    gross = serializers.IntegerField(label="Beslutat belopp i öre")
    set_off = serializers.IntegerField(label="Kvittat mot återkrav i öre")
    net = serializers.IntegerField(label="Betalas ut i öre")
    control_sum = serializers.CharField(label="Kontrollsumma, SHA-256")
    bankgiro = serializers.CharField(label="Bankgiro", source="account.number", default=None, allow_null=True)


class BatchList(Answer):
    """Utbetalningar, den nyaste först."""

    results = BatchAnswer(label="Utbetalningar", many=True)
    next = serializers.CharField(label="Adress till nästa sida, null på den sista", allow_null=True)


class MadeAnswer(Answer):
    """Vad som skapades, och vilka regioner som inte har något godkänt konto."""

    results = BatchAnswer(label="Utbetalningar", many=True)
    missing_account = serializers.ListField(label="Regioner utan godkänt konto", child=serializers.IntegerField())


class ItemAnswer(Answer):
    """Ett belopp i en utbetalning. Begäran är null för den som har anmält jäv."""

    id = serializers.IntegerField(label="Id", source="pk")
    claim = serializers.IntegerField(label="Begärans id", allow_null=True)
    number = serializers.CharField(label="Begärans nummer", allow_null=True)
    amount = serializers.IntegerField(label=ORE)
    released = serializers.BooleanField(label="Togs ut ur utbetalningen")


class ItemList(Answer):
    """Belopp i en utbetalning, det senast tillagda först."""

    results = ItemAnswer(label="Belopp", many=True)
    next = serializers.CharField(label="Adress till nästa sida, null på den sista", allow_null=True)


class BatchSteps(Answer):
    """Vad nyckelns uppdrag kan göra med utbetalningen nu."""

    version = serializers.IntegerField(label="Utbetalningens version")
    results = StepRow(label="Steg", many=True)


def _integer(body: dict[str, Any], name: str) -> int | None:
    """A whole number or nothing; `InvalidInput` for anything else, and for other names."""
    if extra := set(body) - {name}:
        raise InvalidInput({sorted(map(str, extra))[0][:60]: ["Fältet finns inte här."]})
    value = body.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63):
        raise InvalidInput({name: ["Ange ett heltal"]})
    return value


class BatchesView(MoneyView):
    """The base of one batch's calls."""

    def batch(self, pk: int) -> Batch:
        """One batch; 404 for what the key does not see."""
        found = batch_pages.visible(self.actor).select_related("account").filter(pk=pk).first()
        if found is None:
            raise Http404
        return found


class BatchListView(MoneyView):
    """/payment-batches/"""

    @extend_schema(
        operation_id="batches_list",
        summary="Lista utbetalningar",
        description="Regionen ser sina egna. Nyast först, 50 åt gången.",
        tags=TAG,
        parameters=[STATUS, REGION, CURSOR],
        responses=answers({200: BatchList}, 401, 403, 422),
    )
    def get(self, request: Request) -> Response:
        """One page."""
        rows = batch_pages.visible(self.actor).select_related("account")
        status, region = (request.query_params.get(name, "") for name in ("status", "region"))
        if status:
            if status not in BATCH.statuses:
                raise InvalidInput({"status": ["Välj en status som finns"]})
            rows = rows.filter(status=status)
        if region:
            if (pk := number_in(region)) is None:
                raise InvalidInput({"region": ["Ange regionens id"]})
            rows = rows.filter(region_id=pk)
        found, following = page_of(request, rows, status=status, region=region)
        return Response(BatchList({"results": found, "next": following}).data)

    @extend_schema(
        operation_id="batches_make",
        summary="Skapa utbetalningar",
        description="Betalar det som är attesterat: för en region (region), eller för alla som nyckelns kontor betalar."
        " En region utan godkänt konto får ingen och räknas upp i missing_account.",
        tags=TAG,
        request={
            "application/json": {
                "type": "object",
                "properties": {"region": {"type": ["integer", "null"], "title": "Regionens id"}},
                "additionalProperties": False,
            }
        },
        responses=answers({200: MadeAnswer}, 400, 401, 403, 409, 413, 415, 422),
    )
    def post(self, request: Request) -> Response:
        """Make them."""
        must(paying.may_make(self.actor))
        chosen = _integer(body_of(request), "region")
        rows = batch_pages.waiting(self.actor)
        made = paying.make_batches(
            self.actor, [row.region.pk for row in rows if row.mine and chosen in (None, row.region.pk)]
        )
        return Response(MadeAnswer({"results": made.batches, "missing_account": made.missing}).data)


class BatchView(BatchesView):
    """/payment-batches/{pk}/"""

    @extend_schema(
        operation_id="batches_read",
        summary="Läs en utbetalning",
        tags=TAG,
        parameters=[PART],
        responses=answers({200: BatchAnswer}, 401, 403, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        """One batch."""
        return Response(BatchAnswer(self.batch(pk)).data)


class ItemListView(BatchesView):
    """/payment-batches/{pk}/items/"""

    @extend_schema(
        operation_id="batches_items",
        summary="Läs beloppen i en utbetalning",
        tags=TAG,
        parameters=[PART, CURSOR],
        responses=answers({200: ItemList}, 401, 403, 404, 422),
    )
    def get(self, request: Request, pk: int) -> Response:
        """One page."""
        found, following = page_of(request, BatchItem.objects.filter(batch=self.batch(pk)))
        claims = Claim.objects.visible_to(self.actor).in_bulk([item.claim_id for item in found])
        rows = [
            {
                "pk": item.pk,
                "claim": item.claim_id if item.claim_id in claims else None,
                "number": claims[item.claim_id].number if item.claim_id in claims else None,
                "amount": item.amount,
                "released": item.released,
            }
            for item in found
        ]
        return Response(ItemList({"results": rows, "next": following}).data)


class BatchStepsView(BatchesView):
    """/payment-batches/{pk}/steps/"""

    @extend_schema(
        operation_id="batches_steps",
        summary="Läs vad som går att göra med en utbetalning nu",
        tags=TAG,
        parameters=[PART],
        responses=answers({200: BatchSteps}, 401, 403, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        """What the door would let through."""
        batch = self.batch(pk)
        steps = available(BATCH.name, batch, self.actor, open_duties(BATCH.name, batch.pk))
        rows = [row_of(s, BATCH.name, f"/api/v1/payment-batches/{batch.pk}/steps/{s.name}/") for s in steps]
        return Response(BatchSteps({"version": batch.version, "results": rows}).data)


class BatchStepView(BatchesView):
    """/payment-batches/{pk}/steps/{step}/: a subclass per step."""

    step: ClassVar[Step]

    def take(self, request: Request, pk: int) -> Response:
        """Take the step."""
        batch, form = self.batch(pk), PROCESSES[BATCH.name].input_of(self.step)
        must(self.actor.role in self.step.by.get(self.actor.party, ()))
        body = body_of(request)
        seen = seen_version(body)
        # A step without a form that rests on what was seen takes the version by itself.
        version = {} if form is not None or self.step.sees is None else {"version": body.pop("version", None)}
        data = form_data(form, body, batch, self.actor) | version
        take(BATCH.name, pk, self.step.name, self.actor, data, seen=seen)
        return Response(BatchAnswer(self.batch(pk)).data)

    def read(self, request: Request, pk: int) -> Response:
        """The step's fields."""
        batch, form = self.batch(pk), PROCESSES[BATCH.name].input_of(self.step)
        must(self.actor.role in self.step.by.get(self.actor.party, ()))
        if batch.status not in self.step.from_:
            text = f"Det går inte att göra nu. Status är {batch.status_label}."
            raise WrongState(text, status_label=batch.status_label)
        rows = described(form(subject=batch, actor=self.actor, initial={"version": batch.version}))
        answer = {"step": self.step.name, "label": self.step.label, "version": batch.version, "inputs": rows}
        return Response(StepForm(answer).data)


def _body(step: Step, form: Any) -> dict[str, Any]:
    schema = body_schema(form)
    if form is None and step.sees is not None:
        schema["properties"] = {"version": {"type": "integer", "title": "Version"}} | schema["properties"]
        schema["required"] = ["version"]
    return schema


def _view_of(step: Step) -> Any:
    def post(self: BatchStepView, request: Request, pk: int) -> Response:
        return self.take(request, pk)

    def get(self: BatchStepView, request: Request, pk: int) -> Response:
        return self.read(request, pk)

    form = PROCESSES[BATCH.name].input_of(step)
    taking: Any = extend_schema(
        operation_id=f"batches_{step.name}",
        summary=f"{step.label}",
        tags=TAG,
        parameters=[PART],
        request={"application/json": _body(step, form)},
        responses=answers({200: BatchAnswer}, 400, 401, 403, 404, 409, 413, 415, 422),
    )
    reading: Any = extend_schema(
        operation_id=f"batches_{step.name}_form",
        summary=f"Läs fälten: {step.label}",
        tags=["Fält"],
        parameters=[PART],
        responses=answers({200: StepForm}, 401, 403, 404, 409),
    )
    body: dict[str, Any] = {"step": step, "__doc__": step.label, "post": taking(post)}
    if form is not None:
        body["get"] = reading(get)
    return type(f"Batch{step.name.title()}View", (BatchStepView,), body).as_view()  # type: ignore[attr-defined]


def patterns() -> list[URLPattern]:
    """The operations of payments."""
    steps = [s for s in BATCH.steps.values() if set(s.by) != {Party.CLOCK} and NEW not in s.from_ and not s.follows]
    one = "payment-batches/<apikey:pk>/"
    return [
        path("payment-batches/", BatchListView.as_view(), name="api-batches"),
        path(one, BatchView.as_view(), name="api-batch"),
        path(f"{one}items/", ItemListView.as_view(), name="api-batch-items"),
        path(f"{one}steps/", BatchStepsView.as_view(), name="api-batch-steps"),
        *(path(f"{one}steps/{s.name}/", _view_of(s), name=f"api-batch-{s.name}") for s in steps),
    ]
