"""A query written once asks the same as one written anew, for everybody, each time with its own values."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Mandate, User
from accounts.written import Written
from fmu_portal.prepared import Prepared, together
from orders import access, readings
from orders.models import Assessment, Unlocking
from tests import situations as s
from tests.test_access_walk import cases  # noqa: F401 - a fixture


def test_the_case_is_found_by_whom_the_written_out_query_finds_it_for(cast):
    for make in (s.draft, s.requested, s.in_progress):
        case = make(cast)
        seen = set()
        for _ in range(2):  # the second time nothing is written anew
            for name, actor in cast.everyone().items():
                wanted = Assessment.objects.reachable_by(actor).filter(number=case.number).exists()
                try:
                    found = access.get_case(actor, case.number)
                except Http404:
                    assert not wanted, name
                    continue
                assert wanted, name
                assert found == case
                with CaptureQueriesContext(connection) as captured:
                    assert found.agency_office.name == "Kontoret Ett"
                assert not captured, "the parties come along"
                seen.add(name)
        assert {"officer", "team"} <= seen
        assert "administrator" not in seen


def test_what_was_opened_with_a_reason_shuts_by_itself(cast):
    case, actor = s.requested(cast), cast.stranger_officer

    def opened(until):
        Unlocking.objects.create(assessment=case, mandate_id=actor.mandate_id, reason="Ringer", until=until)

    opened(timezone.now())
    with pytest.raises(Http404):
        access.get_case(actor, case.number)
    until = timezone.now() + timedelta(seconds=1)
    opened(until)
    while timezone.now() < until:  # the query's own moment, not that at which it was written
        time.sleep(0.1)
    with pytest.raises(Http404):
        access.get_case(actor, case.number)
    opened(timezone.now() + timedelta(hours=1))
    assert access.get_case(actor, case.number) == case


def test_what_is_asked_together_is_what_is_asked_apart(cast, cases):  # noqa: F811
    """Everybody × every case × everything that the page reads: the same objects, field by field, in one query."""
    kinds = set()
    for case in cases.values():
        for name, actor in cast.everyone().items():
            try:
                access.get_case(actor, case.number)
            except Http404:
                continue
            today = timezone.localdate()
            apart = {reading: [*ask(actor, case, today)] for reading, ask in readings.by_name().items()}
            with CaptureQueriesContext(connection) as captured:
                together = readings.read(actor, case)
            assert len(captured) == 1
            assert together.keys() == apart.keys()
            for reading, rows in apart.items():
                assert [_all_of(row) for row in together[reading]] == [_all_of(row) for row in rows], (name, reading)
                kinds |= {reading} if rows else set()
    assert kinds >= {"duties", "events", "versions", "notes", "enclosures"}


def _all_of(row):
    """A row's values by name, and those of the rows that came with it."""
    values = {key: value for key, value in row.__dict__.items() if key != "_state"}
    values = {key: bytes(value) if isinstance(value, memoryview) else value for key, value in values.items()}
    return values, {name: _all_of(other) for name, other in row._state.fields_cache.items() if other is not None}


def test_a_reading_asks_of_the_case_nothing_but_its_id(cast):
    with pytest.raises(Assessment.DoesNotExist):
        assert readings._only(1).ordered_on


def test_every_kind_of_column_comes_back_out_of_json_as_the_driver_gives_it(cast, cases):  # noqa: F811
    """All rows of all tables that the situations fill."""
    for model in apps.get_models():
        rows = [*model._default_manager.order_by("pk")]
        got = together({"rows": Prepared(lambda model=model: model._default_manager.order_by("pk")).asked()})["rows"]
        assert [_all_of(row) for row in got] == [_all_of(row) for row in rows], model


def test_each_call_has_its_own_values_and_one_query(cast):
    by_name = Prepared(lambda name: User.objects.filter(username=name).order_by("pk"), name=str)
    for username in ("officer", "team", "officer"):
        with CaptureQueriesContext(connection) as captured:
            found = by_name.one(name=username)
        assert found is not None
        assert found.username == username
        assert len(captured) == 1
    assert by_name.one(name="'; --") is None


def test_who_is_at_no_organisation_finds_nothing(cast):
    """The controller's queries name no organisation: all that has been requested is theirs to see."""
    s.requested(cast)
    everything = Written(Assessment.objects.visible_to)
    assert everything.rows(cast.controller)
    assert everything.rows(replace(cast.controller, organisation_id=0)) == []


def test_values_and_lists_are_asked_for_too(cast):
    names = Prepared(
        lambda ids: User.objects.filter(pk__any_of=ids).order_by("pk").values_list("username", "pk"), ids=list
    )
    users = [*User.objects.order_by("pk")[:3]]
    for some in (users, users[1:2], []):
        asked = names.asked(ids=[user.pk for user in some])
        assert asked is not None
        assert [*asked.tuples()] == [(user.username, user.pk) for user in some]


def test_a_value_that_the_query_does_not_ask_for_is_noticed(cast):
    forgetful = Prepared(lambda name: Mandate.objects.filter(pk=1), name=str)
    with pytest.raises(AssertionError, match="does not ask"):
        forgetful.one(name="x")


def test_a_query_that_finds_nothing_asks_nothing(cast):
    with CaptureQueriesContext(connection) as captured:
        assert Prepared(lambda pk: Mandate.objects.none().filter(pk=pk), pk=int).one(pk=1) is None
    assert not captured
