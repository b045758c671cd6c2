"""Copies of what is kept of people: asked for, and in encrypted parts until they are fetched."""

import django.db.models.deletion
import django.utils.timezone
import ostiary.encryption
import ostiary.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ostiary", "0011_found_by_person"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=ostiary.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "being collected"),
                            ("ready", "ready"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "requested_by",
                    models.CharField(
                        choices=[("person", "the person"), ("operator", "an operator")],
                        max_length=10,
                        verbose_name="asked for by",
                    ),
                ),
                (
                    "operator",
                    models.CharField(
                        blank=True, editable=False, max_length=64, verbose_name="operator"
                    ),
                ),
                ("reason", ostiary.encryption.EncryptedTextField(null=True)),
                ("language", models.CharField(blank=True, editable=False, max_length=20)),
                (
                    "requested_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="asked for"
                    ),
                ),
                (
                    "attempts",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="attempts"),
                ),
                ("made_by", models.PositiveIntegerField(default=0, editable=False)),
                ("chunks", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "size",
                    models.PositiveBigIntegerField(default=0, editable=False, verbose_name="bytes"),
                ),
                (
                    "finished_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="finished"),
                ),
                (
                    "fetched_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="last fetched"),
                ),
                (
                    "expires_at",
                    models.DateTimeField(
                        db_index=True, editable=False, null=True, verbose_name="offered until"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="ostiary.outboxmessage",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "copy of personal data",
                "verbose_name_plural": "copies of personal data",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ExportChunk",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("attempt", models.PositiveIntegerField()),
                ("position", models.PositiveIntegerField()),
                ("data", models.BinaryField()),
                (
                    "export",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="ostiary.export",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("user",),
                name="ostiary_one_export_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportchunk",
            constraint=models.UniqueConstraint(
                fields=("export", "attempt", "position"), name="ostiary_export_chunk_once"
            ),
        ),
    ]
