"""The login form, and the password asked for once more."""

import logging
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest

from accounts import guard
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
        note("password_given", self.request, user=self.user.pk)
        return password
