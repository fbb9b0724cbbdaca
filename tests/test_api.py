"""The API: the whole job with a key, who sees what, and an answer for everything that goes wrong."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiKey, Mandate
from accounts.permissions import See
from documents.models import Document, Opening
from documents.storage import storage
from fmu_portal.models import Event
from orders.api.steps import STEPS
from orders.models import Assessment, Enclosure, ReportVersion
from tests import situations as s

ROOT = "/api/v1/assessments/"
REQUEST = s.REQUEST | {"interpreter": False}
ORDER = s.ORDER | {
    "interpreter": False,
    "expandable": True,
    "medical": True,
    "self_rating": False,
    "own_documents": False,
    "contact_confirmed": True,
}


class Api:
    """Calls as one of the cast."""

    def __init__(self, actor: Any = None, key: str = "") -> None:
        if actor is not None:
            key = ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id), may_sign=True)
        self.client = Client(headers={"Authorization": f"Bearer {key}"} if key else {})

    def get(self, path: str, status: int = 200, /, **query: Any) -> Any:
        response = self.client.get(path if path.startswith("/") else ROOT + path, query)
        return self._checked(response, status)

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body)
        return self._checked(self.client.post(ROOT + path, raw, content_type="application/json"), status)

    def step(self, case: Any, step: str, status: int = 200, /, **body: Any) -> Any:
        number = case if isinstance(case, str) else case.number
        return self.post(f"{number}/steps/{step}/", body, status)

    def upload(self, number: str, kind: str, status: int = 201, text: str = "Handling", **data: Any) -> Any:
        data = {"file": s.upload(text=text), "kind": kind, "dated": "2026-01-02"} | data
        return self._checked(self.client.post(f"{ROOT}{number}/documents/", data), status)

    def delete(self, path: str, status: int) -> Any:
        return self._checked(self.client.delete(ROOT + path), status)

    @staticmethod
    def _checked(response: Any, status: int) -> Any:
        content = b"" if response.streaming else response.content
        assert response.status_code == status, content.decode()
        assert response.headers["Cache-Control"] == "no-store"
        if response.streaming or status == 204:
            return response
        answer = response.json()
        if status >= 400:
            assert response.headers["Content-Type"] == "application/problem+json"
            assert answer["status"] == status
            assert answer["type"] == f"urn:fmu-portalen:{answer['code']}"
            assert answer["title"]
        return answer


# --- the job


def test_the_whole_job_from_request_to_complete(cast):
    officer, region = Api(cast.officer), Api(cast.region)
    admin, physician = Api(cast.admin), Api(cast.physician)

    case = officer.post("", REQUEST, 201)
    number = case["number"]
    assert (case["status"], case["person"]["name"]) == ("requested", s.NAME)
    assert officer.get("", number=number)["results"][0]["number"] == number

    form = region.get(f"{number}/steps/assign/")["inputs"]
    choices = {choice["label"]: choice["value"] for choice in form[0]["choices"]}
    taken = region.step(number, "assign", performer=choices["Enheten Ett"], seen_version=case["version"])
    assert taken["assessment"]["status"] == "assigned"
    assert region.get(f"{number}/")["performer"]["name"] == "Enheten Ett"
    assert taken["event"]["sentence"] == "Regionen tilldelade utredningen till Enheten Ett."

    document = officer.upload(number, "medical")
    assert (document["state"], document["pages"], document["may_open"]) == ("received", None, False)
    assert officer.get(f"{number}/documents/{document['id']}/", 409)["code"] == "document_not_openable"
    s.check_files()
    document = officer.get(f"{number}/documents/")["results"][0]
    assert (document["state"], document["pages"], document["may_open"]) == ("clean", 1, True)
    assert (document["warning_page"], document["sent_at"]) == (None, None)
    assert len(document["sha256"]) == 64
    officer.step(number, "order", **ORDER)
    ordered = officer.get(f"{number}/")
    assert (ordered["status"], ordered["report_due_provisional"]) == ("ordered", True)

    named = admin.get(f"{number}/steps/name_physician/")["inputs"][0]["choices"]
    chosen = next(choice["value"] for choice in named if choice["label"].startswith("Lo Läkare"))
    admin.step(number, "name_physician", physician=chosen, others=[cast.psychologist.user_id])
    admin.step(number, "confirm")
    confirmed = admin.get(f"{number}/")
    assert confirmed["report_due"] == ordered["report_due"]
    assert confirmed["report_due_provisional"] is False
    assert physician.get(f"{number}/documents/{document['id']}/").getvalue().startswith(b"%PDF")

    assert "deliver" not in {row["step"] for row in physician.get(f"{number}/steps/")["results"]}
    visit = {
        "profession": "physician", "assessor": chosen, "day": timezone.localdate().isoformat(), "start": "00:00",
        "minutes": 90, "meeting": "video", "came": "came", "hours": "1,5",
    }  # fmt: skip
    taken = physician.post(f"{number}/visits/steps/register/", visit)
    assert (taken["part"]["status"], taken["event"]["process"]) == ("carried_out", "visit")
    assert "Tolken kom, 1,5 timmar." in taken["part"]["words"]
    assert physician.get(f"{number}/visits/")["results"][0]["status"] == "carried_out"

    steps = {row["step"]: row for row in physician.get(f"{number}/steps/")["results"]}
    assert steps["deliver"]["sends"] == ["report"]
    assert steps["deliver"]["href"] == f"{ROOT}{number}/steps/deliver/"
    report = physician.upload(number, "report", dated="")
    s.check_files()
    physician.step(number, "deliver", source="upload", responsible=True)
    delivered = physician.get(f"{number}/")
    assert (delivered["status"], delivered["delivered_late"]) == ("delivered", False)
    assert delivered["report_versions"][0]["document"] == report["id"]

    assert officer.get(f"{number}/documents/{report['id']}/").getvalue().startswith(b"%PDF")
    done = officer.step(number, "complete", report_version=delivered["report_version"], complete=True)
    assert done["assessment"]["status"] == "accepted"
    assert done["assessment"]["version"] == 8
    events = officer.get(f"{number}/events/")["results"]
    assert [event["step"] for event in events] == [
        "complete", "deliver", "register", "confirm", "name_physician", "order", "assign", "request", "create"
    ]  # fmt: skip
    assert all(not duty["open"] for duty in officer.get(f"{number}/duties/")["results"])


def test_the_steps_are_those_of_the_door(cast):
    case = s.requested(cast)
    rows = Api(cast.region).get(f"{case.number}/steps/")["results"]
    assert [row["step"] for row in rows if f"{case.number}/steps/" in row["href"]] == [
        "return",
        "assign",
        "hand_over",
        "propose_end",
    ]
    assert [row["href"].rsplit("/", 4)[1:] for row in rows[4:]] == [
        ["deviations", "steps", "report", ""],
        ["inquiries", "steps", "ask", ""],
    ]
    assert Api(cast.finance).get(f"{case.number}/steps/")["results"] == []


def test_a_draft_first_and_the_request_after(cast):
    officer = Api(cast.officer)
    draft = officer.post("", None, 201)
    assert (draft["status"], draft["person"], draft["region"]) == ("draft", None, None)
    assert officer.step(draft["number"], "request", **REQUEST)["assessment"]["status"] == "requested"


def test_a_request_with_errors_leaves_no_draft(cast):
    before = Assessment.objects.count()
    answer = Api(cast.officer).post("", REQUEST | {"personnummer": "19850127-0000"}, 422)
    assert (answer["code"], list(answer["errors"])) == ("invalid_input", ["personnummer"])
    assert Assessment.objects.count() == before


def test_yes_and_no_may_be_said_in_words_too(cast):
    assert Api(cast.officer).post("", s.REQUEST, 201)["interpreter"] is False


def test_what_is_left_out_is_what_the_page_proposes(cast):
    case = s.in_progress(cast)
    assert s.fresh(case).special_needs == "Hörselslinga"
    Api(cast.officer).step(case, "add", text="Ny telefon", phone="070-174 06 06")
    assert s.fresh(case).special_needs == "Hörselslinga"
    Api(cast.officer).step(case, "add", text="Behövs inte", special_needs=None)
    assert s.fresh(case).special_needs == ""


def test_the_performer_that_hands_back_gets_no_case_in_the_answer(cast):
    case = s.in_progress(cast)
    answer = Api(cast.admin).step(case, "hand_back", cause="conflict", reason="Jäv")
    assert (answer["assessment"], answer["event"]["to_status"]) == (None, "requested")
    Api(cast.admin).get(f"{case.number}/", 404)


def test_duties_explain_their_day(cast):
    case = s.in_progress(cast)
    duties = Api(cast.controller).get(f"{case.number}/duties/")["results"]
    report = next(duty for duty in duties if duty["kind"] == "deliver_report" and duty["party"] == "performer")
    assert (report["open"], report["overdue"], report["source"]) == (True, False, "law")
    assert (report["basis"], report["task"]) == ("Lag, 8 §", "Utlåtandet ska ha kommit in")
    assert report["explanation"].startswith(f"{report['due']}: 25 vardagar efter ")
    answered = next(duty for duty in duties if duty["kind"] == "answer_request")
    assert (answered["open"], answered["source"], bool(answered["closed_at"])) == (False, "routine", True)
    assert [duty["open"] for duty in duties] == sorted((duty["open"] for duty in duties), reverse=True)


def test_notes_are_read_by_the_parties_they_are_for(cast):
    case = s.supplement_requested(cast)

    def missing(actor: Any) -> Any:
        events = Api(actor).get(f"{case.number}/events/")["results"]
        return events[0].get("notes")

    assert missing(cast.physician) == [{"kind": "missing", "text": "Hur länge"}]
    assert missing(cast.officer) == [{"kind": "missing", "text": "Hur länge"}]
    assert missing(cast.region) == []
    assert missing(cast.controller) is None


def test_a_new_performer_does_not_read_what_was_written_with_the_earlier(cast):
    case = s.step(s.in_progress(cast), "question_underlag", cast.admin, missing="Röntgen", essential="Behövs")
    case = s.step(case, "hand_back", cast.admin, cause="cannot", reason="Vi hinner inte")
    case = s.step(case, "assign", cast.region, performer=cast.other_admin.organisation_id)
    events = Api(cast.other_admin).get(f"{case.number}/events/")["results"]
    assert len(events) == 9
    assert [event["notes"] for event in events] == [[]] * 9


# --- lists


def test_the_list_is_paged_by_key_and_filtered(cast, monkeypatch):
    monkeypatch.setattr("orders.api.base.PAGE", 2)
    officer = Api(cast.officer)
    made = [s.requested(cast).number for _ in range(3)] + [s.draft(cast).number]
    first = officer.get("", status="requested")
    assert [row["number"] for row in first["results"]] == [made[2], made[1]]
    assert first["next"].startswith(f"{ROOT}?status=requested&cursor=")
    assert officer.get(first["next"])["results"][0]["number"] == made[0]
    assert officer.get("", number=made[3])["results"][0]["status"] == "draft"
    assert officer.get("", number="2000-000001") == {"results": [], "next": None}


@pytest.mark.parametrize(
    "query",
    [
        {"status": "okänd"},
        {"number": "1' OR 1"},
        {"number": "\x00"},
        {"cursor": "²"},
        {"cursor": "9" * 19},
        {"cursor": "x"},
    ],
)
def test_a_wrong_filter_is_said_to_be_wrong(cast, query):
    assert list(Api(cast.officer).get("", 422, **query)["errors"]) == list(query)


def _queries(api: Api, path: str) -> int:
    api.get(path)  # what a process remembers is read once
    with CaptureQueriesContext(
        connection,
    ) as seen:
        api.get(path)
    return len([q for q in seen.captured_queries if "SAVEPOINT" not in q["sql"]])


def test_few_queries(cast):
    case = s.delivered(cast)
    for _ in range(50):
        s.draft(cast)
    for actor in (cast.officer, cast.physician, cast.controller):
        assert _queries(Api(actor), "") <= 6
        assert _queries(Api(actor), f"{case.number}/") <= 8
        assert _queries(Api(actor), f"{case.number}/events/") <= 8
        assert _queries(Api(actor), f"{case.number}/duties/") <= 8
    assert _queries(Api(cast.physician), f"{case.number}/documents/") <= 8


# --- who sees what

ALWAYS = {
    "number", "href", "type", "status", "status_label", "version", "agency_office", "region", "performer", "created_on",
    "requested_on", "ordered_on", "underlag_complete_on", "delivered_on", "delivered_late", "carried_out_on",
    "ended_cause", "report_version",
}  # fmt: skip
DUE = {"report_due", "report_due_provisional"}
NEEDS = {"municipality", "other_region_reason", "interpreter", "language", "special_needs", "method", "wished_start"}
# Written by hand from the table "What each may see": role -> the further keys of a case.
MAY_SEE = {
    "officer": NEEDS | {"person", "order", "report_versions"},
    "team": NEEDS | {"person", "order", "report_versions"},
    "adviser": NEEDS | {"person", "order", "report_versions"},
    "controller": set(),
    "attester": set(),
    "region": NEEDS,
    "region_two": NEEDS,
    "finance": NEEDS,
    "admin": NEEDS | {"person", "report_versions"},
    "physician": NEEDS | {"person", "order", "report_versions"},
    "physician_two": NEEDS | {"person", "report_versions"},
    "psychologist": NEEDS | {"person", "report_versions"},
}
STRANGERS = ("stranger_officer", "skane", "other_admin", "other_physician", "skane_performer", "administrator")


def test_every_key_of_a_case_by_role(cast):
    case = s.delivered(cast)
    for key, actor in cast.everyone().items():
        api = Api(actor)
        if key in STRANGERS:
            api.get(f"{case.number}/", 404)
            assert case.number not in json.dumps(api.get(""))
        else:
            assert set(api.get(f"{case.number}/")) == ALWAYS | DUE | MAY_SEE[key], key
            listed = api.get("", number=case.number)["results"][0]
            assert set(listed) == ALWAYS | (MAY_SEE[key] & NEEDS), key
    assert set(cast.everyone()) == set(MAY_SEE) | set(STRANGERS)


def test_no_personal_data_for_those_who_may_not_know(cast):
    case = s.delivered(cast)
    secrets = (s.NAME, s.ADDRESS, s.PHONE, "9841", "Hur länge personen")
    for key in ("controller", "attester", "region", "finance"):
        api = Api(cast.everyone()[key])
        for part in ("", "steps/", "events/", "duties/"):
            text = json.dumps(api.get(f"{case.number}/{part}"), ensure_ascii=False)
            assert not [secret for secret in secrets if secret in text], (key, part)
    assert "Hörselslinga" not in json.dumps(Api(cast.controller).get(f"{case.number}/"), ensure_ascii=False)


def test_a_stranger_cannot_tell_a_case_from_a_missing_one(cast):
    case, stranger = s.delivered(cast), Api(cast.other_physician)
    for part in ("", "steps/", "events/", "duties/", "documents/", f"documents/{uuid.uuid4()}/", "steps/deliver/"):
        assert stranger.get(f"{case.number}/{part}", 404) == stranger.get(f"2019-999999/{part}", 404)
    for step in STEPS:
        assert stranger.step(case, step.name, 404) == stranger.step("2019-999999", step.name, 404)
    Api(cast.region).get(f"{s.draft(cast).number}/", 404)


def test_documents_by_role(cast):
    case = s.in_progress(cast)
    document = Enclosure.objects.get(assessment=case).document_id
    may_open = {"officer", "team", "adviser", "physician"}
    may_know = may_open | {"admin", "physician_two", "psychologist"}
    for key, actor in cast.everyone().items():
        api, foreign = Api(actor), key in STRANGERS
        if key in may_know:
            rows = api.get(f"{case.number}/documents/")["results"]
            assert [row["may_open"] for row in rows] == [key in may_open], key
        else:
            api.get(f"{case.number}/documents/", 404 if foreign else 403)
        api.get(f"{case.number}/documents/{document}/", 200 if key in may_open else 404)
    assert Opening.objects.filter(document_id=document).count() == len(may_open)


def test_every_row_of_permissions_has_its_keys():
    from orders.api.serializers import PART

    assert set(PART) == NEEDS | {"person", "order", "report_versions"}
    assert set(PART.values()) == set(See) - {
        See.CASE, See.PAPERS, See.PROTECTED, See.NUMBER, See.FOUND, See.MESSAGES, See.ASKED,
        See.CLAIM,  # claims have an API of their own
    }  # fmt: skip


# --- documents


def test_a_document_is_a_download_that_can_do_nothing(cast):
    case = s.in_progress(cast)
    document = Enclosure.objects.get(assessment=case).document
    response = Api(cast.physician).get(f"{case.number}/documents/{document.pk}/")
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert hashlib.sha256(response.getvalue()).hexdigest() == document.clean_sha256 != document.sha256


def test_a_report_written_in_the_portal_is_opened_by_those_who_may_read_it(cast):
    case = s.delivered(cast)
    document = s.stage(case, cast.physician, "report").document
    Enclosure.objects.filter(document=document).delete()
    ReportVersion.objects.filter(assessment=case).update(document=document)
    Api(cast.officer).get(f"{case.number}/documents/{document.pk}/")
    Api(cast.admin).get(f"{case.number}/documents/{document.pk}/")
    Api(cast.region).get(f"{case.number}/documents/{document.pk}/", 404)


def test_a_staged_document_is_taken_back_by_its_own_party_alone(cast, django_capture_on_commit_callbacks):
    case = s.assigned(cast)
    officer = Api(cast.officer)
    staged = officer.upload(case.number, "medical")
    key = Document.objects.get(pk=staged["id"]).storage_key
    path = f"{case.number}/documents/{staged['id']}/"
    Api(cast.physician).delete(path, 404)
    Api(cast.adviser).delete(path, 403)
    assert Api(cast.physician).get(f"{case.number}/documents/")["results"] == []
    with django_capture_on_commit_callbacks(execute=True):
        officer.delete(path, 204)
    assert not Document.objects.filter(pk=staged["id"]).exists()
    with pytest.raises(FileNotFoundError):
        storage().open(key)
    sent = Enclosure.objects.get(assessment=s.ordered(cast))
    officer.delete(f"{sent.assessment.number}/documents/{sent.document_id}/", 404)


def test_another_personnummer_in_the_file_is_warned_of_and_can_be_attested(cast):
    case, officer = s.assigned(cast), Api(cast.officer)
    warned = officer.upload(case.number, "medical", text=f"Gäller {s.OTHER_PERSONNUMMER}")
    s.check_files()
    warned = officer.get(f"{case.number}/documents/")["results"][0]
    assert (warned["warning_page"], warned["attested"]) == (1, False)
    assert "annat personnummer" in officer.step(case, "order", 422, **ORDER)["errors"]["__all__"][0]
    officer.delete(f"{case.number}/documents/{warned['id']}/", 204)
    officer.upload(case.number, "medical", text=f"Gäller {s.OTHER_PERSONNUMMER}", attested="true")
    s.check_files()
    officer.step(case, "order", **ORDER)


def _files() -> set[Any]:
    root = storage().root
    return {path for path in root.rglob("*") if path.is_file()}


def test_a_refused_upload_leaves_nothing_behind(cast, settings):
    from django.core.files.uploadedfile import SimpleUploadedFile

    case, officer = s.assigned(cast), Api(cast.officer)
    before = _files()
    text = SimpleUploadedFile("brev.txt", b"Hej")
    assert list(officer.upload(case.number, "medical", 422, file=text)["errors"]) == ["file"]
    assert list(officer.upload(case.number, "medical", 422, file="")["errors"]) == ["file"]
    assert list(officer.upload(case.number, "medical", 422, dated="")["errors"]) == ["dated"]
    assert list(officer.upload(case.number, "medical", 422, dated="2999-01-01")["errors"]) == ["dated"]
    assert list(officer.upload(case.number, "x\x00", 422)["errors"]) == ["__all__"]
    assert list(officer.upload(case.number, "okänd", 422)["errors"]) == ["kind"]
    settings.DOCUMENT_MAX_BYTES = 100
    assert officer.upload(case.number, "medical", 413)["code"] == "too_large"
    huge = SimpleUploadedFile("stor.pdf", b"%PDF-" + b"x" * 2 * 1024 * 1024)
    assert officer.upload(case.number, "medical", 413, file=huge)["code"] == "too_large"
    assert _files() == before
    assert not Enclosure.objects.filter(assessment=case).exists()


def test_an_upload_that_no_step_sends_is_refused(cast):
    case = s.requested(cast)
    assert Api(cast.officer).upload(case.number, "medical", 409)["code"] == "wrong_state"
    assert Api(cast.region).upload(case.number, "medical", 403)["code"] == "wrong_role"
    assert (
        Api(cast.officer).client.post(f"{ROOT}{case.number}/documents/", b"{}", "application/json").status_code == 415
    )


# --- errors


def test_no_key_a_wrong_key_and_a_revoked_key(cast):
    case = s.requested(cast)
    key = ApiKey.issue(Mandate.objects.get(pk=cast.officer.mandate_id))
    Api(key=key).get(f"{case.number}/")
    call_command("api_key", "--user", "officer", "--revoke", stdout=open("/dev/null", "w"))  # noqa: SIM115
    for bad in ("", "fmu_fel", "fmu_å", f"{key} x", key):
        response = Client(headers={"Authorization": f"Bearer {bad}"} if bad else {}).get(ROOT)
        assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.headers["Content-Type"] == "application/problem+json"
    assert Client().get(f"{ROOT}finns/inte/").status_code == 401


def test_a_logged_in_browser_is_no_key(cast):
    from tests.pages import browser

    assert browser(cast.officer).get(ROOT).status_code == 401


def test_addresses_and_methods_that_are_not_there(cast):
    case, officer = s.requested(cast), Api(cast.officer)
    for path in ("finns/inte/", f"{case.number}", f"{case.number}/steps/finns_inte/", "2026-1/", "2026-00000²/"):
        assert officer.get(path, 404)["code"] == "not_found"
    assert officer.step(case, "record_silence", 404)["code"] == "not_found"
    assert officer.step(case, "finns_inte", 404)["code"] == "not_found"
    assert officer.get("2026-000001%00/", 404)["code"] == "not_found"
    assert officer.delete(f"{case.number}/", 405)["code"] == "method_not_allowed"
    assert officer.get(f"{case.number}/steps/discard/", 405)["code"] == "method_not_allowed"


def test_a_role_that_may_not_gets_403_whatever_it_says(cast):
    case = s.requested(cast)
    assert Api(cast.officer).step(case, "assign", 403)["code"] == "wrong_role"
    assert Api(cast.controller).step(case, "withdraw", 403, reason=5)["code"] == "wrong_role"
    Api(cast.finance).get(f"{case.number}/steps/assign/", 403)
    for key in ("adviser", "controller", "region", "physician", "administrator"):
        assert Api(cast.everyone()[key]).post("", REQUEST, 403)["code"] == "wrong_role"


def test_a_step_out_of_its_status_is_409(cast):
    case = s.requested(cast)
    answer = Api(cast.officer).step(case, "order", 409, **ORDER)
    assert (answer["code"], "Begäran skickad" in answer["title"]) == ("wrong_state", True)
    Api(cast.officer).get(f"{case.number}/steps/order/", 409)
    assert Event.objects.filter(case_id=case.pk).count() == 2


def test_who_comes_second_is_told(cast):
    case = s.requested(cast)
    seen = Api(cast.region_two).get(f"{case.number}/")["version"]
    performer = cast.admin.organisation_id
    Api(cast.region).step(case, "assign", performer=performer, seen_version=seen)
    answer = Api(cast.region_two).step(case, "assign", 409, performer=performer, seen_version=seen)
    assert (answer["code"], answer["done"]) == ("lost_race", "assign")


def test_a_decision_on_an_old_report_is_409(cast):
    case, officer = s.delivered(cast), Api(cast.officer)
    answer = officer.step(case, "complete", 409, report_version=0, complete=True)
    assert (answer["code"], answer["seen"], answer["now"]) == ("stale_version", 0, 1)
    assert officer.step(case, "complete", 409, complete=True)["code"] == "stale_version"
    assert officer.step(case, "complete", 422, report_version="1", complete=True)["errors"].keys() == {"report_version"}
    assert officer.step(case, "complete", 422, report_version="²", complete=True)["code"] == "invalid_input"
    assert s.fresh(case).status == "delivered"


WRONG: list[Any] = [5, 1.5, True, [], ["a"], {"a": 1}, "\x00", "a\x00b", "\ud800", "x" * 200_000, 10**30, [[[]]]]


def test_whatever_is_sent_is_answered(cast):
    """Every step, every field, values of every wrong kind: a refusal with words, never an error of the portal."""
    officer, region, admin = Api(cast.officer), Api(cast.region), Api(cast.admin)
    for case, api, step, body in (
        (s.draft(cast), officer, "request", REQUEST),
        (s.requested(cast), region, "assign", {"performer": 1}),
        (s.assigned(cast), officer, "order", ORDER),
        (s.ordered(cast), admin, "name_physician", {"physician": 1, "others": []}),
        (s.in_progress(cast), officer, "end", {"cause": "died", "carried_out_on": None, "reason": "x"}),
        (s.in_progress(cast), officer, "void_document", {"enclosure": 1, "wrong": "person", "reason": "x"}),
        (s.delivered(cast), officer, "complete", {"report_version": 1, "complete": False}),
    ):
        for name, good in body.items():
            for value in WRONG:
                if type(value) is type(good) and not isinstance(value, str):
                    continue
                answer = api.step(case, step, 422, **(body | {name: value}))
                assert answer["code"] == "invalid_input"
        api.step(case, step, 422, **body, okänt="x")
        api.step(case, step, 422, **body, seen_version="1")
        api.step(case, step, 422, **body, **{"\ud800": 1})
        assert s.fresh(case).status == case.status


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 400), (b"\xff\xfe", 400), (b"[" * 100_000, 400), (b'{"a":' * 100_000, 400), (b'{"a": NaN}', 400),
        (b'{"a": ' + b"9" * 5000 + b"}", 400), (b"[]", 422), (b'"x"', 422), (b"5", 422), (b"null", 422),
        (b" " * (2 * 1024 * 1024 + 1), 413),
    ],
)  # fmt: skip
def test_a_body_that_is_no_object(cast, raw, status):
    code = {400: "bad_request", 413: "too_large", 422: "invalid_input"}[status]
    assert Api(cast.officer).post("", raw, status)["code"] == code
    assert Api(cast.officer).post(f"{s.draft(cast).number}/steps/discard/", raw, status)["code"] == code


def test_only_json_is_read(cast):
    case = s.draft(cast)
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        response = Api(cast.officer).client.post(f"{ROOT}{case.number}/steps/request/", b"a=1", content_type)
        assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_what_nobody_foresaw_says_nothing_and_changes_nothing(cast, monkeypatch):
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(s.PERSONNUMMER)

    monkeypatch.setattr("orders.api.views.case_answer", broken)
    before = Assessment.objects.count()
    api = Api(cast.officer)
    api.client.raise_request_exception = False
    answer = api.post("", REQUEST, 500)
    assert answer["code"] == "server_error"
    assert s.PERSONNUMMER not in json.dumps(answer)
    assert Assessment.objects.count() == before


def test_the_page_of_the_api_is_public_and_has_every_step(client, db):
    page = client.get(reverse("api-browse"))
    text = page.content.decode()
    assert page.status_code == 200
    assert all(f'id="step_{step.name}"' in text for step in STEPS)
    assert "<script" not in text.split("<main")[1]
    assert "style=" not in text
