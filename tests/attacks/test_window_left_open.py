"""A window left open after its login has ended: it learns so, and what was typed in it comes back to its owner alone."""

from __future__ import annotations

import re
import time

import pytest
from django.test import Client

from accounts import sessions
from accounts.models import Mandate, User
from orders.models import Assessment
from tests import situations as s
from tests.attacks.test_sessions import logged_in
from tests.cast import PASSWORD
from tests.pages import browser, login

ASK = {"headers": {"X-Poll": "1"}}


def mark_of(text):
    return re.search(r'data-login="([^"]+)"', text)[1]


def form_left_open(cast):
    """(case, browser, the form's address, the window's mark) of an officer in the form of a request."""
    case, client = s.draft(cast), logged_in()
    url = f"/arenden/{case.number}/steg/request/"
    return case, client, url, mark_of(client.get(url).content.decode())


def parked_in(answer):
    return re.search(r'name="parked" value="([^"]+)"', answer.content.decode())[1]


def test_a_window_is_told_whose_login_it_is_and_how_long_it_lasts(cast, settings, probe):
    client = logged_in()
    mark = mark_of(client.get("/att-gora/").content.decode())
    answer = client.get("/inloggad/", **ASK)
    assert (answer.status_code, answer.content, answer["X-Login"]) == (204, b"", mark)
    assert 0 <= settings.SESSION_IDLE_MINUTES * 60 - int(answer["X-Left"]) < 60
    session = client.session
    session["used"] -= 1200
    session.save()
    assert 0 <= (settings.SESSION_IDLE_MINUTES - 20) * 60 - int(client.get("/inloggad/", **ASK)["X-Left"]) < 60
    session[sessions.BEGAN] = int(time.time()) - settings.SESSION_ABSOLUTE_HOURS * 3600 + 100
    session.save()
    assert 90 <= int(client.get("/inloggad/", **ASK)["X-Left"]) <= 100
    client.post("/logga-ut/")
    answer = client.get("/inloggad/", **ASK)
    assert (answer.status_code, answer.content, "X-Login" in answer, "X-Left" in answer) == (204, b"", False, False)
    probe(4)


def test_asking_is_no_use_but_writing_is(cast, probe):
    client = logged_in()
    client.get("/att-gora/")
    session = client.session
    session["used"] -= 1200
    session.save()
    long_ago = session["used"]
    client.get("/inloggad/", **ASK)
    assert client.session["used"] == long_ago
    client.get("/inloggad/")
    assert client.session["used"] > long_ago + 1000
    probe(2)


def test_a_stolen_session_is_not_told_and_puts_nothing_into_the_owners(cast, probe):
    client = logged_in()
    mark = mark_of(client.get("/att-gora/").content.decode())
    client.defaults["REMOTE_ADDR"] = "192.0.2.80"
    answer = client.get("/inloggad/", **ASK)
    assert (answer.status_code, "X-Login" in answer, "X-Left" in answer) == (204, False, False)
    for url in ("/regler/", "/om/tillganglighet/", "/logga-in/"):
        text = client.get(url).content.decode()
        assert "data-login" not in text, url
        for word in (cast.officer.organisation_name, "Olle Handläggare", "/att-gora/"):
            assert word not in text, (url, word)
    answer = client.post("/inloggad/", {"first": "2026-12-01", "_sida": "/franvaro/", "_inloggning": mark})
    assert answer.status_code == 401
    assert "parked" not in client.session
    probe(5)


def test_a_page_reloaded_where_the_form_went_leads_on(cast, probe):
    answer = logged_in().get("/inloggad/", headers={"Sec-Fetch-Mode": "navigate"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    probe()


def test_what_is_written_under_one_mandate_is_not_given_back_under_another(cast, probe):
    user = User.objects.get(username="officer")
    other = Mandate.objects.create(
        user=user, organisation_id=cast.stranger_officer.organisation_id, role="case_officer", valid_from="2020-01-01"
    )
    client = browser(cast.officer)
    mark = mark_of(client.get("/franvaro/").content.decode())
    sent = {"first": "2026-12-01", "last": "2026-12-03", "_sida": "/franvaro/", "_inloggning": mark}
    client.post("/logga-ut/")
    blob = parked_in(Client().post("/inloggad/", sent))
    back = Client()
    answer = back.post("/logga-in/", {"username": "officer", "password": PASSWORD, "parked": blob})
    assert answer.headers["Location"] == "/franvaro/"
    assert back.session["mandate"] == cast.officer.mandate_id, "the one it was written under, though the other is newer"
    back.post("/uppdrag/", {"mandate": other.pk})
    assert "2026-12-01" not in back.get("/franvaro/").content.decode()
    back.post("/uppdrag/", {"mandate": cast.officer.mandate_id})
    text = back.get("/franvaro/").content.decode()
    assert "2026-12-01" in text
    assert "Det är inte sparat ännu" in text
    assert "2026-12-01" not in back.get("/franvaro/").content.decode(), "given back once"
    probe(4)


def test_a_form_sent_when_the_browser_has_no_cookie_left_says_whose_it_is(cast, probe):
    _case, _client, url, mark = form_left_open(cast)
    late = Client()
    assert "parked" not in late.post(url, s.REQUEST).content.decode(), "without the mark nobody knows"
    blob = parked_in(late.post(url, {**s.REQUEST, "_inloggning": mark}))
    late.post("/logga-in/", {"username": "officer", "password": PASSWORD, "parked": blob})
    text = late.get(url).content.decode()
    assert s.ADDRESS in text
    assert "_inloggning" not in text
    probe(2)


def test_the_browser_keeps_the_cookie_longer_than_the_session_lasts(cast, settings, probe):
    cookie = logged_in().cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    probe()


def test_what_is_too_long_to_follow_along_is_said(cast, probe):
    client = logged_in()
    mark = mark_of(client.get("/att-gora/").content.decode())
    client.post("/logga-ut/")
    sent = {"reason": "x" * 600_000, "_sida": "/franvaro/", "_inloggning": mark}
    text = client.post("/inloggad/", sent).content.decode()
    assert "för långt för att följa med" in text
    assert 'name="parked"' not in text
    probe()


@pytest.mark.parametrize("ended", ["logged out", "idle", "somebody else"])
def test_what_was_typed_comes_back_after_the_login_and_was_never_taken(cast, probe, ended):
    case, client, url, mark = form_left_open(cast)
    client.post("/logga-ut/") if ended != "idle" else client.session.flush()
    if ended == "somebody else":
        client.post("/logga-in/", {"username": "physician", "password": PASSWORD})
    answer = client.post("/inloggad/", {**s.REQUEST, "_sida": url, "_inloggning": mark})
    text = answer.content.decode()
    assert answer.status_code == 401
    assert "Ingenting har skickats" in text
    assert "60 minuter" not in text, "nobody knows here that it was the time"
    for word in (s.NAME, s.ADDRESS, s.PERSONNUMMER):
        assert word not in text
    assert Assessment.objects.get(pk=case.pk).status == case.status
    blob = parked_in(answer)
    stranger = Client()
    stranger.post("/logga-in/", {"username": "physician", "password": PASSWORD, "parked": blob})
    assert "parked" not in stranger.session
    back = Client().post("/logga-in/", {"username": "officer", "password": PASSWORD, "parked": blob})
    assert back.headers["Location"] == url
    owner = Client()
    owner.post("/logga-in/", {"username": "officer", "password": PASSWORD, "parked": blob})
    assert s.ADDRESS in owner.get(url).content.decode()
    probe(3)


def test_a_form_of_a_login_that_is_still_there_is_given_back_and_not_taken(cast, probe):
    case, client, url, mark = form_left_open(cast)
    answer = client.post("/inloggad/", {**s.REQUEST, "_sida": url, "_inloggning": mark})
    assert (answer.status_code, answer.headers["Location"]) == (302, url)
    assert Assessment.objects.get(pk=case.pk).status == case.status
    assert s.ADDRESS in client.get(url).content.decode()
    probe()


@pytest.mark.parametrize("mark", ["", "1-1", "1-1:AAAA", "x", "\x00"])
def test_without_a_mark_of_ours_nothing_is_carried(cast, probe, mark):
    client = browser(cast.officer)
    answer = client.post("/inloggad/", {"reason": "x", "_sida": "/att-gora/", "_inloggning": mark})
    assert (answer.status_code, answer.headers["Location"], "parked" in client.session) == (302, "/", False)
    probe()


@pytest.mark.parametrize(
    "page", ["https://ond.example/", "//ond.example/", "/\\ond.example/", "javascript:alert(1)", ""]
)
def test_the_page_that_it_goes_back_to_is_one_of_ours(cast, probe, page):
    client = logged_in()
    mark = mark_of(client.get("/att-gora/").content.decode())
    answer = client.post("/inloggad/", {"reason": "x", "_sida": page, "_inloggning": mark})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    probe()


def test_who_has_logged_in_in_another_window_is_let_on_from_this_one(cast, probe):
    """The first login gives the browser a new token, so the form of the second is refused: its owner is in already."""
    client = Client(enforce_csrf_checks=True)
    login(client, cast.officer)
    mark = mark_of(client.get("/franvaro/").content.decode())
    sent = {"first": "2026-12-01", "last": "2026-12-03", "_sida": "/franvaro/", "_inloggning": mark}
    blob = parked_in(Client().post("/inloggad/", sent))
    data = {
        "username": "officer",
        "password": "x",
        "parked": blob,
        "next": "/arenden/",
        "csrfmiddlewaretoken": "x" * 64,
    }
    own = {"headers": {"Sec-Fetch-Site": "same-origin"}}
    for changed, headers in (
        ({"username": "physician"}, own),
        ({}, {}),
        ({}, {"headers": {"Sec-Fetch-Site": "same-site"}}),
    ):
        assert client.post("/logga-in/", data | changed, **headers).status_code == 403
        assert "parked" not in client.session
    answer = client.post("/logga-in/", data | {"parked": ""}, **own)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/arenden/")
    answer = client.post("/logga-in/", data, **own)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/franvaro/")
    assert "2026-12-01" in client.get("/franvaro/").content.decode()
    probe(5)
