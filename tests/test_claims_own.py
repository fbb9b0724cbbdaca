"""What a region claims by itself: a quarter's central administration, a day of training."""

from __future__ import annotations

import pytest
from django.utils import timezone

from fmu_portal.engine.door import take
from reimbursement.models import Claim, Desk
from reimbursement.opening import open_claim
from tests import claims
from tests.claims import page, text_of, url_of
from tests.pages import browser

LIST = "/ersattning/"


@pytest.fixture
def central(cast):
    """Somebody at the agency examines what is examined centrally."""
    return Desk.objects.create(region=None, office_id=cast.controller.organisation_id)


def test_a_quarter_is_claimed_and_the_rest_of_the_year_shown(cast, central):
    client = browser(cast.finance)
    url = "/ersattning/administration/"
    text = text_of(client.get(url))
    assert "Årets tak är 1 350 000 kr" in text
    today = timezone.localdate()
    form = {"year": "2025", "quarter": "4", "cost": "200 000"}
    answer = client.post(url, form, follow=True)
    assert "Begäran E-" in text_of(answer)
    claim = Claim.objects.get(kind="administration")
    take("claim", claim.pk, "submit", cast.finance, {"version": claim.version})
    text = text_of(client.get(url))
    assert claim.number in text
    assert "Kvar: 1 150 000 kr." in text
    text = text_of(client.post(url, form), 422)
    assert "Kvartalet har redan en begäran" in text
    assert 'value="200 000"' in text
    text_of(client.post(url, {"year": str(today.year + 2), "quarter": "1", "cost": "1"}), 422)
    assert browser(cast.region).get(url).status_code == 200
    assert 'name="cost"' not in page(cast.region, url)
    assert browser(cast.region).post(url, form).status_code == 403


def test_a_quarter_is_sent_knowing_what_the_year_has_left_and_that_it_is_not_over(cast, central):
    today = timezone.localdate()
    quarter = (today.month + 2) // 3
    ended = open_claim("open_administration", cast.finance, {"year": "2025", "quarter": "3", "cost": "350 000"})
    take("claim", ended.pk, "submit", cast.finance, {"version": ended.version})
    over = open_claim("open_administration", cast.finance, {"year": "2025", "quarter": "4", "cost": "5 000"})
    text = page(cast.finance, url_of(over, "steg/submit/"))
    assert "Av det är 1 000 000 kr kvar" in text
    assert "Kvartalet slutar" not in text
    going = {"year": str(today.year), "quarter": str(quarter), "cost": "5 000"}
    text = page(cast.finance, url_of(open_claim("open_administration", cast.finance, going), "steg/submit/"))
    assert "Kvartalet slutar" in text


def test_a_day_of_training_is_claimed_and_listed(cast, central):
    client, url = browser(cast.finance), "/ersattning/utbildning/"
    assert "Inget begärt ännu" in text_of(client.get(url))
    text = text_of(client.post(url, {"day": "2026-03-03"}), 422)
    assert "Fyll i minst en deltagare" in text
    form = {"day": "2026-03-03", "physician_own": "2", "psychologist_contracted": "1", "travel": "1 200"}
    text = text_of(client.post(url, form, follow=True))
    assert "Utbildningsdag, läkare, 2 dagar, egen personal" in text
    assert "Skäligt belopp" in text
    claim = Claim.objects.get(kind="training")
    text = text_of(client.get(url))
    assert claim.number in text
    assert claim.number in page(cast.finance, f"{LIST}?slag=training")
    claim = claims.costs(claim, cast, "1 000")
    take("claim", claim.pk, "submit", cast.finance, {"version": claim.version})
    assert claims.fresh(claim).status == "submitted"


def test_a_claim_of_its_own_is_opened_through_the_same_door(cast, central):
    claim = open_claim("open_administration", cast.finance, {"year": "2025", "quarter": "1", "cost": "100"})
    assert "Central administration, januari–mars 2025" in page(cast.finance, url_of(claim))
