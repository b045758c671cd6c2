"""All that this site keeps, for tests of what must stand nowhere."""

from typing import Any

from django.apps import apps
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
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
    """All that the caches of this process hold, and what stands in Redis beside, as text."""
    told = []
    for cache in caches.all(initialized_only=False):
        if isinstance(cache, LocMemCache):
            told += [str(name) + _text(value) for name, value in cache._cache.items()]
        elif isinstance(cache, RedisCache):
            told += _in_redis(cache._cache.get_client(None))
    return "\n".join(told)


def _in_redis(client: Any) -> list[str]:
    """All that the database holds: the cache's own, counters, and queues of a broker."""
    read = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda name: client.lrange(name, 0, -1),
        b"set": client.smembers,
        b"zset": lambda name: client.zrange(name, 0, -1),
    }
    return [_text(name) + _text(read[client.type(name)](name)) for name in client.scan_iter("*")]


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
