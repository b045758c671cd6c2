"""What only one process at a time may be at."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ostiary", "0012_exports")]

    operations = [
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
            ],
        ),
    ]
