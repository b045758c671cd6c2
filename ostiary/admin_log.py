"""The administration's own log (``LogEntry``), which calls rows by words that may name people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import CASCADE, Q, QuerySet

from . import all_addresses

BATCH = 500


def erase(user: Any) -> dict[str, int]:
    """Forget the entries about the person and their rows, and those by them: who did what is in the
    security log. Called while those rows are still there."""
    if not apps.is_installed("django.contrib.admin"):
        return {}
    from django.contrib.admin.models import LogEntry

    forgotten = LogEntry.objects.filter(user=user).delete()[0]
    for entries in _about(user):
        forgotten += entries.delete()[0]
    return {LogEntry._meta.label: forgotten}


def about(user: Any) -> set[Any]:
    """The keys of the entries that are about the person or their rows, whoever wrote them."""
    return {key for entries in _about(user) for key in entries.values_list("pk", flat=True)}


def _about(user: Any) -> Iterator[QuerySet[Any]]:
    from django.contrib.admin.models import LogEntry

    named = Q(pk__in=[])
    for address in all_addresses.of(user):
        named |= Q(object_repr__icontains=address) | Q(change_message__icontains=address)
    yield LogEntry.objects.filter(named)
    for content_type, keys in _rows_of(user):
        entries = LogEntry.objects.filter(content_type=content_type)
        for start in range(0, len(keys), BATCH):
            yield entries.filter(object_id__in=keys[start : start + BATCH])


def _rows_of(user: Any) -> Iterator[tuple[Any, list[str]]]:
    """The kinds of rows that the log speaks of, and which are the person or go with them."""
    from django.contrib.admin.models import LogEntry
    from django.contrib.contenttypes.models import ContentType

    spoken_of = LogEntry.objects.order_by().values_list("content_type", flat=True).distinct()
    for content_type in ContentType.objects.filter(pk__in=spoken_of):
        model = content_type.model_class()
        if model is None:
            continue
        theirs = Q(pk=user.pk) if isinstance(user, model) else Q(pk__in=[])
        for field in model._meta.concrete_fields:
            remote = field.remote_field
            if remote and isinstance(user, remote.model) and remote.on_delete is CASCADE:
                theirs |= Q(**{field.name: user})
        keys = model._base_manager.filter(theirs).values_list("pk", flat=True)
        yield content_type, [str(key) for key in keys]
