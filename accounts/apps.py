from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who: organisations, users, mandates, permissions."""

    name = "accounts"
    verbose_name = "Parter och uppdrag"
