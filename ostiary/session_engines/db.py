"""Sessions in the database: ``SESSION_ENGINE = "ostiary.session_engines.db"``.

Django's engine gives a session a new key by writing a second row and deleting the first, and
writes the second again when the request ends. Here the row itself gets the new key, when it is
saved: until then the old key opens what was there before, and from then on nothing.
"""

from __future__ import annotations

import functools
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db.models import CharField, DateTimeField
from django.utils import timezone
from django.utils.crypto import get_random_string

from .. import prepared
from ..prepared import Parameter

KEY_LENGTH = 32


@functools.cache
def _live(model: type[AbstractBaseSession]) -> prepared.Select[AbstractBaseSession]:
    return prepared.Select(
        model,
        lambda: model._default_manager.filter(
            session_key=Parameter("key", CharField()),
            expire_date__gt=Parameter("now", DateTimeField()),
        ),
    )


class SessionStore(db.SessionStore):
    """In Django's own table and format, so that a site may change from one engine to the other."""

    _session: dict[str, Any]
    is_new = False
    """Whether no row goes by the key yet."""
    left_key: str | None = None
    """The key that the row of one with a new key still goes by, if it has a row."""

    def _get_session_from_db(self) -> Any:
        found = _live(self.model).first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found

    def cycle_key(self) -> None:
        """Have the session go by a new key, from when it is saved."""
        data = self._session  # looked up by the old key
        if not self.is_new:
            self.is_new, self.left_key = True, self.session_key
        # Of 165 random bits: nobody has to look whether there is such a key already.
        self._session_key = get_random_string(KEY_LENGTH, VALID_KEY_CHARS)
        self._session_cache = data
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Write the session. One with a new key whose row has gone meanwhile gets another row."""
        if self.session_key is None:
            self.cycle_key()
        if must_create and self.is_new:
            self.delete()
        if must_create or not self.is_new or not self._take_over():
            super().save(must_create or self.is_new)
        self.is_new, self.left_key = False, None

    def _take_over(self) -> bool:
        """Whether there is a row by the old key, which now has the new one and these data."""
        if self.left_key is None:
            return False
        row = self.create_model_instance(self._session)
        fields = {field.attname: getattr(row, field.attname) for field in row._meta.local_fields}
        return bool(self.model.objects.filter(pk=self.left_key).update(**fields))

    def delete(self, session_key: str | None = None) -> None:
        """Delete the row of this key, or the session's own."""
        if self.is_new and session_key in (None, self.session_key):
            session_key, self.left_key = self.left_key, None
        else:
            session_key = session_key or self.session_key
        if session_key:
            self.model.objects.filter(pk=session_key).delete()

    # Where there is an event loop the same is done, in a thread.

    async def acycle_key(self) -> None:
        """See ``cycle_key``."""
        await sync_to_async(self.cycle_key)()

    async def asave(self, must_create: bool = False) -> None:
        """See ``save``."""
        await sync_to_async(self.save)(must_create)

    async def adelete(self, session_key: str | None = None) -> None:
        """See ``delete``."""
        await sync_to_async(self.delete)(session_key)
