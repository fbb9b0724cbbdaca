"""The login form."""

from django import forms

from fmu_portal.forms import PortalForm


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
