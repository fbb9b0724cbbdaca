from django.apps import AppConfig


class CorrespondenceConfig(AppConfig):
    """Messages, absence and hand-over, notices as each has chosen them."""

    name = "correspondence"
    verbose_name = "Meddelanden"

    def ready(self) -> None:
        from correspondence import registration

        registration.register_all()
