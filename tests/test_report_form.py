"""The report in the portal: written section by section, never overwritten unseen, read by those who may."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import RequestFactory
from django.utils import timezone

from accounts import parked
from documents.models import Opening
from fmu_portal.engine import outbox
from orders.models import Report, ReportVersion
from orders.report import SECTIONS, missing_in
from tests import situations as s
from tests.pages import browser

CASE = "/arenden/{}/utlatande/"


def url(case, rest=""):
    return CASE.format(case.number) + rest


def hidden(response):
    """What the page's hidden fields carry: version and page."""
    form = response.context["form"]
    return {name: form[name].value() for name in ("version", "page")}


def draft(case):
    return Report.objects.get(assessment=case, performer_id=case.performer_id)


def saved(client, case, section, **answers):
    """Open a section, fill it in and press "Spara utkast"; returns the page after."""
    opened = client.get(url(case, f"{section}/"))
    return client.post(url(case, f"{section}/"), hidden(opened) | answers, follow=True)


def test_the_report_opens_at_the_first_section_that_is_not_ready(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    assert me.get(url(case))["Location"] == url(case, "examination/")
    Report.objects.filter(assessment=case).update(content={**s.REPORT, "prognosis": ""})
    assert me.get(url(case))["Location"] == url(case, "prognosis/")
    Report.objects.filter(assessment=case).update(content=s.REPORT)
    assert me.get(url(case))["Location"] == url(case, "granska/")


def test_the_physician_writes_leaves_and_resumes(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    page = saved(me, case, "diagnosis", diagnosis="Ländryggssmärta, åäö ÅÄÖ")
    assert page.redirect_chain == [(url(case, "diagnosis/"), 302)]
    assert "Utkastet sparades" in page.text
    again = browser(cast.physician).get(url(case, "diagnosis/"))
    assert "Ländryggssmärta, åäö ÅÄÖ" in again.text
    assert again["Cache-Control"] == "private, no-store"


def test_every_section_can_be_filled_in_by_the_form_alone_and_the_report_sent(cast):
    case, me = s.examined(s.in_progress(cast), cast.physician), browser(cast.physician)
    where = url(case, "examination/")
    for _ in SECTIONS:
        opened = me.get(where)
        answers = {key: value for key, value in s.REPORT.items() if key in opened.context["form"].fields}
        where = me.post(where, hidden(opened) | answers | {"next": "1"})["Location"]
    assert where == url(case, "granska/")
    review = me.get(where)
    assert "Alla avsnitt är klara" in review.text
    assert f"/arenden/{case.number}/steg/deliver/" in review.text
    assert (
        s.step(case, "deliver", cast.physician, source="form", revision=s.revision(case), responsible="on").status
        == "delivered"
    )


def test_the_chosen_grade_stands_in_words_from_the_server(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    page = saved(me, case, "profile", strength="2", strength_reason="Lyfter 3 kg")
    assert "Vald grad: 2" in page.text
    assert page.text.count("Ingen grad vald") == 7
    assert "1 av 8 graderade" in page.text
    assert draft(case).content == {"strength": 2, "strength_reason": "Lyfter 3 kg"}


def test_a_date_that_is_no_date_is_kept_as_written_with_an_error_and_does_not_count_as_ready(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    opened = me.get(url(case, "examination/"))
    answers = {"examined_on": "förra tisdagen", "circumstances": "Med tolk", "next": "1"}
    page = me.post(url(case, "examination/"), hidden(opened) | answers)
    assert page.status_code == 422
    for shown in (page, me.get(url(case, "examination/"))):
        assert "förra tisdagen" in shown.text
        assert "Skriv dagen som ett datum" in shown.text
        assert "Med tolk" in shown.text
    review = me.get(url(case, "granska/"))
    assert review.context["missing"][0]["title"] == "Om undersökningen"
    page = saved(me, case, "examination", examined_on="12 januari 2026", circumstances="Med tolk")
    assert "12 januari 2026" not in page.text
    assert draft(case).content == {"examined_on": "2026-01-12", "circumstances": "Med tolk"}


def test_a_day_that_has_not_been_is_no_day_of_examination(cast):
    case, me = s.examined(s.in_progress(cast), cast.physician), browser(cast.physician)
    later = (timezone.localdate() + timedelta(days=1)).isoformat()
    saved(me, case, "examination", examined_on=later, circumstances="Två timmar")
    page = me.get(url(case, "examination/"))
    assert later in page.text, "what was typed is kept"
    assert "Dagen ligger i framtiden" in page.text
    assert "om undersökningen" in missing_in(draft(case).content)
    # A draft from before the form looked at the day.
    Report.objects.filter(assessment=case).update(content=s.REPORT | {"examined_on": later})
    sent = {"source": "form", "revision": s.revision(case), "responsible": "on", "gor": "fortsatt"}
    answer = me.post(f"/arenden/{case.number}/steg/deliver/", sent)
    assert answer.status_code == 422
    assert "Undersökningsdagen ligger i framtiden" in answer.text
    Report.objects.filter(assessment=case).update(content=s.REPORT | {"examined_on": "1900-01-01"})
    assert me.post(f"/arenden/{case.number}/steg/deliver/", sent).status_code == 302
    check = me.get(f"/arenden/{case.number}/steg/deliver/kontrollera/")
    [warning] = check.context["warnings"]
    assert warning.startswith("Undersökningsdagen 1900-01-01 är före beställningen")
    # From the check page each answer is one step from its question, a choice of several too.
    form = me.get(f"/arenden/{case.number}/steg/deliver/").text
    for row in check.context["rows"]:
        assert f'id="{row["change_url"].partition("#")[2]}"' in form, row["label"]


def test_a_draft_takes_what_is_there_and_forgets_no_other_section(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    saved(me, case, "risks", risks="Lyft över 5 kg")
    saved(me, case, "examination", circumstances="Halva svaret", examined_on="")
    saved(me, case, "diagnosis", diagnosis="a\x00b")
    assert draft(case).content == {"risks": "Lyft över 5 kg", "circumstances": "Halva svaret", "diagnosis": "ab"}


def test_autosave_answers_with_the_new_revision(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    fields = hidden(me.get(url(case, "impact/")))
    first = me.post(url(case, "impact/spara/"), fields | {"impact": "Går"})
    assert (first.status_code, first["X-Version"], first.content) == (204, "1", b"")
    second = me.post(url(case, "impact/spara/"), fields | {"version": "1", "impact": "Går sakta"})
    assert second["X-Version"] == "2"
    assert draft(case).content["impact"] == "Går sakta"
    answer = me.get(url(case, "impact/spara/"))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "Sidan öppnas inte för sig" in answer.content.decode()


def test_two_tabs_cannot_overwrite_each_other(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    one = hidden(me.get(url(case, "impact/")))
    two = hidden(me.get(url(case, "impact/")))
    assert me.post(url(case, "impact/spara/"), one | {"impact": "Från flik ett"}).status_code == 204
    assert me.post(url(case, "impact/spara/"), two | {"impact": "Från flik två"}).status_code == 409
    page = me.post(url(case, "impact/"), two | {"impact": "Från flik två"})
    assert page.status_code == 409
    assert "Från flik ett" in page.text
    assert "Från flik två" in page.text
    assert "Du sparade själv" in page.text
    assert page.text.count("Skiljer sig") == 1
    assert draft(case).content["impact"] == "Från flik ett"
    # Having seen both, the physician decides.
    chosen = me.post(url(case, "impact/"), hidden(page) | {"impact": "Från flik två"})
    assert chosen.status_code == 302
    assert draft(case).content["impact"] == "Från flik två"


def test_a_page_is_not_in_its_own_way(cast):
    """An autosave that had not come back when the button was pressed: the page does not know its revision."""
    case, me = s.in_progress(cast), browser(cast.physician)
    fields = hidden(me.get(url(case, "impact/")))
    assert browser(cast.physician).post(url(case, "impact/spara/"), fields | {"impact": "Går"}).status_code == 204
    assert me.post(url(case, "impact/"), fields | {"impact": "Går sakta"}).status_code == 302
    assert draft(case).content["impact"] == "Går sakta"
    assert (draft(case).revision, draft(case).saved_page) == (2, fields["page"])


def test_what_a_colleague_saves_is_in_the_way_whatever_their_page_says(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    fields = hidden(me.get(url(case, "impact/")))
    saved(me, case, "risks", risks="Inga")
    Report.objects.filter(assessment=case).update(saved_page=fields["page"], saved_by_id=cast.psychologist.user_id)
    assert me.post(url(case, "impact/"), fields | {"impact": "Går"}).status_code == 409


def test_of_two_saves_at_once_one_wins(committed_cast):
    case = s.in_progress(committed_cast)
    clients = [browser(committed_cast.physician) for _ in range(6)]
    forms = [hidden(client.get(url(case, "impact/"))) for client in clients]
    together = threading.Barrier(len(clients))

    def save(n):
        try:
            together.wait(10)
            return clients[n].post(url(case, "impact/spara/"), forms[n] | {"impact": f"Text {n}"}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(save, range(len(clients))))
    assert sorted(answers) == [204] + [409] * 5
    assert draft(case).content == {"impact": f"Text {answers.index(204)}"}
    assert draft(case).revision == 1


def test_a_colleague_who_saved_in_between_is_not_overwritten(cast):
    case = s.in_progress(cast)
    from orders.models import Participant

    Participant.objects.create(
        assessment=case, performer_id=cast.physician.organisation_id, user_id=cast.psychologist.user_id
    )
    mine, theirs = browser(cast.physician), browser(cast.psychologist)
    fields = hidden(mine.get(url(case, "profile/")))
    saved(theirs, case, "profile", affective="3", affective_reason="Nedstämd")
    page = mine.post(url(case, "profile/"), fields | {"affective": "1", "affective_reason": "Jämn"})
    assert page.status_code == 409
    assert "Petra Psykolog sparade" in page.text
    assert "Vald grad: 3" in page.text and "Vald grad: 1" in page.text
    assert draft(case).content == {"affective": 3, "affective_reason": "Nedstämd"}


def test_a_save_whose_answer_was_lost_is_no_conflict_with_oneself(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    fields = hidden(me.get(url(case, "impact/")))
    me.post(url(case, "impact/spara/"), fields | {"impact": "Första"})  # the connection broke before the answer
    assert me.post(url(case, "impact/spara/"), fields | {"impact": "Första"})["X-Version"] == "1"
    assert me.post(url(case, "impact/spara/"), fields | {"impact": "Första och mer"})["X-Version"] == "2"
    assert draft(case).content["impact"] == "Första och mer"


def test_a_save_without_a_revision_is_refused(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    assert me.post(url(case, "impact/spara/"), {"impact": "x"}).status_code == 409
    assert me.post(url(case, "impact/spara/"), {"impact": "x", "version": "åtta", "page": "p"}).status_code == 409


def test_what_was_written_after_the_report_was_sent_is_kept_on_the_page(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    fields = hidden(me.get(url(case, "impact/")))
    Report.objects.filter(assessment=case).update(content=s.REPORT)
    s.step(case, "deliver", cast.physician, source="form", revision=s.revision(case), responsible="on")
    assert me.post(url(case, "impact/spara/"), fields | {"impact": "För sent skrivet"}).status_code == 409
    page = me.post(url(case, "impact/"), fields | {"impact": "För sent skrivet"})
    assert page.status_code == 409
    assert "Utlåtandet är redan skickat" in page.text
    assert "För sent skrivet" in page.text
    assert "Spara det jag skrev" not in page.text
    assert draft(case).content["impact"] == "Beskrivs här"
    assert me.get(url(case, "impact/"))["Location"] == url(case, "version/1/")


def test_what_was_written_when_the_session_ended_comes_back(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    fields = hidden(me.get(url(case, "impact/")))
    session = me.session
    sent = RequestFactory().post(url(case, "impact/"), fields | {"impact": "Kvar"})
    session["parked"] = parked.wrap(sent, cast.physician.user_id, 0)
    session.save()
    page = me.get(url(case, "impact/"))
    assert "Kvar" in page.text
    assert "Det är inte sparat ännu" in page.text
    assert me.post(url(case, "impact/"), hidden(page) | {"impact": "Kvar"}).status_code == 302
    assert draft(case).content["impact"] == "Kvar"


@pytest.mark.parametrize(
    "who",
    ["admin", "physician_two", "psychologist", "officer", "region", "other_physician", "skane_performer", "adviser"],
)
def test_only_those_who_take_part_open_the_draft(cast, who):
    case = s.in_progress(cast)
    stranger = browser(getattr(cast, who))
    for rest in ("", "diagnosis/", "granska/"):
        assert stranger.get(url(case, rest)).status_code == 404, rest
    for rest in ("diagnosis/", "diagnosis/spara/"):
        assert stranger.post(url(case, rest), {"version": 0, "page": "x", "diagnosis": "x"}).status_code == 404, rest
    assert not Report.objects.filter(assessment=case).exists()


def test_sections_that_do_not_exist_are_not_found(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    assert me.get(url(case, "finns-inte/")).status_code == 404
    assert me.post(url(case, "finns-inte/spara/")).status_code == 404


def test_there_is_nothing_to_write_before_the_underlag_is_confirmed(cast):
    case = s.with_physician(s.ordered(cast), cast)
    assert browser(cast.physician).get(url(case)).status_code == 404


def test_a_supplement_starts_from_what_was_sent_and_says_what_is_missing(cast):
    case, me = s.supplement_requested(cast), browser(cast.physician)
    Report.objects.filter(assessment=case).update(content={}, revision=0)
    page = me.get(url(case, "prognosis/"))
    assert page.context["form"]["prognosis"].value() == "Beskrivs här"
    assert "Hur länge" in page.text
    assert "ska kompletteras" in page.text
    saved(me, case, "prognosis", prognosis="Ett år")
    assert f"/arenden/{case.number}/steg/supplement/" in me.get(url(case, "granska/")).text
    s.step(case, "supplement", cast.physician, source="form", revision=s.revision(case), responsible="on")
    second = browser(cast.officer).get(url(case, "version/2/"))
    assert "Ett år" in second.text
    assert "Komplettering" in second.text


@pytest.mark.parametrize(("who", "status"), [
    ("officer", 200), ("team", 200), ("adviser", 200), ("physician", 200), ("admin", 200),
    ("stranger_officer", 404), ("region", 404), ("finance", 404), ("controller", 404), ("attester", 404),
    ("skane", 404), ("other_admin", 404), ("other_physician", 404), ("skane_performer", 404), ("administrator", 404),
])  # fmt: skip
def test_who_reads_a_signed_version(cast, who, status):
    case = s.delivered(cast)
    outbox.work()
    reader = browser(getattr(cast, who))
    for rest in ("version/1/", "version/1/lage/", "version/1/pdf/"):
        assert reader.get(url(case, rest)).status_code == status, rest
    assert reader.get(url(case, "version/2/")).status_code == 404


def test_the_agency_reads_the_version_and_its_pdf(cast):
    case, officer = s.delivered(cast), browser(cast.officer)
    waiting = officer.get(url(case, "version/1/"))
    assert "PDF:en görs just nu" in waiting.text
    assert "Uppdatera" in waiting.text
    assert "X-Done" not in officer.get(url(case, "version/1/lage/"))
    assert officer.get(url(case, "version/1/pdf/"))["Location"] == url(case, "version/1/")
    outbox.work()
    page = officer.get(url(case, "version/1/"))
    for words in ("Lo Läkare", "I tid", "Samira Lindahl", s.PERSONNUMMER, "Enheten Ett", "Observerat vid besöket"):
        assert words in page.text
    done = officer.get(url(case, "version/1/lage/"))
    assert done["X-Done"] == "1"
    assert url(case, "version/1/pdf/") in done.text
    before = Opening.objects.count()
    file = officer.get(url(case, "version/1/pdf/"))
    assert file.getvalue().startswith(b"%PDF-")
    assert file["Content-Type"] == "application/pdf"
    assert file["Content-Disposition"] == f'inline; filename="utlatande-{case.number}-v1.pdf"'
    assert file["X-Content-Type-Options"] == "nosniff"
    assert file["Cache-Control"] == "private, no-store"
    assert "sandbox" in file["Content-Security-Policy"]
    opened = Opening.objects.order_by("id").last()
    assert Opening.objects.count() == before + 1
    assert opened is not None
    assert (opened.mandate_id, opened.case_id) == (cast.officer.mandate_id, case.pk)


def test_what_is_written_is_shown_and_never_run(cast):
    case, me = s.in_progress(cast), browser(cast.physician)
    nasty = "<script>alert(1)</script></textarea><img src=x onerror=alert(1)>"
    page = saved(me, case, "findings", findings=nasty)
    for shown in (page, me.get(url(case, "granska/"))):
        assert "<script>alert" not in shown.text
        assert "<img src=x" not in shown.text
        assert "&lt;script&gt;alert(1)" in shown.text


def test_a_late_report_says_so(cast):
    case = s.delivered(cast)
    type(case).objects.filter(pk=case.pk).update(delivered_late=True)
    page = browser(cast.officer).get(url(case, "version/1/"))
    assert "För sent" in page.text


def test_an_uploaded_version_is_read_as_its_pdf(cast):
    case = s.in_progress(cast)
    enclosure = s.stage(case, cast.physician, "report", "Uppladdat utlåtande")
    s.step(case, "deliver", cast.physician, source="upload", responsible="on")
    officer = browser(cast.officer)
    page = officer.get(url(case, "version/1/"))
    assert f"/arenden/{case.number}/handlingar/{enclosure.document_id}/" in page.text
    assert officer.get(url(case, "version/1/pdf/"))["Location"].endswith(f"/handlingar/{enclosure.document_id}/")
    assert ReportVersion.objects.get(assessment=case).content is None


def test_the_last_day_stands_beside_the_writing(cast):
    case = s.in_progress(cast)
    page = browser(cast.physician).get(url(case, "diagnosis/"))
    assert "vardagar kvar" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert page.context["duty"].kind == "deliver_report"
    assert page.context["duty"].due > timezone.localdate()


def test_a_colleague_who_takes_part_does_not_get_the_signing_button(cast):
    from orders.models import Participant

    case = s.in_progress(cast)
    Participant.objects.create(
        assessment=case, performer_id=cast.physician.organisation_id, user_id=cast.psychologist.user_id
    )
    s.examined(case, cast.physician)
    colleague = browser(cast.psychologist)
    colleague.get(url(case))
    Report.objects.filter(assessment=case).update(content=s.REPORT)
    page = colleague.get(url(case, "granska/"))
    assert "Den ansvariga läkaren signerar" in page.text
    assert "steg/deliver" not in page.text
