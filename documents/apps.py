from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Files in, checked and stored; PDF out."""

    name = "documents"
    verbose_name = "Handlingar"
