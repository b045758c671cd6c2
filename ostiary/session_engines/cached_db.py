"""Sessions in the database and read from a cache:
``SESSION_ENGINE = "ostiary.session_engines.cached_db"``."""

from __future__ import annotations

from django.contrib.sessions.backends import cached_db
from django.core.cache import BaseCache

from . import db


class SessionStore(cached_db.SessionStore, db.SessionStore):
    """Django's engine over ours: what a key that was left opened is forgotten by the cache, too."""

    _cache: BaseCache

    def save(self, must_create: bool = False) -> None:
        """Write the session to the table and to the cache."""
        left_key = self.left_key
        super().save(must_create)
        self._forget(left_key)

    def delete(self, session_key: str | None = None) -> None:
        """Delete what is there of this key, or of the session's own."""
        left_key = self.left_key
        super().delete(session_key)
        self._forget(left_key)

    def _forget(self, left_key: str | None) -> None:
        if left_key is not None and self.left_key is None:
            self._cache.delete(self.cache_key_prefix + left_key)
