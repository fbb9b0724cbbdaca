from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """The assessment: request, order, underlag, report."""

    name = "orders"
    verbose_name = "Utredningar"

    def ready(self) -> None:
        from orders import registration

        registration.register_all()
