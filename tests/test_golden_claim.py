"""The door against the golden table of a claim: who may take which step where, where it leads, what it opens and closes."""

from pathlib import Path

import pytest
from django.utils import timezone

from accounts.actor import CLOCK
from accounts.models import Organisation
from fmu_portal.engine import door
from fmu_portal.engine.refusals import InvalidInput, Refused
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.models import Duty, Event
from reimbursement.models import Claim, Decision, Desk, Entry, Line, Remark
from reimbursement.opening import open_claim
from reimbursement.process import CLAIM
from tests import claims, situations
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("own_beginning")

LINES = [
    [cell.strip() for cell in line.split("|")]
    for line in Path(__file__).with_name("golden_claim.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
TABLE = {(row[0], row[1]): row[2:] for row in LINES}
BEGIN = {step: row for (at, step), row in TABLE.items() if at == "new"}
TAKEN = {key: row for key, row in TABLE.items() if key[0] != "new" and row[0] != "along"}
ALONG = {key: row for key, row in TABLE.items() if row[0] == "along"}
SITUATIONS = [at for at in dict.fromkeys(row[0] for row in LINES) if at != "new"] + ["paid", "refused"]
WHO = {"F": ["finance"], "R": ["region", "region_two"], "C": ["controller"], "A": ["attester"], "K": ["clock"]}


def people(cast):
    return {**cast.everyone(), "clock": CLOCK}


def allowed(letters):
    return [] if letters == "along" else [name for letter in letters for name in WHO[letter]]


def along(claim, step):
    """Take a step that only follows, as a batch's step does."""
    registered = PROCESSES["claim"]
    context = door.Context(registered, claim, CLOCK, CLAIM.steps[step], Event.objects.latest("pk").pk, timezone.now())
    return door.follow("claim", claim.pk, step, context)


def _set_aside(cast):
    claim = claims.proposed(cast)
    door.take("claim", claim.pk, "set_aside", cast.finance, {"reason": "Begärs inte"})
    return claim


def _holds(cast):
    claims.agreed(cast)
    return claims.submitted(cast)


def _asked(cast):
    claim = claims.submitted(cast)
    door.take("claim", claim.pk, "ask", cast.controller, {"version": claim.version, "text": "Varför?"})
    return claim


def _in_payment(cast):
    claim = claims.attested(cast)
    along(claim, "pay")
    return claim


def _paid(cast):
    claim = _in_payment(cast)
    along(claim, "settle")
    return claim


def _nothing(cast):
    return claims.decided(cast, "refuse", reason="Kostnaden är inte styrkt")


def _refused(cast):
    claim = _nothing(cast)
    door.take("claim", claim.pk, "attest_refusal", cast.attester, {"version": claim.version})
    return claim


MADE = {
    "proposed+nocost": claims.proposed,
    "proposed": lambda cast: claims.costs(claims.proposed(cast), cast),
    "set_aside": _set_aside,
    "submitted": claims.submitted,
    "submitted+holds": _holds,
    "asked": _asked,
    "decided": claims.decided,
    "decided+nothing": _nothing,
    "attested": claims.attested,
    "in_payment": _in_payment,
    "paid": _paid,
    "refused": _refused,
}


def make(situation, cast):
    return claims.fresh(MADE[situation](cast))


@pytest.fixture
def begun(request, once):
    """(situation, a claim in it): made once for the tests that begin there."""
    return request.param, once(request.param, lambda: make(request.param, Cast.load()))


def valid_input(step, claim):
    costs = {f"cost_{pk}": "18 000" for pk in Line.objects.filter(claim=claim, bar="").values_list("pk", flat=True)}
    return {"version": claim.version} | {
        "enter_costs": costs,
        "set_aside": {"reason": "Begärs inte"},
        "ask": {"text": "Varför?"},
        "answer": costs | {"text": "Därför"},
        "decide": claims.decision(claim),
        "send_back": {"reason": "Räkna om"},
        "correct": {"line": Line.objects.filter(claim=claim).first().pk, "amount": "18 000", "reason": "Fel belopp"},
    }.get(step, {})


def open_kinds(claim):
    return [d.kind for d in Duty.objects.open().filter(process="claim", subject_id=claim.pk).order_by("pk")]


def words(kinds):
    return [] if kinds == "-" else kinds.split()


@pytest.mark.parametrize("begun", SITUATIONS, indirect=True)
def test_who_may_take_which_step(begun, cast):
    situation, claim = begun
    duties = door.open_duties("claim", claim.pk)
    for name, actor in people(cast).items():
        steps = {step.name for step in door.available("claim", claims.fresh(claim), actor, duties)}
        assert steps == {step for (at, step), row in TABLE.items() if at == situation and name in allowed(row[0])}, name


@pytest.mark.parametrize(("begun", "step"), TAKEN, ids=[f"{a}-{b}" for a, b in TAKEN], indirect=["begun"])
def test_where_a_step_leads(begun, cast, step):
    situation, claim = begun
    who, status, opens, closes = TAKEN[situation, step]
    for actor in [people(cast)[name] for name in allowed(who)][-1:]:
        before = open_kinds(claim)
        event = door.take("claim", claim.pk, step, actor, valid_input(step, claim))
        assert claims.fresh(claim).status == status == event.to_status
        assert open_kinds(claim) == [kind for kind in before if kind not in words(closes)] + words(opens)
        closed = Duty.objects.filter(process="claim", subject_id=claim.pk, closed_by=event)
        assert [duty.kind for duty in closed] == words(closes)
        assert event.case_id is None


@pytest.mark.parametrize(("begun", "step"), ALONG, ids=[f"{a}-{b}" for a, b in ALONG], indirect=["begun"])
def test_where_a_step_leads_that_only_follows(begun, db, step):
    situation, claim = begun
    _, status, opens, closes = ALONG[situation, step]
    claim = claims.fresh(claim)
    before = open_kinds(claim)
    event = along(claim, step)
    assert claims.fresh(claim).status == status == event.to_status
    assert open_kinds(claim) == [kind for kind in before if kind not in words(closes)] + words(opens)


def _everything():
    return [m.objects.count() for m in (Event, Duty, Entry, Decision, Remark, Claim)] + list(
        Line.objects.order_by("pk").values_list("cost", "approved", "holds", "outcome")
    )


@pytest.mark.parametrize("begun", SITUATIONS, indirect=True)
def test_everything_else_is_refused_and_changes_nothing(begun, cast):
    situation, claim = begun
    before = _everything()
    for step in CLAIM.steps:
        given = valid_input(step, claim)
        for name, actor in people(cast).items():
            if (row := TABLE.get((situation, step))) is None or name not in allowed(row[0]):
                with pytest.raises(Refused) as refused:
                    door.take("claim", claim.pk, step, actor, given)
                assert not isinstance(refused.value, InvalidInput), (step, name)
    assert _everything() == before
    assert claims.fresh(claim).version == claim.version


OPENS = {
    "open_administration": {"year": 2026, "quarter": 1, "cost": "100 000"},
    "open_training": {"day": "2026-02-03", "physician_own": 2},
}


@pytest.mark.parametrize("step", OPENS)
def test_who_begins_a_claim_of_the_regions_own(cast, step):
    Desk.objects.create(region=None, office_id=cast.controller.organisation_id)
    who, status, opens, _ = BEGIN[step]
    for name, actor in cast.everyone().items():
        if name in allowed(who):
            claim = open_claim(step, actor, OPENS[step])
            assert (claims.fresh(claim).status, open_kinds(claim)) == (status, words(opens))
            assert claim.region_id == actor.organisation_id
        else:
            with pytest.raises(Refused):
                open_claim(step, actor, OPENS[step])
    assert Claim.objects.count() == len(allowed(who))


def test_the_clock_alone_proposes(cast):
    case = situations.delivered(cast)
    assert BEGIN["propose"][:2] == ["K", Claim.objects.get(assessment=case).status]
    for actor in cast.everyone().values():
        begun = Claim(kind="assessment", number="E-1999-00001", region_id=case.region_id, payable_on="2026-01-01")
        with pytest.raises(Refused):
            door.start("claim", begun, "propose", actor)
    assert Claim.objects.count() == 1


def test_the_table_names_every_step_and_status():
    assert {step for _, step in TABLE} == set(CLAIM.steps)
    assert {row[1] for row in TABLE.values()} == set(CLAIM.statuses) - {"new"}


def test_organisations_of_other_parties_are_never_told(cast):
    """A claim's notices go to the region and the examining office; no performer and no other office hears of it."""
    from fmu_portal.models import Outbox

    made = [make(situation, cast) for situation in ("asked", "decided", "attested")]
    assert made
    allowed_to_know = {cast.finance.organisation_id, cast.controller.organisation_id}
    rows = [row.payload for row in Outbox.objects.filter(kind="notice")]
    events = {row["event"] for row in rows}
    of_claims = set(Event.objects.filter(pk__in=events, process="claim").values_list("pk", flat=True))
    told = {org for row in rows if row["event"] in of_claims for org in row["organisations"]}
    assert told == allowed_to_know
    assert Organisation.objects.exclude(pk__in=allowed_to_know).exists()
