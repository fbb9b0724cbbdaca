"""The access log as a Django app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Who read and wrote what of whom; sealed, followed up."""

    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"
