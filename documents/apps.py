from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Files in, checked and stored; PDF out."""

    name = "documents"
    verbose_name = "Handlingar"

    def ready(self) -> None:
        """Register the check of files with the outbox, and of its walls with `check --deploy`."""
        from documents import checking, checks, pages  # noqa: F401
