"""What a vendor tells of the day's calls is shown, and kept for posting before lists are read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connectors", "0003_account_told_by_the_vendor")]

    operations = [
        migrations.AddField("connection", "calls_left", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("connection", "calls_allowed", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("connection", "calls_until", models.DateTimeField(blank=True, null=True)),
    ]
