"""The demonstration data: every desk is filled, every person is made up, and nothing waits for the clock."""

from __future__ import annotations

import html
import io
import re
from collections import Counter
from datetime import date, timedelta
from urllib.parse import urljoin

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from tests import demo_database

DESKS = ("fk.handlaggare", "fk.samordnare", "region.stockholm", "region.skane", "utforare.lakare", "utforare.skane")
TODAY = demo_database.TODAY


@pytest.fixture(scope="module")
def _demo(django_db_blocker):
    with django_db_blocker.unblock():
        yield demo_database.demonstration()


@pytest.fixture
def demo(_demo, django_db_blocker):
    """The demonstration's database, as the web role reads it."""
    with django_db_blocker.unblock(), demo_database.at(_demo):
        yield


@pytest.fixture
def empty(django_db_blocker):
    """A database without demonstration data, as the owner."""
    name = demo_database.name_of("empty")
    demo_database.copy(name)
    with django_db_blocker.unblock():
        with demo_database.at(name, "owner"):
            yield
        demo_database.drop(name)


def kind_of(url: str) -> str:
    """The page's path without numbers and keys: who opens one opens all that are searched for, filtered or paged alike."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "N", re.split("[?#]", url)[0])


def links_in(text: str, page: str) -> list[str]:
    """Where the links of the page lead within the portal. The forms of steps are opened by everybody elsewhere."""
    found = [urljoin(page, html.unescape(link)) for link in re.findall(r'<a\s[^>]*href="([^"]+)"', text)]
    return [link for link in found if link.startswith("/") and "/steg/" not in link]


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("demo", *arguments, stdout=out)
    return out.getvalue()


def duties_of(username: str):
    from accounts.models import Mandate
    from fmu_portal.models import Duty

    row = Mandate.objects.filter(user__username=username).order_by("pk")[0]
    return Duty.objects.of_organisation(row.organisation_id), row


def test_there_are_cases_in_every_status_and_every_step_and_cause_has_been_taken(demo):
    from fmu_portal.models import Event
    from orders.models import Assessment
    from orders.process import ASSESSMENT

    assert Assessment.objects.count() == 320
    statuses = Counter(Assessment.objects.values_list("status", flat=True))
    assert set(statuses) == set(ASSESSMENT.statuses)
    assert min(statuses.values()) >= 3
    taken = set(Event.objects.filter(process="assessment").values_list("step", flat=True)) | {"hand_over"}
    own = {name for name, step in ASSESSMENT.steps.items() if not step.follows and not step.moves}
    own |= {"extend"}  # with an expansion or a deferral
    assert taken == {"create", "overdue", *own}
    causes = set(Assessment.objects.filter(status="ended").values_list("ended_cause", flat=True))
    assert causes == {"cannot_take_part", "died", "moved", "nobody_can", "objects"}
    assert Assessment.objects.filter(assignments_count=2).exists()


def test_a_report_that_came_had_its_visits_and_sections(demo):
    from orders.models import Assessment, Expansion, ReportVersion, Visit
    from orders.readiness import readiness

    cases = list(Assessment.objects.filter(delivered_on__isnull=False))
    assert len(cases) > 100
    for case in cases:
        assert readiness(case).examined, case.number
        assert readiness(case).open_visits == 0, case.number
    written = ReportVersion.objects.filter(source="form", number=1).select_related("assessment")
    for expansion in Expansion.objects.filter(status="approved", assessment__in=[v.assessment_id for v in written]):
        content = written.get(assessment=expansion.assessment_id).content
        assert set(content["others"]) == set(expansion.professions)
    objecting = Assessment.objects.filter(ended_cause="objects")
    for case in objecting:
        days = [visit.day for visit in Visit.objects.filter(assessment=case, status="carried_out")]
        assert case.carried_out_on == max(days)


def test_visits_came_to_everything_that_visits_can_come_to(demo):
    from datetime import timedelta

    from fmu_portal.models import Event
    from orders.models import Deviation, Expansion, Visit

    taken = set(Event.objects.filter(process="visit").values_list("step", flat=True))
    assert {"book", "summon", "carry_out", "register", "no_show", "interrupt", "cancel", "close"} <= taken
    past = Visit.objects.exclude(status__in=("provisional", "booked", "summoned"))
    assert {"not_come", "too_late", "no_part"} <= set(past.filter(status="no_show").values_list("outcome", flat=True))
    given = past.filter(cancelled_by="insured", late_notice__isnull=False)
    assert set(given.values_list("late_notice", flat=True)) == {True, False}
    for visit in given:
        assert visit.late_notice is (visit.starts_at - visit.notice_at < timedelta(hours=48))
    heard = past.filter(interpreter="came")
    assert heard.filter(interpreter_minutes__gt=0).count() == heard.count() > 10
    assert past.filter(interpreter="absent", status="interrupted").exists()
    for visit in past.filter(status="no_show"):
        assert Deviation.objects.filter(assessment=visit.assessment_id, kind="no_show", found_on=visit.day).exists()
    # Nobody of another profession began before the agency had approved it (5 §).
    others = past.filter(status="carried_out").exclude(profession="physician")
    assert set(others.values_list("profession", flat=True)) >= {"psychologist", "physiotherapist"}
    for visit in others:
        rows = Expansion.objects.filter(assessment=visit.assessment_id, performer=visit.performer_id, status="approved")
        assert any(visit.profession in row.professions and row.decided_on <= visit.day for row in rows)
    same_time = Counter(past.filter(status="carried_out").values_list("assessment_id", "starts_at"))
    assert max(same_time.values()) == 1


def test_decisions_moved_last_days_and_late_reports_are_deviations(demo):
    from fmu_portal.models import Duty
    from orders.models import Assessment, Deferral, Deviation

    moved = Duty.objects.filter(kind="deliver_report", superseded_by__isnull=False)
    assert moved.filter(superseded_by__inputs__has_key="extra").exists()
    assert moved.filter(superseded_by__inputs__has_key="until").exists()
    assert all(duty.superseded_by.due > duty.due for duty in moved.select_related("superseded_by"))
    granted = Deferral.objects.filter(status="granted", assessment__delivered_on__isnull=False)
    assert {case.delivered_late for case in Assessment.objects.filter(pk__in=granted.values("assessment"))} >= {False}
    for case in Assessment.objects.filter(delivered_late=True):
        assert Deviation.objects.filter(assessment=case, kind="late_report").exists(), case.number


def test_every_region_has_its_people_and_a_performer(demo):
    from accounts.models import Mandate, Organisation
    from accounts.roles import Role
    from regions.models import Agreement

    for region in Organisation.objects.filter(kind="region"):
        roles = set(Mandate.objects.filter(organisation=region, user__is_demo=True).values_list("role", flat=True))
        assert roles == {"region_coordinator", "finance_officer"}, region
        units = Agreement.objects.in_force(date.today()).filter(  # noqa: DTZ011 - any day will do
            region=region, performer__mandates__user__is_demo=True
        )
        least = 2 if region.county_code in {"01", "12", "14"} else 1
        assert units.values("performer").distinct().count() >= least, region
    demo_mandates = Mandate.objects.filter(user__is_demo=True)
    assert demo_mandates.filter(organisation__kind="performer").values("organisation").distinct().count() >= 40
    assert {str(role) for role in Role} - {Role.CLOCK} == set(demo_mandates.values_list("role", flat=True))
    assert not Mandate.objects.filter(user__is_demo=True).exclude(user__email__endswith="@example.org").exists()


def test_every_printed_login_works_with_the_one_password(demo):
    from accounts.backends import PortalBackend
    from launcher.logins import LOGINS
    from orders.demo.parties import password

    for username, _ in LOGINS:
        user = PortalBackend().authenticate(None, username, password())
        assert user is not None, username
        assert user.is_demo
        assert user.mandates.exists()


@pytest.mark.parametrize("username", DESKS)
def test_a_desk_has_late_and_coming_work(demo, username):
    duties, _ = duties_of(username)
    today = date.fromisoformat(TODAY)
    days = {duty.due for duty in duties}
    assert len(duties) >= 8
    assert any(day < today for day in days)
    assert days & {today, today + timedelta(1), today + timedelta(2)}
    assert any(day > today + timedelta(2) for day in days)


def test_the_desks_are_varied(demo):
    officer, row = duties_of("fk.handlaggare")
    mine = set(officer.filter(holder_id=row.user_id).values_list("kind", flat=True))
    assert mine == {
        "send_or_discard", "decide_returned", "send_order", "answer_question", "review_report", "decide_end",
    }  # fmt: skip
    region, row = duties_of("region.stockholm")
    assert {"answer_request", "deliver_report"} <= set(region.values_list("kind", flat=True))
    unit, row = duties_of("utforare.lakare")
    assert {"confirm_underlag", "supplement_report"} <= set(unit.values_list("kind", flat=True))
    assert unit.filter(holder_id=row.user_id, kind="deliver_report").count() >= 3
    _, skane = duties_of("utforare.skane")
    assert sorted(skane.user.mandates.values_list("role", flat=True)) == ["performer_admin", "physician"]


def test_the_clock_has_nothing_to_do(_demo, django_db_blocker):
    from fmu_portal.engine import clock

    with django_db_blocker.unblock(), demo_database.at(_demo, "worker"):
        assert clock.watch(date.fromisoformat(TODAY)) == {"chores": 0, "reminded": 0, "overdue": 0}


def test_each_case_has_the_nearest_days_of_its_open_duties(demo):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE (a.next_due, a.report_due) IS DISTINCT FROM (d.nearest, d.report)),"
            " count(a.next_due), count(a.report_due) FROM orders_assessment a LEFT JOIN (SELECT case_id, min(due) AS nearest,"
            " min(due) FILTER (WHERE kind = 'deliver_report') AS report FROM fmu_portal_duty WHERE closed_by_id IS NULL"
            " GROUP BY case_id) d ON d.case_id = a.id"
        )
        differ, waiting, reports = cursor.fetchone()
    assert differ == 0
    assert waiting > reports > 20


def test_no_link_leads_anybody_to_a_page_that_is_not_theirs(demo):
    """One login of each role follows the links of the pages it meets, one of each kind: none ends in a refusal."""
    from accounts.actor import Actor
    from accounts.models import Mandate
    from launcher.logins import LOGINS
    from tests.pages import browser

    walked = set()
    for username, _ in LOGINS:
        actor = Actor.of(Mandate.objects.filter(user__username=username).order_by("pk")[0])
        if actor.role in walked:
            continue
        walked.add(actor.role)
        client, opened, waiting, found = browser(actor), set(), ["/"], 0
        while waiting:
            url = waiting.pop()
            if kind_of(url) in opened:
                continue
            opened.add(kind_of(url))
            answer = client.get(url, follow=True)
            assert answer.status_code == 200, (username, url, answer.status_code)
            if answer.headers["Content-Type"].startswith("text/html"):
                found += 1
                waiting += [link for link in links_in(answer.content.decode(), url) if kind_of(link) not in opened]
        assert found > (5 if username == "admin" else 20), username


def test_no_insured_person_is_real(demo):
    from fmu_portal import identity
    from orders.models import InsuredPerson

    people = list(InsuredPerson.objects.all())
    for person in people:
        digits = person.identity_digits
        assert identity.twelve_digits(digits) == digits
        assert 980 <= int(digits[8:11]) <= 999
        assert person.phone.startswith("070-174 06 ")
        assert person.email == "" or person.email.endswith("@example.org")
    assert len({person.identity_hash for person in people}) == len(people)


def test_places_agree(demo):
    from accounts.models import PostalCode
    from orders.models import Assessment

    places = {p.code: p for p in PostalCode.objects.select_related("municipality")}
    for case in Assessment.objects.filter(person__isnull=False).select_related("person"):
        place = places[case.person.postal_code]
        # A protected person's place stands on the person alone.
        stays = case.person.municipality_id if case.protected else case.municipality_id
        assert (place.municipality_id, place.locality) == (stays, case.person.locality)
        assert (case.municipality_id is None) is case.protected
        assert place.municipality.region_id == case.region_id


def test_the_documents_can_be_opened(demo):
    import pikepdf

    from documents import vault
    from documents.models import Document

    for document in Document.objects.all():
        with vault.open_clean(document) as file:
            data = file.read()
        assert len(data) == document.served_size
        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert len(pdf.pages) == document.pages


def test_new_cases_go_on_after_the_loaded_ones(_demo, django_db_blocker):
    from accounts.actor import Actor
    from accounts.models import Mandate
    from orders.cases import new_case
    from orders.models import Assessment

    with django_db_blocker.unblock(), demo_database.at(_demo), transaction.atomic():
        mandate = Mandate.objects.select_related("user", "organisation").get(user__username="fk.handlaggare")
        case = new_case(Actor.of(mandate))
        assert Assessment.objects.order_by("-id")[0] == case
        assert Assessment.objects.count() == 321
        transaction.set_rollback(True)  # the others read the same


def test_it_is_loaded_once(empty):
    from orders.models import Assessment

    assert "20 utredningar" in said("--assessments", "20")
    assert said("--assessments", "20").strip() == "Demonstrationsdata finns redan."
    assert Assessment.objects.count() == 20


def test_the_password_follows_what_the_start_prints(empty, monkeypatch):
    from accounts.models import User

    said("--assessments", "3")
    monkeypatch.setenv("FMU_DEMO_PASSWORD", "ett-annat-losenord-2")
    assert "Lösenordet" in said("--assessments", "3")
    assert User.objects.get(username="utforare.lakare").check_password("ett-annat-losenord-2")


def test_it_is_refused_outside_a_demonstration(empty, settings):
    from accounts.models import User

    settings.DEMO = False
    with pytest.raises(CommandError, match="FMU_DEMO"):
        said()
    assert not User.objects.filter(is_demo=True).exists()


def test_a_load_that_fails_leaves_nothing(empty, monkeypatch):
    from accounts.models import Organisation, User
    from orders.demo import loading

    before = Organisation.objects.count()
    monkeypatch.setitem(loading.TABLES, "report_version", ("orders_reportversion", "assessment_id"))
    with pytest.raises(Exception, match="report"):
        said("--assessments", "60")
    assert Organisation.objects.count() == before
    assert not User.objects.filter(is_demo=True).exists()


def digest() -> tuple[str, ...]:
    from django.db import connection

    found = []
    with connection.cursor() as cursor:
        for sql in (
            "SELECT md5(string_agg(e::text, '' ORDER BY id)) FROM fmu_portal_event e",
            "SELECT md5(string_agg(d::text, '' ORDER BY id)) FROM fmu_portal_duty d",
            "SELECT md5(string_agg(a::text, '' ORDER BY id)) FROM orders_assessment a",
            "SELECT md5(string_agg(v::text, '' ORDER BY id)) FROM orders_visit v",
            "SELECT md5(string_agg(x::text, '' ORDER BY id)) FROM orders_expansion x",
            "SELECT md5(string_agg(identity_hash || name, '' ORDER BY assessment_id)) FROM orders_insuredperson",
        ):
            cursor.execute(sql)
            found.append(cursor.fetchone()[0])
    return tuple(found)


def test_the_same_seed_and_day_give_the_same_data(django_db_blocker):
    found = []
    with django_db_blocker.unblock():
        for seed in ("7", "7", "8"):
            arguments = ("--assessments", "120", "--seed", seed, "--today", TODAY)
            with demo_database.loaded("seed", *arguments) as name, demo_database.at(name):
                found.append(digest())
    assert found[0] == found[1]
    assert found[0][0] != found[2][0]


def test_a_large_load_puts_every_key_and_index_back(empty, monkeypatch):
    from django.db import connection

    from orders.demo import loading

    def shape() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint"
                " UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
            )
            return [row[0] for row in cursor.fetchall()]

    before = shape()
    monkeypatch.setattr(loading, "LARGE", 10)
    said("--assessments", "60")
    assert shape() == before


@pytest.mark.parametrize("today", ["2026-11-22", "2027-01-01", "2026-06-19", "2026-12-28"])
def test_it_can_be_loaded_on_any_day(django_db_blocker, today):
    from fmu_portal.engine import clock

    with (
        django_db_blocker.unblock(),
        demo_database.loaded("day", "--assessments", "150", "--today", today) as name,
        demo_database.at(name, "worker"),
    ):
        assert clock.watch(date.fromisoformat(today)) == {"chores": 0, "reminded": 0, "overdue": 0}


def test_after_the_law_has_ended_it_stands_on_the_laws_last_day(empty):
    text = said("--assessments", "40", "--today", "2029-03-01")
    assert "gäller till 2028-12-31" in text
    assert "40 utredningar" in text


def test_before_the_law_it_is_refused(empty):
    with pytest.raises(CommandError, match="Ingen regel"):
        said("--assessments", "40", "--today", "2019-03-01")
