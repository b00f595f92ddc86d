"""No row mixes two tenants; for deliveries this one key is also what holds their parents."""

from django.db import migrations

from connectors.tenancy import tenant_fk


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_endpoints_and_deliveries"),
        ("connectors", "0002_secrets_stay_with_their_address"),
    ]

    operations = [
        tenant_fk("webhooks_endpoint", "connection_id", "connectors_connection"),
        tenant_fk("webhooks_webhookdelivery", "endpoint_id", "webhooks_endpoint"),
    ]
