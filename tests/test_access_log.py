"""The access log: every reading and writing leaves an entry, nothing is shown without one, and no row can be changed unseen."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import ApiKey, Mandate, User
from audit import sealing
from audit.models import AccessEntry, FollowUp, Log, Seal, Via
from fmu_portal.engine import outbox
from fmu_portal.logs import tidy
from fmu_portal.models import Event, Notice
from orders.models import Recusal, Unlocking
from orders.overview import PAGE
from orders.views import followup
from tests import conftest, stack
from tests import situations as s
from tests.pages import browser


def entries():
    return list(AccessEntry.objects.order_by("id"))


def last():
    return entries()[-1]


# --- what leaves an entry


def test_a_case_page_leaves_one_entry_with_who_what_and_whose(cast):
    case = s.delivered(cast)
    browser(cast.officer, REMOTE_ADDR="10.1.2.3").get(f"/arenden/{case.number}/")
    entry = last()
    assert (entry.mandate_id, entry.organisation_id, entry.role) == (
        cast.officer.mandate_id, cast.officer.organisation_id, "case_officer",
    )  # fmt: skip
    assert (entry.via, entry.what, entry.cases, entry.address) == (Via.PAGE, "case", [case.pk], "10.1.2.3")
    assert {"case", "identity", "underlag", "report"} <= set(entry.parts)
    browser(cast.controller).get(f"/arenden/{case.number}/")
    assert last().parts == ["case"]


def test_behind_a_proxy_the_entry_says_where_the_person_is(cast, settings):
    case = s.delivered(cast)
    settings.PROXIES = 1
    for said, kept in (
        ("10.9.9.9, 192.0.2.7", "192.0.2.7"),  # what stands further left may be made up
        ("2001:db8::1:2:3:4", "2001:db8::1:2:3:4"),
        ("'; DROP TABLE x", "10.0.0.1"),
        ("", "10.0.0.1"),
    ):
        where = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": said}
        answer = browser(cast.officer, **where).get(f"/arenden/{case.number}/")
        assert answer.status_code == 200
        assert last().address == kept


def test_a_list_counts_as_reading_each_person_it_shows_and_no_other(cast):
    made = [s.draft(cast).pk for _ in range(PAGE + 2)]
    browser(cast.officer).get("/arenden/")
    entry = last()
    assert entry.cases == sorted(made)[-PAGE:], "the row that tells whether there are more is not shown"


def test_an_opened_document_a_step_the_api_and_a_search(cast):
    case = s.in_progress(cast)
    document = case.enclosures.sent().first().document_id
    list(browser(cast.physician).get(f"/arenden/{case.number}/handlingar/{document}/").streaming_content)
    assert "papers" in last().parts
    browser(cast.officer).post(f"/arenden/{case.number}/steg/add/", {"sedd": case.version, "text": "Ny uppgift"})
    browser(cast.officer).post(f"/arenden/{case.number}/steg/add/kontrollera/", {"sedd": case.version})
    assert any(entry.wrote == ["add"] and entry.cases == [case.pk] for entry in entries())
    key = ApiKey.issue(Mandate.objects.get(pk=cast.officer.mandate_id))
    browser(cast.officer).get(f"/api/v1/assessments/{case.number}/", HTTP_AUTHORIZATION=f"Bearer {key}")
    assert (last().via, last().cases) == (Via.API, [case.pk])
    browser(cast.officer).post("/arenden/sok/", {"personnummer": s.OTHER_PERSONNUMMER})
    assert (last().what, last().cases) == ("search", []), "a search that finds nobody is a reading all the same"


def test_a_job_is_logged_under_the_mandate_of_whoever_asked(cast):
    from orders.models import Report

    case = s.in_progress(cast)
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
    s.step(case, "deliver", cast.physician, source="form", revision=0, responsible="on")
    outbox.work()
    entry = AccessEntry.objects.get(via=Via.WORKER, what="report_pdf")
    assert (entry.mandate_id, entry.cases) == (cast.physician.mandate_id, [case.pk])


def test_pages_without_a_person_leave_none(cast):
    browser(cast.administrator).get("/omrakning/")
    browser(cast.officer).get("/regler/")
    assert entries() == []


def test_what_cannot_be_logged_is_not_shown(cast, monkeypatch):
    case = s.delivered(cast)

    def full(*args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(AccessEntry, "record", full)
    client = browser(cast.officer)
    client.raise_request_exception = False
    for url in (f"/arenden/{case.number}/", "/arenden/", f"/arenden/{case.number}/handelser/"):
        answer = client.get(url)
        assert answer.status_code == 500, url
        assert s.NAME not in answer.content.decode()
        assert case.number not in answer.content.decode()


def test_no_name_and_nothing_written_stands_in_the_log(cast):
    case = s.delivered(cast)
    for actor in cast.everyone().values():
        browser(actor).get(f"/arenden/{case.number}/")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, ' ') FROM audit_accessentry e")
        text = cursor.fetchone()[0]
    assert not [word for word in (s.NAME, s.PERSONNUMMER, s.ADDRESS, case.number) if word in text]


# --- seals


def _as_superuser(sql):
    """What a person with every right could do: past the triggers."""
    admin = psycopg2.connect(stack.shared_cluster().admin_url, dbname=conftest._database())
    with admin, admin.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql)
    admin.close()


TAMPERINGS = [
    (Log.ACCESS, "UPDATE audit_accessentry SET cases = '{{}}' WHERE id = {id}"),
    (Log.ACCESS, "UPDATE audit_accessentry SET at = at + interval '1 second' WHERE id = {id}"),
    (Log.ACCESS, "UPDATE audit_accessentry SET mandate_id = NULL WHERE id = {id}"),
    (Log.ACCESS, "UPDATE audit_accessentry SET why = 'x' WHERE id = {id}"),
    (Log.ACCESS, "DELETE FROM audit_accessentry WHERE id = {id}"),
    (Log.EVENT, "UPDATE fmu_portal_event SET to_status = 'accepted' WHERE id = {id}"),
    (Log.EVENT, "UPDATE fmu_portal_event SET data = '{{}}' WHERE id = {id} AND data <> '{{}}'"),
    (Log.EVENT, "UPDATE fmu_portal_event SET organisation_id = 1 WHERE id = {id}"),
    (Log.EVENT, "DELETE FROM fmu_portal_event WHERE id = {id}"),
    (Log.EVENT, "UPDATE audit_seal SET digest = repeat('0', 64) WHERE log = 'event' AND number = 1"),
    (Log.EVENT, "DELETE FROM audit_seal WHERE log = 'event' AND number = 1"),
]


def test_one_changed_row_is_always_found(committed_cast, as_owner, monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 3)
    case = s.delivered(committed_cast)
    rows = [
        AccessEntry(
            role="x",
            via="page",
            what="case",
            cases=[case.pk],
            parts=["case"],
            mandate_id=committed_cast.team.mandate_id,
        )
        for _ in range(30)
    ]
    AccessEntry.objects.bulk_create(rows)
    sealing.seal_all()
    assert [list(sealing.verify(log)) for log in Log] == [[], []]
    assert Seal.objects.filter(log=Log.ACCESS).count() > 3
    found = 0
    for log, sql in TAMPERINGS:
        model = AccessEntry if log is Log.ACCESS else Event
        pk = model.objects.exclude(**({} if log is Log.ACCESS else {"data": {}})).order_by("id").first().pk
        keep = {"audit_accessentry", "fmu_portal_event", "audit_seal"}
        _as_superuser("".join(f"CREATE TABLE kept_{t} AS SELECT * FROM {t};" for t in keep))
        _as_superuser(sql.format(id=pk))
        assert list(sealing.verify(log)), sql
        found += 1
        _as_superuser(
            "".join(f"DELETE FROM {t}; INSERT INTO {t} SELECT * FROM kept_{t}; DROP TABLE kept_{t};" for t in keep)
        )
        assert list(sealing.verify(log)) == [], "put back, all is well"
    assert found == len(TAMPERINGS)


def test_an_anchor_shows_that_the_end_was_cut_off(committed_cast, as_owner, capsys):
    s.delivered(committed_cast)
    sealing.seal(Log.EVENT)
    held = sealing.anchor(Log.EVENT)
    assert sealing.holds(held)
    _as_superuser("DELETE FROM audit_seal WHERE log = 'event'; DELETE FROM fmu_portal_event")
    assert list(sealing.verify(Log.EVENT)) == [], "the chain alone cannot tell"
    with pytest.raises(SystemExit):
        call_command("audit", "--verify", "--held", held)
    assert "finns inte i kedjan" in capsys.readouterr().out


def test_eight_writers_and_a_sealer_give_no_false_alarm(committed_cast, as_owner):
    stop = threading.Event()
    written = []

    def write():
        count = 0
        while not stop.is_set():
            AccessEntry.objects.create(role="physician", via="page", what="case", cases=[1], parts=["case"])
            count += 1
        connection.close()
        written.append(count)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    sealed = sum(sealing.seal(Log.ACCESS) for _ in range(12) if not stop.wait(0.2))
    stop.set()
    for thread in threads:
        thread.join()
    sealed += sealing.seal(Log.ACCESS)
    assert sealed == sum(written) == AccessEntry.objects.count()
    assert list(sealing.verify(Log.ACCESS)) == []
    assert sealing.tail(Log.ACCESS).rows == 0


def test_the_worker_seals_and_says_in_its_log_where_each_chain_ends(committed_cast, request, caplog):
    from fmu_portal.tasks import seal_logs

    assert seal_logs() == 0
    s.delivered(committed_cast)
    request.getfixturevalue("as_worker")
    with caplog.at_level("INFO", logger="fmu.audit"):
        count = seal_logs()
    assert count > 0
    assert sealing.tail(Log.EVENT).rows == 0
    lines = [tidy(record.getMessage()) for record in caplog.records]
    held = [line.partition("anchor=")[2] for line in lines]
    assert [text.partition(":")[0] for text in held] == ["event"], "the end of each chain that grew"
    assert all(sealing.holds(text) for text in held), "and the line that leaves the machine is whole"
    with pytest.raises(CommandError):
        call_command("audit")


# --- following up


def test_the_follow_up_shows_what_stands_out_and_keeps_the_outcome(cast):
    case = s.delivered(cast)
    User.objects.filter(pk=cast.officer.user_id).update(name="Olle Lindahl")
    browser(cast.officer).get(f"/arenden/{case.number}/")
    entry = last()
    assert entry.namesakes == [case.pk]
    team = browser(cast.team)
    page = team.get("/loggkontroll/").content.decode()
    assert "Samma efternamn som personen" in page
    assert case.number in page
    assert s.NAME not in page
    answer = team.post(f"/loggkontroll/?rad={entry.pk}", {"outcome": "asked", "comment": "Pratar i morgon"})
    assert answer.status_code == 302
    assert FollowUp.objects.get(entry=entry).outcome == "asked"
    page = team.get("/loggkontroll/").content.decode()
    assert "Användaren tillfrågas" in page, "in the month's sample"
    assert "Samma efternamn som personen" not in page.split("Det här sticker ut")[1], (
        "judged, it makes room for the next"
    )
    assert team.post(f"/loggkontroll/?rad={entry.pk}", {}).status_code == 422


def test_nobody_follows_up_another_organisation_or_themself(cast):
    case = s.delivered(cast)
    browser(cast.officer).get(f"/arenden/{case.number}/")
    entry = last()
    for actor, status in (
        (cast.region, 404), (cast.admin, 404), (cast.other_admin, 404), (cast.officer, 403), (cast.administrator, 403),
    ):  # fmt: skip
        assert browser(actor).post(f"/loggkontroll/?rad={entry.pk}", {"outcome": "fine"}).status_code == status
    browser(cast.team).get(f"/arenden/{case.number}/")
    own = AccessEntry.objects.filter(mandate_id=cast.team.mandate_id).last()
    assert browser(cast.team).post(f"/loggkontroll/?rad={own.pk}", {"outcome": "fine"}).status_code == 403
    page = browser(cast.team).get(f"/loggkontroll/?rad={own.pk}").content.decode()
    assert "Ingen följer upp sin egen åtkomst" in page
    assert "Spara utfallet" not in page
    assert "Spara utfallet" in browser(cast.team).get(f"/loggkontroll/?rad={entry.pk}").content.decode()
    assert not FollowUp.objects.exists()


def test_nobody_follows_up_themself_under_another_mandate(cast):
    """At a small unit the administrator is often the physician too."""
    case = s.delivered(cast)
    browser(cast.physician).get(f"/arenden/{case.number}/")
    entry = last()
    both = Mandate.objects.create(
        user_id=cast.physician.user_id, organisation_id=cast.physician.organisation_id, role="performer_admin"
    )
    who = Actor.of(Mandate.objects.select_related("user", "organisation").get(pk=both.pk))
    assert browser(who).post(f"/loggkontroll/?rad={entry.pk}", {"outcome": "fine"}).status_code == 403
    assert not FollowUp.objects.exists()
    assert browser(cast.admin).post(f"/loggkontroll/?rad={entry.pk}", {"outcome": "fine"}).status_code == 302


def test_many_persons_quickly_and_no_duty_stand_out(cast):
    cases = [s.draft(cast).pk for _ in range(2)]
    now = timezone.now()
    AccessEntry.objects.bulk_create(
        AccessEntry(
            at=now - timedelta(seconds=n), mandate_id=cast.officer.mandate_id, organisation_id=cast.officer.organisation_id,
            role="case_officer", via="page", what="case", cases=[cases[n % 2]], parts=["identity"],
        )
        for n in range(25)
    )  # fmt: skip
    assert "Många personer på kort tid" in browser(cast.team).get("/loggkontroll/").content.decode()


def test_paging_through_lists_stands_out_too(cast):
    AccessEntry.objects.bulk_create(
        AccessEntry(
            at=timezone.now() - timedelta(seconds=n), mandate_id=cast.officer.mandate_id,
            organisation_id=cast.officer.organisation_id, role="case_officer", via="page", what="cases",
            cases=list(range(50 * n, 50 * n + 50)), parts=["identity"],
        )
        for n in range(6)
    )  # fmt: skip
    assert "Många personer på kort tid" in browser(cast.team).get("/loggkontroll/").content.decode()


def test_outside_working_hours_is_by_the_portals_calendar_and_swedish_time(cast):
    zone = timezone.get_current_timezone()
    moments = {
        datetime(2026, 1, 14, 5, 59, 59, tzinfo=zone): True,  # a Wednesday in winter
        datetime(2026, 1, 14, 6, 0, tzinfo=zone): False,
        datetime(2026, 1, 14, 19, 59, 59, tzinfo=zone): False,
        datetime(2026, 1, 14, 20, 0, tzinfo=zone): True,
        datetime(2026, 1, 17, 12, 0, tzinfo=zone): True,  # Saturday
        datetime(2026, 1, 6, 12, 0, tzinfo=zone): True,  # trettondedag jul, a Tuesday
        datetime(2026, 1, 31, 23, 59, 59, tzinfo=zone): True,
        datetime(2026, 6, 17, 6, 0, tzinfo=zone): False,  # a Wednesday in summer
        datetime(2026, 6, 17, 5, 59, 59, tzinfo=zone): True,
        datetime(2026, 6, 19, 12, 0, tzinfo=zone): True,  # midsommarafton
    }
    of = {
        "mandate_id": cast.officer.mandate_id,
        "organisation_id": cast.officer.organisation_id,
        "role": "case_officer",
    }
    for at in moments:
        AccessEntry.objects.create(at=at, via="page", what="case", cases=[1], parts=["identity"], wrote=["x"], **of)
    AccessEntry.objects.create(at=min(moments), via="page", what="cases", cases=[1], parts=["case"], **of)
    found = {pk: why for month in (1, 6) for pk, why in followup._signs(cast.team, date(2026, month, 1)).items()}
    stands_out = {entry.at: entry.pk in found for entry in entries() if entry.parts == ["identity"]}
    assert stands_out == moments
    assert {sign for why in found.values() for sign in why} == {"Utanför arbetstid"}
    assert len(found) == sum(moments.values()), "an entry that identifies nobody is no matter of hours"


def test_the_extract_for_the_insured(cast):
    case = s.delivered(cast)
    browser(cast.officer).get(f"/arenden/{case.number}/")
    browser(cast.physician).get(f"/arenden/{case.number}/")
    browser(cast.controller).get(f"/arenden/{case.number}/")
    page = browser(cast.team).get(f"/arenden/{case.number}/logg/").content.decode()
    assert "controller" in page, "the agency's extract is of all of it"
    assert "namn och kontaktuppgifter" in page
    assert cast.officer.user_name not in page, "the role, not the name"
    assert browser(cast.admin).get(f"/arenden/{case.number}/logg/").status_code == 200
    assert browser(cast.officer).get(f"/arenden/{case.number}/logg/").status_code == 403
    assert browser(cast.other_admin).get(f"/arenden/{case.number}/logg/").status_code == 404


def test_a_unit_gives_its_extract_after_a_hand_back_too(cast):
    case = s.in_progress(cast)
    browser(cast.physician).get(f"/arenden/{case.number}/")
    s.step(case, "hand_back", cast.admin, cause="cannot", reason="Sjukdom")
    page = browser(cast.admin).get(f"/arenden/{case.number}/logg/")
    assert page.status_code == 200
    assert "läkare" in page.content.decode()
    assert f'href="/arenden/{case.number}/eget/"' in page.content.decode()
    assert "Loggutdrag" in browser(cast.admin).get(f"/arenden/{case.number}/eget/").content.decode()
    for stranger in (cast.physician, cast.other_admin, cast.skane_performer):
        assert browser(stranger).get(f"/arenden/{case.number}/logg/").status_code == 404


# --- exceptions: another office's case, and stepping aside


def test_another_offices_case_asks_for_the_reason_first(cast):
    case = s.delivered(cast)
    stranger = browser(cast.stranger_officer)
    answer = stranger.get(f"/arenden/{case.number}/", follow=True)
    assert "hör till ett annat kontor" in answer.content.decode()
    assert s.NAME not in answer.content.decode()
    assert stranger.post(f"/arenden/{case.number}/oppna/", {"reason": "kort"}).status_code == 422
    assert not Unlocking.objects.exists()
    reason = "Personen har flyttat hit och ringer oss"
    answer = stranger.post(f"/arenden/{case.number}/oppna/", {"reason": reason}, follow=True)
    assert s.NAME in answer.content.decode()
    unlocking = Unlocking.objects.get()
    assert any(entry.why == f"unlocking:{unlocking.pk}" for entry in entries())
    assert "/steg/" not in answer.content.decode(), "to read, not to act"
    assert stranger.get(f"/arenden/{case.number}/steg/add/").status_code == 403
    outbox.work()
    assert Notice.objects.filter(organisation_id=cast.officer.organisation_id, text__contains="öppnats av").count() == 1
    assert reason in browser(cast.team).get("/loggkontroll/").content.decode()
    colleague = Mandate.objects.get(pk=cast.stranger_officer.mandate_id)
    assert Unlocking.objects.now(colleague.pk).count() == 1
    assert case.number not in stranger.get("/arenden/").content.decode(), "not in the lists"


def test_an_unlocked_case_closes_by_itself(cast):
    case = s.delivered(cast)
    Unlocking.objects.create(
        assessment=case, mandate_id=cast.stranger_officer.mandate_id, reason="Gammalt skäl",
        at=timezone.now() - timedelta(hours=9), until=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    assert browser(cast.stranger_officer).get(f"/arenden/{case.number}/").status_code == 302


def test_only_the_agency_breaks_the_glass(cast):
    case = s.delivered(cast)
    for actor in (
        cast.skane,
        cast.other_physician,
        cast.other_admin,
        cast.controller,
        cast.administrator,
        cast.finance,
    ):
        for method in ("get", "post"):
            answer = getattr(browser(actor), method)(
                f"/arenden/{case.number}/oppna/", {"reason": "Jag vill se ärendet"}
            )
            assert answer.status_code in (302, 404), actor.role
    assert not Unlocking.objects.exists()
    draft = s.draft(cast)
    assert browser(cast.stranger_officer).get(f"/arenden/{draft.number}/oppna/").status_code == 404


def test_whoever_steps_aside_sees_no_more_of_the_case(cast):
    case = s.delivered(cast)
    officer = browser(cast.officer)
    assert officer.get(f"/arenden/{case.number}/jav/").status_code == 200
    assert officer.post(f"/arenden/{case.number}/jav/").status_code == 302
    assert officer.get(f"/arenden/{case.number}/").status_code == 404
    assert case.number not in officer.get("/arenden/?vy=alla").content.decode()
    team = browser(cast.team)
    assert "har anmält jäv" in team.get(f"/arenden/{case.number}/").content.decode()
    outbox.work()
    assert Notice.objects.filter(text__contains="jäv").count() == 1
    row = Recusal.objects.get()
    for actor, status in ((cast.officer, 404), (cast.adviser, 403), (cast.region, 404), (cast.admin, 404)):
        assert browser(actor).post(f"/arenden/{case.number}/jav/hav/", {"jav": row.pk}).status_code == status
    assert team.post(f"/arenden/{case.number}/jav/hav/", {"jav": row.pk}).status_code == 302
    assert officer.get(f"/arenden/{case.number}/").status_code == 200
