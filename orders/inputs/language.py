"""The interpreter's language, asked for in the request and in the order alike."""

from __future__ import annotations

from typing import Any

from django import forms


class LanguageField(forms.CharField):
    """A language as Swedish writes it: "arabiska". "Arabiska" becomes the same, so that the list finds both as one."""

    def __init__(self) -> None:
        super().__init__(
            label="Språk för tolken",
            max_length=60,
            required=False,
            help_text="Fyll i om det behövs tolk.",
            widget=forms.TextInput(attrs={"data-width": "w-20"}),
        )

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).lower()


def compare(form: forms.Form) -> None:
    """Hold the language against the answer on an interpreter: either without the other is asked about, never dropped."""
    wanted, language = form.cleaned_data.get("interpreter"), form.cleaned_data.get("language")
    if wanted and not language:
        form.add_error("language", "Fyll i vilket språk tolken ska tala")
    if wanted is False and language:
        form.add_error("language", "Du har svarat att tolk inte behövs. Ta bort språket eller ändra svaret.")
