"""Every address of the portal and its API, by every member of the cast: who gets in, and what each sees.

The addresses come from the resolver, so that a new one is walked by itself. The second test holds every answer against
the table of `accounts.permissions`: a marker of a part that the role may not see stands in none of them. The texts of
the delivered case begin with markup, which is text wherever it comes out. In the lists stands a protected person's case
too, and nothing there tells who it is.
"""

import itertools
import re
import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import ApiKey, Mandate
from accounts.permissions import See, may_see
from accounts.roles import Party
from correspondence.models import Thread
from fmu_portal import identity
from fmu_portal.engine import registry
from fmu_portal.engine.table import NEW
from orders.models import Assessment
from orders.process import ASSESSMENT
from regions.models import Agreement, Inquiry
from reimbursement.models import Batch, Claim
from tests import headers, markup, protection
from tests import situations as s
from tests import threads as t
from tests.cast import Cast
from tests.conftest import kept
from tests.pages import browser

REASON = "Hemligt skäl som bara parterna läser"
FINDINGS = "Fynd som bara läkaren beskriver"
MESSAGE = "Meddelandet som bara trådens parter läser"
PURPOSE = "Frågan om hur länge personen sitter"
MARKERS = {
    See.IDENTITY: (s.NAME, s.PERSONNUMMER, s.PERSONNUMMER.replace("-", ""), s.ADDRESS, s.PHONE),
    See.NEEDS: ("Hörselslinga",),
    See.UNDERLAG: (PURPOSE, "medical.pdf"),
    See.REPORT: (FINDINGS,),
    See.MESSAGES: (MESSAGE,),
}


def patterns(resolver=None, prefix=""):
    """Every address: (route, pattern)."""
    for item in (resolver or get_resolver()).url_patterns:
        route = prefix + str(item.pattern).lstrip("^")
        if isinstance(item, URLResolver):
            yield from patterns(item, route)
        elif isinstance(item, URLPattern):
            yield route, item


def filled(route, case, document, actor=None):
    """The addresses of a route for a case: one per step and section where the route has one.

    With an ``actor`` only the steps that its role may take, one of another's and one that does not exist: the others
    answer alike, by the table: a page before the case is read, the API after (every step × everybody is walked once,
    without it).
    """
    steps = [
        name for name, step in ASSESSMENT.steps.items() if actor is None or actor.role in step.by.get(actor.party, ())
    ]
    others = [name for name in ("order", "confirm", "assign") if name not in steps][:1]
    step_of_route = re.search(r"/steps/(\w+)/$", route)
    if step_of_route and "number>" in route and step_of_route[1] not in (*steps, *others):
        return
    thread = thread_of(case) if "thread>" in route else ""
    values = {
        "<int:thread>": [thread],
        "<apikey:thread>": [thread],
        "<int:draft>": ["999999"],
        "<int:job>": ["999999"],
        "<key:job>": ["999999"],
        "<number:number>": [case.number],
        "<apinumber:number>": [case.number],
        "<uuid:document_id>": [str(document)],
        "<str:step>": [*steps, *others, "finns-inte"],
        "<int:version>": ["1", "9"],
        "<slug:section>": ["profile", "findings", "finns-inte"],
        "<int:export_id>": ["1"],
        "<int:view_id>": ["1"],
        "<int:page>": ["1", "999"],
    }
    if "number>" not in route:
        values |= outside_a_case(route, case)
    if "thread>" in route:
        values["<str:step>"] = ["close", "finns-inte"]
    for names in part_values(route, case, actor) or [{}]:
        yield from _each(route, values | names)


def thread_of(case):
    """The key of a thread of the case, or one that is nobody's."""
    return str(Thread.objects.filter(case=case).values_list("pk", flat=True).first() or 999999)


def outside_a_case(route, case):
    """Keys in a route of what belongs to no case's own addresses: an agreement, an inquiry to who is asked."""
    if "begaran/" in route or "claims/" in route:
        rows = Claim.objects.filter(assessment=case).values_list("pk", flat=True)
        steps = {"<str:step>": ["enter_costs", "submit", "decide", "attest", "pay", "finns-inte"]}
        return steps | dict.fromkeys(("<key:pk>", "<apikey:pk>"), [str(pk) for pk in rows] or ["999999"])
    if "utbetalningar/" in route or "payment-batches/" in route:
        found = [str(pk) for pk in Batch.objects.filter(region_id=case.region_id).values_list("pk", flat=True)]
        steps = {"<str:step>": ["confirm", "fail", "retry", "cancel", "send", "finns-inte"]}
        return steps | dict.fromkeys(("<key:pk>", "<apikey:pk>"), found or ["999999"])
    if "konto" in route:
        return {"<key:region>": [str(case.region_id)], "<int:year>": ["2026", "1"]}
    if "avtal/" in route:
        rows = Agreement.objects.filter(region_id=case.region_id).order_by("pk").values_list("pk", flat=True)
    else:
        rows = Inquiry.objects.filter(assessment=case).values_list("pk", flat=True)
    pks = [str(pk) for pk in rows] or ["999999"]
    return {"<key:pk>": pks, "<apikey:pk>": pks, "<slug:step>": ["accept", "finns-inte"]}


def key_of(part, case):
    """The key of a part of the case, asked once per case: its rows do not change while it is walked."""
    known = case.__dict__.setdefault("walked_parts", {})
    if part.process.name not in known:
        rows = part.model.objects.filter(assessment=case).values_list("pk", flat=True)
        known[part.process.name] = str(next(iter(rows[:1]), 999999))
    return known[part.process.name]


def part_values(route, case, actor):
    """What stands for part, key and step in a route of parts of a case; empty for any other route.

    Each kind of part, with its row in the case where it has one, and its steps (with an ``actor`` as `filled`).
    """
    found = []
    # One route of forms is walked with each step; the two that follow a form answer alike for all of a kind.
    most = 3 if route.endswith("<str:step>/") else 1
    for part in registry.parts():
        pk = key_of(part, case)
        steps = [
            step.name
            for step in part.process.steps.values()
            if ("pk>" in route) == (NEW not in step.from_)
            and (actor is None or actor.role in step.by.get(actor.party, ()))
        ]
        if "<slug:part>" in route:
            found.append(
                {"<slug:part>": [part.process.slug], "<key:pk>": [pk], "<str:step>": [*steps[:most], "finns-inte"]}
            )
        elif f"/{part.process.plural}/" in route:
            found.append({"<apikey:pk>": [pk]})
        elif f"/{part.process.slug}/<key:pk>/" in route:
            found.append({"<key:pk>": [pk]})
    return found


def _each(route, values):
    parts = {key: options for key, options in values.items() if key in route}
    for combination in itertools.product(*parts.values()):
        url = route
        for key, value in zip(parts, combination, strict=True):
            url = url.replace(key, value)
        assert "<" not in url, f"the walk does not know how to fill in {route}"
        yield "/" + url


PAGES = [route for route, _ in patterns() if not route.endswith(".*$")]
OF_A_CASE = [route for route in PAGES if "number>" in route]
FOLLOWS_A_STEP = tuple(r for r in OF_A_CASE if "<slug:part>" in r or r.endswith(("/kontrollera/", "/filer/")))
PUBLIC = ("halsa", "regler/", "om/", "logga-in/", "api/v1/schema/")


@pytest.fixture(scope="module")
def cases(django_db_blocker):
    """A delivered case, one in progress, one that was handed back, each with markers in every part, for all the tests."""
    with kept(django_db_blocker):
        yield _cases(Cast.load())


def _cases(cast):
    delivered, _ = markup.case(cast, PURPOSE, FINDINGS)
    t.in_case(delivered, cast.officer, cast.admin, text=markup.before(MESSAGE, markup.XSS[3]))
    found = {"delivered": delivered}
    for name in ("in_progress", "handed_back"):
        case = s.assigned(cast)
        s.stage(case, cast.officer)
        case = s.step(case, "order", cast.officer, **(s.ORDER | {"purpose": PURPOSE}))
        case = s.step(s.with_physician(case, cast), "confirm", cast.admin)
        t.in_case(case, cast.officer, cast.admin, text=MESSAGE)
        if name == "handed_back":
            case = s.step(case, "hand_back", cast.admin, cause="conflict", reason=REASON)
        found[name] = case
    return found


ALIKE = {"region_two": "region", "skane_performer": "other_physician"}
"""Who has the same role as another, and the same place beside the case (a colleague; a physician elsewhere)."""


def one_of_each(cast):
    """name -> actor: everybody but those who see what another does."""
    return {name: actor for name, actor in cast.everyone().items() if name not in ALIKE}


def clients(cast, people=None):
    """A browser and a key for everybody, or for these people."""
    for name, actor in (people or cast.everyone()).items():
        key = ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id))
        yield name, actor, browser(actor), {"HTTP_AUTHORIZATION": f"Bearer {key}"}


def get(client, key, url):
    """GET by browser or by key."""
    return client.get(url, **(key if url.startswith("/api/") else {}))


def body(answer):
    """The text of an answer, streamed or not."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode(errors="replace")


def test_nobody_gets_in_without_a_login(cases):
    case = cases["delivered"]
    document = case.enclosures.first().document_id
    client = Client()
    for route in PAGES:
        for url in filled(route, case, document):
            answer = client.get(url)
            headers.checked(answer, url)
            if route.startswith(PUBLIC) or url == "/api/v1/":
                assert answer.status_code == 200, url
            elif url.startswith("/api/v1/"):
                assert answer.status_code == 401, url
            elif (
                url == "/inloggad/"
            ):  # what a window asks by itself: whose login it is, and nothing when it is nobody's
                assert (answer.status_code, answer.content, "X-Login" in answer) == (204, b"", False)
            else:
                assert answer.status_code == 302, url
                assert answer.headers["Location"].startswith("/logga-in/"), url
            text = body(answer)
            assert s.NAME not in text
            headers.asks_nobody_else(answer, text, url)


@pytest.mark.parametrize("which", ["delivered", "in_progress", "handed_back"])
def test_who_gets_in_where_and_sees_only_what_the_table_grants(cast, cases, which):
    case = cases[which]
    document = case.enclosures.sent().first().document_id
    seen: set[tuple[str, See]] = set()
    of_this_case: set[tuple[str, See]] = set()
    # The lists and pages of no case are the same whichever case is asked for: they are walked once, with every step.
    whole = which == "delivered"
    if whole:
        protection.case(cast)
    marked = 0
    for name, actor, client, key in clients(cast, None if whole else one_of_each(cast)):
        visible = Assessment.objects.visible_to(actor).filter(pk=case.pk).exists()
        for route in PAGES if whole else OF_A_CASE:
            # Every step by everybody at the step's own address; at those that follow it, and of parts, as `filled` says.
            for url in filled(route, case, document, None if whole and route not in FOLLOWS_A_STEP else actor):
                answer = get(client, key, url)
                assert answer.status_code < 500, (name, url)
                headers.checked(answer, url)
                # A stranger gets 404 for every address of the case, as for one that does not exist; all that a
                # former performer keeps is what it wrote itself, and its own log to give an extract from.
                # An officer of another office is asked for a reason, and sees nothing before it is given.
                if name == "stranger_officer" and url in (f"/arenden/{case.number}/", f"/arenden/{case.number}/oppna/"):
                    assert answer.status_code == (200 if "oppna" in url else 302), url
                elif (which, name, url) == ("handed_back", "admin", f"/arenden/{case.number}/logg/"):
                    assert answer.status_code == 200, "the unit's own log of its own time"
                elif route in OF_A_CASE and not visible and "eget" not in url:
                    assert answer.status_code in (404, 405), (name, url, answer.status_code)
                if answer.headers.get("Content-Type", "").startswith("application/pdf"):
                    assert visible, (name, url)
                    assert may_see(actor.role, See.UNDERLAG), (name, url)
                    continue
                if url == "/api/v1/":
                    continue  # the description of the API: examples of fields, no case
                text = body(answer)
                if whole and (answer.status_code == 200 or name == "officer"):  # refusals are one page for all
                    headers.asks_nobody_else(answer, text, url)
                if whole and answer.headers.get("Content-Type", "").startswith("text/html"):
                    marked += markup.read(text, url)
                elif whole and markup.MARK in text:
                    assert answer.headers["Content-Type"].startswith(("application/json", "text/plain")), url
                if whole and "<" not in route:
                    protection.no_trace(text, f"{name} {url}")
                for part, markers in MARKERS.items():
                    found = [m for m in markers if m in text]
                    if found:
                        assert may_see(actor.role, part), (name, url, found)
                        seen.add((name, part))
                        of_this_case |= {(name, part)} if route in OF_A_CASE else set()
        status = get(client, key, f"/arenden/{case.number}/").status_code
        assert status == (200 if visible else 302 if name == "stranger_officer" else 404), name
    strangers = ("stranger_officer", "skane", "other_admin", "other_physician", "skane_performer", "administrator")
    assert not [key for key in seen if key[0] in strangers]
    assert {part for who, part in seen if who in ("region", "finance")} == {See.NEEDS}
    assert {part for who, part in seen if who in ("controller", "attester")} == set()
    if whole:
        assert marked > 100, "the markup came out somewhere"
        for name, part in itertools.product(("officer", "team", "adviser", "physician"), MARKERS):
            assert (name, part) in seen, f"{name} is granted {part} and found it nowhere"
    if which == "handed_back":
        performer = {"admin", "physician", "physician_two", "psychologist"}
        assert not [part for who, part in of_this_case if who in performer]


def test_documents_open_for_participants_and_the_office_only(cast, cases):
    for which, readers in (
        ("in_progress", {"officer", "team", "adviser", "physician"}),
        ("delivered", {"officer", "team", "adviser", "physician"}),
        ("handed_back", {"officer", "team", "adviser"}),
    ):
        case = cases[which]
        document = case.enclosures.sent().first().document_id
        for name, _, client, key in clients(cast):
            for url in (
                f"/arenden/{case.number}/handlingar/{document}/",
                f"/api/v1/assessments/{case.number}/documents/{document}/",
            ):
                answer = get(client, key, url)
                assert answer.status_code == (200 if name in readers else 404), (which, name, url)
                body(answer)


def test_what_is_not_sent_yet_is_not_for_those_who_see_only_the_flow(cast):
    """Controller and attester sit at an office, which may be the one that has uploaded. The filter says no by itself."""
    from orders import access

    case = s.requested(cast)
    enclosure = s.stage(case, cast.officer)
    assert access.may_open(cast.officer, case, enclosure)
    for actor in (cast.controller, cast.attester):
        assert not access.may_open(actor, case, enclosure)


def test_a_guessed_or_foreign_document_is_not_found(cast, cases):
    client = browser(cast.officer)
    one, other = cases["delivered"], cases["in_progress"]
    foreign = other.enclosures.first().document_id
    assert client.get(f"/arenden/{one.number}/handlingar/{foreign}/").status_code == 404
    assert client.get(f"/arenden/{one.number}/handlingar/{uuid.uuid4()}/").status_code == 404


def test_a_voided_document_opens_for_nobody(cast, cases):
    case = cases["in_progress"]
    enclosure = case.enclosures.sent().first()
    url = f"/arenden/{case.number}/handlingar/{enclosure.document_id}/"
    opened = browser(cast.physician).get(url)
    assert opened.status_code == 200
    body(opened)
    s.step(case, "void_document", cast.officer, enclosure=enclosure.pk, wrong="person", reason="Fel person")
    for actor in (cast.physician, cast.officer, cast.team):
        assert browser(actor).get(url).status_code == 404
    page = browser(cast.officer).get(f"/arenden/{case.number}/").content.decode()
    assert "Makulerad" in page
    assert f"Hann öppnas av: {cast.physician.user_name}" in page, "who opened it is listed"


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_no_method_on_any_address_gives_a_stranger_anything(cast, cases, method):
    case = cases["in_progress"]
    document = case.enclosures.first().document_id
    version = s.fresh(case).version
    for actor in (cast.stranger_officer, cast.skane, cast.other_physician, cast.administrator):
        client = browser(actor)
        key = {"HTTP_AUTHORIZATION": f"Bearer {ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id))}"}
        for route in OF_A_CASE:
            for url in filled(route, case, document, None if method == "post" else actor):
                extra = {"content_type": "application/json", **key} if url.startswith("/api/") else {}
                answer = getattr(client, method)(url, {} if method == "post" else b"", **extra)
                assert answer.status_code in (302, 400, 403, 404, 405, 415, 422), (url, answer.status_code)
                assert answer.status_code != 422 or "oppna" in url, url
                asked = ("/logga-in/", "/oppna/")
                assert answer.status_code != 302 or any(a in answer.headers["Location"] for a in asked), url
    assert s.fresh(case).version == version


def test_region_finds_its_case_number_by_personnummer_with_a_reason(cast, cases):
    from fmu_portal.models import Note

    client = browser(cast.region)
    digits = identity.twelve_digits(s.PERSONNUMMER)
    assert client.get("/arenden/sok/", {"personnummer": digits}).context["found"] is None, "never by GET"
    assert client.post("/arenden/sok/", {"personnummer": digits}).status_code in (200, 422)
    assert not Note.objects.filter(kind="search_reason").exists()
    answer = client.post("/arenden/sok/", {"personnummer": s.PERSONNUMMER, "reason": "Personen ringde"})
    text = answer.content.decode()
    assert all(case.number in text for case in cases.values())
    assert s.NAME not in text
    assert Note.objects.filter(kind="search_reason", text="Personen ringde").count() == 3
    stranger = browser(cast.skane).post("/arenden/sok/", {"personnummer": s.PERSONNUMMER, "reason": "Ringde"})
    assert not any(case.number in stranger.content.decode() for case in cases.values())
    assert browser(cast.controller).get("/arenden/sok/").status_code == 403
    assert {a.party for a in (cast.region,)} == {Party.REGION}
