"""Messages on pages: who reads which thread, what is refused, what is kept, who is told."""

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from correspondence.models import Attachment, Draft, Message, NoticeChoice, Template, Thread, ThreadParty
from documents.models import Document
from fmu_portal.engine import outbox
from fmu_portal.models import Duty, Notice
from tests import roles
from tests import situations as s
from tests import threads as t
from tests.pages import browser

READERS = {"officer", "team", "adviser", "region", "region_two", "finance", "admin", "physician", "physician_two",
           "psychologist"}  # fmt: skip


def page(actor, thread):
    return browser(actor).get(f"/meddelanden/{thread.pk}/")


def test_each_party_reads_its_own_threads_and_nobody_else_any(cast):
    case = s.in_progress(cast)
    every = t.everybody(cast, case)
    unit = t.in_case(case, cast.officer, cast.admin, title="Med enheten", text="Bara till enheten")
    for name, actor in cast.everyone().items():
        reads = name in READERS
        of_unit = reads and name not in ("region", "region_two", "finance")
        assert page(actor, every).status_code == (200 if reads else 404), name
        answer = page(actor, unit)
        assert answer.status_code == (200 if of_unit else 404), name
        assert ("Bara till enheten" in answer.content.decode()) is of_unit
        with roles.at_work(actor):
            assert Message.objects.filter(thread=every).exists() is reads, name
            assert Message.objects.filter(thread=unit).exists() is of_unit, name
            assert Thread.objects.filter(pk=unit.pk).exists() is of_unit, name
        listed = browser(actor).get("/meddelanden/")
        assert listed.status_code == (200 if reads or name not in ("controller", "attester", "administrator") else 403)
        assert ("Med enheten" in listed.content.decode()) is of_unit, name


def test_a_unit_that_has_lost_the_case_reads_its_own_time_and_cannot_write(cast):
    case = s.in_progress(cast)
    thread = t.everybody(cast, case)
    s.step(case, "hand_back", cast.admin, cause="cannot", reason="Sjukdom")
    t.step(thread, "write", cast.officer, text="Efter återlämningen")
    client = browser(cast.physician)
    text = client.get(f"/meddelanden/{thread.pk}/").content.decode()
    assert t.TEXT in text
    assert "Efter återlämningen" not in text
    assert "Er organisation har inte längre ärende" in text
    assert "<textarea" not in text
    with roles.at_work(cast.physician):
        assert not Message.objects.filter(text="Efter återlämningen").exists()
    answer = client.post(f"/meddelanden/{thread.pk}/", {"text": "Hej"})
    assert answer.status_code == 409
    assert "Er organisation har inte längre ärende" in answer.content.decode()
    answer = client.get(f"/meddelanden/nytt/?arende={case.number}")
    assert answer.status_code == 409
    assert "Er organisation har inte längre ärende" in answer.content.decode()
    assert browser(cast.other_physician).get(f"/meddelanden/nytt/?arende={case.number}").status_code == 404
    assert browser(cast.skane).get(f"/meddelanden/nytt/?arende={case.number}").status_code == 404


def test_a_new_unit_does_not_see_the_earlier_ones_thread(cast):
    case = s.in_progress(cast)
    thread = t.everybody(cast, case)
    s.step(case, "hand_back", cast.admin, cause="cannot", reason="Sjukdom")
    s.step(case, "assign", cast.region, performer=cast.other_admin.organisation_id)
    assert page(cast.other_admin, thread).status_code == 404
    assert browser(cast.other_admin).get(f"/meddelanden/nytt/?arende={case.number}").status_code == 200


def test_whoever_has_stepped_aside_neither_reads_nor_writes(cast):
    case = s.in_progress(cast)
    thread = t.everybody(cast, case)
    browser(cast.officer).post(f"/arenden/{case.number}/jav/")
    assert page(cast.officer, thread).status_code == 404
    assert t.TITLE not in browser(cast.officer).get("/meddelanden/").content.decode()
    with roles.at_work(cast.officer):
        assert not Message.objects.exists()
    assert page(cast.team, thread).status_code == 200


def test_ask_and_answer_on_the_pages(cast, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    case = s.in_progress(cast)
    client = browser(cast.officer)
    url = f"/meddelanden/nytt/?arende={case.number}"
    form = {"parties": ["region"], "title": "Tolk", "text": "Är tolken bokad?", "asked": cast.region.organisation_id}
    answer = client.post(url, form, follow=True)
    assert "Är tolken bokad?" in answer.content.decode()
    assert "Väntar på svar från" in answer.content.decode()
    thread = Thread.objects.get()
    outbox.work()
    notice = Notice.objects.get(organisation_id=cast.region.organisation_id, key__startswith="message:")
    duty = Duty.objects.open().get(process="thread")
    assert notice.text == f"Försäkringskassan vill ha svar på ett meddelande. Svara senast {duty.due}."
    sent = [m for m in mail.outbox if f"/meddelanden/{thread.pk}/" in m.body]
    assert sorted(m.recipients()[0] for m in sent) == ["region@example.org", "stockholm@example.org"]
    assert not any(word in m.body + m.subject for m in sent for word in ("Tolk", "tolken", s.NAME))
    region = browser(cast.region_two)
    assert 'Meddelanden <span class="count">1</span>' in region.get("/att-gora/").content.decode()
    assert "Svara på ett meddelande" in region.get("/att-gora/").content.decode()
    assert "Er tur: svara på meddelandet" in region.get(f"/meddelanden/{thread.pk}/").content.decode()
    assert "Meddelanden <span" not in region.get("/att-gora/").content.decode(), "read by a colleague"
    answer = region.post(f"/meddelanden/{thread.pk}/", {"text": "Ja, till den 3 mars"}, follow=True)
    assert "Svaret är skickat." in answer.content.decode()
    assert not Duty.objects.open().filter(process="thread").exists()
    mail.outbox.clear()
    outbox.work()
    assert (
        Notice.objects.get(organisation_id=cast.officer.organisation_id, text__contains="svarat").user_id
        == cast.officer.user_id
    )
    assert "officer@example.org" in [m.recipients()[0] for m in mail.outbox]


def test_the_case_page_shows_its_threads_to_those_who_read_them(cast):
    case = s.in_progress(cast)
    t.in_case(case, cast.officer, cast.admin, asked=cast.admin)
    for actor, reads in ((cast.officer, True), (cast.physician, True), (cast.region, False), (cast.controller, False)):
        text = browser(actor).get(f"/arenden/{case.number}/").content.decode()
        assert (t.TITLE in text) is reads, actor.role
        assert "Svara på ett meddelande" in text, "who owes what is seen by all"
    assert "Skriv meddelande" in browser(cast.region).get(f"/arenden/{case.number}/").content.decode()
    assert "Skriv meddelande" not in browser(cast.adviser).get(f"/arenden/{case.number}/").content.decode()


@pytest.mark.parametrize("number", [s.PERSONNUMMER, s.OTHER_PERSONNUMMER, s.PERSONNUMMER.replace("-", "")])
def test_a_personnummer_outside_a_case_or_before_the_region_is_refused(cast, number):
    client = browser(cast.officer)
    data = {"organisation": cast.region.organisation_id, "title": "Fråga", "text": f"Gäller {number}."}
    answer = client.post("/meddelanden/nytt/", data)
    assert answer.status_code == 422
    assert "Texten innehåller ett personnummer" in answer.content.decode()
    assert f"Gäller {number}." in answer.content.decode(), "nothing typed is lost"
    assert not Thread.objects.exists()
    case = s.in_progress(cast)
    url = f"/meddelanden/nytt/?arende={case.number}"
    for parties, right in ((["region"], False), (["performer"], number != s.OTHER_PERSONNUMMER)):
        answer = client.post(url, {"parties": parties, "title": "Fråga", "text": f"Gäller {number}."})
        assert (answer.status_code == 302) is right, parties
        assert client.post(url, {"parties": ["performer"], "title": number, "text": "Hej"}).status_code == 422
    with pytest.raises(AssertionError):
        assert Message.objects.filter(thread__parties__party="region", text__contains=number).exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, ["Välj vem meddelandet går till", "Fyll i ämne", "Fyll i meddelande"]),
        ({"parties": ["performer"], "title": "x" * 121, "text": "y" * 4001}, ["högst 120", "högst 4000"]),
        ({"parties": ["agency"], "title": "x", "text": "y"}, ["Välj"]),
        ({"parties": ["performer"], "title": "x", "text": "y", "asked": "region"}, ["Välj ett av alternativen"]),
    ],
)
def test_bad_input_is_said_beside_the_field(cast, data, words):
    case = s.in_progress(cast)
    answer = browser(cast.officer).post(f"/meddelanden/nytt/?arende={case.number}", data)
    assert answer.status_code == 422
    assert all(word.lower() in answer.content.decode().lower() for word in words), words
    assert not Thread.objects.exists()


def test_only_who_gets_the_message_can_be_asked(cast):
    case = s.in_progress(cast)
    data = {"parties": ["performer"], "title": "x", "text": "y", "asked": cast.region.organisation_id}
    answer = browser(cast.officer).post(f"/meddelanden/nytt/?arende={case.number}", data)
    assert "måste också få meddelandet" in answer.content.decode()


def test_drafts_are_kept_and_gone_when_sent(cast):
    case = s.in_progress(cast)
    thread = t.everybody(cast, case)
    client, url = browser(cast.region), f"/meddelanden/{thread.pk}/"
    assert client.post(url, {"text": "Halvt skrivet", "gor": "spara"}).status_code == 302
    assert "Halvt skrivet" in client.get(url).content.decode()
    assert "Halvt skrivet" not in str(Draft.objects.values_list("data", flat=True)), "sealed at rest"
    assert "Påbörjat meddelande" in client.get("/meddelanden/").content.decode()
    assert "Halvt skrivet" not in page(cast.region_two, thread).content.decode()
    auto = client.post(url, {"text": "Lite mer"}, headers={"X-Requested-With": "fetch"})
    assert auto.status_code == 204
    assert "Lite mer" in client.get(url).content.decode()
    assert not Message.objects.filter(text__startswith="Lite").exists()
    client.post(url, {"text": "Lite mer", "gor": "skicka"})
    assert not Draft.objects.exists()


def test_files_are_attached_checked_and_opened_by_the_threads_parties(cast):
    case = s.in_progress(cast)
    client = browser(cast.officer)
    url = f"/meddelanden/nytt/?arende={case.number}"
    form = {"parties": ["performer"], "title": "Karta", "text": "Se filen"}
    answer = client.post(url, form | {"gor": "lagg_till", "files_chosen": s.upload("karta.pdf")})
    assert answer.status_code == 302
    text = client.get(url).content.decode()
    assert "karta.pdf" in text
    assert "Se filen" in text
    client.post(url, form | {"gor": "skicka"})
    thread = Thread.objects.get()
    attachment = Message.objects.get(thread=thread).attachments.get()
    address = f"/meddelanden/{thread.pk}/bilagor/{attachment.document_id}/"
    assert "kontrolleras" in browser(cast.physician).get(address).content.decode().lower(), (
        "nobody opens what is not checked"
    )
    s.check_files()
    for name, actor in cast.everyone().items():
        answer = browser(actor).get(address)
        reads = name in READERS - {"region", "region_two", "finance"}
        assert answer.status_code == (200 if reads else 404), name
        if reads:
            assert b"".join(answer.streaming_content).startswith(b"%PDF")


def test_a_file_that_is_no_document_is_refused_at_once_and_one_that_is_found_bad_before_it_is_sent(cast):
    thread = t.everybody(cast, s.in_progress(cast))
    client, url = browser(cast.officer), f"/meddelanden/{thread.pk}/"
    bad = SimpleUploadedFile("x.pdf", b"MZ is no document")
    answer = client.post(url, {"text": "Hej", "gor": "lagg_till", "files_chosen": bad})
    assert answer.status_code == 422
    assert "är inte en PDF eller bild" in answer.content.decode()
    assert "Hej" in client.get(url).content.decode(), "nothing typed is lost"
    client.post(url, {"text": "Hej", "gor": "lagg_till", "files_chosen": s.upload("brev.pdf")})
    Document.objects.update(state="refused", refusal="virus")
    answer = client.post(url, {"text": "Hej", "gor": "skicka"})
    assert answer.status_code == 422
    assert "brev.pdf godtas inte" in answer.content.decode()
    assert Message.objects.count() == 1
    client.post(url, {"text": "Hej", "gor": f"ta_bort:{Attachment.objects.get().pk}"})
    assert client.post(url, {"text": "Hej", "gor": "skicka"}).status_code == 302
    assert Message.objects.count() == 2


def test_a_file_with_a_personnummer_is_not_for_the_region(cast):
    case = s.in_progress(cast)
    with_region, unit = t.everybody(cast, case), t.in_case(case, cast.officer, cast.admin)
    for thread, status in ((with_region, 422), (unit, 302)):
        client, url = browser(cast.officer), f"/meddelanden/{thread.pk}/"
        upload = s.upload("brev.pdf", f"Personnummer {s.PERSONNUMMER}")
        client.post(url, {"text": "Hej", "gor": "lagg_till", "files_chosen": upload})
        s.check_files()
        assert client.post(url, {"text": "Hej", "gor": "skicka"}).status_code == status


def test_a_thread_costs_as_many_queries_however_long(cast, django_assert_max_num_queries):
    thread = t.everybody(cast, s.in_progress(cast))
    client = browser(cast.region)
    client.get(f"/meddelanden/{thread.pk}/")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost(path):
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    few = [cost(path) for path in (f"/meddelanden/{thread.pk}/", "/meddelanden/")]
    for n in range(6):
        t.step(thread, "write", cast.officer, text=f"Rad {n}")
        t.everybody(cast, thread.case, title=f"Tråd {n}")
    many = [cost(path) for path in (f"/meddelanden/{thread.pk}/", "/meddelanden/")]
    assert many == few
    assert max(many) <= 30, many


def test_the_list_is_paged_by_key_and_its_views_filter(cast):
    case = s.in_progress(cast)
    threads = [t.in_case(case, cast.officer, cast.region, title=f"Nummer {n:02d}") for n in range(30)]
    client = browser(cast.region)
    first = client.get("/meddelanden/").context["page"]
    assert [row.title for row in first.rows] == [f"Nummer {n:02d}" for n in range(29, 4, -1)]
    second = client.get(f"/meddelanden/?efter={first.next}").context["page"]
    assert [row.title for row in second.rows] == [f"Nummer {n:02d}" for n in range(4, -1, -1)]
    client.get(f"/meddelanden/{threads[0].pk}/")
    assert len(client.get("/meddelanden/?vy=olasta").context["page"].rows) == 25
    assert browser(cast.region_two).get("/meddelanden/").context["page"].rows[0].new_to_me
    t.step(threads[3], "ask", cast.officer, text="?", asked=cast.region.organisation_id)
    assert [row.title for row in client.get("/meddelanden/?vy=svara").context["page"].rows] == ["Nummer 03"]
    assert [row.title for row in browser(cast.officer).get("/meddelanden/?vy=vantar").context["page"].rows] == [
        "Nummer 03"
    ]
    for odd in ("x", "²", "9" * 30, "-1"):
        assert client.get(f"/meddelanden/?efter={odd}&vy={odd}&arende={odd}").status_code == 200


def test_a_protected_persons_thread_names_no_place_at_the_agency(cast):
    case = s.in_progress(cast)
    thread = t.everybody(cast, case)
    t.step(thread, "write", cast.physician, text="Hej från oss")
    s.step(case, "protect", cast.officer, protection="marked")
    for path in (f"/meddelanden/{thread.pk}/", "/meddelanden/", f"/meddelanden/nytt/?arende={case.number}"):
        text = browser(cast.officer).get(path).content.decode()
        assert "Enheten Ett" not in text, path
        assert "Region Stockholm" not in text, path
        assert cast.physician.user_name not in text, path
    assert "Enheten Ett" in browser(cast.region).get(f"/meddelanden/{thread.pk}/").content.decode()


def test_templates_are_the_organisations_and_its_coordinators(cast):
    url = "/meddelanden/mallar/"
    assert browser(cast.officer).post(url, {"name": "Egen", "text": "Hej"}).status_code == 403
    assert browser(cast.team).post(url, {"name": "Egen", "text": "Hej från kontoret"}).status_code == 302
    assert browser(cast.team).post(url, {"name": "Egen", "text": "Igen"}).status_code == 422
    assert browser(cast.team).post(url, {"name": "Ny", "text": s.PERSONNUMMER}).status_code == 422
    assert "Hej från kontoret" in browser(cast.officer).get(url).content.decode()
    assert "Hej från kontoret" not in browser(cast.region).get(url).content.decode()
    own = Template.objects.get()
    assert browser(cast.region).post(f"{url}?mall={own.pk}", {"gor": "ta_bort"}).status_code == 404
    thread = t.everybody(cast, s.in_progress(cast))
    client = browser(cast.officer)
    client.post(f"/meddelanden/{thread.pk}/", {"text": "Först", "gor": "mall", "mall": str(own.pk)})
    assert "Först\n\nHej från kontoret" in client.get(f"/meddelanden/{thread.pk}/").content.decode()
    assert browser(cast.team).post(f"{url}?mall={own.pk}", {"gor": "ta_bort"}).status_code == 302
    assert not Template.objects.exists()


def test_general_threads_have_two_organisations_and_no_case(cast):
    thread = t.general(cast.officer, cast.skane)
    assert {m.organisation_id for m in ThreadParty.objects.filter(thread=thread)} == {
        cast.officer.organisation_id, cast.skane.organisation_id,
    }  # fmt: skip
    assert page(cast.skane, thread).status_code == 200
    for stranger in (cast.region, cast.admin, cast.stranger_officer, cast.controller, cast.administrator):
        assert page(stranger, thread).status_code == 404
    asked = t.step(thread, "ask", cast.skane, text="Och ni?", asked=cast.officer.organisation_id)
    assert "Svara på ett meddelande" in browser(cast.team).get("/att-gora/").content.decode()
    assert f"/meddelanden/{asked.pk}/" in browser(cast.team).get("/att-gora/").content.decode()


def test_reading_a_message_is_logged_with_its_case(cast):
    from audit.models import AccessEntry

    thread = t.everybody(cast, s.in_progress(cast))
    for path in (f"/meddelanden/{thread.pk}/", "/meddelanden/"):
        browser(cast.physician).get(path)
        entry = AccessEntry.objects.filter(mandate_id=cast.physician.mandate_id).last()
        assert thread.case_id in entry.cases
        assert "messages" in entry.parts


# --- how each is told


def _tell(cast, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    outbox.work()
    mail.outbox.clear()
    t.in_case(s.assigned(cast), cast.officer, cast.region)
    outbox.work()
    return sorted(m.recipients()[0] for m in mail.outbox if "/meddelanden/" in m.body)


def test_each_is_told_as_chosen(cast, settings):
    assert _tell(cast, settings) == ["region@example.org", "stockholm@example.org"]
    for who, user in (("jag", cast.region.user_id), ("alla", None)):
        answer = browser(cast.region).post("/aviseringar/val/", {"vems": who, f"{who}-how": "none"})
        assert answer.status_code == 302
        assert NoticeChoice.objects.get(user_id=user).how == "none"
    assert _tell(cast, settings) == []
    assert browser(cast.finance).post("/aviseringar/val/", {"vems": "alla", "alla-how": "none"}).status_code == 403
    assert browser(cast.region).post("/aviseringar/val/", {"vems": "jag", "jag-how": "x"}).status_code == 422


def test_the_daily_digest_has_yesterdays_notices_and_nobody_s_name(cast, settings):
    from datetime import timedelta

    from correspondence.digest import send_digest, send_digests

    NoticeChoice.objects.create(organisation_id=cast.region.organisation_id, user_id=None, how="daily")
    assert _tell(cast, settings) == ["region@example.org"], "the person still at once"
    today = timezone.localdate()
    assert send_digests(today + timedelta(1)) == 1
    assert send_digests(today + timedelta(1)) == 0, "twice a day is once"
    mail.outbox.clear()
    send_digest({"organisation": cast.region.organisation_id, "day": today.isoformat()})
    assert mail.outbox[0].recipients() == ["stockholm@example.org"]
    body = mail.outbox[0].body
    assert "/meddelanden/" in body
    assert "Besvara begäran senast" in body
    assert s.NAME not in body
    assert t.TITLE not in body
    mail.outbox.clear()
    send_digest({"organisation": cast.region.organisation_id, "day": (today - timedelta(9)).isoformat()})
    assert mail.outbox == [], "nothing to tell, no mail"


def test_a_mail_server_that_fails_is_retried_and_shown_and_stops_nobody(cast, settings):
    settings.EMAIL_BACKEND = "tests.test_messages.Broken"
    t.in_case(s.assigned(cast), cast.officer, cast.region)
    outbox.work()
    from fmu_portal.models import Outbox

    waiting = Outbox.objects.filter(kind="mail", done_at__isnull=True)
    assert waiting.filter(attempts=1).count() == 1, "after one failure the run leaves the rest"
    assert waiting.count() > 1
    assert Notice.objects.filter(key__startswith="message:").exists(), "told in the portal all the same"
    text = browser(cast.administrator).get("/utskick/").content.decode()
    assert "ConnectionRefusedError" in text
    assert "example.org" not in text
    for other in (cast.officer, cast.region):
        assert browser(other).get("/utskick/").status_code == 403


class Broken:
    """A mail server that is not there."""

    def __init__(self, **kwargs):
        pass

    def send_messages(self, messages):
        raise ConnectionRefusedError
