"""Rows that name a parent and a tenant cannot mix two tenants; values belong to the ledger that they are used in."""

from django.db import migrations

from connectors.tenancy import tenant_fk

CONNECTION = "connectors_connection"


def value_fk(table, column):
    """The reference value belongs to the row's tenant and to its ledger."""
    name = f"{table}_{column}_ledger_fk"
    return migrations.RunSQL(
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY ("{column}", "ledger_id", "tenant_id") '
        'REFERENCES "mappings_referencevalue" ("id", "connection_id", "tenant_id") DEFERRABLE INITIALLY DEFERRED',
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
    )


class Migration(migrations.Migration):
    dependencies = [("mappings", "0001_flows_owners_roles_rules")]

    operations = [
        tenant_fk("mappings_flow", "source_id", CONNECTION),
        tenant_fk("mappings_flow", "ledger_id", CONNECTION),
        value_fk("mappings_flow", "cost_centre_id"),
        tenant_fk("mappings_familyowner", "source_id", CONNECTION),
        tenant_fk("mappings_familyowner", "ledger_id", CONNECTION),
        tenant_fk("mappings_familyowner", "flow_id", "mappings_flow"),
        tenant_fk("mappings_referencevalue", "connection_id", CONNECTION),
        tenant_fk("mappings_roleaccount", "ledger_id", CONNECTION),
        value_fk("mappings_roleaccount", "account_id"),
        tenant_fk("mappings_mappingrule", "ledger_id", CONNECTION),
        tenant_fk("mappings_mappingrule", "flow_id", "mappings_flow"),
        value_fk("mappings_mappingrule", "value_id"),
        migrations.RunSQL(
            'ALTER TABLE "mappings_mappingrule" ADD CONSTRAINT "mappings_rule_one_to_three_conditions" CHECK ('
            "jsonb_typeof(\"when\") = 'object' AND "
            "jsonb_array_length(jsonb_path_query_array(\"when\", '$.keyvalue()')) BETWEEN 1 AND 3)",
            'ALTER TABLE "mappings_mappingrule" DROP CONSTRAINT "mappings_rule_one_to_three_conditions"',
        ),
    ]
