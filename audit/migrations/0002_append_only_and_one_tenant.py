"""The trail refuses UPDATE and DELETE, new rows are noted for sealing, and no row mixes two tenants."""

from django.db import migrations

from connectors.tenancy import tenant_fk

CONNECTION = "connectors_connection"
RECORD = "audit_syncrecord"

APPEND_ONLY = """
CREATE TABLE audit_unsealed (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  table_name text NOT NULL,
  tenant_id bigint,
  row_ids bigint[] NOT NULL
);
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' AND starts_with(current_database(), 'test_') THEN
    RETURN NULL;  -- test databases are emptied between tests
  END IF;
  RAISE EXCEPTION '% is append-only: what happened is not rewritten.', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION audit_note_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format(
    'INSERT INTO audit_unsealed (table_name, tenant_id, row_ids) SELECT %L, %s, array_agg(%I) FROM fresh GROUP BY 2',
    TG_TABLE_NAME, TG_ARGV[1], TG_ARGV[0]) ;
  RETURN NULL;
END $$;
"""
APPEND_ONLY_BACK = """
DROP FUNCTION audit_note_new();
DROP FUNCTION audit_refuse_change();
DROP TABLE audit_unsealed;
"""


def sealed(table, pk="history_id", tenant="tenant_id"):
    """Append-only, and noted for the sealer."""
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
          FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
        CREATE TRIGGER {table}_note AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh
          FOR EACH STATEMENT EXECUTE FUNCTION audit_note_new('{pk}', '{tenant}');
        """,
        f"DROP TRIGGER {table}_append_only ON {table}; DROP TRIGGER {table}_note ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_engine_room"),
        ("connectors", "0002_secrets_stay_with_their_address"),
        ("mappings", "0002_one_tenant_one_ledger"),
    ]

    operations = [
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_BACK),
        sealed("audit_auditevent", pk="id"),
        sealed("connectors_historicaltenant", tenant="id"),
        sealed("connectors_historicalmembership"),
        sealed("connectors_historicalconnection"),
        sealed("mappings_historicalflow"),
        sealed("mappings_historicalfamilyowner"),
        sealed("mappings_historicalroleaccount"),
        sealed("mappings_historicalmappingrule"),
        tenant_fk("audit_lane", "connection_id", CONNECTION),
        tenant_fk("audit_highwatermark", "connection_id", CONNECTION),
        tenant_fk("audit_hint", "connection_id", CONNECTION),
        tenant_fk("audit_syncrun", "connection_id", CONNECTION),
        tenant_fk("audit_syncrun", "flow_id", "mappings_flow"),
        tenant_fk(RECORD, "connection_id", CONNECTION),
        tenant_fk(RECORD, "flow_id", "mappings_flow"),
        tenant_fk(RECORD, "witness_of_id", RECORD),
        tenant_fk("audit_recordversion", "record_id", RECORD),
        tenant_fk("audit_followup", "record_id", RECORD),
        tenant_fk("audit_followup", "connection_id", CONNECTION),
        tenant_fk("audit_posting", "record_id", RECORD),
        tenant_fk("audit_posting", "flow_id", "mappings_flow"),
        tenant_fk("audit_posting", "ledger_id", CONNECTION),
        tenant_fk("audit_posting", "reverses_id", "audit_posting"),
        tenant_fk("audit_sighting", "ledger_id", CONNECTION),
        tenant_fk("audit_problem", "flow_id", "mappings_flow"),
        tenant_fk("audit_problem", "connection_id", CONNECTION),
        tenant_fk("audit_hold", "record_id", RECORD),
        tenant_fk("audit_hold", "problem_id", "audit_problem"),
    ]
