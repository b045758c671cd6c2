"""The log calls people by a pseudonym. Those who are in it already keep the name they have there."""

from django.db import migrations, models
from django.db.models import F

import ostiary.ids


def name_as_in_the_log(apps, schema_editor):
    person_key = apps.get_model("ostiary", "PersonKey")
    person_key.objects.using(schema_editor.connection.alias).update(pseudonym=F("subject"))


class Migration(migrations.Migration):
    dependencies = [("ostiary", "0002_append_only_events")]

    operations = [
        migrations.AlterField(
            model_name="personkey",
            name="subject",
            field=models.CharField(max_length=64, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="personkey",
            name="pseudonym",
            field=models.CharField(max_length=64, null=True, editable=False),
        ),
        migrations.RunPython(name_as_in_the_log, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="personkey",
            name="pseudonym",
            field=models.CharField(
                default=ostiary.ids.random_name, editable=False, max_length=64, unique=True
            ),
        ),
    ]
