"""Asking performers: the golden table by hand, the five ways, who must not, races, and what the asked may see."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.actor import CLOCK
from fmu_portal.engine import clock, door
from fmu_portal.engine.refusals import InvalidInput, LostRace, Refused, WrongRole, WrongState
from fmu_portal.models import Duty, Event, Notice
from orders.models import Assessment
from orders.replay import differences
from regions.models import Agreement, AssignmentChoice, Inquiry
from tests import situations as s
from tests.roles import at_work
from tests.test_races import at_once

SOON = (timezone.localdate() + timedelta(days=7)).isoformat()


@pytest.fixture
def case(cast):
    return s.requested(cast)


def ask(case, cast, *who, way="choose", actor=None):
    """Ask the units of these people; their inquiries, in the order of the units' ids."""
    actor = actor or cast.region
    with at_work(actor):
        door.begin(
            "inquiry", case.pk, "ask", actor, {"performers": [w.organisation_id for w in who], "way": way}
        )  # fmt: skip
    return {row.performer_id: row for row in Inquiry.objects.filter(assessment=case).order_by("performer_id")}


def answer(inquiry, step, actor, **data):
    """Take a step on an inquiry as the web under the actor's mandate; the inquiry afterwards."""
    inquiry = Inquiry.objects.get(pk=inquiry.pk)
    with at_work(actor):
        door.take("inquiry", inquiry.pk, step, actor, data)
    return Inquiry.objects.get(pk=inquiry.pk)


def accept(inquiry, actor):
    return answer(inquiry, "accept", actor, earliest_start=SOON)


def statuses(case):
    return sorted(Inquiry.objects.filter(assessment=case).values_list("status", flat=True))


# status | step | who may (R region, P the asked, K clock) | next status | open duties of the inquiry afterwards
GOLDEN = """
sent     | accept  | P | accepted   |
sent     | decline | P | declined   |
sent     | recall  | R | recalled   |
accepted | decline | P | declined   |
accepted | recall  | R | recalled   |
accepted | choose  | R | chosen     |
"""
TABLE = {
    (row[0], row[1]): row[2:] for row in ([c.strip() for c in line.split("|")] for line in GOLDEN.split("\n") if line)
}
BY = {"R": ("region", "region_two"), "P": ("admin", "physician", "physician_two")}
DATA = {"accept": {"earliest_start": SOON}, "decline": {"reason": "Fullt"}}


@pytest.mark.parametrize("status", ["sent", "accepted", "declined", "lapsed", "chosen", "not_chosen", "recalled"])
@pytest.mark.parametrize("step", ["accept", "decline", "recall", "choose", "lapse"])
def test_golden_table(case, cast, status, step):
    inquiry = ask(case, cast, cast.admin, cast.other_admin)[cast.admin.organisation_id]
    assert (inquiry.status, duties(inquiry)) == ("sent", ["answer_inquiry"])
    bring(inquiry, status, cast)
    allowed = TABLE.get((status, step))
    for key, actor in {**cast.everyone(), "clock": CLOCK}.items():
        may = allowed is not None and key in BY[allowed[0]]
        before = Inquiry.objects.get(pk=inquiry.pk)
        assert before.status == status
        point = s.fresh(case).version
        if may:
            event = undone(lambda actor=actor: door.take("inquiry", inquiry.pk, step, actor, DATA.get(step)))
            assert event == (allowed[1], []), (key, status, step)
        else:
            with pytest.raises(Refused):
                door.take("inquiry", inquiry.pk, step, actor, DATA.get(step))
        assert s.fresh(case).version == point
    assert unlike(case) == []


def unlike(case):
    """How the rows differ from the events, but for the last days that a test itself let pass."""
    return [text for text in differences(case.pk) if ": due är" not in text]


def undone(deed):
    """(the new status, the duties still open) of a step that is then undone."""
    from django.db import transaction

    with transaction.atomic():
        event = deed()
        found = (Inquiry.objects.get(pk=event.subject_id).status, duties(Inquiry(pk=event.subject_id)))
        transaction.set_rollback(True)
    return found


def duties(inquiry):
    rows = Duty.objects.open().filter(process="inquiry", subject_id=inquiry.pk)
    return list(rows.values_list("kind", flat=True))


def bring(inquiry, status, cast):
    """Take an inquiry of `cast.admin`'s unit to a status."""
    if status in ("accepted", "chosen"):
        accept(inquiry, cast.admin)
    if status == "chosen":
        answer(inquiry, "choose", cast.region)
    if status == "declined":
        answer(inquiry, "decline", cast.admin, reason="Fullt")
    if status == "recalled":
        answer(inquiry, "recall", cast.region)
    if status == "not_chosen":
        other = Inquiry.objects.get(performer_id=cast.other_admin.organisation_id)
        answer(accept(other, cast.other_admin), "choose", cast.region)
    if status == "lapsed":
        late(inquiry)
        clock.watch()


def late(inquiry):
    Duty.objects.filter(process="inquiry", subject_id=inquiry.pk).update(due=timezone.localdate() - timedelta(days=1))


def test_the_chosen_gets_the_case_and_the_others_are_told(case, cast):
    asked = ask(case, cast, cast.admin, cast.other_admin)
    for inquiry, actor in zip(asked.values(), (cast.admin, cast.other_admin), strict=True):
        accept(inquiry, actor)
    assert s.fresh(case).status == "requested", "the person decides"
    answer(asked[cast.admin.organisation_id], "choose", cast.region)
    now = s.fresh(case)
    assert (now.status, now.performer_id) == ("assigned", cast.admin.organisation_id)
    assert statuses(case) == ["chosen", "not_chosen"]
    assert now.assignments.get().performer_id == cast.admin.organisation_id
    assert s.open_kinds(case) == ["send_order"]
    from fmu_portal.engine import outbox

    outbox.work()
    told = Notice.objects.filter(organisation_id=cast.other_admin.organisation_id).order_by("-pk")
    assert told[0].text == "En annan utförare fick uppdraget."
    assert unlike(case) == []


def test_direct_assignment_settles_what_was_asked(case, cast):
    ask(case, cast, cast.admin, cast.other_admin)
    s.step(case, "assign", cast.region, performer=cast.other_admin.organisation_id)
    assert statuses(case) == ["chosen", "not_chosen"]
    assert unlike(case) == []


def test_the_first_to_accept_gets_it(case, cast):
    asked = ask(case, cast, cast.admin, cast.other_admin, way="first")
    accept(asked[cast.other_admin.organisation_id], cast.other_admin)
    assert s.fresh(case).performer_id == cast.other_admin.organisation_id
    with pytest.raises(WrongState, match="En annan utförare"):
        accept(asked[cast.admin.organisation_id], cast.admin)
    assert unlike(case) == []


def test_twenty_accept_at_once_and_exactly_one_gets_it(committed_cast):
    from accounts.actor import Actor
    from accounts.models import Mandate, Organisation

    cast, day = committed_cast, date(2023, 1, 1)
    unit = Organisation.objects.get(pk=cast.admin.organisation_id)
    actors = []
    for n in range(20):
        other = Organisation.objects.create(kind="performer", name=f"Enhet {n}", parent_id=unit.parent_id)
        Agreement.objects.create(region_id=cast.region.organisation_id, performer=other, valid_from=day)
        mandate = Mandate.objects.create(user_id=cast.admin.user_id, organisation=other, role="performer_admin")
        actors.append(Actor.of(Mandate.objects.select_related("user", "organisation").get(pk=mandate.pk)))
    case = s.requested(cast)
    data = {"performers": [a.organisation_id for a in actors], "way": "first"}
    door.begin("inquiry", case.pk, "ask", cast.region, data)
    rows = dict(Inquiry.objects.filter(assessment=case).values_list("performer_id", "pk"))

    def deed(actor):
        pk = rows[actor.organisation_id]
        return lambda: door.take("inquiry", pk, "accept", actor, {"earliest_start": SOON}, seen=1)

    results = at_once(*[deed(actor) for actor in actors])
    assert sum(isinstance(r, Event) for r in results) == 1
    assert {str(r) for r in results if isinstance(r, Refused)} == {
        "En annan utförare har fått uppdraget. Svaret är inte sparat."
    }
    winner = actors[next(i for i, r in enumerate(results) if isinstance(r, Event))]
    now = s.fresh(case)
    assert (now.status, now.performer_id) == ("assigned", winner.organisation_id)
    assert statuses(case) == ["chosen"] + ["not_chosen"] * 19
    assert now.assignments.count() == 1
    assert unlike(case) == []


def test_ranked_falls_back_to_the_next_and_then_nobody_is_left(case, cast):
    rank(cast, admin=2, other_admin=1)
    asked = ask(case, cast, cast.other_admin, way="ranked")
    answer(asked[cast.other_admin.organisation_id], "decline", cast.other_admin, reason="Fullt")
    second = Inquiry.objects.get(performer_id=cast.admin.organisation_id)
    assert (second.status, second.way) == ("sent", "ranked")
    late(second)
    clock.watch()
    assert statuses(case) == ["declined", "lapsed"]
    assert s.open_kinds(case) == ["answer_request"], "the region owes it"
    words = Inquiry.words_of_all(s.fresh(case), list(Inquiry.objects.all()))
    assert words.startswith("Ingen tillfrågad utförare är kvar.")
    with pytest.raises(WrongState, match="Svarstiden"):
        accept(second, cast.admin)
    assert unlike(case) == []


def rank(cast, **ranks):
    for key, value in ranks.items():
        Agreement.objects.filter(performer_id=getattr(cast, key).organisation_id).update(rank=value)


def test_quota_asks_whoever_is_furthest_below_its_share(cast):
    from regions.choosing import Choosing

    for key, share in (("admin", 50), ("other_admin", 50)):
        Agreement.objects.filter(performer_id=getattr(cast, key).organisation_id).update(share=share)
    s.assigned(cast)  # one for `cast.admin`'s unit
    case = s.requested(cast)
    proposal = Choosing(case, timezone.localdate()).propose("quota")
    assert proposal.performers == [cast.other_admin.organisation_id]
    assert "0 % av årets 1 uppdrag mot 50 %" in proposal.reason
    asked = ask(case, cast, cast.other_admin, way="quota")
    accept(asked[cast.other_admin.organisation_id], cast.other_admin)
    assert s.fresh(case).performer_id == cast.other_admin.organisation_id


@pytest.mark.parametrize(
    ("way", "status", "asked"),
    [("direct", "assigned", 0), ("ranked", "requested", 1), ("choose", "requested", 2), ("first", "requested", 2)],
)
def test_straight_from_the_request_where_the_region_has_said_so(cast, way, status, asked):
    rank(cast, admin=1)
    AssignmentChoice.objects.create(
        region_id=cast.region.organisation_id, way=way, straight=True, designated_id=cast.admin.organisation_id
    )
    case = s.draft(cast)
    with at_work(cast.officer):
        door.take("assessment", case.pk, "request", cast.officer, s.REQUEST)
    assert (s.fresh(case).status, Inquiry.objects.filter(assessment=case).count()) == (status, asked)
    assert unlike(case) == []


def test_a_hand_back_starts_anew_without_whoever_handed_it_back(cast):
    case = s.assigned(cast)
    rank(cast, admin=1, other_admin=2)
    AssignmentChoice.objects.create(region_id=cast.region.organisation_id, way="ranked", straight=True)
    with at_work(cast.admin):
        door.take("assessment", case.pk, "hand_back", cast.admin, {"cause": "conflict", "reason": "Jäv"})
    assert Inquiry.objects.get().performer_id == cast.other_admin.organisation_id
    from regions.choosing import Choosing

    own = {c.pk: c.hindrance for c in Choosing(s.fresh(case), timezone.localdate()).candidates}
    assert own[cast.admin.organisation_id] == "Har lämnat tillbaka uppdraget"
    assert unlike(case) == []


@pytest.mark.parametrize(("step", "reason"), [("withdraw", {"reason": "x"}), ("return", {"reason": "x"})])
def test_what_is_open_is_recalled_when_the_case_ends_or_goes_back(case, cast, step, reason):
    ask(case, cast, cast.admin, cast.other_admin)
    s.step(case, step, cast.officer if step == "withdraw" else cast.region, **reason)
    assert statuses(case) == ["recalled", "recalled"]
    assert not Duty.objects.open().filter(process="inquiry").exists()


def test_an_agreement_that_ended_yesterday(case, cast):
    asked = ask(case, cast, cast.admin, cast.other_admin)
    waiting = accept(asked[cast.other_admin.organisation_id], cast.other_admin)
    Agreement.objects.update(valid_to=s.yesterday())
    with pytest.raises(WrongState, match="Ert avtal med regionen gäller inte längre"):
        accept(asked[cast.admin.organisation_id], cast.admin)
    with pytest.raises(WrongState, match="Avtalet med regionen gäller inte längre"):
        answer(waiting, "choose", cast.region)
    answer(waiting, "recall", cast.region)
    with pytest.raises(InvalidInput) as refused:
        ask(case, cast, cast.other_admin)
    assert "inget avtal" in refused.value.errors["performers"][0]
    with pytest.raises(InvalidInput) as refused:
        s.step(case, "assign", cast.region, performer=cast.admin.organisation_id)
    assert "inget avtal" in refused.value.errors["performer"][0]


def test_an_answer_after_the_last_day_before_the_clock_has_been_there(case, cast):
    inquiry = ask(case, cast, cast.admin)[cast.admin.organisation_id]
    late(inquiry)
    with pytest.raises(WrongState, match="Svarstiden gick ut"):
        accept(inquiry, cast.admin)


@pytest.mark.parametrize("day", ["2020-01-01", "2099-01-01", "", "snart"])
def test_a_start_that_cannot_be(case, cast, day):
    inquiry = ask(case, cast, cast.admin)[cast.admin.organisation_id]
    with pytest.raises(InvalidInput):
        answer(inquiry, "accept", cast.admin, earliest_start=day)


def test_one_at_a_time_is_one(case, cast):
    with pytest.raises(InvalidInput) as refused:
        ask(case, cast, cast.admin, cast.other_admin, way="ranked")
    assert "en utförare i taget" in refused.value.errors["performers"][0]
    ask(case, cast, cast.admin)
    with pytest.raises(InvalidInput):
        ask(case, cast, cast.admin)


def test_who_must_not_ask(case, cast):
    for actor in (cast.officer, cast.admin, cast.finance, cast.administrator):
        with pytest.raises((WrongRole, Assessment.DoesNotExist)):
            ask(case, cast, cast.admin, actor=actor)
    with pytest.raises(Assessment.DoesNotExist):
        ask(case, cast, cast.admin, actor=cast.skane)


def test_two_coordinators_choose(case, cast):
    asked = ask(case, cast, cast.admin, cast.other_admin)
    for inquiry, actor in zip(asked.values(), (cast.admin, cast.other_admin), strict=True):
        accept(inquiry, actor)
    first, second = asked.values()
    answer(first, "choose", cast.region)
    with at_work(cast.region_two), pytest.raises(LostRace):
        door.take("inquiry", second.pk, "choose", cast.region_two, None, seen=2)


def test_the_wall_and_the_filter_of_inquiries(case, cast):
    asked = ask(case, cast, cast.admin)
    own = {asked[cast.admin.organisation_id].pk}
    sees = {"officer", "team", "adviser", "controller", "attester", "region", "region_two", "finance"}
    sees |= {"admin", "physician", "physician_two"}
    for key, actor in cast.everyone().items():
        with at_work(actor):
            filtered = set(Inquiry.objects.visible_to(actor).values_list("pk", flat=True))
            behind = set(Inquiry.objects.values_list("pk", flat=True))
            assert not Assessment.objects.filter(pk=case.pk).exists() or key not in ("admin", "physician")
        assert filtered == behind == (own if key in sees else set()), key
