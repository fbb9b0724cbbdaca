from django.apps import AppConfig


class RulesConfig(AppConfig):
    """Dated law with its source."""

    name = "rules"
    verbose_name = "Regler"

    def ready(self) -> None:
        from fmu_portal.engine.clock import register_chore, register_reminders
        from fmu_portal.engine.registry import register_limits
        from rules.keeping import forget_logins
        from rules.limits import count, reminders

        register_limits(count)
        register_reminders(reminders)
        register_chore(forget_logins)
