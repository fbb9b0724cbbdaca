"""A region whose case went to another region keeps its threads to read: every call is answered, none breaks.

Found by `make attack`: closing such a thread by the API was a 500, since the case's row is behind the wall by then.
"""

from __future__ import annotations

from correspondence.models import Thread
from tests import situations as s
from tests import threads as t
from tests.pages import browser
from tests.test_messages_api import Key


def test_the_region_that_lost_the_case_reads_and_is_refused_kindly(cast):
    case = s.requested(cast)
    thread = t.in_case(case, cast.officer, cast.region)
    case = s.step(case, "return", cast.region, reason="Personen har flyttat")
    case = s.step(case, "request_anew", cast.officer, municipality="1280", reason="Bor i Malmö")
    assert case.region_id == cast.skane.organisation_id
    key, client, status = Key(cast.region), browser(cast.region), Thread.objects.get(pk=thread.pk).status
    assert key.get(f"{thread.pk}/")["id"] == thread.pk
    assert key.get(f"{thread.pk}/messages/")["results"]
    key.get(f"{thread.pk}/steps/")
    for step, body in (("close", {}), ("withdraw_question", {}), ("write", {"text": "Hej"}), ("answer", {"text": "Ja"}),
                       ("ask", {"text": "Hej?", "asked": cast.officer.organisation_id})):  # fmt: skip
        refused = key.post(f"{thread.pk}/steps/{step}/", 409, **body)
        assert refused["status"] == 409, step
    for url in (f"/meddelanden/{thread.pk}/", "/meddelanden/"):
        assert client.get(url).status_code == 200, url
    assert client.post(f"/meddelanden/{thread.pk}/steg/close/").status_code in (302, 409)
    assert Thread.objects.get(pk=thread.pk).status == status
    assert not Thread.objects.filter(pk=thread.pk, status="closed").exists()
