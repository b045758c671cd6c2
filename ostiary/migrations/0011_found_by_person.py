"""Messages and visits are found by whom they speak of, without looking through all of them.

Messages that are there already get their hashes at the next erasure (``mentions.look_through``);
sessions in which a sign-in waits are noted here. Those that an older process begins meanwhile go
when they expire.
"""

from importlib import import_module

import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

PENDING = "ostiary.pending_signin"
BATCH = 1000


def note_visits(apps, schema_editor):
    engine = import_module(settings.SESSION_ENGINE).SessionStore
    if not hasattr(engine, "get_model_class"):
        return
    model = engine.get_model_class()
    connection = schema_editor.connection
    if model._meta.db_table not in connection.introspection.table_names():
        return
    Visit = apps.get_model("ostiary", "Visit")
    found = []
    live = model._base_manager.using(connection.alias)
    live = live.filter(expire_date__gt=django.utils.timezone.now())
    for session in live.iterator(chunk_size=BATCH):
        pending = session.get_decoded().get(PENDING)
        if pending and "user_id" in pending:
            found.append(Visit(session_key=session.session_key, subject=pending["user_id"]))
        if len(found) >= BATCH:
            Visit.objects.using(connection.alias).bulk_create(found, ignore_conflicts=True)
            found = []
    Visit.objects.using(connection.alias).bulk_create(found, ignore_conflicts=True)


def index_mentions(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX ostiary_outbox_mentions ON ostiary_outboxmessage "
            "USING gin (mentions jsonb_path_ops)"
        )


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX ostiary_outbox_mentions")


class Migration(migrations.Migration):
    dependencies = [("ostiary", "0010_regions")]

    operations = [
        migrations.AddField(
            model_name="outboxmessage",
            name="mentions",
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(
                condition=models.Q(("mentions__isnull", True)),
                fields=["id"],
                name="ostiary_outbox_unread",
            ),
        ),
        migrations.RunPython(index_mentions, drop_index),
        migrations.CreateModel(
            name="Visit",
            fields=[
                (
                    "session_key",
                    models.CharField(
                        editable=False, max_length=128, primary_key=True, serialize=False
                    ),
                ),
                ("subject", models.CharField(db_index=True, editable=False, max_length=64)),
                (
                    "began_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now),
                ),
            ],
        ),
        migrations.RunPython(note_visits, migrations.RunPython.noop),
    ]
