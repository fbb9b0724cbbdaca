"""Erasure reaches a visit's place and what was half written to others, with the files that wait in it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import QueryDict

from audit import sealing
from audit.models import AccessEntry, Log
from correspondence import drafts, files
from correspondence.models import Attachment, Draft
from documents.models import Document
from documents.storage import storage
from orders import erasure
from orders.models import Visit
from orders.replay import differences
from orders.retention import Kind
from tests import situations as s
from tests import threads as t
from tests.pages import browser
from tests.test_retention import counts, decide, erase_all, long_ago, record, run  # noqa: F401 - fixtures
from tests.test_visits import book

PLACE = "Hemma hos personen på Storgatan 7"
WRITTEN = "Halvfärdigt om personens hälsa"


def half_written(actor, thread_id=None, case_id=None, file=True):
    """A draft of a message of the actor's, with a file that waits in it."""
    data = QueryDict(mutable=True)
    data["text"] = WRITTEN
    draft = drafts.keep(actor, data, thread_id, case_id)
    if file:
        files.attach(draft, actor, s.upload("utkast.pdf", "Bilaga som aldrig skickades"))
        s.check_files()
    return draft


@pytest.fixture
def ended(cast):
    """A case that ended with a visit that has a place, a thread, and drafts in it and beside it."""
    case = s.in_progress(cast)
    book(case, cast, place=PLACE)
    thread = t.everybody(cast, case)
    half_written(cast.officer, thread_id=thread.pk)
    half_written(cast.admin, case_id=case.pk)
    half_written(cast.region, case_id=case.pk, file=False)
    half_written(cast.officer, file=False)  # of no case: not reached by any
    return s.step(s.fresh(case), "withdraw", cast.officer, reason="Behövs inte")


def test_the_place_of_a_visit_goes_with_what_the_performer_wrote(cast, ended, decide, long_ago):  # noqa: F811
    decide(record("notes"), record("region_notes"))
    assert ("performer_notes", Kind.VISIT) not in counts(erasure.plan())
    decide(record("performer_notes"))
    assert counts(erasure.plan())["performer_notes", Kind.VISIT] == 1
    assert "1 besöksplatser" in run()
    before = Visit.objects.get(assessment=ended)
    erase_all()
    after = Visit.objects.get(assessment=ended)
    assert after.place == ""
    assert (after.starts_at, after.status, after.assessor_id) == (before.starts_at, before.status, before.assessor_id)
    assert list(differences()) == []
    assert ("performer_notes", Kind.VISIT) not in counts(erasure.plan())
    page = browser(cast.admin).get(f"/arenden/{ended.number}/").content.decode()
    assert PLACE not in page


def test_what_was_half_written_goes_with_its_files_by_its_own_owner(cast, ended, decide, long_ago):  # noqa: F811
    waiting = {row.organisation_id: row.document for row in Attachment.objects.filter(message=None)}
    assert set(waiting) == {cast.officer.organisation_id, cast.admin.organisation_id}
    assert all(storage()._path(document.storage_key).exists() for document in waiting.values())
    decide(record("notes"))
    assert counts(erasure.plan())["notes", Kind.MESSAGE_DRAFT] == 1
    assert "1 utkast till meddelanden" in run()
    erase_all()
    left = set(Draft.objects.values_list("organisation_id", "case_id", "thread_id"))
    assert left == {
        (cast.admin.organisation_id, ended.pk, None),
        (cast.region.organisation_id, ended.pk, None),
        (cast.officer.organisation_id, None, None),
    }
    gone, kept = waiting[cast.officer.organisation_id], waiting[cast.admin.organisation_id]
    assert Document.objects.get(pk=kept.pk).erased_at is None
    assert not storage()._path(gone.storage_key).exists()
    assert storage()._path(kept.storage_key).exists()
    row = Document.objects.get(pk=gone.pk)
    assert (row.name, row.wrapped_key, row.sha256, row.storage_key) == ("", None, "", "")

    decide(record("notes"), record("region_notes"), record("performer_notes"))
    erase_all()
    assert set(Draft.objects.values_list("organisation_id", "case_id", "thread_id")) == {
        (cast.officer.organisation_id, None, None)
    }
    assert not Attachment.objects.filter(message=None).exists()
    assert not storage()._path(kept.storage_key).exists()
    assert not [key for key in counts(erasure.plan()) if key[1] in (Kind.MESSAGE_DRAFT, Kind.VISIT)]
    with connection.cursor() as cursor:
        for table in ("orders_visit", "correspondence_draft", "documents_document", "correspondence_attachment"):
            cursor.execute(
                f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t WHERE t::text NOT LIKE '%%(,,%%'"
            )
            text = cursor.fetchone()[0]
            assert PLACE not in text
            assert "utkast.pdf" not in text, table


def test_it_is_logged_and_both_chains_hold(cast, ended, decide, long_ago):  # noqa: F811
    decide(record("notes"), record("performer_notes"))
    done = erase_all().erasure
    entry = AccessEntry.objects.filter(why=f"erasure:{done.pk}").latest("pk")
    assert {"case", "messages"} <= set(entry.parts)
    sealing.seal_all()
    assert all(list(sealing.verify(log)) == [] for log in Log)


def test_an_open_case_keeps_its_places_and_drafts(cast, decide, long_ago):  # noqa: F811
    case = s.in_progress(cast)
    book(case, cast, place=PLACE)
    half_written(cast.officer, case_id=case.pk, file=False)
    decide(record("notes"), record("performer_notes"))
    assert erasure.plan().items == ()
