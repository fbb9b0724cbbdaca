"""Forged forms, redirects, hosts, headers and mail: what a request brings decides nothing it should not."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from accounts.models import Organisation, User
from fmu_portal.models import Event, Notice
from orders.models import Assessment
from tests import situations as s
from tests.cast import PASSWORD
from tests.pages import browser, login
from tests.test_access_walk import PAGES, filled


def own_routes(case):
    """The addresses of each route of the pages for a case."""
    document = case.enclosures.sent().first().document_id
    return [list(filled(route, case, document)) for route in PAGES if not route.startswith("api/")]


def own_addresses(case):
    return [url for urls in own_routes(case) for url in urls]


# --- CSRF


def test_no_address_takes_a_form_without_its_token(cast, probe):
    case = s.delivered(cast)
    events = Event.objects.count()
    forged = ({}, {"csrfmiddlewaretoken": "x" * 64}, {"csrfmiddlewaretoken": ""})
    for actor in (cast.officer, cast.physician, cast.region, cast.administrator):
        client = login(Client(enforce_csrf_checks=True), actor)
        for turn, urls in enumerate(own_routes(case)):
            # By the officer all three on the first address of every route, and one on each of the others; by the others
            # one on every route, each route another.
            for number, url in enumerate(
                urls if actor is cast.officer else urls[turn % len(urls) :][:1] if urls else ()
            ):
                if url == "/halsa":
                    continue  # says how it is, takes nothing
                if url == "/inloggad/":  # takes a form from a window of ours alone, by its mark, and does nothing by it
                    answer = client.post(url, {**forged[1], "_sida": "/att-gora/"})
                    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
                    assert "parked" not in client.session
                    continue
                for data in forged if actor is cast.officer and number == 0 else forged[(turn + number) % 3 :][:1]:
                    answer = client.post(url, data)
                    assert answer.status_code == 403, (url, answer.status_code)
                    assert "Formuläret skickades inte" in answer.content.decode(), url
                    probe()
    assert Event.objects.count() == events


def test_a_token_of_another_s_is_none(cast, probe):
    one, other = (login(Client(enforce_csrf_checks=True), a) for a in (cast.officer, cast.team))
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', one.get("/att-gora/").content.decode())[1]
    other.get("/att-gora/")
    assert other.post("/arenden/ny/", {"csrfmiddlewaretoken": token}).status_code == 403
    assert one.post("/arenden/ny/", {"csrfmiddlewaretoken": token}).status_code == 302
    evil = {"origin": "https://evil.example"}
    assert one.post("/arenden/ny/", {"csrfmiddlewaretoken": token}, headers=evil).status_code == 403
    for referer in ("https://evil.example/", "https://testserver.evil.example/", "", "x"):
        answer = one.post("/arenden/ny/", {"csrfmiddlewaretoken": token}, secure=True, headers={"referer": referer})
        assert answer.status_code == 403, referer
        probe()
    assert one.post("/logga-in/", {"username": "team", "password": PASSWORD}).status_code == 403, "nor a login"
    probe(4)


def test_the_api_takes_no_cookie(cast, probe):
    case = s.requested(cast)
    client = browser(cast.region)
    for path in ("", f"{case.number}/", f"{case.number}/steps/return/"):
        answer = client.post(f"/api/v1/assessments/{path}", {"reason": "x"}, content_type="text/plain")
        assert answer.status_code == 401
        assert client.get(f"/api/v1/assessments/{path}").status_code == 401
        probe(2)
    assert s.fresh(case).status == "requested"


def test_nothing_is_changed_by_reading(cast, probe):
    case = s.delivered(cast)
    before = Event.objects.count(), s.fresh(case).version
    for actor in (cast.officer, cast.physician):
        client = browser(actor)
        for url in own_addresses(case):
            if "steg" in url or url in ("/logga-ut/", "/arenden/ny/"):
                client.get(url, {"gor": "fortsatt", "sedd": "1", "reason": "x", "password": PASSWORD})
                probe()
        assert client.get("/att-gora/").status_code == 200, "not even logged out"
    assert (Event.objects.count(), s.fresh(case).version) == before


# --- open redirects

ELSEWHERE = [
    "https://evil.example/", "http:evil.example", "https:evil.example", "//evil.example", "///evil.example",
    "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\t/evil.example", "\t//evil.example",
    " //evil.example", "/\n/evil.example", "//evil.example/%2f..", "//localhost@evil.example", "javascript:alert(1)",
    "data:text/html,x", "https://localhost:8000@evil.example", "/%09/evil.example", "/%5cevil.example", "//\x00evil.example",
    "http://[::1", "/ /evil.example", "https;//evil.example", ".evil.example", "evil.example", "/../../evil", "?x", "#x",
    "//%65vil.example", "/\u3000/evil.example", "\u2028//evil.example", "/.//evil.example", "ftp://evil.example",
    "//evil.example\\@testserver", "/redirect?x=//evil.example", "HTTPS://evil.example", "//EVIL.example", "///\\evil.example",
]  # fmt: skip


def leads_away(location):
    """Whether a browser would leave the portal (tabs and line breaks are dropped, backslashes are slashes)."""
    seen = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
    return seen.startswith("//") or bool(re.match(r"[a-zA-Z][\w+.-]*:", seen)) or not seen.startswith("/")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_next_leads_away(cast, probe, target):
    for url in ("/logga-in/", f"/logga-in/?next={quote(target)}"):
        client = Client()
        answer = client.post(url, {"username": "officer", "password": PASSWORD, "next": target})
        if "%00" in url:
            assert answer.status_code == 400
            continue
        assert answer.status_code == 302
        assert not leads_away(answer.headers["Location"]), answer.headers["Location"]
        probe()
    mandate = {"mandate": cast.officer.mandate_id, "next": target}
    answer = browser(cast.officer).post("/uppdrag/", mandate)
    assert not leads_away(answer.headers["Location"])
    answer = Client().get("/logga-in/", {"next": target})
    if answer.status_code == 400:
        return
    page = answer.content.decode()
    assert 'action="/logga-in/"' in page
    assert "javascript:" not in re.sub(r'<input type="hidden"[^>]*>', "", page)
    probe(2)


@pytest.mark.parametrize("path", ["//evil.example/", "//evil.example/%2e%2e", "/\\evil.example", "/%5cevil.example"])
def test_a_missing_slash_leads_nowhere_else(probe, path, db):
    answer = Client().get(path)
    assert "Location" not in answer.headers or not leads_away(answer.headers["Location"])
    probe()


# --- hosts and headers


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "testserver.evil.example",
        "testserver:80@evil.example",
        "evil.example:80",
        "",
        "a b",
        "[::1",
        "x\ty",
    ],
)
def test_another_host_is_refused_and_never_echoed(cast, probe, host):
    for headers in ({"host": host}, {"x-forwarded-host": host}):
        answer = Client(headers=headers).get("/logga-in/")
        text = answer.content.decode() + str(answer.headers)
        assert answer.status_code == (400 if "host" in headers else 200)
        assert not host or len(host) < 5 or host not in text
        probe()


def test_links_in_mail_come_from_the_settings_and_not_from_a_request(cast, probe, settings):
    from orders.notices import send_mail

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    case = s.requested(cast)
    notice = Notice.objects.create(
        key="k", organisation_id=cast.region.organisation_id, case_id=case.pk, case_number=case.number, text="t"
    )
    Client(headers={"host": "evil.example"}).get("/")
    send_mail({"notice": notice.pk, "organisation": cast.region.organisation_id})
    assert f"{settings.PUBLIC_URL}/arenden/" in mail.outbox[-1].body
    assert "evil" not in mail.outbox[-1].message().as_string()
    probe()


NAMES = [
    "x\r\nBcc: evil@example.org", "x\nSet-Cookie: a=b", 'x"; filename="evil.html', "../../etc/passwd", "a\x00b.pdf",
    "å\u202efdp.exe",
    "<img src=x onerror=alert(1)>.pdf", "x\r\n\r\n<html>", "=HYPERLINK(1).pdf", "%0d%0aX: y.pdf", "con.pdf", "a" * 300 + ".pdf",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_file_s_name_makes_no_header_and_no_markup(cast, probe, name):
    from tests.test_api import Api

    case = s.assigned(cast)
    client = browser(cast.officer)
    url = f"/arenden/{case.number}/steg/order/"
    file = s.upload("x.pdf")
    file._name = name  # what the constructor would tidy
    client.post(
        url, {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02", "ny-files_chosen": file}
    )
    s.check_files()
    page = client.get(url).content.decode()
    assert "<img src=x" not in page
    for row in case.enclosures.select_related("document"):
        stored = row.document.name
        assert not set(stored) & set("\r\n\x00/\\"), stored
        answer = client.get(f"/arenden/{case.number}/handlingar/{row.document_id}/")
        assert re.fullmatch(r'inline; filename="handling-[\d-]+\.pdf"', answer.headers["Content-Disposition"])
        call = Api(cast.officer).get(f"{case.number}/documents/{row.document_id}/")
        assert "\n" not in call.headers["Content-Disposition"]
        assert call.headers["Content-Disposition"].startswith("attachment;")
        assert not {"Bcc", "Set-Cookie", "X"} & set(call.headers)
    probe()


@pytest.mark.parametrize(
    "name",
    [
        "Enhet\nBcc: evil@example.org",
        "=HYPERLINK('http://evil','x')",
        "<script>alert(1)</script>",
        "x\r\n\r\n.\r\nRCPT",
    ],
)
def test_an_organisation_s_or_address_s_name_makes_no_mail_of_its_own(cast, probe, name, settings):
    from orders.notices import send_mail

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Organisation.objects.filter(pk=cast.region.organisation_id).update(name=name)
    case = s.requested(cast)
    notice = Notice.objects.create(
        key="k",
        organisation_id=cast.region.organisation_id,
        case_id=case.pk,
        case_number=case.number,
        text=f"Till {name}"[:200],
    )
    send_mail({"notice": notice.pk, "organisation": cast.region.organisation_id})
    message = mail.outbox[-1].message()
    assert message["Bcc"] is None
    assert mail.outbox[-1].recipients() == ["stockholm@example.org"]
    assert set(message.keys()) == {"Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To",
                                   "Date", "Message-ID"}  # fmt: skip
    Organisation.objects.filter(pk=cast.region.organisation_id).update(email="a@example.org\nBcc: evil@example.org")
    with pytest.raises(ValueError, match="newlines"):
        send_mail({"notice": notice.pk, "organisation": cast.region.organisation_id})
    for page in ("/att-gora/", f"/arenden/{case.number}/"):
        assert "<script>alert" not in browser(cast.region).get(page).content.decode()
    probe(4)


# --- paths

PATHS = [
    "../../../etc/passwd", "..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/etc/passwd", "....//....//etc/passwd", "..\\..\\settings.py",
    "%252e%252e%252f", "/etc/passwd", "portal.css/../../manage.py", "portal.css%00.html", "vendor/..%5c..%5csecrets", "~root",
    "../secrets/django_secret_key", "%c0%ae%c0%ae/", "file:///etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_its_folder(cast, probe, path):
    case = s.draft(cast)
    client = browser(cast.officer)
    for prefix in ("/static/", "/", f"/arenden/{case.number}/handlingar/", f"/arenden/{case.number}/utlatande/", "/arenden/",
                   f"/arenden/{case.number}/steg/", "/api/v1/", "/om/"):  # fmt: skip
        answer = client.get(prefix + path)
        assert answer.status_code in (301, 302, 400, 401, 404, 405), (prefix, path, answer.status_code)
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"root:" not in text
        assert b"DJANGO_SETTINGS" not in text
        assert settings.SECRET_KEY.encode() not in text
        probe()


# --- more than the form asks for

EXTRA = {
    "status": "accepted", "version": "99", "region": "1", "region_id": "1", "number": "2020-000001", "id": "1", "pk": "1",
    "performer_id": "1", "agency_office": "1", "last_event": "1", "delivered_late": "", "case_officer": "1", "user_id": "1",
    "is_active": "", "role": "administrator", "mandate": "1", "organisation_id": "1", "created_at": "2000-01-01", "__all__": "x",
    "actor": "1", "subject": "1", "at": "2000-01-01", "signed_by_id": "1", "staged_by_id": "1", "due": "2000-01-01",
    "requested_on": "2000-01-01", "person": "1", "identity_hash": "x",
}  # fmt: skip


def test_a_form_s_extra_fields_are_nothing(cast, probe):
    def story(extra):
        client = browser(cast.officer)
        url = client.post("/arenden/ny/", extra).headers["Location"]
        check = client.post(url, extra | s.REQUEST | {"personnummer": s.OTHER_PERSONNUMMER}).headers["Location"]
        number = client.post(check, extra).headers["Location"].split("/")[2]
        region = browser(cast.region)
        region.post(f"/arenden/{number}/steg/assign/", extra | {"performer": cast.admin.organisation_id})
        return Assessment.objects.values().get(number=number)

    plain, rich = story({}), story(EXTRA)
    differs = {key for key in plain if plain[key] != rich[key]}
    assert differs <= {"id", "number", "last_event_id", "person_id", "created_at"}, differs
    assert User.objects.get(username="officer").is_active
    probe(len(EXTRA) * 4)


@pytest.mark.parametrize("field", [*EXTRA, "constructor", "__class__", "pk__in", "status__in"])
def test_a_call_s_extra_field_is_refused(cast, probe, field):
    from tests.test_api import REQUEST, Api

    officer = Api(cast.officer)
    count = Assessment.objects.count()
    if field in REQUEST:
        return
    officer.post("", REQUEST | {field: EXTRA.get(field, "1")} if field != "region" else {"region": {"id": 1}}, 422)
    assert Assessment.objects.count() == count
    case = s.assigned(cast)
    officer.step(case, "withdraw", 422, reason="x", **{field: "1"})
    assert s.fresh(case).status == "assigned"
    probe(2)


# --- forged, replayed, stale


def test_the_same_form_twice_is_one_event_for_every_step(cast, probe):
    for name, make in s.IN_STATUS.items():
        case = made = make(cast)
        for actor in (cast.officer, cast.region, cast.admin, cast.physician):
            # A case that nobody has changed yet serves the next as well.
            case = case if s.fresh(case).version == made.version else make(cast)
            client = browser(actor)
            page = client.get(f"/arenden/{case.number}/")
            if page.status_code == 404:
                continue
            steps = [*page.context["more"], *([page.context["primary"]] if page.context["primary"] else [])]
            version = s.fresh(case).version
            for step in steps:
                url = f"/arenden/{case.number}/steg/{step.name}/"
                data = {"reason": "Skäl", "sedd": str(version)}
                first = client.post(url, data)
                if "kontrollera" in first.headers.get("Location", ""):
                    url += "kontrollera/"
                    first = client.post(url, data)
                taken = Event.objects.filter(case_id=case.pk).count()
                changed = s.fresh(case).version != version
                again = client.post(url, data)
                probe()
                assert again.status_code < 500
                if changed:
                    assert Event.objects.filter(case_id=case.pk).count() == taken, (name, step.name)
                    assert again.status_code in (302, 403, 404, 409), (name, step.name, again.status_code)
                    break


@pytest.mark.parametrize("seen", ["-1", "0", "999999", "x", "1e9", "9" * 40, "١"])
def test_a_made_up_version_breaks_nothing(cast, probe, seen):
    case = s.requested(cast)
    before = s.fresh(case).version
    answer = browser(cast.region).post(f"/arenden/{case.number}/steg/return/", {"reason": "Skäl", "sedd": seen})
    assert answer.status_code in (302, 409, 422)
    # The version seen tells what happened in between; what may be taken follows from the locked row alone.
    assert s.fresh(case).version <= before + 1
    assert s.fresh(case).status in ("requested", "returned")
    probe()


def test_a_step_of_the_clock_or_of_nobody_is_forged_in_vain(cast, probe):
    case = s.in_progress(cast)
    for step in ("record_silence", "finns-inte", "__init__", "deliver/../complete", "DELIVER", "deliver%00"):
        for actor in (cast.officer, cast.region, cast.physician):
            answer = browser(actor).post(f"/arenden/{case.number}/steg/{step}/", {"sedd": str(case.version)})
            assert answer.status_code in (400, 403, 404), (step, answer.status_code)
            probe()
    assert s.fresh(case).version == case.version


def test_a_kept_form_of_another_or_made_up_is_nothing(cast, probe):
    for blob in ("x", "gAAAAA" + "A" * 100, "", "\x00"):
        client = Client()
        answer = client.post("/logga-in/", {"username": "officer", "password": PASSWORD, "parked": blob})
        assert answer.status_code == 302, blob
        assert client.get("/att-gora/").status_code == 200
        probe()
