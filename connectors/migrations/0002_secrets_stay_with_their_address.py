"""A new address or vendor deletes a connection's secrets, or the next test would send them to a stranger."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION connectors_forget_secrets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM connectors_credential WHERE connection_id = NEW.id;
  DELETE FROM connectors_token WHERE connection_id = NEW.id;
  IF NEW.state <> 'off' THEN
    NEW.state := 'new';
    NEW.reason := '';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER connection_forget_secrets BEFORE UPDATE ON connectors_connection FOR EACH ROW
  WHEN (OLD.address IS DISTINCT FROM NEW.address OR OLD.vendor IS DISTINCT FROM NEW.vendor)
  EXECUTE FUNCTION connectors_forget_secrets();
"""

BACKWARDS = """
DROP TRIGGER connection_forget_secrets ON connectors_connection;
DROP FUNCTION connectors_forget_secrets();
"""


class Migration(migrations.Migration):
    dependencies = [("connectors", "0001_tenants_connections_credentials")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
