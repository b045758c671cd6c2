"""``rotate_field_keys``: re-encrypt every encrypted field with the newest key."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser
from django.db import models

from ...encryption import EncryptedField, Sealed, ring


class Command(BaseCommand):
    """Bring all encrypted values to the newest key, so that an old one can leave the ring."""

    help = (
        "Re-encrypt every encrypted field with the newest key of FIELD_ENCRYPTION_KEYS. Can be "
        "stopped and started again at any time, on a live site."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """How much at a time, and whether really."""
        parser.add_argument("--batch-size", type=int, default=500)
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through every model that has such a field."""
        for model in apps.get_models():
            for field in model._meta.local_fields:
                if isinstance(field, EncryptedField):
                    self._rotate(model, field, options["batch_size"], options["dry_run"])

    def _rotate(
        self, model: type[models.Model], field: EncryptedField, batch_size: int, dry_run: bool
    ) -> None:
        newest, seen, rotated = ring().newest_id, 0, 0
        last: Any = None
        while True:
            rows = model._base_manager.filter(**{f"{field.attname}__isnull": False}).order_by("pk")
            if last is not None:
                rows = rows.filter(pk__gt=last)
            batch = list(rows.only("pk", field.attname)[:batch_size])
            if not batch:
                break
            for row in batch:
                seen, last = seen + 1, row.pk
                before = row.__dict__[field.attname]
                if ring().key_id_of(before) == newest:
                    continue
                rotated += 1
                if not dry_run:
                    self._replace(model, field, row, before)
            self.stdout.write(f"{model._meta.label}.{field.attname}: {seen} seen, {rotated} old")

    @staticmethod
    def _replace(
        model: type[models.Model], field: EncryptedField, row: models.Model, before: Sealed
    ) -> None:
        """Replace the value unless someone has changed it since it was read."""
        after = field.seal(field.open(before, row), row)
        unchanged = model._base_manager.filter(pk=row.pk).extra(  # noqa: S610  (our own column)
            where=[f'"{field.column}" = %s'], params=[bytes(before)]
        )
        unchanged.update(**{field.attname: after})
