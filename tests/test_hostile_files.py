"""Everything uploaded is hostile until a worker has checked it: what acts is gone, what breaks is refused with words."""

from __future__ import annotations

import io
import json
import re
import socket
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pikepdf
import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from documents import checking, sandbox, scanner, vault
from documents.child.cleaning import ACTIONS, CARRIERS, GO
from documents.child.examine import Limits, examine
from documents.models import Document
from documents.refusals import REASONS
from documents.storage import storage
from fmu_portal.engine import outbox
from fmu_portal.models import Notice, Outbox
from orders.models import Enclosure
from tests import hostile
from tests import situations as s
from tests.pages import browser


@pytest.fixture
def limits():
    return Limits(**sandbox.limits()["file"])


def flat(copy: bytes) -> bytes:
    """The whole file unpacked, as a reader sees it."""
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        pdf.save(
            made, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.all,
            object_stream_mode=pikepdf.ObjectStreamMode.disable, qdf=True,
        )  # fmt: skip
    return made.getvalue()


def assert_harmless(copy: bytes) -> None:
    """By the bytes, and by every object of the copy, with words of the test's own."""
    assert copy.startswith(b"%PDF-")
    assert copy.rstrip().endswith(b"%%EOF")
    text = flat(copy)
    for word in (
        hostile.MARK.encode(), b"JavaScript", b"/JS", b"/Launch", b"/SubmitForm", b"/ImportData", b"/GoToR", b"/GoToE",
        b"/URI", b"/OpenAction", b"/AA", b"/EmbeddedFile", b"/Filespec", b"/FileAttachment", b"/XFA", b"/RichMedia",
        b"/Rendition", b"/OPI", b"/Metadata", b"/PieceInfo", b"/Collection", b"<script", b"<?php", b"PK\x03\x04", b"\x7fELF",
    ):  # fmt: skip
        assert word not in text, word
        assert word not in copy, word
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        for thing in pdf.objects:
            if not isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
                continue
            assert not set(thing.keys()) & GO
            assert str(thing.get("/S")) not in ACTIONS
            assert str(thing.get("/Subtype")) not in CARRIERS
            if isinstance(thing, pikepdf.Stream):
                assert "/F" not in thing


@pytest.mark.parametrize("name", [*hostile.ACTIVE, *hostile.POLYGLOTS])
def test_what_acts_is_gone_from_the_copy_and_what_is_read_is_there(name, limits):
    data = (hostile.ACTIVE | hostile.POLYGLOTS)[name]
    found = examine(data, limits)
    assert (found.refusal, found.pages) == ("", 2)
    assert_harmless(found.clean)
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(found.clean)).pages)
    assert text.count("Handling som ska synas") == 2


@pytest.mark.parametrize("name", hostile.PICTURES)
def test_a_picture_becomes_a_pdf_of_its_pixels(name, limits):
    found = examine(hostile.PICTURES[name], limits)
    assert (found.refusal, found.pages) == ("", 1)
    assert_harmless(found.clean)


def test_the_files_are_as_hostile_as_they_say():
    """Each that acts holds the mark, or the test of its absence says nothing."""
    for name, data in (hostile.ACTIVE | hostile.POLYGLOTS).items():
        if name != "unreferenced javascript" and "zip" not in name:
            assert hostile.MARK.encode() in flat(data) + data, name


def test_what_is_innocent_stays(limits):
    """Links within the file, the outline, filled fields, notes, marked text and the file's structure."""
    from pikepdf import Array, Dictionary, Name, String

    def make(pdf):
        first = pdf.pages[0].obj
        go = Dictionary(S=Name.GoTo, D=Array([pdf.pages[1].obj, Name.Fit]))
        item = pdf.make_indirect(Dictionary(Title=String("Kapitel"), A=go))
        pdf.Root.Outlines = pdf.make_indirect(Dictionary(Type=Name.Outlines, First=item, Last=item, Count=1))
        item.Parent = pdf.Root.Outlines
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), F=4, A=go)
        note = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=Array([0, 0, 9, 9]), Contents=String("Anteckning"))
        field = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T=String("f"),
            V=String("Svaret"),
            Rect=Array([0, 0, 9, 9]),
        )
        ready = [pdf.make_indirect(a) for a in (link, note, field)]
        first["/Annots"] = Array(ready)
        pdf.Root.AcroForm = Dictionary(Fields=Array([ready[2]]), NeedAppearances=True)
        shape = Dictionary(O=Name.Layout, Placement=Name.Block)
        element = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.P, A=shape, Pg=first))
        pdf.Root.StructTreeRoot = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=element))
        pdf.Root.Lang = String("sv")
        first.Resources.Font["/F"] = first.Resources.Font.F1

    found = examine(hostile.changed(make), limits)
    assert found.refusal == ""
    with pikepdf.open(io.BytesIO(found.clean)) as pdf:
        link, note, field = pdf.pages[0].obj.Annots
        assert (Name.GoTo, 4) == (link.A.S, link.F)
        assert str(note.Contents) == "Anteckning"
        assert str(field.V) == "Svaret"
        assert Name.GoTo == pdf.Root.Outlines.First.A.S
        assert Name.Layout == pdf.Root.StructTreeRoot.K.A.O
        assert str(pdf.Root.Lang) == "sv"
        assert "/F" in pdf.pages[0].obj.Resources.Font


@pytest.mark.parametrize("name", hostile.AT_ONCE)
def test_what_is_no_pdf_or_picture_is_refused_at_once_and_leaves_nothing(cast, name):
    case = s.assigned(cast)
    before = {path for path in storage().root.rglob("*") if path.is_file()}
    file_name, content = hostile.AT_ONCE[name]
    data = {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02"}
    answer = browser(cast.officer).post(
        f"/arenden/{case.number}/steg/order/", {**data, "ny-files_chosen": SimpleUploadedFile(file_name, content)}
    )
    assert answer.status_code == 422
    assert not Document.objects.exists()
    assert {path for path in storage().root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_what_breaks_or_swells_is_refused_by_the_child_with_a_reason(name):
    allowed, make = hostile.REFUSED[name]
    started = time.monotonic()
    with sandbox.examined([make()]) as found:
        assert found.refusal in allowed
        assert b"".join(found.clean) == b""
    assert found.refusal in REASONS
    assert time.monotonic() - started < 100


def test_text_that_takes_for_ever_to_read_does_not_hold_a_sound_file(limits):
    make = hostile.SLOW_BUT_SOUND["text that takes for ever"]
    quick = Limits(**(sandbox.limits()["file"] | {"text_seconds": 0.5}))
    started = time.monotonic()
    found = examine(make(), quick)
    assert (found.refusal, found.pages, found.numbers) == ("", 2, {})
    assert time.monotonic() - started < 30


# --- the child: what it may not do, whatever a file has made it do


CHILD = """
import sys, json
sys.path.insert(0, {root!r})
import socket, subprocess, os, time, ctypes, struct
libc = ctypes.CDLL(None)
ready = [getattr(libc, name) for name in ("socket", "connect", "open", "fork", "strlen")]
from documents.child import __main__ as child
from documents.child import examine as module
def taken(data, limits):
    {body}
    return module.Finding(refusal="type")
real = module.examine
child.warm_up(module.Limits(**json.loads(sys.argv[1])["file"]), "examine")
child.warm_up = lambda *_: None
module.examine = taken
child.main()
"""
ROOT = str(Path(__file__).resolve().parent.parent)


def refusal_of(tmp_path: Path, body: str, cpu: int = 40) -> str:
    """What comes of a file that has taken the child over and does ``body``; "type" when ``body`` got through it all."""
    script = tmp_path / "child.py"
    script.write_text(CHILD.format(root=ROOT, body=body.replace("\n", "\n    ")))
    with sandbox.examined([b"%PDF-"], script=script, cpu_seconds=cpu) as found:
        return found.refusal


TRIED = {
    "network": "socket.create_connection(('127.0.0.1', 1), 1)",
    "name lookup": "socket.getaddrinfo('localhost', 80)",
    "a socket of its own": "socket.socket()",
    "a program": "subprocess.run(['true'])",
    "a shell": "os.system('true')",
    "a fork": "os.fork()",
    "another program in its place": "os.execv('/bin/true', ['true'])",
    "reading a file": "open('/etc/passwd').read()",
    "reading the secrets": "open(os.environ.get('SECRETS_DIR', '/') + '/document_keys')",
    "writing a file": "open('/tmp/evil', 'w')",
    "a folder's content": "os.listdir('/')",
    "a signal to its parent": "os.kill(os.getppid(), 9)",
}


@pytest.mark.parametrize("what", TRIED)
def test_the_child_may_not(what, tmp_path):
    """A file that has taken the child over tries it: refused, and the attempt is what ends the child."""
    body = f"try:\n    {TRIED[what]}\nexcept OSError:\n    return module.Finding(refusal='virus')"
    assert refusal_of(tmp_path, body) == "virus", f"{what} got through"


def test_native_code_in_the_child_has_no_network_no_files_and_no_other_processes(tmp_path):
    """Past Python's own refusal: straight to the C library."""
    if sys.platform != "linux" or not _walls() >= {"net", "root"}:
        pytest.skip("this machine gives the child no namespaces of its own")
    body = (
        "sock = libc.socket(2, 1, 0)\n"
        "there = struct.pack('<H', 2) + struct.pack('>H', PORT) + bytes([127, 0, 0, 1]) + bytes(8)\n"
        "if sock >= 0 and libc.connect(sock, there, 16) == 0: return module.Finding(refusal='virus')\n"
        "if libc.open(b'/etc/passwd', 0) >= 0: return module.Finding(refusal='pages')\n"
        "if libc.fork() > 0: return module.Finding(refusal='image')"
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert refusal_of(tmp_path, body.replace("PORT", str(port))) == "type"


def _walls() -> set[str]:
    with sandbox.examined([hostile.SOUND]) as found:
        assert b"".join(found.clean).startswith(b"%PDF")
        return set(found.walls)


def test_the_child_has_walls_and_no_secrets(tmp_path):
    assert {"audit", "limits"} <= _walls()
    secrets = ["DATABASE_URL", "SECRETS_DIR", "REDIS_URL", "DATA_DIR"]
    body = f"if any(n in os.environ for n in {secrets!r}): return module.Finding(refusal='virus')"
    assert refusal_of(tmp_path, body) == "type"


@pytest.mark.parametrize(
    ("body", "cpu"),
    [
        ("while True: pass", 2),
        ("signal = __import__('signal'); signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass", 1),
        ("held = []\nwhile True: held.append(bytearray(50_000_000))", 20),
        ("os._exit(0)", 2),
        ("os.abort()", 2),
        ("libc.strlen(1)", 2),
        ("sys.stdout.buffer.write(b'x' * 10_000_000); sys.stdout.flush(); os._exit(0)", 2),
        ("sys.stdout.buffer.write(b'{}\\n'); sys.stdout.flush(); os._exit(0)", 2),
    ],
    ids=["loops", "loops and will not die", "eats memory", "goes", "aborts", "crashes", "shouts", "answers nothing"],
)
def test_a_child_that_misbehaves_is_a_refused_file_and_no_more(tmp_path, body, cpu):
    assert refusal_of(tmp_path, body, cpu) == "limits"


def test_a_child_that_sleeps_is_ended_by_the_clock(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "WALL_SECONDS", 12.0)
    started = time.monotonic()
    assert refusal_of(tmp_path, "time.sleep(600)") == "limits"
    assert time.monotonic() - started < 40


@pytest.mark.parametrize(
    "answer",
    [
        {"refusal": "", "pages": 1, "numbers": {}, "size": 10**12, "walls": []},
        {"refusal": "", "pages": 10**9, "numbers": {}, "size": 100, "walls": []},
        {"refusal": "", "pages": -1, "numbers": {}, "size": 100, "walls": []},
        {"refusal": "", "pages": 1, "numbers": [], "size": 100, "walls": []},
        {"refusal": "", "pages": 1, "size": 100},
        [],
    ],
)
def test_an_answer_that_cannot_be_is_not_believed(tmp_path, answer):
    body = f"sys.stdout.buffer.write({json.dumps(answer).encode()!r} + b'\\n'); sys.stdout.flush(); os._exit(0)"
    assert refusal_of(tmp_path, body, 5) == "limits"


def test_a_copy_that_is_cut_or_is_no_pdf_is_not_kept(tmp_path, cast, monkeypatch):
    enclosure = s.stage_unchecked(s.assigned(cast), cast.officer)
    for number, sent in enumerate((b"%PDF-1.7 only this", b"<html>" + bytes(94))):
        answer = json.dumps({"refusal": "", "pages": 1, "numbers": {}, "size": 100, "walls": []}).encode()
        script = tmp_path / f"{number}.py"
        script.write_text(f"import sys; o = sys.stdout.buffer; o.write(b'ready\\n' + {answer!r} + b'\\n' + {sent!r})")
        real = sandbox.examined
        monkeypatch.setattr(checking.sandbox, "examined", lambda chunks, p=script, real=real: real(chunks, script=p))
        Document.objects.update(state="received", refusal="")
        outbox.work()
        monkeypatch.setattr(checking.sandbox, "examined", real)
        document = Document.objects.get(pk=enclosure.document_id)
        assert (document.state, document.refusal, document.clean_key) == ("refused", "limits", "")
        assert not list(storage().root.rglob(vault.clean_key_of(document.storage_key)))
        Outbox.objects.update(done_at=None)


def test_a_child_that_does_not_start_is_no_fault_of_the_file(tmp_path, cast, monkeypatch):
    enclosure = s.stage_unchecked(s.assigned(cast), cast.officer)
    monkeypatch.setattr(checking.sandbox.examined.__wrapped__, "__defaults__", (tmp_path / "nothing.py", 40))
    outbox.work()
    document = Document.objects.get(pk=enclosure.document_id)
    assert document.state == "checking"
    row = Outbox.objects.get(kind=checking.KIND)
    assert (row.attempts, row.error, row.done_at) == (1, "CheckUnavailable", None)
    monkeypatch.undo()
    Outbox.objects.update(not_before=timezone.now())
    outbox.work()
    document.refresh_from_db()
    assert (document.state, document.pages) == ("clean", 1)


# --- the states, as people see them


def opened(client, case, enclosure):
    return client.get(f"/arenden/{case.number}/handlingar/{enclosure.document_id}/")


def test_an_unchecked_file_is_sent_counts_as_delivered_and_opens_when_clean(cast):
    case = s.assigned(cast)
    enclosure = s.stage_unchecked(case, cast.officer)
    case = s.with_physician(s.step(case, "order", cast.officer, **s.ORDER), cast)
    assert case.status == "ordered"
    received = Document.objects.get(pk=enclosure.document_id).received_at
    for reader in (cast.officer, cast.physician):
        answer = opened(browser(reader), case, enclosure)
        assert answer.status_code == 409
        assert "Handlingen kontrolleras" in answer.content.decode()
        assert "Kontrolleras och kan öppnas när" in browser(reader).get(f"/arenden/{case.number}/").content.decode()
    assert not Enclosure.objects.get(pk=enclosure.pk).document.openings.exists(), "nobody has opened anything"
    outbox.work()
    for reader in (cast.officer, cast.physician):
        answer = opened(browser(reader), case, enclosure)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        body = answer.getvalue()
        assert int(answer["Content-Length"]) == len(body)
        assert_harmless(body)
    document = Document.objects.get(pk=enclosure.document_id)
    assert (document.state, document.pages, document.received_at) == ("clean", 1, received)


def test_the_original_is_kept_whole_and_nobody_reaches_it(cast):
    case = s.assigned(cast)
    data = hostile.ACTIVE["javascript at opening"]
    enclosure = s.stage_unchecked(case, cast.officer)
    with vault.open_original(enclosure.document) as file:
        assert file.read() == s.upload().read()
    browser(cast.officer).post(
        f"/arenden/{case.number}/steg/order/",
        {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02",
         "ny-files_chosen": SimpleUploadedFile("ond.pdf", data)},
    )  # fmt: skip
    outbox.work()
    bad = Enclosure.objects.select_related("document").get(assessment=case, document__name="ond.pdf")
    with vault.open_original(bad.document) as file:
        assert file.read() == data
    body = opened(browser(cast.officer), case, bad).getvalue()
    assert hostile.MARK.encode() in flat(data)
    assert_harmless(body)
    for key in (bad.document.storage_key, bad.document.clean_key):
        assert browser(cast.officer).get(f"/arenden/{case.number}/handlingar/{key}/").status_code == 404


def test_a_refused_file_that_was_sent_is_questioned_and_the_delivery_stands(cast):
    case = s.assigned(cast)
    s.stage(case, cast.officer)
    enclosure = s.stage_unchecked(case, cast.officer, "other")
    Document.objects.filter(pk=enclosure.document_id).update(name="hemligt namn.pdf")
    case = s.with_physician(s.step(case, "order", cast.officer, **s.ORDER), cast)
    before = (case.status, case.ordered_on, case.underlag_complete_on)
    checking.conclude(enclosure.document, "damaged")
    case = s.fresh(case)
    assert (case.status, case.ordered_on, case.underlag_complete_on) == before
    told = Notice.objects.filter(case_id=case.pk, key__startswith="file:")
    assert {n.organisation_id for n in told} == {case.agency_office_id, case.performer_id}
    assert all("godtas inte" in n.text and s.NAME not in n.text and "hemligt" not in n.text for n in told)
    for reader in (cast.officer, cast.physician, cast.admin):
        page = browser(reader).get(f"/arenden/{case.number}/").content.decode()
        assert "Mottagen, men godtas inte och kan inte öppnas. Filen är skadad" in page
    for reader in (cast.officer, cast.physician):
        answer = opened(browser(reader), case, enclosure)
        assert answer.status_code == 409
        assert "Handlingen kan inte öppnas" in answer.content.decode()
        assert "Filen är skadad" in answer.content.decode()
    assert opened(browser(cast.region), case, enclosure).status_code == 404


def test_another_personnummer_found_after_the_sending_is_told_to_the_sender_alone(cast):
    case = s.assigned(cast)
    enclosure = s.stage_unchecked(case, cast.officer, text=f"Gäller {s.OTHER_PERSONNUMMER}")
    case = s.step(case, "order", cast.officer, **s.ORDER)
    s.check_files()
    assert Enclosure.objects.get(pk=enclosure.pk).warning_page == 1
    told = Notice.objects.get(key__startswith="number:")
    assert told.organisation_id == case.agency_office_id
    assert s.OTHER_PERSONNUMMER not in told.text


def test_a_document_removed_while_it_is_checked_leaves_nothing(cast, monkeypatch, django_capture_on_commit_callbacks):
    from orders.views.staging import remove_staged

    before = {path for path in storage().root.rglob("*") if path.is_file()}
    enclosure = s.stage_unchecked(s.assigned(cast), cast.officer)
    document = enclosure.document
    vault.keep_clean(document, [b"%PDF-"])
    with django_capture_on_commit_callbacks(execute=True):
        remove_staged(enclosure)
    vault.keep_clean(document, [b"%PDF-"])
    checking.conclude(document, "", pages=1, copy=vault.Tally())
    assert {path for path in storage().root.rglob("*") if path.is_file()} == before


def test_checked_twice_is_checked_once(cast):
    enclosure = s.stage(s.assigned(cast), cast.officer)
    checking.conclude(enclosure.document, "damaged")
    checking.check({"document": str(enclosure.document_id)})
    assert Document.objects.get(pk=enclosure.document_id).state == "clean"


def test_there_is_a_quota_of_files_that_are_not_sent(cast, monkeypatch):
    from orders.views import staging

    monkeypatch.setattr(staging, "MAX_UNSENT", 1)
    case = s.assigned(cast)
    s.stage(case, cast.officer)
    data = {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02"}
    url = f"/arenden/{case.number}/steg/order/"
    answer = browser(cast.officer).post(url, {**data, "ny-files_chosen": s.upload("en.till.pdf")})
    assert "har redan 1 filer som inte är skickade" in answer.content.decode()
    monkeypatch.setattr(staging, "MAX_UNSENT", 100)
    monkeypatch.setattr(staging, "MAX_UNSENT_BYTES", 10)
    answer = browser(cast.officer).post(url, {**data, "ny-files_chosen": s.upload("en.till.pdf")})
    assert "för många uppladdade filer" in answer.content.decode()


def test_one_person_does_not_fill_the_storage(cast, settings):
    """Files and bytes of 24 hours, sent or not; a colleague has a quota of their own, and a day later there is room."""
    case = s.assigned(cast)
    s.stage(case, cast.officer)
    mine = Document.objects.filter(uploaded_by_id=cast.officer.mandate_id)
    url = f"/arenden/{case.number}/steg/order/"
    data = {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02"}

    def one_more(actor):
        before = Document.objects.count()
        answer = browser(actor).post(url, {**data, "ny-files_chosen": s.upload("en.till.pdf")}).content.decode()
        return Document.objects.count() - before, "det senaste dygnet, och fler går inte att ta emot" in answer

    lying = sum(row.size for row in mine)
    settings.UPLOAD_FILES_A_DAY, settings.UPLOAD_BYTES_A_DAY = mine.count(), 10**9
    assert one_more(cast.officer) == (0, True)
    assert one_more(cast.team) == (1, False)
    settings.UPLOAD_FILES_A_DAY, settings.UPLOAD_BYTES_A_DAY = 1000, lying + 10
    assert one_more(cast.officer) == (0, True)
    mine.update(received_at=timezone.now() - timedelta(days=1, seconds=1))
    assert one_more(cast.officer) == (1, False)


NAMES = [
    "../../../../etc/passwd.pdf", "..\\..\\windows\\system32.pdf", "/etc/passwd.pdf", "C:\\boot.pdf", "....pdf", ".pdf",
    "a\u202egnp.pdf", "a\r\nSet-Cookie: x=1.pdf", 'a"; filename="b.exe.pdf', "<script>alert(1)</script>.pdf", "å" * 300 + ".pdf",
    "=HYPERLINK(1).pdf", "con.pdf", "%00.pdf", "%2e%2e%2f.pdf", "a;b|c&d$(e)`f`.pdf", "\u0000x.pdf", "file:///etc/passwd.pdf",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_an_odd_name_is_neither_a_path_nor_a_header_nor_markup(cast, name):
    case = s.assigned(cast)
    client, url = browser(cast.officer), f"/arenden/{case.number}/steg/order/"
    upload = s.upload("x.pdf")
    upload._name = name
    data = {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02", "ny-files_chosen": upload}
    root = storage().root
    before = set(root.rglob("*"))
    answer = client.post(url, data)
    assert answer.status_code in (302, 422)
    new = [path for path in root.rglob("*") if path.is_file() and path not in before]
    assert len(new) == (answer.status_code == 302)
    assert all(re.fullmatch(r"[0-9a-z]{40,64}", path.name) for path in new)
    assert not (root.parent / "passwd.pdf").exists()
    enclosure = Enclosure.objects.select_related("document").filter(assessment=case).first()
    if enclosure is None:
        return
    stored = enclosure.document.name
    assert re.fullmatch(r"[\w .()+-]{1,115}\.pdf", stored), stored
    assert "\n" not in stored
    s.check_files()
    page = client.get(url).content.decode()
    assert "<script>alert(1)" not in page
    header = opened(client, case, enclosure)["Content-Disposition"]
    assert header == f'inline; filename="handling-{case.number}-{enclosure.pk}.pdf"'


# --- the virus scanner


class Clamd:
    """A scanner as clamd is: INSTREAM, pieces with their size before them, an answer with a zero after."""

    def __init__(self, answer: bytes | None = None) -> None:
        self.answer, self.seen = answer, b""
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self.server.accept()
            except OSError:
                return
            with line, line.makefile("rb") as read:
                assert read.read(10) == b"zINSTREAM\0"
                self.seen = b""
                while size := int.from_bytes(read.read(4), "big"):
                    self.seen += read.read(size)
                told = b"stream: Eicar-Test-Signature FOUND\0" if hostile.EICAR in self.seen else b"stream: OK\0"
                line.sendall(told if self.answer is None else self.answer)


@contextmanager
def clamd(settings, answer: bytes | None = None):
    server = Clamd(answer)
    settings.CLAMD = server.address
    try:
        yield server
    finally:
        server.server.close()


def test_the_scanner_sees_the_whole_file_and_lets_a_sound_one_through(cast, settings):
    enclosure = s.stage_unchecked(s.assigned(cast), cast.officer)
    with clamd(settings) as server:
        outbox.work()
    assert server.seen == s.upload().read()
    assert Document.objects.get(pk=enclosure.document_id).state == "clean"


def test_eicar_in_a_pdf_is_stopped_and_said_in_words(cast, settings):
    case = s.assigned(cast)
    data = hostile.SOUND + b"\n%" + hostile.EICAR
    url = f"/arenden/{case.number}/steg/order/"
    browser(cast.officer).post(
        url, {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02",
              "ny-files_chosen": SimpleUploadedFile("a.pdf", data)},
    )  # fmt: skip
    with clamd(settings):
        outbox.work()
    document = Document.objects.get()
    assert (document.state, document.refusal, document.clean_key) == ("refused", "virus", "")
    assert "Virusskyddet stoppade filen." in browser(cast.officer).get(url).content.decode()


@pytest.mark.parametrize(
    "answer",
    [b"", b"stream: Size limit exceeded ERROR\0", b"INSTREAM size limit exceeded. ERROR\0", b"OK\0", b"x" * 9999],
)
def test_a_scanner_that_does_not_say_ok_lets_nothing_through(cast, settings, answer):
    enclosure = s.stage_unchecked(s.assigned(cast), cast.officer)
    with clamd(settings, answer):
        outbox.work()
    assert Document.objects.get(pk=enclosure.document_id).state == "checking"
    assert Outbox.objects.get(kind=checking.KIND).error == "ScannerUnavailable"


@pytest.mark.parametrize("where", ["127.0.0.1:1", "/nothing/clamd.sock", "no port", "[::1]:1"])
def test_a_scanner_that_is_away_makes_the_file_wait_and_it_is_tried_again(cast, settings, where):
    enclosure = s.stage_unchecked(s.assigned(cast), cast.officer)
    settings.CLAMD = where
    outbox.work()
    outbox.work()
    document = Document.objects.get(pk=enclosure.document_id)
    assert document.state == "checking"
    with clamd(settings):
        Outbox.objects.update(not_before=timezone.now())
        outbox.work()
    document.refresh_from_db()
    assert document.state == "clean"


def test_a_scanner_on_a_unix_socket(settings, tmp_path):
    settings.CLAMD = str(tmp_path / "clamd.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(settings.CLAMD)
        server.listen()

        def serve() -> None:
            line, _ = server.accept()
            with line, line.makefile("rb") as read:
                read.read(10)
                while size := int.from_bytes(read.read(4), "big"):
                    read.read(size)
                line.sendall(b"stream: OK\0")

        threading.Thread(target=serve, daemon=True).start()
        assert scanner.finds_virus([b"a" * 200_000]) is False


def test_how_many_hostile_files_there_are():
    """The count that the note tells."""
    found = hostile.counts()
    assert sum(found.values()) >= 100, found


def test_what_the_writers_program_said_of_them_does_not_come_along():
    """Author, company and program stand in a PDF's /Info; a reader of the case has no use for them (V14.2.8)."""
    made = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.docinfo["/Author"] = "Lo Läkare"
        pdf.docinfo["/Title"] = "Journal Kalle Karlsson"
        pdf.save(made)
    with sandbox.examined([made.getvalue()]) as found:
        copy = b"".join(found.clean)
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        assert "/Info" not in pdf.trailer
    assert b"Karlsson" not in copy
