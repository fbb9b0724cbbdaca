"""How the insured person is reached: asked for in the request, checked in the order, changed whenever it is learnt."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import connection

from accounts.actor import Actor
from fmu_portal import identity
from fmu_portal.engine.door import Context
from orders import access
from orders.models import Assessment


def without_number(text: str) -> None:
    """A validator for what the region reads without knowing who the person is."""
    if identity.numbers_in(text):
        raise forms.ValidationError("Texten innehåller ett personnummer. Regionen läser texten: ta bort numret.")


NONE = "saknas"
DIGITS = 6
"""With fewer it is a slip and no number: a check of the portal, no rule. Whose it is may stand beside them."""


class PhoneField(forms.CharField):
    """A telephone number as it was told, with words ("070-174 06 05, dottern"). A required one may say that there is none."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label=label, max_length=40, widget=forms.TextInput(attrs={"data-width": "w-20"}), **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if not value or (self.required and value.lower() == NONE):
            return
        if sum(sign.isdecimal() for sign in value) < DIGITS:
            without = ". Har personen ingen telefon, skriv Saknas." if self.required else "."
            raise forms.ValidationError(f"Skriv telefonnumret med riktnummer, till exempel 08-123 45 67{without}")


def known(actor: Actor, case: Assessment) -> str:
    """What is known of how to reach the person, in one line, to be held against what the person says."""
    person = access.person_of(actor, case)
    if person is None:
        return "Uppgifterna är skyddade. Öppna dem från ärendet, med skäl."
    place = f"{person.postal_code} {person.locality}".strip()
    return (
        ", ".join(part for part in (person.name, person.address, place, person.phone or "ingen telefon") if part) + "."
    )


def change(context: Context, address: str, phone: str) -> list[str]:
    """Write a new address and a new number, each only where it is said. Returns the names of what was written."""
    written = [name for name, value in (("address", address), ("phone", phone)) if value]
    if written:
        with connection.cursor() as cursor:
            # A protected person's row may be behind the wall: written by the database, and not read.
            cursor.execute("SELECT orders_readdress(%s, %s, %s)", [context.subject.pk, address, phone])
    return written
