"""Money: kept as öre in whole numbers, read and typed as kronor."""

from __future__ import annotations

import re
from typing import Any

from django import forms

MOST = 100_000_000_00
"""Öre; a hundred million kronor in one line is a slip of the keyboard: the portal's own limit."""

_AMOUNT = re.compile(r"(\d{1,12})(?:[.,](\d+))?")


class MoneyField(forms.CharField):
    """An amount as it is written ("18 400", "18400,50 kr"), in öre as an int; None when empty and not required.

    Errors say what to do: a negative amount, more than two decimals, another currency, no number at all.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"data-width": "w-12", "inputmode": "decimal"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        """Öre, or None."""
        text = re.sub(r"[\s\u00a0\u202f]", "", str(value if value is not None else ""))
        if not text:
            return None
        text = re.sub(r"(?i)(kronor|kr|sek|:-)$", "", text)
        if text[:1] in "-−–":
            raise forms.ValidationError("Beloppet kan inte vara mindre än 0. Skriv kostnaden utan minustecken.")
        if re.search(r"(?i)[a-z€$£]", text) and re.search(r"\d", text):
            raise forms.ValidationError("Skriv beloppet i svenska kronor, utan annan valuta. Till exempel 18 400,50")
        found = _AMOUNT.fullmatch(text)
        if found is None:
            raise forms.ValidationError("Skriv beloppet med siffror, till exempel 18 400,50")
        if len(found[2] or "") > 2:
            raise forms.ValidationError("Skriv högst två decimaler. Det minsta beloppet är ett öre.")
        ore = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
        if ore > MOST:
            raise forms.ValidationError("Beloppet är orimligt stort. Kontrollera det.")
        return ore

    def validate(self, value: Any) -> None:
        """Required means that something was written; 0 is something."""
        if self.required and value is None:
            raise forms.ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        """The text has been read already."""

    def in_words(self, value: int) -> str:
        """Öre as a person reads them once more: "18 400 kr"."""
        return kronor(value)

    def prepare_value(self, value: Any) -> Any:
        """Öre as the person would write them."""
        return amount(value) if isinstance(value, int) else value


def kronor(ore: int) -> str:
    """An amount in öre as a person reads it: "18 400 kr", "1 350,50 kr"."""
    sign, ore = ("−", -ore) if ore < 0 else ("", ore)
    whole = f"{ore // 100:,}".replace(",", " ")
    return f"{sign}{whole}{f',{ore % 100:02d}' if ore % 100 else ''} kr"


def amount(ore: int) -> str:
    """Öre as kronor in a field: "18400" or "18400,50"."""
    return f"{ore // 100}{f',{ore % 100:02d}' if ore % 100 else ''}"
