"""Absence, and all of a person's cases to a colleague: by whom, what moves, what is skipped."""

import pytest
from django.utils import timezone

from correspondence.models import Absence, HandOver
from fmu_portal.engine import outbox
from fmu_portal.models import Duty, Event
from orders.models import Participant
from orders.replay import differences
from tests import situations as s
from tests.pages import browser

URL = "/franvaro/overlamning/"


def give(actor, giver, taker, status=302):
    answer = browser(actor).post(URL, {"giver": giver.user_id, "taker": taker.user_id, "sure": "on"})
    assert answer.status_code == status
    outbox.work()
    return answer


def test_the_coordinator_hands_over_all_open_cases_of_an_officer(cast):
    cases = [s.requested(cast), s.in_progress(cast), s.delivered(cast), s.draft(cast)]
    done = s.accepted(cast)
    answer = give(cast.team, cast.officer, cast.team)
    assert "Klart." in browser(cast.team).get(answer.headers["Location"]).content.decode()
    for case in cases:
        assert s.fresh(case).case_officer_id == cast.team.user_id
    assert s.fresh(done).case_officer_id == cast.officer.user_id, "what has ended stays"
    owed = Duty.objects.open().filter(organisation_id=cast.officer.organisation_id)
    assert {d.holder_id for d in owed} == {cast.team.user_id}
    job = HandOver.objects.get()
    assert (job.total, job.done, job.skipped) == (4, 4, 0)
    assert Event.objects.filter(step="hand_over").count() == 4
    assert list(differences()) == []
    page = browser(cast.region).get(f"/arenden/{cases[1].number}/").content.decode()
    assert "Försäkringskassan lämnade över ärendet till en kollega." in page


def test_more_than_a_batch_and_whoever_has_stepped_aside_is_skipped(cast, monkeypatch):
    from correspondence import handing_over
    from orders.models import Recusal

    monkeypatch.setattr(handing_over, "BATCH", 2)
    cases = [s.requested(cast) for _ in range(5)]
    Recusal.objects.create(assessment=cases[2], user_id=cast.team.user_id)
    answer = browser(cast.officer).post(URL, {"giver": cast.officer.user_id, "taker": cast.team.user_id, "sure": "on"})
    assert answer.status_code == 302, "one's own"
    outbox.work()
    job = HandOver.objects.get()
    assert (job.total, job.done, job.skipped) == (5, 4, 1)
    assert s.fresh(cases[2]).case_officer_id == cast.officer.user_id


def test_the_region_and_the_unit_hand_over_too(cast):
    case = s.in_progress(cast)
    give(cast.region_two, cast.region, cast.region_two)
    assert s.fresh(case).region_coordinator_id == cast.region_two.user_id
    give(cast.admin, cast.physician, cast.physician_two)
    after = s.fresh(case)
    assert after.responsible_physician_id == cast.physician_two.user_id
    assert set(Participant.objects.filter(assessment=case).values_list("user_id", flat=True)) == {
        cast.physician_two.user_id
    }
    owed = Duty.objects.open().get(subject_id=case.pk, organisation_id=cast.admin.organisation_id)
    assert owed.holder_id == cast.physician_two.user_id
    assert list(differences()) == []


@pytest.mark.parametrize("who", ["adviser", "controller", "attester", "finance", "psychologist", "administrator"])
def test_who_may_not(cast, who):
    client = browser(getattr(cast, who))
    assert client.get(URL).status_code == 403
    assert (
        client.post(URL, {"giver": cast.officer.user_id, "taker": cast.team.user_id, "sure": "on"}).status_code == 403
    )


def test_an_officer_gives_nobody_elses_and_a_stranger_gives_none(cast):
    s.requested(cast)
    other = {"giver": cast.team.user_id, "taker": cast.officer.user_id, "sure": "on"}
    assert browser(cast.officer).post(URL, other).status_code == 422
    own = {"giver": cast.officer.user_id, "taker": cast.team.user_id, "sure": "on"}
    assert browser(cast.stranger_officer).post(URL, own).status_code == 422
    assert browser(cast.team).post(URL, own | {"taker": cast.region.user_id}).status_code == 422
    assert browser(cast.team).post(URL, own | {"taker": cast.officer.user_id}).status_code == 422
    assert not HandOver.objects.exists()


def test_the_progress_is_the_organisations_alone(cast):
    s.requested(cast)
    address = give(cast.team, cast.officer, cast.team).headers["Location"]
    assert browser(cast.officer).get(address).status_code == 200
    for stranger in (cast.stranger_officer, cast.region, cast.administrator, cast.adviser):
        assert browser(stranger).get(address).status_code == 404


def test_absence_is_shown_to_colleagues_and_the_substitute_is_told(cast, settings):
    from django.core import mail

    from tests import threads as t

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    today = timezone.localdate()
    client = browser(cast.officer)
    bad = client.post("/franvaro/", {"first": "2026-05-02", "last": "2026-05-01"})
    assert bad.status_code == 422
    assert "före den första" in bad.content.decode()
    assert client.post("/franvaro/", {"first": "2020-05-02", "last": "2020-05-03"}).status_code == 422
    data = {"first": str(today), "last": str(today), "substitute": cast.team.user_id}
    assert client.post("/franvaro/", data).status_code == 302
    assert cast.officer.user_name in browser(cast.adviser).get("/franvaro/").content.decode()
    assert cast.officer.user_name not in browser(cast.region).get("/franvaro/").content.decode()
    case = s.in_progress(cast)
    outbox.work()
    mail.outbox.clear()
    t.in_case(case, cast.region, cast.officer)
    outbox.work()
    told = {m.recipients()[0] for m in mail.outbox}
    assert told == {"ett@example.org", "officer@example.org", "team@example.org"}
    assert client.post("/franvaro/", {"gor": "ta_bort"}).status_code == 302
    assert not Absence.objects.exists()
