"""The PDF of a signed report: readable by everybody, the same each time, made exactly once."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pikepdf
import pypdf
import pytest
from django.conf import settings

from documents import pdf as maker
from documents import vault
from documents.models import Document
from fmu_portal.engine import outbox
from fmu_portal.models import Outbox
from orders import pdf
from orders.models import Report, ReportVersion
from orders.report_data import attachment_of
from tests import situations as s
from tests import stack
from tests.pages import browser

ROOT = Path(__file__).resolve().parent.parent


pytestmark = pytest.mark.usefixtures("whole_reports")

DJANGO = {"DJANGO_SETTINGS_MODULE": "fmu_portal.settings"}
ELSEWHERE = """
import django; django.setup()
import datetime, hashlib, json, sys
from documents.pdf import Attached, render
html, files, at = json.load(sys.stdin)
made = render(html, [Attached(**f | {"data": f["data"].encode()}) for f in files], datetime.datetime.fromisoformat(at))
print(hashlib.sha256(made).hexdigest(), end="")
"""


def deliver(cast, **content):
    """A delivered report with this content; its PDF is not made yet."""
    case = s.in_progress(cast)
    Report.objects.create(assessment=case, performer_id=cast.physician.organisation_id, content=s.REPORT | content)
    return s.step(case, "deliver", cast.physician, source="form", revision=s.revision(case), responsible="on")


def version_of(case, number=1):
    return ReportVersion.objects.select_related("document").get(assessment=case, number=number)


def made(case):
    """The bytes of the case's PDF, made by the outbox."""
    outbox.work()
    with vault.open_clean(version_of(case).document) as file:
        return file.read()


def text_of(data):
    """All the text, with line breaks as spaces."""
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages).split())


def test_the_pdf_is_tagged_swedish_and_has_a_title(cast):
    with pikepdf.open(io.BytesIO(made(deliver(cast)))) as opened:
        assert opened.Root.MarkInfo.Marked
        assert str(opened.Root.Lang) == "sv"
        assert "/StructTreeRoot" in opened.Root
        assert opened.Root.ViewerPreferences.DisplayDocTitle
        assert str(opened.docinfo.Title) == "Bedömning av medicinska förutsättningar för arbete"
        with opened.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
        kinds = {str(o.S) for o in opened.objects if isinstance(o, pikepdf.Dictionary) and "/S" in o and "/P" in o}
        assert {"/H1", "/H2", "/H3", "/P", "/Table", "/TH", "/TD"} <= kinds
        fonts = [o for o in opened.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"]
        assert fonts
        assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)


def test_the_pdf_holds_the_whole_report_as_searchable_text(cast):
    grades = {"strength": 0, "balance": 4, "balance_reason": "Faller vid vändning"}
    case = deliver(cast, findings="Nedsatt rörlighet i höger axel: åäö ÅÄÖ é – ≥ 80°", **grades)
    text = text_of(made(case))
    for words in (
        "Bedömning av medicinska förutsättningar för arbete", case.number, s.PERSONNUMMER, s.NAME, "Kontoret Ett",
        "Enheten Ett", "Lo Läkare, ansvarig läkare", "Signerat av", "Version 1", "10 januari 2026", "Sida 1 av",
        "Nedsatt rörlighet i höger axel: åäö ÅÄÖ é – ≥ 80°", "Fysisk styrka och rörlighet",
        "0, ingen eller försumbar begränsning", "4, mycket stor eller total begränsning", "Faller vid vändning",
        "Psykisk uthållighet",
    ):  # fmt: skip
        assert words.replace("\N{NO-BREAK SPACE}", " ") in text.replace("\N{NO-BREAK SPACE}", " "), words


def test_the_document_belongs_to_the_performer_and_is_counted(cast):
    case = deliver(cast)
    data, document = made(case), version_of(case).document
    assert document.owner_id == case.performer_id
    assert document.name == f"utlatande-{case.number}-v1.pdf"
    assert (document.state, document.size) == ("clean", len(data))
    assert document.pages == len(pypdf.PdfReader(io.BytesIO(data)).pages)


def test_the_same_version_gives_the_same_bytes_whenever_and_wherever_it_is_made(cast):
    case = deliver(cast, findings="Åäö αβγ " * 200)
    version = version_of(case)
    file = asdict(attachment_of(version))
    asked = json.dumps([pdf.html_of(version), [file | {"data": file["data"].decode()}], version.signed_at.isoformat()])
    first = made(case)
    time.sleep(1.1)  # no clock in it
    assert pdf.bytes_of(version_of(case)) == first
    env = {**os.environ, **DJANGO, "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "LANG": "C.UTF-8"}
    other = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], cwd=ROOT, env=env, input=asked.encode(), capture_output=True
    )
    assert other.stdout.decode() == version_of(case).document.sha256, other.stderr.decode()[-500:]


def test_a_new_version_has_its_own_pdf(cast):
    case = s.supplement_requested(cast)
    Report.objects.filter(assessment=case).update(content=s.REPORT | {"prognosis": "Ett år"})
    s.step(case, "supplement", cast.physician, source="form", revision=s.revision(case), responsible="on")
    outbox.work()
    one, two = version_of(case, 1).document, version_of(case, 2).document
    assert one.name.endswith("-v1.pdf")
    assert two.name.endswith("-v2.pdf")
    assert one.sha256 != two.sha256
    with vault.open_clean(two) as file:
        assert "Ett år" in text_of(file.read())


def test_made_twice_is_made_once(cast):
    case = deliver(cast)
    outbox.work()
    before = Document.objects.count()
    pdf.make({"version": version_of(case).pk})
    assert Document.objects.count() == before


def test_a_text_of_twenty_pages_is_whole(cast):
    long = "\n\n".join(f"Stycke {n}. " + "Rörligheten undersöktes i flera lägen. " * 30 for n in range(1, 81))
    data = made(deliver(cast, findings=long))
    text = text_of(data)
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) >= 20
    assert all(f"Stycke {n}." in text for n in range(1, 81))


def test_a_long_reason_stands_whole_under_its_table_with_its_grade(cast):
    long = "Orkar tio minuter i taget vid provet. " * 80
    text = text_of(made(deliver(cast, strength=3, strength_reason=long)))
    assert text.count("provet.") == 80  # a page may end in the middle of a sentence
    assert "Står under tabellen." in text
    assert "Fysisk styrka och rörlighet, grad 3" in text


def test_a_word_without_end_and_unusual_signs_do_not_stop_it(cast):
    text = text_of(
        made(deliver(cast, diagnosis="x" * 3000, risks="☺ α ж 漢 \u200b\u202e\ufffe", strength_reason="y" * 9000))
    )
    assert text.count("x") >= 3000
    assert text.count("y") >= 9000


def test_html_in_the_text_is_text_and_fetches_nothing(cast):
    nasty = (
        "<script>alert(1)</script><img src='file:///etc/hosts'><style>@import url(http://127.0.0.1:1/)</style>{{ x }}"
    )
    data = made(deliver(cast, findings=nasty, strength_reason=nasty))
    assert text_of(data).replace(" ", "").count(nasty.replace(" ", "")) == 2
    with pikepdf.open(io.BytesIO(data)) as opened:
        assert "/JavaScript" not in str(opened.Root.keys())
        assert not [o for o in opened.objects if isinstance(o, pikepdf.Stream) and o.get("/Subtype") == "/Image"]


@pytest.mark.parametrize("url", ["file:///etc/hostname", "http://127.0.0.1:1/x.png", "data:image/png;base64,AAAA"])
def test_the_maker_fetches_nothing_but_its_own_fonts(url):
    with pytest.raises(maker.PdfRefused, match="nothing but the portal's fonts"):
        maker.render(f"<html lang=sv><title>x</title><body><img alt=x src='{url}'></body></html>")


def test_without_the_pdf_library_the_delivery_stands_and_the_page_says_it_waits(cast, monkeypatch):
    case = deliver(cast)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "weasyprint", None)
        outbox.work()
    row = Outbox.objects.get(kind="report_pdf")
    assert (row.attempts, row.error, row.done_at) == (1, "PdfUnavailable", None)
    assert s.fresh(case).status == "delivered"
    assert (
        "PDF:en kan inte göras just nu"
        in browser(cast.officer).get(f"/arenden/{case.number}/utlatande/version/1/").text
    )
    Outbox.objects.update(not_before=row.created_at)
    outbox.work()
    assert version_of(case).document is not None


KILLED = """
import django; django.setup()
import time
from documents.storage import FolderStorage
written = FolderStorage.write
def write(self, chunks, key=None):
    stored = written(self, chunks, key)
    print("written", flush=True)
    time.sleep(60)
    return stored
FolderStorage.write = write
from fmu_portal.engine import outbox
outbox.work()
"""


def test_a_worker_killed_in_the_middle_leaves_one_document_in_the_end(committed_cast):
    case = deliver(committed_cast)
    Outbox.objects.exclude(kind="report_pdf").update(done_at=case.person.assessment.last_event.at)
    documents = set(Document.objects.values_list("pk", flat=True))
    files = {p.name for p in Path(settings.DOCUMENT_DIR).rglob("*") if p.is_file()}
    database = str(settings.DATABASES["default"]["NAME"])
    env = {**os.environ, **DJANGO, "DATABASE_URL": stack.shared_cluster().url("worker", database)}
    worker = subprocess.Popen([sys.executable, "-c", KILLED], cwd=ROOT, env=env, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    try:
        assert worker.stdout.readline() == b"written\n"  # the file lies there, the row does not
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()
    assert version_of(case).document is None
    for _ in range(100):  # the database notices that the killed worker is gone, and lets the row go
        outbox.work()
        if version_of(case).document is not None:
            break
        time.sleep(0.1)
    document = version_of(case).document
    assert set(Document.objects.values_list("pk", flat=True)) - documents == {document.pk}
    assert Outbox.objects.get(kind="report_pdf").done_at is not None
    now = {p.name for p in Path(settings.DOCUMENT_DIR).rglob("*") if p.is_file()}
    assert now - files == {document.storage_key}
