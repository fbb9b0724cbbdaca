"""Limits: guessing is slowed, nobody is shut out by another, and no answer tells whether an account or a case exists."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import hashers
from django.core import signing
from django.test import Client

from accounts import guard
from accounts.models import ApiKey, Mandate, User
from fmu_portal import limits
from tests import situations as s
from tests.cast import PASSWORD
from tests.pages import browser
from tests.test_api import Api


def tried(client, username="officer", password="fel", address="192.0.2.1"):
    """One attempt to log in from an address: the answer."""
    return client.post("/logga-in/", {"username": username, "password": password}, REMOTE_ADDR=address)


@pytest.fixture(autouse=True)
def still(monkeypatch):
    """A clock that stands still in the middle of every window: no window ends during a test."""
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_000.0)


def test_guessing_from_one_place_is_stopped_and_says_when_to_come_back(cast, probe):
    answers = [tried(Client()) for _ in range(limits.LOGIN_PAIR.most + 3)]
    assert [a.status_code for a in answers] == [422] * limits.LOGIN_PAIR.most + [429] * 3
    assert 0 < int(answers[-1].headers["Retry-After"]) <= limits.LOGIN_PAIR.seconds
    assert "För många försök. Vänta" in answers[-1].content.decode()
    assert tried(Client(), password=PASSWORD).status_code == 429, "the right password neither"
    assert tried(Client(), password=PASSWORD, address="192.0.2.2").status_code == 302, "from elsewhere it does"
    probe(len(answers) + 2)


@pytest.mark.parametrize(
    "addresses",
    [
        ("2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::9", "2001:DB8:0000::3"),
        ("::ffff:192.0.2.4", "192.0.2.4"),
        ("fe80::1%eth0", "fe80::2%eth1"),
    ],
)
def test_one_network_is_one_place_however_its_addresses_are_written(cast, probe, addresses):
    assert len({limits.network_of(address) for address in addresses}) == 1
    for n in range(limits.LOGIN_PAIR.most):
        assert tried(Client(), address=addresses[n % len(addresses)]).status_code == 422
        probe()
    assert {tried(Client(), address=address).status_code for address in addresses} == {429}


def test_other_networks_are_other_places(probe):
    assert limits.network_of("2001:db8::1") != limits.network_of("2001:db8:0:1::1")
    assert limits.network_of("192.0.2.4") != limits.network_of("192.0.2.5")
    assert limits.network_of("192.0.2.4", ipv4=24) == limits.network_of("192.0.2.5", ipv4=24)
    assert limits.network_of("192.0.2.4", ipv4=24) != limits.network_of("192.0.3.4", ipv4=24)
    assert limits.network_of("unix:") == "unix:"
    probe(5)


def test_an_attacker_cannot_shut_the_owner_out(cast, probe):
    owner = Client()
    assert tried(owner, password=PASSWORD).status_code == 302
    owner.post("/logga-ut/")
    # From the owner's own address, and from two hundred others.
    for n in range(30):
        tried(Client(), address="192.0.2.1")
        tried(Client(), address=f"198.51.100.{n}")
        probe(2)
    assert tried(Client(), password=PASSWORD).status_code == 429, "an unknown browser at that address waits"
    assert tried(owner, password=PASSWORD).status_code == 302, "the owner's own browser does not"
    assert tried(Client(), password=PASSWORD, address="203.0.113.9").status_code == 302, "nor a new one elsewhere"


def test_many_addresses_at_one_account_have_one_try_each(cast, probe):
    for n in range(limits.LOGIN_ACCOUNT.most + 1):
        assert tried(Client(), address=f"198.51.100.{n}").status_code == 422
        probe()
    assert tried(Client(), address="203.0.113.1").status_code == 422
    assert tried(Client(), address="203.0.113.1").status_code == 429
    assert tried(Client(), username="team", address="203.0.113.1").status_code == 422, (
        "another account is not concerned"
    )


def test_one_password_for_many_accounts_is_stopped_by_address(cast, probe):
    most = limits.LOGIN_ADDRESS.most
    codes = [tried(Client(), username=f"person{n}").status_code for n in range(most + 2)]
    assert codes == [422] * most + [429] * 2
    probe(most + 2)


def test_a_known_browser_that_guesses_is_stopped_too(cast, probe):
    owner = Client()
    tried(owner, password=PASSWORD)
    owner.post("/logga-ut/")
    most = limits.LOGIN_DEVICE.most + limits.LOGIN_PAIR.most
    codes = [tried(owner).status_code for _ in range(most + 2)]
    assert codes == [422] * most + [429] * 2
    probe(most + 2)


def test_a_device_cookie_is_for_its_account_and_cannot_be_made(cast, probe):
    owner = Client()
    tried(owner, password=PASSWORD)
    value = owner.cookies[guard.COOKIE].value
    assert "officer" not in value
    forged = (
        "x",
        "~".join(["x"] * 50),
        value[:-2] + "AA",
        signing.dumps(["officer", "x"], salt="other"),
        signing.dumps("text", salt="accounts.guard.device"),
        "a" * 3000,
    )
    for n, cookie in enumerate((*forged, value)):
        client = Client()
        client.cookies[guard.COOKIE] = cookie
        username = "officer" if cookie != value else "team"  # a real one, but another's
        codes = [tried(client, username, address=f"192.0.2.{n}").status_code for _ in range(limits.LOGIN_PAIR.most + 1)]
        assert codes[-1] == 429, cookie
        probe()


def test_parallel_guesses_are_counted_before_they_are_judged(probe):
    limit = limits.Limit("parallel", 5, 900)
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: limits.spend(limit, "one"), range(64)))
    assert waits.count(0) == 5
    probe(64)


def test_no_answer_tells_whether_an_account_exists(cast, probe, monkeypatch):
    User.objects.filter(username="team").update(is_active=False)
    hashed = []
    for name in ("encode", "verify"):
        whole = getattr(hashers.Argon2PasswordHasher, name)

        def counted(self, *args, _whole=whole, _name=name, **kwargs):
            hashed.append(_name)
            return _whole(self, *args, **kwargs)

        monkeypatch.setattr(hashers.Argon2PasswordHasher, name, counted)
    seen = set()
    for n, (username, password) in enumerate(
        (
            ("officer", "fel"),
            ("finns-inte", "fel"),
            ("finns-inte", PASSWORD),
            ("team", "fel"),
            ("team", PASSWORD),
            ("OFFICER", PASSWORD),
            ("officer ' OR 1=1 --", "fel"),
            ("å" * 80, "fel"),
        )
    ):
        answers = []
        for _ in range(limits.LOGIN_PAIR.most + 1):
            hashed.clear()
            answer = tried(Client(), username, password, address=f"192.0.2.{n}")
            text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|nonce="[^"]+"', "", answer.content.decode())
            answers.append((answer.status_code, len(hashed), text.replace(f'value="{username}"', "")))
            probe()
        seen.add(tuple((code, hashes) for code, hashes, _ in answers))
        assert all("stämmer inte" in text for code, _, text in answers if code == 422)
        texts = {text for _, _, text in answers}
        assert len(texts) == 2, "one page for wrong, one for waiting"
    assert seen == {((422, 1),) * limits.LOGIN_PAIR.most + ((429, 0),)}, "as many hashes, the same answers"


def test_a_missing_case_and_a_stranger_s_answer_alike(cast, probe):
    case = s.requested(cast)
    client, api = browser(cast.skane), Api(cast.skane)
    for path in ("", "handelser/", "steg/assign/", "steg/finns-inte/", "bestallning/"):
        texts = []
        for number in (case.number, "2019-999999"):
            answer = client.get(f"/arenden/{number}/{path}")
            text = answer.content.decode().replace(number, "N")
            texts.append((answer.status_code, re.sub(r'nonce="[^"]+"|value="[^"]{64}"', "", text)))
            probe()
        assert texts[0] == texts[1], path
    for path in ("", "events/", "steps/", "documents/"):
        one, other = api.get(f"{case.number}/{path}", 404), api.get(f"2019-999999/{path}", 404)
        assert one == other
        probe(2)


def test_search_by_personnummer_has_an_end(cast, probe, settings):
    settings.LIMITS = {"search": 3}
    client = browser(cast.officer)
    data = {"personnummer": s.PERSONNUMMER}
    codes = [client.post("/arenden/sok/", data).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    last = client.post("/arenden/sok/", data)
    assert "Vänta en stund" in last.content.decode()
    assert 0 < int(last.headers["Retry-After"]) <= 3600
    assert client.get("/arenden/sok/").status_code == 200, "the page itself opens"
    assert browser(cast.team).post("/arenden/sok/", data).status_code == 200, "a colleague is not concerned"
    probe(8)


def test_documents_have_an_end_by_page_and_key_together(cast, probe, settings):
    settings.LIMITS = {"document": 4}
    case = s.ordered(cast)
    document = case.enclosures.sent().first().document_id
    client, api = browser(cast.officer), Api(cast.officer)
    page, call = f"/arenden/{case.number}/handlingar/{document}/", f"{case.number}/documents/{document}/"
    for _ in range(2):
        assert client.get(page).status_code == 200
        api.get(call)
    assert client.get(page).status_code == 429
    assert client.head(page).status_code == 429
    answer = api.get(call, 429)
    assert answer["code"] == "throttled"
    probe(7)


def test_a_key_has_an_end_and_says_when(cast, probe, settings):
    settings.LIMITS = {"api": 3}
    api = Api(cast.officer)
    for _ in range(3):
        api.get("")
    api.get("", 429)
    answer = api.client.get("/api/v1/assessments/")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    Api(cast.officer).get("")  # another key of the same mandate
    probe(6)


def test_trying_keys_has_an_end_and_a_right_key_is_not_concerned(cast, probe, settings):
    settings.LIMITS = {"api_refused": 3}
    for n in range(5):
        Api(key=f"fmu_{n}").get("", 401 if n < 3 else 429)
        probe()
    Api(cast.officer).get("")
    for key in ("", "a b c", "x" * 5000, "å", "fmu_\x00"):
        answer = Client().get("/api/v1/assessments/", headers={"authorization": f"Bearer {key}"})
        assert answer.status_code in (401, 429)
        probe()
    revoked = ApiKey.issue(Mandate.objects.get(pk=cast.officer.mandate_id))
    from django.utils import timezone

    ApiKey.objects.filter(digest=ApiKey.hashed(revoked)).update(revoked_at=timezone.now())
    Api(key=revoked).get("", 429)


def test_pages_have_an_end_per_account(cast, probe, settings):
    settings.LIMITS = {"page": 5}
    client = browser(cast.officer)
    codes = [client.get("/aviseringar/").status_code for _ in range(7)]
    assert codes == [200] * 5 + [429] * 2
    assert client.post("/arenden/ny/", headers={"X-Requested-With": "fetch"}).status_code == 429
    assert browser(cast.officer).get("/aviseringar/").status_code == 429, "another window of the same account"
    probe(9)


def test_without_the_broker_the_limits_hold_in_each_process(cast, probe, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(limits, "_quiet_until", 0.0)
    monkeypatch.setattr(limits, "_here", {})
    codes = [tried(Client()).status_code for _ in range(limits.LOGIN_PAIR.most + 2)]
    assert codes == [422] * limits.LOGIN_PAIR.most + [429] * 2
    assert tried(Client(), username="team", password=PASSWORD, address="192.0.2.7").status_code == 302
    probe(len(codes) + 1)


def test_a_header_that_names_another_address_is_not_believed(cast, probe, settings):
    for n in range(limits.LOGIN_PAIR.most + 1):
        answer = Client(headers={"x-forwarded-for": f"10.0.0.{n}"}).post(
            "/logga-in/", {"username": "officer", "password": "fel"}
        )
        probe()
    assert answer.status_code == 429
    settings.PROXIES = 1
    codes = []
    for n in range(limits.LOGIN_PAIR.most + 1):
        # What the client made up stands to the left of what the proxy added.
        client = Client(headers={"x-forwarded-for": f"10.0.0.{n}, 203.0.113.5"})
        codes.append(client.post("/logga-in/", {"username": "officer", "password": "fel"}).status_code)
        probe()
    assert codes[-1] == 429


def test_the_broker_learns_no_account_and_no_address(cast, probe):
    import redis
    from django.conf import settings

    tried(Client(), address="192.0.2.77")
    client = redis.Redis.from_url(settings.REDIS_URL)
    keys = [key.decode() for key in client.scan_iter(f"{limits.PREFIX}*")]
    assert len(keys) == 3
    assert not any("officer" in key or "192.0.2" in key for key in keys)
    assert all(0 < client.ttl(key) <= 3600 for key in keys), "each forgets itself"
    probe()
