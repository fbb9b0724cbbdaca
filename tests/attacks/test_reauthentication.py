"""The password once more: a session used from elsewhere, what is highly sensitive, and the administrator's page."""

from __future__ import annotations

import re
import time
from ipaddress import ip_network

import pytest
from django.test import Client

from accounts import reauthentication
from accounts.models import Login
from orders.models import Unlocking
from tests import situations as s
from tests.attacks.test_sessions import COOKIE, key_of, logged_in
from tests.cast import PASSWORD
from tests.pages import browser

OFFICE = {"REMOTE_ADDR": "10.20.4.17", "HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}
HOME = OFFICE | {"REMOTE_ADDR": "192.0.2.80"}
OTHER_BROWSER = OFFICE | {"HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"}


def later(client, minutes):
    """The password was given so many minutes ago."""
    session = client.session
    at, place = session[reauthentication.PROVED]
    session[reauthentication.PROVED] = [at - minutes * 60, place]
    session.save()


@pytest.mark.parametrize("elsewhere", [HOME, OTHER_BROWSER], ids=["network", "browser"])
def test_a_stolen_session_shows_nothing_and_does_nothing_elsewhere(cast, probe, elsewhere):
    case = s.draft(cast)
    owner = browser(cast.officer, **OFFICE)
    thief = Client(**elsewhere)
    thief.cookies[COOKIE] = key_of(owner)
    for url in ("/att-gora/", f"/arenden/{case.number}/", "/arenden/sok/", "/uppdrag/", "/inloggningar/"):
        answer = thief.get(url)
        assert (answer.status_code, answer.headers["Location"].startswith("/bekrafta/?next=")) == (302, True), url
        answer = thief.post(url, {"personnummer": s.PERSONNUMMER})
        assert answer.status_code == 401, url
        assert s.NAME not in answer.content.decode()
        assert thief.get(url, headers={"X-Requested-With": "fetch"}).status_code == 401
        probe(3)
    for answer in (thief.get("/bekrafta/"), thief.post("/bekrafta/", {"password": "gissat lösenord"})):
        assert answer.status_code in (200, 422)
        text = answer.content.decode()
        assert "/att-gora/" not in text, "no menu"
        assert cast.officer.organisation_name not in text
    assert thief.get("/att-gora/").status_code == 302
    assert owner.get("/att-gora/").status_code == 200, "the owner works on"
    neighbour = Client(**OFFICE | {"REMOTE_ADDR": "10.20.4.200"})
    neighbour.cookies[COOKIE] = key_of(owner)
    assert neighbour.get("/att-gora/").status_code == 200, "an address of the same network"


def test_who_really_moves_gives_the_password_and_loses_nothing_typed(cast, probe):
    case = s.draft(cast)
    client = logged_in()
    client.defaults.update(HOME)
    url = f"/arenden/{case.number}/steg/request/"
    text = client.post(url, s.REQUEST).content.decode()
    assert "Bekräfta att det är du" in text
    parked = re.search(r'name="parked" value="([^"]+)"', text)[1]
    wrong = client.post("/bekrafta/", {"password": "fel", "parked": parked, "next": url, "varfor": "moved"})
    assert wrong.status_code == 422
    assert parked in wrong.content.decode(), "a slip does not cost what was typed"
    before = key_of(client)
    back = client.post("/bekrafta/", {"password": PASSWORD, "parked": parked, "next": url})
    assert (back.status_code, back.headers["Location"]) == (302, url)
    assert key_of(client) != before
    assert Login.objects.filter(session_key=key_of(client)).exists(), "it is still in Mina inloggningar"
    assert s.ADDRESS in client.get(url).content.decode()
    assert client.get("/att-gora/").status_code == 200
    probe(2)


def test_it_leads_nowhere_outside(cast, probe):
    client = logged_in()
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = client.post("/bekrafta/", {"password": PASSWORD, "next": target})
        assert answer.headers["Location"] == "/"
        probe()


def test_another_offices_case_asks_for_the_password_and_then_the_reason(cast):
    case = s.in_progress(cast)
    client = browser(cast.stranger_officer)
    url = f"/arenden/{case.number}/oppna/"
    assert client.get(url).status_code == 200
    later(client, 14)
    assert client.get(url).status_code == 200
    later(client, 2)
    assert client.get(url).headers["Location"].startswith("/bekrafta/?next=")
    reason = "Kollegan är sjuk och utföraren ringer"
    answer = client.post(url, {"reason": reason})
    assert answer.status_code == 401
    assert not Unlocking.objects.exists()
    parked = re.search(r'name="parked" value="([^"]+)"', answer.content.decode())[1]
    assert client.post("/bekrafta/", {"password": PASSWORD, "parked": parked}).headers["Location"] == url
    assert reason in client.get(url).content.decode()
    assert client.post(url, {"reason": reason}).status_code == 302
    assert Unlocking.objects.count() == 1


def test_a_log_extract_asks_for_the_password(cast):
    case = s.delivered(cast)
    client = browser(cast.team)
    url = f"/arenden/{case.number}/logg/"
    assert client.get(url).status_code == 200
    later(client, 16)
    assert client.get(url).headers["Location"].startswith("/bekrafta/?next=")
    assert client.get("/att-gora/").status_code == 200, "everyday work is not stopped"


def test_the_administrators_page_asks_and_is_refused_outside_their_networks(cast, settings):
    settings.ADMIN_NETWORKS = [ip_network("10.20.0.0/16"), ip_network("2001:db8::/32")]
    inside, outside = browser(cast.administrator, **OFFICE), browser(cast.administrator, **HOME)
    assert inside.get("/omrakning/").status_code == 200
    assert browser(cast.administrator, **OFFICE | {"REMOTE_ADDR": "2001:db8::7"}).get("/omrakning/").status_code == 200
    for answer in (outside.get("/omrakning/"), outside.post("/omrakning/", {"omrakning": 1, "svar": "ja"})):
        assert answer.status_code == 403
        assert "eget nät" in answer.content.decode()
    later(inside, 16)
    assert inside.get("/omrakning/").headers["Location"].startswith("/bekrafta/?next=")
    assert inside.post("/omrakning/", {"omrakning": 1, "svar": "ja"}).status_code == 401
    assert browser(cast.officer, **HOME).get("/att-gora/").status_code == 200, "nobody else is bound to them"


def test_a_session_from_before_this_is_asked_once(cast):
    client = browser(cast.officer)
    session = client.session
    del session[reauthentication.PROVED]
    session.save()
    assert client.get("/att-gora/").headers["Location"].startswith("/bekrafta/?next=")
    session[reauthentication.PROVED] = [int(time.time()), "somewhere"]
    session.save()
    assert client.get("/att-gora/").status_code == 302
