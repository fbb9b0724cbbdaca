"""The underlag in one view: who may read it, what is recorded, what is found inside, and that nothing lies about in plain."""

from __future__ import annotations

import io

import pikepdf
import pytest

from audit.models import AccessEntry
from documents import pages, sandbox, vault
from documents.models import Opening
from documents.storage import storage
from fmu_portal.engine import outbox
from orders.models import Enclosure
from tests import situations as s
from tests.pages import browser

WORDS = "Patienten beskriver värk i höger knä"


@pytest.fixture
def case(cast):
    """In progress, with two documents."""
    case = s.assigned(cast)
    s.stage(case, cast.officer, "medical", WORDS)
    s.stage(case, cast.officer, "other", "Ett annat brev")
    case = s.step(case, "order", cast.officer, **s.ORDER)
    return s.step(s.with_physician(case, cast), "confirm", cast.admin)


@pytest.fixture
def drawn(case):
    """The same, with the pages drawn."""
    for enclosure in case.enclosures.select_related("document"):
        pages.make({"document": str(enclosure.document_id)})
    return case


def url(case, part=""):
    return f"/arenden/{case.number}/underlag/{part}"


def everybody(case):
    return list(case.enclosures.order_by("position", "pk"))


def test_who_may_read_it(cast, drawn):
    one = drawn.enclosures.first().document_id
    readers = {"officer", "team", "adviser", "physician"}
    for name, actor in cast.everyone().items():
        client = browser(actor)
        wanted = 200 if name in readers else 404
        for part in ("", "handlingar/", "samlat.pdf", f"{one}/1.jpg"):
            answer = client.get(url(drawn, part))
            assert answer.status_code == wanted, (name, part)
            if answer.streaming:
                b"".join(answer.streaming_content)
        assert client.post(url(drawn), {"ord": "knä"}).status_code == wanted, name


def test_every_opening_is_recorded_as_an_ordinary_one(cast, drawn):
    client = browser(cast.physician)
    documents = {row.document_id for row in everybody(drawn)}
    client.get(url(drawn))
    rows = Opening.objects.filter(mandate_id=cast.physician.mandate_id, case_id=drawn.pk)
    assert set(rows.values_list("document_id", flat=True)) == documents
    assert rows.count() == 2
    assert "papers" in AccessEntry.objects.latest("pk").parts
    b"".join(client.get(url(drawn, "samlat.pdf")).streaming_content)
    assert rows.count() == 4
    client.post(url(drawn), {"ord": "knä"})
    assert rows.count() == 6
    client.get(url(drawn, "handlingar/"))
    assert rows.count() == 6, "a page that asks by itself opens nothing"


def test_a_picture_belongs_to_an_opening(cast, drawn):
    client = browser(cast.physician)
    one = drawn.enclosures.first().document_id
    assert client.get(url(drawn, f"{one}/1.jpg")).status_code == 404, "nothing was opened"
    client.get(url(drawn))
    picture = client.get(url(drawn, f"{one}/1.jpg"))
    assert picture.status_code == 200
    assert picture.content.startswith(b"\xff\xd8\xff")
    assert picture.headers["Cache-Control"] == "private, no-store"
    assert client.get(url(drawn, f"{one}/2.jpg")).status_code == 404
    assert client.get(url(drawn, f"{one}/0.jpg")).status_code == 404
    other = browser(cast.officer)
    assert other.get(url(drawn, f"{one}/1.jpg")).status_code == 404, "another's opening is not one's own"


def test_pages_are_drawn_by_a_worker_when_somebody_asks(cast, case):
    client = browser(cast.officer)
    text = client.get(url(case)).content.decode()
    assert "Sidorna ritas upp" in text
    assert "data-poll" in text
    assert "X-Done" not in client.get(url(case, "handlingar/")).headers
    outbox.work()
    answer = client.get(url(case, "handlingar/"))
    assert answer.headers["X-Done"] == "1"
    assert answer.content.decode().count("<img") == 2
    assert "data-poll" not in client.get(url(case)).content.decode()


def test_search_inside_finds_by_page_and_keeps_nothing(cast, drawn):
    client = browser(cast.physician)
    text = client.post(url(drawn), {"ord": "HÖGER  knä"}).content.decode()
    assert "1 träff" in text
    assert "<mark>höger knä</mark>" in text
    assert "#page=1" in text
    assert "Inga träffar" in client.post(url(drawn), {"ord": "finns inte alls"}).content.decode()
    assert "Inga träffar" in client.post(url(drawn), {"ord": ".*"}).content.decode(), "words, no pattern"
    for words, message in (("", "Fyll i sök i handlingarna"), ("x", "minst 2 tecken"), ("x" * 101, "högst 100 tecken")):
        answer = client.post(url(drawn), {"ord": words})
        assert answer.status_code == 422
        assert message in answer.content.decode()
    from django.db import connection

    with connection.cursor() as cursor:
        for table in ("documents_document", "orders_enclosure", "audit_accessentry", "fmu_portal_outbox"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text ILIKE %s", ["%höger knä%"])
            assert cursor.fetchone()[0] == 0, table


def test_what_is_searched_for_is_escaped(cast, drawn):
    text = browser(cast.physician).post(url(drawn), {"ord": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in text


def test_one_pdf_with_bookmarks_in_order(cast, drawn):
    answer = browser(cast.physician).get(url(drawn, "samlat.pdf"))
    assert answer.streaming
    content = b"".join(answer.streaming_content)
    assert len(content) == int(answer.headers["Content-Length"])
    with pikepdf.open(io.BytesIO(content)) as book, book.open_outline() as outline:
        assert len(book.pages) == 2
        assert [item.title for item in outline.root] == [
            "Medicinskt underlag, 2026-01-02",
            "Övrig handling, 2026-01-02",
        ]


def test_a_voided_document_is_in_nothing(cast, drawn):
    first = drawn.enclosures.get(kind="medical")
    s.step(drawn, "void_document", cast.officer, enclosure=first.pk, wrong="person", reason="Fel person")
    client = browser(cast.physician)
    page = client.get(url(drawn)).content.decode()
    assert "Medicinskt underlag" not in page
    assert client.get(url(drawn, f"{first.document_id}/1.jpg")).status_code == 404
    assert "Inga träffar" in client.post(url(drawn), {"ord": "höger knä"}).content.decode()
    content = b"".join(client.get(url(drawn, "samlat.pdf")).streaming_content)
    assert len(pikepdf.open(io.BytesIO(content)).pages) == 1


def test_pictures_and_text_lie_encrypted_by_the_documents_key_and_go_with_it(cast, drawn):
    document = drawn.enclosures.get(kind="medical").document
    raw = storage().open(vault.pages_key_of(document.storage_key)).read()
    assert raw.startswith(b"FMU1")
    assert b"\xff\xd8\xff\xe0" not in raw
    assert "höger".encode() not in raw
    assert WORDS in pages.texts(document)[0]
    vault.delete(document.storage_key)
    assert not vault.has_pages(document)


def test_what_the_child_cannot_draw_is_said_and_not_tried_again(cast, case, monkeypatch):
    from contextlib import contextmanager

    @contextmanager
    def broken(*_, **__):
        raise sandbox.Broken
        yield

    monkeypatch.setattr(sandbox, "made", broken)
    for enclosure in Enclosure.objects.filter(assessment=case):
        pages.make({"document": str(enclosure.document_id)})
    page = browser(cast.officer).get(url(case)).content.decode()
    assert "Sidorna går inte att visa här" in page
    assert "data-poll" not in page
    answer = browser(cast.officer).get(url(case, "samlat.pdf"))
    assert answer.status_code == 409
    assert "Öppna dem var för sig" in answer.content.decode()


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        ({"sizes": [5], "text": 2}, b"[]GIF89"),
        ({"sizes": [300_000], "text": 2}, b"[]\xff\xd8\xff" + b"x" * 299_997),
        ({"sizes": [], "text": 4}, b"[12]"),
        ({"sizes": [], "text": 2}, b"[]more"),
        ({"sizes": "x", "text": 2}, b"[]"),
        ({}, b"[]"),
    ],
)
def test_a_child_that_was_taken_over_is_not_believed(answer, body):
    with pytest.raises(sandbox.Broken):
        pages._checked(sandbox.Made(answer, len(body), iter([body])))


def test_too_large_together_says_what_to_do(cast, drawn, monkeypatch):
    monkeypatch.setattr(pages, "MOST_JOINED", 10)
    answer = browser(cast.officer).get(url(drawn, "samlat.pdf"))
    assert answer.status_code == 409
    assert "för stora" in answer.content.decode()


def test_a_case_without_documents_has_a_page_that_says_so(cast):
    assert "inga handlingar att visa" in browser(cast.officer).get(url(s.assigned(cast))).content.decode()
