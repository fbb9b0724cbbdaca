from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The ground floor: engine, duties, events, outbox, working days."""

    name = "fmu_portal"
    verbose_name = "FMU-portalen"

    def ready(self) -> None:
        from fmu_portal import checks  # noqa: F401 - registers the system checks
