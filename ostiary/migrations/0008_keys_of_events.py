"""What the log says of somebody whom it didn't know gets a key of its own."""

from django.db import migrations, models

import ostiary.encryption


class Migration(migrations.Migration):
    dependencies = [("ostiary", "0007_outbox_queues")]

    operations = [
        migrations.CreateModel(
            name="EventKey",
            fields=[
                ("event_id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("address", models.CharField(db_index=True, editable=False, max_length=64)),
                ("key", ostiary.encryption.EncryptedBinaryField(editable=False)),
            ],
        ),
    ]
