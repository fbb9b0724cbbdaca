"""The shared overview: what each filter lets through, in which order, for whom; saved views; the piece that is polled."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import AccessEntry
from fmu_portal.models import Duty
from orders import overview
from orders.inputs.language import LanguageField
from orders.models import Assessment, SavedView
from orders.models.overview import MOST_VIEWS
from orders.overview.columns import COLUMNS, Column, chosen, offered, register
from orders.overview.wanted import Wanted
from orders.process import OPEN_STATUSES
from orders.views.overview import PARAMETERS
from tests import roles
from tests import situations as s
from tests.cast import Cast
from tests.pages import browser

TODAY = timezone.localdate


def five():
    """One case in each of five statuses."""
    cast = Cast.load()
    return {name: s.IN_STATUS[name](cast) for name in ("requested", "ordered", "in_progress", "accepted", "withdrawn")}


@pytest.fixture(autouse=True)
def beginning(request, once):
    """The cases are made once for all the tests in a row that ask for them; the others begin with nothing."""
    return once("cases", five) if "cases" in request.fixturenames else once("", lambda: None)


@pytest.fixture
def cases(beginning, db):
    """`five`, as the database has them."""
    return {name: s.fresh(case) for name, case in beginning.items()}


def numbers(actor, **filters):
    """The numbers that the list shows the actor, in its order."""
    with roles.at_work(actor):
        return [row.number for row in overview.overview(actor, Wanted(**filters), TODAY()).rows]


def shown(actor, query=""):
    """The same by the page."""
    page = browser(actor).get(f"/arenden/?{query}")
    assert page.status_code == 200
    return [row.number for row in page.context["page"].rows]


def put_day(case, day):
    """Move the nearest day of a case, as a recount would: the duty's row, and the case follows."""
    Duty.objects.open().filter(case_id=case.pk).update(due=day)


# --- the day that the list goes by


def test_the_case_follows_its_duties_whoever_changes_them(cast):
    case = s.requested(cast)
    day = Duty.objects.open().get(case_id=case.pk).due
    assert s.fresh(case).next_due == day
    put_day(case, date(2030, 1, 2))
    assert s.fresh(case).next_due == date(2030, 1, 2)
    case = s.in_progress(cast)
    report = Duty.objects.open().filter(case_id=case.pk, kind="deliver_report").first().due
    assert (s.fresh(case).next_due, s.fresh(case).report_due) == (report, report)
    case = s.step(case, "withdraw", cast.officer, reason="Behövs inte")
    assert (s.fresh(case).next_due, s.fresh(case).report_due) == (None, None)


def test_a_question_comes_before_the_report_and_the_reports_day_stays(cast):
    case = s.in_progress(cast)
    report = s.fresh(case).report_due
    case = s.step(case, "question_underlag", cast.admin, essential="Röntgen saknas", missing="Röntgen")
    fresh = s.fresh(case)
    assert fresh.next_due < report
    assert fresh.report_due == report


def test_the_web_cannot_write_the_day_itself(cast):
    from django.db import DatabaseError, transaction

    case = s.requested(cast)
    with roles.role("fmu_web"), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE orders_assessment SET next_due = '2031-01-01' WHERE id = %s", [case.pk])


# --- filters and orders


def test_quick_views(cast, cases):
    now = {cases[name].number for name in ("requested", "ordered", "in_progress")}
    over = {cases[name].number for name in ("accepted", "withdrawn")}
    assert set(numbers(cast.officer)) == now
    assert set(numbers(cast.officer, view="avslutade")) == over
    assert set(numbers(cast.officer, view="alla")) == now | over


def test_the_two_orders(cast, cases):
    for days, name in enumerate(("in_progress", "requested", "ordered")):
        put_day(cases[name], TODAY() + timedelta(days=days))
    newest = [cases[name].number for name in ("in_progress", "ordered", "requested")]
    assert numbers(cast.region) == newest
    by_day = [cases[name].number for name in ("in_progress", "requested", "ordered")]
    assert numbers(cast.region, order="sista-dag") == by_day


def test_last_day_before_and_after_and_late_and_near(cast, cases):
    today = TODAY()
    put_day(cases["requested"], today - timedelta(days=1))
    put_day(cases["ordered"], today)
    put_day(cases["in_progress"], today + timedelta(days=7))
    late, now, week = (cases[name].number for name in ("requested", "ordered", "in_progress"))
    assert numbers(cast.officer, when="forsenade") == [late]
    assert numbers(cast.officer, when="snart") == [now, week]
    assert numbers(cast.officer, due_from=today) == [now, week]
    assert numbers(cast.officer, due_to=today) == [late, now]
    assert numbers(cast.officer, due_from=today, due_to=today) == [now]
    assert numbers(cast.officer, when="forsenade", due_from=today) == []
    put_day(cases["in_progress"], today + timedelta(days=8))
    assert numbers(cast.officer, when="snart") == [now]


def test_a_language_is_kept_as_the_list_looks_for_it():
    field = LanguageField()
    assert (field.clean(" Kurdiska (Sorani) "), field.clean("")) == ("kurdiska (sorani)", "")


def test_status_performer_number_and_language(cast, cases):
    case = cases["in_progress"]
    assert numbers(cast.region, status="in_progress") == [case.number]
    assert set(numbers(cast.region, performer=cast.admin.organisation_id, view="alla")) == {
        cases[n].number for n in ("ordered", "in_progress", "accepted", "withdrawn")
    }
    assert numbers(cast.region, performer=cast.other_admin.organisation_id, view="alla") == []
    assert numbers(cast.region, number=case.number) == [case.number]
    assert set(numbers(cast.region, number=case.number[:9])) == {c.number for c in cases.values()}, "ended ones too"
    assert numbers(cast.region, number="1999") == []
    Assessment.objects.filter(pk=case.pk).update(interpreter=True, language="somaliska")
    Assessment.objects.exclude(pk=case.pk).update(interpreter=False)
    assert numbers(cast.region, interpreter="ja") == [case.number]
    assert numbers(cast.region, language="Somaliska") == [case.number]
    assert numbers(cast.region, language="arabiska") == []
    assert case.number not in numbers(cast.region, interpreter="nej")


def test_who_sees_no_needs_cannot_filter_by_them(cast, cases):
    assert len(numbers(cast.controller, language="arabiska")) == len(numbers(cast.controller)) > 0
    page = browser(cast.controller).get("/arenden/?sprak=arabiska").content.decode()
    assert "Tolkens språk" not in page


def test_every_actor_sees_only_its_own_in_every_view(cast, cases):
    for key, actor in cast.everyone().items():
        with roles.at_work(actor):
            mine = set(Assessment.objects.visible_to(actor).values_list("number", flat=True))
        for filters in ({"view": "alla"}, {"order": "sista-dag"}, {"when": "snart"}, {"number": "2026"}):
            assert set(numbers(actor, **filters)) <= mine, (key, filters)
    assert numbers(cast.skane, view="alla") == []


# --- paging


def test_pages_by_key_meet_without_gap_or_double(cast, monkeypatch):
    monkeypatch.setattr(overview, "PAGE", 2)
    made = [s.requested(cast) for _ in range(5)]
    for days, case in enumerate(made):
        put_day(case, TODAY() + timedelta(days=days // 2))  # two share a day, on either side of a page's end
    for query in ("", "ordning=sista-dag"):
        client, url, found = browser(cast.officer), f"/arenden/?{query}", []
        for _ in range(3):
            context = client.get(url).context
            found += [row.number for row in context["page"].rows]
            url = f"/arenden/?{context['next_query']}"
        assert context["next_query"] == ""
        wanted = [case.number for case in made]
        assert found == (wanted if query else wanted[::-1])


@pytest.mark.parametrize("cursor", ["x", "2026-13-45.1", "²", "1.2.3", "9" * 30])
def test_a_cursor_that_is_none_of_ours_shows_the_beginning(cast, cases, cursor):
    assert len(shown(cast.officer, f"efter={cursor}")) == 3
    assert len(shown(cast.officer, f"ordning=sista-dag&efter={cursor}")) == 3


# --- bad input


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("arende=abc", "Skriv ärendenumret, eller början av det"),
        ("fran=2026-02-30", "skriv ett datum"),
        ("fran=2026-02-02&till=2026-02-01", "Byt plats på dem"),
        ("status=finns-inte", "Välj ett av alternativen"),
        ("utforare=999999", "Välj ett av alternativen"),
        ("tolk=nej&sprak=arabiska", "ta bort språket"),
        ("kolumn=finns-inte", "Välj ett av alternativen"),
    ],
)
def test_bad_filters_say_what_to_do_and_keep_what_was_typed(cast, cases, query, message):
    page = browser(cast.region).get(f"/arenden/?{query}")
    text = page.content.decode()
    assert page.status_code == 200
    assert message in text
    assert "data-error-summary" in text
    typed = query.split("=")[1].split("&")[0]
    assert typed in text or "999999" in query or "finns-inte" in query


# --- protected identities


def test_a_protected_persons_region_and_performer_are_masked_and_not_to_be_found_by_filtering(cast, cases):
    case = cases["in_progress"]
    Assessment.objects.filter(pk=case.pk).update(protected=True)
    names = ("status", "performer", "region")
    page = browser(cast.officer).get("/arenden/?" + "&".join(f"kolumn={n}" for n in names))
    row = next(row for row in page.context["page"].rows if row.number == case.number)
    cells = {column.name: cell.text for column, cell in row.cells}
    assert cells["performer"] == cells["region"] == "Skyddad uppgift"
    unit, region = cast.admin.organisation_id, cast.region.organisation_id
    assert case.number not in shown(cast.officer, f"utforare={unit}&vy=alla")
    assert case.number not in shown(cast.officer, f"region={region}&vy=alla")
    assert cases["ordered"].number in shown(cast.officer, f"utforare={unit}&vy=alla")
    basket = browser(cast.officer).get(f"/att-gora/?utforare={unit}").content.decode()
    assert case.number not in basket
    assert case.number in shown(cast.region, f"utforare={unit}&vy=alla"), "the region knows"


# --- columns


def test_columns_are_chosen_and_those_of_others_are_not_offered(cast, cases):
    page = browser(cast.officer).get("/arenden/?kolumn=office&kolumn=officer")
    assert [column.name for column in page.context["page"].columns] == ["office", "officer"]
    assert "Olle Handläggare" in page.content.decode()
    assert "officer" not in {column.name for column in offered(cast.region)}
    assert not {"municipality", "interpreter"} & {column.name for column in offered(cast.controller)}
    assert "officer" not in {column.name for column in chosen(cast.region, ["officer", "status"])}


def test_another_module_adds_a_column_in_one_place(cast, cases):
    from django.db.models import F

    from orders.overview.columns import Cell

    kept = dict(COLUMNS)
    column = Column(
        "visit", "Nästa besök", lambda _: {"made": F("created_on")}, lambda v, _: Cell(day=v["made"]),
        sees=lambda a: a.role == "region_coordinator", exports=(("Nästa besök", lambda c: c.day),),
    )  # fmt: skip
    try:
        register(column, after="last_day")
        assert list(COLUMNS)[list(COLUMNS).index("last_day") + 1] == "visit"
        assert "Nästa besök" in browser(cast.region).get("/arenden/").content.decode()
        assert "Nästa besök" not in browser(cast.officer).get("/arenden/").content.decode()
    finally:
        COLUMNS.clear()
        COLUMNS.update(kept)


def test_what_the_cells_say(cast, cases):
    rows = {row.number: {c.name: cell for c, cell in row.cells}
            for row in browser(cast.officer).get("/arenden/?vy=alla").context["page"].rows}  # fmt: skip
    waiting = rows[cases["in_progress"].number]["waits"]
    assert waiting.text == "Utföraren och regionen"
    assert waiting.note == "Utlåtandet ska ha kommit in"
    ordered = rows[cases["ordered"].number]["last_day"]
    assert ordered.left.text.endswith("preliminär")
    done = rows[cases["accepted"].number]
    assert done["last_day"].left.text.startswith("Kom in i tid")
    assert done["last_day"].day is not None
    assert done["waits"].text == "Ingen"


# --- saved views


def save(client, query, name):
    return client.post("/arenden/vyer/", {"fraga": query, "namn": name}, follow=True)


def test_a_view_is_saved_used_replaced_and_removed(cast, cases):
    client = browser(cast.region)
    text = save(client, "status=in_progress&kolumn=status&kolumn=region", "Mina pågående").content.decode()
    assert "Vyn Mina pågående är sparad." in text
    view = SavedView.objects.get()
    assert (view.filters, view.columns) == ({"status": "in_progress"}, ["status", "region"])
    chip = client.get("/arenden/").context["saved"][0]["query"]
    page = client.get(f"/arenden/?{chip}")
    assert [row.number for row in page.context["page"].rows] == [cases["in_progress"].number]
    assert page.context["saved"][0]["current"]
    save(client, "fran=2026-01-02", "Mina pågående")
    assert SavedView.objects.get().filters == {"due_from": "2026-01-02"}
    assert client.get("/arenden/").context["saved"][0]["query"] == "fran=2026-01-02"
    client.post(f"/arenden/vyer/{SavedView.objects.get().pk}/ta-bort/")
    assert not SavedView.objects.exists()


def test_a_view_is_its_owners_alone(cast):
    save(browser(cast.region), "", "Min")
    pk = SavedView.objects.get().pk
    for other in (cast.region_two, cast.officer):
        assert browser(other).get("/arenden/").context["saved"] == []
        assert browser(other).post(f"/arenden/vyer/{pk}/ta-bort/").status_code == 404
    with roles.at_work(cast.region_two):
        assert SavedView.objects.count() == 0, "the wall"
    assert SavedView.objects.filter(pk=pk).exists()


def test_a_view_without_name_or_with_bad_filters_is_not_saved(cast):
    client = browser(cast.region)
    assert "Fyll i vyns namn." in save(client, "", " ").content.decode()
    assert "högst 40 tecken" in save(client, "", "x" * 41).content.decode()
    assert "Rätta filtren först" in save(client, "fran=x", "Fel").content.decode()
    assert not SavedView.objects.exists()


def test_no_more_views_than_can_be_looked_through(cast):
    mine = {"user_id": cast.region.user_id, "organisation_id": cast.region.organisation_id}
    SavedView.objects.bulk_create(SavedView(**mine, name=f"Vy {n}") for n in range(MOST_VIEWS))
    client = browser(cast.region)
    assert "högst 20 sparade vyer" in save(client, "", "En till").content.decode()
    assert "är sparad" in save(client, "", "Vy 3").content.decode(), "an old one may be changed"


# --- polling


def test_the_open_page_hears_only_of_what_is_new_and_reads_nothing_meanwhile(cast, cases):
    client = browser(cast.officer)
    context = client.get("/arenden/").context
    url = context["poll_url"]
    before = AccessEntry.objects.count()
    assert client.get(url).status_code == 204
    assert AccessEntry.objects.count() == before, "nothing new was read"
    s.step(cases["in_progress"], "withdraw", cast.officer, reason="Behövs inte")
    answer = client.get(url)
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    assert cases["in_progress"].number not in answer.content.decode()
    assert AccessEntry.objects.count() == before + 1
    assert client.get(answer.headers["X-Poll"]).status_code == 204


def test_a_page_that_asks_by_itself_keeps_no_session_alive(cast):
    client = browser(cast.officer)
    session = client.session
    session["used"] = 1
    session.save()
    client.get("/arenden/rader/", headers={"X-Poll": "1"})
    assert client.session["used"] == 1
    client.get("/arenden/rader/")
    assert client.session["used"] > 1


def test_the_list_shows_who_was_read(cast, cases):
    browser(cast.officer).get("/arenden/?vy=alla")
    entry = AccessEntry.objects.latest("pk")
    assert set(entry.cases) == {case.pk for case in cases.values()}
    assert entry.parts == ["case", "identity"]
    browser(cast.region).get("/arenden/?vy=alla")
    assert AccessEntry.objects.latest("pk").parts == ["case"]


def test_every_filter_has_its_name_in_the_address():
    assert set(PARAMETERS) == set(Wanted.__dataclass_fields__)


# --- the calendar


def test_the_calendar_shows_the_partys_own_days(cast, cases):
    put_day(cases["requested"], date(2031, 3, 5))
    put_day(cases["in_progress"], date(2031, 3, 5))
    page = browser(cast.officer).get("/arenden/kalender/?manad=2031-03")
    text = page.content.decode()
    assert cases["requested"].number in text
    assert "Besvara begäran" in text
    assert cases["ordered"].number not in text
    assert s.NAME not in text
    assert cases["requested"].number not in browser(cast.admin).get("/arenden/kalender/?manad=2031-03").content.decode()
    assert (
        cases["in_progress"].number not in browser(cast.skane).get("/arenden/kalender/?manad=2031-03").content.decode()
    )
    assert "Inget har sin sista dag" in browser(cast.officer).get("/arenden/kalender/?manad=2031-04").content.decode()


def test_many_on_a_day_are_counted_and_the_list_shows_them(cast):
    made = [s.requested(cast) for _ in range(6)]
    for case in made:
        put_day(case, date(2031, 3, 5))
    page = browser(cast.officer).get("/arenden/kalender/?manad=2031-03").content.decode()
    assert "och 2 till" in page
    assert set(shown(cast.officer, "fran=2031-03-05&till=2031-03-05")) == {case.number for case in made}


def test_the_reports_day_stands_in_the_calendar_behind_a_question(cast):
    case = s.step(s.in_progress(cast), "question_underlag", cast.admin, essential="Röntgen saknas", missing="Röntgen")
    fresh = s.fresh(case)
    page = browser(cast.admin).get(f"/arenden/kalender/?manad={fresh.report_due:%Y-%m}").content.decode()
    assert "Utlåtandet ska ha kommit in" in page


@pytest.mark.parametrize("month", ["", "2026-13", "x", "0000-01", "2026-1"])
def test_a_month_that_is_none_shows_the_present_one(cast, month):
    assert browser(cast.officer).get(f"/arenden/kalender/?manad={month}").context["this_month"]


def test_a_source_of_other_days_can_be_registered(cast, monkeypatch):
    from orders.overview import days

    def visits(actor, first, last, today):
        return {first: days.Day([days.Entry("2026-000001", "Besök hos läkare")], total=1)}

    monkeypatch.setattr(days, "SOURCES", [*days.SOURCES])
    days.register_source(visits)
    assert "Besök hos läkare" in browser(cast.admin).get("/arenden/kalender/").content.decode()


def test_open_means_open():
    assert set(OPEN_STATUSES).isdisjoint(Wanted(view="avslutade").stored())


# --- the API


def api(actor, path, body=None):
    """GET, or POST with a body, by the actor's key: (status, answer)."""
    from accounts.models import ApiKey, Mandate

    key = {"HTTP_AUTHORIZATION": f"Bearer {ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id))}"}
    client = browser(actor)
    if body is None:
        answer = client.get(f"/api/v1/{path}", **key)
    else:
        answer = client.post(f"/api/v1/{path}", body, content_type="application/json", **key)
    return answer.status_code, answer.json() if "json" in answer["Content-Type"] else answer


def found(actor, query):
    status, answer = api(actor, f"assessments/?{query}")
    assert status == 200, answer
    return [row["number"] for row in answer["results"]]


def test_the_api_has_the_same_filters_and_orders(cast, cases):
    today = TODAY()
    for days, name in enumerate(("in_progress", "requested", "ordered")):
        put_day(cases[name], today + timedelta(days=days - 1))
    by_day = [cases[name].number for name in ("in_progress", "requested", "ordered")]
    assert found(cast.officer, "order=due&view=open") == by_day
    assert found(cast.officer, "due=late") == by_day[:1]
    assert found(cast.officer, f"due_from={today}&due_to={today}") == by_day[1:2]
    assert len(found(cast.officer, "")) == 5
    assert set(found(cast.officer, "view=ended")) == {cases[n].number for n in ("accepted", "withdrawn")}
    assert found(cast.region, f"status=in_progress&performer={cast.admin.organisation_id}") == by_day[:1]
    assert len(found(cast.officer, f"number={cases['ordered'].number[:8]}")) == 5


def test_the_api_pages_by_day(cast, monkeypatch):
    monkeypatch.setattr("orders.api.base.PAGE", 2)
    made = [s.requested(cast) for _ in range(3)]
    for case in made:
        put_day(case, TODAY())
    status, answer = api(cast.officer, "assessments/?order=due&view=open")
    assert [row["number"] for row in answer["results"]] == [case.number for case in made[:2]]
    status, answer = api(cast.officer, answer["next"].removeprefix("/api/v1/"))
    assert (status, [row["number"] for row in answer["results"]], answer["next"]) == (200, [made[2].number], None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("view=x", "view"), ("order=x", "order"), ("due=x", "due"), ("due_from=x", "due_from"), ("performer=x", "performer"),
        ("number=abc", "number"), ("status=x", "status"), ("cursor=x", "cursor"), ("cursor=2026-01-01.5", "cursor"),
        ("order=due&view=open&cursor=5", "cursor"), ("order=due&view=open&cursor=2026-13-01.5", "cursor"),
        ("interpreter=x", "interpreter"),
    ],
)  # fmt: skip
def test_the_api_refuses_bad_filters_by_name(cast, query, field):
    status, answer = api(cast.region, f"assessments/?{query}")
    assert (status, list(answer["errors"])) == (422, [field])


def test_a_key_cannot_filter_by_what_its_role_does_not_see(cast):
    status, answer = api(cast.controller, "assessments/?language=arabiska")
    assert (status, list(answer["errors"])) == (422, ["language"])


def test_an_export_by_the_api(cast, cases):
    from fmu_portal.engine import outbox

    body = {"format": "csv", "columns": ["status"], "filters": {"view": "all", "interpreter": False}, "names": True}
    Assessment.objects.all().update(interpreter=False)
    status, answer = api(cast.officer, "exports/", body)
    assert (status, answer["state"], answer["file"]) == (201, "waiting", None)
    path = answer["href"].removeprefix("/api/v1/")
    assert api(cast.officer, f"{path}file/")[0] == 410
    outbox.work()
    status, answer = api(cast.officer, path)
    assert (answer["state"], answer["done"]) == ("done", 5)
    status, answer = api(cast.officer, answer["file"].removeprefix("/api/v1/"))
    content = b"".join(answer.streaming_content).decode()
    assert content.startswith("\ufeffÄrende;Namn;Status\r\n")
    assert content.count("\r\n") == 6
    assert api(cast.team, path)[0] == 404
    assert api(cast.administrator, "exports/", {"format": "csv"})[0] == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "format"), ({"format": "pdf"}, "format"), ({"format": "csv", "filters": []}, "filters"),
        ({"format": "csv", "filters": {"vy": "alla"}}, "filters"), ({"format": "csv", "columns": "status"}, "columns"),
        ({"format": "csv", "columns": ["x"]}, "column"), ({"format": "csv", "names": "ja"}, "names"),
        ({"format": "csv", "filters": {"due_from": [1]}}, "filters"), ({"format": "csv", "filters": {"due": "x"}}, "due"),
    ],
)  # fmt: skip
def test_the_api_refuses_a_bad_export(cast, body, field):
    from orders.models import Export

    status, answer = api(cast.officer, "exports/", body)
    assert status == 422
    assert field in answer["errors"]
    assert not Export.objects.exists()
