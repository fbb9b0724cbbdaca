"""The API of claims: from proposal to attest with keys, many by a job, who reads what, and an answer for what goes wrong."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fmu_portal.engine import outbox
from fmu_portal.engine.door import take
from fmu_portal.models import Event
from orders.models import Assessment
from reimbursement.models import Claim, Desk, Line
from reimbursement.process import CLAIM
from tests import claims, situations
from tests.test_api import Api as Cases

pytestmark = pytest.mark.django_db

ROOT = "/api/v1/claims/"


class Api(Cases):
    """Calls about claims as one of the cast."""

    def post(self, path, body=None, status=200):
        answer = self.client.post(ROOT + path, json.dumps(body or {}), content_type="application/json")
        return self._checked(answer, status)

    def read(self, path, status=200, /, **query):
        return self.get(ROOT + path, status, **query)

    def take(self, claim, step, status=200, **body):
        return self.post(f"{claim.pk}/steps/{step}/", body, status)


def line_of(claim):
    return Line.objects.get(claim=claim)


def test_from_proposal_to_attest_with_keys(cast):
    claim = claims.proposed(cast)
    line, region, agency = line_of(claim), Api(cast.finance), Api(cast.controller)
    assert [row["step"] for row in region.read(f"{claim.pk}/steps/")["results"]] == ["enter_costs", "set_aside"]
    answer = region.take(claim, "enter_costs", costs=[{"line": line.pk, "cost": "18400.00"}])
    assert answer["lines"][0]["cost"] == answer["lines"][0]["payable"] == 1_840_000
    answer = region.take(claim, "submit", version=answer["version"])
    assert (answer["status"], answer["cost"]) == ("submitted", 1_840_000)
    read = agency.read(f"{claim.pk}/")
    assert read["urgency"] == "person"
    assert {"evidence_is_there", "within_ceiling"} <= {check["name"] for check in read["lines"][0]["checks"]}
    decision = {"line": line.pk, "outcome": "reduce", "amount": "18 000,50", "reason": "Resan ingår inte"}
    answer = agency.take(claim, "decide", version=read["version"], decisions=[decision])
    assert answer["lines"][0]["decision"]["amount"] == 1_800_050
    hidden = region.read(f"{claim.pk}/")
    assert (hidden["lines"][0]["decision"], hidden["approved"]) == (None, None), "it may be decided anew"
    assert "decide" not in {e["step"] for e in region.read(f"{claim.pk}/events/")["results"]}
    Api(cast.attester).take(claim, "attest", version=answer["version"])
    shown = region.read(f"{claim.pk}/")
    body = {"version": shown["version"], "line": line.pk, "amount": "17000", "reason": "Dubbelt"}
    assert Api(cast.attester).take(claim, "correct", **body)["status"] == "attested"
    assert (shown["approved"], shown["lines"][0]["decision"]) == (
        1_800_050,
        {"outcome": "reduce", "amount": 1_800_050, "reason": "Resan ingår inte"},
    )
    duties = agency.read(f"{claim.pk}/duties/")["results"]
    assert [(d["kind"], d["open"]) for d in duties] == [
        ("pay_claim", True), ("attest_claim", False), ("decide_claim", False),
    ]  # fmt: skip
    steps = [event["step"] for event in agency.read(f"{claim.pk}/events/")["results"]]
    assert steps == ["correct", "attest", "decide", "submit"], "a proposal is the region's own"


def test_a_question_and_its_answer(cast):
    claim = claims.submitted(cast)
    answer = Api(cast.controller).take(claim, "ask", version=claim.version, text="Varför?")
    assert answer["status"] == "asked"
    answer = Api(cast.region).take(claim, "answer", text="Därför", costs=[{"line": line_of(claim).pk, "cost": "17000"}])
    assert [(r["kind"], r["text"]) for r in answer["remarks"]] == [("question", "Varför?"), ("answer", "Därför")]
    assert answer["cost"] == 1_700_000


def test_lines_that_are_not_named_keep_their_cost(cast):
    claim = claims.submitted(cast)
    Api(cast.controller).take(claim, "ask", version=claim.version, text="Varför?")
    assert Api(cast.finance).take(claim, "answer", text="Därför")["cost"] == 1_840_000


def test_the_region_begins_its_own(cast):
    region = Api(cast.finance)
    made = region.post("steps/open_administration/", {"year": 2026, "quarter": 1, "cost": "100000"}, 201)
    assert (made["kind"], made["year"], made["quarter"]) == ("administration", 2026, 1)
    assert made["lines"][0]["ceiling"] == 135_000_000
    rows = [{"profession": "physician", "staff": "own", "count": 2}]
    made = region.post("steps/open_training/", {"day": "2026-02-03", "attendance": rows, "travel": "4000"}, 201)
    assert [(line["kind"], line["ceiling"], line["cost"]) for line in made["lines"]] == [
        ("training", 3_040_000, None),
        ("travel", None, 400_000),
    ]
    again = region.post("steps/open_administration/", {"year": 2026, "quarter": 1, "cost": "1"}, 422)
    assert list(again["errors"]) == ["quarter"]
    for actor in (cast.region, cast.controller):
        refused = Api(actor).post("steps/open_administration/", {"year": 2026, "quarter": 2, "cost": "1"}, 403)
        assert refused["code"] == "wrong_role"


def test_many_by_a_job(cast):
    claims.agreed(cast)
    found = [claims.proposed(cast) for _ in range(2)]
    region = Api(cast.finance)
    rows = [{"id": c.pk, "version": c.version} for c in found]
    rows[1]["version"] -= 1
    job = region.post("steps/submit/", {"claims": rows}, 202)
    assert (job["count"], job["ended_at"]) == (2, None)
    outbox.work()
    job = region.read(f"jobs/{job['id']}/")
    assert (job["done"], [number for number, _ in job["refused"]]) == (1, [found[1].number])
    assert job["ended_at"]
    assert Api(cast.controller).read(f"jobs/{job['id']}/", 404)["code"] == "not_found"
    assert sorted(Claim.objects.values_list("status", flat=True)) == ["proposed", "submitted"]


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("finance", 200), ("region", 200), ("controller", 200), ("attester", 200), ("skane", 404), ("admin", 403),
        ("physician", 403), ("officer", 403), ("team", 403), ("adviser", 403), ("administrator", 403),
    ],
)  # fmt: skip
def test_who_reads_a_claim(cast, who, status):
    claim = claims.submitted(cast)
    api = Api(getattr(cast, who))
    for path in ("", "steps/", "events/", "duties/", "evidence/"):
        api.read(f"{claim.pk}/{path}", status)
    listed = api.read("", 403 if status == 403 else 200)
    if status != 403:
        assert [row["id"] for row in listed["results"]] == ([claim.pk] if status == 200 else [])


def test_the_agency_sees_no_proposal_and_no_protected_number(cast):
    claim = claims.costs(claims.proposed(cast), cast)
    agency = Api(cast.controller)
    assert agency.read(f"{claim.pk}/", 404)["code"] == "not_found"
    take("claim", claim.pk, "submit", cast.finance, {"version": claim.version})
    number = claim.assessment.number
    assert agency.read(f"{claim.pk}/")["assessment"] == number
    Assessment.objects.filter(pk=claim.assessment_id).update(protected=True)
    for answer in (agency.read(f"{claim.pk}/"), agency.read("")["results"][0]):
        assert (answer["assessment"], answer["protected"]) == (None, True)
        assert number not in json.dumps(answer)
    assert Api(cast.finance).read(f"{claim.pk}/")["assessment"] == number


def test_what_goes_wrong_has_its_code_and_changes_nothing(cast):
    claim = claims.submitted(cast)
    line, agency, before = line_of(claim), Api(cast.controller), Event.objects.count()
    right = {"line": line.pk, "outcome": "approve"}
    for step, body, status, code in (
        ("decide", {"decisions": [right]}, 422, "invalid_input"),
        ("decide", {"version": "1", "decisions": [right]}, 422, "invalid_input"),
        ("decide", {"version": claim.version - 1, "decisions": [right]}, 409, "stale_version"),
        ("decide", {"version": claim.version, "decisions": []}, 422, "invalid_input"),
        ("decide", {"version": claim.version, "decisions": [right | {"line": 999_999}]}, 422, "invalid_input"),
        ("decide", {"version": claim.version, "decisions": [right | {"outcome": "pay"}]}, 422, "invalid_input"),
        ("decide", {"version": claim.version, "decisions": [right | {"more": 1}]}, 422, "invalid_input"),
        ("decide", {"version": claim.version, "decisions": {"line": 1}}, 422, "invalid_input"),
        ("decide", {"version": claim.version, "decisions": [right], "x": 1}, 422, "invalid_input"),
        ("approve_all", {"version": claim.version}, 409, "wrong_state"),
        ("attest", {"version": claim.version}, 403, "wrong_role"),
        ("submit", {"version": claim.version}, 403, "wrong_role"),
    ):
        assert agency.take(claim, step, status, **body)["code"] == code, (step, body)
    assert Api(cast.attester).take(claim, "attest", 409, version=claim.version)["code"] == "wrong_state"
    assert Api(cast.finance).take(claim, "submit", 409, version=claim.version)["code"] == "wrong_state"
    assert agency.post(f"{claim.pk}/steps/pay/", {}, 404)["code"] == "not_found", "it only follows a payment"
    assert agency.post("steps/decide/", {}, 404)["code"] == "not_found"
    for body in (
        {},
        {"claims": []},
        {"claims": [{"id": claim.pk}]},
        {"claims": [{"id": claim.pk, "version": 1, "x": 1}]},
    ):
        assert agency.post("steps/approve_all/", body, 422)["code"] == "invalid_input"
    for query in ({"status": "new"}, {"kind": "x"}, {"region": "x"}, {"year": "26"}, {"cursor": "x"}):
        assert agency.read("", 422, **query)["code"] == "invalid_input"
    assert Event.objects.count() == before
    assert claims.fresh(claim).version == claim.version


@pytest.mark.parametrize("cost", ["-1", "100.555", "100 EUR", "x" * 31, 18400, None])
def test_a_cost_that_is_none(cast, cost):
    claim = claims.costs(claims.proposed(cast), cast)
    answer = Api(cast.finance).take(
        claim, "enter_costs", 200 if cost is None else 422, costs=[{"line": line_of(claim).pk, "cost": cost}]
    )
    if cost is None:
        assert answer["lines"][0]["cost"] is None, "null takes it away"
    else:
        assert answer["code"] == "invalid_input"
        assert line_of(claim).cost == 1_840_000


def test_whoever_comes_second_is_told_what_was_done(cast):
    claim = claims.submitted(cast)
    right = [{"line": line_of(claim).pk, "outcome": "approve"}]
    Api(cast.controller).take(claim, "decide", version=claim.version, decisions=right)
    lost = Api(cast.controller).take(claim, "decide", 409, version=claim.version, decisions=right)
    assert (lost["code"], lost["done"]) == ("lost_race", "decide")


def test_evidence_in_and_out(cast):
    claim = claims.costs(claims.proposed(cast), cast)
    region, url = Api(cast.finance), f"{ROOT}{claim.pk}/evidence/"
    answer = region._checked(region.client.post(url, {"file": situations.upload("faktura.pdf")}), 201)
    assert answer["sent"] is False
    situations.check_files()
    (row,) = region.read(f"{claim.pk}/evidence/")["results"]
    assert (row["state"], row["problem"]) == ("clean", "")
    document = f"{ROOT}{claim.pk}/documents/{row['id']}/"
    assert b"".join(region.get(document).streaming_content).startswith(b"%PDF")
    refused = Api(cast.region)
    assert refused._checked(refused.client.post(url, {"file": situations.upload()}), 403)["code"] == "wrong_role"
    assert Api(cast.controller)._checked(Api(cast.controller).client.delete(document), 404)
    take("claim", claim.pk, "submit", cast.finance, {"version": claim.version})
    assert region._checked(region.client.delete(document), 404)["code"] == "not_found", "what is sent stays"
    assert region._checked(region.client.post(url, {"file": situations.upload()}), 409)["code"] == "wrong_state"
    assert b"".join(Api(cast.controller).get(document).streaming_content).startswith(b"%PDF")
    assert Api(cast.skane).get(document, 404)["code"] == "not_found"


def test_the_list_reads_by_key_and_asks_alike_however_long_it_is(cast):
    claims.submitted(cast)
    agency, counts = Api(cast.controller), []
    for more in (0, 2):
        for _ in range(more):
            claims.submitted(cast)
        with CaptureQueriesContext(connection) as queries:
            answer = agency.read("", status="submitted")
        counts.append(len(queries))
        numbers = [row["number"] for row in answer["results"]]
        assert numbers == sorted(numbers, reverse=True)
        assert answer["next"] is None
    assert counts[0] == counts[1] <= 12


def test_the_document_has_a_path_for_every_step_and_what_it_rests_on(client):
    document = client.get("/api/v1/schema/").json()
    paths = {p for p in document["paths"] if p.startswith("/api/v1/claims/")}
    single = {
        "enter_costs", "submit", "recall", "set_aside", "take_up", "ask", "answer", "decide", "approve_all", "send_back",
        "attest", "attest_refusal", "correct",
    }  # fmt: skip
    many = {"submit", "recall", "take_up", "approve_all", "attest", "attest_refusal"}
    assert {p for p in paths if "{id}/steps/" in p} == {
        "/api/v1/claims/{id}/steps/", "/api/v1/claims/{id}/steps/open_recovery/",
        *(f"/api/v1/claims/{{id}}/steps/{step}/" for step in single),
    }  # fmt: skip
    assert {p for p in paths if p.startswith("/api/v1/claims/steps/")} == {
        f"/api/v1/claims/steps/{step}/" for step in many | {"open_administration", "open_training"}
    }
    for step in ("submit", "ask", "decide", "approve_all", "send_back", "attest", "attest_refusal", "correct"):
        body = document["paths"][f"/api/v1/claims/{{id}}/steps/{step}/"]["post"]["requestBody"]
        schema = body["content"]["application/json"]["schema"]
        assert "version" in schema["required"], step
        assert schema["additionalProperties"] is False
        assert CLAIM.steps[step].sees == "version"


def test_desk_is_needed_for_what_is_examined_centrally(cast):
    region = Api(cast.finance)
    made = region.post("steps/open_administration/", {"year": 2026, "quarter": 1, "cost": "100000"}, 201)
    claim = Claim.objects.get(pk=made["id"])
    assert region.take(claim, "submit", 409, version=made["version"])["code"] == "wrong_state"
    Desk.objects.create(region=None, office_id=cast.controller.organisation_id)
    assert region.take(claim, "submit", version=made["version"])["status"] == "submitted"
