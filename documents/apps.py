from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Files in, checked and stored; PDF out."""

    name = "documents"
    verbose_name = "Handlingar"

    def ready(self) -> None:
        """Register the check with the outbox."""
        from documents import checking, pages  # noqa: F401
