"""All that this site keeps, for tests of what must stand nowhere."""

from django.apps import apps
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection


def tables() -> str:
    """All that the database holds, as text."""
    told = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed and not model._meta.proxy:
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"SELECT * FROM {table}")  # noqa: S608  (our names)
                for row in cursor.fetchall():
                    told += [
                        bytes(value).decode("latin-1")
                        if isinstance(value, bytes | memoryview)
                        else str(value)
                        for value in row
                    ]
    return "\n".join(told)


def kept() -> str:
    """All that the caches of this process hold, as text."""
    return "\n".join(
        str(name) + value.decode("latin-1")
        for cache in caches.all()
        if isinstance(cache, LocMemCache)
        for name, value in cache._cache.items()
    )
