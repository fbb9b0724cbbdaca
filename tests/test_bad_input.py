"""What bad input gets: a clear sentence beside the field, nothing lost, nothing half done, no 500."""

import io

import pikepdf
import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from documents import vault
from documents.models import Document
from documents.storage import storage
from orders.models import Assessment, Enclosure, StepDraft
from tests import situations as s
from tests.cast import PASSWORD
from tests.pages import browser


@pytest.fixture
def request_form(cast):
    """A client at the form of a new request: (client, url, case)."""
    client = browser(cast.officer)
    url = client.post("/arenden/ny/").headers["Location"]
    return client, url, Assessment.objects.latest("pk")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"personnummer": "19850127-9842"}, "Personnumret stämmer inte"),
        ({"personnummer": "abc"}, "Personnumret stämmer inte"),
        ({"postal_code": "2152"}, "fem siffror"),
        ({"postal_code": "00000"}, "Postnumret finns inte i portalens register"),
        ({"postal_code": "211 20"}, "Postnumret hör till Malmö i Region Skåne"),
        ({"municipality": "9999"}, "Välj ett av alternativen i listan"),
        ({"interpreter": "ja"}, "Fyll i vilket språk tolken ska tala"),
        ({"interpreter": "nej", "language": "arabiska"}, "Du har svarat att tolk inte behövs"),
        ({"other_region_reason": "newly_moved"}, "Region Stockholm är kommunens egen region. Välj Inte aktuellt"),
        ({"wished_start": "31/2 2027"}, "Önskad start tidigast: skriv ett datum"),
        ({"wished_start": "2020-01-02"}, "Önskad start har passerat"),
        ({"phone": "abc"}, "Skriv telefonnumret med riktnummer"),
        ({"phone": "070-17"}, "Skriv telefonnumret med riktnummer"),
        ({"name": ""}, "Fyll i namn"),
        ({"name": "x" * 121}, "Skriv högst 120 tecken"),
    ],
)
def test_a_wrong_request_is_explained_and_kept(request_form, changed, said):
    client, url, case = request_form
    answer = client.post(url, {**s.REQUEST, **changed})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert s.ADDRESS in text
    assert s.fresh(case).status == "draft"
    assert s.ADDRESS in client.get(url).content.decode(), "kept as a draft too"


def test_another_region_asks_for_the_reason(request_form):
    from accounts.models import Organisation

    client, url, case = request_form
    skane = Organisation.objects.get(county_code="12")
    answer = client.post(url, {**s.REQUEST, "region": skane.pk})
    assert "Stockholm hör till Region Stockholm. Ändra regionen, eller välj varför Region Skåne ansvarar." in (
        answer.content.decode()
    )
    client.post(url, {**s.REQUEST, "region": skane.pk, "other_region_reason": "works"})
    client.post(f"{url}kontrollera/")
    assert s.fresh(case).region_id == skane.pk


def test_a_second_open_assessment_of_the_same_person_is_warned_of(cast, request_form):
    first = s.requested(cast)
    client, url, _ = request_form
    page = client.get(client.post(url, s.REQUEST).headers["Location"]).content.decode()
    assert "har redan en pågående utredning" in page
    assert first.number in page


def encrypted():
    """A PDF with a password."""
    pdf, made = pikepdf.new(), io.BytesIO()
    pdf.add_blank_page()
    pdf.save(made, encryption=pikepdf.Encryption(owner="a", user="b"))
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tom.pdf", b"", "är tom"),
        ("program.pdf", b"MZ\x90\x00 not a pdf", "är inte en PDF eller bild"),
        ("text.pdf", b"hello", "är inte en PDF eller bild"),
        ("bild.pdf", b"\x89PNG\r\n\x1a\n then nothing", "har ett namn som inte stämmer med innehållet"),
        ("brev.exe", b"%PDF-1.7 and then nothing", "har ett namn som inte stämmer med innehållet"),
        ("svg.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "är inte en PDF eller bild"),
    ],
)
def test_a_refused_file_leaves_nothing_behind_and_says_why(cast, name, content, said):
    case = s.assigned(cast)
    before = sum(1 for path in storage().root.rglob("*") if path.is_file())
    answer = browser(cast.officer).post(
        f"/arenden/{case.number}/steg/order/",
        {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02",
         "ny-files_chosen": SimpleUploadedFile(name, content)},
    )  # fmt: skip
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Document.objects.exists()
    assert sum(1 for path in storage().root.rglob("*") if path.is_file()) == before


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("trasig.pdf", b"%PDF-1.7 and then nothing", "är skadad"),
        ("last.pdf", encrypted(), "är krypterad"),
        ("bild.png", b"\x89PNG\r\n\x1a\n then nothing", "går inte att läsa"),
    ],
)
def test_what_only_a_worker_sees_is_said_beside_the_file_and_hinders_the_step(cast, name, content, said):
    case = s.assigned(cast)
    s.stage(case, cast.officer)
    client, url = browser(cast.officer), f"/arenden/{case.number}/steg/order/"
    data = {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02"}
    answer = client.post(url, {**data, "ny-files_chosen": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302
    page = client.get(url).content.decode()
    assert "Kontrolleras" in page
    assert f'data-poll="{url}filer/"' in page
    piece = client.get(f"{url}filer/")
    assert "X-Done" not in piece.headers
    s.check_files()
    piece = client.get(f"{url}filer/")
    assert piece.headers["X-Done"] == "1"
    assert "Godtas inte: " in piece.content.decode()
    assert said in client.get(url).content.decode()
    refused = client.post(url, s.ORDER)
    assert refused.status_code == 422
    assert "godtas inte" in refused.content.decode()
    enclosure = Enclosure.objects.get(assessment=case, document__state="refused")
    client.post(url, {**s.ORDER, "gor": f"ta_bort:{enclosure.pk}"})
    assert client.post(url, s.ORDER).status_code == 302


def test_a_file_that_is_too_large_is_refused(cast, settings):
    settings.DOCUMENT_MAX_BYTES = 1000
    case = s.assigned(cast)
    answer = browser(cast.officer).post(
        f"/arenden/{case.number}/steg/order/",
        {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02", "ny-files_chosen": s.upload()},
    )
    assert "är för stor" in answer.content.decode()
    assert not Document.objects.exists()


def test_several_files_at_once_and_an_image_becomes_a_pdf(cast):
    case, made = s.assigned(cast), io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(made, "PNG")
    files = [s.upload("ett.pdf"), SimpleUploadedFile("skannad.png", made.getvalue(), "image/png")]
    browser(cast.officer).post(
        f"/arenden/{case.number}/steg/order/",
        {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02", "ny-files_chosen": files},
    )
    staged = Enclosure.objects.filter(assessment=case).order_by("position")
    assert [e.document.name for e in staged] == ["ett.pdf", "skannad.pdf"]
    s.check_files()
    with vault.open_clean(staged.all()[1].document) as file:
        assert file.read(5) == b"%PDF-"


def test_another_persons_personnummer_in_a_file_is_warned_of_and_attested(cast):
    case = s.assigned(cast)
    client, url = browser(cast.officer), f"/arenden/{case.number}/steg/order/"
    upload = s.upload("remiss.pdf", f"Gäller {s.OTHER_PERSONNUMMER}")
    client.post(
        url, {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02", "ny-files_chosen": upload}
    )
    s.check_files()
    refused = client.post(url, s.ORDER)
    assert "innehåller ett annat personnummer än ärendets" in refused.content.decode()
    enclosure = Enclosure.objects.get(assessment=case)
    client.post(url, {**s.ORDER, "gor": f"intyga:{enclosure.pk}"})
    assert client.post(url, s.ORDER).status_code == 302


def test_the_persons_own_number_is_no_warning(cast):
    case = s.assigned(cast)
    browser(cast.officer).post(
        f"/arenden/{case.number}/steg/order/",
        {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02",
         "ny-files_chosen": s.upload("egen.pdf", f"Gäller {s.PERSONNUMMER}")},
    )  # fmt: skip
    s.check_files()
    enclosure = Enclosure.objects.select_related("document").get(assessment=case)
    assert (enclosure.document.state, enclosure.warning_page) == ("clean", None)


@pytest.mark.parametrize("day", ["2099-01-01", "2020-01-01", "i går"])
def test_a_report_cannot_have_arrived_on_an_impossible_day(cast, day):
    case = s.in_progress(cast)
    s.stage(case, cast.officer, "report")
    answer = browser(cast.officer).post(
        f"/arenden/{case.number}/steg/register_report/", {"delivered_on": day, "evidence": "Post"}
    )
    assert answer.status_code == 422
    assert s.fresh(case).status == "in_progress"


def test_a_step_taken_twice_is_told_and_done_once(cast):
    case = s.ordered(cast)
    client, url = browser(cast.admin), f"/arenden/{case.number}/steg/confirm/"
    seen = {"sedd": case.version}
    assert client.post(url, seen).status_code == 302
    again = client.post(url, seen)
    assert again.status_code == 409
    assert "Du har redan gjort något här" in again.content.decode()
    colleague = browser(cast.physician).post(url, seen)
    assert colleague.status_code == 409
    assert "Någon hann före dig" in colleague.content.decode()
    assert cast.admin.user_name in colleague.content.decode()
    later = client.post(url, {"sedd": s.fresh(case).version})
    assert later.status_code == 409
    assert "Det går inte att göra nu" in later.content.decode()


def test_a_decision_on_an_old_version_is_refused_and_the_text_kept(cast):
    case = s.delivered(cast)
    client, url = browser(cast.officer), f"/arenden/{case.number}/steg/request_supplement/"
    typed = {"report_version": "1", "part": "prognosis", "missing": "Hur länge det varar"}
    client.post(url, typed)
    s.step(case, "request_supplement", cast.team, report_version=1, part="risks", missing="Risker")
    s.step(case, "supplement", cast.physician, source="form", revision=s.revision(case), responsible="on")
    answer = client.post(f"{url}kontrollera/", {"sedd": s.fresh(case).version})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "har ändrats sedan du öppnade sidan" in text
    assert "Hur länge det varar" in text
    assert "Version 2" in text


def test_a_form_left_open_overnight_is_kept_through_the_login(cast):
    case = s.ordered(cast)
    client, url = browser(cast.admin), f"/arenden/{case.number}/steg/question_underlag/"
    Session.objects.update(expire_date=timezone.now() - timezone.timedelta(hours=1))
    answer = client.post(url, {"missing": "Journal från 2025", "essential": "Förloppet"})
    assert answer.status_code == 401
    text = answer.content.decode()
    assert "Du har loggats ut" in text
    assert "Journal från 2025" not in text, "encrypted, not readable for the next person at the screen"
    parked = answer.context["parked"]
    back = client.post("/logga-in/", {"username": "padmin", "password": PASSWORD, "parked": parked})
    assert back.headers["Location"] == url
    page = client.get(url).content.decode()
    assert "Journal från 2025" in page
    assert "finns kvar" in page


def test_a_kept_form_is_given_to_nobody_else(cast):
    case = s.ordered(cast)
    client, url = browser(cast.admin), f"/arenden/{case.number}/steg/question_underlag/"
    Session.objects.update(expire_date=timezone.now() - timezone.timedelta(hours=1))
    parked = client.post(url, {"missing": "Hemligt", "essential": "x"}).context["parked"]
    other = Client()
    other.post("/logga-in/", {"username": "physician", "password": PASSWORD, "parked": parked})
    assert "parked" not in other.session
    assert "Hemligt" not in other.get(url).content.decode()


def test_a_wrong_password_says_what_to_do_and_nothing_else(db):
    for username in ("officer", "nobody"):
        answer = Client().post("/logga-in/", {"username": username, "password": "fel"})
        assert answer.status_code == 422
        assert "Användarnamnet eller lösenordet stämmer inte" in answer.content.decode()


def test_a_login_never_leads_away_from_the_portal(cast):
    answer = Client().post("/logga-in/?next=https://ond.example/", {"username": "officer", "password": PASSWORD})
    assert answer.headers["Location"] == "/"
    answer = Client().post("/logga-in/", {"username": "officer", "password": PASSWORD, "next": "//ond.example/"})
    assert answer.headers["Location"] == "/"


def test_no_rule_in_force_has_its_own_page(cast, monkeypatch):
    from fmu_portal.engine import writing
    from fmu_portal.engine.refusals import NoRule

    case = s.ordered(cast)

    def none_in_force(rule, start, region_id):
        raise NoRule("tiden för utlåtandet (8 § förordning 2018:1633)", start)

    monkeypatch.setattr(writing, "count_limit", none_in_force)
    answer = browser(cast.admin).post(f"/arenden/{case.number}/steg/confirm/", {"sedd": case.version})
    assert answer.status_code == 409
    assert "tiden för utlåtandet" in answer.content.decode()
    assert s.fresh(case).status == "ordered"


def test_a_day_after_the_ordinance_has_ended_has_no_rule(db):
    from datetime import date

    from fmu_portal.engine.refusals import NoRule
    from rules.limits import count

    assert count("law.report_time", date(2028, 12, 29), None).rule == "law.report_time@2023-06-15"
    with pytest.raises(NoRule):
        count("law.report_time", date(2029, 1, 1), None)
    with pytest.raises(NoRule):
        count("law.report_time", date(2023, 6, 14), None)


def test_a_former_performer_keeps_what_it_wrote_and_nothing_else(cast):
    case = s.in_progress(cast)
    s.step(case, "question_underlag", cast.admin, missing="Vår egen fråga", essential="Behövs")
    s.step(case, "hand_back", cast.admin, cause="conflict", reason="Vi känner personen")
    client = browser(cast.physician)
    assert client.get(f"/arenden/{case.number}/").status_code == 404
    text = client.get(f"/arenden/{case.number}/eget/").content.decode()
    assert "Vår egen fråga" in text
    assert s.NAME not in text
    exported = client.get(f"/arenden/{case.number}/eget/?format=text")
    assert "attachment" in exported.headers["Content-Disposition"]
    assert case.number in client.get("/arenden/aterlamnade/").content.decode()
    assert browser(cast.other_physician).get(f"/arenden/{case.number}/eget/").status_code == 404


def test_a_changed_password_ends_the_session(cast):
    from accounts.models import User

    client = browser(cast.officer)
    assert client.get("/att-gora/").status_code == 200
    user = User.objects.get(pk=cast.officer.user_id)
    user.set_password("ett-annat-losenord-2")
    user.save(update_fields=["password"])
    assert client.get("/att-gora/").status_code == 302


def test_an_ended_mandate_lets_nobody_in(cast):
    from accounts.models import Mandate

    client = browser(cast.officer)
    Mandate.objects.filter(pk=cast.officer.mandate_id).update(valid_to=s.yesterday())
    assert "/uppdrag/" in client.get("/att-gora/").headers["Location"] or client.get("/att-gora/").status_code == 302


def test_a_discarded_draft_leaves_nothing_of_the_person(request_form):
    client, url, case = request_form
    client.post(url, {**s.REQUEST, "gor": "spara"})
    row = StepDraft.objects.get(assessment=case)
    assert s.NAME not in str(row.data), "encrypted at rest"
    client.post(f"/arenden/{case.number}/steg/discard/", {"sedd": case.version})
    assert s.fresh(case).status == "discarded"
    assert not StepDraft.objects.filter(assessment=case).exists()


@pytest.mark.parametrize("due", ["9999-12-31", "2206-01-01", "0001-01-01", "2020-01-01"])
def test_an_impossible_day_for_a_supplement_is_refused(cast, due):
    case = s.delivered(cast)
    answer = browser(cast.officer).post(
        f"/arenden/{case.number}/steg/request_supplement/",
        {"report_version": "1", "part": "all", "missing": "Allt", "due": due},
    )
    assert answer.status_code == 422
    assert browser(cast.admin).get(f"/arenden/{case.number}/").status_code == 200


@pytest.mark.parametrize(
    "text", ["\0", "Hemlig\0 text", "\u00b2", "\ud800".encode("utf-8", "surrogatepass"), "9" * 5000]
)
def test_odd_signs_in_any_field_and_address_are_no_fault(cast, text, caplog):
    case = s.delivered(cast)
    client = browser(cast.officer)
    for step in ("complete", "request_supplement", "add", "void_document"):
        for gor in ("", "spara", "lagg_till", f"upp:{text!s}", f"ta_bort:{text!s}"):
            fields = (
                "report_version",
                "missing",
                "reason",
                "text",
                "phone",
                "enclosure",
                "due",
                "sedd",
                "part",
                "complete",
            )
            answer = client.post(f"/arenden/{case.number}/steg/{step}/", {**dict.fromkeys(fields, text), "gor": gor})
            assert answer.status_code < 500, (step, gor)
    for url in ("/att-gora/", "/arenden/", "/aviseringar/", f"/arenden/{case.number}/handelser/"):
        for name in ("efter", "arende", "utforare", "vy", "status", "uppgift"):
            assert client.get(url, {name: text}).status_code < 500, (url, name)
    client.post("/arenden/sok/", {"personnummer": text})
    assert Client().post("/logga-in/", {"username": text, "password": text, "next": text}).status_code < 500
    assert "Hemlig" not in caplog.text


def test_an_error_in_the_log_has_no_message(caplog):
    import logging

    from fmu_portal.logs import Quiet

    try:
        raise ValueError("Samira Lindahl 19850127-9841")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "fel", (), __import__("sys").exc_info())
    text = Quiet("%(message)s").format(record)
    assert "ValueError" in text
    assert "Samira" not in text.split("ValueError")[0]
    assert "test_an_error_in_the_log" in text


def test_a_login_with_an_odd_next_page_goes_to_the_start(cast):
    for target in ("foo", "case", "javascript:alert(1)", "https:evil", "\\\\evil"):
        answer = Client().post("/logga-in/", {"username": "officer", "password": PASSWORD, "next": target})
        assert answer.headers["Location"] == "/", target


def test_what_was_checked_is_what_is_sent(cast):
    case = s.assigned(cast)
    s.stage(case, cast.officer)
    client, url = browser(cast.officer), f"/arenden/{case.number}/steg/order/"
    check = client.get(client.post(url, s.ORDER).headers["Location"])
    s.stage(case, cast.team, text="En handling som kollegan lade till")
    answer = client.post(f"{url}kontrollera/", {"visat": check.context["shown"]})
    assert answer.headers["Location"].endswith("/kontrollera/")
    assert s.fresh(case).status == "assigned"
    again = client.get(f"{url}kontrollera/")
    assert "2 handlingar" in again.content.decode()
    client.post(f"{url}kontrollera/", {"visat": again.context["shown"]})
    assert s.fresh(case).status == "ordered"


def test_two_who_change_the_same_needs_do_not_overwrite_each_other(cast):
    case = s.in_progress(cast)
    client, url = browser(cast.officer), f"/arenden/{case.number}/steg/add/"
    was = {"special_needs": "Hörselslinga", "special_needs_was": "Hörselslinga"}
    s.step(case, "add", cast.team, text="Rullstol", special_needs="Rullstol", special_needs_was="Hörselslinga")
    client.post(url, {**was, "text": "Nytt nummer", "phone": "070-1740606"})
    client.post(f"{url}kontrollera/")
    assert s.fresh(case).special_needs == "Rullstol", "what was not edited is not written"
    answer = client.post(url, {**was, "special_needs": "Ledsagare", "text": "Ledsagare"})
    assert "Någon annan har ändrat texten till: Rullstol" in answer.content.decode()


def test_a_voided_report_cannot_be_accepted(cast):
    from fmu_portal.engine.refusals import Refused

    case = s.in_progress(cast)
    s.stage(case, cast.physician, "report")
    case = s.step(case, "deliver", cast.physician, source="upload", responsible="on")
    enclosure = case.enclosures.get(kind="report")
    case = s.step(case, "void_document", cast.officer, enclosure=enclosure.pk, wrong="person", reason="Fel person")
    with pytest.raises(Refused, match="makulerat"):
        s.step(case, "complete", cast.officer, report_version=1, complete="ja")


def test_a_report_written_in_the_portal_is_voided_and_nobody_reads_it_any_more(cast):
    from fmu_portal.engine.refusals import InvalidInput, Refused
    from orders.models import ReportVersion
    from tests.roles import at_work

    case = s.delivered(cast)
    version = ReportVersion.objects.get(assessment=case)
    said = {"wrong": "person", "reason": "Fel person"}
    for wrong in ({}, {"report": version.pk, "enclosure": case.enclosures.get().pk}):
        with pytest.raises(InvalidInput):
            s.step(case, "void_document", cast.officer, **said, **wrong)
    form = browser(cast.officer).get(f"/arenden/{case.number}/steg/void_document/").content.decode()
    assert "Utlåtande, version 1" in form
    with at_work(cast.officer):
        case = s.step(case, "void_document", cast.officer, **said, report=version.pk)
    readers = (cast.officer, cast.physician, cast.admin)
    for reader in readers:
        page = browser(reader)
        assert page.get(f"/arenden/{case.number}/utlatande/version/1/").status_code == 404
        assert "Makulerat." in page.get(f"/arenden/{case.number}/").content.decode()
    assert "Inga kända" not in browser(cast.physician).get(f"/arenden/{case.number}/eget/").content.decode()
    with pytest.raises(Refused, match="makulerat"):
        s.step(case, "complete", cast.officer, report_version=1, complete="ja")
    case = s.step(case, "request_supplement", cast.officer, report_version=1, part="all", missing="Nytt utlåtande")
    with pytest.raises(InvalidInput):
        s.step(case, "void_document", cast.officer, **said, report=version.pk)


def test_words_alone_do_not_move_the_start_but_documents_do(cast):
    from datetime import timedelta

    for with_document in (False, True):
        case = s.ordered(cast)
        first = case.underlag_complete_on - timedelta(days=3)
        type(case).objects.filter(pk=case.pk).update(underlag_complete_on=first, ordered_on=first)
        s.step(case, "question_underlag", cast.admin, missing="Journal", essential="Behövs")
        if with_document:
            s.stage(case, cast.officer, "other", "Journalen")
        case = s.step(case, "supplement_underlag", cast.officer, answer="Här är svaret")
        assert (case.underlag_complete_on == timezone.localdate()) is with_document


def test_a_report_registered_after_a_hand_back_is_held_against_the_new_clock(cast):
    case = s.in_progress(cast)
    case = s.step(case, "hand_back", cast.admin, cause="cannot", reason="Sjukdom")
    case = s.step(case, "assign", cast.region, performer=cast.other_admin.organisation_id)
    case = s.step(case, "order", cast.officer, **s.ORDER)
    s.stage(case, cast.officer, "report")
    today = timezone.localdate().isoformat()
    case = s.step(case, "register_report", cast.officer, delivered_on=today, evidence="Post")
    deadline = browser(cast.officer).get(f"/arenden/{case.number}/").context["deadline"]
    from fmu_portal.working_days import add_working_days

    assert deadline.due == add_working_days(case.underlag_complete_on, 25)
    assert deadline.left.tone == "ok"


def test_a_colleague_who_never_took_part_reads_nothing_afterwards(cast):
    from orders.models import Report

    case = s.in_progress(cast)
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
    s.step(case, "hand_back", cast.admin, cause="conflict", reason="Jäv")
    assert browser(cast.psychologist).get(f"/arenden/{case.number}/eget/").status_code == 404
    for actor, opens in ((cast.psychologist, False), (cast.admin, True), (cast.physician, True)):
        page = browser(actor).get("/arenden/aterlamnade/").content.decode()
        assert case.number in page
        assert (f'href="/arenden/{case.number}/eget/"' in page) == opens, actor.role
    assert "Inga kända" not in browser(cast.admin).get(f"/arenden/{case.number}/eget/").content.decode()
    assert "Inga kända" in browser(cast.physician).get(f"/arenden/{case.number}/eget/").content.decode()
