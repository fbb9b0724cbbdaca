"""`manage.py duties --check` counts every open duty's last day again, in SQL, and finds one that is wrong."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import call_command

from tests import situations as s


def check() -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("duties", "--check", stdout=out)
    except SystemExit as stop:
        return int(str(stop.code)), out.getvalue()
    return 0, out.getvalue()


def test_duties_made_through_the_door_are_right(cast):
    for make in s.IN_STATUS.values():
        make(cast)
    code, text = check()
    assert code == 0
    assert text.strip().endswith("räknade, 0 skiljer sig.")
    assert not text.startswith("0 ")


def test_a_decided_day_is_compared_with_the_decision(cast):
    from fmu_portal.models import Duty

    case = s.delivered(cast)
    due = s.yesterday() + timedelta(40)
    s.step(case, "request_supplement", cast.officer, report_version=1, part="all", missing="Allt", due=due.isoformat())
    assert check()[0] == 0
    Duty.objects.open().filter(subject_id=case.pk).update(due=due + timedelta(1))
    code, text = check()
    assert code == 1
    assert f"räknat igen {due}" in text


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"rule": "routine.region_answer@2018-01-01"}, "routine.region_answer@2019-01-01"),
        ({"inputs": {"start": "2026-03-02", "days": 4}}, "(answer_request)"),
    ],
)
def test_a_wrong_rule_or_count_is_found(cast, change, found):
    from fmu_portal.models import Duty

    case = s.requested(cast)
    Duty.objects.open().filter(subject_id=case.pk).update(**change)
    code, text = check()
    assert code == 1
    assert text.startswith(f"{case.number}: uppgift")
    assert found in text
    assert "1 skiljer sig" in text


def test_a_moved_day_is_found(cast):
    from fmu_portal.models import Duty

    case = s.in_progress(cast)
    duty = Duty.objects.open().filter(subject_id=case.pk, party="performer").get()
    Duty.objects.filter(pk=duty.pk).update(due=duty.due + timedelta(1))
    code, text = check()
    assert code == 1
    assert f"har sista dag {duty.due + timedelta(1)}" in text
    assert f"räknat igen {duty.due}" in text
