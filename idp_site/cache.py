"""The shared cache: Redis, and no more than a cache."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache as DjangoRedisCache
from django.core.cache.backends.redis import RedisCacheClient
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)
T = TypeVar("T")


class KeepingClient(RedisCacheClient):
    """Django's makes a ``redis.Redis`` for each operation, at the cost of the operation itself. One
    is for all threads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._made: dict[bool, Redis] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Redis:
        """The one to write with, or to read with."""
        made = self._made.get(write)
        if made is None:
            made = self._made[write] = super().get_client(key, write=write)
        return made


class RedisCache(DjangoRedisCache):
    """Django's Redis cache, for which an unreachable Redis is an empty cache (SECURITY G4).

    Sessions are read from the database then. Nothing that must hold is kept here: throttles have
    their own storage and their own rule for an outage.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeepingClient
        self._options: dict[str, Any] = {
            "socket_connect_timeout": 0.5,
            "socket_timeout": 0.5,
            "retry": Retry(NoBackoff(), 0),
            **self._options,
        }

    def _tolerant(self, fallback: T, operation: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        try:
            return operation(*args, **kwargs)
        except RedisError as problem:
            log.warning("the cache is unreachable: %s", type(problem).__name__)
            return fallback

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._tolerant(default, super().get, key, default, version)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._tolerant({}, super().get_many, keys, version)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self._tolerant(False, super().has_key, key, version)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return self._tolerant(False, super().add, key, value, *args, **kwargs)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._tolerant(None, super().set, key, value, *args, **kwargs)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return self._tolerant(list(data), super().set_many, data, *args, **kwargs)

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return self._tolerant(False, super().touch, key, *args, **kwargs)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._tolerant(False, super().delete, key, version)

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        self._tolerant(None, super().delete_many, keys, version)
