"""The app, and what it tells Ostiary of the people whom it knows."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Customers and their invoices."""

    name = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have it asked when somebody wants a copy of their data, or to be erased."""
        from ostiary.privacy import register_eraser, register_exporter

        register_exporter("billing.privacy.export_customer", order=50)
        register_eraser("billing.privacy.erase_customer", order=50)
