"""A step by the API against a bare Django view that writes the same rows in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from bench import stack
from bench.measure import Result, compare

TARGET = 2.0
PAIRS = 60
WHO = "utforare.admin"


def bare_confirm(request: HttpRequest, number: str) -> HttpResponse:
    """Confirm the underlag with nothing but the writes: no table of steps, no guards, no form, no serializer."""
    from django.db import connection, transaction
    from django.utils import timezone

    from accounts.models import ApiKey, Mandate
    from fmu_portal.models import Duty, Event, Outbox
    from orders.models import Assessment
    from rules.limits import count

    key = request.headers["Authorization"].split()[1]
    mandate = Mandate.objects.select_related("user", "organisation").get(
        api_keys__digest=ApiKey.hashed(key), api_keys__revoked_at__isnull=True
    )
    with transaction.atomic(), connection.cursor() as cursor:
        case = Assessment.objects.select_for_update().get(number=number, performer_id=mandate.organisation_id)
        cursor.execute("SELECT nextval(pg_get_serial_sequence('fmu_portal_event', 'id'))")
        event_id = cursor.fetchone()[0]
        closed = [*Duty.objects.open().filter(subject_id=case.pk, kind="confirm_underlag").values_list("pk", flat=True)]
        Duty.objects.filter(pk__in=closed).update(closed_by_id=event_id)
        assert case.underlag_complete_on and case.region_id and case.performer_id
        limit = count("law.report_time", case.underlag_complete_on, case.region_id)
        opened = Duty.objects.bulk_create(
            Duty(
                process="assessment",
                subject_id=case.pk,
                case_id=case.pk,
                kind="deliver_report",
                party=party,
                organisation_id=organisation,
                holder_id=holder,
                due=limit.due,
                rule=limit.rule,
                inputs=limit.inputs,
                opened_by_id=event_id,
            )
            for party, organisation, holder in (
                ("performer", case.performer_id, case.responsible_physician_id),
                ("region", case.region_id, case.region_coordinator_id),
            )
        )
        data = {
            "opened": [
                [d.pk, d.kind, d.organisation_id, d.due.isoformat(), d.rule, d.inputs, d.holder_id] for d in opened
            ],
            "closed": closed,
        }
        event = Event.objects.create(
            pk=event_id,
            process="assessment",
            subject_id=case.pk,
            case_id=case.pk,
            step="confirm",
            party="performer",
            organisation_id=mandate.organisation_id,
            mandate_id=mandate.pk,
            from_status="ordered",
            to_status="in_progress",
            at=timezone.now(),
            data=data,
        )
        cursor.execute("SELECT orders_apply_event(%s)", [event_id])
        Outbox.objects.create(
            kind="notice",
            key=f"notice:{event_id}",
            payload={"event": event_id, "organisations": [case.region_id]},
        )
    return JsonResponse({"number": number, "status": event.to_status, "event": event_id, "duties": data["opened"]})


urlpatterns = [path("bare/<str:number>/confirm/", bare_confirm)]


def _waiting(organisation_id: int) -> Iterator[str]:
    """Numbers of ordered cases at the unit, waiting for its confirmation."""
    from fmu_portal.models import Duty
    from orders.models import Assessment

    waiting = Duty.objects.open().filter(kind="confirm_underlag", organisation_id=organisation_id)
    cases = Assessment.objects.filter(pk__in=waiting.values("case_id"), status="ordered")
    yield from cases.order_by("-pk").values_list("number", flat=True)


def measure(size: int, say: Callable[[str], None]) -> list[Result]:
    """The figure at a size; none when the address is missing. Each call takes a case of its own and commits."""
    from django.test import Client, RequestFactory, override_settings
    from django.urls import Resolver404, resolve

    from accounts.models import ApiKey, Mandate
    from bench.pages import actor_of
    from fmu_portal.engine.door import take
    from orders.models import Assessment

    actor = actor_of(WHO)
    stack.sit_down(actor.role, actor.mandate_id, actor.organisation_id, actor.user_id)
    waiting = list(_waiting(actor.organisation_id))
    address = "/api/v1/assessments/{}/steps/confirm/"
    try:
        resolve(address.format("2026-000001"))
    except Resolver404:
        say("skipped: the API's steps do not exist yet")
        return []
    if len(waiting) < 4 * (PAIRS + 3):
        say(f"skipped: {len(waiting)} cases wait for the unit's confirmation, too few at {size} assessments")
        return []
    numbers = iter(waiting)
    key = ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id))
    headers = {"Authorization": f"Bearer {key}"}
    api, plain = Client(headers=headers), Client(headers=headers)

    def ours() -> Any:
        response = api.post(address.format(next(numbers)), "{}", content_type="application/json")
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def bare() -> Any:
        with override_settings(ROOT_URLCONF="bench.steps", MIDDLEWARE=[]):
            response = plain.post(f"/bare/{next(numbers)}/confirm/", "{}", content_type="application/json")
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    by_api = compare(
        f"step confirm by API, {size} assessments",
        f"POST {address.format('{number}')} as {WHO}, a worker nudged through the queue",
        ours,
        "a bare Django view with the same rows, no middleware, no nudge",
        bare,
        TARGET,
        PAIRS,
    )
    say(by_api.line())

    def door() -> None:
        take("assessment", Assessment.objects.only("pk").get(number=next(numbers)).pk, "confirm", actor, {})

    def plain_function() -> None:
        request = RequestFactory(headers=headers).post("/")
        assert bare_confirm(request, next(numbers)).status_code == 200

    by_door = compare(
        f"step confirm by the door alone, {size} assessments",
        "fmu_portal.engine.door.take, a worker nudged through the queue",
        door,
        "a plain function with the same rows, no nudge",
        plain_function,
        TARGET,
        PAIRS,
    )
    say(by_door.line())
    return [by_api, by_door]
