"""/control-periods/ and /reviews/: the payments that are looked through afterwards. The agency's own. Amounts are öre."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import URLPattern, path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party, Role
from fmu_portal.addresses import number_in
from fmu_portal.engine import door
from fmu_portal.engine.refusals import InvalidInput
from orders.api.base import ApiView, body_of, must, page_of
from orders.api.schema import CURSOR, answers
from orders.api.serializers import Answer
from reimbursement import control, controls
from reimbursement.api.subject_steps import PK, steps_of
from reimbursement.models import ControlPeriod, Review
from reimbursement.processes.review import REVIEW

TAG = "Utbetalningskontroll"


class PeriodAnswer(Answer):
    """En kontrollperiod med urval och resultat. Andelen fel gäller det slumpade urvalet."""

    id = serializers.IntegerField(label="Id", source="period.pk")
    first = serializers.DateField(label="Första dag", source="period.first")
    last = serializers.DateField(label="Sista dag", source="period.last")
    seed = serializers.CharField(label="Frö", source="period.seed")
    share = serializers.IntegerField(label="Andel som slumpas, tiondels procent", source="period.share")
    high_amount = serializers.IntegerField(label="Högt belopp, öre", source="period.high_amount")
    population = serializers.IntegerField(label="Utbetalningar", source="figures.population")
    selected = serializers.IntegerField(label="Utvalda", source="figures.selected")
    sampled = serializers.IntegerField(label="Slumpade", source="figures.sampled")
    risky = serializers.IntegerField(label="Riskfyllda", source="figures.risky")
    done = serializers.IntegerField(label="Kontrollerade", source="figures.done")
    errors = serializers.IntegerField(label="Fel i urvalet", source="figures.errors")  # type: ignore[assignment]
    reviewed = serializers.IntegerField(label="Kontrollerade i urvalet", source="figures.reviewed")
    low = serializers.FloatField(label="Andel fel, undre gräns (95 %)", allow_null=True)
    high = serializers.FloatField(label="Andel fel, övre gräns (95 %)", allow_null=True)
    sample_error = serializers.IntegerField(label="Fel i urvalet, öre", source="figures.sample_error")
    error = serializers.IntegerField(label="Alla fel, öre", source="figures.error")


class PeriodList(Answer):
    """Kontrollperioder, den senaste först."""

    results = PeriodAnswer(label="Kontrollperioder", many=True)
    next = serializers.CharField(label="Nästa sida", allow_null=True)


class Drawn(Answer):
    """Hur många utbetalningar som valdes ut nu."""

    selected = serializers.IntegerField(label="Utvalda nu")


class ReviewAnswer(Answer):
    """En utbetalning som kontrolleras."""

    id = serializers.IntegerField(label="Id", source="pk")
    number = serializers.CharField(label="Nummer")
    status = serializers.CharField(label="Status")
    status_label = serializers.CharField(label="Status i ord")
    version = serializers.IntegerField(label="Kontrollens version")
    period = serializers.IntegerField(label="Kontrollperiodens id", source="period_id")
    payment = serializers.SerializerMethodField(label="Betalningens nummer")
    region = serializers.CharField(label="Region", source="region.name")
    amount = serializers.IntegerField(label="Belopp, öre", source="item.amount")
    why = serializers.ListField(label="Varför", child=serializers.CharField())
    error = serializers.IntegerField(label="Felets storlek, öre", allow_null=True)
    reviewed_on = serializers.DateField(label="Kontrollerad", allow_null=True)

    def get_payment(self, review: Review) -> str:
        """The number in the drawing."""
        return control.number_of(review.item)


class ReviewList(Answer):
    """Kontroller, den senaste först."""

    results = ReviewAnswer(label="Kontroller", many=True)
    next = serializers.CharField(label="Nästa sida", allow_null=True)


class OneReview(ReviewAnswer):
    """En kontroll med de steg som går att ta."""

    steps = serializers.ListField(label="Steg som går att ta nu", child=serializers.CharField())


def _must_be_agency(actor: Actor) -> None:
    must(actor.party is Party.AGENCY and actor.sees(See.CLAIM))


def get(actor: Actor, pk: int) -> Review:
    """One that the actor sees; 404 otherwise, 403 for roles that see none."""
    _must_be_agency(actor)
    found: Review | None = controls.seen(actor).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def answer(actor: Actor, pk: int) -> Any:
    """The whole of one."""
    review = get(actor, pk)
    duties = door.open_duties(REVIEW.name, pk)
    review.steps = [step.name for step in door.available(REVIEW.name, review, actor, duties)]  # type: ignore[attr-defined]
    return OneReview(review).data


def _period(pair: tuple[ControlPeriod, control.Figures]) -> dict[str, Any]:
    period, figures = pair
    low, high = figures.interval or (None, None)
    return {"period": period, "figures": figures, "low": low, "high": high}


class PeriodListView(ApiView):
    """/control-periods/"""

    @extend_schema(
        operation_id="control_period_list",
        summary="Lista kontrollperioder",
        tags=[TAG],
        parameters=[CURSOR],
        responses=answers({200: PeriodList}, 401, 403, 422),
    )
    def get(self, request: Request) -> Response:
        """One page."""
        _must_be_agency(self.actor)
        found, following = page_of(request, ControlPeriod.objects.all())
        rows = [_period(pair) for pair in controls.figures_of(found)]
        return Response(PeriodList({"results": rows, "next": following}).data)

    @extend_schema(
        operation_id="control_period_draw",
        summary="Gör urvalet i perioder som är slut",
        description="Samma urval som portalen själv gör. Är det redan gjort händer ingenting.",
        tags=[TAG],
        request={"application/json": {"type": "object", "properties": {}, "additionalProperties": False}},
        responses=answers({200: Drawn}, 400, 401, 403, 413, 415, 422),
    )
    def post(self, request: Request) -> Response:
        """Draw."""
        must(self.actor.role == Role.CONTROLLER)
        if unknown := list(body_of(request))[:20]:
            raise InvalidInput({name[:60]: ["Fältet finns inte i det här steget."] for name in unknown})
        return Response(Drawn({"selected": control.select(timezone.localdate(), self.actor.mandate_id)}).data)


class PeriodView(ApiView):
    """/control-periods/{id}/"""

    @extend_schema(
        operation_id="control_period_read",
        summary="Läs en kontrollperiod",
        tags=[TAG],
        parameters=[PK],
        responses=answers({200: PeriodAnswer}, 401, 403, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        """One period."""
        _must_be_agency(self.actor)
        found = ControlPeriod.objects.filter(pk=pk).first()
        if found is None:
            raise Http404
        [pair] = controls.figures_of([found])
        return Response(PeriodAnswer(_period(pair)).data)


class ReviewListView(ApiView):
    """/reviews/"""

    @extend_schema(
        operation_id="review_list",
        summary="Lista utbetalningar som kontrolleras",
        tags=[TAG],
        parameters=[CURSOR, OpenApiParameter("period", int, description="Kontrollperiodens id.")],
        responses=answers({200: ReviewList}, 401, 403, 422),
    )
    def get(self, request: Request) -> Response:
        """One page."""
        _must_be_agency(self.actor)
        rows, text = controls.seen(self.actor), request.query_params.get("period", "")
        if text:
            period = number_in(text)
            if period is None:
                raise InvalidInput({"period": ["Skriv kontrollperiodens id."]})
            rows = rows.filter(period_id=period)
        found, following = page_of(request, rows, period=text)
        return Response(ReviewList({"results": found, "next": following}).data)


class ReviewView(ApiView):
    """/reviews/{id}/"""

    @extend_schema(
        operation_id="review_read",
        summary="Läs en kontroll",
        tags=[TAG],
        parameters=[PK],
        responses=answers({200: OneReview}, 401, 403, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        """One review."""
        return Response(answer(self.actor, pk))


def patterns() -> list[URLPattern]:
    """The operations of payment control."""
    return [
        path("control-periods/", PeriodListView.as_view(), name="api-control-periods"),
        path("control-periods/<apikey:pk>/", PeriodView.as_view(), name="api-control-period"),
        path("reviews/", ReviewListView.as_view(), name="api-reviews"),
        path("reviews/<apikey:pk>/", ReviewView.as_view(), name="api-review"),
        *steps_of(REVIEW.name, get=get, answer=answer, shape=OneReview, tag=TAG),
    ]
