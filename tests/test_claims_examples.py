"""The worked examples of tests/golden_claims.toml: each line, its ceiling, what is payable and what every check says."""

from __future__ import annotations

from datetime import date

import pytest

from reimbursement.ceilings import Ceilings
from reimbursement.checks import CHECKS, Seen
from reimbursement.lines import proposal
from reimbursement.models import Bar, Claim, Line
from reimbursement.models.claim import EXAMINATIONS
from reimbursement.years import most_of
from tests import claim_examples as examples

pytestmark = pytest.mark.django_db


def said(answers):
    """What the checks say, as the table writes it."""
    worse = {
        verdict: [name for name, answer in answers if answer.verdict == verdict] for verdict in ("stops", "person")
    }
    words = [f"{verdict} {', '.join(names)}" for verdict, names in worse.items() if names]
    return "; ".join(words) or "all hold"


def row(line, answers):
    """A line as the table writes it."""
    kind = f"training {line.profession}" if line.kind == "training" else str(line.kind)
    if line.bar:
        return f"{kind} | {examples.written(line.ceiling)} | {line.payable} | barred: {Bar(line.bar).value}"
    most = None if line.payable is None else most_of(line.claim, line) if line.claim_id else line.payable
    paid = "not entered" if most is None else examples.written(most)
    return f"{kind} | {examples.written(line.ceiling)} | {paid} | {said(answers)}"


def sorted_names(rows):
    """The checks of a row in one order: which comes first says nothing."""
    found = []
    for text in rows:
        head, _, words = text.rpartition(" | ")
        parts = []
        for part in words.split("; "):
            verdict, _, names = part.partition(" ")
            known = verdict in ("person", "stops")
            parts.append(f"{verdict} {', '.join(sorted(names.split(', ')))}" if known else part)
        found.append(f"{head} | {'; '.join(sorted(parts))}")
    return found


@pytest.mark.parametrize(
    "example", [e for _, e in examples.OF_CASES], ids=[f"{n}-{e['title'][:50]}" for n, e in examples.OF_CASES]
)
def test_an_assessment(example):
    found = examples.of_case(example)
    assert sorted_names(row(line, answers) for line, answers in found) == sorted_names(example["lines"])
    for line, answers in found:
        assert line.holds is (line.bar == "")
        assert len({name for name, _ in answers}) == len(answers)
        if example.get("extended_after") and not line.bar:
            assert line.event_id == 30, "it rests on the deferral that made it punctual"


@pytest.mark.parametrize(
    ("kind", "example"),
    [(k, e) for _, k, e in examples.OF_REGIONS],
    ids=[f"{n}-{e['title'][:50]}" for n, _, e in examples.OF_REGIONS],
)
def test_a_claim_of_the_regions_own(kind, example):
    found = examples.of_region(kind, example)
    if "refused" in example:
        assert found == {example["refused"]}
    else:
        assert sorted_names(row(line, answers) for line, answers in found) == sorted_names(example["lines"])


def test_there_are_enough_and_every_check_is_seen_not_to_hold():
    """At least sixty; and each check stops or asks a person in one of them, else it might as well not be there."""
    assert len(examples.NUMBERED) >= 60
    words = " ".join(line for _, _, example in examples.NUMBERED for line in example.get("lines", ()))
    unseen = {name for name in CHECKS if name not in words}
    # Three that a proposal cannot show, since it would not hold such a line: they look at what has changed since.
    assert unseen == {"received_in_time", "missed_visit", "once_a_quarter"}
    assert {f"{kind} |" in words for kind in EXAMINATIONS} == {True}
    for bar in Bar:
        assert not bar.value or f"barred: {bar.value}" in words


def test_every_example_has_its_paragraph():
    for number, _, example in examples.NUMBERED:
        assert (
            "§" in example["law"]
            or "provision" in example["law"]
            or "own check" in example["law"]
            or "FKFS" in (example["law"])
        ), number
        assert ("lines" in example) != ("refused" in example), number


def test_the_page_is_made_from_the_table():
    from pathlib import Path

    from reimbursement.claims_page import page

    found = (Path(__file__).resolve().parent.parent / "docs" / "reimbursement.md").read_text()
    assert found == page(), "run: manage.py claims_doc > docs/reimbursement.md"
    assert all(f"`{name}`" in found for name in CHECKS)


# Three checks look at what has changed since a line was proposed: facts straight in.


def seen(**changed):
    example = {"visits": [{"who": "physician", "day": date(2026, 4, 7), "went": "no_show"}]} | changed
    case = examples.facts(example)
    found = proposal(case, Ceilings())
    claim = Claim(kind="assessment", region_id=case.region_id, year=2026, quarter=1)
    return case, claim, {str(line.kind): line for line in found.lines}


def test_a_report_that_is_late_now_stops_a_claim_from_before():
    case, claim, lines = seen()
    line = lines["physician"]
    assert CHECKS["received_in_time"].function(Seen(claim, line, case)).verdict == "holds"
    case.delivered_late = True
    assert CHECKS["received_in_time"].function(Seen(claim, line, case)).verdict == "stops"
    case.delivered_late, case.delivered_on = None, None
    assert CHECKS["received_in_time"].function(Seen(claim, line, case)).verdict == "stops"
    assert CHECKS["received_in_time"].function(Seen(claim, line, None)).verdict == "stops"


def test_a_visit_that_is_no_longer_missed_stops_its_line():
    case, claim, lines = seen()
    line = lines["no_show"]
    assert CHECKS["missed_visit"].function(Seen(claim, line, case)).verdict == "holds"
    case.visits.clear()
    assert CHECKS["missed_visit"].function(Seen(claim, line, case)).verdict == "stops"


def test_a_second_claim_of_a_quarter_stops():
    _, claim, _ = seen()
    line = Line(kind="administration")
    assert CHECKS["once_a_quarter"].function(Seen(claim, line, None)).verdict == "holds"
    twice = Seen(claim, line, None, quarter_twins=["E-2026-00009"])
    assert CHECKS["once_a_quarter"].function(twice).verdict == "stops"
