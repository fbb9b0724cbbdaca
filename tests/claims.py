"""Claims in a situation, made as their own parties would: through the door."""

from __future__ import annotations

import re
from typing import Any

from fmu_portal.engine.door import take
from reimbursement.models import Claim, Line
from tests import situations
from tests.pages import browser


def agreed(cast: Any, **prices: int) -> None:
    """Give the unit's agreement prices, in öre; the physician's is 18 400 kr when nothing else is said."""
    from regions.models import Agreement

    rows = Agreement.objects.filter(performer_id=cast.admin.organisation_id)
    rows.update(prices={"assessment": 1_840_000} | prices)


def proposed(cast: Any) -> Claim:
    """Att begära: the report has come in time."""
    case = situations.delivered(cast)
    return Claim.objects.get(assessment=case)


def costs(claim: Claim, cast: Any, kronor: str = "18 400") -> Claim:
    """The same, with that cost on every line that law allows."""
    data = {f"cost_{line.pk}": kronor for line in Line.objects.filter(claim=claim, bar="")}
    take("claim", claim.pk, "enter_costs", cast.finance, data)
    return fresh(claim)


def submitted(cast: Any, kronor: str = "18 400") -> Claim:
    """Inkommen."""
    claim = costs(proposed(cast), cast, kronor)
    take("claim", claim.pk, "submit", cast.finance, {"version": claim.version})
    return fresh(claim)


def decision(claim: Claim, outcome: str = "approve", **more: Any) -> dict[str, Any]:
    """The answers of `DecideForm` with one outcome for every line."""
    data: dict[str, Any] = {"version": claim.version}
    for line in Line.objects.filter(claim=claim, bar=""):
        data |= {f"outcome_{line.pk}": outcome} | {f"{name}_{line.pk}": value for name, value in more.items()}
    return data


def decided(cast: Any, outcome: str = "approve", **more: Any) -> Claim:
    """Beslutad, inte attesterad."""
    claim = submitted(cast)
    take("claim", claim.pk, "decide", cast.controller, decision(claim, outcome, **more))
    return fresh(claim)


def attested(cast: Any) -> Claim:
    """Ska betalas ut."""
    claim = decided(cast)
    take("claim", claim.pk, "attest", cast.attester, {"version": claim.version})
    return fresh(claim)


def fresh(claim: Claim) -> Claim:
    """The claim as the database has it now."""
    return Claim.objects.get(pk=claim.pk)


def text_of(answer: Any, status: int = 200) -> str:
    """The words of a page, with ordinary spaces and amounts in one piece."""
    assert answer.status_code == status, answer.content.decode()[:2000]
    text = answer.content.decode().replace("\xa0", " ")
    return re.sub(r'<span class="nowrap num">([^<]*)</span>', r"\1", text)


def page(actor: Any, url: str, status: int = 200) -> str:
    """A page as the actor reads it."""
    return text_of(browser(actor).get(url), status)


def url_of(claim: Claim, rest: str = "") -> str:
    """The address of a claim's page, or of what lies under it."""
    return f"/ersattning/begaran/{claim.pk}/{rest}"
