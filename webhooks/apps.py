"""What happens once when Django starts? The checks of this app are registered."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "webhooks"

    def ready(self) -> None:
        from webhooks import checks  # noqa: F401 - registers by being imported
