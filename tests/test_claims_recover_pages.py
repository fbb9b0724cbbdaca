"""The pages and the API of recoveries, interest records and payment control: as the web, behind the walls."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from reimbursement import books, control
from reimbursement.models import ControlPeriod, InterestRule, Recovery, ReferenceRate, Remark, Review
from tests import claims, payments, roles
from tests import recoveries as r
from tests.pages import browser
from tests.test_claims_pay_pages import api, post, text

pytestmark = pytest.mark.django_db

LIST, RATES, CONTROL = "/ersattning/aterkrav/", "/ersattning/rantor/", "/ersattning/kontroll/"
MONEY, REGION = ("controller", "attester"), ("region", "region_two", "finance")


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def iso(day):
    return day.isoformat()


def test_whole_way_on_pages(cast, django_assert_max_num_queries):
    """The controller opens and decides, the attester attests, the region announces, the controller registers."""
    r.rules(cast)
    claim = r.paid(cast, on=r.days_ago(73))
    controller, attester, finance = browser(cast.controller), browser(cast.attester), browser(cast.finance)
    page = f"/ersattning/begaran/{claim.pk}/"
    assert f"{page}aterkrav/" in controller.get(page).content.decode()
    for other in (attester, finance, browser(cast.region)):
        assert f"{page}aterkrav/" not in other.get(page).content.decode()
    assert "Kan krävas tillbaka 18 400 kr" in text(controller.get(f"{page}aterkrav/"))
    answers = {"line": "0", "wrong": "1 000", "reason": "Hemligt för regionen"}
    assert "Högst 18 400 kr" in text(post(controller, f"{page}aterkrav/", 422, **answers | {"wrong": "18 401"}), 422)
    url = post(controller, f"{page}aterkrav/", **answers)["Location"]
    recovery = Recovery.objects.get()
    assert url == f"{LIST}{recovery.pk}/"
    with django_assert_max_num_queries(18):
        assert "Hemligt för regionen" in text(controller.get(url))
    assert "Det gör den som är" not in text(controller.get(url)), "the task is the controller's own"
    assert "Besluta om återkrav senast" in text(attester.get(url))
    assert "Det gör den som är controller hos er." in text(attester.get(url))
    form = text(controller.get(f"{url}steg/decide/"))
    assert "Ränta på hela beloppet, om du beslutar i dag" in form
    assert "10,00 %" in form
    due = iso(r.decision(recovery)["due_on"])
    decision = {
        "version": recovery.version,
        "extent": "full",
        "reason": "Fel pris",
        "interest": "full",
        "set_off": "nej",
    }
    decision |= {"due_on": due, "demand": "", "interest_amount": "", "interest_reason": ""}
    check = text(post(controller, f"{url}steg/decide/", 200, **decision))
    assert "1 020 kr, varav ränta 20 kr" in check
    post(controller, f"{url}steg/decide/", **decision, gor="skicka")
    assert finance.get(url).status_code == 404, "the region learns of it when it is demanded"
    assert "Ingen" in text(finance.get(LIST)) or "Inga återkrav" in text(finance.get(LIST))
    assert "Så är räntan beräknad" in text(attester.get(f"{url}steg/attest/"))
    post(attester, f"{url}steg/attest/", version=r.fresh(recovery).version)
    with django_assert_max_num_queries(16):
        assert recovery.number in text(finance.get(LIST))
    seen = text(finance.get(url))
    assert "Fel pris" in seen
    assert "Hemligt för regionen" not in seen
    assert "Carl Controller" not in seen
    assert "överklaga" in seen
    post(finance, f"{url}steg/announce/", amount="1 020", day=iso(timezone.localdate()), text="Bankgiro")
    assert "Bankgiro" in text(controller.get(url))
    payment = {"version": r.fresh(recovery).version, "amount": "1 020", "day": iso(timezone.localdate())}
    post(controller, f"{url}steg/register_repayment/", **payment)
    assert "Reglerat" in text(controller.get(url))
    assert "Återbetalt av regionen" in text(finance.get(url))
    assert recovery.number in text(controller.get(page))
    assert recovery.number in text(finance.get(page))
    assert books.balance(recovery.pk) == 0


def test_wrong_state_and_stale_have_their_pages(cast):
    recovery = r.opened(cast)
    url = f"{LIST}{recovery.pk}/"
    controller, attester = browser(cast.controller), browser(cast.attester)
    assert attester.get(f"{url}steg/attest/").status_code == 409
    assert controller.get(f"{url}steg/settle/").status_code == 404, "only another step takes it along"
    assert controller.get(f"{url}steg/finns-inte/").status_code == 404
    answers = {**r.decision(recovery), "version": recovery.version - 1, "gor": "skicka"}
    assert "har ändrats" in text(post(controller, f"{url}steg/decide/", 409, **answers), 409)
    claim = claims.attested(cast)
    assert "utbetald" in text(controller.get(f"/ersattning/begaran/{claim.pk}/aterkrav/"), 409)
    assert controller.get(f"/ersattning/begaran/{claims.proposed(cast).pk}/aterkrav/").status_code == 404


@pytest.mark.parametrize("status", ["opened", "demanded"])
def test_who_gets_to_a_recovery(cast, status):
    recovery = r.opened(cast) if status == "opened" else r.demanded(cast)
    for name, actor in cast.everyone().items():
        client = browser(actor)
        mine = name in MONEY or (name in REGION and status == "demanded")
        for url, base in ((f"{LIST}{recovery.pk}/", LIST), (f"/api/v1/recoveries/{recovery.pk}/", "")):
            if base:
                answer = client.get(url)
                listed = client.get(base)
                assert listed.status_code == (200 if name in (*MONEY, *REGION, "skane") else 403), name
                assert (recovery.number in listed.content.decode()) == mine, name
            else:
                continue
            want = 200 if mine else 404 if name in (*REGION, "skane") else 403
            assert answer.status_code == want, (name, url)


def test_the_wall_says_the_same(cast):
    recovery = r.decided(cast)
    for name, actor in cast.everyone().items():
        with roles.at_work(actor):
            found = Recovery.objects.filter(pk=recovery.pk).exists()
            written = Remark.objects.filter(process="recovery").exists()
        assert found == (name in MONEY), name
        assert written == (name in MONEY), name


def test_recoveries_by_the_api(cast):
    r.rules(cast)
    claim = r.paid(cast, on=r.days_ago(73))
    controller, attester, finance = api(cast.controller), api(cast.attester), api(cast.finance)
    fields = controller(f"claims/{claim.pk}/steps/open_recovery/")
    assert [field["name"] for field in fields["inputs"]] == ["line", "wrong", "reason"]
    opened = controller(
        f"claims/{claim.pk}/steps/open_recovery/", {"line": 0, "wrong": "1 000", "reason": "Fel pris"}, 201
    )  # fmt: skip
    assert (opened["status"], opened["wrong"], opened["demand"]) == ("opened", 100_000, None)
    url = f"recoveries/{opened['id']}/"
    due = iso(r.decision(Recovery.objects.get())["due_on"])
    body = {"version": opened["version"], "extent": "full", "reason": "Fel pris", "interest": "full", "set_off": True}
    wrong = controller(f"{url}steps/decide/", body | {"due_on": "2020-01-01"}, 422)
    assert "due_on" in wrong["errors"]
    attester(f"{url}steps/decide/", body | {"due_on": due}, 403)
    decided = controller(f"{url}steps/decide/", body | {"due_on": due})
    assert (decided["interest"], decided["steps"]) == (2_000, [])
    assert [p["rate"] for p in decided["interest_periods"]] == ["10,00 %"]
    finance(url, status=404)
    attester(f"{url}steps/attest/", {"version": 1}, 409)
    demanded = attester(f"{url}steps/attest/", {"version": decided["version"]})
    assert demanded["left"] == 102_000
    assert [row["number"] for row in finance("recoveries/?status=demanded")["results"]] == [demanded["number"]]
    assert finance("recoveries/?status=settled")["results"] == []
    assert "status" in finance("recoveries/?status=annat", status=422)["errors"]
    assert api(cast.skane)("recoveries/")["results"] == []
    api(cast.officer)("recoveries/", status=403)
    body = {"version": demanded["version"], "amount": "1 020", "day": iso(timezone.localdate())}
    settled = controller(f"{url}steps/register_repayment/", body)
    assert (settled["status"], settled["left"]) == ("settled", 0)
    assert [entry["kind"] for entry in settled["entries"]] == ["recovery", "interest", "repaid"]


def test_set_off_settles_when_the_payment_is_confirmed_and_comes_back_when_it_is_cancelled(cast):
    from reimbursement import paying
    from reimbursement.models import Batch

    payments.account(cast)
    recovery = r.demanded(cast)
    claims.attested(cast)
    region = recovery.region_id
    (batch,) = paying.make_batches(cast.attester, [region]).batches
    assert (batch.set_off, books.balance(recovery.pk)) == (100_000, 0)
    assert r.fresh(recovery).status == "demanded", "the payment may still be cancelled"
    from fmu_portal.engine import outbox

    outbox.work()
    payments.step(batch, "fail", cast, cause="account")
    payments.step(batch, "cancel", cast, reason="Kontot finns inte")
    assert books.balance(recovery.pk) == 100_000
    again = Batch.objects.exclude(status="cancelled").order_by("pk").last()
    if again is None or again.status != "created":
        (again,) = paying.make_batches(cast.attester, [region]).batches
    outbox.work()
    payments.step(again, "confirm", cast, paid_on=iso(timezone.localdate()))
    assert (r.fresh(recovery).status, books.balance(recovery.pk)) == ("settled", 0)
    page = text(browser(cast.finance).get(f"{LIST}{recovery.pk}/"))
    assert "Kvittat mot återkrav" in page


# The records of interest.


def record(**more):
    answers = {"slag": "referensranta", "referensranta-valid_from": "2026-07-01", "referensranta-rate": "2,25"}
    return {**answers, "referensranta-source": "Påhittad", **more}


def test_only_the_administrator_adds_and_always_with_a_source(cast):
    administrator = browser(cast.administrator)
    assert "Räntelagens text finns inte i portalen" in text(administrator.get(RATES))
    assert "Ingen ränta beräknas" in text(administrator.get(RATES))
    post(administrator, RATES, 422, **record(**{"referensranta-source": ""}))
    for typed in ("2,255", "-", "två", "101"):
        post(administrator, RATES, 422, **record(**{"referensranta-rate": typed}))
    assert not ReferenceRate.objects.exists()
    post(administrator, RATES, **record())
    post(administrator, RATES, **record(**{"referensranta-valid_from": "2020-01-01", "referensranta-rate": "−0,5 %"}))
    assert list(ReferenceRate.objects.order_by("valid_from").values_list("rate", "mandate_id")) == [
        (-50, cast.administrator.mandate_id), (225, cast.administrator.mandate_id),
    ]  # fmt: skip
    rule = {"valid_from": "2020-01-01", "margin": "8", "starts_from": "paid", "after_days": "0", "days_of_year": "365"}
    post(administrator, RATES, 422, slag="regel", **{f"regel-{name}": value for name, value in rule.items()})
    rule["source"] = "Påhittad"
    post(administrator, RATES, slag="regel", **{f"regel-{name}": value for name, value in rule.items()})
    assert InterestRule.objects.get().margin == 800
    assert "2,25 %" in text(browser(cast.finance).get(RATES))
    for name, actor in cast.everyone().items():
        client = browser(actor)
        reads = name in (*MONEY, *REGION, "skane", "administrator")
        assert client.get(RATES).status_code == (200 if reads else 403), name
        if name != "administrator":
            assert client.post(RATES, record()).status_code == 403, name
    assert ReferenceRate.objects.count() == 2


def test_a_slip_is_mended_by_one_more(cast):
    administrator = browser(cast.administrator)
    post(administrator, RATES, **record(**{"referensranta-valid_from": "2020-01-01", "referensranta-rate": "22,5"}))
    post(administrator, RATES, **record(**{"referensranta-valid_from": "2020-01-01"}))
    page = text(administrator.get(RATES))
    assert "Ersatt av en nyare uppgift" in page
    from reimbursement.interest import from_records

    InterestRule.objects.create(
        valid_from=date(2020, 1, 1), margin=775, starts_from="paid", source="x", mandate_id=cast.administrator.mandate_id
    )  # fmt: skip
    day = date(2026, 1, 1)
    found = from_records(100_000, paid_on=day, decided_on=day.replace(year=2027), due_on=day.replace(year=2027))
    assert found.amount == 10_000, "2,25 + 7,75 per cent in a year"


# Payment control.


def test_whole_control_on_pages(cast, django_assert_max_num_queries):
    last_month = timezone.localdate().replace(day=1) - r.ONE
    r.paid(cast, on=last_month, confirmed=last_month)
    controller, second = browser(cast.controller), browser(r.colleague(cast))
    assert "är slut" in text(controller.get(CONTROL))
    assert browser(cast.attester).post(CONTROL).status_code == 403
    post(controller, CONTROL)
    post(controller, CONTROL)
    period, review = ControlPeriod.objects.get(), Review.objects.get()
    with django_assert_max_num_queries(16):
        page = text(controller.get(f"{CONTROL}{period.pk}/"))
    assert period.seed in page
    assert "Slumpmässigt urval" in page
    assert "Ingen i urvalet är kontrollerad än" in page
    url = f"{CONTROL}granskning/{review.pk}/"
    with django_assert_max_num_queries(18):
        assert "En annan controller kontrollerar" in text(controller.get(url))
    assert controller.get(f"{url}steg/find_right/").status_code == 409
    assert "Hur stort är felet" in text(post(second, f"{url}steg/find_wrong/", 422, text="x"), 422)
    post(second, f"{url}steg/find_wrong/", error="150,50", text="Fel pris")
    page = text(controller.get(f"{CONTROL}{period.pk}/?vy=fel"))
    assert "Cilla Controller" in page
    assert "150,50 kr" in page
    assert "100,0 % (95 % konfidensintervall 20,7–100,0 %)" in page
    assert "Att följa upp 1" in page
    post(second, f"{url}steg/follow_up/", reason="Återkrav beslutat")
    assert "Att följa upp 0" in text(controller.get(f"{CONTROL}{period.pk}/"))
    assert "Återkrav beslutat" in text(browser(cast.attester).get(url))
    assert text(controller.get(f"{CONTROL}{period.pk}/?vy=granska")).count("Inga utbetalningar här") == 1


def test_control_is_the_agency_s_own(cast):
    review = r.selected(cast)
    urls = [CONTROL, f"{CONTROL}{review.period_id}/", f"{CONTROL}granskning/{review.pk}/"]
    for name, actor in cast.everyone().items():
        for url in urls:
            assert browser(actor).get(url).status_code == (200 if name in MONEY else 403), (name, url)
        with roles.at_work(actor):
            assert Review.objects.exists() == (name in MONEY), name
            assert ControlPeriod.objects.exists() == (name in MONEY), name


def test_control_by_the_api(cast):
    last_month = timezone.localdate().replace(day=1) - r.ONE
    r.paid(cast, on=last_month, confirmed=last_month)
    controller, second = api(cast.controller), api(r.colleague(cast))
    api(cast.attester)("control-periods/", {}, 403)
    assert controller("control-periods/", {"x": 1}, 422)["errors"].keys() == {"x"}
    assert controller("control-periods/", {})["selected"] == 1
    assert controller("control-periods/", {})["selected"] == 0
    (period,) = controller("control-periods/")["results"]
    assert (period["population"], period["sampled"], period["low"]) == (1, 1, None)
    (review,) = controller(f"reviews/?period={period['id']}")["results"]
    assert controller("reviews/?period=999999")["results"] == []
    controller("reviews/?period=x", status=422)
    assert review["payment"] in control.sample(period["seed"], [review["payment"]], period["share"])
    url = f"reviews/{review['id']}/"
    assert controller(url)["steps"] == []
    assert second(url)["steps"] == ["find_right", "find_wrong"]
    controller(f"{url}steps/find_right/", {}, 409)
    assert second(f"{url}steps/find_wrong/", {"error": "5", "text": "x"})["error"] == 500
    assert controller(f"control-periods/{period['id']}/")["errors"] == 1
    controller("control-periods/999999/", status=404)
    for name in ("finance", "officer", "administrator"):
        api(getattr(cast, name))("reviews/", status=403)
        api(getattr(cast, name))(url, status=403)
