"""The second wall round what ties a person to a case: exceptions, who takes part, notices, follow-ups."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.models import AccessEntry, FollowUp
from fmu_portal.database import all_walls
from fmu_portal.engine import outbox
from fmu_portal.models import Notice
from orders import access
from orders.models import InsuredPerson, Participant, Recusal, Reveal, Unlocking
from tests import roles
from tests import situations as s
from tests.pages import browser

TABLES = {
    "orders_unlocking", "orders_recusal", "orders_reveal", "orders_participant", "audit_followup", "fmu_portal_notice",
}  # fmt: skip


def seen_by(actor, rows):
    with roles.at_work(actor):
        return set(rows.values_list("pk", flat=True))


def who_sees(cast, rows):
    """The members of the cast who see any of the rows."""
    return {key for key, actor in cast.everyone().items() if seen_by(actor, rows)}


def refused(actor, deed):
    with roles.at_work(actor), pytest.raises(DatabaseError), transaction.atomic():
        deed()


def test_each_of_them_has_a_wall():
    assert {wall.table for wall in all_walls()} >= TABLES


def test_who_opened_anothers_case_is_seen_by_oneself_ones_coordinator_and_the_office(cast):
    case = s.requested(cast)
    client = browser(cast.stranger_officer)
    client.post(f"/arenden/{case.number}/oppna/", {"reason": "Personen ringde till oss"})
    rows = Unlocking.objects.filter(assessment=case)
    assert rows.count() == 1
    assert who_sees(cast, rows) == {"stranger_officer", "team"}
    until = timezone.now() + timedelta(hours=8)
    for key in ("region", "admin", "physician", "controller", "administrator"):
        actor = getattr(cast, key)
        # Nobody else opens a case for themself by writing the row, nor anybody for another.
        refused(actor, lambda a=actor: Unlocking.objects.create(
            assessment=case, mandate_id=a.mandate_id, reason="x", until=until))  # fmt: skip
    refused(cast.team, lambda: Unlocking.objects.create(
        assessment=case, mandate_id=cast.stranger_officer.mandate_id, reason="x", until=until))  # fmt: skip


def test_a_recusal_is_seen_by_oneself_and_ones_colleagues_in_the_case(cast):
    case = s.delivered(cast)
    row = Recusal.objects.create(assessment=case, user_id=cast.psychologist.user_id)
    rows = Recusal.objects.filter(pk=row.pk)
    assert who_sees(cast, rows) == {"admin", "physician", "physician_two", "psychologist"}
    with roles.at_work(cast.admin):
        assert [r.pk for r in access.recusals(cast.admin, case)] == [row.pk]
    refused(cast.psychologist, lambda: Recusal.objects.create(assessment=case, user_id=cast.physician.user_id))
    for actor in (cast.psychologist, cast.physician):  # never one's own, and not anybody's who may not lift
        refused(actor, lambda a=actor: Recusal.objects.filter(pk=row.pk).update(
            lifted_at=timezone.now(), lifted_by_id=a.mandate_id))  # fmt: skip
    assert browser(cast.admin).post(f"/arenden/{case.number}/jav/hav/", {"jav": row.pk}).status_code == 302
    row.refresh_from_db()
    assert row.lifted_by_id == cast.admin.mandate_id


def test_why_a_protected_person_was_shown_is_seen_by_oneself_and_ones_coordinator(cast):
    case = s.requested(cast)
    row = Reveal.objects.create(assessment=case, mandate_id=cast.officer.mandate_id, reason="Ska ringa")
    assert who_sees(cast, Reveal.objects.filter(pk=row.pk)) == {"officer", "team"}
    refused(cast.officer, lambda: Reveal.objects.create(
        assessment=case, mandate_id=cast.team.mandate_id, reason="x"))  # fmt: skip


def test_who_takes_part(cast):
    case = s.delivered(cast)
    parties = {
        "officer", "team", "adviser", "controller", "attester", "region", "region_two", "finance",
        "admin", "physician", "physician_two", "psychologist",
    }  # fmt: skip
    taking_part = Participant.objects.filter(assessment=case)
    assert taking_part.exists()
    assert who_sees(cast, taking_part) == parties
    # Taking part opens the papers: a stranger does not write the row, neither for their own unit nor for the other.
    for unit in (cast.other_admin, cast.admin):
        refused(cast.other_admin, lambda unit=unit: Participant.objects.create(
            assessment=case, performer_id=unit.organisation_id, user_id=cast.other_admin.user_id))  # fmt: skip


def test_notices_are_the_organisations_own(cast):
    case = s.delivered(cast)
    outbox.work()
    for key, actor in cast.everyone().items():
        with roles.at_work(actor):
            assert set(Notice.objects.values_list("organisation_id", flat=True)) <= {actor.organisation_id}, key
    assert seen_by(cast.officer, Notice.objects.filter(case_id=case.pk))
    assert seen_by(cast.region, Notice.objects.filter(case_id=case.pk))
    refused(cast.officer, lambda: Notice.objects.create(
        organisation_id=cast.region.organisation_id, text="x", key="x"))  # fmt: skip


def test_what_came_of_following_up_is_seen_by_those_who_follow_up(cast):
    case = s.delivered(cast)
    browser(cast.officer).get(f"/arenden/{case.number}/")
    entry = AccessEntry.objects.filter(organisation_id=cast.officer.organisation_id).latest("pk")
    row = FollowUp.objects.create(entry=entry, outcome="fine", by_id=cast.team.mandate_id)
    assert who_sees(cast, FollowUp.objects.filter(pk=row.pk)) == {"team"}
    for actor in (cast.officer, cast.admin):
        refused(actor, lambda a=actor: FollowUp.objects.create(entry=entry, outcome="fine", by_id=a.mandate_id))
    refused(cast.team, lambda: FollowUp.objects.create(entry=entry, outcome="fine", by_id=cast.officer.mandate_id))


def test_a_refused_file_is_told_to_both_sides_though_the_sender_works(cast):
    """The sender's own worker writes the other side's notice: the one place where a notice is not by the clock."""
    from documents import checking

    case = s.ordered(cast)
    document = case.enclosures.filter(kind="medical").first().document
    type(document).objects.filter(pk=document.pk).update(state="checking")
    document.refresh_from_db()
    with roles.at_work(cast.officer):
        checking.conclude(document, "virus")
    told = set(
        Notice.objects.filter(key__startswith="file:", case_id=case.pk).values_list("organisation_id", flat=True)
    )
    assert told == {cast.officer.organisation_id, cast.admin.organisation_id}


def test_what_streams_after_the_transaction_sees_nothing(committed_cast):
    case = s.delivered(committed_cast)

    def stream():
        yield str(InsuredPerson.objects.filter(pk=case.pk).count())

    with transaction.atomic(), roles.at_work(committed_cast.officer):
        late = stream()
        assert InsuredPerson.objects.filter(pk=case.pk).exists()
    with roles.role("fmu_web"):
        assert list(late) == ["0"]
