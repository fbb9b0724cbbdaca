"""What was tried and what was refused leaves a line that says who, where and when, and quotes nobody."""

from __future__ import annotations

import io
import logging
import logging.config
import re

import pytest
from django.test import Client

from accounts.models import ApiKey, Mandate, User
from tests import situations as s
from tests.cast import PASSWORD
from tests.pages import browser
from tests.test_api import Api

MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:INFO|WARNING|ERROR) ")


@pytest.fixture
def lines(settings):
    """The lines of `fmu.security`, through the settings' own logging."""
    stream = io.StringIO()
    handler = {"class": "logging.StreamHandler", "formatter": "plain", "stream": stream}
    logging.config.dictConfig({**settings.LOGGING, "handlers": {"stderr": handler}})
    yield lambda: [line for line in stream.getvalue().splitlines() if " fmu.security " in line]
    logging.config.dictConfig(settings.LOGGING)


def test_every_way_to_log_in_or_not_leaves_a_line(cast, lines, probe):
    officer = User.objects.get(username="officer")
    client = Client(REMOTE_ADDR="192.0.2.7")
    for username, password in (("officer", "fel-losenord-9"), ("ingen.sadan", "fel-losenord-9"), ("officer", PASSWORD)):
        client.post("/logga-in/", {"username": username, "password": password})
    client.post("/inloggningar/", {"password": "fel-losenord-9"})
    client.post("/inloggningar/", {"password": PASSWORD})
    client.post("/logga-ut/")
    Client(REMOTE_ADDR="192.0.2.8").get("/api/v1/assessments/", headers={"authorization": "Bearer fmu_gissad"})
    found = lines()
    assert all(MOMENT.match(line) for line in found), found
    said = [line.split(" fmu.security ")[1] for line in found]
    assert said == [
        f"login_failed user={officer.pk} address=192.0.2.7",
        "login_failed user=none address=192.0.2.7",
        f"login user={officer.pk} by=password address=192.0.2.7",
        f"password_failed user={officer.pk} address=192.0.2.7",
        f"password_given user={officer.pk} address=192.0.2.7",
        f"sessions_ended user={officer.pk} count=0 address=192.0.2.7",
        f"logout user={officer.pk} address=192.0.2.7",
        "key_refused address=192.0.2.8",
        "refused status=401 view=api-cases address=192.0.2.8",
    ]
    for word in ("fel-losenord-9", "ingen.sadan", "officer", PASSWORD, "fmu_gissad"):
        assert word not in "\n".join(found)
        probe()


def test_what_is_refused_says_to_whom_and_which_case(cast, lines, probe):
    case = s.delivered(cast)
    stranger = cast.other_physician
    who = f"user={stranger.user_id} mandate={stranger.mandate_id}"
    client = browser(stranger)
    client.get(f"/arenden/{case.number}/")
    client.get("/arenden/sok/")
    client.get("/arenden/2099-999999/?personnummer=198501279841")
    key = ApiKey.issue(Mandate.objects.get(pk=stranger.mandate_id))
    client.get(f"/api/v1/assessments/{case.number}/", headers={"authorization": f"Bearer {key}"})
    client.post("/arenden/ny/", headers={"sec-fetch-site": "cross-site"})
    client.post("/arenden/ny/")
    said = [line.split(" fmu.security refused ")[1] for line in lines() if "refused status" in line]
    assert said[0].startswith(f"status=404 view=case case={case.number} {who}")
    assert said[1] == f"status=404 view=case case=2099-999999 {who} address=127.0.0.1"
    assert said[2].startswith(f"status=404 view=api-case case={case.number} {who}")
    assert said[3] == "status=403 address=127.0.0.1"
    assert said[4].startswith(f"status=403 view=create {who}")
    assert "198501279841" not in "".join(lines())
    assert not [word for word in (s.NAME, s.PERSONNUMMER) if word in "".join(lines())]
    probe(6)


def test_a_choice_that_no_page_offers_leaves_a_line_without_the_choice(cast, lines, probe):
    case = s.in_progress(cast)
    client = browser(cast.officer)
    client.post(f"/arenden/{case.number}/steg/end/", {"cause": "<script>hemligt</script>", "sedd": case.version})
    client.post(f"/arenden/{case.number}/steg/end/", {"cause": "", "sedd": case.version})
    client.get("/arenden/?status=hemligt")
    Api(cast.officer).step(case, "end", 422, cause="hemligt")
    said = [line.split(" fmu.security ")[1] for line in lines() if "not_offered" in line]
    who = f"user={cast.officer.user_id} mandate={cast.officer.mandate_id} address=127.0.0.1"
    assert said[0] == f"not_offered fields=cause view=step case={case.number} {who}"
    assert said[1] == f"not_offered fields=status view=cases {who}"
    assert said[2].startswith(f"not_offered fields=cause view=api-step-end case={case.number} ")
    assert len(said) == 3, "an empty field is everyday work"
    assert "hemligt" not in "".join(lines())
    probe(3)


def test_a_broken_limit_leaves_a_line(cast, lines, settings, probe):
    settings.LIMITS = {"page": 2, "login_pair": 1}
    client = browser(cast.officer)
    for _ in range(3):
        client.get("/att-gora/")
    for _ in range(2):
        Client().post("/logga-in/", {"username": "officer", "password": "fel-losenord-9"})
    text = "\n".join(lines())
    assert f"refused status=429 view=work-basket user={cast.officer.user_id}" in text
    assert f"login_limited user={cast.officer.user_id}" in text
    probe(2)


def test_a_stranger_who_asks_for_nothing_of_ours_makes_no_line(db, lines, probe):
    Client().get("/wp-login.php")
    Client().get("/static/finns-inte.css")
    assert lines() == []
    probe(2)
