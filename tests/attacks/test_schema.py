"""The short form of `make attack`: calls made from the OpenAPI document, with two keys, one of them a stranger's."""

from __future__ import annotations

import schemathesis

from accounts.models import ApiKey, Mandate
from tests import situations as s
from tests.attacks.schema import try_all

STRANGER = "Främlingens namn"
CASES = 150


def test_no_call_breaks_the_document_or_tells_of_a_stranger(committed_cast, settings, probe):
    from fmu_portal.wsgi import application

    cast = committed_cast
    settings.LIMITS = {"api": 10**9, "document": 10**9, "document_account": 10**9, "api_refused": 10**9}
    own = [s.requested(cast), s.ordered(cast), s.delivered(cast)]
    foreign = s.step(
        s.new_case(cast.stranger_officer), "request", cast.stranger_officer,
        **(s.REQUEST | {"name": STRANGER, "personnummer": s.OTHER_PERSONNUMMER}),
    )  # fmt: skip
    keys = [
        ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id), may_sign=True)
        for actor in (cast.officer, cast.admin, cast.physician)
    ]
    documents = [str(e.document_id) for case in own for e in case.enclosures.all()]
    paths = {"number": [*(case.number for case in own), foreign.number], "document_id": documents}
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
    seen = try_all(schema, keys, paths, [STRANGER, s.OTHER_PERSONNUMMER], CASES)
    probe(sum(seen.values()))
    assert seen["200"] > 5
    assert not [status for status in seen if status >= "500"]
    assert s.fresh(foreign).status == "requested"
