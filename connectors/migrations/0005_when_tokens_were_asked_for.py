"""Some vendors count how often a token is asked for, and block who asks too often."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connectors", "0004_calls_left_of_a_day")]

    operations = [
        migrations.AddField(
            "token",
            "asked_at",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(), blank=True, default=list, size=None
            ),
        ),
    ]
