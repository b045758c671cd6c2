"""Who is here already is at home here, where the site is one of several regions."""

from django.conf import settings
from django.db import migrations

from ostiary.conf import ostiary_settings
from ostiary.regions.homes import name_homes


def forwards(apps, schema_editor):
    if ostiary_settings.REGION and settings.AUTH_USER_MODEL == "ostiary_accounts.User":
        name_homes(apps.get_model("ostiary_accounts", "User"), ostiary_settings.REGION)


class Migration(migrations.Migration):
    atomic = False  # many rows, a bounded number at a time

    dependencies = [("ostiary_accounts", "0013_home_region")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
