"""Sessions: fixation, theft, both ends in time, who may end them, and the password before a signature."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client

from accounts import sessions
from accounts.models import ApiKey, Login, Mandate, User
from orders.models import Report
from tests import situations as s
from tests.cast import PASSWORD
from tests.pages import browser
from tests.test_api import Api

COOKIE = settings.SESSION_COOKIE_NAME


def logged_in(username="officer", agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"):
    """A browser that has logged in by the page."""
    client = Client(headers={"user-agent": agent})
    answer = client.post("/logga-in/", {"username": username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def key_of(client):
    return client.cookies[COOKIE].value


def older(client, seconds):
    """The session as it is so many seconds after its login, used until now."""
    session = client.session
    session[sessions.BEGAN] -= seconds
    session.save()


def test_a_login_gives_a_session_that_nobody_could_know_before(cast, probe):
    client = Client()
    planted = "a" * 32
    client.cookies[COOKIE] = planted
    client.get("/logga-in/")
    client.post("/logga-in/", {"username": "officer", "password": PASSWORD})
    assert key_of(client) != planted
    thief = Client()
    thief.cookies[COOKIE] = planted
    assert thief.get("/att-gora/").headers["Location"].startswith("/logga-in/")
    # A real anonymous session, too.
    made = Client()
    made.session.save()
    before = key_of(made)
    made.post("/logga-in/", {"username": "officer", "password": PASSWORD})
    assert key_of(made) != before
    assert not Session.objects.filter(pk=before).exists()
    probe(2)


def test_a_change_of_mandate_changes_the_session_and_the_old_one_is_dead(cast, probe):
    user = User.objects.get(username="officer")
    Mandate.objects.create(user=user, organisation_id=cast.officer.organisation_id, role="coordinator")
    client = logged_in()
    stolen = Client()
    for mandate in Mandate.objects.filter(user=user):
        before = key_of(client)
        assert client.post("/uppdrag/", {"mandate": mandate.pk}).status_code == 302
        assert key_of(client) != before
        stolen.cookies[COOKIE] = before
        assert stolen.get("/att-gora/").status_code == 302
        assert client.get("/att-gora/").status_code == 200
        probe()
    assert Login.objects.filter(user=user, session_key=key_of(client)).count() == 1


def test_a_session_that_is_used_all_day_ends_all_the_same(cast, probe):
    client = logged_in()
    older(client, settings.SESSION_ABSOLUTE_HOURS * 3600 - 60)
    assert client.get("/att-gora/").status_code == 200
    older(client, 60)
    answer = client.get("/arenden/")
    assert answer.headers["Location"] == "/logga-in/?next=%2Farenden%2F&utloggad=tid"
    assert "så länge som den får" in client.get(answer.headers["Location"]).content.decode()
    assert client.get("/inloggningar/").status_code == 302
    assert client.post("/arenden/ny/", headers={"X-Requested-With": "fetch"}).status_code == 401
    probe(4)


def test_what_was_typed_when_the_time_was_over_comes_back(cast, probe):
    case = s.draft(cast)
    client = logged_in()
    older(client, settings.SESSION_ABSOLUTE_HOURS * 3600)
    url = f"/arenden/{case.number}/steg/request/"
    answer = client.post(url, s.REQUEST)
    text = answer.content.decode()
    assert answer.status_code == 401
    assert f"högst {settings.SESSION_ABSOLUTE_HOURS} timmar" in text
    parked = re.search(r'name="parked" value="([^"]+)"', text)[1]
    back = client.post("/logga-in/", {"username": "officer", "password": PASSWORD, "parked": parked})
    assert back.headers["Location"] == url
    assert s.ADDRESS in client.get(url).content.decode()
    probe()


def test_a_session_without_a_start_is_none(cast, probe):
    client = logged_in()
    session = client.session
    del session[sessions.BEGAN]
    session.save()
    assert client.get("/att-gora/").status_code == 302
    probe()


@pytest.mark.parametrize("change", ["password", "inactive", "mandate"])
def test_a_session_ends_with_what_it_rests_on(cast, probe, change):
    client = logged_in()
    user = User.objects.get(username="officer")
    if change == "password":
        user.set_password("ett-annat-losenord-2")
        user.save()
    elif change == "inactive":
        User.objects.filter(pk=user.pk).update(is_active=False)
    else:
        Mandate.objects.filter(user=user).update(valid_to=s.yesterday())
    answer = client.get("/att-gora/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/uppdrag/" if change == "mandate" else "/logga-in/")
    probe()


def test_after_logout_the_cookie_is_worth_nothing(cast, probe):
    client = logged_in()
    stolen = Client(**client.defaults)
    stolen.cookies[COOKIE] = key_of(client)
    assert stolen.get("/att-gora/").status_code == 200, "from where the owner sits nothing tells them apart"
    client.post("/logga-ut/")
    assert stolen.get("/att-gora/").status_code == 302
    assert not Login.objects.filter(user__username="officer", ended_at=None).exists()
    probe(2)


def test_one_sees_ones_own_logins_and_ends_them_with_the_password(cast, probe):
    here, there, third = logged_in(), logged_in(agent="Mozilla/5.0 (Windows NT 10.0) Chrome/140 Edg/140"), logged_in()
    other = logged_in("team")
    text = here.get("/inloggningar/").content.decode()
    assert "Edge, Windows" in text
    assert text.count("Firefox, Linux") >= 2
    target = Login.objects.get(session_key=key_of(there))
    foreign = Login.objects.get(session_key=key_of(other))
    for data, status in (
        ({"avsluta": target.pk}, 422),
        ({"avsluta": target.pk, "password": "fel"}, 422),
        ({"avsluta": foreign.pk, "password": PASSWORD}, 302),
        ({"avsluta": "x", "password": PASSWORD}, 302),
    ):
        assert here.post("/inloggningar/", data).status_code == status
        assert there.get("/att-gora/").status_code == 200
        assert other.get("/att-gora/").status_code == 200
        probe()
    assert here.post("/inloggningar/", {"avsluta": target.pk, "password": PASSWORD}).status_code == 302
    assert there.get("/att-gora/").status_code == 302
    assert third.get("/att-gora/").status_code == 200
    assert here.post("/inloggningar/", {"password": PASSWORD}).status_code == 302
    assert third.get("/att-gora/").status_code == 302
    assert here.get("/att-gora/").status_code == 200
    assert other.get("/att-gora/").status_code == 200


def test_the_browser_s_own_words_are_never_shown(cast, probe):
    client = logged_in(agent="<script>alert(1)</script> Chrome/1")
    assert "alert(1)" not in client.get("/inloggningar/").content.decode()
    assert Login.objects.get(session_key=key_of(client)).browser == "Chrome"
    probe()


def test_an_administrator_ends_one_user_s_sessions_or_everybody_s(cast, probe):
    one, other = logged_in(), logged_in("team")
    call_command("end_sessions", user="officer", stdout=StringIO())
    assert one.get("/att-gora/").status_code == 302
    assert other.get("/att-gora/").status_code == 200
    call_command("end_sessions", all=True, stdout=StringIO())
    assert other.get("/att-gora/").status_code == 302
    probe(2)


def test_no_address_of_a_logged_in_person_holds_the_session(cast, probe):
    client = logged_in()
    for url in ("/att-gora/", "/arenden/", "/uppdrag/", "/inloggningar/", "/aviseringar/"):
        answer = client.get(url)
        assert key_of(client) not in answer.content.decode()
        assert key_of(client) not in str(answer.headers)
        probe()
    guessed = Client()
    assert guessed.get("/att-gora/", {"sessionid": key_of(client), COOKIE: key_of(client)}).status_code == 302


# --- the signature


@pytest.fixture
def signing(cast):
    """The physician at the page where the report is signed: (client, case, address, what the page sends)."""
    case = s.examined(s.in_progress(cast), cast.physician)
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
    client = browser(cast.physician)
    url = f"/arenden/{case.number}/steg/deliver/"
    at = client.post(url, {"source": "form", "revision": "0", "responsible": "on"})
    assert at.headers["Location"] == f"{url}kontrollera/"
    page = client.get(at.headers["Location"]).content.decode()
    assert 'type="password"' in page
    sent = dict(re.findall(r'name="(sedd|visat)" value="([^"]+)"', page))
    return client, case, f"{url}kontrollera/", sent


@pytest.mark.parametrize("password", [None, "", "fel", PASSWORD.upper(), f" {PASSWORD}", "x" * 201])
def test_a_report_is_not_signed_without_the_password(signing, probe, password):
    client, case, url, sent = signing
    answer = client.post(url, sent | ({} if password is None else {"password": password}))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_password_error"' in text, "the error stands beside the field"
    assert 'href="#id_password"' in text, "and in the summary"
    assert "Det som är skrivet i portalen" in text, "the answers are still there"
    assert not password or password not in re.sub(r"<label.*?</label>", "", text)
    assert s.fresh(case).status == "in_progress"
    probe()


def test_with_the_password_it_is_and_only_this_once(signing, cast, probe):
    client, case, url, sent = signing
    before = client.session.session_key
    assert client.post(url, sent | {"password": PASSWORD}).status_code == 302
    assert s.fresh(case).status == "delivered"
    assert client.session.session_key != before, "a new session after the password"
    again = client.post(url, sent)
    assert again.status_code == 409
    # The next signature asks again.
    s.step(case, "request_supplement", cast.officer, report_version=1, part="prognosis", missing="Hur länge")
    url = f"/arenden/{case.number}/steg/supplement/"
    client.post(url, {"source": "form", "revision": str(s.revision(case)), "responsible": "on"})
    assert client.post(f"{url}kontrollera/").status_code == 422
    probe(3)


def test_a_colleague_s_password_signs_nothing(signing, probe):
    client, case, url, sent = signing
    User.objects.get(username="physician_two")
    colleague = User.objects.get(username="physician_two")
    colleague.set_password("ett-annat-losenord-2")
    colleague.save()
    assert client.post(url, sent | {"password": "ett-annat-losenord-2"}).status_code == 422
    assert s.fresh(case).status == "in_progress"
    probe()


def test_the_form_s_page_itself_never_signs(signing, cast, probe):
    client, case, url, _ = signing
    data = {"source": "form", "revision": "0", "responsible": "on", "gor": "fortsatt", "password": PASSWORD}
    answer = client.post(url.removesuffix("kontrollera/"), data)
    assert answer.headers["Location"] == url
    assert s.fresh(case).status == "in_progress"
    probe()


def test_a_key_signs_only_when_it_was_made_for_that(cast, probe):
    case = s.examined(s.in_progress(cast), cast.physician)
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
    body = {"source": "form", "revision": 0, "responsible": True}
    ordinary = Api(key=ApiKey.issue(Mandate.objects.get(pk=cast.physician.mandate_id)))
    refused = ordinary.step(case, "deliver", 403, **body)
    assert "får inte signera" in refused["title"]
    assert s.fresh(case).status == "in_progress"
    Api(cast.physician).step(case, "deliver", 200, **body)
    assert s.fresh(case).status == "delivered"
    probe(2)


def test_every_step_that_signs_has_a_page_to_sign_on():
    from orders.process import ASSESSMENT

    signing = {step.name for step in ASSESSMENT.steps.values() if step.signs}
    assert signing == {"deliver", "sign_section", "supplement"}
    assert all(ASSESSMENT.steps[name].confirm for name in signing)


def test_sessions_are_drawn_from_enough_and_never_from_the_clock(cast, probe):
    keys = {key_of(logged_in()) for _ in range(5)}
    assert len(keys) == 5
    assert all(re.fullmatch(r"[a-z0-9]{32}", key) for key in keys), "165 bits"
    probe(5)


def test_a_password_is_not_kept_with_a_form_that_came_too_late(cast, probe):
    """The form is carried through the login page and back: sealed, but a password has no business there."""
    from django.test import RequestFactory

    from accounts import parked

    request = RequestFactory().post("/inloggningar/", {"password": PASSWORD, "avsluta": "1"})
    kept = parked.unwrap(parked.wrap(request, cast.officer.user_id, 0), cast.officer.user_id)
    assert kept is not None
    assert kept.fields == {"avsluta": ["1"]}
    probe()
