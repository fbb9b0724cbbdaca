"""Every step of every part by the API on a case whose clock does not run: refused in words, never a 500.

Found by `make attack`: the form of a decision was made, and looked for a last day, before the door had refused the step.
"""

from __future__ import annotations

import json

import pytest
from django.test import Client

from accounts.models import ApiKey, Mandate
from fmu_portal.engine import registry
from fmu_portal.engine.door import begin
from fmu_portal.engine.table import NEW
from tests import situations as s

BODIES: tuple[dict[str, object], ...] = (
    {},
    {"until": "2000-01-01"},
    {"wished": "2027-01-08", "reason": "x"},
    {"days": 3, "professions": ["psychologist"]},
)


def _calls(actor, case):
    """(step, body, answer) of every step of every part, new and there."""
    key = ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id))
    for part in registry.parts():
        rows = part.model.objects.filter(assessment=case).values_list("pk", flat=True)
        for step in part.process.steps.values():
            if actor.role not in step.by.get(actor.party, ()):
                continue
            for row in [""] if NEW in step.from_ else [f"{pk}/" for pk in rows]:
                for body in BODIES:
                    url = f"/api/v1/assessments/{case.number}/{part.process.plural}/{row}steps/{step.name}/"
                    answer = Client().post(
                        url, json.dumps(body), content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {key}"
                    )
                    yield step.name, body, answer


@pytest.mark.parametrize("make", ["requested", "assigned", "ordered"])
def test_before_the_clock_runs(cast, make):
    case, asked = getattr(s, make)(cast), 0
    for actor in (cast.officer, cast.region, cast.admin, cast.physician):
        for step, body, answer in _calls(actor, case):
            assert answer.status_code in (201, 200, 403, 404, 409, 422), (step, body, answer.status_code)
            asked += 1
    assert asked > 30


def test_after_a_hand_back_with_decisions_that_are_there(cast):
    case = s.in_progress(cast)
    begin(
        "expansion",
        case.pk,
        "propose",
        cast.physician,
        {"professions": ["psychologist"], "unclear": "x", "clears": "x", "matters": "x"},
    )
    begin("deferral", case.pk, "tell_risk", cast.physician, {"wished": "2027-03-01", "reason": "x"})
    case = s.step(s.fresh(case), "hand_back", cast.admin, cause="conflict", reason="x")
    assert case.underlag_complete_on is None
    tried = set()
    for actor in (cast.officer, cast.region, cast.admin, cast.physician):
        for step, body, answer in _calls(actor, case):
            assert answer.status_code in (201, 200, 403, 404, 409, 422), (step, body, answer.status_code)
            tried.add(step)
    assert {"approve", "grant", "grant_unasked"} <= tried
