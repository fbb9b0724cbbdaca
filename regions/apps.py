from django.apps import AppConfig


class RegionsConfig(AppConfig):
    """The regions' part: agreements and the choice of performer."""

    name = "regions"
    verbose_name = "Regioner"

    def ready(self) -> None:
        from regions import registration

        registration.register_all()
