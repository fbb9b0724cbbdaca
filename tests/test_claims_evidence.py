"""Evidence of a claim: taken in as every file, opened by those who see the claim, kept when sent."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from fmu_portal.engine.door import take
from reimbursement.models import Evidence
from tests import claims
from tests import situations as s
from tests.claims import text_of, url_of
from tests.pages import browser


def add(client, claim, *files):
    return client.post(url_of(claim, "underlag/"), {"gor": "lagg_till", "ny-files_chosen": list(files)})


def test_evidence_is_added_checked_opened_removed_and_stays_when_sent(cast):
    claim = claims.costs(claims.proposed(cast), cast)
    client = browser(cast.finance)
    assert add(client, claim, s.upload("faktura.pdf"), s.upload("tolk.pdf")).status_code == 302
    text = text_of(client.get(url_of(claim)))
    assert "faktura.pdf" in text
    assert "Filerna kontrolleras" in text
    first, second = Evidence.objects.filter(claim=claim).order_by("pk")
    opened = url_of(claim, f"handlingar/{first.document_id}/")
    assert "Handlingen kontrolleras" in text_of(client.get(opened), 409)
    s.check_files()
    piece = client.get(url_of(claim, "underlag/"))
    assert piece.headers["X-Done"] == "1"
    assert "1 sida" in text_of(piece)
    answer = client.get(opened)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert browser(cast.controller).get(opened).status_code == 404, "not before it is sent"
    client.post(url_of(claim, "underlag/"), {"gor": f"ta_bort:{second.pk}"})
    assert list(Evidence.objects.filter(claim=claim)) == [first]
    take("claim", claim.pk, "submit", cast.finance, {"version": claims.fresh(claim).version})
    client.post(url_of(claim, "underlag/"), {"gor": f"ta_bort:{first.pk}"})
    assert Evidence.objects.get(claim=claim).sent_by_id is not None
    answer = add(client, claim, s.upload("sen.pdf"))
    assert "Begäran är skickad. Underlag kan" in text_of(client.get(answer.headers["Location"]))
    assert Evidence.objects.filter(claim=claim).count() == 1
    answer = browser(cast.controller).get(opened)
    assert answer.status_code == 200, "the controller reads what was sent"
    b"".join(answer.streaming_content)
    for who, expected in (("officer", 403), ("admin", 403), ("skane", 404)):
        assert browser(getattr(cast, who)).get(opened).status_code == expected


def test_a_bad_file_is_told_and_leaves_nothing(cast):
    claim = claims.proposed(cast)
    client = browser(cast.finance)
    text = text_of(add(client, claim, SimpleUploadedFile("virus.exe", b"MZ\x90\x00"), s.upload("bra.pdf")), 422)
    assert "virus.exe är inte en PDF eller bild" in text
    assert [row.document.name for row in Evidence.objects.filter(claim=claim)] == ["bra.pdf"]
    assert "Välj minst en fil" in text_of(client.post(url_of(claim, "underlag/"), {"gor": "lagg_till"}), 422)
    assert browser(cast.region).post(url_of(claim, "underlag/"), {"gor": "lagg_till"}).status_code == 403


def test_a_file_with_a_personnummer_is_not_sent_and_opens_for_nobody(cast):
    claim = claims.costs(claims.proposed(cast), cast)
    client = browser(cast.finance)
    add(client, claim, s.upload("journal.pdf", text=f"Patient {s.PERSONNUMMER}"))
    s.check_files()
    row = Evidence.objects.get(claim=claim)
    assert row.number_page == 1
    text = text_of(client.get(url_of(claim)))
    assert "sidan 1 innehåller ett personnummer" in text
    assert "steg/submit/" not in text
    assert "Fel i underlaget" in text_of(client.get("/ersattning/"))
    assert claim.number in text_of(client.get("/ersattning/?saknas=saknas"))
    assert "Ingen begäran stämmer" in text_of(client.get("/ersattning/?saknas=klara"))
    assert client.get(url_of(claim, f"handlingar/{row.document_id}/")).status_code == 409
    assert "En fil i underlaget går inte att skicka." in text_of(client.get(url_of(claim, "steg/submit/")), 409)
    client.post(url_of(claim, "underlag/"), {"gor": f"ta_bort:{row.pk}"})
    assert "steg/submit/" in text_of(client.get(url_of(claim)))
