"""The pages and the API of payments, the account and the statement: as the web, behind the walls."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from accounts.models import ApiKey, Mandate
from fmu_portal.engine import outbox
from orders.models import Recusal
from reimbursement import accounts, statements
from reimbursement.models import Batch, Claim, Entry
from tests import claims, payments
from tests.pages import browser

pytestmark = pytest.mark.django_db
LIST = "/ersattning/utbetalningar/"


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def text(answer, status=200):
    assert answer.status_code == status, answer.content.decode()[:600]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode().replace("\N{NO-BREAK SPACE}", " ")))


def api(actor):
    key = ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id))
    client = browser(actor)

    def call(url, body=None, status=200):
        headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
        url = url if url.startswith("/") else f"/api/v1/{url}"
        if body is None:
            answer = client.get(url, **headers)
        else:
            answer = client.post(url, body, content_type="application/json", **headers)
        assert answer.status_code == status, answer.content.decode()
        return answer.json()

    return call


def post(client, url, status=302, **data):
    answer = client.post(url, data)
    assert answer.status_code == status, text(answer, answer.status_code)[:1500]
    return answer


def test_whole_way_on_pages(cast, django_assert_max_num_queries):
    """Account, approval, batch, file, failure, again, confirmation, statement: each as its own person."""
    finance, attester = browser(cast.finance), browser(cast.attester)
    region = cast.finance.organisation_id
    claims.attested(cast)
    assert "Inget godkänt konto" in text(attester.get(LIST))
    assert "Kontrollsiffran" in text(post(finance, "/ersattning/konto/", 422, number="5050-1056"), 422)
    post(finance, "/ersattning/konto/", number="50501055")
    assert "Väntar på godkännande" in text(finance.get("/ersattning/konto/"))
    assert "Konton att godkänna" in text(attester.get(LIST))
    entered = accounts.newest(region)
    post(attester, f"/ersattning/konto/{region}/", konto=entered.pk)
    page = text(attester.get(LIST))
    assert "Konton att godkänna" not in page
    assert "18 400 kr" in page
    answer = post(attester, f"{LIST}skapa/", region=region)
    batch = Batch.objects.get()
    url = f"{LIST}{batch.pk}/"
    assert answer["Location"] == url
    outbox.work()
    with django_assert_max_num_queries(16):
        assert "Bekräfta utbetalningen" in text(attester.get(url))
    with django_assert_max_num_queries(16):
        attester.get(LIST)
    version = payments.fresh(batch).version
    post(attester, f"{url}steg/fail/", version=version, cause="account", text="Kontot är avslutat")
    assert "Kontot är avslutat" in text(finance.get(url))
    assert "Kontrollera att ert konto stämmer" in text(finance.get(url))
    post(attester, f"{url}steg/retry/", version=payments.fresh(batch).version)
    outbox.work()
    today = timezone.localdate().isoformat()
    step = f"{url}steg/confirm/"
    version = payments.fresh(batch).version
    assert "Kontrollera dina uppgifter" in text(post(attester, step, 200, version=version, paid_on=today))
    post(attester, step, version=version, paid_on=today, gor="skicka")
    assert "Bekräftad" in text(finance.get(url))
    assert text(attester.post(step, {"version": version, "paid_on": today, "gor": "skicka"}), 409)
    year = timezone.localdate().year
    with django_assert_max_num_queries(14):
        page = text(finance.get(f"/ersattning/kontoutdrag/{year}/"))
    for words in (
        "18 400 kr",
        "−18 400 kr",
        "Beslutad ersättning",
        "Utbetalt",
        "11 § första stycket",
        "15 §",
        "Läkare",
    ):
        assert words in page, words
    assert "Välj en region" in text(attester.get(f"/ersattning/kontoutdrag/{year}/"))
    assert "−18 400 kr" in text(attester.get(f"/ersattning/kontoutdrag/{year}/?region={region}"))


def test_statement_as_a_file_and_by_key(cast, monkeypatch):
    payments.confirmed(cast, 2)
    monkeypatch.setattr(statements, "PAGE", 3)
    year = timezone.localdate().year
    url = f"/ersattning/kontoutdrag/{year}/"
    finance = browser(cast.finance)
    first = finance.get(url)
    following = re.search(r'href="(\?efter=[^"]+)"[^>]*rel="next"', first.content.decode())[1]
    second = finance.get(url + following).content.decode()
    posts = [re.findall(r"Post (\d+)", page) for page in (first.content.decode(), second)]
    assert posts == [[str(pk) for pk in part] for part in (ids()[:3], ids()[3:])]
    answer = finance.get(f"{url}fil/")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = answer.content.decode("utf-8-sig").split("\r\n")
    assert rows[1] == "Ingående saldo;0,00"
    assert rows[-2] == "Utgående saldo;0,00"
    assert sum(";-18400,00;" in row for row in rows) == 2
    at = timezone.localtime(Entry.objects.get(pk=ids()[0]).event.at)
    assert rows[3].split(";")[11] == f"{at:%Y-%m-%d %H:%M:%S}", "Swedish time"


def ids():
    return list(Entry.objects.order_by("day", "id").values_list("pk", flat=True))


def test_opening_is_what_the_years_before_closed_with(cast):
    claims.attested(cast)
    year = timezone.localdate().year
    region = cast.finance.organisation_id
    before, after = statements.statement(region, year), statements.statement(region, year + 1)
    assert (before.opening, before.closing, after.opening, after.closing) == (0, 1_840_000, 1_840_000, 1_840_000)


def test_another_region_and_others_see_nothing(cast):
    batch = payments.confirmed(cast)
    year = timezone.localdate().year
    region = cast.finance.organisation_id
    skane = browser(cast.skane)
    assert skane.get(f"{LIST}{batch.pk}/").status_code == 404
    assert skane.get(f"/ersattning/konto/{region}/").status_code == 404
    assert batch.number not in text(skane.get(LIST))
    assert "18 400" not in text(skane.get(f"/ersattning/kontoutdrag/{year}/?region={region}"))
    for who in ("officer", "team", "adviser", "admin", "physician", "administrator"):
        client = browser(getattr(cast, who))
        for url in (LIST, f"{LIST}{batch.pk}/", "/ersattning/konto/", f"/ersattning/kontoutdrag/{year}/"):
            assert client.get(url).status_code in (403, 404), (who, url)
    for who in ("controller", "region", "finance"):
        client = browser(getattr(cast, who))
        assert client.get(f"{LIST}{batch.pk}/").status_code == 200
        assert client.post(f"{LIST}skapa/").status_code == 403
        assert client.get(f"{LIST}{batch.pk}/steg/confirm/").status_code == 403
    assert browser(cast.region).post("/ersattning/konto/", {"number": payments.OTHER}).status_code == 403
    assert browser(cast.attester).get("/ersattning/konto/").status_code == 403
    assert browser(cast.controller).post(f"/ersattning/konto/{region}/", {"konto": 1}).status_code in (403, 404)


def test_whoever_is_recused_sees_the_amount_and_not_the_claim(cast):
    batch = payments.created(cast)
    claim = Claim.objects.get()
    Recusal.objects.create(assessment_id=claim.assessment_id, user_id=cast.controller.user_id)
    controller = browser(cast.controller)
    page = text(controller.get(f"{LIST}{batch.pk}/"))
    assert claim.number not in page
    assert "jäv" in page
    page = text(controller.get(f"/ersattning/kontoutdrag/{timezone.localdate().year}/?region={claim.region_id}"))
    assert claim.number not in page


def test_a_recused_attester_confirms_all_of_a_batch(cast):
    batch = payments.sent(cast)
    claim = Claim.objects.get()
    Recusal.objects.create(assessment_id=claim.assessment_id, user_id=cast.attester.user_id)
    data = {"version": batch.version, "paid_on": timezone.localdate().isoformat(), "gor": "skicka"}
    post(browser(cast.attester), f"{LIST}{batch.pk}/steg/confirm/", **data)
    assert claims.fresh(claim).status == "paid"


def test_the_same_by_the_api(cast):
    finance, attester = api(cast.finance), api(cast.attester)
    region = cast.finance.organisation_id
    claims.attested(cast)
    assert attester("payment-batches/", {}) == {"results": [], "missing_account": [region]}
    assert "number" in finance("pay-account/", {"number": "1"}, 422)["errors"]
    entered = finance("pay-account/", {"number": "5050-1055"})["waiting"]
    finance(f"pay-account/{entered['id']}/approve/", {}, 403)
    assert attester(f"pay-account/{entered['id']}/approve/", {})["current"]["number"] == "5050-1055"
    attester(f"pay-account/{entered['id']}/approve/", {}, 409)
    (batch,) = attester("payment-batches/", {"region": region})["results"]
    one = f"payment-batches/{batch['id']}/"
    assert (batch["status"], batch["net"], batch["bankgiro"]) == ("created", 1_840_000, "5050-1055")
    outbox.work()
    assert [row["step"] for row in attester(f"{one}steps/")["results"]] == ["confirm", "fail"]
    version = finance(one)["version"]
    assert attester(f"{one}steps/fail/", {"version": version, "cause": "file"})["status"] == "failed"
    assert attester(f"{one}steps/retry/", {}, 409)["code"] == "stale_version"
    assert attester(f"{one}steps/retry/", {"version": version + 1})["status"] == "created"
    outbox.work()
    version = finance(one)["version"]
    assert [row["name"] for row in attester(f"{one}steps/confirm/")["inputs"]] == ["version", "paid_on"]
    today = timezone.localdate().isoformat()
    finance(f"{one}steps/confirm/", {"version": version, "paid_on": today}, 403)
    assert attester(f"{one}steps/confirm/", {"version": version, "paid_on": today})["status"] == "confirmed"
    (item,) = finance(f"{one}items/")["results"]
    assert (item["amount"], item["number"]) == (1_840_000, Claim.objects.get().number)
    statement = finance("statement/")
    assert [part["closing"] for part in statement["accounts"]] == [0, 0]
    assert [row["law"] for row in statement["results"]] == ["11 § första stycket", "15 §"]
    assert attester("statement/", status=422)["errors"]["region"]
    assert attester(f"statement/?region={region}&year=2020")["results"] == []
    assert [row["id"] for row in finance("payment-batches/?status=confirmed")["results"]] == [batch["id"]]
    finance("payment-batches/?status=x", status=422)
    api(cast.skane)(one, status=404)
    api(cast.skane)(f"statement/?region={region}", status=404)
    api(cast.officer)("payment-batches/", status=403)
