"""Cases: list, make, read; what has happened in one, and what is owed."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from fmu_portal.engine.door import take
from fmu_portal.models import Event
from orders.api import serializers as out
from orders.api.answers import case_answer, duty_answers, event_answers
from orders.api.base import ApiView, body_of, must, page_of
from orders.api.fields import body_schema, form_data, seen_version
from orders.api.overview import FILTERS, page_of_cases, wanted_of
from orders.api.schema import CURSOR, NUMBER, answers
from orders.cases import new_case
from orders.inputs import INPUTS
from orders.process import ASSESSMENT

REQUEST = ASSESSMENT.steps["request"]
OPTIONAL_REQUEST = {key: part for key, part in body_schema(INPUTS["request"]).items() if key != "required"}
"""The request's fields, all or none."""


class CaseListView(ApiView):
    """/assessments/"""

    @extend_schema(
        operation_id="assessments_list",
        summary="Lista ärenden",
        description="Ärenden som nyckelns uppdrag får se, högst 50 åt gången: alla, det nyaste först, om inget annat"
        " anges.",
        tags=["Ärenden"],
        parameters=[*FILTERS, CURSOR],
        responses=answers({200: out.CaseList}, 401, 422),
    )
    def get(self, request: Request) -> Response:
        """One page of cases."""
        wanted = wanted_of(self.actor, request.query_params.dict(), default_view="alla")
        found, following = page_of_cases(request, self.actor, wanted)
        answer = out.CaseList({"results": found, "next": following}, context={"actor": self.actor})
        return Response(answer.data)

    @extend_schema(
        operation_id="assessments_create",
        summary="Skapa ett ärende",
        description="Utan uppgifter skapas ett utkast. Med uppgifter skickas begäran i samma transaktion; går det inte"
        " skapas inget utkast.",
        tags=["Ärenden"],
        request={"application/json": OPTIONAL_REQUEST},
        responses=answers({201: out.CaseAnswer}, 400, 401, 403, 409, 413, 415, 422),
    )
    def post(self, request: Request) -> Response:
        """A new case, as a draft or requested."""
        must(self.actor.role in REQUEST.by.get(self.actor.party, ()))
        body = body_of(request)
        seen_version(body)
        case = new_case(self.actor)
        if body:
            data = form_data(INPUTS["request"], body, case, self.actor)
            take(ASSESSMENT.name, case.pk, REQUEST.name, self.actor, data)
        case = self.case(case.number)
        answer = case_answer(self.actor, case)
        return Response(answer, status=201, headers={"Location": answer["href"]})


class CaseView(ApiView):
    """/assessments/{number}/"""

    @extend_schema(
        operation_id="assessments_read",
        summary="Läs ett ärende",
        tags=["Ärenden"],
        parameters=[NUMBER],
        responses=answers({200: out.CaseAnswer}, 401, 404),
    )
    def get(self, request: Request, number: str) -> Response:
        """One case."""
        return Response(case_answer(self.actor, self.case(number)))


class EventListView(ApiView):
    """/assessments/{number}/events/"""

    @extend_schema(
        operation_id="assessments_events",
        summary="Läs vad som har hänt i ärendet",
        description="Den senaste händelsen först, högst 50 åt gången.",
        tags=["Ärenden"],
        parameters=[NUMBER, CURSOR],
        responses=answers({200: out.EventList}, 401, 404, 422),
    )
    def get(self, request: Request, number: str) -> Response:
        """One page of events."""
        case = self.case(number)
        events, following = page_of(request, Event.objects.filter(case_id=case.pk))
        rows = event_answers(self.actor, case, events)
        return Response(out.EventList({"results": rows, "next": following}).data)


class DutyListView(ApiView):
    """/assessments/{number}/duties/"""

    @extend_schema(
        operation_id="assessments_duties",
        summary="Läs vem som ska göra vad och till när",
        tags=["Ärenden"],
        parameters=[NUMBER],
        responses=answers({200: out.DutyList}, 401, 404),
    )
    def get(self, request: Request, number: str) -> Response:
        """All duties of a case, open and closed."""
        return Response(out.DutyList({"results": duty_answers(self.case(number))}).data)
