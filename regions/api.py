"""/inquiries/: what the key's unit has been asked, and its answers. No address here needs the case or says which it is."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.urls import URLPattern, path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import See
from fmu_portal.engine.door import take
from fmu_portal.engine.refusals import WrongState
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import Step
from orders.api.base import ApiView, body_of, must, page_of
from orders.api.fields import body_schema, described, form_data, seen_version
from orders.api.schema import CURSOR, PART, answers
from orders.api.serializers import Answer, StepForm
from regions.asked import Asked, asked
from regions.models import Inquiry
from regions.process import ANSWERS, INQUIRY


class InquiryAnswer(Answer):
    """En förfrågan. Uppgifterna om behoven är null när förfrågan är avslutad."""

    id = serializers.IntegerField(label="Id", source="inquiry.pk")
    status = serializers.CharField(label="Status", source="inquiry.status")
    status_label = serializers.CharField(label="Status i ord", source="label")
    version = serializers.IntegerField(label="Förfrågans version", source="inquiry.version")
    way = serializers.CharField(label="Sätt", source="inquiry.way")
    asked_on = serializers.DateField(label="Tillfrågad", source="inquiry.asked_on")
    answer_by = serializers.DateField(label="Svara senast", source="due", allow_null=True)
    earliest_start = serializers.DateField(label="Tidigast start", source="inquiry.earliest_start", allow_null=True)
    region = serializers.CharField(label="Region", source="needs.region", default=None, allow_null=True)
    municipality = serializers.CharField(
        label="Kommun; null vid skyddade personuppgifter", source="needs.municipality", default=None, allow_null=True
    )
    language = serializers.CharField(label="Språk", source="needs.language", default=None, allow_null=True)
    interpreter = serializers.BooleanField(label="Tolk", source="needs.interpreter", default=None, allow_null=True)
    special_needs = serializers.CharField(
        label="Särskilda behov", source="needs.special_needs", default=None, allow_null=True
    )
    professions = serializers.ListField(
        label="Professioner utöver läkare som kan behövas", child=serializers.CharField(), allow_null=True
    )
    wished_start = serializers.DateField(
        label="Önskad start", source="needs.wished_start", default=None, allow_null=True
    )


class InquiryList(Answer):
    """Förfrågningar, den nyaste först."""

    results = InquiryAnswer(label="Förfrågningar", many=True)
    next = serializers.CharField(label="Nästa sida", allow_null=True)


def _answer(row: Asked) -> Any:
    return InquiryAnswer(row).data


class AskedView(ApiView):
    """The base: one inquiry that the key's unit has been asked. 404 otherwise, 403 for other roles."""

    def inquiry(self, pk: int) -> Inquiry:
        """The inquiry."""
        must(self.actor.sees(See.ASKED))
        found = Inquiry.objects.visible_to(self.actor).filter(pk=pk).first()
        if found is None:
            raise Http404
        return found


class InquiryListView(AskedView):
    """/inquiries/"""

    @extend_schema(
        operation_id="asked_list",
        summary="Lista förfrågningar till enheten",
        description="Det som nyckelns enhet har tillfrågats om, det nyaste först, högst 50 åt gången. Varken ärendets"
        " nummer eller vem personen är.",
        tags=["Förfrågningar till utföraren"],
        parameters=[CURSOR],
        responses=answers({200: InquiryList}, 401, 403, 422),
    )
    def get(self, request: Request) -> Response:
        """One page."""
        must(self.actor.sees(See.ASKED))
        found, following = page_of(request, Inquiry.objects.visible_to(self.actor))
        return Response(InquiryList({"results": asked(found, timezone.localdate()), "next": following}).data)


class InquiryView(AskedView):
    """/inquiries/{pk}/"""

    @extend_schema(
        operation_id="asked_read",
        summary="Läs en förfrågan",
        tags=["Förfrågningar till utföraren"],
        parameters=[PART],
        responses=answers({200: InquiryAnswer}, 401, 403, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        """One inquiry."""
        [row] = asked([self.inquiry(pk)], timezone.localdate())
        return Response(_answer(row))


class AnswerView(AskedView):
    """/inquiries/{pk}/steps/{step}/: a subclass per answer."""

    step: ClassVar[Step]

    def take(self, request: Request, pk: int) -> Response:
        """Take the step."""
        inquiry, form = self.inquiry(pk), PROCESSES[INQUIRY.name].input_of(self.step)
        body = body_of(request)
        seen = seen_version(body)
        take(INQUIRY.name, pk, self.step.name, self.actor, form_data(form, body, inquiry, self.actor), seen=seen)
        [row] = asked([self.inquiry(pk)], timezone.localdate())
        return Response(_answer(row))

    def read(self, request: Request, pk: int) -> Response:
        """The step's fields."""
        inquiry, form = self.inquiry(pk), PROCESSES[INQUIRY.name].input_of(self.step)
        if inquiry.status not in self.step.from_:
            word = inquiry.closed_word(self.actor) or f"Det går inte att göra nu. Status är {inquiry.status_label}."
            raise WrongState(word, status_label=inquiry.status_label)
        rows = described(form(subject=inquiry, actor=self.actor))
        answer = {"step": self.step.name, "label": self.step.label, "version": inquiry.version, "inputs": rows}
        return Response(StepForm(answer).data)


def _view_of(step: Step) -> Any:
    def post(self: AnswerView, request: Request, pk: int) -> Response:
        return self.take(request, pk)

    def get(self: AnswerView, request: Request, pk: int) -> Response:
        return self.read(request, pk)

    form = PROCESSES[INQUIRY.name].input_of(step)
    taking: Any = extend_schema(
        operation_id=f"asked_{step.name}",
        summary=f"{step.label} till en förfrågan",
        tags=["Förfrågningar till utföraren"],
        parameters=[PART],
        request={"application/json": body_schema(form)},
        responses=answers({200: InquiryAnswer}, 400, 401, 403, 404, 409, 413, 415, 422),
    )
    reading: Any = extend_schema(
        operation_id=f"asked_{step.name}_form",
        summary=f"Läs fälten: {step.label} till en förfrågan",
        tags=["Fält"],
        parameters=[PART],
        responses=answers({200: StepForm}, 401, 403, 404, 409),
    )
    body = {"step": step, "__doc__": step.label, "post": taking(post), "get": reading(get)}
    return type(f"Asked{step.name.title()}View", (AnswerView,), body).as_view()  # type: ignore[attr-defined]


def patterns() -> list[URLPattern]:
    """The operations of the performer asked."""
    steps = [INQUIRY.steps[name] for name in ANSWERS]
    return [
        path("inquiries/", InquiryListView.as_view(), name="api-asked"),
        path("inquiries/<apikey:pk>/", InquiryView.as_view(), name="api-asked-one"),
        *(path(f"inquiries/<apikey:pk>/steps/{s.name}/", _view_of(s), name=f"api-asked-{s.name}") for s in steps),
    ]
