"""Threads by the API: the same door, the same walls, the same words."""

import json

from django.test import Client

from accounts.models import ApiKey, Mandate
from correspondence.models import Thread
from fmu_portal.models import Duty
from tests import situations as s
from tests import threads as t


class Key:
    """A system with the actor's key."""

    def __init__(self, actor):
        self.headers = {"HTTP_AUTHORIZATION": f"Bearer {ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id))}"}

    def get(self, path, status=200):
        answer = Client().get(f"/api/v1/threads/{path}", **self.headers)
        assert answer.status_code == status, answer.content
        return answer.json() if "json" in answer.headers["Content-Type"] else answer

    def post(self, path, status=200, **body):
        answer = Client().post(
            f"/api/v1/threads/{path}", json.dumps(body), content_type="application/json", **self.headers
        )
        assert answer.status_code == status, answer.content
        return answer.json()


def test_begin_read_ask_and_answer(cast):
    case = s.in_progress(cast)
    officer, region = Key(cast.officer), Key(cast.finance)
    new = {"number": case.number, "parties": ["region"], "title": "Tolk", "text": "Är tolken bokad?"}
    made = officer.post("", 201, **new, asked=cast.region.organisation_id)
    assert (made["status"], made["asked"]["name"]) == ("asked", "Region Stockholm")
    listed = region.get(f"?number={case.number}")["results"]
    assert [(row["title"], row["unread"]) for row in listed] == [("Tolk", True)]
    assert listed[0]["answer_due"] == str(Duty.objects.get(process="thread").due)
    path = f"{made['id']}/"
    assert [step["step"] for step in region.get(f"{path}steps/")["results"]] == ["write", "answer"]
    assert region.get(f"{path}steps/answer/")["inputs"][0]["name"] == "text"
    assert region.post(f"{path}steps/answer/", text="Ja")["status"] == "open"
    assert [row["text"] for row in officer.get(f"{path}messages/")["results"]] == ["Ja", "Är tolken bokad?"]
    assert officer.get(path)["unread"] is False
    assert officer.post(f"{path}steps/close/")["status"] == "closed"
    assert region.post(f"{path}steps/write/", 409, text="Mer")["code"] == "wrong_state"


def test_between_organisations(cast):
    region = Key(cast.region)
    place = next(row for row in region.get("recipients/")["results"] if row["name"] == "Enheten Skåne")
    made = region.post("", 201, organisation=place["id"], title="Öppet", text="När har ni öppet?")
    assert made["number"] is None
    region.post("", 422, organisation=place["id"], title="Om", text=f"Gäller {s.PERSONNUMMER}")
    region.post("", 422, title="Ingen", text="mottagare")
    assert Key(cast.skane_performer).get(f"{made['id']}/")["title"] == "Öppet"
    assert Thread.objects.count() == 1


def test_a_stranger_gets_404_and_other_roles_403(cast):
    thread = t.everybody(cast, s.in_progress(cast))
    for stranger in (cast.stranger_officer, cast.skane, cast.other_admin, cast.administrator, cast.controller):
        key = Key(stranger)
        for path in ("", "messages/", "steps/"):
            key.get(f"{thread.pk}/{path}", 404)
        key.post(f"{thread.pk}/steps/write/", 404, text="Hej")
    Key(cast.adviser).post(f"{thread.pk}/steps/write/", 403, text="Hej")
    Key(cast.controller).get("", 403)


def test_a_file_waits_for_the_next_message(cast):
    thread = t.everybody(cast, s.in_progress(cast))
    key = Key(cast.physician)
    answer = Client().post(f"/api/v1/threads/{thread.pk}/attachments/", {"file": s.upload("karta.pdf")}, **key.headers)
    assert answer.status_code == 201
    document = answer.json()["id"]
    Key(cast.officer).get(f"{thread.pk}/attachments/{document}/", 404)
    s.check_files()
    key.post(f"{thread.pk}/steps/write/", text="Se kartan")
    row = Key(cast.officer).get(f"{thread.pk}/messages/")["results"][0]
    assert row["attachments"][0]["may_open"] is True
    opened = Key(cast.officer).get(f"{thread.pk}/attachments/{document}/")
    assert b"".join(opened.streaming_content).startswith(b"%PDF")
    gone = Client().delete(f"/api/v1/threads/{thread.pk}/attachments/{document}/", **key.headers)
    assert gone.status_code == 404, "sent is sent"


def test_a_thread_closes_though_a_file_waits_in_it(cast):
    """Found by `make attack`: the draft that holds the file was deleted."""
    thread = t.everybody(cast, s.in_progress(cast))
    key = Key(cast.physician)
    sent = Client().post(f"/api/v1/threads/{thread.pk}/attachments/", {"file": s.upload("karta.pdf")}, **key.headers)
    key.post(f"{thread.pk}/steps/close/")
    assert Thread.objects.get(pk=thread.pk).status == "closed"
    gone = Client().delete(f"/api/v1/threads/{thread.pk}/attachments/{sent.json()['id']}/", **key.headers)
    assert gone.status_code == 204, "it waits still, and may be taken away"


def test_bad_bodies(cast):
    key = Key(cast.officer)
    case = s.in_progress(cast)
    good = {"number": case.number, "parties": ["region"], "title": "x", "text": "y"}
    for change, field in (
        ({"title": None}, "title"), ({"text": ["x"]}, "text"), ({"parties": "region"}, "parties"),
        ({"parties": ["agency"]}, "parties"), ({"parties": []}, "parties"), ({"asked": "x"}, "asked"),
        ({"asked": cast.admin.organisation_id}, "asked"), ({"number": "x"}, "number"), ({"version": 3}, "version"),
        ({"title": "x" * 121}, "title"), ({"text": "\x00"}, "text"),
    ):  # fmt: skip
        assert field in key.post("", 422, **(good | change))["errors"], change
    assert not Thread.objects.exists()
