"""Exports: exactly the filtered rows, made by a worker as the mandate that asked, harmless to open, gone after a while."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Mandate
from audit.models import AccessEntry
from documents import vault
from documents.storage import storage
from fmu_portal.engine import outbox
from fmu_portal.models import Outbox
from orders.models import Assessment, Export
from orders.overview import exports
from orders.overview.wanted import Wanted
from tests import roles
from tests import situations as s
from tests.pages import browser

BOM = "\ufeff"


@pytest.fixture
def cases(cast):
    return [s.IN_STATUS[name](cast) for name in ("requested", "in_progress", "accepted")]


def ask(actor, query="", format="csv", **more):
    """By the page: the export that was asked for."""
    answer = browser(actor).post("/arenden/export/", {"fraga": query, "format": format, **more})
    assert answer.status_code == 302, answer.content.decode()[:500]
    return Export.objects.latest("pk")


def work():
    """What the worker does; nothing is left waiting for now."""
    outbox.work()


def file_of(actor, export):
    answer = browser(actor).get(f"/arenden/export/{export.pk}/fil/")
    return answer.status_code, b"".join(answer.streaming_content) if answer.streaming else b""


def table(content):
    text = content.decode("utf-8")
    assert text.startswith(BOM)
    return list(csv.reader(io.StringIO(text.removeprefix(BOM)), delimiter=";"))


def test_the_file_holds_exactly_the_filtered_rows_in_order(cast, cases):
    export = ask(cast.officer, "vy=alla&kolumn=status&kolumn=office")
    assert file_of(cast.officer, export)[0] == 410, "not made yet"
    work()
    export.refresh_from_db()
    assert (export.state, export.done, export.total) == ("done", 3, 3)
    rows = table(file_of(cast.officer, export)[1])
    assert rows[0] == ["Ärende", "Status", "Kontor"]
    assert [row[0] for row in rows[1:]] == [case.number for case in reversed(cases)]
    assert rows[1][1] == "Utlåtande komplett"
    export = ask(cast.officer, "status=in_progress")
    work()
    assert [row[0] for row in table(file_of(cast.officer, export)[1])[1:]] == [cases[1].number]


def test_the_same_rows_as_the_page_for_everybody(cast, cases):
    Assessment.objects.filter(pk=cases[1].pk).update(protected=True)
    for actor in (cast.officer, cast.controller, cast.region, cast.finance, cast.admin, cast.physician, cast.skane):
        export = ask(actor, "vy=alla")
        work()
        page = browser(actor).get("/arenden/?vy=alla").context["page"]
        rows = table(file_of(actor, export)[1])
        assert [row[0] for row in rows[1:]] == [row.number for row in page.rows]
        text = "\n".join(";".join(row) for row in rows)
        assert s.NAME not in text, "no name unless asked for"
        if actor in (cast.officer, cast.controller):
            line = next(row for row in rows if row[0] == cases[1].number)
            assert "Enheten Ett" not in line, "masked as on the page"


def test_names_come_along_only_when_asked_for_by_one_who_may(cast, cases):
    export = ask(cast.officer, "vy=alla", namn="on")
    work()
    assert s.NAME in file_of(cast.officer, export)[1].decode()
    export = ask(cast.region, "vy=alla", namn="on")
    work()
    assert s.NAME not in file_of(cast.region, export)[1].decode()


def test_every_case_in_the_file_is_read_in_the_access_log(cast, cases):
    export = ask(cast.officer, "vy=alla", namn="on")
    work()
    entry = AccessEntry.objects.filter(what="export").latest("pk")
    assert set(entry.cases) == {case.pk for case in cases}
    assert (entry.parts, entry.via, entry.mandate_id) == (["case", "identity"], "worker", cast.officer.mandate_id)
    assert export.pk


def test_the_log_is_written_in_parts(cast, cases, monkeypatch):
    monkeypatch.setattr(exports, "LOGGED", 2)
    ask(cast.officer, "vy=alla")
    work()
    assert sorted(len(entry.cases) for entry in AccessEntry.objects.filter(what="export")) == [1, 2]


def test_only_the_same_person_under_the_same_mandate_gets_it(cast, cases):
    export = ask(cast.officer)
    work()
    second = Mandate.objects.create(
        user_id=cast.officer.user_id, organisation_id=cast.officer.organisation_id, role="coordinator"
    )
    from accounts.actor import Actor

    same_person = Actor.of(Mandate.objects.select_related("user", "organisation").get(pk=second.pk))
    for other in (cast.team, same_person, cast.region, cast.administrator):
        client = browser(other)
        for part in ("", "lage/", "fil/"):
            assert client.get(f"/arenden/export/{export.pk}/{part}").status_code == 404
    with roles.at_work(cast.team):
        assert not Export.objects.exists(), "the wall"
    assert file_of(cast.officer, export)[0] == 200


def test_who_sees_no_case_exports_none(cast):
    assert browser(cast.administrator).get("/arenden/export/").status_code == 403


@pytest.mark.parametrize("start", ["=1+1", "+46", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_nothing_in_a_csv_is_a_formula(start):
    content = b"".join(exports.csv_chunks(["Ärende"], [[start], ["2026-000001"], ["a=b"]])).decode()
    rows = list(csv.reader(io.StringIO(content.removeprefix(BOM)), delimiter=";"))
    assert rows[1] == [f"'{start}"]
    assert rows[2:] == [["2026-000001"], ["a=b"]]


def test_a_workbook_has_texts_and_days_and_no_formula(cast, cases):
    Assessment.objects.filter(pk=cases[1].pk).update(interpreter=True, language="=HYPERLINK(1)")
    export = ask(cast.region, "vy=alla&kolumn=interpreter&kolumn=requested&kolumn=waits", format="xlsx")
    work()
    status, content = file_of(cast.region, export)
    assert status == 200
    book = zipfile.ZipFile(io.BytesIO(content))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "=HYPERLINK(1)" in sheet
    assert "<f>" not in sheet
    assert all(case.number in sheet for case in cases)
    serial = (cases[0].created_on - timezone.datetime(1899, 12, 30).date()).days
    assert f"<v>{serial}</v>" in sheet, "a day is a day"


def test_the_file_lies_encrypted_and_goes_when_its_time_is_out(cast, cases):
    export = ask(cast.officer)
    work()
    export.refresh_from_db()
    raw = storage().open(export.storage_key).read()
    assert cases[1].number.encode() not in raw
    assert export.expires_at - export.asked_at < timedelta(hours=25), "rules.toml: 24 hours, a routine"
    Export.objects.filter(pk=export.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert file_of(cast.officer, export)[0] == 410
    assert "har gått ut" in browser(cast.officer).get(f"/arenden/export/{export.pk}/").content.decode()
    Outbox.objects.filter(kind=exports.REMOVE).update(not_before=timezone.now())
    removed = []
    real = vault.delete
    vault.delete = lambda *names: removed.extend(names)
    try:
        from django.test import TestCase

        with TestCase.captureOnCommitCallbacks(execute=True):
            work()
    finally:
        vault.delete = real
    assert removed == [export.storage_key]
    export.refresh_from_db()
    assert (export.state, export.wrapped_key, export.storage_key) == ("expired", None, "")


def test_a_mandate_that_has_ended_gets_no_file(cast, cases):
    export = ask(cast.officer)
    Mandate.objects.filter(pk=cast.officer.mandate_id).update(valid_to=timezone.localdate() - timedelta(days=1))
    work()
    export.refresh_from_db()
    assert (export.state, export.failure) == ("failed", "mandate")


def test_what_fails_is_tried_again_and_then_visibly_failed(cast, cases, monkeypatch):
    calls = []

    def fails(*_):
        calls.append(1)
        raise OSError("full")

    monkeypatch.setattr(exports, "_make", fails)
    export = ask(cast.officer)
    work()
    export.refresh_from_db()
    assert (len(calls), export.state, export.failure) == (exports.MOST_ATTEMPTS, "failed", "error")
    page = browser(cast.officer).get(f"/arenden/export/{export.pk}/")
    assert "Exporten misslyckades" in page.content.decode()
    assert browser(cast.officer).get(f"/arenden/export/{export.pk}/lage/").headers["X-Done"] == "1"
    assert not Outbox.objects.filter(kind=exports.KIND, done_at=None).exists()


def test_one_whose_worker_was_killed_is_taken_again(cast, cases):
    export = ask(cast.officer)
    Export.objects.filter(pk=export.pk).update(state="running", attempts=1, begun_at=timezone.now(), done=1)
    work()
    export.refresh_from_db()
    assert (export.state, export.attempts, export.done) == ("done", 2, 3 - 1)
    export = ask(cast.officer)
    Export.objects.filter(pk=export.pk).update(state="running", attempts=3, begun_at=timezone.now())
    work()
    export.refresh_from_db()
    assert (export.state, export.failure) == ("failed", "died"), "one that kills its worker does not go on for ever"


def test_a_half_made_export_has_shown_nobody_anything(cast, cases, monkeypatch):
    def breaks(heads, rows):
        next(rows)
        raise OSError("full")
        yield b""

    monkeypatch.setattr(exports, "csv_chunks", breaks)
    ask(cast.officer)
    work()
    assert not AccessEntry.objects.filter(what="export").exists()


def test_no_more_than_two_at_once(cast, cases):
    ask(cast.officer)
    ask(cast.officer)
    answer = browser(cast.officer).post("/arenden/export/", {"fraga": "", "format": "csv"})
    assert answer.status_code == 409
    assert "Vänta tills de är klara" in answer.content.decode()
    work()
    ask(cast.officer)


def test_bad_input_asks_for_nothing(cast, cases):
    client = browser(cast.officer)
    for data, message in (
        ({"fraga": "", "format": ""}, "Välj filformat"),
        ({"fraga": "", "format": "pdf"}, "Välj ett av alternativen"),
        ({"fraga": "fran=x", "format": "csv"}, "skriv ett datum"),
    ):
        answer = client.post("/arenden/export/", data)
        assert answer.status_code == 422
        assert message in answer.content.decode()
    assert not Export.objects.exists()


def test_the_page_says_what_will_be_exported(cast, cases):
    text = browser(cast.region).get("/arenden/export/?status=in_progress&fran=2026-01-02").content.decode()
    assert "Utredning pågår" in text
    assert "2026-01-02" in text
    assert "24" in text


def test_progress_is_seen_from_outside_while_it_is_made(committed_cast, as_worker, monkeypatch):
    """Another connection sees the rows counted before the export's transaction ends."""
    from django.db import connection, transaction

    with transaction.atomic():
        connection.cursor().execute("SELECT fmu_act_as(%s, %s, %s, %s)", [
            committed_cast.officer.mandate_id, committed_cast.officer.organisation_id,
            committed_cast.officer.user_id, committed_cast.officer.role])  # fmt: skip
        export = exports.ask(committed_cast.officer, Wanted(), [], "csv")
    seen = []

    def watching(export, say):
        import psycopg2

        say(3, 7)
        database = connection.settings_dict
        other = psycopg2.connect(dbname=database["NAME"], user=database["USER"], password=database["PASSWORD"],
                                 host=database["HOST"], port=database["PORT"])  # fmt: skip
        with other, other.cursor() as cursor:
            cursor.execute("SELECT fmu_act_as(NULL, NULL, NULL, 'clock')")
            cursor.execute("SELECT state, done, total, begun_at IS NOT NULL FROM orders_export")
            seen.append(cursor.fetchone())
        other.close()
        raise exports.TooManyRows

    monkeypatch.setattr(exports, "_make", watching)
    outbox.work()
    assert seen == [("running", 3, 7, True)]
    assert export.pk
