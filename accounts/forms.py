"""The login form, and the password asked for once more."""

import logging
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts import guard, reauthentication
from accounts.models import User
from fmu_portal.forms import PortalForm
from fmu_portal.security import note


class LoginForm(PortalForm):
    """Username and password."""

    username = forms.CharField(
        label="Användarnamn",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label="Lösenord",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(PortalForm):
    """The password once more, before something that must not be done by whoever finds the screen open."""

    password = forms.CharField(
        label="Ditt lösenord",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "data-width": "w-20"}),
    )

    def __init__(self, *args: Any, user: User, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.request = user, request

    def clean_password(self) -> str:
        """The password of the user who is logged in; asked as at the login, by the same backend and limits."""
        password: str = self.cleaned_data["password"]
        username = self.user.username
        if wait := guard.attempt(self.request, username):
            note("password_limited", self.request, logging.WARNING, user=self.user.pk)
            raise forms.ValidationError(guard.words(wait))
        if authenticate(self.request, username=username, password=password) != self.user:
            note("password_failed", self.request, logging.WARNING, user=self.user.pk)
            raise forms.ValidationError("Lösenordet stämmer inte. Försök igen.")
        guard.succeeded(self.request, username)
        reauthentication.proved(self.request)
        note("password_given", self.request, user=self.user.pk)
        return password


_TOO_SHORT = (
    "Lösenordet är för kort. Det ska ha minst {min_length} tecken. Skriv till exempel några ord efter varandra."
)
_WHY = {
    "password_too_short": _TOO_SHORT,
    "password_too_common": "Lösenordet är ett av dem som är vanliga och lätta att gissa. Välj ett annat.",
    "password_too_similar": "Lösenordet liknar ditt namn eller din e-postadress för mycket. Välj ett annat.",
    "password_names_the_portal": "Lösenordet har portalens eller din organisations namn i sig. Välj ett annat.",
}
"""A validator's code -> our words: what is wrong and what to do."""


class ChangePasswordForm(PasswordForm):
    """Byt lösenord: the one in use, and the new one twice. Any signs, spaces too; nothing is asked of their kinds."""

    new_password = forms.CharField(
        label="Nytt lösenord",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "data-width": "w-20"}),
    )
    new_password_again = forms.CharField(
        label="Nytt lösenord en gång till",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "data-width": "w-20"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = "Lösenordet du har nu"
        self.fields["new_password"].help_text = (
            f"Minst {settings.PASSWORD_MIN_LENGTH} tecken. Några ord efter varandra är lätta att minnas och svåra att gissa."
            " Mellanslag, siffror och tecken går bra men behövs inte."
        )

    def clean_new_password(self) -> str:
        """Long enough, none of the common ones, nothing of the person's own name. Raises with all that is wrong."""
        new: str = self.cleaned_data["new_password"]
        try:
            validate_password(new, self.user)
        except ValidationError as error:
            wrong = [_WHY[e.code].format(**(e.params or {})) for e in error.error_list if e.code in _WHY]
            raise forms.ValidationError(wrong or error.messages) from None
        return new

    def clean(self) -> dict[str, Any]:
        """The new one was written alike twice, and is a new one."""
        data: dict[str, Any] = super().clean() or {}
        new, again = data.get("new_password"), data.get("new_password_again")
        if new and again and new != again:
            self.add_error("new_password_again", "Du har skrivit två olika lösenord. Skriv samma lösenord två gånger.")
        elif new and new == data.get("password"):
            self.add_error("new_password", "Det är lösenordet som du redan har. Välj ett nytt.")
        return data
