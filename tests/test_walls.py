"""The second wall: the database shows a mandate what the table of permissions grants, whatever the code forgets to ask."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import Http404
from django.utils import timezone

from accounts.actor import Actor
from accounts.permissions import TABLE, See, Where, may_search, may_see, roles_with, wheres
from accounts.roles import Role
from documents.models import Document
from fmu_portal.database import all_walls, as_clock
from fmu_portal.engine import outbox
from fmu_portal.identity import lookup_hash, twelve_digits
from fmu_portal.models import Note
from fmu_portal.prepared import forget_all
from orders import access, reach
from orders.models import Assessment, Enclosure, InsuredPerson, Order, Recusal, Report, ReportVersion, StepDraft
from orders.models.assessment import AssessmentQuerySet
from orders.models.enclosure import UNDERLAG
from orders.overview import reading
from tests import roles
from tests import situations as s
from tests.pages import browser
from tests.test_access_walk import MARKERS, OF_A_CASE, body, cases, filled  # noqa: F401 - a fixture
from tests.test_house import ROOT

STRANGERS = ("stranger_officer", "skane", "other_admin", "other_physician", "skane_performer", "administrator")


def count(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def test_wall_and_filter_grant_the_same_cases(cast, cases):  # noqa: F811
    s.draft(cast)
    for key, actor in cast.everyone().items():
        with roles.at_work(actor):
            filtered = set(Assessment.objects.reachable_by(actor).values_list("pk", flat=True))
            kept = set(
                Assessment.objects.filter(assignments__performer_id=actor.organisation_id).values_list("pk", flat=True)
            )
            assert set(Assessment.objects.values_list("pk", flat=True)) == filtered | kept, key
    assert cases


def test_wall_and_table_grant_the_same_parts(cast, cases):  # noqa: F811
    """Every member of the cast × every part × every case: a row behind the wall is seen where the table says, and only there."""
    of_part = {
        See.NEEDS: Note.objects.filter(author_id=cast.officer.organisation_id, visible_to__contains=["region"]),
        See.IDENTITY: InsuredPerson.objects.all(),
        See.UNDERLAG: Enclosure.objects.filter(kind="medical"),
        See.PAPERS: Order.objects.all(),
        See.REPORT: ReportVersion.objects.all(),
    }
    delivered, under_way = cases["delivered"].pk, cases["in_progress"].pk
    for key, actor in cast.everyone().items():
        for part, rows in of_part.items():
            field = "case_id" if part is See.NEEDS else "assessment_id"
            with roles.at_work(actor):
                seen = set(rows.values_list(field, flat=True))
            if key in STRANGERS or not may_see(actor.role, part):
                assert seen == set(), (key, part)
            elif part is See.PAPERS and key in ("admin", "physician_two", "psychologist"):
                assert seen == set(), (key, "does not take part")
            elif part is not See.NEEDS:
                wanted = {delivered} if part is See.REPORT else {delivered, under_way}
                assert wanted <= seen, (key, part)


def test_a_search_by_personnummer_finds_what_the_table_says(cast, cases):  # noqa: F811
    digest = lookup_hash(twelve_digits(s.PERSONNUMMER))
    cases = [*cases.values(), s.requested(cast)]
    draft = s.draft(cast)
    searchers = set()
    for key, actor in cast.everyone().items():
        condition = reach.query_for(actor, See.FOUND)
        wanted = set() if condition is None else set(Assessment.objects.filter(condition).values_list("pk", flat=True))
        with roles.at_work(actor):
            found = access.cases_of_person(digest)
            elsewhere = [access.elsewhere(case.number) for case in cases]
        assert {row.pk for row in found} == wanted - {draft.pk}, key
        assert all(row.own == (key != "stranger_officer") for row in found), key
        assert elsewhere == ([case.pk for case in cases] if key == "stranger_officer" else [None] * len(cases)), key
        searchers |= {key} if may_search(actor.role) else set()
    assert searchers >= {"officer", "stranger_officer", "region", "admin", "psychologist"}
    assert not searchers & {"controller", "attester", "finance", "administrator"}
    for actor in (cast.officer, cast.stranger_officer):
        Recusal.objects.create(assessment=cases[0], user_id=actor.user_id)
        with roles.at_work(actor):
            assert cases[0].pk not in {row.pk for row in access.cases_of_person(digest)}
            assert access.elsewhere(cases[0].number) is None


def test_whoever_has_stepped_aside_finds_nothing_of_what_the_unit_wrote(cast, cases):  # noqa: F811
    delivered, back = cases["delivered"], cases["handed_back"]
    Report.objects.create(assessment=back, performer_id=cast.admin.organisation_id, content=s.REPORT)
    StepDraft.objects.create(
        assessment=back, step="x", organisation_id=cast.admin.organisation_id, user_id=cast.admin.user_id
    )

    def found(actor):
        with roles.at_work(actor):
            return {
                "versions": ReportVersion.objects.filter(assessment=delivered).count(),
                "reports": Report.objects.filter(assessment__in=[delivered.pk, back.pk]).count(),
                "notes": Note.objects.filter(case_id=back.pk).count(),
                "documents": Document.objects.filter(pk__in=documents, uploaded_by=None).count(),
                "drafts": StepDraft.objects.filter(assessment_id=back.pk).count(),
            }

    outbox.work()
    documents = list(ReportVersion.objects.filter(assessment=delivered).values_list("document_id", flat=True))
    before = found(cast.admin)
    assert min(before.values()) > 0, before
    row = [Recusal.objects.create(assessment=case, user_id=cast.admin.user_id) for case in (delivered, back)]
    assert set(found(cast.admin).values()) == {0}
    assert found(cast.physician) == before | {"drafts": 0}, "a colleague's block is no concern of others"
    Recusal.objects.filter(pk__in=[r.pk for r in row]).update(lifted_at=timezone.now())
    assert found(cast.admin) == before


def test_whoever_has_stepped_aside_reads_nothing_after_the_hand_back_either(cast, cases):  # noqa: F811
    back = cases["handed_back"]
    client, page = browser(cast.admin), f"/arenden/{back.number}/eget/"
    assert client.get(page).status_code == 200
    assert back.number in client.get("/arenden/aterlamnade/").content.decode()
    Recusal.objects.create(assessment=back, user_id=cast.admin.user_id)
    with pytest.raises(Http404):  # the filter by itself: the test passes the wall
        access.get_former_case(cast.admin, back.number)
    for url in (page, f"{page}?format=text", f"/arenden/{back.number}/logg/"):
        assert client.get(url).status_code == 404, url
    answer = client.get("/arenden/aterlamnade/")
    assert (answer.status_code, back.number in answer.content.decode()) == (200, False)


def test_who_marks_and_moves_a_protected_person_are_those_who_may_be_shown_one_at_the_office(db):
    """The two functions write, so they stand in a migration; their roles are the table's all the same."""
    wanted = ", ".join(f"'{role}'" for role in roles_with(See.PROTECTED, Where.OFFICE))
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE proname IN ('orders_protect', 'orders_readdress')")
        found = dict(cursor.fetchall())
    assert set(found) == {"orders_protect", "orders_readdress"}
    for name, source in found.items():
        assert f"IN ({wanted})" in source, name


def test_nobody_at_work_sees_nothing_and_gets_no_error(cast, cases):  # noqa: F811
    assert cases
    with roles.role("fmu_web"), connection.cursor() as cursor:
        for setting in (None, ""):
            for name in ("mandate", "organisation", "user", "role"):
                cursor.execute("RESET ALL" if setting is None else f"SELECT set_config('fmu.{name}', '', true)")
            for wall in all_walls():
                assert count(wall.table) == 0, wall.table


def test_the_clock_sees_the_case_and_nothing_of_a_person(cast, cases):  # noqa: F811
    with roles.role("fmu_worker"), as_clock():
        assert count("orders_assessment") >= len(cases)
        for table in ("orders_insuredperson", "orders_enclosure", "fmu_portal_note", "orders_reportversion"):
            assert count(table) == 0, table


def test_every_table_that_says_something_of_a_person_has_a_wall():
    from django.apps import apps

    from audit.models import Personal

    walled = {wall.table for wall in all_walls()}
    personal = {model._meta.db_table for model in apps.get_models() if issubclass(model, Personal)}
    assert personal <= walled
    assert {"documents_document", "orders_stepdraft", "audit_accessentry"} <= walled
    kinds = ", ".join(f"'{kind}'" for kind in UNDERLAG)
    assert f"({kinds})" == reach._KINDS


def test_the_wall_is_up_for_both_roles_and_not_for_the_owner(db):
    with connection.cursor() as cursor:
        for wall in all_walls():
            cursor.execute("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s", [wall.table])
            assert cursor.fetchone() == (True, False)
            cursor.execute(
                "SELECT roles::text FROM pg_policies WHERE tablename = %s AND policyname = 'at_work'", [wall.table]
            )
            assert cursor.fetchone()[0] == "{fmu_web,fmu_worker}"
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'fmu_%%' AND (rolsuper OR rolbypassrls)")
        assert cursor.fetchall() == []


# --- the filter is turned off, one query at a time: the wall holds, and nothing breaks


def _sees_everything(monkeypatch):
    monkeypatch.setattr(Actor, "sees", lambda self, what: True)


def _every_case(monkeypatch):
    monkeypatch.setattr(AssessmentQuerySet, "_where", lambda self, condition, actor: self)


def _every_person(monkeypatch):
    monkeypatch.setattr(access, "person_of", lambda actor, case: InsuredPerson.objects.filter(pk=case.pk).first())


def _every_note(monkeypatch):
    monkeypatch.setattr(access, "readable_notes", lambda actor, case: Note.objects.filter(case_id=case.pk))


def _every_enclosure(monkeypatch):
    monkeypatch.setattr(access, "listed_enclosures", lambda actor, case: case.enclosures.select_related("document"))


def _every_version(monkeypatch):
    def versions(actor, case):
        return ReportVersion.objects.filter(assessment=case)

    monkeypatch.setattr(access, "known_versions", versions)


def _everybody_takes_part(monkeypatch):
    monkeypatch.setattr(access, "takes_part", lambda actor, case: True)


FORGOTTEN = {
    f.__name__: f
    for f in (
        _sees_everything, _every_case, _every_person, _every_note, _every_enclosure, _every_version, _everybody_takes_part,
    )
}  # fmt: skip


@pytest.fixture
def forget(monkeypatch):
    """Turns filters off; what has been written with them is written anew, and once more afterwards."""

    def turn_off(names):
        for name in names:
            FORGOTTEN[name](monkeypatch)
        forget_all()
        reading._names.cache_clear()

    yield turn_off
    monkeypatch.undo()
    forget_all()
    reading._names.cache_clear()


TO_THE_CASE = ("_sees_everything", "_every_case")


@pytest.mark.parametrize("forgotten", FORGOTTEN)
def test_with_the_filter_turned_off_the_wall_holds(cast, cases, forget, forgotten):  # noqa: F811
    """Whoever does not reach the case comes to the filters of its parts only where that of the case is off."""
    probes = 0
    forget([forgotten])
    strangers = ("stranger_officer", "skane", "other_physician") if forgotten in TO_THE_CASE else ()
    for key in (*strangers, "region", "controller"):
        actor = getattr(cast, key)
        client = browser(actor)
        for case in (cases["delivered"],):
            document = Enclosure.objects.filter(assessment=case).first().document_id
            for route in OF_A_CASE:
                if route.startswith("api/"):
                    continue
                for url in filled(route, case, document, actor):
                    answer = client.get(url)
                    probes += 1
                    assert answer.status_code < 500, (key, url)
                    text = body(answer)
                    for part, markers in MARKERS.items():
                        # The needs stand in the case's own row, which these see: the wall is of rows, not columns.
                        role_sees = part is See.NEEDS and key in ("region", "controller")
                        assert role_sees or not [m for m in markers if m in text], (key, url, part)
    assert probes > 100


def test_with_every_filter_turned_off_at_once_the_lists_hold(cast, cases, forget):  # noqa: F811
    assert cases
    forget(FORGOTTEN)
    for key in STRANGERS:
        for url in ("/arenden/", "/arenden/?vy=alla", "/att-gora/"):
            answer = browser(getattr(cast, key)).get(url)
            assert answer.status_code == 200, (key, url)
            assert s.NAME not in answer.content.decode()
            assert not any(case.number in answer.content.decode() for case in cases.values()), (key, url)


def test_the_web_cannot_change_what_is_only_added(cast, cases):  # noqa: F811
    from tests.test_database_walls import refused

    browser(cast.officer).get(f"/arenden/{cases['delivered'].number}/")
    for table in ("audit_accessentry", "audit_seal", "audit_followup", "orders_unlocking", "fmu_portal_event"):
        refused(f"DELETE FROM {table}")
        refused(f"TRUNCATE {table} CASCADE")
    refused("UPDATE audit_accessentry SET cases = '{}'")
    refused("UPDATE orders_unlocking SET reason = ''")
    refused(
        "INSERT INTO audit_seal (log, number, first, last, count, at, digest) VALUES ('access', 1, 1, 1, 1, now(), '')"
    )
    refused("ALTER TABLE orders_insuredperson DISABLE ROW LEVEL SECURITY")
    refused("DROP POLICY at_work ON orders_insuredperson")


def test_the_table_reads_as_one():
    assert {role for grant in TABLE for role in grant.roles} == set(Role) - {Role.ADMINISTRATOR, Role.CLOCK}
    assert not any(may_see(Role.ADMINISTRATOR, part) for part in See)
    assert all(where in reach.REACH for grant in TABLE for where in grant.where)
    assert wheres(Role.PERFORMER_ADMIN, See.PAPERS)


def test_the_page_about_access_is_made_from_the_table():
    from orders.management.commands.access import page

    assert (ROOT / "docs" / "access.md").read_text() == page(), "run: manage.py access > docs/access.md"
