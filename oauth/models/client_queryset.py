"""Changes of many clients by one statement, which send no signals."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from .. import client_memory

if TYPE_CHECKING:
    from .client import Client


class ClientQuerySet(QuerySet["Client"]):
    """An update holds in every process when it returns, or its transaction's commit does
    (``client_memory``), as ``save`` and ``delete`` do."""

    def update(self, **values: Any) -> int:
        """As Django's, of which ``bulk_update`` is made."""
        count = super().update(**values)
        client_memory.changed(values, self.db)
        return count

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(
        self,
        objs: Iterable[Client],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[Client]:
        """As Django's, which may update what there is."""
        made = super().bulk_create(
            objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields
        )
        if update_conflicts:
            client_memory.changed(update_fields, self.db)
        return made
