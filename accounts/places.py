"""Regions, municipalities and postal codes, from the files in ``accounts/data`` (CC0)."""

from __future__ import annotations

import csv
from pathlib import Path

from django.db import transaction

from accounts.models import Municipality, Organisation, OrganisationKind, PostalCode

DATA = Path(__file__).with_name("data")


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@transaction.atomic
def load_places() -> None:
    """Add the 21 regions, 290 municipalities and the postal codes that are not there yet."""
    regions = {
        row["county_code"]: Organisation.objects.get_or_create(
            kind=OrganisationKind.REGION, county_code=row["county_code"], defaults={"name": row["name"]}
        )[0]
        for row in _rows("regions.csv")
    }
    municipalities = _rows("municipalities.csv")
    if Municipality.objects.count() != len(municipalities):
        Municipality.objects.bulk_create(
            (
                Municipality(code=r["municipality_code"], name=r["name"], region=regions[r["county_code"]])
                for r in municipalities
            ),
            ignore_conflicts=True,
        )
    codes = _rows("postal_codes.csv")
    if PostalCode.objects.count() != len(codes):
        PostalCode.objects.bulk_create(
            (
                PostalCode(code=r["postal_code"], locality=r["locality"], municipality_id=r["municipality_code"])
                for r in codes
            ),
            ignore_conflicts=True,
            batch_size=5000,
        )
