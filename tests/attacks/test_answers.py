"""What an answer says of itself, what a message's length may be, what a logout leaves, what a refused file leaves."""

from __future__ import annotations

import json
import logging

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]

from accounts.models import ApiKey, Mandate
from documents import checking
from tests import situations as s
from tests.cast import PASSWORD
from tests.pages import browser


def test_every_kind_of_answer_says_its_type_and_signs(cast, probe):
    case = s.delivered(cast)
    client = browser(cast.officer)
    key = {"HTTP_AUTHORIZATION": f"Bearer {ApiKey.issue(Mandate.objects.get(pk=cast.officer.mandate_id))}"}
    document = case.enclosures.first().document_id
    page, api = f"/arenden/{case.number}/", f"/api/v1/assessments/{case.number}/"
    wanted = {
        "text/html": [
            "/att-gora/",
            "/arenden/",
            page,
            f"{page}handelser/",
            "/finns-inte/",
            "/regler/",
            "/meddelanden/",
        ],
        "application/json": ["/halsa", api, f"{api}events/", "/api/v1/threads/"],
        "application/problem+json": [f"{api}steps/finns-inte/", "/api/v1/assessments/2020-000001/"],
        "application/pdf": [f"{page}handlingar/{document}/"],
    }
    for kind, urls in wanted.items():
        for url in urls:
            answer = client.get(url, **(key if url.startswith("/api/") else {}))
            said, _, signs = answer.headers["Content-Type"].partition(";")
            assert said == kind, url
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            if kind.startswith("text/"):
                assert signs.strip() == "charset=utf-8", url
                content.decode("utf-8")
            elif kind.endswith("json"):  # RFC 8259: UTF-8 always, and no parameter says so
                assert signs == "", url
                json.loads(content.decode("utf-8"))
            else:
                assert content.startswith(b"%PDF-"), url
            probe()
    assert finders.find("portal.css")
    for name, kind in (("portal.css", "text/css"), ("portal.js", "text/javascript")):
        answer = Client().get(f"/static/{name}")
        assert answer.headers["Content-Type"] == f'{kind}; charset="utf-8"', name
        probe()


def parsed(raw):
    """What gunicorn makes of a request: (method, length or chunked). Raises `ParseException`."""
    config = Config()
    config.set("forwarder_headers", "")
    request = next(RequestParser(config, iter([raw]), ("192.0.2.1", 1)))
    return request.method, request.body.read()


BOTH = b"POST / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n%s"


@pytest.mark.parametrize(
    ("headers", "rest"),
    [
        (b"Content-Length: 4\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 4", b"0\r\n\r\n"),
        (b"Content-Length: 4\r\nContent-Length: 5", b"abcde"),
        (b"Content-Length: +4", b"abcd"),
        (b"Content-Length: 4, 4", b"abcd"),
        (b"Content-Length: -1", b""),
        (b"Transfer-Encoding: xchunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked, identity", b"0\r\n\r\n"),
        (b"Transfer-Encoding : chunked", b"0\r\n\r\n"),
        (b"Content-Length: 4\r\n Transfer-Encoding: chunked", b"abcd"),
    ],
)
def test_a_message_has_one_length_or_none_at_all(headers, rest, probe):
    with pytest.raises(ParseException):
        parsed(BOTH % (headers, rest))
    probe()


def test_an_honest_message_is_read():
    assert parsed(BOTH % (b"Content-Length: 4", b"abcd")) == ("POST", b"abcd")
    assert parsed(BOTH % (b"Transfer-Encoding: chunked", b"4\r\nabcd\r\n0\r\n\r\n")) == ("POST", b"abcd")


def test_a_logout_has_the_browser_forget_all_but_its_own_mark(cast, probe):
    client = Client()
    client.post("/logga-in/", {"username": "officer", "password": PASSWORD})
    mark = client.cookies["__Host-device"].value
    answer = client.post("/logga-ut/")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.cookies["__Host-device"].value == mark
    probe()


def test_a_refused_file_leaves_a_line_of_codes(cast, caplog, probe):
    case = s.assigned(cast)
    document = s.stage_unchecked(case, cast.officer).document
    with caplog.at_level(logging.WARNING):
        checking.conclude(document, "virus")
    lines = [record.getMessage() for record in caplog.records if record.name == "fmu.documents"]
    assert lines == [f"document refused document={document.pk} mandate={cast.officer.mandate_id} reason=virus"]
    assert "medical.pdf" not in caplog.text
    probe()
