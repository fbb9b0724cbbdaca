"""The demonstration data: every desk is filled, every person is made up, and nothing waits for the clock."""

from __future__ import annotations

import io
from collections import Counter
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command

from tests import demo_database

DESKS = ("fk.handlaggare", "fk.samordnare", "region.stockholm", "region.skane", "utforare.lakare", "utforare.skane")
TODAY = "2026-11-25"  # a Wednesday


@pytest.fixture(scope="module")
def _demo(django_db_blocker):
    with django_db_blocker.unblock(), demo_database.loaded("demo", "--today", TODAY) as name:
        yield name


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
    own -= {
        "sign_section",
        "section_not_done",
    }  # after a decision on an expansion: taken through the door, on the day itself
    assert taken == {"create", "overdue", *own}
    causes = set(Assessment.objects.filter(status="ended").values_list("ended_cause", flat=True))
    assert causes == {"cannot_take_part", "died", "moved", "nobody_can", "objects"}
    assert Assessment.objects.filter(assignments_count=2).exists()


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

    with django_db_blocker.unblock(), demo_database.at(_demo):
        mandate = Mandate.objects.select_related("user", "organisation").get(user__username="fk.handlaggare")
        case = new_case(Actor.of(mandate))
        assert Assessment.objects.order_by("-id")[0] == case
        assert Assessment.objects.count() == 321


def test_it_is_loaded_once(empty):
    from orders.models import Assessment

    assert "60 utredningar" in said("--assessments", "60")
    assert said("--assessments", "60").strip() == "Demonstrationsdata finns redan."
    assert Assessment.objects.count() == 60


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
