"""What does the engine room hear from below? Two hints, each of which a tick would find by itself."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "audit"

    def ready(self) -> None:
        from audit.hints import connect

        connect()
