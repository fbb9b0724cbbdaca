"""Byt lösenord: one's own, by the one in use; long enough, not a common one, and every other login ends."""

from __future__ import annotations

import json
import logging

import pytest
from django.test import Client

from accounts import parked
from accounts.models import Login, User
from tests.cast import PASSWORD
from tests.pages import browser

NEW = "fyra lugna katter badar"
URL = "/losenord/"


def logged_in(username: str = "officer", password: str = PASSWORD) -> Client:
    client = Client()
    answer = client.post("/logga-in/", {"username": username, "password": password}, secure=True)
    assert answer.status_code == 302
    return client


def change(client: Client, new: str = NEW, again: str | None = None, password: str = PASSWORD):
    data = {"password": password, "new_password": new, "new_password_again": new if again is None else again}
    return client.post(URL, data, secure=True)


def is_password(word: str) -> bool:
    return User.objects.get(username="officer").check_password(word)


def test_the_new_password_lets_in_and_the_old_does_not(cast):
    client = logged_in()
    assert client.get(URL, secure=True).status_code == 200
    assert change(client).headers["Location"] == "/inloggningar/"
    assert is_password(NEW)
    assert not is_password(PASSWORD)
    assert "Ditt lösenord är bytt" in client.get("/inloggningar/", secure=True).content.decode()
    assert Client().post("/logga-in/", {"username": "officer", "password": PASSWORD}, secure=True).status_code == 422
    logged_in(password=NEW)


def test_every_other_login_ends_and_this_one_gets_a_new_id(cast):
    here, there = logged_in(), logged_in()
    stolen = Client()
    stolen.cookies = here.cookies.copy()
    before = here.cookies["__Host-session"].value
    assert change(here).status_code == 302
    assert here.cookies["__Host-session"].value != before
    assert here.get("/att-gora/", secure=True).status_code == 200
    assert there.get("/att-gora/", secure=True).status_code == 302
    assert stolen.get("/att-gora/", secure=True).status_code == 302
    assert Login.objects.filter(user__username="officer", ended_at=None).count() == 1


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("fjorton-tecken", "för kort"),
        ("x" * 14, "minst 15 tecken"),
        ("1q2w3e4r5t6y7u8i", "vanliga"),
        ("Olle Handläggare", "liknar ditt namn"),
        ("bra FMU-portalen nu", "portalens eller din organisations namn"),
        ("KontoretEtt är bäst", "portalens eller din organisations namn"),
        (PASSWORD, "redan har"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused_with_a_reason(cast, new, words):
    client = logged_in()
    answer = change(client, new)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert is_password(PASSWORD)


@pytest.mark.parametrize(
    "new", ["a" * 7 + " " + "b" * 7, "bara små ord här", "  mellanslag ytterst  ", "😀" * 15, "å" * 200]
)
def test_no_kind_of_sign_is_asked_for_and_none_is_cut_off(cast, new):
    client = logged_in()
    assert change(client, new).status_code == 302
    assert is_password(new)
    assert not is_password(new[:-1])


def test_two_that_differ_and_a_wrong_one_in_use_are_refused(cast):
    client = logged_in()
    answer = change(client, again=NEW + "!")
    assert answer.status_code == 422
    assert "två olika lösenord" in answer.content.decode()
    answer = change(client, password="fel-losenord-1")
    assert answer.status_code == 422
    assert "Lösenordet stämmer inte" in answer.content.decode()
    assert NEW not in answer.content.decode()
    assert is_password(PASSWORD)


def test_guessing_the_password_in_use_is_slowed_here_too(cast):
    client = browser(cast.officer)
    answers = [change(client, password=f"gissning-{n}") for n in range(30)]
    assert "För många försök" in answers[-1].content.decode()
    assert "För många försök" in change(client).content.decode()
    assert is_password(PASSWORD)


def test_it_is_ones_own_and_needs_no_mandate(cast):
    assert Client().get(URL, secure=True).headers["Location"].startswith("/logga-in/")
    user = User.objects.get(username="administrator")
    user.mandates.update(valid_to="2020-01-01")
    client = Client()
    client.post("/logga-in/", {"username": "administrator", "password": PASSWORD}, secure=True)
    assert client.get(URL, secure=True).status_code == 200
    assert change(client).status_code == 302
    assert is_password(PASSWORD)
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_it_is_logged_without_a_word_of_it(cast, caplog):
    client = logged_in()
    with caplog.at_level(logging.INFO):
        change(client, password="fel-losenord-1")
        change(client)
    assert "password_changed" in caplog.text
    for word in (NEW, PASSWORD, "fel-losenord-1"):
        assert word not in caplog.text


def test_a_form_that_came_after_the_session_ended_carries_no_password(cast, rf):
    data = {"password": PASSWORD, "new_password": NEW, "new_password_again": NEW, "other": "kvar"}
    kept = parked.unwrap(parked.wrap(rf.post(URL, data), 7, 0), 7)
    assert kept is not None
    assert json.dumps(kept.fields) == json.dumps({"other": ["kvar"]})
