"""What the vendor calls the account is kept beside what posting keys call it, or no server could ever move."""

from django.db import migrations, models

FUNCTION = """
CREATE OR REPLACE FUNCTION connectors_forget_secrets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM connectors_credential WHERE connection_id = NEW.id;
  DELETE FROM connectors_token WHERE connection_id = NEW.id;
  %s
  IF NEW.state <> 'off' THEN
    NEW.state := 'new';
    NEW.reason := '';
  END IF;
  RETURN NEW;
END $$;
"""

FIELD = models.CharField(
    blank=True, default="", help_text="The account's own id, as the vendor told it.", max_length=120
)


class Migration(migrations.Migration):
    dependencies = [("connectors", "0002_secrets_stay_with_their_address")]

    operations = [
        migrations.AddField("connection", "account", FIELD, preserve_default=False),
        migrations.AddField("historicalconnection", "account", FIELD, preserve_default=False),
        migrations.AlterField(
            "connection",
            "identity",
            models.CharField(
                blank=True,
                help_text="Names the account in posting keys; empty: what the vendor tells.",
                max_length=120,
            ),
        ),
        migrations.AlterField(
            "historicalconnection",
            "identity",
            models.CharField(
                blank=True,
                help_text="Names the account in posting keys; empty: what the vendor tells.",
                max_length=120,
            ),
        ),
        migrations.RunSQL(FUNCTION % "NEW.account := '';", FUNCTION % ""),
    ]
