"""What can be seen and done in the admin about webhooks?"""

from webhooks.admin.deliveries import WebhookDeliveryAdmin
from webhooks.admin.endpoints import EndpointAdmin

__all__ = ["EndpointAdmin", "WebhookDeliveryAdmin"]
