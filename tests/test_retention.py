"""Retention: nothing goes without its owner's decision, exactly what was previewed goes, and the chain still holds."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import ApiKey, Mandate
from audit import sealing
from audit.models import AccessEntry, Log, Seal
from documents.models import Document, Opening
from documents.storage import storage
from documents.vault import clean_key_of
from fmu_portal.models import Duty, Event, Note
from orders import erasure, retention
from orders.models import Assessment, Enclosure, Erasure, InsuredPerson, Order, Report, ReportVersion
from orders.replay import differences
from orders.retention import PARTS, BadDecision, Kind, Owner
from tests import situations as s
from tests.pages import browser

PROVIDER = "Vårdbolaget AB"
NAMES = {Owner.AGENCY: "", Owner.REGION: "Region Stockholm", Owner.CARE_PROVIDER: PROVIDER}


def record(part, years=10, name=None, reference="REF 1", decided_on="2026-01-02", **more):
    owner = more.pop("owner", PARTS[part].owner if part in PARTS else "agency")
    name = NAMES[Owner(owner)] if name is None else name
    lines = [f'owner = "{owner}"', f'part = "{part}"', f"years = {years}", f'reference = "{reference}"']
    lines += [f"decided_on = {decided_on}"] + ([f'name = "{name}"'] if name else [])
    return "\n".join(["[[decision]]", *lines, *(f"{key} = {value}" for key, value in more.items())]) + "\n"


@pytest.fixture
def decide(settings, tmp_path):
    """Write the file of decisions."""
    settings.ERASURE_DECISIONS_FILE = tmp_path / "erasure_decisions.toml"

    def write(*records):
        settings.ERASURE_DECISIONS_FILE.write_text("\n".join(records))

    return write


@pytest.fixture
def long_ago(monkeypatch):
    """Every ended case ended long enough ago: events cannot be moved back in time."""
    monkeypatch.setattr(retention, "ended_by", lambda day, years: day)


def whole_case(cast):
    """An accepted case with something in every part."""
    case = s.in_progress(cast)
    case = s.step(case, "question_underlag", cast.admin, missing="Ett svar på röntgen", essential="Behövs")
    case = s.step(case, "supplement_underlag", cast.officer, answer="Finns inte att få")
    case = s.step(case, "propose_end", cast.region, cause="moved", reason="Regionens skäl")
    case = s.step(case, "decline_end", cast.officer, reason="Kassans skäl")
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
    case = s.step(case, "deliver", cast.physician, source="form", revision=0, responsible="on")
    from fmu_portal.engine import outbox

    outbox.work()
    return s.step(case, "complete", cast.officer, report_version=1, complete="ja")


def run(*args):
    out = io.StringIO()
    call_command("erase", *args, stdout=out)
    return out.getvalue()


def erase_all():
    """Preview, and erase what it showed."""
    return erasure.carry_out(erasure.plan().digest)


def sealed_rows():
    with connection.cursor() as cursor:
        cursor.execute("SELECT md5(string_agg(e::text, '|' ORDER BY id)), count(*) FROM fmu_portal_event e")
        return cursor.fetchone()


def counts(plan):
    found = {}
    for item in plan.items:
        found[item.part, item.kind] = found.get((item.part, item.kind), 0) + 1
    return found


# --- decisions


def test_the_file_that_is_shipped_decides_nothing(cast, long_ago):
    assert retention.decisions(retention.SHIPPED) == []
    case = whole_case(cast)
    assert erasure.plan().items == ()
    text = run()
    assert "Inget ska gallras i dag." in text
    assert text.count("inget gallringsbeslut, inget gallras") == len(PARTS)
    assert "Inget ska gallras" in run("--apply", "--confirm", erasure.plan().digest)
    assert InsuredPerson.objects.get(pk=case.pk).name == s.NAME
    assert not Erasure.objects.exists()


def test_the_example_in_the_shipped_file_can_be_used(cast, tmp_path):
    lines = retention.SHIPPED.read_text().splitlines()
    start = lines.index("# [[decision]]")
    example = tmp_path / "example.toml"
    example.write_text("\n".join(line.lstrip("# ") for line in lines[start:]).replace("Vårdgivaren AB", PROVIDER))
    assert [d.part for d in retention.decisions(example)] == ["underlag", "report"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (record("report", 9), "minst 10 år (3 kap. 17 § patientdatalagen)"),
        (record("performer_notes", 1), "minst 10 år"),
        (record("report", 10, name="Ingen vårdgivare"), "finns inte i portalen"),
        (record("underlag", owner="care_provider"), "bara ägaren beslutar"),
        (record("report", owner="agency", name=""), "bara ägaren beslutar"),
        (record("allt"), "part ska vara"),
        (record("underlag", 0), "minst 1"),
        (record("underlag", "true"), "minst 1"),
        (record("underlag", reference=" "), "reference"),
        (record("underlag", decided_on='"i fjol"'), "ska vara datum"),
        (record("underlag", name="Kontoret Ett"), "anges inte för Försäkringskassan"),
        (record("underlag", extra="1"), "okänt fält extra"),
        (record("underlag") + record("underlag", 20), "samma dag"),
        ("[decision]\nowner = 1", "går inte att läsa"),
        ("this is no toml", "går inte att läsa"),
    ],
)
def test_a_record_that_cannot_be_used_stops_everything(cast, decide, long_ago, text, says):
    case = whole_case(cast)
    decide(record("identity", decided_on="2025-01-01"), text)
    with pytest.raises(BadDecision, match=re.escape(says)):
        retention.decisions()
    with pytest.raises(CommandError, match="Inget är gallrat"):
        run("--apply", "--confirm", "0" * 64)
    assert InsuredPerson.objects.get(pk=case.pk).name == s.NAME


def test_the_latest_decision_on_a_part_is_in_force_and_one_that_was_taken_back_is_not(cast, decide):
    decide(
        record("underlag", 5, decided_on="2026-01-01", reference="A"),
        record("underlag", 20, decided_on="2026-06-01", reference="B"),
        record("order", 5, decided_on="2026-01-01", valid_to="2026-03-01"),
    )
    held = lambda day: [(d.reference, d.years) for d in retention.in_force(retention.decisions(), day)]  # noqa: E731
    assert held(date(2025, 12, 31)) == []
    assert held(date(2026, 3, 1)) == [("REF 1", 5), ("A", 5)]
    assert held(date(2026, 5, 31)) == [("A", 5)]
    assert held(date(2026, 6, 1)) == [("B", 20)]


def test_the_years_have_passed_on_the_day_and_not_the_day_before(cast, decide):
    decide(record("identity", 10))
    s.accepted(cast)
    today = timezone.localdate()
    day = today.replace(year=today.year + 10)
    assert erasure.plan(day - timedelta(days=1)).items == ()
    assert len(erasure.plan(day).items) == 1
    assert retention.ended_by(date(2036, 2, 29), 9) == date(2027, 2, 28)


def test_an_open_case_is_never_due(cast, decide, long_ago):
    decide(*(record(part) for part in PARTS))
    for name in ("requested", "ordered", "in_progress", "delivered", "supplement_requested"):
        s.IN_STATUS[name](cast)
    assert erasure.plan().items == ()


# --- what goes, and what stays


def test_everything_goes_when_every_owner_has_decided(cast, decide, long_ago):
    case = whole_case(cast)
    decide(*(record(part) for part in PARTS))
    planned = erasure.plan()
    assert counts(planned) == {
        ("request", Kind.NEEDS): 1,
        ("identity", Kind.PERSON): 1,
        ("order", Kind.ORDER): 1,
        ("underlag", Kind.DOCUMENT): 1,
        ("notes", Kind.NOTE): 2,
        ("region_notes", Kind.NOTE): 1,
        ("report", Kind.VERSION): 1,
        ("report", Kind.DRAFT): 1,
        ("report", Kind.DOCUMENT): 1,
        ("performer_notes", Kind.NOTE): 2,
        ("performer_notes", Kind.VISIT): 1,
    }
    documents = list(Document.objects.all())
    files = [key for d in documents for key in {d.storage_key, d.clean_key or d.storage_key}]
    assert all(storage()._path(key).exists() for key in files)
    before = Assessment.objects.get(pk=case.pk)

    done = erase_all()

    assert (done.cases, done.rows, done.skipped) == (1, len(planned.items), 0)
    assert not any(storage()._path(key).exists() for key in files)
    assert not any(storage()._path(clean_key_of(d.storage_key)).exists() for d in documents)
    for document in Document.objects.all():
        assert (document.wrapped_key, document.key_id, document.name, document.storage_key) == (None, "", "", "")
        assert (document.sha256, document.clean_key, document.clean_sha256) == ("", "", "")
        assert document.erased_at is not None
    assert set(Enclosure.objects.values_list("warning_page", "dated")) == {(None, None)}
    person = InsuredPerson.objects.get(pk=case.pk)
    assert (bytes(person.identity_encrypted), person.identity_hash, person.name, person.address) == (b"", "", "", "")
    assert (person.postal_code, person.locality, person.phone, person.personnummer) == ("", "", "", "")
    assert set(Note.objects.values_list("text", flat=True)) == {""}
    assert ReportVersion.objects.get().content is None
    assert Report.objects.get().content == {}
    assert Order.objects.get().purpose == ""
    after = Assessment.objects.get(pk=case.pk)
    assert (after.special_needs, after.language, after.method, after.municipality_id) == ("", "", "", None)
    kept = ("number", "status", "version", "region_id", "performer_id", "requested_on", "ordered_on", "delivered_on",
            "delivered_late", "report_version", "underlag_complete_on", "last_event_id", "assignments_count")  # fmt: skip
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    with connection.cursor() as cursor:  # no trace of the person, or of what was written, outside logs and events
        for table in ("orders_insuredperson", "orders_order", "fmu_portal_note", "orders_report", "orders_reportversion",
                      "orders_assessment", "documents_document", "orders_enclosure", "orders_stepdraft"):  # fmt: skip
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            text = cursor.fetchone()[0]
            assert not [
                w
                for w in (s.NAME, s.ADDRESS, "Hörselslinga", "Beskrivs", "röntgen", "skäl", "medical.pdf")
                if w in text
            ]


@pytest.mark.parametrize("part", [*PARTS])
def test_one_decision_leaves_every_other_part_untouched(cast, decide, long_ago, part):
    whole_case(cast)
    decide(*(record(name) for name in PARTS))
    everything = counts(erasure.plan())
    decide(record(part))
    assert counts(erasure.plan()) == {key: n for key, n in everything.items() if key[0] == part}
    erase_all()
    decide(*(record(name) for name in PARTS))
    assert counts(erasure.plan()) == {key: n for key, n in everything.items() if key[0] != part}


def test_another_care_providers_parts_are_not_touched(cast, decide, long_ago):
    from accounts.models import Organisation

    other = Organisation.objects.create(kind="care_provider", name="Annan vård AB")
    Organisation.objects.filter(pk=cast.other_admin.organisation_id).update(parent=other)
    case = s.in_progress(cast)
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
    case = s.step(case, "hand_back", cast.admin, cause="conflict", reason="Jäv")
    case = s.step(case, "assign", cast.region, performer=cast.other_admin.organisation_id)
    case = s.step(case, "withdraw", cast.officer, reason="Behövs inte")
    decide(record("report", name="Annan vård AB"), record("performer_notes", name="Annan vård AB"))
    assert erasure.plan().items == ()
    decide(record("report"), record("performer_notes"))
    assert counts(erasure.plan()) == {("report", Kind.DRAFT): 1, ("performer_notes", Kind.NOTE): 1}


def test_a_document_in_a_case_that_is_not_due_waits(cast, decide, long_ago):
    case = whole_case(cast)
    document = case.enclosures.underlag().get().document
    other = s.ordered(cast)
    Enclosure.objects.create(
        assessment=other, document=document, kind="other", staged_by_id=cast.officer.organisation_id
    )
    decide(record("underlag"))
    assert erasure.plan().items == ()


def test_a_file_that_two_documents_share_stays_until_the_last(cast, decide, long_ago):
    case = whole_case(cast)
    document = case.enclosures.underlag().get().document
    twin = s.ordered(cast).enclosures.get().document
    Document.objects.filter(pk=twin.pk).update(
        storage_key=document.storage_key, wrapped_key=bytes(document.wrapped_key), key_id=document.key_id
    )
    decide(record("underlag"))
    erase_all()
    assert storage()._path(document.storage_key).exists()
    assert Document.objects.get(pk=document.pk).storage_key == ""


# --- events, chain, log


def test_events_and_seals_stay_and_everything_still_verifies(cast, decide, long_ago):
    case = whole_case(cast)
    browser(cast.officer).get(f"/arenden/{case.number}/")
    sealing.seal_all()
    rows, seals, entries = (
        sealed_rows(),
        list(Seal.objects.values_list("digest", flat=True)),
        AccessEntry.objects.count(),
    )
    number, events = rows[1], list(Event.objects.values_list("pk", flat=True))
    duties = list(Duty.objects.order_by("pk").values_list())
    decide(*(record(part) for part in PARTS))
    done = erase_all()
    added = Event.objects.exclude(pk__in=events).get()
    assert (added.step, added.party, added.from_status, added.to_status) == (
        "erase",
        "administration",
        "accepted",
        "accepted",
    )
    assert added.data["parts"] == sorted(PARTS)
    assert Event.objects.count() == number + 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT md5(string_agg(e::text, '|' ORDER BY id)) FROM fmu_portal_event e WHERE id <> %s", [added.pk]
        )
        assert cursor.fetchone()[0] == rows[0]
    assert list(Seal.objects.values_list("digest", flat=True)) == seals
    assert list(Duty.objects.order_by("pk").values_list()) == duties
    assert [*differences()] == []
    sealing.seal_all()
    assert [sentence for log in Log for sentence in sealing.verify(log)] == []
    entry = AccessEntry.objects.latest("id")
    assert AccessEntry.objects.count() == entries + 1
    assert (entry.what, entry.via, entry.cases, entry.wrote) == ("erase", "worker", [case.pk], ["erase"])
    assert entry.why == f"erasure:{done.erasure.pk}"
    assert {"case", "identity", "needs", "papers", "report"} == set(entry.parts)
    out = io.StringIO()
    call_command("replay", "--check", stdout=out)
    call_command("audit", "--verify", stdout=out)
    assert out.getvalue().count("0 skillnader") == 2


def test_a_tampered_column_of_an_erased_case_is_still_found(cast, decide, long_ago):
    case = whole_case(cast)
    decide(record("request"))
    erase_all()
    assert [*differences(case.pk)] == []
    Assessment.objects.filter(pk=case.pk).update(municipality_id="0180")
    assert len([*differences(case.pk)]) == 1


# --- the command


def test_the_preview_says_what_goes_and_only_its_digest_erases(cast, decide, long_ago):
    first, second = whole_case(cast), s.withdrawn(cast)
    decide(record("identity", reference="FK 2026/1"), record("report", 12, reference="VG 7"))
    text = run("--preview")
    assert "Försäkringskassan: Den försäkrades personuppgifter. Beslut FK 2026/1 av 2026-01-02, 10 år" in text
    assert "2 ärenden: 2 personer." in text
    assert "Vårdbolaget AB: Utlåtandet" in text
    assert "Beställningens text: inget gallringsbeslut, inget gallras." in text
    assert s.NAME not in text
    digest = erasure.plan().digest
    assert f"--confirm {digest}" in text
    for wrong in ("", "0" * 64):
        with pytest.raises(CommandError, match="Inget är gallrat"):
            run("--apply", "--confirm", wrong)
    third = s.ended(cast)
    with pytest.raises(CommandError, match="Kör erase --preview igen"):
        run("--apply", "--confirm", digest)
    assert InsuredPerson.objects.filter(name=s.NAME).count() == 3
    digest = erasure.plan().digest
    assert "i 3 ärenden" in run("--apply", "--confirm", digest)
    assert "gallrat" in run("--apply", "--confirm", digest), "twice is once"
    assert InsuredPerson.objects.filter(pk__in=[first.pk, second.pk, third.pk], name="").count() == 3
    assert Erasure.objects.count() == 1
    assert Event.objects.filter(step="erase").count() == 3


def test_an_erasure_that_stops_halfway_is_taken_up_again(cast, decide, long_ago, monkeypatch):
    cases = [s.withdrawn(cast) for _ in range(3)]
    decide(record("identity"), record("underlag"))
    whole, calls = erasure._erase, []

    def stops(*args):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        whole(*args)

    monkeypatch.setattr(erasure, "_erase", stops)
    with pytest.raises(RuntimeError):
        erasure.carry_out(erasure.plan().digest, batch=1)
    monkeypatch.undo()
    monkeypatch.setattr(retention, "ended_by", lambda day, years: day)
    left = erasure.plan()
    assert {item.case_id for item in left.items} == {cases[1].pk, cases[2].pk}
    assert erasure.carry_out(left.digest).cases == 2
    assert Event.objects.filter(step="erase").count() == 3
    assert [*differences()] == []


def test_a_case_that_was_opened_again_after_the_preview_keeps_everything(cast, decide, long_ago, monkeypatch):
    case, other = whole_case(cast), s.withdrawn(cast)
    decide(record("identity"))
    planned = erasure.plan()
    s.step(case, "request_supplement", cast.officer, report_version=1, part="prognosis", missing="Hur länge")
    monkeypatch.setattr(erasure, "plan", lambda day=None: planned)
    done = erasure.carry_out(planned.digest)
    assert (done.cases, done.skipped) == (1, 1)
    assert InsuredPerson.objects.get(pk=case.pk).name == s.NAME
    assert InsuredPerson.objects.get(pk=other.pk).name == ""


def test_files_that_cannot_be_removed_have_lost_their_key_and_go_the_next_time(cast, decide, long_ago, monkeypatch):
    case = whole_case(cast)
    key = case.enclosures.underlag().get().document.storage_key
    decide(record("underlag"))

    def broken(*keys):
        raise OSError("read only")

    monkeypatch.setattr("orders.erasure.vault.delete", broken)
    with pytest.raises(CommandError, match="filer gick inte att ta bort"):
        run("--apply", "--confirm", erasure.plan().digest)
    document = Document.objects.get(storage_key=key)
    assert document.wrapped_key is None
    assert storage()._path(key).exists()
    assert "filer är kvar att ta bort" in run()
    monkeypatch.undo()
    run("--apply", "--confirm", "x")
    assert not storage()._path(key).exists()


def test_neither_the_web_nor_the_worker_may_write_an_erasure(cast):
    from django.db import DatabaseError, transaction

    from tests import roles

    for role in ("fmu_web", "fmu_worker"):
        with pytest.raises(DatabaseError), transaction.atomic(), roles.role(role):
            Erasure.objects.create(digest="0" * 64, decisions=[], counts={})


def test_rotation_leaves_erased_documents_alone(cast, decide, long_ago):
    from documents import rotation

    whole_case(cast)
    decide(*(record(part) for part in PARTS))
    erase_all()
    assert rotation.count().plain == 0
    assert (rotation.encrypt_plain(), rotation.rewrap(), rotation.ask_again()) == (0, 0, 0)


# --- pages


def test_the_pages_of_an_erased_case_are_kind(cast, decide, long_ago):
    case = whole_case(cast)
    document = case.enclosures.underlag().get().document_id
    report = ReportVersion.objects.get().document_id
    decide(*(record(part, reference=f"REF {part}") for part in PARTS))
    erase_all()
    base = f"/arenden/{case.number}/"
    gone = [f"{base}handlingar/{document}/", f"{base}utlatande/version/1/", f"{base}utlatande/version/1/pdf/",
            f"{base}utlatande/version/1/lage/", f"{base}bestallning/"]  # fmt: skip
    for actor in (cast.officer, cast.team, cast.physician):
        page = browser(actor).get(base)
        text = page.content.decode()
        assert page.status_code == 200
        assert "Innehåll i ärendet är gallrat" in text
        assert all(f"REF {part}" in text for part in PARTS)
        for url in gone:
            answer = browser(actor).get(url)
            assert answer.status_code == 410, url
            assert "gallrad" in answer.content.decode()
    for actor in (cast.region, cast.controller, cast.admin):
        assert browser(actor).get(base).status_code == 200
    for url in (f"{base}handelser/", "/arenden/", "/att-gora/", f"{base}logg/"):
        assert browser(cast.team).get(url).status_code == 200
    assert "gallrades" in browser(cast.officer).get(f"{base}handelser/").content.decode()
    found = browser(cast.officer).post("/arenden/sok/", {"personnummer": s.PERSONNUMMER})
    assert case.number not in found.content.decode()
    key = {"HTTP_AUTHORIZATION": f"Bearer {ApiKey.issue(Mandate.objects.get(pk=cast.officer.mandate_id))}"}
    api = f"/api/v1/assessments/{case.number}/"
    for url in (api, f"{api}documents/", f"{api}events/", f"{api}duties/"):
        assert browser(cast.officer).get(url, **key).status_code == 200, url
    for pk in (document, report):
        answer = browser(cast.officer).get(f"{api}documents/{pk}/", **key)
        assert (answer.status_code, answer.json()["code"]) == (410, "erased")
    assert browser(cast.stranger_officer).get(gone[0]).status_code == 404


def test_no_address_of_an_erased_case_breaks(cast, decide, long_ago):
    from tests.test_access_walk import OF_A_CASE, clients, filled, get

    case = whole_case(cast)
    document = case.enclosures.underlag().get().document_id
    decide(*(record(part) for part in PARTS))
    erase_all()
    for name, _, client, key in clients(cast):
        if name in ("officer", "region", "physician"):
            for route in OF_A_CASE:
                for url in filled(route, case, document):
                    assert get(client, key, url).status_code < 500, (name, url)


def test_a_part_that_stays_is_still_shown(cast, decide, long_ago):
    case = whole_case(cast)
    decide(record("identity"), record("underlag"))
    erase_all()
    answer = browser(cast.officer).get(f"/arenden/{case.number}/utlatande/version/1/pdf/")
    assert answer.status_code == 200
    list(answer.streaming_content)
    assert "Beskrivs här" in browser(cast.officer).get(f"/arenden/{case.number}/utlatande/version/1/").content.decode()


def test_the_page_of_decisions_says_when_there_is_none(cast, decide):
    def page():
        return browser(cast.admin).get("/gallring/").content.decode()

    assert "Därför gallras ingenting" in page()
    assert page().count("Inget beslut. Gallras inte.") == len(PARTS)
    decide(record("underlag", 12, reference="FK 2026/7"))
    assert "FK 2026/7" in page()
    assert page().count("Inget beslut. Gallras inte.") == len(PARTS) - 1
    decide("nonsense")
    assert "går inte att använda" in page()


# --- the performer's journal part


def bundle(actor, case):
    """The files of the export: name -> bytes; None when it is not given out."""
    answer = browser(actor).get(f"/arenden/{case.number}/eget/journal.zip")
    if answer.status_code == 404:
        return None
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="journaldel-{case.number}.zip"'
    assert "no-store" in answer.headers["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


def test_the_export_holds_what_the_unit_wrote_and_nothing_else(cast):
    case = whole_case(cast)
    found = bundle(cast.physician, case)
    assert sorted(found) == ["LAS_MIG.txt", "anteckningar.json", "anteckningar.txt", "utkast/utkast.json",
                             "utlatande/version-1.json", "utlatande/version-1.pdf"]  # fmt: skip
    version = json.loads(found["utlatande/version-1.json"])
    assert version["content"] == s.REPORT
    assert version["signed_by"] == cast.physician.user_name
    assert json.loads(found["utkast/utkast.json"])["content"] == s.REPORT
    assert found["utlatande/version-1.pdf"].startswith(b"%PDF-")
    assert "Ett svar på röntgen" in found["anteckningar.txt"].decode()
    assert case.number in found["LAS_MIG.txt"].decode()
    text = b" ".join(data for name, data in found.items() if not name.endswith(".pdf")).decode()
    for others in ("Finns inte att få", "Regionens skäl", "Kassans skäl", s.ORDER["purpose"], "Hörselslinga", s.NAME):
        assert others not in text, others
    entry = AccessEntry.objects.latest("id")
    assert (entry.what, entry.cases, entry.mandate_id) == ("journal", [case.pk], cast.physician.mandate_id)
    assert {"report", "papers", "needs"} <= set(entry.parts)
    opened = Opening.objects.get(mandate_id=cast.physician.mandate_id)
    assert opened.document_id == ReportVersion.objects.get().document_id


def test_an_uploaded_report_is_in_it_once(cast):
    case = s.in_progress(cast)
    s.stage(case, cast.physician, "report", "Färdigt utlåtande")
    assert "uppladdat/fil-1.pdf" in bundle(cast.physician, case)
    s.step(case, "deliver", cast.physician, source="upload", responsible="on")
    found = bundle(cast.physician, case)
    assert "utlatande/version-1.pdf" in found
    assert not [name for name in found if name.startswith("uppladdat")]


def test_after_a_hand_back_the_unit_still_gets_its_own(cast):
    case = s.in_progress(cast)
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
    case = s.step(case, "hand_back", cast.admin, cause="conflict", reason="Vårt skäl")
    case = s.step(case, "assign", cast.region, performer=cast.other_admin.organisation_id)
    s.stage(case, cast.officer)
    case = s.step(case, "order", cast.officer, **s.ORDER)
    case = s.step(case, "name_physician", cast.other_admin, physician=cast.other_physician.user_id)
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT | {"findings": "Den nyas"})
    own = bundle(cast.physician, case)
    assert sorted(own) == ["LAS_MIG.txt", "anteckningar.json", "anteckningar.txt", "utkast/utkast.json"]
    assert "Den nyas" not in own["utkast/utkast.json"].decode()
    admins = bundle(cast.admin, case)
    assert sorted(admins) == ["LAS_MIG.txt", "anteckningar.json", "anteckningar.txt"], "as on its page"
    assert "Utlåtandet ingår inte" in admins["LAS_MIG.txt"].decode()
    new = bundle(cast.other_physician, case)
    assert sorted(new) == ["LAS_MIG.txt", "utkast/utkast.json"]
    assert "Den nyas" in new["utkast/utkast.json"].decode()
    assert "Vårt skäl" not in b" ".join(new.values()).decode()


def test_nobody_else_gets_an_export(cast):
    case = whole_case(cast)
    given = {name for name, actor in cast.everyone().items() if bundle(actor, case) is not None}
    assert given == {"admin", "physician"}
    url = f"/arenden/{case.number}/eget/journal.zip"
    assert url in browser(cast.admin).get(f"/arenden/{case.number}/").content.decode()
    for actor in (cast.physician_two, cast.officer, cast.region):
        assert url not in browser(actor).get(f"/arenden/{case.number}/").content.decode()
    assert browser(cast.physician).post(url).status_code == 405
    assert "utkast/utkast.json" not in bundle(cast.admin, case), "the draft is for those who take part"


def test_whoever_has_stepped_aside_gets_no_export(cast):
    from orders.models import Recusal

    case = whole_case(cast)
    Recusal.objects.create(assessment=case, user_id=cast.physician.user_id)
    assert bundle(cast.physician, case) is None


def test_an_erased_part_is_named_and_left_out(cast, decide, long_ago):
    case = whole_case(cast)
    decide(record("report"))
    erase_all()
    found = bundle(cast.physician, case)
    assert "utlatande/version-1.pdf" not in found
    assert json.loads(found["utlatande/version-1.json"])["content"] is None
    assert "filen är gallrad" in found["LAS_MIG.txt"].decode()
