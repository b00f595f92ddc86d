"""What happens once when Django starts? Tasks find their Celery app, and the installation's checks are registered."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import celery, checks  # noqa: F401 - each registers by being imported
