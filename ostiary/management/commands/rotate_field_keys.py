"""``rotate_field_keys``: re-encrypt every encrypted field with the newest key."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models, transaction

from ... import event_chain, events
from ...encryption import EncryptedField, ring


class Command(BaseCommand):
    """Bring all encrypted values to the newest key, so that an old one can leave the ring."""

    help = (
        "Re-encrypt every encrypted field with the newest key of FIELD_ENCRYPTION_KEYS, and sign "
        "the security log's head with it. Can be stopped and restarted at any time, on a live "
        "site."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """How much at a time, and whether really."""
        parser.add_argument("--batch-size", type=int, default=500)
        parser.add_argument("--dry-run", action="store_true", help="count and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through every model that has such a field."""
        total = 0
        for model in apps.get_models():
            for field in model._meta.local_fields:
                if isinstance(field, EncryptedField):
                    total += self._rotate(model, field, options["batch_size"], options["dry_run"])
        if not options["dry_run"]:
            events.record("keys.rotated", details={"values": total})
            try:
                event_chain.seal()
            except event_chain.BrokenChain as problem:
                raise CommandError(f"{problem} The fields are done; run verify_events.") from None

    def _rotate(
        self, model: type[models.Model], field: EncryptedField, batch_size: int, dry_run: bool
    ) -> int:
        filled = model._base_manager.filter(**{f"{field.attname}__isnull": False}).order_by("pk")
        seen = rotated = 0
        last: Any = None
        while True:
            rows = filled if last is None else filled.filter(pk__gt=last)
            batch = list(rows.only("pk", field.attname)[:batch_size])
            if not batch:
                break
            last = batch[-1].pk
            old = [row.pk for row in batch if self._is_old(field, row)]
            seen, rotated = seen + len(batch), rotated + len(old)
            if old and not dry_run:
                self._encrypt_anew(model, field, old)
        self.stdout.write(f"{model._meta.label}.{field.attname}: {seen} seen, {rotated} old")
        return rotated

    @staticmethod
    def _is_old(field: EncryptedField, row: models.Model) -> bool:
        return ring().key_id_of(row.__dict__[field.attname]) != ring().newest_id

    def _encrypt_anew(self, model: type[models.Model], field: EncryptedField, keys: Any) -> None:
        """Replace values under a lock on their rows: the site may be changing them."""
        with transaction.atomic():
            rows = model._base_manager.select_for_update().filter(
                pk__in=keys, **{f"{field.attname}__isnull": False}
            )
            for row in rows.only("pk", field.attname):
                after = field.seal(getattr(row, field.attname), row)
                model._base_manager.filter(pk=row.pk).update(**{field.attname: after})
