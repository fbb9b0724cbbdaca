from django.apps import AppConfig


class ReimbursementConfig(AppConfig):
    """Reimbursement: claims, decisions, payments, recoveries."""

    name = "reimbursement"
    verbose_name = "Ersättning"

    def ready(self) -> None:
        from reimbursement import registration

        registration.register_all()
