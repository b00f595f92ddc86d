"""What happens once when Django starts? The checks and look-ups of this app are registered."""

from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "connectors"

    def ready(self) -> None:
        from connectors import among, checks  # noqa: F401 - they register by being imported
