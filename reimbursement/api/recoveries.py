"""/recoveries/: what is demanded back, with its interest and its books. Amounts are öre, whole numbers."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.permissions import See
from fmu_portal.engine import door
from fmu_portal.engine.refusals import InvalidInput
from fmu_portal.engine.registry import PROCESSES
from orders.api.base import ApiView, body_of, must, page_of
from orders.api.fields import body_schema, described, form_data, seen_version
from orders.api.schema import CURSOR, answers
from orders.api.serializers import Answer, StepForm
from reimbursement import recoveries, recovering
from reimbursement.api.subject_steps import PK, steps_of
from reimbursement.inputs.recovering import OpenForm
from reimbursement.models import Claim, Entry, Recovery
from reimbursement.processes.recovery import RECOVERY

TAG = "Återkrav"


class BookAnswer(Answer):
    """En bokföringspost på återkravet."""

    day = serializers.DateField(label="Dag")
    kind = serializers.CharField(label="Slag")
    amount = serializers.IntegerField(label="Belopp i öre; minus är regionens skuld")


class InterestPeriodAnswer(Answer):
    """En period med samma räntesats."""

    first = serializers.DateField(label="Första dag")
    last = serializers.DateField(label="Sista dag")
    days = serializers.IntegerField(label="Dagar")
    rate = serializers.CharField(label="Räntesats")


class RecoveryAnswer(Answer):
    """Ett återkrav. Det som inte är beslutat är null."""

    id = serializers.IntegerField(label="Id", source="recovery.pk")
    number = serializers.CharField(label="Nummer", source="recovery.number")
    status = serializers.CharField(label="Status", source="recovery.status")
    status_label = serializers.CharField(label="Status i ord", source="recovery.status_label")
    version = serializers.IntegerField(label="Återkravets version", source="recovery.version")
    region = serializers.CharField(label="Region", source="recovery.region.name")
    claim = serializers.CharField(label="Begäran", source="recovery.claim.number")
    wrong = serializers.IntegerField(label="Felaktigt betalt, öre", source="recovery.wrong")
    demand = serializers.IntegerField(label="Krävs tillbaka, öre", source="recovery.demand", allow_null=True)
    interest_full = serializers.IntegerField(
        label="Ränta enligt räntelagen, öre; null när den inte går att beräkna",
        source="recovery.interest_full",
        allow_null=True,
    )
    interest = serializers.IntegerField(label="Ränta som tas ut, öre", source="recovery.interest", allow_null=True)
    set_off = serializers.BooleanField(label="Får kvittas", source="recovery.set_off", allow_null=True)
    due_on = serializers.DateField(label="Betalas senast", source="recovery.due_on", allow_null=True)
    decided_on = serializers.DateField(label="Beslutat", source="recovery.decided_on", allow_null=True)
    left = serializers.IntegerField(label="Kvar att betala, öre")


class RecoveryList(Answer):
    """Återkrav, det nyaste först."""

    results = RecoveryAnswer(label="Återkrav", many=True)
    next = serializers.CharField(label="Nästa sida", allow_null=True)


class OneRecovery(RecoveryAnswer):
    """Ett återkrav med sin ränta period för period och sina bokföringsposter."""

    interest_lacks = serializers.CharField(label="Varför räntan inte går att beräkna; tomt annars", allow_blank=True)
    interest_periods = InterestPeriodAnswer(label="Räntan period för period", many=True)
    entries = BookAnswer(label="Bokföringsposter", many=True)
    steps = serializers.ListField(label="Steg som går att ta nu", child=serializers.CharField())


def get(actor: Actor, pk: int) -> Recovery:
    """One that the actor sees; 404 otherwise, 403 for roles that see none."""
    must(actor.sees(See.CLAIM))
    found: Recovery | None = recoveries.seen(actor).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def answer(actor: Actor, pk: int) -> Any:
    """The whole of one."""
    recovery = get(actor, pk)
    [row] = recoveries.rows_of([recovery])
    explained = recoveries.explanation(recovery)
    whole = {
        "recovery": recovery,
        "left": row.left,
        "interest_lacks": explained["lack"],
        "interest_periods": [period["row"] for period in explained["periods"]],
        "entries": list(Entry.objects.filter(recovery=recovery, account="demanded").order_by("id")),
        "steps": [
            step.name
            for step in door.available(RECOVERY.name, recovery, actor, door.open_duties(RECOVERY.name, pk))
        ],
    }  # fmt: skip
    return OneRecovery(whole).data


class RecoveryListView(ApiView):
    """/recoveries/"""

    @extend_schema(
        operation_id="recovery_list",
        summary="Lista återkrav",
        description="Regionen ser sina egna när de är återkrävda, Försäkringskassan alla. Det nyaste först.",
        tags=[TAG],
        parameters=[CURSOR, OpenApiParameter("status", str, enum=list(RECOVERY.statuses), description="Bara den.")],
        responses=answers({200: RecoveryList}, 401, 403, 422),
    )
    def get(self, request: Request) -> Response:
        """One page."""
        must(self.actor.sees(See.CLAIM))
        rows, status = recoveries.seen(self.actor), request.query_params.get("status", "")
        if status and status not in RECOVERY.statuses:
            raise InvalidInput({"status": ["Statusen finns inte."]})
        if status:
            rows = rows.filter(status=status)
        found, following = page_of(request, rows, status=status)
        return Response(RecoveryList({"results": recoveries.rows_of(found), "next": following}).data)


class RecoveryView(ApiView):
    """/recoveries/{id}/"""

    @extend_schema(
        operation_id="recovery_read",
        summary="Läs ett återkrav",
        tags=[TAG],
        parameters=[PK],
        responses=answers({200: OneRecovery}, 401, 403, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        """One recovery."""
        return Response(answer(self.actor, pk))


class OpenView(ApiView):
    """/claims/{id}/steps/open_recovery/"""

    def claim(self, pk: int) -> Claim:
        """A claim that has been granted something; 404 otherwise."""
        must(self.actor.role in RECOVERY.steps["open"].by.get(self.actor.party, ()))
        found = Claim.objects.visible_to(self.actor).filter(pk=pk, attested_on__isnull=False).first()
        if found is None:
            raise Http404
        return found

    @extend_schema(
        operation_id="recovery_open",
        summary="Utred återkrav av en begäran",
        tags=[TAG],
        parameters=[PK],
        request={"application/json": body_schema(OpenForm)},
        responses=answers({201: OneRecovery}, 400, 401, 403, 404, 409, 413, 415, 422),
    )
    def post(self, request: Request, pk: int) -> Response:
        """Begin one."""
        claim, body = self.claim(pk), body_of(request)
        seen_version(body)
        data = form_data(OpenForm, body, recovering.to_open(claim), self.actor)
        recovery = recovering.open_recovery(claim.pk, self.actor, data)
        return Response(answer(self.actor, recovery.pk), status=201)

    @extend_schema(
        operation_id="recovery_open_form",
        summary="Läs fälten: utred återkrav",
        tags=["Fält"],
        parameters=[PK],
        responses=answers({200: StepForm}, 401, 403, 404, 409),
    )
    def get(self, request: Request, pk: int) -> Response:
        """The step's fields."""
        begun, step = recovering.to_open(self.claim(pk)), RECOVERY.steps["open"]
        door.check(PROCESSES[RECOVERY.name], begun, step, self.actor, set(), None)
        rows = described(OpenForm(subject=begun, actor=self.actor))
        return Response(StepForm({"step": step.name, "label": step.label, "version": 0, "inputs": rows}).data)


def patterns() -> list[URLPattern]:
    """The operations of recoveries."""
    return [
        path("recoveries/", RecoveryListView.as_view(), name="api-recoveries"),
        path("recoveries/<apikey:pk>/", RecoveryView.as_view(), name="api-recovery"),
        path("claims/<apikey:pk>/steps/open_recovery/", OpenView.as_view(), name="api-open-recovery"),
        *steps_of(RECOVERY.name, get=get, answer=answer, shape=OneRecovery, tag=TAG),
    ]
