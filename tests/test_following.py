"""A new request that goes on from an ended case: linked, with what is known filled in, for the office alone."""

from __future__ import annotations

import re
from html import unescape

import pytest

from orders.drafts import load_draft
from orders.models import Assessment
from orders.replay import differences
from tests import situations as s
from tests.pages import browser


def text(answer):
    """The page's words, without tags and no-break spaces."""
    words = re.sub(r"<[^>]+>", "", answer.content.decode().split("<main", 1)[-1])
    return " ".join(unescape(words).split())


def moved(cast):
    return s.step(s.requested(cast), "end", cast.officer, cause="moved", reason="Har flyttat till Malmö")


def new_one(cast, case, actor=None):
    answer = browser(actor or cast.officer).post(f"/arenden/{case.number}/ny/")
    assert answer.status_code == 302, answer.status_code
    number = answer["Location"].split("/arenden/")[1][:11]
    return Assessment.objects.get(number=number)


def test_whoever_has_moved_gets_a_new_request_without_the_old_place(cast):
    case = moved(cast)
    page = browser(cast.officer).get(f"/arenden/{case.number}/")
    assert "Personen har flyttat. En ny begäran går till regionen där personen bor nu." in text(page)
    later = new_one(cast, case)
    assert later.follows_id == case.pk
    assert later.status == "draft"
    known = load_draft(later, cast.officer, "request")
    assert known is not None
    assert known["name"] == s.NAME
    assert known["personnummer"].replace("-", "")[-10:] == s.PERSONNUMMER.replace("-", "")[-10:]
    assert known["special_needs"] == "Hörselslinga"
    assert "address" not in known
    assert "municipality" not in known
    form = browser(cast.officer).get(f"/arenden/{later.number}/steg/request/").content.decode()
    assert s.NAME in form
    assert list(differences(later.pk)) == []


def test_one_that_was_ended_by_mistake_goes_on_with_everything(cast):
    case = s.withdrawn(cast)
    later = new_one(cast, case)
    known = load_draft(later, cast.officer, "request")
    assert known is not None
    sent = s.step(later, "request", cast.officer, **{name: known[name] for name in known})
    assert (sent.status, sent.municipality_id, sent.region_id) == ("requested", "0180", case.region_id)
    assert f"Fortsätter i ärende {later.number}" in text(browser(cast.officer).get(f"/arenden/{case.number}/"))
    assert f"fortsätter från ärende {case.number}" in text(browser(cast.team).get(f"/arenden/{later.number}/"))
    assert case.number not in text(browser(cast.region).get(f"/arenden/{later.number}/"))
    assert s.fresh(case).status == "withdrawn", "the history of the one that ended stays"


def test_a_protected_person_is_filled_in_by_hand(cast):
    case = s.requested(cast, protection="marked")
    case = s.step(case, "end", cast.officer, cause="nobody_can", reason="Ingen kan")
    known = load_draft(new_one(cast, case), cast.officer, "request")
    assert known is not None
    assert not {"name", "personnummer", "address", "municipality"} & set(known)


def test_it_goes_on_only_from_an_ended_case_of_the_own_office(cast):
    going_on = s.requested(cast)
    assert browser(cast.officer).post(f"/arenden/{going_on.number}/ny/").status_code == 409
    case = moved(cast)
    before = Assessment.objects.count()
    assert browser(cast.stranger_officer).post(f"/arenden/{case.number}/ny/").status_code == 404
    for actor in (cast.region, cast.controller, cast.adviser):
        assert browser(actor).post(f"/arenden/{case.number}/ny/").status_code == 403
    assert Assessment.objects.count() == before


@pytest.mark.parametrize("column", ["follows_id"])
def test_the_link_is_not_changed_afterwards(cast, column):
    from django.db import transaction
    from django.db.utils import ProgrammingError

    from tests.roles import at_work

    case = moved(cast)
    later = new_one(cast, case)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), at_work(cast.officer):
        Assessment.objects.filter(pk=later.pk).update(**{column: None})
